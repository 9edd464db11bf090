/* Inside psephos auth serve: what its files share. auth.c settings and life; auth_letter.c links by
 * mail; auth_mail.c the queue of mails; auth_registrar.c talking to the registrar; auth_http.c the
 * HTTP side and sessions.
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
#include "net/http.h"
#include "net/ipc.h"

enum { AUTH_SESSIONS_MAX = 65536, AUTH_MAILS_MAX = 1024 };

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
};
extern const struct pse_conf auth_conf;
extern const struct pse_metric auth_logins, auth_mails;

struct auth_session {
    pse_hash token; /* SHA-256 of it */
    pse_hash nonce; /* for a binding statement */
    uint64_t person;
    uint64_t expiry; /* 0: a free place */
};

struct auth_mail {
    char to[256];
    uint8_t token[32];
};

struct auth {
    struct daemon *d;
    const struct auth_settings *set;
    struct pse_rng rng; /* the worker's */
    pse_hash election;
    struct pse_hidden key_hidden; /* session_key in guarded memory */
    struct pse_hidden password;
    const session_key *key;
    struct pse_ipc *registrar; /* NULL: not connected; the worker's */
    struct identity_provider provider;
    struct auth_session *session; /* the worker's */
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

/** Ask the registrar. PSE_E_IO: it cannot be reached. */
PSE_MUST pse_rc auth_ask(registrar_message *out, struct auth *a, const registrar_message *m);

/** The links of voting letters. */
struct identity_provider auth_letter(struct auth *a);

PSE_MUST pse_rc auth_mail_start(struct auth *a);
void auth_mail_stop(struct auth *a);
/** Queue a link; when there is no room it is dropped, and the voter asks again. Never blocks. */
void auth_mail_put(struct auth *a, struct pse_span to, const uint8_t token[32]);

PSE_MUST pse_rc auth_http_start(struct pse_http **out, struct auth *a, int fd);

#endif
