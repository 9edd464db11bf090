#include "store/seal.h"

#include <sodium.h>

#include "codec/codec.h"

enum { NONCE = 24, TAG = 16, PLACE_MAX = 64 };

_Static_assert(NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

void pse_seal_key_wipe(pse_seal_key *k)
{
    pse_wipe(k, sizeof *k);
}

/* table || 0 || u64 row. */
static size_t place_bytes(uint8_t out[PLACE_MAX], const struct pse_seal_place *place)
{
    size_t n = strlen(place->table);

    PSE_REQUIRE(n + 9 <= PLACE_MAX);
    memcpy(out, place->table, n);
    out[n] = 0;
    pse_store_u64(out + n + 1, place->row);
    return n + 9;
}

/* nonce || ciphertext || tag, in.n + PSE_SEAL_OVERHEAD bytes. */
static void encrypt(uint8_t *out, const pse_seal_key *key, const struct pse_seal_place *place,
                    struct pse_span in, struct pse_rng *rng)
{
    uint8_t ad[PLACE_MAX];
    size_t n = place_bytes(ad, place);

    pse_rng_fill(rng, out, NONCE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, in.p, in.n, ad, n, NULL,
                                                     out, key->b);
}

static pse_rc decrypt(uint8_t *out, const pse_seal_key *key, const struct pse_seal_place *place,
                      struct pse_span in)
{
    uint8_t ad[PLACE_MAX];
    size_t n = place_bytes(ad, place);

    if (in.n < PSE_SEAL_OVERHEAD)
        return PSE_E_PROOF;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, in.p + NONCE, in.n - NONCE, ad,
                                                   n, in.p, key->b) != 0)
        return PSE_E_PROOF;
    return PSE_OK;
}

static pse_rc key_wrap(void *ctx, uint8_t out[PSE_SEAL_WRAPPED], const pse_seal_key *key,
                       const struct pse_seal_place *place, struct pse_rng *rng)
{
    encrypt(out, ctx, place, pse_span(key->b, sizeof key->b), rng);
    return PSE_OK;
}

static pse_rc key_unwrap(void *ctx, pse_seal_key *key, const uint8_t in[PSE_SEAL_WRAPPED],
                         const struct pse_seal_place *place)
{
    return decrypt(key->b, ctx, place, pse_span(in, PSE_SEAL_WRAPPED));
}

struct pse_wrapper pse_wrap_key(pse_seal_key *key)
{
    return (struct pse_wrapper){.ctx = key, .wrap = key_wrap, .unwrap = key_unwrap};
}

pse_rc pse_seal(struct pse_buf *out, uint8_t wrapped[PSE_SEAL_WRAPPED], const struct pse_wrapper *w,
                const struct pse_seal_place *place, struct pse_span in, struct pse_rng *rng)
{
    PSE_SECRET(pse_seal_key, key);
    uint8_t *at;

    pse_rng_fill(rng, key.b, sizeof key.b);
    PSE_TRY(w->wrap(w->ctx, wrapped, &key, place, rng));
    at = pse_buf_extend(out, in.n + PSE_SEAL_OVERHEAD);
    if (at == NULL)
        return out->rc;
    encrypt(at, &key, place, in, rng);
    return PSE_OK;
}

pse_rc pse_unseal(struct pse_buf *out, const struct pse_wrapper *w,
                  const struct pse_seal_place *place, struct pse_span wrapped,
                  struct pse_span sealed)
{
    PSE_SECRET(pse_seal_key, key);
    size_t before = out->n;
    uint8_t *at;
    pse_rc rc;

    if (wrapped.n != PSE_SEAL_WRAPPED || sealed.n < PSE_SEAL_OVERHEAD)
        return PSE_E_PROOF;
    PSE_TRY(w->unwrap(w->ctx, &key, wrapped.p, place));
    at = pse_buf_extend(out, sealed.n - PSE_SEAL_OVERHEAD);
    if (at == NULL)
        return out->rc;
    rc = decrypt(at, &key, place, sealed);
    if (rc != PSE_OK)
        out->n = before;
    return rc;
}

void pse_seal_mark(pse_hash *out, const pse_seal_key *key, const char *label, struct pse_span text)
{
    crypto_generichash_state h;
    size_t n = strlen(label) + 1;

    (void)crypto_generichash_init(&h, key->b, sizeof key->b, sizeof out->b);
    (void)crypto_generichash_update(&h, (const uint8_t *)label, n);
    (void)crypto_generichash_update(&h, text.p, text.n);
    (void)crypto_generichash_final(&h, out->b, sizeof out->b);
    pse_wipe(&h, sizeof h);
}
