/* psephos mirror: a copy of a public record that keeps itself up to date and believes nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/record_copy.h"
#include "common/record_tidy.h"
#include "psephos/session.h"
#include "psephos/verbs.h"

static const char name[] = "psephos mirror";

struct mirror_options {
    const char *word[2]; /* source, folder */
    const char *state, *policy, *manifest;
    struct cli_hash eid;
    uint64_t workers, interval;
    bool once, recheck, quiet, json;
};

static const char *verdict_word(enum record_copy_verdict verdict)
{
    switch (verdict) {
    case RECORD_COPY_SAME: return "same";
    case RECORD_COPY_GROWN: return "grown";
    case RECORD_COPY_BACK: return "went-back";
    case RECORD_COPY_SPLIT: return "split-view";
    }
    return "";
}

/* --- telling ------------------------------------------------------------------------------------
 */

static double a_second(uint64_t count, double seconds)
{
    return seconds > 0 ? (double)count / seconds : 0;
}

static void say_growth(const struct mirror_options *o, const struct record_copy_report *r)
{
    uint64_t entries = r->size - r->before;

    printf("%s: %" PRIu64 " entries, %" PRIu64 " of them new; %" PRIu64
           " files, %.1f MB in %.2f s: "
           "%.0f entries/s, %.1f MB/s\n",
           o->word[1], r->size, entries, r->files, (double)r->bytes / 1e6, r->seconds,
           a_second(entries, r->seconds), a_second(r->bytes, r->seconds) / 1e6);
}

/* What a round has found, for people; loud where somebody must act. */
static void say_round(const struct mirror_options *o, const struct record_copy_report *r)
{
    switch (r->verdict) {
    case RECORD_COPY_SAME:
        if (o->once && !o->quiet && !o->json)
            printf("%s: %" PRIu64 " entries, nothing new\n", o->word[1], r->size);
        break;
    case RECORD_COPY_GROWN:
        if (!o->quiet && !o->json)
            say_growth(o, r);
        break;
    case RECORD_COPY_BACK:
        cli_error(name,
                  "%s went back to %" PRIu64 " entries, the copy keeps its own state; ask its "
                  "operator whether an old backup is shown",
                  o->word[0], r->size);
        break;
    case RECORD_COPY_SPLIT:
        cli_error(name,
                  "SPLIT VIEW: the log signed two histories that contradict each other; the "
                  "evidence is %s: show it to everybody, and stop trusting this log",
                  r->evidence);
        break;
    }
    if (r->absent > 0 && r->verdict != RECORD_COPY_SPLIT)
        cli_note(name,
                 "%" PRIu64 " blobs that entries name are not at the source; they are asked "
                 "for again in each round",
                 r->absent);
}

static pse_rc put_json(const struct record_copy *c, const struct record_copy_report *r)
{
    struct pse_buf out = PSE_BUF((size_t)1 << 20);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    const struct record_pin *pin = record_copy_pin(c);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    if (pin->has_election)
        pse_json_wr_hex(&w, "election", pin->eid.b, 32);
    pse_json_wr_string(&w, "log", pin->log.name);
    pse_json_wr_str(&w, "verdict", verdict_word(r->verdict));
    pse_json_wr_u64(&w, "size", r->size);
    pse_json_wr_u64(&w, "before", r->before);
    pse_json_wr_u64(&w, "files", r->files);
    pse_json_wr_u64(&w, "bytes", r->bytes);
    pse_json_wr_u64(&w, "absent", r->absent);
    pse_json_wr_fixed(&w, "seconds", (int64_t)(r->seconds * 1000), 3);
    if (r->verdict == RECORD_COPY_SPLIT)
        pse_json_wr_str(&w, "evidence", r->evidence);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

static void say_pin(const struct record_copy *c, const struct mirror_options *o)
{
    const struct record_pin *pin = record_copy_pin(c);
    char hex[65];

    if (!pin->is_learnt)
        return;
    pse_hex_encode(hex, pin->eid.b, 32);
    cli_note(name,
             "%s says that it holds election %s; from now on this copy accepts no other. Compare "
             "the id with the printed one, or give it with --eid",
             o->word[0], hex);
}

/* --- working ------------------------------------------------------------------------------------
 */

static int exit_of(pse_rc rc, const struct record_copy_report *r)
{
    if (rc != PSE_OK)
        return verb_exit(rc);
    if (r->verdict == RECORD_COPY_BACK || r->verdict == RECORD_COPY_SPLIT || r->absent > 0)
        return CLI_EXIT_FAILED;
    return CLI_EXIT_OK;
}

static int run_once(struct record_copy *c, const struct mirror_options *o)
{
    struct record_copy_report report;
    pse_rc rc = record_copy_round(c, &report, session_now());

    if (rc != PSE_OK)
        return verb_exit(rc);
    say_round(o, &report);
    if (o->json)
        rc = put_json(c, &report);
    return exit_of(rc, &report);
}

/* Round after round; only a split view ends it. */
static int follow(struct record_copy *c, const struct mirror_options *o)
{
    struct record_tidy_report tidied;
    struct record_copy_report report;

    for (;;) {
        pse_rc rc = record_copy_round(c, &report, session_now());

        if (rc == PSE_OK)
            say_round(o, &report);
        if (rc == PSE_OK && report.verdict == RECORD_COPY_SPLIT)
            return CLI_EXIT_FAILED;
        if (rc == PSE_OK && report.verdict == RECORD_COPY_GROWN &&
            record_tidy(&tidied, name, o->word[1], session_now(), false) != PSE_OK)
            return CLI_EXIT_FAILED;
        if (rc == PSE_E_MEMORY)
            return CLI_EXIT_FAILED;
        (void)fflush(stdout);
        sleep((unsigned)o->interval);
    }
}

static int run(const struct mirror_options *o, const struct pse_group *g)
{
    char state[FILE_PATH_MAX];
    struct record_copy_options options = {
        .from = o->word[0],
        .to = o->word[1],
        .state = o->state,
        .pin = {o->eid.given ? &o->eid.value : NULL, o->manifest, o->policy, g},
        .workers = (unsigned)o->workers,
        .recheck = o->recheck,
        .quiet = o->quiet || o->json,
    };
    struct record_copy *c;
    int status;
    pse_rc rc;

    if (o->state == NULL) {
        (void)snprintf(state, sizeof state, "%s.state", o->word[1]);
        options.state = state;
    }
    rc = record_copy_open(&c, name, &options);
    if (rc != PSE_OK)
        return verb_exit(rc);
    say_pin(c, o);
    status = o->once ? run_once(c, o) : follow(c, o);
    record_copy_close(c);
    return status;
}

int cmd_mirror(int argc, char **argv)
{
    struct mirror_options o = {.workers = 8, .interval = 5};
    const struct cli_option options[] = {
        CLI_HASH("eid", "HEX", &o.eid, "the election id: a record of another is refused"),
        CLI_TEXT("policy", "FILE", &o.policy, "the witness policy, if you hold it"),
        CLI_TEXT("manifest", "FILE", &o.manifest, "the manifest, if you hold it"),
        CLI_FLAG("once", &o.once, "one round, then end"),
        CLI_NUMBER("interval", "S", &o.interval, 1, 86400, "seconds between rounds (default 5)"),
        CLI_TEXT("state", "DIR", &o.state, "the private folder (default: DIR.state)"),
        CLI_NUMBER("workers", "N", &o.workers, 1, RECORD_COPY_WORKERS_MAX,
                   "files fetched at once (default 8)"),
        CLI_FLAG("recheck", &o.recheck, "check every file that is there, and mend the copy"),
        CLI_FLAG("json", &o.json, "print one JSON object (with --once)"),
        CLI_FLAG("quiet", &o.quiet, "print nothing but errors and warnings"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "FROM DIR [--eid HEX] [--policy FILE] [--once | --interval S]",
        .about =
            "Copy the record at FROM, a folder or a web address, into DIR and keep it up to date.\n"
            "Every file is checked against the signed tree before it is kept; a log that goes "
            "back\n"
            "or shows another history is refused, with evidence.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 2,
        .words_max = 2,
        .words = o.word,
    };
    struct pse_group *g;
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (o.json && !o.once) {
        cli_error(name, "--json prints one object: give --once as well");
        return CLI_EXIT_USAGE;
    }
    rc = pse_group_new(&g, PSE_BACKEND_AUTO, NULL);
    if (rc != PSE_OK)
        return verb_exit(rc);
    status = run(&o, g);
    pse_group_free(g);
    return status;
}
