/* A log with four witnesses in one folder, for tests of the sequencer: the witnesses keep their
 * state in files and follow the rules, so a process may be killed at any point and the next one
 * goes on; every checkpoint that leaves the log and every receipt is written down. */
#ifndef PSE_TESTS_LEDGER_RIG_H
#define PSE_TESTS_LEDGER_RIG_H

#include "store/sequencer.h"

enum { RIG_WITNESSES = 4, RIG_QUORUM = 3, RIG_DIR_MAX = 96 };

struct rig {
    char dir[RIG_DIR_MAX];
    char url[PSE_STORE_URL_MAX]; /* of the store */
    char record[RIG_DIR_MAX + 16];
    uint64_t now; /* the clock */
    pse_seed seed[RIG_WITNESSES + 1];
    struct pse_vkey key[RIG_WITNESSES + 1]; /* the log's first */
    struct pse_buf policy_text;
    struct pse_arena arena;
    struct pse_policy policy;
    struct pse_witnessing witnessing;
    struct pse_rng rng;
    unsigned down;     /* bit i: witness i does not answer */
    unsigned babbles;  /* bit i: answers with garbage lines and bare claims */
    unsigned slow_ms;  /* before each answer */
    unsigned discreet; /* bit i: gives no notes, only claims */
    struct pse_store *store;
    struct pse_sequencer *s;
    struct pse_stop why;
    struct pse_sequencer_options o;
    /* answers so far; read them when the sequencer has stopped, or by rig_wait */
    volatile unsigned receipts, recorded, refused, stopped, alarms;
    volatile bool is_broken; /* it has stopped by itself */
};

/** An empty rig in a new folder (in memory where the system has such), with a store at @p url
 * (NULL: SQLite within). */
void rig_init(struct rig *rig, const char *url);
/** The same keys over the folder @p dir that another process has made. */
void rig_attach(struct rig *rig, const char *dir, const char *url);
/** Close, and remove the folder. */
void rig_remove(struct rig *rig);

/** Create the log. */
pse_rc rig_create(struct rig *rig, const struct pse_steps *steps);
/** Whoever wrote before was killed: a receipt that its last write left half on the test's own list
 * is cut off. Part of rig_start. */
void rig_mend(struct rig *rig);
/** Open the store and start; rig->why tells. */
pse_rc rig_start(struct rig *rig, const struct pse_steps *steps);
/** Stop and close; rig->why tells. */
void rig_stop(struct rig *rig);

/** Submit an entry; its answers are counted, and a receipt is checked and written down. */
pse_rc rig_submit(struct rig *rig, struct pse_span entry);
/** "TEXT NUMBER" as an entry of @p n bytes (at least its text). */
pse_rc rig_submit_text(struct rig *rig, const char *text, unsigned number, size_t n);
/** Until @p what (one of the counters) is @p least, or 20 s have passed, or the log has stopped. */
bool rig_wait(struct rig *rig, const volatile unsigned *what, unsigned least);

/** The invariants (ledger contract 13), read from the files alone: the published record verifies
 * whole; every receipt is of an entry in it, by a checkpoint that is a prefix of it; one root per
 * size in all notes ever shown. NULL when all hold, else what does not. *size is the published one.
 */
const char *rig_audit(struct rig *rig, uint64_t *size);

#endif
