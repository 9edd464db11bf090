#include "psephos/audit_ledger.h"

#include <poll.h>
#include <stdlib.h>

#include "common/record_source.h"
#include "merkle/merkle.h"
#include "store/bundle.h"
#include "store/store.h"

/* A log that is at work is never seen at one moment: record, head and bundles are read one after
 * the other, and a batch may pass between them. What is not as it should be is looked at again,
 * with the record as it is by then, for longer than a batch takes; what stays is a finding. */
enum { NAMES_MAX = 4096, FINDINGS_MAX = 4 * NAMES_MAX, LOOKS = 10, LOOK_AGAIN_MS = 300 };

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
    struct pse_audit_finding finding[FINDINGS_MAX]; /* of this look */
    size_t findings, rows;
};

static void report(struct ledger *l, enum pse_audit_kind kind, const char *table, uint64_t row,
                   const char *why)
{
    struct pse_audit_finding f = {.kind = kind, .table = table, .row = row, .why = why};

    if (l->findings < FINDINGS_MAX)
        l->finding[l->findings++] = f;
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

    l->rows++;
    l->has_head = false;
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
    l->rows++;
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

/* Up to the head, what is in tiles already and waits for its witnesses: no bundle has it any more,
 * and the checkpoint does not show it yet. The head's root judges it. */
static pse_rc take_tiles(struct ledger *l)
{
    struct record_source ahead;
    struct pse_span entry;
    pse_hash leaf;
    pse_rc rc;

    if (!l->has_head)
        return PSE_OK;
    rc = record_source_open(&ahead, l->s->dir);
    if (rc == PSE_OK)
        record_source_settle(&ahead, l->head.size);
    while (rc == PSE_OK && l->tree.size < l->head.size &&
           record_source_entry(&ahead, &entry, l->tree.size) == PSE_OK) {
        pse_tree_leaf(&leaf, entry);
        rc = pse_tree_append(&l->tree, &leaf);
    }
    record_source_close(&ahead);
    return rc;
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

static pse_rc look(struct ledger *l)
{
    l->findings = l->rows = 0;
    PSE_TRY(plant_tree(l));
    PSE_TRY(audit_head(l));
    PSE_TRY(take_tiles(l));
    return audit_stage(l);
}

static pse_rc look_until_content(struct ledger *l)
{
    for (int i = 1;; i++) {
        pse_rc rc = look(l);

        if (rc != PSE_OK || l->findings == 0 || i == LOOKS)
            return rc;
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
        PSE_TRY(session_follow(l->s));
        PSE_TRY(record_load_grow(&l->s->load));
    }
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
    rc = look_until_content(l);
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
    for (size_t i = 0; i < l->findings; i++)
        a->finding(a->ctx, &l->finding[i]);
    a->findings += l->findings;
    a->rows += l->rows;
    free(l);
    return rc;
}
