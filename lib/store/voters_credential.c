#include "crypto/report.h"
#include "store/voters_room.h"

void credential_mark(pse_hash *out, const struct pse_voters *v, const struct pse_credential_row *r)
{
    struct pse_buf b = PSE_BUF(PSE_ROW_MARK_MAX);

    pse_wr_u64(&b, r->row);
    pse_wr_u64(&b, r->person);
    pse_wr_span(&b, pse_span(r->credential.b, 32));
    pse_wr_u16(&b, r->style);
    pse_wr_u32(&b, r->weight);
    pse_wr_hash(&b, &r->commitment);
    pse_wr_u8(&b, (uint8_t)r->state);
    pse_wr_u64(&b, r->replaces);
    voters_mark(out, v, "credential", &b);
    pse_buf_free(&b);
}

pse_rc credential_of(struct pse_credential_row *out, const struct pse_voters *v, sqlite3_stmt *q)
{
    pse_hash mark;
    pse_hash stored;

    memset(out, 0, sizeof *out);
    out->row = (uint64_t)sqlite3_column_int64(q, 0);
    out->person = (uint64_t)sqlite3_column_int64(q, 1);
    out->style = (uint16_t)sqlite3_column_int64(q, 3);
    out->weight = (uint32_t)sqlite3_column_int64(q, 4);
    out->state = (enum pse_credential_state)sqlite3_column_int64(q, 6);
    out->replaces = (uint64_t)sqlite3_column_int64(q, 7);
    if (pse_sql_col_copy(out->credential.b, 32, q, 2) != PSE_OK ||
        pse_sql_col_copy(out->commitment.b, 32, q, 5) != PSE_OK ||
        pse_sql_col_copy(stored.b, 32, q, 8) != PSE_OK)
        return PSE_E_MISMATCH;
    credential_mark(&mark, v, out);
    return pse_hash_is_equal(&mark, &stored) ? PSE_OK : PSE_E_MISMATCH;
}

/* --- reading -----------------------------------------------------------------------------------
 */

pse_rc pse_voters_credentials(struct pse_voters *v, uint64_t *at, void *ctx,
                              pse_rc (*each)(void *ctx, const struct pse_credential_row *row))
{
    struct pse_credential_row row;
    pse_rc rc;
    PSE_SQL(q, v->db, CREDENTIAL_SELECT " ORDER BY row");

    *at = 0;
    while ((rc = pse_sql_row(q)) == PSE_OK) {
        *at = (uint64_t)sqlite3_column_int64(q, 0);
        PSE_TRY(credential_of(&row, v, q));
        PSE_TRY(each(ctx, &row));
    }
    return rc == PSE_E_MISSING ? PSE_OK : rc;
}

pse_rc pse_voters_credential(struct pse_voters *v, struct pse_credential_row *out, uint64_t row)
{
    PSE_SQL(q, v->db, CREDENTIAL_SELECT " WHERE row = ?");

    memset(out, 0, sizeof *out);
    pse_sql_i64(q, 1, (int64_t)row);
    PSE_TRY(pse_sql_row(q));
    return credential_of(out, v, q);
}

pse_rc pse_voters_credential_find(struct pse_voters *v, struct pse_credential_row *out,
                                  const pse_enc *credential)
{
    PSE_SQL(q, v->db, CREDENTIAL_SELECT " WHERE credential = ?");

    memset(out, 0, sizeof *out);
    pse_sql_blob(q, 1, pse_span(credential->b, 32));
    PSE_TRY(pse_sql_row(q));
    return credential_of(out, v, q);
}

static pse_rc active_of(struct pse_credential_row *out, struct pse_voters *v, uint64_t person)
{
    PSE_SQL(q, v->db, CREDENTIAL_SELECT " WHERE person = ? AND state = 1");

    memset(out, 0, sizeof *out);
    pse_sql_i64(q, 1, (int64_t)person);
    PSE_TRY(pse_sql_row(q));
    return credential_of(out, v, q);
}

static pse_rc pending_of(struct pse_credential_row *out, struct pse_voters *v, uint64_t person)
{
    PSE_SQL(q, v->db, CREDENTIAL_SELECT " WHERE person = ? AND state = 4");

    memset(out, 0, sizeof *out);
    pse_sql_i64(q, 1, (int64_t)person);
    PSE_TRY(pse_sql_row(q));
    return credential_of(out, v, q);
}

pse_rc pse_voters_pending(struct pse_voters *v, struct pse_credential_row *out, uint64_t after)
{
    PSE_SQL(q, v->db, CREDENTIAL_SELECT " WHERE state = 4 AND row > ? ORDER BY row LIMIT 1");

    memset(out, 0, sizeof *out);
    pse_sql_i64(q, 1, (int64_t)after);
    PSE_TRY(pse_sql_row(q));
    return credential_of(out, v, q);
}

pse_rc pse_voters_evidence(struct pse_voters *v, uint8_t salt[32], struct pse_buf *hold,
                           uint64_t row)
{
    struct pse_seal_place place = {.table = "credential", .row = row};
    struct pse_credential_row c;
    pse_hash sum;
    PSE_SQL(q, v->db, "SELECT wrapped, sealed FROM credential WHERE row = ?");

    memset(salt, 0, 32);
    hold->n = 0;
    PSE_TRY(pse_voters_credential(v, &c, row));
    pse_sql_i64(q, 1, (int64_t)row);
    PSE_TRY(pse_sql_row(q));
    if (pse_sql_col_is_null(q, 0) && pse_sql_col_is_null(q, 1))
        return PSE_E_MISSING;
    PSE_TRY(pse_unseal(hold, v->w, &place, pse_sql_col(q, 0), pse_sql_col(q, 1)));
    if (hold->n < 32)
        return PSE_E_MISMATCH;
    memcpy(salt, hold->p, 32);
    memmove(hold->p, hold->p + 32, hold->n - 32);
    hold->n -= 32;
    pse_evidence_commit(&sum, &v->eid, salt, pse_buf_span(hold));
    return pse_hash_is_equal(&sum, &c.commitment) ? PSE_OK : PSE_E_MISMATCH;
}

/* --- writing -----------------------------------------------------------------------------------
 */

static pse_rc set_state(struct pse_voters *v, struct pse_credential_row *r,
                        enum pse_credential_state state)
{
    pse_hash mark;
    PSE_SQL(q, v->db, "UPDATE credential SET state = ?, mark = ? WHERE row = ?");

    r->state = state;
    credential_mark(&mark, v, r);
    pse_sql_i64(q, 1, (int64_t)state);
    pse_sql_blob(q, 2, pse_span(mark.b, 32));
    pse_sql_i64(q, 3, (int64_t)r->row);
    return pse_sql_run(q);
}

static pse_rc insert(struct pse_voters *v, const struct pse_credential_row *r,
                     struct pse_span wrapped, struct pse_span sealed)
{
    pse_hash mark;
    PSE_SQL(q, v->db,
            "INSERT INTO credential(row, person, credential, style, weight, commitment,"
            " state, replaces, mark, wrapped, sealed)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    credential_mark(&mark, v, r);
    pse_sql_i64(q, 1, (int64_t)r->row);
    if (r->person != 0)
        pse_sql_i64(q, 2, (int64_t)r->person);
    pse_sql_blob(q, 3, pse_span(r->credential.b, 32));
    pse_sql_i64(q, 4, r->style);
    pse_sql_i64(q, 5, r->weight);
    pse_sql_blob(q, 6, pse_span(r->commitment.b, 32));
    pse_sql_i64(q, 7, (int64_t)r->state);
    if (r->replaces != 0)
        pse_sql_i64(q, 8, (int64_t)r->replaces);
    pse_sql_blob(q, 9, pse_span(mark.b, 32));
    pse_sql_blob(q, 10, wrapped);
    pse_sql_blob(q, 11, sealed);
    return pse_sql_run(q);
}

/* Salt and evidence, sealed for the row; the commitment to them. */
static pse_rc seal_evidence(struct pse_voters *v, struct pse_credential_row *r,
                            struct pse_buf *sealed, uint8_t wrapped[PSE_SEAL_WRAPPED],
                            struct pse_span evidence)
{
    struct pse_seal_place place = {.table = "credential", .row = r->row};
    struct pse_buf plain = PSE_BUF(PSE_EVIDENCE_MAX);
    uint8_t salt[32];
    pse_rc rc;

    pse_rng_fill(v->rng, salt, sizeof salt);
    pse_buf_put(&plain, salt, sizeof salt);
    pse_wr_span(&plain, evidence);
    pse_evidence_commit(&r->commitment, &v->eid, salt, evidence);
    rc = plain.rc;
    if (rc == PSE_OK)
        rc = pse_seal(sealed, wrapped, v->w, &place, pse_buf_span(&plain), v->rng);
    pse_buf_free(&plain);
    pse_wipe(salt, sizeof salt);
    return rc;
}

static pse_rc put_credential(struct pse_voters *v, struct pse_credential_row *r,
                             struct pse_span evidence)
{
    struct pse_buf sealed = PSE_BUF(PSE_EVIDENCE_MAX + PSE_SEAL_OVERHEAD);
    uint8_t wrapped[PSE_SEAL_WRAPPED];
    pse_rc rc = meta_get_u64(v, "credentials", &r->row);

    r->row++;
    if (rc == PSE_OK)
        rc = meta_put_u64(v, "credentials", r->row);
    if (rc == PSE_OK)
        rc = seal_evidence(v, r, &sealed, wrapped, evidence);
    if (rc == PSE_OK)
        rc = insert(v, r, pse_span(wrapped, sizeof wrapped), pse_buf_span(&sealed));
    pse_buf_free(&sealed);
    return rc;
}

static pse_rc refuse(enum pse_register_refusal *why, enum pse_register_refusal because)
{
    *why = because;
    return PSE_E_STATE;
}

/* The person's right today, and what it brings: style and weight of the list. */
static pse_rc check_person(struct pse_voters *v, enum pse_register_refusal *why,
                           struct pse_credential_row *fresh, uint32_t day)
{
    struct person_columns c;
    struct pse_voter dates;
    pse_rc rc;
    PSE_SQL(q, v->db, PERSON_SELECT " WHERE row = ?");

    pse_sql_i64(q, 1, (int64_t)fresh->person);
    rc = pse_sql_row(q);
    if (rc == PSE_E_MISSING)
        return refuse(why, PSE_REGISTER_NOT_LISTED);
    PSE_TRY(rc);
    PSE_TRY(person_columns_of(&c, v, q));
    if (!c.is_listed)
        return refuse(why, PSE_REGISTER_NOT_LISTED);
    dates = (struct pse_voter){.since = c.since, .until = c.until};
    if (!pse_voter_is_eligible(&dates, day))
        return refuse(why, c.since > day ? PSE_REGISTER_NOT_YET : PSE_REGISTER_NO_LONGER);
    fresh->style = c.style;
    fresh->weight = c.weight;
    return PSE_OK;
}

/* Letters do not say whose they are; so they are counted: how many more credentials there may be of
 * a style and weight. Counting reads every voter, so within a transaction it is done once. */
enum { ROOMS_MAX = 64 };

struct room {
    uint16_t style;
    uint32_t weight, day;
    int64_t left;
};

struct rooms {
    struct room room[ROOMS_MAX + 1]; /* the last one is for those that found no place */
    size_t n;
};

static pse_rc count_room(struct room *room, struct pse_voters *v)
{
    PSE_SQL(voters, v->db,
            "SELECT count(*) FROM person WHERE listed = 1 AND style = ?1 AND weight = ?2"
            " AND (since = 0 OR since <= ?3) AND (until = 0 OR ?3 <= until)");
    PSE_SQL(credentials, v->db,
            "SELECT count(*) FROM credential WHERE state = 1 AND style = ?1 AND weight = ?2");

    pse_sql_i64(voters, 1, room->style);
    pse_sql_i64(voters, 2, room->weight);
    pse_sql_i64(voters, 3, room->day);
    pse_sql_i64(credentials, 1, room->style);
    pse_sql_i64(credentials, 2, room->weight);
    PSE_TRY(pse_sql_row(voters));
    PSE_TRY(pse_sql_row(credentials));
    room->left = sqlite3_column_int64(voters, 0) - sqlite3_column_int64(credentials, 0);
    return PSE_OK;
}

static pse_rc check_room(struct pse_voters *v, enum pse_register_refusal *why, struct rooms *rooms,
                         const struct pse_registration *r)
{
    struct room *room = &rooms->room[rooms->n];

    for (size_t i = 0; i < rooms->n; i++) {
        const struct room *x = &rooms->room[i];

        if (x->style == r->style && x->weight == r->weight && x->day == r->day)
            return x->left > 0 ? PSE_OK : refuse(why, PSE_REGISTER_FULL);
    }
    *room = (struct room){.style = r->style, .weight = r->weight, .day = r->day};
    PSE_TRY(count_room(room, v));
    rooms->n += rooms->n < ROOMS_MAX ? 1 : 0;
    return room->left > 0 ? PSE_OK : refuse(why, PSE_REGISTER_FULL);
}

/* One more active credential, which replaces none. */
static void take_room(struct rooms *rooms, const struct pse_credential_row *fresh)
{
    for (size_t i = 0; i < rooms->n; i++) {
        struct room *x = &rooms->room[i];

        if (x->style == fresh->style && x->weight == fresh->weight)
            x->left--;
    }
}

static pse_rc find_old(struct pse_voters *v, struct pse_credential_row *old,
                       const struct pse_registration *r)
{
    pse_rc rc;

    if (r->person != 0)
        return active_of(old, v, r->person);
    if (r->old == NULL)
        return PSE_E_MISSING;
    rc = pse_voters_credential_find(v, old, r->old);
    if (rc == PSE_OK && (old->state != PSE_CREDENTIAL_ACTIVE || old->person != 0))
        return PSE_E_MISSING;
    return rc;
}

static pse_rc do_register(struct pse_voters *v, enum pse_register_refusal *why, struct rooms *rooms,
                          const struct pse_registration *r)
{
    struct pse_credential_row fresh = {.person = r->person,
                                       .credential = r->credential,
                                       .style = r->style,
                                       .weight = r->weight,
                                       .state = PSE_CREDENTIAL_ACTIVE};
    struct pse_credential_row old;
    pse_rc rc = pse_voters_credential_find(v, &old, &r->credential);

    if (rc == PSE_OK)
        return refuse(why, PSE_REGISTER_TAKEN);
    if (rc != PSE_E_MISSING)
        return rc;
    if (r->person != 0) {
        PSE_TRY(check_person(v, why, &fresh, r->day));
        rc = pending_of(&old, v, r->person);
        if (rc != PSE_E_MISSING)
            return rc == PSE_OK ? refuse(why, PSE_REGISTER_WAITS) : rc;
    }
    rc = find_old(v, &old, r);
    if (rc != PSE_OK && rc != PSE_E_MISSING)
        return rc;
    if (rc == PSE_OK && !r->is_replacement)
        return refuse(why, PSE_REGISTER_HAS_ONE);
    if (rc == PSE_E_MISSING && r->is_replacement)
        return refuse(why, PSE_REGISTER_NONE);
    if (r->person == 0 && !r->is_replacement)
        PSE_TRY(check_room(v, why, rooms, r));
    if (r->is_replacement) {
        fresh.replaces = old.row;
        fresh.style = old.style;
        fresh.weight = old.weight;
        if (!r->is_pending)
            PSE_TRY(set_state(v, &old, PSE_CREDENTIAL_REPLACED));
    }
    if (r->is_pending)
        fresh.state = PSE_CREDENTIAL_PENDING;
    else if (!r->is_replacement)
        take_room(rooms, &fresh);
    return put_credential(v, &fresh, r->evidence);
}

pse_rc pse_voters_register(struct pse_voters *v, enum pse_register_refusal *why,
                           const struct pse_registration *r)
{
    struct rooms rooms = {.n = 0};

    *why = PSE_REGISTER_DONE;
    PSE_TRY(pse_sql_begin(v->db));
    return pse_sql_end(v->db, do_register(v, why, &rooms, r));
}

pse_rc pse_voters_register_all(struct pse_voters *v, enum pse_register_refusal *why, size_t *at,
                               const struct pse_registration *r, size_t n)
{
    struct rooms rooms = {.n = 0};
    pse_rc rc = PSE_OK;

    *why = PSE_REGISTER_DONE;
    *at = 0;
    PSE_TRY(pse_sql_begin(v->db));
    for (size_t i = 0; rc == PSE_OK && i < n; i++) {
        *at = i;
        rc = do_register(v, why, &rooms, &r[i]);
    }
    return pse_sql_end(v->db, rc);
}

/* One of several: what it changed is taken back without the others when it is refused. */
static pse_rc register_one(struct pse_voters *v, enum pse_register_refusal *why,
                           const struct pse_registration *r)
{
    struct rooms rooms = {.n = 0};
    pse_rc rc;

    *why = PSE_REGISTER_DONE;
    PSE_TRY(pse_sql_exec(v->db, "SAVEPOINT one"));
    rc = do_register(v, why, &rooms, r);
    if (rc != PSE_OK)
        PSE_TRY(pse_sql_exec(v->db, "ROLLBACK TO one"));
    PSE_TRY(pse_sql_exec(v->db, "RELEASE one"));
    return rc;
}

void pse_voters_register_each(struct pse_voters *v, struct pse_registered *out,
                              const struct pse_registration *r, size_t n)
{
    pse_rc rc = pse_sql_begin(v->db);

    for (size_t i = 0; i < n && rc == PSE_OK; i++) {
        out[i] = (struct pse_registered){.rc = PSE_OK};
        out[i].rc = register_one(v, &out[i].why, &r[i]);
        if (sqlite3_get_autocommit(v->db))
            rc = PSE_E_IO; /* given up by the database, with all that was in it */
    }
    if (rc == PSE_OK)
        rc = pse_sql_end(v->db, PSE_OK);
    for (size_t i = 0; i < n && rc != PSE_OK; i++)
        out[i] = (struct pse_registered){.rc = rc};
}

/* --- the end of a wait --------------------------------------------------------------------------
 */

static pse_rc update(struct pse_voters *v, const struct pse_credential_row *r,
                     struct pse_span wrapped, struct pse_span sealed)
{
    pse_hash mark;
    PSE_SQL(q, v->db,
            "UPDATE credential SET commitment = ?, state = ?, mark = ?, wrapped = ?, sealed = ?"
            " WHERE row = ?");

    credential_mark(&mark, v, r);
    pse_sql_blob(q, 1, pse_span(r->commitment.b, 32));
    pse_sql_i64(q, 2, (int64_t)r->state);
    pse_sql_blob(q, 3, pse_span(mark.b, 32));
    pse_sql_blob(q, 4, wrapped);
    pse_sql_blob(q, 5, sealed);
    pse_sql_i64(q, 6, (int64_t)r->row);
    return pse_sql_run(q);
}

/* Its place is free for another attempt to replace the same one. */
static pse_rc refuse_pending(struct pse_voters *v, struct pse_credential_row *r)
{
    PSE_SQL(q, v->db, "UPDATE credential SET replaces = NULL WHERE row = ?");

    pse_sql_i64(q, 1, (int64_t)r->row);
    PSE_TRY(pse_sql_run(q));
    r->replaces = 0;
    return set_state(v, r, PSE_CREDENTIAL_REFUSED);
}

static pse_rc accept_pending(struct pse_voters *v, enum pse_register_refusal *why,
                             struct pse_credential_row *r, struct pse_span evidence, uint32_t day)
{
    struct pse_buf sealed = PSE_BUF(PSE_EVIDENCE_MAX + PSE_SEAL_OVERHEAD);
    struct pse_credential_row today = {.person = r->person};
    struct pse_credential_row old;
    uint8_t wrapped[PSE_SEAL_WRAPPED];
    pse_rc rc;

    PSE_TRY(check_person(v, why, &today, day));
    if (r->replaces != 0) {
        PSE_TRY(pse_voters_credential(v, &old, r->replaces));
        if (old.state != PSE_CREDENTIAL_ACTIVE)
            return refuse(why, PSE_REGISTER_NONE);
        PSE_TRY(set_state(v, &old, PSE_CREDENTIAL_REPLACED));
    }
    r->state = PSE_CREDENTIAL_ACTIVE;
    rc = seal_evidence(v, r, &sealed, wrapped, evidence);
    if (rc == PSE_OK)
        rc = update(v, r, pse_span(wrapped, sizeof wrapped), pse_buf_span(&sealed));
    pse_buf_free(&sealed);
    return rc;
}

static pse_rc do_qualify(struct pse_voters *v, enum pse_register_refusal *why, uint64_t row,
                         struct pse_span evidence, uint32_t day)
{
    struct pse_credential_row r;

    PSE_TRY(pse_voters_credential(v, &r, row));
    if (r.state != PSE_CREDENTIAL_PENDING)
        return PSE_E_MISSING;
    return evidence.n == 0 ? refuse_pending(v, &r) : accept_pending(v, why, &r, evidence, day);
}

pse_rc pse_voters_qualify(struct pse_voters *v, enum pse_register_refusal *why, uint64_t row,
                          struct pse_span evidence, uint32_t day)
{
    *why = PSE_REGISTER_DONE;
    PSE_TRY(pse_sql_begin(v->db));
    return pse_sql_end(v->db, do_qualify(v, why, row, evidence, day));
}

pse_rc pse_voters_revoke(struct pse_voters *v, const pse_enc *credential)
{
    struct pse_credential_row row;

    PSE_TRY(pse_voters_credential_find(v, &row, credential));
    if (row.state != PSE_CREDENTIAL_ACTIVE)
        return PSE_E_STATE;
    return set_state(v, &row, PSE_CREDENTIAL_REVOKED);
}
