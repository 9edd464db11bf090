/* Keys on tokens, with SoftHSM: what is made and used, and everything that is refused. */
#define _GNU_SOURCE
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <sys/wait.h>

#include "token_device.h"

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
        {"pkcs11:object=b;pin-value=1234", PSE_TOKEN_PIN_IN_URI},
        {"pkcs11:object=b;object=c?PIN-Value=1234", PSE_TOKEN_PIN_IN_URI},
        {"pkcs11:object=b;colour=red?module-path=/m.so&pin-value=", PSE_TOKEN_PIN_IN_URI},
        {"pkcs11:object=pin-value", PSE_TOKEN_GOOD},
        {"pkcs11:object=b?pin-values=1", PSE_TOKEN_URI},
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

static void with_module(const char *path, enum pse_token_fault wanted)
{
    char uri[256];
    const struct pse_token_ask ask = {
        .uri = uri, .pin = pse_span_str(DEVICE_PIN), .kind = PSE_TOKEN_ED25519};
    struct pse_token *t;

    (void)snprintf(uri, sizeof uri, "pkcs11:token=garden;object=log?module-path=%s", path);
    assert_string_equal(pse_token_fault_name(pse_token_open(&t, &ask)),
                        pse_token_fault_name(wanted));
    pse_token_close(t);
}

/* A module that others could replace is not loaded: a copy, good but for its mode. */
static void modules(void **state)
{
    char path[96], command[256];

    (void)state;
    with_module("/nowhere/it.so", PSE_TOKEN_NO_MODULE);
    with_module("/etc/passwd", PSE_TOKEN_NO_MODULE);
    with_module("libsofthsm2.so", PSE_TOKEN_MODULE_PATH);
    (void)snprintf(path, sizeof path, "%s/module.so", device.dir);
    (void)snprintf(command, sizeof command, "cp %s %s && chmod 755 %s", device.module, path, path);
    assert_int_equal(system(command), 0);
    with_module(path, PSE_TOKEN_GOOD);
    assert_int_equal(chmod(path, 0775), 0);
    with_module(path, PSE_TOKEN_MODULE_PATH);
    assert_int_equal(chmod(path, 0757), 0);
    with_module(path, PSE_TOKEN_MODULE_PATH);
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

/* The key was destroyed while it was open: the session can be had again, the key cannot. */
static void object_removed(void **state)
{
    struct pse_token *t = make("object=brief", PSE_TOKEN_ED25519);
    uint8_t sig[PSE_TOKEN_SIG_MAX];
    size_t sig_n;

    (void)state;
    assert_true(signs(t));
    destroy("brief", CKO_PRIVATE_KEY);
    destroy("brief", CKO_PUBLIC_KEY);
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
    destroy("swapped", CKO_PRIVATE_KEY);
    destroy("swapped", CKO_PUBLIC_KEY);
    make_wrong("swapped", true, true, true, true);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pse_token_sign(t, sig, &n, pse_span_str("x")), PSE_TOKEN_EXTRACTABLE);
    destroy("swapped", CKO_PRIVATE_KEY);
    destroy("swapped", CKO_PUBLIC_KEY);
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

/* One try, then stop: this handle, the next one, and one with the right PIN, whether a person has
 * looked since or not. Another process may try again when a person has; the test `tokens` sees to
 * it. */
static void wrong_pin(void **state)
{
    struct pse_token *t;

    (void)state;
    device_new_token(&device, "pinned");
    t = make("object=pinned", PSE_TOKEN_ED25519);
    pse_token_close(t);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, ""), PSE_TOKEN_NO_PIN);
    device_start(&device);
    assert_int_equal(token_flags() & CKF_USER_PIN_COUNT_LOW, 0);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, "0000"), PSE_TOKEN_PIN_WRONG);
    assert_null(t);
    device_start(&device);
    assert_int_not_equal(token_flags() & CKF_USER_PIN_COUNT_LOW, 0);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, "0000"), PSE_TOKEN_PIN_BEFORE);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, DEVICE_PIN),
                     PSE_TOKEN_PIN_BEFORE);
    device_enter(&device); /* a person */
    device_leave(&device);
    assert_int_equal(open_as(&t, "object=pinned", PSE_TOKEN_ED25519, DEVICE_PIN),
                     PSE_TOKEN_PIN_BEFORE);
    device_start(&device);
    assert_int_equal(token_flags() & CKF_USER_PIN_COUNT_LOW, 0);
}

/* Somebody else was wrong: not tried until a person has looked. */
static void wrong_before(void **state)
{
    struct pse_token *t;
    CK_SESSION_HANDLE s;

    (void)state;
    device_new_token(&device, "before");
    pse_token_close(make("object=before", PSE_TOKEN_ED25519));
    device_start(&device);
    assert_int_equal(device.f->C_OpenSession(device.slot, CKF_SERIAL_SESSION, NULL, NULL, &s),
                     CKR_OK);
    assert_int_equal(device.f->C_Login(s, CKU_USER, (CK_BYTE *)(uintptr_t) "0000", 4),
                     CKR_PIN_INCORRECT);
    assert_int_equal(device.f->C_CloseSession(s), CKR_OK);
    assert_int_equal(open_as(&t, "object=before", PSE_TOKEN_ED25519, DEVICE_PIN),
                     PSE_TOKEN_PIN_BEFORE);
    device_enter(&device);
    device_leave(&device);
    assert_int_equal(open_as(&t, "object=before", PSE_TOKEN_ED25519, DEVICE_PIN), PSE_TOKEN_GOOD);
    pse_token_close(t);
}

/* Changed while the key was open: the lost session is tried with the old PIN once, and never
 * again, even when it has become right again. */
static void pin_changed(void **state)
{
    struct pse_token *t;
    uint8_t sig[PSE_TOKEN_SIG_MAX];
    size_t n;

    (void)state;
    device_new_token(&device, "changed");
    t = make("object=changed", PSE_TOKEN_ED25519);
    device_change_pin(&device, DEVICE_PIN, "another-1");
    assert_true(signs(t));
    assert_int_equal(device.f->C_CloseAllSessions(device.slot), CKR_OK);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pse_token_sign(t, sig, &n, pse_span_str("x")), PSE_TOKEN_PIN_WRONG);
    device_change_pin(&device, "another-1", DEVICE_PIN);
    assert_int_equal(pse_token_sign(t, sig, &n, pse_span_str("x")), PSE_TOKEN_PIN_WRONG);
    pse_token_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris),           cmocka_unit_test(ed25519),
        cmocka_unit_test(ecdsa),          cmocka_unit_test(wrapping),
        cmocka_unit_test(certificates),   cmocka_unit_test(modules),
        cmocka_unit_test(session_loss),   cmocka_unit_test(object_removed),
        cmocka_unit_test(object_swapped), cmocka_unit_test(forked),
        cmocka_unit_test(wrong_pin),      cmocka_unit_test(pin_changed),
        cmocka_unit_test(wrong_before),
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
