/* Ballot entries: building, parsing, verifying in bulk (protocol 6).
 *
 * For: making a ballot from choices, its tracker and voter code, and checking any number of ballots
 * for the rules that need no log: V401 form, V404 signature, V405 homomorphic proofs, V406 mix
 * proofs. Not for: whether the credential is active, the style its own, the order of ballots or
 * repeats (state).
 *
 * Building is constant time in choices, randomness and d. Verifying is variable time. */
#ifndef PSE_ELECTION_BALLOT_H
#define PSE_ELECTION_BALLOT_H

#include "codec/text.h"
#include "election/plain.h"

/** The fixed fields of a ballot entry; borrows from it. */
struct pse_ballot {
    struct pse_span raw;
    const struct pse_style *style;
    pse_enc credential;
    pse_hash prev;
};

/** Read the fixed fields and check what needs no point: version, eid, known style, exact length,
 * contest ids. Not the whole of V401: points and scalars are looked at by pse_ballots_verify.
 * PSE_E_LENGTH, PSE_E_RANGE (style, contest id), PSE_E_UNSUPPORTED, PSE_E_MISMATCH (eid). */
PSE_MUST pse_rc pse_ballot_parse(struct pse_ballot *out, const struct pse_manifest *m,
                                 struct pse_span raw);

/** Part @p k (position in the style) of a parsed ballot: its first ciphertext; the contest's
 * @c ciphertexts pairs of 64 bytes follow. */
const uint8_t *pse_ballot_part(const struct pse_ballot *b, size_t k);

/* ---- verifying ---- */

enum pse_ballot_fault {
    PSE_BALLOT_V401 = 1,
    PSE_BALLOT_V404 = 2,
    PSE_BALLOT_V405 = 4,
    PSE_BALLOT_V406 = 8,
};

struct pse_ballot_check {
    uint8_t faults; /* enum pse_ballot_fault, 0 = all hold; V401 excludes the others */
    uint8_t tracker[PSE_TRACKER_BYTES]; /* zero if V401 */
    uint16_t style;                     /* index into the manifest's styles; 0 if V401 */
    pse_hash leaf;                      /* always valid */
    pse_hash prev;                      /* zero if V401 */
    pse_enc credential;                 /* zero if V401 */
};

/** Check @p n ballot entries (each has passed V906's first 34 bytes) under the joint key, in
 * parallel on its group's pool. Equations are weighted and summed by chunks; when a sum does not
 * vanish the guilty are found by bisection, so the faults are exactly those of the single equations
 * (protocol 1.2). @p rng gives the weights.
 *
 * PSE_E_MEMORY only; *out is then not valid. Memory: some megabytes a worker, whatever n is. */
PSE_MUST pse_rc pse_ballots_verify(struct pse_ballot_check *out, struct pse_rng *rng,
                                   const struct pse_joint *joint, const struct pse_manifest *m,
                                   const struct pse_span *raw, size_t n);

/** The same where leaf hashes are known: leaves[i] is that of raw[i]. */
PSE_MUST pse_rc pse_ballots_verify_leaves(struct pse_ballot_check *out, struct pse_rng *rng,
                                          const struct pse_joint *joint,
                                          const struct pse_manifest *m, const struct pse_span *raw,
                                          const pse_hash *leaves, size_t n);

/* ---- trackers ---- */

/** First 10 bytes of Q("tracker"; D; leaf). Printed by pse_code_encode (codec/text.h), as is the
 * voter code, the first PSE_VOTER_CODE_BYTES of D. */
void pse_tracker(uint8_t tracker[PSE_TRACKER_BYTES], const pse_hash *eid, const pse_enc *credential,
                 const pse_hash *leaf);

/* ---- building ---- */

/** D = d G. */
void pse_credential_public(pse_enc *credential, const struct pse_group *g, const pse_secret *d);

struct pse_ballot_plan {
    const struct pse_joint *joint; /* the key, from where section 6 says it must come */
    const struct pse_manifest *m;
    const struct pse_style *style;
    const pse_secret *d;    /* the voter's secret */
    pse_hash prev;          /* zero for a first ballot */
    const uint8_t *choices; /* choice bytes (plain.h), style->choice_len of them */
    bool is_simulated;      /* the choices are nobody's secret: encoding them need not hide them */
};

/** All the randomness of one ballot, in an arena (which wipes). @c r is what the second-device
 * check (protocol 11) needs afterwards. */
struct pse_ballot_random {
    pse_secret *r;     /* [style->ciphertexts], in entry order */
    pse_secret *proof; /* [proof_n], part after part, as hom.h and mixpok.h say */
    size_t proof_n;
    pse_secret sign; /* nonce of the signature */
};

/** PSE_E_MEMORY. */
PSE_MUST pse_rc pse_ballot_random_draw(struct pse_ballot_random *random, struct pse_arena *arena,
                                       struct pse_rng *rng, const struct pse_manifest *m,
                                       const struct pse_style *style);

/** Write the signed ballot entry, style->ballot_len bytes, at @p out; randomness is used once and
 * never for two ballots. The choices have passed pse_choices_check: of homomorphic ones a proof of
 * what is not allowed cannot be made (PSE_E_RANGE), but a mix plaintext is sealed as it is, and if
 * it is wrong the vote is invalid. Constant time in choices, randomness and d. PSE_E_MEMORY.
 * @p out is zeroed on failure. */
PSE_MUST pse_rc pse_ballot_build(uint8_t *out, const struct pse_ballot_plan *plan,
                                 const struct pse_ballot_random *random);

enum { PSE_BALLOTS_BLOCK = 64 }; /* ballots that share one stream of randomness */

/** Many ballots at once, in parallel on the group's pool, randomness drawn within (a stream forked
 * for each block, in order, so that the same @p rng makes the same ballots on any number of
 * threads): ballot i at out[i], which has room for its style's length; all under one joint key (the
 * same pointer). For simulations and load: some times quicker than one by one, most of all when
 * every plan is_simulated. PSE_E_RANGE and PSE_E_MEMORY as above; entries are then not valid. */
PSE_MUST pse_rc pse_ballots_build(uint8_t *const *out, struct pse_rng *rng,
                                  const struct pse_ballot_plan *plan, size_t n);

#endif
