#include "codec/json_write.h"
#include "room.h"

size_t pse_count_fixed_encode(char out[PSE_FIXED_TEXT], pse_u128 v, unsigned decimals)
{
    char digit[PSE_FIXED_TEXT];
    size_t n = 0;
    size_t w = 0;

    PSE_REQUIRE(decimals < 20);
    while (v > 0 || n <= decimals) {
        digit[n++] = (char)('0' + (int)(v % 10));
        v /= 10;
    }
    while (n > 0) {
        if (n == decimals)
            out[w++] = '.';
        out[w++] = digit[--n];
    }
    out[w] = '\0';
    return w;
}

const char *pse_count_action_name(enum pse_count_action action)
{
    static const char *const names[PSE_ACTIONS] = {
        [PSE_ACTION_COUNT] = "count",
        [PSE_ACTION_FIRST] = "first-preferences",
        [PSE_ACTION_SURPLUS] = "surplus",
        [PSE_ACTION_EXCLUSION] = "exclusion",
        [PSE_ACTION_ROUND] = "round",
        [PSE_ACTION_LAST] = "last-vacancies",
        [PSE_ACTION_PAIRWISE] = "pairwise",
        [PSE_ACTION_PATHS] = "strongest-paths",
        [PSE_ACTION_GRADE] = "grade",
        [PSE_ACTION_MEDIAN] = "median-grades",
        [PSE_ACTION_PERSONAL] = "personal-mandates",
        [PSE_ACTION_DISTRICT] = "district-mandates",
        [PSE_ACTION_COMPENSATION] = "compensation-mandate",
        [PSE_ACTION_SEAT] = "seat",
    };

    PSE_REQUIRE(action < PSE_ACTIONS);
    return names[action];
}

const char *pse_count_way_name(enum pse_count_way way)
{
    static const char *const names[PSE_WAYS] = {
        [PSE_WAY_EARLIER] = "earlier-stage",
        [PSE_WAY_LOT] = "lot",
        [PSE_WAY_LIST] = "list-order",
    };

    PSE_REQUIRE(way < PSE_WAYS);
    return names[way];
}

static void put_numbers(struct pse_json_wr *w, const char *name, const struct pse_count_numbers *v)
{
    pse_json_wr_array(w, name);
    for (size_t i = 0; i < v->n; i++)
        pse_json_wr_u64(w, NULL, v->v[i]);
    pse_json_wr_end(w);
}

static void put_fixed(struct pse_json_wr *w, const char *name, pse_u128 v, unsigned decimals)
{
    char text[PSE_FIXED_TEXT];

    (void)pse_count_fixed_encode(text, v, decimals);
    pse_json_wr_str(w, name, text);
}

static void put_stage(struct pse_json_wr *w, const struct pse_count_result *r, size_t i)
{
    const struct pse_count_stage *s = &r->stage[i];

    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "stage", i + 1);
    pse_json_wr_str(w, "action", pse_count_action_name(s->action));
    if (s->subject != 0)
        pse_json_wr_u64(w, "subject", s->subject);
    if (s->constituency != 0)
        pse_json_wr_string(w, "constituency", r->returns->constituency[s->constituency - 1].name);
    if (s->party != 0)
        pse_json_wr_u64(w, "party", s->party);
    if (s->quota != 0)
        put_fixed(w, s->total == NULL ? "figure" : "quota", s->quota, s->decimals);
    if (s->total != NULL) {
        pse_json_wr_array(w, "totals");
        for (size_t o = 0; o < r->items; o++)
            put_fixed(w, NULL, s->total[o], s->decimals);
        pse_json_wr_end(w);
        put_fixed(w, "rest", s->rest, s->decimals);
    }
    put_numbers(w, "elected", &s->elected);
    put_numbers(w, "excluded", &s->excluded);
    pse_json_wr_end(w);
}

static void put_tie(struct pse_json_wr *w, const struct pse_count_tie *t)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "stage", t->stage);
    pse_json_wr_str(w, "among", t->of_parties ? "parties" : "options");
    put_numbers(w, "order", &t->order);
    pse_json_wr_str(w, "resolved", pse_count_way_name(t->way));
    if (t->lot != 0)
        pse_json_wr_u64(w, "lot", t->lot);
    if (t->earlier != 0)
        pse_json_wr_u64(w, "earlier_stage", t->earlier);
    pse_json_wr_end(w);
}

static void put_options(struct pse_json_wr *w, const struct pse_count_result *r)
{
    pse_json_wr_array(w, "options");
    for (uint32_t o = 1; o <= r->items; o++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_u64(w, "number", o);
        pse_json_wr_string(w, "name", r->source->name[o]);
        pse_json_wr_bool(w, "withdrawn", r->source->withdrawn[o]);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_lists(struct pse_json_wr *w, const struct pse_count_result *r)
{
    uint64_t votes[PSE_COUNT_PARTIES_MAX];

    (void)pse_returns_votes(votes, r->returns, PSE_EVERYWHERE);
    pse_json_wr_array(w, "parties");
    for (size_t p = 0; p < r->items; p++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_u64(w, "party", p + 1);
        pse_json_wr_string(w, "name", r->returns->party[p]);
        pse_json_wr_u64(w, "votes", votes[p]);
        pse_json_wr_u64(w, "seats", r->party_seats[p]);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
    pse_json_wr_array(w, "mandates");
    for (size_t i = 0; i < r->elected.n; i++) {
        const struct pse_count_seat *s = &r->seat[i];

        pse_json_wr_object(w, NULL);
        pse_json_wr_u64(w, "number", s->number);
        pse_json_wr_string(w, "constituency", r->returns->constituency[s->constituency].name);
        pse_json_wr_u64(w, "party", s->party == PSE_COUNT_INDEPENDENT ? 0 : s->party + UINT64_C(1));
        pse_json_wr_str(w, "kind", pse_count_action_name(s->kind));
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static const char *lots_name(const struct pse_count_result *r)
{
    for (size_t i = 0; i < r->ties; i++)
        if (r->tie[i].way == PSE_WAY_LOT)
            return r->lots_public ? "public-seed" : "election-seed";
    return "none";
}

pse_rc pse_count_json_write(struct pse_buf *out, const struct pse_count_result *r, unsigned indent)
{
    struct pse_json_wr w = pse_json_wr(out, indent);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "rule", pse_count_rule_name(r->rule));
    pse_json_wr_u64(&w, "ballots", r->ballots);
    pse_json_wr_u64(&w, "valid", r->valid);
    pse_json_wr_u64(&w, "seats", r->seats);
    put_numbers(&w, "elected", &r->elected);
    if (r->rule == PSE_RULE_YESNO)
        pse_json_wr_bool(&w, "carried", r->carried);
    pse_json_wr_array(&w, "ranking");
    for (size_t i = 0; i < r->ranks; i++)
        put_numbers(&w, NULL, &r->ranking[i]);
    pse_json_wr_end(&w);
    if (r->returns != NULL)
        put_lists(&w, r);
    else
        put_options(&w, r);
    pse_json_wr_array(&w, "stages");
    for (size_t i = 0; i < r->stages; i++)
        put_stage(&w, r, i);
    pse_json_wr_end(&w);
    pse_json_wr_array(&w, "ties");
    for (size_t i = 0; i < r->ties; i++)
        put_tie(&w, &r->tie[i]);
    pse_json_wr_end(&w);
    pse_json_wr_str(&w, "lots", lots_name(r));
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}
