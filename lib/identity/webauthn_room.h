/* Inside room identity: what the files about WebAuthn share. */
#ifndef PSE_IDENTITY_WEBAUTHN_ROOM_H
#define PSE_IDENTITY_WEBAUTHN_ROOM_H

#include "codec/codec.h"
#include "webauthn.h"

/** Flags of authenticator data (Web Authentication 6.1). */
enum {
    PSE_WEBAUTHN_UP = 0x01,
    PSE_WEBAUTHN_UV = 0x04,
    PSE_WEBAUTHN_BE = 0x08,
    PSE_WEBAUTHN_BS = 0x10,
    PSE_WEBAUTHN_AT = 0x40,
    PSE_WEBAUTHN_ED = 0x80,
};

/** Authenticator data, taken apart; borrows. */
struct pse_webauthn_data {
    struct pse_span whole;
    pse_hash rp_id_hash;
    uint8_t flags;
    uint32_t sign_count;
    uint8_t aaguid[16];
    struct pse_span id, key; /* with AT: the credential id, and its COSE key as bytes */
    /* Extensions, as libfido2 wants to be told what to expect. */
    int extensions; /* FIDO_EXT_… */
    int protection; /* credProtect */
    size_t min_pin;
};

/** An attestation object, taken apart; borrows. */
struct pse_webauthn_object {
    struct pse_span format, statement, data;
};

/** pse_webauthn_register and pse_webauthn_assert without what they ask of the challenge itself:
 * over the bytes that the page got. For published examples, whose challenges are not made as ours.
 */
PSE_MUST enum pse_webauthn_fault pse_webauthn_register_over(
    struct pse_webauthn_key *out, const struct pse_webauthn_answer *answer,
    const pse_hash *challenge, const struct pse_webauthn_site *site,
    const struct pse_webauthn_rules *rules, int64_t now);
PSE_MUST enum pse_webauthn_fault pse_webauthn_assert_over(
    struct pse_webauthn_done *out, const struct pse_webauthn_answer *answer,
    const pse_hash *challenge, const char *account, const struct pse_webauthn_site *site,
    const struct pse_webauthn_key *keys, size_t n);

/** client_data, type, challenge, origin, cross_origin. @p type: "webauthn.create" or
 * "webauthn.get". */
PSE_MUST enum pse_webauthn_fault pse_webauthn_client_check(struct pse_span client_data,
                                                           const char *type,
                                                           const pse_hash *challenge,
                                                           const struct pse_webauthn_site *site);

/** attestation_object. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_object_parse(struct pse_webauthn_object *out,
                                                           struct pse_span in);
/** authenticator_data; @p is_new: it must hold a credential, else it must not. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_data_parse(struct pse_webauthn_data *out,
                                                         struct pse_span in, bool is_new);
/** algorithm, public_key: the credential of @p d into @p out, without how it was attested. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_key_take(struct pse_webauthn_key *out,
                                                       const struct pse_webauthn_data *d);
/** Is @p key a point of its curve, of full order and in its one encoding? */
bool pse_webauthn_point_is_valid(enum pse_webauthn_algorithm algorithm, const uint8_t key[64]);

/** attestation, attestation_untrusted. */
PSE_MUST enum pse_webauthn_fault pse_webauthn_attest(
    enum pse_webauthn_attestation *out, const struct pse_webauthn_object *object,
    const struct pse_webauthn_data *d, const struct pse_webauthn_key *key,
    struct pse_span client_data, const char *rp_id, const struct pse_anchors *anchors, int64_t now);

#endif
