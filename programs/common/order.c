#include "common/order.h"

#include "codec/codec.h"
#include "election/entry.h"

static const char head[] = "psephos-order-1\nwhat ";

static const char *const none[] = {NULL};
static const char *const reason[] = {"reason", NULL};
static const char *const credential[] = {"credential", "reason", NULL};
static const char *const import[] = {"list", "base", "signature", NULL};
static const char *const release[] = {"through", "batch", NULL};
static const char *const statement[] = {"document", "kind", "language", "media", "title", NULL};
static const char *const publish[] = {"daemon", "settings", NULL};
static const char *const authenticator[] = {"account", "credential", NULL};
static const char *const person[] = {"person", NULL};

static const struct {
    const char *what;
    const char *const *fields;
} words[] = {
    {"open", none},           {"close", reason},
    {"freeze", none},         {"mix-end", none},
    {"result", none},         {"end", none},
    {"abort", reason},        {"import", import},
    {"release", release},     {"revoke", credential},
    {"restore", credential},  {"void", credential},
    {"statement", statement}, {"publish", publish},
    {"erase", person},        {"remove-authenticator", authenticator},
};

const struct order_word order_close_reasons[] = {{"scheduled", PSE_CLOSE_SCHEDULED},
                                                 {"early", PSE_CLOSE_EARLY},
                                                 {"extended", PSE_CLOSE_EXTENDED},
                                                 {"other", PSE_OTHER},
                                                 {NULL, 0}};
const struct order_word order_abort_reasons[] = {{"ceremony", PSE_ABORT_CEREMONY},
                                                 {"trustees", PSE_ABORT_TRUSTEES},
                                                 {"security", PSE_ABORT_SECURITY},
                                                 {"decision", PSE_ABORT_DECISION},
                                                 {"other", PSE_OTHER},
                                                 {NULL, 0}};
const struct order_word order_reasons[] = {{"paper", PSE_REASON_PAPER},
                                           {"not-entitled", PSE_REASON_NOT_ENTITLED},
                                           {"compromised", PSE_REASON_COMPROMISED},
                                           {"request", PSE_REASON_REQUEST},
                                           {"other", PSE_OTHER},
                                           {NULL, 0}};
const struct order_word order_statement_kinds[] = {{"information", PSE_STATEMENT_INFORMATION},
                                                   {"correction", PSE_STATEMENT_CORRECTION},
                                                   {"schedule", PSE_STATEMENT_SCHEDULE},
                                                   {"result", PSE_STATEMENT_RESULT},
                                                   {"other", PSE_OTHER},
                                                   {NULL, 0}};

static size_t find(struct pse_span what)
{
    size_t i = 0;

    while (i < sizeof words / sizeof words[0] && !pse_span_is_str(what, words[i].what))
        i++;
    return i;
}

const char *const *order_fields(struct pse_span what)
{
    size_t at = find(what);

    return at < sizeof words / sizeof words[0] ? words[at].fields : NULL;
}

static pse_rc check_value(struct pse_span v)
{
    if (v.n == 0 || v.n > ORDER_VALUE_MAX)
        return PSE_E_LIMIT;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < 0x20 || v.p[i] == 0x7f)
            return PSE_E_ENCODING;
    }
    return pse_utf8_is_valid(v) ? PSE_OK : PSE_E_ENCODING;
}

static pse_rc take_field(struct pse_span *value, struct pse_span *text, const char *key)
{
    size_t n = strlen(key);
    struct pse_span line;

    PSE_TRY(pse_line_take(&line, text));
    if (line.n < n + 1 || memcmp(line.p, key, n) != 0 || line.p[n] != ' ')
        return PSE_E_SYNTAX;
    *value = pse_span(line.p + n + 1, line.n - n - 1);
    return check_value(*value);
}

pse_rc order_parse(struct order *out, struct pse_span bytes)
{
    const size_t n = sizeof head - 1;
    const char *const *field;
    struct pse_span what;
    size_t at;

    memset(out, 0, sizeof *out);
    if (bytes.n > ORDER_MAX || bytes.n < n || memcmp(bytes.p, head, n) != 0)
        return PSE_E_SYNTAX;
    bytes = pse_span(bytes.p + n, bytes.n - n);
    PSE_TRY(pse_line_take(&what, &bytes));
    at = find(what);
    if (at == sizeof words / sizeof words[0])
        return PSE_E_UNSUPPORTED;
    out->what = words[at].what;
    for (field = words[at].fields; *field != NULL; field++) {
        out->key[out->n] = *field;
        PSE_TRY(take_field(&out->value[out->n++], &bytes, *field));
    }
    return bytes.n == 0 ? PSE_OK : PSE_E_SYNTAX;
}

pse_rc order_write(struct pse_buf *out, const char *what, const struct pse_span *value, size_t n)
{
    const char *const *field = order_fields(pse_span_str(what));

    if (field == NULL)
        return PSE_E_UNSUPPORTED;
    pse_buf_put(out, head, sizeof head - 1);
    pse_buf_put(out, what, strlen(what));
    pse_buf_put(out, "\n", 1);
    for (size_t i = 0; i < n; i++, field++) {
        if (*field == NULL)
            return PSE_E_SYNTAX;
        PSE_TRY(check_value(value[i]));
        pse_buf_put(out, *field, strlen(*field));
        pse_buf_put(out, " ", 1);
        pse_buf_put(out, value[i].p, value[i].n);
        pse_buf_put(out, "\n", 1);
    }
    return *field != NULL ? PSE_E_SYNTAX : out->rc;
}

struct pse_span order_value(const struct order *o, const char *key)
{
    for (size_t i = 0; i < o->n; i++) {
        if (strcmp(o->key[i], key) == 0)
            return o->value[i];
    }
    PSE_REQUIRE(false); /* the order has this field */
    return pse_span(NULL, 0);
}

pse_rc order_hash(pse_hash *out, const struct order *o, const char *key)
{
    return pse_hex_decode(out->b, 32, order_value(o, key)) == PSE_OK ? PSE_OK : PSE_E_SYNTAX;
}

pse_rc order_number(uint64_t *out, const struct order *o, const char *key)
{
    return pse_decimal_decode(out, order_value(o, key)) == PSE_OK ? PSE_OK : PSE_E_SYNTAX;
}

pse_rc order_code(uint8_t *out, const struct order *o, const char *key,
                  const struct order_word *word)
{
    struct pse_span value = order_value(o, key);

    for (; word->word != NULL; word++) {
        if (pse_span_is_str(value, word->word)) {
            *out = word->value;
            return PSE_OK;
        }
    }
    return PSE_E_RANGE;
}
