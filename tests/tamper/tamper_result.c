/* Decryption, result and end: V701-V703, V801-V804, V503. */
#include "tamper.h"

/* Lists of the small election, ascending: (1,1) (1,3) (2,1) (3,3). */
enum { LIST_MEASURES = 0, LIST_COUNCIL = 2, LIST_MAYOR = 3, LISTS = 4 };

/* --- decrypt ---------------------------------------------------------------------------------- */

static void v701_bodies(void **state)
{
    struct mini *m = *state;
    struct pse_entry good;
    struct pse_entry e;
    uint64_t first;

    mini_until(m, MINI_DECRYPT);
    good = mini_decrypt(m, 1, LIST_COUNCIL);
    e = good;
    e.u.decrypt.contest = 3;
    first = mini_put(m, &e);
    e = good;
    e.u.decrypt.pot = 2;
    mini_put(m, &e);
    e = good;
    e.u.decrypt.m++;
    mini_put(m, &e);
    e = good;
    e.u.decrypt.in.b[5] ^= 1;
    mini_put(m, &e);
    dead(m, PSE_V701, first);
    for (uint64_t i = first; i < first + 4; i++)
        assert_true(mini_has(m, PSE_V701, i));
}

static void v701_same_trustee_twice(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_RESULT);
    e = mini_decrypt(m, 3, LIST_COUNCIL);
    dead(m, PSE_V701, mini_put(m, &e));
}

static uint64_t put_other_share(struct mini *m, const struct pse_entry *good, struct pse_span share)
{
    struct pse_entry e = *good;

    e.u.decrypt.blob = mini_blob(m, share);
    return mini_put(m, &e);
}

static void copy_blob(struct mini *m, struct pse_buf *out, const pse_hash *hash)
{
    struct pse_span bytes = pse_buf_span(&mini_blob_find(m, hash)->bytes);

    *out = PSE_BUF(bytes.n + 100);
    pse_buf_put(out, bytes.p, bytes.n);
}

static void v702_shares(void **state)
{
    struct mini *m = *state;
    struct pse_entry good;
    struct pse_buf b;
    uint64_t first;

    mini_until(m, MINI_DECRYPT);
    good = mini_decrypt(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &good.u.decrypt.blob);
    memset(b.p, 0xff, 32);
    first = put_other_share(m, &good, pse_buf_span(&b));
    put_other_share(m, &good, pse_span(b.p, b.n - 32));
    pse_buf_put(&b, "x", 1);
    put_other_share(m, &good, pse_buf_span(&b));
    pse_buf_free(&b);
    dead(m, PSE_V702, first);
    for (uint64_t i = first; i < first + 3; i++)
        assert_true(mini_has(m, PSE_V702, i));
}

static void v703_share_of_another_row(void **state)
{
    struct mini *m = *state;
    struct pse_entry good;
    struct pse_buf b;
    uint8_t swap[32];
    uint64_t bad;

    mini_until(m, MINI_DECRYPT);
    good = mini_decrypt(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &good.u.decrypt.blob);
    memcpy(swap, b.p, 32);
    memcpy(b.p, b.p + 32, 32);
    memcpy(b.p + 32, swap, 32);
    bad = put_other_share(m, &good, pse_buf_span(&b));
    pse_buf_free(&b);
    dead(m, PSE_V703, bad);
}

static void v703_another_key(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_DECRYPT);
    pse_secret_random(&m->x[0], &m->rng);
    e = mini_decrypt(m, 1, LIST_MEASURES);
    mini_put(m, &e);
    e = mini_decrypt(m, 2, LIST_COUNCIL);
    e.index = 1;
    mini_put(m, &e);
    stuck(m, PSE_V703, m->entries - 2);
    assert_true(mini_has(m, PSE_V703, m->entries - 1));
}

/* A trustee with a wrong share and an officer who counts with it. */
static void v703_built_on(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_buf b;
    uint64_t bad;

    mini_until(m, MINI_DECRYPT);
    e = mini_decrypt(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &e.u.decrypt.blob);
    memcpy(b.p, m->credential[0].b, 32);
    bad = put_other_share(m, &e, pse_buf_span(&b));
    pse_buf_free(&b);
    for (size_t at = 0; at < LISTS; at++) {
        e = mini_decrypt(m, 2, at);
        mini_put(m, &e);
        if (at == LIST_COUNCIL)
            continue;
        e = mini_decrypt(m, 1, at);
        mini_put(m, &e);
    }
    mini_skip(m);
    mini_until(m, MINI_DONE);
    assert_int_equal(pse_engine_state(m->engine), PSE_STATE_END);
    stuck(m, PSE_V703, bad);
}

static void fewer_than_t_trustees(void **state)
{
    struct mini *m = *state;
    struct pse_entry e = mini_entry(PSE_ENTRY_RESULT, PSE_ROLE_AUTHORITY, 0);
    struct pse_entry share;

    mini_until(m, MINI_DECRYPT);
    for (size_t at = 0; at < LISTS; at++) {
        share = mini_decrypt(m, 2, at);
        mini_put(m, &share);
    }
    for (size_t at = 1; at < LISTS; at++) {
        share = mini_decrypt(m, 3, at);
        mini_put(m, &share);
    }
    e.u.result.blob = mini_blob(m, pse_span_str("any"));
    stuck(m, PSE_V908, mini_put(m, &e));
}

/* --- result ----------------------------------------------------------------------------------- */

/* Offsets in the blob: (1,1) has 3 counts, (1,3) 3 counts, (2,1) 4 rows of 33, (3,3) one of 65. */
enum {
    AT_FIRST = 2,
    AT_COUNTS = AT_FIRST + 17 + 2,
    AT_SECOND = AT_COUNTS + 24,
    AT_COUNCIL = AT_SECOND + 17 + 2 + 24,
    AT_ROWS = AT_COUNCIL + 17 + 1,
    AT_MAYOR = AT_ROWS + 4 * 33,
    RESULT_SIZE = AT_MAYOR + 17 + 1 + 65,
};

static struct pse_buf result_of(struct mini *m)
{
    struct pse_buf b;

    mini_until(m, MINI_RESULT);
    mini_result_blob(m, &b);
    assert_int_equal(b.n, RESULT_SIZE);
    return b;
}

static uint64_t put_changed(struct mini *m, struct pse_buf *b, size_t at, uint8_t by)
{
    uint64_t index;

    b->p[at] ^= by;
    index = mini_result(m, pse_buf_span(b));
    b->p[at] ^= by;
    return index;
}

static void v801_layout(void **state)
{
    struct mini *m = *state;
    struct pse_buf b = result_of(m);
    uint64_t first = put_changed(m, &b, 1, 1); /* number of lists */
    static const size_t fields[] = {
        AT_FIRST + 1,    /* contest */
        AT_FIRST + 3,    /* group */
        AT_FIRST + 4,    /* kind */
        AT_FIRST + 8,    /* N */
        AT_FIRST + 16,   /* weight */
        AT_FIRST + 18,   /* K */
        AT_COUNCIL + 8,  /* N */
        AT_COUNCIL + 16, /* weight */
        AT_COUNCIL + 17, /* w */
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        put_changed(m, &b, fields[i], 1);
    mini_result(m, pse_span(b.p, b.n - 1));
    pse_buf_put(&b, "x", 1);
    mini_result(m, pse_buf_span(&b));
    b.n--;
    memset(b.p + AT_ROWS + 1, 0xff, 32); /* no point */
    mini_result(m, pse_buf_span(&b));
    pse_buf_free(&b);
    dead(m, PSE_V801, first);
    for (uint64_t i = first; i < first + 13; i++)
        assert_true(mini_has(m, PSE_V801, i));
}

static void v802_off_by_one(void **state)
{
    struct mini *m = *state;
    struct pse_buf b = result_of(m);

    b.p[AT_COUNTS + 7]++;
    mini_result(m, pse_buf_span(&b));
    b.p[AT_COUNTS + 7]--;
    b.p[AT_COUNTS] = 0x80;
    mini_result(m, pse_buf_span(&b));
    pse_buf_free(&b);
    dead(m, PSE_V802, m->entries - 2);
    assert_true(mini_has(m, PSE_V802, m->entries - 3));
}

static void v802_built_on(void **state)
{
    struct mini *m = *state;
    struct pse_buf b = result_of(m);
    uint64_t bad;

    b.p[AT_COUNTS + 7]++;
    bad = mini_result(m, pse_buf_span(&b));
    pse_buf_free(&b);
    mini_skip(m);
    mini_until(m, MINI_DONE);
    assert_int_equal(pse_engine_state(m->engine), PSE_STATE_END);
    stuck(m, PSE_V802, bad);
}

static void v803_rows_swapped_or_replaced(void **state)
{
    struct mini *m = *state;
    struct pse_buf b = result_of(m);
    uint8_t swap[33];
    uint64_t bad;

    memcpy(swap, b.p + AT_ROWS, 33);
    memcpy(b.p + AT_ROWS, b.p + AT_ROWS + 33, 33);
    memcpy(b.p + AT_ROWS + 33, swap, 33);
    bad = mini_result(m, pse_buf_span(&b));
    memcpy(b.p + AT_ROWS, b.p + AT_ROWS + 66, 33);
    mini_result(m, pse_buf_span(&b));
    pse_buf_free(&b);
    dead(m, PSE_V803, bad);
    assert_true(mini_has(m, PSE_V803, bad + 1));
}

static void v804_statuses(void **state)
{
    struct mini *m = *state;
    struct pse_buf b = result_of(m);
    uint64_t bad = put_changed(m, &b, AT_ROWS, 1);

    put_changed(m, &b, AT_ROWS, 2);
    put_changed(m, &b, AT_ROWS, 4);
    put_changed(m, &b, AT_MAYOR + 18, 2);
    pse_buf_free(&b);
    dead(m, PSE_V804, bad);
    for (uint64_t i = bad; i < bad + 4; i++)
        assert_true(mini_has(m, PSE_V804, i));
}

static void lowest_rule_of_all_lists_comes_first(void **state)
{
    struct mini *m = *state;
    struct pse_buf b = result_of(m);
    uint64_t bad;

    b.p[AT_ROWS] ^= 2;
    memset(b.p + AT_MAYOR + 19, 0xff, 32);
    bad = mini_result(m, pse_buf_span(&b));
    pse_buf_free(&b);
    dead(m, PSE_V801, bad);
    assert_true(mini_has(m, PSE_V804, bad));
}

/* --- end -------------------------------------------------------------------------------------- */

static void v503_size_and_root(void **state)
{
    struct mini *m = *state;
    struct pse_entry e = mini_entry(PSE_ENTRY_END, PSE_ROLE_AUTHORITY, 0);
    uint64_t bad;

    mini_until(m, MINI_END);
    e.u.close.size = pse_engine_size(m->engine) + 1;
    pse_engine_root(m->engine, &e.u.close.root);
    bad = mini_put(m, &e);
    e.u.close.size = pse_engine_size(m->engine);
    mini_put(m, &e);
    dead(m, PSE_V503, bad);
    assert_true(mini_has(m, PSE_V503, bad + 1));
}

static void nothing_follows_the_end(void **state)
{
    struct mini *m = *state;
    uint64_t bad;

    mini_until(m, MINI_DONE);
    bad = mini_end_entry(m);
    mini_statement(m, pse_span_str("one thing more"));
    mini_abort(m);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, PSE_V908, bad));
    assert_true(mini_has(m, PSE_V908, bad + 1));
    assert_true(mini_has(m, PSE_V908, bad + 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HONEST(v701_bodies),
        HONEST(v701_same_trustee_twice),
        HONEST(v702_shares),
        HONEST(v703_share_of_another_row),
        HONEST(v703_another_key),
        CHEATING(v703_built_on),
        HONEST(fewer_than_t_trustees),
        HONEST(v801_layout),
        HONEST(v802_off_by_one),
        CHEATING(v802_built_on),
        HONEST(v803_rows_swapped_or_replaced),
        HONEST(v804_statuses),
        HONEST(lowest_rule_of_all_lists_comes_first),
        HONEST(v503_size_and_root),
        HONEST(nothing_follows_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
