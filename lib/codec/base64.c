/* Base64 in its two alphabets. One decoder: the alphabet and whether padding is there differ. */
#include "text.h"

static const char alphabet_standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 0..63, or 64 for a character outside the alphabet whose last two are given. */
static unsigned value_of(uint8_t c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    if (c == (uint8_t)alphabet[62])
        return 62;
    return c == (uint8_t)alphabet[63] ? 63 : 64;
}

static void put(struct pse_buf *b, const uint8_t *in, size_t n, const char *alphabet, bool pad)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t x = (uint32_t)in[i] << 16;
        char quad[4];

        if (have > 1)
            x |= (uint32_t)in[i + 1] << 8;
        if (have > 2)
            x |= in[i + 2];
        for (unsigned k = 0; k < 4; k++)
            quad[k] = k <= have ? alphabet[x >> (18 - 6 * k) & 63] : '=';
        pse_buf_put(b, quad, pad ? 4 : have + 1);
    }
}

/* Length of @p text without padding; PSE_E_SYNTAX when padding or length is wrong. */
static pse_rc strip(size_t *n, struct pse_span text, bool pad)
{
    *n = text.n;
    if (pad) {
        if (text.n % 4 != 0)
            return PSE_E_SYNTAX;
        for (unsigned k = 0; k < 2 && *n > 0 && text.p[*n - 1] == '='; k++)
            --*n;
    }
    return *n % 4 == 1 ? PSE_E_SYNTAX : PSE_OK;
}

/* Check all of @p text and write at most @p room of the bytes it stands for. */
static pse_rc decode(uint8_t *out, size_t room, size_t *n, struct pse_span text,
                     const char *alphabet, bool pad)
{
    size_t chars;
    size_t made = 0;
    uint32_t bits = 0;
    unsigned have = 0;

    *n = 0;
    PSE_TRY(strip(&chars, text, pad));
    for (size_t i = 0; i < chars; i++) {
        unsigned v = value_of(text.p[i], alphabet);

        if (v > 63)
            return PSE_E_SYNTAX;
        bits = (bits << 6 | v) & 0xffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            if (made < room)
                out[made] = (uint8_t)(bits >> have);
            made++;
        }
    }
    if ((bits & ((1U << have) - 1)) != 0)
        return PSE_E_SYNTAX;
    *n = made;
    return PSE_OK;
}

static pse_rc decode_exact(uint8_t *out, size_t n, struct pse_span text, const char *alphabet,
                           bool pad)
{
    size_t stands_for;
    pse_rc rc;

    memset(out, 0, n);
    rc = decode(out, n, &stands_for, text, alphabet, pad);
    if (rc == PSE_OK && stands_for != n)
        rc = PSE_E_LENGTH;
    if (rc != PSE_OK)
        memset(out, 0, n);
    return rc;
}

size_t pse_base64_length(size_t n)
{
    PSE_REQUIRE(n <= SIZE_MAX / 2);
    return (n + 2) / 3 * 4;
}

void pse_base64_put(struct pse_buf *b, const void *in, size_t n)
{
    put(b, in, n, alphabet_standard, true);
}

pse_rc pse_base64_check(size_t *n, struct pse_span text)
{
    return decode(NULL, 0, n, text, alphabet_standard, true);
}

pse_rc pse_base64_decode(void *out, size_t n, struct pse_span text)
{
    return decode_exact(out, n, text, alphabet_standard, true);
}

pse_rc pse_base64_decode_prefix(void *out, size_t n, struct pse_span text)
{
    size_t stands_for;
    pse_rc rc;

    memset(out, 0, n);
    rc = decode(out, n, &stands_for, text, alphabet_standard, true);
    if (rc == PSE_OK && stands_for < n)
        rc = PSE_E_LENGTH;
    if (rc != PSE_OK)
        memset(out, 0, n);
    return rc;
}

void pse_base64url_put(struct pse_buf *b, const void *in, size_t n)
{
    put(b, in, n, alphabet_url, false);
}

pse_rc pse_base64url_check(size_t *n, struct pse_span text)
{
    return decode(NULL, 0, n, text, alphabet_url, false);
}

pse_rc pse_base64url_decode(void *out, size_t n, struct pse_span text)
{
    return decode_exact(out, n, text, alphabet_url, false);
}
