/* Who stands behind an act. */
#include <string.h>

#include "common/consent.h"
#include "common/options.h"

struct consent_account *consent_account(const struct consent_accounts *a, const char *name)
{
    for (size_t i = 0; a != NULL && i < a->n; i++) {
        if (strcmp(a->account[i].name, name) == 0)
            return (struct consent_account *)&a->account[i];
    }
    return NULL;
}

/* Judged as it was when it came, but for the counter, which only the office can compare. */
static bool read_assertion(struct pse_webauthn_evidence *e, const struct consent_assertion *a,
                           const struct consent *c, const struct consent_need *need)
{
    const struct consent_account *account = consent_account(need->accounts, a->account);
    struct pse_webauthn_key key[CONSENT_AUTHENTICATORS];
    struct pse_webauthn_done done;
    pse_hash act;

    if (account == NULL || account->keys < CONSENT_AUTHENTICATORS ||
        pse_webauthn_evidence_parse(e, a->evidence) != PSE_OK)
        return false;
    for (size_t i = 0; i < account->keys; i++) {
        key[i] = account->key[i];
        key[i].sign_count = 0;
    }
    consent_webauthn_act(&act, c);
    return e->challenge.purpose == PSE_WEBAUTHN_ACT &&
           strcmp(e->challenge.account, a->account) == 0 &&
           pse_hash_is_equal(&e->challenge.act, &act) &&
           e->answered + CONSENT_CLOCKS_DIFFER >= (int64_t)c->made &&
           e->answered <= (int64_t)(c->made + CONSENT_SECONDS) &&
           pse_webauthn_assert(&done, &e->answer, &e->challenge, need->site, key, account->keys,
                               e->answered) == PSE_WEBAUTHN_GOOD;
}

struct behind {
    const char *name[2 * CONSENT_SIGNERS_MAX];
    size_t n;
};

static void stand_behind(struct behind *b, const char *name)
{
    for (size_t i = 0; name != NULL && i < b->n; i++) {
        if (b->name[i] != NULL && strcmp(b->name[i], name) == 0)
            return;
    }
    b->name[b->n++] = name;
}

/* Over the keys on the act, which are distinct; an officer named twice counts once. */
static void find_signers(struct behind *b, const struct consent *c, const struct consent_need *need)
{
    for (size_t i = 0; i < c->signers; i++) {
        for (size_t j = 0; j < need->officers; j++) {
            if (pse_edkey_is_equal(&c->by[i].key, &need->officer[j])) {
                stand_behind(b, need->name == NULL ? NULL : need->name[j]);
                break;
            }
        }
    }
}

static void find_asserters(struct behind *b, const struct consent *c,
                           const struct consent_need *need)
{
    struct pse_webauthn_evidence e[CONSENT_SIGNERS_MAX];
    bool good[CONSENT_SIGNERS_MAX];
    int64_t last = 0;

    for (size_t i = 0; i < c->assertions; i++) {
        good[i] = read_assertion(&e[i], &c->asserted[i], c, need);
        if (good[i] && e[i].answered > last)
            last = e[i].answered;
    }
    for (size_t i = 0; i < c->assertions; i++) {
        if (good[i] && pse_webauthn_is_fresh(&e[i].challenge, last) == PSE_WEBAUTHN_GOOD)
            stand_behind(b, c->asserted[i].account);
    }
}

size_t consent_officers(const struct consent *c, const struct consent_need *need)
{
    struct behind b = {.n = 0};

    find_signers(&b, c, need);
    find_asserters(&b, c, need);
    return b.n;
}

pse_rc consent_check(const struct consent *c, const char *name, const struct consent_need *need)
{
    size_t n = consent_officers(c, need);

    if (!pse_span_is_str(c->what, need->what)) {
        cli_error(name, "the act is to %.*s, this is to %s; propose another act", (int)c->what.n,
                  (const char *)c->what.p, need->what);
        return PSE_E_MISMATCH;
    }
    if (!pse_hash_is_equal(&c->eid, need->eid)) {
        cli_error(name, "the act belongs to another election; propose another act");
        return PSE_E_MISMATCH;
    }
    if (!pse_hash_is_equal(&c->subject, need->subject)) {
        cli_error(name, "the officers agreed to other bytes than these; propose another act");
        return PSE_E_MISMATCH;
    }
    if (c->made > need->now + CONSENT_CLOCKS_DIFFER || need->now > c->made + CONSENT_SECONDS) {
        cli_error(name, "the act was made more than a day ago, or in the future; propose it again");
        return PSE_E_STATE;
    }
    if (n < CONSENT_NEEDED) {
        cli_error(name,
                  "%zu of the officers named with --officer signed the act, %d are needed; "
                  "run psephos officer agree",
                  n, CONSENT_NEEDED);
        return PSE_E_STATE;
    }
    return PSE_OK;
}
