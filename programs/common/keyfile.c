#include "common/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"
#include "common/tokens.h"
#include "common/wrapkey.h"
#include "election/ballot.h"

enum { KEY_FILE_MAX = 4096, LABEL_CHARACTERS_MAX = 200 };

static const char head[] = "psephos-key-1\n";

static const char *const role_names[KEY_ROLES] = {
    "officer", "registrar", "board", "trustee", "mixer", "log", "witness", "voter",
};

const char *key_role_name(enum key_role role)
{
    PSE_REQUIRE(role < KEY_ROLES);
    return role_names[role];
}

static bool has_sign(enum key_role role)
{
    return role != KEY_VOTER;
}

static bool has_secret(enum key_role role)
{
    return role == KEY_TRUSTEE || role == KEY_VOTER;
}

/* --- making ----------------------------------------------------------------------------------- */

static struct key *guarded_new(const char *name)
{
    struct key *k = sodium_malloc(sizeof *k);

    if (k == NULL) {
        cli_error(name, "no locked memory for a key; raise the limit of locked memory (ulimit -l)");
        return NULL;
    }
    memset(k, 0, sizeof *k);
    return k;
}

void key_free(struct key *k)
{
    if (k != NULL) {
        pse_token_close(k->token);
        wrapkey_free(k->wrap);
    }
    sodium_free(k); /* wipes */
}

static bool is_label(enum key_role role, struct pse_span label)
{
    struct pse_span rest = label;
    size_t characters = 0;
    pse_hash eid;
    uint32_t c;

    if (role == KEY_VOTER)
        return pse_hex_decode(eid.b, sizeof eid.b, label) == PSE_OK;
    if (label.n >= KEY_LABEL_MAX)
        return false;
    if (role == KEY_LOG || role == KEY_WITNESS)
        return label.n <= PSE_KEY_NAME_MAX && pse_key_name_is_valid(label);
    while (rest.n > 0) {
        if (pse_utf8_next(&c, &rest) != PSE_OK || pse_utf8_is_unsafe(c))
            return false;
        characters++;
    }
    return characters >= 1 && characters <= LABEL_CHARACTERS_MAX;
}

static void derive_public(struct key *k, const struct pse_group *g)
{
    if (has_sign(k->role))
        pse_ed25519_public(&k->sign_public, &k->sign);
    if (has_secret(k->role))
        pse_credential_public(&k->secret_public, g, &k->secret);
}

pse_rc key_make(struct key **out, const char *name, enum key_role role, const char *label,
                const struct pse_group *g, struct pse_rng *rng)
{
    struct key *k;

    *out = NULL;
    if (!is_label(role, pse_span_str(label))) {
        cli_error(name, "'%s' cannot be used here; give a name of 1 to 200 characters%s", label,
                  role == KEY_LOG || role == KEY_WITNESS ? " without spaces or '+'" : "");
        return PSE_E_RANGE;
    }
    k = guarded_new(name);
    if (k == NULL)
        return PSE_E_MEMORY;
    k->role = role;
    (void)snprintf(k->label, sizeof k->label, "%s", label);
    if (has_sign(role))
        pse_rng_fill(rng, k->sign.b, sizeof k->sign.b);
    if (has_secret(role))
        pse_secret_random(&k->secret, rng);
    derive_public(k, g);
    *out = k;
    return PSE_OK;
}

pse_rc key_make_voter(struct key **out, const char *name, const pse_hash *eid,
                      const struct pse_group *g, const pse_secret *d)
{
    struct key *k = guarded_new(name);

    *out = k;
    if (k == NULL)
        return PSE_E_MEMORY;
    k->role = KEY_VOTER;
    pse_hex_encode(k->label, eid->b, sizeof eid->b);
    k->secret = *d;
    derive_public(k, g);
    return PSE_OK;
}

/* --- on a token --------------------------------------------------------------------------------
 */

static pse_rc sign_on_token(void *ctx, uint8_t sig[64], struct pse_span message)
{
    const struct key *k = ctx;
    uint8_t bytes[PSE_TOKEN_SIG_MAX];
    size_t n;
    pse_rc rc = token_say(k->command, k->label, pse_token_sign(k->token, bytes, &n, message));

    if (rc == PSE_OK)
        memcpy(sig, bytes, 64);
    return rc;
}

static pse_rc adopt(struct key *k, const char *name, const char *uri, enum key_role role)
{
    const char *label = pse_token_label(k->token);

    if (!is_label(role, pse_span_str(label))) {
        cli_error(name, "%s: the object's label '%s' is no name of a %s; give it another", uri,
                  label, role_names[role]);
        return PSE_E_RANGE;
    }
    (void)snprintf(k->label, sizeof k->label, "%s", label);
    k->role = role;
    k->command = name;
    memcpy(k->away.key.b, pse_token_public(k->token).p, sizeof k->away.key.b);
    k->away.ctx = k;
    k->away.sign = sign_on_token;
    k->sign.away = &k->away;
    k->sign_public = k->away.key;
    return PSE_OK;
}

pse_rc key_on_token(struct key **out, const char *name, const char *uri, enum key_role role,
                    const char *credentials, bool is_new)
{
    struct key *k;
    pse_rc rc;

    *out = NULL;
    if (has_secret(role)) {
        cli_error(name,
                  "the key of a %s cannot stand on a token, which could not use it; give a "
                  "key file",
                  role_names[role]);
        return PSE_E_UNSUPPORTED;
    }
    k = guarded_new(name);
    if (k == NULL)
        return PSE_E_MEMORY;
    rc = is_new ? token_make(&k->token, name, uri, PSE_TOKEN_ED25519, credentials)
                : token_open(&k->token, name, uri, PSE_TOKEN_ED25519, credentials);
    if (rc == PSE_OK)
        rc = adopt(k, name, uri, role);
    if (rc == PSE_OK)
        *out = k;
    else
        key_free(k);
    return rc;
}

/* --- the file --------------------------------------------------------------------------------- */

static char *put_line(char *at, const char *word, const char *value)
{
    return at + sprintf(at, "%s %s\n", word, value);
}

static char *put_hex_line(char *at, const char *word, const uint8_t bytes[32])
{
    char hex[65];

    sodium_bin2hex(hex, sizeof hex, bytes, 32);
    at = put_line(at, word, hex);
    pse_wipe(hex, sizeof hex);
    return at;
}

/* Into guarded memory of KEY_FILE_MAX bytes; every line fits by the limits on labels. */
static size_t format_key(char *text, const struct key *k)
{
    char *at = text + sprintf(text, "%s", head);
    uint8_t bytes[32];

    at = put_line(at, "role", role_names[k->role]);
    at = put_line(at, "label", k->label);
    if (has_sign(k->role))
        at = put_hex_line(at, "sign", k->sign.b);
    if (has_secret(k->role)) {
        pse_secret_encode(bytes, &k->secret);
        at = put_hex_line(at, "secret", bytes);
        pse_wipe(bytes, sizeof bytes);
    }
    return (size_t)(at - text);
}

/* The file's text into guarded memory, for @p use. */
static pse_rc with_text(const struct key *k, const char *name,
                        pse_rc (*use)(void *ctx, struct pse_span text), void *ctx)
{
    char *text;
    pse_rc rc;

    PSE_REQUIRE(k->token == NULL);
    text = sodium_malloc(KEY_FILE_MAX);
    if (text == NULL) {
        cli_error(name, "no locked memory for a key; raise the limit of locked memory (ulimit -l)");
        return PSE_E_MEMORY;
    }
    rc = use(ctx, pse_span(text, format_key(text, k)));
    sodium_free(text);
    return rc;
}

struct into {
    const char *name, *path, *uri;
    struct wrapkey *wrap;
    struct pse_rng *rng;
};

static pse_rc put_file(void *ctx, struct pse_span text)
{
    const struct into *to = ctx;

    return file_write(to->name, to->path, text, FILE_NEW | FILE_SECRET);
}

pse_rc key_write(const struct key *k, const char *name, const char *path)
{
    struct into to = {.name = name, .path = path};

    return with_text(k, name, put_file, &to);
}

/* --- wrapped -----------------------------------------------------------------------------------
 * The whole text of a key file, so that nobody learns more of it than which token opens it. */

static const char wrapped_head[] = "psephos-wrapped-1\n";
static const char wrapped_kind[] = "key file";

enum { SEALED_MAX = 1536 }; /* the text of a trustee with the longest label has 1000 bytes */

static pse_rc put_wrapped(void *ctx, struct pse_span text)
{
    const struct into *to = ctx;
    struct pse_buf sealed = PSE_BUF(SEALED_MAX), out = PSE_BUF(KEY_FILE_MAX - 1);
    char hex[2 * SEALED_MAX + 1];
    pse_rc rc = wrapkey_seal(&sealed, to->wrap, wrapped_kind, text, to->rng);

    if (rc == PSE_OK) {
        pse_hex_encode(hex, sealed.p, sealed.n);
        pse_wr_str(&out, wrapped_head);
        pse_wr_str(&out, "wrap ");
        pse_wr_str(&out, to->uri);
        pse_wr_str(&out, "\nsealed ");
        pse_wr_str(&out, hex);
        pse_wr_str(&out, "\n");
        rc = out.rc;
    }
    if (rc == PSE_OK)
        rc = put_file(ctx, pse_buf_span(&out));
    pse_buf_free(&sealed);
    pse_buf_free(&out);
    return rc;
}

pse_rc key_write_wrapped(const struct key *k, const char *name, const char *path, const char *uri,
                         struct pse_rng *rng)
{
    struct into to = {.name = name, .path = path, .uri = uri, .rng = rng};
    pse_rc rc;

    if (!pse_token_is_uri(uri) || uri[strcspn(uri, " \n")] != '\0') {
        cli_error(name, "a key file is wrapped by a key on a token; write 'pkcs11:token=NAME;"
                        "object=LABEL?pin-source=file:PATH'");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(wrapkey_ensure(name, uri, rng));
    PSE_TRY(wrapkey_open(&to.wrap, name, uri, NULL));
    rc = with_text(k, name, put_wrapped, &to);
    wrapkey_free(to.wrap);
    return rc;
}

bool key_is_wrapped(const char *path)
{
    char begin[sizeof wrapped_head - 1];
    FILE *f = fopen(path, "rbe");
    bool is;

    if (f == NULL)
        return false;
    is = fread(begin, 1, sizeof begin, f) == sizeof begin &&
         memcmp(begin, wrapped_head, sizeof begin) == 0;
    (void)fclose(f);
    return is;
}

/* The whole file into @p text of KEY_FILE_MAX bytes; no copy stays in ordinary memory. */
static pse_rc read_guarded(char *text, size_t *n, const char *name, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t got;
    int why;

    if (fd < 0 || fstat(fd, &st) != 0) {
        why = errno;
        cli_error(name, "cannot read the key %s: %s; check the name", path, strerror(why));
        if (fd >= 0)
            close(fd);
        return why == ENOENT ? PSE_E_MISSING : PSE_E_IO;
    }
    if ((st.st_mode & 077) != 0) {
        close(fd);
        cli_error(name, "others can read the key %s; run: chmod 600 %s", path, path);
        return PSE_E_STATE;
    }
    got = read(fd, text, KEY_FILE_MAX);
    close(fd);
    if (got < 0 || got == KEY_FILE_MAX) {
        cli_error(name, "%s is no key file of psephos; check the name", path);
        return PSE_E_SYNTAX;
    }
    *n = (size_t)got;
    return PSE_OK;
}

/* One line `word value`; the cursor moves past it. */
static bool take_line(struct pse_span *value, struct pse_span *text, const char *word)
{
    size_t n = strlen(word);
    const uint8_t *end = memchr(text->p, '\n', text->n);

    if (end == NULL || (size_t)(end - text->p) < n + 1 || memcmp(text->p, word, n) != 0 ||
        text->p[n] != ' ')
        return false;
    *value = pse_span(text->p + n + 1, (size_t)(end - text->p) - n - 1);
    *text = pse_span(end + 1, text->n - (size_t)(end + 1 - text->p));
    return true;
}

static bool take_hex(uint8_t out[32], struct pse_span *text, const char *word)
{
    struct pse_span value;
    size_t n;

    return take_line(&value, text, word) && value.n == 64 &&
           sodium_hex2bin(out, 32, (const char *)value.p, value.n, NULL, &n, NULL) == 0 && n == 32;
}

static bool take_role(enum key_role *role, struct pse_span *text)
{
    struct pse_span value;

    if (!take_line(&value, text, "role"))
        return false;
    for (int i = 0; i < KEY_ROLES; i++) {
        if (pse_span_is_str(value, role_names[i])) {
            *role = (enum key_role)i;
            return true;
        }
    }
    return false;
}

static bool parse_key(struct key *k, struct pse_span text)
{
    size_t n = sizeof head - 1;
    struct pse_span label;
    uint8_t bytes[32];
    bool good;

    if (text.n < n || memcmp(text.p, head, n) != 0)
        return false;
    text = pse_span(text.p + n, text.n - n);
    if (!take_role(&k->role, &text))
        return false;
    if (!take_line(&label, &text, "label") || !is_label(k->role, label))
        return false;
    memcpy(k->label, label.p, label.n);
    k->label[label.n] = '\0';
    if (has_sign(k->role) && !take_hex(k->sign.b, &text, "sign"))
        return false;
    if (has_secret(k->role)) {
        good = take_hex(bytes, &text, "secret") && pse_secret_decode(&k->secret, bytes) == PSE_OK;
        pse_wipe(bytes, sizeof bytes);
        if (!good)
            return false;
    }
    return text.n == 0;
}

static pse_rc take_key(struct key *k, struct pse_span text, const char *name, const char *path,
                       enum key_role role)
{
    if (!parse_key(k, text)) {
        cli_error(name, "%s is no key file of psephos, or is damaged; restore it from a copy",
                  path);
        return PSE_E_SYNTAX;
    }
    if (k->role != role) {
        cli_error(name, "%s is a key of a %s; this needs one of a %s", path, role_names[k->role],
                  role_names[role]);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

static pse_rc parse_plain(struct key **out, const char *name, const char *path,
                          struct pse_span text, enum key_role role, const struct pse_group *g)
{
    struct key *k = guarded_new(name);
    pse_rc rc = k == NULL ? PSE_E_MEMORY : take_key(k, text, name, path, role);

    if (rc != PSE_OK) {
        key_free(k);
        return rc;
    }
    derive_public(k, g);
    *out = k;
    return PSE_OK;
}

static pse_rc unseal(struct pse_buf *plain, struct wrapkey *w, const char *name, const char *path,
                     struct pse_span hex)
{
    uint8_t sealed[SEALED_MAX];
    pse_rc rc = PSE_E_PROOF;

    if (hex.n % 2 == 0 && hex.n / 2 <= sizeof sealed &&
        pse_hex_decode(sealed, hex.n / 2, hex) == PSE_OK)
        rc = wrapkey_unseal(plain, w, wrapped_kind, pse_span(sealed, hex.n / 2));
    if (rc == PSE_E_PROOF)
        cli_error(name,
                  "%s was wrapped by another key than its token has, or is damaged; restore "
                  "it from a copy",
                  path);
    return rc;
}

static pse_rc parse_wrapped(struct key **out, const char *name, const char *path,
                            struct pse_span text, enum key_role role, const struct pse_group *g,
                            const char *credentials)
{
    struct pse_buf plain = PSE_BUF(KEY_FILE_MAX);
    struct wrapkey *w = NULL;
    struct pse_span where, hex;
    char uri[PSE_TOKEN_URI_MAX];
    pse_rc rc;

    if (!take_line(&where, &text, "wrap") || where.n >= sizeof uri ||
        !take_line(&hex, &text, "sealed") || text.n != 0) {
        cli_error(name, "%s is no key file of psephos, or is damaged; restore it from a copy",
                  path);
        return PSE_E_SYNTAX;
    }
    (void)snprintf(uri, sizeof uri, "%.*s", (int)where.n, (const char *)where.p);
    rc = wrapkey_open(&w, name, uri, credentials);
    if (rc == PSE_OK)
        rc = unseal(&plain, w, name, path, hex);
    if (rc == PSE_OK)
        rc = parse_plain(out, name, path, pse_buf_span(&plain), role, g);
    pse_buf_free(&plain); /* wipes */
    if (rc == PSE_OK)
        (*out)->wrap = w;
    else
        wrapkey_free(w);
    return rc;
}

pse_rc key_parse(struct key **out, const char *name, const char *path, struct pse_span text,
                 enum key_role role, const struct pse_group *g, const char *credentials)
{
    size_t n = sizeof wrapped_head - 1;

    *out = NULL;
    if (text.n >= n && memcmp(text.p, wrapped_head, n) == 0)
        return parse_wrapped(out, name, path, pse_span(text.p + n, text.n - n), role, g,
                             credentials);
    return parse_plain(out, name, path, text, role, g);
}

pse_rc key_read(struct key **out, const char *name, const char *path, enum key_role role,
                const struct pse_group *g)
{
    char *text;
    size_t n = 0;
    pse_rc rc;

    *out = NULL;
    if (pse_token_is_uri(path))
        return key_on_token(out, name, path, role, NULL, false);
    text = sodium_malloc(KEY_FILE_MAX);
    rc = text == NULL ? PSE_E_MEMORY : read_guarded(text, &n, name, path);
    if (rc == PSE_OK)
        rc = key_parse(out, name, path, pse_span(text, n), role, g, NULL);
    sodium_free(text);
    return rc;
}

pse_rc key_election(pse_hash *eid, const struct key *k)
{
    return pse_hex_decode(eid->b, sizeof eid->b, pse_span_str(k->label));
}

pse_rc key_vkey(struct pse_vkey *out, const struct key *k)
{
    return pse_vkey_make(out, pse_span_str(k->label),
                         k->role == KEY_LOG ? PSE_SIG_ED25519 : PSE_SIG_COSIGN, &k->sign_public);
}
