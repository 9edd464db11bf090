/* What prover and verifier of a shuffle share: the proof's layout and transcript. Private. */
#ifndef PSE_CRYPTO_SHUFFLE_PARTS_H
#define PSE_CRYPTO_SHUFFLE_PARTS_H

#include "crypto/permute.h"
#include "crypto/shuffle.h"

/* Byte offsets in a proof blob. */
struct shuffle_layout {
    size_t c;
    size_t chain; /* ĉ */
    size_t t_hat;
    size_t t; /* t1 t2 t3 (t4a_k t4b_k)... */
    size_t s_hat;
    size_t s_prime;
    size_t s; /* s1 s2 s3 s4_k... */
    size_t size;
    size_t list; /* length of the lists */
    size_t t_n;  /* 3 + 2 w */
    size_t s_n;  /* 3 + w */
};

struct shuffle_layout shuffle_layout_of(uint32_t rows, unsigned width);

/* τ up to c_1..c_N (@p c: 32 N bytes), and h1. */
void shuffle_transcript(pse_transcript *t, uint8_t h1[64], const struct pse_joint *joint,
                        const struct pse_shuffle *shuffle, const uint8_t *c);
/* The short challenge, from the announcements in @p proof. */
void shuffle_challenge(pse_scalar *c, pse_transcript *t, const struct shuffle_layout *l,
                       const uint8_t *proof);

/* A prepared row, width w:
 *     r  R  T  s_1 .. s_w        secrets
 *     r G  R/2 G  T/2 G  (s_k G  s_k Y)...   affine coordinates
 * where R is to be R_j and T the factor of G in t̂_j: uniform both, so q_j and ω̂_j can follow. */
struct prepared_layout {
    size_t secrets; /* 3 + w */
    size_t points;  /* 3 + 2 w */
    size_t size;
};

enum { PREPARED_R, PREPARED_CHAIN, PREPARED_HAT, PREPARED_S };

struct prepared_layout prepared_layout_of(unsigned width);
static inline unsigned prepared_width(const struct pse_shuffle_options *options, unsigned width)
{
    return options->prepared_width == 0 ? width : options->prepared_width;
}
/* Secret or points number @p index of @p n rows from row @p from on. */
PSE_MUST pse_rc prepared_secrets(pse_secret *to, struct pse_span rows, unsigned width, size_t from,
                                 size_t n, unsigned index);
void prepared_points(pse_point *to, struct pse_span rows, unsigned width, size_t from, size_t n,
                     unsigned index);

/* pse_shuffle_prove, the permutation being made; in.n is right (PSE_REQUIRE). random->keys is not
 * looked at; r and s of prepared rows are in it, and the rows are well formed. */
PSE_MUST pse_rc shuffle_prove_permuted(const struct pse_joint *joint, struct pse_shuffle *shuffle,
                                       uint8_t *out, uint8_t *proof, struct pse_span in,
                                       const struct pse_shuffle_random *random,
                                       const struct permutation *psi,
                                       const struct pse_shuffle_options *options);

#endif
