/* psephos vote: choices, and a ballot sealed on this machine. Casting: vote_cast.c. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/files.h"
#include "common/mailbox.h"
#include "psephos/session.h"
#include "psephos/verbs.h"
#include "psephos/vote.h"

enum { CHOICES_FILE_MAX = 1 << 20, BALLOT_ARENA = 16 << 20 };

/* --- --choose CONTEST=WHAT as the JSON of choices.h ----------------------------------------------
 */

static bool is_text(const struct pse_contest *c)
{
    return c->kind == PSE_KIND_MIX &&
           (c->format == PSE_FORMAT_TEXT || c->format == PSE_FORMAT_CHOICE_TEXT);
}

/* "1,3x2": one vote for option 1, two for option 3. */
static pse_rc put_values(struct pse_json_wr *w, const struct pse_contest *c, const char *what)
{
    uint64_t value[PSE_HOM_OPTIONS_MAX] = {0};
    const char *at = what;

    while (*at != '\0') {
        char *end;
        unsigned long option = strtoul(at, &end, 10);
        unsigned long votes = 1;

        if (end == at || option < 1 || option > c->options)
            return PSE_E_RANGE;
        if (*end == 'x') {
            at = end + 1;
            votes = strtoul(at, &end, 10);
            if (end == at || votes > PSE_HOM_VALUE_MAX)
                return PSE_E_RANGE;
        }
        value[option - 1] += votes;
        if (*end != ',' && *end != '\0')
            return PSE_E_SYNTAX;
        at = *end == ',' ? end + 1 : end;
    }
    pse_json_wr_array(w, "values");
    for (size_t i = 0; i < c->options; i++)
        pse_json_wr_u64(w, NULL, value[i]);
    pse_json_wr_end(w);
    return PSE_OK;
}

static pse_rc put_numbers(struct pse_json_wr *w, const char *name, const char *what)
{
    pse_json_wr_array(w, name);
    while (*what != '\0') {
        char *end;
        unsigned long option = strtoul(what, &end, 10);

        if (end == what || option > PSE_HOM_OPTIONS_MAX || (*end != ',' && *end != '\0'))
            return PSE_E_SYNTAX;
        pse_json_wr_u64(w, NULL, option);
        what = *end == ',' ? end + 1 : end;
    }
    pse_json_wr_end(w);
    return PSE_OK;
}

static pse_rc put_choice(struct pse_json_wr *w, const struct pse_contest *c, const char *what)
{
    pse_rc rc = PSE_OK;
    char id[PSE_DECIMAL_TEXT];

    pse_decimal_encode(id, c->id);
    pse_json_wr_object(w, id);
    if (strcmp(what, "blank") == 0)
        what = "";
    if (c->kind == PSE_KIND_HOMOMORPHIC)
        rc = put_values(w, c, what);
    else if (is_text(c) && strncmp(what, "text:", 5) == 0)
        pse_json_wr_str(w, "text", what + 5);
    else if (c->format == PSE_FORMAT_TEXT)
        pse_json_wr_str(w, "text", what);
    else
        rc = put_numbers(w, c->format == PSE_FORMAT_RANKING ? "ranking" : "options", what);
    if (rc == PSE_OK)
        pse_json_wr_end(w);
    return rc;
}

static pse_rc choices_from_options(struct pse_buf *json, const struct session *s,
                                   const struct vote_options *o, const struct pse_manifest *m)
{
    struct pse_json_wr w = pse_json_wr(json, 0);

    pse_json_wr_object(&w, NULL);
    for (size_t i = 0; i < o->choose.n; i++) {
        const char *equals = strchr(o->choose.v[i], '=');
        const struct pse_contest *c = NULL;
        uint64_t id;

        if (equals != NULL &&
            pse_decimal_decode(&id, pse_span(o->choose.v[i], (size_t)(equals - o->choose.v[i]))) ==
                PSE_OK &&
            id <= UINT16_MAX)
            c = pse_manifest_contest(m, (uint16_t)id);
        if (c == NULL || put_choice(&w, c, equals + 1) != PSE_OK) {
            cli_error(s->name,
                      "--choose wants CONTEST=OPTIONS, as in 1=3,2 (see man psephos-vote)");
            return PSE_E_SYNTAX;
        }
    }
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

/* --- the ballot ---------------------------------------------------------------------------------
 */

pse_rc vote_check_key(const struct session *s, const pse_hash *eid)
{
    pse_hash own;

    PSE_TRY(key_election(&own, s->key));
    if (pse_hash_is_equal(&own, eid))
        return PSE_OK;
    cli_error(s->name, "this credential is for another election; check --key and --record");
    return PSE_E_MISMATCH;
}

static pse_rc find_credential(struct pse_credential_view *view, const struct session *s)
{
    PSE_TRY(vote_check_key(s, pse_engine_eid(s->load.e)));
    if (pse_engine_credential(s->load.e, view, &s->key->secret_public) != PSE_OK ||
        !view->is_active) {
        cli_error(s->name,
                  "this credential is not on the roster, or not any more; ask the registrar");
        return PSE_E_STATE;
    }
    if (pse_engine_state(s->load.e) != PSE_STATE_OPEN) {
        cli_error(s->name, "the vote is not open: the record is in state %s",
                  pse_state_name(pse_engine_state(s->load.e)));
        return PSE_E_STATE;
    }
    if (view->ballots >= pse_engine_manifest(s->load.e)->ballots_max) {
        cli_error(s->name, "this credential has used all of its %u ballots; ask the registrar",
                  pse_engine_manifest(s->load.e)->ballots_max);
        return PSE_E_STATE;
    }
    return PSE_OK;
}

static pse_rc read_choices(uint8_t *choices, const struct session *s, const struct vote_options *o,
                           const struct pse_manifest *m, const struct pse_style *style)
{
    struct pse_buf json = PSE_BUF(CHOICES_FILE_MAX);
    struct pse_choices_fault fault = {0};
    pse_rc rc = o->choices != NULL ? file_read(&json, s->name, o->choices, CHOICES_FILE_MAX)
                                   : choices_from_options(&json, s, o, m);

    if (rc == PSE_OK) {
        rc = pse_choices_parse(choices, &fault, m, style, pse_buf_span(&json));
        if (rc != PSE_OK && fault.contest != 0)
            cli_error(s->name,
                      "contest %u: the choice is not allowed (%s); see the contest's rules "
                      "in the record",
                      fault.contest, fault.slug == NULL ? pse_rc_name(rc) : fault.slug);
        else if (rc != PSE_OK)
            cli_error(s->name,
                      "the choices cannot be read (%s); give one for each contest of ballot "
                      "style %u",
                      fault.slug == NULL ? pse_rc_name(rc) : fault.slug, style->id);
    }
    pse_buf_free(&json);
    return rc;
}

void vote_name_ballot(struct vote_ballot *b, const struct session *s, const pse_hash *eid)
{
    uint8_t tracker[PSE_TRACKER_BYTES];

    pse_entry_leaf(&b->leaf, pse_span(b->bytes, b->n));
    pse_tracker(tracker, eid, &s->key->secret_public, &b->leaf);
    pse_code_encode(b->tracker, tracker, PSE_TRACKER_BYTES);
}

/* The joint key comes from the record alone, whose engine has checked all that protocol 6 asks:
 * confirms of every trustee of the manifest, one key, repeated by open, under a witnessed
 * checkpoint. */
pse_rc vote_seal(struct vote_ballot *b, struct session *s, const struct vote_options *o,
                 const struct vote_election *election, uint16_t style, const pse_hash *prev)
{
    struct pse_ballot_plan plan = {
        .joint = election->joint, .m = election->m, .d = &s->key->secret, .prev = *prev};

    memset(b, 0, sizeof *b);
    pse_arena_init(&b->arena, BALLOT_ARENA);
    b->style = pse_manifest_style(election->m, style);
    if (b->style == NULL) {
        cli_error(s->name, "the ballot style %u is none of this election; ask the registrar",
                  style);
        return PSE_E_RANGE;
    }
    b->choices = sodium_malloc(b->style->choice_len);
    if (b->choices == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(read_choices(b->choices, s, o, election->m, b->style));
    PSE_TRY(pse_ballot_random_draw(&b->random, &b->arena, &s->rng, election->m, b->style));
    plan.style = b->style;
    plan.choices = b->choices;
    PSE_TRY(pse_ballot_build(b->bytes, &plan, &b->random));
    b->n = b->style->ballot_len;
    vote_name_ballot(b, s, pse_engine_eid(election->e));
    return PSE_OK;
}

void vote_ballot_free(struct vote_ballot *b)
{
    sodium_free(b->choices);
    b->choices = NULL;
    pse_arena_free(&b->arena);
}

static pse_rc seal_into_file(struct session *s, const struct vote_options *o)
{
    struct vote_election election;
    struct pse_credential_view view;
    struct vote_ballot *b;
    pse_rc rc;

    PSE_TRY(session_want(s, o->common.out, "out FILE or --box URL"));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_VOTER));
    PSE_TRY(find_credential(&view, s));
    election = (struct vote_election){
        .e = s->load.e, .m = pse_engine_manifest(s->load.e), .joint = pse_engine_joint(s->load.e)};
    b = calloc(1, sizeof *b);
    if (b == NULL)
        return PSE_E_MEMORY;
    rc = vote_seal(b, s, o, &election, view.style, &view.latest_leaf);
    if (rc == PSE_OK) {
        session_say(s, "Sealed. Tracker: %s", b->tracker);
        if (view.ballots > 0)
            session_say(s, "You have voted before; this ballot replaces the earlier one.");
        rc = s->sink.entry(s->sink.ctx, pse_span(b->bytes, b->n));
    }
    vote_ballot_free(b);
    free(b);
    return rc;
}

static pse_rc check_options(const struct session *s, const struct vote_options *o)
{
    if ((o->choices == NULL) == (o->choose.n == 0)) {
        cli_error(s->name, "give your choices either with --choices FILE or with --choose");
        return PSE_E_SYNTAX;
    }
    if (o->box != NULL && o->common.out != NULL) {
        cli_error(s->name, "a ballot goes to a box or into a file: give --box or --out, not both");
        return PSE_E_SYNTAX;
    }
    if (o->box == NULL && (o->receipt != NULL || o->again || o->check || o->json ||
                           o->relay != NULL || o->wait != 0 || o->token_file != NULL)) {
        cli_error(s->name, "--receipt, --again, --check, --relay, --wait, --token-file and --json "
                           "are for a ballot that is cast: give --box URL");
        return PSE_E_SYNTAX;
    }
    if (o->check && o->json) {
        cli_error(s->name, "--check is a dialogue with a person, so it does not go with --json");
        return PSE_E_SYNTAX;
    }
    return PSE_OK;
}

int cmd_vote(int argc, char **argv)
{
    struct vote_options o = {.choose = {.n = 0}};
    struct session s = {.name = "psephos vote", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_KEY(&o.common),
        SESSION_EID(&o.common),
        CLI_TEXT("choices", "FILE", &o.choices, "your choices as JSON"),
        CLI_LIST("choose", "C=WHAT", &o.choose,
                 "choice of contest C: options (1,3), a ranking (3,1,2), text:NAME or blank"),
        SESSION_OUT(&o.common),
        CLI_TEXT("box", "URL", &o.box, "cast the ballot into this box and wait for the receipt"),
        CLI_TEXT("receipt", "FILE", &o.receipt,
                 "where the receipt is kept (default: KEY.TRACKER.receipt)"),
        CLI_TEXT("token-file", "FILE", &o.token_file,
                 "your session, of psephos login, where the box asks for one"),
        CLI_FLAG("again", &o.again, "replace the ballot that was cast before"),
        CLI_FLAG("check", &o.check, "then show a second device what the ballot holds"),
        CLI_TEXT("relay", "URL", &o.relay, "the mailbox for the check (default: the box)"),
        CLI_NUMBER("wait", "S", &o.wait, 1, MAILBOX_SECONDS,
                   "seconds to wait for the second device (default 600)"),
        CLI_NUMBER("patience", "S", &o.common.patience, 1, 86400,
                   "seconds to try for when the box is silent or busy (default 120)"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR|URL --key FILE (--choices FILE | --choose C=WHAT ...)\n"
                    "        (--out FILE | --box URL [--receipt FILE] [--again] [--check])",
        .about =
            "Seal a ballot on this machine, and cast it. Only you and your device know what is\n"
            "in it. A cast that was cut off is gone on with by the same command.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = check_options(&s, &o);
    if (rc == PSE_OK && o.box != NULL) {
        o.common.quiet = o.common.quiet || o.json;
        return session_end(&s, vote_cast(&s, &o), NULL);
    }
    if (rc == PSE_OK)
        rc = seal_into_file(&s, &o);
    return session_end(&s, rc,
                       "send the parcel to the board; keep the tracker, and ask for your receipt");
}
