/* Room group: ristretto255 (RFC 9496), its scalars, and hashing into it. Arrays, not points.
 *
 * For: decoding, encoding, adding and multiplying *lists* of group elements, and sums of products
 * of any length. Every function takes arrays (n may be 1, and 0 unless said otherwise): eight
 * independent points at once is what a vector processor does well, so no interface takes one point
 * at a time. Not for: proofs, keys, protocols (room crypto).
 *
 * A `struct pse_group` is a context: the field back-end chosen at run time, the threads to use, and
 * tables of fixed points. It is made once by a program, is read-only afterwards and may be shared
 * by threads. Every back-end gives the same bytes. Points made under one context are used with it
 * only.
 *
 * Timing: constant in secrets (pse_secret, and points computed from them) unless a name ends in
 * _vt, which is for public data only. The protocol's text: docs/protocol.md section 1. */
#ifndef PSE_GROUP_H
#define PSE_GROUP_H

#include "base/base.h"
#include "group/scalar.h"

enum pse_backend {
    PSE_BACKEND_AUTO = 0,
    PSE_BACKEND_PORTABLE, /* 5 limbs of 51 bits, any 64-bit processor */
    PSE_BACKEND_IFMA,     /* 8 lanes of 5 limbs of 51 bits, AVX-512 IFMA */
    PSE_BACKEND_WORD32,   /* 10 limbs of 25.5 bits, for 32-bit targets */
};

/** A 32-byte encoding as it stands in a record: any bytes, not yet looked at. */
typedef struct pse_enc {
    uint8_t b[32];
} pse_enc;

/** A decoded group element. Opaque; its representation belongs to the context's back-end. */
typedef struct pse_point {
    _Alignas(32) uint64_t v[20];
} pse_point;

struct pse_group;
struct pse_table;

/** May the identity appear? The protocol's P forbids it, P0 allows it. */
enum pse_identity { PSE_IDENTITY_FORBIDDEN, PSE_IDENTITY_ALLOWED };

/** Make a context on @p pool's threads (NULL: this thread only; the pool must outlive the context).
 * PSE_E_UNSUPPORTED when this build or processor does not have @p backend. */
PSE_MUST pse_rc pse_group_new(struct pse_group **g, enum pse_backend backend,
                              struct pse_pool *pool);
/** NULL is fine. */
void pse_group_free(struct pse_group *g);
/** "portable", "ifma", …: what really runs. */
const char *pse_group_backend_name(const struct pse_group *g);
/** The pool the context was made with (may be NULL). */
struct pse_pool *pse_group_pool(const struct pse_group *g);

/** "auto", "portable", "ifma", "word32" to the enum; PSE_E_SYNTAX for other words. */
PSE_MUST pse_rc pse_backend_parse(enum pse_backend *backend, const char *name);

/** G of RFC 9496, and the protocol's second generator H = h2g("generator", "H"). */
const pse_point *pse_group_base(const struct pse_group *g);
const pse_point *pse_group_h(const struct pse_group *g);

/* --- encoding ------------------------------------------------------------------------------- */

/** Decode each of @p n encodings. ok[i] = 1 and out[i] valid where in[i] is the canonical encoding
 * of an allowed element; else ok[i] = 0 and out[i] the identity. Returns true iff all are ok.
 * Constant time in the values. @p ok may be NULL. */
bool pse_point_decode_each(const struct pse_group *g, pse_point *out, uint8_t *ok,
                           const pse_enc *in, size_t n, enum pse_identity identity);

/** Decode all or fail: PSE_E_ENCODING, with the index of the first bad one in *bad (may be NULL)
 * and
 * @p out all identity. */
PSE_MUST pse_rc pse_point_decode(const struct pse_group *g, pse_point *out, size_t *bad,
                                 const pse_enc *in, size_t n, enum pse_identity identity);

/** The canonical encodings. */
void pse_point_encode(const struct pse_group *g, pse_enc *out, const pse_point *in, size_t n);
/** The encodings of 2 in[i], at a quarter of the price: an inversion for many in the place of a
 * square root each. For who can halve its scalars first (pse_secret_halve). */
void pse_point_encode_double(const struct pse_group *g, pse_enc *out, const pse_point *in,
                             size_t n);

enum { PSE_AFFINE_SIZE = 64 };

/** Coordinates x and y, 32 bytes each: for points that a program keeps for itself and will want
 * back without a square root, under any back-end. Not an encoding: one element has many, and what
 * is read is not checked, so never for bytes of others. Constant time. */
void pse_point_to_affine(uint8_t (*out)[PSE_AFFINE_SIZE], const pse_point *in, size_t n);
void pse_point_from_affine(pse_point *out, const uint8_t (*in)[PSE_AFFINE_SIZE], size_t n);

/* --- adding and comparing ------------------------------------------------------------------- */

void pse_point_identity(const struct pse_group *g, pse_point *out, size_t n);
void pse_point_add(const struct pse_group *g, pse_point *out, const pse_point *a,
                   const pse_point *b, size_t n);
void pse_point_sub(const struct pse_group *g, pse_point *out, const pse_point *a,
                   const pse_point *b, size_t n);
void pse_point_neg(const struct pse_group *g, pse_point *out, const pse_point *in, size_t n);
/** One point: the sum of @p n (n = 0: identity). */
void pse_point_sum(const struct pse_group *g, pse_point *out, const pse_point *in, size_t n);
/** Equality as group elements (of cosets, not of coordinates). */
bool pse_point_is_equal(const struct pse_group *g, const pse_point *a, const pse_point *b);
bool pse_point_is_identity(const struct pse_group *g, const pse_point *a);

/* --- multiplying ---------------------------------------------------------------------------- */

/** out[i] = k[i] G. Constant time. */
void pse_point_mul_base(const struct pse_group *g, pse_point *out, const pse_secret *k, size_t n);
/** out[i] = k[i] P[i]. Constant time in k and P. out may be P. */
void pse_point_mul(const struct pse_group *g, pse_point *out, const pse_secret *k,
                   const pse_point *p, size_t n);
/** out[i] = k P[i], one secret for all (decryption shares). Constant time. out may be P. */
void pse_point_mul_one(const struct pse_group *g, pse_point *out, const pse_secret *k,
                       const pse_point *p, size_t n);
/** out[i] = k[i] P[i], public scalars. */
void pse_point_mul_vt(const struct pse_group *g, pse_point *out, const pse_scalar *k,
                      const pse_point *p, size_t n);

/** Precomputed multiples of one point that many secrets will multiply (the joint key, H). */
PSE_MUST pse_rc pse_table_new(struct pse_table **t, const struct pse_group *g,
                              const pse_point *base);
void pse_table_free(struct pse_table *t);
/** out[i] = k[i] T. Constant time in k. */
void pse_table_mul(const struct pse_group *g, pse_point *out, const struct pse_table *t,
                   const pse_secret *k, size_t n);

/** One point: Σ k[i] P[i], public (Straus for short sums, Pippenger for long ones; scalars below
 * 2^128 cost half; the worst case of chosen scalars is bounded). n = 0 gives the identity.
 * PSE_E_MEMORY: no room for buckets. */
PSE_MUST pse_rc pse_msm_vt(const struct pse_group *g, pse_point *out, const pse_scalar *k,
                           const pse_point *p, size_t n);
/** One point: Σ k[i] P[i], constant time in k and P. Dearer than the other by a factor of a few. */
PSE_MUST pse_rc pse_msm(const struct pse_group *g, pse_point *out, const pse_secret *k,
                        const pse_point *p, size_t n);

/* --- hashing -------------------------------------------------------------------------------- */

/** The one-way map of RFC 9496 4.3.4 on each of @p n 64-byte uniform strings. Constant time. */
void pse_point_from_uniform(const struct pse_group *g, pse_point *out, const uint8_t (*uniform)[64],
                            size_t n);
/** expand_message_xmd of RFC 9380 with SHA-512 to 64 bytes, DST = "psephos/1/" || tag.
 * @p tag at most 200 bytes. */
void pse_h2g_expand(uint8_t uniform[64], const char *tag, struct pse_span msg);
/** h2g(tag, msg[i]) of section 1 for each of @p n messages. */
void pse_h2g(const struct pse_group *g, pse_point *out, const char *tag, const struct pse_span *msg,
             size_t n);
/** The commitment generators H_first … H_(first+n-1), first >= 1. */
void pse_generators(const struct pse_group *g, pse_point *out, uint32_t first, size_t n);

#endif
