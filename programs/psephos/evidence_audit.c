#include "psephos/evidence_audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/registration.h"
#include "common/roll.h"
#include "crypto/report.h"

enum { HOLD_MAX = 1 << 20, PERSON_MAX = 8192, DISTRICTS_MAX = 1 << 16 };

/* A live binding, for what must occur once. */
struct live {
    pse_hash subject; /* SHA-256, so that no name is kept */
    uint64_t person;
    pse_enc credential;
    uint64_t row;
};

struct work {
    struct evidence_audit *a;
    struct pse_voters *v;
    struct roll roll;
    struct pse_credential_row *row;
    size_t rows, room;
    struct live *live;
    size_t lives;
    struct pse_bond_rules rules;
    pse_hash registrar;
};

static void report(struct work *w, const char *rule, const char *why, const pse_enc *credential,
                   uint64_t row)
{
    struct evidence_finding f = {.why = why, .credential = credential, .row = row};

    (void)snprintf(f.rule, sizeof f.rule, "%s", rule);
    w->a->findings++;
    w->a->finding(w->a->ctx, &f);
}

static void report_district(struct work *w, const char *rule, const char *why,
                            struct pse_span district)
{
    struct evidence_finding f = {.why = why, .district = district};

    (void)snprintf(f.rule, sizeof f.rule, "%s", rule);
    w->a->findings++;
    w->a->finding(w->a->ctx, &f);
}

static bool is_world(pse_rc rc)
{
    return rc == PSE_E_IO || rc == PSE_E_MEMORY || rc == PSE_E_LIMIT;
}

/* --- districts ----------------------------------------------------------------------------------
 */

static struct evidence_district *district_of(struct evidence_audit *a, struct pse_span name)
{
    for (size_t i = 0; i < a->districts; i++) {
        if (pse_span_is_equal(a->district[i].district, name))
            return &a->district[i];
    }
    return NULL;
}

static pse_rc read_districts(struct work *w)
{
    struct evidence_audit *a = w->a;
    struct pse_district_count *count;
    size_t n;

    PSE_TRY(pse_voters_districts(w->v, &count, &n, a->arena));
    if (n > DISTRICTS_MAX)
        return PSE_E_LIMIT;
    a->district = PSE_NEW(a->arena, struct evidence_district, n);
    if (a->district == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < n; i++)
        a->district[i] =
            (struct evidence_district){.district = count[i].district, .listed = count[i].voters};
    a->districts = n;
    return PSE_OK;
}

static pse_rc take_published(struct work *w, const struct pse_sheet *s)
{
    struct evidence_district *d;
    uint64_t voters;

    if (s->fields != 2 || pse_decimal_decode(&voters, s->field[1]) != PSE_OK)
        return PSE_E_SYNTAX;
    d = district_of(w->a, s->field[0]);
    if (d == NULL) {
        /* The name is the auditor's own text, but the sheet's buffer is not kept. */
        if (voters > 0)
            report_district(w, "published", "a district of the published list has no voters here",
                            pse_span(NULL, 0));
        return PSE_OK;
    }
    if (d->is_published)
        return PSE_E_SYNTAX;
    d->is_published = true;
    d->published = voters;
    return PSE_OK;
}

static pse_rc read_published(struct work *w, size_t *line)
{
    struct pse_sheet s;
    pse_rc rc = pse_sheet_open(&s, w->a->published);

    if (rc == PSE_OK)
        rc = pse_sheet_next(&s);
    if (rc == PSE_OK && !(s.fields == 2 && pse_span_is_str(s.field[0], "district") &&
                          pse_span_is_str(s.field[1], "voters")))
        rc = PSE_E_SYNTAX;
    while (rc == PSE_OK) {
        rc = pse_sheet_next(&s);
        if (rc == PSE_OK)
            rc = take_published(w, &s);
    }
    *line = s.line;
    pse_sheet_close(&s);
    if (rc == PSE_E_MISSING)
        return PSE_OK;
    return rc == PSE_E_MEMORY ? rc : PSE_E_SYNTAX;
}

/* Letters name nobody, so only their sum can be held against the list. */
static void compare_districts(struct work *w)
{
    uint64_t listed = 0;

    for (size_t i = 0; i < w->a->districts; i++) {
        const struct evidence_district *d = &w->a->district[i];

        listed += d->listed;
        if (d->live > d->listed)
            report_district(w, "district", "more live credentials than voters on the list",
                            d->district);
        if (w->a->published.n > 0 && d->listed != d->published)
            report_district(w, "published",
                            "the list has another number of voters than was published",
                            d->district);
        else if (w->a->published.n > 0 && d->live > d->published)
            report_district(w, "published", "more live credentials than published voters",
                            d->district);
    }
    if (w->a->live > listed)
        report_district(w, "district", "more live credentials in all than voters on the list",
                        pse_span(NULL, 0));
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static pse_rc keep(void *ctx, const struct pse_credential_row *row)
{
    struct work *w = ctx;

    if (w->rows == w->room) {
        size_t room = w->room == 0 ? 1024 : 2 * w->room;
        struct pse_credential_row *more = realloc(w->row, room * sizeof *more);

        if (more == NULL)
            return PSE_E_MEMORY;
        w->row = more;
        w->room = room;
    }
    w->row[w->rows++] = *row;
    return PSE_OK;
}

static int by_credential(const void *a, const void *b)
{
    return memcmp(((const struct pse_credential_row *)a)->credential.b,
                  ((const struct pse_credential_row *)b)->credential.b, 32);
}

static const struct pse_credential_row *row_of(const struct work *w, const pse_enc *credential)
{
    struct pse_credential_row key = {.credential = *credential};

    return w->rows == 0 ? NULL : bsearch(&key, w->row, w->rows, sizeof key, by_credential);
}

/* --- evidence -----------------------------------------------------------------------------------
 */

/* What registration_evidence wrote: by card or letter, without anybody's signature. */
static bool is_possession(const struct work *w, const struct pse_credential_row *c,
                          struct pse_span evidence)
{
    static const char label[] = "psephos/1/registration";
    struct pse_rd r = pse_rd(evidence);
    struct pse_span head, id;
    struct pse_span x = pse_span(c->credential.b, 32);
    struct pse_statement s = {.type = "cred-pop", .eid = w->rules.eid, .x = &x, .n = 1};
    uint8_t proof[PSE_POK_SIZE];
    pse_point d;
    pse_hash list;
    pse_enc stated;

    return pse_rd_bytes(&head, &r, sizeof label) == PSE_OK &&
           memcmp(head.p, label, sizeof label) == 0 && pse_rd_v16(&id, &r) == PSE_OK &&
           pse_rd_hash(&list, &r) == PSE_OK && pse_rd_copy(stated.b, &r, 32) == PSE_OK &&
           memcmp(stated.b, c->credential.b, 32) == 0 &&
           pse_rd_copy(proof, &r, PSE_POK_SIZE) == PSE_OK && pse_rd_end(&r) == PSE_OK &&
           pse_point_decode(w->a->g, &d, NULL, &c->credential, 1, PSE_IDENTITY_FORBIDDEN) ==
               PSE_OK &&
           pse_pok_verify(w->a->g, &s, &d, proof) == PSE_OK;
}

static void judge_other(struct work *w, const struct pse_credential_row *c,
                        struct pse_span evidence)
{
    if (!is_possession(w, c, evidence)) {
        report(w, "unsigned", "its evidence is neither a bond nor a proof of possession",
               &c->credential, c->row);
        return;
    }
    w->a->letters++;
    if (c->person != 0 || !w->a->letters_are_fine)
        report(w, "unsigned", "no person has signed for this credential", &c->credential, c->row);
}

static void judge_bond(struct work *w, const struct pse_credential_row *c, struct pse_span evidence,
                       struct pse_span subject)
{
    struct pse_bond_verdict v = {.fault = PSE_BOND_FORM};
    struct pse_bond_rules rules = w->rules;
    char name[PSE_BOND_NAME_MAX];
    struct pse_bond b;

    rules.credential = &c->credential;
    rules.subject = subject;
    if (pse_bond_parse(&b, evidence) == PSE_OK)
        pse_bond_judge(&v, &b, &rules);
    if (v.fault == PSE_BOND_GOOD) {
        w->a->bonds++;
        if (!pse_voters_list_is_known(w->v, &b.list))
            report(w, "list", "judged by a version of the list that never was", &c->credential,
                   c->row);
        return;
    }
    pse_bond_verdict_name(name, &v);
    report(w, name, "the binding does not hold", &c->credential, c->row);
}

static void judge_person(struct work *w, const struct pse_credential_row *c, bool is_live,
                         const struct pse_listed_person *p)
{
    struct evidence_district *d;
    struct live *l;

    if (!is_live)
        return;
    if (!p->is_listed) {
        report(w, "not-listed", "a live credential of somebody who is not on the list",
               &c->credential, c->row);
        return;
    }
    d = district_of(w->a, p->voter.district);
    if (d != NULL)
        d->live++;
    l = &w->live[w->lives++];
    *l = (struct live){.person = c->person, .credential = c->credential, .row = c->row};
    pse_sha256(&l->subject, p->voter.id);
}

/* --- one credential of the record ---------------------------------------------------------------
 */

static pse_rc open_evidence(struct work *w, const struct pse_credential_row *c,
                            struct pse_span subject)
{
    struct pse_buf hold = PSE_BUF(HOLD_MAX);
    uint8_t salt[32];
    pse_rc rc = pse_voters_evidence(w->v, salt, &hold, c->row);

    pse_wipe(salt, sizeof salt);
    if (rc == PSE_OK && pse_bond_is_one(pse_buf_span(&hold))) {
        judge_bond(w, c, pse_buf_span(&hold), subject);
    } else if (rc == PSE_OK) {
        judge_other(w, c, pse_buf_span(&hold));
    } else if (rc == PSE_E_MISSING) {
        w->a->erased++;
        if (!w->a->erased_is_fine)
            report(w, "erased", "its evidence was erased, and cannot be opened any more",
                   &c->credential, c->row);
    } else if (!is_world(rc)) {
        report(w, "altered", "its sealed evidence does not open the commitment", &c->credential,
               c->row);
    }
    pse_buf_free(&hold);
    return is_world(rc) ? rc : PSE_OK;
}

static pse_rc check_line(struct work *w, const struct pse_roll_line *line)
{
    const struct pse_credential_row *c = row_of(w, &line->credential);
    struct pse_buf hold = PSE_BUF(PERSON_MAX);
    struct pse_listed_person p = {.is_listed = false};
    pse_rc rc = PSE_OK;

    w->a->credentials++;
    w->a->live += line->is_active;
    if (c == NULL) {
        report(w, "unregistered", "in the record, and nobody ever registered it", &line->credential,
               0);
        return PSE_OK;
    }
    if (c->state == PSE_CREDENTIAL_PENDING || c->state == PSE_CREDENTIAL_REFUSED)
        report(w, "unqualified", "in the record before its certificate was known to be good",
               &line->credential, c->row);
    if (!pse_hash_is_equal(&line->commitment, &c->commitment) || line->style != c->style ||
        line->weight != c->weight)
        report(w, "commitment", "the record has another commitment, style or weight",
               &line->credential, c->row);
    if (c->person != 0)
        rc = pse_voters_get(w->v, &p, &hold, c->person);
    if (rc == PSE_OK && c->person != 0)
        judge_person(w, c, line->is_active, &p);
    else if (rc != PSE_OK && !is_world(rc))
        report(w, "altered", "its person's row does not open", &line->credential, c->row);
    if (rc == PSE_OK || !is_world(rc))
        rc = open_evidence(w, c, rc == PSE_OK && !p.is_erased ? p.voter.id : pse_span(NULL, 0));
    pse_buf_free(&hold);
    return rc;
}

static int by_subject(const void *a, const void *b)
{
    return memcmp(((const struct live *)a)->subject.b, ((const struct live *)b)->subject.b, 32);
}

/* One open credential a voter, by the row and by the name. */
static void check_unique(struct work *w)
{
    if (w->lives > 1)
        qsort(w->live, w->lives, sizeof *w->live, by_subject);
    for (size_t i = 1; i < w->lives; i++) {
        if (pse_hash_is_equal(&w->live[i].subject, &w->live[i - 1].subject))
            report(w, "second", "one person has two live credentials", &w->live[i].credential,
                   w->live[i].row);
    }
}

static pse_rc audit(struct work *w, size_t *line, struct record_load *l)
{
    uint64_t at;
    pse_rc rc;

    PSE_TRY(roll_read(&w->roll, l, w->a->g));
    rc = pse_voters_credentials(w->v, &at, w, keep);
    if (rc != PSE_OK)
        return rc;
    if (w->rows > 1)
        qsort(w->row, w->rows, sizeof *w->row, by_credential);
    for (size_t i = 0; i < w->rows; i++)
        w->a->pending += w->row[i].state == PSE_CREDENTIAL_PENDING;
    w->live = calloc(w->roll.n + 1, sizeof *w->live);
    if (w->live == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(read_districts(w));
    if (w->a->published.n > 0)
        PSE_TRY(read_published(w, line));
    for (size_t i = 0; i < w->roll.n; i++)
        PSE_TRY(check_line(w, &w->roll.line[i]));
    check_unique(w);
    compare_districts(w);
    return PSE_OK;
}

pse_rc evidence_audit(struct evidence_audit *a, size_t *line, struct pse_voters *v,
                      struct record_load *l)
{
    struct work w = {.a = a, .v = v};
    pse_rc rc;

    *line = 0;
    memcpy(w.registrar.b, pse_engine_manifest(l->e)->registrar.b, 32);
    w.rules =
        (struct pse_bond_rules){.g = a->g, .eid = pse_voters_eid(v), .registrar = &w.registrar};
    eid_trust_rules(&w.rules, a->trust);
    rc = audit(&w, line, l);
    if (w.live != NULL)
        pse_wipe(w.live, (w.roll.n + 1) * sizeof *w.live);
    roll_free(&w.roll);
    free(w.row);
    free(w.live);
    return rc;
}
