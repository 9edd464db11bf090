/* The second-device check (protocol 11): a dialogue by which a voter's other device learns what a
 * ballot holds, and which is no receipt, since whoever holds x can forge it.
 *
 * Here: keys, boxes, code, QR text, proof and forgery. Not here: relays, waiting, what the device
 * must check in the record (election). */
#ifndef PSE_CRYPTO_CHECK_H
#define PSE_CRYPTO_CHECK_H

#include "crypto/elgamal.h"
#include "crypto/schnorr.h"

enum {
    PSE_CHECK_KEY_SIZE = 32,
    PSE_CHECK_NONCE_SIZE = 24,
    PSE_CHECK_OVERHEAD = 40, /* nonce and tag of a box */
    PSE_CHECK_MESSAGE1_SIZE = 96,
    PSE_CHECK_PROOF_SIZE = 192,
    PSE_CHECK_QR_MAX = 1024, /* characters of a QR text */
};

typedef struct pse_check_key {
    uint8_t b[PSE_CHECK_KEY_SIZE];
} pse_check_key;

void pse_check_key_wipe(pse_check_key *k);

/** What the QR carries. URLs are borrowed printable ASCII (0x21..0x7E), 0..255 bytes. */
struct pse_check_qr {
    pse_hash eid;
    uint64_t leaf_index;
    pse_hash leaf_hash;
    pse_check_key k;
    pse_enc w; /* W */
    pse_hash nu_hash;
    struct pse_span record_url;
    struct pse_span relay_url;
};

/** "psephos1:" || base64url text into @p text (no final zero). PSE_E_LENGTH: a URL is too long;
 * PSE_E_RANGE: a URL is not printable ASCII; PSE_E_MEMORY, PSE_E_LIMIT from the buffer. */
PSE_MUST pse_rc pse_check_qr_build(struct pse_buf *text, const struct pse_check_qr *qr);
/** The reverse; URLs point into @p arena. PSE_E_SYNTAX: prefix or base64url; PSE_E_UNSUPPORTED:
 * version; PSE_E_LENGTH, PSE_E_RANGE, PSE_E_MEMORY. W is not decoded here. */
PSE_MUST pse_rc pse_check_qr_parse(struct pse_check_qr *qr, struct pse_arena *arena,
                                   struct pse_span text);

/** Mailbox name: 32 hexadecimal digits and a zero. */
void pse_check_mailbox(char name[33], const pse_hash *eid, const pse_check_key *k);
/** k1 and k2. */
void pse_check_keys(pse_check_key *k1, pse_check_key *k2, const pse_hash *eid,
                    const pse_check_key *k, const pse_hash *leaf_hash);
/** k3 from the own secret and the other side's point: (w, X) on the page, (x, W) on the device.
 * PSE_E_ENCODING: @p other is not P. @p w and @p x are both encodings, as sent. */
PSE_MUST pse_rc pse_check_key3(const struct pse_group *g, pse_check_key *k3, const pse_hash *eid,
                               const pse_check_key *k, const pse_hash *leaf_hash, const pse_enc *w,
                               const pse_enc *x, const pse_secret *own, const pse_enc *other);

/** Box a message of step 1..3 into @p box (n + 40 bytes): nonce || ciphertext || tag. */
void pse_check_seal(uint8_t *box, const pse_check_key *key,
                    const uint8_t nonce[PSE_CHECK_NONCE_SIZE], const pse_hash *eid,
                    const pse_hash *leaf_hash, uint8_t step, struct pse_span message);
/** Open a box into @p message (box.n - 40 bytes). PSE_E_LENGTH; PSE_E_PROOF: not made with this
 * key for this step (message is zeroed). */
PSE_MUST pse_rc pse_check_open(uint8_t *message, const pse_check_key *key, const pse_hash *eid,
                               const pse_hash *leaf_hash, uint8_t step, struct pse_span box);

/** Step 1: X || PoK("check-pok"; leaf hash; X). */
void pse_check_message1_make(const struct pse_group *g, uint8_t message[PSE_CHECK_MESSAGE1_SIZE],
                             const pse_hash *eid, const pse_hash *leaf_hash, const pse_secret *x,
                             const pse_secret *nonce);
/** PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_PROOF. */
PSE_MUST pse_rc pse_check_message1_verify(const struct pse_group *g, pse_enc *x,
                                          const pse_hash *eid, const pse_hash *leaf_hash,
                                          struct pse_span message);

/** Step 2: the six digits both sides show, and a zero. */
void pse_check_code(char digits[7], const pse_hash *eid, const pse_hash *leaf_hash,
                    const pse_enc *w, const pse_enc *x, const uint8_t nu[32]);

/** How the choices of one contest stand in step 3. */
struct pse_check_part {
    bool mix;       /* false: K values of one byte; true: a plaintext of 30 w bytes */
    unsigned count; /* K or w: the number of ciphertexts */
};

/** What is claimed. ciphertexts: those of the ballot in entry order, 64 bytes each. choices: in the
 * order of parts. All borrowed. */
struct pse_check_claim {
    pse_hash leaf_hash;
    pse_enc x; /* X of step 1 */
    struct pse_span ciphertexts;
    const struct pse_check_part *parts;
    size_t parts_n;
    struct pse_span choices;
};

/** Bytes of choices that @p parts ask for. */
size_t pse_check_choices_size(const struct pse_check_part *parts, size_t n);

/** The page's proof. @p r: the encryption secrets in entry order, one a ciphertext; @p random: ω,
 * c1, z1. PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_RANGE, PSE_E_MEMORY. Constant time in r and random;
 * choices are about to be sent and are treated as secret too. */
PSE_MUST pse_rc pse_check_prove(const struct pse_joint *joint, uint8_t proof[PSE_CHECK_PROOF_SIZE],
                                const struct pse_check_claim *claim, const pse_secret *r,
                                const pse_secret random[3]);
/** What whoever knows x can make for any choices. @p random: c0, z0, ω. */
PSE_MUST pse_rc pse_check_forge(const struct pse_joint *joint, uint8_t proof[PSE_CHECK_PROOF_SIZE],
                                const struct pse_check_claim *claim, const pse_secret *x,
                                const pse_secret random[3]);
/** PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_PROOF, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_check_verify(const struct pse_joint *joint, const struct pse_check_claim *claim,
                                 const uint8_t proof[PSE_CHECK_PROOF_SIZE]);

#endif
