/* psephos registrar: who may vote, and which ballots are set aside. */
#include "psephos/registrar.h"

#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/evidence.h"
#include "common/files.h"
#include "psephos/keygen.h"
#include "psephos/verbs.h"
#include "psephos/voters.h"

enum { CARD_ARENA = 1 << 20 };

const struct session_word reason_words[5] = {{"paper", PSE_REASON_PAPER},
                                             {"not-entitled", PSE_REASON_NOT_ENTITLED},
                                             {"compromised", PSE_REASON_COMPROMISED},
                                             {"request", PSE_REASON_REQUEST},
                                             {"other", PSE_OTHER}};

static const char to_board[] = "send the parcel to the board for psephos record append";

/* What change, revoke and restore have in common. */
struct registrar_options {
    struct session_options common;
    const char *credential, *reason, *about, *evidence, *by;
};

#define REGISTRAR_OPTIONS(o)                                                                 \
    SESSION_OPTIONS(&(o)->common),                                                           \
        CLI_TEXT("credential", "CARD", &(o)->credential,                                     \
                 "the voter: a card, or the credential in hexadecimal"),                     \
        CLI_TEXT("reason", "WORD", &(o)->reason,                                             \
                 "paper, not-entitled, compromised, request or other"),                      \
        CLI_TEXT("about", "TEXT", &(o)->about, "the grounds; the record gets a commitment"), \
        CLI_TEXT("evidence", "FILE", &(o)->evidence, "your private file of grounds and salts")

/* A credential by its card, or by 64 hexadecimal digits. */
static pse_rc read_credential(pse_enc *out, const struct session *s, const char *text)
{
    PSE_ARENA(arena, CARD_ARENA);
    struct card card;

    if (strlen(text) == 64 && pse_hex_decode(out->b, 32, pse_span_str(text)) == PSE_OK)
        return PSE_OK;
    PSE_TRY(card_read(&card, &arena, s->name, text, KEY_VOTER, s->g));
    *out = card.point;
    return PSE_OK;
}

static pse_rc begin(struct session *s, struct pse_credential_view *view, pse_enc *credential,
                    uint8_t *reason, const struct registrar_options *o)
{
    PSE_TRY(session_want(s, o->credential, "credential CARD"));
    PSE_TRY(session_word(reason, s, "reason", o->reason, reason_words, 5));
    PSE_TRY(session_want(s, o->about, "about TEXT"));
    PSE_TRY(session_want(s, o->evidence, "evidence FILE"));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_REGISTRAR));
    PSE_TRY(read_credential(credential, s, o->credential));
    if (pse_engine_credential(s->load.e, view, credential) != PSE_OK) {
        cli_error(s->name, "this credential is not on the roster; check --credential and --record");
        return PSE_E_STATE;
    }
    return PSE_OK;
}

static pse_rc commit(pse_hash *commitment, struct session *s, const struct registrar_options *o,
                     const char *what)
{
    return evidence_commit(commitment, s->name, o->evidence, what, pse_engine_eid(s->load.e),
                           pse_span_str(o->about), &s->rng);
}

/* --- change -------------------------------------------------------------------------------------
 */

static pse_rc change(struct session *s, const struct registrar_options *o)
{
    struct pse_credential_view view;
    pse_enc old;
    pse_enc fresh;
    pse_hash commitment;
    struct act a;
    uint8_t reason;

    PSE_TRY(begin(s, &view, &old, &reason, o));
    a = session_act(s);
    if (o->by != NULL) {
        PSE_ARENA(arena, CARD_ARENA);
        struct card card;

        PSE_TRY(card_read(&card, &arena, s->name, o->by, KEY_VOTER, s->g));
        if (!pse_hash_is_equal(&card.eid, pse_engine_eid(s->load.e))) {
            cli_error(s->name, "%s was made for another election; have it made again", o->by);
            return PSE_E_MISMATCH;
        }
        fresh = card.point;
    }
    PSE_TRY(act_allowed(&a, PSE_ENTRY_CREDENTIAL_CHANGE, PSE_ROLE_REGISTRAR, 0));
    PSE_TRY(commit(&commitment, s, o, "change"));
    PSE_TRY(
        act_change(&a, &s->key->sign, &old, o->by == NULL ? NULL : &fresh, reason, &commitment));
    if (view.ballots > 0)
        session_say(s, "All %u ballots of the old credential become void%s.", view.ballots,
                    o->by == NULL ? "" : "; the voter has to vote again");
    return PSE_OK;
}

static int registrar_change(int argc, char **argv)
{
    struct registrar_options o = {.by = NULL};
    struct session s = {.name = "psephos registrar change", .options = &o.common};
    const struct cli_option options[] = {
        REGISTRAR_OPTIONS(&o),
        CLI_TEXT("by", "CARD", &o.by, "the new credential; without it the old one is revoked"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --credential CARD [--by CARD] --reason WORD\n"
                    "       --about TEXT --evidence FILE --out FILE",
        .about = "Replace or revoke a credential. All its ballots become void.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, change(&s, &o), to_board);
}

/* --- revoke and restore -------------------------------------------------------------------------
 */

static pse_rc revoke(struct session *s, const struct registrar_options *o)
{
    struct pse_credential_view view;
    pse_enc credential;
    pse_hash commitment;
    struct act a;
    uint8_t reason;

    PSE_TRY(begin(s, &view, &credential, &reason, o));
    if (view.ballots == 0 || (int64_t)view.latest_index <= view.rev) {
        cli_error(s->name, "this credential has no ballot that counts, so there is none to revoke");
        return PSE_E_STATE;
    }
    if (pse_engine_state(s->load.e) == PSE_STATE_CLOSED && reason != PSE_REASON_PAPER &&
        reason != PSE_REASON_COMPROMISED) {
        cli_error(s->name, "after the close ballots are revoked for --reason paper or compromised "
                           "only");
        return PSE_E_STATE;
    }
    a = session_act(s);
    PSE_TRY(act_allowed(&a, PSE_ENTRY_BALLOT_REVOKE, PSE_ROLE_REGISTRAR, 0));
    PSE_TRY(commit(&commitment, s, o, "revoke"));
    PSE_TRY(
        act_revoke(&a, &s->key->sign, view.latest_index, PSE_REVOKE_REVOKE, reason, &commitment));
    session_say(s, "Sets aside ballot %llu of this credential and all before it.",
                (unsigned long long)view.latest_index);
    return PSE_OK;
}

static pse_rc restore(struct session *s, const struct registrar_options *o)
{
    struct pse_credential_view view;
    pse_enc credential;
    pse_hash commitment;
    struct act a;
    uint8_t reason;

    PSE_TRY(begin(s, &view, &credential, &reason, o));
    if (view.rev < 0) {
        cli_error(s->name, "no ballot of this credential is revoked, so there is none to restore");
        return PSE_E_STATE;
    }
    if (view.rev_reason != reason) {
        cli_error(s->name, "the latest revocation has another reason; give that one with --reason");
        return PSE_E_STATE;
    }
    a = session_act(s);
    PSE_TRY(act_allowed(&a, PSE_ENTRY_BALLOT_REVOKE, PSE_ROLE_REGISTRAR, 0));
    PSE_TRY(commit(&commitment, s, o, "restore"));
    return act_revoke(&a, &s->key->sign, (uint64_t)view.rev, PSE_REVOKE_RESTORE, reason,
                      &commitment);
}

static int run_ballot(struct session *s,
                      pse_rc (*run)(struct session *, const struct registrar_options *),
                      const char *about, int argc, char **argv)
{
    struct registrar_options o = {.by = NULL};
    const struct cli_option options[] = {REGISTRAR_OPTIONS(&o)};
    const struct cli_command command = {
        .name = s->name,
        .synopsis = "--record DIR --key FILE --credential CARD --reason WORD --about TEXT\n"
                    "       --evidence FILE --out FILE",
        .about = about,
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    s->options = &o.common;
    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(s, run(s, &o), to_board);
}

static int registrar_revoke(int argc, char **argv)
{
    struct session s = {.name = "psephos registrar revoke"};

    return run_ballot(
        &s, revoke, "Set a voter's ballots aside, for instance after a vote on paper.", argc, argv);
}

static int registrar_restore(int argc, char **argv)
{
    struct session s = {.name = "psephos registrar restore"};

    return run_ballot(&s, restore, "Undo the latest revocation of a voter's ballots.", argc, argv);
}

static int registrar_keygen(int argc, char **argv)
{
    return keygen_run(KEY_REGISTRAR, "psephos registrar keygen", argc, argv);
}

int cmd_registrar(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"keygen", "make the registrar's key", registrar_keygen},
        {"roster", "enrol voters", registrar_roster},
        {"change", "replace or revoke a credential", registrar_change},
        {"revoke", "set a voter's ballots aside", registrar_revoke},
        {"restore", "undo a revocation", registrar_restore},
        {"list", "the private voter list", registrar_list},
        {"register", "credentials of voters on the list", registrar_register},
        {"release", "registered credentials into the record", registrar_release},
        {"erase", "destroy the data of one person", registrar_erase},
    };

    return verbs_run("registrar", "Who may vote, and which ballots are set aside.", verb,
                     CLI_COUNT(verb), argc, argv);
}
