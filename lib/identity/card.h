/* A card in two files: a private key in PEM and its certificate, doing what an eID card does.
 *
 * For: rehearsals, tests and demonstrations, where a person's key may lie in a file. Not for:
 * anybody's real identity; real keys stay on cards and never come near this function. Signing is
 * OpenSSL's; keys are wiped by it when freed. */
#ifndef PSE_IDENTITY_CARD_H
#define PSE_IDENTITY_CARD_H

#include "cms.h"

struct pse_card;

/** Take the key in @p pem, which must be that of @p c (kept, not owned: it outlives the card).
 * PSE_E_SYNTAX: no unencrypted private key; PSE_E_MISMATCH: of another certificate;
 * PSE_E_MEMORY. */
PSE_MUST pse_rc pse_card_new(struct pse_card **out, struct pse_span pem,
                             const struct pse_certificate *c);
/** NULL is fine. */
void pse_card_free(struct pse_card *card);

const struct pse_certificate *pse_card_certificate(const struct pse_card *card);
/** Append the raw signature (r || s, or the bytes of RSA) of @p message, which the algorithm
 * hashes. PSE_E_UNSUPPORTED: the algorithm does not fit the certificate; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_card_sign(struct pse_buf *out, const struct pse_card *card,
                              enum pse_cms_algorithm a, struct pse_span message);

#endif
