#include "common/record_follow.h"

#include <stdio.h>

#include "codec/codec.h"
#include "common/record_copy.h"
#include "common/split_view.h"

enum { FOLLOW_WORKERS = 8 };

/* --- where things are kept ----------------------------------------------------------------------
 */

static pse_rc copy_folder(char out[FILE_PATH_MAX], const char *name,
                          const struct record_follow_options *o)
{
    int n;

    if (o->cache == NULL && o->key == NULL) {
        cli_error(name,
                  "%s is an address: say with --cache DIR where your copy of the record is to be "
                  "kept, or copy it first with psephos mirror",
                  o->from);
        return PSE_E_SYNTAX;
    }
    n = o->cache != NULL ? snprintf(out, FILE_PATH_MAX, "%s", o->cache)
                         : snprintf(out, FILE_PATH_MAX, "%s.record", o->key);
    if (n > 0 && n < FILE_PATH_MAX - 16)
        return PSE_OK;
    cli_error(name, "the name of the folder for the copy is empty or too long");
    return PSE_E_LIMIT;
}

/* The private folder of a copy (as psephos mirror names it); evidence goes there too. */
static void state_folder(char out[FILE_PATH_MAX], const char *copy)
{
    (void)snprintf(out, FILE_PATH_MAX, "%.*s.state", FILE_PATH_MAX - 8, copy);
}

/* --- mirrors ------------------------------------------------------------------------------------
 */

struct view {
    struct record_at *at;
    struct pse_buf note;
    struct pse_checkpoint cp;
};

static pse_rc read_view(struct view *v, const char *name, const struct record_pin *pin,
                        uint64_t now)
{
    enum record_pin_fault fault;
    pse_rc rc = record_at_get(v->at, &v->note, "checkpoint", PSE_NOTE_MAX);

    if (rc != PSE_OK) {
        cli_error(name,
                  "%s/checkpoint: %s; it must be compared before anything is done: try again "
                  "later, or name another mirror",
                  record_at_where(v->at), record_at_trouble(v->at));
        return rc;
    }
    fault = record_pin_check(&v->cp, NULL, pin, pse_buf_span(&v->note), now);
    if (fault == RECORD_PIN_GOOD || fault == RECORD_PIN_QUORUM)
        return PSE_OK;
    cli_error(name,
              "%s/checkpoint is not of the record you work on: %s; nothing was done. Find out who "
              "is wrong before you go on",
              record_at_where(v->at), record_pin_words(fault));
    return fault == RECORD_PIN_LOG ? PSE_E_SIGNATURE : PSE_E_PROOF;
}

static pse_rc say_split(const char *name, const char *where, const char *folder,
                        struct pse_span evidence)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(split_view_write(path, name, folder, evidence));
    cli_error(name,
              "SPLIT VIEW: the log signed one history for your record and another for %s; nothing "
              "was done. The evidence is %s: show it to everybody",
              where, path);
    return PSE_E_PROOF;
}

static pse_rc compare_views(struct view *ours, struct view *other, const char *name,
                            const struct record_pin *pin, const char *folder)
{
    struct view *larger = ours->cp.size >= other->cp.size ? ours : other;
    struct pse_buf evidence = PSE_BUF(PSE_SPLIT_MAX);
    bool is_split;
    pse_rc rc = split_view_compare(&is_split, &evidence, pin, pse_buf_span(&ours->note),
                                   pse_buf_span(&other->note), record_at_tile, larger->at);

    if (rc == PSE_OK && is_split) {
        rc = say_split(name, record_at_where(other->at), folder, pse_buf_span(&evidence));
    } else if (rc != PSE_OK) {
        cli_error(name, "%s serves tiles that do not give the root it shows (%s%s%s)",
                  record_at_where(larger->at), pse_rc_name(rc),
                  record_at_trouble(larger->at)[0] == '\0' ? "" : ", ",
                  record_at_trouble(larger->at));
        rc = rc == PSE_E_IO || rc == PSE_E_MEMORY ? rc : PSE_E_PROOF;
    }
    pse_buf_free(&evidence);
    return rc;
}

static pse_rc check_mirror(struct view *ours, const char *name, const struct record_pin *pin,
                           const char *where, const char *folder, uint64_t now)
{
    struct record_at at;
    struct view other = {.at = &at, .note = PSE_BUF(PSE_NOTE_MAX)};
    pse_rc rc = record_at_open(&at, name, where);

    if (rc == PSE_OK)
        rc = read_view(&other, name, pin, now);
    if (rc == PSE_OK)
        rc = compare_views(ours, &other, name, pin, folder);
    if (rc == PSE_OK &&
        record_pin_check(&other.cp, NULL, pin, pse_buf_span(&other.note), now) != RECORD_PIN_GOOD) {
        cli_error(name, "%s shows a checkpoint without its quorum of witnesses; nothing was done",
                  where);
        rc = PSE_E_PROOF;
    }
    record_at_close(&at);
    pse_buf_free(&other.note);
    return rc;
}

static pse_rc check_mirrors(struct view *ours, const char *name, const struct record_pin *pin,
                            const struct cli_list *mirror, const char *folder, uint64_t now)
{
    PSE_TRY(read_view(ours, name, pin, now));
    for (size_t i = 0; i < mirror->n; i++)
        PSE_TRY(check_mirror(ours, name, pin, mirror->v[i], folder, now));
    return PSE_OK;
}

pse_rc record_follow_compare(const struct record_pin *pin, const char *name, struct record_at *at,
                             const struct cli_list *mirror, const char *evidence, uint64_t now)
{
    struct view ours = {.at = at, .note = PSE_BUF(PSE_NOTE_MAX)};
    pse_rc rc = PSE_OK;

    if (mirror != NULL && mirror->n > 0)
        rc = check_mirrors(&ours, name, pin, mirror, evidence, now);
    pse_buf_free(&ours.note);
    return rc;
}

/* --- following ----------------------------------------------------------------------------------
 */

static pse_rc judge_round(const char *name, const struct record_copy_report *r, const char *from)
{
    if (r->verdict == RECORD_COPY_SPLIT) {
        cli_error(name,
                  "SPLIT VIEW: %s shows a history that contradicts your copy, both signed by the "
                  "log; nothing was done. The evidence is %s: show it to everybody",
                  from, r->evidence);
        return PSE_E_PROOF;
    }
    if (r->verdict == RECORD_COPY_BACK)
        cli_note(name, "%s shows an older state than your copy holds; the copy is used", from);
    return PSE_OK;
}

static void say_learnt(const char *name, const struct record_pin *pin, const char *from)
{
    char hex[65];

    if (!pin->is_learnt)
        return;
    pse_hex_encode(hex, pin->eid.b, 32);
    cli_note(name,
             "%s says that it holds election %s; compare the id with the printed one, or give it "
             "with --eid",
             from, hex);
}

static pse_rc copy_round(char dir[FILE_PATH_MAX], const char *name,
                         const struct record_follow_options *o, uint64_t now)
{
    char state[FILE_PATH_MAX];
    struct record_copy_options options = {.from = o->from,
                                          .to = dir,
                                          .state = state,
                                          .pin = {.eid = o->eid, .g = o->g},
                                          .workers = FOLLOW_WORKERS,
                                          .quiet = o->quiet};
    struct record_copy_report report;
    struct record_copy *c;
    pse_rc rc;

    PSE_TRY(copy_folder(dir, name, o));
    state_folder(state, dir);
    PSE_TRY(record_copy_open(&c, name, &options));
    say_learnt(name, record_copy_pin(c), o->from);
    rc = record_copy_round(c, &report, now);
    if (rc == PSE_OK)
        rc = judge_round(name, &report, o->from);
    record_copy_close(c);
    return rc;
}

static pse_rc compare_folder(const char *dir, const char *name,
                             const struct record_follow_options *o, uint64_t now)
{
    struct record_pin_options options = {.eid = o->eid, .g = o->g};
    struct record_pin pin;
    struct record_at at;
    char copy[FILE_PATH_MAX];
    char state[FILE_PATH_MAX];
    pse_rc rc;

    if (o->mirror == NULL || o->mirror->n == 0)
        return PSE_OK;
    PSE_TRY(copy_folder(copy, name, o));
    state_folder(state, copy);
    rc = record_at_open(&at, name, dir);
    if (rc == PSE_OK) {
        rc = record_pin_learn(&pin, name, &at, &options);
        if (rc == PSE_OK)
            rc = record_follow_compare(&pin, name, &at, o->mirror, state, now);
        record_pin_free(&pin);
    }
    record_at_close(&at);
    return rc;
}

pse_rc record_follow(char dir[FILE_PATH_MAX], const char *name,
                     const struct record_follow_options *o, uint64_t now)
{
    for (size_t i = 0; o->mirror != NULL && i < o->mirror->n; i++) {
        if (strcmp(o->mirror->v[i], o->from) == 0) {
            cli_error(name,
                      "--mirror %s is the same place as --record; name one that somebody else runs",
                      o->from);
            return PSE_E_SYNTAX;
        }
    }
    if (record_at_is_url(o->from)) {
        PSE_TRY(copy_round(dir, name, o, now));
    } else if (snprintf(dir, FILE_PATH_MAX, "%s", o->from) >= FILE_PATH_MAX) {
        cli_error(name, "the name of the record is too long");
        return PSE_E_LIMIT;
    }
    return compare_folder(dir, name, o, now);
}
