#include "store/witness_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "codec/codec.h"
#include "store/file_io.h"

enum { MARK_SIZE = 16 + 8 + 32 };

static void mark_bytes(uint8_t out[MARK_SIZE], const uint8_t id[16], uint64_t number)
{
    pse_hash digest;

    memcpy(out, id, 16);
    pse_store_u64(out + 16, number);
    pse_sha256(&digest, pse_span(out, 24));
    memcpy(out + 24, digest.b, 32);
}

pse_rc mark_write(int fd, const uint8_t id[16], uint64_t number)
{
    uint8_t bytes[MARK_SIZE];

    mark_bytes(bytes, id, number);
    if (pwrite(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes || fdatasync(fd) != 0)
        return PSE_E_IO;
    return PSE_OK;
}

uint64_t mark_read(int fd, const uint8_t id[16])
{
    uint8_t bytes[MARK_SIZE];
    uint8_t want[MARK_SIZE];
    uint64_t number;

    if (fd < 0 || pread(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return 0;
    number = pse_load_u64(bytes + 16);
    mark_bytes(want, id, number);
    return memcmp(bytes, want, sizeof bytes) == 0 ? number : 0;
}

pse_rc mark_create(const char *path, const uint8_t id[16], uint64_t number)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    pse_rc rc;

    if (fd < 0)
        return errno == EEXIST ? PSE_E_DUPLICATE : PSE_E_IO;
    rc = mark_write(fd, id, number);
    (void)close(fd);
    if (rc == PSE_OK)
        rc = pse_file_sync_folder_of(path);
    if (rc != PSE_OK)
        (void)unlink(path);
    return rc;
}
