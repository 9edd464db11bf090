/* What browsers write: client data, answers as JSON; and evidence read back. Client data is
 * accepted for its own challenge and site alone; evidence has one form. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1780000000 };
static const struct pse_webauthn_site site = {"https://officers.example.org",
                                              "officers.example.org"};

/* A registration that holds without attestation, in which client data is not signed: the first
 * input of the corpus is accepted with it. */
static const char object_hex[] =
    "a363666d74646e6f6e656761747453746d74a0686175746844617461589003f47edaada4b36484defd2884f1c6bfba"
    "7455f9a7501d4fe63488e1dfaa44a44500000007a1b2c3d405060708090a0b0c0d0e0f10000c63726564656e746961"
    "6c2031a50102032620012158202dbf051577f36ef19067b8b511fe15cb834fb3183c24bd08bd579c5664ce08172258"
    "2014db9043a8b3042ed8d8efd947072a745c82946abef6ee3ee8b82af0114fff75";
static const char id[] = "credential 1";

static enum pse_webauthn_fault judge(struct pse_span client_data, int64_t issued,
                                     const char *origin)
{
    struct pse_webauthn_challenge challenge = {
        .purpose = PSE_WEBAUTHN_REGISTER, .account = "anna", .issued = issued};
    struct pse_webauthn_site at = {origin, site.rp_id};
    struct pse_webauthn_rules rules = {0};
    uint8_t object[sizeof object_hex / 2];
    struct pse_webauthn_answer answer = {.id = pse_span_str(id),
                                         .client_data = client_data,
                                         .object = pse_span(object, sizeof object)};
    struct pse_webauthn_key k;

    PSE_REQUIRE(pse_hex_decode(object, sizeof object, pse_span_str(object_hex)) == PSE_OK);
    return pse_webauthn_register(&k, &answer, &challenge, &at, &rules, NULL, 0, NOW);
}

static void check_evidence(struct pse_span in)
{
    struct pse_webauthn_evidence e;
    struct pse_buf form = PSE_BUF(PSE_WEBAUTHN_EVIDENCE_MAX);

    if (pse_webauthn_evidence_parse(&e, in) != PSE_OK)
        return;
    pse_webauthn_evidence_put(&form, &e);
    PSE_REQUIRE(form.rc == PSE_OK && pse_span_is_equal(pse_buf_span(&form), in));
    pse_buf_free(&form);
}

/* What was read fits into evidence. */
static void check_answer(struct pse_span in)
{
    struct pse_webauthn_evidence e = {
        .challenge = {.purpose = PSE_WEBAUTHN_ACT, .account = "anna", .issued = NOW},
        .answered = NOW};
    struct pse_buf form = PSE_BUF(PSE_WEBAUTHN_EVIDENCE_MAX);

    if (pse_webauthn_answer_read(&e.answer, in) == PSE_WEBAUTHN_GOOD && e.answer.object.n == 0) {
        pse_webauthn_evidence_put(&form, &e);
        PSE_REQUIRE(form.rc == PSE_OK);
        check_evidence(pse_buf_span(&form));
    }
    pse_buf_free(&form);
    pse_webauthn_answer_free(&e.answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_span in = pse_span(data, size);

    if (judge(in, NOW, site.origin) == PSE_WEBAUTHN_GOOD) {
        PSE_REQUIRE(judge(in, NOW - 1, site.origin) == PSE_WEBAUTHN_CHALLENGE);
        PSE_REQUIRE(judge(in, NOW, "https://officers.example.com") == PSE_WEBAUTHN_ORIGIN);
    }
    check_answer(in);
    check_evidence(in);
    return 0;
}
