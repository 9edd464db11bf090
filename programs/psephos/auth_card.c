/* Identity by card: Web eID (identity contract 2). The challenge is taken before anything is looked
 * at; the lock is given up while the card's authority is asked. */
#include <stdio.h>

#include "psephos/auth.h"

static enum identity_rc begin(void *ctx, struct identity_begun *begun,
                              const struct identity_session *s)
{
    struct auth *a = ctx;

    *begun = (struct identity_begun){.retry = 0};
    return pse_challenges_issue(begun->challenge, a->challenges, pse_span(s->browser, 32), &a->rng,
                                (int64_t)s->now) == PSE_OK
               ? IDENTITY_OK
               : IDENTITY_LIMIT;
}

static enum identity_rc refuse(struct identity_result *out, enum pse_eid_fault fault)
{
    if (fault == PSE_EID_NO_MEMORY)
        return IDENTITY_FAILED;
    out->why = pse_webeid_words_of_fault(fault)->slug;
    return fault == PSE_EID_OCSP_UNREACHABLE ? IDENTITY_FAILED : IDENTITY_REFUSED;
}

/* Row 7: an answer or none; the judge decides. */
static enum pse_eid_fault finish(struct auth *a, const struct pse_webeid *w, const char *challenge,
                                 struct pse_webeid_rules *rules)
{
    struct pse_buf answer = PSE_BUF(PSE_OCSP_MAX);
    struct pse_webeid_revocation revocation = {
        .responder = a->trust.responder, .max_age = PSE_OCSP_AGE, .skew = PSE_OCSP_SKEW};
    uint8_t nonce[PSE_OCSP_NONCE];
    enum pse_eid_fault fault;
    struct pse_rng rng;
    size_t nonce_n;

    pse_rng_fork(&rng, &a->rng);
    pthread_mutex_unlock(&a->lock);
    revocation.came = auth_fetch_ocsp(&answer, nonce, &nonce_n, a, &rng, pse_webeid_certificate(w),
                                      pse_webeid_issuer(w)) == PSE_OK;
    revocation.answer = pse_buf_span(&answer);
    revocation.nonce = pse_span(nonce, nonce_n);
    rules->now = (int64_t)auth_now();
    fault = pse_webeid_finish(w, &revocation, pse_span_str(challenge), rules);
    pthread_mutex_lock(&a->lock);
    pse_rng_wipe(&rng);
    pse_buf_free(&answer);
    return fault;
}

static void describe(struct identity_result *out, const struct pse_certificate *c,
                     struct pse_span token)
{
    const struct pse_person *p = pse_certificate_person(c);
    int64_t from, until;

    (void)snprintf(out->given, sizeof out->given, "%s", p->given_name);
    (void)snprintf(out->surname, sizeof out->surname, "%s", p->surname);
    pse_sha256(&out->evidence, token);
    pse_certificate_life(&from, &until, c);
    out->expiry = until < 0 ? 1 : (uint64_t)until;
    out->level = IDENTITY_HIGH;
    out->is_signer = true;
    out->method = "webeid";
}

static enum identity_rc find(struct identity_result *out, struct auth *a,
                             const struct pse_certificate *c)
{
    char subject[PSE_SUBJECT_MAX];

    if (pse_person_subject(subject, pse_certificate_person(c)) == PSE_OK &&
        strlen(subject) < sizeof out->subject)
        return auth_identify(out, a, subject);
    out->why = "eid-nobody";
    return IDENTITY_REFUSED;
}

static enum identity_rc complete(void *ctx, struct identity_result *out,
                                 const struct identity_session *s, struct pse_span response)
{
    struct auth *a = ctx;
    struct pse_webeid_rules rules = {.origin = a->set->origin,
                                     .anchors = a->trust.people,
                                     .forbidden = a->trust.forbidden,
                                     .forbidden_n = a->trust.forbidden_n,
                                     .now = (int64_t)s->now};
    char challenge[PSE_CHALLENGE_TEXT];
    struct pse_webeid *w = NULL;
    enum identity_rc rc;
    enum pse_eid_fault fault =
        pse_challenges_take(challenge, a->challenges, pse_span(s->browser, 32), (int64_t)s->now);

    memset(out, 0, sizeof *out);
    if (fault == PSE_EID_GOOD)
        fault = pse_webeid_open(&w, response, &rules);
    if (fault == PSE_EID_GOOD)
        fault = finish(a, w, challenge, &rules);
    if (fault == PSE_EID_GOOD) {
        rc = find(out, a, pse_webeid_certificate(w));
        if (rc == IDENTITY_OK)
            describe(out, pse_webeid_certificate(w), response);
    } else {
        rc = refuse(out, fault);
    }
    pse_webeid_free(w);
    return rc;
}

struct identity_provider auth_card(struct auth *a)
{
    return (struct identity_provider){"webeid", a, begin, complete};
}
