/* Transcripts: the known answers, streaming equal to one piece, every input bound. */
#include "crypto.h"

#include "crypto/statements.h"

static void known_answers(void **state)
{
    json_t *v = vectors_load("psephos1/transcript.json");
    json_t *w = json_object_get(v, "weights_h1");
    pse_hash eid = hash_member(v, "eid");
    pse_transcript t;
    uint8_t bytes[200];
    uint8_t h[64];
    uint8_t scalar[32];
    pse_scalar x;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    pse_transcript_init(&t, "test", &eid);
    pse_transcript_absorb(&t, NULL, 0);
    pse_transcript_absorb(&t, "abc", 3);
    pse_transcript_absorb(&t, bytes, sizeof bytes);
    pse_transcript_squeeze(&t, h);
    assert_hex_member(h, 64, v, "h1");

    pse_scalar_from_wide(&x, h);
    pse_scalar_encode(scalar, &x);
    assert_hex_member(scalar, 32, v, "scalar_h1");
    pse_scalar_from_short(&x, h);
    pse_scalar_encode(scalar, &x);
    assert_hex_member(scalar, 16, v, "short_h1_le16");
    for (size_t i = 0; i < json_array_size(w); i++) {
        uint8_t want[32] = {0};

        hex_value(want, 16, json_array_get(w, i));
        pse_weights(&x, h, i, 1);
        pse_scalar_encode(scalar, &x);
        assert_memory_equal(scalar, want, 32);
    }
    pse_transcript_absorb(&t, "more", 4);
    pse_transcript_squeeze(&t, h);
    assert_hex_member(h, 64, v, "h2");
    json_decref(v);
}

static void parts_equal_one_piece(void **state)
{
    pse_hash eid = {{7}};
    pse_transcript a;
    pse_transcript b;
    uint8_t bytes[1000];
    uint8_t h[2][64];

    (void)state;
    memset(bytes, 0x5a, sizeof bytes);
    pse_transcript_init(&a, "x", &eid);
    pse_transcript_init(&b, "x", &eid);
    pse_transcript_absorb(&a, bytes, sizeof bytes);
    pse_transcript_absorb_begin(&b, sizeof bytes);
    for (size_t at = 0, n = 1; at < sizeof bytes; at += n, n = 2 * n + 1) {
        if (n > sizeof bytes - at)
            n = sizeof bytes - at;
        pse_transcript_absorb_part(&b, bytes + at, n);
    }
    pse_transcript_squeeze(&a, h[0]);
    pse_transcript_squeeze(&b, h[1]);
    assert_memory_equal(h[0], h[1], 64);
}

static void hash_of(uint8_t h[64], const char *type, uint8_t eid, const char *one, const char *two)
{
    pse_hash e = {{eid}};
    struct pse_span x[] = {pse_span_str(one), pse_span_str(two)};
    struct pse_statement s = {type, &e, x, 2};

    pse_statement_hash(h, &s);
}

static void every_input_is_bound(void **state)
{
    uint8_t h[6][64];

    (void)state;
    hash_of(h[0], "type", 1, "ab", "c");
    hash_of(h[1], "typf", 1, "ab", "c");
    hash_of(h[2], "type", 2, "ab", "c");
    hash_of(h[3], "type", 1, "a", "bc");
    hash_of(h[4], "type", 1, "abc", "");
    hash_of(h[5], "type", 1, "c", "ab");
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(h[i], h[j], 64);
}

/* Statements of all kinds and lengths, in scratch of any size, are what each is alone. */
static void many_statements_are_each_its_own(void **state)
{
    enum { N = 150 };
    static const size_t room[] = {0, 60, 77, 78, 200, 1000, 5000, 200000};
    static const char *const type[] = {"", "tracker", "ballot-sign", "ballot-hom"};
    static uint8_t bytes[3000], scratch[200000];
    static struct pse_span x[N][4];
    static struct pse_statement s[N];
    static uint8_t want[N][64], got[N + 1][64];
    const pse_hash eid[2] = {{{1}}, {{2}}};

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    for (size_t i = 0; i < N; i++) {
        s[i] = (struct pse_statement){type[i % 4], &eid[i / 7 % 2], x[i], i % 5};
        for (size_t k = 0; k < s[i].n; k++)
            x[i][k] = pse_span(bytes + i, (i * (k + 1) * 13) % (i % 10 == 9 ? 2500 : 90));
        pse_statement_hash(want[i], &s[i]);
    }
    for (size_t r = 0; r < sizeof room / sizeof *room; r++) {
        for (size_t n = 0; n <= N; n += 1 + n / 2) {
            memset(got, 0x5a, sizeof got);
            memset(scratch, 0x5a, sizeof scratch);
            pse_statements_hash(got, s, n, scratch, room[r]);
            assert_memory_equal(got, want, n * sizeof *want);
            assert_int_equal(got[n][0], 0x5a);
            for (size_t at = room[r]; at < sizeof scratch; at++)
                assert_int_equal(scratch[at], 0x5a);
        }
    }
}

static void weights_of_ranges_agree(void **state)
{
    uint8_t h[64] = {1, 2, 3};
    enum { N = 300 };
    pse_scalar all[N];
    pse_scalar some[N + 1];

    (void)state;
    for (size_t i = 0; i < N; i++)
        pse_weights(&all[i], h, i, 1);
    for (size_t first = 0; first < N; first += first < 140 ? 1 : 37)
        for (size_t n = 0; n <= N - first; n += 7) {
            memset(&some[n], 0x5a, sizeof *some);
            pse_weights(some, h, first, n);
            assert_memory_equal(some, all + first, n * sizeof *some);
            assert_int_equal(some[n].w[0], 0x5a5a5a5a5a5a5a5a);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(parts_equal_one_piece),
        cmocka_unit_test(every_input_is_bound),
        cmocka_unit_test(many_statements_are_each_its_own),
        cmocka_unit_test(weights_of_ranges_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
