/* What ID tokens claim: each rule accepted once and refused with one field changed. */
#include "oidc_bench.h"

static enum pse_oidc_fault judge_claims_by(const struct claims_plan *c,
                                           const struct pse_oidc_rules *r,
                                           const struct pse_oidc_expected *e)
{
    oidc_payload(payload, c);
    oidc_token(token, rs256, payload, rsa);
    return oidc_judge(&who, token, keys, r, e);
}

static enum pse_oidc_fault judge_claims(const struct claims_plan *c)
{
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    return judge_claims_by(c, &r, &e);
}

#define CLAIM(member, value, wanted)                \
    do {                                            \
        struct claims_plan plan_ = oidc_claims();   \
        plan_.member = (value);                     \
        assert_fault(judge_claims(&plan_), wanted); \
    } while (0)

static void claims_have_types(void **state)
{
    static const char *const no_text[] = {"1", "null", "true", "[\"a\"]", "{}"};
    static const char *const no_number[] = {"\"1780000300\"", "null",         "-1",
                                            "1e300",          "253402300800", "[]"};
    static const char *const no_list[] = {"\"idcard\"",        "1", "null", "[1]",
                                          "[\"idcard\",null]", "{}"};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        CLAIM(iss, no_text[i], PSE_OIDC_CLAIMS);
        CLAIM(azp, no_text[i], PSE_OIDC_CLAIMS);
        CLAIM(nonce, no_text[i], PSE_OIDC_CLAIMS);
        CLAIM(at_hash, no_text[i], PSE_OIDC_CLAIMS);
        CLAIM(acr, no_text[i], PSE_OIDC_CLAIMS);
        CLAIM(sub, no_text[i], PSE_OIDC_CLAIMS);
        CLAIM(given_name, no_text[i], PSE_OIDC_CLAIMS);
        CLAIM(family_name, no_text[i], PSE_OIDC_CLAIMS);
    }
    for (size_t i = 0; i < 6; i++) {
        CLAIM(exp, no_number[i], PSE_OIDC_CLAIMS);
        CLAIM(iat, no_number[i], PSE_OIDC_CLAIMS);
        CLAIM(nbf, no_number[i], PSE_OIDC_CLAIMS);
        CLAIM(amr, no_list[i], PSE_OIDC_CLAIMS);
    }
    CLAIM(aud, "1", PSE_OIDC_CLAIMS);
    CLAIM(aud, "[\"psephos\",1]", PSE_OIDC_CLAIMS);
    CLAIM(exp, NULL, PSE_OIDC_CLAIMS);
    CLAIM(iat, NULL, PSE_OIDC_CLAIMS);
    CLAIM(exp, "1780000300.75", PSE_OIDC_GOOD);
    assert_int_equal(who.expiry, OIDC_NOW + 300);
    CLAIM(more, ",\"sub\":\"EE48001085718\"", PSE_OIDC_CLAIMS); /* twice */
    CLAIM(more, ",\"x\":{\"a\":1,\"a\":2}", PSE_OIDC_CLAIMS);
    CLAIM(more, ",\"x\":\"\\u0000\"", PSE_OIDC_CLAIMS);
    CLAIM(more, "}x{", PSE_OIDC_CLAIMS);
    oidc_token(token, rs256, "[]", rsa);
    assert_fault(judge(token, keys), PSE_OIDC_CLAIMS);
    oidc_token(token, rs256, "", rsa);
    assert_fault(judge(token, keys), PSE_OIDC_CLAIMS);
}

static void issuer_and_audience(void **state)
{
    (void)state;
    CLAIM(iss, NULL, PSE_OIDC_ISSUER);
    CLAIM(iss, "\"https://id.example.org/\"", PSE_OIDC_ISSUER);
    CLAIM(iss, "\"https://id.example.com\"", PSE_OIDC_ISSUER);
    CLAIM(iss, "\"https://ID.example.org\"", PSE_OIDC_ISSUER);
    CLAIM(iss, "\"\"", PSE_OIDC_ISSUER);
    CLAIM(aud, "[\"psephos\"]", PSE_OIDC_GOOD);
    CLAIM(aud, NULL, PSE_OIDC_AUDIENCE);
    CLAIM(aud, "\"psephos2\"", PSE_OIDC_AUDIENCE);
    CLAIM(aud, "\"Psephos\"", PSE_OIDC_AUDIENCE);
    CLAIM(aud, "[\"another\"]", PSE_OIDC_AUDIENCE);
    CLAIM(aud, "[]", PSE_OIDC_AUDIENCE);
    CLAIM(aud, "[\"psephos\",\"another\"]", PSE_OIDC_PARTY);
    CLAIM(azp, "\"psephos\"", PSE_OIDC_GOOD);
    CLAIM(azp, "\"another\"", PSE_OIDC_PARTY);
}

static void several_audiences_need_a_party(void **state)
{
    struct claims_plan c = oidc_claims();

    (void)state;
    c.aud = "[\"another\",\"psephos\"]";
    c.azp = "\"psephos\"";
    assert_fault(judge_claims(&c), PSE_OIDC_GOOD);
    c.azp = "\"another\"";
    assert_fault(judge_claims(&c), PSE_OIDC_PARTY);
    c.azp = NULL;
    assert_fault(judge_claims(&c), PSE_OIDC_PARTY);
}

/* A minute either way, to the second. */
static void times(void **state)
{
    struct claims_plan c = oidc_claims();
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    (void)state;
    CLAIM(exp, "1780000000", PSE_OIDC_GOOD);
    CLAIM(exp, "1779999941", PSE_OIDC_GOOD);
    CLAIM(exp, "1779999940", PSE_OIDC_EXPIRED);
    CLAIM(exp, "0", PSE_OIDC_EXPIRED);
    CLAIM(iat, "1780000060", PSE_OIDC_GOOD);
    CLAIM(iat, "1780000061", PSE_OIDC_ISSUED_LATER);
    CLAIM(nbf, "1779999000", PSE_OIDC_GOOD);
    CLAIM(nbf, "1780000060", PSE_OIDC_GOOD);
    CLAIM(nbf, "1780000061", PSE_OIDC_NOT_YET_VALID);
    r.skew = 0;
    c.exp = "1780000001";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    c.exp = "1780000000";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_EXPIRED);
    c = oidc_claims();
    e.now = OIDC_NOW - 1;
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_ISSUED_LATER);
}

static void nonces(void **state)
{
    (void)state;
    CLAIM(nonce, NULL, PSE_OIDC_NONCE_MISSING);
    CLAIM(nonce, "\"\"", PSE_OIDC_NONCE_MISSING);
    CLAIM(nonce, "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\"", PSE_OIDC_NONCE);
    CLAIM(nonce, "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh\"", PSE_OIDC_NONCE);
    CLAIM(nonce, "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A\"", PSE_OIDC_NONCE);
}

static void access_token_hash(void **state)
{
    static const uint8_t hash[PSE_OIDC_AT_HASH_BYTES] = {0x77, 0x40, 0x3f};
    struct claims_plan c = oidc_claims();
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    (void)state;
    e.at_hash = hash;
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD); /* the service leaves it out */
    c.at_hash = "\"d0A_AAAAAAAAAAAAAAAAAA\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    c.at_hash = "\"d0A_AAAAAAAAAAAAAAAAAQ\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_AT_HASH);
    assert_fault(judge_claims(&c), PSE_OIDC_GOOD); /* nothing to compare it with */
    c.at_hash = "\"d0A_AAAAAAAAAAAAAAAA\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_AT_HASH);
    c.at_hash = "\"d0A_AAAAAAAAAAAAAAAAAAAA\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_AT_HASH);
    c.at_hash = "\"d0A/AAAAAAAAAAAAAAAAAA==\""; /* as TARA's description has it */
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    c.at_hash = "\"d0A/AAAAAAAAAAAAAAAAAQ==\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_AT_HASH);
    c.at_hash = "\"d0A_AAAAAAAAAAAAAAAAAA==\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_AT_HASH);
    c.at_hash = "\"\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_AT_HASH);
}

static void levels(void **state)
{
    struct claims_plan c = oidc_claims();
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    (void)state;
    CLAIM(acr, "\"substantial\"", PSE_OIDC_GOOD);
    assert_string_equal(who.level, "substantial");
    CLAIM(acr, "\"low\"", PSE_OIDC_ACR_LOW);
    CLAIM(acr, NULL, PSE_OIDC_ACR_MISSING);
    CLAIM(acr, "\"\"", PSE_OIDC_ACR_UNKNOWN);
    CLAIM(acr, "\"High\"", PSE_OIDC_ACR_UNKNOWN);
    CLAIM(acr, "\"0\"", PSE_OIDC_ACR_UNKNOWN);
    r.acr_least = "low";
    c.acr = "\"low\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    r.acr_least = "high";
    c.acr = "\"substantial\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_ACR_LOW);
    r.acr = (struct pse_oidc_list){NULL, 0};
    r.acr_least = NULL;
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    assert_string_equal(who.level, "");
}

static void methods(void **state)
{
    struct claims_plan c = oidc_claims();
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();
    char many[512] = "[\"idcard\"";

    (void)state;
    CLAIM(amr, "[\"mID\"]", PSE_OIDC_GOOD);
    CLAIM(amr, "[\"idcard\",\"mID\"]", PSE_OIDC_GOOD);
    assert_string_equal(who.method, "idcard mID");
    CLAIM(amr, "[\"smartid\"]", PSE_OIDC_AMR);
    CLAIM(amr, "[\"idcard\",\"pwd\"]", PSE_OIDC_AMR);
    CLAIM(amr, "[\"mid\"]", PSE_OIDC_AMR);
    CLAIM(amr, "[\"\"]", PSE_OIDC_AMR);
    CLAIM(amr, "[]", PSE_OIDC_AMR_MISSING);
    CLAIM(amr, NULL, PSE_OIDC_AMR_MISSING);
    for (size_t i = 0; i < 40; i++)
        strcat(many, ",\"idcard\"");
    strcat(many, "]");
    CLAIM(amr, many, PSE_OIDC_AMR); /* longer than there is room for */
    r.amr = (struct pse_oidc_list){NULL, 0};
    c.amr = "[\"pwd\"]";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    assert_string_equal(who.method, "");
}

static void subjects(void **state)
{
    char longest[512] = "\"EE";

    (void)state;
    CLAIM(sub, NULL, PSE_OIDC_SUBJECT_MISSING);
    CLAIM(sub, "\"\"", PSE_OIDC_SUBJECT_MISSING);
    CLAIM(sub, "\"EE\"", PSE_OIDC_SUBJECT_FORM);
    CLAIM(sub, "\"LT38001085718\"", PSE_OIDC_SUBJECT_FORM);
    CLAIM(sub, "\"ee38001085718\"", PSE_OIDC_SUBJECT_FORM);
    CLAIM(sub, "\"38001085718\"", PSE_OIDC_SUBJECT_FORM);
    CLAIM(sub, "\"EE38001085718 \"", PSE_OIDC_SUBJECT_FORM);
    CLAIM(sub, "\"EE3800\\u000a1085718\"", PSE_OIDC_SUBJECT_FORM);
    CLAIM(sub, "\"EE38001085718\\u200b\"", PSE_OIDC_SUBJECT_FORM);
    memset(longest + 3, '7', 293);
    strcpy(longest + 3 + 293, "\"");
    CLAIM(sub, longest, PSE_OIDC_GOOD);
    assert_int_equal(strlen(who.subject), PSE_OIDC_SUBJECT_MAX - 1);
    strcpy(longest + 3 + 293, "7\"");
    CLAIM(sub, longest, PSE_OIDC_SUBJECT_FORM);
}

static void the_same_person_as_before(void **state)
{
    struct claims_plan c = oidc_claims();
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    (void)state;
    e.subject = "PNOEE-38001085718";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    c.sub = "\"EE48001085718\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_SUBJECT_CHANGED);
    c = oidc_claims();
    e.subject = "EE38001085718"; /* not canonical: nobody's */
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_SUBJECT_CHANGED);
}

/* The number may stand in a claim of its own; sub must be there all the same. */
static void a_national_claim(void **state)
{
    struct claims_plan c = oidc_claims();
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    (void)state;
    r.subject_claim = "pid";
    r.subject_begin = "";
    r.subject_kind = "PNONO-";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_SUBJECT_MISSING);
    c.more = ",\"pid\":\"23079410918\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    assert_string_equal(who.subject, "PNONO-23079410918");
    c.more = ",\"pid\":23079410918";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_CLAIMS);
    c.more = ",\"pid\":\"23079410918\"";
    c.sub = NULL;
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_SUBJECT_MISSING);
    c.sub = "1";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_CLAIMS);
}

static void names(void **state)
{
    struct claims_plan c = oidc_claims();
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();
    char longest[1024] = "\"";

    (void)state;
    CLAIM(given_name, NULL, PSE_OIDC_GOOD);
    assert_string_equal(who.given_name, "");
    assert_string_equal(who.family_name, "JÕEORG");
    memset(longest + 1, 'x', 511);
    strcpy(longest + 512, "\"");
    CLAIM(given_name, longest, PSE_OIDC_GOOD);
    assert_int_equal(strlen(who.given_name), 511);
    strcpy(longest + 512, "x\"");
    CLAIM(given_name, longest, PSE_OIDC_CLAIMS);
    r.names_claim = "profile_attributes";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    assert_string_equal(who.family_name, "");
    c.more =
        ",\"profile_attributes\":{\"date_of_birth\":\"1980-01-08\",\"family_name\":\"ŽAIKOVSKI\","
        "\"given_name\":\"IGOR\"}";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    assert_string_equal(who.given_name, "IGOR");
    assert_string_equal(who.family_name, "ŽAIKOVSKI");
    c.more = ",\"profile_attributes\":[]";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_CLAIMS);
    c.more = ",\"profile_attributes\":{\"given_name\":1}";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_CLAIMS);
}

/* A token as TARA's description shows it, by its preset. */
static void tara(void **state)
{
    struct claims_plan c = oidc_claims();
    struct pse_oidc_expected e = oidc_expected();
    struct pse_oidc_rules r;

    (void)state;
    pse_oidc_rules_tara(&r);
    r.client_id = "TARA-Demo";
    c = (struct claims_plan){
        .iss = "\"https://tara.ria.ee\"",
        .aud = "\"TARA-Demo\"",
        .exp = "1780028800",
        .iat = "1780000000",
        .nbf = "1779999700",
        .nonce = c.nonce,
        .acr = "\"high\"",
        .amr = "[\"mID\"]",
        .sub = "\"EE60001019906\"",
        .more = ",\"profile_attributes\":{\"date_of_birth\":\"2000-01-01\",\"family_name\":"
                "\"O’CONNEŽ-ŠUSLIK"
                " TESTNUMBER\",\"given_name\":\"MARY "
                "ÄNN\"},\"state\":\"1OnH3qwltWy81fKqcmjYTqnco9yVQ2gGZXws/"
                "DBLNvQ=\"",
    };
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
    assert_string_equal(who.subject, "PNOEE-60001019906");
    assert_string_equal(who.given_name, "MARY ÄNN");
    assert_string_equal(who.family_name, "O’CONNEŽ-ŠUSLIK TESTNUMBER");
    assert_int_equal(who.expiry, 1780028800);
    c.acr = "\"substantial\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_ACR_LOW);
    c.acr = "\"high\"";
    c.amr = "[\"eIDAS\"]";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_AMR);
    c.amr = "[\"smartid\"]";
    c.sub = "\"CZ60001019906\"";
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_SUBJECT_FORM);
    oidc_token(token, es256, payload, p256);
    assert_fault(oidc_judge(&who, token, keys, &r, &e), PSE_OIDC_ALGORITHM);
}

/* Each rule has its place: with all that can be wrong, the first is told, and mending it brings the
 * next. */
static void the_first_failure_is_told(void **state)
{
    static const enum pse_oidc_fault order[] = {
        PSE_OIDC_ISSUER,       PSE_OIDC_AUDIENCE,      PSE_OIDC_PARTY,           PSE_OIDC_EXPIRED,
        PSE_OIDC_ISSUED_LATER, PSE_OIDC_NOT_YET_VALID, PSE_OIDC_NONCE,           PSE_OIDC_AT_HASH,
        PSE_OIDC_ACR_LOW,      PSE_OIDC_AMR,           PSE_OIDC_SUBJECT_CHANGED,
    };
    static const uint8_t hash[PSE_OIDC_AT_HASH_BYTES] = {1};
    struct claims_plan good = oidc_claims(), c = good;
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();
    const char **member[] = {&c.iss,   &c.aud,     &c.azp, &c.exp, &c.iat, &c.nbf,
                             &c.nonce, &c.at_hash, &c.acr, &c.amr, &c.sub};

    (void)state;
    e.at_hash = hash;
    e.subject = "PNOEE-38001085718";
    c.iss = c.aud = c.azp = c.nonce = c.at_hash = "\"x\"";
    c.exp = "0";
    c.iat = c.nbf = "1790000000";
    c.acr = "\"low\"";
    c.amr = "[\"pwd\"]";
    c.sub = "\"EE1\"";
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        assert_fault(judge_claims_by(&c, &r, &e), order[i]);
        *member[i] = ((const char *const *)&good)[member[i] - (const char **)&c];
    }
    assert_fault(judge_claims_by(&c, &r, &e), PSE_OIDC_GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_have_types),
        cmocka_unit_test(issuer_and_audience),
        cmocka_unit_test(several_audiences_need_a_party),
        cmocka_unit_test(times),
        cmocka_unit_test(nonces),
        cmocka_unit_test(access_token_hash),
        cmocka_unit_test(levels),
        cmocka_unit_test(methods),
        cmocka_unit_test(subjects),
        cmocka_unit_test(the_same_person_as_before),
        cmocka_unit_test(a_national_claim),
        cmocka_unit_test(names),
        cmocka_unit_test(tara),
        cmocka_unit_test(the_first_failure_is_told),
    };

    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
