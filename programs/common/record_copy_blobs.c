/* Blobs: which ones the entries name, and fetching them. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/options.h"
#include "common/record_copy_parts.h"
#include "election/entry.h"
#include "election/result.h"

/* No blob of the protocol is longer than this in an election that this program can hold. */
#define BLOB_MAX (UINT64_C(4) << 30)
enum { BLOBS_MAX = 1 << 20, ABSENT_FILE_MAX = 64 << 20 };

pse_rc copy_blob_add(struct record_copy *c, const pse_hash *hash, uint64_t max)
{
    struct copy_blob *more;

    for (size_t i = 0; i < c->blobs; i++) {
        if (pse_hash_is_equal(&c->blob[i].hash, hash))
            return PSE_OK;
    }
    if (c->blobs == BLOBS_MAX)
        return PSE_E_LIMIT;
    more = realloc(c->blob, (c->blobs + 1) * sizeof *more);
    if (more == NULL)
        return PSE_E_MEMORY;
    c->blob = more;
    c->blob[c->blobs++] = (struct copy_blob){*hash, max < BLOB_MAX ? max : BLOB_MAX};
    return PSE_OK;
}

/* --- entries ------------------------------------------------------------------------------------
 */

/* Lengths are those of protocol 2. */
static pse_rc add_named(struct record_copy *c, const struct pse_entry *e)
{
    uint64_t n;

    switch (e->type) {
    case PSE_ENTRY_STATEMENT: return copy_blob_add(c, &e->u.statement.blob, PSE_STATEMENT_MAX);
    case PSE_ENTRY_MIX:
        n = e->u.mix.n;
        PSE_TRY(copy_blob_add(c, &e->u.mix.out, 64 * n * e->u.mix.w));
        return copy_blob_add(c, &e->u.mix.proof, 160 * n + 192 + 96 * (uint64_t)e->u.mix.w);
    case PSE_ENTRY_DECRYPT:
        return copy_blob_add(c, &e->u.decrypt.blob, 32 * (uint64_t)e->u.decrypt.m);
    case PSE_ENTRY_RESULT: return copy_blob_add(c, &e->u.result.blob, BLOB_MAX);
    default: return PSE_OK;
    }
}

static bool may_name_blobs(uint8_t type)
{
    return type == PSE_ENTRY_STATEMENT || type == PSE_ENTRY_MIX || type == PSE_ENTRY_DECRYPT ||
           type == PSE_ENTRY_RESULT;
}

pse_rc copy_entry(struct record_copy *c, struct pse_span entry)
{
    const struct pse_manifest *m = c->pin.manifest;
    struct pse_entry e;
    pse_rc rc;

    /* What nobody signed is dead, and its blobs need not exist. */
    if (m == NULL || entry.n == 0 || !may_name_blobs(entry.p[0]) ||
        pse_entry_parse(&e, c->o.pin.g, m, entry) != PSE_OK || pse_entry_verify(m, &e) != PSE_OK)
        return PSE_OK;
    pthread_mutex_lock(&c->mutex);
    rc = add_named(c, &e);
    pthread_mutex_unlock(&c->mutex);
    return rc;
}

/* --- fetching -----------------------------------------------------------------------------------
 */

static pse_rc fetch_blob(struct record_copy *c, struct copy_worker *w, const struct copy_blob *b)
{
    char path[FILE_BLOB_NAME];
    pse_rc rc = record_at_blob(&w->local, &w->bytes, &b->hash, (size_t)b->max);

    if (rc == PSE_OK)
        return PSE_OK;
    file_blob_name(path, &b->hash);
    rc = record_at_blob(&w->from, &w->bytes, &b->hash, (size_t)b->max);
    if (rc == PSE_OK)
        return copy_write(c, path, pse_buf_span(&w->bytes));
    if (rc == PSE_E_IO || rc == PSE_E_MEMORY) {
        copy_fail(c, rc, path, record_at_trouble(&w->from));
        return rc;
    }
    pthread_mutex_lock(&c->mutex);
    cli_note(c->name, "%s/%s, which an entry names: %s; psephos-verify says whether it counts",
             record_at_where(&w->from), path, record_at_trouble(&w->from));
    c->absent++;
    pthread_mutex_unlock(&c->mutex);
    return PSE_E_MISSING;
}

/* What has been fetched is marked by a maximum of 0. */
static void blob_task(void *ctx, size_t i, unsigned number)
{
    struct record_copy *c = ctx;
    pse_rc rc;

    if (copy_has_failed(c))
        return;
    rc = fetch_blob(c, &c->worker[number], &c->blob[i]);
    if (rc == PSE_OK)
        c->blob[i].max = 0;
    else if (rc != PSE_E_MISSING)
        copy_fail(c, rc, NULL, NULL);
    pthread_mutex_lock(&c->mutex);
    progress_set(&c->progress, ++c->done);
    pthread_mutex_unlock(&c->mutex);
}

/* Remembered on disk, or a blob that was absent once would never be asked for again. */
static pse_rc save_absent(struct record_copy *c)
{
    struct pse_buf text = PSE_BUF(ABSENT_FILE_MAX);
    char path[FILE_PATH_MAX];
    size_t kept = 0;
    pse_rc rc;

    for (size_t i = 0; i < c->blobs; i++) {
        if (c->blob[i].max == 0)
            continue;
        pse_hex_put(&text, c->blob[i].hash.b, 32);
        pse_wr_str(&text, " ");
        pse_decimal_put(&text, c->blob[i].max);
        pse_wr_str(&text, "\n");
        c->blob[kept++] = c->blob[i];
    }
    c->blobs = kept;
    rc = text.rc;
    if (rc == PSE_OK)
        rc = file_join(path, c->name, c->o.state, "absent");
    if (rc == PSE_OK)
        rc = file_write(c->name, path, pse_buf_span(&text), FILE_REPLACE);
    pse_buf_free(&text);
    return rc;
}

pse_rc copy_blobs(struct record_copy *c)
{
    if (c->blobs == 0)
        return PSE_OK;
    c->failed = PSE_OK;
    c->done = 0;
    c->absent = 0;
    progress_step(&c->progress, "blobs", c->blobs);
    pse_pool_run(c->pool, blob_task, c, c->blobs);
    PSE_TRY(c->failed);
    return save_absent(c);
}

static pse_rc load_line(struct record_copy *c, struct pse_span line)
{
    pse_hash hash;
    uint64_t max;

    if (line.n < 66 || line.p[64] != ' ')
        return PSE_E_SYNTAX;
    PSE_TRY(pse_hex_decode(hash.b, 32, pse_span(line.p, 64)));
    PSE_TRY(pse_decimal_decode(&max, pse_span(line.p + 65, line.n - 65)));
    return copy_blob_add(c, &hash, max);
}

pse_rc copy_blobs_load(struct record_copy *c)
{
    char path[FILE_PATH_MAX];
    struct pse_buf text;
    struct pse_span rest;
    struct pse_span line;
    pse_rc rc = PSE_OK;

    PSE_TRY(file_join(path, c->name, c->o.state, "absent"));
    if (!file_exists(path))
        return PSE_OK;
    PSE_TRY(file_read(&text, c->name, path, ABSENT_FILE_MAX));
    rest = pse_buf_span(&text);
    while (rc == PSE_OK && rest.n > 0) {
        rc = pse_line_take(&line, &rest);
        if (rc == PSE_OK)
            rc = load_line(c, line);
    }
    if (rc != PSE_OK)
        cli_error(c->name, "%s is damaged; remove it and copy with --recheck", path);
    pse_buf_free(&text);
    return rc;
}
