/* An HTTP/1.1 server behind limits of its own (service contract 2 and 3).
 *
 * For: each daemon's closed table of routes on a Unix socket or on loopback TCP; TLS, HTTP/2 and
 * the public address are the edge's. Every limit marked A in the contract holds here without an
 * edge. Not for: what a route means, sessions, buckets of the admission order (the daemon's).
 *
 * One thread speaks HTTP. A route is answered there at once (PSE_HTTP_INLINE: small, nothing that
 * blocks or computes), or its calls wait in a bounded lane for that lane's workers, which may take
 * many at once and may keep a call back to answer it later (a batch, a quorum). While it waits a
 * call costs no polling; whoever forgets it is found by its deadline.
 *
 * What is refused is refused before its body is read, with problem+json and a stable slug.
 * Behind this header are two back-ends: libmicrohttpd (pse_http_start) and a player of bytes in
 * memory (http_player.h, for tests). */
#ifndef PSE_NET_HTTP_H
#define PSE_NET_HTTP_H

#include "base/base.h"

enum {
    PSE_HTTP_LINE_MAX = 2048,   /* request line */
    PSE_HTTP_HEADER_MAX = 4096, /* one header */
    PSE_HTTP_HEAD_MAX = 8192,   /* request line and all headers */
    PSE_HTTP_HEADERS_MAX = 64,
    PSE_HTTP_ROUTES_MAX = 64,
    PSE_HTTP_LANES = 4,
    PSE_HTTP_BATCH_MAX = 64,
    PSE_HTTP_SPOOL_ABOVE = 1 << 20,
    PSE_HTTP_ANSWER_HEAD = 3072, /* extra headers of an answer */
    PSE_HTTP_ADDRESS = 256,
    PSE_HTTP_REFERENCE_TEXT = 17, /* 16 hexadecimal digits and a zero */

    PSE_HTTP_HEADER_MS = 10000, /* absolute, for all headers */
    PSE_HTTP_BODY_MS = 10000,   /* absolute, for the body */
    PSE_HTTP_BODY_RATE = 1000,  /* bytes a second, after two seconds */
    PSE_HTTP_SEND_RATE = 4096,  /* bytes a second, after ten seconds */
    PSE_HTTP_IDLE_MS = 15000,   /* between two requests of a connection */
    PSE_HTTP_REQUESTS = 1000,   /* of one connection */
    PSE_HTTP_CONNECTIONS = 8704,
    PSE_HTTP_PER_SOURCE = 64,  /* connections of one /24 or /48 */
    PSE_HTTP_WAIT_MS = 5000,   /* of a call in a lane or kept back, unless the route says more */
    PSE_HTTP_STALE_MS = 2000,  /* a call that waited longer for a worker is not begun */
    PSE_HTTP_DRAIN_MS = 10000, /* at stop: for answers on their way */
};

enum pse_http_method {
    PSE_HTTP_GET = 1,
    PSE_HTTP_HEAD = 2,
    PSE_HTTP_POST = 4,
    PSE_HTTP_PUT = 8,
    PSE_HTTP_DELETE = 16, /* never with a body */
};

/** A request that wants an answer. */
struct pse_http_call;
struct pse_http_detail;

/** Called with n >= 1 calls of one route; inline routes always one. Each call must be answered
 * once: before returning, or, on a lane, at any time later from any thread. */
typedef void pse_http_handler(void *ctx, struct pse_http_call *const *call, size_t n);

/** May this call come in? Asked in the HTTP thread once the route is found, before size, type and
 * room are looked at and before a byte of the body is read; method, path and headers are there.
 * False: refused with *status and *slug. Must not block or compute. */
typedef bool pse_http_admit(void *ctx, const struct pse_http_call *c, unsigned *status,
                            const char **slug);

enum { PSE_HTTP_INLINE = -1 };

struct pse_http_route {
    unsigned methods;     /* GET brings HEAD with it; POST, PUT, DELETE */
    const char *path;     /* "/healthz"; "/tile/" and all below it when it ends with a slash */
    bool query;           /* may be followed by ?… */
    const char *type;     /* Content-Type a POST or PUT must have, exactly; NULL: any or none */
    size_t body_max;      /* of a POST or PUT */
    int lane;             /* 0..PSE_HTTP_LANES-1, or PSE_HTTP_INLINE */
    unsigned batch;       /* calls handed over at once at most (0: one) */
    unsigned deadline_ms; /* for an answer; 0: PSE_HTTP_WAIT_MS */
    unsigned body_ms;     /* for the body; 0: the server's */
    pse_http_handler *handle;
    void *ctx;
    pse_http_admit *admit; /* NULL: everybody */
    void *admit_ctx;
};

struct pse_http_lane {
    size_t capacity; /* calls waiting for a worker; beyond: 503 */
    unsigned workers;
};

/** Zero means the default above. */
struct pse_http_options {
    const struct pse_http_route *route; /* lives as long as the server */
    size_t routes;
    struct pse_http_lane lane[PSE_HTTP_LANES];
    /** So many workers of all lanes are at work at once; the others wait for their turn, lane 0
     * first, by turns.h. 0: all may. */
    unsigned at_once;
    unsigned connections;
    unsigned per_source; /* UINT_MAX: no bound, for a loopback port behind an edge */
    unsigned header_ms;
    unsigned body_ms;
    unsigned idle_ms;
    unsigned requests;
    unsigned stale_ms;
    uint64_t seed; /* of the jitter in Retry-After */
    /** A folder of the program's own: bodies above PSE_HTTP_SPOOL_ABOVE go to nameless files there
     * instead of memory. NULL: all in memory. */
    const char *spool;
    /** What a refusal of the server itself says beyond its status; NULL or an answer of NULL: the
     * server's own words. From any thread. */
    const struct pse_http_detail *(*words)(const char *slug);
    /** Told of each problem of status 500 and above, with the reference that its client sees; any
     * thread, must not block. NULL: nobody is. */
    void (*failed)(void *ctx, unsigned status, const char *slug, const char *reference);
    void *failed_ctx;
};

struct pse_http;

/* --- listening ---------------------------------------------------------------------------------
 */

/** A listening socket: "unix:PATH" (an old socket there is replaced), "127.0.0.1:PORT",
 * "[::1]:PORT", PORT 0 for a free one, or "fd:N" for the N-th socket (from 0) that the service
 * manager passed: descriptor 3 + N, when somebody listens on it. @p address gets what clients
 * connect to. PSE_E_SYNTAX; PSE_E_UNSUPPORTED: not a loopback address (TLS and the public side are
 * the edge's); PSE_E_MISSING: no such socket was passed; PSE_E_IO (errno tells). */
PSE_MUST pse_rc pse_http_listen(int *fd, char address[PSE_HTTP_ADDRESS], const char *where);

/** Serve on @p fd, which is taken over, from threads of its own until pse_http_stop. PSE_E_MEMORY,
 * PSE_E_UNSUPPORTED (the library cannot poll as it must), PSE_E_IO. */
PSE_MUST pse_rc pse_http_start(struct pse_http **out, const struct pse_http_options *o, int fd);
/** Accept no more, let the answers under way go out, answer the rest 503, join all threads and
 * free. NULL is fine. Not from a handler. Calls kept back that nobody answers meanwhile are
 * answered here at their deadline; whoever keeps them answers them all the same, now or later, and
 * what failed_ctx points at lives until then. */
void pse_http_stop(struct pse_http *s);

struct pse_http_counters {
    uint64_t requests;
    uint64_t refused; /* answered without a handler */
    uint64_t reaped;  /* connections ended by a deadline, rate or bound */
    uint64_t overdue; /* calls that nobody answered in time; must stay 0 */
    size_t connections;
    size_t waiting; /* calls in lanes or kept back */
    /** How full the fullest lane has been since this was last asked, 0 to 1000. */
    unsigned fullest;
};
void pse_http_counters(struct pse_http_counters *out, struct pse_http *s);

/** From a handler on a lane: it only waits from here on, so its turn (at_once) goes to the next. */
void pse_http_yield(void);
/** From a handler on a lane: so many may wait for a worker of its lane from now on. */
void pse_http_lane_capacity(const struct pse_http_call *c, size_t capacity);

/* --- a call ------------------------------------------------------------------------------------
 * All spans live until the call is answered. */

enum pse_http_method pse_http_method(const struct pse_http_call *c);
/** As sent: begins with a slash, no percent signs, no "..", no empty segments, none with a dot in
 * front but /.well-known/ at the beginning. */
struct pse_span pse_http_path(const struct pse_http_call *c);
/** The path behind the route's own, for a route that ends with a slash. */
struct pse_span pse_http_tail(const struct pse_http_call *c);
/** Behind the question mark, not decoded; empty when there is none. */
struct pse_span pse_http_query(const struct pse_http_call *c);
struct pse_span pse_http_body(const struct pse_http_call *c);
/** The value of the header @p name (any case). False when it is absent or occurs twice. */
bool pse_http_header(struct pse_span *value, const struct pse_http_call *c, const char *name);
/** A number for the address at the other end: of an IPv4 address or an IPv6 /64, never 0. 0 for
 * Unix sockets, and for 127.0.0.1 and ::1 themselves: this machine, or the edge on it. */
uint64_t pse_http_peer(const struct pse_http_call *c);
/** The user at the other end of a Unix socket; false for TCP. */
bool pse_http_peer_uid(uint32_t *uid, const struct pse_http_call *c);

/* --- answering ---------------------------------------------------------------------------------
 */

struct pse_http_answer {
    unsigned status;
    const char *type;     /* static; NULL: no Content-Type */
    struct pse_span body; /* static bytes, or */
    struct pse_buf own;   /* bytes that the answer owns, or */
    bool is_file;         /* part of a file */
    int fd;               /* owned */
    uint64_t offset;
    uint64_t length;
    bool close; /* the connection after it */
    char head[PSE_HTTP_ANSWER_HEAD];
    size_t head_n;
};

/** Add a header; name and value are the program's own text, without control characters
 * (PSE_REQUIRE), and all together fit (PSE_REQUIRE). */
void pse_http_answer_header(struct pse_http_answer *a, const char *name, const char *value);

/** Answer: *a is taken over and zeroed; @p c must not be used afterwards. When the call has been
 * given up meanwhile (deadline, stop) the answer is dropped. */
void pse_http_answer(struct pse_http_call *c, struct pse_http_answer *a);
/** A short text. @p text is copied. */
void pse_http_answer_text(struct pse_http_call *c, unsigned status, const char *type,
                          struct pse_span text);
/** application/problem+json with the type urn:psephos:problem:SLUG, title, status, and a random
 * reference instead of anything from inside. 503 and 429 get a Retry-After of 1 to 5 seconds. */
void pse_http_problem(struct pse_http_call *c, unsigned status, const char *slug);

/** What a problem says beyond its status; NULL where there is nothing. */
struct pse_http_detail {
    const char *title;
    const char *detail;
    const char *name;  /* one member more, */
    const char *value; /* a text, or NULL: the number */
    uint64_t number;
};
void pse_http_problem_with(struct pse_http_call *c, unsigned status, const char *slug,
                           const struct pse_http_detail *d);

#endif
