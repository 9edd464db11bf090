/* Registering credentials whose proof of possession was verified: by card, by letter, by statement.
 *
 * Not for: verifying (keyfile.h, enrolment.h, crypto/binding.h), who the voter is. */
#ifndef PSE_PROGRAMS_REGISTRATION_H
#define PSE_PROGRAMS_REGISTRATION_H

#include "common/enrolment.h"
#include "store/voters.h"

/** What a commitment is to: who, by which version of the list, which credential, which proof. */
void registration_evidence(struct pse_buf *out, struct pse_span id, const pse_hash *list,
                           const pse_enc *credential, const uint8_t proof[PSE_POK_SIZE]);
/** Register the credentials of letters: all, or none and *at is the one that was refused. Statuses
 * of pse_voters_register. */
PSE_MUST pse_rc registration_letters(struct pse_voters *v, enum pse_register_refusal *why,
                                     size_t *at, const struct enrolment *item, size_t n,
                                     uint64_t now);
/** Why, after "the voter …". */
const char *registration_refusal(enum pse_register_refusal why);
/** The same as a stable slug. */
const char *registration_slug(enum pse_register_refusal why);

#endif
