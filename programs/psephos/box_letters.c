/* /v1/mailbox/{32 hex}/{step}: messages between the two devices of one voter. */
#include <time.h>

#include "codec/codec.h"
#include "psephos/box_front.h"

static uint64_t now_seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec;
}

/* "0123…/2" */
static bool read_name(uint8_t name[MAILBOX_NAME], unsigned *step, struct pse_span tail)
{
    const size_t hex = 2 * (size_t)MAILBOX_NAME;

    if (tail.n != hex + 2 || tail.p[hex] != '/' || tail.p[hex + 1] < '1' ||
        tail.p[hex + 1] > '0' + MAILBOX_STEPS)
        return false;
    *step = (unsigned)(tail.p[hex + 1] - '0');
    return pse_hex_decode(name, MAILBOX_NAME, pse_span(tail.p, hex)) == PSE_OK;
}

static void get(struct front *f, struct pse_http_call *call, const uint8_t *name, unsigned step)
{
    struct pse_http_answer a = {
        .status = 200, .type = "application/octet-stream", .own = PSE_BUF(MAILBOX_BYTES)};
    pse_rc rc;

    pthread_mutex_lock(&f->letters_lock);
    rc = mailbox_get(f->letters, &a.own, name, step, now_seconds());
    pthread_mutex_unlock(&f->letters_lock);
    if (rc != PSE_OK) {
        pse_buf_free(&a.own);
        front_problem(call, rc == PSE_E_MISSING ? "not-found" : "busy", NULL, NULL);
        return;
    }
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer_header(&a, "Access-Control-Allow-Origin", "*");
    pse_http_answer(call, &a);
}

static void put(struct front *f, struct pse_http_call *call, const uint8_t *name, unsigned step)
{
    struct pse_http_answer a = {.status = 204};
    pse_rc rc;

    pthread_mutex_lock(&f->letters_lock);
    rc = mailbox_put(f->letters, name, step, pse_http_body(call), now_seconds());
    pthread_mutex_unlock(&f->letters_lock);
    switch (rc) {
    case PSE_OK:
        pse_http_answer_header(&a, "Access-Control-Allow-Origin", "*");
        pse_http_answer(call, &a);
        break;
    case PSE_E_DUPLICATE: front_problem(call, "taken", NULL, NULL); break;
    case PSE_E_LENGTH: front_problem(call, "empty", NULL, NULL); break;
    default: front_problem(call, "busy", NULL, NULL); break;
    }
}

void front_letter(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct front *f = ctx;
    uint8_t name[MAILBOX_NAME];
    unsigned step;

    PSE_REQUIRE(n == 1);
    if (!read_name(name, &step, pse_http_tail(call[0])))
        front_problem(call[0], "not-found", NULL, NULL);
    else if (pse_http_method(call[0]) == PSE_HTTP_POST || pse_http_method(call[0]) == PSE_HTTP_PUT)
        put(f, call[0], name, step);
    else
        get(f, call[0], name, step);
}
