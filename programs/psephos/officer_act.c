/* psephos officer act: what an officer at a desk says to the office (psephos officer serve). */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "common/consent.h"
#include "common/files.h"
#include "common/officer_request.h"
#include "common/order.h"
#include "net/fetch.h"
#include "psephos/office.h"
#include "psephos/session.h"
#include "psephos/verbs.h"

enum { ANSWER_MAX = 16 << 20, ANSWER_ARENA = 64 << 20, WAIT_S = 120, DEADLINE_MS = 90000 };

struct act_options {
    struct session_options common; /* key, quiet */
    const char *officer;
    const char *what, *about, *act, *file, *signature, *id;
    struct cli_list set;
    bool wait, json;
};

#define ACT_OFFICER(o)                                                         \
    CLI_TEXT("officer", "URL", &(o)->officer,                                  \
             "the office: http://127.0.0.1:PORT, or unix:PATH of its socket"), \
        SESSION_KEY(&(o)->common), SESSION_QUIET(&(o)->common)

/* --- one request -------------------------------------------------------------------------------
 */

struct answer {
    struct pse_fetched got;
    struct pse_arena arena;
    const struct pse_json *root;
};

static void answer_free(struct answer *a)
{
    pse_buf_free(&a->got.body);
    pse_arena_free(&a->arena);
}

static void say_problem(const struct session *s, const struct answer *a)
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

struct request {
    bool post;
    const char *path, *type, *header;
    struct pse_span body;
};

static pse_rc converse(struct answer *a, struct session *s, const struct act_options *o,
                       const struct request *q)
{
    bool is_unix = strncmp(o->officer, "unix:", 5) == 0;
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
                          .unix_path = is_unix ? o->officer + 5 : NULL};
    struct pse_fetcher *fetcher;
    pse_rc rc;

    (void)snprintf(url, sizeof url, "%s%s", is_unix ? "http://officer" : o->officer, q->path);
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
static pse_rc ask(struct answer *a, struct session *s, const struct act_options *o,
                  const struct request *q)
{
    pse_rc rc;

    memset(a, 0, sizeof *a);
    pse_arena_init(&a->arena, ANSWER_ARENA);
    rc = converse(a, s, o, q);
    if (rc != PSE_OK) {
        cli_error(s->name, "no answer from %s (%s); is psephos officer serve running there?",
                  o->officer, a->got.why == NULL ? pse_rc_name(rc) : a->got.why);
        return PSE_E_IO;
    }
    if (pse_json_parse(&a->root, NULL, &a->arena, pse_buf_span(&a->got.body)) != PSE_OK)
        a->root = NULL;
    if ((a->got.status == 200 || a->got.status == 201) && a->root != NULL)
        return PSE_OK;
    say_problem(s, a);
    return PSE_E_STATE;
}

static pse_rc get(struct answer *a, struct session *s, const struct act_options *o,
                  const char *path)
{
    return ask(a, s, o, &(struct request){.path = path});
}

static pse_rc post(struct answer *a, struct session *s, const struct act_options *o,
                   const char *path, const char *type, struct pse_span body)
{
    return ask(a, s, o, &(struct request){.post = true, .path = path, .type = type, .body = body});
}

static pse_rc start(struct session *s, const struct act_options *o)
{
    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->officer, "officer URL"));
    return session_key(s, KEY_OFFICER);
}

/* A string member of the answer that is an object. */
static struct pse_span member(const struct answer *a, const char *name)
{
    struct pse_span text = pse_span(NULL, 0);
    struct pse_json_rd r;

    if (pse_json_open(&r, a->root, NULL) == PSE_OK)
        (void)!pse_json_take_string(&text, &r, name);
    return text;
}

static uint64_t number(const struct answer *a, const char *name)
{
    struct pse_json_rd r;
    uint64_t n = 0;

    if (pse_json_open(&r, a->root, NULL) == PSE_OK)
        (void)!pse_json_take_u64(&n, &r, name);
    return n;
}

static void print_body(const struct answer *a)
{
    printf("%.*s", (int)a->got.body.n, (const char *)a->got.body.p);
}

/* --- orders ------------------------------------------------------------------------------------
 */

/* The value of --set KEY=VALUE; empty: not given. */
static struct pse_span given(const struct act_options *o, const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i < o->set.n; i++) {
        if (strncmp(o->set.v[i], key, n) == 0 && o->set.v[i][n] == '=')
            return pse_span_str(o->set.v[i] + n + 1);
    }
    return pse_span(NULL, 0);
}

static const char *default_of(const char *what, const char *key)
{
    static const char *const all[][3] = {
        {"close", "reason", "scheduled"},
        {"import", "signature", "none"},
        {"statement", "kind", "information"},
        {"statement", "language", "en"},
        {"statement", "media", "text/plain;charset=utf-8"},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i][0], what) == 0 && strcmp(all[i][1], key) == 0)
            return all[i][2];
    }
    return NULL;
}

static pse_rc check_set(const struct session *s, const struct act_options *o,
                        const char *const *field)
{
    for (size_t i = 0; i < o->set.n; i++) {
        const char *equals = strchr(o->set.v[i], '=');
        size_t n = equals == NULL ? 0 : (size_t)(equals - o->set.v[i]);
        size_t at = 0;

        while (field[at] != NULL && (strlen(field[at]) != n || strncmp(field[at], o->set.v[i], n)))
            at++;
        if (equals == NULL || field[at] == NULL) {
            cli_error(s->name, "--set %s is no field of an order to %s", o->set.v[i], o->what);
            return PSE_E_SYNTAX;
        }
    }
    return PSE_OK;
}

/* What waits, asked of the office, so that the officer need not type hashes. */
struct lookups {
    struct answer pending;
    char through[PSE_DECIMAL_TEXT];
};

static pse_rc fill_release(struct lookups *l, struct session *s, const struct act_options *o,
                           struct pse_span value[ORDER_FIELDS_MAX])
{
    if (strcmp(o->what, "release") != 0 || value[0].n > 0)
        return PSE_OK;
    PSE_TRY(get(&l->pending, s, o, "/v1/roster/pending"));
    (void)pse_decimal_encode(l->through, number(&l->pending, "through"));
    value[0] = pse_span_str(l->through);
    value[1] = member(&l->pending, "batch");
    session_say(s, "%llu credentials wait, %llu are to be made void",
                (unsigned long long)number(&l->pending, "pending"),
                (unsigned long long)number(&l->pending, "voids"));
    return PSE_OK;
}

static pse_rc build_order(struct pse_buf *out, struct lookups *l, struct session *s,
                          const struct act_options *o)
{
    struct pse_span value[ORDER_FIELDS_MAX] = {{NULL, 0}};
    const char *const *field = order_fields(pse_span_str(o->what));
    size_t n = 0;
    pse_rc rc;

    if (field == NULL) {
        cli_error(s->name, "--what %s is nothing that two officers do; see psephos-officer(1)",
                  o->what);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(check_set(s, o, field));
    for (; field[n] != NULL; n++) {
        const char *preset = default_of(o->what, field[n]);

        value[n] = given(o, field[n]);
        if (value[n].n == 0 && preset != NULL)
            value[n] = pse_span_str(preset);
    }
    PSE_TRY(fill_release(l, s, o, value));
    for (size_t i = 0; i < n; i++) {
        if (value[i].n == 0) {
            cli_error(s->name, "to %s, give --set %s=…", o->what, field[i]);
            return PSE_E_MISSING;
        }
    }
    rc = order_write(out, o->what, value, n);
    if (rc != PSE_OK)
        cli_error(s->name, "a value of --set cannot stand in an order (%s)", pse_rc_name(rc));
    return rc;
}

/* --- propose -----------------------------------------------------------------------------------
 */

static pse_rc election(pse_hash *eid, struct session *s, const struct act_options *o)
{
    struct answer a;
    pse_rc rc = get(&a, s, o, "/v1/acts");

    if (rc == PSE_OK)
        rc = pse_hex_decode(eid->b, 32, member(&a, "election"));
    answer_free(&a);
    if (rc == PSE_OK && o->common.eid.given && !pse_hash_is_equal(eid, &o->common.eid.value)) {
        cli_error(s->name, "the office at %s is another election's than --eid", o->officer);
        return PSE_E_MISMATCH;
    }
    return rc;
}

static pse_rc send_act(struct session *s, const struct act_options *o, const struct consent *c,
                       struct pse_span order)
{
    struct pse_buf text = PSE_BUF(65536);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct answer a;
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_string(&w, "order", order);
    pse_json_wr_object(&w, "act");
    consent_put(&w, c);
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK) {
        rc = post(&a, s, o, "/v1/acts", "application/json", pse_buf_span(&text));
        if (rc == PSE_OK)
            printf("%.*s\n", (int)member(&a, "hash").n, (const char *)member(&a, "hash").p);
        answer_free(&a);
    }
    pse_buf_free(&text);
    return rc;
}

static pse_rc propose(struct session *s, const struct act_options *o)
{
    struct consent c = {.made = session_now(), .about = pse_span_str(o->about ? o->about : "")};
    struct pse_buf order = PSE_BUF(ORDER_MAX);
    struct lookups l = {.through = ""};
    pse_rc rc;

    PSE_TRY(session_want(s, o->what, "what WORD"));
    PSE_TRY(session_want(s, o->about, "about TEXT"));
    if (c.about.n > CONSENT_ABOUT_MAX || !pse_utf8_is_valid(c.about)) {
        cli_error(s->name, "--about is longer than %d bytes, or no UTF-8", CONSENT_ABOUT_MAX);
        return PSE_E_LIMIT;
    }
    PSE_TRY(election(&c.eid, s, o));
    rc = build_order(&order, &l, s, o);
    if (rc == PSE_OK) {
        c.what = pse_span_str(o->what);
        pse_sha256(&c.subject, pse_buf_span(&order));
        pse_rng_fill(&s->rng, c.nonce.b, sizeof c.nonce.b);
        rc = consent_sign(&c, s->name, s->key);
    }
    if (rc == PSE_OK)
        rc = send_act(s, o, &c, pse_buf_span(&order));
    pse_buf_free(&order);
    answer_free(&l.pending);
    return rc;
}

/* --- sign --------------------------------------------------------------------------------------
 */

static pse_rc act_path(char out[128], const struct session *s, const char *act, const char *more)
{
    if (strlen(act) != 64) {
        cli_error(s->name, "an act is named by 64 hexadecimal digits; see psephos officer act "
                           "list");
        return PSE_E_SYNTAX;
    }
    (void)snprintf(out, 128, "/v1/acts/%s%s", act, more);
    return PSE_OK;
}

/* What the office shows must be what is signed: hash, order and act are compared here. */
static pse_rc check_shown(struct consent *c, struct pse_span *order, const struct session *s,
                          const struct act_options *o, const struct answer *a)
{
    const struct pse_json *object;
    struct pse_json_rd r;
    struct order parsed;
    pse_hash named;
    pse_hash hash;
    pse_hash subject;

    if (pse_json_open(&r, a->root, NULL) != PSE_OK ||
        pse_json_take_string(order, &r, "order") != PSE_OK ||
        pse_json_take_object(&object, &r, "act") != PSE_OK || consent_take(c, object) != PSE_OK ||
        order_parse(&parsed, *order) != PSE_OK ||
        pse_hex_decode(named.b, 32, pse_span_str(o->act)) != PSE_OK) {
        cli_error(s->name, "what %s shows is no act whose signatures hold", o->officer);
        return PSE_E_SIGNATURE;
    }
    consent_hash(&hash, c);
    pse_sha256(&subject, *order);
    if (pse_hash_is_equal(&hash, &named) && pse_hash_is_equal(&subject, &c->subject) &&
        pse_span_is_str(c->what, parsed.what))
        return PSE_OK;
    cli_error(s->name, "the office shows another act than %s; do not sign, and find out why",
              o->act);
    return PSE_E_MISMATCH;
}

static pse_rc post_signature(struct session *s, const struct act_options *o)
{
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    uint8_t bytes[CONSENT_SIGNED] = "psephos/1/act-signature";
    struct answer a;
    char path[128];
    uint8_t sig[64];
    pse_rc rc;

    PSE_TRY(pse_hex_decode(bytes + CONSENT_SIGNED - 32, 32, pse_span_str(o->act)));
    PSE_TRY(pse_ed25519_sign(sig, &s->key->sign, pse_span(bytes, sizeof bytes)));
    PSE_TRY(act_path(path, s, o->act, "/signatures"));
    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "officer", s->key->sign_public.b, 32);
    pse_json_wr_hex(&w, "signature", sig, 64);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK) {
        rc = post(&a, s, o, path, "application/json", pse_buf_span(&text));
        answer_free(&a);
    }
    pse_buf_free(&text);
    return rc;
}

static pse_rc sign_it(struct session *s, const struct act_options *o)
{
    struct pse_span order;
    struct consent c;
    struct answer a;
    char path[128];
    pse_rc rc;

    PSE_TRY(act_path(path, s, o->act, ""));
    rc = get(&a, s, o, path);
    if (rc == PSE_OK)
        rc = check_shown(&c, &order, s, o, &a);
    if (rc == PSE_OK && !o->common.quiet)
        printf("%.*sabout %.*s\n", (int)order.n, (const char *)order.p, (int)c.about.n,
               (const char *)c.about.p);
    answer_free(&a);
    return rc == PSE_OK ? post_signature(s, o) : rc;
}

/* --- show, wait --------------------------------------------------------------------------------
 */

static bool is_at_end(struct pse_span state)
{
    return pse_span_is_str(state, "done") || pse_span_is_str(state, "refused") ||
           pse_span_is_str(state, "expired");
}

static void print_act(const struct answer *a)
{
    struct pse_span state = member(a, "state");
    struct pse_span why = member(a, "why");
    struct pse_span order = member(a, "order");

    printf("%.*s%.*s", (int)order.n, (const char *)order.p, (int)state.n, (const char *)state.p);
    if (pse_span_is_str(state, "done") && number(a, "entries") > 0)
        printf(": entry %llu", (unsigned long long)number(a, "index"));
    if (why.n > 0)
        printf(": %.*s", (int)why.n, (const char *)why.p);
    putchar('\n');
}

static void pause_a_little(void)
{
    const struct timespec pause = {0, 200000000};

    (void)nanosleep(&pause, NULL);
}

static pse_rc show(struct session *s, const struct act_options *o)
{
    uint64_t until = session_now() + WAIT_S;
    struct answer a;
    char path[128];
    pse_rc rc;

    PSE_TRY(act_path(path, s, o->act, ""));
    while ((rc = get(&a, s, o, path)) == PSE_OK && o->wait && !is_at_end(member(&a, "state")) &&
           session_now() < until) {
        answer_free(&a);
        pause_a_little();
    }
    if (rc == PSE_OK && o->json)
        print_body(&a);
    else if (rc == PSE_OK)
        print_act(&a);
    if (rc == PSE_OK && o->wait && !pse_span_is_str(member(&a, "state"), "done")) {
        cli_error(s->name, "the act is not done; see what it says above");
        rc = PSE_E_STATE;
    }
    answer_free(&a);
    return rc;
}

static pse_rc list(struct session *s, const struct act_options *o)
{
    const struct pse_json *acts;
    const struct pse_json *at;
    struct pse_json_rd r;
    struct answer a;
    pse_rc rc = get(&a, s, o, "/v1/acts");

    if (rc == PSE_OK && o->json) {
        print_body(&a);
    } else if (rc == PSE_OK) {
        rc = pse_json_open(&r, a.root, NULL);
        if (rc == PSE_OK)
            rc = pse_json_take_array(&acts, &r, "acts");
        at = rc == PSE_OK ? pse_json_first(acts) : NULL;
        for (size_t i = 0; rc == PSE_OK && i < pse_json_count(acts); i++, at = pse_json_next(at)) {
            struct answer one = {.root = at};

            printf("%.*s %-8.*s %.*s: %.*s\n", (int)member(&one, "hash").n,
                   (const char *)member(&one, "hash").p, (int)member(&one, "state").n,
                   (const char *)member(&one, "state").p, (int)member(&one, "what").n,
                   (const char *)member(&one, "what").p, (int)member(&one, "about").n,
                   (const char *)member(&one, "about").p);
        }
    }
    answer_free(&a);
    return rc;
}

/* --- send: files for the office ----------------------------------------------------------------
 */

static pse_rc upload(struct session *s, const struct act_options *o, const char *path,
                     const char *type, const char *header)
{
    struct pse_buf bytes;
    struct answer a;
    pse_rc rc;

    PSE_TRY(session_want(s, o->file, "file FILE"));
    PSE_TRY(file_read(&bytes, s->name, o->file, OFFICE_DOCUMENT_MAX));
    rc = ask(&a, s, o,
             &(struct request){.post = true,
                               .path = path,
                               .type = type,
                               .header = header,
                               .body = pse_buf_span(&bytes)});
    if (rc == PSE_OK)
        print_body(&a);
    answer_free(&a);
    pse_buf_free(&bytes);
    return rc;
}

static pse_rc send_list(struct session *s, const struct act_options *o)
{
    char header[128] = "";

    if (o->signature != NULL)
        (void)snprintf(header, sizeof header, "Psephos-List-Signature: %.64s", o->signature);
    return upload(s, o, "/v1/lists", "text/csv", o->signature == NULL ? NULL : header);
}

static pse_rc send_document(struct session *s, const struct act_options *o)
{
    return upload(s, o, "/v1/documents", "application/octet-stream", NULL);
}

static pse_rc send_credentials(struct session *s, const struct act_options *o)
{
    return upload(s, o, "/v1/credentials", "text/plain", NULL);
}

static pse_rc print_answer(struct session *s, const struct act_options *o, const char *path)
{
    struct answer a;
    pse_rc rc = get(&a, s, o, path);

    if (rc == PSE_OK)
        print_body(&a);
    answer_free(&a);
    return rc;
}

static pse_rc pending(struct session *s, const struct act_options *o)
{
    return print_answer(s, o, "/v1/roster/pending");
}

static pse_rc audit(struct session *s, const struct act_options *o)
{
    return print_answer(s, o, "/v1/audit");
}

static pse_rc person(struct session *s, const struct act_options *o)
{
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct answer a;
    pse_rc rc;

    PSE_TRY(session_want(s, o->id, "id TEXT"));
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "id", o->id);
    pse_json_wr_end(&w);
    PSE_TRY(pse_json_wr_finish(&w));
    rc = post(&a, s, o, "/v1/persons", "application/json", pse_buf_span(&text));
    if (rc == PSE_OK)
        print_body(&a);
    answer_free(&a);
    pse_buf_free(&text);
    return rc;
}

/* --- verbs -------------------------------------------------------------------------------------
 */

typedef pse_rc act_run(struct session *s, const struct act_options *o);

static int run(struct act_options *o, struct session *s, act_run *go,
               const struct cli_command *command, int argc, char **argv)
{
    int status;
    pse_rc rc;

    s->name = command->name;
    s->options = &o->common;
    if (!cli_parse(&status, command, argc, argv))
        return status;
    rc = start(s, o);
    return session_end(s, rc == PSE_OK ? go(s, o) : rc, NULL);
}

static int act_propose(int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        SESSION_EID(&o.common),
        CLI_TEXT("what", "WORD", &o.what, "what is to be done; psephos-officer(1) has the words"),
        CLI_LIST("set", "KEY=VALUE", &o.set, "a field of the order; repeat it"),
        CLI_TEXT("about", "TEXT", &o.about, "the grounds, for the other officer and the log"),
    };
    const struct cli_command command = {
        .name = "psephos officer act propose",
        .synopsis = "--officer URL --key FILE --what WORD [--set KEY=VALUE]… --about TEXT",
        .about = "Propose an act to the office and sign it. Prints the act's name.",
        .options = options,
        .option_count = CLI_COUNT(options)};

    return run(&o, &s, propose, &command, argc, argv);
}

static int act_sign(int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {ACT_OFFICER(&o)};
    const struct cli_command command = {
        .name = "psephos officer act sign",
        .synopsis = "ACT --officer URL --key FILE",
        .about = "Sign an act that another officer proposed. The order is printed; it is checked\n"
                 "that it is what the signature covers.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.act};

    return run(&o, &s, sign_it, &command, argc, argv);
}

static int act_show(int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_FLAG("wait", &o.wait, "wait until it is done, two minutes at most"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = "psephos officer act show",
        .synopsis = "ACT --officer URL --key FILE [--wait] [--json]",
        .about = "Show an act: its order, where it stands, its entry.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.act};

    return run(&o, &s, show, &command, argc, argv);
}

static int act_list(int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {.name = "psephos officer act list",
                                        .synopsis = "--officer URL --key FILE [--json]",
                                        .about = "List the acts of the office, oldest first.",
                                        .options = options,
                                        .option_count = CLI_COUNT(options)};

    return run(&o, &s, list, &command, argc, argv);
}

static int act_upload(const char *name, const char *about, act_run *go, int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_TEXT("file", "FILE", &o.file, "what to send"),
        CLI_TEXT("signature", "HEX", &o.signature,
                 "of a list of changes: SHA-256 of its signature, sent before as a document"),
    };
    const struct cli_command command = {.name = name,
                                        .synopsis = "--officer URL --key FILE --file FILE",
                                        .about = about,
                                        .options = options,
                                        .option_count = CLI_COUNT(options)};

    return run(&o, &s, go, &command, argc, argv);
}

static int act_send_list(int argc, char **argv)
{
    return act_upload("psephos officer act list-check",
                      "Send a voter list; prints what would change, and nothing does.", send_list,
                      argc, argv);
}

static int act_send_document(int argc, char **argv)
{
    return act_upload("psephos officer act document",
                      "Send a document for a statement; prints its hash.", send_document, argc,
                      argv);
}

static int act_send_credentials(int argc, char **argv)
{
    return act_upload("psephos officer act credentials",
                      "Register the credentials of letters: all, or none.", send_credentials, argc,
                      argv);
}

static int act_ask(const char *name, const char *about, act_run *go, int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_TEXT("id", "TEXT", &o.id, "of a person: the id on the list"),
    };
    const struct cli_command command = {.name = name,
                                        .synopsis = "--officer URL --key FILE",
                                        .about = about,
                                        .options = options,
                                        .option_count = CLI_COUNT(options)};

    return run(&o, &s, go, &command, argc, argv);
}

static int act_pending(int argc, char **argv)
{
    return act_ask("psephos officer act pending", "What waits to go into the record, as JSON.",
                   pending, argc, argv);
}

static int act_audit(int argc, char **argv)
{
    return act_ask("psephos officer act audit", "What the last cross-check found, as JSON.", audit,
                   argc, argv);
}

static int act_person(int argc, char **argv)
{
    return act_ask("psephos officer act person",
                   "The row number of a person, by which an order to erase names them.", person,
                   argc, argv);
}

int officer_act(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"list", "the acts of the office", act_list},
        {"propose", "propose an act and sign it", act_propose},
        {"sign", "sign another officer's act", act_sign},
        {"show", "one act, or wait for it", act_show},
        {"list-check", "send a voter list and see what would change", act_send_list},
        {"document", "send a document for a statement", act_send_document},
        {"credentials", "register the credentials of letters", act_send_credentials},
        {"pending", "what waits to go into the record", act_pending},
        {"audit", "what the last cross-check found", act_audit},
        {"person", "the row number of a person", act_person},
    };

    return verbs_run("officer act", "An officer's side of psephos officer serve.", verb,
                     CLI_COUNT(verb), argc, argv);
}
