#include "election/choices.h"

#include "codec/json.h"
#include "codec/json_write.h"
#include "codec/text.h"

enum { CHOICES_MAX = 1 << 20, ARENA_MAX = 64 << 20 };

/* Reading one contest's object. */
struct reader {
    struct pse_choices_fault fault;
    const struct pse_contest *c;
    uint8_t *out;
};

static pse_rc refuse(struct reader *r, const char *slug, pse_rc rc)
{
    if (r->fault.slug == NULL && rc != PSE_OK)
        r->fault.slug = slug;
    return rc;
}

/* At most @p most numbers of 0..255 from array @p v; larger ones are out of any range here. */
static pse_rc read_numbers(uint8_t *out, size_t *n, struct reader *r, const struct pse_json *v,
                           size_t most)
{
    const struct pse_json *at = pse_json_first(v);

    if (v->type != PSE_JSON_ARRAY)
        return refuse(r, "not-an-array", PSE_E_SYNTAX);
    *n = pse_json_count(v);
    if (*n > most)
        return refuse(r, "too-many", PSE_E_RANGE);
    for (size_t i = 0; i < *n; i++) {
        uint64_t x;

        if (pse_json_u64(&x, at) != PSE_OK)
            return refuse(r, "not-a-number", PSE_E_SYNTAX);
        if (x > UINT8_MAX)
            return refuse(r, "out-of-range", PSE_E_RANGE);
        out[i] = (uint8_t)x;
        if (i + 1 < *n)
            at = pse_json_next(at);
    }
    return PSE_OK;
}

static pse_rc read_values(struct reader *r, const struct pse_json *v)
{
    size_t n;

    PSE_TRY(read_numbers(r->out, &n, r, v, r->c->options));
    return n == r->c->options ? PSE_OK : refuse(r, "too-few", PSE_E_RANGE);
}

static pse_rc read_marked(struct reader *r, const struct pse_json *v)
{
    uint8_t option[PSE_HOM_OPTIONS_MAX];
    size_t n;

    PSE_TRY(read_numbers(option, &n, r, v, r->c->options));
    for (size_t i = 0; i < n; i++) {
        if (option[i] < 1 || option[i] > r->c->options)
            return refuse(r, "option-unknown", PSE_E_RANGE);
        if (r->out[option[i] - 1] != 0)
            return refuse(r, "option-twice", PSE_E_DUPLICATE);
        r->out[option[i] - 1] = 1;
    }
    return PSE_OK;
}

static pse_rc read_homomorphic(struct reader *r, struct pse_json_rd *o)
{
    const struct pse_json *values, *options;

    pse_json_take_optional(&values, o, "values");
    pse_json_take_optional(&options, o, "options");
    if ((values == NULL) == (options == NULL))
        return refuse(r, "values-or-options", PSE_E_SYNTAX);
    PSE_TRY(values != NULL ? read_values(r, values) : read_marked(r, options));
    return refuse(r, "sum", pse_choice_check(r->c, r->out));
}

static const char *plain_slug(pse_rc rc)
{
    switch (rc) {
    case PSE_E_UNSUPPORTED: return "format";
    case PSE_E_DUPLICATE: return "option-twice";
    case PSE_E_ENCODING: return "text-characters";
    case PSE_E_LENGTH: return "text-length";
    default: return "out-of-range";
    }
}

static pse_rc read_option(struct reader *r, const struct pse_json *v)
{
    uint8_t option = 0;
    size_t n;
    pse_rc rc;

    PSE_TRY(read_numbers(&option, &n, r, v, 1));
    if (n == 1 && option == 0)
        return refuse(r, "option-unknown", PSE_E_RANGE);
    rc = pse_plain_choice(r->out, r->c, option);
    return refuse(r, plain_slug(rc), rc);
}

static pse_rc read_ranking(struct reader *r, const struct pse_json *v)
{
    uint8_t option[PSE_HOM_OPTIONS_MAX];
    size_t n;
    pse_rc rc;

    PSE_TRY(read_numbers(option, &n, r, v, sizeof option));
    rc = pse_plain_ranking(r->out, r->c, option, n);
    return refuse(r, plain_slug(rc), rc);
}

static pse_rc read_text(struct reader *r, const struct pse_json *v)
{
    struct pse_span text;
    pse_rc rc;

    if (pse_json_string(&text, v) != PSE_OK)
        return refuse(r, "not-a-text", PSE_E_SYNTAX);
    rc = pse_plain_text(r->out, r->c, text);
    return refuse(r, plain_slug(rc), rc);
}

static pse_rc read_mix(struct reader *r, struct pse_json_rd *o)
{
    const struct pse_json *options, *ranking, *text;

    pse_json_take_optional(&options, o, "options");
    pse_json_take_optional(&ranking, o, "ranking");
    pse_json_take_optional(&text, o, "text");
    if ((options != NULL) + (ranking != NULL) + (text != NULL) != 1)
        return refuse(r, "options-ranking-or-text", PSE_E_SYNTAX);
    if (options != NULL)
        return read_option(r, options);
    return ranking != NULL ? read_ranking(r, ranking) : read_text(r, text);
}

static pse_rc read_contest(struct reader *r, const struct pse_json *v)
{
    struct pse_json_rd o;

    if (pse_json_open(&o, v, NULL) != PSE_OK)
        return refuse(r, "not-an-object", PSE_E_SYNTAX);
    PSE_TRY(r->c->kind == PSE_KIND_HOMOMORPHIC ? read_homomorphic(r, &o) : read_mix(r, &o));
    return refuse(r, "member-unknown", pse_json_close(&o));
}

static pse_rc read_all(struct reader *r, const struct pse_manifest *m,
                       const struct pse_style *style, struct pse_span json)
{
    PSE_ARENA(arena, ARENA_MAX);
    const struct pse_json *root;
    struct pse_json_rd o;
    pse_rc rc;

    if (json.n > CHOICES_MAX)
        return refuse(r, "too-long", PSE_E_LIMIT);
    rc = pse_json_parse(&root, NULL, &arena, json);
    if (rc == PSE_OK)
        rc = pse_json_open(&o, root, NULL);
    if (rc != PSE_OK)
        return refuse(r, "json", rc == PSE_E_MEMORY ? rc : PSE_E_SYNTAX);
    for (size_t k = 0; k < style->contests; k++) {
        const struct pse_json *v;
        char name[PSE_DECIMAL_TEXT];

        r->c = &m->contest[style->contest[k]];
        r->fault.contest = r->c->id;
        pse_decimal_encode(name, r->c->id);
        PSE_TRY(refuse(r, "contest-missing", pse_json_take(&v, &o, name)));
        PSE_TRY(read_contest(r, v));
        r->out += r->c->choice_len;
    }
    r->fault.contest = 0;
    return refuse(r, "contest-unknown", pse_json_close(&o));
}

pse_rc pse_choices_parse(uint8_t *out, struct pse_choices_fault *fault,
                         const struct pse_manifest *m, const struct pse_style *style,
                         struct pse_span json)
{
    struct reader r = {.out = out};
    pse_rc rc;

    memset(out, 0, style->choice_len);
    rc = read_all(&r, m, style, json);
    if (rc != PSE_OK)
        pse_wipe(out, style->choice_len);
    if (fault != NULL)
        *fault = r.fault;
    return rc;
}

static void put_numbers(struct pse_json_wr *w, const char *name, const uint8_t *x, size_t n)
{
    pse_json_wr_array(w, name);
    for (size_t i = 0; i < n; i++)
        pse_json_wr_u64(w, NULL, x[i]);
    pse_json_wr_end(w);
}

static void put_contest(struct pse_json_wr *w, const struct pse_contest *c, const uint8_t *choice)
{
    struct pse_plain p;

    if (c->kind == PSE_KIND_HOMOMORPHIC) {
        put_numbers(w, "values", choice, c->options);
        return;
    }
    PSE_REQUIRE(pse_plain_read(&p, c, choice) != PSE_VOTE_INVALID);
    if (p.tag == PSE_PLAIN_TEXT)
        pse_json_wr_string(w, "text", pse_span(p.body, p.n));
    else
        put_numbers(w, p.tag == PSE_PLAIN_CHOICE ? "options" : "ranking", p.body, p.n);
}

pse_rc pse_choices_write(struct pse_buf *out, const struct pse_manifest *m,
                         const struct pse_style *style, const uint8_t *choices)
{
    struct pse_json_wr w = pse_json_wr(out, 0);

    pse_json_wr_object(&w, NULL);
    for (size_t k = 0; k < style->contests; k++) {
        const struct pse_contest *c = &m->contest[style->contest[k]];
        char name[PSE_DECIMAL_TEXT];

        pse_decimal_encode(name, c->id);
        pse_json_wr_object(&w, name);
        put_contest(&w, c, choices);
        pse_json_wr_end(&w);
        choices += c->choice_len;
    }
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}
