/* Identity services (OpenID Connect) of psephos auth serve: settings, what a service said of
 * itself, and logins. auth_oidc.c settings and logins; auth_oidc_ask.c what is asked of services;
 * auth_oidc_http.c the addresses. Every judgement is identity/oidc.h's.
 *
 * All but the settings stands under auth's lock, which is given up while a service is asked. */
#ifndef PSE_PSEPHOS_AUTH_OIDC_H
#define PSE_PSEPHOS_AUTH_OIDC_H

#include "common/identity_provider.h"
#include "daemon/config.h"
#include "daemon/secret.h"
#include "identity/identity.h"
#include "net/http.h"

struct auth;

enum { AUTH_OIDC_MAX = 2, AUTH_OIDC_SECRET_MAX = 512 };

/** A section: [oidc] or [oidc-2]. "" is what the profile says. */
struct oidc_settings {
    char issuer[PSE_CONF_TEXT];
    uint64_t profile;
    char client_id[PSE_CONF_TEXT];
    char secret[PSE_CONF_TEXT];
    uint64_t client;
    char redirect[PSE_CONF_TEXT];
    char page[PSE_CONF_TEXT];
    char scope[PSE_CONF_TEXT];
    char prompt[PSE_CONF_TEXT];
    char hosts[PSE_CONF_TEXT];
    char algorithms[PSE_CONF_TEXT];
    char acr[PSE_CONF_TEXT];
    char acr_least[PSE_CONF_TEXT];
    char amr[PSE_CONF_TEXT];
    char subject_claim[PSE_CONF_TEXT];
    char subject_begin[PSE_CONF_TEXT];
    char subject_kind[PSE_CONF_TEXT];
    char names[PSE_CONF_TEXT];
    char ca[PSE_CONF_TEXT];
    uint64_t timeout_ms;
    bool is_pkce_unlisted;
    bool is_loopback;
};
enum oidc_profile { OIDC_PLAIN, OIDC_TARA };
#define OIDC_PROFILE_WORDS "plain|tara"
#define OIDC_CLIENT_WORDS  "basic|post|none" /* enum pse_oidc_client */

#define OIDC_KEYS(type, field, at)                                                                 \
    PSE_CONF_WORDS(type, field.issuer, at, "issuer", 0, 400, "", PSE_CONF_FIXED,                   \
                   "The identity service's name of itself, https://HOST…, letter for letter as " \
                   "in its tokens; empty: there is none."),                                        \
        PSE_CONF_CHOICE(type, field.profile, at, "profile", OIDC_PROFILE_WORDS, "plain",           \
                        PSE_CONF_FIXED,                                                            \
                        "Where the values come from that are left empty below: plain ones, or "    \
                        "those of Estonia's TARA."),                                               \
        PSE_CONF_WORDS(type, field.client_id, at, "client-id", 0, 200, "", PSE_CONF_FIXED,         \
                       "Our name at the service."),                                                \
        PSE_CONF_SECRET(type, field.secret, at, "client-secret", "", PSE_CONF_FIXED,               \
                        "The password that goes with it: one line."),                              \
        PSE_CONF_CHOICE(type, field.client, at, "client", OIDC_CLIENT_WORDS, "basic",              \
                        PSE_CONF_FIXED,                                                            \
                        "How it is shown: in a header, in the body, or there is none."),           \
        PSE_CONF_WORDS(type, field.redirect, at, "redirect-uri", 0, 400, "", PSE_CONF_FIXED,       \
                       "Where browsers return, as registered at the service: "                     \
                       "https://SITE/v1/login/" at "/callback."),                                  \
        PSE_CONF_WORDS(type, field.page, at, "page", 0, 200, "", PSE_CONF_FIXED,                   \
                       "The page of this site, /…, that browsers see afterwards: with #login, "  \
                       "or #refused=WHY; empty: the answer is JSON."),                             \
        PSE_CONF_WORDS(type, field.scope, at, "scope", 0, 400, "", PSE_CONF_FIXED,                 \
                       "What is asked for, words with a space between; empty: the profile's, "     \
                       "openid."),                                                                 \
        PSE_CONF_WORDS(type, field.prompt, at, "prompt", 0, 40, "", PSE_CONF_FIXED,                \
                       "login: an older login at the service is not enough; empty: it is."),       \
        PSE_CONF_WORDS(type, field.hosts, at, "hosts", 0, 800, "", PSE_CONF_FIXED,                 \
                       "Hosts (HOST or HOST:PORT) where the service's endpoints may be, with a "   \
                       "space between; empty: the issuer's alone."),                               \
        PSE_CONF_WORDS(type, field.algorithms, at, "algorithms", 0, 40, "", PSE_CONF_FIXED,        \
                       "Signatures that are accepted: RS256, ES256, or both with a space "         \
                       "between; empty: the profile's, both."),                                    \
        PSE_CONF_WORDS(type, field.acr, at, "acr", 0, 800, "", PSE_CONF_FIXED,                     \
                       "Levels of logins (acr), lowest first, with a space between; empty: the "   \
                       "profile's, none: levels are not looked at."),                              \
        PSE_CONF_WORDS(type, field.acr_least, at, "acr-least", 0, 200, "", PSE_CONF_FIXED,         \
                       "The lowest of them that is accepted; empty: the profile's."),              \
        PSE_CONF_WORDS(type, field.amr, at, "amr", 0, 400, "", PSE_CONF_FIXED,                     \
                       "Methods of logins (amr) that are accepted, with a space between; empty: "  \
                       "the profile's, none: methods are not looked at."),                         \
        PSE_CONF_WORDS(type, field.subject_claim, at, "subject-claim", 0, 200, "", PSE_CONF_FIXED, \
                       "What in the token names the person; empty: the profile's, sub."),          \
        PSE_CONF_WORDS(type, field.subject_begin, at, "subject-begin", 0, 40, "", PSE_CONF_FIXED,  \
                       "It must begin with this, which is cut off (EE); empty: the profile's, "    \
                       "nothing."),                                                                \
        PSE_CONF_WORDS(type, field.subject_kind, at, "subject-kind", 0, 40, "", PSE_CONF_FIXED,    \
                       "What stands in front of it instead, and makes the id of the voter list "   \
                       "(PNOEE-); empty: the profile's, and plain has none."),                     \
        PSE_CONF_WORDS(type, field.names, at, "names-claim", 0, 200, "", PSE_CONF_FIXED,           \
                       "The object in the token that has the names; empty: the profile's, the "    \
                       "token itself."),                                                           \
        PSE_CONF_PATH(type, field.ca, at, "ca", "", PSE_CONF_FIXED,                                \
                      "A file of trusted certificates for the service; empty: the system's."),     \
        PSE_CONF_TIME(type, field.timeout_ms, at, "timeout", 1000, 10000, "10 s", PSE_CONF_FIXED,  \
                      "How long the service may take for one answer."),                            \
        PSE_CONF_SWITCH(type, field.is_pkce_unlisted, at, "pkce-unlisted", "no", PSE_CONF_FIXED,   \
                        "May the service be one that does not say it knows PKCE (S256)? It is "    \
                        "used all the same."),                                                     \
        PSE_CONF_SWITCH(type, field.is_loopback, at, "unsafe-loopback", "no", PSE_CONF_FIXED,      \
                        "UNSAFE, for tests and demonstrations: the service may be on this "        \
                        "machine, without TLS.")

struct oidc_words {
    char text[PSE_CONF_TEXT];
    const char *word[PSE_OIDC_LIST_MAX];
    size_t n;
};

struct auth_oidc {
    struct auth *a;
    const char *section; /* and the name in addresses */
    uint32_t index;
    const struct oidc_settings *set;
    struct pse_oidc_rules rules; /* issuer NULL: this section is not used */
    struct oidc_words hosts, acr, amr;
    struct pse_hidden secret;
    struct identity_provider provider;

    struct pse_oidc_discovery discovery;
    struct pse_oidc_keys *keys; /* NULL: the service was not heard yet */
    uint64_t keys_number;       /* one more with each set of keys */
    int64_t heard;              /* when discovery and keys came */
    int64_t asked;              /* when they were asked for last */
    int64_t refreshed;          /* when keys were asked for, for one that was not known */
    enum pse_oidc_fault trouble;
    bool is_asking;
    pthread_cond_t answered;
};

/** Is there an identity service in [oidc], or in [oidc-2]? */
bool auth_has_oidc(const struct auth *a);
/** Read the settings of all, and their secrets. False: leave with *status; printed. */
bool auth_oidc_read(int *status, struct auth *a);
/** Ask all of them once; a service that is away is asked again when somebody logs in. */
PSE_MUST pse_rc auth_oidc_start(struct auth *a);
void auth_oidc_stop(struct auth *a);

/** Is the fault one of the service or of ours, so that the voter can but try again? */
bool auth_oidc_is_of_service(enum pse_oidc_fault fault);
/** A service that was heard lately: at most PSE_OIDC_KEYS_SECONDS ago. Else why not. */
enum pse_oidc_fault auth_oidc_hear(struct auth_oidc *o);
/** Other keys than number @p known, where they can be had. */
bool auth_oidc_has_other_keys(struct auth_oidc *o, uint64_t known);
/** Exchange @p code for tokens: once. */
enum pse_oidc_fault auth_oidc_fetch_tokens(struct pse_oidc_tokens *out, struct auth_oidc *o,
                                           const pse_oidc_pending *p, const pse_oidc_code *code);

void auth_oidc_begin(struct auth *a, struct pse_http_call *c);
void auth_oidc_end(struct auth *a, struct pse_http_call *c);

#endif
