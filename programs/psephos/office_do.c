/* Doing what two officers agreed to: make the entries, log the act, send them, keep the outcome.
 *
 * What was made is durable (STATE/acts/HASH.parcel) before the act is written to the log and before
 * anything is sent, so after a crash the same bytes are sent again, and the same entry gets the
 * same place. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/act.h"
#include "common/evidence.h"
#include "common/files.h"
#include "common/release.h"
#include "psephos/office.h"

enum { RETRY_MS = 2000, PARCEL_FILE_MAX = 128 << 20 };

static pse_rc put_blob(void *ctx, struct pse_span blob)
{
    struct pse_buf *b = ctx;

    parcel_put_blob(b, blob);
    return b->rc;
}

static pse_rc put_entry(void *ctx, struct pse_span entry)
{
    struct pse_buf *b = ctx;

    parcel_put_entry(b, entry);
    return b->rc;
}

void office_say(struct office_act *a, const char *why)
{
    (void)snprintf(a->why, sizeof a->why, "%s", why);
}

/* --- orders ------------------------------------------------------------------------------------
 */

static bool is(const struct order *o, const char *what)
{
    return strcmp(o->what, what) == 0;
}

static bool is_ballots(const struct order *o)
{
    return is(o, "revoke") || is(o, "restore");
}

static const char *private_fault(struct office *o, const struct order *order)
{
    struct release r;
    pse_hash batch;
    uint64_t number;
    pse_rc rc;

    if (!is(order, "import") && !is(order, "release") && !is(order, "erase"))
        return NULL;
    if (o->voters == NULL)
        return "no-voters-here";
    if (is(order, "erase"))
        return order_number(&number, order, "person") == PSE_OK ? NULL : "malformed";
    if (is(order, "import")) {
        pse_hash list;

        return order_hash(&list, order, "list") == PSE_OK &&
                       order_hash(&batch, order, "base") == PSE_OK
                   ? NULL
                   : "malformed";
    }
    if (order_number(&number, order, "through") != PSE_OK ||
        order_hash(&batch, order, "batch") != PSE_OK)
        return "malformed";
    rc = release_read(&r, o->voters, o->record.e, number);
    if (rc == PSE_OK && !pse_hash_is_equal(&r.batch, &batch))
        rc = PSE_E_MISMATCH;
    release_free(&r);
    return rc == PSE_OK ? NULL : "other-batch";
}

static const char *credential_fault(struct office *o, const struct order *order)
{
    struct pse_credential_view view;
    pse_enc credential;
    pse_hash h;
    uint8_t code;

    if (!is_ballots(order) && !is(order, "void"))
        return NULL;
    if (o->registrar == NULL)
        return "no-registrar-here";
    if (order_hash(&h, order, "credential") != PSE_OK ||
        order_code(&code, order, "reason", order_reasons) != PSE_OK)
        return "malformed";
    memcpy(credential.b, h.b, 32);
    return pse_engine_credential(o->record.e, &view, &credential) == PSE_OK ? NULL
                                                                            : "unknown-credential";
}

static const char *account_fault(const struct office *o, const struct order *order)
{
    pse_hash credential;

    if (!is(order, "remove-authenticator"))
        return NULL;
    if (order_hash(&credential, order, "credential") != PSE_OK)
        return "malformed";
    return office_has_credential(o, order_value(order, "account"), &credential)
               ? NULL
               : "no-such-authenticator";
}

static const char *word_fault(const struct office *o, const struct order *order)
{
    pse_hash h;
    pse_hash own;
    uint8_t code;

    if (is(order, "close") && order_code(&code, order, "reason", order_close_reasons) != PSE_OK)
        return "malformed";
    if (is(order, "abort") && order_code(&code, order, "reason", order_abort_reasons) != PSE_OK)
        return "malformed";
    if (is(order, "statement") &&
        (order_hash(&h, order, "document") != PSE_OK ||
         order_code(&code, order, "kind", order_statement_kinds) != PSE_OK))
        return "malformed";
    if (!is(order, "publish"))
        return NULL;
    if (order_hash(&h, order, "settings") != PSE_OK)
        return "malformed";
    pse_conf_hash(&own, o->d->conf, o->d->settings);
    return pse_span_is_str(order_value(order, "daemon"), "officer") && !pse_hash_is_equal(&h, &own)
               ? "other-settings"
               : NULL;
}

const char *office_order_fault(struct office *o, const struct order *order)
{
    const char *fault = word_fault(o, order);

    if (fault == NULL)
        fault = credential_fault(o, order);
    if (fault == NULL)
        fault = private_fault(o, order);
    if (fault == NULL)
        fault = account_fault(o, order);
    return fault;
}

/* --- making ------------------------------------------------------------------------------------
 */

static pse_rc commit_grounds(pse_hash *out, struct office *o, const struct office_act *a)
{
    return evidence_commit(out, o->d->name, o->evidence_path, a->order.what,
                           pse_engine_eid(o->record.e), a->consent.about, &o->rng);
}

static pse_rc make_ballots(struct office *o, struct office_act *a, const struct act *act)
{
    bool back = is(&a->order, "restore");
    struct pse_credential_view view;
    pse_hash commitment;
    pse_enc credential;
    uint8_t reason;
    pse_hash h;

    PSE_TRY(order_hash(&h, &a->order, "credential"));
    PSE_TRY(order_code(&reason, &a->order, "reason", order_reasons));
    memcpy(credential.b, h.b, 32);
    PSE_TRY(pse_engine_credential(o->record.e, &view, &credential));
    if (back ? view.rev < 0 || view.rev_reason != reason
             : view.ballots == 0 || (int64_t)view.latest_index <= view.rev) {
        office_say(a, back ? "no ballot is revoked for this reason" : "no ballot that counts");
        return PSE_E_STATE;
    }
    PSE_TRY(act_allowed(act, PSE_ENTRY_BALLOT_REVOKE, PSE_ROLE_REGISTRAR, 0));
    PSE_TRY(commit_grounds(&commitment, o, a));
    return act_revoke(act, &o->registrar->sign, back ? (uint64_t)view.rev : view.latest_index,
                      back ? PSE_REVOKE_RESTORE : PSE_REVOKE_REVOKE, reason, &commitment);
}

static pse_rc make_void(struct office *o, const struct office_act *a, const struct act *act)
{
    pse_hash commitment;
    pse_enc credential;
    uint8_t reason;
    pse_hash h;

    PSE_TRY(order_hash(&h, &a->order, "credential"));
    PSE_TRY(order_code(&reason, &a->order, "reason", order_reasons));
    memcpy(credential.b, h.b, 32);
    PSE_TRY(act_allowed(act, PSE_ENTRY_CREDENTIAL_CHANGE, PSE_ROLE_REGISTRAR, 0));
    PSE_TRY(commit_grounds(&commitment, o, a));
    return act_change(act, &o->registrar->sign, &credential, NULL, reason, &commitment);
}

static pse_rc make_release(struct office *o, struct office_act *a, const struct act *act)
{
    struct release r;
    uint64_t through;
    pse_hash batch;
    pse_rc rc;

    PSE_TRY(order_number(&through, &a->order, "through"));
    PSE_TRY(order_hash(&batch, &a->order, "batch"));
    rc = release_read(&r, o->voters, o->record.e, through);
    /* Made a second time, part of the batch may be in the record already. */
    if (rc == PSE_OK && !a->is_rebuilt && !pse_hash_is_equal(&r.batch, &batch)) {
        office_say(a, "the batch is another one by now; propose a new release");
        rc = PSE_E_MISMATCH;
    }
    if (rc == PSE_OK && !release_is_due(&r, office_now())) {
        office_say(a,
                   "few credentials wait; they go public 50 at a time or an hour after the last");
        rc = PSE_E_LIMIT; /* later */
    }
    if (rc == PSE_OK)
        rc = release_make(&r, act, &o->registrar->sign);
    release_free(&r);
    return rc;
}

static pse_rc make_abort(struct office *o, const struct office_act *a, const struct act *act)
{
    pse_hash commitment;
    uint8_t reason;

    PSE_TRY(order_code(&reason, &a->order, "reason", order_abort_reasons));
    PSE_TRY(act_allowed(act, PSE_ENTRY_ABORT, PSE_ROLE_AUTHORITY, 0));
    PSE_TRY(commit_grounds(&commitment, o, a));
    return act_abort(act, &o->authority->sign, reason, &commitment);
}

static pse_rc make_statement(struct office *o, struct office_act *a, const struct act *act)
{
    struct act_statement s = {.language = order_value(&a->order, "language"),
                              .media_type = order_value(&a->order, "media"),
                              .title = order_value(&a->order, "title")};
    struct pse_buf content;
    pse_hash h;
    pse_rc rc;

    PSE_TRY(order_hash(&h, &a->order, "document"));
    PSE_TRY(order_code(&s.kind, &a->order, "kind", order_statement_kinds));
    rc = office_document(&content, o, &h);
    s.content = pse_buf_span(&content);
    if (rc == PSE_OK)
        rc = act_statement(act, &o->authority->sign, &s);
    else
        office_say(a, "the document was never uploaded here");
    pse_buf_free(&content);
    return rc == PSE_E_MISSING ? PSE_E_STATE : rc;
}

static pse_rc make_publish(struct office *o, const struct office_act *a, const struct act *act)
{
    struct pse_span daemon = order_value(&a->order, "daemon");
    struct pse_span settings = order_value(&a->order, "settings");
    char text[ORDER_VALUE_MAX + 256];
    char title[ORDER_VALUE_MAX + 64];
    struct act_statement s = {.kind = PSE_STATEMENT_INFORMATION,
                              .language = pse_span_str("en"),
                              .media_type = pse_span_str("text/plain;charset=utf-8")};

    (void)snprintf(title, sizeof title, "Settings of %.*s", (int)daemon.n, (const char *)daemon.p);
    (void)snprintf(text, sizeof text, "psephos-settings-1\ndaemon %.*s\nsettings %.*s\n",
                   (int)daemon.n, (const char *)daemon.p, (int)settings.n,
                   (const char *)settings.p);
    s.title = pse_span_str(title);
    s.content = pse_span_str(text);
    return act_statement(act, &o->authority->sign, &s);
}

static pse_rc make_phase(struct office *o, const struct office_act *a, const struct act *act)
{
    const pse_seed *seed = &o->authority->sign;
    uint8_t reason = 0;

    if (is(&a->order, "open"))
        return act_open(act, seed, office_now());
    if (is(&a->order, "freeze"))
        return act_freeze(act, seed);
    if (is(&a->order, "mix-end"))
        return act_mix_end(act, seed);
    if (is(&a->order, "result"))
        return act_result(act, seed);
    if (is(&a->order, "end"))
        return act_end(act, seed);
    PSE_REQUIRE(is(&a->order, "close"));
    PSE_TRY(order_code(&reason, &a->order, "reason", order_close_reasons));
    return act_close(act, seed, reason, office_now());
}

static pse_rc make(struct pse_buf *parcel, struct office *o, struct office_act *a)
{
    const struct sink sink = {.ctx = parcel, .blob = put_blob, .entry = put_entry};
    const struct act act = {
        .name = o->d->name, .g = o->g, .rng = &o->rng, .e = o->record.e, .sink = &sink};

    parcel_begin(parcel);
    if (is_ballots(&a->order))
        return make_ballots(o, a, &act);
    if (is(&a->order, "void"))
        return make_void(o, a, &act);
    if (is(&a->order, "release"))
        return make_release(o, a, &act);
    if (is(&a->order, "abort"))
        return make_abort(o, a, &act);
    if (is(&a->order, "statement"))
        return make_statement(o, a, &act);
    if (is(&a->order, "publish"))
        return make_publish(o, a, &act);
    return make_phase(o, a, &act);
}

/* --- begin: consent, log -----------------------------------------------------------------------
 */

static pse_rc log_act(struct office *o, struct office_act *a)
{
    pse_edkey key[CONSENT_OFFICERS_MAX];
    const char *label[CONSENT_OFFICERS_MAX];
    struct consent_need need = office_need(o, a, key, label);
    bool has = false;

    /* What was begun in time is ended, however late and whoever has lost an authenticator since. */
    if (a->state == OFFICE_BEGUN) {
        PSE_TRY(consent_log_has(&has, o->d->name, o->log_path, need.eid, &a->hash));
        if (has)
            return PSE_OK;
    }
    if (a->state == OFFICE_BEGUN && need.now > a->consent.made + CONSENT_SECONDS)
        need.now = a->consent.made + CONSENT_SECONDS;
    PSE_TRY(consent_check(&a->consent, o->d->name, &need));
    return consent_log(&a->consent, o->d->name, o->log_path, need.now);
}

pse_rc office_begin(struct office *o, struct office_act *a)
{
    enum office_state before = a->state;
    char path[FILE_PATH_MAX];
    pse_rc rc;

    if (before == OFFICE_BEGUN)
        return log_act(o, a);
    /* An act that stands in the log although it was never begun here is a replay. */
    rc = office_act_path(path, o, a, "act");
    a->state = OFFICE_BEGUN;
    if (rc == PSE_OK)
        rc = office_act_store(o, a);
    a->state = before;
    if (rc == PSE_OK)
        rc = log_act(o, a);
    if (rc == PSE_OK)
        a->state = OFFICE_BEGUN;
    return rc;
}

/* --- sending -----------------------------------------------------------------------------------
 */

struct sent {
    struct sequence_result last;
    uint64_t entries;
};

static pse_rc send_parcel(struct sent *out, struct office *o, struct pse_span bytes)
{
    PSE_ARENA(arena, 16 << 20);
    struct parcel p;

    PSE_TRY(parcel_parse(&p, &arena, bytes));
    for (size_t i = 0; i < p.blobs; i++)
        PSE_TRY(sequence_blob(o->sequencer, p.blob[i]));
    for (size_t i = 0; i < p.entries; i++) {
        PSE_TRY(sequence_put_entry(o->sequencer, &out->last, SEQUENCE_ROLE, p.entry[i]));
        out->entries++;
    }
    return PSE_OK;
}

static pse_rc read_parcel(struct pse_buf *out, const struct office *o, const struct office_act *a)
{
    char path[FILE_PATH_MAX];

    *out = PSE_BUF(0);
    PSE_TRY(office_act_path(path, o, a, "parcel"));
    return file_exists(path) ? file_read(out, o->d->name, path, PARCEL_FILE_MAX) : PSE_E_MISSING;
}

/* The parcel of the act, made now or kept from before, and the act in the log. */
static pse_rc prepare(struct pse_buf *parcel, struct office *o, struct office_act *a)
{
    char path[FILE_PATH_MAX];
    pse_rc rc = read_parcel(parcel, o, a);

    if (rc == PSE_OK)
        return office_begin(o, a);
    if (rc != PSE_E_MISSING)
        return rc;
    *parcel = PSE_BUF(PARCEL_FILE_MAX);
    PSE_TRY(make(parcel, o, a));
    PSE_TRY(parcel->rc);
    a->made_at = pse_engine_size(o->record.e);
    PSE_TRY(office_act_path(path, o, a, "parcel"));
    PSE_TRY(file_write(o->d->name, path, pse_buf_span(parcel), FILE_REPLACE | FILE_SECRET));
    return office_begin(o, a);
}

static void drop_parcel(struct office *o, const struct office_act *a)
{
    char path[FILE_PATH_MAX];

    if (office_act_path(path, o, a, "parcel") == PSE_OK && file_exists(path))
        (void)!file_remove(o->d->name, path);
}

/* --- ends --------------------------------------------------------------------------------------
 */

static void end_act(struct office *o, struct office_act *a, enum office_state state)
{
    a->state = state;
    if (office_act_store(o, a) != PSE_OK) {
        a->state = OFFICE_BEGUN;
        a->next_ms = pse_clock_steady_ms() + RETRY_MS;
        return;
    }
    PSE_LOG(&o->d->log, PSE_LOG_NOTICE, "officer.act", PSE_F("act", a->hash),
            PSE_F("what", a->order.what), PSE_F("state", office_state_words[state]),
            PSE_F("entries", a->entries));
    office_event(o, "officer.act", state == OFFICE_DONE ? 5 : 4,
                 state == OFFICE_DONE ? "ok" : "refused", a->order.what);
}

static void wait_more(struct office_act *a, const char *why)
{
    if (why != NULL)
        office_say(a, why);
    a->next_ms = pse_clock_steady_ms() + RETRY_MS;
}

/* Refused by the sequencer: when the log has gone on since, the entry is made anew for it. */
static void refused(struct office *o, struct office_act *a, const struct sent *sent)
{
    if (sent->last.outcome == SEQUENCE_BUSY || sent->last.outcome == SEQUENCE_FAILED) {
        wait_more(a, "the sequencer has no room now");
        return;
    }
    if (office_grow(o) == PSE_OK && pse_engine_size(o->record.e) > a->made_at) {
        drop_parcel(o, a);
        a->is_rebuilt = true;
        wait_more(a, "the log went on meanwhile; made anew");
        a->next_ms = 0;
        return;
    }
    (void)snprintf(a->why, sizeof a->why, "refused by the sequencer (rule V%03u)", sent->last.rule);
    end_act(o, a, OFFICE_REFUSED);
}

static void conclude(struct office *o, struct office_act *a, pse_rc rc, const struct sent *sent)
{
    if (rc == PSE_E_MISMATCH && sent->last.outcome != 0) {
        refused(o, a, sent);
        return;
    }
    if (rc != PSE_OK) {
        wait_more(a, "the sequencer cannot be reached");
        return;
    }
    a->why[0] = '\0';
    a->entries = sent->entries;
    a->index = sent->last.index;
    a->leaf = sent->last.leaf;
    if (is(&a->order, "release") && pse_voters_set_released(o->voters, office_now()) != PSE_OK)
        PSE_LOG(&o->d->log, PSE_LOG_WARNING, "officer.release-time", PSE_F("act", a->hash));
    end_act(o, a, OFFICE_DONE);
}

/* Statuses that another try may mend. */
static bool is_passing(pse_rc rc)
{
    return rc == PSE_E_IO || rc == PSE_E_MEMORY || rc == PSE_E_LIMIT;
}

static void failed(struct office *o, struct office_act *a, pse_rc rc)
{
    if (is_passing(rc)) {
        wait_more(a, a->why[0] == '\0' ? "not possible now" : NULL);
        return;
    }
    if (a->why[0] == '\0')
        office_say(a, rc == PSE_E_DUPLICATE ? "this act was done before"
                                            : "the record is not there yet");
    end_act(o, a, OFFICE_REFUSED);
}

/* In the private database as well; it may have been done before a crash. */
static pse_rc void_row(struct office *o, const struct office_act *a)
{
    pse_enc credential;
    pse_hash h;
    pse_rc rc;

    if (!is(&a->order, "void") || o->voters == NULL)
        return PSE_OK;
    PSE_TRY(order_hash(&h, &a->order, "credential"));
    memcpy(credential.b, h.b, 32);
    rc = pse_voters_revoke(o->voters, &credential);
    return rc == PSE_E_MISSING || rc == PSE_E_STATE ? PSE_OK : rc;
}

static void do_one(struct office *o, struct office_act *a)
{
    struct pse_buf parcel = PSE_BUF(0);
    struct sent sent = {.entries = 0};
    pse_rc rc = office_grow(o);

    if (rc != PSE_OK && rc != PSE_E_STATE) {
        wait_more(a, "the record cannot be read");
        return;
    }
    if (office_is_private(&a->order)) {
        rc = office_do_private(o, a);
        if (rc == PSE_OK) {
            a->why[0] = '\0';
            end_act(o, a, OFFICE_DONE);
        } else {
            failed(o, a, rc);
        }
        return;
    }
    rc = prepare(&parcel, o, a);
    if (rc == PSE_OK)
        rc = void_row(o, a);
    if (rc != PSE_OK) {
        failed(o, a, rc);
        pse_buf_free(&parcel);
        return;
    }
    pthread_mutex_unlock(&o->lock);
    rc = send_parcel(&sent, o, pse_buf_span(&parcel));
    pthread_mutex_lock(&o->lock);
    conclude(o, a, rc, &sent);
    pse_buf_free(&parcel);
}

static bool is_over(const struct office_act *a)
{
    return office_now() > a->consent.made + CONSENT_SECONDS;
}

void office_do(struct office *o)
{
    int64_t now = pse_clock_steady_ms();

    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < o->acts && !o->is_broken; i++) {
        struct office_act *a = o->act[i];

        /* One that was begun is ended, however late: its entry may be in the record already. */
        if ((a->state == OFFICE_PROPOSED || a->state == OFFICE_AGREED) && is_over(a))
            end_act(o, a, OFFICE_EXPIRED);
        if ((a->state == OFFICE_AGREED || a->state == OFFICE_BEGUN) && now >= a->next_ms)
            do_one(o, a);
    }
    pthread_mutex_unlock(&o->lock);
}
