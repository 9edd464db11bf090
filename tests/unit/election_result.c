/* Result blobs: building, reading, matching, statuses, readable tallies. */
#define _GNU_SOURCE
#include "election/result.h"

#include "codec/codec.h"
#include "election.h"

enum { ROWS = 150, LISTS = 4 };

/* An election's results, made from plaintexts rather than by decryption. */
struct results {
    struct pse_result_list list[LISTS];
    struct pse_span x[LISTS];
    pse_enc hom1[3], hom3[2];
    uint8_t rank[ROWS][32], name[7][64];
    struct pse_buf blob;
};

static void encode_values(pse_enc *out, const struct pse_group *g, const uint64_t *v, size_t n)
{
    pse_secret s[3];
    pse_point p[3];

    for (size_t i = 0; i < n; i++)
        pse_secret_set_u64(&s[i], v[i]);
    pse_point_mul_base(g, p, s, n);
    pse_point_encode(g, out, p, n);
}

static void encode_plain(uint8_t *out, const struct pse_group *g, const uint8_t *plain, size_t w)
{
    pse_point p[8];
    pse_enc e[8];

    assert_int_equal(pse_element_encode(g, p, plain, w), PSE_OK);
    pse_point_encode(g, e, p, w);
    memcpy(out, e, 32 * w);
}

/* Rankings: 1>2>3 sixty times, 2 forty, 4>1 thirty, blank fifteen, five invalid. */
static void fill_rankings(struct results *r, const struct pse_group *g, const struct pse_contest *c)
{
    for (size_t i = 0; i < ROWS; i++) {
        uint8_t plain[30];

        if (i < 60)
            assert_int_equal(pse_plain_ranking(plain, c, (const uint8_t *)"\1\2\3", 3), PSE_OK);
        else if (i < 100)
            assert_int_equal(pse_plain_ranking(plain, c, (const uint8_t *)"\2", 1), PSE_OK);
        else if (i < 130)
            assert_int_equal(pse_plain_ranking(plain, c, (const uint8_t *)"\4\1", 2), PSE_OK);
        else if (i < 145)
            assert_int_equal(pse_plain_ranking(plain, c, NULL, 0), PSE_OK);
        else
            memset(plain, (int)i, sizeof plain);
        encode_plain(r->rank[i * 7 % ROWS], g, plain, 1); /* 7 and 150 have no common factor */
    }
    memset(r->rank[145 * 7 % ROWS], 0, 32); /* the identity: canonical, not well-formed */
}

static void fill_names(struct results *r, const struct pse_group *g, const struct pse_contest *c)
{
    static const char *const text[] = {"Zo\xc3\xab", "b", "Zo\xc3\xab", "a"};
    uint8_t plain[60];

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pse_plain_text(plain, c, pse_span_str(text[i])), PSE_OK);
        encode_plain(r->name[i], g, plain, 2);
    }
    for (uint8_t i = 4; i < 7; i++) {
        assert_int_equal(pse_plain_choice(plain, c, i == 6 ? 0 : 3), PSE_OK);
        encode_plain(r->name[i], g, plain, 2);
    }
}

static void results_open(struct results *r, const struct fixture *f)
{
    static const uint64_t v1[] = {7, 0, 12}, v3[] = {(1 << 20) + 5, 9};

    memset(r, 0, sizeof *r);
    r->list[0] = (struct pse_result_list){pse_manifest_contest(f->m, 1), 1, 20, 20};
    r->list[1] = (struct pse_result_list){pse_manifest_contest(f->m, 2), 1, ROWS, ROWS};
    r->list[2] = (struct pse_result_list){pse_manifest_contest(f->m, 3), 1, 7, 700000};
    r->list[3] = (struct pse_result_list){pse_manifest_contest(f->m, 4), 1, 7, 7};
    encode_values(r->hom1, f->g, v1, 3);
    encode_values(r->hom3, f->g, v3, 2);
    fill_rankings(r, f->g, r->list[1].contest);
    fill_names(r, f->g, r->list[3].contest);
    r->x[0] = pse_span(r->hom1, sizeof r->hom1);
    r->x[1] = pse_span(r->rank, sizeof r->rank);
    r->x[2] = pse_span(r->hom3, sizeof r->hom3);
    r->x[3] = pse_span(r->name, sizeof r->name);
    r->blob = PSE_BUF(1 << 20);
    assert_int_equal(pse_result_blob_build(&r->blob, f->g, r->list, LISTS, r->x), PSE_OK);
}

static void layout(void **state)
{
    static struct results r;
    PSE_ARENA(arena, 1 << 20);
    struct pse_result_view *v, match[LISTS];
    uint64_t count[3];
    uint8_t points[ROWS * 32];
    struct fixture f;
    size_t n;

    (void)state;
    fixture_open(&f);
    results_open(&r, &f);
    assert_int_equal(r.blob.n, 2 + 4 * 17 + (2 + 24) + (1 + ROWS * 33) + (2 + 16) + (1 + 7 * 65));
    assert_int_equal(pse_result_blob_len(r.list, LISTS), r.blob.n);
    assert_int_equal(pse_result_blob_parse(&v, &n, &arena, pse_buf_span(&r.blob)), PSE_OK);
    assert_int_equal(n, LISTS);
    assert_int_equal(pse_result_blob_match(match, r.list, LISTS, pse_buf_span(&r.blob)), PSE_OK);
    for (size_t i = 0; i < LISTS; i++) {
        assert_int_equal(v[i].contest, i + 1);
        assert_ptr_equal(v[i].items, match[i].items);
    }
    pse_result_counts(count, &v[0]);
    assert_int_equal(count[0], 7);
    assert_int_equal(count[2], 12);
    pse_result_counts(count, &v[2]);
    assert_int_equal(count[0], (1 << 20) + 5);
    pse_result_points(points, &v[1]);
    assert_memory_equal(points, r.rank, sizeof points);
    assert_int_equal(pse_result_statuses_check(f.g, r.list[1].contest, &v[1]), PSE_OK);
    assert_int_equal(pse_result_statuses_check(f.g, r.list[3].contest, &v[3]), PSE_OK);
    pse_buf_free(&r.blob);
    fixture_close(&f);
}

static void statuses_of_another_value(void **state)
{
    static struct results r;
    static const uint8_t value[] = {0, 1, 2, 3, 128, 255};
    struct pse_result_view match[LISTS];
    struct fixture f;
    uint8_t *rows;

    (void)state;
    fixture_open(&f);
    results_open(&r, &f);
    assert_int_equal(pse_result_blob_match(match, r.list, LISTS, pse_buf_span(&r.blob)), PSE_OK);
    rows = r.blob.p + (match[1].items - r.blob.p);
    for (size_t i = 0; i < ROWS; i += 13)
        for (unsigned k = 0; k < sizeof value; k++) {
            const uint8_t was = rows[i * 33], s = value[k];

            rows[i * 33] = s;
            assert_int_equal(pse_result_statuses_check(f.g, r.list[1].contest, &match[1]),
                             s == was ? PSE_OK : PSE_E_MISMATCH);
            rows[i * 33] = was;
        }
    pse_buf_free(&r.blob);
    fixture_close(&f);
}

/* Any change of lengths, heads or order; bodies are other rules' affair. */
static void layouts_refused(void **state)
{
    static struct results r;
    PSE_ARENA(arena, 1 << 24);
    struct pse_result_view match[LISTS], *v;
    struct pse_result_list list[LISTS];
    struct fixture f;
    size_t n, views;

    (void)state;
    fixture_open(&f);
    results_open(&r, &f);
    n = r.blob.n;
    for (size_t cut = 0; cut < n; cut += cut < 100 ? 1 : 37) {
        assert_int_not_equal(pse_result_blob_match(match, r.list, LISTS, pse_span(r.blob.p, cut)),
                             PSE_OK);
        assert_int_not_equal(pse_result_blob_parse(&v, &views, &arena, pse_span(r.blob.p, cut)),
                             PSE_OK);
    }
    pse_wr_u8(&r.blob, 0);
    assert_int_equal(pse_result_blob_match(match, r.list, LISTS, pse_buf_span(&r.blob)),
                     PSE_E_LENGTH);
    assert_int_equal(pse_result_blob_parse(&v, &views, &arena, pse_buf_span(&r.blob)),
                     PSE_E_LENGTH);
    r.blob.n = n;
    for (size_t at = 0; at < 2 + 17 + 2; at++) { /* number of lists, first head, K */
        r.blob.p[at] ^= 1;
        assert_int_not_equal(pse_result_blob_match(match, r.list, LISTS, pse_buf_span(&r.blob)),
                             PSE_OK);
        r.blob.p[at] ^= 1;
    }
    /* other lists than the blob has */
    memcpy(list, r.list, sizeof list);
    assert_int_equal(pse_result_blob_match(match, list, 3, pse_buf_span(&r.blob)), PSE_E_MISMATCH);
    list[3].pot = 2;
    assert_int_equal(pse_result_blob_match(match, list, LISTS, pse_buf_span(&r.blob)),
                     PSE_E_MISMATCH);
    list[3].pot = 1;
    list[0].weight++;
    assert_int_equal(pse_result_blob_match(match, list, LISTS, pse_buf_span(&r.blob)),
                     PSE_E_MISMATCH);
    list[0].weight--;
    list[1].n--;
    assert_int_equal(pse_result_blob_match(match, list, LISTS, pse_buf_span(&r.blob)),
                     PSE_E_MISMATCH);
    /* descending lists */
    r.blob.p[3] = 3;
    assert_int_equal(pse_result_blob_parse(&v, &views, &arena, pse_buf_span(&r.blob)), PSE_E_RANGE);
    pse_buf_free(&r.blob);
    fixture_close(&f);
}

static void not_built(void **state)
{
    static struct results r;
    static const uint64_t over[] = {21, 0, 0};
    struct fixture f;

    (void)state;
    fixture_open(&f);
    results_open(&r, &f);
    r.blob.n = 0;
    encode_values(r.hom1, f.g, over, 3); /* 21 of at most 20 */
    assert_int_equal(pse_result_blob_build(&r.blob, f.g, r.list, LISTS, r.x), PSE_E_RANGE);
    assert_int_equal(r.blob.n, 0);
    r.x[0].n -= 32;
    assert_int_equal(pse_result_blob_build(&r.blob, f.g, r.list, LISTS, r.x), PSE_E_LENGTH);
    r.x[0].n += 32;
    memset(r.hom1, 0xff, 32);
    assert_int_equal(pse_result_blob_build(&r.blob, f.g, r.list, LISTS, r.x), PSE_E_ENCODING);
    assert_int_equal(r.blob.n, 0);
    pse_buf_free(&r.blob);
    fixture_close(&f);
}

static void tallies(void **state)
{
    static struct results r;
    PSE_ARENA(arena, 1 << 24);
    struct pse_tally t;
    struct fixture f;
    struct pse_span blob;

    (void)state;
    fixture_open(&f);
    results_open(&r, &f);
    blob = pse_buf_span(&r.blob);
    assert_int_equal(pse_tally_make(&t, &arena, f.g, f.m, blob, r.list[0].contest, 0), PSE_OK);
    assert_int_equal(t.votes[0], 7);
    assert_int_equal(t.votes[1], 0);
    assert_int_equal(t.votes[2], 12);
    assert_int_equal(t.rankings->groups, 2);
    assert_int_equal(t.rankings->blank, 1);
    assert_int_equal(t.rankings->total, 20);

    assert_int_equal(pse_tally_make(&t, &arena, f.g, f.m, blob, r.list[1].contest, 1), PSE_OK);
    assert_int_equal(t.ballots, ROWS);
    assert_int_equal(t.valid, 130);
    assert_int_equal(t.blank, 15);
    assert_int_equal(t.invalid, 5);
    assert_int_equal(t.votes[0], 60);
    assert_int_equal(t.votes[1], 40);
    assert_int_equal(t.votes[2], 0);
    assert_int_equal(t.votes[3], 30);
    assert_int_equal(t.rankings->groups, 3);
    assert_int_equal(t.rankings->total, 145);
    assert_int_equal(t.rankings->blank, 15);
    assert_true(pse_span_is_str(t.rankings->name[4], "Dora"));
    assert_int_equal(t.text_n, 0);

    assert_int_equal(pse_tally_make(&t, &arena, f.g, f.m, blob, r.list[3].contest, 0), PSE_OK);
    assert_int_equal(t.text_n, 3);
    assert_true(pse_span_is_str(t.texts[0].text, "Zo\xc3\xab"));
    assert_int_equal(t.texts[0].count, 2);
    assert_true(pse_span_is_str(t.texts[1].text, "a"));
    assert_int_equal(t.votes[2], 2);
    assert_int_equal(t.blank, 1);
    assert_int_equal(t.valid, 6);

    assert_int_equal(pse_tally_make(&t, &arena, f.g, f.m, blob, &f.m->contest[4], 0),
                     PSE_E_MISSING);
    assert_int_equal(pse_tally_make(&t, &arena, f.g, f.m, blob, r.list[1].contest, 2),
                     PSE_E_MISSING);
    assert_int_equal(
        pse_tally_make(&t, &arena, f.g, f.m, pse_span(blob.p, 9), r.list[1].contest, 0),
        PSE_E_LENGTH);
    r.blob.p[2 + 17 + 2 + 24 + 17] = 2; /* w of the second list */
    assert_int_not_equal(pse_tally_make(&t, &arena, f.g, f.m, blob, r.list[1].contest, 0), PSE_OK);
    pse_buf_free(&r.blob);
    fixture_close(&f);
}

static void readable_json(void **state)
{
    static struct results r;
    struct pse_buf out = PSE_BUF(1 << 20);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    struct fixture f;
    json_t *j, *rankings;

    (void)state;
    fixture_open(&f);
    results_open(&r, &f);
    assert_int_equal(pse_result_json(&w, NULL, f.g, f.m, pse_buf_span(&r.blob)), PSE_OK);
    assert_int_equal(pse_json_wr_finish(&w), PSE_OK);
    j = json_loadb((const char *)out.p, out.n, 0, NULL);
    assert_non_null(j);
    assert_int_equal(json_array_size(j), LISTS);
    rankings = json_object_get(json_array_get(j, 1), "rankings");
    assert_int_equal(json_array_size(rankings), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(rankings, 2), "count")), 60);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(j, 1), "invalid")), 5);
    json_decref(j);
    pse_buf_free(&out);
    pse_buf_free(&r.blob);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),          cmocka_unit_test(statuses_of_another_value),
        cmocka_unit_test(layouts_refused), cmocka_unit_test(not_built),
        cmocka_unit_test(tallies),         cmocka_unit_test(readable_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
