#include "common/options.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec/text.h"
#include "codec/utf8.h"

enum { CLI_MESSAGE_MAX = 4096, CLI_NAME_MAX = 64, CLI_DECIMALS_MAX = 9 };

static void say(const char *name, const char *format, va_list args)
{
    char message[CLI_MESSAGE_MAX];
    struct pse_buf line = PSE_BUF(16 * CLI_MESSAGE_MAX);

    if (vsnprintf(message, sizeof message, format, args) < 0)
        message[0] = '\0';
    pse_utf8_put_escaped(&line, pse_span_str(message));
    fprintf(stderr, "%s: %.*s\n", name, (int)line.n, (const char *)line.p);
    pse_buf_free(&line);
}

void cli_error(const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(name, format, args);
    va_end(args);
}

bool cli_want(const char *name, const char *value, const char *option)
{
    if (value == NULL)
        cli_error(name, "--%s is missing; see %s --help", option, name);
    return value != NULL;
}

void cli_note(const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(name, format, args);
    va_end(args);
}

/* Edits (insert, delete, replace, swap of neighbours counted as two) between short words. */
static size_t distance(const char *a, const char *b)
{
    size_t row[CLI_NAME_MAX + 1];
    size_t n = strlen(b);

    if (n > CLI_NAME_MAX || strlen(a) > CLI_NAME_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = corner + (a[i - 1] == b[j - 1] ? 0 : 1);

            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

const char *cli_nearest(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t least = strlen(word) / 3 + 2; /* further away is no misspelling */

    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, names[i]);

        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best;
}

static size_t option_width(const struct cli_option *o)
{
    return strlen(o->name) + 2 + (o->value == NULL ? 0 : strlen(o->value) + 1);
}

static void print_option(const struct cli_option *o, size_t column)
{
    printf("  --%s%s%s", o->name, o->value == NULL ? "" : " ", o->value == NULL ? "" : o->value);
    printf("%*s%s\n", (int)(column - option_width(o)), "", o->help);
}

static void print_help(const struct cli_command *c)
{
    static const struct cli_option help = {.name = "help", .help = "print this and leave"};
    size_t column = 0;

    for (size_t i = 0; i < c->option_count; i++) {
        if (option_width(&c->options[i]) > column)
            column = option_width(&c->options[i]);
    }
    if (column < option_width(&help))
        column = option_width(&help);
    printf("usage: %s %s\n\n%s\n\n", c->name, c->synopsis, c->about);
    for (size_t i = 0; i < c->option_count; i++)
        print_option(&c->options[i], column + 2);
    print_option(&help, column + 2);
}

static const struct cli_option *find(const struct cli_command *c, const char *name, size_t n)
{
    for (size_t i = 0; i < c->option_count; i++) {
        if (strlen(c->options[i].name) == n && strncmp(c->options[i].name, name, n) == 0)
            return &c->options[i];
    }
    return NULL;
}

static bool wrong_value(const struct cli_command *c, const struct cli_option *o, const char *value,
                        const char *wanted)
{
    cli_error(c->name, "--%s: '%s' is not %s; see %s --help", o->name, value, wanted, c->name);
    return false;
}

static bool read_number(const struct cli_command *c, const struct cli_option *o, const char *value)
{
    char wanted[96];

    if (pse_decimal_decode(o->number, pse_span_str(value)) == PSE_OK && *o->number >= o->min &&
        *o->number <= o->max)
        return true;
    snprintf(wanted, sizeof wanted, "a whole number from %llu to %llu", (unsigned long long)o->min,
             (unsigned long long)o->max);
    return wrong_value(c, o, value, wanted);
}

static bool read_ratio(const struct cli_command *c, const struct cli_option *o, const char *value)
{
    const char *slash = strchr(value, '/');
    char wanted[96];
    struct cli_ratio r;

    if (slash != NULL &&
        pse_decimal_decode(&r.t, pse_span(value, (size_t)(slash - value))) == PSE_OK &&
        pse_decimal_decode(&r.n, pse_span_str(slash + 1)) == PSE_OK && r.t >= o->min &&
        r.t <= r.n && r.n <= o->max) {
        *o->ratio = r;
        return true;
    }
    snprintf(wanted, sizeof wanted, "T/N with %llu <= T <= N <= %llu, as in 2/3",
             (unsigned long long)o->min, (unsigned long long)o->max);
    return wrong_value(c, o, value, wanted);
}

/* Digits with an optional point, read by hand: strtod would follow the locale and take "nan". */
static bool read_part(const struct cli_command *c, const struct cli_option *o, const char *value)
{
    double x = 0;
    double scale = 1;
    size_t digits = 0;
    size_t i = 0;

    for (; value[i] >= '0' && value[i] <= '9' && digits < CLI_DECIMALS_MAX; i++, digits++)
        x = x * 10 + (value[i] - '0');
    if (digits > 0 && value[i] == '.') {
        for (i++; value[i] >= '0' && value[i] <= '9' && scale < 1e9; i++) {
            scale *= 10;
            x = x * 10 + (value[i] - '0');
        }
    }
    x /= scale;
    if (digits == 0 || value[i] != '\0' || x <= 0 || x > 1)
        return wrong_value(c, o, value, "a fraction above 0 and at most 1, as in 0.05");
    *o->part = x;
    return true;
}

static bool read_value(const struct cli_command *c, const struct cli_option *o, const char *value)
{
    if (o->text != NULL) {
        *o->text = value;
        return true;
    }
    if (o->number != NULL)
        return read_number(c, o, value);
    if (o->hash != NULL) {
        o->hash->given = pse_hex_decode(o->hash->value.b, 32, pse_span_str(value)) == PSE_OK;
        return o->hash->given ||
               wrong_value(c, o, value, "64 hexadecimal digits in lower case (32 bytes)");
    }
    if (o->ratio != NULL)
        return read_ratio(c, o, value);
    if (o->part != NULL)
        return read_part(c, o, value);
    PSE_REQUIRE(o->list != NULL);
    if (o->list->n == CLI_LIST_MAX) {
        cli_error(c->name, "--%s: given more than %d times", o->name, CLI_LIST_MAX);
        return false;
    }
    o->list->v[o->list->n++] = value;
    return true;
}

static bool unknown_option(const struct cli_command *c, const char *name, size_t n)
{
    const char *names[CLI_NAME_MAX];
    char word[CLI_NAME_MAX + 1];
    const char *near;
    size_t count = 0;

    for (; count < c->option_count && count < CLI_NAME_MAX; count++)
        names[count] = c->options[count].name;
    snprintf(word, sizeof word, "%.*s", (int)(n > CLI_NAME_MAX ? CLI_NAME_MAX : n), name);
    near = cli_nearest(word, names, count);
    if (near != NULL)
        cli_error(c->name, "unknown option --%s (did you mean --%s?); see %s --help", word, near,
                  c->name);
    else
        cli_error(c->name, "unknown option --%s; see %s --help", word, c->name);
    return false;
}

/* argv[*at] starts with two hyphens: one option, and its value if it wants one. */
static bool read_option(const struct cli_command *c, int *at, int argc, char **argv, uint64_t *seen)
{
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    size_t n = equals == NULL ? strlen(name) : (size_t)(equals - name);
    const struct cli_option *o = find(c, name, n);
    uint64_t bit;

    if (o == NULL)
        return unknown_option(c, name, n);
    bit = UINT64_C(1) << (o - c->options);
    if ((*seen & bit) != 0 && o->list == NULL) {
        cli_error(c->name, "--%s is given twice; give it once", o->name);
        return false;
    }
    *seen |= bit;
    if (o->flag != NULL) {
        if (equals != NULL) {
            cli_error(c->name, "--%s takes no value; see %s --help", o->name, c->name);
            return false;
        }
        *o->flag = true;
        return true;
    }
    if (equals != NULL)
        return read_value(c, o, equals + 1);
    if (*at + 1 >= argc) {
        cli_error(c->name, "--%s wants %s after it; see %s --help", o->name, o->value, c->name);
        return false;
    }
    do {
        if (!read_value(c, o, argv[++*at]))
            return false;
    } while (o->many && *at + 1 < argc && argv[*at + 1][0] != '-');
    return true;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return true;
    }
    return false;
}

bool cli_parse(int *status, const struct cli_command *c, int argc, char **argv)
{
    uint64_t seen = 0;
    size_t words = 0;
    bool options = true;

    PSE_REQUIRE(c->option_count <= 64);
    if (wants_help(argc, argv)) {
        print_help(c);
        *status = CLI_EXIT_OK;
        return false;
    }
    *status = CLI_EXIT_USAGE;
    for (size_t i = 0; i < c->words_max; i++)
        c->words[i] = NULL;
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            if (!read_option(c, &i, argc, argv, &seen))
                return false;
        } else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
            cli_error(c->name, "unknown option %s; options begin with two hyphens, see %s --help",
                      argv[i], c->name);
            return false;
        } else if (words == c->words_max) {
            cli_error(c->name, "unexpected word '%s'; see %s --help", argv[i], c->name);
            return false;
        } else {
            c->words[words++] = argv[i];
        }
    }
    if (words < c->words_min) {
        cli_error(c->name, "something is missing: %s %s; see %s --help", c->name, c->synopsis,
                  c->name);
        return false;
    }
    *status = CLI_EXIT_OK;
    return true;
}
