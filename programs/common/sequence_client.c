/* The connection to the sequencer; see sequence_client.h. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/hash.h"
#include "common/sequence_client.h"
#include "net/ipc.h"

enum { PATH_ROOM = 108, RETRY_FIRST_MS = 20, RETRY_MAX_MS = 1000 };

/* A request under way. The tag is its slot's number and how often the slot was used, so that an
 * answer that comes late meets nobody else's request. */
struct slot {
    uint32_t use;
    bool taken;
    uint8_t kind;
    void *ctx;
    sequence_done *done; /* SUBMIT, RECEIPT */
    struct waiter *waiter;
    size_t next_free;
};

/** Somebody who waits for an answer. */
struct waiter {
    pthread_cond_t came;
    bool is_over;
    pse_rc rc;
    struct pse_buf body; /* the answer's bytes */
    struct sequence_result result;
};

struct sequence_client {
    char path[PATH_ROOM];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* the thread, between two attempts */
    bool is_ending;
    struct pse_ipc *up; /* NULL: no connection */
    size_t senders;     /* threads that use `up` outside the lock */
    pthread_cond_t unused;
    struct slot *slot;
    size_t slots;
    size_t free; /* first free slot, slots: none */
    size_t left; /* free slots */
};

/* --- slots -------------------------------------------------------------------------------------
 */

enum { SLOT_BITS = 16 };

static uint32_t slot_take(struct sequence_client *c, uint8_t kind, void *ctx, sequence_done *done,
                          struct waiter *w)
{
    size_t at = c->free;
    struct slot *s = &c->slot[at];

    c->free = s->next_free;
    c->left--;
    s->use = (s->use + 1) & ((1u << SLOT_BITS) - 1);
    s->taken = true;
    s->kind = kind;
    s->ctx = ctx;
    s->done = done;
    s->waiter = w;
    return s->use << SLOT_BITS | (uint32_t)at;
}

static struct slot *slot_find(struct sequence_client *c, uint32_t tag, uint8_t kind)
{
    size_t at = tag & ((1u << SLOT_BITS) - 1);

    if (at >= c->slots || !c->slot[at].taken || c->slot[at].use != tag >> SLOT_BITS ||
        c->slot[at].kind != kind)
        return NULL;
    return &c->slot[at];
}

static void slot_give(struct sequence_client *c, struct slot *s)
{
    s->taken = false;
    s->next_free = c->free;
    c->free = (size_t)(s - c->slot);
    c->left++;
}

static void waiter_tell(struct waiter *w, pse_rc rc, struct pse_span body,
                        const struct sequence_result *result)
{
    if (w->is_over && result == NULL)
        return;
    w->rc = rc;
    if (body.n > 0)
        pse_buf_put(&w->body, body.p, body.n);
    if (result != NULL) {
        w->result = *result;
        w->result.receipt = pse_span(NULL, 0);
    }
    w->is_over = true;
    pthread_cond_broadcast(&w->came);
}

/* --- answers -----------------------------------------------------------------------------------
 */

/* RECORDED is followed by WITNESSED, so its slot stays. */
static void one_result(struct sequence_client *c, const struct sequence_result *r, uint8_t kind)
{
    struct slot *s;
    sequence_done *done = NULL;
    void *ctx = NULL;

    pthread_mutex_lock(&c->lock);
    s = slot_find(c, r->tag, kind);
    if (s != NULL) {
        done = s->done;
        ctx = s->ctx;
        if (s->waiter != NULL) {
            waiter_tell(s->waiter, PSE_OK, pse_span(NULL, 0), r);
            s->waiter = NULL;
        }
        if (kind != SEQUENCE_SUBMIT || r->outcome != SEQUENCE_RECORDED)
            slot_give(c, s);
    }
    pthread_mutex_unlock(&c->lock);
    if (done != NULL)
        done(ctx, r);
}

static pse_rc results(struct sequence_client *c, struct sequence_results *room, uint8_t kind,
                      struct pse_span body)
{
    PSE_TRY(sequence_results_parse(room, body));
    for (size_t i = 0; i < room->n; i++)
        one_result(c, &room->result[i], kind);
    return PSE_OK;
}

static pse_rc one_answer(struct sequence_client *c, uint8_t kind, struct pse_span body)
{
    struct slot *s;

    if (body.n < 4)
        return PSE_E_LENGTH;
    pthread_mutex_lock(&c->lock);
    s = slot_find(c, pse_load_u32(body.p), kind);
    if (s != NULL) {
        if (s->waiter != NULL)
            waiter_tell(s->waiter, PSE_OK, body, NULL);
        slot_give(c, s);
    }
    pthread_mutex_unlock(&c->lock);
    return PSE_OK;
}

static pse_rc take_answer(struct sequence_client *c, struct sequence_results *room, uint8_t kind,
                          struct pse_span body)
{
    switch (kind) {
    case SEQUENCE_SUBMIT | SEQUENCE_ANSWER:
    case SEQUENCE_RECEIPT | SEQUENCE_ANSWER: return results(c, room, kind & 0x7f, body);
    case SEQUENCE_BLOB | SEQUENCE_ANSWER:
    case SEQUENCE_VIEW | SEQUENCE_ANSWER:
    case SEQUENCE_STATUS | SEQUENCE_ANSWER:
    case SEQUENCE_LEVEL | SEQUENCE_ANSWER: return one_answer(c, kind & 0x7f, body);
    default: return PSE_E_RANGE;
    }
}

/* --- the reading thread --------------------------------------------------------------------------
 */

/* Nothing more can come for what is under way. */
static void fail_all(struct sequence_client *c)
{
    for (size_t i = 0; i < c->slots; i++) {
        struct slot *s = &c->slot[i];
        struct sequence_result r = {.outcome = SEQUENCE_FAILED};
        sequence_done *done;
        void *ctx;

        pthread_mutex_lock(&c->lock);
        done = s->taken ? s->done : NULL;
        ctx = s->ctx;
        r.tag = s->use << SLOT_BITS | (uint32_t)i;
        if (s->taken) {
            if (s->waiter != NULL)
                waiter_tell(s->waiter, PSE_E_IO, pse_span(NULL, 0), NULL);
            slot_give(c, s);
        }
        pthread_mutex_unlock(&c->lock);
        if (done != NULL)
            done(ctx, &r);
    }
}

static void close_up(struct sequence_client *c)
{
    struct pse_ipc *old;

    pthread_mutex_lock(&c->lock);
    old = c->up;
    c->up = NULL;
    pse_ipc_shut(old);
    while (c->senders > 0)
        pthread_cond_wait(&c->unused, &c->lock);
    pthread_mutex_unlock(&c->lock);
    pse_ipc_free(old);
    fail_all(c);
}

/* False when the client is ending. */
static bool pause_between(struct sequence_client *c, unsigned ms)
{
    struct timespec until;
    bool go_on;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&c->lock);
    if (!c->is_ending)
        (void)pthread_cond_timedwait(&c->wake, &c->lock, &until);
    go_on = !c->is_ending;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static void serve_connection(struct sequence_client *c, struct sequence_results *room)
{
    struct pse_span body;
    uint8_t kind;

    while (pse_ipc_recv(c->up, &kind, &body, -1) == PSE_OK) {
        if (take_answer(c, room, kind, body) != PSE_OK)
            break; /* a sequencer that talks nonsense is not believed */
    }
}

static void *run(void *arg)
{
    struct sequence_client *c = arg;
    struct sequence_results *room = malloc(sizeof *room);
    unsigned wait = RETRY_FIRST_MS;
    bool go_on = room != NULL;

    while (go_on) {
        struct pse_ipc *fresh;

        if (pse_ipc_connect(&fresh, c->path) == PSE_OK) {
            pthread_mutex_lock(&c->lock);
            c->up = fresh;
            if (c->is_ending)
                pse_ipc_shut(fresh);
            pthread_mutex_unlock(&c->lock);
            serve_connection(c, room);
            close_up(c);
            wait = RETRY_FIRST_MS;
        }
        go_on = pause_between(c, wait);
        wait = wait * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : wait * 2;
    }
    free(room);
    return NULL;
}

/* --- making and ending ---------------------------------------------------------------------------
 */

static pse_rc begin(struct sequence_client *c)
{
    pthread_condattr_t steady;

    if (pthread_condattr_init(&steady) != 0)
        return PSE_E_MEMORY;
    (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->wake, &steady);
    (void)pthread_cond_init(&c->unused, NULL);
    (void)pthread_condattr_destroy(&steady);
    return pthread_create(&c->thread, NULL, run, c) == 0 ? PSE_OK : PSE_E_MEMORY;
}

pse_rc sequence_client_new(struct sequence_client **out, const char *path, size_t pending)
{
    struct sequence_client *c = calloc(1, sizeof *c);
    size_t most = (size_t)1 << SLOT_BITS;
    pse_rc rc;

    *out = NULL;
    PSE_REQUIRE(pending > 0 && pending <= most);
    if (c == NULL)
        return PSE_E_MEMORY;
    c->slots = c->left = pending;
    c->slot = calloc(pending, sizeof *c->slot);
    if (c->slot == NULL || snprintf(c->path, sizeof c->path, "%s", path) >= (int)sizeof c->path) {
        free(c->slot);
        free(c);
        return PSE_E_MEMORY;
    }
    for (size_t i = 0; i < pending; i++)
        c->slot[i].next_free = i + 1;
    rc = begin(c);
    if (rc != PSE_OK) {
        free(c->slot);
        free(c);
        return rc;
    }
    *out = c;
    return PSE_OK;
}

void sequence_client_free(struct sequence_client *c)
{
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->is_ending = true;
    if (c->up != NULL)
        pse_ipc_shut(c->up);
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->wake);
    pthread_cond_destroy(&c->unused);
    pthread_mutex_destroy(&c->lock);
    free(c->slot);
    free(c);
}

bool sequence_client_is_up(struct sequence_client *c)
{
    bool up;

    pthread_mutex_lock(&c->lock);
    up = c->up != NULL;
    pthread_mutex_unlock(&c->lock);
    return up;
}

/* --- asking ------------------------------------------------------------------------------------
 */

/* Take @p n slots, holding the connection. */
static pse_rc enter(struct sequence_client *c, struct pse_ipc **up, size_t n)
{
    if (c->up == NULL)
        return PSE_E_STATE;
    if (c->left < n)
        return PSE_E_LIMIT;
    *up = c->up;
    c->senders++;
    return PSE_OK;
}

static void leave(struct sequence_client *c)
{
    pthread_mutex_lock(&c->lock);
    if (--c->senders == 0)
        pthread_cond_broadcast(&c->unused);
    pthread_mutex_unlock(&c->lock);
}

static pse_rc submit_block(struct sequence_client *c, uint8_t source, const struct pse_span *entry,
                           void *const *ctx, size_t n, sequence_done *done, struct waiter *w)
{
    struct pse_buf frame = PSE_BUF(PSE_IPC_FRAME_MAX);
    uint32_t tag[SEQUENCE_BATCH_MAX];
    struct pse_ipc *up = NULL;
    size_t sent = 0;
    pse_rc rc;

    pthread_mutex_lock(&c->lock);
    rc = enter(c, &up, n);
    for (size_t i = 0; rc == PSE_OK && i < n; i++)
        tag[i] = slot_take(c, SEQUENCE_SUBMIT, ctx == NULL ? NULL : ctx[i], done, w);
    pthread_mutex_unlock(&c->lock);
    PSE_TRY(rc);
    while (rc == PSE_OK && sent < n) {
        uint16_t taken;

        frame.n = 0;
        sequence_submit_put(&frame, &taken, source, tag + sent, entry + sent, n - sent);
        rc =
            frame.rc == PSE_OK ? pse_ipc_send(up, SEQUENCE_SUBMIT, pse_buf_span(&frame)) : frame.rc;
        sent += taken;
    }
    if (rc != PSE_OK)
        pse_ipc_shut(up); /* the reading thread answers FAILED for what was taken */
    leave(c);
    pse_buf_free(&frame);
    return PSE_OK;
}

pse_rc sequence_submit(struct sequence_client *c, uint8_t source, const struct pse_span *entry,
                       void *const *ctx, size_t n, sequence_done *done)
{
    PSE_REQUIRE(n > 0 && n <= SEQUENCE_BATCH_MAX);
    return submit_block(c, source, entry, ctx, n, done, NULL);
}

static pse_rc ask(struct sequence_client *c, uint8_t kind, void *ctx, sequence_done *done,
                  struct waiter *w, struct pse_buf *frame)
{
    struct pse_ipc *up = NULL;
    pse_rc rc;

    pthread_mutex_lock(&c->lock);
    rc = enter(c, &up, 1);
    if (rc == PSE_OK) {
        PSE_REQUIRE(frame->rc != PSE_OK || frame->n >= 4);
        if (frame->rc == PSE_OK)
            pse_store_u32(frame->p, slot_take(c, kind, ctx, done, w));
    }
    pthread_mutex_unlock(&c->lock);
    PSE_TRY(rc);
    rc = frame->rc;
    if (rc == PSE_OK && pse_ipc_send(up, kind, pse_buf_span(frame)) != PSE_OK)
        pse_ipc_shut(up);
    leave(c);
    return rc;
}

pse_rc sequence_receipt(struct sequence_client *c, const pse_hash *leaf, void *ctx,
                        sequence_done *done)
{
    struct pse_buf frame = PSE_BUF(64);
    pse_rc rc;

    sequence_ask_put(&frame, 0, leaf->b);
    rc = ask(c, SEQUENCE_RECEIPT, ctx, done, NULL, &frame);
    pse_buf_free(&frame);
    return rc;
}

/* --- waiting -----------------------------------------------------------------------------------
 */

static void waiter_begin(struct waiter *w)
{
    pthread_condattr_t steady;

    memset(w, 0, sizeof *w);
    w->body = PSE_BUF(1024);
    (void)pthread_condattr_init(&steady);
    (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->came, &steady);
    (void)pthread_condattr_destroy(&steady);
}

static void waiter_end(struct waiter *w)
{
    pthread_cond_destroy(&w->came);
    pse_buf_free(&w->body);
}

/* Whoever waits no longer takes his name off the slot, so that a late answer finds nobody. */
static pse_rc await(struct sequence_client *c, struct waiter *w)
{
    struct timespec until;
    int late = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SEQUENCE_WAIT_MS / 1000;
    pthread_mutex_lock(&c->lock);
    while (!w->is_over && late == 0)
        late = pthread_cond_timedwait(&w->came, &c->lock, &until);
    for (size_t i = 0; !w->is_over && i < c->slots; i++) {
        if (c->slot[i].taken && c->slot[i].waiter == w)
            c->slot[i].waiter = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    if (!w->is_over)
        return PSE_E_IO;
    return w->rc == PSE_OK ? w->body.rc : w->rc;
}

/* Send the frame (whose first four bytes are the tag) and leave the answer in w->body. */
static pse_rc exchange(struct sequence_client *c, uint8_t kind, struct waiter *w,
                       struct pse_buf *frame)
{
    pse_rc rc = ask(c, kind, NULL, NULL, w, frame);

    return rc == PSE_OK ? await(c, w) : rc;
}

pse_rc sequence_view(struct sequence_client *c, struct sequence_view *out,
                     const uint8_t credential[32])
{
    struct pse_buf frame = PSE_BUF(64);
    struct waiter w;
    uint32_t tag;
    pse_rc rc;

    waiter_begin(&w);
    sequence_ask_put(&frame, 0, credential);
    rc = exchange(c, SEQUENCE_VIEW, &w, &frame);
    if (rc == PSE_OK && sequence_view_parse(&tag, out, pse_buf_span(&w.body)) != PSE_OK)
        rc = PSE_E_IO;
    waiter_end(&w);
    pse_buf_free(&frame);
    return rc;
}

pse_rc sequence_status(struct sequence_client *c, struct sequence_status *out)
{
    struct pse_buf frame = PSE_BUF(16);
    struct waiter w;
    uint32_t tag;
    pse_rc rc;

    waiter_begin(&w);
    sequence_tag_put(&frame, 0);
    rc = exchange(c, SEQUENCE_STATUS, &w, &frame);
    if (rc == PSE_OK && sequence_status_parse(&tag, out, pse_buf_span(&w.body)) != PSE_OK)
        rc = PSE_E_IO;
    waiter_end(&w);
    pse_buf_free(&frame);
    return rc;
}

/* For requests whose answer is one outcome. */
static pse_rc done_exchange(struct sequence_client *c, uint8_t kind, struct pse_buf *frame)
{
    struct waiter w;
    uint8_t outcome;
    uint32_t tag;
    pse_rc rc;

    waiter_begin(&w);
    rc = exchange(c, kind, &w, frame);
    if (rc == PSE_OK)
        rc = sequence_done_parse(&tag, &outcome, pse_buf_span(&w.body));
    waiter_end(&w);
    PSE_TRY(rc);
    if (outcome == SEQUENCE_DONE)
        return PSE_OK;
    return outcome == SEQUENCE_BUSY ? PSE_E_LIMIT : PSE_E_MISMATCH;
}

pse_rc sequence_set_level(struct sequence_client *c, uint8_t level)
{
    struct pse_buf frame = PSE_BUF(16);
    pse_rc rc;

    sequence_level_put(&frame, 0, level);
    rc = done_exchange(c, SEQUENCE_LEVEL, &frame);
    pse_buf_free(&frame);
    return rc;
}

pse_rc sequence_blob(struct sequence_client *c, struct pse_span blob)
{
    struct pse_buf frame = PSE_BUF(PSE_IPC_FRAME_MAX);
    struct sequence_blob piece = {.total = (uint32_t)blob.n};
    pse_rc rc = blob.n <= UINT32_MAX ? PSE_OK : PSE_E_MISMATCH;

    pse_sha256(&piece.hash, blob);
    do {
        size_t n = blob.n - piece.offset;

        if (n > SEQUENCE_BLOB_MAX)
            n = SEQUENCE_BLOB_MAX;
        piece.bytes = pse_span(blob.p + piece.offset, n);
        frame.n = 0;
        sequence_blob_put(&frame, &piece);
        if (rc == PSE_OK)
            rc = done_exchange(c, SEQUENCE_BLOB, &frame);
        piece.offset += (uint32_t)n;
    } while (rc == PSE_OK && piece.offset < blob.n);
    pse_buf_free(&frame);
    return rc;
}

pse_rc sequence_put_entry(struct sequence_client *c, struct sequence_result *result, uint8_t source,
                          struct pse_span entry)
{
    struct waiter w;
    pse_rc rc;

    waiter_begin(&w);
    rc = submit_block(c, source, &entry, NULL, 1, NULL, &w);
    if (rc == PSE_OK)
        rc = await(c, &w);
    *result = w.result;
    waiter_end(&w);
    PSE_TRY(rc);
    return result->outcome == SEQUENCE_WITNESSED || result->outcome == SEQUENCE_RECORDED
               ? PSE_OK
               : PSE_E_MISMATCH;
}
