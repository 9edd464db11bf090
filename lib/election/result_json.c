/* The readable result as one JSON object. */
#include "codec/json_write.h"
#include "election/manifest_parse.h"
#include "election/result.h"

static void put_options(struct pse_json_wr *w, const struct pse_tally *t)
{
    pse_json_wr_array(w, "options");
    for (size_t k = 0; k < t->contest->options; k++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_u64(w, "number", k + 1);
        pse_text_write(w, "title", &t->contest->option[k]);
        pse_json_wr_u64(w, "votes", t->votes[k]);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_rankings(struct pse_json_wr *w, const struct pse_tally *t)
{
    const struct pse_count_ballots *b = t->rankings;

    if (t->contest->kind != PSE_KIND_MIX || t->contest->format != PSE_FORMAT_RANKING)
        return;
    pse_json_wr_array(w, "rankings");
    for (size_t i = 0; i < b->groups; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_u64(w, "count", b->count[i]);
        pse_json_wr_array(w, "ranking");
        for (size_t k = b->at[i]; k < b->at[i + 1]; k++)
            pse_json_wr_u64(w, NULL, b->mark[k].option);
        pse_json_wr_end(w);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_texts(struct pse_json_wr *w, const struct pse_tally *t)
{
    if (t->contest->kind != PSE_KIND_MIX ||
        (t->contest->format != PSE_FORMAT_TEXT && t->contest->format != PSE_FORMAT_CHOICE_TEXT))
        return;
    pse_json_wr_array(w, "texts");
    for (size_t i = 0; i < t->text_n; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_string(w, "text", t->texts[i].text);
        pse_json_wr_u64(w, "count", t->texts[i].count);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_contest(struct pse_json_wr *w, const struct pse_tally *t)
{
    bool is_mix = t->contest->kind == PSE_KIND_MIX;

    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", t->contest->id);
    pse_json_wr_str(w, "kind", is_mix ? "mix" : "homomorphic");
    pse_text_write(w, "title", &t->contest->title);
    pse_json_wr_u64(w, "ballots", t->ballots);
    pse_json_wr_u64(w, "weight", t->weight);
    if (is_mix) {
        pse_json_wr_u64(w, "valid", t->valid);
        pse_json_wr_u64(w, "blank", t->blank);
        pse_json_wr_u64(w, "invalid", t->invalid);
    }
    put_options(w, t);
    put_rankings(w, t);
    put_texts(w, t);
    pse_json_wr_end(w);
}

enum { TALLY_ARENA_MAX = 1 << 30 };

pse_rc pse_result_json(struct pse_json_wr *w, const char *name, const struct pse_group *g,
                       const struct pse_manifest *m, struct pse_span blob)
{
    pse_json_wr_array(w, name);
    for (size_t i = 0; i < m->contests; i++) {
        PSE_ARENA(arena, TALLY_ARENA_MAX);
        struct pse_tally t;
        pse_rc rc = pse_tally_make(&t, &arena, g, m, blob, &m->contest[i], 0);

        if (rc == PSE_E_MISSING)
            continue;
        PSE_TRY(rc);
        put_contest(w, &t);
    }
    pse_json_wr_end(w);
    return w->out->rc;
}
