/* Which log this is: election id, manifest, policy and log key, and the checkpoints that they
 * admit.
 *
 * For: everything that follows a record from outside (mirror, monitor, receipts). The election id
 * is the hash of the manifest, the manifest names the log's key and the policy's hash; so whoever
 * holds the id, or the policy, needs to trust nobody for the rest. Without either the record's own
 * entry 0 is believed once (is_learnt): the caller says so and keeps the id. Not for: what the
 * entries mean.
 *
 * Every failure prints one line under the name and returns a status. */
#ifndef PSE_PROGRAMS_RECORD_PIN_H
#define PSE_PROGRAMS_RECORD_PIN_H

#include "common/record_at.h"
#include "election/manifest.h"
#include "merkle/merkle.h"

/** What the caller holds already. */
struct record_pin_options {
    const pse_hash *eid;  /* NULL: not given */
    const char *manifest; /* file, or NULL */
    const char *policy;   /* file, or NULL */
    const struct pse_group *g;
    bool settled; /* the policy alone names the log: nobody is asked for an election */
};

struct record_pin {
    const char *name;
    bool has_election; /* false: a log that only a policy names, whose entries mean nothing to us */
    bool is_learnt;    /* the record itself said which election it is */
    pse_hash eid;
    struct pse_arena arena;
    struct pse_buf manifest_bytes, policy_bytes;
    struct pse_manifest *manifest; /* NULL without election */
    struct pse_policy policy;
    struct pse_span log_text; /* the vkey */
    struct pse_vkey log;
};

/** Find out, asking @p at (NULL: files alone) for what is not given. With a policy and no id an
 * entry 0 that is no setup is fine. PSE_E_MISMATCH: what is given does not belong together, or the
 * record is of another election; PSE_E_MISSING: manifest or policy are nowhere; others as read. @p
 * pin is to be freed in every case. */
PSE_MUST pse_rc record_pin_learn(struct record_pin *pin, const char *name, struct record_at *at,
                                 const struct record_pin_options *options);
void record_pin_free(struct record_pin *pin);

/** Why a checkpoint is not to be believed, as words for people; see record_pin_check. */
enum record_pin_fault {
    RECORD_PIN_GOOD,
    RECORD_PIN_FORM,   /* no checkpoint */
    RECORD_PIN_LOG,    /* not signed by this log */
    RECORD_PIN_QUORUM, /* signed by the log, not by enough witnesses */
    RECORD_PIN_FUTURE, /* a witness's time lies in the future */
};
const char *record_pin_words(enum record_pin_fault fault);

/** Judge a checkpoint: form, origin, log key, quorum, times (more than 300 s after @p now is
 * refused; @p now 0: times are not looked at). *newest (may be NULL) is the latest time of the
 * policy's witnesses. From RECORD_PIN_QUORUM on *cp is good to compare, for the log has signed it.
 * Prints nothing. */
enum record_pin_fault record_pin_check(struct pse_checkpoint *cp, uint64_t *newest,
                                       const struct record_pin *pin, struct pse_span bytes,
                                       uint64_t now);

#endif
