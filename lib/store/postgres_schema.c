#include "store/postgres_schema.h"

#include "codec/codec.h"

enum { SCHEMA_VERSION = 1 };

/* Statements in order, each harmless when its work is done already. What only a row's owner could
 * do is stopped by triggers too: a head that goes back, an entry or blob that changes. */
static const char install[] =
    "SET client_min_messages = error;"
    "BEGIN;"
    "SELECT pg_advisory_xact_lock(hashtext('psephos install'));"
    "DO $$ BEGIN"
    " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'psephos_box') THEN"
    "  CREATE ROLE psephos_box NOLOGIN; END IF;"
    " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'psephos_board') THEN"
    "  CREATE ROLE psephos_board NOLOGIN; END IF;"
    "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;"
    "CREATE SCHEMA IF NOT EXISTS psephos;"
    "CREATE TABLE IF NOT EXISTS psephos.version (number bigint NOT NULL);"
    "INSERT INTO psephos.version SELECT 1 WHERE NOT EXISTS (SELECT FROM psephos.version);"
    "CREATE TABLE IF NOT EXISTS psephos.head (origin bytea PRIMARY KEY,"
    " epoch bigint NOT NULL CHECK (epoch >= 0), size bigint NOT NULL CHECK (size >= 0),"
    " root bytea NOT NULL CHECK (octet_length(root) = 32), time bigint NOT NULL,"
    " before bytea NOT NULL CHECK (octet_length(before) = 32), note bytea NOT NULL,"
    " note_hash bytea NOT NULL, row_hash bytea NOT NULL, cluster text NOT NULL,"
    " timeline text NOT NULL);"
    "CREATE TABLE IF NOT EXISTS psephos.entry (origin bytea, number bigint CHECK (number >= 0),"
    " bytes bytea NOT NULL, PRIMARY KEY (origin, number));"
    "CREATE TABLE IF NOT EXISTS psephos.stage (origin bytea, size bigint, epoch bigint, root bytea,"
    " first bigint, count bigint, hash bytea NOT NULL, bundle bytea,"
    " PRIMARY KEY (origin, size, epoch, root));"
    "CREATE TABLE IF NOT EXISTS psephos.blob (digest bytea CHECK (octet_length(digest) = 32),"
    " part bigint, parts bigint NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (digest, part));"
    "ALTER TABLE psephos.entry ALTER COLUMN bytes SET STORAGE EXTERNAL;"
    "ALTER TABLE psephos.stage ALTER COLUMN bundle SET STORAGE EXTERNAL;"
    "ALTER TABLE psephos.blob ALTER COLUMN bytes SET STORAGE EXTERNAL;"
    "CREATE OR REPLACE FUNCTION psephos.never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION 'psephos: % of % is not allowed', TG_OP, TG_TABLE_NAME; END $$;"
    "CREATE OR REPLACE FUNCTION psephos.forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF NEW.origin <> OLD.origin OR NEW.epoch < OLD.epoch OR NEW.size < OLD.size OR"
    "  NEW.time < OLD.time THEN RAISE EXCEPTION 'psephos: a head only goes forward'; END IF;"
    " RETURN NEW; END $$;"
    "CREATE OR REPLACE TRIGGER never BEFORE UPDATE OR DELETE OR TRUNCATE ON psephos.entry"
    " EXECUTE FUNCTION psephos.never();"
    "CREATE OR REPLACE TRIGGER never BEFORE UPDATE OR DELETE OR TRUNCATE ON psephos.blob"
    " EXECUTE FUNCTION psephos.never();"
    "CREATE OR REPLACE TRIGGER never BEFORE DELETE OR TRUNCATE ON psephos.head"
    " EXECUTE FUNCTION psephos.never();"
    "CREATE OR REPLACE TRIGGER forward BEFORE UPDATE ON psephos.head"
    " FOR EACH ROW EXECUTE FUNCTION psephos.forward();"
    "REVOKE ALL ON SCHEMA psephos FROM PUBLIC;"
    "REVOKE ALL ON ALL TABLES IN SCHEMA psephos FROM PUBLIC, psephos_box, psephos_board;"
    "GRANT USAGE ON SCHEMA psephos TO psephos_box, psephos_board;"
    "GRANT SELECT ON ALL TABLES IN SCHEMA psephos TO psephos_box, psephos_board;"
    "GRANT INSERT ON psephos.entry, psephos.blob TO psephos_box;"
    "GRANT INSERT, UPDATE ON psephos.head TO psephos_box;"
    "GRANT INSERT, DELETE ON psephos.stage TO psephos_box;"
    "GRANT psephos_box, psephos_board TO CURRENT_USER;"
    "COMMIT;"
    "RESET client_min_messages";

static pse_rc roll_back(struct pse_pg *s, pse_rc rc)
{
    char why[PSE_STORE_WHY_MAX];

    memcpy(why, s->base.why, sizeof why);
    if (rc != PSE_E_UNKNOWN && pse_pg_script(s, "ROLLBACK") != PSE_OK)
        return PSE_E_UNKNOWN;
    memcpy(s->base.why, why, sizeof why);
    return rc;
}

/* One row of one text or number, as text. */
static pse_rc ask(char *out, size_t max, struct pse_pg *s, const char *sql)
{
    const struct pse_pg_args none = {0};
    struct pse_span x;
    PGresult *r;

    out[0] = '\0';
    PSE_TRY(pse_pg_read(&r, s, sql, &none));
    if (PQntuples(r) == 1 && PQgetisnull(r, 0, 0) == 0) {
        x = pse_pg_get_bytes(r, 0, 0);
        if (x.n < max) {
            memcpy(out, x.p, x.n);
            out[x.n] = '\0';
        }
    }
    PQclear(r);
    return PSE_OK;
}

static pse_rc has_schema(bool *found, struct pse_pg *s)
{
    char text[8];

    PSE_TRY(ask(text, sizeof text, s,
                "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'psephos')::text"));
    *found = strcmp(text, "true") == 0;
    return PSE_OK;
}

static pse_rc check_version(struct pse_pg *s)
{
    char text[32];

    PSE_TRY(ask(text, sizeof text, s, "SELECT number::text FROM psephos.version"));
    if (strcmp(text, "1") != 0)
        return pse_store_fail(s, PSE_E_MISMATCH, "schema psephos is of version '%s', not %d", text,
                              SCHEMA_VERSION);
    return PSE_OK;
}

pse_rc pse_pg_install(struct pse_pg *s)
{
    bool found;
    pse_rc rc;

    PSE_TRY(has_schema(&found, s));
    if (found)
        PSE_TRY(check_version(s));
    rc = pse_pg_script(s, install);
    return rc == PSE_OK ? rc : roll_back(s, rc);
}

/* --- what is relied on ------------------------------------------------------------------------ */

static pse_rc check_server(struct pse_pg *s)
{
    char text[64];

    PSE_TRY(ask(text, sizeof text, s,
                "SELECT concat_ws(' ', current_setting('fsync'), "
                "current_setting('full_page_writes'))"));
    if (strcmp(text, "on on") != 0)
        return pse_store_fail(s, PSE_E_UNSUPPORTED,
                              "the server runs with fsync or full_page_writes off, where a commit "
                              "is no promise; switch them on");
    PSE_TRY(ask(text, sizeof text, s, "SELECT pg_is_in_recovery()::text"));
    if (strcmp(text, "false") != 0 && (s->base.flags & PSE_STORE_READ) == 0)
        return pse_store_fail(s, PSE_E_STATE,
                              "the server is a stand-by; name the primary, or add "
                              "target_session_attrs=read-write to the URL");
    return PSE_OK;
}

/* A stronger setting of the administrator's stays. */
static pse_rc set_session(struct pse_pg *s)
{
    return pse_pg_script(s, "SELECT set_config('synchronous_commit', 'on', false)"
                            " WHERE current_setting('synchronous_commit') IN ('off', 'local');"
                            "SET idle_in_transaction_session_timeout = '30s';"
                            "SET default_transaction_isolation = 'read committed';"
                            "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1;"
                            "SET tcp_keepalives_count = 3; SET search_path = pg_catalog");
}

static pse_rc take_role(struct pse_pg *s)
{
    bool reads = (s->base.flags & PSE_STORE_READ) != 0;
    const char *role = reads ? "psephos_board" : "psephos_box";
    char text[64];

    if (pse_pg_script(s, reads ? "SET ROLE psephos_board" : "SET ROLE psephos_box") != PSE_OK)
        return pse_store_fail(s, PSE_E_STATE,
                              "the user may not act as %s; an administrator says: GRANT %s TO …",
                              role, role);
    PSE_TRY(ask(text, sizeof text, s,
                "SELECT bool_or(has_table_privilege(t, p))::text FROM"
                " unnest(ARRAY['psephos.entry', 'psephos.blob']) t,"
                " unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p"));
    if (strcmp(text, "false") != 0)
        return pse_store_fail(s, PSE_E_STATE,
                              "%s may change or remove entries; take that right away, or run "
                              "psephos store init again",
                              role);
    return PSE_OK;
}

pse_rc pse_pg_check(struct pse_pg *s)
{
    bool found;

    PSE_TRY(check_server(s));
    PSE_TRY(set_session(s));
    PSE_TRY(has_schema(&found, s));
    if (!found)
        return pse_store_fail(s, PSE_E_MISSING,
                              "the database has no schema psephos; psephos store init makes one");
    PSE_TRY(take_role(s));
    return check_version(s);
}
