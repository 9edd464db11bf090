/* What a credential authority hands to the registrar: public keys with proofs, and nothing else.
 *
 * Text, one line a credential after two head lines, strictly ascending by credential, so that the
 * order tells nothing:
 *
 *     psephos-credentials-1
 *     election HEX
 *     CREDENTIAL STYLE WEIGHT PROOF [OLD]
 *
 * PROOF is PoK("cred-pop"; D); OLD, on a line that replaces a lost letter, is the credential that
 * becomes void. No names, no order, no secrets.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_ENROLMENT_H
#define PSE_PROGRAMS_ENROLMENT_H

#include "crypto/crypto.h"

enum { ENROLMENT_MAX = 1 << 22 };

struct enrolment {
    pse_enc credential;
    uint16_t style;
    uint32_t weight;
    uint8_t proof[PSE_POK_SIZE];
    bool has_old;
    pse_enc old;
};

/** Sort and write. PSE_E_DUPLICATE: one credential twice. */
PSE_MUST pse_rc enrolment_write(const char *name, const char *path, const pse_hash *eid,
                                struct enrolment *item, size_t n);
/** Parse the file's bytes and verify every proof; prints nothing. *line: where it failed (0: the
 * head). Statuses as enrolment_read. */
PSE_MUST pse_rc enrolment_parse(struct enrolment **item, size_t *n, size_t *line,
                                struct pse_span text, const pse_hash *eid,
                                const struct pse_group *g);
/** Read the file and verify every proof. *item is freed by the caller. PSE_E_SYNTAX, PSE_E_PROOF,
 * PSE_E_MISMATCH: another election. */
PSE_MUST pse_rc enrolment_read(struct enrolment **item, size_t *n, const char *name,
                               const char *path, const pse_hash *eid, const struct pse_group *g);

#endif
