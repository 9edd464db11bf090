/* Ballots: V401-V411, and tampering with meaning. */
#include "election/engine.h"
#include "tamper.h"

static const pse_hash none;

/* Voter 3 votes once more under style 20 (contest 3, w = 2, then contest 1), properly chained. */
static void another(struct mini *m, struct pse_buf *b)
{
    mini_ballot(m, b, 3, 20, &m->prev[3], 7);
}

/* --- V401 ------------------------------------------------------------------------------------- */

static void v401_form(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;
    uint64_t first;

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    pse_buf_put(&b, "x", 1); /* trailing byte */
    mini_ballot_sign(m, &b, 3);
    first = append(m, &b);
    another(m, &b);
    b.n -= 32; /* a field short */
    append(m, &b);
    another(m, &b);
    b.n = 34; /* nothing but its head */
    append(m, &b);
    another(m, &b);
    b.p[67] ^= 1; /* style 21 */
    mini_ballot_sign(m, &b, 3);
    append(m, &b);
    another(m, &b);
    b.p[101] ^= 1; /* contest 2 where 3 belongs */
    mini_ballot_sign(m, &b, 3);
    append(m, &b);
    another(m, &b);
    memset(b.p + 102, 0, 32); /* A is the identity */
    mini_ballot_sign(m, &b, 3);
    append(m, &b);
    another(m, &b);
    memset(b.p + 102, 0xff, 32); /* A is no point */
    mini_ballot_sign(m, &b, 3);
    append(m, &b);
    another(m, &b);
    memset(b.p + b.n - 32, 0xff, 32); /* z is not canonical */
    append(m, &b);
    dead(m, PSE_V401, first);
    for (uint64_t i = first; i < first + 8; i++)
        assert_true(mini_has(m, PSE_V401, i));
}

static void v906_shorter_than_its_head(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    b.n = 33;
    dead(m, PSE_V906, append(m, &b));
}

/* --- V402, V403 ------------------------------------------------------------------------------- */

static void v402_never_enrolled(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_VOTE);
    mini_ballot(m, &b, MINI_LATE, 10, &none, 1);
    dead(m, PSE_V402, append(m, &b));
}

static void v402_replaced(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    mini_ballot(m, &b, MINI_REPLACED, 10, &m->prev[MINI_REPLACED], 1);
    dead(m, PSE_V402, append(m, &b));
}

static void v402_revoked_in_the_same_block(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    mini_change(m, 6, PSE_CHANGE_REVOKE, NULL);
    mini_ballot(m, &b, 6, 30, &m->prev[6], 1);
    dead(m, PSE_V402, append(m, &b));
}

static void v403_style_of_others(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    mini_ballot(m, &b, 3, 30, &m->prev[3], 1);
    dead(m, PSE_V403, append(m, &b));
}

/* --- V404-V406 -------------------------------------------------------------------------------- */

static void v404_signature(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    b.p[b.n - 32] ^= 1;
    dead(m, PSE_V404, append(m, &b));
}

static void v404_signed_by_another(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    mini_ballot_sign(m, &b, 4);
    dead(m, PSE_V404, append(m, &b));
}

/* Style 20: contest 3 is at 100..357, contest 1 follows; its last scalar stands before R. */
static void v405_response(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    b.p[b.n - 64 - 32] ^= 1;
    mini_ballot_sign(m, &b, 3);
    dead(m, PSE_V405, append(m, &b));
}

static void v405_ciphertexts_swapped(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;
    uint8_t swap[64];

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    memcpy(swap, b.p + 360, 64);
    memcpy(b.p + 360, b.p + 424, 64);
    memcpy(b.p + 424, swap, 64);
    mini_ballot_sign(m, &b, 3);
    dead(m, PSE_V405, append(m, &b));
}

static void v406_response(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    b.p[102 + 128 + 64] ^= 1;
    mini_ballot_sign(m, &b, 3);
    dead(m, PSE_V406, append(m, &b));
}

/* The guilty are named singly among honest ballots of one block. */
static void faults_of_a_block_are_told_apart(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;
    uint64_t at;

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    b.p[b.n - 64 - 32] ^= 1;
    b.p[102 + 128 + 64] ^= 1;
    at = append(m, &b);
    another(m, &b);
    b.p[b.n - 1] ^= 1;
    append(m, &b);
    mini_vote(m, 3, 2);
    dead(m, PSE_V404, at);
    assert_true(mini_has(m, PSE_V405, at));
    assert_true(mini_has(m, PSE_V406, at));
    assert_true(mini_has(m, PSE_V404, at + 1));
}

/* --- V408 by its function --------------------------------------------------------------------- */

static void v408_tracker_seen(void **state)
{
    struct mini *m = *state;
    struct pse_roll roll;
    uint8_t t[10] = {0};

    pse_roll_init(&roll, &m->rng);
    assert_false(pse_roll_has_tracker(&roll, t));
    assert_int_equal(pse_roll_add_tracker(&roll, t), PSE_OK); /* all zero is a tracker too */
    assert_true(pse_roll_has_tracker(&roll, t));
    for (unsigned i = 1; i < 5000; i++) {
        t[0] = (uint8_t)i;
        t[9] = (uint8_t)(i >> 8);
        assert_false(pse_roll_has_tracker(&roll, t));
        assert_int_equal(pse_roll_add_tracker(&roll, t), PSE_OK);
        assert_true(pse_roll_has_tracker(&roll, t));
    }
    for (unsigned i = 1; i < 5000; i++) {
        t[0] = (uint8_t)i;
        t[9] = (uint8_t)(i >> 8);
        assert_true(pse_roll_has_tracker(&roll, t));
    }
    pse_roll_free(&roll);
}

/* --- V410, V411 ------------------------------------------------------------------------------- */

static void v410_second_first_ballot(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    mini_ballot(m, &b, 3, 20, &none, 9);
    dead(m, PSE_V410, append(m, &b));
}

/* Two ballots made after the same one: only one can be accepted. */
static void v410_second_last_vote(void **state)
{
    struct mini *m = *state;
    struct pse_buf one, two;

    mini_until(m, MINI_CLOSE);
    mini_ballot(m, &one, 3, 20, &m->prev[3], 9);
    mini_ballot(m, &two, 3, 20, &m->prev[3], 10);
    append(m, &one);
    dead(m, PSE_V410, append(m, &two));
}

/* The board holds a ballot back and sequences it after a later one. */
static void v410_held_back(void **state)
{
    struct mini *m = *state;
    struct pse_buf early, late;
    pse_hash leaf;
    uint64_t bad;

    mini_until(m, MINI_CLOSE);
    mini_ballot(m, &early, 3, 20, &m->prev[3], 9);
    pse_entry_leaf(&leaf, pse_buf_span(&early));
    mini_ballot(m, &late, 3, 20, &leaf, 10);
    bad = append(m, &late);
    append(m, &early);
    dead(m, PSE_V410, bad);
}

/* The same bytes once more: their tracker is not new, nor is prev the latest. */
static void v408_replayed(void **state)
{
    struct mini *m = *state;
    uint64_t bad;

    mini_until(m, MINI_CLOSE);
    bad = mini_append(m, pse_buf_span(&m->entry[m->ballot[3]]));
    dead(m, PSE_V408, bad);
    assert_true(mini_has(m, PSE_V410, bad));
}

static void v410_ballots_swapped(void **state)
{
    struct mini *m = *state;
    struct pse_buf one, two;
    pse_hash leaf;
    uint64_t bad;

    mini_until(m, MINI_VOTE);
    mini_ballot(m, &one, 0, 10, &none, 1);
    pse_entry_leaf(&leaf, pse_buf_span(&one));
    mini_ballot(m, &two, 0, 10, &leaf, 2);
    bad = append(m, &two);
    append(m, &one);
    stuck(m, PSE_V410, bad);
}

static void v411_one_too_many(void **state)
{
    struct mini *m = *state;
    uint64_t bad;

    mini_until(m, MINI_CLOSE);
    mini_vote(m, 3, 2);
    mini_vote(m, 3, 3);
    bad = mini_vote(m, 3, 4);
    dead(m, PSE_V411, bad);
}

/* --- meaning ---------------------------------------------------------------------------------- */

/* Somebody else's ciphertexts and proofs under one's own name. */
static void copied_ballot_of_another_voter(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    mini_ballot(m, &b, 1, 10, &m->prev[1], 1);
    memcpy(b.p + 100, m->entry[m->ballot[0]].p + 100, b.n - 100 - 64);
    mini_ballot_sign(m, &b, 1);
    dead(m, PSE_V405, append(m, &b));
}

/* The same re-encrypted: without knowing r there is no proof for the new ciphertext. */
static void reencrypted_ballot_of_another_voter(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;
    const struct pse_style *style;
    size_t at;
    pse_enc enc[2];
    pse_point p[2];
    pse_point mask;
    pse_secret s;

    mini_until(m, MINI_CLOSE);
    style = pse_manifest_style(pse_engine_manifest(m->engine), 10);
    at = style->part_at[1];
    mini_ballot(m, &b, 1, 10, &m->prev[1], 1);
    memcpy(enc, m->entry[m->ballot[0]].p + at, 64);
    assert_int_equal(pse_point_decode(m->g, p, NULL, enc, 2, PSE_IDENTITY_FORBIDDEN), PSE_OK);
    pse_secret_random(&s, &m->rng);
    pse_elgamal_reencrypt(pse_engine_joint(m->engine), &p[0], &p[1], &mask, &s, 1);
    pse_point_encode(m->g, enc, p, 2);
    memcpy(b.p + at, enc, 64);
    mini_ballot_sign(m, &b, 1);
    dead(m, PSE_V406, append(m, &b));
}

static void ballot_of_another_election(void **state)
{
    struct mini *m = *state;
    struct pse_buf b;

    mini_until(m, MINI_CLOSE);
    another(m, &b);
    b.p[10] ^= 1;
    mini_ballot_sign(m, &b, 3);
    dead(m, PSE_V906, append(m, &b));
}

static void ballot_before_open(void **state)
{
    struct mini *m = *state;
    struct mini *other = malloc(sizeof *other);
    struct pse_buf b;

    assert_non_null(other);
    mini_open(other);
    mini_until(other, MINI_VOTE);
    mini_ballot(other, &b, 0, 10, &none, 1);
    mini_close(other);
    free(other);
    mini_until(m, MINI_OPEN);
    dead(m, PSE_V908, append(m, &b));
}

static void ballot_after_close(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_CLOSED);
    dead(m, PSE_V908, mini_vote(m, 6, 1));
}

/* A verifier goes by blocks, a sequencer entry by entry: same outcome. */
static void blocks_do_not_matter(void **state)
{
    struct mini *m = *state;
    struct pse_engine_options o;
    struct pse_engine *e;
    struct pse_span *entry = calloc(MINI_ENTRIES_MAX, sizeof *entry);
    pse_hash one, two;
    struct pse_buf b;

    assert_non_null(entry);
    mini_until(m, MINI_CLOSE);
    another(m, &b);
    b.p[b.n - 1] ^= 1;
    append(m, &b);
    mini_until(m, MINI_DONE);
    o = m->engine->o;
    for (size_t i = 0; i < m->entries; i++)
        entry[i] = pse_buf_span(&m->entry[i]);
    for (size_t step = 1; step <= m->entries; step = step * 3 + 1) {
        assert_int_equal(pse_engine_new(&e, &o), PSE_OK);
        for (size_t i = 0; i < m->entries; i += step)
            assert_int_equal(
                pse_engine_feed(e, entry + i, NULL, m->entries - i < step ? m->entries - i : step),
                PSE_OK);
        assert_int_equal(pse_engine_state(e), PSE_STATE_END);
        assert_memory_equal(pse_engine_counts(e), pse_engine_counts(m->engine),
                            sizeof(struct pse_counts));
        pse_engine_root(e, &one);
        pse_engine_root(m->engine, &two);
        assert_memory_equal(one.b, two.b, 32);
        pse_engine_free(e);
    }
    free(entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HONEST(v401_form),
        HONEST(v906_shorter_than_its_head),
        HONEST(v402_never_enrolled),
        HONEST(v402_replaced),
        HONEST(v402_revoked_in_the_same_block),
        HONEST(v403_style_of_others),
        HONEST(v404_signature),
        HONEST(v404_signed_by_another),
        HONEST(v405_response),
        HONEST(v405_ciphertexts_swapped),
        HONEST(v406_response),
        HONEST(faults_of_a_block_are_told_apart),
        HONEST(v408_tracker_seen),
        HONEST(v410_second_first_ballot),
        HONEST(v410_second_last_vote),
        HONEST(v410_held_back),
        HONEST(v408_replayed),
        HONEST(v410_ballots_swapped),
        HONEST(v411_one_too_many),
        HONEST(copied_ballot_of_another_voter),
        HONEST(reencrypted_ballot_of_another_voter),
        HONEST(ballot_of_another_election),
        HONEST(ballot_before_open),
        HONEST(ballot_after_close),
        HONEST(blocks_do_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
