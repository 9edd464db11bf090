/* Bonds judged: statement, person, signature, instant, revocation. */
#include "bond.h"

/* What judging holds on the way. */
struct held {
    struct pse_certificate *signer, *issuer;
    struct pse_binding binding;
};

static void held_free(struct held *h)
{
    pse_certificate_free(h->signer);
    pse_certificate_free(h->issuer);
}

/* --- what was signed ----------------------------------------------------------------------------
 */

static enum pse_bond_fault check_statement(struct held *h, const struct pse_bond *b,
                                           const struct pse_bond_rules *rules)
{
    struct pse_binding *s = &h->binding;

    if (pse_binding_parse(s, b->statement) != PSE_OK)
        return PSE_BOND_STATEMENT;
    if (!pse_hash_is_equal(&s->eid, rules->eid))
        return PSE_BOND_ELECTION;
    if (rules->registrar != NULL && !pse_hash_is_equal(&s->registrar, rules->registrar))
        return PSE_BOND_REGISTRAR;
    if (rules->credential != NULL && memcmp(s->credential.b, rules->credential->b, 32) != 0)
        return PSE_BOND_CREDENTIAL;
    if (rules->nonce != NULL && !pse_hash_is_equal(&s->nonce, rules->nonce))
        return PSE_BOND_NONCE;
    if (rules->subject.n > 0 && !pse_span_is_equal(s->subject, rules->subject))
        return PSE_BOND_SUBJECT;
    return pse_binding_verify(rules->g, s, b->statement, b->proof) == PSE_OK ? PSE_BOND_GOOD
                                                                             : PSE_BOND_PROOF;
}

/* --- who signed ---------------------------------------------------------------------------------
 */

static enum pse_bond_fault check_person(struct held *h, const struct pse_bond *b)
{
    pse_rc rc = pse_cms_certificate(&h->signer, b->cms);
    char subject[PSE_SUBJECT_MAX];
    pse_hash digest;

    if (rc == PSE_E_MEMORY)
        return PSE_BOND_NO_MEMORY;
    if (rc != PSE_OK)
        return PSE_BOND_CERTIFICATE;
    digest = pse_certificate_digest(h->signer);
    if (!pse_hash_is_equal(&digest, &b->certificate))
        return PSE_BOND_CERTIFICATE;
    if (pse_person_subject(subject, pse_certificate_person(h->signer)) != PSE_OK ||
        !pse_span_is_str(h->binding.subject, subject))
        return PSE_BOND_PERSON;
    return PSE_BOND_GOOD;
}

static enum pse_bond_fault check_signature(struct pse_bond_verdict *out, struct pse_cms *cms,
                                           struct held *h, const struct pse_bond *b,
                                           const struct pse_bond_rules *rules)
{
    const struct pse_cms_rules by = {.signer = h->signer,
                                     .anchors = rules->people,
                                     .forbidden = rules->forbidden,
                                     .forbidden_n = rules->forbidden_n,
                                     .now = (int64_t)b->received};
    pse_hash digest;

    out->cms = pse_cms_verify(cms, b->cms, b->statement, &by);
    if (out->cms == PSE_CMS_NO_MEMORY)
        return PSE_BOND_NO_MEMORY;
    if (out->cms != PSE_CMS_GOOD)
        return PSE_BOND_CMS;
    out->algorithm = cms->algorithm;
    if (pse_certificate_issuer(&h->issuer, h->signer, rules->people, (int64_t)b->received) !=
        PSE_EID_GOOD)
        return PSE_BOND_NO_MEMORY; /* it was found a moment ago */
    digest = pse_certificate_digest(h->issuer);
    return pse_hash_is_equal(&digest, &b->issuer) ? PSE_BOND_GOOD : PSE_BOND_ISSUER;
}

static enum pse_bond_fault judge_signature(struct pse_bond_verdict *out, struct pse_cms *cms,
                                           struct held *h, const struct pse_bond *b,
                                           const struct pse_bond_rules *rules)
{
    enum pse_bond_fault fault = check_statement(h, b, rules);

    if (fault == PSE_BOND_GOOD)
        fault = check_person(h, b);
    if (fault == PSE_BOND_GOOD)
        fault = check_signature(out, cms, h, b, rules);
    if (fault == PSE_BOND_GOOD)
        out->credential = h->binding.credential;
    return fault;
}

/* --- when ---------------------------------------------------------------------------------------
 */

void pse_bond_ask(struct pse_stamp_ask *ask, const struct pse_bond *b, struct pse_span signature,
                  const char *policy)
{
    PSE_REQUIRE(b->stamp_nonce.n <= PSE_STAMP_NONCE_MAX);
    memset(ask, 0, sizeof *ask);
    pse_stamp_digest(ask, PSE_STAMP_SHA256, signature);
    memcpy(ask->nonce, b->stamp_nonce.p, b->stamp_nonce.n);
    ask->nonce_n = b->stamp_nonce.n;
    ask->policy = policy;
}

static enum pse_bond_fault check_stamp(struct pse_bond_verdict *out, const struct pse_bond *b,
                                       struct pse_span signature,
                                       const struct pse_bond_rules *rules)
{
    struct pse_stamp_ask ask;
    struct pse_stamp_rules by = {.ask = &ask,
                                 .anchors = rules->stamps,
                                 .now = (int64_t)b->received,
                                 .earliest = (int64_t)b->received - PSE_BOND_WINDOW,
                                 .latest = (int64_t)b->received + PSE_BOND_WINDOW};
    struct pse_stamp stamp;

    pse_bond_ask(&ask, b, signature, rules->policy);
    out->stamp = pse_stamp_verify(&stamp, b->stamp, &by);
    if (out->stamp == PSE_STAMP_NO_MEMORY)
        return PSE_BOND_NO_MEMORY;
    if (out->stamp != PSE_STAMP_GOOD)
        return PSE_BOND_STAMP;
    out->stamped = stamp.time;
    return PSE_BOND_GOOD;
}

/* --- whether it was revoked ---------------------------------------------------------------------
 */

/* Asked at once: good then, by the rules for logins. Asked later: the answer is of the stamped
 * instant or after it, and only a revocation before that instant counts. */
static enum pse_bond_fault check_answer(struct pse_bond_verdict *out, const struct held *h,
                                        const struct pse_bond *b,
                                        const struct pse_bond_rules *rules)
{
    const struct pse_ocsp_rules by = {.certificate = h->signer,
                                      .issuer = h->issuer,
                                      .anchors = rules->people,
                                      .responder = rules->responder,
                                      .nonce = b->ocsp_nonce,
                                      .now = (int64_t)b->judged,
                                      .max_age = PSE_OCSP_AGE,
                                      .skew = PSE_OCSP_SKEW,
                                      .is_late = b->form == PSE_BOND_LATE,
                                      .stamped = out->stamped};
    struct pse_ocsp answer;
    uint64_t first = b->received - (b->received < PSE_BOND_WINDOW ? b->received : PSE_BOND_WINDOW);

    if (b->form == PSE_BOND_PENDING)
        return PSE_BOND_PENDING_YET;
    if (b->judged < first ||
        (b->form == PSE_BOND_PROMPT && b->judged > b->received + PSE_BOND_WINDOW))
        return PSE_BOND_TIME;
    out->ocsp = pse_ocsp_verify(&answer, b->ocsp, &by);
    if (out->ocsp == PSE_EID_NO_MEMORY)
        return PSE_BOND_NO_MEMORY;
    out->revoked_at = answer.revoked_at;
    return out->ocsp == PSE_EID_GOOD ? PSE_BOND_GOOD : PSE_BOND_OCSP;
}

void pse_bond_judge(struct pse_bond_verdict *out, const struct pse_bond *b,
                    const struct pse_bond_rules *rules)
{
    struct held h = {.signer = NULL};
    struct pse_cms cms;

    memset(out, 0, sizeof *out);
    out->fault = judge_signature(out, &cms, &h, b, rules);
    if (out->fault == PSE_BOND_GOOD)
        out->fault = check_stamp(out, b, cms.signature, rules);
    if (out->fault == PSE_BOND_GOOD)
        out->fault = check_answer(out, &h, b, rules);
    held_free(&h);
}

void pse_bond_judge_signature(struct pse_bond_verdict *out, struct pse_span *signature,
                              const struct pse_bond *b, const struct pse_bond_rules *rules)
{
    struct held h = {.signer = NULL};
    struct pse_cms cms = {.algorithm = PSE_CMS_NONE};

    memset(out, 0, sizeof *out);
    out->fault = judge_signature(out, &cms, &h, b, rules);
    *signature = cms.signature;
    held_free(&h);
}
