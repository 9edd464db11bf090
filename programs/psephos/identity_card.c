/* psephos identity card: what a demo card does, for tests and rehearsals without a browser. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "psephos/demo_ca.h"
#include "psephos/identity.h"

enum { MESSAGE_MAX = 1 << 20, RESULT_MAX = 65536 };

struct card_options {
    const char *card, *origin, *nonce, *message, *out, *use;
};

#define CARD(at) CLI_TEXT("card", "CARD", (at), "the card: a file, or pkcs11:token=… on a token")
#define OUT(at)  CLI_TEXT("out", "FILE", (at), "the file to make (default: standard output)")

static pse_rc put_out(const char *name, const char *path, struct pse_span in)
{
    if (path != NULL)
        return file_write(name, path, in, FILE_NEW);
    return fwrite(in.p, 1, in.n, stdout) == in.n && fflush(stdout) == 0 ? PSE_OK : PSE_E_IO;
}

/* --- token -------------------------------------------------------------------------------------
 */

static void put_base64(struct pse_json_wr *w, const char *member, struct pse_span bytes)
{
    struct pse_buf text = PSE_BUF(RESULT_MAX);

    pse_base64_put(&text, bytes.p, bytes.n);
    pse_wr_u8(&text, 0);
    pse_json_wr_str(w, member, text.rc == PSE_OK ? (const char *)text.p : "");
    pse_buf_free(&text);
}

static pse_rc put_token(struct pse_buf *out, const struct demo_card *card,
                        const uint8_t sig[PSE_DEMO_RAW])
{
    struct pse_json_wr w = pse_json_wr(out, 0);

    pse_json_wr_object(&w, NULL);
    put_base64(&w, "unverifiedCertificate",
               pse_certificate_der(card->certificate[DEMO_CARD_AUTHENTICATION]));
    pse_json_wr_str(&w, "algorithm", pse_jwa_name(PSE_JWA_ES384));
    put_base64(&w, "signature", pse_span(sig, PSE_DEMO_RAW));
    pse_json_wr_str(&w, "format", "web-eid:1.0");
    pse_json_wr_str(&w, "appVersion", "psephos DEMO card");
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

static pse_rc make_token(struct demo_card *card, const char *name, const struct card_options *o)
{
    struct pse_buf out = PSE_BUF(RESULT_MAX);
    uint8_t message[128], digest[64], sig[PSE_TOKEN_SIG_MAX];
    pse_rc rc;

    PSE_TRY(identity_want(name, o->card, "card CARD"));
    PSE_TRY(identity_want(name, o->origin, "origin URL"));
    PSE_TRY(identity_want(name, o->nonce, "nonce TEXT"));
    if (!pse_webeid_origin_is_valid(o->origin)) {
        cli_error(name, "--origin %s is no origin; write https://host or https://host:port",
                  o->origin);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(demo_card_open(card, name, o->card, DEMO_CARD_AUTHENTICATION));
    PSE_TRY(pse_webeid_message(message, PSE_JWA_ES384, o->origin, pse_span_str(o->nonce)));
    PSE_TRY(pse_jwa_digest(digest, PSE_JWA_ES384, pse_span(message, 96)));
    PSE_TRY(demo_card_sign(sig, card, name, DEMO_CARD_AUTHENTICATION, digest));
    rc = put_token(&out, card, sig);
    if (rc == PSE_OK)
        rc = put_out(name, o->out, pse_buf_span(&out));
    pse_buf_free(&out);
    return rc;
}

static int card_token(int argc, char **argv)
{
    struct card_options o = {.card = NULL};
    struct demo_card card = {.file = {NULL}};
    const struct cli_option options[] = {
        CARD(&o.card),
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
    demo_card_close(&card);
    return verb_exit(rc);
}

/* --- sign --------------------------------------------------------------------------------------
 */

static pse_rc sign_message(struct pse_buf *out, struct demo_card *card, const char *name,
                           struct pse_span message)
{
    const enum pse_cms_algorithm a = PSE_CMS_ECDSA_SHA384;
    const struct pse_certificate *c = card->certificate[DEMO_CARD_SIGNING];
    struct pse_buf attributes = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX);
    uint8_t digest[64], sig[PSE_TOKEN_SIG_MAX];
    pse_rc rc = pse_cms_attributes_put(&attributes, a, message, c);

    if (rc == PSE_OK)
        rc = pse_cms_digest(digest, a, pse_buf_span(&attributes));
    if (rc == PSE_OK)
        rc = demo_card_sign(sig, card, name, DEMO_CARD_SIGNING, digest);
    if (rc == PSE_OK)
        rc = pse_cms_put(out, a, message, c, pse_span(sig, PSE_DEMO_RAW));
    pse_buf_free(&attributes);
    return rc;
}

static pse_rc make_signature(struct demo_card *card, const char *name, const struct card_options *o)
{
    struct pse_buf message = PSE_BUF(MESSAGE_MAX);
    struct pse_buf out = PSE_BUF(PSE_CMS_MAX);
    pse_rc rc;

    PSE_TRY(identity_want(name, o->card, "card CARD"));
    PSE_TRY(identity_want(name, o->message, "message FILE"));
    PSE_TRY(identity_want(name, o->out, "out FILE"));
    rc = file_read(&message, name, o->message, MESSAGE_MAX);
    if (rc == PSE_OK)
        rc = demo_card_open(card, name, o->card, DEMO_CARD_SIGNING);
    if (rc == PSE_OK)
        rc = sign_message(&out, card, name, pse_buf_span(&message));
    if (rc == PSE_OK)
        rc = put_out(name, o->out, pse_buf_span(&out));
    pse_buf_free(&message);
    pse_buf_free(&out);
    return rc;
}

static int card_sign(int argc, char **argv)
{
    struct card_options o = {.card = NULL};
    struct demo_card card = {.file = {NULL}};
    const struct cli_option options[] = {
        CARD(&o.card),
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
    demo_card_close(&card);
    return verb_exit(rc);
}

/* --- certificate -------------------------------------------------------------------------------
 */

static pse_rc show_certificate(struct demo_card *card, const char *name,
                               const struct card_options *o)
{
    enum demo_card_key key = DEMO_CARD_AUTHENTICATION;

    PSE_TRY(identity_want(name, o->card, "card CARD"));
    if (o->use != NULL && strcmp(o->use, "signing") == 0) {
        key = DEMO_CARD_SIGNING;
    } else if (o->use != NULL && strcmp(o->use, "authentication") != 0) {
        cli_error(name, "--use wants authentication or signing, not '%s'", o->use);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(demo_card_open(card, name, o->card, key));
    return put_out(name, o->out, pse_certificate_der(card->certificate[key]));
}

static int card_certificate(int argc, char **argv)
{
    struct card_options o = {.card = NULL};
    struct demo_card card = {.file = {NULL}};
    const struct cli_option options[] = {
        CARD(&o.card),
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
    demo_card_close(&card);
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
