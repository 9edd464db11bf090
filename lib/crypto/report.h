/* Reports and commitments to private evidence (protocol 2.1, 2.4).
 *
 * A commitment is what the record holds of a file that stays private; a report is a voter's
 * complaint, signed with the credential or not. */
#ifndef PSE_CRYPTO_REPORT_H
#define PSE_CRYPTO_REPORT_H

#include "crypto/schnorr.h"

enum { PSE_REPORT_CONTACT_MAX = 1000, PSE_REPORT_MAX = 112 + 1000 + 96 + 16 };

/** The first 32 bytes of Q("evidence"; salt; evidence). @p salt: 32 fresh secret bytes. */
void pse_evidence_commit(pse_hash *commitment, const pse_hash *eid, const uint8_t salt[32],
                         struct pse_span evidence);
/** The same for evidence in parts: their concatenation. */
void pse_evidence_commit_parts(pse_hash *commitment, const pse_hash *eid, const uint8_t salt[32],
                               const struct pse_span *parts, size_t n);

struct pse_report {
    pse_hash eid;
    uint8_t class; /* incident class: 1..4, 255 */
    uint16_t code; /* 1..8, 255 */
    pse_hash leaf_hash;
    pse_hash checkpoint_hash;
    uint64_t time;
    struct pse_span contact; /* 0..1000 bytes of UTF-8, borrowed */
    bool is_signed;
    pse_enc credential; /* D; zero when not signed */
};

/** Append the report's bytes; with @p d (may be NULL) signed under the credential d G with
 * @p nonce. `is_signed` and `credential` of @p report are ignored. PSE_E_RANGE: class, code or
 * contact; PSE_E_MEMORY, PSE_E_LIMIT from the buffer. */
PSE_MUST pse_rc pse_report_build(const struct pse_group *g, struct pse_buf *out,
                                 const struct pse_report *report, const pse_secret *d,
                                 const pse_secret *nonce);
/** Parse and, if signed, verify. @p eid: the election expected. PSE_E_SYNTAX: another label;
 * PSE_E_MISMATCH: another election; PSE_E_LENGTH, PSE_E_RANGE, PSE_E_ENCODING, PSE_E_PROOF. */
PSE_MUST pse_rc pse_report_parse(const struct pse_group *g, struct pse_report *report,
                                 const pse_hash *eid, struct pse_span bytes);

#endif
