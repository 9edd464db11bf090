/* Any bytes as an entry of the sample election; the eid is filled in, so that what follows is
 * reached. Roster records that parse, written again, give their bytes. */
#include <stdlib.h>

#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct sample *s, const struct pse_entry *e)
{
    static uint8_t records[PSE_ROSTER_MAX * PSE_ROSTER_RECORD];
    struct pse_roster_record r[4];
    size_t n = 0;

    (void)!pse_entry_verify(s->m, e);
    if (e->type != PSE_ENTRY_ROSTER)
        return;
    while (n < 4 && n < e->u.roster.count) {
        r[n] = pse_roster_record_at(e, n);
        n++;
    }
    pse_roster_encode(records, r, n);
    PSE_REQUIRE(memcmp(records, e->u.roster.records, n * PSE_ROSTER_RECORD) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sample *s = sample_get();
    struct pse_entry e;
    pse_hash eid, leaf;
    uint8_t *copy = malloc(size + 1);

    PSE_REQUIRE(copy != NULL);
    memcpy(copy, data, size);
    if (size >= 34)
        memcpy(copy + 2, s->m->eid.b, 32);
    pse_entry_leaf(&leaf, pse_span(copy, size));
    (void)!pse_entry_setup_peek(&e, &eid, pse_span(copy, size));
    if (pse_entry_parse(&e, s->g, s->m, pse_span(copy, size)) == PSE_OK &&
        e.type != PSE_ENTRY_BALLOT)
        again(s, &e);
    free(copy);
    return 0;
}
