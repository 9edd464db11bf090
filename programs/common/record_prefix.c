#include "common/record_prefix.h"

#include <stdlib.h>

#include "common/options.h"

/* --- blobs --------------------------------------------------------------------------------------
 */

static pse_rc want_blob(struct record_prefix *p, const pse_hash *hash)
{
    if (p->blob.n > 0 && pse_hash_is_equal(hash, &p->blob_hash))
        return PSE_OK;
    p->blob_hash = *hash;
    return record_at_blob(p->at, &p->blob, hash, PSE_STATEMENT_MAX);
}

static pse_rc blob_size(void *ctx, uint64_t *size, const pse_hash *hash)
{
    struct record_prefix *p = ctx;
    pse_rc rc = want_blob(p, hash);

    *size = p->blob.n;
    return rc == PSE_OK || rc == PSE_E_MISSING ? rc : PSE_E_IO;
}

static pse_rc blob_read(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash)
{
    struct record_prefix *p = ctx;

    if (want_blob(p, hash) != PSE_OK || at > p->blob.n || n > p->blob.n - at)
        return PSE_E_IO;
    memcpy(out, p->blob.p + at, n);
    return PSE_OK;
}

/* Asked for at freeze only, which lies behind the opening. */
static pse_rc entry_read(void *ctx, uint8_t *out, size_t *n, uint64_t index)
{
    (void)ctx;
    (void)out;
    (void)n;
    (void)index;
    return PSE_E_MISSING;
}

static void note_finding(void *ctx, const struct pse_finding *f)
{
    struct record_prefix *p = ctx;
    enum pse_rule rule = (enum pse_rule)f->rule;

    if (p->failed.rule == 0 && pse_rule_is_record(rule) && !pse_rule_is_warning(rule))
        p->failed = *f;
}

/* --- entries ------------------------------------------------------------------------------------
 */

/* One bundle, each entry against its hash in the signed tree. */
struct block {
    pse_hash leaf[PSE_TILE_WIDTH];
    struct pse_span entry[PSE_TILE_WIDTH];
    unsigned width;
};

static pse_rc read_block(struct block *b, struct record_prefix *p, struct pse_tile_auth *tiles,
                         uint64_t index)
{
    struct pse_tile bundle = {PSE_TILE_ENTRIES, PSE_TILE_WIDTH, index};
    const pse_hash *hashes;
    struct pse_span bytes;
    unsigned held;

    PSE_TRY(pse_tile_auth_tile(tiles, &hashes, &b->width, 0, index));
    memcpy(b->leaf, hashes, b->width * sizeof *hashes);
    bundle.width = b->width;
    PSE_TRY(pse_tile_fetch(&bytes, &held, &bundle, record_at_tile, p->at));
    PSE_TRY(pse_bundle_parse(b->entry, held, bytes));
    for (unsigned i = 0; i < b->width; i++) {
        pse_hash leaf;

        pse_entry_leaf(&leaf, b->entry[i]);
        if (!pse_hash_is_equal(&leaf, &b->leaf[i]))
            return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

static bool is_before_opening(const struct record_prefix *p)
{
    enum pse_state state = pse_engine_state(p->e);

    return state == PSE_STATE_START || state == PSE_STATE_KEYS;
}

static pse_rc read_blocks(struct record_prefix *p, struct pse_tile_auth *tiles)
{
    struct block *b = malloc(sizeof *b);
    pse_rc rc = b == NULL ? PSE_E_MEMORY : PSE_OK;

    for (uint64_t i = 0; rc == PSE_OK && is_before_opening(p) && i * PSE_TILE_WIDTH < p->cp.size;
         i++) {
        rc = read_block(b, p, tiles, i);
        if (rc == PSE_OK)
            rc = pse_engine_feed(p->e, b->entry, b->leaf, b->width);
    }
    free(b);
    return rc;
}

static pse_rc read_entries(struct record_prefix *p)
{
    struct pse_tile_auth *tiles;
    pse_rc rc = pse_tile_auth_new(&tiles, p->cp.size, &p->cp.root, record_at_tile, p->at);

    if (rc == PSE_OK)
        rc = read_blocks(p, tiles);
    pse_tile_auth_free(tiles);
    if (rc == PSE_OK || rc == PSE_E_MEMORY)
        return rc;
    cli_error(p->name,
              "%s serves entries that are not what was signed, or none (%s%s%s); take "
              "another address of the record",
              record_at_where(p->at), pse_rc_name(rc),
              record_at_trouble(p->at)[0] == '\0' ? "" : ", ", record_at_trouble(p->at));
    return rc == PSE_E_IO || rc == PSE_E_MISSING ? rc : PSE_E_PROOF;
}

/* --- loading ------------------------------------------------------------------------------------
 */

static pse_rc read_checkpoint(struct record_prefix *p, uint64_t now)
{
    enum record_pin_fault fault;
    pse_rc rc = record_at_get(p->at, &p->note, "checkpoint", PSE_NOTE_MAX);

    if (rc != PSE_OK) {
        cli_error(p->name, "%s/checkpoint: %s; try again later, or take another address",
                  record_at_where(p->at), record_at_trouble(p->at));
        return rc;
    }
    fault = record_pin_check(&p->cp, NULL, p->pin, pse_buf_span(&p->note), now);
    if (fault == RECORD_PIN_GOOD)
        return PSE_OK;
    cli_error(p->name, "%s/checkpoint is refused: %s", record_at_where(p->at),
              record_pin_words(fault));
    return fault == RECORD_PIN_LOG ? PSE_E_SIGNATURE : PSE_E_PROOF;
}

static pse_rc check_state(const struct record_prefix *p)
{
    enum pse_state state = pse_engine_state(p->e);

    if (p->failed.rule != 0) {
        cli_error(p->name, "%s fails rule %s at entry %llu (%s); do not vote there",
                  record_at_where(p->at), pse_rule_name((enum pse_rule)p->failed.rule),
                  (unsigned long long)p->failed.entry,
                  pse_rule_title((enum pse_rule)p->failed.rule));
        return PSE_E_PROOF;
    }
    if (state == PSE_STATE_OPEN)
        return PSE_OK;
    cli_error(p->name, "the vote is not open: the record is in state %s", pse_state_name(state));
    return PSE_E_STATE;
}

pse_rc record_prefix_load(struct record_prefix *p, const char *name, struct record_at *at,
                          const struct record_pin *pin, const struct pse_group *g,
                          struct pse_rng *rng, uint64_t now)
{
    struct pse_engine_options options = {.group = g,
                                         .rng = rng,
                                         .source = {p, blob_size, blob_read, entry_read},
                                         .finding = note_finding,
                                         .finding_ctx = p};

    memset(p, 0, sizeof *p);
    p->name = name;
    p->at = at;
    p->pin = pin;
    p->note = PSE_BUF(PSE_NOTE_MAX);
    p->blob = PSE_BUF(PSE_STATEMENT_MAX);
    PSE_TRY(pse_engine_new(&p->e, &options));
    PSE_TRY(read_checkpoint(p, now));
    PSE_TRY(read_entries(p));
    PSE_TRY(check_state(p));
    if (pse_hash_is_equal(pse_engine_eid(p->e), &pin->eid))
        return PSE_OK;
    cli_error(name, "%s holds another election than the one expected", record_at_where(at));
    return PSE_E_MISMATCH;
}

void record_prefix_close(struct record_prefix *p)
{
    pse_engine_free(p->e);
    p->e = NULL;
    pse_buf_free(&p->note);
    pse_buf_free(&p->blob);
}
