/* Calls: what a request is, until it is answered. Their waiting stands in http_core.c. */
#define _GNU_SOURCE /* O_TMPFILE */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/codec.h"
#include "http_core.h"

static void call_free(struct pse_http_call *c)
{
    http_answer_free(&c->answer);
    if (c->spool >= 0) {
        if (c->body != NULL)
            (void)munmap(c->body, c->body_want);
        (void)close(c->spool);
    } else {
        free(c->body);
    }
    (void)pthread_mutex_destroy(&c->lock);
    http_core_drop(c->server);
    free(c);
}

void http_call_drop(struct pse_http_call *c)
{
    bool last;

    pthread_mutex_lock(&c->lock);
    last = --c->refs == 0;
    pthread_mutex_unlock(&c->lock);
    if (last)
        call_free(c);
}

void http_call_hold(struct pse_http_call *c)
{
    pthread_mutex_lock(&c->lock);
    c->refs++;
    pthread_mutex_unlock(&c->lock);
}

bool http_call_is_answered(struct pse_http_call *c)
{
    bool answered;

    pthread_mutex_lock(&c->lock);
    answered = c->state == HTTP_ANSWERED;
    pthread_mutex_unlock(&c->lock);
    return answered;
}

/* The one place where a call becomes answered: the first answer counts, the connection is resumed
 * with the answer in place, once. The caller still holds a reference. */
static bool settle(struct pse_http_call *c, struct pse_http_answer *a)
{
    bool first;

    http_wait_leave(c);
    pthread_mutex_lock(&c->lock);
    first = c->state == HTTP_OPEN;
    if (first) {
        c->answer = *a;
        c->state = HTTP_ANSWERED;
        if (c->suspended)
            c->server->ops->resume(c->conn);
    }
    pthread_mutex_unlock(&c->lock);
    if (!first)
        http_answer_free(a);
    memset(a, 0, sizeof *a);
    return first;
}

void pse_http_answer(struct pse_http_call *c, struct pse_http_answer *a)
{
    PSE_REQUIRE(a->status >= 200 && a->status < 600);
    (void)settle(c, a);
    http_call_drop(c); /* the job's */
}

void http_call_refuse(struct pse_http_call *c, unsigned status, const char *slug)
{
    struct pse_http *s = c->server;

    pthread_mutex_lock(&s->lock);
    s->count.refused++;
    pthread_mutex_unlock(&s->lock);
    http_call_hold(c); /* which pse_http_problem drops */
    pse_http_problem(c, status, slug);
}

static void put_text(struct pse_span *s, char **at)
{
    if (s->n > 0)
        memcpy(*at, s->p, s->n);
    s->p = (const uint8_t *)*at;
    *at += s->n;
}

/* The call's own copy of what it must know of the head. */
static struct pse_http_call *call_copy(struct http_head *own, const struct http_head *head)
{
    size_t n = head->fields_n < PSE_HTTP_HEADERS_MAX ? head->fields_n : PSE_HTTP_HEADERS_MAX;
    size_t bytes = head->method.n + head->target.n + head->version.n;
    struct pse_http_call *c;
    char *at;

    for (size_t i = 0; i < n; i++)
        bytes += head->field[i].name.n + head->field[i].value.n;
    c = calloc(1, sizeof *c + bytes);
    if (c == NULL)
        return NULL;
    at = c->text;
    *own = *head;
    put_text(&own->method, &at);
    put_text(&own->target, &at);
    put_text(&own->version, &at);
    for (size_t i = 0; i < n; i++) {
        put_text(&own->field[i].name, &at);
        put_text(&own->field[i].value, &at);
        c->field[i] = own->field[i];
    }
    c->fields_n = n;
    return c;
}

static bool announces_body(const struct http_head *head)
{
    static const char *const name[] = {"content-length", "transfer-encoding"};

    for (size_t i = 0; i < head->fields_n && i < PSE_HTTP_HEADERS_MAX; i++)
        for (size_t k = 0; k < 2; k++)
            if (head->field[i].name.n == strlen(name[k]) &&
                strncasecmp((const char *)head->field[i].name.p, name[k], strlen(name[k])) == 0)
                return true;
    return false;
}

struct pse_http_call *http_call_new(struct pse_http *s, void *conn, const struct http_peer *peer,
                                    const struct http_head *head)
{
    struct http_head own;
    struct pse_http_call *c = call_copy(&own, head);
    const char *slug = NULL;
    unsigned status = 0;
    bool stopping;
    bool full;

    if (c == NULL)
        return NULL;
    if (pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c);
        return NULL;
    }
    c->server = s;
    c->conn = conn;
    c->peer = *peer;
    c->spool = -1;
    c->refs = 1;
    c->method = PSE_HTTP_GET;
    c->close_after = announces_body(&own); /* until the body has been read */
    pthread_mutex_lock(&s->lock);
    s->count.requests++;
    s->refs++;
    stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    if (stopping) {
        http_call_refuse(c, 503, "stopping");
    } else if (http_head_judge(c, &own, &status, &slug) != PSE_OK) {
        c->close_after |= status != 404 && status != 405;
        http_call_refuse(c, status, slug);
    } else if (c->route->lane != PSE_HTTP_INLINE) {
        pthread_mutex_lock(&s->lock);
        full = s->lane[c->route->lane].n >= s->o.lane[c->route->lane].capacity;
        pthread_mutex_unlock(&s->lock);
        if (full) /* known before the body is read */
            http_call_refuse(c, 503, "busy");
    }
    return c;
}

/* A long body goes to a file without a name. */
static bool spool_body(struct pse_http_call *c, const uint8_t *p, size_t n)
{
    if (c->spool < 0)
        c->spool = open(c->server->o.spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    while (c->spool >= 0 && n > 0) {
        ssize_t done = pwrite(c->spool, p, n, (off_t)c->body_n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
        c->body_n += (size_t)done;
    }
    return n == 0;
}

bool http_call_body(struct pse_http_call *c, const void *p, size_t n)
{
    if (n > c->body_want - c->body_n)
        return false;
    if (c->server->o.spool != NULL && c->body_want > PSE_HTTP_SPOOL_ABOVE)
        return spool_body(c, p, n);
    if (c->body == NULL)
        c->body = malloc(c->body_want);
    if (c->body == NULL)
        return false;
    memcpy(c->body + c->body_n, p, n);
    c->body_n += n;
    return true;
}

bool http_call_complete(struct pse_http_call *c)
{
    void *at;

    if (c->spool < 0)
        return true;
    at = mmap(NULL, c->body_want, PROT_READ, MAP_SHARED, c->spool, 0);
    c->body = at == MAP_FAILED ? NULL : at;
    return c->body != NULL;
}

/* --- what handlers see --------------------------------------------------------------------------
 */

enum pse_http_method pse_http_method(const struct pse_http_call *c)
{
    return c->method;
}

struct pse_span pse_http_path(const struct pse_http_call *c)
{
    return c->path;
}

struct pse_span pse_http_tail(const struct pse_http_call *c)
{
    return c->tail;
}

struct pse_span pse_http_query(const struct pse_http_call *c)
{
    return c->query;
}

struct pse_span pse_http_body(const struct pse_http_call *c)
{
    return pse_span(c->body, c->body_n);
}

bool pse_http_header(struct pse_span *value, const struct pse_http_call *c, const char *name)
{
    size_t name_n = strlen(name);
    size_t seen = 0;

    *value = pse_span(NULL, 0);
    for (size_t i = 0; i < c->fields_n; i++) {
        if (c->field[i].name.n != name_n ||
            strncasecmp((const char *)c->field[i].name.p, name, name_n) != 0)
            continue;
        *value = c->field[i].value;
        seen++;
    }
    return seen == 1;
}

uint64_t pse_http_peer(const struct pse_http_call *c)
{
    return c->peer.address;
}

bool pse_http_peer_uid(uint32_t *uid, const struct pse_http_call *c)
{
    *uid = c->peer.uid;
    return c->peer.has_uid;
}
