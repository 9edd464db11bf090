#include "store/login.h"

#include "store/login_room.h"
#include "store/voters_room.h"

void pse_login_token_wipe(pse_login_token *t)
{
    pse_wipe(t, sizeof *t);
}

/* --- marks -------------------------------------------------------------------------------------
 */

static void login_mark(pse_hash *out, const struct pse_voters *v, struct pse_span token,
                       uint64_t person, struct pse_span browser, uint64_t expires)
{
    struct pse_buf b = PSE_BUF(PSE_ROW_MARK_MAX);

    pse_wr_v8(&b, token);
    pse_wr_u64(&b, person);
    pse_wr_v8(&b, browser);
    pse_wr_u64(&b, expires);
    voters_mark(out, v, "login", &b);
    pse_buf_free(&b);
}

static void rate_mark(pse_hash *out, const struct pse_voters *v, struct pse_span bucket,
                      uint64_t due)
{
    struct pse_buf b = PSE_BUF(PSE_ROW_MARK_MAX);

    pse_wr_v8(&b, bucket);
    pse_wr_u64(&b, due);
    voters_mark(out, v, "rate", &b);
    pse_buf_free(&b);
}

static pse_rc compare_mark(const pse_hash *mark, sqlite3_stmt *q, int at)
{
    pse_hash stored;

    if (pse_sql_col_copy(stored.b, 32, q, at) != PSE_OK)
        return PSE_E_MISMATCH;
    return pse_ct_eq(stored.b, mark->b, 32) ? PSE_OK : PSE_E_MISMATCH;
}

pse_rc login_is_marked(const struct pse_voters *v, sqlite3_stmt *q)
{
    pse_hash mark;

    if (pse_sql_col(q, 0).n != 32 || pse_sql_col(q, 2).n != 32)
        return PSE_E_MISMATCH;
    login_mark(&mark, v, pse_sql_col(q, 0), (uint64_t)sqlite3_column_int64(q, 1), pse_sql_col(q, 2),
               (uint64_t)sqlite3_column_int64(q, 3));
    return compare_mark(&mark, q, 4);
}

pse_rc rate_is_marked(const struct pse_voters *v, sqlite3_stmt *q)
{
    pse_hash mark;

    if (pse_sql_col(q, 0).n != 32)
        return PSE_E_MISMATCH;
    rate_mark(&mark, v, pse_sql_col(q, 0), (uint64_t)sqlite3_column_int64(q, 1));
    return compare_mark(&mark, q, 2);
}

/* --- limits ------------------------------------------------------------------------------------
 */

struct limit {
    pse_hash bucket;
    uint64_t period, burst;
    uint64_t due; /* when the bucket is empty again */
};

static pse_rc read_due(struct pse_voters *v, struct limit *l)
{
    pse_rc rc;
    PSE_SQL(q, v->db, RATE_SELECT " WHERE bucket = ?");

    l->due = 0;
    pse_sql_blob(q, 1, pse_span(l->bucket.b, 32));
    rc = pse_sql_row(q);
    if (rc == PSE_E_MISSING)
        return PSE_OK;
    PSE_TRY(rc);
    PSE_TRY(rate_is_marked(v, q));
    l->due = (uint64_t)sqlite3_column_int64(q, 1);
    return PSE_OK;
}

/* GCRA: full when the bucket would take longer than burst periods to run empty. */
static pse_rc check_limit(struct pse_voters *v, struct limit *l, uint64_t *retry, uint64_t now)
{
    PSE_TRY(read_due(v, l));
    if (l->due < now)
        l->due = now;
    if (l->due - now > (l->burst - 1) * l->period) {
        uint64_t wait = l->due - now - (l->burst - 1) * l->period;

        if (wait > *retry)
            *retry = wait;
        return PSE_E_LIMIT;
    }
    l->due += l->period;
    return PSE_OK;
}

static pse_rc put_due(struct pse_voters *v, const struct limit *l)
{
    pse_hash mark;
    PSE_SQL(q, v->db, "REPLACE INTO rate(bucket, due, mark) VALUES(?, ?, ?)");

    rate_mark(&mark, v, pse_span(l->bucket.b, 32), l->due);
    pse_sql_blob(q, 1, pse_span(l->bucket.b, 32));
    pse_sql_i64(q, 2, (int64_t)l->due);
    pse_sql_blob(q, 3, pse_span(mark.b, 32));
    return pse_sql_run(q);
}

static pse_rc pass_limits(struct pse_voters *v, uint64_t *retry, const struct pse_login_request *r,
                          const pse_hash *address)
{
    struct limit mail = {.period = PSE_LOGIN_MAIL_PERIOD, .burst = PSE_LOGIN_MAIL_BURST};
    struct limit prefix = {.period = PSE_LOGIN_PREFIX_PERIOD, .burst = PSE_LOGIN_PREFIX_BURST};
    pse_rc a;
    pse_rc b;

    pse_seal_mark(&mail.bucket, &v->lookup, "rate mail", pse_span(address->b, 32));
    pse_seal_mark(&prefix.bucket, &v->lookup, "rate prefix", r->prefix);
    a = check_limit(v, &mail, retry, r->now);
    b = check_limit(v, &prefix, retry, r->now);
    PSE_TRY(a);
    PSE_TRY(b);
    PSE_TRY(put_due(v, &mail));
    return put_due(v, &prefix);
}

/* --- links -------------------------------------------------------------------------------------
 */

static pse_rc sweep(struct pse_voters *v, uint64_t person, uint64_t now)
{
    PSE_SQL(old, v->db, "DELETE FROM login WHERE expires <= ?1 OR person = ?2");
    PSE_SQL(rate, v->db, "DELETE FROM rate WHERE due <= ?");

    /* A new link makes the voter's older ones void. */
    pse_sql_i64(old, 1, (int64_t)now);
    pse_sql_i64(old, 2, (int64_t)person);
    PSE_TRY(pse_sql_run(old));
    pse_sql_i64(rate, 1, (int64_t)now);
    return pse_sql_run(rate);
}

static void hash_token(pse_hash *out, const struct pse_voters *v, const char *label,
                       const pse_login_token *t)
{
    pse_seal_mark(out, &v->lookup, label, pse_span(t->b, sizeof t->b));
}

/* A link of nobody (person 0) is stored like any other. */
static pse_rc put_link(struct pse_voters *v, const pse_login_token *token, uint64_t person,
                       const struct pse_login_request *r)
{
    uint64_t expires = r->now + PSE_LOGIN_SECONDS;
    pse_hash t;
    pse_hash browser;
    pse_hash mark;
    PSE_SQL(q, v->db,
            "INSERT INTO login(token, person, browser, expires, mark)"
            " VALUES(?, ?, ?, ?, ?)");

    hash_token(&t, v, "login token", token);
    hash_token(&browser, v, "login browser", r->browser);
    login_mark(&mark, v, pse_span(t.b, 32), person, pse_span(browser.b, 32), expires);
    pse_sql_blob(q, 1, pse_span(t.b, 32));
    pse_sql_i64(q, 2, (int64_t)person);
    pse_sql_blob(q, 3, pse_span(browser.b, 32));
    pse_sql_i64(q, 4, (int64_t)expires);
    pse_sql_blob(q, 5, pse_span(mark.b, 32));
    return pse_sql_run(q);
}

static pse_rc begin(struct pse_voters *v, pse_login_token *token, bool *is_known, uint64_t *retry,
                    const struct pse_login_request *r)
{
    pse_hash address;
    uint64_t person = 0;
    pse_rc rc;

    mail_lookup(&address, v, r->mail);
    PSE_TRY(pass_limits(v, retry, r, &address));
    rc = pse_voters_find_mail(v, &person, r->mail);
    if (rc != PSE_OK && rc != PSE_E_MISSING && rc != PSE_E_DUPLICATE)
        return rc;
    *is_known = rc == PSE_OK;
    PSE_TRY(sweep(v, *is_known ? person : UINT32_MAX, r->now));
    return put_link(v, token, person, r);
}

pse_rc pse_login_begin(struct pse_voters *v, pse_login_token *token, bool *is_known,
                       uint64_t *retry, const struct pse_login_request *r)
{
    pse_rc rc;

    *is_known = false;
    *retry = 0;
    if (r->mail.n == 0 || r->mail.n > PSE_VOTER_MAIL_MAX)
        return PSE_E_LENGTH;
    pse_rng_fill(v->rng, token->b, sizeof token->b);
    PSE_TRY(pse_sql_begin(v->db));
    rc = pse_sql_end(v->db, begin(v, token, is_known, retry, r));
    if (rc != PSE_OK) {
        *is_known = false;
        pse_login_token_wipe(token);
    }
    return rc;
}

/* --- use ---------------------------------------------------------------------------------------
 */

struct link {
    uint64_t person;
    uint64_t expires;
};

/* Take the link out of the database, unless it is another browser that holds it. */
static pse_rc take(struct pse_voters *v, struct link *out, const pse_login_token *token,
                   const pse_login_token *browser)
{
    pse_hash t;
    pse_hash b;
    PSE_SQL(q, v->db, LOGIN_SELECT " WHERE token = ?");
    PSE_SQL(drop, v->db, "DELETE FROM login WHERE token = ?");

    hash_token(&t, v, "login token", token);
    hash_token(&b, v, "login browser", browser);
    pse_sql_blob(q, 1, pse_span(t.b, 32));
    PSE_TRY(pse_sql_row(q));
    PSE_TRY(login_is_marked(v, q));
    if (!pse_ct_eq(pse_sql_col(q, 2).p, b.b, 32))
        return PSE_E_PROOF;
    out->person = (uint64_t)sqlite3_column_int64(q, 1);
    out->expires = (uint64_t)sqlite3_column_int64(q, 3);
    pse_sql_blob(drop, 1, pse_span(t.b, 32));
    return pse_sql_run(drop);
}

static pse_rc is_listed(struct pse_voters *v, uint64_t person)
{
    PSE_SQL(q, v->db, "SELECT 1 FROM person WHERE row = ? AND listed = 1");

    pse_sql_i64(q, 1, (int64_t)person);
    return pse_sql_row(q);
}

pse_rc pse_login_complete(struct pse_voters *v, uint64_t *person, const pse_login_token *token,
                          const pse_login_token *browser, uint64_t now)
{
    struct link link = {0};

    *person = 0;
    PSE_TRY(pse_sql_begin(v->db));
    PSE_TRY(pse_sql_end(v->db, take(v, &link, token, browser)));
    if (now >= link.expires)
        return PSE_E_STATE;
    PSE_TRY(is_listed(v, link.person));
    *person = link.person;
    return PSE_OK;
}
