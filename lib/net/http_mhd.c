/* The back-end over libmicrohttpd 0.9.75.
 *
 * Poll mode only: in its epoll mode a connection resumed before the access handler has returned
 * can be missed, and then freezes until its time-out. The library's own time-out counts idle time,
 * which a client that drips bytes never reaches; so each connection has a row in a table of ours
 * and a reaper ends those past an absolute deadline.
 *
 * The library accepts a bare LF or CR as the end of a line, folded lines, and spaces around a
 * value's end: readings in which an edge in front may differ (request smuggling). It splits a
 * head in place, so how far its strings lie apart tells which bytes stood between them; anything
 * but one CR LF is refused (head_gaps). */
#define _GNU_SOURCE /* struct ucred */
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_core.h"

enum {
    POOL = 24 * 1024, /* a head beyond its limit, so that we refuse it, and the library's own use */
    SPARE = 64,       /* connections beyond the bound, there to be refused */
};

enum phase { PHASE_IDLE, PHASE_HEAD, PHASE_BODY, PHASE_WORK, PHASE_SEND };

/* A connection. Owned by the HTTP thread; the reaper sees it under the table's lock. */
struct conn {
    struct mhd *m;
    struct MHD_Connection *mhd;
    int fd;
    uint64_t prefix; /* of the source; 0: none (Unix) */
    struct http_peer peer;
    unsigned body_ms; /* of the request being read */
    unsigned requests;
    enum phase phase;
    uint64_t since;  /* the phase began */
    uint64_t amount; /* bytes of body so far, or to be sent */
    char *target;    /* of the request being read, as it came */
    bool ran;        /* its handler was called */
    struct conn *next;
    struct conn *before;
};

struct mhd {
    struct pse_http *core;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* the table */
    struct conn *conns;
    size_t n;
    uint64_t reaped;
};

static void set_phase(struct conn *c, enum phase phase, uint64_t amount)
{
    pthread_mutex_lock(&c->m->lock);
    c->phase = phase;
    c->since = http_now_ms();
    c->amount = amount;
    pthread_mutex_unlock(&c->m->lock);
}

/* --- the table ---------------------------------------------------------------------------------
 */

/* /24 of IPv4 and /48 of IPv6, never 0; Unix sockets have none. */
static uint64_t prefix_of(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, a, sizeof v4);
        return UINT64_C(1) << 56 | ntohl(v4.sin_addr.s_addr) >> 8;
    }
    if (a->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        uint64_t prefix = UINT64_C(2) << 56;

        memcpy(&v6, a, sizeof v6);
        for (unsigned i = 0; i < 6; i++)
            prefix |= (uint64_t)v6.sin6_addr.s6_addr[i] << (8 * i);
        return prefix;
    }
    return 0;
}

/* What pse_http_peer says. */
static uint64_t address_of(const struct sockaddr *a)
{
    static const uint8_t self[16] = {[15] = 1};

    if (a->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, a, sizeof v4);
        return v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK)
                   ? 0
                   : UINT64_C(1) << 56 | ntohl(v4.sin_addr.s_addr);
    }
    if (a->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        uint64_t net;

        memcpy(&v6, a, sizeof v6);
        if (memcmp(v6.sin6_addr.s6_addr, self, sizeof self) == 0)
            return 0;
        memcpy(&net, v6.sin6_addr.s6_addr, sizeof net);
        return net == 0 ? UINT64_MAX : net;
    }
    return 0;
}

static enum MHD_Result on_accept(void *arg, const struct sockaddr *a, socklen_t n)
{
    struct mhd *m = arg;
    uint64_t prefix = a != NULL && n >= sizeof a->sa_family ? prefix_of(a) : 0;
    bool counts = prefix != 0 && m->core->o.per_source != UINT_MAX;
    size_t same = 0;
    bool full;

    pthread_mutex_lock(&m->lock);
    for (const struct conn *c = m->conns; counts && c != NULL; c = c->next)
        same += c->prefix == prefix;
    full = m->n >= m->core->o.connections || (counts && same >= m->core->o.per_source);
    m->reaped += full;
    pthread_mutex_unlock(&m->lock);
    return full ? MHD_NO : MHD_YES;
}

static void conn_open(struct mhd *m, struct MHD_Connection *mhd, void **slot)
{
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *from =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct conn *c = calloc(1, sizeof *c);
    struct ucred peer;
    socklen_t n = sizeof peer;

    *slot = c;
    if (c == NULL)
        return; /* on_request refuses a connection without a row */
    c->m = m;
    c->mhd = mhd;
    c->fd = fd->connect_fd;
    c->phase = PHASE_HEAD;
    c->since = http_now_ms();
    c->prefix = from != NULL && from->client_addr != NULL ? prefix_of(from->client_addr) : 0;
    if (c->prefix != 0)
        c->peer.address = address_of(from->client_addr);
    if (c->prefix == 0 && getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0) {
        c->peer.has_uid = true;
        c->peer.uid = peer.uid;
    }
    pthread_mutex_lock(&m->lock);
    c->next = m->conns;
    if (m->conns != NULL)
        m->conns->before = c;
    m->conns = c;
    m->n++;
    pthread_mutex_unlock(&m->lock);
}

/* Called before the descriptor is closed, so the reaper never touches one used again. */
static void conn_close(struct mhd *m, void **slot)
{
    struct conn *c = *slot;

    *slot = NULL;
    if (c == NULL)
        return;
    pthread_mutex_lock(&m->lock);
    if (c->next != NULL)
        c->next->before = c->before;
    if (c->before != NULL)
        c->before->next = c->next;
    else
        m->conns = c->next;
    m->n--;
    pthread_mutex_unlock(&m->lock);
    free(c->target);
    free(c);
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        conn_open(arg, mhd, slot);
    else
        conn_close(arg, slot);
}

/* --- the reaper --------------------------------------------------------------------------------
 */

static bool is_late(const struct conn *c, const struct pse_http_options *o, uint64_t now)
{
    uint64_t spent = now - c->since;

    switch (c->phase) {
    case PHASE_IDLE: return spent > o->idle_ms;
    case PHASE_HEAD: return spent > o->header_ms;
    case PHASE_BODY:
        return spent > c->body_ms ||
               (spent > 2000 && c->amount * 1000 < (spent - 2000) * PSE_HTTP_BODY_RATE);
    case PHASE_WORK: return false; /* the call's own deadline serves */
    case PHASE_SEND: return spent > 10000 + c->amount * 1000 / PSE_HTTP_SEND_RATE;
    }
    return true;
}

static void on_tick(void *backend, uint64_t now)
{
    struct mhd *m = backend;

    pthread_mutex_lock(&m->lock);
    for (const struct conn *c = m->conns; c != NULL; c = c->next) {
        if (!is_late(c, &m->core->o, now))
            continue;
        (void)shutdown(c->fd, SHUT_RDWR);
        m->reaped++;
    }
    pthread_mutex_unlock(&m->lock);
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
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

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
        if (c->phase == PHASE_IDLE)
            set_phase(c, PHASE_HEAD, 0);
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
    set_phase(c, PHASE_SEND, length);
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
    c->body_ms = call->route != NULL && call->route->body_ms > 0 ? call->route->body_ms
                                                                 : c->m->core->o.body_ms;
    c->ran = false;
    set_phase(c, call->body_want > 0 ? PHASE_BODY : PHASE_WORK, 0);
    return call;
}

static enum MHD_Result take_body(struct conn *c, struct pse_http_call *call, const char *p,
                                 size_t *n)
{
    if (!http_call_body(call, p, *n))
        return MHD_NO;
    pthread_mutex_lock(&c->m->lock);
    c->amount += *n;
    pthread_mutex_unlock(&c->m->lock);
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
        set_phase(c, PHASE_WORK, 0);
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
        set_phase(c, PHASE_IDLE, 0);
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
           (flags & MHD_USE_INTERNAL_POLLING_THREAD) != 0;
}

static struct MHD_Daemon *start_daemon(struct mhd *m, int fd)
{
    return MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, on_accept, m, on_request, m,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, m->core->o.connections + SPARE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, m, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        m, MHD_OPTION_URI_LOG_CALLBACK, on_target, m, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, m,
        MHD_OPTION_END);
}

pse_rc pse_http_start(struct pse_http **out, const struct pse_http_options *o, int fd)
{
    struct mhd *m = calloc(1, sizeof *m);
    pse_rc rc = m == NULL ? PSE_E_MEMORY : PSE_OK;

    *out = NULL;
    if (rc == PSE_OK) {
        PSE_REQUIRE(pthread_mutex_init(&m->lock, NULL) == 0);
        rc = http_core_new(&m->core, o, &mhd_ops, m);
    }
    if (rc != PSE_OK) {
        free(m);
        (void)close(fd);
        return rc;
    }
    raise_descriptors(m->core->o.connections);
    m->daemon = start_daemon(m, fd);
    if (m->daemon == NULL || !is_polling(m->daemon)) {
        rc = m->daemon == NULL ? PSE_E_IO : PSE_E_UNSUPPORTED;
        if (m->daemon != NULL)
            MHD_stop_daemon(m->daemon);
        else
            (void)close(fd);
        http_core_free(m->core);
        free(m);
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
    bool busy = true;

    while (busy && http_now_ms() < end) {
        busy = false;
        pthread_mutex_lock(&m->lock);
        for (const struct conn *c = m->conns; c != NULL; c = c->next)
            busy = busy || c->phase == PHASE_WORK || c->phase == PHASE_SEND;
        pthread_mutex_unlock(&m->lock);
        if (busy)
            (void)nanosleep(&nap, NULL);
    }
}

void pse_http_stop(struct pse_http *s)
{
    struct mhd *m = s == NULL ? NULL : s->backend;
    MHD_socket fd;

    if (m == NULL)
        return;
    fd = MHD_quiesce_daemon(m->daemon);
    if (fd != MHD_INVALID_SOCKET)
        (void)close(fd);
    http_core_drain(s);
    await_sent(m);
    MHD_stop_daemon(m->daemon);
    http_core_free(s);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

void pse_http_counters(struct pse_http_counters *out, struct pse_http *s)
{
    struct mhd *m = s->backend;

    http_core_counters(out, s);
    pthread_mutex_lock(&m->lock);
    out->connections = m->n;
    out->reaped = m->reaped;
    pthread_mutex_unlock(&m->lock);
}
