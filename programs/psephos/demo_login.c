#include "psephos/demo_login.h"

#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/options.h"

enum { PAGE_MAX = 1 << 18, ANSWER_MS = 30000, FORM_MAX = 4096 };

/* At the service; @p where gets the address that the browser is sent to, if any. */
static pse_rc visit(unsigned *status, char where[PSE_FETCH_VALUE_MAX], struct enrolling *e,
                    const char *url, struct pse_span form)
{
    static const char *const keep[] = {"Location"};
    static const char *const header[] = {"Content-Type: application/x-www-form-urlencoded"};
    struct pse_fetched got = {.rc = PSE_E_IO};
    const struct pse_fetch f = {.url = url,
                                .post = form.n > 0,
                                .body = form,
                                .header = header,
                                .headers = form.n > 0 ? 1 : 0,
                                .keep = keep,
                                .kept = 1,
                                .max = PAGE_MAX,
                                .deadline_ms = ANSWER_MS};
    pse_rc rc = pse_fetch_one(&got, e->fetcher, &f);

    if (rc == PSE_OK && got.rc == PSE_OK) {
        *status = got.status;
        (void)snprintf(where, PSE_FETCH_VALUE_MAX, "%s", got.value[0]);
    } else {
        cli_error(e->name, "the identity service gave no answer: %s",
                  rc == PSE_OK ? got.why : "no address");
        rc = PSE_E_IO;
    }
    pse_buf_free(&got.body);
    return rc;
}

/* The page, and what the voter types there. */
static pse_rc tell_who(char where[PSE_FETCH_VALUE_MAX], struct enrolling *e, const char *url,
                       const char *code)
{
    struct pse_buf form = PSE_BUF(FORM_MAX);
    const char *query = strchr(url, '?');
    char plain[PSE_FETCH_URL_MAX];
    unsigned status = 0;
    pse_rc rc;

    if (query == NULL)
        return PSE_E_SYNTAX;
    PSE_TRY(visit(&status, where, e, url, pse_span(NULL, 0)));
    (void)snprintf(plain, sizeof plain, "%.*s", (int)(query - url), url);
    pse_wr_str(&form, query + 1);
    pse_form_pair(&form, "person", pse_span_str(code));
    rc = form.rc;
    if (rc == PSE_OK && status == 200)
        rc = visit(&status, where, e, plain, pse_buf_span(&form));
    pse_buf_free(&form);
    if (rc != PSE_OK || status == 303)
        return rc;
    cli_error(e->name, "the identity service refuses with status %u", status);
    return PSE_E_STATE;
}

static pse_rc begin(char where[PSE_FETCH_URL_MAX], char cookie[ENROLLING_COOKIE],
                    struct enrolling *e)
{
    struct pse_fetched got = {.rc = PSE_E_IO};
    pse_rc rc = enrolling_ask(&got, e, &(struct enrolling_request){.path = "/v1/login/oidc"});

    if (rc == PSE_OK && got.status != 200)
        rc = enrolling_refused(e, &got);
    if (rc == PSE_OK) {
        enrolling_cookie(cookie, &got);
        rc = enrolling_text(where, PSE_FETCH_URL_MAX, pse_buf_span(&got.body), "location");
    }
    pse_buf_free(&got.body);
    return rc;
}

static pse_rc end(struct enrolling *e, const char *path, const char *cookie)
{
    struct pse_fetched got = {.rc = PSE_E_IO};
    pse_rc rc = enrolling_ask(&got, e, &(struct enrolling_request){.path = path, .cookie = cookie});

    if (rc == PSE_OK && got.status != 200)
        rc = enrolling_refused(e, &got);
    if (rc == PSE_OK)
        rc = enrolling_text(e->session, sizeof e->session, pse_buf_span(&got.body), "session");
    pse_buf_free(&got.body);
    return rc;
}

pse_rc demo_login(struct enrolling *e, const char *back, const char *code)
{
    char url[PSE_FETCH_URL_MAX], where[PSE_FETCH_VALUE_MAX], cookie[ENROLLING_COOKIE];
    size_t n = strlen(back) - strlen(DEMO_CALLBACK);

    PSE_TRY(begin(url, cookie, e));
    PSE_TRY(tell_who(where, e, url, code));
    if (strncmp(where, back, strlen(back)) == 0 && where[strlen(back)] == '?')
        return end(e, where + n, cookie);
    cli_error(e->name, "the identity service sends the browser elsewhere");
    return PSE_E_MISMATCH;
}
