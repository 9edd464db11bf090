/* psephos box level: the level of brown-out, shown or set, at the sequencer of this machine. */
#include <stdio.h>

#include "common/brownout.h"
#include "common/sequence_client.h"
#include "psephos/box.h"
#include "psephos/verbs.h"

static const char name[] = "psephos box level";

/* A sequencer that has just started has nothing to say for a moment. */
static pse_rc ask(struct sequence_status *status, struct sequence_client *c)
{
    pse_rc rc = sequence_status(c, status);

    if (rc != PSE_OK)
        cli_error(name, "the sequencer does not answer (%s); try again", pse_rc_name(rc));
    return rc;
}

static pse_rc set(struct sequence_client *c, uint8_t level)
{
    pse_rc rc = sequence_set_level(c, level);

    if (rc != PSE_OK)
        cli_error(name, "the level was not set (%s); try again", pse_rc_name(rc));
    return rc;
}

static bool read_level(int *level, const char *word)
{
    *level = -1;
    if (word == NULL)
        return true;
    if (word[0] >= '0' && word[0] < '0' + BROWNOUT_LEVELS && word[1] == '\0')
        *level = word[0] - '0';
    else
        cli_error(name, "'%s' is no level; say 0 to %d", word, BROWNOUT_LEVELS - 1);
    return *level >= 0;
}

int box_level(int argc, char **argv)
{
    const char *socket = NULL;
    const char *word[1] = {NULL};
    const struct cli_option options[] = {
        CLI_TEXT("socket", "PATH", &socket, "the sequencer's socket"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--socket PATH [LEVEL]",
        .about =
            "Show the level of brown-out that is set, or set it. It rises at once, and falls when\n"
            "its last change is thirty seconds old.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_max = 1,
        .words = word,
    };
    struct sequence_client *c = NULL;
    struct sequence_status status = {0};
    int level;
    int exit_status;
    pse_rc rc;

    if (!cli_parse(&exit_status, &command, argc, argv))
        return exit_status;
    if (!read_level(&level, word[0]))
        return CLI_EXIT_USAGE;
    if (!cli_want(name, socket, "socket PATH"))
        return CLI_EXIT_USAGE;
    rc = sequence_client_new(&c, socket, 1);
    if (rc == PSE_OK)
        rc = box_await_sequencer(name, c, socket);
    if (rc == PSE_OK && level >= 0)
        rc = set(c, (uint8_t)level);
    if (rc == PSE_OK)
        rc = ask(&status, c);
    if (rc == PSE_OK)
        printf("%u\n", status.level);
    sequence_client_free(c);
    return verb_exit(rc);
}
