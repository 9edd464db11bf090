#include "election/roll.h"

#include <stdlib.h>

/* --- hashing ---------------------------------------------------------------------------------- */

static uint64_t rotl(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static uint64_t load_le(const uint8_t *p, size_t n)
{
    uint64_t x = 0;

    for (size_t i = 0; i < n; i++)
        x |= (uint64_t)p[i] << (8 * i);
    return x;
}

static void sip_rounds(uint64_t v[4], unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] = rotl(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] = rotl(v[2], 32);
    }
}

uint64_t pse_siphash(const uint64_t key[2], struct pse_span in)
{
    uint64_t v[4] = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t whole = in.n / 8 * 8;

    for (size_t at = 0; at <= whole; at += 8) {
        uint64_t word = at < whole ? load_le(in.p + at, 8)
                                   : load_le(in.p + at, in.n - whole) | (uint64_t)in.n << 56;

        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- chunks ----------------------------------------------------------------------------------- */

void *pse_chunks_push(struct pse_chunks *c)
{
    if (c->n == c->chunks * PSE_CHUNK) {
        /* The table of chunks doubles: its length is a power of two whenever it is full. */
        if ((c->chunks & (c->chunks - 1)) == 0) {
            size_t cap = c->chunks == 0 ? 1 : 2 * c->chunks;
            uint8_t **table = (uint8_t **)realloc(c->chunk, cap * sizeof *table);

            if (table == NULL)
                return NULL;
            c->chunk = table;
        }
        c->chunk[c->chunks] = (uint8_t *)pse_tables_alloc(PSE_CHUNK * c->size);
        if (c->chunk[c->chunks] == NULL)
            return NULL;
        c->chunks++;
    }
    return memset(pse_chunks_at(c, c->n++), 0, c->size);
}

void pse_chunks_free(struct pse_chunks *c)
{
    for (size_t i = 0; i < c->chunks; i++)
        free(c->chunk[i]);
    free(c->chunk);
    c->chunk = NULL;
    c->chunks = 0;
    c->n = 0;
}

/* --- credentials ------------------------------------------------------------------------------ */

void pse_roll_init(struct pse_roll *r, struct pse_rng *rng)
{
    *r = (struct pse_roll){
        .credentials = {.size = sizeof(struct pse_credential)},
        .ballots = {.size = sizeof(struct pse_roll_ballot)},
        .revocations = {.size = sizeof(struct pse_revocation)},
        .spare = PSE_ROLL_NONE,
    };
    pse_rng_fill(rng, r->key, sizeof r->key);
}

void pse_roll_free(struct pse_roll *r)
{
    pse_chunks_free(&r->credentials);
    pse_chunks_free(&r->ballots);
    pse_chunks_free(&r->revocations);
    free(r->slot);
    free(r->tracker);
    r->slot = NULL;
    r->tracker = NULL;
}

static size_t slot_start(const struct pse_roll *r, const pse_enc *d)
{
    return (size_t)pse_siphash(r->key, pse_span(d->b, 32)) & (r->slots - 1);
}

static size_t tracker_start(const struct pse_roll *r, const uint8_t tracker[10])
{
    return (size_t)pse_siphash(r->key, pse_span(tracker, 10)) & (r->tracker_slots - 1);
}

/* It fills parts of two or three lines; the last holds what is looked at most. */
static void credential_prefetch(const struct pse_roll *r, uint32_t number)
{
    const uint8_t *c = (const uint8_t *)pse_roll_credential(r, number);

    __builtin_prefetch(c);
    __builtin_prefetch(c + sizeof(struct pse_credential) - 1);
}

/* Where @p d stands, or the free slot where it would. Needs a table with a free slot. */
static size_t probe(const struct pse_roll *r, const pse_enc *d)
{
    size_t mask = r->slots - 1;
    size_t at = slot_start(r, d);

    while (r->slot[at] != PSE_ROLL_NONE &&
           memcmp(pse_roll_credential(r, r->slot[at])->d.b, d->b, 32) != 0)
        at = (at + 1) & mask;
    return at;
}

void pse_roll_expect(const struct pse_roll *r, const pse_enc *d)
{
    if (r->slots > 0)
        __builtin_prefetch(&r->slot[slot_start(r, d)]);
}

void pse_roll_expect_ballot(const struct pse_roll *r, const pse_enc *d, const uint8_t tracker[10])
{
    uint32_t number;

    if (r->tracker_slots > 0)
        __builtin_prefetch(r->tracker + 10 * tracker_start(r, tracker));
    if (r->slots == 0)
        return;
    number = r->slot[slot_start(r, d)];
    if (number != PSE_ROLL_NONE)
        credential_prefetch(r, number);
}

uint32_t pse_roll_find(const struct pse_roll *r, const pse_enc *d)
{
    return r->slots == 0 ? PSE_ROLL_NONE : r->slot[probe(r, d)];
}

static pse_rc slots_grow(struct pse_roll *r)
{
    size_t slots = r->slots == 0 ? 1024 : 2 * r->slots;
    size_t bytes;

    PSE_TRY(pse_size_mul(&bytes, slots, sizeof *r->slot));
    free(r->slot);
    r->slots = 0;
    r->slot = (uint32_t *)pse_tables_alloc(bytes);
    if (r->slot == NULL)
        return PSE_E_MEMORY;
    r->slots = slots;
    memset(r->slot, 0xff, bytes);
    for (size_t i = 0; i < r->credentials.n; i++)
        r->slot[probe(r, &pse_roll_credential(r, (uint32_t)i)->d)] = (uint32_t)i;
    return PSE_OK;
}

pse_rc pse_roll_enrol(struct pse_roll *r, const pse_enc *d, uint16_t style, uint32_t weight,
                      uint32_t entry)
{
    struct pse_credential *c;
    size_t at;

    if (r->credentials.n >= PSE_ROLL_NONE - 1)
        return PSE_E_LIMIT;
    if (2 * (r->credentials.n + 1) > r->slots)
        PSE_TRY(slots_grow(r));
    at = probe(r, d);
    PSE_REQUIRE(r->slot[at] == PSE_ROLL_NONE);
    c = (struct pse_credential *)pse_chunks_push(&r->credentials);
    if (c == NULL)
        return PSE_E_MEMORY;
    *c = (struct pse_credential){
        .d = *d,
        .entry = entry,
        .weight = weight,
        .revoked = PSE_ROLL_NONE,
        .style = style,
        .is_active = true,
    };
    r->slot[at] = (uint32_t)(r->credentials.n - 1);
    r->active++;
    return PSE_OK;
}

void pse_roll_retire(struct pse_roll *r, uint32_t number)
{
    struct pse_credential *c = pse_roll_credential(r, number);

    PSE_REQUIRE(c->is_active);
    c->is_active = false;
    r->active--;
}

/* --- ballots ---------------------------------------------------------------------------------- */

pse_rc pse_roll_ballot(struct pse_roll *r, uint32_t number, uint32_t index, const pse_hash *leaf)
{
    struct pse_credential *c = pse_roll_credential(r, number);
    struct pse_roll_ballot *b = (struct pse_roll_ballot *)pse_chunks_push(&r->ballots);

    if (b == NULL)
        return PSE_E_MEMORY;
    PSE_REQUIRE(c->ballots < UINT16_MAX);
    *b = (struct pse_roll_ballot){index, number};
    c->ballots++;
    c->latest = index;
    c->leaf = *leaf;
    return PSE_OK;
}

/* Place of log entry @p index among the ballots; r->ballots.n when it is none. */
static size_t ballot_place(const struct pse_roll *r, uint64_t index)
{
    size_t low = 0;
    size_t high = r->ballots.n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (((const struct pse_roll_ballot *)pse_chunks_at(&r->ballots, mid))->index < index)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < r->ballots.n &&
        ((const struct pse_roll_ballot *)pse_chunks_at(&r->ballots, low))->index == index)
        return low;
    return r->ballots.n;
}

uint32_t pse_roll_ballot_owner(const struct pse_roll *r, uint64_t index)
{
    size_t at = ballot_place(r, index);

    if (at == r->ballots.n)
        return PSE_ROLL_NONE;
    return ((const struct pse_roll_ballot *)pse_chunks_at(&r->ballots, at))->credential;
}

static const struct pse_roll_ballot *ballot_at(const struct pse_roll *r, size_t at)
{
    return (const struct pse_roll_ballot *)pse_chunks_at(&r->ballots, at);
}

bool pse_roll_is_admitted(const struct pse_roll *r, size_t at)
{
    const struct pse_roll_ballot *b = ballot_at(r, at);
    const struct pse_credential *c = pse_roll_credential(r, b->credential);

    if (at + PSE_ROLL_AHEAD < r->ballots.n)
        credential_prefetch(r, ballot_at(r, at + PSE_ROLL_AHEAD)->credential);

    return c->is_active && c->latest == b->index && (int64_t)b->index > pse_roll_rev(r, c);
}

/* --- revocations ------------------------------------------------------------------------------ */

static struct pse_revocation *revocation(const struct pse_roll *r, uint32_t at)
{
    return (struct pse_revocation *)pse_chunks_at(&r->revocations, at);
}

int64_t pse_roll_rev(const struct pse_roll *r, const struct pse_credential *c)
{
    return c->revoked == PSE_ROLL_NONE ? -1 : (int64_t)revocation(r, c->revoked)->ballot;
}

uint8_t pse_roll_rev_reason(const struct pse_roll *r, const struct pse_credential *c)
{
    return c->revoked == PSE_ROLL_NONE ? 0 : revocation(r, c->revoked)->reason;
}

pse_rc pse_roll_push(struct pse_roll *r, struct pse_credential *c, uint32_t ballot, uint8_t reason)
{
    uint32_t at = r->spare;

    if (at != PSE_ROLL_NONE) {
        r->spare = revocation(r, at)->below;
    } else {
        if (r->revocations.n >= PSE_ROLL_NONE - 1)
            return PSE_E_LIMIT;
        if (pse_chunks_push(&r->revocations) == NULL)
            return PSE_E_MEMORY;
        at = (uint32_t)(r->revocations.n - 1);
    }
    *revocation(r, at) = (struct pse_revocation){ballot, c->revoked, reason};
    c->revoked = at;
    return PSE_OK;
}

void pse_roll_pop(struct pse_roll *r, struct pse_credential *c)
{
    uint32_t at = c->revoked;

    PSE_REQUIRE(at != PSE_ROLL_NONE);
    c->revoked = revocation(r, at)->below;
    revocation(r, at)->below = r->spare;
    r->spare = at;
}

/* --- trackers --------------------------------------------------------------------------------- */

static const uint8_t no_tracker[10];

static size_t tracker_probe(const struct pse_roll *r, const uint8_t tracker[10])
{
    size_t mask = r->tracker_slots - 1;
    size_t at = tracker_start(r, tracker);

    while (memcmp(r->tracker + 10 * at, no_tracker, 10) != 0 &&
           memcmp(r->tracker + 10 * at, tracker, 10) != 0)
        at = (at + 1) & mask;
    return at;
}

bool pse_roll_has_tracker(const struct pse_roll *r, const uint8_t tracker[10])
{
    if (memcmp(tracker, no_tracker, 10) == 0)
        return r->has_zero_tracker;
    return r->tracker_slots != 0 &&
           memcmp(r->tracker + 10 * tracker_probe(r, tracker), tracker, 10) == 0;
}

static pse_rc trackers_grow(struct pse_roll *r)
{
    size_t old_slots = r->tracker_slots;
    uint8_t *old = r->tracker;
    size_t slots = old_slots == 0 ? 1024 : 2 * old_slots;
    uint8_t *fresh = (uint8_t *)pse_tables_alloc(10 * slots);

    if (fresh == NULL)
        return PSE_E_MEMORY;
    memset(fresh, 0, 10 * slots);
    r->tracker = fresh;
    r->tracker_slots = slots;
    for (size_t i = 0; i < old_slots; i++)
        if (memcmp(old + 10 * i, no_tracker, 10) != 0)
            memcpy(fresh + 10 * tracker_probe(r, old + 10 * i), old + 10 * i, 10);
    free(old);
    return PSE_OK;
}

pse_rc pse_roll_add_tracker(struct pse_roll *r, const uint8_t tracker[10])
{
    if (memcmp(tracker, no_tracker, 10) == 0) {
        r->has_zero_tracker = true;
        return PSE_OK;
    }
    if (4 * (r->trackers + 1) > 3 * r->tracker_slots)
        PSE_TRY(trackers_grow(r));
    memcpy(r->tracker + 10 * tracker_probe(r, tracker), tracker, 10);
    r->trackers++;
    return PSE_OK;
}
