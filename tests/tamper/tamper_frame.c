/* Frames, signatures and states: V906, V907, V908; and any single bit of any entry. */
#include "tamper.h"

/* Bytes of a whole election's entry of @p type, first of its kind. */
static uint64_t entry_of(const struct mini *m, uint8_t type)
{
    for (size_t i = 0; i < m->entries; i++)
        if (m->entry[i].p[0] == type)
            return i;
    fail_msg("no entry of type %02x", type);
    return 0;
}

/* --- V906 ------------------------------------------------------------------------------------- */

/* Change one byte of a well-formed entry, signed again. */
struct change {
    uint8_t type;
    size_t at;
    uint8_t to;
};

/* Bodies start at 36. */
static const struct change changes[] = {
    {PSE_ENTRY_CLOSE, 0, 0x43},                /* no such type */
    {PSE_ENTRY_CLOSE, 0, 0x00},                /* no such type */
    {PSE_ENTRY_CLOSE, 1, 2},                   /* version */
    {PSE_ENTRY_CLOSE, 2, 0},                   /* eid */
    {PSE_ENTRY_CLOSE, 34, 3},                  /* the board cannot close */
    {PSE_ENTRY_CLOSE, 35, 1},                  /* index */
    {PSE_ENTRY_CLOSE, 36 + 40, 4},             /* reason */
    {PSE_ENTRY_CLOSE, 36 + 40, 255},           /* close has a reason "other" */
    {PSE_ENTRY_MIX, 34, 4},                    /* a trustee cannot mix */
    {PSE_ENTRY_DKG_CONFIRM, 36, 0xff},         /* Y is no point */
    {PSE_ENTRY_BALLOT_REVOKE, 36 + 8, 3},      /* action */
    {PSE_ENTRY_BALLOT_REVOKE, 36 + 9, 5},      /* reason */
    {PSE_ENTRY_BALLOT_REVOKE, 36 + 9, 0},      /* reason */
    {PSE_ENTRY_ROSTER, 36, 4},                 /* more records than 900 */
    {PSE_ENTRY_ROSTER, 37, 0},                 /* no records */
    {PSE_ENTRY_ROSTER, 38, 0xff},              /* credential is no point */
    {PSE_ENTRY_OPEN, 36 + 31, 0xff},           /* Y is no point */
    {PSE_ENTRY_DECRYPT, 36 + 72, 0xff},        /* T1 is no point */
    {PSE_ENTRY_DECRYPT, 36 + 72 + 95, 0xff},   /* z is not canonical */
    {PSE_ENTRY_CREDENTIAL_CHANGE, 36 + 32, 3}, /* action */
};

/* 255 is "other" for every reason. */
static bool is_permitted(const struct change *c)
{
    return c->to == 255 && c->at == 76;
}

static void v906_fields(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const struct change *c = &changes[i];
        uint64_t at = entry_of(m, c->type);
        struct pse_buf kept = m->entry[at];
        struct pse_buf b = PSE_BUF(PSE_ENTRY_MAX);
        struct pse_audit *a;
        const struct pse_finding *first;

        pse_buf_put(&b, kept.p, kept.n);
        b.p[c->at] = c->to;
        if (b.p[34] != PSE_ROLE_TRUSTEE || b.p[35] <= MINI_TRUSTEES)
            mini_sign(m, &b);
        m->entry[at] = b;
        mini_seal(m);
        a = mini_audit(m);
        first = pse_audit_first(a);
        if (is_permitted(c)) {
            /* well-formed; only the size of the tree that follows has another root */
            assert_true(first == NULL || first->rule != PSE_V906);
        } else if (first == NULL || first->rule != PSE_V906 || first->entry != at) {
            fail_msg("change %zu: %u at %lld", i, first == NULL ? 0 : first->rule,
                     first == NULL ? -1 : (long long)first->entry);
        }
        pse_audit_free(a);
        pse_buf_free(&b);
        m->entry[at] = kept;
    }
}

static void v906_lengths(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    for (size_t at = 1; at < m->entries; at++) {
        struct pse_buf *b = &m->entry[at];

        if (b->p[0] == PSE_ENTRY_BALLOT)
            continue;
        b->n--;
        mini_seal(m);
        assert_true(mini_has(m, PSE_V906, at));
        b->n = 0;
        mini_seal(m);
        assert_true(mini_has(m, PSE_V906, at));
        b->n = b->max - 1;
    }
}

static void v906_complaint_about_oneself_or_nobody(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_buf b;
    uint64_t first;

    mini_until(m, MINI_CONFIRM);
    e = mini_complaint(m, 1, 2);
    mini_build(m, &b, &e);
    b.p[36] = 1;
    mini_sign(m, &b);
    first = mini_append(m, pse_buf_span(&b));
    b.p[36] = 0;
    mini_sign(m, &b);
    mini_append(m, pse_buf_span(&b));
    b.p[36] = MINI_TRUSTEES + 1;
    append_signed(m, &b);
    dead(m, PSE_V906, first);
    assert_true(mini_has(m, PSE_V906, first + 1));
    assert_true(mini_has(m, PSE_V906, first + 2));
}

/* --- V907 ------------------------------------------------------------------------------------- */

static void v907_signed_by_another_role(void **state)
{
    struct mini *m = *state;
    struct pse_entry e = mini_entry(PSE_ENTRY_ABORT, PSE_ROLE_AUTHORITY, 0);
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    e.u.abort.reason = PSE_ABORT_DECISION;
    mini_build(m, &b, &e);
    m->authority.b[0] ^= 1;
    mini_sign(m, &b);
    m->authority.b[0] ^= 1;
    dead(m, PSE_V907, append(m, &b));
}

static void v907_setup_leaves_nothing(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    m->entry[0].p[m->entry[0].n - 1] ^= 1;
    mini_seal(m);
    assert_true(mini_is_sealed(m, PSE_VERDICT_PREFIX, PSE_V907, 0));
    assert_true(mini_has(m, PSE_V908, 1));
}

/* After a failed signature the rules of the type are still applied. */
static void v907_does_not_hide_the_rules_of_the_type(void **state)
{
    struct mini *m = *state;
    struct pse_entry e = mini_entry(PSE_ENTRY_OPEN, PSE_ROLE_AUTHORITY, 0);
    struct pse_buf b;
    uint64_t bad;

    mini_until(m, MINI_OPEN);
    e.u.open.y = m->credential[0];
    mini_build(m, &b, &e);
    b.p[b.n - 1] ^= 1;
    bad = append(m, &b);
    dead(m, PSE_V207, bad);
    assert_true(mini_has(m, PSE_V907, bad));
}

/* --- V908 ------------------------------------------------------------------------------------- */

/* Every entry once more, at the end of the ceremony, of the vote, of mixing, of all: what has had
 * its time is dead, whatever it was. */
static void v908_out_of_time(void **state)
{
    static const enum mini_stage stages[] = {MINI_OPEN, MINI_FREEZE, MINI_MIX_END, MINI_DONE};
    struct mini *m = *state;

    for (size_t k = 0; k < sizeof stages / sizeof stages[0]; k++) {
        size_t n;
        uint64_t before;

        mini_until(m, stages[k]);
        n = m->entries;
        before = pse_engine_counts(m->engine)->dead;
        for (size_t i = 0; i < n && m->entries < MINI_ENTRIES_MAX; i++) {
            uint8_t type = m->entry[i].p[0];

            /* in CLOSED a ballot may be revoked again */
            if ((k < 3 && type >= PSE_ENTRY_MIX_END) || type == PSE_ENTRY_BALLOT_REVOKE)
                continue;
            mini_append(m, pse_buf_span(&m->entry[i]));
            assert_int_equal(pse_engine_counts(m->engine)->dead, ++before);
        }
        if (k == 0)
            stuck(m, PSE_V908, n);
        mini_close(m);
        mini_open(m);
    }
}

static void second_setup(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_COMMIT);
    dead(m, PSE_V908, mini_append(m, pse_buf_span(&m->entry[0])));
}

static void aborted_in_every_state(void **state)
{
    struct mini *m = *state;
    static const enum mini_stage stages[] = {MINI_COMMIT, MINI_VOTE,    MINI_CLOSED,
                                             MINI_MIX,    MINI_DECRYPT, MINI_RESULT};

    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        mini_until(m, stages[i]);
        mini_abort(m);
        mini_statement(m, pse_span_str("why"));
        mini_end_entry(m);
        assert_true(mini_is(m, PSE_VERDICT_ABORTED, 0, 0));
        mini_close(m);
        mini_open(m);
    }
}

static void nothing_but_notices_after_abort(void **state)
{
    struct mini *m = *state;
    uint64_t bad;

    mini_until(m, MINI_CLOSE);
    mini_abort(m);
    bad = mini_vote(m, 6, 1);
    mini_close_entry(m, PSE_CLOSE_EARLY, 0);
    mini_end_entry(m);
    assert_true(mini_is(m, PSE_VERDICT_ABORTED, PSE_V908, bad));
    assert_true(mini_has(m, PSE_V908, bad + 1));
}

static void no_abort_after_the_result(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_END);
    dead(m, PSE_V908, mini_abort(m));
}

/* --- any bit ---------------------------------------------------------------------------------- */

static void any_flipped_bit_is_found_where_it_is(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    for (unsigned k = 0; k < 150; k++) {
        size_t i = 1 + (size_t)pse_rng_below(&m->rng, m->entries - 1);
        size_t at = (size_t)pse_rng_below(&m->rng, m->entry[i].n);
        uint8_t bit = (uint8_t)(1u << pse_rng_below(&m->rng, 8));
        struct pse_audit *a;
        const struct pse_finding *first;

        m->entry[i].p[at] ^= bit;
        mini_seal(m);
        a = mini_audit(m);
        first = pse_audit_first(a);
        if (first == NULL || first->entry != i)
            fail_msg("entry %zu byte %zu bit %02x", i, at, bit);
        pse_audit_free(a);
        m->entry[i].p[at] ^= bit;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HONEST(v906_fields),
        HONEST(v906_lengths),
        HONEST(v906_complaint_about_oneself_or_nobody),
        HONEST(v907_signed_by_another_role),
        HONEST(v907_setup_leaves_nothing),
        HONEST(v907_does_not_hide_the_rules_of_the_type),
        HONEST(v908_out_of_time),
        HONEST(second_setup),
        HONEST(aborted_in_every_state),
        HONEST(nothing_but_notices_after_abort),
        HONEST(no_abort_after_the_result),
        HONEST(any_flipped_bit_is_found_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
