/* Inside psephos auth serve: what its files share. auth.c settings and life; auth_letter.c links by
 * mail; auth_card.c eIDs; auth_oidc.c identity services (auth_oidc.h); auth_mail.c the queue of
 * mails; auth_bond.c registrations with an eID on their way; auth_fetch.c what is asked about
 * cards; auth_registrar.c talking to the registrar; auth_http.c the HTTP side; auth_session.c
 * sessions; auth_register.c registrations over HTTP.
 *
 * Handlers run under one lock, which whoever waits for others gives up meanwhile.
 *
 * No name and no private database is here: a session knows a row number, and is forgotten with the
 * process. */
#ifndef PSE_PSEPHOS_AUTH_H
#define PSE_PSEPHOS_AUTH_H

#include <pthread.h>

#include "common/daemon.h"
#include "common/identity_provider.h"
#include "common/registrar_ipc.h"
#include "common/session_token.h"
#include "net/bucket.h"
#include "net/http.h"
#include "net/ipc.h"
#include "psephos/auth_oidc.h"
#include "psephos/eid_trust.h"

enum {
    AUTH_SESSIONS_MAX = 65536,
    AUTH_MAILS_MAX = 1024,
    AUTH_BODY_ARENA = 1 << 20,
    AUTH_WORKERS_MAX = 32,
    AUTH_FETCHERS = 16,
};

struct auth_settings {
    struct daemon_common common;
    char http[PSE_CONF_TEXT];
    char registrar[PSE_CONF_TEXT];
    char election[PSE_CONF_TEXT];
    char key[PSE_CONF_TEXT];
    uint64_t session_ms;
    bool registration;
    char link[PSE_CONF_TEXT];
    char relay[PSE_CONF_TEXT];
    char from[PSE_CONF_TEXT];
    char subject[PSE_CONF_TEXT];
    char user[PSE_CONF_TEXT];
    char password[PSE_CONF_TEXT];
    char ca[PSE_CONF_TEXT];
    uint64_t mail_ms;
    struct eid_settings eid;
    char origin[PSE_CONF_TEXT];
    char ocsp[PSE_CONF_TEXT];
    char ocsp_no_nonce[PSE_CONF_TEXT];
    char stamp[PSE_CONF_TEXT];
    uint64_t retry_ms;
    uint64_t workers;
    struct oidc_settings oidc[AUTH_OIDC_MAX];
    uint64_t network_ms, network_burst;
};
extern const struct pse_conf auth_conf;
extern const struct pse_metric auth_logins, auth_mails, auth_registrations;

struct auth_session {
    pse_hash token; /* SHA-256 of it */
    pse_hash nonce; /* for a binding statement */
    uint64_t person;
    uint64_t expiry; /* 0: a free place */
    const char *method;
    bool is_signer;    /* logged in by a card, and registers with its signature */
    bool may_register; /* a credential of their own */
};

/** Connections to the registrar. */
struct auth_lines {
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct pse_ipc *idle[REGISTRAR_CONNECTIONS];
    size_t idle_n, open;
};

/** Fetchers with connections that are kept, for whoever fetches next. */
struct auth_fetchers {
    pthread_mutex_t lock;
    struct pse_fetcher *idle[AUTH_FETCHERS];
    size_t n;
};

struct auth_mail {
    char to[256];
    uint8_t token[32];
};

struct auth {
    struct daemon *d;
    const struct auth_settings *set;
    struct pse_rng rng; /* under the lock */
    pse_hash election;
    struct pse_hidden key_hidden; /* session_key in guarded memory */
    struct pse_hidden password;
    const session_key *key;
    struct auth_lines lines;
    struct auth_fetchers fetchers;
    pthread_mutex_t lock; /* what follows, down to mail_lock */
    struct identity_provider letter, card;
    struct eid_trust trust; /* only read */
    struct pse_challenges *challenges;
    struct auth_oidc oidc[AUTH_OIDC_MAX];
    struct pse_oidc_pendings *pendings; /* NULL: no identity services */
    struct pse_buckets *networks;
    struct pse_group *g; /* NULL: no eIDs */
    struct auth_bonds *bonds;
    struct auth_session *session;
    size_t sessions;
    pthread_mutex_t mail_lock;
    pthread_cond_t mail_come;
    pthread_t mail_thread;
    bool mail_stop;
    struct auth_mail *mail; /* a ring */
    size_t mail_first, mail_n;
    struct pse_rng mail_rng;
};

void auth_event(struct auth *a, const char *type, unsigned sev, const char *outcome,
                const char *rule);

/** What a refusal says to a voter; NULL: the server's own words. */
const struct pse_http_detail *auth_words(const char *slug);

void auth_lines_init(struct auth_lines *l);
void auth_lines_free(struct auth_lines *l);
/** Ask the registrar. The lock is given up meanwhile. Spans of the answer borrow from @p hold; with
 * NULL they are empty. PSE_E_IO: it cannot be reached. */
PSE_MUST pse_rc auth_ask(registrar_message *out, struct pse_buf *hold, struct auth *a,
                         const registrar_message *m);
/** Which row of the list is @p subject? out->person; IDENTITY_REFUSED with out->why, or
 * IDENTITY_FAILED. As auth_ask. */
enum identity_rc auth_identify(struct identity_result *out, struct auth *a, const char *subject);

/** The links of voting letters, and cards. */
struct identity_provider auth_letter(struct auth *a);
struct identity_provider auth_card(struct auth *a);
/** Are links by mail configured? */
bool auth_has_mail(const struct auth *a);

void auth_fetchers_init(struct auth_fetchers *f);
void auth_fetchers_free(struct auth_fetchers *f);
/** Ask about @p c, or for a stamp; without the lock. The answer is freed by the caller. PSE_E_IO:
 * nobody answers; PSE_E_MISSING: nobody to be asked; PSE_E_MEMORY. */
PSE_MUST pse_rc auth_fetch_ocsp(struct pse_buf *answer, uint8_t nonce[PSE_OCSP_NONCE],
                                size_t *nonce_n, struct auth *a, struct pse_rng *rng,
                                const struct pse_certificate *c,
                                const struct pse_certificate *issuer);
PSE_MUST pse_rc auth_fetch_stamp(struct pse_buf *answer, struct auth *a,
                                 const struct pse_stamp_ask *ask);

PSE_MUST pse_rc auth_bonds_start(struct auth *a);
void auth_bonds_stop(struct auth *a);
/** Queue what a voter signed. 202; or 422 or 503 with the slug of why not. Under the lock, which is
 * given up while it is judged. */
unsigned auth_bond_put(char why[PSE_BOND_NAME_MAX], struct auth *a, const registrar_message *m,
                       struct pse_span cms);
/** What became of it: false when the registrar knows better, else 202 or the status and slug of a
 * refusal. Under the lock. */
bool auth_bond_state(unsigned *status, char why[PSE_BOND_NAME_MAX], struct auth *a, uint64_t person,
                     const pse_enc *credential);

PSE_MUST pse_rc auth_mail_start(struct auth *a);
void auth_mail_stop(struct auth *a);
/** Queue a link; when there is no room it is dropped, and the voter asks again. Never blocks. */
void auth_mail_put(struct auth *a, struct pse_span to, const uint8_t token[32]);

uint64_t auth_now(void);
typedef void auth_answer(struct auth *a, struct pse_http_call *c);
auth_answer auth_register, auth_registration, auth_get_session, auth_end_session;
/** The session of a call; NULL: none. */
struct auth_session *auth_session_of(struct auth *a, const struct pse_http_call *c);
/** A session for @p who, with its cookie in @p out; *token is a secret. */
struct auth_session *auth_session_open(char token[SESSION_TOKEN_TEXT], struct pse_http_answer *out,
                                       struct auth *a, const struct identity_result *who);
/** Answer with a session for @p who. */
void auth_welcome(struct auth *a, struct pse_http_call *c, const struct identity_result *who);

/** Secrets by which a browser is known again while it logs in: here, or away at another site. */
enum auth_browser { AUTH_BROWSER, AUTH_BROWSER_AWAY };
void auth_set_browser(struct pse_http_answer *a, enum auth_browser which, const uint8_t secret[32]);
bool auth_browser_of(uint8_t secret[32], const struct pse_http_call *c, enum auth_browser which);
/** The prefix of the voter's network, which the edge tells over its Unix socket. */
void auth_prefix_of(struct pse_net_prefix *out, const struct pse_http_call *c);

/** An answer that nobody keeps, and its end; what @p w wrote is taken over. */
struct pse_http_answer auth_answer_json(unsigned status);
void auth_answer_end(struct pse_http_call *c, struct pse_http_answer *a, struct pse_json_wr *w);
PSE_MUST pse_rc auth_http_start(struct pse_http **out, struct auth *a, int fd);

#endif
