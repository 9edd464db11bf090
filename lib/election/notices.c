/* Entries that carry no state of their own: statement, incident, abort, end. */
#include "election/engine.h"

pse_rc pse_statement_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    enum pse_blob_state state;

    PSE_TRY(pse_blob_look(e, &state, &x->in.u.statement.blob, PSE_STATEMENT_MAX));
    x->is_blob_absent = state == PSE_BLOB_ABSENT;
    pse_exam_rule(e, x, PSE_V905, 1, start, x->is_blob_absent || state == PSE_BLOB_GOOD);
    return PSE_OK;
}

pse_rc pse_statement_apply(struct pse_engine *e, struct pse_exam *x)
{
    if (x->is_blob_absent)
        pse_engine_warn(e, x, PSE_W003, 0, NULL);
    e->counts.statements++;
    return pse_engine_name_blob(e, &x->in.u.statement.blob);
}

pse_rc pse_incident_apply(struct pse_engine *e, struct pse_exam *x)
{
    (void)x;
    e->counts.incidents++;
    return PSE_OK;
}

pse_rc pse_abort_apply(struct pse_engine *e, struct pse_exam *x)
{
    (void)x;
    e->state = PSE_STATE_ABORT;
    return PSE_OK;
}

pse_rc pse_end_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    pse_hash root;

    pse_tree_head(&root, &e->tree);
    pse_exam_rule(e, x, PSE_V503, 1, start,
                  x->in.u.close.size == e->tree.size &&
                      pse_hash_is_equal(&x->in.u.close.root, &root));
    return PSE_OK;
}

pse_rc pse_end_apply(struct pse_engine *e, struct pse_exam *x)
{
    (void)x;
    e->is_aborted = e->state == PSE_STATE_ABORT;
    e->state = PSE_STATE_END;
    return PSE_OK;
}
