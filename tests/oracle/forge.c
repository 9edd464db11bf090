/* Forged records for differential tests: small elections damaged at random, as files.
 *
 * Usage: forge DIR COUNT SEED      writes DIR/000000, DIR/000001, …
 *
 * Both verifiers then judge the same records (differential.py). The
 * damage is made by somebody who holds every key: entries are changed, copied, moved, left out and
 * signed again, blobs and files altered, honest roles go on in between as best they can. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mini_files.h"

enum { DAMAGE_KINDS = 12 };

static uint64_t below(struct pse_rng *r, uint64_t n)
{
    return pse_rng_below(r, n);
}

/* --- damage to entries ------------------------------------------------------------------------ */

static void sign_again(struct mini *m, struct pse_buf *e)
{
    if (e->n >= 164 && e->p[0] == PSE_ENTRY_BALLOT) {
        for (size_t v = 0; v < MINI_VOTERS; v++)
            if (memcmp(e->p + 34, m->credential[v].b, 32) == 0)
                mini_ballot_sign(m, e, v);
    } else if (e->n >= 100 && e->p[34] >= 1 && e->p[34] <= 5) {
        unsigned most = e->p[34] == 4 ? MINI_TRUSTEES : e->p[34] == 5 ? MINI_MIXERS : 0;

        if (e->p[34] < 4 ? e->p[35] == 0 : e->p[35] >= 1 && e->p[35] <= most)
            mini_sign(m, e);
    }
}

/* Change a few bytes, or a 32-byte field for one that stands somewhere else. */
static void damage_bytes(struct mini *m, struct pse_rng *r, struct pse_buf *e)
{
    const struct pse_buf *other = &m->entry[below(r, m->entries)];
    size_t at;

    if (e->n == 0)
        return;
    at = below(r, e->n);
    switch (below(r, 4)) {
    case 0: e->p[at] ^= (uint8_t)(1u << below(r, 8)); break;
    case 1: e->p[at]++; break;
    case 2: {
        size_t base = (size_t[]){34, 36, 68, 102, 100, 37}[below(r, 6)];
        size_t from = base + 32 * below(r, 40);
        size_t to = base + 32 * below(r, 40);

        if (from + 32 <= other->n && to + 32 <= e->n)
            memmove(e->p + to, other->p + from, 32);
        break;
    }
    default:
        if (36 + 32 <= e->n) {
            size_t to = e->n - 64 - 32 * below(r, 3);

            if (e->n >= 200)
                memset(e->p + to, below(r, 2) ? 0 : 0xff, 32);
        }
    }
}

static void damage_length(struct pse_rng *r, struct pse_buf *e)
{
    if (below(r, 2) == 0)
        pse_buf_put(e, "\0", 1);
    else if (e->n > 0)
        e->n -= 1 + below(r, e->n < 70 ? e->n : 70);
}

static void move_entry(struct mini *m, size_t from, size_t to)
{
    struct pse_buf kept = m->entry[from];

    if (from < to)
        memmove(&m->entry[from], &m->entry[from + 1], (to - from) * sizeof kept);
    else
        memmove(&m->entry[to + 1], &m->entry[to], (from - to) * sizeof kept);
    m->entry[to] = kept;
}

static void copy_entry(struct mini *m, size_t from)
{
    if (m->entries < MINI_ENTRIES_MAX - 40) {
        struct pse_buf copy = PSE_BUF(PSE_ENTRY_MAX + 64);

        pse_buf_put(&copy, m->entry[from].p, m->entry[from].n);
        mini_append(m, pse_buf_span(&copy));
        pse_buf_free(&copy);
    }
}

/* A changed copy of an entry so far, while the election goes on around it. */
static void interfere(struct mini *m, struct pse_rng *r)
{
    struct pse_buf copy = PSE_BUF(PSE_ENTRY_MAX + 64);
    const struct pse_buf *from = &m->entry[below(r, m->entries)];

    pse_buf_put(&copy, from->p, from->n);
    if (below(r, 4) > 0)
        damage_bytes(m, r, &copy);
    if (below(r, 4) > 0)
        sign_again(m, &copy);
    if (m->entries < MINI_ENTRIES_MAX - 60)
        mini_append(m, pse_buf_span(&copy));
    pse_buf_free(&copy);
}

/* --- damage to blobs -------------------------------------------------------------------------- */

/* Alter a blob; @p follow: also the entry that names it, signed again. */
static void damage_blob(struct mini *m, struct pse_rng *r, bool follow)
{
    struct mini_blob *blob = &m->blob[below(r, m->blobs)];
    pse_hash old = blob->hash;
    size_t slot = below(r, blob->bytes.n / 32 + 1) * 32;

    if (blob->bytes.n == 0 || below(r, 6) == 0) {
        blob->is_absent = true;
        return;
    }
    switch (below(r, 4)) {
    case 0: blob->bytes.p[below(r, blob->bytes.n)] ^= (uint8_t)(1u << below(r, 8)); break;
    case 1: blob->bytes.n -= 1 + below(r, blob->bytes.n < 33 ? blob->bytes.n : 33); break;
    case 2:
        if (slot + 64 <= blob->bytes.n) {
            uint8_t t[32];

            memcpy(t, blob->bytes.p + slot, 32);
            memmove(blob->bytes.p + slot, blob->bytes.p + slot + 32, 32);
            memcpy(blob->bytes.p + slot + 32, t, 32);
        }
        break;
    default:
        if (slot + 32 <= blob->bytes.n)
            memset(blob->bytes.p + slot, 0, 32);
    }
    if (!follow)
        return;
    pse_sha256(&blob->hash, pse_buf_span(&blob->bytes));
    for (size_t i = 0; i < m->entries; i++)
        for (size_t at = 0; at + 32 <= m->entry[i].n; at++)
            if (memcmp(m->entry[i].p + at, old.b, 32) == 0 && i > 0) {
                memcpy(m->entry[i].p + at, blob->hash.b, 32);
                sign_again(m, &m->entry[i]);
            }
}

static void damage_file(struct mini *m, struct pse_rng *r)
{
    struct mini_file *f = &m->file[below(r, m->files)];

    switch (below(r, 4)) {
    case 0: f->is_absent = strcmp(f->path, "checkpoint") != 0; break;
    case 1:
        if (f->bytes.n > 0)
            f->bytes.n -= 1 + below(r, f->bytes.n < 40 ? f->bytes.n : 40);
        break;
    case 2: pse_buf_put(&f->bytes, "\0", 1); break;
    default:
        if (f->bytes.n > 0)
            f->bytes.p[below(r, f->bytes.n)] ^= (uint8_t)(1u << below(r, 8));
    }
}

/* --- one record ------------------------------------------------------------------------------- */

static void damage_manifest(struct mini *m, struct pse_rng *r)
{
    static const char *const edit[][2] = {
        {"\"threshold\":2", "\"threshold\":4"},
        {"\"min_list\":2", "\"min_list\":1"},
        {"\"mix_min\":2", "\"mix_min\":1"},
        {"\"ballots_max\":3", "\"ballots_max\":1"},
        {"\"late_roster\":true", "\"late_roster\":false"},
        {"\"closes\":2000", "\"closes\":900"},
        {"\"test\":false", "\"test\":0"},
        {"\"documents\":[]", "\"documents\":[{}]"},
        {"\"min_list\":2", "\"min_list\":4"},
    };
    size_t which = below(r, sizeof edit / sizeof edit[0]);

    mini_edit(&m->manifest, edit[which][0], edit[which][1]);
}

static void damage_entries(struct mini *m, struct pse_rng *r)
{
    size_t i = below(r, m->entries);
    size_t j = below(r, m->entries);

    switch (below(r, DAMAGE_KINDS)) {
    case 0: break;
    case 1:
    case 2:
    case 3:
        damage_bytes(m, r, &m->entry[i]);
        sign_again(m, &m->entry[i]);
        break;
    case 4: damage_bytes(m, r, &m->entry[i]); break;
    case 5: damage_length(r, &m->entry[i]); break;
    case 6: move_entry(m, i, j); break;
    case 7:
        if (m->entries > 1) {
            move_entry(m, i, m->entries - 1);
            pse_buf_free(&m->entry[--m->entries]);
        }
        break;
    case 8:
        copy_entry(m, i);
        move_entry(m, m->entries - 1, j);
        break;
    case 9: damage_blob(m, r, true); break;
    case 10: damage_blob(m, r, false); break;
    default:
        while (m->entries > i + 1)
            pse_buf_free(&m->entry[--m->entries]);
    }
}

static void make(struct mini *m, struct pse_rng *r)
{
    bool before = below(r, 2) == 0;

    if (below(r, 8) == 0)
        mini_open_cheating(m);
    else
        mini_open(m);
    if (below(r, 8) == 0)
        damage_manifest(m, r);
    for (int stage = MINI_SETUP; stage < MINI_DONE; stage++) {
        mini_until(m, (enum mini_stage)(stage + 1));
        if (pse_engine_manifest(m->engine) == NULL)
            break;
        if (before && below(r, 6) == 0)
            interfere(m, r);
        if (before && stage + 1 < MINI_DONE && below(r, 40) == 0) {
            mini_skip(m);
            stage++;
        }
    }
    if (!before || below(r, 3) == 0)
        damage_entries(m, r);
    mini_seal(m);
    if (below(r, 12) == 0)
        damage_file(m, r);
}

/* In a process of its own: honest roles break off where the damage leaves them nothing to build on.
 * Such a record is not made; its folder is missing. */
static bool forge(const char *folder, const uint8_t seed[32])
{
    static struct mini m;
    PSE_RNG(r);
    pid_t child = fork();
    int status;

    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        pse_rng_init(&r, seed);
        make(&m, &r);
        mini_write(&m, folder);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(int argc, char **argv)
{
    char path[400];
    uint8_t seed[32] = {0};
    unsigned long count;

    if (argc != 4) {
        fprintf(stderr, "usage: forge DIR COUNT SEED\n");
        return 2;
    }
    count = strtoul(argv[2], NULL, 10);
    snprintf((char *)seed, sizeof seed, "%s", argv[3]);
    for (unsigned long i = 0; i < count; i++) {
        memcpy(seed + 24, &i, sizeof i);
        snprintf(path, sizeof path, "%s/%06lu", argv[1], i);
        if (!forge(path, seed)) {
            fprintf(stderr, "forge: record %lu of seed %s could not be made\n", i, argv[3]);
            return 1;
        }
    }
    return 0;
}
