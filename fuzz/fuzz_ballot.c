/* Any bytes as a ballot entry of the sample election: the first byte picks how much is repaired
 * before the verifier sees it (head and eid, length and contest ids). */
#include <stdlib.h>

#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t repair(uint8_t *copy, size_t size, const struct sample *s, uint8_t how)
{
    const struct pse_style *style = &s->m->style[how & 1];

    if (size >= 34) {
        copy[0] = PSE_ENTRY_BALLOT;
        copy[1] = 1;
        memcpy(copy + 2, s->m->eid.b, 32);
    }
    if ((how & 2) == 0 || size < 68)
        return size;
    copy[66] = (uint8_t)(style->id >> 8);
    copy[67] = (uint8_t)style->id;
    for (size_t k = 0; k < style->contests; k++) {
        uint16_t id = s->m->contest[style->contest[k]].id;

        copy[style->part_at[k] - 2] = (uint8_t)(id >> 8);
        copy[style->part_at[k] - 1] = (uint8_t)id;
    }
    return style->ballot_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sample *s = sample_get();
    const uint8_t seed[32] = {0};
    struct pse_ballot_check check[2];
    struct pse_span raw[2];
    struct pse_ballot b;
    PSE_RNG(rng);
    uint8_t *copy;

    if (size < 1 || size > PSE_ENTRY_MAX)
        return 0;
    copy = calloc(1, PSE_ENTRY_MAX);
    PSE_REQUIRE(copy != NULL);
    pse_rng_init(&rng, seed);
    memcpy(copy, data + 1, size - 1);
    raw[0] = raw[1] = pse_span(copy, repair(copy, size - 1, s, data[0]));
    PSE_REQUIRE(pse_ballots_verify(check, &rng, &s->joint, s->m, raw, 2) == PSE_OK);
    PSE_REQUIRE(check[0].faults == check[1].faults);
    if (pse_ballot_parse(&b, s->m, raw[0]) != PSE_OK)
        PSE_REQUIRE(check[0].faults == PSE_BALLOT_V401);
    free(copy);
    return 0;
}
