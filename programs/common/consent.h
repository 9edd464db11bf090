/* Acts that take two people: open, close, import, revoke, publish, release, erase.
 *
 * An act file says what is to be done, to which election, and to which bytes (SHA-256 of the list,
 * parcel or page that the act is about). Officers look at those bytes and sign the act's hash with
 * their Ed25519 keys or assert it with their authenticators (identity/webauthn.h); two different
 * officers of those that the operator named make it good. A key's signature lasts as long as the
 * act; assertions count when all of them were fresh at the instant of the last one. Used acts go to
 * a private log (consent_log.h). Act file and log are private: they name officers and grounds.
 * Not for: signing record entries (act.h), keys on tokens; challenges (the office).
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_CONSENT_H
#define PSE_PROGRAMS_CONSENT_H

#include "common/keyfile.h"
#include "identity/webauthn.h"

enum {
    CONSENT_NEEDED = 2,
    CONSENT_SIGNERS_MAX = 8,
    CONSENT_OFFICERS_MAX = 32,
    CONSENT_SECONDS = 24 * 3600, /* act files travel by mail, so a day */
    CONSENT_ABOUT_MAX = 1000,
    CONSENT_AUTHENTICATORS = 2, /* of an officer: no fewer count, and no more are taken */
    CONSENT_CLOCKS_DIFFER = 300,
};

struct consent_signature {
    pse_edkey key;
    uint8_t sig[64];
};

/** What an officer's authenticator said about the act. */
struct consent_assertion {
    char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    struct pse_span evidence; /* pse_webauthn_evidence_put */
};

struct consent {
    struct pse_span what; /* one of consent_words */
    pse_hash eid;
    pse_hash subject; /* SHA-256 of the bytes it is about */
    struct pse_span about;
    uint64_t made;  /* POSIX seconds */
    pse_hash nonce; /* two acts are never the same */
    struct consent_signature by[CONSENT_SIGNERS_MAX];
    size_t signers;
    struct consent_assertion asserted[CONSENT_SIGNERS_MAX]; /* one of an account */
    size_t assertions;
};

/** "open", "close", …, "erase": the words of order.h; NULL at the end. */
extern const char *const consent_words[];
bool consent_is_word(struct pse_span what);

struct pse_json;
struct pse_json_rd;
struct pse_json_wr;
/** The members of an act file into an open object, and an act from such an object: for acts that
 * travel inside other messages. Nothing is printed; text is borrowed from where the JSON lives,
 * evidence is decoded into @p arena. PSE_E_SYNTAX …, PSE_E_SIGNATURE: a signature does not hold. */
void consent_put(struct pse_json_wr *w, const struct consent *c);
PSE_MUST pse_rc consent_take(struct consent *c, struct pse_arena *arena,
                             const struct pse_json *object);
/** The bytes that an officer's key signs. */
enum { CONSENT_SIGNED = 24 + 32 };
void consent_signed_bytes(uint8_t out[CONSENT_SIGNED], const struct consent *c);
/** Add a signature that was made elsewhere. PSE_E_SIGNATURE, PSE_E_DUPLICATE, PSE_E_LIMIT. */
PSE_MUST pse_rc consent_add(struct consent *c, const pse_edkey *officer, const uint8_t sig[64]);

/** What officers sign: SHA-256 over all that the act says. */
void consent_hash(pse_hash *out, const struct consent *c);
/** Add the signature of @p officer. PSE_E_DUPLICATE: signed already; PSE_E_LIMIT: too many. */
PSE_MUST pse_rc consent_sign(struct consent *c, const char *name, const struct key *officer);
/** The act file. */
PSE_MUST pse_rc consent_write(const struct consent *c, const char *name, const char *path);
/** Read an act file; every signature on it is verified. Text lives in @p arena. PSE_E_SYNTAX,
 * PSE_E_SIGNATURE. */
PSE_MUST pse_rc consent_read(struct consent *c, struct pse_arena *arena, const char *name,
                             const char *path);

/** Put an assertion on the act, in place of an older one of the account; @p evidence is borrowed.
 * Nothing is judged. PSE_E_LIMIT. */
PSE_MUST pse_rc consent_assert(struct consent *c, const char *account, struct pse_span evidence);
/** The act of a challenge for this act (pse_webauthn_act of what keys sign). */
void consent_webauthn_act(pse_hash *out, const struct consent *c);

/** An officer and the authenticators that are registered, as the log of acts tells. */
struct consent_account {
    char name[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    struct pse_webauthn_key key[CONSENT_AUTHENTICATORS];
    size_t keys;
};
struct consent_accounts {
    struct consent_account account[CONSENT_OFFICERS_MAX];
    size_t n;
};
/** NULL: there is none of that name. */
struct consent_account *consent_account(const struct consent_accounts *a, const char *name);

/** What the act must be. */
struct consent_need {
    const char *what;
    const pse_hash *eid;
    const pse_hash *subject;
    const pse_edkey *officer; /* who may sign with a key; empty: nobody */
    const char *const *name;  /* their accounts' names; NULL: nobody has an account */
    size_t officers;
    const struct consent_accounts *accounts; /* who may assert; NULL: nobody */
    const struct pse_webauthn_site *site;    /* with accounts */
    uint64_t now;
};
/** How many different officers stand behind the act: keys that are named, and good assertions of
 * accounts with two authenticators that were fresh when the last of them came. A key and an account
 * of one name are one officer. Each assertion is judged from its evidence alone, so an auditor gets
 * the same number. */
size_t consent_officers(const struct consent *c, const struct consent_need *need);
/** Two officers agreed to this, and not long ago. PSE_E_MISMATCH: another act, election or bytes;
 * PSE_E_STATE: too old, or too few officers. */
PSE_MUST pse_rc consent_check(const struct consent *c, const char *name,
                              const struct consent_need *need);

/** For consent_log.c: the members of an act without its kind, out of and into an open object, and
 * whether every signature holds. */
void consent_put_members(struct pse_json_wr *w, const struct consent *c);
PSE_MUST pse_rc consent_take_members(struct consent *c, struct pse_arena *arena,
                                     struct pse_json_rd *r);
PSE_MUST pse_rc consent_verify(const struct consent *c);

#endif
