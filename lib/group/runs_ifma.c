#include "group/runs_ifma.h"

#include <string.h>

/* Twice the average bucket: chance alone does not make a bucket so long. */
static uint32_t length_max(size_t n, uint32_t buckets)
{
    return RUNS_LENGTH_MIN + 2 * (uint32_t)(n / buckets);
}

/* Pieces beyond one a bucket are all of the greatest length but one. */
static size_t runs_max(size_t n, uint32_t buckets)
{
    return RUNS_WINDOWS * (buckets + n / length_max(n, buckets));
}

size_t pse_runs_points(size_t n, uint32_t buckets)
{
    return runs_max(n, buckets);
}

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* The next @p bytes of a space that is measured (NULL) or given out. */
static void *piece(uint8_t **space, size_t *used, size_t bytes)
{
    void *p = *space == NULL ? NULL : *space + *used;

    *used += rounded(bytes);
    return p;
}

static size_t place(struct runs *r, uint8_t *space)
{
    size_t most = runs_max(r->n, r->buckets);
    size_t used = 0;

    r->digit = piece(&space, &used, sizeof *r->digit * r->windows * ((r->n + 7) / 8 * 8));
    r->order = piece(&space, &used, sizeof *r->order * (r->windows * r->n + RUNS_AHEAD));
    r->count = piece(&space, &used, sizeof *r->count * r->windows * r->buckets);
    r->next = piece(&space, &used, sizeof *r->next * (r->buckets + 1));
    r->next_length =
        piece(&space, &used, sizeof *r->next_length * (length_max(r->n, r->buckets) + 1));
    r->run = piece(&space, &used, sizeof *r->run * most);
    r->unsorted = piece(&space, &used, sizeof *r->unsorted * most);
    r->split = piece(&space, &used, sizeof *r->split * most);
    return used;
}

size_t pse_runs_size(size_t n, uint32_t buckets)
{
    struct runs r = {.n = n, .windows = RUNS_WINDOWS, .buckets = buckets};

    return place(&r, NULL);
}

void pse_runs_place(struct runs *r, void *space)
{
    (void)place(r, space);
}

static void window_sort(struct runs *r, unsigned window)
{
    const uint16_t *digit = r->digit + window * ((r->n + 7) / 8 * 8);
    uint32_t *order = r->order + window * r->n;
    uint32_t *count = r->count + (size_t)window * r->buckets;
    uint32_t at = 0;

    memset(r->next, 0, sizeof *r->next * (r->buckets + 1));
    for (size_t i = 0; i < r->n; i++)
        r->next[digit[i] >> 1]++;
    memcpy(count, r->next + 1, sizeof *count * r->buckets);
    for (uint32_t b = 0; b < r->buckets; b++) {
        r->next[b + 1] = at;
        at += count[b];
    }
    for (size_t i = 0; i < r->n; i++) {
        if (digit[i] >= 2)
            order[r->next[digit[i] >> 1]++] = (uint32_t)i << 1 | (digit[i] & 1);
    }
    memset(order + at, 0, sizeof *order * (r->n - at));
}

static void bucket_cut(struct runs *r, uint32_t bucket, uint32_t at, uint32_t count, uint32_t most)
{
    uint32_t sum = bucket;

    if (count > most)
        r->split[r->splits++] =
            (struct split){.bucket = bucket, .more = r->points, .pieces = (count - 1) / most + 1};
    while (count > 0) {
        uint32_t length = count < most ? count : most;

        r->unsorted[r->runs++] = (struct run){.at = at, .length = length, .sum = sum};
        at += length;
        count -= length;
        if (count > 0)
            sum = r->points++;
    }
}

static void runs_cut(struct runs *r, uint32_t most)
{
    r->runs = r->splits = 0;
    r->points = r->windows * r->buckets;
    for (unsigned w = 0; w < r->windows; w++) {
        const uint32_t *count = r->count + (size_t)w * r->buckets;
        uint32_t at = (uint32_t)(w * r->n);

        for (uint32_t b = 0; b < r->buckets; b++) {
            bucket_cut(r, w * r->buckets + b, at, count[b], most);
            at += count[b];
        }
    }
}

static void runs_by_length(struct runs *r, uint32_t most)
{
    uint32_t *next = r->next_length;
    uint32_t at = 0;

    memset(next, 0, sizeof *next * (most + 1));
    for (size_t i = 0; i < r->runs; i++)
        next[r->unsorted[i].length]++;
    for (uint32_t length = most; length > 0; length--) {
        uint32_t runs = next[length];

        next[length] = at;
        at += runs;
    }
    for (size_t i = 0; i < r->runs; i++)
        r->run[next[r->unsorted[i].length]++] = r->unsorted[i];
}

void pse_runs_sort_vt(struct runs *r)
{
    uint32_t most = length_max(r->n, r->buckets);

    for (unsigned w = 0; w < r->windows; w++)
        window_sort(r, w);
    memset(r->order + r->windows * r->n, 0, sizeof *r->order * RUNS_AHEAD);
    runs_cut(r, most);
    runs_by_length(r, most);
}
