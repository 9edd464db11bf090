/* Exponential ElGamal under the trustees' joint key Y (protocol 6, 8).
 *
 * A ciphertext is a pair (A, B) = (r G, M + r Y); arrays of ciphertexts are two arrays of points,
 * on the wire A || B for each. Decryption is in decrypt.h. */
#ifndef PSE_CRYPTO_ELGAMAL_H
#define PSE_CRYPTO_ELGAMAL_H

#include "group/group.h"

enum { PSE_CIPHERTEXT_SIZE = 64 };

/** The joint key of one election, ready for use: every proof of ballots, shuffles and checks binds
 * both the eid and Y. Read-only after pse_joint_init, shareable by threads. */
struct pse_joint {
    const struct pse_group *g;
    pse_hash eid;
    pse_enc enc; /* Y as published */
    pse_point y;
    struct pse_table *table; /* multiples of Y, for provers */
};

/** PSE_E_ENCODING: @p y is not canonical or is the identity. PSE_E_MEMORY. On failure *j is zero.
 */
PSE_MUST pse_rc pse_joint_init(struct pse_joint *j, const struct pse_group *g, const pse_hash *eid,
                               const uint8_t y[32]);
/** Safe on a zeroed struct. */
void pse_joint_clear(struct pse_joint *j);

/** A[i] = r[i] G, B[i] = M[i] + r[i] Y. Constant time. @p b may be @p m. */
void pse_elgamal_encrypt(const struct pse_joint *j, pse_point *a, pse_point *b, const pse_point *m,
                         const pse_secret *r, size_t n);
/** The same for M[i] = v[i] G. */
void pse_elgamal_encrypt_values(const struct pse_joint *j, pse_point *a, pse_point *b,
                                const pse_secret *v, const pse_secret *r, size_t n);
/** (A, B)[i] += (s[i] G, s[i] Y). Constant time. @p mask: room for n points, wiped by the owner. */
void pse_elgamal_reencrypt(const struct pse_joint *j, pse_point *a, pse_point *b, pse_point *mask,
                           const pse_secret *s, size_t n);

/** Interleave A[i], B[i] into @p out: 64 n bytes A || B each. */
void pse_elgamal_encode(const struct pse_group *g, uint8_t *out, const pse_point *a,
                        const pse_point *b, size_t n);

#endif
