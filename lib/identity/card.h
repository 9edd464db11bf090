/* What an eID card does with one of its keys: sign, log in (a token of Web eID), sign a message
 * (CAdES-B). The hash is computed here from what is signed; no card is ever given one by a server.
 *
 * The key is in a PEM file, for rehearsals, tests and demonstrations, where a person's key may lie
 * in a file, or elsewhere (a token), reached by a function: real keys stay there and never come
 * near here. With a file, signing is OpenSSL's; keys are wiped by it when freed. */
#ifndef PSE_IDENTITY_CARD_H
#define PSE_IDENTITY_CARD_H

#include "cms.h"

struct pse_card;

/** Take the key in @p pem, which must be that of @p c (kept, not owned: it outlives the card).
 * PSE_E_SYNTAX: no unencrypted private key; PSE_E_MISMATCH: of another certificate;
 * PSE_E_MEMORY. */
PSE_MUST pse_rc pse_card_new(struct pse_card **out, struct pse_span pem,
                             const struct pse_certificate *c);
/** What signs elsewhere: raw r || s (@p n bytes) over a digest. Statuses are its own. */
typedef pse_rc pse_card_away(void *ctx, uint8_t sig[PSE_ECDSA_RAW_MAX], size_t *n,
                             struct pse_span digest);
/** A card whose key, on P-256 or P-384, is elsewhere. @p c and @p ctx outlive it.
 * PSE_E_UNSUPPORTED: a certificate of another key; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_card_new_away(struct pse_card **out, const struct pse_certificate *c,
                                  pse_card_away *sign, void *ctx);
/** NULL is fine. */
void pse_card_free(struct pse_card *card);

const struct pse_certificate *pse_card_certificate(const struct pse_card *card);
/** Append the raw signature (r || s, or the bytes of RSA) of @p message, which the algorithm
 * hashes. PSE_E_UNSUPPORTED: the algorithm does not fit the certificate; PSE_E_SIGNATURE: what
 * came from elsewhere does not verify by the certificate; PSE_E_MEMORY; and what that function
 * says. */
PSE_MUST pse_rc pse_card_sign(struct pse_buf *out, const struct pse_card *card,
                              enum pse_cms_algorithm a, struct pse_span message);
/** Append the Web eID token that logs in at @p origin with this challenge. PSE_E_UNSUPPORTED: no
 * algorithm for its key; the rest as pse_card_sign. */
PSE_MUST pse_rc pse_card_log_in(struct pse_buf *out, const struct pse_card *card,
                                const char *origin, const char *challenge);
/** Append the CMS container of @p message (cms.h). Statuses likewise. */
PSE_MUST pse_rc pse_card_sign_message(struct pse_buf *out, const struct pse_card *card,
                                      struct pse_span message);

#endif
