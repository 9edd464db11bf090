/* Making keys on a token, and putting certificates beside them. */
#include <string.h>
#include <unistd.h>

#include "room.h"

/* What every object that we make has; the id is the label, so that halves and certificate of one
 * key find one another. */
struct made {
    CK_BBOOL yes, no;
    CK_ATTRIBUTE label, id;
};

static struct made made(const struct pse_token *t)
{
    const CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(t->uri, CKA_LABEL);
    const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(t->uri, CKA_ID);
    struct made m = {.yes = CK_TRUE, .no = CK_FALSE};

    if (label == NULL)
        label = id;
    if (id == NULL)
        id = label;
    m.label = (CK_ATTRIBUTE){CKA_LABEL, label->pValue, label->ulValueLen};
    m.id = (CK_ATTRIBUTE){CKA_ID, id->pValue, id->ulValueLen};
    return m;
}

static CK_RV make_pair_on(struct pse_token *t, const uint8_t *params, size_t n)
{
    struct made m = made(t);
    CK_ATTRIBUTE public[] = {
        {CKA_TOKEN, &m.yes, 1},
        {CKA_VERIFY, &m.yes, 1},
        m.label,
        m.id,
        {CKA_EC_PARAMS, (void *)(uintptr_t)params, n},
    };
    CK_ATTRIBUTE private[] = {
        {CKA_TOKEN, &m.yes, 1},
        {CKA_PRIVATE, &m.yes, 1},
        {CKA_SENSITIVE, &m.yes, 1},
        {CKA_EXTRACTABLE, &m.no, 1},
        {CKA_SIGN, &m.yes, 1},
        m.label,
        m.id,
    };
    CK_MECHANISM how = {
        t->kind == PSE_TOKEN_ED25519 ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE one, other;

    return t->f->C_GenerateKeyPair(t->session, &how, public, sizeof public / sizeof *public,
                                   private, sizeof private / sizeof *private, &one, &other);
}

static CK_RV make_pair(struct pse_token *t)
{
    const struct curve *curve = token_curve(t->kind);
    CK_RV rv = make_pair_on(t, curve->oid, curve->oid_n);

    return rv == CKR_OK || curve->text == NULL ? rv : make_pair_on(t, curve->text, curve->text_n);
}

static CK_RV make_aes(struct pse_token *t)
{
    struct made m = made(t);
    CK_ULONG n = PSE_TOKEN_KEY;
    CK_ATTRIBUTE object[] = {
        {CKA_TOKEN, &m.yes, 1},
        {CKA_PRIVATE, &m.yes, 1},
        {CKA_SENSITIVE, &m.yes, 1},
        {CKA_EXTRACTABLE, &m.no, 1},
        {CKA_WRAP, &m.yes, 1},
        {CKA_UNWRAP, &m.yes, 1},
        {CKA_VALUE_LEN, &n, sizeof n},
        m.label,
        m.id,
    };
    CK_MECHANISM how = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE key;

    return t->f->C_GenerateKey(t->session, &how, object, sizeof object / sizeof *object, &key);
}

static enum pse_token_fault make(struct pse_token *t)
{
    CK_OBJECT_CLASS class = t->kind == PSE_TOKEN_WRAP ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
    enum pse_token_fault fault = token_session(t, true);
    CK_OBJECT_HANDLE found;

    if (fault != PSE_TOKEN_GOOD)
        return fault;
    fault = token_find(t, &found, class, true);
    if (fault != PSE_TOKEN_NO_OBJECT)
        return fault == PSE_TOKEN_DEVICE ? fault : PSE_TOKEN_EXISTS;
    if ((t->kind == PSE_TOKEN_WRAP ? make_aes(t) : make_pair(t)) != CKR_OK)
        return PSE_TOKEN_DEVICE;
    return token_object(t);
}

enum pse_token_fault pse_token_make(struct pse_token **out, const struct pse_token_ask *ask)
{
    struct pse_token *t;
    enum pse_token_fault fault = token_begin(&t, ask);

    *out = NULL;
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    fault = make(t);
    if (fault == PSE_TOKEN_GOOD)
        *out = t;
    else
        pse_token_close(t);
    return fault;
}

/* --- certificates ------------------------------------------------------------------------------
 */

struct put {
    struct pse_span der, subject;
};

/* The handle of a card is opened to read; one session more may write, on the same login. */
static CK_RV put_step(struct pse_token *t, void *ctx)
{
    const struct put *p = ctx;
    struct made m = made(t);
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_ATTRIBUTE object[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_CERTIFICATE_TYPE, &type, sizeof type},
        {CKA_TOKEN, &m.yes, 1},
        {CKA_PRIVATE, &m.no, 1},
        m.label,
        {CKA_ID, t->id, t->id_n},
        {CKA_SUBJECT, (void *)(uintptr_t)p->subject.p, p->subject.n},
        {CKA_VALUE, (void *)(uintptr_t)p->der.p, p->der.n},
    };
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE made_object;
    CK_RV rv =
        t->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);

    if (rv != CKR_OK)
        return rv;
    rv = t->f->C_CreateObject(session, object, sizeof object / sizeof *object, &made_object);
    (void)t->f->C_CloseSession(session);
    return rv;
}

static CK_RV look_step(struct pse_token *t, void *ctx)
{
    bool *is_there = ctx;
    CK_OBJECT_HANDLE object;
    enum pse_token_fault fault = token_find(t, &object, CKO_CERTIFICATE, false);

    *is_there = fault != PSE_TOKEN_NO_OBJECT;
    return fault == PSE_TOKEN_DEVICE ? CKR_GENERAL_ERROR : CKR_OK;
}

enum pse_token_fault pse_token_put_certificate(struct pse_token *t, struct pse_span der,
                                               struct pse_span subject)
{
    struct put p = {der, subject};
    bool is_there = false;
    enum pse_token_fault fault = token_do(t, look_step, &is_there);

    if (fault != PSE_TOKEN_GOOD)
        return fault;
    return is_there ? PSE_TOKEN_EXISTS : token_do(t, put_step, &p);
}
