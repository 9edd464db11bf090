/* POST /v1/ballots: up to 64 ballots at once are verified together and sent on together. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "merkle/merkle.h"
#include "psephos/box_front.h"

/* A ballot on its way to the sequencer and back. */
struct cast {
    struct front *f;
    struct pse_http_call *call; /* NULL once answered */
    uint8_t tracker[PSE_TRACKER_BYTES];
};

/* --- answers -----------------------------------------------------------------------------------
 */

static void answer_rule(struct pse_http_call *call, const char *slug, uint16_t rule)
{
    front_problem(call, slug, "rule", rule == 0 ? "V401" : pse_rule_name((enum pse_rule)rule));
}

static void answer_stale(struct pse_http_call *call, const pse_hash *latest)
{
    char hex[65];

    pse_hex_encode(hex, latest->b, 32);
    hex[64] = '\0';
    front_problem(call, "stale", "latest", hex);
}

static void answer(struct cast *c, const struct sequence_result *r)
{
    struct pse_http_call *call = c->call;
    enum front_outcome outcome = OUTCOME_UNKNOWN;

    switch (r->outcome) {
    case SEQUENCE_WITNESSED:
        outcome = OUTCOME_WITNESSED;
        front_answer_receipt(call, r, c->tracker);
        break;
    case SEQUENCE_RECORDED:
        outcome = OUTCOME_RECORDED;
        front_answer_recorded(call, &r->leaf);
        break;
    case SEQUENCE_REFUSED:
        outcome = OUTCOME_REFUSED;
        answer_rule(call, "refused", r->rule);
        break;
    case SEQUENCE_STALE:
        outcome = OUTCOME_STALE;
        answer_stale(call, &r->leaf);
        break;
    case SEQUENCE_CLOSED:
        outcome = OUTCOME_CLOSED;
        front_problem(call, "closed", NULL, NULL);
        break;
    case SEQUENCE_BUSY:
        outcome = OUTCOME_BUSY;
        front_problem(call, "busy", NULL, NULL);
        break;
    default: front_problem(call, "outcome-unknown", NULL, NULL); break;
    }
    pse_metric_add(&front_ballots, outcome, 1);
}

static void on_done(void *ctx, const struct sequence_result *r)
{
    struct cast *c = ctx;

    if (c->call != NULL)
        answer(c, r);
    c->call = NULL;
    if (r->outcome != SEQUENCE_RECORDED)
        free(c);
}

/* --- ballots that were verified before ---------------------------------------------------------
 */

static pse_hash *seen_slot(struct front *f, const pse_hash *leaf)
{
    return &f->seen[pse_load_u32(leaf->b) % FRONT_SEEN];
}

/* --- a batch -----------------------------------------------------------------------------------
 */

struct batch {
    size_t n;
    struct pse_http_call *call[PSE_HTTP_BATCH_MAX];
    struct pse_span raw[PSE_HTTP_BATCH_MAX];
    pse_hash leaf[PSE_HTTP_BATCH_MAX];
    struct pse_ballot ballot[PSE_HTTP_BATCH_MAX];
    uint64_t sender[PSE_HTTP_BATCH_MAX]; /* of those that are verified */
};

static void keep(struct batch *b, size_t to, size_t from)
{
    b->call[to] = b->call[from];
    b->raw[to] = b->raw[from];
    b->leaf[to] = b->leaf[from];
    b->ballot[to] = b->ballot[from];
}

/* Form, election, style. */
static void decode(struct batch *b, const struct front_election *e,
                   struct pse_http_call *const *call, size_t n)
{
    b->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct pse_span raw = pse_http_body(call[i]);

        if (pse_ballot_parse(&b->ballot[b->n], e->m, raw) != PSE_OK) {
            answer_rule(call[i], "malformed", 0);
            continue;
        }
        b->call[b->n] = call[i];
        b->raw[b->n++] = raw;
    }
    pse_tree_leaves(b->leaf, b->raw, b->n, NULL);
}

static uint16_t fault_rule(uint8_t faults)
{
    if ((faults & PSE_BALLOT_V401) != 0)
        return PSE_V401;
    if ((faults & PSE_BALLOT_V404) != 0)
        return PSE_V404;
    return (faults & PSE_BALLOT_V405) != 0 ? PSE_V405 : PSE_V406;
}

/* A ballot's first time here, after its proofs: NULL, or why it does not go on. The rate is asked
 * for behind the proofs, since until then a ballot may name anybody's credential: whoever sends
 * forged ones, or sends published ones again, keeps nobody from voting. */
static const char *judge_fresh(struct front *f, const struct pse_ballot *b, const pse_hash *leaf)
{
    if (!front_credential_take(f, &b->credential))
        return "too-many-ballots";
    *seen_slot(f, leaf) = *leaf;
    return NULL;
}

/* How long it took is how many more may wait. */
static void pace(struct front *f, const struct pse_http_call *call, size_t n, uint64_t began_us)
{
    uint64_t now = front_now_us();
    size_t capacity;

    if (!pse_pace_add(&capacity, &f->pace, n, now - began_us, now))
        return;
    pse_http_lane_capacity(call, capacity);
    pse_metric_set(&front_queue, 0, (int64_t)capacity);
}

/* The ballots b[at[0..n)] together. What does not hold is answered, and its sender remembered. */
static void verify_some(bool *good, struct batch *b, struct front *f,
                        const struct front_election *e, const size_t *at, size_t n)
{
    struct pse_span raw[PSE_HTTP_BATCH_MAX];
    pse_hash leaf[PSE_HTTP_BATCH_MAX];
    uint64_t began = front_now_us();
    pse_rc rc;

    if (n == 0)
        return;
    for (size_t k = 0; k < n; k++) {
        raw[k] = b->raw[at[k]];
        leaf[k] = b->leaf[at[k]];
    }
    rc = pse_ballots_verify_leaves(f->check, &f->weights, e->joint, e->m, raw, leaf, n);
    pace(f, b->call[at[0]], n, began);
    for (size_t k = 0; k < n; k++) {
        struct pse_http_call *call = b->call[at[k]];
        const char *why;

        if (rc != PSE_OK) {
            front_problem(call, "busy", NULL, NULL);
        } else if (f->check[k].faults != 0) {
            offenders_strike(&f->offenders, b->sender[at[k]], (int64_t)(front_now_us() / 1000));
            answer_rule(call, "refused", fault_rule(f->check[k].faults));
        } else if ((why = judge_fresh(f, &b->ballot[at[k]], &leaf[k])) != NULL) {
            front_problem(call, why, NULL, NULL);
        } else {
            good[at[k]] = true;
        }
    }
}

/* What was verified before goes on without being verified again: the same bytes, the same proofs.
 * Those of repeat offenders are verified one by one, so that they spoil nobody's batch. */
static void verify(struct batch *b, struct front *f, const struct front_election *e)
{
    size_t together[PSE_HTTP_BATCH_MAX];
    size_t alone[PSE_HTTP_BATCH_MAX];
    bool good[PSE_HTTP_BATCH_MAX];
    size_t n = 0;
    size_t offenders = 0;
    size_t kept = 0;

    for (size_t i = 0; i < b->n; i++) {
        good[i] = pse_hash_is_equal(seen_slot(f, &b->leaf[i]), &b->leaf[i]);
        b->sender[i] = front_sender(f, b->call[i]);
        if (good[i])
            continue;
        if (offenders_is(&f->offenders, b->sender[i], (int64_t)(front_now_us() / 1000)))
            alone[offenders++] = i;
        else
            together[n++] = i;
    }
    verify_some(good, b, f, e, together, n);
    for (size_t k = 0; k < offenders; k++)
        verify_some(good, b, f, e, &alone[k], 1);
    pse_metric_add(&front_alone, 0, offenders);
    for (size_t i = 0; i < b->n; i++) {
        if (good[i])
            keep(b, kept++, i);
    }
    b->n = kept;
}

static void give_up(struct cast *const *c, size_t n, const char *slug)
{
    for (size_t i = 0; i < n; i++) {
        front_problem(c[i]->call, slug, NULL, NULL);
        free(c[i]);
    }
}

static void send_on(struct batch *b, struct front *f, const struct front_election *e)
{
    struct cast *c[PSE_HTTP_BATCH_MAX];
    void *ctx[PSE_HTTP_BATCH_MAX];
    struct pse_span raw[PSE_HTTP_BATCH_MAX];
    size_t n = 0;
    pse_rc rc;

    for (size_t i = 0; i < b->n; i++) {
        c[n] = malloc(sizeof *c[n]);
        if (c[n] == NULL) {
            front_problem(b->call[i], "busy", NULL, NULL);
            continue;
        }
        *c[n] = (struct cast){.f = f, .call = b->call[i]};
        pse_tracker(c[n]->tracker, &e->m->eid, &b->ballot[i].credential, &b->leaf[i]);
        ctx[n] = c[n];
        raw[n++] = b->raw[i];
    }
    if (n == 0)
        return;
    rc = sequence_submit(f->sequence, SEQUENCE_BALLOTS, raw, ctx, n, on_done);
    if (rc != PSE_OK)
        give_up(c, n, rc == PSE_E_STATE ? "unavailable" : "busy");
}

/* NULL: ballots are taken. A front that has just started, or whose sequencer is away, does not
 * know: it must not tell a voter that the election is not open. */
static const char *why_not(const struct front_election *e, const struct sequence_status *status)
{
    if (e == NULL)
        return "unavailable";
    if (status->state < PSE_STATE_OPEN)
        return "not-open";
    if (status->state > PSE_STATE_OPEN)
        return "closed";
    return e->joint == NULL ? "unavailable" : NULL;
}

void front_cast(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct front *f = ctx;
    struct sequence_status status;
    const struct front_election *e = front_look(f, &status);
    const char *why = why_not(e, &status);
    struct batch b;

    if (why != NULL) {
        for (size_t i = 0; i < n; i++)
            front_problem(call[i], why, NULL, NULL);
        return;
    }
    decode(&b, e, call, n);
    verify(&b, f, e);
    if (b.n > 0)
        send_on(&b, f, e);
}
