#include "common/ledger_judge.h"

#include <stdlib.h>
#include <string.h>

#include "merkle/merkle.h"

enum { LOAD_BLOCK = 4096 }; /* entries fed together, so that ballots are verified together */

/* One block of entries, copied out of bundles. */
struct block {
    struct pse_buf bytes;
    size_t length[LOAD_BLOCK];
    struct pse_span entry[LOAD_BLOCK];
};

static pse_rc feed_block(struct ledger_judge *j, struct block *b, uint64_t from, size_t n)
{
    const uint8_t *at;

    b->bytes.n = 0;
    for (size_t i = 0; i < n; i++) {
        struct pse_span entry;

        PSE_TRY(record_source_entry(&j->source, &entry, from + i));
        b->length[i] = entry.n;
        pse_buf_put(&b->bytes, entry.p, entry.n);
    }
    PSE_TRY(b->bytes.rc);
    at = b->bytes.p;
    for (size_t i = 0; i < n; i++) {
        b->entry[i] = pse_span(at, b->length[i]);
        at += b->length[i];
    }
    return pse_engine_feed(j->e, b->entry, NULL, n);
}

static pse_rc feed_all(struct ledger_judge *j, uint64_t size)
{
    struct block *b = calloc(1, sizeof *b);
    pse_rc rc = PSE_OK;

    if (b == NULL)
        return PSE_E_MEMORY;
    b->bytes = PSE_BUF((size_t)LOAD_BLOCK * PSE_ENTRY_MAX);
    while (rc == PSE_OK && pse_engine_size(j->e) < size) {
        uint64_t from = pse_engine_size(j->e);

        rc = feed_block(j, b, from, size - from < LOAD_BLOCK ? (size_t)(size - from) : LOAD_BLOCK);
    }
    pse_buf_free(&b->bytes);
    free(b);
    return rc;
}

static pse_rc load(void *ctx, uint64_t size, const pse_hash *root)
{
    struct ledger_judge *j = ctx;
    pse_hash have;

    record_source_settle(&j->source, size);
    PSE_TRY(feed_all(j, size));
    pse_engine_root(j->e, &have);
    return pse_hash_is_equal(&have, root) ? PSE_OK : PSE_E_MISMATCH;
}

static bool is_ballot(void *ctx, struct pse_span entry)
{
    struct ledger_judge *j = ctx;

    return j->engine.is_ballot(j->engine.ctx, entry);
}

static pse_rc chain(void *ctx, size_t *order, const struct pse_span *entries, size_t n)
{
    struct ledger_judge *j = ctx;

    return j->engine.chain(j->engine.ctx, order, entries, n);
}

/* What came before stands in tiles by now. */
static pse_rc offer(void *ctx, struct pse_judgment *verdict, const struct pse_span *entries,
                    size_t n)
{
    struct ledger_judge *j = ctx;

    record_source_settle(&j->source, pse_engine_size(j->e));
    return j->engine.offer(j->engine.ctx, verdict, entries, n);
}

pse_rc ledger_judge_open(struct ledger_judge *j, const char *dir, const struct pse_group *g,
                         struct pse_rng *rng)
{
    struct pse_engine_options options = {.group = g, .rng = rng};

    memset(j, 0, sizeof *j);
    PSE_TRY(record_source_open(&j->source, dir));
    options.source = record_source_callbacks(&j->source);
    PSE_TRY(pse_engine_new(&j->e, &options));
    pse_judge_engine(&j->engine, j->e);
    j->judge = (struct pse_judge){
        .ctx = j, .load = load, .is_ballot = is_ballot, .chain = chain, .offer = offer};
    return PSE_OK;
}

void ledger_judge_close(struct ledger_judge *j)
{
    pse_engine_free(j->e);
    j->e = NULL;
    record_source_close(&j->source);
}
