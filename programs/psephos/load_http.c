#define _GNU_SOURCE /* memmem */
#include "psephos/load_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/options.h"

enum { NETWORKS = 254 * 256 };

pse_rc load_target(struct sockaddr_in *out, char host[64], const char *url)
{
    static const char scheme[] = "http://";
    const char *at = url + sizeof scheme - 1;
    const char *colon;
    char address[INET_ADDRSTRLEN];
    uint64_t port;
    size_t n;

    memset(out, 0, sizeof *out);
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return PSE_E_SYNTAX;
    colon = strchr(at, ':');
    if (colon == NULL || (size_t)(colon - at) >= sizeof address)
        return PSE_E_SYNTAX;
    n = strcspn(colon + 1, "/");
    if (pse_decimal_decode(&port, pse_span(colon + 1, n)) != PSE_OK || port == 0 || port > 65535 ||
        (colon[1 + n] != '\0' && colon[2 + n] != '\0'))
        return PSE_E_SYNTAX;
    memcpy(address, at, (size_t)(colon - at));
    address[colon - at] = '\0';
    if (inet_pton(AF_INET, address, &out->sin_addr) != 1)
        return PSE_E_SYNTAX;
    if (ntohl(out->sin_addr.s_addr) >> 24 != 127)
        return PSE_E_UNSUPPORTED;
    out->sin_family = AF_INET;
    out->sin_port = htons((uint16_t)port);
    (void)snprintf(host, 64, "%s:%u", address, (unsigned)port);
    return PSE_OK;
}

struct in_addr load_from(uint32_t n)
{
    uint32_t net = n % NETWORKS;
    uint32_t last = 2 + n / NETWORKS % 253;

    return (struct in_addr){
        htonl(UINT32_C(127) << 24 | (1 + net / 256) << 16 | net % 256 << 8 | last)};
}

pse_rc load_connect(int *fd, uint32_t n, const struct sockaddr_in *to)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = load_from(n)};
    const struct linger abort_at_close = {1, 0}; /* no TIME_WAIT: ports would run out */
    int yes = 1;

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return PSE_E_IO;
    (void)setsockopt(*fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)setsockopt(*fd, SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof abort_at_close);
    if (bind(*fd, (const struct sockaddr *)&from, sizeof from) == 0 &&
        (connect(*fd, (const struct sockaddr *)to, sizeof *to) == 0 || errno == EINPROGRESS))
        return PSE_OK;
    (void)close(*fd);
    *fd = -1;
    return PSE_E_IO;
}

void load_descriptors(const char *name, uint64_t want)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return;
    limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : (rlim_t)want;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < want)
        cli_note(name, "only %llu descriptors are allowed, %llu are wanted; raise ulimit -n",
                 (unsigned long long)limit.rlim_cur, (unsigned long long)want);
}

/* --- the end of a request ----------------------------------------------------------------------
 */

static void drop_part(struct load_conn *c)
{
    free(c->part);
    c->part = NULL;
    c->part_n = 0;
}

void load_conn_close(struct load_conn *c)
{
    drop_part(c);
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
    c->busy = false;
    c->kept = false;
}

static void fail(struct load_conn *c)
{
    struct load_answer a = {.was_kept = c->kept && c->part_n == 0 && c->left == 0};
    bool was_busy = c->busy;

    load_conn_close(c);
    if (was_busy)
        c->done(c, &a);
}

static void finish(struct load_conn *c, struct pse_span body)
{
    struct load_answer a = {
        .status = c->status, .retry_after = c->retry_after, .length = c->length, .body = body};

    drop_part(c);
    c->busy = false;
    c->kept = true;
    if (c->ending)
        load_conn_close(c);
    c->done(c, &a);
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* The value of a header line that begins with @p name, lower case, with its colon. */
static bool is_line(struct pse_span *value, const uint8_t *p, const uint8_t *end, const char *name)
{
    size_t n = strlen(name);

    if ((size_t)(end - p) < n || strncasecmp((const char *)p, name, n) != 0)
        return false;
    p += n;
    while (p < end && *p == ' ')
        p++;
    *value = pse_span(p, (size_t)(end - p));
    return true;
}

static bool read_line(struct load_conn *c, const uint8_t *p, const uint8_t *end)
{
    struct pse_span value;
    uint64_t x;

    if (is_line(&value, p, end, "content-length:"))
        return pse_decimal_decode(&c->length, value) == PSE_OK;
    if (is_line(&value, p, end, "connection:"))
        c->ending |= value.n == 5 && strncasecmp((const char *)value.p, "close", 5) == 0;
    else if (is_line(&value, p, end, "retry-after:") && pse_decimal_decode(&x, value) == PSE_OK)
        c->retry_after = x < 3600 ? (unsigned)x : 3600;
    return !is_line(&value, p, end, "transfer-encoding:");
}

/* Status line and headers, @p n bytes with the empty line at their end. */
static bool read_head(struct load_conn *c, const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n - 2;
    uint64_t status;

    c->length = 0;
    c->retry_after = 0;
    c->ending = false;
    if (n < 14 || memcmp(p, "HTTP/1.", 7) != 0 || p[7] < '0' || p[7] > '1' ||
        pse_decimal_decode(&status, pse_span(p + 9, 3)) != PSE_OK)
        return false;
    c->status = (unsigned)status;
    while (p < end) {
        const uint8_t *cr = memmem(p, (size_t)(end - p), "\r\n", 2);

        if (cr == NULL || !read_line(c, p, cr))
            return false;
        p = cr + 2;
    }
    return true;
}

/* Keep what is there of an answer until more comes. */
static bool keep(struct load_conn *c, size_t n)
{
    uint8_t *part = n <= LOAD_SCRATCH / 2 ? realloc(c->part, LOAD_SCRATCH) : NULL;

    if (part == NULL)
        return false;
    c->part = part;
    memcpy(c->part, c->loop->scratch, n);
    c->part_n = n;
    return true;
}

/* @p n bytes of an answer stand in the scratch. False: a broken one. */
static bool take(struct load_conn *c, size_t n)
{
    const uint8_t *p = c->loop->scratch;
    const uint8_t *empty = memmem(p, n, "\r\n\r\n", 4);
    size_t head;

    if (empty == NULL)
        return keep(c, n);
    head = (size_t)(empty - p) + 4;
    if (!read_head(c, p, head))
        return false;
    if (n - head > c->length)
        return false; /* nobody asked for more */
    if (n - head == c->length) {
        finish(c, pse_span(p + head, n - head));
        return true;
    }
    if (head + c->length <= LOAD_SCRATCH / 2)
        return keep(c, n);
    drop_part(c);
    c->left = c->length - (n - head);
    return true;
}

enum reading { READ_MORE, READ_ALL, READ_BROKEN };

static enum reading read_some(struct load_conn *c)
{
    struct load_loop *l = c->loop;
    size_t have = c->left > 0 ? 0 : c->part_n;
    size_t room = LOAD_SCRATCH - have;
    bool good;
    ssize_t n;

    if (have > 0)
        memcpy(l->scratch, c->part, have);
    n = recv(c->fd, l->scratch + have, room, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? READ_ALL : READ_BROKEN;
    if (n == 0 || !c->busy)
        return READ_BROKEN; /* bytes nobody asked for end a connection too */
    if (c->left == 0) {
        good = take(c, have + (size_t)n);
    } else {
        good = (uint64_t)n <= c->left;
        c->left -= good ? (uint64_t)n : 0;
        if (c->left == 0)
            finish(c, pse_span(NULL, 0));
    }
    return !good ? READ_BROKEN : (size_t)n == room ? READ_MORE : READ_ALL;
}

/* --- sending -----------------------------------------------------------------------------------
 */

static bool write_some(struct load_conn *c)
{
    size_t all = c->head_n + c->body.n;

    while (c->busy && c->sent < all) {
        size_t head = c->sent < c->head_n ? c->head_n - c->sent : 0;
        size_t at = c->sent < c->head_n ? 0 : c->sent - c->head_n;
        struct iovec v[2] = {{c->head + (c->head_n - head), head},
                             {(void *)(uintptr_t)(c->body.p + at), c->body.n - at}};
        struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
        ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
        c->sent += (size_t)n;
    }
    return true;
}

/* Edge-triggered: a short read has emptied the socket. An end that came with the last bytes is
 * found by the next request. */
static void ready(struct load_source *s)
{
    struct load_conn *c = (struct load_conn *)s;
    enum reading r = READ_MORE;

    if (c->fd < 0)
        return;
    if (!write_some(c))
        r = READ_BROKEN;
    while (r == READ_MORE && c->fd >= 0)
        r = read_some(c);
    if (r == READ_BROKEN && c->fd >= 0)
        fail(c);
}

void load_conn_init(struct load_conn *c, struct load_loop *loop, const struct sockaddr_in *to,
                    uint32_t from, load_done *done)
{
    memset(c, 0, sizeof *c);
    c->source.ready = ready;
    c->loop = loop;
    c->to = to;
    c->from = from;
    c->done = done;
    c->fd = -1;
}

void load_conn_send(struct load_conn *c, struct pse_span body)
{
    PSE_REQUIRE(!c->busy && c->head_n <= sizeof c->head);
    c->body = body;
    c->sent = 0;
    c->left = 0;
    c->busy = true;
    if (c->fd < 0 && (load_connect(&c->fd, c->from, c->to) != PSE_OK ||
                      load_loop_watch(c->loop, c->fd, &c->source) != PSE_OK)) {
        fail(c);
        return;
    }
    if (!write_some(c))
        fail(c);
}
