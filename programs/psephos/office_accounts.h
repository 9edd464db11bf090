/* Officers with authenticators: their accounts, sessions and challenges in psephos officer serve.
 *
 * Accounts are what the log of acts says (consent_log.h): who may have one stands in the settings,
 * which authenticators one has in the log's lines, so nothing about them can be changed unseen.
 * Counters of authenticators, which a copied one gives itself away by, are kept in STATE/counters.
 * Sessions and challenges live in memory: a restart makes officers log in anew.
 *
 * For: office_*.c, under the office's lock. Not for: judging assertions (identity/webauthn.h), what
 * an act is (consent.h). */
#ifndef PSE_PSEPHOS_OFFICE_ACCOUNTS_H
#define PSE_PSEPHOS_OFFICE_ACCOUNTS_H

#include "common/consent_log.h"
#include "daemon/daemon.h"
#include "net/http.h"

struct office;
struct office_act;

enum {
    OFFICE_SESSIONS_MAX = 64,
    OFFICE_MODELS_MAX = 20,
    OFFICE_IDLE_SECONDS = 30 * 60,
    OFFICE_SESSION_SECONDS = 12 * 3600,
    OFFICE_CODE_SECONDS = 24 * 3600,
    OFFICE_CODE_TEXT = 44, /* 32 bytes in base64url and a zero */
};

enum office_require { OFFICE_REQUIRE_KEY, OFFICE_REQUIRE_WEBAUTHN };
#define OFFICE_REQUIRE_WORDS "key|webauthn"

/** Settings of the section [officers] that are about authenticators. */
struct office_account_settings {
    uint64_t require;
    char names[PSE_CONF_TEXT];
    char origin[PSE_CONF_TEXT];
    char rp_id[PSE_CONF_TEXT];
    char models[PSE_CONF_TEXT];
    char makers[PSE_CONF_TEXT];
    bool synced;
};

/** The rows of the key table for the field @p f of the settings. */
#define OFFICE_ACCOUNT_KEYS(type, f)                                                            \
    PSE_CONF_CHOICE(type, f.require, "officers", "require", OFFICE_REQUIRE_WORDS, "key",        \
                    PSE_CONF_FIXED,                                                             \
                    "What an act takes: of two officers each a key or an authenticator, or "    \
                    "authenticators alone (national elections)."),                              \
        PSE_CONF_WORDS(type, f.names, "officers", "accounts", 0, 900, "", PSE_CONF_FIXED,       \
                       "Names of the officers who sign with authenticators, separated by "      \
                       "spaces; NAME is also the officer with the card NAME.pub."),             \
        PSE_CONF_WORDS(type, f.origin, "officers", "origin", 0, 300, "", PSE_CONF_FIXED,        \
                       "The address of the officers' page as their browsers see it, "           \
                       "https://HOST or http://localhost:PORT; empty: no page."),               \
        PSE_CONF_WORDS(type, f.rp_id, "officers", "rp-id", 0, 253, "", PSE_CONF_FIXED,          \
                       "The domain that authenticators are registered for; empty: the host of " \
                       "the origin."),                                                          \
        PSE_CONF_WORDS(type, f.models, "officers", "models", 0, 900, "", PSE_CONF_FIXED,        \
                       "AAGUIDs of the models that may be registered, separated by spaces; "    \
                       "empty: any."),                                                          \
        PSE_CONF_PATH(type, f.makers, "officers", "makers", "", PSE_CONF_FIXED,                 \
                      "Certificates of makers (PEM), one of whom must vouch for an "            \
                      "authenticator; empty: none needs to."),                                  \
        PSE_CONF_SWITCH(type, f.synced, "officers", "synced", "no", PSE_CONF_FIXED,             \
                        "Take authenticators whose keys are copied to other devices.")

struct office_session {
    pse_hash token; /* of the cookie; zero: free */
    char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    uint64_t begun, used;
};

struct office_desk {
    const struct office_account_settings *set;
    struct pse_webauthn_site site;
    char rp_id[PSE_CONF_TEXT];
    uint8_t model[OFFICE_MODELS_MAX][16];
    struct pse_anchors *makers;
    struct pse_webauthn_rules rules;
    struct consent_accounts accounts; /* their keys have the counters of now */
    /* Challenges, apart so that nobody without a session can replace one of somebody who has. */
    struct pse_webauthn_table *login, *enrolment, *act;
    struct office_session session[OFFICE_SESSIONS_MAX];
    struct office_act *draft[CONSENT_OFFICERS_MAX]; /* of account[i], until it is asserted */
    char codes_dir[4096], counters_path[4096];
};

/** Settings judged and makers read, before the sandbox. PSE_E_SYNTAX …: printed. */
PSE_MUST pse_rc office_desk_begin(struct office *o);
/** Accounts out of the log of acts, counters, tables. */
PSE_MUST pse_rc office_desk_open(struct office *o);
void office_desk_close(struct office *o);

/** May there be an account of this name? */
bool office_has_name(const struct office_account_settings *set, const char *name);
/** The site of the settings; @p rp_id (PSE_CONF_TEXT bytes) holds what it borrows. */
PSE_MUST pse_rc office_site(struct pse_webauthn_site *out, char *rp_id, const char *name,
                            const struct office_account_settings *set);

/** A code that lets @p account register its authenticators, for a day; only its hash is kept, in
 * the folder @p dir. @p by: "operator" or "key". Printed under @p name. */
PSE_MUST pse_rc office_code_make(char code[OFFICE_CODE_TEXT], const char *name, const char *dir,
                                 const char *account, const char *by, struct pse_rng *rng,
                                 uint64_t now);
/** Whose code is it, and who gave it? PSE_E_MISSING: nobody's, or used; PSE_E_STATE: too old. */
PSE_MUST pse_rc office_code_find(char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1], char by[16],
                                 const struct office *o, struct pse_span code);
/** The code is used up. */
PSE_MUST pse_rc office_code_use(const struct office *o, struct pse_span code);

/** Durable, in the log. */
PSE_MUST pse_rc office_enrol(struct office *o, const char *account,
                             const struct pse_webauthn_key *key, const char *by);
/** Done by an act; that it is done already is fine. PSE_E_MISSING: no such authenticator. */
PSE_MUST pse_rc office_unenrol(struct office *o, const char *account, const pse_hash *credential,
                               const pse_hash *act);
/** Is this the SHA-256 of the id of one of the account's authenticators? */
bool office_has_credential(const struct office *o, struct pse_span account,
                           const pse_hash *credential);
/** Keep the counter of an assertion that was good. */
PSE_MUST pse_rc office_counted(struct office *o, struct consent_account *account,
                               const struct pse_webauthn_done *done);

/** Judge an assertion over a challenge of @p table that was given to the account for this purpose
 * and act; the challenge is used up. @p evidence (may be NULL) gets what is to be kept. */
PSE_MUST enum pse_webauthn_fault office_judge(struct pse_buf *evidence, struct office *o,
                                              struct pse_webauthn_table *table,
                                              enum pse_webauthn_purpose purpose,
                                              struct consent_account *account, const pse_hash *act,
                                              struct pse_span json);
/** Answer with a fault, and tell the events. */
void office_webauthn_refused(struct office *o, struct pse_http_call *c, const char *event,
                             enum pse_webauthn_fault fault);

/** The account of the session that a request shows, or NULL. It lives half an hour from the last
 * request that somebody caused, rather than an open page. */
struct consent_account *office_session_of(struct office *o, const struct pse_http_call *c);
/** The session's end, if nobody does anything. */
uint64_t office_session_until(const struct office *o, const struct pse_http_call *c);
/** Begin one; its cookie is put into the answer. */
void office_session_begin(struct office *o, struct pse_http_answer *answer, const char *account);
/** End one and take the cookie away; or all of an account. */
void office_session_end(struct office *o, struct pse_http_answer *answer,
                        const struct pse_http_call *c);
void office_sessions_drop(struct office *o, const char *account);
/** Does a request that changes something come from the page itself? */
bool office_is_own_origin(const struct office *o, const struct pse_http_call *c);

#endif
