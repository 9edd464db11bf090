/* Options of a command: one typed table a command, from which both parsing and --help are made.
 *
 *     const char *blt = NULL;
 *     uint64_t seats = 0;
 *     bool json = false;
 *     const struct cli_option options[] = {
 *         CLI_TEXT("blt", "FILE", &blt, "ballots in BLT form"),
 *         CLI_NUMBER("seats", "N", &seats, 1, 1000, "how many are to be elected"),
 *         CLI_FLAG("json", &json, "print one JSON object"),
 *     };
 *     const struct cli_command command = {
 *         .name = "psephos count", .synopsis = "--rule NAME --blt FILE", .about = "…",
 *         .options = options, .option_count = CLI_COUNT(options),
 *     };
 *     int status;
 *
 *     if (!cli_parse(&status, &command, argc, argv))
 *         return status;
 *
 * What is not given leaves its variable as it was, so defaults stand where the variable is made.
 * `--help` is always there. `--name value` and `--name=value` mean the same; `--` ends options;
 * an option other than a list may be given once. Not for: short options, abbreviations. */
#ifndef PSE_PROGRAMS_OPTIONS_H
#define PSE_PROGRAMS_OPTIONS_H

#include "base/base.h"

/** Exit statuses that all programs share (psephos-verify has more). */
enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,     /* the work was refused or failed */
    CLI_EXIT_USAGE = 2,      /* wrong command line, or input that cannot be read */
    CLI_EXIT_UNFINISHED = 3, /* begun, and to be gone on with by the same command later */
};

/** 32 bytes given in hexadecimal, and whether they were. */
struct cli_hash {
    pse_hash value;
    bool given;
};

/** T/N of `--trustees T/N`. */
struct cli_ratio {
    uint64_t t;
    uint64_t n;
};

enum { CLI_LIST_MAX = 256 };

/** An option that may be repeated: the values in their order, borrowed from argv. */
struct cli_list {
    const char *v[CLI_LIST_MAX];
    size_t n;
};

/** One option. Exactly one of the result pointers is set; use the macros below. */
struct cli_option {
    const char *name;  /* without the hyphens */
    const char *value; /* what --help calls the value; NULL for a flag */
    const char *help;  /* one line */
    bool *flag;
    const char **text;
    uint64_t *number;
    uint64_t min; /* of number, and of both halves of a ratio */
    uint64_t max;
    struct cli_hash *hash;
    struct cli_ratio *ratio;
    double *part; /* a decimal fraction, above 0 and at most 1 */
    struct cli_list *list;
    bool many; /* a list whose option takes all words up to the next option */
};

#define CLI_FLAG(name_, at, help_)                     \
    {                                                  \
        .name = (name_), .help = (help_), .flag = (at) \
    }
#define CLI_TEXT(name_, value_, at, help_)                                \
    {                                                                     \
        .name = (name_), .value = (value_), .help = (help_), .text = (at) \
    }
#define CLI_NUMBER(name_, value_, at, min_, max_, help_)                                    \
    {                                                                                       \
        .name = (name_), .value = (value_), .help = (help_), .number = (at), .min = (min_), \
        .max = (max_)                                                                       \
    }
#define CLI_HASH(name_, value_, at, help_)                                \
    {                                                                     \
        .name = (name_), .value = (value_), .help = (help_), .hash = (at) \
    }
#define CLI_RATIO(name_, value_, at, max_, help_)                                     \
    {                                                                                 \
        .name = (name_), .value = (value_), .help = (help_), .ratio = (at), .min = 1, \
        .max = (max_)                                                                 \
    }
#define CLI_PART(name_, value_, at, help_)                                \
    {                                                                     \
        .name = (name_), .value = (value_), .help = (help_), .part = (at) \
    }
#define CLI_LIST(name_, value_, at, help_)                                \
    {                                                                     \
        .name = (name_), .value = (value_), .help = (help_), .list = (at) \
    }
/* `--ca A B --ca C`; not for commands with words of their own. */
#define CLI_MANY(name_, value_, at, help_)                                              \
    {                                                                                   \
        .name = (name_), .value = (value_), .help = (help_), .list = (at), .many = true \
    }
#define CLI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct cli_command {
    const char *name;     /* as typed: "psephos count" */
    const char *synopsis; /* what follows the name in a usage line */
    const char *about;    /* a few lines, at most 80 columns wide */
    const struct cli_option *options;
    size_t option_count;
    size_t words_min; /* words that are no options: at least and at most so many */
    size_t words_max;
    const char **words; /* room for words_max, filled from argv; NULL where none was given */
};

/** Parse @p argv (argv[0] is skipped). True: go on. False: leave with *status, after --help was
 * printed or one line on standard error told what is wrong. Aborts when the table is faulty. */
bool cli_parse(int *status, const struct cli_command *command, int argc, char **argv);

/** Was an option that is needed given? If not, one line says which: @p option as in "key FILE". */
PSE_MUST bool cli_want(const char *name, const char *value, const char *option);

/** One line on standard error: "NAME: MESSAGE". Control characters in the message are escaped. */
__attribute__((format(printf, 2, 3))) void cli_error(const char *name, const char *format, ...);

/** The same for a warning or a note; goes to standard error as well. */
__attribute__((format(printf, 2, 3))) void cli_note(const char *name, const char *format, ...);

/** The entry of @p names (count of them) nearest to @p word, NULL when none is near. For "did you
 * mean". */
const char *cli_nearest(const char *word, const char *const *names, size_t count);

#endif
