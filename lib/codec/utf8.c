#include "utf8.h"

/* Bytes of the sequence that @p lead begins; 0 when none does (c0, c1 and f5.. never occur). */
static size_t length_of(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

pse_rc pse_utf8_next(uint32_t *out, struct pse_span *text)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t lead_bits[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t x;
    size_t n;

    if (text->n == 0)
        return PSE_E_LENGTH;
    n = length_of(text->p[0]);
    if (n == 0 || text->n < n)
        return PSE_E_ENCODING;
    x = text->p[0] & lead_bits[n];
    for (size_t i = 1; i < n; i++) {
        if ((text->p[i] & 0xc0) != 0x80)
            return PSE_E_ENCODING;
        x = x << 6 | (text->p[i] & 0x3f);
    }
    if (x < smallest[n] || x > 0x10ffff || (x >= 0xd800 && x <= 0xdfff))
        return PSE_E_ENCODING;
    *out = x;
    text->p += n;
    text->n -= n;
    return PSE_OK;
}

size_t pse_utf8_encode(uint8_t out[4], uint32_t x)
{
    PSE_REQUIRE(x <= 0x10ffff && !(x >= 0xd800 && x <= 0xdfff));
    if (x < 0x80) {
        out[0] = (uint8_t)x;
        return 1;
    }
    if (x < 0x800) {
        out[0] = (uint8_t)(0xc0 | x >> 6);
        out[1] = (uint8_t)(0x80 | (x & 0x3f));
        return 2;
    }
    if (x < 0x10000) {
        out[0] = (uint8_t)(0xe0 | x >> 12);
        out[1] = (uint8_t)(0x80 | (x >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (x & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | x >> 18);
    out[1] = (uint8_t)(0x80 | (x >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (x >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (x & 0x3f));
    return 4;
}

void pse_utf8_put(struct pse_buf *b, uint32_t code_point)
{
    uint8_t bytes[4];

    pse_buf_put(b, bytes, pse_utf8_encode(bytes, code_point));
}

size_t pse_utf8_fault(struct pse_span text)
{
    struct pse_span rest = text;
    uint32_t x;

    while (rest.n > 0 && pse_utf8_next(&x, &rest) == PSE_OK)
        continue;
    return text.n - rest.n;
}

bool pse_utf8_is_valid(struct pse_span text)
{
    return pse_utf8_fault(text) == text.n;
}

pse_rc pse_utf8_count(size_t *out, struct pse_span text)
{
    size_t n = 0;
    uint32_t x;

    *out = 0;
    for (; text.n > 0; n++)
        PSE_TRY(pse_utf8_next(&x, &text));
    *out = n;
    return PSE_OK;
}

bool pse_utf8_is_space(uint32_t x)
{
    return (x >= 0x09 && x <= 0x0d) || x == 0x20 || x == 0x85 || x == 0xa0 || x == 0x1680 ||
           (x >= 0x2000 && x <= 0x200a) || x == 0x2028 || x == 0x2029 || x == 0x202f ||
           x == 0x205f || x == 0x3000;
}

bool pse_utf8_is_unsafe(uint32_t x)
{
    return x < 0x20 || (x >= 0x7f && x <= 0x9f) || x == 0x061c || x == 0x200e || x == 0x200f ||
           (x >= 0x2028 && x <= 0x202e) || (x >= 0x2066 && x <= 0x2069) || x == 0xfeff;
}

static void put_hex_number(struct pse_buf *b, uint32_t x, unsigned digits)
{
    static const char hex[] = "0123456789abcdef";

    while (digits < 8 && x >> 4 * digits != 0)
        digits++;
    while (digits-- > 0)
        pse_buf_put(b, &hex[x >> 4 * digits & 15], 1);
}

void pse_utf8_put_escaped(struct pse_buf *b, struct pse_span text)
{
    while (text.n > 0) {
        const uint8_t *from = text.p;
        uint32_t x;

        if (pse_utf8_next(&x, &text) != PSE_OK) {
            pse_buf_put(b, "\\x{", 3);
            put_hex_number(b, text.p[0], 2);
            pse_buf_put(b, "}", 1);
            text.p++;
            text.n--;
        } else if (x == '\\') {
            pse_buf_put(b, "\\\\", 2);
        } else if (pse_utf8_is_unsafe(x)) {
            pse_buf_put(b, "\\u{", 3);
            put_hex_number(b, x, 4);
            pse_buf_put(b, "}", 1);
        } else {
            pse_buf_put(b, from, (size_t)(text.p - from));
        }
    }
}
