/* Weighted sums over columns of long lists, in blocks on all threads. Private to the room. */
#ifndef PSE_CRYPTO_COLUMNS_H
#define PSE_CRYPTO_COLUMNS_H

#include "group/group.h"

/* Encodings (P0) that stand @p stride bytes apart, and what became of them. */
struct column {
    const uint8_t *at;
    size_t stride;
    pse_point sum; /* Σ w_k P_k */
    bool ok;       /* all canonical; else sum is meaningless */
};

enum { COLUMNS_BLOCK = 4096 };

/* Sums of @p columns columns of @p m rows with w = weights(h). PSE_E_MEMORY. Public data. */
PSE_MUST pse_rc columns_sum(const struct pse_group *g, struct column *column, size_t columns,
                            size_t m, const uint8_t h[64]);

#endif
