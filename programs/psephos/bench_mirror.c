/* Measurements of a mirror: a log of entries of 1 KB in one folder, copied into an empty one, each
 * file authenticated up to the signed root and forced to disk (common/record_copy.h). */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "common/options.h"
#include "common/record_copy.h"
#include "psephos/board_keys.h"

enum { ENTRIES = 100000, ENTRY = 1024, WITNESSES = 4, QUORUM = 3, WORKERS = 8, FOLDERS = 32 };

static const char name[] = "psephos bench";

struct mirrored {
    char dir[FILE_PATH_MAX], from[FILE_PATH_MAX], policy[FILE_PATH_MAX];
    const struct pse_group *g;
    struct board_keys keys;
    size_t n;
    unsigned copies;
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static pse_rc write_policy(struct mirrored *m)
{
    struct pse_buf text = PSE_BUF(PSE_POLICY_MAX);
    pse_rc rc;

    record_policy_put(&text, &m->keys.signer, QUORUM);
    rc = text.rc == PSE_OK ? file_write(name, m->policy, pse_buf_span(&text), FILE_NEW) : text.rc;
    pse_buf_free(&text);
    return rc;
}

static pse_rc write_log(struct mirrored *m)
{
    struct record_writer *w = NULL;
    uint8_t entry[ENTRY] = {0};
    pse_rc rc = record_create(&w, name, m->from, &m->keys.signer, RECORD_BULK);

    for (size_t i = 0; i < m->n && rc == PSE_OK; i++) {
        pse_store_u64(entry, i);
        rc = record_append(w, NULL, pse_span(entry, sizeof entry));
    }
    if (rc == PSE_OK)
        rc = record_publish(w, (uint64_t)time(NULL));
    record_writer_free(w);
    return rc;
}

static void finish(const struct bench *b, void *state)
{
    struct mirrored *m = state;

    (void)b;
    board_keys_free(&m->keys);
    (void)nftw(m->dir, remove_one, FOLDERS, FTW_DEPTH | FTW_PHYS);
}

static void *prepare(const struct bench *b, size_t size, size_t *things)
{
    struct mirrored *m = PSE_NEW(b->arena, struct mirrored, 1);

    *things = size;
    if (m == NULL)
        return NULL;
    m->n = size;
    m->g = b->group;
    if (file_join(m->dir, name, b->scratch, "psephos-bench-XXXXXX") != PSE_OK ||
        mkdtemp(m->dir) == NULL) {
        cli_error(name, "no folder can be made below %s; choose another with --scratch",
                  b->scratch);
        return NULL;
    }
    if (file_join(m->from, name, m->dir, "log") == PSE_OK &&
        file_join(m->policy, name, m->dir, "policy") == PSE_OK &&
        board_keys_make(&m->keys, name, "bench.example/log", WITNESSES, b->group, b->rng) ==
            PSE_OK &&
        write_policy(m) == PSE_OK && write_log(m) == PSE_OK)
        return m;
    finish(b, m);
    return NULL;
}

/* Each copy into a folder of its own, so that nothing is there yet. */
static bool run(const struct bench *b, void *state)
{
    struct mirrored *m = state;
    char to[FILE_PATH_MAX], beside[FILE_PATH_MAX], leaf[32];
    struct record_copy_options o = {.from = m->from,
                                    .to = to,
                                    .state = beside,
                                    .pin = {.policy = m->policy, .g = m->g, .settled = true},
                                    .workers = WORKERS,
                                    .quiet = true};
    struct record_copy_report report;
    struct record_copy *c;
    bool good;

    (void)b;
    (void)snprintf(leaf, sizeof leaf, "copy-%u", m->copies++);
    if (file_join(to, name, m->dir, leaf) != PSE_OK ||
        snprintf(beside, sizeof beside, "%s.state", to) >= (int)sizeof beside ||
        record_copy_open(&c, name, &o) != PSE_OK)
        return false;
    good = record_copy_round(c, &report, (uint64_t)time(NULL)) == PSE_OK &&
           report.verdict == RECORD_COPY_GROWN && report.size == m->n;
    record_copy_close(c);
    return good;
}

static void describe(struct pse_json_wr *w, const void *state)
{
    (void)state;
    pse_json_wr_u64(w, "entry_bytes", ENTRY);
    pse_json_wr_u64(w, "workers", WORKERS);
}

static const struct bench_item items[] = {
    BENCH_ITEM("mirror of 100,000 entries of 1 KB, authenticated and durable", BENCH_PER_SECOND,
               ENTRIES, prepare, run, .finish = finish, .describe = describe, .tells = true,
               .slow = true),
};

const struct bench_table bench_mirror = {items, CLI_COUNT(items)};
