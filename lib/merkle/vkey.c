/* Verifier keys: the text form of a name, a type and a public key. */
#include "codec/cursor.h"
#include "codec/hash.h"
#include "codec/text.h"
#include "codec/utf8.h"
#include "note.h"

bool pse_key_name_is_valid(struct pse_span name)
{
    if (name.n == 0)
        return false;
    while (name.n > 0) {
        uint32_t x;

        if (pse_utf8_next(&x, &name) != PSE_OK || x == '+' || pse_utf8_is_space(x))
            return false;
    }
    return true;
}

uint32_t pse_vkey_id(struct pse_span name, uint8_t type, const pse_edkey *key)
{
    pse_sha256_stream h;
    pse_hash digest;

    pse_sha256_init(&h);
    pse_sha256_add(&h, name.p, name.n);
    pse_sha256_add(&h, "\n", 1);
    pse_sha256_add(&h, &type, 1);
    pse_sha256_add(&h, key->b, sizeof key->b);
    pse_sha256_final(&digest, &h);
    return pse_load_u32(digest.b);
}

/* The part of @p text before the first `+`; the rest stays. */
static pse_rc cut_at_plus(struct pse_span *out, struct pse_span *text)
{
    const uint8_t *plus = text->n == 0 ? NULL : memchr(text->p, '+', text->n);

    if (plus == NULL)
        return PSE_E_SYNTAX;
    *out = pse_span(text->p, (size_t)(plus - text->p));
    *text = pse_span(plus + 1, text->n - out->n - 1);
    return PSE_OK;
}

static pse_rc parse_parts(struct pse_vkey *out, struct pse_span text)
{
    struct pse_span hex;
    uint8_t id[4];
    uint8_t raw[33];
    size_t n;

    PSE_TRY(cut_at_plus(&out->name, &text));
    PSE_TRY(cut_at_plus(&hex, &text));
    if (!pse_key_name_is_valid(out->name) || pse_hex_decode(id, 4, hex) != PSE_OK)
        return PSE_E_SYNTAX;
    out->id = pse_load_u32(id);
    PSE_TRY(pse_base64_check(&n, text));
    if (n == 0)
        return PSE_E_SYNTAX;
    PSE_TRY(pse_base64_decode_prefix(raw, n < sizeof raw ? n : sizeof raw, text));
    out->type = raw[0];
    if (out->type != PSE_SIG_ED25519 && out->type != PSE_SIG_COSIGN)
        return PSE_E_UNSUPPORTED;
    if (n != sizeof raw)
        return PSE_E_SYNTAX;
    memcpy(out->key.b, raw + 1, sizeof out->key.b);
    return pse_vkey_id(out->name, out->type, &out->key) == out->id ? PSE_OK : PSE_E_MISMATCH;
}

pse_rc pse_vkey_parse(struct pse_vkey *out, struct pse_span text)
{
    pse_rc rc;

    memset(out, 0, sizeof *out);
    rc = parse_parts(out, text);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}

pse_rc pse_vkey_make(struct pse_vkey *out, struct pse_span name, uint8_t type, const pse_edkey *key)
{
    memset(out, 0, sizeof *out);
    if (name.n > PSE_KEY_NAME_MAX)
        return PSE_E_LIMIT;
    if (!pse_key_name_is_valid(name))
        return PSE_E_SYNTAX;
    out->name = name;
    out->type = type;
    out->key = *key;
    out->id = pse_vkey_id(name, type, key);
    return PSE_OK;
}

void pse_vkey_put(struct pse_buf *b, const struct pse_vkey *key)
{
    uint8_t id[4];
    uint8_t raw[33];

    pse_store_u32(id, key->id);
    raw[0] = key->type;
    memcpy(raw + 1, key->key.b, sizeof key->key.b);
    pse_wr_span(b, key->name);
    pse_wr_str(b, "+");
    pse_hex_put(b, id, sizeof id);
    pse_wr_str(b, "+");
    pse_base64_put(b, raw, sizeof raw);
}
