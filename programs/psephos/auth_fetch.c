/* What auth fetches about cards: the authority's word on a certificate, and time stamps. Fetching
 * is apart from judging; nothing here believes an answer. Called without the lock. */
#include <stdio.h>
#include <string.h>

#include "net/fetch.h"
#include "psephos/auth.h"

enum { OCSP_MS = 5000, STAMP_MS = 10000 }; /* identity contract 3; stamp services are slower */

static pse_rc post(struct pse_buf *answer, const char *url, const char *const header[2],
                   struct pse_span body, size_t max, unsigned ms)
{
    const struct pse_fetch request = {.url = url,
                                      .post = true,
                                      .body = body,
                                      .header = header,
                                      .headers = 2,
                                      .max = max,
                                      .deadline_ms = ms};
    struct pse_fetched got = {.rc = PSE_E_IO};
    struct pse_fetcher *f;
    pse_rc rc = pse_fetcher_new(&f, 1);

    if (rc == PSE_OK)
        rc = pse_fetch_one(&got, f, &request);
    if (rc == PSE_OK && (got.rc != PSE_OK || got.status != 200))
        rc = PSE_E_IO;
    pse_fetcher_free(f);
    if (rc == PSE_OK)
        *answer = got.body;
    else
        pse_buf_free(&got.body);
    return rc;
}

/* Some responders cannot echo a nonce; their addresses are configured, separated by spaces. */
static bool takes_no_nonce(const struct auth *a, const char *url)
{
    const char *at = a->set->ocsp_no_nonce;
    size_t n = strlen(url);

    while ((at = strstr(at, url)) != NULL) {
        if ((at == a->set->ocsp_no_nonce || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
        at += n;
    }
    return false;
}

pse_rc auth_fetch_ocsp(struct pse_buf *answer, uint8_t nonce[PSE_OCSP_NONCE], size_t *nonce_n,
                       struct auth *a, struct pse_rng *rng, const struct pse_certificate *c,
                       const struct pse_certificate *issuer)
{
    static const char *const header[2] = {"Content-Type: application/ocsp-request",
                                          "Accept: application/ocsp-response"};
    struct pse_buf question = PSE_BUF(PSE_OCSP_REQUEST_MAX);
    char url[PSE_CERTIFICATE_URL_MAX];
    pse_rc rc = PSE_OK;

    if (a->set->ocsp[0] != '\0')
        (void)snprintf(url, sizeof url, "%.*s", (int)sizeof url - 1, a->set->ocsp);
    else
        rc = pse_certificate_ocsp_url(url, c);
    *nonce_n = 0;
    if (rc == PSE_OK && !takes_no_nonce(a, url)) {
        pse_rng_fill(rng, nonce, PSE_OCSP_NONCE);
        *nonce_n = PSE_OCSP_NONCE;
    }
    if (rc == PSE_OK)
        rc = pse_ocsp_request_put(&question, c, issuer, pse_span(nonce, *nonce_n));
    if (rc == PSE_OK)
        rc = post(answer, url, header, pse_buf_span(&question), PSE_OCSP_MAX, OCSP_MS);
    pse_buf_free(&question);
    return rc;
}

pse_rc auth_fetch_stamp(struct pse_buf *answer, const struct auth *a,
                        const struct pse_stamp_ask *ask)
{
    static const char *const header[2] = {"Content-Type: application/timestamp-query",
                                          "Accept: application/timestamp-reply"};
    struct pse_buf question = PSE_BUF(PSE_STAMP_QUERY_MAX);
    pse_rc rc = pse_stamp_query_put(&question, ask);

    if (rc == PSE_OK)
        rc = post(answer, a->set->stamp, header, pse_buf_span(&question), PSE_STAMP_MAX, STAMP_MS);
    pse_buf_free(&question);
    return rc;
}
