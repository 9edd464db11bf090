/* psephos identity oidc verify: one login over an identity service, offline. */
#include <stdio.h>
#include <string.h>

#include "common/files.h"
#include "common/instant.h"
#include "psephos/identity.h"

static const char name[] = "psephos identity oidc verify";

enum { FILE_MAX = 1 << 20 }; /* longer ones than PSE_OIDC_ANSWER_MAX are judged */

struct oidc_options {
    const char *token, *jwks, *nonce, *time, *profile;
    const char *issuer, *client_id, *acr, *claim, *begin, *kind, *names, *subject;
    struct cli_list levels, methods;
    uint64_t skew;
    bool json;
};

/* --- rules --------------------------------------------------------------------------------------
 */

static void take(const char **rule, const char *option)
{
    if (option != NULL)
        *rule = option;
}

/* Alone, --acr is the only level; of the profile's levels or those of --levels, the least. */
static void take_levels(struct pse_oidc_rules *r, const struct oidc_options *o)
{
    if (o->levels.n > 0)
        r->acr = (struct pse_oidc_list){o->levels.v, o->levels.n};
    else if (r->acr.n == 0 && o->acr != NULL)
        r->acr = (struct pse_oidc_list){&o->acr, 1};
    take(&r->acr_least, o->acr);
}

static pse_rc make_rules(struct pse_oidc_rules *r, const struct oidc_options *o)
{
    if (o->profile == NULL)
        pse_oidc_rules_default(r);
    else if (strcmp(o->profile, "tara") == 0)
        pse_oidc_rules_tara(r);
    else {
        cli_error(name, "--profile '%s' is not known; there is tara", o->profile);
        return PSE_E_SYNTAX;
    }
    take(&r->issuer, o->issuer);
    take(&r->client_id, o->client_id);
    take(&r->subject_claim, o->claim);
    take(&r->subject_begin, o->begin);
    take(&r->subject_kind, o->kind);
    if (r->subject_kind == NULL)
        r->subject_kind = "OIDC-";
    take(&r->names_claim, o->names);
    take_levels(r, o);
    if (o->methods.n > 0)
        r->amr = (struct pse_oidc_list){o->methods.v, o->methods.n};
    r->skew = (uint32_t)o->skew;
    r->redirect_uri = r->issuer; /* nothing is asked, so these two have no say */
    r->is_loopback_http_allowed = true;
    if (r->hosts.n == 0) {
        static const char *const any[] = {"localhost"};

        r->hosts = (struct pse_oidc_list){any, 1};
    }
    return PSE_OK;
}

static pse_rc check_rules(const struct pse_oidc_rules *r)
{
    static const char *const option[][2] = {
        {"issuer", "issuer"},
        {"client_id", "client-id"},
        {"acr", "levels"},
        {"acr_least", "acr"},
        {"amr", "amr"},
        {"subject_claim", "claim"},
        {"subject_begin", "begin"},
        {"subject_kind", "kind"},
        {"names_claim", "names"},
        {"skew", "skew"},
    };
    const char *member;
    pse_rc rc = pse_oidc_rules_check(&member, r);

    for (size_t i = 0; rc != PSE_OK && i < sizeof option / sizeof *option; i++) {
        if (strcmp(member, option[i][0]) == 0) {
            cli_error(name, "--%s is %s; see %s --help", option[i][1],
                      rc == PSE_E_MISSING ? "missing" : "not what it must be", name);
            break;
        }
    }
    return rc == PSE_OK ? PSE_OK : PSE_E_SYNTAX;
}

/* --- verdict ------------------------------------------------------------------------------------
 */

static const char *mend(enum pse_oidc_fault fault)
{
    static const char *const text[PSE_OIDC_FAULTS] = {
        [PSE_OIDC_OVERSIZED] = "the keys are longer than 64 KiB",
        [PSE_OIDC_KEYS_PARSE] = "--jwks is no set of keys: damaged, cut off, or of another format",
        [PSE_OIDC_KEYS_DUPLICATE] = "--jwks has two keys of one kind and name",
        [PSE_OIDC_ID_PARSE] = "the token is not three parts of base64url with a JSON header: "
                              "damaged, cut off, encrypted, or of another format",
        [PSE_OIDC_ALGORITHM_NONE] = "the token says that it is not signed",
        [PSE_OIDC_ALGORITHM_SYMMETRIC] = "the token asks to take a public key for a secret",
        [PSE_OIDC_ALGORITHM] = "the algorithm is not accepted",
        [PSE_OIDC_CRITICAL] = "the header says that something must be understood which is not",
        [PSE_OIDC_HEADER_KEY] = "the header brings or names a key; only those of --jwks count",
        [PSE_OIDC_TYPE] = "not an ID token: its header says it is something else",
        [PSE_OIDC_KEY_UNKNOWN] = "no key of --jwks has the name that the token gives; fetch the "
                                 "keys again, as of --time",
        [PSE_OIDC_KEY_AMBIGUOUS] = "the token names no key, and more than one of --jwks would do",
        [PSE_OIDC_KEY_UNFIT] = "the key is not for this algorithm, or not for signatures",
        [PSE_OIDC_KEY_WEAK] = "the key is RSA below 2048 bits",
        [PSE_OIDC_SIGNATURE] = "the signature does not hold: a changed token, or another key",
        [PSE_OIDC_CLAIMS] = "the claims are no JSON object, one is of a wrong type or stands there "
                            "twice, or exp or iat is missing",
        [PSE_OIDC_ISSUER] = "from another issuer than --issuer; it is compared letter for letter",
        [PSE_OIDC_AUDIENCE] = "for another site than --client-id",
        [PSE_OIDC_PARTY] = "for several sites, and not issued to --client-id",
        [PSE_OIDC_EXPIRED] = "the token has expired at --time",
        [PSE_OIDC_ISSUED_LATER] = "the token was issued after --time",
        [PSE_OIDC_NOT_YET_VALID] = "the token is not valid yet at --time",
        [PSE_OIDC_NONCE_MISSING] = "the token has no nonce",
        [PSE_OIDC_NONCE] = "the token belongs to another login than that of --nonce",
        [PSE_OIDC_ACR_MISSING] = "the token does not say how surely the person is known",
        [PSE_OIDC_ACR_UNKNOWN] = "the token's level is none of the configured ones",
        [PSE_OIDC_ACR_LOW] = "the token's level is below --acr",
        [PSE_OIDC_AMR_MISSING] = "the token does not say by which method the person logged in",
        [PSE_OIDC_AMR] = "the token names a method that is not among --amr",
        [PSE_OIDC_SUBJECT_MISSING] = "the token does not say who it is: sub, or --claim",
        [PSE_OIDC_SUBJECT_FORM] = "what names the person does not begin with --begin, or is not "
                                  "printable",
        [PSE_OIDC_SUBJECT_CHANGED] = "another person than --subject",
        [PSE_OIDC_NO_MEMORY] = "no memory",
    };

    return text[fault];
}

static void say(const struct pse_oidc_person *p)
{
    char issued[INSTANT_TEXT], expiry[INSTANT_TEXT];

    instant_text(issued, p->issued);
    instant_text(expiry, p->expiry);
    identity_line_say("subject", p->subject);
    identity_line_say("given name", p->given_name);
    identity_line_say("surname", p->family_name);
    identity_line_say("level", p->level);
    identity_line_say("method", p->method);
    identity_line_say("issued", issued);
    identity_line_say("expires", expiry);
}

static pse_rc say_json(const char *class, const struct pse_oidc_person *p)
{
    struct pse_buf out = PSE_BUF(IDENTITY_JSON_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    char issued[INSTANT_TEXT] = "", expiry[INSTANT_TEXT] = "";

    pse_json_wr_object(&w, NULL);
    identity_class_json(&w, class);
    if (class == NULL) {
        instant_text(issued, p->issued);
        instant_text(expiry, p->expiry);
        pse_json_wr_object(&w, "subject");
        pse_json_wr_str(&w, "id", p->subject);
        identity_member_json(&w, "givenName", p->given_name);
        identity_member_json(&w, "surname", p->family_name);
        pse_json_wr_end(&w);
    } else {
        pse_json_wr_null(&w, "subject");
    }
    identity_member_json(&w, "level", p->level);
    identity_member_json(&w, "method", p->method);
    identity_member_json(&w, "issued", issued);
    identity_member_json(&w, "expires", expiry);
    pse_json_wr_end(&w);
    return identity_json_print(&w);
}

/* A file's last line end does not belong to the token. */
static struct pse_span without_line_end(struct pse_span text)
{
    if (text.n > 0 && text.p[text.n - 1] == '\n')
        text.n--;
    if (text.n > 0 && text.p[text.n - 1] == '\r')
        text.n--;
    return text;
}

static pse_rc judge(const struct oidc_options *o, const struct pse_oidc_rules *r,
                    struct pse_span token, struct pse_span jwks, int64_t now)
{
    const struct pse_oidc_answer answer = {.came = true, .status = 200, .body = jwks};
    const struct pse_oidc_expected expected = {
        .nonce = o->nonce, .subject = o->subject, .now = now};
    struct pse_oidc_person person = {.issued = 0};
    struct pse_oidc_keys *keys;
    enum pse_oidc_fault fault = pse_oidc_keys_open(&keys, &answer);
    const char *class;

    if (r->acr.n == 0)
        cli_note(name, "a login of any level would be accepted; give --acr");
    if (fault == PSE_OIDC_GOOD)
        fault = pse_oidc_id_token_judge(&person, without_line_end(token), keys, r, &expected);
    pse_oidc_keys_free(keys);
    class = fault == PSE_OIDC_GOOD ? NULL : pse_oidc_fault_name(fault);
    if (o->json) {
        PSE_TRY(say_json(class, &person));
    } else {
        identity_class_say(name, class, mend(fault));
        if (class == NULL)
            say(&person);
    }
    if (fault == PSE_OIDC_NO_MEMORY)
        return PSE_E_MEMORY;
    return fault == PSE_OIDC_GOOD ? PSE_OK : PSE_E_PROOF;
}

static pse_rc run(const struct oidc_options *o)
{
    struct pse_buf token = PSE_BUF(0), jwks = PSE_BUF(0);
    struct pse_oidc_rules rules;
    int64_t now = 0;
    pse_rc rc;

    if (o->token == NULL || o->jwks == NULL || o->nonce == NULL) {
        cli_error(name, "--token, --jwks and --nonce are needed; see %s --help", name);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(make_rules(&rules, o));
    PSE_TRY(check_rules(&rules));
    PSE_TRY(identity_time(&now, name, o->time));
    rc = file_read(&token, name, o->token, FILE_MAX);
    if (rc == PSE_OK)
        rc = file_read(&jwks, name, o->jwks, FILE_MAX);
    if (rc == PSE_OK)
        rc = judge(o, &rules, pse_buf_span(&token), pse_buf_span(&jwks), now);
    pse_buf_free(&token);
    pse_buf_free(&jwks);
    return rc;
}

static int verify(int argc, char **argv)
{
    struct oidc_options o = {.skew = PSE_OIDC_SKEW};
    const struct cli_option options[] = {
        CLI_TEXT("token", "FILE", &o.token, "the ID token: a compact JWS"),
        CLI_TEXT("jwks", "FILE", &o.jwks, "the service's keys, as its jwks_uri gave them"),
        CLI_TEXT("issuer", "URL", &o.issuer, "the service, letter for letter as it calls itself"),
        CLI_TEXT("client-id", "ID", &o.client_id, "what the service calls us"),
        CLI_TEXT("nonce", "TEXT", &o.nonce, "what the login was begun with"),
        IDENTITY_TIME(&o.time),
        CLI_TEXT("profile", "NAME", &o.profile, "rules of a known service: tara"),
        CLI_TEXT("acr", "LEVEL", &o.acr, "the least level that is accepted"),
        CLI_MANY("levels", "LEVEL", &o.levels, "all levels, lowest first (default: --acr alone)"),
        CLI_MANY("amr", "METHOD", &o.methods, "the methods that are accepted; repeat"),
        CLI_TEXT("claim", "NAME", &o.claim, "what names the person (default sub)"),
        CLI_TEXT("begin", "TEXT", &o.begin, "it begins with this, which is cut off"),
        CLI_TEXT("kind", "TEXT", &o.kind, "put in front of it instead (default OIDC-)"),
        CLI_TEXT("names", "NAME", &o.names, "the claim in which the names are (default: none)"),
        CLI_TEXT("subject", "ID", &o.subject, "the person it must be, as psephos calls them"),
        CLI_NUMBER("skew", "S", &o.skew, 0, 300, "seconds clocks may be apart (default 60)"),
        IDENTITY_JSON(&o.json),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--token FILE --jwks FILE --issuer URL --client-id ID --nonce TEXT\n"
                    "           --time INSTANT [--acr LEVEL] [--amr METHOD ...] [--claim NAME]\n"
                    "           [--profile tara] [--json]",
        .about = "Judge an ID token of an identity service (OpenID Connect) by every rule, without "
                 "a network:\nwho logged in, at what level, and that it was for this login.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    return cli_parse(&status, &command, argc, argv) ? verb_exit(run(&o)) : status;
}

int identity_oidc(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"verify", "judge an ID token", verify},
    };

    return verbs_run("identity oidc", "Logins over an identity service (OpenID Connect).", verb,
                     CLI_COUNT(verb), argc, argv);
}
