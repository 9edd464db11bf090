/* Backups: a sealed stream read back. Nothing that was not sealed with the key becomes a database,
 * and what is refused leaves no file. */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/backup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(const char *database)
{
    static const char *const suffix[] = {"", "-shm", "-wal"};
    char path[80];

    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", database, suffix[i]);
        (void)unlink(path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pse_seal_key key = {{3}};
    struct pse_wrapper w = pse_wrap_key(&key);
    int fd = memfd_create("backup", MFD_CLOEXEC);
    char from[64];
    char to[64];
    bool restored = false;
    pse_rc rc;

    PSE_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    (void)snprintf(to, sizeof to, "fuzz-backup-%d.db", (int)getpid());
    rc = pse_backup_restore(to, from, &w, 1800000000);
    if (rc == PSE_OK)
        PSE_REQUIRE(pse_backup_is_restored(&restored, to) == PSE_OK && restored);
    PSE_REQUIRE((access(to, F_OK) == 0) == (rc == PSE_OK));
    drop(to);
    (void)close(fd);
    return 0;
}
