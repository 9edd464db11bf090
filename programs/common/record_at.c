#include "common/record_at.h"

#include <errno.h>
#include <stdio.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"

/* A tile comes within a round trip; a large blob gets a second more for each 64 KiB. */
enum { PATIENCE_MS = 20000, PATIENCE_STEP = 64 * 1024, PATIENCE_MAX_MS = 3600 * 1000 };

bool record_at_is_url(const char *where)
{
    return strncmp(where, "http://", 7) == 0 || strncmp(where, "https://", 8) == 0;
}

static void trim_slashes(char *text)
{
    size_t n = strlen(text);

    while (n > 1 && text[n - 1] == '/')
        text[--n] = '\0';
}

pse_rc record_at_open(struct record_at *at, const char *name, const char *where)
{
    int n;
    pse_rc rc;

    memset(at, 0, sizeof *at);
    at->folder.dir = -1;
    at->folder.blob = -1;
    at->tile = PSE_BUF(PSE_BUNDLE_MAX);
    n = snprintf(at->base, sizeof at->base, "%s", where);
    at->where = at->base;
    if (n <= 0 || n >= (int)sizeof at->base) {
        cli_error(name, "the name of the record is empty or too long: %.60s", where);
        return PSE_E_SYNTAX;
    }
    trim_slashes(at->base);
    if (record_at_is_url(where))
        return pse_fetcher_new(&at->web, 1);
    rc = record_reader_open(&at->folder, at->base);
    if (rc != PSE_OK)
        cli_error(name,
                  "cannot open the record %s: %s; name a folder, or an address that begins "
                  "with https://",
                  at->base, strerror(errno));
    return rc;
}

void record_at_close(struct record_at *at)
{
    pse_fetcher_free(at->web);
    at->web = NULL;
    record_reader_close(&at->folder);
    pse_buf_free(&at->tile);
}

const char *record_at_where(const struct record_at *at)
{
    return at->where;
}

const char *record_at_trouble(const struct record_at *at)
{
    return at->trouble;
}

static pse_rc failed(struct record_at *at, pse_rc rc, const char *why)
{
    (void)snprintf(at->trouble, sizeof at->trouble, "%s", why);
    return rc;
}

static pse_rc get_file(struct record_at *at, struct pse_buf *out, const char *path, size_t max)
{
    struct pse_reader r = record_reader_callbacks(&at->folder);
    uint8_t *to = pse_buf_extend(out, max);
    size_t n = 0;
    pse_rc rc;

    if (to == NULL)
        return failed(at, PSE_E_MEMORY, "no memory");
    rc = r.file(r.ctx, to, &n, max, path);
    out->n = n;
    switch (rc) {
    case PSE_OK: return PSE_OK;
    case PSE_E_MISSING: return failed(at, rc, "there is no such file");
    case PSE_E_LIMIT: return failed(at, rc, "the file is longer than it may be");
    default: return failed(at, rc, "the file cannot be read");
    }
}

static pse_rc judge_status(struct record_at *at, unsigned status)
{
    if (status == 200)
        return PSE_OK;
    (void)snprintf(at->trouble, sizeof at->trouble, "the server answers %u", status);
    return status == 404 || status == 410 ? PSE_E_MISSING : PSE_E_IO;
}

static unsigned patience(size_t max)
{
    size_t ms = PATIENCE_MS + max / PATIENCE_STEP * 1000;

    return ms > PATIENCE_MAX_MS ? PATIENCE_MAX_MS : (unsigned)ms;
}

static pse_rc get_url(struct record_at *at, struct pse_buf *out, const char *path, size_t max)
{
    char url[PSE_FETCH_URL_MAX + 128];
    struct pse_fetch request = {.url = url, .max = max, .deadline_ms = patience(max)};
    struct pse_fetched got;
    pse_rc rc;

    (void)snprintf(url, sizeof url, "%s/%s", at->base, path);
    rc = pse_fetch_one(&got, at->web, &request);
    if (rc != PSE_OK)
        return failed(at, rc == PSE_E_SYNTAX ? PSE_E_IO : rc, "the address cannot be asked");
    if (got.rc != PSE_OK) {
        rc = failed(at, got.rc, got.why);
        pse_buf_free(&got.body);
        return rc;
    }
    rc = judge_status(at, got.status);
    if (rc == PSE_OK) {
        pse_buf_free(out);
        *out = got.body;
        out->max = max;
    } else {
        pse_buf_free(&got.body);
    }
    return rc;
}

pse_rc record_at_get(struct record_at *at, struct pse_buf *out, const char *path, size_t max)
{
    pse_rc rc;

    at->trouble[0] = '\0';
    out->n = 0;
    if (at->web != NULL) {
        rc = get_url(at, out, path, max);
    } else {
        out->max = out->max < max ? max : out->max;
        rc = get_file(at, out, path, max);
    }
    if (rc != PSE_OK) {
        out->n = 0;
        return rc;
    }
    at->files++;
    at->bytes += out->n;
    return PSE_OK;
}

pse_rc record_at_tile(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct record_at *at = ctx;

    PSE_TRY(record_at_get(at, &at->tile, path, max));
    *bytes = pse_buf_span(&at->tile);
    return PSE_OK;
}

pse_rc record_at_blob(struct record_at *at, struct pse_buf *out, const pse_hash *hash, size_t max)
{
    struct pse_reader r = record_reader_callbacks(&at->folder);
    char path[FILE_BLOB_NAME];
    uint64_t size;
    pse_hash found;

    out->n = 0;
    if (at->web == NULL) { /* room for what is there, not for all that may be */
        pse_rc rc = r.blob_size(r.ctx, &size, hash);

        if (rc != PSE_OK)
            return failed(at, rc, "there is no such file");
        max = size < max ? (size_t)size : max;
    }
    file_blob_name(path, hash);
    PSE_TRY(record_at_get(at, out, path, max));
    pse_sha256(&found, pse_buf_span(out));
    if (pse_hash_is_equal(&found, hash))
        return PSE_OK;
    out->n = 0;
    return failed(at, PSE_E_MISMATCH, "it does not hold what its name says");
}
