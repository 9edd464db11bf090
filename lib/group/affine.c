/* Points as their affine coordinates: no square root either way. Every back-end keeps the words of
 * edwards51.h in a pse_point, so one version serves all. */
#include "group/edwards51.h"

enum { BLOCK = 64 };

/* All z by one inversion. */
static void block_write(uint8_t (*out)[PSE_AFFINE_SIZE], const pse_point *in, size_t n)
{
    struct ge p[BLOCK];
    struct fe before[BLOCK]; /* product of the z before this one */
    struct fe inverse, z, x;
    struct fe product = fe_one;

    for (size_t i = 0; i < n; i++) {
        ge_load(&p[i], &in[i]);
        before[i] = product;
        fe_mul(&product, &product, &p[i].z);
    }
    pse_fe51_invert(&inverse, &product);
    for (size_t i = n; i-- > 0;) {
        fe_mul(&z, &inverse, &before[i]);
        fe_mul(&inverse, &inverse, &p[i].z);
        fe_mul(&x, &p[i].x, &z);
        pse_fe51_to_bytes(out[i], &x);
        fe_mul(&x, &p[i].y, &z);
        pse_fe51_to_bytes(out[i] + 32, &x);
    }
    pse_wipe(p, sizeof p);
    pse_wipe(before, sizeof before);
}

void pse_point_to_affine(uint8_t (*out)[PSE_AFFINE_SIZE], const pse_point *in, size_t n)
{
    for (size_t at = 0; at < n; at += BLOCK)
        block_write(out + at, in + at, n - at < BLOCK ? n - at : BLOCK);
}

void pse_point_from_affine(pse_point *out, const uint8_t (*in)[PSE_AFFINE_SIZE], size_t n)
{
    struct ge p = {.z = fe_one};

    for (size_t i = 0; i < n; i++) {
        pse_fe51_from_bytes(&p.x, in[i]);
        pse_fe51_from_bytes(&p.y, in[i] + 32);
        fe_mul(&p.t, &p.x, &p.y);
        ge_store(&out[i], &p);
    }
    pse_wipe(&p, sizeof p);
}
