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

struct keygen {
    const char *label, *card, *wrap;
};

static pse_rc make(struct session *s, enum key_role role, const struct keygen *o)
{
    char card[FILE_PATH_MAX];

    PSE_TRY(session_begin(s, s->name, s->options));
    PSE_TRY(session_want(s, s->options->key, "key FILE"));
    if (pse_token_is_uri(s->options->key) && o->wrap != NULL) {
        cli_error(s->name, "--wrap is for the file of --key; a key on a token needs none");
        return PSE_E_SYNTAX;
    }
    if (pse_token_is_uri(s->options->key))
        return make_on_token(s, role, o->label, o->card);
    PSE_TRY(session_want(s, o->label, "name TEXT"));
    if (o->card != NULL)
        (void)snprintf(card, sizeof card, "%s", o->card);
    else
        PSE_TRY(card_path(card, sizeof card, s->name, s->options->key));
    if (file_exists(card)) {
        cli_error(s->name, "%s is there already; choose another name for --key", card);
        return PSE_E_DUPLICATE;
    }
    PSE_TRY(key_make(&s->key, s->name, role, o->label, s->g, &s->rng));
    PSE_TRY(o->wrap == NULL
                ? key_write(s->key, s->name, s->options->key)
                : key_write_wrapped(s->key, s->name, s->options->key, o->wrap, &s->rng));
    PSE_TRY(card_write(s->key, s->name, card, pse_span(NULL, 0), NULL, s->g, &s->rng));
    session_say(s, "%s: private key of %s; it stays with you", s->options->key, o->label);
    session_say(s, "%s: your card", card);
    return PSE_OK;
}

int keygen_run(enum key_role role, const char *name, int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = name, .options = &o};
    struct keygen own = {.label = NULL};
    const struct cli_option options[] = {
        CLI_TEXT("name", "TEXT", &own.label, "the name that the public record shows"),
        CLI_TEXT("key", "FILE", &o.key, "the private key to make: a file, or pkcs11:… on a token"),
        CLI_TEXT("card", "FILE", &own.card, "the card to make (default: beside the key's file)"),
        CLI_TEXT("wrap", "URI", &own.wrap, "seal the file under this key on a token (pkcs11:…)"),
        SESSION_QUIET(&o),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--name TEXT --key FILE [--card FILE] [--wrap URI]",
        .about = "Make a private key (never overwritten, permission 0600) and a card to send on.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, make(&s, role, &own), "send the card to the officer");
}
