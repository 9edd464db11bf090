/* Private evidence and voters' reports (protocol 2.1 "Commitments", 2.4).
 *
 * Not for: where evidence is kept, or who may see it. */
#ifndef PSE_ELECTION_EVIDENCE_H
#define PSE_ELECTION_EVIDENCE_H

#include "election/manifest.h"

/** First 32 bytes of Q("evidence"; salt; evidence). */
void pse_evidence_commit(pse_hash *out, const pse_hash *eid, const uint8_t salt[32],
                         struct pse_span evidence);

#define PSE_REPORT_CONTACT_MAX 1000u

enum {
    PSE_REPORT_NO_RECEIPT = 1,
    PSE_REPORT_OTHER_CHOICE,
    PSE_REPORT_CHECK_UNFINISHED,
    PSE_REPORT_NOT_CAST,
    PSE_REPORT_MISSING,
    PSE_REPORT_CANNOT_VOTE,
    PSE_REPORT_PRESSURE,
    PSE_REPORT_COUNT
};

/** A report; contact borrows. */
struct pse_report {
    uint8_t class_;
    uint16_t code;
    pse_hash leaf;       /* zero if none */
    pse_hash checkpoint; /* zero if none */
    uint64_t time;
    struct pse_span contact;
    bool is_signed;
    pse_enc credential; /* zero unless signed */
};

/** Append the report's bytes to @p out; with @p d (may be NULL) it is signed, and r->credential is
 * ignored. PSE_E_RANGE: class or code. PSE_E_LENGTH, PSE_E_ENCODING: contact. */
PSE_MUST pse_rc pse_report_build(struct pse_buf *out, struct pse_rng *rng,
                                 const struct pse_group *g, const pse_hash *eid,
                                 const struct pse_report *r, const pse_secret *d);

/** Read a report and check its signature if it has one. PSE_E_LENGTH, PSE_E_RANGE, PSE_E_ENCODING,
 * PSE_E_MISMATCH (another election), PSE_E_SYNTAX (prefix), PSE_E_PROOF (signature). */
PSE_MUST pse_rc pse_report_parse(struct pse_report *out, const struct pse_group *g,
                                 const pse_hash *eid, struct pse_span in);

#endif
