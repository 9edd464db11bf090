/* One login over an identity service, from the page to the tokens: each rule accepted once and
 * refused with one thing changed. */
#include "codec/codec.h"
#include "oidc_maker.h"

static const uint8_t seed[32] = {9};

static struct pse_oidc_discovery discovery(void)
{
    struct pse_oidc_discovery d = {.has_iss = false};

    strcpy(d.authorization_endpoint, "https://id.example.org/auth");
    strcpy(d.token_endpoint, "https://id.example.org/token");
    strcpy(d.jwks_uri, "https://id.example.org/jwks");
    return d;
}

static pse_oidc_pending pending(void)
{
    pse_oidc_pending p = {.provider = 1, .begun = OIDC_NOW};

    strcpy(p.state, "c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3Q");
    strcpy(p.nonce, oidc_nonce);
    strcpy(p.verifier, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); /* RFC 7636, appendix B */
    return p;
}

/* --- logins under way ---------------------------------------------------------------------------
 */

static void taken_once(void **state)
{
    struct pse_oidc_pendings *s;
    struct pse_span browser = pse_span_str("browser"), another = pse_span_str("another");
    static const pse_oidc_pending nothing;
    pse_oidc_pending begun, got;
    PSE_RNG(rng);
    size_t n;

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_oidc_pendings_new(&s, 4), PSE_OK);
    assert_fault(pse_oidc_pendings_take(&got, s, browser, OIDC_NOW), PSE_OIDC_STATE_MISSING);
    assert_int_equal(pse_oidc_pendings_begin(&begun, s, browser, 7, 42, &rng, OIDC_NOW), PSE_OK);
    assert_int_equal(begun.provider, 7);
    assert_int_equal(begun.person, 42);
    assert_int_equal(begun.begun, OIDC_NOW);
    assert_int_equal(pse_base64url_check(&n, pse_span_str(begun.state)), PSE_OK);
    assert_int_equal(n, 32);
    assert_int_equal(strlen(begun.nonce), 43);
    assert_int_equal(strlen(begun.verifier), 43);
    assert_string_not_equal(begun.state, begun.nonce);
    assert_string_not_equal(begun.state, begun.verifier);
    assert_string_not_equal(begun.nonce, begun.verifier);
    assert_fault(pse_oidc_pendings_take(&got, s, another, OIDC_NOW), PSE_OIDC_STATE_MISSING);
    assert_fault(pse_oidc_pendings_take(&got, s, browser, OIDC_NOW), PSE_OIDC_GOOD);
    assert_memory_equal(&got, &begun, sizeof got);
    assert_fault(pse_oidc_pendings_take(&got, s, browser, OIDC_NOW), PSE_OIDC_STATE_USED);
    assert_memory_equal(&got, &nothing, sizeof got);
    assert_int_equal(pse_oidc_pendings_begin(&got, s, browser, 7, 42, &rng, OIDC_NOW), PSE_OK);
    assert_string_not_equal(got.state, begun.state);
    assert_string_not_equal(got.nonce, begun.nonce);
    assert_string_not_equal(got.verifier, begun.verifier);
    assert_fault(pse_oidc_pendings_take(&got, s, browser, OIDC_NOW), PSE_OIDC_GOOD);
    pse_oidc_pendings_free(s);
    pse_oidc_pendings_free(NULL);
}

static void ten_minutes(void **state)
{
    static const struct {
        int64_t later;
        enum pse_oidc_fault fault;
    } row[] = {{0, PSE_OIDC_GOOD},
               {600, PSE_OIDC_GOOD},
               {601, PSE_OIDC_STATE_EXPIRED},
               {-1, PSE_OIDC_STATE_EXPIRED}};
    struct pse_span browser = pse_span_str("browser");
    struct pse_oidc_pendings *s;
    pse_oidc_pending p;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_oidc_pendings_new(&s, 1), PSE_OK);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        assert_int_equal(pse_oidc_pendings_begin(&p, s, browser, 0, 0, &rng, OIDC_NOW), PSE_OK);
        assert_fault(pse_oidc_pendings_take(&p, s, browser, OIDC_NOW + row[i].later), row[i].fault);
        assert_true((p.state[0] != '\0') == (row[i].fault == PSE_OIDC_GOOD));
        assert_fault(pse_oidc_pendings_take(&p, s, browser, OIDC_NOW), PSE_OIDC_STATE_USED);
    }
    pse_oidc_pendings_free(s);
}

/* A used or old one makes room, one that is still good does not; after an hour nothing is known. */
static void a_full_set_refuses(void **state)
{
    struct pse_oidc_pendings *s;
    pse_oidc_pending p;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_oidc_pendings_new(&s, 2), PSE_OK);
    assert_int_equal(pse_oidc_pendings_begin(&p, s, pse_span_str("a"), 0, 0, &rng, OIDC_NOW),
                     PSE_OK);
    assert_int_equal(pse_oidc_pendings_begin(&p, s, pse_span_str("b"), 0, 0, &rng, OIDC_NOW),
                     PSE_OK);
    assert_int_equal(pse_oidc_pendings_begin(&p, s, pse_span_str("c"), 0, 0, &rng, OIDC_NOW),
                     PSE_E_LIMIT);
    assert_string_equal(p.state, "");
    assert_int_equal(pse_oidc_pendings_begin(&p, s, pse_span_str("a"), 0, 0, &rng, OIDC_NOW),
                     PSE_OK);
    assert_fault(pse_oidc_pendings_take(&p, s, pse_span_str("b"), OIDC_NOW), PSE_OIDC_GOOD);
    assert_int_equal(pse_oidc_pendings_begin(&p, s, pse_span_str("c"), 0, 0, &rng, OIDC_NOW),
                     PSE_OK);
    assert_fault(pse_oidc_pendings_take(&p, s, pse_span_str("a"), OIDC_NOW), PSE_OIDC_GOOD);
    for (int i = 0; i < 2; i++) /* each beginning looks at some for what can be forgotten */
        assert_int_equal(
            pse_oidc_pendings_begin(&p, s, pse_span_str("c"), 0, 0, &rng, OIDC_NOW + 3601), PSE_OK);
    assert_fault(pse_oidc_pendings_take(&p, s, pse_span_str("a"), OIDC_NOW + 3601),
                 PSE_OIDC_STATE_MISSING);
    pse_oidc_pendings_free(s);
}

/* --- question -----------------------------------------------------------------------------------
 */

/* RFC 7636, appendix B. */
static void the_published_challenge(void **state)
{
    char challenge[PSE_OIDC_SECRET_TEXT];

    (void)state;
    assert_int_equal(pse_oidc_challenge(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                     PSE_OK);
    assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert_int_equal(pse_oidc_challenge(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"),
                     PSE_OK);
    assert_string_not_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#define ASKED                                                                                     \
    "response_type=code&client_id=psephos&redirect_uri=https%3A%2F%2Fvote.example.org%2Flogin%2F" \
    "return&scope=openid&state=c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3Q&nonce="                \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8&code_challenge="                                 \
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"

static void what_the_browser_is_sent_with(void **state)
{
    struct pse_oidc_discovery d = discovery();
    struct pse_oidc_rules r = oidc_rules();
    pse_oidc_pending p = pending();
    char url[PSE_OIDC_URL_MAX];

    (void)state;
    assert_int_equal(pse_oidc_authorize_url(url, &r, &d, &p, NULL), PSE_OK);
    assert_string_equal(url, "https://id.example.org/auth?" ASKED "&acr_values=substantial");
    assert_null(strstr(url, p.verifier)); /* stays here */
    assert_int_equal(pse_oidc_authorize_url(url, &r, &d, &p, "et"), PSE_OK);
    assert_string_equal(url, "https://id.example.org/auth?" ASKED
                             "&acr_values=substantial&ui_locales=et");
    strcat(d.authorization_endpoint, "?tenant=1");
    r.acr_least = NULL;
    r.prompt = "login";
    assert_int_equal(pse_oidc_authorize_url(url, &r, &d, &p, NULL), PSE_OK);
    assert_string_equal(url, "https://id.example.org/auth?tenant=1&" ASKED "&prompt=login");
    r.scope = "openid a+b&c=d";
    r.client_id = "õ/%";
    assert_int_equal(pse_oidc_authorize_url(url, &r, &d, &p, NULL), PSE_OK);
    assert_non_null(strstr(url, "&scope=openid%20a%2Bb%26c%3Dd&state="));
    assert_non_null(strstr(url, "&client_id=%C3%B5%2F%25&redirect_uri="));
}

static void languages_and_lengths(void **state)
{
    static const char *const bad[] = {"",      "e",     "et&prompt=none",
                                      "et ee", "et_EE", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct pse_oidc_discovery d = discovery();
    struct pse_oidc_rules r = oidc_rules();
    pse_oidc_pending p = pending();
    char url[PSE_OIDC_URL_MAX], endless[1024];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(pse_oidc_authorize_url(url, &r, &d, &p, bad[i]), PSE_E_SYNTAX);
        assert_string_equal(url, "");
    }
    assert_int_equal(pse_oidc_authorize_url(url, &r, &d, &p, bad[5] + 1), PSE_OK);
    assert_int_equal(pse_oidc_authorize_url(url, &r, &d, &p, "zh-Hant-TW"), PSE_OK);
    memset(endless, '/', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    r.redirect_uri = endless;
    assert_int_equal(pse_oidc_authorize_url(url, &r, &d, &p, NULL), PSE_E_LIMIT);
    assert_string_equal(url, "");
}

/* --- return -------------------------------------------------------------------------------------
 */

#define STATE "state=c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3Q"
#define ISS   "iss=https%3A%2F%2Fid.example.org"

static pse_oidc_code code;

static enum pse_oidc_fault come_back(const char *query, bool has_iss)
{
    static const pse_oidc_code nothing;
    struct pse_oidc_discovery d = discovery();
    struct pse_oidc_rules r = oidc_rules();
    pse_oidc_pending p = pending();
    enum pse_oidc_fault fault;

    d.has_iss = has_iss;
    memset(&code, 'x', sizeof code);
    fault = pse_oidc_callback_judge(&code, pse_span_str(query), &p, &r, &d);
    if (fault != PSE_OIDC_GOOD)
        assert_memory_equal(&code, &nothing, sizeof code);
    return fault;
}

static void a_code_comes_back(void **state)
{
    (void)state;
    assert_fault(come_back("code=abc&" STATE, false), PSE_OIDC_GOOD);
    assert_string_equal(code.text, "abc");
    assert_fault(come_back(STATE "&session_state=x&code=a%2Bb+c%7e&scope=openid", false),
                 PSE_OIDC_GOOD);
    assert_string_equal(code.text, "a+b c~");
    assert_fault(come_back("&&code=abc&" STATE "&", false), PSE_OIDC_GOOD);
    assert_fault(come_back("%63ode=abc&" STATE, false), PSE_OIDC_GOOD);
    assert_fault(come_back("x&y=&=z&code=abc&" STATE, false), PSE_OIDC_GOOD);
}

static void queries_that_cannot_be_read(void **state)
{
    static const char *const bad[] = {
        "code=abc%&" STATE,  "code=abc%4&" STATE,     "code=abc%4z&" STATE,  "code=abc%zz&" STATE,
        "code=a%00b&" STATE, "code=abc&x=%GG&" STATE, "code=abc&%=1&" STATE, "code=abc&" STATE "%",
    };
    static const char *const twice[] = {
        "code=abc&code=abc&" STATE,     "code=abc&" STATE "&" STATE,
        "code=abc&" STATE "&%73tate=x", "code=abc&" ISS "&" ISS "&" STATE,
        "error=a&error=b&" STATE,       "code=abc&code&" STATE,
    };
    char longest[PSE_OIDC_QUERY_MAX + 2] = "code=abc&" STATE "&x=";
    size_t n = strlen(longest);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(come_back(bad[i], false), PSE_OIDC_CALLBACK_PARSE);
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++)
        assert_fault(come_back(twice[i], false), PSE_OIDC_CALLBACK_DUPLICATE);
    memset(longest + n, 'x', PSE_OIDC_QUERY_MAX - n);
    assert_fault(come_back(longest, false), PSE_OIDC_GOOD);
    longest[PSE_OIDC_QUERY_MAX] = 'x';
    assert_fault(come_back(longest, false), PSE_OIDC_CALLBACK_PARSE);
}

static void states(void **state)
{
    static const char *const bad[] = {
        "",
        "code=abc",
        "code=abc&state=",
        "code=abc&state=c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3R",
        "code=abc&state=c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3",
        "code=abc&" STATE "A",
        "code=abc&STATE=c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3Q",
        "error=access_denied&state=x", /* an error of another login is not ours */
        ISS "x&code=abc&state=x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(come_back(bad[i], false), PSE_OIDC_STATE_WRONG);
}

/* RFC 9207: who answers is whom we asked; also when it was not promised to say so. */
static void issuers(void **state)
{
    static const char *const bad[] = {"code=abc&" STATE "&iss=", "code=abc&" STATE "&" ISS "%2F",
                                      "code=abc&" STATE "&iss=https%3A%2F%2Fid.example.com",
                                      "error=access_denied&" STATE "&iss=x"};

    (void)state;
    assert_fault(come_back("code=abc&" STATE "&" ISS, true), PSE_OIDC_GOOD);
    assert_fault(come_back("code=abc&" STATE "&" ISS, false), PSE_OIDC_GOOD);
    assert_fault(come_back("code=abc&" STATE, true), PSE_OIDC_CALLBACK_ISS_MISSING);
    assert_fault(come_back("error=access_denied&" STATE, true), PSE_OIDC_CALLBACK_ISS_MISSING);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_fault(come_back(bad[i], true), PSE_OIDC_CALLBACK_ISS);
        assert_fault(come_back(bad[i], false), PSE_OIDC_CALLBACK_ISS);
    }
}

static void errors_of_the_service(void **state)
{
    static const struct {
        const char *query;
        enum pse_oidc_fault fault;
    } row[] = {
        {"error=access_denied&error_description=no&" STATE, PSE_OIDC_DENIED},
        {"error=user_cancel&" STATE, PSE_OIDC_DENIED},
        {"error=temporarily_unavailable&" STATE, PSE_OIDC_SERVICE_BUSY},
        {"error=server_error&" STATE, PSE_OIDC_SERVICE_BUSY},
        {"error=invalid_request&" STATE, PSE_OIDC_SERVICE_ERROR},
        {"error=unmet_authentication_requirements&" STATE, PSE_OIDC_SERVICE_ERROR},
        {"error=&" STATE, PSE_OIDC_SERVICE_ERROR},
        {"error=access_denied&code=abc&" STATE, PSE_OIDC_CALLBACK_CODE},
        {STATE, PSE_OIDC_CALLBACK_CODE},
        {"code=&" STATE, PSE_OIDC_CALLBACK_CODE},
        {"code&" STATE, PSE_OIDC_CALLBACK_CODE},
        {"code=a%0Ab&" STATE, PSE_OIDC_CALLBACK_CODE},
        {"code=%C3%B5&" STATE, PSE_OIDC_CALLBACK_CODE},
    };
    char longest[PSE_OIDC_QUERY_MAX] = STATE "&code=";
    size_t n = strlen(longest);

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_fault(come_back(row[i].query, false), row[i].fault);
    memset(longest + n, 'c', PSE_OIDC_CODE_MAX - 1);
    assert_fault(come_back(longest, false), PSE_OIDC_GOOD);
    assert_int_equal(strlen(code.text), PSE_OIDC_CODE_MAX - 1);
    longest[n + PSE_OIDC_CODE_MAX - 1] = 'c';
    assert_fault(come_back(longest, false), PSE_OIDC_CALLBACK_CODE);
}

/* --- tokens -------------------------------------------------------------------------------------
 */

static void ask(char body[1024], char header[1024], enum pse_oidc_client client, const char *secret)
{
    struct pse_buf b = PSE_BUF(1024), h = PSE_BUF(1024);
    struct pse_oidc_rules r = oidc_rules();
    pse_oidc_pending p = pending();
    pse_oidc_code with = {.text = "a b&c"};

    r.client = client;
    r.client_id = "client:1";
    assert_int_equal(pse_oidc_token_request_put(&b, &h, &r, pse_span_str(secret), &p, &with),
                     PSE_OK);
    snprintf(body, 1024, "%.*s", (int)b.n, (const char *)b.p);
    snprintf(header, 1024, "%s", h.n == 0 ? "" : (const char *)h.p);
    pse_buf_free(&b);
    pse_buf_free(&h);
}

#define CODE                                                                                    \
    "grant_type=authorization_code&code=a%20b%26c&redirect_uri=https%3A%2F%2Fvote.example.org%" \
    "2Flogin%2Freturn&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

static void three_ways_to_say_who_we_are(void **state)
{
    char body[1024], header[1024];

    (void)state;
    ask(body, header, PSE_OIDC_CLIENT_BASIC, "p%:ss w");
    assert_string_equal(body, CODE);
    /* base64 of client%3A1:p%25%3Ass%20w */
    assert_string_equal(header, "Authorization: Basic Y2xpZW50JTNBMTpwJTI1JTNBc3MlMjB3");
    ask(body, header, PSE_OIDC_CLIENT_POST, "p%:ss w");
    assert_string_equal(body, CODE "&client_id=client%3A1&client_secret=p%25%3Ass%20w");
    assert_string_equal(header, "");
    ask(body, header, PSE_OIDC_CLIENT_NONE, "");
    assert_string_equal(body, CODE "&client_id=client%3A1");
    assert_string_equal(header, "");
}

static struct pse_oidc_tokens tokens;

static enum pse_oidc_fault get(unsigned status, const char *body)
{
    static const struct pse_oidc_tokens nothing;
    struct pse_oidc_answer answer = oidc_answer(body);
    enum pse_oidc_fault fault;

    pse_oidc_tokens_free(&tokens);
    answer.status = status;
    fault = pse_oidc_tokens_open(&tokens, &answer);
    if (fault != PSE_OIDC_GOOD)
        assert_memory_equal(&tokens, &nothing, sizeof tokens);
    return fault;
}

#define TOKENS(more) "{\"access_token\":\"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y\"" more "}"
#define TYPE         ",\"token_type\":\"Bearer\""
#define ID           ",\"id_token\":\"a.b.c\""

static void tokens_are_read(void **state)
{
    /* The left half of its SHA-256, as OpenID Connect Core, appendix A.3, has it. */
    static const char at_hash[] = "77QmUPtjPfzWtF2AnpK9RQ";
    uint8_t wanted[PSE_OIDC_AT_HASH_BYTES];

    (void)state;
    assert_int_equal(pse_base64url_decode(wanted, sizeof wanted, pse_span_str(at_hash)), PSE_OK);
    assert_fault(
        get(200,
            TOKENS(TYPE ID ",\"expires_in\":3600,\"scope\":\"openid\",\"more\":{\"a\":[null]}")),
        PSE_OIDC_GOOD);
    assert_true(pse_span_is_str(pse_buf_span(&tokens.id_token), "a.b.c"));
    assert_memory_equal(tokens.at_hash, wanted, sizeof wanted);
    assert_fault(get(200, TOKENS(ID ",\"token_type\":\"bearer\"")), PSE_OIDC_GOOD);
    pse_oidc_tokens_free(&tokens);
}

static void tokens_that_are_not(void **state)
{
    static const struct {
        const char *body;
        enum pse_oidc_fault fault;
    } row[] = {
        {"", PSE_OIDC_TOKEN_PARSE},
        {"[]", PSE_OIDC_TOKEN_PARSE},
        {"{", PSE_OIDC_TOKEN_PARSE},
        {"access_token=a&id_token=b", PSE_OIDC_TOKEN_PARSE},
        {TOKENS(TYPE ID ID), PSE_OIDC_TOKEN_PARSE},
        {TOKENS(TYPE ID ",\"\\u0069d_token\":\"d.e.f\""), PSE_OIDC_TOKEN_PARSE},
        {TOKENS(TYPE ID) "x", PSE_OIDC_TOKEN_PARSE},
        {TOKENS(TYPE ",\"id_token\":1"), PSE_OIDC_TOKEN_PARSE},
        {TOKENS(TYPE ",\"id_token\":null"), PSE_OIDC_TOKEN_PARSE},
        {TOKENS(ID ",\"token_type\":1"), PSE_OIDC_TOKEN_PARSE},
        {"{\"access_token\":1" TYPE ID "}", PSE_OIDC_TOKEN_PARSE},
        {"{\"access_token\":\"\"" TYPE ID "}", PSE_OIDC_TOKEN_PARSE},
        {"{\"x\":1" TYPE ID "}", PSE_OIDC_TOKEN_PARSE},
        {TOKENS(ID), PSE_OIDC_TOKEN_TYPE},
        {TOKENS(ID ",\"token_type\":\"DPoP\""), PSE_OIDC_TOKEN_TYPE},
        {TOKENS(ID ",\"token_type\":\"\""), PSE_OIDC_TOKEN_TYPE},
        {TOKENS(ID ",\"token_type\":\"Bearer \""), PSE_OIDC_TOKEN_TYPE},
        {TOKENS(TYPE), PSE_OIDC_TOKEN_MISSING},
        {TOKENS(TYPE ",\"id_token\":\"\""), PSE_OIDC_TOKEN_MISSING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_fault(get(200, row[i].body), row[i].fault);
}

static void errors_of_the_token_endpoint(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        enum pse_oidc_fault fault;
    } row[] = {
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"used\"}",
         PSE_OIDC_CODE_REFUSED},
        {400, "{\"error\":\"invalid_client\"}", PSE_OIDC_CLIENT_REFUSED},
        {401, "{\"error\":\"invalid_client\"}", PSE_OIDC_CLIENT_REFUSED},
        {400, "{\"error\":\"unauthorized_client\"}", PSE_OIDC_CLIENT_REFUSED},
        {400, "{\"error\":\"invalid_request\"}", PSE_OIDC_TOKEN_REFUSED},
        {400, "{\"error\":\"\"}", PSE_OIDC_STATUS},
        {400, "{\"error\":1}", PSE_OIDC_STATUS},
        {400, "{}", PSE_OIDC_STATUS},
        {400, "<html>", PSE_OIDC_STATUS},
        {503, "", PSE_OIDC_STATUS},
        {201, TOKENS(TYPE ID), PSE_OIDC_STATUS},
        {302, TOKENS(TYPE ID), PSE_OIDC_REDIRECTED},
        {307, "", PSE_OIDC_REDIRECTED},
        {308, "", PSE_OIDC_REDIRECTED},
    };
    struct pse_oidc_answer a = oidc_answer(TOKENS(TYPE ID));
    char *body = malloc(PSE_OIDC_ANSWER_MAX + 1);

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_fault(get(row[i].status, row[i].body), row[i].fault);
    memset(body, ' ', PSE_OIDC_ANSWER_MAX + 1);
    memcpy(body, a.body.p, a.body.n);
    a.body = pse_span(body, PSE_OIDC_ANSWER_MAX);
    assert_fault(pse_oidc_tokens_open(&tokens, &a), PSE_OIDC_GOOD);
    pse_oidc_tokens_free(&tokens);
    a.body.n++;
    assert_fault(pse_oidc_tokens_open(&tokens, &a), PSE_OIDC_OVERSIZED);
    a.body.n = 10;
    a.is_longer = true;
    assert_fault(pse_oidc_tokens_open(&tokens, &a), PSE_OIDC_OVERSIZED);
    a.is_longer = a.came = false;
    assert_fault(pse_oidc_tokens_open(&tokens, &a), PSE_OIDC_UNREACHABLE);
    free(body);
}

/* --- a whole login ------------------------------------------------------------------------------
 */

/* Two services: an answer of one never ends a login at the other, in whichever way it is brought.
 */
static void two_services_are_not_mixed_up(void **state)
{
    EVP_PKEY *honest_key = EVP_EC_gen("P-256"), *attacker_key = EVP_EC_gen("P-256");
    struct pse_oidc_keys *honest_keys = oidc_keys(honest_key, ",\"kid\":\"k\"", NULL, NULL);
    struct pse_oidc_keys *attacker_keys = oidc_keys(attacker_key, ",\"kid\":\"k\"", NULL, NULL);
    struct pse_oidc_rules honest = oidc_rules(), attacker = oidc_rules();
    struct pse_oidc_discovery d = discovery();
    struct claims_plan c = oidc_claims();
    struct pse_oidc_expected e = oidc_expected();
    pse_oidc_pending p = pending();
    struct pse_oidc_person who;
    char *token = malloc(OIDC_TEXT), *payload = malloc(OIDC_TEXT);

    (void)state;
    attacker.issuer = "https://attacker.example";
    d.has_iss = true;
    /* Begun at the attacker's, who sent the browser on to the honest one. */
    assert_fault(
        pse_oidc_callback_judge(&code, pse_span_str("code=abc&" STATE "&" ISS), &p, &attacker, &d),
        PSE_OIDC_CALLBACK_ISS);
    assert_fault(
        pse_oidc_callback_judge(&code, pse_span_str("code=abc&" STATE "&" ISS), &p, &honest, &d),
        PSE_OIDC_GOOD);
    /* A token of the honest one at the attacker's login, and the other way round. */
    oidc_payload(payload, &c);
    oidc_token(token, "{\"alg\":\"ES256\",\"kid\":\"k\"}", payload, honest_key);
    assert_fault(oidc_judge(&who, token, honest_keys, &honest, &e), PSE_OIDC_GOOD);
    assert_fault(oidc_judge(&who, token, honest_keys, &attacker, &e), PSE_OIDC_ISSUER);
    assert_fault(oidc_judge(&who, token, attacker_keys, &attacker, &e), PSE_OIDC_SIGNATURE);
    oidc_token(token, "{\"alg\":\"ES256\",\"kid\":\"k\"}", payload, attacker_key);
    assert_fault(oidc_judge(&who, token, honest_keys, &honest, &e), PSE_OIDC_SIGNATURE);
    pse_oidc_keys_free(honest_keys);
    pse_oidc_keys_free(attacker_keys);
    EVP_PKEY_free(honest_key);
    EVP_PKEY_free(attacker_key);
    free(token);
    free(payload);
}

/* The token of an earlier login of the same person in the same browser. */
static void an_old_token_is_not_used_again(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct pse_oidc_keys *keys = oidc_keys(key, ",\"kid\":\"k\"", NULL, NULL);
    struct pse_span browser = pse_span_str("browser");
    struct pse_oidc_rules r = oidc_rules();
    struct claims_plan c = oidc_claims();
    struct pse_oidc_expected e = oidc_expected();
    struct pse_oidc_pendings *s;
    struct pse_oidc_person who;
    pse_oidc_pending first, second;
    char *token = malloc(OIDC_TEXT), *payload = malloc(OIDC_TEXT), nonce[64];
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_oidc_pendings_new(&s, 1), PSE_OK);
    assert_int_equal(pse_oidc_pendings_begin(&first, s, browser, 0, 0, &rng, OIDC_NOW), PSE_OK);
    assert_fault(pse_oidc_pendings_take(&first, s, browser, OIDC_NOW), PSE_OIDC_GOOD);
    snprintf(nonce, sizeof nonce, "\"%s\"", first.nonce);
    c.nonce = nonce;
    oidc_payload(payload, &c);
    oidc_token(token, "{\"alg\":\"ES256\"}", payload, key);
    e.nonce = first.nonce;
    assert_fault(oidc_judge(&who, token, keys, &r, &e), PSE_OIDC_GOOD);
    assert_int_equal(pse_oidc_pendings_begin(&second, s, browser, 0, 0, &rng, OIDC_NOW), PSE_OK);
    assert_fault(pse_oidc_pendings_take(&second, s, browser, OIDC_NOW), PSE_OIDC_GOOD);
    e.nonce = second.nonce;
    assert_fault(oidc_judge(&who, token, keys, &r, &e), PSE_OIDC_NONCE);
    pse_oidc_pendings_free(s);
    pse_oidc_keys_free(keys);
    EVP_PKEY_free(key);
    free(token);
    free(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_once),
        cmocka_unit_test(ten_minutes),
        cmocka_unit_test(a_full_set_refuses),
        cmocka_unit_test(the_published_challenge),
        cmocka_unit_test(what_the_browser_is_sent_with),
        cmocka_unit_test(languages_and_lengths),
        cmocka_unit_test(a_code_comes_back),
        cmocka_unit_test(queries_that_cannot_be_read),
        cmocka_unit_test(states),
        cmocka_unit_test(issuers),
        cmocka_unit_test(errors_of_the_service),
        cmocka_unit_test(three_ways_to_say_who_we_are),
        cmocka_unit_test(tokens_are_read),
        cmocka_unit_test(tokens_that_are_not),
        cmocka_unit_test(errors_of_the_token_endpoint),
        cmocka_unit_test(two_services_are_not_mixed_up),
        cmocka_unit_test(an_old_token_is_not_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
