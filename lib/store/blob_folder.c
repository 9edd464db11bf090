#include "store/blob_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "codec/codec.h"

enum { NAME_MAX_HERE = 5 + 64 + 1 };

static void name_of(char out[NAME_MAX_HERE], const pse_hash *digest)
{
    memcpy(out, "blob/", 5);
    pse_hex_encode(out + 5, digest->b, 32);
}

pse_rc pse_blob_folder_put(struct pse_disk *d, const pse_hash *digest, struct pse_span blob)
{
    char name[NAME_MAX_HERE];
    pse_rc rc = pse_step_before(d->steps, PSE_STEP_BLOB_WRITE, NULL);

    PSE_TRY(rc);
    name_of(name, digest);
    PSE_TRY(pse_disk_put(d, name, blob));
    PSE_TRY(pse_disk_settle(d));
    return pse_step_after(d->steps, PSE_STEP_BLOB_WRITE);
}

bool pse_blob_folder_has(struct pse_disk *d, const pse_hash *digest)
{
    char name[NAME_MAX_HERE];

    name_of(name, digest);
    return faccessat(d->fd, name, F_OK, 0) == 0;
}

pse_rc pse_blob_folder_get(struct pse_disk *d, struct pse_buf *out, const pse_hash *digest)
{
    char name[NAME_MAX_HERE];

    name_of(name, digest);
    return pse_disk_get(d, out, name);
}

/* Keep the @p max smallest, ascending: insertion, as folders hold few blobs. */
static void keep(pse_hash *digests, size_t *n, size_t max, const pse_hash *one)
{
    size_t at = *n;

    if (*n == max) {
        if (memcmp(one->b, digests[max - 1].b, 32) >= 0)
            return;
        at = max - 1;
    } else {
        ++*n;
    }
    while (at > 0 && memcmp(one->b, digests[at - 1].b, 32) < 0) {
        digests[at] = digests[at - 1];
        at--;
    }
    digests[at] = *one;
}

pse_rc pse_blob_folder_list(struct pse_disk *d, pse_hash *digests, size_t *n, size_t max,
                            const pse_hash *after)
{
    int fd = openat(d->fd, "blob", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *item;
    pse_hash one;

    *n = 0;
    if (folder == NULL) {
        pse_rc rc = errno == ENOENT ? PSE_OK : PSE_E_IO;

        if (fd >= 0)
            close(fd);
        return rc;
    }
    while (max > 0 && (item = readdir(folder)) != NULL) {
        if (pse_hex_decode(one.b, 32, pse_span_str(item->d_name)) != PSE_OK)
            continue;
        if (after == NULL || memcmp(one.b, after->b, 32) > 0)
            keep(digests, n, max, &one);
    }
    closedir(folder);
    return PSE_OK;
}
