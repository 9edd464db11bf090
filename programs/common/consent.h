/* Acts that take two people: open, close, import, revoke, publish, release, erase.
 *
 * An act file says what is to be done, to which election, and to which bytes (SHA-256 of the list,
 * parcel or page that the act is about). Officers look at those bytes and sign the act's hash with
 * their Ed25519 keys; two different officers of those that the operator named make it good. Used
 * acts go to a private log, one JSON object a line, each holding the SHA-256 of the line before,
 * so that no line can be changed or taken out unseen; an act that stands in the log is not done
 * twice. Act file and log are private: they name officers and grounds.
 * Not for: signing record entries (act.h), keys on tokens.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_CONSENT_H
#define PSE_PROGRAMS_CONSENT_H

#include "common/keyfile.h"

enum {
    CONSENT_NEEDED = 2,
    CONSENT_SIGNERS_MAX = 8,
    CONSENT_OFFICERS_MAX = 32,
    CONSENT_SECONDS = 24 * 3600, /* act files travel by mail, so a day */
    CONSENT_ABOUT_MAX = 1000,
};

struct consent_signature {
    pse_edkey key;
    uint8_t sig[64];
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
};

/** "open", "close", …, "erase": the words of order.h; NULL at the end. */
extern const char *const consent_words[];
bool consent_is_word(struct pse_span what);

struct pse_json;
struct pse_json_wr;
/** The members of an act file into an open object, and an act from such an object: for acts that
 * travel inside other messages. Nothing is printed; text is borrowed from where the JSON lives.
 * PSE_E_SYNTAX …, PSE_E_SIGNATURE: a signature does not hold. */
void consent_put(struct pse_json_wr *w, const struct consent *c);
PSE_MUST pse_rc consent_take(struct consent *c, const struct pse_json *object);
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

/** What the act must be. */
struct consent_need {
    const char *what;
    const pse_hash *eid;
    const pse_hash *subject;
    const pse_edkey *officer; /* who may sign */
    size_t officers;
    uint64_t now;
};
/** Two officers agreed to this, and not long ago. PSE_E_MISMATCH: another act, election or bytes;
 * PSE_E_STATE: too old, or too few officers. */
PSE_MUST pse_rc consent_check(const struct consent *c, const char *name,
                              const struct consent_need *need);

/** Append the act to the log @p path (made when absent, 0600), durably. PSE_E_DUPLICATE: it stands
 * there; PSE_E_MISMATCH: the log is not the chain it should be. Call it before the act is done. */
PSE_MUST pse_rc consent_log(const struct consent *c, const char *name, const char *path,
                            uint64_t now);
/** Check the chain of the log. *lines: how many acts. */
PSE_MUST pse_rc consent_log_check(size_t *lines, const char *name, const char *path,
                                  const pse_hash *eid);

#endif
