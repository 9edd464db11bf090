#include "net/bucket.h"

#include <stdlib.h>

struct slot {
    uint64_t key;  /* 0: free */
    uint64_t full; /* when all of the burst is there again */
};

struct pse_buckets {
    uint64_t seed;
    struct slot slot[PSE_BUCKET_SLOTS];
};

pse_rc pse_buckets_new(struct pse_buckets **out, uint64_t seed)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return PSE_E_MEMORY;
    (*out)->seed = seed;
    return PSE_OK;
}

void pse_buckets_free(struct pse_buckets *b)
{
    free(b);
}

/* A bijection that spreads every bit (two multiplications with xor-shifts between). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

static struct slot *find(struct pse_buckets *b, uint64_t key)
{
    uint64_t place = mix(mix(key ^ b->seed) + b->seed);
    struct slot *one = &b->slot[place % PSE_BUCKET_SLOTS];
    struct slot *two = &b->slot[(place >> 32) % PSE_BUCKET_SLOTS];
    struct slot *older = one->full <= two->full ? one : two;

    if (one->key == key)
        return one;
    if (two->key == key)
        return two;
    *older = (struct slot){.key = key};
    return older;
}

bool pse_bucket_take(struct pse_buckets *b, uint64_t key, const struct pse_bucket_rate *rate,
                     uint64_t now_us)
{
    struct slot *s;
    uint64_t full;

    if (rate->each_us == 0)
        return true;
    s = find(b, key == 0 ? 1 : key);
    full = (s->full > now_us ? s->full : now_us) + rate->each_us;
    if (full - now_us > rate->each_us * rate->burst)
        return false;
    s->full = full;
    return true;
}
