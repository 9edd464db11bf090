/* SHA-256 and SHA-512 (FIPS 180-4), one-shot and streaming: libsodium's, SHA-256 by the processor's
 * own instructions where it has them. Many messages at once: hash_many.h.
 *
 * Plain hashing; transcripts and challenges (protocol 1.1) are built on it in crypto. Time depends
 * on lengths only. A stream that absorbed a secret is wiped with its _wipe. */
#ifndef PSE_CODEC_HASH_H
#define PSE_CODEC_HASH_H

#include <sodium/crypto_hash_sha256.h>
#include <sodium/crypto_hash_sha512.h>

#include "base/base.h"

typedef struct pse_sha256_stream {
    crypto_hash_sha256_state s;
} pse_sha256_stream;

typedef struct pse_sha512_stream {
    crypto_hash_sha512_state s;
} pse_sha512_stream;

void pse_sha256(pse_hash *out, struct pse_span in);
void pse_sha256_init(pse_sha256_stream *h);
void pse_sha256_add(pse_sha256_stream *h, const void *p, size_t n);
/** Digest of all that was added; @p h must be initialised again before further use. */
void pse_sha256_final(pse_hash *out, pse_sha256_stream *h);
void pse_sha256_stream_wipe(pse_sha256_stream *h);

void pse_sha512(uint8_t out[64], struct pse_span in);
void pse_sha512_init(pse_sha512_stream *h);
void pse_sha512_add(pse_sha512_stream *h, const void *p, size_t n);
void pse_sha512_final(uint8_t out[64], pse_sha512_stream *h);
void pse_sha512_stream_wipe(pse_sha512_stream *h);

#endif
