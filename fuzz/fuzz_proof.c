/* Receipts: what is accepted encodes back to the same bytes. Proof verification never fails badly
 * on whatever sizes and indices a receipt states. */
#include "codec/codec.h"
#include "merkle/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct pse_proof *p, struct pse_span in)
{
    static uint8_t bytes[PSE_PROOF_MAX];
    struct pse_buf b = PSE_BUF(PSE_PROOF_MAX);
    struct pse_span extra = {bytes, 0};

    if (p->has_extra) {
        PSE_REQUIRE(pse_base64_check(&extra.n, p->extra) == PSE_OK);
        PSE_REQUIRE(pse_base64_decode(bytes, extra.n, p->extra) == PSE_OK);
    }
    pse_proof_put(&b, p->has_extra ? &extra : NULL, p->index, &p->path, p->checkpoint_bytes);
    PSE_REQUIRE(b.rc == PSE_OK && pse_span_is_equal(pse_buf_span(&b), in));
    pse_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pse_proof p;
    const struct pse_checkpoint *cp = &p.checkpoint;
    pse_hash leaf = {{0}};

    if (pse_proof_parse(&p, pse_span(data, size)) != PSE_OK)
        return 0;
    round_trip(&p, pse_span(data, size));
    if (pse_tree_inclusion_verify(&cp->root, cp->size, p.index, &leaf, p.path.hash, p.path.n) ==
        PSE_OK)
        PSE_REQUIRE(p.index < cp->size);
    if (pse_tree_consistency_verify(&leaf, p.index, &cp->root, cp->size, p.path.hash, p.path.n) ==
        PSE_OK)
        PSE_REQUIRE(p.index <= cp->size);
    return 0;
}
