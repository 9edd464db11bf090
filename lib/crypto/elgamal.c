#include "crypto/elgamal.h"

/* Ciphertexts interleaved and encoded by one call. */
enum { ENCODE_BLOCK = 512 };

pse_rc pse_joint_init(struct pse_joint *j, const struct pse_group *g, const pse_hash *eid,
                      const uint8_t y[32])
{
    pse_rc rc;

    *j = (struct pse_joint){.g = g, .eid = *eid};
    memcpy(j->enc.b, y, 32);
    rc = pse_point_decode(g, &j->y, NULL, &j->enc, 1, PSE_IDENTITY_FORBIDDEN);
    if (rc == PSE_OK)
        rc = pse_table_new(&j->table, g, &j->y);
    if (rc != PSE_OK)
        memset(j, 0, sizeof *j);
    return rc;
}

void pse_joint_clear(struct pse_joint *j)
{
    pse_table_free(j->table);
    memset(j, 0, sizeof *j);
}

void pse_elgamal_encrypt(const struct pse_joint *j, pse_point *a, pse_point *b, const pse_point *m,
                         const pse_secret *r, size_t n)
{
    /* r Y waits in a until B is complete: no scratch is needed */
    pse_table_mul(j->g, a, j->table, r, n);
    pse_point_add(j->g, b, m, a, n);
    pse_point_mul_base(j->g, a, r, n);
}

void pse_elgamal_encrypt_values(const struct pse_joint *j, pse_point *a, pse_point *b,
                                const pse_secret *v, const pse_secret *r, size_t n)
{
    pse_point_mul_base(j->g, b, v, n);
    pse_elgamal_encrypt(j, a, b, b, r, n);
}

void pse_elgamal_reencrypt(const struct pse_joint *j, pse_point *a, pse_point *b, pse_point *mask,
                           const pse_secret *s, size_t n)
{
    pse_point_mul_base(j->g, mask, s, n);
    pse_point_add(j->g, a, a, mask, n);
    pse_table_mul(j->g, mask, j->table, s, n);
    pse_point_add(j->g, b, b, mask, n);
}

void pse_elgamal_encode(const struct pse_group *g, uint8_t *out, const pse_point *a,
                        const pse_point *b, size_t n)
{
    pse_enc enc[ENCODE_BLOCK];

    for (size_t at = 0; at < n; at += ENCODE_BLOCK) {
        size_t k = n - at < ENCODE_BLOCK ? n - at : ENCODE_BLOCK;
        uint8_t *to = out + PSE_CIPHERTEXT_SIZE * at;

        pse_point_encode(g, enc, a + at, k);
        for (size_t i = 0; i < k; i++)
            memcpy(to + PSE_CIPHERTEXT_SIZE * i, enc[i].b, 32);
        pse_point_encode(g, enc, b + at, k);
        for (size_t i = 0; i < k; i++)
            memcpy(to + PSE_CIPHERTEXT_SIZE * i + 32, enc[i].b, 32);
    }
}
