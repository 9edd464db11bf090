/* Hexadecimal, lines and decimal. */
#include "text.h"

/* Keys and seeds stand in files as hexadecimal: digits are computed, not looked up or branched on.
 * 1 if a <= x <= a + n - 1, for small n and any x. */
static unsigned is_in(unsigned x, unsigned a, unsigned n)
{
    unsigned d = x - a;

    return ((d - n) & ~d) >> 31;
}

static char hex_digit(unsigned x)
{
    return (char)('0' + x + ('a' - '0' - 10) * is_in(x, 10, 6));
}

void pse_hex_encode(char *out, const void *in, size_t n)
{
    const uint8_t *p = in;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = hex_digit(p[i] >> 4);
        out[2 * i + 1] = hex_digit(p[i] & 15);
    }
    out[2 * n] = '\0';
}

void pse_hex_put(struct pse_buf *b, const void *in, size_t n)
{
    const uint8_t *p = in;

    for (size_t i = 0; i < n; i++) {
        char two[2] = {hex_digit(p[i] >> 4), hex_digit(p[i] & 15)};

        pse_buf_put(b, two, sizeof two);
    }
}

/* 0..15; *bad becomes 1 for anything that is no lower-case hexadecimal digit. */
static unsigned hex_value(unsigned c, unsigned *bad)
{
    unsigned digit = is_in(c, '0', 10);
    unsigned letter = is_in(c, 'a', 6);

    *bad |= (digit | letter) ^ 1;
    return (c - '0') * digit + (c - 'a' + 10) * letter;
}

pse_rc pse_hex_decode(void *out, size_t n, struct pse_span text)
{
    uint8_t *to = out;
    unsigned bad = 0;

    memset(to, 0, n);
    if (text.n % 2 != 0 || text.n / 2 != n)
        return PSE_E_LENGTH;
    for (size_t i = 0; i < n; i++) {
        unsigned high = hex_value(text.p[2 * i], &bad);

        to[i] = (uint8_t)(high << 4 | hex_value(text.p[2 * i + 1], &bad));
    }
    if (bad == 0)
        return PSE_OK;
    pse_wipe(to, n);
    return PSE_E_SYNTAX;
}

pse_rc pse_line_take(struct pse_span *line, struct pse_span *text)
{
    const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);

    if (end == NULL)
        return PSE_E_SYNTAX;
    *line = pse_span(text->p, (size_t)(end - text->p));
    *text = pse_span(end + 1, text->n - line->n - 1);
    return PSE_OK;
}

size_t pse_decimal_encode(char out[PSE_DECIMAL_TEXT], uint64_t x)
{
    char reversed[PSE_DECIMAL_TEXT];
    size_t n = 0;

    do {
        reversed[n++] = (char)('0' + x % 10);
        x /= 10;
    } while (x > 0);
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    out[n] = '\0';
    return n;
}

void pse_decimal_put(struct pse_buf *b, uint64_t x)
{
    char text[PSE_DECIMAL_TEXT];

    pse_buf_put(b, text, pse_decimal_encode(text, x));
}

pse_rc pse_decimal_decode(uint64_t *out, struct pse_span text)
{
    uint64_t x = 0;

    *out = 0;
    if (text.n == 0 || (text.n > 1 && text.p[0] == '0'))
        return PSE_E_SYNTAX;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return PSE_E_SYNTAX;
    for (size_t i = 0; i < text.n; i++)
        if (__builtin_mul_overflow(x, UINT64_C(10), &x) ||
            __builtin_add_overflow(x, (uint64_t)(text.p[i] - '0'), &x))
            return PSE_E_RANGE;
    *out = x;
    return PSE_OK;
}
