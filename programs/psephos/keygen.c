#include "psephos/keygen.h"

#include "common/files.h"
#include "psephos/session.h"

static pse_rc make(struct session *s, enum key_role role, const char *label)
{
    char card[FILE_PATH_MAX];

    PSE_TRY(session_begin(s, s->name, s->options));
    PSE_TRY(session_want(s, label, "name TEXT"));
    PSE_TRY(session_want(s, s->options->key, "key FILE"));
    PSE_TRY(card_path(card, sizeof card, s->name, s->options->key));
    if (file_exists(card)) {
        cli_error(s->name, "%s is there already; choose another name for --key", card);
        return PSE_E_DUPLICATE;
    }
    PSE_TRY(key_make(&s->key, s->name, role, label, s->g, &s->rng));
    PSE_TRY(key_write(s->key, s->name, s->options->key));
    PSE_TRY(card_write(s->key, s->name, card, pse_span(NULL, 0), NULL, s->g, &s->rng));
    session_say(s, "%s: private key of %s; it stays with you", s->options->key, label);
    session_say(s, "%s: your card", card);
    return PSE_OK;
}

int keygen_run(enum key_role role, const char *name, int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = name, .options = &o};
    const char *label = NULL;
    const struct cli_option options[] = {
        CLI_TEXT("name", "TEXT", &label, "the name that the public record shows"),
        CLI_TEXT("key", "FILE", &o.key, "the private key to make; the card is put beside it"),
        SESSION_QUIET(&o),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--name TEXT --key FILE",
        .about = "Make a private key (never overwritten, permission 0600) and a card to send on.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, make(&s, role, label), "send the card to the officer");
}
