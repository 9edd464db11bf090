/* Binding statements: what a voter signs to register a credential (identity contract 6).
 *
 * `"psephos/1/binding" || 0 || [32] eid || P D || [32] registrar key || v16 subject || [32] nonce
 * || v8 language || v16 purpose`, and PoK("register"; D; statement) of d for D. The eid is the
 * manifest's hash, so both are in it; the registrar's key names who may enrol; the nonce is the
 * session's, so no statement serves twice; the purpose is the sentence that the voter read. The
 * same bytes are signed with the eID. Subject is private: the statement never enters the record.
 * Not for: eID signatures, sessions. Public functions but for proving, which is constant time in d.
 */
#ifndef PSE_CRYPTO_BINDING_H
#define PSE_CRYPTO_BINDING_H

#include "crypto/schnorr.h"

enum {
    PSE_BINDING_SUBJECT_MAX = 256,
    PSE_BINDING_LANGUAGE_MAX = 35,
    PSE_BINDING_PURPOSE_MAX = 2000,
    PSE_BINDING_MAX = 4096,
};

struct pse_binding {
    pse_hash eid;
    pse_enc credential;
    pse_hash registrar;      /* its Ed25519 key */
    struct pse_span subject; /* "PNOEE-38001085718", a register number, …; borrowed */
    pse_hash nonce;
    struct pse_span language, purpose;
};

/** Append the statement's bytes. PSE_E_RANGE: an empty or overlong field, or no UTF-8. */
PSE_MUST pse_rc pse_binding_write(struct pse_buf *out, const struct pse_binding *b);
/** Parse; what is accepted writes the same bytes. PSE_E_SYNTAX: another label; PSE_E_LENGTH;
 * PSE_E_RANGE. The credential is not decoded here. */
PSE_MUST pse_rc pse_binding_parse(struct pse_binding *b, struct pse_span bytes);
/** PoK("register"; D; statement) of @p d. PSE_E_LENGTH, …: not a statement. */
PSE_MUST pse_rc pse_binding_prove(const struct pse_group *g, uint8_t proof[PSE_POK_SIZE],
                                  struct pse_span statement, const pse_secret *d,
                                  struct pse_rng *rng);
/** Parse a statement and verify its proof. As pse_binding_parse, and PSE_E_ENCODING: D is no point;
 * PSE_E_PROOF. */
PSE_MUST pse_rc pse_binding_verify(const struct pse_group *g, struct pse_binding *b,
                                   struct pse_span statement, const uint8_t proof[PSE_POK_SIZE]);

#endif
