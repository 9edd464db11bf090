/* Cards of the demo authority, in files and on tokens. */
#include <stdio.h>
#include <string.h>

#include "common/tokens.h"
#include "psephos/demo_ca.h"

static const char *const leaves[] = {"authentication", "signing"};

pse_rc demo_card_uri(char out[PSE_TOKEN_URI_MAX], const char *name, const char *uri,
                     enum demo_card_key key)
{
    size_t path = strcspn(uri, "?");
    int n = snprintf(out, PSE_TOKEN_URI_MAX, "%.*s%sobject=%s%s", (int)path, uri,
                     uri[path - 1] == ':' ? "" : ";", leaves[key], uri + path);

    if (n > 0 && n < PSE_TOKEN_URI_MAX && strstr(uri, "object=") == NULL)
        return PSE_OK;
    cli_error(name, "a card is named by its token alone: 'pkcs11:token=NAME?pin-source=file:PATH'");
    return PSE_E_SYNTAX;
}

static pse_rc open_file(struct demo_card *card, const char *name, const char *path)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    pse_rc rc = file_read(&pem, name, path, PSE_DEMO_PEM_MAX);
    struct pse_span rest = pse_buf_span(&pem);

    if (rc != PSE_OK) {
        pse_buf_free(&pem);
        return rc;
    }
    for (size_t i = 0; i < 2 && rc == PSE_OK; i++) {
        rc = pse_demo_parse(&card->file[i], &rest, rest);
        if (rc == PSE_OK)
            rc = pse_demo_certificate(&card->certificate[i], card->file[i]);
    }
    pse_buf_free(&pem);
    if (rc != PSE_OK)
        cli_error(name, "%s is no card; make one with psephos identity demo-ca card", path);
    return rc;
}

static pse_rc open_token(struct demo_card *card, const char *name, const char *where,
                         enum demo_card_key key)
{
    struct pse_buf der = PSE_BUF(PSE_TOKEN_CERTIFICATE_MAX);
    char uri[PSE_TOKEN_URI_MAX];
    pse_rc rc;

    PSE_TRY(demo_card_uri(uri, name, where, key));
    PSE_TRY(token_open(&card->token[key], name, uri, PSE_TOKEN_P384, NULL));
    rc = token_say(name, uri, pse_token_certificate(card->token[key], &der));
    if (rc == PSE_OK) {
        rc = pse_certificate_parse_der(&card->certificate[key], pse_buf_span(&der));
        if (rc != PSE_OK)
            cli_error(name, "%s has no certificate that can be read", uri);
    }
    pse_buf_free(&der);
    return rc;
}

pse_rc demo_card_open(struct demo_card *card, const char *name, const char *where,
                      enum demo_card_key key)
{
    pse_rc rc =
        pse_token_is_uri(where) ? open_token(card, name, where, key) : open_file(card, name, where);

    if (rc == PSE_OK && !pse_certificate_is_demo(card->certificate[key])) {
        cli_error(name, "%s is no card of a demo authority; this command leaves real ones alone",
                  where);
        rc = PSE_E_UNSUPPORTED;
    }
    return rc;
}

void demo_card_close(struct demo_card *card)
{
    for (size_t i = 0; i < 2; i++) {
        pse_demo_free(card->file[i]);
        pse_token_close(card->token[i]);
        pse_certificate_free(card->certificate[i]);
    }
    *card = (struct demo_card){.file = {NULL}};
}

pse_rc demo_card_sign(uint8_t sig[PSE_DEMO_RAW], struct demo_card *card, const char *name,
                      enum demo_card_key key, const uint8_t digest[48])
{
    size_t n;

    if (card->token[key] == NULL)
        return pse_demo_sign(sig, card->file[key], digest);
    return token_say(name, leaves[key],
                     pse_token_sign(card->token[key], sig, &n, pse_span(digest, 48)));
}
