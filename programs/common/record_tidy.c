#include "common/record_tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/record_walk.h"
#include "merkle/merkle.h"

/* A writer that is at work renames its temporary file within seconds. */
enum { LEFT_OVER_AGE = 3600 };

struct tidy {
    struct record_tidy_report *report;
    const char *name;
    const char *dir;
    uint64_t size; /* of the published checkpoint */
    uint64_t now;
    bool dry;
};

static bool is_older(const struct tidy *t, const struct stat *st, uint64_t age)
{
    return st->st_mtime >= 0 && (uint64_t)st->st_mtime + age <= t->now;
}

/* Does a reader of the published checkpoint ask for this partial file? */
static bool is_published(const struct tidy *t, const struct pse_tile *tile)
{
    uint64_t full;
    unsigned partial;

    pse_tile_count(&full, &partial, tile->level == PSE_TILE_ENTRIES ? 0 : tile->level, t->size);
    return tile->index == full && tile->width == partial;
}

static bool is_on_disk(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* The full file stands, is old enough, and is forced to disk once more before its parts go. */
static pse_rc is_superseded(bool *yes, const struct tidy *t, const struct pse_tile *tile)
{
    struct pse_tile full = {tile->level, PSE_TILE_WIDTH, tile->index};
    char leaf[PSE_TILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    struct stat st;

    *yes = false;
    pse_tile_path(leaf, &full);
    PSE_TRY(file_join(path, t->name, t->dir, leaf));
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || !is_older(t, &st, RECORD_TIDY_AGE))
        return PSE_OK;
    if (tile->level != PSE_TILE_ENTRIES && st.st_size != PSE_TILE_BYTES)
        return PSE_OK;
    *yes = t->dry || is_on_disk(path);
    return PSE_OK;
}

static pse_rc drop(struct tidy *t, const char *leaf, const struct stat *st)
{
    char path[FILE_PATH_MAX];
    char folder[FILE_PATH_MAX];

    t->report->removed++;
    t->report->bytes += (uint64_t)st->st_size;
    if (t->dry)
        return PSE_OK;
    PSE_TRY(file_join(path, t->name, t->dir, leaf));
    if (unlink(path) != 0 && errno != ENOENT) {
        cli_error(t->name, "cannot remove %s: %s", path, strerror(errno));
        return PSE_E_IO;
    }
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    (void)rmdir(folder); /* it goes when it is empty */
    return PSE_OK;
}

static pse_rc tidy_file(void *ctx, const char *leaf, const struct stat *st)
{
    struct tidy *t = ctx;
    struct pse_tile tile;
    bool superseded;

    if (strstr(leaf, ".new-") != NULL && is_older(t, st, LEFT_OVER_AGE))
        return drop(t, leaf, st);
    if (pse_tile_path_parse(&tile, pse_span_str(leaf)) != PSE_OK || tile.width == PSE_TILE_WIDTH)
        return PSE_OK;
    PSE_TRY(is_superseded(&superseded, t, &tile));
    if (superseded && !is_published(t, &tile))
        return drop(t, leaf, st);
    t->report->kept++;
    return PSE_OK;
}

static pse_rc read_size(struct tidy *t)
{
    struct pse_buf note;
    struct pse_checkpoint cp;
    char path[FILE_PATH_MAX];
    pse_rc rc;

    PSE_TRY(file_join(path, t->name, t->dir, "checkpoint"));
    PSE_TRY(file_read(&note, t->name, path, PSE_NOTE_MAX));
    rc = pse_checkpoint_parse(&cp, pse_buf_span(&note));
    t->size = cp.size;
    pse_buf_free(&note);
    if (rc != PSE_OK)
        cli_error(t->name, "%s is no checkpoint; name the folder of a record", path);
    return rc;
}

pse_rc record_tidy(struct record_tidy_report *report, const char *name, const char *dir,
                   uint64_t now, bool dry)
{
    struct tidy t = {.report = report, .name = name, .dir = dir, .now = now, .dry = dry};

    memset(report, 0, sizeof *report);
    PSE_TRY(read_size(&t));
    PSE_TRY(record_walk(name, dir, "tile", tidy_file, &t));
    return record_walk(name, dir, "blob", tidy_file, &t);
}
