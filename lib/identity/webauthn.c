/* Registrations and assertions, rule by rule. */
#include "webauthn.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <openssl/err.h>

#include "webauthn_room.h"

static bool is_within(struct pse_span part, size_t max)
{
    return part.n > 0 && part.n <= max;
}

/* rp_id to backup. */
static enum pse_webauthn_fault check_data(const struct pse_webauthn_data *d, const char *rp_id)
{
    pse_hash expected;

    pse_sha256(&expected, pse_span_str(rp_id));
    if (!pse_hash_is_equal(&expected, &d->rp_id_hash))
        return PSE_WEBAUTHN_RP_ID;
    if ((d->flags & PSE_WEBAUTHN_UP) == 0)
        return PSE_WEBAUTHN_USER_PRESENT;
    if ((d->flags & PSE_WEBAUTHN_UV) == 0)
        return PSE_WEBAUTHN_USER_VERIFIED;
    if ((d->flags & PSE_WEBAUTHN_BS) != 0 && (d->flags & PSE_WEBAUTHN_BE) == 0)
        return PSE_WEBAUTHN_BACKUP;
    return PSE_WEBAUTHN_GOOD;
}

const struct pse_webauthn_key *pse_webauthn_key_find(const struct pse_webauthn_key *keys, size_t n,
                                                     struct pse_span id)
{
    for (size_t i = 0; i < n; i++) {
        if (pse_span_is_equal(pse_span(keys[i].id, keys[i].id_n), id))
            return &keys[i];
    }
    return NULL;
}

/* --- registration -------------------------------------------------------------------------------
 */

/* answer to backup. */
static enum pse_webauthn_fault open_registration(struct pse_webauthn_object *object,
                                                 struct pse_webauthn_data *d,
                                                 const struct pse_webauthn_answer *answer,
                                                 const pse_hash *challenge,
                                                 const struct pse_webauthn_site *site)
{
    enum pse_webauthn_fault fault;

    if (!is_within(answer->id, PSE_WEBAUTHN_ID_MAX) ||
        !is_within(answer->client_data, PSE_WEBAUTHN_CLIENT_MAX) ||
        !is_within(answer->object, PSE_WEBAUTHN_OBJECT_MAX))
        return PSE_WEBAUTHN_ANSWER;
    fault = pse_webauthn_client_check(answer->client_data, "webauthn.create", challenge, site);
    if (fault == PSE_WEBAUTHN_GOOD)
        fault = pse_webauthn_object_parse(object, answer->object);
    if (fault == PSE_WEBAUTHN_GOOD)
        fault = pse_webauthn_data_parse(d, object->data, true);
    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    if (!pse_span_is_equal(d->id, answer->id))
        return PSE_WEBAUTHN_AUTHENTICATOR_DATA;
    return check_data(d, site->rp_id);
}

static bool is_listed(const struct pse_webauthn_rules *rules, const uint8_t aaguid[16])
{
    for (size_t i = 0; i < rules->aaguids_n; i++) {
        if (memcmp(rules->aaguids[i], aaguid, 16) == 0)
            return true;
    }
    return rules->aaguids_n == 0;
}

enum pse_webauthn_fault pse_webauthn_register_over(struct pse_webauthn_key *out,
                                                   const struct pse_webauthn_answer *answer,
                                                   const pse_hash *challenge,
                                                   const struct pse_webauthn_site *site,
                                                   const struct pse_webauthn_rules *rules,
                                                   int64_t now)
{
    struct pse_webauthn_object object;
    struct pse_webauthn_data d;
    enum pse_webauthn_fault fault = open_registration(&object, &d, answer, challenge, site);

    *out = (struct pse_webauthn_key){0};
    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    if ((d.flags & PSE_WEBAUTHN_BE) != 0 && !rules->allow_synced)
        return PSE_WEBAUTHN_SYNCED;
    fault = pse_webauthn_key_take(out, &d);
    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    if (!is_listed(rules, d.aaguid))
        return PSE_WEBAUTHN_AAGUID;
    return pse_webauthn_attest(&out->attestation, &object, &d, out, answer->client_data,
                               site->rp_id, rules->anchors, now);
}

static enum pse_webauthn_fault register_it(struct pse_webauthn_key *out,
                                           const struct pse_webauthn_answer *answer,
                                           const struct pse_webauthn_challenge *challenge,
                                           const struct pse_webauthn_site *site,
                                           const struct pse_webauthn_rules *rules, int64_t now)
{
    enum pse_webauthn_fault fault = pse_webauthn_is_fresh(challenge, now);
    pse_hash bytes;

    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    if (challenge->purpose != PSE_WEBAUTHN_REGISTER)
        return PSE_WEBAUTHN_PURPOSE;
    pse_webauthn_challenge_bytes(&bytes, challenge);
    return pse_webauthn_register_over(out, answer, &bytes, site, rules, now);
}

enum pse_webauthn_fault pse_webauthn_register(struct pse_webauthn_key *out,
                                              const struct pse_webauthn_answer *answer,
                                              const struct pse_webauthn_challenge *challenge,
                                              const struct pse_webauthn_site *site,
                                              const struct pse_webauthn_rules *rules,
                                              const struct pse_webauthn_key *known, size_t known_n,
                                              int64_t now)
{
    enum pse_webauthn_fault fault = register_it(out, answer, challenge, site, rules, now);

    if (fault == PSE_WEBAUTHN_GOOD && pse_webauthn_key_find(known, known_n, answer->id) != NULL)
        fault = PSE_WEBAUTHN_REGISTERED;
    if (fault != PSE_WEBAUTHN_GOOD)
        *out = (struct pse_webauthn_key){0};
    return fault;
}

/* --- assertion ----------------------------------------------------------------------------------
 */

/* answer to backup, but for what the key says. */
static enum pse_webauthn_fault open_assertion(struct pse_webauthn_data *d,
                                              const struct pse_webauthn_key **key,
                                              const struct pse_webauthn_answer *answer,
                                              const pse_hash *challenge, const char *account,
                                              const struct pse_webauthn_site *site,
                                              const struct pse_webauthn_key *keys, size_t n)
{
    enum pse_webauthn_fault fault;

    if (!is_within(answer->id, PSE_WEBAUTHN_ID_MAX) ||
        !is_within(answer->client_data, PSE_WEBAUTHN_CLIENT_MAX) ||
        !is_within(answer->data, PSE_WEBAUTHN_DATA_MAX) ||
        !is_within(answer->signature, PSE_WEBAUTHN_SIGNATURE_MAX))
        return PSE_WEBAUTHN_ANSWER;
    *key = pse_webauthn_key_find(keys, n, answer->id);
    if (*key == NULL)
        return PSE_WEBAUTHN_CREDENTIAL;
    if (answer->user_handle.n > 0 && !pse_span_is_str(answer->user_handle, account))
        return PSE_WEBAUTHN_USER_HANDLE;
    fault = pse_webauthn_client_check(answer->client_data, "webauthn.get", challenge, site);
    if (fault == PSE_WEBAUTHN_GOOD)
        fault = pse_webauthn_data_parse(d, answer->data, false);
    return fault == PSE_WEBAUTHN_GOOD ? check_data(d, site->rp_id) : fault;
}

static int verify_es256(const fido_assert_t *assertion, const struct pse_webauthn_key *key)
{
    es256_pk_t *pk = es256_pk_new();
    int r = FIDO_ERR_INTERNAL;

    if (pk != NULL && es256_pk_from_ptr(pk, key->key, 64) == FIDO_OK)
        r = fido_assert_verify(assertion, 0, COSE_ES256, pk);
    es256_pk_free(&pk);
    return r;
}

static int verify_eddsa(const fido_assert_t *assertion, const struct pse_webauthn_key *key)
{
    eddsa_pk_t *pk = eddsa_pk_new();
    int r = FIDO_ERR_INTERNAL;

    if (pk != NULL && eddsa_pk_from_ptr(pk, key->key, 32) == FIDO_OK)
        r = fido_assert_verify(assertion, 0, COSE_EDDSA, pk);
    eddsa_pk_free(&pk);
    return r;
}

static bool fill(fido_assert_t *assertion, const struct pse_webauthn_answer *answer,
                 const struct pse_webauthn_data *d, const char *rp_id)
{
    pse_hash hash;

    pse_sha256(&hash, answer->client_data);
    return fido_assert_set_clientdata_hash(assertion, hash.b, sizeof hash.b) == FIDO_OK &&
           fido_assert_set_rp(assertion, rp_id) == FIDO_OK &&
           fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_uv(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_extensions(
               assertion, d->extensions & (FIDO_EXT_HMAC_SECRET | FIDO_EXT_CRED_BLOB)) == FIDO_OK &&
           fido_assert_set_count(assertion, 1) == FIDO_OK &&
           fido_assert_set_authdata_raw(assertion, 0, answer->data.p, answer->data.n) == FIDO_OK &&
           fido_assert_set_sig(assertion, 0, answer->signature.p, answer->signature.n) == FIDO_OK;
}

static enum pse_webauthn_fault check_signature(const struct pse_webauthn_answer *answer,
                                               const struct pse_webauthn_data *d,
                                               const struct pse_webauthn_key *key,
                                               const char *rp_id)
{
    fido_assert_t *assertion = fido_assert_new();
    int r = FIDO_ERR_INVALID_SIG;

    if (assertion == NULL)
        return PSE_WEBAUTHN_NO_MEMORY;
    if (fill(assertion, answer, d, rp_id))
        r = key->algorithm == PSE_WEBAUTHN_ES256 ? verify_es256(assertion, key)
                                                 : verify_eddsa(assertion, key);
    fido_assert_free(&assertion);
    ERR_clear_error();
    return r == FIDO_OK ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_SIGNATURE;
}

/* A counter that stays zero is one that the authenticator does not have. */
static bool has_risen(uint32_t before, uint32_t now)
{
    return (before == 0 && now == 0) || now > before;
}

enum pse_webauthn_fault pse_webauthn_assert_over(struct pse_webauthn_done *out,
                                                 const struct pse_webauthn_answer *answer,
                                                 const pse_hash *challenge, const char *account,
                                                 const struct pse_webauthn_site *site,
                                                 const struct pse_webauthn_key *keys, size_t n)
{
    const struct pse_webauthn_key *key;
    struct pse_webauthn_data d;
    enum pse_webauthn_fault fault =
        open_assertion(&d, &key, answer, challenge, account, site, keys, n);

    *out = (struct pse_webauthn_done){0};
    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    if (((d.flags & PSE_WEBAUTHN_BE) != 0) != key->is_synced)
        return PSE_WEBAUTHN_BACKUP;
    fault = check_signature(answer, &d, key, site->rp_id);
    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    if (!has_risen(key->sign_count, d.sign_count))
        return PSE_WEBAUTHN_SIGN_COUNT;
    *out = (struct pse_webauthn_done){.at = (size_t)(key - keys),
                                      .sign_count = d.sign_count,
                                      .is_backed_up = (d.flags & PSE_WEBAUTHN_BS) != 0};
    return PSE_WEBAUTHN_GOOD;
}

enum pse_webauthn_fault pse_webauthn_assert(struct pse_webauthn_done *out,
                                            const struct pse_webauthn_answer *answer,
                                            const struct pse_webauthn_challenge *challenge,
                                            const struct pse_webauthn_site *site,
                                            const struct pse_webauthn_key *keys, size_t n,
                                            int64_t now)
{
    enum pse_webauthn_fault fault = pse_webauthn_is_fresh(challenge, now);
    pse_hash bytes;

    *out = (struct pse_webauthn_done){0};
    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    if (challenge->purpose != PSE_WEBAUTHN_LOGIN && challenge->purpose != PSE_WEBAUTHN_ACT)
        return PSE_WEBAUTHN_PURPOSE;
    pse_webauthn_challenge_bytes(&bytes, challenge);
    return pse_webauthn_assert_over(out, answer, &bytes, challenge->account, site, keys, n);
}
