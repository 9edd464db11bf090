/* WebAuthn: officers and trustees show with an authenticator that they want an act (identity
 * contract 7; Web Authentication Level 3, sections 7.1 and 7.2).
 *
 * A daemon makes a challenge for one account and one act, keeps it, and gives its bytes to the
 * page; the page has the authenticator sign; the answer comes back and is judged. The challenge is
 * a hash of a nonce, the instant, the account and the act (docs/officers.md, "What an assertion
 * signs"), so what is kept of it (evidence) shows anybody afterwards that this authenticator
 * asserted this act within five minutes.
 *
 *     pse_webauthn_act(&act, statement);
 *     rc = pse_webauthn_table_issue(&challenge, table, …);
 *     … its bytes to the page, an answer comes …
 *     fault = pse_webauthn_table_take(&challenge, table, account, now);    an attempt uses it up
 *     fault = pse_webauthn_answer_read(&answer, json);
 *     fault = pse_webauthn_assert(&done, &answer, &challenge, &site, keys, n, now);
 *     … keep pse_webauthn_evidence_put, and done.sign_count in the key …
 *
 * Not for: voters; who may do what, and how many officers it takes (the daemons); HTTP; files.
 * Every answer is hostile input. Nothing here asks a clock. Functions may run in any thread; one
 * table belongs to one thread. Public data, variable time. */
#ifndef PSE_IDENTITY_WEBAUTHN_H
#define PSE_IDENTITY_WEBAUTHN_H

#include "anchors.h"

enum {
    PSE_WEBAUTHN_SECONDS = 300, /* from the making of a challenge to the answer, and to the act */
    PSE_WEBAUTHN_ID_MAX = 1023, /* bytes of a credential id (the specification's bound) */
    PSE_WEBAUTHN_ACCOUNT_MAX = 64,   /* bytes of an account's name: also its user handle */
    PSE_WEBAUTHN_CLIENT_MAX = 2048,  /* bytes of clientDataJSON */
    PSE_WEBAUTHN_DATA_MAX = 2048,    /* bytes of authenticatorData */
    PSE_WEBAUTHN_OBJECT_MAX = 16384, /* bytes of an attestationObject */
    PSE_WEBAUTHN_SIGNATURE_MAX = 80, /* ES256 in DER: at most 72; EdDSA: 64 */
    PSE_WEBAUTHN_ANSWER_MAX = 32768, /* bytes of an answer's JSON */
    PSE_WEBAUTHN_STATEMENT_MAX = 65536,
    PSE_WEBAUTHN_EVIDENCE_MAX = 8192,
    PSE_WEBAUTHN_KEY_MAX = 1200, /* bytes of an authenticator as it is stored */
    PSE_WEBAUTHN_SITE_MAX = 512, /* bytes of an origin */
};

/** What is wrong; the first rule that fails, in the order of the functions' tables below. The
 * numbers and names are stable. */
enum pse_webauthn_fault {
    PSE_WEBAUTHN_GOOD = 0,
    PSE_WEBAUTHN_CHALLENGE_MISSING,  /* none was given out to the account, or it was used */
    PSE_WEBAUTHN_CHALLENGE_EXPIRED,  /* given out more than five minutes ago, or in the future */
    PSE_WEBAUTHN_ANSWER,             /* not the JSON of an answer, or a part too long or empty */
    PSE_WEBAUTHN_PURPOSE,            /* the challenge was given out for something else */
    PSE_WEBAUTHN_CREDENTIAL,         /* the credential is not one of this account */
    PSE_WEBAUTHN_USER_HANDLE,        /* the answer names another account */
    PSE_WEBAUTHN_CLIENT_DATA,        /* not the JSON that browsers write */
    PSE_WEBAUTHN_TYPE,               /* made for the other ceremony */
    PSE_WEBAUTHN_CHALLENGE,          /* over another challenge */
    PSE_WEBAUTHN_ORIGIN,             /* made on another site */
    PSE_WEBAUTHN_CROSS_ORIGIN,       /* made inside a frame of another site */
    PSE_WEBAUTHN_ATTESTATION_OBJECT, /* not the CBOR that authenticators write */
    PSE_WEBAUTHN_AUTHENTICATOR_DATA, /* likewise, or not of this ceremony */
    PSE_WEBAUTHN_RP_ID,              /* made for another site */
    PSE_WEBAUTHN_USER_PRESENT,       /* nobody touched it */
    PSE_WEBAUTHN_USER_VERIFIED,      /* no PIN, finger or face was asked for */
    PSE_WEBAUTHN_BACKUP,             /* flags that contradict one another or the stored key */
    PSE_WEBAUTHN_SYNCED,             /* a key that leaves its device, where that is not allowed */
    PSE_WEBAUTHN_ALGORITHM,          /* neither ES256 nor EdDSA */
    PSE_WEBAUTHN_PUBLIC_KEY,         /* not a key of its algorithm */
    PSE_WEBAUTHN_AAGUID,             /* a model that is not in the list */
    PSE_WEBAUTHN_ATTESTATION,        /* the statement does not hold */
    PSE_WEBAUTHN_ATTESTATION_UNTRUSTED, /* no configured maker stands behind it */
    PSE_WEBAUTHN_REGISTERED,            /* the credential is registered already */
    PSE_WEBAUTHN_SIGNATURE,             /* does not hold */
    PSE_WEBAUTHN_SIGN_COUNT,            /* has not risen: maybe a copy */
    PSE_WEBAUTHN_NO_MEMORY,             /* the world failed, nothing is said about the person */
    PSE_WEBAUTHN_FAULTS,                /* how many there are */
};

/** Short stable name ("good", "challenge_missing", "user_verified", …), for JSON and logs. */
const char *pse_webauthn_fault_name(enum pse_webauthn_fault fault);
/** One English sentence or two for the person: what happened and what to do. */
const char *pse_webauthn_fault_words(enum pse_webauthn_fault fault);

/* --- site ------------------------------------------------------------------------------------ */

/** Where the page is, by configuration, never by a request. */
struct pse_webauthn_site {
    const char *origin; /* "https://officers.example.org", or "http://localhost:8080" */
    const char *rp_id;  /* "officers.example.org", or a domain above it; "localhost" */
};

/** Is the origin one that browsers allow WebAuthn on (https, or http on localhost; lower case, no
 * slash at the end, a name and no address), and @p site->rp_id its host or a parent domain of at
 * least two labels? */
bool pse_webauthn_site_is_valid(const struct pse_webauthn_site *site);

/* --- challenges ------------------------------------------------------------------------------ */

enum pse_webauthn_purpose {
    PSE_WEBAUTHN_REGISTER = 1, /* add an authenticator to an account */
    PSE_WEBAUTHN_LOGIN = 2,    /* begin a session: the act is zero */
    PSE_WEBAUTHN_ACT = 3,      /* want an act */
};

struct pse_webauthn_challenge {
    enum pse_webauthn_purpose purpose;
    char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1]; /* 1 to 64 printable ASCII characters, no space */
    pse_hash nonce;
    int64_t issued; /* POSIX seconds */
    pse_hash act;
};

/** May an account be called so? */
bool pse_webauthn_account_is_valid(const char *account);
/** The hash of an act from its statement, the bytes that say what is to be done (at most
 * PSE_WEBAUTHN_STATEMENT_MAX: PSE_REQUIRE). */
void pse_webauthn_act(pse_hash *out, struct pse_span statement);
/** A challenge that nobody keeps yet; daemons use a table. @p account is valid (PSE_REQUIRE). */
void pse_webauthn_challenge_make(struct pse_webauthn_challenge *out,
                                 enum pse_webauthn_purpose purpose, const char *account,
                                 const pse_hash *act, struct pse_rng *rng, int64_t now);
/** The 32 bytes for the page: `challenge` of the options given to the browser. */
void pse_webauthn_challenge_bytes(pse_hash *out, const struct pse_webauthn_challenge *c);
/** PSE_WEBAUTHN_CHALLENGE_EXPIRED unless 0 <= now - issued <= PSE_WEBAUTHN_SECONDS. Asked again at
 * the moment of the act, when it waits for a second officer. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_is_fresh(const struct pse_webauthn_challenge *c,
                                                       int64_t now);

/** Challenges that are out: one for an account at most; asking again replaces it. */
struct pse_webauthn_table;

/** Room for @p max accounts (1 to 4096). PSE_E_MEMORY. */
PSE_MUST pse_rc pse_webauthn_table_new(struct pse_webauthn_table **out, size_t max);
/** NULL is fine. */
void pse_webauthn_table_free(struct pse_webauthn_table *t);
/** Make and keep. PSE_E_LIMIT: there is room for no other account now. */
PSE_MUST pse_rc pse_webauthn_table_issue(struct pse_webauthn_challenge *out,
                                         struct pse_webauthn_table *t,
                                         enum pse_webauthn_purpose purpose, const char *account,
                                         const pse_hash *act, struct pse_rng *rng, int64_t now);
/** Take the account's challenge away, before anything of the answer is looked at; whatever becomes
 * of the attempt, it is used up. challenge_missing, challenge_expired; @p out is zeroed then. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_table_take(struct pse_webauthn_challenge *out,
                                                         struct pse_webauthn_table *t,
                                                         const char *account, int64_t now);

/* --- answers --------------------------------------------------------------------------------- */

/** What the browser returned, decoded. Parts that the ceremony does not have are empty. */
struct pse_webauthn_answer {
    struct pse_span id;
    struct pse_span client_data;
    struct pse_span object;      /* attestationObject: registration */
    struct pse_span data;        /* authenticatorData: assertion */
    struct pse_span signature;   /* assertion */
    struct pse_span user_handle; /* assertion, if the authenticator gave one */
    uint8_t *owned;              /* what pse_webauthn_answer_read made */
};

/** Read the object that `PublicKeyCredential.toJSON()` gives: `id`, `rawId` (the same), `type`
 * ("public-key"), `response` with `clientDataJSON` and either `attestationObject` or
 * `authenticatorData`, `signature`, `userHandle` (may be missing or null), each in base64url.
 * Other members are ignored; duplicates are refused. PSE_WEBAUTHN_ANSWER, PSE_WEBAUTHN_NO_MEMORY.
 * To be freed in every case. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_answer_read(struct pse_webauthn_answer *out,
                                                          struct pse_span json);
/** Safe on a zeroed struct and on one that borrows. */
void pse_webauthn_answer_free(struct pse_webauthn_answer *a);

/* --- authenticators -------------------------------------------------------------------------- */

enum pse_webauthn_algorithm {
    PSE_WEBAUTHN_ES256 = 1, /* COSE -7, on P-256 */
    PSE_WEBAUTHN_EDDSA = 2, /* COSE -8, on Ed25519 */
};

enum pse_webauthn_attestation {
    PSE_WEBAUTHN_NONE = 0,      /* none, or of a format that is not judged here */
    PSE_WEBAUTHN_SELF = 1,      /* signed by the key itself: says nothing about the maker */
    PSE_WEBAUTHN_SIGNED = 2,    /* signed under a certificate that nobody vouches for */
    PSE_WEBAUTHN_CERTIFIED = 3, /* a configured maker stands behind the certificate */
};

/** An authenticator's credential, as it is stored with its account. */
struct pse_webauthn_key {
    uint16_t id_n;
    uint8_t id[PSE_WEBAUTHN_ID_MAX];
    enum pse_webauthn_algorithm algorithm;
    uint8_t key[64]; /* ES256: x and y; EdDSA: 32 bytes, then zeros */
    uint8_t aaguid[16];
    enum pse_webauthn_attestation attestation;
    bool is_synced; /* the flag BE: it may leave its device; never changes */
    uint32_t sign_count;
};

/** Append its one stored form (docs/officers.md). */
void pse_webauthn_key_put(struct pse_buf *out, const struct pse_webauthn_key *k);
/** PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_RANGE: not that form, or a point that is not on its curve.
 */
PSE_MUST pse_rc pse_webauthn_key_parse(struct pse_webauthn_key *out, struct pse_span in);
/** The key whose credential id is @p id, or NULL. */
const struct pse_webauthn_key *pse_webauthn_key_find(const struct pse_webauthn_key *keys, size_t n,
                                                     struct pse_span id);
/** "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" in lower case, and back. PSE_E_SYNTAX. */
void pse_webauthn_aaguid_text(char out[37], const uint8_t aaguid[16]);
PSE_MUST pse_rc pse_webauthn_aaguid_read(uint8_t out[16], struct pse_span text);

/* --- judging --------------------------------------------------------------------------------- */

/** Which authenticators may be registered. All zero: any model, none that synchronises its keys. */
struct pse_webauthn_rules {
    const uint8_t (*aaguids)[16]; /* models; none: any. Only a claim unless there are anchors */
    size_t aaguids_n;
    const struct pse_anchors *anchors; /* makers, whose attestation is then a must; or NULL */
    bool allow_synced;                 /* let keys in that are copied to other devices */
};

/** Judge a registration at @p now. In this order: challenge_expired, purpose, answer, client_data,
 * type, challenge, origin, cross_origin, attestation_object, authenticator_data (also: its id is
 * not that of the answer), rp_id, user_present, user_verified, backup, synced, algorithm,
 * public_key, aaguid, attestation, attestation_untrusted, registered (among @p known, the keys of
 * all accounts). @p out is zeroed unless good. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_register(
    struct pse_webauthn_key *out, const struct pse_webauthn_answer *answer,
    const struct pse_webauthn_challenge *challenge, const struct pse_webauthn_site *site,
    const struct pse_webauthn_rules *rules, const struct pse_webauthn_key *known, size_t known_n,
    int64_t now);

/** What a good assertion says. */
struct pse_webauthn_done {
    size_t at;           /* which of the keys */
    uint32_t sign_count; /* to be stored with it */
    bool is_backed_up;   /* the flag BS, now */
};

/** Judge an assertion that came at @p now against the @p n keys of the challenge's account. In this
 * order: challenge_expired, purpose (of a registration), answer, credential, user_handle (present
 * and not the account's name), client_data, type, challenge, origin, cross_origin,
 * authenticator_data, rp_id, user_present, user_verified, backup, signature, sign_count. @p out is
 * zeroed unless good. An auditor judges evidence with the same function, `now` being the instant
 * in it and the stored counts set to zero. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_assert(struct pse_webauthn_done *out,
                                                     const struct pse_webauthn_answer *answer,
                                                     const struct pse_webauthn_challenge *challenge,
                                                     const struct pse_webauthn_site *site,
                                                     const struct pse_webauthn_key *keys, size_t n,
                                                     int64_t now);

/* --- evidence -------------------------------------------------------------------------------- */

/** What is kept of an assertion that was accepted. */
struct pse_webauthn_evidence {
    struct pse_webauthn_challenge challenge;
    int64_t answered; /* when it was judged */
    struct pse_webauthn_answer answer;
};

/** Append its one form (docs/officers.md). The answer is an assertion within its bounds
 * (PSE_REQUIRE). */
void pse_webauthn_evidence_put(struct pse_buf *out, const struct pse_webauthn_evidence *e);
/** Borrows from @p in. PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_RANGE: not that form. Nothing is said
 * about whether it holds: pse_webauthn_assert. */
PSE_MUST pse_rc pse_webauthn_evidence_parse(struct pse_webauthn_evidence *out, struct pse_span in);

#endif
