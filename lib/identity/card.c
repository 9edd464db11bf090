#include "card.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "cms_room.h"
#include "room.h"

struct pse_card {
    EVP_PKEY *key;
    const struct pse_certificate *certificate;
};

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

pse_rc pse_card_sign(struct pse_buf *out, const struct pse_card *card, enum pse_cms_algorithm a,
                     struct pse_span message)
{
    uint8_t value[PSE_SIGNATURE_MAX];
    size_t n = sizeof value;

    if (!pse_cms_algorithm_fits(a, card->certificate))
        return PSE_E_UNSUPPORTED;
    PSE_TRY(sign(value, &n, card, a, message));
    if (pse_cms_row(a)->family == PSE_CMS_BY_ECDSA)
        return pse_ecdsa_raw_put(out, pse_span(value, n),
                                 (pse_certificate_key_bits(card->certificate) + 7) / 8);
    pse_buf_put(out, value, n);
    return out->rc;
}
