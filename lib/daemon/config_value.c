#include "daemon/config_value.h"

#include "codec/cursor.h"
#include "codec/text.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first: a value is written in the largest unit that divides it. */
static const struct unit time_units[] = {{"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
static const struct unit size_units[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};

enum { UNITS = 4 };

static const struct unit *units_of(const struct pse_conf_key *k)
{
    return k->type == PSE_CONF_IS_TIME   ? time_units
           : k->type == PSE_CONF_IS_SIZE ? size_units
                                         : NULL;
}

void pse_conf_put_bound(struct pse_buf *b, const struct pse_conf_key *k, uint64_t x)
{
    const struct unit *u = units_of(k);
    size_t i = 0;

    if (u == NULL) {
        pse_decimal_put(b, x);
        return;
    }
    while (i < UNITS - 1 && (x == 0 || x % u[i].factor != 0))
        i++;
    pse_decimal_put(b, x / u[i].factor);
    pse_wr_str(b, " ");
    pse_wr_str(b, u[i].name);
}

struct pse_span pse_conf_choice(const struct pse_conf_key *k, uint64_t i)
{
    const char *p = k->unit;

    for (;; i--) {
        size_t n = strcspn(p, "|");

        if (i == 0)
            return pse_span(p, n);
        if (p[n] == '\0')
            return pse_span(NULL, 0);
        p += n + 1;
    }
}

/* What a value must look like, as the end of "…: it must be". */
static pse_rc wanted(struct pse_fault *f, pse_rc rc, const struct pse_conf_key *k, const char *what)
{
    struct pse_buf b = PSE_BUF(PSE_FAULT_MAX);

    pse_wr_str(&b, what);
    if (k->type <= PSE_CONF_IS_SIZE) {
        pse_wr_str(&b, " from ");
        pse_conf_put_bound(&b, k, k->min);
        pse_wr_str(&b, " to ");
        pse_conf_put_bound(&b, k, k->max);
    }
    rc = pse_fault(f, rc, "%.*s", (int)b.n, (const char *)b.p);
    pse_buf_free(&b);
    return rc;
}

/* Digits, at most one space, a unit. */
static pse_rc read_measure(uint64_t *out, struct pse_fault *f, const struct pse_conf_key *k,
                           struct pse_span text)
{
    const struct unit *u = units_of(k);
    const char *what = k->type == PSE_CONF_IS_TIME
                           ? "a number and ms, s, min or h, as in 250 ms,"
                           : "a number and B, KiB, MiB or GiB, as in 64 KiB,";
    struct pse_span name = text;
    size_t digits = 0;
    uint64_t x;
    pse_rc rc;

    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    name = pse_span(text.p + digits, text.n - digits);
    if (name.n > 0 && name.p[0] == ' ')
        name = pse_span(name.p + 1, name.n - 1);
    rc = pse_decimal_decode(&x, pse_span(text.p, digits));
    if (rc != PSE_OK)
        return wanted(f, rc, k, what);
    for (size_t i = 0; i < UNITS; i++) {
        if (pse_span_is_str(name, u[i].name))
            return __builtin_mul_overflow(x, u[i].factor, out) ? wanted(f, PSE_E_RANGE, k, what)
                                                               : PSE_OK;
    }
    return wanted(f, PSE_E_SYNTAX, k, what);
}

static pse_rc read_choice(uint64_t *out, struct pse_fault *f, const struct pse_conf_key *k,
                          struct pse_span text)
{
    struct pse_span word;

    for (*out = 0; (word = pse_conf_choice(k, *out)).n > 0; (*out)++) {
        if (pse_span_is_equal(word, text))
            return PSE_OK;
    }
    return pse_fault(f, PSE_E_RANGE, "one of %s", k->unit);
}

/* Absolute and in one form only: no empty, "." or ".." part, no slash at the end. */
static bool is_plain_path(struct pse_span text)
{
    size_t from = 1;

    if (text.n < 2 || text.p[0] != '/')
        return false;
    for (size_t i = 1; i <= text.n; i++) {
        struct pse_span part;

        if (i < text.n && text.p[i] != '/')
            continue;
        part = pse_span(text.p + from, i - from);
        if (part.n == 0 || pse_span_is_str(part, ".") || pse_span_is_str(part, ".."))
            return false;
        from = i + 1;
    }
    return true;
}

static bool is_credential(struct pse_span text)
{
    size_t prefix = strlen("credential:");

    if (text.n <= prefix || text.n > prefix + 64 || memcmp(text.p, "credential:", prefix) != 0 ||
        text.p[prefix] == '.')
        return false;
    for (size_t i = prefix; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

/* Its form is for the room that knows tokens. */
static bool is_on_token(const struct pse_conf_key *k, struct pse_span text)
{
    if (k->max == 0 || text.n < 8 || memcmp(text.p, "pkcs11:", 7) != 0)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
            return false;
    return true;
}

static pse_rc read_text(char *out, struct pse_fault *f, const struct pse_conf_key *k,
                        struct pse_span text)
{
    bool none = text.n == 0 && k->def != NULL && k->def[0] == '\0'; /* a key that may be empty */

    if (k->type == PSE_CONF_IS_PATH && !none && !is_plain_path(text))
        return pse_fault(f, PSE_E_SYNTAX,
                         "an absolute path without //, /./, /../ or a slash at its end");
    if (k->type == PSE_CONF_IS_SECRET && !none && !is_plain_path(text) && !is_credential(text) &&
        !is_on_token(k, text))
        return pse_fault(f, PSE_E_SYNTAX, "an absolute path or credential:NAME%s, never the secret",
                         k->max == 0 ? "" : ", or a pkcs11: URI");
    if (k->type == PSE_CONF_IS_TEXT && !none && (text.n < k->min || text.n > k->max))
        return pse_fault(f, PSE_E_LENGTH, "%llu to %llu bytes long", (unsigned long long)k->min,
                         (unsigned long long)k->max);
    if (text.n > PSE_CONF_VALUE_MAX)
        return pse_fault(f, PSE_E_LENGTH, "at most %d bytes long", PSE_CONF_VALUE_MAX);
    memset(out, 0, PSE_CONF_TEXT);
    if (text.n > 0)
        memcpy(out, text.p, text.n);
    return PSE_OK;
}

pse_rc pse_conf_set_value(void *settings, struct pse_fault *f, const struct pse_conf_key *k,
                          struct pse_span text)
{
    uint8_t *field = (uint8_t *)settings + k->at;
    uint64_t x = 0;
    bool yes = pse_span_is_str(text, "yes");
    pse_rc rc;

    switch (k->type) {
    case PSE_CONF_IS_NUMBER:
        rc = pse_decimal_decode(&x, text);
        if (rc != PSE_OK)
            return wanted(f, rc, k, "a whole number");
        break;
    case PSE_CONF_IS_TIME:
    case PSE_CONF_IS_SIZE: PSE_TRY(read_measure(&x, f, k, text)); break;
    case PSE_CONF_IS_CHOICE: PSE_TRY(read_choice(&x, f, k, text)); break;
    case PSE_CONF_IS_SWITCH:
        if (!yes && !pse_span_is_str(text, "no"))
            return pse_fault(f, PSE_E_SYNTAX, "yes or no");
        memcpy(field, &yes, sizeof yes);
        return PSE_OK;
    default: return read_text((char *)field, f, k, text);
    }
    if (k->type != PSE_CONF_IS_CHOICE && (x < k->min || x > k->max))
        return wanted(f, PSE_E_RANGE, k, "a value");
    memcpy(field, &x, sizeof x);
    return PSE_OK;
}
