/* The state engine: an election's state as a function of its log prefix (protocol 2.1, 2.2, 12).
 *
 * For: examining entries one after another, each in the state left by the live ones before it;
 * saying which rules fail; answering questions about the state. The auditor feeds it a whole
 * record, a sequencer asks it whether an entry would be live, trustees, mixers and officers ask it
 * what to do. Not for: checkpoints, witnesses, tiles (audit.h), making entries (entry.h), files: it
 * is pure, bytes come through struct pse_source.
 *
 * One engine belongs to one thread; ballots, shuffles and shares are verified on the threads of
 * the group context. Memory: about 140 bytes a credential and 40 a ballot, the rows of the mix
 * lists once frozen (64 bytes a ciphertext), and one block of work.
 *
 * Everything is public data and runs in variable time. */
#ifndef PSE_ELECTION_STATE_H
#define PSE_ELECTION_STATE_H

#include "base/base.h"
#include "crypto/dkg.h"
#include "crypto/elgamal.h"
#include "election/entry.h"
#include "election/manifest.h"
#include "election/result.h"
#include "election/rule.h"
#include "group/group.h"

enum pse_state {
    PSE_STATE_START,
    PSE_STATE_KEYS,
    PSE_STATE_OPEN,
    PSE_STATE_CLOSED,
    PSE_STATE_FROZEN,
    PSE_STATE_MIXED,
    PSE_STATE_RESULT,
    PSE_STATE_END,
    PSE_STATE_ABORT,
};

/** "START", "KEYS", … as in the protocol. */
const char *pse_state_name(enum pse_state state);

/** Where the engine gets bytes that it does not keep. All bytes are checked again against the hash
 * the record names, so a source may be wrong, but then the engine says so. */
struct pse_source {
    void *ctx;
    /** Length of blob @p hash. PSE_E_MISSING: there is none. PSE_E_IO: cannot be read (counts as
     * absent). */
    pse_rc (*blob_size)(void *ctx, uint64_t *size, const pse_hash *hash);
    /** Exactly @p n bytes of blob @p hash from offset @p at. Any failure, a file that has become
     * shorter too: PSE_E_IO. */
    pse_rc (*blob_read)(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash);
    /** Entry @p index once more, into @p out of PSE_ENTRY_MAX bytes. Asked for ascending
     * indices, at freeze only. PSE_E_IO or PSE_E_MISSING on failure. */
    pse_rc (*entry_read)(void *ctx, uint8_t *out, size_t *n, uint64_t index);
};

struct pse_engine_options {
    const struct pse_group *group; /* must outlive the engine */
    struct pse_rng *rng;           /* weights of batches, keys of tables; must outlive the engine */
    struct pse_source source;
    /** Nanoseconds of any steady clock; NULL: no times are kept. */
    uint64_t (*now)(void *ctx);
    void *now_ctx;
    /** Called for each failing rule and each warning, entries ascending; NULL: only counted. */
    void (*finding)(void *ctx, const struct pse_finding *f);
    void *finding_ctx;
    /** The caller made these entries itself or has verified them before (simulation, a sequencer
     * that reads its own log again): proofs of ballots, mixes, shares and results are not
     * verified. Everything else is. Never for somebody else's record. */
    bool trust_proofs;
};

struct pse_engine;

/** PSE_E_MEMORY. */
PSE_MUST pse_rc pse_engine_new(struct pse_engine **e, const struct pse_engine_options *options);
/** NULL is fine. */
void pse_engine_free(struct pse_engine *e);

/** The next @p n entries of the log, in order, with their leaf hashes if the caller has them (else
 * NULL); any division into blocks gives the same outcome
 * (blocks of some thousands let ballots be verified together). PSE_OK also when entries are dead.
 * PSE_E_MEMORY; PSE_E_IO when an earlier entry or blob that was there is no longer: after either
 * the engine can only be freed. */
PSE_MUST pse_rc pse_engine_feed(struct pse_engine *e, const struct pse_span *entries,
                                const pse_hash *leaves, size_t n);

/** From now on proofs are verified, or taken on trust (options.trust_proofs): for a sequencer that
 * has read its own log again and goes on with entries of others. */
void pse_engine_trust(struct pse_engine *e, bool trust_proofs);

/** A sequencer's form: each entry is examined as the next one; live ones are taken in (as by feed),
 * dead ones are left out of the log as if they had not come. live[i] tells which, findings carry
 * the index the entry would have had, first[i] (may be NULL) its lowest failing rule or 0. */
PSE_MUST pse_rc pse_engine_offer(struct pse_engine *e, uint8_t *live, uint16_t *first,
                                 const struct pse_span *entries, size_t n);

/** Would @p entry be live now? The state does not change and the findings callback is not called.
 * PSE_OK: yes. PSE_E_MISMATCH: no, and *first (may be NULL) is the lowest failing rule. Or the
 * environment's status as for feed. */
PSE_MUST pse_rc pse_engine_check(struct pse_engine *e, uint16_t *first, struct pse_span entry);

/* --- where the election stands ---------------------------------------------------------------- */

enum pse_state pse_engine_state(const struct pse_engine *e);
/** In ABORT, or in END through ABORT. */
bool pse_engine_is_aborted(const struct pse_engine *e);
/** Entries fed so far, dead ones too: the size of the tree. */
uint64_t pse_engine_size(const struct pse_engine *e);
/** RFC 6962 root over them. */
void pse_engine_root(const struct pse_engine *e, pse_hash *root);
/** NULL until a live setup; then lives as long as the engine. */
const struct pse_manifest *pse_engine_manifest(const struct pse_engine *e);
/** Bytes of the manifest and policy blobs; empty before. */
struct pse_span pse_engine_manifest_bytes(const struct pse_engine *e);
struct pse_span pse_engine_policy_bytes(const struct pse_engine *e);
/** eid, and the policy hash that setup states; zero before setup. */
const pse_hash *pse_engine_eid(const struct pse_engine *e);
const pse_hash *pse_engine_policy_hash(const struct pse_engine *e);

/** May the party write an entry of this type now, as far as the state alone tells (V908 without
 * conditions on the body)? @p type is the type byte. For mix and decrypt also: is there a list on
 * which the party has not acted? */
bool pse_engine_may(const struct pse_engine *e, uint8_t type, uint8_t role, uint8_t index);

/* --- trustees' ceremony ----------------------------------------------------------------------- */

/** Which trustees have done what; bit i-1 is trustee i. */
struct pse_ceremony {
    uint64_t committed;
    uint64_t revealed;
    uint64_t shared;
    uint64_t confirmed;
    uint8_t trustees;
    uint8_t threshold;
    uint8_t at_fault; /* after a complaint: the trustee at fault, else 0 */
};

void pse_engine_ceremony(const struct pse_engine *e, struct pse_ceremony *out);
/** The joint key Y, once all trustees have revealed; PSE_E_STATE before. */
PSE_MUST pse_rc pse_engine_joint_key(const struct pse_engine *e, pse_enc *y);
/** The same as encryption, mixing and ballots want it, bound to the eid; NULL before. Lives as long
 * as the engine. */
const struct pse_joint *pse_engine_joint(const struct pse_engine *e);
/** The ceremony's public side with every accepted reveal, for trustees (crypto/dkg.h); NULL before
 * setup. */
const struct pse_dkg *pse_engine_dkg(const struct pse_engine *e);
/** The reveal body of trustee @p i (32 t + 64 bytes), and the shares body of dealer @p i (128 (n -
 * 1) bytes); empty before it is live. */
struct pse_span pse_engine_reveal_body(const struct pse_engine *e, uint8_t i);
struct pse_span pse_engine_shares_body(const struct pse_engine *e, uint8_t i);
/** The verification key V_i = Σ_d Σ_k i^k A_{d,k}. PSE_E_STATE before all have revealed. */
PSE_MUST pse_rc pse_engine_trustee_key(const struct pse_engine *e, pse_enc *v, uint8_t i);

/* --- electoral roll and ballots --------------------------------------------------------------- */

struct pse_credential_view {
    uint16_t style;
    uint32_t weight;
    bool is_active;
    uint32_t ballots;      /* live ballot entries */
    uint64_t first_index;  /* log index of the roster or credential-change entry */
    uint64_t latest_index; /* of its latest ballot, when ballots > 0 */
    pse_hash latest_leaf;  /* what the next ballot's prev must be; zero when ballots = 0 */
    int64_t rev;           /* index on top of its stack of revocations, -1 if empty */
    uint8_t rev_reason;    /* of that revocation */
};

/** PSE_E_MISSING: never seen. */
PSE_MUST pse_rc pse_engine_credential(const struct pse_engine *e, struct pse_credential_view *out,
                                      const pse_enc *credential);
/** The credential of the live ballot entry @p index. PSE_E_MISSING: no such ballot. */
PSE_MUST pse_rc pse_engine_ballot_credential(const struct pse_engine *e, pse_enc *credential,
                                             uint64_t index);
/** Active credentials: what `open` must state. */
uint32_t pse_engine_active(const struct pse_engine *e);

/** The admitted set as it would be frozen now: what `freeze` must state. PSE_E_STATE before
 * setup, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_engine_admitted(const struct pse_engine *e, uint32_t *count, pse_hash *digest);
/** Has the ballot at @p index been admitted at freeze? False before. */
bool pse_engine_is_admitted(const struct pse_engine *e, uint64_t index);

/* --- lists ------------------------------------------------------------------------------------ */

/** A list as it stands now (protocol 7, 8). Borrowed from the engine until the next feed. */
struct pse_list_view {
    uint16_t contest;
    uint16_t pot;
    uint8_t kind;      /* enum pse_kind; also the kind byte of the result */
    uint8_t width;     /* w; 0 for homomorphic */
    uint8_t mixes;     /* live mix entries */
    uint8_t seq;       /* what the next mix must state: mixes + 1; 0 for homomorphic */
    uint32_t ballots;  /* N */
    uint32_t items;    /* M: ciphertexts to decrypt, N w or K */
    uint64_t weight;   /* total weight */
    uint64_t mixers;   /* who has acted; bit i-1 is mixer i */
    uint64_t trustees; /* who has decrypted */
    pse_hash in_hash;  /* of rows: what the next mix or decrypt must state */
    /** 64 items bytes, (A || B) each: L_0, the last mix's output, or the K aggregates. Empty when
     * the bytes have been given back after RESULT. */
    struct pse_span rows;
};

/** Lists exist from FROZEN on, ascending by (contest, group). */
size_t pse_engine_lists(const struct pse_engine *e);
/** @p at < pse_engine_lists(e). */
void pse_engine_list(const struct pse_engine *e, struct pse_list_view *out, size_t at);
/** PSE_E_MISSING: no such list. */
PSE_MUST pse_rc pse_engine_list_find(const struct pse_engine *e, struct pse_list_view *out,
                                     uint16_t contest, uint16_t pot);

/** Decrypted elements X_1..X_items of list @p at by the t lowest trustees present (protocol 9), as
 * encodings (P0) into @p points, 32 items bytes. PSE_E_STATE: fewer than t decrypt entries, or rows
 * given back. PSE_E_IO: a blob is no longer what it was. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_engine_list_open(const struct pse_engine *e, uint8_t *points, size_t at);
/** The lists as the result blob must have them (result.h), pse_engine_lists many, in @p arena.
 * PSE_E_MEMORY. */
PSE_MUST pse_rc pse_engine_result_lists(const struct pse_engine *e, struct pse_result_list **out,
                                        struct pse_arena *arena);

/** Log index of the live close entry; PSE_E_STATE before. */
PSE_MUST pse_rc pse_engine_close_index(const struct pse_engine *e, uint64_t *index);
/** Digest of freeze; PSE_E_STATE before. */
PSE_MUST pse_rc pse_engine_freeze_digest(const struct pse_engine *e, pse_hash *digest);
/** The seed of lots, SHA512("psephos/1/lot" || eid || freeze digest || last out-hash of every mix
 * list, ascending); fixed from MIXED on, PSE_E_STATE before. */
PSE_MUST pse_rc pse_engine_lot_seed(const struct pse_engine *e, uint8_t seed[64]);
/** The accepted result blob, from RESULT on; empty before. Lives as long as the engine. */
struct pse_span pse_engine_result(const struct pse_engine *e);

/* --- counts and use --------------------------------------------------------------------------- */

/** Reasons of revocations and changes: 1..4 at their own place, 255 = other at 0. */
enum { PSE_REASONS = 5 };

/** What verifiers must print (protocol 12). Live entries only, but for `dead`. */
struct pse_counts {
    uint64_t entries; /* all */
    uint64_t dead;
    uint64_t roster_before_open; /* roster records */
    uint64_t roster_after_open;
    uint64_t replaced[PSE_REASONS]; /* credentials, by reason */
    uint64_t revoked[PSE_REASONS];
    uint64_t ballots;                   /* ballot entries */
    uint64_t ballots_dead;              /* dead entries of type 31 */
    uint64_t revoked_open[PSE_REASONS]; /* ballots revoked in OPEN, by reason */
    uint64_t revoked_closed[PSE_REASONS];
    uint64_t restored_open[PSE_REASONS];
    uint64_t restored_closed[PSE_REASONS];
    uint64_t voters;   /* credentials with a ballot */
    uint64_t admitted; /* at freeze */
    uint64_t out;      /* at freeze: ballots with index <= rev of their credential */
    uint64_t voided;   /* at freeze: ballots of inactive credentials */
    uint64_t statements;
    uint64_t incidents;
};

const struct pse_counts *pse_engine_counts(const struct pse_engine *e);
const struct pse_rule_use *pse_engine_use(const struct pse_engine *e, enum pse_rule rule);

/** Hashes of the blobs that the live entries name, in order of entry (manifest first). */
struct pse_span pse_engine_blobs(const struct pse_engine *e, size_t *count);

#endif
