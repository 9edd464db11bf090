/* psephos vote --box: a ballot cast over the network, until its receipt is held. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/box_client.h"
#include "common/record_follow.h"
#include "common/record_prefix.h"
#include "common/session_file.h"
#include "psephos/vote.h"

enum { VIEW_ARENA = 1 << 20, RECALL_MAX = 3 };

struct cast {
    struct session *s;
    const struct vote_options *o;
    struct record_at at;
    struct record_pin pin;
    struct record_prefix prefix;
    struct vote_election election;
    struct box_client box;
    struct vote_ballot ballot;
    char pending[FILE_PATH_MAX]; /* the ballot from before it is sent until its receipt is held */
    char receipt[FILE_PATH_MAX];
    char token[SESSION_FILE_TOKEN]; /* of a session; "": none */
    bool resumed;                   /* the ballot was sealed by an earlier run */
    bool replaces;                  /* an earlier ballot */
    uint64_t index;
};

/* --- the election -------------------------------------------------------------------------------
 */

static pse_rc compare_mirrors(struct cast *c)
{
    char evidence[FILE_PATH_MAX];

    (void)snprintf(evidence, sizeof evidence, "%.4000s.evidence", c->o->common.key);
    return record_follow_compare(&c->pin, c->s->name, &c->at, &c->o->common.mirror, evidence,
                                 session_now());
}

/* From an address only the beginning is read; a folder is at hand and is verified whole. */
static pse_rc read_election(struct cast *c)
{
    struct session *s = c->s;

    if (!record_at_is_url(c->o->common.record)) {
        (void)snprintf(s->dir, sizeof s->dir, "%s", c->o->common.record);
        PSE_TRY(session_load(s));
        c->election.e = s->load.e;
    } else {
        PSE_TRY(
            record_prefix_load(&c->prefix, s->name, &c->at, &c->pin, s->g, &s->rng, session_now()));
        c->election.e = c->prefix.e;
    }
    PSE_TRY(compare_mirrors(c));
    c->election.m = pse_engine_manifest(c->election.e);
    c->election.joint = pse_engine_joint(c->election.e);
    if (pse_engine_state(c->election.e) == PSE_STATE_OPEN)
        return PSE_OK;
    cli_error(s->name, "the vote is not open: the record is in state %s",
              pse_state_name(pse_engine_state(c->election.e)));
    return PSE_E_STATE;
}

/* The election is the one that the credential was made for, whatever the record says. */
static pse_rc learn_election(struct cast *c)
{
    struct record_pin_options options = {.g = c->s->g};
    pse_hash eid;

    PSE_TRY(key_election(&eid, c->s->key));
    if (c->o->common.eid.given)
        PSE_TRY(vote_check_key(c->s, &c->o->common.eid.value));
    options.eid = &eid;
    PSE_TRY(record_pin_learn(&c->pin, c->s->name, &c->at, &options));
    return read_election(c);
}

/* --- the credential, as the box sees it ---------------------------------------------------------
 */

struct view {
    uint16_t style;
    bool active;
    uint64_t ballots;
    pse_hash latest;
};

static pse_rc parse_view(struct view *v, struct pse_span bytes)
{
    PSE_ARENA(arena, VIEW_ARENA);
    const struct pse_json *root, *latest;
    struct pse_json_rd r;
    uint64_t style;

    memset(v, 0, sizeof *v);
    PSE_TRY(pse_json_parse(&root, NULL, &arena, bytes));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(pse_json_take_u64(&style, &r, "style"));
    PSE_TRY(pse_json_take_bool(&v->active, &r, "active"));
    PSE_TRY(pse_json_take_u64(&v->ballots, &r, "ballots"));
    pse_json_take_optional(&latest, &r, "latest");
    if (style > UINT16_MAX)
        return PSE_E_RANGE;
    v->style = (uint16_t)style;
    if (v->ballots == 0 || latest == NULL)
        return v->ballots == 0 ? PSE_OK : PSE_E_MISSING;
    return pse_json_hex(v->latest.b, sizeof v->latest.b, latest);
}

static pse_rc judge_view(const struct cast *c, const struct view *v)
{
    const char *name = c->s->name;

    if (!v->active) {
        cli_error(name, "this credential has been withdrawn; ask the registrar");
        return PSE_E_STATE;
    }
    if (v->ballots >= c->election.m->ballots_max) {
        cli_error(name, "this credential has used all of its %u ballots; ask the registrar",
                  c->election.m->ballots_max);
        return PSE_E_STATE;
    }
    if (v->ballots == 0 || c->o->again)
        return PSE_OK;
    cli_error(name,
              "a ballot of this credential has been cast before (%llu in all). Give --again to "
              "replace it; if you did not cast it, tell the election office at once",
              (unsigned long long)v->ballots);
    return PSE_E_STATE;
}

/* The style is the roster's where the record has been read that far. */
static pse_rc ask_credential(struct view *v, struct cast *c)
{
    char path[32 + 65] = "/v1/credentials/";
    struct pse_credential_view known;
    struct box_answer a;
    pse_rc rc;

    pse_hex_encode(path + strlen(path), c->s->key->secret_public.b, 32);
    rc = box_client_ask(&a, &c->box, path, NULL, pse_span(NULL, 0));
    if (rc == PSE_OK && a.status == 404) {
        cli_error(c->s->name, "this credential is not on the roster yet; ask the registrar");
        rc = PSE_E_STATE;
    } else if (rc == PSE_OK &&
               (a.status != 200 || parse_view(v, pse_buf_span(&a.body)) != PSE_OK)) {
        cli_error(c->s->name, "%s says nothing of use about the credential: %s", c->box.base,
                  a.status == 200 ? "its answer cannot be read" : a.words);
        rc = PSE_E_STATE;
    }
    box_answer_free(&a);
    PSE_TRY(rc);
    if (pse_engine_credential(c->election.e, &known, &c->s->key->secret_public) == PSE_OK)
        v->style = known.style;
    return judge_view(c, v);
}

/* --- files --------------------------------------------------------------------------------------
 */

static pse_rc name_receipt(struct cast *c)
{
    int n = c->o->receipt != NULL ? snprintf(c->receipt, sizeof c->receipt, "%s", c->o->receipt)
                                  : snprintf(c->receipt, sizeof c->receipt, "%s.%s.receipt",
                                             c->o->common.key, c->ballot.tracker);

    if (n > 0 && n < FILE_PATH_MAX - 16)
        return PSE_OK;
    cli_error(c->s->name, "the name of the receipt is too long; give a shorter one with --receipt");
    return PSE_E_LIMIT;
}

static pse_rc check_receipt_is_new(const struct cast *c)
{
    if (c->o->receipt == NULL || !file_exists(c->o->receipt))
        return PSE_OK;
    cli_error(c->s->name, "%s is there already; choose another name for --receipt", c->o->receipt);
    return PSE_E_DUPLICATE;
}

/* Receipt and ballot on disk, both, before anybody is told that all is well. */
static pse_rc keep_receipt(struct cast *c, struct pse_span receipt)
{
    char path[FILE_PATH_MAX + 16];

    PSE_TRY(name_receipt(c));
    (void)snprintf(path, sizeof path, "%s.ballot", c->receipt);
    PSE_TRY(file_write(c->s->name, path, pse_span(c->ballot.bytes, c->ballot.n), FILE_REPLACE));
    PSE_TRY(file_write(c->s->name, c->receipt, receipt, FILE_REPLACE));
    return file_remove(c->s->name, c->pending);
}

static pse_rc resume(struct cast *c)
{
    struct pse_buf bytes;

    PSE_TRY(file_read(&bytes, c->s->name, c->pending, PSE_ENTRY_MAX));
    memcpy(c->ballot.bytes, bytes.p, bytes.n);
    c->ballot.n = bytes.n;
    pse_buf_free(&bytes);
    vote_name_ballot(&c->ballot, c->s, pse_engine_eid(c->election.e));
    c->resumed = true;
    cli_note(c->s->name,
             "an earlier run sealed a ballot and did not learn what became of it: that ballot is "
             "sent now, the choices of this command line are not used");
    return PSE_OK;
}

/* --- sending ------------------------------------------------------------------------------------
 */

static pse_rc take_receipt(struct cast *c, struct box_answer *a)
{
    struct pse_buf receipt = PSE_BUF(PSE_PROOF_MAX);
    pse_rc rc;

    if (a->status == 200) {
        PSE_TRY(box_receipt_verify(&c->index, c->s->name, &c->pin, &c->ballot.leaf,
                                   pse_buf_span(&a->body), session_now()));
        return keep_receipt(c, pse_buf_span(&a->body));
    }
    rc = box_client_receipt(&receipt, &c->index, &c->box, &c->pin, &c->ballot.leaf, session_now);
    if (rc == PSE_OK)
        rc = keep_receipt(c, pse_buf_span(&receipt));
    pse_buf_free(&receipt);
    return rc;
}

/* 409: the ballot names an older one than the latest. It can never count: it is given up. */
static pse_rc give_up_stale(struct cast *c, const struct box_answer *a)
{
    char hex[65];

    pse_hex_encode(hex, a->latest.b, sizeof a->latest.b);
    PSE_TRY(file_remove(c->s->name, c->pending));
    if (c->o->again && !c->resumed)
        return PSE_E_DUPLICATE;
    cli_error(c->s->name,
              "another ballot of this credential came before this one (leaf %s), so this one was "
              "not recorded. Give --again to replace that one; if you did not cast it, tell the "
              "election office at once",
              hex);
    return PSE_E_STATE;
}

/* 401: the box asks for a login. What became of a ballot that was sent before is not known, so that
 * one waits; another is given up. */
static pse_rc want_login(struct cast *c)
{
    if (c->token[0] == '\0')
        cli_error(c->s->name,
                  "%s asks for a login. Run psephos login --auth URL --mail ADDRESS "
                  "--token-file FILE, then this command with --token-file FILE",
                  c->box.base);
    else
        cli_error(c->s->name,
                  "%s does not take the session of %s: it has ended, or is of another "
                  "election. Run psephos login again, then this command",
                  c->box.base, c->o->token_file);
    if (!c->resumed)
        PSE_TRY(file_remove(c->s->name, c->pending));
    return PSE_E_STATE;
}

static pse_rc send(struct cast *c)
{
    struct box_answer a;
    pse_rc rc = box_client_ask(&a, &c->box, "/v1/ballots", "application/vnd.psephos.ballot",
                               pse_span(c->ballot.bytes, c->ballot.n));

    if (rc == PSE_OK && (a.status == 200 || a.status == 202)) {
        rc = take_receipt(c, &a);
    } else if (rc == PSE_OK && a.status == 409 && a.has_latest) {
        rc = give_up_stale(c, &a);
    } else if (rc == PSE_OK && a.status == 401) {
        rc = want_login(c);
    } else if (rc == PSE_OK) {
        cli_error(c->s->name, "%s refuses the ballot, nothing was recorded: %s", c->box.base,
                  a.words);
        rc = file_remove(c->s->name, c->pending);
        if (rc == PSE_OK)
            rc = PSE_E_STATE;
    }
    box_answer_free(&a);
    return rc;
}

static pse_rc seal_and_send(struct cast *c)
{
    struct view v;

    PSE_TRY(ask_credential(&v, c));
    c->replaces = v.ballots > 0;
    PSE_TRY(vote_seal(&c->ballot, c->s, c->o, &c->election, v.style, &v.latest));
    PSE_TRY(file_write(c->s->name, c->pending, pse_span(c->ballot.bytes, c->ballot.n),
                       FILE_NEW | FILE_SECRET));
    session_say(c->s, "Sealed. Tracker: %s", c->ballot.tracker);
    return send(c);
}

/* With --again a ballot that came in between is replaced as well, if it does not go on for ever. */
static pse_rc cast_new(struct cast *c)
{
    pse_rc rc = PSE_E_DUPLICATE;

    PSE_TRY(check_receipt_is_new(c));
    for (unsigned i = 0; i < RECALL_MAX && rc == PSE_E_DUPLICATE; i++) {
        vote_ballot_free(&c->ballot);
        rc = seal_and_send(c);
    }
    if (rc == PSE_E_DUPLICATE)
        cli_error(c->s->name, "somebody else casts ballots with this credential again and again; "
                              "tell the election office at once");
    return rc;
}

/* --- telling ------------------------------------------------------------------------------------
 */

static pse_rc say_json(const struct cast *c)
{
    struct pse_buf out = PSE_BUF((size_t)1 << 16);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "election", c->pin.eid.b, 32);
    pse_json_wr_str(&w, "tracker", c->ballot.tracker);
    pse_json_wr_hex(&w, "leaf", c->ballot.leaf.b, 32);
    pse_json_wr_u64(&w, "index", c->index);
    pse_json_wr_bool(&w, "replaces", c->replaces);
    pse_json_wr_bool(&w, "resumed", c->resumed);
    pse_json_wr_str(&w, "receipt", c->receipt);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

static pse_rc say_success(const struct cast *c)
{
    if (c->o->json)
        return say_json(c);
    session_say(c->s, "Cast: entry %llu of the record, as a quorum of witnesses saw it.",
                (unsigned long long)c->index);
    session_say(c->s, "Tracker: %s", c->ballot.tracker);
    session_say(c->s, "%s: your receipt, checked; keep it with %s.ballot", c->receipt, c->receipt);
    if (c->replaces)
        session_say(c->s, "It replaces the ballot that was cast before.");
    return PSE_OK;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static pse_rc cast(struct cast *c)
{
    const struct vote_options *o = c->o;
    pse_rc rc;

    (void)snprintf(c->pending, sizeof c->pending, "%.4000s.pending", o->common.key);
    PSE_TRY(learn_election(c));
    PSE_TRY(box_client_open(&c->box, c->s->name, o->box, &c->s->rng,
                            o->common.patience == 0 ? BOX_PATIENCE : (unsigned)o->common.patience,
                            o->common.quiet));
    if (o->token_file != NULL) {
        PSE_TRY(session_file_read(c->token, c->s->name, o->token_file));
        c->box.token = c->token;
    }
    if (file_exists(c->pending)) {
        PSE_TRY(resume(c));
        rc = send(c);
    } else {
        rc = cast_new(c);
    }
    PSE_TRY(rc);
    PSE_TRY(say_success(c));
    if (!o->check)
        return PSE_OK;
    if (c->resumed) {
        cli_error(c->s->name,
                  "an earlier run sealed this ballot, and only it could show what is in "
                  "it; vote again with --again --check to check one");
        return PSE_E_STATE;
    }
    return vote_check(c->s, o, &c->election, &c->ballot, c->index);
}

pse_rc vote_cast(struct session *s, const struct vote_options *o)
{
    struct cast *c;
    pse_rc rc;

    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->common.record, "record DIR|URL"));
    PSE_TRY(session_key(s, KEY_VOTER));
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return PSE_E_MEMORY;
    c->s = s;
    c->o = o;
    rc = record_at_open(&c->at, s->name, o->common.record);
    if (rc == PSE_OK)
        rc = cast(c);
    vote_ballot_free(&c->ballot);
    box_client_close(&c->box);
    pse_wipe(c->token, sizeof c->token);
    record_prefix_close(&c->prefix);
    record_pin_free(&c->pin);
    record_at_close(&c->at);
    free(c);
    return rc;
}
