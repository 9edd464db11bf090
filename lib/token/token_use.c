/* What a key on a token does. */
#include <string.h>
#include <unistd.h>

#include "room.h"

/* --- losing and finding the session ------------------------------------------------------------
 */

/* After a loss no two modules say the same, so whatever is not an answer about the data or about
 * the key may be one; opening again asks everything anew. */
enum pse_token_fault token_meaning(CK_RV rv)
{
    switch (rv) {
    case CKR_OK: return PSE_TOKEN_GOOD;
    case CKR_ENCRYPTED_DATA_INVALID:
    case CKR_WRAPPED_KEY_INVALID:
    case CKR_WRAPPED_KEY_LEN_RANGE: return PSE_TOKEN_REFUSED;
    case CKR_DATA_INVALID:
    case CKR_DATA_LEN_RANGE:
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_KEY_FUNCTION_NOT_PERMITTED: return PSE_TOKEN_UNABLE;
    case CKR_HOST_MEMORY: return PSE_TOKEN_NO_MEMORY;
    case CKR_DEVICE_ERROR:
    case CKR_DEVICE_MEMORY:
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_SESSION_CLOSED:
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_USER_NOT_LOGGED_IN: return PSE_TOKEN_LOST;
    default: return PSE_TOKEN_DEVICE;
    }
}

static void end_session(struct pse_token *t)
{
    if (t->session != 0)
        (void)t->f->C_CloseSession(t->session);
    t->session = 0;
}

static enum pse_token_fault open_again(struct pse_token *t)
{
    enum pse_token_fault fault;

    end_session(t);
    fault = token_session(t, false);
    if (fault == PSE_TOKEN_GOOD)
        fault = token_object(t);
    if (fault != PSE_TOKEN_GOOD)
        end_session(t); /* or the next call would use an object that was refused */
    /* A PIN that has become wrong, or a key that has become another, is no mere loss. */
    return fault == PSE_TOKEN_NO_TOKEN || fault == PSE_TOKEN_DEVICE ? PSE_TOKEN_LOST : fault;
}

static enum pse_token_fault do_locked(struct pse_token *t, token_step *step, void *ctx)
{
    enum pse_token_fault fault;

    if (t->dead != PSE_TOKEN_GOOD)
        return t->dead;
    fault = t->session == 0 ? PSE_TOKEN_LOST : step(t, ctx);
    if (fault != PSE_TOKEN_LOST && fault != PSE_TOKEN_DEVICE)
        return fault;
    fault = open_again(t);
    return fault == PSE_TOKEN_GOOD ? step(t, ctx) : fault;
}

enum pse_token_fault token_do(struct pse_token *t, token_step *step, void *ctx)
{
    enum pse_token_fault fault;

    if (t->owner != getpid())
        return PSE_TOKEN_FORKED;
    PSE_REQUIRE(pthread_mutex_lock(&t->lock) == 0);
    fault = do_locked(t, step, ctx);
    PSE_REQUIRE(pthread_mutex_unlock(&t->lock) == 0);
    return fault;
}

/* --- signing -----------------------------------------------------------------------------------
 */

struct sign {
    struct pse_span in;
    uint8_t *sig;
    size_t n;
};

static enum pse_token_fault sign_step(struct pse_token *t, void *ctx)
{
    struct sign *s = ctx;
    CK_MECHANISM how = {t->kind == PSE_TOKEN_ED25519 ? CKM_EDDSA : CKM_ECDSA, NULL, 0};
    CK_ULONG n = PSE_TOKEN_SIG_MAX;
    enum pse_token_fault fault = token_meaning(t->f->C_SignInit(t->session, &how, t->key));

    if (fault != PSE_TOKEN_GOOD)
        return fault;
    fault = t->asks_each_time ? token_approve(t) : PSE_TOKEN_GOOD;
    if (fault != PSE_TOKEN_GOOD) {
        end_session(t); /* and with it what was begun */
        return fault;
    }
    fault =
        token_meaning(t->f->C_Sign(t->session, (CK_BYTE *)(uintptr_t)s->in.p, s->in.n, s->sig, &n));
    return fault == PSE_TOKEN_GOOD && n != s->n ? PSE_TOKEN_DEVICE : fault;
}

enum pse_token_fault pse_token_sign(struct pse_token *t, uint8_t sig[PSE_TOKEN_SIG_MAX], size_t *n,
                                    struct pse_span in)
{
    struct sign s = {in, sig, t->kind == PSE_TOKEN_P384 ? 96 : 64};
    enum pse_token_fault fault;

    PSE_REQUIRE(t->kind != PSE_TOKEN_WRAP);
    PSE_REQUIRE(t->kind == PSE_TOKEN_ED25519 || (in.n >= 32 && in.n <= 64));
    fault = token_do(t, sign_step, &s);
    *n = fault == PSE_TOKEN_GOOD ? s.n : 0;
    if (fault != PSE_TOKEN_GOOD)
        memset(sig, 0, PSE_TOKEN_SIG_MAX);
    return fault;
}

/* --- wrapping ----------------------------------------------------------------------------------
 * A data key goes in and comes out as an object of the session alone, extractable, since it is to
 * be used here; only the wrapping key stays inside. */

struct data_key {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    CK_BBOOL yes, no;
    CK_ATTRIBUTE has[7];
};

enum { DATA_VALUE = 6, DATA_ALL }; /* the value comes last: not of a key to be unwrapped */

static void describe(struct data_key *d, const uint8_t *value)
{
    const CK_ATTRIBUTE has[DATA_ALL] = {
        {CKA_CLASS, &d->class, sizeof d->class},
        {CKA_KEY_TYPE, &d->type, sizeof d->type},
        {CKA_TOKEN, &d->no, 1},
        {CKA_PRIVATE, &d->yes, 1},
        {CKA_SENSITIVE, &d->no, 1},
        {CKA_EXTRACTABLE, &d->yes, 1},
        [DATA_VALUE] = {CKA_VALUE, (void *)(uintptr_t)value, PSE_TOKEN_KEY},
    };

    d->class = CKO_SECRET_KEY;
    d->type = CKK_GENERIC_SECRET;
    d->yes = CK_TRUE;
    d->no = CK_FALSE;
    memcpy(d->has, has, sizeof has);
}

struct wrap {
    const uint8_t *in;
    uint8_t *out;
    struct data_key data;
    CK_MECHANISM how;
};

static enum pse_token_fault wrap_step(struct pse_token *t, void *ctx)
{
    struct wrap *w = ctx;
    CK_ULONG n = PSE_TOKEN_WRAPPED;
    CK_OBJECT_HANDLE data;
    CK_RV rv = t->f->C_CreateObject(t->session, w->data.has, DATA_ALL, &data);

    if (rv != CKR_OK)
        return token_meaning(rv);
    rv = t->f->C_WrapKey(t->session, &w->how, t->key, data, w->out, &n);
    (void)t->f->C_DestroyObject(t->session, data);
    return rv == CKR_OK && n != PSE_TOKEN_WRAPPED ? PSE_TOKEN_DEVICE : token_meaning(rv);
}

static enum pse_token_fault unwrap_step(struct pse_token *t, void *ctx)
{
    struct wrap *w = ctx;
    CK_ATTRIBUTE value = {CKA_VALUE, w->out, PSE_TOKEN_KEY};
    CK_OBJECT_HANDLE data;
    CK_RV rv = t->f->C_UnwrapKey(t->session, &w->how, t->key, (CK_BYTE *)(uintptr_t)w->in,
                                 PSE_TOKEN_WRAPPED, w->data.has, DATA_VALUE, &data);

    if (rv != CKR_OK)
        return token_meaning(rv);
    rv = t->f->C_GetAttributeValue(t->session, data, &value, 1);
    (void)t->f->C_DestroyObject(t->session, data);
    return rv == CKR_OK && value.ulValueLen != PSE_TOKEN_KEY ? PSE_TOKEN_REFUSED
                                                             : token_meaning(rv);
}

static enum pse_token_fault do_wrapping(struct pse_token *t, token_step *step, uint8_t *out,
                                        const uint8_t *in)
{
    struct wrap w = {.in = in, .out = out, .how = {CKM_AES_KEY_WRAP, NULL, 0}};

    PSE_REQUIRE(t->kind == PSE_TOKEN_WRAP);
    describe(&w.data, in);
    return token_do(t, step, &w);
}

enum pse_token_fault pse_token_wrap(struct pse_token *t, uint8_t out[PSE_TOKEN_WRAPPED],
                                    const uint8_t key[PSE_TOKEN_KEY])
{
    enum pse_token_fault fault = do_wrapping(t, wrap_step, out, key);

    if (fault != PSE_TOKEN_GOOD)
        memset(out, 0, PSE_TOKEN_WRAPPED);
    return fault;
}

enum pse_token_fault pse_token_unwrap(struct pse_token *t, uint8_t key[PSE_TOKEN_KEY],
                                      const uint8_t in[PSE_TOKEN_WRAPPED])
{
    enum pse_token_fault fault = do_wrapping(t, unwrap_step, key, in);

    /* Modules have no common word for it; the second try was in a session just found good. */
    if (fault == PSE_TOKEN_DEVICE)
        fault = PSE_TOKEN_REFUSED;
    if (fault != PSE_TOKEN_GOOD)
        pse_wipe(key, PSE_TOKEN_KEY);
    return fault;
}

/* --- the certificate beside it -----------------------------------------------------------------
 */

struct certificate {
    uint8_t der[PSE_TOKEN_CERTIFICATE_MAX];
    size_t n;
};

static enum pse_token_fault certificate_step(struct pse_token *t, void *ctx)
{
    struct certificate *c = ctx;
    CK_ATTRIBUTE value = {CKA_VALUE, c->der, sizeof c->der};
    CK_OBJECT_HANDLE object;
    enum pse_token_fault fault = token_find(t, &object, CKO_CERTIFICATE, false);

    if (fault == PSE_TOKEN_NO_OBJECT || fault == PSE_TOKEN_TWO_OBJECTS)
        return PSE_TOKEN_NO_PUBLIC;
    if (fault == PSE_TOKEN_GOOD)
        fault = token_meaning(t->f->C_GetAttributeValue(t->session, object, &value, 1));
    c->n = fault == PSE_TOKEN_GOOD ? value.ulValueLen : 0;
    return fault;
}

enum pse_token_fault pse_token_certificate(struct pse_token *t, struct pse_buf *out)
{
    struct certificate c = {.n = 0};
    enum pse_token_fault fault = token_do(t, certificate_step, &c);

    if (fault != PSE_TOKEN_GOOD)
        return fault;
    pse_buf_put(out, c.der, c.n);
    return out->rc == PSE_OK ? PSE_TOKEN_GOOD : PSE_TOKEN_NO_MEMORY;
}
