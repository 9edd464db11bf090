#include "psephos/desk.h"

#include <stdio.h>
#include <string.h>

#include "common/officer_request.h"

enum { ANSWER_MAX = 16 << 20, ANSWER_ARENA = 64 << 20, DEADLINE_MS = 90000 };

void desk_answer_free(struct desk_answer *a)
{
    pse_buf_free(&a->got.body);
    pse_arena_free(&a->arena);
}

static void say_problem(const struct session *s, const struct desk_answer *a)
{
    struct pse_json_rd r;
    const struct pse_json *line;
    struct pse_span type = pse_span_str("no reason given");
    uint64_t n;

    if (a->root != NULL && pse_json_open(&r, a->root, NULL) == PSE_OK) {
        (void)!pse_json_take_string(&type, &r, "type");
        pse_json_take_optional(&line, &r, "line");
        if (line != NULL && pse_json_u64(&n, line) == PSE_OK) {
            cli_error(s->name, "the office refuses line %llu (%u %.*s)", (unsigned long long)n,
                      a->got.status, (int)type.n, (const char *)type.p);
            return;
        }
    }
    cli_error(s->name, "the office refuses (%u %.*s); see psephos-officer(1), REFUSALS",
              a->got.status, (int)type.n, (const char *)type.p);
}

static pse_rc converse(struct desk_answer *a, struct session *s, const char *office,
                       const struct desk_request *q)
{
    bool is_unix = strncmp(office, "unix:", 5) == 0;
    char url[PSE_FETCH_URL_MAX];
    char who[32 + OFFICER_REQUEST_TEXT] = "Authorization: ";
    char type[128];
    const char *header[3] = {who};
    struct pse_fetch f = {.url = url,
                          .post = q->post,
                          .body = q->body,
                          .header = header,
                          .headers = 1,
                          .max = ANSWER_MAX,
                          .deadline_ms = DEADLINE_MS,
                          .unix_path = is_unix ? office + 5 : NULL};
    struct pse_fetcher *fetcher;
    pse_rc rc;

    (void)snprintf(url, sizeof url, "%s%s", is_unix ? "http://officer" : office, q->path);
    PSE_TRY(officer_request_sign(who + strlen(who), &s->key->sign, &s->key->sign_public,
                                 q->post ? "POST" : "GET", pse_span_str(q->path), q->body,
                                 session_now()));
    (void)snprintf(type, sizeof type, "Content-Type: %s", q->post ? q->type : "");
    if (q->post)
        header[f.headers++] = type;
    if (q->header != NULL)
        header[f.headers++] = q->header;
    PSE_TRY(pse_fetcher_new(&fetcher, 1));
    rc = pse_fetch_one(&a->got, fetcher, &f);
    pse_fetcher_free(fetcher);
    return rc == PSE_OK ? a->got.rc : rc;
}

/* 200 or 201 with JSON, else a line on standard error. */
pse_rc desk_ask(struct desk_answer *a, struct session *s, const char *office,
                const struct desk_request *q)
{
    pse_rc rc;

    memset(a, 0, sizeof *a);
    pse_arena_init(&a->arena, ANSWER_ARENA);
    rc = converse(a, s, office, q);
    if (rc != PSE_OK) {
        cli_error(s->name, "no answer from %s (%s); is psephos officer serve running there?",
                  office, a->got.why == NULL ? pse_rc_name(rc) : a->got.why);
        return PSE_E_IO;
    }
    if (pse_json_parse(&a->root, NULL, &a->arena, pse_buf_span(&a->got.body)) != PSE_OK)
        a->root = NULL;
    if ((a->got.status == 200 || a->got.status == 201) && a->root != NULL)
        return PSE_OK;
    say_problem(s, a);
    return PSE_E_STATE;
}

pse_rc desk_get(struct desk_answer *a, struct session *s, const char *office, const char *path)
{
    return desk_ask(a, s, office, &(struct desk_request){.path = path});
}

pse_rc desk_post(struct desk_answer *a, struct session *s, const char *office, const char *path,
                 const char *type, struct pse_span body)
{
    return desk_ask(a, s, office,
                    &(struct desk_request){.post = true, .path = path, .type = type, .body = body});
}

/* A string member of the answer that is an object. */
struct pse_span desk_member(const struct desk_answer *a, const char *name)
{
    struct pse_span text = pse_span(NULL, 0);
    struct pse_json_rd r;

    if (pse_json_open(&r, a->root, NULL) == PSE_OK)
        (void)!pse_json_take_string(&text, &r, name);
    return text;
}

uint64_t desk_number(const struct desk_answer *a, const char *name)
{
    struct pse_json_rd r;
    uint64_t n = 0;

    if (pse_json_open(&r, a->root, NULL) == PSE_OK)
        (void)!pse_json_take_u64(&n, &r, name);
    return n;
}

void desk_print(const struct desk_answer *a)
{
    printf("%.*s", (int)a->got.body.n, (const char *)a->got.body.p);
}
