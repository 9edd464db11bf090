/* A whole election in one process: every role's key in memory, one complete public record on disk.
 *
 * For: `simulate`, `demo` and `load prepare`. Entries come from the same functions that the file
 * commands use (common/act.h); the record is verified afterwards like anybody else's. Not for: real
 * elections, since one process holds all keys.
 *
 *     rehearsal_begin, rehearsal_create, rehearsal_ceremony, rehearsal_roster, rehearsal_open,
 *     rehearsal_cast any number of times, rehearsal_close, rehearsal_count, rehearsal_end
 *
 * Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_REHEARSAL_H
#define PSE_PSEPHOS_REHEARSAL_H

#include "common/act.h"
#include "common/progress.h"
#include "common/record_source.h"
#include "common/sysrng.h"
#include "psephos/board_keys.h"

enum { REHEARSAL_PHASES = 16, REHEARSAL_WITNESSES = 4, REHEARSAL_QUORUM = 3 };

struct rehearsal;

/** Who keeps the log of a rehearsal. Failures have been printed. */
struct rehearsal_log {
    void *ctx;
    /** Make it, with the keys in r->board and this policy; r->o->dir is then a folder. */
    pse_rc (*create)(void *ctx, struct rehearsal *r, struct pse_span policy);
    pse_rc (*blob)(void *ctx, struct pse_span blob);
    /** The next entry, of a role. */
    pse_rc (*entry)(void *ctx, pse_hash *leaf, struct pse_span entry);
    /** The next @p n ballots, each of another voter. They may come to stand in another order, which
     * is then that of entry[] and leaf[]. */
    pse_rc (*ballots)(void *ctx, struct pse_span *entry, pse_hash *leaf, size_t n);
    /** All that was handed over is published; *size is how much that is. */
    pse_rc (*publish)(void *ctx, uint64_t *size);
};

struct rehearsal_options {
    const char *name; /* of the command */
    const char *dir;  /* the record to make */
    const char *origin;
    const struct rehearsal_log *log; /* NULL: plain files, signed and cosigned here */
    struct cli_ratio trustees;
    uint64_t mixers;
    const char *const *witness; /* where each is reached, REHEARSAL_WITNESSES of them, or NULL */
    uint64_t threads;           /* 0: as many as there are processors */
    enum pse_backend backend;
    const struct cli_hash *seed;
    bool quiet;
};

struct rehearsal_phase {
    const char *what;
    uint64_t items;
    double seconds;
};

struct rehearsal {
    const struct rehearsal_options *o;
    const char *name;
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng;
    struct pse_rng weights; /* the engine's */
    struct progress progress;
    struct rehearsal_phase phase[REHEARSAL_PHASES];
    size_t phases;
    double phase_start;
    uint64_t time; /* of the election, POSIX */
    struct board_keys board;
    struct key *officer;
    struct key *registrar;
    struct key *trustee_key[PSE_TRUSTEES_MAX];
    struct trustee *trustee[PSE_TRUSTEES_MAX]; /* guarded memory */
    struct key *mixer_key[PSE_MIXERS_MAX];
    struct record_writer *writer; /* without o->log */
    struct rehearsal_log log;
    struct record_source source;
    struct pse_engine *e;
    struct sink sink;
};

/** A voter: secret and public credential, style and weight. */
struct rehearsal_voter {
    pse_secret d;
    pse_enc credential;
    uint16_t style; /* id */
    uint32_t weight;
};

/** Threads, keys. To be ended in every case. */
PSE_MUST pse_rc rehearsal_begin(struct rehearsal *r, const struct rehearsal_options *o);
/** Manifest of @p plan (plan.h), the record with its first entry. */
PSE_MUST pse_rc rehearsal_create(struct rehearsal *r, struct pse_span plan);
PSE_MUST pse_rc rehearsal_ceremony(struct rehearsal *r);
/** Draw the credentials of @p n voters. */
PSE_MUST pse_rc rehearsal_draw(struct rehearsal *r, struct rehearsal_voter *voter, size_t n);
PSE_MUST pse_rc rehearsal_roster(struct rehearsal *r, const struct rehearsal_voter *voter,
                                 size_t n);
PSE_MUST pse_rc rehearsal_open(struct rehearsal *r);
/** One ballot each: of voter[i] with choice bytes choices[i]. A voter occurs once in a call; prev
 * comes from the record. */
PSE_MUST pse_rc rehearsal_cast(struct rehearsal *r, const struct rehearsal_voter *const *voter,
                               const uint8_t *const *choices, size_t n);
/** The same, but the ballots go into @p out, one after the other, and not into the record. */
PSE_MUST pse_rc rehearsal_seal(struct pse_buf *out, struct rehearsal *r,
                               const struct rehearsal_voter *const *voter,
                               const uint8_t *const *choices, size_t n);
/** Publish what there is. */
PSE_MUST pse_rc rehearsal_publish(struct rehearsal *r);
/** close and freeze. */
PSE_MUST pse_rc rehearsal_close(struct rehearsal *r);
PSE_MUST pse_rc rehearsal_freeze(struct rehearsal *r);
/** All mixers, mix-end, the first t trustees, result, end, publication. */
PSE_MUST pse_rc rehearsal_count(struct rehearsal *r);
/** Wipe and release. */
void rehearsal_end(struct rehearsal *r);

/** For acts between the steps above. */
struct act rehearsal_act(struct rehearsal *r);
/** A commitment to nothing but chance: what stands where evidence would. */
void rehearsal_commitment(pse_hash *out, struct rehearsal *r);

/** Begin a timed phase of @p items (0: not known), ending the one before. */
void rehearsal_phase(struct rehearsal *r, const char *what, uint64_t items);
void rehearsal_phase_end(struct rehearsal *r);

/** Refuse @p dir unless it is absent or an empty folder. */
PSE_MUST pse_rc rehearsal_check_dir(const char *name, const char *dir);

#endif
