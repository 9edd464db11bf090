/* Keys on tokens, with SoftHSM: what is made and used, and everything that is refused. */
#define _GNU_SOURCE
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <sys/wait.h>

#include "merkle/ed25519.h"
#include "token_device.h"

/* SoftHSM loses the names of Edwards curves in libcrypto; nothing of the room under test is made
 * there. Asked for by sanitizers only. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libcrypto\n";
}

static struct device device;

static enum pse_token_fault open_as(struct pse_token **t, const char *rest,
                                    enum pse_token_kind kind, const char *pin)
{
    const struct pse_token_ask ask = {
        .uri = device_uri(&device, rest), .pin = pse_span_str(pin), .kind = kind};

    return pse_token_open(t, &ask);
}

static struct pse_token *make(const char *rest, enum pse_token_kind kind)
{
    const struct pse_token_ask ask = {
        .uri = device_uri(&device, rest), .pin = pse_span_str(DEVICE_PIN), .kind = kind};
    struct pse_token *t;

    assert_int_equal(pse_token_make(&t, &ask), PSE_TOKEN_GOOD);
    assert_non_null(t);
    return t;
}

static void refused(const char *rest, enum pse_token_kind kind, enum pse_token_fault wanted)
{
    struct pse_token *t;

    assert_string_equal(pse_token_fault_name(open_as(&t, rest, kind, DEVICE_PIN)),
                        pse_token_fault_name(wanted));
    assert_null(t);
}

static bool signs(struct pse_token *t)
{
    uint8_t sig[PSE_TOKEN_SIG_MAX];
    pse_edkey key;
    size_t n;

    assert_int_equal(pse_token_public(t).n, 32);
    memcpy(key.b, pse_token_public(t).p, 32);
    return pse_token_sign(t, sig, &n, pse_span_str("a checkpoint")) == PSE_TOKEN_GOOD && n == 64 &&
           pse_ed25519_verify(&key, pse_span_str("a checkpoint"), sig) == PSE_OK;
}

/* --- what works --------------------------------------------------------------------------------
 */

static void ed25519(void **state)
{
    struct pse_token *t = make("object=log", PSE_TOKEN_ED25519);

    (void)state;
    assert_string_equal(pse_token_label(t), "log");
    assert_true(signs(t));
    pse_token_close(t);
    assert_int_equal(open_as(&t, "object=log", PSE_TOKEN_ED25519, DEVICE_PIN), PSE_TOKEN_GOOD);
    assert_true(signs(t));
    pse_token_close(t);
    assert_int_equal(open_as(&t, "object=log;type=private", PSE_TOKEN_ED25519, DEVICE_PIN),
                     PSE_TOKEN_GOOD);
    pse_token_close(t);
}

static bool ecdsa_is_good(struct pse_span point, const char *curve, const uint8_t *digest, size_t n,
                          const uint8_t *sig, size_t half)
{
    char name[16];
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.p, point.n),
        OSSL_PARAM_END};
    EVP_PKEY_CTX *make_key = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *verify;
    uint8_t *der = NULL;
    bool good;
    int der_n;

    (void)snprintf(name, sizeof name, "%s", curve);
    params[0].data_size = strlen(name);
    assert_int_equal(EVP_PKEY_fromdata_init(make_key), 1);
    assert_int_equal(EVP_PKEY_fromdata(make_key, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    assert_int_equal(ECDSA_SIG_set0(pair, BN_bin2bn(sig, (int)half, NULL),
                                    BN_bin2bn(sig + half, (int)half, NULL)),
                     1);
    der_n = i2d_ECDSA_SIG(pair, &der);
    verify = EVP_PKEY_CTX_new(key, NULL);
    assert_int_equal(EVP_PKEY_verify_init(verify), 1);
    good = EVP_PKEY_verify(verify, der, (size_t)der_n, digest, n) == 1;
    EVP_PKEY_CTX_free(verify);
    EVP_PKEY_CTX_free(make_key);
    EVP_PKEY_free(key);
    ECDSA_SIG_free(pair);
    OPENSSL_free(der);
    return good;
}

static void ecdsa(void **state)
{
    static const struct {
        enum pse_token_kind kind;
        const char *rest, *curve;
        size_t half;
    } c[] = {{PSE_TOKEN_P256, "object=card-256", "P-256", 32},
             {PSE_TOKEN_P384, "object=card-384", "P-384", 48}};
    uint8_t digest[48];

    (void)state;
    randombytes_buf(digest, sizeof digest);
    for (size_t i = 0; i < 2; i++) {
        struct pse_token *t = make(c[i].rest, c[i].kind);
        uint8_t sig[PSE_TOKEN_SIG_MAX];
        size_t n;

        assert_int_equal(pse_token_public(t).n, 1 + 2 * c[i].half);
        assert_int_equal(pse_token_sign(t, sig, &n, pse_span(digest, c[i].half)), PSE_TOKEN_GOOD);
        assert_int_equal(n, 2 * c[i].half);
        assert_true(
            ecdsa_is_good(pse_token_public(t), c[i].curve, digest, c[i].half, sig, c[i].half));
        digest[0] ^= 1;
        assert_false(
            ecdsa_is_good(pse_token_public(t), c[i].curve, digest, c[i].half, sig, c[i].half));
        pse_token_close(t);
        refused(c[i].rest, c[1 - i].kind, PSE_TOKEN_KIND); /* the other curve */
        refused(c[i].rest, PSE_TOKEN_ED25519, PSE_TOKEN_KIND);
    }
}

static void wrapping(void **state)
{
    struct pse_token *t = make("object=rows", PSE_TOKEN_WRAP);
    struct pse_token *other = make("object=other-rows", PSE_TOKEN_WRAP);
    uint8_t key[32], back[32], wrapped[PSE_TOKEN_WRAPPED];
    static const uint8_t zero[32];

    (void)state;
    randombytes_buf(key, sizeof key);
    assert_int_equal(pse_token_wrap(t, wrapped, key), PSE_TOKEN_GOOD);
    assert_int_equal(pse_token_unwrap(t, back, wrapped), PSE_TOKEN_GOOD);
    assert_memory_equal(key, back, 32);
    assert_int_equal(pse_token_unwrap(other, back, wrapped), PSE_TOKEN_REFUSED);
    assert_memory_equal(zero, back, 32);
    for (size_t i = 0; i < sizeof wrapped; i += 13) {
        wrapped[i] ^= 1;
        assert_int_equal(pse_token_unwrap(t, back, wrapped), PSE_TOKEN_REFUSED);
        wrapped[i] ^= 1;
    }
    assert_int_equal(pse_token_unwrap(t, back, wrapped), PSE_TOKEN_GOOD);
    pse_token_close(t);
    pse_token_close(other);
    refused("object=rows", PSE_TOKEN_ED25519, PSE_TOKEN_NO_OBJECT);
}

static void certificates(void **state)
{
    struct pse_token *t = make("object=authentication", PSE_TOKEN_P384);
    struct pse_buf out = PSE_BUF(PSE_TOKEN_CERTIFICATE_MAX);
    const struct pse_span der = pse_span_str("\x30\x03\x02\x01\x07");
    const struct pse_span subject = pse_span("\x30\x00", 2);

    (void)state;
    assert_int_equal(pse_token_certificate(t, &out), PSE_TOKEN_NO_PUBLIC);
    assert_int_equal(pse_token_put_certificate(t, der, subject), PSE_TOKEN_GOOD);
    assert_int_equal(pse_token_certificate(t, &out), PSE_TOKEN_GOOD);
    assert_int_equal(out.n, der.n);
    assert_memory_equal(out.p, der.p, der.n);
    assert_int_equal(pse_token_put_certificate(t, der, subject), PSE_TOKEN_EXISTS);
    pse_buf_free(&out);
    pse_token_close(t);
}

/* --- what is refused ---------------------------------------------------------------------------
 */

static void uris(void **state)
{
    static const struct {
        const char *uri;
        enum pse_token_fault fault;
    } c[] = {
        {"pkcs11:token=a;object=b", PSE_TOKEN_GOOD},
        {"pkcs11:id=%01%02", PSE_TOKEN_GOOD},
        {"pkcs11:object=b?pin-source=file:/run/pin", PSE_TOKEN_GOOD},
        {"pkcs11:token=a", PSE_TOKEN_UNNAMED},
        {"pkcs11:", PSE_TOKEN_UNNAMED},
        {"pkcs11:object=b?pin-value=1234", PSE_TOKEN_PIN_IN_URI},
        {"pkcs11:object=b;object=c", PSE_TOKEN_URI},
        {"pkcs11:object=b;colour=red", PSE_TOKEN_URI},
        {"pkcs11:object=b?module-name=garden", PSE_TOKEN_URI},
        {"pkcs11:object=b;id=%0", PSE_TOKEN_URI},
        {"pkcs11:object=%zz", PSE_TOKEN_URI},
        {"pkcs11:object", PSE_TOKEN_URI},
        {"pkcs11:object=b;type=potato", PSE_TOKEN_URI},
        {"pkcs12:object=b", PSE_TOKEN_URI},
        {"", PSE_TOKEN_URI},
    };
    char source[PSE_TOKEN_URI_MAX];
    char longest[PSE_TOKEN_URI_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        enum pse_token_fault fault = pse_token_uri_check(source, c[i].uri);

        if (fault != c[i].fault)
            fail_msg("%s: %s", c[i].uri, pse_token_fault_name(fault));
        assert_string_equal(source, i == 2 ? "file:/run/pin" : "");
    }
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "pkcs11:object=", 14);
    longest[PSE_TOKEN_URI_MAX] = '\0';
    assert_int_equal(pse_token_uri_check(source, longest), PSE_TOKEN_URI);
}

/* An Ed25519 pair with chosen attributes, made past the room. */
static void make_wrong(const char *label, bool sensitive, bool extractable, bool may_sign,
                       bool with_public)
{
    static const uint8_t oid[] = {0x06, 3, 0x2b, 0x65, 0x70};
    CK_BBOOL yes = CK_TRUE, hides = sensitive, goes = extractable, use = may_sign;
    CK_ATTRIBUTE name = {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)};
    CK_ATTRIBUTE id = {CKA_ID, (void *)(uintptr_t)label, strlen(label)};
    CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, 1},
                             {CKA_VERIFY, &yes, 1},
                             {CKA_EC_PARAMS, (void *)(uintptr_t)oid, sizeof oid},
                             name,
                             id};
    CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, 1},
                              {CKA_PRIVATE, &yes, 1},
                              {CKA_SENSITIVE, &hides, 1},
                              {CKA_EXTRACTABLE, &goes, 1},
                              {CKA_SIGN, &use, 1},
                              name,
                              id};
    CK_MECHANISM how = {CKM_EC_EDWARDS_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE one, other;

    device_enter(&device);
    assert_int_equal(
        device.f->C_GenerateKeyPair(device.session, &how, public, 5, private, 7, &one, &other),
        CKR_OK);
    if (!with_public)
        assert_int_equal(device.f->C_DestroyObject(device.session, one), CKR_OK);
    device_leave(&device);
}

static void objects(void **state)
{
    (void)state;
    make_wrong("proper", true, false, true, true);
    make_wrong("extractable", true, true, true, true);
    make_wrong("readable", false, false, true, true);
    make_wrong("idle", true, false, false, true);
    make_wrong("half", true, false, true, false);
    make_wrong("twin", true, false, true, true);
    make_wrong("twin", true, false, true, true);
    {
        struct pse_token *t;

        assert_int_equal(open_as(&t, "object=proper", PSE_TOKEN_ED25519, DEVICE_PIN),
                         PSE_TOKEN_GOOD);
        assert_true(signs(t));
        pse_token_close(t);
    }
    refused("object=extractable", PSE_TOKEN_ED25519, PSE_TOKEN_EXTRACTABLE);
    refused("object=readable", PSE_TOKEN_ED25519, PSE_TOKEN_EXTRACTABLE);
    refused("object=idle", PSE_TOKEN_ED25519, PSE_TOKEN_KIND);
    refused("object=half", PSE_TOKEN_ED25519, PSE_TOKEN_NO_PUBLIC);
    refused("object=twin", PSE_TOKEN_ED25519, PSE_TOKEN_TWO_OBJECTS);
    refused("object=nobody", PSE_TOKEN_ED25519, PSE_TOKEN_NO_OBJECT);
    refused("object=proper;id=%01", PSE_TOKEN_ED25519, PSE_TOKEN_NO_OBJECT);
    refused("object=proper", PSE_TOKEN_WRAP, PSE_TOKEN_NO_OBJECT);
    refused("object=proper", PSE_TOKEN_P384, PSE_TOKEN_KIND);
    refused("serial=none;object=proper", PSE_TOKEN_ED25519, PSE_TOKEN_NO_TOKEN);
    {
        char rest[64];

        (void)snprintf(rest, sizeof rest, "slot-id=%lu;object=proper", device.slot + 1);
        refused(rest, PSE_TOKEN_ED25519, PSE_TOKEN_NO_TOKEN);
    }
}

static void made_once(void **state)
{
    const struct pse_token_ask ask = {.uri = device_uri(&device, "object=once"),
                                      .pin = pse_span_str(DEVICE_PIN),
                                      .kind = PSE_TOKEN_ED25519};
    struct pse_token *t;

    (void)state;
    assert_int_equal(pse_token_make(&t, &ask), PSE_TOKEN_GOOD);
    pse_token_close(t);
    assert_int_equal(pse_token_make(&t, &ask), PSE_TOKEN_EXISTS);
    assert_null(t);
}

static void short_aes(void **state)
{
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG n = 16;
    CK_ATTRIBUTE object[] = {
        {CKA_TOKEN, &yes, 1},          {CKA_PRIVATE, &yes, 1},
        {CKA_SENSITIVE, &yes, 1},      {CKA_EXTRACTABLE, &no, 1},
        {CKA_WRAP, &yes, 1},           {CKA_UNWRAP, &yes, 1},
        {CKA_VALUE_LEN, &n, sizeof n}, {CKA_LABEL, (void *)(uintptr_t) "short", 5}};
    CK_MECHANISM how = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE key;

    (void)state;
    device_enter(&device);
    assert_int_equal(device.f->C_GenerateKey(device.session, &how, object, 8, &key), CKR_OK);
    device_leave(&device);
    refused("object=short", PSE_TOKEN_WRAP, PSE_TOKEN_KIND);
}

static void modules(void **state)
{
    static const char *const uri[] = {"pkcs11:token=garden;object=x?module-path=/nowhere/it.so",
                                      "pkcs11:token=garden;object=x?module-path=/etc/passwd"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct pse_token_ask ask = {
            .uri = uri[i], .pin = pse_span_str(DEVICE_PIN), .kind = PSE_TOKEN_ED25519};
        struct pse_token *t;

        assert_int_equal(pse_token_open(&t, &ask), PSE_TOKEN_NO_MODULE);
        assert_null(t);
    }
}

/* --- losing it ---------------------------------------------------------------------------------
 */

static void session_loss(void **state)
{
    struct pse_token *t = make("object=lossy", PSE_TOKEN_ED25519);
    struct pse_token *rows = make("object=lossy-rows", PSE_TOKEN_WRAP);
    uint8_t key[32] = {1}, back[32], wrapped[PSE_TOKEN_WRAPPED];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(device.f->C_CloseAllSessions(device.slot), CKR_OK);
        assert_true(signs(t));
        assert_int_equal(pse_token_wrap(rows, wrapped, key), PSE_TOKEN_GOOD);
        assert_int_equal(device.f->C_CloseAllSessions(device.slot), CKR_OK);
        assert_int_equal(pse_token_unwrap(rows, back, wrapped), PSE_TOKEN_GOOD);
        assert_memory_equal(key, back, 32);
    }
    pse_token_close(t);
    pse_token_close(rows);
}

/* Both halves of a key, past the room. */
static void destroy(const char *label)
{
    CK_OBJECT_HANDLE found[2];
    CK_ATTRIBUTE by = {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)};
    CK_ULONG n;

    device_enter(&device);
    assert_int_equal(device.f->C_FindObjectsInit(device.session, &by, 1), CKR_OK);
    assert_int_equal(device.f->C_FindObjects(device.session, found, 2, &n), CKR_OK);
    assert_int_equal(device.f->C_FindObjectsFinal(device.session), CKR_OK);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(device.f->C_DestroyObject(device.session, found[i]), CKR_OK);
    device_leave(&device);
}

/* The key was destroyed while it was open: the session can be had again, the key cannot. */
static void object_removed(void **state)
{
    struct pse_token *t = make("object=brief", PSE_TOKEN_ED25519);
    uint8_t sig[PSE_TOKEN_SIG_MAX];
    size_t sig_n;

    (void)state;
    assert_true(signs(t));
    destroy("brief");
    assert_int_equal(pse_token_sign(t, sig, &sig_n, pse_span_str("x")), PSE_TOKEN_NO_OBJECT);
    assert_int_equal(sig_n, 0);
    pse_token_close(t);
}

/* Another key of the same name and id stands in the place of the one that was opened: it is not
 * used, however often one asks, whether it is in order by itself or not. */
static void object_swapped(void **state)
{
    struct pse_token *t = make("object=swapped", PSE_TOKEN_ED25519);
    uint8_t sig[PSE_TOKEN_SIG_MAX], public[32];
    size_t n;

    (void)state;
    memcpy(public, pse_token_public(t).p, sizeof public);
    destroy("swapped");
    make_wrong("swapped", true, true, true, true);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pse_token_sign(t, sig, &n, pse_span_str("x")), PSE_TOKEN_EXTRACTABLE);
    destroy("swapped");
    make_wrong("swapped", true, false, true, true);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pse_token_sign(t, sig, &n, pse_span_str("x")), PSE_TOKEN_NO_OBJECT);
    assert_int_equal(pse_token_public(t).n, sizeof public);
    assert_memory_equal(pse_token_public(t).p, public, sizeof public);
    pse_token_close(t);
}

static void forked(void **state)
{
    struct pse_token *t = make("object=parent", PSE_TOKEN_ED25519);
    int status;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        uint8_t sig[PSE_TOKEN_SIG_MAX];
        size_t n;
        bool good = pse_token_sign(t, sig, &n, pse_span_str("x")) == PSE_TOKEN_FORKED;

        pse_token_close(t);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(signs(t)); /* what the child gave back was not ours */
    pse_token_close(t);
}

static CK_FLAGS token_flags(void)
{
    CK_TOKEN_INFO info;

    assert_int_equal(device.f->C_GetTokenInfo(device.slot, &info), CKR_OK);
    return info.flags;
}

/* One try, then stop: this handle, the next one, and one with the right PIN, until a person has
 * logged in. */
static void wrong_pin(void **state)
{
    struct pse_token *t = make("object=pinned", PSE_TOKEN_ED25519);
    CK_RV rv;

    (void)state;
    pse_token_close(t);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, ""), PSE_TOKEN_NO_PIN);
    rv = device.f->C_Initialize(NULL);
    assert_true(rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED);
    assert_int_equal(token_flags() & CKF_USER_PIN_COUNT_LOW, 0);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, "0000"), PSE_TOKEN_PIN_WRONG);
    assert_null(t);
    assert_int_not_equal(token_flags() & CKF_USER_PIN_COUNT_LOW, 0);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, "0000"), PSE_TOKEN_PIN_BEFORE);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, DEVICE_PIN),
                     PSE_TOKEN_PIN_BEFORE);
    device_enter(&device); /* a person */
    device_leave(&device);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, DEVICE_PIN), PSE_TOKEN_GOOD);
    assert_true(signs(t));
    pse_token_close(t);
}

static void change_pin(const char *from, const char *to)
{
    device_enter(&device);
    assert_int_equal(device.f->C_SetPIN(device.session, (CK_BYTE *)(uintptr_t)from, strlen(from),
                                        (CK_BYTE *)(uintptr_t)to, strlen(to)),
                     CKR_OK);
    device_leave(&device);
}

/* Changed while the key was open: the lost session is tried with the old PIN once, and never
 * again. */
static void pin_changed(void **state)
{
    struct pse_token *t = make("object=changed", PSE_TOKEN_ED25519);
    uint8_t sig[PSE_TOKEN_SIG_MAX];
    size_t n;

    (void)state;
    change_pin(DEVICE_PIN, "another-1");
    assert_true(signs(t));
    assert_int_equal(device.f->C_CloseAllSessions(device.slot), CKR_OK);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pse_token_sign(t, sig, &n, pse_span_str("x")), PSE_TOKEN_PIN_WRONG);
    {
        CK_SESSION_HANDLE s;

        assert_int_equal(device.f->C_OpenSession(device.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                                 NULL, NULL, &s),
                         CKR_OK);
        assert_int_equal(device.f->C_Login(s, CKU_USER, (CK_BYTE *)(uintptr_t) "another-1", 9),
                         CKR_OK);
        assert_int_equal(device.f->C_SetPIN(s, (CK_BYTE *)(uintptr_t) "another-1", 9,
                                            (CK_BYTE *)(uintptr_t)DEVICE_PIN,
                                            sizeof DEVICE_PIN - 1),
                         CKR_OK);
        assert_int_equal(device.f->C_CloseSession(s), CKR_OK);
    }
    /* Even now: whoever holds a PIN that was wrong is to be started again by a person. */
    assert_int_equal(pse_token_sign(t, sig, &n, pse_span_str("x")), PSE_TOKEN_PIN_WRONG);
    pse_token_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris),           cmocka_unit_test(ed25519),
        cmocka_unit_test(ecdsa),          cmocka_unit_test(wrapping),
        cmocka_unit_test(certificates),   cmocka_unit_test(objects),
        cmocka_unit_test(made_once),      cmocka_unit_test(short_aes),
        cmocka_unit_test(modules),        cmocka_unit_test(session_loss),
        cmocka_unit_test(object_removed), cmocka_unit_test(object_swapped),
        cmocka_unit_test(forked),         cmocka_unit_test(wrong_pin),
        cmocka_unit_test(pin_changed),
    };
    int failed;

    if (device_module() == NULL) {
        puts("1..0 # SKIP needs SoftHSM");
        return 0;
    }
    if (sodium_init() < 0)
        return 1;
    device_open(&device);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    device_close(&device);
    return failed;
}
