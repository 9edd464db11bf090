/* The authenticators of a trustee, and what they asserted: two files in the folder beside the key.
 *
 * `authenticators` says where the page is served and which authenticators count; a folder without
 * it asks nobody. `assertions` is a chain: a line each, with the SHA-256 of the line before it, the
 * evidence and the statement (docs/officers.md), written durably before the act is done. Whoever
 * can write to the folder has the key as well: the files keep honest programs from acting without
 * a person, and tell afterwards what was agreed to. Not for: the page (trustee_desk.h).
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PSEPHOS_TRUSTEE_KEYS_H
#define PSE_PSEPHOS_TRUSTEE_KEYS_H

#include "common/files.h"
#include "identity/webauthn.h"

enum {
    TRUSTEE_KEYS_MAX = 8,
    TRUSTEE_KEYS_WANTED = 2, /* one lost must not stop the count */
    TRUSTEE_KEY_NAME = 17,   /* 16 digits of the SHA-256 of its credential id, and a zero */
    TRUSTEE_LISTEN_MAX = 256,
    TRUSTEE_RP_ID_MAX = 256,
};

struct trustee_keys {
    char folder[FILE_PATH_MAX]; /* KEY.state */
    char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    char listen[TRUSTEE_LISTEN_MAX];
    char origin[PSE_WEBAUTHN_SITE_MAX + 1];
    char rp_id[TRUSTEE_RP_ID_MAX];
    struct pse_webauthn_key key[TRUSTEE_KEYS_MAX];
    size_t n;
};

/** Read those of the key file @p key. *found false: the folder has none. */
PSE_MUST pse_rc trustee_keys_read(bool *found, struct trustee_keys *k, const char *name,
                                  const char *key);
/** Write all of it, durably. */
PSE_MUST pse_rc trustee_keys_write(const struct trustee_keys *k, const char *name);
struct pse_webauthn_site trustee_keys_site(const struct trustee_keys *k);
void trustee_key_name(char out[TRUSTEE_KEY_NAME], const struct pse_webauthn_key *key);

/** Append an assertion to the chain, durably. PSE_E_MISMATCH: the chain is broken. */
PSE_MUST pse_rc trustee_assertion_keep(const struct trustee_keys *k, const char *name,
                                       struct pse_span evidence, struct pse_span statement);

/** Told of each assertion in turn, with how it is judged now. */
typedef void trustee_assertion_fn(void *ctx, const struct pse_webauthn_evidence *e,
                                  struct pse_span statement, enum pse_webauthn_fault fault);
/** Read the chain. PSE_E_MISMATCH (reported): broken. */
PSE_MUST pse_rc trustee_assertions_each(const struct trustee_keys *k, const char *name,
                                        trustee_assertion_fn *fn, void *ctx);

#endif
