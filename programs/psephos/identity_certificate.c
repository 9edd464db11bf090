/* psephos identity certificate: what a certificate says; with --ca, whether it holds. */
#include <stdio.h>

#include "common/instant.h"
#include "psephos/identity.h"

static const char name[] = "psephos identity certificate";

struct certificate_options {
    const char *in, *time;
    struct cli_list ca;
    bool json;
};

static const char *key_name(enum pse_key_kind kind)
{
    static const char *const text[] = {
        [PSE_KEY_OTHER] = "other",     [PSE_KEY_RSA] = "rsa",         [PSE_KEY_RSA_PSS] = "rsa-pss",
        [PSE_KEY_P256] = "ecdsa-p256", [PSE_KEY_P384] = "ecdsa-p384", [PSE_KEY_P521] = "ecdsa-p521",
    };

    return text[kind];
}

/* What the certificate may be used for, by the rules of Web eID and of binding signatures. */
struct uses {
    bool login, signing;
};

static struct uses uses_of(const struct pse_certificate *c)
{
    return (struct uses){
        .login = pse_certificate_is_for(c, PSE_USE_DIGITAL_SIGNATURE) &&
                 pse_certificate_may(c, PSE_OID_CLIENT_AUTH),
        .signing = pse_certificate_is_for(c, PSE_USE_NON_REPUDIATION),
    };
}

static pse_rc say_json(const struct pse_certificate *c, const enum pse_eid_fault *fault)
{
    struct pse_buf out = PSE_BUF(IDENTITY_JSON_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    char from[INSTANT_TEXT], until[INSTANT_TEXT], url[PSE_CERTIFICATE_URL_MAX];
    struct uses uses = uses_of(c);
    pse_hash digest = pse_certificate_digest(c);
    int64_t a, b;

    pse_certificate_life(&a, &b, c);
    instant_text(from, a);
    instant_text(until, b);
    pse_json_wr_object(&w, NULL);
    if (fault != NULL)
        identity_verdict_json(&w, *fault);
    identity_person_json(&w, pse_certificate_person(c));
    pse_json_wr_str(&w, "key", key_name(pse_certificate_key(c)));
    pse_json_wr_u64(&w, "bits", pse_certificate_key_bits(c));
    pse_json_wr_bool(&w, "login", uses.login);
    pse_json_wr_bool(&w, "signing", uses.signing);
    pse_json_wr_str(&w, "from", from);
    pse_json_wr_str(&w, "until", until);
    if (pse_certificate_ocsp_url(url, c) == PSE_OK)
        pse_json_wr_str(&w, "ocsp", url);
    else
        pse_json_wr_null(&w, "ocsp");
    pse_json_wr_hex(&w, "sha256", digest.b, 32);
    pse_json_wr_end(&w);
    return identity_json_print(&w);
}

static void say(const struct pse_certificate *c, const enum pse_eid_fault *fault)
{
    char from[INSTANT_TEXT], until[INSTANT_TEXT], url[PSE_CERTIFICATE_URL_MAX];
    struct uses uses = uses_of(c);
    int64_t a, b;

    pse_certificate_life(&a, &b, c);
    instant_text(from, a);
    instant_text(until, b);
    if (fault != NULL)
        identity_verdict_say(name, *fault);
    identity_person_say(pse_certificate_person(c));
    printf("  %-13s %s, %u bits\n", "key", key_name(pse_certificate_key(c)),
           pse_certificate_key_bits(c));
    printf("  %-13s %s\n", "use",
           uses.login ? (uses.signing ? "login, signing" : "login")
                      : (uses.signing ? "signing" : "neither login nor signing"));
    printf("  %-13s %s to %s\n", "valid", from, until);
    if (pse_certificate_ocsp_url(url, c) == PSE_OK)
        printf("  %-13s %s\n", "ocsp", url);
}

static pse_rc judge(enum pse_eid_fault *out, const struct pse_certificate *c,
                    const struct certificate_options *o)
{
    struct pse_anchors *anchors = NULL;
    int64_t now;
    pse_rc rc = identity_time(&now, name, o->time);

    *out = PSE_EID_NO_MEMORY;
    if (rc == PSE_OK)
        rc = anchors_read(&anchors, name, &o->ca, "issuing authorities");
    if (rc == PSE_OK) {
        *out = pse_certificate_is_alive(c, now);
        if (*out == PSE_EID_GOOD)
            *out = pse_certificate_issuer(NULL, c, anchors, now);
        if (*out == PSE_EID_NO_MEMORY)
            rc = PSE_E_MEMORY;
    }
    pse_anchors_free(anchors);
    return rc;
}

static pse_rc run(const struct certificate_options *o)
{
    struct pse_certificate *c = NULL;
    enum pse_eid_fault fault = PSE_EID_GOOD;
    bool judged = o->ca.n > 0 || o->time != NULL;
    pse_rc rc = certificate_read(&c, name, o->in);

    if (rc == PSE_OK && judged)
        rc = judge(&fault, c, o);
    if (rc == PSE_OK && o->json)
        rc = say_json(c, judged ? &fault : NULL);
    else if (rc == PSE_OK)
        say(c, judged ? &fault : NULL);
    pse_certificate_free(c);
    return rc == PSE_OK ? identity_verdict_rc(fault) : rc;
}

int identity_certificate(int argc, char **argv)
{
    struct certificate_options o = {.ca = {.n = 0}};
    const struct cli_option options[] = {
        CLI_TEXT("in", "FILE", &o.in, "the certificate, DER or PEM"),
        IDENTITY_CA(&o.ca),
        IDENTITY_TIME(&o.time),
        IDENTITY_JSON(&o.json),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--in FILE [--ca FILE ... --time INSTANT] [--json]",
        .about = "Show what a person's certificate says. With --ca and --time, also judge whether "
                 "one of these\nauthorities issued it and both are valid then. Revocation is not "
                 "asked here.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (o.in == NULL) {
        cli_error(name, "--in is missing: the certificate; see %s --help", name);
        return CLI_EXIT_USAGE;
    }
    return verb_exit(run(&o));
}
