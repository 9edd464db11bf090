#include "common/consent_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"

enum { LOG_MAX = 256 << 20, LINE_MAX_BYTES = 128 * 1024, LINE_ARENA = 4 << 20 };

static void first_link(pse_hash *out, const pse_hash *eid)
{
    static const char label[15] = "psephos/1/acts"; /* with its zero */
    pse_sha256_stream h;

    pse_sha256_init(&h);
    pse_sha256_add(&h, label, sizeof label);
    pse_sha256_add(&h, eid->b, 32);
    pse_sha256_final(out, &h);
}

static bool read_link(uint64_t *seq, pse_hash *before, pse_hash *act, struct pse_span line)
{
    PSE_ARENA(arena, 1 << 20);
    const struct pse_json *root;
    struct pse_json_rd r;

    return pse_json_parse(&root, NULL, &arena, line) == PSE_OK &&
           pse_json_open(&r, root, NULL) == PSE_OK && pse_json_take_u64(seq, &r, "seq") == PSE_OK &&
           pse_json_take_hex(before->b, 32, &r, "before") == PSE_OK &&
           pse_json_take_hex(act->b, 32, &r, "act") == PSE_OK;
}

struct chain {
    uint64_t lines;
    pse_hash last;
    bool has_act;
};

static pse_rc walk(struct chain *out, const char *name, const char *path, struct pse_span text,
                   const pse_hash *eid, const pse_hash *act)
{
    struct pse_span line;

    memset(out, 0, sizeof *out);
    first_link(&out->last, eid);
    while (pse_line_take(&line, &text) == PSE_OK) {
        pse_hash before;
        pse_hash here;
        uint64_t seq;

        if (!read_link(&seq, &before, &here, line) || seq != out->lines + 1 ||
            !pse_hash_is_equal(&before, &out->last)) {
            cli_error(name,
                      "%s, line %llu does not follow the line before: the log of acts was "
                      "changed, or is another election's",
                      path, (unsigned long long)out->lines + 1);
            return PSE_E_MISMATCH;
        }
        out->has_act = out->has_act || (act != NULL && pse_hash_is_equal(&here, act));
        pse_sha256(&out->last, line);
        out->lines++;
    }
    if (text.n > 0) {
        cli_error(name,
                  "%s ends in half a line: a write was cut off; remove it after you have "
                  "found out which act it was",
                  path);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

static pse_rc read_log(struct pse_buf *text, const char *name, const char *path)
{
    *text = PSE_BUF(1);
    if (!file_exists(path))
        return PSE_OK;
    return file_read(text, name, path, LOG_MAX);
}

/* --- writing -----------------------------------------------------------------------------------
 */

/* What a line says beside its place in the chain: an act or a change. */
struct news {
    pse_hash hash;
    const pse_hash *eid;
    const struct consent *consent;
    const struct consent_change *change;
};

static void put_change(struct pse_json_wr *w, const struct consent_change *c)
{
    struct pse_buf key = PSE_BUF(PSE_WEBAUTHN_KEY_MAX);

    pse_json_wr_str(w, "account", c->account);
    pse_json_wr_str(w, "authenticator", c->is_removed ? "removed" : "enrolled");
    pse_json_wr_hex(w, "credential", c->credential.b, 32);
    if (!c->is_removed) {
        pse_webauthn_key_put(&key, &c->key);
        PSE_REQUIRE(key.rc == PSE_OK);
        pse_json_wr_hex(w, "key", key.p, key.n);
    }
    pse_json_wr_string(w, "by", c->by);
    pse_buf_free(&key);
}

static pse_rc put_line(struct pse_buf *out, const struct news *n, const struct chain *chain,
                       uint64_t now)
{
    struct pse_json_wr w = pse_json_wr(out, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "seq", chain->lines + 1);
    pse_json_wr_hex(&w, "before", chain->last.b, 32);
    pse_json_wr_hex(&w, "act", n->hash.b, 32);
    pse_json_wr_u64(&w, "time", now);
    if (n->change != NULL)
        put_change(&w, n->change);
    else
        consent_put_members(&w, n->consent);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

static pse_rc append(int fd, const char *name, const char *path, struct pse_span line)
{
    if (write(fd, line.p, line.n) == (ssize_t)line.n && fsync(fd) == 0)
        return PSE_OK;
    cli_error(name, "cannot write %s to its end; free some space", path);
    return PSE_E_IO;
}

static pse_rc log_locked(int fd, const struct news *n, const char *name, const char *path,
                         uint64_t now)
{
    struct pse_buf text;
    struct pse_buf line = PSE_BUF(LINE_MAX_BYTES);
    struct chain chain;
    pse_rc rc = read_log(&text, name, path);

    if (rc == PSE_OK)
        rc = walk(&chain, name, path, pse_buf_span(&text), n->eid, &n->hash);
    if (rc == PSE_OK && chain.has_act) {
        cli_error(name, "this act was done before; propose a new one");
        rc = PSE_E_DUPLICATE;
    }
    if (rc == PSE_OK)
        rc = put_line(&line, n, &chain, now);
    if (rc == PSE_OK)
        rc = append(fd, name, path, pse_buf_span(&line));
    pse_buf_free(&text);
    pse_buf_free(&line);
    return rc;
}

static pse_rc log_news(const struct news *n, const char *name, const char *path, uint64_t now)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    pse_rc rc;

    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        cli_error(name, "cannot write %s: %s; name a file of your own with --acts", path,
                  strerror(errno));
        if (fd >= 0)
            close(fd);
        return PSE_E_IO;
    }
    rc = log_locked(fd, n, name, path, now);
    if (close(fd) != 0 && rc == PSE_OK)
        rc = PSE_E_IO;
    return rc;
}

pse_rc consent_log(const struct consent *c, const char *name, const char *path, uint64_t now)
{
    struct news n = {.eid = &c->eid, .consent = c};

    consent_hash(&n.hash, c);
    return log_news(&n, name, path, now);
}

static void hash_change(pse_hash *out, const struct consent_change *c)
{
    static const char label[] = "psephos/1/account";
    struct pse_buf b = PSE_BUF(4096);

    pse_buf_put(&b, label, sizeof label);
    pse_wr_v8(&b, pse_span_str(c->account));
    pse_wr_u8(&b, c->is_removed);
    if (!c->is_removed)
        pse_webauthn_key_put(&b, &c->key);
    pse_wr_hash(&b, &c->credential);
    pse_wr_v8(&b, c->by);
    PSE_REQUIRE(b.rc == PSE_OK);
    pse_sha256(out, pse_buf_span(&b));
    pse_buf_free(&b);
}

pse_rc consent_log_change(const struct consent_change *change, const char *name, const char *path,
                          const pse_hash *eid, uint64_t now)
{
    struct news n = {.eid = eid, .change = change};

    hash_change(&n.hash, change);
    return log_news(&n, name, path, now);
}

/* --- reading -----------------------------------------------------------------------------------
 */

pse_rc consent_log_has(bool *has, const char *name, const char *path, const pse_hash *eid,
                       const pse_hash *act)
{
    struct pse_buf text;
    struct chain chain = {0};
    pse_rc rc = read_log(&text, name, path);

    if (rc == PSE_OK)
        rc = walk(&chain, name, path, pse_buf_span(&text), eid, act);
    *has = rc == PSE_OK && chain.has_act;
    pse_buf_free(&text);
    return rc;
}

pse_rc consent_log_has_change(bool *has, const struct consent_change *change, const char *name,
                              const char *path, const pse_hash *eid)
{
    pse_hash hash;

    hash_change(&hash, change);
    return consent_log_has(has, name, path, eid, &hash);
}

pse_rc consent_log_check(size_t *lines, const char *name, const char *path, const pse_hash *eid)
{
    struct pse_buf text;
    struct chain chain = {0};
    pse_rc rc = file_read(&text, name, path, LOG_MAX);

    if (rc == PSE_OK)
        rc = walk(&chain, name, path, pse_buf_span(&text), eid, NULL);
    *lines = chain.lines;
    pse_buf_free(&text);
    return rc;
}

static pse_rc take_key(struct consent_change *c, struct pse_json_rd *r)
{
    uint8_t bytes[PSE_WEBAUTHN_KEY_MAX];
    struct pse_span text;
    pse_hash sum;

    PSE_TRY(pse_json_take_string(&text, r, "key"));
    if (text.n % 2 != 0 || text.n / 2 > sizeof bytes)
        return PSE_E_LENGTH;
    PSE_TRY(pse_hex_decode(bytes, text.n / 2, text));
    PSE_TRY(pse_webauthn_key_parse(&c->key, pse_span(bytes, text.n / 2)));
    pse_sha256(&sum, pse_span(c->key.id, c->key.id_n));
    return pse_hash_is_equal(&sum, &c->credential) ? PSE_OK : PSE_E_MISMATCH;
}

static pse_rc take_change(struct consent_change *c, const struct pse_json *account,
                          struct pse_json_rd *r)
{
    struct pse_span text;

    PSE_TRY(pse_json_string(&text, account));
    if (text.n >= sizeof c->account)
        return PSE_E_LENGTH;
    memcpy(c->account, text.p, text.n);
    if (strlen(c->account) != text.n || !pse_webauthn_account_is_valid(c->account))
        return PSE_E_RANGE;
    PSE_TRY(pse_json_take_string(&text, r, "authenticator"));
    c->is_removed = pse_span_is_str(text, "removed");
    if (!c->is_removed && !pse_span_is_str(text, "enrolled"))
        return PSE_E_RANGE;
    PSE_TRY(pse_json_take_hex(c->credential.b, 32, r, "credential"));
    if (!c->is_removed)
        PSE_TRY(take_key(c, r));
    PSE_TRY(pse_json_take_string(&c->by, r, "by"));
    return pse_json_close(r);
}

static pse_rc take_line(struct consent_line *out, struct pse_arena *arena, struct pse_span text,
                        const pse_hash *eid)
{
    const struct pse_json *account;
    const struct pse_json *root;
    struct pse_json_rd r;
    pse_hash before;
    pse_hash hash;

    PSE_TRY(pse_json_parse(&root, NULL, arena, text));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(pse_json_take_u64(&out->seq, &r, "seq"));
    PSE_TRY(pse_json_take_hex(before.b, 32, &r, "before"));
    PSE_TRY(pse_json_take_hex(out->act.b, 32, &r, "act"));
    PSE_TRY(pse_json_take_u64(&out->time, &r, "time"));
    pse_json_take_optional(&account, &r, "account");
    out->is_change = account != NULL;
    if (out->is_change) {
        PSE_TRY(take_change(&out->change, account, &r));
        hash_change(&hash, &out->change);
    } else {
        PSE_TRY(consent_take_members(&out->consent, arena, &r));
        PSE_TRY(consent_verify(&out->consent));
        consent_hash(&hash, &out->consent);
        if (!pse_hash_is_equal(&out->consent.eid, eid))
            return PSE_E_MISMATCH;
    }
    return pse_hash_is_equal(&hash, &out->act) ? PSE_OK : PSE_E_MISMATCH;
}

static pse_rc tell_line(consent_line_fn *fn, void *ctx, const char *name, const char *path,
                        struct pse_span text, const pse_hash *eid, uint64_t number)
{
    PSE_ARENA(arena, LINE_ARENA);
    struct consent_line line = {.seq = 0};
    pse_rc rc = take_line(&line, &arena, text, eid);

    if (rc == PSE_OK)
        return fn(ctx, &line);
    cli_error(name, "%s, line %llu is no act and no change of an account (%s)", path,
              (unsigned long long)number, pse_rc_name(rc));
    return rc == PSE_E_SIGNATURE ? rc : PSE_E_SYNTAX;
}

pse_rc consent_log_each(const char *name, const char *path, const pse_hash *eid,
                        consent_line_fn *fn, void *ctx)
{
    struct pse_buf text;
    struct chain chain;
    struct pse_span rest;
    struct pse_span line;
    uint64_t number = 0;
    pse_rc rc = read_log(&text, name, path);

    if (rc == PSE_OK)
        rc = walk(&chain, name, path, pse_buf_span(&text), eid, NULL);
    rest = pse_buf_span(&text);
    while (rc == PSE_OK && pse_line_take(&line, &rest) == PSE_OK)
        rc = tell_line(fn, ctx, name, path, line, eid, ++number);
    pse_buf_free(&text);
    return rc;
}

/* --- accounts ----------------------------------------------------------------------------------
 */

static pse_rc enrol(struct consent_accounts *a, const struct consent_change *change)
{
    struct pse_span id = pse_span(change->key.id, change->key.id_n);
    struct consent_account *account = consent_account(a, change->account);

    for (size_t i = 0; i < a->n; i++) {
        if (pse_webauthn_key_find(a->account[i].key, a->account[i].keys, id) != NULL)
            return PSE_E_DUPLICATE;
    }
    if (account == NULL) {
        if (a->n == CONSENT_OFFICERS_MAX)
            return PSE_E_LIMIT;
        account = &a->account[a->n++];
        (void)snprintf(account->name, sizeof account->name, "%s", change->account);
        account->keys = 0;
    }
    if (account->keys == CONSENT_AUTHENTICATORS)
        return PSE_E_LIMIT;
    account->key[account->keys++] = change->key;
    return PSE_OK;
}

pse_rc consent_accounts_change(struct consent_accounts *a, const struct consent_change *change)
{
    struct consent_account *account = consent_account(a, change->account);

    if (!change->is_removed)
        return enrol(a, change);
    for (size_t i = 0; account != NULL && i < account->keys; i++) {
        pse_hash sum;

        pse_sha256(&sum, pse_span(account->key[i].id, account->key[i].id_n));
        if (!pse_hash_is_equal(&sum, &change->credential))
            continue;
        account->key[i] = account->key[--account->keys];
        return PSE_OK;
    }
    return PSE_E_MISSING;
}
