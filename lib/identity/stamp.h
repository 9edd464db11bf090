/* Time stamps (RFC 3161): asking for one, and judging the answer of a stamp service.
 *
 * For: proof to a court that bytes existed at an instant, by a third party that courts know. A
 * query names the hash of the bytes; the answer is believed only after every rule below. Not for:
 * sending the query or storing the answer (programs), order of entries (the log itself gives it),
 * revocation of the service's certificate, which the reader of old stamps has to look up.
 *
 * The answer is hostile input. Nothing here asks a clock. Functions may run in any thread; an
 * anchor set is only read. Public data, variable time. (Ledger contract 10, identity contract 5.)
 */
#ifndef PSE_IDENTITY_STAMP_H
#define PSE_IDENTITY_STAMP_H

#include "anchors.h"

enum {
    PSE_STAMP_MAX = 65536,     /* bytes of an answer; real ones have 1 to 8 KiB */
    PSE_STAMP_QUERY_MAX = 256, /* bytes of a query made here */
    PSE_STAMP_NONCE_MAX = 20,
    PSE_STAMP_OID_MAX = 128, /* dotted text and its final zero */
    PSE_STAMP_NAME_MAX = 512,
};

enum pse_stamp_hash { PSE_STAMP_SHA256, PSE_STAMP_SHA512 };

/** What a stamp is to be on: a digest, and what the query added. */
struct pse_stamp_ask {
    enum pse_stamp_hash hash;
    uint8_t digest[64]; /* SHA-256: the first 32 */
    uint8_t nonce[PSE_STAMP_NONCE_MAX];
    size_t nonce_n;     /* 0: no nonce was sent, or it is not known any more */
    const char *policy; /* dotted OID that the service must follow; NULL: any */
};

/** What an answer says. Valid only when it was judged good. */
struct pse_stamp {
    enum pse_stamp_hash hash;
    uint8_t digest[64];
    int64_t time;                     /* genTime in whole POSIX seconds */
    uint64_t accuracy_ms;             /* as stated; 0: not stated */
    char policy[PSE_STAMP_OID_MAX];   /* dotted */
    char service[PSE_STAMP_NAME_MAX]; /* subject of the service's certificate, RFC 2253 form */
    pse_hash certificate;             /* SHA-256 of that certificate */
    uint8_t serial[PSE_STAMP_NONCE_MAX];
    size_t serial_n;
};

/** Verdicts, one a rule, in the order in which the rules are applied; the first that fails is
 * given. */
enum pse_stamp_fault {
    PSE_STAMP_GOOD = 0,
    PSE_STAMP_FORM,      /* no TimeStampResp, truncated, too long, or not one signer of a TSTInfo */
    PSE_STAMP_TRAILING,  /* bytes after the answer, or after the TSTInfo inside */
    PSE_STAMP_REJECTED,  /* the service refused: status other than granted */
    PSE_STAMP_ALGORITHM, /* a hash other than SHA-256 or SHA-512 stamped, or one older than SHA-2
                            signed */
    PSE_STAMP_IMPRINT,   /* it is about other bytes */
    PSE_STAMP_NONCE,     /* the nonce is missing or not the one sent: an old answer played again */
    PSE_STAMP_POLICY,    /* not under the policy that was pinned */
    PSE_STAMP_EXTENSION, /* a critical extension that is not understood */
    PSE_STAMP_SIGNER,    /* the signer's certificate is not in the answer */
    PSE_STAMP_PURPOSE,   /* that certificate is not for time stamping alone, marked critical */
    PSE_STAMP_NOT_VALID, /* a certificate of the chain has expired or is not valid yet at now */
    PSE_STAMP_UNTRUSTED, /* the chain does not end in an anchor, or has a weak link */
    PSE_STAMP_ESS,       /* the signed attribute that names the certificate is missing or wrong */
    PSE_STAMP_SIGNATURE, /* the signature does not hold */
    PSE_STAMP_TOO_EARLY, /* genTime before the earliest instant that is believed */
    PSE_STAMP_TOO_LATE,  /* genTime after the latest */
    PSE_STAMP_OUTSIDE,   /* genTime outside the life of the service's certificate */
    PSE_STAMP_NO_MEMORY, /* the world failed, nothing is said about the stamp */
};

/** How an answer is to be judged. */
struct pse_stamp_rules {
    const struct pse_stamp_ask *ask;
    const struct pse_anchors *anchors;
    int64_t now;      /* the chain must be valid at this instant */
    int64_t earliest; /* bounds on genTime, both included */
    int64_t latest;
};

/** Append the DER query for @p ask, with a request for the service's certificate. The nonce is the
 * caller's: random bytes, read as an unsigned number that is not zero (PSE_REQUIRE), or none.
 * PSE_E_SYNTAX: the policy is no OID; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_stamp_query_put(struct pse_buf *out, const struct pse_stamp_ask *ask);

/** Read back a query: digest, hash and nonce; ask->policy is NULL. PSE_E_SYNTAX (also for bytes
 * left over), PSE_E_RANGE (a nonce that is zero or too long), PSE_E_UNSUPPORTED (another hash),
 * PSE_E_MEMORY. *ask is zeroed on failure. */
PSE_MUST pse_rc pse_stamp_query_parse(struct pse_stamp_ask *ask, struct pse_span query);

/** Digest @p data into @p ask for @p hash. */
void pse_stamp_digest(struct pse_stamp_ask *ask, enum pse_stamp_hash hash, struct pse_span data);

/** Which hash an answer is over, before anything in it is believed; for digesting the data that it
 * is to be checked against. Only the verdicts up to PSE_STAMP_ALGORITHM, or NO_MEMORY. */
PSE_MUST enum pse_stamp_fault pse_stamp_hash_peek(enum pse_stamp_hash *hash,
                                                  struct pse_span answer);

/** Judge @p answer by all rules. *out is zeroed unless PSE_STAMP_GOOD. */
PSE_MUST enum pse_stamp_fault pse_stamp_verify(struct pse_stamp *out, struct pse_span answer,
                                               const struct pse_stamp_rules *rules);

/** Short stable name of a verdict ("good", "imprint", …), for diagnostics and JSON. */
const char *pse_stamp_fault_name(enum pse_stamp_fault fault);

#endif
