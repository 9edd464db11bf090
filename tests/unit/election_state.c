/* The state engine: questions do not change it, offers leave dead entries out, what each role may
 * do, groups that merge, lists and the admitted set; the roll with many credentials. */
#include "test.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "election/engine.h"
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

static struct pse_engine *engine_like(struct mini *m)
{
    struct pse_engine *e;

    assert_int_equal(pse_engine_new(&e, &m->engine->o), PSE_OK);
    return e;
}

/* --- check and offer -------------------------------------------------------------------------- */

/* Before each entry is fed, every entry of the election is asked about: only answers differ. */
static void questions_change_nothing(void **state)
{
    struct mini *m = *state;
    struct pse_engine *e;
    pse_hash one, two;

    mini_until(m, MINI_DONE);
    e = engine_like(m);
    for (size_t i = 0; i < m->entries; i++) {
        struct pse_span next = pse_buf_span(&m->entry[i]);
        struct pse_counts before = *pse_engine_counts(e);
        struct pse_rule_use use[PSE_RULE_COUNT];
        uint16_t rule;

        memcpy(use, e->use, sizeof use);
        assert_int_equal(pse_engine_check(e, &rule, next), PSE_OK);
        assert_int_equal(rule, 0);
        if (pse_engine_check(e, &rule, pse_buf_span(&m->entry[(i + 7) % m->entries])) == PSE_OK)
            assert_int_equal(rule, 0);
        else
            assert_int_not_equal(rule, 0);
        assert_int_equal(pse_engine_size(e), i);
        assert_memory_equal(&before, pse_engine_counts(e), sizeof before);
        assert_memory_equal(use, e->use, sizeof use);
        assert_int_equal(pse_engine_feed(e, &next, NULL, 1), PSE_OK);
    }
    pse_engine_root(e, &one);
    pse_engine_root(m->engine, &two);
    assert_memory_equal(one.b, two.b, 32);
    pse_engine_free(e);
}

static void offers_leave_dead_entries_out(void **state)
{
    struct mini *m = *state;
    struct pse_engine *e;
    struct pse_span entry[2 * MINI_ENTRIES_MAX];
    uint8_t live[2 * MINI_ENTRIES_MAX];
    uint16_t first[2 * MINI_ENTRIES_MAX];
    struct pse_buf bad = PSE_BUF(PSE_ENTRY_MAX);
    pse_hash one, two;
    size_t n = 0;

    mini_until(m, MINI_DONE);
    e = engine_like(m);
    pse_buf_put(&bad, m->entry[0].p, m->entry[0].n);
    bad.p[bad.n - 1] ^= 1;
    for (size_t i = 0; i < m->entries; i++) {
        entry[n++] = i == 0 ? pse_buf_span(&bad) : pse_buf_span(&m->entry[i - 1]);
        entry[n++] = pse_buf_span(&m->entry[i]);
    }
    assert_int_equal(pse_engine_offer(e, live, first, entry, n), PSE_OK);
    for (size_t i = 0; i < n; i++) {
        /* twice the same revocation is refused, as is everything else that comes again */
        assert_int_equal(live[i], i % 2);
        assert_int_equal(first[i] == 0, live[i]);
    }
    assert_int_equal(first[0], PSE_V907);
    assert_int_equal(pse_engine_size(e), m->entries);
    assert_int_equal(pse_engine_counts(e)->dead, 0);
    pse_engine_root(e, &one);
    pse_engine_root(m->engine, &two);
    assert_memory_equal(one.b, two.b, 32);
    pse_engine_free(e);
    pse_buf_free(&bad);
}

/* --- what roles may do ------------------------------------------------------------------------ */

static void who_may_do_what(void **state)
{
    struct mini *m = *state;
    const struct pse_engine *e = m->engine;
    struct pse_entry mix;

    assert_true(pse_engine_may(e, PSE_ENTRY_SETUP, PSE_ROLE_AUTHORITY, 0));
    assert_false(pse_engine_may(e, PSE_ENTRY_STATEMENT, PSE_ROLE_AUTHORITY, 0));
    mini_until(m, MINI_COMMIT);
    assert_false(pse_engine_may(e, PSE_ENTRY_SETUP, PSE_ROLE_AUTHORITY, 0));
    assert_true(pse_engine_may(e, PSE_ENTRY_DKG_COMMIT, PSE_ROLE_TRUSTEE, 3));
    assert_false(pse_engine_may(e, PSE_ENTRY_DKG_COMMIT, PSE_ROLE_TRUSTEE, 4));
    assert_false(pse_engine_may(e, PSE_ENTRY_DKG_COMMIT, PSE_ROLE_TRUSTEE, 0));
    assert_false(pse_engine_may(e, PSE_ENTRY_DKG_COMMIT, PSE_ROLE_MIXER, 1));
    assert_false(pse_engine_may(e, PSE_ENTRY_DKG_REVEAL, PSE_ROLE_TRUSTEE, 1));
    assert_false(pse_engine_may(e, 0x77, PSE_ROLE_AUTHORITY, 0));
    assert_false(pse_engine_may(e, PSE_ENTRY_STATEMENT, 9, 0));
    mini_until(m, MINI_REVEAL);
    assert_false(pse_engine_may(e, PSE_ENTRY_DKG_COMMIT, PSE_ROLE_TRUSTEE, 3));
    assert_true(pse_engine_may(e, PSE_ENTRY_DKG_REVEAL, PSE_ROLE_TRUSTEE, 1));
    mini_until(m, MINI_ROSTER);
    assert_false(pse_engine_may(e, PSE_ENTRY_OPEN, PSE_ROLE_AUTHORITY, 0)); /* nobody enrolled */
    mini_until(m, MINI_OPEN);
    assert_true(pse_engine_may(e, PSE_ENTRY_OPEN, PSE_ROLE_AUTHORITY, 0));
    mini_until(m, MINI_VOTE);
    assert_true(pse_engine_may(e, PSE_ENTRY_BALLOT, PSE_ROLE_NONE, 0));
    assert_true(pse_engine_may(e, PSE_ENTRY_INCIDENT, PSE_ROLE_BOARD, 0));
    assert_false(pse_engine_may(e, PSE_ENTRY_STATEMENT, PSE_ROLE_BOARD, 0));
    mini_until(m, MINI_MIX);
    assert_true(pse_engine_may(e, PSE_ENTRY_MIX, PSE_ROLE_MIXER, 2));
    assert_false(pse_engine_may(e, PSE_ENTRY_MIX_END, PSE_ROLE_AUTHORITY, 0));
    mix = mini_mix(m, 2, 2);
    mini_put(m, &mix);
    assert_true(pse_engine_may(e, PSE_ENTRY_MIX, PSE_ROLE_MIXER, 2));
    mix = mini_mix(m, 2, 3);
    mini_put(m, &mix);
    assert_false(pse_engine_may(e, PSE_ENTRY_MIX, PSE_ROLE_MIXER, 2));
    assert_true(pse_engine_may(e, PSE_ENTRY_MIX, PSE_ROLE_MIXER, 1));
}

/* --- lists ------------------------------------------------------------------------------------ */

static void expect_list(const struct pse_engine *e, size_t at, uint16_t contest, uint16_t pot,
                        uint32_t ballots, uint64_t weight, uint32_t items)
{
    struct pse_list_view v;
    struct pse_list_view found;
    pse_hash hash;

    pse_engine_list(e, &v, at);
    assert_int_equal(v.contest, contest);
    assert_int_equal(v.pot, pot);
    assert_int_equal(v.ballots, ballots);
    assert_int_equal(v.weight, weight);
    assert_int_equal(v.items, items);
    assert_int_equal(v.rows.n, 64 * (size_t)items);
    pse_sha256(&hash, v.rows);
    assert_memory_equal(hash.b, v.in_hash.b, 32);
    assert_int_equal(pse_engine_list_find(e, &found, contest, pot), PSE_OK);
    assert_memory_equal(found.in_hash.b, v.in_hash.b, 32);
}

/* Voter 4 is out, so contest 3 has one ballot in group 2: the group falls back to 3. */
static void small_groups_fall_back(void **state)
{
    struct mini *m = *state;
    struct pse_list_view v;

    mini_until(m, MINI_MIX);
    assert_int_equal(pse_engine_lists(m->engine), 4);
    expect_list(m->engine, 0, 1, 1, 4, 4, 3);
    expect_list(m->engine, 1, 1, 3, 3, 9, 3);
    expect_list(m->engine, 2, 2, 1, 4, 4, 4);
    expect_list(m->engine, 3, 3, 3, 1, 1, 2);
    assert_int_equal(pse_engine_list_find(m->engine, &v, 1, 2), PSE_E_MISSING);
    assert_int_equal(pse_engine_list_find(m->engine, &v, 2, 3), PSE_E_MISSING);
}

/* With voter 4 in again group 2 stands on its own. */
static void large_enough_groups_stay(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_FREEZE);
    mini_revoke(m, m->ballot[4], PSE_REVOKE_RESTORE, PSE_REASON_PAPER);
    mini_until(m, MINI_MIX);
    assert_int_equal(pse_engine_lists(m->engine), 4);
    expect_list(m->engine, 1, 1, 2, 4, 10, 3);
    expect_list(m->engine, 3, 3, 2, 2, 2, 4);
    mini_until(m, MINI_DONE);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
}

/* A threshold nobody reaches: all fall through to the last group, whatever its size. */
static void all_fall_to_the_last_group(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->manifest, "\"min_list\":2", "\"min_list\":50");
    mini_until(m, MINI_MIX);
    assert_int_equal(pse_engine_lists(m->engine), 3);
    expect_list(m->engine, 0, 1, 3, 7, 13, 3);
    expect_list(m->engine, 1, 2, 3, 4, 4, 4);
    expect_list(m->engine, 2, 3, 3, 1, 1, 2);
}

/* A group with no fallback that falls into another one below: sizes count what has merged. */
static void fallbacks_chain(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->manifest, "{\"id\":1,\"fallback\":3},{\"id\":2,\"fallback\":3}",
              "{\"id\":1,\"fallback\":2},{\"id\":2,\"fallback\":3}");
    mini_edit(&m->manifest, "\"min_list\":2", "\"min_list\":5");
    mini_until(m, MINI_MIX);
    assert_int_equal(pse_engine_lists(m->engine), 3);
    expect_list(m->engine, 0, 1, 3, 7, 13, 3);
}

static void nobody_votes(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_VOTE);
    mini_skip(m);
    mini_until(m, MINI_CLOSED);
    mini_skip(m);
    mini_until(m, MINI_DONE);
    assert_int_equal(pse_engine_lists(m->engine), 0);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
}

/* --- views ------------------------------------------------------------------------------------ */

static void views_of_the_roll(void **state)
{
    struct mini *m = *state;
    struct pse_credential_view v;
    uint64_t close, next;
    pse_enc d;
    pse_hash hash;
    uint8_t seed[64];

    mini_until(m, MINI_CLOSE);
    assert_int_equal(pse_engine_close_index(m->engine, &close), PSE_E_STATE);
    next = pse_engine_size(m->engine);
    assert_int_equal(pse_engine_credential(m->engine, &v, &m->credential[0]), PSE_OK);
    assert_int_equal(v.ballots, 2);
    assert_int_equal(v.latest_index, m->ballot[0]);
    assert_memory_equal(v.latest_leaf.b, m->prev[0].b, 32);
    assert_int_equal(pse_engine_credential(m->engine, &v, &m->credential[4]), PSE_OK);
    assert_int_equal(v.rev, m->ballot[4]);
    assert_int_equal(v.rev_reason, PSE_REASON_PAPER);
    assert_int_equal(pse_engine_ballot_credential(m->engine, &d, m->ballot[5]), PSE_OK);
    assert_memory_equal(d.b, m->credential[5].b, 32);
    assert_int_equal(pse_engine_ballot_credential(m->engine, &d, 3), PSE_E_MISSING);
    assert_int_equal(pse_engine_ballot_credential(m->engine, &d, UINT64_MAX), PSE_E_MISSING);
    memset(d.b, 7, 32);
    assert_int_equal(pse_engine_credential(m->engine, &v, &d), PSE_E_MISSING);
    assert_false(pse_engine_is_admitted(m->engine, m->ballot[0]));
    assert_int_equal(pse_engine_freeze_digest(m->engine, &hash), PSE_E_STATE);
    mini_until(m, MINI_MIX);
    assert_int_equal(pse_engine_close_index(m->engine, &close), PSE_OK);
    assert_int_equal(close, next);
    assert_true(pse_engine_is_admitted(m->engine, m->ballot[0]));
    assert_false(pse_engine_is_admitted(m->engine, m->ballot[4]));
    assert_false(pse_engine_is_admitted(m->engine, m->ballot[MINI_REPLACED]));
    assert_int_equal(pse_engine_freeze_digest(m->engine, &hash), PSE_OK);
    assert_int_equal(pse_engine_lot_seed(m->engine, seed), PSE_E_STATE);
    mini_until(m, MINI_DECRYPT);
    assert_int_equal(pse_engine_lot_seed(m->engine, seed), PSE_OK);
}

/* The seed of lots, by the words of the design. */
static void seed_of_lots(void **state)
{
    struct mini *m = *state;
    struct pse_buf b = PSE_BUF(1024);
    uint8_t want[64], got[64];
    struct pse_list_view v;
    pse_hash freeze;

    mini_until(m, MINI_DECRYPT);
    assert_int_equal(pse_engine_freeze_digest(m->engine, &freeze), PSE_OK);
    pse_wr_str(&b, "psephos/1/lot");
    pse_wr_hash(&b, pse_engine_eid(m->engine));
    pse_wr_hash(&b, &freeze);
    for (size_t at = 2; at < 4; at++) {
        pse_engine_list(m->engine, &v, at);
        pse_wr_hash(&b, &v.in_hash);
    }
    pse_sha512(want, pse_buf_span(&b));
    mini_until(m, MINI_DONE);
    assert_int_equal(pse_engine_lot_seed(m->engine, got), PSE_OK);
    assert_memory_equal(want, got, 64);
    pse_buf_free(&b);
}

static void blobs_that_entries_name(void **state)
{
    struct mini *m = *state;
    size_t n;
    struct pse_span hashes;

    mini_until(m, MINI_DONE);
    hashes = pse_engine_blobs(m->engine, &n);
    assert_int_equal(n, m->blobs);
    for (size_t i = 0; i < n; i++) {
        pse_hash h;

        memcpy(h.b, hashes.p + 32 * i, 32);
        assert_non_null(mini_blob_find(m, &h));
    }
}

/* --- a source that fails ---------------------------------------------------------------------- */

static void entry_changed_before_freeze(void **state)
{
    struct mini *m = *state;
    struct pse_entry e = mini_entry(PSE_ENTRY_FREEZE, PSE_ROLE_AUTHORITY, 0);
    struct pse_buf b;
    struct pse_span span;

    mini_until(m, MINI_FREEZE);
    assert_int_equal(pse_engine_admitted(m->engine, &e.u.freeze.count, &e.u.freeze.digest), PSE_OK);
    mini_build(m, &b, &e);
    m->entry[m->ballot[6]].p[120] ^= 1;
    span = pse_buf_span(&b);
    assert_int_equal(pse_engine_feed(m->engine, &span, NULL, 1), PSE_E_IO);
    assert_int_equal(pse_engine_feed(m->engine, &span, NULL, 1), PSE_E_IO); /* and stays so */
    assert_int_equal(pse_engine_check(m->engine, NULL, span), PSE_E_IO);
    pse_buf_free(&b);
}

static void share_gone_before_the_result(void **state)
{
    struct mini *m = *state;
    struct pse_buf blob;
    uint8_t points[64 * 8];
    struct pse_entry e = mini_entry(PSE_ENTRY_RESULT, PSE_ROLE_AUTHORITY, 0);
    struct pse_buf b;
    struct pse_span span;

    mini_until(m, MINI_RESULT);
    mini_result_blob(m, &blob);
    e.u.result.blob = mini_blob(m, pse_buf_span(&blob));
    mini_build(m, &b, &e);
    m->blob[m->blobs - 2].is_absent = true; /* the last share */
    assert_int_equal(pse_engine_list_open(m->engine, points, 3), PSE_E_IO);
    span = pse_buf_span(&b);
    assert_int_equal(pse_engine_feed(m->engine, &span, NULL, 1), PSE_E_IO);
    pse_buf_free(&b);
    pse_buf_free(&blob);
}

/* --- the roll --------------------------------------------------------------------------------- */

/* The reference vector of SipHash-2-4: key 00..0f, input 00..0e. */
static void siphash_vector(void **state)
{
    static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    uint8_t in[15];

    (void)state;
    for (uint8_t i = 0; i < 15; i++)
        in[i] = i;
    assert_true(pse_siphash(key, pse_span(in, 15)) == UINT64_C(0xa129ca6149be45e5));
}

static pse_enc made_up(uint32_t i)
{
    pse_enc d = {{0}};

    memcpy(d.b, &i, sizeof i);
    return d;
}

static void many_credentials(void **state)
{
    struct mini *m = *state;
    struct pse_roll r;
    const uint32_t n = 100000;

    pse_roll_init(&r, &m->rng);
    for (uint32_t i = 0; i < n; i++) {
        pse_enc d = made_up(i);

        assert_int_equal(pse_roll_find(&r, &d), PSE_ROLL_NONE);
        assert_int_equal(pse_roll_enrol(&r, &d, (uint16_t)(i % 7), i + 1, i), PSE_OK);
    }
    assert_int_equal(r.active, n);
    for (uint32_t i = 0; i < n; i += 13) {
        pse_enc d = made_up(i);
        uint32_t at = pse_roll_find(&r, &d);

        assert_int_equal(at, i);
        assert_int_equal(pse_roll_credential(&r, at)->weight, i + 1);
        assert_int_equal(pse_roll_credential(&r, at)->style, i % 7);
    }
    pse_roll_free(&r);
}

/* Freed revocations are used again: memory follows what stands, not what was ever done. */
static void revocations_are_reused(void **state)
{
    struct mini *m = *state;
    struct pse_roll r;
    pse_enc d = made_up(1);

    pse_roll_init(&r, &m->rng);
    assert_int_equal(pse_roll_enrol(&r, &d, 0, 1, 0), PSE_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        struct pse_credential *c = pse_roll_credential(&r, 0);

        assert_int_equal(pse_roll_push(&r, c, 10 + i, 1), PSE_OK);
        assert_int_equal(pse_roll_push(&r, c, 20 + i, 2), PSE_OK);
        assert_int_equal(pse_roll_rev(&r, c), 20 + i);
        assert_int_equal(pse_roll_rev_reason(&r, c), 2);
        pse_roll_pop(&r, c);
        assert_int_equal(pse_roll_rev(&r, c), 10 + i);
        assert_int_equal(pse_roll_rev_reason(&r, c), 1);
        pse_roll_pop(&r, c);
        assert_int_equal(pse_roll_rev(&r, c), -1);
    }
    assert_int_equal(r.revocations.n, 2);
    pse_roll_free(&r);
}

/* --- rules ------------------------------------------------------------------------------------ */

static void rules_have_places_and_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < PSE_RULE_COUNT; i++) {
        enum pse_rule rule = pse_rule_at(i);
        const char *name = pse_rule_name(rule);

        assert_int_equal(pse_rule_slot(rule), i);
        assert_true(i == 0 || pse_rule_at(i - 1) < rule);
        assert_int_equal(name[0], pse_rule_is_warning(rule) ? 'W' : 'V');
        assert_int_equal(atoi(name + 1), (int)rule % 1000);
        assert_true(strlen(pse_rule_title(rule)) > 5);
    }
}

static void findings_in_the_order_of_the_protocol(void **state)
{
    static const struct pse_finding sorted[] = {
        {.entry = PSE_NO_ENTRY, .rule = PSE_V901},
        {.entry = PSE_NO_ENTRY, .rule = PSE_V904},
        {.entry = 0, .rule = PSE_V101},
        {.entry = 0, .rule = PSE_V905},
        {.entry = 0, .rule = PSE_W002},
        {.entry = 1, .rule = PSE_V201},
        {.entry = 1, .rule = PSE_V907},
        {.entry = 9, .rule = PSE_V410},
        {.entry = PSE_NO_ENTRY, .rule = PSE_V909},
    };
    size_t n = sizeof sorted / sizeof sorted[0];

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            int order = pse_finding_compare(&sorted[i], &sorted[j]);

            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH(questions_change_nothing),
        WITH(offers_leave_dead_entries_out),
        WITH(who_may_do_what),
        WITH(small_groups_fall_back),
        WITH(large_enough_groups_stay),
        WITH(all_fall_to_the_last_group),
        WITH(fallbacks_chain),
        WITH(nobody_votes),
        WITH(views_of_the_roll),
        WITH(seed_of_lots),
        WITH(blobs_that_entries_name),
        WITH(entry_changed_before_freeze),
        WITH(share_gone_before_the_result),
        cmocka_unit_test(siphash_vector),
        WITH(many_credentials),
        WITH(revocations_are_reused),
        cmocka_unit_test(rules_have_places_and_names),
        cmocka_unit_test(findings_in_the_order_of_the_protocol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
