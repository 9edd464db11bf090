/* Inside store: what the sequencer's files share. sequencer.c queue and threads; batch.c from
 * entries to a head; blobs.c large objects; publish.c from a head to receipts; start.c recovery and
 * refusals; views.c what witnesses said. */
#ifndef PSE_STORE_SEQUENCER_ROOM_H
#define PSE_STORE_SEQUENCER_ROOM_H

#include <pthread.h>

#include "store/sequencer.h"
#include "store/tree_dir.h"

/** One submission on its way. */
struct item {
    struct item *next;
    void *ticket;
    pse_hash leaf;
    uint64_t index;
    bool is_told; /* answered PSE_ANSWER_RECORDED */
    size_t n;
    uint8_t bytes[];
};

/** A first-in first-out list. */
struct items {
    struct item *first;
    struct item *last;
    size_t n;
};

void items_add(struct items *list, struct item *one);
void items_join(struct items *list, struct items *more);
struct item *items_take(struct items *list);

/** A head to be witnessed and published, and who waits for it. */
struct job {
    bool is_there;
    struct pse_head head;
    struct items items;
};

/** Work space of the sequencing thread for one batch. */
struct batch {
    size_t n;
    struct item *item[PSE_BATCH_ENTRIES_MAX];
    struct item *same[PSE_BATCH_ENTRIES_MAX]; /* an earlier one with the same leaf, or NULL */
    struct pse_span raw[PSE_BATCH_ENTRIES_MAX];
    pse_hash leaf[PSE_BATCH_ENTRIES_MAX];
    size_t order[PSE_BATCH_ENTRIES_MAX];
    struct pse_span entry[PSE_BATCH_ENTRIES_MAX]; /* in order */
    struct pse_judgment verdict[PSE_BATCH_ENTRIES_MAX];
    size_t live;
    struct items old; /* entries that are in the log already */
    struct pse_buf bundle;
};

struct pse_sequencer {
    struct pse_sequencer_options o;
    size_t faulty; /* f: how many witnesses may lie */

    pthread_mutex_t lock; /* what follows, up to `nodes_lock` */
    pthread_cond_t more;  /* entries have come, or the end */
    pthread_cond_t turn;  /* the job has come or gone */
    struct items in;
    size_t in_bytes;
    size_t waiting; /* tickets in all */
    bool is_stopping;
    bool is_sequenced; /* the sequencing thread has ended */
    bool is_broken;
    struct pse_stop stop;
    struct job job;
    uint64_t size, epoch, published, published_at;

    pthread_mutex_t nodes_lock;
    struct pse_nodes nodes;
    pthread_mutex_t store_lock; /* of o.store */
    pthread_mutex_t answer_lock;
    pthread_mutex_t blob_lock; /* of `blobs`, the record's folder once more */
    struct pse_disk blobs;

    struct pse_tree_dir tree;
    struct pse_head head; /* the sequencing thread's */
    struct batch *batch;
    pthread_t sequencing, publishing;

    /* The publishing thread's. */
    struct items unwitnessed;
    struct pse_rng grease;
    struct pse_head last;
    struct pse_buf checkpoint; /* as published; written under `lock` with `published` */
    struct pse_witness_view view[PSE_WITNESSES_MAX];
};

uint64_t sequencer_now(const struct pse_sequencer_options *o);
/** Fill *why; @p where may be NULL. Returns PSE_E_STATE. */
pse_rc stop_because(struct pse_stop *why, enum pse_stop_reason reason, pse_rc rc,
                    const char *where);
/** The reason for a failure of the store or of the tree. */
pse_rc stop_store(struct pse_stop *why, const struct pse_store *store, pse_rc rc);
pse_rc stop_files(struct pse_stop *why, const struct pse_disk *disk, pse_rc rc);
/** A checkpoint of @p size signed by the log, into @p head, with time and note. */
pse_rc head_sign(struct pse_head *head, const struct pse_sequencer_options *o);

/** Tell the owner of @p one; a final answer frees it. */
pse_rc item_answer(struct pse_sequencer *s, struct item *one, struct pse_answer *answer);

/** End both threads, for this reason if it is the first. */
void sequencer_broken(struct pse_sequencer *s, const struct pse_stop *why);
/** Blobs of the store that the record's folder lacks, for another machine took them in: show them.
 */
pse_rc blobs_recover(struct pse_sequencer *s, struct pse_stop *why);
/** Everything of start but the threads. */
pse_rc sequencer_recover(struct pse_sequencer *s, struct pse_stop *why);

/** Judge, stage, swap and apply s->batch; hand the result to the publishing thread. */
pse_rc batch_run(struct pse_sequencer *s, struct pse_stop *why);
/** Have the job cosigned, publish, answer. */
pse_rc job_run(struct pse_sequencer *s, struct pse_stop *why, struct job *job);
/** Ask again for the last head, for those who wait. */
pse_rc job_again(struct pse_sequencer *s, struct pse_stop *why);

/** Verify what witnesses said against our head: seen[i] tells whether witness i has answered
 * something that fits. PSE_E_STATE and *why when signing on might fork the log. */
pse_rc views_check(bool *seen, struct pse_stop *why, struct pse_sequencer *s,
                   const struct pse_head *head);
/** Keep those of @p lines that are good cosignatures of policy witnesses: append them to @p note,
 * which holds the log's own, and set seen[]. */
pse_rc lines_take(struct pse_buf *note, bool *seen, struct pse_sequencer *s, struct pse_span lines);
/** A round over @p head, for the collector. */
void round_make(struct pse_witness_round *round, struct pse_sequencer *s,
                const struct pse_head *head);
void views_clear(struct pse_sequencer *s);
bool is_quorum(const struct pse_sequencer *s, const bool *seen);

#endif
