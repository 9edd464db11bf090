/* Bindings opened for an appointed auditor: every credential of the record against the evidence
 * behind its commitment, the person it is of, and the register's size (identity contract 6).
 *
 * Works on a reader's snapshot beside a running registrar. Names and subjects are opened and wiped,
 * never reported: a finding names a credential, a row or a district. Not for: rows and chains in
 * themselves (store/voters_audit.h), which psephos audit store looks at. */
#ifndef PSE_PSEPHOS_EVIDENCE_AUDIT_H
#define PSE_PSEPHOS_EVIDENCE_AUDIT_H

#include "common/record_load.h"
#include "psephos/eid_trust.h"
#include "store/voters.h"

enum { EVIDENCE_RULE_MAX = PSE_BOND_NAME_MAX };

struct evidence_finding {
    char rule[EVIDENCE_RULE_MAX];
    const char *why;           /* a few words, static */
    const pse_enc *credential; /* NULL: about a district */
    uint64_t row;              /* 0: none */
    struct pse_span district;  /* empty: about a credential */
};

struct evidence_district {
    struct pse_span district;
    uint64_t listed, live, published;
    bool is_published;
};

struct evidence_audit {
    void *ctx;
    void (*finding)(void *ctx, const struct evidence_finding *f);
    const struct eid_trust *trust;
    const struct pse_group *g;
    bool letters_are_fine, erased_is_fine;
    struct pse_span published; /* "district,voters" and a line each; empty: not at hand */
    struct pse_arena *arena;   /* of the districts below */
    /* Results. */
    uint64_t credentials, live, bonds, letters, erased, pending, findings;
    struct evidence_district *district;
    size_t districts;
};

/** PSE_OK also with findings. PSE_E_SYNTAX: the published list is none (line in *line, else 0);
 * PSE_E_MISMATCH, PSE_E_PROOF: the database does not open; PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc evidence_audit(struct evidence_audit *a, size_t *line, struct pse_voters *v,
                               struct record_load *l);

#endif
