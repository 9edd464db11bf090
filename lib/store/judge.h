/* Who decides which entries enter the log, and in what order (ledger contract 9.2).
 *
 * The sequencer knows bytes and hashes; a judge knows what they mean. The engine's judge (below) is
 * the one elections run with; a log without a judge takes any entry, which is for tests and
 * measurements of the log itself. */
#ifndef PSE_STORE_JUDGE_H
#define PSE_STORE_JUDGE_H

#include "base/base.h"

struct pse_engine;

/** What became of one entry. */
struct pse_judgment {
    bool is_live;
    uint16_t rule;   /* dead: the lowest failing rule */
    bool is_stale;   /* dead: a ballot whose prev is not its credential's latest one */
    pse_hash latest; /* stale: leaf hash of that latest ballot; zero: there is none */
};

/** All calls come from one thread. A failure (memory, files) stops the sequencer. */
struct pse_judge {
    void *ctx;
    /** The log stands at @p size with @p root, and its files say so: read all entries and be ready
     * to judge the next. PSE_E_MISMATCH: that is not what was read. */
    pse_rc (*load)(void *ctx, uint64_t size, const pse_hash *root);
    /** Ballots are shuffled together; other entries keep their order and form their own batches. */
    bool (*is_ballot)(void *ctx, struct pse_span entry);
    /** @p order is a random order of n ballots; move those of one credential among their places so
     * that each follows the one it names as its prev. */
    pse_rc (*chain)(void *ctx, size_t *order, const struct pse_span *entries, size_t n);
    /** Examine in full, in this order, each in the state left by the live ones before it, which are
     * taken in. */
    pse_rc (*offer)(void *ctx, struct pse_judgment *verdict, const struct pse_span *entries,
                    size_t n);
};

/** The judge over an engine, whose `load` is the caller's (it knows where entries and blobs are).
 * @p e is borrowed; ctx of the other callbacks is the engine. */
void pse_judge_engine(struct pse_judge *out, struct pse_engine *e);

/** A second opinion on entries that the judge has found live, in order, from a process of its own
 * on another field back-end. PSE_OK: it agrees, all are live. PSE_E_MISMATCH: it does not; the
 * sequencer stops before anything is signed. Other statuses: no opinion was to be had; likewise. */
struct pse_second_opinion {
    void *ctx;
    pse_rc (*ask)(void *ctx, const struct pse_span *entries, size_t n);
};

#endif
