#define _GNU_SOURCE
#include "common/record_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/options.h"
#include "common/record_copy_parts.h"
#include "election/entry.h"

/* --- shared with the parts ----------------------------------------------------------------------
 */

void copy_fail(struct record_copy *c, pse_rc rc, const char *path, const char *words)
{
    pthread_mutex_lock(&c->mutex);
    if (c->failed == PSE_OK) {
        c->failed = rc;
        if (path != NULL)
            cli_error(c->name, "%s, %s: %s; nothing of it was kept", c->o.from, path, words);
    }
    pthread_mutex_unlock(&c->mutex);
}

bool copy_has_failed(struct record_copy *c)
{
    bool failed;

    pthread_mutex_lock(&c->mutex);
    failed = c->failed != PSE_OK;
    pthread_mutex_unlock(&c->mutex);
    return failed;
}

pse_rc copy_write(struct record_copy *c, const char *leaf, struct pse_span bytes)
{
    char path[FILE_PATH_MAX];
    char folder[FILE_PATH_MAX];

    PSE_TRY(file_join(path, c->name, c->o.to, leaf));
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (!file_exists(folder))
        PSE_TRY(file_make_dir(c->name, folder));
    return file_write(c->name, path, bytes, FILE_BULK);
}

/* --- the private folder -------------------------------------------------------------------------
 */

static pse_rc lock_state(struct record_copy *c)
{
    PSE_TRY(file_make_dir(c->name, c->o.state));
    PSE_TRY(file_make_dir(c->name, c->o.to));
    c->lock = open(c->o.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->lock < 0 || flock(c->lock, LOCK_EX | LOCK_NB) != 0) {
        cli_error(c->name, "%s is in use or cannot be opened (%s); end the other copier",
                  c->o.state, strerror(errno));
        return PSE_E_STATE;
    }
    return PSE_OK;
}

/* A file that was pinned before stands for the option; both must then be the same. */
static pse_rc prefer_pinned(struct record_copy *c, const char **option, char path[FILE_PATH_MAX],
                            const char *leaf, size_t max)
{
    struct pse_buf pinned;
    struct pse_buf given = PSE_BUF(0);
    bool same;

    PSE_TRY(file_join(path, c->name, c->o.state, leaf));
    if (!file_exists(path))
        return PSE_OK;
    if (*option != NULL) {
        PSE_TRY(file_read(&pinned, c->name, path, max));
        same = file_read(&given, c->name, *option, max) == PSE_OK &&
               pse_span_is_equal(pse_buf_span(&pinned), pse_buf_span(&given));
        pse_buf_free(&pinned);
        pse_buf_free(&given);
        if (!same) {
            cli_error(c->name, "%s is not the %s that this copy was begun with (%s)", *option, leaf,
                      path);
            return PSE_E_MISMATCH;
        }
    }
    *option = path;
    return PSE_OK;
}

static pse_rc save_state(struct record_copy *c, const char *leaf, struct pse_span bytes)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(file_join(path, c->name, c->o.state, leaf));
    return file_write(c->name, path, bytes, FILE_REPLACE);
}

static pse_rc save_pin(struct record_copy *c)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(file_join(path, c->name, c->o.state, "policy"));
    if (file_exists(path))
        return PSE_OK;
    if (c->pin.has_election)
        PSE_TRY(save_state(c, "manifest", pse_buf_span(&c->pin.manifest_bytes)));
    return save_state(c, "policy", pse_buf_span(&c->pin.policy_bytes));
}

/* Every note ever seen stays, whatever becomes of it: one day it may convict somebody. */
static pse_rc save_seen(struct record_copy *c, struct pse_span note, uint64_t size)
{
    char leaf[64];
    char hex[17];
    char folder[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    pse_hash hash;

    pse_sha256(&hash, note);
    pse_hex_encode(hex, hash.b, 8);
    (void)snprintf(leaf, sizeof leaf, "%llu-%s", (unsigned long long)size, hex);
    PSE_TRY(file_join(folder, c->name, c->o.state, "seen"));
    PSE_TRY(file_make_dir(c->name, folder));
    PSE_TRY(file_join(path, c->name, folder, leaf));
    return file_exists(path) ? PSE_OK : file_write(c->name, path, note, FILE_REPLACE);
}

/* --- opening ------------------------------------------------------------------------------------
 */

/* A checkpoint file of ours, if it is there. */
static pse_rc load_checkpoint(struct record_copy *c, struct pse_buf *bytes, uint64_t *size,
                              const char *dir, const char *leaf)
{
    struct pse_checkpoint cp;
    char path[FILE_PATH_MAX];
    enum record_pin_fault fault;

    *size = 0;
    PSE_TRY(file_join(path, c->name, dir, leaf));
    if (!file_exists(path))
        return PSE_OK;
    PSE_TRY(file_read(bytes, c->name, path, PSE_NOTE_MAX));
    fault = record_pin_check(&cp, NULL, &c->pin, pse_buf_span(bytes), 0);
    if (fault == RECORD_PIN_GOOD) {
        *size = cp.size;
        return PSE_OK;
    }
    cli_error(c->name, "%s: %s; choose another folder", path, record_pin_words(fault));
    return PSE_E_MISMATCH;
}

/* `last` is what must never be taken back; the copy's own checkpoint says what is complete. A copy
 * cut off between the two is ahead of `last`; one restored from a backup is behind it. */
static pse_rc load_progress(struct record_copy *c)
{
    struct pse_buf shown = PSE_BUF(PSE_NOTE_MAX);
    pse_rc rc = load_checkpoint(c, &shown, &c->have, c->o.to, "checkpoint");

    if (rc == PSE_OK)
        rc = load_checkpoint(c, &c->last, &c->known, c->o.state, "last");
    if (rc == PSE_OK && c->have > c->known) {
        pse_buf_free(&c->last);
        c->last = shown;
        c->known = c->have;
        return PSE_OK;
    }
    pse_buf_free(&shown);
    return rc;
}

static pse_rc open_workers(struct record_copy *c)
{
    c->worker = calloc(c->o.workers, sizeof *c->worker);
    if (c->worker == NULL)
        return PSE_E_MEMORY;
    for (unsigned i = 0; i < c->o.workers; i++) {
        c->worker[i].from.folder = (struct record_reader){.dir = -1, .blob = -1};
        c->worker[i].local.folder = (struct record_reader){.dir = -1, .blob = -1};
    }
    for (unsigned i = 0; i < c->o.workers; i++) {
        PSE_TRY(record_at_open(&c->worker[i].from, c->name, c->o.from));
        PSE_TRY(record_at_open(&c->worker[i].local, c->name, c->o.to));
    }
    return pse_pool_new(&c->pool, c->o.workers);
}

static pse_rc open_copy(struct record_copy *c)
{
    char manifest[FILE_PATH_MAX];
    char policy[FILE_PATH_MAX];
    struct record_pin_options pin = c->o.pin;

    PSE_TRY(lock_state(c));
    PSE_TRY(open_workers(c));
    PSE_TRY(prefer_pinned(c, &pin.manifest, manifest, "manifest", PSE_MANIFEST_MAX));
    PSE_TRY(prefer_pinned(c, &pin.policy, policy, "policy", PSE_POLICY_MAX));
    pin.settled = pin.policy == policy && pin.manifest == NULL;
    PSE_TRY(record_pin_learn(&c->pin, c->name, &c->worker[0].from, &pin));
    PSE_TRY(load_progress(c));
    return copy_blobs_load(c);
}

pse_rc record_copy_open(struct record_copy **out, const char *name,
                        const struct record_copy_options *options)
{
    struct record_copy *c = calloc(1, sizeof *c);
    pse_rc rc;

    *out = NULL;
    if (c == NULL)
        return PSE_E_MEMORY;
    c->name = name;
    c->o = *options;
    c->lock = -1;
    c->last = PSE_BUF(PSE_NOTE_MAX);
    PSE_REQUIRE(pthread_mutex_init(&c->mutex, NULL) == 0);
    PSE_REQUIRE(c->o.workers >= 1 && c->o.workers <= RECORD_COPY_WORKERS_MAX);
    progress_init(&c->progress, name, options->quiet);
    rc = open_copy(c);
    if (rc == PSE_OK)
        *out = c;
    else
        record_copy_close(c);
    return rc;
}

void record_copy_close(struct record_copy *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; c->worker != NULL && i < c->o.workers; i++) {
        record_at_close(&c->worker[i].from);
        record_at_close(&c->worker[i].local);
        pse_buf_free(&c->worker[i].bytes);
    }
    free(c->worker);
    free(c->blob);
    pse_pool_free(c->pool);
    record_pin_free(&c->pin);
    pse_buf_free(&c->last);
    if (c->lock >= 0)
        close(c->lock);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

const struct record_pin *record_copy_pin(const struct record_copy *c)
{
    return &c->pin;
}

/* --- a round ------------------------------------------------------------------------------------
 */

static pse_rc fetch_checkpoint(struct record_copy *c, struct pse_buf *note,
                               struct pse_checkpoint *cp, uint64_t now)
{
    struct record_at *from = &c->worker[0].from;
    enum record_pin_fault fault;
    pse_rc rc = record_at_get(from, note, "checkpoint", PSE_NOTE_MAX);

    if (rc != PSE_OK) {
        cli_error(c->name, "%s/checkpoint: %s; try again later", c->o.from,
                  record_at_trouble(from));
        return rc;
    }
    fault = record_pin_check(cp, NULL, &c->pin, pse_buf_span(note), now);
    if (fault != RECORD_PIN_FORM && fault != RECORD_PIN_LOG)
        PSE_TRY(save_seen(c, pse_buf_span(note), cp->size));
    if (fault == RECORD_PIN_GOOD)
        return PSE_OK;
    cli_error(c->name, "%s/checkpoint is refused: %s", c->o.from, record_pin_words(fault));
    return fault == RECORD_PIN_LOG ? PSE_E_SIGNATURE : PSE_E_PROOF;
}

/* Is what we knew the beginning of what is shown, or the other way round? The larger tree's tiles
 * are the source's, or our own when it shows less than we have. */
static pse_rc compare_with_last(struct record_copy *c, struct record_copy_report *report,
                                struct pse_span note)
{
    struct pse_buf evidence = PSE_BUF(PSE_SPLIT_MAX);
    bool is_ours = report->size < c->known && c->have == c->known;
    struct record_at *from = is_ours ? &c->worker[0].local : &c->worker[0].from;
    bool is_split = false;
    pse_rc rc;

    if (c->last.n == 0)
        return PSE_OK;
    rc = split_view_compare(&is_split, &evidence, &c->pin, pse_buf_span(&c->last), note,
                            record_at_tile, from);
    if (rc != PSE_OK) {
        cli_error(c->name,
                  "%s serves tiles that do not give the root it shows (%s%s%s); nothing was kept",
                  record_at_where(from), pse_rc_name(rc),
                  record_at_trouble(from)[0] == '\0' ? "" : ", ", record_at_trouble(from));
        rc = copy_refusal(rc);
    } else if (is_split) {
        report->verdict = RECORD_COPY_SPLIT;
        rc = split_view_write(report->evidence, c->name, c->o.state, pse_buf_span(&evidence));
    }
    pse_buf_free(&evidence);
    return rc;
}

/* Entry 0 must name the election that was pinned. */
static pse_rc check_setup(struct record_copy *c, uint64_t size)
{
    struct copy_worker *w = &c->worker[0];
    struct pse_tile bundle = {PSE_TILE_ENTRIES, PSE_TILE_WIDTH, 0};
    struct pse_span bytes;
    struct pse_entry setup;
    unsigned width;
    pse_hash eid;

    if (!c->pin.has_election || size == 0)
        return PSE_OK;
    if (size < PSE_TILE_WIDTH)
        bundle.width = (unsigned)size;
    PSE_TRY(pse_tile_fetch(&bytes, &width, &bundle, record_at_tile, &w->local));
    PSE_TRY(pse_bundle_parse(w->entry, width, bytes));
    if (pse_entry_setup_peek(&setup, &eid, w->entry[0]) == PSE_OK &&
        pse_hash_is_equal(&eid, &c->pin.eid))
        return PSE_OK;
    cli_error(c->name, "%s holds another election than the one that its log key belongs to",
              c->o.from);
    return PSE_E_MISMATCH;
}

static pse_rc add_documents(struct record_copy *c)
{
    const struct pse_manifest *m = c->pin.manifest;
    pse_hash digest;

    if (m == NULL)
        return PSE_OK;
    PSE_TRY(file_blob_write(&digest, c->name, c->o.to, pse_buf_span(&c->pin.manifest_bytes),
                            FILE_BULK));
    PSE_TRY(
        file_blob_write(&digest, c->name, c->o.to, pse_buf_span(&c->pin.policy_bytes), FILE_BULK));
    for (size_t i = 0; i < m->documents; i++)
        PSE_TRY(copy_blob_add(c, &m->document[i].sha256, PSE_STATEMENT_MAX));
    return PSE_OK;
}

static pse_rc sync_copy(const struct record_copy *c)
{
    int fd = open(c->o.to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && syncfs(fd) == 0;

    if (!good)
        cli_error(c->name, "cannot force %s to disk: %s; free some space", c->o.to,
                  strerror(errno));
    if (fd >= 0)
        close(fd);
    return good ? PSE_OK : PSE_E_IO;
}

static pse_rc publish(struct record_copy *c, struct pse_buf *note, uint64_t size)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(sync_copy(c));
    PSE_TRY(file_join(path, c->name, c->o.to, "checkpoint"));
    PSE_TRY(file_write(c->name, path, pse_buf_span(note), FILE_REPLACE));
    PSE_TRY(save_state(c, "last", pse_buf_span(note)));
    pse_buf_free(&c->last);
    c->last = *note;
    *note = PSE_BUF(PSE_NOTE_MAX);
    c->known = size;
    c->have = size;
    c->o.recheck = false;
    return PSE_OK;
}

static pse_rc copy_all(struct record_copy *c, struct pse_buf *note, const struct pse_checkpoint *cp)
{
    struct pse_tile_auth *edge;
    struct record_at *from = &c->worker[0].from;
    pse_rc rc = pse_tile_auth_new(&edge, cp->size, &cp->root, record_at_tile, from);

    if (rc != PSE_OK) {
        cli_error(c->name, "%s serves no right edge of the tree it shows (%s%s%s)", c->o.from,
                  pse_rc_name(rc), record_at_trouble(from)[0] == '\0' ? "" : ", ",
                  record_at_trouble(from));
        return copy_refusal(rc);
    }
    if (c->have == 0 || c->o.recheck)
        rc = add_documents(c);
    if (rc == PSE_OK)
        rc = copy_tiles(c, edge, &cp->root);
    pse_tile_auth_free(edge);
    PSE_TRY(rc);
    if (c->have == 0 || c->o.recheck)
        PSE_TRY(check_setup(c, cp->size));
    PSE_TRY(copy_blobs(c));
    return publish(c, note, cp->size);
}

static pse_rc round_with(struct record_copy *c, struct record_copy_report *report,
                         struct pse_buf *note, uint64_t now)
{
    struct pse_checkpoint cp;

    PSE_TRY(fetch_checkpoint(c, note, &cp, now));
    PSE_TRY(save_pin(c));
    report->size = cp.size;
    PSE_TRY(compare_with_last(c, report, pse_buf_span(note)));
    if (report->verdict == RECORD_COPY_SPLIT)
        return PSE_OK;
    if (cp.size < c->known) {
        report->verdict = RECORD_COPY_BACK;
        return PSE_OK;
    }
    if (cp.size == c->have && c->last.n > 0 && !c->o.recheck)
        return copy_blobs(c); /* what was absent may have come */
    report->verdict = RECORD_COPY_GROWN;
    return copy_all(c, note, &cp);
}

static void add_up(const struct record_copy *c, uint64_t *files, uint64_t *bytes)
{
    *files = 0;
    *bytes = 0;
    for (unsigned i = 0; i < c->o.workers; i++) {
        *files += c->worker[i].from.files;
        *bytes += c->worker[i].from.bytes;
    }
}

pse_rc record_copy_round(struct record_copy *c, struct record_copy_report *report, uint64_t now)
{
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);
    double start = progress_now();
    uint64_t files, bytes;
    pse_rc rc;

    memset(report, 0, sizeof *report);
    add_up(c, &files, &bytes);
    report->verdict = RECORD_COPY_SAME;
    report->before = c->have;
    rc = round_with(c, report, &note, now);
    progress_end(&c->progress);
    add_up(c, &report->files, &report->bytes);
    report->files -= files;
    report->bytes -= bytes;
    report->absent = c->blobs;
    report->seconds = progress_now() - start;
    pse_buf_free(&note);
    return rc;
}
