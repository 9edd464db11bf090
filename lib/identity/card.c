#include "card.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "cms_room.h"
#include "codec/codec.h"
#include "room.h"
#include "webeid.h"

struct pse_card {
    EVP_PKEY *key;       /* NULL: elsewhere */
    pse_card_away *away; /* NULL: here */
    void *ctx;
    const struct pse_certificate *certificate;
};

/* What cards with such a key do, by its two names. */
static const enum pse_jwa jwa_of[PSE_CMS_ALGORITHMS] = {[PSE_CMS_ECDSA_SHA256] = PSE_JWA_ES256,
                                                        [PSE_CMS_ECDSA_SHA384] = PSE_JWA_ES384,
                                                        [PSE_CMS_RSA_SHA256] = PSE_JWA_RS256,
                                                        [PSE_CMS_PSS_SHA256] = PSE_JWA_PS256};

/* Nobody is asked for a pass phrase. */
static int no_phrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static pse_rc read_key(EVP_PKEY **out, struct pse_span pem, const struct pse_certificate *c)
{
    BIO *bio;

    if (pem.n == 0 || pem.n > PSE_CERTIFICATE_MAX)
        return PSE_E_SYNTAX;
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio == NULL)
        return PSE_E_MEMORY;
    *out = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
    BIO_free(bio);
    if (*out == NULL)
        return PSE_E_SYNTAX;
    return X509_check_private_key(c->x, *out) == 1 ? PSE_OK : PSE_E_MISMATCH;
}

pse_rc pse_card_new(struct pse_card **out, struct pse_span pem, const struct pse_certificate *c)
{
    struct pse_card *card = calloc(1, sizeof *card);
    pse_rc rc;

    *out = NULL;
    if (card == NULL)
        return PSE_E_MEMORY;
    card->certificate = c;
    rc = read_key(&card->key, pem, c);
    ERR_clear_error();
    if (rc == PSE_OK)
        *out = card;
    else
        pse_card_free(card);
    return rc;
}

pse_rc pse_card_new_away(struct pse_card **out, const struct pse_certificate *c,
                         pse_card_away *sign, void *ctx)
{
    enum pse_cms_algorithm a = pse_cms_algorithm_for(c);

    *out = NULL;
    if (a == PSE_CMS_NONE || pse_cms_row(a)->family != PSE_CMS_BY_ECDSA)
        return PSE_E_UNSUPPORTED;
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return PSE_E_MEMORY;
    **out = (struct pse_card){.away = sign, .ctx = ctx, .certificate = c};
    return PSE_OK;
}

void pse_card_free(struct pse_card *card)
{
    if (card == NULL)
        return;
    EVP_PKEY_free(card->key);
    free(card);
}

const struct pse_certificate *pse_card_certificate(const struct pse_card *card)
{
    return card->certificate;
}

static bool set_padding(EVP_PKEY_CTX *key, enum pse_cms_algorithm a)
{
    return pse_cms_row(a)->family != PSE_CMS_BY_PSS ||
           (EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static pse_rc sign(uint8_t *value, size_t *n, const struct pse_card *card, enum pse_cms_algorithm a,
                   struct pse_span message)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = NULL;
    bool good = ctx != NULL &&
                EVP_DigestSignInit(ctx, &key, pse_cms_row(a)->hash(), NULL, card->key) == 1 &&
                set_padding(key, a) && EVP_DigestSign(ctx, value, n, message.p, message.n) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good ? PSE_OK : PSE_E_MEMORY;
}

/* Of another key than the certificate's, or by a device that errs: it would be refused at the other
 * end, where nobody can tell why. */
static pse_rc sign_away(struct pse_buf *out, const struct pse_card *card, enum pse_cms_algorithm a,
                        struct pse_span message)
{
    uint8_t digest[64];
    uint8_t sig[PSE_ECDSA_RAW_MAX];
    size_t n = 0;

    if (jwa_of[a] == PSE_JWA_NONE)
        return PSE_E_UNSUPPORTED;
    PSE_TRY(pse_cms_digest(digest, a, message));
    PSE_TRY(card->away(card->ctx, sig, &n, pse_span(digest, pse_jwa_digest_length(jwa_of[a]))));
    PSE_TRY(pse_jwa_verify(jwa_of[a], card->certificate, message, pse_span(sig, n)));
    pse_buf_put(out, sig, n);
    return out->rc;
}

pse_rc pse_card_sign(struct pse_buf *out, const struct pse_card *card, enum pse_cms_algorithm a,
                     struct pse_span message)
{
    uint8_t value[PSE_SIGNATURE_MAX];
    size_t n = sizeof value;

    if (!pse_cms_algorithm_fits(a, card->certificate))
        return PSE_E_UNSUPPORTED;
    if (card->key == NULL)
        return sign_away(out, card, a, message);
    PSE_TRY(sign(value, &n, card, a, message));
    if (pse_cms_row(a)->family == PSE_CMS_BY_ECDSA)
        return pse_ecdsa_raw_put(out, pse_span(value, n),
                                 (pse_certificate_key_bits(card->certificate) + 7) / 8);
    pse_buf_put(out, value, n);
    return out->rc;
}

static void put_base64(struct pse_json_wr *w, const char *member, struct pse_span bytes)
{
    struct pse_buf text = PSE_BUF(PSE_WEBEID_TOKEN_MAX);

    pse_base64_put(&text, bytes.p, bytes.n);
    pse_json_wr_string(w, member, pse_buf_span(&text));
    pse_buf_free(&text);
}

pse_rc pse_card_log_in(struct pse_buf *out, const struct pse_card *card, const char *origin,
                       const char *challenge)
{
    const enum pse_cms_algorithm a = pse_cms_algorithm_for(card->certificate);
    const enum pse_jwa jwa = jwa_of[a];
    struct pse_buf raw = PSE_BUF(PSE_SIGNATURE_MAX);
    struct pse_json_wr w = pse_json_wr(out, 0);
    uint8_t message[128];
    pse_rc rc;

    if (jwa == PSE_JWA_NONE)
        return PSE_E_UNSUPPORTED;
    PSE_TRY(pse_webeid_message(message, jwa, origin, pse_span_str(challenge)));
    rc = pse_card_sign(&raw, card, a, pse_span(message, 2 * pse_jwa_digest_length(jwa)));
    pse_json_wr_object(&w, NULL);
    put_base64(&w, "unverifiedCertificate", pse_certificate_der(card->certificate));
    pse_json_wr_str(&w, "algorithm", pse_jwa_name(jwa));
    put_base64(&w, "signature", pse_buf_span(&raw));
    pse_json_wr_str(&w, "format", "web-eid:1.0");
    pse_json_wr_str(&w, "appVersion", "psephos");
    pse_json_wr_end(&w);
    if (rc == PSE_OK)
        rc = pse_json_wr_finish(&w);
    pse_buf_free(&raw);
    return rc;
}

pse_rc pse_card_sign_message(struct pse_buf *out, const struct pse_card *card,
                             struct pse_span message)
{
    const struct pse_certificate *c = card->certificate;
    const enum pse_cms_algorithm a = pse_cms_algorithm_for(c);
    struct pse_buf attributes = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX);
    struct pse_buf raw = PSE_BUF(PSE_SIGNATURE_MAX);
    pse_rc rc =
        a == PSE_CMS_NONE ? PSE_E_UNSUPPORTED : pse_cms_attributes_put(&attributes, a, message, c);

    if (rc == PSE_OK)
        rc = pse_card_sign(&raw, card, a, pse_buf_span(&attributes));
    if (rc == PSE_OK)
        rc = pse_cms_put(out, a, message, c, pse_buf_span(&raw));
    pse_buf_free(&attributes);
    pse_buf_free(&raw);
    return rc;
}
