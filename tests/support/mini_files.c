#include "mini_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "codec/text.h"

static void fail(const char *what)
{
    fprintf(stderr, "cannot write %s: %s\n", what, strerror(errno));
    exit(1);
}

static void put_file(const char *dir, const char *path, const struct pse_buf *bytes)
{
    char full[4096];
    FILE *f;

    snprintf(full, sizeof full, "%s/%s", dir, path);
    for (char *p = full + strlen(dir) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        if (mkdir(full, 0755) != 0 && errno != EEXIST)
            fail(full);
        *p = '/';
    }
    f = fopen(full, "wb");
    if (f == NULL || fwrite(bytes->p, 1, bytes->n, f) != bytes->n || fclose(f) != 0)
        fail(full);
}

void mini_write(const struct mini *m, const char *dir)
{
    char name[5 + 64 + 1] = "blob/";

    if (mkdir(dir, 0755) != 0)
        fail(dir);
    for (size_t i = 0; i < m->files; i++)
        if (!m->file[i].is_absent)
            put_file(dir, m->file[i].path, &m->file[i].bytes);
    for (size_t i = 0; i < m->blobs; i++) {
        pse_hex_encode(name + 5, m->blob[i].hash.b, 32);
        if (!m->blob[i].is_absent)
            put_file(dir, name, &m->blob[i].bytes);
    }
}
