/* Writing a manifest: canonical bytes from structs. */
#include "codec/json_write.h"
#include "codec/utf8.h"
#include "election/manifest_parse.h"

/* The JSON writer would mend ill-formed text; a manifest is not to differ from what was meant. */
static void require_utf8(struct pse_json_wr *w, struct pse_span text)
{
    if (w->out->rc == PSE_OK && !pse_utf8_is_valid(text))
        w->out->rc = PSE_E_ENCODING;
}

static void put_string(struct pse_json_wr *w, const char *name, struct pse_span text)
{
    require_utf8(w, text);
    pse_json_wr_string(w, name, text);
}

void pse_text_write(struct pse_json_wr *w, const char *name, const struct pse_text *t)
{
    pse_json_wr_object(w, name);
    for (size_t i = 0; i < t->n; i++) {
        require_utf8(w, t->item[i].text);
        pse_json_wr_member(w, t->item[i].language, t->item[i].text);
    }
    pse_json_wr_end(w);
}

static void put_head(struct pse_json_wr *w, const struct pse_manifest *m)
{
    pse_json_wr_str(w, "protocol", "psephos/1");
    pse_json_wr_hex(w, "nonce", m->nonce.b, 32);
    pse_json_wr_bool(w, "test", m->test);
    pse_text_write(w, "title", &m->title);
    pse_json_wr_object(w, "log");
    put_string(w, "origin", m->origin);
    put_string(w, "key", m->log_vkey);
    pse_json_wr_end(w);
    pse_json_wr_hex(w, "policy", m->policy.b, 32);
    pse_json_wr_object(w, "schedule");
    pse_json_wr_u64(w, "opens", m->opens);
    pse_json_wr_u64(w, "closes", m->closes);
    pse_json_wr_u64(w, "retain_until", m->retain_until);
    pse_json_wr_end(w);
    pse_json_wr_hex(w, "authority", m->authority.b, 32);
    pse_json_wr_hex(w, "registrar", m->registrar.b, 32);
    pse_json_wr_hex(w, "board", m->board.b, 32);
}

static void put_people(struct pse_json_wr *w, const struct pse_manifest *m)
{
    pse_json_wr_array(w, "trustees");
    for (size_t i = 0; i < m->trustees; i++) {
        pse_json_wr_object(w, NULL);
        put_string(w, "name", m->trustee[i].name);
        pse_json_wr_hex(w, "sign", m->trustee[i].sign.b, 32);
        pse_json_wr_hex(w, "share", m->trustee[i].share.b, 32);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
    pse_json_wr_u64(w, "threshold", m->threshold);
    pse_json_wr_array(w, "mixers");
    for (size_t i = 0; i < m->mixers; i++) {
        pse_json_wr_object(w, NULL);
        put_string(w, "name", m->mixer[i].name);
        pse_json_wr_hex(w, "sign", m->mixer[i].sign.b, 32);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
    pse_json_wr_u64(w, "mix_min", m->mix_min);
    pse_json_wr_u64(w, "min_list", m->min_list);
    pse_json_wr_bool(w, "late_roster", m->late_roster);
    pse_json_wr_u64(w, "ballots_max", m->ballots_max);
}

static void put_contest(struct pse_json_wr *w, const struct pse_contest *c)
{
    bool is_mix = c->kind == PSE_KIND_MIX;

    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", c->id);
    pse_json_wr_str(w, "kind", is_mix ? "mix" : "homomorphic");
    pse_text_write(w, "title", &c->title);
    pse_json_wr_array(w, "options");
    for (size_t i = 0; i < c->options; i++)
        pse_text_write(w, NULL, &c->option[i]);
    pse_json_wr_end(w);
    if (is_mix) {
        pse_json_wr_str(w, "format", pse_format_name(c->format));
        pse_json_wr_u64(w, "width", c->width);
    } else {
        pse_json_wr_u64(w, "option_max", c->option_max);
    }
    pse_json_wr_u64(w, "min", c->min);
    pse_json_wr_u64(w, "max", c->max);
    if (!is_mix)
        pse_json_wr_bool(w, "blank", c->blank);
    pse_json_wr_end(w);
}

static void put_style(struct pse_json_wr *w, const struct pse_manifest *m,
                      const struct pse_style *s)
{
    PSE_REQUIRE(s->pot < m->pots);
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", s->id);
    pse_json_wr_u64(w, "group", m->pot[s->pot].id);
    pse_json_wr_array(w, "contests");
    for (size_t k = 0; k < s->contests; k++) {
        PSE_REQUIRE(s->contest[k] < m->contests);
        pse_json_wr_u64(w, NULL, m->contest[s->contest[k]].id);
    }
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static void put_contests(struct pse_json_wr *w, const struct pse_manifest *m)
{
    pse_json_wr_array(w, "groups");
    for (size_t i = 0; i < m->pots; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_u64(w, "id", m->pot[i].id);
        pse_json_wr_u64(w, "fallback", m->pot[i].fallback);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
    pse_json_wr_array(w, "contests");
    for (size_t i = 0; i < m->contests; i++)
        put_contest(w, &m->contest[i]);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "styles");
    for (size_t i = 0; i < m->styles; i++)
        put_style(w, m, &m->style[i]);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "documents");
    for (size_t i = 0; i < m->documents; i++) {
        pse_json_wr_object(w, NULL);
        put_string(w, "name", m->document[i].name);
        pse_json_wr_hex(w, "sha256", m->document[i].sha256.b, 32);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static pse_rc write_bytes(struct pse_buf *text, const struct pse_manifest *m)
{
    struct pse_json_wr w = pse_json_wr(text, 0);

    pse_json_wr_object(&w, NULL);
    put_head(&w, m);
    put_people(&w, m);
    put_contests(&w, m);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

/* The bytes, once a parser has accepted them. */
static pse_rc append_checked(struct pse_buf *out, struct pse_manifest_fault *fault,
                             const struct pse_group *g, struct pse_span text)
{
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    struct pse_manifest *back;
    size_t before = out->n;

    PSE_TRY(pse_manifest_parse(&back, &arena, fault, g, text));
    pse_buf_put(out, text.p, text.n);
    if (out->rc != PSE_OK)
        out->n = before;
    return out->rc;
}

pse_rc pse_manifest_write(struct pse_buf *out, struct pse_manifest_fault *fault,
                          const struct pse_group *g, const struct pse_manifest *m)
{
    struct pse_buf text = PSE_BUF(PSE_MANIFEST_MAX);
    pse_rc rc;

    if (fault != NULL)
        memset(fault, 0, sizeof *fault);
    rc = write_bytes(&text, m);
    if (rc == PSE_OK)
        rc = append_checked(out, fault, g, pse_buf_span(&text));
    pse_buf_free(&text);
    return rc;
}

pse_rc pse_manifest_canonical(struct pse_buf *out, struct pse_manifest_fault *fault,
                              const struct pse_group *g, struct pse_span json)
{
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    struct pse_manifest *m;

    PSE_TRY(pse_manifest_parse(&m, &arena, fault, g, json));
    return pse_manifest_write(out, fault, g, m);
}
