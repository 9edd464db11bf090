/* Crockford base32 of trackers and voter codes (protocol 6.3). Five bytes are eight characters, so
 * codes of a multiple of five bytes have no unused bits and only one form. */
#include "text.h"

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

static unsigned value_of(uint8_t c)
{
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);

    return at == NULL ? 32 : (unsigned)(at - alphabet);
}

/* The letter a person meant: case does not matter, and i, l, o are in no code. */
static uint8_t meant(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        c = (uint8_t)(c - 'A' + 'a');
    if (c == 'i' || c == 'l')
        return '1';
    return c == 'o' ? '0' : c;
}

static pse_rc unpack(uint8_t *out, const uint8_t *chars, size_t n_chars)
{
    uint32_t bits = 0;
    unsigned have = 0;

    for (size_t i = 0; i < n_chars; i++) {
        unsigned v = value_of(chars[i]);

        if (v > 31)
            return PSE_E_SYNTAX;
        bits = (bits << 5 | v) & 0xfff;
        have += 5;
        if (have >= 8) {
            have -= 8;
            *out++ = (uint8_t)(bits >> have);
        }
    }
    return PSE_OK;
}

static void require_size(size_t n)
{
    PSE_REQUIRE(n >= 5 && n <= PSE_CODE_BYTES_MAX && n % 5 == 0);
}

void pse_code_encode(char *out, const uint8_t *in, size_t n)
{
    size_t chars = n / 5 * 8;

    require_size(n);
    for (size_t i = 0; i < chars; i++) {
        size_t bit = 5 * i;
        uint32_t two = (uint32_t)in[bit / 8] << 8;

        if (bit / 8 + 1 < n)
            two |= in[bit / 8 + 1];
        if (i > 0 && i % 4 == 0)
            *out++ = '-';
        *out++ = alphabet[two >> (11 - bit % 8) & 31];
    }
    *out = '\0';
}

pse_rc pse_code_decode(uint8_t *out, size_t n, struct pse_span text)
{
    uint8_t chars[PSE_CODE_BYTES_MAX / 5 * 8];
    size_t k = 0;
    pse_rc rc;

    require_size(n);
    memset(out, 0, n);
    if (text.n != 2 * n - 1)
        return PSE_E_LENGTH;
    for (size_t i = 0; i < text.n; i++) {
        if (i % 5 != 4)
            chars[k++] = text.p[i];
        else if (text.p[i] != '-')
            return PSE_E_SYNTAX;
    }
    rc = unpack(out, chars, k);
    if (rc != PSE_OK)
        memset(out, 0, n);
    return rc;
}

pse_rc pse_code_read(uint8_t *out, size_t n, struct pse_span typed)
{
    uint8_t chars[PSE_CODE_BYTES_MAX / 5 * 8];
    size_t want = n / 5 * 8;
    size_t k = 0;
    pse_rc rc;

    require_size(n);
    memset(out, 0, n);
    for (size_t i = 0; i < typed.n; i++) {
        uint8_t c = meant(typed.p[i]);

        if (c == ' ' || c == '-')
            continue;
        if (value_of(c) > 31)
            return PSE_E_SYNTAX;
        if (k == want)
            return PSE_E_LENGTH;
        chars[k++] = c;
    }
    if (k != want)
        return PSE_E_LENGTH;
    rc = unpack(out, chars, k);
    if (rc != PSE_OK)
        memset(out, 0, n);
    return rc;
}
