/* psephos identity: electronic identities judged offline, file by file. */
#include "psephos/identity.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/instant.h"
#include "psephos/demo_ca.h"

pse_rc identity_time(int64_t *out, const char *name, const char *text)
{
    if (text == NULL) {
        cli_error(name, "--time is missing: the instant of judgement; see %s --help", name);
        return PSE_E_SYNTAX;
    }
    if (instant_read(out, text) == PSE_OK)
        return PSE_OK;
    cli_error(name, "--time '%s' is no instant; write it as 2026-11-30T20:00:00Z", text);
    return PSE_E_SYNTAX;
}

/* --- persons ------------------------------------------------------------------------------------
 */

void identity_member_json(struct pse_json_wr *w, const char *name, const char *text)
{
    if (text[0] == '\0')
        pse_json_wr_null(w, name);
    else
        pse_json_wr_str(w, name, text);
}

void identity_person_json(struct pse_json_wr *w, const struct pse_person *p)
{
    char subject[PSE_SUBJECT_MAX];

    if (p == NULL) {
        pse_json_wr_null(w, "subject");
        return;
    }
    pse_json_wr_object(w, "subject");
    identity_member_json(w, "id", pse_person_subject(subject, p) == PSE_OK ? subject : "");
    identity_member_json(w, "serialNumber", p->serial_number);
    identity_member_json(w, "givenName", p->given_name);
    identity_member_json(w, "surname", p->surname);
    identity_member_json(w, "C", p->country);
    pse_json_wr_end(w);
}

void identity_line_say(const char *label, const char *text)
{
    struct pse_buf out = PSE_BUF(16 * PSE_SUBJECT_MAX);

    if (text[0] == '\0')
        return;
    pse_utf8_put_escaped(&out, pse_span_str(text));
    printf("  %-13s %.*s\n", label, (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
}

void identity_person_say(const struct pse_person *p)
{
    char subject[PSE_SUBJECT_MAX];

    if (pse_person_subject(subject, p) == PSE_OK)
        identity_line_say("subject", subject);
    identity_line_say("serial number", p->serial_number);
    identity_line_say("given name", p->given_name);
    identity_line_say("surname", p->surname);
    identity_line_say("country", p->country);
}

pse_rc identity_json_print(struct pse_json_wr *w)
{
    pse_rc rc = pse_json_wr_finish(w);

    if (rc == PSE_OK)
        printf("%.*s", (int)w->out->n, (const char *)w->out->p);
    pse_buf_free(w->out);
    return rc;
}

/* --- verdicts -----------------------------------------------------------------------------------
 */

static const char *mend(enum pse_eid_fault fault)
{
    static const char *const text[PSE_EID_FAULTS] = {
        [PSE_EID_PARSE] = "not what it must be: damaged, cut off, or of another format",
        [PSE_EID_PURPOSE] = "the certificate is not for this use",
        [PSE_EID_POLICY] = "issued under a forbidden policy, or policies that cannot be read",
        [PSE_EID_NOT_YET_VALID] = "the certificate is not valid yet at --time",
        [PSE_EID_EXPIRED] = "the certificate has expired at --time",
        [PSE_EID_UNTRUSTED] = "no authority of --ca that is valid at --time issued it; give the "
                              "issuing authority itself",
        [PSE_EID_PERSON] = "of another person",
        [PSE_EID_OCSP_UNREACHABLE] = "there is no answer about revocation; ask again",
        [PSE_EID_OCSP_MALFORMED] = "no answer to this question: a refusal, damaged, or about "
                                   "another certificate",
        [PSE_EID_OCSP_UNTRUSTED] = "the answer is not signed by a responder that may answer",
        [PSE_EID_OCSP_STALE] = "the answer is not of --time; ask again",
        [PSE_EID_OCSP_NONCE] = "the answer does not repeat the nonce; ask again",
        [PSE_EID_REVOKED] = "the certificate is revoked",
        [PSE_EID_UNKNOWN] = "the responder does not know the certificate",
        [PSE_EID_NONCE_MISSING] = "there is no challenge",
        [PSE_EID_NONCE_EXPIRED] = "the challenge is too old",
        [PSE_EID_ALGORITHM] = "the algorithm is not accepted, or not for this key",
        [PSE_EID_SIGNATURE] = "the signature does not hold: other origin, other challenge, or "
                              "another key",
        [PSE_EID_NO_MEMORY] = "no memory",
    };

    return text[fault];
}

void identity_class_json(struct pse_json_wr *w, const char *class)
{
    pse_json_wr_str(w, "verdict", class == NULL ? "accept" : "reject");
    identity_member_json(w, "class", class == NULL ? "" : class);
}

void identity_class_say(const char *name, const char *class, const char *why)
{
    if (class == NULL) {
        puts("accept");
        return;
    }
    printf("reject: %s\n", class);
    cli_error(name, "%s (%s)", why, class);
}

static const char *class_of(enum pse_eid_fault fault)
{
    return fault == PSE_EID_GOOD ? NULL : pse_eid_fault_name(fault);
}

void identity_verdict_json(struct pse_json_wr *w, enum pse_eid_fault fault)
{
    identity_class_json(w, class_of(fault));
}

void identity_verdict_say(const char *name, enum pse_eid_fault fault)
{
    identity_class_say(name, class_of(fault), mend(fault));
}

pse_rc identity_verdict_rc(enum pse_eid_fault fault)
{
    if (fault == PSE_EID_NO_MEMORY)
        return PSE_E_MEMORY;
    return fault == PSE_EID_GOOD ? PSE_OK : PSE_E_PROOF;
}

const char *identity_given(const char *option)
{
    if (option == NULL)
        return "absent";
    return strcmp(option, "off") == 0 ? "off" : "given";
}

/* --- OCSP ---------------------------------------------------------------------------------------
 */

pse_rc identity_nonce(uint8_t out[IDENTITY_NONCE_MAX], size_t *n, const char *name,
                      const char *option, const char *text)
{
    char lower[2 * IDENTITY_NONCE_MAX + 1];
    size_t digits = text == NULL ? 0 : strlen(text);

    *n = 0;
    if (text == NULL || strcmp(text, "off") == 0)
        return PSE_OK;
    if (digits > 0 && digits % 2 == 0 && digits < sizeof lower) {
        for (size_t i = 0; i < digits; i++)
            lower[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + 'a' - 'A' : text[i]);
        if (pse_hex_decode(out, digits / 2, pse_span(lower, digits)) == PSE_OK) {
            *n = digits / 2;
            return PSE_OK;
        }
    }
    cli_error(name, "--%s '%s' is neither hexadecimal (at most %d bytes) nor off", option, text,
              IDENTITY_NONCE_MAX);
    return PSE_E_SYNTAX;
}

int cmd_identity(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"certificate", "what a person's certificate says, and who issued it",
         identity_certificate},
        {"ocsp", "what a responder said about revocation", identity_ocsp},
        {"webeid", "a login by card: the token of a browser", identity_webeid},
        {"oidc", "a login over an identity service: its ID token", identity_oidc},
        {"demo-ca", "an identity authority for rehearsals", identity_demo_ca},
        {"card", "what a demo card does, by hand", identity_card},
    };

    return verbs_run(
        "identity",
        "Electronic identities, judged from files: no network, no clock of their own; and DEMO\n"
        "ones to rehearse with, which prove nothing.",
        verb, CLI_COUNT(verb), argc, argv);
}
