/* Measurements of whole elections: each is made by the real parts, then verified over and over as
 * psephos-verify does it. */
#define _GNU_SOURCE
#include "psephos/bench_election.h"

#include <ftw.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/files.h"
#include "common/record_read.h"

static const char name[] = "psephos bench";

/* Shared with the processes that make the record and measure the memory. */
struct shared {
    struct bench_made made;
};

struct election {
    const struct bench_shape *shape;
    struct shared *shared;
    char dir[FILE_PATH_MAX];
    uint64_t make_memory; /* bytes, at most resident at a time */
    uint64_t memory;      /* the same of one verification in a process of its own */
};

/* --- shapes ----------------------------------------------------------------------------------- */

/* Ballots, contests, options, homomorphic, threshold, trustees, mixers. The first four are alike,
 * so that they show how the cost grows with ballots; each of the others changes one number of the
 * mixed or of the homomorphic election of 20,000. */
// clang-format off
#define ELECTIONS(X)                                                                   \
    X(ELECTION_10K, "election-10k", 10000, 1, 10, false, 2, 3, 3)                      \
    X(ELECTION_100K, "election-100k", 100000, 1, 10, false, 2, 3, 3)                   \
    X(ELECTION_312181, "election-312181", 312181, 1, 10, false, 2, 3, 3)               \
    X(ELECTION_1M, "election-1m", 1000000, 1, 10, false, 2, 3, 3)                      \
    X(GROWTH_MIX, "growth-mix", 20000, 1, 10, false, 2, 3, 2)                          \
    X(GROWTH_MIX_CONTESTS_2, "growth-mix-contests-2", 20000, 2, 10, false, 2, 3, 2)    \
    X(GROWTH_MIX_CONTESTS_4, "growth-mix-contests-4", 20000, 4, 10, false, 2, 3, 2)    \
    X(GROWTH_MIX_OPTIONS_100, "growth-mix-options-100", 20000, 1, 100, false, 2, 3, 2) \
    X(GROWTH_MIX_TRUSTEES_5, "growth-mix-trustees-5", 20000, 1, 10, false, 3, 5, 2)    \
    X(GROWTH_MIX_TRUSTEES_9, "growth-mix-trustees-9", 20000, 1, 10, false, 5, 9, 2)    \
    X(GROWTH_MIX_MIXERS_1, "growth-mix-mixers-1", 20000, 1, 10, false, 2, 3, 1)        \
    X(GROWTH_MIX_MIXERS_4, "growth-mix-mixers-4", 20000, 1, 10, false, 2, 3, 4)        \
    X(GROWTH_HOM, "growth-hom", 20000, 1, 10, true, 2, 3, 0)                           \
    X(GROWTH_HOM_OPTIONS_2, "growth-hom-options-2", 20000, 1, 2, true, 2, 3, 0)        \
    X(GROWTH_HOM_OPTIONS_50, "growth-hom-options-50", 20000, 1, 50, true, 2, 3, 0)     \
    X(GROWTH_HOM_CONTESTS_4, "growth-hom-contests-4", 20000, 4, 10, true, 2, 3, 0)     \
    X(GROWTH_HOM_TRUSTEES_9, "growth-hom-trustees-9", 20000, 1, 10, true, 5, 9, 0)
// clang-format on

#define PLACE(place, ...) place,
enum { ELECTIONS(PLACE) };

#define SHAPE(place, name_, ...) {__VA_ARGS__},
static const struct bench_shape shapes[] = {ELECTIONS(SHAPE)};

/* --- folders ---------------------------------------------------------------------------------- */

/* nftw has no context for its function; this is its result, of the one walk at a time. */
static uint64_t walked_bytes;

static int weigh_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path;
    (void)at;
    walked_bytes += type == FTW_F ? (uint64_t)st->st_size : 0;
    return 0;
}

static uint64_t bytes_below(const char *dir)
{
    walked_bytes = 0;
    return nftw(dir, weigh_one, 16, FTW_PHYS) == 0 ? walked_bytes : 0;
}

/* --- processes -------------------------------------------------------------------------------- */

typedef bool child_work(const struct bench *b, struct election *s);

/* Do the work in a process of its own, so that its memory can be told from ours. */
static bool in_child(uint64_t *memory, const struct bench *b, struct election *s, child_work *work)
{
    struct rusage use;
    int status;
    pid_t child;

    (void)malloc_trim(0);
    fflush(NULL);
    child = fork();
    if (child == 0)
        _exit(work(b, s) ? 0 : 1);
    if (child < 0 || wait4(child, &status, 0, &use) != child) {
        cli_error(name, "cannot start a process; free some memory");
        return false;
    }
    *memory = (uint64_t)use.ru_maxrss * 1024;
    if (WIFSIGNALED(status))
        cli_error(name,
                  "the process that makes or verifies the election ended by signal %d; "
                  "is there memory enough?",
                  WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool make(const struct bench *b, struct election *s)
{
    return bench_election_make(&s->shared->made, b, s->shape, s->dir) == PSE_OK;
}

static bool verify(const struct bench *b, const struct pse_group *group, const struct election *s)
{
    const struct pse_audit_options options = {.group = group, .rng = b->rng};
    struct record_reader files;
    struct pse_reader reader;
    struct pse_audit *audit = NULL;
    bool good;

    if (record_reader_open(&files, s->dir) != PSE_OK)
        return false;
    reader = record_reader_callbacks(&files);
    good = pse_audit_run(&audit, &options, &reader) == PSE_OK && pse_audit_is_passed(audit, true);
    pse_audit_free(audit);
    record_reader_close(&files);
    return good;
}

/* Threads do not survive a fork: the child starts its own. */
static bool verify_alone(const struct bench *b, struct election *s)
{
    struct pse_pool *pool;
    struct pse_group *group = NULL;
    bool good = pse_pool_new(&pool, pse_pool_width(b->pool)) == PSE_OK;

    good = good && pse_group_new(&group, b->backend, pool) == PSE_OK && verify(b, group, s);
    pse_group_free(group);
    pse_pool_free(pool);
    if (!good)
        cli_error(name, "the election made here was not accepted; do not trust this build");
    return good;
}

/* --- items ------------------------------------------------------------------------------------ */

static void finish(const struct bench *b, void *state)
{
    struct election *s = state;

    (void)b;
    bench_folder_remove(s->dir);
    munmap(s->shared, sizeof *s->shared);
}

static void *prepare(const struct bench *b, size_t size, size_t *things)
{
    struct election *s = PSE_NEW(b->arena, struct election, 1);
    void *shared =
        mmap(NULL, sizeof *s->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (s == NULL || shared == MAP_FAILED) {
        cli_error(name, "no memory for a whole election; free some");
        return NULL;
    }
    s->shape = &shapes[size];
    s->shared = shared;
    if (!bench_folder_make(s->dir, b)) {
        munmap(shared, sizeof *s->shared);
        return NULL;
    }
    *things = 1;
    if (in_child(&s->make_memory, b, s, make) && in_child(&s->memory, b, s, verify_alone)) {
        s->shared->made.record_bytes = bytes_below(s->dir);
        return s;
    }
    finish(b, s);
    return NULL;
}

static bool run(const struct bench *b, void *state)
{
    return verify(b, b->group, state);
}

static void describe(struct pse_json_wr *w, const void *state)
{
    const struct election *s = state;
    const struct bench_made *made = &s->shared->made;

    pse_json_wr_u64(w, "ballots", s->shape->ballots);
    pse_json_wr_u64(w, "contests", s->shape->contests);
    pse_json_wr_u64(w, "options", s->shape->options);
    pse_json_wr_str(w, "kind", s->shape->homomorphic ? "homomorphic" : "mix");
    pse_json_wr_u64(w, "threshold", s->shape->threshold);
    pse_json_wr_u64(w, "trustees", s->shape->trustees);
    pse_json_wr_u64(w, "mixers", s->shape->homomorphic ? 0 : s->shape->mixers);
    pse_json_wr_u64(w, "record_bytes", made->record_bytes);
    pse_json_wr_u64(w, "memory_bytes", s->memory);
    pse_json_wr_u64(w, "make_memory_bytes", s->make_memory);
    pse_json_wr_fixed(w, "make_seconds", (int64_t)(made->seconds * 1000 + 0.5), 3);
    pse_json_wr_array(w, "phases");
    for (size_t i = 0; i < made->phases; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_str(w, "name", made->phase[i].what);
        pse_json_wr_u64(w, "items", made->phase[i].items);
        pse_json_wr_fixed(w, "seconds", (int64_t)(made->phase[i].seconds * 1000 + 0.5), 3);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

#define ELECTION(place, name_, ...)                                                         \
    BENCH_ITEM(name_, BENCH_S, place, prepare, run, .finish = finish, .describe = describe, \
               .slow = true, .tells = true),
static const struct bench_item items[] = {ELECTIONS(ELECTION)};

const struct bench_table bench_election = {items, CLI_COUNT(items)};
