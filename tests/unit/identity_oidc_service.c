/* An identity service as configured, what its discovery document must say, and its keys' answers:
 * each rule accepted once and refused with one field changed. */
#include "oidc_maker.h"

/* --- configuration ------------------------------------------------------------------------------
 */

static void check(const struct pse_oidc_rules *r, const char *member, pse_rc wanted)
{
    const char *named = "";

    assert_int_equal(pse_oidc_rules_check(&named, r), wanted);
    if (wanted == PSE_OK)
        assert_null(named);
    else
        assert_string_equal(named, member);
}

#define RULE(name, value, wanted)                \
    do {                                         \
        struct pse_oidc_rules r_ = oidc_rules(); \
        r_.name = (value);                       \
        check(&r_, #name, wanted);               \
    } while (0)

static const char long_text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static void texts_of_a_configuration(void **state)
{
    struct pse_oidc_rules r = oidc_rules();

    (void)state;
    check(&r, NULL, PSE_OK);
    RULE(client_id, NULL, PSE_E_MISSING);
    RULE(client_id, "", PSE_E_MISSING);
    RULE(client_id, "a b", PSE_OK);
    RULE(client_id, "a\nb", PSE_E_SYNTAX);
    RULE(client_id, long_text, PSE_E_LIMIT);
    RULE(client_id, long_text + 1, PSE_OK);
    RULE(scope, NULL, PSE_E_MISSING);
    RULE(scope, "openid profile", PSE_OK);
    RULE(scope, "profile openid", PSE_OK);
    RULE(scope, "profile", PSE_E_MISSING);
    RULE(scope, "openid2", PSE_E_MISSING);
    RULE(scope, "openid  profile", PSE_E_SYNTAX);
    RULE(scope, "openid ", PSE_E_SYNTAX);
    RULE(prompt, "login", PSE_OK);
    RULE(prompt, "", PSE_E_MISSING);
    RULE(client, PSE_OIDC_CLIENT_NONE, PSE_OK);
    RULE(client, (enum pse_oidc_client)(PSE_OIDC_CLIENT_NONE + 1), PSE_E_RANGE);
    RULE(subject_claim, NULL, PSE_E_MISSING);
    RULE(subject_claim, "personal code", PSE_E_SYNTAX);
    RULE(subject_begin, NULL, PSE_E_MISSING);
    RULE(subject_begin, "", PSE_OK);
    RULE(subject_begin, "E E", PSE_E_SYNTAX);
    RULE(subject_kind, NULL, PSE_E_MISSING);
    RULE(subject_kind, "", PSE_E_MISSING);
    RULE(subject_kind, "PNO EE", PSE_E_SYNTAX);
    RULE(names_claim, "profile_attributes", PSE_OK);
    RULE(names_claim, "", PSE_E_MISSING);
    RULE(skew, 300, PSE_OK);
    RULE(skew, 301, PSE_E_RANGE);
    r.with_rs256 = false;
    check(&r, NULL, PSE_OK);
    r.with_es256 = false;
    check(&r, "algorithms", PSE_E_MISSING);
}

static void addresses_of_a_configuration(void **state)
{
    static const char *const bad[] = {
        "http://id.example.org",
        "https://",
        "https:///path",
        "https://ID.example.org",
        "https://user@id.example.org",
        "https://id.example.org#part",
        "https://id.example.org/a b",
        "https://id.example.org:0",
        "https://id.example.org:",
        "https://id.example.org:65536",
        "id.example.org",
        "HTTPS://id.example.org",
        "ftp://id.example.org",
        "https://id.example.org\\@x",
        "https://id.example.org/õ",
        "https://id.example.org/\"",
        "http://127.0.0.1:8080",
        "javascript:https://id.example.org",
    };
    static const char *const good[] = {
        "https://id.example.org",
        "https://id.example.org/",
        "https://id.example.org:8443/oidc/v1;x=%20~",
        "https://[2001:db8::1]:443/a",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        RULE(issuer, bad[i], PSE_E_SYNTAX);
        RULE(redirect_uri, bad[i], PSE_E_SYNTAX);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        RULE(issuer, good[i], PSE_OK);
        RULE(redirect_uri, good[i], PSE_OK);
    }
    RULE(issuer, NULL, PSE_E_MISSING);
    RULE(redirect_uri, NULL, PSE_E_MISSING);
    RULE(redirect_uri, "https://vote.example.org/return?service=1", PSE_OK);
    RULE(issuer, "https://id.example.org/?a=1", PSE_E_SYNTAX);
}

/* Plain http, where it is allowed, is for this machine alone. */
static void loopback(void **state)
{
    static const struct {
        const char *issuer;
        pse_rc rc;
    } row[] = {
        {"http://127.0.0.1:3000", PSE_OK},
        {"http://localhost:3000/a", PSE_OK},
        {"http://[::1]:3000", PSE_OK},
        {"http://127.0.0.1", PSE_OK},
        {"https://id.example.org", PSE_OK},
        {"http://127.0.0.2:3000", PSE_E_SYNTAX},
        {"http://127.0.0.10:3000", PSE_E_SYNTAX},
        {"http://localhost.example.org", PSE_E_SYNTAX},
        {"http://127.0.0.1.example.org", PSE_E_SYNTAX},
        {"http://localhost@example.org", PSE_E_SYNTAX},
        {"http://id.example.org", PSE_E_SYNTAX},
    };
    struct pse_oidc_rules r = oidc_rules();

    (void)state;
    r.is_loopback_http_allowed = true;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        r.issuer = row[i].issuer;
        check(&r, "issuer", row[i].rc);
    }
}

static struct pse_oidc_list list(const char *const *text, size_t n)
{
    return (struct pse_oidc_list){text, n};
}

static void lists_of_a_configuration(void **state)
{
    static const char *const spaced[] = {"a b"}, *const twice[] = {"a", "b", "a"},
                             *const empty[] = {""}, *const url[] = {"https://id.example.org"},
                             *const port[] = {"a:443", "a:99999"};
    const char *many[17];
    char text[17][4];
    struct pse_oidc_rules r = oidc_rules();

    (void)state;
    for (size_t i = 0; i < 17; i++) {
        snprintf(text[i], sizeof text[i], "a%u", (unsigned)i);
        many[i] = text[i];
    }
    RULE(hosts, list(NULL, 0), PSE_E_MISSING);
    RULE(hosts, list(spaced, 1), PSE_E_SYNTAX);
    RULE(hosts, list(url, 1), PSE_E_SYNTAX);
    RULE(hosts, list(port, 1), PSE_OK);
    RULE(hosts, list(port, 2), PSE_E_SYNTAX);
    RULE(hosts, list(many, 16), PSE_OK);
    RULE(hosts, list(many, 17), PSE_E_LIMIT);
    RULE(acr, list(spaced, 1), PSE_E_SYNTAX);
    RULE(acr, list(twice, 3), PSE_E_SYNTAX);
    RULE(acr, list(empty, 1), PSE_E_MISSING);
    RULE(amr, list(twice, 2), PSE_OK);
    RULE(amr, list(twice, 3), PSE_E_SYNTAX);
    RULE(amr, list(NULL, 0), PSE_OK);
    RULE(acr_least, NULL, PSE_E_MISSING);
    RULE(acr_least, "medium", PSE_E_SYNTAX);
    RULE(acr_least, "low", PSE_OK);
    r.acr = list(NULL, 0);
    check(&r, "acr_least", PSE_E_SYNTAX);
    r.acr_least = NULL;
    check(&r, NULL, PSE_OK);
}

static void presets_need_little(void **state)
{
    struct pse_oidc_rules r;

    (void)state;
    pse_oidc_rules_tara(&r);
    check(&r, "client_id", PSE_E_MISSING);
    r.client_id = "psephos";
    check(&r, "redirect_uri", PSE_E_MISSING);
    r.redirect_uri = "https://vote.example.org/login/return";
    check(&r, NULL, PSE_OK);
    assert_true(r.is_pkce_unlisted);
    pse_oidc_rules_default(&r);
    check(&r, "issuer", PSE_E_MISSING);
    assert_int_equal(r.skew, 60);
    assert_false(r.is_loopback_http_allowed);
    assert_false(r.is_pkce_unlisted);
}

/* --- discovery ----------------------------------------------------------------------------------
 */

struct document {
    const char *issuer, *authorize, *token, *jwks, *types, *modes, *grants, *pkce, *algorithms,
        *clients, *iss, *more;
};

static struct document document(void)
{
    return (struct document){
        .issuer = "\"https://id.example.org\"",
        .authorize = "\"https://id.example.org/auth\"",
        .token = "\"https://id.example.org/token\"",
        .jwks = "\"https://keys.example.org:8443/jwks?v=1\"",
        .types = "[\"code\",\"id_token\"]",
        .pkce = "[\"plain\",\"S256\"]",
        .algorithms = "[\"PS256\",\"RS256\"]",
        .more = ",\"float\":-1.5,\"deep\":[[[[[[[[[[[1]]]]]]]]]]]",
    };
}

static char *write_document(const struct document *d)
{
    static char out[8192];
    const char *const member[][2] = {
        {"issuer", d->issuer},
        {"authorization_endpoint", d->authorize},
        {"token_endpoint", d->token},
        {"jwks_uri", d->jwks},
        {"response_types_supported", d->types},
        {"response_modes_supported", d->modes},
        {"grant_types_supported", d->grants},
        {"code_challenge_methods_supported", d->pkce},
        {"id_token_signing_alg_values_supported", d->algorithms},
        {"token_endpoint_auth_methods_supported", d->clients},
        {"authorization_response_iss_parameter_supported", d->iss},
    };

    strcpy(out, "{\"userinfo_endpoint\":\"http://elsewhere.example\"");
    for (size_t i = 0; i < sizeof member / sizeof *member; i++) {
        if (member[i][1] != NULL)
            sprintf(out + strlen(out), ",\"%s\":%s", member[i][0], member[i][1]);
    }
    return strcat(strcat(out, d->more), "}");
}

static struct pse_oidc_discovery found;

static enum pse_oidc_fault open_text(const char *text, const struct pse_oidc_rules *r)
{
    static const struct pse_oidc_discovery nothing;
    struct pse_oidc_answer answer = oidc_answer(text);
    enum pse_oidc_fault fault = pse_oidc_discovery_open(&found, &answer, r);

    if (fault != PSE_OIDC_GOOD)
        assert_memory_equal(&found, &nothing, sizeof found);
    return fault;
}

static enum pse_oidc_fault open_by(const struct document *d, const struct pse_oidc_rules *r)
{
    return open_text(write_document(d), r);
}

#define DOCUMENT(member, value, wanted)          \
    do {                                         \
        struct document d_ = document();         \
        struct pse_oidc_rules r_ = oidc_rules(); \
        d_.member = (value);                     \
        assert_fault(open_by(&d_, &r_), wanted); \
    } while (0)

static void a_document_is_read(void **state)
{
    struct pse_oidc_rules r = oidc_rules();
    struct document d = document();
    char url[PSE_OIDC_ENDPOINT_MAX], issuer[PSE_OIDC_ENDPOINT_MAX];

    (void)state;
    assert_fault(open_by(&d, &r), PSE_OIDC_GOOD);
    assert_string_equal(found.authorization_endpoint, "https://id.example.org/auth");
    assert_string_equal(found.token_endpoint, "https://id.example.org/token");
    assert_string_equal(found.jwks_uri, "https://keys.example.org:8443/jwks?v=1");
    assert_false(found.has_iss);
    assert_false(found.is_unsafe);
    assert_int_equal(pse_oidc_discovery_url(url, &r), PSE_OK);
    assert_string_equal(url, "https://id.example.org/.well-known/openid-configuration");
    r.issuer = "https://id.example.org/realm/";
    assert_int_equal(pse_oidc_discovery_url(url, &r), PSE_OK);
    assert_string_equal(url, "https://id.example.org/realm/.well-known/openid-configuration");
    memset(issuer, 'a', sizeof issuer);
    issuer[sizeof issuer - 34] = '\0';
    r.issuer = issuer;
    assert_int_equal(pse_oidc_discovery_url(url, &r), PSE_OK);
    assert_int_equal(strlen(url), PSE_OIDC_ENDPOINT_MAX - 1);
    issuer[sizeof issuer - 34] = 'a';
    issuer[sizeof issuer - 33] = '\0';
    assert_int_equal(pse_oidc_discovery_url(url, &r), PSE_E_LIMIT);
    assert_string_equal(url, "");
}

static void documents_that_are_none(void **state)
{
    static const char *const text[] = {"", "[]", "{", "null", "\"https://id.example.org\"", "{}x"};
    struct pse_oidc_rules r = oidc_rules();

    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        assert_fault(open_text(text[i], &r), PSE_OIDC_DISCOVERY_PARSE);
    assert_fault(open_text("{}", &r), PSE_OIDC_DISCOVERY_ISSUER);
    DOCUMENT(more, ",\"issuer\":\"https://id.example.org\"", PSE_OIDC_DISCOVERY_PARSE);
    DOCUMENT(more, ",\"a\":{\"b\":1,\"b\":2}", PSE_OIDC_DISCOVERY_PARSE);
    DOCUMENT(more, ",\"a\":\"\\u0000\"", PSE_OIDC_DISCOVERY_PARSE);
}

static void documents_of_another_issuer(void **state)
{
    (void)state;
    DOCUMENT(issuer, NULL, PSE_OIDC_DISCOVERY_ISSUER);
    DOCUMENT(issuer, "1", PSE_OIDC_DISCOVERY_ISSUER);
    DOCUMENT(issuer, "\"https://id.example.org/\"", PSE_OIDC_DISCOVERY_ISSUER);
    DOCUMENT(issuer, "\"https://id.example.com\"", PSE_OIDC_DISCOVERY_ISSUER);
    DOCUMENT(issuer, "\"http://id.example.org\"", PSE_OIDC_DISCOVERY_ISSUER);
}

static void endpoints(void **state)
{
    static const char *const bad[] = {
        NULL,
        "1",
        "\"\"",
        "\"/auth\"",
        "\"http://id.example.org/auth\"",
        "\"https://id.example.com/auth\"",
        "\"https://id.example.org:8443/auth\"",
        "\"https://keys.example.org/auth\"",
        "\"https://id.example.org.evil.example/auth\"",
        "\"https://evil.example/id.example.org\"",
        "\"https://id.example.org@evil.example/auth\"",
        "\"https://id.example.org#/auth\"",
        "\"http://127.0.0.1:3000/auth\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        DOCUMENT(authorize, bad[i], PSE_OIDC_DISCOVERY_ENDPOINT);
        DOCUMENT(token, bad[i], PSE_OIDC_DISCOVERY_ENDPOINT);
        DOCUMENT(jwks, bad[i], PSE_OIDC_DISCOVERY_ENDPOINT);
    }
    DOCUMENT(authorize, "\"https://id.example.org\"", PSE_OIDC_GOOD);
    DOCUMENT(authorize, "\"https://id.example.org?a=1\"", PSE_OIDC_GOOD);
}

static void endpoints_on_loopback(void **state)
{
    static const char *const host[] = {"127.0.0.1:3000", "id.example.org"};
    struct pse_oidc_rules r = oidc_rules();
    struct document d = document();

    (void)state;
    r.hosts = list(host, 2);
    d.jwks = "\"https://id.example.org/jwks\"";
    assert_fault(open_by(&d, &r), PSE_OIDC_GOOD);
    d.jwks = "\"http://127.0.0.1:3000/jwks\"";
    assert_fault(open_by(&d, &r), PSE_OIDC_DISCOVERY_ENDPOINT);
    r.is_loopback_http_allowed = true;
    assert_fault(open_by(&d, &r), PSE_OIDC_GOOD);
    assert_true(found.is_unsafe);
    d.jwks = "\"http://127.0.0.1:3001/jwks\"";
    assert_fault(open_by(&d, &r), PSE_OIDC_DISCOVERY_ENDPOINT);
}

static void what_a_service_must_offer(void **state)
{
    struct pse_oidc_rules r = oidc_rules();
    struct document d = document();

    (void)state;
    DOCUMENT(types, NULL, PSE_OIDC_DISCOVERY_FLOW);
    DOCUMENT(types, "[\"id_token\",\"code id_token\"]", PSE_OIDC_DISCOVERY_FLOW);
    DOCUMENT(types, "\"code\"", PSE_OIDC_DISCOVERY_FLOW);
    DOCUMENT(types, "[null,\"code\"]", PSE_OIDC_GOOD);
    DOCUMENT(modes, "[\"query\",\"fragment\"]", PSE_OIDC_GOOD);
    DOCUMENT(modes, "[\"form_post\"]", PSE_OIDC_DISCOVERY_FLOW);
    DOCUMENT(grants, "[\"authorization_code\"]", PSE_OIDC_GOOD);
    DOCUMENT(grants, "[\"implicit\"]", PSE_OIDC_DISCOVERY_FLOW);
    DOCUMENT(pkce, NULL, PSE_OIDC_DISCOVERY_PKCE);
    DOCUMENT(pkce, "[\"plain\"]", PSE_OIDC_DISCOVERY_PKCE);
    DOCUMENT(pkce, "[]", PSE_OIDC_DISCOVERY_PKCE);
    DOCUMENT(algorithms, NULL, PSE_OIDC_DISCOVERY_ALGORITHM);
    DOCUMENT(algorithms, "[\"none\",\"HS256\",\"PS256\"]", PSE_OIDC_DISCOVERY_ALGORITHM);
    DOCUMENT(algorithms, "[\"ES256\"]", PSE_OIDC_GOOD);
    DOCUMENT(clients, "[\"client_secret_basic\"]", PSE_OIDC_GOOD);
    DOCUMENT(clients, "[\"client_secret_post\",\"private_key_jwt\"]", PSE_OIDC_DISCOVERY_CLIENT);
    DOCUMENT(iss, "true", PSE_OIDC_GOOD);
    assert_true(found.has_iss);
    DOCUMENT(iss, "false", PSE_OIDC_GOOD);
    assert_false(found.has_iss);
    DOCUMENT(iss, "\"true\"", PSE_OIDC_DISCOVERY_PARSE);
    r.is_pkce_unlisted = true;
    d.pkce = NULL;
    assert_fault(open_by(&d, &r), PSE_OIDC_GOOD);
    d.pkce = "[\"plain\"]";
    assert_fault(open_by(&d, &r), PSE_OIDC_DISCOVERY_PKCE);
}

static void what_it_must_offer_depends(void **state)
{
    struct pse_oidc_rules r = oidc_rules();
    struct document d = document();

    (void)state;
    r.with_rs256 = false;
    assert_fault(open_by(&d, &r), PSE_OIDC_DISCOVERY_ALGORITHM);
    d.algorithms = "[\"ES256\"]";
    assert_fault(open_by(&d, &r), PSE_OIDC_GOOD);
    r.with_rs256 = true;
    r.with_es256 = false;
    assert_fault(open_by(&d, &r), PSE_OIDC_DISCOVERY_ALGORITHM);
    d = document();
    r.client = PSE_OIDC_CLIENT_POST;
    assert_fault(open_by(&d, &r), PSE_OIDC_DISCOVERY_CLIENT);
    d.clients = "[\"client_secret_post\"]";
    assert_fault(open_by(&d, &r), PSE_OIDC_GOOD);
    r.client = PSE_OIDC_CLIENT_NONE;
    assert_fault(open_by(&d, &r), PSE_OIDC_DISCOVERY_CLIENT);
    d.clients = "[\"none\"]";
    assert_fault(open_by(&d, &r), PSE_OIDC_GOOD);
}

/* --- answers ------------------------------------------------------------------------------------
 */

static enum pse_oidc_fault open_answer(const struct pse_oidc_answer *answer)
{
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_keys *keys;
    enum pse_oidc_fault of_keys = pse_oidc_keys_open(&keys, answer);
    enum pse_oidc_fault fault = pse_oidc_discovery_open(&found, answer, &r);

    pse_oidc_keys_free(keys);
    if (fault != PSE_OIDC_GOOD) /* a document without keys is good as one of the two */
        assert_fault(of_keys, fault);
    else
        assert_fault(of_keys, PSE_OIDC_KEYS_PARSE);
    return fault;
}

static void answers_that_bring_nothing(void **state)
{
    static const unsigned redirect[] = {300, 301, 302, 303, 307, 308, 399};
    static const unsigned status[] = {100, 199, 201, 204, 400, 403, 404, 500, 503};
    struct document d = document();
    struct pse_oidc_answer good = oidc_answer(write_document(&d)), a = good;
    char *long_body = malloc(PSE_OIDC_ANSWER_MAX + 1);

    (void)state;
    assert_fault(open_answer(&a), PSE_OIDC_GOOD);
    a.came = false;
    assert_fault(open_answer(&a), PSE_OIDC_UNREACHABLE);
    a = good;
    a.is_longer = true;
    assert_fault(open_answer(&a), PSE_OIDC_OVERSIZED);
    a = good;
    for (size_t i = 0; i < sizeof redirect / sizeof *redirect; i++) {
        a.status = redirect[i];
        assert_fault(open_answer(&a), PSE_OIDC_REDIRECTED);
    }
    for (size_t i = 0; i < sizeof status / sizeof *status; i++) {
        a.status = status[i];
        assert_fault(open_answer(&a), PSE_OIDC_STATUS);
    }
    memset(long_body, ' ', PSE_OIDC_ANSWER_MAX + 1);
    memcpy(long_body, good.body.p, good.body.n);
    a = good;
    a.body = pse_span(long_body, PSE_OIDC_ANSWER_MAX);
    assert_fault(open_answer(&a), PSE_OIDC_GOOD);
    a.body = pse_span(long_body, PSE_OIDC_ANSWER_MAX + 1);
    assert_fault(open_answer(&a), PSE_OIDC_OVERSIZED);
    free(long_body);
}

/* --- words --------------------------------------------------------------------------------------
 */

/* Names are stable and differ; a slug is its name with hyphens; sentences end. */
static void every_fault_has_words(void **state)
{
    (void)state;
    assert_string_equal(pse_oidc_fault_name(PSE_OIDC_GOOD), "good");
    for (enum pse_oidc_fault i = PSE_OIDC_GOOD + 1; i < PSE_OIDC_FAULTS; i++) {
        const struct pse_oidc_words *w = pse_oidc_words_of(i);
        char slug[64];

        assert_non_null(w->name);
        snprintf(slug, sizeof slug, "oidc-%s", w->name);
        for (char *at = slug; *at != '\0'; at++) {
            if (*at == '_')
                *at = '-';
        }
        assert_string_equal(w->slug, slug);
        assert_string_equal(pse_oidc_fault_name(i), w->name);
        assert_true(strlen(w->text) > 20 && w->text[strlen(w->text) - 1] == '.');
        for (enum pse_oidc_fault k = PSE_OIDC_GOOD; k < i; k++)
            assert_string_not_equal(pse_oidc_fault_name(k), w->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_a_configuration),
        cmocka_unit_test(addresses_of_a_configuration),
        cmocka_unit_test(loopback),
        cmocka_unit_test(lists_of_a_configuration),
        cmocka_unit_test(presets_need_little),
        cmocka_unit_test(a_document_is_read),
        cmocka_unit_test(documents_that_are_none),
        cmocka_unit_test(documents_of_another_issuer),
        cmocka_unit_test(endpoints),
        cmocka_unit_test(endpoints_on_loopback),
        cmocka_unit_test(what_a_service_must_offer),
        cmocka_unit_test(what_it_must_offer_depends),
        cmocka_unit_test(answers_that_bring_nothing),
        cmocka_unit_test(every_fault_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
