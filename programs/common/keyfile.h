/* Private keys in files or on tokens, and the public cards that go with them.
 *
 * A key file is text, readable by its owner only, made once and never overwritten. While a key is
 * used it lives in guarded, locked memory (libsodium). A card is a small strict JSON file with the
 * public half and a name: people send it to one another. Not for: what a key signs (entry.h).
 *
 * Where a path of a key file is taken, the URI of a key on a token may stand (tokens.h), but for
 * trustees and voters, whose secret is no signing key: a token could not use it, only hold it. A
 * key file may be wrapped instead: its whole text is sealed under a key on a token, and each use
 * asks the token.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_KEYFILE_H
#define PSE_PROGRAMS_KEYFILE_H

#include "crypto/crypto.h"
#include "merkle/merkle.h"

struct wrapkey;

enum key_role {
    KEY_OFFICER,
    KEY_REGISTRAR,
    KEY_BOARD,
    KEY_TRUSTEE,
    KEY_MIXER,
    KEY_LOG,     /* label: the record's origin */
    KEY_WITNESS, /* label: the witness's name */
    KEY_VOTER,   /* label: the election id, 64 hexadecimal digits */
    KEY_ROLES,
};

/** "officer", "registrar", … */
const char *key_role_name(enum key_role role);

enum { KEY_LABEL_MAX = 801 /* 200 characters of UTF-8 and a zero */ };

/** A private key. Always in guarded memory: from key_make or key_read, given back by key_free. */
struct key {
    enum key_role role;
    char label[KEY_LABEL_MAX];
    pse_seed sign; /* all roles but voters; away when the key is on a token */
    pse_edkey sign_public;
    pse_secret secret;       /* trustee: e of E; voter: d of D */
    pse_enc secret_public;   /* E or D */
    struct pse_token *token; /* NULL: the key is here */
    struct pse_away away;
    struct wrapkey *wrap; /* NULL: the file is not wrapped */
    const char *command;  /* under whose name a token's failure is told */
};

/** A fresh key. PSE_E_RANGE: @p label is no name (1..200 characters of UTF-8 without control
 * characters; of a log, a key name of at most 255 bytes). */
PSE_MUST pse_rc key_make(struct key **out, const char *name, enum key_role role, const char *label,
                         const struct pse_group *g, struct pse_rng *rng);
/** A voter's key from a known secret d (credential letters). */
PSE_MUST pse_rc key_make_voter(struct key **out, const char *name, const pse_hash *eid,
                               const struct pse_group *g, const pse_secret *d);
/** Write to a new file with permission 0600. */
PSE_MUST pse_rc key_write(const struct key *k, const char *name, const char *path);
/** The same, sealed under the key on the token that @p uri names; it is made there when it is not.
 */
PSE_MUST pse_rc key_write_wrapped(const struct key *k, const char *name, const char *path,
                                  const char *uri, struct pse_rng *rng);
/** Is this a wrapped key file? False where it cannot be read. */
bool key_is_wrapped(const char *path);
/** Read a key file of @p role, or open a key on a token. PSE_E_STATE: others may read the file;
 * PSE_E_SYNTAX: not such a file. For a token the statuses of token_open; @p name must outlive the
 * key. */
PSE_MUST pse_rc key_read(struct key **out, const char *name, const char *path, enum key_role role,
                         const struct pse_group *g);
/** The same for a URI alone, with the folder of credentials (as in token_open); or make the key
 * first. */
PSE_MUST pse_rc key_on_token(struct key **out, const char *name, const char *uri,
                             enum key_role role, const char *credentials, bool is_new);
/** The same from the text of the file @p path (daemons, which are handed their key by the service
 * manager). @p text is to be in guarded memory and is the caller's to wipe. @p credentials as in
 * token_open, for one that is wrapped. */
PSE_MUST pse_rc key_parse(struct key **out, const char *name, const char *path,
                          struct pse_span text, enum key_role role, const struct pse_group *g,
                          const char *credentials);
/** Wipe and release; NULL is fine. */
void key_free(struct key *k);

/** The election that a voter's key is for. */
PSE_MUST pse_rc key_election(pse_hash *eid, const struct key *k);
/** The vkey of a log (type 01) or witness key (type 04); borrows the label. */
PSE_MUST pse_rc key_vkey(struct pse_vkey *out, const struct key *k);

/* --- cards ------------------------------------------------------------------------------------ */

/** The public half of a key. Spans live in the arena it was read into. */
struct card {
    enum key_role role;
    struct pse_span label;
    pse_edkey sign;              /* all but voters */
    pse_enc point;               /* trustee: E; voter: D */
    struct pse_span log;         /* board: vkey of its log */
    pse_hash eid;                /* voter: the election the proof is for */
    uint8_t proof[PSE_POK_SIZE]; /* voter: PoK("cred-pop"; D) */
};

/** The card of @p k. @p log: text of the log's vkey, for the board (else empty). @p eid and @p rng:
 * for voters (else NULL). Replaces nothing. */
PSE_MUST pse_rc card_write(const struct key *k, const char *name, const char *path,
                           struct pse_span log, const pse_hash *eid, const struct pse_group *g,
                           struct pse_rng *rng);
/** Read a card of @p role into @p arena; a voter's proof is verified. */
PSE_MUST pse_rc card_read(struct card *out, struct pse_arena *arena, const char *name,
                          const char *path, enum key_role role, const struct pse_group *g);
/** Where the card of the key file @p key is put: `x.key` gives `x.pub`, else `.pub` is added. */
PSE_MUST pse_rc card_path(char *out, size_t size, const char *name, const char *key);

#endif
