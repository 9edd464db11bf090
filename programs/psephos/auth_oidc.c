/* Identity by a service (OpenID Connect, identity contract 4): what the settings mean, and logins.
 * A login only: nothing that the voter holds signs anything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "psephos/auth.h"

bool auth_has_oidc(const struct auth *a)
{
    return a->set->oidc[0].issuer[0] != '\0' || a->set->oidc[1].issuer[0] != '\0';
}

/* --- settings ----------------------------------------------------------------------------------
 */

/* Words of a setting; without any *list stays the profile's. */
static bool split(struct pse_oidc_list *list, struct oidc_words *w, const char *text)
{
    char *rest = NULL;

    (void)snprintf(w->text, sizeof w->text, "%s", text);
    w->n = 0;
    for (char *word = strtok_r(w->text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (w->n == PSE_OIDC_LIST_MAX)
            return false;
        w->word[w->n++] = word;
    }
    if (w->n > 0)
        *list = (struct pse_oidc_list){w->word, w->n};
    return true;
}

static void take(const char **rule, const char *text)
{
    if (text[0] != '\0')
        *rule = text;
}

static bool take_algorithms(struct pse_oidc_rules *r, const char *text)
{
    struct pse_oidc_list list = {.n = 0};
    struct oidc_words w;

    if (!split(&list, &w, text))
        return false;
    if (list.n > 0)
        r->with_rs256 = r->with_es256 = false;
    for (size_t i = 0; i < list.n; i++) {
        if (strcmp(list.text[i], "RS256") == 0)
            r->with_rs256 = true;
        else if (strcmp(list.text[i], "ES256") == 0)
            r->with_es256 = true;
        else
            return false;
    }
    return true;
}

/* The host of the issuer, where none is named. */
static void take_host(struct auth_oidc *o)
{
    const char *begin = strstr(o->set->issuer, "://");

    if (o->set->hosts[0] != '\0' || begin == NULL)
        return;
    (void)snprintf(o->hosts.text, sizeof o->hosts.text, "%.*s", (int)strcspn(begin + 3, "/?#"),
                   begin + 3);
    o->hosts.word[0] = o->hosts.text;
    o->rules.hosts = (struct pse_oidc_list){o->hosts.word, 1};
}

/* NULL: good; else the key that is not. */
static const char *make_rules(struct auth_oidc *o)
{
    const struct oidc_settings *s = o->set;
    struct pse_oidc_rules *r = &o->rules;

    if (s->profile == OIDC_TARA)
        pse_oidc_rules_tara(r);
    else
        pse_oidc_rules_default(r);
    r->issuer = s->issuer;
    r->client_id = s->client_id;
    r->redirect_uri = s->redirect;
    r->client = (enum pse_oidc_client)s->client;
    r->is_pkce_unlisted = r->is_pkce_unlisted || s->is_pkce_unlisted;
    r->is_loopback_http_allowed = s->is_loopback;
    take(&r->scope, s->scope);
    take(&r->prompt, s->prompt);
    take(&r->acr_least, s->acr_least);
    take(&r->subject_claim, s->subject_claim);
    take(&r->subject_begin, s->subject_begin);
    take(&r->subject_kind, s->subject_kind);
    take(&r->names_claim, s->names);
    if (!split(&r->hosts, &o->hosts, s->hosts))
        return "hosts";
    take_host(o);
    if (!split(&r->acr, &o->acr, s->acr))
        return "acr";
    if (!split(&r->amr, &o->amr, s->amr))
        return "amr";
    return take_algorithms(r, s->algorithms) ? NULL : "algorithms";
}

/* Members are named as their keys are, but for the hyphens. */
static void say_key(const struct auth_oidc *o, const char *member, pse_rc rc)
{
    char key[PSE_CONF_NAME_MAX + 1];

    (void)snprintf(key, sizeof key, "%s", member);
    for (char *c = key; *c != '\0'; c++) {
        if (*c == '_')
            *c = '-';
    }
    cli_error(o->a->d->name, "[%s] %s %s; psephos-auth(1) says what belongs there", o->section, key,
              rc == PSE_E_MISSING ? "is missing"
              : rc == PSE_E_LIMIT ? "is too long, or names too many"
                                  : "does not fit");
}

/* The path of the callback is ours, so a return that goes elsewhere would not be seen. */
static bool check_places(const struct auth_oidc *o)
{
    char end[64];
    int n = snprintf(end, sizeof end, "/v1/login/%s/callback", o->section);
    const char *at = strstr(o->set->redirect, "://");
    const char *path = at == NULL ? NULL : strchr(at + 3, '/');

    if (path == NULL || strcmp(path, end) != 0) {
        cli_error(o->a->d->name, "[%s] redirect-uri must be https://SITE%.*s", o->section, n, end);
        return false;
    }
    for (const char *c = o->set->page; *c != '\0'; c++) {
        if (*c <= 0x20 || *c > 0x7e || *c == '#' || *c == '\\' || o->set->page[0] != '/' ||
            o->set->page[1] == '/') {
            cli_error(o->a->d->name,
                      "[%s] page must be the path of a page of this site, /…, "
                      "without #",
                      o->section);
            return false;
        }
    }
    return true;
}

static bool read_secret(int *status, struct auth_oidc *o)
{
    struct pse_hidden *h = &o->secret;
    const uint8_t *end;

    if (o->rules.client == PSE_OIDC_CLIENT_NONE)
        return true;
    *status = CLI_EXIT_USAGE;
    if (o->set->secret[0] == '\0') {
        cli_error(o->a->d->name, "[%s] client-secret is missing; or say client = none", o->section);
        return false;
    }
    if (!daemon_secret(status, h, o->a->d, o->set->secret, AUTH_OIDC_SECRET_MAX))
        return false;
    end = memchr(h->p, '\n', h->n);
    if (end != NULL && end > h->p && end == h->p + h->n - 1) {
        h->n--;
        return true;
    }
    cli_error(o->a->d->name, "[%s] client-secret must be one line, with its line end", o->section);
    *status = CLI_EXIT_USAGE;
    return false;
}

static bool read_one(int *status, struct auth_oidc *o)
{
    const char *key = make_rules(o);
    pse_rc rc = PSE_E_LIMIT;

    *status = CLI_EXIT_USAGE;
    if (key == NULL)
        rc = pse_oidc_rules_check(&key, &o->rules);
    if (rc != PSE_OK) {
        say_key(o, key, rc);
        return false;
    }
    return check_places(o) && read_secret(status, o);
}

bool auth_oidc_read(int *status, struct auth *a)
{
    static const char *const section[AUTH_OIDC_MAX] = {"oidc", "oidc-2"};

    for (uint32_t i = 0; i < AUTH_OIDC_MAX; i++) {
        struct auth_oidc *o = &a->oidc[i];

        o->a = a;
        o->section = section[i];
        o->index = i;
        o->set = &a->set->oidc[i];
        if (o->set->issuer[0] != '\0' && !read_one(status, o))
            return false;
    }
    return true;
}

/* --- logins ------------------------------------------------------------------------------------
 */

static enum identity_rc begin(void *ctx, struct identity_begun *begun,
                              const struct identity_session *s)
{
    struct auth_oidc *o = ctx;
    PSE_SECRET(pse_oidc_pending, p);
    char language[16];
    enum pse_oidc_fault fault;
    pse_rc rc;

    *begun = (struct identity_begun){.retry = 0};
    if (s->claim.n >= sizeof language)
        return IDENTITY_MALFORMED;
    (void)snprintf(language, sizeof language, "%.*s", (int)s->claim.n, (const char *)s->claim.p);
    fault = auth_oidc_hear(o);
    if (fault != PSE_OIDC_GOOD) {
        begun->why = pse_oidc_words_of(fault)->slug;
        return IDENTITY_FAILED;
    }
    rc = pse_oidc_pendings_begin(&p, o->a->pendings, pse_span(s->browser, 32), o->index, s->person,
                                 &o->a->rng, (int64_t)s->now);
    if (rc == PSE_OK)
        rc = pse_oidc_authorize_url(begun->challenge, &o->rules, &o->discovery, &p,
                                    language[0] == '\0' ? NULL : language);
    return rc == PSE_OK         ? IDENTITY_OK
           : rc == PSE_E_LIMIT  ? IDENTITY_LIMIT
           : rc == PSE_E_SYNTAX ? IDENTITY_MALFORMED
                                : IDENTITY_FAILED;
}

/* Keys are exchanged by services: one that is not known is asked for, once. */
static enum pse_oidc_fault judge(struct pse_oidc_person *person, struct auth_oidc *o,
                                 const struct pse_oidc_tokens *t, const pse_oidc_pending *p)
{
    struct pse_oidc_expected expected = {
        .nonce = p->nonce, .at_hash = t->at_hash, .now = (int64_t)auth_now()};
    struct pse_span token = pse_buf_span(&t->id_token);
    uint64_t known = o->keys_number;
    enum pse_oidc_fault fault =
        pse_oidc_id_token_judge(person, token, o->keys, &o->rules, &expected);

    if (fault == PSE_OIDC_KEY_UNKNOWN && auth_oidc_has_other_keys(o, known))
        fault = pse_oidc_id_token_judge(person, token, o->keys, &o->rules, &expected);
    return fault;
}

/* The login is taken away before anything of the return is looked at. */
static enum pse_oidc_fault exchange(struct pse_oidc_person *person, struct identity_result *out,
                                    struct auth_oidc *o, const pse_oidc_pending *p,
                                    struct pse_span query)
{
    struct pse_oidc_tokens tokens = {.id_token = PSE_BUF(0)};
    PSE_SECRET(pse_oidc_code, code);
    enum pse_oidc_fault fault = PSE_OIDC_CALLBACK_ISS;

    if (p->provider == o->index)
        fault = auth_oidc_hear(o);
    if (fault == PSE_OIDC_GOOD)
        fault = pse_oidc_callback_judge(&code, query, p, &o->rules, &o->discovery);
    if (fault == PSE_OIDC_GOOD)
        fault = auth_oidc_fetch_tokens(&tokens, o, p, &code);
    if (fault == PSE_OIDC_GOOD)
        fault = judge(person, o, &tokens, p);
    if (fault == PSE_OIDC_GOOD)
        pse_sha256(&out->evidence, pse_buf_span(&tokens.id_token));
    pse_oidc_tokens_free(&tokens);
    return fault;
}

/* The three levels of eIDAS, by their names or as addresses that end with them; others are low. */
static enum identity_level level_of(const char *acr)
{
    const char *slash = strrchr(acr, '/');
    const char *word = slash == NULL ? acr : slash + 1;

    return strcmp(word, "high") == 0          ? IDENTITY_HIGH
           : strcmp(word, "substantial") == 0 ? IDENTITY_SUBSTANTIAL
                                              : IDENTITY_LOW;
}

/* A token's own expiry is that of the token, which was used; the login lasts as others do. */
static enum pse_oidc_fault find(enum identity_rc *rc, struct identity_result *out,
                                struct auth_oidc *o, const struct pse_oidc_person *person,
                                uint64_t before)
{
    *rc = auth_identify(out, o->a, person->subject);
    if (*rc != IDENTITY_OK)
        return PSE_OIDC_GOOD;
    if (before != 0 && before != out->person)
        return PSE_OIDC_SUBJECT_CHANGED;
    (void)snprintf(out->given, sizeof out->given, "%s", person->given_name);
    (void)snprintf(out->surname, sizeof out->surname, "%s", person->family_name);
    out->level = level_of(person->level);
    out->method = o->provider.name;
    return PSE_OIDC_GOOD;
}

static enum identity_rc complete(void *ctx, struct identity_result *out,
                                 const struct identity_session *s, struct pse_span response)
{
    struct auth_oidc *o = ctx;
    PSE_SECRET(pse_oidc_pending, p);
    struct pse_oidc_person person;
    enum identity_rc rc = IDENTITY_OK;
    enum pse_oidc_fault fault =
        pse_oidc_pendings_take(&p, o->a->pendings, pse_span(s->browser, 32), (int64_t)s->now);

    memset(out, 0, sizeof *out);
    if (fault == PSE_OIDC_GOOD)
        fault = exchange(&person, out, o, &p, response);
    if (fault == PSE_OIDC_GOOD) {
        fault = find(&rc, out, o, &person, p.person);
        pse_wipe(&person, sizeof person);
    }
    if (fault == PSE_OIDC_GOOD)
        return rc;
    out->why = pse_oidc_words_of(fault)->slug;
    return auth_oidc_is_of_service(fault) ? IDENTITY_FAILED : IDENTITY_REFUSED;
}

/* --- life --------------------------------------------------------------------------------------
 */

pse_rc auth_oidc_start(struct auth *a)
{
    uint64_t seed;

    if (!auth_has_oidc(a))
        return PSE_OK;
    pse_rng_fill(&a->rng, &seed, sizeof seed);
    PSE_TRY(pse_oidc_pendings_new(&a->pendings, AUTH_SESSIONS_MAX));
    PSE_TRY(pse_buckets_new(&a->networks, seed));
    for (size_t i = 0; i < AUTH_OIDC_MAX; i++) {
        struct auth_oidc *o = &a->oidc[i];

        if (o->rules.issuer == NULL)
            continue;
        o->provider = (struct identity_provider){"oidc", o, begin, complete};
        PSE_REQUIRE(pthread_cond_init(&o->answered, NULL) == 0);
        pthread_mutex_lock(&a->lock);
        (void)auth_oidc_hear(o);
        pthread_mutex_unlock(&a->lock);
    }
    return PSE_OK;
}

void auth_oidc_stop(struct auth *a)
{
    for (size_t i = 0; i < AUTH_OIDC_MAX; i++) {
        pse_oidc_keys_free(a->oidc[i].keys);
        pse_hidden_free(&a->oidc[i].secret);
    }
    pse_oidc_pendings_free(a->pendings);
    pse_buckets_free(a->networks);
}
