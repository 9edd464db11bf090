/* Inside psephos box sequence: what the files of its socket share. box_sequence_ipc.c requests and
 * connections; box_sequence_write.c answers on their way. */
#ifndef PSE_PSEPHOS_BOX_SOCKET_H
#define PSE_PSEPHOS_BOX_SOCKET_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/brownout.h"
#include "common/sequence_ipc.h"
#include "net/ipc.h"
#include "psephos/box.h"

/* An answer on its way: a result, or a whole frame of another kind. */
struct box_letter {
    struct box_letter *next;
    uint8_t kind;
    struct sequence_result result; /* SUBMIT, RECEIPT; receipt points into bytes */
    size_t n;
    uint8_t bytes[];
};

struct box_conn {
    struct box_server *server;
    struct pse_ipc *ipc;
    pthread_t reader, writer;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct box_letter *first;
    struct box_letter **last;
    size_t letters;
    bool ends;     /* the writer leaves when the list is empty */
    bool is_over;  /* the reader has left */
    unsigned refs; /* its two threads, and tickets that will be answered */
    struct box_upload upload;
    struct sequence_submit submit; /* the reader's */
    struct box_conn *next;
};

struct box_server {
    struct box_log *log;
    pthread_rwlock_t using;
    struct pse_sequencer *sequencer; /* NULL: not open yet, or draining */
    int fd;
    uint32_t *uid;
    size_t uids;
    pthread_t accepting;
    pthread_mutex_t lock;
    struct box_conn *conns;
    size_t n;
    atomic_bool ends;
    pthread_mutex_t level_lock;
    struct brownout_set level;
};

/** Put an answer into the list of a connection; when it is full, or memory is out, the peer is
 * given up, and its requests are answered FAILED at the other end. */
void box_conn_result(struct box_conn *c, uint8_t kind, const struct sequence_result *r);
/** @p body is freed. */
void box_conn_frame(struct box_conn *c, uint8_t kind, struct pse_buf *body);
/** The thread that sends what is in the list, until the connection ends and the list is empty. */
void *box_conn_write(void *conn);
/** One reference less. */
void box_conn_drop(struct box_conn *c);

#endif
