#include "common/wrapkey.h"

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

static const char head[] = "psephos-wrap-1\nkey ";

enum { HEAD = sizeof head - 1, TEXT = HEAD + 2 * PSE_SEAL_KEY + 1 };

/* In guarded memory. */
struct wrapkey {
    pse_seal_key key;
    struct pse_token *token; /* NULL: the key is here */
    const char *name;
};

static pse_rc make_file(const char *name, const char *path, struct pse_rng *rng)
{
    PSE_SECRET(pse_seal_key, key);
    char *text = sodium_malloc(TEXT + 1);
    pse_rc rc;

    if (text == NULL) {
        cli_error(name, "no locked memory for a key; raise the limit of locked memory (ulimit -l)");
        return PSE_E_MEMORY;
    }
    pse_rng_fill(rng, key.b, sizeof key.b);
    memcpy(text, head, HEAD);
    pse_hex_encode(text + HEAD, key.b, sizeof key.b);
    text[TEXT - 1] = '\n';
    rc = file_write(name, path, pse_span(text, TEXT), FILE_NEW | FILE_SECRET);
    sodium_free(text);
    if (rc == PSE_OK && chmod(path, 0400) != 0) {
        cli_error(name, "cannot protect %s: %s", path, strerror(errno));
        return PSE_E_IO;
    }
    return rc;
}

static pse_rc read_text(char text[TEXT + 1], const char *name, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) != 0) {
        cli_error(name, "cannot read the wrapping key %s: %s; check --wrap", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return PSE_E_MISSING;
    }
    if ((st.st_mode & 0377) != 0) {
        close(fd);
        cli_error(name, "the wrapping key %s must have mode 0400; run: chmod 400 %s", path, path);
        return PSE_E_STATE;
    }
    n = read(fd, text, TEXT + 1);
    close(fd);
    if (n == TEXT && memcmp(text, head, HEAD) == 0 && text[TEXT - 1] == '\n')
        return PSE_OK;
    cli_error(name, "%s is no wrapping key of psephos; check --wrap", path);
    return PSE_E_SYNTAX;
}

static pse_rc read_file(struct wrapkey *k, const char *name, const char *path)
{
    char *text = sodium_malloc(TEXT + 1);
    pse_rc rc = text == NULL ? PSE_E_MEMORY : read_text(text, name, path);

    if (rc == PSE_OK &&
        pse_hex_decode(k->key.b, sizeof k->key.b, pse_span(text + HEAD, 64)) != PSE_OK) {
        cli_error(name, "%s is no wrapping key of psephos; check --wrap", path);
        rc = PSE_E_SYNTAX;
    }
    sodium_free(text);
    return rc;
}

/* --- on a token --------------------------------------------------------------------------------
 * RFC 3394 knows no associated data, so beside the wrapped key stands a mark that only the data key
 * can make for its place: a row moved elsewhere is refused as it is with a key from a file. */

enum { MARK = PSE_SEAL_WRAPPED - PSE_TOKEN_WRAPPED };

_Static_assert(MARK == sizeof(pse_hash) && (int)PSE_TOKEN_KEY == (int)PSE_SEAL_KEY, "40 + 32");

static void mark_place(pse_hash *out, const pse_seal_key *key, const struct pse_seal_place *place)
{
    char text[96];
    int n = snprintf(text, sizeof text, "%s %llu", place->table, (unsigned long long)place->row);

    PSE_REQUIRE(n > 0 && n < (int)sizeof text);
    pse_seal_mark(out, key, "place of a row", pse_span(text, (size_t)n));
}

static pse_rc token_wrap(void *ctx, uint8_t out[PSE_SEAL_WRAPPED], const pse_seal_key *key,
                         const struct pse_seal_place *place, struct pse_rng *rng)
{
    struct wrapkey *k = ctx;
    pse_hash mark;

    (void)rng;
    PSE_TRY(token_say(k->name, pse_token_label(k->token), pse_token_wrap(k->token, out, key->b)));
    mark_place(&mark, key, place);
    memcpy(out + PSE_TOKEN_WRAPPED, mark.b, MARK);
    return PSE_OK;
}

static pse_rc token_unwrap(void *ctx, pse_seal_key *key, const uint8_t in[PSE_SEAL_WRAPPED],
                           const struct pse_seal_place *place)
{
    struct wrapkey *k = ctx;
    enum pse_token_fault fault = pse_token_unwrap(k->token, key->b, in);
    pse_hash mark;

    /* Bytes of another key are the caller's finding, not the token's failure. */
    if (fault != PSE_TOKEN_GOOD)
        return fault == PSE_TOKEN_REFUSED ? PSE_E_PROOF
                                          : token_say(k->name, pse_token_label(k->token), fault);
    mark_place(&mark, key, place);
    if (pse_ct_eq(mark.b, in + PSE_TOKEN_WRAPPED, MARK))
        return PSE_OK;
    pse_seal_key_wipe(key);
    return PSE_E_PROOF;
}

/* --- either ------------------------------------------------------------------------------------
 */

pse_rc wrapkey_ensure(const char *name, const char *where, struct pse_rng *rng)
{
    struct pse_token *token;

    if (!pse_token_is_uri(where))
        return file_exists(where) ? PSE_OK : make_file(name, where, rng);
    PSE_TRY(token_ensure(&token, name, where, PSE_TOKEN_WRAP, NULL));
    pse_token_close(token);
    return PSE_OK;
}

pse_rc wrapkey_open(struct wrapkey **out, const char *name, const char *where,
                    const char *credentials)
{
    struct wrapkey *k = sodium_malloc(sizeof *k);
    pse_rc rc;

    *out = NULL;
    if (k == NULL) {
        cli_error(name, "no locked memory for a key; raise the limit of locked memory (ulimit -l)");
        return PSE_E_MEMORY;
    }
    *k = (struct wrapkey){.name = name};
    rc = pse_token_is_uri(where) ? token_open(&k->token, name, where, PSE_TOKEN_WRAP, credentials)
                                 : read_file(k, name, where);
    if (rc == PSE_OK)
        *out = k;
    else
        wrapkey_free(k);
    return rc;
}

struct pse_wrapper wrapkey_wrapper(struct wrapkey *k)
{
    return k->token == NULL
               ? pse_wrap_key(&k->key)
               : (struct pse_wrapper){.ctx = k, .wrap = token_wrap, .unwrap = token_unwrap};
}

pse_rc wrapkey_seal(struct pse_buf *out, struct wrapkey *k, const char *what, struct pse_span in,
                    struct pse_rng *rng)
{
    const struct pse_seal_place place = {.table = what};
    const struct pse_wrapper w = wrapkey_wrapper(k);
    struct pse_buf sealed = PSE_BUF(in.n + PSE_SEAL_OVERHEAD);
    uint8_t wrapped[PSE_SEAL_WRAPPED];
    pse_rc rc = pse_seal(&sealed, wrapped, &w, &place, in, rng);

    if (rc == PSE_OK) {
        pse_buf_put(out, wrapped, sizeof wrapped);
        pse_buf_put(out, sealed.p, sealed.n);
        rc = out->rc;
    }
    pse_buf_free(&sealed);
    return rc;
}

pse_rc wrapkey_unseal(struct pse_buf *out, struct wrapkey *k, const char *what, struct pse_span in)
{
    const struct pse_seal_place place = {.table = what};
    const struct pse_wrapper w = wrapkey_wrapper(k);

    if (in.n < PSE_SEAL_WRAPPED)
        return PSE_E_PROOF;
    return pse_unseal(out, &w, &place, pse_span(in.p, PSE_SEAL_WRAPPED),
                      pse_span(in.p + PSE_SEAL_WRAPPED, in.n - PSE_SEAL_WRAPPED));
}

void wrapkey_free(struct wrapkey *k)
{
    if (k != NULL)
        pse_token_close(k->token);
    sodium_free(k); /* wipes */
}
