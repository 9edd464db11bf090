/* Q of many statements at once (protocol 1.1), hashed side by side: the challenges of a block of
 * ballots. Public statements only (codec/hash_many.h); others go through transcript.h. */
#ifndef PSE_CRYPTO_STATEMENTS_H
#define PSE_CRYPTO_STATEMENTS_H

#include "crypto/transcript.h"

/** Bytes of the transcript of @p s. */
size_t pse_statement_size(const struct pse_statement *s);

/** h[i] = Q(s[i]) for n statements of any types. @p scratch has @p room bytes to put transcripts
 * together in: the more fit, the more are hashed side by side; one that does not fit alone is
 * absorbed piece by piece. */
void pse_statements_hash(uint8_t (*h)[64], const struct pse_statement *s, size_t n,
                         uint8_t *scratch, size_t room);

#endif
