#include "common/officer_request.h"

#include <stdio.h>

#include "codec/codec.h"

static const char word[] = "Psephos-Officer ";

static void put_signed(struct pse_buf *b, const char *method, struct pse_span path,
                       struct pse_span body, uint64_t time)
{
    static const char label[] = "psephos/1/officer-request"; /* with its zero */
    pse_hash sum;

    pse_sha256(&sum, body);
    pse_buf_put(b, label, sizeof label);
    pse_wr_v8(b, pse_span_str(method));
    pse_wr_v16(b, path);
    pse_wr_u64(b, time);
    pse_wr_hash(b, &sum);
}

pse_rc officer_request_sign(char out[OFFICER_REQUEST_TEXT], const pse_seed *seed,
                            const pse_edkey *officer, const char *method, struct pse_span path,
                            struct pse_span body, uint64_t now)
{
    struct pse_buf b = PSE_BUF(8192);
    char key[65];
    char hex[129];
    uint8_t sig[64];
    pse_rc rc;

    put_signed(&b, method, path, body, now);
    PSE_REQUIRE(b.rc == PSE_OK);
    rc = pse_ed25519_sign(sig, seed, pse_buf_span(&b));
    pse_buf_free(&b);
    if (rc != PSE_OK)
        return rc;
    pse_hex_encode(key, officer->b, 32);
    pse_hex_encode(hex, sig, 64);
    (void)snprintf(out, OFFICER_REQUEST_TEXT, "%s%s %llu %s", word, key, (unsigned long long)now,
                   hex);
    return PSE_OK;
}

static bool take_word(struct pse_span *out, struct pse_span *text)
{
    const uint8_t *space = text->n == 0 ? NULL : memchr(text->p, ' ', text->n);

    if (space == NULL)
        return false;
    *out = pse_span(text->p, (size_t)(space - text->p));
    *text = pse_span(space + 1, text->n - out->n - 1);
    return true;
}

static pse_rc parse(pse_edkey *officer, uint64_t *time, uint8_t sig[64], struct pse_span text)
{
    struct pse_span key;
    struct pse_span at;

    if (text.n < sizeof word - 1 || memcmp(text.p, word, sizeof word - 1) != 0)
        return PSE_E_SYNTAX;
    text = pse_span(text.p + sizeof word - 1, text.n - (sizeof word - 1));
    if (!take_word(&key, &text) || !take_word(&at, &text))
        return PSE_E_SYNTAX;
    PSE_TRY(pse_hex_decode(officer->b, 32, key));
    PSE_TRY(pse_decimal_decode(time, at));
    return pse_hex_decode(sig, 64, text);
}

pse_rc officer_request_check(pse_edkey *officer, struct pse_span header, const char *method,
                             struct pse_span path, struct pse_span body, uint64_t now)
{
    struct pse_buf b = PSE_BUF(8192);
    uint8_t sig[64];
    uint64_t time;
    pse_rc rc;

    if (parse(officer, &time, sig, header) != PSE_OK)
        return PSE_E_SYNTAX;
    if (time > now + OFFICER_REQUEST_SECONDS || now > time + OFFICER_REQUEST_SECONDS)
        return PSE_E_STATE;
    put_signed(&b, method, path, body, time);
    rc = b.rc;
    if (rc == PSE_OK)
        rc =
            pse_ed25519_verify(officer, pse_buf_span(&b), sig) == PSE_OK ? PSE_OK : PSE_E_SIGNATURE;
    pse_buf_free(&b);
    return rc;
}
