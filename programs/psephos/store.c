/* psephos store: making a log's store; encrypted copies of a database in use, and getting them
 * back. */
#include "store/backup.h"

#include "commands.h"
#include "psephos/store_init.h"
#include "psephos/verbs.h"
#include "psephos/voters.h"

struct store_options {
    struct session_options common;
    struct voters_options voters; /* wrap */
    const char *from, *to;
};

static pse_rc failed(const struct session *s, const struct store_options *o, pse_rc rc)
{
    switch (rc) {
    case PSE_OK: break;
    case PSE_E_MISSING: cli_error(s->name, "there is no %s; check --from", o->from); break;
    case PSE_E_DUPLICATE:
        cli_error(s->name, "%s is there already; choose another name for --to", o->to);
        break;
    case PSE_E_PROOF:
        cli_error(s->name,
                  "%s does not open: --wrap is another key, or the file was altered or "
                  "cut off; take another backup",
                  o->from);
        break;
    case PSE_E_SYNTAX:
        cli_error(s->name, "%s is no backup of psephos, or what is in it is damaged; take another",
                  o->from);
        break;
    default:
        cli_error(s->name, "cannot copy %s to %s (%s); nothing was made", o->from, o->to,
                  pse_rc_name(rc));
    }
    return rc;
}

static pse_rc run(struct session *s, const struct store_options *o, bool is_restore)
{
    struct voters x = {.v = NULL};
    pse_rc rc;

    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->from, "from FILE"));
    PSE_TRY(session_want(s, o->to, "to FILE"));
    rc = voters_key(&x, s, &o->voters);
    if (rc == PSE_OK && is_restore)
        rc = failed(s, o, pse_backup_restore(o->to, o->from, &x.w, session_now()));
    else if (rc == PSE_OK)
        rc = failed(s, o, pse_backup_make(o->to, o->from, &x.w, &s->rng));
    voters_close(&x);
    return rc;
}

static int run_verb(const char *name, bool is_restore, const char *about, const char *next,
                    int argc, char **argv)
{
    struct store_options o = {.from = NULL};
    struct session s = {.name = name, .options = &o.common};
    const struct cli_option options[] = {
        CLI_TEXT("from", "FILE", &o.from,
                 is_restore ? "the backup" : "the database (voters.db, ledger.db)"),
        CLI_TEXT("to", "FILE", &o.to, is_restore ? "the database to make" : "the backup to make"),
        CLI_TEXT("wrap", "FILE", &o.voters.wrap, "the wrapping key, a file with mode 0400"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--from FILE --to FILE --wrap FILE",
        .about = about,
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, run(&s, &o, is_restore), next);
}

static int store_backup(int argc, char **argv)
{
    return run_verb("psephos store backup", false,
                    "Copy a database while it is in use, sealed under the wrapping key.", NULL,
                    argc, argv);
}

static int store_restore(int argc, char **argv)
{
    return run_verb("psephos store restore", true,
                    "Open a backup. A restored voter database works; a restored ledger bears a "
                    "mark,\nand no sequencer signs with it.",
                    "check it with psephos audit store", argc, argv);
}

int cmd_store(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"init", "the store of a log that is to begin", store_init},
        {"backup", "a sealed copy of a database in use", store_backup},
        {"restore", "a database from such a copy", store_restore},
    };

    return verbs_run("store", "Private stores and databases: made, copied, brought back.", verb,
                     CLI_COUNT(verb), argc, argv);
}
