/* The sequencer's socket: messages of sequence_ipc.h. A connection has a thread that reads and one
 * that writes (box_sequence_write.c). */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "psephos/box_socket.h"

enum {
    CONNECTIONS = 32,
    ACCEPT_MS = 500,
};

struct ticket {
    struct box_conn *c;
    uint32_t tag;
};

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
    box_conn_result(t->c, SEQUENCE_SUBMIT, &r);
    if (a->kind == PSE_ANSWER_RECORDED)
        return;
    box_conn_drop(t->c);
    free(t);
}

/* --- requests ----------------------------------------------------------------------------------
 */

static uint8_t submit_one(struct box_conn *c, uint8_t source, uint32_t tag, struct pse_span entry)
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
    box_conn_drop(c);
    free(t);
    return rc == PSE_E_LENGTH ? SEQUENCE_REFUSED : SEQUENCE_BUSY;
}

static pse_rc take_submit(struct box_conn *c, struct pse_span body)
{
    struct sequence_submit *in = &c->submit;

    PSE_TRY(sequence_submit_parse(in, body));
    for (size_t i = 0; i < in->n; i++) {
        struct sequence_result r = {.tag = in->tag[i], .rule = PSE_V906};

        r.outcome = submit_one(c, in->source, in->tag[i], in->entry[i]);
        if (r.outcome != 0)
            box_conn_result(c, SEQUENCE_SUBMIT, &r);
    }
    return PSE_OK;
}

static pse_rc take_blob(struct box_conn *c, struct pse_span body)
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
    box_conn_frame(c, SEQUENCE_BLOB, &b);
    return PSE_OK;
}

static pse_rc take_view(struct box_conn *c, struct pse_span body)
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
    box_conn_frame(c, SEQUENCE_VIEW, &b);
    return PSE_OK;
}

static pse_rc take_receipt(struct box_conn *c, struct pse_span body)
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
    box_conn_result(c, SEQUENCE_RECEIPT, &r);
    pse_buf_free(&receipt);
    return PSE_OK;
}

/* --- the level of brown-out --------------------------------------------------------------------
 */

static void note_level(struct box_server *s, uint8_t level, const char *why, unsigned user)
{
    static const char *const name[BROWNOUT_LEVELS] = {"level-0", "level-1", "level-2", "level-3",
                                                      "level-4"};
    struct daemon *d = s->log->d;
    const struct pse_event e = {
        .type = "sequence.level", .sev = 5, .outcome = "ok", .rule = name[level], .tags = {why}};

    PSE_LOG(&d->log, PSE_LOG_NOTICE, "sequence.level", PSE_F("level", (int)level),
            PSE_F("why", why), PSE_F("user", user));
    if (pse_events_put(&d->events, &e) != PSE_OK)
        PSE_LOG(&d->log, PSE_LOG_ERROR, "daemon.event-lost", PSE_F("type", e.type));
}

/* What was asked to fall falls when its time has come; somebody asks five times a second. */
static uint8_t level_now(struct box_server *s)
{
    uint8_t before;
    uint8_t level;

    pthread_mutex_lock(&s->level_lock);
    before = s->level.level;
    level = brownout_level(&s->level, pse_clock_steady_ms());
    pthread_mutex_unlock(&s->level_lock);
    if (level != before)
        note_level(s, level, "fallen", (unsigned)getuid());
    return level;
}

static void set_level(struct box_server *s, uint8_t wanted, unsigned user)
{
    uint8_t before;
    uint8_t level;

    pthread_mutex_lock(&s->level_lock);
    before = s->level.level;
    brownout_want(&s->level, wanted, pse_clock_steady_ms());
    level = s->level.level;
    pthread_mutex_unlock(&s->level_lock);
    if (level != before)
        note_level(s, level, "set", user);
}

static pse_rc take_status(struct box_conn *c, struct pse_span body)
{
    struct box_log *l = c->server->log;
    struct box_server *s = c->server;
    struct sequence_status out = {.level = level_now(c->server)};
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
    box_conn_frame(c, SEQUENCE_STATUS, &b);
    return PSE_OK;
}

static pse_rc take_level(struct box_conn *c, struct pse_span body)
{
    struct pse_buf b = PSE_BUF(64);
    uint8_t level;
    uint32_t tag;

    PSE_TRY(sequence_level_parse(&tag, &level, body));
    set_level(c->server, level, (unsigned)pse_ipc_peer(c->ipc));
    sequence_done_put(&b, tag, SEQUENCE_DONE);
    box_conn_frame(c, SEQUENCE_LEVEL, &b);
    return PSE_OK;
}

static pse_rc take_request(struct box_conn *c, uint8_t kind, struct pse_span body)
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

static void conn_leave(struct box_conn *c)
{
    struct box_server *s = c->server;

    pthread_mutex_lock(&s->lock);
    for (struct box_conn **at = &s->conns; *at != NULL; at = &(*at)->next) {
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
    struct box_conn *c = arg;
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
    box_conn_drop(c);
    return NULL;
}

static pse_rc conn_start(struct box_server *s, struct pse_ipc *ipc)
{
    struct box_conn *c = calloc(1, sizeof *c);

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
    if (pthread_create(&c->writer, NULL, box_conn_write, c) != 0) {
        c->refs = 1;
        conn_leave(c);
        box_conn_drop(c);
        return PSE_E_MEMORY;
    }
    if (pthread_create(&c->reader, NULL, read_all, c) != 0) {
        pthread_mutex_lock(&c->lock);
        c->ends = true;
        pthread_cond_signal(&c->more);
        pthread_mutex_unlock(&c->lock);
        pthread_join(c->writer, NULL);
        conn_leave(c);
        box_conn_drop(c);
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
    (void)pthread_mutex_init(&s->level_lock, NULL);
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
        for (struct box_conn *c = s->conns; c != NULL; c = c->next) {
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
    for (struct box_conn *c = s->conns; c != NULL; c = c->next)
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
    (void)pthread_mutex_destroy(&s->level_lock);
    (void)pthread_rwlock_destroy(&s->using);
    free(s->uid);
    free(s);
}
