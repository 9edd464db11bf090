#include "codec/cursor.h"
#include "codec/json.h"
#include "codec/text.h"
#include "daemon/event.h"
#include "daemon/log.h"

static pse_rc take_text(struct pse_json_rd *r, const char *name, bool optional)
{
    const struct pse_json *v;
    struct pse_span text;

    pse_json_take_optional(&v, r, name);
    if (v == NULL)
        return optional ? PSE_OK : PSE_E_MISSING;
    PSE_TRY(pse_json_string(&text, v));
    return text.n >= 1 && text.n <= PSE_EVENT_TEXT_MAX ? PSE_OK : PSE_E_LENGTH;
}

static pse_rc take_count(struct pse_json_rd *r, const char *name)
{
    const struct pse_json *v;
    uint64_t x;

    pse_json_take_optional(&v, r, name);
    return v == NULL ? PSE_OK : pse_json_u64(&x, v);
}

static pse_rc take_tags(struct pse_json_rd *r)
{
    const struct pse_json *v;
    const struct pse_json *tag;
    struct pse_span text;

    pse_json_take_optional(&v, r, "tags");
    if (v == NULL)
        return PSE_OK;
    if (v->type != PSE_JSON_ARRAY || v->count == 0 || v->count > PSE_EVENT_TAGS_MAX)
        return PSE_E_SYNTAX;
    tag = pse_json_first(v);
    for (size_t i = 0; i < v->count; i++, tag = pse_json_next(tag))
        PSE_TRY(pse_json_string(&text, tag));
    return PSE_OK;
}

/* The closed schema: what is not named here is refused. */
static pse_rc check_members(uint64_t *id, pse_hash *prev, struct pse_json_rd *r)
{
    const struct pse_json *net;
    const struct pse_json *pseud;
    struct pse_span text;
    uint64_t v;
    uint64_t sev;

    PSE_TRY(pse_json_take_u64(&v, r, "v"));
    PSE_TRY(pse_json_take_u64(id, r, "id"));
    PSE_TRY(pse_json_take_string(&text, r, "t"));
    PSE_TRY(take_text(r, "src", false));
    PSE_TRY(take_text(r, "type", false));
    PSE_TRY(pse_json_take_u64(&sev, r, "sev"));
    PSE_TRY(take_text(r, "outcome", false));
    PSE_TRY(take_text(r, "route", true));
    pse_json_take_optional(&net, r, "net");
    pse_json_take_optional(&pseud, r, "pseud");
    PSE_TRY(take_count(r, "n"));
    PSE_TRY(take_count(r, "ms"));
    PSE_TRY(take_text(r, "rule", true));
    PSE_TRY(take_tags(r));
    PSE_TRY(pse_json_take_hex(prev->b, 32, r, "prev"));
    PSE_TRY(pse_json_close(r));
    if (v != 1 || sev > 7 || text.n != 24 || (net != NULL && pseud != NULL))
        return PSE_E_SYNTAX;
    return PSE_OK;
}

static pse_rc check_line(struct pse_event_chain *c, struct pse_span line, bool first)
{
    PSE_ARENA(arena, 256 * 1024);
    const struct pse_json *root;
    struct pse_json_rd r;
    pse_hash prev;
    uint64_t id;

    if (line.n >= PSE_EVENT_LINE_MAX)
        return PSE_E_LIMIT;
    PSE_TRY(pse_json_parse(&root, NULL, &arena, line));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(check_members(&id, &prev, &r));
    if (!first && id != c->next_id)
        return PSE_E_RANGE;
    if (!first && !pse_hash_is_equal(&prev, &c->prev))
        return PSE_E_MISMATCH;
    c->next_id = id + 1;
    pse_sha256(&c->prev, line);
    return PSE_OK;
}

pse_rc pse_event_check(struct pse_event_chain *c, struct pse_span text, bool anywhere)
{
    while (text.n > 0) {
        struct pse_span line;

        c->line++;
        PSE_TRY(pse_line_take(&line, &text));
        PSE_TRY(check_line(c, line, anywhere));
        anywhere = false;
    }
    return PSE_OK;
}
