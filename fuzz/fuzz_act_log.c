/* The log of acts: lines chained by hash, read again at each start of the office. The first 32
 * bytes are the election that it must be of. */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/consent_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pse_hash eid;
    size_t lines = 0;
    size_t ends = 0;
    char path[64];
    int fd;

    if (size < sizeof eid.b)
        return 0;
    memcpy(eid.b, data, sizeof eid.b);
    data += sizeof eid.b;
    size -= sizeof eid.b;
    fd = memfd_create("acts", MFD_CLOEXEC);
    PSE_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (consent_log_check(&lines, "fuzz", path, &eid) == PSE_OK) {
        for (size_t i = 0; i < size; i++)
            ends += data[i] == '\n';
        PSE_REQUIRE(lines == ends);
    }
    (void)close(fd);
    return 0;
}
