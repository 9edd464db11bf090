#include <stdlib.h>

#include "store/voters_room.h"

enum { CHANGE_MAX = 512 };

void list_mark(pse_hash *out, const struct pse_voters *v, uint32_t number, const pse_hash *hash,
               uint64_t changes, const struct pse_list_source *source)
{
    struct pse_buf b = PSE_BUF(PSE_ROW_MARK_MAX);

    pse_wr_u32(&b, number);
    pse_wr_hash(&b, hash);
    pse_wr_u64(&b, changes);
    pse_wr_hash(&b, &source->file);
    pse_wr_hash(&b, &source->act);
    pse_wr_u64(&b, source->time);
    voters_mark(out, v, "list", &b);
    pse_buf_free(&b);
}

/* A list on its way into the database. */
struct import {
    struct pse_voters *v;
    struct pse_list_fault *fault;
    const struct pse_list_watch *watch;
    struct pse_list_summary sum;
    uint8_t *seen; /* by row: named by this list */
    uint64_t rows; /* before */
    uint64_t changes;
    struct pse_buf old, chain;
    sqlite3_stmt *insert, *get;
};

static pse_rc fail(struct import *m, size_t line, const char *slug)
{
    *m->fault = (struct pse_list_fault){.line = line, .slug = slug};
    return PSE_E_SYNTAX;
}

static pse_rc note_change(struct import *m, enum pse_list_op op, const struct person_columns *c)
{
    struct change_columns change = {.op = op, .person = *c};
    sqlite3_stmt *q = m->insert;

    change_put(&m->chain, &change);
    m->sum.count[op]++;
    pse_sql_i64(q, 1, m->sum.number);
    pse_sql_i64(q, 2, (int64_t)m->changes++);
    pse_sql_i64(q, 3, op);
    pse_sql_i64(q, 4, (int64_t)c->row);
    pse_sql_blob(q, 5, pse_span(c->commitment.b, 32));
    pse_sql_text(q, 6, c->district);
    pse_sql_i64(q, 7, c->style);
    pse_sql_i64(q, 8, c->weight);
    pse_sql_i64(q, 9, c->since);
    pse_sql_i64(q, 10, c->until);
    PSE_TRY(pse_sql_run(q));
    return m->chain.rc;
}

static void tell(const struct import *m, enum pse_list_op op, size_t line,
                 const struct pse_voter *old, const struct pse_voter *fresh)
{
    if (m->watch->change != NULL)
        m->watch->change(m->watch->ctx, op, line, old, fresh);
}

static struct person_columns columns(const struct import *m, uint64_t row,
                                     const struct pse_voter *x)
{
    return (struct person_columns){.row = row,
                                   .is_listed = true,
                                   .list = m->sum.number,
                                   .district = x->district,
                                   .style = x->style,
                                   .weight = x->weight,
                                   .since = x->since,
                                   .until = x->until};
}

static pse_rc open_row(struct pse_listed_person *p, struct import *m, uint64_t row)
{
    pse_rc rc;

    sqlite3_reset(m->get);
    pse_sql_i64(m->get, 1, (int64_t)row);
    rc = pse_sql_row(m->get);
    if (rc == PSE_OK)
        rc = person_open(p, &m->old, m->v, m->get);
    return rc;
}

static bool is_same(const struct pse_voter *a, const struct pse_voter *b)
{
    return pse_span_is_equal(a->name, b->name) && pse_span_is_equal(a->address, b->address) &&
           pse_span_is_equal(a->mail, b->mail) && pse_span_is_equal(a->district, b->district) &&
           a->style == b->style && a->weight == b->weight && a->since == b->since &&
           a->until == b->until;
}

static pse_rc put_voter(struct import *m, enum pse_list_op op, uint64_t row,
                        const struct pse_list_item *item, const struct pse_voter *old)
{
    struct person_columns c = columns(m, row, &item->voter);

    /* The statement that read the old row must not stand in the way of the new one. */
    sqlite3_reset(m->get);
    PSE_TRY(person_put(m->v, &c, &item->voter));
    tell(m, op, item->line, old, &item->voter);
    return note_change(m, op, &c);
}

static pse_rc remove_row(struct import *m, uint64_t row, size_t line)
{
    struct pse_listed_person p;
    struct person_columns c;

    PSE_TRY(open_row(&p, m, row));
    c = columns(m, row, &p.voter);
    c.is_listed = false;
    c.commitment = p.commitment;
    sqlite3_reset(m->get);
    PSE_TRY(person_touch(m->v, &c));
    tell(m, PSE_LIST_REMOVE, line, &p.voter, NULL);
    return note_change(m, PSE_LIST_REMOVE, &c);
}

/* Somebody the database knows. */
static pse_rc take_known(struct import *m, const struct pse_list_item *item, uint64_t row)
{
    struct pse_listed_person p;
    enum pse_list_op op = PSE_LIST_ALTER;

    if (row > m->rows || m->seen[row])
        return fail(m, item->line, "id-twice");
    m->seen[row] = 1;
    PSE_TRY(open_row(&p, m, row));
    if (!p.is_listed) {
        if (item->op != PSE_LIST_ADD && item->op != PSE_LIST_STAND)
            return fail(m, item->line, "unknown");
        return put_voter(m, PSE_LIST_ADD, row, item, NULL);
    }
    if (item->op == PSE_LIST_ADD)
        return fail(m, item->line, "known");
    if (item->op == PSE_LIST_REMOVE)
        return remove_row(m, row, item->line);
    if (is_same(&p.voter, &item->voter)) {
        m->sum.count[PSE_LIST_STAND]++;
        return PSE_OK;
    }
    if (p.voter.style != item->voter.style ||
        !pse_span_is_equal(p.voter.district, item->voter.district))
        op = PSE_LIST_MOVE;
    return put_voter(m, op, row, item, &p.voter);
}

static pse_rc take_item(struct import *m, const struct pse_list_item *item)
{
    uint64_t row;
    pse_rc rc = pse_voters_find(m->v, &row, item->voter.id);

    if (rc == PSE_OK)
        return take_known(m, item, row);
    if (rc != PSE_E_MISSING)
        return rc;
    if (item->op != PSE_LIST_ADD && item->op != PSE_LIST_STAND)
        return fail(m, item->line, "unknown");
    return put_voter(m, PSE_LIST_ADD, 0, item, NULL);
}

/* A whole list has spoken: who was not named is off the list. */
static pse_rc remove_rest(struct import *m)
{
    pse_rc rc;
    PSE_SQL(q, m->v->db,
            "SELECT row FROM person WHERE listed = 1 AND row > ? ORDER BY row LIMIT 1");

    for (uint64_t row = 0;;) {
        sqlite3_reset(q);
        pse_sql_i64(q, 1, (int64_t)row);
        rc = pse_sql_row(q);
        if (rc != PSE_OK)
            return rc == PSE_E_MISSING ? PSE_OK : rc;
        row = (uint64_t)sqlite3_column_int64(q, 0);
        if (row > m->rows)
            return PSE_OK; /* added by this list */
        if (m->seen[row] == 0)
            PSE_TRY(remove_row(m, row, 0));
    }
}

static uint64_t total(const struct pse_district_count *d, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += d[i].voters;
    return sum;
}

/* hash of version n: SHA-256(version n-1 || u32 count || changes). */
static pse_rc put_version(struct import *m, const pse_hash *before,
                          const struct pse_list_source *source)
{
    pse_sha256_stream h;
    pse_hash mark;
    uint8_t count[4];
    PSE_SQL(q, m->v->db, "UPDATE list SET hash = ?, changes = ?, mark = ? WHERE number = ?");

    pse_store_u32(count, (uint32_t)m->changes);
    pse_sha256_init(&h);
    pse_sha256_add(&h, before->b, 32);
    pse_sha256_add(&h, count, sizeof count);
    pse_sha256_add(&h, m->chain.p, m->chain.n);
    pse_sha256_final(&m->sum.hash, &h);
    list_mark(&mark, m->v, m->sum.number, &m->sum.hash, m->changes, source);
    pse_sql_blob(q, 1, pse_span(m->sum.hash.b, 32));
    pse_sql_i64(q, 2, (int64_t)m->changes);
    pse_sql_blob(q, 3, pse_span(mark.b, 32));
    pse_sql_i64(q, 4, m->sum.number);
    PSE_TRY(pse_sql_run(q));
    PSE_TRY(meta_put_u64(m->v, "list", m->sum.number));
    return meta_put(m->v, "list hash", pse_span(m->sum.hash.b, 32));
}

static pse_rc insert_version(struct import *m, const struct pse_list_source *source)
{
    static const pse_hash none;
    PSE_SQL(q, m->v->db,
            "INSERT INTO list(number, hash, changes, file, act, time, mark)"
            " VALUES(?, ?, 0, ?, ?, ?, ?)");

    pse_sql_i64(q, 1, m->sum.number);
    pse_sql_blob(q, 2, pse_span(none.b, 32));
    pse_sql_blob(q, 3, pse_span(source->file.b, 32));
    pse_sql_blob(q, 4, pse_span(source->act.b, 32));
    pse_sql_i64(q, 5, (int64_t)source->time);
    pse_sql_blob(q, 6, pse_span(none.b, 32));
    return pse_sql_run(q);
}

static pse_rc import_all(struct import *m, struct pse_arena *arena, const struct pse_list *list,
                         const struct pse_list_source *source)
{
    struct pse_district_count *before;
    struct pse_district_count *after;
    pse_hash hash;

    PSE_TRY(pse_voters_head(m->v, &m->sum.number, &hash));
    m->sum.number++;
    PSE_TRY(meta_get_u64(m->v, "persons", &m->rows));
    m->seen = calloc(m->rows + 1, 1);
    if (m->seen == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_voters_districts(m->v, &before, &m->sum.districts_before, arena));
    PSE_TRY(insert_version(m, source));
    for (size_t i = 0; i < list->n; i++)
        PSE_TRY(take_item(m, &list->item[i]));
    if (list->is_whole)
        PSE_TRY(remove_rest(m));
    if (m->changes == 0)
        return PSE_E_MISSING;
    PSE_TRY(put_version(m, &hash, source));
    PSE_TRY(pse_voters_districts(m->v, &after, &m->sum.districts_after, arena));
    m->sum.district_before = before;
    m->sum.district_after = after;
    m->sum.before = total(before, m->sum.districts_before);
    m->sum.after = total(after, m->sum.districts_after);
    return m->watch->confirm == NULL ? PSE_OK : m->watch->confirm(m->watch->ctx, &m->sum);
}

static pse_rc prepare(struct import *m)
{
    PSE_TRY(pse_sql_prepare(&m->insert, m->v->db,
                            "INSERT INTO change(list, seq, op, person, commitment, district, style,"
                            " weight, since, until) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    return pse_sql_prepare(&m->get, m->v->db, PERSON_SELECT " WHERE row = ?");
}

pse_rc pse_voters_import(struct pse_voters *v, struct pse_list_fault *fault,
                         const struct pse_list *list, const struct pse_list_source *source,
                         const struct pse_list_watch *watch)
{
    PSE_ARENA(arena, (size_t)64 << 20);
    struct import m = {.v = v, .fault = fault, .watch = watch};
    pse_rc rc;

    memset(fault, 0, sizeof *fault);
    PSE_TRY(pse_sql_begin(v->db));
    m.old = PSE_BUF(PSE_VOTER_RECORD_MAX);
    m.chain = PSE_BUF((list->n + 1 + ((size_t)1 << 21)) * CHANGE_MAX);
    rc = prepare(&m);
    if (rc == PSE_OK)
        rc = import_all(&m, &arena, list, source);
    pse_sql_finalise(&m.insert);
    pse_sql_finalise(&m.get);
    pse_buf_free(&m.old);
    pse_buf_free(&m.chain);
    free(m.seen);
    return pse_sql_end(v->db, rc);
}

bool pse_voters_list_is_known(struct pse_voters *v, const pse_hash *hash)
{
    pse_hash first;
    PSE_SQL(q, v->db, "SELECT 1 FROM list WHERE hash = ?");

    list_first_hash(&first, &v->eid);
    if (pse_hash_is_equal(&first, hash))
        return true;
    pse_sql_blob(q, 1, pse_span(hash->b, 32));
    return pse_sql_row(q) == PSE_OK;
}
