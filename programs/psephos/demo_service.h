/* The log of a demo behind its services: four witnesses, one or two boxes (sequencer and front,
 * each a process), voters who cast over HTTP; with two boxes, HAProxy before them where it is
 * installed.
 *
 *     FOLDER/  box-1/ box-2/ (settings, state), store/, log.key, session.key, setup.parcel,
 * witness-1/ …
 *
 * Entries of roles go through the sequencer's socket, ballots through a front, many at once; each
 * is answered with a receipt, and each receipt is verified. What fails is sent again, the same
 * bytes. With two boxes the first is killed in the midst of a wave of ballots. Every failure prints
 * one line and returns a status. */
#ifndef PSE_PSEPHOS_DEMO_SERVICE_H
#define PSE_PSEPHOS_DEMO_SERVICE_H

#include "net/http.h"
#include "psephos/rehearsal.h"

enum { DEMO_BOXES_MAX = 2 };

struct demo_service_options {
    const char *dir;    /* private, absent before */
    const char *store;  /* postgresql://…, or NULL: a folder below dir */
    size_t boxes;       /* 2 need a store that they share */
    const char *listen; /* of one box: 127.0.0.1:PORT, for who casts over TCP; NULL: a socket */
    bool logins;        /* casting asks for a session */
};

struct demo_service;

/** "127.0.0.1:PORT" with a port that nobody has now. PSE_E_IO. */
PSE_MUST pse_rc demo_free_address(char address[PSE_HTTP_ADDRESS]);
/** For a rehearsal's options; *log borrows from @p out. PSE_E_MEMORY. */
PSE_MUST pse_rc demo_service_new(struct demo_service **out, struct rehearsal_log *log,
                                 const struct demo_service_options *o);
/** The sessions that the next ballots come with, in their order; borrowed until all are cast. */
void demo_service_sessions(struct demo_service *d, const char *const *session);
/** How many ballots had been sent without an answer when the first box was killed; 0: none was. */
uint64_t demo_service_killed(const struct demo_service *d);
/** The socket of the first box's front, once it runs. Borrowed. */
const char *demo_service_socket(const struct demo_service *d);
/** The folder of sockets, a short path, and the first sequencer's socket in it. */
const char *demo_service_run(const struct demo_service *d);
const char *demo_service_sequencer(const struct demo_service *d);
/** Stop all; with @p keep, leave the private folder. NULL is fine. */
void demo_service_end(struct demo_service *d, bool keep);

#endif
