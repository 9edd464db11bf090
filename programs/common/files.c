#include "common/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/hash.h"
#include "codec/text.h"
#include "common/options.h"

enum { FILE_READ_STEP = 256 * 1024 };

pse_rc file_join(char out[FILE_PATH_MAX], const char *name, const char *dir, const char *leaf)
{
    int n = snprintf(out, FILE_PATH_MAX, "%s/%s", dir, leaf);

    if (n < 0 || n >= FILE_PATH_MAX) {
        out[0] = '\0';
        cli_error(name, "the path %.60s…/%.60s is too long; use a shorter folder name", dir, leaf);
        return PSE_E_LIMIT;
    }
    return PSE_OK;
}

static pse_rc read_failed(const char *name, const char *path)
{
    bool missing = errno == ENOENT || errno == ENOTDIR;

    cli_error(name, "cannot read %s: %s%s", path, strerror(errno),
              missing ? "; check the name" : "");
    return missing ? PSE_E_MISSING : PSE_E_IO;
}

static pse_rc read_all(struct pse_buf *out, const char *name, const char *path, int fd, size_t max)
{
    uint8_t step[4096];

    for (;;) {
        size_t room = max - out->n < FILE_READ_STEP ? max - out->n : FILE_READ_STEP;
        uint8_t *at = room > 0 ? pse_buf_extend(out, room) : step;
        ssize_t n;

        if (at == NULL) {
            cli_error(name, "no memory to read %s (%zu bytes so far)", path, out->n);
            return PSE_E_MEMORY;
        }
        do
            n = read(fd, at, room > 0 ? room : sizeof step);
        while (n < 0 && errno == EINTR);
        out->n -= room;
        if (n < 0)
            return read_failed(name, path);
        if (n == 0)
            return PSE_OK;
        if (room == 0) {
            cli_error(name, "%s is longer than the %zu bytes allowed here", path, max);
            return PSE_E_LIMIT;
        }
        out->n += (size_t)n;
    }
}

pse_rc file_read(struct pse_buf *out, const char *name, const char *path, size_t max)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    pse_rc rc;

    *out = PSE_BUF(max);
    if (fd < 0)
        return read_failed(name, path);
    rc = read_all(out, name, standard ? "standard input" : path, fd, max);
    if (!standard)
        close(fd);
    if (rc != PSE_OK)
        pse_buf_free(out);
    return rc;
}

static pse_rc write_failed(const char *name, const char *path)
{
    const char *mend = errno == ENOSPC   ? "; free some space"
                       : errno == EACCES ? "; check who owns the folder"
                       : errno == ENOENT ? "; make the folder first"
                                         : "";

    cli_error(name, "cannot write %s: %s%s", path, strerror(errno), mend);
    return PSE_E_IO;
}

static bool write_all(int fd, struct pse_span in)
{
    while (in.n > 0) {
        ssize_t n = write(fd, in.p, in.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        in.p += n;
        in.n -= (size_t)n;
    }
    return true;
}

static bool sync_folder_of(const char *path)
{
    char folder[FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int fd;
    bool good;

    if (slash == NULL)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", (int)(slash == path ? 1 : slash - path), path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    good = fsync(fd) == 0;
    close(fd);
    return good;
}

/* link() refuses to replace where rename() would: the only way that is free of races. */
static bool put_in_place(const char *temp, const char *path, unsigned flags)
{
    if ((flags & FILE_NEW) == 0)
        return rename(temp, path) == 0;
    if (link(temp, path) != 0)
        return false;
    (void)unlink(temp);
    return true;
}

pse_rc file_write(const char *name, const char *path, struct pse_span in, unsigned flags)
{
    char temp[FILE_PATH_MAX];
    int n = snprintf(temp, sizeof temp, "%s.new-%ld", path, (long)getpid());
    mode_t mode = (flags & FILE_SECRET) == 0 ? 0644 : (flags & FILE_FINAL) == 0 ? 0600 : 0400;
    int fd;
    bool good;

    if (n < 0 || n >= (int)sizeof temp) {
        errno = ENAMETOOLONG;
        return write_failed(name, path);
    }
    fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return write_failed(name, path);
    good = write_all(fd, in) && ((flags & FILE_BULK) != 0 || fsync(fd) == 0);
    good = close(fd) == 0 && good;
    if (!good || !put_in_place(temp, path, flags)) {
        int why = errno;

        (void)unlink(temp);
        errno = why;
        if (why == EEXIST) {
            cli_error(name, "%s is there already and is not replaced; move it away first", path);
            return PSE_E_DUPLICATE;
        }
        return write_failed(name, path);
    }
    if ((flags & FILE_BULK) == 0 && !sync_folder_of(path))
        return write_failed(name, path);
    return PSE_OK;
}

pse_rc file_remove(const char *name, const char *path)
{
    if (unlink(path) == 0 && sync_folder_of(path))
        return PSE_OK;
    cli_error(name, "cannot remove %s: %s", path, strerror(errno));
    return PSE_E_IO;
}

pse_rc file_make_dir(const char *name, const char *path)
{
    char part[FILE_PATH_MAX];
    size_t n = strlen(path);
    struct stat st;

    if (n == 0 || n >= sizeof part) {
        errno = n == 0 ? ENOENT : ENAMETOOLONG;
        return write_failed(name, path);
    }
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return write_failed(name, part);
    }
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return write_failed(name, path);
    }
    return PSE_OK;
}

bool file_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

void file_blob_name(char out[FILE_BLOB_NAME], const pse_hash *digest)
{
    memcpy(out, "blob/", 5);
    pse_hex_encode(out + 5, digest->b, 32);
}

pse_rc file_blob_write(pse_hash *digest, const char *name, const char *dir, struct pse_span in,
                       unsigned flags)
{
    char leaf[FILE_BLOB_NAME];
    char path[FILE_PATH_MAX];

    pse_sha256(digest, in);
    PSE_TRY(file_join(path, name, dir, "blob"));
    PSE_TRY(file_make_dir(name, path));
    file_blob_name(leaf, digest);
    PSE_TRY(file_join(path, name, dir, leaf));
    if (file_exists(path))
        return PSE_OK;
    return file_write(name, path, in, flags & ~(unsigned)FILE_NEW);
}

pse_rc file_blob_read(struct pse_buf *out, const char *name, const char *dir,
                      const pse_hash *digest, size_t max)
{
    char leaf[FILE_BLOB_NAME];
    char path[FILE_PATH_MAX];
    pse_hash found;

    *out = PSE_BUF(max);
    file_blob_name(leaf, digest);
    PSE_TRY(file_join(path, name, dir, leaf));
    PSE_TRY(file_read(out, name, path, max));
    pse_sha256(&found, pse_buf_span(out));
    if (!pse_hash_is_equal(&found, digest)) {
        pse_buf_free(out);
        cli_error(name, "%s does not hold what its name says; fetch it again", path);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}
