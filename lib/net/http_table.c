#include "net/http_table.h"

#include <sys/socket.h>

enum { YIELD_TRIES = 4 };

pse_rc http_table_init(struct http_table *t, const struct pse_http_options *o)
{
    *t = (struct http_table){.o = o};
    PSE_TRY(http_gate_new(&t->gate, o->connections, o->per_source, o->seed));
    PSE_REQUIRE(pthread_mutex_init(&t->lock, NULL) == 0);
    return PSE_OK;
}

void http_table_end(struct http_table *t)
{
    if (t->gate == NULL)
        return;
    http_gate_free(t->gate);
    (void)pthread_mutex_destroy(&t->lock);
    memset(t, 0, sizeof *t);
}

/* --- phases ------------------------------------------------------------------------------------
 * All locked. */

static void silent_leave(struct http_conn *c)
{
    struct http_table *t = c->table;

    if (!c->silent)
        return;
    c->silent = false;
    if (c->silent_next != NULL)
        c->silent_next->silent_before = c->silent_before;
    else
        t->silent_last = c->silent_before;
    if (c->silent_before != NULL)
        c->silent_before->silent_next = c->silent_next;
    else
        t->silent_first = c->silent_next;
}

static void silent_enter(struct http_conn *c)
{
    struct http_table *t = c->table;

    c->silent = true;
    c->silent_next = NULL;
    c->silent_before = t->silent_last;
    if (t->silent_last != NULL)
        t->silent_last->silent_next = c;
    else
        t->silent_first = c;
    t->silent_last = c;
}

static void begin_phase(struct http_conn *c, enum http_phase phase, uint64_t amount)
{
    silent_leave(c);
    c->phase = phase;
    c->since = http_now_ms();
    c->amount = amount;
    if (phase == HTTP_IDLE || phase == HTTP_HEAD)
        silent_enter(c);
}

void http_conn_phase(struct http_conn *c, enum http_phase phase, uint64_t amount)
{
    pthread_mutex_lock(&c->table->lock);
    begin_phase(c, phase, amount);
    pthread_mutex_unlock(&c->table->lock);
}

void http_conn_spoke(struct http_conn *c)
{
    pthread_mutex_lock(&c->table->lock);
    if (c->phase == HTTP_IDLE)
        begin_phase(c, HTTP_HEAD, 0);
    pthread_mutex_unlock(&c->table->lock);
}

void http_conn_more(struct http_conn *c, uint64_t n)
{
    pthread_mutex_lock(&c->table->lock);
    c->amount += n;
    pthread_mutex_unlock(&c->table->lock);
}

/* --- coming and going --------------------------------------------------------------------------
 */

void http_conn_open(struct http_table *t, struct http_conn *c)
{
    c->table = t;
    pthread_mutex_lock(&t->lock);
    c->before = NULL;
    c->next = t->conns;
    if (t->conns != NULL)
        t->conns->before = c;
    t->conns = c;
    begin_phase(c, HTTP_HEAD, 0);
    pthread_mutex_unlock(&t->lock);
}

void http_conn_close(struct http_conn *c)
{
    struct http_table *t = c->table;

    pthread_mutex_lock(&t->lock);
    silent_leave(c);
    if (c->next != NULL)
        c->next->before = c->before;
    if (c->before != NULL)
        c->before->next = c->next;
    else
        t->conns = c->next;
    pthread_mutex_unlock(&t->lock);
}

static bool has_unread(const struct http_conn *c)
{
    uint8_t byte;

    return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Locked. */
static void make_room(struct http_table *t)
{
    uint64_t now = http_now_ms();

    for (unsigned i = 0; i < YIELD_TRIES; i++) {
        struct http_conn *c = t->silent_first;

        if (c == NULL || now - c->since < HTTP_YIELD_MS)
            return;
        silent_leave(c);
        if (has_unread(c)) { /* it has spoken, and we have not listened yet */
            silent_enter(c);
            continue;
        }
        c->phase = HTTP_ENDED;
        (void)shutdown(c->fd, SHUT_RDWR);
        t->reaped++;
        return;
    }
}

enum http_entry http_table_enter(struct http_table *t, uint64_t prefix)
{
    size_t most = t->o->connections;
    enum http_entry entry;

    pthread_mutex_lock(&t->lock);
    if (http_gate_count(t->gate) >= most - most / 16)
        make_room(t);
    entry = http_gate_enter(t->gate, prefix);
    t->reaped += entry != HTTP_ENTERS;
    pthread_mutex_unlock(&t->lock);
    return entry;
}

void http_table_leave(struct http_table *t, uint64_t prefix)
{
    pthread_mutex_lock(&t->lock);
    http_gate_leave(t->gate, prefix);
    pthread_mutex_unlock(&t->lock);
}

/* --- the reaper --------------------------------------------------------------------------------
 */

static bool is_late(const struct http_conn *c, const struct pse_http_options *o, uint64_t now)
{
    uint64_t spent = now - c->since;

    switch (c->phase) {
    case HTTP_IDLE: return spent > o->idle_ms;
    case HTTP_HEAD: return spent > o->header_ms;
    case HTTP_BODY:
        return spent > c->body_ms ||
               (spent > 2000 && c->amount * 1000 < (spent - 2000) * PSE_HTTP_BODY_RATE);
    case HTTP_WORK: return false; /* the call's own deadline serves */
    case HTTP_SEND: return spent > 10000 + c->amount * 1000 / PSE_HTTP_SEND_RATE;
    case HTTP_ENDED: return false;
    }
    return true;
}

void http_table_reap(struct http_table *t, uint64_t now_ms)
{
    pthread_mutex_lock(&t->lock);
    for (const struct http_conn *c = t->conns; c != NULL; c = c->next) {
        if (!is_late(c, t->o, now_ms))
            continue;
        (void)shutdown(c->fd, SHUT_RDWR);
        t->reaped++;
    }
    pthread_mutex_unlock(&t->lock);
}

bool http_table_is_busy(struct http_table *t)
{
    bool busy = false;

    pthread_mutex_lock(&t->lock);
    for (const struct http_conn *c = t->conns; c != NULL; c = c->next)
        busy = busy || c->phase == HTTP_WORK || c->phase == HTTP_SEND;
    pthread_mutex_unlock(&t->lock);
    return busy;
}

void http_table_count(size_t *connections, uint64_t *reaped, struct http_table *t)
{
    pthread_mutex_lock(&t->lock);
    *connections = http_gate_count(t->gate);
    *reaped = t->reaped;
    pthread_mutex_unlock(&t->lock);
}
