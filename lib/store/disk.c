#define _GNU_SOURCE
#include "store/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/file_io.h"

#define TEMP_FOLDER ".new"

static pse_rc failed(struct pse_disk *d, const char *leaf)
{
    d->error = errno;
    (void)snprintf(d->where, sizeof d->where, "%s", leaf);
    return PSE_E_IO;
}

/* A step that a test makes fail looks like a disk that does. */
static pse_rc step_failed(struct pse_disk *d, const char *leaf, pse_rc rc)
{
    errno = EIO;
    (void)failed(d, leaf);
    return rc;
}

bool pse_disk_open(struct pse_disk *d, const char *path, const struct pse_steps *steps)
{
    *d = (struct pse_disk){.steps = steps};
    d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0)
        d->error = errno;
    return d->fd >= 0;
}

void pse_disk_close(struct pse_disk *d)
{
    for (size_t i = 0; i < d->pending; i++)
        close(d->file[i].fd);
    d->pending = 0;
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}

/* --- databases beside it ---------------------------------------------------------------------- */

bool pse_disk_is_remote(const char *path)
{
    static const uint32_t remote[] = {
        NFS_SUPER_MAGIC,        SMB_SUPER_MAGIC, 0xFF534D42U /* CIFS */,
        0xFE534D42U /* SMB2 */, AFS_SUPER_MAGIC, CODA_SUPER_MAGIC,
        0x00C36400U /* Ceph */, V9FS_MAGIC,      0x65735546U /* FUSE */,
    };
    struct statfs fs;

    if (statfs(path, &fs) != 0)
        return false;
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
        if ((uint32_t)fs.f_type == remote[i])
            return true;
    }
    return false;
}

bool pse_disk_make_private(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    return fd >= 0 && close(fd) == 0;
}

/* --- folders ---------------------------------------------------------------------------------- */

static pse_rc sync_folder(struct pse_disk *d, const char *folder)
{
    int fd;
    pse_rc rc = pse_step_before(d->steps, PSE_STEP_DIR_SYNC, NULL);

    if (rc != PSE_OK)
        return step_failed(d, folder, rc);
    fd = openat(d->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed(d, folder);
    if (fsync(fd) != 0) {
        rc = failed(d, folder);
        close(fd);
        return rc;
    }
    close(fd);
    rc = pse_step_after(d->steps, PSE_STEP_DIR_SYNC);
    return rc == PSE_OK ? PSE_OK : step_failed(d, folder, rc);
}

/* Remember to sync a folder, once. */
static void touch(struct pse_disk *d, const char *leaf, size_t n)
{
    char folder[PSE_DISK_LEAF_MAX];

    (void)snprintf(folder, sizeof folder, "%.*s", n == 0 ? 1 : (int)n, n == 0 ? "." : leaf);
    for (size_t i = 0; i < d->touched; i++) {
        if (strcmp(d->folder[i], folder) == 0)
            return;
    }
    PSE_REQUIRE(d->touched < 2 * PSE_DISK_PENDING_MAX);
    memcpy(d->folder[d->touched++], folder, sizeof folder);
}

/* Make the folders above @p leaf; what was made is synced with its parent at the next settle. */
static pse_rc make_parents(struct pse_disk *d, const char *leaf)
{
    char part[PSE_DISK_LEAF_MAX];
    const char *last = strrchr(leaf, '/');
    size_t above = 0;

    if (last == NULL)
        return PSE_OK;
    (void)snprintf(part, sizeof part, "%.*s", (int)(last - leaf), leaf);
    if (strcmp(part, d->made) == 0)
        return PSE_OK;
    for (size_t i = 1; i <= (size_t)(last - leaf); i++) {
        if (leaf[i] != '/')
            continue;
        (void)snprintf(part, sizeof part, "%.*s", (int)i, leaf);
        if (mkdirat(d->fd, part, 0755) == 0)
            touch(d, leaf, above);
        else if (errno != EEXIST)
            return failed(d, part);
        above = i;
    }
    memcpy(d->made, part, sizeof d->made);
    return PSE_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The file system writes zeros for a file that was longer: never, as it is made anew. */
static pse_rc write_temp(struct pse_disk *d, int *fd, const char *temp, struct pse_span in)
{
    size_t bytes = in.n;
    pse_rc rc = pse_step_before(d->steps, PSE_STEP_FILE_WRITE, &bytes);

    if (rc != PSE_OK)
        return step_failed(d, temp, rc);
    (void)unlinkat(d->fd, temp, 0);
    *fd = openat(d->fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
    if (*fd < 0 && errno == ENOENT) {
        if (mkdirat(d->fd, TEMP_FOLDER, 0700) != 0 && errno != EEXIST)
            return failed(d, TEMP_FOLDER);
        *fd = openat(d->fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
    }
    if (*fd < 0)
        return failed(d, temp);
    if (pse_file_write(*fd, pse_span(in.p, bytes < in.n ? bytes : in.n)) != PSE_OK ||
        bytes < in.n) {
        if (bytes < in.n)
            errno = ENOSPC;
        rc = failed(d, temp);
        close(*fd);
        return rc;
    }
    rc = pse_step_after(d->steps, PSE_STEP_FILE_WRITE);
    if (rc != PSE_OK)
        close(*fd);
    return rc == PSE_OK ? PSE_OK : step_failed(d, temp, rc);
}

static pse_rc sync_file(struct pse_disk *d, int fd, const char *leaf)
{
    pse_rc rc = pse_step_before(d->steps, PSE_STEP_FILE_SYNC, NULL);

    if (rc != PSE_OK)
        return step_failed(d, leaf, rc);
    if (fsync(fd) != 0)
        return failed(d, leaf);
    rc = pse_step_after(d->steps, PSE_STEP_FILE_SYNC);
    return rc == PSE_OK ? PSE_OK : step_failed(d, leaf, rc);
}

static pse_rc put_in_place(struct pse_disk *d, const char *temp, const char *leaf,
                           enum pse_step step)
{
    pse_rc rc = pse_step_before(d->steps, step, NULL);

    if (rc != PSE_OK)
        return step_failed(d, leaf, rc);
    if (renameat(d->fd, temp, d->fd, leaf) != 0)
        return failed(d, leaf);
    rc = pse_step_after(d->steps, step);
    return rc == PSE_OK ? PSE_OK : step_failed(d, leaf, rc);
}

/* --- many files ------------------------------------------------------------------------------- */

/* *there: a file of that name exists. PSE_E_MISMATCH: with other bytes. */
static pse_rc compare(bool *there, struct pse_disk *d, const char *leaf, struct pse_span in)
{
    struct pse_buf old = PSE_BUF(in.n + 1);
    pse_rc rc = pse_disk_get(d, &old, leaf);

    *there = rc != PSE_E_MISSING;
    if (rc == PSE_OK && !pse_span_is_equal(pse_buf_span(&old), in))
        rc = PSE_E_MISMATCH;
    pse_buf_free(&old);
    if (rc == PSE_E_LIMIT || rc == PSE_E_MISMATCH) {
        errno = 0;
        (void)failed(d, leaf);
        return PSE_E_MISMATCH;
    }
    return rc == PSE_E_MISSING ? PSE_OK : rc;
}

pse_rc pse_disk_put(struct pse_disk *d, const char *leaf, struct pse_span in)
{
    struct pse_disk_file *f;
    bool there;

    PSE_REQUIRE(strlen(leaf) < PSE_DISK_LEAF_MAX);
    PSE_TRY(compare(&there, d, leaf, in));
    if (there)
        return PSE_OK;
    if (d->pending == PSE_DISK_PENDING_MAX || d->touched + 8 > 2 * PSE_DISK_PENDING_MAX)
        PSE_TRY(pse_disk_settle(d));
    PSE_TRY(make_parents(d, leaf));
    f = &d->file[d->pending];
    (void)snprintf(f->temp, sizeof f->temp, TEMP_FOLDER "/%u-%zu", d->lane, d->pending);
    (void)snprintf(f->leaf, sizeof f->leaf, "%s", leaf);
    PSE_TRY(write_temp(d, &f->fd, f->temp, in));
    d->pending++;
    return PSE_OK;
}

pse_rc pse_disk_settle(struct pse_disk *d)
{
    for (size_t i = 0; i < d->pending; i++)
        PSE_TRY(sync_file(d, d->file[i].fd, d->file[i].leaf));
    for (size_t i = 0; i < d->pending; i++) {
        const char *leaf = d->file[i].leaf;
        const char *slash = strrchr(leaf, '/');

        PSE_TRY(put_in_place(d, d->file[i].temp, leaf, PSE_STEP_RENAME));
        touch(d, leaf, slash == NULL ? 0 : (size_t)(slash - leaf));
    }
    while (d->pending > 0)
        close(d->file[--d->pending].fd);
    for (size_t i = 0; i < d->touched; i++)
        PSE_TRY(sync_folder(d, d->folder[i]));
    d->touched = 0;
    return PSE_OK;
}

/* --- one file --------------------------------------------------------------------------------- */

pse_rc pse_disk_replace(struct pse_disk *d, const char *leaf, struct pse_span in,
                        enum pse_step step)
{
    static const char temp[] = TEMP_FOLDER "/one";
    int fd;
    pse_rc rc;

    PSE_TRY(write_temp(d, &fd, temp, in));
    rc = sync_file(d, fd, leaf);
    close(fd);
    PSE_TRY(rc);
    PSE_TRY(put_in_place(d, temp, leaf, step));
    return sync_folder(d, ".");
}

pse_rc pse_disk_get(struct pse_disk *d, struct pse_buf *out, const char *leaf)
{
    int fd = openat(d->fd, leaf, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    uint8_t *at;
    size_t n = 0;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? PSE_E_MISSING : failed(d, leaf);
    if (fstat(fd, &st) != 0) {
        pse_rc rc = failed(d, leaf);

        close(fd);
        return rc;
    }
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > out->max - out->n) {
        close(fd);
        return PSE_E_LIMIT;
    }
    at = st.st_size > 0 ? pse_buf_extend(out, (size_t)st.st_size) : NULL;
    while (at != NULL && n < (size_t)st.st_size) {
        ssize_t got = read(fd, at + n, (size_t)st.st_size - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(fd);
    if (at == NULL && st.st_size > 0)
        return PSE_E_MEMORY;
    return n == (size_t)st.st_size ? PSE_OK : failed(d, leaf);
}

pse_rc pse_disk_remove(struct pse_disk *d, const char *leaf)
{
    return unlinkat(d->fd, leaf, 0) == 0 || errno == ENOENT ? PSE_OK : failed(d, leaf);
}
