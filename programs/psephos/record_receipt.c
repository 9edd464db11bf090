/* psephos record receipt: the proof that a ballot is in the record, made and checked. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "psephos/receipt.h"
#include "psephos/record.h"

enum { CARD_ARENA = 1 << 20 };

pse_rc receipt_write(const char *name, const char *path, struct record_source *source,
                     uint64_t index, struct pse_span checkpoint)
{
    struct pse_buf text = PSE_BUF(PSE_PROOF_MAX);
    struct pse_tree_proof proof;
    pse_rc rc = pse_tree_inclusion(&proof, source->size, index, record_source_node, source);

    if (rc != PSE_OK) {
        cli_error(name, "no proof can be made for entry %llu (%s); verify the record",
                  (unsigned long long)index, pse_rc_name(rc));
        return rc;
    }
    pse_proof_put(&text, NULL, index, &proof, checkpoint);
    rc = text.rc;
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_NEW);
    pse_buf_free(&text);
    return rc;
}

struct receipt_options {
    struct session_options common;
    const char *check, *ballot, *policy;
    uint64_t index;
};

/* --- making -------------------------------------------------------------------------------------
 */

static pse_rc find_ballot(uint64_t *index, const struct session *s, const char *card_file)
{
    PSE_ARENA(arena, CARD_ARENA);
    struct pse_credential_view view;
    struct card card;

    PSE_TRY(card_read(&card, &arena, s->name, card_file, KEY_VOTER, s->g));
    if (pse_engine_credential(s->load.e, &view, &card.point) != PSE_OK || view.ballots == 0) {
        cli_error(s->name, "the record holds no ballot of %s", card_file);
        return PSE_E_STATE;
    }
    *index = view.latest_index;
    return PSE_OK;
}

static pse_rc make_receipt(struct session *s, const struct receipt_options *o)
{
    uint64_t index = o->index;

    PSE_TRY(session_want(s, o->common.out, "out FILE"));
    PSE_TRY(session_start(s, s->name, &o->common));
    if (o->common.key != NULL)
        PSE_TRY(find_ballot(&index, s, o->common.key));
    if (index >= s->load.source.size) {
        cli_error(s->name, "name the ballot: --key CARD of the voter, or --index below %llu",
                  (unsigned long long)s->load.source.size);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(receipt_write(s->name, o->common.out, &s->load.source, index,
                          pse_buf_span(&s->load.checkpoint)));
    session_say(s, "%s: entry %llu is in the record of %llu entries", o->common.out,
                (unsigned long long)index, (unsigned long long)s->load.source.size);
    return PSE_OK;
}

/* --- checking -----------------------------------------------------------------------------------
 */

static pse_rc check_with(struct receipt *r, struct session *s, const struct receipt_options *o)
{
    PSE_TRY(receipt_read(r, s->name, o->check));
    PSE_TRY(receipt_leaf(&r->leaf, s->name, o->ballot));
    PSE_TRY(record_pin_learn(&r->pin, s->name, NULL,
                             &(struct record_pin_options){.policy = o->policy, .g = s->g}));
    return receipt_check(r, s->name, session_now());
}

static pse_rc check_receipt(struct session *s, const struct receipt_options *o)
{
    static struct receipt r;
    pse_rc rc;

    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->ballot, "ballot FILE"));
    PSE_TRY(session_want(s, o->policy, "policy FILE"));
    rc = check_with(&r, s, o);
    if (rc == PSE_OK)
        session_say(s,
                    "The ballot is entry %llu of the record, size %llu, as a quorum of witnesses "
                    "saw it.",
                    (unsigned long long)r.proof.index, (unsigned long long)r.proof.checkpoint.size);
    receipt_free(&r);
    return rc;
}

int record_receipt(int argc, char **argv)
{
    struct receipt_options o = {.index = UINT64_MAX};
    struct session s = {.name = "psephos record receipt", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_RECORD(&o.common),
        CLI_TEXT("key", "CARD", &o.common.key, "the voter's card: takes the latest ballot"),
        CLI_NUMBER("index", "N", &o.index, 0, UINT64_MAX - 1, "or the number of the entry"),
        SESSION_OUT(&o.common),
        CLI_TEXT("check", "FILE", &o.check, "check this receipt instead; needs no record"),
        CLI_TEXT("ballot", "FILE", &o.ballot, "the parcel of the ballot, for --check"),
        CLI_TEXT("policy", "FILE", &o.policy, "the witness policy, for --check"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR (--key CARD | --index N) --out FILE\n"
                    "       psephos record receipt --check FILE --ballot FILE --policy FILE",
        .about = "Make the proof that a ballot is in the record, or check one.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = o.check != NULL ? check_receipt(&s, &o) : make_receipt(&s, &o);
    return session_end(&s, rc, NULL);
}
