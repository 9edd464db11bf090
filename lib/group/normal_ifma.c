#include "group/normal_ifma.h"

#include "group/chain_ifma.h"

#ifdef PSE_LANES

LANES void pse_ifma_normalise(struct affine8 *out, const struct ge8 *in, size_t n)
{
    struct fe8 before[PSE_IFMA_NORMALISE_MAX]; /* product of the z before this one */
    struct fe8 d2 = fe8_all(&fe_2d);
    struct fe8 product = fe8_all(&fe_one);
    struct fe8 inverse;

    for (size_t i = 0; i < n; i++) {
        before[i] = product;
        product = fe8_mul(&product, &in[i].z);
    }
    fe8_invert(&inverse, &product, 1);
    for (size_t i = n; i-- > 0;) {
        struct fe8 z_inv = fe8_mul(&inverse, &before[i]), x, y;
        struct wide8 wide_x, wide_y, sum, diff;

        inverse = fe8_mul(&inverse, &in[i].z);
        wide_x = fe8_mul_wide(&in[i].x, &z_inv);
        wide_y = fe8_mul_wide(&in[i].y, &z_inv);
        sum = wide_add(&wide_y, &wide_x);
        diff = wide_sub(&wide_y, &wide_x);
        x = wide_carry(&wide_x);
        y = wide_carry(&wide_y);
        out[i].sum = wide_carry(&sum);
        out[i].diff = wide_carry(&diff);
        x = fe8_mul(&x, &y);
        out[i].t2d = fe8_mul(&x, &d2);
    }
}

#endif
