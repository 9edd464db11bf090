/* Points to addends with z = 1, one inversion for many. Internal to room group, IFMA back-end. */
#ifndef PSE_GROUP_NORMAL_IFMA_H
#define PSE_GROUP_NORMAL_IFMA_H

#include "group/edwards_ifma.h"

#ifdef PSE_LANES

enum { PSE_IFMA_NORMALISE_MAX = 32 };

/* 1 <= n <= PSE_IFMA_NORMALISE_MAX groups of eight. Constant time. */
void pse_ifma_normalise(struct affine8 *out, const struct ge8 *in, size_t n);

#endif
#endif
