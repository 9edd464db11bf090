/* Inside psephos officer serve: what its files share. office.c settings and life; office_acts.c
 * acts on disk; office_do.c doing them; office_http.c and office_people.c the HTTP side;
 * office_accounts.h officers with authenticators, office_login.c, office_assert.c and office_page.c
 * their HTTP side; office_auth.c the socket of auth; office_bond.c what is registered with an eID,
 * office_intake.c how it enters the database; office_check.c the cross-check.
 *
 * This process alone holds the keys of authority and registrar and the private database. One lock
 * guards all of it: the HTTP worker, the socket's threads and the main thread take turns; only
 * talking to the sequencer and judging signatures happen outside. */
#ifndef PSE_PSEPHOS_OFFICE_H
#define PSE_PSEPHOS_OFFICE_H

#include <pthread.h>

#include "common/consent_log.h"
#include "common/daemon.h"
#include "common/files.h"
#include "common/local_socket.h"
#include "common/order.h"
#include "common/parcel.h"
#include "common/record_load.h"
#include "common/registrar_ipc.h"
#include "common/roll.h"
#include "common/sequence_client.h"
#include "net/http.h"
#include "psephos/eid_trust.h"
#include "psephos/office_accounts.h"
#include "store/voters.h"
#include "store/voters_audit.h"

enum {
    OFFICE_ACTS_MAX = 4096,
    OFFICE_FINDINGS_MAX = 100, /* kept for /v1/audit; more are counted */
    OFFICE_DOCUMENT_MAX = 64 << 20,
    OFFICE_WHY_MAX = 160,
};

struct office_settings {
    struct daemon_common common;
    char http[PSE_CONF_TEXT];
    char socket[PSE_CONF_TEXT];
    char users[PSE_CONF_TEXT];
    char sequencer[PSE_CONF_TEXT];
    char record[PSE_CONF_TEXT];
    char authority[PSE_CONF_TEXT];
    char registrar[PSE_CONF_TEXT];
    char officers[PSE_CONF_TEXT];
    char issuer[PSE_CONF_TEXT];
    struct office_account_settings accounts;
    char voters[PSE_CONF_TEXT];
    char wrap[PSE_CONF_TEXT];
    char token[PSE_CONF_TEXT];
    uint64_t check_ms;
    struct eid_settings eid;
};
extern const struct pse_conf office_conf;

enum office_state {
    OFFICE_PROPOSED, /* too few signatures */
    OFFICE_AGREED,   /* two officers; to be done */
    OFFICE_BEGUN,    /* in the log of acts; being done */
    OFFICE_DONE,
    OFFICE_REFUSED,
    OFFICE_EXPIRED,
};
extern const char *const office_state_words[];

struct office_act {
    pse_hash hash;
    struct pse_arena arena; /* holds what act and order borrow */
    struct consent consent;
    struct pse_span order_bytes;
    struct order order;
    enum office_state state;
    char why[OFFICE_WHY_MAX]; /* of a refusal, or why it waits */
    uint64_t entries;
    uint64_t index; /* of the last entry */
    pse_hash leaf;
    int64_t next_ms;  /* steady time of the next try */
    uint64_t made_at; /* size of the record its parcel was made for */
    bool is_rebuilt;  /* the parcel was made more than once */
};

struct office_officer {
    pse_edkey key;
    char label[KEY_LABEL_MAX];
    char name[PSE_WEBAUTHN_ACCOUNT_MAX + 1]; /* of the card's file; "": none that an account has */
};

/** A bond that was judged good, on its way into the database. */
struct office_entrant {
    const struct registrar_message *m;
    struct pse_bond *bond;
    struct pse_registered end; /* what became of it */
    bool is_done;
};

struct office_intake {
    pthread_mutex_t lock;
    pthread_cond_t told;
    struct office_entrant *waiting[REGISTRAR_CONNECTIONS];
    size_t n;
    bool is_led; /* somebody writes */
};

struct office {
    struct daemon *d;
    const struct office_settings *set;
    struct local_users users; /* of the registrar's socket */
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng;       /* under the lock */
    struct pse_rng check_rng; /* the main thread's */
    struct office_officer officer[CONSENT_OFFICERS_MAX];
    size_t officers;
    struct office_desk desk;
    /* While a request is answered: the account or card's name that it comes from. */
    const char *asker;
    bool asked_by_key;
    struct key *authority, *registrar; /* registrar NULL: another process has it */
    bool has_issuer;
    pse_edkey issuer;
    struct wrapkey *wrap;
    struct pse_wrapper wrapper;
    struct pse_voters *voters; /* the one writer; NULL: no private database here */
    struct pse_voters *reader; /* for the cross-check */
    struct record_load record;
    bool is_broken; /* the record showed two histories: nothing is signed any more */
    struct sequence_client *sequencer;
    struct eid_trust trust;
    char acts_dir[FILE_PATH_MAX], documents_dir[FILE_PATH_MAX];
    char log_path[FILE_PATH_MAX], evidence_path[FILE_PATH_MAX];
    struct office_intake intake;
    pthread_mutex_t lock;
    struct office_act *act[OFFICE_ACTS_MAX];
    size_t acts;
    struct roll roll; /* the main thread's */
    struct {
        uint64_t time, rows, findings, staged, size;
        size_t kept;
        struct pse_audit_finding finding[OFFICE_FINDINGS_MAX];
    } audit, running;
    int64_t next_check_ms;
};

uint64_t office_now(void);
/** Bring the record up to what is published; PSE_E_PROOF …: it is broken from now on, with an
 * event. Under the lock. */
PSE_MUST pse_rc office_grow(struct office *o);
/** One security event; a failure to write it is logged. */
void office_event(struct office *o, const char *type, unsigned sev, const char *outcome,
                  const char *rule);

/* --- acts (under the lock) ---------------------------------------------------------------------
 */

/** Read the folder of acts. PSE_E_IO, PSE_E_SYNTAX: printed. */
PSE_MUST pse_rc office_acts_load(struct office *o);
void office_acts_free(struct office *o);
struct office_act *office_act_find(struct office *o, const pse_hash *hash);
/** Take in a new act with its first signatures. NULL and the status and slug of the refusal, or the
 * act, durable. An act that is known is found, not made again. */
struct office_act *office_act_new(struct office *o, unsigned *status, const char **slug,
                                  struct pse_span body);
/** An act that nobody stands behind yet, made here of an order; it is the caller's. NULL and the
 * status and slug of the refusal. */
struct office_act *office_act_draft(struct office *o, unsigned *status, const char **slug,
                                    struct pse_span order, struct pse_span about);
/** NULL is fine. */
void office_act_free(struct office_act *a);
/** May the account assert the act now? 0, or the status and slug of the refusal. */
unsigned office_act_may_assert(const struct office *o, const char **slug,
                               const struct office_act *a, const char *account);
/** Take in an assertion that was judged good; a draft becomes an act of the office with it.
 * Durable. 0, or the status and slug of the refusal. */
unsigned office_act_assert(struct office *o, const char **slug, struct office_act *a,
                           const char *account, struct pse_span evidence);
/** What an act must be, by the settings; key and name have room for all officers. */
struct consent_need office_need(const struct office *o, const struct office_act *a,
                                pse_edkey key[CONSENT_OFFICERS_MAX],
                                const char *name[CONSENT_OFFICERS_MAX]);
/** Add a signature; 0, or the status and slug of the refusal. */
unsigned office_act_sign(struct office *o, const char **slug, struct office_act *a,
                         const pse_edkey *officer, const uint8_t sig[64]);
/** Durable. */
PSE_MUST pse_rc office_act_store(struct office *o, const struct office_act *a);
/** The path of one of the act's files. */
PSE_MUST pse_rc office_act_path(char out[FILE_PATH_MAX], const struct office *o,
                                const struct office_act *a, const char *ending);
/** {"hash":…} with all that officers see of it. */
void office_act_put(struct pse_json_wr *w, const char *name, const struct office *o,
                    const struct office_act *a, bool whole);

/* --- doing (main thread, takes the lock itself) ------------------------------------------------
 */

/** Do what two officers agreed to and is due; expire what is too old. */
void office_do(struct office *o);
/** Say why an act was refused or waits. */
void office_say(struct office_act *a, const char *why);
/** The act into the log of acts, once two officers stand behind it; before it is done. */
PSE_MUST pse_rc office_begin(struct office *o, struct office_act *a);
/** Acts that make no entry in the record. */
bool office_is_private(const struct order *order);
PSE_MUST pse_rc office_do_private(struct office *o, struct office_act *a);
/** What fails in an order when it is proposed: NULL, or a slug. Under the lock. */
const char *office_order_fault(struct office *o, const struct order *order);

/* --- people (under the lock) -------------------------------------------------------------------
 */

/** Take in the list of an order as the next version, or only see what would change (@p w, may be
 * NULL, gets it). PSE_OK; or a status with *slug and *line. */
PSE_MUST pse_rc office_import(struct office *o, const char **slug, size_t *line,
                              struct pse_json_wr *w, struct pse_span csv, struct pse_span signature,
                              const pse_hash *base, const pse_hash *act);
PSE_MUST pse_rc office_document(struct pse_buf *out, const struct office *o, const pse_hash *hash);

void office_check(struct office *o);

/* --- HTTP and the socket -----------------------------------------------------------------------
 */

struct office_http;
PSE_MUST pse_rc office_http_start(struct pse_http **out, struct office *o, int fd);
/** Handlers of office_people.c; each is called under the lock by a known officer. */
typedef void office_answer(struct office *o, struct pse_http_call *c);
office_answer office_post_list, office_post_document, office_post_credentials, office_post_person,
    office_get_pending, office_get_audit;
office_answer office_get_session, office_end_session, office_get_accounts, office_post_code;
office_answer office_post_proposal, office_post_request, office_post_assertion;
/** These are for who has no session yet. */
office_answer office_post_login, office_post_session, office_post_enrolment,
    office_post_authenticator;
/** The act that is named by the 64 digits after /v1/acts/ and followed by @p more. */
struct office_act *office_named(struct office *o, struct pse_http_call *c, const char *more);
/** The routes of the page, which are static. */
enum { OFFICE_PAGE_ROUTES = 3 };
void office_page_routes(struct pse_http_route route[OFFICE_PAGE_ROUTES]);
/** Answer with finished JSON (taken over), or 500. */
void office_json(struct pse_http_call *c, unsigned status, struct pse_json_wr *w);
/** The same as an answer of the caller's, which may have headers. */
void office_json_answer(struct pse_http_call *c, struct pse_http_answer *a, struct pse_json_wr *w);
void office_json_problem(struct pse_http_call *c, unsigned status, const char *slug, size_t line);

/** Answers of office_bond.c and office_auth.c to one request of auth, under the lock. @p hold keeps
 * what the answer borrows until it is sent. A bond is judged and entered without the lock. */
typedef void office_asked(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                          const struct registrar_message *m);
office_asked office_bond_identify, office_bond_enter, office_bond_pending, office_bond_qualify;

void office_intake_init(struct office_intake *t);
/** Wait until e->bond is in the database for good, or refused. Without the lock. */
void office_enter(struct office *o, struct office_entrant *e);

struct office_auth;
PSE_MUST pse_rc office_auth_start(struct office_auth **out, struct office *o, int fd);
void office_auth_stop(struct office_auth *a);

int officer_serve(int argc, char **argv);
int officer_act(int argc, char **argv);

#endif
