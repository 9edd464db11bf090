/* psephos credential enrol: register a credential with an eID, as a page in the browser does. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "psephos/credential.h"
#include "psephos/eid_card.h"
#include "psephos/enrolling.h"

struct enrol_options {
    struct session_options common;
    struct eid_names names;
    const char *auth, *origin, *keep;
    uint64_t patience;
    bool is_replacement;
};

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
    struct eid_card card = {.half = {{.name = NULL}}};
    struct enrolling e = {.name = s->name,
                          .url = o->auth,
                          .origin = o->origin,
                          .eid = pse_engine_eid(s->load.e),
                          .g = s->g,
                          .rng = &s->rng};
    pse_rc rc = eid_card_open(&card, s->name, &o->names, EID_LOGIN);

    if (rc == PSE_OK)
        rc = eid_card_open(&card, s->name, &o->names, EID_SIGNING);
    if (rc == PSE_OK)
        rc = pse_fetcher_new(&e.fetcher, 1);
    e.login = card.half[EID_LOGIN].card;
    e.signing = card.half[EID_SIGNING].card;
    memcpy(e.registrar.b, pse_engine_manifest(s->load.e)->registrar.b, 32);
    if (rc == PSE_OK)
        rc = enrolling_login(&e);
    if (rc == PSE_OK)
        rc = send_and_wait(s, o, &e);
    pse_fetcher_free(e.fetcher);
    pse_wipe(&e.session, sizeof e.session);
    eid_card_close(&card);
    return rc;
}

static pse_rc enrol(struct session *s, const struct enrol_options *o)
{
    pse_hash eid;

    PSE_TRY(session_want(s, o->auth, "auth URL"));
    PSE_TRY(session_want(s, o->origin, "origin TEXT"));
    PSE_TRY(enrolling_origin(s->name, o->origin));
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
        EID_CARD(&o.names),
        EID_KEY_LOGIN(&o.names),
        EID_KEY_SIGNING(&o.names),
        CLI_FLAG("replace", &o.is_replacement, "the old one is lost; it and its ballots are void"),
        CLI_TEXT("keep", "DIR", &o.keep, "put statement.bin and signature.p7s there"),
        CLI_NUMBER("patience", "S", &o.patience, 1, 3600, "seconds to wait (default 60)"),
        SESSION_EID(&o.common),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --auth URL --origin TEXT\n"
                    "       (--card CARD | --login-key KEY --sign-key KEY) [--replace]",
        .about = "Log in with an eID and register your credential with its signature. The card is\n"
                 "one for rehearsals, in a file or on a token, or any that has a PKCS#11 module;\n"
                 "a browser does the same.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, enrol(&s, &o), NULL);
}
