/* Inside psephos identity: what its verbs share. */
#ifndef PSE_PSEPHOS_IDENTITY_H
#define PSE_PSEPHOS_IDENTITY_H

#include "codec/codec.h"
#include "psephos/certificates.h"
#include "psephos/verbs.h"

enum { IDENTITY_JSON_MAX = 1 << 16 };

/** The options --ca, --time, --json, in the same words everywhere. */
#define IDENTITY_CA(at) \
    CLI_MANY("ca", "FILE", (at), "certificates of issuing authorities you trust; repeat")
#define IDENTITY_TIME(at) \
    CLI_TEXT("time", "INSTANT", (at), "judge as of this instant (2026-11-30T20:00:00Z)")
#define IDENTITY_JSON(at) CLI_FLAG("json", (at), "print one JSON object")

/** cli_want as a status: PSE_E_SYNTAX, reported. */
static inline pse_rc identity_want(const char *name, const char *value, const char *option)
{
    return cli_want(name, value, option) ? PSE_OK : PSE_E_SYNTAX;
}

/** The instant of --time, which is needed. PSE_E_SYNTAX, reported. */
PSE_MUST pse_rc identity_time(int64_t *out, const char *name, const char *text);

/** Member "subject": who it is, null for NULL or a certificate that names nobody. */
void identity_person_json(struct pse_json_wr *w, const struct pse_person *p);
/** The same as lines for people. */
void identity_person_say(const struct pse_person *p);
/** One line for people; nothing for "". */
void identity_line_say(const char *label, const char *text);
/** One member, null for "". */
void identity_member_json(struct pse_json_wr *w, const char *name, const char *text);
/** Members "verdict" and "class"; @p class NULL: accepted. */
void identity_class_json(struct pse_json_wr *w, const char *class);
/** The same as a line for people; a rejection is also told on standard error, with what to do. */
void identity_class_say(const char *name, const char *class, const char *why);
/** Both for a verdict about a card. */
void identity_verdict_json(struct pse_json_wr *w, enum pse_eid_fault fault);
void identity_verdict_say(const char *name, enum pse_eid_fault fault);
/** PSE_OK, PSE_E_PROOF for a rejection, PSE_E_MEMORY. */
PSE_MUST pse_rc identity_verdict_rc(enum pse_eid_fault fault);
/** Print what @p w wrote, and free the buffer. PSE_E_MEMORY. */
PSE_MUST pse_rc identity_json_print(struct pse_json_wr *w);

/** How an OCSP answer is judged, as options say it. */
struct identity_ocsp {
    const char *responder; /* file of the designated certificate, or NULL */
    const char *nonce;     /* hexadecimal, "off", or NULL */
    uint64_t max_age, skew;
};
#define IDENTITY_OCSP_DEFAULTS                         \
    {                                                  \
        .max_age = PSE_OCSP_AGE, .skew = PSE_OCSP_SKEW \
    }
#define IDENTITY_RESPONDER(at) \
    CLI_TEXT("responder", "FILE", (at), "designated mode: the one certificate that may answer")
#define IDENTITY_MAX_AGE(at) \
    CLI_NUMBER("max-age", "S", (at), 0, UINT32_MAX, "seconds a status may be old (default 120)")
#define IDENTITY_SKEW(at) \
    CLI_NUMBER("skew", "S", (at), 0, UINT32_MAX, "seconds clocks may be apart (default 900)")

enum { IDENTITY_NONCE_MAX = 128 };

/** The bytes of a nonce option; *n is 0 for "off" and NULL. PSE_E_SYNTAX, reported as @p option. */
PSE_MUST pse_rc identity_nonce(uint8_t out[IDENTITY_NONCE_MAX], size_t *n, const char *name,
                               const char *option, const char *text);

/** What was said about something that may be left out: "given", "off" or "absent". */
const char *identity_given(const char *option);

int identity_certificate(int argc, char **argv);
int identity_ocsp(int argc, char **argv);
int identity_oidc(int argc, char **argv);
int identity_webeid(int argc, char **argv);

#endif
