#include <sodium.h>

#include "codec/cursor.h"
#include "codec/hash_many.h"
#include "group/group.h"

#define DST_PREFIX "psephos/1/"

enum {
    TAG_MAX = 200,      /* the prefix and a tag fit the one length byte of DST_prime */
    SHA512_BLOCK = 128, /* Z_pad of RFC 9380 5.3.1 */
    BLOCK = 64,         /* messages expanded at a time */
    DST_PRIME_MAX = sizeof DST_PREFIX + TAG_MAX,
    GENERATOR_MESSAGE = 5, /* 'h' and u32 j */
};

static const uint8_t z_pad[SHA512_BLOCK];
static const uint8_t length_and_zero[3] = {0, 64, 0};
static const uint8_t first_block = 1;

/* DST_prime; returns its length. */
static size_t dst_prime(uint8_t dst[DST_PRIME_MAX], const char *tag)
{
    size_t tag_length = strlen(tag);
    size_t dst_length = sizeof DST_PREFIX - 1 + tag_length;

    PSE_REQUIRE(tag_length <= TAG_MAX);
    memcpy(dst, DST_PREFIX, sizeof DST_PREFIX - 1);
    memcpy(dst + sizeof DST_PREFIX - 1, tag, tag_length);
    dst[dst_length] = (uint8_t)dst_length;
    return dst_length + 1;
}

/* RFC 9380 5.3.1 for 64 bytes out: one block of SHA-512, so b_1 is all of it. */
void pse_h2g_expand(uint8_t uniform[64], const char *tag, struct pse_span msg)
{
    uint8_t dst[DST_PRIME_MAX];
    size_t dst_length = dst_prime(dst, tag);
    crypto_hash_sha512_state sha;

    crypto_hash_sha512_init(&sha);
    crypto_hash_sha512_update(&sha, z_pad, sizeof z_pad);
    crypto_hash_sha512_update(&sha, msg.p, msg.n);
    crypto_hash_sha512_update(&sha, length_and_zero, sizeof length_and_zero);
    crypto_hash_sha512_update(&sha, dst, dst_length);
    crypto_hash_sha512_final(&sha, uniform);

    crypto_hash_sha512_init(&sha);
    crypto_hash_sha512_update(&sha, uniform, 64);
    crypto_hash_sha512_update(&sha, &first_block, 1);
    crypto_hash_sha512_update(&sha, dst, dst_length);
    crypto_hash_sha512_final(&sha, uniform);
}

struct h2g_job {
    const struct pse_group *g;
    pse_point *out;
    const char *tag;
    const struct pse_span *msg; /* NULL: the commitment generators from number first */
    uint32_t first;
    size_t n;
};

/* pse_h2g_expand for generators first .. first + n - 1, n <= BLOCK, all hashed together: Z_pad, a
 * block of SHA-512 of its own, once; then one block for b_0 and one for b_1 of each. */
static void expand_generators(uint8_t (*uniform)[64], uint32_t first, size_t n)
{
    uint8_t message[BLOCK][64 + 1 + sizeof DST_PREFIX + sizeof "generator"];
    struct pse_span in[BLOCK] = {{NULL, 0}};
    uint8_t dst[DST_PRIME_MAX];
    size_t dst_length = dst_prime(dst, "generator");

    for (size_t i = 0; i < n; i++) {
        message[i][0] = 'h';
        pse_store_u32(message[i] + 1, first + (uint32_t)i);
        memcpy(message[i] + GENERATOR_MESSAGE, length_and_zero, sizeof length_and_zero);
        memcpy(message[i] + GENERATOR_MESSAGE + sizeof length_and_zero, dst, dst_length);
        in[i] = pse_span(message[i], GENERATOR_MESSAGE + sizeof length_and_zero + dst_length);
    }
    pse_sha512_many(uniform, pse_span(z_pad, sizeof z_pad), in, n);
    for (size_t i = 0; i < n; i++) {
        memcpy(message[i], uniform[i], 64);
        message[i][64] = first_block;
        memcpy(message[i] + 65, dst, dst_length);
        in[i] = pse_span(message[i], 65 + dst_length);
    }
    pse_sha512_many(uniform, pse_span(NULL, 0), in, n);
}

static void h2g_task(void *ctx, size_t index, unsigned worker)
{
    const struct h2g_job *job = ctx;
    size_t at = index * BLOCK;
    size_t n = job->n - at < BLOCK ? job->n - at : BLOCK;
    uint8_t uniform[BLOCK][64];

    (void)worker;
    if (job->msg == NULL)
        expand_generators(uniform, job->first + (uint32_t)at, n);
    for (size_t i = 0; i < n && job->msg != NULL; i++)
        pse_h2g_expand(uniform[i], job->tag, job->msg[at + i]);
    pse_point_from_uniform(job->g, job->out + at, (const uint8_t(*)[64])uniform, n);
}

static void h2g_run(struct h2g_job *job)
{
    pse_pool_run(pse_group_pool(job->g), h2g_task, job, (job->n + BLOCK - 1) / BLOCK);
}

void pse_h2g(const struct pse_group *g, pse_point *out, const char *tag, const struct pse_span *msg,
             size_t n)
{
    struct h2g_job job = {.g = g, .out = out, .tag = tag, .msg = msg, .n = n};

    if (n > 0)
        h2g_run(&job);
}

void pse_generators(const struct pse_group *g, pse_point *out, uint32_t first, size_t n)
{
    struct h2g_job job = {.g = g, .out = out, .first = first, .n = n};

    PSE_REQUIRE(first >= 1 && n <= UINT32_MAX - first);
    h2g_run(&job);
}
