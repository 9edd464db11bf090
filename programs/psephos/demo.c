/* psephos demo: a whole election here, told step by step. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../psephos-verify/report.h"
#include "codec/codec.h"
#include "commands.h"
#include "common/letter.h"
#include "psephos/demo_check.h"
#include "psephos/demo_eid.h"
#include "psephos/demo_ledger.h"
#include "psephos/demo_service.h"
#include "psephos/demo_town.h"
#include "psephos/inspect.h"
#include "psephos/rehearsal.h"
#include "psephos/verbs.h"

enum { VOTERS_MIN = 10, VOTERS_MAX = 100000, DIRS_MAX = 1000 };

enum { CHECKERS = 2 };

struct demo {
    struct rehearsal r;
    struct demo_service *service; /* NULL: the log is written here */
    const char *private;          /* folder */
    uint64_t step;
    struct rehearsal_voter *voter; /* [voters], then those enrolled late, then replacements */
    size_t voters, late, replaced;
    const struct rehearsal_voter **by;
    const uint8_t **choices;
    uint8_t *bytes; /* DEMO_CHOICE_MAX for each ballot of a wave */
    bool by_card;   /* voters register with demo cards */
    struct demo_eid *eid;
};

__attribute__((format(printf, 2, 3))) static void tell(struct demo *d, const char *format, ...)
{
    va_list args;

    rehearsal_phase_end(&d->r);
    printf("%2" PRIu64 "  ", ++d->step);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    puts("");
    fflush(stdout);
}

/* --- people
 * ---------------------------------------------------------------------------------------
 */

/* One voter in ten is a member of the water company, the others live north or south. */
static void settle(struct demo *d, struct rehearsal_voter *v, size_t i)
{
    v->style = i % 10 == 9 ? DEMO_WATER : i % 2 == 0 ? DEMO_NORTH : DEMO_SOUTH;
    v->weight = v->style == DEMO_WATER ? demo_weight(&d->r.rng) : 1;
}

/* A letter for each voter: its code, as it is printed and typed again, is the credential. */
static pse_rc write_letters(struct demo *d, struct rehearsal_voter *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        PSE_SECRET(letter_secret, secret);
        char code[LETTER_TEXT];
        pse_point p;
        pse_rc rc;

        pse_rng_fill(&d->r.rng, secret.b, sizeof secret.b);
        letter_encode(code, &secret);
        rc = letter_decode(&secret, code);
        pse_wipe(code, sizeof code);
        PSE_TRY(rc);
        letter_credential(&v[i].d, pse_engine_eid(d->r.e), &secret);
        pse_point_mul_base(d->r.g, &p, &v[i].d, 1);
        pse_point_encode(d->r.g, &v[i].credential, &p, 1);
    }
    return PSE_OK;
}

/* Voters from, from + 1, …: by their cards, or as the letters have it. */
static pse_rc enrol(struct demo *d, size_t from, size_t n)
{
    pse_rc rc;

    if (!d->by_card)
        return rehearsal_roster(&d->r, d->voter + from, n);
    rehearsal_phase(&d->r, "registering with cards", n);
    rc = demo_eid_register(d->eid, d->voter + from, n, NULL, false);
    rehearsal_phase_end(&d->r);
    return rc;
}

static pse_rc start_cards(struct demo *d)
{
    struct demo_eid_options o = {.dir = d->private,
                                 .run = demo_service_run(d->service),
                                 .sequencer = demo_service_sequencer(d->service),
                                 .r = &d->r,
                                 .voter = d->voter,
                                 .voters = d->voters + d->late};

    PSE_TRY(rehearsal_publish(&d->r));
    return demo_eid_start(&d->eid, &o);
}

static pse_rc populate(struct demo *d, size_t voters)
{
    size_t all;

    d->voters = voters;
    d->late = 1 + voters / 100;
    d->replaced = 1 + voters / 100;
    all = d->voters + d->late + d->replaced;
    d->voter = calloc(all, sizeof *d->voter);
    d->by = calloc(all, sizeof *d->by);
    d->choices = calloc(all, sizeof *d->choices);
    d->bytes = calloc(all, DEMO_CHOICE_MAX);
    if (d->voter == NULL || d->by == NULL || d->choices == NULL || d->bytes == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < d->voters + d->late; i++)
        settle(d, &d->voter[i], i);
    PSE_TRY(write_letters(d, d->voter, all));
    if (d->by_card)
        PSE_TRY(start_cards(d));
    return enrol(d, 0, d->voters);
}

static void demo_free(struct demo *d)
{
    size_t all = d->voters + d->late + d->replaced;

    if (d->voter != NULL)
        pse_wipe(d->voter, all * sizeof *d->voter);
    if (d->bytes != NULL)
        pse_wipe(d->bytes, all * DEMO_CHOICE_MAX);
    free(d->voter);
    free(d->by);
    free(d->choices);
    free(d->bytes);
}

/* --- waves of ballots ----------------------------------------------------------------------------
 */

/* Voters from, from + step, … below to, each with a fresh choice. */
static pse_rc wave(struct demo *d, uint64_t *cast, size_t from, size_t to, size_t step)
{
    const struct pse_manifest *m = pse_engine_manifest(d->r.e);
    size_t n = 0;

    for (size_t i = from; i < to; i += step, n++) {
        uint8_t *choices = d->bytes + n * DEMO_CHOICE_MAX;

        PSE_TRY(demo_choose(choices, &d->r.rng, m, d->voter[i].style));
        d->by[n] = &d->voter[i];
        d->choices[n] = choices;
    }
    *cast = n;
    rehearsal_phase(&d->r, "sealing ballots", n);
    PSE_TRY(rehearsal_cast(&d->r, d->by, d->choices, n));
    rehearsal_phase_end(&d->r);
    return PSE_OK;
}

/* Take the latest ballot of voter @p i out, or put it back. */
static pse_rc set_aside(struct demo *d, size_t i, uint8_t action, bool *done)
{
    struct act a = rehearsal_act(&d->r);
    struct pse_credential_view view;
    pse_hash commitment;

    PSE_TRY(pse_engine_credential(d->r.e, &view, &d->voter[i].credential));
    *done = view.ballots > 0 && view.is_active;
    if (!*done)
        return PSE_OK;
    rehearsal_commitment(&commitment, &d->r);
    return act_revoke(&a, &d->r.registrar->sign, view.latest_index, action, PSE_REASON_PAPER,
                      &commitment);
}

static pse_rc vote_on_paper(struct demo *d, uint64_t *revoked, uint64_t *restored)
{
    size_t last = 0;
    bool done;

    for (size_t i = 3; i < d->voters; i += 50) {
        PSE_TRY(set_aside(d, i, PSE_REVOKE_REVOKE, &done));
        *revoked += done;
        last = done ? i : last;
    }
    if (*revoked == 0)
        return PSE_OK;
    PSE_TRY(set_aside(d, last, PSE_REVOKE_RESTORE, &done));
    *restored += done;
    return PSE_OK;
}

/* Whose credential is lost: the k-th of them. */
static size_t loser(const struct demo *d, size_t k)
{
    return 5 + k * (d->voters / (d->replaced + 1));
}

/* The same person, the same card, another credential. */
static pse_rc replace_by_card(struct demo *d)
{
    size_t *person = calloc(d->replaced, sizeof *person);
    struct rehearsal_voter *fresh = d->voter + d->voters + d->late;
    pse_rc rc;

    if (person == NULL)
        return PSE_E_MEMORY;
    for (size_t k = 0; k < d->replaced; k++) {
        person[k] = loser(d, k);
        fresh[k].style = d->voter[person[k]].style;
        fresh[k].weight = d->voter[person[k]].weight;
    }
    rc = demo_eid_register(d->eid, fresh, d->replaced, person, true);
    free(person);
    return rc;
}

/* Lost credentials are replaced: the new one inherits style and weight. */
static pse_rc replace(struct demo *d)
{
    struct act a = rehearsal_act(&d->r);
    size_t first = d->voters + d->late;
    pse_hash commitment;

    if (d->by_card)
        return replace_by_card(d);
    for (size_t k = 0; k < d->replaced; k++) {
        struct rehearsal_voter *old = &d->voter[loser(d, k)];
        struct rehearsal_voter *fresh = &d->voter[first + k];

        fresh->style = old->style;
        fresh->weight = old->weight;
        rehearsal_commitment(&commitment, &d->r);
        PSE_TRY(act_change(&a, &d->r.registrar->sign, &old->credential, &fresh->credential,
                           PSE_REASON_COMPROMISED, &commitment));
    }
    return PSE_OK;
}

/* --- the story
 * ------------------------------------------------------------------------------------
 */

static pse_rc set_up(struct demo *d, size_t voters)
{
    struct pse_buf plan = PSE_BUF(65536);
    char eid[65];
    pse_rc rc;

    demo_plan_put(&plan, d->r.time);
    rc = plan.rc == PSE_OK ? rehearsal_create(&d->r, pse_buf_span(&plan)) : plan.rc;
    pse_buf_free(&plan);
    if (rc != PSE_OK)
        return rc;
    pse_hex_encode(eid, pse_engine_eid(d->r.e)->b, 32);
    tell(d,
         "The office of Pebbleford writes the manifest. Its fingerprint names the election:\n"
         "    %s",
         eid);
    PSE_TRY(rehearsal_ceremony(&d->r));
    tell(d, "Five trustees make the joint key; any three can count, any two cannot.");
    PSE_TRY(populate(d, voters));
    tell(
        d,
        d->by_card
            ? "%zu voters log in with demo cards (Web eID), draw a credential and sign for it with "
              "the\n    card (CAdES). Each signature is time-stamped. The registrar enters "
              "credentials, no names."
            : "Letters with secret codes go to %zu voters. The registrar enters their credentials "
              "and\n    styles, no names.",
        voters);
    PSE_TRY(rehearsal_open(&d->r));
    tell(d, "The vote opens. Four witnesses watch the record; three must sign each state.");
    return PSE_OK;
}

static pse_rc late_voters(struct demo *d)
{
    uint64_t cast;

    PSE_TRY(enrol(d, d->voters, d->late));
    PSE_TRY(wave(d, &cast, d->voters, d->voters + d->late, 1));
    tell(d, "While the vote is open %zu more %s enrolled. %s at once.", d->late,
         d->late == 1 ? "voter is" : "voters are", d->late == 1 ? "That one votes" : "They vote");
    return PSE_OK;
}

static pse_rc state_hours(struct demo *d)
{
    static const char text[] = "The ballot box stays open until eight in the evening.\n";
    struct act a = rehearsal_act(&d->r);
    struct act_statement s = {.kind = PSE_STATEMENT_INFORMATION,
                              .content = pse_span_str(text),
                              .language = pse_span_str("en"),
                              .media_type = pse_span_str("text/plain;charset=utf-8"),
                              .title = pse_span_str("Opening hours")};

    PSE_TRY(act_statement(&a, &d->r.officer->sign, &s));
    tell(d, "The office publishes a statement in the same record: signed, dated, checkable.");
    return PSE_OK;
}

/* The first voters check on a second device what the record holds. Needs a box with a mailbox. */
static pse_rc check_first(struct demo *d, size_t *checked)
{
    const struct pse_manifest *m = pse_engine_manifest(d->r.e);
    uint8_t choices[DEMO_CHOICE_MAX];
    char keep[FILE_PATH_MAX];
    pse_rc rc = PSE_OK;

    *checked = 0;
    if (d->service == NULL)
        return PSE_OK;
    PSE_TRY(file_join(keep, d->r.name, d->private, "checks"));
    while (*checked < CHECKERS && rc == PSE_OK) {
        const struct rehearsal_voter *v = &d->voter[*checked];

        rc = demo_choose(choices, &d->r.rng, m, v->style);
        if (rc == PSE_OK)
            rc = demo_check(&d->r, v, choices, demo_service_socket(d->service), keep);
        (*checked)++;
    }
    pse_wipe(choices, sizeof choices);
    PSE_TRY(rc);
    tell(d, "The first two to vote check on a second device, in a process of its own, what the "
            "record\n    holds: it is what they chose. The device could not prove it to anybody.");
    return PSE_OK;
}

static pse_rc vote(struct demo *d)
{
    size_t checked;
    uint64_t cast = 0;
    uint64_t again = 0;
    uint64_t revoked = 0;
    uint64_t restored = 0;

    PSE_TRY(check_first(d, &checked));
    PSE_TRY(wave(d, &cast, checked, d->voters - d->voters / 8, 1));
    tell(d,
         "%" PRIu64 " voters seal their ballots on their own devices. Each comes with proofs that "
         "it\n    is well-formed, and a signature.",
         cast);
    PSE_TRY(wave(d, &again, 2, d->voters / 2, 6));
    tell(d, "%" PRIu64 " change their minds and vote again. Only the last ballot counts.", again);
    PSE_TRY(late_voters(d));
    PSE_TRY(vote_on_paper(d, &revoked, &restored));
    tell(d,
         "%" PRIu64 " voted on paper as well: their sealed ballots are set aside, for all to see. "
         "%" PRIu64 " of\n    these was a mistake and is undone.",
         revoked, restored);
    PSE_TRY(replace(d));
    PSE_TRY(wave(d, &again, d->voters + d->late, d->voters + d->late + d->replaced, 1));
    tell(d, "%zu lost %s replaced. The old ballots are void; the voters vote again.", d->replaced,
         d->replaced == 1 ? "credential is" : "credentials are");
    return state_hours(d);
}

static pse_rc count(struct demo *d)
{
    uint32_t admitted;
    pse_hash digest;
    bool done;

    PSE_TRY(rehearsal_close(&d->r));
    PSE_TRY(set_aside(d, 4, PSE_REVOKE_REVOKE, &done));
    tell(d, "The vote closes. The paper rolls arrive%s.",
         done ? ", and one more sealed ballot is set aside" : "");
    PSE_TRY(pse_engine_admitted(d->r.e, &admitted, &digest));
    PSE_TRY(rehearsal_freeze(&d->r));
    tell(d, "The box is fixed: %u ballots count. Anyone can recompute which.", admitted);
    PSE_TRY(rehearsal_count(&d->r));
    tell(d, "Two mixers shuffle the ballots and prove that none was changed. Sums of sealed votes "
            "are\n    not mixed. Three trustees open the lists, with proofs. The result is "
            "published.");
    return PSE_OK;
}

static pse_rc report(struct demo *d)
{
    const struct pse_counts *c = pse_engine_counts(d->r.e);
    uint64_t roster = c->roster_before_open + c->roster_after_open;
    struct html_result_options page = {.record = pse_span_str(d->r.o->dir)};
    struct inspect inspect;
    char html[FILE_PATH_MAX];
    pse_rc rc;

    PSE_TRY(file_join(html, d->r.name, d->r.o->dir, "result.html"));
    rc = inspect_record(&inspect, d->r.name, d->r.o->dir, d->r.g, &d->r.rng, pse_engine_eid(d->r.e),
                        d->r.o->quiet);
    if (rc == PSE_OK)
        tell(d, "An auditor recomputes everything from the public record alone:\n");
    if (rc == PSE_OK)
        rc = report_text(&inspect.outcome, false);
    if (rc == PSE_OK)
        rc = inspect_write_html(&inspect, d->r.name, html, &page);
    if (rc == PSE_OK && outcome_exit(&inspect.outcome) != VERIFY_EXIT_PASSED) {
        cli_error(d->r.name, "the record made here was not accepted; this is a fault of psephos, "
                             "please report");
        rc = PSE_E_PROOF;
    }
    inspect_free(&inspect);
    if (rc == PSE_OK)
        printf("\nturnout     %.1f %% (%" PRIu64 " of %" PRIu64
               ")\nthe record  %s\nthe page    %s\n"
               "verify it   psephos-verify %s\n",
               100.0 * (double)c->admitted / (double)roster, c->admitted, roster, d->r.o->dir, html,
               d->r.o->dir);
    return rc;
}

static pse_rc story(struct demo *d, const struct rehearsal_options *o, size_t voters)
{
    PSE_TRY(rehearsal_begin(&d->r, o));
    PSE_TRY(set_up(d, voters));
    PSE_TRY(vote(d));
    PSE_TRY(count(d));
    if (!d->by_card)
        return PSE_OK;
    tell(d, "An appointed auditor opens every binding of a voter to a credential:\n");
    return demo_eid_audit(d->eid);
}

struct service_options {
    const char *store;
    const char *identity;
    uint64_t boxes;
    bool keep;
};

/* A seed promises the same log every time; people who cast at the same time come in no order that
 * could be promised, so the log is then written here, without the services. */
static pse_rc story_in_order(struct demo *d, struct rehearsal_options *o, size_t voters,
                             const char *private, bool keep)
{
    struct demo_ledger *ledger = NULL;
    struct rehearsal_log log;
    pse_rc rc, ended;

    PSE_TRY(demo_ledger_new(&ledger, &log, private));
    o->log = &log;
    rc = story(d, o, voters);
    ended = demo_ledger_end(ledger, keep);
    return rc != PSE_OK ? rc : ended;
}

static pse_rc story_served(struct demo *d, struct rehearsal_options *o, size_t voters,
                           const char *private, const struct service_options *s)
{
    struct demo_service_options served = {private, s->store, (size_t)s->boxes};
    struct demo_service *service = NULL;
    struct rehearsal_log log;
    pse_rc rc;

    PSE_TRY(demo_service_new(&service, &log, &served));
    o->log = &log;
    d->by_card = strcmp(s->identity, "webeid") == 0;
    d->private = private;
    d->service = service;
    rc = story(d, o, voters);
    demo_eid_end(d->eid);
    if (rc == PSE_OK && demo_service_killed(service) > 0)
        tell(d,
             "One of two boxes was killed with %" PRIu64 " ballots under way. The other went on; "
             "nothing\n    that had a receipt was lost, and nobody voted twice.",
             demo_service_killed(service));
    demo_service_end(service, s->keep || rc != PSE_OK);
    return rc;
}

/* What is verified at the end is what is left when the log has stopped. */
static pse_rc hold(struct demo *d, const struct rehearsal_options *o, size_t voters,
                   const struct service_options *s)
{
    struct rehearsal_options with_log = *o;
    char private[FILE_PATH_MAX];
    pse_rc rc;

    if (snprintf(private, sizeof private, "%s.private", o->dir) >= (int)sizeof private)
        return PSE_E_LIMIT;
    PSE_TRY(rehearsal_check_dir(o->name, private));
    rc = o->seed->given ? story_in_order(d, &with_log, voters, private, s->keep)
                        : story_served(d, &with_log, voters, private, s);
    d->r.o = o;
    return rc == PSE_OK ? report(d) : rc;
}

static bool are_possible(const char *name, const struct service_options *s, bool seeded)
{
    bool by_card = strcmp(s->identity, "webeid") == 0;

    if (!by_card && strcmp(s->identity, "letters") != 0)
        cli_error(name, "--identity '%s' is neither letters nor webeid", s->identity);
    else if (seeded && by_card)
        cli_error(name, "--seed writes the log without services; leave --identity out");
    else if (seeded && (s->store != NULL || s->boxes > 1))
        cli_error(name, "--seed writes the log without services; leave --store and --boxes out");
    else if (s->store != NULL && strncmp(s->store, "postgresql://", 13) != 0)
        cli_error(name, "--store '%s' is not postgresql://…", s->store);
    else if (s->boxes > 1 && s->store == NULL)
        cli_error(name, "two boxes need a store that they share; give --store postgresql://…");
    else
        return true;
    return false;
}

/* --- the command
 * ----------------------------------------------------------------------------------
 */

static bool dir_is_free(const char *dir)
{
    char private[FILE_PATH_MAX + sizeof ".private"];

    (void)snprintf(private, sizeof private, "%s.private", dir);
    return record_dir_is_free(dir) && record_dir_is_free(private);
}

/* psephos-demo, or the first of psephos-demo-2, -3, … that is free. */
static const char *free_dir(char out[FILE_PATH_MAX])
{
    (void)snprintf(out, FILE_PATH_MAX, "psephos-demo");
    for (int i = 2; i < DIRS_MAX && !dir_is_free(out); i++)
        (void)snprintf(out, FILE_PATH_MAX, "psephos-demo-%d", i);
    return out;
}

int cmd_demo(int argc, char **argv)
{
    static struct demo d;
    static char dir[FILE_PATH_MAX];
    struct cli_hash seed = {.given = false};
    struct rehearsal_options o = {.name = "psephos demo",
                                  .origin = "demo.psephos.example",
                                  .trustees = {3, 5},
                                  .mixers = 2,
                                  .seed = &seed};
    uint64_t voters = 1000;
    struct service_options service = {.boxes = 1, .identity = "letters"};
    const struct cli_option options[] = {
        CLI_NUMBER("voters", "N", &voters, VOTERS_MIN, VOTERS_MAX, "default 1000"),
        CLI_TEXT("dir", "DIR", &o.dir, "the record to make (default: a new psephos-demo)"),
        CLI_NUMBER("threads", "K", &o.threads, 1, 256, "default: one a processor"),
        SYSRNG_OPTION(&seed),
        CLI_TEXT("identity", "HOW", &service.identity,
                 "letters (default), or webeid: cards of a demo authority, over HTTP"),
        CLI_TEXT("store", "URL", &service.store, "postgresql://… for the ledger"),
        CLI_NUMBER("boxes", "N", &service.boxes, 1, DEMO_BOXES_MAX,
                   "2: behind HAProxy, and one is killed on the way (default 1)"),
        CLI_FLAG("keep", &service.keep, "leave DIR.private: the log's store, the witnesses"),
        CLI_FLAG("quiet", &o.quiet, "no progress"),
    };
    const struct cli_command command = {
        .name = o.name,
        .synopsis = "[--voters N] [--dir DIR] [--seed HEX] [--identity letters|webeid]\n"
                    "       [--store URL [--boxes 2]] [--keep]",
        .about = "Hold a whole election on this machine, in a town that does not exist: two "
                 "districts,\nboth kinds of contests, weights, votes changed, votes on paper, lost "
                 "credentials.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (!are_possible(o.name, &service, seed.given))
        return CLI_EXIT_USAGE;
    if (o.dir == NULL)
        o.dir = free_dir(dir);
    rc = hold(&d, &o, (size_t)voters, &service);
    if (rc == PSE_E_MEMORY)
        cli_error(o.name, "out of memory; give fewer --voters");
    demo_free(&d);
    rehearsal_end(&d.r);
    return verb_exit(rc);
}
