/* A bench for ID tokens: a service's keys, and a token on it that is made, changed and judged. */
#ifndef PSE_TESTS_UNIT_OIDC_BENCH_H
#define PSE_TESTS_UNIT_OIDC_BENCH_H

#include "oidc_maker.h"

static EVP_PKEY *rsa, *other, *p256;
static struct pse_oidc_keys *keys; /* rsa is "one", p256 is "two" */
static char *token, *payload;
static struct pse_oidc_person who;

static const char rs256[] = "{\"alg\":\"RS256\",\"kid\":\"one\",\"typ\":\"JWT\"}";
static const char es256[] = "{\"alg\":\"ES256\",\"kid\":\"two\"}";

static inline int bench_set_up(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    other = EVP_RSA_gen(2048);
    p256 = EVP_EC_gen("P-256");
    keys = oidc_keys(rsa, ",\"kid\":\"one\",\"use\":\"sig\",\"alg\":\"RS256\"", p256,
                     ",\"kid\":\"two\"");
    token = malloc(OIDC_TEXT);
    payload = malloc(OIDC_TEXT);
    return 0;
}

static inline int bench_tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other);
    EVP_PKEY_free(p256);
    pse_oidc_keys_free(keys);
    free(token);
    free(payload);
    return 0;
}

/* By the usual rules. */
static inline enum pse_oidc_fault judge(const char *text, const struct pse_oidc_keys *by)
{
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    return oidc_judge(&who, text, by, &r, &e);
}

static inline enum pse_oidc_fault judge_plan(const char *header, const struct claims_plan *c,
                                             EVP_PKEY *key, const struct pse_oidc_keys *by)
{
    oidc_payload(payload, c);
    oidc_token(token, header, payload, key);
    return judge(token, by);
}

static inline enum pse_oidc_fault judge_header(const char *header, EVP_PKEY *key,
                                               const struct pse_oidc_keys *by)
{
    struct claims_plan c = oidc_claims();

    return judge_plan(header, &c, key, by);
}

#endif
