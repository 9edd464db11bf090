/* ID tokens, and what they claim once the signature holds: one that is accepted names a person of
 * the configured kind, and is accepted for this login, site and time alone. */
#include "identity/oidc_room.h" /* claims by themselves: nobody can sign what a fuzzer writes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key under which the corpus was signed (its private half is gone). */
static const char jwks[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"one\","
                           "\"x\":\"1Oj9JOK0FLu3842BoTaGKFo9X9qrDgloMN82F7xUQOQ\","
                           "\"y\":\"R4kUMrdT2sMieajKl05aOtvYcMu2GESQWWcFSLcwaw8\"}]}";
static const char nonce[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
static const char another[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9";
enum { NOW = 1780000000 };

static struct pse_oidc_rules rules(void)
{
    static const char *const host[] = {"id.example.org"};
    static const char *const level[] = {"low", "substantial", "high"};
    static const char *const method[] = {"idcard", "mID"};
    struct pse_oidc_rules r;

    pse_oidc_rules_default(&r);
    r.issuer = "https://id.example.org";
    r.client_id = "psephos";
    r.redirect_uri = "https://vote.example.org/return";
    r.hosts = (struct pse_oidc_list){host, 1};
    r.acr = (struct pse_oidc_list){level, 3};
    r.acr_least = "substantial";
    r.amr = (struct pse_oidc_list){method, 2};
    r.subject_begin = "EE";
    r.subject_kind = "PNOEE-";
    r.names_claim = "profile_attributes";
    return r;
}

/* A token, or claims by themselves when it begins like JSON. */
static enum pse_oidc_fault judge(struct pse_oidc_person *out, struct pse_span in,
                                 const struct pse_oidc_keys *keys, const struct pse_oidc_rules *r,
                                 const struct pse_oidc_expected *e)
{
    memset(out, 0, sizeof *out);
    if (in.n > 0 && in.p[0] == '{')
        return pse_oidc_claims_judge(out, in, r, e);
    return pse_oidc_id_token_judge(out, in, keys, r, e);
}

static void hold(struct pse_span in, const struct pse_oidc_keys *keys)
{
    struct pse_oidc_rules r = rules();
    struct pse_oidc_expected e = {.nonce = nonce, .now = NOW};
    struct pse_oidc_person who, other;

    if (judge(&who, in, keys, &r, &e) != PSE_OIDC_GOOD)
        return;
    PSE_REQUIRE(strncmp(who.subject, "PNOEE-", 6) == 0 && who.subject[6] != '\0');
    PSE_REQUIRE(who.level[0] != '\0' && who.method[0] != '\0');
    PSE_REQUIRE(who.issued <= NOW + 60 && who.expiry > NOW - 60);
    e.subject = who.subject;
    PSE_REQUIRE(judge(&other, in, keys, &r, &e) == PSE_OIDC_GOOD);
    e.subject = "PNOEE-";
    PSE_REQUIRE(judge(&other, in, keys, &r, &e) == PSE_OIDC_SUBJECT_CHANGED);
    e.nonce = another;
    PSE_REQUIRE(judge(&other, in, keys, &r, &e) == PSE_OIDC_NONCE);
    e.now = who.expiry + 60;
    PSE_REQUIRE(judge(&other, in, keys, &r, &e) == PSE_OIDC_EXPIRED);
    r.client_id = "another client";
    PSE_REQUIRE(judge(&other, in, keys, &r, &e) != PSE_OIDC_GOOD);
    r.issuer = "https://id.example.com";
    PSE_REQUIRE(judge(&other, in, keys, &r, &e) == PSE_OIDC_ISSUER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pse_oidc_answer answer = {.came = true, .status = 200, .body = pse_span_str(jwks)};
    struct pse_oidc_keys *keys;

    if (pse_oidc_keys_open(&keys, &answer) != PSE_OIDC_GOOD)
        return 0;
    hold(pse_span(data, size), keys);
    pse_oidc_keys_free(keys);
    return 0;
}
