#include "psephos/demo_witnesses.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/options.h"
#include "common/self_run.h"

enum { START_MS = 30000, STEP_MS = 5, STOP_MS = 5000 };

/* --- making ------------------------------------------------------------------------------------
 */

static pse_rc make_folder(struct demo_witness *w, const char *name, const char *dir, size_t i,
                          const struct key *key)
{
    char leaf[32];
    char path[FILE_PATH_MAX];

    (void)snprintf(leaf, sizeof leaf, "witness-%zu", i + 1);
    PSE_TRY(file_join(w->dir, name, dir, leaf));
    PSE_TRY(file_make_dir(name, w->dir));
    PSE_TRY(file_join(path, name, w->dir, "witness.key"));
    return key_write(key, name, path);
}

/* `psephos witness init`, all at once. */
static pse_rc init_all(struct demo_witnesses *all, const char *log)
{
    static const int nothing[3] = {-1, -1, -1};
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < all->n; i++) {
        char key[FILE_PATH_MAX];
        const char *words[] = {"witness", "init", all->w[i].dir, "--key", key, "--log", log};

        PSE_TRY(file_join(key, all->name, all->w[i].dir, "witness.key"));
        PSE_TRY(self_run(&all->w[i].pid, words, CLI_COUNT(words), nothing));
    }
    for (size_t i = 0; i < all->n; i++) {
        if (self_wait(all->w[i].pid) != PSE_OK)
            rc = PSE_E_STATE;
        all->w[i].pid = 0;
    }
    return rc;
}

/* --- running ------------------------------------------------------------------------------------
 */

static int create(const struct demo_witness *w, const char *name, const char *leaf)
{
    char path[FILE_PATH_MAX];

    if (file_join(path, name, w->dir, leaf) != PSE_OK)
        return -1;
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static pse_rc run_one(struct demo_witness *w, const char *name)
{
    const char *words[] = {"witness", "run", w->dir};
    int fd[3] = {-1, create(w, name, "address"), create(w, name, "log")};
    pse_rc rc = fd[1] < 0 || fd[2] < 0 ? PSE_E_IO : self_run(&w->pid, words, CLI_COUNT(words), fd);

    for (size_t i = 1; i < 3; i++) {
        if (fd[i] >= 0)
            (void)close(fd[i]);
    }
    return rc;
}

/* The address is there once its line is whole. */
static bool has_address(struct demo_witness *w, const char *name)
{
    char path[FILE_PATH_MAX];
    char *end;
    ssize_t n;
    int fd;

    if (file_join(path, name, w->dir, "address") != PSE_OK)
        return false;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, w->address, sizeof w->address - 1);
    if (fd >= 0)
        (void)close(fd);
    w->address[n < 0 ? 0 : n] = '\0';
    end = strchr(w->address, '\n');
    if (end != NULL)
        *end = '\0';
    return end != NULL;
}

static pse_rc wait_for(struct demo_witness *w, const char *name)
{
    for (unsigned waited = 0; waited < START_MS; waited += STEP_MS) {
        if (has_address(w, name))
            return PSE_OK;
        if (self_has_ended(w->pid)) {
            w->pid = 0;
            return PSE_E_STATE;
        }
        (void)usleep(1000 * STEP_MS);
    }
    return PSE_E_STATE;
}

static pse_rc start(struct demo_witnesses *all, const char *dir, const struct board_keys *keys)
{
    struct pse_buf log = PSE_BUF(4096);
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < all->n; i++)
        PSE_TRY(make_folder(&all->w[i], all->name, dir, i, keys->witness[i]));
    pse_vkey_put(&log, &keys->signer.log.vkey);
    pse_wr_u8(&log, 0);
    rc = log.rc == PSE_OK ? init_all(all, (const char *)log.p) : log.rc;
    pse_buf_free(&log);
    for (size_t i = 0; i < all->n && rc == PSE_OK; i++)
        rc = run_one(&all->w[i], all->name);
    for (size_t i = 0; i < all->n && rc == PSE_OK; i++)
        rc = wait_for(&all->w[i], all->name);
    return rc;
}

pse_rc demo_witnesses_start(struct demo_witnesses *all, const char *name, const char *dir,
                            const struct board_keys *keys)
{
    pse_rc rc;

    memset(all, 0, sizeof *all);
    all->name = name;
    all->n = keys->signer.witnesses;
    rc = start(all, dir, keys);
    if (rc != PSE_OK)
        cli_error(name,
                  "the witnesses do not start; see the files log below %s, and whether this "
                  "machine has a loopback address",
                  dir);
    return rc;
}

void demo_witnesses_say(struct demo_witnesses *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct demo_witness *w = &all->w[i];

        if (w->pid != 0 && self_has_ended(w->pid))
            w->pid = 0;
        if (w->pid == 0)
            cli_note(all->name, "    psephos witness run %s --listen %s", w->dir,
                     strncmp(w->address, "http://", 7) == 0 ? w->address + 7 : w->address);
    }
}

void demo_witnesses_end(struct demo_witnesses *all)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->w[i].pid != 0)
            self_end(all->w[i].pid, STOP_MS);
        all->w[i].pid = 0;
    }
}
