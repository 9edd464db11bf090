/* psephos: one program, a subcommand a role. This file only finds the subcommand. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/options.h"

struct command {
    const char *name;
    const char *about;
    int (*run)(int argc, char **argv);
};

#define COMMAND_ROW(name, about) {#name, about, cmd_##name},
static const struct command commands[] = {PSEPHOS_COMMANDS(COMMAND_ROW)};

static void print_help(void)
{
    printf("usage: psephos COMMAND [OPTIONS]\n\n"
           "Elections that anyone can verify. Commands:\n\n");
    for (size_t i = 0; i < CLI_COUNT(commands); i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].about);
    printf("  %-10s %s\n", "help", "print this, or the help of one command");
    printf("\nHelp of one command: psephos COMMAND --help. Its manual: man psephos-COMMAND.\n"
           "Records are checked by a program of its own: psephos-verify.\n");
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < CLI_COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[CLI_COUNT(commands)];
    const char *near;

    for (size_t i = 0; i < CLI_COUNT(commands); i++)
        names[i] = commands[i].name;
    near = cli_nearest(name, names, CLI_COUNT(commands));
    if (near != NULL)
        cli_error("psephos", "unknown command '%s' (did you mean %s?); see psephos help", name,
                  near);
    else
        cli_error("psephos", "unknown command '%s'; see psephos help", name);
    return CLI_EXIT_USAGE;
}

static int help_of(const char *name)
{
    const struct command *c = find(name);
    char self[64];
    char option[] = "--help";
    char *argv[] = {self, option, NULL};

    if (c == NULL)
        return unknown(name);
    snprintf(self, sizeof self, "%s", name);
    return c->run(2, argv);
}

int main(int argc, char **argv)
{
    const struct command *c;

    if (sodium_init() < 0) {
        cli_error("psephos", "libsodium does not start; reinstall libsodium23");
        return CLI_EXIT_FAILED;
    }
    if (argc < 2) {
        cli_error("psephos", "no command given; see psephos help");
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("psephos " PSEPHOS_VERSION " (protocol psephos/1)");
        return CLI_EXIT_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        if (argc > 2)
            return help_of(argv[2]);
        print_help();
        return CLI_EXIT_OK;
    }
    c = find(argv[1]);
    return c == NULL ? unknown(argv[1]) : c->run(argc - 1, argv + 1);
}
