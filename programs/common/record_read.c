#include "common/record_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/text.h"

enum { BLOB_NAME = 5 + 64 + 1 /* "blob/", digits, zero */ };

/* O_NONBLOCK: a pipe of that name must not hold the program up. */
static pse_rc open_file(int *fd, uint64_t *size, int dir, const char *path)
{
    struct stat st;

    *size = 0;
    *fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (*fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? PSE_E_MISSING : PSE_E_IO;
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0) {
        close(*fd);
        *fd = -1;
        return PSE_E_IO;
    }
    *size = (uint64_t)st.st_size;
    return PSE_OK;
}

/* Up to @p n bytes from @p at; *got is less only at the end of the file. */
static pse_rc read_at(int fd, uint8_t *out, size_t *got, size_t n, uint64_t at)
{
    *got = 0;
    if (at > INT64_MAX - (uint64_t)n)
        return PSE_E_IO;
    while (*got < n) {
        ssize_t k = pread(fd, out + *got, n - *got, (off_t)(at + *got));

        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return PSE_E_IO;
        if (k == 0)
            break;
        *got += (size_t)k;
    }
    return PSE_OK;
}

static pse_rc reader_file(void *ctx, uint8_t *out, size_t *n, size_t cap, const char *path)
{
    struct record_reader *r = ctx;
    uint8_t more;
    size_t beyond = 0;
    uint64_t size;
    int fd;
    pse_rc rc;

    *n = 0;
    PSE_TRY(open_file(&fd, &size, r->dir, path));
    rc = size > cap ? PSE_E_LIMIT : read_at(fd, out, n, cap, 0);
    if (rc == PSE_OK && *n == cap)
        rc = read_at(fd, &more, &beyond, 1, cap);
    if (rc == PSE_OK && beyond > 0)
        rc = PSE_E_LIMIT;
    close(fd);
    if (rc != PSE_OK)
        *n = 0;
    return rc;
}

static pse_rc open_blob(struct record_reader *r, const pse_hash *hash)
{
    char name[BLOB_NAME] = "blob/";

    if (r->blob >= 0 && pse_hash_is_equal(&r->hash, hash))
        return PSE_OK;
    if (r->blob >= 0)
        close(r->blob);
    pse_hex_encode(name + 5, hash->b, sizeof hash->b);
    r->hash = *hash;
    return open_file(&r->blob, &r->size, r->dir, name);
}

static pse_rc reader_blob_size(void *ctx, uint64_t *size, const pse_hash *hash)
{
    struct record_reader *r = ctx;

    *size = 0;
    PSE_TRY(open_blob(r, hash));
    *size = r->size;
    return PSE_OK;
}

static pse_rc reader_blob_read(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash)
{
    struct record_reader *r = ctx;
    size_t got;

    if (open_blob(r, hash) != PSE_OK || read_at(r->blob, out, &got, n, at) != PSE_OK)
        return PSE_E_IO;
    return got == n ? PSE_OK : PSE_E_IO;
}

pse_rc record_reader_open(struct record_reader *r, const char *dir)
{
    memset(r, 0, sizeof *r);
    r->blob = -1;
    r->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->dir >= 0)
        return PSE_OK;
    return errno == ENOENT ? PSE_E_MISSING : PSE_E_IO;
}

void record_reader_close(struct record_reader *r)
{
    if (r->blob >= 0)
        close(r->blob);
    if (r->dir >= 0)
        close(r->dir);
    r->blob = -1;
    r->dir = -1;
}

struct pse_reader record_reader_callbacks(struct record_reader *r)
{
    return (struct pse_reader){.ctx = r,
                               .file = reader_file,
                               .blob_size = reader_blob_size,
                               .blob_read = reader_blob_read};
}
