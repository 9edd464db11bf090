#include "json_write.h"

#include "cursor.h"
#include "text.h"
#include "utf8.h"

struct pse_json_wr pse_json_wr(struct pse_buf *out, unsigned indent)
{
    struct pse_json_wr w = {.out = out, .indent = indent};
    return w;
}

static void line_break(struct pse_json_wr *w)
{
    if (w->indent == 0)
        return;
    pse_wr_str(w->out, "\n");
    for (unsigned i = 0; i < w->indent * w->depth; i++)
        pse_wr_str(w->out, " ");
}

static void put_quoted(struct pse_buf *b, struct pse_span text)
{
    static const char hex[] = "0123456789abcdef";

    pse_wr_str(b, "\"");
    while (text.n > 0) {
        const uint8_t *from = text.p;
        uint32_t x;

        if (pse_utf8_next(&x, &text) != PSE_OK) {
            pse_utf8_put(b, 0xfffd);
            text.p++;
            text.n--;
        } else if (x == '"' || x == '\\') {
            pse_wr_str(b, "\\");
            pse_buf_put(b, from, 1);
        } else if (x == '\n') {
            pse_wr_str(b, "\\n");
        } else if (pse_utf8_is_unsafe(x)) {
            pse_wr_str(b, "\\u");
            for (unsigned k = 4; k-- > 0;)
                pse_buf_put(b, &hex[x >> 4 * k & 15], 1);
        } else {
            pse_buf_put(b, from, (size_t)(text.p - from));
        }
    }
    pse_wr_str(b, "\"");
}

/* What stands before a value: comma, line break, name. */
static void begin(struct pse_json_wr *w, const struct pse_span *name)
{
    bool in_object = w->depth > 0 && w->close[w->depth] == '}';

    PSE_REQUIRE(in_object == (name != NULL));
    PSE_REQUIRE(w->depth > 0 || !w->any[0]);
    if (w->any[w->depth])
        pse_wr_str(w->out, ",");
    w->any[w->depth] = true;
    if (w->depth > 0)
        line_break(w);
    if (name == NULL)
        return;
    put_quoted(w->out, *name);
    pse_wr_str(w->out, w->indent > 0 ? ": " : ":");
}

static void begin_named(struct pse_json_wr *w, const char *name)
{
    struct pse_span s;

    if (name == NULL) {
        begin(w, NULL);
        return;
    }
    s = pse_span_str(name);
    begin(w, &s);
}

static void open_level(struct pse_json_wr *w, const char *name, const char *bracket, char close)
{
    PSE_REQUIRE(w->depth < PSE_JSON_WR_DEPTH_MAX);
    begin_named(w, name);
    pse_wr_str(w->out, bracket);
    w->depth++;
    w->any[w->depth] = false;
    w->close[w->depth] = close;
}

void pse_json_wr_object(struct pse_json_wr *w, const char *name)
{
    open_level(w, name, "{", '}');
}

void pse_json_wr_array(struct pse_json_wr *w, const char *name)
{
    open_level(w, name, "[", ']');
}

void pse_json_wr_end(struct pse_json_wr *w)
{
    char close;
    bool any;

    PSE_REQUIRE(w->depth > 0);
    close = w->close[w->depth];
    any = w->any[w->depth];
    w->depth--;
    if (any)
        line_break(w);
    pse_buf_put(w->out, &close, 1);
}

void pse_json_wr_string(struct pse_json_wr *w, const char *name, struct pse_span text)
{
    begin_named(w, name);
    put_quoted(w->out, text);
}

void pse_json_wr_str(struct pse_json_wr *w, const char *name, const char *text)
{
    pse_json_wr_string(w, name, pse_span_str(text));
}

void pse_json_wr_member(struct pse_json_wr *w, struct pse_span name, struct pse_span text)
{
    begin(w, &name);
    put_quoted(w->out, text);
}

void pse_json_wr_u64(struct pse_json_wr *w, const char *name, uint64_t x)
{
    begin_named(w, name);
    pse_decimal_put(w->out, x);
}

void pse_json_wr_i64(struct pse_json_wr *w, const char *name, int64_t x)
{
    pse_json_wr_fixed(w, name, x, 0);
}

void pse_json_wr_bool(struct pse_json_wr *w, const char *name, bool x)
{
    begin_named(w, name);
    pse_wr_str(w->out, x ? "true" : "false");
}

void pse_json_wr_null(struct pse_json_wr *w, const char *name)
{
    begin_named(w, name);
    pse_wr_str(w->out, "null");
}

void pse_json_wr_hex(struct pse_json_wr *w, const char *name, const void *p, size_t n)
{
    begin_named(w, name);
    pse_wr_str(w->out, "\"");
    pse_hex_put(w->out, p, n);
    pse_wr_str(w->out, "\"");
}

void pse_json_wr_fixed(struct pse_json_wr *w, const char *name, int64_t x, unsigned decimals)
{
    uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    uint64_t unit = 1;

    PSE_REQUIRE(decimals <= 18);
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    begin_named(w, name);
    if (x < 0)
        pse_wr_str(w->out, "-");
    pse_decimal_put(w->out, size / unit);
    if (decimals == 0)
        return;
    pse_wr_str(w->out, ".");
    for (size %= unit; unit > 1; size %= unit) {
        char digit;

        unit /= 10;
        digit = (char)('0' + size / unit);
        pse_buf_put(w->out, &digit, 1);
    }
}

pse_rc pse_json_wr_finish(struct pse_json_wr *w)
{
    PSE_REQUIRE(w->depth == 0 && w->any[0]);
    pse_wr_str(w->out, "\n");
    return w->out->rc;
}
