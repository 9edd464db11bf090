#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "codec/text.h"
#include "codec/utf8.h"
#include "common/screen.h"

enum { REPORT_TEXTS_MAX = 20, REPORT_BAR = 30, REPORT_LINE_MAX = 1 << 16 };

static void put_text(struct pse_span text)
{
    struct pse_buf line = PSE_BUF(REPORT_LINE_MAX);

    pse_utf8_put_escaped(&line, text);
    fwrite(line.p, 1, line.n, stdout);
    pse_buf_free(&line);
}

static void put_hash(const char *label, const pse_hash *h)
{
    char hex[65];

    pse_hex_encode(hex, h->b, 32);
    printf("%-11s%s\n", label, hex);
}

static struct pse_span title_of(const struct pse_text *t)
{
    return pse_text_in(t, pse_span_str("en"));
}

static void put_head(const struct outcome *o, const struct pse_engine *e,
                     const struct pse_manifest *m)
{
    if (m != NULL) {
        printf("%-11s", "election");
        put_text(title_of(&m->title));
        printf("%s\n", m->test ? " (a test, without legal effect)" : "");
        put_hash("eid", pse_engine_eid(e));
    }
    printf("%-11s", "log");
    put_text(pse_audit_origin(o->audit));
    printf(", %" PRIu64 " entries\n", pse_audit_size(o->audit));
    put_hash("root", pse_audit_root(o->audit));
    if (e != NULL)
        printf("%-11s%s\n", "state", pse_state_name(pse_engine_state(e)));
}

static void put_names(const struct outcome *o, const struct pse_manifest *m)
{
    printf("%-11s", "trustees");
    for (size_t i = 0; i < m->trustees; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        put_text(m->trustee[i].name);
    }
    printf(" (any %u of %u decrypt)\n", m->threshold, m->trustees);
    printf("%-11s", "mixers");
    for (size_t i = 0; i < m->mixers; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        put_text(m->mixer[i].name);
    }
    puts(m->mixers == 0 ? "none" : "");
    printf("%-11s", "witnesses");
    for (size_t i = 0; i < pse_audit_witnesses(o->audit); i++) {
        bool cosigned;
        struct pse_span name = pse_audit_witness(o->audit, &cosigned, i);

        fputs(i > 0 ? ", " : "", stdout);
        put_text(name);
        fputs(cosigned ? " (cosigned)" : " (no signature)", stdout);
    }
    puts("");
}

static void put_by_reason(const char *what, const uint64_t *count)
{
    for (size_t i = 0; i < PSE_REASONS; i++) {
        if (count[i] > 0)
            printf("  %-42s%12" PRIu64 "  %s\n", what, count[i], outcome_reason(i));
    }
}

static void put_counts(const struct pse_counts *c)
{
    printf("\n  %-42s%12" PRIu64 "\n", "roster records before open", c->roster_before_open);
    printf("  %-42s%12" PRIu64 "\n", "roster records after open", c->roster_after_open);
    put_by_reason("credentials replaced", c->replaced);
    put_by_reason("credentials revoked", c->revoked);
    printf("  %-42s%12" PRIu64 "\n", "ballot entries", c->ballots);
    printf("  %-42s%12" PRIu64 "\n", "credentials with a ballot", c->voters);
    put_by_reason("ballots revoked while open", c->revoked_open);
    put_by_reason("ballots revoked after close", c->revoked_closed);
    put_by_reason("ballots restored while open", c->restored_open);
    put_by_reason("ballots restored after close", c->restored_closed);
    printf("  %-42s%12" PRIu64 "\n", "ballots out at freeze", c->out);
    printf("  %-42s%12" PRIu64 "\n", "ballots of inactive credentials", c->voided);
    printf("  %-42s%12" PRIu64 "\n", "ballots admitted", c->admitted);
    printf("  %-42s%12" PRIu64 "\n", "statements", c->statements);
    printf("  %-42s%12" PRIu64 "\n", "incidents", c->incidents);
    printf("  %-42s%12" PRIu64 "\n", "dead entries", c->dead);
}

static const struct pse_elected_count *count_of(const struct outcome *o, uint16_t contest)
{
    return o->is_counted ? pse_elected_find(&o->elected, contest) : NULL;
}

static void put_votes(struct screen_table *t, const struct outcome *o, const struct pse_tally *y)
{
    const struct pse_elected_count *c = count_of(o, y->contest->id);
    char bar[SCREEN_BAR_TEXT(REPORT_BAR)];
    uint64_t most = 1;

    for (size_t i = 0; i < y->contest->options; i++)
        most = y->votes[i] > most ? y->votes[i] : most;
    for (size_t i = 0; i < y->contest->options; i++) {
        screen_bar(bar, sizeof bar, REPORT_BAR, (double)y->votes[i] / (double)most);
        screen_cellf(t, "%zu", i + 1);
        screen_cell(t, title_of(&y->contest->option[i]));
        screen_cellf(t, "%" PRIu64, y->votes[i]);
        screen_cellf(t, "%s", bar);
        screen_cellf(t, "%s",
                     c == NULL || !pse_elected_is(c, y->contest->id, i + 1) ? ""
                     : c->result.rule == PSE_RULE_YESNO                     ? "carried"
                                                                            : "elected");
    }
}

static void put_tally_head(const struct pse_tally *y)
{
    printf("\n");
    put_text(title_of(&y->contest->title));
    printf(": %" PRIu32 " ballot%s", y->ballots, y->ballots == 1 ? "" : "s");
    if (y->contest->kind == PSE_KIND_MIX)
        printf(", %" PRIu64 " valid, %" PRIu64 " blank, %" PRIu64 " invalid", y->valid, y->blank,
               y->invalid);
    else if (y->weight != y->ballots)
        printf(" of weight %" PRIu64, y->weight);
    puts(y->contest->kind == PSE_KIND_MIX && y->contest->format == PSE_FORMAT_RANKING
             ? "; first preferences:"
             : "");
}

static void put_ties(const struct pse_count_result *r)
{
    size_t lots = 0;

    for (size_t i = 0; i < r->ties; i++)
        lots += r->tie[i].way == PSE_WAY_LOT;
    if (lots > 0)
        printf("; %zu tie%s settled by the election's lot", lots, lots == 1 ? "" : "s");
    puts("");
}

/* The elected of one contest in their order; a question is carried or not. */
static void put_elected(const struct pse_count_result *r)
{
    printf("  counted by %s: ", pse_count_rule_name(r->rule));
    if (r->rule == PSE_RULE_YESNO)
        fputs(r->carried ? "carried" : "not carried", stdout);
    else
        fputs(r->elected.n == 0 ? "nobody is elected" : "elected, in order,", stdout);
    for (size_t i = 0; r->rule != PSE_RULE_YESNO && i < r->elected.n; i++)
        printf(" %" PRIu32, r->elected.v[i]);
    put_ties(r);
}

static pse_rc put_tally(const struct outcome *o, const struct pse_tally *y)
{
    const struct pse_elected_count *c = count_of(o, y->contest->id);
    struct screen_table t;

    put_tally_head(y);
    screen_table_init(&t, "rlrll");
    put_votes(&t, o, y);
    PSE_TRY(screen_table_print(&t, stdout, 2, false));
    for (size_t i = 0; i < y->text_n && i < REPORT_TEXTS_MAX; i++) {
        printf("  %" PRIu64 " x \"", y->texts[i].count);
        put_text(y->texts[i].text);
        puts("\"");
    }
    if (y->text_n > REPORT_TEXTS_MAX)
        printf("  and %zu more texts (--json lists them)\n", y->text_n - REPORT_TEXTS_MAX);
    if (c != NULL && !c->by->by_lists)
        put_elected(&c->result);
    return PSE_OK;
}

/* A count by lists takes several contests together, so it stands after them. */
static pse_rc put_lists(const struct pse_count_result *r)
{
    struct screen_table t;

    printf("\nCounted by %s over %zu contests: %zu elected", pse_count_rule_name(r->rule),
           r->returns->constituencies, r->elected.n);
    put_ties(r);
    screen_table_init(&t, "lr");
    for (size_t i = 0; i < r->items; i++) {
        if (r->party_seats[i] == 0)
            continue;
        screen_cell(&t, r->returns->party[i]);
        screen_cellf(&t, "%" PRIu32, r->party_seats[i]);
    }
    return screen_table_print(&t, stdout, 2, false);
}

static void put_finding(const struct outcome *o, const struct pse_finding *f)
{
    const struct pse_engine *e = pse_audit_engine(o->audit);
    const struct pse_manifest *m = e == NULL ? NULL : pse_engine_manifest(e);

    printf("%s entry=", pse_rule_name((enum pse_rule)f->rule));
    if (f->entry == PSE_NO_ENTRY)
        printf("-");
    else
        printf("%" PRIu64, f->entry);
    printf(" %s", pse_rule_title((enum pse_rule)f->rule));
    if (f->contest != 0)
        printf("; contest %u, group %u", f->contest, f->pot);
    if (f->party != 0 && m != NULL && f->rule == PSE_V204 && f->party <= m->trustees) {
        printf("; at fault: trustee %u, ", f->party);
        put_text(m->trustee[f->party - 1].name);
    }
    if (f->party != 0 && m != NULL && f->rule == PSE_W004 && f->party <= m->mixers) {
        printf("; mixer %u, ", f->party);
        put_text(m->mixer[f->party - 1].name);
    }
    puts("");
}

static void put_findings(const struct outcome *o)
{
    size_t kept = pse_audit_findings(o->audit);

    for (size_t i = 0; i < kept; i++)
        put_finding(o, pse_audit_finding(o->audit, i));
    if (pse_audit_findings_total(o->audit) > kept)
        printf("and %" PRIu64 " findings more\n", pse_audit_findings_total(o->audit) - kept);
}

static void put_pins(const struct outcome *o)
{
    if (pse_audit_is_eid_unpinned(o->audit))
        puts("--eid: this is the record of another election than the one pinned");
    if (pse_audit_is_policy_unpinned(o->audit))
        puts("--policy: the record's policy is not the one pinned");
}

static void put_verdict(const struct outcome *o)
{
    const struct pse_engine *e = pse_audit_engine(o->audit);
    uint64_t dead = e == NULL ? 0 : pse_engine_counts(e)->dead;

    printf("verdict: %s", outcome_verdict(o));
    if (outcome_exit(o) == VERIFY_EXIT_PREFIX && e != NULL)
        printf(" in state %s", pse_state_name(pse_engine_state(e)));
    if (dead > 0)
        printf("; %" PRIu64 " dead entr%s%s", dead, dead == 1 ? "y" : "ies",
               o->strict ? ", refused by --strict" : ", without effect");
    printf(" (%.2f s)\n", o->seconds);
}

pse_rc report_text(const struct outcome *o, bool quiet)
{
    const struct pse_engine *e = pse_audit_engine(o->audit);
    const struct pse_manifest *m = e == NULL ? NULL : pse_engine_manifest(e);

    if (!quiet) {
        put_head(o, e, m);
        if (m != NULL)
            put_names(o, m);
        if (e != NULL)
            put_counts(pse_engine_counts(e));
        for (size_t i = 0; i < o->tallies; i++)
            PSE_TRY(put_tally(o, &o->tally[i]));
        for (size_t i = 0; o->is_counted && i < o->elected.doc.counts; i++) {
            if (o->elected.count[i].by->by_lists)
                PSE_TRY(put_lists(&o->elected.count[i].result));
        }
        if (o->uncounted != NULL)
            printf("\n%s\n", o->uncounted);
        puts("");
    }
    put_findings(o);
    put_pins(o);
    put_verdict(o);
    return fflush(stdout) == 0 ? PSE_OK : PSE_E_IO;
}
