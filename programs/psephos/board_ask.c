/* What the board answers beside files: receipts, the election's view, figures, health. */
#include "codec/codec.h"
#include "common/http_service.h"
#include "common/receipt_answer.h"
#include "psephos/board.h"

enum { AHEAD_S = 300 }; /* how far the clock of a witness may be ahead of ours */

PSE_COUNTER(board_requests, "psephos_board_requests", "Requests.");
PSE_COUNTER(board_refused, "psephos_board_refused", "Requests answered without a handler.");
PSE_COUNTER_BY(board_receipts, "psephos_board_receipts", "Receipts asked for.", "outcome", "given",
               "absent", "failed");
PSE_GAUGE(board_connections, "psephos_board_connections", "Open connections.");
PSE_COUNTER(board_overdue, "psephos_board_suspended_overdue",
            "Requests that nobody answered in time; must stay 0.");
PSE_GAUGE(board_entries, "psephos_board_entries", "Entries of the published log.");
PSE_GAUGE(board_age, "psephos_board_checkpoint_age_seconds",
          "How long ago a witness cosigned the checkpoint; -1 while there is none.");
PSE_GAUGE(board_differs, "psephos_board_record_differs",
          "1 when the record showed two histories or failed its rules.");

static const struct pse_metric *const all[] = {
    &board_requests, &board_refused, &board_receipts, &board_connections,
    &board_overdue,  &board_entries, &board_age,      &board_differs,
};

/* --- receipts ----------------------------------------------------------------------------------
 */

/* The tree that receipts are made for; the note is the caller's to free. */
struct published {
    struct pse_buf checkpoint;
    uint64_t size;
    pse_hash root;
};

static pse_rc look_up(struct published *p, struct board *b)
{
    *p = (struct published){.checkpoint = PSE_BUF(PSE_NOTE_MAX)};
    pthread_rwlock_rdlock(&b->lock);
    pse_wr_span(&p->checkpoint, pse_buf_span(&b->checkpoint));
    p->size = b->size;
    p->root = b->root;
    pthread_rwlock_unlock(&b->lock);
    return p->checkpoint.n == 0 ? PSE_E_STATE : p->checkpoint.rc;
}

/* The number of the next entry that may have this leaf hash. */
static bool next_candidate(uint32_t *number, size_t *at, struct board *b, const pse_hash *leaf)
{
    bool is_there;

    pthread_rwlock_rdlock(&b->lock);
    is_there = leaf_index_next(number, at, &b->leaves, leaf);
    pthread_rwlock_unlock(&b->lock);
    return is_there;
}

/* PSE_E_MISSING: it is not under this checkpoint. */
static pse_rc find(uint64_t *index, struct board *b, const struct published *p,
                   const pse_hash *leaf)
{
    uint32_t number;
    size_t at = 0;
    pse_hash hash;

    while (next_candidate(&number, &at, b, leaf)) {
        if (number >= p->size)
            continue;
        PSE_TRY(record_source_node(&b->tree, &hash, 0, number));
        if (pse_hash_is_equal(&hash, leaf)) {
            *index = number;
            return PSE_OK;
        }
    }
    return PSE_E_MISSING;
}

static pse_rc make(struct pse_buf *out, uint64_t *index, struct board *b, const pse_hash *leaf)
{
    struct pse_tree_proof proof;
    struct published p;
    pse_rc rc = look_up(&p, b);

    if (rc == PSE_OK && !b->has_tree) {
        rc = record_source_open(&b->tree, b->set->record);
        b->has_tree = rc == PSE_OK;
    }
    if (rc == PSE_OK) {
        record_source_settle(&b->tree, p.size);
        rc = find(index, b, &p, leaf);
    }
    if (rc == PSE_OK)
        rc = pse_tree_inclusion(&proof, p.size, *index, record_source_node, &b->tree);
    /* Tiles are files like any: what they say is shown to nobody unverified. */
    if (rc == PSE_OK)
        rc = pse_tree_inclusion_verify(&p.root, p.size, *index, leaf, proof.hash, proof.n);
    if (rc == PSE_OK) {
        pse_proof_put(out, NULL, *index, &proof, pse_buf_span(&p.checkpoint));
        rc = out->rc;
    }
    pse_buf_free(&p.checkpoint);
    return rc;
}

static void answer_receipt(struct board *b, struct pse_http_call *call)
{
    struct pse_buf text = PSE_BUF(PSE_PROOF_MAX);
    uint64_t index = 0;
    pse_hash leaf;
    pse_rc rc = PSE_E_MISSING;

    if (pse_hex_decode(leaf.b, 32, pse_http_tail(call)) == PSE_OK)
        rc = make(&text, &index, b, &leaf);
    if (rc == PSE_OK)
        rc = receipt_answer(call, &leaf, index, pse_buf_span(&text), NULL);
    pse_buf_free(&text);
    pse_metric_add(&board_receipts, rc == PSE_OK ? 0 : rc == PSE_E_MISSING ? 1 : 2, 1);
    if (rc == PSE_E_MISSING)
        pse_http_problem(call, 404, "not-found");
    else if (rc != PSE_OK)
        pse_http_problem(call, 503, "unavailable");
}

void board_receipt(void *ctx, struct pse_http_call *const *call, size_t n)
{
    for (size_t i = 0; i < n; i++)
        answer_receipt(ctx, call[i]);
}

/* --- the election ------------------------------------------------------------------------------
 */

void board_election(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct board *b = ctx;
    struct pse_http_answer a = {.status = 200, .type = "application/json"};

    PSE_REQUIRE(n == 1);
    pthread_rwlock_rdlock(&b->lock);
    a.own = PSE_BUF(b->view.n);
    pse_wr_span(&a.own, pse_buf_span(&b->view));
    pthread_rwlock_unlock(&b->lock);
    if (a.own.n == 0 || a.own.rc != PSE_OK) {
        pse_buf_free(&a.own);
        pse_http_problem(call[0], 503, "unavailable");
        return;
    }
    pse_http_answer_header(&a, "Cache-Control", "public, max-age=1");
    pse_http_answer_header(&a, "Access-Control-Allow-Origin", "*");
    pse_http_answer(call[0], &a);
}

/* --- figures and health ------------------------------------------------------------------------
 */

/* Seconds since the newest cosignature; a clock that runs behind makes it none. Under the lock. */
static int64_t age_seconds(const struct board *b)
{
    int64_t now = pse_clock_wall_ms() / 1000;

    return now > (int64_t)b->newest ? now - (int64_t)b->newest : 0;
}

static void count_up(const struct pse_metric *m, uint64_t now)
{
    uint64_t before = pse_metric_value(m, 0);

    if (now > before)
        pse_metric_add(m, 0, now - before);
}

void board_measure(struct board *b)
{
    struct pse_http_counters c = {0};

    if (b->http != NULL)
        pse_http_counters(&c, b->http);
    count_up(&board_requests, c.requests);
    count_up(&board_refused, c.refused);
    count_up(&board_overdue, c.overdue);
    pse_metric_set(&board_connections, 0, (int64_t)c.connections);
    pthread_rwlock_rdlock(&b->lock);
    pse_metric_set(&board_entries, 0, (int64_t)b->size);
    pse_metric_set(&board_age, 0, b->size == 0 ? -1 : age_seconds(b));
    pse_metric_set(&board_differs, 0, b->is_broken);
    pthread_rwlock_unlock(&b->lock);
}

void board_metrics(void *ctx, struct pse_http_call *const *call, size_t n)
{
    board_measure(ctx);
    PSE_REQUIRE(n == 1);
    service_metrics(call[0], all, CLI_COUNT(all));
}

/* Good: the record is there and holds, and its checkpoint is neither older than the settings allow
 * nor of a time to come; an election that has ended gets no newer one. */
void board_health(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct board *b = ctx;
    int64_t now = pse_clock_wall_ms();
    struct pse_health_item item[2] = {
        {.name = "record", .max_ms = BOARD_RECORD_MS},
        {.name = "checkpoint", .max_ms = (int64_t)b->set->checkpoint_ms},
    };

    PSE_REQUIRE(n == 1);
    pthread_rwlock_rdlock(&b->lock);
    if (b->size > 0 && !b->is_broken)
        item[0].seen_ms = now - (pse_clock_steady_ms() - b->good_ms);
    if (b->is_final)
        item[1].seen_ms = now;
    else if (b->newest < (uint64_t)now / 1000 + AHEAD_S)
        item[1].seen_ms = (int64_t)b->newest * 1000;
    pthread_rwlock_unlock(&b->lock);
    service_health(call[0], item, CLI_COUNT(item), now);
}
