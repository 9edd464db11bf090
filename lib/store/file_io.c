#include "store/file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FOLDER_MAX = 4096 };

pse_rc pse_file_write(int fd, struct pse_span in)
{
    while (in.n > 0) {
        ssize_t n = write(fd, in.p, in.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return PSE_E_IO;
        in = pse_span(in.p + n, in.n - (size_t)n);
    }
    return PSE_OK;
}

pse_rc pse_file_sync_folder_of(const char *path)
{
    char folder[FOLDER_MAX];
    const char *slash = strrchr(path, '/');
    int n = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    int fd;
    pse_rc rc;

    if (snprintf(folder, sizeof folder, "%.*s", n, slash == NULL ? "." : path) >= FOLDER_MAX) {
        errno = ENAMETOOLONG;
        return PSE_E_IO;
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return PSE_E_IO;
    rc = fsync(fd) == 0 ? PSE_OK : PSE_E_IO;
    (void)close(fd);
    return rc;
}
