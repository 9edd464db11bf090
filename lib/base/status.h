/* Status values: how every psephos function tells success from failure.
 *
 * One value, PSE_OK, is success. Numbers are grouped (c. 1-99 input, 100-199 verification, 200-299
 * state, 300-399 environment) and once published are never reused. The core never formats
 * sentences: programs turn a status and its position into words. */
#ifndef PSE_BASE_STATUS_H
#define PSE_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum pse_rc {
    PSE_OK = 0,

    PSE_E_ENCODING = 1,    /* bytes that are not the canonical encoding of anything */
    PSE_E_RANGE = 2,       /* well-formed, but a value outside what is allowed */
    PSE_E_LENGTH = 3,      /* too short, too long, or bytes left over */
    PSE_E_LIMIT = 4,       /* over a named bound of this implementation or of the protocol */
    PSE_E_SYNTAX = 5,      /* text that does not follow its grammar */
    PSE_E_DUPLICATE = 6,   /* something that must be unique occurs twice */
    PSE_E_UNSUPPORTED = 7, /* understood, and refused on purpose */

    PSE_E_PROOF = 100,     /* a proof does not hold */
    PSE_E_SIGNATURE = 101, /* a signature does not hold */
    PSE_E_MISMATCH = 102,  /* a recomputed value differs from the stated one */

    PSE_E_STATE = 200,   /* not allowed now */
    PSE_E_MISSING = 201, /* something that is needed is not there */

    PSE_E_MEMORY = 300,  /* no memory, or the arena's maximum reached */
    PSE_E_IO = 301,      /* a read or write failed */
    PSE_E_UNKNOWN = 302, /* whether a change was made cannot be told; start again from the store */
} pse_rc;

#define PSE_MUST __attribute__((warn_unused_result))

/** Leave the calling function with the status of @p expr unless it is PSE_OK. */
#define PSE_TRY(expr)            \
    do {                         \
        pse_rc try_rc_ = (expr); \
        if (try_rc_ != PSE_OK)   \
            return try_rc_;      \
    } while (0)

/** A promise of the caller's code (never of input): checked in every build, broken = abort. */
#define PSE_REQUIRE(cond)                                  \
    do {                                                   \
        if (!(cond))                                       \
            pse_require_failed(#cond, __FILE__, __LINE__); \
    } while (0)

__attribute__((noreturn, cold)) void pse_require_failed(const char *cond, const char *file,
                                                        int line);

/** Short stable name of a status ("encoding", "proof", …), for diagnostics and JSON. */
const char *pse_rc_name(pse_rc rc);

#endif
