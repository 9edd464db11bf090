/* Bonds: everything that ties a person to a credential, in one record (identity contract 5 and 6).
 *
 * A bond holds the binding statement, the proof that its maker has the credential's secret, the
 * person's own signature under the same bytes, a time stamp over that signature, and what the
 * authority answered about the certificate. Registering takes it in, the record holds a commitment
 * to it, and an appointed auditor opens it: all three judge it here, by the same rules. Not for:
 * the list of voters, sealing (store/seal.h), fetching stamps and answers.
 *
 * Canonical bytes: `"psephos/1/bond" || 0 || u8 form || [32] list || v16 statement || proof ||
 * [32] certificate || [32] issuer || v16 CMS || u64 received || v8 nonce || u32 n, stamp || u64
 * judged || v8 nonce || u32 n, answer`. Form 1: the authority was asked at once; 2: later, since it
 * could not be reached; 3: it has not answered yet, and judged, nonce and answer are empty. list is
 * the version of the voter list that it was judged by. certificate and issuer are SHA-256; the
 * certificate itself stands in the CMS, the issuer's is configured.
 *
 * Why the answer is in what is committed to, which the contract does not ask for: then nobody
 * exchanges it later for one of another day.
 *
 * Bonds are hostile input. Nothing here asks a clock. Functions may run in any thread; public data,
 * variable time. A bond is personal: it is sealed at rest and never enters the record. */
#ifndef PSE_IDENTITY_BOND_H
#define PSE_IDENTITY_BOND_H

#include "cms.h"
#include "crypto/binding.h"
#include "ocsp.h"
#include "stamp.h"

enum {
    PSE_BOND_MAX = 1 << 18,
    PSE_BOND_WINDOW = 60,   /* seconds between what a bond and what its stamp say (contract 5) */
    PSE_BOND_NAME_MAX = 48, /* of a verdict, with its zero */
};

enum pse_bond_form { PSE_BOND_PROMPT = 1, PSE_BOND_LATE = 2, PSE_BOND_PENDING = 3 };

/** Spans are borrowed. */
struct pse_bond {
    enum pse_bond_form form;
    pse_hash list;
    struct pse_span statement;
    uint8_t proof[PSE_POK_SIZE];
    pse_hash certificate, issuer;
    struct pse_span cms;
    uint64_t received; /* when the signature came in (POSIX seconds) */
    struct pse_span stamp_nonce, stamp;
    uint64_t judged; /* when the authority's answer came in */
    struct pse_span ocsp_nonce, ocsp;
};

/** Append the bytes. PSE_E_RANGE: a part that is missing, too long or out of place. */
PSE_MUST pse_rc pse_bond_write(struct pse_buf *out, const struct pse_bond *b);
/** Parse; what is accepted writes the same bytes. PSE_E_SYNTAX: another label; PSE_E_LENGTH;
 * PSE_E_RANGE. Nothing is believed yet. */
PSE_MUST pse_rc pse_bond_parse(struct pse_bond *b, struct pse_span bytes);
/** Are these bytes a bond's, and not those of another kind of evidence? */
bool pse_bond_is_one(struct pse_span bytes);

/* --- judging -----------------------------------------------------------------------------------
 */

/** Verdicts, one a rule, in the order in which the rules are applied; the first that fails is
 * given. */
enum pse_bond_fault {
    PSE_BOND_GOOD = 0,
    PSE_BOND_FORM,        /* not the bytes of a bond */
    PSE_BOND_STATEMENT,   /* not a binding statement */
    PSE_BOND_ELECTION,    /* of another election */
    PSE_BOND_REGISTRAR,   /* for another registrar */
    PSE_BOND_CREDENTIAL,  /* about another credential */
    PSE_BOND_NONCE,       /* of another session */
    PSE_BOND_SUBJECT,     /* about another person than the one who is registered */
    PSE_BOND_PROOF,       /* its maker does not have the credential's secret */
    PSE_BOND_CERTIFICATE, /* the signer's certificate is missing, or not the one that is named */
    PSE_BOND_PERSON,      /* signed by another person than the statement names */
    PSE_BOND_CMS,         /* the signature: see pse_bond_verdict.cms */
    PSE_BOND_ISSUER,      /* issued by another authority than the one that is named */
    PSE_BOND_STAMP,       /* the time stamp: see .stamp */
    PSE_BOND_TIME,        /* the authority's answer is said to be older than the signature */
    PSE_BOND_PENDING_YET, /* all is well so far, but the authority has not answered yet */
    PSE_BOND_OCSP,        /* the authority's answer: see .ocsp */
    PSE_BOND_NO_MEMORY,   /* the world failed, nothing is said about the bond */
    PSE_BOND_FAULTS,
};

/** How a bond is to be judged. What is NULL or empty is not looked at, where that is said. */
struct pse_bond_rules {
    const struct pse_group *g;
    const pse_hash *eid;
    const pse_hash *registrar;        /* its Ed25519 key; NULL: any */
    const pse_enc *credential;        /* NULL: any, as when it is about to be learned */
    const pse_hash *nonce;            /* the session's; NULL: not known any more */
    struct pse_span subject;          /* whose it must be; empty: anybody's */
    const struct pse_anchors *people; /* authorities of persons */
    const char *const *forbidden;     /* policies (dotted) */
    size_t forbidden_n;
    const struct pse_certificate *responder; /* the designated one; NULL: whom the authority says */
    const struct pse_anchors *stamps;        /* authorities of the stamp service */
    const char *policy;                      /* that stamps must follow; NULL: any */
};

struct pse_bond_verdict {
    enum pse_bond_fault fault;
    enum pse_cms_fault cms;
    enum pse_stamp_fault stamp;
    enum pse_eid_fault ocsp;
    /* What was found, as far as the rules came. */
    pse_enc credential;
    enum pse_cms_algorithm algorithm;
    int64_t stamped;    /* when, by the stamp; 0: not known */
    int64_t revoked_at; /* 0: not that we know; later than the stamp where the bond is good */
};

/** Judge by all rules. The instants are those in the bond: the stamp holds `received` to within
 * PSE_BOND_WINDOW, certificate and signature are judged at `received`, the answer at `judged`. A
 * caller with a clock compares these with it as well. */
void pse_bond_judge(struct pse_bond_verdict *out, const struct pse_bond *b,
                    const struct pse_bond_rules *rules);
/** Judge all but the time stamp and the authority's answer, which are not there yet: before they
 * are asked for. Certificates are judged at `received`. @p signature: the octets to be stamped,
 * borrowed. The verdict is never PSE_BOND_PENDING_YET. */
void pse_bond_judge_signature(struct pse_bond_verdict *out, struct pse_span *signature,
                              const struct pse_bond *b, const struct pse_bond_rules *rules);

/** The question to the stamp service: SHA-256 of the signature's octets, and the bond's nonce. */
void pse_bond_ask(struct pse_stamp_ask *ask, const struct pse_bond *b, struct pse_span signature,
                  const char *policy);

/** Short stable name of a verdict: "good", "person", "cms-no-ess", "stamp-imprint",
 * "ocsp-revoked", …. */
void pse_bond_verdict_name(char out[PSE_BOND_NAME_MAX], const struct pse_bond_verdict *v);

#endif
