/* What psephos check keeps: notes of checks begun, checks that went well, reports. */
#include <inttypes.h>
#include <stdio.h>

#include "codec/codec.h"
#include "common/split_view.h"
#include "crypto/report.h"
#include "psephos/check.h"

static const char magic[] = "psephos-check-1";

/* --- a check that was begun ---------------------------------------------------------------------
 */

static pse_rc keep_path(char path[FILE_PATH_MAX], const struct session *s, const char *folder,
                        const char *name, const char *end)
{
    char leaf[128];

    (void)snprintf(leaf, sizeof leaf, "%s.%s", name, end);
    return file_join(path, s->name, folder, leaf);
}

pse_rc check_note_start(char path[FILE_PATH_MAX], bool *before, const struct session *s,
                        const char *folder, const pse_hash *leaf)
{
    char hex[65];
    char text[160];
    int n;

    pse_hex_encode(hex, leaf->b, 32);
    PSE_TRY(file_make_dir(s->name, folder));
    PSE_TRY(keep_path(path, s, folder, hex, "started"));
    *before = file_exists(path);
    if (*before) {
        cli_note(s->name,
                 "a check of this ballot was begun before and did not end well: that counts, "
                 "however this one ends (%s)",
                 path);
        return PSE_OK;
    }
    n = snprintf(text, sizeof text, "leaf %s\ntime %" PRIu64 "\n", hex, session_now());
    return file_write(s->name, path, pse_span(text, (size_t)n), FILE_NEW | FILE_SECRET);
}

pse_rc check_offer_report(const struct session *s, const char *path, uint16_t code,
                          const pse_hash *leaf, const char *note)
{
    struct pse_report report = {.eid = *pse_engine_eid(s->load.e),
                                .class = PSE_INCIDENT_INTEGRITY,
                                .code = code,
                                .leaf_hash = *leaf,
                                .time = session_now()};
    struct pse_buf out = PSE_BUF(PSE_REPORT_MAX);
    pse_rc rc;

    cli_error(s->name, "THE CHECK FAILED, and that counts even if a later one does not%s%s",
              note == NULL ? "" : "; its time is kept in ", note == NULL ? "" : note);
    if (path == NULL) {
        cli_note(s->name, "--report FILE makes a report for the election office, without your "
                          "choices or your name");
        return PSE_OK;
    }
    pse_sha256(&report.checkpoint_hash, pse_buf_span(&s->load.checkpoint));
    rc = pse_report_build(s->g, &out, &report, NULL, NULL);
    if (rc == PSE_OK)
        rc = file_write(s->name, path, pse_buf_span(&out), FILE_NEW | FILE_SECRET);
    pse_buf_free(&out);
    if (rc == PSE_OK)
        session_say(s, "%s: a report; give it to the election office", path);
    return rc;
}

/* --- a check that went well ---------------------------------------------------------------------
 */

static void put_line(struct pse_buf *out, const char *name, const char *value)
{
    pse_wr_str(out, name);
    pse_wr_str(out, value);
    pse_wr_str(out, "\n");
}

static void put_kept(struct pse_buf *out, const struct session *s, const struct check_ballot *b,
                     const char *tracker)
{
    char hex[65];
    char number[PSE_DECIMAL_TEXT];

    put_line(out, magic, "");
    pse_hex_encode(hex, pse_engine_eid(s->load.e)->b, 32);
    put_line(out, "election ", hex);
    put_line(out, "tracker ", tracker);
    pse_hex_encode(hex, b->leaf.b, 32);
    put_line(out, "leaf ", hex);
    pse_decimal_encode(number, b->index);
    put_line(out, "index ", number);
    pse_wr_str(out, "\n");
    pse_wr_span(out, pse_buf_span(&s->load.checkpoint));
}

pse_rc check_note_success(const struct session *s, const char *folder, const struct check_ballot *b)
{
    struct pse_buf text = PSE_BUF(2 * PSE_NOTE_MAX);
    uint8_t tracker[PSE_TRACKER_BYTES];
    char code[PSE_TRACKER_TEXT];
    char path[FILE_PATH_MAX];
    pse_rc rc;

    pse_tracker(tracker, pse_engine_eid(s->load.e), &b->credential, &b->leaf);
    pse_code_encode(code, tracker, PSE_TRACKER_BYTES);
    put_kept(&text, s, b, code);
    rc = text.rc;
    if (rc == PSE_OK)
        rc = keep_path(path, s, folder, code, "checked");
    if (rc == PSE_OK)
        rc = file_write(s->name, path, pse_buf_span(&text), FILE_REPLACE | FILE_SECRET);
    pse_buf_free(&text);
    PSE_TRY(rc);
    session_say(s, "Checked. Tracker: %s", code);
    session_say(s, "%s: after the vote ask again whether it is counted: psephos check %s", path,
                path);
    return PSE_OK;
}

static pse_rc take_field(struct pse_span *value, struct pse_span *text, const char *name)
{
    size_t n = strlen(name);

    PSE_TRY(pse_line_take(value, text));
    if (value->n < n || memcmp(value->p, name, n) != 0)
        return PSE_E_SYNTAX;
    *value = pse_span(value->p + n, value->n - n);
    return PSE_OK;
}

pse_rc check_kept_parse(struct check_kept *k, struct pse_span file)
{
    uint8_t tracker[PSE_TRACKER_BYTES];
    struct pse_span value;

    PSE_TRY(take_field(&value, &file, magic));
    if (value.n != 0)
        return PSE_E_SYNTAX;
    PSE_TRY(take_field(&value, &file, "election "));
    if (pse_hex_decode(k->eid.b, 32, value) != PSE_OK)
        return PSE_E_SYNTAX;
    PSE_TRY(take_field(&value, &file, "tracker "));
    if (pse_code_decode(tracker, sizeof tracker, value) != PSE_OK)
        return PSE_E_SYNTAX;
    PSE_TRY(take_field(&value, &file, "leaf "));
    if (pse_hex_decode(k->leaf.b, 32, value) != PSE_OK)
        return PSE_E_SYNTAX;
    PSE_TRY(take_field(&value, &file, "index "));
    if (pse_decimal_decode(&k->index, value) != PSE_OK)
        return PSE_E_SYNTAX;
    PSE_TRY(take_field(&value, &file, ""));
    k->checkpoint = file;
    return value.n == 0 && file.n > 0 ? PSE_OK : PSE_E_SYNTAX;
}

/* --- asking again -------------------------------------------------------------------------------
 */

/* The tree that was checked must be the beginning of today's. */
static pse_rc compare_trees(struct session *s, const struct check_options *o,
                            const struct check_kept *k)
{
    struct record_pin_options options = {.eid = &k->eid, .g = s->g};
    struct pse_buf evidence = PSE_BUF(PSE_SPLIT_MAX);
    char path[FILE_PATH_MAX];
    struct record_pin pin;
    struct record_at at;
    bool is_split = false;
    pse_rc rc = record_at_open(&at, s->name, s->dir);

    if (rc == PSE_OK) {
        rc = record_pin_learn(&pin, s->name, &at, &options);
        if (rc == PSE_OK)
            rc = split_view_compare(&is_split, &evidence, &pin, k->checkpoint,
                                    pse_buf_span(&s->load.checkpoint), record_at_tile, &at);
        record_pin_free(&pin);
    }
    record_at_close(&at);
    if (rc == PSE_OK && is_split)
        rc = split_view_write(path, s->name, o->keep, pse_buf_span(&evidence));
    else if (rc != PSE_OK)
        cli_error(s->name, "the checkpoint in %s cannot be compared with the record (%s)", o->what,
                  pse_rc_name(rc));
    pse_buf_free(&evidence);
    PSE_TRY(rc);
    if (!is_split)
        return PSE_OK;
    cli_error(s->name,
              "SPLIT VIEW: the log signed one history when you checked and another now; the "
              "evidence is %s: show it to everybody",
              path);
    return PSE_E_PROOF;
}

static pse_rc judge(struct session *s, const struct check_options *o, const struct check_kept *k)
{
    struct check_ballot b = {.index = k->index, .leaf = k->leaf, .entry = PSE_BUF(PSE_ENTRY_MAX)};
    pse_hash digest;
    pse_rc rc = compare_trees(s, o, k);

    if (rc == PSE_OK)
        rc = check_find_ballot(&b, s);
    pse_buf_free(&b.entry);
    PSE_TRY(rc);
    if (pse_engine_freeze_digest(s->load.e, &digest) != PSE_OK) {
        PSE_TRY(check_stands(&b, s));
        cli_note(s->name, "so far the ballot stands, but the set of ballots is not fixed yet: ask "
                          "again after the vote has closed");
        return PSE_E_UNKNOWN;
    }
    if (!pse_engine_is_admitted(s->load.e, b.index)) {
        PSE_TRY(check_stands(&b, s));
        cli_error(s->name, "the ballot is not among those that are counted");
        return PSE_E_PROOF;
    }
    session_say(s, "The ballot is among those that are counted.");
    return PSE_OK;
}

pse_rc check_again(struct session *s, struct check_options *o, struct pse_span file)
{
    struct check_kept k;
    pse_rc rc;

    if (check_kept_parse(&k, file) != PSE_OK) {
        cli_error(s->name, "%s is neither the text of a QR nor a check that psephos check kept",
                  o->what);
        return PSE_E_SYNTAX;
    }
    if (o->common.eid.given && !pse_hash_is_equal(&o->common.eid.value, &k.eid)) {
        cli_error(s->name, "%s is of another election than --eid", o->what);
        return PSE_E_MISMATCH;
    }
    o->common.eid = (struct cli_hash){k.eid, true};
    PSE_TRY(session_follow(s));
    PSE_TRY(session_load(s));
    rc = judge(s, o, &k);
    if (rc == PSE_E_PROOF &&
        check_offer_report(s, o->report, REPORT_CHANGED, &k.leaf, NULL) != PSE_OK)
        cli_note(s->name, "there is no report");
    return rc;
}
