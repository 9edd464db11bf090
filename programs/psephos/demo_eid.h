/* The demo's voters register with demo cards, over HTTP, or log in by the demo authority's identity
 * service: an authority that gives cards to whoever asks, the office with its private database, and
 * auth, each as a daemon of its own.
 *
 * What is registered goes into the rehearsal's record by the registrar's release. Not for:
 * anybody's identity. Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_DEMO_EID_H
#define PSE_PSEPHOS_DEMO_EID_H

#include <sys/types.h>

#include "psephos/enrolling.h"
#include "psephos/rehearsal.h"

/** How voters prove who they are. */
enum demo_identity { DEMO_LETTERS, DEMO_WEBEID, DEMO_OIDC };

struct demo_eid;

struct demo_eid_options {
    enum demo_identity how; /* DEMO_WEBEID or DEMO_OIDC */
    const char *dir;        /* private, with session.key; a folder in it is made */
    const char *run;        /* a short path, for sockets */
    const char *sequencer;  /* its socket */
    struct rehearsal *r;
    const struct rehearsal_voter *voter; /* who is on the list: style and weight */
    size_t voters;
};

/** Make keys, cards and the list, and start the daemons. *out is to be ended in every case. */
PSE_MUST pse_rc demo_eid_start(struct demo_eid **out, const struct demo_eid_options *o);
/** Persons first, first + 1, … below first + n log in and register the credentials of
 * voter[0..n-1]; then the registrar releases them into the record. @p person: whose card each
 * uses; NULL: its own number. */
PSE_MUST pse_rc demo_eid_register(struct demo_eid *d, const struct rehearsal_voter *voter, size_t n,
                                  const size_t *person, bool is_replacement);
/** With DEMO_OIDC: persons first, first + 1, … below first + n log in by the identity service;
 * session[i] becomes the token of first + i. */
struct demo_session {
    char token[ENROLLING_SESSION];
};
PSE_MUST pse_rc demo_eid_login(struct demo_eid *d, struct demo_session *session, size_t first,
                               size_t n);
/** What person @p person needs to register by itself, with what belongs to the caller's thread. */
struct enrolling demo_eid_enrolling(const struct demo_eid *d, size_t person, struct pse_rng *rng,
                                    struct pse_fetcher *web);
/** The two officers release what waits, by an act of the office; returns when it is in the record.
 */
PSE_MUST pse_rc demo_eid_release(const struct demo_eid *d);
/** The daemons, for who watches them: auth, office, authority. */
void demo_eid_processes(pid_t pid[3], const struct demo_eid *d);
/** An auditor opens every binding (psephos evidence verify); its report on standard output. */
PSE_MUST pse_rc demo_eid_audit(struct demo_eid *d);
/** The binding of @p voter as files that OpenSSL reads (psephos evidence export), and beside them
 * the demo authority's certificates, authorities.pem, in a new folder @p out. */
PSE_MUST pse_rc demo_eid_export(struct demo_eid *d, const struct rehearsal_voter *voter,
                                const char *out);
/** Stop the daemons. NULL is fine. */
void demo_eid_end(struct demo_eid *d);

#endif
