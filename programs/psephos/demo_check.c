#define _GNU_SOURCE
#include "psephos/demo_check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/check_mailbox.h"
#include "common/self_run.h"
#include "election/dialogue.h"
#include "psephos/choices_show.h"

enum { CHECK_ARENA = 16 << 20, WAIT_S = 60, LINE_BYTES = 8192, SHOWN_MAX = 1 << 16 };

struct two {
    struct rehearsal *r;
    struct box_client relay;
    pse_dialogue_page page;
    struct pse_dialogue_ballot about;
    const struct pse_style *style;
    struct pse_buf shown; /* what the second device must show */
    FILE *to, *from;      /* its standard input and output */
    pid_t device;
};

static pse_rc cast_one(struct pse_ballot_random *random, uint8_t entry[PSE_ENTRY_MAX],
                       struct pse_dialogue_ballot *about, struct pse_arena *arena,
                       struct rehearsal *r, const struct rehearsal_voter *v, const uint8_t *choices)
{
    const struct pse_manifest *m = pse_engine_manifest(r->e);
    struct pse_ballot_plan plan = {.joint = pse_engine_joint(r->e),
                                   .m = m,
                                   .style = pse_manifest_style(m, v->style),
                                   .d = &v->d,
                                   .choices = choices};
    struct pse_span one;
    pse_hash leaf;

    PSE_TRY(pse_ballot_random_draw(random, arena, &r->rng, m, plan.style));
    PSE_TRY(pse_ballot_build(entry, &plan, random));
    one = pse_span(entry, plan.style->ballot_len);
    *about = (struct pse_dialogue_ballot){m, one, pse_engine_size(r->e)};
    PSE_TRY(r->log.ballots(r->log.ctx, &one, &leaf, 1));
    return pse_engine_feed(r->e, &one, &leaf, 1);
}

/* --- the second device --------------------------------------------------------------------------
 */

static pse_rc start_device(struct two *t, const char *qr, const char *eid, const char *voter,
                           const char *keep)
{
    const char *word[] = {"check",    qr,           "--eid",  eid,  "--voter", voter,
                          "--record", t->r->o->dir, "--keep", keep, "--relay", t->relay.base,
                          "--wait",   "60",         "--quiet"};
    int in[2], out[2], null;
    pse_rc rc;

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return PSE_E_IO;
    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    rc = self_run(&t->device, word, sizeof word / sizeof *word, (int[3]){in[0], out[1], null});
    (void)close(in[0]);
    (void)close(out[1]);
    (void)close(null);
    t->to = fdopen(in[1], "w");
    t->from = fdopen(out[0], "r");
    return rc == PSE_OK && (t->to == NULL || t->from == NULL) ? PSE_E_IO : rc;
}

/* The voter's eyes: the six digits, carried to the voting device. */
static pse_rc read_digits(char digits[7], struct two *t)
{
    char line[LINE_BYTES];

    while (fgets(line, sizeof line, t->from) != NULL)
        if (sscanf(line, "Digits: %6s", digits) == 1)
            return PSE_OK;
    return PSE_E_MISSING;
}

/* And again: is it what was chosen? */
static pse_rc compare_shown(struct two *t)
{
    struct pse_buf seen = PSE_BUF(SHOWN_MAX);
    char line[LINE_BYTES];
    bool same;

    if (fgets(line, sizeof line, t->from) == NULL)
        return PSE_E_MISSING;
    while (seen.n < t->shown.n && fgets(line, sizeof line, t->from) != NULL)
        pse_wr_str(&seen, line);
    same = seen.rc == PSE_OK && seen.n == t->shown.n && memcmp(seen.p, t->shown.p, seen.n) == 0;
    pse_buf_free(&seen);
    fputs(same ? "yes\n" : "no\n", t->to);
    (void)fflush(t->to);
    return same ? PSE_OK : PSE_E_MISMATCH;
}

/* --- the dialogue -------------------------------------------------------------------------------
 */

static pse_rc talk(struct two *t, const uint8_t *choices, const struct pse_ballot_random *random)
{
    uint8_t box[MAILBOX_BYTES];
    struct pse_buf message;
    char digits[7];
    pse_rc rc = check_mailbox_get(&message, &t->relay, t->page.mailbox, 1, WAIT_S);

    if (rc == PSE_OK)
        rc = pse_dialogue_page_answer(&t->page, box, &t->r->rng, pse_buf_span(&message));
    pse_buf_free(&message);
    PSE_TRY(rc);
    PSE_TRY(
        check_mailbox_put(&t->relay, t->page.mailbox, 2, pse_span(box, (size_t)PSE_DIALOGUE_BOX2)));
    PSE_TRY(read_digits(digits, t));
    PSE_TRY(pse_dialogue_page_compare(&t->page, digits));
    PSE_TRY(pse_dialogue_page_open(&t->page, box, &t->r->rng, &t->about, choices, random->r));
    return check_mailbox_put(&t->relay, t->page.mailbox, 3,
                             pse_span(box, pse_dialogue_box3(t->style)));
}

static pse_rc hold(struct two *t, const struct rehearsal_voter *v, const uint8_t *choices,
                   const struct pse_ballot_random *random, const char *keep)
{
    struct pse_buf qr = PSE_BUF(PSE_CHECK_QR_MAX + 1);
    char voter[PSE_VOTER_CODE_TEXT];
    char eid[65];
    pse_rc rc;

    pse_dialogue_page_begin(&t->page, &t->r->rng, pse_engine_joint(t->r->e), &t->about,
                            pse_span(NULL, 0), pse_span(NULL, 0));
    pse_hex_encode(eid, t->page.qr.eid.b, 32);
    pse_code_encode(voter, v->credential.b, PSE_VOTER_CODE_BYTES);
    choices_put(&t->shown, t->about.m, t->style, choices);
    rc = pse_check_qr_build(&qr, &t->page.qr);
    pse_wr_u8(&qr, 0);
    if (rc == PSE_OK)
        rc = qr.rc != PSE_OK ? qr.rc : t->shown.rc;
    if (rc == PSE_OK)
        rc = start_device(t, (const char *)qr.p, eid, voter, keep);
    pse_buf_free(&qr);
    PSE_TRY(rc);
    rc = talk(t, choices, random);
    if (rc == PSE_OK)
        rc = compare_shown(t);
    if (rc == PSE_OK)
        return self_wait(t->device);
    self_end(t->device, 0);
    return rc;
}

pse_rc demo_check(struct rehearsal *r, const struct rehearsal_voter *v, const uint8_t *choices,
                  const char *socket, const char *keep)
{
    struct two t = {.r = r, .shown = PSE_BUF(SHOWN_MAX)};
    uint8_t entry[PSE_ENTRY_MAX];
    PSE_ARENA(arena, CHECK_ARENA);
    struct pse_ballot_random random;
    char relay[FILE_PATH_MAX + 8];
    pse_rc rc;

    t.style = pse_manifest_style(pse_engine_manifest(r->e), v->style);
    PSE_TRY(cast_one(&random, entry, &t.about, &arena, r, v, choices));
    (void)snprintf(relay, sizeof relay, "unix:%s", socket);
    rc = box_client_open(&t.relay, r->name, relay, &r->rng, WAIT_S, true);
    if (rc == PSE_OK)
        rc = hold(&t, v, choices, &random, keep);
    if (t.to != NULL)
        (void)fclose(t.to);
    if (t.from != NULL)
        (void)fclose(t.from);
    box_client_close(&t.relay);
    pse_dialogue_page_wipe(&t.page);
    pse_buf_free(&t.shown);
    if (rc == PSE_OK || rc == PSE_E_MEMORY)
        return rc;
    cli_error(r->name,
              "a ballot made here does not pass the second-device check (%s); this is a "
              "fault of psephos, please report",
              pse_rc_name(rc));
    return PSE_E_PROOF;
}
