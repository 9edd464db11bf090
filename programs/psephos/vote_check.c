/* psephos vote --check: the voting side of the second-device check (protocol 11). */
#include <qrencode.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/check_mailbox.h"
#include "election/dialogue.h"
#include "psephos/vote.h"

enum { ANSWER_MAX = 64, QR_MARGIN = 2, DIGITS = 6 };

struct dialogue {
    struct session *s;
    unsigned wait; /* seconds */
    const struct vote_ballot *ballot;
    struct pse_dialogue_ballot about;
    struct box_client relay;
    pse_dialogue_page page;
};

/* --- the QR -------------------------------------------------------------------------------------
 */

static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           (code->data[y * code->width + x] & 1) != 0;
}

/* Two rows a line; light modules are drawn, so that a dark terminal shows dark on light. */
static void draw_qr(const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);

    if (code == NULL)
        return;
    for (int y = -QR_MARGIN; y < code->width + QR_MARGIN; y += 2) {
        for (int x = -QR_MARGIN; x < code->width + QR_MARGIN; x++) {
            bool top = !is_dark(code, x, y);
            bool low = !is_dark(code, x, y + 1);

            printf("%s", top && low ? "█" : top ? "▀" : low ? "▄" : " ");
        }
        printf("\n");
    }
    QRcode_free(code);
}

static pse_rc show_qr(const struct dialogue *d)
{
    struct pse_buf text = PSE_BUF(PSE_CHECK_QR_MAX + 1);
    pse_rc rc = pse_check_qr_build(&text, &d->page.qr);

    pse_wr_u8(&text, 0);
    if (rc == PSE_OK)
        rc = text.rc;
    if (rc == PSE_OK) {
        if (isatty(STDOUT_FILENO))
            draw_qr((const char *)text.p);
        printf("%s\n", (const char *)text.p);
        (void)fflush(stdout);
        cli_note(d->s->name, "show this to your second device alone: psephos check");
    } else {
        cli_error(d->s->name, "the addresses of record and relay do not fit a QR (%s)",
                  pse_rc_name(rc));
    }
    pse_buf_free(&text);
    return rc;
}

/* --- the three steps ----------------------------------------------------------------------------
 */

static pse_rc over(const struct dialogue *d, const char *why)
{
    cli_error(d->s->name, "%s", why);
    return PSE_E_PROOF;
}

static pse_rc answer_device(struct dialogue *d)
{
    uint8_t box[PSE_DIALOGUE_BOX2];
    struct pse_buf message;
    pse_rc rc = check_mailbox_get(&message, &d->relay, d->page.mailbox, 1, d->wait);

    if (rc == PSE_OK &&
        pse_dialogue_page_answer(&d->page, box, &d->s->rng, pse_buf_span(&message)) != PSE_OK)
        rc = over(d, "what came is not from a device that holds the QR");
    pse_buf_free(&message);
    PSE_TRY(rc);
    return check_mailbox_put(&d->relay, d->page.mailbox, 2, pse_span(box, sizeof box));
}

static bool are_digits(const char *line)
{
    return strlen(line) == DIGITS && strspn(line, "0123456789") == DIGITS;
}

/* The voter carries the digits from one screen to the other: only then does anything leave. What
 * are no six digits is asked for again; six others end it. */
static pse_rc compare_digits(struct dialogue *d)
{
    char line[ANSWER_MAX];

    do {
        fprintf(stderr, "Type the six digits that your second device shows:\n> ");
        (void)fflush(stderr);
        if (fgets(line, sizeof line, stdin) == NULL)
            return over(d, "nobody compared the digits");
        line[strcspn(line, "\r\n")] = '\0';
    } while (!are_digits(line));
    if (pse_dialogue_page_compare(&d->page, line) != PSE_OK)
        return over(d,
                    "these are other digits: another device has answered; nothing was shown to it");
    return PSE_OK;
}

static pse_rc open_choices(struct dialogue *d)
{
    size_t n = pse_dialogue_box3(d->ballot->style);
    uint8_t box[MAILBOX_BYTES];

    PSE_REQUIRE(n <= sizeof box);
    PSE_TRY(pse_dialogue_page_open(&d->page, box, &d->s->rng, &d->about, d->ballot->choices,
                                   d->ballot->random.r));
    return check_mailbox_put(&d->relay, d->page.mailbox, 3, pse_span(box, n));
}

static pse_rc hold(struct dialogue *d)
{
    PSE_TRY(show_qr(d));
    PSE_TRY(answer_device(d));
    PSE_TRY(compare_digits(d));
    PSE_TRY(open_choices(d));
    session_say(d->s, "Your second device has the choices now, and says whether they are right.");
    return PSE_OK;
}

pse_rc vote_check(struct session *s, const struct vote_options *o,
                  const struct vote_election *election, const struct vote_ballot *ballot,
                  uint64_t index)
{
    const char *record = record_at_is_url(o->common.record) ? o->common.record : "";
    const char *relay = o->relay == NULL ? o->box : o->relay;
    struct dialogue d = {.s = s,
                         .wait = o->wait == 0 ? MAILBOX_SECONDS : (unsigned)o->wait,
                         .ballot = ballot,
                         .about = {election->m, pse_span(ballot->bytes, ballot->n), index}};
    pse_rc rc;

    if (pse_dialogue_box3(ballot->style) > MAILBOX_BYTES) {
        cli_error(s->name, "ballots of style %u are too long for a check on another device",
                  ballot->style->id);
        return PSE_E_UNSUPPORTED;
    }
    pse_dialogue_page_begin(&d.page, &s->rng, election->joint, &d.about, pse_span_str(record),
                            pse_span_str(relay));
    rc = box_client_open(&d.relay, s->name, relay, &s->rng, BOX_PATIENCE, true);
    if (rc == PSE_OK) {
        rc = hold(&d);
        if (rc != PSE_OK)
            cli_error(s->name, "the check failed. The ballot stays cast; if you did not end the "
                               "check yourself, vote again with another device and tell the "
                               "election office");
        if (rc != PSE_OK && rc != PSE_E_MEMORY)
            rc = PSE_E_PROOF;
    }
    box_client_close(&d.relay);
    pse_dialogue_page_wipe(&d.page);
    return rc;
}
