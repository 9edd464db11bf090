/* add-checkpoint bodies, and answers of witnesses: what is read is written back byte for byte. */
#include <stdlib.h>

#include "merkle/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void request(struct pse_span in)
{
    struct pse_add_checkpoint add;
    struct pse_buf again = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
    struct pse_span note;

    if (pse_add_checkpoint_parse(&add, in) != PSE_OK)
        return;
    PSE_REQUIRE(add.proof.n <= PSE_TREE_PROOF_MAX && add.origin.n > 0);
    note = pse_span(add.note.text.p, (size_t)(in.p + in.n - add.note.text.p));
    pse_add_checkpoint_put(&again, add.old, &add.proof, note);
    PSE_REQUIRE(again.rc == PSE_OK && pse_span_is_equal(pse_buf_span(&again), in));
    pse_buf_free(&again);
    (void)pse_add_checkpoint_follows(&add, add.old, &add.root);
}

static void answer(struct pse_span in)
{
    static const char text[] = "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    pse_seed seed = {{4}};
    struct pse_buf line = PSE_BUF(PSE_NOTE_MAX);
    struct pse_buf size = PSE_BUF(PSE_TREE_SIZE_TEXT_MAX);
    struct pse_vkey key;
    pse_edkey public;
    uint64_t x;

    pse_ed25519_public(&public, &seed);
    PSE_REQUIRE(pse_vkey_make(&key, pse_span_str("w"), PSE_SIG_COSIGN, &public) == PSE_OK);
    if (pse_cosigned_read(&line, &x, pse_span_str(text), &key, in) == PSE_OK)
        PSE_REQUIRE(x > 0 && line.n > 0);
    else
        PSE_REQUIRE(line.n == 0);
    pse_buf_free(&line);
    if (pse_tree_size_read(&x, in) == PSE_OK) {
        pse_tree_size_put(&size, x);
        PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&size), in));
    }
    pse_buf_free(&size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    request(pse_span(data, size));
    answer(pse_span(data, size));
    return 0;
}
