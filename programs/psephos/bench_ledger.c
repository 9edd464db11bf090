/* Measurements of the ledger: entries made durable, witnessed and published by the sequencer over
 * SQLite in --scratch; three witnesses in this process, each of which verifies, remembers with a
 * sync of its own and cosigns, and all of which must. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"
#include "store/sequencer.h"
#include "store/tree_dir.h"

enum {
    WITNESSES = 3,
    ENTRY = 1024,
    GROUP = 16384, /* entries of one run */
    SINGLES = 200, /* measured one by one beforehand */
    LONG = 1000000,
};

static const char name[] = "psephos bench";

struct witness {
    char name[32];
    struct pse_vkey key;
    pse_seed seed;
    uint64_t size;
    pse_hash root;
    int fd;
    bool agreed;
    struct pse_buf line;
};

struct ledger {
    char dir[FILE_PATH_MAX], record[FILE_PATH_MAX], store_dir[FILE_PATH_MAX];
    struct witness witness[WITNESSES];
    struct pse_vkey log;
    pse_seed seed;
    struct pse_buf policy_text;
    struct pse_arena arena;
    struct pse_policy policy;
    struct pse_witnessing witnessing;
    struct pse_pool *pool; /* one thread a witness */
    const struct pse_witness_round *round;
    struct pse_rng rng;
    struct pse_store *store;
    struct pse_sequencer *s;
    struct pse_sequencer_options o;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    size_t receipts, failures;
    uint64_t number;        /* of the next entry */
    double single[SINGLES]; /* milliseconds, ascending */
    double group_seconds;   /* of the quickest run */
};

/* --- witnesses -------------------------------------------------------------------------------- */

static void cosign(void *ctx, size_t i, unsigned worker)
{
    struct ledger *l = ctx;
    struct witness *w = &l->witness[i];
    const struct pse_witness_round *r = l->round;
    struct pse_tree_proof proof;
    struct pse_checkpoint cp;

    (void)worker;
    w->line.n = 0;
    w->agreed = pse_checkpoint_parse(&cp, r->note) == PSE_OK &&
                pse_checkpoint_log_verify(&cp, &l->log) == PSE_OK &&
                r->consistency(r->consistency_ctx, &proof, w->size) == PSE_OK &&
                pse_tree_consistency_verify(&w->root, w->size, &cp.root, cp.size, proof.hash,
                                            proof.n) == PSE_OK;
    if (!w->agreed)
        return;
    w->size = cp.size;
    w->root = cp.root;
    w->agreed =
        pwrite(w->fd, r->note.p, r->note.n, 0) == (ssize_t)r->note.n && fdatasync(w->fd) == 0;
    pse_note_cosign(&w->line, cp.note.text, &w->key, &w->seed, (uint64_t)time(NULL));
}

static pse_rc collect(void *ctx, struct pse_buf *lines, struct pse_witness_view *view,
                      const struct pse_witness_round *round)
{
    struct ledger *l = ctx;

    l->round = round;
    pse_pool_run(l->pool, cosign, l, WITNESSES);
    for (size_t i = 0; i < WITNESSES; i++) {
        if (!l->witness[i].agreed)
            continue;
        view[i].state = PSE_WITNESS_COSIGNED;
        pse_buf_put(lines, l->witness[i].line.p, l->witness[i].line.n);
    }
    return lines->rc;
}

static pse_rc ask(void *ctx, struct pse_witness_view *view, const struct pse_witness_round *round)
{
    (void)ctx, (void)round;
    for (size_t i = 0; i < WITNESSES; i++)
        view[i].state = PSE_WITNESS_NEW;
    return PSE_OK;
}

static bool make_witness(struct ledger *l, size_t i)
{
    struct witness *w = &l->witness[i];
    char path[FILE_PATH_MAX];
    pse_edkey key;

    (void)snprintf(w->name, sizeof w->name, "bench.example/%zu", i);
    pse_rng_fill(&l->rng, w->seed.b, sizeof w->seed.b);
    pse_ed25519_public(&key, &w->seed);
    pse_tree_root(&w->root, NULL, 0);
    w->line = PSE_BUF(4096);
    if (file_join(path, name, l->dir, strrchr(w->name, '/') + 1) != PSE_OK)
        return false;
    w->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    pse_wr_str(&l->policy_text, "witness ");
    pse_wr_str(&l->policy_text, w->name);
    pse_wr_str(&l->policy_text, " ");
    if (w->fd < 0 || pse_vkey_make(&w->key, pse_span_str(w->name), PSE_SIG_COSIGN, &key) != PSE_OK)
        return false;
    pse_vkey_put(&l->policy_text, &w->key);
    pse_wr_str(&l->policy_text, "\n");
    return true;
}

static bool make_policy(struct ledger *l)
{
    static const char log_name[] = "bench.example/log";
    pse_edkey key;

    pse_rng_fill(&l->rng, l->seed.b, sizeof l->seed.b);
    pse_ed25519_public(&key, &l->seed);
    if (pse_vkey_make(&l->log, pse_span_str(log_name), PSE_SIG_ED25519, &key) != PSE_OK)
        return false;
    l->policy_text = PSE_BUF(PSE_POLICY_MAX);
    pse_wr_str(&l->policy_text, "log ");
    pse_vkey_put(&l->policy_text, &l->log);
    pse_wr_str(&l->policy_text, "\n");
    for (size_t i = 0; i < WITNESSES; i++) {
        if (!make_witness(l, i))
            return false;
    }
    pse_wr_str(&l->policy_text, "group all all bench.example/0 bench.example/1 bench.example/2\n"
                                "quorum all\n");
    pse_arena_init(&l->arena, PSE_POLICY_ARENA_MAX);
    l->witnessing = (struct pse_witnessing){l, WITNESSES, ask, collect};
    return pse_policy_parse(&l->policy, NULL, &l->arena, pse_buf_span(&l->policy_text)) == PSE_OK;
}

/* --- the log ---------------------------------------------------------------------------------- */

static void answer(void *ctx, void *ticket, const struct pse_answer *a)
{
    struct ledger *l = ctx;

    (void)ticket;
    pthread_mutex_lock(&l->lock);
    l->receipts += a->kind == PSE_ANSWER_RECEIPT;
    l->failures += a->kind != PSE_ANSWER_RECEIPT;
    pthread_cond_signal(&l->answered);
    pthread_mutex_unlock(&l->lock);
}

/* Submit n entries and wait for their receipts. */
static bool append(struct ledger *l, size_t n)
{
    uint8_t entry[ENTRY] = {0};
    bool good;

    l->receipts = l->failures = 0;
    for (size_t i = 0; i < n; i++) {
        pse_store_u64(entry, l->number++);
        if (pse_sequencer_submit(l->s, pse_span(entry, sizeof entry), NULL) != PSE_OK)
            return false;
    }
    pthread_mutex_lock(&l->lock);
    while (l->receipts + l->failures < n)
        pthread_cond_wait(&l->answered, &l->lock);
    good = l->failures == 0;
    pthread_mutex_unlock(&l->lock);
    return good;
}

static void finish(const struct bench *b, void *state)
{
    struct ledger *l = state;
    struct pse_stop why;

    (void)b;
    pse_sequencer_stop(l->s, &why);
    pse_store_close(l->store);
    pse_pool_free(l->pool);
    for (size_t i = 0; i < WITNESSES; i++) {
        if (l->witness[i].fd > 0)
            close(l->witness[i].fd);
        pse_buf_free(&l->witness[i].line);
    }
    pse_buf_free(&l->policy_text);
    pse_arena_free(&l->arena);
    pse_rng_wipe(&l->rng);
    pse_seed_wipe(&l->seed);
    bench_folder_remove(l->dir);
}

static bool open_ledger(struct ledger *l, const struct bench *b)
{
    pse_rng_fork(&l->rng, b->rng);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->answered, NULL);
    if (!bench_folder_make(l->dir, b) || file_join(l->record, name, l->dir, "record") != PSE_OK ||
        file_join(l->store_dir, name, l->dir, "store") != PSE_OK || mkdir(l->record, 0755) != 0)
        return false;
    if (pse_pool_new(&l->pool, WITNESSES) != PSE_OK || !make_policy(l) ||
        pse_store_open(&l->store, NULL, l->store_dir, l->log.name, PSE_STORE_CREATE, NULL) !=
            PSE_OK)
        return false;
    l->o = (struct pse_sequencer_options){
        .store = l->store,
        .record = l->record,
        .log = l->log,
        .seed = &l->seed,
        .policy = &l->policy,
        .witnessing = &l->witnessing,
        .rng = &l->rng,
        .answer = answer,
        .ctx = l,
    };
    return true;
}

static struct ledger *ledger_new(const struct bench *b)
{
    struct ledger *l = PSE_NEW(b->arena, struct ledger, 1);

    if (l == NULL || open_ledger(l, b))
        return l;
    cli_error(name, "no ledger can be made below %s; choose another folder with --scratch",
              b->scratch);
    finish(b, l);
    return NULL;
}

/* --- entries ---------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool measure_singles(struct ledger *l)
{
    for (size_t i = 0; i < SINGLES; i++) {
        double start = now();

        if (!append(l, 1))
            return false;
        l->single[i] = 1000 * (now() - start);
    }
    qsort(l->single, SINGLES, sizeof *l->single, by_size);
    return true;
}

static void *entries_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct ledger *l = ledger_new(b);
    struct pse_stop why;

    *things = size;
    if (l == NULL)
        return NULL;
    if (pse_sequencer_create(&why, &l->o) == PSE_OK &&
        pse_sequencer_start(&l->s, &why, &l->o) == PSE_OK && measure_singles(l))
        return l;
    cli_error(name, "the ledger does not run (%s %s)", pse_stop_name(why.reason), why.where);
    finish(b, l);
    return NULL;
}

static bool group_run(const struct bench *b, void *state)
{
    struct ledger *l = state;
    double start = now();
    bool good = append(l, GROUP);
    double taken = now() - start;

    (void)b;
    if (l->group_seconds == 0 || taken < l->group_seconds)
        l->group_seconds = taken;
    return good;
}

static bool single_run(const struct bench *b, void *state)
{
    (void)b;
    return append(state, 1);
}

static double sum_of_singles(const struct ledger *l)
{
    double sum = 0;

    for (size_t i = 0; i < SINGLES; i++)
        sum += l->single[i];
    return sum;
}

static void describe(struct pse_json_wr *w, const void *state)
{
    const struct ledger *l = state;
    double one_by_one = 1000 * SINGLES / sum_of_singles(l); /* a second */

    pse_json_wr_str(w, "store", "sqlite");
    pse_json_wr_u64(w, "witnesses", WITNESSES);
    pse_json_wr_u64(w, "entry_bytes", ENTRY);
    pse_json_wr_fixed(w, "single_p50_ms", (int64_t)(1000 * l->single[SINGLES / 2]), 3);
    pse_json_wr_fixed(w, "single_p99_ms", (int64_t)(1000 * l->single[SINGLES * 99 / 100]), 3);
    pse_json_wr_fixed(w, "one_by_one_per_second", (int64_t)(10 * one_by_one), 1);
    if (l->group_seconds > 0)
        pse_json_wr_fixed(w, "group_over_single",
                          (int64_t)(10 * GROUP / l->group_seconds / one_by_one), 1);
}

/* --- a long log ------------------------------------------------------------------------------- */

/* Tiles of n short entries, and a head that signs them. */
static bool write_long(struct ledger *l, size_t n, pse_hash *root)
{
    static struct pse_span entry[PSE_BATCH_ENTRIES_MAX];
    static uint8_t bytes[PSE_BATCH_ENTRIES_MAX][32];
    struct pse_head head = {.epoch = 1, .size = n, .time = (uint64_t)time(NULL)};
    struct pse_buf note = PSE_BUF(PSE_HEAD_NOTE_MAX);
    struct pse_tree_dir t;
    bool good = pse_tree_dir_open(&t, l->record, NULL) == PSE_OK;

    pse_tree_root(root, NULL, 0);
    good = good && pse_tree_dir_resume(&t, 0, root, head.time) == PSE_OK;
    for (size_t at = 0; good && at < n;) {
        size_t k = n - at < PSE_BATCH_ENTRIES_MAX ? n - at : PSE_BATCH_ENTRIES_MAX;

        for (size_t i = 0; i < k; i++) {
            pse_store_u64(bytes[i], at + i);
            entry[i] = pse_span(bytes[i], sizeof bytes[i]);
        }
        good = pse_tree_dir_apply(&t, entry, k, head.time) == PSE_OK;
        at += k;
    }
    if (good)
        pse_tile_writer_head(root, t.tiles);
    pse_tree_dir_close(&t);
    head.root = *root;
    pse_checkpoint_put(&note, n, root, &l->log, &l->seed);
    head.note_n = note.n;
    if (note.rc == PSE_OK)
        memcpy(head.note, note.p, note.n);
    good = good && note.rc == PSE_OK && pse_store_head_create(l->store, &head) == PSE_OK;
    pse_buf_free(&note);
    return good;
}

struct audited {
    struct ledger *l;
    pse_hash root;
    size_t n;
};

static void *long_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct audited *a = PSE_NEW(b->arena, struct audited, 1);
    struct ledger *l = a == NULL ? NULL : ledger_new(b);

    *things = 1;
    if (l == NULL)
        return NULL;
    *a = (struct audited){.l = l, .n = size};
    if (write_long(l, size, &a->root))
        return a;
    cli_error(name, "%s has no room for a million entries; choose another with --scratch",
              b->scratch);
    finish(b, l);
    return NULL;
}

static void long_finish(const struct bench *b, void *state)
{
    finish(b, ((struct audited *)state)->l);
}

static bool recover_run(const struct bench *b, void *state)
{
    struct ledger *l = ((struct audited *)state)->l;
    struct pse_sequencer *s;
    struct pse_stop why;

    (void)b;
    if (pse_sequencer_start(&s, &why, &l->o) != PSE_OK)
        return false;
    pse_sequencer_stop(s, &why);
    return why.reason == PSE_STOP_NONE;
}

static pse_rc read_tile(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct pse_tree_dir *t = ctx;

    t->bytes.n = 0;
    PSE_TRY(pse_disk_get(&t->disk, &t->bytes, path));
    *bytes = pse_buf_span(&t->bytes);
    return bytes->n > max ? PSE_E_LIMIT : PSE_OK;
}

static bool check_all(struct pse_tile_check *c, struct pse_pool *pool)
{
    struct pse_span entry[PSE_TILE_WIDTH];
    pse_hash leaf[PSE_TILE_WIDTH];
    size_t n;

    for (;;) {
        if (pse_tile_check_bundle(c, entry, &n) != PSE_OK)
            return false;
        if (n == 0)
            return pse_tile_check_end(c, NULL) == PSE_OK && pse_tile_check_faults(c) == 0;
        pse_tree_leaves(leaf, entry, n, pool);
        if (pse_tile_check_leaves(c, leaf, n) != PSE_OK)
            return false;
    }
}

static bool audit_run(const struct bench *b, void *state)
{
    struct audited *a = state;
    struct pse_tile_check *c = NULL;
    struct pse_tree_dir t;
    bool good = pse_tree_dir_open(&t, a->l->record, NULL) == PSE_OK &&
                pse_tile_check_new(&c, a->n, &a->root, read_tile, &t) == PSE_OK &&
                check_all(c, b->pool);

    pse_tile_check_free(c);
    pse_tree_dir_close(&t);
    return good;
}

static const struct bench_item items[] = {
    BENCH_ITEM("ledger entries of 1 KB, durable and witnessed", BENCH_PER_SECOND, GROUP,
               entries_prepare, group_run, .finish = finish, .describe = describe, .tells = true),
    BENCH_ITEM("ledger one entry alone", BENCH_MS, 1, entries_prepare, single_run, .finish = finish,
               .describe = describe, .tells = true),
    BENCH_ITEM("ledger started again after 1,000,000 entries", BENCH_S, LONG, long_prepare,
               recover_run, .finish = long_finish, .tells = true, .slow = true),
    BENCH_ITEM("ledger audit of the tiles of 1,000,000 entries", BENCH_S, LONG, long_prepare,
               audit_run, .finish = long_finish, .tells = true, .slow = true),
};

const struct bench_table bench_ledger = {items, CLI_COUNT(items)};
