/* Blobs that wait for the entry that names them; see box.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "psephos/box.h"

enum { UNNAMED_SECONDS = 3600 };

static void blob_path(char out[FILE_PATH_MAX], const char *dir, const pse_hash *hash)
{
    char name[FILE_BLOB_NAME];

    file_blob_name(name, hash);
    (void)snprintf(out, FILE_PATH_MAX, "%s/%s", dir, name);
}

static void upload_path(char out[FILE_PATH_MAX], const struct box_spool *s, uint64_t number)
{
    (void)snprintf(out, FILE_PATH_MAX, "%s/in-%" PRIu64, s->dir, number);
}

static pse_rc sync_dir(const char *dir)
{
    char path[FILE_PATH_MAX];
    int fd;
    int rc;

    (void)snprintf(path, sizeof path, "%s/blob", dir);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return PSE_E_IO;
    rc = fsync(fd);
    (void)close(fd);
    return rc == 0 ? PSE_OK : PSE_E_IO;
}

/* Go through the folder @p below dir: sum sizes; files not changed since @p before are removed. */
static uint64_t sweep(const char *dir, const char *below, time_t before)
{
    char path[FILE_PATH_MAX];
    uint64_t size = 0;
    struct dirent *e;
    DIR *d;

    (void)snprintf(path, sizeof path, "%s/%s", dir, below);
    d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL) {
        struct stat st;

        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (st.st_mtime < before && unlinkat(dirfd(d), e->d_name, 0) == 0)
            continue;
        size += (uint64_t)st.st_size;
    }
    if (d != NULL)
        (void)closedir(d);
    return size;
}

pse_rc box_spool_open(struct box_spool *s, const char *name, const char *state, const char *record,
                      uint64_t size_max)
{
    char path[FILE_PATH_MAX];

    (void)snprintf(s->dir, sizeof s->dir, "%s/spool", state);
    (void)snprintf(s->record, sizeof s->record, "%s", record);
    s->size_max = size_max;
    PSE_TRY(file_join(path, name, s->dir, "blob"));
    PSE_TRY(file_make_dir(name, path));
    (void)sweep(s->dir, ".", time(NULL) + 1); /* uploads that were cut off */
    s->size = sweep(s->dir, "blob", 0);
    PSE_REQUIRE(pthread_mutex_init(&s->lock, NULL) == 0);
    return PSE_OK;
}

void box_spool_close(struct box_spool *s)
{
    if (s->dir[0] != '\0')
        (void)pthread_mutex_destroy(&s->lock);
    s->dir[0] = '\0';
}

/* --- uploads -----------------------------------------------------------------------------------
 */

void box_upload_drop(struct box_spool *s, struct box_upload *u)
{
    char path[FILE_PATH_MAX];

    if (u->fd < 0)
        return;
    (void)close(u->fd);
    u->fd = -1;
    upload_path(path, s, u->number);
    (void)unlink(path);
    pthread_mutex_lock(&s->lock);
    s->size -= u->total;
    pthread_mutex_unlock(&s->lock);
}

static pse_rc begin(struct box_spool *s, struct box_upload *u, const pse_hash *hash, uint32_t total)
{
    char path[FILE_PATH_MAX];

    pthread_mutex_lock(&s->lock);
    if (s->size + total > s->size_max)
        s->size = sweep(s->dir, "blob", time(NULL) - UNNAMED_SECONDS);
    if (s->size + total > s->size_max) {
        pthread_mutex_unlock(&s->lock);
        return PSE_E_LIMIT;
    }
    s->size += total;
    u->number = s->tmp++;
    pthread_mutex_unlock(&s->lock);
    upload_path(path, s, u->number);
    u->hash = *hash;
    u->total = total;
    u->at = 0;
    u->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (u->fd >= 0)
        return PSE_OK;
    pthread_mutex_lock(&s->lock);
    s->size -= total;
    pthread_mutex_unlock(&s->lock);
    return PSE_E_IO;
}

static pse_rc write_piece(struct box_upload *u, struct pse_span bytes)
{
    while (bytes.n > 0) {
        ssize_t n = pwrite(u->fd, bytes.p, bytes.n, (off_t)u->at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return PSE_E_IO;
        bytes = pse_span(bytes.p + n, bytes.n - (size_t)n);
        u->at += (uint32_t)n;
    }
    return PSE_OK;
}

static pse_rc check_hash(const struct box_upload *u)
{
    uint8_t piece[65536];
    pse_sha256_stream h;
    uint32_t at = 0;
    pse_hash got;

    pse_sha256_init(&h);
    while (at < u->total) {
        ssize_t n = pread(u->fd, piece, sizeof piece, (off_t)at);

        if (n <= 0)
            return PSE_E_IO;
        pse_sha256_add(&h, piece, (size_t)n);
        at += (uint32_t)n;
    }
    pse_sha256_final(&got, &h);
    return pse_hash_is_equal(&got, &u->hash) ? PSE_OK : PSE_E_MISMATCH;
}

/* Durable under its hash, readable by all: it may stand in the public record by the same inode. */
static pse_rc finish(struct box_spool *s, struct box_upload *u)
{
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    struct stat st;
    bool twice;

    PSE_TRY(check_hash(u));
    upload_path(from, s, u->number);
    blob_path(to, s->dir, &u->hash);
    twice = stat(to, &st) == 0;
    if (fchmod(u->fd, 0444) != 0 || fsync(u->fd) != 0 || rename(from, to) != 0)
        return PSE_E_IO;
    (void)close(u->fd);
    u->fd = -1;
    if (twice) {
        pthread_mutex_lock(&s->lock);
        s->size -= u->total;
        pthread_mutex_unlock(&s->lock);
    }
    return sync_dir(s->dir);
}

pse_rc box_spool_put(struct box_spool *s, struct box_upload *u, bool *done, const pse_hash *hash,
                     uint32_t total, uint32_t offset, struct pse_span bytes)
{
    pse_rc rc = PSE_OK;

    *done = false;
    if (offset == 0) {
        box_upload_drop(s, u);
        rc = begin(s, u, hash, total);
    } else if (u->fd < 0 || !pse_hash_is_equal(&u->hash, hash) || u->total != total ||
               u->at != offset) {
        rc = PSE_E_MISMATCH;
    }
    if (rc == PSE_OK)
        rc = write_piece(u, bytes);
    if (rc == PSE_OK && u->at == u->total) {
        rc = finish(s, u);
        *done = rc == PSE_OK;
    }
    if (rc != PSE_OK)
        box_upload_drop(s, u);
    return rc;
}

/* --- into the record ---------------------------------------------------------------------------
 */

/* Spool and record may be on different file systems. */
static pse_rc copy_over(const char *from, const struct box_spool *s)
{
    struct pse_buf blob = PSE_BUF(0);
    pse_hash hash;
    pse_rc rc = file_read(&blob, "psephos box", from, PSE_STORE_BLOB_MAX);

    if (rc == PSE_OK)
        rc = file_blob_write(&hash, "psephos box", s->record, pse_buf_span(&blob), FILE_REPLACE);
    pse_buf_free(&blob);
    return rc;
}

pse_rc box_spool_publish(struct box_spool *s, const pse_hash *hash)
{
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    struct stat st;
    pse_rc rc;

    blob_path(from, s->dir, hash);
    blob_path(to, s->record, hash);
    if (stat(to, &st) == 0)
        return PSE_OK;
    if (stat(from, &st) != 0)
        return PSE_E_MISSING;
    if (link(from, to) == 0)
        rc = sync_dir(s->record);
    else
        rc = errno == EEXIST ? PSE_OK : copy_over(from, s);
    if (rc == PSE_OK && unlink(from) == 0) {
        pthread_mutex_lock(&s->lock);
        s->size -= (uint64_t)st.st_size;
        pthread_mutex_unlock(&s->lock);
    }
    return rc;
}
