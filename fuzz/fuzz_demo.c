/* Requests to the services of a demo authority, its PEM files, and PKCS#11 URIs: whatever comes is
 * answered, and an answer is one. */
#include "codec/codec.h"
#include "identity/identity.h"
#include "token/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1780000000 };

static struct pse_demo *made(enum pse_demo_use use, const struct pse_demo *by)
{
    const struct pse_demo_plan plan = {
        .use = use, .issuer = by, .serial = {1}, .from = NOW - 60, .until = NOW + 60};
    struct pse_demo *d;

    PSE_REQUIRE(pse_demo_new(&d) == PSE_OK && pse_demo_certify(d, &plan) == PSE_OK);
    return d;
}

static enum pse_demo_status look(void *ctx, int64_t *revoked_at, struct pse_span serial)
{
    (void)ctx;
    PSE_REQUIRE(serial.n > 0);
    *revoked_at = NOW - 1;
    return (enum pse_demo_status)(serial.p[0] % 3);
}

static void uris(struct pse_span in)
{
    char source[PSE_TOKEN_URI_MAX], text[2 * PSE_TOKEN_URI_MAX] = "pkcs11:";

    if (in.n == 0 || in.n >= sizeof text - 7)
        return;
    memcpy(text + 7, in.p, in.n);
    PSE_REQUIRE(pse_token_fault_name(pse_token_uri_check(source, text))[0] != '\0');
    PSE_REQUIRE(memchr(source, '\0', sizeof source) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pse_demo *root, *issuer; /* made once, for all inputs */
    static const uint8_t serial[PSE_DEMO_SERIAL] = {5};
    struct pse_span in = pse_span(size == 0 ? NULL : data, size);
    struct pse_buf answer = PSE_BUF(PSE_DEMO_PEM_MAX);
    struct pse_demo *parsed;
    struct pse_span rest;

    if (root == NULL) {
        root = made(PSE_DEMO_ROOT, NULL);
        issuer = made(PSE_DEMO_STAMPER, root);
    }
    if (size > PSE_DEMO_PEM_MAX)
        return 0;
    PSE_REQUIRE(pse_demo_ocsp_put(&answer, in, issuer, root, look, NULL, NOW) == PSE_OK);
    PSE_REQUIRE(answer.n > 4 && answer.p[0] == 0x30);
    answer.n = 0;
    PSE_REQUIRE(pse_demo_stamp_put(&answer, in, issuer, serial, NOW) == PSE_OK);
    PSE_REQUIRE(answer.n > 4 && answer.p[0] == 0x30);
    pse_buf_free(&answer);
    if (pse_demo_parse(&parsed, &rest, in) == PSE_OK) {
        PSE_REQUIRE(rest.n < in.n);
        pse_demo_free(parsed);
    }
    uris(in);
    return 0;
}
