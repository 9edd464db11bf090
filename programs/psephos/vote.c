/* psephos vote --out: seal a ballot on this machine. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/files.h"
#include "psephos/session.h"
#include "psephos/verbs.h"

enum { CHOICES_FILE_MAX = 1 << 20 };

struct vote_options {
    struct session_options common;
    const char *choices;
    struct cli_list choose;
};

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
                                   const struct vote_options *o)
{
    const struct pse_manifest *m = pse_engine_manifest(s->load.e);
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

static pse_rc find_credential(struct pse_credential_view *view, const struct session *s)
{
    pse_hash eid;

    PSE_TRY(key_election(&eid, s->key));
    if (!pse_hash_is_equal(&eid, pse_engine_eid(s->load.e))) {
        cli_error(s->name, "this credential is for another election; check --key and --record");
        return PSE_E_MISMATCH;
    }
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
                           const struct pse_style *style)
{
    const struct pse_manifest *m = pse_engine_manifest(s->load.e);
    struct pse_buf json = PSE_BUF(CHOICES_FILE_MAX);
    struct pse_choices_fault fault = {0};
    pse_rc rc = o->choices != NULL ? file_read(&json, s->name, o->choices, CHOICES_FILE_MAX)
                                   : choices_from_options(&json, s, o);

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

static void say_ballot(const struct session *s, const struct pse_credential_view *view,
                       struct pse_span ballot)
{
    uint8_t tracker[PSE_TRACKER_BYTES];
    char text[PSE_TRACKER_TEXT];
    pse_hash leaf;

    pse_entry_leaf(&leaf, ballot);
    pse_tracker(tracker, pse_engine_eid(s->load.e), &s->key->secret_public, &leaf);
    pse_code_encode(text, tracker, PSE_TRACKER_BYTES);
    session_say(s, "Sealed. Tracker: %s", text);
    if (view->ballots > 0)
        session_say(s, "You have voted before; this ballot replaces the earlier one.");
}

static pse_rc seal(struct session *s, const struct pse_credential_view *view,
                   const struct pse_style *style, const uint8_t *choices)
{
    struct pse_ballot_plan plan = {.joint = pse_engine_joint(s->load.e),
                                   .m = pse_engine_manifest(s->load.e),
                                   .style = style,
                                   .d = &s->key->secret,
                                   .prev = view->latest_leaf,
                                   .choices = choices};
    uint8_t bytes[PSE_ENTRY_MAX];
    uint8_t *ballot = bytes;

    PSE_TRY(pse_ballots_build(&ballot, &s->rng, &plan, 1));
    say_ballot(s, view, pse_span(bytes, style->ballot_len));
    return s->sink.entry(s->sink.ctx, pse_span(bytes, style->ballot_len));
}

/* The joint key comes from the record alone, whose engine has checked all that protocol 6 asks:
 * confirms of every trustee of the manifest, one key, repeated by open, under a witnessed
 * checkpoint. */
static pse_rc vote(struct session *s, const struct vote_options *o)
{
    struct pse_credential_view view;
    const struct pse_style *style;
    uint8_t *choices;
    pse_rc rc;

    if ((o->choices == NULL) == (o->choose.n == 0)) {
        cli_error(s->name, "give your choices either with --choices FILE or with --choose");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(session_want(s, o->common.out, "out FILE"));
    PSE_TRY(session_start(s, s->name, &o->common));
    PSE_TRY(session_key(s, KEY_VOTER));
    PSE_TRY(find_credential(&view, s));
    style = pse_manifest_style(pse_engine_manifest(s->load.e), view.style);
    choices = sodium_malloc(style->choice_len);
    if (choices == NULL)
        return PSE_E_MEMORY;
    rc = read_choices(choices, s, o, style);
    if (rc == PSE_OK)
        rc = seal(s, &view, style, choices);
    sodium_free(choices);
    return rc;
}

int cmd_vote(int argc, char **argv)
{
    struct vote_options o = {.choose = {.n = 0}};
    struct session s = {.name = "psephos vote", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_KEY(&o.common),
        SESSION_OUT(&o.common),
        SESSION_EID(&o.common),
        SESSION_QUIET(&o.common),
        CLI_TEXT("choices", "FILE", &o.choices, "your choices as JSON"),
        CLI_LIST("choose", "C=WHAT", &o.choose,
                 "choice of contest C: options (1,3), a ranking (3,1,2), text:NAME or blank"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE (--choices FILE | --choose C=WHAT ...) --out FILE",
        .about = "Seal a ballot on this machine. Only you and your device know what is in it.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, vote(&s, &o),
                       "send the parcel to the board; keep the tracker, and ask for your receipt");
}
