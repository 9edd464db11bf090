/* The private log of acts: what two officers did, and whose authenticators they did it with.
 *
 * One JSON object a line, each holding the SHA-256 of the line before, so that no line can be
 * changed or taken out unseen. A line is an act with all its signatures and assertions, or a change
 * of an account: an authenticator that was enrolled or removed. So the log alone, with the
 * officers' cards and the page's address, is enough to judge every act once more. An act that
 * stands in the log is not done twice. The log is private: it names officers and grounds.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_CONSENT_LOG_H
#define PSE_PROGRAMS_CONSENT_LOG_H

#include "common/consent.h"

/** An authenticator that came to an account, or went. */
struct consent_change {
    char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    bool is_removed;
    struct pse_webauthn_key key; /* enrolled */
    pse_hash credential;         /* SHA-256 of its id */
    struct pse_span by; /* "operator", "key" or "authenticator"; of a removal the act, in hex */
};

struct consent_line {
    uint64_t seq;
    uint64_t time;
    pse_hash act; /* the hash of the act, or of the change */
    bool is_change;
    struct consent_change change;
    struct consent consent; /* its signatures hold */
};
/** Told of each line in turn; a status other than PSE_OK ends the reading and is returned. */
typedef pse_rc consent_line_fn(void *ctx, const struct consent_line *line);

/** Append the act to the log @p path (made when absent, 0600), durably. PSE_E_DUPLICATE: it stands
 * there; PSE_E_MISMATCH: the log is not the chain it should be. Call it before the act is done. */
PSE_MUST pse_rc consent_log(const struct consent *c, const char *name, const char *path,
                            uint64_t now);
/** The same for a change. */
PSE_MUST pse_rc consent_log_change(const struct consent_change *change, const char *name,
                                   const char *path, const pse_hash *eid, uint64_t now);
/** Does the act or change @p act stand in the log? Statuses of consent_log_check. */
PSE_MUST pse_rc consent_log_has(bool *has, const char *name, const char *path, const pse_hash *eid,
                                const pse_hash *act);
PSE_MUST pse_rc consent_log_has_change(bool *has, const struct consent_change *change,
                                       const char *name, const char *path, const pse_hash *eid);
/** Check the chain of the log. *lines: how many there are. */
PSE_MUST pse_rc consent_log_check(size_t *lines, const char *name, const char *path,
                                  const pse_hash *eid);
/** Check the chain and read every line. PSE_E_SYNTAX, PSE_E_SIGNATURE: a line says nothing that
 * this program could have written, or a signature on an act does not hold. */
PSE_MUST pse_rc consent_log_each(const char *name, const char *path, const pse_hash *eid,
                                 consent_line_fn *fn, void *ctx);

/** What a change does to the accounts. PSE_E_LIMIT: no room for the officer or the authenticator;
 * PSE_E_DUPLICATE: the credential is registered; PSE_E_MISSING: the removed one is not. */
PSE_MUST pse_rc consent_accounts_change(struct consent_accounts *a,
                                        const struct consent_change *change);

#endif
