/* psephos identity webeid verify: one login by card, offline. */
#include <stdio.h>
#include <string.h>

#include "common/files.h"
#include "psephos/identity.h"

static const char name[] = "psephos identity webeid verify";

enum { TOKEN_FILE_MAX = 1 << 24, ANSWER_FILE_MAX = 1 << 20 };

struct webeid_options {
    const char *token, *origin, *nonce, *time, *ocsp;
    struct identity_ocsp how;
    struct cli_list ca, forbid;
    bool json;
};

/* What the options name, read. */
struct material {
    struct pse_buf token, answer;
    struct pse_certificate *responder;
    struct pse_anchors *anchors;
    uint8_t nonce[IDENTITY_NONCE_MAX];
    size_t nonce_n;
    int64_t now;
};

static void release(struct material *m)
{
    pse_buf_free(&m->token);
    pse_buf_free(&m->answer);
    pse_certificate_free(m->responder);
    pse_anchors_free(m->anchors);
}

static pse_rc check_words(const struct webeid_options *o)
{
    if (o->token == NULL || o->origin == NULL || o->nonce == NULL) {
        cli_error(name, "--token, --origin and --nonce are needed; see %s --help", name);
        return PSE_E_SYNTAX;
    }
    if (!pse_webeid_origin_is_valid(o->origin)) {
        cli_error(name,
                  "--origin '%s' is no origin; write https://host or https://host:port in lower "
                  "case, without a slash at the end",
                  o->origin);
        return PSE_E_SYNTAX;
    }
    for (size_t i = 0; i < o->forbid.n; i++) {
        if (!pse_oid_is_valid(o->forbid.v[i])) {
            cli_error(name, "--forbid-policy '%s' is no OID; write it in numbers, as 1.2.3.4",
                      o->forbid.v[i]);
            return PSE_E_SYNTAX;
        }
    }
    return PSE_OK;
}

static bool has_answer(const struct webeid_options *o)
{
    return o->ocsp != NULL && strcmp(o->ocsp, "off") != 0;
}

static pse_rc read_all(struct material *m, const struct webeid_options *o)
{
    PSE_TRY(check_words(o));
    PSE_TRY(identity_time(&m->now, name, o->time));
    PSE_TRY(identity_nonce(m->nonce, &m->nonce_n, name, "ocsp-nonce", o->how.nonce));
    PSE_TRY(file_read(&m->token, name, o->token, TOKEN_FILE_MAX));
    if (has_answer(o))
        PSE_TRY(file_read(&m->answer, name, o->ocsp, ANSWER_FILE_MAX));
    if (o->how.responder != NULL)
        PSE_TRY(certificate_read(&m->responder, name, o->how.responder));
    return anchors_read(&m->anchors, name, &o->ca, "issuing authorities");
}

static pse_rc say(const struct webeid_options *o, enum pse_eid_fault fault,
                  const struct pse_person *person)
{
    struct pse_buf out = PSE_BUF(IDENTITY_JSON_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 0);

    if (o->ocsp == NULL)
        cli_note(name, "a revoked card would not be noticed; give --ocsp FILE, or say off");
    if (!o->json) {
        identity_verdict_say(name, fault);
        if (person != NULL)
            identity_person_say(person);
        printf("  %-13s %s\n", "revocation", identity_given(o->ocsp));
        return PSE_OK;
    }
    pse_json_wr_object(&w, NULL);
    identity_verdict_json(&w, fault);
    identity_person_json(&w, person);
    pse_json_wr_str(&w, "revocation", identity_given(o->ocsp));
    pse_json_wr_end(&w);
    return identity_json_print(&w);
}

static pse_rc judge(const struct material *m, const struct webeid_options *o)
{
    const struct pse_webeid_rules rules = {
        .origin = o->origin,
        .anchors = m->anchors,
        .forbidden = o->forbid.v,
        .forbidden_n = o->forbid.n,
        .now = m->now,
    };
    const struct pse_webeid_revocation revocation = {
        .is_off = !has_answer(o),
        .came = true,
        .answer = pse_buf_span(&m->answer),
        .nonce = pse_span(m->nonce, m->nonce_n),
        .responder = m->responder,
        .max_age = (uint32_t)o->how.max_age,
        .skew = (uint32_t)o->how.skew,
    };
    struct pse_webeid *w;
    enum pse_eid_fault fault = pse_webeid_open(&w, pse_buf_span(&m->token), &rules);
    pse_rc rc;

    if (fault == PSE_EID_GOOD)
        fault = pse_webeid_finish(w, &revocation, pse_span_str(o->nonce), &rules);
    rc = say(o, fault,
             fault == PSE_EID_GOOD ? pse_certificate_person(pse_webeid_certificate(w)) : NULL);
    pse_webeid_free(w);
    return rc == PSE_OK ? identity_verdict_rc(fault) : rc;
}

static int verify(int argc, char **argv)
{
    struct webeid_options o = {.how = IDENTITY_OCSP_DEFAULTS};
    const struct cli_option options[] = {
        CLI_TEXT("token", "FILE", &o.token, "the token that the browser sent, JSON"),
        CLI_TEXT("origin", "URL", &o.origin, "the site's origin, https://host[:port]"),
        CLI_TEXT("nonce", "TEXT", &o.nonce, "the challenge, as the text that was given out"),
        IDENTITY_CA(&o.ca),
        IDENTITY_TIME(&o.time),
        CLI_MANY("forbid-policy", "OID", &o.forbid,
                 "refuse certificates under this policy too; repeat"),
        CLI_TEXT("ocsp", "FILE", &o.ocsp, "answer about revocation, DER; off: do not ask"),
        CLI_TEXT("ocsp-nonce", "HEX", &o.how.nonce, "what the question to the responder had"),
        IDENTITY_RESPONDER(&o.how.responder),
        IDENTITY_MAX_AGE(&o.how.max_age),
        IDENTITY_SKEW(&o.how.skew),
        IDENTITY_JSON(&o.json),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--token FILE --origin URL --nonce TEXT --ca FILE ... --time INSTANT\n"
                    "           [--forbid-policy OID ...] [--ocsp FILE|off] [--json]",
        .about = "Judge a Web eID token by every rule, without a network: whose card it was, and "
                 "that it signed\nthis challenge for this site.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    struct material m = {.token = PSE_BUF(0), .answer = PSE_BUF(0)};
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = read_all(&m, &o);
    if (rc == PSE_OK)
        rc = judge(&m, &o);
    release(&m);
    return verb_exit(rc);
}

int identity_webeid(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"verify", "judge a token", verify},
    };

    return verbs_run("identity webeid", "Logins by card (Web eID).", verb, CLI_COUNT(verb), argc,
                     argv);
}
