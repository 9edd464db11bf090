#include "hash.h"

/* libsodium's hash functions report nothing but success, and take NULL only with length 0. */

void pse_sha256(pse_hash *out, struct pse_span in)
{
    crypto_hash_sha256(out->b, in.p, in.n);
}

void pse_sha256_init(pse_sha256_stream *h)
{
    crypto_hash_sha256_init(&h->s);
}

void pse_sha256_add(pse_sha256_stream *h, const void *p, size_t n)
{
    if (n > 0)
        crypto_hash_sha256_update(&h->s, p, n);
}

void pse_sha256_final(pse_hash *out, pse_sha256_stream *h)
{
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
