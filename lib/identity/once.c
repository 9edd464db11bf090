/* A table with open addressing over hashed sessions; entries are removed by shifting back the ones
 * behind them, so there are no marks of the dead. */
#include "once.h"

#include <stdlib.h>

#include "codec/codec.h"

struct entry {
    pse_hash session;
    int64_t issued;
    bool is_used;  /* the slot */
    bool is_taken; /* the value, which is zero then */
    uint8_t value[];
};

struct pse_once {
    uint8_t *slot; /* of stride bytes each */
    size_t slots;  /* a power of two, at least twice max: chains stay short */
    size_t stride;
    size_t size;
    size_t max;
    size_t count;
    size_t sweep; /* where the search for old ones goes on */
    int64_t seconds, memory;
};

pse_rc pse_once_new(struct pse_once **out, size_t max, size_t size, int64_t seconds, int64_t memory)
{
    struct pse_once *o = calloc(1, sizeof *o);

    PSE_REQUIRE(max > 0 && max <= PSE_ONCE_MAX && size > 0 && size <= PSE_ONCE_SIZE_MAX);
    *out = NULL;
    if (o == NULL)
        return PSE_E_MEMORY;
    *o = (struct pse_once){.max = max, .size = size, .seconds = seconds, .memory = memory};
    for (o->slots = 2; o->slots < 2 * max; o->slots *= 2)
        ;
    o->stride = (sizeof(struct entry) + size + 7) & ~(size_t)7;
    o->slot = calloc(o->slots, o->stride);
    if (o->slot == NULL) {
        free(o);
        return PSE_E_MEMORY;
    }
    *out = o;
    return PSE_OK;
}

void pse_once_free(struct pse_once *o)
{
    if (o == NULL)
        return;
    pse_wipe(o->slot, o->slots * o->stride);
    free(o->slot);
    free(o);
}

static struct entry *at(const struct pse_once *o, size_t i)
{
    return (struct entry *)(void *)(o->slot + i * o->stride);
}

static size_t home_of(const struct pse_once *o, const pse_hash *session)
{
    size_t x;

    memcpy(&x, session->b, sizeof x);
    return x & (o->slots - 1);
}

/* The slot of a session, or the free one where it belongs. */
static size_t find(const struct pse_once *o, const pse_hash *session)
{
    size_t i = home_of(o, session);

    while (at(o, i)->is_used && !pse_hash_is_equal(&at(o, i)->session, session))
        i = (i + 1) & (o->slots - 1);
    return i;
}

static void drop(struct pse_once *o, size_t hole)
{
    size_t mask = o->slots - 1;

    for (size_t i = (hole + 1) & mask; at(o, i)->is_used; i = (i + 1) & mask) {
        size_t home = home_of(o, &at(o, i)->session);

        /* Moves into the hole only what would still be found there. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            memcpy(at(o, hole), at(o, i), o->stride);
            hole = i;
        }
    }
    pse_wipe(at(o, hole), o->stride);
    o->count--;
}

static bool is_old(const struct pse_once *o, const struct entry *e, int64_t now)
{
    return e->issued > now || now - e->issued > o->seconds;
}

static bool is_good(const struct pse_once *o, const struct entry *e, int64_t now)
{
    return !e->is_taken && !is_old(o, e, now);
}

/* A few slots a call, so that what is remembered stays bounded without pauses. */
static void forget_some(struct pse_once *o, int64_t now)
{
    for (unsigned n = 0; n < 8; n++) {
        const struct entry *e = at(o, o->sweep);

        if (e->is_used && !is_good(o, e, now) && now - e->issued > o->memory)
            drop(o, o->sweep); /* the one that moved here is looked at next */
        else
            o->sweep = (o->sweep + 1) & (o->slots - 1);
    }
}

/* Room for one more, at the cost of any that is no longer good. */
static pse_rc make_room(struct pse_once *o, int64_t now)
{
    for (size_t n = 0; o->count == o->max && n < o->slots; n++) {
        const struct entry *e = at(o, o->sweep);

        if (e->is_used && !is_good(o, e, now))
            drop(o, o->sweep);
        else
            o->sweep = (o->sweep + 1) & (o->slots - 1);
    }
    return o->count < o->max ? PSE_OK : PSE_E_LIMIT;
}

pse_rc pse_once_put(struct pse_once *o, const void *value, struct pse_span session, int64_t now)
{
    struct entry *e;
    pse_hash key;
    size_t i;

    pse_sha256(&key, session);
    forget_some(o, now);
    i = find(o, &key);
    if (!at(o, i)->is_used) {
        PSE_TRY(make_room(o, now));
        i = find(o, &key); /* others may have moved */
        o->count++;
    }
    e = at(o, i);
    *e = (struct entry){.session = key, .issued = now, .is_used = true};
    memcpy(e->value, value, o->size);
    return PSE_OK;
}

enum pse_once_found pse_once_take(void *value, struct pse_once *o, struct pse_span session,
                                  int64_t now)
{
    struct entry *e;
    pse_hash key;

    memset(value, 0, o->size);
    pse_sha256(&key, session);
    e = at(o, find(o, &key));
    if (!e->is_used)
        return PSE_ONCE_NEVER;
    if (e->is_taken)
        return PSE_ONCE_USED;
    if (!is_old(o, e, now))
        memcpy(value, e->value, o->size);
    e->is_taken = true;
    pse_wipe(e->value, o->size);
    return is_old(o, e, now) ? PSE_ONCE_OLD : PSE_ONCE_GOOD;
}
