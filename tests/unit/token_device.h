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

#include "test.h"
#include "token/token.h"

#define DEVICE_PIN "psephos-4711"

struct device {
    char dir[64];
    const char *module;
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

/** Log in here, too: the module may have been ended by the room since. */
static inline void device_enter(struct device *d)
{
    CK_RV rv = d->f->C_Initialize(NULL);

    assert_true(rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED);
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
    CK_SLOT_ID slot[16];
    CK_ULONG n = 16;

    assert_int_equal(d->f->C_GetSlotList(CK_TRUE, slot, &n), CKR_OK);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;

        assert_int_equal(d->f->C_GetTokenInfo(slot[i], &info), CKR_OK);
        if ((info.flags & CKF_TOKEN_INITIALIZED) != 0 && memcmp(info.label, "garden ", 7) == 0)
            return slot[i];
    }
    fail();
    return 0;
}

static inline void device_new_token(struct device *d, const char *name)
{
    CK_BYTE label[32];
    CK_SLOT_ID slot[16];
    CK_ULONG n = 16;
    CK_SESSION_HANDLE session;

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
}

/** A fresh folder with one token, "garden". */
static inline void device_open(struct device *d)
{
    CK_RV (*list)(CK_FUNCTION_LIST **);
    char path[128];
    void *library;
    FILE *f;

    *d = (struct device){.dir = "/tmp/psephos-token-XXXXXX", .module = device_module()};
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
    assert_int_equal(d->f->C_Initialize(NULL), CKR_OK);
    device_new_token(d, "garden");
    d->slot = device_slot(d);
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

    (void)snprintf(uri, sizeof uri, "pkcs11:token=garden;%s?module-path=%s", rest, d->module);
    return uri;
}

#endif
