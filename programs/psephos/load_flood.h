/* Attackers: a flood of requests that never backs off, and connections that only sit there.
 *
 * The flood keeps one connection from each of its source addresses and sends on a fixed schedule,
 * whatever is answered: the same ballot again, bytes that are no ballot, ballots whose signature is
 * forged. What cannot be sent in time, because all connections wait or the generator has used its
 * share of the processor, is withheld and counted. Slow connections drip headers, drip a body, or
 * do not read; idle ones say nothing; each comes back a second after it was cut. */
#ifndef PSE_PSEPHOS_LOAD_FLOOD_H
#define PSE_PSEPHOS_LOAD_FLOOD_H

#include "psephos/load_crowd.h"

/** Source addresses of attackers begin here, voters' at 0. */
enum { LOAD_FLOOD_SOURCE = 1 << 22, LOAD_SLOW_SOURCE = 1 << 23 };

enum load_flood_kind { LOAD_REPLAY, LOAD_JUNK, LOAD_FORGED, LOAD_FLOOD_KINDS };

struct load_flood_options {
    struct load_loop *loop;
    struct sockaddr_in to;
    const char *host;
    const struct load_set *set;
    size_t first; /* ballots from here on are the flood's, at least one */
    double rate;
    size_t sources;
    unsigned kinds; /* set of 1 << enum load_flood_kind */
    double share;   /* of one processor, for the whole process; 0: no bound */
};

struct load_flood_conn;
struct load_flood {
    struct load_flood_options o;
    struct load_flood_conn *conn;
    struct load_flood_conn *idle;
    struct load_timer tick;
    double start;
    double cpu_start;
    uint64_t scheduled;
    uint64_t sent;
    uint64_t withheld_busy; /* no connection was free */
    uint64_t withheld_cpu;  /* the share was used up */
    struct load_answers answers;
    uint8_t *spoilt; /* one junk ballot */
    uint8_t *forged; /* one a connection */
    bool on;
};

/** Begins at once. PSE_E_MEMORY. To be freed in any case. */
PSE_MUST pse_rc load_flood_start(struct load_flood *f, const struct load_flood_options *o);
/** Close all connections and send no more; the counters stay. */
void load_flood_stop(struct load_flood *f);
/** After the loop's last round. */
void load_flood_free(struct load_flood *f);

enum load_slow_kind { LOAD_SLOW_HEAD, LOAD_SLOW_BODY, LOAD_SLOW_READ, LOAD_IDLE };

struct load_slow_conn;
struct load_slow {
    struct load_loop *loop;
    struct sockaddr_in to;
    const char *host;
    size_t n;
    struct load_slow_conn *conn;
    size_t open;
    uint64_t opened;
    uint64_t turned_away; /* ended within a second */
    uint64_t cut;         /* ended later */
    double longest;       /* life of one, seconds */
};

/** @p slow connections of the three slow kinds in turn and @p idle ones, opened over a second.
 * PSE_E_MEMORY. */
PSE_MUST pse_rc load_slow_start(struct load_slow *s, struct load_loop *loop,
                                const struct sockaddr_in *to, const char *host, size_t slow,
                                size_t idle);
void load_slow_stop(struct load_slow *s);
void load_slow_free(struct load_slow *s);

#endif
