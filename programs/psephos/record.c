/* psephos record: the board's work on the public record. */
#include "psephos/record.h"

#include <stdio.h>

#include "commands.h"
#include "psephos/board_keys.h"
#include "psephos/verbs.h"

struct keygen_options {
    struct session_options common;
    const char *origin, *keys, *log;
    uint64_t witnesses, quorum;
};

/* What witnesses need to know of the log (psephos witness init --log). */
static void say_log(const struct session *s, const struct board_keys *keys)
{
    struct pse_buf text = PSE_BUF(PSE_NOTE_MAX);

    pse_vkey_put(&text, &keys->signer.log.vkey);
    if (text.rc == PSE_OK)
        session_say(s, "log %.*s", (int)text.n, (const char *)text.p);
    pse_buf_free(&text);
}

static void say_keys(const struct session *s, const struct keygen_options *o)
{
    session_say(s, "%s: %sboard key and %llu witness keys; they stay with you", o->keys,
                o->log == NULL ? "log key, " : "", (unsigned long long)o->witnesses);
    session_say(s, "%s/board.pub: the board's card", o->keys);
    if (o->witnesses > 0)
        session_say(s, "%s/policy: any %llu of %llu witnesses", o->keys,
                    (unsigned long long)o->quorum, (unsigned long long)o->witnesses);
}

static pse_rc make_keys(struct session *s, const struct keygen_options *o)
{
    struct board_keys keys;
    pse_rc rc;

    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->origin, "origin NAME"));
    PSE_TRY(session_want(s, o->keys, "keys DIR"));
    if (o->witnesses > 0 && (o->quorum > o->witnesses || 2 * o->quorum <= o->witnesses ||
                             (o->quorum < 2 && o->witnesses > 1))) {
        cli_error(s->name,
                  "a quorum of %llu out of %llu is not safe; take at least 2, and more than half",
                  (unsigned long long)o->quorum, (unsigned long long)o->witnesses);
        return PSE_E_SYNTAX;
    }
    rc = board_keys_make(&keys, s->name, o->origin, o->log, o->witnesses, s->g, &s->rng);
    if (rc == PSE_OK)
        rc = board_keys_write(&keys, s->name, o->keys, (unsigned)o->quorum, s->g);
    if (rc == PSE_OK) {
        say_keys(s, o);
        say_log(s, &keys);
    }
    board_keys_free(&keys);
    return rc;
}

static int record_keygen(int argc, char **argv)
{
    struct keygen_options o = {.witnesses = 4, .quorum = 3};
    struct session s = {.name = "psephos record keygen", .options = &o.common};
    const struct cli_option options[] = {
        CLI_TEXT("origin", "NAME", &o.origin,
                 "name of the log, a web address without https://, one for every election"),
        CLI_NUMBER("witnesses", "N", &o.witnesses, 0, RECORD_WITNESSES_MAX,
                   "witness keys kept here (default 4); 0: others witness, no policy is made"),
        CLI_NUMBER("quorum", "K", &o.quorum, 1, RECORD_WITNESSES_MAX,
                   "how many must sign (default 3)"),
        CLI_TEXT("keys", "DIR", &o.keys, "the board's private folder"),
        CLI_TEXT("log-key", "URI", &o.log,
                 "make the log's key on this token (pkcs11:…), not there"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--origin NAME [--witnesses N] [--quorum K] --keys DIR [--log-key URI]",
        .about = "Make the keys of a board: log, board, local witnesses, and the witness policy.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, make_keys(&s, &o), "send board.pub and policy to the officer");
}

int cmd_record(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"keygen", "make the board's keys and the policy", record_keygen},
        {"init", "start a record with the setup parcel", record_init},
        {"append", "check parcels and sequence their entries", record_append_files},
        {"show", "where the election stands", record_show},
        {"receipt", "make or check a voter's receipt", record_receipt},
        {"tidy", "remove partial tiles that nobody needs any more", record_tidy_files},
        {"compress", "make compressed twins for web servers", record_compress_files},
    };

    return verbs_run("record", "The board's work on the public record.", verb, CLI_COUNT(verb),
                     argc, argv);
}
