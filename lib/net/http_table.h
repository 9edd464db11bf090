/* The connections of a server: what each is doing and since when. Inside lib/net only.
 *
 * For: deadlines that a client cannot stretch by dripping (the reaper), bounds on how many there
 * are (http_gate.h), and room for newcomers: when nearly all places are taken, a newcomer takes
 * that of the connection that has said nothing for longest, so who holds thousands open must open
 * thousands a second to keep others out. Not for: requests (http_core.h). Thread-safe. */
#ifndef PSE_NET_HTTP_TABLE_H
#define PSE_NET_HTTP_TABLE_H

#include "http_core.h"
#include "http_gate.h"

enum http_phase { HTTP_IDLE, HTTP_HEAD, HTTP_BODY, HTTP_WORK, HTTP_SEND, HTTP_ENDED };

enum { HTTP_YIELD_MS = 250 /* a connection that is silent for less never makes room */ };

/** A connection. Its owner is the HTTP thread; others see what stands here only under the table's
 * lock. Zeroed but for fd and body_ms, then http_conn_open. */
struct http_conn {
    int fd;
    unsigned body_ms; /* of the request being read */

    struct http_table *table;
    enum http_phase phase;
    uint64_t since;  /* the phase began */
    uint64_t amount; /* bytes of body so far, or to be sent */
    struct http_conn *next;
    struct http_conn *before;
    bool silent; /* among those that could make room */
    struct http_conn *silent_next;
    struct http_conn *silent_before;
};

struct http_table {
    const struct pse_http_options *o;
    pthread_mutex_t lock;
    struct http_gate *gate;
    struct http_conn *conns;
    struct http_conn *silent_first; /* in phases IDLE and HEAD, longest first */
    struct http_conn *silent_last;
    uint64_t reaped; /* ended or refused here */
};

/** @p o with its defaults filled in; lives as long as the table. PSE_E_MEMORY. */
PSE_MUST pse_rc http_table_init(struct http_table *t, const struct pse_http_options *o);
/** All connections must have been closed. A zeroed table is fine. */
void http_table_end(struct http_table *t);

/** One more comes from @p prefix: does it enter? Counted when it does, and perhaps another is
 * ended to make room for the next. */
PSE_MUST enum http_entry http_table_enter(struct http_table *t, uint64_t prefix);
/** It had entered, and is gone. */
void http_table_leave(struct http_table *t, uint64_t prefix);

/** It begins, in phase HEAD. */
void http_conn_open(struct http_table *t, struct http_conn *c);
/** It ends, before its descriptor is closed, so that the reaper never touches one used again. The
 * place is given back by http_table_leave. */
void http_conn_close(struct http_conn *c);
void http_conn_phase(struct http_conn *c, enum http_phase phase, uint64_t amount);
/** A request line has come. */
void http_conn_spoke(struct http_conn *c);
/** So much more of the body has come. */
void http_conn_more(struct http_conn *c, uint64_t n);

/** End those past a deadline. */
void http_table_reap(struct http_table *t, uint64_t now_ms);
/** Does any work or send? */
bool http_table_is_busy(struct http_table *t);
void http_table_count(size_t *connections, uint64_t *reaped, struct http_table *t);

#endif
