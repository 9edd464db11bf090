/* psephos registrar register, release, erase: credentials of the private database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/enrolment.h"
#include "common/files.h"
#include "common/registration.h"
#include "common/release.h"
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
    cli_error(s->name, "%s %s", who, registration_refusal(why));
    return PSE_E_STATE;
}

static pse_rc put_card(struct session *s, const struct register_options *o, struct voters *x,
                       struct pse_registration *r, const struct card *card)
{
    struct pse_buf evidence = PSE_BUF(EVIDENCE_MAX);
    enum pse_register_refusal why = PSE_REGISTER_DONE;
    uint32_t number;
    pse_hash list;
    pse_rc rc = pse_voters_head(x->v, &number, &list);

    r->credential = card->point;
    r->day = pse_day_of(session_now());
    registration_evidence(&evidence, pse_span_str(o->id), &list, &card->point, card->proof);
    if (rc == PSE_OK)
        rc = evidence.rc;
    r->evidence = pse_buf_span(&evidence);
    if (rc == PSE_OK)
        rc = pse_voters_register(x->v, &why, r);
    pse_buf_free(&evidence);
    if (rc == PSE_E_STATE && why != PSE_REGISTER_DONE)
        return refused(s, o->id, why);
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
    PSE_TRY(put_card(s, o, x, &r, &card));
    if (o->is_replacement)
        session_say(s, "The old credential and every ballot cast by it are void; the voter has to "
                       "vote again.");
    return PSE_OK;
}

static pse_rc register_letters(struct session *s, const struct register_options *o,
                               struct voters *x)
{
    enum pse_register_refusal why = PSE_REGISTER_DONE;
    struct enrolment *item;
    char who[32];
    size_t at;
    size_t n;
    pse_rc rc = enrolment_read(&item, &n, s->name, o->credentials, pse_voters_eid(x->v), s->g);

    if (rc != PSE_OK)
        return rc;
    rc = registration_letters(x->v, &why, &at, item, n, session_now());
    free(item);
    (void)snprintf(who, sizeof who, "line %zu", at + 3);
    if (rc == PSE_E_STATE && why != PSE_REGISTER_DONE) {
        (void)refused(s, who, why);
        cli_note(s->name, "none of the %zu credentials was registered", n);
        return rc;
    }
    PSE_TRY(voters_failed(s, &o->voters, rc));
    session_say(s, "%zu credentials registered", n);
    return PSE_OK;
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

static pse_rc release(struct session *s, const struct register_options *o)
{
    struct voters x = {.v = NULL};
    struct release out = {.records = 0};
    struct act a;
    bool is_told = false;
    pse_rc rc;

    PSE_TRY(session_want_sink(s));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_REGISTRAR));
    rc = voters_open(&x, s, &o->voters, false);
    a = session_act(s);
    if (rc == PSE_OK)
        rc = release_read(&out, x.v, s->load.e, UINT64_MAX);
    if (rc == PSE_OK && !release_is_due(&out, session_now())) {
        cli_error(s->name,
                  "%zu credentials wait; while voting is open they go public %d at a time, or "
                  "an hour after the last release",
                  out.pending, PSE_RELEASE_BATCH);
        rc = PSE_E_STATE;
        is_told = true;
    } else if (rc == PSE_OK) {
        rc = release_make(&out, &a, &s->key->sign);
        is_told = rc != PSE_OK;
        if (rc == PSE_OK && out.records + out.changes > 0)
            rc = pse_voters_set_released(x.v, session_now());
    }
    if (!is_told && x.v != NULL)
        rc = voters_failed(s, &o->voters, rc);
    voters_close(&x);
    if (rc == PSE_OK)
        session_say(s, "%zu credentials enrolled, %zu replaced or revoked", out.records,
                    out.changes);
    release_free(&out);
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
    struct pse_listed_person p;
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
