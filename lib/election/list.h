/* Lists: what is mixed or added up (protocol 7), as bytes.
 *
 * For: turning the admitted ballots' parts of one (contest, group) into the bytes whose SHA-256 is
 * the in-hash. Not for: which ballots are admitted and which group they fall to (state), mixing and
 * decryption (crypto). Public data, variable time. */
#ifndef PSE_ELECTION_LIST_H
#define PSE_ELECTION_LIST_H

#include "election/manifest.h"

/** One row: the ciphertexts of a live ballot's part (pse_ballot_part), already known canonical. */
struct pse_list_row {
    const uint8_t *part;
    uint32_t weight; /* homomorphic: the credential's; mix: 1 */
};

/** Bytes of the list of @p n rows: mix 64 n w, homomorphic 64 K. */
uint64_t pse_list_len(const struct pse_contest *c, uint32_t n);

/** L_0 of a mix list, row-major. @p out has pse_list_len bytes. */
void pse_list_mix(uint8_t *out, const struct pse_contest *c, const struct pse_list_row *row,
                  size_t n);

/** The aggregates of a homomorphic list, in parallel on the group's pool. PSE_E_ENCODING: a row is
 * not canonical (a ballot that did not pass V401). PSE_E_MEMORY. */
PSE_MUST pse_rc pse_list_homomorphic(uint8_t *out, const struct pse_group *g,
                                     const struct pse_contest *c, const struct pse_list_row *row,
                                     size_t n);

#endif
