/* The answer to a code. Read by the project's own JSON, whose arena is wiped: it holds an access
 * token, which nobody needs. */
#include "codec/codec.h"
#include "oidc_room.h"

enum { ARENA_MAX = 1 << 22 };

static enum pse_oidc_fault get_text(struct pse_span *out, struct pse_json_rd *rd, const char *name)
{
    const struct pse_json *v;

    *out = pse_span(NULL, 0);
    pse_json_take_optional(&v, rd, name);
    if (v == NULL)
        return PSE_OIDC_GOOD;
    return pse_json_string(out, v) == PSE_OK ? PSE_OIDC_GOOD : PSE_OIDC_TOKEN_PARSE;
}

static enum pse_oidc_fault fault_of(struct pse_span error)
{
    if (pse_span_is_str(error, "invalid_grant"))
        return PSE_OIDC_CODE_REFUSED;
    if (pse_span_is_str(error, "invalid_client") || pse_span_is_str(error, "unauthorized_client"))
        return PSE_OIDC_CLIENT_REFUSED;
    return PSE_OIDC_TOKEN_REFUSED;
}

static enum pse_oidc_fault read_error(struct pse_json_rd *rd)
{
    struct pse_span error;

    if (get_text(&error, rd, "error") != PSE_OIDC_GOOD || error.n == 0)
        return PSE_OIDC_STATUS;
    return fault_of(error);
}

static enum pse_oidc_fault read_tokens(struct pse_oidc_tokens *out, struct pse_json_rd *rd)
{
    struct pse_span type, access, id;
    enum pse_oidc_fault fault = get_text(&type, rd, "token_type");
    pse_hash digest;

    if (fault == PSE_OIDC_GOOD)
        fault = get_text(&access, rd, "access_token");
    if (fault == PSE_OIDC_GOOD)
        fault = get_text(&id, rd, "id_token");
    if (fault != PSE_OIDC_GOOD)
        return fault;
    if (access.n == 0)
        return PSE_OIDC_TOKEN_PARSE;
    if (!pse_oidc_is_any_case(type, "bearer")) /* RFC 6749, 5.1 */
        return PSE_OIDC_TOKEN_TYPE;
    if (id.n == 0)
        return PSE_OIDC_TOKEN_MISSING;
    pse_sha256(&digest, access);
    memcpy(out->at_hash, digest.b, sizeof out->at_hash);
    out->id_token = PSE_BUF(PSE_OIDC_ANSWER_MAX);
    pse_buf_put(&out->id_token, id.p, id.n);
    return out->id_token.rc == PSE_OK ? PSE_OIDC_GOOD : PSE_OIDC_NO_MEMORY;
}

enum pse_oidc_fault pse_oidc_tokens_open(struct pse_oidc_tokens *out,
                                         const struct pse_oidc_answer *answer)
{
    PSE_ARENA(arena, ARENA_MAX);
    const struct pse_json *root;
    struct pse_json_rd rd;
    struct pse_span body;
    enum pse_oidc_fault fault = pse_oidc_answer_body(&body, answer);
    pse_rc rc;

    memset(out, 0, sizeof *out);
    if (fault != PSE_OIDC_GOOD)
        return fault;
    rc = pse_json_parse(&root, NULL, &arena, body);
    if (rc == PSE_E_MEMORY)
        return PSE_OIDC_NO_MEMORY;
    if (rc != PSE_OK || pse_json_open(&rd, root, NULL) != PSE_OK)
        return answer->status == 200 ? PSE_OIDC_TOKEN_PARSE : PSE_OIDC_STATUS;
    fault = answer->status == 200 ? read_tokens(out, &rd) : read_error(&rd);
    if (fault != PSE_OIDC_GOOD)
        pse_oidc_tokens_free(out);
    return fault;
}

void pse_oidc_tokens_free(struct pse_oidc_tokens *t)
{
    pse_buf_free(&t->id_token);
    pse_wipe(t, sizeof *t);
}
