/* Inside psephos box serve: what its files share. box_serve.c settings, routes, life; box_admit.c
 * who is let in; box_cast.c ballots; box_parcel.c entries of trustees and mixers; box_letters.c the
 * second device's mailbox; box_ask.c receipts, credentials, the election's view; box_follow.c what
 * the front knows of the election; box_metrics.c figures and health; box_problem.c refusals in
 * words. */
#ifndef PSE_PSEPHOS_BOX_FRONT_H
#define PSE_PSEPHOS_BOX_FRONT_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/brownout.h"
#include "common/daemon.h"
#include "common/election_view.h"
#include "common/mailbox.h"
#include "common/offenders.h"
#include "common/record_load.h"
#include "common/sequence_client.h"
#include "common/session_token.h"
#include "election/ballot.h"
#include "net/bucket.h"
#include "net/http.h"
#include "net/pace.h"
#include "net/static.h"

struct front_settings {
    struct daemon_common common;
    char listen[PSE_CONF_TEXT];
    char record[PSE_CONF_TEXT];
    char sequence[PSE_CONF_TEXT];
    char metrics[PSE_CONF_TEXT];
    char session[PSE_CONF_TEXT];
    uint64_t threads;
    uint64_t waiting;
    uint64_t queue;
    uint64_t peer_rate, peer_burst;
    uint64_t session_rate, session_burst;
    uint64_t parcel;
    uint64_t overload; /* the level that overload alone may bring about */
    uint64_t edge;     /* number of the user whose word about peers counts; UINT32_MAX + 1: none */
    uint64_t checkpoint_ms;
};

/** The lanes, in the order of priority: casting first. */
enum front_lane { LANE_CAST, LANE_ASK, LANE_PARCEL };

/** What a request is about, for the metrics. */
enum front_class { CLASS_CAST, CLASS_RECEIPT, CLASS_PARCEL, CLASS_LETTER, CLASS_RECORD };

/** What stands before a route. */
struct front_gate {
    struct front *f;
    enum front_class class_;
    unsigned level_max; /* of brown-out, up to which the route is served */
    bool session;       /* a session is asked for, where they are required */
};

/** What the record says; replaced never, only completed. */
struct front_election {
    struct record_load load;
    bool is_loaded;
    const struct pse_manifest *m;  /* NULL: no setup yet */
    const struct pse_joint *joint; /* NULL: not open yet */
};

enum { FRONT_SEEN = 1 << 16 };

struct front {
    struct daemon d;
    const struct front_settings *set;
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng;     /* the follower's */
    struct pse_rng weights; /* the casting worker's */
    struct sequence_client *sequence;
    struct pse_static *record;
    int figures;               /* listening socket of /metrics, -1: none */
    struct pse_http *http;     /* NULL before and after */
    struct pse_hidden session; /* the MAC key; nothing: sessions are not asked for */
    pthread_mutex_t buckets_lock;
    struct pse_buckets *peers;
    struct pse_buckets *sessions; /* and credentials */
    pthread_mutex_t letters_lock;
    struct mailbox *letters;
    atomic_uint level_set;         /* what the sequencer says */
    atomic_uint level_measured;    /* what overload has brought about here */
    struct brownout_load overload; /* the main thread's */

    pthread_rwlock_t lock; /* of `now` and `status` */
    struct front_election *now;
    struct front_election *before;
    struct sequence_status status;
    int64_t up_ms;        /* steady clock: the sequencer last answered */
    int64_t witnessed_ms; /* and all that was durable was published */
    struct pse_buf view;  /* GET /v1/election */
    pthread_t follower;
    bool is_following;
    atomic_bool ends;

    /* The casting worker's. */
    pse_hash *seen; /* leaf hashes of ballots that were verified, by their first bits */
    struct pse_ballot_check *check;
    struct pse_pace pace;
    struct offenders offenders;
};

/** Follow record and sequencer in a thread of its own until front_unfollow. */
PSE_MUST pse_rc front_follow(struct front *f);
void front_unfollow(struct front *f);
/** What is known now: the election (NULL: nothing, or the sequencer has never answered), the state
 * and the level. */
const struct front_election *front_look(struct front *f, struct sequence_status *status);

pse_http_handler front_cast;
pse_http_handler front_receipt;
pse_http_handler front_credential;
pse_http_handler front_election_view;

pse_http_handler front_parcel;
pse_http_handler front_letter;
pse_http_handler front_metrics;
pse_http_handler front_health;
/** ctx is a struct front_gate. */
pse_http_admit front_admit;

/** Microseconds of a clock that never goes back. */
uint64_t front_now_us(void);
/** The level of brown-out: the higher of what was set and what was measured. */
unsigned front_level(struct front *f);
/** Write down a change of it, and why. */
void front_level_event(struct front *f, const char *why);
/** A number for who sends this call: the peer, else the session; 0: not known. */
uint64_t front_sender(const struct front *f, const struct pse_http_call *c);
/** What the server itself refuses, in words (pse_http_options). */
const struct pse_http_detail *front_words(const char *slug);

/** May this credential cast again now? */
bool front_credential_take(struct front *f, const pse_enc *credential);
/** Once a second, from the main thread: gauges, and what overload makes of the level. */
void front_measure(struct front *f);

enum front_outcome {
    OUTCOME_WITNESSED,
    OUTCOME_RECORDED,
    OUTCOME_REFUSED,
    OUTCOME_STALE,
    OUTCOME_CLOSED,
    OUTCOME_BUSY,
    OUTCOME_UNKNOWN,
};
extern const struct pse_metric front_requests, front_ballots, front_queue, front_alone;

/** Answer with the receipt in text or JSON, as the client accepts. @p tracker may be NULL. */
void front_answer_receipt(struct pse_http_call *call, const struct sequence_result *r,
                          const uint8_t *tracker);
/** 202, with where to ask again. */
void front_answer_recorded(struct pse_http_call *call, const pse_hash *leaf);
/** A problem of the table in box_problem.c, with one member more (may be NULL). */
void front_problem(struct pse_http_call *call, const char *slug, const char *name,
                   const char *value);

#endif
