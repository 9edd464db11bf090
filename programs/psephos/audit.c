/* psephos audit: private and staged rows against the public record. */
#include <stdio.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/roll.h"
#include "psephos/audit_ledger.h"
#include "psephos/verbs.h"
#include "psephos/voters.h"

struct audit_options {
    struct session_options common;
    struct voters_options voters;
    const char *ledger;
    bool json;
};

/* --- findings ----------------------------------------------------------------------------------
 */

struct outcome {
    const struct audit_options *o;
    struct pse_json_wr *w;
    uint64_t rows, findings, staged;
};

static void say(void *ctx, const struct pse_audit_finding *f)
{
    const struct outcome *out = ctx;

    if (!out->o->json) {
        printf("%s %s ", pse_audit_kind_name(f->kind), f->table);
        if (f->key[0] != '\0')
            printf("%s: ", f->key);
        else
            printf("row %llu: ", (unsigned long long)f->row);
        printf("%s\n", f->why);
        return;
    }
    pse_json_wr_object(out->w, NULL);
    pse_json_wr_str(out->w, "finding", pse_audit_kind_name(f->kind));
    pse_json_wr_str(out->w, "table", f->table);
    if (f->key[0] != '\0')
        pse_json_wr_str(out->w, "key", f->key);
    else
        pse_json_wr_u64(out->w, "row", f->row);
    pse_json_wr_str(out->w, "why", f->why);
    pse_json_wr_end(out->w);
}

static pse_rc audit_voters(struct outcome *out, struct session *s)
{
    struct pse_voters_auditor a = {.ctx = out, .finding = say};
    struct voters x = {.v = NULL};
    struct roll r = {.n = 0};
    pse_rc rc = roll_read(&r, &s->load, s->g);

    a.line = r.line;
    a.lines = r.n;
    if (rc == PSE_OK)
        rc = voters_open(&x, s, &out->o->voters, true);
    if (rc == PSE_OK)
        rc = voters_failed(s, &out->o->voters, pse_voters_audit(&a, x.v));
    voters_close(&x);
    roll_free(&r);
    out->rows += a.rows;
    out->findings += a.findings;
    out->staged += a.staged;
    return rc;
}

static pse_rc audit_all(struct outcome *out, struct session *s)
{
    struct audit_ledger l = {.ctx = out, .finding = say};

    if (out->o->voters.voters == NULL && out->o->ledger == NULL) {
        cli_error(s->name, "give --voters DB, --ledger STORE, or both");
        return PSE_E_MISSING;
    }
    PSE_TRY(session_start(s, s->name, &out->o->common));
    if (out->o->voters.voters != NULL)
        PSE_TRY(audit_voters(out, s));
    if (out->o->ledger == NULL)
        return PSE_OK;
    PSE_TRY(audit_ledger(&l, s, out->o->ledger));
    out->rows += l.rows;
    out->findings += l.findings;
    return PSE_OK;
}

static pse_rc audit(struct session *s, const struct audit_options *o)
{
    struct pse_buf text = PSE_BUF((size_t)64 << 20);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct outcome out = {.o = o, .w = &w};
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_array(&w, "findings");
    rc = audit_all(&out, s);
    pse_json_wr_end(&w);
    pse_json_wr_u64(&w, "rows", out.rows);
    pse_json_wr_u64(&w, "staged", out.staged);
    pse_json_wr_u64(&w, "count", out.findings);
    pse_json_wr_end(&w);
    if (rc == PSE_OK && o->json) {
        rc = pse_json_wr_finish(&w);
        if (rc == PSE_OK)
            printf("%.*s", (int)text.n, (const char *)text.p);
    } else if (rc == PSE_OK) {
        printf("%llu rows, %llu findings, %llu credentials not in the record yet\n",
               (unsigned long long)out.rows, (unsigned long long)out.findings,
               (unsigned long long)out.staged);
    }
    pse_buf_free(&text);
    return rc == PSE_OK && out.findings > 0 ? PSE_E_MISMATCH : rc;
}

static int audit_store(int argc, char **argv)
{
    struct audit_options o = {.json = false};
    struct session s = {.name = "psephos audit store", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_EID(&o.common),
        VOTERS_OPTIONS(&o.voters),
        CLI_TEXT("ledger", "STORE", &o.ledger, "the sequencer's store: head and staged bundles"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR [--voters DB --wrap FILE] [--ledger STORE] [--json]",
        .about = "Compare every private and staged row with the public record, beside a running\n"
                 "service. Each altered, missing or surplus row is named; status 1 then.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    o.common.quiet = o.common.quiet || o.json;
    rc = audit(&s, &o);
    return session_end(&s, rc, NULL);
}

int cmd_audit(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"store", "private and staged rows against the record", audit_store},
    };

    return verbs_run("audit", "Is what is kept in private what the record says?", verb,
                     CLI_COUNT(verb), argc, argv);
}
