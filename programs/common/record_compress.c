#include <zlib.h>

#include "common/files.h"
#include "common/options.h"
#include "common/record_tidy.h"
#include "common/record_walk.h"
#include "merkle/tile.h"

/* 31: the gzip form with the largest window; zlib then writes no name and no time. */
enum { GZIP_WINDOW = 31, GZIP_MEMORY = 9 };
#define SOURCE_MAX ((size_t)1 << 30)

struct compress_walk {
    struct record_compress_report *report;
    const char *name;
    const char *dir;
};

static pse_rc gzip(struct pse_buf *out, struct pse_span in)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n};
    uint8_t *to;
    size_t room;
    int got;

    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return PSE_E_MEMORY;
    room = deflateBound(&z, (uLong)in.n);
    *out = PSE_BUF(room);
    to = pse_buf_extend(out, room);
    z.next_out = to;
    z.avail_out = (uInt)room;
    got = to == NULL ? Z_MEM_ERROR : deflate(&z, Z_FINISH);
    out->n = z.total_out;
    (void)deflateEnd(&z);
    return got == Z_STREAM_END ? PSE_OK : PSE_E_MEMORY;
}

static pse_rc write_twin(struct compress_walk *w, const char *path, const char *twin)
{
    struct pse_buf in = PSE_BUF(0);
    struct pse_buf out = PSE_BUF(0);
    pse_rc rc = file_read(&in, w->name, path, SOURCE_MAX);

    if (rc == PSE_OK)
        rc = gzip(&out, pse_buf_span(&in));
    if (rc == PSE_OK && out.n >= in.n) {
        w->report->vain++;
    } else if (rc == PSE_OK) {
        rc = file_write(w->name, twin, pse_buf_span(&out), FILE_REPLACE);
        w->report->made++;
        w->report->bytes += in.n;
        w->report->gzip += out.n;
    }
    pse_buf_free(&in);
    pse_buf_free(&out);
    return rc;
}

/* Full bundles never change; partial ones are gone before a twin pays. */
static bool wants_twin(const char *leaf)
{
    struct pse_tile tile;

    if (strncmp(leaf, "blob/", 5) == 0)
        return strlen(leaf) == FILE_BLOB_NAME - 1;
    return pse_tile_path_parse(&tile, pse_span_str(leaf)) == PSE_OK &&
           tile.level == PSE_TILE_ENTRIES && tile.width == PSE_TILE_WIDTH;
}

static pse_rc compress_file(void *ctx, const char *leaf, const struct stat *st)
{
    struct compress_walk *w = ctx;
    char path[FILE_PATH_MAX];
    char twin[FILE_PATH_MAX + 4];

    if (!wants_twin(leaf) || (uint64_t)st->st_size > SOURCE_MAX)
        return PSE_OK;
    PSE_TRY(file_join(path, w->name, w->dir, leaf));
    memcpy(twin, path, strlen(path) + 1);
    memcpy(twin + strlen(path), ".gz", 4);
    if (file_exists(twin)) {
        w->report->present++;
        return PSE_OK;
    }
    return write_twin(w, path, twin);
}

pse_rc record_compress(struct record_compress_report *report, const char *name, const char *dir)
{
    struct compress_walk w = {report, name, dir};
    char path[FILE_PATH_MAX];

    memset(report, 0, sizeof *report);
    PSE_TRY(file_join(path, name, dir, "checkpoint"));
    if (!file_exists(path)) {
        cli_error(name, "%s has no checkpoint; name the folder of a record", dir);
        return PSE_E_MISSING;
    }
    PSE_TRY(record_walk(name, dir, "tile/entries", compress_file, &w));
    return record_walk(name, dir, "blob", compress_file, &w);
}
