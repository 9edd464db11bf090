/* Objects on tokens that are not taken: each differs in one attribute from one that is. */
#include <sodium.h>

#include "token_device.h"

static void objects(void **state)
{
    (void)state;
    make_wrong("proper", true, false, true, true);
    make_wrong("extractable", true, true, true, true);
    make_wrong("readable", false, false, true, true);
    make_wrong("idle", true, false, false, true);
    make_wrong("open", true, false, true, true);
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
    refused("object=open", PSE_TOKEN_ED25519, PSE_TOKEN_UNGUARDED);
    refused("object=half", PSE_TOKEN_ED25519, PSE_TOKEN_NO_PUBLIC);
    refused("object=twin", PSE_TOKEN_ED25519, PSE_TOKEN_TWO_OBJECTS);
    refused("object=nobody", PSE_TOKEN_ED25519, PSE_TOKEN_NO_OBJECT);
    refused("object=proper;id=%01", PSE_TOKEN_ED25519, PSE_TOKEN_NO_OBJECT);
    refused("object=proper", PSE_TOKEN_WRAP, PSE_TOKEN_NO_OBJECT);
    refused("object=proper", PSE_TOKEN_P384, PSE_TOKEN_KIND);
    refused("object=proper;type=cert", PSE_TOKEN_ED25519, PSE_TOKEN_KIND);
    refused("object=proper;type=public", PSE_TOKEN_ED25519, PSE_TOKEN_KIND);
    refused("object=proper;type=secret-key", PSE_TOKEN_ED25519, PSE_TOKEN_KIND);
    refused("serial=none;object=proper", PSE_TOKEN_ED25519, PSE_TOKEN_NO_TOKEN);
    {
        char rest[64];

        (void)snprintf(rest, sizeof rest, "slot-id=%lu;object=proper", device.slot + 1);
        refused(rest, PSE_TOKEN_ED25519, PSE_TOKEN_NO_TOKEN);
    }
}

/* The same keys, brought in instead of made there: safe today, but somebody had them. */
static void import(const char *label, CK_KEY_TYPE type, const uint8_t *params, size_t n,
                   size_t value_n)
{
    CK_OBJECT_CLASS class = type == CKK_AES ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    uint8_t value[48];
    CK_ATTRIBUTE object[] = {{CKA_CLASS, &class, sizeof class},
                             {CKA_KEY_TYPE, &type, sizeof type},
                             {CKA_TOKEN, &yes, 1},
                             {CKA_PRIVATE, &yes, 1},
                             {CKA_SENSITIVE, &yes, 1},
                             {CKA_EXTRACTABLE, &no, 1},
                             {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
                             {CKA_ID, (void *)(uintptr_t)label, strlen(label)},
                             {CKA_VALUE, value, value_n},
                             {type == CKK_AES ? CKA_WRAP : CKA_SIGN, &yes, 1},
                             {type == CKK_AES ? CKA_UNWRAP : CKA_EC_PARAMS, &yes, 1}};
    CK_OBJECT_HANDLE key;

    randombytes_buf(value, sizeof value);
    value[0] &= 0x7f; /* below the order */
    if (type != CKK_AES)
        object[10] = (CK_ATTRIBUTE){CKA_EC_PARAMS, (void *)(uintptr_t)params, n};
    device_enter(&device);
    assert_int_equal(device.f->C_CreateObject(device.session, object, 11, &key), CKR_OK);
    device_leave(&device);
}

static void brought_in(void **state)
{
    static const uint8_t ed25519_oid[] = {0x06, 3, 0x2b, 0x65, 0x70};
    static const uint8_t p256_oid[] = {0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
    static const uint8_t p384_oid[] = {0x06, 5, 0x2b, 0x81, 4, 0, 0x22};

    (void)state;
    import("from-file", CKK_EC_EDWARDS, ed25519_oid, sizeof ed25519_oid, 32);
    import("from-file-256", CKK_EC, p256_oid, sizeof p256_oid, 32);
    import("from-file-384", CKK_EC, p384_oid, sizeof p384_oid, 48);
    import("from-file-rows", CKK_AES, NULL, 0, 32);
    refused("object=from-file", PSE_TOKEN_ED25519, PSE_TOKEN_OUTSIDE);
    refused("object=from-file-256", PSE_TOKEN_P256, PSE_TOKEN_OUTSIDE);
    refused("object=from-file-384", PSE_TOKEN_P384, PSE_TOKEN_OUTSIDE);
    refused("object=from-file-rows", PSE_TOKEN_WRAP, PSE_TOKEN_OUTSIDE);
}

/* Made safe afterwards: what was readable or could be taken out for a while counts as copied. */
static void tighten(const char *label, CK_ATTRIBUTE_TYPE type, bool value)
{
    CK_BBOOL to = value;
    CK_ATTRIBUTE change = {type, &to, sizeof to};

    device_enter(&device);
    assert_int_equal(device.f->C_SetAttributeValue(device.session,
                                                   find_half(label, CKO_PRIVATE_KEY), &change, 1),
                     CKR_OK);
    device_leave(&device);
}

static void tightened(void **state)
{
    (void)state;
    make_wrong("once-extractable", true, true, true, true);
    make_wrong("once-readable", false, false, true, true);
    tighten("once-extractable", CKA_EXTRACTABLE, false);
    tighten("once-readable", CKA_SENSITIVE, true);
    refused("object=once-extractable", PSE_TOKEN_ED25519, PSE_TOKEN_OUTSIDE);
    refused("object=once-readable", PSE_TOKEN_ED25519, PSE_TOKEN_OUTSIDE);
}

/* An AES key that differs in one attribute from one that is taken. */
static void make_rows(const char *label, CK_ATTRIBUTE_TYPE wrong)
{
    static const CK_ATTRIBUTE_TYPE set[] = {CKA_TOKEN,  CKA_PRIVATE, CKA_SENSITIVE,
                                            CKA_UNWRAP, CKA_WRAP,    CKA_EXTRACTABLE};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG n = PSE_TOKEN_KEY;
    CK_ATTRIBUTE object[8] = {{CKA_VALUE_LEN, &n, sizeof n},
                              {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    CK_MECHANISM how = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE key;

    for (size_t i = 0; i < 6; i++)
        object[2 + i] = (CK_ATTRIBUTE){
            set[i], (set[i] == CKA_EXTRACTABLE) == (set[i] == wrong) ? &yes : &no, 1};
    device_enter(&device);
    assert_int_equal(device.f->C_GenerateKey(device.session, &how, object, 8, &key), CKR_OK);
    device_leave(&device);
}

static void wrapping_objects(void **state)
{
    struct pse_token *t;

    (void)state;
    make_rows("rows-proper", CKA_VENDOR_DEFINED);
    make_rows("rows-open", CKA_PRIVATE);
    make_rows("rows-readable", CKA_SENSITIVE);
    make_rows("rows-extractable", CKA_EXTRACTABLE);
    make_rows("rows-in-only", CKA_UNWRAP);
    make_rows("rows-out-only", CKA_WRAP);
    assert_int_equal(open_as(&t, "object=rows-proper", PSE_TOKEN_WRAP, DEVICE_PIN), PSE_TOKEN_GOOD);
    pse_token_close(t);
    refused("object=rows-open", PSE_TOKEN_WRAP, PSE_TOKEN_UNGUARDED);
    refused("object=rows-readable", PSE_TOKEN_WRAP, PSE_TOKEN_EXTRACTABLE);
    refused("object=rows-extractable", PSE_TOKEN_WRAP, PSE_TOKEN_EXTRACTABLE);
    refused("object=rows-in-only", PSE_TOKEN_WRAP, PSE_TOKEN_KIND);
    refused("object=rows-out-only", PSE_TOKEN_WRAP, PSE_TOKEN_KIND);
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

/* What is left of another key would be taken for the new one's. */
static void made_beside(void **state)
{
    const struct pse_token_ask ask = {.uri = device_uri(&device, "object=fresh;id=widow"),
                                      .pin = pse_span_str(DEVICE_PIN),
                                      .kind = PSE_TOKEN_ED25519};
    struct pse_token *t;

    (void)state;
    make_wrong("widow", true, false, true, true);
    destroy("widow", CKO_PRIVATE_KEY);
    assert_int_equal(pse_token_make(&t, &ask), PSE_TOKEN_EXISTS);
    assert_null(t);
    destroy("widow", CKO_PUBLIC_KEY);
    assert_int_equal(pse_token_make(&t, &ask), PSE_TOKEN_GOOD);
    pse_token_close(t);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects),   cmocka_unit_test(brought_in),
        cmocka_unit_test(tightened), cmocka_unit_test(wrapping_objects),
        cmocka_unit_test(made_once), cmocka_unit_test(made_beside),
        cmocka_unit_test(short_aes),
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
