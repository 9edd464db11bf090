/* A token for tests: SoftHSM in a folder of its own, reached twice: by the room under test through
 * p11-kit, and here directly, to make what is wrong and to pull the plug. */
#ifndef PSE_TESTS_UNIT_TOKEN_DEVICE_H
#define PSE_TESTS_UNIT_TOKEN_DEVICE_H

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merkle/ed25519.h"
#include "test.h"
#include "token/token.h"

#define DEVICE_PIN "psephos-4711"

struct device {
    char dir[64];
    const char *module;
    const char *through; /* what URIs name as the module */
    const char *token;
    CK_FUNCTION_LIST *f;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
};

static inline const char *device_module(void)
{
    static const char *const paths[] = {"/usr/lib/softhsm/libsofthsm2.so",
                                        "/usr/lib64/pkcs11/libsofthsm2.so",
                                        "/usr/local/lib/softhsm/libsofthsm2.so"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (access(paths[i], R_OK) == 0)
            return paths[i];
    return NULL;
}

/** The module may have been ended by the room since. Threads are the room's affair. */
static inline void device_start(const struct device *d)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_RV rv = d->f->C_Initialize(&args);

    assert_true(rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED);
}

/** Log in here, too. */
static inline void device_enter(struct device *d)
{
    CK_RV rv;

    device_start(d);
    assert_int_equal(
        d->f->C_OpenSession(d->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &d->session),
        CKR_OK);
    rv = d->f->C_Login(d->session, CKU_USER, (CK_BYTE *)(uintptr_t)DEVICE_PIN,
                       sizeof DEVICE_PIN - 1);
    assert_true(rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN);
}

static inline void device_leave(struct device *d)
{
    assert_int_equal(d->f->C_CloseSession(d->session), CKR_OK);
}

static inline CK_SLOT_ID device_slot(struct device *d)
{
    size_t name_n = strlen(d->token);
    CK_SLOT_ID slot[16];
    CK_ULONG n = 16;

    assert_int_equal(d->f->C_GetSlotList(CK_TRUE, slot, &n), CKR_OK);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;

        assert_int_equal(d->f->C_GetTokenInfo(slot[i], &info), CKR_OK);
        if ((info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
            memcmp(info.label, d->token, name_n) == 0 && info.label[name_n] == ' ')
            return slot[i];
    }
    fail();
    return 0;
}

/** Another PIN. */
static inline void device_change_pin(struct device *d, const char *from, const char *to)
{
    CK_SESSION_HANDLE session;
    CK_RV rv;

    device_start(d);
    assert_int_equal(
        d->f->C_OpenSession(d->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        CKR_OK);
    rv = d->f->C_Login(session, CKU_USER, (CK_BYTE *)(uintptr_t)from, strlen(from));
    assert_true(rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN);
    assert_int_equal(d->f->C_SetPIN(session, (CK_BYTE *)(uintptr_t)from, strlen(from),
                                    (CK_BYTE *)(uintptr_t)to, strlen(to)),
                     CKR_OK);
    assert_int_equal(d->f->C_CloseSession(session), CKR_OK);
}

/** One more token, which is the device's from now on. The name lives as long. */
static inline void device_new_token(struct device *d, const char *name)
{
    CK_BYTE label[32];
    CK_SLOT_ID slot[16];
    CK_ULONG n = 16;
    CK_SESSION_HANDLE session;

    device_start(d);
    memset(label, ' ', sizeof label);
    memcpy(label, name, strlen(name));
    assert_int_equal(d->f->C_GetSlotList(CK_TRUE, slot, &n), CKR_OK);
    assert_true(n > 0); /* the last one is free */
    assert_int_equal(d->f->C_InitToken(slot[n - 1], (CK_BYTE *)(uintptr_t) "12345678", 8, label),
                     CKR_OK);
    assert_int_equal(
        d->f->C_OpenSession(slot[n - 1], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        CKR_OK);
    assert_int_equal(d->f->C_Login(session, CKU_SO, (CK_BYTE *)(uintptr_t) "12345678", 8), CKR_OK);
    assert_int_equal(
        d->f->C_InitPIN(session, (CK_BYTE *)(uintptr_t)DEVICE_PIN, sizeof DEVICE_PIN - 1), CKR_OK);
    assert_int_equal(d->f->C_CloseSession(session), CKR_OK);
    d->token = name;
    d->slot = device_slot(d);
}

/** A fresh folder with one token, "garden". */
static inline void device_open(struct device *d)
{
    CK_RV (*list)(CK_FUNCTION_LIST **);
    char path[128];
    void *library;
    FILE *f;

    *d = (struct device){.dir = "/tmp/psephos-token-XXXXXX", .module = device_module()};
    d->through = d->module;
    assert_non_null(mkdtemp(d->dir));
    (void)snprintf(path, sizeof path, "%s/tokens", d->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/softhsm2.conf", d->dir);
    f = fopen(path, "w");
    assert_non_null(f);
    (void)fprintf(f, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", d->dir);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
    library = dlopen(d->module, RTLD_NOW);
    assert_non_null(library);
    *(void **)&list = dlsym(library, "C_GetFunctionList");
    assert_int_equal(list(&d->f), CKR_OK);
    device_new_token(d, "garden");
}

static inline void device_close(struct device *d)
{
    char command[128];

    (void)d->f->C_Finalize(NULL);
    (void)snprintf(command, sizeof command, "rm -rf %s", d->dir);
    assert_int_equal(system(command), 0);
}

/** A URI on this token. */
static inline const char *device_uri(const struct device *d, const char *rest)
{
    static char uri[512];

    (void)snprintf(uri, sizeof uri, "pkcs11:token=%s;%s?module-path=%s", d->token, rest,
                   d->through);
    return uri;
}

/* --- for test cases ----------------------------------------------------------------------------
 */

static struct device device;

/* SoftHSM loses the names of Edwards curves in libcrypto; nothing of the room under test is made
 * there. Asked for by sanitizers only. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libcrypto\n";
}

static inline enum pse_token_fault open_as(struct pse_token **t, const char *rest,
                                           enum pse_token_kind kind, const char *pin)
{
    const struct pse_token_ask ask = {
        .uri = device_uri(&device, rest), .pin = pse_span_str(pin), .kind = kind};

    return pse_token_open(t, &ask);
}

static inline struct pse_token *make(const char *rest, enum pse_token_kind kind)
{
    const struct pse_token_ask ask = {
        .uri = device_uri(&device, rest), .pin = pse_span_str(DEVICE_PIN), .kind = kind};
    struct pse_token *t;

    assert_int_equal(pse_token_make(&t, &ask), PSE_TOKEN_GOOD);
    assert_non_null(t);
    return t;
}

static inline void refused(const char *rest, enum pse_token_kind kind, enum pse_token_fault wanted)
{
    struct pse_token *t;

    assert_string_equal(pse_token_fault_name(open_as(&t, rest, kind, DEVICE_PIN)),
                        pse_token_fault_name(wanted));
    assert_null(t);
}

static inline bool signs(struct pse_token *t)
{
    uint8_t sig[PSE_TOKEN_SIG_MAX];
    pse_edkey key;
    size_t n;

    assert_int_equal(pse_token_public(t).n, 32);
    memcpy(key.b, pse_token_public(t).p, 32);
    return pse_token_sign(t, sig, &n, pse_span_str("a checkpoint")) == PSE_TOKEN_GOOD && n == 64 &&
           pse_ed25519_verify(&key, pse_span_str("a checkpoint"), sig) == PSE_OK;
}

/* An Ed25519 pair with chosen attributes, made past the room. */
static inline void make_wrong(const char *label, bool sensitive, bool extractable, bool may_sign,
                              bool with_public)
{
    CK_BBOOL asks = strcmp(label, "open") == 0 ? CK_FALSE : CK_TRUE;
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
                              {CKA_PRIVATE, &asks, 1},
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

/* One half of a key, past the room; the device is entered. */
static inline CK_OBJECT_HANDLE find_half(const char *label, CK_OBJECT_CLASS class)
{
    CK_OBJECT_HANDLE found;
    CK_ATTRIBUTE by[] = {{CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
                         {CKA_CLASS, &class, sizeof class}};
    CK_ULONG n;

    assert_int_equal(device.f->C_FindObjectsInit(device.session, by, 2), CKR_OK);
    assert_int_equal(device.f->C_FindObjects(device.session, &found, 1, &n), CKR_OK);
    assert_int_equal(device.f->C_FindObjectsFinal(device.session), CKR_OK);
    assert_int_equal(n, 1);
    return found;
}

static inline void destroy(const char *label, CK_OBJECT_CLASS class)
{
    device_enter(&device);
    assert_int_equal(device.f->C_DestroyObject(device.session, find_half(label, class)), CKR_OK);
    device_leave(&device);
}

#endif
