/* Choices as people and files give them (for `psephos vote`), to and from choice bytes.
 *
 * Strict JSON, protocol 2.3's dialect: an object whose members are contest ids in decimal, each of
 * the style exactly once:
 *   homomorphic  {"values": [0, 3, 1]}       one value an option, or
 *                {"options": [2, 3]}         value 1 for each option named, 0 for the others
 *   mix          {"options": [2]}            choice: one number, [] = blank
 *                {"ranking": [3, 1, 2]}      best first, [] = blank
 *                {"text": "Jane Doe"}        "" = blank
 * Not for: deciding whether a choice is allowed in law. Choice bytes and the JSON are secret:
 * callers wipe both; reading them is not constant time, for they are on the voter's own machine. */
#ifndef PSE_ELECTION_CHOICES_H
#define PSE_ELECTION_CHOICES_H

#include "election/plain.h"

/** Where choices were refused. */
struct pse_choices_fault {
    uint16_t contest; /* id, 0 = the whole */
    const char *slug; /* stable, static */
};

/** Read @p json into the choice bytes of @p style (choice_len bytes at @p out).
 * PSE_E_SYNTAX: not such JSON. PSE_E_MISSING: a contest of the style is not there. PSE_E_RANGE,
 * PSE_E_DUPLICATE, PSE_E_ENCODING, PSE_E_LENGTH, PSE_E_UNSUPPORTED: as plain.h says of the choice.
 * PSE_E_LIMIT: over 1 MiB. out is zeroed on failure. */
PSE_MUST pse_rc pse_choices_parse(uint8_t *out, struct pse_choices_fault *fault,
                                  const struct pse_manifest *m, const struct pse_style *style,
                                  struct pse_span json);

/** Append the canonical JSON of choice bytes, which are valid (PSE_REQUIRE), and a line end.
 * Returns the buffer's status. */
PSE_MUST pse_rc pse_choices_write(struct pse_buf *out, const struct pse_manifest *m,
                                  const struct pse_style *style, const uint8_t *choices);

#endif
