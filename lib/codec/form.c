#include "form.h"

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One character from the front of @p in; -1: not one. */
static int next(struct pse_span *in)
{
    uint8_t c = in->p[0];
    size_t n = 1;
    int value = c == '+' ? ' ' : c;

    if (c == '%') {
        if (in->n < 3 || digit_of(in->p[1]) < 0 || digit_of(in->p[2]) < 0)
            return -1;
        value = 16 * digit_of(in->p[1]) + digit_of(in->p[2]);
        n = 3;
    }
    *in = pse_span(in->p + n, in->n - n);
    return value;
}

static bool decode(struct pse_span *out, struct pse_form *f, struct pse_span in)
{
    char *begin = f->room;

    while (in.n > 0) {
        int c = next(&in);

        if (c <= 0)
            return false;
        *f->room++ = (char)c;
    }
    *out = pse_span(begin, (size_t)(f->room - begin));
    return true;
}

/* The part up to @p end, which is left out too. */
static struct pse_span cut(struct pse_span *from, uint8_t end)
{
    const uint8_t *at = from->n == 0 ? NULL : memchr(from->p, end, from->n);
    struct pse_span part = pse_span(from->p, at == NULL ? from->n : (size_t)(at - from->p));
    size_t used = at == NULL ? from->n : part.n + 1;

    *from = pse_span(from->p == NULL ? NULL : from->p + used, from->n - used);
    return part;
}

struct pse_form pse_form(struct pse_span form, char *room)
{
    return (struct pse_form){form, room};
}

pse_rc pse_form_next(struct pse_span *name, struct pse_span *value, struct pse_form *f)
{
    struct pse_span pair, first;

    *name = *value = pse_span(NULL, 0);
    if (f->left.n == 0)
        return PSE_E_MISSING;
    pair = cut(&f->left, '&');
    first = cut(&pair, '=');
    return decode(name, f, first) && decode(value, f, pair) ? PSE_OK : PSE_E_SYNTAX;
}

static bool is_plain(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void pse_form_put(struct pse_buf *out, struct pse_span text)
{
    static const char digit[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.n; i++) {
        const uint8_t c = text.p[i];
        const char escaped[3] = {'%', digit[c >> 4], digit[c & 15]};

        if (is_plain(c))
            pse_buf_put(out, &c, 1);
        else
            pse_buf_put(out, escaped, sizeof escaped);
    }
}

void pse_form_pair(struct pse_buf *out, const char *name, struct pse_span value)
{
    if (out->n > 0 && out->p[out->n - 1] != '?')
        pse_buf_put(out, "&", 1);
    pse_buf_put(out, name, strlen(name));
    pse_buf_put(out, "=", 1);
    pse_form_put(out, value);
}
