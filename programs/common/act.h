/* What each role writes into a record: one function a step, from the state of the record and the
 * role's key to finished entries and blobs.
 *
 * The file commands, `simulate` and `demo` all go through these functions; they differ only in the
 * sink that takes what is made: a parcel for the mail, or a record at hand. Not for: asking whether
 * the step is wise, guarding against doing it twice (trustee_dir.h), sequencing.
 *
 * Every failure prints one line under act->name and returns a status. Unless said otherwise
 * PSE_E_STATE means that the record is not where this step belongs. */
#ifndef PSE_PROGRAMS_ACT_H
#define PSE_PROGRAMS_ACT_H

#include "common/keyfile.h"
#include "election/election.h"
#include "election/state.h"

/** Where finished things go. Blobs come before the entry that names them. */
struct sink {
    void *ctx;
    pse_rc (*blob)(void *ctx, struct pse_span blob);
    pse_rc (*entry)(void *ctx, struct pse_span entry);
};

/** The surroundings of an act. All borrowed. */
struct act {
    const char *name; /* before messages */
    const struct pse_group *g;
    struct pse_rng *rng;
    struct pse_engine *e; /* the record so far */
    const struct sink *sink;
};

/** Build, sign and hand over the entry @p entry. */
PSE_MUST pse_rc act_entry(const struct act *a, const struct pse_entry *entry, const pse_seed *seed);
/** Refuse unless the party may write an entry of @p type now; says what the record waits for. */
PSE_MUST pse_rc act_allowed(const struct act *a, uint8_t type, uint8_t role, uint8_t index);
/** Where the index of a key among the manifest's trustees or mixers is found. PSE_E_MISMATCH: the
 * key is not one of this election. */
PSE_MUST pse_rc act_key_index(uint8_t *index, const struct act *a, const struct key *k);

/* --- officer ---------------------------------------------------------------------------------- */

/** The first entry, for a manifest that is not in a record yet. */
PSE_MUST pse_rc act_setup(const struct act *a, const struct pse_manifest *m, size_t manifest_len,
                          const pse_seed *seed);
PSE_MUST pse_rc act_open(const struct act *a, const pse_seed *seed, uint64_t time);
PSE_MUST pse_rc act_close(const struct act *a, const pse_seed *seed, uint8_t reason, uint64_t time);
PSE_MUST pse_rc act_freeze(const struct act *a, const pse_seed *seed);
PSE_MUST pse_rc act_mix_end(const struct act *a, const pse_seed *seed);
/** Combines the trustees' shares and publishes the result blob. */
PSE_MUST pse_rc act_result(const struct act *a, const pse_seed *seed);
PSE_MUST pse_rc act_end(const struct act *a, const pse_seed *seed);
PSE_MUST pse_rc act_abort(const struct act *a, const pse_seed *seed, uint8_t reason,
                          const pse_hash *commitment);

struct act_statement {
    uint8_t kind;
    struct pse_span content, language, media_type, title;
};
PSE_MUST pse_rc act_statement(const struct act *a, const pse_seed *seed,
                              const struct act_statement *s);
/** @p role: PSE_ROLE_AUTHORITY or PSE_ROLE_BOARD. */
PSE_MUST pse_rc act_incident(const struct act *a, const pse_seed *seed, uint8_t role,
                             uint8_t class_, uint64_t time, const pse_hash *commitment);

/* --- registrar -------------------------------------------------------------------------------- */

/** Roster entries of at most 900 records; @p record is sorted in place. */
PSE_MUST pse_rc act_roster(const struct act *a, const pse_seed *seed,
                           struct pse_roster_record *record, size_t n);
/** @p fresh: NULL to revoke without a replacement. */
PSE_MUST pse_rc act_change(const struct act *a, const pse_seed *seed, const pse_enc *old,
                           const pse_enc *fresh, uint8_t reason, const pse_hash *commitment);
PSE_MUST pse_rc act_revoke(const struct act *a, const pse_seed *seed, uint64_t ballot,
                           uint8_t action, uint8_t reason, const pse_hash *commitment);

/* --- trustees --------------------------------------------------------------------------------- */

enum { TRUSTEE_REVEAL_MAX = 32 * (PSE_TRUSTEES_MAX + 2) };

/** What a trustee must keep from the first step to the last. Secret: guarded memory, 0600 files. */
struct trustee {
    const struct key *key;
    uint8_t index;
    bool has_polynomial;
    pse_dkg_secret polynomial;
    size_t reveal_n;
    uint8_t reveal[TRUSTEE_REVEAL_MAX];
};

void trustee_wipe(struct trustee *t);

/** Draw the polynomial and the reveal, which the commit entry promises. No entry is made. */
void act_trustee_prepare(struct trustee *t, const struct act *a);
PSE_MUST pse_rc act_trustee_commit(const struct act *a, const struct trustee *t);
PSE_MUST pse_rc act_trustee_reveal(const struct act *a, const struct trustee *t);
PSE_MUST pse_rc act_trustee_share(const struct act *a, const struct trustee *t);
/** PSE_E_MISMATCH: the share of trustee *dealer does not fit; complain. */
PSE_MUST pse_rc act_trustee_confirm(uint8_t *dealer, const struct act *a, const struct trustee *t);
/** Complain about @p dealer, whose share was found not to fit (PSE_E_STATE when it fits). */
PSE_MUST pse_rc act_trustee_complain(const struct act *a, const struct trustee *t, uint8_t dealer);
/** The decryption share of list @p at. The guards of protocol 9 are the caller's. */
PSE_MUST pse_rc act_trustee_decrypt(const struct act *a, const struct trustee *t, size_t at);

/* --- mixers ----------------------------------------------------------------------------------- */

/** Shuffle list @p at and prove it. @p options: of pse_shuffle_run. */
PSE_MUST pse_rc act_mix(const struct act *a, const struct key *k, uint8_t index, size_t at,
                        const struct pse_shuffle_options *options);

#endif
