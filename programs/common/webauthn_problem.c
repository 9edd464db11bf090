#include "common/webauthn_problem.h"

#include "codec/codec.h"

static const char *const slugs[PSE_WEBAUTHN_FAULTS] = {
    [PSE_WEBAUTHN_CHALLENGE_MISSING] = "webauthn-challenge-missing",
    [PSE_WEBAUTHN_CHALLENGE_EXPIRED] = "webauthn-challenge-expired",
    [PSE_WEBAUTHN_ANSWER] = "webauthn-answer",
    [PSE_WEBAUTHN_PURPOSE] = "webauthn-purpose",
    [PSE_WEBAUTHN_CREDENTIAL] = "webauthn-credential",
    [PSE_WEBAUTHN_USER_HANDLE] = "webauthn-user-handle",
    [PSE_WEBAUTHN_CLIENT_DATA] = "webauthn-client-data",
    [PSE_WEBAUTHN_TYPE] = "webauthn-type",
    [PSE_WEBAUTHN_CHALLENGE] = "webauthn-challenge",
    [PSE_WEBAUTHN_ORIGIN] = "webauthn-origin",
    [PSE_WEBAUTHN_CROSS_ORIGIN] = "webauthn-cross-origin",
    [PSE_WEBAUTHN_ATTESTATION_OBJECT] = "webauthn-attestation-object",
    [PSE_WEBAUTHN_AUTHENTICATOR_DATA] = "webauthn-authenticator-data",
    [PSE_WEBAUTHN_RP_ID] = "webauthn-rp-id",
    [PSE_WEBAUTHN_USER_PRESENT] = "webauthn-user-present",
    [PSE_WEBAUTHN_USER_VERIFIED] = "webauthn-user-verified",
    [PSE_WEBAUTHN_BACKUP] = "webauthn-backup",
    [PSE_WEBAUTHN_SYNCED] = "webauthn-synced",
    [PSE_WEBAUTHN_ALGORITHM] = "webauthn-algorithm",
    [PSE_WEBAUTHN_PUBLIC_KEY] = "webauthn-public-key",
    [PSE_WEBAUTHN_AAGUID] = "webauthn-aaguid",
    [PSE_WEBAUTHN_ATTESTATION] = "webauthn-attestation",
    [PSE_WEBAUTHN_ATTESTATION_UNTRUSTED] = "webauthn-attestation-untrusted",
    [PSE_WEBAUTHN_REGISTERED] = "webauthn-registered",
    [PSE_WEBAUTHN_SIGNATURE] = "webauthn-signature",
    [PSE_WEBAUTHN_SIGN_COUNT] = "webauthn-sign-count",
    [PSE_WEBAUTHN_NO_MEMORY] = "storage",
};

const char *webauthn_slug(enum pse_webauthn_fault fault)
{
    PSE_REQUIRE(fault != PSE_WEBAUTHN_GOOD && fault < PSE_WEBAUTHN_FAULTS);
    return slugs[fault];
}

void webauthn_problem(struct pse_http_call *c, enum pse_webauthn_fault fault)
{
    pse_http_problem_with(c,
                          fault == PSE_WEBAUTHN_NO_MEMORY ? 503
                          : fault == PSE_WEBAUTHN_ANSWER  ? 400
                                                          : 403,
                          webauthn_slug(fault),
                          &(struct pse_http_detail){.detail = pse_webauthn_fault_words(fault)});
}

static void put_bytes(struct pse_json_wr *w, const char *name, const void *p, size_t n)
{
    struct pse_buf text = PSE_BUF(2 * PSE_WEBAUTHN_ID_MAX);

    pse_base64url_put(&text, p, n);
    pse_json_wr_string(w, name, pse_buf_span(&text));
    pse_buf_free(&text);
}

void webauthn_put_request(struct pse_json_wr *w, const struct pse_webauthn_challenge *challenge,
                          const struct pse_webauthn_site *site, const struct pse_webauthn_key *keys,
                          size_t n)
{
    pse_hash bytes;

    pse_webauthn_challenge_bytes(&bytes, challenge);
    put_bytes(w, "challenge", bytes.b, sizeof bytes.b);
    pse_json_wr_u64(w, "until", (uint64_t)challenge->issued + PSE_WEBAUTHN_SECONDS);
    pse_json_wr_str(w, "account", challenge->account);
    pse_json_wr_str(w, "rp_id", site->rp_id);
    pse_json_wr_array(w, "credentials");
    for (size_t i = 0; i < n; i++)
        put_bytes(w, NULL, keys[i].id, keys[i].id_n);
    pse_json_wr_end(w);
}
