#include "token_shim.h"

#include <dlfcn.h>
#include <stdlib.h>

static struct token_shim shim;
static CK_FUNCTION_LIST *behind;

struct token_shim *token_shim(void)
{
    return &shim;
}

static CK_RV log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG n)
{
    CK_RV spoilt = user == CKU_USER ? shim.login : shim.approval;

    if (user == CKU_USER)
        shim.logins++;
    else
        shim.approvals++;
    return spoilt != CKR_OK ? spoilt : behind->C_Login(session, user, pin, n);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *ctx, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
    shim.sessions++;
    return shim.is_unplugged ? CKR_TOKEN_NOT_PRESENT
                             : behind->C_OpenSession(slot, flags, ctx, notify, session);
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV rv = shim.is_unplugged ? CKR_TOKEN_NOT_PRESENT : behind->C_GetTokenInfo(slot, info);

    if (rv == CKR_OK && shim.hides_flags)
        info->flags &= ~(CK_FLAGS)(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
    return rv;
}

static CK_RV slot_list(CK_BBOOL with_token, CK_SLOT_ID *slot, CK_ULONG *n)
{
    if (!shim.is_unplugged)
        return behind->C_GetSlotList(with_token, slot, n);
    *n = 0;
    return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_n, CK_BYTE *sig,
                  CK_ULONG *n)
{
    CK_RV rv = behind->C_Sign(session, data, data_n, sig, n); /* which ends what was begun */

    shim.signatures++;
    if (shim.is_unplugged)
        return CKR_DEVICE_REMOVED;
    if (shim.uses == 0)
        return rv;
    shim.uses--;
    return shim.use;
}

static CK_RV unwrap(CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_OBJECT_HANDLE key, CK_BYTE *in,
                    CK_ULONG in_n, CK_ATTRIBUTE *is, CK_ULONG is_n, CK_OBJECT_HANDLE *out)
{
    if (shim.uses == 0)
        return behind->C_UnwrapKey(session, how, key, in, in_n, is, is_n, out);
    shim.uses--;
    return shim.use;
}

static CK_RV attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *a,
                        CK_ULONG n)
{
    for (CK_ULONG i = 0; shim.denied != 0 && i < n; i++)
        if (a[i].type == shim.denied)
            return CKR_ATTRIBUTE_TYPE_INVALID;
    return behind->C_GetAttributeValue(session, object, a, n);
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    static CK_FUNCTION_LIST table;
    const char *path = getenv(TOKEN_SHIM_BEHIND);
    void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW);
    CK_RV (*get)(CK_FUNCTION_LIST **);

    *(void **)&get = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&behind) != CKR_OK)
        return CKR_GENERAL_ERROR;
    table = *behind;
    table.C_GetFunctionList = C_GetFunctionList;
    table.C_Login = log_in;
    table.C_OpenSession = open_session;
    table.C_GetTokenInfo = token_info;
    table.C_GetSlotList = slot_list;
    table.C_Sign = sign;
    table.C_UnwrapKey = unwrap;
    table.C_GetAttributeValue = attributes;
    *list = &table;
    return CKR_OK;
}
