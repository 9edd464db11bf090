#include "psephos/audit_ledger.h"

#include <stdlib.h>

#include "common/record_source.h"
#include "merkle/merkle.h"
#include "store/bundle.h"
#include "store/store.h"

enum { NAMES_MAX = 4096 };

struct ledger {
    struct audit_ledger *a;
    struct session *s;
    struct pse_store *store;
    struct pse_head head;
    bool has_head;
    struct pse_tree tree; /* the record, then what the bundles add */
    uint64_t published;
    struct pse_staged staged;
    struct pse_stage_name name[NAMES_MAX];
};

static void report(struct ledger *l, enum pse_audit_kind kind, const char *table, uint64_t row,
                   const char *why)
{
    struct pse_audit_finding f = {.kind = kind, .table = table, .row = row, .why = why};

    l->a->findings++;
    l->a->finding(l->a->ctx, &f);
}

/* --- head --------------------------------------------------------------------------------------
 */

/* The note in the row: signed by the log, of the size and root that the row states. */
static bool is_signed(const struct ledger *l)
{
    struct pse_checkpoint cp;
    struct pse_vkey log;

    return pse_vkey_parse(&log, pse_engine_manifest(l->s->load.e)->log_vkey) == PSE_OK &&
           pse_checkpoint_parse(&cp, pse_span(l->head.note, l->head.note_n)) == PSE_OK &&
           pse_checkpoint_log_verify(&cp, &log) == PSE_OK && cp.size == l->head.size &&
           pse_hash_is_equal(&cp.root, &l->head.root);
}

static pse_rc audit_head(struct ledger *l)
{
    pse_rc rc = pse_store_head_read(l->store, &l->head);
    pse_hash root;

    l->a->rows++;
    if (rc == PSE_E_MISSING || rc == PSE_E_MISMATCH) {
        report(l, rc == PSE_E_MISSING ? PSE_AUDIT_MISSING : PSE_AUDIT_ALTERED, "head", 0,
               rc == PSE_E_MISSING ? "the log has no head" : "not what the sequencer wrote");
        return PSE_OK;
    }
    PSE_TRY(rc);
    l->has_head = true;
    pse_tree_head(&root, &l->tree);
    if (!is_signed(l))
        report(l, PSE_AUDIT_ALTERED, "head", l->head.size, "its note is not signed by the log");
    else if (l->head.size < l->published)
        report(l, PSE_AUDIT_ALTERED, "head", l->head.size,
               "behind the record: restored from a copy, or another log's");
    else if (l->head.size == l->published && !pse_hash_is_equal(&l->head.root, &root))
        report(l, PSE_AUDIT_ALTERED, "head", l->head.size, "the record has another root");
    return PSE_OK;
}

/* --- staged bundles ----------------------------------------------------------------------------
 */

/* Entries that the record has must be the record's; those that follow are appended. */
static bool take_entry(struct ledger *l, uint64_t index, struct pse_span entry)
{
    struct pse_span published;
    pse_hash leaf;

    if (index < l->published)
        return record_source_entry(&l->s->load.source, &published, index) == PSE_OK &&
               pse_span_is_equal(published, entry);
    if (index < l->tree.size)
        return true; /* in another bundle as well; its root tells */
    if (index > l->tree.size)
        return false;
    pse_tree_leaf(&leaf, entry);
    return pse_tree_append(&l->tree, &leaf) == PSE_OK;
}

static pse_rc audit_bundle(struct ledger *l, const struct pse_stage_name *name, struct pse_buf *b)
{
    bool good;
    pse_hash root;
    pse_rc rc;

    b->n = 0;
    rc = pse_store_stage_get(l->store, b, name);
    if (rc == PSE_E_MISSING)
        return PSE_OK; /* applied and dropped while we looked */
    if (rc != PSE_OK && rc != PSE_E_MISMATCH)
        return rc;
    l->a->rows++;
    good = rc == PSE_OK && pse_staged_parse(&l->staged, pse_buf_span(b)) == PSE_OK &&
           l->staged.from + l->staged.n == name->size;
    for (size_t i = 0; good && i < l->staged.n; i++)
        good = take_entry(l, l->staged.from + i, l->staged.entry[i]);
    pse_tree_head(&root, &l->tree);
    if (good && l->tree.size == name->size)
        good = pse_hash_is_equal(&root, &name->root);
    if (!good)
        report(l, PSE_AUDIT_ALTERED, "stage", name->size,
               "not the entries that its name and the record ask for");
    else if (l->has_head && name->size > l->head.size)
        report(l, PSE_AUDIT_SURPLUS, "stage", name->size, "beyond the head");
    return PSE_OK;
}

static pse_rc audit_stage(struct ledger *l)
{
    struct pse_buf b = PSE_BUF(PSE_STAGE_MAX);
    pse_hash root;
    size_t n;
    pse_rc rc = pse_store_stage_list(l->store, l->name, &n, NAMES_MAX);

    for (size_t i = 0; rc == PSE_OK && i < n && i < NAMES_MAX; i++)
        rc = audit_bundle(l, &l->name[i], &b);
    pse_buf_free(&b);
    PSE_TRY(rc);
    pse_tree_head(&root, &l->tree);
    if (!l->has_head || l->head.size <= l->published)
        return PSE_OK;
    if (l->tree.size < l->head.size)
        report(l, PSE_AUDIT_MISSING, "stage", l->head.size,
               "neither record nor bundles have the entries up to the head");
    else if (l->tree.size == l->head.size && !pse_hash_is_equal(&root, &l->head.root))
        report(l, PSE_AUDIT_ALTERED, "head", l->head.size, "the bundles give another root");
    return PSE_OK;
}

/* --- all ---------------------------------------------------------------------------------------
 */

static pse_rc plant_tree(struct ledger *l)
{
    struct pse_span entry;
    pse_hash leaf;

    pse_tree_init(&l->tree);
    l->published = pse_engine_size(l->s->load.e);
    for (uint64_t i = 0; i < l->published; i++) {
        PSE_TRY(record_source_entry(&l->s->load.source, &entry, i));
        pse_tree_leaf(&leaf, entry);
        PSE_TRY(pse_tree_append(&l->tree, &leaf));
    }
    return PSE_OK;
}

static pse_rc run(struct ledger *l, const char *url)
{
    const char *why = "";
    pse_rc rc = pse_store_open(&l->store, &why, url, pse_engine_manifest(l->s->load.e)->origin,
                               PSE_STORE_READ, NULL);

    if (rc == PSE_E_MISMATCH) {
        report(l, PSE_AUDIT_ALTERED, "head", 0, "the store is damaged or another log's");
        return PSE_OK;
    }
    if (rc != PSE_OK) {
        cli_error(l->s->name, "cannot open --ledger %s: %s", url, why);
        return rc;
    }
    rc = plant_tree(l);
    if (rc == PSE_OK)
        rc = audit_head(l);
    if (rc == PSE_OK)
        rc = audit_stage(l);
    if (rc != PSE_OK)
        cli_error(l->s->name, "cannot read %s: %s", url, pse_store_why(l->store));
    pse_store_close(l->store);
    return rc;
}

pse_rc audit_ledger(struct audit_ledger *a, struct session *s, const char *url)
{
    struct ledger *l = calloc(1, sizeof *l);
    pse_rc rc;

    if (l == NULL)
        return PSE_E_MEMORY;
    l->a = a;
    l->s = s;
    rc = run(l, url);
    free(l);
    return rc;
}
