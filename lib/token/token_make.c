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

/* What was made, to be taken back when it turns out to be of no use. */
struct halves {
    CK_OBJECT_HANDLE key, public; /* 0: none */
};

static CK_RV make_pair_on(struct pse_token *t, struct halves *h, const uint8_t *params, size_t n)
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
        {CKA_ALWAYS_AUTHENTICATE, &m.yes, 1},
    };
    /* Not every module knows the last one, so it is said only where it is wanted. */
    CK_ULONG private_n = sizeof private / sizeof *private - (t->asks_each_time ? 0 : 1);
    CK_MECHANISM how = {
        t->kind == PSE_TOKEN_ED25519 ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};

    return t->f->C_GenerateKeyPair(t->session, &how, public, sizeof public / sizeof *public,
                                   private, private_n, &h->public, &h->key);
}

static CK_RV make_pair(struct pse_token *t, struct halves *h)
{
    const struct curve *curve = token_curve(t->kind);
    CK_RV rv = make_pair_on(t, h, curve->oid, curve->oid_n);

    return rv == CKR_OK || curve->text == NULL ? rv
                                               : make_pair_on(t, h, curve->text, curve->text_n);
}

static CK_RV make_aes(struct pse_token *t, struct halves *h)
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

    return t->f->C_GenerateKey(t->session, &how, object, sizeof object / sizeof *object, &h->key);
}

/* Of a search: that there is nothing is good. */
static enum pse_token_fault vacant(enum pse_token_fault found)
{
    return found == PSE_TOKEN_NO_OBJECT ? PSE_TOKEN_GOOD
           : found == PSE_TOKEN_DEVICE  ? found
                                        : PSE_TOKEN_EXISTS;
}

/* By its name, or a public half or certificate that would be taken for the new key's. */
static enum pse_token_fault judge_place(struct pse_token *t)
{
    static const CK_OBJECT_CLASS by_id[] = {CKO_PUBLIC_KEY, CKO_CERTIFICATE};
    const struct made m = made(t);
    CK_OBJECT_HANDLE found;
    enum pse_token_fault fault = token_find(t, &found, token_class(t), true);

    if (m.id.ulValueLen > ID_MAX)
        return PSE_TOKEN_URI;
    memcpy(t->id, m.id.pValue, m.id.ulValueLen);
    t->id_n = m.id.ulValueLen;
    for (size_t i = 0; t->kind != PSE_TOKEN_WRAP && fault == PSE_TOKEN_NO_OBJECT && i < 2; i++)
        fault = token_find(t, &found, by_id[i], false);
    return vacant(fault);
}

static enum pse_token_fault make(struct pse_token *t)
{
    struct halves h = {0, 0};
    enum pse_token_fault fault = token_session(t, true);

    if (fault == PSE_TOKEN_GOOD)
        fault = judge_place(t);
    if (fault == PSE_TOKEN_GOOD)
        fault = token_meaning(t->kind == PSE_TOKEN_WRAP ? make_aes(t, &h) : make_pair(t, &h));
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    fault = token_object(t);
    if (fault != PSE_TOKEN_GOOD && h.public != 0)
        (void)t->f->C_DestroyObject(t->session, h.public);
    if (fault != PSE_TOKEN_GOOD)
        (void)t->f->C_DestroyObject(t->session, h.key);
    return fault;
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
static enum pse_token_fault put_step(struct pse_token *t, void *ctx)
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
        return token_meaning(rv);
    rv = t->f->C_CreateObject(session, object, sizeof object / sizeof *object, &made_object);
    (void)t->f->C_CloseSession(session);
    return token_meaning(rv);
}

static enum pse_token_fault look_step(struct pse_token *t, void *ctx)
{
    CK_OBJECT_HANDLE object;

    (void)ctx;
    return vacant(token_find(t, &object, CKO_CERTIFICATE, false));
}

enum pse_token_fault pse_token_put_certificate(struct pse_token *t, struct pse_span der,
                                               struct pse_span subject)
{
    struct put p = {der, subject};
    enum pse_token_fault fault = token_do(t, look_step, NULL);

    return fault == PSE_TOKEN_GOOD ? token_do(t, put_step, &p) : fault;
}
