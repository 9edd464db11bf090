/* psephos identity demo-ca serve: the responder (RFC 6960), the stamp service (RFC 3161) and the
 * identity service (OpenID Connect) of a demo authority, over HTTP on loopback. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/sysrng.h"
#include "daemon/daemon.h"
#include "net/http.h"
#include "psephos/demo_ca.h"
#include "psephos/identity.h"
#include "psephos/identity_demo_oidc.h"

enum { BODY_MAX = 65536, QUEUE = 256, WAIT_MS = 1000, ANSWER_MAX = 65536 };

static const char banner[] = "DEMO - NO IDENTITY: a demo identity authority of psephos.\n"
                             "POST /ocsp (application/ocsp-request), "
                             "POST /tsa (application/timestamp-query)\n"
                             "GET " PSE_DEMO_DISCOVERY_PATH " (OpenID Connect)\n";

/* All calls go to the one worker of a lane, so that nothing here is shared between threads. */
struct service {
    struct demo_ca ca;
    struct demo_index *index;
    struct pse_rng rng;
    struct demo_oidc oidc;
    struct pse_http_route route[3 + DEMO_OIDC_ROUTES];
};

/* --- OCSP --------------------------------------------------------------------------------------
 */

static enum pse_demo_status look_up(void *ctx, int64_t *revoked_at, struct pse_span serial)
{
    char text[2 * PSE_DEMO_SERIAL + 1];

    if (serial.n > PSE_DEMO_SERIAL)
        return PSE_DEMO_NOBODY;
    pse_hex_encode(text, serial.p, serial.n);
    for (char *c = text; *c != '\0'; c++)
        if (*c >= 'a')
            *c = (char)(*c - 'a' + 'A');
    return demo_index_find(ctx, revoked_at, text);
}

static void answer(struct pse_http_call *c, pse_rc rc, const char *type, struct pse_buf *out)
{
    struct pse_http_answer a = {.status = 200, .type = type};

    if (rc != PSE_OK) {
        pse_buf_free(out);
        pse_http_problem(c, 503, "no-answer");
        return;
    }
    a.own = *out;
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer(c, &a);
}

static void ocsp(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct service *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct pse_buf out = PSE_BUF(ANSWER_MAX);
        pse_rc rc = pse_demo_ocsp_put(&out, pse_http_body(call[i]), s->ca.responder, s->ca.issuer,
                                      look_up, s->index, pse_clock_wall_ms() / 1000);

        answer(call[i], rc, "application/ocsp-response", &out);
    }
}

/* --- stamps ------------------------------------------------------------------------------------
 */

static void stamp(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct service *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct pse_buf out = PSE_BUF(ANSWER_MAX);
        uint8_t serial[PSE_DEMO_SERIAL];
        pse_rc rc;

        pse_rng_fill(&s->rng, serial, sizeof serial);
        rc = pse_demo_stamp_put(&out, pse_http_body(call[i]), s->ca.stamper, serial,
                                pse_clock_wall_ms() / 1000);
        answer(call[i], rc, "application/timestamp-reply", &out);
    }
}

/* A path that ends with a slash has all below it. */
static void welcome(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        if (pse_http_tail(call[i]).n > 0)
            pse_http_problem(call[i], 404, "not-found");
        else
            pse_http_answer_text(call[i], 200, "text/plain; charset=utf-8", pse_span_str(banner));
}

/* --- life --------------------------------------------------------------------------------------
 */

static void set_routes(struct service *s)
{
    s->route[0] = (struct pse_http_route){.methods = PSE_HTTP_POST,
                                          .path = "/ocsp",
                                          .type = "application/ocsp-request",
                                          .body_max = BODY_MAX,
                                          .handle = ocsp,
                                          .ctx = s};
    s->route[1] = (struct pse_http_route){.methods = PSE_HTTP_POST,
                                          .path = "/tsa",
                                          .type = "application/timestamp-query",
                                          .body_max = BODY_MAX,
                                          .handle = stamp,
                                          .ctx = s};
    s->route[2] = (struct pse_http_route){
        .methods = PSE_HTTP_GET, .path = "/", .lane = PSE_HTTP_INLINE, .handle = welcome};
    demo_oidc_routes(s->route + 3, &s->oidc);
}

static pse_rc run(struct service *s, int fd, const char *address)
{
    struct pse_http_options o = {.route = s->route,
                                 .routes = CLI_COUNT(s->route),
                                 .lane = {{.capacity = QUEUE, .workers = 1}}};
    struct pse_fault fault;
    struct pse_life life;
    struct pse_http *http;

    if (pse_life_begin(&life, &fault) != PSE_OK) {
        (void)close(fd);
        cli_error(s->ca.name, "%s", fault.text);
        return PSE_E_STATE;
    }
    pse_rng_fill(&s->rng, &o.seed, sizeof o.seed);
    set_routes(s);
    if (pse_http_start(&http, &o, fd) != PSE_OK) {
        pse_life_end(&life);
        cli_error(s->ca.name, "cannot serve");
        return PSE_E_STATE;
    }
    cli_note(s->ca.name, "DEMO: whatever is answered here proves nobody's identity");
    printf("%s\n", address);
    (void)fflush(stdout);
    pse_life_ready(&life, address);
    while (pse_life_wait(&life, WAIT_MS) != PSE_LIFE_STOP)
        ;
    pse_life_stopping(&life);
    pse_http_stop(http);
    pse_life_end(&life);
    return PSE_OK;
}

static pse_rc serve(struct service *s, const char *name, const char *dir, const char *where)
{
    char address[PSE_HTTP_ADDRESS];
    int fd;
    pse_rc rc;

    PSE_TRY(identity_want(name, dir, "dir DIR"));
    PSE_TRY(demo_ca_open(&s->ca, name, dir));
    PSE_TRY(demo_index_new(&s->index, &s->ca));
    PSE_TRY(sysrng_start(&s->rng, name));
    PSE_TRY(demo_oidc_open(&s->oidc, &s->ca, &s->rng));
    if (where == NULL)
        where = s->ca.url + strlen("http://");
    rc = pse_http_listen(&fd, address, where);
    if (rc == PSE_OK)
        return run(s, fd, address);
    cli_error(name, "cannot listen on %s: %s; --listen takes a loopback address and port", where,
              rc == PSE_E_IO ? strerror(errno) : pse_rc_name(rc));
    return rc == PSE_E_IO ? PSE_E_STATE : PSE_E_SYNTAX;
}

int identity_demo_serve(int argc, char **argv)
{
    static struct service s;
    const char *dir = NULL;
    const char *where = NULL;
    const struct cli_option options[] = {
        CLI_TEXT("dir", "DIR", &dir, "the authority's private folder"),
        CLI_TEXT("listen", "WHERE", &where, "127.0.0.1:PORT (default: where its cards point to)"),
    };
    const struct cli_command command = {
        .name = "psephos identity demo-ca serve",
        .synopsis = "--dir DIR [--listen WHERE]",
        .about = "Answer about revocation (POST /ocsp), make time stamps (POST /tsa) and say who "
                 "somebody\n"
                 "is (OpenID Connect) for a DEMO authority until stopped. Prints its address. On "
                 "loopback\n"
                 "only.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = serve(&s, command.name, dir, where);
    demo_oidc_close(&s.oidc);
    demo_index_free(s.index);
    demo_ca_close(&s.ca);
    pse_rng_wipe(&s.rng);
    return verb_exit(rc);
}
