/* What becomes of a parcel that a role has made: into a file, or to a box, and nowhere lost. */
#include <stdio.h>

#include "codec/text.h"
#include "common/box_client.h"
#include "psephos/session.h"

enum { PENDING_ARENA = 64 << 20 };

static pse_rc check_parcel(const struct session *s)
{
    if (s->parcel.rc == PSE_OK)
        return PSE_OK;
    cli_error(s->name, "the parcel is larger than %zu bytes; use a larger machine", PARCEL_MAX);
    return s->parcel.rc;
}

static pse_rc write_parcel(const struct session *s)
{
    PSE_TRY(file_write(s->name, s->options->out, pse_buf_span(&s->parcel), FILE_NEW));
    session_say(s, "%s: %zu %s", s->options->out, s->entries,
                s->entries == 1 ? "entry" : "entries");
    return PSE_OK;
}

/* --- sending ------------------------------------------------------------------------------------
 */

static pse_rc post(struct session *s, const char *url, struct pse_span parcel)
{
    const struct session_options *o = s->options;
    struct record_pin_options options = {.eid = pse_engine_eid(s->load.e), .g = s->g};
    struct record_pin pin;
    struct record_at at;
    struct box_client box;
    pse_rc rc = record_at_open(&at, s->name, s->dir);

    if (rc == PSE_OK) {
        rc = record_pin_learn(&pin, s->name, &at, &options);
        if (rc == PSE_OK) {
            rc = box_client_open(&box, s->name, url, &s->rng,
                                 o->patience == 0 ? BOX_PATIENCE : (unsigned)o->patience, o->quiet);
            if (rc == PSE_OK)
                rc = box_client_post_parcel(&box, &pin, parcel, session_now);
            box_client_close(&box);
        }
        record_pin_free(&pin);
    }
    record_at_close(&at);
    return rc;
}

pse_rc session_post(struct session *s, const char *url)
{
    PSE_TRY(check_parcel(s));
    return s->entries == 0 ? PSE_OK : post(s, url, pse_buf_span(&s->parcel));
}

/* --- what waits ---------------------------------------------------------------------------------
 */

/* A refusal is known to have changed nothing, success is witnessed: either way nothing waits any
 * more. Anything else may have been recorded, unless it is @p fresh and never left. */
static pse_rc settle(const struct session *s, const char *path, bool fresh, pse_rc rc)
{
    if (rc == PSE_OK || rc == PSE_E_STATE || (fresh && rc == PSE_E_SYNTAX)) {
        PSE_TRY(file_remove(s->name, path));
        return rc;
    }
    cli_note(s->name, "%s: the parcel waits here, and goes first the next time", path);
    return rc;
}

static bool is_recorded(struct session *s, const pse_hash *leaf)
{
    struct pse_span entry;
    pse_hash other;

    for (uint64_t i = 0; i < s->load.source.size; i++) {
        if (record_source_entry(&s->load.source, &entry, i) != PSE_OK)
            return false;
        pse_entry_leaf(&other, entry);
        if (pse_hash_is_equal(&other, leaf))
            return true;
    }
    return false;
}

static pse_rc are_recorded(bool *all, struct session *s, const char *path, struct pse_span bytes)
{
    PSE_ARENA(arena, PENDING_ARENA);
    struct parcel items;

    *all = true;
    if (parcel_parse(&items, &arena, bytes) != PSE_OK) {
        cli_error(s->name, "%s is no parcel; look what it is, and move it away", path);
        return PSE_E_SYNTAX;
    }
    for (size_t i = 0; i < items.entries && *all; i++) {
        pse_hash leaf;

        pse_entry_leaf(&leaf, items.entry[i]);
        *all = is_recorded(s, &leaf);
    }
    return PSE_OK;
}

/* *sent: the parcel of an earlier run has gone in place of the one made now, which was made without
 * knowing of it. */
static pse_rc send_pending(bool *sent, struct session *s, const char *path)
{
    struct pse_buf bytes;
    bool recorded = false;
    pse_rc rc;

    *sent = false;
    if (!file_exists(path))
        return PSE_OK;
    rc = file_read(&bytes, s->name, path, PARCEL_MAX);
    if (rc == PSE_OK)
        rc = are_recorded(&recorded, s, path, pse_buf_span(&bytes));
    if (rc == PSE_OK && recorded) {
        rc = file_remove(s->name, path);
    } else if (rc == PSE_OK) {
        *sent = true;
        cli_note(s->name,
                 "an earlier run made a parcel and did not learn what became of it (%s): that "
                 "parcel is sent now, not what was made just now",
                 path);
        rc = settle(s, path, false, post(s, s->options->post, pse_buf_span(&bytes)));
    }
    pse_buf_free(&bytes);
    return rc;
}

/* Nothing leaves before there is something to send again. */
static pse_rc post_kept(struct session *s)
{
    const char *beside = s->options->key;
    char path[FILE_PATH_MAX];
    bool sent;

    PSE_TRY(session_want(s, beside, "out FILE or --key FILE"));
    if (snprintf(path, sizeof path, "%s.pending.parcel", beside) >= FILE_PATH_MAX - 32) {
        cli_error(s->name, "the name of --key is too long");
        return PSE_E_LIMIT;
    }
    PSE_TRY(send_pending(&sent, s, path));
    if (sent)
        return PSE_OK;
    PSE_TRY(file_write(s->name, path, pse_buf_span(&s->parcel), FILE_NEW | FILE_SECRET));
    return settle(s, path, true, session_post(s, s->options->post));
}

pse_rc session_deliver(struct session *s)
{
    const struct session_options *o = s->options;

    PSE_TRY(check_parcel(s));
    PSE_TRY(session_want_sink(s));
    if (o->out != NULL)
        PSE_TRY(write_parcel(s));
    if (o->post == NULL)
        return PSE_OK;
    if (!s->has_record) {
        cli_error(s->name,
                  "--post wants --record, which says whose witnesses count; or give --out");
        return PSE_E_SYNTAX;
    }
    return o->out != NULL ? session_post(s, o->post) : post_kept(s);
}
