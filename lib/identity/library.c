/* The library context that certificates of persons are read in.
 *
 * OpenSSL 3.0 finds out how to decode a certificate's key by going through every decoder of its
 * providers, for each certificate anew (3.2 remembers), which took a sixth of judging a login. Here
 * the one provider of a context passes on all that the default provider has, and of its decoders
 * and kinds of keys those that any rule accepts: EC, RSA, RSA-PSS. Keys of other kinds stay unread,
 * and are of no kind that is accepted. What is computed, is computed by the default provider.
 *
 * Where a system demands other providers (FIPS), certificates are read as it is set up. */
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <string.h>

#include "room.h"

enum { CHOSEN_MAX = 8 };

/* Written once, before the first certificate; never given back. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *context; /* NULL: the default one */
static OSSL_PROVIDER *all;
static OSSL_ALGORITHM decoder[CHOSEN_MAX + 1], kind[CHOSEN_MAX + 1]; /* the last is empty */

static bool is_named(const OSSL_ALGORITHM *a, const char *name)
{
    size_t n = strlen(name);

    return strncmp(a->algorithm_names, name, n) == 0 &&
           (a->algorithm_names[n] == '\0' || a->algorithm_names[n] == ':');
}

static bool is_kind(const OSSL_ALGORITHM *a)
{
    return is_named(a, "EC") || is_named(a, "RSA") || is_named(a, "RSA-PSS");
}

/* "DER" finds out from the object identifier which of the others is meant. */
static bool is_decoder(const OSSL_ALGORITHM *a)
{
    return (is_kind(a) || is_named(a, "DER")) &&
           strstr(a->property_definition, "input=der") != NULL &&
           strstr(a->property_definition, "structure=SubjectPublicKeyInfo") != NULL;
}

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    (void)provider;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_DECODER: return decoder;
    case OSSL_OP_KEYMGMT: return kind;
    default: return OSSL_PROVIDER_query_operation(all, operation, no_cache);
    }
}

static int start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                 void **provider)
{
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query}, {0, NULL}};

    (void)handle, (void)in;
    *out = functions;
    *provider = OSSL_PROVIDER_get0_provider_ctx(all);
    return 1;
}

static bool choose(OSSL_ALGORITHM out[CHOSEN_MAX], int operation,
                   bool (*is_wanted)(const OSSL_ALGORITHM *a))
{
    int no_cache;
    const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(all, operation, &no_cache);
    size_t n = 0;

    for (; a != NULL && a->algorithm_names != NULL; a++) {
        if (!is_wanted(a))
            continue;
        if (n == CHOSEN_MAX)
            return false;
        out[n++] = *a;
    }
    return n > 0;
}

static void make(void)
{
    OSSL_LIB_CTX *whole, *narrow;

    if (OSSL_PROVIDER_available(NULL, "default") != 1 ||
        EVP_default_properties_is_fips_enabled(NULL) == 1)
        return;
    whole = OSSL_LIB_CTX_new();
    narrow = OSSL_LIB_CTX_new();
    all = whole == NULL ? NULL : OSSL_PROVIDER_load(whole, "default");
    if (narrow != NULL && all != NULL && choose(decoder, OSSL_OP_DECODER, is_decoder) &&
        choose(kind, OSSL_OP_KEYMGMT, is_kind) &&
        OSSL_PROVIDER_add_builtin(narrow, "narrow", start) == 1 &&
        OSSL_PROVIDER_load(narrow, "narrow") != NULL) {
        context = narrow;
        return;
    }
    OSSL_LIB_CTX_free(narrow);
    OSSL_LIB_CTX_free(whole);
}

OSSL_LIB_CTX *pse_library(void)
{
    PSE_REQUIRE(pthread_once(&once, make) == 0);
    return context;
}
