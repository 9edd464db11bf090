/* Officers with authenticators: invitations, enrolment, sessions. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/webauthn_problem.h"
#include "psephos/office.h"

enum { JSON_OUT_MAX = 1 << 20, BODY_ARENA = 1 << 20 };

static const pse_hash no_act;

/* --- what is asked -----------------------------------------------------------------------------
 */

struct asked {
    struct pse_span code;                       /* empty: none */
    char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1]; /* "": none */
    struct pse_span answer;                     /* JSON; empty: none */
};

/* One string member, which may be absent where @p is_optional. */
static pse_rc take_text(struct pse_span *out, struct pse_json_rd *r, const char *member,
                        bool is_optional)
{
    const struct pse_json *v;

    *out = pse_span(NULL, 0);
    pse_json_take_optional(&v, r, member);
    if (v == NULL)
        return is_optional ? PSE_OK : PSE_E_MISSING;
    return pse_json_string(out, v);
}

static pse_rc read_body(struct asked *out, struct pse_arena *arena, const struct pse_http_call *c)
{
    const struct pse_json *root;
    struct pse_json_rd r;
    struct pse_span account;

    memset(out, 0, sizeof *out);
    PSE_TRY(pse_json_parse(&root, NULL, arena, pse_http_body(c)));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(take_text(&account, &r, "account", true));
    PSE_TRY(take_text(&out->code, &r, "code", true));
    PSE_TRY(take_text(&out->answer, &r, "answer", true));
    PSE_TRY(pse_json_close(&r));
    if (account.n > PSE_WEBAUTHN_ACCOUNT_MAX)
        return PSE_E_LENGTH;
    (void)snprintf(out->account, sizeof out->account, "%.*s", (int)account.n,
                   (const char *)account.p);
    return PSE_OK;
}

/* Read, and this is a place with a page; else the answer is given. */
static bool begin(struct asked *out, struct pse_arena *arena, const struct office *o,
                  struct pse_http_call *c)
{
    if (o->desk.set->origin[0] == '\0')
        pse_http_problem(c, 404, "no-authenticators-here");
    else if (read_body(out, arena, c) != PSE_OK)
        pse_http_problem(c, 400, "malformed");
    else if (!office_is_own_origin(o, c))
        pse_http_problem(c, 403, "other-origin");
    else
        return true;
    return false;
}

static void refuse(struct office *o, struct pse_http_call *c, unsigned status, const char *slug)
{
    office_event(o, "officer.login", 4, "refused", slug);
    pse_http_problem(c, status, slug);
}

/* --- logging in --------------------------------------------------------------------------------
 */

void office_post_login(struct office *o, struct pse_http_call *c)
{
    PSE_ARENA(arena, BODY_ARENA);
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct pse_webauthn_challenge challenge;
    const struct consent_account *account;
    struct asked asked;

    if (!begin(&asked, &arena, o, c))
        return;
    account = consent_account(&o->desk.accounts, asked.account);
    if (account == NULL || account->keys == 0 || !office_has_name(o->desk.set, account->name)) {
        refuse(o, c, 403, "no-such-account");
        return;
    }
    if (pse_webauthn_table_issue(&challenge, o->desk.login, PSE_WEBAUTHN_LOGIN, account->name,
                                 &no_act, &o->rng, (int64_t)office_now()) != PSE_OK) {
        pse_http_problem(c, 503, "busy");
        return;
    }
    pse_json_wr_object(&w, NULL);
    webauthn_put_request(&w, &challenge, &o->desk.site, account->key, account->keys);
    pse_json_wr_end(&w);
    office_json(c, 200, &w);
}

static void put_session(struct pse_json_wr *w, const struct consent_account *account,
                        uint64_t until)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "account", account->name);
    pse_json_wr_u64(w, "authenticators", account->keys);
    pse_json_wr_u64(w, "until", until);
    pse_json_wr_end(w);
}

static void welcome(struct office *o, struct pse_http_call *c,
                    const struct consent_account *account)
{
    struct pse_http_answer answer = {.status = 200};
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    office_session_begin(o, &answer, account->name);
    office_event(o, "officer.login", 6, "ok", NULL);
    put_session(&w, account, office_now() + OFFICE_IDLE_SECONDS);
    office_json_answer(c, &answer, &w);
}

void office_post_session(struct office *o, struct pse_http_call *c)
{
    PSE_ARENA(arena, BODY_ARENA);
    struct consent_account *account;
    enum pse_webauthn_fault fault;
    struct asked asked;

    if (!begin(&asked, &arena, o, c))
        return;
    account = consent_account(&o->desk.accounts, asked.account);
    if (account == NULL || !office_has_name(o->desk.set, asked.account)) {
        refuse(o, c, 403, "no-such-account");
        return;
    }
    fault =
        office_judge(NULL, o, o->desk.login, PSE_WEBAUTHN_LOGIN, account, &no_act, asked.answer);
    if (fault == PSE_WEBAUTHN_GOOD)
        welcome(o, c, account);
    else
        office_webauthn_refused(o, c, "officer.login", fault);
}

void office_get_session(struct office *o, struct pse_http_call *c)
{
    const struct consent_account *account =
        o->asked_by_key ? NULL : consent_account(&o->desk.accounts, o->asker);
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    if (account == NULL) {
        pse_http_problem(c, 403, "session-needed");
        return;
    }
    put_session(&w, account, office_session_until(o, c));
    office_json(c, 200, &w);
}

void office_end_session(struct office *o, struct pse_http_call *c)
{
    struct pse_http_answer answer = {.status = 200};
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    office_session_end(o, &answer, c);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "status", "logged-out");
    pse_json_wr_end(&w);
    office_json_answer(c, &answer, &w);
}

/* --- enrolment ---------------------------------------------------------------------------------
 */

void office_post_code(struct office *o, struct pse_http_call *c)
{
    const struct consent_account *account = consent_account(&o->desk.accounts, o->asker);
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    char code[OFFICE_CODE_TEXT];

    if (!o->asked_by_key) {
        pse_http_problem(c, 403, "key-needed");
        return;
    }
    if (!office_has_name(o->desk.set, o->asker)) {
        refuse(o, c, 403, "no-such-account");
        return;
    }
    if (account != NULL && account->keys > 0) {
        refuse(o, c, 409, "account-has-authenticators");
        return;
    }
    if (office_code_make(code, o->d->name, o->desk.codes_dir, o->asker, "key", &o->rng,
                         office_now()) != PSE_OK) {
        pse_http_problem(c, 503, "storage");
        return;
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "account", o->asker);
    pse_json_wr_str(&w, "code", code);
    pse_json_wr_str(&w, "origin", o->desk.site.origin);
    pse_json_wr_u64(&w, "until", office_now() + OFFICE_CODE_SECONDS);
    pse_json_wr_end(&w);
    pse_wipe(code, sizeof code);
    office_json(c, 201, &w);
}

/* Who may register an authenticator: the holder of a code, for an account that has none; the holder
 * of a session, for one that has one. NULL, and name and giver; or the slug of the refusal. */
static const char *enrolment_fault(char name[PSE_WEBAUTHN_ACCOUNT_MAX + 1], char by[16],
                                   struct office *o, const struct pse_http_call *c,
                                   const struct asked *asked)
{
    const struct consent_account *account;
    size_t has = 0;
    pse_rc rc;

    if (asked->code.n > 0) {
        rc = office_code_find(name, by, o, asked->code);
        if (rc != PSE_OK)
            return rc == PSE_E_STATE ? "code-expired" : "code-unknown";
        account = consent_account(&o->desk.accounts, name);
    } else {
        account = office_session_of(o, c);
        if (account == NULL)
            return "no-officer";
        (void)snprintf(name, PSE_WEBAUTHN_ACCOUNT_MAX + 1, "%s", account->name);
        (void)snprintf(by, 16, "authenticator");
        has = 1;
    }
    if (account != NULL && account->keys != has)
        return "account-has-authenticators";
    return NULL;
}

static void refuse_enrolment(struct office *o, struct pse_http_call *c, const char *fault)
{
    refuse(o, c,
           strcmp(fault, "no-officer") == 0                   ? 401
           : strcmp(fault, "account-has-authenticators") == 0 ? 409
                                                              : 403,
           fault);
}

/* False: it was answered. */
static bool begin_enrolment(struct asked *asked, char name[PSE_WEBAUTHN_ACCOUNT_MAX + 1],
                            char by[16], struct pse_arena *arena, struct office *o,
                            struct pse_http_call *c)
{
    const char *fault;

    if (!begin(asked, arena, o, c))
        return false;
    fault = enrolment_fault(name, by, o, c, asked);
    if (fault != NULL)
        refuse_enrolment(o, c, fault);
    return fault == NULL;
}

void office_post_enrolment(struct office *o, struct pse_http_call *c)
{
    PSE_ARENA(arena, BODY_ARENA);
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct pse_webauthn_challenge challenge;
    const struct consent_account *account;
    char name[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    struct asked asked;
    char by[16];

    if (!begin_enrolment(&asked, name, by, &arena, o, c))
        return;
    if (pse_webauthn_table_issue(&challenge, o->desk.enrolment, PSE_WEBAUTHN_REGISTER, name,
                                 &no_act, &o->rng, (int64_t)office_now()) != PSE_OK) {
        pse_http_problem(c, 503, "busy");
        return;
    }
    account = consent_account(&o->desk.accounts, name);
    pse_json_wr_object(&w, NULL);
    webauthn_put_request(&w, &challenge, &o->desk.site, account == NULL ? NULL : account->key,
                         account == NULL ? 0 : account->keys);
    pse_json_wr_end(&w);
    office_json(c, 200, &w);
}

static enum pse_webauthn_fault judge_new(struct pse_webauthn_key *key, struct office *o,
                                         const char *name, struct pse_span json)
{
    struct pse_webauthn_key known[CONSENT_OFFICERS_MAX * CONSENT_AUTHENTICATORS];
    struct pse_webauthn_answer answer = {.owned = NULL};
    struct pse_webauthn_challenge challenge;
    int64_t now = (int64_t)office_now();
    enum pse_webauthn_fault fault;
    size_t n = 0;

    for (size_t i = 0; i < o->desk.accounts.n; i++) {
        for (size_t j = 0; j < o->desk.accounts.account[i].keys; j++)
            known[n++] = o->desk.accounts.account[i].key[j];
    }
    fault = pse_webauthn_table_take(&challenge, o->desk.enrolment, name, now);
    if (fault == PSE_WEBAUTHN_GOOD)
        fault = pse_webauthn_answer_read(&answer, json);
    if (fault == PSE_WEBAUTHN_GOOD)
        fault = pse_webauthn_register(key, &answer, &challenge, &o->desk.site, &o->desk.rules,
                                      known, n, now);
    pse_webauthn_answer_free(&answer);
    return fault;
}

void office_post_authenticator(struct office *o, struct pse_http_call *c)
{
    PSE_ARENA(arena, BODY_ARENA);
    char name[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    enum pse_webauthn_fault judged;
    struct pse_webauthn_key key;
    struct asked asked;
    char by[16];

    if (!begin_enrolment(&asked, name, by, &arena, o, c))
        return;
    judged = judge_new(&key, o, name, asked.answer);
    if (judged != PSE_WEBAUTHN_GOOD) {
        office_webauthn_refused(o, c, "officer.enrolment", judged);
        return;
    }
    /* The code first: after a crash between the two a new one is asked for, and none works twice.
     */
    if ((asked.code.n > 0 && office_code_use(o, asked.code) != PSE_OK) ||
        office_enrol(o, name, &key, by) != PSE_OK) {
        pse_http_problem(c, 503, "storage");
        return;
    }
    office_event(o, "officer.enrolment", 5, "ok", by);
    welcome(o, c, consent_account(&o->desk.accounts, name));
}

/* --- accounts ----------------------------------------------------------------------------------
 */

static const char *attestation_word(enum pse_webauthn_attestation a)
{
    static const char *const words[] = {[PSE_WEBAUTHN_NONE] = "none",
                                        [PSE_WEBAUTHN_SELF] = "self",
                                        [PSE_WEBAUTHN_SIGNED] = "signed",
                                        [PSE_WEBAUTHN_CERTIFIED] = "certified"};

    return words[a];
}

void office_get_accounts(struct office *o, struct pse_http_call *c)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_bool(&w, "keys", o->desk.set->require == OFFICE_REQUIRE_KEY);
    pse_json_wr_array(&w, "accounts");
    for (size_t i = 0; i < o->desk.accounts.n; i++) {
        const struct consent_account *a = &o->desk.accounts.account[i];

        pse_json_wr_object(&w, NULL);
        pse_json_wr_str(&w, "account", a->name);
        pse_json_wr_array(&w, "authenticators");
        for (size_t j = 0; j < a->keys; j++) {
            char model[37];
            pse_hash credential;

            pse_sha256(&credential, pse_span(a->key[j].id, a->key[j].id_n));
            pse_webauthn_aaguid_text(model, a->key[j].aaguid);
            pse_json_wr_object(&w, NULL);
            pse_json_wr_hex(&w, "credential", credential.b, 32);
            pse_json_wr_str(&w, "model", model);
            pse_json_wr_str(&w, "attestation", attestation_word(a->key[j].attestation));
            pse_json_wr_end(&w);
        }
        pse_json_wr_end(&w);
        pse_json_wr_end(&w);
    }
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    office_json(c, 200, &w);
}
