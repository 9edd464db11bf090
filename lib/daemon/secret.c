#include "daemon/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 2048 };

static pse_rc check_file(struct pse_fault *fault, int fd, const char *path, bool credential,
                         size_t max)
{
    struct stat st;
    mode_t mode;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return pse_fault(fault, PSE_E_STATE, "%s is no plain file; a secret must be one", path);
    mode = st.st_mode & 07777;
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return pse_fault(fault, PSE_E_STATE,
                         "%s holds a secret and belongs to user %u; chown it to this daemon's",
                         path, (unsigned)st.st_uid);
    if (mode != 0400 && mode != 0600 && !(credential && mode == 0440 && st.st_uid == 0))
        return pse_fault(fault, PSE_E_STATE,
                         "%s holds a secret and has mode %04o; chmod it to 0400", path,
                         (unsigned)mode);
    if (st.st_size < 1 || (uint64_t)st.st_size > max)
        return pse_fault(fault, PSE_E_LENGTH, "%s has %lld bytes; 1 to %zu are expected", path,
                         (long long)st.st_size, max);
    return PSE_OK;
}

static pse_rc read_exactly(struct pse_hidden *out, struct pse_fault *fault, int fd,
                           const char *path, size_t n)
{
    size_t got = 0;

    while (got < n) {
        ssize_t r = read(fd, out->p + got, n - got);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return pse_fault(fault, PSE_E_IO, "%s cannot be read whole: %s", path,
                             r < 0 ? strerror(errno) : "it became shorter");
        got += (size_t)r;
    }
    out->n = n;
    return PSE_OK;
}

static pse_rc read_file(struct pse_hidden *out, struct pse_fault *fault, int fd, const char *path,
                        bool credential, size_t max)
{
    struct stat st;

    PSE_TRY(check_file(fault, fd, path, credential, max));
    if (fstat(fd, &st) != 0)
        return pse_fault(fault, PSE_E_IO, "%s: %s", path, strerror(errno));
    out->p = sodium_malloc((size_t)st.st_size);
    if (out->p == NULL)
        return pse_fault(fault, PSE_E_MEMORY, "%s: no locked memory for it; raise LimitMEMLOCK",
                         path);
    return read_exactly(out, fault, fd, path, (size_t)st.st_size);
}

pse_rc pse_hidden_read(struct pse_hidden *out, struct pse_fault *fault, const char *where,
                       const char *credentials, size_t max)
{
    static const char prefix[] = "credential:";
    bool credential = strncmp(where, prefix, sizeof prefix - 1) == 0;
    char path[PATH_BYTES];
    int n;
    int fd;
    pse_rc rc;

    *out = (struct pse_hidden){NULL, 0};
    if (credential && credentials == NULL)
        return pse_fault(fault, PSE_E_MISSING,
                         "%s is wanted and no folder of credentials is known; give --credentials",
                         where);
    n = credential ? snprintf(path, sizeof path, "%s/%s", credentials, where + sizeof prefix - 1)
                   : snprintf(path, sizeof path, "%s", where);
    if (n < 0 || n >= (int)sizeof path)
        return pse_fault(fault, PSE_E_LENGTH, "the path of a secret is too long");
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return pse_fault(fault, errno == ENOENT ? PSE_E_MISSING : PSE_E_IO,
                         "the secret %s cannot be opened: %s", path, strerror(errno));
    rc = read_file(out, fault, fd, path, credential, max);
    close(fd);
    if (rc != PSE_OK)
        pse_hidden_free(out);
    return rc;
}

void pse_hidden_free(struct pse_hidden *h)
{
    sodium_free(h->p); /* wipes; NULL is fine */
    *h = (struct pse_hidden){NULL, 0};
}
