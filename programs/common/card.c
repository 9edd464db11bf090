#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/keyfile.h"
#include "common/options.h"

enum { CARD_MAX = 64 * 1024 };

static const char kind[] = "psephos-card-1";

static void prove_possession(uint8_t proof[PSE_POK_SIZE], const struct key *k, const pse_hash *eid,
                             const struct pse_group *g, struct pse_rng *rng)
{
    struct pse_span x = pse_span(k->secret_public.b, 32);
    struct pse_statement s = {.type = "cred-pop", .eid = eid, .x = &x, .n = 1};

    pse_pok_prove(g, proof, &s, &k->secret, rng);
}

static pse_rc check_possession(const struct card *c, const struct pse_group *g)
{
    struct pse_span x = pse_span(c->point.b, 32);
    struct pse_statement s = {.type = "cred-pop", .eid = &c->eid, .x = &x, .n = 1};
    pse_point d;

    PSE_TRY(pse_point_decode(g, &d, NULL, &c->point, 1, PSE_IDENTITY_FORBIDDEN));
    return pse_pok_verify(g, &s, &d, c->proof);
}

pse_rc card_write(const struct key *k, const char *name, const char *path, struct pse_span log,
                  const pse_hash *eid, const struct pse_group *g, struct pse_rng *rng)
{
    struct pse_buf text = PSE_BUF(CARD_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 1);
    uint8_t proof[PSE_POK_SIZE];
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "kind", kind);
    pse_json_wr_str(&w, "role", key_role_name(k->role));
    if (k->role != KEY_VOTER) {
        pse_json_wr_str(&w, "name", k->label);
        pse_json_wr_hex(&w, "sign", k->sign_public.b, 32);
    }
    if (k->role == KEY_TRUSTEE)
        pse_json_wr_hex(&w, "share", k->secret_public.b, 32);
    if (k->role == KEY_BOARD)
        pse_json_wr_string(&w, "log", log);
    if (k->role == KEY_VOTER) {
        prove_possession(proof, k, eid, g, rng);
        pse_json_wr_hex(&w, "election", eid->b, 32);
        pse_json_wr_hex(&w, "credential", k->secret_public.b, 32);
        pse_json_wr_hex(&w, "proof", proof, sizeof proof);
    }
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_NEW);
    pse_buf_free(&text);
    return rc;
}

static pse_rc parse_card(struct card *c, const struct pse_json *root, struct pse_json_fault *fault)
{
    struct pse_json_rd r;
    struct pse_span text;

    PSE_TRY(pse_json_open(&r, root, fault));
    PSE_TRY(pse_json_take_string(&text, &r, "kind"));
    if (!pse_span_is_str(text, kind))
        return PSE_E_UNSUPPORTED;
    PSE_TRY(pse_json_take_string(&text, &r, "role"));
    if (!pse_span_is_str(text, key_role_name(c->role)))
        return PSE_E_MISMATCH;
    if (c->role != KEY_VOTER) {
        PSE_TRY(pse_json_take_string(&c->label, &r, "name"));
        PSE_TRY(pse_json_take_hex(c->sign.b, 32, &r, "sign"));
    }
    if (c->role == KEY_TRUSTEE)
        PSE_TRY(pse_json_take_hex(c->point.b, 32, &r, "share"));
    if (c->role == KEY_BOARD)
        PSE_TRY(pse_json_take_string(&c->log, &r, "log"));
    if (c->role == KEY_VOTER) {
        PSE_TRY(pse_json_take_hex(c->eid.b, 32, &r, "election"));
        PSE_TRY(pse_json_take_hex(c->point.b, 32, &r, "credential"));
        PSE_TRY(pse_json_take_hex(c->proof, sizeof c->proof, &r, "proof"));
    }
    return pse_json_close(&r);
}

/* The text must live as long as the card: strings without escapes borrow from it. */
static pse_rc read_text(struct pse_span *text, struct pse_arena *arena, const char *name,
                        const char *path)
{
    struct pse_buf bytes;
    uint8_t *copy;

    PSE_TRY(file_read(&bytes, name, path, CARD_MAX));
    copy = PSE_NEW(arena, uint8_t, bytes.n);
    if (copy != NULL && bytes.n > 0)
        memcpy(copy, bytes.p, bytes.n);
    *text = pse_span(copy, bytes.n);
    pse_buf_free(&bytes);
    return copy == NULL ? PSE_E_MEMORY : PSE_OK;
}

pse_rc card_read(struct card *out, struct pse_arena *arena, const char *name, const char *path,
                 enum key_role role, const struct pse_group *g)
{
    const struct pse_json *root;
    struct pse_json_fault fault = {0};
    struct pse_span text;
    pse_rc rc;

    memset(out, 0, sizeof *out);
    out->role = role;
    PSE_TRY(read_text(&text, arena, name, path));
    rc = pse_json_parse(&root, &fault, arena, text);
    if (rc == PSE_OK)
        rc = parse_card(out, root, &fault);
    if (rc != PSE_OK) {
        cli_error(name, "%s is no card of a %s (%s, byte %zu); ask for the .pub file again", path,
                  key_role_name(role), pse_rc_name(rc), fault.at);
        return rc;
    }
    if (role != KEY_VOTER)
        return PSE_OK;
    rc = check_possession(out, g);
    if (rc != PSE_OK)
        cli_error(name,
                  "%s does not prove that its sender knows the secret; have the card made again",
                  path);
    return rc;
}

pse_rc card_path(char *out, size_t size, const char *name, const char *key)
{
    size_t n = strlen(key);
    size_t stem = n > 4 && strcmp(key + n - 4, ".key") == 0 ? n - 4 : n;
    int written = snprintf(out, size, "%.*s.pub", (int)stem, key);

    if (written < 0 || (size_t)written >= size) {
        cli_error(name, "the path %.60s… is too long; use a shorter one", key);
        return PSE_E_LIMIT;
    }
    return PSE_OK;
}
