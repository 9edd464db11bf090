/* psephos identity demo-ca: an identity authority for rehearsals. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/demo_guard.h"
#include "common/sysrng.h"
#include "common/tokens.h"
#include "daemon/daemon.h"
#include "psephos/demo_ca.h"
#include "psephos/demo_sites.h"
#include "psephos/eid_card.h"
#include "psephos/identity.h"

static const char default_url[] = "http://127.0.0.1:8420";

struct demo_options {
    const char *dir, *url, *manifest, *given, *surname, *code, *out, *token, *serial;
    uint64_t days;
    bool json;
};

#define DIR_OF(at) CLI_TEXT("dir", "DIR", (at), "the authority's private folder")

static int64_t now(void)
{
    return pse_clock_wall_ms() / 1000;
}

/* --- create ------------------------------------------------------------------------------------
 */

static pse_rc check_manifest(const char *name, const char *path)
{
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    struct pse_buf blob = PSE_BUF(PSE_MANIFEST_MAX);
    struct pse_group *g = NULL;
    struct pse_manifest *m;
    pse_rc rc;

    if (path == NULL)
        return PSE_OK;
    PSE_TRY(pse_group_new(&g, PSE_BACKEND_AUTO, NULL));
    rc = file_read(&blob, name, path, PSE_MANIFEST_MAX);
    if (rc == PSE_OK) {
        rc = pse_manifest_parse(&m, &arena, NULL, g, pse_buf_span(&blob));
        if (rc != PSE_OK)
            cli_error(name, "%s is no manifest; it is the blob that the election's name hashes",
                      path);
        else
            rc = demo_guard_test_only(name, m);
    }
    pse_buf_free(&blob);
    pse_group_free(g);
    return rc;
}

static pse_rc create(const char *name, const struct demo_options *o)
{
    PSE_RNG(rng);

    PSE_TRY(identity_want(name, o->dir, "dir DIR"));
    PSE_TRY(check_manifest(name, o->manifest));
    PSE_TRY(sysrng_start(&rng, name));
    PSE_TRY(demo_ca_create(name, o->dir, o->url, o->days, &rng, now()));
    cli_note(name, "DEMO: whatever this authority signs proves nobody's identity; elections that "
                   "are no tests refuse it");
    printf("%s/ca.pem: what others are to trust (--ca)\n"
           "Next: psephos identity demo-ca card --dir %s …, and serve at %s.\n",
           o->dir, o->dir, o->url);
    return PSE_OK;
}

static int demo_create(int argc, char **argv)
{
    struct demo_options o = {.url = default_url, .days = 365};
    const struct cli_option options[] = {
        DIR_OF(&o.dir),
        CLI_TEXT("url", "URL", &o.url, "where serve will be reached (http://127.0.0.1:8420)"),
        CLI_NUMBER("days", "N", &o.days, 1, 3650, "how long its certificates live (default 365)"),
        CLI_TEXT("manifest", "FILE", &o.manifest, "refuse unless this election is a test"),
    };
    const struct cli_command command = {
        .name = "psephos identity demo-ca create",
        .synopsis = "--dir DIR [--url URL] [--days N] [--manifest FILE]",
        .about =
            "Make a DEMO identity authority: a root, an issuer, a responder, a stamp service.\n"
            "It proves nobody's identity; elections that are no tests refuse it.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    return cli_parse(&status, &command, argc, argv) ? verb_exit(create(command.name, &o)) : status;
}

/* --- card --------------------------------------------------------------------------------------
 */

/* PNOEE-38001085718: three letters, a country, a hyphen, letters, digits and hyphens (ETSI EN 319
 * 412-1). */
static bool is_code(const char *code)
{
    size_t n = strlen(code);

    return n >= 7 && n <= 38 && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && code[5] == '-' &&
           strspn(code + 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n - 6;
}

static bool is_name(const char *text)
{
    struct pse_span rest = pse_span_str(text);
    size_t characters = 0;
    uint32_t c;

    for (; rest.n > 0; characters++)
        if (pse_utf8_next(&c, &rest) != PSE_OK || pse_utf8_is_unsafe(c))
            return false;
    return characters >= 1 && characters <= 40; /* X.520 bounds surnames */
}

static pse_rc person_of(struct pse_person *p, const char *name, const struct demo_options *o)
{
    PSE_TRY(identity_want(name, o->given, "given NAME"));
    PSE_TRY(identity_want(name, o->surname, "surname NAME"));
    PSE_TRY(identity_want(name, o->code, "code CODE"));
    if (!is_code(o->code)) {
        cli_error(name, "--code %s is no person's number; write it as PNOEE-38001085718", o->code);
        return PSE_E_SYNTAX;
    }
    if (!is_name(o->given) || !is_name(o->surname)) {
        cli_error(name, "--given and --surname have 1 to 40 characters, none of them unprintable");
        return PSE_E_SYNTAX;
    }
    memset(p, 0, sizeof *p);
    (void)snprintf(p->serial_number, sizeof p->serial_number, "%s", o->code);
    (void)snprintf(p->given_name, sizeof p->given_name, "%s", o->given);
    (void)snprintf(p->surname, sizeof p->surname, "%s", o->surname);
    (void)snprintf(p->country, sizeof p->country, "%.2s", o->code + 3);
    return PSE_OK;
}

struct issue {
    const char *name;
    const struct demo_options *o;
    struct demo_ca ca;
    struct pse_person person;
    struct pse_demo *key[2];
    struct pse_token *token[2];
    struct demo_row row[2];
};

static pse_rc make_key(struct issue *is, size_t i)
{
    char uri[PSE_TOKEN_URI_MAX];

    if (is->o->token == NULL)
        return pse_demo_new(&is->key[i]);
    PSE_TRY(eid_card_uri(uri, is->name, is->o->token, (enum eid_key)i));
    /* As on national cards: a signature of will asks each time. */
    PSE_TRY(i == EID_SIGNING ? token_make_asking(&is->token[i], is->name, uri, PSE_TOKEN_P384, NULL)
                             : token_make(&is->token[i], is->name, uri, PSE_TOKEN_P384, NULL));
    if (pse_token_public(is->token[i]).n != PSE_DEMO_POINT)
        return token_say(is->name, uri, PSE_TOKEN_NO_PUBLIC);
    return pse_demo_of_point(&is->key[i], pse_token_public(is->token[i]).p);
}

static pse_rc certify(struct issue *is, size_t i, struct pse_rng *rng, int64_t t)
{
    static const char *const use[] = {"authentication", "signing"};
    char url[PSE_CERTIFICATE_URL_MAX];
    struct pse_demo_plan plan = {.use = i == 0 ? PSE_DEMO_AUTHENTICATION : PSE_DEMO_SIGNING,
                                 .issuer = is->ca.issuer,
                                 .person = &is->person,
                                 .from = t - 60,
                                 .until = t + (int64_t)is->o->days * 86400,
                                 .ocsp_url = url};

    struct demo_row *row = &is->row[i];

    (void)snprintf(url, sizeof url, "%s/ocsp", is->ca.url);
    pse_rng_fill(rng, plan.serial, sizeof plan.serial);
    PSE_TRY(pse_demo_certify(is->key[i], &plan));
    pse_demo_serial_text(row->serial, is->key[i]);
    demo_ca_time(row->until, plan.until);
    (void)snprintf(row->subject, sizeof row->subject, "%s", is->o->code);
    (void)snprintf(row->use, sizeof row->use, "%s", use[i]);
    return PSE_OK;
}

static pse_rc put_on_token(struct issue *is)
{
    for (size_t i = 0; i < 2; i++) {
        struct pse_buf subject = PSE_BUF(PSE_DEMO_PEM_MAX);
        struct pse_certificate *c = NULL;
        enum pse_token_fault fault = PSE_TOKEN_NO_MEMORY;

        if (pse_demo_certificate(&c, is->key[i]) == PSE_OK &&
            pse_demo_subject_put(&subject, is->key[i]) == PSE_OK)
            fault = pse_token_put_certificate(is->token[i], pse_certificate_der(c),
                                              pse_buf_span(&subject));
        pse_certificate_free(c);
        pse_buf_free(&subject);
        PSE_TRY(token_say(is->name, is->o->token, fault));
    }
    return PSE_OK;
}

static pse_rc put_into_file(const struct issue *is)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    pse_rc rc = PSE_OK;

    pse_wr_str(&pem, "DEMO - NO IDENTITY: a card of a demo authority of psephos\n");
    for (size_t i = 0; i < 2 && rc == PSE_OK; i++)
        rc = pse_demo_put(&pem, is->key[i]);
    if (rc == PSE_OK)
        rc = file_write(is->name, is->o->out, pse_buf_span(&pem), FILE_NEW | FILE_SECRET);
    pse_buf_free(&pem);
    return rc;
}

static pse_rc keep_row(void *ctx, struct demo_row *row)
{
    (void)ctx, (void)row;
    return PSE_OK;
}

/* Into the index first: a card that is there answers as valid, one that was not written does no
 * harm. */
static pse_rc issue(struct issue *is)
{
    const struct demo_options *o = is->o;
    int64_t t = now();
    PSE_RNG(rng);

    PSE_TRY(identity_want(is->name, o->dir, "dir DIR"));
    PSE_TRY(person_of(&is->person, is->name, o));
    if ((o->out == NULL) == (o->token == NULL)) {
        cli_error(is->name, "say where the card goes: --out FILE, or --token URI");
        return PSE_E_SYNTAX;
    }
    if (o->out != NULL && file_exists(o->out)) {
        cli_error(is->name, "%s is there already; choose another name", o->out);
        return PSE_E_DUPLICATE;
    }
    PSE_TRY(sysrng_start(&rng, is->name));
    PSE_TRY(demo_ca_open(&is->ca, is->name, o->dir));
    for (size_t i = 0; i < 2; i++) {
        PSE_TRY(make_key(is, i));
        PSE_TRY(certify(is, i, &rng, t));
    }
    PSE_TRY(demo_ca_change(&is->ca, keep_row, NULL, is->row, 2));
    PSE_TRY(o->token != NULL ? put_on_token(is) : put_into_file(is));
    printf("%s: DEMO card of %s\n", o->token != NULL ? o->token : o->out, o->code);
    return PSE_OK;
}

static int demo_card(int argc, char **argv)
{
    struct demo_options o = {.days = DEMO_CARD_DAYS};
    struct issue is = {.name = "psephos identity demo-ca card", .o = &o};
    const struct cli_option options[] = {
        DIR_OF(&o.dir),
        CLI_TEXT("given", "NAME", &o.given, "given name of the person"),
        CLI_TEXT("surname", "NAME", &o.surname, "surname"),
        CLI_TEXT("code", "CODE", &o.code, "the person's number, as PNOEE-38001085718"),
        CLI_TEXT("out", "FILE", &o.out, "put the card into this file"),
        CLI_TEXT("token", "URI", &o.token, "or make it on this token (pkcs11:token=…)"),
        CLI_NUMBER("days", "N", &o.days, 1, 3650, "how long it is valid (default 365)"),
    };
    const struct cli_command command = {
        .name = is.name,
        .synopsis = "--dir DIR --given NAME --surname NAME --code CODE (--out FILE | --token URI)",
        .about = "Issue a DEMO card: a certificate and key for authentication, another pair for\n"
                 "signing. Nothing about the person is checked.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = issue(&is);
    for (size_t i = 0; i < 2; i++) {
        pse_demo_free(is.key[i]);
        pse_token_close(is.token[i]);
    }
    demo_ca_close(&is.ca);
    return verb_exit(rc);
}

/* --- list --------------------------------------------------------------------------------------
 */

static pse_rc print_row(void *ctx, struct demo_row *row)
{
    (void)ctx;
    printf("%-8s %s %-14s %s\n", row->is_revoked ? "revoked" : "valid", row->serial, row->use,
           row->subject);
    return PSE_OK;
}

static pse_rc put_row_json(void *ctx, struct demo_row *row)
{
    struct pse_json_wr *w = ctx;

    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "serial", row->serial);
    pse_json_wr_str(w, "subject", row->subject);
    pse_json_wr_str(w, "use", row->use);
    pse_json_wr_bool(w, "revoked", row->is_revoked);
    pse_json_wr_end(w);
    return PSE_OK;
}

static pse_rc list(const char *name, const struct demo_options *o)
{
    struct pse_buf out = PSE_BUF(DEMO_INDEX_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    const struct demo_ca ca = {.name = name, .dir = o->dir};
    pse_rc rc;

    PSE_TRY(identity_want(name, o->dir, "dir DIR"));
    if (!o->json)
        return demo_ca_each(&ca, print_row, NULL);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_array(&w, "certificates");
    rc = demo_ca_each(&ca, put_row_json, &w);
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    if (rc == PSE_OK)
        return identity_json_print(&w);
    pse_buf_free(&out);
    return rc;
}

static int demo_list(int argc, char **argv)
{
    struct demo_options o = {.dir = NULL};
    const struct cli_option options[] = {DIR_OF(&o.dir), IDENTITY_JSON(&o.json)};
    const struct cli_command command = {
        .name = "psephos identity demo-ca list",
        .synopsis = "--dir DIR [--json]",
        .about = "List the certificates that a demo authority has issued.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    return cli_parse(&status, &command, argc, argv) ? verb_exit(list(command.name, &o)) : status;
}

/* --- revoke ------------------------------------------------------------------------------------
 */

struct revoke {
    const struct demo_options *o;
    char when[14];
    size_t found, done;
};

static pse_rc revoke_row(void *ctx, struct demo_row *row)
{
    struct revoke *r = ctx;

    if (r->o->serial != NULL ? strcmp(row->serial, r->o->serial) != 0
                             : strcmp(row->subject, r->o->code) != 0)
        return PSE_OK;
    r->found++;
    if (row->is_revoked)
        return PSE_OK;
    row->is_revoked = true;
    memcpy(row->revoked, r->when, sizeof row->revoked);
    r->done++;
    return PSE_OK;
}

static pse_rc revoke(const char *name, const struct demo_options *o)
{
    const struct demo_ca ca = {.name = name, .dir = o->dir};
    struct revoke r = {.o = o};

    PSE_TRY(identity_want(name, o->dir, "dir DIR"));
    if ((o->serial == NULL) == (o->code == NULL)) {
        cli_error(name, "say what is revoked: --serial HEX, or --code CODE for a person's cards");
        return PSE_E_SYNTAX;
    }
    demo_ca_time(r.when, now());
    PSE_TRY(demo_ca_change(&ca, revoke_row, &r, NULL, 0));
    if (r.done == 0) {
        cli_error(name, r.found > 0 ? "it is revoked already"
                                    : "no such certificate; see psephos identity demo-ca list");
        return PSE_E_STATE;
    }
    printf("%zu revoked\n", r.done);
    return PSE_OK;
}

static int demo_revoke(int argc, char **argv)
{
    struct demo_options o = {.dir = NULL};
    const struct cli_option options[] = {
        DIR_OF(&o.dir),
        CLI_TEXT("serial", "HEX", &o.serial, "the certificate's serial number, as list prints it"),
        CLI_TEXT("code", "CODE", &o.code, "or: all certificates of this person"),
    };
    const struct cli_command command = {
        .name = "psephos identity demo-ca revoke",
        .synopsis = "--dir DIR (--serial HEX | --code CODE)",
        .about = "Revoke certificates, from now on. A running responder says so at once.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    return cli_parse(&status, &command, argc, argv) ? verb_exit(revoke(command.name, &o)) : status;
}

int identity_demo_ca(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"create", "make an authority", demo_create},
        {"card", "issue a card, into a file or on a token", demo_card},
        {"site", "let a site ask who somebody is", identity_demo_site},
        {"serve", "answer about revocation, stamp, say who somebody is", identity_demo_serve},
        {"list", "what was issued", demo_list},
        {"revoke", "revoke certificates", demo_revoke},
    };

    return verbs_run("identity demo-ca",
                     "An identity authority for rehearsals. DEMO: it proves nobody's identity.",
                     verb, CLI_COUNT(verb), argc, argv);
}
