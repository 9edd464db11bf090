/* psephos identity card: what a demo card does, for tests and rehearsals without a browser. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "psephos/demo_ca.h"
#include "psephos/eid_card.h"
#include "psephos/enrolling.h"
#include "psephos/identity.h"

enum { MESSAGE_MAX = 1 << 20, RESULT_MAX = 65536 };

struct card_options {
    struct eid_names names;
    const char *origin, *nonce, *message, *out, *use;
};

#define OUT(at) CLI_TEXT("out", "FILE", (at), "the file to make (default: standard output)")

static pse_rc put_out(const char *name, const char *path, struct pse_span in)
{
    if (path != NULL)
        return file_write(name, path, in, FILE_NEW);
    return fwrite(in.p, 1, in.n, stdout) == in.n && fflush(stdout) == 0 ? PSE_OK : PSE_E_IO;
}

/* --- token -------------------------------------------------------------------------------------
 */

static pse_rc make_token(struct eid_card *card, const char *name, const struct card_options *o)
{
    struct pse_buf out = PSE_BUF(RESULT_MAX);
    pse_rc rc;

    PSE_TRY(identity_want(name, o->names.card, "card CARD"));
    PSE_TRY(identity_want(name, o->origin, "origin URL"));
    PSE_TRY(identity_want(name, o->nonce, "nonce TEXT"));
    PSE_TRY(enrolling_origin(name, o->origin));
    PSE_TRY(eid_card_open(card, name, &o->names, EID_LOGIN));
    rc = eid_card_say(name, pse_card_log_in(&out, card->half[EID_LOGIN].card, o->origin, o->nonce));
    if (rc == PSE_OK)
        rc = put_out(name, o->out, pse_buf_span(&out));
    pse_buf_free(&out);
    return rc;
}

static int card_token(int argc, char **argv)
{
    struct card_options o = {.origin = NULL};
    struct eid_card card = {.half = {{.name = NULL}}};
    const struct cli_option options[] = {
        EID_CARD(&o.names),
        CLI_TEXT("origin", "URL", &o.origin, "the site's origin, https://host[:port]"),
        CLI_TEXT("nonce", "TEXT", &o.nonce, "the challenge, as the text that was given out"),
        OUT(&o.out),
    };
    const struct cli_command command = {
        .name = "psephos identity card token",
        .synopsis = "--card CARD --origin URL --nonce TEXT [--out FILE]",
        .about = "Log in with a demo card: make the Web eID token that a browser would send.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = make_token(&card, command.name, &o);
    eid_card_close(&card);
    return verb_exit(rc);
}

/* --- sign --------------------------------------------------------------------------------------
 */

static pse_rc make_signature(struct eid_card *card, const char *name, const struct card_options *o)
{
    struct pse_buf message = PSE_BUF(MESSAGE_MAX);
    struct pse_buf out = PSE_BUF(PSE_CMS_MAX);
    pse_rc rc;

    PSE_TRY(identity_want(name, o->names.card, "card CARD"));
    PSE_TRY(identity_want(name, o->message, "message FILE"));
    PSE_TRY(identity_want(name, o->out, "out FILE"));
    rc = file_read(&message, name, o->message, MESSAGE_MAX);
    if (rc == PSE_OK)
        rc = eid_card_open(card, name, &o->names, EID_SIGNING);
    if (rc == PSE_OK)
        rc = eid_card_say(name, pse_card_sign_message(&out, card->half[EID_SIGNING].card,
                                                      pse_buf_span(&message)));
    if (rc == PSE_OK)
        rc = put_out(name, o->out, pse_buf_span(&out));
    pse_buf_free(&message);
    pse_buf_free(&out);
    return rc;
}

static int card_sign(int argc, char **argv)
{
    struct card_options o = {.origin = NULL};
    struct eid_card card = {.half = {{.name = NULL}}};
    const struct cli_option options[] = {
        EID_CARD(&o.names),
        CLI_TEXT("message", "FILE", &o.message, "what is signed, byte for byte"),
        CLI_TEXT("out", "FILE", &o.out, "the CMS container to make, DER"),
    };
    const struct cli_command command = {
        .name = "psephos identity card sign",
        .synopsis = "--card CARD --message FILE --out FILE",
        .about =
            "Sign a message with a demo card, as CMS (CAdES-B, detached). The hash is computed\n"
            "here; a card never signs one that somebody gives it.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = make_signature(&card, command.name, &o);
    eid_card_close(&card);
    return verb_exit(rc);
}

/* --- certificate -------------------------------------------------------------------------------
 */

static pse_rc show_certificate(struct eid_card *card, const char *name,
                               const struct card_options *o)
{
    enum eid_key key = EID_LOGIN;

    PSE_TRY(identity_want(name, o->names.card, "card CARD"));
    if (o->use != NULL && strcmp(o->use, "signing") == 0) {
        key = EID_SIGNING;
    } else if (o->use != NULL && strcmp(o->use, "authentication") != 0) {
        cli_error(name, "--use wants authentication or signing, not '%s'", o->use);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(eid_card_open(card, name, &o->names, key));
    return put_out(name, o->out, pse_certificate_der(card->half[key].certificate));
}

static int card_certificate(int argc, char **argv)
{
    struct card_options o = {.origin = NULL};
    struct eid_card card = {.half = {{.name = NULL}}};
    const struct cli_option options[] = {
        EID_CARD(&o.names),
        CLI_TEXT("use", "USE", &o.use, "authentication (default) or signing"),
        OUT(&o.out),
    };
    const struct cli_command command = {
        .name = "psephos identity card certificate",
        .synopsis = "--card CARD [--use USE] [--out FILE]",
        .about = "Take a certificate from a demo card, as DER.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = show_certificate(&card, command.name, &o);
    eid_card_close(&card);
    return verb_exit(rc);
}

int identity_card(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"token", "log in: make a Web eID token", card_token},
        {"sign", "sign a message: make a CMS container", card_sign},
        {"certificate", "take a certificate from the card", card_certificate},
    };

    return verbs_run("identity card", "Demo cards, used by hand.", verb, CLI_COUNT(verb), argc,
                     argv);
}
