#include "store/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "store/driver.h"
#include "store/steps.h"

/* The first member of every driver's state; what callers hold. */
struct pse_store {
    struct pse_store_base base;
};

static const struct pse_store_driver *const drivers[] = {&pse_store_sqlite, &pse_store_postgres};

enum { DRIVERS = sizeof drivers / sizeof *drivers };

/* The driver's message outlives a failed open in here. */
static _Thread_local char last_why[PSE_STORE_WHY_MAX];

pse_rc pse_store_fail(void *self, pse_rc rc, const char *format, ...)
{
    struct pse_store_base *base = self;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(base->why, sizeof base->why, format, args);
    va_end(args);
    return rc;
}

void pse_head_hash(pse_hash *out, const struct pse_head *head)
{
    pse_sha256(out, pse_span(head->note, head->note_n));
}

void pse_head_row_hash(pse_hash *out, const struct pse_store_base *base,
                       const struct pse_head *head)
{
    pse_sha256_stream stream;
    uint8_t fixed[24];

    pse_store_u64(fixed, head->epoch);
    pse_store_u64(fixed + 8, head->size);
    pse_store_u64(fixed + 16, head->time);
    pse_sha256_init(&stream);
    pse_sha256_add(&stream, fixed, sizeof fixed);
    pse_sha256_add(&stream, head->root.b, 32);
    pse_sha256_add(&stream, head->before.b, 32);
    pse_sha256_add(&stream, head->note, head->note_n);
    pse_sha256_add(&stream, base->origin, base->origin_n);
    pse_sha256_final(out, &stream);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* `scheme:rest` goes to that driver, with all of a `scheme://` URL; a folder to the first. */
static const struct pse_store_driver *find_driver(const char **where, const char *url)
{
    const char *colon = strchr(url, ':');
    const char *slash = strchr(url, '/');

    *where = url;
    if (colon == NULL || (slash != NULL && slash < colon))
        return drivers[0];
    for (size_t i = 0; i < DRIVERS; i++) {
        size_t n = strlen(drivers[i]->scheme);

        if ((size_t)(colon - url) != n || memcmp(url, drivers[i]->scheme, n) != 0)
            continue;
        if (strncmp(colon, "://", 3) != 0)
            *where = colon + 1;
        return drivers[i];
    }
    return NULL;
}

static pse_rc open_with(struct pse_store **out, const struct pse_store_driver *driver,
                        const char *where, struct pse_span origin, unsigned flags,
                        const struct pse_steps *steps)
{
    struct pse_store *s = calloc(1, driver->state);
    pse_rc rc;

    if (s == NULL)
        return PSE_E_MEMORY;
    s->base.driver = driver;
    s->base.steps = steps;
    s->base.flags = flags;
    s->base.origin_n = origin.n;
    memcpy(s->base.origin, origin.p, origin.n);
    rc = driver->open(s, where);
    if (rc != PSE_OK) {
        memcpy(last_why, s->base.why, sizeof last_why);
        pse_store_close(s);
        return rc;
    }
    *out = s;
    return PSE_OK;
}

pse_rc pse_store_open(struct pse_store **out, const char **why, const char *url,
                      struct pse_span origin, unsigned flags, const struct pse_steps *steps)
{
    const struct pse_store_driver *driver;
    const char *where;

    *out = NULL;
    last_why[0] = '\0';
    if (why != NULL)
        *why = last_why;
    if (origin.n == 0 || origin.n > PSE_ORIGIN_MAX || strlen(url) > PSE_STORE_URL_MAX)
        return PSE_E_LIMIT;
    driver = find_driver(&where, url);
    if (driver == NULL) {
        (void)snprintf(last_why, sizeof last_why,
                       "no store of this kind; give a folder, sqlite:FOLDER or postgresql://…");
        return PSE_E_UNSUPPORTED;
    }
    return open_with(out, driver, where, origin, flags, steps);
}

void pse_store_close(struct pse_store *s)
{
    if (s == NULL)
        return;
    s->base.driver->close(s);
    free(s);
}

const char *pse_store_why(const struct pse_store *s)
{
    return s->base.why;
}

/* --- calls ------------------------------------------------------------------------------------ */

static bool may_write(const struct pse_store *s)
{
    return (s->base.flags & PSE_STORE_READ) == 0;
}

pse_rc pse_store_head_create(struct pse_store *s, const struct pse_head *head)
{
    PSE_REQUIRE(may_write(s) && head->note_n <= PSE_HEAD_NOTE_MAX);
    return s->base.driver->head_create(s, head);
}

pse_rc pse_store_head_read(struct pse_store *s, struct pse_head *head)
{
    pse_rc rc;

    memset(head, 0, sizeof *head);
    rc = s->base.driver->head_read(s, head);
    if (rc != PSE_OK)
        memset(head, 0, sizeof *head);
    return rc;
}

pse_rc pse_store_head_cas(struct pse_store *s, const struct pse_head *old,
                          const struct pse_head *next, struct pse_span bundle)
{
    PSE_REQUIRE(may_write(s) && next->epoch == old->epoch && next->time >= old->time);
    PSE_REQUIRE(next->size >= old->size && next->note_n <= PSE_HEAD_NOTE_MAX);
    if (bundle.n > PSE_STAGE_MAX)
        return PSE_E_LIMIT;
    PSE_TRY(pse_step_before(s->base.steps, PSE_STEP_CAS, NULL));
    PSE_TRY(s->base.driver->head_cas(s, old, next, bundle));
    return pse_step_after(s->base.steps, PSE_STEP_CAS);
}

pse_rc pse_store_fence(struct pse_store *s, struct pse_head *head)
{
    struct pse_head next = *head;

    PSE_REQUIRE(may_write(s));
    if (head->epoch == UINT64_MAX >> 1)
        return PSE_E_LIMIT;
    next.epoch++;
    PSE_TRY(pse_step_before(s->base.steps, PSE_STEP_FENCE, NULL));
    PSE_TRY(s->base.driver->head_cas(s, head, &next, pse_span(NULL, 0)));
    *head = next;
    return pse_step_after(s->base.steps, PSE_STEP_FENCE);
}

pse_rc pse_store_stage_put(struct pse_store *s, const struct pse_stage_name *name,
                           struct pse_span bundle)
{
    PSE_REQUIRE(may_write(s));
    if (bundle.n > PSE_STAGE_MAX)
        return PSE_E_LIMIT;
    return s->base.driver->stage_put(s, name, bundle);
}

pse_rc pse_store_stage_get(struct pse_store *s, struct pse_buf *out,
                           const struct pse_stage_name *name)
{
    return s->base.driver->stage_get(s, out, name);
}

pse_rc pse_store_stage_list(struct pse_store *s, struct pse_stage_name *names, size_t *n,
                            size_t max)
{
    *n = 0;
    return s->base.driver->stage_list(s, names, n, max);
}

pse_rc pse_store_stage_drop(struct pse_store *s, const struct pse_stage_name *name)
{
    PSE_REQUIRE(may_write(s));
    PSE_TRY(pse_step_before(s->base.steps, PSE_STEP_DROP, NULL));
    PSE_TRY(s->base.driver->stage_drop(s, name));
    return pse_step_after(s->base.steps, PSE_STEP_DROP);
}

pse_rc pse_store_entries_get(struct pse_store *s, struct pse_buf *out, uint64_t from, uint64_t size)
{
    PSE_REQUIRE(from < size);
    return s->base.driver->entries_get(s, out, from, size);
}

pse_rc pse_store_blob_put_new(struct pse_store *s, pse_hash *digest, struct pse_span blob)
{
    PSE_REQUIRE(may_write(s));
    if (blob.n > PSE_STORE_BLOB_MAX)
        return PSE_E_LIMIT;
    pse_sha256(digest, blob);
    return s->base.driver->blob_put(s, digest, blob);
}

pse_rc pse_store_blob_get(struct pse_store *s, struct pse_buf *out, const pse_hash *digest)
{
    size_t at = out->n;
    pse_hash found;

    PSE_TRY(s->base.driver->blob_get(s, out, digest));
    pse_sha256(&found, pse_span(out->p + at, out->n - at));
    if (pse_hash_is_equal(&found, digest))
        return PSE_OK;
    out->n = at;
    return pse_store_fail(s, PSE_E_MISMATCH, "a blob does not hold what its name says");
}

pse_rc pse_store_blob_list(struct pse_store *s, pse_hash *digests, size_t *n, size_t max,
                           const pse_hash *after)
{
    *n = 0;
    return s->base.driver->blob_list(s, digests, n, max, after);
}

pse_rc pse_store_backup(struct pse_store *s, const char *path)
{
    return s->base.driver->backup(s, path);
}
