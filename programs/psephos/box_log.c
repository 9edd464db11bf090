/* The log's side of the box: what the sequencer needs around it; see box.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/stop_words.h"
#include "common/sysrng.h"
#include "common/witnessing.h"
#include "psephos/box.h"
#include "store/standby.h"
#include "token/token.h"

static const struct pse_conf_key keys[] = {
    DAEMON_KEYS(struct box_log_settings, common),
    PSE_CONF_WORDS(struct box_log_settings, store, "store", "url", 1, 960, NULL, PSE_CONF_FIXED,
                   "The ledger's private store: a folder, or postgresql://… for several boxes."),
    PSE_CONF_SWITCH(struct box_log_settings, standby, "store", "standby", "no", PSE_CONF_FIXED,
                    "Wait while another box writes, and go on in its place when it is gone."),
    PSE_CONF_PATH(struct box_log_settings, record, "record", "folder", NULL, PSE_CONF_FIXED,
                  "The public record: checkpoint, tile/ and blob/."),
    PSE_CONF_PATH(struct box_log_settings, policy, "record", "policy", "", PSE_CONF_FIXED,
                  "The witness policy's file, needed while the record's folder is empty: on a box "
                  "that stands by."),
    PSE_CONF_KEY(struct box_log_settings, key, "log", "key", NULL, PSE_CONF_FIXED,
                 "The key that signs checkpoints (psephos record keygen)."),
    PSE_CONF_PATH(struct box_log_settings, token, "log", "token-folder", "", PSE_CONF_FIXED,
                  "A folder that the module of the key's token must read and write; empty: none."),
    PSE_CONF_PATH(struct box_log_settings, ca, "witness", "roots", "", PSE_CONF_FIXED,
                  "A file of trusted roots for witnesses under https; empty: the system's."),
    PSE_CONF_WORDS(struct box_log_settings, addresses, "witness", "addresses", 0,
                   PSE_CONF_VALUE_MAX, "", PSE_CONF_FIXED,
                   "Where the witnesses are reached, in the order of the policy, separated by "
                   "spaces; empty: where the policy says."),
    PSE_CONF_PATH(struct box_log_settings, socket, "listen", "socket", NULL, PSE_CONF_FIXED,
                  "The Unix socket for fronts and officers."),
    PSE_CONF_WORDS(struct box_log_settings, users, "listen", "users", 0, 200, "", PSE_CONF_FIXED,
                   "Numbers of the users that may connect, apart from the daemon's own and root, "
                   "separated by spaces."),
    PSE_CONF_NUMBER(struct box_log_settings, threads, "verify", "threads", 1, 256, "2", "threads",
                    PSE_CONF_FIXED, "Threads that verify, in each of the two processes."),
    PSE_CONF_SWITCH(struct box_log_settings, second, "verify", "second", "yes", PSE_CONF_FIXED,
                    "Verify every batch in a second process on another field back-end."),
    PSE_CONF_SIZE(struct box_log_settings, spool, "spool", "size", 1 << 20, UINT64_C(1) << 40,
                  "4096 MiB", PSE_CONF_FIXED,
                  "How much may wait in blobs that no entry has named yet."),
};
const struct pse_conf box_log_conf = {"sequence", keys, PSE_CONF_COUNT(keys),
                                      sizeof(struct box_log_settings)};

/* --- beginning ---------------------------------------------------------------------------------
 */

static pse_rc read_key(struct box_log *l)
{
    static const char prefix[] = "credential:";
    const char *where = l->set->key;
    char path[FILE_PATH_MAX];
    pse_rc rc;

    if (pse_token_is_uri(where)) {
        PSE_TRY(key_on_token(&l->key, l->name, where, KEY_LOG, l->d->credentials, false));
        return key_vkey(&l->vkey, l->key);
    }
    if (strncmp(where, prefix, sizeof prefix - 1) == 0) {
        if (l->d->credentials == NULL) {
            cli_error(l->name, "[log] key is %s, and no --credentials DIR was given", where);
            return PSE_E_MISSING;
        }
        PSE_TRY(file_join(path, l->name, l->d->credentials, where + sizeof prefix - 1));
        where = path;
    }
    PSE_TRY(key_read(&l->key, l->name, where, KEY_LOG, NULL));
    rc = key_vkey(&l->vkey, l->key);
    if (rc != PSE_OK)
        cli_error(l->name, "%s is no log's key", where);
    return rc;
}

pse_rc box_log_begin(struct box_log *l, struct daemon *d, const struct box_log_settings *set)
{
    char path[FILE_PATH_MAX];

    memset(l, 0, sizeof *l);
    l->name = d->name;
    l->d = d;
    l->set = set;
    PSE_REQUIRE(pthread_mutex_init(&l->lock, NULL) == 0);
    pse_arena_init(&l->arena, PSE_POLICY_ARENA_MAX);
    l->policy_bytes = PSE_BUF(PSE_POLICY_MAX);
    l->late = SIZE_MAX;
    PSE_TRY(file_join(path, l->name, set->record, "blob"));
    PSE_TRY(file_make_dir(l->name, path));
    /* The public may read it, whatever the umask of a daemon. */
    (void)chmod(path, 0755);
    (void)chmod(set->record, 0755);
    PSE_TRY(box_spool_open(&l->spool, l->name, set->common.state, set->record, set->spool));
    if (set->second && box_opinion_start(&l->opinion, set->record, l->spool.dir,
                                         (unsigned)set->threads) != PSE_OK) {
        cli_error(l->name, "the second process does not start; is the machine out of memory?");
        return PSE_E_IO;
    }
    /* After the fork: the second process has neither key nor token. */
    return read_key(l);
}

static const char *store_folder(const char *url)
{
    if (strncmp(url, "sqlite:", 7) == 0)
        return url + 7;
    return strstr(url, "://") == NULL ? url : NULL;
}

void box_log_dirs(const struct box_log *l, const char *write_dirs[4], const char *read_dirs[6])
{
    const char *store = store_folder(l->set->store);
    size_t n = 0;

    write_dirs[n++] = l->set->record;
    if (store != NULL)
        write_dirs[n++] = store;
    if (l->set->token[0] != '\0')
        write_dirs[n++] = l->set->token;
    write_dirs[n] = NULL;
    n = 0;
    if (l->set->ca[0] != '\0')
        read_dirs[n++] = l->set->ca;
    if (l->set->policy[0] != '\0')
        read_dirs[n++] = l->set->policy;
    /* Names of witnesses, and their certificates. */
    read_dirs[n++] = "/etc";
    read_dirs[n++] = "/usr";
    read_dirs[n] = NULL;
}

/* --- opening -----------------------------------------------------------------------------------
 */

static pse_rc open_store(struct box_log *l, unsigned flags, bool (*stop)(void *ctx), void *ctx)
{
    struct pse_span origin = pse_span_str(l->key->label);
    const char *why = "";
    pse_rc rc;

    if (l->set->standby && flags == 0)
        rc = pse_standby_open(&l->store, &why, l->set->store, origin, NULL, stop, ctx);
    else
        rc = pse_store_open(&l->store, &why, l->set->store, origin, flags, NULL);
    if (rc == PSE_E_MISSING)
        cli_error(l->name, "there is no ledger at %s; make it with psephos box create",
                  l->set->store);
    else if (rc == PSE_E_STATE)
        cli_error(l->name, "another process writes at %s; stop it, or set [store] standby",
                  l->set->store);
    else if (rc != PSE_OK)
        cli_error(l->name, "cannot open the ledger at %s: %s", l->set->store,
                  why[0] != '\0' ? why : pse_rc_name(rc));
    return rc;
}

/* The policy that entry 0 names, as the record has it. That it is the election's own is checked
 * once more when the engine has read entry 0 (V104). */
static pse_rc policy_of_record(struct box_log *l)
{
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);
    char path[FILE_PATH_MAX];
    struct pse_checkpoint cp;
    struct pse_entry setup;
    struct pse_span entry;
    struct record_source source;
    pse_hash eid;
    pse_rc rc;

    PSE_TRY(file_join(path, l->name, l->set->record, "checkpoint"));
    if (!file_exists(path)) {
        cli_error(l->name,
                  "%s has no checkpoint yet; finish psephos box create, or name [record] policy",
                  l->set->record);
        return PSE_E_MISSING;
    }
    rc = file_read(&note, l->name, path, PSE_NOTE_MAX);
    if (rc == PSE_OK)
        rc = pse_checkpoint_parse(&cp, pse_buf_span(&note));
    if (rc == PSE_OK)
        rc = record_source_open(&source, l->set->record);
    pse_buf_free(&note);
    PSE_TRY(rc);
    record_source_settle(&source, cp.size);
    rc = record_source_entry(&source, &entry, 0);
    if (rc == PSE_OK)
        rc = pse_entry_setup_peek(&setup, &eid, entry);
    record_source_close(&source);
    if (rc != PSE_OK) {
        cli_error(l->name, "%s does not begin with a setup entry; run psephos-verify %s",
                  l->set->record, l->set->record);
        return rc;
    }
    return file_blob_read(&l->policy_bytes, l->name, l->set->record, &setup.u.setup.policy,
                          PSE_POLICY_MAX);
}

/* The addresses of the settings, cut apart in @p text; one for each witness, or none at all. */
static pse_rc take_addresses(const char *out[PSE_WITNESSES_MAX], char *text,
                             const struct box_log *l)
{
    size_t n = 0;

    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        if (n < PSE_WITNESSES_MAX)
            out[n] = word;
        n++;
    }
    if (n == 0 || n == l->policy.witnesses)
        return PSE_OK;
    cli_error(l->name, "[witness] addresses has %zu, and the policy %zu witnesses; name all", n,
              l->policy.witnesses);
    return PSE_E_SYNTAX;
}

static pse_rc take_policy(struct box_log *l, struct pse_span policy)
{
    const char *address[PSE_WITNESSES_MAX] = {NULL};
    char text[PSE_CONF_TEXT];
    struct witnessing_options o = {.policy = &l->policy,
                                   .origin = pse_span_str(l->key->label),
                                   .ca = l->set->ca[0] != '\0' ? l->set->ca : NULL};
    size_t at = 0;
    pse_rc rc = PSE_OK;

    if (policy.n > 0)
        pse_wr_span(&l->policy_bytes, policy);
    else if (l->set->policy[0] != '\0')
        rc = file_read(&l->policy_bytes, l->name, l->set->policy, PSE_POLICY_MAX);
    else
        rc = policy_of_record(l);
    PSE_TRY(rc);
    rc = pse_policy_parse(&l->policy, &at, &l->arena, pse_buf_span(&l->policy_bytes));
    if (rc != PSE_OK) {
        cli_error(l->name, "line %zu of the witness policy is at fault (%s)", at, pse_rc_name(rc));
        return rc;
    }
    memcpy(text, l->set->addresses, sizeof text);
    PSE_TRY(take_addresses(address, text, l));
    o.submit = o.monitor = address;
    rc = witnessing_new(&l->witnessing, &at, &o);
    if (rc != PSE_OK)
        cli_error(l->name,
                  "witness %zu of the policy cannot be asked (%s); its address must be a URL",
                  at + 1, pse_rc_name(rc));
    return rc;
}

/* --- judging -----------------------------------------------------------------------------------
 */

static pse_rc judge_load(void *ctx, uint64_t size, const pse_hash *root)
{
    struct box_log *l = ctx;
    pse_hash policy;
    pse_rc rc = PSE_OK;

    if (l->opinion != NULL)
        PSE_TRY(box_opinion_load(l->opinion, size, root));
    pthread_mutex_lock(&l->lock);
    rc = box_engine_load(&l->engine, size, root);
    (void)pse_engine_blobs(l->engine.e, &l->blobs);
    pse_sha256(&policy, pse_buf_span(&l->policy_bytes));
    if (rc == PSE_OK && size > 0 &&
        !pse_hash_is_equal(&policy, pse_engine_policy_hash(l->engine.e)))
        rc = PSE_E_MISMATCH;
    pthread_mutex_unlock(&l->lock);
    if (l->opinion != NULL) {
        pse_rc other = box_opinion_answer(l->opinion, NULL, 0);

        if (rc == PSE_OK)
            rc = other;
    }
    return rc;
}

static bool judge_is_ballot(void *ctx, struct pse_span entry)
{
    struct box_log *l = ctx;

    return l->inner.is_ballot(l->inner.ctx, entry);
}

static pse_rc judge_chain(void *ctx, size_t *order, const struct pse_span *entries, size_t n)
{
    struct box_log *l = ctx;
    pse_rc rc;

    pthread_mutex_lock(&l->lock);
    rc = l->inner.chain(l->inner.ctx, order, entries, n);
    pthread_mutex_unlock(&l->lock);
    return rc;
}

/* Into the record; where several boxes share a store, into that too, so that whichever takes over
 * has it. */
static pse_rc publish_blob(struct box_log *l, const pse_hash *hash)
{
    struct pse_buf blob = PSE_BUF(PSE_STORE_BLOB_MAX);
    pse_hash same;
    pse_rc rc = box_spool_publish(&l->spool, hash);

    if (rc != PSE_OK || store_folder(l->set->store) != NULL || l->sequencer == NULL)
        return rc;
    rc = file_blob_read(&blob, l->name, l->set->record, hash, PSE_STORE_BLOB_MAX);
    if (rc == PSE_OK)
        rc = pse_sequencer_blob(l->sequencer, &same, pse_buf_span(&blob));
    pse_buf_free(&blob);
    return rc;
}

/* Blobs that live entries have named go into the record before the entry is staged. A statement
 * may be live without its text (W003). */
static pse_rc publish_blobs(struct box_log *l)
{
    size_t n;
    struct pse_span all = pse_engine_blobs(l->engine.e, &n);
    pse_rc rc;

    pthread_mutex_lock(&l->lock);
    l->blobs = l->late < l->blobs ? l->late : l->blobs;
    l->late = SIZE_MAX;
    pthread_mutex_unlock(&l->lock);
    while (l->blobs < n) {
        pse_hash hash;

        memcpy(hash.b, all.p + 32 * l->blobs, 32);
        rc = publish_blob(l, &hash);
        if (rc != PSE_OK && rc != PSE_E_MISSING)
            return rc;
        l->blobs++;
    }
    return PSE_OK;
}

pse_rc box_log_blob(struct box_log *l, const pse_hash *hash)
{
    bool named = false;
    struct pse_span all;
    size_t n;

    pthread_mutex_lock(&l->lock);
    all = pse_engine_blobs(l->engine.e, &n);
    for (size_t i = 0; i < n && !named; i++) {
        named = memcmp(all.p + 32 * i, hash->b, 32) == 0;
        if (named && i < l->late)
            l->late = i; /* the next batch takes it into a shared store */
    }
    pthread_mutex_unlock(&l->lock);
    return named ? box_spool_publish(&l->spool, hash) : PSE_OK;
}

static pse_rc judge_offer(void *ctx, struct pse_judgment *said, const struct pse_span *entries,
                          size_t n)
{
    struct box_log *l = ctx;
    pse_rc rc = PSE_OK;

    if (l->opinion != NULL)
        rc = box_opinion_ask(l->opinion, entries, n);
    pthread_mutex_lock(&l->lock);
    record_source_settle(&l->engine.record, pse_engine_size(l->engine.e));
    if (rc == PSE_OK)
        rc = l->inner.offer(l->inner.ctx, said, entries, n);
    pthread_mutex_unlock(&l->lock);
    PSE_TRY(rc);
    if (l->opinion != NULL) {
        rc = box_opinion_answer(l->opinion, l->theirs, n);
        for (size_t i = 0; i < n && rc == PSE_OK; i++)
            l->differs = l->differs || (l->theirs[i] == 1) != said[i].is_live;
        l->differs = l->differs || rc == PSE_E_MISMATCH;
    }
    return rc == PSE_E_MISMATCH ? PSE_OK : rc == PSE_OK ? publish_blobs(l) : rc;
}

static pse_rc second_ask(void *ctx, const struct pse_span *entries, size_t n)
{
    const struct box_log *l = ctx;

    (void)entries, (void)n;
    return l->differs ? PSE_E_MISMATCH : PSE_OK;
}

static pse_rc make_judge(struct box_log *l)
{
    PSE_TRY(box_engine_open(&l->engine, l->set->record, l->spool.dir, l->g, &l->batch));
    pse_judge_engine(&l->inner, l->engine.e);
    l->judge = (struct pse_judge){l, judge_load, judge_is_ballot, judge_chain, judge_offer};
    l->second = (struct pse_second_opinion){l, second_ask};
    l->theirs = calloc(PSE_BATCH_ENTRIES_MAX, 1);
    return l->theirs == NULL ? PSE_E_MEMORY : PSE_OK;
}

pse_rc box_log_open(struct box_log *l, unsigned flags, struct pse_span policy,
                    bool (*stop)(void *ctx), void *ctx)
{
    pse_rc rc;

    PSE_TRY(sysrng_start(&l->rng, l->name));
    pse_rng_fork(&l->batch, &l->rng);
    rc = pse_pool_new(&l->pool, (unsigned)l->set->threads);
    if (rc == PSE_OK)
        rc = pse_group_new(&l->g, PSE_BACKEND_AUTO, l->pool);
    if (rc == PSE_OK)
        rc = make_judge(l);
    if (rc != PSE_OK) {
        cli_error(l->name, "cannot make ready to verify (%s)", pse_rc_name(rc));
        return rc;
    }
    PSE_TRY(open_store(l, flags, stop, ctx));
    return take_policy(l, policy);
}

void box_log_options(struct box_log *l, struct pse_sequencer_options *o)
{
    *o = (struct pse_sequencer_options){
        .store = l->store,
        .record = l->set->record,
        .log = l->vkey,
        .seed = &l->key->sign,
        .policy = &l->policy,
        .witnessing = &l->witnessing,
        .judge = &l->judge,
        .second = l->opinion != NULL ? &l->second : NULL,
        .rng = &l->rng,
    };
}

void box_log_close(struct box_log *l)
{
    if (l->witnessing.ctx != NULL)
        witnessing_free(&l->witnessing);
    pse_store_close(l->store);
    box_engine_close(&l->engine);
    pse_group_free(l->g);
    pse_pool_free(l->pool);
    box_opinion_free(l->opinion);
    box_spool_close(&l->spool);
    pse_buf_free(&l->policy_bytes);
    pse_arena_free(&l->arena);
    free(l->theirs);
    key_free(l->key);
    pse_rng_wipe(&l->rng);
    pse_rng_wipe(&l->batch);
    (void)pthread_mutex_destroy(&l->lock);
}

/* --- words -------------------------------------------------------------------------------------
 */

int box_log_explain(const struct box_log *l, const struct pse_stop *why)
{
    if (why->reason == PSE_STOP_NONE)
        return CLI_EXIT_OK;
    stop_say(l->name, why, l->set->store, l->set->record,
             l->policy.witnesses > 0 ? &l->policy : NULL);
    return stop_exit(why);
}
