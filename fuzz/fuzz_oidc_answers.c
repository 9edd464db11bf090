/* What an identity service says of itself, its keys, its tokens, and what a browser brings back
 * from it: whatever is taken keeps to its bounds and to the configuration. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const hosts[] = {"id.example.org", "keys.example.org:8443"};

static struct pse_oidc_rules rules(void)
{
    struct pse_oidc_rules r;

    pse_oidc_rules_default(&r);
    r.issuer = "https://id.example.org";
    r.client_id = "psephos";
    r.redirect_uri = "https://vote.example.org/return";
    r.hosts = (struct pse_oidc_list){hosts, 2};
    r.subject_kind = "OIDC-";
    return r;
}

/* https, and the host is followed by nothing that could make it another. */
static void require_listed(const char *url)
{
    bool is_listed = false;

    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(hosts[i]);

        is_listed =
            is_listed || (strncmp(url, "https://", 8) == 0 && strncmp(url + 8, hosts[i], n) == 0 &&
                          strchr("/?", url[8 + n]) != NULL);
    }
    PSE_REQUIRE(is_listed && strlen(url) < PSE_OIDC_ENDPOINT_MAX);
}

static void ask(const struct pse_oidc_rules *r, const struct pse_oidc_discovery *d)
{
    const pse_oidc_pending p = {.state = "s", .nonce = "n", .verifier = "v"};
    char url[PSE_OIDC_URL_MAX];

    PSE_REQUIRE(pse_oidc_authorize_url(url, r, d, &p, "et") == PSE_OK);
    PSE_REQUIRE(strncmp(url, d->authorization_endpoint, strlen(d->authorization_endpoint)) == 0);
}

static void discover(const struct pse_oidc_answer *answer)
{
    struct pse_oidc_rules r = rules();
    struct pse_oidc_discovery d;

    if (pse_oidc_discovery_open(&d, answer, &r) != PSE_OIDC_GOOD)
        return;
    require_listed(d.authorization_endpoint);
    require_listed(d.token_endpoint);
    require_listed(d.jwks_uri);
    PSE_REQUIRE(!d.is_unsafe);
    ask(&r, &d);
    r.issuer = "https://id.example.com";
    PSE_REQUIRE(pse_oidc_discovery_open(&d, answer, &r) == PSE_OIDC_DISCOVERY_ISSUER);
}

/* No key makes an unsigned token a good one. */
static void read_keys(const struct pse_oidc_answer *answer)
{
    static const char token[] = "eyJhbGciOiJSUzI1NiJ9.e30.AA";
    struct pse_oidc_rules r = rules();
    const struct pse_oidc_expected e = {.nonce = "n"};
    struct pse_oidc_person who;
    struct pse_oidc_keys *keys;

    if (pse_oidc_keys_open(&keys, answer) != PSE_OIDC_GOOD)
        return;
    PSE_REQUIRE(pse_oidc_keys_count(keys) <= 64);
    PSE_REQUIRE(pse_oidc_id_token_judge(&who, pse_span_str(token), keys, &r, &e) != PSE_OIDC_GOOD);
    pse_oidc_keys_free(keys);
}

static void read_tokens(struct pse_oidc_answer answer)
{
    struct pse_oidc_tokens t;

    if (pse_oidc_tokens_open(&t, &answer) == PSE_OIDC_GOOD)
        PSE_REQUIRE(t.id_token.n > 0 && t.id_token.n <= answer.body.n);
    pse_oidc_tokens_free(&t);
    answer.status = 400;
    PSE_REQUIRE(pse_oidc_tokens_open(&t, &answer) != PSE_OIDC_GOOD);
}

static void come_back(struct pse_span query)
{
    struct pse_oidc_rules r = rules();
    const struct pse_oidc_discovery d = {.has_iss = true};
    pse_oidc_pending p = {.state = "c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3Q"};
    pse_oidc_code code;

    if (pse_oidc_callback_judge(&code, query, &p, &r, &d) != PSE_OIDC_GOOD)
        return;
    PSE_REQUIRE(code.text[0] != '\0' && memchr(code.text, 0, sizeof code.text) != NULL);
    r.issuer = "https://id.example.com";
    PSE_REQUIRE(pse_oidc_callback_judge(&code, query, &p, &r, &d) == PSE_OIDC_CALLBACK_ISS);
    p.state[0] = 'd';
    PSE_REQUIRE(pse_oidc_callback_judge(&code, query, &p, &r, &d) == PSE_OIDC_STATE_WRONG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pse_oidc_answer answer = {
        .came = true, .status = 200, .body = pse_span(data, size)};

    discover(&answer);
    read_keys(&answer);
    read_tokens(answer);
    come_back(answer.body);
    return 0;
}
