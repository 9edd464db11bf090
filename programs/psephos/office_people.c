/* The private side over HTTP: lists with dry runs, documents, letters' credentials, what waits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/list_signature.h"
#include "common/registration.h"
#include "common/release.h"
#include "psephos/office.h"

enum {
    LIST_ARENA = 1 << 30,
    SMALL_ARENA = 1 << 20,
    JSON_OUT_MAX = 8 << 20,
    PERSON_MAX = 4096,
    DIFF_MAX = 2000, /* changes shown one by one */
};

/* --- documents ---------------------------------------------------------------------------------
 */

static pse_rc document_path(char out[FILE_PATH_MAX], const struct office *o, const pse_hash *hash)
{
    char leaf[65];

    pse_hex_encode(leaf, hash->b, 32);
    return file_join(out, o->d->name, o->documents_dir, leaf);
}

pse_rc office_document(struct pse_buf *out, const struct office *o, const pse_hash *hash)
{
    char path[FILE_PATH_MAX];
    pse_hash sum;

    *out = PSE_BUF(0);
    PSE_TRY(document_path(path, o, hash));
    if (!file_exists(path))
        return PSE_E_MISSING;
    PSE_TRY(file_read(out, o->d->name, path, OFFICE_DOCUMENT_MAX));
    pse_sha256(&sum, pse_buf_span(out));
    return pse_hash_is_equal(&sum, hash) ? PSE_OK : PSE_E_MISMATCH;
}

static pse_rc keep_document(pse_hash *hash, const struct office *o, struct pse_span bytes)
{
    char path[FILE_PATH_MAX];

    pse_sha256(hash, bytes);
    PSE_TRY(document_path(path, o, hash));
    return file_exists(path) ? PSE_OK
                             : file_write(o->d->name, path, bytes, FILE_REPLACE | FILE_SECRET);
}

void office_post_document(struct office *o, struct pse_http_call *c)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct pse_span body = pse_http_body(c);
    pse_hash hash;

    if (keep_document(&hash, o, body) != PSE_OK) {
        pse_http_problem(c, 503, "storage");
        return;
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "sha256", hash.b, 32);
    pse_json_wr_u64(&w, "bytes", body.n);
    pse_json_wr_end(&w);
    office_json(c, 201, &w);
}

/* --- lists -------------------------------------------------------------------------------------
 */

struct watch {
    struct pse_json_wr *w; /* NULL: nobody wants to see */
    bool is_dry;
    bool is_summed;
    size_t shown;
};

static void put_voter(struct pse_json_wr *w, const char *name, const struct pse_voter *v)
{
    if (v == NULL)
        return;
    pse_json_wr_object(w, name);
    pse_json_wr_string(w, "id", v->id);
    pse_json_wr_string(w, "name", v->name);
    pse_json_wr_string(w, "district", v->district);
    pse_json_wr_u64(w, "style", v->style);
    pse_json_wr_u64(w, "weight", v->weight);
    pse_json_wr_end(w);
}

static void show_change(void *ctx, enum pse_list_op op, size_t line, const struct pse_voter *old,
                        const struct pse_voter *fresh)
{
    struct watch *x = ctx;

    if (x->w == NULL || op == PSE_LIST_STAND || x->shown == DIFF_MAX)
        return;
    x->shown++;
    pse_json_wr_object(x->w, NULL);
    pse_json_wr_str(x->w, "op", pse_list_op_name(op));
    pse_json_wr_u64(x->w, "line", line);
    put_voter(x->w, "before", old);
    put_voter(x->w, "after", fresh);
    pse_json_wr_end(x->w);
}

static void put_districts(struct pse_json_wr *w, const char *name,
                          const struct pse_district_count *d, size_t n)
{
    pse_json_wr_array(w, name);
    for (size_t i = 0; i < n; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_string(w, "district", d[i].district);
        pse_json_wr_u64(w, "voters", d[i].voters);
        pse_json_wr_u64(w, "weight", d[i].weight);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static pse_rc confirm(void *ctx, const struct pse_list_summary *x)
{
    static const char *const names[] = {[PSE_LIST_ADD] = "added",
                                        [PSE_LIST_ALTER] = "altered",
                                        [PSE_LIST_MOVE] = "moved",
                                        [PSE_LIST_REMOVE] = "removed",
                                        [PSE_LIST_STAND] = "unchanged"};
    struct watch *watch = ctx;
    struct pse_json_wr *w = watch->w;

    watch->is_summed = true;
    if (w != NULL) {
        pse_json_wr_end(w); /* changes */
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            pse_json_wr_u64(w, names[i], x->count[i]);
        pse_json_wr_u64(w, "voters_before", x->before);
        pse_json_wr_u64(w, "voters_after", x->after);
        put_districts(w, "districts_before", x->district_before, x->districts_before);
        put_districts(w, "districts_after", x->district_after, x->districts_after);
    }
    return watch->is_dry ? PSE_E_UNSUPPORTED : PSE_OK;
}

/* Lists of changes are signed by the issuer, over the version they build on. */
static const char *signature_fault(const struct office *o, const struct pse_list *list,
                                   struct pse_span csv, struct pse_span signature,
                                   const pse_hash *base)
{
    PSE_ARENA(arena, SMALL_ARENA);
    struct list_signature x;

    if (signature.n == 0)
        return list->is_whole ? NULL : "unsigned-changes";
    if (!o->has_issuer)
        return "no-issuer-here";
    if (list_signature_parse(&x, &arena, signature) != PSE_OK)
        return "malformed-signature";
    if (!pse_edkey_is_equal(&x.issuer, &o->issuer) ||
        pse_list_verify(&o->issuer, pse_voters_eid(o->voters), &x.base, csv, x.sig) != PSE_OK)
        return "signature";
    if (!pse_hash_is_equal(&x.base, base))
        return "other-base";
    return pse_list_is_canonical(list, csv) == PSE_OK ? NULL : "not-canonical";
}

static pse_rc take_in(struct office *o, const char **slug, size_t *line, struct watch *watch,
                      const struct pse_list *list, const struct pse_list_source *source)
{
    const struct pse_list_watch looks = {.ctx = watch, .change = show_change, .confirm = confirm};
    struct pse_list_fault fault = {0};
    pse_rc rc = pse_voters_import(o->voters, &fault, list, source, &looks);

    if (rc == PSE_E_SYNTAX) {
        *slug = fault.slug;
        *line = fault.line;
        return rc;
    }
    *slug = "storage";
    /* Nothing would change: done before, perhaps before a crash. */
    if (rc == PSE_E_MISSING || (rc == PSE_E_UNSUPPORTED && watch->is_dry))
        return PSE_OK;
    return rc;
}

pse_rc office_import(struct office *o, const char **slug, size_t *line, struct pse_json_wr *w,
                     struct pse_span csv, struct pse_span signature, const pse_hash *base,
                     const pse_hash *act)
{
    PSE_ARENA(arena, LIST_ARENA);
    struct watch watch = {.w = w, .is_dry = act == NULL};
    struct pse_list_source source = {.time = office_now()};
    struct pse_list_fault fault = {0};
    struct pse_list list;
    uint32_t number;
    pse_hash head;
    pse_rc rc = pse_list_read(&list, &arena, &fault, pse_engine_manifest(o->record.e), csv);

    *line = fault.line;
    *slug = rc == PSE_E_SYNTAX ? fault.slug : "limit";
    PSE_TRY(rc);
    *slug = signature_fault(o, &list, csv, signature, base);
    if (*slug != NULL)
        return PSE_E_SIGNATURE;
    *slug = "storage";
    PSE_TRY(pse_voters_head(o->voters, &number, &head));
    pse_sha256(&source.file, csv);
    if (act != NULL)
        source.act = *act;
    if (!pse_hash_is_equal(&head, base)) {
        /* The same again is no fault: it may have been taken in before a crash. */
        watch.is_dry = true;
        *slug = "other-base";
        rc = take_in(o, slug, line, &watch, &list, &source);
        *slug = "other-base";
        return rc == PSE_OK && !watch.is_summed ? PSE_OK : PSE_E_STATE;
    }
    return take_in(o, slug, line, &watch, &list, &source);
}

static void put_list(struct office *o, struct pse_http_call *c, const pse_hash *hash)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct pse_span none = pse_span(NULL, 0);
    struct pse_buf by = PSE_BUF(0);
    struct pse_span header;
    const char *slug = "storage";
    size_t line = 0;
    uint32_t number;
    pse_hash head;
    pse_hash signature;
    pse_rc rc = pse_voters_head(o->voters, &number, &head);

    if (rc == PSE_OK && pse_http_header(&header, c, "Psephos-List-Signature")) {
        rc = pse_hex_decode(signature.b, 32, header);
        if (rc == PSE_OK)
            rc = office_document(&by, o, &signature);
        slug = "no-signature";
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "list", hash->b, 32);
    pse_json_wr_hex(&w, "base", head.b, 32);
    pse_json_wr_u64(&w, "version", number);
    pse_json_wr_array(&w, "changes");
    if (rc == PSE_OK)
        rc = office_import(o, &slug, &line, &w, pse_http_body(c),
                           by.n > 0 ? pse_buf_span(&by) : none, &head, NULL);
    pse_buf_free(&by);
    if (rc != PSE_OK) {
        pse_buf_free(&text);
        office_json_problem(c, rc == PSE_E_IO ? 503 : 422, slug, line);
        return;
    }
    while (w.depth > 0) /* "changes" is open still when nothing would change */
        pse_json_wr_end(&w);
    office_json(c, 200, &w);
}

void office_post_list(struct office *o, struct pse_http_call *c)
{
    pse_hash hash;

    if (o->voters == NULL)
        pse_http_problem(c, 409, "no-voters-here");
    else if (keep_document(&hash, o, pse_http_body(c)) != PSE_OK)
        pse_http_problem(c, 503, "storage");
    else
        put_list(o, c, &hash);
}

/* --- credentials of letters --------------------------------------------------------------------
 */

void office_post_credentials(struct office *o, struct pse_http_call *c)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    enum pse_register_refusal why = PSE_REGISTER_DONE;
    struct enrolment *item = NULL;
    size_t line = 0;
    size_t at = 0;
    size_t n = 0;
    pse_rc rc;

    if (o->voters == NULL) {
        pse_http_problem(c, 409, "no-voters-here");
        return;
    }
    rc = enrolment_parse(&item, &n, &line, pse_http_body(c), pse_voters_eid(o->voters), o->g);
    if (rc != PSE_OK) {
        office_json_problem(c, 422,
                            rc == PSE_E_MISMATCH ? "other-election"
                            : rc == PSE_E_PROOF  ? "proof"
                                                 : "malformed",
                            line);
        return;
    }
    rc = registration_letters(o->voters, &why, &at, item, n, office_now());
    free(item);
    if (rc == PSE_E_STATE && why != PSE_REGISTER_DONE) {
        office_json_problem(c, 409, registration_slug(why), at + 3);
        return;
    }
    if (rc != PSE_OK) {
        pse_http_problem(c, 503, "storage");
        return;
    }
    PSE_LOG(&o->d->log, PSE_LOG_NOTICE, "officer.letters", PSE_F("credentials", (uint64_t)n));
    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "registered", n);
    pse_json_wr_end(&w);
    office_json(c, 200, &w);
}

/* --- one person, by id -------------------------------------------------------------------------
 */

static void put_person(struct office *o, struct pse_http_call *c, uint64_t row)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_buf hold = PSE_BUF(PERSON_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct pse_listed_person p;
    pse_rc rc = pse_voters_get(o->voters, &p, &hold, row);

    pse_buf_free(&hold);
    if (rc != PSE_OK) {
        pse_http_problem(c, 503, "storage");
        return;
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "person", row);
    pse_json_wr_bool(&w, "listed", p.is_listed);
    pse_json_wr_end(&w);
    office_json(c, 200, &w);
}

void office_post_person(struct office *o, struct pse_http_call *c)
{
    PSE_ARENA(arena, SMALL_ARENA);
    const struct pse_json *root;
    struct pse_json_rd r;
    struct pse_span id;
    uint64_t row;
    pse_rc rc;

    if (o->voters == NULL) {
        pse_http_problem(c, 409, "no-voters-here");
        return;
    }
    if (pse_json_parse(&root, NULL, &arena, pse_http_body(c)) != PSE_OK ||
        pse_json_open(&r, root, NULL) != PSE_OK || pse_json_take_string(&id, &r, "id") != PSE_OK ||
        pse_json_close(&r) != PSE_OK) {
        pse_http_problem(c, 400, "malformed");
        return;
    }
    rc = pse_voters_find(o->voters, &row, id);
    if (rc == PSE_OK)
        put_person(o, c, row);
    else
        pse_http_problem(c, rc == PSE_E_MISSING ? 404 : 503,
                         rc == PSE_E_MISSING ? "no-such-person" : "storage");
}

/* --- what waits, what the cross-check found ----------------------------------------------------
 */

void office_get_pending(struct office *o, struct pse_http_call *c)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct release r = {.n = 0};
    pse_rc rc = o->voters == NULL ? PSE_E_MISSING : office_grow(o);

    if (rc == PSE_OK || rc == PSE_E_STATE)
        rc = release_read(&r, o->voters, o->record.e, UINT64_MAX);
    if (rc != PSE_OK) {
        release_free(&r);
        pse_http_problem(c, rc == PSE_E_MISSING ? 409 : 503,
                         rc == PSE_E_MISSING ? "no-voters-here" : "storage");
        return;
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "pending", r.pending);
    pse_json_wr_u64(&w, "voids", r.voids);
    pse_json_wr_u64(&w, "through", r.through);
    pse_json_wr_hex(&w, "batch", r.batch.b, 32);
    pse_json_wr_bool(&w, "due", release_is_due(&r, office_now()));
    pse_json_wr_end(&w);
    release_free(&r);
    office_json(c, 200, &w);
}

void office_get_audit(struct office *o, struct pse_http_call *c)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "time", o->audit.time);
    pse_json_wr_u64(&w, "size", o->audit.size);
    pse_json_wr_u64(&w, "rows", o->audit.rows);
    pse_json_wr_u64(&w, "staged", o->audit.staged);
    pse_json_wr_u64(&w, "count", o->audit.findings);
    pse_json_wr_bool(&w, "record_differs", o->is_broken);
    pse_json_wr_array(&w, "findings");
    for (size_t i = 0; i < o->audit.kept; i++) {
        const struct pse_audit_finding *f = &o->audit.finding[i];

        pse_json_wr_object(&w, NULL);
        pse_json_wr_str(&w, "finding", pse_audit_kind_name(f->kind));
        pse_json_wr_str(&w, "table", f->table);
        pse_json_wr_u64(&w, "row", f->row);
        pse_json_wr_str(&w, "key", f->key);
        pse_json_wr_str(&w, "why", f->why);
        pse_json_wr_end(&w);
    }
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    office_json(c, 200, &w);
}
