/* SHA-256 and SHA-512 of many independent messages at once.
 *
 * Where the processor can, messages run side by side in the lanes of vector registers; lengths may
 * differ. Every way of computing gives the same bytes. For public messages only (entries, tree
 * nodes, transcripts of what is published): time depends on lengths, and copies of the messages and
 * the digests stay behind on the stack. Secrets go through hash.h. */
#ifndef PSE_CODEC_HASH_MANY_H
#define PSE_CODEC_HASH_MANY_H

#include "base/base.h"

/** out[i] = SHA-256(prefix || in[i]) for n messages. A prefix of whole blocks costs once a call.
 * @p out may not overlap the messages. */
void pse_sha256_many(pse_hash *out, struct pse_span prefix, const struct pse_span *in, size_t n);
/** out[i] = SHA-512(prefix || in[i]), likewise. */
void pse_sha512_many(uint8_t (*out)[64], struct pse_span prefix, const struct pse_span *in,
                     size_t n);

/* ---- for tests and measurements: one way of computing, chosen by hand ---- */

enum pse_hash_way {
    PSE_HASH_ONE_BY_ONE, /* everywhere */
    PSE_HASH_AVX512,     /* 8 lanes of SHA-512, 16 of SHA-256 */
    PSE_HASH_SHA_NI,     /* 2 lanes of SHA-256 */
};

/** Does this processor have it (and this build know that it does)? */
bool pse_hash_way_is_here(enum pse_hash_way way);
/** PSE_E_UNSUPPORTED: not here, or (SHA-NI) not for SHA-512. */
PSE_MUST pse_rc pse_sha256_many_by(enum pse_hash_way way, pse_hash *out, struct pse_span prefix,
                                   const struct pse_span *in, size_t n);
PSE_MUST pse_rc pse_sha512_many_by(enum pse_hash_way way, uint8_t (*out)[64],
                                   struct pse_span prefix, const struct pse_span *in, size_t n);

#endif
