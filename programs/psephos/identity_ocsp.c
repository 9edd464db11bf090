/* psephos identity ocsp verify: one answer of a responder, offline. */
#include <stdio.h>

#include "common/files.h"
#include "common/instant.h"
#include "psephos/identity.h"

static const char name[] = "psephos identity ocsp verify";

enum { ANSWER_FILE_MAX = 1 << 20 }; /* longer ones than PSE_OCSP_MAX are judged malformed */

struct ocsp_options {
    const char *response, *cert, *issuer, *time;
    struct identity_ocsp how;
    struct cli_list ca;
    bool json;
};

/* What the options name, read. */
struct material {
    struct pse_buf answer;
    struct pse_certificate *cert, *issuer, *responder;
    struct pse_anchors *anchors;
    uint8_t nonce[IDENTITY_NONCE_MAX];
    size_t nonce_n;
    int64_t now;
};

static void release(struct material *m)
{
    pse_buf_free(&m->answer);
    pse_certificate_free(m->cert);
    pse_certificate_free(m->issuer);
    pse_certificate_free(m->responder);
    pse_anchors_free(m->anchors);
}

/* In designated mode nobody else is believed, so --ca may be left out. */
static pse_rc read_anchors(struct material *m, const struct ocsp_options *o)
{
    if (o->how.responder == NULL || o->ca.n > 0)
        return anchors_read(&m->anchors, name, &o->ca, "issuing authorities");
    return pse_anchors_new(&m->anchors);
}

static pse_rc read_all(struct material *m, const struct ocsp_options *o)
{
    if (o->response == NULL || o->cert == NULL || o->issuer == NULL) {
        cli_error(name, "--response, --cert and --issuer are needed; see %s --help", name);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(identity_time(&m->now, name, o->time));
    PSE_TRY(identity_nonce(m->nonce, &m->nonce_n, name, "nonce", o->how.nonce));
    PSE_TRY(file_read(&m->answer, name, o->response, ANSWER_FILE_MAX));
    PSE_TRY(certificate_read(&m->cert, name, o->cert));
    PSE_TRY(certificate_read(&m->issuer, name, o->issuer));
    if (o->how.responder != NULL)
        PSE_TRY(certificate_read(&m->responder, name, o->how.responder));
    return read_anchors(m, o);
}

static void instant_json(struct pse_json_wr *w, const char *member, int64_t seconds)
{
    char text[INSTANT_TEXT];

    instant_text(text, seconds);
    if (seconds == 0)
        pse_json_wr_null(w, member);
    else
        pse_json_wr_str(w, member, text);
}

static pse_rc say_json(const struct material *m, const struct ocsp_options *o,
                       enum pse_eid_fault fault, const struct pse_ocsp *said)
{
    struct pse_buf out = PSE_BUF(IDENTITY_JSON_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 0);

    pse_json_wr_object(&w, NULL);
    identity_verdict_json(&w, fault);
    identity_person_json(&w, pse_certificate_person(m->cert));
    instant_json(&w, "thisUpdate", said->this_update);
    instant_json(&w, "nextUpdate", said->next_update);
    instant_json(&w, "revokedAt", said->revoked_at);
    pse_json_wr_str(&w, "nonce", identity_given(o->how.nonce));
    pse_json_wr_end(&w);
    return identity_json_print(&w);
}

static void instant_say(const char *label, int64_t seconds)
{
    char text[INSTANT_TEXT];

    instant_text(text, seconds);
    if (seconds != 0)
        printf("  %-13s %s\n", label, text);
}

static void say(const struct material *m, const struct ocsp_options *o, enum pse_eid_fault fault,
                const struct pse_ocsp *said)
{
    identity_verdict_say(name, fault);
    identity_person_say(pse_certificate_person(m->cert));
    instant_say("this update", said->this_update);
    instant_say("next update", said->next_update);
    instant_say("revoked at", said->revoked_at);
    printf("  %-13s %s\n", "nonce", identity_given(o->how.nonce));
}

static pse_rc judge(const struct material *m, const struct ocsp_options *o)
{
    const struct pse_ocsp_rules rules = {
        .certificate = m->cert,
        .issuer = m->issuer,
        .anchors = m->anchors,
        .responder = m->responder,
        .nonce = pse_span(m->nonce, m->nonce_n),
        .now = m->now,
        .max_age = (uint32_t)o->how.max_age,
        .skew = (uint32_t)o->how.skew,
    };
    struct pse_ocsp said;
    enum pse_eid_fault fault = pse_ocsp_verify(&said, pse_buf_span(&m->answer), &rules);

    if (o->how.nonce == NULL)
        cli_note(name, "an old answer played again would not be noticed; give --nonce, or say off");
    if (o->json)
        PSE_TRY(say_json(m, o, fault, &said));
    else
        say(m, o, fault, &said);
    return identity_verdict_rc(fault);
}

static int verify(int argc, char **argv)
{
    struct ocsp_options o = {.how = IDENTITY_OCSP_DEFAULTS};
    const struct cli_option options[] = {
        CLI_TEXT("response", "FILE", &o.response, "what the responder answered, DER"),
        CLI_TEXT("cert", "FILE", &o.cert, "the certificate it was asked about"),
        CLI_TEXT("issuer", "FILE", &o.issuer, "the authority that issued it"),
        IDENTITY_CA(&o.ca),
        IDENTITY_RESPONDER(&o.how.responder),
        CLI_TEXT("nonce", "HEX", &o.how.nonce, "what the question had; off: it had none"),
        IDENTITY_TIME(&o.time),
        IDENTITY_MAX_AGE(&o.how.max_age),
        IDENTITY_SKEW(&o.how.skew),
        IDENTITY_JSON(&o.json),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--response FILE --cert FILE --issuer FILE --ca FILE ... [--responder FILE]\n"
                    "           [--nonce HEX|off] --time INSTANT [--max-age S] [--skew S] [--json]",
        .about = "Judge an answer about revocation (OCSP) by every rule, without a network.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    struct material m = {.answer = PSE_BUF(0)};
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

int identity_ocsp(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"verify", "judge an answer about revocation", verify},
    };

    return verbs_run("identity ocsp", "Answers about revocation (OCSP).", verb, CLI_COUNT(verb),
                     argc, argv);
}
