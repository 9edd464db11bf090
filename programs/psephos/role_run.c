#include "psephos/role_run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/daemon.h"
#include "psephos/verbs.h"

bool role_run_ask(char *line, size_t size, const char *question)
{
    if (!isatty(STDIN_FILENO))
        return false;
    fprintf(stderr, "%s", question);
    (void)fflush(stderr);
    if (fgets(line, (int)size, stdin) == NULL)
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return line[0] != '\0';
}

/* --- the pinned election ------------------------------------------------------------------------
 */

static pse_rc pin_path(char path[FILE_PATH_MAX], const struct role_run *r)
{
    char dir[FILE_PATH_MAX];
    int n = snprintf(dir, sizeof dir, "%s.state", r->options->key);

    if (n < 0 || n >= FILE_PATH_MAX) {
        cli_error(r->name, "the path of --key is too long; use a shorter one");
        return PSE_E_LIMIT;
    }
    if (mkdir(dir, 0700) != 0 && !file_exists(dir)) {
        cli_error(r->name, "cannot make %s; check who owns the folder", dir);
        return PSE_E_IO;
    }
    return file_join(path, r->name, dir, "election");
}

static pse_rc read_pin(struct role_run *r, const char *path)
{
    struct pse_buf text;
    pse_hash eid;
    pse_rc rc;

    PSE_TRY(file_read(&text, r->name, path, 64));
    rc = pse_hex_decode(eid.b, sizeof eid.b, pse_buf_span(&text));
    pse_buf_free(&text);
    if (rc != PSE_OK) {
        cli_error(r->name, "%s is damaged; restore it from your copy", path);
        return PSE_E_SYNTAX;
    }
    if (r->options->eid.given && !pse_hash_is_equal(&eid, &r->options->eid.value)) {
        cli_error(r->name, "this key has been pinned to another election than --eid (%s)", path);
        return PSE_E_MISMATCH;
    }
    r->options->eid = (struct cli_hash){.value = eid, .given = true};
    return PSE_OK;
}

static pse_rc keep_pin(struct role_run *r, const char *path, const pse_hash *eid)
{
    char hex[65];

    pse_hex_encode(hex, eid->b, sizeof eid->b);
    r->options->eid = (struct cli_hash){.value = *eid, .given = true};
    return file_write(r->name, path, pse_span(hex, 64), FILE_NEW);
}

/* Is what a person typed the id in hexadecimal, or its fingerprint? */
static bool is_typed(const char *line, const pse_hash *eid)
{
    uint8_t code[SESSION_FINGERPRINT_BYTES];
    pse_hash hex;

    if (pse_hex_decode(hex.b, sizeof hex.b, pse_span_str(line)) == PSE_OK)
        return pse_hash_is_equal(&hex, eid);
    return pse_code_read(code, sizeof code, pse_span_str(line)) == PSE_OK &&
           memcmp(code, eid->b, sizeof code) == 0;
}

/* A person holds the id from another source (print, the trustees' own sites) and types it: what the
 * record says of itself is not shown before. */
static pse_rc ask_pin(struct role_run *r, const char *path, const pse_hash *eid)
{
    char line[128];

    if (!role_run_ask(line, sizeof line,
                      "Type the election id, or its fingerprint of 24 characters, as you have it "
                      "from the printed notice:\n> ")) {
        cli_error(r->name, "which election? Give its id with --eid, from the printed notice");
        return PSE_E_MISSING;
    }
    if (!is_typed(line, eid)) {
        cli_error(r->name, "the record holds another election than the one you typed; nothing was "
                           "done. Compare again, and tell the officer if they differ");
        return PSE_E_MISMATCH;
    }
    return keep_pin(r, path, eid);
}

static pse_rc pin_election(struct role_run *r, const struct session *s)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(pin_path(path, r));
    if (file_exists(path))
        return PSE_OK;
    return r->options->eid.given ? keep_pin(r, path, &r->options->eid.value)
                                 : ask_pin(r, path, pse_engine_eid(s->load.e));
}

static pse_rc load_pin(struct role_run *r)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(pin_path(path, r));
    return file_exists(path) ? read_pin(r, path) : PSE_OK;
}

/* --- is there news? -----------------------------------------------------------------------------
 */

static pse_rc read_size(uint64_t *size, const struct session *s)
{
    struct pse_checkpoint cp;
    struct pse_buf note;
    char path[FILE_PATH_MAX];
    pse_rc rc;

    PSE_TRY(file_join(path, s->name, s->dir, "checkpoint"));
    PSE_TRY(file_read(&note, s->name, path, PSE_NOTE_MAX));
    rc = pse_checkpoint_parse(&cp, pse_buf_span(&note));
    *size = rc == PSE_OK ? cp.size : 0;
    pse_buf_free(&note);
    return rc;
}

static bool is_quiet_type(uint8_t type)
{
    return type == PSE_ENTRY_BALLOT || type == PSE_ENTRY_ROSTER;
}

/* Ballots and roster records never call a trustee or mixer: a record that has only grown by those
 * need not be verified again yet. When it is, all of it is. */
static pse_rc has_news(bool *news, uint64_t *seen, const struct session *s)
{
    struct record_source source;
    struct pse_span entry;
    uint64_t size;
    pse_rc rc;

    *news = *seen == 0;
    PSE_TRY(read_size(&size, s));
    if (size < *seen)
        *news = true;
    rc = record_source_open(&source, s->dir);
    source.size = size;
    for (uint64_t i = *seen; rc == PSE_OK && !*news && i < size; i++) {
        rc = record_source_entry(&source, &entry, i);
        *news = rc == PSE_OK && entry.n > 0 && !is_quiet_type(entry.p[0]);
    }
    record_source_close(&source);
    *seen = size;
    return rc;
}

/* --- rounds -------------------------------------------------------------------------------------
 */

struct round {
    enum role_step step;
    bool passing; /* the failure may pass by itself */
};

static pse_rc act_on(struct role_run *r, struct session *s, struct round *round)
{
    pse_rc rc;

    PSE_TRY(session_load(s));
    PSE_TRY(session_key(s, r->role));
    PSE_TRY(pin_election(r, s));
    PSE_TRY(r->step(r->ctx, s, &round->step));
    if (s->entries == 0)
        return PSE_OK;
    rc = session_post(s, r->options->post);
    /* refused: the record has moved on; unknown, silent: the same bytes or step come again */
    round->passing =
        rc == PSE_E_STATE || rc == PSE_E_UNKNOWN || rc == PSE_E_IO || rc == PSE_E_MISSING;
    return rc;
}

static pse_rc run_round(struct role_run *r, struct round *round, uint64_t *seen)
{
    struct session s;
    bool news = false;
    pse_rc rc = session_begin(&s, r->name, r->options);

    *round = (struct round){.step = ROLE_WAITS};
    if (rc == PSE_OK) {
        rc = session_follow(&s);
        round->passing = rc == PSE_E_IO || rc == PSE_E_MISSING || rc == PSE_E_STATE;
    }
    if (rc == PSE_OK)
        rc = has_news(&news, seen, &s);
    if (rc == PSE_OK && news)
        rc = act_on(r, &s, round);
    if (rc != PSE_OK || round->step == ROLE_PATIENT)
        *seen = 0;
    session_close(&s);
    (void)fflush(stdout);
    return rc;
}

/* A daemon's signals wait to be read; a round may take hours, and nothing is lost when it is cut
 * off, so meanwhile they end the process. */
static void let_signals_end(const struct role_run *r, bool yes)
{
    sigset_t set;

    if (r->daemon == NULL)
        return;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)sigprocmask(yes ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

/* False: told to stop. */
static bool wait_a_while(const struct role_run *r, uint64_t *seen)
{
    enum pse_life_event e;

    if (r->daemon == NULL) {
        sleep((unsigned)r->interval);
        return true;
    }
    e = daemon_wait(r->daemon, (int)(1000 * r->interval));
    if (e == PSE_LIFE_RELOAD) {
        *seen = 0;
        if (r->take != NULL)
            r->take(r->ctx);
    }
    return e != PSE_LIFE_STOP;
}

static pse_rc check_options(const struct role_run *r)
{
    const struct session_options *o = r->options;
    struct session s = {.name = r->name, .options = o};

    PSE_TRY(session_want(&s, o->record, "record DIR|URL"));
    PSE_TRY(session_want(&s, o->key, "key FILE"));
    PSE_TRY(session_want(&s, o->post, "post URL"));
    if (o->mirror.n == 0)
        cli_note(r->name, "only one place shows you the record; name another one with --mirror, or "
                          "you see what its server wants you to see");
    return PSE_OK;
}

int role_run(struct role_run *r)
{
    struct round round;
    uint64_t seen = 0;
    pse_rc rc = check_options(r);

    if (rc == PSE_OK)
        rc = load_pin(r);
    if (rc != PSE_OK)
        return verb_exit(rc);
    if (r->daemon != NULL)
        daemon_ready(r->daemon, r->options->record);
    for (;;) {
        let_signals_end(r, true);
        rc = run_round(r, &round, &seen);
        let_signals_end(r, false);
        if (rc == PSE_OK && round.step == ROLE_FINISHED)
            return CLI_EXIT_OK;
        if (rc != PSE_OK && !round.passing)
            return verb_exit(rc);
        if (rc == PSE_OK && round.step == ROLE_MADE)
            continue; /* what was posted may be the last thing that was missing */
        if (r->once)
            return rc == PSE_OK ? CLI_EXIT_UNFINISHED : verb_exit(rc);
        if (!wait_a_while(r, &seen))
            return CLI_EXIT_OK;
    }
}
