#include "psephos/load_flood.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "psephos/load_watch.h"

static const double tick_seconds = 0.002, behind_most = 0.1, burst_seconds = 0.02;

struct load_flood_conn {
    struct load_conn conn; /* first */
    struct load_flood *flood;
    struct pse_span body;
    struct load_flood_conn *next; /* idle */
};

static void done(struct load_conn *conn, const struct load_answer *a)
{
    struct load_flood_conn *c = (struct load_flood_conn *)conn;
    struct load_flood *f = c->flood;

    if (a->was_kept && f->on) {
        load_conn_send(conn, c->body);
        return;
    }
    load_answers_count(&f->answers, a);
    c->next = f->idle;
    f->idle = c;
}

static bool is_over_share(const struct load_flood *f)
{
    double elapsed = f->o.loop->now - f->start;

    return f->o.share > 0 && load_own_cpu() - f->cpu_start > f->o.share * elapsed + burst_seconds;
}

/* How many are due by now; those long overdue are given up, so that a stall is no burst later. */
static uint64_t due_now(struct load_flood *f)
{
    uint64_t due = (uint64_t)((f->o.loop->now - f->start) * f->o.rate);
    uint64_t most = (uint64_t)(behind_most * f->o.rate) + 1;

    if (due - f->scheduled > most) {
        f->withheld_busy += due - f->scheduled - most;
        f->scheduled = due - most;
    }
    return due;
}

static void on_tick(struct load_timer *t)
{
    struct load_flood *f = (struct load_flood *)((uint8_t *)t - offsetof(struct load_flood, tick));
    uint64_t due = due_now(f);

    if (is_over_share(f)) {
        f->withheld_cpu += due - f->scheduled;
        f->scheduled = due;
    }
    for (; f->scheduled < due; f->scheduled++) {
        struct load_flood_conn *c = f->idle;

        if (c == NULL) {
            f->withheld_busy += due - f->scheduled;
            f->scheduled = due;
            break;
        }
        f->idle = c->next;
        f->sent++;
        load_conn_send(&c->conn, c->body);
    }
    load_timer_set(f->o.loop, t, f->o.loop->now + tick_seconds);
}

/* The kinds that are wanted, in turn. */
static enum load_flood_kind kind_of(unsigned kinds, size_t i)
{
    size_t n = (size_t)__builtin_popcount(kinds);
    size_t k = i % n;

    for (unsigned kind = 0; kind < LOAD_FLOOD_KINDS; kind++)
        if ((kinds & 1u << kind) != 0 && k-- == 0)
            return (enum load_flood_kind)kind;
    return LOAD_REPLAY;
}

static struct pse_span body_of(struct load_flood *f, size_t i)
{
    const struct load_set *set = f->o.set;
    struct pse_span ballot = load_set_ballot(set, f->o.first + i % (set->n - f->o.first));
    uint8_t *forged = f->forged + i * set->bytes;

    switch (kind_of(f->o.kinds, i)) {
    case LOAD_REPLAY: return ballot;
    case LOAD_JUNK: return pse_span(f->spoilt, set->bytes);
    case LOAD_FORGED: break;
    default: break;
    }
    memcpy(forged, ballot.p, ballot.n);
    forged[ballot.n - 32] ^= 1; /* the signature's second half ends the entry */
    return pse_span(forged, ballot.n);
}

pse_rc load_flood_start(struct load_flood *f, const struct load_flood_options *o)
{
    memset(f, 0, sizeof *f);
    f->o = *o;
    PSE_REQUIRE(o->first < o->set->n && o->sources > 0 && o->kinds != 0);
    f->conn = calloc(o->sources, sizeof *f->conn);
    f->spoilt = malloc(o->set->bytes);
    f->forged = malloc(o->sources * o->set->bytes);
    if (f->conn == NULL || f->spoilt == NULL || f->forged == NULL)
        return PSE_E_MEMORY;
    memset(f->spoilt, 0x5a, o->set->bytes);
    for (size_t i = 0; i < o->sources; i++) {
        struct load_flood_conn *c = &f->conn[i];

        load_conn_init(&c->conn, o->loop, &f->o.to, (uint32_t)(LOAD_FLOOD_SOURCE + i), done);
        c->flood = f;
        c->body = body_of(f, i);
        c->conn.head_n =
            (size_t)snprintf(c->conn.head, LOAD_HEAD,
                             "POST /v1/ballots HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                             "application/vnd.psephos.ballot\r\nContent-Length: %zu\r\n\r\n",
                             o->host, c->body.n);
        c->next = f->idle;
        f->idle = c;
    }
    f->on = true;
    f->start = o->loop->now;
    f->cpu_start = load_own_cpu();
    f->tick.fire = on_tick;
    load_timer_set(o->loop, &f->tick, f->start + tick_seconds);
    return PSE_OK;
}

void load_flood_stop(struct load_flood *f)
{
    if (!f->on)
        return;
    f->on = false;
    load_timer_clear(f->o.loop, &f->tick);
    for (size_t i = 0; i < f->o.sources; i++)
        load_conn_close(&f->conn[i].conn);
}

void load_flood_free(struct load_flood *f)
{
    free(f->conn);
    free(f->spoilt);
    free(f->forged);
    memset(f, 0, sizeof *f);
}
