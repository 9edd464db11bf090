/* psephos receipt verify: what a voter's receipt proves, and what became of the ballot. */
#include "psephos/receipt.h"

#include <inttypes.h>
#include <stdio.h>

#include "codec/codec.h"
#include "commands.h"
#include "psephos/verbs.h"

enum { RECEIPT_ARENA = 64 << 20, ENTRY_FILE_MAX = 1 << 20 };

/* --- reading and checking -----------------------------------------------------------------------
 */

pse_rc receipt_read(struct receipt *r, const char *name, const char *path)
{
    pse_rc rc;

    memset(r, 0, sizeof *r);
    r->path = path;
    PSE_TRY(file_read(&r->bytes, name, path, PSE_PROOF_MAX));
    rc = pse_proof_parse(&r->proof, pse_buf_span(&r->bytes));
    if (rc == PSE_OK)
        return PSE_OK;
    cli_error(name, "%s is no receipt, or is damaged (%s)", path, pse_rc_name(rc));
    return PSE_E_SYNTAX;
}

void receipt_free(struct receipt *r)
{
    pse_buf_free(&r->bytes);
    record_pin_free(&r->pin);
}

static bool is_parcel(struct pse_span bytes)
{
    static const char magic[] = "psephos-parcel-1\n";

    return bytes.n >= sizeof magic - 1 && memcmp(bytes.p, magic, sizeof magic - 1) == 0;
}

pse_rc receipt_leaf(pse_hash *leaf, const char *name, const char *path)
{
    PSE_ARENA(arena, RECEIPT_ARENA);
    struct pse_buf bytes;
    struct parcel parcel;
    struct pse_span entry;
    pse_rc rc = PSE_OK;

    PSE_TRY(file_read(&bytes, name, path, ENTRY_FILE_MAX));
    entry = pse_buf_span(&bytes);
    if (is_parcel(entry)) {
        rc = parcel_parse(&parcel, &arena, entry);
        if (rc == PSE_OK && parcel.entries != 1)
            rc = PSE_E_SYNTAX;
        if (rc == PSE_OK)
            entry = parcel.entry[0];
    } else if (entry.n > PSE_ENTRY_MAX) {
        rc = PSE_E_LENGTH;
    }
    if (rc == PSE_OK)
        pse_entry_leaf(leaf, entry);
    else
        cli_error(name,
                  "%s is neither a parcel with one ballot nor an entry; give the file that "
                  "psephos vote made",
                  path);
    pse_buf_free(&bytes);
    return rc == PSE_OK ? PSE_OK : PSE_E_SYNTAX;
}

static pse_rc refuse(const struct receipt *r, const char *name, const char *why)
{
    cli_error(name,
              "%s does not prove that the ballot is in the record: %s; keep all files, they "
              "are evidence",
              r->path, why);
    return PSE_E_PROOF;
}

pse_rc receipt_check(const struct receipt *r, const char *name, uint64_t now)
{
    struct pse_checkpoint cp;
    enum record_pin_fault fault =
        record_pin_check(&cp, NULL, &r->pin, r->proof.checkpoint_bytes, now);

    if (fault != RECORD_PIN_GOOD)
        return refuse(r, name, record_pin_words(fault));
    switch (pse_tree_inclusion_verify(&cp.root, cp.size, r->proof.index, &r->leaf,
                                      r->proof.path.hash, r->proof.path.n)) {
    case PSE_OK: return PSE_OK;
    case PSE_E_RANGE: return refuse(r, name, "its number is beyond the end of the tree");
    case PSE_E_LENGTH: return refuse(r, name, "its proof has a hash too many or too few");
    default: return refuse(r, name, "the signed tree holds another entry in its place");
    }
}

/* --- telling ------------------------------------------------------------------------------------
 */

struct verify_options {
    struct session_options common;
    const char *word, *entry, *record, *policy, *manifest, *evidence;
    bool json;
};

const char *receipt_fate_word(const struct receipt_fate *f)
{
    if (!f->is_ballot)
        return "no-ballot";
    if (f->is_frozen && f->is_admitted)
        return "counts";
    if (f->is_revoked)
        return "revoked";
    if (!f->is_latest)
        return "replaced";
    if (!f->is_active)
        return "inactive";
    return f->is_frozen ? "not-admitted" : "so-far";
}

static const char *reason_words(uint8_t reason)
{
    switch (reason) {
    case PSE_REASON_PAPER: return "a vote on paper";
    case PSE_REASON_NOT_ENTITLED: return "no right to vote";
    case PSE_REASON_COMPROMISED: return "a credential in wrong hands";
    case PSE_REASON_REQUEST: return "the voter's request";
    default: return "another reason";
    }
}

static void say_fate(const struct receipt_fate *f)
{
    printf("The record now has %" PRIu64 " entries, state %s, and contains all that the receipt "
           "was given for.\n",
           f->size, f->state);
    if (!f->is_ballot) {
        printf("That entry is no valid ballot: it changes nothing.\n");
        return;
    }
    if (!f->is_latest)
        printf("A later ballot of the same credential, entry %" PRIu64 ", replaces it. If you did "
               "not cast that one, tell the election office at once.\n",
               f->latest);
    if (f->is_revoked)
        printf("The registrar has set the ballot aside: %s. If that is wrong, tell the election "
               "office at once.\n",
               reason_words(f->reason));
    if (!f->is_active)
        printf("The credential it was cast with has been withdrawn.\n");
    if (f->is_frozen)
        printf("The set of ballots is fixed, and this one %s in it.\n",
               f->is_admitted ? "is" : "is NOT");
    else if (f->is_latest && !f->is_revoked && f->is_active)
        printf("It is the one that will count if nothing changes before the count.\n");
}

static void say_text(const struct session *s, const struct receipt *r,
                     const struct receipt_fate *fate)
{
    if (s->options->quiet)
        return;
    printf("The ballot is entry %" PRIu64 " of the record, size %" PRIu64
           ", as a quorum of witnesses saw it.\n",
           r->proof.index, r->proof.checkpoint.size);
    if (fate != NULL)
        say_fate(fate);
    if (r->pin.is_learnt)
        cli_note(s->name, "the record itself said which election this is; compare its id with the "
                          "printed one, or give it with --eid");
}

static void put_fate(struct pse_json_wr *w, const struct receipt_fate *f)
{
    pse_json_wr_u64(w, "record_size", f->size);
    pse_json_wr_str(w, "state", f->state);
    pse_json_wr_str(w, "fate", receipt_fate_word(f));
    pse_json_wr_bool(w, "latest", f->is_latest);
    if (f->is_ballot)
        pse_json_wr_u64(w, "latest_index", f->latest);
    pse_json_wr_bool(w, "revoked", f->is_revoked);
    pse_json_wr_bool(w, "frozen", f->is_frozen);
    pse_json_wr_bool(w, "admitted", f->is_admitted);
}

static pse_rc say_json(const struct receipt *r, const struct receipt_fate *fate,
                       const struct receipt_fate *found, bool holds)
{
    struct pse_buf out = PSE_BUF((size_t)1 << 20);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_bool(&w, "holds", holds);
    pse_json_wr_u64(&w, "index", r->proof.index);
    pse_json_wr_u64(&w, "size", r->proof.checkpoint.size);
    if (r->has_leaf)
        pse_json_wr_hex(&w, "leaf", r->leaf.b, 32);
    if (r->pin.has_election)
        pse_json_wr_hex(&w, "election", r->pin.eid.b, 32);
    if (fate != NULL)
        put_fate(&w, fate);
    if (found->evidence[0] != '\0')
        pse_json_wr_str(&w, "evidence", found->evidence);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

/* --- verify -------------------------------------------------------------------------------------
 */

static pse_rc learn(struct receipt *r, const struct session *s, const struct verify_options *o)
{
    struct record_pin_options options = {o->common.eid.given ? &o->common.eid.value : NULL,
                                         o->manifest, o->policy, s->g};
    struct record_at at;
    pse_rc rc;

    if (o->record == NULL)
        return record_pin_learn(&r->pin, s->name, NULL, &options);
    rc = record_at_open(&at, s->name, o->record);
    if (rc == PSE_OK)
        rc = record_pin_learn(&r->pin, s->name, &at, &options);
    record_at_close(&at);
    return rc;
}

static pse_rc check_words(const struct session *s, const struct verify_options *o)
{
    if (o->entry == NULL && o->record == NULL) {
        cli_error(s->name, "--entry FILE is missing: the ballot that the receipt was given for (or "
                           "--record, to take the ballot from there)");
        return PSE_E_MISSING;
    }
    if (o->policy == NULL && o->record == NULL) {
        cli_error(s->name, "--policy FILE is missing: whose signatures count (or --record, to "
                           "learn it from there)");
        return PSE_E_MISSING;
    }
    return PSE_OK;
}

static pse_rc verify(struct session *s, struct receipt *r, struct receipt_fate *fate,
                     const struct verify_options *o)
{
    PSE_TRY(check_words(s, o));
    PSE_TRY(receipt_read(r, s->name, o->word));
    if (o->entry != NULL)
        PSE_TRY(receipt_leaf(&r->leaf, s->name, o->entry));
    r->has_leaf = o->entry != NULL;
    PSE_TRY(learn(r, s, o));
    if (r->has_leaf)
        PSE_TRY(receipt_check(r, s->name, session_now()));
    if (o->record == NULL)
        return PSE_OK;
    if (!r->pin.has_election) {
        cli_error(s->name, "%s is no record of an election", o->record);
        return PSE_E_MISMATCH;
    }
    return receipt_look_up(fate, r, s, o->record, o->evidence);
}

static int receipt_verify(int argc, char **argv)
{
    static struct receipt r;
    static struct receipt_fate fate;
    struct verify_options o = {.evidence = "."};
    struct session s = {.name = "psephos receipt verify", .options = &o.common};
    const struct cli_option options[] = {
        CLI_TEXT("entry", "FILE", &o.entry, "the ballot: the parcel of psephos vote, or the entry"),
        CLI_TEXT("record", "WHERE", &o.record,
                 "the record, a folder or a web address: what became of the ballot"),
        CLI_TEXT("policy", "FILE", &o.policy, "the witness policy"),
        CLI_TEXT("manifest", "FILE", &o.manifest, "the manifest"),
        SESSION_EID(&o.common),
        CLI_TEXT("evidence", "DIR", &o.evidence,
                 "where evidence of a split view is written (default: here)"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "FILE [--entry FILE] [--record WHERE] [--policy FILE]",
        .about =
            "Verify a receipt: is this ballot in the log, as a quorum of witnesses saw it? With\n"
            "a record: is it still there, was it replaced or revoked, is it among those that\n"
            "count?",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.word,
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = session_begin(&s, s.name, &o.common);
    if (rc == PSE_OK)
        rc = verify(&s, &r, &fate, &o);
    if (o.json && (rc == PSE_OK || rc == PSE_E_PROOF)) {
        const struct receipt_fate *known = rc == PSE_OK && o.record != NULL ? &fate : NULL;

        if (say_json(&r, known, &fate, rc == PSE_OK) != PSE_OK)
            rc = PSE_E_MEMORY;
    } else if (rc == PSE_OK) {
        say_text(&s, &r, o.record != NULL ? &fate : NULL);
    }
    receipt_free(&r);
    return session_end(&s, rc, NULL);
}

int cmd_receipt(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"verify", "what a receipt proves, and what became of the ballot", receipt_verify},
    };

    return verbs_run("receipt", "The proof that a ballot is in the record.", verb, CLI_COUNT(verb),
                     argc, argv);
}
