/* Inside psephos board serve: what its files share. board.c settings, routes, life; board_follow.c
 * what it knows of the record; board_ask.c answers and figures.
 *
 * It holds no key and asks nobody: the published folder is all it reads. What it says beyond the
 * files themselves follows from a checkpoint that the log and its witnesses signed. */
#ifndef PSE_PSEPHOS_BOARD_H
#define PSE_PSEPHOS_BOARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/daemon.h"
#include "common/leaf_index.h"
#include "common/record_load.h"
#include "net/http.h"
#include "net/static.h"

struct board_settings {
    struct daemon_common common;
    char listen[PSE_CONF_TEXT];
    char metrics[PSE_CONF_TEXT];
    char record[PSE_CONF_TEXT];
    uint64_t receipts;
    uint64_t checkpoint_ms;
};

/** How long the record may be out of reach, or older than before, until health fails. */
enum { BOARD_RECORD_MS = 30000 };

struct board {
    struct daemon d;
    const struct board_settings *set;
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng; /* the follower's */
    struct pse_static *files;
    struct pse_http *http; /* NULL before and after */
    int figures;           /* listening socket of /metrics, -1: none */

    /* The follower's own. */
    struct record_load load;
    bool is_loaded;
    int64_t next_try_ms; /* not before, after a failure */
    pthread_t follower;
    bool is_following;
    atomic_bool ends;
    atomic_bool has_looked; /* once at least */

    /* The receipts' worker's own. */
    struct record_source tree;
    bool has_tree;

    pthread_rwlock_t lock; /* of all below */
    struct pse_buf view;   /* GET /v1/election; empty: no election yet */
    struct pse_buf checkpoint;
    uint64_t size;
    pse_hash root;
    struct leaf_index leaves;
    int64_t good_ms; /* steady clock: the record was last seen to be good; 0: never */
    uint64_t newest; /* the latest cosignature of the checkpoint, in POSIX seconds */
    bool is_final;   /* the election has ended: the checkpoint may grow old */
    bool is_broken;  /* the record showed two histories, or fails its rules */
};

/** Follow the record in a thread of its own until board_unfollow. PSE_E_MEMORY. */
PSE_MUST pse_rc board_follow(struct board *b);
void board_unfollow(struct board *b);

pse_http_handler board_receipt;
pse_http_handler board_election;
pse_http_handler board_metrics;
pse_http_handler board_health;

/** Once a second: gauges. */
void board_measure(struct board *b);

#endif
