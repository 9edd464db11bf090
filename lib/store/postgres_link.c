#include "store/postgres_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "codec/codec.h"

/* Types by their fixed numbers in PostgreSQL's catalogue. */
enum { TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_BYTEA_ARRAY = 1001 };

/* --- arguments -------------------------------------------------------------------------------- */

static void add(struct pse_pg_args *a, Oid type, const void *p, size_t n)
{
    PSE_REQUIRE(a->n < PSE_PG_ARGS && n <= INT32_MAX);
    a->type[a->n] = type;
    a->value[a->n] = n == 0 ? "" : p;
    a->length[a->n] = (int)n;
    a->format[a->n] = 1;
    a->n++;
}

void pse_pg_u64(struct pse_pg_args *a, uint64_t x)
{
    PSE_REQUIRE(a->n < PSE_PG_ARGS && x <= INT64_MAX);
    pse_store_u64(a->number[a->n], x);
    add(a, TYPE_INT8, a->number[a->n], 8);
}

void pse_pg_bytes(struct pse_pg_args *a, struct pse_span x)
{
    add(a, TYPE_BYTEA, x.p, x.n);
}

void pse_pg_hash(struct pse_pg_args *a, const pse_hash *x)
{
    add(a, TYPE_BYTEA, x->b, 32);
}

void pse_pg_array(struct pse_pg_args *a, struct pse_span encoded)
{
    add(a, TYPE_BYTEA_ARRAY, encoded.p, encoded.n);
}

void pse_pg_array_put(struct pse_buf *out, const struct pse_span *x, size_t n)
{
    pse_wr_u32(out, n > 0); /* dimensions; the empty array has none */
    pse_wr_u32(out, 0);     /* no NULL among them */
    pse_wr_u32(out, TYPE_BYTEA);
    if (n == 0)
        return;
    pse_wr_u32(out, (uint32_t)n);
    pse_wr_u32(out, 1); /* lower bound */
    for (size_t i = 0; i < n; i++) {
        pse_wr_u32(out, (uint32_t)x[i].n);
        pse_wr_span(out, x[i]);
    }
}

/* --- the connection --------------------------------------------------------------------------- */

/* A warning after a commit may say that no replica has it: the outcome is then not known. */
static void on_notice(void *ctx, const PGresult *r)
{
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    struct pse_pg *s = ctx;

    if (severity == NULL || strcmp(severity, "WARNING") != 0)
        return;
    s->warned = true;
    (void)snprintf(s->warning, sizeof s->warning, "%s", text == NULL ? "a warning" : text);
}

/* The first line of libpq's message, without what it repeats. */
static pse_rc failed(struct pse_pg *s, pse_rc rc, const char *message)
{
    size_t n = strcspn(message, "\n");

    if (strncmp(message, "ERROR:  ", 8) == 0) {
        message += 8;
        n -= 8;
    }
    return pse_store_fail(s, rc, "PostgreSQL: %.*s", (int)(n < 300 ? n : 300), message);
}

pse_rc pse_pg_connect(struct pse_pg *s, const char *url)
{
    /* What stands before dbname gives way to the URL. A peer that has vanished is noticed within
     * seconds, so that a stand-by need not wait for the system's two hours. */
    static const char *const name[] = {
        "connect_timeout",     "tcp_user_timeout", "keepalives_idle",
        "keepalives_interval", "keepalives_count", "fallback_application_name",
        "client_encoding",     "dbname",           NULL};
    const char *const value[] = {"5", "10000", "2", "1", "3", "psephos", "UTF8", url, NULL};

    s->conn = PQconnectdbParams(name, value, 1);
    if (s->conn == NULL)
        return PSE_E_MEMORY;
    if (PQstatus(s->conn) != CONNECTION_OK)
        return failed(s, PSE_E_IO, PQerrorMessage(s->conn));
    (void)PQsetNoticeReceiver(s->conn, on_notice, s);
    return PSE_OK;
}

void pse_pg_disconnect(struct pse_pg *s)
{
    PQfinish(s->conn);
    s->conn = NULL;
}

/* --- answers ---------------------------------------------------------------------------------- */

static int64_t steady_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The next result, or false when the deadline passes or the connection breaks; *r may be NULL. */
static bool next_result(PGresult **r, struct pse_pg *s, int64_t deadline)
{
    *r = NULL;
    while (PQisBusy(s->conn) != 0) {
        struct pollfd fd = {.fd = PQsocket(s->conn), .events = POLLIN};
        int64_t left = deadline - steady_ms();
        int n;

        if (left <= 0)
            return false;
        n = poll(&fd, 1, (int)left);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0 && PQconsumeInput(s->conn) != 1)
            return false;
    }
    *r = PQgetResult(s->conn);
    return true;
}

static pse_rc is_lost(struct pse_pg *s)
{
    s->unknown = true;
    if (PQstatus(s->conn) != CONNECTION_OK)
        return failed(s, PSE_E_UNKNOWN, PQerrorMessage(s->conn));
    return pse_store_fail(s, PSE_E_UNKNOWN, "PostgreSQL gave no answer within %d s",
                          PSE_PG_WAIT_MS / 1000);
}

/* What an error answer means. Of all classes only 57P (the server ends the session) and 08 can come
 * after a commit that is already on disk. */
static pse_rc meaning(struct pse_pg *s, const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorMessage(r);

    if (state == NULL || strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0) {
        s->unknown = true;
        return failed(s, PSE_E_UNKNOWN, message);
    }
    if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 || strcmp(state, "55P03") == 0)
        return failed(s, PSE_E_STATE, message);
    if (strcmp(state, "23505") == 0)
        return failed(s, PSE_E_DUPLICATE, message);
    return failed(s, PSE_E_IO, message);
}

static bool is_good(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);

    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_PIPELINE_SYNC;
}

/* All results of what was sent; the last good one goes to *out. The first failure counts. */
static pse_rc collect(PGresult **out, struct pse_pg *s)
{
    int64_t deadline = steady_ms() + PSE_PG_WAIT_MS;
    pse_rc rc = PSE_OK;
    PGresult *r;

    *out = NULL;
    for (;;) {
        if (!next_result(&r, s, deadline)) {
            rc = is_lost(s);
            break;
        }
        if (r == NULL)
            break;
        if (!is_good(r) && rc == PSE_OK)
            rc = meaning(s, r);
        PQclear(*out);
        *out = r;
        if (PQstatus(s->conn) != CONNECTION_OK && rc == PSE_OK)
            rc = is_lost(s);
    }
    if (rc == PSE_OK && *out == NULL)
        rc = is_lost(s);
    if (rc == PSE_OK && s->warned) {
        s->unknown = true;
        rc = pse_store_fail(s, PSE_E_UNKNOWN, "PostgreSQL warns: %s", s->warning);
    }
    if (rc != PSE_OK) {
        PQclear(*out);
        *out = NULL;
    }
    return rc;
}

/* The first message stays: it says why. */
static pse_rc begin(struct pse_pg *s)
{
    s->warned = false;
    return s->unknown ? PSE_E_UNKNOWN : PSE_OK;
}

static pse_rc not_sent(struct pse_pg *s)
{
    s->unknown = true; /* some of it may have gone out */
    return failed(s, PSE_E_UNKNOWN, PQerrorMessage(s->conn));
}

pse_rc pse_pg_change(PGresult **out, struct pse_pg *s, const char *sql, const struct pse_pg_args *a)
{
    PGresult *r;

    PSE_TRY(begin(s));
    if (PQsendQueryParams(s->conn, sql, a->n, a->type, a->value, a->length, a->format, 1) != 1)
        return not_sent(s);
    PSE_TRY(collect(&r, s));
    if (out == NULL)
        PQclear(r);
    else
        *out = r;
    return PSE_OK;
}

pse_rc pse_pg_read(PGresult **out, struct pse_pg *s, const char *sql, const struct pse_pg_args *a)
{
    bool was_unknown = s->unknown;
    pse_rc rc = pse_pg_change(out, s, sql, a);

    return rc == PSE_OK || was_unknown ? rc : PSE_E_IO;
}

pse_rc pse_pg_script(struct pse_pg *s, const char *sql)
{
    PGresult *r;

    PSE_TRY(begin(s));
    if (PQsendQuery(s->conn, sql) != 1)
        return not_sent(s);
    PSE_TRY(collect(&r, s));
    PQclear(r);
    return PSE_OK;
}

/* --- many at once ----------------------------------------------------------------------------- */

static bool send_one(struct pse_pg *s, const char *sql, const struct pse_pg_args *a)
{
    return PQsendQueryParams(s->conn, sql, a->n, a->type, a->value, a->length, a->format, 1) == 1;
}

/* In a pipeline each statement's results end with NULL, and the whole with PGRES_PIPELINE_SYNC. */
static pse_rc collect_pipeline(struct pse_pg *s)
{
    int64_t deadline = steady_ms() + PSE_PG_WAIT_MS;
    unsigned nulls = 0;
    pse_rc rc = PSE_OK;

    for (;;) {
        PGresult *r;
        bool is_sync;

        if (!next_result(&r, s, deadline))
            return is_lost(s);
        if (r == NULL) {
            if (++nulls > 1) /* two in a row: the connection is gone */
                return is_lost(s);
            continue;
        }
        nulls = 0;
        is_sync = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        if (!is_good(r) && PQresultStatus(r) != PGRES_PIPELINE_ABORTED && rc == PSE_OK)
            rc = meaning(s, r);
        PQclear(r);
        if (is_sync)
            return rc;
        if (PQstatus(s->conn) != CONNECTION_OK)
            return is_lost(s);
    }
}

pse_rc pse_pg_many(struct pse_pg *s, const char *sql, size_t n,
                   void (*fill)(struct pse_pg_args *a, size_t i, const void *ctx), const void *ctx)
{
    const struct pse_pg_args none = {0};
    bool sent;
    pse_rc rc;

    PSE_TRY(begin(s));
    if (PQenterPipelineMode(s->conn) != 1)
        return not_sent(s);
    sent = send_one(s, "BEGIN", &none);
    for (size_t i = 0; i < n && sent; i++) {
        struct pse_pg_args a = {0};

        fill(&a, i, ctx);
        sent = send_one(s, sql, &a);
    }
    sent = sent && send_one(s, "COMMIT", &none) && PQpipelineSync(s->conn) == 1;
    if (!sent)
        return not_sent(s);
    rc = collect_pipeline(s);
    if (s->unknown)
        return rc;
    if (PQexitPipelineMode(s->conn) != 1)
        return not_sent(s);
    /* An error leaves the transaction open and aborted. */
    if (PQtransactionStatus(s->conn) != PQTRANS_IDLE) {
        char why[PSE_STORE_WHY_MAX];

        memcpy(why, s->base.why, sizeof why);
        PSE_TRY(pse_pg_script(s, "ROLLBACK"));
        memcpy(s->base.why, why, sizeof why);
    }
    if (rc == PSE_OK && s->warned) {
        s->unknown = true;
        rc = pse_store_fail(s, PSE_E_UNKNOWN, "PostgreSQL warns: %s", s->warning);
    }
    return rc;
}

/* --- values of a result row ------------------------------------------------------------------- */

uint64_t pse_pg_get_u64(const PGresult *r, int row, int column)
{
    PSE_REQUIRE(PQgetlength(r, row, column) == 8);
    return pse_load_u64((const uint8_t *)PQgetvalue(r, row, column));
}

struct pse_span pse_pg_get_bytes(const PGresult *r, int row, int column)
{
    return pse_span(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column));
}

bool pse_pg_get_hash(pse_hash *out, const PGresult *r, int row, int column)
{
    struct pse_span x = pse_pg_get_bytes(r, row, column);

    if (x.n != 32)
        return false;
    memcpy(out->b, x.p, 32);
    return true;
}
