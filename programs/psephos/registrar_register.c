/* psephos registrar register, release, erase: credentials of the private database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/enrolment.h"
#include "common/files.h"
#include "psephos/voters.h"

enum { CARD_ARENA = 1 << 20, EVIDENCE_MAX = 4096 };

struct register_options {
    struct session_options common;
    struct voters_options voters;
    const char *id, *card, *credentials;
    bool is_replacement;
};

/* --- register ----------------------------------------------------------------------------------
 */

static pse_rc refused(const struct session *s, const char *who, enum pse_register_refusal why)
{
    static const char *const words[] = {
        [PSE_REGISTER_NOT_LISTED] = "is not on the list",
        [PSE_REGISTER_NOT_YET] = "is not eligible yet: the first day on the list is later",
        [PSE_REGISTER_NO_LONGER] = "is not eligible any more: the last day on the list has passed",
        [PSE_REGISTER_HAS_ONE] = "has an active credential; --replace makes it and its ballots "
                                 "void",
        [PSE_REGISTER_NONE] = "has no active credential that could be replaced",
        [PSE_REGISTER_TAKEN] = "comes with a credential that was registered before; a fresh one "
                               "is needed",
        [PSE_REGISTER_FULL] = "is one more credential than there are voters of this style and "
                              "weight",
    };

    cli_error(s->name, "%s %s", who, words[why]);
    return PSE_E_STATE;
}

/* What the commitment is to: who, by which version of the list, which credential, which proof. */
static void put_evidence(struct pse_buf *out, const char *id, const pse_hash *list,
                         const pse_enc *credential, const uint8_t proof[PSE_POK_SIZE])
{
    static const char label[] = "psephos/1/registration";

    pse_buf_put(out, label, sizeof label);
    pse_wr_v16(out, pse_span_str(id));
    pse_wr_hash(out, list);
    pse_buf_put(out, credential->b, 32);
    pse_buf_put(out, proof, PSE_POK_SIZE);
}

static pse_rc put(struct session *s, const struct register_options *o, struct voters *x,
                  struct pse_registration *r, const char *who, const uint8_t proof[PSE_POK_SIZE])
{
    struct pse_buf evidence = PSE_BUF(EVIDENCE_MAX);
    enum pse_register_refusal why;
    uint32_t number;
    pse_hash list;
    pse_rc rc = pse_voters_head(x->v, &number, &list);

    put_evidence(&evidence, who, &list, &r->credential, proof);
    if (rc == PSE_OK)
        rc = evidence.rc;
    r->evidence = pse_buf_span(&evidence);
    r->day = pse_day_of(session_now());
    if (rc == PSE_OK)
        rc = pse_voters_register(x->v, &why, r);
    pse_buf_free(&evidence);
    if (rc == PSE_E_STATE && why != PSE_REGISTER_DONE)
        return refused(s, who, why);
    return voters_failed(s, &o->voters, rc);
}

static pse_rc register_card(struct session *s, const struct register_options *o, struct voters *x)
{
    PSE_ARENA(arena, CARD_ARENA);
    struct pse_registration r = {.is_replacement = o->is_replacement};
    struct card card;
    pse_rc rc;

    PSE_TRY(session_want(s, o->card, "card FILE"));
    if (strlen(o->id) > PSE_VOTER_ID_MAX) {
        cli_error(s->name, "--id is longer than any id on the list");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(card_read(&card, &arena, s->name, o->card, KEY_VOTER, s->g));
    if (!pse_hash_is_equal(&card.eid, pse_voters_eid(x->v))) {
        cli_error(s->name, "%s was made for another election; have it made again", o->card);
        return PSE_E_MISMATCH;
    }
    rc = pse_voters_find(x->v, &r.person, pse_span_str(o->id));
    if (rc == PSE_E_MISSING)
        return refused(s, o->id, PSE_REGISTER_NOT_LISTED);
    PSE_TRY(voters_failed(s, &o->voters, rc));
    r.credential = card.point;
    PSE_TRY(put(s, o, x, &r, o->id, card.proof));
    if (o->is_replacement)
        session_say(s, "The old credential and every ballot cast by it are void; the voter has to "
                       "vote again.");
    return PSE_OK;
}

static pse_rc register_letters(struct session *s, const struct register_options *o,
                               struct voters *x)
{
    struct enrolment *item;
    size_t n;
    pse_rc rc = enrolment_read(&item, &n, s->name, o->credentials, pse_voters_eid(x->v), s->g);

    for (size_t i = 0; rc == PSE_OK && i < n; i++) {
        struct pse_registration r = {.credential = item[i].credential,
                                     .style = item[i].style,
                                     .weight = item[i].weight,
                                     .is_replacement = item[i].has_old,
                                     .old = &item[i].old};
        char who[32];

        (void)snprintf(who, sizeof who, "line %zu", i + 3);
        rc = put(s, o, x, &r, who, item[i].proof);
        if (rc != PSE_OK && i > 0)
            cli_note(s->name, "the %zu credentials before it were registered", i);
    }
    free(item);
    if (rc == PSE_OK)
        session_say(s, "%zu credentials registered", n);
    return rc;
}

static pse_rc do_register(struct session *s, const struct register_options *o)
{
    struct voters x = {.v = NULL};
    pse_rc rc;

    if ((o->id == NULL) == (o->credentials == NULL)) {
        cli_error(s->name, "give --id and --card for one voter, or --credentials for letters");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(session_begin(s, s->name, &o->common));
    rc = voters_open(&x, s, &o->voters, false);
    if (rc == PSE_OK)
        rc = o->id != NULL ? register_card(s, o, &x) : register_letters(s, o, &x);
    voters_close(&x);
    return rc;
}

int registrar_register(int argc, char **argv)
{
    struct register_options o = {.id = NULL};
    struct session s = {.name = "psephos registrar register", .options = &o.common};
    const struct cli_option options[] = {
        VOTERS_OPTIONS(&o.voters),
        CLI_TEXT("id", "TEXT", &o.id, "the voter's id on the list"),
        CLI_TEXT("card", "FILE", &o.card, "the voter's card; its proof of possession is checked"),
        CLI_FLAG("replace", &o.is_replacement, "the old one is lost; it and its ballots are void"),
        CLI_TEXT("credentials", "FILE", &o.credentials, "what the credential authority sent"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--voters DB --wrap FILE (--id TEXT --card FILE [--replace] |\n"
                    "       --credentials FILE)",
        .about = "Register credentials: one active one a voter, by the list of today. Nothing is\n"
                 "public until psephos registrar release.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, do_register(&s, &o), NULL);
}

/* --- release -----------------------------------------------------------------------------------
 */

/* All credentials, by row. */
struct rows {
    struct pse_credential_row *row;
    bool *is_covered; /* a pending replacement leads here */
    size_t n, room;
};

static pse_rc keep(void *ctx, const struct pse_credential_row *row)
{
    struct rows *r = ctx;

    if (row->row != r->n + 1)
        return PSE_E_MISMATCH; /* a row is missing: that is for the audit */
    if (r->n == r->room) {
        size_t room = r->room == 0 ? 1024 : 2 * r->room;
        struct pse_credential_row *more = realloc(r->row, room * sizeof *more);

        if (more == NULL)
            return PSE_E_MEMORY;
        r->row = more;
        r->room = room;
    }
    r->row[r->n++] = *row;
    return PSE_OK;
}

static bool is_in_record(const struct session *s, const pse_enc *credential, bool *is_active)
{
    struct pse_credential_view view;
    bool found = pse_engine_credential(s->load.e, &view, credential) == PSE_OK;

    *is_active = found && view.is_active;
    return found;
}

/* The nearest predecessor that is public; NULL: none, so this one is enrolled. */
static const struct pse_credential_row *public_before(struct rows *r, const struct session *s,
                                                      const struct pse_credential_row *c)
{
    bool is_active;

    while (c->replaces != 0 && c->replaces <= r->n) {
        c = &r->row[c->replaces - 1];
        if (is_in_record(s, &c->credential, &is_active)) {
            r->is_covered[c->row - 1] = is_active;
            return is_active ? c : NULL;
        }
    }
    return NULL;
}

struct release {
    struct pse_roster_record *record;
    size_t records, changes;
};

static pse_rc release_row(struct release *out, struct rows *r, const struct session *s,
                          const struct act *a, size_t at)
{
    const struct pse_credential_row *c = &r->row[at];
    const struct pse_credential_row *old;
    bool is_active;

    if (c->state != PSE_CREDENTIAL_ACTIVE || is_in_record(s, &c->credential, &is_active))
        return PSE_OK;
    old = public_before(r, s, c);
    if (old == NULL) {
        out->record[out->records++] = (struct pse_roster_record){.credential = c->credential,
                                                                 .style = c->style,
                                                                 .weight = c->weight,
                                                                 .commitment = c->commitment};
        return PSE_OK;
    }
    out->changes++;
    return act_change(a, &s->key->sign, &old->credential, &c->credential, PSE_REASON_REQUEST,
                      &c->commitment);
}

/* Void here, active in the record, and nothing takes its place. */
static pse_rc revoke_row(struct release *out, const struct rows *r, const struct session *s,
                         const struct act *a, size_t at)
{
    const struct pse_credential_row *c = &r->row[at];
    bool is_active;

    if (c->state == PSE_CREDENTIAL_ACTIVE || r->is_covered[at] ||
        !is_in_record(s, &c->credential, &is_active) || !is_active)
        return PSE_OK;
    out->changes++;
    return act_change(a, &s->key->sign, &c->credential, NULL, PSE_REASON_NOT_ENTITLED,
                      &c->commitment);
}

static size_t count_pending(const struct rows *r, const struct session *s)
{
    size_t n = 0;
    bool is_active;

    for (size_t i = 0; i < r->n; i++)
        n += r->row[i].state == PSE_CREDENTIAL_ACTIVE &&
             !is_in_record(s, &r->row[i].credential, &is_active);
    return n;
}

/* After the opening few new names at a time would tell who is new. */
static pse_rc check_due(const struct session *s, const struct register_options *o,
                        struct pse_voters *v, size_t pending)
{
    uint64_t last;

    if (pse_engine_state(s->load.e) != PSE_STATE_OPEN || pending == 0)
        return PSE_OK;
    PSE_TRY(voters_failed(s, &o->voters, pse_voters_released(v, &last)));
    if (pse_release_is_due(pending, last, session_now()))
        return PSE_OK;
    cli_error(s->name,
              "%zu credentials wait; while voting is open they go public %d at a time, or "
              "an hour after the last release",
              pending, PSE_RELEASE_BATCH);
    return PSE_E_STATE;
}

static pse_rc release_rows(struct session *s, const struct register_options *o,
                           struct pse_voters *v, struct rows *r, struct release *out)
{
    struct act a = session_act(s);
    uint64_t at;
    pse_rc rc = pse_voters_credentials(v, &at, r, keep);

    if (rc != PSE_OK)
        return voters_failed(s, &o->voters, rc);
    out->record = calloc(r->n + 1, sizeof *out->record);
    r->is_covered = calloc(r->n + 1, sizeof *r->is_covered);
    if (out->record == NULL || r->is_covered == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(check_due(s, o, v, count_pending(r, s)));
    for (size_t i = 0; i < r->n; i++)
        PSE_TRY(release_row(out, r, s, &a, i));
    for (size_t i = 0; i < r->n; i++)
        PSE_TRY(revoke_row(out, r, s, &a, i));
    if (out->records > 0)
        PSE_TRY(act_roster(&a, &s->key->sign, out->record, out->records));
    if (out->records + out->changes == 0)
        return PSE_OK;
    return voters_failed(s, &o->voters, pse_voters_set_released(v, session_now()));
}

static pse_rc release(struct session *s, const struct register_options *o)
{
    struct voters x = {.v = NULL};
    struct release out = {.records = 0};
    struct rows r = {.n = 0};
    pse_rc rc;

    PSE_TRY(session_want_sink(s));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_REGISTRAR));
    rc = voters_open(&x, s, &o->voters, false);
    if (rc == PSE_OK)
        rc = release_rows(s, o, x.v, &r, &out);
    voters_close(&x);
    free(r.row);
    free(r.is_covered);
    free(out.record);
    if (rc == PSE_OK)
        session_say(s, "%zu credentials enrolled, %zu replaced or revoked", out.records,
                    out.changes);
    return rc;
}

int registrar_release(int argc, char **argv)
{
    struct register_options o = {.id = NULL};
    struct session s = {.name = "psephos registrar release", .options = &o.common};
    const struct cli_option options[] = {SESSION_OPTIONS(&o.common), VOTERS_OPTIONS(&o.voters)};
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--voters DB --wrap FILE --record DIR --key FILE --out FILE",
        .about =
            "Make the entries for credentials that wait: roster entries of at most 900, sorted\n"
            "by credential, and replacements. What is in the record already is left out, so\n"
            "a lost parcel is made again.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, release(&s, &o),
                       "two officers agree to the parcel, then send it to the "
                       "board");
}

/* --- erase -------------------------------------------------------------------------------------
 */

/* Before the act is used up. */
static pse_rc check_off_list(const struct session *s, const struct register_options *o,
                             struct voters *x, uint64_t row)
{
    struct pse_buf hold = PSE_BUF(EVIDENCE_MAX);
    struct pse_person p;
    pse_rc rc = pse_voters_get(x->v, &p, &hold, row);

    pse_buf_free(&hold);
    PSE_TRY(voters_failed(s, &o->voters, rc));
    if (!p.is_listed)
        return PSE_OK;
    cli_error(s->name, "this voter is on the list; remove them from it first");
    return PSE_E_STATE;
}

static pse_rc erase_person(struct session *s, const struct register_options *o, struct voters *x)
{
    pse_hash subject;
    pse_hash act;
    uint64_t row;
    pse_rc rc = pse_voters_find(x->v, &row, pse_span_str(o->id));

    if (rc == PSE_E_MISSING) {
        cli_error(s->name, "the database knows nobody with this id (any more)");
        return PSE_E_STATE;
    }
    PSE_TRY(voters_failed(s, &o->voters, rc));
    PSE_TRY(check_off_list(s, o, x, row));
    pse_sha256(&subject, pse_span_str(o->id));
    PSE_TRY(voters_consent(&act, s, &o->voters, "erase", pse_voters_eid(x->v), &subject));
    return voters_failed(s, &o->voters, pse_voters_erase(x->v, row));
}

static pse_rc erase(struct session *s, const struct register_options *o)
{
    struct voters x = {.v = NULL};
    pse_rc rc;

    PSE_TRY(session_want(s, o->id, "id TEXT"));
    PSE_TRY(session_begin(s, s->name, &o->common));
    rc = voters_open(&x, s, &o->voters, false);
    if (rc == PSE_OK)
        rc = erase_person(s, o, &x);
    voters_close(&x);
    if (rc == PSE_OK)
        session_say(s, "Erased. Backups made before keep the data key: destroy them as well.");
    return rc;
}

int registrar_erase(int argc, char **argv)
{
    struct register_options o = {.id = NULL};
    struct session s = {.name = "psephos registrar erase", .options = &o.common};
    const struct cli_option options[] = {
        VOTERS_OPTIONS(&o.voters),
        CLI_TEXT("id", "TEXT", &o.id, "the id of somebody who is off the list"),
        VOTERS_ACT(&o.voters),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--voters DB --wrap FILE --id TEXT --act FILE --officer CARD… --acts FILE",
        .about = "Destroy the data keys of one person. What is left is noise. The act is about a\n"
                 "file that holds the id and nothing else.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, erase(&s, &o), NULL);
}
