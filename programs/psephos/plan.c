#include "psephos/plan.h"

#include <stdio.h>

#include "codec/codec.h"
#include "common/options.h"
#include "count/counting.h"

enum { NAME_MAX_BYTES = 256 };

/* --- copying JSON values -------------------------------------------------------------------------
 */

static void copy_value(struct pse_json_wr *w, const char *name, const struct pse_json *v);

static void copy_members(struct pse_json_wr *w, const struct pse_json *v)
{
    const struct pse_json *at = pse_json_first(v);
    char name[NAME_MAX_BYTES];

    for (size_t i = 0; i < pse_json_count(v); i++) {
        const struct pse_json *value = pse_json_next(at);

        (void)snprintf(name, sizeof name, "%.*s", (int)at->count, (const char *)at->u.text);
        copy_value(w, name, value);
        at = pse_json_next(value);
    }
}

/* Nesting is at most PSE_JSON_DEPTH_MAX, which the reader has checked. */
static void copy_value(struct pse_json_wr *w, const char *name, const struct pse_json *v)
{
    const struct pse_json *item = pse_json_first(v);

    switch ((enum pse_json_type)v->type) {
    case PSE_JSON_NULL: pse_json_wr_null(w, name); return;
    case PSE_JSON_BOOL: pse_json_wr_bool(w, name, v->u.number != 0); return;
    case PSE_JSON_NUMBER: pse_json_wr_u64(w, name, v->u.number); return;
    case PSE_JSON_STRING: pse_json_wr_string(w, name, pse_span(v->u.text, v->count)); return;
    case PSE_JSON_OBJECT:
        pse_json_wr_object(w, name);
        copy_members(w, v);
        pse_json_wr_end(w);
        return;
    case PSE_JSON_ARRAY: break;
    }
    pse_json_wr_array(w, name);
    for (size_t i = 0; i < pse_json_count(v); i++, item = pse_json_next(item))
        copy_value(w, NULL, item);
    pse_json_wr_end(w);
}

/* --- the manifest -------------------------------------------------------------------------------
 */

static void put_log(struct pse_json_wr *w, const struct card *board)
{
    struct pse_vkey key;

    pse_json_wr_object(w, "log");
    if (pse_vkey_parse(&key, board->log) == PSE_OK)
        pse_json_wr_string(w, "origin", key.name);
    pse_json_wr_string(w, "key", board->log);
    pse_json_wr_end(w);
}

static void put_people(struct pse_json_wr *w, const char *name, const struct card *card, size_t n)
{
    pse_json_wr_array(w, name);
    for (size_t i = 0; i < n; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_string(w, "name", card[i].label);
        pse_json_wr_hex(w, "sign", card[i].sign.b, 32);
        if (card[i].role == KEY_TRUSTEE)
            pse_json_wr_hex(w, "share", card[i].point.b, 32);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_documents(struct pse_json_wr *w, struct pse_span counting)
{
    pse_hash digest;

    pse_sha256(&digest, counting);
    pse_json_wr_array(w, "documents");
    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "name", "counting");
    pse_json_wr_hex(w, "sha256", digest.b, 32);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static void put_keys(struct pse_json_wr *w, const struct plan_keys *keys, struct pse_rng *rng)
{
    uint8_t nonce[32];

    pse_rng_fill(rng, nonce, sizeof nonce);
    pse_json_wr_str(w, "protocol", "psephos/1");
    pse_json_wr_hex(w, "nonce", nonce, sizeof nonce);
    put_log(w, keys->board);
    pse_json_wr_hex(w, "policy", keys->policy.b, 32);
    pse_json_wr_hex(w, "authority", keys->authority.b, 32);
    pse_json_wr_hex(w, "registrar", keys->registrar->sign.b, 32);
    pse_json_wr_hex(w, "board", keys->board->sign.b, 32);
    put_people(w, "trustees", keys->trustee, keys->trustees);
    put_people(w, "mixers", keys->mixer, keys->mixers);
}

static bool is_counting(const struct pse_json *name)
{
    return pse_span_is_str(pse_span(name->u.text, name->count), "counting");
}

/* The plan's members, but for the counting document, between the keys and the documents. */
static pse_rc put_manifest(struct pse_buf *out, const struct pse_json *plan,
                           struct pse_span counting, const struct plan_keys *keys,
                           struct pse_rng *rng)
{
    struct pse_json_wr w = pse_json_wr(out, 0);
    const struct pse_json *at = pse_json_first(plan);
    char name[NAME_MAX_BYTES];

    pse_json_wr_object(&w, NULL);
    put_keys(&w, keys, rng);
    for (size_t i = 0; i < pse_json_count(plan); i++) {
        const struct pse_json *value = pse_json_next(at);

        (void)snprintf(name, sizeof name, "%.*s", (int)at->count, (const char *)at->u.text);
        if (!is_counting(at))
            copy_value(&w, name, value);
        at = pse_json_next(value);
    }
    put_documents(&w, counting);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static size_t line_of(struct pse_span text, size_t offset)
{
    size_t line = 1;

    for (size_t i = 0; i < offset && i < text.n; i++)
        line += text.p[i] == '\n';
    return line;
}

static pse_rc find_counting(const struct pse_json **counting, const char *name, const char *path,
                            const struct pse_json *plan)
{
    struct pse_json_rd r;

    if (pse_json_open(&r, plan, NULL) != PSE_OK) {
        cli_error(name, "%s is not a JSON object; see docs/tutorial.md for a plan", path);
        return PSE_E_SYNTAX;
    }
    if (pse_json_take(counting, &r, "counting") != PSE_OK) {
        cli_error(name, "%s has no member \"counting\" (by which rule each contest is counted)",
                  path);
        return PSE_E_SYNTAX;
    }
    return PSE_OK;
}

static pse_rc put_counting(struct pse_buf *out, struct pse_arena *arena, const char *name,
                           const char *path, struct pse_span text, const struct pse_json *value)
{
    struct pse_json_wr w = pse_json_wr(out, 0);
    struct pse_json_fault fault = {0};
    struct pse_counting parsed;
    pse_rc rc;

    copy_value(&w, NULL, value);
    PSE_TRY(pse_json_wr_finish(&w));
    rc = pse_counting_parse(&parsed, &fault, arena, pse_buf_span(out));
    if (rc != PSE_OK)
        cli_error(name, "%s, line %zu: the counting document is wrong at \"%s\" (%s)", path,
                  line_of(text, value->at), fault.member == NULL ? "?" : fault.member,
                  pse_rc_name(rc));
    return rc;
}

pse_rc plan_manifest(struct pse_buf *manifest, struct pse_buf *counting, const char *name,
                     const char *path, struct pse_span plan, const struct plan_keys *keys,
                     const struct pse_group *g, struct pse_rng *rng)
{
    PSE_ARENA(arena, 2 * PSE_MANIFEST_ARENA_MAX);
    struct pse_buf draft = PSE_BUF(PSE_JSON_MAX);
    struct pse_json_fault json = {0};
    struct pse_manifest_fault fault = {0};
    const struct pse_json *root;
    const struct pse_json *document;
    pse_rc rc = pse_json_parse(&root, &json, &arena, plan);

    if (rc != PSE_OK) {
        cli_error(name, "%s, line %zu: no strict JSON here (%s)", path, line_of(plan, json.at),
                  pse_rc_name(rc));
        return PSE_E_SYNTAX;
    }
    PSE_TRY(find_counting(&document, name, path, root));
    PSE_TRY(put_counting(counting, &arena, name, path, plan, document));
    rc = put_manifest(&draft, root, pse_buf_span(counting), keys, rng);
    if (rc == PSE_OK)
        rc = pse_manifest_canonical(manifest, &fault, g, pse_buf_span(&draft));
    pse_buf_free(&draft);
    if (rc != PSE_OK)
        cli_error(name, "%s cannot become a manifest: %s at \"%s\" (V%u)", path,
                  fault.slug == NULL ? pse_rc_name(rc) : fault.slug, fault.path, fault.rule);
    return rc;
}
