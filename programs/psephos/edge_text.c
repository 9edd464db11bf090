#include "psephos/edge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"

enum {
    LINE = 1024,
    SPARE_CONNECTIONS = 64,
    SPARE_BUFFER = 16384, /* heads and rewriting beside a whole ballot */
    PRESSED_PART = 64,    /* of the waiting set: more under way, and the box is under pressure */
    LATER_PART = 128,     /* of it, for networks that stand back */
    LATER_MIN = 16,
    OFTEN = 10 /* requests of a network in 10 s: three voters at once */
};

__attribute__((format(printf, 2, 3))) static void line(struct pse_buf *out, const char *format, ...)
{
    char text[LINE];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    PSE_REQUIRE(n >= 0 && n < LINE);
    pse_buf_put(out, text, (size_t)n);
    pse_buf_put(out, "\n", 1);
}

static void put_tls(struct pse_buf *out)
{
    line(out, "    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets");
    line(out, "    ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-"
              "SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-"
              "GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384");
}

static void put_global(struct pse_buf *out, const struct edge_options *o)
{
    line(out, "# Made by psephos edge config; make it again instead of changing it here.");
    line(out, "global");
    line(out, "    maxconn %" PRIu64, o->connections + SPARE_CONNECTIONS);
    if (o->user != NULL) {
        line(out, "    user %s", o->user);
        line(out, "    group %s", o->group != NULL ? o->group : o->user);
    }
    line(out, "    log stdout format raw local0 info");
    line(out, "    # a ballot and its head fit one buffer, so that the box is asked only when all "
              "of it is here");
    line(out, "    tune.bufsize %" PRIu64, o->ballot + SPARE_BUFFER);
    line(out, "    tune.http.maxhdr 64");
    line(out, "    tune.h2.max-concurrent-streams 20");
    put_tls(out);
    pse_wr_str(out, "\n");
    line(out, "defaults");
    line(out, "    mode http");
    line(out, "    log global");
    line(out, "    # no address and no path: what was asked, how it went, how long it took");
    line(out, "    log-format \"%%[var(txn.class)] %%ST %%tsc %%Ta\"");
    line(out, "    error-log-format \"connection %%[fc_err]\"");
    line(out, "    option dontlognull");
    line(out, "    option http-buffer-request");
    line(out, "    # the same ballot gives the same receipt: whoever meets an end sends it again");
    line(out, "    http-reuse always");
    line(out, "    timeout http-request 10s");
    line(out, "    timeout http-keep-alive 15s");
    line(out, "    timeout client 15s");
    line(out, "    timeout connect 2s");
    line(out, "    timeout queue 2s");
    line(out, "    timeout tarpit 2s");
    line(out, "    timeout server 15s");
    line(out, "    # only what was not sent; more would keep a copy of each request under way");
    line(out, "    retries 2");
    line(out, "    option redispatch 1");
    pse_wr_str(out, "\n");
}

static void put_tables(struct pse_buf *out)
{
    line(out, "# Counters of networks and sessions, in memory only.");
    line(out, "backend per_source");
    line(out, "    stick-table type ipv6 size 200k expire 60s store "
              "conn_cur,http_req_rate(10s),http_err_rate(10s),http_fail_rate(10s)");
    line(out, "backend per_session");
    line(out, "    stick-table type binary len 20 size 200k expire 60s store "
              "conn_cur,http_req_rate(10s)");
    pse_wr_str(out, "\n");
    line(out, "cache record");
    line(out, "    total-max-size 128");
    line(out, "    max-object-size 1048576");
    line(out, "    max-age 60");
    line(out, "    process-vary on");
    pse_wr_str(out, "\n");
}

enum refusal { DENY, DENY_FOR_NOW, DENY_SLOWLY };

__attribute__((format(printf, 6, 7))) static void put_problem(struct pse_buf *out, unsigned status,
                                                              const char *slug, const char *title,
                                                              enum refusal how,
                                                              const char *condition, ...)
{
    char text[LINE / 2];
    va_list args;
    int n;

    va_start(args, condition);
    n = vsnprintf(text, sizeof text, condition, args);
    va_end(args);
    PSE_REQUIRE(n >= 0 && n < (int)sizeof text);
    line(out,
         "    http-request %s status %u content-type application/problem+json lf-string "
         "\"{\\\"type\\\":\\\"urn:psephos:problem:%s\\\",\\\"title\\\":\\\"%s\\\",\\\"status\\\":%"
         "u,\\\"reference\\\":\\\"%%[uuid(),regsub(-,,g),bytes(0,16)]\\\"}\""
         "%s if %s",
         how == DENY_SLOWLY ? "tarpit" : "deny", status, slug, title, status,
         how == DENY ? "" : " hdr Retry-After 5", text);
}

/* Who is counted, who is not heard at all, and what is answered from memory before anything else is
 * asked. */
static void put_door(struct pse_buf *out, const struct edge_options *o)
{
    line(out, "    tcp-request connection track-sc0 src,ipmask(24,48) table per_source");
    line(out, "    tcp-request connection reject if { sc0_conn_cur(per_source) gt %" PRIu64 " }",
         o->per_source);
    line(out, "    # who goes on after many refusals is not answered any more");
    line(out,
         "    tcp-request connection reject if { sc0_http_err_rate(per_source) gt %" PRIu64 " }",
         2 * o->retries);
    line(out, "    http-request reject if { sc0_http_err_rate(per_source) gt %" PRIu64 " }",
         2 * o->retries);
    line(out, "    acl to_board path /v1/election /v1/openapi.json");
    line(out, "    acl to_board path_beg /record/");
    line(out, "    # neither who reads nor who votes leaves a line");
    line(out, "    http-request set-log-level silent if to_board");
    line(out, "    http-request cache-use record if to_board");
}

static void put_limits(struct pse_buf *out, const struct edge_options *o)
{
    line(out, "    http-request track-sc1 req.hdr(authorization),sha1 table per_session if { "
              "req.hdr(authorization) -m found }");
    put_problem(out, 429, "slow-down", "Too many requests; wait a little.", DENY_FOR_NOW,
                "{ sc0_http_err_rate(per_source) gt %" PRIu64 " } or { "
                "sc0_http_fail_rate(per_source) gt %" PRIu64 " } or { "
                "sc0_http_req_rate(per_source) gt %" PRIu64
                " } or { sc1_http_req_rate(per_session) "
                "gt %" PRIu64 " }",
                o->retries, o->retries, o->requests, o->requests);
}

static void put_routes(struct pse_buf *out, const struct edge_options *o)
{
    line(out, "    acl casting path /v1/ballots");
    line(out, "    acl to_box path /v1/ballots /v1/parcels");
    line(out, "    acl to_box path_beg /v1/receipts/ /v1/credentials/ /v1/mailbox/");
    line(out, "    acl to_auth path_beg /v1/login /v1/session /v1/registrations");
    line(out, "    http-request set-var(txn.class) str(other)");
    line(out, "    http-request set-var(txn.class) str(read) if to_board");
    line(out, "    http-request set-var(txn.class) str(vote) if to_box");
    line(out, "    http-request set-var(txn.class) str(login) if to_auth");
    line(out, "    http-request set-log-level silent if to_box or to_auth");
    line(
        out,
        "    http-response set-log-level info if { var(txn.class) -m str read } { status ge 400 }");
    put_problem(out, 404, "not-found", "There is nothing here.", DENY, "!to_box !to_board%s",
                o->auth.n > 0 ? " !to_auth" : "");
    put_problem(out, 413, "too-large", "That is longer than any ballot.", DENY,
                "casting { req.body_size gt %" PRIu64 " }", o->ballot);
}

static uint64_t later_most(const struct edge_options *o)
{
    return o->waiting / LATER_PART > LATER_MIN ? o->waiting / LATER_PART : LATER_MIN;
}

/* A flood has no mark of its own; but its networks are refused, or ask often while the box is
 * pressed. They get few of the box's places, and when those are taken they are refused after a
 * while in which they cost nothing: at once, each would be back at once. */
static void put_turns(struct pse_buf *out, const struct edge_options *o)
{
    line(out,
         "    # networks that were refused lately, or that ask often while the box is pressed, "
         "stand back behind the others");
    line(out, "    acl refused_lately sc0_http_err_rate(per_source) gt 0");
    line(out, "    acl asks_often sc0_http_req_rate(per_source) gt %d", OFTEN);
    line(out, "    acl pressed be_conn(boxes) gt %" PRIu64, o->waiting / PRESSED_PART);
    line(out, "    acl pressed queue(boxes_later) gt 0");
    line(out, "    http-request set-var(txn.later) bool(true) if to_box refused_lately");
    line(out, "    http-request set-var(txn.later) bool(true) if to_box asks_often pressed");
    line(out, "    acl later var(txn.later) -m bool");
    put_problem(out, 503, "busy", "Many are voting; try again in a moment.", DENY_SLOWLY,
                "later { queue(boxes_later) gt %" PRIu64 " }", later_most(o));
}

static void put_headers(struct pse_buf *out, const struct edge_options *o)
{
    line(out, "    http-request del-header x-psephos- -m beg");
    line(out, "    http-request del-header x-forwarded- -m beg");
    line(out, "    http-request del-header forwarded");
    line(out, "    http-request del-header x-real-ip");
    line(out, "    http-request set-header X-Psephos-Peer %%[src]");
    line(out, "    http-response cache-store record");
    line(out, "    http-response del-header server");
    line(out, "    use_backend boxes_later if later");
    if (o->both)
        line(out, "    use_backend mailboxes if { path_beg /v1/mailbox/ }");
    line(out, "    use_backend boxes if to_box");
    if (o->auth.n > 0)
        line(out, "    use_backend auths if to_auth");
    line(out, "    default_backend %s", o->board.n > 0 ? "boards" : "boxes");
    pse_wr_str(out, "\n");
}

static void put_frontend(struct pse_buf *out, const struct edge_options *o)
{
    line(out, "frontend public");
    line(out, "    maxconn %" PRIu64, o->connections);
    if (o->cert != NULL)
        line(out, "    bind %s ssl crt %s alpn h2,http/1.1", o->listen, o->cert);
    if (o->plain != NULL)
        line(out, "    bind %s", o->plain);
    put_door(out, o);
    put_limits(out, o);
    put_routes(out, o);
    put_turns(out, o);
    if (o->cert != NULL)
        line(out, "    http-response set-header Strict-Transport-Security max-age=63072000 if { "
                  "ssl_fc }");
    put_headers(out, o);
}

/* "unix:/run/x.sock" is "unix@/run/x.sock" there. */
static void put_servers(struct pse_buf *out, const char *backend, const char *server,
                        const struct cli_list *l, uint64_t maxconn, bool all)
{
    if (l->n == 0)
        return;
    line(out, "backend %s", backend);
    line(out, "    balance leastconn");
    line(out, "    option httpchk GET /healthz");
    line(out, "    http-check expect status 200");
    for (size_t i = 0; i < l->n; i++) {
        bool is_unix = strncmp(l->v[i], "unix:", 5) == 0;

        line(out, "    server %s-%zu %s%s check inter 1s fall 2 rise 1 maxconn %" PRIu64 "%s",
             server, i + 1, is_unix ? "unix@" : "", is_unix ? l->v[i] + 5 : l->v[i], maxconn,
             all || i == 0 ? "" : " backup");
    }
    pse_wr_str(out, "\n");
}

/* The boxes once more, under another name and with other places. */
static void put_boxes_again(struct pse_buf *out, const struct edge_options *o, const char *server,
                            uint64_t maxconn)
{
    for (size_t i = 0; i < o->box.n; i++) {
        bool is_unix = strncmp(o->box.v[i], "unix:", 5) == 0;

        line(out, "    server %s-%zu %s%s track boxes/box-%zu maxconn %" PRIu64 "%s", server, i + 1,
             is_unix ? "unix@" : "", is_unix ? o->box.v[i] + 5 : o->box.v[i], i + 1, maxconn,
             o->both || i == 0 ? "" : " backup");
    }
    pse_wr_str(out, "\n");
}

/* For those who stand back; and for the two devices of a voter, who have to meet at one box. */
static void put_more_boxes(struct pse_buf *out, const struct edge_options *o)
{
    line(out, "backend boxes_later");
    line(out, "    balance leastconn");
    line(out, "    timeout queue 1s");
    put_boxes_again(out, o, "later", later_most(o));
    if (!o->both)
        return;
    line(out, "backend mailboxes");
    line(out, "    # both devices of a voter meet at one box, which their mailbox's name chooses");
    line(out, "    balance uri depth 3");
    line(out, "    hash-type consistent");
    put_boxes_again(out, o, "mailbox", o->waiting);
}

void edge_put(struct pse_buf *out, const struct edge_options *o)
{
    put_global(out, o);
    put_tables(out);
    put_frontend(out, o);
    put_servers(out, "boxes", "box", &o->box, o->waiting, o->both);
    put_more_boxes(out, o);
    put_servers(out, "boards", "board", &o->board, o->waiting, true);
    put_servers(out, "auths", "auth", &o->auth, o->waiting, true);
}

/* Few people and whole voter lists; nothing of the daemon but the page and what it asks for. */
void edge_put_officers(struct pse_buf *out, const struct edge_officers *o)
{
    bool is_unix = strncmp(o->office, "unix:", 5) == 0;

    line(out, "# Made by psephos edge officers; make it again instead of changing it here.");
    line(out, "global");
    line(out, "    maxconn 256");
    if (o->user != NULL)
        line(out, "    user %s", o->user);
    line(out, "    log stdout format raw local0 info");
    put_tls(out);
    pse_wr_str(out, "\n");
    line(out, "defaults");
    line(out, "    mode http");
    line(out, "    log global");
    line(out, "    log-format \"%%ST %%tsc %%Ta\"");
    line(out, "    option dontlognull");
    line(out, "    timeout http-request 10s");
    line(out, "    timeout client 60s");
    line(out, "    timeout connect 2s");
    line(out, "    timeout server 90s");
    pse_wr_str(out, "\n");
    line(out, "frontend officers");
    line(out, "    bind %s ssl crt %s alpn h2,http/1.1%s%s%s", o->listen, o->cert,
         o->client_ca == NULL ? "" : " ca-file ", o->client_ca == NULL ? "" : o->client_ca,
         o->client_ca == NULL ? "" : " verify required");
    line(out, "    acl to_office path /officer /officer/officer.js /officer/officer.css /v1/acts "
              "/v1/lists /v1/documents /v1/credentials /v1/persons /v1/roster/pending /v1/audit");
    line(out, "    acl to_office path_beg /v1/acts/ /v1/officer/");
    put_problem(out, 404, "not-found", "There is nothing here.", DENY, "!to_office");
    line(out, "    http-request del-header x-psephos- -m beg");
    line(out, "    http-request del-header x-forwarded- -m beg");
    line(out, "    http-response set-header Strict-Transport-Security max-age=63072000");
    line(out, "    default_backend office");
    pse_wr_str(out, "\n");
    line(out, "backend office");
    line(out, "    server office %s%s", is_unix ? "unix@" : "",
         is_unix ? o->office + 5 : o->office);
}
