#define _GNU_SOURCE
#include "psephos/demo_ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char about[] =
    "DEMO - NO IDENTITY\n\n"
    "This folder is a demo identity authority of psephos. It issues cards to whoever asks, so\n"
    "nothing that it signs proves anybody's identity. It is for rehearsals: elections whose\n"
    "manifest is not marked as a test refuse it.\n";

/* --- making ------------------------------------------------------------------------------------
 */

static pse_rc write_leaf(const char *name, const char *dir, const char *leaf, struct pse_span in,
                         unsigned flags)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(file_join(path, name, dir, leaf));
    return file_write(name, path, in, flags);
}

static pse_rc certify(struct pse_demo **out, enum pse_demo_use use, const struct pse_demo *issuer,
                      uint64_t days, struct pse_rng *rng, int64_t now)
{
    struct pse_demo_plan plan = {
        .use = use, .issuer = issuer, .from = now - 60, .until = now + (int64_t)days * 86400};

    pse_rng_fill(rng, plan.serial, sizeof plan.serial);
    PSE_TRY(pse_demo_new(out));
    return pse_demo_certify(*out, &plan);
}

static pse_rc write_pair(const char *name, const char *dir, const char *leaf,
                         const struct pse_demo *d)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    pse_rc rc = pse_demo_put(&pem, d);

    if (rc == PSE_OK)
        rc = write_leaf(name, dir, leaf, pse_buf_span(&pem), FILE_NEW | FILE_SECRET);
    pse_buf_free(&pem);
    return rc;
}

static pse_rc write_provider(const char *name, const char *dir)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    struct pse_demo_provider *p = NULL;
    pse_rc rc = pse_demo_provider_new(&p);

    if (rc == PSE_OK)
        rc = pse_demo_provider_put(&pem, p);
    if (rc == PSE_OK)
        rc = write_leaf(name, dir, "oidc", pse_buf_span(&pem), FILE_NEW | FILE_SECRET);
    pse_demo_provider_free(p);
    pse_buf_free(&pem);
    return rc;
}

static pse_rc write_anchors(const char *name, const char *dir, const struct pse_demo *issuer,
                            const struct pse_demo *root)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    pse_rc rc = pse_demo_put_certificate(&pem, issuer);

    if (rc == PSE_OK)
        rc = pse_demo_put_certificate(&pem, root);
    if (rc == PSE_OK)
        rc = write_leaf(name, dir, "ca.pem", pse_buf_span(&pem), FILE_NEW);
    pse_buf_free(&pem);
    return rc;
}

static pse_rc write_all(struct pse_demo *const d[4], const char *name, const char *dir,
                        const char *url)
{
    static const char *const leaf[] = {"root", "issuer", "ocsp", "tsa"};

    if (mkdir(dir, 0700) != 0) {
        cli_error(name, "cannot make the folder %s: %s; choose another", dir, strerror(errno));
        return errno == EEXIST ? PSE_E_DUPLICATE : PSE_E_IO;
    }
    PSE_TRY(write_leaf(name, dir, "DEMO.txt", pse_span_str(about), FILE_NEW));
    PSE_TRY(write_leaf(name, dir, "url", pse_span_str(url), FILE_NEW));
    for (size_t i = 0; i < 4; i++)
        PSE_TRY(write_pair(name, dir, leaf[i], d[i]));
    PSE_TRY(write_provider(name, dir));
    PSE_TRY(write_anchors(name, dir, d[1], d[0]));
    return write_leaf(name, dir, "index", pse_span(NULL, 0), FILE_NEW | FILE_SECRET);
}

static bool is_url(const char *url)
{
    size_t n = strlen(url);

    return n > 7 && n < sizeof((struct demo_ca *)0)->url && strncmp(url, "http://", 7) == 0 &&
           url[n - 1] != '/' && strcspn(url, " \t\r\n\"<>,;") == n;
}

pse_rc demo_ca_create(const char *name, const char *dir, const char *url, uint64_t days,
                      struct pse_rng *rng, int64_t now)
{
    static const enum pse_demo_use use[] = {PSE_DEMO_ROOT, PSE_DEMO_ISSUER, PSE_DEMO_RESPONDER,
                                            PSE_DEMO_STAMPER};
    struct pse_demo *d[4] = {NULL};
    pse_rc rc = PSE_OK;

    if (!is_url(url)) {
        cli_error(name, "--url %s is no address; write http://127.0.0.1:8420", url);
        return PSE_E_SYNTAX;
    }
    for (size_t i = 0; i < 4 && rc == PSE_OK; i++)
        rc = certify(&d[i], use[i], i == 0 ? NULL : d[i == 1 ? 0 : 1], days, rng, now);
    if (rc != PSE_OK)
        cli_error(name, "the certificates cannot be made (%s)", pse_rc_name(rc));
    else
        rc = write_all(d, name, dir, url);
    for (size_t i = 0; i < 4; i++)
        pse_demo_free(d[i]);
    return rc;
}

/* --- reading -----------------------------------------------------------------------------------
 */

static pse_rc read_pair(struct pse_demo **out, const char *name, const char *dir, const char *leaf)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    struct pse_span rest;
    char path[FILE_PATH_MAX];
    pse_rc rc;

    PSE_TRY(file_join(path, name, dir, leaf));
    rc = file_read(&pem, name, path, PSE_DEMO_PEM_MAX);
    if (rc == PSE_OK) {
        rc = pse_demo_parse(out, &rest, pse_buf_span(&pem));
        if (rc != PSE_OK)
            cli_error(name, "%s is no certificate and key of a demo authority", path);
    }
    pse_buf_free(&pem);
    return rc;
}

static pse_rc read_url(struct demo_ca *ca)
{
    struct pse_buf url = PSE_BUF(sizeof ca->url - 1);
    char path[FILE_PATH_MAX];
    pse_rc rc;

    PSE_TRY(file_join(path, ca->name, ca->dir, "url"));
    rc = file_read(&url, ca->name, path, sizeof ca->url - 1);
    if (rc == PSE_OK) {
        memcpy(ca->url, url.p, url.n);
        ca->url[url.n] = '\0';
        if (!is_url(ca->url)) {
            cli_error(ca->name, "%s holds no address; make the authority again", path);
            rc = PSE_E_SYNTAX;
        }
    }
    pse_buf_free(&url);
    return rc;
}

pse_rc demo_ca_open(struct demo_ca *ca, const char *name, const char *dir)
{
    *ca = (struct demo_ca){.name = name, .dir = dir};
    PSE_TRY(read_url(ca));
    PSE_TRY(read_pair(&ca->issuer, name, dir, "issuer"));
    PSE_TRY(read_pair(&ca->responder, name, dir, "ocsp"));
    return read_pair(&ca->stamper, name, dir, "tsa");
}

void demo_ca_close(struct demo_ca *ca)
{
    pse_demo_free(ca->issuer);
    pse_demo_free(ca->responder);
    pse_demo_free(ca->stamper);
    *ca = (struct demo_ca){.name = NULL};
}

/* --- the index ---------------------------------------------------------------------------------
 */

void demo_ca_time(char out[14], int64_t t)
{
    time_t seconds = (time_t)t;
    struct tm tm;

    PSE_REQUIRE(gmtime_r(&seconds, &tm) != NULL && strftime(out, 14, "%y%m%d%H%M%SZ", &tm) == 13);
}

int64_t demo_ca_time_read(const char *text)
{
    struct tm tm = {.tm_isdst = 0};
    const char *end = strptime(text, "%y%m%d%H%M%SZ", &tm);

    return end == NULL || *end != '\0' ? 0 : (int64_t)timegm(&tm);
}

/* V or R, expiry, revocation, serial number, file, subject; tabs between. */
static bool parse_row(struct demo_row *row, const char *line)
{
    char kind;

    memset(row, 0, sizeof *row);
    if (sscanf(line,
               "%c\t%13[0-9Z]\t%13[0-9Z]\t%32[0-9A-F]\tunknown\t/serialNumber=%63[^/]/use=%15s",
               &kind, row->until, row->revoked, row->serial, row->subject, row->use) == 6 &&
        kind == 'R') {
        row->is_revoked = true;
        return true;
    }
    memset(row, 0, sizeof *row);
    return sscanf(line, "%c\t%13[0-9Z]\t\t%32[0-9A-F]\tunknown\t/serialNumber=%63[^/]/use=%15s",
                  &kind, row->until, row->serial, row->subject, row->use) == 5 &&
           kind == 'V';
}

static void put_row(struct pse_buf *out, const struct demo_row *row)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%c\t%s\t%s\t%s\tunknown\t/serialNumber=%s/use=%s\n",
                     row->is_revoked ? 'R' : 'V', row->until, row->is_revoked ? row->revoked : "",
                     row->serial, row->subject, row->use);

    PSE_REQUIRE(n > 0 && n < (int)sizeof line);
    pse_buf_put(out, line, (size_t)n);
}

static pse_rc each_row(struct pse_buf *out, const struct demo_ca *ca, struct pse_span left,
                       demo_row_fn *each, void *ctx)
{
    while (left.n > 0) {
        const uint8_t *end = memchr(left.p, '\n', left.n);
        size_t n = end == NULL ? left.n : (size_t)(end - left.p);
        char line[256] = "";
        struct demo_row row;

        if (n < sizeof line)
            memcpy(line, left.p, n);
        if (end == NULL || !parse_row(&row, line)) {
            cli_error(ca->name, "%s/index is damaged; restore it from a copy", ca->dir);
            return PSE_E_SYNTAX;
        }
        PSE_TRY(each(ctx, &row));
        if (out != NULL)
            put_row(out, &row);
        left = pse_span(end + 1, left.n - n - 1);
    }
    return PSE_OK;
}

static pse_rc read_index(struct pse_buf *text, char path[FILE_PATH_MAX], const struct demo_ca *ca)
{
    PSE_TRY(file_join(path, ca->name, ca->dir, "index"));
    return file_read(text, ca->name, path, DEMO_INDEX_MAX);
}

pse_rc demo_ca_each(const struct demo_ca *ca, demo_row_fn *each, void *ctx)
{
    struct pse_buf text = PSE_BUF(DEMO_INDEX_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc = read_index(&text, path, ca);

    if (rc == PSE_OK)
        rc = each_row(NULL, ca, pse_buf_span(&text), each, ctx);
    pse_buf_free(&text);
    return rc;
}

static pse_rc change(const struct demo_ca *ca, demo_row_fn *each, void *ctx,
                     const struct demo_row *add, size_t n)
{
    struct pse_buf text = PSE_BUF(DEMO_INDEX_MAX);
    struct pse_buf out = PSE_BUF(DEMO_INDEX_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc = read_index(&text, path, ca);

    if (rc == PSE_OK)
        rc = each_row(&out, ca, pse_buf_span(&text), each, ctx);
    for (size_t i = 0; i < n; i++)
        put_row(&out, &add[i]);
    if (rc == PSE_OK)
        rc = out.rc;
    if (rc == PSE_OK)
        rc = file_write(ca->name, path, pse_buf_span(&out), FILE_REPLACE | FILE_SECRET);
    pse_buf_free(&text);
    pse_buf_free(&out);
    return rc;
}

pse_rc demo_ca_change(const struct demo_ca *ca, demo_row_fn *each, void *ctx,
                      const struct demo_row *add, size_t n)
{
    int fd = open(ca->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pse_rc rc = PSE_E_IO;

    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        rc = change(ca, each, ctx, add, n);
    else
        cli_error(ca->name, "cannot lock %s: %s", ca->dir, strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
}
