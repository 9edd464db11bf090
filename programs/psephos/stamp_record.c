#include "psephos/stamp_record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/instant.h"

enum { STAMPED_MAX = 4096, STAMP_JSON_MAX = 16 << 20, STAMP_FOLDER_NAME_MAX = 64 };

static const char folder[] = "stamp";
static const char ending[] = ".checkpoint";

/* --- a checkpoint against the record ------------------------------------------------------------
 */

/* The root that the record's first @p size entries have. */
static pse_rc root_at(pse_hash *root, struct record_source *source, uint64_t size)
{
    struct pse_tree tree;
    uint64_t from = 0;

    pse_tree_init(&tree);
    for (unsigned level = 63; level < 64; level--) {
        if ((size >> level & 1) == 0)
            continue;
        PSE_TRY(record_source_node(source, &tree.peak[tree.n++], level, from >> level));
        from += (uint64_t)1 << level;
    }
    tree.size = size;
    pse_tree_head(root, &tree);
    return PSE_OK;
}

/* Signed as the record's own, of a size that the record has reached, and with its root. */
static pse_rc belongs(int64_t *cosigned, struct session *s, const char *path,
                      const struct pse_checkpoint *cp)
{
    pse_hash root;

    PSE_TRY(stamp_checkpoint_trust(cosigned, s->name, path, cp, &s->load.policy));
    if (cp->size == 0 || cp->size > s->load.source.size) {
        cli_error(s->name,
                  "%s is of %llu entries, the record here has %llu; fetch a newer copy of it", path,
                  (unsigned long long)cp->size, (unsigned long long)s->load.source.size);
        return PSE_E_STATE;
    }
    PSE_TRY(root_at(&root, &s->load.source, cp->size));
    if (pse_hash_is_equal(&root, &cp->root))
        return PSE_OK;
    cli_error(s->name,
              "%s and the record are two histories of one log: keep both, they are evidence", path);
    return PSE_E_MISMATCH;
}

/* --- making -------------------------------------------------------------------------------------
 */

static pse_rc see_closed(uint64_t *index, const struct session *s)
{
    if (pse_engine_close_index(s->load.e, index) == PSE_OK)
        return PSE_OK;
    cli_error(s->name, "the vote has not closed in %s (state %s); stamp it after officer close",
              s->options->record, pse_state_name(pse_engine_state(s->load.e)));
    return PSE_E_STATE;
}

static pse_rc place(struct pse_buf *checkpoint, char path[FILE_PATH_MAX], struct session *s)
{
    char leaf[STAMP_FOLDER_NAME_MAX];
    char dir[FILE_PATH_MAX];
    struct stamp_checkpoint there = {.bytes = PSE_BUF(0)};
    int64_t cosigned;
    pse_rc rc;

    (void)snprintf(leaf, sizeof leaf, "%s/%llu%s", folder, (unsigned long long)s->load.source.size,
                   ending);
    PSE_TRY(file_join(dir, s->name, s->options->record, folder));
    PSE_TRY(file_join(path, s->name, s->options->record, leaf));
    PSE_TRY(file_make_dir(s->name, dir));
    if (!file_exists(path)) {
        PSE_TRY(file_write(s->name, path, pse_buf_span(&s->load.checkpoint), FILE_NEW));
        *checkpoint = s->load.checkpoint;
        s->load.checkpoint = PSE_BUF(0);
        return PSE_OK;
    }
    rc = stamp_checkpoint_read(&there, s->name, path);
    if (rc == PSE_OK)
        rc = belongs(&cosigned, s, path, &there.cp);
    if (rc == PSE_OK)
        *checkpoint = there.bytes;
    else
        pse_buf_free(&there.bytes);
    return rc;
}

pse_rc stamp_record_closing(struct pse_buf *checkpoint, char path[FILE_PATH_MAX], const char *name,
                            const struct session_options *o)
{
    struct session s;
    uint64_t index;
    pse_rc rc = session_start(&s, name, o);

    if (rc == PSE_OK)
        rc = see_closed(&index, &s);
    if (rc == PSE_OK)
        rc = place(checkpoint, path, &s);
    if (rc == PSE_OK)
        session_say(&s, "%s: %llu entries, the close is number %llu", path,
                    (unsigned long long)s.load.source.size, (unsigned long long)index);
    session_close(&s);
    return rc;
}

/* --- verifying ----------------------------------------------------------------------------------
 */

/* One name `<size>.checkpoint` or `<size>.checkpoint.<n>.tsr`; n 0 is the checkpoint itself. */
struct stamped {
    uint64_t size;
    uint64_t n;
};

static bool parse_name(struct stamped *out, const char *file)
{
    const char *mark = strstr(file, ending);
    const char *tail;

    out->n = 0;
    if (mark == NULL ||
        pse_decimal_decode(&out->size, pse_span(file, (size_t)(mark - file))) != PSE_OK)
        return false;
    tail = mark + sizeof ending - 1;
    if (*tail == '\0')
        return true;
    if (*tail != '.' || strlen(tail) < 6 || strcmp(tail + strlen(tail) - 4, ".tsr") != 0)
        return false;
    return pse_decimal_decode(&out->n, pse_span(tail + 1, strlen(tail) - 5)) == PSE_OK &&
           out->n > 0;
}

static int by_size(const void *a, const void *b)
{
    const struct stamped *x = a;
    const struct stamped *y = b;

    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n);
}

static pse_rc list(struct stamped *out, size_t *n, const struct session *s)
{
    char path[FILE_PATH_MAX];
    struct dirent *entry;
    DIR *d;

    *n = 0;
    PSE_TRY(file_join(path, s->name, s->options->record, folder));
    d = opendir(path);
    if (d == NULL) {
        cli_error(s->name, "cannot read %s: %s; make stamps with psephos stamp make", path,
                  strerror(errno));
        return PSE_E_MISSING;
    }
    while ((entry = readdir(d)) != NULL && *n < STAMPED_MAX) {
        if (parse_name(&out[*n], entry->d_name))
            (*n)++;
    }
    closedir(d);
    qsort(out, *n, sizeof *out, by_size);
    return PSE_OK;
}

/* What the stamps of one record are judged with, and where the findings go. */
struct tour {
    struct session *s;
    struct stamp_judge *judge;
    struct pse_json_wr *json; /* NULL: for people */
    bool is_closed;
    uint64_t close;
    unsigned good, closing;
    pse_rc first;              /* failure */
    struct stamp_checkpoint c; /* the one that stamps are of */
    pse_rc c_rc;
    char c_path[FILE_PATH_MAX];
};

static void open_checkpoint(struct tour *t, const struct stamped *of)
{
    char leaf[STAMP_FOLDER_NAME_MAX];
    int64_t cosigned = 0;

    pse_buf_free(&t->c.bytes);
    (void)snprintf(leaf, sizeof leaf, "%s/%llu%s", folder, (unsigned long long)of->size, ending);
    t->c_rc = file_join(t->c_path, t->s->name, t->s->options->record, leaf);
    if (t->c_rc == PSE_OK)
        t->c_rc = stamp_checkpoint_read(&t->c, t->s->name, t->c_path);
    if (t->c_rc == PSE_OK && t->c.cp.size != of->size) {
        cli_error(t->s->name, "%s is of another size than its name says", t->c_path);
        t->c_rc = PSE_E_MISMATCH;
    }
    if (t->c_rc == PSE_OK)
        t->c_rc = belongs(&cosigned, t->s, t->c_path, &t->c.cp);
    t->judge->earliest = cosigned - STAMP_WITNESS_SKEW;
}

static void tell(struct tour *t, const char *path, const struct pse_stamp *stamp, bool closing)
{
    if (t->json == NULL) {
        printf("%s: good, of %llu entries%s\n", path, (unsigned long long)t->c.cp.size,
               closing ? ", the close among them" : ", before the close");
        stamp_say(stamp);
        return;
    }
    pse_json_wr_object(t->json, NULL);
    pse_json_wr_str(t->json, "file", path);
    pse_json_wr_u64(t->json, "size", t->c.cp.size);
    pse_json_wr_bool(t->json, "closing", closing);
    stamp_json(t->json, stamp);
    pse_json_wr_end(t->json);
}

static pse_rc judge_one(struct tour *t, const struct stamped *of)
{
    bool closing = t->is_closed && t->c.cp.size > t->close;
    char path[FILE_PATH_MAX];
    struct pse_buf answer;
    struct pse_stamp stamp;
    pse_rc rc;
    int n = snprintf(path, sizeof path, "%s.%llu.tsr", t->c_path, (unsigned long long)of->n);

    PSE_REQUIRE(n > 0);
    PSE_TRY(file_read(&answer, t->s->name, path, PSE_STAMP_MAX));
    rc = stamp_check(&stamp, t->judge, pse_buf_span(&answer), path, pse_buf_span(&t->c.bytes),
                     t->c_path, NULL);
    pse_buf_free(&answer);
    PSE_TRY(rc);
    t->good++;
    t->closing += closing;
    tell(t, path, &stamp, closing);
    return PSE_OK;
}

static pse_rc judge_all(struct tour *t, const struct stamped *of, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pse_rc rc;

        if (i == 0 || of[i].size != of[i - 1].size)
            open_checkpoint(t, &of[i]);
        rc = t->c_rc;
        if (rc == PSE_OK && of[i].n > 0)
            rc = judge_one(t, &of[i]);
        if (t->first == PSE_OK)
            t->first = rc;
    }
    pse_buf_free(&t->c.bytes);
    if (t->first == PSE_OK && t->closing == 0) {
        cli_error(t->s->name,
                  "no stamp of a checkpoint that covers the close; make one with psephos "
                  "stamp make");
        t->first = PSE_E_STATE;
    }
    return t->first;
}

static pse_rc tour(struct session *s, struct stamp_judge *judge, struct pse_json_wr *json)
{
    struct tour t = {.s = s, .judge = judge, .json = json, .c = {.bytes = PSE_BUF(0)}};
    struct stamped *of = calloc(STAMPED_MAX, sizeof *of);
    size_t n;
    pse_rc rc;

    if (of == NULL)
        return PSE_E_MEMORY;
    t.is_closed = pse_engine_close_index(s->load.e, &t.close) == PSE_OK;
    if (json != NULL) {
        pse_json_wr_object(json, NULL);
        pse_json_wr_hex(json, "election", pse_engine_eid(s->load.e)->b, 32);
        pse_json_wr_array(json, "stamps");
    }
    rc = list(of, &n, s);
    if (rc == PSE_OK)
        rc = judge_all(&t, of, n);
    free(of);
    if (json != NULL) {
        pse_json_wr_end(json);
        pse_json_wr_u64(json, "good", t.good);
        pse_json_wr_u64(json, "closing", t.closing);
        pse_json_wr_str(json, "verdict", rc == PSE_OK ? "good" : "bad");
        pse_json_wr_end(json);
    }
    return rc;
}

pse_rc stamp_verify_record(struct stamp_judge *judge, const char *dir, bool as_json)
{
    struct session_options o = {.record = dir, .quiet = as_json};
    struct pse_buf out = PSE_BUF(STAMP_JSON_MAX);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    struct session s;
    pse_rc rc = session_start(&s, judge->name, &o);

    if (rc == PSE_OK) {
        pse_rc written;

        rc = tour(&s, judge, as_json ? &w : NULL);
        written = as_json ? pse_json_wr_finish(&w) : PSE_OK;
        if (as_json && written == PSE_OK)
            printf("%.*s", (int)out.n, (const char *)out.p);
        if (rc == PSE_OK)
            rc = written;
    }
    pse_buf_free(&out);
    session_close(&s);
    return rc;
}
