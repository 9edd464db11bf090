/* Tokens that fail, and tokens that are worse than SoftHSM: what is tried again, how often, and
 * what never is. Each test has a token of its own, since a process that was refused once at a token
 * does not try there again. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sodium.h>

#include "token_device.h"
#include "token_shim.h"

static struct token_shim *shim;
static uint8_t sig[PSE_TOKEN_SIG_MAX];
static size_t sig_n;

/* A new token behind a module that spoils nothing yet. */
static void fresh(const char *name)
{
    memset(shim, 0, sizeof *shim);
    device_new_token(&device, name);
}

static enum pse_token_fault sign(struct pse_token *t)
{
    return pse_token_sign(t, sig, &sig_n, pse_span_str("x"));
}

static void expect(enum pse_token_fault got, enum pse_token_fault wanted)
{
    assert_string_equal(pse_token_fault_name(got), pse_token_fault_name(wanted));
}

/* --- the PIN -----------------------------------------------------------------------------------
 */

static void one_login(void **state)
{
    struct pse_token *t[3];

    (void)state;
    fresh("one-login");
    t[0] = make("object=a", PSE_TOKEN_ED25519);
    t[1] = make("object=b", PSE_TOKEN_ED25519);
    t[2] = make("object=c", PSE_TOKEN_WRAP);
    assert_int_equal(shim->logins, 1);
    for (size_t i = 0; i < 3; i++)
        pse_token_close(t[i]);
}

/* A module that tells nobody of wrong PINs: still one try in a process, whatever is opened. */
static void tells_nothing(void **state)
{
    struct pse_token *t;

    (void)state;
    fresh("silent");
    pse_token_close(make("object=a", PSE_TOKEN_ED25519));
    pse_token_close(make("object=b", PSE_TOKEN_WRAP));
    shim->hides_flags = true;
    shim->logins = 0;
    expect(open_as(&t, "object=a", PSE_TOKEN_ED25519, "0000"), PSE_TOKEN_PIN_WRONG);
    expect(open_as(&t, "object=a", PSE_TOKEN_ED25519, "0000"), PSE_TOKEN_PIN_BEFORE);
    expect(open_as(&t, "object=b", PSE_TOKEN_WRAP, "0000"), PSE_TOKEN_PIN_BEFORE);
    expect(open_as(&t, "object=b", PSE_TOKEN_WRAP, DEVICE_PIN), PSE_TOKEN_PIN_BEFORE);
    assert_int_equal(shim->logins, 1);
    fresh("another"); /* which has nothing to do with it */
    pse_token_close(make("object=a", PSE_TOKEN_ED25519));
}

/* Handles that were open when the PIN was changed, from threads of their own. */
static void *sign_away(void *t)
{
    uint8_t mine[PSE_TOKEN_SIG_MAX];
    size_t n;

    return pse_token_sign(t, mine, &n, pse_span_str("x")) == PSE_TOKEN_GOOD ? t : NULL;
}

static void one_try_for_all(void **state)
{
    enum { HANDLES = 4 };
    struct pse_token *t[HANDLES];
    pthread_t thread[HANDLES];
    void *signed_;

    (void)state;
    fresh("shared");
    t[0] = make("object=a", PSE_TOKEN_ED25519);
    for (size_t i = 1; i < HANDLES; i++)
        expect(open_as(&t[i], "object=a", PSE_TOKEN_ED25519, DEVICE_PIN), PSE_TOKEN_GOOD);
    device_change_pin(&device, DEVICE_PIN, "another-1");
    assert_int_equal(device.f->C_CloseAllSessions(device.slot), CKR_OK);
    shim->hides_flags = true;
    shim->logins = 0;
    for (size_t i = 0; i < HANDLES; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, sign_away, t[i]), 0);
    for (size_t i = 0; i < HANDLES; i++) {
        assert_int_equal(pthread_join(thread[i], &signed_), 0);
        assert_null(signed_);
    }
    assert_int_equal(shim->logins, 1);
    for (size_t i = 0; i < HANDLES; i++)
        pse_token_close(t[i]);
}

/* What a token may say to a login, and whether it is asked again. */
static void login_answers(void **state)
{
    static const struct {
        const char *token;
        CK_RV answer;
        enum pse_token_fault first, then;
        unsigned tries;
    } c[] = {
        {"answer-1", CKR_PIN_INVALID, PSE_TOKEN_PIN_WRONG, PSE_TOKEN_PIN_BEFORE, 1},
        {"answer-2", CKR_PIN_LEN_RANGE, PSE_TOKEN_PIN_WRONG, PSE_TOKEN_PIN_BEFORE, 1},
        {"answer-3", CKR_PIN_LOCKED, PSE_TOKEN_PIN_LOCKED, PSE_TOKEN_PIN_BEFORE, 1},
        {"answer-4", CKR_PIN_EXPIRED, PSE_TOKEN_PIN_CHANGE, PSE_TOKEN_PIN_BEFORE, 1},
        {"answer-5", CKR_USER_PIN_NOT_INITIALIZED, PSE_TOKEN_PIN_CHANGE, PSE_TOKEN_PIN_BEFORE, 1},
        {"answer-6", CKR_FUNCTION_FAILED, PSE_TOKEN_LOGIN, PSE_TOKEN_PIN_BEFORE, 1},
        {"answer-7", CKR_DEVICE_ERROR, PSE_TOKEN_LOGIN, PSE_TOKEN_PIN_BEFORE, 1},
        /* not looked at: the card is out */
        {"answer-8", CKR_DEVICE_REMOVED, PSE_TOKEN_LOST, PSE_TOKEN_LOST, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        struct pse_token *t;

        fresh(c[i].token);
        pse_token_close(make("object=a", PSE_TOKEN_ED25519));
        shim->logins = 0;
        shim->login = c[i].answer;
        expect(open_as(&t, "object=a", PSE_TOKEN_ED25519, DEVICE_PIN), c[i].first);
        expect(open_as(&t, "object=a", PSE_TOKEN_ED25519, DEVICE_PIN), c[i].then);
        assert_int_equal(shim->logins, c[i].tries);
        shim->login = CKR_OK;
        expect(open_as(&t, "object=a", PSE_TOKEN_ED25519, DEVICE_PIN),
               c[i].tries == 1 ? PSE_TOKEN_PIN_BEFORE : PSE_TOKEN_GOOD);
        pse_token_close(t);
    }
}

/* --- keys that want it each time ---------------------------------------------------------------
 */

static void make_asking(void)
{
    static const uint8_t oid[] = {0x06, 5, 0x2b, 0x81, 4, 0, 0x22};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE name = {CKA_LABEL, (void *)(uintptr_t) "signing", 7};
    CK_ATTRIBUTE id = {CKA_ID, (void *)(uintptr_t) "signing", 7};
    CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, 1},
                             {CKA_VERIFY, &yes, 1},
                             {CKA_EC_PARAMS, (void *)(uintptr_t)oid, sizeof oid},
                             name,
                             id};
    CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, 1},
                              {CKA_PRIVATE, &yes, 1},
                              {CKA_SENSITIVE, &yes, 1},
                              {CKA_EXTRACTABLE, &no, 1},
                              {CKA_SIGN, &yes, 1},
                              {CKA_ALWAYS_AUTHENTICATE, &yes, 1},
                              name,
                              id};
    CK_MECHANISM how = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE one, other;

    device_enter(&device);
    assert_int_equal(
        device.f->C_GenerateKeyPair(device.session, &how, public, 5, private, 8, &one, &other),
        CKR_OK);
    device_leave(&device);
}

static enum pse_token_fault approve(struct pse_token *t)
{
    const uint8_t digest[48] = {1};

    return pse_token_sign(t, sig, &sig_n, pse_span(digest, sizeof digest));
}

static void asks_each_time(void **state)
{
    struct pse_token *t, *other;

    (void)state;
    fresh("asking");
    make_asking();
    expect(open_as(&t, "object=signing", PSE_TOKEN_P384, DEVICE_PIN), PSE_TOKEN_GOOD);
    expect(open_as(&other, "object=signing", PSE_TOKEN_P384, DEVICE_PIN), PSE_TOKEN_GOOD);
    for (unsigned i = 1; i < 4; i++) {
        expect(approve(t), PSE_TOKEN_GOOD);
        assert_int_equal(sig_n, 96);
        assert_int_equal(shim->approvals, i);
    }
    assert_int_equal(shim->logins, 1);
    /* pulled out between the PIN and the signature: once more, with the PIN */
    shim->use = CKR_SESSION_CLOSED;
    shim->uses = 1;
    shim->approvals = 0;
    expect(approve(t), PSE_TOKEN_GOOD);
    assert_int_equal(shim->approvals, 2);
    /* pulled out before it: nobody knows whether it was looked at, but removal says that it was not
     */
    shim->approvals = 0;
    shim->approval = CKR_TOKEN_NOT_PRESENT;
    expect(approve(t), PSE_TOKEN_LOST);
    assert_int_equal(shim->approvals, 2);
    shim->approval = CKR_OK;
    expect(approve(t), PSE_TOKEN_GOOD);
    /* wrong, once */
    shim->approvals = 0;
    shim->hides_flags = true;
    device_change_pin(&device, DEVICE_PIN, "another-1");
    expect(approve(t), PSE_TOKEN_PIN_WRONG);
    assert_int_equal(sig_n, 0);
    expect(approve(t), PSE_TOKEN_PIN_WRONG);
    expect(approve(other), PSE_TOKEN_PIN_BEFORE);
    assert_int_equal(shim->approvals, 1);
    pse_token_close(t);
    pse_token_close(other);
}

/* A login of another handle does not stand for it. */
static void asks_without_pin(void **state)
{
    struct pse_token *t, *other;

    (void)state;
    fresh("asking-2");
    make_asking();
    expect(open_as(&t, "object=signing", PSE_TOKEN_P384, DEVICE_PIN), PSE_TOKEN_GOOD);
    expect(open_as(&other, "object=signing", PSE_TOKEN_P384, ""), PSE_TOKEN_NO_PIN);
    pse_token_close(t);
}

/* --- losing it ---------------------------------------------------------------------------------
 */

static void opened_again_once(void **state)
{
    static const CK_RV lost[] = {CKR_DEVICE_ERROR, CKR_SESSION_CLOSED, CKR_USER_NOT_LOGGED_IN,
                                 CKR_DEVICE_REMOVED};
    struct pse_token *t;

    (void)state;
    fresh("lossy");
    t = make("object=a", PSE_TOKEN_ED25519);
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        shim->use = lost[i];
        shim->uses = 1;
        shim->sessions = shim->signatures = 0;
        expect(sign(t), PSE_TOKEN_GOOD);
        assert_int_equal(shim->sessions, 1);
        assert_int_equal(shim->signatures, 2);
        shim->uses = 2;
        shim->sessions = shim->signatures = 0;
        expect(sign(t), PSE_TOKEN_LOST);
        assert_int_equal(sig_n, 0);
        assert_int_equal(shim->sessions, 1);
        assert_int_equal(shim->signatures, 2);
    }
    assert_true(signs(t));
    pse_token_close(t);
}

/* The device knows what it says: nothing to open again. */
static void unable(void **state)
{
    struct pse_token *t;

    (void)state;
    fresh("unable");
    t = make("object=a", PSE_TOKEN_ED25519);
    shim->sessions = 0;
    shim->use = CKR_MECHANISM_INVALID;
    shim->uses = 1;
    expect(sign(t), PSE_TOKEN_UNABLE);
    assert_int_equal(shim->sessions, 0);
    assert_true(signs(t));
    pse_token_close(t);
}

static void unplugged(void **state)
{
    struct pse_token *t, *none;

    (void)state;
    fresh("unplugged");
    t = make("object=a", PSE_TOKEN_ED25519);
    shim->is_unplugged = true;
    shim->logins = 0;
    for (unsigned i = 0; i < 3; i++)
        expect(sign(t), PSE_TOKEN_LOST);
    expect(open_as(&none, "object=a", PSE_TOKEN_ED25519, DEVICE_PIN), PSE_TOKEN_NO_TOKEN);
    assert_int_equal(shim->logins, 0);
    shim->is_unplugged = false;
    assert_true(signs(t));
    pse_token_close(t);
}

/* Somebody else in this process logs the token out. */
static void logged_out(void **state)
{
    struct pse_token *t;

    (void)state;
    fresh("logged-out");
    t = make("object=a", PSE_TOKEN_ED25519);
    device_enter(&device);
    assert_int_equal(device.f->C_Logout(device.session), CKR_OK);
    device_leave(&device);
    shim->logins = 0;
    assert_true(signs(t));
    assert_int_equal(shim->logins, 1);
    pse_token_close(t);
}

/* A token that is gone is not the same as bytes that are wrong: the one is an operator's worry, the
 * other an auditor's. */
static void unwrapping(void **state)
{
    uint8_t key[PSE_TOKEN_KEY] = {7}, back[PSE_TOKEN_KEY], wrapped[PSE_TOKEN_WRAPPED];
    struct pse_token *t;

    (void)state;
    fresh("rows");
    t = make("object=rows", PSE_TOKEN_WRAP);
    expect(pse_token_wrap(t, wrapped, key), PSE_TOKEN_GOOD);
    shim->use = CKR_DEVICE_ERROR;
    shim->uses = 2;
    expect(pse_token_unwrap(t, back, wrapped), PSE_TOKEN_LOST);
    expect(pse_token_unwrap(t, back, wrapped), PSE_TOKEN_GOOD);
    assert_memory_equal(back, key, sizeof key);
    wrapped[39] ^= 1;
    expect(pse_token_unwrap(t, back, wrapped), PSE_TOKEN_REFUSED);
    pse_token_close(t);
}

/* --- modules that say nothing ------------------------------------------------------------------
 */

/* What must be so has to be said; what must never have been is held against a key only when said.
 */
static void unsaid(void **state)
{
    static const struct {
        CK_ATTRIBUTE_TYPE denied;
        enum pse_token_fault wanted;
    } c[] = {
        {CKA_SENSITIVE, PSE_TOKEN_EXTRACTABLE}, {CKA_EXTRACTABLE, PSE_TOKEN_EXTRACTABLE},
        {CKA_PRIVATE, PSE_TOKEN_UNGUARDED},     {CKA_SIGN, PSE_TOKEN_KIND},
        {CKA_EC_PARAMS, PSE_TOKEN_KIND},        {CKA_EC_POINT, PSE_TOKEN_NO_PUBLIC},
        {CKA_ALWAYS_SENSITIVE, PSE_TOKEN_GOOD}, {CKA_NEVER_EXTRACTABLE, PSE_TOKEN_GOOD},
    };

    (void)state;
    fresh("unsaid");
    pse_token_close(make("object=a", PSE_TOKEN_ED25519));
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        struct pse_token *t;

        shim->denied = c[i].denied;
        expect(open_as(&t, "object=a", PSE_TOKEN_ED25519, DEVICE_PIN), c[i].wanted);
        pse_token_close(t);
    }
}

/* A key that turns out to be of no use when it is made does not stay there. */
static void made_in_vain(void **state)
{
    struct pse_token_ask ask = {.pin = pse_span_str(DEVICE_PIN), .kind = PSE_TOKEN_ED25519};
    struct pse_token *t;

    (void)state;
    fresh("vain");
    ask.uri = device_uri(&device, "object=vain");
    shim->denied = CKA_EC_PARAMS;
    expect(pse_token_make(&t, &ask), PSE_TOKEN_KIND);
    shim->denied = 0;
    expect(open_as(&t, "object=vain", PSE_TOKEN_ED25519, DEVICE_PIN), PSE_TOKEN_NO_OBJECT);
    t = make("object=vain", PSE_TOKEN_ED25519);
    assert_true(signs(t));
    pse_token_close(t);
}

/* --- the module --------------------------------------------------------------------------------
 */

/* A copy that nobody else can write, wherever the build stands. */
static void load_shim(const char *built)
{
    static char path[96];
    char command[512];
    token_shim_fn *find;
    void *library;

    (void)snprintf(path, sizeof path, "%s/shim.so", device.dir);
    (void)snprintf(command, sizeof command, "cp '%s' %s && chmod 755 %s", built, path, path);
    assert_int_equal(system(command), 0);
    assert_int_equal(setenv(TOKEN_SHIM_BEHIND, device.module, 1), 0);
    library = dlopen(path, RTLD_NOW);
    assert_non_null(library);
    *(void **)&find = dlsym(library, "token_shim");
    assert_non_null(find);
    shim = find();
    device.through = path;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_login),       cmocka_unit_test(tells_nothing),
        cmocka_unit_test(one_try_for_all), cmocka_unit_test(login_answers),
        cmocka_unit_test(asks_each_time),  cmocka_unit_test(asks_without_pin),
        cmocka_unit_test(unable),          cmocka_unit_test(opened_again_once),
        cmocka_unit_test(unplugged),       cmocka_unit_test(logged_out),
        cmocka_unit_test(unwrapping),      cmocka_unit_test(unsaid),
        cmocka_unit_test(made_in_vain),
    };
    int failed;

    if (device_module() == NULL) {
        puts("1..0 # SKIP needs SoftHSM");
        return 0;
    }
    if (sodium_init() < 0 || argc != 2)
        return 1;
    device_open(&device);
    load_shim(argv[1]);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    device_close(&device);
    return failed;
}
