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

/** The instant of --time, which is needed. PSE_E_SYNTAX, reported. */
PSE_MUST pse_rc identity_time(int64_t *out, const char *name, const char *text);

/** Member "subject": who it is, null for NULL or a certificate that names nobody. */
void identity_person_json(struct pse_json_wr *w, const struct pse_person *p);
/** The same as lines for people. */
void identity_person_say(const struct pse_person *p);
/** Print what @p w wrote, and free the buffer. PSE_E_MEMORY. */
PSE_MUST pse_rc identity_json_print(struct pse_json_wr *w);

int identity_certificate(int argc, char **argv);

#endif
