/* The sequencer's socket: messages of sequence_ipc.h. A connection has a thread that reads and one
 * that writes; answers wait in a list between, so that a peer that reads slowly holds nobody up. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/sequence_ipc.h"
#include "net/ipc.h"
#include "psephos/box.h"

enum {
    CONNECTIONS = 32,
    ACCEPT_MS = 500,
    ANSWERS_MAX = 1 << 17, /* that a peer has not read; then it is given up */
};

/* An answer on its way: a result, or a whole frame of another kind. */
struct letter {
    struct letter *next;
    uint8_t kind;
    struct sequence_result result; /* SUBMIT, RECEIPT; receipt points into bytes */
    size_t n;
    uint8_t bytes[];
};

struct conn {
    struct box_server *server;
    struct pse_ipc *ipc;
    pthread_t reader, writer;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct letter *first;
    struct letter **last;
    size_t letters;
    bool ends;     /* the writer leaves when the list is empty */
    bool is_over;  /* the reader has left */
    unsigned refs; /* its two threads, and tickets that will be answered */
    struct box_upload upload;
    struct sequence_submit submit; /* the reader's */
    struct conn *next;
};

struct ticket {
    struct conn *c;
    uint32_t tag;
};

struct box_server {
    struct box_log *log;
    pthread_rwlock_t using;
    struct pse_sequencer *sequencer; /* NULL: not open yet, or draining */
    int fd;
    uint32_t *uid;
    size_t uids;
    pthread_t accepting;
    pthread_mutex_t lock;
    struct conn *conns;
    size_t n;
    atomic_bool ends;
    atomic_uint level;
};

/* --- letters -----------------------------------------------------------------------------------
 */

static void post(struct conn *c, struct letter *one)
{
    bool full;

    pthread_mutex_lock(&c->lock);
    full = c->letters >= ANSWERS_MAX || c->is_over;
    if (!full) {
        one->next = NULL;
        *c->last = one;
        c->last = &one->next;
        c->letters++;
        pthread_cond_signal(&c->more);
    }
    pthread_mutex_unlock(&c->lock);
    if (full) {
        pse_ipc_shut(c->ipc); /* its requests are then answered FAILED at the other end */
        free(one);
    }
}

static void post_result(struct conn *c, uint8_t kind, const struct sequence_result *r)
{
    struct letter *one = calloc(1, sizeof *one + r->receipt.n);

    if (one == NULL) {
        pse_ipc_shut(c->ipc);
        return;
    }
    one->kind = kind;
    one->result = *r;
    if (r->receipt.n > 0)
        memcpy(one->bytes, r->receipt.p, r->receipt.n);
    one->result.receipt = pse_span(one->bytes, r->receipt.n);
    post(c, one);
}

static void post_frame(struct conn *c, uint8_t kind, struct pse_buf *body)
{
    struct letter *one = body->rc == PSE_OK ? calloc(1, sizeof *one + body->n) : NULL;

    if (one == NULL) {
        pse_ipc_shut(c->ipc);
    } else {
        one->kind = kind;
        one->n = body->n;
        memcpy(one->bytes, body->p, body->n);
        post(c, one);
    }
    pse_buf_free(body);
}

static void conn_drop(struct conn *c)
{
    struct letter *one;
    bool last;

    pthread_mutex_lock(&c->lock);
    last = --c->refs == 0;
    pthread_mutex_unlock(&c->lock);
    if (!last)
        return;
    while ((one = c->first) != NULL) {
        c->first = one->next;
        free(one);
    }
    pse_ipc_free(c->ipc);
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->more);
    free(c);
}

/* --- writing -----------------------------------------------------------------------------------
 */

static bool is_result(uint8_t kind)
{
    return kind == SEQUENCE_SUBMIT || kind == SEQUENCE_RECEIPT;
}

/* Results of one kind at the head of @p list, as many as a frame takes. */
static pse_rc send_results(struct conn *c, struct letter **list, struct pse_buf *frame,
                           struct sequence_result *room)
{
    uint8_t kind = (*list)->kind;
    uint16_t taken = 0;
    size_t n = 0;

    for (const struct letter *at = *list;
         at != NULL && at->kind == kind && n < (kind == SEQUENCE_SUBMIT ? SEQUENCE_BATCH_MAX : 1);
         at = at->next)
        room[n++] = at->result;
    frame->n = 0;
    sequence_results_put(frame, &taken, room, n);
    PSE_TRY(frame->rc);
    for (uint16_t i = 0; i < taken; i++) {
        struct letter *gone = *list;

        *list = gone->next;
        free(gone);
    }
    return pse_ipc_send(c->ipc, kind | SEQUENCE_ANSWER, pse_buf_span(frame));
}

static pse_rc send_frame(struct conn *c, struct letter **list)
{
    struct letter *one = *list;
    pse_rc rc = pse_ipc_send(c->ipc, one->kind | SEQUENCE_ANSWER, pse_span(one->bytes, one->n));

    *list = one->next;
    free(one);
    return rc;
}

/* All that waits, or NULL at the end. */
static struct letter *take_letters(struct conn *c)
{
    struct letter *list;

    pthread_mutex_lock(&c->lock);
    while (c->first == NULL && !c->ends)
        pthread_cond_wait(&c->more, &c->lock);
    list = c->first;
    c->first = NULL;
    c->last = &c->first;
    c->letters = 0;
    pthread_mutex_unlock(&c->lock);
    return list;
}

static void *write_all(void *arg)
{
    struct conn *c = arg;
    struct pse_buf frame = PSE_BUF(PSE_IPC_BODY_MAX);
    struct sequence_result *room = calloc(SEQUENCE_BATCH_MAX, sizeof *room);
    struct letter *list;
    pse_rc rc = room == NULL ? PSE_E_MEMORY : PSE_OK;

    while ((list = take_letters(c)) != NULL) {
        while (list != NULL) {
            struct letter *gone = list;

            if (rc == PSE_OK) {
                rc = is_result(list->kind) ? send_results(c, &list, &frame, room)
                                           : send_frame(c, &list);
                continue;
            }
            list = gone->next;
            free(gone);
        }
        if (rc != PSE_OK)
            pse_ipc_shut(c->ipc);
    }
    free(room);
    pse_buf_free(&frame);
    conn_drop(c);
    return NULL;
}

/* --- answers of the sequencer ------------------------------------------------------------------
 */

static uint8_t outcome_of(const struct pse_answer *a)
{
    switch (a->kind) {
    case PSE_ANSWER_RECEIPT: return SEQUENCE_WITNESSED;
    case PSE_ANSWER_RECORDED: return SEQUENCE_RECORDED;
    case PSE_ANSWER_STOPPED: return SEQUENCE_FAILED;
    case PSE_ANSWER_REFUSED:
        if (a->verdict.rule == PSE_V908)
            return SEQUENCE_CLOSED;
        return a->verdict.is_stale ? SEQUENCE_STALE : SEQUENCE_REFUSED;
    }
    return SEQUENCE_FAILED;
}

void box_server_answer(void *ticket, const struct pse_answer *a)
{
    struct ticket *t = ticket;
    struct sequence_result r = {.tag = t->tag,
                                .outcome = outcome_of(a),
                                .rule = a->verdict.rule,
                                .index = a->index,
                                .leaf = a->leaf,
                                .receipt = a->receipt};

    if (r.outcome == SEQUENCE_STALE)
        r.leaf = a->verdict.latest;
    post_result(t->c, SEQUENCE_SUBMIT, &r);
    if (a->kind == PSE_ANSWER_RECORDED)
        return;
    conn_drop(t->c);
    free(t);
}

/* --- requests ----------------------------------------------------------------------------------
 */

static uint8_t submit_one(struct conn *c, uint8_t source, uint32_t tag, struct pse_span entry)
{
    struct box_server *s = c->server;
    bool is_ballot = entry.n > 0 && entry.p[0] == PSE_ENTRY_BALLOT;
    struct ticket *t;
    pse_rc rc;

    if (is_ballot != (source == SEQUENCE_BALLOTS) || entry.n == 0)
        return SEQUENCE_REFUSED;
    t = malloc(sizeof *t);
    if (t == NULL)
        return SEQUENCE_BUSY;
    *t = (struct ticket){c, tag};
    pthread_mutex_lock(&c->lock);
    c->refs++;
    pthread_mutex_unlock(&c->lock);
    pthread_rwlock_rdlock(&s->using);
    rc = s->sequencer == NULL ? PSE_E_STATE : pse_sequencer_submit(s->sequencer, entry, t);
    pthread_rwlock_unlock(&s->using);
    if (rc == PSE_OK)
        return 0;
    conn_drop(c);
    free(t);
    return rc == PSE_E_LENGTH ? SEQUENCE_REFUSED : SEQUENCE_BUSY;
}

static pse_rc take_submit(struct conn *c, struct pse_span body)
{
    struct sequence_submit *in = &c->submit;

    PSE_TRY(sequence_submit_parse(in, body));
    for (size_t i = 0; i < in->n; i++) {
        struct sequence_result r = {.tag = in->tag[i], .rule = PSE_V906};

        r.outcome = submit_one(c, in->source, in->tag[i], in->entry[i]);
        if (r.outcome != 0)
            post_result(c, SEQUENCE_SUBMIT, &r);
    }
    return PSE_OK;
}

static pse_rc take_blob(struct conn *c, struct pse_span body)
{
    struct pse_buf b = PSE_BUF(64);
    struct sequence_blob in;
    uint8_t outcome = SEQUENCE_DONE;
    bool done;
    pse_rc rc;

    PSE_TRY(sequence_blob_parse(&in, body));
    rc = box_spool_put(&c->server->log->spool, &c->upload, &done, &in.hash, in.total, in.offset,
                       in.bytes);
    if (rc == PSE_OK && done)
        rc = box_log_blob(c->server->log, &in.hash);
    if (rc != PSE_OK)
        outcome = rc == PSE_E_MISMATCH ? SEQUENCE_REFUSED : SEQUENCE_BUSY;
    sequence_done_put(&b, in.tag, outcome);
    post_frame(c, SEQUENCE_BLOB, &b);
    return PSE_OK;
}

static pse_rc take_view(struct conn *c, struct pse_span body)
{
    struct box_log *l = c->server->log;
    struct pse_buf b = PSE_BUF(1024);
    struct pse_credential_view v;
    struct sequence_view out = {0};
    uint32_t tag;
    pse_enc d;

    PSE_TRY(sequence_ask_parse(&tag, d.b, body));
    pthread_mutex_lock(&l->lock);
    if (pse_engine_credential(l->engine.e, &v, &d) == PSE_OK) {
        const struct pse_manifest *m = pse_engine_manifest(l->engine.e);

        out = (struct sequence_view){.found = true,
                                     .active = v.is_active,
                                     .style = m->style[v.style].id,
                                     .weight = v.weight,
                                     .ballots = v.ballots,
                                     .latest_index = v.latest_index,
                                     .latest = v.latest_leaf,
                                     .revoked = v.rev >= 0 ? v.rev_reason : 0};
    }
    pthread_mutex_unlock(&l->lock);
    sequence_view_put(&b, tag, &out);
    post_frame(c, SEQUENCE_VIEW, &b);
    return PSE_OK;
}

static pse_rc take_receipt(struct conn *c, struct pse_span body)
{
    struct box_server *s = c->server;
    struct pse_buf receipt = PSE_BUF(PSE_PROOF_MAX);
    struct sequence_result r = {.outcome = SEQUENCE_BUSY};
    pse_rc rc;

    PSE_TRY(sequence_ask_parse(&r.tag, r.leaf.b, body));
    pthread_rwlock_rdlock(&s->using);
    rc = s->sequencer == NULL ? PSE_E_MEMORY
                              : pse_sequencer_receipt(s->sequencer, &receipt, &r.index, &r.leaf);
    pthread_rwlock_unlock(&s->using);
    if (rc == PSE_OK) {
        r.outcome = SEQUENCE_WITNESSED;
        r.receipt = pse_buf_span(&receipt);
    } else if (rc == PSE_E_STATE) {
        r.outcome = SEQUENCE_RECORDED;
    } else if (rc == PSE_E_MISSING) {
        r.outcome = SEQUENCE_ABSENT;
    }
    post_result(c, SEQUENCE_RECEIPT, &r);
    pse_buf_free(&receipt);
    return PSE_OK;
}

static pse_rc take_status(struct conn *c, struct pse_span body)
{
    struct box_log *l = c->server->log;
    struct box_server *s = c->server;
    struct sequence_status out = {.level = (uint8_t)atomic_load(&c->server->level)};
    struct pse_sequencer_load load = {0};
    struct pse_buf b = PSE_BUF(1024);
    uint64_t epoch;
    uint32_t tag;

    PSE_TRY(sequence_tag_parse(&tag, body));
    pthread_rwlock_rdlock(&s->using);
    if (s->sequencer != NULL) {
        pse_sequencer_head(s->sequencer, &out.size, &out.published, &epoch);
        pse_sequencer_load(s->sequencer, &load);
    }
    pthread_rwlock_unlock(&s->using);
    out.published_at = load.published_at;
    out.waiting = (uint32_t)load.waiting;
    out.unwitnessed = (uint32_t)load.unwitnessed;
    pthread_mutex_lock(&l->lock);
    out.state = (uint8_t)pse_engine_state(l->engine.e);
    out.eid = *pse_engine_eid(l->engine.e);
    pthread_mutex_unlock(&l->lock);
    sequence_status_put(&b, tag, &out);
    post_frame(c, SEQUENCE_STATUS, &b);
    return PSE_OK;
}

static pse_rc take_level(struct conn *c, struct pse_span body)
{
    struct pse_buf b = PSE_BUF(64);
    uint8_t level;
    uint32_t tag;

    PSE_TRY(sequence_level_parse(&tag, &level, body));
    if (atomic_exchange(&c->server->level, level) != level)
        PSE_LOG(&c->server->log->d->log, PSE_LOG_NOTICE, "sequence.level",
                PSE_F("level", (int)level), PSE_F("user", (unsigned)pse_ipc_peer(c->ipc)));
    sequence_done_put(&b, tag, SEQUENCE_DONE);
    post_frame(c, SEQUENCE_LEVEL, &b);
    return PSE_OK;
}

static pse_rc take_request(struct conn *c, uint8_t kind, struct pse_span body)
{
    switch (kind) {
    case SEQUENCE_SUBMIT: return take_submit(c, body);
    case SEQUENCE_BLOB: return take_blob(c, body);
    case SEQUENCE_VIEW: return take_view(c, body);
    case SEQUENCE_RECEIPT: return take_receipt(c, body);
    case SEQUENCE_STATUS: return take_status(c, body);
    case SEQUENCE_LEVEL: return take_level(c, body);
    default: return PSE_E_RANGE;
    }
}

/* --- connections -------------------------------------------------------------------------------
 */

static void conn_leave(struct conn *c)
{
    struct box_server *s = c->server;

    pthread_mutex_lock(&s->lock);
    for (struct conn **at = &s->conns; *at != NULL; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    s->n--;
    pthread_mutex_unlock(&s->lock);
}

static void *read_all(void *arg)
{
    struct conn *c = arg;
    struct pse_span body;
    uint8_t kind;
    pse_rc rc;

    while ((rc = pse_ipc_recv(c->ipc, &kind, &body, -1)) == PSE_OK) {
        rc = take_request(c, kind, body);
        if (rc != PSE_OK)
            break;
    }
    if (rc != PSE_E_MISSING && !atomic_load(&c->server->ends))
        PSE_LOG(&c->server->log->d->log, PSE_LOG_WARNING, "sequence.peer-dropped",
                PSE_F("user", (unsigned)pse_ipc_peer(c->ipc)), PSE_F("why", pse_rc_name(rc)));
    box_upload_drop(&c->server->log->spool, &c->upload);
    pse_ipc_shut(c->ipc);
    pthread_mutex_lock(&c->lock);
    c->is_over = true;
    c->ends = true;
    pthread_cond_signal(&c->more);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->writer, NULL);
    conn_leave(c);
    conn_drop(c);
    return NULL;
}

static pse_rc conn_start(struct box_server *s, struct pse_ipc *ipc)
{
    struct conn *c = calloc(1, sizeof *c);

    if (c == NULL) {
        pse_ipc_free(ipc);
        return PSE_E_MEMORY;
    }
    c->server = s;
    c->ipc = ipc;
    c->last = &c->first;
    c->refs = 2;
    c->upload.fd = -1;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->more, NULL);
    pthread_mutex_lock(&s->lock);
    c->next = s->conns;
    s->conns = c;
    s->n++;
    pthread_mutex_unlock(&s->lock);
    if (pthread_create(&c->writer, NULL, write_all, c) != 0) {
        c->refs = 1;
        conn_leave(c);
        conn_drop(c);
        return PSE_E_MEMORY;
    }
    if (pthread_create(&c->reader, NULL, read_all, c) != 0) {
        pthread_mutex_lock(&c->lock);
        c->ends = true;
        pthread_cond_signal(&c->more);
        pthread_mutex_unlock(&c->lock);
        pthread_join(c->writer, NULL);
        conn_leave(c);
        conn_drop(c);
        return PSE_E_MEMORY;
    }
    (void)pthread_detach(c->reader);
    return PSE_OK;
}

static void *accept_all(void *arg)
{
    struct box_server *s = arg;

    while (!atomic_load(&s->ends)) {
        struct pse_ipc *ipc;
        bool full;
        pse_rc rc = pse_ipc_accept(&ipc, s->fd, ACCEPT_MS, s->uid, s->uids);

        if (rc == PSE_E_UNSUPPORTED)
            PSE_LOG(&s->log->d->log, PSE_LOG_WARNING, "sequence.peer-refused");
        if (rc == PSE_E_IO || rc == PSE_E_MEMORY)
            (void)usleep(100000); /* out of descriptors: they come back */
        if (rc != PSE_OK)
            continue;
        pthread_mutex_lock(&s->lock);
        full = s->n >= CONNECTIONS;
        pthread_mutex_unlock(&s->lock);
        if (full)
            pse_ipc_free(ipc);
        else if (conn_start(s, ipc) != PSE_OK)
            PSE_LOG(&s->log->d->log, PSE_LOG_ERROR, "sequence.out-of-memory");
    }
    return NULL;
}

/* --- life --------------------------------------------------------------------------------------
 */

pse_rc box_server_start(struct box_server **out, struct box_log *l, int fd, const uint32_t *uid,
                        size_t uids)
{
    struct box_server *s = calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL)
        return PSE_E_MEMORY;
    s->uid = calloc(uids + 1, sizeof *s->uid);
    if (s->uid != NULL && uids > 0)
        memcpy(s->uid, uid, uids * sizeof *uid);
    s->uids = uids;
    s->log = l;
    s->fd = fd;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_rwlock_init(&s->using, NULL);
    if (s->uid == NULL || pthread_create(&s->accepting, NULL, accept_all, s) != 0) {
        free(s->uid);
        free(s);
        return PSE_E_MEMORY;
    }
    *out = s;
    return PSE_OK;
}

void box_server_open(struct box_server *s, struct pse_sequencer *sequencer)
{
    pthread_rwlock_wrlock(&s->using);
    s->sequencer = sequencer;
    pthread_rwlock_unlock(&s->using);
}

void box_server_drain(struct box_server *s)
{
    const useconds_t nap = 5000;

    /* The sequencer has stopped: every ticket is answered, and the writers are quick. */
    for (unsigned i = 0; i < 400; i++) {
        bool busy = false;

        pthread_mutex_lock(&s->lock);
        for (struct conn *c = s->conns; c != NULL; c = c->next) {
            pthread_mutex_lock(&c->lock);
            busy = busy || c->first != NULL;
            pthread_mutex_unlock(&c->lock);
        }
        pthread_mutex_unlock(&s->lock);
        if (!busy)
            break;
        (void)usleep(nap);
    }
}

void box_server_free(struct box_server *s)
{
    const useconds_t nap = 2000;
    size_t n = 1;

    if (s == NULL)
        return;
    atomic_store(&s->ends, true);
    pthread_join(s->accepting, NULL);
    pthread_mutex_lock(&s->lock);
    for (struct conn *c = s->conns; c != NULL; c = c->next)
        pse_ipc_shut(c->ipc);
    pthread_mutex_unlock(&s->lock);
    while (n > 0) {
        pthread_mutex_lock(&s->lock);
        n = s->n;
        pthread_mutex_unlock(&s->lock);
        if (n > 0)
            (void)usleep(nap);
    }
    (void)close(s->fd);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_rwlock_destroy(&s->using);
    free(s->uid);
    free(s);
}
