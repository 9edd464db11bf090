#include "common/election_view.h"

static void put_text(struct pse_json_wr *w, const char *name, const struct pse_text *t)
{
    pse_json_wr_object(w, name);
    for (size_t i = 0; i < t->n; i++)
        pse_json_wr_member(w, t->item[i].language, t->item[i].text);
    pse_json_wr_end(w);
}

static void put_contest(struct pse_json_wr *w, const struct pse_contest *c)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", c->id);
    put_text(w, "title", &c->title);
    pse_json_wr_u64(w, "min", c->min);
    pse_json_wr_u64(w, "max", c->max);
    pse_json_wr_array(w, "options");
    for (size_t i = 0; i < c->options; i++)
        put_text(w, NULL, &c->option[i]);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static void put_style(struct pse_json_wr *w, const struct pse_manifest *m,
                      const struct pse_style *s)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", s->id);
    pse_json_wr_u64(w, "bytes", s->ballot_len);
    pse_json_wr_array(w, "contests");
    for (size_t i = 0; i < s->contests; i++)
        pse_json_wr_u64(w, NULL, m->contest[s->contest[i]].id);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

void election_view_put(struct pse_json_wr *w, const struct pse_manifest *m)
{
    pse_json_wr_hex(w, "eid", m->eid.b, 32);
    put_text(w, "title", &m->title);
    pse_json_wr_bool(w, "test", m->test);
    pse_json_wr_string(w, "origin", m->origin);
    pse_json_wr_hex(w, "policy", m->policy.b, 32);
    pse_json_wr_u64(w, "opens", m->opens);
    pse_json_wr_u64(w, "closes", m->closes);
    pse_json_wr_u64(w, "trustees", m->trustees);
    pse_json_wr_u64(w, "threshold", m->threshold);
    pse_json_wr_u64(w, "mixers", m->mixers);
    pse_json_wr_array(w, "styles");
    for (size_t i = 0; i < m->styles; i++)
        put_style(w, m, &m->style[i]);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "contests");
    for (size_t i = 0; i < m->contests; i++)
        put_contest(w, &m->contest[i]);
    pse_json_wr_end(w);
}
