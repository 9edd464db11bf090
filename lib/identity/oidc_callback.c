/* The browser comes back: what it brings in the query. */
#include "codec/codec.h"
#include "oidc_room.h"

enum parameter { CODE, STATE, ISS, ERROR, PARAMETERS };

/* Decoded values lie one after another in text, which cannot become longer than the query. */
struct query {
    char text[PSE_OIDC_QUERY_MAX];
    size_t n;
    struct pse_span value[PARAMETERS];
    bool has[PARAMETERS];
};

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One character of form encoding from the front of @p in; -1: not one. */
static int next(struct pse_span *in)
{
    uint8_t c = in->p[0];
    size_t n = 1;
    int value = c;

    if (c == '+')
        value = ' ';
    if (c == '%') {
        if (in->n < 3 || digit_of(in->p[1]) < 0 || digit_of(in->p[2]) < 0)
            return -1;
        value = 16 * digit_of(in->p[1]) + digit_of(in->p[2]);
        n = 3;
    }
    *in = pse_span(in->p + n, in->n - n);
    return value;
}

static bool decode(struct pse_span *out, struct query *q, struct pse_span in)
{
    size_t begin = q->n;

    while (in.n > 0) {
        int c = next(&in);

        if (c <= 0) /* a zero byte has no place in any of them */
            return false;
        q->text[q->n++] = (char)c;
    }
    *out = pse_span(q->text + begin, q->n - begin);
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

static enum pse_oidc_fault take(struct query *q, struct pse_span name, struct pse_span value)
{
    static const char *const known[PARAMETERS] = {
        [CODE] = "code", [STATE] = "state", [ISS] = "iss", [ERROR] = "error"};

    for (size_t i = 0; i < PARAMETERS; i++) {
        if (!pse_span_is_str(name, known[i]))
            continue;
        if (q->has[i])
            return PSE_OIDC_CALLBACK_DUPLICATE;
        q->has[i] = true;
        q->value[i] = value;
    }
    return PSE_OIDC_GOOD;
}

static enum pse_oidc_fault parse(struct query *q, struct pse_span in)
{
    if (in.n > PSE_OIDC_QUERY_MAX)
        return PSE_OIDC_CALLBACK_PARSE;
    while (in.n > 0) {
        struct pse_span pair = cut(&in, '&'), name = cut(&pair, '='), value;
        enum pse_oidc_fault fault;

        if (!decode(&name, q, name) || !decode(&value, q, pair))
            return PSE_OIDC_CALLBACK_PARSE;
        fault = take(q, name, value);
        if (fault != PSE_OIDC_GOOD)
            return fault;
    }
    return PSE_OIDC_GOOD;
}

static bool is_state(const struct query *q, const pse_oidc_pending *p)
{
    return q->has[STATE] && q->value[STATE].n == PSE_OIDC_SECRET_TEXT - 1 &&
           pse_ct_eq(q->value[STATE].p, p->state, PSE_OIDC_SECRET_TEXT - 1);
}

/* user_cancel is TARA's. */
static enum pse_oidc_fault fault_of(struct pse_span error)
{
    static const struct {
        const char *error;
        enum pse_oidc_fault fault;
    } row[] = {
        {"access_denied", PSE_OIDC_DENIED},
        {"user_cancel", PSE_OIDC_DENIED},
        {"server_error", PSE_OIDC_SERVICE_BUSY},
        {"temporarily_unavailable", PSE_OIDC_SERVICE_BUSY},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if (pse_span_is_str(error, row[i].error))
            return row[i].fault;
    }
    return PSE_OIDC_SERVICE_ERROR;
}

/* Letters, digits and signs (RFC 6749, appendix A.11). */
static bool is_code(struct pse_span code)
{
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] < ' ' || code.p[i] > '~')
            return false;
    }
    return code.n > 0 && code.n < PSE_OIDC_CODE_MAX;
}

static enum pse_oidc_fault judge(const struct query *q, const pse_oidc_pending *p,
                                 const struct pse_oidc_rules *r, const struct pse_oidc_discovery *d)
{
    if (!is_state(q, p))
        return PSE_OIDC_STATE_WRONG;
    if (!q->has[ISS] && d->has_iss)
        return PSE_OIDC_CALLBACK_ISS_MISSING;
    if (q->has[ISS] && !pse_span_is_str(q->value[ISS], r->issuer))
        return PSE_OIDC_CALLBACK_ISS;
    if (q->has[ERROR] && !q->has[CODE])
        return fault_of(q->value[ERROR]);
    if (q->has[ERROR] || !q->has[CODE] || !is_code(q->value[CODE]))
        return PSE_OIDC_CALLBACK_CODE;
    return PSE_OIDC_GOOD;
}

enum pse_oidc_fault pse_oidc_callback_judge(pse_oidc_code *out, struct pse_span query,
                                            const pse_oidc_pending *p,
                                            const struct pse_oidc_rules *r,
                                            const struct pse_oidc_discovery *d)
{
    struct query q = {.n = 0};
    enum pse_oidc_fault fault = parse(&q, query);

    pse_oidc_code_wipe(out);
    if (fault == PSE_OIDC_GOOD)
        fault = judge(&q, p, r, d);
    if (fault == PSE_OIDC_GOOD)
        memcpy(out->text, q.value[CODE].p, q.value[CODE].n);
    pse_wipe(&q, sizeof q);
    return fault;
}
