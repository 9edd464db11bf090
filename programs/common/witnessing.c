#include "common/witnessing.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/codec.h"
#include "net/fetch.h"

enum {
    STRAGGLE_MS = 10000, /* a request may outlive its round by so much */
    IN_FLIGHT = 4,       /* requests to one witness; one that is slower is left alone */
    URL_ROOM = PSE_FETCH_URL_MAX - 128,
};

/* What is known of a witness between rounds. */
struct witness {
    struct pse_vkey key;
    char submit[PSE_FETCH_URL_MAX];  /* …/add-checkpoint; "" when it is not reached */
    char monitor[PSE_FETCH_URL_MAX]; /* …/<hash>/checkpoint */
    uint64_t size;                   /* it has probably cosigned this */
    unsigned in_flight;
};

struct collector {
    struct pse_fetcher *f;
    const char *ca;
    size_t n;
    struct witness w[PSE_WITNESSES_MAX];

    /* the round under way */
    uint64_t number;
    const struct pse_witness_round *round;
    struct pse_witness_view *view;
    struct pse_buf *lines;
    bool seen[PSE_WITNESSES_MAX];
    size_t open; /* witnesses that have not been settled */
    bool asks;   /* ask, not collect */
    pse_rc rc;

    struct request *requests; /* all under way */
};

enum step {
    STEP_SUBMIT,   /* the first add-checkpoint of a round */
    STEP_AGAIN,    /* the second, after a conflict */
    STEP_MONITOR,  /* the latest note, to begin with */
    STEP_EVIDENCE, /* the latest note, after a conflict or a refusal */
};

struct request {
    struct collector *c;
    size_t i;
    uint64_t number; /* of its round */
    enum step step;
    uint64_t size; /* submitted */
    uint64_t claimed;
    int http; /* the refusal that made us ask for the note */
    struct request *next;
    struct request *before;
};

static void on_answer(void *ctx, struct pse_fetched *got);

/* --- sending ------------------------------------------------------------------------------------
 */

static void settle(struct collector *c, size_t i, enum pse_witness_state state)
{
    c->view[i].state = state;
    c->open--;
}

static bool start(struct collector *c, const struct request *what, const struct pse_fetch *fetch)
{
    struct request *q = malloc(sizeof *q);

    if (q == NULL) {
        c->rc = PSE_E_MEMORY;
        return false;
    }
    *q = *what;
    if (pse_fetch_start(c->f, fetch, on_answer, q) != PSE_OK) {
        free(q);
        return false;
    }
    c->w[what->i].in_flight++;
    q->next = c->requests;
    if (q->next != NULL)
        q->next->before = q;
    c->requests = q;
    return true;
}

static void request_free(struct request *q)
{
    if (q->next != NULL)
        q->next->before = q->before;
    if (q->before != NULL)
        q->before->next = q->next;
    else
        q->c->requests = q->next;
    free(q);
}

static bool submit(struct collector *c, size_t i, enum step step, uint64_t old)
{
    struct pse_buf body = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
    struct pse_tree_proof proof = {.n = 0};
    struct request q = {.c = c, .i = i, .number = c->number, .step = step};
    struct pse_fetch fetch;
    bool good;

    if (c->w[i].submit[0] == '\0' || c->w[i].in_flight >= IN_FLIGHT)
        return false;
    if (old > 0 && c->round->consistency(c->round->consistency_ctx, &proof, old) != PSE_OK)
        return false;
    pse_add_checkpoint_put(&body, old, &proof, c->round->note);
    q.size = c->round->size;
    q.claimed = old;
    fetch = (struct pse_fetch){
        .url = c->w[i].submit,
        .post = true,
        .body = pse_buf_span(&body),
        .max = PSE_COSIGNED_MAX,
        .deadline_ms = STRAGGLE_MS,
        .ca = c->ca,
    };
    good = body.rc == PSE_OK && start(c, &q, &fetch);
    pse_buf_free(&body);
    return good;
}

static bool get_note(struct collector *c, size_t i, enum step step, uint64_t claimed, int http)
{
    struct request q = {
        .c = c, .i = i, .number = c->number, .step = step, .claimed = claimed, .http = http};
    struct pse_fetch fetch = {
        .url = c->w[i].monitor,
        .max = PSE_NOTE_MAX,
        .deadline_ms = STRAGGLE_MS,
        .ca = c->ca,
    };

    return c->w[i].monitor[0] != '\0' && c->w[i].in_flight < IN_FLIGHT && start(c, &q, &fetch);
}

/* --- what comes back -----------------------------------------------------------------------------
 */

/* The text that was signed: all before the empty line. */
static struct pse_span text_of(struct pse_span note)
{
    struct pse_note parsed;

    return pse_note_parse(&parsed, note) == PSE_OK ? parsed.text : pse_span(NULL, 0);
}

static void cosigned(struct collector *c, const struct request *q, const struct pse_fetched *got)
{
    uint64_t time;
    struct pse_span text = text_of(c->round->note);

    if (pse_cosigned_read(c->lines, &time, text, &c->w[q->i].key, pse_buf_span(&got->body)) !=
        PSE_OK) {
        settle(c, q->i, PSE_WITNESS_SILENT); /* it answered, with nothing that holds */
        return;
    }
    c->w[q->i].size = q->size;
    c->seen[q->i] = true;
    settle(c, q->i, PSE_WITNESS_COSIGNED);
}

/* Ahead of us, on another history, or changing its mind: see what it has signed. */
static void look_closer(struct collector *c, const struct request *q, uint64_t size, int http)
{
    if (get_note(c, q->i, STEP_EVIDENCE, size, http))
        return;
    c->view[q->i].size = size;
    settle(c, q->i, http == 409 ? PSE_WITNESS_CLAIMS : PSE_WITNESS_REFUSES);
}

static void conflict(struct collector *c, const struct request *q, const struct pse_fetched *got)
{
    uint64_t size;

    if (pse_tree_size_read(&size, pse_buf_span(&got->body)) != PSE_OK) {
        settle(c, q->i, PSE_WITNESS_SILENT);
        return;
    }
    if (size <= c->round->size && q->step == STEP_SUBMIT && !c->asks) {
        c->w[q->i].size = size;
        if (submit(c, q->i, STEP_AGAIN, size))
            return;
    }
    look_closer(c, q, size, 409);
}

static void on_submit(struct collector *c, const struct request *q, const struct pse_fetched *got)
{
    c->view[q->i].http = (int)got->status;
    switch (got->status) {
    case 200:
        if (c->asks) { /* it knew nothing of us, and now has our head */
            c->w[q->i].size = q->size;
            settle(c, q->i, PSE_WITNESS_NEW);
        } else {
            cosigned(c, q, got);
        }
        break;
    case 409: conflict(c, q, got); break;
    case 422: look_closer(c, q, q->claimed, 422); break;
    default: settle(c, q->i, PSE_WITNESS_REFUSES);
    }
}

/* Remember the size of a note that may be true: a lie costs a conflict. */
static void keep_note(struct collector *c, const struct request *q, struct pse_fetched *got)
{
    struct pse_add_checkpoint *add = malloc(sizeof *add);
    struct pse_buf request = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);

    pse_wr_str(&request, "old 0\n\n");
    pse_wr_span(&request, pse_buf_span(&got->body));
    if (add != NULL && request.rc == PSE_OK &&
        pse_add_checkpoint_parse(add, pse_buf_span(&request)) == PSE_OK)
        c->w[q->i].size = add->size;
    free(add);
    pse_buf_free(&request);
    c->view[q->i].note = got->body;
    got->body = PSE_BUF(0);
    settle(c, q->i, PSE_WITNESS_NOTE);
}

static void on_note(struct collector *c, const struct request *q, struct pse_fetched *got)
{
    if (got->rc == PSE_OK && got->status == 200 && got->body.n > 0) {
        keep_note(c, q, got);
    } else if (q->step == STEP_EVIDENCE) {
        c->view[q->i].size = q->claimed;
        settle(c, q->i, q->http == 409 ? PSE_WITNESS_CLAIMS : PSE_WITNESS_REFUSES);
    } else if (!submit(c, q->i, STEP_SUBMIT,
                       0)) { /* no such address, or nothing yet: it will say */
        c->view[q->i].http = (int)got->status;
        settle(c, q->i, got->status == 404 ? PSE_WITNESS_NEW : PSE_WITNESS_SILENT);
    }
}

static void on_answer(void *ctx, struct pse_fetched *got)
{
    struct request *q = ctx;
    struct collector *c = q->c;

    c->w[q->i].in_flight--;
    if (q->number != c->number || c->round == NULL) { /* a straggler of an earlier round */
        if (got->rc == PSE_OK && got->status == 200 && q->size > c->w[q->i].size)
            c->w[q->i].size = q->size;
    } else if (q->step == STEP_MONITOR || q->step == STEP_EVIDENCE) {
        on_note(c, q, got);
    } else if (got->rc != PSE_OK) {
        settle(c, q->i, PSE_WITNESS_SILENT);
    } else {
        on_submit(c, q, got);
    }
    request_free(q);
}

/* --- rounds --------------------------------------------------------------------------------------
 */

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void begin(struct collector *c, struct pse_witness_view *view, struct pse_buf *lines,
                  const struct pse_witness_round *round, bool asks)
{
    c->number++;
    c->round = round;
    c->view = view;
    c->lines = lines;
    c->asks = asks;
    c->open = c->n;
    c->rc = PSE_OK;
    memset(c->seen, 0, sizeof c->seen);
}

static pse_rc run(struct collector *c)
{
    uint64_t end = now_ms() + c->round->budget_ms;
    pse_rc rc = PSE_OK;

    while (rc == PSE_OK && c->rc == PSE_OK && c->open > 0) {
        uint64_t now = now_ms();

        if (now >= end || (!c->asks && c->round->is_quorum(c->round->quorum_ctx, c->seen)))
            break;
        rc = pse_fetch_wait(c->f, (unsigned)(end - now));
    }
    c->round = NULL; /* what is still under way belongs to nobody's round */
    return c->rc != PSE_OK ? c->rc : rc == PSE_OK ? PSE_OK : PSE_E_MEMORY;
}

static pse_rc do_ask(void *ctx, struct pse_witness_view *view,
                     const struct pse_witness_round *round)
{
    struct collector *c = ctx;

    begin(c, view, NULL, round, true);
    for (size_t i = 0; i < c->n; i++)
        if (!get_note(c, i, STEP_MONITOR, 0, 0) && !submit(c, i, STEP_SUBMIT, 0))
            settle(c, i, PSE_WITNESS_SILENT);
    return run(c);
}

static pse_rc do_collect(void *ctx, struct pse_buf *lines, struct pse_witness_view *view,
                         const struct pse_witness_round *round)
{
    struct collector *c = ctx;

    begin(c, view, lines, round, false);
    for (size_t i = 0; i < c->n; i++) {
        uint64_t old = c->w[i].size <= round->size ? c->w[i].size : 0;

        if (!submit(c, i, STEP_SUBMIT, old))
            settle(c, i, PSE_WITNESS_SILENT);
    }
    return run(c);
}

/* --- life ----------------------------------------------------------------------------------------
 */

static pse_rc put_url(char out[PSE_FETCH_URL_MAX], const char *prefix, struct pse_span policy,
                      const char *tail)
{
    struct pse_span at = prefix != NULL ? pse_span_str(prefix) : policy;

    while (at.n > 0 && at.p[at.n - 1] == '/')
        at.n--;
    out[0] = '\0';
    if (at.n == 0)
        return PSE_OK;
    if (at.n > URL_ROOM || memchr(at.p, '\0', at.n) != NULL)
        return PSE_E_SYNTAX;
    (void)snprintf(out, PSE_FETCH_URL_MAX, "%.*s/%s", (int)at.n, (const char *)at.p, tail);
    if (strncmp(out, "http://", 7) != 0 && strncmp(out, "https://", 8) != 0)
        return PSE_E_SYNTAX;
    for (const char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f)
            return PSE_E_SYNTAX;
    return PSE_OK;
}

static pse_rc put_witness(struct witness *w, size_t i, const struct witnessing_options *o)
{
    const struct pse_policy_item *item = pse_policy_witness(o->policy, i);
    char tail[64 + sizeof "/checkpoint"];
    pse_hash hash;

    w->key = item->key;
    if (item->key.type != PSE_SIG_COSIGN)
        return PSE_E_UNSUPPORTED;
    pse_sha256(&hash, o->origin);
    pse_hex_encode(tail, hash.b, sizeof hash.b);
    memcpy(tail + 64, "/checkpoint", sizeof "/checkpoint");
    PSE_TRY(
        put_url(w->submit, o->submit != NULL ? o->submit[i] : NULL, item->url, "add-checkpoint"));
    return put_url(w->monitor,
                   o->monitor != NULL && o->monitor[i] != NULL ? o->monitor[i]
                   : o->submit != NULL                         ? o->submit[i]
                                                               : NULL,
                   item->url, tail);
}

pse_rc witnessing_new(struct pse_witnessing *out, size_t *at, const struct witnessing_options *o)
{
    struct collector *c;
    size_t i;
    pse_rc rc = PSE_OK;

    memset(out, 0, sizeof *out);
    if (at != NULL)
        *at = 0;
    if (o->policy->witnesses > PSE_WITNESSES_MAX)
        return PSE_E_LIMIT;
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return PSE_E_MEMORY;
    c->n = o->policy->witnesses;
    c->ca = o->ca;
    for (i = 0; i < c->n && rc == PSE_OK; i++) {
        if (at != NULL)
            *at = i;
        rc = put_witness(&c->w[i], i, o);
    }
    if (rc == PSE_OK)
        rc = pse_fetcher_new(&c->f, (unsigned)(c->n > 0 ? 2 * c->n : 1));
    if (rc != PSE_OK) {
        free(c);
        return rc;
    }
    *out =
        (struct pse_witnessing){.ctx = c, .witnesses = c->n, .ask = do_ask, .collect = do_collect};
    return PSE_OK;
}

void witnessing_free(struct pse_witnessing *w)
{
    struct collector *c = w->ctx;

    if (c != NULL) {
        pse_fetcher_free(c->f);
        while (c->requests != NULL)
            request_free(c->requests);
        free(c);
    }
    memset(w, 0, sizeof *w);
}
