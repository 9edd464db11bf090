#include "room.h"

/* Estonia divides votes by n^0.9. For positive numbers
 *     v1 / n1^0.9 < v2 / n2^0.9  <=>  v1^10 * n2^9 < v2^10 * n1^9,
 * and both sides are integers: below 2^400 * 2^144 for votes up to 2^40 and divisors up to 2^16, so
 * 768 bits hold them with room for the factor 1000^10 < 2^100 of the printed figure. */

static void wide_mul(struct pse_wide *r, uint64_t x)
{
    pse_u128 carry = 0;

    for (size_t i = 0; i < PSE_WIDE_WORDS; i++) {
        carry += (pse_u128)r->w[i] * x;
        r->w[i] = (uint64_t)carry;
        carry >>= 64;
    }
    PSE_REQUIRE(carry == 0);
}

void pse_wide_power(struct pse_wide *r, uint64_t a, unsigned i, uint64_t b, unsigned j)
{
    memset(r, 0, sizeof *r);
    r->w[0] = 1;
    while (i-- > 0)
        wide_mul(r, a);
    while (j-- > 0)
        wide_mul(r, b);
}

int pse_wide_cmp(const struct pse_wide *a, const struct pse_wide *b)
{
    for (size_t i = PSE_WIDE_WORDS; i-- > 0;)
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i] ? -1 : 1;
    return 0;
}

int pse_estonia_cmp(uint64_t v1, uint32_t n1, uint64_t v2, uint32_t n2)
{
    struct pse_wide a;
    struct pse_wide b;

    PSE_REQUIRE(n1 >= 1 && n2 >= 1);
    pse_wide_power(&a, v1, 10, n2, 9);
    pse_wide_power(&b, v2, 10, n1, 9);
    return pse_wide_cmp(&a, &b);
}

uint64_t pse_estonia_figure(uint64_t v, uint32_t n)
{
    uint64_t low = 0;
    uint64_t high = v * 1000 + 1; /* figure < high */
    struct pse_wide bound;
    struct pse_wide x;

    PSE_REQUIRE(n >= 1 && v <= PSE_COUNT_BALLOTS_MAX);
    pse_wide_power(&bound, v * 1000, 10, 1, 0);
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;

        pse_wide_power(&x, middle, 10, n, 9);
        if (pse_wide_cmp(&x, &bound) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}
