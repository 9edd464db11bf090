#include "psephos/voters.h"

enum { CARD_ARENA = 1 << 20 };

pse_rc voters_key(struct voters *x, const struct session *s, const struct voters_options *o)
{
    PSE_TRY(session_want(s, o->wrap, "wrap FILE"));
    PSE_TRY(wrapkey_open(&x->key, s->name, o->wrap, NULL));
    x->w = wrapkey_wrapper(x->key);
    return PSE_OK;
}

pse_rc voters_failed(const struct session *s, const struct voters_options *o, pse_rc rc)
{
    switch (rc) {
    case PSE_OK: break;
    case PSE_E_MISSING:
        cli_error(s->name, "there is no %s; make one with psephos registrar list create",
                  o->voters);
        break;
    case PSE_E_PROOF:
        cli_error(s->name,
                  "%s does not open: --wrap is not its key, or a row was altered; run "
                  "psephos audit store",
                  o->voters);
        break;
    case PSE_E_SYNTAX:
        cli_error(s->name, "%s is no voter database of this version; check --voters", o->voters);
        break;
    case PSE_E_DUPLICATE:
        cli_error(s->name, "%s is there already; choose another name", o->voters);
        break;
    case PSE_E_STATE:
        cli_error(s->name, "somebody else is writing to %s; try again", o->voters);
        break;
    case PSE_E_MISMATCH:
        cli_error(s->name, "a row of %s was altered; run psephos audit store", o->voters);
        break;
    default:
        cli_error(s->name, "%s cannot be read or written (%s); nothing was changed", o->voters,
                  pse_rc_name(rc));
    }
    return rc;
}

pse_rc voters_open(struct voters *x, struct session *s, const struct voters_options *o,
                   bool is_reader)
{
    PSE_TRY(session_want(s, o->voters, "voters DB"));
    PSE_TRY(voters_key(x, s, o));
    PSE_TRY(voters_failed(s, o, pse_voters_open(&x->v, o->voters, &x->w, is_reader, &s->rng)));
    if (s->has_record && !pse_hash_is_equal(pse_voters_eid(x->v), pse_engine_eid(s->load.e))) {
        cli_error(s->name, "%s belongs to another election than --record", o->voters);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

void voters_close(struct voters *x)
{
    pse_voters_close(x->v);
    wrapkey_free(x->key);
    x->v = NULL;
    x->key = NULL;
}

static pse_rc read_officers(pse_edkey *key, const struct session *s, const struct voters_options *o)
{
    if (o->officer.n > CONSENT_OFFICERS_MAX) {
        cli_error(s->name, "--officer can be given %d times", CONSENT_OFFICERS_MAX);
        return PSE_E_LIMIT;
    }
    for (size_t i = 0; i < o->officer.n; i++) {
        PSE_ARENA(arena, CARD_ARENA);
        struct card card;

        PSE_TRY(card_read(&card, &arena, s->name, o->officer.v[i], KEY_OFFICER, s->g));
        key[i] = card.sign;
    }
    return PSE_OK;
}

pse_rc voters_consent(pse_hash *hash, const struct session *s, const struct voters_options *o,
                      const char *what, const pse_hash *eid, const pse_hash *subject)
{
    PSE_ARENA(arena, CARD_ARENA);
    pse_edkey officer[CONSENT_OFFICERS_MAX];
    struct consent_need need = {.what = what,
                                .eid = eid,
                                .subject = subject,
                                .officer = officer,
                                .officers = o->officer.n,
                                .now = session_now()};
    struct consent c;

    PSE_TRY(session_want(s, o->act, "act FILE"));
    PSE_TRY(session_want(s, o->acts, "acts FILE"));
    PSE_TRY(consent_read(&c, &arena, s->name, o->act));
    PSE_TRY(read_officers(officer, s, o));
    PSE_TRY(consent_check(&c, s->name, &need));
    consent_hash(hash, &c);
    return consent_log(&c, s->name, o->acts, need.now);
}
