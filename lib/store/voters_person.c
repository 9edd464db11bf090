#include "crypto/report.h"
#include "store/voters_room.h"

static const char record_label[] = "psephos/1/voter";

/* --- keyed hashes ------------------------------------------------------------------------------
 */

void id_lookup(pse_hash *out, const struct pse_voters *v, struct pse_span id)
{
    pse_seal_mark(out, &v->lookup, "lookup id", id);
}

void mail_lookup(pse_hash *out, const struct pse_voters *v, struct pse_span mail)
{
    uint8_t lower[PSE_VOTER_MAIL_MAX];
    size_t n = mail.n < sizeof lower ? mail.n : sizeof lower;

    for (size_t i = 0; i < n; i++) {
        uint8_t c = mail.p[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
    }
    pse_seal_mark(out, &v->lookup, "lookup mail", pse_span(lower, n));
    pse_wipe(lower, sizeof lower);
}

static void put_columns(struct pse_buf *b, const struct person_columns *c)
{
    pse_wr_u64(b, c->row);
    pse_wr_hash(b, &c->commitment);
    pse_wr_v16(b, c->district);
    pse_wr_u16(b, c->style);
    pse_wr_u32(b, c->weight);
    pse_wr_u32(b, c->since);
    pse_wr_u32(b, c->until);
}

void change_put(struct pse_buf *out, const struct change_columns *c)
{
    pse_wr_u8(out, (uint8_t)c->op);
    put_columns(out, &c->person);
}

void person_mark(pse_hash *out, const struct pse_voters *v, const struct person_columns *c,
                 struct pse_span lookup, struct pse_span mail)
{
    struct pse_buf b = PSE_BUF(PSE_ROW_MARK_MAX);

    put_columns(&b, c);
    pse_wr_u8(&b, c->is_listed);
    pse_wr_u32(&b, c->list);
    pse_wr_v16(&b, lookup);
    pse_wr_v16(&b, mail);
    voters_mark(out, v, "person", &b);
    pse_buf_free(&b);
}

/* --- the sealed record -------------------------------------------------------------------------
 */

/* label || 0 || salt || the voter; the commitment is to what follows the salt. */
static void encode(struct pse_buf *out, const uint8_t salt[32], const struct pse_voter *x)
{
    pse_buf_put(out, record_label, sizeof record_label);
    pse_buf_put(out, salt, 32);
    pse_wr_v16(out, x->id);
    pse_wr_v16(out, x->name);
    pse_wr_v16(out, x->address);
    pse_wr_v16(out, x->mail);
    pse_wr_v16(out, x->district);
    pse_wr_u16(out, x->style);
    pse_wr_u32(out, x->weight);
    pse_wr_u32(out, x->since);
    pse_wr_u32(out, x->until);
}

static pse_rc decode(struct pse_voter *x, struct pse_span *salt, struct pse_span *evidence,
                     struct pse_span in)
{
    struct pse_rd r = pse_rd(in);
    struct pse_span label;

    PSE_TRY(pse_rd_bytes(&label, &r, sizeof record_label));
    if (memcmp(label.p, record_label, sizeof record_label) != 0)
        return PSE_E_UNSUPPORTED;
    PSE_TRY(pse_rd_bytes(salt, &r, 32));
    *evidence = pse_span(r.p, pse_rd_left(&r));
    PSE_TRY(pse_rd_v16(&x->id, &r));
    PSE_TRY(pse_rd_v16(&x->name, &r));
    PSE_TRY(pse_rd_v16(&x->address, &r));
    PSE_TRY(pse_rd_v16(&x->mail, &r));
    PSE_TRY(pse_rd_v16(&x->district, &r));
    PSE_TRY(pse_rd_u16(&x->style, &r));
    PSE_TRY(pse_rd_u32(&x->weight, &r));
    PSE_TRY(pse_rd_u32(&x->since, &r));
    PSE_TRY(pse_rd_u32(&x->until, &r));
    return pse_rd_end(&r);
}

/* --- writing -----------------------------------------------------------------------------------
 */

static pse_rc new_row(struct pse_voters *v, uint64_t *row)
{
    PSE_TRY(meta_get_u64(v, "persons", row));
    *row += 1;
    return meta_put_u64(v, "persons", *row);
}

static pse_rc write_row(struct pse_voters *v, const struct person_columns *c,
                        struct pse_span lookup, struct pse_span mail, struct pse_span wrapped,
                        struct pse_span sealed)
{
    pse_hash mark;
    PSE_SQL(q, v->db,
            "REPLACE INTO person(row, listed, list, district, style, weight, since,"
            " until, commitment, lookup, mail, mark, wrapped, sealed)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    person_mark(&mark, v, c, lookup, mail);
    pse_sql_i64(q, 1, (int64_t)c->row);
    pse_sql_i64(q, 2, c->is_listed);
    pse_sql_i64(q, 3, c->list);
    pse_sql_text(q, 4, c->district);
    pse_sql_i64(q, 5, c->style);
    pse_sql_i64(q, 6, c->weight);
    pse_sql_i64(q, 7, c->since);
    pse_sql_i64(q, 8, c->until);
    pse_sql_blob(q, 9, pse_span(c->commitment.b, 32));
    pse_sql_blob(q, 10, lookup);
    if (mail.n > 0)
        pse_sql_blob(q, 11, mail);
    pse_sql_blob(q, 12, pse_span(mark.b, 32));
    pse_sql_blob(q, 13, wrapped);
    pse_sql_blob(q, 14, sealed);
    return pse_sql_run(q);
}

pse_rc person_put(struct pse_voters *v, struct person_columns *c, const struct pse_voter *x)
{
    struct pse_buf plain = PSE_BUF(PSE_VOTER_RECORD_MAX);
    struct pse_buf sealed = PSE_BUF(PSE_VOTER_RECORD_MAX + PSE_SEAL_OVERHEAD);
    struct pse_seal_place place = {.table = "person"};
    uint8_t wrapped[PSE_SEAL_WRAPPED];
    uint8_t salt[32];
    pse_hash lookup;
    pse_hash mail;
    pse_rc rc = c->row == 0 ? new_row(v, &c->row) : PSE_OK;
    size_t from = sizeof record_label + sizeof salt;

    if (rc != PSE_OK)
        return rc;
    place.row = c->row;
    pse_rng_fill(v->rng, salt, sizeof salt);
    encode(&plain, salt, x);
    rc = plain.rc;
    if (rc == PSE_OK) {
        pse_evidence_commit(&c->commitment, &v->eid, salt,
                            pse_span(plain.p + from, plain.n - from));
        rc = pse_seal(&sealed, wrapped, v->w, &place, pse_buf_span(&plain), v->rng);
    }
    id_lookup(&lookup, v, x->id);
    mail_lookup(&mail, v, x->mail);
    if (rc == PSE_OK)
        rc = write_row(v, c, pse_span(lookup.b, 32), pse_span(mail.b, x->mail.n == 0 ? 0 : 32),
                       pse_span(wrapped, sizeof wrapped), pse_buf_span(&sealed));
    pse_buf_free(&plain);
    pse_buf_free(&sealed);
    pse_wipe(salt, sizeof salt);
    return rc;
}

static pse_rc select_row(sqlite3_stmt **q, struct pse_voters *v, uint64_t row)
{
    PSE_TRY(pse_sql_prepare(q, v->db, PERSON_SELECT " WHERE row = ?"));
    pse_sql_i64(*q, 1, (int64_t)row);
    return pse_sql_row(*q);
}

pse_rc person_touch(struct pse_voters *v, const struct person_columns *c)
{
    sqlite3_stmt *old __attribute__((cleanup(pse_sql_finalise))) = NULL;
    pse_hash mark;
    PSE_SQL(q, v->db, "UPDATE person SET listed = ?, list = ?, mark = ? WHERE row = ?");

    PSE_TRY(select_row(&old, v, c->row));
    person_mark(&mark, v, c, pse_sql_col(old, 9), pse_sql_col(old, 10));
    pse_sql_i64(q, 1, c->is_listed);
    pse_sql_i64(q, 2, c->list);
    pse_sql_blob(q, 3, pse_span(mark.b, 32));
    pse_sql_i64(q, 4, (int64_t)c->row);
    return pse_sql_run(q);
}

/* --- reading -----------------------------------------------------------------------------------
 */

pse_rc person_columns_of(struct person_columns *c, const struct pse_voters *v, sqlite3_stmt *q)
{
    pse_hash mark;
    pse_hash stored;

    memset(c, 0, sizeof *c);
    c->row = (uint64_t)sqlite3_column_int64(q, 0);
    c->is_listed = sqlite3_column_int64(q, 1) != 0;
    c->list = (uint32_t)sqlite3_column_int64(q, 2);
    c->district = pse_sql_col(q, 3);
    c->style = (uint16_t)sqlite3_column_int64(q, 4);
    c->weight = (uint32_t)sqlite3_column_int64(q, 5);
    c->since = (uint32_t)sqlite3_column_int64(q, 6);
    c->until = (uint32_t)sqlite3_column_int64(q, 7);
    if (c->district.n > PSE_VOTER_DISTRICT_MAX || pse_sql_col(q, 9).n > 32 ||
        pse_sql_col(q, 10).n > 32 || pse_sql_col_copy(c->commitment.b, 32, q, 8) != PSE_OK ||
        pse_sql_col_copy(stored.b, 32, q, 11) != PSE_OK)
        return PSE_E_MISMATCH;
    person_mark(&mark, v, c, pse_sql_col(q, 9), pse_sql_col(q, 10));
    return pse_hash_is_equal(&mark, &stored) ? PSE_OK : PSE_E_MISMATCH;
}

static pse_rc check_record(const struct pse_voters *v, const struct person_columns *c,
                           const struct pse_voter *x, const uint8_t *salt, struct pse_span evidence,
                           struct pse_span lookup)
{
    pse_hash sum;

    pse_evidence_commit(&sum, &v->eid, salt, evidence);
    if (!pse_hash_is_equal(&sum, &c->commitment))
        return PSE_E_MISMATCH;
    id_lookup(&sum, v, x->id);
    if (!pse_span_is_equal(lookup, pse_span(sum.b, 32)))
        return PSE_E_MISMATCH;
    return x->style == c->style && x->weight == c->weight && x->since == c->since &&
                   x->until == c->until && pse_span_is_equal(x->district, c->district)
               ? PSE_OK
               : PSE_E_MISMATCH;
}

pse_rc person_open(struct pse_listed_person *out, struct pse_buf *hold, struct pse_voters *v,
                   sqlite3_stmt *q)
{
    struct person_columns c;
    struct pse_seal_place place = {.table = "person"};
    struct pse_span salt;
    struct pse_span evidence;

    memset(out, 0, sizeof *out);
    hold->n = 0;
    PSE_TRY(person_columns_of(&c, v, q));
    out->row = place.row = c.row;
    out->is_listed = c.is_listed;
    out->commitment = c.commitment;
    out->is_erased = pse_sql_col_is_null(q, 12);
    if (out->is_erased) {
        out->voter = (struct pse_voter){
            .style = c.style, .weight = c.weight, .since = c.since, .until = c.until};
        return pse_sql_col_is_null(q, 13) ? PSE_OK : PSE_E_MISMATCH;
    }
    PSE_TRY(pse_unseal(hold, v->w, &place, pse_sql_col(q, 12), pse_sql_col(q, 13)));
    PSE_TRY(decode(&out->voter, &salt, &evidence, pse_buf_span(hold)));
    return check_record(v, &c, &out->voter, salt.p, evidence, pse_sql_col(q, 9));
}

pse_rc pse_voters_get(struct pse_voters *v, struct pse_listed_person *out, struct pse_buf *hold,
                      uint64_t row)
{
    sqlite3_stmt *q __attribute__((cleanup(pse_sql_finalise))) = NULL;

    memset(out, 0, sizeof *out);
    PSE_TRY(select_row(&q, v, row));
    return person_open(out, hold, v, q);
}

pse_rc pse_voters_find(struct pse_voters *v, uint64_t *row, struct pse_span id)
{
    pse_hash lookup;
    PSE_SQL(q, v->db, "SELECT row FROM person WHERE lookup = ?");

    *row = 0;
    id_lookup(&lookup, v, id);
    pse_sql_blob(q, 1, pse_span(lookup.b, 32));
    PSE_TRY(pse_sql_row(q));
    *row = (uint64_t)sqlite3_column_int64(q, 0);
    return PSE_OK;
}

pse_rc pse_voters_find_mail(struct pse_voters *v, uint64_t *row, struct pse_span mail)
{
    pse_hash lookup;
    pse_rc rc;
    PSE_SQL(q, v->db, "SELECT row FROM person WHERE mail = ? AND listed = 1");

    *row = 0;
    mail_lookup(&lookup, v, mail);
    pse_sql_blob(q, 1, pse_span(lookup.b, 32));
    PSE_TRY(pse_sql_row(q));
    *row = (uint64_t)sqlite3_column_int64(q, 0);
    rc = pse_sql_row(q);
    if (rc == PSE_E_MISSING)
        return PSE_OK;
    *row = 0;
    return rc == PSE_OK ? PSE_E_DUPLICATE : rc;
}

/* --- erasing -----------------------------------------------------------------------------------
 */

static pse_rc erase_rows(struct pse_voters *v, uint64_t row)
{
    sqlite3_stmt *old __attribute__((cleanup(pse_sql_finalise))) = NULL;
    struct person_columns c;
    pse_hash mark;
    PSE_SQL(q, v->db,
            "UPDATE person SET lookup = NULL, mail = NULL, wrapped = NULL,"
            " sealed = NULL, mark = ? WHERE row = ?");
    PSE_SQL(evidence, v->db,
            "UPDATE credential SET wrapped = NULL, sealed = NULL WHERE person = ?");
    PSE_SQL(login, v->db, "DELETE FROM login WHERE person = ?");

    PSE_TRY(select_row(&old, v, row));
    PSE_TRY(person_columns_of(&c, v, old));
    if (c.is_listed)
        return PSE_E_STATE;
    person_mark(&mark, v, &c, pse_span(NULL, 0), pse_span(NULL, 0));
    pse_sql_blob(q, 1, pse_span(mark.b, 32));
    pse_sql_i64(q, 2, (int64_t)row);
    PSE_TRY(pse_sql_run(q));
    pse_sql_i64(evidence, 1, (int64_t)row);
    PSE_TRY(pse_sql_run(evidence));
    pse_sql_i64(login, 1, (int64_t)row);
    return pse_sql_run(login);
}

pse_rc pse_voters_erase(struct pse_voters *v, uint64_t row)
{
    PSE_TRY(pse_sql_begin(v->db));
    PSE_TRY(pse_sql_end(v->db, erase_rows(v, row)));
    /* The log beside the database still holds the old pages; secure_delete does not reach it. */
    return pse_sql_exec(v->db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* --- counts ------------------------------------------------------------------------------------
 */

pse_rc pse_voters_districts(struct pse_voters *v, struct pse_district_count **out, size_t *n,
                            struct pse_arena *arena)
{
    pse_rc rc;
    PSE_SQL(count, v->db, "SELECT count(DISTINCT district) FROM person WHERE listed = 1");
    PSE_SQL(q, v->db,
            "SELECT district, count(*), sum(weight) FROM person WHERE listed = 1"
            " GROUP BY district ORDER BY district");

    *n = 0;
    PSE_TRY(pse_sql_row(count));
    *out = PSE_NEW(arena, struct pse_district_count, (size_t)sqlite3_column_int64(count, 0));
    if (*out == NULL)
        return PSE_E_MEMORY;
    while ((rc = pse_sql_row(q)) == PSE_OK) {
        struct pse_span name = pse_sql_col(q, 0);
        uint8_t *copy = PSE_NEW(arena, uint8_t, name.n);

        if (copy == NULL)
            return PSE_E_MEMORY;
        if (name.n > 0)
            memcpy(copy, name.p, name.n);
        (*out)[(*n)++] = (struct pse_district_count){
            .district = pse_span(copy, name.n),
            .voters = (uint64_t)sqlite3_column_int64(q, 1),
            .weight = (uint64_t)sqlite3_column_int64(q, 2),
        };
    }
    return rc == PSE_E_MISSING ? PSE_OK : rc;
}
