#include "fault.h"

const char *pse_eid_fault_name(enum pse_eid_fault fault)
{
    static const char *const name[] = {
        [PSE_EID_GOOD] = "good",
        [PSE_EID_PARSE] = "parse",
        [PSE_EID_PURPOSE] = "purpose",
        [PSE_EID_POLICY] = "policy",
        [PSE_EID_NOT_YET_VALID] = "not_yet_valid",
        [PSE_EID_EXPIRED] = "expired",
        [PSE_EID_UNTRUSTED] = "untrusted",
        [PSE_EID_PERSON] = "person",
        [PSE_EID_OCSP_UNREACHABLE] = "ocsp_unreachable",
        [PSE_EID_OCSP_MALFORMED] = "ocsp_malformed",
        [PSE_EID_OCSP_UNTRUSTED] = "ocsp_untrusted",
        [PSE_EID_OCSP_STALE] = "ocsp_stale",
        [PSE_EID_OCSP_NONCE] = "ocsp_nonce",
        [PSE_EID_REVOKED] = "revoked",
        [PSE_EID_UNKNOWN] = "unknown",
        [PSE_EID_NONCE_MISSING] = "nonce_missing",
        [PSE_EID_NONCE_EXPIRED] = "nonce_expired",
        [PSE_EID_ALGORITHM] = "algorithm",
        [PSE_EID_SIGNATURE] = "signature",
        [PSE_EID_NO_MEMORY] = "memory",
    };

    _Static_assert(sizeof name / sizeof *name == PSE_EID_FAULTS, "a name for each");
    PSE_REQUIRE(fault < PSE_EID_FAULTS);
    return name[fault];
}
