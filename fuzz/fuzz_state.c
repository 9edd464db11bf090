/* Any bytes as the next entry of a small election in one of its stages: first byte the stage, u16
 * length, the entry, then what the blobs it names shall hold. The eid, the role's signature and the
 * hashes of blobs are filled in, so that what lies behind them is reached. A question must not
 * change the state. */
#include <stdlib.h>

#include "codec/codec.h"
#include "mini_election.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mini *mini_at(uint8_t selector)
{
    static const enum mini_stage stages[] = {MINI_COMMIT,  MINI_REVEAL, MINI_SHARES, MINI_CONFIRM,
                                             MINI_OPEN,    MINI_CLOSE,  MINI_FREEZE, MINI_MIX,
                                             MINI_DECRYPT, MINI_RESULT, MINI_END,    MINI_DONE};
    enum { STAGES = sizeof stages / sizeof stages[0] };
    static struct mini *made[STAGES];
    size_t at = selector % STAGES;

    if (made[at] == NULL) {
        made[at] = (struct mini *)malloc(sizeof *made[at]);
        PSE_REQUIRE(made[at] != NULL);
        mini_open(made[at]);
        mini_until(made[at], stages[at]);
    }
    return made[at];
}

/* Where the hashes of blobs stand in a role entry. */
static void fill_blob(struct mini *m, struct pse_buf *entry, size_t at, struct pse_span bytes)
{
    pse_hash hash = mini_blob(m, bytes);

    if (entry->n >= at + 32 + 64)
        memcpy(entry->p + at, hash.b, 32);
}

static void fill_blobs(struct mini *m, struct pse_buf *entry, struct pse_span blob)
{
    struct pse_list_view list;
    size_t out_n = 0;

    switch (entry->p[0]) {
    case PSE_ENTRY_STATEMENT: fill_blob(m, entry, 37, blob); break;
    case PSE_ENTRY_RESULT: fill_blob(m, entry, 36, blob); break;
    case PSE_ENTRY_DECRYPT: fill_blob(m, entry, 36 + 40, blob); break;
    case PSE_ENTRY_MIX:
        if (pse_engine_list_find(m->engine, &list, (uint16_t)(entry->p[36] << 8 | entry->p[37]),
                                 (uint16_t)(entry->p[38] << 8 | entry->p[39])) == PSE_OK)
            out_n = list.rows.n < blob.n ? list.rows.n : blob.n;
        fill_blob(m, entry, 36 + 42, pse_span(blob.p, out_n));
        fill_blob(m, entry, 36 + 74, pse_span(blob.p + out_n, blob.n - out_n));
        break;
    default: break;
    }
}

static void sign(struct mini *m, struct pse_buf *entry)
{
    uint8_t role = entry->p[34];
    uint8_t index = entry->p[35];

    if (entry->p[0] != PSE_ENTRY_BALLOT &&
        pse_manifest_role_key(pse_engine_manifest(m->engine), role, index) != NULL)
        mini_sign(m, entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_rd r = pse_rd(pse_span(data, size));
    struct pse_buf entry = PSE_BUF(PSE_ENTRY_MAX + 1);
    struct pse_span bytes;
    struct mini *m;
    pse_hash before, after;
    size_t blobs;
    uint8_t stage;
    pse_rc rc;

    if (pse_rd_u8(&stage, &r) != PSE_OK || pse_rd_v16(&bytes, &r) != PSE_OK)
        return 0;
    m = mini_at(stage);
    blobs = m->blobs;
    pse_buf_put(&entry, bytes.p, bytes.n);
    if (entry.n > 150) {
        memcpy(entry.p + 2, pse_engine_eid(m->engine)->b, 32);
        fill_blobs(m, &entry, pse_span(r.p, pse_rd_left(&r)));
        sign(m, &entry);
    }
    pse_engine_root(m->engine, &before);
    rc = pse_engine_check(m->engine, NULL, pse_buf_span(&entry));
    PSE_REQUIRE(rc == PSE_OK || rc == PSE_E_MISMATCH);
    pse_engine_root(m->engine, &after);
    PSE_REQUIRE(pse_hash_is_equal(&before, &after));
    while (m->blobs > blobs)
        pse_buf_free(&m->blob[--m->blobs].bytes);
    pse_buf_free(&entry);
    return 0;
}
