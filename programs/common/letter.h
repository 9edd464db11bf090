/* Credential letters: 16 secret bytes as 28 characters that people read from paper and type.
 *
 * The code is Crockford base32 in seven groups of four: 128 random bits and a checksum of 12 bits,
 * so a typing mistake is found at once. The credential follows from code and election:
 * d = scalar of Q("letter"; secret bytes) (docs/tutorial.md). For voters who have no device at
 * registration; whoever makes letters knows d while making them.
 * Not constant time in the code: it is printed and typed where it is used. */
#ifndef PSE_PROGRAMS_LETTER_H
#define PSE_PROGRAMS_LETTER_H

#include "group/group.h"

enum { LETTER_SECRET = 16, LETTER_TEXT = 35 /* seven groups of four, hyphens, a zero */ };

typedef struct letter_secret {
    uint8_t b[LETTER_SECRET];
} letter_secret;

void letter_secret_wipe(letter_secret *s);

void letter_encode(char text[LETTER_TEXT], const letter_secret *secret);
/** What a person typed, in any case, with or without hyphens. PSE_E_LENGTH, PSE_E_SYNTAX (a
 * character that cannot occur), PSE_E_MISMATCH (checksum: a typing mistake). */
PSE_MUST pse_rc letter_decode(letter_secret *secret, const char *typed);
/** d for the election @p eid. */
void letter_credential(pse_secret *d, const pse_hash *eid, const letter_secret *secret);

#endif
