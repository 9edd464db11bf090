#include "common/session_token.h"

#include <sodium/crypto_generichash.h>

#include "codec/codec.h"

enum { AT_RANDOM = 8, AT_MAC = 24 };

void session_key_wipe(session_key *k)
{
    pse_wipe(k, sizeof *k);
}

pse_rc session_key_parse(session_key *out, struct pse_span file)
{
    struct pse_span digits = file;

    if (digits.n == 2 * SESSION_KEY_BYTES + 1 && digits.p[digits.n - 1] == '\n')
        digits.n--;
    if (pse_hex_decode(out->b, sizeof out->b, digits) == PSE_OK)
        return PSE_OK;
    session_key_wipe(out);
    return PSE_E_SYNTAX;
}

void session_key_format(char out[2 * SESSION_KEY_BYTES + 2], const session_key *k)
{
    pse_hex_encode(out, k->b, sizeof k->b);
    out[2 * SESSION_KEY_BYTES] = '\n';
    out[2 * SESSION_KEY_BYTES + 1] = '\0';
}

static void authenticate(uint8_t mac[32], const session_key *k, const pse_hash *eid,
                         const uint8_t head[AT_MAC])
{
    static const char label[] = "psephos/1/session"; /* with its zero */
    crypto_generichash_state h;

    (void)crypto_generichash_init(&h, k->b, sizeof k->b, 32);
    (void)crypto_generichash_update(&h, (const uint8_t *)label, sizeof label);
    (void)crypto_generichash_update(&h, eid->b, sizeof eid->b);
    (void)crypto_generichash_update(&h, head, AT_MAC);
    (void)crypto_generichash_final(&h, mac, 32);
    pse_wipe(&h, sizeof h);
}

void session_token_make(char out[SESSION_TOKEN_TEXT], const session_key *k, const pse_hash *eid,
                        uint64_t expiry, struct pse_rng *rng)
{
    uint8_t bytes[SESSION_TOKEN_BYTES];
    struct pse_buf text = PSE_BUF(SESSION_TOKEN_TEXT);

    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(expiry >> (56 - 8 * i));
    pse_rng_fill(rng, bytes + AT_RANDOM, AT_MAC - AT_RANDOM);
    authenticate(bytes + AT_MAC, k, eid, bytes);
    pse_base64url_put(&text, bytes, sizeof bytes);
    PSE_REQUIRE(text.rc == PSE_OK && text.n == SESSION_TOKEN_TEXT - 1);
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    pse_buf_free(&text);
    pse_wipe(bytes, sizeof bytes);
}

static pse_rc judge(uint64_t *expiry, const uint8_t bytes[SESSION_TOKEN_BYTES],
                    const session_key *k, const pse_hash *eid, uint64_t now)
{
    uint8_t mac[32];
    uint64_t until = 0;
    bool is_ours;

    for (size_t i = 0; i < 8; i++)
        until = until << 8 | bytes[i];
    authenticate(mac, k, eid, bytes);
    is_ours = pse_ct_eq(mac, bytes + AT_MAC, sizeof mac);
    pse_wipe(mac, sizeof mac);
    if (!is_ours || (until > now && until - now > SESSION_SECONDS_MAX))
        return PSE_E_PROOF;
    if (until <= now)
        return PSE_E_STATE;
    if (expiry != NULL)
        *expiry = until;
    return PSE_OK;
}

pse_rc session_token_check(uint64_t *expiry, struct pse_span text, const session_key *k,
                           const pse_hash *eid, uint64_t now)
{
    uint8_t bytes[SESSION_TOKEN_BYTES];
    pse_rc rc;

    if (text.n != SESSION_TOKEN_TEXT - 1 ||
        pse_base64url_decode(bytes, sizeof bytes, text) != PSE_OK)
        return PSE_E_SYNTAX;
    rc = judge(expiry, bytes, k, eid, now);
    pse_wipe(bytes, sizeof bytes);
    return rc;
}

bool session_token_bearer(struct pse_span *token, struct pse_span header)
{
    static const char word[] = "Bearer ";
    size_t n = sizeof word - 1;

    if (header.n <= n || memcmp(header.p, word, n) != 0)
        return false;
    *token = pse_span(header.p + n, header.n - n);
    return true;
}
