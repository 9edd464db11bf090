#include "codec/text.h"
#include "codec/utf8.h"
#include "room.h"

enum { NAME_WIDTH = 40 };

static void put(struct pse_buf *out, const char *s)
{
    pse_buf_put(out, s, strlen(s));
}

static void pad(struct pse_buf *out, size_t from, size_t to)
{
    for (; from < to; from++)
        put(out, " ");
}

/* A number right-aligned in @p width columns. */
static void put_right(struct pse_buf *out, pse_u128 v, unsigned decimals, size_t width)
{
    char text[PSE_FIXED_TEXT];
    size_t n = pse_count_fixed_encode(text, v, decimals);

    pad(out, n, width);
    put(out, text);
}

/* A name in @p width columns (code points), cut when longer; width 0: as long as it is. */
static void put_name(struct pse_buf *out, struct pse_span name, size_t width)
{
    struct pse_buf safe = PSE_BUF(name.n * 8 + 16);
    struct pse_span s;
    size_t shown = 0;
    uint32_t c;

    pse_utf8_put_escaped(&safe, name);
    s = pse_buf_span(&safe);
    if (safe.rc != PSE_OK && out->rc == PSE_OK)
        out->rc = safe.rc;
    for (struct pse_span rest = s; pse_utf8_next(&c, &rest) == PSE_OK; shown++) {
        if (width != 0 && shown == width)
            break;
        pse_buf_put(out, s.p, (size_t)(rest.p - s.p));
        s = rest;
    }
    pad(out, shown, width);
    pse_buf_free(&safe);
}

static struct pse_span item_name(const struct pse_count_result *r, size_t item)
{
    if (r->returns != NULL)
        return r->returns->party[item - 1];
    return r->source->name[item];
}

/* "7 Name", or the bare number where there is no name for it. */
static void put_option(struct pse_buf *out, const struct pse_count_result *r, uint32_t number,
                       bool named)
{
    pse_decimal_put(out, number);
    if (named && number >= 1 && number <= r->items && item_name(r, number).n > 0) {
        put(out, " ");
        put_name(out, item_name(r, number), 0);
    }
}

static void put_list(struct pse_buf *out, const struct pse_count_result *r, const char *label,
                     const struct pse_count_numbers *v)
{
    if (v->n == 0)
        return;
    put(out, "  ");
    put(out, label);
    for (size_t i = 0; i < v->n; i++) {
        put(out, i == 0 ? " " : ", ");
        put_option(out, r, v->v[i], r->returns == NULL);
    }
    put(out, "\n");
}

static bool is_named(const struct pse_count_stage *s)
{
    return s->action != PSE_ACTION_GRADE;
}

static void put_head(struct pse_buf *out, const struct pse_count_result *r, size_t i)
{
    const struct pse_count_stage *s = &r->stage[i];

    put(out, "Stage ");
    pse_decimal_put(out, i + 1);
    put(out, ": ");
    put(out, pse_count_action_name(s->action));
    if (s->subject != 0) {
        put(out, " ");
        put_option(out, r, s->subject, is_named(s));
    }
    if (s->action == PSE_ACTION_GRADE && r->source->grade_name != NULL) {
        put(out, " ");
        put_name(out, r->source->grade_name[s->subject], 0);
    }
    if (s->constituency != 0) {
        put(out, ", constituency ");
        put_name(out, r->returns->constituency[s->constituency - 1].name, 0);
    }
    if (s->party != 0) {
        put(out, ", ");
        put_name(out, r->returns->party[s->party - 1], 0);
    }
    if (s->quota != 0) {
        put(out, s->total == NULL ? ", figure " : ", quota ");
        put_right(out, s->quota, s->decimals, 0);
    }
    put(out, "\n");
}

static size_t total_width(const struct pse_count_stage *s, size_t items)
{
    char text[PSE_FIXED_TEXT];
    size_t width = pse_count_fixed_encode(text, s->rest, s->decimals);

    for (size_t o = 0; o < items; o++) {
        size_t n = pse_count_fixed_encode(text, s->total[o], s->decimals);

        if (n > width)
            width = n;
    }
    return width;
}

/* One row an option: number, name, total, and its change from the stage before. */
static void put_totals(struct pse_buf *out, const struct pse_count_result *r, size_t i)
{
    const struct pse_count_stage *s = &r->stage[i];
    const struct pse_count_stage *before = NULL;
    size_t width = total_width(s, r->items);

    if (s->action == PSE_ACTION_SURPLUS || s->action == PSE_ACTION_EXCLUSION)
        before = &r->stage[i - 1];
    for (size_t o = 1; o <= r->items; o++) {
        pse_u128 now = s->total[o - 1];

        if (r->returns == NULL && r->source->withdrawn[o])
            continue;
        put_right(out, o, 0, 5);
        put(out, "  ");
        put_name(out, item_name(r, o), NAME_WIDTH);
        put(out, "  ");
        put_right(out, now, s->decimals, width);
        if (before != NULL && now != before->total[o - 1]) {
            bool more = now > before->total[o - 1];

            put(out, more ? "  +" : "  -");
            put_right(out, more ? now - before->total[o - 1] : before->total[o - 1] - now,
                      s->decimals, 0);
        }
        put(out, "\n");
    }
    if (s->rest > 0) {
        pad(out, 0, 7);
        put_name(out, pse_span_str(r->returns != NULL ? "(independent)" : "(none of them)"),
                 NAME_WIDTH);
        put(out, "  ");
        put_right(out, s->rest, s->decimals, width);
        put(out, "\n");
    }
}

static void put_tie(struct pse_buf *out, const struct pse_count_result *r,
                    const struct pse_count_tie *t)
{
    put(out, "Tie at stage ");
    pse_decimal_put(out, t->stage);
    put(out, t->of_parties ? " of parties" : "");
    put(out, ", resolved by ");
    put(out, pse_count_way_name(t->way));
    if (t->earlier != 0) {
        put(out, " ");
        pse_decimal_put(out, t->earlier);
    }
    if (t->lot != 0) {
        put(out, " ");
        pse_decimal_put(out, t->lot);
    }
    put(out, ", first is preferred:");
    for (size_t i = 0; i < t->order.n; i++) {
        put(out, i == 0 ? " " : ", ");
        put_option(out, r, t->order.v[i], t->of_parties || r->returns == NULL);
    }
    put(out, "\n");
}

static void put_seats(struct pse_buf *out, const struct pse_count_result *r)
{
    uint64_t votes[PSE_COUNT_PARTIES_MAX];

    (void)pse_returns_votes(votes, r->returns, PSE_EVERYWHERE);
    put(out, "Seats by party (votes, seats):\n");
    for (size_t p = 0; p < r->items; p++) {
        put(out, "  ");
        put_name(out, r->returns->party[p], NAME_WIDTH);
        put_right(out, votes[p], 0, 15);
        put_right(out, r->party_seats[p], 0, 6);
        put(out, "\n");
    }
    put(out, "Elected, in order:\n");
    for (size_t i = 0; i < r->elected.n; i++) {
        const struct pse_count_seat *s = &r->seat[i];

        put_right(out, i + 1, 0, 5);
        put_right(out, s->number, 0, 9);
        put(out, "  ");
        put_name(out, r->returns->constituency[s->constituency].name, 12);
        put(out, "  ");
        put_name(out,
                 s->party == PSE_COUNT_INDEPENDENT ? pse_span_str("(independent)")
                                                   : r->returns->party[s->party],
                 NAME_WIDTH);
        put(out, "  ");
        put(out, pse_count_action_name(s->kind));
        put(out, "\n");
    }
}

static void put_outcome(struct pse_buf *out, const struct pse_count_result *r)
{
    if (r->rule == PSE_RULE_YESNO)
        put(out, r->carried ? "Carried.\n" : "Not carried.\n");
    if (r->returns != NULL) {
        put_seats(out, r);
        return;
    }
    put(out, "Ranking:\n");
    for (size_t i = 0; i < r->ranks; i++) {
        put_right(out, i + 1, 0, 5);
        put_list(out, r, "", &r->ranking[i]);
    }
    put(out, "Elected, in order:\n");
    for (size_t i = 0; i < r->elected.n; i++) {
        put_right(out, i + 1, 0, 5);
        put(out, "  ");
        put_option(out, r, r->elected.v[i], true);
        put(out, "\n");
    }
}

pse_rc pse_count_text_write(struct pse_buf *out, const struct pse_count_result *r)
{
    if (r->source != NULL && r->source->title.n > 0) {
        put_name(out, r->source->title, 0);
        put(out, "\n");
    }
    put(out, "Rule ");
    put(out, pse_count_rule_name(r->rule));
    put(out, ", ballots ");
    pse_decimal_put(out, r->ballots);
    put(out, ", counting ");
    pse_decimal_put(out, r->valid);
    put(out, ", seats ");
    pse_decimal_put(out, r->seats);
    put(out, "\n\n");
    for (size_t i = 0; i < r->stages && out->rc == PSE_OK; i++) {
        put_head(out, r, i);
        if (r->stage[i].total != NULL)
            put_totals(out, r, i);
        put_list(out, r, "elected:", &r->stage[i].elected);
        put_list(out, r, "excluded:", &r->stage[i].excluded);
    }
    put(out, "\n");
    for (size_t i = 0; i < r->ties; i++)
        put_tie(out, r, &r->tie[i]);
    if (r->lots_public)
        put(out, "A lot is required. It was drawn here from the fixed public seed, which is known "
                 "to all\nand decides nothing: draw the lot that the election's law demands.\n");
    put_outcome(out, r);
    return out->rc;
}
