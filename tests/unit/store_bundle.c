/* Staged bundles: what was put in comes out; every other run of bytes is refused. */
#include "test.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "store/bundle.h"

static struct pse_staged *staged;

static int setup(void **state)
{
    (void)state;
    staged = calloc(1, sizeof *staged);
    return staged == NULL;
}

static int teardown(void **state)
{
    (void)state;
    free(staged);
    return 0;
}

static void a_bundle_comes_back(void **state)
{
    static uint8_t longest[65535];
    const struct pse_span entry[] = {pse_span_str("a"), pse_span(longest, sizeof longest),
                                     pse_span(NULL, 0)};
    struct pse_buf b = PSE_BUF(1 << 20);

    (void)state;
    pse_staged_put(&b, 70000, entry, 3);
    assert_int_equal(b.rc, PSE_OK);
    assert_int_equal(pse_staged_parse(staged, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(staged->from, 70000);
    assert_int_equal(staged->n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(pse_span_is_equal(staged->entry[i], entry[i]));
    pse_buf_free(&b);
}

static void other_bytes_are_refused(void **state)
{
    const struct pse_span entry[] = {pse_span_str("one"), pse_span_str("two")};
    struct pse_buf b = PSE_BUF(4096);

    (void)state;
    pse_staged_put(&b, 5, entry, 2);
    for (size_t n = 0; n < b.n; n++)
        assert_int_equal(pse_staged_parse(staged, pse_span(b.p, n)), PSE_E_LENGTH);
    pse_wr_u8(&b, 0);
    assert_int_equal(pse_staged_parse(staged, pse_buf_span(&b)), PSE_E_LENGTH);
    b.n--;
    b.p[0] ^= 1;
    assert_int_equal(pse_staged_parse(staged, pse_buf_span(&b)), PSE_E_SYNTAX);
    b.p[0] ^= 1;
    b.p[17] = 0x80; /* the index */
    assert_int_equal(pse_staged_parse(staged, pse_buf_span(&b)), PSE_E_RANGE);
    b.p[17] = 0;
    b.p[26] = 1; /* the count */
    assert_int_equal(pse_staged_parse(staged, pse_buf_span(&b)), PSE_E_LIMIT);
    pse_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_comes_back),
        cmocka_unit_test(other_bytes_are_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
