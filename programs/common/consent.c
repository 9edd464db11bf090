#include "common/consent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"

enum { FILE_MAX = 64 * 1024, LOG_MAX = 256 << 20, LINE_MAX_BYTES = 64 * 1024, CLOCKS_DIFFER = 300 };

static const char kind[] = "psephos-act-1";

const char *const consent_words[] = {
    "open",    "close",  "freeze",  "mix-end", "result",    "end",     "abort", "import",
    "release", "revoke", "restore", "void",    "statement", "publish", "erase", NULL};

bool consent_is_word(struct pse_span what)
{
    for (size_t i = 0; consent_words[i] != NULL; i++) {
        if (pse_span_is_str(what, consent_words[i]))
            return true;
    }
    return false;
}

/* --- hash and signatures -----------------------------------------------------------------------
 */

void consent_hash(pse_hash *out, const struct consent *c)
{
    static const char label[] = "psephos/1/act";
    struct pse_buf b = PSE_BUF(FILE_MAX);

    pse_buf_put(&b, label, sizeof label);
    pse_wr_v8(&b, c->what);
    pse_wr_hash(&b, &c->eid);
    pse_wr_hash(&b, &c->subject);
    pse_wr_v16(&b, c->about);
    pse_wr_u64(&b, c->made);
    pse_wr_hash(&b, &c->nonce);
    PSE_REQUIRE(b.rc == PSE_OK);
    pse_sha256(out, pse_buf_span(&b));
    pse_buf_free(&b);
}

void consent_signed_bytes(uint8_t out[CONSENT_SIGNED], const struct consent *c)
{
    static const char label[24] = "psephos/1/act-signature"; /* with its zero */
    pse_hash hash;

    consent_hash(&hash, c);
    memcpy(out, label, sizeof label);
    memcpy(out + sizeof label, hash.b, 32);
}

pse_rc consent_sign(struct consent *c, const char *name, const struct key *officer)
{
    uint8_t bytes[CONSENT_SIGNED];
    pse_rc rc;

    for (size_t i = 0; i < c->signers; i++) {
        if (pse_edkey_is_equal(&c->by[i].key, &officer->sign_public)) {
            cli_error(name, "%s has signed this act already; another officer must", officer->label);
            return PSE_E_DUPLICATE;
        }
    }
    if (c->signers == CONSENT_SIGNERS_MAX) {
        cli_error(name, "this act has all the signatures that an act can have");
        return PSE_E_LIMIT;
    }
    consent_signed_bytes(bytes, c);
    c->by[c->signers].key = officer->sign_public;
    rc = pse_ed25519_sign(c->by[c->signers].sig, &officer->sign, pse_span(bytes, sizeof bytes));
    if (rc != PSE_OK) {
        cli_error(name, "the key of %s does not sign (%s); try again", officer->label,
                  pse_rc_name(rc));
        return rc;
    }
    c->signers++;
    return PSE_OK;
}

pse_rc consent_add(struct consent *c, const pse_edkey *officer, const uint8_t sig[64])
{
    uint8_t bytes[CONSENT_SIGNED];

    for (size_t i = 0; i < c->signers; i++) {
        if (pse_edkey_is_equal(&c->by[i].key, officer))
            return PSE_E_DUPLICATE;
    }
    if (c->signers == CONSENT_SIGNERS_MAX)
        return PSE_E_LIMIT;
    consent_signed_bytes(bytes, c);
    PSE_TRY(pse_ed25519_verify(officer, pse_span(bytes, sizeof bytes), sig));
    c->by[c->signers].key = *officer;
    memcpy(c->by[c->signers++].sig, sig, 64);
    return PSE_OK;
}

/* --- the file ----------------------------------------------------------------------------------
 */

static void put_signatures(struct pse_json_wr *w, const struct consent *c)
{
    pse_json_wr_array(w, "signatures");
    for (size_t i = 0; i < c->signers; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_hex(w, "officer", c->by[i].key.b, 32);
        pse_json_wr_hex(w, "signature", c->by[i].sig, 64);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void put_members(struct pse_json_wr *w, const struct consent *c)
{
    pse_json_wr_string(w, "what", c->what);
    pse_json_wr_hex(w, "election", c->eid.b, 32);
    pse_json_wr_hex(w, "subject", c->subject.b, 32);
    pse_json_wr_string(w, "about", c->about);
    pse_json_wr_u64(w, "made", c->made);
    pse_json_wr_hex(w, "nonce", c->nonce.b, 32);
    put_signatures(w, c);
}

void consent_put(struct pse_json_wr *w, const struct consent *c)
{
    pse_json_wr_str(w, "kind", kind);
    put_members(w, c);
}

pse_rc consent_write(const struct consent *c, const char *name, const char *path)
{
    struct pse_buf text = PSE_BUF(FILE_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 1);
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    consent_put(&w, c);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_NEW | FILE_SECRET);
    pse_buf_free(&text);
    return rc;
}

static pse_rc parse_signatures(struct consent *c, const struct pse_json *list,
                               struct pse_json_fault *fault)
{
    const struct pse_json *at = pse_json_first(list);
    struct pse_json_rd r;

    c->signers = pse_json_count(list);
    if (c->signers > CONSENT_SIGNERS_MAX)
        return PSE_E_LIMIT;
    for (size_t i = 0; i < c->signers; i++, at = pse_json_next(at)) {
        PSE_TRY(pse_json_open(&r, at, fault));
        PSE_TRY(pse_json_take_hex(c->by[i].key.b, 32, &r, "officer"));
        PSE_TRY(pse_json_take_hex(c->by[i].sig, 64, &r, "signature"));
        PSE_TRY(pse_json_close(&r));
        for (size_t j = 0; j < i; j++) {
            if (pse_edkey_is_equal(&c->by[i].key, &c->by[j].key))
                return PSE_E_DUPLICATE;
        }
    }
    return PSE_OK;
}

static pse_rc parse(struct consent *c, const struct pse_json *root, struct pse_json_fault *fault)
{
    const struct pse_json *signatures;
    struct pse_json_rd r;
    struct pse_span text;

    PSE_TRY(pse_json_open(&r, root, fault));
    PSE_TRY(pse_json_take_string(&text, &r, "kind"));
    if (!pse_span_is_str(text, kind))
        return PSE_E_UNSUPPORTED;
    PSE_TRY(pse_json_take_string(&c->what, &r, "what"));
    PSE_TRY(pse_json_take_hex(c->eid.b, 32, &r, "election"));
    PSE_TRY(pse_json_take_hex(c->subject.b, 32, &r, "subject"));
    PSE_TRY(pse_json_take_string(&c->about, &r, "about"));
    PSE_TRY(pse_json_take_u64(&c->made, &r, "made"));
    PSE_TRY(pse_json_take_hex(c->nonce.b, 32, &r, "nonce"));
    PSE_TRY(pse_json_take_array(&signatures, &r, "signatures"));
    PSE_TRY(pse_json_close(&r));
    if (!consent_is_word(c->what) || c->about.n > CONSENT_ABOUT_MAX)
        return PSE_E_RANGE;
    return parse_signatures(c, signatures, fault);
}

static pse_rc verify(const struct consent *c)
{
    uint8_t bytes[CONSENT_SIGNED];

    consent_signed_bytes(bytes, c);
    for (size_t i = 0; i < c->signers; i++)
        PSE_TRY(pse_ed25519_verify(&c->by[i].key, pse_span(bytes, sizeof bytes), c->by[i].sig));
    return PSE_OK;
}

pse_rc consent_take(struct consent *c, const struct pse_json *object)
{
    memset(c, 0, sizeof *c);
    PSE_TRY(parse(c, object, NULL));
    return verify(c);
}

pse_rc consent_read(struct consent *c, struct pse_arena *arena, const char *name, const char *path)
{
    const struct pse_json *root;
    struct pse_json_fault fault = {0};
    struct pse_buf bytes;
    uint8_t *copy;
    pse_rc rc;

    memset(c, 0, sizeof *c);
    PSE_TRY(file_read(&bytes, name, path, FILE_MAX));
    copy = PSE_NEW(arena, uint8_t, bytes.n);
    if (copy != NULL && bytes.n > 0)
        memcpy(copy, bytes.p, bytes.n);
    rc =
        copy == NULL ? PSE_E_MEMORY : pse_json_parse(&root, &fault, arena, pse_span(copy, bytes.n));
    pse_buf_free(&bytes);
    if (rc == PSE_OK)
        rc = parse(c, root, &fault);
    if (rc != PSE_OK) {
        cli_error(name, "%s is no act file (%s, byte %zu); ask for it again", path, pse_rc_name(rc),
                  fault.at);
        return rc == PSE_E_MEMORY ? rc : PSE_E_SYNTAX;
    }
    rc = verify(c);
    if (rc != PSE_OK)
        cli_error(name,
                  "a signature on %s does not hold: it was changed after it was signed; "
                  "have it signed again",
                  path);
    return rc;
}

/* --- is it good? -------------------------------------------------------------------------------
 */

static size_t officers_who_signed(const struct consent *c, const struct consent_need *need)
{
    size_t n = 0;

    /* Over the keys on the act, which are distinct; an officer named twice counts once. */
    for (size_t i = 0; i < c->signers; i++) {
        for (size_t j = 0; j < need->officers; j++) {
            if (pse_edkey_is_equal(&c->by[i].key, &need->officer[j])) {
                n++;
                break;
            }
        }
    }
    return n;
}

pse_rc consent_check(const struct consent *c, const char *name, const struct consent_need *need)
{
    size_t n = officers_who_signed(c, need);

    if (!pse_span_is_str(c->what, need->what)) {
        cli_error(name, "the act is to %.*s, this is to %s; propose another act", (int)c->what.n,
                  (const char *)c->what.p, need->what);
        return PSE_E_MISMATCH;
    }
    if (!pse_hash_is_equal(&c->eid, need->eid)) {
        cli_error(name, "the act belongs to another election; propose another act");
        return PSE_E_MISMATCH;
    }
    if (!pse_hash_is_equal(&c->subject, need->subject)) {
        cli_error(name, "the officers agreed to other bytes than these; propose another act");
        return PSE_E_MISMATCH;
    }
    if (c->made > need->now + CLOCKS_DIFFER || need->now > c->made + CONSENT_SECONDS) {
        cli_error(name, "the act was made more than a day ago, or in the future; propose it again");
        return PSE_E_STATE;
    }
    if (n < CONSENT_NEEDED) {
        cli_error(name,
                  "%zu of the officers named with --officer signed the act, %d are needed; "
                  "run psephos officer agree",
                  n, CONSENT_NEEDED);
        return PSE_E_STATE;
    }
    return PSE_OK;
}

/* --- the log -----------------------------------------------------------------------------------
 */

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

static pse_rc put_line(struct pse_buf *out, const struct consent *c, const struct chain *chain,
                       const pse_hash *act, uint64_t now)
{
    struct pse_json_wr w = pse_json_wr(out, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "seq", chain->lines + 1);
    pse_json_wr_hex(&w, "before", chain->last.b, 32);
    pse_json_wr_hex(&w, "act", act->b, 32);
    pse_json_wr_u64(&w, "time", now);
    put_members(&w, c);
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

static pse_rc log_locked(int fd, const struct consent *c, const char *name, const char *path,
                         uint64_t now)
{
    struct pse_buf text;
    struct pse_buf line = PSE_BUF(LINE_MAX_BYTES);
    struct chain chain;
    pse_hash act;
    pse_rc rc;

    consent_hash(&act, c);
    rc = read_log(&text, name, path);
    if (rc == PSE_OK)
        rc = walk(&chain, name, path, pse_buf_span(&text), &c->eid, &act);
    if (rc == PSE_OK && chain.has_act) {
        cli_error(name, "this act was done before; propose a new one");
        rc = PSE_E_DUPLICATE;
    }
    if (rc == PSE_OK)
        rc = put_line(&line, c, &chain, &act, now);
    if (rc == PSE_OK)
        rc = append(fd, name, path, pse_buf_span(&line));
    pse_buf_free(&text);
    pse_buf_free(&line);
    return rc;
}

pse_rc consent_log(const struct consent *c, const char *name, const char *path, uint64_t now)
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
    rc = log_locked(fd, c, name, path, now);
    if (close(fd) != 0 && rc == PSE_OK)
        rc = PSE_E_IO;
    return rc;
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
