#define _GNU_SOURCE
#include "common/record_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/files.h"
#include "common/options.h"

/* tile/63/x…: seven groups, .p and a width; more is none of ours. */
enum { DEPTH_MAX = 16 };

struct walk {
    const char *name;
    const char *dir;
    record_walk_visit *visit;
    void *ctx;
};

static pse_rc walk_failed(const struct walk *w, const char *path)
{
    cli_error(w->name, "cannot read %s: %s", path, strerror(errno));
    return PSE_E_IO;
}

static pse_rc walk_folder(const struct walk *w, const char *leaf, unsigned depth);

static pse_rc walk_item(const struct walk *w, const char *leaf, unsigned depth)
{
    char path[FILE_PATH_MAX];
    struct stat st;

    PSE_TRY(file_join(path, w->name, w->dir, leaf));
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? PSE_OK : walk_failed(w, path);
    if (S_ISDIR(st.st_mode))
        return walk_folder(w, leaf, depth + 1);
    return S_ISREG(st.st_mode) ? w->visit(w->ctx, leaf, &st) : PSE_OK;
}

static int is_no_dot(const struct dirent *d)
{
    return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static pse_rc walk_folder(const struct walk *w, const char *leaf, unsigned depth)
{
    char path[FILE_PATH_MAX];
    char below[FILE_PATH_MAX];
    struct dirent **item;
    pse_rc rc = PSE_OK;
    int n;

    if (depth > DEPTH_MAX)
        return PSE_E_LIMIT;
    PSE_TRY(file_join(path, w->name, w->dir, leaf));
    n = scandir(path, &item, is_no_dot, alphasort);
    if (n < 0)
        return errno == ENOENT ? PSE_OK : walk_failed(w, path);
    for (int i = 0; i < n; i++) {
        if (rc == PSE_OK)
            rc = file_join(below, w->name, leaf, item[i]->d_name);
        if (rc == PSE_OK)
            rc = walk_item(w, below, depth);
        free(item[i]);
    }
    free(item);
    return rc;
}

pse_rc record_walk(const char *name, const char *dir, const char *leaf, record_walk_visit *visit,
                   void *ctx)
{
    struct walk w = {name, dir, visit, ctx};

    return walk_folder(&w, leaf, 0);
}
