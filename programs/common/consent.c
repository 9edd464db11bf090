#include "common/consent.h"

#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"

enum { FILE_MAX = 128 * 1024 };

static const char kind[] = "psephos-act-1";

const char *const consent_words[] = {"open",      "close",   "freeze",  "mix-end",
                                     "result",    "end",     "abort",   "import",
                                     "release",   "revoke",  "restore", "void",
                                     "statement", "publish", "erase",   "remove-authenticator",
                                     NULL};

bool consent_is_word(struct pse_span what)
{
    for (size_t i = 0; consent_words[i] != NULL; i++) {
        if (pse_span_is_str(what, consent_words[i]))
            return true;
    }
    return false;
}

/* --- hash and signatures -----------------------------------------------------------------------
 */

void consent_hash(pse_hash *out, const struct consent *c)
{
    static const char label[] = "psephos/1/act";
    struct pse_buf b = PSE_BUF(FILE_MAX);

    pse_buf_put(&b, label, sizeof label);
    pse_wr_v8(&b, c->what);
    pse_wr_hash(&b, &c->eid);
    pse_wr_hash(&b, &c->subject);
    pse_wr_v16(&b, c->about);
    pse_wr_u64(&b, c->made);
    pse_wr_hash(&b, &c->nonce);
    PSE_REQUIRE(b.rc == PSE_OK);
    pse_sha256(out, pse_buf_span(&b));
    pse_buf_free(&b);
}

void consent_signed_bytes(uint8_t out[CONSENT_SIGNED], const struct consent *c)
{
    static const char label[24] = "psephos/1/act-signature"; /* with its zero */
    pse_hash hash;

    consent_hash(&hash, c);
    memcpy(out, label, sizeof label);
    memcpy(out + sizeof label, hash.b, 32);
}

pse_rc consent_sign(struct consent *c, const char *name, const struct key *officer)
{
    uint8_t bytes[CONSENT_SIGNED];
    pse_rc rc;

    for (size_t i = 0; i < c->signers; i++) {
        if (pse_edkey_is_equal(&c->by[i].key, &officer->sign_public)) {
            cli_error(name, "%s has signed this act already; another officer must", officer->label);
            return PSE_E_DUPLICATE;
        }
    }
    if (c->signers == CONSENT_SIGNERS_MAX) {
        cli_error(name, "this act has all the signatures that an act can have");
        return PSE_E_LIMIT;
    }
    consent_signed_bytes(bytes, c);
    c->by[c->signers].key = officer->sign_public;
    rc = pse_ed25519_sign(c->by[c->signers].sig, &officer->sign, pse_span(bytes, sizeof bytes));
    if (rc != PSE_OK) {
        cli_error(name, "the key of %s does not sign (%s); try again", officer->label,
                  pse_rc_name(rc));
        return rc;
    }
    c->signers++;
    return PSE_OK;
}

pse_rc consent_add(struct consent *c, const pse_edkey *officer, const uint8_t sig[64])
{
    uint8_t bytes[CONSENT_SIGNED];

    for (size_t i = 0; i < c->signers; i++) {
        if (pse_edkey_is_equal(&c->by[i].key, officer))
            return PSE_E_DUPLICATE;
    }
    if (c->signers == CONSENT_SIGNERS_MAX)
        return PSE_E_LIMIT;
    consent_signed_bytes(bytes, c);
    PSE_TRY(pse_ed25519_verify(officer, pse_span(bytes, sizeof bytes), sig));
    c->by[c->signers].key = *officer;
    memcpy(c->by[c->signers++].sig, sig, 64);
    return PSE_OK;
}

pse_rc consent_assert(struct consent *c, const char *account, struct pse_span evidence)
{
    size_t at = 0;

    while (at < c->assertions && strcmp(c->asserted[at].account, account) != 0)
        at++;
    if (at == CONSENT_SIGNERS_MAX)
        return PSE_E_LIMIT;
    (void)snprintf(c->asserted[at].account, sizeof c->asserted[at].account, "%s", account);
    c->asserted[at].evidence = evidence;
    if (at == c->assertions)
        c->assertions++;
    return PSE_OK;
}

void consent_webauthn_act(pse_hash *out, const struct consent *c)
{
    uint8_t bytes[CONSENT_SIGNED];

    consent_signed_bytes(bytes, c);
    pse_webauthn_act(out, pse_span(bytes, sizeof bytes));
}

/* --- the file ----------------------------------------------------------------------------------
 */

static void put_signatures(struct pse_json_wr *w, const struct consent *c)
{
    pse_json_wr_array(w, "signatures");
    for (size_t i = 0; i < c->signers; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_hex(w, "officer", c->by[i].key.b, 32);
        pse_json_wr_hex(w, "signature", c->by[i].sig, 64);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_assertions(struct pse_json_wr *w, const struct consent *c)
{
    pse_json_wr_array(w, "assertions");
    for (size_t i = 0; i < c->assertions; i++) {
        struct pse_buf text = PSE_BUF(2 * PSE_WEBAUTHN_EVIDENCE_MAX);

        pse_base64url_put(&text, c->asserted[i].evidence.p, c->asserted[i].evidence.n);
        pse_json_wr_object(w, NULL);
        pse_json_wr_str(w, "account", c->asserted[i].account);
        pse_json_wr_string(w, "evidence", pse_buf_span(&text));
        pse_json_wr_end(w);
        pse_buf_free(&text);
    }
    pse_json_wr_end(w);
}

void consent_put_members(struct pse_json_wr *w, const struct consent *c)
{
    pse_json_wr_string(w, "what", c->what);
    pse_json_wr_hex(w, "election", c->eid.b, 32);
    pse_json_wr_hex(w, "subject", c->subject.b, 32);
    pse_json_wr_string(w, "about", c->about);
    pse_json_wr_u64(w, "made", c->made);
    pse_json_wr_hex(w, "nonce", c->nonce.b, 32);
    put_signatures(w, c);
    if (c->assertions > 0)
        put_assertions(w, c);
}

void consent_put(struct pse_json_wr *w, const struct consent *c)
{
    pse_json_wr_str(w, "kind", kind);
    consent_put_members(w, c);
}

pse_rc consent_write(const struct consent *c, const char *name, const char *path)
{
    struct pse_buf text = PSE_BUF(FILE_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 1);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    consent_put(&w, c);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_NEW | FILE_SECRET);
    pse_buf_free(&text);
    return rc;
}

static pse_rc parse_signatures(struct consent *c, const struct pse_json *list,
                               struct pse_json_fault *fault)
{
    const struct pse_json *at = pse_json_first(list);
    struct pse_json_rd r;

    c->signers = pse_json_count(list);
    if (c->signers > CONSENT_SIGNERS_MAX)
        return PSE_E_LIMIT;
    for (size_t i = 0; i < c->signers; i++, at = pse_json_next(at)) {
        PSE_TRY(pse_json_open(&r, at, fault));
        PSE_TRY(pse_json_take_hex(c->by[i].key.b, 32, &r, "officer"));
        PSE_TRY(pse_json_take_hex(c->by[i].sig, 64, &r, "signature"));
        PSE_TRY(pse_json_close(&r));
        for (size_t j = 0; j < i; j++) {
            if (pse_edkey_is_equal(&c->by[i].key, &c->by[j].key))
                return PSE_E_DUPLICATE;
        }
    }
    return PSE_OK;
}

static pse_rc parse_assertion(struct consent_assertion *out, struct pse_arena *arena,
                              const struct pse_json *object, struct pse_json_fault *fault)
{
    struct pse_json_rd r;
    struct pse_span text;
    uint8_t *bytes;
    size_t n;

    PSE_TRY(pse_json_open(&r, object, fault));
    PSE_TRY(pse_json_take_string(&text, &r, "account"));
    if (text.n >= sizeof out->account)
        return PSE_E_LENGTH;
    memcpy(out->account, text.p, text.n);
    if (strlen(out->account) != text.n || !pse_webauthn_account_is_valid(out->account))
        return PSE_E_RANGE;
    PSE_TRY(pse_json_take_string(&text, &r, "evidence"));
    PSE_TRY(pse_json_close(&r));
    PSE_TRY(pse_base64url_check(&n, text));
    if (n > PSE_WEBAUTHN_EVIDENCE_MAX)
        return PSE_E_LIMIT;
    bytes = PSE_NEW(arena, uint8_t, n + 1);
    if (bytes == NULL)
        return PSE_E_MEMORY;
    out->evidence = pse_span(bytes, n);
    return pse_base64url_decode(bytes, n, text);
}

/* The member is absent from acts that keys alone signed. */
static pse_rc parse_assertions(struct consent *c, struct pse_arena *arena,
                               const struct pse_json *list, struct pse_json_fault *fault)
{
    const struct pse_json *at;

    if (list == NULL)
        return PSE_OK;
    if (list->type != PSE_JSON_ARRAY || pse_json_count(list) > CONSENT_SIGNERS_MAX)
        return PSE_E_LIMIT;
    at = pse_json_first(list);
    for (size_t i = 0; i < pse_json_count(list); i++, at = pse_json_next(at)) {
        PSE_TRY(parse_assertion(&c->asserted[i], arena, at, fault));
        for (size_t j = 0; j < i; j++) {
            if (strcmp(c->asserted[i].account, c->asserted[j].account) == 0)
                return PSE_E_DUPLICATE;
        }
        c->assertions++;
    }
    return PSE_OK;
}

pse_rc consent_take_members(struct consent *c, struct pse_arena *arena, struct pse_json_rd *r)
{
    const struct pse_json *signatures;
    const struct pse_json *assertions;

    PSE_TRY(pse_json_take_string(&c->what, r, "what"));
    PSE_TRY(pse_json_take_hex(c->eid.b, 32, r, "election"));
    PSE_TRY(pse_json_take_hex(c->subject.b, 32, r, "subject"));
    PSE_TRY(pse_json_take_string(&c->about, r, "about"));
    PSE_TRY(pse_json_take_u64(&c->made, r, "made"));
    PSE_TRY(pse_json_take_hex(c->nonce.b, 32, r, "nonce"));
    PSE_TRY(pse_json_take_array(&signatures, r, "signatures"));
    pse_json_take_optional(&assertions, r, "assertions");
    PSE_TRY(pse_json_close(r));
    if (!consent_is_word(c->what) || c->about.n > CONSENT_ABOUT_MAX)
        return PSE_E_RANGE;
    PSE_TRY(parse_signatures(c, signatures, r->fault));
    return parse_assertions(c, arena, assertions, r->fault);
}

static pse_rc parse(struct consent *c, struct pse_arena *arena, const struct pse_json *root,
                    struct pse_json_fault *fault)
{
    struct pse_json_rd r;
    struct pse_span text;

    PSE_TRY(pse_json_open(&r, root, fault));
    PSE_TRY(pse_json_take_string(&text, &r, "kind"));
    if (!pse_span_is_str(text, kind))
        return PSE_E_UNSUPPORTED;
    return consent_take_members(c, arena, &r);
}

pse_rc consent_verify(const struct consent *c)
{
    uint8_t bytes[CONSENT_SIGNED];

    consent_signed_bytes(bytes, c);
    for (size_t i = 0; i < c->signers; i++)
        PSE_TRY(pse_ed25519_verify(&c->by[i].key, pse_span(bytes, sizeof bytes), c->by[i].sig));
    return PSE_OK;
}

pse_rc consent_take(struct consent *c, struct pse_arena *arena, const struct pse_json *object)
{
    memset(c, 0, sizeof *c);
    PSE_TRY(parse(c, arena, object, NULL));
    return consent_verify(c);
}

pse_rc consent_read(struct consent *c, struct pse_arena *arena, const char *name, const char *path)
{
    const struct pse_json *root;
    struct pse_json_fault fault = {0};
    struct pse_buf bytes;
    uint8_t *copy;
    pse_rc rc;

    memset(c, 0, sizeof *c);
    PSE_TRY(file_read(&bytes, name, path, FILE_MAX));
    copy = PSE_NEW(arena, uint8_t, bytes.n);
    if (copy != NULL && bytes.n > 0)
        memcpy(copy, bytes.p, bytes.n);
    rc =
        copy == NULL ? PSE_E_MEMORY : pse_json_parse(&root, &fault, arena, pse_span(copy, bytes.n));
    pse_buf_free(&bytes);
    if (rc == PSE_OK)
        rc = parse(c, arena, root, &fault);
    if (rc != PSE_OK) {
        cli_error(name, "%s is no act file (%s, byte %zu); ask for it again", path, pse_rc_name(rc),
                  fault.at);
        return rc == PSE_E_MEMORY ? rc : PSE_E_SYNTAX;
    }
    rc = consent_verify(c);
    if (rc != PSE_OK)
        cli_error(name,
                  "a signature on %s does not hold: it was changed after it was signed; "
                  "have it signed again",
                  path);
    return rc;
}
