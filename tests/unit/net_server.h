/* A server for tests, and raw sockets that talk to it. */
#ifndef TESTS_NET_SERVER_H
#define TESTS_NET_SERVER_H

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/http.h"

#include "test.h"

struct server {
    struct pse_http *http;
    char address[PSE_HTTP_ADDRESS];
    uint16_t port;
};

static inline void server_start(struct server *s, const struct pse_http_options *o)
{
    const char *colon;
    int fd;

    assert_int_equal(pse_http_listen(&fd, s->address, "127.0.0.1:0"), PSE_OK);
    colon = strrchr(s->address, ':');
    s->port = (uint16_t)strtoul(colon + 1, NULL, 10);
    assert_int_equal(pse_http_start(&s->http, o, fd), PSE_OK);
}

static inline int raw_connect(const struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(s->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

/* As much as the peer takes; it may close early. */
static inline void raw_send(int fd, const void *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        p = (const char *)p + sent;
        n -= (size_t)sent;
    }
}

/* What comes until the peer closes, or, for a peer that keeps the connection, until nothing has
 * come for @p quiet_ms. Ends with a zero byte. */
static inline size_t raw_read(int fd, char *out, size_t max, int quiet_ms)
{
    size_t n = 0;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t got;

        if (n + 1 == max || poll(&p, 1, quiet_ms) <= 0)
            break;
        got = recv(fd, out + n, max - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    out[n] = '\0';
    return n;
}

/* One request on a connection of its own that is asked to close. */
static inline size_t raw_ask(const struct server *s, const void *p, size_t n, char *out, size_t max)
{
    int fd = raw_connect(s);
    size_t got;

    raw_send(fd, p, n);
    got = raw_read(fd, out, max, 5000);
    close(fd);
    return got;
}

static inline unsigned status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (unsigned)strtoul(answer + 9, NULL, 10) : 0;
}

#endif
