/* Accounts of officers: settings, codes, enrolment. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "psephos/certificates.h"
#include "psephos/office.h"

enum { CODE_FILE_MAX = 4096, COUNTERS_MAX = 1 << 16, SMALL_ARENA = 1 << 16 };

/* --- settings ----------------------------------------------------------------------------------
 */

/* The next word of a text of words; false: there is none. */
static bool next_word(struct pse_span *word, const char **text)
{
    const char *at = *text + strspn(*text, " ");
    size_t n = strcspn(at, " ");

    *word = pse_span(at, n);
    *text = at + n;
    return n > 0;
}

bool office_has_name(const struct office_account_settings *set, const char *name)
{
    const char *text = set->names;
    struct pse_span word;

    while (next_word(&word, &text)) {
        if (pse_span_is_str(word, name))
            return true;
    }
    return false;
}

pse_rc office_site(struct pse_webauthn_site *out, char *rp_id, const char *name,
                   const struct office_account_settings *set)
{
    const char *host = strstr(set->origin, "://");

    (void)snprintf(rp_id, PSE_CONF_TEXT, "%s", set->rp_id);
    if (set->rp_id[0] == '\0' && host != NULL)
        (void)snprintf(rp_id, PSE_CONF_TEXT, "%.*s", (int)strcspn(host + 3, ":/"), host + 3);
    *out = (struct pse_webauthn_site){.origin = set->origin, .rp_id = rp_id};
    if (pse_webauthn_site_is_valid(out))
        return PSE_OK;
    cli_error(name,
              "[officers] origin '%s' and rp-id '%s' are no address of a page for authenticators; "
              "say https://HOST, or http://localhost:PORT, and its host or a domain above it",
              set->origin, rp_id);
    return PSE_E_SYNTAX;
}

static pse_rc check_names(const struct office *o)
{
    const char *text = o->desk.set->names;
    char name[PSE_WEBAUTHN_ACCOUNT_MAX + 1];
    struct pse_span word;
    size_t n = 0;

    for (; next_word(&word, &text); n++) {
        (void)snprintf(name, sizeof name, "%.*s", (int)word.n, (const char *)word.p);
        if (word.n < sizeof name && pse_webauthn_account_is_valid(name) && n < CONSENT_OFFICERS_MAX)
            continue;
        cli_error(o->d->name, "[officers] accounts: %s is no name, or there are more than %d", name,
                  CONSENT_OFFICERS_MAX);
        return PSE_E_SYNTAX;
    }
    if (n < CONSENT_NEEDED && o->desk.set->require == OFFICE_REQUIRE_WEBAUTHN) {
        cli_error(o->d->name, "[officers] require = webauthn needs two names in accounts");
        return PSE_E_MISSING;
    }
    if (n > 0 && o->desk.set->origin[0] == '\0') {
        cli_error(o->d->name, "[officers] accounts needs the page's address in origin");
        return PSE_E_MISSING;
    }
    return PSE_OK;
}

static pse_rc read_models(struct office_desk *desk, const char *name)
{
    const char *text = desk->set->models;
    struct pse_span word;

    while (next_word(&word, &text)) {
        if (desk->rules.aaguids_n < OFFICE_MODELS_MAX &&
            pse_webauthn_aaguid_read(desk->model[desk->rules.aaguids_n], word) == PSE_OK) {
            desk->rules.aaguids_n++;
            continue;
        }
        cli_error(name, "[officers] models: %.*s is no AAGUID, or one more than %d", (int)word.n,
                  (const char *)word.p, OFFICE_MODELS_MAX);
        return PSE_E_SYNTAX;
    }
    desk->rules.aaguids = (const uint8_t(*)[16])desk->model;
    return PSE_OK;
}

pse_rc office_desk_begin(struct office *o)
{
    struct office_desk *desk = &o->desk;

    desk->set = &o->set->accounts;
    PSE_TRY(check_names(o));
    if (desk->set->origin[0] == '\0')
        return PSE_OK;
    PSE_TRY(office_site(&desk->site, desk->rp_id, o->d->name, desk->set));
    PSE_TRY(read_models(desk, o->d->name));
    desk->rules.allow_synced = desk->set->synced;
    if (desk->set->makers[0] != '\0') {
        struct cli_list one = {.v = {desk->set->makers}, .n = 1};

        PSE_TRY(anchors_read(&desk->makers, o->d->name, &one, "makers of authenticators"));
        desk->rules.anchors = desk->makers;
    }
    return PSE_OK;
}

/* --- counters ----------------------------------------------------------------------------------
 */

static void hash_id(pse_hash *out, const struct pse_webauthn_key *key)
{
    pse_sha256(out, pse_span(key->id, key->id_n));
}

static pse_rc store_counters(const struct office *o)
{
    struct pse_buf text = PSE_BUF(COUNTERS_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 1);
    pse_rc rc;

    pse_json_wr_array(&w, NULL);
    for (size_t i = 0; i < o->desk.accounts.n; i++) {
        const struct consent_account *a = &o->desk.accounts.account[i];

        for (size_t j = 0; j < a->keys; j++) {
            pse_hash credential;

            hash_id(&credential, &a->key[j]);
            pse_json_wr_object(&w, NULL);
            pse_json_wr_hex(&w, "credential", credential.b, 32);
            pse_json_wr_u64(&w, "count", a->key[j].sign_count);
            pse_json_wr_end(&w);
        }
    }
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        rc = file_write(o->d->name, o->desk.counters_path, pse_buf_span(&text),
                        FILE_REPLACE | FILE_SECRET);
    pse_buf_free(&text);
    return rc;
}

static pse_rc set_counter(struct office *o, const struct pse_json *object)
{
    struct pse_json_rd r;
    pse_hash credential;
    uint64_t count;

    PSE_TRY(pse_json_open(&r, object, NULL));
    PSE_TRY(pse_json_take_hex(credential.b, 32, &r, "credential"));
    PSE_TRY(pse_json_take_u64(&count, &r, "count"));
    PSE_TRY(pse_json_close(&r));
    for (size_t i = 0; i < o->desk.accounts.n; i++) {
        struct consent_account *a = &o->desk.accounts.account[i];

        for (size_t j = 0; j < a->keys; j++) {
            pse_hash own;

            hash_id(&own, &a->key[j]);
            if (pse_hash_is_equal(&own, &credential))
                a->key[j].sign_count = (uint32_t)count;
        }
    }
    return count <= UINT32_MAX ? PSE_OK : PSE_E_RANGE;
}

static pse_rc load_counters(struct office *o)
{
    PSE_ARENA(arena, 1 << 20);
    const struct pse_json *root;
    const struct pse_json *at;
    struct pse_buf text;
    pse_rc rc;

    if (!file_exists(o->desk.counters_path))
        return PSE_OK;
    rc = file_read(&text, o->d->name, o->desk.counters_path, COUNTERS_MAX);
    if (rc == PSE_OK)
        rc = pse_json_parse(&root, NULL, &arena, pse_buf_span(&text));
    at = rc == PSE_OK ? pse_json_first(root) : NULL;
    for (size_t i = 0; rc == PSE_OK && i < pse_json_count(root); i++, at = pse_json_next(at))
        rc = set_counter(o, at);
    pse_buf_free(&text);
    if (rc != PSE_OK)
        cli_error(o->d->name, "%s cannot be read (%s); restore it from a backup",
                  o->desk.counters_path, pse_rc_name(rc));
    return rc;
}

pse_rc office_counted(struct office *o, struct consent_account *account,
                      const struct pse_webauthn_done *done)
{
    struct pse_webauthn_key *key = &account->key[done->at];
    uint32_t before = key->sign_count;
    pse_rc rc;

    if (done->sign_count == before)
        return PSE_OK;
    key->sign_count = done->sign_count;
    rc = store_counters(o);
    if (rc != PSE_OK)
        key->sign_count = before;
    return rc;
}

/* --- opening -----------------------------------------------------------------------------------
 */

static pse_rc take_line(void *ctx, const struct consent_line *line)
{
    return line->is_change ? consent_accounts_change(ctx, &line->change) : PSE_OK;
}

pse_rc office_desk_open(struct office *o)
{
    struct office_desk *desk = &o->desk;

    PSE_TRY(file_join(desk->codes_dir, o->d->name, o->set->common.state, "invitations"));
    PSE_TRY(file_join(desk->counters_path, o->d->name, o->set->common.state, "counters"));
    PSE_TRY(file_make_dir(o->d->name, desk->codes_dir));
    PSE_TRY(consent_log_each(o->d->name, o->log_path, pse_engine_eid(o->record.e), take_line,
                             &desk->accounts));
    PSE_TRY(load_counters(o));
    PSE_TRY(pse_webauthn_table_new(&desk->login, CONSENT_OFFICERS_MAX));
    PSE_TRY(pse_webauthn_table_new(&desk->enrolment, CONSENT_OFFICERS_MAX));
    return pse_webauthn_table_new(&desk->act, CONSENT_OFFICERS_MAX);
}

void office_desk_close(struct office *o)
{
    for (size_t i = 0; i < CONSENT_OFFICERS_MAX; i++)
        office_act_free(o->desk.draft[i]);
    pse_webauthn_table_free(o->desk.login);
    pse_webauthn_table_free(o->desk.enrolment);
    pse_webauthn_table_free(o->desk.act);
    pse_anchors_free(o->desk.makers);
}

/* --- codes -------------------------------------------------------------------------------------
 */

static pse_rc code_path(char out[FILE_PATH_MAX], const char *name, const char *dir,
                        struct pse_span code)
{
    char leaf[65];
    pse_hash sum;

    pse_sha256(&sum, code);
    pse_hex_encode(leaf, sum.b, 32);
    return file_join(out, name, dir, leaf);
}

/* A code that root makes is for the daemon, whose folder it is. */
static pse_rc give_to_owner(const char *name, const char *path, const char *dir)
{
    struct stat st;

    if (stat(dir, &st) == 0 && (st.st_uid == geteuid() || chown(path, st.st_uid, st.st_gid) == 0))
        return PSE_OK;
    cli_error(name, "cannot give %s to the owner of %s", path, dir);
    return PSE_E_IO;
}

pse_rc office_code_make(char code[OFFICE_CODE_TEXT], const char *name, const char *dir,
                        const char *account, const char *by, struct pse_rng *rng, uint64_t now)
{
    struct pse_buf secret = PSE_BUF(OFFICE_CODE_TEXT);
    struct pse_buf text = PSE_BUF(CODE_FILE_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    char path[FILE_PATH_MAX];
    uint8_t bytes[32];
    pse_rc rc;

    pse_rng_fill(rng, bytes, sizeof bytes);
    pse_base64url_put(&secret, bytes, sizeof bytes);
    pse_wipe(bytes, sizeof bytes);
    (void)snprintf(code, OFFICE_CODE_TEXT, "%.*s", (int)secret.n, (const char *)secret.p);
    pse_wipe(secret.p, secret.n);
    pse_buf_free(&secret);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "account", account);
    pse_json_wr_u64(&w, "until", now + OFFICE_CODE_SECONDS);
    pse_json_wr_str(&w, "by", by);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        rc = code_path(path, name, dir, pse_span_str(code));
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_NEW | FILE_SECRET);
    if (rc == PSE_OK)
        rc = give_to_owner(name, path, dir);
    pse_buf_free(&text);
    return rc;
}

static pse_rc parse_code(char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1], char by[16], uint64_t *until,
                         struct pse_span text)
{
    PSE_ARENA(arena, SMALL_ARENA);
    const struct pse_json *root;
    struct pse_json_rd r;
    struct pse_span word;
    struct pse_span giver;

    PSE_TRY(pse_json_parse(&root, NULL, &arena, text));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(pse_json_take_string(&word, &r, "account"));
    PSE_TRY(pse_json_take_u64(until, &r, "until"));
    PSE_TRY(pse_json_take_string(&giver, &r, "by"));
    PSE_TRY(pse_json_close(&r));
    if (word.n > PSE_WEBAUTHN_ACCOUNT_MAX || giver.n >= 16)
        return PSE_E_LENGTH;
    (void)snprintf(account, PSE_WEBAUTHN_ACCOUNT_MAX + 1, "%.*s", (int)word.n,
                   (const char *)word.p);
    (void)snprintf(by, 16, "%.*s", (int)giver.n, (const char *)giver.p);
    return PSE_OK;
}

pse_rc office_code_find(char account[PSE_WEBAUTHN_ACCOUNT_MAX + 1], char by[16],
                        const struct office *o, struct pse_span code)
{
    char path[FILE_PATH_MAX];
    struct pse_buf text;
    uint64_t until = 0;
    pse_rc rc;

    if (code.n != OFFICE_CODE_TEXT - 1)
        return PSE_E_MISSING;
    PSE_TRY(code_path(path, o->d->name, o->desk.codes_dir, code));
    if (!file_exists(path))
        return PSE_E_MISSING;
    rc = file_read(&text, o->d->name, path, CODE_FILE_MAX);
    if (rc == PSE_OK)
        rc = parse_code(account, by, &until, pse_buf_span(&text));
    pse_buf_free(&text);
    if (rc == PSE_OK && !office_has_name(o->desk.set, account))
        return PSE_E_MISSING;
    return rc == PSE_OK && office_now() > until ? PSE_E_STATE : rc;
}

pse_rc office_code_use(const struct office *o, struct pse_span code)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(code_path(path, o->d->name, o->desk.codes_dir, code));
    return file_remove(o->d->name, path);
}

/* --- authenticators ----------------------------------------------------------------------------
 */

bool office_has_credential(const struct office *o, struct pse_span account,
                           const pse_hash *credential)
{
    for (size_t i = 0; i < o->desk.accounts.n; i++) {
        const struct consent_account *a = &o->desk.accounts.account[i];

        for (size_t j = 0; pse_span_is_str(account, a->name) && j < a->keys; j++) {
            pse_hash own;

            hash_id(&own, &a->key[j]);
            if (pse_hash_is_equal(&own, credential))
                return true;
        }
    }
    return false;
}

static pse_rc change_account(struct office *o, const struct consent_change *change)
{
    struct consent_accounts after = o->desk.accounts;

    PSE_TRY(consent_accounts_change(&after, change));
    PSE_TRY(consent_log_change(change, o->d->name, o->log_path, pse_engine_eid(o->record.e),
                               office_now()));
    o->desk.accounts = after;
    return store_counters(o);
}

pse_rc office_enrol(struct office *o, const char *account, const struct pse_webauthn_key *key,
                    const char *by)
{
    struct consent_change change = {.key = *key, .by = pse_span_str(by)};

    (void)snprintf(change.account, sizeof change.account, "%s", account);
    hash_id(&change.credential, key);
    return change_account(o, &change);
}

pse_rc office_unenrol(struct office *o, const char *account, const pse_hash *credential,
                      const pse_hash *act)
{
    struct consent_change change = {.is_removed = true, .credential = *credential};
    char by[65];
    bool has = false;
    pse_rc rc;

    pse_hex_encode(by, act->b, 32);
    change.by = pse_span_str(by);
    (void)snprintf(change.account, sizeof change.account, "%s", account);
    PSE_TRY(consent_log_has_change(&has, &change, o->d->name, o->log_path,
                                   pse_engine_eid(o->record.e)));
    rc = has ? PSE_OK : change_account(o, &change);
    if (rc == PSE_OK)
        office_sessions_drop(o, account);
    return rc;
}
