/* Shuffles (protocol 8): re-encrypt and permute a list, and prove it.
 *
 * Lists and proofs are bytes as they stand in blobs. Both sides walk them in blocks, so neither
 * ever holds decoded points for a whole list; blocks run on the group's threads.
 *
 * Cost of a row of w ciphertexts. Prover: 2 w + 5 multiplications of fixed bases (2 with prepared
 * rows), 1 + 2 w terms of constant-time sums, 2 w decodings, 2 w + 1 encodings, 2 encodings of
 * doubled points, one generator. Verifier: 4 w + 3 decodings, one generator, 2 + 2 w terms with
 * full scalars (H_j, ĉ_j, a', b') and 2 + 2 w with 128-bit ones (c_i, t̂_j, a, b: weights stay short
 * because those sums are kept apart until the end).
 *
 * Constant time unless asked otherwise: randomness, exponents and the permutation. The permutation
 * is never used as an index: it is a sorting network whose switches are set from random keys, and
 * rows, weights and commitments pass through the switches, all of them, in an order that depends on
 * N alone. */
#ifndef PSE_CRYPTO_SHUFFLE_H
#define PSE_CRYPTO_SHUFFLE_H

#include "crypto/elgamal.h"
#include "crypto/generators.h"
#include "crypto/transcript.h"

enum {
    PSE_SHUFFLE_WIDTH_MAX = 8,
    PSE_SHUFFLE_ROWS_MAX = 1 << 26, /* absorbed concatenations stay below 2^32 bytes */
};

/** The fields of a mix entry that the proof binds. */
struct pse_shuffle {
    uint16_t contest;
    uint16_t group;
    uint8_t seq;
    uint8_t mixer;
    uint8_t width; /* w, 1..8 */
    uint32_t rows; /* N, 1..PSE_SHUFFLE_ROWS_MAX */
    pse_hash in_hash;
    pse_hash out_hash; /* SHA-256 of the output blob; pse_shuffle_prove fills it in */
};

/** How to make a shuffle. All zero: in constant time, with nothing prepared. The bytes made do not
 * depend on it, apart from what is drawn. */
struct pse_shuffle_options {
    /* Variable time: the permutation is applied by index and sums use buckets, so that whoever
     * watches caches, branches or the running time of this machine can learn who is whose. Faster
     * by a third. For a machine that runs nothing else and is nobody else's, and for made-up
     * elections. Products of fixed bases and scalars stay constant in time. */
    bool isolated;
    /* Rows of pse_shuffle_prepare for this joint key, no more than the list has; the list's rows
     * beyond them are made as usual. They must never be used again, whatever is returned. */
    struct pse_span prepared;
    unsigned prepared_width; /* at least the list's; 0: the same */
};

/** 64 N w and 160 N + 192 + 96 w. PSE_E_RANGE: rows or width out of range. */
PSE_MUST pse_rc pse_shuffle_sizes(size_t *list, size_t *proof, uint32_t rows, unsigned width);

/** Shuffle @p in into @p out (same length, no overlap) and write @p proof, all randomness from
 * @p rng and what is prepared; sets shuffle->out_hash, the other fields are inputs. This is what a
 * mixer calls; @p options may be NULL. PSE_E_LENGTH; PSE_E_ENCODING: @p in has a point that is not
 * P; PSE_E_RANGE: prepared rows are not such; PSE_E_MEMORY. On failure out and proof are zeroed. */
PSE_MUST pse_rc pse_shuffle_run(const struct pse_joint *joint, struct pse_shuffle *shuffle,
                                uint8_t *out, uint8_t *proof, struct pse_span in,
                                struct pse_rng *rng, const struct pse_shuffle_options *options);

/** What of a shuffle needs neither the list nor its length: randomness, and its products with G and
 * Y (3 + 2 w of the 5 + 2 w products of a row). Secret: a row and the mix it went into give away
 * where a ballot went. */
size_t pse_shuffle_prepared_size(unsigned width);
/** @p n rows of pse_shuffle_prepared_size(width) bytes each, on the group's threads. width 1..8. */
PSE_MUST pse_rc pse_shuffle_prepare(const struct pse_joint *joint, uint8_t *rows, size_t n,
                                    unsigned width, struct pse_rng *rng);

/** All randomness of one shuffle, for those who must give it (known answers). keys decide the
 * permutation: output row j is the input row with the j-th smallest key (they must differ).
 * Everything else is indexed by output row j, so r[j] is r_{ψ(j)} of the text; s[j w + k] is
 * s_{j,k}. The arrays belong to an arena; pse_shuffle_random_wipe wipes the struct alone. */
typedef struct pse_shuffle_random {
    uint64_t *keys;
    pse_secret *s;
    pse_secret *r;
    pse_secret *q;
    pse_secret *omega_hat;
    pse_secret *omega_prime;
    pse_secret omega[3];
    pse_secret omega4[PSE_SHUFFLE_WIDTH_MAX];
} pse_shuffle_random;

void pse_shuffle_random_wipe(pse_shuffle_random *random);

/** Allocate in @p arena (which wipes) and draw, on this thread. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_shuffle_random_draw(struct pse_shuffle_random *random, struct pse_arena *arena,
                                        uint32_t rows, unsigned width, struct pse_rng *rng);

/** pse_shuffle_run with the given randomness, never to be used twice; nothing may be prepared.
 * PSE_E_DUPLICATE besides: two equal keys, draw again. On failure out and proof are not to be read.
 */
PSE_MUST pse_rc pse_shuffle_prove(const struct pse_joint *joint, struct pse_shuffle *shuffle,
                                  uint8_t *out, uint8_t *proof, struct pse_span in,
                                  const struct pse_shuffle_random *random,
                                  const struct pse_shuffle_options *options);

/** Verdict on one mix: the status of each rule, PSE_OK where it holds. When list or proof fails,
 * equations are skipped and that field is PSE_E_MISSING. */
struct pse_shuffle_verdict {
    pse_rc list;      /* V602: PSE_E_LENGTH, PSE_E_ENCODING (point not canonical, or identity) */
    pse_rc proof;     /* V603: PSE_E_LENGTH, PSE_E_ENCODING */
    pse_rc equations; /* V604: PSE_E_PROOF */
};

/** Check one mix. @p in is the verified earlier list (right length: PSE_REQUIRE; a point in it that
 * does not decode counts against equations). Weights come from @p rng. @p h keeps the generators
 * for the next shuffle; NULL: they are made for this one. Returns PSE_OK when all three hold, else
 * the first that does not; PSE_E_MEMORY leaves all three PSE_E_MISSING. */
PSE_MUST pse_rc pse_shuffle_verify(const struct pse_joint *joint,
                                   struct pse_shuffle_verdict *verdict,
                                   const struct pse_shuffle *shuffle, struct pse_span in,
                                   struct pse_span out, struct pse_span proof, struct pse_rng *rng,
                                   struct pse_generator_list *h);

#endif
