/* Reading the parsed tree: typed values, positions, members by name. */
#include "json.h"
#include "text.h"

pse_rc pse_json_u64(uint64_t *out, const struct pse_json *v)
{
    *out = 0;
    if (v->type != PSE_JSON_NUMBER)
        return PSE_E_SYNTAX;
    *out = v->u.number;
    return PSE_OK;
}

pse_rc pse_json_bool(bool *out, const struct pse_json *v)
{
    *out = false;
    if (v->type != PSE_JSON_BOOL)
        return PSE_E_SYNTAX;
    *out = v->u.number != 0;
    return PSE_OK;
}

pse_rc pse_json_string(struct pse_span *out, const struct pse_json *v)
{
    *out = pse_span(NULL, 0);
    if (v->type != PSE_JSON_STRING)
        return PSE_E_SYNTAX;
    *out = pse_span(v->u.text, v->count);
    return PSE_OK;
}

pse_rc pse_json_hex(void *out, size_t n, const struct pse_json *v)
{
    struct pse_span text;

    memset(out, 0, n);
    PSE_TRY(pse_json_string(&text, v));
    return pse_hex_decode(out, n, text);
}

size_t pse_json_count(const struct pse_json *v)
{
    return v->type == PSE_JSON_ARRAY || v->type == PSE_JSON_OBJECT ? v->count : 0;
}

const struct pse_json *pse_json_first(const struct pse_json *v)
{
    return pse_json_count(v) == 0 ? NULL : v + 1;
}

const struct pse_json *pse_json_next(const struct pse_json *v)
{
    return v + v->nodes;
}

pse_rc pse_json_fail(struct pse_json_fault *fault, const struct pse_json *v, const char *member,
                     pse_rc rc)
{
    if (fault != NULL)
        *fault = (struct pse_json_fault){v->at, member};
    return rc;
}

pse_rc pse_json_open(struct pse_json_rd *r, const struct pse_json *v, struct pse_json_fault *fault)
{
    *r = (struct pse_json_rd){v, 0, fault};
    return v->type == PSE_JSON_OBJECT ? PSE_OK : pse_json_fail(fault, v, NULL, PSE_E_SYNTAX);
}

pse_rc pse_json_close(struct pse_json_rd *r)
{
    return r->taken == r->object->count ? PSE_OK
                                        : pse_json_fail(r->fault, r->object, NULL, PSE_E_SYNTAX);
}

void pse_json_take_optional(const struct pse_json **out, struct pse_json_rd *r, const char *name)
{
    const struct pse_json *v = r->object + 1;

    *out = NULL;
    for (size_t i = 0; i < r->object->count; i++) {
        if (pse_span_is_str(pse_span(v->u.text, v->count), name)) {
            r->taken++;
            *out = v + 1;
            return;
        }
        v += 1 + v[1].nodes;
    }
}

pse_rc pse_json_take(const struct pse_json **out, struct pse_json_rd *r, const char *name)
{
    pse_json_take_optional(out, r, name);
    return *out != NULL ? PSE_OK : pse_json_fail(r->fault, r->object, name, PSE_E_MISSING);
}

/* Turn the status of a typed read into one that knows where it happened. */
static pse_rc placed(const struct pse_json_rd *r, const struct pse_json *v, const char *name,
                     pse_rc rc)
{
    return rc == PSE_OK ? PSE_OK : pse_json_fail(r->fault, v, name, rc);
}

pse_rc pse_json_take_u64(uint64_t *out, struct pse_json_rd *r, const char *name)
{
    const struct pse_json *v;

    *out = 0;
    PSE_TRY(pse_json_take(&v, r, name));
    return placed(r, v, name, pse_json_u64(out, v));
}

pse_rc pse_json_take_bool(bool *out, struct pse_json_rd *r, const char *name)
{
    const struct pse_json *v;

    *out = false;
    PSE_TRY(pse_json_take(&v, r, name));
    return placed(r, v, name, pse_json_bool(out, v));
}

pse_rc pse_json_take_string(struct pse_span *out, struct pse_json_rd *r, const char *name)
{
    const struct pse_json *v;

    *out = pse_span(NULL, 0);
    PSE_TRY(pse_json_take(&v, r, name));
    return placed(r, v, name, pse_json_string(out, v));
}

pse_rc pse_json_take_hex(void *out, size_t n, struct pse_json_rd *r, const char *name)
{
    const struct pse_json *v;

    memset(out, 0, n);
    PSE_TRY(pse_json_take(&v, r, name));
    return placed(r, v, name, pse_json_hex(out, n, v));
}

static pse_rc take_typed(const struct pse_json **out, struct pse_json_rd *r, const char *name,
                         enum pse_json_type type)
{
    const struct pse_json *v;

    *out = NULL;
    PSE_TRY(pse_json_take(&v, r, name));
    if (v->type != type)
        return pse_json_fail(r->fault, v, name, PSE_E_SYNTAX);
    *out = v;
    return PSE_OK;
}

pse_rc pse_json_take_array(const struct pse_json **out, struct pse_json_rd *r, const char *name)
{
    return take_typed(out, r, name, PSE_JSON_ARRAY);
}

pse_rc pse_json_take_object(const struct pse_json **out, struct pse_json_rd *r, const char *name)
{
    return take_typed(out, r, name, PSE_JSON_OBJECT);
}
