#include "codec/codec.h"
#include "common/act.h"
#include "common/options.h"

static struct pse_entry officer_entry(enum pse_entry_type type)
{
    return (struct pse_entry){.type = (uint8_t)type, .role = PSE_ROLE_AUTHORITY};
}

static pse_rc officer_may(const struct act *a, enum pse_entry_type type)
{
    return act_allowed(a, (uint8_t)type, PSE_ROLE_AUTHORITY, 0);
}

pse_rc act_setup(const struct act *a, const struct pse_manifest *m, size_t manifest_len,
                 const pse_seed *seed)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_SETUP);
    struct pse_buf bytes = PSE_BUF(PSE_ENTRY_MAX);
    pse_rc rc;

    entry.u.setup.manifest_len = (uint32_t)manifest_len;
    entry.u.setup.policy = m->policy;
    rc = pse_entry_build(&bytes, a->g, m, &entry, seed);
    if (rc != PSE_OK)
        cli_error(a->name, "the setup entry cannot be made (%s); check the officer's key",
                  pse_rc_name(rc));
    else
        rc = a->sink->entry(a->sink->ctx, pse_buf_span(&bytes));
    pse_buf_free(&bytes);
    return rc;
}

pse_rc act_open(const struct act *a, const pse_seed *seed, uint64_t time)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_OPEN);

    PSE_TRY(officer_may(a, PSE_ENTRY_OPEN));
    PSE_TRY(pse_engine_joint_key(a->e, &entry.u.open.y));
    entry.u.open.roster_size = pse_engine_active(a->e);
    entry.u.open.time = time;
    return act_entry(a, &entry, seed);
}

pse_rc act_close(const struct act *a, const pse_seed *seed, uint8_t reason, uint64_t time)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_CLOSE);

    PSE_TRY(officer_may(a, PSE_ENTRY_CLOSE));
    entry.u.close.size = pse_engine_size(a->e);
    pse_engine_root(a->e, &entry.u.close.root);
    entry.u.close.reason = reason;
    entry.u.close.time = time;
    return act_entry(a, &entry, seed);
}

pse_rc act_freeze(const struct act *a, const pse_seed *seed)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_FREEZE);

    PSE_TRY(officer_may(a, PSE_ENTRY_FREEZE));
    PSE_TRY(pse_engine_admitted(a->e, &entry.u.freeze.count, &entry.u.freeze.digest));
    return act_entry(a, &entry, seed);
}

pse_rc act_mix_end(const struct act *a, const pse_seed *seed)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_MIX_END);

    PSE_TRY(officer_may(a, PSE_ENTRY_MIX_END));
    return act_entry(a, &entry, seed);
}

/* --- result ----------------------------------------------------------------------------------- */

static pse_rc open_list(struct pse_span *x, struct pse_arena *arena, const struct act *a, size_t at)
{
    struct pse_list_view view;
    size_t n;
    uint8_t *points;
    pse_rc rc;

    pse_engine_list(a->e, &view, at);
    n = 32 * (size_t)view.items;
    points = PSE_NEW(arena, uint8_t, n);
    if (points == NULL)
        return PSE_E_MEMORY;
    *x = pse_span(points, n);
    rc = pse_engine_list_open(a->e, points, at);
    if (rc == PSE_E_STATE)
        cli_error(a->name,
                  "contest %u, group %u has fewer decryption shares than the threshold of %u; wait "
                  "for the trustees",
                  view.contest, view.pot, pse_engine_manifest(a->e)->threshold);
    return rc;
}

static pse_rc build_result(struct pse_buf *blob, const struct act *a)
{
    PSE_ARENA(arena, SIZE_MAX);
    size_t n = pse_engine_lists(a->e);
    struct pse_span *x = PSE_NEW(&arena, struct pse_span, n);
    struct pse_result_list *list;

    if (x == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_engine_result_lists(a->e, &list, &arena));
    for (size_t i = 0; i < n; i++)
        PSE_TRY(open_list(&x[i], &arena, a, i));
    *blob = PSE_BUF(pse_result_blob_len(list, n));
    return pse_result_blob_build(blob, a->g, list, n, x);
}

pse_rc act_result(const struct act *a, const pse_seed *seed)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_RESULT);
    struct pse_buf blob = PSE_BUF(0);
    pse_rc rc;

    PSE_TRY(officer_may(a, PSE_ENTRY_RESULT));
    rc = build_result(&blob, a);
    if (rc == PSE_E_RANGE)
        cli_error(a->name, "a homomorphic sum opens to no possible count; verify the record with "
                           "psephos-verify");
    if (rc == PSE_OK)
        rc = a->sink->blob(a->sink->ctx, pse_buf_span(&blob));
    if (rc == PSE_OK) {
        pse_sha256(&entry.u.result.blob, pse_buf_span(&blob));
        rc = act_entry(a, &entry, seed);
    }
    pse_buf_free(&blob);
    return rc;
}

pse_rc act_end(const struct act *a, const pse_seed *seed)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_END);

    PSE_TRY(officer_may(a, PSE_ENTRY_END));
    entry.u.close.size = pse_engine_size(a->e);
    pse_engine_root(a->e, &entry.u.close.root);
    return act_entry(a, &entry, seed);
}

pse_rc act_abort(const struct act *a, const pse_seed *seed, uint8_t reason,
                 const pse_hash *commitment)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_ABORT);

    PSE_TRY(officer_may(a, PSE_ENTRY_ABORT));
    entry.u.abort.reason = reason;
    entry.u.abort.commitment = *commitment;
    return act_entry(a, &entry, seed);
}

/* --- statements and incidents ----------------------------------------------------------------- */

pse_rc act_statement(const struct act *a, const pse_seed *seed, const struct act_statement *s)
{
    struct pse_entry entry = officer_entry(PSE_ENTRY_STATEMENT);

    PSE_TRY(officer_may(a, PSE_ENTRY_STATEMENT));
    if (s->content.n > PSE_STATEMENT_MAX) {
        cli_error(a->name, "the statement has %zu bytes and may have %u; shorten it", s->content.n,
                  PSE_STATEMENT_MAX);
        return PSE_E_LIMIT;
    }
    entry.u.statement.kind = s->kind;
    entry.u.statement.language = s->language;
    entry.u.statement.media_type = s->media_type;
    entry.u.statement.title = s->title;
    pse_sha256(&entry.u.statement.blob, s->content);
    PSE_TRY(a->sink->blob(a->sink->ctx, s->content));
    return act_entry(a, &entry, seed);
}

pse_rc act_incident(const struct act *a, const pse_seed *seed, uint8_t role, uint8_t class_,
                    uint64_t time, const pse_hash *commitment)
{
    struct pse_entry entry = {.type = PSE_ENTRY_INCIDENT, .role = role};

    PSE_TRY(act_allowed(a, PSE_ENTRY_INCIDENT, role, 0));
    entry.u.incident.class_ = class_;
    entry.u.incident.time = time;
    entry.u.incident.commitment = *commitment;
    return act_entry(a, &entry, seed);
}
