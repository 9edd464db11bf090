#include "store/witness_book.h"

#include "store/witness_mark.h"

/* --- keys --------------------------------------------------------------------------------------
 */

const struct pse_vkey *pse_witness_book_keys(size_t *n, const struct pse_witness_book *st,
                                             struct pse_span origin)
{
    const struct book_log *log = book_find(st, origin);

    *n = log == NULL ? 0 : log->keys;
    return log == NULL ? NULL : log->key;
}

pse_rc pse_witness_book_trust(struct pse_witness_book *st, const struct pse_vkey *key)
{
    size_t n;
    const struct pse_vkey *known = pse_witness_book_keys(&n, st, key->name);
    struct pse_buf text = PSE_BUF(1024);
    sqlite3_stmt *s = NULL;
    pse_rc rc;

    if (key->type != PSE_SIG_ED25519)
        return PSE_E_UNSUPPORTED;
    if (!pse_edkey_is_valid(&key->key))
        return PSE_E_ENCODING;
    for (size_t i = 0; i < n; i++)
        if (known[i].id == key->id)
            return PSE_E_DUPLICATE;
    if (n == 0 && st->logs == PSE_WITNESS_LOGS_MAX)
        return PSE_E_LIMIT;
    pse_vkey_put(&text, key);
    rc = text.rc;
    if (rc == PSE_OK)
        rc = book_prepare(&s, st->db, "INSERT OR ABORT INTO key VALUES (?, ?)");
    if (rc == PSE_OK) {
        (void)sqlite3_bind_text64(s, 1, (const char *)text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
        book_bind(s, 2, key->name);
        rc = book_step(s);
        if (rc != PSE_OK && sqlite3_extended_errcode(st->db) == SQLITE_CONSTRAINT_PRIMARYKEY)
            rc = PSE_E_DUPLICATE;
    }
    (void)sqlite3_finalize(s);
    pse_buf_free(&text);
    return rc;
}

/* --- commits -----------------------------------------------------------------------------------
 */

/* A checkpoint that cannot stand beside ours whatever else is proved: of our size with another
 * root, or refused as inconsistent. */
static bool contradicts(const struct pse_add_checkpoint *add, enum pse_witness_verdict verdict,
                        const struct book_last *last)
{
    if (verdict == PSE_WITNESS_INCONSISTENT)
        return true;
    return verdict == PSE_WITNESS_CONFLICT && last->any && add->size == last->size &&
           !pse_hash_is_equal(&add->root, &last->root);
}

static pse_rc keep_evidence(struct pse_witness_book *st, const struct book_log *log,
                            const struct pse_add_checkpoint *add, const struct pse_buf *ours)
{
    struct pse_buf refused = PSE_BUF(2 * PSE_NOTE_MAX);
    pse_hash digest;
    pse_rc rc;

    pse_witnessed_put(&refused, add, log->key, log->keys, pse_span(NULL, 0));
    pse_sha256(&digest, add->note.text);
    rc = refused.rc;
    if (rc == PSE_OK) {
        book_bind(st->keep, 1, log->origin);
        book_bind(st->keep, 2, pse_span(digest.b, 32));
        book_bind(st->keep, 3, pse_buf_span(&refused));
        book_bind(st->keep, 4, pse_buf_span(ours));
        (void)sqlite3_bind_int(st->keep, 5, PSE_WITNESS_EVIDENCE_MAX);
        rc = book_step(st->keep);
    }
    pse_buf_free(&refused);
    return rc;
}

static pse_rc put_log(struct pse_witness_book *st, const struct book_log *log,
                      const struct pse_witness_item *item, uint64_t time, struct pse_buf *note)
{
    uint8_t size[8];

    pse_store_u64(size, item->add->size);
    book_bind(st->put, 1, log->origin);
    book_bind(st->put, 2, pse_span(size, sizeof size));
    book_bind(st->put, 3, pse_span(item->add->root.b, 32));
    (void)sqlite3_bind_int64(st->put, 4, (int64_t)time);
    book_bind(st->put, 5, pse_buf_span(note));
    return book_step(st->put);
}

static pse_rc judge(struct pse_witness_book *st, struct pse_witness_item *item,
                    const pse_seed *seed, uint64_t now)
{
    const struct book_log *log = book_find(st, item->add->origin);
    struct pse_buf note = PSE_BUF(2 * PSE_NOTE_MAX);
    struct book_last last;
    uint64_t time;
    pse_rc rc;

    if (log == NULL)
        return PSE_E_STATE;
    rc = book_last(&last, &note, st, log->origin);
    if (rc == PSE_OK) {
        item->size = last.size;
        item->verdict = pse_add_checkpoint_follows(item->add, last.size, &last.root);
        if (item->verdict == PSE_WITNESS_GOOD) {
            time = now > last.time ? now : last.time;
            pse_note_cosign(&item->lines, item->add->note.text, &st->self, seed, time);
            note.n = 0;
            pse_witnessed_put(&note, item->add, log->key, log->keys, pse_buf_span(&item->lines));
            rc = item->lines.rc != PSE_OK ? item->lines.rc : note.rc;
            if (rc == PSE_OK)
                rc = put_log(st, log, item, time, &note);
        } else if (contradicts(item->add, item->verdict, &last)) {
            rc = keep_evidence(st, log, item->add, &note);
        }
    }
    pse_buf_free(&note);
    return rc;
}

static pse_rc judge_all(struct pse_witness_book *st, struct pse_witness_item *item, size_t n,
                        const pse_seed *seed, uint64_t now)
{
    PSE_TRY(book_run(st->db, "BEGIN IMMEDIATE"));
    for (size_t i = 0; i < n; i++)
        PSE_TRY(judge(st, &item[i], seed, now));
    PSE_TRY(book_put_number(st, st->commit + 1));
    PSE_TRY(book_run(st->db, "COMMIT"));
    st->commit++;
    return mark_write(st->mark_fd, st->id, st->commit);
}

/* The notes that readers get, once they are durable. */
static pse_rc publish(struct pse_witness_book *st, const struct pse_witness_item *item, size_t n)
{
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < n && rc == PSE_OK; i++) {
        struct book_log *log = book_find(st, item[i].add->origin);
        struct book_last last;

        if (item[i].verdict != PSE_WITNESS_GOOD)
            continue;
        pthread_mutex_lock(&st->lock);
        log->note.n = 0;
        rc = book_last(&last, &log->note, st, log->origin);
        pthread_mutex_unlock(&st->lock);
    }
    return rc;
}

pse_rc pse_witness_book_commit(struct pse_witness_book *st, struct pse_witness_item *item, size_t n,
                               const pse_seed *seed, uint64_t now)
{
    pse_rc rc;

    PSE_REQUIRE(st->mark_fd >= 0 && now > 0 && now <= INT64_MAX);
    for (size_t i = 0; i < n; i++)
        item[i].lines = PSE_BUF(PSE_COSIGNED_MAX);
    rc = judge_all(st, item, n, seed, now);
    if (rc != PSE_OK)
        (void)book_run(st->db, "ROLLBACK");
    else
        rc = publish(st, item, n);
    if (rc == PSE_OK)
        return PSE_OK;
    for (size_t i = 0; i < n; i++)
        pse_buf_free(&item[i].lines);
    return rc;
}

/* --- reading -----------------------------------------------------------------------------------
 */

pse_rc pse_witness_book_note(struct pse_buf *out, struct pse_witness_book *st,
                             const pse_hash *origin_hash)
{
    pse_rc rc = PSE_E_MISSING;

    pthread_mutex_lock(&st->lock);
    for (size_t i = 0; i < st->logs && rc == PSE_E_MISSING; i++) {
        if (!pse_hash_is_equal(&st->log[i].hash, origin_hash) || st->log[i].note.n == 0)
            continue;
        pse_wr_span(out, pse_buf_span(&st->log[i].note));
        rc = out->rc;
    }
    pthread_mutex_unlock(&st->lock);
    return rc;
}

size_t pse_witness_book_logs(const struct pse_witness_book *st)
{
    return st->logs;
}

static pse_rc count_evidence(uint64_t *out, struct pse_witness_book *st, struct pse_span origin)
{
    sqlite3_stmt *s = NULL;
    pse_rc rc = book_prepare(&s, st->db, "SELECT count(*) FROM evidence WHERE origin = ?");

    *out = 0;
    if (rc == PSE_OK) {
        book_bind(s, 1, origin);
        rc = sqlite3_step(s) == SQLITE_ROW ? PSE_OK : PSE_E_IO;
        if (rc == PSE_OK)
            *out = (uint64_t)sqlite3_column_int64(s, 0);
    }
    (void)sqlite3_finalize(s);
    return rc;
}

pse_rc pse_witness_book_log(struct pse_witness_log *out, struct pse_witness_book *st, size_t i)
{
    struct book_last last;

    PSE_REQUIRE(i < st->logs);
    memset(out, 0, sizeof *out);
    PSE_TRY(book_last(&last, NULL, st, st->log[i].origin));
    PSE_TRY(count_evidence(&out->evidence, st, st->log[i].origin));
    out->origin = st->log[i].origin;
    out->keys = st->log[i].keys;
    out->any = last.any;
    out->size = last.size;
    out->root = last.root;
    out->time = last.time;
    return PSE_OK;
}

pse_rc pse_witness_book_evidence(struct pse_buf *refused, struct pse_buf *ours,
                                 struct pse_witness_book *st, struct pse_span origin, size_t i)
{
    sqlite3_stmt *s = NULL;
    pse_rc rc = book_prepare(&s, st->db,
                             "SELECT refused, ours FROM evidence WHERE origin = ? ORDER BY rowid"
                             " LIMIT 1 OFFSET ?");
    int step = SQLITE_ERROR;

    if (rc == PSE_OK) {
        book_bind(s, 1, origin);
        (void)sqlite3_bind_int64(s, 2, (int64_t)i);
        step = sqlite3_step(s);
        rc = step == SQLITE_ROW ? PSE_OK : step == SQLITE_DONE ? PSE_E_MISSING : PSE_E_IO;
    }
    if (rc == PSE_OK) {
        pse_wr_span(refused, book_column(s, 0));
        pse_wr_span(ours, book_column(s, 1));
        rc = refused->rc != PSE_OK ? refused->rc : ours->rc;
    }
    (void)sqlite3_finalize(s);
    return rc;
}
