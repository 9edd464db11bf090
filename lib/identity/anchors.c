#include "anchors.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "room.h"

pse_rc pse_anchors_new(struct pse_anchors **out)
{
    struct pse_anchors *a = calloc(1, sizeof *a);

    *out = NULL;
    if (a == NULL)
        return PSE_E_MEMORY;
    a->certificates = sk_X509_new_null();
    if (a->certificates == NULL) {
        free(a);
        return PSE_E_MEMORY;
    }
    *out = a;
    return PSE_OK;
}

void pse_anchors_free(struct pse_anchors *a)
{
    if (a == NULL)
        return;
    sk_X509_pop_free(a->certificates, X509_free);
    free(a);
}

size_t pse_anchors_count(const struct pse_anchors *a)
{
    return (size_t)sk_X509_num(a->certificates);
}

/* Keys in the same file are passed over; nobody is to be asked for their pass phrase. */
static int no_phrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static pse_rc add(struct pse_anchors *a, X509 *x)
{
    if (pse_anchors_count(a) < PSE_ANCHORS_MAX && sk_X509_push(a->certificates, x) != 0)
        return PSE_OK;
    X509_free(x);
    return pse_anchors_count(a) == PSE_ANCHORS_MAX ? PSE_E_LIMIT : PSE_E_MEMORY;
}

static pse_rc add_pem(struct pse_anchors *a, BIO *bio)
{
    size_t before = pse_anchors_count(a);
    X509 *x = X509_new_ex(pse_library(), NULL);

    while (x != NULL && PEM_read_bio_X509(bio, &x, no_phrase, NULL) != NULL) {
        PSE_TRY(add(a, x));
        x = X509_new_ex(pse_library(), NULL);
    }
    X509_free(x);
    /* The one good way to end: nothing that looks like another certificate. */
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return PSE_E_SYNTAX;
    return pse_anchors_count(a) > before ? PSE_OK : PSE_E_SYNTAX;
}

static pse_rc add_all(struct pse_anchors *a, struct pse_span in)
{
    const uint8_t *at = in.p;
    X509 *x = X509_new_ex(pse_library(), NULL);
    BIO *bio;
    pse_rc rc;

    if (x == NULL)
        return PSE_E_MEMORY;
    if (in.n > 0 && d2i_X509(&x, &at, (long)in.n) != NULL && at == in.p + in.n)
        return add(a, x);
    X509_free(x);
    bio = BIO_new_mem_buf(in.n == 0 ? (const void *)"" : in.p, (int)in.n);
    if (bio == NULL)
        return PSE_E_MEMORY;
    ERR_clear_error();
    rc = add_pem(a, bio);
    BIO_free(bio);
    return rc;
}

pse_rc pse_anchors_add(struct pse_anchors *a, struct pse_span in)
{
    pse_rc rc;

    if (in.n > PSE_ANCHORS_TEXT_MAX)
        return PSE_E_LIMIT;
    rc = add_all(a, in);
    ERR_clear_error();
    return rc;
}
