/* The back-end over libmicrohttpd 0.9.75.
 *
 * Poll mode only: in its epoll mode a connection resumed before the access handler has returned
 * can be missed, and then freezes until its time-out. The library's own time-out counts idle time,
 * which a client that drips bytes never reaches; so each connection has a row in a table of ours
 * (http_table.h) and a reaper ends those past an absolute deadline.
 *
 * In poll mode the library accepts one connection in each round, and a round costs as much as there
 * are connections; so a thread of ours accepts them (http_accept.h), refuses those for which there
 * is no room, and hands the others over.
 *
 * The library accepts a bare LF or CR as the end of a line, folded lines, and spaces around a
 * value's end: readings in which an edge in front may differ (request smuggling). It splits a
 * head in place, so how far its strings lie apart tells which bytes stood between them; anything
 * but one CR LF is refused (head_gaps). */
#define _GNU_SOURCE /* struct ucred */
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_accept.h"
#include "http_core.h"
#include "http_table.h"

enum {
    POOL = 16 * 1024, /* a head beyond its limit, so that we refuse it, and the library's own use */
    SPARE = 64,       /* the library learns later than we do that one is gone */
};

/* A connection. Owned by the HTTP thread. */
struct conn {
    struct http_conn row; /* first */
    struct mhd *m;
    struct MHD_Connection *mhd;
    struct http_peer peer;
    unsigned requests;
    char *target; /* of the request being read, as it came */
    bool ran;     /* its handler was called */
};

struct mhd {
    struct pse_http_options o;
    struct pse_http *core;
    struct MHD_Daemon *daemon;
    struct http_acceptor *acceptor;
    struct http_table table;
    unsigned refusals; /* the acceptor's */
};

/* --- connections -------------------------------------------------------------------------------
 */

static const struct sockaddr *source_of(struct MHD_Connection *mhd, socklen_t *n)
{
    const union MHD_ConnectionInfo *from =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = from != NULL ? from->client_addr : NULL;

    *n = a == NULL                  ? 0
         : a->sa_family == AF_INET  ? sizeof(struct sockaddr_in)
         : a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                    : sizeof a->sa_family;
    return a;
}

static void conn_open(struct mhd *m, struct MHD_Connection *mhd, void **slot)
{
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    socklen_t from_n;
    const struct sockaddr *from = source_of(mhd, &from_n);
    struct conn *c = calloc(1, sizeof *c);
    struct ucred peer;
    socklen_t n = sizeof peer;

    *slot = c;
    if (c == NULL)
        return; /* on_request refuses a connection without a row */
    c->m = m;
    c->mhd = mhd;
    c->row.fd = fd->connect_fd;
    c->peer.address = http_source_address(from, from_n);
    if (http_source_prefix(from, from_n) == 0 &&
        getsockopt(c->row.fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0) {
        c->peer.has_uid = true;
        c->peer.uid = peer.uid;
    }
    http_conn_open(&m->table, &c->row);
}

/* The prefix is looked up again: without memory there was no row to keep it in. */
static void conn_close(struct mhd *m, struct MHD_Connection *mhd, void **slot)
{
    struct conn *c = *slot;
    socklen_t n;
    const struct sockaddr *from = source_of(mhd, &n);

    *slot = NULL;
    http_table_leave(&m->table, http_source_prefix(from, n));
    if (c == NULL)
        return;
    http_conn_close(&c->row);
    free(c->target);
    free(c);
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        conn_open(arg, mhd, slot);
    else
        conn_close(arg, mhd, slot);
}

static void on_tick(void *backend, uint64_t now)
{
    struct mhd *m = backend;

    http_table_reap(&m->table, now);
}

/* --- coming in ---------------------------------------------------------------------------------
 */

/* Without reading and without the library; the jitter is as good as it must be. */
static void refuse_full(int fd, unsigned nth)
{
    static const char body[] = "{\"type\":\"urn:psephos:problem:busy\",\"status\":503}\n";
    char text[256];
    int n = snprintf(text, sizeof text,
                     "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: %u\r\n"
                     "Content-Type: application/problem+json\r\nContent-Length: %zu\r\n\r\n%s",
                     1 + nth % 5, sizeof body - 1, body);

    (void)send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

/* No answer, and nothing that lingers in the kernel. */
static void refuse_source(int fd)
{
    const struct linger abort_at_close = {1, 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof abort_at_close);
    (void)close(fd);
}

/* In the acceptor's thread. A connection that the library drops for want of memory keeps its place
 * in the gate: nobody tells us. */
static void take_in(void *arg, int fd, const struct sockaddr *from, socklen_t n)
{
    struct mhd *m = arg;
    uint64_t prefix = http_source_prefix(from, n);
    enum http_entry entry = http_table_enter(&m->table, prefix);

    if (entry == HTTP_FULL)
        refuse_full(fd, m->refusals++);
    else if (entry == HTTP_SOURCE_FULL)
        refuse_source(fd);
    else if (MHD_add_connection(m->daemon, fd, from, n) != MHD_YES) /* which closes it */
        http_table_leave(&m->table, prefix);
}

/* --- holding still -----------------------------------------------------------------------------
 */

static void op_suspend(void *conn)
{
    struct conn *c = conn;

    MHD_suspend_connection(c->mhd);
}

static void op_resume(void *conn)
{
    struct conn *c = conn;

    MHD_resume_connection(c->mhd);
}

static bool op_is_gone(void *conn)
{
    struct conn *c = conn;
    uint8_t byte;
    ssize_t n = recv(c->row.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static const struct http_ops mhd_ops = {op_suspend, op_resume, op_is_gone, on_tick};

/* --- heads -------------------------------------------------------------------------------------
 */

static enum MHD_Result on_field(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_n,
                                const char *value, size_t value_n)
{
    struct http_head *head = arg;

    (void)kind;
    if (head->fields_n < PSE_HTTP_HEADERS_MAX) {
        head->field[head->fields_n].name = pse_span(name, name_n);
        head->field[head->fields_n].value = pse_span(value == NULL ? "" : value, value_n);
    }
    head->fields_n++;
    return MHD_YES;
}

/* Where one string ends and the next begins, as addresses in the library's read buffer. */
static bool follows(const void *next, struct pse_span s, size_t gap)
{
    return (uintptr_t)next == (uintptr_t)s.p + s.n + gap;
}

/* Did every line end in exactly CR LF, every name directly in a colon, every value without white
 * space behind it? */
static bool head_gaps(const struct http_head *head, const char *url)
{
    struct pse_span end = head->version;

    if (!follows(url, head->method, 1) ||
        !follows(head->version.p, pse_span(url, head->target.n), 1))
        return false;
    for (size_t i = 0; i < head->fields_n; i++) {
        const struct http_field *f = &head->field[i];
        uintptr_t colon = (uintptr_t)f->name.p + f->name.n;

        if (!follows(f->name.p, end, 2) || (uintptr_t)f->value.p < colon + 1 ||
            (uintptr_t)f->value.p > colon + PSE_HTTP_HEADER_MAX)
            return false;
        end = f->value;
    }
    return (uintptr_t)end.p + end.n + 4 == (uintptr_t)head->method.p + head->bytes;
}

static void read_head(struct http_head *head, struct conn *c, const char *method, const char *url,
                      const char *version)
{
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    head->method = pse_span_str(method);
    head->target = pse_span_str(c->target != NULL ? c->target : "");
    head->version = pse_span_str(version);
    head->bytes = size != NULL ? size->header_size : PSE_HTTP_HEAD_MAX + 1;
    head->fields_n = 0;
    (void)MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, on_field, head);
    head->is_odd = head->fields_n <= PSE_HTTP_HEADERS_MAX && !head_gaps(head, url);
}

static struct conn *conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *slot =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return slot != NULL ? slot->socket_context : NULL;
}

/* The request line is there. The library takes the target apart in place, so it is copied. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *mhd)
{
    struct conn *c = conn_of(mhd);

    (void)arg;
    if (c != NULL) {
        free(c->target);
        c->target = strdup(target);
        http_conn_spoke(&c->row);
    }
    return NULL;
}

/* Nothing is decoded: a percent sign is refused in paths, and queries are the handler's. */
static size_t on_unescape(void *arg, struct MHD_Connection *mhd, char *s)
{
    (void)arg;
    (void)mhd;
    return strlen(s);
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void put_header(void *ctx, const char *name, const char *value)
{
    (void)MHD_add_response_header(ctx, name, value);
}

static struct MHD_Response *make_response(struct pse_http_answer *a)
{
    struct MHD_Response *r;

    if (a->is_file && a->length > 0) {
        r = MHD_create_response_from_fd_at_offset64(a->length, a->fd, a->offset);
        if (r != NULL)
            a->fd = -1; /* closed with the response */
        return r;
    }
    if (a->own.n > 0) {
        r = MHD_create_response_from_buffer_with_free_callback(a->own.n, a->own.p, free);
        if (r != NULL)
            a->own = PSE_BUF(0);
        return r;
    }
    /* The library promises not to write to persistent bytes. */
    return MHD_create_response_from_buffer(a->is_file ? 0 : a->body.n, (void *)(uintptr_t)a->body.p,
                                           MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_answer(struct conn *c, struct pse_http_call *call)
{
    struct pse_http_answer *a = &call->answer;
    uint64_t length = http_answer_length(a);
    unsigned status = a->status;
    struct MHD_Response *r = make_response(a);
    enum MHD_Result rc;

    if (r == NULL)
        return MHD_NO;
    http_answer_headers(a, put_header, r);
    if (a->close || call->close_after || ++c->requests >= c->m->core->o.requests)
        (void)MHD_add_response_header(r, "Connection", "close");
    http_conn_phase(&c->row, HTTP_SEND, length);
    rc = MHD_queue_response(c->mhd, status, r);
    MHD_destroy_response(r);
    return rc;
}

/* --- requests ----------------------------------------------------------------------------------
 */

static struct pse_http_call *begin(struct conn *c, const char *method, const char *url,
                                   const char *version)
{
    struct http_head head;
    struct pse_http_call *call;

    read_head(&head, c, method, url, version);
    call = http_call_new(c->m->core, c, &c->peer, &head);
    if (call == NULL)
        return NULL;
    c->row.body_ms = call->route != NULL && call->route->body_ms > 0 ? call->route->body_ms
                                                                     : c->m->core->o.body_ms;
    c->ran = false;
    http_conn_phase(&c->row, call->body_want > 0 ? HTTP_BODY : HTTP_WORK, 0);
    return call;
}

static enum MHD_Result take_body(struct conn *c, struct pse_http_call *call, const char *p,
                                 size_t *n)
{
    if (!http_call_body(call, p, *n))
        return MHD_NO;
    http_conn_more(&c->row, *n);
    *n = 0;
    return MHD_YES;
}

/* Called when the head is there, for each part of the body, when all is there, and after a
 * resume. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_n, void **slot)
{
    struct conn *c = conn_of(mhd);
    struct pse_http_call *call = *slot;

    (void)arg;
    if (c == NULL)
        return MHD_NO;
    if (call == NULL) {
        call = begin(c, method, url, version);
        *slot = call;
        if (call == NULL)
            return MHD_NO;
        /* An answer in front of a body ends the connection; any other waits for the next call. */
        return call->close_after && http_call_is_answered(call) ? send_answer(c, call) : MHD_YES;
    }
    if (*body_n > 0)
        return take_body(c, call, body, body_n);
    if (!c->ran && !http_call_is_answered(call)) {
        c->ran = true;
        http_conn_phase(&c->row, HTTP_WORK, 0);
        http_call_run(call);
        if (call->suspended) /* also when it has been answered meanwhile: we are called again */
            return MHD_YES;
    }
    return http_call_is_answered(call) ? send_answer(c, call) : MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct conn *c = conn_of(mhd);

    (void)arg;
    (void)code;
    if (*slot != NULL)
        http_call_drop(*slot);
    *slot = NULL;
    if (c != NULL)
        http_conn_phase(&c->row, HTTP_IDLE, 0);
}

/* --- life --------------------------------------------------------------------------------------
 */

/* Room for all connections, as far as the hard limit allows. */
static void raise_descriptors(unsigned connections)
{
    struct rlimit limit;
    rlim_t want = (rlim_t)connections + 256;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return;
    limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* The trap of the epoll mode (see above) must not come back by a default. */
static bool is_polling(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_FLAGS);
    unsigned flags = info == NULL ? 0 : (unsigned)info->flags;

    return (flags & MHD_USE_POLL) != 0 && (flags & MHD_USE_EPOLL) == 0 &&
           (flags & MHD_USE_INTERNAL_POLLING_THREAD) != 0 && (flags & MHD_USE_ITC) != 0;
}

static pse_rc start_daemon(struct mhd *m)
{
    m->daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL,
        NULL, on_request, m, MHD_OPTION_CONNECTION_LIMIT, m->core->o.connections + SPARE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, m, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        m, MHD_OPTION_URI_LOG_CALLBACK, on_target, m, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, m,
        MHD_OPTION_END);
    if (m->daemon == NULL)
        return PSE_E_IO;
    return is_polling(m->daemon) ? PSE_OK : PSE_E_UNSUPPORTED;
}

static void mhd_free(struct mhd *m)
{
    if (m->daemon != NULL)
        MHD_stop_daemon(m->daemon);
    if (m->core != NULL)
        http_core_free(m->core);
    http_table_end(&m->table);
    free(m);
}

/* All but the acceptor. */
static pse_rc mhd_begin(struct mhd *m, const struct pse_http_options *o)
{
    m->o = *o;
    http_options_defaults(&m->o);
    PSE_TRY(http_table_init(&m->table, &m->o)); /* before the core's thread looks at it */
    PSE_TRY(http_core_new(&m->core, &m->o, &mhd_ops, m));
    raise_descriptors(m->o.connections);
    return start_daemon(m);
}

pse_rc pse_http_start(struct pse_http **out, const struct pse_http_options *o, int fd)
{
    struct mhd *m = calloc(1, sizeof *m);
    pse_rc rc;

    *out = NULL;
    if (m == NULL) {
        (void)close(fd);
        return PSE_E_MEMORY;
    }
    rc = mhd_begin(m, o);
    if (rc != PSE_OK)
        (void)close(fd);
    else
        rc = http_acceptor_start(&m->acceptor, fd, take_in, m);
    if (rc != PSE_OK) {
        mhd_free(m);
        return rc;
    }
    *out = m->core;
    return PSE_OK;
}

/* Answers on their way may leave. */
static void await_sent(struct mhd *m)
{
    const struct timespec nap = {0, 5 * 1000 * 1000};
    uint64_t end = http_now_ms() + PSE_HTTP_DRAIN_MS;

    while (http_table_is_busy(&m->table) && http_now_ms() < end)
        (void)nanosleep(&nap, NULL);
}

void pse_http_stop(struct pse_http *s)
{
    struct mhd *m = s == NULL ? NULL : s->backend;

    if (m == NULL)
        return;
    http_acceptor_stop(m->acceptor);
    http_core_drain(s);
    await_sent(m);
    mhd_free(m);
}

void pse_http_counters(struct pse_http_counters *out, struct pse_http *s)
{
    struct mhd *m = s->backend;

    http_core_counters(out, s);
    http_table_count(&out->connections, &out->reaped, &m->table);
}
