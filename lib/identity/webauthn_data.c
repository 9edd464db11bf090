/* What the authenticator writes: its data, its key, and the object around a new one. */
#include <fido.h>
#include <fido/es256.h>
#include <openssl/evp.h>
#include <sodium/crypto_core_ed25519.h>

#include "webauthn_room.h"

/* COSE (RFC 9052, 9053): names of members, and the values that are accepted. */
enum { COSE_LABEL_KTY = 1, COSE_LABEL_ALG = 3, COSE_LABEL_CRV = -1, COSE_LABEL_X = -2 };
enum { COSE_LABEL_Y = -3 };
enum {
    FLAGS_KNOWN = PSE_WEBAUTHN_UP | PSE_WEBAUTHN_UV | PSE_WEBAUTHN_BE | PSE_WEBAUTHN_BS |
                  PSE_WEBAUTHN_AT | PSE_WEBAUTHN_ED
};

/* --- attestation object -------------------------------------------------------------------------
 */

static pse_rc parse_object(struct pse_webauthn_object *out, struct pse_span in)
{
    struct pse_rd r = pse_rd(in);
    struct pse_cbor_map m;
    struct pse_span key[3];

    PSE_TRY(pse_cbor_map(&m, &r));
    PSE_TRY(pse_cbor_key(&key[0], &m, &r));
    PSE_TRY(pse_cbor_text(&out->format, &r));
    PSE_TRY(pse_cbor_key(&key[1], &m, &r));
    PSE_TRY(pse_cbor_item(&out->statement, &r));
    PSE_TRY(pse_cbor_key(&key[2], &m, &r));
    PSE_TRY(pse_cbor_bytes(&out->data, &r));
    if (m.left > 0 || !pse_cbor_key_is(key[0], "fmt") || !pse_cbor_key_is(key[1], "attStmt") ||
        !pse_cbor_key_is(key[2], "authData"))
        return PSE_E_SYNTAX;
    return pse_rd_end(&r);
}

enum pse_webauthn_fault pse_webauthn_object_parse(struct pse_webauthn_object *out,
                                                  struct pse_span in)
{
    return parse_object(out, in) == PSE_OK ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_ATTESTATION_OBJECT;
}

/* --- authenticator data -------------------------------------------------------------------------
 */

static pse_rc parse_credential(struct pse_webauthn_data *out, struct pse_rd *r)
{
    uint16_t n;

    PSE_TRY(pse_rd_copy(out->aaguid, r, sizeof out->aaguid));
    PSE_TRY(pse_rd_u16(&n, r));
    if (n == 0 || n > PSE_WEBAUTHN_ID_MAX)
        return PSE_E_RANGE;
    PSE_TRY(pse_rd_bytes(&out->id, r, n));
    PSE_TRY(pse_cbor_item(&out->key, r));
    return out->key.p[0] >> 5 == 5 ? PSE_OK : PSE_E_SYNTAX;
}

/* Nothing is asked for, but authenticators add some by themselves; they change nothing here. Which
 * ones there are must be told to libfido2 before it checks a signature. */
static pse_rc parse_extensions(struct pse_webauthn_data *out, struct pse_rd *r)
{
    struct pse_cbor_map m;
    struct pse_span key, value, name;

    PSE_TRY(pse_cbor_map(&m, r));
    while (m.left > 0) {
        struct pse_rd in_key, in_value;
        int64_t number = 0;
        bool is_on = false;

        PSE_TRY(pse_cbor_key(&key, &m, r));
        PSE_TRY(pse_cbor_item(&value, r));
        in_key = pse_rd(key);
        in_value = pse_rd(value);
        PSE_TRY(pse_cbor_text(&name, &in_key));
        if (pse_span_is_str(name, "credProtect") && pse_cbor_int(&number, &in_value) == PSE_OK &&
            number >= FIDO_CRED_PROT_UV_OPTIONAL && number <= FIDO_CRED_PROT_UV_REQUIRED) {
            out->extensions |= FIDO_EXT_CRED_PROTECT;
            out->protection = (int)number;
        } else if (pse_span_is_str(name, "minPinLength") &&
                   pse_cbor_int(&number, &in_value) == PSE_OK && number >= 0 && number <= 63) {
            out->extensions |= FIDO_EXT_MINPINLEN;
            out->min_pin = (size_t)number;
        } else if (pse_span_is_str(name, "hmac-secret")) {
            if (pse_cbor_bool(&is_on, &in_value) != PSE_OK || is_on)
                out->extensions |= FIDO_EXT_HMAC_SECRET;
        } else if (pse_span_is_str(name, "credBlob")) {
            if (pse_cbor_bool(&is_on, &in_value) != PSE_OK || is_on)
                out->extensions |= FIDO_EXT_CRED_BLOB;
        }
    }
    return PSE_OK;
}

static pse_rc parse_data(struct pse_webauthn_data *out, struct pse_span in, bool is_new)
{
    struct pse_rd r = pse_rd(in);

    out->whole = in;
    PSE_TRY(pse_rd_hash(&out->rp_id_hash, &r));
    PSE_TRY(pse_rd_u8(&out->flags, &r));
    PSE_TRY(pse_rd_u32(&out->sign_count, &r));
    if ((out->flags & ~FLAGS_KNOWN) != 0 || ((out->flags & PSE_WEBAUTHN_AT) != 0) != is_new)
        return PSE_E_RANGE;
    if (is_new)
        PSE_TRY(parse_credential(out, &r));
    if ((out->flags & PSE_WEBAUTHN_ED) != 0)
        PSE_TRY(parse_extensions(out, &r));
    return pse_rd_end(&r);
}

enum pse_webauthn_fault pse_webauthn_data_parse(struct pse_webauthn_data *out, struct pse_span in,
                                                bool is_new)
{
    *out = (struct pse_webauthn_data){0};
    if (in.n <= PSE_WEBAUTHN_DATA_MAX && parse_data(out, in, is_new) == PSE_OK)
        return PSE_WEBAUTHN_GOOD;
    return PSE_WEBAUTHN_AUTHENTICATOR_DATA;
}

/* --- the key ------------------------------------------------------------------------------------
 */

static bool is_on_p256(const uint8_t key[64])
{
    es256_pk_t *pk = es256_pk_new();
    EVP_PKEY *point = NULL;

    if (pk != NULL && es256_pk_from_ptr(pk, key, 64) == FIDO_OK)
        point = es256_pk_to_EVP_PKEY(pk); /* NULL for a point that is not on the curve */
    es256_pk_free(&pk);
    EVP_PKEY_free(point);
    return point != NULL;
}

bool pse_webauthn_point_is_valid(enum pse_webauthn_algorithm algorithm, const uint8_t key[64])
{
    return algorithm == PSE_WEBAUTHN_ES256 ? is_on_p256(key)
                                           : crypto_core_ed25519_is_valid_point(key) == 1;
}

/* The next member is the number @p label. */
static pse_rc expect(struct pse_cbor_map *m, struct pse_rd *r, int label)
{
    struct pse_span key;

    PSE_TRY(pse_cbor_key(&key, m, r));
    return pse_cbor_key_is_int(key, label) ? PSE_OK : PSE_E_SYNTAX;
}

static pse_rc get_coordinate(uint8_t out[32], struct pse_cbor_map *m, struct pse_rd *r, int label)
{
    struct pse_span bytes;

    PSE_TRY(expect(m, r, label));
    PSE_TRY(pse_cbor_bytes(&bytes, r));
    if (bytes.n != 32)
        return PSE_E_LENGTH;
    memcpy(out, bytes.p, 32);
    return PSE_OK;
}

static pse_rc parse_rest(struct pse_webauthn_key *out, struct pse_cbor_map *m, struct pse_rd *r,
                         int64_t kty)
{
    bool is_es256 = out->algorithm == PSE_WEBAUTHN_ES256;
    int64_t curve;

    PSE_TRY(expect(m, r, COSE_LABEL_CRV));
    PSE_TRY(pse_cbor_int(&curve, r));
    if (kty != (is_es256 ? COSE_KTY_EC2 : COSE_KTY_OKP) ||
        curve != (is_es256 ? COSE_P256 : COSE_ED25519))
        return PSE_E_RANGE;
    PSE_TRY(get_coordinate(out->key, m, r, COSE_LABEL_X));
    if (is_es256)
        PSE_TRY(get_coordinate(out->key + 32, m, r, COSE_LABEL_Y));
    if (m->left > 0 || !pse_webauthn_point_is_valid(out->algorithm, out->key))
        return PSE_E_RANGE;
    return pse_rd_end(r);
}

static enum pse_webauthn_fault parse_key(struct pse_webauthn_key *out, struct pse_span cose)
{
    struct pse_rd r = pse_rd(cose);
    struct pse_cbor_map m;
    int64_t kty, algorithm;

    if (pse_cbor_map(&m, &r) != PSE_OK || expect(&m, &r, COSE_LABEL_KTY) != PSE_OK ||
        pse_cbor_int(&kty, &r) != PSE_OK || expect(&m, &r, COSE_LABEL_ALG) != PSE_OK ||
        pse_cbor_int(&algorithm, &r) != PSE_OK)
        return PSE_WEBAUTHN_PUBLIC_KEY;
    if (algorithm != COSE_ES256 && algorithm != COSE_EDDSA)
        return PSE_WEBAUTHN_ALGORITHM;
    out->algorithm = algorithm == COSE_ES256 ? PSE_WEBAUTHN_ES256 : PSE_WEBAUTHN_EDDSA;
    return parse_rest(out, &m, &r, kty) == PSE_OK ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_PUBLIC_KEY;
}

enum pse_webauthn_fault pse_webauthn_key_take(struct pse_webauthn_key *out,
                                              const struct pse_webauthn_data *d)
{
    *out = (struct pse_webauthn_key){.id_n = (uint16_t)d->id.n,
                                     .sign_count = d->sign_count,
                                     .is_synced = (d->flags & PSE_WEBAUTHN_BE) != 0};
    memcpy(out->id, d->id.p, d->id.n);
    memcpy(out->aaguid, d->aaguid, sizeof out->aaguid);
    return parse_key(out, d->key);
}
