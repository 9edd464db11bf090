/* The audit: a whole record against the numbered rules, and the verdict (protocol 12).
 *
 * For: what `psephos-verify` does, for every caller that can hand over bytes. Not for: files (the
 * caller's reader), words (programs), the meaning of single entries (state.h).
 *
 * Bytes come through struct pse_reader and are never trusted: sizes are taken only from the
 * checkpoint, each tile and bundle is compared with the recomputed tree. A record that changes
 * while it is read gives findings or PSE_E_IO, nothing worse. Public data, variable time. */
#ifndef PSE_ELECTION_AUDIT_H
#define PSE_ELECTION_AUDIT_H

#include "base/base.h"
#include "election/rule.h"
#include "election/state.h"

/** A record, read only. */
struct pse_reader {
    void *ctx;
    /** The whole file at @p path ("checkpoint", "tile/0/x001/000", "tile/entries/000.p/7") into
     * @p out of @p cap bytes. PSE_E_MISSING: there is none; PSE_E_LIMIT: longer than @p cap;
     * PSE_E_IO. Called from one thread. */
    pse_rc (*file)(void *ctx, uint8_t *out, size_t *n, size_t cap, const char *path);
    /** As in struct pse_source. */
    pse_rc (*blob_size)(void *ctx, uint64_t *size, const pse_hash *hash);
    pse_rc (*blob_read)(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash);
};

enum pse_verdict {
    PSE_VERDICT_ACCEPTED,     /* END reached through RESULT, no record rule fails */
    PSE_VERDICT_ABORTED,      /* the same through ABORT: no result */
    PSE_VERDICT_PREFIX,       /* only V909 fails: a valid prefix in some state */
    PSE_VERDICT_NOT_ACCEPTED, /* all else */
};

/** "accepted", "aborted", "valid prefix", "not accepted". */
const char *pse_verdict_name(enum pse_verdict verdict);

struct pse_audit_options {
    const struct pse_group *group; /* must outlive the audit */
    struct pse_rng *rng;
    uint64_t (*now)(void *ctx); /* steady nanoseconds, may be NULL */
    void *now_ctx;
    /** Entries done of all, after each block and before each entry of the costly types; @p type is
     * the type byte at hand or 0. May be NULL. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total, uint8_t type);
    void *progress_ctx;
    const pse_hash *eid;    /* pin: the record's eid must equal it; NULL: no pin */
    struct pse_span policy; /* pin: the policy's bytes must equal it; p = NULL: no pin */
    size_t findings_max;    /* findings kept (all are counted); 0: 100,000 */
};

struct pse_audit;

/** Audit the record behind @p reader. PSE_OK whatever the verdict. PSE_E_MEMORY; PSE_E_IO: the
 * record changed while it was read, or cannot be read at all (no checkpoint file: PSE_E_MISSING).
 * *a is NULL unless PSE_OK. */
PSE_MUST pse_rc pse_audit_run(struct pse_audit **a, const struct pse_audit_options *options,
                              const struct pse_reader *reader);
/** NULL is fine. */
void pse_audit_free(struct pse_audit *a);

enum pse_verdict pse_audit_verdict(const struct pse_audit *a);
/** Does the record pass: accepted or aborted, pins equal, and under @p strict no dead entry? */
bool pse_audit_is_passed(const struct pse_audit *a, bool strict);
/** A pin was given and differs. Such a record is not accepted, whatever its rules say. */
bool pse_audit_is_eid_unpinned(const struct pse_audit *a);
bool pse_audit_is_policy_unpinned(const struct pse_audit *a);

/** Findings and warnings in the order of the protocol; warnings stand at their entry. The first
 * one that is no warning is "the first finding". */
size_t pse_audit_findings(const struct pse_audit *a);
const struct pse_finding *pse_audit_finding(const struct pse_audit *a, size_t at);
/** All that there were, also those not kept. */
uint64_t pse_audit_findings_total(const struct pse_audit *a);
/** NULL when nothing but warnings (or nothing) was found. */
const struct pse_finding *pse_audit_first(const struct pse_audit *a);

/** Items, failures and time of one rule, record rules included. */
const struct pse_rule_use *pse_audit_use(const struct pse_audit *a, enum pse_rule rule);

/** The engine after the last entry, for counts, lists, names, result; NULL when verification
 * stopped before entry 0 could be read. Lives as long as the audit. Without a manifest
 * (V101-V103) its queries answer as before setup. */
const struct pse_engine *pse_audit_engine(const struct pse_audit *a);

/** Size, root and origin the checkpoint states; zero and empty if V901 stopped verification. */
uint64_t pse_audit_size(const struct pse_audit *a);
const pse_hash *pse_audit_root(const struct pse_audit *a);
struct pse_span pse_audit_origin(const struct pse_audit *a);
/** Names of the policy's witnesses, and which of them cosigned; empty without a policy. */
size_t pse_audit_witnesses(const struct pse_audit *a);
struct pse_span pse_audit_witness(const struct pse_audit *a, bool *cosigned, size_t at);

/** The blob that the manifest's documents name @p name, with its hash checked, into @p arena.
 * PSE_E_MISSING: not named or not in the record; PSE_E_MISMATCH: other bytes; PSE_E_LIMIT: longer
 * than @p max; PSE_E_MEMORY. The reader must still be usable. */
PSE_MUST pse_rc pse_audit_document(const struct pse_audit *a, struct pse_span *out,
                                   struct pse_arena *arena, const char *name, size_t max);

#endif
