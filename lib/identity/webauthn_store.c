/* Authenticators and evidence as they are stored: one form each, read back in full or not at all.
 */
#include "webauthn_room.h"

enum { FORM = 1 /* of keys and of evidence, their first byte */ };

static size_t key_length(enum pse_webauthn_algorithm algorithm)
{
    return algorithm == PSE_WEBAUTHN_ES256 ? 64 : 32;
}

void pse_webauthn_key_put(struct pse_buf *out, const struct pse_webauthn_key *k)
{
    pse_wr_u8(out, FORM);
    pse_wr_u8(out, (uint8_t)k->algorithm);
    pse_wr_v16(out, pse_span(k->id, k->id_n));
    pse_wr_span(out, pse_span(k->key, key_length(k->algorithm)));
    pse_wr_span(out, pse_span(k->aaguid, sizeof k->aaguid));
    pse_wr_u8(out, (uint8_t)k->attestation);
    pse_wr_u8(out, k->is_synced ? 1 : 0);
    pse_wr_u32(out, k->sign_count);
}

static pse_rc rd_small(uint8_t *out, struct pse_rd *r, uint8_t min, uint8_t max)
{
    PSE_TRY(pse_rd_u8(out, r));
    return *out >= min && *out <= max ? PSE_OK : PSE_E_ENCODING;
}

static pse_rc parse_key(struct pse_webauthn_key *out, struct pse_span in)
{
    struct pse_rd r = pse_rd(in);
    uint8_t form, algorithm, attestation, synced;
    struct pse_span id;

    PSE_TRY(rd_small(&form, &r, FORM, FORM));
    PSE_TRY(rd_small(&algorithm, &r, PSE_WEBAUTHN_ES256, PSE_WEBAUTHN_EDDSA));
    PSE_TRY(pse_rd_v16(&id, &r));
    if (id.n == 0 || id.n > sizeof out->id)
        return PSE_E_RANGE;
    out->algorithm = algorithm;
    out->id_n = (uint16_t)id.n;
    memcpy(out->id, id.p, id.n);
    PSE_TRY(pse_rd_copy(out->key, &r, key_length(out->algorithm)));
    PSE_TRY(pse_rd_copy(out->aaguid, &r, sizeof out->aaguid));
    PSE_TRY(rd_small(&attestation, &r, PSE_WEBAUTHN_NONE, PSE_WEBAUTHN_CERTIFIED));
    PSE_TRY(rd_small(&synced, &r, 0, 1));
    PSE_TRY(pse_rd_u32(&out->sign_count, &r));
    out->attestation = attestation;
    out->is_synced = synced == 1;
    if (!pse_webauthn_point_is_valid(out->algorithm, out->key))
        return PSE_E_RANGE;
    return pse_rd_end(&r);
}

pse_rc pse_webauthn_key_parse(struct pse_webauthn_key *out, struct pse_span in)
{
    pse_rc rc;

    *out = (struct pse_webauthn_key){0};
    rc = parse_key(out, in);
    if (rc != PSE_OK)
        *out = (struct pse_webauthn_key){0};
    return rc;
}

/* --- models -------------------------------------------------------------------------------------
 */

static bool is_hyphen(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

void pse_webauthn_aaguid_text(char out[37], const uint8_t aaguid[16])
{
    char hex[33];

    pse_hex_encode(hex, aaguid, 16);
    for (size_t i = 0, from = 0; i < 37; i++)
        out[i] = is_hyphen(i) ? '-' : hex[from++];
}

pse_rc pse_webauthn_aaguid_read(uint8_t out[16], struct pse_span text)
{
    char hex[32];
    size_t n = 0;

    memset(out, 0, 16);
    if (text.n != 36)
        return PSE_E_SYNTAX;
    for (size_t i = 0; i < 36; i++) {
        if (!is_hyphen(i))
            hex[n++] = (char)text.p[i];
        else if (text.p[i] != '-')
            return PSE_E_SYNTAX;
    }
    return pse_hex_decode(out, 16, pse_span(hex, sizeof hex));
}

/* --- evidence -----------------------------------------------------------------------------------
 */

void pse_webauthn_evidence_put(struct pse_buf *out, const struct pse_webauthn_evidence *e)
{
    const struct pse_webauthn_answer *a = &e->answer;

    PSE_REQUIRE(a->id.n <= PSE_WEBAUTHN_ID_MAX && a->client_data.n <= PSE_WEBAUTHN_CLIENT_MAX &&
                a->data.n <= PSE_WEBAUTHN_DATA_MAX &&
                a->signature.n <= PSE_WEBAUTHN_SIGNATURE_MAX &&
                a->user_handle.n <= PSE_WEBAUTHN_ACCOUNT_MAX);
    pse_wr_u8(out, FORM);
    pse_wr_u8(out, (uint8_t)e->challenge.purpose);
    pse_wr_v8(out, pse_span_str(e->challenge.account));
    pse_wr_hash(out, &e->challenge.nonce);
    pse_wr_u64(out, (uint64_t)e->challenge.issued);
    pse_wr_hash(out, &e->challenge.act);
    pse_wr_u64(out, (uint64_t)e->answered);
    pse_wr_v16(out, a->id);
    pse_wr_v16(out, a->data);
    pse_wr_v16(out, a->client_data);
    pse_wr_v8(out, a->signature);
    pse_wr_v8(out, a->user_handle);
}

static pse_rc rd_time(int64_t *out, struct pse_rd *r)
{
    uint64_t x;

    PSE_TRY(pse_rd_u64(&x, r));
    if (x > INT64_MAX)
        return PSE_E_RANGE;
    *out = (int64_t)x;
    return PSE_OK;
}

static pse_rc rd_account(char out[PSE_WEBAUTHN_ACCOUNT_MAX + 1], struct pse_rd *r)
{
    struct pse_span account;

    PSE_TRY(pse_rd_v8(&account, r));
    if (account.n > PSE_WEBAUTHN_ACCOUNT_MAX || memchr(account.p, 0, account.n) != NULL)
        return PSE_E_RANGE;
    memcpy(out, account.p, account.n);
    return pse_webauthn_account_is_valid(out) ? PSE_OK : PSE_E_RANGE;
}

static pse_rc parse_answer(struct pse_webauthn_answer *a, struct pse_rd *r)
{
    PSE_TRY(pse_rd_v16(&a->id, r));
    PSE_TRY(pse_rd_v16(&a->data, r));
    PSE_TRY(pse_rd_v16(&a->client_data, r));
    PSE_TRY(pse_rd_v8(&a->signature, r));
    PSE_TRY(pse_rd_v8(&a->user_handle, r));
    if (a->id.n > PSE_WEBAUTHN_ID_MAX || a->data.n > PSE_WEBAUTHN_DATA_MAX ||
        a->client_data.n > PSE_WEBAUTHN_CLIENT_MAX || a->signature.n > PSE_WEBAUTHN_SIGNATURE_MAX ||
        a->user_handle.n > PSE_WEBAUTHN_ACCOUNT_MAX)
        return PSE_E_RANGE;
    return pse_rd_end(r);
}

static pse_rc parse_evidence(struct pse_webauthn_evidence *out, struct pse_span in)
{
    struct pse_rd r = pse_rd(in);
    uint8_t form, purpose;

    PSE_TRY(rd_small(&form, &r, FORM, FORM));
    PSE_TRY(rd_small(&purpose, &r, PSE_WEBAUTHN_REGISTER, PSE_WEBAUTHN_ACT));
    out->challenge.purpose = purpose;
    PSE_TRY(rd_account(out->challenge.account, &r));
    PSE_TRY(pse_rd_hash(&out->challenge.nonce, &r));
    PSE_TRY(rd_time(&out->challenge.issued, &r));
    PSE_TRY(pse_rd_hash(&out->challenge.act, &r));
    PSE_TRY(rd_time(&out->answered, &r));
    return parse_answer(&out->answer, &r);
}

pse_rc pse_webauthn_evidence_parse(struct pse_webauthn_evidence *out, struct pse_span in)
{
    pse_rc rc;

    *out = (struct pse_webauthn_evidence){0};
    rc = parse_evidence(out, in);
    if (rc != PSE_OK)
        *out = (struct pse_webauthn_evidence){0};
    return rc;
}
