#include "psephos/keygen.h"

#include <stdio.h>
#include <string.h>

#include "common/files.h"
#include "psephos/session.h"
#include "token/token.h"

/* The pair is made on the token; its label is the name. */
static pse_rc make_on_token(struct session *s, enum key_role role, const char *label,
                            const char *card)
{
    PSE_TRY(session_want(s, card, "card FILE"));
    if (file_exists(card)) {
        cli_error(s->name, "%s is there already; choose another name for --card", card);
        return PSE_E_DUPLICATE;
    }
    PSE_TRY(key_on_token(&s->key, s->name, s->options->key, role, NULL, true));
    if (label != NULL && strcmp(label, s->key->label) != 0)
        cli_note(s->name, "the public record will show the object's label, %s, not --name",
                 s->key->label);
    PSE_TRY(card_write(s->key, s->name, card, pse_span(NULL, 0), NULL, s->g, &s->rng));
    session_say(s, "%s: the private key of %s is on the token", s->options->key, s->key->label);
    session_say(s, "%s: your card", card);
    return PSE_OK;
}

static pse_rc make(struct session *s, enum key_role role, const char *label, const char *card_at)
{
    char card[FILE_PATH_MAX];

    PSE_TRY(session_begin(s, s->name, s->options));
    PSE_TRY(session_want(s, s->options->key, "key FILE"));
    if (pse_token_is_uri(s->options->key))
        return make_on_token(s, role, label, card_at);
    PSE_TRY(session_want(s, label, "name TEXT"));
    if (card_at != NULL)
        (void)snprintf(card, sizeof card, "%s", card_at);
    else
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
    const char *card = NULL;
    const struct cli_option options[] = {
        CLI_TEXT("name", "TEXT", &label, "the name that the public record shows"),
        CLI_TEXT("key", "FILE", &o.key, "the private key to make: a file, or pkcs11:… on a token"),
        CLI_TEXT("card", "FILE", &card, "the card to make (default: beside the key's file)"),
        SESSION_QUIET(&o),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--name TEXT --key FILE [--card FILE]",
        .about = "Make a private key (never overwritten, permission 0600) and a card to send on.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, make(&s, role, label, card), "send the card to the officer");
}
