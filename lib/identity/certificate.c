#include "certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "room.h"

/* --- reading ------------------------------------------------------------------------------------
 */

/* One attribute of the subject. *count says how often it stands there; the first is taken. */
static pse_rc take_name(char out[PSE_PERSON_TEXT_MAX], int *count, const X509_NAME *name, int nid)
{
    uint8_t *text = NULL;
    pse_rc rc = PSE_OK;
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    int n;

    out[0] = '\0';
    *count = 0;
    for (int i = at; i >= 0; i = X509_NAME_get_index_by_NID(name, nid, i))
        ++*count;
    if (at < 0)
        return PSE_OK;
    n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    /* A name with a zero in it would end early for some readers and not for others. */
    if (n < 0 || memchr(text, 0, (size_t)n) != NULL ||
        !pse_utf8_is_valid(pse_span(text, (size_t)n)))
        rc = PSE_E_SYNTAX;
    else if (n >= PSE_PERSON_TEXT_MAX)
        rc = PSE_E_LIMIT;
    else
        memcpy(out, text, (size_t)n);
    out[rc == PSE_OK ? n : 0] = '\0';
    OPENSSL_free(text);
    return rc;
}

static pse_rc take_person(struct pse_person *p, const X509_NAME *name)
{
    int count;

    PSE_TRY(take_name(p->given_name, &count, name, NID_givenName));
    PSE_TRY(take_name(p->surname, &count, name, NID_surname));
    PSE_TRY(take_name(p->serial_number, &count, name, NID_serialNumber));
    if (count > 1)
        p->serial_number[0] = '\0';
    PSE_TRY(take_name(p->country, &count, name, NID_countryName));
    if (count > 1)
        p->country[0] = '\0';
    return PSE_OK;
}

static enum pse_key_kind kind_of(const EVP_PKEY *key)
{
    char group[32];

    if (key == NULL)
        return PSE_KEY_OTHER;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return PSE_KEY_RSA;
    case EVP_PKEY_RSA_PSS: return PSE_KEY_RSA_PSS;
    case EVP_PKEY_EC: break;
    default: return PSE_KEY_OTHER;
    }
    if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1)
        return PSE_KEY_OTHER;
    switch (OBJ_txt2nid(group)) {
    case NID_X9_62_prime256v1: return PSE_KEY_P256;
    case NID_secp384r1: return PSE_KEY_P384;
    case NID_secp521r1: return PSE_KEY_P521;
    default: return PSE_KEY_OTHER;
    }
}

static pse_rc keep_bytes(struct pse_certificate *c, struct pse_span der)
{
    int n = (int)der.n;

    if (der.n > 0)
        c->der = OPENSSL_memdup(der.p, der.n);
    else
        n = i2d_X509(c->x, &c->der);
    c->der_n = n > 0 ? (size_t)n : 0;
    return c->der != NULL && n > 0 ? PSE_OK : PSE_E_MEMORY;
}

static pse_rc fill(struct pse_certificate *c, struct pse_span der)
{
    PSE_TRY(keep_bytes(c, der));
    if (!pse_time_get(&c->from, X509_get0_notBefore(c->x)) ||
        !pse_time_get(&c->until, X509_get0_notAfter(c->x)))
        return PSE_E_SYNTAX;
    PSE_TRY(take_person(&c->person, X509_get_subject_name(c->x)));
    c->kind = kind_of(X509_get0_pubkey(c->x));
    if (c->kind != PSE_KEY_OTHER)
        c->key_bits = (unsigned)EVP_PKEY_get_bits(X509_get0_pubkey(c->x));
    return PSE_OK;
}

pse_rc pse_certificate_wrap(struct pse_certificate **out, X509 *x, struct pse_span der)
{
    struct pse_certificate *c = calloc(1, sizeof *c);
    pse_rc rc = PSE_E_MEMORY;

    *out = NULL;
    if (c == NULL) {
        X509_free(x);
        return rc;
    }
    c->x = x;
    rc = fill(c, der);
    ERR_clear_error();
    if (rc != PSE_OK) {
        pse_certificate_free(c);
        return rc;
    }
    *out = c;
    return PSE_OK;
}

void pse_certificate_free(struct pse_certificate *c)
{
    if (c == NULL)
        return;
    X509_free(c->x);
    OPENSSL_free(c->der);
    free(c);
}

pse_rc pse_certificate_parse_der(struct pse_certificate **out, struct pse_span der)
{
    const uint8_t *at = der.p;
    X509 *x;

    *out = NULL;
    if (der.n > PSE_CERTIFICATE_MAX)
        return PSE_E_LIMIT;
    if (der.n == 0)
        return PSE_E_SYNTAX;
    x = X509_new_ex(pse_library(), NULL);
    if (x == NULL)
        return PSE_E_MEMORY;
    (void)d2i_X509(&x, &at, (long)der.n); /* frees it when it fails */
    ERR_clear_error();
    if (x != NULL && at == der.p + der.n)
        return pse_certificate_wrap(out, x, der);
    X509_free(x);
    return PSE_E_SYNTAX;
}

pse_rc pse_certificate_parse(struct pse_certificate **out, struct pse_span in)
{
    struct pse_anchors *all;
    pse_rc rc;

    *out = NULL;
    if (in.n > PSE_CERTIFICATE_MAX)
        return PSE_E_LIMIT;
    PSE_TRY(pse_anchors_new(&all));
    rc = pse_anchors_add(all, in);
    if (rc == PSE_OK)
        rc = pse_certificate_wrap(out, sk_X509_shift(all->certificates), pse_span(NULL, 0));
    pse_anchors_free(all);
    return rc;
}

/* --- what it says -------------------------------------------------------------------------------
 */

const struct pse_person *pse_certificate_person(const struct pse_certificate *c)
{
    return &c->person;
}

struct pse_span pse_certificate_der(const struct pse_certificate *c)
{
    return pse_span(c->der, c->der_n);
}

pse_hash pse_certificate_digest(const struct pse_certificate *c)
{
    pse_hash digest;

    pse_sha256(&digest, pse_certificate_der(c));
    return digest;
}

enum pse_key_kind pse_certificate_key(const struct pse_certificate *c)
{
    return c->kind;
}

unsigned pse_certificate_key_bits(const struct pse_certificate *c)
{
    return c->key_bits;
}

void pse_certificate_life(int64_t *from, int64_t *until, const struct pse_certificate *c)
{
    *from = c->from;
    *until = c->until;
}

bool pse_certificate_is_for(const struct pse_certificate *c, unsigned uses)
{
    int critical;
    ASN1_BIT_STRING *bits = X509_get_ext_d2i(c->x, NID_key_usage, &critical, NULL);
    bool all = bits != NULL;

    for (int i = 0; i < 8 && all; i++) {
        if ((uses >> i & 1) != 0 && ASN1_BIT_STRING_get_bit(bits, i) != 1)
            all = false;
    }
    ASN1_BIT_STRING_free(bits);
    ERR_clear_error();
    return all;
}

/* Whether an object identifier is this one, in numbers. */
static bool is_oid(const ASN1_OBJECT *object, const char *oid)
{
    char text[PSE_OID_MAX];
    int n = OBJ_obj2txt(text, sizeof text, object, 1);

    return n > 0 && (size_t)n < sizeof text && strcmp(text, oid) == 0;
}

enum extended { EXTENDED_ABSENT, EXTENDED_EMPTY, EXTENDED_NAMED, EXTENDED_OTHER };

static enum extended extended_use(const struct pse_certificate *c, const char *oid)
{
    int critical;
    EXTENDED_KEY_USAGE *use = X509_get_ext_d2i(c->x, NID_ext_key_usage, &critical, NULL);
    enum extended found = EXTENDED_OTHER;

    ERR_clear_error();
    if (use == NULL)
        return critical == -1 ? EXTENDED_ABSENT : EXTENDED_OTHER;
    if (sk_ASN1_OBJECT_num(use) == 0)
        found = EXTENDED_EMPTY;
    for (int i = 0; i < sk_ASN1_OBJECT_num(use); i++) {
        if (is_oid(sk_ASN1_OBJECT_value(use, i), oid))
            found = EXTENDED_NAMED;
    }
    EXTENDED_KEY_USAGE_free(use);
    return found;
}

bool pse_certificate_may(const struct pse_certificate *c, const char *oid)
{
    return extended_use(c, oid) != EXTENDED_OTHER;
}

bool pse_certificate_is_named_for(const struct pse_certificate *c, const char *oid)
{
    return extended_use(c, oid) == EXTENDED_NAMED;
}

static bool is_one_of(const ASN1_OBJECT *object, const char *const *oids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_oid(object, oids[i]))
            return true;
    }
    return false;
}

bool pse_certificate_is_under(const struct pse_certificate *c, const char *const *oids, size_t n)
{
    int critical;
    CERTIFICATEPOLICIES *list = X509_get_ext_d2i(c->x, NID_certificate_policies, &critical, NULL);
    bool found = false;

    ERR_clear_error();
    if (list == NULL)
        return critical != -1;
    for (int i = 0; i < sk_POLICYINFO_num(list) && !found; i++)
        found = is_one_of(sk_POLICYINFO_value(list, i)->policyid, oids, n);
    CERTIFICATEPOLICIES_free(list);
    return found;
}

bool pse_oid_is_valid(const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    bool same = object != NULL && is_oid(object, oid); /* no zeros in front */

    ASN1_OBJECT_free(object);
    ERR_clear_error();
    return same;
}

static bool is_web_address(struct pse_span url)
{
    static const char *const start[] = {"http://", "https://"};

    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] <= ' ' || url.p[i] > '~')
            return false;
    }
    for (size_t i = 0; i < 2; i++) {
        if (url.n > strlen(start[i]) && memcmp(url.p, start[i], strlen(start[i])) == 0)
            return true;
    }
    return false;
}

static pse_rc address_of(char out[PSE_CERTIFICATE_URL_MAX], const ACCESS_DESCRIPTION *d)
{
    const ASN1_IA5STRING *uri;
    struct pse_span url;

    if (OBJ_obj2nid(d->method) != NID_ad_OCSP || d->location->type != GEN_URI)
        return PSE_E_MISSING;
    uri = d->location->d.uniformResourceIdentifier;
    url = pse_span(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
    if (!is_web_address(url))
        return PSE_E_MISSING;
    if (url.n >= PSE_CERTIFICATE_URL_MAX)
        return PSE_E_LIMIT;
    memcpy(out, url.p, url.n);
    out[url.n] = '\0';
    return PSE_OK;
}

pse_rc pse_certificate_ocsp_url(char out[PSE_CERTIFICATE_URL_MAX], const struct pse_certificate *c)
{
    AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i(c->x, NID_info_access, NULL, NULL);
    pse_rc rc = PSE_E_MISSING;

    out[0] = '\0';
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access) && rc == PSE_E_MISSING; i++)
        rc = address_of(out, sk_ACCESS_DESCRIPTION_value(access, i));
    AUTHORITY_INFO_ACCESS_free(access);
    ERR_clear_error();
    return rc;
}

/* --- who it is ----------------------------------------------------------------------------------
 */

static bool is_upper(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] < 'A' || s[i] > 'Z')
            return false;
    }
    return true;
}

/* EN 319 412-1, 5.1.3: "PNO", "PAS", "IDC", …, country, hyphen, number. */
static bool is_semantic(const char *serial)
{
    return strlen(serial) > 6 && is_upper(serial, 5) && serial[5] == '-';
}

pse_rc pse_person_subject(char out[PSE_SUBJECT_MAX], const struct pse_person *p)
{
    size_t serial = strlen(p->serial_number), country = strlen(p->country), n = 0;

    out[0] = '\0';
    if (serial == 0)
        return PSE_E_MISSING;
    if (!is_semantic(p->serial_number)) {
        if (country != 2 || !is_upper(p->country, 2))
            return PSE_E_MISSING;
        memcpy(out, p->country, 2);
        out[2] = '-';
        n = 3;
    }
    memcpy(out + n, p->serial_number, serial + 1);
    return PSE_OK;
}
