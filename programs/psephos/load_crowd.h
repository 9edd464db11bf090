/* Well-behaved voters: each arrives at a time that was fixed beforehand, asks what the election is,
 * casts, waits until the receipt is there, and leaves.
 *
 * A voter who is refused or cut off waits longer each time, with jitter, at least as long as the
 * server asks, and sends the same bytes again. Latency counts from the arrival that was planned, so
 * a generator that falls behind only makes it worse. Not for: attackers (load_flood.h). */
#ifndef PSE_PSEPHOS_LOAD_CROWD_H
#define PSE_PSEPHOS_LOAD_CROWD_H

#include "psephos/load_http.h"
#include "psephos/load_set.h"

enum load_fate { LOAD_ABSENT, LOAD_VOTING, LOAD_CAST, LOAD_GAVE_UP };

struct load_voter {
    double due;
    double done;
    uint8_t fate; /* enum load_fate */
};

/** A receipt kept to be judged after the run. */
struct load_kept {
    size_t voter;
    struct pse_buf receipt;
};

struct load_answers {
    uint64_t good;     /* 200 */
    uint64_t recorded; /* 202: witnesses are slow */
    uint64_t limited;  /* 429 */
    uint64_t busy;     /* 503 */
    uint64_t other;    /* any other status: a fault when a voter gets it */
    uint64_t broken;   /* no answer */
    unsigned last_other;
};
void load_answers_count(struct load_answers *n, const struct load_answer *a);

struct load_crowd_options {
    struct load_loop *loop;
    struct sockaddr_in to;
    const char *host;
    const struct load_set *set; /* voter i casts ballot first + i */
    size_t first;
    double rate; /* arrivals a second, exponential gaps */
    size_t voters;
    double start;    /* on the loop's clock */
    double patience; /* seconds until a voter gives up */
    double judged;   /* share of receipts that are kept; 0: none */
    bool info;       /* ask for /v1/election first */
    bool plain;      /* any 200 is good, and nothing is kept: a null server */
    uint64_t seed;
};

struct load_crowd {
    struct load_crowd_options o;
    struct load_voter *voter;
    size_t arrived;
    size_t voting;
    uint64_t resent; /* requests that were sent again */
    struct load_answers answers;
    struct load_kept *kept;
    size_t kept_n, kept_room;
    struct load_timer next;
    struct load_session *spare;
    struct load_session *all;
    struct pse_rng rng;
};

/** Plan the arrivals. PSE_E_MEMORY. */
PSE_MUST pse_rc load_crowd_start(struct load_crowd *c, const struct load_crowd_options *o);
/** Have all come and gone? */
bool load_crowd_is_done(const struct load_crowd *c);
/** Close everything and free but for voter and kept, which load_crowd_free takes. */
void load_crowd_stop(struct load_crowd *c);
void load_crowd_free(struct load_crowd *c);
/** Judge what was kept: how many receipts hold, and how many there were. */
void load_crowd_judge(size_t *good, size_t *all, const struct load_crowd *c);

#endif
