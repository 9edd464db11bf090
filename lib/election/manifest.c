/* Pass one over a manifest: syntax, members and their types (V102). Numbers that do not fit their
 * field are V103 and noted; everything else of V103 is pass two, manifest_check.c. */
#include "election/manifest.h"

#include <stdio.h>

#include "codec/hash.h"
#include "codec/utf8.h"
#include "election/manifest_parse.h"

enum { TEXT_ITEMS_MAX = 32, LANGUAGE_MAX = 35, TEXT_MAX = 1000 };

static void fault_set(struct pse_manifest_fault *f, const struct pse_manifest_reader *r,
                      uint16_t rule, const char *slug, const char *member)
{
    const char *dot = member == NULL || r->array == NULL ? "" : ".";
    const char *name = member == NULL ? "" : member;

    if (f->rule != 0)
        return;
    f->rule = rule;
    f->slug = slug;
    if (r->array == NULL)
        snprintf(f->path, sizeof f->path, "%s", name);
    else
        snprintf(f->path, sizeof f->path, "%s[%zu]%s%s", r->array, r->index, dot, name);
}

void pse_manifest_note(struct pse_manifest_reader *r, const char *slug, const char *member)
{
    fault_set(&r->range, r, 103, slug, member);
}

/* A V102 fault of our own finding (values, texts). */
static pse_rc refuse(struct pse_manifest_reader *r, const char *slug, const char *member)
{
    fault_set(&r->syntax, r, 102, slug, member);
    return PSE_E_SYNTAX;
}

static const char *json_slug(pse_rc rc, const struct pse_json_fault *f)
{
    switch (rc) {
    case PSE_E_MISSING: return "member-missing";
    case PSE_E_DUPLICATE: return "member-duplicate";
    case PSE_E_LENGTH: return "hex-length";
    case PSE_E_ENCODING: return "json-encoding";
    case PSE_E_RANGE: return "json-number";
    case PSE_E_LIMIT: return "json-limit";
    default: return f->member == NULL ? "json-syntax" : "member-type";
    }
}

/* Every refusal of the JSON reader is V102; only memory stays what it is. */
static pse_rc json_rc(struct pse_manifest_reader *r, pse_rc rc)
{
    if (rc == PSE_OK || rc == PSE_E_MEMORY || r->syntax.rule != 0)
        return rc == PSE_OK || rc == PSE_E_MEMORY ? rc : PSE_E_SYNTAX;
    fault_set(&r->syntax, r, 102, json_slug(rc, &r->json), r->json.member);
    r->syntax.offset = r->json.at;
    return PSE_E_SYNTAX;
}

#define TRY_JSON(expr) PSE_TRY(json_rc(r, (expr)))

/* A number that must lie in [least, most]; outside it the constraint is noted and 0 stored. */
static pse_rc take_number(uint64_t *out, struct pse_manifest_reader *r, struct pse_json_rd *o,
                          const char *name, uint64_t least, uint64_t most)
{
    uint64_t x;

    *out = 0;
    TRY_JSON(pse_json_take_u64(&x, o, name));
    if (x < least || x > most)
        pse_manifest_note(r, "out-of-range", name);
    else
        *out = x;
    return PSE_OK;
}

#define TAKE(field, type, r, o, name, least, most)                        \
    do {                                                                  \
        uint64_t taken_;                                                  \
        PSE_TRY(take_number(&taken_, (r), (o), (name), (least), (most))); \
        (field) = (type)taken_;                                           \
    } while (0)

static bool is_language(struct pse_span s)
{
    if (s.n == 0 || s.n > LANGUAGE_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '-'))
            return false;
    }
    return true;
}

static pse_rc read_text(struct pse_text *out, struct pse_manifest_reader *r,
                        const struct pse_json *v, const char *member)
{
    const struct pse_json *at = pse_json_first(v);
    size_t n = pse_json_count(v);

    if (v->type != PSE_JSON_OBJECT)
        return refuse(r, "text-type", member);
    if (n < 1 || n > TEXT_ITEMS_MAX)
        return refuse(r, "text-languages", member);
    out->item = PSE_NEW(r->arena, struct pse_text_item, n);
    if (out->item == NULL)
        return PSE_E_MEMORY;
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        struct pse_text_item *it = &out->item[i];
        size_t characters;

        if (pse_json_string(&it->language, at) != PSE_OK || !is_language(it->language))
            return refuse(r, "text-language", member);
        at = pse_json_next(at);
        if (pse_json_string(&it->text, at) != PSE_OK)
            return refuse(r, "text-type", member);
        if (pse_utf8_count(&characters, it->text) != PSE_OK || characters < 1 ||
            characters > TEXT_MAX)
            return refuse(r, "text-length", member);
        at = i + 1 < n ? pse_json_next(at) : at;
    }
    return PSE_OK;
}

static pse_rc take_text(struct pse_text *out, struct pse_manifest_reader *r, struct pse_json_rd *o,
                        const char *name)
{
    const struct pse_json *v;

    TRY_JSON(pse_json_take(&v, o, name));
    return read_text(out, r, v, name);
}

/* One element of an array of objects: fields into @p out, which is element @p i. */
typedef pse_rc element_fn(struct pse_manifest_reader *r, void *out, struct pse_json_rd *o);

static pse_rc take_array(void **out, size_t *n, struct pse_manifest_reader *r,
                         struct pse_json_rd *o, const char *name, size_t size, element_fn *element)
{
    const struct pse_json *list, *at;
    uint8_t *item;

    TRY_JSON(pse_json_take_array(&list, o, name));
    *n = pse_json_count(list);
    item = pse_arena_alloc(r->arena, *n, size);
    if (item == NULL)
        return PSE_E_MEMORY;
    *out = item;
    r->array = name;
    at = pse_json_first(list);
    for (r->index = 0; r->index < *n; r->index++) {
        struct pse_json_rd e;

        TRY_JSON(pse_json_open(&e, at, &r->json));
        PSE_TRY(element(r, item + r->index * size, &e));
        TRY_JSON(pse_json_close(&e));
        if (r->index + 1 < *n)
            at = pse_json_next(at);
    }
    r->array = NULL;
    return PSE_OK;
}

static pse_rc read_trustee(struct pse_manifest_reader *r, void *out, struct pse_json_rd *o)
{
    struct pse_trustee *t = out;

    TRY_JSON(pse_json_take_string(&t->name, o, "name"));
    TRY_JSON(pse_json_take_hex(t->sign.b, 32, o, "sign"));
    TRY_JSON(pse_json_take_hex(t->share.b, 32, o, "share"));
    return PSE_OK;
}

static pse_rc read_mixer(struct pse_manifest_reader *r, void *out, struct pse_json_rd *o)
{
    struct pse_mixer *x = out;

    TRY_JSON(pse_json_take_string(&x->name, o, "name"));
    TRY_JSON(pse_json_take_hex(x->sign.b, 32, o, "sign"));
    return PSE_OK;
}

static pse_rc read_document(struct pse_manifest_reader *r, void *out, struct pse_json_rd *o)
{
    struct pse_document *d = out;

    TRY_JSON(pse_json_take_string(&d->name, o, "name"));
    TRY_JSON(pse_json_take_hex(d->sha256.b, 32, o, "sha256"));
    return PSE_OK;
}

static pse_rc read_pot(struct pse_manifest_reader *r, void *out, struct pse_json_rd *o)
{
    struct pse_pot *p = out;

    TAKE(p->id, uint16_t, r, o, "id", 1, 65535);
    TAKE(p->fallback, uint16_t, r, o, "fallback", 0, 65535);
    return PSE_OK;
}

/* The style's pot and contests hold ids until pass two turns them into indices. */
static pse_rc read_style(struct pse_manifest_reader *r, void *out, struct pse_json_rd *o)
{
    struct pse_style *s = out;
    const struct pse_json *list, *at;
    size_t n;

    TAKE(s->id, uint16_t, r, o, "id", 1, 65535);
    TAKE(s->pot, uint16_t, r, o, "group", 1, 65535);
    TRY_JSON(pse_json_take_array(&list, o, "contests"));
    n = pse_json_count(list);
    if (n < 1 || n > PSE_STYLE_CONTESTS_MAX)
        pse_manifest_note(r, "style-contests", "contests");
    s->contests = n > PSE_STYLE_CONTESTS_MAX ? 0 : (uint16_t)n;
    s->contest = PSE_NEW(r->arena, uint16_t, s->contests);
    if (s->contest == NULL)
        return PSE_E_MEMORY;
    at = pse_json_first(list);
    for (size_t i = 0; i < n; i++) {
        uint64_t id;

        if (pse_json_u64(&id, at) != PSE_OK)
            return refuse(r, "member-type", "contests");
        if (id < 1 || id > 65535) {
            pse_manifest_note(r, "out-of-range", "contests");
            id = 0;
        }
        if (i < s->contests)
            s->contest[i] = (uint16_t)id;
        if (i + 1 < n)
            at = pse_json_next(at);
    }
    return PSE_OK;
}

static pse_rc read_kind(enum pse_kind *out, struct pse_manifest_reader *r, struct pse_json_rd *o)
{
    struct pse_span kind;

    TRY_JSON(pse_json_take_string(&kind, o, "kind"));
    if (pse_span_is_str(kind, "homomorphic"))
        *out = PSE_KIND_HOMOMORPHIC;
    else if (pse_span_is_str(kind, "mix"))
        *out = PSE_KIND_MIX;
    else
        return refuse(r, "kind", "kind");
    return PSE_OK;
}

static const char *const format_names[] = {
    [PSE_FORMAT_CHOICE] = "choice",
    [PSE_FORMAT_RANKING] = "ranking",
    [PSE_FORMAT_TEXT] = "text",
    [PSE_FORMAT_CHOICE_TEXT] = "choice-text",
};

const char *pse_format_name(enum pse_format format)
{
    return format_names[format];
}

static pse_rc read_format(enum pse_format *out, struct pse_manifest_reader *r,
                          struct pse_json_rd *o)
{
    struct pse_span format;

    TRY_JSON(pse_json_take_string(&format, o, "format"));
    for (unsigned i = 0; i < sizeof format_names / sizeof *format_names; i++)
        if (pse_span_is_str(format, format_names[i])) {
            *out = (enum pse_format)i;
            return PSE_OK;
        }
    return refuse(r, "format", "format");
}

static pse_rc read_options(struct pse_contest *c, struct pse_manifest_reader *r,
                           struct pse_json_rd *o)
{
    const struct pse_json *list, *at;
    struct pse_text discard;
    size_t n;

    TRY_JSON(pse_json_take_array(&list, o, "options"));
    n = pse_json_count(list);
    if (n > PSE_HOM_OPTIONS_MAX)
        pse_manifest_note(r, "options", "options");
    c->options = n > PSE_HOM_OPTIONS_MAX ? 0 : (uint16_t)n;
    c->option = PSE_NEW(r->arena, struct pse_text, c->options);
    if (c->option == NULL)
        return PSE_E_MEMORY;
    at = pse_json_first(list);
    for (size_t i = 0; i < n; i++) {
        PSE_TRY(read_text(i < c->options ? &c->option[i] : &discard, r, at, "options"));
        if (i + 1 < n)
            at = pse_json_next(at);
    }
    return PSE_OK;
}

static pse_rc read_contest(struct pse_manifest_reader *r, void *out, struct pse_json_rd *o)
{
    struct pse_contest *c = out;

    TAKE(c->id, uint16_t, r, o, "id", 1, 65535);
    PSE_TRY(read_kind(&c->kind, r, o));
    PSE_TRY(take_text(&c->title, r, o, "title"));
    PSE_TRY(read_options(c, r, o));
    /* the largest meaningful max is 255 options of value 8 */
    TAKE(c->min, uint32_t, r, o, "min", 0, PSE_HOM_OPTIONS_MAX * PSE_HOM_VALUE_MAX);
    TAKE(c->max, uint32_t, r, o, "max", 0, PSE_HOM_OPTIONS_MAX * PSE_HOM_VALUE_MAX);
    if (c->kind == PSE_KIND_HOMOMORPHIC) {
        TAKE(c->option_max, uint8_t, r, o, "option_max", 1, PSE_HOM_VALUE_MAX);
        TRY_JSON(pse_json_take_bool(&c->blank, o, "blank"));
        return PSE_OK;
    }
    PSE_TRY(read_format(&c->format, r, o));
    TAKE(c->width, uint8_t, r, o, "width", 1, PSE_MIX_WIDTH_MAX);
    return PSE_OK;
}

static pse_rc read_log(struct pse_manifest_reader *r, struct pse_json_rd *o)
{
    const struct pse_json *v;
    struct pse_json_rd log;

    TRY_JSON(pse_json_take_object(&v, o, "log"));
    TRY_JSON(pse_json_open(&log, v, &r->json));
    TRY_JSON(pse_json_take_string(&r->m->origin, &log, "origin"));
    TRY_JSON(pse_json_take_string(&r->m->log_vkey, &log, "key"));
    TRY_JSON(pse_json_close(&log));
    return PSE_OK;
}

static pse_rc read_schedule(struct pse_manifest_reader *r, struct pse_json_rd *o)
{
    const struct pse_json *v;
    struct pse_json_rd s;

    TRY_JSON(pse_json_take_object(&v, o, "schedule"));
    TRY_JSON(pse_json_open(&s, v, &r->json));
    TRY_JSON(pse_json_take_u64(&r->m->opens, &s, "opens"));
    TRY_JSON(pse_json_take_u64(&r->m->closes, &s, "closes"));
    TRY_JSON(pse_json_take_u64(&r->m->retain_until, &s, "retain_until"));
    TRY_JSON(pse_json_close(&s));
    return PSE_OK;
}

static pse_rc read_head(struct pse_manifest_reader *r, struct pse_json_rd *o)
{
    struct pse_manifest *m = r->m;
    struct pse_span protocol;

    TRY_JSON(pse_json_take_string(&protocol, o, "protocol"));
    if (!pse_span_is_str(protocol, "psephos/1"))
        return refuse(r, "protocol", "protocol");
    TRY_JSON(pse_json_take_hex(m->nonce.b, 32, o, "nonce"));
    TRY_JSON(pse_json_take_bool(&m->test, o, "test"));
    PSE_TRY(take_text(&m->title, r, o, "title"));
    PSE_TRY(read_log(r, o));
    TRY_JSON(pse_json_take_hex(m->policy.b, 32, o, "policy"));
    PSE_TRY(read_schedule(r, o));
    TRY_JSON(pse_json_take_hex(m->authority.b, 32, o, "authority"));
    TRY_JSON(pse_json_take_hex(m->registrar.b, 32, o, "registrar"));
    TRY_JSON(pse_json_take_hex(m->board.b, 32, o, "board"));
    return PSE_OK;
}

static pse_rc read_people(struct pse_manifest_reader *r, struct pse_json_rd *o)
{
    struct pse_manifest *m = r->m;
    void *item;
    size_t n;

    PSE_TRY(take_array(&item, &n, r, o, "trustees", sizeof *m->trustee, read_trustee));
    m->trustee = item;
    if (n < 1 || n > PSE_TRUSTEES_MAX)
        pse_manifest_note(r, "trustees", "trustees");
    m->trustees = n > PSE_TRUSTEES_MAX ? 0 : (uint8_t)n;
    TAKE(m->threshold, uint8_t, r, o, "threshold", 1, PSE_TRUSTEES_MAX);
    PSE_TRY(take_array(&item, &n, r, o, "mixers", sizeof *m->mixer, read_mixer));
    m->mixer = item;
    if (n > PSE_MIXERS_MAX)
        pse_manifest_note(r, "mixers", "mixers");
    m->mixers = n > PSE_MIXERS_MAX ? 0 : (uint8_t)n;
    TAKE(m->mix_min, uint8_t, r, o, "mix_min", 0, PSE_MIXERS_MAX);
    TAKE(m->min_list, uint32_t, r, o, "min_list", 1, UINT32_MAX);
    TRY_JSON(pse_json_take_bool(&m->late_roster, o, "late_roster"));
    TAKE(m->ballots_max, uint16_t, r, o, "ballots_max", 1, 65535);
    return PSE_OK;
}

static pse_rc read_contests(struct pse_manifest_reader *r, struct pse_json_rd *o)
{
    struct pse_manifest *m = r->m;
    void *item;

    PSE_TRY(take_array(&item, &m->pots, r, o, "groups", sizeof *m->pot, read_pot));
    m->pot = item;
    PSE_TRY(take_array(&item, &m->contests, r, o, "contests", sizeof *m->contest, read_contest));
    m->contest = item;
    PSE_TRY(take_array(&item, &m->styles, r, o, "styles", sizeof *m->style, read_style));
    m->style = item;
    PSE_TRY(
        take_array(&item, &m->documents, r, o, "documents", sizeof *m->document, read_document));
    m->document = item;
    return PSE_OK;
}

static pse_rc read_manifest(struct pse_manifest_reader *r, struct pse_span text)
{
    const struct pse_json *root;
    struct pse_json_rd o;

    TRY_JSON(pse_json_parse(&root, &r->json, r->arena, text));
    TRY_JSON(pse_json_open(&o, root, &r->json));
    PSE_TRY(read_head(r, &o));
    PSE_TRY(read_people(r, &o));
    PSE_TRY(read_contests(r, &o));
    TRY_JSON(pse_json_close(&o));
    PSE_TRY(pse_manifest_constrain(r));
    return r->range.rule == 0 ? PSE_OK : PSE_E_RANGE;
}

pse_rc pse_manifest_parse(struct pse_manifest **out, struct pse_arena *arena,
                          struct pse_manifest_fault *fault, const struct pse_group *g,
                          struct pse_span blob)
{
    struct pse_manifest_reader r = {.arena = arena, .g = g};
    uint8_t *copy;
    pse_rc rc;

    *out = NULL;
    if (fault != NULL)
        memset(fault, 0, sizeof *fault);
    if (blob.n > PSE_MANIFEST_MAX)
        return PSE_E_LIMIT;
    /* strings without escapes borrow from the text, so the text must live in the arena */
    copy = PSE_NEW(arena, uint8_t, blob.n);
    r.m = PSE_NEW(arena, struct pse_manifest, 1);
    if (copy == NULL || r.m == NULL)
        return PSE_E_MEMORY;
    if (blob.n > 0)
        memcpy(copy, blob.p, blob.n);
    pse_sha256(&r.m->eid, blob);
    rc = read_manifest(&r, pse_span(copy, blob.n));
    if (rc == PSE_OK)
        *out = r.m;
    else if (fault != NULL && rc != PSE_E_MEMORY)
        *fault = rc == PSE_E_SYNTAX ? r.syntax : r.range;
    return rc;
}

struct pse_span pse_text_in(const struct pse_text *t, struct pse_span language)
{
    for (size_t i = 0; i < t->n; i++)
        if (pse_span_is_equal(t->item[i].language, language))
            return t->item[i].text;
    return t->n == 0 ? pse_span(NULL, 0) : t->item[0].text;
}
