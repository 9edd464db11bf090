/* Acts that officers propose and assert with their authenticators. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/webauthn_problem.h"
#include "psephos/office.h"

enum { JSON_OUT_MAX = 1 << 20, BODY_ARENA = 1 << 20 };

/* --- judging -----------------------------------------------------------------------------------
 */

static enum pse_webauthn_fault judge_answer(struct pse_buf *evidence, struct office *o,
                                            struct pse_webauthn_answer *answer,
                                            const struct pse_webauthn_challenge *challenge,
                                            struct consent_account *account)
{
    struct pse_webauthn_evidence e = {.challenge = *challenge, .answered = (int64_t)office_now()};
    struct pse_webauthn_done done;
    enum pse_webauthn_fault fault = pse_webauthn_assert(&done, answer, challenge, &o->desk.site,
                                                        account->key, account->keys, e.answered);

    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    if (office_counted(o, account, &done) != PSE_OK)
        return PSE_WEBAUTHN_NO_MEMORY;
    if (evidence == NULL)
        return PSE_WEBAUTHN_GOOD;
    e.answer = *answer;
    pse_webauthn_evidence_put(evidence, &e);
    return evidence->rc == PSE_OK ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_NO_MEMORY;
}

enum pse_webauthn_fault office_judge(struct pse_buf *evidence, struct office *o,
                                     struct pse_webauthn_table *table,
                                     enum pse_webauthn_purpose purpose,
                                     struct consent_account *account, const pse_hash *act,
                                     struct pse_span json)
{
    struct pse_webauthn_answer answer = {.owned = NULL};
    struct pse_webauthn_challenge challenge;
    enum pse_webauthn_fault fault =
        pse_webauthn_table_take(&challenge, table, account->name, (int64_t)office_now());

    if (fault == PSE_WEBAUTHN_GOOD &&
        (challenge.purpose != purpose || !pse_hash_is_equal(&challenge.act, act)))
        fault = PSE_WEBAUTHN_PURPOSE;
    if (fault == PSE_WEBAUTHN_GOOD)
        fault = pse_webauthn_answer_read(&answer, json);
    if (fault == PSE_WEBAUTHN_GOOD)
        fault = judge_answer(evidence, o, &answer, &challenge, account);
    pse_webauthn_answer_free(&answer);
    return fault;
}

void office_webauthn_refused(struct office *o, struct pse_http_call *c, const char *event,
                             enum pse_webauthn_fault fault)
{
    /* Somebody may have copied an authenticator: that is an alarm, the others are mistakes. */
    office_event(o, event, fault == PSE_WEBAUTHN_SIGN_COUNT ? 2 : 4, "refused",
                 webauthn_slug(fault));
    webauthn_problem(c, fault);
}

/* --- requests ----------------------------------------------------------------------------------
 */

/* The account that asks; NULL, and the answer is given. */
static struct consent_account *asker(struct office *o, struct pse_http_call *c)
{
    struct consent_account *account =
        o->asked_by_key ? NULL : consent_account(&o->desk.accounts, o->asker);

    if (account == NULL)
        pse_http_problem(c, 403, "session-needed");
    return account;
}

static struct office_act **draft_of(struct office *o, const struct consent_account *account)
{
    return &o->desk.draft[account - o->desk.accounts.account];
}

static void answer_request(struct office *o, struct pse_http_call *c, const struct office_act *a,
                           const struct consent_account *account, unsigned status)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct pse_webauthn_challenge challenge;
    pse_hash act;

    consent_webauthn_act(&act, &a->consent);
    if (pse_webauthn_table_issue(&challenge, o->desk.act, PSE_WEBAUTHN_ACT, account->name, &act,
                                 &o->rng, (int64_t)office_now()) != PSE_OK) {
        pse_http_problem(c, 503, "busy");
        return;
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "hash", a->hash.b, 32);
    pse_json_wr_hex(&w, "nonce", challenge.nonce.b, 32);
    pse_json_wr_u64(&w, "issued", (uint64_t)challenge.issued);
    webauthn_put_request(&w, &challenge, &o->desk.site, account->key, account->keys);
    office_act_put(&w, "proposal", o, a, true);
    pse_json_wr_end(&w);
    office_json(c, status, &w);
}

static pse_rc read_proposal(struct pse_span *order, struct pse_span *about, struct pse_arena *arena,
                            const struct pse_http_call *c)
{
    const struct pse_json *root;
    struct pse_json_rd r;

    PSE_TRY(pse_json_parse(&root, NULL, arena, pse_http_body(c)));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(pse_json_take_string(order, &r, "order"));
    PSE_TRY(pse_json_take_string(about, &r, "about"));
    return pse_json_close(&r);
}

void office_post_proposal(struct office *o, struct pse_http_call *c)
{
    PSE_ARENA(arena, BODY_ARENA);
    struct consent_account *account = asker(o, c);
    struct office_act *a;
    struct pse_span order;
    struct pse_span about;
    const char *slug;
    unsigned status;

    if (account == NULL)
        return;
    if (read_proposal(&order, &about, &arena, c) != PSE_OK) {
        pse_http_problem(c, 400, "malformed");
        return;
    }
    a = office_act_draft(o, &status, &slug, order, about);
    if (a == NULL) {
        office_event(o, "officer.proposal", 4, "refused", slug);
        pse_http_problem(c, status, slug);
        return;
    }
    office_act_free(*draft_of(o, account));
    *draft_of(o, account) = a;
    answer_request(o, c, a, account, 201);
}

/* An act of the office, or the account's own draft. */
static struct office_act *find_act(struct office *o, struct pse_http_call *c,
                                   const struct consent_account *account, const char *more)
{
    struct office_act *draft = *draft_of(o, account);
    struct pse_span tail = pse_http_tail(c);
    pse_hash hash;

    if (draft != NULL && tail.n == 64 + strlen(more) &&
        pse_hex_decode(hash.b, 32, pse_span(tail.p, 64)) == PSE_OK &&
        pse_hash_is_equal(&draft->hash, &hash))
        return draft;
    return office_named(o, c, more);
}

void office_post_request(struct office *o, struct pse_http_call *c)
{
    struct consent_account *account = asker(o, c);
    struct office_act *a = account == NULL ? NULL : find_act(o, c, account, "/request");
    const char *slug;
    unsigned status;

    if (a == NULL)
        return;
    status = office_act_may_assert(o, &slug, a, account->name);
    if (status == 0)
        answer_request(o, c, a, account, 200);
    else
        pse_http_problem(c, status, slug);
}

/* --- assertions --------------------------------------------------------------------------------
 */

static void take_assertion(struct office *o, struct pse_http_call *c, struct office_act *a,
                           struct consent_account *account, struct pse_span json)
{
    struct pse_buf evidence = PSE_BUF(PSE_WEBAUTHN_EVIDENCE_MAX);
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    enum pse_webauthn_fault fault;
    const char *slug;
    unsigned status;
    pse_hash act;

    consent_webauthn_act(&act, &a->consent);
    fault = office_judge(&evidence, o, o->desk.act, PSE_WEBAUTHN_ACT, account, &act, json);
    if (fault != PSE_WEBAUTHN_GOOD) {
        pse_buf_free(&evidence);
        office_webauthn_refused(o, c, "officer.assertion", fault);
        return;
    }
    status = office_act_may_assert(o, &slug, a, account->name);
    if (status == 0)
        status = office_act_assert(o, &slug, a, account->name, pse_buf_span(&evidence));
    pse_buf_free(&evidence);
    if (status != 0) {
        office_event(o, "officer.assertion", 4, "refused", slug);
        pse_http_problem(c, status, slug);
        return;
    }
    if (*draft_of(o, account) == a)
        *draft_of(o, account) = NULL;
    office_event(o, "officer.assertion", 5, "ok", a->order.what);
    office_act_put(&w, NULL, o, a, true);
    office_json(c, 200, &w);
}

void office_post_assertion(struct office *o, struct pse_http_call *c)
{
    PSE_ARENA(arena, BODY_ARENA);
    struct consent_account *account = asker(o, c);
    struct office_act *a = account == NULL ? NULL : find_act(o, c, account, "/assertions");
    const struct pse_json *root;
    struct pse_json_rd r;
    struct pse_span json;

    if (a == NULL)
        return;
    if (pse_json_parse(&root, NULL, &arena, pse_http_body(c)) != PSE_OK ||
        pse_json_open(&r, root, NULL) != PSE_OK ||
        pse_json_take_string(&json, &r, "answer") != PSE_OK || pse_json_close(&r) != PSE_OK) {
        pse_http_problem(c, 400, "malformed");
        return;
    }
    take_assertion(o, c, a, account, json);
}
