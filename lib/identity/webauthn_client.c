/* What the browser writes: client data, and the answer as a whole. */
#include <jansson.h>
#include <stdlib.h>

#include "webauthn_room.h"

/* Numbers in members that are ignored are read as reals, or large ones would be refused; a zero
 * inside a text is let through, as the text is then wrong by its own rule. */
static json_t *read_object(struct pse_span in)
{
    json_t *root =
        json_loadb((const char *)in.p, in.n,
                   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);

    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

static bool get_text(struct pse_span *out, const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);

    if (!json_is_string(v))
        return false;
    *out = pse_span(json_string_value(v), json_string_length(v));
    return true;
}

/* --- client data --------------------------------------------------------------------------------
 */

static bool is_challenge(struct pse_span text, const pse_hash *challenge)
{
    struct pse_buf expected = PSE_BUF(64);
    bool is_equal;

    pse_base64url_put(&expected, challenge->b, sizeof challenge->b);
    is_equal = expected.rc == PSE_OK && pse_span_is_equal(text, pse_buf_span(&expected));
    pse_buf_free(&expected);
    return is_equal;
}

static enum pse_webauthn_fault check_members(const json_t *root, const char *type_wanted,
                                             const pse_hash *challenge_wanted,
                                             const struct pse_webauthn_site *site)
{
    const json_t *cross = json_object_get(root, "crossOrigin");
    struct pse_span type, challenge, origin;

    if (!get_text(&type, root, "type") || !get_text(&challenge, root, "challenge") ||
        !get_text(&origin, root, "origin") || (cross != NULL && !json_is_boolean(cross)))
        return PSE_WEBAUTHN_CLIENT_DATA;
    if (!pse_span_is_str(type, type_wanted))
        return PSE_WEBAUTHN_TYPE;
    if (!is_challenge(challenge, challenge_wanted))
        return PSE_WEBAUTHN_CHALLENGE;
    if (!pse_span_is_str(origin, site->origin))
        return PSE_WEBAUTHN_ORIGIN;
    if (json_is_true(cross) || json_object_get(root, "topOrigin") != NULL)
        return PSE_WEBAUTHN_CROSS_ORIGIN;
    return PSE_WEBAUTHN_GOOD;
}

enum pse_webauthn_fault pse_webauthn_client_check(struct pse_span client_data, const char *type,
                                                  const pse_hash *challenge,
                                                  const struct pse_webauthn_site *site)
{
    json_t *root = read_object(client_data);
    enum pse_webauthn_fault fault = PSE_WEBAUTHN_CLIENT_DATA;

    if (root != NULL)
        fault = check_members(root, type, challenge, site);
    json_decref(root);
    return fault;
}

/* --- answers ------------------------------------------------------------------------------------
 */

struct part {
    struct pse_span text; /* base64url */
    struct pse_span *to;
    size_t max;
};

enum { PARTS = 5 };

static bool is_null(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);

    return v == NULL || json_is_null(v);
}

/* Which parts the answer must have is told by whether it is a registration; those it does not have
 * stay empty. */
static bool get_parts(struct part part[PARTS], struct pse_webauthn_answer *out, const json_t *root)
{
    const json_t *response = json_object_get(root, "response");
    struct pse_span raw, type;

    part[0] = (struct part){{0}, &out->id, PSE_WEBAUTHN_ID_MAX};
    part[1] = (struct part){{0}, &out->client_data, PSE_WEBAUTHN_CLIENT_MAX};
    part[2] = (struct part){{0}, &out->data, PSE_WEBAUTHN_DATA_MAX};
    part[3] = (struct part){{0}, &out->signature, PSE_WEBAUTHN_SIGNATURE_MAX};
    part[4] = (struct part){{0}, &out->user_handle, PSE_WEBAUTHN_ACCOUNT_MAX};
    if (!get_text(&part[0].text, root, "id") || !get_text(&raw, root, "rawId") ||
        !pse_span_is_equal(raw, part[0].text) || !get_text(&type, root, "type") ||
        !pse_span_is_str(type, "public-key") || !json_is_object(response) ||
        !get_text(&part[1].text, response, "clientDataJSON"))
        return false;
    if (json_object_get(response, "attestationObject") != NULL) {
        part[2].to = &out->object;
        part[2].max = PSE_WEBAUTHN_OBJECT_MAX;
        return get_text(&part[2].text, response, "attestationObject");
    }
    return get_text(&part[2].text, response, "authenticatorData") &&
           get_text(&part[3].text, response, "signature") &&
           (is_null(response, "userHandle") || get_text(&part[4].text, response, "userHandle"));
}

static enum pse_webauthn_fault decode(struct pse_webauthn_answer *out, const struct part *part)
{
    size_t n[PARTS], total = 0;
    uint8_t *at;

    for (unsigned i = 0; i < PARTS; i++) {
        if (pse_base64url_check(&n[i], part[i].text) != PSE_OK || n[i] > part[i].max)
            return PSE_WEBAUTHN_ANSWER;
        total += n[i];
    }
    out->owned = at = calloc(1, total + 1);
    if (at == NULL)
        return PSE_WEBAUTHN_NO_MEMORY;
    for (unsigned i = 0; i < PARTS; i++) {
        PSE_REQUIRE(pse_base64url_decode(at, n[i], part[i].text) == PSE_OK);
        *part[i].to = pse_span(at, n[i]);
        at += n[i];
    }
    return PSE_WEBAUTHN_GOOD;
}

enum pse_webauthn_fault pse_webauthn_answer_read(struct pse_webauthn_answer *out,
                                                 struct pse_span json)
{
    struct part part[PARTS];
    enum pse_webauthn_fault fault = PSE_WEBAUTHN_ANSWER;
    json_t *root;

    *out = (struct pse_webauthn_answer){0};
    if (json.n > PSE_WEBAUTHN_ANSWER_MAX)
        return PSE_WEBAUTHN_ANSWER;
    root = read_object(json);
    if (root != NULL && get_parts(part, out, root))
        fault = decode(out, part);
    json_decref(root);
    return fault;
}

void pse_webauthn_answer_free(struct pse_webauthn_answer *a)
{
    free(a->owned);
    *a = (struct pse_webauthn_answer){0};
}
