#include "psephos/verbs.h"

#include <stdio.h>
#include <string.h>

#include "common/options.h"

enum { VERBS_MAX = 16 };

static void print_help(const char *command, const char *about, const struct verb *verb,
                       size_t verbs)
{
    printf("usage: psephos %s VERB [OPTIONS]\n\n%s\n\n", command, about);
    for (size_t i = 0; i < verbs; i++)
        printf("  %-10s %s\n", verb[i].name, verb[i].about);
    printf("\nHelp of one verb: psephos %s VERB --help. The manual: man psephos-%s.\n", command,
           command);
}

static int unknown(const char *command, const struct verb *verb, size_t verbs, const char *word)
{
    const char *names[VERBS_MAX];
    const char *near;
    char full[64];

    PSE_REQUIRE(verbs <= VERBS_MAX);
    (void)snprintf(full, sizeof full, "psephos %s", command);
    for (size_t i = 0; i < verbs; i++)
        names[i] = verb[i].name;
    near = cli_nearest(word, names, verbs);
    if (near != NULL)
        cli_error(full, "unknown verb '%s' (did you mean %s?); see %s --help", word, near, full);
    else
        cli_error(full, "unknown verb '%s'; see %s --help", word, full);
    return CLI_EXIT_USAGE;
}

int verbs_run(const char *command, const char *about, const struct verb *verb, size_t verbs,
              int argc, char **argv)
{
    if (argc < 2) {
        cli_error("psephos", "%s wants a verb; see psephos %s --help", command, command);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(command, about, verb, verbs);
        return CLI_EXIT_OK;
    }
    for (size_t i = 0; i < verbs; i++) {
        if (strcmp(argv[1], verb[i].name) == 0)
            return verb[i].run(argc - 1, argv + 1);
    }
    return unknown(command, verb, verbs, argv[1]);
}

int verb_exit(pse_rc rc)
{
    switch (rc) {
    case PSE_OK: return CLI_EXIT_OK;
    case PSE_E_SYNTAX:
    case PSE_E_LENGTH:
    case PSE_E_LIMIT:
    case PSE_E_MISSING:
    case PSE_E_IO: return CLI_EXIT_USAGE;
    case PSE_E_UNKNOWN: return CLI_EXIT_UNFINISHED;
    default: return CLI_EXIT_FAILED;
    }
}
