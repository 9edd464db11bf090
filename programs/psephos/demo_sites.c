/* psephos identity demo-ca site, and the file of sites. */
#include "psephos/demo_sites.h"

#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/sysrng.h"
#include "psephos/identity.h"

enum { FILE_MAX = 1 << 18, SECRET_TEXT = 44 };

/* --- the file ----------------------------------------------------------------------------------
 */

static pse_rc take_text(char out[PSE_DEMO_TEXT_MAX], struct pse_span *line)
{
    const uint8_t *end = line->n == 0 ? NULL : memchr(line->p, '\t', line->n);
    size_t n = end == NULL ? 0 : (size_t)(end - line->p);

    if (n == 0 || n >= PSE_DEMO_TEXT_MAX)
        return PSE_E_SYNTAX;
    memcpy(out, line->p, n);
    out[n] = '\0';
    *line = pse_span(end + 1, line->n - n - 1);
    return PSE_OK;
}

static pse_rc parse_site(struct pse_demo_site *s, struct pse_span line)
{
    memset(s, 0, sizeof *s);
    PSE_TRY(take_text(s->id, &line));
    PSE_TRY(take_text(s->redirect_uri, &line));
    s->has_secret = !pse_span_is_str(line, "-");
    return s->has_secret ? pse_hex_decode(s->secret.b, sizeof s->secret.b, line) : PSE_OK;
}

static pse_rc parse_all(struct demo_sites *out, struct pse_span text)
{
    struct pse_span line;

    while (text.n > 0) {
        PSE_TRY(pse_line_take(&line, &text));
        if (out->n == DEMO_SITES_MAX)
            return PSE_E_LIMIT;
        PSE_TRY(parse_site(&out->site[out->n], line));
        out->n++;
    }
    return PSE_OK;
}

static void put_site(struct pse_buf *out, const struct pse_demo_site *s)
{
    pse_wr_str(out, s->id);
    pse_wr_str(out, "\t");
    pse_wr_str(out, s->redirect_uri);
    pse_wr_str(out, "\t");
    if (s->has_secret)
        pse_hex_put(out, s->secret.b, sizeof s->secret.b);
    else
        pse_wr_str(out, "-");
    pse_wr_str(out, "\n");
}

static pse_rc write_all(const struct demo_sites *all, const char *name, const char *path)
{
    struct pse_buf text = PSE_BUF(FILE_MAX);
    pse_rc rc;

    for (size_t i = 0; i < all->n; i++)
        put_site(&text, &all->site[i]);
    rc = text.rc;
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&text), FILE_REPLACE | FILE_SECRET);
    pse_buf_free(&text);
    return rc;
}

pse_rc demo_sites_read(struct demo_sites *out, const char *name, const char *dir)
{
    struct pse_buf text = PSE_BUF(FILE_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc;

    out->n = 0;
    PSE_TRY(file_join(path, name, dir, "sites"));
    if (!file_exists(path))
        return PSE_OK;
    rc = file_read(&text, name, path, FILE_MAX);
    if (rc == PSE_OK) {
        rc = parse_all(out, pse_buf_span(&text));
        if (rc != PSE_OK)
            cli_error(name, "%s is damaged; restore it from a copy", path);
    }
    pse_buf_free(&text);
    return rc;
}

/* --- adding ------------------------------------------------------------------------------------
 */

static bool is_id(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");

    return n > 0 && n < 128 && id[n] == '\0';
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* https, or this machine; printable, without a fragment. */
static bool is_address(const char *uri)
{
    static const char *const here[] = {"http://127.0.0.1:", "http://127.0.0.1/",
                                       "http://localhost:", "http://localhost/", "https://"};
    size_t n = strlen(uri);

    for (size_t i = 0; i < n; i++) {
        if (uri[i] <= ' ' || uri[i] > '~' || strchr("#\"<>\\^`{|}", uri[i]) != NULL)
            return false;
    }
    for (size_t i = 0; i < CLI_COUNT(here); i++) {
        if (begins(uri, here[i]) && n > strlen(here[i]) && n < PSE_DEMO_TEXT_MAX)
            return true;
    }
    return false;
}

static bool is_known(const struct demo_sites *all, const char *id)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->site[i].id, id) == 0)
            return true;
    }
    return false;
}

pse_rc demo_sites_add(const char *name, const char *dir, const char *id, const char *redirect_uri,
                      struct pse_span secret)
{
    static struct demo_sites all;
    char path[FILE_PATH_MAX];
    struct pse_demo_site *s;

    if (!is_id(id) || !is_address(redirect_uri)) {
        cli_error(name, "--id takes letters, digits and -._ ; --redirect an address: https://…, or "
                        "http:// on this machine");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(file_join(path, name, dir, "sites"));
    PSE_TRY(demo_sites_read(&all, name, dir));
    if (is_known(&all, id)) {
        cli_error(name, "%s is there already; choose another name", id);
        return PSE_E_DUPLICATE;
    }
    if (all.n == DEMO_SITES_MAX) {
        cli_error(name, "there are %d sites, and no room for more", DEMO_SITES_MAX);
        return PSE_E_LIMIT;
    }
    s = &all.site[all.n++];
    memset(s, 0, sizeof *s);
    (void)snprintf(s->id, sizeof s->id, "%s", id);
    (void)snprintf(s->redirect_uri, sizeof s->redirect_uri, "%s", redirect_uri);
    s->has_secret = secret.n > 0;
    if (s->has_secret)
        pse_sha256(&s->secret, secret);
    return write_all(&all, name, path);
}

/* --- the verb ----------------------------------------------------------------------------------
 */

struct site_options {
    const char *dir, *id, *redirect, *secret;
};

/* A fresh secret into a file of one line, and without that line's end into @p out. */
static pse_rc make_secret(struct pse_buf *out, const char *name, const char *path)
{
    PSE_RNG(rng);
    uint8_t random[32];
    pse_rc rc;

    PSE_TRY(sysrng_start(&rng, name));
    pse_rng_fill(&rng, random, sizeof random);
    pse_base64url_put(out, random, sizeof random);
    pse_wipe(random, sizeof random);
    pse_wr_str(out, "\n");
    PSE_TRY(out->rc);
    rc = file_write(name, path, pse_buf_span(out), FILE_NEW | FILE_SECRET);
    out->n--;
    return rc;
}

static pse_rc add(const char *name, const struct site_options *o)
{
    struct pse_buf secret = PSE_BUF(SECRET_TEXT);
    struct demo_ca ca;
    pse_rc rc;

    PSE_TRY(identity_want(name, o->dir, "dir DIR"));
    PSE_TRY(identity_want(name, o->id, "id NAME"));
    PSE_TRY(identity_want(name, o->redirect, "redirect URI"));
    rc = demo_ca_open(&ca, name, o->dir);
    if (rc == PSE_OK && o->secret != NULL)
        rc = make_secret(&secret, name, o->secret);
    if (rc == PSE_OK) {
        rc = demo_sites_add(name, o->dir, o->id, o->redirect, pse_buf_span(&secret));
        if (rc != PSE_OK && o->secret != NULL)
            (void)!file_remove(name, o->secret);
    }
    pse_buf_free(&secret);
    if (rc == PSE_OK)
        printf("[oidc] of psephos auth:\n"
               "issuer = %s\nclient-id = %s\nclient = %s\nredirect-uri = %s\n"
               "unsafe-loopback = yes\nsubject-begin = PNOEE-\nsubject-kind = PNOEE-\n",
               ca.url, o->id, o->secret == NULL ? "none" : "basic", o->redirect);
    demo_ca_close(&ca);
    return rc;
}

int identity_demo_site(int argc, char **argv)
{
    struct site_options o = {.dir = NULL};
    const struct cli_option options[] = {
        CLI_TEXT("dir", "DIR", &o.dir, "the authority's private folder"),
        CLI_TEXT("id", "NAME", &o.id, "what the site calls itself (client_id)"),
        CLI_TEXT("redirect", "URI", &o.redirect, "where browsers return to, exactly"),
        CLI_TEXT("secret", "FILE", &o.secret,
                 "make a secret for it, into this file (default: PKCE alone)"),
    };
    const struct cli_command command = {
        .name = "psephos identity demo-ca site",
        .synopsis = "--dir DIR --id NAME --redirect URI [--secret FILE]",
        .about =
            "Let a site ask a DEMO authority who somebody is, by OpenID Connect, and print the\n"
            "settings for psephos auth. A running service knows it at once.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    return cli_parse(&status, &command, argc, argv) ? verb_exit(add(command.name, &o)) : status;
}
