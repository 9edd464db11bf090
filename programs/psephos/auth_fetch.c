/* What auth fetches about cards: the authority's word on a certificate, and time stamps. Fetching
 * is apart from judging; nothing here believes an answer. Called without the lock. */
#include <stdio.h>
#include <string.h>

#include "net/fetch.h"
#include "psephos/auth.h"

enum {
    OCSP_MS = 5000,
    STAMP_MS = 10000, /* identity contract 3; stamp services are slower */
    KEPT = 4,         /* connections of a fetcher: to authorities and to the stamp service */
};

/* --- fetchers -----------------------------------------------------------------------------------
 */

void auth_fetchers_init(struct auth_fetchers *f)
{
    PSE_REQUIRE(pthread_mutex_init(&f->lock, NULL) == 0);
}

void auth_fetchers_free(struct auth_fetchers *f)
{
    while (f->n > 0)
        pse_fetcher_free(f->idle[--f->n]);
}

static pse_rc take(struct pse_fetcher **out, struct auth_fetchers *f)
{
    *out = NULL;
    pthread_mutex_lock(&f->lock);
    if (f->n > 0)
        *out = f->idle[--f->n];
    pthread_mutex_unlock(&f->lock);
    return *out != NULL ? PSE_OK : pse_fetcher_new(out, KEPT);
}

static void give(struct auth_fetchers *f, struct pse_fetcher *fetcher)
{
    pthread_mutex_lock(&f->lock);
    if (f->n < AUTH_FETCHERS) {
        f->idle[f->n++] = fetcher;
        fetcher = NULL;
    }
    pthread_mutex_unlock(&f->lock);
    pse_fetcher_free(fetcher);
}

/* --- asking -------------------------------------------------------------------------------------
 */

static pse_rc post(struct pse_buf *answer, struct auth *a, const char *url,
                   const char *const header[2], struct pse_span body, size_t max, unsigned ms)
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
    pse_rc rc = take(&f, &a->fetchers);

    if (rc == PSE_OK)
        rc = pse_fetch_one(&got, f, &request);
    if (rc == PSE_OK && (got.rc != PSE_OK || got.status != 200))
        rc = PSE_E_IO;
    if (f != NULL)
        give(&a->fetchers, f);
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
        rc = post(answer, a, url, header, pse_buf_span(&question), PSE_OCSP_MAX, OCSP_MS);
    pse_buf_free(&question);
    return rc;
}

pse_rc auth_fetch_stamp(struct pse_buf *answer, struct auth *a, const struct pse_stamp_ask *ask)
{
    static const char *const header[2] = {"Content-Type: application/timestamp-query",
                                          "Accept: application/timestamp-reply"};
    struct pse_buf question = PSE_BUF(PSE_STAMP_QUERY_MAX);
    pse_rc rc = pse_stamp_query_put(&question, ask);

    if (rc == PSE_OK)
        rc = post(answer, a, a->set->stamp, header, pse_buf_span(&question), PSE_STAMP_MAX,
                  STAMP_MS);
    pse_buf_free(&question);
    return rc;
}
