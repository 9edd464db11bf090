#include "psephos/store_init.h"

#include <stdio.h>

#include "common/files.h"
#include "common/keyfile.h"
#include "common/options.h"
#include "common/stop_words.h"
#include "common/sysrng.h"
#include "psephos/verbs.h"

struct init {
    const char *name;
    const char *store, *origin, *key_file, *record;
    bool quiet;
    struct key *key; /* NULL: the store alone */
    struct pse_vkey log;
    struct pse_store *s;
    struct pse_stop why;
    bool refuses; /* to make a second log */
};

static pse_rc take_origin(struct init *i)
{
    if (i->key_file == NULL && i->origin != NULL && i->record == NULL) {
        i->log.name = pse_span_str(i->origin);
        return PSE_OK;
    }
    if (i->key_file == NULL || i->record == NULL || i->origin != NULL) {
        cli_error(i->name, "give either --origin NAME, for the store alone, or --key FILE and "
                           "--record DIR, for the log's first head as well");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(key_read(&i->key, i->name, i->key_file, KEY_LOG, NULL));
    return key_vkey(&i->log, i->key);
}

static pse_rc open_store(struct init *i)
{
    const char *why = "";
    pse_rc rc;

    if (i->store == NULL) {
        cli_error(i->name, "say where with --store: a folder, or postgresql://…");
        return PSE_E_SYNTAX;
    }
    rc = pse_store_open(&i->s, &why, i->store, i->log.name, PSE_STORE_CREATE, NULL);
    if (rc == PSE_E_STATE)
        cli_error(i->name, "another process writes to the store %s; end that one first",
                  stop_place(i->store));
    else if (rc != PSE_OK)
        cli_error(i->name, "no store can be made at %s: %s (%s); check address, rights and disk",
                  stop_place(i->store), why != NULL && why[0] != '\0' ? why : "no more is known",
                  pse_rc_name(rc));
    return rc;
}

/* The same as pse_sequencer_create refuses, where no key is at hand. */
static pse_rc look_for_head(struct init *i)
{
    struct pse_head head;
    pse_rc rc = pse_store_head_read(i->s, &head);

    if (rc == PSE_E_MISSING)
        return PSE_OK;
    i->why.reason = rc == PSE_OK ? PSE_STOP_HEAD_EXISTS : PSE_STOP_STORE;
    i->why.rc = rc;
    (void)snprintf(i->why.where, sizeof i->why.where, "%s", pse_store_why(i->s));
    return PSE_E_STATE;
}

static pse_rc make_head(struct init *i)
{
    PSE_RNG(rng);
    const struct pse_sequencer_options o = {
        .store = i->s, .record = i->record, .log = i->log, .seed = &i->key->sign, .rng = &rng};

    PSE_TRY(sysrng_start(&rng, i->name));
    PSE_TRY(file_make_dir(i->name, i->record));
    return pse_sequencer_create(&i->why, &o);
}

static pse_rc init(struct init *i)
{
    pse_rc rc;

    PSE_TRY(take_origin(i));
    PSE_TRY(open_store(i));
    rc = i->key == NULL ? look_for_head(i) : make_head(i);
    if (rc != PSE_OK && i->why.reason != PSE_STOP_NONE) {
        stop_say(i->name, &i->why, stop_place(i->store), i->record != NULL ? i->record : "", NULL);
        i->refuses = pse_stop_is_refusal(i->why.reason);
    }
    if (rc == PSE_OK && !i->quiet)
        printf("the store of %.*s is made%s\n", (int)i->log.name.n, (const char *)i->log.name.p,
               i->key != NULL ? ", and its first head signed" : "");
    return rc;
}

int store_init(int argc, char **argv)
{
    struct init i = {.name = "psephos store init"};
    const struct cli_option options[] = {
        CLI_TEXT("store", "STORE", &i.store, "a folder, or postgresql://… of an administrator"),
        CLI_TEXT("origin", "NAME", &i.origin, "the log's name, where its key is not at hand"),
        CLI_TEXT("key", "FILE", &i.key_file, "the log's key: sign the first head, of no entries"),
        CLI_TEXT("record", "DIR", &i.record, "with --key: the public folder, without a checkpoint"),
        CLI_FLAG("quiet", &i.quiet, "print nothing but errors"),
    };
    const struct cli_command command = {
        .name = i.name,
        .synopsis = "--store STORE (--origin NAME | --key FILE --record DIR)",
        .about = "Make the store of a log: folder and tables, or schema and roles; with the log's "
                 "key\nalso its first head. Refused where a log has been before.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = init(&i);
    status = i.refuses ? stop_exit(&i.why) : verb_exit(rc);
    pse_store_close(i.s);
    key_free(i.key);
    return status;
}
