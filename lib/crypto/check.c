#include "crypto/check.h"

#include <sodium/crypto_aead_xchacha20poly1305.h>

_Static_assert(PSE_CHECK_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(PSE_CHECK_OVERHEAD ==
                   PSE_CHECK_NONCE_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "overhead");

void pse_check_key_wipe(pse_check_key *k)
{
    pse_wipe(k, sizeof *k);
}

/* --- QR --------------------------------------------------------------------------------------- */

static const char qr_prefix[] = "psephos1:";
enum { QR_VERSION = 1, QR_BYTES_MAX = 1 + 32 + 8 + 4 * 32 + 2 * 256 };

static pse_rc url_check(struct pse_span url)
{
    if (url.n > 255)
        return PSE_E_LENGTH;
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] < 0x21 || url.p[i] > 0x7e)
            return PSE_E_RANGE;
    return PSE_OK;
}

pse_rc pse_check_qr_build(struct pse_buf *text, const struct pse_check_qr *qr)
{
    struct pse_buf b = PSE_BUF(QR_BYTES_MAX);

    PSE_TRY(url_check(qr->record_url));
    PSE_TRY(url_check(qr->relay_url));
    pse_wr_u8(&b, QR_VERSION);
    pse_wr_hash(&b, &qr->eid);
    pse_wr_u64(&b, qr->leaf_index);
    pse_wr_hash(&b, &qr->leaf_hash);
    pse_wr_span(&b, pse_span(qr->k.b, sizeof qr->k.b));
    pse_wr_span(&b, pse_span(qr->w.b, sizeof qr->w.b));
    pse_wr_hash(&b, &qr->nu_hash);
    pse_wr_v8(&b, qr->record_url);
    pse_wr_v8(&b, qr->relay_url);
    if (b.rc == PSE_OK) {
        pse_wr_str(text, qr_prefix);
        pse_base64url_put(text, b.p, b.n);
        b.rc = text->rc;
    }
    pse_buf_free(&b);
    return b.rc;
}

static pse_rc qr_read(struct pse_check_qr *qr, struct pse_span bytes)
{
    struct pse_rd r = pse_rd(bytes);
    uint8_t version;

    PSE_TRY(pse_rd_u8(&version, &r));
    if (version != QR_VERSION)
        return PSE_E_UNSUPPORTED;
    PSE_TRY(pse_rd_hash(&qr->eid, &r));
    PSE_TRY(pse_rd_u64(&qr->leaf_index, &r));
    PSE_TRY(pse_rd_hash(&qr->leaf_hash, &r));
    PSE_TRY(pse_rd_copy(qr->k.b, &r, sizeof qr->k.b));
    PSE_TRY(pse_rd_copy(qr->w.b, &r, sizeof qr->w.b));
    PSE_TRY(pse_rd_hash(&qr->nu_hash, &r));
    PSE_TRY(pse_rd_v8(&qr->record_url, &r));
    PSE_TRY(pse_rd_v8(&qr->relay_url, &r));
    PSE_TRY(pse_rd_end(&r));
    PSE_TRY(url_check(qr->record_url));
    return url_check(qr->relay_url);
}

pse_rc pse_check_qr_parse(struct pse_check_qr *qr, struct pse_arena *arena, struct pse_span text)
{
    size_t skip = sizeof qr_prefix - 1;
    struct pse_span code;
    uint8_t *bytes;
    size_t n;
    pse_rc rc;

    memset(qr, 0, sizeof *qr);
    if (text.n > PSE_CHECK_QR_MAX)
        return PSE_E_LENGTH;
    if (text.n < skip || memcmp(text.p, qr_prefix, skip) != 0)
        return PSE_E_SYNTAX;
    code = pse_span(text.p + skip, text.n - skip);
    PSE_TRY(pse_base64url_check(&n, code));
    bytes = PSE_NEW(arena, uint8_t, n);
    if (bytes == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_base64url_decode(bytes, n, code));
    rc = qr_read(qr, pse_span(bytes, n));
    if (rc != PSE_OK)
        memset(qr, 0, sizeof *qr);
    return rc;
}

/* --- keys and boxes --------------------------------------------------------------------------- */

void pse_check_mailbox(char name[33], const pse_hash *eid, const pse_check_key *k)
{
    struct pse_span x[] = {pse_span(k->b, sizeof k->b)};
    struct pse_statement s = {"check-mailbox", eid, x, 1};
    uint8_t h[64];

    pse_statement_hash(h, &s);
    pse_hex_encode(name, h, 16);
}

void pse_check_keys(pse_check_key *k1, pse_check_key *k2, const pse_hash *eid,
                    const pse_check_key *k, const pse_hash *leaf_hash)
{
    struct pse_span x[] = {pse_span(k->b, sizeof k->b), pse_span(leaf_hash->b, 32)};
    struct pse_statement s = {"check-key", eid, x, 2};
    uint8_t h[64];

    pse_statement_hash(h, &s);
    memcpy(k1->b, h, 32);
    memcpy(k2->b, h + 32, 32);
    pse_wipe(h, sizeof h);
}

pse_rc pse_check_key3(const struct pse_group *g, pse_check_key *k3, const pse_hash *eid,
                      const pse_check_key *k, const pse_hash *leaf_hash, const pse_enc *w,
                      const pse_enc *x, const pse_secret *own, const pse_enc *other)
{
    uint8_t both[64];
    uint8_t h[64];
    pse_point p;
    pse_enc shared;
    struct pse_span parts[] = {pse_span(k->b, sizeof k->b), pse_span(leaf_hash->b, 32),
                               pse_span(both, sizeof both), pse_span(shared.b, sizeof shared.b)};
    struct pse_statement s = {"check-key3", eid, parts, 4};

    memset(k3, 0, sizeof *k3);
    PSE_TRY(pse_point_decode(g, &p, NULL, other, 1, PSE_IDENTITY_FORBIDDEN));
    pse_point_mul(g, &p, own, &p, 1);
    pse_point_encode(g, &shared, &p, 1);
    memcpy(both, w->b, 32);
    memcpy(both + 32, x->b, 32);
    pse_statement_hash(h, &s);
    memcpy(k3->b, h, 32);
    pse_wipe(h, sizeof h);
    pse_wipe(&p, sizeof p);
    pse_wipe(&shared, sizeof shared);
    return PSE_OK;
}

enum { AAD_SIZE = 15 + 32 + 32 + 1 };

static void aad_set(uint8_t aad[AAD_SIZE], const pse_hash *eid, const pse_hash *leaf_hash,
                    uint8_t step)
{
    memcpy(aad, "psephos/1/check", 15);
    memcpy(aad + 15, eid->b, 32);
    memcpy(aad + 47, leaf_hash->b, 32);
    aad[79] = step;
}

void pse_check_seal(uint8_t *box, const pse_check_key *key,
                    const uint8_t nonce[PSE_CHECK_NONCE_SIZE], const pse_hash *eid,
                    const pse_hash *leaf_hash, uint8_t step, struct pse_span message)
{
    uint8_t aad[AAD_SIZE];

    aad_set(aad, eid, leaf_hash, step);
    memcpy(box, nonce, PSE_CHECK_NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + PSE_CHECK_NONCE_SIZE, NULL, message.p,
                                               message.n, aad, sizeof aad, NULL, nonce, key->b);
}

pse_rc pse_check_open(uint8_t *message, const pse_check_key *key, const pse_hash *eid,
                      const pse_hash *leaf_hash, uint8_t step, struct pse_span box)
{
    uint8_t aad[AAD_SIZE];

    if (box.n < PSE_CHECK_OVERHEAD)
        return PSE_E_LENGTH;
    aad_set(aad, eid, leaf_hash, step);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            message, NULL, NULL, box.p + PSE_CHECK_NONCE_SIZE, box.n - PSE_CHECK_NONCE_SIZE, aad,
            sizeof aad, box.p, key->b) != 0) {
        pse_wipe(message, box.n - PSE_CHECK_OVERHEAD);
        return PSE_E_PROOF;
    }
    return PSE_OK;
}

/* --- steps 1 and 2 ---------------------------------------------------------------------------- */

void pse_check_message1_make(const struct pse_group *g, uint8_t message[PSE_CHECK_MESSAGE1_SIZE],
                             const pse_hash *eid, const pse_hash *leaf_hash, const pse_secret *x,
                             const pse_secret *nonce)
{
    struct pse_span parts[] = {pse_span(leaf_hash->b, 32), pse_span(message, 32)};
    struct pse_statement s = {"check-pok", eid, parts, 2};
    pse_point p;
    pse_enc enc;

    pse_point_mul_base(g, &p, x, 1);
    pse_point_encode(g, &enc, &p, 1);
    memcpy(message, enc.b, 32);
    pse_pok_prove_with(g, message + 32, &s, x, nonce);
}

pse_rc pse_check_message1_verify(const struct pse_group *g, pse_enc *x, const pse_hash *eid,
                                 const pse_hash *leaf_hash, struct pse_span message)
{
    struct pse_span parts[] = {pse_span(leaf_hash->b, 32), pse_span(message.p, 32)};
    struct pse_statement s = {"check-pok", eid, parts, 2};
    pse_point p;
    pse_enc enc;

    memset(x, 0, sizeof *x);
    if (message.n != PSE_CHECK_MESSAGE1_SIZE)
        return PSE_E_LENGTH;
    memcpy(enc.b, message.p, 32);
    PSE_TRY(pse_point_decode(g, &p, NULL, &enc, 1, PSE_IDENTITY_FORBIDDEN));
    PSE_TRY(pse_pok_verify(g, &s, &p, message.p + 32));
    *x = enc;
    return PSE_OK;
}

void pse_check_code(char digits[7], const pse_hash *eid, const pse_hash *leaf_hash,
                    const pse_enc *w, const pse_enc *x, const uint8_t nu[32])
{
    uint8_t both[64];
    uint8_t h[64];
    struct pse_span parts[] = {pse_span(leaf_hash->b, 32), pse_span(both, sizeof both),
                               pse_span(nu, 32)};
    struct pse_statement s = {"check-code", eid, parts, 3};
    uint32_t code;

    memcpy(both, w->b, 32);
    memcpy(both + 32, x->b, 32);
    pse_statement_hash(h, &s);
    code = (uint32_t)h[0] | (uint32_t)h[1] << 8 | (uint32_t)h[2] << 16 | (uint32_t)h[3] << 24;
    for (int i = 5; i >= 0; i--, code /= 10)
        digits[i] = (char)('0' + code % 10);
    digits[6] = 0;
}
