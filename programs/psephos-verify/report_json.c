#include "report.h"

#include <stdio.h>

#include "codec/json_write.h"

enum { REPORT_JSON_MAX = 512 * 1024 * 1024 };

static void put_text(struct pse_json_wr *w, const char *name, const struct pse_text *t)
{
    pse_json_wr_object(w, name);
    for (size_t i = 0; i < t->n; i++)
        pse_json_wr_member(w, t->item[i].language, t->item[i].text);
    pse_json_wr_end(w);
}

static void put_finding(struct pse_json_wr *w, const char *name, const struct pse_finding *f)
{
    char type[3];

    pse_json_wr_object(w, name);
    pse_json_wr_str(w, "rule", pse_rule_name((enum pse_rule)f->rule));
    if (f->entry == PSE_NO_ENTRY) {
        pse_json_wr_null(w, "entry");
    } else {
        snprintf(type, sizeof type, "%02x", f->type);
        pse_json_wr_u64(w, "entry", f->entry);
        pse_json_wr_str(w, "type", type);
    }
    pse_json_wr_str(w, "title", pse_rule_title((enum pse_rule)f->rule));
    if (f->contest != 0) {
        pse_json_wr_u64(w, "contest", f->contest);
        pse_json_wr_u64(w, "group", f->pot);
    }
    if (f->party != 0)
        pse_json_wr_u64(w, f->rule == PSE_W004 ? "mixer" : "trustee", f->party);
    pse_json_wr_end(w);
}

static void put_findings(struct pse_json_wr *w, const struct pse_audit *a)
{
    const struct pse_finding *first = pse_audit_first(a);

    if (first == NULL)
        pse_json_wr_null(w, "first");
    else
        put_finding(w, "first", first);
    pse_json_wr_u64(w, "findings_total", pse_audit_findings_total(a));
    pse_json_wr_array(w, "findings");
    for (size_t i = 0; i < pse_audit_findings(a); i++)
        put_finding(w, NULL, pse_audit_finding(a, i));
    pse_json_wr_end(w);
}

static void put_rules(struct pse_json_wr *w, const struct pse_audit *a)
{
    pse_json_wr_array(w, "rules");
    for (size_t i = 0; i < PSE_RULE_COUNT; i++) {
        enum pse_rule rule = pse_rule_at(i);
        const struct pse_rule_use *use = pse_audit_use(a, rule);

        pse_json_wr_object(w, NULL);
        pse_json_wr_str(w, "rule", pse_rule_name(rule));
        pse_json_wr_str(w, "title", pse_rule_title(rule));
        pse_json_wr_u64(w, "items", use->items);
        pse_json_wr_u64(w, "failed", use->failed);
        pse_json_wr_u64(w, "nanoseconds", use->nanoseconds);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_names(struct pse_json_wr *w, const struct pse_audit *a,
                      const struct pse_manifest *m)
{
    put_text(w, "title", &m->title);
    pse_json_wr_bool(w, "test", m->test);
    pse_json_wr_u64(w, "threshold", m->threshold);
    pse_json_wr_array(w, "trustees");
    for (size_t i = 0; i < m->trustees; i++)
        pse_json_wr_string(w, NULL, m->trustee[i].name);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "mixers");
    for (size_t i = 0; i < m->mixers; i++)
        pse_json_wr_string(w, NULL, m->mixer[i].name);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "witnesses");
    for (size_t i = 0; i < pse_audit_witnesses(a); i++) {
        bool cosigned;
        struct pse_span name = pse_audit_witness(a, &cosigned, i);

        pse_json_wr_object(w, NULL);
        pse_json_wr_string(w, "name", name);
        pse_json_wr_bool(w, "cosigned", cosigned);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_by_reason(struct pse_json_wr *w, const char *name, const uint64_t *count)
{
    pse_json_wr_object(w, name);
    for (size_t i = 0; i < PSE_REASONS; i++)
        pse_json_wr_u64(w, outcome_reason(i), count[i]);
    pse_json_wr_end(w);
}

static void put_counts(struct pse_json_wr *w, const struct pse_counts *c)
{
    pse_json_wr_object(w, "counts");
    pse_json_wr_u64(w, "entries", c->entries);
    pse_json_wr_u64(w, "dead", c->dead);
    pse_json_wr_u64(w, "roster_before_open", c->roster_before_open);
    pse_json_wr_u64(w, "roster_after_open", c->roster_after_open);
    put_by_reason(w, "credentials_replaced", c->replaced);
    put_by_reason(w, "credentials_revoked", c->revoked);
    pse_json_wr_u64(w, "ballots", c->ballots);
    pse_json_wr_u64(w, "ballots_dead", c->ballots_dead);
    pse_json_wr_u64(w, "voters", c->voters);
    put_by_reason(w, "revoked_open", c->revoked_open);
    put_by_reason(w, "revoked_closed", c->revoked_closed);
    put_by_reason(w, "restored_open", c->restored_open);
    put_by_reason(w, "restored_closed", c->restored_closed);
    pse_json_wr_u64(w, "out", c->out);
    pse_json_wr_u64(w, "voided", c->voided);
    pse_json_wr_u64(w, "admitted", c->admitted);
    pse_json_wr_u64(w, "statements", c->statements);
    pse_json_wr_u64(w, "incidents", c->incidents);
    pse_json_wr_end(w);
}

static void put_tally(struct pse_json_wr *w, const struct pse_tally *y)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "contest", y->contest->id);
    pse_json_wr_str(w, "kind", y->contest->kind == PSE_KIND_MIX ? "mix" : "homomorphic");
    put_text(w, "title", &y->contest->title);
    pse_json_wr_u64(w, "ballots", y->ballots);
    pse_json_wr_u64(w, "weight", y->weight);
    pse_json_wr_u64(w, "valid", y->valid);
    pse_json_wr_u64(w, "blank", y->blank);
    pse_json_wr_u64(w, "invalid", y->invalid);
    pse_json_wr_array(w, "votes");
    for (size_t i = 0; i < y->contest->options; i++)
        pse_json_wr_u64(w, NULL, y->votes[i]);
    pse_json_wr_end(w);
    if (y->text_n > 0) {
        pse_json_wr_array(w, "texts");
        for (size_t i = 0; i < y->text_n; i++) {
            pse_json_wr_object(w, NULL);
            pse_json_wr_string(w, "text", y->texts[i].text);
            pse_json_wr_u64(w, "count", y->texts[i].count);
            pse_json_wr_end(w);
        }
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

/* Elected are option numbers, or in a count by lists the candidates' numbers. */
static void put_count(struct pse_json_wr *w, const struct pse_elected_count *c)
{
    const struct pse_count_result *r = &c->result;

    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "rule", pse_count_rule_name(r->rule));
    pse_json_wr_array(w, "contests");
    if (!c->by->by_lists)
        pse_json_wr_u64(w, NULL, c->by->contest);
    for (size_t i = 0; c->by->by_lists && i < c->by->returns.constituencies; i++)
        pse_json_wr_u64(w, NULL, c->by->contest_of[i]);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "elected");
    for (size_t i = 0; i < r->elected.n; i++)
        pse_json_wr_u64(w, NULL, r->elected.v[i]);
    pse_json_wr_end(w);
    if (c->by->by_lists) {
        pse_json_wr_array(w, "parties");
        for (size_t i = 0; i < r->items; i++) {
            pse_json_wr_object(w, NULL);
            pse_json_wr_string(w, "party", r->returns->party[i]);
            pse_json_wr_u64(w, "seats", r->party_seats[i]);
            pse_json_wr_end(w);
        }
        pse_json_wr_end(w);
    }
    pse_json_wr_u64(w, "ties", r->ties);
    pse_json_wr_end(w);
}

static void put_results(struct pse_json_wr *w, const struct outcome *o)
{
    pse_json_wr_array(w, "contests");
    for (size_t i = 0; i < o->tallies; i++)
        put_tally(w, &o->tally[i]);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "elected");
    for (size_t i = 0; o->is_counted && i < o->elected.doc.counts; i++)
        put_count(w, &o->elected.count[i]);
    pse_json_wr_end(w);
    if (o->uncounted != NULL)
        pse_json_wr_str(w, "uncounted", o->uncounted);
}

static void put_pin(struct pse_json_wr *w, const char *name, bool given, bool differs)
{
    pse_json_wr_str(w, name, !given ? "not given" : differs ? "differs" : "equal");
}

pse_rc report_json(const struct outcome *o)
{
    const struct pse_engine *e = pse_audit_engine(o->audit);
    const struct pse_manifest *m = e == NULL ? NULL : pse_engine_manifest(e);
    struct pse_buf out = PSE_BUF(REPORT_JSON_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 1);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "program", "psephos-verify " PSEPHOS_VERSION);
    pse_json_wr_str(&w, "protocol", "psephos/1");
    pse_json_wr_str(&w, "record", o->dir);
    pse_json_wr_str(&w, "verdict", outcome_verdict(o));
    pse_json_wr_u64(&w, "exit", outcome_exit(o));
    pse_json_wr_str(&w, "state", e == NULL ? "START" : pse_state_name(pse_engine_state(e)));
    pse_json_wr_bool(&w, "strict", o->strict);
    put_pin(&w, "pin_eid", o->eid_pinned, pse_audit_is_eid_unpinned(o->audit));
    put_pin(&w, "pin_policy", o->policy_pinned, pse_audit_is_policy_unpinned(o->audit));
    if (e != NULL)
        pse_json_wr_hex(&w, "eid", pse_engine_eid(e)->b, 32);
    pse_json_wr_string(&w, "origin", pse_audit_origin(o->audit));
    pse_json_wr_u64(&w, "size", pse_audit_size(o->audit));
    pse_json_wr_hex(&w, "root", pse_audit_root(o->audit)->b, 32);
    if (m != NULL)
        put_names(&w, o->audit, m);
    put_findings(&w, o->audit);
    put_rules(&w, o->audit);
    if (e != NULL)
        put_counts(&w, pse_engine_counts(e));
    put_results(&w, o);
    pse_json_wr_str(&w, "backend", pse_group_backend_name(o->group));
    pse_json_wr_u64(&w, "threads", pse_pool_width(pse_group_pool(o->group)));
    pse_json_wr_fixed(&w, "seconds", (int64_t)(o->seconds * 1000 + 0.5), 3);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK && (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0))
        rc = PSE_E_IO;
    pse_buf_free(&out);
    return rc;
}
