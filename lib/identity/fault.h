/* Why an electronic identity was not accepted: one class a rule (identity contract 2 and 3).
 *
 * The names are stable: they stand in JSON, in logs and in what voters are told
 * (webeid_message.h). Not for: time stamps, which have verdicts of their own (stamp.h). */
#ifndef PSE_IDENTITY_FAULT_H
#define PSE_IDENTITY_FAULT_H

#include "base/base.h"

/** In no order: rules are applied in the order of each function, and the first that fails is
 * given. */
enum pse_eid_fault {
    PSE_EID_GOOD = 0,
    PSE_EID_PARSE,            /* token, statement or certificate that is not what it must be */
    PSE_EID_PURPOSE,          /* the certificate is not for this use */
    PSE_EID_POLICY,           /* issued under a policy that is forbidden */
    PSE_EID_NOT_YET_VALID,    /* the person's certificate, at the instant of judgement */
    PSE_EID_EXPIRED,          /* likewise */
    PSE_EID_UNTRUSTED,        /* no configured authority that is valid now has issued it */
    PSE_EID_PERSON,           /* of another person than it must be */
    PSE_EID_OCSP_UNREACHABLE, /* no answer about revocation could be had */
    PSE_EID_OCSP_MALFORMED,   /* no answer to this question: refused, or about something else */
    PSE_EID_OCSP_UNTRUSTED,   /* signed wrongly, or by one who has no say */
    PSE_EID_OCSP_STALE,       /* too old, or of a time to come */
    PSE_EID_OCSP_NONCE,       /* does not repeat the nonce: an old answer played again */
    PSE_EID_REVOKED,
    PSE_EID_UNKNOWN,       /* the authority does not know the certificate */
    PSE_EID_NONCE_MISSING, /* no challenge was given out, or it was used */
    PSE_EID_NONCE_EXPIRED, /* the challenge was given out too long ago */
    PSE_EID_ALGORITHM,     /* not in the list, or not for this key */
    PSE_EID_SIGNATURE,     /* does not hold */
    PSE_EID_NO_MEMORY,     /* the world failed, nothing is said about the person */
    PSE_EID_FAULTS,        /* how many there are */
};

/** Short stable name ("good", "parse", "not_yet_valid", …), for JSON and logs. */
const char *pse_eid_fault_name(enum pse_eid_fault fault);

#endif
