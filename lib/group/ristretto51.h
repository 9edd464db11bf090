/* The portable back-end's parts, named for its table in portable.c. Internal to room group; what
 * each does stands in backend.h. */
#ifndef PSE_GROUP_RISTRETTO51_H
#define PSE_GROUP_RISTRETTO51_H

#include "group/backend.h"
#include "group/edwards51.h"

void pse_p51_decode(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                    enum pse_identity identity);
void pse_p51_encode(pse_enc *out, const pse_point *in, size_t n);
/* 1/sqrt(a - d) of RFC 9496 4.1. */
extern const struct fe pse_fe51_invsqrt_a_minus_d;
void pse_p51_encode_double(pse_enc *out, const pse_point *in, size_t n);
void pse_p51_from_uniform(pse_point *out, const uint8_t (*uniform)[64], size_t n);
bool pse_p51_is_equal(const pse_point *a, const pse_point *b);

void pse_p51_mul(pse_point *out, const pse_secret *k, const pse_point *p, size_t n);
void pse_p51_mul_one(pse_point *out, const pse_secret *k, const pse_point *p, size_t n);
void pse_p51_mul_vt(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n);
/* Eight multiples of a term and its digits. */
enum { PSE_P51_STRAUS_SCRATCH = 8 * sizeof(struct ge_cached) + 256 };
void pse_p51_straus(pse_point *out, const pse_secret *k, const pse_point *p, size_t n,
                    void *scratch);
void pse_p51_straus_vt(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n,
                       void *scratch);

/* Digits of 4 bits: multiples 1 .. 8 of 16^i times the base. */
struct pse_p51_table {
    struct ge_affine multiple[PSE_RADIX16_DIGITS][8];
};
void pse_p51_table_build(void *table, const pse_point *base);
void pse_p51_table_mul(pse_point *out, const void *table, const pse_secret *k, size_t n);

/* Points to addends with one inversion for many. Constant time. */
void pse_p51_normalise(struct ge_affine *out, const struct ge *in, size_t n);

void pse_p51_prepare_vt(void *addends, const pse_point *in, size_t n);
size_t pse_p51_bucket_size(unsigned bits, size_t n);
void pse_p51_windows_vt(pse_point *out, const void *addends, const struct pse_windows *k, size_t n,
                        unsigned first, unsigned windows, unsigned count, unsigned bits,
                        void *scratch);
void pse_p51_horner_vt(pse_point *out, const pse_point *window, unsigned count, unsigned bits);

#endif
