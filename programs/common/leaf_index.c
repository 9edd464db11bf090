#include "common/leaf_index.h"

#include <stdlib.h>

#include "election/roll.h"

enum { SLOTS_FIRST = 1024 };

void leaf_index_init(struct leaf_index *x, struct pse_rng *rng)
{
    *x = (struct leaf_index){.slot = NULL};
    pse_rng_fill(rng, x->key, sizeof x->key);
}

void leaf_index_free(struct leaf_index *x)
{
    free(x->slot);
    *x = (struct leaf_index){.slot = NULL};
}

static uint32_t tag_of(const struct leaf_index *x, const pse_hash *leaf)
{
    return (uint32_t)pse_siphash(x->key, pse_span(leaf->b, sizeof leaf->b));
}

static void put(struct leaf_slot *slot, size_t slots, struct leaf_slot s)
{
    size_t at = s.tag & (slots - 1);

    while (slot[at].number != 0)
        at = (at + 1) & (slots - 1);
    slot[at] = s;
}

/* At most two thirds are taken. */
static pse_rc make_room(struct leaf_index *x)
{
    size_t slots = x->slots == 0 ? SLOTS_FIRST : 2 * x->slots;
    struct leaf_slot *slot;

    if (x->n < x->slots / 3 * 2)
        return PSE_OK;
    slot = calloc(slots, sizeof *slot);
    if (slot == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < x->slots; i++) {
        if (x->slot[i].number != 0)
            put(slot, slots, x->slot[i]);
    }
    free(x->slot);
    x->slot = slot;
    x->slots = slots;
    return PSE_OK;
}

pse_rc leaf_index_add(struct leaf_index *x, const pse_hash *leaf)
{
    if (x->n == UINT32_MAX)
        return PSE_E_LIMIT;
    PSE_TRY(make_room(x));
    x->n++;
    put(x->slot, x->slots, (struct leaf_slot){tag_of(x, leaf), x->n});
    return PSE_OK;
}

bool leaf_index_next(uint32_t *number, size_t *at, const struct leaf_index *x, const pse_hash *leaf)
{
    uint32_t tag = tag_of(x, leaf);

    for (; *at < x->slots; ++*at) {
        const struct leaf_slot *s = &x->slot[(tag + *at) & (x->slots - 1)];

        if (s->number == 0)
            return false;
        if (s->tag != tag)
            continue;
        *number = s->number - 1;
        ++*at;
        return true;
    }
    return false;
}
