/* The index of a demo authority as its responder keeps it: in memory, by serial number. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "psephos/demo_ca.h"

/* A file that changed this short a time ago may change again with the same times. */
enum { UNSETTLED_S = 2 };

struct line {
    char serial[2 * PSE_DEMO_SERIAL + 1];
    bool is_revoked;
    int64_t revoked_at;
};

struct demo_index {
    const struct demo_ca *ca;
    struct stat seen; /* of what was read */
    bool is_settled;  /* nothing is read until the file is another */
    struct line *line;
    size_t n, room;
};

pse_rc demo_index_new(struct demo_index **out, const struct demo_ca *ca)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return PSE_E_MEMORY;
    (*out)->ca = ca;
    return PSE_OK;
}

void demo_index_free(struct demo_index *x)
{
    if (x != NULL)
        free(x->line);
    free(x);
}

/* --- reading -----------------------------------------------------------------------------------
 */

static pse_rc add(void *ctx, struct demo_row *row)
{
    struct demo_index *x = ctx;
    struct line *l;

    if (x->n == x->room) {
        size_t room = x->room == 0 ? 256 : 2 * x->room;
        struct line *more = reallocarray(x->line, room, sizeof *more);

        if (more == NULL)
            return PSE_E_MEMORY;
        x->line = more;
        x->room = room;
    }
    l = &x->line[x->n++];
    memcpy(l->serial, row->serial, sizeof l->serial);
    l->is_revoked = row->is_revoked;
    l->revoked_at = row->is_revoked ? demo_ca_time_read(row->revoked) : 0;
    return PSE_OK;
}

static int by_serial(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->serial, ((const struct line *)b)->serial);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* What the file says now. It is looked at before it is read, so that a change meanwhile shows the
 * next time. */
static pse_rc refresh(struct demo_index *x)
{
    char path[FILE_PATH_MAX];
    struct stat now;

    PSE_TRY(file_join(path, x->ca->name, x->ca->dir, "index"));
    if (stat(path, &now) != 0)
        return PSE_E_IO;
    if (x->is_settled && is_same(&now, &x->seen))
        return PSE_OK;
    x->seen = now;
    x->is_settled = false;
    x->n = 0;
    PSE_TRY(demo_ca_each(x->ca, add, x));
    qsort(x->line, x->n, sizeof *x->line, by_serial);
    x->is_settled = now.st_ctim.tv_sec + UNSETTLED_S < time(NULL);
    return PSE_OK;
}

enum pse_demo_status demo_index_find(struct demo_index *x, int64_t *revoked_at, const char *serial)
{
    struct line wanted;
    const struct line *l;

    if (strlen(serial) >= sizeof wanted.serial || refresh(x) != PSE_OK || x->n == 0)
        return PSE_DEMO_NOBODY;
    memcpy(wanted.serial, serial, strlen(serial) + 1);
    l = bsearch(&wanted, x->line, x->n, sizeof *x->line, by_serial);
    if (l == NULL)
        return PSE_DEMO_NOBODY;
    *revoked_at = l->revoked_at;
    return l->is_revoked ? PSE_DEMO_REVOKED : PSE_DEMO_VALID;
}
