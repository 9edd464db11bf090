/* psephos credential: a voter's key, drawn here or typed from a letter. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/files.h"
#include "common/letter.h"
#include "psephos/credential.h"
#include "psephos/verbs.h"

/* The election: from a verified record, or as given. */
static pse_rc find_election(pse_hash *eid, struct session *s, const struct session_options *o)
{
    if (o->record != NULL) {
        PSE_TRY(session_start(s, s->name, o));
        *eid = *pse_engine_eid(s->load.e);
        return PSE_OK;
    }
    PSE_TRY(session_begin(s, s->name, o));
    *eid = o->eid.value;
    return session_want(s, o->eid.given ? "" : NULL, "record DIR or --eid HEX");
}

static pse_rc write_files(struct session *s, const pse_hash *eid)
{
    char voter[PSE_VOTER_CODE_TEXT];
    char card[FILE_PATH_MAX];

    PSE_TRY(card_path(card, sizeof card, s->name, s->options->key));
    if (file_exists(card)) {
        cli_error(s->name, "%s is there already; choose another name for --key", card);
        return PSE_E_DUPLICATE;
    }
    PSE_TRY(key_write(s->key, s->name, s->options->key));
    PSE_TRY(card_write(s->key, s->name, card, pse_span(NULL, 0), eid, s->g, &s->rng));
    pse_code_encode(voter, s->key->secret_public.b, PSE_VOTER_CODE_BYTES);
    session_say(s, "%s: your credential; it stays with you", s->options->key);
    session_say(s, "%s: your card", card);
    session_say(s, "Your voter code: %s", voter);
    return PSE_OK;
}

static pse_rc make_new(struct session *s, const struct session_options *o)
{
    pse_hash eid;
    char label[65];

    PSE_TRY(session_want(s, o->key, "key FILE"));
    PSE_TRY(find_election(&eid, s, o));
    pse_hex_encode(label, eid.b, sizeof eid.b);
    PSE_TRY(key_make(&s->key, s->name, KEY_VOTER, label, s->g, &s->rng));
    return write_files(s, &eid);
}

static int credential_new(int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = "psephos credential new", .options = &o};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o),
        SESSION_EID(&o),
        CLI_TEXT("key", "FILE", &o.key, "the private key to make; the card is put beside it"),
        SESSION_QUIET(&o),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "(--record DIR | --eid HEX) --key FILE",
        .about = "Draw a credential on your own device. The card proves that you hold it.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, make_new(&s, &o), "send the card to the registrar");
}

/* --- letters ------------------------------------------------------------------------------------
 */

static pse_rc read_code(letter_secret *secret, const struct session *s, const char *code)
{
    switch (letter_decode(secret, code)) {
    case PSE_OK: return PSE_OK;
    case PSE_E_MISMATCH:
        cli_error(s->name, "there is a typing mistake in --code; compare each group of four");
        return PSE_E_SYNTAX;
    default:
        cli_error(s->name, "--code wants the 28 characters of your letter in seven groups of four");
        return PSE_E_SYNTAX;
    }
}

static pse_rc make_from_letter(struct session *s, const struct session_options *o, const char *code)
{
    PSE_SECRET(letter_secret, secret);
    PSE_SECRET(pse_secret, d);
    struct pse_credential_view view;
    pse_hash eid;

    PSE_TRY(session_want(s, o->key, "key FILE"));
    PSE_TRY(session_want(s, code, "code TEXT"));
    PSE_TRY(read_code(&secret, s, code));
    PSE_TRY(find_election(&eid, s, o));
    letter_credential(&d, &eid, &secret);
    PSE_TRY(key_make_voter(&s->key, s->name, &eid, s->g, &d));
    if (s->has_record &&
        pse_engine_credential(s->load.e, &view, &s->key->secret_public) != PSE_OK) {
        cli_error(s->name,
                  "no voter of this election has the credential of this letter; check that "
                  "record and letter belong together");
        return PSE_E_MISMATCH;
    }
    return write_files(s, &eid);
}

static int credential_letter(int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = "psephos credential letter", .options = &o};
    const char *code = NULL;
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o),
        SESSION_EID(&o),
        CLI_TEXT("code", "TEXT", &code, "the code of your letter"),
        CLI_TEXT("key", "FILE", &o.key, "the private key to make"),
        SESSION_QUIET(&o),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "(--record DIR | --eid HEX) --code TEXT --key FILE",
        .about = "Turn the code of a voting letter into your private key.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, make_from_letter(&s, &o, code),
                       "compare the voter code with your letter, then vote with psephos vote");
}

int cmd_credential(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"new", "draw a credential on this device", credential_new},
        {"enrol", "register it with an eID", credential_enrol},
        {"letter", "take a credential from a letter", credential_letter},
        {"letters", "for an authority: a secret and a letter for each voter", credential_letters},
    };

    return verbs_run("credential", "A voter's private key.", verb, CLI_COUNT(verb), argc, argv);
}
