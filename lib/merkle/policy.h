/* Witness policies (C2SP tlog-policy; protocol 2.3, rule V104).
 *
 * Parsing checks the file itself; pse_policy_election_check adds what an election demands of it.
 * Names are opaque octets. Names have no bound of their own beyond the file's. */
#ifndef PSE_MERKLE_POLICY_H
#define PSE_MERKLE_POLICY_H

#include "note.h"

enum {
    PSE_POLICY_MAX = 262144,
    PSE_POLICY_ARENA_MAX = 16 * 1024 * 1024, /* enough for any policy of that size */
};

/** A witness or a group, in the order of the file: members always come before their group. */
struct pse_policy_item {
    struct pse_span name; /* borrowed from the file */
    bool is_group;
    /* witness: */
    size_t number; /* its place among the witnesses */
    struct pse_vkey key;
    struct pse_span url; /* empty when not given */
    /* group: k of the n members */
    size_t k;
    size_t n;
    const size_t *member; /* item numbers */
};

struct pse_policy {
    struct pse_span log; /* vkey text of the log line; empty when there is none */
    struct pse_vkey log_key;
    size_t logs; /* log lines */
    struct pse_policy_item *item;
    size_t items;
    size_t witnesses;
    const size_t *witness; /* item number of each witness, in the order of the file */
    size_t quorum;         /* item number; items when the quorum is `none` */
};

/** Parse a policy file into @p arena; it borrows from @p in. PSE_E_LIMIT over 262,144 bytes,
 * PSE_E_ENCODING for an octet that is not allowed, PSE_E_SYNTAX, PSE_E_DUPLICATE (name, key, second
 * membership, second quorum), PSE_E_MISSING (undefined name, no quorum), PSE_E_RANGE (k),
 * PSE_E_MISMATCH / PSE_E_UNSUPPORTED (vkey), PSE_E_MEMORY. @p line (may be NULL) gets the number of
 * the line at fault, from 1. */
PSE_MUST pse_rc pse_policy_parse(struct pse_policy *out, size_t *line, struct pse_arena *arena,
                                 struct pse_span in);

/** The rest of V104: exactly one log line, carrying @p log_vkey; witness keys of type 04, valid,
 * distinct from each other and from the n_keys @p keys of the manifest; quorum not `none`; 2k > n
 * in every group reachable from it; min(quorum) >= 2 unless @p test. PSE_E_RANGE (log lines,
 * quorum, k, minimum), PSE_E_MISMATCH (log), PSE_E_UNSUPPORTED (key type), PSE_E_ENCODING (invalid
 * key), PSE_E_DUPLICATE (key), PSE_E_MEMORY. */
PSE_MUST pse_rc pse_policy_election_check(const struct pse_policy *policy, struct pse_span log_vkey,
                                          bool test, const pse_edkey *keys, size_t n_keys);

/** Witness @p i < policy->witnesses. */
const struct pse_policy_item *pse_policy_witness(const struct pse_policy *policy, size_t i);

/** Whether the witnesses with seen[i] make the quorum (`none` is always met). PSE_E_PROOF when
 * they do not, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_policy_quorum_check(const struct pse_policy *policy, const bool *seen);

/** min(quorum): how few witnesses can make it; 0 for `none`. */
PSE_MUST pse_rc pse_policy_min_witnesses(size_t *out, const struct pse_policy *policy);

#endif
