/* The IFMA back-end's parts, named for its table in ifma.c. Internal to room group; what each does
 * stands in backend.h. */
#ifndef PSE_GROUP_IFMA_H
#define PSE_GROUP_IFMA_H

#include "group/backend.h"

/* The table, or NULL when this build or processor does not have it. */
const struct pse_backend_ops *pse_ifma_find(void);

void pse_ifma_decode(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                     enum pse_identity identity);
void pse_ifma_encode(pse_enc *out, const pse_point *in, size_t n);
void pse_ifma_encode_double(pse_enc *out, const pse_point *in, size_t n);
void pse_ifma_from_uniform(pse_point *out, const uint8_t (*uniform)[64], size_t n);
void pse_ifma_mul(pse_point *out, const pse_secret *k, const pse_point *p, size_t n);
void pse_ifma_mul_one(pse_point *out, const pse_secret *k, const pse_point *p, size_t n);
void pse_ifma_mul_vt(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n);

/* Digits of 6 bits: limb by limb of y + x, y - x and 2 d x y, the multiples 1 .. 32 of 64^i times
 * the base. */
enum { PSE_IFMA_TABLE_DIGITS = 43, PSE_IFMA_TABLE_LIMBS = 15, PSE_IFMA_TABLE_MULTIPLES = 32 };
struct pse_ifma_table {
    uint64_t word[PSE_IFMA_TABLE_DIGITS][PSE_IFMA_TABLE_LIMBS][PSE_IFMA_TABLE_MULTIPLES];
};
void pse_ifma_table_build(void *table, const pse_point *base);
void pse_ifma_table_mul(pse_point *out, const void *table, const pse_secret *k, size_t n);

/* A term's part of a group of eight: eight multiples of twenty limbs, and a digit for each of 64
 * windows. */
enum { PSE_IFMA_STRAUS_SCRATCH = 8 * 20 * 8 + 64 };
void pse_ifma_straus(pse_point *out, const pse_secret *k, const pse_point *p, size_t n,
                     void *scratch);
void pse_ifma_straus_vt(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n,
                        void *scratch);

void pse_ifma_long_sum(pse_point *out, const pse_secret *k, const pse_point *p, size_t n);

/* One addend: y + x, y - x, 2 d x y, and a word to fill two cache lines. */
struct pse_ifma_addend {
    _Alignas(64) uint64_t word[16];
};
void pse_ifma_prepare_vt(void *addends, const pse_point *in, size_t n);
size_t pse_ifma_bucket_size(unsigned bits, size_t n);
void pse_ifma_windows_vt(pse_point *out, const void *addends, const struct pse_windows *k, size_t n,
                         unsigned first, unsigned windows, unsigned count, unsigned bits,
                         void *scratch);

#endif
