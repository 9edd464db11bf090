/* The engine as the sequencer's judge: ballots of one credential keep their chain whatever the
 * shuffle, and who votes on an old state of things is told the new one. */
#include "test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "mini_election.h"
#include "store/judge.h"

enum { CHAIN = 4, BALLOTS = CHAIN + 3 };

static struct pse_buf ballot[BALLOTS];
static struct pse_span span[BALLOTS];
static pse_hash leaf[BALLOTS];

static int setup(void **state)
{
    struct mini *m = calloc(1, sizeof *m);
    const pse_hash none = {{0}};

    if (m == NULL || sodium_init() < 0)
        return 1;
    mini_open(m);
    mini_until(m, MINI_VOTE);
    for (size_t i = 0; i < BALLOTS; i++) {
        ballot[i] = PSE_BUF(PSE_ENTRY_MAX);
        mini_ballot(m, &ballot[i], i < CHAIN ? 0 : i - CHAIN + 1, i - CHAIN == 2 ? 20 : 10,
                    i > 0 && i < CHAIN ? &leaf[i - 1] : &none, (unsigned)i);
        span[i] = pse_buf_span(&ballot[i]);
        pse_tree_leaf(&leaf[i], span[i]);
    }
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    for (size_t i = 0; i < BALLOTS; i++)
        pse_buf_free(&ballot[i]);
    mini_close(*state);
    free(*state);
    return 0;
}

static void shuffle(size_t *order, struct pse_rng *rng)
{
    for (size_t i = 0; i < BALLOTS; i++)
        order[i] = i;
    for (size_t i = BALLOTS; i > 1; i--) {
        size_t k = (size_t)pse_rng_below(rng, i);
        size_t swap = order[i - 1];

        order[i - 1] = order[k];
        order[k] = swap;
    }
}

/* Others stay where the shuffle put them; the chain fills its own places in its own order. */
static void chains_survive_every_shuffle(void **state)
{
    struct mini *m = *state;
    struct pse_judge judge;

    pse_judge_engine(&judge, m->engine);
    for (unsigned round = 0; round < 300; round++) {
        size_t order[BALLOTS], before[BALLOTS], next = 0;

        shuffle(order, &m->rng);
        memcpy(before, order, sizeof order);
        assert_int_equal(judge.chain(judge.ctx, order, span, BALLOTS), PSE_OK);
        for (size_t i = 0; i < BALLOTS; i++) {
            if (before[i] >= CHAIN)
                assert_int_equal(order[i], before[i]);
            else
                assert_int_equal(order[i], next++);
        }
    }
}

/* A chain with a hole: what comes after it is refused, and told what to follow. */
static void a_ballot_on_an_old_one_is_stale(void **state)
{
    struct mini *m = *state;
    struct pse_span entry[BALLOTS];
    struct pse_judgment said[BALLOTS];
    size_t order[3] = {2, 0, 1};
    struct pse_judge judge;
    const struct pse_span holed[] = {span[0], span[1], span[3]};

    pse_judge_engine(&judge, m->engine);
    assert_int_equal(judge.chain(judge.ctx, order, holed, 3), PSE_OK);
    for (size_t i = 0; i < 3; i++)
        entry[i] = holed[order[i]];
    assert_int_equal(judge.offer(judge.ctx, said, entry, 3), PSE_OK);
    assert_true(said[0].is_live && said[1].is_live);
    assert_false(said[2].is_live);
    assert_true(said[2].is_stale);
    assert_int_not_equal(said[2].rule, 0);
    assert_memory_equal(said[2].latest.b, leaf[1].b, 32);
    /* a first ballot after that one is as stale, a broken one is not */
    assert_int_equal(judge.offer(judge.ctx, said, &span[0], 1), PSE_OK);
    assert_true(!said[0].is_live && said[0].is_stale);
    ballot[4].p[ballot[4].n - 1] ^= 1;
    assert_int_equal(judge.offer(judge.ctx, said, &span[4], 1), PSE_OK);
    assert_true(!said[0].is_live && !said[0].is_stale);
    ballot[4].p[ballot[4].n - 1] ^= 1;
    assert_int_equal(judge.offer(judge.ctx, said, &span[4], 3), PSE_OK);
    for (size_t i = 0; i < 3; i++)
        assert_true(said[i].is_live);
}

static void only_ballots_are_ballots(void **state)
{
    struct mini *m = *state;
    struct pse_judge judge;

    pse_judge_engine(&judge, m->engine);
    assert_true(judge.is_ballot(judge.ctx, span[0]));
    assert_false(judge.is_ballot(judge.ctx, pse_buf_span(&m->entry[0])));
    assert_false(judge.is_ballot(judge.ctx, pse_span(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chains_survive_every_shuffle, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ballot_on_an_old_one_is_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(only_ballots_are_ballots, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
