#include "crypto/plaintext.h"

#include "crypto/choose.h"

enum {
    TRIED = 64,        /* counters tried at once, and for every element */
    READ_BLOCK = 64,   /* elements read together */
    READ_COUNTERS = 4, /* counters of each in one round: most elements need no second */
    OPEN_BLOCK = 64,   /* elements that are no secret, encoded together */
    OPEN_COUNTERS = 2, /* counters of each in one round: a quarter of them works */
};

/* s of section 5 for counter @p ctr. */
static void candidate(pse_enc *s, const uint8_t *data, unsigned ctr)
{
    s->b[0] = (uint8_t)(2 * (ctr % 128));
    memcpy(s->b + 1, data, PSE_ELEMENT_BYTES);
    s->b[31] = (uint8_t)(ctr / 128);
}

struct trial {
    pse_enc s[TRIED];
    pse_point p[TRIED];
    uint8_t ok[TRIED];
};

/* Try counters [first, first + 64); the first that works goes to @p out. Returns, in {0, 1},
 * whether there is one. */
static uint8_t try_counters(const struct pse_group *g, pse_point *out, struct trial *t,
                            const uint8_t *data, unsigned first)
{
    uint8_t have = 0;

    for (unsigned i = 0; i < TRIED; i++)
        candidate(&t->s[i], data, first + i);
    pse_point_decode_each(g, t->p, t->ok, t->s, TRIED, PSE_IDENTITY_FORBIDDEN);
    for (unsigned i = 0; i < TRIED; i++) {
        choose_move(out, &t->p[i], sizeof *out, t->ok[i] & (have ^ 1u));
        have |= t->ok[i];
    }
    return have;
}

pse_rc pse_element_encode(const struct pse_group *g, pse_point *out, const uint8_t *data, size_t n)
{
    PSE_ARENA(scratch, 64 * 1024);
    struct trial *t = PSE_NEW(&scratch, struct trial, 1);
    bool all = t != NULL;

    pse_point_identity(g, out, n);
    for (size_t i = 0; all && i < n; i++) {
        const uint8_t *d = data + PSE_ELEMENT_BYTES * i;

        all = false;
        for (unsigned ctr = 0; !all && ctr < PSE_ELEMENT_COUNTERS; ctr += TRIED)
            all = choose_reveal(try_counters(g, &out[i], t, d, ctr));
    }
    if (all)
        return PSE_OK;
    pse_point_identity(g, out, n);
    return t == NULL ? PSE_E_MEMORY : PSE_E_RANGE;
}

/* One round over at most OPEN_BLOCK elements, of which @p left have no encoding yet: the next
 * counters of each of them. Returns how many are left. */
static size_t open_round(const struct pse_group *g, pse_point *out, const uint8_t *data,
                         size_t *todo, size_t left, unsigned first)
{
    pse_enc s[OPEN_BLOCK * OPEN_COUNTERS];
    pse_point p[OPEN_BLOCK * OPEN_COUNTERS];
    uint8_t ok[OPEN_BLOCK * OPEN_COUNTERS];
    size_t still = 0;

    if (left == 0)
        return 0;
    for (size_t i = 0; i < left; i++)
        for (unsigned c = 0; c < OPEN_COUNTERS; c++)
            candidate(&s[OPEN_COUNTERS * i + c], data + PSE_ELEMENT_BYTES * todo[i], first + c);
    pse_point_decode_each(g, p, ok, s, OPEN_COUNTERS * left, PSE_IDENTITY_FORBIDDEN);
    for (size_t i = 0; i < left; i++) {
        const uint8_t *found = memchr(ok + OPEN_COUNTERS * i, 1, OPEN_COUNTERS);

        if (found == NULL)
            todo[still++] = todo[i];
        else
            out[todo[i]] = p[found - ok];
    }
    return still;
}

static pse_rc open_block(const struct pse_group *g, pse_point *out, const uint8_t *data, size_t n)
{
    size_t todo[OPEN_BLOCK];
    size_t left = n;

    for (size_t i = 0; i < n; i++)
        todo[i] = i;
    for (unsigned first = 0; left > 0 && first < PSE_ELEMENT_COUNTERS; first += OPEN_COUNTERS)
        left = open_round(g, out, data, todo, left, first);
    return left == 0 ? PSE_OK : PSE_E_RANGE;
}

pse_rc pse_element_encode_vt(const struct pse_group *g, pse_point *out, const uint8_t *data,
                             size_t n)
{
    for (size_t at = 0; at < n; at += OPEN_BLOCK) {
        size_t m = n - at < OPEN_BLOCK ? n - at : OPEN_BLOCK;

        if (open_block(g, out + at, data + PSE_ELEMENT_BYTES * at, m) != PSE_OK) {
            pse_point_identity(g, out, n);
            return PSE_E_RANGE;
        }
    }
    return PSE_OK;
}

struct reading {
    unsigned ctr; /* the point's own counter */
    bool open;    /* no smaller counter has worked so far */
};

static void read_start(struct reading *r, uint8_t *data, const uint8_t *point)
{
    static const uint8_t identity[32];

    memcpy(data, point + 1, PSE_ELEMENT_BYTES);
    r->ctr = (unsigned)point[0] / 2 + 128u * point[31];
    r->open = memcmp(point, identity, sizeof identity) != 0;
}

/* One round over at most READ_BLOCK elements: the counters from @p first that lie below their own.
 * Returns whether any element needs another round. */
static bool read_round(const struct pse_group *g, struct reading *r, const uint8_t *data, size_t n,
                       unsigned first)
{
    pse_enc s[READ_BLOCK * READ_COUNTERS];
    pse_point p[READ_BLOCK * READ_COUNTERS];
    uint8_t ok[READ_BLOCK * READ_COUNTERS];
    size_t of[READ_BLOCK * READ_COUNTERS];
    size_t k = 0;
    bool more = false;

    for (size_t i = 0; i < n; i++)
        for (unsigned c = first; r[i].open && c < first + READ_COUNTERS && c < r[i].ctr; c++) {
            candidate(&s[k], data + PSE_ELEMENT_BYTES * i, c);
            of[k++] = i;
        }
    if (k == 0)
        return false;
    pse_point_decode_each(g, p, ok, s, k, PSE_IDENTITY_FORBIDDEN);
    for (size_t j = 0; j < k; j++)
        if (ok[j])
            r[of[j]].open = false;
    for (size_t i = 0; i < n; i++)
        more = more || (r[i].open && r[i].ctr > first + READ_COUNTERS);
    return more;
}

struct read_job {
    const struct pse_group *g;
    uint8_t *data;
    uint8_t *well_formed;
    const uint8_t *points;
    size_t n;
};

static void read_task(void *ctx, size_t index, unsigned worker)
{
    const struct read_job *job = ctx;
    size_t at = index * READ_BLOCK;
    size_t n = job->n - at < READ_BLOCK ? job->n - at : READ_BLOCK;
    uint8_t *data = job->data + PSE_ELEMENT_BYTES * at;
    struct reading r[READ_BLOCK];
    unsigned first = 0;

    (void)worker;
    for (size_t i = 0; i < n; i++)
        read_start(&r[i], data + PSE_ELEMENT_BYTES * i, job->points + 32 * (at + i));
    while (read_round(job->g, r, data, n, first))
        first += READ_COUNTERS;
    for (size_t i = 0; i < n; i++)
        job->well_formed[at + i] = r[i].open;
}

void pse_element_decode_vt(const struct pse_group *g, uint8_t *data, uint8_t *well_formed,
                           const uint8_t *points, size_t n)
{
    struct read_job job = {g, data, well_formed, points, n};

    pse_pool_run(pse_group_pool(g), read_task, &job, (n + READ_BLOCK - 1) / READ_BLOCK);
}
