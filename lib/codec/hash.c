#include "hash.h"

#include "cursor.h"
#include "hash_kernel.h"

/* libsodium's hash functions report nothing but success, and take NULL only with length 0. */

void pse_sha256(pse_hash *out, struct pse_span in)
{
    pse_sha256_stream h;

    pse_sha256_init(&h);
    pse_sha256_add(&h, in.p, in.n);
    pse_sha256_final(out, &h);
}

void pse_sha256_init(pse_sha256_stream *h)
{
    crypto_hash_sha256_init(&h->s);
}

/* Blobs are tens of megabytes in one stream, and libsodium 1.0.18 does not use the processor's own
 * SHA instructions. Where there are any, libsodium's public state is the container only: chaining
 * value, count of bits, and the block in the making. */

static void ni_add(crypto_hash_sha256_state *s, const uint8_t *at, size_t n)
{
    size_t used = s->count / 8 % 64;
    size_t blocks;

    s->count += 8 * (uint64_t)n;
    if (used > 0) {
        size_t take = n < 64 - used ? n : 64 - used;

        memcpy(s->buf + used, at, take);
        if (used + take < 64)
            return;
        sha256_ni_stream(s->state, s->buf, 1);
        at += take;
        n -= take;
    }
    blocks = n / 64;
    sha256_ni_stream(s->state, at, blocks);
    memcpy(s->buf, at + 64 * blocks, n - 64 * blocks);
}

static void ni_final(pse_hash *out, crypto_hash_sha256_state *s)
{
    static const uint8_t padding[64] = {0x80};
    uint8_t bits[8];

    pse_store_u64(bits, s->count);
    ni_add(s, padding, 1 + (119 - s->count / 8 % 64) % 64);
    ni_add(s, bits, sizeof bits);
    for (size_t i = 0; i < 8; i++)
        pse_store_u32(out->b + 4 * i, s->state[i]);
}

void pse_sha256_add(pse_sha256_stream *h, const void *p, size_t n)
{
    if (n == 0)
        return;
    if (hash_has_sha_ni())
        ni_add(&h->s, p, n);
    else
        crypto_hash_sha256_update(&h->s, p, n);
}

void pse_sha256_final(pse_hash *out, pse_sha256_stream *h)
{
    if (hash_has_sha_ni())
        ni_final(out, &h->s);
    else
        crypto_hash_sha256_final(&h->s, out->b);
}

void pse_sha256_stream_wipe(pse_sha256_stream *h)
{
    pse_wipe(h, sizeof *h);
}

void pse_sha512(uint8_t out[64], struct pse_span in)
{
    crypto_hash_sha512(out, in.p, in.n);
}

void pse_sha512_init(pse_sha512_stream *h)
{
    crypto_hash_sha512_init(&h->s);
}

void pse_sha512_add(pse_sha512_stream *h, const void *p, size_t n)
{
    if (n > 0)
        crypto_hash_sha512_update(&h->s, p, n);
}

void pse_sha512_final(uint8_t out[64], pse_sha512_stream *h)
{
    crypto_hash_sha512_final(&h->s, out);
}

void pse_sha512_stream_wipe(pse_sha512_stream *h)
{
    pse_wipe(h, sizeof *h);
}
