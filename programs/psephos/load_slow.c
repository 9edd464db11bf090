#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "psephos/load_flood.h"

static const double drip_seconds = 1, back_seconds = 1, open_within = 1;

struct load_slow_conn {
    struct load_source source; /* first */
    struct load_timer timer;
    struct load_slow *slow;
    enum load_slow_kind kind;
    uint32_t from;
    int fd;
    double born;
};

static void ended(struct load_slow_conn *c)
{
    struct load_slow *s = c->slow;
    double life = s->loop->now - c->born;

    (void)close(c->fd);
    c->fd = -1;
    s->open--;
    s->turned_away += life < 1;
    s->cut += life >= 1;
    s->longest = life > s->longest ? life : s->longest;
    load_timer_set(s->loop, &c->timer, s->loop->now + back_seconds);
}

static bool say(struct load_slow_conn *c, const char *text, size_t n)
{
    return send(c->fd, text, n, MSG_NOSIGNAL) >= 0 || errno == EAGAIN || errno == ENOTCONN;
}

static bool begin(struct load_slow_conn *c)
{
    char text[512];
    int n = 0;

    switch (c->kind) {
    case LOAD_SLOW_HEAD:
        n = snprintf(text, sizeof text,
                     "GET /v1/election HTTP/1.1\r\nHost: %s\r\nX-Slow: ", c->slow->host);
        break;
    case LOAD_SLOW_BODY:
        n = snprintf(text, sizeof text,
                     "POST /v1/ballots HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                     "application/vnd.psephos.ballot\r\nContent-Length: 600\r\n\r\n",
                     c->slow->host);
        break;
    case LOAD_SLOW_READ:
        n = snprintf(text, sizeof text, "GET /v1/openapi.json HTTP/1.1\r\nHost: %s\r\n\r\n",
                     c->slow->host);
        break;
    case LOAD_IDLE: return true;
    }
    return say(c, text, (size_t)n);
}

/* Something came, or the other side ended it. A slow reader looks without taking. */
static void ready(struct load_source *source)
{
    struct load_slow_conn *c = (struct load_slow_conn *)source;
    uint8_t byte[512];
    ssize_t n;

    if (c->fd < 0)
        return;
    do
        n = recv(c->fd, byte, sizeof byte, c->kind == LOAD_SLOW_READ ? MSG_PEEK : 0);
    while (n > 0 && c->kind != LOAD_SLOW_READ);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        ended(c);
}

static void come(struct load_slow_conn *c)
{
    struct load_slow *s = c->slow;
    int small = 2048;

    c->born = s->loop->now;
    if (load_connect(&c->fd, c->from, &s->to) != PSE_OK) {
        load_timer_set(s->loop, &c->timer, s->loop->now + back_seconds);
        return;
    }
    s->open++;
    s->opened++;
    if (c->kind == LOAD_SLOW_READ)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (load_loop_watch(s->loop, c->fd, &c->source) != PSE_OK || !begin(c))
        ended(c);
    else
        load_timer_set(s->loop, &c->timer, s->loop->now + drip_seconds);
}

static void on_timer(struct load_timer *t)
{
    struct load_slow_conn *c =
        (struct load_slow_conn *)((uint8_t *)t - offsetof(struct load_slow_conn, timer));
    struct load_slow *s = c->slow;

    if (c->fd < 0) {
        come(c);
        return;
    }
    if ((c->kind == LOAD_SLOW_HEAD || c->kind == LOAD_SLOW_BODY) && !say(c, "x", 1))
        ended(c);
    else
        load_timer_set(s->loop, t, s->loop->now + drip_seconds);
}

pse_rc load_slow_start(struct load_slow *s, struct load_loop *loop, const struct sockaddr_in *to,
                       const char *host, size_t slow, size_t idle)
{
    *s = (struct load_slow){.loop = loop, .to = *to, .host = host, .n = slow + idle};
    s->conn = calloc(s->n + 1, sizeof *s->conn);
    if (s->conn == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < s->n; i++) {
        struct load_slow_conn *c = &s->conn[i];

        *c = (struct load_slow_conn){.source.ready = ready,
                                     .timer.fire = on_timer,
                                     .slow = s,
                                     .kind = i < slow ? (enum load_slow_kind)(i % 3) : LOAD_IDLE,
                                     .from = (uint32_t)(LOAD_SLOW_SOURCE + i),
                                     .fd = -1};
        load_timer_set(loop, &c->timer, loop->now + open_within * (double)i / (double)s->n);
    }
    return PSE_OK;
}

void load_slow_stop(struct load_slow *s)
{
    for (size_t i = 0; s->conn != NULL && i < s->n; i++) {
        struct load_slow_conn *c = &s->conn[i];

        load_timer_clear(s->loop, &c->timer);
        if (c->fd >= 0)
            (void)close(c->fd);
        s->open -= c->fd >= 0;
        c->fd = -1;
    }
}

void load_slow_free(struct load_slow *s)
{
    free(s->conn);
    memset(s, 0, sizeof *s);
}
