/* psephos record init and append: entries from parcels are checked by the engine against the whole
 * record, and sequenced. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "psephos/board_keys.h"
#include "psephos/record.h"
#include "psephos/verbs.h"

enum { PARCELS_MAX = 1024, PARCEL_ARENA = 64 << 20 };

struct append_options {
    struct session_options common;
    const char *keys, *receipts;
    const char *path[PARCELS_MAX];
};

/* One append in progress. */
struct append {
    struct session *s;
    const struct append_options *o;
    struct board_keys keys;
    struct record_writer *writer;
    struct pse_arena arena;
    struct pse_buf bytes[PARCELS_MAX];
    struct parcel parcel[PARCELS_MAX];
    size_t parcels;
    uint64_t taken;
    uint64_t refused;
    uint64_t *ballot; /* indices of the ballots taken */
    size_t ballots;
};

static void append_free(struct append *a)
{
    record_writer_free(a->writer);
    board_keys_free(&a->keys);
    for (size_t i = 0; i < a->parcels; i++)
        pse_buf_free(&a->bytes[i]);
    free(a->ballot);
    pse_arena_free(&a->arena);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static pse_rc read_parcel(struct append *a, const char *path)
{
    size_t i = a->parcels;
    pse_rc rc;

    PSE_TRY(file_read(&a->bytes[i], a->s->name, path, PARCEL_MAX));
    a->parcels++;
    rc = parcel_parse(&a->parcel[i], &a->arena, pse_buf_span(&a->bytes[i]));
    if (rc != PSE_OK)
        cli_error(a->s->name, "%s is no parcel, or only a part of one (%s); ask for it again", path,
                  pse_rc_name(rc));
    return rc;
}

static pse_rc read_parcels(struct append *a)
{
    size_t entries = 0;

    for (size_t i = 0; i < PARCELS_MAX && a->o->path[i] != NULL; i++)
        PSE_TRY(read_parcel(a, a->o->path[i]));
    for (size_t i = 0; i < a->parcels; i++) {
        entries += a->parcel[i].entries;
        for (size_t k = 0; k < a->parcel[i].blobs; k++)
            PSE_TRY(record_source_add_blob(&a->s->load.source, a->parcel[i].blob[k]));
    }
    a->ballot = calloc(entries + 1, sizeof *a->ballot);
    return a->ballot == NULL ? PSE_E_MEMORY : PSE_OK;
}

/* --- offering -----------------------------------------------------------------------------------
 */

static bool is_blob_named(const struct append *a, const pse_hash *hash)
{
    size_t count = 0;
    struct pse_span all = pse_engine_blobs(a->s->load.e, &count);

    for (size_t i = 0; i < count; i++) {
        if (memcmp(all.p + 32 * i, hash->b, 32) == 0)
            return true;
    }
    return false;
}

/* Documents of the manifest are public too, though no entry names them. */
static bool is_document(const struct append *a, const pse_hash *hash)
{
    const struct pse_manifest *m = pse_engine_manifest(a->s->load.e);

    for (size_t i = 0; m != NULL && i < m->documents; i++) {
        if (pse_hash_is_equal(&m->document[i].sha256, hash))
            return true;
    }
    return false;
}

/* Is this very entry in the record already? Then the parcel was appended before. */
static bool find_entry(uint64_t *index, struct append *a, struct pse_span entry)
{
    struct pse_span old;

    for (uint64_t i = 0; i < a->s->load.source.size; i++) {
        if (record_source_entry(&a->s->load.source, &old, i) == PSE_OK &&
            pse_span_is_equal(old, entry)) {
            *index = i;
            return true;
        }
    }
    return false;
}

static void say_refused(struct append *a, const char *path, size_t number, struct pse_span entry,
                        uint16_t rule)
{
    const char *type = entry.n > 0 ? pse_entry_type_name(entry.p[0]) : NULL;
    uint64_t index;

    if (find_entry(&index, a, entry)) {
        cli_note(a->s->name, "%s: entry %zu is in the record already, as number %llu", path, number,
                 (unsigned long long)index);
        return;
    }
    a->refused++;
    cli_error(a->s->name,
              "%s: entry %zu (%s) is refused by rule %s (%s); ask for a corrected parcel", path,
              number, type == NULL ? "unknown" : type,
              rule == 0 ? "?" : pse_rule_name((enum pse_rule)rule),
              rule == 0 ? "unknown" : pse_rule_title((enum pse_rule)rule));
}

static pse_rc offer_entry(struct append *a, const char *path, size_t number, struct pse_span entry)
{
    struct pse_engine *e = a->s->load.e;
    uint64_t index = pse_engine_size(e);
    uint16_t rule = 0;
    uint8_t live;

    PSE_TRY(pse_engine_offer(e, &live, &rule, &entry, 1));
    if (!live) {
        say_refused(a, path, number, entry, rule);
        return PSE_OK;
    }
    PSE_TRY(record_source_add_entry(&a->s->load.source, entry));
    if (entry.p[0] == PSE_ENTRY_BALLOT)
        a->ballot[a->ballots++] = index;
    session_say(a->s, "%6llu  %-18s %s", (unsigned long long)index, pse_entry_type_name(entry.p[0]),
                path);
    a->taken++;
    return record_append(a->writer, NULL, entry);
}

static pse_rc offer_all(struct append *a)
{
    for (size_t i = 0; i < a->parcels; i++) {
        for (size_t k = 0; k < a->parcel[i].entries; k++)
            PSE_TRY(offer_entry(a, a->o->path[i], k + 1, a->parcel[i].entry[k]));
    }
    return PSE_OK;
}

/* Blobs of refused entries stay outside. */
static pse_rc put_blobs(struct append *a)
{
    pse_hash digest;

    for (size_t i = 0; i < a->s->load.source.extras; i++) {
        const struct record_extra *x = &a->s->load.source.extra[i];

        if (is_blob_named(a, &x->hash) || is_document(a, &x->hash))
            PSE_TRY(record_put_blob(a->writer, &digest, x->blob));
    }
    return PSE_OK;
}

static pse_rc publish(struct append *a)
{
    char root[65];
    pse_hash hash;

    PSE_TRY(put_blobs(a));
    PSE_TRY(record_publish(a->writer, session_now()));
    record_source_settle(&a->s->load.source, record_size(a->writer));
    record_root(&hash, a->writer);
    pse_hex_encode(root, hash.b, 32);
    session_say(a->s, "Published: size %llu, root %s, %zu witnesses, state %s",
                (unsigned long long)record_size(a->writer), root, a->keys.signer.witnesses,
                pse_state_name(pse_engine_state(a->s->load.e)));
    return PSE_OK;
}

static pse_rc finish(struct append *a)
{
    if (a->taken > 0)
        PSE_TRY(publish(a));
    if (a->refused == 0)
        return PSE_OK;
    return PSE_E_STATE;
}

/* --- receipts -----------------------------------------------------------------------------------
 */

static pse_rc write_receipts(struct append *a)
{
    struct record_source files;
    char path[FILE_PATH_MAX];
    char leaf[64];
    pse_rc rc;

    if (a->o->receipts == NULL || a->ballots == 0)
        return PSE_OK;
    PSE_TRY(file_make_dir(a->s->name, a->o->receipts));
    PSE_TRY(record_source_open(&files, a->o->common.record));
    files.size = record_size(a->writer);
    rc = PSE_OK;
    for (size_t i = 0; i < a->ballots && rc == PSE_OK; i++) {
        (void)snprintf(leaf, sizeof leaf, "receipt-%llu.tlog-proof",
                       (unsigned long long)a->ballot[i]);
        rc = file_join(path, a->s->name, a->o->receipts, leaf);
        if (rc == PSE_OK)
            rc =
                receipt_write(a->s->name, path, &files, a->ballot[i], record_checkpoint(a->writer));
    }
    record_source_close(&files);
    return rc;
}

/* --- append -------------------------------------------------------------------------------------
 */

static pse_rc append_to(struct append *a)
{
    struct session *s = a->s;
    pse_rc rc;

    PSE_TRY(session_want(s, a->o->common.record, "record DIR"));
    PSE_TRY(session_want(s, a->o->keys, "keys DIR"));
    PSE_TRY(session_begin(s, s->name, &a->o->common));
    PSE_TRY(board_keys_read(&a->keys, s->name, a->o->keys, s->g));
    PSE_TRY(
        record_resume(&a->writer, s->name, a->o->common.record, &a->keys.signer, RECORD_STEADY));
    s->has_record = true;
    PSE_TRY(record_load(
        &s->load, s->name, a->o->common.record,
        &(struct record_load_options){.g = s->g, .rng = &s->rng, .quiet = a->o->common.quiet}));
    PSE_TRY(read_parcels(a));
    PSE_TRY(offer_all(a));
    rc = finish(a);
    if (rc == PSE_OK || rc == PSE_E_STATE)
        PSE_TRY(write_receipts(a));
    return rc;
}

int record_append_files(int argc, char **argv)
{
    static struct append_options o;
    static struct append a;
    struct session s = {.name = "psephos record append", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_RECORD(&o.common),
        CLI_TEXT("keys", "DIR", &o.keys, "the board's private folder"),
        CLI_TEXT("receipts", "DIR", &o.receipts, "write a receipt for every ballot taken in"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --keys DIR [--receipts DIR] PARCEL ...",
        .about =
            "Check entries against the whole record and put the valid ones at its end, in the\n"
            "order given. Refused ones are named with their rule and change nothing.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = PARCELS_MAX,
        .words = o.path,
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    a.s = &s;
    a.o = &o;
    pse_arena_init(&a.arena, PARCEL_ARENA);
    rc = append_to(&a);
    append_free(&a);
    return session_end(&s, rc, NULL);
}

/* --- init ---------------------------------------------------------------------------------------
 */

static pse_rc init_record(struct append *a)
{
    struct session *s = a->s;
    struct record_load_options load;

    PSE_TRY(session_want(s, a->o->common.record, "record DIR"));
    PSE_TRY(session_want(s, a->o->keys, "keys DIR"));
    PSE_TRY(session_begin(s, s->name, &a->o->common));
    PSE_TRY(board_keys_read(&a->keys, s->name, a->o->keys, s->g));
    load = (struct record_load_options){.g = s->g, .rng = &s->rng, .quiet = true};
    s->has_record = true;
    PSE_TRY(record_load_empty(&s->load, s->name, &load));
    PSE_TRY(read_parcels(a));
    return PSE_OK;
}

/* Nothing is made before the setup has passed and names the log key at hand. */
static pse_rc check_log(struct append *a)
{
    const struct pse_manifest *m = pse_engine_manifest(a->s->load.e);

    if (m == NULL) {
        cli_error(a->s->name, "the parcel does not begin with a valid setup; use the one made by "
                              "psephos officer create");
        return PSE_E_STATE;
    }
    if (!pse_edkey_is_equal(&m->log_key, &a->keys.signer.log.vkey.key)) {
        cli_error(a->s->name,
                  "the manifest names another log key than the one in %s; use the board "
                  "folder whose card went into the plan",
                  a->o->keys);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

static pse_rc init_with(struct append *a)
{
    struct pse_span entry;
    uint16_t rule = 0;
    uint8_t live;

    PSE_TRY(init_record(a));
    if (a->parcel[0].entries != 1) {
        cli_error(a->s->name, "%s does not hold exactly one entry, the setup", a->o->path[0]);
        return PSE_E_SYNTAX;
    }
    entry = a->parcel[0].entry[0];
    PSE_TRY(pse_engine_offer(a->s->load.e, &live, &rule, &entry, 1));
    if (!live)
        say_refused(a, a->o->path[0], 1, entry, rule);
    PSE_TRY(check_log(a));
    PSE_TRY(
        record_create(&a->writer, a->s->name, a->o->common.record, &a->keys.signer, RECORD_STEADY));
    PSE_TRY(record_append(a->writer, NULL, entry));
    return publish(a);
}

int record_init(int argc, char **argv)
{
    static struct append_options o;
    static struct append a;
    struct session s = {.name = "psephos record init", .options = &o.common};
    const struct cli_option options[] = {
        CLI_TEXT("record", "DIR", &o.common.record, "the public record to make"),
        CLI_TEXT("keys", "DIR", &o.keys, "the board's private folder"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --keys DIR PARCEL",
        .about = "Start the public record of an election with the officer's setup parcel.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = o.path,
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    a.s = &s;
    a.o = &o;
    pse_arena_init(&a.arena, PARCEL_ARENA);
    rc = init_with(&a);
    append_free(&a);
    return session_end(&s, rc,
                       "publish the folder, and tell everybody the election id; then the trustees "
                       "begin");
}
