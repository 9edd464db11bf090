/* How an officer's request says who sends it: a header with a signature over the request.
 *
 *     Authorization: Psephos-Officer KEY TIME SIGNATURE        (hexadecimal, decimal, hexadecimal)
 *
 * The Ed25519 signature covers "psephos/1/officer-request" and its zero, v8 method, v16 path, u64
 * time, SHA-256 of the body. The time may differ by a minute from the server's; within it a request
 * can be repeated, and every request may be: acts and signatures are taken in once. Authenticators
 * (WebAuthn) will end in the same question, "which officer?". Pure. */
#ifndef PSE_PROGRAMS_OFFICER_REQUEST_H
#define PSE_PROGRAMS_OFFICER_REQUEST_H

#include "merkle/merkle.h"

enum {
    OFFICER_REQUEST_SECONDS = 60,
    OFFICER_REQUEST_TEXT = 16 + 64 + 1 + 20 + 1 + 128 + 1 /* with its zero */
};

/** The value of the header. */
PSE_MUST pse_rc officer_request_sign(char out[OFFICER_REQUEST_TEXT], const pse_seed *seed,
                                     const pse_edkey *officer, const char *method,
                                     struct pse_span path, struct pse_span body, uint64_t now);
/** Which key signed. PSE_E_SYNTAX: no such value; PSE_E_STATE: too old, or from the future;
 * PSE_E_SIGNATURE. Whether the key is an officer's is the caller's question. */
PSE_MUST pse_rc officer_request_check(pse_edkey *officer, struct pse_span header,
                                      const char *method, struct pse_span path,
                                      struct pse_span body, uint64_t now);

#endif
