#include "psephos/demo_desks.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/self_run.h"

enum { ACT_MAX = 4096, ACT_HASH = 64 };

static const char *const who[] = {"ann", "ben"};

static pse_rc path_of(char out[FILE_PATH_MAX], const char *name, const char *dir, const char *room,
                      const char *of, const char *ending)
{
    char leaf[64];

    (void)snprintf(leaf, sizeof leaf, "%s/%s%s", room, of, ending);
    return file_join(out, name, dir, leaf);
}

static pse_rc make_officer(const char *name, const char *dir, struct rehearsal *r, const char *of)
{
    char path[FILE_PATH_MAX];
    struct key *k = NULL;
    pse_rc rc = key_make(&k, name, KEY_OFFICER, of, r->g, &r->rng);

    if (rc == PSE_OK)
        rc = path_of(path, name, dir, "desk", of, ".key");
    if (rc == PSE_OK)
        rc = key_write(k, name, path);
    if (rc == PSE_OK)
        rc = path_of(path, name, dir, "cards", of, ".pub");
    if (rc == PSE_OK)
        rc = card_write(k, name, path, pse_span(NULL, 0), NULL, r->g, &r->rng);
    key_free(k);
    return rc;
}

pse_rc demo_desks_make(const char *name, const char *dir, struct rehearsal *r)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(file_join(path, name, dir, "cards"));
    PSE_TRY(file_make_dir(name, path));
    PSE_TRY(file_join(path, name, dir, "desk"));
    PSE_TRY(file_make_dir(name, path));
    for (size_t i = 0; i < CLI_COUNT(who); i++)
        PSE_TRY(make_officer(name, dir, r, who[i]));
    PSE_TRY(file_join(path, name, dir, "authority.key"));
    PSE_TRY(key_write(r->officer, name, path));
    PSE_TRY(file_join(path, name, dir, "registrar.key"));
    return key_write(r->registrar, name, path);
}

/* --- acts --------------------------------------------------------------------------------------
 */

/* What it says on standard output into @p out. */
static pse_rc run(const char *name, const char *dir, const char *out, const char *const *word,
                  size_t words)
{
    char log[FILE_PATH_MAX];
    int fd[3] = {-1, -1, -1};
    pid_t pid;
    pse_rc rc;

    PSE_TRY(file_join(log, name, dir, "log"));
    fd[1] = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fd[2] = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    rc = fd[1] < 0 || fd[2] < 0 ? PSE_E_IO : self_run(&pid, word, words, fd);
    if (rc == PSE_OK)
        rc = self_wait(pid);
    if (fd[1] >= 0)
        (void)close(fd[1]);
    if (fd[2] >= 0)
        (void)close(fd[2]);
    if (rc != PSE_OK)
        cli_error(name, "psephos officer act %s did not do its part; see %s", word[2], log);
    return rc;
}

/* The last line is the act's hash. */
static pse_rc read_act(char act[ACT_HASH + 1], const char *name, const char *path)
{
    struct pse_buf text = PSE_BUF(ACT_MAX);
    pse_rc rc = file_read(&text, name, path, ACT_MAX);

    if (rc == PSE_OK && text.n > ACT_HASH && text.p[text.n - 1] == '\n')
        (void)snprintf(act, ACT_HASH + 1, "%.*s", ACT_HASH,
                       (const char *)text.p + text.n - 1 - ACT_HASH);
    else if (rc == PSE_OK)
        rc = PSE_E_SYNTAX;
    pse_buf_free(&text);
    return rc;
}

pse_rc demo_desks_release(const char *name, const char *dir, const char *office)
{
    char key[2][FILE_PATH_MAX], out[FILE_PATH_MAX], act[ACT_HASH + 1];
    const char *propose[] = {"officer", "act",    "propose", "--officer", office,   "--key",
                             key[0],    "--what", "release", "--about",   "a batch"};
    const char *sign[] = {"officer", "act",   "sign", act,     "--officer",
                          office,    "--key", key[1], "--wait"};

    for (size_t i = 0; i < CLI_COUNT(who); i++)
        PSE_TRY(path_of(key[i], name, dir, "desk", who[i], ".key"));
    PSE_TRY(path_of(out, name, dir, "desk", "act", ""));
    PSE_TRY(run(name, dir, out, propose, CLI_COUNT(propose)));
    PSE_TRY(read_act(act, name, out));
    return run(name, dir, out, sign, CLI_COUNT(sign));
}
