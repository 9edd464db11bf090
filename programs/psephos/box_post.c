/* psephos box post: parcels straight to the sequencer's socket, for whoever has an account on its
 * machine: the board, officers without a daemon of their own. */
#include <stdio.h>
#include <time.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/parcel.h"
#include "common/sequence_client.h"
#include "election/entry.h"
#include "election/rule.h"
#include "psephos/box.h"
#include "psephos/verbs.h"

enum { TRIES = 50, PENDING = 64 };

static const char name[] = "psephos box post";

static const char *say(char out[96], const struct sequence_result *r)
{
    switch (r->outcome) {
    case SEQUENCE_WITNESSED: return "witnessed";
    case SEQUENCE_RECORDED: return "recorded, not yet witnessed";
    case SEQUENCE_BUSY: return "refused: too much is waiting; send it again";
    case SEQUENCE_CLOSED: return "refused: the election is not in a state for it (V908)";
    case SEQUENCE_REFUSED:
    case SEQUENCE_STALE:
        (void)snprintf(out, 96, "refused: %s (%s)", pse_rule_name((enum pse_rule)r->rule),
                       pse_rule_title((enum pse_rule)r->rule));
        return out;
    default: return "not known what became of it; send the parcel again";
    }
}

static pse_rc post_entry(struct sequence_client *c, struct pse_span entry, const char *path,
                         size_t i, bool quiet)
{
    uint8_t source =
        entry.n > 0 && entry.p[0] == PSE_ENTRY_BALLOT ? SEQUENCE_BALLOTS : SEQUENCE_ROLE;
    const char *type = entry.n > 0 ? pse_entry_type_name(entry.p[0]) : NULL;
    struct sequence_result r = {0};
    char text[96];
    pse_rc rc = sequence_put_entry(c, &r, source, entry);

    if (rc != PSE_OK)
        cli_error(name, "%s, entry %zu (%s): %s", path, i + 1, type == NULL ? "?" : type,
                  say(text, &r));
    else if (!quiet)
        printf("%s, entry %zu (%s): number %llu, %s\n", path, i + 1, type == NULL ? "?" : type,
               (unsigned long long)r.index, say(text, &r));
    return rc;
}

static pse_rc post_all(struct sequence_client *c, const struct parcel *p, const char *path,
                       bool quiet)
{
    for (size_t i = 0; i < p->blobs; i++) {
        pse_rc rc = sequence_blob(c, p->blob[i]);

        if (rc != PSE_OK) {
            cli_error(name, "%s: blob %zu was not taken (%s); is the disk or the spool full?", path,
                      i + 1, pse_rc_name(rc));
            return rc;
        }
    }
    for (size_t i = 0; i < p->entries; i++)
        PSE_TRY(post_entry(c, p->entry[i], path, i, quiet));
    return PSE_OK;
}

static pse_rc post_file(struct sequence_client *c, const char *path, bool quiet)
{
    struct pse_buf bytes = PSE_BUF(PARCEL_MAX);
    struct pse_arena arena;
    struct parcel p;
    pse_rc rc = file_read(&bytes, name, path, PARCEL_MAX);

    pse_arena_init(&arena, (size_t)8 << 20);
    if (rc == PSE_OK) {
        rc = parcel_parse(&p, &arena, pse_buf_span(&bytes));
        if (rc != PSE_OK)
            cli_error(name, "%s is no parcel", path);
    }
    if (rc == PSE_OK)
        rc = post_all(c, &p, path, quiet);
    pse_arena_free(&arena);
    pse_buf_free(&bytes);
    return rc;
}

pse_rc box_await_sequencer(const char *verb, struct sequence_client *c, const char *path)
{
    const struct timespec nap = {0, 20 * 1000 * 1000};

    for (unsigned i = 0; i < TRIES; i++) {
        if (sequence_client_is_up(c))
            return PSE_OK;
        (void)nanosleep(&nap, NULL);
    }
    cli_error(verb,
              "no sequencer answers at %s; start psephos box sequence, or mind [listen] users",
              path);
    return PSE_E_IO;
}

int box_post(int argc, char **argv)
{
    const char *socket = NULL;
    const char *path[CLI_LIST_MAX];
    bool quiet = false;
    const struct cli_option options[] = {
        CLI_TEXT("socket", "PATH", &socket, "the sequencer's socket"),
        CLI_FLAG("quiet", &quiet, "print nothing but errors"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--socket PATH PARCEL…",
        .about =
            "Send parcels to psephos box sequence on this machine and say what became of each\n"
            "entry. Sending one again does no harm.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = CLI_LIST_MAX,
        .words = path,
    };
    struct sequence_client *c = NULL;
    int status;
    pse_rc rc;

    for (size_t i = 0; i < CLI_LIST_MAX; i++)
        path[i] = NULL;
    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (!cli_want(name, socket, "socket PATH"))
        return CLI_EXIT_USAGE;
    rc = sequence_client_new(&c, socket, PENDING);
    if (rc == PSE_OK)
        rc = box_await_sequencer(name, c, socket);
    for (size_t i = 0; i < CLI_LIST_MAX && path[i] != NULL && rc == PSE_OK; i++)
        rc = post_file(c, path[i], quiet);
    sequence_client_free(c);
    return verb_exit(rc);
}
