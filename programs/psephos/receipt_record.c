/* What a record says about the ballot of a receipt. */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/record_copy.h"
#include "common/split_view.h"
#include "psephos/receipt.h"

/* --- a record from the web ----------------------------------------------------------------------
 */

static int remove_item(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static pse_rc make_temporary(char dir[FILE_PATH_MAX], const char *name)
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(dir, FILE_PATH_MAX, "%s/psephos-XXXXXX",
                     base == NULL || base[0] == '\0' ? "/tmp" : base);

    if (n > 0 && n < FILE_PATH_MAX && mkdtemp(dir) != NULL)
        return PSE_OK;
    cli_error(name, "cannot make a temporary folder %s: %s; set TMPDIR", dir, strerror(errno));
    dir[0] = '\0';
    return PSE_E_IO;
}

/* The whole record, checked as it comes, so that its server cannot tell which ballot is meant. */
static pse_rc copy_record(const struct receipt *r, const struct session *s, const char *where,
                          const char *to, const char *state)
{
    struct record_copy_options options = {.from = where,
                                          .to = to,
                                          .state = state,
                                          .pin = {.eid = &r->pin.eid, .g = s->g},
                                          .workers = 8,
                                          .quiet = s->options->quiet};
    struct record_copy_report report;
    struct record_copy *c;
    pse_rc rc;

    PSE_TRY(record_copy_open(&c, s->name, &options));
    rc = record_copy_round(c, &report, session_now());
    record_copy_close(c);
    return rc;
}

/* --- comparing ----------------------------------------------------------------------------------
 */

static pse_rc say_older(const struct receipt *r, const struct session *s, const char *where)
{
    cli_error(s->name,
              "%s has %llu entries, but the receipt was given at %llu: it is an old copy, or "
              "something was taken back; ask a mirror",
              where, (unsigned long long)s->load.source.size,
              (unsigned long long)r->proof.checkpoint.size);
    return PSE_E_PROOF;
}

static pse_rc say_split(struct receipt_fate *fate, const struct session *s, const char *dir,
                        struct pse_span evidence)
{
    PSE_TRY(split_view_write(fate->evidence, s->name, dir, evidence));
    cli_error(
        s->name,
        "SPLIT VIEW: the log signed one history for this receipt and another for this record; "
        "the evidence is %s: show it to everybody",
        fate->evidence);
    return PSE_E_PROOF;
}

/* Is the tree of the receipt the beginning of the record's? */
static pse_rc compare(struct receipt_fate *fate, const struct receipt *r, const struct session *s,
                      const char *where, const char *dir, const char *evidence_dir)
{
    struct pse_buf evidence = PSE_BUF(PSE_SPLIT_MAX);
    struct record_at at;
    bool is_split = false;
    pse_rc rc;

    if (r->proof.checkpoint.size > s->load.source.size)
        return say_older(r, s, where);
    rc = record_at_open(&at, s->name, dir);
    if (rc == PSE_OK)
        rc = split_view_compare(&is_split, &evidence, &r->pin, r->proof.checkpoint_bytes,
                                pse_buf_span(&s->load.checkpoint), record_at_tile, &at);
    record_at_close(&at);
    if (rc == PSE_OK && is_split)
        rc = say_split(fate, s, evidence_dir, pse_buf_span(&evidence));
    else if (rc != PSE_OK)
        cli_error(s->name, "the tiles of %s cannot be read (%s)", where, pse_rc_name(rc));
    pse_buf_free(&evidence);
    return rc;
}

/* --- the ballot ---------------------------------------------------------------------------------
 */

static void find_fate(struct receipt_fate *f, const struct pse_engine *e, uint64_t index)
{
    struct pse_credential_view view;
    pse_hash digest;
    pse_enc credential;

    f->size = pse_engine_size(e);
    f->state = pse_state_name(pse_engine_state(e));
    f->is_frozen = pse_engine_freeze_digest(e, &digest) == PSE_OK;
    f->is_admitted = pse_engine_is_admitted(e, index);
    if (pse_engine_ballot_credential(e, &credential, index) != PSE_OK ||
        pse_engine_credential(e, &view, &credential) != PSE_OK)
        return;
    f->is_ballot = true;
    f->latest = view.latest_index;
    f->is_latest = view.latest_index == index;
    f->is_revoked = view.rev >= 0 && (uint64_t)view.rev >= index;
    f->reason = view.rev_reason;
    f->is_active = view.is_active;
}

static pse_rc entry_leaf(pse_hash *leaf, struct session *s, uint64_t index)
{
    struct pse_span entry;
    pse_rc rc = record_source_entry(&s->load.source, &entry, index);

    if (rc != PSE_OK) {
        cli_error(s->name, "the record has no entry %llu (%s)", (unsigned long long)index,
                  pse_rc_name(rc));
        return PSE_E_PROOF;
    }
    pse_entry_leaf(leaf, entry);
    return PSE_OK;
}

static pse_rc look_up(struct receipt_fate *fate, struct receipt *r, struct session *s,
                      const char *where, const char *dir, const char *evidence)
{
    struct record_load_options load = {
        .g = s->g, .rng = &s->rng, .eid = &r->pin.eid, .quiet = s->options->quiet};

    s->has_record = true;
    PSE_TRY(record_load(&s->load, s->name, dir, &load));
    PSE_TRY(compare(fate, r, s, where, dir, evidence));
    if (!r->has_leaf) {
        PSE_TRY(entry_leaf(&r->leaf, s, r->proof.index));
        r->has_leaf = true;
        PSE_TRY(receipt_check(r, s->name, session_now()));
    }
    find_fate(fate, s->load.e, r->proof.index);
    return PSE_OK;
}

pse_rc receipt_look_up(struct receipt_fate *fate, struct receipt *r, struct session *s,
                       const char *where, const char *evidence)
{
    char temporary[FILE_PATH_MAX];
    char dir[FILE_PATH_MAX];
    char state[FILE_PATH_MAX];
    pse_rc rc;

    memset(fate, 0, sizeof *fate);
    if (!record_at_is_url(where))
        return look_up(fate, r, s, where, where, evidence);
    PSE_TRY(make_temporary(temporary, s->name));
    rc = file_join(dir, s->name, temporary, "record");
    if (rc == PSE_OK)
        rc = file_join(state, s->name, temporary, "state");
    if (rc == PSE_OK)
        rc = copy_record(r, s, where, dir, state);
    if (rc == PSE_OK)
        rc = look_up(fate, r, s, where, dir, evidence);
    (void)nftw(temporary, remove_item, 16, FTW_DEPTH | FTW_PHYS);
    return rc;
}
