/* What a key on a token does. */
#include <string.h>
#include <unistd.h>

#include "room.h"

/* --- losing and finding the session ------------------------------------------------------------
 */

/* After a loss no two modules say the same, so whatever is not an answer about the data or about
 * the PIN counts as one; opening again asks everything anew. */
static bool is_answer(CK_RV rv)
{
    switch (rv) {
    case CKR_OK:
    case CKR_DATA_INVALID:
    case CKR_DATA_LEN_RANGE:
    case CKR_ENCRYPTED_DATA_INVALID:
    case CKR_WRAPPED_KEY_INVALID:
    case CKR_WRAPPED_KEY_LEN_RANGE:
    case CKR_MECHANISM_INVALID:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_HOST_MEMORY: return true;
    default: return false;
    }
}

static enum pse_token_fault fault_of(CK_RV rv)
{
    switch (rv) {
    case CKR_OK: return PSE_TOKEN_GOOD;
    case CKR_ENCRYPTED_DATA_INVALID:
    case CKR_WRAPPED_KEY_INVALID:
    case CKR_WRAPPED_KEY_LEN_RANGE: return PSE_TOKEN_REFUSED;
    case CKR_HOST_MEMORY: return PSE_TOKEN_NO_MEMORY;
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
    CK_RV rv;

    if (t->dead != PSE_TOKEN_GOOD)
        return t->dead;
    rv = t->session == 0 ? CKR_SESSION_HANDLE_INVALID : step(t, ctx);
    if (is_answer(rv))
        return fault_of(rv);
    fault = open_again(t);
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    return fault_of(step(t, ctx));
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

static CK_RV sign_step(struct pse_token *t, void *ctx)
{
    struct sign *s = ctx;
    CK_MECHANISM how = {t->kind == PSE_TOKEN_ED25519 ? CKM_EDDSA : CKM_ECDSA, NULL, 0};
    CK_ULONG n = PSE_TOKEN_SIG_MAX;
    CK_RV rv = t->f->C_SignInit(t->session, &how, t->key);

    if (rv == CKR_OK)
        rv = t->f->C_Sign(t->session, (CK_BYTE *)(uintptr_t)s->in.p, s->in.n, s->sig, &n);
    return rv == CKR_OK && n != s->n ? CKR_GENERAL_ERROR : rv;
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

struct wrap {
    uint8_t *key;
    const uint8_t *given;
    uint8_t *wrapped;
    const uint8_t *in;
};

static CK_RV wrap_step(struct pse_token *t, void *ctx)
{
    struct wrap *w = ctx;
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE object[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &yes, sizeof yes},
        {CKA_VALUE, (void *)(uintptr_t)w->given, PSE_TOKEN_KEY},
    };
    CK_MECHANISM how = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_ULONG n = PSE_TOKEN_WRAPPED;
    CK_OBJECT_HANDLE data;
    CK_RV rv = t->f->C_CreateObject(t->session, object, sizeof object / sizeof *object, &data);

    if (rv != CKR_OK)
        return rv;
    rv = t->f->C_WrapKey(t->session, &how, t->key, data, w->wrapped, &n);
    (void)t->f->C_DestroyObject(t->session, data);
    return rv == CKR_OK && n != PSE_TOKEN_WRAPPED ? CKR_GENERAL_ERROR : rv;
}

enum pse_token_fault pse_token_wrap(struct pse_token *t, uint8_t out[PSE_TOKEN_WRAPPED],
                                    const uint8_t key[PSE_TOKEN_KEY])
{
    struct wrap w = {.given = key, .wrapped = out};
    enum pse_token_fault fault;

    PSE_REQUIRE(t->kind == PSE_TOKEN_WRAP);
    fault = token_do(t, wrap_step, &w);
    if (fault != PSE_TOKEN_GOOD)
        memset(out, 0, PSE_TOKEN_WRAPPED);
    return fault;
}

static CK_RV unwrap_step(struct pse_token *t, void *ctx)
{
    struct wrap *w = ctx;
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE object[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},       {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &no, sizeof no},   {CKA_EXTRACTABLE, &yes, sizeof yes},
    };
    CK_ATTRIBUTE value = {CKA_VALUE, w->key, PSE_TOKEN_KEY};
    CK_MECHANISM how = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_OBJECT_HANDLE data;
    CK_RV rv = t->f->C_UnwrapKey(t->session, &how, t->key, (CK_BYTE *)(uintptr_t)w->in,
                                 PSE_TOKEN_WRAPPED, object, sizeof object / sizeof *object, &data);

    if (rv != CKR_OK)
        return rv;
    rv = t->f->C_GetAttributeValue(t->session, data, &value, 1);
    (void)t->f->C_DestroyObject(t->session, data);
    return rv == CKR_OK && value.ulValueLen != PSE_TOKEN_KEY ? CKR_WRAPPED_KEY_INVALID : rv;
}

enum pse_token_fault pse_token_unwrap(struct pse_token *t, uint8_t key[PSE_TOKEN_KEY],
                                      const uint8_t in[PSE_TOKEN_WRAPPED])
{
    struct wrap w = {.key = key, .in = in};
    enum pse_token_fault fault;

    PSE_REQUIRE(t->kind == PSE_TOKEN_WRAP);
    fault = token_do(t, unwrap_step, &w);
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
    bool is_missing;
};

static CK_RV certificate_step(struct pse_token *t, void *ctx)
{
    struct certificate *c = ctx;
    CK_ATTRIBUTE value = {CKA_VALUE, c->der, sizeof c->der};
    CK_OBJECT_HANDLE object;
    enum pse_token_fault fault = token_find(t, &object, CKO_CERTIFICATE, false);
    CK_RV rv;

    c->is_missing = fault == PSE_TOKEN_NO_OBJECT || fault == PSE_TOKEN_TWO_OBJECTS;
    if (c->is_missing)
        return CKR_OK;
    if (fault != PSE_TOKEN_GOOD)
        return CKR_GENERAL_ERROR;
    rv = t->f->C_GetAttributeValue(t->session, object, &value, 1);
    c->n = rv == CKR_OK ? value.ulValueLen : 0;
    return rv;
}

enum pse_token_fault pse_token_certificate(struct pse_token *t, struct pse_buf *out)
{
    struct certificate c = {.n = 0};
    enum pse_token_fault fault = token_do(t, certificate_step, &c);

    if (fault == PSE_TOKEN_GOOD && c.is_missing)
        return PSE_TOKEN_NO_PUBLIC;
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    pse_buf_put(out, c.der, c.n);
    return out->rc == PSE_OK ? PSE_TOKEN_GOOD : PSE_TOKEN_NO_MEMORY;
}
