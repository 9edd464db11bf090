/* Sessions of officers who read; what they do takes an assertion each time. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/cookie.h"
#include "psephos/office.h"

static const char cookie[] = "__Host-psephos-officer";

static uint64_t end_of(const struct office_session *s)
{
    uint64_t idle = s->used + OFFICE_IDLE_SECONDS;
    uint64_t whole = s->begun + OFFICE_SESSION_SECONDS;

    return idle < whole ? idle : whole;
}

static bool is_over(const struct office_session *s)
{
    return s->account[0] == '\0' || office_now() >= end_of(s);
}

static struct office_session *find(struct office *o, const struct pse_http_call *c)
{
    struct pse_span value;
    pse_hash token;

    if (!cookie_of(&value, c, cookie))
        return NULL;
    pse_sha256(&token, value);
    for (size_t i = 0; i < OFFICE_SESSIONS_MAX; i++) {
        struct office_session *s = &o->desk.session[i];

        if (!is_over(s) && pse_ct_eq(s->token.b, token.b, sizeof token.b))
            return s;
    }
    return NULL;
}

/* A page that was left open reads every few seconds; somebody who uses it sends something, or has
 * the page ask for the session itself. */
static bool is_use(const struct pse_http_call *c)
{
    return pse_http_method(c) == PSE_HTTP_POST ||
           pse_span_is_str(pse_http_path(c), "/v1/officer/session");
}

struct consent_account *office_session_of(struct office *o, const struct pse_http_call *c)
{
    struct office_session *s = find(o, c);

    if (s == NULL)
        return NULL;
    if (is_use(c))
        s->used = office_now();
    return consent_account(&o->desk.accounts, s->account);
}

uint64_t office_session_until(const struct office *o, const struct pse_http_call *c)
{
    const struct office_session *s = find((struct office *)o, c);

    return s == NULL ? 0 : end_of(s);
}

/* A free place, or that of the session that nobody has used for longest. */
static struct office_session *place(struct office *o)
{
    struct office_session *oldest = &o->desk.session[0];

    for (size_t i = 0; i < OFFICE_SESSIONS_MAX; i++) {
        struct office_session *s = &o->desk.session[i];

        if (is_over(s))
            return s;
        if (s->used < oldest->used)
            oldest = s;
    }
    return oldest;
}

void office_session_begin(struct office *o, struct pse_http_answer *answer, const char *account)
{
    struct pse_buf text = PSE_BUF(OFFICE_CODE_TEXT);
    struct office_session *s = place(o);
    char value[OFFICE_CODE_TEXT];
    uint8_t secret[32];

    pse_rng_fill(&o->rng, secret, sizeof secret);
    pse_base64url_put(&text, secret, sizeof secret);
    (void)snprintf(value, sizeof value, "%.*s", (int)text.n, (const char *)text.p);
    *s = (struct office_session){.begun = office_now(), .used = office_now()};
    (void)snprintf(s->account, sizeof s->account, "%s", account);
    pse_sha256(&s->token, pse_span_str(value));
    cookie_set(answer, cookie, value, OFFICE_SESSION_SECONDS, COOKIE_STRICT);
    pse_wipe(secret, sizeof secret);
    pse_wipe(value, sizeof value);
    pse_wipe(text.p, text.n);
    pse_buf_free(&text);
}

void office_session_end(struct office *o, struct pse_http_answer *answer,
                        const struct pse_http_call *c)
{
    struct office_session *s = find(o, c);

    if (s != NULL)
        *s = (struct office_session){.begun = 0};
    cookie_set(answer, cookie, "", 0, COOKIE_STRICT);
}

void office_sessions_drop(struct office *o, const char *account)
{
    for (size_t i = 0; i < OFFICE_SESSIONS_MAX; i++) {
        if (strcmp(o->desk.session[i].account, account) == 0)
            o->desk.session[i] = (struct office_session){.begun = 0};
    }
}

bool office_is_own_origin(const struct office *o, const struct pse_http_call *c)
{
    struct pse_span origin;

    return pse_http_header(&origin, c, "Origin") && pse_span_is_str(origin, o->desk.site.origin);
}
