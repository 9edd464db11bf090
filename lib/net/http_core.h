/* What the two back-ends of http.h share. Inside lib/net only. */
#ifndef PSE_NET_HTTP_CORE_H
#define PSE_NET_HTTP_CORE_H

#include <pthread.h>

#include "http.h"
#include "turns.h"

struct http_field {
    struct pse_span name;
    struct pse_span value;
};

/** A request's head as a back-end has split it. */
struct http_head {
    struct pse_span method;
    struct pse_span target;
    struct pse_span version;
    size_t bytes;    /* of the whole head as it came */
    bool is_odd;     /* line ends other than CR LF, folded lines, white space where none belongs */
    size_t fields_n; /* of all that came, also beyond what the array holds */
    struct http_field field[PSE_HTTP_HEADERS_MAX];
};

/** How a back-end holds a connection still and lets it go on. */
struct http_ops {
    void (*suspend)(void *conn);
    void (*resume)(void *conn);
    bool (*is_gone)(void *conn); /* has the client left? From any thread, while suspended */
    void (*tick)(void *backend, uint64_t now_ms); /* about once a second */
};

/** Who is at the other end. */
struct http_peer {
    bool has_uid;
    uint32_t uid;
    uint64_t address; /* pse_http_peer */
};

enum http_call_state { HTTP_OPEN, HTTP_ANSWERED };

struct pse_http_call {
    struct pse_http *server;
    const struct pse_http_route *route; /* NULL: refused */
    void *conn;
    enum pse_http_method method;
    struct pse_span path;
    struct pse_span tail;
    struct pse_span query;
    uint8_t *body;
    size_t body_n;    /* so far */
    size_t body_want; /* Content-Length */
    struct http_peer peer;
    int spool;        /* descriptor of a long body, -1: in memory */
    bool close_after; /* the connection cannot go on behind what was not read */

    pthread_mutex_t lock;
    enum http_call_state state;
    bool suspended;
    unsigned refs; /* the connection's, and the job's */
    struct pse_http_answer answer;

    uint64_t queued_at;
    uint64_t deadline;
    struct pse_http_call *next;      /* in the lane */
    struct pse_http_call *wait_next; /* among all that wait */
    struct pse_http_call *wait_before;
    bool waits;

    size_t fields_n;
    struct http_field field[PSE_HTTP_HEADERS_MAX]; /* into text */
    char text[];
};

struct http_lane {
    struct pse_http_call *first;
    struct pse_http_call **last;
    size_t n;
    size_t most;   /* n has been since the counters were last asked for */
    unsigned idle; /* workers that wait for a call or for their turn */
    pthread_cond_t work;
};

struct pse_http {
    struct pse_http_options o;
    const struct http_ops *ops;
    void *backend;

    pthread_mutex_t lock; /* all below, and the lanes */
    struct http_lane lane[PSE_HTTP_LANES];
    struct pse_turns turns;
    unsigned at_work;              /* workers that have a turn */
    struct pse_http_call *waiting; /* suspended calls */
    struct pse_http_counters count;
    struct pse_rng jitter;
    bool stopping; /* no new work */
    bool ending;   /* threads leave */
    size_t refs;   /* the owner's, and one of each call: an answer may come after the end */
    pthread_cond_t tick;
    pthread_t *thread;
    size_t threads;
};

uint64_t http_now_ms(void);

/** The part of a server that knows no back-end: lanes, workers, deadlines. */
PSE_MUST pse_rc http_core_new(struct pse_http **out, const struct pse_http_options *o,
                              const struct http_ops *ops, void *backend);
/** No new calls; wait until none waits, at most PSE_HTTP_DRAIN_MS, then answer what is left. */
void http_core_drain(struct pse_http *s);
void http_core_counters(struct pse_http_counters *out, struct pse_http *s);
/** Join the threads and free, or leave that to the last call: one that was given up may still be
 * answered, and that is dropped. All connections must be gone. */
void http_core_free(struct pse_http *s);
/** One reference less. */
void http_core_drop(struct pse_http *s);

/** A call for this head, referenced by the connection; NULL when out of memory. When the head is
 * refused the call is answered already. */
struct pse_http_call *http_call_new(struct pse_http *s, void *conn, const struct http_peer *peer,
                                    const struct http_head *head);
/** More of the body; false when out of memory or more than was announced. */
bool http_call_body(struct pse_http_call *c, const void *p, size_t n);
/** All of the body is there: the handler sees it as memory, also a spooled one. False: no memory.
 */
bool http_call_complete(struct pse_http_call *c);
/** The request is complete: run its handler, or suspend and queue it. */
void http_call_run(struct pse_http_call *c);
bool http_call_is_answered(struct pse_http_call *c);
/** One reference more. */
void http_call_hold(struct pse_http_call *c);
/** Refuse it in the server's own name. */
void http_call_refuse(struct pse_http_call *c, unsigned status, const char *slug);
/** It waits no more. */
void http_wait_leave(struct pse_http_call *c);
/** The connection lets go of it. */
void http_call_drop(struct pse_http_call *c);

/** Call @p put for each extra header of an answer. */
void http_answer_headers(const struct pse_http_answer *a,
                         void (*put)(void *ctx, const char *name, const char *value), void *ctx);
uint64_t http_answer_length(const struct pse_http_answer *a);
/** What a refusal says in words: the program's, else this room's; NULL: nothing. */
const struct pse_http_detail *http_words(const struct pse_http *s, const char *slug);
/** Release what it owns. */
void http_answer_free(struct pse_http_answer *a);
/** Zeros become the defaults of http.h. */
void http_options_defaults(struct pse_http_options *o);
/** The table of a server and its numbers make sense (PSE_REQUIRE). */
void http_options_check(const struct pse_http_options *o);

/** http_head.c: is this head acceptable, and which route is it for? PSE_OK, else *status, *slug. */
PSE_MUST pse_rc http_head_judge(struct pse_http_call *c, const struct http_head *head,
                                unsigned *status, const char **slug);

#endif
