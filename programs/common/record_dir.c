#define _GNU_SOURCE
#include "common/record_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"

enum { CHECKPOINT_MAX = PSE_NOTE_MAX };

struct record_writer {
    const char *name;
    char dir[FILE_PATH_MAX];
    int fd; /* the folder, locked against a second writer */
    const struct record_signer *signer;
    enum record_mode mode;
    struct pse_tile_writer *tiles;
    struct pse_buf tile_bytes; /* what the tile reader handed out last */
    struct pse_buf checkpoint; /* last published */
    uint64_t published;
    char made_dir[FILE_PATH_MAX]; /* the folder made last, to save asking again */
};

static pse_rc path_of(char out[FILE_PATH_MAX], const struct record_writer *w, const char *leaf)
{
    return file_join(out, w->name, w->dir, leaf);
}

static unsigned file_flags_of(const struct record_writer *w)
{
    return w->mode == RECORD_BULK ? FILE_BULK : 0;
}

/* --- files of the record ---------------------------------------------------------------------- */

static pse_rc make_parent(struct record_writer *w, const char *path)
{
    char parent[FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');

    (void)snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
    if (strcmp(parent, w->made_dir) == 0)
        return PSE_OK;
    PSE_TRY(file_make_dir(w->name, parent));
    (void)snprintf(w->made_dir, sizeof w->made_dir, "%s", parent);
    return PSE_OK;
}

/* Do the leaves under a tile or bundle all belong to the published tree? */
static bool is_published(const struct record_writer *w, const char *leaf)
{
    struct pse_tile tile;
    uint64_t full;
    unsigned partial;

    if (pse_tile_path_parse(&tile, pse_span_str(leaf)) != PSE_OK)
        return false;
    pse_tile_count(&full, &partial, tile.level == PSE_TILE_ENTRIES ? 0 : tile.level, w->published);
    return tile.index < full || (tile.index == full && tile.width <= partial);
}

/* A file that is there with the same bytes stays. With other bytes: of a published size that means
 * damage or a second log, otherwise it is a left-over of a publication that never happened. */
static pse_rc emit(void *ctx, const char *leaf, struct pse_span bytes)
{
    struct record_writer *w = ctx;
    char path[FILE_PATH_MAX];
    struct pse_buf old = PSE_BUF(0);
    bool same;

    PSE_TRY(path_of(path, w, leaf));
    PSE_TRY(make_parent(w, path));
    if (file_exists(path)) {
        PSE_TRY(file_read(&old, w->name, path, PSE_BUNDLE_MAX));
        same = pse_span_is_equal(pse_buf_span(&old), bytes);
        pse_buf_free(&old);
        if (same)
            return PSE_OK;
        if (is_published(w, leaf)) {
            cli_error(w->name, "%s differs from the signed tree; restore the record from a mirror",
                      path);
            return PSE_E_MISMATCH;
        }
    }
    return file_write(w->name, path, bytes, file_flags_of(w));
}

static pse_rc read_tile(void *ctx, struct pse_span *bytes, const char *leaf, size_t max)
{
    struct record_writer *w = ctx;
    char path[FILE_PATH_MAX];

    PSE_TRY(path_of(path, w, leaf));
    if (!file_exists(path))
        return PSE_E_MISSING;
    pse_buf_free(&w->tile_bytes);
    PSE_TRY(file_read(&w->tile_bytes, w->name, path, max));
    *bytes = pse_buf_span(&w->tile_bytes);
    return PSE_OK;
}

/* --- opening ---------------------------------------------------------------------------------- */

static struct record_writer *writer_new(const char *name, const char *dir,
                                        const struct record_signer *signer, enum record_mode mode)
{
    struct record_writer *w = calloc(1, sizeof *w);

    if (w == NULL) {
        cli_error(name, "no memory to write the record");
        return NULL;
    }
    w->name = name;
    w->fd = -1;
    w->signer = signer;
    w->mode = mode;
    w->tile_bytes = PSE_BUF(PSE_BUNDLE_MAX);
    w->checkpoint = PSE_BUF(CHECKPOINT_MAX);
    (void)snprintf(w->dir, sizeof w->dir, "%s", dir);
    return w;
}

void record_writer_free(struct record_writer *w)
{
    if (w == NULL)
        return;
    pse_tile_writer_free(w->tiles);
    pse_buf_free(&w->tile_bytes);
    pse_buf_free(&w->checkpoint);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}

static pse_rc lock(struct record_writer *w)
{
    w->fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->fd < 0) {
        cli_error(w->name, "cannot open the record %s: %s; check the name", w->dir,
                  strerror(errno));
        return errno == ENOENT ? PSE_E_MISSING : PSE_E_IO;
    }
    if (flock(w->fd, LOCK_EX | LOCK_NB) != 0) {
        cli_error(w->name, "somebody else is writing to %s; wait until that has ended", w->dir);
        return PSE_E_STATE;
    }
    return PSE_OK;
}

bool record_dir_is_free(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *item;
    bool empty = true;

    if (d == NULL)
        return !file_exists(dir);
    while ((item = readdir(d)) != NULL)
        empty = empty && (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0);
    closedir(d);
    return empty;
}

static pse_rc create(struct record_writer *w)
{
    if (!record_dir_is_free(w->dir)) {
        cli_error(w->name, "%s is there already and not empty; choose another folder", w->dir);
        return PSE_E_DUPLICATE;
    }
    if (w->signer->head != NULL && file_exists(w->signer->head)) {
        cli_error(w->name,
                  "this log key has signed a record before (%s); one key serves one record, so "
                  "make new keys",
                  w->signer->head);
        return PSE_E_DUPLICATE;
    }
    PSE_TRY(file_make_dir(w->name, w->dir));
    PSE_TRY(lock(w));
    return pse_tile_writer_new(&w->tiles, emit, w);
}

pse_rc record_create(struct record_writer **out, const char *name, const char *dir,
                     const struct record_signer *signer, enum record_mode mode)
{
    struct record_writer *w = writer_new(name, dir, signer, mode);
    pse_rc rc = w == NULL ? PSE_E_MEMORY : create(w);

    *out = rc == PSE_OK ? w : NULL;
    if (rc != PSE_OK)
        record_writer_free(w);
    return rc;
}

/* A checkpoint of ours: form, origin, the log's signature. */
static pse_rc read_checkpoint(struct pse_buf *bytes, struct pse_checkpoint *cp,
                              const struct record_writer *w, const char *path)
{
    PSE_TRY(file_read(bytes, w->name, path, CHECKPOINT_MAX));
    if (pse_checkpoint_parse(cp, pse_buf_span(bytes)) != PSE_OK) {
        cli_error(w->name, "%s is no checkpoint; restore it from a mirror", path);
        return PSE_E_SYNTAX;
    }
    if (pse_checkpoint_log_verify(cp, &w->signer->log.vkey) != PSE_OK) {
        cli_error(w->name, "%s is not signed by this log key; use the keys of this record", path);
        return PSE_E_SIGNATURE;
    }
    return PSE_OK;
}

static pse_rc put_checkpoint(struct record_writer *w)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(path_of(path, w, "checkpoint"));
    return file_write(w->name, path, pse_buf_span(&w->checkpoint), FILE_REPLACE);
}

static bool is_same_head(const struct pse_checkpoint *a, const struct pse_checkpoint *b)
{
    return a->size == b->size && pse_hash_is_equal(&a->root, &b->root);
}

static pse_rc refuse_old_copy(const struct record_writer *w, uint64_t record, uint64_t head)
{
    cli_error(w->name,
              "the record has %llu entries but this key folder last signed %llu: one of them is an "
              "old copy; restore the newest of both, or the log would fork",
              (unsigned long long)record, (unsigned long long)head);
    return PSE_E_STATE;
}

/* The signer's head decides. Equal to the published checkpoint: go on. Ahead of it: the last
 * publication was cut off after signing, and its tiles are on disk, so it is completed. Behind it
 * or beside it: one of the two was restored from a copy, and signing on could fork the log. */
static pse_rc choose_head(struct record_writer *w, struct pse_checkpoint *cp, bool *complete)
{
    char path[FILE_PATH_MAX];
    struct pse_buf head = PSE_BUF(CHECKPOINT_MAX);
    struct pse_checkpoint last;
    bool has_head = w->signer->head != NULL && file_exists(w->signer->head);

    *complete = false;
    PSE_TRY(path_of(path, w, "checkpoint"));
    if (file_exists(path) || !has_head) {
        PSE_TRY(read_checkpoint(&w->checkpoint, cp, w, path));
        if (w->signer->head == NULL)
            return PSE_OK;
        if (!has_head)
            return refuse_old_copy(w, cp->size, 0);
    } else {
        cp->size = 0;
    }
    PSE_TRY(read_checkpoint(&head, &last, w, w->signer->head));
    if (cp->size > 0 && is_same_head(cp, &last)) {
        pse_buf_free(&head);
        return PSE_OK;
    }
    if (last.size <= cp->size) {
        pse_buf_free(&head);
        return refuse_old_copy(w, cp->size, last.size);
    }
    pse_buf_free(&w->checkpoint);
    w->checkpoint = head;
    *cp = last;
    *complete = true;
    return PSE_OK;
}

static pse_rc resume(struct record_writer *w)
{
    struct pse_checkpoint cp;
    bool complete;
    pse_rc rc;

    PSE_TRY(lock(w));
    PSE_TRY(choose_head(w, &cp, &complete));
    w->published = cp.size;
    rc = pse_tile_writer_resume(&w->tiles, emit, w, cp.size, &cp.root, read_tile, w);
    if (rc != PSE_OK) {
        cli_error(w->name,
                  complete
                      ? "the record %s is older than the last checkpoint this key signed (%llu "
                        "entries); restore the newest copy"
                      : "the tiles of %s do not give the signed tree of %llu entries; restore "
                        "the record from a mirror",
                  w->dir, (unsigned long long)cp.size);
        return rc;
    }
    if (!complete)
        return PSE_OK;
    cli_note(w->name, "the last publication was cut off; it is now complete (%llu entries)",
             (unsigned long long)cp.size);
    return put_checkpoint(w);
}

pse_rc record_resume(struct record_writer **out, const char *name, const char *dir,
                     const struct record_signer *signer, enum record_mode mode)
{
    struct record_writer *w = writer_new(name, dir, signer, mode);
    pse_rc rc = w == NULL ? PSE_E_MEMORY : resume(w);

    *out = rc == PSE_OK ? w : NULL;
    if (rc != PSE_OK)
        record_writer_free(w);
    return rc;
}

/* --- writing ---------------------------------------------------------------------------------- */

pse_rc record_put_blob(struct record_writer *w, pse_hash *digest, struct pse_span blob)
{
    return file_blob_write(digest, w->name, w->dir, blob, file_flags_of(w));
}

pse_rc record_append(struct record_writer *w, pse_hash *leaf, struct pse_span entry)
{
    pse_rc rc = pse_tile_writer_append(w->tiles, leaf, entry);

    if (rc == PSE_E_LENGTH)
        cli_error(w->name, "an entry of %zu bytes is longer than the 65535 allowed", entry.n);
    return rc;
}

static void sign(struct pse_buf *out, const struct record_signer *signer, uint64_t size,
                 const pse_hash *root, uint64_t time)
{
    struct pse_buf text = PSE_BUF(CHECKPOINT_MAX);

    pse_checkpoint_text_put(&text, signer->log.vkey.name, size, root);
    pse_checkpoint_put(out, size, root, &signer->log.vkey, signer->log.seed);
    for (size_t i = 0; i < signer->witnesses; i++)
        pse_note_cosign(out, pse_buf_span(&text), &signer->witness[i].vkey, signer->witness[i].seed,
                        time);
    if (text.rc != PSE_OK && out->rc == PSE_OK)
        out->rc = text.rc;
    pse_buf_free(&text);
}

pse_rc record_publish(struct record_writer *w, uint64_t time)
{
    struct pse_buf note = PSE_BUF(CHECKPOINT_MAX);
    pse_hash root;
    pse_rc rc;

    PSE_TRY(pse_tile_writer_flush(w->tiles));
    if (w->mode == RECORD_BULK && syncfs(w->fd) != 0) {
        cli_error(w->name, "cannot force %s to disk: %s", w->dir, strerror(errno));
        return PSE_E_IO;
    }
    pse_tile_writer_head(&root, w->tiles);
    sign(&note, w->signer, pse_tile_writer_size(w->tiles), &root, time);
    rc = note.rc;
    if (rc == PSE_OK && w->signer->head != NULL)
        rc = file_write(w->name, w->signer->head, pse_buf_span(&note), FILE_SECRET);
    if (rc != PSE_OK) {
        pse_buf_free(&note);
        return rc;
    }
    pse_buf_free(&w->checkpoint);
    w->checkpoint = note;
    w->published = pse_tile_writer_size(w->tiles);
    return put_checkpoint(w);
}

uint64_t record_size(const struct record_writer *w)
{
    return pse_tile_writer_size(w->tiles);
}

void record_root(pse_hash *root, const struct record_writer *w)
{
    pse_tile_writer_head(root, w->tiles);
}

struct pse_span record_checkpoint(const struct record_writer *w)
{
    return pse_buf_span(&w->checkpoint);
}

/* Witnesses get short names of their own: names in a policy may not hold spaces. */
void record_policy_put(struct pse_buf *out, const struct record_signer *signer, unsigned quorum)
{
    pse_wr_str(out, "log ");
    pse_vkey_put(out, &signer->log.vkey);
    pse_wr_str(out, "\n");
    for (size_t i = 0; i < signer->witnesses; i++) {
        pse_wr_str(out, "witness witness-");
        pse_decimal_put(out, i + 1);
        pse_wr_str(out, " ");
        pse_vkey_put(out, &signer->witness[i].vkey);
        if (signer->witness[i].url != NULL) {
            pse_wr_str(out, " ");
            pse_wr_str(out, signer->witness[i].url);
        }
        pse_wr_str(out, "\n");
    }
    pse_wr_str(out, "group witnesses ");
    pse_decimal_put(out, quorum);
    for (size_t i = 0; i < signer->witnesses; i++) {
        pse_wr_str(out, " witness-");
        pse_decimal_put(out, i + 1);
    }
    pse_wr_str(out, "\nquorum witnesses\n");
}
