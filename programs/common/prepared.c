#include "common/prepared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"

static const char magic[32] = "psephos prepared shuffle 1\n";

enum { AT_EID = 32, AT_MIXER = 64, AT_Y = 96, AT_WIDTH = 128, AT_ROWS = 132, AT_SUM = 160 };
enum { HEAD = 192 };

static pse_rc allocate(struct prepared *p, const char *name)
{
    p->file = malloc(p->file_n);
    if (p->file != NULL)
        return PSE_OK;
    cli_error(name, "no memory for %zu prepared rows (%zu bytes)", p->rows, p->file_n);
    return PSE_E_MEMORY;
}

pse_rc prepared_new(struct prepared *p, const char *name, size_t rows, unsigned width)
{
    memset(p, 0, sizeof *p);
    p->rows = rows;
    p->width = width;
    p->file_n = HEAD + rows * pse_shuffle_prepared_size(width);
    PSE_TRY(allocate(p, name));
    memset(p->file, 0, HEAD);
    return PSE_OK;
}

uint8_t *prepared_rows(const struct prepared *p)
{
    return p->file + HEAD;
}

static void checksum(pse_hash *sum, const struct prepared *p)
{
    pse_sha256_stream h;

    pse_sha256_init(&h);
    pse_sha256_add(&h, p->file, AT_SUM);
    pse_sha256_add(&h, p->file + HEAD, p->file_n - HEAD);
    pse_sha256_final(sum, &h);
}

pse_rc prepared_write(struct prepared *p, const char *name, const char *path,
                      const struct prepared_owner *owner)
{
    pse_hash sum;

    memcpy(p->file, magic, sizeof magic);
    memcpy(p->file + AT_EID, owner->eid.b, 32);
    memcpy(p->file + AT_MIXER, owner->mixer.b, 32);
    memcpy(p->file + AT_Y, owner->y.b, 32);
    pse_store_u32(p->file + AT_WIDTH, p->width);
    pse_store_u32(p->file + AT_ROWS, (uint32_t)p->rows);
    checksum(&sum, p);
    memcpy(p->file + AT_SUM, sum.b, 32);
    return file_write(name, path, pse_span(p->file, p->file_n), FILE_NEW | FILE_SECRET);
}

/* --- taking ----------------------------------------------------------------------------------- */

static pse_rc open_failed(const char *name, const char *path)
{
    bool missing = errno == ENOENT;

    cli_error(name, "cannot read %s: %s%s", path, strerror(errno),
              missing ? "; a prepared file serves once and is then gone" : "");
    return missing ? PSE_E_MISSING : PSE_E_IO;
}

/* The lock keeps two processes apart that opened the file together; whoever comes second finds it
 * without a name. */
static pse_rc claim(int fd, struct stat *st, const char *name, const char *path)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, st) != 0 || st->st_nlink == 0) {
        cli_error(name, "another process is using %s; prepared rows serve once", path);
        return PSE_E_STATE;
    }
    if (!S_ISREG(st->st_mode) || st->st_nlink > 1) {
        cli_error(name, "%s is not a plain file of one name; prepare a fresh one", path);
        return PSE_E_STATE;
    }
    if ((st->st_mode & 077) != 0) {
        cli_error(name, "others can read %s; remove it and prepare afresh", path);
        return PSE_E_STATE;
    }
    return PSE_OK;
}

static pse_rc read_in(struct prepared *p, int fd, const char *name, const char *path)
{
    size_t at = 0;

    PSE_TRY(allocate(p, name));
    while (at < p->file_n) {
        ssize_t n = read(fd, p->file + at, p->file_n - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            cli_error(name, "cannot read %s: %s", path, n < 0 ? strerror(errno) : "it got shorter");
            return PSE_E_IO;
        }
        at += (size_t)n;
    }
    return PSE_OK;
}

/* Head, length and sum. */
static bool is_whole(struct prepared *p)
{
    static const uint8_t zeros[AT_SUM - AT_ROWS - 4];
    pse_hash sum;

    if (memcmp(p->file, magic, sizeof magic) != 0 ||
        memcmp(p->file + AT_ROWS + 4, zeros, sizeof zeros) != 0)
        return false;
    p->width = pse_load_u32(p->file + AT_WIDTH);
    p->rows = pse_load_u32(p->file + AT_ROWS);
    if (p->width < 1 || p->width > PSE_SHUFFLE_WIDTH_MAX || p->rows > PSE_SHUFFLE_ROWS_MAX ||
        p->file_n != HEAD + p->rows * pse_shuffle_prepared_size(p->width))
        return false;
    checksum(&sum, p);
    return memcmp(sum.b, p->file + AT_SUM, 32) == 0;
}

static pse_rc accept(struct prepared *p, const char *name, const char *path,
                     const struct prepared_owner *owner)
{
    if (!is_whole(p)) {
        cli_error(name, "%s is cut short, damaged, or no file of prepared rows; prepare afresh",
                  path);
        return PSE_E_SYNTAX;
    }
    if (memcmp(p->file + AT_EID, owner->eid.b, 32) != 0 ||
        memcmp(p->file + AT_MIXER, owner->mixer.b, 32) != 0 ||
        memcmp(p->file + AT_Y, owner->y.b, 32) != 0) {
        cli_error(name, "%s was prepared for another election or by another mixer", path);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

/* The content too, as far as the medium obeys; the name is gone already, so failure is no harm. */
static void overwrite(int fd, size_t n)
{
    static const uint8_t zeros[65536];

    if (lseek(fd, 0, SEEK_SET) != 0)
        return;
    while (n > 0) {
        ssize_t done = write(fd, zeros, n < sizeof zeros ? n : sizeof zeros);

        if (done <= 0)
            return;
        n -= (size_t)done;
    }
    (void)fsync(fd);
}

static pse_rc take(struct prepared *p, int fd, const char *name, const char *path,
                   const struct prepared_owner *owner)
{
    struct stat st;

    PSE_TRY(claim(fd, &st, name, path));
    if (st.st_size < HEAD) {
        cli_error(name, "%s is cut short; prepare afresh", path);
        return PSE_E_SYNTAX;
    }
    p->file_n = (size_t)st.st_size;
    PSE_TRY(read_in(p, fd, name, path));
    PSE_TRY(accept(p, name, path, owner));
    PSE_TRY(file_remove(name, path));
    overwrite(fd, p->file_n);
    return PSE_OK;
}

pse_rc prepared_take(struct prepared *p, const char *name, const char *path,
                     const struct prepared_owner *owner)
{
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    pse_rc rc;

    memset(p, 0, sizeof *p);
    if (fd < 0)
        return open_failed(name, path);
    rc = take(p, fd, name, path, owner);
    close(fd);
    if (rc != PSE_OK)
        prepared_free(p);
    return rc;
}

size_t prepared_next(struct prepared *p, struct pse_shuffle_options *options, size_t most,
                     unsigned width)
{
    size_t left = p->rows - p->used;
    size_t n = most < left ? most : left;
    size_t size;

    options->prepared = pse_span(NULL, 0);
    options->prepared_width = 0;
    if (n == 0 || width > p->width)
        return 0;
    size = pse_shuffle_prepared_size(p->width);
    options->prepared = pse_span(p->file + HEAD + p->used * size, n * size);
    options->prepared_width = p->width;
    p->used += n;
    return n;
}

void prepared_free(struct prepared *p)
{
    if (p->file != NULL)
        pse_wipe(p->file, p->file_n);
    free(p->file);
    memset(p, 0, sizeof *p);
}
