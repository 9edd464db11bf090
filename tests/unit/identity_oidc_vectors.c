/* Published signatures (RFC 7515, appendix A), and another library's opinion of ours: cjose signs
 * what we accept, and accepts what we do; where it reads a token less strictly, we refuse. */
#include <cjose/cjose.h>

#include "oidc_maker.h"

/* --- RFC 7515 -----------------------------------------------------------------------------------
 */

#define JOE                                                                                   \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp" \
    "0cnVlfQ"

static const char keys_of_the_rfc[] = "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":"
                                      "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0"
                                      "l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-"
                                      "SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47s"
                                      "oMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-"
                                      "KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD"
                                      "Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
                                      "h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW"
                                      "yuXpoQ\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
                                      "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                                      "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static const char *const tokens_of_the_rfc[] = {
    "eyJhbGciOiJSUzI1NiJ9." JOE /* A.2 */
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujG"
    "bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6"
    "LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    "eyJhbGciOiJFUzI1NiJ9." JOE /* A.3 */
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
};

/* They are no ID tokens: past their signatures, their claims are refused. */
static void published_signatures_hold(void **state)
{
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();
    struct pse_oidc_keys *keys = oidc_keys_of(keys_of_the_rfc);
    struct pse_oidc_person who;
    char spoilt[1024];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_fault(oidc_judge(&who, tokens_of_the_rfc[i], keys, &r, &e), PSE_OIDC_CLAIMS);
        strcpy(spoilt, tokens_of_the_rfc[i]);
        *strstr(spoilt, "eyJpc3MiOiJqb2Ui") = 'a';
        assert_fault(oidc_judge(&who, spoilt, keys, &r, &e), PSE_OIDC_SIGNATURE);
        strcpy(spoilt, tokens_of_the_rfc[i]);
        *(strrchr(spoilt, '.') + 9) ^= 1;
        assert_fault(oidc_judge(&who, spoilt, keys, &r, &e), PSE_OIDC_SIGNATURE);
    }
    pse_oidc_keys_free(keys);
}

/* --- cjose --------------------------------------------------------------------------------------
 */

struct foreign {
    cjose_jwk_t *jwk;
    const char *alg;
    struct pse_oidc_keys *keys; /* its public half */
};

static struct foreign foreign_key(bool is_rsa)
{
    struct foreign f = {.alg = is_rsa ? "RS256" : "ES256"};
    char *json, set[4096];

    f.jwk = is_rsa ? cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\x01\x00\x01", 3, NULL)
                   : cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, NULL);
    assert_non_null(f.jwk);
    json = cjose_jwk_to_json(f.jwk, false, NULL);
    assert_non_null(json);
    snprintf(set, sizeof set, "{\"keys\":[%s]}", json);
    free(json);
    f.keys = oidc_keys_of(set);
    return f;
}

static void foreign_free(struct foreign *f)
{
    cjose_jwk_release(f->jwk);
    pse_oidc_keys_free(f->keys);
}

static enum pse_oidc_fault ours(const char *token, const struct pse_oidc_keys *keys)
{
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();
    struct pse_oidc_person who;

    return oidc_judge(&who, token, keys, &r, &e);
}

static bool theirs(const char *token, const cjose_jwk_t *jwk)
{
    cjose_jws_t *jws = cjose_jws_import(token, strlen(token), NULL);
    bool holds = jws != NULL && cjose_jws_verify(jws, jwk, NULL);

    cjose_jws_release(jws);
    return holds;
}

static void what_cjose_signs_is_accepted(void **state)
{
    char *payload = malloc(OIDC_TEXT);
    struct claims_plan c = oidc_claims();

    (void)state;
    oidc_payload(payload, &c);
    for (int i = 0; i < 2; i++) {
        struct foreign f = foreign_key(i == 0);
        cjose_header_t *header = cjose_header_new(NULL);
        const char *token;
        cjose_jws_t *jws;

        assert_true(cjose_header_set(header, CJOSE_HDR_ALG, f.alg, NULL));
        jws = cjose_jws_sign(f.jwk, header, (const uint8_t *)payload, strlen(payload), NULL);
        assert_non_null(jws);
        assert_true(cjose_jws_export(jws, &token, NULL));
        assert_fault(ours(token, f.keys), PSE_OIDC_GOOD);
        cjose_jws_release(jws);
        cjose_header_release(header);
        foreign_free(&f);
    }
    free(payload);
}

static void what_is_accepted_here_cjose_accepts(void **state)
{
    char *payload = malloc(OIDC_TEXT), *token = malloc(OIDC_TEXT), jwk[2048], *digit;
    EVP_PKEY *const key[] = {EVP_RSA_gen(2048), EVP_EC_gen("P-256")};
    static const char *const header[] = {"{\"alg\":\"RS256\"}", "{\"alg\":\"ES256\"}"};
    struct claims_plan c = oidc_claims();

    (void)state;
    oidc_payload(payload, &c);
    for (int i = 0; i < 2; i++) {
        struct pse_oidc_keys *keys = oidc_keys(key[i], "", NULL, NULL);
        cjose_jwk_t *foreign;

        oidc_jwk(jwk, key[i], "");
        foreign = cjose_jwk_import(jwk, strlen(jwk), NULL);
        assert_non_null(foreign);
        oidc_token(token, header[i], payload, key[i]);
        assert_fault(ours(token, keys), PSE_OIDC_GOOD);
        assert_true(theirs(token, foreign));
        digit = strrchr(token, '.') + 9;
        *digit = *digit == 'A' ? 'B' : 'A';
        assert_fault(ours(token, keys), PSE_OIDC_SIGNATURE);
        assert_false(theirs(token, foreign));
        cjose_jwk_release(foreign);
        pse_oidc_keys_free(keys);
        EVP_PKEY_free(key[i]);
    }
    free(payload);
    free(token);
}

/* Why it does not judge in earnest (docs/identity.md). */
static void what_cjose_lets_pass_is_refused(void **state)
{
    static const struct {
        const char *header, *end;
        enum pse_oidc_fault fault;
    } row[] = {
        {"{\"alg\":\"none\",\"alg\":\"RS256\"}", "", PSE_OIDC_ID_PARSE},
        {"{\"alg\":\"RS256\",\"crit\":[\"unheard-of\"]}", "", PSE_OIDC_CRITICAL},
        {"{\"alg\":\"RS256\"}", "==", PSE_OIDC_ID_PARSE},
    };
    char *payload = malloc(OIDC_TEXT), *token = malloc(OIDC_TEXT), jwk[2048];
    EVP_PKEY *key = EVP_RSA_gen(2048);
    struct pse_oidc_keys *keys = oidc_keys(key, "", NULL, NULL);
    struct claims_plan c = oidc_claims();
    cjose_jwk_t *foreign;

    (void)state;
    oidc_jwk(jwk, key, "");
    foreign = cjose_jwk_import(jwk, strlen(jwk), NULL);
    assert_non_null(foreign);
    oidc_payload(payload, &c);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        oidc_token(token, row[i].header, payload, key);
        strcat(token, row[i].end);
        assert_true(theirs(token, foreign));
        assert_fault(ours(token, keys), row[i].fault);
    }
    cjose_jwk_release(foreign);
    pse_oidc_keys_free(keys);
    EVP_PKEY_free(key);
    free(payload);
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signatures_hold),
        cmocka_unit_test(what_cjose_signs_is_accepted),
        cmocka_unit_test(what_is_accepted_here_cjose_accepts),
        cmocka_unit_test(what_cjose_lets_pass_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
