/* Inside psephos box serve: what its files share. box_serve.c settings, routes, life; box_cast.c
 * ballots; box_ask.c receipts, credentials, the election's view; box_follow.c what the front knows
 * of the election. */
#ifndef PSE_PSEPHOS_BOX_FRONT_H
#define PSE_PSEPHOS_BOX_FRONT_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/daemon.h"
#include "common/record_load.h"
#include "common/sequence_client.h"
#include "election/ballot.h"
#include "net/http.h"
#include "net/static.h"

struct front_settings {
    struct daemon_common common;
    char listen[PSE_CONF_TEXT];
    char record[PSE_CONF_TEXT];
    char sequence[PSE_CONF_TEXT];
    uint64_t threads;
    uint64_t waiting;
    uint64_t queue;
};

/** The lanes, in the order of priority: casting first. */
enum front_lane { LANE_CAST, LANE_ASK, LANE_PARCEL };

/** What the record says; replaced never, only completed. */
struct front_election {
    struct record_load load;
    bool is_loaded;
    const struct pse_manifest *m;  /* NULL: no setup yet */
    const struct pse_joint *joint; /* NULL: not open yet */
};

enum { FRONT_SEEN = 1 << 16, FRONT_VIEW_MAX = 8 << 20 };

struct front {
    struct daemon d;
    const struct front_settings *set;
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng;     /* the follower's */
    struct pse_rng weights; /* the casting worker's */
    struct sequence_client *sequence;
    struct pse_static *record;

    pthread_rwlock_t lock; /* of `now` and `status` */
    struct front_election *now;
    struct front_election *before;
    struct sequence_status status;
    bool is_up;          /* status is of the last second */
    struct pse_buf view; /* GET /v1/election */
    pthread_t follower;
    bool is_following;
    atomic_bool ends;

    /* The casting worker's. */
    pse_hash *seen; /* leaf hashes of ballots that were verified, by their first bits */
    struct pse_ballot_check *check;
};

/** Follow record and sequencer in a thread of its own until front_unfollow. */
PSE_MUST pse_rc front_follow(struct front *f);
void front_unfollow(struct front *f);
/** What is known now: the election (NULL: nothing), the state and the level. */
const struct front_election *front_look(struct front *f, struct sequence_status *status);

pse_http_handler front_cast;
pse_http_handler front_receipt;
pse_http_handler front_credential;
pse_http_handler front_election_view;

/** Answer with the receipt in text or JSON, as the client accepts. @p tracker may be NULL. */
void front_answer_receipt(struct pse_http_call *call, const struct sequence_result *r,
                          const uint8_t *tracker);
/** 202, with where to ask again. */
void front_answer_recorded(struct pse_http_call *call, const pse_hash *leaf);
/** A problem of the table in box_problem.c, with one member more (may be NULL). */
void front_problem(struct pse_http_call *call, const char *slug, const char *name,
                   const char *value);

#endif
