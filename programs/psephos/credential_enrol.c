/* psephos credential enrol: register a credential with an eID, as a page in the browser does. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "psephos/certificates.h"
#include "psephos/credential.h"
#include "psephos/enrolling.h"

struct enrol_options {
    struct session_options common;
    const char *auth, *origin, *login_key, *login_cert, *sign_key, *sign_cert, *keep;
    uint64_t patience;
    bool is_replacement;
};

/* One of the card's two keys. */
struct half {
    struct pse_certificate *certificate;
    struct pse_card *card;
};

static void half_free(struct half *h)
{
    pse_card_free(h->card);
    pse_certificate_free(h->certificate);
}

static pse_rc half_read(struct half *h, const char *name, const char *key, const char *cert)
{
    struct pse_buf pem = PSE_BUF(0);
    pse_rc rc = certificate_read(&h->certificate, name, cert);

    if (rc == PSE_OK)
        rc = file_read(&pem, name, key, PSE_CERTIFICATE_MAX);
    if (rc == PSE_OK) {
        rc = pse_card_new(&h->card, pse_buf_span(&pem), h->certificate);
        if (rc != PSE_OK)
            cli_error(name, "%s is not the private key of %s, in PEM and without a pass phrase",
                      key, cert);
    }
    pse_buf_free(&pem);
    return rc;
}

static pse_rc keep(const struct session *s, const struct enrol_options *o, const char *leaf,
                   struct pse_span bytes)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(file_join(path, s->name, o->keep, leaf));
    return file_write(s->name, path, bytes, FILE_NEW | FILE_SECRET);
}

static pse_rc send_and_wait(struct session *s, const struct enrol_options *o, struct enrolling *e)
{
    struct pse_buf statement = PSE_BUF(PSE_BINDING_MAX), cms = PSE_BUF(PSE_CMS_MAX);
    char state[ENROLLING_WHY];
    pse_rc rc = enrolling_send(&statement, &cms, e, s->key, o->is_replacement);

    if (rc == PSE_OK && o->keep != NULL)
        rc = keep(s, o, "statement.bin", pse_buf_span(&statement));
    if (rc == PSE_OK && o->keep != NULL)
        rc = keep(s, o, "signature.p7s", pse_buf_span(&cms));
    if (rc == PSE_OK)
        rc = enrolling_wait(state, e, &s->key->secret_public, (unsigned)o->patience);
    if (rc == PSE_OK)
        session_say(s, "%s: %s", s->options->key, state);
    pse_buf_free(&statement);
    pse_buf_free(&cms);
    return rc;
}

static pse_rc with_cards(struct session *s, const struct enrol_options *o)
{
    struct half login = {.card = NULL}, signing = {.card = NULL};
    struct enrolling e = {.name = s->name,
                          .url = o->auth,
                          .origin = o->origin,
                          .eid = pse_engine_eid(s->load.e),
                          .g = s->g,
                          .rng = &s->rng};
    pse_rc rc = half_read(&login, s->name, o->login_key, o->login_cert);

    if (rc == PSE_OK)
        rc = half_read(&signing, s->name, o->sign_key, o->sign_cert);
    if (rc == PSE_OK)
        rc = pse_fetcher_new(&e.fetcher, 1);
    e.login = login.card;
    e.signing = signing.card;
    memcpy(e.registrar.b, pse_engine_manifest(s->load.e)->registrar.b, 32);
    if (rc == PSE_OK)
        rc = enrolling_login(&e);
    if (rc == PSE_OK)
        rc = send_and_wait(s, o, &e);
    pse_fetcher_free(e.fetcher);
    pse_wipe(&e.session, sizeof e.session);
    half_free(&login);
    half_free(&signing);
    return rc;
}

static pse_rc enrol(struct session *s, const struct enrol_options *o)
{
    pse_hash eid;

    PSE_TRY(session_want(s, o->auth, "auth URL"));
    PSE_TRY(session_want(s, o->origin, "origin TEXT"));
    PSE_TRY(session_want(s, o->login_key, "login-key FILE"));
    PSE_TRY(session_want(s, o->login_cert, "login-cert FILE"));
    PSE_TRY(session_want(s, o->sign_key, "sign-key FILE"));
    PSE_TRY(session_want(s, o->sign_cert, "sign-cert FILE"));
    if (!pse_webeid_origin_is_valid(o->origin)) {
        cli_error(s->name,
                  "--origin is https://HOST or https://HOST:PORT, as the browser shows it");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_VOTER));
    PSE_TRY(key_election(&eid, s->key));
    if (!pse_hash_is_equal(&eid, pse_engine_eid(s->load.e))) {
        cli_error(s->name, "%s is a credential of another election than %s", o->common.key,
                  o->common.record);
        return PSE_E_MISMATCH;
    }
    return with_cards(s, o);
}

int credential_enrol(int argc, char **argv)
{
    struct enrol_options o = {.patience = 60};
    struct session s = {.name = "psephos credential enrol", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_KEY(&o.common),
        CLI_TEXT("auth", "URL", &o.auth, "where voters log in, or unix:PATH"),
        CLI_TEXT("origin", "TEXT", &o.origin, "the site as the browser shows it: https://HOST"),
        CLI_TEXT("login-key", "FILE", &o.login_key, "the test card's key for logging in (PEM)"),
        CLI_TEXT("login-cert", "FILE", &o.login_cert, "its certificate"),
        CLI_TEXT("sign-key", "FILE", &o.sign_key, "the test card's key for signing (PEM)"),
        CLI_TEXT("sign-cert", "FILE", &o.sign_cert, "its certificate"),
        CLI_FLAG("replace", &o.is_replacement, "the old one is lost; it and its ballots are void"),
        CLI_TEXT("keep", "DIR", &o.keep, "put statement.bin and signature.p7s there"),
        CLI_NUMBER("patience", "S", &o.patience, 1, 3600, "seconds to wait (default 60)"),
        SESSION_EID(&o.common),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --auth URL --origin TEXT --login-key FILE\n"
                    "       --login-cert FILE --sign-key FILE --sign-cert FILE [--replace]",
        .about = "Log in with an eID and register your credential with its signature. The card is\n"
                 "one in files, for rehearsals; with a real card, a browser does this.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, enrol(&s, &o), NULL);
}
