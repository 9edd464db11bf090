/* POST /v1/parcels: what trustees and mixers send. Their entries are signed by keys of the
 * manifest, so a parcel of anybody else costs a few signatures and nothing is kept of it. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "codec/json_write.h"
#include "common/parcel.h"
#include "psephos/box_front.h"

enum { ARENA = 8 << 20, ENTRIES_MAX = 64 };

struct posting {
    struct front *f;
    const struct front_election *e;
    struct pse_http_call *call;
    struct parcel p;
    struct pse_entry entry[ENTRIES_MAX];
    struct sequence_result result[ENTRIES_MAX];
};

/* --- what is let in ----------------------------------------------------------------------------
 */

static bool is_named(const struct posting *x, const pse_hash *hash)
{
    for (size_t i = 0; i < x->p.entries; i++) {
        const struct pse_entry *e = &x->entry[i];

        if (e->type == PSE_ENTRY_MIX &&
            (pse_hash_is_equal(&e->u.mix.out, hash) || pse_hash_is_equal(&e->u.mix.proof, hash)))
            return true;
        if (e->type == PSE_ENTRY_DECRYPT && pse_hash_is_equal(&e->u.decrypt.blob, hash))
            return true;
    }
    return false;
}

/* NULL: all entries are of trustees or mixers and signed; else what is wrong. */
static const char *check_entries(struct posting *x)
{
    if (x->p.entries == 0 || x->p.entries > ENTRIES_MAX)
        return "parcel";
    for (size_t i = 0; i < x->p.entries; i++) {
        struct pse_entry *e = &x->entry[i];

        if (pse_entry_parse(e, x->f->g, x->e->m, x->p.entry[i]) != PSE_OK)
            return "parcel";
        if (e->role != PSE_ROLE_TRUSTEE && e->role != PSE_ROLE_MIXER)
            return "role";
        if (pse_entry_verify(x->e->m, e) != PSE_OK)
            return "signature";
    }
    return NULL;
}

/* --- sending on --------------------------------------------------------------------------------
 */

static const char *send_blobs(struct posting *x)
{
    for (size_t i = 0; i < x->p.blobs; i++) {
        pse_hash hash;
        pse_rc rc;

        pse_sha256(&hash, x->p.blob[i]);
        if (!is_named(x, &hash))
            return "parcel";
        rc = sequence_blob(x->f->sequence, x->p.blob[i]);
        if (rc != PSE_OK)
            return rc == PSE_E_STATE ? "unavailable" : "busy";
    }
    return NULL;
}

static void refuse_entry(struct posting *x, const struct sequence_result *r)
{
    const char *rule = r->rule == 0 ? "V908" : pse_rule_name((enum pse_rule)r->rule);

    switch (r->outcome) {
    case SEQUENCE_REFUSED: front_problem(x->call, "refused-entry", "rule", rule); break;
    case SEQUENCE_CLOSED: front_problem(x->call, "state", "rule", rule); break;
    case SEQUENCE_BUSY: front_problem(x->call, "busy", NULL, NULL); break;
    default: front_problem(x->call, "outcome-unknown", NULL, NULL); break;
    }
}

static void answer(struct posting *x)
{
    struct pse_http_answer a = {
        .status = 200, .type = "application/json", .own = PSE_BUF(ENTRIES_MAX * 256)};
    struct pse_json_wr w = pse_json_wr(&a.own, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_array(&w, "entries");
    for (size_t i = 0; i < x->p.entries; i++) {
        const struct sequence_result *r = &x->result[i];
        bool done = r->outcome == SEQUENCE_WITNESSED;

        a.status = done ? a.status : 202;
        pse_json_wr_object(&w, NULL);
        pse_json_wr_u64(&w, "index", r->index);
        pse_json_wr_hex(&w, "leaf", r->leaf.b, 32);
        pse_json_wr_str(&w, "outcome", done ? "witnessed" : "recorded");
        pse_json_wr_end(&w);
    }
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    (void)!pse_json_wr_finish(&w);
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer(x->call, &a);
}

static void post(struct posting *x)
{
    const char *why = check_entries(x);

    pse_http_yield(); /* from here on we wait for the sequencer */
    if (why == NULL)
        why = send_blobs(x);
    if (why != NULL) {
        front_problem(x->call, why, NULL, NULL);
        return;
    }
    for (size_t i = 0; i < x->p.entries; i++) {
        pse_rc rc = sequence_put_entry(x->f->sequence, &x->result[i], SEQUENCE_ROLE, x->p.entry[i]);

        if (rc == PSE_E_STATE || rc == PSE_E_LIMIT) {
            front_problem(x->call, rc == PSE_E_STATE ? "unavailable" : "busy", NULL, NULL);
            return;
        }
        if (rc != PSE_OK) {
            refuse_entry(x, &x->result[i]);
            return;
        }
    }
    answer(x);
}

void front_parcel(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct posting *x = calloc(1, sizeof *x);
    struct sequence_status status;
    struct pse_arena arena;

    PSE_REQUIRE(n == 1);
    if (x == NULL) {
        front_problem(call[0], "busy", NULL, NULL);
        return;
    }
    x->f = ctx;
    x->call = call[0];
    x->e = front_look(x->f, &status);
    pse_arena_init(&arena, ARENA);
    if (x->e == NULL)
        front_problem(call[0], "unavailable", NULL, NULL);
    else if (parcel_parse(&x->p, &arena, pse_http_body(call[0])) != PSE_OK)
        front_problem(call[0], "parcel", NULL, NULL);
    else
        post(x);
    pse_arena_free(&arena);
    free(x);
}
