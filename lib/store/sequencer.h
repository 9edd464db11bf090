/* The sequencer: entries in, a signed, witnessed, published log out (ledger contract 9).
 *
 * For: one log, one process at a time. Entries are collected, judged, ordered, staged and swapped
 * into the head by one thread, which then writes tiles; a second thread has the checkpoint
 * cosigned, publishes it and answers. While that one waits for witnesses the first goes on with the
 * next batch. When idle an entry is taken at once; under load entries that wait for the batch
 * before them become the next one. Not for: talking to clients or witnesses (programs), saying
 * things in words (programs: struct pse_stop).
 *
 * Nothing is acknowledged that is not in a durable head. After any failure both threads end, every
 * waiting ticket is answered PSE_ANSWER_STOPPED, and the process must exit and start again. */
#ifndef PSE_STORE_SEQUENCER_H
#define PSE_STORE_SEQUENCER_H

#include "merkle/merkle.h"
#include "store/bundle.h"
#include "store/judge.h"
#include "store/steps.h"
#include "store/store.h"
#include "store/witnessing.h"

enum {
    PSE_SEQUENCER_WAITING_MAX = 1 << 20,        /* tickets not yet answered for good */
    PSE_SEQUENCER_BYTES_MAX = 64 * 1024 * 1024, /* of entries not yet in a head */
    PSE_SEQUENCER_WINDOW_MS = 200,              /* an entry waits at most that long for a batch */
    PSE_CLOCK_SLACK = 5,                        /* seconds: what keeping time moves a clock by */
    PSE_WITNESS_AHEAD_SECONDS = 300,            /* a cosignature's time may lead by that much */
};

/** Why a sequencer did not start, or stopped. */
// clang-format off
#define PSE_STOP_TABLE(X) \
    X(NONE, "none") \
    X(NO_HEAD, "no-head")                     /* the store holds none: psephos store init */ \
    X(HEAD, "head-damaged")                   /* not a checkpoint of this log, or not as its row says */ \
    X(HEAD_EXISTS, "head-exists")             /* create: this store has served before */ \
    X(RECORD_EXISTS, "record-exists")         /* create: the record has a checkpoint */ \
    X(LOCKED, "locked")                       /* another process writes */ \
    X(RECORD_AHEAD, "record-ahead")           /* published beyond the head: an old store */ \
    X(RECORD_FORKED, "record-forked")         /* published, and not a prefix of the head */ \
    X(TILES, "tiles")                         /* `where` is missing, or a hash differs */ \
    X(WITNESS_AHEAD, "witness-ahead")         /* a witness has cosigned beyond the head */ \
    X(WITNESS_FORKED, "witness-forked")       /* a witness shows another tree, signed by us */ \
    X(FEW_WITNESSES, "few-witnesses")         /* fewer answered than make the quorum */ \
    X(CLOCK, "clock")                         /* the clock is behind the last checkpoint */ \
    X(FENCED, "fenced")                       /* another writer took over */ \
    X(UNKNOWN, "outcome-unknown")             /* whether the head was swapped cannot be told */ \
    X(SECOND_OPINION, "second-opinion")       /* the second verification disagrees */ \
    X(JUDGE, "judge")                         /* the judge failed */ \
    X(STORE, "store")                         /* reading or writing the store failed */ \
    X(FILES, "files")                         /* writing the record failed at `where` */ \
    X(MEMORY, "memory")
// clang-format on

#define PSE_STOP_NAME(name, text) PSE_STOP_##name,
enum pse_stop_reason { PSE_STOP_TABLE(PSE_STOP_NAME) PSE_STOPS };
#undef PSE_STOP_NAME

struct pse_stop {
    enum pse_stop_reason reason;
    pse_rc rc;
    uint64_t ours, theirs; /* sizes or times, where two stand against each other */
    size_t witness;        /* which, in the policy */
    char where[128];       /* a file, or the store's own message */
};

/** "fenced", … */
const char *pse_stop_name(enum pse_stop_reason reason);
/** Is this one of the refusals for which a daemon exits with 4: signing on might fork the log? */
bool pse_stop_is_refusal(enum pse_stop_reason reason);

enum pse_answer_kind {
    PSE_ANSWER_RECEIPT,  /* for good: published; `receipt` is the tlog-proof file */
    PSE_ANSWER_RECORDED, /* in a durable head, not yet witnessed; a receipt follows */
    PSE_ANSWER_REFUSED,  /* for good: `verdict` says why */
    PSE_ANSWER_STOPPED,  /* for good: no more is known; submit again when the log runs */
};

struct pse_answer {
    enum pse_answer_kind kind;
    pse_hash leaf;
    uint64_t index;          /* RECEIPT, RECORDED */
    struct pse_span receipt; /* borrowed for the call */
    struct pse_judgment verdict;
};

struct pse_sequencer_options {
    struct pse_store *store; /* all of these outlive the sequencer */
    const char *record;      /* the public folder; must exist */
    struct pse_vkey log;
    const pse_seed *seed;
    const struct pse_policy *policy;         /* NULL: a log without witnesses, in tests only */
    const struct pse_witnessing *witnessing; /* NULL as the policy is */
    const struct pse_judge *judge;           /* NULL: any entry is taken */
    const struct pse_second_opinion *second; /* NULL: none */
    struct pse_rng *rng;                     /* the sequencer's alone while it runs */
    const struct pse_steps *steps;           /* NULL in production */
    size_t batch_max;                        /* 0: PSE_BATCH_ENTRIES_MAX */
    bool is_plain;                           /* no grease lines */
    /** POSIX seconds; NULL: the system's clock. */
    uint64_t (*now)(void *ctx);
    void *now_ctx;
    /** From either of the sequencer's threads; must not call back into it but to submit. */
    void (*answer)(void *ctx, void *ticket, const struct pse_answer *answer);
    /** Witness @p i claims, alone and without a note, to be ahead: alarm. May be NULL. */
    void (*alarm)(void *ctx, size_t i, uint64_t claimed);
    /** Once, when the sequencer has stopped by itself. May be NULL. */
    void (*stopped)(void *ctx, const struct pse_stop *why);
    void *ctx; /* of the three above */
};

/** Make a log: its first head, an empty tree signed at @p now. PSE_E_STATE, and *why tells. */
PSE_MUST pse_rc pse_sequencer_create(struct pse_stop *why,
                                     const struct pse_sequencer_options *options);

struct pse_sequencer;

/** Recover from the store and the record, ask the witnesses, raise the epoch, load the judge, and
 * run. On failure *why tells, nothing was signed, and *out is NULL. */
PSE_MUST pse_rc pse_sequencer_start(struct pse_sequencer **out, struct pse_stop *why,
                                    const struct pse_sequencer_options *options);

/** Hand in one entry (copied); @p ticket comes back with its answer or answers. Any thread.
 * PSE_E_LENGTH: longer than 65,535 bytes or empty; PSE_E_LIMIT: too much is waiting; PSE_E_STATE:
 * stopping; PSE_E_MEMORY. No answer comes then. */
PSE_MUST pse_rc pse_sequencer_submit(struct pse_sequencer *s, struct pse_span entry, void *ticket);

/** Hand in @p n entries at once, all or none: they stand together in the queue, so an idle
 * sequencer makes the same batches of the same entries every time. ticket[i] comes back for
 * entry[i]. Statuses as for one. */
PSE_MUST pse_rc pse_sequencer_submit_all(struct pse_sequencer *s, const struct pse_span *entry,
                                         void *const *ticket, size_t n);

/** Keep @p blob under its SHA-256, which goes to @p digest: durable in the store first, then shown
 * below blob/ of the record, so that an entry that names it may be handed in. The same again is
 * fine. Any thread; blocks. PSE_E_LIMIT: too long; PSE_E_STATE: the sequencer has stopped, maybe by
 * this. A start shows blobs of the store that the record lacks. */
PSE_MUST pse_rc pse_sequencer_blob(struct pse_sequencer *s, pse_hash *digest, struct pse_span blob);

/** Take no more, bring what was taken into a head, give it one chance of being witnessed, end.
 * Tickets that have no receipt by then are answered PSE_ANSWER_STOPPED. *why is how it ended. NULL
 * is fine. */
void pse_sequencer_stop(struct pse_sequencer *s, struct pse_stop *why);

/** The head as it stands. Any thread. */
void pse_sequencer_head(struct pse_sequencer *s, uint64_t *size, uint64_t *published,
                        uint64_t *epoch);

struct pse_sequencer_load {
    uint64_t published_at; /* POSIX seconds; 0: not since the start */
    size_t waiting;        /* entries not yet in a head */
    size_t unwitnessed;    /* entries in a head that is not published */
};
/** What is under way. Any thread. */
void pse_sequencer_load(struct pse_sequencer *s, struct pse_sequencer_load *out);

/** The receipt of the entry with this leaf hash, made anew over the published checkpoint and
 * appended to @p out. PSE_E_MISSING: there is no such entry in a head; PSE_E_STATE: there is, at
 * *index, and it is not published yet; PSE_E_MEMORY. Any thread. */
PSE_MUST pse_rc pse_sequencer_receipt(struct pse_sequencer *s, struct pse_buf *out, uint64_t *index,
                                      const pse_hash *leaf);

#endif
