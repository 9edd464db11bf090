#include "psephos/load_crowd.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "election/election.h"

enum step { STEP_INFO, STEP_CAST, STEP_POLL };

/* A voter at the machine. */
struct load_session {
    struct load_conn conn; /* first */
    struct load_timer timer;
    struct load_crowd *crowd;
    size_t voter;
    enum step step;
    unsigned waits; /* so many times in a row */
    struct load_session *next_spare;
    struct load_session *next;
};

static const double wait_first = 0.25, wait_most = 8, poll_first = 0.1, poll_most = 1;

void load_answers_count(struct load_answers *n, const struct load_answer *a)
{
    switch (a->status) {
    case 200: n->good++; break;
    case 202: n->recorded++; break;
    case 429: n->limited++; break;
    case 503: n->busy++; break;
    case 0: n->broken++; break;
    default: n->other++; n->last_other = a->status;
    }
}

/* Uniform below 1. */
static double chance(struct load_crowd *c)
{
    return (double)pse_rng_below(&c->rng, UINT64_C(1) << 53) / (double)(UINT64_C(1) << 53);
}

/* --- requests ----------------------------------------------------------------------------------
 */

__attribute__((format(printf, 2, 3))) static void head(struct load_session *s, const char *format,
                                                       ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(s->conn.head, LOAD_HEAD, format, args);
    va_end(args);
    PSE_REQUIRE(n > 0 && n < LOAD_HEAD);
    s->conn.head_n = (size_t)n;
}

static void ask_receipt(struct load_session *s)
{
    const struct load_crowd_options *o = &s->crowd->o;
    char hex[2 * 32 + 1];
    pse_hash leaf;

    pse_entry_leaf(&leaf, load_set_ballot(o->set, o->first + s->voter));
    pse_hex_encode(hex, leaf.b, sizeof leaf.b);
    head(s, "GET /v1/receipts/%s HTTP/1.1\r\nHost: %s\r\nAccept: text/plain\r\n\r\n", hex, o->host);
    load_conn_send(&s->conn, pse_span(NULL, 0));
}

static void send_step(struct load_session *s)
{
    const struct load_crowd_options *o = &s->crowd->o;
    struct pse_span ballot = load_set_ballot(o->set, o->first + s->voter);

    switch (s->step) {
    case STEP_INFO:
        head(s, "GET /v1/election HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n\r\n",
             o->host);
        load_conn_send(&s->conn, pse_span(NULL, 0));
        break;
    case STEP_CAST:
        head(s,
             "POST /v1/ballots HTTP/1.1\r\nHost: %s\r\nAccept: text/plain\r\n"
             "Content-Type: application/vnd.psephos.ballot\r\nContent-Length: %zu\r\n\r\n",
             o->host, ballot.n);
        load_conn_send(&s->conn, ballot);
        break;
    case STEP_POLL: ask_receipt(s); break;
    }
}

/* --- coming and going --------------------------------------------------------------------------
 */

static void leave(struct load_session *s, enum load_fate fate)
{
    struct load_crowd *c = s->crowd;
    struct load_voter *v = &c->voter[s->voter];

    v->fate = (uint8_t)fate;
    v->done = load_now();
    c->voting--;
    load_timer_clear(c->o.loop, &s->timer);
    load_conn_close(&s->conn);
    s->next_spare = c->spare;
    c->spare = s;
}

static void keep(struct load_session *s, struct pse_span receipt)
{
    struct load_crowd *c = s->crowd;
    struct load_kept *k;

    if (c->o.judged <= 0 || c->o.plain || chance(c) >= c->o.judged)
        return;
    if (c->kept_n == c->kept_room) {
        size_t room = c->kept_room > 0 ? 2 * c->kept_room : 256;

        k = realloc(c->kept, room * sizeof *k);
        PSE_REQUIRE(k != NULL); /* a receipt that is not looked at must not pass for a good one */
        c->kept = k;
        c->kept_room = room;
    }
    k = &c->kept[c->kept_n++];
    *k = (struct load_kept){.voter = s->voter, .receipt = PSE_BUF(SIZE_MAX)};
    pse_buf_put(&k->receipt, receipt.p, receipt.n);
}

/* Wait longer each time, with jitter, and not less than the server asked for. */
static void again(struct load_session *s, double first, double most, unsigned asked)
{
    struct load_crowd *c = s->crowd;
    struct load_voter *v = &c->voter[s->voter];
    double wait = first * (double)(1u << (s->waits < 10 ? s->waits : 10));

    wait = (wait < most ? wait : most) * (0.5 + chance(c));
    wait = wait > asked ? wait : asked + wait * 0.1;
    if (load_now() + wait > v->due + c->o.patience) {
        leave(s, LOAD_GAVE_UP);
        return;
    }
    s->waits++;
    c->resent++;
    load_timer_set(c->o.loop, &s->timer, load_now() + wait);
}

static void next_step(struct load_session *s, enum step step)
{
    s->step = step;
    s->waits = 0;
    load_timer_set(s->crowd->o.loop, &s->timer,
                   s->crowd->voter[s->voter].due + s->crowd->o.patience);
    send_step(s);
}

/* Is the answer the one that this step is for? */
static void done(struct load_conn *conn, const struct load_answer *a)
{
    struct load_session *s = (struct load_session *)conn;
    struct load_crowd *c = s->crowd;

    if (a->was_kept) { /* a kept connection may end at any time: at once on a new one */
        send_step(s);
        return;
    }
    load_answers_count(&c->answers, a);
    if (a->status == 200 && s->step == STEP_INFO) {
        next_step(s, STEP_CAST);
    } else if (a->status == 200) {
        keep(s, a->body);
        leave(s, LOAD_CAST);
    } else if (a->status == 202) {
        s->waits = s->step == STEP_POLL ? s->waits : 0;
        s->step = STEP_POLL;
        again(s, poll_first, poll_most, 0);
    } else if (a->status == 429 || a->status == 503 || a->status == 0 || a->status == 408) {
        again(s, wait_first, wait_most, a->retry_after);
    } else if (a->status == 404 && s->step == STEP_POLL) {
        s->step = STEP_CAST; /* forgotten before it was durable: the same bytes again */
        again(s, wait_first, wait_most, 0);
    } else {
        leave(s, LOAD_GAVE_UP);
    }
}

/* The wait is over, or patience is. */
static void on_timer(struct load_timer *t)
{
    struct load_session *s =
        (struct load_session *)((uint8_t *)t - offsetof(struct load_session, timer));
    double end = s->crowd->voter[s->voter].due + s->crowd->o.patience;

    if (s->conn.busy || load_now() >= end) {
        leave(s, LOAD_GAVE_UP);
        return;
    }
    load_timer_set(s->crowd->o.loop, t, end);
    send_step(s);
}

static struct load_session *session_new(struct load_crowd *c)
{
    struct load_session *s = c->spare;

    if (s != NULL) {
        c->spare = s->next_spare;
        return s;
    }
    s = calloc(1, sizeof *s);
    PSE_REQUIRE(s != NULL); /* an open-loop generator that leaves voters out lies */
    s->next = c->all;
    c->all = s;
    return s;
}

static void arrive(struct load_timer *t)
{
    struct load_crowd *c = (struct load_crowd *)((uint8_t *)t - offsetof(struct load_crowd, next));

    while (c->arrived < c->o.voters && c->voter[c->arrived].due <= c->o.loop->now) {
        struct load_session *s = session_new(c);

        load_conn_init(&s->conn, c->o.loop, &c->o.to, (uint32_t)c->arrived, done);
        s->crowd = c;
        s->voter = c->arrived++;
        s->timer = (struct load_timer){.fire = on_timer};
        c->voter[s->voter].fate = LOAD_VOTING;
        c->voting++;
        next_step(s, c->o.info ? STEP_INFO : STEP_CAST);
    }
    if (c->arrived < c->o.voters)
        load_timer_set(c->o.loop, t, c->voter[c->arrived].due);
}

/* --- life --------------------------------------------------------------------------------------
 */

pse_rc load_crowd_start(struct load_crowd *c, const struct load_crowd_options *o)
{
    uint8_t seed[32] = {0};
    double at = o->start;

    memset(c, 0, sizeof *c);
    c->o = *o;
    PSE_REQUIRE(o->first + o->voters <= o->set->n && o->rate > 0);
    pse_store_u64(seed, o->seed);
    pse_rng_init(&c->rng, seed);
    c->voter = calloc(o->voters + 1, sizeof *c->voter);
    if (c->voter == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < o->voters; i++) {
        at -= log(1 - chance(c)) / o->rate;
        c->voter[i].due = at;
    }
    c->next.fire = arrive;
    if (o->voters > 0)
        load_timer_set(o->loop, &c->next, c->voter[0].due);
    return PSE_OK;
}

bool load_crowd_is_done(const struct load_crowd *c)
{
    return c->arrived == c->o.voters && c->voting == 0;
}

void load_crowd_stop(struct load_crowd *c)
{
    load_timer_clear(c->o.loop, &c->next);
    while (c->all != NULL) {
        struct load_session *s = c->all;

        c->all = s->next;
        load_timer_clear(c->o.loop, &s->timer);
        load_conn_close(&s->conn);
        free(s);
    }
    c->spare = NULL;
}

void load_crowd_free(struct load_crowd *c)
{
    for (size_t i = 0; i < c->kept_n; i++)
        pse_buf_free(&c->kept[i].receipt);
    free(c->kept);
    free(c->voter);
    pse_rng_wipe(&c->rng);
    memset(c, 0, sizeof *c);
}

void load_crowd_judge(size_t *good, size_t *all, const struct load_crowd *c)
{
    *good = 0;
    *all = c->kept_n;
    for (size_t i = 0; i < c->kept_n; i++) {
        const struct load_kept *k = &c->kept[i];

        *good +=
            load_set_judge(c->o.set, c->o.first + k->voter, pse_buf_span(&k->receipt)) == PSE_OK;
    }
}
