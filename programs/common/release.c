#include "common/release.h"

#include <stdlib.h>

#include "codec/codec.h"

static pse_rc keep(void *ctx, const struct pse_credential_row *row)
{
    struct release *r = ctx;

    if (row->row != r->n + 1)
        return PSE_E_MISMATCH; /* a row is missing: that is for the audit */
    if (row->row > r->through)
        return PSE_E_LIMIT;
    if (r->n == r->room) {
        size_t room = r->room == 0 ? 1024 : 2 * r->room;
        struct pse_credential_row *more = realloc(r->row, room * sizeof *more);

        if (more == NULL)
            return PSE_E_MEMORY;
        r->row = more;
        r->room = room;
    }
    r->row[r->n++] = *row;
    return PSE_OK;
}

static bool is_in_record(const struct release *r, const pse_enc *credential, bool *is_active)
{
    struct pse_credential_view view;
    bool found = pse_engine_credential(r->e, &view, credential) == PSE_OK;

    *is_active = found && view.is_active;
    return found;
}

static bool is_pending(const struct release *r, const struct pse_credential_row *c)
{
    bool is_active;

    return c->state == PSE_CREDENTIAL_ACTIVE && !is_in_record(r, &c->credential, &is_active);
}

/* The nearest predecessor that is public; NULL: none, so this one is enrolled. */
static const struct pse_credential_row *public_before(struct release *r,
                                                      const struct pse_credential_row *c)
{
    bool is_active;

    while (c->replaces != 0 && c->replaces <= r->n) {
        c = &r->row[c->replaces - 1];
        if (is_in_record(r, &c->credential, &is_active)) {
            r->is_covered[c->row - 1] = is_active;
            return is_active ? c : NULL;
        }
    }
    return NULL;
}

/* Void here, active in the record, and nothing takes its place. */
static bool is_to_be_void(const struct release *r, const struct pse_credential_row *c)
{
    bool is_active;

    return c->state != PSE_CREDENTIAL_ACTIVE && !r->is_covered[c->row - 1] &&
           is_in_record(r, &c->credential, &is_active) && is_active;
}

static void add_row(pse_sha256_stream *h, const struct pse_credential_row *c, uint8_t what)
{
    uint8_t bytes[1 + 32 + 2 + 4 + 32 + 8];
    struct pse_buf b = PSE_BUF(sizeof bytes);

    pse_wr_u8(&b, what);
    pse_buf_put(&b, c->credential.b, 32);
    pse_wr_u16(&b, c->style);
    pse_wr_u32(&b, c->weight);
    pse_wr_hash(&b, &c->commitment);
    pse_wr_u64(&b, c->replaces);
    PSE_REQUIRE(b.rc == PSE_OK);
    pse_sha256_add(h, b.p, b.n);
    pse_buf_free(&b);
}

static void sum_up(struct release *r)
{
    static const char label[] = "psephos/1/release"; /* with its zero */
    pse_sha256_stream h;

    pse_sha256_init(&h);
    pse_sha256_add(&h, label, sizeof label);
    for (size_t i = 0; i < r->n; i++) {
        if (!is_pending(r, &r->row[i]))
            continue;
        (void)public_before(r, &r->row[i]);
        add_row(&h, &r->row[i], 1);
        r->pending++;
    }
    for (size_t i = 0; i < r->n; i++) {
        if (!is_to_be_void(r, &r->row[i]))
            continue;
        add_row(&h, &r->row[i], 2);
        r->voids++;
    }
    pse_sha256_final(&r->batch, &h);
}

pse_rc release_read(struct release *r, struct pse_voters *v, const struct pse_engine *e,
                    uint64_t through)
{
    uint64_t at;
    pse_rc rc;

    *r = (struct release){.e = e, .through = through};
    rc = pse_voters_credentials(v, &at, r, keep);
    if (rc != PSE_OK && rc != PSE_E_LIMIT)
        return rc;
    r->through = r->n;
    r->is_covered = calloc(r->n + 1, sizeof *r->is_covered);
    r->record = calloc(r->n + 1, sizeof *r->record);
    if (r->is_covered == NULL || r->record == NULL)
        return PSE_E_MEMORY;
    sum_up(r);
    return pse_voters_released(v, &r->last);
}

void release_free(struct release *r)
{
    free(r->row);
    free(r->is_covered);
    free(r->record);
    *r = (struct release){.n = 0};
}

bool release_is_due(const struct release *r, uint64_t now)
{
    return pse_engine_state(r->e) != PSE_STATE_OPEN || r->pending == 0 ||
           pse_release_is_due(r->pending, r->last, now);
}

static pse_rc make_row(struct release *r, const struct act *a, const pse_seed *seed,
                       const struct pse_credential_row *c)
{
    const struct pse_credential_row *old = public_before(r, c);

    if (old != NULL) {
        r->changes++;
        return act_change(a, seed, &old->credential, &c->credential, PSE_REASON_REQUEST,
                          &c->commitment);
    }
    r->record[r->records++] = (struct pse_roster_record){.credential = c->credential,
                                                         .style = c->style,
                                                         .weight = c->weight,
                                                         .commitment = c->commitment};
    return PSE_OK;
}

pse_rc release_make(struct release *r, const struct act *a, const pse_seed *seed)
{
    for (size_t i = 0; i < r->n; i++) {
        if (is_pending(r, &r->row[i]))
            PSE_TRY(make_row(r, a, seed, &r->row[i]));
    }
    for (size_t i = 0; i < r->n; i++) {
        if (!is_to_be_void(r, &r->row[i]))
            continue;
        r->changes++;
        PSE_TRY(act_change(a, seed, &r->row[i].credential, NULL, PSE_REASON_NOT_ENTITLED,
                           &r->row[i].commitment));
    }
    return r->records > 0 ? act_roster(a, seed, r->record, r->records) : PSE_OK;
}
