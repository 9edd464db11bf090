/* psephos witness: cosign the checkpoints of logs that only ever grow. */
#include "psephos/witness.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/options.h"
#include "common/sysrng.h"
#include "daemon/daemon.h"
#include "psephos/commands.h"
#include "psephos/verbs.h"

enum { WAIT_MS = 1000 };

pse_rc witness_paths(struct witness_paths *out, const char *name, const char *dir)
{
    PSE_TRY(file_join(out->state, name, dir, "witness.db"));
    PSE_TRY(file_join(out->mark, name, dir, "witness.mark"));
    return file_join(out->key, name, dir, "witness.key");
}

/* --- opening -----------------------------------------------------------------------------------
 */

static pse_rc parse_age(struct pse_witness_age *out, const char *name, const char *text)
{
    const char *slash = strchr(text, '/');

    if (slash == NULL ||
        pse_decimal_decode(&out->commit, pse_span(text, (size_t)(slash - text))) != PSE_OK ||
        pse_decimal_decode(&out->mark, pse_span_str(slash + 1)) != PSE_OK) {
        cli_error(name, "--restored '%s' is not COMMIT/MARK, two numbers", text);
        return PSE_E_SYNTAX;
    }
    return PSE_OK;
}

static void say_remote(const char *name, const char *path)
{
    cli_error(name, "%s is on a network file system, where a sync is no promise; use a local disk",
              path);
}

static void explain(const char *name, const char *path, const struct pse_witness_age *age,
                    pse_rc rc)
{
    switch (rc) {
    case PSE_E_MISSING:
        cli_error(name, "there is no %s; make a witness with psephos witness init", path);
        break;
    case PSE_E_STATE:
        cli_error(name, "another process cosigns with %s; stop it first", path);
        break;
    case PSE_E_MISMATCH:
        cli_error(
            name,
            "%s was restored from a backup, or its mark is lost: it may have forgotten what it "
            "cosigned (commit %llu, mark %llu). Compare psephos witness status with the logs, "
            "then run with --restored %llu/%llu; see docs/witnesses.md",
            path, (unsigned long long)age->commit, (unsigned long long)age->mark,
            (unsigned long long)age->commit, (unsigned long long)age->mark);
        break;
    case PSE_E_SYNTAX: cli_error(name, "%s is not the state of a witness", path); break;
    case PSE_E_UNSUPPORTED: say_remote(name, path); break;
    default: cli_error(name, "cannot open %s (%s)", path, pse_rc_name(rc));
    }
}

pse_rc witness_open(struct pse_witness_book **out, const char *name, const char *path,
                    enum pse_witness_open mode, const char *restored)
{
    struct pse_witness_age confirm = {0};
    struct pse_witness_age age;
    pse_rc rc;

    *out = NULL;
    if (restored != NULL)
        PSE_TRY(parse_age(&confirm, name, restored));
    rc = pse_witness_book_open(out, &age, path, mode, restored != NULL ? &confirm : NULL);
    if (rc != PSE_OK)
        explain(name, path, &age, rc);
    return rc;
}

/* --- init ---------------------------------------------------------------------------------------
 */

struct init_options {
    const char *dir;
    const char *label;
    const char *key;
    const char *mark;
    struct cli_list log;
};

/* The key of --key, or a fresh one in the folder, readable by its owner and by no one writable. */
static pse_rc init_key(struct key **out, const char *name, const struct init_options *o,
                       const struct witness_paths *p, struct pse_rng *rng)
{
    const char *path = o->key != NULL ? o->key : p->key;
    pse_rc rc;

    if (o->key != NULL && o->label == NULL)
        return key_read(out, name, o->key, KEY_WITNESS, NULL);
    if (o->key != NULL || o->label == NULL) {
        cli_error(name, "give a new witness its --name, or an existing key with --key");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(key_make(out, name, KEY_WITNESS, o->label, NULL, rng));
    rc = key_write(*out, name, path);
    if (rc == PSE_OK && chmod(path, 0400) != 0) {
        cli_error(name, "cannot protect %s", path);
        rc = PSE_E_IO;
    }
    return rc;
}

static pse_rc make_state(const char *name, const struct init_options *o,
                         const struct witness_paths *p)
{
    const char *mark = o->mark != NULL ? o->mark : p->mark;
    struct pse_vkey vkey;
    struct key *key = NULL;
    uint8_t id[16];
    pse_rc rc;
    PSE_RNG(rng);

    PSE_TRY(sysrng_start(&rng, name));
    PSE_TRY(file_make_dir(name, o->dir));
    rc = init_key(&key, name, o, p, &rng);
    if (rc == PSE_OK)
        rc = key_vkey(&vkey, key);
    if (rc == PSE_OK) {
        pse_rng_fill(&rng, id, sizeof id);
        rc = pse_witness_book_create(p->state, mark, &vkey, id);
        if (rc == PSE_E_DUPLICATE)
            cli_error(name, "%s or %s is there already; a witness is made once", p->state, mark);
        else if (rc == PSE_E_UNSUPPORTED)
            say_remote(name, p->state);
        else if (rc != PSE_OK)
            cli_error(name, "cannot make %s (%s)", p->state, pse_rc_name(rc));
    }
    key_free(key);
    return rc;
}

static pse_rc trust(struct pse_witness_book *st, const char *name, const char *text)
{
    struct pse_vkey key;
    pse_rc rc = pse_vkey_parse(&key, pse_span_str(text));

    if (rc == PSE_OK)
        rc = pse_witness_book_trust(st, &key);
    switch (rc) {
    case PSE_OK: return PSE_OK;
    case PSE_E_DUPLICATE: cli_error(name, "--log '%s' is trusted already", text); break;
    case PSE_E_LIMIT: cli_error(name, "this witness cannot serve more logs"); break;
    case PSE_E_IO: cli_error(name, "the state could not be stored"); break;
    default:
        cli_error(name, "--log '%s' is not the key of a log (NAME+ID+BASE64, type 01)", text);
        rc = PSE_E_SYNTAX;
    }
    return rc;
}

static void print_vkey(const struct pse_vkey *key)
{
    struct pse_buf text = PSE_BUF(4096);

    pse_wr_str(&text, "witness ");
    pse_wr_span(&text, key->name);
    pse_wr_str(&text, " ");
    pse_vkey_put(&text, key);
    pse_wr_str(&text, "\n");
    if (text.rc == PSE_OK)
        (void)fwrite(text.p, 1, text.n, stdout);
    pse_buf_free(&text);
}

static pse_rc init(const char *name, const struct init_options *o)
{
    struct pse_witness_book *st = NULL;
    struct witness_paths p;
    pse_rc rc;

    PSE_TRY(witness_paths(&p, name, o->dir));
    if (!file_exists(p.state)) {
        PSE_TRY(make_state(name, o, &p));
    } else if (o->label != NULL || o->key != NULL || o->mark != NULL) {
        cli_error(name, "%s is a witness already; only --log can be added to it", o->dir);
        return PSE_E_DUPLICATE;
    }
    rc = witness_open(&st, name, p.state, PSE_WITNESS_WRITE, NULL);
    for (size_t i = 0; i < o->log.n && rc == PSE_OK; i++)
        rc = trust(st, name, o->log.v[i]);
    if (rc == PSE_OK)
        print_vkey(pse_witness_book_self(st));
    pse_witness_book_close(st);
    return rc;
}

static int witness_init(int argc, char **argv)
{
    static const char name[] = "psephos witness init";
    struct init_options o = {.log = {.n = 0}};
    const struct cli_option options[] = {
        CLI_TEXT("name", "NAME", &o.label, "of a new witness, as policies name its key"),
        CLI_TEXT("key", "FILE", &o.key, "use this witness key instead of a fresh one"),
        CLI_TEXT("mark", "FILE", &o.mark, "where backups of DIR do not reach (default: in DIR)"),
        CLI_LIST("log", "VKEY", &o.log, "a log to cosign; repeat for each"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "DIR [--name NAME | --key FILE] [--mark FILE] [--log VKEY ...]",
        .about = "Make a witness, or add logs to one; print its line for a policy.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.dir,
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return verb_exit(init(name, &o));
}

/* --- run ----------------------------------------------------------------------------------------
 */

struct run_options {
    const char *dir;
    const char *key;
    const char *listen;
    const char *restored;
};

pse_rc witness_check_key(const char *name, const struct pse_witness_book *st, const struct key *key)
{
    struct pse_vkey vkey;

    PSE_TRY(key_vkey(&vkey, key));
    if (pse_edkey_is_equal(&vkey.key, &pse_witness_book_self(st)->key) &&
        pse_span_is_equal(vkey.name, pse_witness_book_self(st)->name))
        return PSE_OK;
    cli_error(name, "the key is of another witness than the state");
    return PSE_E_MISMATCH;
}

/* Signals are taken as daemons take them, and a service manager is told. */
static pse_rc serve_until_stopped(const char *name, struct pse_witness_book *st,
                                  const struct key *key, const char *where)
{
    struct witness_service *service;
    struct pse_life life;
    struct pse_fault fault;
    struct pse_log log;
    char address[PSE_HTTP_ADDRESS];
    int fd;
    pse_rc rc;

    pse_log_init(&log, STDERR_FILENO, PSE_LOG_NOTICE);
    PSE_TRY(witness_listen(&fd, address, name, where));
    if (pse_life_begin(&life, &fault) != PSE_OK) {
        (void)close(fd);
        cli_error(name, "%s", fault.text);
        return PSE_E_IO;
    }
    rc = witness_service_start(&service, name, st, key, &log, fd);
    if (rc == PSE_OK) {
        printf("%s\n", address);
        (void)fflush(stdout);
        pse_life_ready(&life, address);
        while (pse_life_wait(&life, WAIT_MS) != PSE_LIFE_STOP)
            ;
        pse_life_stopping(&life);
        rc = witness_service_stop(service);
    }
    pse_life_end(&life);
    return rc;
}

static int run(const char *name, const struct run_options *o)
{
    struct pse_witness_book *st = NULL;
    struct key *key = NULL;
    struct witness_paths p;
    bool refuses = false;
    pse_rc rc = witness_paths(&p, name, o->dir);

    if (rc == PSE_OK) {
        rc = witness_open(&st, name, p.state, PSE_WITNESS_WRITE, o->restored);
        refuses = rc == PSE_E_MISMATCH;
    }
    if (rc == PSE_OK)
        rc = key_read(&key, name, o->key != NULL ? o->key : p.key, KEY_WITNESS, NULL);
    if (rc == PSE_OK)
        rc = witness_check_key(name, st, key);
    if (rc == PSE_OK) {
        rc = serve_until_stopped(name, st, key, o->listen);
        rc = rc == PSE_E_IO ? PSE_E_STATE : rc; /* it ran, and failed */
    }
    key_free(key);
    pse_witness_book_close(st);
    return refuses ? PSE_EXIT_REFUSES : verb_exit(rc);
}

static int witness_run(int argc, char **argv)
{
    static const char name[] = "psephos witness run";
    struct run_options o = {.listen = "127.0.0.1:0"};
    const struct cli_option options[] = {
        CLI_TEXT("listen", "WHERE", &o.listen,
                 "127.0.0.1:PORT, [::1]:PORT, unix:PATH or fd:N (default: a free port)"),
        CLI_TEXT("key", "FILE", &o.key, "the private key (default: DIR/witness.key)"),
        CLI_TEXT("restored", "COMMIT/MARK", &o.restored,
                 "confirm that a restored state may go on, once"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "DIR [--listen WHERE] [--key FILE] [--restored COMMIT/MARK]",
        .about = "Serve add-checkpoint and the latest cosigned checkpoints until stopped.\n"
                 "Prints its address.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.dir,
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return run(name, &o);
}

/* --- status -------------------------------------------------------------------------------------
 */

static pse_rc save(const char *name, const char *dir, const struct pse_buf *note, size_t log,
                   size_t number, const char *what)
{
    char leaf[64];
    char path[FILE_PATH_MAX];

    if (note->n == 0)
        return PSE_OK;
    (void)snprintf(leaf, sizeof leaf, "log%zu-%zu-%s.note", log, number, what);
    PSE_TRY(file_join(path, name, dir, leaf));
    return file_write(name, path, pse_buf_span(note), FILE_REPLACE);
}

/* Each pair: the note that was refused, and what was cosigned at that time. */
static pse_rc save_evidence(const char *name, const char *dir, struct pse_witness_book *st,
                            size_t i, const struct pse_witness_log *log)
{
    for (size_t k = 0; k < log->evidence; k++) {
        struct pse_buf refused = PSE_BUF(2 * PSE_NOTE_MAX);
        struct pse_buf ours = PSE_BUF(2 * PSE_NOTE_MAX);
        pse_rc rc = pse_witness_book_evidence(&refused, &ours, st, log->origin, k);

        if (rc == PSE_OK)
            rc = save(name, dir, &refused, i, k, "refused");
        if (rc == PSE_OK)
            rc = save(name, dir, &ours, i, k, "cosigned");
        pse_buf_free(&refused);
        pse_buf_free(&ours);
        PSE_TRY(rc);
    }
    return PSE_OK;
}

static void put_log(struct pse_json_wr *w, const struct pse_witness_log *log)
{
    pse_hash hash;

    pse_sha256(&hash, log->origin);
    pse_json_wr_object(w, NULL);
    pse_json_wr_string(w, "origin", log->origin);
    pse_json_wr_hex(w, "path", hash.b, sizeof hash.b);
    pse_json_wr_u64(w, "keys", log->keys);
    pse_json_wr_bool(w, "cosigned", log->any);
    pse_json_wr_u64(w, "size", log->size);
    pse_json_wr_hex(w, "root", log->root.b, sizeof log->root.b);
    pse_json_wr_u64(w, "time", log->time);
    pse_json_wr_u64(w, "evidence", log->evidence);
    pse_json_wr_end(w);
}

static void say_log(const struct pse_witness_log *log)
{
    struct pse_buf line = PSE_BUF(65536);

    pse_log_put_text(&line, log->origin);
    pse_buf_put(&line, "", 1);
    if (line.rc == PSE_OK && log->any)
        printf("%s: size %llu, cosigned at %llu", (const char *)line.p,
               (unsigned long long)log->size, (unsigned long long)log->time);
    else if (line.rc == PSE_OK)
        printf("%s: nothing cosigned yet", (const char *)line.p);
    if (log->evidence > 0)
        printf("; EVIDENCE of %llu contradicting checkpoints", (unsigned long long)log->evidence);
    printf("\n");
    pse_buf_free(&line);
}

static pse_rc report(const char *name, struct pse_witness_book *st, const char *evidence,
                     struct pse_json_wr *w)
{
    for (size_t i = 0; i < pse_witness_book_logs(st); i++) {
        struct pse_witness_log log;
        pse_rc rc = pse_witness_book_log(&log, st, i);

        if (rc != PSE_OK) {
            cli_error(name, "the state cannot be read (%s)", pse_rc_name(rc));
            return rc;
        }
        if (evidence != NULL)
            PSE_TRY(save_evidence(name, evidence, st, i, &log));
        if (w != NULL)
            put_log(w, &log);
        else
            say_log(&log);
    }
    return PSE_OK;
}

static pse_rc status_json(const char *name, struct pse_witness_book *st, const char *evidence)
{
    struct pse_buf text = PSE_BUF((size_t)64 << 20);
    struct pse_buf vkey = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    pse_rc rc;

    pse_vkey_put(&vkey, pse_witness_book_self(st));
    pse_json_wr_object(&w, NULL);
    pse_json_wr_string(&w, "vkey", pse_buf_span(&vkey));
    pse_json_wr_array(&w, "logs");
    rc = report(name, st, evidence, &w);
    if (rc == PSE_OK) {
        pse_json_wr_end(&w);
        pse_json_wr_end(&w);
        rc = pse_json_wr_finish(&w);
    }
    if (rc == PSE_OK)
        (void)fwrite(text.p, 1, text.n, stdout);
    pse_buf_free(&text);
    pse_buf_free(&vkey);
    return rc;
}

static pse_rc status(const char *name, const char *dir, bool json, const char *evidence)
{
    struct pse_witness_book *st = NULL;
    struct witness_paths p;
    pse_rc rc;

    PSE_TRY(witness_paths(&p, name, dir));
    if (evidence != NULL)
        PSE_TRY(file_make_dir(name, evidence));
    PSE_TRY(witness_open(&st, name, p.state, PSE_WITNESS_READ, NULL));
    if (json) {
        rc = status_json(name, st, evidence);
    } else {
        print_vkey(pse_witness_book_self(st));
        rc = report(name, st, evidence, NULL);
    }
    pse_witness_book_close(st);
    return rc;
}

static int witness_status(int argc, char **argv)
{
    static const char name[] = "psephos witness status";
    const char *dir = NULL;
    const char *evidence = NULL;
    bool json = false;
    const struct cli_option options[] = {
        CLI_TEXT("evidence", "DIR", &evidence, "write the notes that contradict each other there"),
        CLI_FLAG("json", &json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "DIR [--evidence DIR] [--json]",
        .about = "Show the logs of a witness and what it cosigned last; it may be running.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &dir,
    };
    int exit_status;

    if (!cli_parse(&exit_status, &command, argc, argv))
        return exit_status;
    return verb_exit(status(name, dir, json, evidence));
}

int cmd_witness(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"init", "make a witness, or add logs to it", witness_init},
        {"run", "serve logs and readers", witness_run},
        {"serve", "the same as a daemon with settings", witness_serve},
        {"status", "what was cosigned last, and evidence against logs", witness_status},
    };

    return verbs_run("witness", "Cosigns logs that only ever grow, one of several that must agree.",
                     verb, CLI_COUNT(verb), argc, argv);
}
