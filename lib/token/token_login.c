/* Finding the token and logging in, once. */
#include <string.h>

#include "room.h"

enum { SLOTS_MAX = 256, SPENT_MAX = 16 };

/* --- the token ---------------------------------------------------------------------------------
 */

static bool fits(struct pse_token *t, CK_FUNCTION_LIST *f, CK_SLOT_ID slot)
{
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(t->uri); /* all ones: any */
    CK_TOKEN_INFO token;
    CK_SLOT_INFO info;

    return (wanted == (CK_SLOT_ID)-1 || wanted == slot) &&
           f->C_GetSlotInfo(slot, &info) == CKR_OK && f->C_GetTokenInfo(slot, &token) == CKR_OK &&
           (token.flags & CKF_TOKEN_INITIALIZED) != 0 &&
           p11_kit_uri_match_slot_info(t->uri, &info) == 1 &&
           p11_kit_uri_match_token_info(t->uri, &token) == 1;
}

static size_t look_in(struct pse_token *t, CK_FUNCTION_LIST *f)
{
    CK_SLOT_ID slot[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    CK_INFO info;
    size_t found = 0;

    if (f->C_GetInfo(&info) != CKR_OK || p11_kit_uri_match_module_info(t->uri, &info) != 1 ||
        f->C_GetSlotList(CK_TRUE, slot, &n) != CKR_OK)
        return 0;
    for (CK_ULONG i = 0; i < n; i++) {
        if (!fits(t, f, slot[i]))
            continue;
        t->f = f;
        t->slot = slot[i];
        found++;
    }
    return found;
}

static enum pse_token_fault find_token(struct pse_token *t)
{
    size_t found = 0;

    if (t->own != NULL)
        found = look_in(t, t->own);
    for (size_t i = 0; t->modules != NULL && t->modules[i] != NULL; i++)
        found += look_in(t, t->modules[i]);
    return found == 0 ? PSE_TOKEN_NO_TOKEN : found == 1 ? PSE_TOKEN_GOOD : PSE_TOKEN_TWO_TOKENS;
}

/* --- the PIN -----------------------------------------------------------------------------------
 * Not every module tells of wrong PINs, and a process may have several handles on one token. So the
 * process remembers the tokens at which it has spent its try. */

struct token_name {
    CK_UTF8CHAR label[32], manufacturer[32], model[16];
    CK_CHAR serial[16];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct token_name spent[SPENT_MAX];
static size_t spent_n;

static struct token_name name_of(const CK_TOKEN_INFO *info)
{
    struct token_name name;

    memcpy(name.label, info->label, sizeof name.label);
    memcpy(name.manufacturer, info->manufacturerID, sizeof name.manufacturer);
    memcpy(name.model, info->model, sizeof name.model);
    memcpy(name.serial, info->serialNumber, sizeof name.serial);
    return name;
}

/* When there is no more room to remember, nobody tries anything. */
static bool is_spent(const CK_TOKEN_INFO *info)
{
    const struct token_name name = name_of(info);

    for (size_t i = 0; i < spent_n; i++)
        if (memcmp(&spent[i], &name, sizeof name) == 0)
            return true;
    return spent_n == SPENT_MAX;
}

static enum pse_token_fault spend(struct pse_token *t, const CK_TOKEN_INFO *info,
                                  enum pse_token_fault why)
{
    if (spent_n < SPENT_MAX)
        spent[spent_n++] = name_of(info);
    t->dead = why;
    return why;
}

/* Whoever comes back after a wrong PIN, this process or the next, does not try again: a person is
 * to look first, and a right PIN given by hand makes the mark go. */
static enum pse_token_fault may_try(const struct pse_token *t, const CK_TOKEN_INFO *info)
{
    if ((info->flags & CKF_USER_PIN_LOCKED) != 0)
        return PSE_TOKEN_PIN_LOCKED;
    if ((info->flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY)) != 0 || is_spent(info))
        return PSE_TOKEN_PIN_BEFORE;
    return t->pin == NULL ? PSE_TOKEN_NO_PIN : PSE_TOKEN_GOOD;
}

/* Only what says for certain that the PIN was not looked at leaves a second try. */
static enum pse_token_fault judge(struct pse_token *t, const CK_TOKEN_INFO *info, CK_RV rv)
{
    switch (rv) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN: return PSE_TOKEN_GOOD;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE: return spend(t, info, PSE_TOKEN_PIN_WRONG);
    case CKR_PIN_LOCKED: return spend(t, info, PSE_TOKEN_PIN_LOCKED);
    case CKR_PIN_EXPIRED:
    case CKR_USER_PIN_NOT_INITIALIZED: return spend(t, info, PSE_TOKEN_PIN_CHANGE);
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_DEVICE_REMOVED:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
    case CKR_OPERATION_NOT_INITIALIZED: return PSE_TOKEN_LOST;
    default: return spend(t, info, PSE_TOKEN_LOGIN);
    }
}

static enum pse_token_fault give_pin(struct pse_token *t, CK_USER_TYPE user,
                                     const CK_TOKEN_INFO *info)
{
    enum pse_token_fault fault = may_try(t, info);

    return fault != PSE_TOKEN_GOOD
               ? fault
               : judge(t, info, t->f->C_Login(t->session, user, t->pin, t->pin_n));
}

static enum pse_token_fault log_in(struct pse_token *t)
{
    CK_SESSION_INFO session;
    CK_TOKEN_INFO info;

    if (t->f->C_GetTokenInfo(t->slot, &info) != CKR_OK ||
        t->f->C_GetSessionInfo(t->session, &session) != CKR_OK)
        return PSE_TOKEN_DEVICE;
    if ((info.flags & CKF_LOGIN_REQUIRED) == 0 || session.state == CKS_RO_USER_FUNCTIONS ||
        session.state == CKS_RW_USER_FUNCTIONS)
        return PSE_TOKEN_GOOD;
    return give_pin(t, CKU_USER, &info);
}

static enum pse_token_fault approve(struct pse_token *t)
{
    CK_TOKEN_INFO info;

    if (t->f->C_GetTokenInfo(t->slot, &info) != CKR_OK)
        return PSE_TOKEN_LOST;
    return give_pin(t, CKU_CONTEXT_SPECIFIC, &info);
}

/* One handle after the other, or several would find that nobody has tried yet. */
static enum pse_token_fault in_turn(struct pse_token *t,
                                    enum pse_token_fault (*how)(struct pse_token *))
{
    enum pse_token_fault fault;

    PSE_REQUIRE(pthread_mutex_lock(&lock) == 0);
    fault = how(t);
    PSE_REQUIRE(pthread_mutex_unlock(&lock) == 0);
    return fault;
}

enum pse_token_fault token_approve(struct pse_token *t)
{
    return in_turn(t, approve);
}

enum pse_token_fault token_session(struct pse_token *t, bool writes)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | (writes ? CKF_RW_SESSION : 0);
    enum pse_token_fault fault = find_token(t);

    if (fault != PSE_TOKEN_GOOD)
        return fault;
    if (t->f->C_OpenSession(t->slot, flags, NULL, NULL, &t->session) != CKR_OK) {
        t->session = 0;
        return PSE_TOKEN_DEVICE;
    }
    fault = in_turn(t, log_in);
    if (fault != PSE_TOKEN_GOOD) {
        (void)t->f->C_CloseSession(t->session);
        t->session = 0;
    }
    return fault;
}
