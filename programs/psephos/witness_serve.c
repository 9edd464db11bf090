/* The service of psephos witness run and serve: add-checkpoint and the monitoring addresses.
 *
 * One worker takes up to 64 waiting requests at once, verifies their signatures, and lets them
 * share one transaction: racing requests cost one commit. The HTTP thread itself answers readers.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/http_service.h"
#include "common/options.h"
#include "common/sysrng.h"
#include "daemon/life.h"
#include "net/net.h"
#include "psephos/witness.h"

enum { QUEUE = 1024 };

struct witness_service {
    const char *name;
    struct pse_witness_book *st;
    const struct key *key;
    struct pse_log *log;
    struct pse_http *http;
    struct pse_http_route route[3]; /* live as long as the server */
    struct pse_add_checkpoint *add; /* the one worker's, PSE_HTTP_BATCH_MAX of them */
    volatile sig_atomic_t failed;   /* written by the worker, read after it has ended */
};

static const char text_type[] = "text/plain; charset=utf-8";

/* --- add-checkpoint ------------------------------------------------------------------------------
 */

static void answer(struct pse_http_call *call, const struct pse_witness_item *item)
{
    struct pse_buf size = PSE_BUF(PSE_TREE_SIZE_TEXT_MAX);

    switch (item->verdict) {
    case PSE_WITNESS_GOOD:
        pse_http_answer_text(call, 200, text_type, pse_buf_span(&item->lines));
        break;
    case PSE_WITNESS_CONFLICT:
        pse_tree_size_put(&size, item->size);
        pse_http_answer_text(call, 409, "text/x.tlog.size", pse_buf_span(&size));
        break;
    case PSE_WITNESS_MALFORMED: pse_http_problem(call, 400, "malformed"); break;
    case PSE_WITNESS_UNSIGNED: pse_http_problem(call, 403, "unsigned"); break;
    case PSE_WITNESS_UNKNOWN: pse_http_problem(call, 404, "unknown-log"); break;
    case PSE_WITNESS_INCONSISTENT: pse_http_problem(call, 422, "inconsistent"); break;
    }
    pse_buf_free(&size);
}

/* All that needs no state. */
static enum pse_witness_verdict examine(struct pse_add_checkpoint *add,
                                        const struct witness_service *w, struct pse_span body)
{
    const struct pse_vkey *keys;
    size_t n;

    if (pse_add_checkpoint_parse(add, body) != PSE_OK)
        return PSE_WITNESS_MALFORMED;
    keys = pse_witness_book_keys(&n, w->st, add->origin);
    return pse_add_checkpoint_signed(add, keys, n);
}

static void note_refusal(struct witness_service *w, const struct pse_witness_item *item)
{
    if (item->verdict == PSE_WITNESS_INCONSISTENT)
        PSE_LOG(w->log, PSE_LOG_WARNING, "witness.inconsistent", PSE_F("log", item->add->origin),
                PSE_F("size", item->add->size), PSE_F("cosigned", item->size));
}

/* What the transaction gave: durable verdicts, or none at all. */
static void conclude(struct witness_service *w, struct pse_http_call *const *call,
                     struct pse_witness_item *item, size_t n, pse_rc rc)
{
    for (size_t i = 0; i < n; i++) {
        if (rc != PSE_OK) {
            pse_http_problem(call[i], 503, "storage");
            continue;
        }
        note_refusal(w, &item[i]);
        answer(call[i], &item[i]);
        pse_buf_free(&item[i].lines);
    }
    if (rc == PSE_OK || w->failed)
        return;
    PSE_LOG(w->log, PSE_LOG_ERROR, "witness.storage.failed", PSE_F("status", pse_rc_name(rc)));
    w->failed = 1; /* whether the commit happened is not known: end, never retry */
    pse_life_stop();
}

static void add_checkpoints(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct witness_service *w = ctx;
    struct pse_witness_item item[PSE_HTTP_BATCH_MAX];
    struct pse_http_call *signed_call[PSE_HTTP_BATCH_MAX];
    struct timespec now;
    size_t kept = 0;
    pse_rc rc = PSE_E_IO;

    for (size_t i = 0; i < n; i++) {
        struct pse_witness_item x = {.add = &w->add[kept]};

        x.verdict = examine(&w->add[kept], w, pse_http_body(call[i]));
        if (x.verdict != PSE_WITNESS_GOOD) {
            answer(call[i], &x);
            continue;
        }
        item[kept] = x;
        signed_call[kept++] = call[i];
    }
    if (kept == 0)
        return;
    if (!w->failed && clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec > 0)
        rc = pse_witness_book_commit(w->st, item, kept, &w->key->sign, (uint64_t)now.tv_sec);
    conclude(w, signed_call, item, kept, rc);
}

/* --- readers ------------------------------------------------------------------------------------
 */

/* <hex of SHA-256(origin)>/checkpoint */
static void monitoring(void *ctx, struct pse_http_call *const *call, size_t n)
{
    static const char leaf[] = "/checkpoint";
    const struct witness_service *w = ctx;
    struct pse_span tail = pse_http_tail(call[0]);
    struct pse_http_answer a = {.status = 200, .type = text_type, .own = PSE_BUF(2 * PSE_NOTE_MAX)};
    pse_hash hash;
    pse_rc rc = PSE_E_MISSING;

    PSE_REQUIRE(n == 1);
    if (tail.n == 64 + sizeof leaf - 1 && memcmp(tail.p + 64, leaf, sizeof leaf - 1) == 0 &&
        pse_hex_decode(hash.b, sizeof hash.b, pse_span(tail.p, 64)) == PSE_OK)
        rc = pse_witness_book_note(&a.own, w->st, &hash);
    if (rc != PSE_OK) {
        pse_buf_free(&a.own);
        pse_http_problem(call[0], rc == PSE_E_MISSING ? 404 : 503,
                         rc == PSE_E_MISSING ? "not-found" : "busy");
        return;
    }
    pse_http_answer_header(&a, "Cache-Control", "max-age=2");
    pse_http_answer_header(&a, "Access-Control-Allow-Origin", "*");
    pse_http_answer(call[0], &a);
}

static void health(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    PSE_REQUIRE(n == 1);
    pse_http_answer_text(call[0], 200, text_type, pse_span_str("ok\n"));
}

/* --- life --------------------------------------------------------------------------------------
 */

pse_rc witness_listen(int *fd, char address[PSE_HTTP_ADDRESS], const char *name, const char *where)
{
    pse_rc rc = pse_http_listen(fd, address, where);

    switch (rc) {
    case PSE_OK: break;
    case PSE_E_SYNTAX:
        cli_error(name,
                  "'%s' is no address to listen on; say 127.0.0.1:PORT, [::1]:PORT or "
                  "unix:PATH",
                  where);
        break;
    case PSE_E_UNSUPPORTED:
        cli_error(name,
                  "'%s' is not a loopback address; let a web server with TLS pass requests on (see "
                  "docs/witnesses.md)",
                  where);
        break;
    case PSE_E_MISSING:
        cli_error(name, "cannot listen on '%s': no such socket was passed (LISTEN_FDS)", where);
        break;
    default: cli_error(name, "cannot listen on %s: %s", where, strerror(errno));
    }
    return rc;
}

/* The seed of the jitter; nothing secret hangs on it. */
static pse_rc jitter(uint64_t *seed, const char *name)
{
    PSE_RNG(rng);

    PSE_TRY(sysrng_start(&rng, name));
    pse_rng_fill(&rng, seed, sizeof *seed);
    return PSE_OK;
}

static void set_routes(struct witness_service *w)
{
    w->route[0] = (struct pse_http_route){.methods = PSE_HTTP_POST,
                                          .path = "/add-checkpoint",
                                          .body_max = PSE_ADD_CHECKPOINT_MAX,
                                          .lane = 0,
                                          .batch = PSE_HTTP_BATCH_MAX,
                                          .handle = add_checkpoints,
                                          .ctx = w};
    w->route[1] = (struct pse_http_route){
        .methods = PSE_HTTP_GET, .path = "/healthz", .lane = PSE_HTTP_INLINE, .handle = health};
    w->route[2] = (struct pse_http_route){.methods = PSE_HTTP_GET,
                                          .path = "/",
                                          .lane = PSE_HTTP_INLINE,
                                          .handle = monitoring,
                                          .ctx = w};
}

static pse_rc start(struct witness_service *w, int fd)
{
    struct pse_http_options o = {
        .route = w->route,
        .routes = CLI_COUNT(w->route),
        .lane = {{.capacity = QUEUE, .workers = 1}},
        /* behind an edge all come from one address; the edge bounds its sources */
        .per_source = UINT_MAX,
    };
    pse_rc rc = jitter(&o.seed, w->name);

    if (rc != PSE_OK) {
        (void)close(fd);
        return rc;
    }
    set_routes(w);
    rc = service_start(&w->http, &o, fd, w->log);
    if (rc != PSE_OK)
        cli_error(w->name, "cannot serve (%s)", pse_rc_name(rc));
    return rc;
}

pse_rc witness_service_start(struct witness_service **out, const char *name,
                             struct pse_witness_book *st, const struct key *key,
                             struct pse_log *log, int fd)
{
    struct witness_service *w = calloc(1, sizeof *w);
    pse_rc rc = PSE_E_MEMORY;

    *out = NULL;
    if (w != NULL)
        w->add = calloc(PSE_HTTP_BATCH_MAX, sizeof *w->add);
    if (w == NULL || w->add == NULL) {
        (void)close(fd);
        cli_error(name, "no memory to serve");
    } else {
        w->name = name;
        w->st = st;
        w->key = key;
        w->log = log;
        rc = start(w, fd);
    }
    if (rc == PSE_OK) {
        *out = w;
        PSE_LOG(log, PSE_LOG_NOTICE, "witness.start",
                PSE_F("name", pse_witness_book_self(st)->name),
                PSE_F("logs", (uint64_t)pse_witness_book_logs(st)));
        return PSE_OK;
    }
    if (w != NULL)
        free(w->add);
    free(w);
    return rc;
}

pse_rc witness_service_stop(struct witness_service *w)
{
    bool failed;

    pse_http_stop(w->http);
    failed = w->failed != 0;
    PSE_LOG(w->log, PSE_LOG_NOTICE, "witness.stop", PSE_F("failed", failed));
    if (failed)
        cli_error(w->name, "the state could not be stored; mend the disk and start again");
    free(w->add);
    free(w);
    return failed ? PSE_E_IO : PSE_OK;
}
