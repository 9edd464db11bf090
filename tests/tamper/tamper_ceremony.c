/* The trustees' ceremony (V201-V206) and the opening (V207). */
#include "tamper.h"

static uint64_t put_reveal(struct mini *m, uint8_t i)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_DKG_REVEAL, PSE_ROLE_TRUSTEE, i);

    e.u.dkg_reveal.proof = pse_span(m->reveal[i - 1], sizeof m->reveal[0]);
    return mini_put(m, &e);
}

static void v201_reveals_what_was_not_committed(void **state)
{
    struct mini *m = *state;
    pse_dkg_secret kept;
    uint8_t reveal[sizeof m->reveal[0]];
    uint64_t bad;

    mini_until(m, MINI_REVEAL);
    kept = m->polynomial[0];
    memcpy(reveal, m->reveal[0], sizeof reveal);
    mini_deal(m, 1);
    bad = put_reveal(m, 1);
    m->polynomial[0] = kept;
    memcpy(m->reveal[0], reveal, sizeof reveal);
    dead(m, PSE_V201, bad);
}

/* Committed to, so that nothing but the reveal itself is wrong. */
static uint64_t reveal_spoilt(struct mini *m, size_t at)
{
    uint64_t bad;

    mini_until(m, MINI_COMMIT);
    for (uint8_t i = 1; i <= MINI_TRUSTEES; i++) {
        mini_deal(m, i);
        if (i == 1)
            m->reveal[0][at] ^= 1;
        mini_commit(m, i);
    }
    mini_skip(m);
    bad = put_reveal(m, 1);
    mini_abort(m);
    mini_end_entry(m);
    return bad;
}

static void v202_proof_of_possession_fails(void **state)
{
    struct mini *m = *state;
    uint64_t bad = reveal_spoilt(m, sizeof m->reveal[0] - 32);

    assert_true(mini_is(m, PSE_VERDICT_ABORTED, PSE_V202, bad));
}

static void v202_point_not_canonical(void **state)
{
    struct mini *m = *state;
    uint64_t bad = reveal_spoilt(m, 0);

    assert_true(mini_is(m, PSE_VERDICT_ABORTED, PSE_V202, bad));
}

static uint64_t put_shares(struct mini *m, uint8_t i, size_t spoil, uint8_t with)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_DKG_SHARES, PSE_ROLE_TRUSTEE, i);
    uint8_t body[(MINI_TRUSTEES - 1) * PSE_DKG_SHARE_SIZE];

    mini_shares(m, body, i);
    body[spoil] ^= with;
    e.u.dkg_shares.records = pse_span(body, sizeof body);
    return mini_put(m, &e);
}

static void v203_share_proof_fails(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_SHARES);
    dead(m, PSE_V203, put_shares(m, 2, 2 * PSE_DKG_SHARE_SIZE - 32, 1));
}

static void v203_scalar_not_canonical(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_SHARES);
    dead(m, PSE_V203, put_shares(m, 2, PSE_DKG_SHARE_SIZE - 1, 0xf0));
}

static void v204_complaint_proof_fails(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_buf bytes;

    mini_until(m, MINI_CONFIRM);
    e = mini_complaint(m, 1, 2);
    mini_build(m, &bytes, &e);
    bytes.p[bytes.n - 64 - 32] ^= 1;
    dead(m, PSE_V204, append_signed(m, &bytes));
}

static uint8_t at_fault(struct mini *m)
{
    struct pse_ceremony c;

    pse_engine_ceremony(m->engine, &c);
    return c.at_fault;
}

static void complaint_without_reason_blames_its_author(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_CONFIRM);
    e = mini_complaint(m, 1, 2);
    mini_put(m, &e);
    assert_int_equal(pse_engine_state(m->engine), PSE_STATE_ABORT);
    assert_int_equal(at_fault(m), 1);
    mini_end_entry(m);
    assert_true(mini_is(m, PSE_VERDICT_ABORTED, 0, 0));
}

/* A dealer hands out shares of another polynomial, properly encrypted and proved. */
static void complaint_with_reason_blames_the_dealer(void **state)
{
    struct mini *m = *state;
    struct pse_entry e = mini_entry(PSE_ENTRY_DKG_SHARES, PSE_ROLE_TRUSTEE, 2);
    uint8_t body[(MINI_TRUSTEES - 1) * PSE_DKG_SHARE_SIZE];
    pse_dkg_secret true_one;

    mini_until(m, MINI_SHARES);
    true_one = m->polynomial[1];
    pse_dkg_secret_random(&m->polynomial[1], MINI_THRESHOLD, &m->rng);
    mini_shares(m, body, 2);
    m->polynomial[1] = true_one;
    e.u.dkg_shares.records = pse_span(body, sizeof body);
    mini_put(m, &e);
    mini_until(m, MINI_CONFIRM); /* the stage's own shares of trustee 2 come second: dead */
    e = mini_complaint(m, 1, 2);
    mini_put(m, &e);
    assert_int_equal(at_fault(m), 2);
    mini_end_entry(m);
    mini_seal(m);
    assert_true(mini_is_sealed(m, PSE_VERDICT_ABORTED, PSE_V908, m->entries - 4));
}

static void v205_another_joint_key(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_CONFIRM);
    e = mini_confirm(m, 2);
    e.u.dkg_confirm.y = m->credential[0];
    dead(m, PSE_V205, mini_put(m, &e));
}

static void v205_another_verification_key(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_CONFIRM);
    e = mini_confirm(m, 2);
    e.u.dkg_confirm.v = m->credential[0];
    dead(m, PSE_V205, mini_put(m, &e));
}

static void v206_confirm_proof_fails(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_CONFIRM);
    e = mini_confirm(m, 2);
    pse_scalar_add(&e.u.dkg_confirm.z, &e.u.dkg_confirm.z, &e.u.dkg_confirm.z);
    dead(m, PSE_V206, mini_put(m, &e));
}

static struct pse_entry open_entry(struct mini *m)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_OPEN, PSE_ROLE_AUTHORITY, 0);

    PSE_REQUIRE(pse_engine_joint_key(m->engine, &e.u.open.y) == PSE_OK);
    e.u.open.roster_size = pse_engine_active(m->engine);
    return e;
}

static void v207_another_key(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_OPEN);
    e = open_entry(m);
    e.u.open.y = m->credential[0];
    dead(m, PSE_V207, mini_put(m, &e));
}

static void v207_another_roster_size(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_OPEN);
    e = open_entry(m);
    e.u.open.roster_size++;
    dead(m, PSE_V207, mini_put(m, &e));
}

static void v207_counts_active_credentials_only(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_OPEN);
    e = open_entry(m);
    mini_change(m, 6, PSE_CHANGE_REVOKE, NULL);
    stuck(m, PSE_V207, mini_put(m, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HONEST(v201_reveals_what_was_not_committed),
        HONEST(v202_proof_of_possession_fails),
        HONEST(v202_point_not_canonical),
        HONEST(v203_share_proof_fails),
        HONEST(v203_scalar_not_canonical),
        HONEST(v204_complaint_proof_fails),
        HONEST(complaint_without_reason_blames_its_author),
        HONEST(complaint_with_reason_blames_the_dealer),
        HONEST(v205_another_joint_key),
        HONEST(v205_another_verification_key),
        HONEST(v206_confirm_proof_fails),
        HONEST(v207_another_key),
        HONEST(v207_another_roster_size),
        HONEST(v207_counts_active_credentials_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
