/* Has a certificate been revoked? Asking its authority (OCSP, RFC 6960), and judging the answer.
 *
 * For: logins and binding signatures (identity contract 3). Sending the question is not done here:
 * POST it as application/ocsp-request, wait 5 seconds, take at most PSE_OCSP_MAX bytes.
 *
 * Who may answer: in AIA mode any responder that a configured authority has appointed (an
 * authority therefore speaks for the certificates of the others: configure only those of which
 * that is meant), in designated mode one certificate and no other.
 *
 * The answer is hostile input: its signature is checked before its status is read. Nothing here
 * asks a clock. Functions may run in any thread. Public data, variable time. */
#ifndef PSE_IDENTITY_OCSP_H
#define PSE_IDENTITY_OCSP_H

#include "certificate.h"

enum {
    PSE_OCSP_MAX = 65536,        /* bytes of an answer; real ones have 1 to 3 KiB */
    PSE_OCSP_REQUEST_MAX = 1024, /* bytes of a question made here */
    PSE_OCSP_NONCE = 32,         /* bytes of a nonce in a question of ours */
    PSE_OCSP_AGE = 120,          /* seconds: how old a status may be at most */
    PSE_OCSP_SKEW = 900,         /* seconds: how far clocks may be apart */
};

/** Append the question about @p c, issued by @p issuer: one CertID with SHA-1, which is what
 * responders know, and @p nonce (random bytes of the caller) unless it is empty. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_ocsp_request_put(struct pse_buf *out, const struct pse_certificate *c,
                                     const struct pse_certificate *issuer, struct pse_span nonce);

/** How an answer is to be judged. */
struct pse_ocsp_rules {
    const struct pse_certificate *certificate; /* what was asked about */
    const struct pse_certificate *issuer;
    const struct pse_anchors *anchors;       /* AIA mode: who may appoint a responder */
    const struct pse_certificate *responder; /* designated mode: the one that may answer, or NULL */
    struct pse_span nonce;                   /* as sent; empty: none was, or it is not known */
    int64_t now;
    uint32_t max_age; /* PSE_OCSP_AGE */
    uint32_t skew;    /* PSE_OCSP_SKEW */
    /* Late qualification of a signature that was stamped while no answer could be had: the status
     * must be of the stamped time or later, whatever its age, and only a revocation that is not
     * later than the stamp counts. */
    bool is_late;
    int64_t stamped; /* only where is_late */
};

/** What an answer says. Valid when it was judged good, revoked or unknown. */
struct pse_ocsp {
    int64_t this_update;
    int64_t next_update; /* 0: none stated */
    int64_t revoked_at;  /* 0: not revoked; set also where a late rule lets it pass */
    pse_hash responder;  /* SHA-256 of the certificate that answered */
};

/** Judge @p answer by all rules, in this order; the first that fails is given. Malformed: longer
 * than PSE_OCSP_MAX, no OCSPResponse, bytes left over, another responseStatus than successful,
 * another number of SingleResponses than one, about another CertID, or without a certificate.
 * Untrusted: not signed by a certificate in it, or (AIA) that one is not valid now, not for OCSP
 * signing, has an RSA key below 2048 bits, is not issued by an anchor and none itself, or
 * (designated) not byte for byte the configured one, or not valid now. Stale: thisUpdate after now
 * + skew or before now - max_age, nextUpdate before thisUpdate or before now - skew. Nonce: not
 * repeated. Then PSE_EID_REVOKED, PSE_EID_UNKNOWN or PSE_EID_GOOD. *out is zeroed for the other
 * verdicts. */
PSE_MUST enum pse_eid_fault pse_ocsp_verify(struct pse_ocsp *out, struct pse_span answer,
                                            const struct pse_ocsp_rules *rules);

#endif
