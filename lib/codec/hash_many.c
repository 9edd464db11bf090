#include "hash_many.h"

#include "cursor.h"
#include "hash.h"
#include "hash_kernel.h"

/* --- one after the other ------------------------------------------------------------------------
 */

static void sha256_each(pse_hash *out, struct pse_span prefix, const struct pse_span *in, size_t n)
{
    pse_sha256_stream start, h;

    pse_sha256_init(&start);
    pse_sha256_add(&start, prefix.p, prefix.n);
    for (size_t i = 0; i < n; i++) {
        h = start;
        pse_sha256_add(&h, in[i].p, in[i].n);
        pse_sha256_final(&out[i], &h);
    }
}

static void sha512_each(uint8_t (*out)[64], struct pse_span prefix, const struct pse_span *in,
                        size_t n)
{
    pse_sha512_stream start, h;

    pse_sha512_init(&start);
    pse_sha512_add(&start, prefix.p, prefix.n);
    for (size_t i = 0; i < n; i++) {
        h = start;
        pse_sha512_add(&h, in[i].p, in[i].n);
        pse_sha512_final(out[i], &h);
    }
}

/* --- in lanes ------------------------------------------------------------------------------------
 * A lane works off one message after another: as soon as its message is hashed it takes the next,
 * so lengths need no sorting and lanes idle only at the very end. A message comes as runs of whole
 * blocks, each contiguous in memory: its own bytes where they are, and blocks put together in the
 * lane's buffer where prefix or padding are in them. */

enum {
    BUFFER = 256, /* the last two blocks of SHA-512, with all the padding */
    WORDS = 8 * HASH_LANES_MAX,
};

struct lane {
    size_t blocks;        /* left in the run */
    struct pse_span rest; /* of the message, after the run */
    size_t item;
    bool is_last; /* this run ends the message */
    bool is_busy;
    _Alignas(64) uint8_t buffer[BUFFER];
};

struct lanes {
    const struct hash_kernel *kernel;
    const struct pse_span *in;
    size_t n;
    size_t next; /* the first message that nobody has taken */
    uint8_t *out;
    struct pse_span prefix;
    size_t held; /* bytes at the prefix's end that fill no block */
    unsigned busy;
    union {
        _Alignas(64) uint32_t w32[WORDS];
        uint64_t w64[WORDS / 2];
    } state;
    union {
        uint32_t w32[8];
        uint64_t w64[8];
    } start; /* after the prefix's whole blocks */
    const uint8_t *at[HASH_LANES_MAX];
    struct lane lane[HASH_LANES_MAX];
};

static bool is_wide(const struct lanes *s)
{
    return s->kernel->block == 128;
}

static void state_put(struct lanes *s, unsigned lane)
{
    unsigned lanes = s->kernel->lanes;

    if (is_wide(s)) {
        for (unsigned r = 0; r < 8; r++)
            s->state.w64[r * lanes + lane] = s->start.w64[r];
        return;
    }
    for (unsigned r = 0; r < 8; r++)
        s->state.w32[r * lanes + lane] = s->start.w32[r];
}

static void digest_take(const struct lanes *s, unsigned lane, size_t item)
{
    unsigned lanes = s->kernel->lanes;

    if (is_wide(s)) {
        for (unsigned r = 0; r < 8; r++)
            pse_store_u64(s->out + 64 * item + 8 * r, s->state.w64[r * lanes + lane]);
        return;
    }
    for (unsigned r = 0; r < 8; r++)
        pse_store_u32(s->out + 32 * item + 4 * r, s->state.w32[r * lanes + lane]);
}

/* The last run: @p used bytes stand in the buffer, the rest of the message follows, then padding
 * (FIPS 180-4 section 5.1; lengths are below 2^61 bytes). */
static void run_of_end(struct lanes *s, unsigned i, size_t used)
{
    struct lane *l = &s->lane[i];
    size_t block = s->kernel->block;
    size_t end = used + l->rest.n;
    size_t size = (end + 1 + block / 8 + block - 1) / block * block;
    uint64_t bits = ((uint64_t)s->prefix.n + s->in[l->item].n) * 8;

    if (l->rest.n > 0)
        memcpy(l->buffer + used, l->rest.p, l->rest.n);
    l->buffer[end] = 0x80;
    memset(l->buffer + end + 1, 0, size - end - 1);
    pse_store_u64(l->buffer + size - 8, bits);
    s->at[i] = l->buffer;
    l->blocks = size / block;
    l->is_last = true;
}

/* What comes next of the lane's message, of which @p used bytes stand in the buffer. */
static void run_next(struct lanes *s, unsigned i, size_t used)
{
    struct lane *l = &s->lane[i];
    size_t block = s->kernel->block;
    size_t take;

    if (used + l->rest.n + 1 + block / 8 <= BUFFER) {
        run_of_end(s, i, used);
        return;
    }
    if (used > 0) {
        take = block - used;
        memcpy(l->buffer + used, l->rest.p, take);
        s->at[i] = l->buffer;
        l->blocks = 1;
    } else {
        take = l->rest.n / block * block;
        s->at[i] = l->rest.p;
        l->blocks = take / block;
    }
    l->rest = pse_span(l->rest.p + take, l->rest.n - take);
}

static void message_next(struct lanes *s, unsigned i)
{
    struct lane *l = &s->lane[i];

    if (s->next == s->n) {
        s->busy -= l->is_busy;
        l->is_busy = false;
        return;
    }
    s->busy += !l->is_busy;
    l->is_busy = true;
    l->item = s->next++;
    l->rest = s->in[l->item];
    l->is_last = false;
    state_put(s, i);
    if (s->held > 0)
        memcpy(l->buffer, s->prefix.p + s->prefix.n - s->held, s->held);
    run_next(s, i, s->held);
}

/* The lane's run is done. */
static void lane_next(struct lanes *s, unsigned i)
{
    struct lane *l = &s->lane[i];

    if (!l->is_last) {
        run_next(s, i, 0);
        return;
    }
    digest_take(s, i, l->item);
    message_next(s, i);
}

/* As many blocks as every busy lane has; idle lanes hash what another one does. */
static void step(struct lanes *s)
{
    unsigned lanes = s->kernel->lanes;
    const uint8_t *some = NULL;
    size_t blocks = SIZE_MAX;

    for (unsigned i = 0; i < lanes; i++) {
        if (!s->lane[i].is_busy)
            continue;
        some = s->at[i];
        if (s->lane[i].blocks < blocks)
            blocks = s->lane[i].blocks;
    }
    for (unsigned i = 0; s->busy < lanes && i < lanes; i++)
        if (!s->lane[i].is_busy)
            s->at[i] = some;
    s->kernel->compress(&s->state, s->at, blocks);
    for (unsigned i = 0; i < lanes; i++) {
        struct lane *l = &s->lane[i];

        if (!l->is_busy)
            continue;
        s->at[i] += blocks * s->kernel->block;
        l->blocks -= blocks;
        if (l->blocks == 0)
            lane_next(s, i);
    }
}

/* All lanes hash the prefix's whole blocks; the first lane's state starts every message. */
static void prefix_take(struct lanes *s)
{
    size_t blocks = s->prefix.n / s->kernel->block;

    s->held = s->prefix.n % s->kernel->block;
    if (blocks == 0)
        return;
    for (unsigned i = 0; i < s->kernel->lanes; i++) {
        state_put(s, i);
        s->at[i] = s->prefix.p;
    }
    s->kernel->compress(&s->state, s->at, blocks);
    for (unsigned r = 0; r < 8 && is_wide(s); r++)
        s->start.w64[r] = s->state.w64[r * s->kernel->lanes];
    for (unsigned r = 0; r < 8 && !is_wide(s); r++)
        s->start.w32[r] = s->state.w32[r * s->kernel->lanes];
}

static void hash_in_lanes(const struct hash_kernel *kernel, uint8_t *out, struct pse_span prefix,
                          const struct pse_span *in, size_t n)
{
    struct lanes s;

    s.kernel = kernel;
    s.in = in;
    s.n = n;
    s.next = 0;
    s.out = out;
    s.prefix = prefix;
    s.busy = 0;
    if (is_wide(&s))
        memcpy(s.start.w64, sha512_start, sizeof sha512_start);
    else
        memcpy(s.start.w32, sha256_start, sizeof sha256_start);
    prefix_take(&s);
    for (unsigned i = 0; i < kernel->lanes; i++) {
        s.lane[i].is_busy = false;
        message_next(&s, i);
    }
    while (s.busy > 0)
        step(&s);
}

/* --- which way -----------------------------------------------------------------------------------
 */

bool pse_hash_way_is_here(enum pse_hash_way way)
{
    switch (way) {
    case PSE_HASH_ONE_BY_ONE: return true;
    case PSE_HASH_AVX512: return hash_has_avx512();
    case PSE_HASH_SHA_NI: return hash_has_sha_ni();
    }
    return false;
}

pse_rc pse_sha256_many_by(enum pse_hash_way way, pse_hash *out, struct pse_span prefix,
                          const struct pse_span *in, size_t n)
{
    if (!pse_hash_way_is_here(way))
        return PSE_E_UNSUPPORTED;
    if (way == PSE_HASH_ONE_BY_ONE)
        sha256_each(out, prefix, in, n);
    else
        hash_in_lanes(way == PSE_HASH_AVX512 ? sha256_avx512 : sha256_ni, (uint8_t *)out, prefix,
                      in, n);
    return PSE_OK;
}

pse_rc pse_sha512_many_by(enum pse_hash_way way, uint8_t (*out)[64], struct pse_span prefix,
                          const struct pse_span *in, size_t n)
{
    if (!pse_hash_way_is_here(way) || way == PSE_HASH_SHA_NI)
        return PSE_E_UNSUPPORTED;
    if (way == PSE_HASH_ONE_BY_ONE)
        sha512_each(out, prefix, in, n);
    else
        hash_in_lanes(sha512_avx512, (uint8_t *)out, prefix, in, n);
    return PSE_OK;
}

/* What is left when all lanes have had the same number of messages: from how many on it fills
 * enough lanes to go that way too. Measured on an AMD EPYC of the fourth generation, where one step
 * of all lanes costs what 1.5 blocks (SHA-512) or 1.6 blocks (SHA-256) cost libsodium, and what 16
 * blocks cost in the two lanes of SHA-NI. */
enum { REST_512 = 2, REST_256 = 2, REST_256_OVER_NI = 13 };

static size_t share_of_lanes(const struct hash_kernel *kernel, size_t n, size_t rest_min)
{
    size_t rest = n % kernel->lanes;

    return rest < rest_min ? n - rest : n;
}

void pse_sha256_many(pse_hash *out, struct pse_span prefix, const struct pse_span *in, size_t n)
{
    bool ni = hash_has_sha_ni();
    size_t done = 0;

    if (hash_has_avx512())
        done = share_of_lanes(sha256_avx512, n, ni ? REST_256_OVER_NI : REST_256);
    if (done > 0)
        hash_in_lanes(sha256_avx512, (uint8_t *)out, prefix, in, done);
    if (ni && n - done > 1)
        hash_in_lanes(sha256_ni, (uint8_t *)(out + done), prefix, in + done, n - done);
    else if (n > done)
        sha256_each(out + done, prefix, in + done, n - done);
}

void pse_sha512_many(uint8_t (*out)[64], struct pse_span prefix, const struct pse_span *in,
                     size_t n)
{
    size_t done = hash_has_avx512() ? share_of_lanes(sha512_avx512, n, REST_512) : 0;

    if (done > 0)
        hash_in_lanes(sha512_avx512, (uint8_t *)out, prefix, in, done);
    if (n > done)
        sha512_each(out + done, prefix, in + done, n - done);
}
