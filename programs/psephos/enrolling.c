#define _GNU_SOURCE
#include "psephos/enrolling.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "common/options.h"
#include "common/progress.h"
#include "psephos/eid_card.h"

enum { ANSWER_MAX = 65536, ANSWER_MS = 30000, ARENA_MAX = 1 << 18, POLL_MS = 100 };

static const char purpose[] =
    "I register this credential as mine for this election. Ballots signed with it are my ballots.";

/* --- requests -----------------------------------------------------------------------------------
 */

pse_rc enrolling_ask(struct pse_fetched *got, struct enrolling *e,
                     const struct enrolling_request *r)
{
    static const char *const keep[] = {"Set-Cookie"};
    static const char unix_prefix[] = "unix:";
    bool is_unix = strncmp(e->url, unix_prefix, sizeof unix_prefix - 1) == 0;
    char url[PSE_FETCH_URL_MAX];
    char cookie[ENROLLING_COOKIE + 16];
    char bearer[ENROLLING_SESSION + 32];
    const char *header[4] = {"Accept: application/json"};
    struct pse_fetch f = {.url = url,
                          .post = r->post,
                          .body = r->body,
                          .header = header,
                          .headers = 1,
                          .keep = keep,
                          .kept = 1,
                          .max = ANSWER_MAX,
                          .deadline_ms = ANSWER_MS,
                          .unix_path = is_unix ? e->url + sizeof unix_prefix - 1 : NULL};
    pse_rc rc;

    (void)snprintf(url, sizeof url, "%s%s", is_unix ? "http://localhost" : e->url, r->path);
    if (r->post)
        header[f.headers++] = "Content-Type: application/json";
    (void)snprintf(cookie, sizeof cookie, "Cookie: %s", r->cookie == NULL ? "" : r->cookie);
    (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", e->session);
    if (r->cookie != NULL)
        header[f.headers++] = cookie;
    if (e->session[0] != '\0')
        header[f.headers++] = bearer;
    e->seconds = progress_now();
    rc = pse_fetch_one(got, e->fetcher, &f);
    e->seconds = progress_now() - e->seconds;
    if (rc == PSE_OK && got->rc == PSE_OK)
        return PSE_OK;
    cli_error(e->name, "%s%s gave no answer: %s; check the address and try again", e->url, r->path,
              rc == PSE_OK ? got->why : "no address of a service");
    return rc == PSE_OK ? PSE_E_IO : rc;
}

/* "urn:psephos:problem:SLUG" of a problem, for people. */
pse_rc enrolling_refused(const struct enrolling *e, const struct pse_fetched *got)
{
    static const char mark[] = "urn:psephos:problem:";
    const uint8_t *at =
        got->body.n == 0 ? NULL : memmem(got->body.p, got->body.n, mark, sizeof mark - 1);
    char slug[ENROLLING_WHY] = "no reason given";

    if (at != NULL) {
        const uint8_t *end = memchr(at, '"', (size_t)(got->body.p + got->body.n - at));

        at += sizeof mark - 1;
        if (end != NULL)
            (void)snprintf(slug, sizeof slug, "%.*s", (int)(end - at), (const char *)at);
    }
    cli_error(e->name, "refused with status %u: %s", got->status, slug);
    return PSE_E_STATE;
}

/* One member of an answer; others are passed over. */
static pse_rc member(const struct pse_json **value, struct pse_arena *arena, struct pse_span body,
                     const char *name)
{
    const struct pse_json *root;
    struct pse_json_rd r;

    PSE_TRY(pse_json_parse(&root, NULL, arena, body));
    PSE_TRY(pse_json_open(&r, root, NULL));
    return pse_json_take(value, &r, name);
}

static pse_rc number_member(uint64_t *out, struct pse_span body, const char *name)
{
    PSE_ARENA(arena, ARENA_MAX);
    const struct pse_json *value;

    PSE_TRY(member(&value, &arena, body, name));
    return pse_json_u64(out, value);
}

pse_rc enrolling_text(char *out, size_t room, struct pse_span body, const char *name)
{
    PSE_ARENA(arena, ARENA_MAX);
    const struct pse_json *value;
    struct pse_span text;

    PSE_TRY(member(&value, &arena, body, name));
    PSE_TRY(pse_json_string(&text, value));
    if (text.n >= room)
        return PSE_E_LENGTH;
    (void)snprintf(out, room, "%.*s", (int)text.n, (const char *)text.p);
    return PSE_OK;
}

void enrolling_cookie(char cookie[ENROLLING_COOKIE], const struct pse_fetched *got)
{
    const char *end = strchr(got->value[0], ';');

    (void)snprintf(cookie, ENROLLING_COOKIE, "%.*s", end == NULL ? 0 : (int)(end - got->value[0]),
                   got->value[0]);
}

/* --- logging in ---------------------------------------------------------------------------------
 */

pse_rc enrolling_origin(const char *name, const char *origin)
{
    if (pse_webeid_origin_is_valid(origin))
        return PSE_OK;
    cli_error(name,
              "--origin %s is no origin; write https://HOST or https://HOST:PORT, as the "
              "browser shows it",
              origin);
    return PSE_E_SYNTAX;
}

static pse_rc get_challenge(char challenge[PSE_CHALLENGE_TEXT], char cookie[ENROLLING_COOKIE],
                            struct enrolling *e)
{
    struct pse_fetched got = {.rc = PSE_E_IO};
    pse_rc rc = enrolling_ask(&got, e, &(struct enrolling_request){.path = "/v1/login/nonce"});

    if (rc == PSE_OK && got.status != 200)
        rc = enrolling_refused(e, &got);
    if (rc == PSE_OK) {
        enrolling_cookie(cookie, &got);
        rc = enrolling_text(challenge, PSE_CHALLENGE_TEXT, pse_buf_span(&got.body), "nonce");
    }
    pse_buf_free(&got.body);
    return rc;
}

static pse_rc take_session(struct enrolling *e, struct pse_span body)
{
    char hex[65];
    char eid[65];
    pse_hash election;

    PSE_TRY(enrolling_text(hex, sizeof hex, body, "nonce"));
    PSE_TRY(pse_hex_decode(e->nonce.b, 32, pse_span_str(hex)));
    PSE_TRY(enrolling_text(e->subject, sizeof e->subject, body, "subject"));
    PSE_TRY(enrolling_text(eid, sizeof eid, body, "election"));
    PSE_TRY(pse_hex_decode(election.b, 32, pse_span_str(eid)));
    PSE_TRY(number_member(&e->expires, body, "expires"));
    if (e->eid != NULL && !pse_hash_is_equal(&election, e->eid)) {
        cli_error(e->name, "%s serves another election than the record; check both addresses",
                  e->url);
        return PSE_E_MISMATCH;
    }
    return enrolling_text(e->session, sizeof e->session, body, "session");
}

pse_rc enrolling_login(struct enrolling *e)
{
    struct pse_buf token = PSE_BUF(PSE_WEBEID_TOKEN_MAX);
    struct pse_fetched got = {.rc = PSE_E_IO};
    char challenge[PSE_CHALLENGE_TEXT];
    char cookie[ENROLLING_COOKIE];
    pse_rc rc = get_challenge(challenge, cookie, e);

    if (rc == PSE_OK)
        rc = eid_card_say(e->name, pse_card_log_in(&token, e->login, e->origin, challenge));
    if (rc == PSE_OK)
        rc = enrolling_ask(&got, e,
                           &(struct enrolling_request){.path = "/v1/login/card",
                                                       .post = true,
                                                       .body = pse_buf_span(&token),
                                                       .cookie = cookie});
    if (rc == PSE_OK)
        rc = got.status == 200 ? take_session(e, pse_buf_span(&got.body))
                               : enrolling_refused(e, &got);
    pse_buf_free(&got.body);
    pse_buf_free(&token);
    return rc;
}

/* --- registering --------------------------------------------------------------------------------
 */

static pse_rc put_statement(struct pse_buf *out, const struct enrolling *e, const struct key *voter)
{
    const struct pse_binding b = {.eid = *e->eid,
                                  .credential = voter->secret_public,
                                  .registrar = e->registrar,
                                  .subject = pse_span_str(e->subject),
                                  .nonce = e->nonce,
                                  .language = pse_span_str("en"),
                                  .purpose = pse_span_str(purpose)};

    return pse_binding_write(out, &b);
}

static pse_rc put_body(struct pse_buf *out, const struct key *voter, struct pse_span statement,
                       struct pse_span cms, const uint8_t proof[PSE_POK_SIZE], bool is_replacement)
{
    struct pse_buf text = PSE_BUF(ANSWER_MAX);
    struct pse_json_wr w = pse_json_wr(out, 0);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "credential", voter->secret_public.b, 32);
    pse_json_wr_hex(&w, "proof", proof, PSE_POK_SIZE);
    pse_json_wr_bool(&w, "replace", is_replacement);
    pse_base64_put(&text, statement.p, statement.n);
    pse_json_wr_string(&w, "statement", pse_buf_span(&text));
    text.n = 0;
    pse_base64_put(&text, cms.p, cms.n);
    pse_json_wr_string(&w, "signature", pse_buf_span(&text));
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    pse_buf_free(&text);
    return rc;
}

pse_rc enrolling_send(struct pse_buf *statement, struct pse_buf *cms, struct enrolling *e,
                      const struct key *voter, bool is_replacement)
{
    struct pse_buf body = PSE_BUF(ANSWER_MAX * 2);
    struct pse_fetched got = {.rc = PSE_E_IO};
    uint8_t proof[PSE_POK_SIZE];
    pse_rc rc = put_statement(statement, e, voter);

    if (rc == PSE_OK)
        rc = pse_binding_prove(e->g, proof, pse_buf_span(statement), &voter->secret, e->rng);
    if (rc == PSE_OK)
        rc = eid_card_say(e->name, pse_card_sign_message(cms, e->signing, pse_buf_span(statement)));
    if (rc == PSE_OK)
        rc = put_body(&body, voter, pse_buf_span(statement), pse_buf_span(cms), proof,
                      is_replacement);
    if (rc == PSE_OK)
        rc = enrolling_ask(&got, e,
                           &(struct enrolling_request){.path = "/v1/registrations",
                                                       .post = true,
                                                       .body = pse_buf_span(&body)});
    if (rc == PSE_OK && got.status != 202)
        rc = enrolling_refused(e, &got);
    pse_buf_free(&got.body);
    pse_buf_free(&body);
    return rc;
}

static void nap(void)
{
    const struct timespec t = {0, POLL_MS * 1000000L};

    (void)nanosleep(&t, NULL);
}

pse_rc enrolling_wait(char state[ENROLLING_WHY], struct enrolling *e, const pse_enc *credential,
                      unsigned patience)
{
    char path[128] = "/v1/registrations/";
    size_t at = strlen(path);
    time_t end = time(NULL) + (time_t)patience;

    pse_hex_encode(path + at, credential->b, 32);
    for (;;) {
        struct pse_fetched got = {.rc = PSE_E_IO};
        pse_rc rc = enrolling_ask(&got, e, &(struct enrolling_request){.path = path});

        if (rc == PSE_OK && got.status != 200 && got.status != 202)
            rc = enrolling_refused(e, &got);
        if (rc == PSE_OK)
            rc = enrolling_text(state, ENROLLING_WHY, pse_buf_span(&got.body), "state");
        pse_buf_free(&got.body);
        if (rc != PSE_OK)
            return rc;
        if (strcmp(state, "refused") == 0) {
            cli_error(e->name,
                      "the certificate was revoked before it signed; nothing is registered");
            return PSE_E_STATE;
        }
        if (strcmp(state, "checking") != 0)
            return PSE_OK;
        if (time(NULL) >= end) {
            cli_error(e->name, "not decided after %u seconds; ask again later", patience);
            return PSE_E_STATE;
        }
        nap();
    }
}
