#include "token.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "room.h"

enum { PARAMS_MAX = 32, POINT_MAX = PSE_TOKEN_PUBLIC_MAX + 3 };

static const char *const names[] = {
    "good",       "uri",         "pin-in-uri", "unnamed",     "module-path", "no-module",
    "no-token",   "two-tokens",  "no-pin",     "pin-wrong",   "pin-before",  "pin-locked",
    "pin-change", "login",       "no-object",  "two-objects", "kind",        "unguarded",
    "outside",    "extractable", "no-public",  "exists",      "lost",        "forked",
    "refused",    "unable",      "device",     "no-memory",
};

const char *pse_token_fault_name(enum pse_token_fault fault)
{
    PSE_REQUIRE((size_t)fault < sizeof names / sizeof *names);
    return names[fault];
}

/* --- the URI -----------------------------------------------------------------------------------
 */

bool pse_token_is_uri(const char *text)
{
    return strncmp(text, "pkcs11:", 7) == 0;
}

/* The next attribute's name after @p at, which is the scheme's colon at first; NULL: no more. */
static const char *next_name(size_t *n, const char *at)
{
    at += *at == ':' ? 0 : strcspn(at, ";?&");
    if (*at == '\0')
        return NULL;
    *n = strcspn(++at, "=;?&");
    return at;
}

/* Looked for first, and in whatever else may be wrong, since complaints show what they are about.
 */
static bool has_pin(const char *text)
{
    static const char pin[] = "pin-value";
    size_t n;

    for (const char *at = next_name(&n, text + strcspn(text, ":")); at != NULL;
         at = next_name(&n, at + n))
        if (n == sizeof pin - 1 && strncasecmp(at, pin, n) == 0)
            return true;
    return false;
}

/* Each attribute once (RFC 7512 2.3): of two, people and modules may read either. */
static bool has_twins(const char *text)
{
    const char *seen[32];
    size_t count = 0;
    size_t n;

    for (const char *at = next_name(&n, text + strcspn(text, ":")); at != NULL;
         at = next_name(&n, at + n)) {
        for (size_t i = 0; i < count; i++)
            if (strncmp(seen[i], at, n) == 0 && seen[i][n] == '=')
                return true;
        if (count == sizeof seen / sizeof *seen)
            return true;
        seen[count++] = at;
    }
    return false;
}

/* p11-kit passes over what it does not know behind the question mark. */
static bool is_query_known(const char *text)
{
    static const char *const known[] = {"pin-source", "module-path"};
    const char *query = strchr(text, '?');
    size_t n;

    for (const char *at = query == NULL ? NULL : next_name(&n, query); at != NULL;
         at = next_name(&n, at + n))
        if ((strlen(known[0]) != n || strncmp(at, known[0], n) != 0) &&
            (strlen(known[1]) != n || strncmp(at, known[1], n) != 0))
            return false;
    return true;
}

/* An attribute that we do not know may be the one that tells two keys apart. */
static enum pse_token_fault parse_uri(P11KitUri **out, const char *text)
{
    P11KitUri *uri;
    enum pse_token_fault fault = PSE_TOKEN_GOOD;

    *out = NULL;
    if (has_pin(text))
        return PSE_TOKEN_PIN_IN_URI;
    uri = p11_kit_uri_new();
    if (uri == NULL)
        return PSE_TOKEN_NO_MEMORY;
    if (strlen(text) >= PSE_TOKEN_URI_MAX ||
        p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri) != P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(uri) || !is_query_known(text) || has_twins(text))
        fault = PSE_TOKEN_URI;
    else if (p11_kit_uri_get_attribute(uri, CKA_LABEL) == NULL &&
             p11_kit_uri_get_attribute(uri, CKA_ID) == NULL)
        fault = PSE_TOKEN_UNNAMED;
    if (fault == PSE_TOKEN_GOOD)
        *out = uri;
    else
        p11_kit_uri_free(uri);
    return fault;
}

enum pse_token_fault pse_token_uri_check(char pin_source[PSE_TOKEN_URI_MAX], const char *uri)
{
    P11KitUri *parsed;
    enum pse_token_fault fault = parse_uri(&parsed, uri);
    const char *source;

    pin_source[0] = '\0';
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    source = p11_kit_uri_get_pin_source(parsed);
    if (source != NULL)
        (void)strncat(pin_source, source, PSE_TOKEN_URI_MAX - 1);
    p11_kit_uri_free(parsed);
    return PSE_TOKEN_GOOD;
}

/* --- modules -----------------------------------------------------------------------------------
 */

/* A module is code that gets the PIN: it is to be one that nobody else could have put there. */
static enum pse_token_fault judge_path(const char *path)
{
    struct stat st;

    if (path[0] != '/')
        return PSE_TOKEN_MODULE_PATH;
    if (stat(path, &st) != 0)
        return PSE_TOKEN_NO_MODULE;
    return (st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & 022) == 0
               ? PSE_TOKEN_GOOD
               : PSE_TOKEN_MODULE_PATH;
}

static enum pse_token_fault load_modules(struct pse_token *t)
{
    const char *path = p11_kit_uri_get_module_path(t->uri);
    enum pse_token_fault fault;

    p11_kit_be_quiet();
    if (path == NULL) {
        t->modules = p11_kit_modules_load_and_initialize(0);
        return t->modules != NULL ? PSE_TOKEN_GOOD : PSE_TOKEN_NO_MODULE;
    }
    fault = judge_path(path);
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    t->own = p11_kit_module_load(path, 0);
    if (t->own != NULL && p11_kit_module_initialize(t->own) == CKR_OK)
        return PSE_TOKEN_GOOD;
    if (t->own != NULL)
        p11_kit_module_release(t->own);
    t->own = NULL;
    return PSE_TOKEN_NO_MODULE;
}

static void unload_modules(struct pse_token *t)
{
    if (t->modules != NULL)
        p11_kit_modules_finalize_and_release(t->modules);
    if (t->own != NULL) {
        (void)p11_kit_module_finalize(t->own);
        p11_kit_module_release(t->own);
    }
}

static enum pse_token_fault keep_pin(struct pse_token *t, struct pse_span pin)
{
    if (pin.n == 0)
        return PSE_TOKEN_GOOD;
    if (pin.n > PSE_TOKEN_PIN_MAX)
        return PSE_TOKEN_NO_PIN;
    t->pin = sodium_malloc(pin.n);
    if (t->pin == NULL)
        return PSE_TOKEN_NO_MEMORY;
    memcpy(t->pin, pin.p, pin.n);
    t->pin_n = pin.n;
    return PSE_TOKEN_GOOD;
}

/* A URI that asks for an object of another class has another one in mind. */
static enum pse_token_fault judge_class(const struct pse_token *t)
{
    const CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(t->uri, CKA_CLASS);
    CK_OBJECT_CLASS ours = token_class(t);

    return class == NULL || (class->ulValueLen == sizeof ours &&
                             memcmp(class->pValue, &ours, sizeof ours) == 0)
               ? PSE_TOKEN_GOOD
               : PSE_TOKEN_KIND;
}

enum pse_token_fault token_begin(struct pse_token **out, const struct pse_token_ask *ask)
{
    struct pse_token *t = calloc(1, sizeof *t);
    enum pse_token_fault fault;

    *out = NULL;
    if (t == NULL)
        return PSE_TOKEN_NO_MEMORY;
    PSE_REQUIRE(pthread_mutex_init(&t->lock, NULL) == 0);
    t->owner = getpid();
    t->kind = ask->kind;
    t->asks_each_time = ask->asks_each_time;
    fault = parse_uri(&t->uri, ask->uri);
    if (fault == PSE_TOKEN_GOOD)
        fault = judge_class(t);
    if (fault == PSE_TOKEN_GOOD)
        fault = keep_pin(t, ask->pin);
    if (fault == PSE_TOKEN_GOOD)
        fault = load_modules(t);
    if (fault == PSE_TOKEN_GOOD)
        *out = t;
    else
        pse_token_close(t);
    return fault;
}

void pse_token_close(struct pse_token *t)
{
    if (t == NULL)
        return;
    if (t->owner == getpid()) {
        if (t->session != 0)
            (void)t->f->C_CloseSession(t->session);
        unload_modules(t);
    }
    if (t->uri != NULL)
        p11_kit_uri_free(t->uri);
    sodium_free(t->pin); /* wipes; NULL is fine */
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

/* --- the object --------------------------------------------------------------------------------
 */

CK_OBJECT_CLASS token_class(const struct pse_token *t)
{
    return t->kind == PSE_TOKEN_WRAP ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
}

static enum pse_token_fault search(struct pse_token *t, CK_OBJECT_HANDLE found[2], CK_ULONG *n,
                                   CK_ATTRIBUTE *by, CK_ULONG attributes)
{
    CK_RV rv;

    *n = 0;
    if (t->f->C_FindObjectsInit(t->session, by, attributes) != CKR_OK)
        return PSE_TOKEN_DEVICE;
    rv = t->f->C_FindObjects(t->session, found, 2, n);
    (void)t->f->C_FindObjectsFinal(t->session);
    return rv == CKR_OK ? PSE_TOKEN_GOOD : PSE_TOKEN_DEVICE;
}

enum pse_token_fault token_find(struct pse_token *t, CK_OBJECT_HANDLE *out, CK_OBJECT_CLASS class,
                                bool is_named)
{
    CK_ATTRIBUTE by[3] = {{CKA_CLASS, &class, sizeof class}};
    CK_OBJECT_HANDLE found[2];
    const CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(t->uri, CKA_LABEL);
    const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(t->uri, CKA_ID);
    CK_ULONG n = 1;
    CK_ULONG count;
    enum pse_token_fault fault;

    *out = 0;
    if (!is_named)
        by[n++] = (CK_ATTRIBUTE){CKA_ID, t->id, t->id_n};
    if (is_named && label != NULL)
        by[n++] = *label;
    if (is_named && id != NULL)
        by[n++] = *id;
    fault = search(t, found, &count, by, n);
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    *out = count == 1 ? found[0] : 0;
    return count == 0 ? PSE_TOKEN_NO_OBJECT : count == 1 ? PSE_TOKEN_GOOD : PSE_TOKEN_TWO_OBJECTS;
}

static bool is_set(struct pse_token *t, CK_ATTRIBUTE_TYPE type, bool wanted)
{
    CK_BBOOL value = wanted ? CK_FALSE : CK_TRUE;
    CK_ATTRIBUTE a = {type, &value, sizeof value};

    return t->f->C_GetAttributeValue(t->session, t->key, &a, 1) == CKR_OK &&
           a.ulValueLen == sizeof value && (value != CK_FALSE) == wanted;
}

static bool is_number(struct pse_token *t, CK_ATTRIBUTE_TYPE type, CK_ULONG wanted)
{
    CK_ULONG value = CK_UNAVAILABLE_INFORMATION;
    CK_ATTRIBUTE a = {type, &value, sizeof value};

    return t->f->C_GetAttributeValue(t->session, t->key, &a, 1) == CKR_OK && value == wanted;
}

static const uint8_t ed25519_oid[] = {0x06, 3, 0x2b, 0x65, 0x70};
static const uint8_t ed25519_text[] = {0x13, 12,  'e', 'd', 'w', 'a', 'r',
                                       'd',  's', '2', '5', '5', '1', '9'};
static const uint8_t p256_oid[] = {0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
static const uint8_t p384_oid[] = {0x06, 5, 0x2b, 0x81, 4, 0, 0x22};

const struct curve *token_curve(enum pse_token_kind kind)
{
    static const struct curve curves[] = {
        [PSE_TOKEN_ED25519] = {ed25519_oid, sizeof ed25519_oid, ed25519_text, sizeof ed25519_text},
        [PSE_TOKEN_P256] = {p256_oid, sizeof p256_oid, NULL, 0},
        [PSE_TOKEN_P384] = {p384_oid, sizeof p384_oid, NULL, 0},
    };

    PSE_REQUIRE(kind < sizeof curves / sizeof *curves);
    return &curves[kind];
}

static bool is_on_curve(struct pse_token *t)
{
    const struct curve *curve = token_curve(t->kind);
    uint8_t params[PARAMS_MAX];
    CK_ATTRIBUTE a = {CKA_EC_PARAMS, params, sizeof params};

    if (!is_number(t, CKA_KEY_TYPE, t->kind == PSE_TOKEN_ED25519 ? CKK_EC_EDWARDS : CKK_EC) ||
        t->f->C_GetAttributeValue(t->session, t->key, &a, 1) != CKR_OK)
        return false;
    return (a.ulValueLen == curve->oid_n && memcmp(params, curve->oid, curve->oid_n) == 0) ||
           (curve->text != NULL && a.ulValueLen == curve->text_n &&
            memcmp(params, curve->text, curve->text_n) == 0);
}

static bool is_for_use(struct pse_token *t)
{
    if (t->kind != PSE_TOKEN_WRAP)
        return is_set(t, CKA_SIGN, true) && is_on_curve(t);
    return is_number(t, CKA_KEY_TYPE, CKK_AES) && is_number(t, CKA_VALUE_LEN, PSE_TOKEN_KEY) &&
           is_set(t, CKA_WRAP, true) && is_set(t, CKA_UNWRAP, true);
}

static void read_names(struct pse_token *t)
{
    CK_ATTRIBUTE label = {CKA_LABEL, t->label, PSE_TOKEN_LABEL_MAX};
    CK_ATTRIBUTE id = {CKA_ID, t->id, ID_MAX};

    if (t->f->C_GetAttributeValue(t->session, t->key, &label, 1) != CKR_OK ||
        label.ulValueLen > PSE_TOKEN_LABEL_MAX)
        label.ulValueLen = 0;
    t->label[label.ulValueLen] = '\0';
    if (t->f->C_GetAttributeValue(t->session, t->key, &id, 1) != CKR_OK || id.ulValueLen > ID_MAX)
        id.ulValueLen = 0;
    t->id_n = id.ulValueLen;
}

/* How long the public half is; 0: not there. PKCS#11 wants the point inside an OCTET STRING; some
 * modules give it bare. */
static size_t read_public(struct pse_token *t, uint8_t out[PSE_TOKEN_PUBLIC_MAX])
{
    size_t n = t->kind == PSE_TOKEN_ED25519 ? 32 : t->kind == PSE_TOKEN_P256 ? 65 : 97;
    uint8_t point[POINT_MAX];
    CK_ATTRIBUTE a = {CKA_EC_POINT, point, sizeof point};
    CK_OBJECT_HANDLE object;

    if (t->id_n == 0 || token_find(t, &object, CKO_PUBLIC_KEY, false) != PSE_TOKEN_GOOD ||
        t->f->C_GetAttributeValue(t->session, object, &a, 1) != CKR_OK)
        return 0;
    if (a.ulValueLen == n + 2 && point[0] == 0x04 && point[1] == n)
        memmove(point, point + 2, n);
    else if (a.ulValueLen != n)
        return 0;
    memcpy(out, point, n);
    return n;
}

/* What the first opening finds is kept; a later one must find the same, or it is another key. */
static enum pse_token_fault keep_public(struct pse_token *t)
{
    uint8_t public[PSE_TOKEN_PUBLIC_MAX];
    size_t n = read_public(t, public);

    if (t->kind == PSE_TOKEN_ED25519 && n == 0)
        return PSE_TOKEN_NO_PUBLIC;
    if (t->is_known)
        return n == t->public_n && memcmp(public, t->public, n) == 0 ? PSE_TOKEN_GOOD
                                                                     : PSE_TOKEN_NO_OBJECT;
    memcpy(t->public, public, n);
    t->public_n = n;
    return PSE_TOKEN_GOOD;
}

/* Attributes of old modules: where they say nothing of the past, nothing is held against the key.
 */
static bool was_outside(struct pse_token *t)
{
    return is_set(t, CKA_ALWAYS_SENSITIVE, false) || is_set(t, CKA_NEVER_EXTRACTABLE, false);
}

static enum pse_token_fault judge_object(struct pse_token *t)
{
    if (!is_for_use(t))
        return PSE_TOKEN_KIND;
    if (!is_set(t, CKA_SENSITIVE, true) || !is_set(t, CKA_EXTRACTABLE, false))
        return PSE_TOKEN_EXTRACTABLE;
    if (was_outside(t))
        return PSE_TOKEN_OUTSIDE;
    return is_set(t, CKA_PRIVATE, true) ? PSE_TOKEN_GOOD : PSE_TOKEN_UNGUARDED;
}

enum pse_token_fault token_object(struct pse_token *t)
{
    enum pse_token_fault fault = token_find(t, &t->key, token_class(t), true);

    if (fault == PSE_TOKEN_GOOD)
        fault = judge_object(t);
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    t->asks_each_time = t->kind != PSE_TOKEN_WRAP && is_set(t, CKA_ALWAYS_AUTHENTICATE, true);
    if (t->asks_each_time && t->pin == NULL)
        return PSE_TOKEN_NO_PIN;
    if (!t->is_known)
        read_names(t);
    if (t->kind != PSE_TOKEN_WRAP)
        fault = keep_public(t);
    t->is_known = t->is_known || fault == PSE_TOKEN_GOOD;
    return fault;
}

enum pse_token_fault pse_token_open(struct pse_token **out, const struct pse_token_ask *ask)
{
    struct pse_token *t;
    enum pse_token_fault fault = token_begin(&t, ask);

    *out = NULL;
    if (fault != PSE_TOKEN_GOOD)
        return fault;
    fault = token_session(t, false);
    if (fault == PSE_TOKEN_GOOD)
        fault = token_object(t);
    if (fault == PSE_TOKEN_GOOD)
        *out = t;
    else
        pse_token_close(t);
    return fault;
}

const char *pse_token_label(const struct pse_token *t)
{
    return t->label;
}

struct pse_span pse_token_public(const struct pse_token *t)
{
    return pse_span(t->public, t->public_n);
}
