/* What an ID token claims, once its signature holds (OpenID Connect Core, 3.1.3.7). */
#include <stdlib.h>

#include "codec/codec.h"
#include "oidc_room.h"

/* The last second of the year 9999: no instant lies behind it, and a real holds it exactly. */
#define INSTANT_MAX 253402300799.0

struct claims {
    json_t *root;
    const struct pse_oidc_rules *r;
    const struct pse_oidc_expected *expected;
    struct pse_oidc_person *out;
};

/* --- types --------------------------------------------------------------------------------------
 */

static bool has(const struct claims *c, const char *name)
{
    return json_object_get(c->root, name) != NULL;
}

static bool is_text_or_absent(const struct claims *c, const char *name)
{
    return !has(c, name) || json_is_string(json_object_get(c->root, name));
}

static bool is_list_of_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_string(json_array_get(list, i)))
            return false;
    }
    return json_is_array(list);
}

/* Seconds, fractions cut off. */
static bool get_instant(int64_t *out, const struct claims *c, const char *name)
{
    const json_t *v = json_object_get(c->root, name);
    double seconds = json_real_value(v);

    if (!json_is_real(v) || !(seconds >= 0 && seconds <= INSTANT_MAX))
        return false;
    *out = (int64_t)seconds;
    return true;
}

static bool is_audience(const json_t *aud)
{
    return aud == NULL || json_is_string(aud) || is_list_of_texts(aud);
}

/* Of the right types, those that are there; exp and iat are. */
static bool is_well_formed(struct claims *c)
{
    static const char *const text[] = {"iss", "azp", "nonce", "at_hash", "acr", "sub"};
    const json_t *amr = json_object_get(c->root, "amr");
    int64_t nbf;

    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        if (!is_text_or_absent(c, text[i]))
            return false;
    }
    return is_text_or_absent(c, c->r->subject_claim) &&
           is_audience(json_object_get(c->root, "aud")) && (amr == NULL || is_list_of_texts(amr)) &&
           get_instant(&c->out->expiry, c, "exp") && get_instant(&c->out->issued, c, "iat") &&
           (!has(c, "nbf") || get_instant(&nbf, c, "nbf"));
}

/* --- who, for whom, when ------------------------------------------------------------------------
 */

static bool is_for_us(const struct claims *c)
{
    const json_t *aud = json_object_get(c->root, "aud");

    if (json_is_string(aud))
        return pse_member_is(c->root, "aud", c->r->client_id);
    for (size_t i = 0; i < json_array_size(aud); i++) {
        if (strcmp(json_string_value(json_array_get(aud, i)), c->r->client_id) == 0)
            return true;
    }
    return false;
}

static enum pse_oidc_fault judge_parties(const struct claims *c)
{
    bool for_several = json_array_size(json_object_get(c->root, "aud")) > 1;

    if (!pse_member_is(c->root, "iss", c->r->issuer))
        return PSE_OIDC_ISSUER;
    if (!is_for_us(c))
        return PSE_OIDC_AUDIENCE;
    if ((for_several || has(c, "azp")) && !pse_member_is(c->root, "azp", c->r->client_id))
        return PSE_OIDC_PARTY;
    return PSE_OIDC_GOOD;
}

static enum pse_oidc_fault judge_time(const struct claims *c)
{
    int64_t skew = c->r->skew, now = c->expected->now, nbf;

    if (now - skew >= c->out->expiry)
        return PSE_OIDC_EXPIRED;
    if (c->out->issued > now + skew)
        return PSE_OIDC_ISSUED_LATER;
    if (get_instant(&nbf, c, "nbf") && nbf > now + skew)
        return PSE_OIDC_NOT_YET_VALID;
    return PSE_OIDC_GOOD;
}

static bool is_secret(struct pse_span value, const char *secret)
{
    return value.n == strlen(secret) && pse_ct_eq(value.p, secret, value.n);
}

/* In base64url, or, as TARA's description shows it, in base64. */
static bool is_hash(struct pse_span text, const uint8_t hash[PSE_OIDC_AT_HASH_BYTES])
{
    uint8_t got[PSE_OIDC_AT_HASH_BYTES];

    return (pse_base64url_decode(got, sizeof got, text) == PSE_OK ||
            pse_base64_decode(got, sizeof got, text) == PSE_OK) &&
           memcmp(got, hash, sizeof got) == 0;
}

static enum pse_oidc_fault judge_login(const struct claims *c)
{
    const uint8_t *hash = c->expected->at_hash;
    struct pse_span nonce, text;

    if (!pse_member_text(&nonce, c->root, "nonce") || nonce.n == 0)
        return PSE_OIDC_NONCE_MISSING;
    if (!is_secret(nonce, c->expected->nonce))
        return PSE_OIDC_NONCE;
    if (hash != NULL && pse_member_text(&text, c->root, "at_hash") && !is_hash(text, hash))
        return PSE_OIDC_AT_HASH;
    return PSE_OIDC_GOOD;
}

/* --- how sure -----------------------------------------------------------------------------------
 */

static enum pse_oidc_fault judge_level(const struct claims *c)
{
    const struct pse_oidc_list *levels = &c->r->acr;
    struct pse_span acr;
    size_t level;

    if (levels->n == 0)
        return PSE_OIDC_GOOD;
    if (!pse_member_text(&acr, c->root, "acr"))
        return PSE_OIDC_ACR_MISSING;
    level = pse_oidc_list_find(levels, acr);
    if (level == levels->n)
        return PSE_OIDC_ACR_UNKNOWN;
    if (level < pse_oidc_list_find(levels, pse_span_str(c->r->acr_least)))
        return PSE_OIDC_ACR_LOW;
    memcpy(c->out->level, acr.p, acr.n);
    return PSE_OIDC_GOOD;
}

/* Every method that was used must be known here: what one of them is worth is not known otherwise.
 */
static enum pse_oidc_fault judge_methods(const struct claims *c)
{
    const json_t *amr = json_object_get(c->root, "amr");
    size_t used = 0;

    if (c->r->amr.n == 0)
        return PSE_OIDC_GOOD;
    if (json_array_size(amr) == 0)
        return PSE_OIDC_AMR_MISSING;
    for (size_t i = 0; i < json_array_size(amr); i++) {
        const char *method = json_string_value(json_array_get(amr, i));
        size_t n = strlen(method);

        if (pse_oidc_list_find(&c->r->amr, pse_span_str(method)) == c->r->amr.n ||
            used + n + 2 > sizeof c->out->method)
            return PSE_OIDC_AMR;
        if (used > 0)
            c->out->method[used++] = ' ';
        memcpy(c->out->method + used, method, n);
        used += n;
    }
    return PSE_OIDC_GOOD;
}

/* --- the person ---------------------------------------------------------------------------------
 */

static bool is_printable(struct pse_span text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= ' ' || text.p[i] > '~')
            return false;
    }
    return true;
}

static enum pse_oidc_fault judge_subject(const struct claims *c)
{
    size_t kind = strlen(c->r->subject_kind), begin = strlen(c->r->subject_begin);
    struct pse_span sub, id;

    if (!pse_member_text(&sub, c->root, "sub") || sub.n == 0 ||
        !pse_member_text(&id, c->root, c->r->subject_claim) || id.n == 0)
        return PSE_OIDC_SUBJECT_MISSING;
    if (!is_printable(id) || id.n <= begin || memcmp(id.p, c->r->subject_begin, begin) != 0 ||
        kind + id.n - begin >= sizeof c->out->subject)
        return PSE_OIDC_SUBJECT_FORM;
    memcpy(c->out->subject, c->r->subject_kind, kind);
    memcpy(c->out->subject + kind, id.p + begin, id.n - begin);
    if (c->expected->subject != NULL && strcmp(c->expected->subject, c->out->subject) != 0)
        return PSE_OIDC_SUBJECT_CHANGED;
    return PSE_OIDC_GOOD;
}

/* "" where there is none. */
static bool get_name(char out[PSE_PERSON_TEXT_MAX], const json_t *from, const char *name)
{
    struct pse_span text;

    if (json_object_get(from, name) == NULL)
        return true;
    if (!pse_member_text(&text, from, name) || text.n >= PSE_PERSON_TEXT_MAX)
        return false;
    memcpy(out, text.p, text.n);
    return true;
}

static bool get_names(const struct claims *c)
{
    const json_t *from =
        c->r->names_claim == NULL ? c->root : json_object_get(c->root, c->r->names_claim);

    return (from == NULL || json_is_object(from)) &&
           get_name(c->out->given_name, from, "given_name") &&
           get_name(c->out->family_name, from, "family_name");
}

/* --- all ----------------------------------------------------------------------------------------
 */

enum pse_oidc_fault pse_oidc_claims_judge(struct pse_oidc_person *out, struct pse_span payload,
                                          const struct pse_oidc_rules *r,
                                          const struct pse_oidc_expected *expected)
{
    static enum pse_oidc_fault (*const rule[])(const struct claims *) = {
        judge_parties, judge_time, judge_login, judge_level, judge_methods, judge_subject,
    };
    struct claims c = {pse_oidc_object(payload), r, expected, out};
    enum pse_oidc_fault fault = PSE_OIDC_GOOD;

    if (c.root == NULL || !is_well_formed(&c) || !get_names(&c))
        fault = PSE_OIDC_CLAIMS;
    for (size_t i = 0; i < sizeof rule / sizeof *rule && fault == PSE_OIDC_GOOD; i++)
        fault = rule[i](&c);
    json_decref(c.root);
    return fault;
}
