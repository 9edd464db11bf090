/* Transcripts (protocol 1.1): how every challenge and identifier of psephos/1 is hashed.
 *
 * A transcript is absorbed in pieces and never held in memory as a whole. Not for: tree hashes and
 * role signatures, which do not use transcripts. Constant time in what is absorbed. */
#ifndef PSE_CRYPTO_TRANSCRIPT_H
#define PSE_CRYPTO_TRANSCRIPT_H

#include "codec/codec.h"
#include "group/group.h"

/** A plain value: copy it to branch, wipe it if something secret went in. */
typedef struct pse_transcript {
    pse_sha512_stream sha;
    uint64_t due; /* bytes promised to absorb_begin and not yet given */
} pse_transcript;

/** T(type): "psephos/1", @p type and @p eid absorbed. */
void pse_transcript_init(pse_transcript *t, const char *type, const pse_hash *eid);
/** The empty transcript M of 1.1, nothing absorbed. */
void pse_transcript_empty(pse_transcript *t);
/** absorb(x). n < 2^32. */
void pse_transcript_absorb(pse_transcript *t, const void *x, size_t n);
/** absorb(x) with x in parts: the length first (< 2^32), then parts that add up to it. The next
 * absorb or squeeze before the last part is a broken promise (PSE_REQUIRE). */
void pse_transcript_absorb_begin(pse_transcript *t, uint64_t n);
void pse_transcript_absorb_part(pse_transcript *t, const void *x, size_t n);
/** squeeze(): the hash, which also stays behind as the start of what follows. */
void pse_transcript_squeeze(pse_transcript *t, uint8_t h[64]);
/** scalar(squeeze()) and short(squeeze()). */
void pse_transcript_challenge(pse_transcript *t, pse_scalar *c);
void pse_transcript_challenge_short(pse_transcript *t, pse_scalar *c);
void pse_transcript_wipe(pse_transcript *t);

/** What a hash or proof is about: type; x[0]; x[1]; … in the notation of 1.1. Borrowed. */
struct pse_statement {
    const char *type;
    const pse_hash *eid;
    const struct pse_span *x;
    size_t n;
};

/** T(type; x…), ready for more. */
void pse_statement_begin(pse_transcript *t, const struct pse_statement *s);
/** Q(type; x…) = squeeze of T(type; x…). */
void pse_statement_hash(uint8_t h[64], const struct pse_statement *s);
/** C(type; x…) = scalar(Q(type; x…)). */
void pse_statement_scalar(pse_scalar *c, const struct pse_statement *s);

/** weights(h), the range [first, first + n); many at a time cost several times less than one by
 * one. @p h is public. */
void pse_weights(pse_scalar *w, const uint8_t h[64], uint64_t first, size_t n);

#endif
