/* mini_record KIND FOLDER: write the small election of tests/support as a record of files, whole or
 * in one of the states and faults named below. For tests of programs. */
#include <stdio.h>
#include <string.h>

#include "mini_files.h"

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
        mini_seal(&m);
        mini_write(&m, argv[2]);
        mini_close(&m);
        return 0;
    }
    fprintf(stderr, "usage: mini_record accepted|open|aborted|dead|off-by-one FOLDER\n");
    return 2;
}
