#include "crypto/batch.h"

#include <stdlib.h>

enum {
    BATCH_DECODE = 1024, /* points decoded by one call */
    BATCH_WEIGHTS = 32,  /* weights drawn by one request for random bytes */
};

struct batch_unit {
    uint32_t item;
    uint32_t tag;
    size_t first; /* slots, and after compaction terms, of this unit */
    size_t n;
    bool bad; /* an encoding does not decode: left out of the sum */
    pse_scalar base[PSE_BATCH_BASES_MAX];
};

struct pse_batch {
    const struct pse_group *g;
    struct pse_rng rng;
    pse_point bases[PSE_BATCH_BASES_MAX];
    size_t bases_n;
    struct batch_unit *unit;
    size_t units;
    size_t units_max;
    pse_enc *enc;
    pse_point *point; /* room for the bases after the slots */
    pse_scalar *coef;
    uint8_t *ok;
    size_t slots;
    size_t slots_max;
    uint8_t draw[BATCH_WEIGHTS][16];
    size_t drawn;                        /* of them used */
    pse_scalar weight;                   /* of the open equation */
    pse_wide minus[PSE_BATCH_BASES_MAX]; /* what the open unit takes from the bases so far */
    bool checked;
};

static pse_rc batch_allocate(struct pse_batch *b)
{
    size_t slots = b->slots_max + PSE_BATCH_BASES_MAX;

    if (b->units_max > UINT32_MAX || b->slots_max > UINT32_MAX)
        return PSE_E_LIMIT;
    b->unit = calloc(b->units_max + 1, sizeof *b->unit);
    b->enc = calloc(slots, sizeof *b->enc);
    b->point = aligned_alloc(_Alignof(pse_point), slots * sizeof *b->point);
    b->coef = calloc(slots, sizeof *b->coef);
    b->ok = calloc(slots, 1);
    if (b->unit == NULL || b->enc == NULL || b->point == NULL || b->coef == NULL || b->ok == NULL)
        return PSE_E_MEMORY;
    return PSE_OK;
}

pse_rc pse_batch_new(struct pse_batch **out, const struct pse_group *g, const pse_point *more,
                     size_t more_n, size_t units, size_t slots, struct pse_rng *rng)
{
    struct pse_batch *b;
    pse_rc rc;

    PSE_REQUIRE(more_n < PSE_BATCH_BASES_MAX);
    *out = NULL;
    b = calloc(1, sizeof *b);
    if (b == NULL)
        return PSE_E_MEMORY;
    b->g = g;
    b->units_max = units;
    b->slots_max = slots;
    rc = batch_allocate(b);
    if (rc != PSE_OK) {
        pse_batch_free(b);
        return rc;
    }
    pse_rng_fork(&b->rng, rng);
    b->drawn = BATCH_WEIGHTS;
    b->bases[0] = *pse_group_base(g);
    for (size_t i = 0; i < more_n; i++)
        b->bases[i + 1] = more[i];
    b->bases_n = more_n + 1;
    *out = b;
    return PSE_OK;
}

void pse_batch_free(struct pse_batch *b)
{
    if (b == NULL)
        return;
    free(b->unit);
    free(b->enc);
    free(b->point);
    free(b->coef);
    free(b->ok);
    pse_rng_wipe(&b->rng);
    free(b);
}

void pse_batch_reset(struct pse_batch *b)
{
    memset(b->minus, 0, sizeof b->minus);
    b->units = 0;
    b->slots = 0;
    b->checked = false;
}

bool pse_batch_has_room(const struct pse_batch *b, size_t units, size_t slots)
{
    return units <= b->units_max - b->units && slots <= b->slots_max - b->slots;
}

size_t pse_batch_units(const struct pse_batch *b)
{
    return b->units;
}

/* The bases' coefficients of the unit that was open. */
static void batch_close(struct pse_batch *b)
{
    struct batch_unit *u;

    if (b->units == 0)
        return;
    u = &b->unit[b->units - 1];
    for (size_t base = 0; base < b->bases_n; base++) {
        pse_wide_reduce(&u->base[base], &b->minus[base]);
        pse_scalar_neg(&u->base[base], &u->base[base]);
    }
    memset(b->minus, 0, sizeof b->minus);
}

void pse_batch_open(struct pse_batch *b, uint32_t item, uint32_t tag)
{
    struct batch_unit *u = &b->unit[b->units];

    PSE_REQUIRE(b->units < b->units_max && !b->checked && (tag & PSE_BATCH_ENCODING) == 0);
    batch_close(b);
    *u = (struct batch_unit){.item = item, .tag = tag, .first = b->slots};
    b->units++;
}

static struct batch_unit *batch_current(struct pse_batch *b)
{
    PSE_REQUIRE(b->units > 0 && !b->checked);
    return &b->unit[b->units - 1];
}

size_t pse_batch_encodings(struct pse_batch *b, const uint8_t *bytes, size_t n)
{
    struct batch_unit *u = batch_current(b);
    size_t slot = u->n;

    PSE_REQUIRE(n <= b->slots_max - b->slots);
    memcpy(b->enc[b->slots].b, bytes, n * sizeof *b->enc);
    memset(&b->coef[b->slots], 0, n * sizeof *b->coef);
    b->slots += n;
    u->n += n;
    return slot;
}

void pse_batch_equation(struct pse_batch *b)
{
    if (b->drawn == BATCH_WEIGHTS) {
        pse_rng_fill(&b->rng, b->draw, sizeof b->draw);
        b->drawn = 0;
    }
    pse_scalar_from_short(&b->weight, b->draw[b->drawn++]);
}

static pse_scalar *batch_slot(struct pse_batch *b, size_t slot)
{
    struct batch_unit *u = batch_current(b);

    PSE_REQUIRE(slot < u->n);
    return &b->coef[u->first + slot];
}

void pse_batch_add_one(struct pse_batch *b, size_t slot)
{
    pse_scalar *k = batch_slot(b, slot);

    pse_scalar_add(k, k, &b->weight);
}

void pse_batch_add(struct pse_batch *b, size_t slot, const pse_scalar *k)
{
    pse_scalar *to = batch_slot(b, slot);

    pse_scalar_muladd_short(to, &b->weight, k, to);
}

void pse_batch_sub(struct pse_batch *b, size_t slot, const pse_scalar *k)
{
    pse_scalar minus;

    pse_scalar_neg(&minus, k);
    pse_batch_add(b, slot, &minus);
}

void pse_batch_add_base(struct pse_batch *b, size_t base, const pse_scalar *k)
{
    pse_scalar minus;

    pse_scalar_neg(&minus, k);
    pse_batch_sub_base(b, base, &minus);
}

void pse_batch_sub_base(struct pse_batch *b, size_t base, const pse_scalar *k)
{
    (void)batch_current(b);
    PSE_REQUIRE(base < b->bases_n);
    pse_wide_add(&b->minus[base], &b->weight, k);
}

const pse_scalar *pse_batch_weight(const struct pse_batch *b)
{
    return &b->weight;
}

void pse_batch_add_weighted(struct pse_batch *b, size_t slot, const pse_scalar *k)
{
    pse_scalar *to = batch_slot(b, slot);

    pse_scalar_add(to, to, k);
}

/* --- the decision --------------------------------------------------------------------------- */

static void batch_decode(struct pse_batch *b)
{
    for (size_t at = 0; at < b->slots; at += BATCH_DECODE) {
        size_t n = b->slots - at < BATCH_DECODE ? b->slots - at : BATCH_DECODE;

        pse_point_decode_each(b->g, b->point + at, b->ok + at, b->enc + at, n,
                              PSE_IDENTITY_FORBIDDEN);
    }
}

/* Mark units with bad encodings and close the gaps that they and unused points leave, so that the
 * sum of any range of units is one contiguous run of terms. Returns the number of terms. */
static size_t batch_compact(struct pse_batch *b, uint32_t *tags)
{
    size_t to = 0;

    for (size_t i = 0; i < b->units; i++) {
        struct batch_unit *u = &b->unit[i];
        size_t from = u->first;
        size_t n = u->n;

        u->first = to;
        u->bad = memchr(b->ok + from, 0, n) != NULL;
        if (u->bad)
            tags[u->item] |= PSE_BATCH_ENCODING;
        for (size_t k = from; !u->bad && k < from + n; k++) {
            if (pse_scalar_is_zero(&b->coef[k]))
                continue;
            b->point[to] = b->point[k];
            b->coef[to] = b->coef[k];
            to++;
        }
        u->n = to - u->first;
    }
    return to;
}

/* The weighted sum of units [first, first + n). The bases go behind the terms for the call; what
 * they cover is put back. */
static pse_rc batch_sum(struct pse_batch *b, pse_point *sum, size_t first, size_t n)
{
    struct batch_unit *last = &b->unit[first + n - 1];
    size_t from = b->unit[first].first;
    size_t terms = last->first + last->n - from;
    pse_point *p = b->point + from + terms;
    pse_scalar *k = b->coef + from + terms;
    pse_point kept_p[PSE_BATCH_BASES_MAX];
    pse_scalar kept_k[PSE_BATCH_BASES_MAX];
    pse_rc rc;

    memcpy(kept_p, p, sizeof kept_p);
    memcpy(kept_k, k, sizeof kept_k);
    memset(k, 0, sizeof kept_k);
    memcpy(p, b->bases, b->bases_n * sizeof *p);
    for (size_t i = first; i < first + n; i++)
        for (size_t base = 0; base < b->bases_n && !b->unit[i].bad; base++)
            pse_scalar_add(&k[base], &k[base], &b->unit[i].base[base]);
    rc = pse_msm_vt(b->g, sum, b->coef + from, b->point + from, terms + b->bases_n);
    memcpy(p, kept_p, sizeof kept_p);
    memcpy(k, kept_k, sizeof kept_k);
    return rc;
}

/* Units [first, first + n) sum to the non-zero @p sum: find the guilty. The right half's sum is the
 * difference. Depth is at most log2 of the number of units. */
static pse_rc batch_search(struct pse_batch *b, uint32_t *tags, const pse_point *sum, size_t first,
                           size_t n)
{
    size_t half = n / 2;
    pse_point left;
    pse_point right;

    if (n == 1) {
        tags[b->unit[first].item] |= b->unit[first].tag;
        return PSE_OK;
    }
    PSE_TRY(batch_sum(b, &left, first, half));
    pse_point_sub(b->g, &right, sum, &left, 1);
    if (!pse_point_is_identity(b->g, &left))
        PSE_TRY(batch_search(b, tags, &left, first, half));
    if (!pse_point_is_identity(b->g, &right))
        PSE_TRY(batch_search(b, tags, &right, first + half, n - half));
    return PSE_OK;
}

static pse_rc batch_decide(struct pse_batch *b, uint32_t *tags)
{
    pse_point sum;

    if (b->units == 0)
        return PSE_OK;
    PSE_TRY(batch_sum(b, &sum, 0, b->units));
    if (pse_point_is_identity(b->g, &sum))
        return PSE_OK;
    return batch_search(b, tags, &sum, 0, b->units);
}

pse_rc pse_batch_check(struct pse_batch *b, uint32_t *tags, size_t items)
{
    pse_rc rc;

    PSE_REQUIRE(!b->checked);
    memset(tags, 0, items * sizeof *tags);
    for (size_t i = 0; i < b->units; i++)
        PSE_REQUIRE(b->unit[i].item < items);
    batch_close(b);
    batch_decode(b);
    batch_compact(b, tags);
    b->checked = true;
    rc = batch_decide(b, tags);
    if (rc != PSE_OK) {
        memset(tags, 0, items * sizeof *tags);
        return rc;
    }
    for (size_t i = 0; i < items; i++)
        if (tags[i] != 0)
            return PSE_E_PROOF;
    return PSE_OK;
}

pse_rc pse_batch_check_one(struct pse_batch *b)
{
    uint32_t tags;
    pse_rc rc = pse_batch_check(b, &tags, 1);

    return rc == PSE_E_PROOF && (tags & PSE_BATCH_ENCODING) != 0 ? PSE_E_ENCODING : rc;
}
