/* Questions that a front answers: receipts, credentials, the election. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "codec/json_write.h"
#include "common/receipt_answer.h"
#include "psephos/box_front.h"

static const char json_type[] = "application/json";

/* --- receipts ----------------------------------------------------------------------------------
 */

void front_answer_receipt(struct pse_http_call *call, const struct sequence_result *r,
                          const uint8_t *tracker)
{
    if (receipt_answer(call, &r->leaf, r->index, r->receipt, tracker) != PSE_OK)
        front_problem(call, "outcome-unknown", NULL, NULL);
}

void front_answer_recorded(struct pse_http_call *call, const pse_hash *leaf)
{
    struct pse_http_answer a = {.status = 202, .type = json_type, .own = PSE_BUF(512)};
    struct pse_json_wr w = pse_json_wr(&a.own, 0);
    char path[RECEIPT_PATH_TEXT];

    receipt_path(path, leaf);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "leaf", leaf->b, 32);
    pse_json_wr_str(&w, "poll", path);
    pse_json_wr_end(&w);
    (void)!pse_json_wr_finish(&w);
    pse_http_answer_header(&a, "Location", path);
    pse_http_answer_header(&a, "Retry-After", "1");
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer(call, &a);
}

static void on_receipt(void *ctx, const struct sequence_result *r)
{
    struct pse_http_call *call = ctx;

    switch (r->outcome) {
    case SEQUENCE_WITNESSED: front_answer_receipt(call, r, NULL); break;
    case SEQUENCE_RECORDED: front_answer_recorded(call, &r->leaf); break;
    case SEQUENCE_ABSENT: front_problem(call, "not-found", NULL, NULL); break;
    default: front_problem(call, "unavailable", NULL, NULL); break;
    }
}

void front_receipt(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct front *f = ctx;

    for (size_t i = 0; i < n; i++) {
        pse_hash leaf;
        pse_rc rc = pse_hex_decode(leaf.b, 32, pse_http_tail(call[i]));

        if (rc != PSE_OK) {
            front_problem(call[i], "not-found", NULL, NULL);
            continue;
        }
        rc = sequence_receipt(f->sequence, &leaf, call[i], on_receipt);
        if (rc != PSE_OK)
            front_problem(call[i], rc == PSE_E_STATE ? "unavailable" : "busy", NULL, NULL);
    }
}

/* --- credentials -------------------------------------------------------------------------------
 */

static void answer_view(struct pse_http_call *call, const struct sequence_view *v)
{
    struct pse_http_answer a = {.status = 200, .type = json_type, .own = PSE_BUF(512)};
    struct pse_json_wr w = pse_json_wr(&a.own, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "style", v->style);
    pse_json_wr_u64(&w, "weight", v->weight);
    pse_json_wr_bool(&w, "active", v->active);
    pse_json_wr_u64(&w, "ballots", v->ballots);
    if (v->ballots > 0)
        pse_json_wr_hex(&w, "latest", v->latest.b, 32);
    pse_json_wr_end(&w);
    (void)!pse_json_wr_finish(&w);
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer(call, &a);
}

void front_credential(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct front *f = ctx;

    pse_http_yield(); /* the sequencer answers, and we wait */
    for (size_t i = 0; i < n; i++) {
        struct sequence_view view;
        uint8_t credential[32];
        pse_rc rc = pse_hex_decode(credential, 32, pse_http_tail(call[i]));

        if (rc == PSE_OK)
            rc = sequence_view(f->sequence, &view, credential);
        else
            view.found = false, rc = PSE_OK;
        if (rc != PSE_OK)
            front_problem(call[i], rc == PSE_E_LIMIT ? "busy" : "unavailable", NULL, NULL);
        else if (!view.found)
            front_problem(call[i], "not-found", NULL, NULL);
        else
            answer_view(call[i], &view);
    }
}

/* --- the election ------------------------------------------------------------------------------
 */

void front_election_view(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct front *f = ctx;
    struct pse_http_answer a = {
        .status = 200, .type = json_type, .own = PSE_BUF(ELECTION_VIEW_MAX)};

    PSE_REQUIRE(n == 1);
    pthread_rwlock_rdlock(&f->lock);
    pse_wr_span(&a.own, pse_buf_span(&f->view));
    pthread_rwlock_unlock(&f->lock);
    if (a.own.n == 0 || a.own.rc != PSE_OK) {
        pse_buf_free(&a.own);
        front_problem(call[0], "unavailable", NULL, NULL);
        return;
    }
    pse_http_answer_header(&a, "Cache-Control", "max-age=1");
    pse_http_answer_header(&a, "Access-Control-Allow-Origin", "*");
    pse_http_answer(call[0], &a);
}
