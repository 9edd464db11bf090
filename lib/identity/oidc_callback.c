/* The browser comes back: what it brings in the query. */
#include "codec/codec.h"
#include "oidc_room.h"

enum parameter { CODE, STATE, ISS, ERROR, PARAMETERS };

/* Decoded values lie one after another in text, which cannot become longer than the query. */
struct query {
    char text[PSE_OIDC_QUERY_MAX];
    struct pse_span value[PARAMETERS];
    bool has[PARAMETERS];
};

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
    struct pse_form f = pse_form(in, q->text);
    struct pse_span name, value;
    pse_rc rc = PSE_E_LIMIT;

    while (in.n <= PSE_OIDC_QUERY_MAX && (rc = pse_form_next(&name, &value, &f)) == PSE_OK) {
        enum pse_oidc_fault fault = take(q, name, value);

        if (fault != PSE_OIDC_GOOD)
            return fault;
    }
    return rc == PSE_E_MISSING ? PSE_OIDC_GOOD : PSE_OIDC_CALLBACK_PARSE;
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
    struct query q = {.has = {false}};
    enum pse_oidc_fault fault = parse(&q, query);

    pse_oidc_code_wipe(out);
    if (fault == PSE_OIDC_GOOD)
        fault = judge(&q, p, r, d);
    if (fault == PSE_OIDC_GOOD)
        memcpy(out->text, q.value[CODE].p, q.value[CODE].n);
    pse_wipe(&q, sizeof q);
    return fault;
}
