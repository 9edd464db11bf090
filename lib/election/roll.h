/* The electoral roll as the engine keeps it: credentials, their ballots, standing revocations,
 * trackers. Internal to room election.
 *
 * Compact, because there may be millions: 88 bytes a credential and a table of 4-byte slots, 8
 * bytes a ballot, 10 a tracker. The tables hash with SipHash under keys of this run, so whoever
 * chooses credentials or ballots cannot make them degenerate. Log indices are kept in 32 bits; the
 * engine refuses longer logs. */
#ifndef PSE_ELECTION_ROLL_H
#define PSE_ELECTION_ROLL_H

#include "base/base.h"
#include "group/group.h"

#define PSE_ROLL_NONE UINT32_MAX

/** SipHash-2-4 (Aumasson, Bernstein 2012) of @p in. */
uint64_t pse_siphash(const uint64_t key[2], struct pse_span in);

/** A growing array that never moves or copies what it holds. */
struct pse_chunks {
    uint8_t **chunk;
    size_t chunks;
    size_t n;
    size_t size; /* bytes an element */
};

enum { PSE_CHUNK = 16384 };

/** One zeroed element at the end; NULL when out of memory. */
void *pse_chunks_push(struct pse_chunks *c);
/** Element @p at < c->n. */
static inline void *pse_chunks_at(const struct pse_chunks *c, size_t at)
{
    return c->chunk[at / PSE_CHUNK] + at % PSE_CHUNK * c->size;
}
void pse_chunks_free(struct pse_chunks *c);

struct pse_credential {
    pse_enc d;
    pse_hash leaf;   /* of the latest ballot */
    uint32_t entry;  /* log index where it was enrolled */
    uint32_t latest; /* log index of the latest ballot, when ballots > 0 */
    uint32_t weight;
    uint32_t revoked; /* top of its stack in revocations, or PSE_ROLL_NONE */
    uint16_t style;   /* index */
    uint16_t ballots;
    bool is_active;
};

struct pse_roll_ballot {
    uint32_t index;
    uint32_t credential;
};

struct pse_revocation {
    uint32_t ballot; /* log index */
    uint32_t below;  /* next in the stack, or PSE_ROLL_NONE */
    uint8_t reason;
};

struct pse_roll {
    uint64_t key[2];
    struct pse_chunks credentials; /* struct pse_credential */
    uint32_t *slot;                /* credential number or PSE_ROLL_NONE */
    size_t slots;                  /* a power of two, or 0 */
    struct pse_chunks ballots;     /* struct pse_roll_ballot, ascending by index */
    struct pse_chunks revocations; /* struct pse_revocation; popped ones are chained in `spare` */
    uint32_t spare;
    uint8_t *tracker; /* tracker_slots times 10 bytes; all zero: free */
    size_t tracker_slots;
    size_t trackers;
    bool has_zero_tracker;
    uint32_t active;
    uint64_t weight; /* of all roster records */
};

void pse_roll_init(struct pse_roll *r, struct pse_rng *rng);
void pse_roll_free(struct pse_roll *r);

/** Number of the credential, PSE_ROLL_NONE if never seen. */
uint32_t pse_roll_find(const struct pse_roll *r, const pse_enc *d);
/** Bring in what pse_roll_find will read, for those who know some lookups ahead what they will ask:
 * the table is larger than caches, and a lookup by itself waits for memory twice. A hint: nothing
 * depends on it. First the slot, some lookups later the credential and its tracker's place. */
enum { PSE_ROLL_AHEAD = 16 };
void pse_roll_expect(const struct pse_roll *r, const pse_enc *d);
void pse_roll_expect_ballot(const struct pse_roll *r, const pse_enc *d, const uint8_t tracker[10]);
static inline struct pse_credential *pse_roll_credential(const struct pse_roll *r, uint32_t number)
{
    return (struct pse_credential *)pse_chunks_at(&r->credentials, number);
}
/** A new active credential; it must not have been seen (PSE_REQUIRE). PSE_E_MEMORY. */
PSE_MUST pse_rc pse_roll_enrol(struct pse_roll *r, const pse_enc *d, uint16_t style,
                               uint32_t weight, uint32_t entry);
/** Make an active credential inactive. */
void pse_roll_retire(struct pse_roll *r, uint32_t number);

/** A live ballot of credential @p number. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_roll_ballot(struct pse_roll *r, uint32_t number, uint32_t index,
                                const pse_hash *leaf);
/** Whose ballot is log entry @p index; PSE_ROLL_NONE when it is no live ballot. */
uint32_t pse_roll_ballot_owner(const struct pse_roll *r, uint64_t index);

/** rev(D): the index on top, -1 if the stack is empty. */
int64_t pse_roll_rev(const struct pse_roll *r, const struct pse_credential *c);
/** Reason of the revocation on top, 0 if the stack is empty. */
uint8_t pse_roll_rev_reason(const struct pse_roll *r, const struct pse_credential *c);
PSE_MUST pse_rc pse_roll_push(struct pse_roll *r, struct pse_credential *c, uint32_t ballot,
                              uint8_t reason);
void pse_roll_pop(struct pse_roll *r, struct pse_credential *c);

/** V408: has the tracker been seen? */
bool pse_roll_has_tracker(const struct pse_roll *r, const uint8_t tracker[10]);
PSE_MUST pse_rc pse_roll_add_tracker(struct pse_roll *r, const uint8_t tracker[10]);

/** Is ballot number @p at (of r->ballots) counted if the roll stays as it is (protocol 7)? Quickest
 * in ascending order. */
bool pse_roll_is_admitted(const struct pse_roll *r, size_t at);

#endif
