/* mini_log NAME COMMAND…: a log of small known leaves, to try witnesses with.
 *   vkey                       its key
 *   origin                     SHA-256 of its name, in hexadecimal
 *   request OLD SIZE [fork]    the body of an add-checkpoint; fork: of another history
 *   race URL COUNT AT_ONCE     so many add-checkpoints, so many at a time; fails when a size falls
 * The leaves, and so all roots, are the same in every run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "merkle/merkle.h"
#include "net/fetch.h"

enum { DEPTH = 14, LEAVES = 1 << DEPTH };

static pse_hash level[DEPTH + 1][LEAVES];
static pse_seed seed = {{77}};
static struct pse_vkey key;

static void grow(bool fork)
{
    for (uint32_t i = 0; i < LEAVES; i++) {
        uint32_t x = fork && i == 1 ? UINT32_MAX : i;

        pse_tree_leaf(&level[0][i], pse_span(&x, sizeof x));
    }
    for (unsigned l = 0; l < DEPTH; l++)
        for (size_t i = 0; i < (size_t)LEAVES >> (l + 1); i++)
            pse_tree_node(&level[l + 1][i], &level[l][2 * i], &level[l][2 * i + 1]);
}

static pse_rc source(void *ctx, pse_hash *out, unsigned l, uint64_t index)
{
    (void)ctx;
    *out = level[l][index];
    return PSE_OK;
}

static pse_hash root_of(uint64_t size)
{
    struct pse_tree t;
    pse_hash root;
    uint64_t done = 0;

    pse_tree_init(&t);
    for (unsigned l = DEPTH + 1; l-- > 0;) {
        if ((size >> l & 1) == 0)
            continue;
        t.peak[t.n++] = level[l][done >> l];
        done += UINT64_C(1) << l;
    }
    t.size = size;
    pse_tree_head(&root, &t);
    return root;
}

static void put_request(struct pse_buf *b, uint64_t old, uint64_t size)
{
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);
    struct pse_tree_proof proof = {.n = 0};
    pse_hash root = root_of(size);

    if (old <= size)
        PSE_REQUIRE(pse_tree_consistency(&proof, old, size, source, NULL) == PSE_OK);
    pse_checkpoint_put(&note, size, &root, &key, &seed);
    pse_add_checkpoint_put(b, old, &proof, pse_buf_span(&note));
    pse_buf_free(&note);
}

/* --- racing -------------------------------------------------------------------------------------
 */

struct racer {
    struct pse_rng rng;
    struct pse_fetcher *f;
    char url[PSE_FETCH_URL_MAX];
    uint64_t left;    /* requests to send */
    uint64_t highest; /* size of any answer so far */
    uint64_t good;
    uint64_t conflicts;
    uint64_t other;
    uint64_t fallen;
};

struct request {
    struct racer *r;
    uint64_t floor; /* no answer to what is sent now may be below */
    uint64_t size;
};

static void send_one(struct racer *r);

static void on_answer(void *ctx, struct pse_fetched *got)
{
    struct request *q = ctx;
    struct racer *r = q->r;
    uint64_t size = q->size;

    if (got->rc == PSE_OK && got->status == 200) {
        r->good++;
    } else if (got->rc == PSE_OK && got->status == 409 &&
               pse_tree_size_read(&size, pse_buf_span(&got->body)) == PSE_OK) {
        r->conflicts++;
    } else {
        fprintf(stderr, "mini_log: status %u (%s)\n", got->status, got->why);
        r->other++;
        size = q->floor;
    }
    r->fallen += size < q->floor;
    if (size > r->highest)
        r->highest = size;
    free(q);
    send_one(r);
}

static void send_one(struct racer *r)
{
    struct pse_buf body = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
    struct request *q;
    struct pse_fetch want;

    if (r->left == 0)
        return;
    r->left--;
    q = calloc(1, sizeof *q);
    PSE_REQUIRE(q != NULL);
    q->r = r;
    q->floor = r->highest;
    q->size = r->highest + pse_rng_below(&r->rng, 4);
    if (q->size > LEAVES)
        q->size = LEAVES;
    put_request(&body, r->highest, q->size);
    want = (struct pse_fetch){.url = r->url,
                              .post = true,
                              .body = pse_buf_span(&body),
                              .max = PSE_COSIGNED_MAX,
                              .deadline_ms = 20000};
    PSE_REQUIRE(pse_fetch_start(r->f, &want, on_answer, q) == PSE_OK);
    pse_buf_free(&body);
}

static int race(const char *url, uint64_t count, uint64_t at_once)
{
    static struct racer r;
    struct timespec a;
    struct timespec b;
    double seconds;

    pse_rng_init(&r.rng, seed.b);
    r.left = count;
    (void)snprintf(r.url, sizeof r.url, "%s/add-checkpoint", url);
    PSE_REQUIRE(pse_fetcher_new(&r.f, (unsigned)at_once) == PSE_OK);
    (void)clock_gettime(CLOCK_MONOTONIC, &a);
    for (uint64_t i = 0; i < at_once; i++)
        send_one(&r);
    while (pse_fetch_pending(r.f) > 0)
        PSE_REQUIRE(pse_fetch_wait(r.f, 1000) == PSE_OK);
    (void)clock_gettime(CLOCK_MONOTONIC, &b);
    pse_fetcher_free(r.f);
    seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    printf("good %llu conflicts %llu other %llu fallen %llu size %llu rate %.0f\n",
           (unsigned long long)r.good, (unsigned long long)r.conflicts, (unsigned long long)r.other,
           (unsigned long long)r.fallen, (unsigned long long)r.highest, (double)count / seconds);
    return r.fallen > 0 || r.other > 0 || r.good == 0;
}

static uint64_t number(const char *text)
{
    uint64_t x;

    if (pse_decimal_decode(&x, pse_span_str(text)) != PSE_OK || x > LEAVES) {
        fprintf(stderr, "mini_log: '%s' is no number up to %d\n", text, LEAVES);
        exit(2);
    }
    return x;
}

int main(int argc, char **argv)
{
    struct pse_buf out = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
    pse_edkey public;
    pse_hash hash;

    if (argc < 3)
        return 2;
    grow(argc > 5 && strcmp(argv[5], "fork") == 0);
    pse_ed25519_public(&public, &seed);
    if (pse_vkey_make(&key, pse_span_str(argv[1]), PSE_SIG_ED25519, &public) != PSE_OK)
        return 2;
    if (strcmp(argv[2], "race") == 0 && argc == 6)
        return race(argv[3], number(argv[4]), number(argv[5]));
    if (strcmp(argv[2], "vkey") == 0) {
        pse_vkey_put(&out, &key);
    } else if (strcmp(argv[2], "origin") == 0) {
        pse_sha256(&hash, key.name);
        pse_hex_put(&out, hash.b, sizeof hash.b);
    } else if (strcmp(argv[2], "request") == 0 && argc >= 5) {
        put_request(&out, number(argv[3]), number(argv[4]));
    } else {
        return 2;
    }
    (void)fwrite(out.p, 1, out.n, stdout);
    pse_buf_free(&out);
    return 0;
}
