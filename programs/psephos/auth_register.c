/* Registrations over HTTP: by a card's signature, or, where the election allows it, after a login
 * by mail. */
#include <string.h>

#include "codec/codec.h"
#include "common/registration.h"
#include "psephos/auth.h"

/* base64 of at most @p max bytes; nothing where the member is missing. */
static pse_rc take_bytes(struct pse_span *out, const struct pse_json *value,
                         struct pse_arena *arena, size_t max)
{
    struct pse_span text;
    uint8_t *bytes;
    size_t n;

    *out = pse_span(NULL, 0);
    if (value == NULL)
        return PSE_OK;
    PSE_TRY(pse_json_string(&text, value));
    PSE_TRY(pse_base64_check(&n, text));
    if (n == 0 || n > max)
        return PSE_E_LENGTH;
    bytes = PSE_NEW(arena, uint8_t, n);
    if (bytes == NULL)
        return PSE_E_MEMORY;
    *out = pse_span(bytes, n);
    return pse_base64_decode(bytes, n, text);
}

static pse_rc parse_registration(registrar_message *m, struct pse_span *signature,
                                 struct pse_arena *arena, const struct pse_http_call *c)
{
    const struct pse_json *root;
    const struct pse_json *statement, *container;
    struct pse_json_rd r;
    bool replace;

    PSE_TRY(pse_json_parse(&root, NULL, arena, pse_http_body(c)));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(pse_json_take_hex(m->credential.b, 32, &r, "credential"));
    PSE_TRY(pse_json_take_hex(m->proof, PSE_POK_SIZE, &r, "proof"));
    PSE_TRY(pse_json_take_bool(&replace, &r, "replace"));
    pse_json_take_optional(&statement, &r, "statement");
    pse_json_take_optional(&container, &r, "signature");
    PSE_TRY(pse_json_close(&r));
    m->replace = replace;
    PSE_TRY(take_bytes(&m->statement, statement, arena, REGISTRAR_STATEMENT_MAX));
    PSE_TRY(take_bytes(signature, container, arena, PSE_CMS_MAX));
    m->form = statement == NULL ? REGISTRAR_CARD : REGISTRAR_STATEMENT;
    return container != NULL && statement == NULL ? PSE_E_MISSING : PSE_OK;
}

/* Before the registrar has it: on its way to stamp, authority and registrar. */
static void put_checking(struct pse_http_call *c, const pse_enc *credential)
{
    struct pse_http_answer answer = auth_answer_json(202);
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "id", credential->b, 32);
    pse_json_wr_str(&w, "state", "checking");
    pse_json_wr_end(&w);
    auth_answer_end(c, &answer, &w);
}

static void put_registration(struct pse_http_call *c, unsigned status, const pse_enc *credential,
                             const registrar_message *got)
{
    static const char *const words[] = {"none", "waiting", "recorded", "pending", "refused"};
    struct pse_http_answer answer = auth_answer_json(status);
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "id", credential->b, 32);
    pse_json_wr_str(&w, "state", words[got->state]);
    if (got->state == REGISTRAR_RECORDED) {
        pse_json_wr_u64(&w, "index", got->index);
        pse_json_wr_hex(&w, "leaf", got->leaf.b, 32);
    }
    pse_json_wr_end(&w);
    auth_answer_end(c, &answer, &w);
}

static void answer_registration(struct auth *a, struct pse_http_call *c, const registrar_message *m,
                                registrar_message *got)
{
    const char *slug = "registrar";
    unsigned status = 503;

    if (got->code == REGISTRAR_OK) {
        pse_metric_add(&auth_registrations, 0, 1);
        got->state = REGISTRAR_WAITING;
        put_registration(c, 202, &m->credential, got);
        return;
    }
    if (got->code == REGISTRAR_PROOF) {
        slug = "proof";
        status = 422;
    } else if (got->code == REGISTRAR_SIGNED) {
        slug = "signature-needed";
        status = 403;
    } else if (got->code == REGISTRAR_UNKNOWN) {
        slug = "not-listed";
        status = 409;
    } else if (got->code == REGISTRAR_REFUSED && got->refusal <= PSE_REGISTER_WAITS) {
        slug = registration_slug((enum pse_register_refusal)got->refusal);
        status = 409;
    }
    pse_metric_add(&auth_registrations, status == 503 ? 2 : 1, 1);
    auth_event(a, "auth.registration", 4, "refused", slug);
    pse_http_problem(c, status, slug);
}

static void with_signature(struct auth *a, struct pse_http_call *c, const registrar_message *m,
                           struct pse_span signature)
{
    char why[PSE_BOND_NAME_MAX];
    unsigned status = auth_bond_put(why, a, m, signature);

    if (status == 202) {
        put_checking(c, &m->credential);
        return;
    }
    pse_metric_add(&auth_registrations, status == 503 ? 2 : 1, 1);
    auth_event(a, "auth.registration", 4, "refused", why);
    pse_http_problem(c, status, why);
}

static void without_signature(struct auth *a, struct pse_http_call *c, const registrar_message *m)
{
    registrar_message got = {.code = REGISTRAR_FAILED};

    if (auth_ask(&got, NULL, a, m) != PSE_OK)
        got.code = REGISTRAR_FAILED;
    answer_registration(a, c, m, &got);
}

void auth_register(struct auth *a, struct pse_http_call *c)
{
    PSE_ARENA(arena, AUTH_BODY_ARENA);
    const struct auth_session *s = auth_session_of(a, c);
    registrar_message m = {.kind = REGISTRAR_REGISTER};
    struct pse_span signature;

    if (s == NULL) {
        pse_http_problem(c, 401, "no-session");
    } else if (!s->may_register) {
        pse_http_problem(c, 403, "by-letter-only");
    } else if (parse_registration(&m, &signature, &arena, c) != PSE_OK) {
        pse_http_problem(c, 400, "malformed");
    } else if (s->is_signer != (signature.n > 0)) {
        /* A login with a card is followed by its signature, and no other login can be. */
        pse_http_problem(c, 403, s->is_signer ? "signature-needed" : "card-login-needed");
    } else {
        m.person = s->person;
        m.nonce = s->nonce;
        if (signature.n > 0)
            with_signature(a, c, &m, signature);
        else
            without_signature(a, c, &m);
    }
}

void auth_registration(struct auth *a, struct pse_http_call *c)
{
    const struct auth_session *s = auth_session_of(a, c);
    registrar_message m = {.kind = REGISTRAR_STATE};
    registrar_message got;
    char why[PSE_BOND_NAME_MAX];
    unsigned status;

    if (s == NULL) {
        pse_http_problem(c, 401, "no-session");
        return;
    }
    if (pse_hex_decode(m.credential.b, 32, pse_http_tail(c)) != PSE_OK) {
        pse_http_problem(c, 404, "not-found");
        return;
    }
    m.person = s->person;
    if (auth_bond_state(&status, why, a, m.person, &m.credential)) {
        if (status == 202)
            put_checking(c, &m.credential);
        else
            pse_http_problem(c, status, why);
        return;
    }
    if (auth_ask(&got, NULL, a, &m) != PSE_OK)
        pse_http_problem(c, 503, "registrar");
    else if (got.code != REGISTRAR_OK)
        pse_http_problem(c, 404, "not-found");
    else
        put_registration(
            c, got.state == REGISTRAR_WAITING || got.state == REGISTRAR_ASKING ? 202 : 200,
            &m.credential, &got);
}
