#include "psephos/eid_card.h"

#include <stdio.h>
#include <string.h>

#include "common/files.h"
#include "common/tokens.h"
#include "psephos/certificates.h"

static const char *const objects[EID_KEYS] = {"authentication", "signing"};

pse_rc eid_card_uri(char out[PSE_TOKEN_URI_MAX], const char *name, const char *uri,
                    enum eid_key key)
{
    size_t path = strcspn(uri, "?");
    int n = snprintf(out, PSE_TOKEN_URI_MAX, "%.*s%sobject=%s%s", (int)path, uri,
                     uri[path - 1] == ':' ? "" : ";", objects[key], uri + path);

    if (n > 0 && n < PSE_TOKEN_URI_MAX && strstr(uri, "object=") == NULL)
        return PSE_OK;
    cli_error(name, "a card is named by its token alone: 'pkcs11:token=NAME?pin-source=file:PATH'");
    return PSE_E_SYNTAX;
}

/* --- on a token --------------------------------------------------------------------------------
 */

static pse_rc sign_on_token(void *ctx, uint8_t sig[PSE_ECDSA_RAW_MAX], size_t *n,
                            struct pse_span digest)
{
    struct eid_half *h = ctx;

    return token_say(h->name, h->where, pse_token_sign(h->token, sig, n, digest));
}

static pse_rc read_beside(struct eid_half *h)
{
    struct pse_buf der = PSE_BUF(PSE_TOKEN_CERTIFICATE_MAX);
    pse_rc rc = token_say(h->name, h->where, pse_token_certificate(h->token, &der));

    if (rc == PSE_OK) {
        rc = pse_certificate_parse_der(&h->certificate, pse_buf_span(&der));
        if (rc != PSE_OK)
            cli_error(h->name, "%s has no certificate that can be read", h->where);
    }
    pse_buf_free(&der);
    return rc;
}

static pse_rc open_token(struct eid_half *h, const char *uri, const char *certificate)
{
    pse_rc rc;

    PSE_TRY(token_open(&h->token, h->name, uri, PSE_TOKEN_P384, NULL));
    (void)snprintf(h->where, sizeof h->where, "%s", uri);
    PSE_TRY(certificate != NULL ? certificate_read(&h->certificate, h->name, certificate)
                                : read_beside(h));
    rc = pse_card_new_away(&h->card, h->certificate, sign_on_token, h);
    if (rc == PSE_E_UNSUPPORTED)
        cli_error(h->name, "the certificate of %s is not of a key on P-384; give the right one",
                  uri);
    return rc;
}

/* --- in files ----------------------------------------------------------------------------------
 */

static pse_rc open_files(struct eid_half *h, const char *key, const char *certificate)
{
    struct pse_buf pem = PSE_BUF(0);
    pse_rc rc;

    PSE_TRY(certificate_read(&h->certificate, h->name, certificate));
    rc = file_read(&pem, h->name, key, PSE_CERTIFICATE_MAX);
    if (rc == PSE_OK) {
        rc = pse_card_new(&h->card, pse_buf_span(&pem), h->certificate);
        if (rc != PSE_OK)
            cli_error(h->name, "%s is not the private key of %s, in PEM and without a pass phrase",
                      key, certificate);
    }
    pse_buf_free(&pem);
    return rc;
}

pse_rc eid_card_of_demo(struct pse_card **card, struct pse_certificate **certificate,
                        const struct pse_demo *key)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    pse_rc rc = pse_demo_certificate(certificate, key);

    if (rc == PSE_OK)
        rc = pse_demo_put(&pem, key);
    if (rc == PSE_OK)
        rc = pse_card_new(card, pse_buf_span(&pem), *certificate);
    pse_buf_free(&pem);
    return rc;
}

/* The file of a demo card has one key after the other, each behind its certificate. */
static pse_rc take_demo(struct eid_half *h, struct pse_span pem, enum eid_key key)
{
    struct pse_demo *demo[EID_KEYS] = {NULL};
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < EID_KEYS && rc == PSE_OK; i++)
        rc = pse_demo_parse(&demo[i], &pem, pem);
    if (rc == PSE_OK)
        rc = eid_card_of_demo(&h->card, &h->certificate, demo[key]);
    for (size_t i = 0; i < EID_KEYS; i++)
        pse_demo_free(demo[i]);
    return rc;
}

static pse_rc open_demo(struct eid_half *h, const char *path, enum eid_key key)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    pse_rc rc = file_read(&pem, h->name, path, PSE_DEMO_PEM_MAX);

    if (rc == PSE_OK) {
        rc = take_demo(h, pse_buf_span(&pem), key);
        if (rc != PSE_OK)
            cli_error(h->name, "%s is no card; make one with psephos identity demo-ca card", path);
    }
    pse_buf_free(&pem);
    return rc;
}

/* --- either ------------------------------------------------------------------------------------
 */

static pse_rc open_card(struct eid_half *h, const char *where, enum eid_key key)
{
    char uri[PSE_TOKEN_URI_MAX];

    if (pse_token_is_uri(where)) {
        PSE_TRY(eid_card_uri(uri, h->name, where, key));
        PSE_TRY(open_token(h, uri, NULL));
    } else {
        PSE_TRY(open_demo(h, where, key));
    }
    if (pse_certificate_is_demo(h->certificate))
        return PSE_OK;
    cli_error(h->name,
              "%s is no card of a demo authority; --card leaves real ones alone, name the keys",
              where);
    return PSE_E_UNSUPPORTED;
}

pse_rc eid_card_open(struct eid_card *card, const char *name, const struct eid_names *names,
                     enum eid_key key)
{
    static const char *const wanted[EID_KEYS] = {"card CARD or --login-key KEY",
                                                 "card CARD or --sign-key KEY"};
    static const char *const beside[EID_KEYS] = {"login-cert FILE", "sign-cert FILE"};
    struct eid_half *h = &card->half[key];
    const char *where = names->key[key];

    h->name = name;
    if (names->card != NULL && where == NULL && names->certificate[key] == NULL)
        return open_card(h, names->card, key);
    if (names->card != NULL) {
        cli_error(name, "--card names both keys and certificates; leave out the others");
        return PSE_E_SYNTAX;
    }
    if (!cli_want(name, where, wanted[key]))
        return PSE_E_MISSING;
    if (pse_token_is_uri(where))
        return open_token(h, where, names->certificate[key]);
    if (!cli_want(name, names->certificate[key], beside[key]))
        return PSE_E_MISSING;
    return open_files(h, where, names->certificate[key]);
}

void eid_card_close(struct eid_card *card)
{
    for (size_t i = 0; i < EID_KEYS; i++) {
        pse_card_free(card->half[i].card);
        pse_token_close(card->half[i].token);
        pse_certificate_free(card->half[i].certificate);
    }
    memset(card, 0, sizeof *card);
}

pse_rc eid_card_say(const char *name, pse_rc rc)
{
    if (rc == PSE_E_SIGNATURE)
        cli_error(name, "the card's key is not that of its certificate; give the one beside it");
    if (rc == PSE_E_UNSUPPORTED)
        cli_error(name, "the card's key is none that elections take: P-256, P-384 or RSA");
    return rc;
}
