/* The commitment generators H_1, H_2, … kept between the shuffles of one record.
 *
 * For: a verifier of many shuffles. Each shuffle of N rows needs H_1 … H_N, which cost a hash and
 * two square roots each; kept, 64 bytes a generator and a product when they are used. Not for:
 * anything secret. One list belongs to one group context and one thread at a time. */
#ifndef PSE_CRYPTO_GENERATORS_H
#define PSE_CRYPTO_GENERATORS_H

#include "group/group.h"

typedef struct pse_generator_list {
    uint8_t (*affine)[PSE_AFFINE_SIZE];
    size_t n;
} pse_generator_list;

/** Make what is missing of H_1 … H_n, on the group's threads. n below 2^32 - 1. PSE_E_MEMORY: the
 * list is as before. */
PSE_MUST pse_rc pse_generator_list_reach(struct pse_generator_list *h, const struct pse_group *g,
                                         size_t n);
/** H_first … H_(first+n-1), all of them made before. Any thread. Variable time: public points. */
void pse_generator_list_take(pse_point *out, const struct pse_generator_list *h, uint32_t first,
                             size_t n);
/** Empty again. */
void pse_generator_list_free(struct pse_generator_list *h);

#endif
