/* Inside demo_service.h: what its files share. demo_service.c the processes, and entries of roles;
 * demo_cast.c the voters. */
#ifndef PSE_PSEPHOS_DEMO_SERVICE_ROOM_H
#define PSE_PSEPHOS_DEMO_SERVICE_ROOM_H

#include <pthread.h>

#include "common/files.h"
#include "common/record_pin.h"
#include "common/sequence_client.h"
#include "net/fetch.h"
#include "psephos/demo_edge.h"
#include "psephos/demo_service.h"
#include "psephos/demo_witnesses.h"

enum {
    DEMO_AT_ONCE = 256,    /* voters who cast at the same time */
    DEMO_AGAIN_MS = 100,   /* before a service that did not answer is tried again */
    DEMO_PATIENCE_S = 120, /* with a service that is away */
    DEMO_SOCKET = 512,
};

struct demo_box {
    pid_t sequence, front;
    char dir[FILE_PATH_MAX];
    char socket[DEMO_SOCKET], http[DEMO_SOCKET];
    struct sequence_client *client;
};

struct demo_service {
    struct demo_service_options o;
    const char *name;
    struct rehearsal *r;
    char dir[FILE_PATH_MAX], record[FILE_PATH_MAX]; /* absolute */
    char run[32];                                   /* sockets: a short path */
    struct demo_witnesses witnesses;
    struct demo_box box[DEMO_BOXES_MAX];
    size_t boxes;
    struct demo_edge edge;
    struct pse_buf setup; /* a parcel, until the first entry */
    bool is_started, is_warm;
    bool is_tried; /* that a ballot without a login is turned away */
    struct record_pin pin;
    struct pse_fetcher *web;
    uint64_t size; /* entries handed over */
    uint64_t killed;
    size_t next;                /* which address is tried next, without an edge */
    const char *const *session; /* of the next ballot; NULL: none are asked for */

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t told;
    size_t waiting;
    uint8_t bad; /* outcome of the first entry that was not taken; 0: none */
    uint16_t rule;
};

/** Wait until every entry of a role that was handed over is in the log. One line and PSE_E_STATE
 * when one is not. */
PSE_MUST pse_rc demo_service_settle(struct demo_service *d);
/** Let a service that does not answer come back. */
void demo_service_nap(void);
/** rehearsal_log.put_ballots: cast over HTTP; ctx is the demo_service. */
PSE_MUST pse_rc demo_cast(void *ctx, struct pse_span *entry, pse_hash *leaf, size_t n);

#endif
