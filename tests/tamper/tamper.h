/* What the tamper tests share: each starts with a fresh small election and ends with a verdict and
 * a first finding. */
#ifndef PSE_TESTS_TAMPER_H
#define PSE_TESTS_TAMPER_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>

#include "codec/codec.h"
#include "mini_election.h"

static inline int honest(void **state)
{
    struct mini *m = (struct mini *)malloc(sizeof *m);

    if (m == NULL)
        return -1;
    mini_open(m);
    *state = m;
    return 0;
}

static inline int cheating(void **state)
{
    struct mini *m = (struct mini *)malloc(sizeof *m);

    if (m == NULL)
        return -1;
    mini_open_cheating(m);
    *state = m;
    return 0;
}

static inline int done(void **state)
{
    mini_close((struct mini *)*state);
    free(*state);
    return 0;
}

#define HONEST(test)   cmocka_unit_test_setup_teardown(test, honest, done)
#define CHEATING(test) cmocka_unit_test_setup_teardown(test, cheating, done)

/** The bad entry is dead, the honest rest counts. */
static inline void dead(struct mini *m, unsigned rule, uint64_t entry)
{
    mini_until(m, MINI_DONE);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, rule, entry));
}

/** Nothing good can follow: the record stays unfinished. */
static inline void stuck(struct mini *m, unsigned rule, uint64_t entry)
{
    assert_true(mini_is(m, PSE_VERDICT_PREFIX, rule, entry));
}

/** The record cannot be accepted. */
static inline void refused(struct mini *m, unsigned rule, uint64_t entry)
{
    assert_true(mini_is(m, PSE_VERDICT_NOT_ACCEPTED, rule, entry));
}

/** Append changed bytes of a role entry, signed again. */
static inline uint64_t append_signed(struct mini *m, struct pse_buf *entry)
{
    uint64_t index;

    mini_sign(m, entry);
    index = mini_append(m, pse_buf_span(entry));
    pse_buf_free(entry);
    return index;
}

static inline uint64_t append(struct mini *m, struct pse_buf *entry)
{
    uint64_t index = mini_append(m, pse_buf_span(entry));

    pse_buf_free(entry);
    return index;
}

#endif
