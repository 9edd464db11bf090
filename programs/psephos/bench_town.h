/* A service for the bench: a small test election that is open, behind its real daemons, each a
 * process of its own: witnesses, sequencer, box, office, auth, and a demo authority of eIDs with
 * its responder and stamp service. Some people on its list have a card and have not registered yet;
 * other voters have a credential and a sealed ballot.
 *
 * Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_BENCH_TOWN_H
#define PSE_PSEPHOS_BENCH_TOWN_H

#include "psephos/bench.h"
#include "psephos/demo_eid.h"
#include "psephos/demo_service.h"
#include "psephos/load_set.h"

struct bench_town {
    char dir[FILE_PATH_MAX], private[FILE_PATH_MAX], record[FILE_PATH_MAX];
    char box[PSE_HTTP_ADDRESS]; /* 127.0.0.1:PORT */
    struct cli_hash seed;
    struct demo_service_options served;
    struct rehearsal_options o;
    struct rehearsal_log log;
    struct rehearsal r;
    struct demo_service *service;
    struct demo_eid *eid;
    struct rehearsal_voter *voter; /* [people] to register, then those who cast */
    size_t people, casters;
    struct pse_buf ballots;
    struct load_set set; /* of the casters, in memory */
};

/** To be closed in every case. */
PSE_MUST pse_rc bench_town_open(struct bench_town *t, const struct bench *b, size_t people,
                                size_t casters);
void bench_town_close(struct bench_town *t);

#endif
