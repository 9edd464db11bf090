/* The demo's voters and what they do: who lives where, how they come to credentials, waves of
 * ballots, ballots set aside, credentials replaced. The story itself is told in demo.c.
 *
 * Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_DEMO_PEOPLE_H
#define PSE_PSEPHOS_DEMO_PEOPLE_H

#include "psephos/demo_eid.h"
#include "psephos/demo_service.h"
#include "psephos/rehearsal.h"

struct demo {
    struct rehearsal r;
    struct demo_service *service; /* NULL: the log is written here */
    const char *private;          /* folder */
    bool keep;                    /* it stays */
    char binding[FILE_PATH_MAX];  /* a folder to make, with DEMO_WEBEID */
    uint64_t step;
    struct rehearsal_voter *voter; /* [voters], then those enrolled late, then replacements */
    size_t voters, late, replaced;
    const struct rehearsal_voter **by;
    const uint8_t **choices;
    uint8_t *bytes; /* DEMO_CHOICE_MAX for each ballot of a wave */
    enum demo_identity identity;
    struct demo_eid *eid;         /* not with DEMO_LETTERS */
    struct demo_session *session; /* of each person, with DEMO_OIDC */
    const char **token;           /* of each ballot of a wave, likewise */
};

/** Draw @p voters and those who come late, and enrol the first. */
PSE_MUST pse_rc demo_populate(struct demo *d, size_t voters);
/** Wipe and release. */
void demo_people_free(struct demo *d);

/** Voters from, from + 1, …: by their cards, or as the letters have it; with DEMO_OIDC they log in
 * as well. */
PSE_MUST pse_rc demo_enrol(struct demo *d, size_t from, size_t n);
/** Before voter @p i casts alone: under the session of their login, if one is asked for. */
void demo_come_in(struct demo *d, size_t i);
/** Voters from, from + step, … below to, each with a fresh choice. */
PSE_MUST pse_rc demo_wave(struct demo *d, uint64_t *cast, size_t from, size_t to, size_t step);
/** Take the latest ballot of voter @p i out, or put it back (PSE_REVOKE_…); @p done: there was one
 * that could be. */
PSE_MUST pse_rc demo_set_aside(struct demo *d, size_t i, uint8_t action, bool *done);
/** Some voted on paper as well; one of these is a mistake. */
PSE_MUST pse_rc demo_vote_on_paper(struct demo *d, uint64_t *revoked, uint64_t *restored);
/** Lost credentials are replaced: the new one inherits style and weight. */
PSE_MUST pse_rc demo_replace(struct demo *d);

#endif
