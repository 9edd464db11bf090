/* Session tokens: what `auth` gives to a voter who has logged in, and `box` may demand.
 *
 * base64url(u64 expiry || [16] random || [32] MAC), the MAC being keyed BLAKE2b-256 over the label
 * "psephos/1/session" and its zero, the election's id, expiry and random bytes. A token proves that
 * somebody logged in to this election before it expires, and names nobody: it holds no person, and
 * two tokens of one person have nothing in common. Whoever has the key can make tokens, so it stays
 * with `auth` and the fronts of `box`. Not for: who the person is (auth keeps that beside its own
 * copy of the token's hash), cookies, revoking one token.
 *
 * Pure. Checking takes the same time for every token of the right length and alphabet. */
#ifndef PSE_PROGRAMS_SESSION_TOKEN_H
#define PSE_PROGRAMS_SESSION_TOKEN_H

#include "base/base.h"

enum {
    SESSION_TOKEN_BYTES = 8 + 16 + 32,
    SESSION_TOKEN_TEXT = 76, /* 75 characters and a zero */
    SESSION_KEY_BYTES = 32,
    SESSION_KEY_FILE_MAX = 128,
    SESSION_SECONDS_MAX = 24 * 3600, /* no token lives longer, whatever its maker says */
};

/** The MAC key. Secret: keep it in guarded memory (pse_hidden), wipe copies. */
typedef struct session_key {
    uint8_t b[SESSION_KEY_BYTES];
} session_key;
void session_key_wipe(session_key *k);

/** The key from the bytes of its file: 64 hexadecimal digits and a line end (which may be missing).
 * PSE_E_SYNTAX. Constant time in the digits. */
PSE_MUST pse_rc session_key_parse(session_key *out, struct pse_span file);
/** The file's bytes for a key: 65 bytes into @p out. */
void session_key_format(char out[2 * SESSION_KEY_BYTES + 2], const session_key *k);

/** A fresh token of the election @p eid that is good until @p expiry (POSIX seconds). */
void session_token_make(char out[SESSION_TOKEN_TEXT], const session_key *k, const pse_hash *eid,
                        uint64_t expiry, struct pse_rng *rng);
/** Is @p text such a token, and is it before its expiry? *expiry may be NULL. PSE_E_SYNTAX: no
 * token; PSE_E_PROOF: not made with this key for this election, or good for longer than any token
 * can be; PSE_E_STATE: it has expired. The MAC is judged before the time, so that a stranger's
 * token is never called expired. */
PSE_MUST pse_rc session_token_check(uint64_t *expiry, struct pse_span text, const session_key *k,
                                    const pse_hash *eid, uint64_t now);
/** Where a token stands in the value of an Authorization header: behind "Bearer ". False: not
 * there. */
bool session_token_bearer(struct pse_span *token, struct pse_span header);

#endif
