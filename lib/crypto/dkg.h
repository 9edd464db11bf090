/* The trustees' key ceremony (protocol 3): n trustees, threshold t, no dealer.
 *
 * `struct pse_dkg` is the public side: share keys from the manifest, then the commitments of every
 * accepted reveal. Makers write entry bodies, checkers read them; the order of phases, "once per
 * trustee" and the comparison by voice belong to the caller. Trustee indexes are 1..n.
 *
 * Checkers work on public data in variable time; makers are constant time in secrets. */
#ifndef PSE_CRYPTO_DKG_H
#define PSE_CRYPTO_DKG_H

#include "crypto/schnorr.h"

enum {
    PSE_TRUSTEES_MAX = 64,
    PSE_DKG_COMMIT_SIZE = 64,
    PSE_DKG_SHARE_SIZE = 128,     /* R || s' || T || z */
    PSE_DKG_COMPLAINT_SIZE = 129, /* dealer || K || T1 || T2 || z */
    PSE_DKG_CONFIRM_SIZE = 128,   /* Y || V_j || R || z */
};

struct pse_dkg;

/** @p share_keys: n encodings of E_1..E_n. 1 <= t <= n <= 64 (PSE_E_RANGE). PSE_E_ENCODING: a key
 * that is not P. PSE_E_DUPLICATE: two equal keys. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_dkg_new(struct pse_dkg **d, const struct pse_group *g, const pse_hash *eid,
                            unsigned n, unsigned t, const pse_enc *share_keys);
/** NULL is fine. */
void pse_dkg_free(struct pse_dkg *d);
unsigned pse_dkg_trustees(const struct pse_dkg *d);
unsigned pse_dkg_threshold(const struct pse_dkg *d);
/** 32 t + 64 and 128 (n - 1). */
size_t pse_dkg_reveal_size(const struct pse_dkg *d);
size_t pse_dkg_shares_size(const struct pse_dkg *d);

/** Coefficients a_{i,0..t-1} of one trustee's polynomial. Lives until the own share is taken. */
typedef struct pse_dkg_secret {
    unsigned t;
    pse_secret a[PSE_TRUSTEES_MAX];
} pse_dkg_secret;

void pse_dkg_secret_wipe(pse_dkg_secret *s);
void pse_dkg_secret_random(pse_dkg_secret *s, unsigned t, struct pse_rng *rng);

/* --- step 1, 2: reveal and commit ----------------------------------------------------------- */

/** ρ_i, pse_dkg_reveal_size bytes. */
void pse_dkg_reveal_make(const struct pse_dkg *d, uint8_t *body, unsigned i,
                         const pse_dkg_secret *s, const pse_secret *nonce);
/** The commit body of a reveal body; V201 is equality with the one published. */
void pse_dkg_commit(const struct pse_dkg *d, uint8_t digest[PSE_DKG_COMMIT_SIZE], unsigned i,
                    struct pse_span reveal);
/** V202: check trustee i's reveal and remember its commitments. PSE_E_LENGTH, PSE_E_ENCODING,
 * PSE_E_PROOF; PSE_E_STATE if i's are already there. */
PSE_MUST pse_rc pse_dkg_reveal_accept(struct pse_dkg *d, unsigned i, struct pse_span body);

/* --- step 3: shares (all reveals accepted: PSE_REQUIRE) -------------------------------------- */

/** The shares body of dealer i, pse_dkg_shares_size bytes. @p r and @p nonces: n - 1 each, for the
 * receivers in ascending order. */
void pse_dkg_shares_make(const struct pse_dkg *d, uint8_t *body, unsigned i,
                         const pse_dkg_secret *s, const pse_secret *r, const pse_secret *nonces);
/** V203: length, canonical, every proof. PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_PROOF. */
PSE_MUST pse_rc pse_dkg_shares_check(const struct pse_dkg *d, unsigned i, struct pse_span body);
/** Receiver j opens dealer i's share with e_j and checks it against the commitments.
 * PSE_E_MISMATCH: it fails, complain. @p body has passed pse_dkg_shares_check. */
PSE_MUST pse_rc pse_dkg_share_open(const struct pse_dkg *d, pse_secret *share, unsigned i,
                                   unsigned j, const pse_secret *e, struct pse_span body);
/** f_i(j), the dealer's own evaluation. */
void pse_dkg_share_own(pse_secret *share, const pse_dkg_secret *s, unsigned j);

/* --- step 4: complaint ----------------------------------------------------------------------- */

enum pse_dkg_fault { PSE_FAULT_DEALER, PSE_FAULT_COMPLAINANT };

/** Complainant j about dealer i, whose shares body is @p shares. */
void pse_dkg_complaint_make(const struct pse_dkg *d, uint8_t body[PSE_DKG_COMPLAINT_SIZE],
                            unsigned i, unsigned j, const pse_secret *e, struct pse_span shares,
                            const pse_secret *nonce);
/** V204: complaint body of @p j, @p shares the checked body of the dealer it names. PSE_OK and
 * who is at fault; PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_RANGE (dealer), PSE_E_PROOF. */
PSE_MUST pse_rc pse_dkg_complaint_check(const struct pse_dkg *d, enum pse_dkg_fault *fault,
                                        unsigned j, struct pse_span body, struct pse_span shares);

/* --- step 5: keys and confirm (all reveals accepted: PSE_REQUIRE) ----------------------------- */

/** Y = Σ A_{i,0}. PSE_E_RANGE: it is the identity. */
PSE_MUST pse_rc pse_dkg_joint(const struct pse_dkg *d, pse_enc *y);
/** V_j. May be the identity, which no confirm can state. */
void pse_dkg_verification_key(const struct pse_dkg *d, pse_point *point, pse_enc *enc, unsigned j);
/** The confirm body of trustee j with decryption key x. PSE_E_MISMATCH: xG is not V_j; PSE_E_RANGE
 * as pse_dkg_joint. */
PSE_MUST pse_rc pse_dkg_confirm_make(const struct pse_dkg *d, uint8_t body[PSE_DKG_CONFIRM_SIZE],
                                     unsigned j, const pse_secret *x, const pse_secret *nonce);
/** V205: Y and V_j are the computed ones and not the identity. PSE_E_LENGTH, PSE_E_MISMATCH. */
PSE_MUST pse_rc pse_dkg_confirm_check_keys(const struct pse_dkg *d, unsigned j,
                                           struct pse_span body);
/** V206: the proof holds for the V_j stated. PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_PROOF. */
PSE_MUST pse_rc pse_dkg_confirm_check_proof(const struct pse_dkg *d, unsigned j,
                                            struct pse_span body);

#endif
