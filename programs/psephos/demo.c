/* psephos demo: a whole election here, told step by step. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../psephos-verify/report.h"
#include "codec/codec.h"
#include "commands.h"
#include "psephos/demo_check.h"
#include "psephos/demo_ledger.h"
#include "psephos/demo_people.h"
#include "psephos/demo_town.h"
#include "psephos/inspect.h"
#include "psephos/rehearsal.h"
#include "psephos/verbs.h"

enum { VOTERS_MIN = 10, VOTERS_MAX = 100000, DIRS_MAX = 1000 };

enum { CHECKERS = 2 };

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

/* --- the story
 * ------------------------------------------------------------------------------------
 */

static pse_rc set_up(struct demo *d, size_t voters)
{
    static const char *const registering[] = {
        [DEMO_LETTERS] = "Letters with secret codes go to %zu voters. The registrar enters their "
                         "credentials and\n    styles, no names.",
        [DEMO_WEBEID] = "%zu voters log in with demo cards (Web eID), draw a credential and sign "
                        "for it with the\n    card (CAdES). Each signature is time-stamped. The "
                        "registrar enters credentials, no names.",
        [DEMO_OIDC] = "Letters with secret codes go to %zu voters, who also log in at a demo "
                      "identity service\n    (OpenID Connect). The box takes a ballot only with "
                      "both: one that comes without a login is turned away.",
    };
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
    PSE_TRY(demo_populate(d, voters));
    tell(d, registering[d->identity], voters);
    PSE_TRY(rehearsal_open(&d->r));
    tell(d, "The vote opens. Four witnesses watch the record; three must sign each state.");
    return PSE_OK;
}

static pse_rc late_voters(struct demo *d)
{
    uint64_t cast;

    PSE_TRY(demo_enrol(d, d->voters, d->late));
    PSE_TRY(demo_wave(d, &cast, d->voters, d->voters + d->late, 1));
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

        demo_come_in(d, *checked);
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
    PSE_TRY(demo_wave(d, &cast, checked, d->voters - d->voters / 8, 1));
    tell(d,
         "%" PRIu64 " voters seal their ballots on their own devices. Each comes with proofs that "
         "it\n    is well-formed, and a signature.",
         cast);
    PSE_TRY(demo_wave(d, &again, 2, d->voters / 2, 6));
    tell(d, "%" PRIu64 " change their minds and vote again. Only the last ballot counts.", again);
    PSE_TRY(late_voters(d));
    PSE_TRY(demo_vote_on_paper(d, &revoked, &restored));
    tell(d,
         "%" PRIu64 " voted on paper as well: their sealed ballots are set aside, for all to see. "
         "%" PRIu64 " of\n    these was a mistake and is undone.",
         revoked, restored);
    PSE_TRY(demo_replace(d));
    PSE_TRY(demo_wave(d, &again, d->voters + d->late, d->voters + d->late + d->replaced, 1));
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
    PSE_TRY(demo_set_aside(d, 4, PSE_REVOKE_REVOKE, &done));
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

/* A program of ours as it is typed here: from a build, where it lies, else by its name. */
static const char *typed(char out[FILE_PATH_MAX], const char *leaf)
{
    char here[FILE_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", out, FILE_PATH_MAX - 1);
    size_t at = 0;

    if (n <= 0 || getcwd(here, sizeof here) == NULL)
        return leaf;
    out[n] = '\0';
    for (int i = 0; i < 2 && strrchr(out, '/') != NULL; i++)
        *strrchr(out, '/') = '\0';
    n = (ssize_t)strlen(out);
    if ((size_t)n + 2 * strlen(leaf) + 2 >= FILE_PATH_MAX)
        return leaf;
    (void)snprintf(out + n, FILE_PATH_MAX - (size_t)n, "/%s/%s", leaf, leaf);
    if (access(out, X_OK) != 0)
        return leaf;
    if (strncmp(out, here, strlen(here)) == 0 && out[strlen(here)] == '/')
        at = strlen(here) + 1;
    return out + at;
}

/* The three lines of docs/eid-registration.md; the first is for one more voter, and needs what
 * --keep leaves. */
static void say_binding(const struct demo *d)
{
    const char *dir = d->binding;
    char path[FILE_PATH_MAX];
    char hex[65];

    printf(
        "  openssl cms -verify -cades -binary -inform DER -in %s/signature.p7s \\\n"
        "      -content %s/statement.bin -CAfile %s/authorities.pem -purpose any -out /dev/null\n"
        "  openssl ts -verify -data %s/value.bin -in %s/stamp.tsr \\\n"
        "      -CAfile %s/authorities.pem\n",
        dir, dir, dir, dir, dir, dir);
    if (!d->keep)
        return;
    pse_hex_encode(hex, d->voter[1].credential.b, 32);
    printf("  %s evidence export --voters %s/identity/voters.db \\\n"
           "      --wrap %s/identity/wrap.key --credential %s \\\n      --out one\n",
           typed(path, "psephos"), d->private, d->private, hex);
}

/* What was shown, and what to look at next. */
static void say_end(const struct demo *d, const char *html)
{
    const struct pse_counts *c = pse_engine_counts(d->r.e);
    uint64_t roster = c->roster_before_open + c->roster_after_open;
    static const char *const shown[] = {
        [DEMO_LETTERS] = "voters were given credentials by letter",
        [DEMO_WEBEID] = "each voter signed for a credential with a card of their own",
        [DEMO_OIDC] = "voters had credentials by letter and logged in at an identity service",
    };
    bool by_card = d->identity == DEMO_WEBEID;
    char path[FILE_PATH_MAX];

    printf("\nturnout     %.1f %% (%" PRIu64 " of %" PRIu64 ")\nthe record  %s\nthe page    %s\n",
           100.0 * (double)c->admitted / (double)roster, c->admitted, roster, d->r.o->dir, html);
    if (by_card)
        printf("a binding   %s (what binds one voter to a credential; not public elsewhere)\n",
               d->binding);
    printf(
        "\nWhat you saw: %s. Ballots that\nnobody could read were cast, changed, set aside, "
        "mixed and counted, and the public record\nalone proves the result. The programs are the "
        "real ones; the town, its people and their\ncards are invented.\n\n",
        shown[d->identity]);
    printf("Look for yourself:\n  %s %s\n", typed(path, "psephos-verify"), d->r.o->dir);
    if (by_card)
        say_binding(d);
}

static pse_rc report(struct demo *d)
{
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
        say_end(d, html);
    return rc;
}

static pse_rc story(struct demo *d, const struct rehearsal_options *o, size_t voters)
{
    PSE_TRY(rehearsal_begin(&d->r, o));
    PSE_TRY(set_up(d, voters));
    PSE_TRY(vote(d));
    PSE_TRY(count(d));
    if (d->identity != DEMO_WEBEID)
        return PSE_OK;
    tell(d, "An appointed auditor opens every binding of a voter to a credential:\n");
    PSE_TRY(demo_eid_audit(d->eid));
    return demo_eid_export(d->eid, &d->voter[0], d->binding);
}

struct service_options {
    const char *store;
    const char *identity; /* as it was given, or NULL */
    enum demo_identity how;
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
    struct demo_service_options served = {.dir = private,
                                          .store = s->store,
                                          .boxes = (size_t)s->boxes,
                                          .logins = s->how == DEMO_OIDC};
    struct demo_service *service = NULL;
    struct rehearsal_log log;
    pse_rc rc;

    PSE_TRY(demo_service_new(&service, &log, &served));
    o->log = &log;
    d->identity = s->how;
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

    if (snprintf(private, sizeof private, "%s.private", o->dir) >= (int)sizeof private ||
        snprintf(d->binding, sizeof d->binding, "%s.binding", o->dir) >= (int)sizeof d->binding)
        return PSE_E_LIMIT;
    PSE_TRY(rehearsal_check_dir(o->name, private));
    PSE_TRY(rehearsal_check_dir(o->name, d->binding));
    d->private = private;
    d->keep = s->keep;
    rc = o->seed->given ? story_in_order(d, &with_log, voters, private, s->keep)
                        : story_served(d, &with_log, voters, private, s);
    d->r.o = o;
    return rc == PSE_OK ? report(d) : rc;
}

/* Without services there is nobody to register with, so a seed has letters. */
static bool read_identity(struct service_options *s, const char *name, bool seeded)
{
    static const char *const words[] = {"letters", "webeid", "oidc"};

    s->how = seeded ? DEMO_LETTERS : DEMO_WEBEID;
    for (size_t i = 0; s->identity != NULL && i < CLI_COUNT(words); i++) {
        s->how = (enum demo_identity)i;
        if (strcmp(s->identity, words[i]) == 0)
            return true;
    }
    if (s->identity != NULL)
        cli_error(name, "--identity '%s' is none of letters, webeid, oidc", s->identity);
    return s->identity == NULL;
}

static bool are_possible(struct service_options *s, const char *name, bool seeded)
{
    if (!read_identity(s, name, seeded))
        return false;
    if (seeded && s->how != DEMO_LETTERS)
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
    static const char *const beside[] = {"", ".private", ".binding"};
    char path[FILE_PATH_MAX + sizeof ".private"];

    for (size_t i = 0; i < CLI_COUNT(beside); i++) {
        (void)snprintf(path, sizeof path, "%s%s", dir, beside[i]);
        if (!record_dir_is_free(path))
            return false;
    }
    return true;
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
    struct service_options service = {.boxes = 1};
    const struct cli_option options[] = {
        CLI_NUMBER("voters", "N", &voters, VOTERS_MIN, VOTERS_MAX, "default 1000"),
        CLI_TEXT("dir", "DIR", &o.dir, "the record to make (default: a new psephos-demo)"),
        CLI_NUMBER("threads", "K", &o.threads, 1, 256, "default: one a processor"),
        SYSRNG_OPTION(&seed),
        CLI_TEXT("identity", "HOW", &service.identity,
                 "webeid (default): cards of a demo authority, over HTTP; oidc: letters,\n"
                 "                 and logins by an identity service; letters"),
        CLI_TEXT("store", "URL", &service.store, "postgresql://… for the ledger"),
        CLI_NUMBER("boxes", "N", &service.boxes, 1, DEMO_BOXES_MAX,
                   "2: behind HAProxy, and one is killed on the way (default 1)"),
        CLI_FLAG("keep", &service.keep,
                 "leave DIR.private: the log's store, the witnesses, the voters' list"),
        CLI_FLAG("quiet", &o.quiet, "no progress"),
    };
    const struct cli_command command = {
        .name = o.name,
        .synopsis = "[--voters N] [--dir DIR] [--seed HEX] [--identity webeid|oidc|letters]\n"
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
    if (!are_possible(&service, o.name, seed.given))
        return CLI_EXIT_USAGE;
    if (o.dir == NULL)
        o.dir = free_dir(dir);
    rc = hold(&d, &o, (size_t)voters, &service);
    if (rc == PSE_E_MEMORY)
        cli_error(o.name, "out of memory; give fewer --voters");
    demo_people_free(&d);
    rehearsal_end(&d.r);
    return verb_exit(rc);
}
