/* Plaintexts of mix ballots and voters' choices as bytes (protocol 5 and 11).
 *
 * For: the grammar of a plaintext, its status under a contest, and checking a voter's choices
 * before a ballot is made of them. Not for: points (crypto), JSON (choices.h).
 *
 * One form serves throughout: the *choice bytes* of a style are, for each of its contests in order,
 * K values of one byte (homomorphic) or the plaintext of 30 w bytes (mix). They are secret until
 * counted: callers wipe them. */
#ifndef PSE_ELECTION_PLAIN_H
#define PSE_ELECTION_PLAIN_H

#include "election/manifest.h"

enum { PSE_PLAIN_MAX = PSE_ELEMENT_BYTES * PSE_MIX_WIDTH_MAX };

enum pse_plain_tag { PSE_PLAIN_CHOICE = 1, PSE_PLAIN_RANKING = 2, PSE_PLAIN_TEXT = 3 };

enum pse_vote_status { PSE_VOTE_VALID = 0, PSE_VOTE_BLANK = 1, PSE_VOTE_INVALID = 2 };

/** A plaintext taken apart; body borrows from the plaintext. */
struct pse_plain {
    enum pse_plain_tag tag;
    uint8_t n;           /* options of a ranking or choice (0 = blank), bytes of a text */
    const uint8_t *body; /* n options, or n bytes of text */
};

/** Status of a plaintext of 30 w bytes whose elements are all well-formed. @p out (may be NULL) is
 * valid unless the status is PSE_VOTE_INVALID. Variable time: decrypted plaintexts are public. */
enum pse_vote_status pse_plain_read(struct pse_plain *out, const struct pse_contest *c,
                                    const uint8_t *plain);

/** Write plaintexts of 30 w bytes. The arguments must be in range by type; the contest's rules are
 * checked: PSE_E_RANGE (unknown option, too few or many, blank not permitted), PSE_E_DUPLICATE (an
 * option twice), PSE_E_ENCODING (text that is not allowed UTF-8), PSE_E_LENGTH (text too long),
 * PSE_E_UNSUPPORTED (not this contest's format). out is zeroed on failure. */
PSE_MUST pse_rc pse_plain_choice(uint8_t *out, const struct pse_contest *c, uint8_t option);
PSE_MUST pse_rc pse_plain_ranking(uint8_t *out, const struct pse_contest *c, const uint8_t *option,
                                  size_t n);
PSE_MUST pse_rc pse_plain_text(uint8_t *out, const struct pse_contest *c, struct pse_span text);

/** Check choice bytes of one contest: for homomorphic, values 0..m and an allowed sum; for mix, a
 * status of valid or blank. PSE_E_RANGE otherwise. */
PSE_MUST pse_rc pse_choice_check(const struct pse_contest *c, const uint8_t *choice);

/** Check the choice bytes of a whole style. On failure *bad (may be NULL) is the position in the
 * style's contests. PSE_E_LENGTH: not choice_len bytes. PSE_E_RANGE. Time depends on the choices:
 * for the voter's own device, before a ballot is made. */
PSE_MUST pse_rc pse_choices_check(const struct pse_manifest *m, const struct pse_style *s,
                                  size_t *bad, const uint8_t *choices, size_t n);

#endif
