#include "psephos/trustee_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "codec/codec.h"
#include "common/options.h"

static const char head[] = "psephos-authenticators-1";
enum { FILE_MAX = 64 * 1024, CHAIN_MAX = 32 << 20 };

struct pse_webauthn_site trustee_keys_site(const struct trustee_keys *k)
{
    return (struct pse_webauthn_site){k->origin, k->rp_id};
}

void trustee_key_name(char out[TRUSTEE_KEY_NAME], const struct pse_webauthn_key *key)
{
    pse_hash digest;

    pse_sha256(&digest, pse_span(key->id, key->id_n));
    pse_hex_encode(out, digest.b, (TRUSTEE_KEY_NAME - 1) / 2);
}

/* --- authenticators -----------------------------------------------------------------------------
 */

/* "WORD VALUE\n", the value into @p out. */
static bool take_value(char *out, size_t size, struct pse_span *text, const char *word)
{
    struct pse_span line;
    size_t n = strlen(word);

    if (pse_line_take(&line, text) != PSE_OK || line.n <= n + 1 || line.n - n - 1 >= size ||
        memcmp(line.p, word, n) != 0 || line.p[n] != ' ' || memchr(line.p, 0, line.n) != NULL)
        return false;
    memcpy(out, line.p + n + 1, line.n - n - 1);
    out[line.n - n - 1] = '\0';
    return true;
}

static bool take_key(struct trustee_keys *k, struct pse_span *text)
{
    char base64[2 * PSE_WEBAUTHN_KEY_MAX];
    uint8_t bytes[PSE_WEBAUTHN_KEY_MAX];
    struct pse_span value;
    size_t n;

    if (k->n == TRUSTEE_KEYS_MAX || !take_value(base64, sizeof base64, text, "key"))
        return false;
    value = pse_span_str(base64);
    if (pse_base64url_check(&n, value) != PSE_OK || n > sizeof bytes ||
        pse_base64url_decode(bytes, n, value) != PSE_OK)
        return false;
    return pse_webauthn_key_parse(&k->key[k->n++], pse_span(bytes, n)) == PSE_OK;
}

static bool parse(struct trustee_keys *k, struct pse_span text)
{
    struct pse_webauthn_site site = trustee_keys_site(k);
    struct pse_span line;

    if (pse_line_take(&line, &text) != PSE_OK || !pse_span_is_str(line, head) ||
        !take_value(k->account, sizeof k->account, &text, "account") ||
        !take_value(k->listen, sizeof k->listen, &text, "listen") ||
        !take_value(k->origin, sizeof k->origin, &text, "origin") ||
        !take_value(k->rp_id, sizeof k->rp_id, &text, "rp-id"))
        return false;
    while (text.n > 0) {
        if (!take_key(k, &text))
            return false;
    }
    return pse_webauthn_account_is_valid(k->account) && pse_webauthn_site_is_valid(&site);
}

pse_rc trustee_keys_read(bool *found, struct trustee_keys *k, const char *name, const char *key)
{
    char path[FILE_PATH_MAX];
    struct pse_buf text;
    bool good;

    *found = false;
    *k = (struct trustee_keys){.n = 0};
    if (snprintf(k->folder, sizeof k->folder, "%s.state", key) >= (int)sizeof k->folder) {
        cli_error(name, "the path of --key is too long; use a shorter one");
        return PSE_E_LIMIT;
    }
    PSE_TRY(file_join(path, name, k->folder, "authenticators"));
    if (!file_exists(path))
        return PSE_OK;
    PSE_TRY(file_read(&text, name, path, FILE_MAX));
    good = parse(k, pse_buf_span(&text));
    pse_buf_free(&text);
    if (!good) {
        cli_error(name,
                  "%s is damaged; restore it from your copy, or register the authenticators "
                  "anew",
                  path);
        return PSE_E_SYNTAX;
    }
    *found = true;
    return PSE_OK;
}

static void put_value(struct pse_buf *b, const char *word, const char *value)
{
    pse_wr_str(b, word);
    pse_wr_str(b, " ");
    pse_wr_str(b, value);
    pse_wr_str(b, "\n");
}

static void put_key(struct pse_buf *b, const struct pse_webauthn_key *key)
{
    struct pse_buf form = PSE_BUF(PSE_WEBAUTHN_KEY_MAX);

    pse_webauthn_key_put(&form, key);
    pse_wr_str(b, "key ");
    pse_base64url_put(b, form.p, form.n);
    pse_wr_str(b, "\n");
    pse_buf_free(&form);
}

pse_rc trustee_keys_write(const struct trustee_keys *k, const char *name)
{
    struct pse_buf text = PSE_BUF(FILE_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc = file_join(path, name, k->folder, "authenticators");

    pse_wr_str(&text, head);
    pse_wr_str(&text, "\n");
    put_value(&text, "account", k->account);
    put_value(&text, "listen", k->listen);
    put_value(&text, "origin", k->origin);
    put_value(&text, "rp-id", k->rp_id);
    for (size_t i = 0; i < k->n; i++)
        put_key(&text, &k->key[i]);
    if (rc == PSE_OK)
        rc = text.rc;
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_REPLACE | FILE_SECRET);
    pse_buf_free(&text);
    return rc;
}

/* --- the chain ----------------------------------------------------------------------------------
 */

/* One line: number, hash of the line before, evidence, statement. */
struct link {
    uint64_t number;
    pse_hash before;
    struct pse_buf evidence, statement;
};

static void link_free(struct link *l)
{
    pse_buf_free(&l->evidence);
    pse_buf_free(&l->statement);
}

static bool take_word(struct pse_span *word, struct pse_span *line)
{
    const uint8_t *space = memchr(line->p, ' ', line->n);

    *word = pse_span(line->p, space == NULL ? line->n : (size_t)(space - line->p));
    line->p += word->n + (space != NULL);
    line->n -= word->n + (space != NULL);
    return word->n > 0;
}

static bool take_bytes(struct pse_buf *out, struct pse_span *line)
{
    struct pse_span word;
    uint8_t *at;
    size_t n;

    if (!take_word(&word, line) || pse_base64url_check(&n, word) != PSE_OK)
        return false;
    at = pse_buf_extend(out, n);
    return at != NULL && pse_base64url_decode(at, n, word) == PSE_OK;
}

static bool parse_link(struct link *l, struct pse_span line)
{
    struct pse_span word;

    return take_word(&word, &line) && pse_decimal_decode(&l->number, word) == PSE_OK &&
           take_word(&word, &line) && pse_hex_decode(l->before.b, 32, word) == PSE_OK &&
           take_bytes(&l->evidence, &line) && take_bytes(&l->statement, &line) && line.n == 0;
}

/* As it is judged now: counters have risen since, so they are left out. */
static enum pse_webauthn_fault judge(const struct trustee_keys *k,
                                     const struct pse_webauthn_evidence *e,
                                     struct pse_span statement)
{
    struct pse_webauthn_key key[TRUSTEE_KEYS_MAX];
    struct pse_webauthn_site site = trustee_keys_site(k);
    struct pse_webauthn_done done;
    pse_hash act;

    memcpy(key, k->key, sizeof key);
    for (size_t i = 0; i < k->n; i++)
        key[i].sign_count = 0;
    pse_webauthn_act(&act, statement);
    if (!pse_hash_is_equal(&act, &e->challenge.act))
        return PSE_WEBAUTHN_CHALLENGE;
    return pse_webauthn_assert(&done, &e->answer, &e->challenge, &site, key, k->n, e->answered);
}

/* Over the whole chain; @p last is the hash of its last line, *n how many there are. */
static bool walk(pse_hash *last, uint64_t *n, const struct trustee_keys *k, struct pse_span text,
                 trustee_assertion_fn *fn, void *ctx)
{
    struct pse_span line;

    *last = (pse_hash){{0}};
    for (*n = 0; text.n > 0; ++*n) {
        struct link l = {.evidence = PSE_BUF(PSE_WEBAUTHN_EVIDENCE_MAX),
                         .statement = PSE_BUF(PSE_WEBAUTHN_STATEMENT_MAX)};
        struct pse_webauthn_evidence e;
        bool good = pse_line_take(&line, &text) == PSE_OK && parse_link(&l, line) &&
                    l.number == *n && pse_hash_is_equal(&l.before, last) &&
                    pse_webauthn_evidence_parse(&e, pse_buf_span(&l.evidence)) == PSE_OK;

        if (good && fn != NULL)
            fn(ctx, &e, pse_buf_span(&l.statement), judge(k, &e, pse_buf_span(&l.statement)));
        link_free(&l);
        if (!good)
            return false;
        pse_sha256(last, line);
    }
    return true;
}

static pse_rc read_chain(struct pse_buf *text, char path[FILE_PATH_MAX],
                         const struct trustee_keys *k, const char *name)
{
    *text = PSE_BUF(CHAIN_MAX);
    PSE_TRY(file_join(path, name, k->folder, "assertions"));
    return file_exists(path) ? file_read(text, name, path, CHAIN_MAX) : PSE_OK;
}

static pse_rc broken(const char *name, const char *path)
{
    cli_error(name,
              "%s is not the chain it should be: a line is missing or was changed. Keep the "
              "file, restore it from your copy, and tell the others",
              path);
    return PSE_E_MISMATCH;
}

pse_rc trustee_assertion_keep(const struct trustee_keys *k, const char *name,
                              struct pse_span evidence, struct pse_span statement)
{
    char path[FILE_PATH_MAX], hex[65];
    struct pse_buf text;
    pse_hash last;
    uint64_t n;
    pse_rc rc = read_chain(&text, path, k, name);

    if (rc == PSE_OK && !walk(&last, &n, k, pse_buf_span(&text), NULL, NULL))
        rc = broken(name, path);
    if (rc == PSE_OK) {
        text.max = CHAIN_MAX;
        pse_hex_encode(hex, last.b, 32);
        pse_decimal_put(&text, n);
        pse_wr_str(&text, " ");
        pse_wr_str(&text, hex);
        pse_wr_str(&text, " ");
        pse_base64url_put(&text, evidence.p, evidence.n);
        pse_wr_str(&text, " ");
        pse_base64url_put(&text, statement.p, statement.n);
        pse_wr_str(&text, "\n");
        rc = text.rc;
    }
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_REPLACE | FILE_SECRET);
    pse_buf_free(&text);
    return rc;
}

pse_rc trustee_assertions_each(const struct trustee_keys *k, const char *name,
                               trustee_assertion_fn *fn, void *ctx)
{
    char path[FILE_PATH_MAX];
    struct pse_buf text;
    pse_hash last;
    uint64_t n;
    pse_rc rc = read_chain(&text, path, k, name);

    if (rc == PSE_OK && !walk(&last, &n, k, pse_buf_span(&text), fn, ctx))
        rc = broken(name, path);
    pse_buf_free(&text);
    return rc;
}
