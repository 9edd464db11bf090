#include "codec/utf8.h"
#include "room.h"

bool pse_lines_next(struct pse_lines *l, struct pse_span *line)
{
    size_t n = 0;

    if (l->number == 0 && l->rest.n >= 3 && memcmp(l->rest.p, "\xEF\xBB\xBF", 3) == 0)
        l->rest = pse_span(l->rest.p + 3, l->rest.n - 3);
    if (l->rest.n == 0)
        return false;
    while (n < l->rest.n && l->rest.p[n] != '\n')
        n++;
    *line = pse_span(l->rest.p, n);
    n += n < l->rest.n;
    l->rest = pse_span(l->rest.p + n, l->rest.n - n);
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    l->number++;
    return true;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct pse_span pse_text_trim(struct pse_span s)
{
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    while (s.n > 0 && is_blank(s.p[0]))
        s = pse_span(s.p + 1, s.n - 1);
    return s;
}

bool pse_text_number(uint64_t *v, struct pse_span s)
{
    *v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(*v, UINT64_C(10), v) ||
            __builtin_add_overflow(*v, (uint64_t)(s.p[i] - '0'), v))
            return false;
    }
    return s.n > 0;
}

bool pse_text_cut(struct pse_span *head, struct pse_span *rest, struct pse_span s, char sep)
{
    const uint8_t *at = s.n == 0 ? NULL : (const uint8_t *)memchr(s.p, sep, s.n);
    size_t n = at == NULL ? s.n : (size_t)(at - s.p);

    *head = pse_span(s.p, n);
    *rest = at == NULL ? pse_span(NULL, 0) : pse_span(at + 1, s.n - n - 1);
    return at != NULL;
}

bool pse_text_is_clean(struct pse_span s)
{
    uint32_t c;

    while (s.n > 0) {
        if (pse_utf8_next(&c, &s) != PSE_OK)
            return false;
        if ((c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0))
            return false;
    }
    return true;
}

pse_rc pse_where_fail(struct pse_count_where *where, size_t line, const char *slug, pse_rc rc)
{
    where->line = line;
    where->slug = slug;
    return rc;
}
