/* What browsers and sites send to a demo authority's identity service, a line each: a query, a
 * request for tokens, its Authorization header. Only registered addresses are answered to, and no
 * bytes but the right ones get a token. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1780000000 };

static const struct pse_demo_site site[] = {
    {.id = "vote", .redirect_uri = "https://vote.example/back"},
    {.id = "safe", .redirect_uri = "https://safe.example/back", .has_secret = true},
};

static void ask(struct pse_demo_codes *codes, struct pse_span query)
{
    static char room[PSE_DEMO_FORM_MAX];
    static const uint8_t seed[32] = {1};
    struct pse_buf where = PSE_BUF(16384);
    char code[PSE_DEMO_SECRET_TEXT];
    struct pse_demo_question q;
    enum pse_demo_oidc_fault fault = pse_demo_authorize_judge(&q, room, query, site, 2);
    PSE_RNG(rng);

    PSE_REQUIRE((q.site == NULL) ==
                (fault != PSE_DEMO_OIDC_GOOD && fault < PSE_DEMO_OIDC_RESPONSE_TYPE));
    if (q.site == NULL)
        return;
    PSE_REQUIRE(q.state.n < PSE_DEMO_TEXT_MAX);
    PSE_REQUIRE(pse_demo_return_put(&where, &q, "http://127.0.0.1:1", NULL, fault) == PSE_OK);
    for (size_t i = 0; i + 1 < where.n; i++)
        PSE_REQUIRE(where.p[i] > ' ' && where.p[i] < 0x7f);
    pse_buf_free(&where);
    if (fault != PSE_DEMO_OIDC_GOOD)
        return;
    pse_rng_init(&rng, seed);
    PSE_REQUIRE(pse_demo_codes_issue(code, codes, &q, "PNOEE-1", &rng, NOW) == PSE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_span left = pse_span(size == 0 ? NULL : data, size), query, form;
    struct pse_demo_codes *codes;
    struct pse_demo_grant grant;

    if (pse_line_take(&query, &left) != PSE_OK || pse_line_take(&form, &left) != PSE_OK)
        return 0;
    PSE_REQUIRE(pse_demo_codes_new(&codes, 2) == PSE_OK);
    ask(codes, query);
    if (pse_demo_codes_take(&grant, codes, form, left, site, 2, NOW + 1) == PSE_DEMO_OIDC_GOOD) {
        PSE_REQUIRE(grant.person[0] == 'P');
        PSE_REQUIRE(pse_demo_codes_take(&grant, codes, form, left, site, 2, NOW + 1) ==
                    PSE_DEMO_OIDC_CODE);
    } else {
        PSE_REQUIRE(grant.person[0] == '\0' && grant.site[0] == '\0');
    }
    pse_demo_codes_free(codes);
    return 0;
}
