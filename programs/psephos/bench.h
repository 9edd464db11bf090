/* psephos bench: what one measurement is. Items stand in bench_<topic>.c, one table each; peers
 * that need a library of their own in bench_peer_<library>.c, the only files here that include it.
 */
#ifndef PSE_PSEPHOS_BENCH_H
#define PSE_PSEPHOS_BENCH_H

#include "codec/json_write.h"
#include "common/files.h"
#include "common/options.h"
#include "group/group.h"

enum {
    BENCH_RUNS_MIN = 9,
    BENCH_RUNS_MAX = 101,
    BENCH_PEERS_MAX = 6,
    BENCH_TEXT = 128,
};

/** What every item is given. Memory from the arena lives until the item is done. */
struct bench {
    const struct pse_group *group;
    struct pse_pool *pool;
    struct pse_rng *rng;
    struct pse_arena *arena;
    const char *record;  /* folder given with --record, or NULL */
    const char *scratch; /* folder below which whole elections are made, and removed again */
    enum pse_backend backend;
    uint64_t seconds; /* how long a service is under load */
    bool quiet;
};

/** How the figure is given: time for one thing, or things in a second. */
enum bench_unit { BENCH_NS, BENCH_US, BENCH_MS, BENCH_S, BENCH_PER_SECOND, BENCH_MIB_PER_SECOND };

/** The same work as an item's by somebody else's library, one thing after the other on one thread,
 * as that library is used. */
struct bench_peer {
    const char *library;
    const char *work; /* what of it is measured */
    const char *(*version)(void);
    /** State of its own, made from the item's (which may be ignored); NULL: it cannot be made.
     * Without this function the peer is handed the item's own state. */
    void *(*prepare)(const struct bench *b, void *item_state);
    bool (*run)(const struct bench *b, void *state);
    void (*finish)(void *state);
    size_t things; /* handled in one run */
};

/* --- figures (bench_measure.c) ---------------------------------------------------------------- */

struct bench_times {
    double wall[BENCH_RUNS_MAX]; /* seconds a thing, ascending */
    double cpu;                  /* processor seconds a thing, mean of all runs */
    size_t runs;
};

struct bench_figures {
    struct bench_times own;
    struct bench_times peer[BENCH_PEERS_MAX];
    size_t things;
};

/* --- items --------------------------------------------------------------------------------------
 */

struct bench_item {
    const char *name;
    enum bench_unit unit;
    size_t size; /* handed to prepare */
    /** Make the inputs. *things is what one run handles (bytes for BENCH_MIB_PER_SECOND). NULL:
     * they cannot be made, for want of memory or because the record cannot be read. */
    void *(*prepare)(const struct bench *b, size_t size, size_t *things);
    /** One timed run. False when the result is wrong: the bench then fails. */
    bool (*run)(const struct bench *b, void *state);
    /** Release what the arena does not hold; NULL: nothing. */
    void (*finish)(const struct bench *b, void *state);
    const struct bench_peer *peer[BENCH_PEERS_MAX]; /* the nearest first; NULL ends the list */
    /** In the place of timed runs, for what is measured from outside: fill @p f, whose times are
     * then the hundredths of a distribution, 0 to 100. False: it has said why. */
    bool (*measure)(struct bench_figures *f, const struct bench *b, void *state);
    /** A few lines below the table, for what one row cannot say; NULL: none. */
    void (*remark)(struct pse_buf *out, const void *state);
    /** Members of this item's line beyond those of every line; NULL: none. */
    void (*describe)(struct pse_json_wr *w, const void *state);
    bool slow;  /* measured with --all or by its full name only */
    bool tells; /* prepare has said in one line why it returned NULL */
};

struct bench_table {
    const struct bench_item *items;
    size_t count;
};

extern const struct bench_table bench_group;
extern const struct bench_table bench_ballot;
extern const struct bench_table bench_mix;
extern const struct bench_table bench_record;
extern const struct bench_table bench_election;
extern const struct bench_table bench_ledger;
extern const struct bench_table bench_identity;
extern const struct bench_table bench_registration;
/** Measured only when --record names a record. */
extern const struct bench_item bench_audit;

extern const struct bench_peer bench_gmp_2048;
extern const struct bench_peer bench_gmp_3072;
extern const struct bench_peer bench_gmp_4096;
/** A 4096-bit ElectionGuard proof of zero or one: see bench_peer_gmp.c for what is counted. */
extern const struct bench_peer bench_gmp_zero_one;
extern const struct bench_peer bench_p256_mul;
extern const struct bench_peer bench_p384_mul;
extern const struct bench_peer bench_p256_verify;
extern const struct bench_peer bench_p384_verify;
/** A Terelius-Wikström shuffle of P-256 ciphertexts, made and verified: its point products. */
extern const struct bench_peer bench_p256_shuffle_made;
extern const struct bench_peer bench_p256_shuffle_verified;

/** A row of a table of items, and a peer that works on the item's own state by libsodium. */
#define BENCH_ITEM(name_, unit_, size_, prepare_, run_, ...)                                 \
    {                                                                                        \
        .name = (name_), .unit = (unit_), .size = (size_), .prepare = prepare_, .run = run_, \
        __VA_ARGS__                                                                          \
    }
#define BENCH_SODIUM(run_, things_, work_)                                                     \
    {                                                                                          \
        .library = "libsodium", .work = (work_), .version = bench_sodium_version, .run = run_, \
        .things = (things_)                                                                    \
    }

/** Version of libsodium, for peers that are handed the item's state. */
const char *bench_sodium_version(void);

/* --- measuring (bench_measure.c) -------------------------------------------------------------- */

struct bench_machine {
    char cpu[BENCH_TEXT];
    char features[BENCH_TEXT]; /* instruction sets that matter here */
    char compiler[BENCH_TEXT];
    unsigned processors;
    double ghz; /* estimated from a chain of operations of one cycle each */
};

void bench_read_machine(struct bench_machine *m);
double bench_median(const struct bench_times *t);
double bench_in_unit(enum bench_unit unit, double seconds);
const char *bench_unit_name(enum bench_unit unit);
/** Is more better? */
bool bench_is_rate(enum bench_unit unit);
/** Runs of the item and its peers in turn, so that all meet the same disturbances. False: a result
 * was wrong, or a peer could not be prepared. */
bool bench_measure(struct bench_figures *f, const struct bench *b, const struct bench_item *item,
                   void *state);

/* --- folders (bench_folder.c) ----------------------------------------------------------------- */

/** A new one below --scratch; false, and told: none can be made. */
bool bench_folder_make(char dir[FILE_PATH_MAX], const struct bench *b);
void bench_folder_remove(const char *dir);

/* --- output (bench_print.c) ------------------------------------------------------------------- */

/** One line of JSON, appended. The shape stands in psephos-bench(1). */
PSE_MUST pse_rc bench_put_json(struct pse_buf *out, const struct bench *b,
                               const struct bench_item *item, const void *state,
                               const struct bench_figures *f, const struct bench_machine *m);

#endif
