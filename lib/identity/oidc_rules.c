/* One identity service as configured, and the addresses it may have. */
#include <stdlib.h>

#include "codec/codec.h"
#include "oidc_room.h"
#include "webeid.h"

enum { SKEW_MAX = 300 };

/* --- presets ------------------------------------------------------------------------------------
 */

void pse_oidc_rules_default(struct pse_oidc_rules *r)
{
    *r = (struct pse_oidc_rules){
        .scope = "openid",
        .client = PSE_OIDC_CLIENT_BASIC,
        .with_rs256 = true,
        .with_es256 = true,
        .subject_claim = "sub",
        .subject_begin = "",
        .skew = PSE_OIDC_SKEW,
    };
}

/* https://e-gov.github.io/TARA-Doku/TechnicalSpecification, which does not speak of PKCE: it is
 * sent, and what a service does not know it ignores. */
void pse_oidc_rules_tara(struct pse_oidc_rules *r)
{
    static const char *const host[] = {"tara.ria.ee"};
    static const char *const level[] = {"low", "substantial", "high"};
    static const char *const method[] = {"idcard", "mID", "smartid"};

    pse_oidc_rules_default(r);
    r->issuer = "https://tara.ria.ee";
    r->hosts = (struct pse_oidc_list){host, 1};
    r->with_es256 = false;
    r->acr = (struct pse_oidc_list){level, 3};
    r->acr_least = "high";
    r->amr = (struct pse_oidc_list){method, 3};
    r->subject_begin = "EE";
    r->subject_kind = "PNOEE-";
    r->names_claim = "profile_attributes";
    r->is_pkce_unlisted = true;
}

/* --- addresses ----------------------------------------------------------------------------------
 */

static const char secure[] = "https://", plain[] = "http://";

bool pse_oidc_url_is_plain(const char *url)
{
    return strncmp(url, plain, sizeof plain - 1) == 0;
}

/* Host and port, as they stand there. */
static struct pse_span authority_of(const char *url)
{
    const char *at = url + (pse_oidc_url_is_plain(url) ? sizeof plain : sizeof secure) - 1;

    return pse_span(at, strcspn(at, "/?"));
}

static bool is_authority(struct pse_span text)
{
    char origin[PSE_OIDC_ENDPOINT_MAX + sizeof secure];

    if (text.n >= PSE_OIDC_ENDPOINT_MAX)
        return false;
    memcpy(origin, secure, sizeof secure);
    memcpy(origin + sizeof secure - 1, text.p, text.n);
    origin[sizeof secure - 1 + text.n] = '\0';
    return pse_webeid_origin_is_valid(origin);
}

static bool is_loopback(struct pse_span authority)
{
    static const char *const host[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < sizeof host / sizeof *host; i++) {
        size_t n = strlen(host[i]);

        if (authority.n >= n && memcmp(authority.p, host[i], n) == 0 &&
            (authority.n == n || authority.p[n] == ':'))
            return true;
    }
    return false;
}

static bool is_address_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~' || strchr("\"#<>\\^`{|}", *text) != NULL)
            return false;
    }
    return true;
}

bool pse_oidc_url_is_valid(const char *url, const struct pse_oidc_rules *r)
{
    bool is_plain = pse_oidc_url_is_plain(url);

    if (strlen(url) >= PSE_OIDC_ENDPOINT_MAX || !is_address_text(url))
        return false;
    if (!is_plain && strncmp(url, secure, sizeof secure - 1) != 0)
        return false;
    if (is_plain && !(r->is_loopback_http_allowed && is_loopback(authority_of(url))))
        return false;
    return is_authority(authority_of(url));
}

bool pse_oidc_url_is_listed(const char *url, const struct pse_oidc_rules *r)
{
    return pse_oidc_list_find(&r->hosts, authority_of(url)) < r->hosts.n;
}

size_t pse_oidc_list_find(const struct pse_oidc_list *list, struct pse_span text)
{
    size_t i = 0;

    while (i < list->n && !pse_span_is_str(text, list->text[i]))
        i++;
    return i;
}

/* --- checking -----------------------------------------------------------------------------------
 */

/* Printable ASCII; spaces where they are asked for. */
static pse_rc check_text(const char *text, bool with_spaces)
{
    if (text == NULL || *text == '\0')
        return PSE_E_MISSING;
    if (strlen(text) >= PSE_OIDC_TEXT_MAX)
        return PSE_E_LIMIT;
    for (; *text != '\0'; text++) {
        if (*text < (with_spaces ? ' ' : '!') || *text > '~')
            return PSE_E_SYNTAX;
    }
    return PSE_OK;
}

static pse_rc check_url(const char *url, const struct pse_oidc_rules *r)
{
    if (url == NULL || *url == '\0')
        return PSE_E_MISSING;
    return pse_oidc_url_is_valid(url, r) ? PSE_OK : PSE_E_SYNTAX;
}

static pse_rc check_issuer(const struct pse_oidc_rules *r)
{
    PSE_TRY(check_url(r->issuer, r));
    return strchr(r->issuer, '?') == NULL ? PSE_OK : PSE_E_SYNTAX;
}

static pse_rc check_scope(const char *scope)
{
    static const char must[] = "openid";
    bool has = false;

    PSE_TRY(check_text(scope, true));
    for (;;) {
        size_t n = strcspn(scope, " ");

        if (n == 0)
            return PSE_E_SYNTAX;
        has = has || (n == sizeof must - 1 && memcmp(scope, must, n) == 0);
        if (scope[n] == '\0')
            return has ? PSE_OK : PSE_E_MISSING;
        scope += n + 1;
    }
}

static pse_rc check_list(const struct pse_oidc_list *list)
{
    if (list->n > PSE_OIDC_LIST_MAX)
        return PSE_E_LIMIT;
    for (size_t i = 0; i < list->n; i++) {
        PSE_TRY(check_text(list->text[i], false));
        if (pse_oidc_list_find(list, pse_span_str(list->text[i])) < i)
            return PSE_E_SYNTAX; /* twice */
    }
    return PSE_OK;
}

static pse_rc check_hosts(const struct pse_oidc_list *hosts)
{
    PSE_TRY(check_list(hosts));
    for (size_t i = 0; i < hosts->n; i++) {
        if (!is_authority(pse_span_str(hosts->text[i])))
            return PSE_E_SYNTAX;
    }
    return hosts->n > 0 ? PSE_OK : PSE_E_MISSING;
}

static pse_rc check_least(const struct pse_oidc_rules *r)
{
    if (r->acr.n == 0)
        return r->acr_least == NULL ? PSE_OK : PSE_E_SYNTAX;
    if (r->acr_least == NULL)
        return PSE_E_MISSING;
    return pse_oidc_list_find(&r->acr, pse_span_str(r->acr_least)) < r->acr.n ? PSE_OK
                                                                              : PSE_E_SYNTAX;
}

static pse_rc check_begin(const char *text)
{
    return text != NULL && *text == '\0' ? PSE_OK : check_text(text, false);
}

pse_rc pse_oidc_rules_check(const char **member, const struct pse_oidc_rules *r)
{
    const struct {
        const char *member;
        pse_rc rc;
    } row[] = {
        {"issuer", check_issuer(r)},
        {"client_id", check_text(r->client_id, true)},
        {"redirect_uri", check_url(r->redirect_uri, r)},
        {"scope", check_scope(r->scope)},
        {"prompt", r->prompt == NULL ? PSE_OK : check_text(r->prompt, true)},
        {"client", r->client <= PSE_OIDC_CLIENT_NONE ? PSE_OK : PSE_E_RANGE},
        {"hosts", check_hosts(&r->hosts)},
        {"algorithms", r->with_rs256 || r->with_es256 ? PSE_OK : PSE_E_MISSING},
        {"acr", check_list(&r->acr)},
        {"acr_least", check_least(r)},
        {"amr", check_list(&r->amr)},
        {"subject_claim", check_text(r->subject_claim, false)},
        {"subject_begin", check_begin(r->subject_begin)},
        {"subject_kind", check_text(r->subject_kind, false)},
        {"names_claim", r->names_claim == NULL ? PSE_OK : check_text(r->names_claim, false)},
        {"skew", r->skew <= SKEW_MAX ? PSE_OK : PSE_E_RANGE},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        *member = row[i].member;
        PSE_TRY(row[i].rc);
    }
    *member = NULL;
    return PSE_OK;
}
