/* psephos check: the second device (protocol 11): is the ballot in the record what the voter chose?
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/check_mailbox.h"
#include "psephos/check.h"
#include "psephos/choices_show.h"
#include "psephos/verbs.h"

enum { CHECK_ARENA = 4 << 20, ANSWER_MAX = 64, WHAT_MAX = 2 * PSE_NOTE_MAX };

static const char qr_prefix[] = "psephos1:";

struct check {
    struct session *s;
    struct check_options *o;
    struct pse_arena arena; /* wiped at the end */
    struct pse_check_qr qr;
    uint8_t voter[PSE_VOTER_CODE_BYTES];
    struct check_ballot ballot;
    struct box_client relay;
    pse_dialogue_device device;
    char note[FILE_PATH_MAX]; /* that a check was begun */
    bool before;              /* an earlier one was */
    uint16_t code;            /* of a report */
};

static pse_rc bad(const struct check *c, const char *why)
{
    cli_error(c->s->name, "%s", why);
    return PSE_E_PROOF;
}

/* --- what the record says -----------------------------------------------------------------------
 */

pse_rc check_find_ballot(struct check_ballot *b, struct session *s)
{
    struct pse_span entry;
    pse_hash leaf;

    if (b->index >= s->load.source.size) {
        cli_error(s->name, "the record that this device sees does not hold the ballot; try "
                           "again, or take another place of the record");
        return PSE_E_PROOF;
    }
    PSE_TRY(record_source_entry(&s->load.source, &entry, b->index));
    pse_entry_leaf(&leaf, entry);
    pse_wr_span(&b->entry, entry);
    PSE_TRY(b->entry.rc);
    if (!pse_hash_is_equal(&leaf, &b->leaf)) {
        cli_error(s->name, "the record holds another entry in place %llu than the one to check",
                  (unsigned long long)b->index);
        return PSE_E_PROOF;
    }
    if (pse_engine_ballot_credential(s->load.e, &b->credential, b->index) != PSE_OK ||
        pse_engine_credential(s->load.e, &b->view, &b->credential) != PSE_OK) {
        cli_error(s->name, "entry %llu of the record is no valid ballot",
                  (unsigned long long)b->index);
        return PSE_E_PROOF;
    }
    return PSE_OK;
}

pse_rc check_stands(const struct check_ballot *b, const struct session *s)
{
    if (b->view.latest_index != b->index)
        cli_error(s->name,
                  "a later ballot of the same credential (entry %llu) replaces this one; if you "
                  "did not cast it, tell the election office at once",
                  (unsigned long long)b->view.latest_index);
    else if (b->view.rev >= 0 && (uint64_t)b->view.rev >= b->index)
        cli_error(s->name, "the registrar has set this ballot aside; ask the registrar why");
    else if (!b->view.is_active)
        cli_error(s->name, "the credential of this ballot has been withdrawn; ask the registrar");
    else
        return PSE_OK;
    return PSE_E_PROOF;
}

/* A record that is read a moment after the receipt may not show the ballot yet. */
static pse_rc wait_for_entry(struct check *c)
{
    double end = progress_now() + (double)c->o->wait;

    while (c->qr.leaf_index >= c->s->load.source.size && progress_now() < end) {
        sleep(1);
        PSE_TRY(session_follow(c->s));
        PSE_TRY(record_load_grow(&c->s->load));
    }
    return PSE_OK;
}

static pse_rc check_record(struct check *c)
{
    PSE_TRY(wait_for_entry(c));
    PSE_TRY(check_find_ballot(&c->ballot, c->s));
    if (memcmp(c->voter, c->ballot.credential.b, sizeof c->voter) != 0)
        return bad(c, "the ballot is another voter's: its voter code is not the one of --voter");
    return check_stands(&c->ballot, c->s);
}

/* --- the dialogue -------------------------------------------------------------------------------
 */

static pse_rc say_hello(struct check *c)
{
    uint8_t box[PSE_DIALOGUE_BOX1];

    pse_dialogue_device_begin(&c->device, box, &c->s->rng, pse_engine_joint(c->s->load.e), &c->qr);
    return check_mailbox_put(&c->relay, c->device.mailbox, 1, pse_span(box, sizeof box));
}

/* PSE_E_MISMATCH is what @p mismatch says; what cannot be opened was changed. */
static pse_rc judge_message(const struct check *c, pse_rc rc, const char *mismatch)
{
    switch (rc) {
    case PSE_OK:
    case PSE_E_MEMORY: return rc;
    case PSE_E_MISMATCH: return bad(c, mismatch);
    case PSE_E_RANGE:
        return bad(c, "the ballot holds choices that are not allowed: it would not count");
    default: return bad(c, "a message was changed on the way, or is not from the voting device");
    }
}

static pse_rc show_digits(struct check *c)
{
    struct pse_buf message;
    char digits[7];
    pse_rc rc = check_mailbox_get(&message, &c->relay, c->device.mailbox, 2, (unsigned)c->o->wait);

    if (rc == PSE_OK)
        rc =
            judge_message(c, pse_dialogue_device_digits(&c->device, digits, pse_buf_span(&message)),
                          "the device that answers is not the one that made the QR");
    pse_buf_free(&message);
    PSE_TRY(rc);
    printf("Digits: %s\n", digits);
    (void)fflush(stdout);
    cli_note(c->s->name, "type these digits on the device you voted with");
    return PSE_OK;
}

static pse_rc show_choices(struct check *c)
{
    const struct pse_manifest *m = pse_engine_manifest(c->s->load.e);
    const struct pse_dialogue_ballot about = {m, pse_buf_span(&c->ballot.entry), c->ballot.index};
    const struct pse_style *style;
    const uint8_t *choices;
    struct pse_buf message;
    pse_rc rc = check_mailbox_get(&message, &c->relay, c->device.mailbox, 3, (unsigned)c->o->wait);

    if (rc == PSE_OK)
        rc = judge_message(c,
                           pse_dialogue_device_choices(&c->device, &choices, &style, &c->arena,
                                                       &about, pse_buf_span(&message)),
                           "the ballot does not hold what the voting device says it holds");
    pse_buf_free(&message);
    PSE_TRY(rc);
    printf("The ballot in the record holds:\n");
    return choices_show(m, style, choices);
}

static pse_rc ask_voter(struct check *c)
{
    char line[ANSWER_MAX];

    for (;;) {
        fprintf(stderr, "Is this what you chose? (yes or no)\n> ");
        (void)fflush(stderr);
        if (fgets(line, sizeof line, stdin) == NULL)
            return bad(c, "nobody said whether these are the right choices");
        line[strcspn(line, "\r\n")] = '\0';
        if (strcmp(line, "yes") == 0)
            return PSE_OK;
        if (strcmp(line, "no") == 0)
            break;
    }
    c->code = REPORT_OTHER_CHOICE;
    return bad(c, "the ballot is not what you chose: do not trust the device you voted with. Vote "
                  "again with another one");
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static pse_rc hold(struct check *c)
{
    PSE_TRY(check_record(c));
    PSE_TRY(say_hello(c));
    PSE_TRY(show_digits(c));
    PSE_TRY(show_choices(c));
    PSE_TRY(ask_voter(c));
    PSE_TRY(check_note_success(c->s, c->o->keep, &c->ballot));
    return c->before ? PSE_OK : file_remove(c->s->name, c->note);
}

static pse_rc read_qr(struct check *c, struct pse_span text)
{
    pse_rc rc = pse_check_qr_parse(&c->qr, &c->arena, text);

    if (rc != PSE_OK) {
        cli_error(c->s->name,
                  "this is no text of a QR of psephos vote --check (%s); take all of "
                  "it, from psephos1: on",
                  pse_rc_name(rc));
        return PSE_E_SYNTAX;
    }
    c->ballot.index = c->qr.leaf_index;
    c->ballot.leaf = c->qr.leaf_hash;
    if (pse_hash_is_equal(&c->qr.eid, &c->o->common.eid.value))
        return PSE_OK;
    cli_error(c->s->name,
              "the QR is of another election than --eid; do not go on with that voting device");
    return PSE_E_MISMATCH;
}

/* A URL of the QR as a string; NULL when there is none. */
static const char *text_of(struct pse_arena *arena, struct pse_span url)
{
    char *text = url.n == 0 ? NULL : PSE_NEW(arena, char, url.n + 1);

    if (text != NULL) {
        memcpy(text, url.p, url.n);
        text[url.n] = '\0';
    }
    return text;
}

static pse_rc open_relay(struct check *c)
{
    const char *url = c->o->relay != NULL ? c->o->relay : text_of(&c->arena, c->qr.relay_url);

    PSE_TRY(session_want(c->s, url, "relay URL"));
    return box_client_open(&c->relay, c->s->name, url, &c->s->rng, (unsigned)c->o->wait, true);
}

static pse_rc ask(struct check *c, struct pse_span text)
{
    pse_rc rc;

    PSE_TRY(session_want(c->s, c->o->common.eid.given ? "" : NULL, "eid HEX"));
    PSE_TRY(session_want(c->s, c->o->voter, "voter CODE"));
    if (pse_code_read(c->voter, sizeof c->voter, pse_span_str(c->o->voter)) != PSE_OK) {
        cli_error(c->s->name, "--voter wants the voter code of 24 characters from your letter or "
                              "registration");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(read_qr(c, text));
    if (c->o->common.record == NULL)
        c->o->common.record = text_of(&c->arena, c->qr.record_url);
    PSE_TRY(session_want(c->s, c->o->common.record, "record DIR|URL"));
    if (c->o->report != NULL && file_exists(c->o->report)) {
        cli_error(c->s->name, "%s is there already; choose another name for --report",
                  c->o->report);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(open_relay(c));
    PSE_TRY(session_follow(c->s));
    PSE_TRY(session_load(c->s));
    PSE_TRY(check_note_start(c->note, &c->before, c->s, c->o->keep, &c->qr.leaf_hash));
    c->code = REPORT_UNFINISHED;
    rc = hold(c);
    if (rc == PSE_OK)
        return PSE_OK;
    PSE_TRY(check_offer_report(c->s, c->o->report, c->code, &c->qr.leaf_hash, c->note));
    return PSE_E_PROOF;
}

/* --- what is asked ------------------------------------------------------------------------------
 */

/* The QR's text itself, or a file that holds it or what was kept; "-": one line of standard input,
 * which has the answers behind it. */
static pse_rc read_what(struct pse_buf *out, const struct check *c)
{
    char line[PSE_CHECK_QR_MAX + 2];

    *out = PSE_BUF(WHAT_MAX);
    if (strncmp(c->o->what, qr_prefix, sizeof qr_prefix - 1) == 0) {
        pse_wr_str(out, c->o->what);
    } else if (strcmp(c->o->what, "-") == 0) {
        if (fgets(line, sizeof line, stdin) != NULL)
            pse_wr_str(out, line);
    } else {
        PSE_TRY(file_read(out, c->s->name, c->o->what, WHAT_MAX));
    }
    return out->rc;
}

static pse_rc run(struct check *c)
{
    struct pse_buf what;
    struct pse_span text;
    pse_rc rc;

    PSE_TRY(session_begin(c->s, c->s->name, &c->o->common));
    rc = read_what(&what, c);
    text = pse_buf_span(&what);
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (rc == PSE_OK && text.n >= sizeof qr_prefix - 1 &&
        memcmp(text.p, qr_prefix, sizeof qr_prefix - 1) == 0)
        rc = ask(c, text);
    else if (rc == PSE_OK)
        rc = check_again(c->s, c->o, pse_buf_span(&what));
    pse_buf_free(&what);
    return rc;
}

/* Beside what is kept, unless said otherwise. */
static void name_cache(char cache[FILE_PATH_MAX], struct check_options *o)
{
    (void)snprintf(cache, FILE_PATH_MAX, "%.4000s/record", o->keep);
    if (o->common.cache == NULL)
        o->common.cache = cache;
}

int cmd_check(int argc, char **argv)
{
    struct check_options o = {.keep = "checks", .wait = MAILBOX_SECONDS};
    struct session s = {.name = "psephos check", .options = &o.common};
    struct check c = {.s = &s, .o = &o, .ballot = {.entry = PSE_BUF(PSE_ENTRY_MAX)}};
    char cache[FILE_PATH_MAX];
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        CLI_HASH("eid", "HEX", &o.common.eid, "the election id, from the printed notice"),
        CLI_TEXT("voter", "CODE", &o.voter, "your voter code, from the letter or registration"),
        CLI_TEXT("keep", "DIR", &o.keep, "where it is noted what was checked (default: checks)"),
        CLI_TEXT("report", "FILE", &o.report, "make a report here if the check fails"),
        CLI_TEXT("relay", "URL", &o.relay, "the mailbox (default: the one that the QR names)"),
        CLI_NUMBER("wait", "S", &o.wait, 1, MAILBOX_SECONDS,
                   "seconds to wait for the other device (default 600)"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "QR|FILE|- --eid HEX --voter CODE [--record DIR|URL] [--mirror URL ...]\n"
                    "        [--report FILE]\n"
                    "   or  KEPT --record DIR|URL",
        .about =
            "Ask, on a second device, what the ballot in the record holds. QR is what psephos\n"
            "vote --check shows. The whole record is verified; nothing of the choices is kept.\n"
            "With a check that was kept: does that ballot stand, is it counted?",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.what,
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    name_cache(cache, &o);
    pse_arena_init(&c.arena, CHECK_ARENA);
    rc = run(&c);
    box_client_close(&c.relay);
    pse_buf_free(&c.ballot.entry);
    pse_dialogue_device_wipe(&c.device);
    pse_check_key_wipe(&c.qr.k);
    pse_arena_free(&c.arena);
    return session_end(&s, rc, NULL);
}
