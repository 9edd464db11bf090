/* mini_record KIND FOLDER: write the small election of tests/support as a record of files, whole or
 * in one of the states and faults named below. For tests of programs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/text.h"
#include "mini_election.h"

static void fail(const char *what)
{
    fprintf(stderr, "mini_record: %s: %s\n", what, strerror(errno));
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

static void put_record(struct mini *m, const char *dir)
{
    char name[5 + 64 + 1] = "blob/";

    mini_seal(m);
    if (mkdir(dir, 0755) != 0)
        fail(dir);
    for (size_t i = 0; i < m->files; i++)
        put_file(dir, m->file[i].path, &m->file[i].bytes);
    for (size_t i = 0; i < m->blobs; i++) {
        pse_hex_encode(name + 5, m->blob[i].hash.b, 32);
        put_file(dir, name, &m->blob[i].bytes);
    }
}

static void accepted(struct mini *m)
{
    mini_until(m, MINI_DONE);
}

static void open_election(struct mini *m)
{
    mini_until(m, MINI_CLOSE);
}

static void aborted(struct mini *m)
{
    mini_until(m, MINI_CLOSE);
    (void)mini_abort(m);
    (void)mini_end_entry(m);
}

/* An entry that says nothing, logged while the vote is open; the honest rest follows. */
static void dead(struct mini *m)
{
    mini_until(m, MINI_CLOSE);
    (void)mini_append(m, pse_span("rubbish", 7));
    mini_until(m, MINI_DONE);
}

/* The first list's first count is one vote too high. */
static void off_by_one(struct mini *m)
{
    struct pse_buf blob = PSE_BUF(1 << 20);

    mini_until(m, MINI_RESULT);
    mini_result_blob(m, &blob);
    blob.p[2 + 17 + 2 + 7]++;
    (void)mini_result(m, pse_buf_span(&blob));
    (void)mini_end_entry(m);
    pse_buf_free(&blob);
}

static const struct {
    const char *name;
    void (*make)(struct mini *m);
} kinds[] = {
    {"accepted", accepted}, {"open", open_election},    {"aborted", aborted},
    {"dead", dead},         {"off-by-one", off_by_one},
};

int main(int argc, char **argv)
{
    static struct mini m;

    for (size_t i = 0; argc == 3 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, argv[1]) != 0)
            continue;
        mini_open(&m);
        kinds[i].make(&m);
        put_record(&m, argv[2]);
        mini_close(&m);
        return 0;
    }
    fprintf(stderr, "usage: mini_record accepted|open|aborted|dead|off-by-one FOLDER\n");
    return 2;
}
