/* psephos monitor: does everybody see the same log? */
#include "psephos/monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/options.h"
#include "psephos/session.h"
#include "psephos/verbs.h"

static const char name[] = "psephos monitor";

enum { WORDS_MAX = 64 };

struct monitor_options {
    const char *word[WORDS_MAX];
    const char *policy, *manifest, *evidence, *seen, *check;
    struct cli_hash eid;
    struct cli_list witness;
    uint64_t stale, interval;
    bool follow, json, quiet, no_witnesses;
};

/* --- parties ------------------------------------------------------------------------------------
 */

static struct monitor_party *add_party(struct monitor *m, enum monitor_kind kind, const char *where)
{
    struct monitor_party *p = &m->party[m->parties++];

    p->kind = kind;
    p->where = where;
    p->note = PSE_BUF(PSE_NOTE_MAX);
    p->at.folder = (struct record_reader){.dir = -1, .blob = -1};
    (void)snprintf(p->path, sizeof p->path, "checkpoint");
    (void)snprintf(p->name, sizeof p->name, "%s", where == NULL ? "what was seen before" : where);
    return p;
}

/* Where a witness shows its last note of this log (C2SP tlog-witness). */
static void witness_path(struct monitor_party *p, const struct record_pin *pin)
{
    pse_hash hash;

    pse_sha256(&hash, pin->log.name);
    pse_hex_encode(p->path, hash.b, 32);
    memcpy(p->path + 64, "/checkpoint", sizeof "/checkpoint");
}

/* NAME=URL of --witness stands in for the policy's URL. */
static const char *given_url(const struct monitor_options *o, struct pse_span witness)
{
    for (size_t i = 0; i < o->witness.n; i++) {
        const char *word = o->witness.v[i];
        const char *equals = strchr(word, '=');

        if (equals != NULL && pse_span_is_equal(pse_span(word, (size_t)(equals - word)), witness))
            return equals + 1;
    }
    return NULL;
}

static pse_rc check_witness_names(const struct monitor *m, const struct monitor_options *o)
{
    for (size_t i = 0; i < o->witness.n; i++) {
        const char *equals = strchr(o->witness.v[i], '=');
        bool known = false;

        for (size_t k = 0; equals != NULL && k < m->pin->policy.witnesses; k++)
            known = known || pse_span_is_equal(
                                 pse_policy_witness(&m->pin->policy, k)->name,
                                 pse_span(o->witness.v[i], (size_t)(equals - o->witness.v[i])));
        if (!known) {
            cli_error(name, "--witness '%s' is not NAME=URL with a name of the policy",
                      o->witness.v[i]);
            return PSE_E_SYNTAX;
        }
    }
    return PSE_OK;
}

static pse_rc add_witnesses(struct monitor *m, const struct monitor_options *o,
                            struct pse_arena *arena)
{
    PSE_TRY(check_witness_names(m, o));
    for (size_t i = 0; !o->no_witnesses && i < m->pin->policy.witnesses; i++) {
        const struct pse_policy_item *w = pse_policy_witness(&m->pin->policy, i);
        const char *url = given_url(o, w->name);
        struct monitor_party *p;

        if (url == NULL && w->url.n > 0) {
            char *copy = PSE_NEW(arena, char, w->url.n + 1);

            if (copy == NULL)
                return PSE_E_MEMORY;
            memcpy(copy, w->url.p, w->url.n);
            url = copy;
        }
        if (url == NULL || m->parties + 1 >= MONITOR_PARTIES_MAX)
            continue;
        p = add_party(m, MONITOR_WITNESS, url);
        p->witness = w->key;
        witness_path(p, m->pin);
        (void)snprintf(p->name, sizeof p->name, "witness %.*s", (int)w->name.n,
                       (const char *)w->name.p);
    }
    return PSE_OK;
}

/* What was seen in former runs takes part like a party that never changes its mind. */
static pse_rc add_memory(struct monitor *m, const struct monitor_options *o)
{
    struct monitor_party *p = add_party(m, MONITOR_MEMORY, NULL);

    if (o->seen == NULL || !file_exists(o->seen))
        return PSE_OK;
    return file_read(&p->note, name, o->seen, PSE_NOTE_MAX);
}

/* The largest view that contradicts nothing becomes the memory. */
static pse_rc remember(struct monitor *m, const struct monitor_options *o)
{
    struct monitor_party *memory = &m->party[m->parties - 1];
    const struct monitor_party *top = memory;

    for (size_t i = 0; i < m->parties; i++) {
        const struct monitor_party *p = &m->party[i];

        if (p->state == MONITOR_GOOD && p->kind != MONITOR_WITNESS &&
            (top->note.n == 0 || p->size > top->size))
            top = p;
    }
    if (top == memory)
        return PSE_OK;
    memory->note.n = 0;
    memory->note.max = PSE_NOTE_MAX;
    pse_buf_put(&memory->note, top->note.p, top->note.n);
    PSE_TRY(memory->note.rc);
    return o->seen == NULL ? PSE_OK
                           : file_write(name, o->seen, pse_buf_span(&memory->note), FILE_REPLACE);
}

/* --- telling ------------------------------------------------------------------------------------
 */

static bool is_refused(const struct monitor *m)
{
    for (size_t i = 0; i < m->parties; i++) {
        if (m->party[i].state == MONITOR_REFUSED)
            return true;
    }
    return false;
}

static bool has_answer(const struct monitor *m)
{
    for (size_t i = 0; i < m->parties; i++) {
        if (m->party[i].kind != MONITOR_MEMORY && m->party[i].state != MONITOR_UNREACHABLE)
            return true;
    }
    return false;
}

static const char *verdict_word(const struct monitor *m)
{
    if (m->splits > 0)
        return "split-view";
    if (!has_answer(m))
        return "unreachable";
    if (is_refused(m))
        return "refused";
    return m->uncompared > 0 ? "incomplete" : "agree";
}

static bool is_silent(const struct monitor_party *p)
{
    return p->kind == MONITOR_MEMORY && p->state == MONITOR_UNREACHABLE;
}

static void say_party(const struct monitor_party *p, bool quiet)
{
    if (is_silent(p))
        return;
    if (p->state == MONITOR_REFUSED)
        cli_error(name, "%s is refused: %s", p->name, p->why);
    else if (p->state == MONITOR_UNREACHABLE)
        cli_note(name, "warning: %s shows no checkpoint: %s", p->name, p->why);
    else if (p->state == MONITOR_STALE)
        cli_note(name, "warning: %s has only %" PRIu64 " entries: %s", p->name, p->size, p->why);
    else if (!quiet)
        printf("%-8s %10" PRIu64 "  %s\n", monitor_kind_word(p->kind), p->size, p->name);
}

static void say_text(const struct monitor *m, const struct monitor_options *o)
{
    bool quiet = o->quiet || o->json;

    for (size_t i = 0; i < m->parties; i++)
        say_party(&m->party[i], quiet);
    if (!quiet)
        printf("%s\n", verdict_word(m));
}

static void put_party(struct pse_json_wr *w, const struct monitor_party *p)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "kind", monitor_kind_word(p->kind));
    pse_json_wr_str(w, "name", p->name);
    if (p->where != NULL)
        pse_json_wr_str(w, "where", p->where);
    pse_json_wr_str(w, "state", monitor_state_word(p->state));
    if (p->state == MONITOR_GOOD || p->state == MONITOR_STALE) {
        pse_json_wr_u64(w, "size", p->size);
        pse_json_wr_hex(w, "root", p->root.b, 32);
        pse_json_wr_u64(w, "newest", p->newest);
    }
    if (p->state != MONITOR_GOOD)
        pse_json_wr_str(w, "why", p->why);
    pse_json_wr_end(w);
}

static pse_rc say_json(const struct monitor *m)
{
    struct pse_buf out = PSE_BUF((size_t)4 << 20);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_string(&w, "log", m->pin->log.name);
    pse_json_wr_str(&w, "verdict", verdict_word(m));
    pse_json_wr_array(&w, "parties");
    for (size_t i = 0; i < m->parties; i++) {
        if (!is_silent(&m->party[i]))
            put_party(&w, &m->party[i]);
    }
    pse_json_wr_end(&w);
    pse_json_wr_u64(&w, "uncompared", m->uncompared);
    pse_json_wr_array(&w, "evidence");
    for (size_t i = 0; i < m->splits; i++)
        pse_json_wr_str(&w, NULL, m->split[i]);
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

/* --- rounds -------------------------------------------------------------------------------------
 */

static int one_round(struct monitor *m, const struct monitor_options *o)
{
    pse_rc rc = monitor_ask(m, session_now());

    if (rc == PSE_OK)
        rc = monitor_compare(m);
    if (rc == PSE_OK && m->splits == 0)
        rc = remember(m, o);
    if (rc != PSE_OK)
        return verb_exit(rc);
    say_text(m, o);
    if (o->json && say_json(m) != PSE_OK)
        return CLI_EXIT_FAILED;
    (void)fflush(stdout);
    if (m->splits > 0)
        return CLI_EXIT_FAILED;
    if (!has_answer(m))
        return CLI_EXIT_USAGE;
    return is_refused(m) ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

static int rounds(struct monitor *m, const struct monitor_options *o)
{
    int status = one_round(m, o);

    while (o->follow && m->splits == 0) {
        sleep((unsigned)o->interval);
        status = one_round(m, o);
    }
    return status;
}

/* A folder or host that is not there is a warning of its round, not the end of the others. */
static void open_parties(struct monitor *m)
{
    for (size_t i = 0; i < m->parties; i++) {
        struct monitor_party *p = &m->party[i];

        if (p->where != NULL)
            p->is_open = record_at_open(&p->at, name, p->where) == PSE_OK;
    }
}

static pse_rc gather(struct monitor *m, struct record_pin *pin, const struct monitor_options *o,
                     struct pse_arena *arena)
{
    struct record_pin_options options = {
        .eid = o->eid.given ? &o->eid.value : NULL, .manifest = o->manifest, .policy = o->policy};
    struct pse_group *g;
    struct record_at log;
    pse_rc rc;

    PSE_TRY(pse_group_new(&g, PSE_BACKEND_AUTO, NULL));
    options.g = g;
    rc = record_at_open(&log, name, o->word[0]);
    if (rc == PSE_OK || o->policy != NULL)
        rc = record_pin_learn(pin, name, rc == PSE_OK ? &log : NULL, &options);
    record_at_close(&log);
    pse_group_free(g);
    PSE_TRY(rc);
    m->party = PSE_NEW(arena, struct monitor_party, MONITOR_PARTIES_MAX);
    if (m->party == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < WORDS_MAX && o->word[i] != NULL; i++)
        add_party(m, i == 0 ? MONITOR_LOG : MONITOR_MIRROR, o->word[i]);
    PSE_TRY(add_witnesses(m, o, arena));
    return add_memory(m, o);
}

static int run(const struct monitor_options *o)
{
    PSE_ARENA(arena, (size_t)64 << 20);
    struct record_pin pin = {.name = name};
    struct monitor *m = PSE_NEW(&arena, struct monitor, 1);
    int status;
    pse_rc rc;

    if (m == NULL)
        return CLI_EXIT_FAILED;
    *m = (struct monitor){.name = name, .pin = &pin, .evidence = o->evidence, .stale = o->stale};
    rc = gather(m, &pin, o, &arena);
    if (rc == PSE_OK) {
        open_parties(m);
        status = rounds(m, o);
    } else {
        status = verb_exit(rc);
    }
    for (size_t i = 0; i < m->parties; i++) {
        record_at_close(&m->party[i].at);
        pse_buf_free(&m->party[i].note);
    }
    record_pin_free(&pin);
    return status;
}

int cmd_monitor(int argc, char **argv)
{
    static struct monitor_options o = {.stale = 300, .interval = 60, .evidence = "."};
    const struct cli_option options[] = {
        CLI_HASH("eid", "HEX", &o.eid, "the election id: a record of another is refused"),
        CLI_TEXT("policy", "FILE", &o.policy, "the witness policy, if you hold it"),
        CLI_TEXT("manifest", "FILE", &o.manifest, "the manifest, if you hold it"),
        CLI_LIST("witness", "NAME=URL", &o.witness,
                 "where a witness of the policy shows its notes; repeat for each"),
        CLI_FLAG("no-witnesses", &o.no_witnesses, "ask no witness"),
        CLI_NUMBER("stale", "S", &o.stale, 1, 86400,
                   "warn of a party so many seconds behind (default 300)"),
        CLI_FLAG("follow", &o.follow, "go on until a split view is found"),
        CLI_NUMBER("interval", "S", &o.interval, 1, 86400, "seconds between rounds (default 60)"),
        CLI_TEXT("seen", "FILE", &o.seen, "remember the largest view here, for later runs"),
        CLI_TEXT("evidence", "DIR", &o.evidence, "where evidence is written (default: here)"),
        CLI_TEXT("check-evidence", "FILE", &o.check, "judge an evidence file; asks nobody"),
        CLI_FLAG("json", &o.json, "print one JSON object (with --follow: one a round)"),
        CLI_FLAG("quiet", &o.quiet, "print nothing but errors and warnings"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "LOG [MIRROR ...] [--eid HEX] [--policy FILE] [--follow]\n"
                    "       psephos monitor --check-evidence FILE [--policy FILE]",
        .about = "Compare what a log, its mirrors and its witnesses show. When the log has signed\n"
                 "two histories, write the two notes as evidence that anybody can check.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 0,
        .words_max = WORDS_MAX,
        .words = o.word,
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (o.check != NULL)
        return monitor_judge(name, o.check, o.policy, o.json);
    if (o.word[0] == NULL) {
        cli_error(name, "name the log, a folder or a web address; see %s --help", name);
        return CLI_EXIT_USAGE;
    }
    return run(&o);
}
