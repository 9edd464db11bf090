/* The roll (V301-V303), revocations (V409), and the warnings of setup and close (W002, W005). */
#include "election/engine.h"
#include "tamper.h"

/* --- roster ----------------------------------------------------------------------------------- */

static void v301_not_sorted(void **state)
{
    static const struct mini_enrolment two[] = {{0, 10, 1}, {1, 10, 1}};
    struct mini *m = *state;
    struct pse_buf b;
    uint8_t swap[PSE_ROSTER_RECORD];

    mini_until(m, MINI_ROSTER);
    mini_roster(m, &b, two, 2);
    memcpy(swap, b.p + 38, sizeof swap);
    memcpy(b.p + 38, b.p + 38 + sizeof swap, sizeof swap);
    memcpy(b.p + 38 + sizeof swap, swap, sizeof swap);
    dead(m, PSE_V301, append_signed(m, &b));
}

static void v301_twice_in_one_batch(void **state)
{
    static const struct mini_enrolment two[] = {{0, 10, 1}, {1, 10, 1}};
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_ROSTER);
    mini_roster(m, &b, two, 2);
    memcpy(b.p + 38 + PSE_ROSTER_RECORD, b.p + 38, 32);
    dead(m, PSE_V301, append_signed(m, &b));
}

static void v301_seen_in_an_earlier_batch(void **state)
{
    static const struct mini_enrolment again[] = {{3, 20, 1}, {MINI_LATE, 10, 1}};
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_OPEN);
    mini_roster(m, &b, again, 2);
    dead(m, PSE_V301, append(m, &b));
}

static void v301_seen_as_replacement(void **state)
{
    static const struct mini_enrolment again = {MINI_REPLACEMENT, 10, 1};
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    mini_roster(m, &b, &again, 1);
    dead(m, PSE_V301, append(m, &b));
}

static void v301_seen_and_revoked_since(void **state)
{
    static const struct mini_enrolment again = {6, 30, 5};
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_OPEN);
    mini_change(m, 6, PSE_CHANGE_REVOKE, NULL);
    mini_roster(m, &b, &again, 1);
    stuck(m, PSE_V301, append(m, &b));
}

static void v302_bad_record(void **state)
{
    static const struct mini_enrolment bad[] = {
        {MINI_LATE, 11, 1},              /* no such style */
        {MINI_LATE, 10, 0},              /* no weight */
        {MINI_LATE, 10, 2},              /* weight with a mix contest */
        {MINI_LATE, 30, (1u << 20) + 1}, /* too heavy */
        {MINI_LATE, 30, UINT32_MAX},
    };
    struct mini *m = *state;
    uint64_t first = 0;

    mini_until(m, MINI_OPEN);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pse_buf b;
        uint64_t at;

        mini_roster(m, &b, &bad[i], 1);
        at = append(m, &b);
        first = i == 0 ? at : first;
    }
    dead(m, PSE_V302, first);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(mini_has(m, PSE_V302, first + i));
}

/* A million records would be needed to get there honestly. */
static void v302_sum_of_weights(void **state)
{
    static const struct mini_enrolment heavy = {MINI_LATE, 30, 8};
    struct mini *m = *state;
    struct pse_buf b;
    uint16_t rule;

    mini_until(m, MINI_OPEN);
    mini_roster(m, &b, &heavy, 1);
    m->engine->roll.weight = (UINT64_C(1) << 40) - 9;
    assert_int_equal(pse_engine_check(m->engine, &rule, pse_buf_span(&b)), PSE_OK);
    m->engine->roll.weight++;
    assert_int_equal(pse_engine_check(m->engine, &rule, pse_buf_span(&b)), PSE_E_MISMATCH);
    assert_int_equal(rule, PSE_V302);
    pse_buf_free(&b);
}

static void roster_in_open_needs_late_roster(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->manifest, "\"late_roster\":true", "\"late_roster\":false");
    mini_until(m, MINI_VOTE);
    {
        static const struct mini_enrolment late = {MINI_LATE, 10, 1};
        struct pse_buf b;

        mini_roster(m, &b, &late, 1);
        stuck(m, PSE_V908, append(m, &b));
    }
}

/* --- credential-change ------------------------------------------------------------------------ */

static void v303_old_is_not_active(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_CLOSE);
    dead(m, PSE_V303, mini_change(m, MINI_REPLACED, PSE_CHANGE_REVOKE, NULL));
}

static void v303_old_is_unknown(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_OPEN);
    dead(m, PSE_V303, mini_change(m, MINI_LATE, PSE_CHANGE_REVOKE, NULL));
}

static void v303_new_was_seen(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_CLOSE);
    dead(m, PSE_V303, mini_change(m, 0, PSE_CHANGE_REPLACE, &m->credential[MINI_REPLACED]));
}

static void v303_new_is_old(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_OPEN);
    dead(m, PSE_V303, mini_change(m, 0, PSE_CHANGE_REPLACE, &m->credential[0]));
}

static void v303_new_is_identity(void **state)
{
    static const pse_enc zero;
    struct mini *m = *state;

    mini_until(m, MINI_OPEN);
    dead(m, PSE_V303, mini_change(m, 0, PSE_CHANGE_REPLACE, &zero));
}

static void v303_revoke_names_a_new_one(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_OPEN);
    dead(m, PSE_V303, mini_change(m, 0, PSE_CHANGE_REVOKE, &m->credential[MINI_LATE]));
}

static void replacement_inherits_style_and_weight(void **state)
{
    struct mini *m = *state;
    struct pse_credential_view view;

    mini_until(m, MINI_OPEN);
    mini_change(m, 6, PSE_CHANGE_REPLACE, &m->credential[MINI_REPLACEMENT]);
    assert_int_equal(pse_engine_credential(m->engine, &view, &m->credential[MINI_REPLACEMENT]),
                     PSE_OK);
    assert_int_equal(view.style, 30);
    assert_int_equal(view.weight, 5);
    assert_true(view.is_active);
    assert_int_equal(pse_engine_credential(m->engine, &view, &m->credential[6]), PSE_OK);
    assert_false(view.is_active);
}

/* --- ballot-revoke ---------------------------------------------------------------------------- */

static void v409_forged_in_open(void **state)
{
    struct mini *m = *state;
    const uint8_t revoke = PSE_REVOKE_REVOKE;
    const uint8_t restore = PSE_REVOKE_RESTORE;
    uint64_t bad[8];
    size_t n = 0;

    mini_until(m, MINI_CLOSE);
    bad[n++] = mini_revoke(m, 0, revoke, PSE_REASON_PAPER);    /* no ballot entry */
    bad[n++] = mini_revoke(m, 1000, revoke, PSE_REASON_PAPER); /* nothing yet */
    bad[n++] = mini_revoke(m, UINT64_MAX, revoke, PSE_REASON_PAPER);
    bad[n++] = mini_revoke(m, m->ballot[4], revoke, PSE_REASON_PAPER);    /* stands already */
    bad[n++] = mini_revoke(m, m->ballot[0], restore, PSE_REASON_PAPER);   /* nothing stands */
    bad[n++] = mini_revoke(m, m->ballot[4], restore, PSE_REASON_REQUEST); /* another reason */
    bad[n++] = mini_revoke(m, m->ballot[1], restore, PSE_REASON_PAPER);   /* restored already */
    dead(m, PSE_V409, bad[0]);
    for (size_t i = 0; i < n; i++)
        assert_true(mini_has(m, PSE_V409, bad[i]));
}

static void v409_forged_in_closed(void **state)
{
    struct mini *m = *state;
    uint64_t bad;

    mini_until(m, MINI_CLOSED);
    bad = mini_revoke(m, m->ballot[6], PSE_REVOKE_REVOKE, PSE_REASON_NOT_ENTITLED);
    mini_revoke(m, m->ballot[6], PSE_REVOKE_REVOKE, PSE_REASON_REQUEST);
    mini_revoke(m, m->ballot[6], PSE_REVOKE_REVOKE, PSE_OTHER);
    dead(m, PSE_V409, bad);
    assert_true(mini_has(m, PSE_V409, bad + 1));
    assert_true(mini_has(m, PSE_V409, bad + 2));
}

static int64_t rev(const struct mini *m, size_t voter)
{
    struct pse_credential_view view;

    PSE_REQUIRE(pse_engine_credential(m->engine, &view, &m->credential[voter]) == PSE_OK);
    return view.rev;
}

/* Revocations of one credential stack up and come off in the opposite order. */
static void revocations_form_a_stack(void **state)
{
    struct mini *m = *state;
    uint64_t one, two;
    uint64_t bad;

    mini_until(m, MINI_VOTE);
    one = mini_vote(m, 0, 1);
    two = mini_vote(m, 0, 2);
    assert_int_equal(rev(m, 0), -1);
    mini_revoke(m, one, PSE_REVOKE_REVOKE, PSE_REASON_PAPER);
    assert_int_equal(rev(m, 0), one);
    mini_revoke(m, two, PSE_REVOKE_REVOKE, PSE_REASON_REQUEST);
    assert_int_equal(rev(m, 0), two);
    bad = mini_revoke(m, one, PSE_REVOKE_RESTORE, PSE_REASON_PAPER);
    mini_revoke(m, one, PSE_REVOKE_REVOKE, PSE_REASON_PAPER);
    assert_int_equal(rev(m, 0), two);
    mini_revoke(m, two, PSE_REVOKE_RESTORE, PSE_REASON_REQUEST);
    assert_int_equal(rev(m, 0), one);
    mini_revoke(m, one, PSE_REVOKE_RESTORE, PSE_REASON_PAPER);
    assert_int_equal(rev(m, 0), -1);
    mini_seal(m);
    assert_true(mini_is_sealed(m, PSE_VERDICT_PREFIX, PSE_V409, bad));
    assert_true(mini_has(m, PSE_V409, bad + 1));
}

/* Revocation of an older ballot leaves a later one standing; of the last, nothing counts. */
static void out_is_what_stands_at_or_below_rev(void **state)
{
    struct mini *m = *state;
    uint64_t one, two;
    uint32_t count;
    pse_hash digest;

    mini_until(m, MINI_VOTE);
    one = mini_vote(m, 0, 1);
    two = mini_vote(m, 0, 2);
    mini_revoke(m, one, PSE_REVOKE_REVOKE, PSE_REASON_PAPER);
    assert_int_equal(pse_engine_admitted(m->engine, &count, &digest), PSE_OK);
    assert_int_equal(count, 1);
    mini_revoke(m, two, PSE_REVOKE_REVOKE, PSE_REASON_PAPER);
    assert_int_equal(pse_engine_admitted(m->engine, &count, &digest), PSE_OK);
    assert_int_equal(count, 0);
    mini_vote(m, 0, 3);
    assert_int_equal(pse_engine_admitted(m->engine, &count, &digest), PSE_OK);
    assert_int_equal(count, 1);
    mini_change(m, 0, PSE_CHANGE_REVOKE, NULL);
    assert_int_equal(pse_engine_admitted(m->engine, &count, &digest), PSE_OK);
    assert_int_equal(count, 0);
}

/* --- warnings --------------------------------------------------------------------------------- */

static void w002_one_mixer_is_enough(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->manifest, "\"mix_min\":2", "\"mix_min\":1");
    mini_until(m, MINI_DONE);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
    assert_true(mini_has(m, PSE_W002, 0));
}

static void w005_closed_early_for_no_early_reason(void **state)
{
    struct mini *m = *state;
    uint64_t at;

    mini_until(m, MINI_CLOSE);
    at = mini_close_entry(m, PSE_CLOSE_SCHEDULED, 1999);
    mini_skip(m);
    mini_until(m, MINI_DONE);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
    assert_true(mini_has(m, PSE_W005, at));
}

static void closed_early_and_said_so(void **state)
{
    struct mini *m = *state;
    struct pse_audit *a;

    mini_until(m, MINI_CLOSE);
    mini_close_entry(m, PSE_CLOSE_EARLY, 1999);
    mini_skip(m);
    mini_until(m, MINI_DONE);
    mini_seal(m);
    a = mini_audit(m);
    assert_int_equal(pse_audit_use(a, PSE_W005)->failed, 0);
    pse_audit_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HONEST(v301_not_sorted),
        HONEST(v301_twice_in_one_batch),
        HONEST(v301_seen_in_an_earlier_batch),
        HONEST(v301_seen_as_replacement),
        HONEST(v301_seen_and_revoked_since),
        HONEST(v302_bad_record),
        HONEST(v302_sum_of_weights),
        HONEST(roster_in_open_needs_late_roster),
        HONEST(v303_old_is_not_active),
        HONEST(v303_old_is_unknown),
        HONEST(v303_new_was_seen),
        HONEST(v303_new_is_old),
        HONEST(v303_new_is_identity),
        HONEST(v303_revoke_names_a_new_one),
        HONEST(replacement_inherits_style_and_weight),
        HONEST(v409_forged_in_open),
        HONEST(v409_forged_in_closed),
        HONEST(revocations_form_a_stack),
        HONEST(out_is_what_stands_at_or_below_rev),
        HONEST(w002_one_mixer_is_enough),
        HONEST(w005_closed_early_for_no_early_reason),
        HONEST(closed_early_and_said_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
