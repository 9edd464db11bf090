/* psephos officer: the authority's steps, from set-up to end. */
#include "psephos/officer.h"

#include <string.h>

#include "commands.h"
#include "common/evidence.h"
#include "psephos/keygen.h"
#include "psephos/office.h"
#include "psephos/verbs.h"
#include "psephos/voters.h"

static const char to_board[] = "send the parcel to the board for psephos record append";

/* One verb that reads the record, makes one entry and writes a parcel. */
struct step {
    const char *name;
    const char *about;
    pse_rc (*act)(const struct act *a, const pse_seed *seed);
};

static int run_step(const struct step *step, int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = step->name};
    const struct cli_option options[] = {SESSION_OPTIONS(&o)};
    const struct cli_command command = {
        .name = step->name,
        .synopsis = "--record DIR --key FILE --out FILE",
        .about = step->about,
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = session_start(&s, step->name, &o);
    if (rc == PSE_OK)
        rc = session_key(&s, KEY_OFFICER);
    if (rc == PSE_OK) {
        struct act a = session_act(&s);
        rc = step->act(&a, &s.key->sign);
    }
    return session_end(&s, rc, to_board);
}

static pse_rc open_now(const struct act *a, const pse_seed *seed)
{
    return act_open(a, seed, session_now());
}

static int officer_open(int argc, char **argv)
{
    static const struct step step = {"psephos officer open",
                                     "Open the vote: the joint key and the size of the roster.",
                                     open_now};

    return run_step(&step, argc, argv);
}

static int officer_freeze(int argc, char **argv)
{
    static const struct step step = {"psephos officer freeze",
                                     "Fix which ballots count, after the vote has closed.",
                                     act_freeze};

    return run_step(&step, argc, argv);
}

static int officer_mix_end(int argc, char **argv)
{
    static const struct step step = {"psephos officer mix-end",
                                     "End the mixing, when every list has been mixed enough.",
                                     act_mix_end};

    return run_step(&step, argc, argv);
}

static int officer_result(int argc, char **argv)
{
    static const struct step step = {"psephos officer result",
                                     "Combine the trustees' shares and publish the result.",
                                     act_result};

    return run_step(&step, argc, argv);
}

static int officer_end(int argc, char **argv)
{
    static const struct step step = {
        "psephos officer end", "End the record after its result or its abort; nothing may follow.",
        act_end};

    return run_step(&step, argc, argv);
}

/* --- close and abort: a reason ------------------------------------------------------------------
 */

static pse_rc close_with(struct session *s, const struct session_options *o, const char *reason)
{
    static const struct session_word words[] = {{"scheduled", PSE_CLOSE_SCHEDULED},
                                                {"early", PSE_CLOSE_EARLY},
                                                {"extended", PSE_CLOSE_EXTENDED},
                                                {"other", PSE_OTHER}};
    struct act a;
    uint8_t value;

    PSE_TRY(session_word(&value, s, "reason", reason, words, CLI_COUNT(words)));
    PSE_TRY(session_start(s, s->name, o));
    PSE_TRY(session_key(s, KEY_OFFICER));
    a = session_act(s);
    return act_close(&a, &s->key->sign, value, session_now());
}

static int officer_close(int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = "psephos officer close", .options = &o};
    const char *reason = "scheduled";
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o),
        CLI_TEXT("reason", "WORD", &reason, "scheduled (default), early, extended or other"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE [--reason WORD] --out FILE",
        .about = "Close the vote. The entry fits the record as it is now: nothing may be appended\n"
                 "between this copy of the record and the parcel.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, close_with(&s, &o, reason), to_board);
}

struct abort_options {
    struct session_options common;
    const char *reason, *about, *evidence;
};

static pse_rc abort_with(struct session *s, const struct abort_options *o)
{
    static const struct session_word words[] = {{"ceremony", PSE_ABORT_CEREMONY},
                                                {"trustees", PSE_ABORT_TRUSTEES},
                                                {"security", PSE_ABORT_SECURITY},
                                                {"decision", PSE_ABORT_DECISION},
                                                {"other", PSE_OTHER}};
    pse_hash commitment;
    struct act a;
    uint8_t value;

    PSE_TRY(session_word(&value, s, "reason", o->reason, words, CLI_COUNT(words)));
    PSE_TRY(session_want(s, o->about, "about TEXT"));
    PSE_TRY(session_want(s, o->evidence, "evidence FILE"));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_OFFICER));
    a = session_act(s);
    PSE_TRY(act_allowed(&a, PSE_ENTRY_ABORT, PSE_ROLE_AUTHORITY, 0));
    PSE_TRY(evidence_commit(&commitment, s->name, o->evidence, "abort", pse_engine_eid(s->load.e),
                            pse_span_str(o->about), &s->rng));
    return act_abort(&a, &s->key->sign, value, &commitment);
}

static int officer_abort(int argc, char **argv)
{
    struct abort_options o = {0};
    struct session s = {.name = "psephos officer abort", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o.common),
        CLI_TEXT("reason", "WORD", &o.reason, "ceremony, trustees, security, decision or other"),
        CLI_TEXT("about", "TEXT", &o.about, "the grounds; the record gets a commitment only"),
        CLI_TEXT("evidence", "FILE", &o.evidence, "your private file that keeps grounds and salt"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --reason WORD --about TEXT --evidence FILE --out FILE",
        .about = "Stop the election without a result, in good order.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, abort_with(&s, &o), to_board);
}

static int officer_keygen(int argc, char **argv)
{
    return keygen_run(KEY_OFFICER, "psephos officer keygen", argc, argv);
}

int cmd_officer(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"keygen", "make the officer's key", officer_keygen},
        {"create", "make the manifest and the first entry", officer_create},
        {"open", "open the vote", officer_open},
        {"close", "close the vote", officer_close},
        {"freeze", "fix which ballots count", officer_freeze},
        {"mix-end", "end the mixing", officer_mix_end},
        {"result", "publish the result", officer_result},
        {"end", "end the record", officer_end},
        {"abort", "stop without a result", officer_abort},
        {"statement", "publish a signed statement", officer_statement},
        {"incident", "note that something went wrong", officer_incident},
        {"publish", "write the result page", officer_publish},
        {"propose", "propose an act that takes two officers", officer_propose},
        {"agree", "add your signature to such an act", officer_agree},
        {"serve", "the office as a daemon", officer_serve},
        {"invite", "let an officer register authenticators with it", officer_invite},
        {"audit", "judge every act in the log of acts once more", officer_audit},
        {"act", "acts of that office, from an officer's desk", officer_act},
        {"confirm", "check an act and write it to the log of acts", officer_confirm},
    };

    return verbs_run("officer", "The authority's steps, from set-up to end.", verb, CLI_COUNT(verb),
                     argc, argv);
}
