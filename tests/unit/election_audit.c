/* The audit of whole records: acceptance, abort, prefixes, pins, what is counted, strictness. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "mini_election.h"

static int setup(void **state)
{
    *state = malloc(sizeof(struct mini));
    if (*state == NULL)
        return -1;
    mini_open((struct mini *)*state);
    return 0;
}

static int teardown(void **state)
{
    mini_close((struct mini *)*state);
    free(*state);
    return 0;
}

static struct pse_audit *audited(struct mini *m)
{
    mini_seal(m);
    return mini_audit(m);
}

static void honest_election_is_accepted(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
}

static void counts_that_must_be_printed(void **state)
{
    struct mini *m = *state;
    const struct pse_counts *c;
    struct pse_audit *a;

    mini_until(m, MINI_DONE);
    a = audited(m);
    c = pse_engine_counts(pse_audit_engine(a));
    assert_int_equal(c->entries, m->entries);
    assert_int_equal(c->dead, 0);
    assert_int_equal(c->roster_before_open, 7);
    assert_int_equal(c->roster_after_open, 1);
    assert_int_equal(c->replaced[PSE_REASON_COMPROMISED], 1);
    assert_int_equal(c->revoked[PSE_REASON_COMPROMISED], 0);
    assert_int_equal(c->ballots, 10);
    assert_int_equal(c->voters, 9);
    assert_int_equal(c->revoked_open[PSE_REASON_PAPER], 2);
    assert_int_equal(c->restored_open[PSE_REASON_PAPER], 1);
    assert_int_equal(c->revoked_closed[PSE_REASON_COMPROMISED], 1);
    assert_int_equal(c->restored_closed[PSE_REASON_COMPROMISED], 1);
    assert_int_equal(c->admitted, 7);
    assert_int_equal(c->out, 1);
    assert_int_equal(c->voided, 1);
    assert_int_equal(pse_audit_use(a, PSE_V404)->items, 10);
    assert_int_equal(pse_audit_use(a, PSE_V604)->items, 2 * 4 + 2 * 1);
    assert_int_equal(pse_audit_use(a, PSE_V901)->items, 1);
    assert_int_equal(pse_audit_use(a, PSE_V902)->items, MINI_WITNESSES);
    assert_int_equal(pse_audit_use(a, PSE_V909)->items, 1);
    for (size_t i = 0; i < PSE_RULE_COUNT; i++) {
        enum pse_rule rule = pse_rule_at(i);

        /* every rule of an election without complaint was applied */
        if (!pse_rule_is_warning(rule) && rule != PSE_V204)
            assert_true(pse_audit_use(a, rule)->items > 0);
    }
    pse_audit_free(a);
}

static void expect_votes(const struct pse_engine *e, struct mini *m, uint16_t contest, uint16_t pot,
                         const uint64_t *votes, uint64_t blank)
{
    PSE_ARENA(arena, 1 << 20);
    const struct pse_manifest *manifest = pse_engine_manifest(e);
    const struct pse_contest *c = pse_manifest_contest(manifest, contest);
    struct pse_tally t;

    assert_int_equal(pse_tally_make(&t, &arena, m->g, manifest, pse_engine_result(e), c, pot),
                     PSE_OK);
    for (size_t k = 0; k < c->options; k++)
        assert_int_equal(t.votes[k], votes[k]);
    assert_int_equal(t.blank, blank);
    assert_int_equal(t.invalid, 0);
}

/* What the nine voters chose, by hand: weights 3 and 5 count in the homomorphic contest. */
static void result_is_what_was_voted(void **state)
{
    struct mini *m = *state;
    struct pse_audit *a;
    const struct pse_engine *e;

    mini_until(m, MINI_DONE);
    a = audited(m);
    e = pse_audit_engine(a);
    expect_votes(e, m, 1, 1, (const uint64_t[]){1, 0, 3}, 0);
    expect_votes(e, m, 1, 3, (const uint64_t[]){0, 1 + 3, 5}, 0);
    expect_votes(e, m, 2, 1, (const uint64_t[]){0, 0, 3}, 1);
    expect_votes(e, m, 3, 3, (const uint64_t[]){0, 0}, 0);
    pse_audit_free(a);
}

static void names_of_witnesses(void **state)
{
    struct mini *m = *state;
    struct pse_audit *a;
    bool signed_[MINI_WITNESSES];

    mini_until(m, MINI_DONE);
    a = audited(m);
    assert_int_equal(pse_audit_witnesses(a), MINI_WITNESSES);
    assert_true(pse_span_is_str(pse_audit_witness(a, &signed_[0], 0), "north"));
    assert_true(pse_span_is_str(pse_audit_witness(a, &signed_[1], 1), "east"));
    assert_true(pse_span_is_str(pse_audit_witness(a, &signed_[2], 2), "south"));
    assert_true(pse_span_is_str(pse_audit_witness(a, &signed_[3], 3), "west"));
    assert_true(signed_[0] && signed_[1] && signed_[2] && !signed_[3]);
    assert_true(pse_span_is_str(pse_audit_origin(a), "log.example/council"));
    assert_int_equal(pse_audit_size(a), m->entries);
    pse_audit_free(a);
}

static void strict_mode_refuses_dead_entries(void **state)
{
    struct mini *m = *state;
    struct pse_audit *a;

    mini_until(m, MINI_CLOSED);
    mini_vote(m, 6, 1);
    mini_until(m, MINI_DONE);
    a = audited(m);
    assert_int_equal(pse_audit_verdict(a), PSE_VERDICT_ACCEPTED);
    assert_int_equal(pse_engine_counts(pse_audit_engine(a))->dead, 1);
    assert_int_equal(pse_engine_counts(pse_audit_engine(a))->ballots_dead, 1);
    assert_true(pse_audit_is_passed(a, false));
    assert_false(pse_audit_is_passed(a, true));
    pse_audit_free(a);
}

static struct pse_audit *pinned(struct mini *m, const pse_hash *eid, struct pse_span policy)
{
    struct pse_audit_options o = {.group = m->g, .rng = &m->rng, .eid = eid, .policy = policy};
    struct pse_reader reader = mini_reader(m);
    struct pse_audit *a;

    assert_int_equal(pse_audit_run(&a, &o, &reader), PSE_OK);
    return a;
}

static void pins_must_be_equal(void **state)
{
    struct mini *m = *state;
    struct pse_audit *a;
    pse_hash eid;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    eid = *pse_engine_eid(m->engine);
    a = pinned(m, &eid, pse_buf_span(&m->policy));
    assert_true(pse_audit_is_passed(a, true));
    pse_audit_free(a);
    eid.b[0] ^= 1;
    a = pinned(m, &eid, pse_span(NULL, 0));
    assert_true(pse_audit_is_eid_unpinned(a));
    assert_false(pse_audit_is_passed(a, false));
    assert_int_equal(pse_audit_verdict(a), PSE_VERDICT_ACCEPTED);
    pse_audit_free(a);
    a = pinned(m, NULL, pse_span_str("quorum none\n"));
    assert_true(pse_audit_is_policy_unpinned(a));
    assert_false(pse_audit_is_passed(a, false));
    pse_audit_free(a);
}

static void findings_are_bounded_and_counted(void **state)
{
    struct mini *m = *state;
    struct pse_audit_options o = {.group = m->g, .rng = &m->rng, .findings_max = 3};
    struct pse_reader reader = mini_reader(m);
    struct pse_audit *a;

    mini_until(m, MINI_MIX);
    for (unsigned i = 0; i < 20; i++)
        mini_append(m, pse_span_str("rubbish"));
    mini_seal(m);
    assert_int_equal(pse_audit_run(&a, &o, &reader), PSE_OK);
    assert_int_equal(pse_audit_verdict(a), PSE_VERDICT_PREFIX);
    assert_int_equal(pse_audit_findings_total(a), 22); /* W001, 20 times V906, V909 */
    assert_int_equal(pse_audit_findings(a), 4);
    assert_int_equal(pse_audit_first(a)->rule, PSE_V906);
    assert_int_equal(pse_audit_use(a, PSE_V906)->failed, 20);
    pse_audit_free(a);
}

/* --- a world that changes --------------------------------------------------------------------- */

/* The record under a reader that cuts the k-th answer short, or fails it. */
struct faulty {
    struct mini *m;
    struct pse_reader inner;
    unsigned calls, at;
    bool is_cut;
};

static bool is_due(struct faulty *f)
{
    return ++f->calls == f->at;
}

static pse_rc faulty_file(void *ctx, uint8_t *out, size_t *n, size_t cap, const char *path)
{
    struct faulty *f = ctx;
    pse_rc rc = f->inner.file(f->inner.ctx, out, n, cap, path);

    if (rc != PSE_OK || !is_due(f))
        return rc;
    *n /= 2;
    return f->is_cut ? PSE_OK : PSE_E_IO;
}

static pse_rc faulty_size(void *ctx, uint64_t *size, const pse_hash *hash)
{
    struct faulty *f = ctx;
    pse_rc rc = f->inner.blob_size(f->inner.ctx, size, hash);

    if (rc != PSE_OK || !is_due(f))
        return rc;
    *size *= 2;
    return f->is_cut ? PSE_OK : PSE_E_IO;
}

static pse_rc faulty_read(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash)
{
    struct faulty *f = ctx;
    pse_rc rc = f->inner.blob_read(f->inner.ctx, out, at, n, hash);

    if (rc != PSE_OK || !is_due(f))
        return rc;
    memset(out, 0, n / 2);
    return f->is_cut ? PSE_OK : PSE_E_IO;
}

/* Whatever answer of the world is wrong, and however: never accepted, never worse than refused. */
static void no_wrong_answer_is_accepted(void **state)
{
    struct mini *m = *state;
    unsigned all = UINT32_MAX;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    for (unsigned is_cut = 0; is_cut < 2; is_cut++)
        for (unsigned at = 1; at <= all; at++) {
            struct faulty f = {m, mini_reader(m), 0, at, is_cut == 1};
            struct pse_reader reader = {&f, faulty_file, faulty_size, faulty_read};
            struct pse_audit_options o = {.group = m->g, .rng = &m->rng};
            struct pse_audit *a;
            pse_rc rc = pse_audit_run(&a, &o, &reader);

            if (f.calls < at) {
                all = at;
                assert_int_equal(rc, PSE_OK);
                assert_true(pse_audit_is_passed(a, true));
            } else if (rc == PSE_OK) {
                assert_int_equal(pse_audit_verdict(a), PSE_VERDICT_NOT_ACCEPTED);
            } else {
                assert_int_equal(rc, PSE_E_IO);
                assert_null(a);
            }
            pse_audit_free(a);
        }
}

static void no_checkpoint_is_no_record(void **state)
{
    struct mini *m = *state;
    struct pse_audit_options o = {.group = m->g, .rng = &m->rng};
    struct pse_reader reader = mini_reader(m);
    struct pse_audit *a;

    assert_int_equal(pse_audit_run(&a, &o, &reader), PSE_E_MISSING);
    assert_null(a);
}

/* A checkpoint that promises more than there is costs nothing. */
static void enormous_size_stated(void **state)
{
    struct mini *m = *state;
    pse_hash root;

    mini_until(m, MINI_COMMIT);
    mini_seal(m);
    pse_engine_root(m->engine, &root);
    mini_checkpoint(m, UINT64_MAX, &root, 7);
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V903, PSE_NO_ENTRY));
}

/* --- documents -------------------------------------------------------------------------------- */

static void documents_of_the_manifest(void **state)
{
    struct mini *m = *state;
    static const char text[] = "{\"version\":1}";
    char member[200];
    char hex[65];
    struct pse_audit *a;
    struct pse_span got;
    pse_hash hash;
    PSE_ARENA(arena, 1 << 20);

    hash = mini_blob(m, pse_span_str(text));
    pse_hex_encode(hex, hash.b, 32);
    snprintf(member, sizeof member, "\"documents\":[{\"name\":\"counting\",\"sha256\":\"%s\"}]",
             hex);
    mini_edit(&m->manifest, "\"documents\":[]", member);
    mini_until(m, MINI_DONE);
    a = audited(m);
    assert_int_equal(pse_audit_verdict(a), PSE_VERDICT_ACCEPTED);
    assert_int_equal(pse_audit_document(a, &got, &arena, "counting", 100), PSE_OK);
    assert_true(pse_span_is_str(got, text));
    assert_int_equal(pse_audit_document(a, &got, &arena, "counting", 5), PSE_E_LIMIT);
    assert_int_equal(pse_audit_document(a, &got, &arena, "other", 100), PSE_E_MISSING);
    mini_blob_find(m, &hash)->bytes.p[0] ^= 1;
    assert_int_equal(pse_audit_document(a, &got, &arena, "counting", 100), PSE_E_MISMATCH);
    mini_blob_find(m, &hash)->is_absent = true;
    assert_int_equal(pse_audit_document(a, &got, &arena, "counting", 100), PSE_E_MISSING);
    pse_audit_free(a);
    /* documents are not required */
    assert_true(mini_is_sealed(m, PSE_VERDICT_ACCEPTED, 0, 0));
}

/* --- progress and time ------------------------------------------------------------------------ */

struct watched {
    uint64_t last, ticks, calls;
    unsigned mixes;
};

static void watch(void *ctx, uint64_t done, uint64_t total, uint8_t type)
{
    struct watched *w = ctx;

    assert_true(done >= w->last && done <= total);
    w->last = done;
    w->calls++;
    w->mixes += type == PSE_ENTRY_MIX;
}

static uint64_t tick(void *ctx)
{
    return ((struct watched *)ctx)->ticks += 1000;
}

static void progress_and_time_are_told(void **state)
{
    struct mini *m = *state;
    struct watched w = {0};
    struct pse_audit_options o = {.group = m->g,
                                  .rng = &m->rng,
                                  .now = tick,
                                  .now_ctx = &w,
                                  .progress = watch,
                                  .progress_ctx = &w};
    struct pse_reader reader = mini_reader(m);
    struct pse_audit *a;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    assert_int_equal(pse_audit_run(&a, &o, &reader), PSE_OK);
    assert_int_equal(w.last, m->entries);
    assert_int_equal(w.mixes, 4);
    assert_true(pse_audit_use(a, PSE_V604)->nanoseconds >= 4000);
    assert_true(pse_audit_use(a, PSE_V401)->nanoseconds >= 1000);
    assert_true(pse_audit_use(a, PSE_V903)->nanoseconds >= 1000);
    pse_audit_free(a);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH(honest_election_is_accepted),      WITH(counts_that_must_be_printed),
        WITH(result_is_what_was_voted),         WITH(names_of_witnesses),
        WITH(strict_mode_refuses_dead_entries), WITH(pins_must_be_equal),
        WITH(findings_are_bounded_and_counted), WITH(no_wrong_answer_is_accepted),
        WITH(no_checkpoint_is_no_record),       WITH(enormous_size_stated),
        WITH(documents_of_the_manifest),        WITH(progress_and_time_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
