/* Bonds as bytes: there and back, and each part at its limits. */
#include "bond_help.h"

static void bytes_and_back(void **state)
{
    struct pse_buf out = PSE_BUF(PSE_BOND_MAX), again = PSE_BUF(PSE_BOND_MAX);
    struct story s = good();
    struct pse_bond b;
    struct made m;

    (void)state;
    make(&m, &s);
    assert_int_equal(pse_bond_write(&out, &m.bond), PSE_OK);
    assert_true(pse_bond_is_one(pse_buf_span(&out)));
    assert_int_equal(pse_bond_parse(&b, pse_buf_span(&out)), PSE_OK);
    assert_int_equal(pse_bond_write(&again, &b), PSE_OK);
    assert_true(pse_span_is_equal(pse_buf_span(&out), pse_buf_span(&again)));
    for (size_t n = 0; n < out.n; n += 11)
        assert_int_not_equal(pse_bond_parse(&b, pse_span(out.p, n)), PSE_OK);
    pse_buf_put(&out, "", 1);
    assert_int_equal(pse_bond_parse(&b, pse_buf_span(&out)), PSE_E_LENGTH);
    out.p[0] ^= 1;
    assert_int_equal(pse_bond_parse(&b, pse_buf_span(&out)), PSE_E_SYNTAX);
    assert_false(pse_bond_is_one(pse_buf_span(&out)));
    b = m.bond;
    b.form = PSE_BOND_PENDING; /* with an answer in it */
    assert_int_equal(pse_bond_write(&again, &b), PSE_E_RANGE);
    b = m.bond;
    b.ocsp.n = 0;
    assert_int_equal(pse_bond_write(&again, &b), PSE_E_RANGE);
    b = m.bond;
    b.form = (enum pse_bond_form)4;
    assert_int_equal(pse_bond_write(&again, &b), PSE_E_RANGE);
    made_free(&m);
    pse_buf_free(&out);
    pse_buf_free(&again);
}

/* --- limits -------------------------------------------------------------------------------------
 */

static void put_long(struct pse_buf *out, struct pse_span x)
{
    pse_wr_u32(out, (uint32_t)x.n);
    pse_wr_span(out, x);
}

/* The bytes without a look at what is in them. */
static void by_hand(struct pse_buf *out, const struct pse_bond *b)
{
    pse_buf_put(out, "psephos/1/bond", 15);
    pse_wr_u8(out, (uint8_t)b->form);
    pse_wr_hash(out, &b->list);
    pse_wr_v16(out, b->statement);
    pse_buf_put(out, b->proof, PSE_POK_SIZE);
    pse_wr_hash(out, &b->certificate);
    pse_wr_hash(out, &b->issuer);
    pse_wr_v16(out, b->cms);
    pse_wr_u64(out, b->received);
    pse_wr_v8(out, b->stamp_nonce);
    put_long(out, b->stamp);
    pse_wr_u64(out, b->judged);
    pse_wr_v8(out, b->ocsp_nonce);
    put_long(out, b->ocsp);
    assert_int_equal(out->rc, PSE_OK);
}

/* Writing and reading agree. */
static void both(const struct pse_bond *b, pse_rc wanted)
{
    struct pse_buf hand = PSE_BUF(PSE_BOND_MAX), out = PSE_BUF(PSE_BOND_MAX);
    struct pse_bond back;

    by_hand(&hand, b);
    assert_int_equal(pse_bond_parse(&back, pse_buf_span(&hand)), wanted);
    assert_int_equal(pse_bond_write(&out, b), wanted);
    if (wanted == PSE_OK)
        assert_true(pse_span_is_equal(pse_buf_span(&hand), pse_buf_span(&out)));
    pse_buf_free(&hand);
    pse_buf_free(&out);
}

static const uint8_t bytes[PSE_STAMP_MAX + 1];

static struct pse_bond small(enum pse_bond_form form)
{
    struct pse_span one = pse_span(bytes, 1), none = pse_span(NULL, 0);
    bool is_pending = form == PSE_BOND_PENDING;

    return (struct pse_bond){.form = form,
                             .statement = one,
                             .cms = one,
                             .stamp_nonce = one,
                             .stamp = one,
                             .ocsp = is_pending ? none : one};
}

static void parts_have_lengths(void **state)
{
    struct pse_bond b;
    const struct {
        struct pse_span *part;
        size_t min, max;
    } row[] = {
        {&b.statement, 1, PSE_BINDING_MAX},       {&b.cms, 1, PSE_CMS_MAX},
        {&b.stamp_nonce, 1, PSE_STAMP_NONCE_MAX}, {&b.stamp, 1, PSE_STAMP_MAX},
        {&b.ocsp_nonce, 0, PSE_OCSP_NONCE},       {&b.ocsp, 1, PSE_OCSP_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        b = small(PSE_BOND_LATE);
        *row[i].part = pse_span(bytes, row[i].min);
        both(&b, PSE_OK);
        *row[i].part = pse_span(bytes, row[i].max);
        both(&b, PSE_OK);
        *row[i].part = pse_span(bytes, row[i].max + 1);
        both(&b, PSE_E_RANGE);
        *row[i].part = pse_span(NULL, 0);
        both(&b, row[i].min == 0 ? PSE_OK : PSE_E_RANGE);
    }
}

static void instants_have_a_sign(void **state)
{
    struct pse_bond b = small(PSE_BOND_PROMPT);

    (void)state;
    b.received = b.judged = INT64_MAX;
    both(&b, PSE_OK);
    b.received++;
    both(&b, PSE_E_RANGE);
    b.received--;
    b.judged++;
    both(&b, PSE_E_RANGE);
}

/* One form waits for an answer, and has none of its parts. */
static void forms(void **state)
{
    struct pse_bond b;

    (void)state;
    for (unsigned form = 0; form < 5; form++) {
        b = small((enum pse_bond_form)form);
        both(&b, form >= PSE_BOND_PROMPT && form <= PSE_BOND_PENDING ? PSE_OK : PSE_E_RANGE);
    }
    b = small(PSE_BOND_PENDING);
    b.judged = 1;
    both(&b, PSE_E_RANGE);
    b = small(PSE_BOND_PENDING);
    b.ocsp_nonce = pse_span(bytes, 1);
    both(&b, PSE_E_RANGE);
    b = small(PSE_BOND_PENDING);
    b.ocsp = pse_span(bytes, 1);
    both(&b, PSE_E_RANGE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_and_back),
        cmocka_unit_test(parts_have_lengths),
        cmocka_unit_test(instants_have_a_sign),
        cmocka_unit_test(forms),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
