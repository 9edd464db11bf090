/* Reports and commitments: known answers, one form, nothing signed that was not. */
#include "crypto.h"

struct vector {
    json_t *v;
    struct pse_group *g;
    pse_hash eid;
    uint8_t *bytes[2]; /* unsigned, signed */
    size_t n[2];
};

static const char *const names[2] = {"unsigned", "signed"};

static int start(void **state)
{
    struct vector *t = calloc(1, sizeof *t);

    t->v = vectors_load("psephos1/report.json");
    t->g = group_new();
    t->eid = hash_member(t->v, "eid");
    for (int i = 0; i < 2; i++)
        t->bytes[i] = hex_all(&t->n[i], json_object_get(t->v, names[i]), "report");
    *state = t;
    return 0;
}

static int stop(void **state)
{
    struct vector *t = *state;

    free(t->bytes[0]);
    free(t->bytes[1]);
    json_decref(t->v);
    pse_group_free(t->g);
    free(t);
    return 0;
}

static void known_answers(void **state)
{
    struct vector *t = *state;

    for (int i = 0; i < 2; i++) {
        json_t *o = json_object_get(t->v, names[i]);
        struct pse_report report;
        struct pse_buf again = PSE_BUF(PSE_REPORT_MAX);
        pse_secret d = {{0}};
        pse_secret nonce = {{0}};
        pse_hash commitment;
        uint8_t salt[32];

        assert_int_equal(pse_report_parse(t->g, &report, &t->eid, pse_span(t->bytes[i], t->n[i])),
                         PSE_OK);
        assert_int_equal(report.is_signed, i == 1);
        if (i == 1) {
            d = secret_member(o, "d");
            nonce = secret_member(o, "nonce");
            assert_hex_member(report.credential.b, 32, o, "D");
        }
        assert_int_equal(pse_report_build(t->g, &again, &report, i == 1 ? &d : NULL, &nonce),
                         PSE_OK);
        assert_int_equal(again.n, t->n[i]);
        assert_memory_equal(again.p, t->bytes[i], t->n[i]);
        pse_buf_free(&again);
        vectors_hex(salt, 32, o, "salt");
        pse_evidence_commit(&commitment, &t->eid, salt, pse_span(t->bytes[i], t->n[i]));
        assert_hex_member(commitment.b, 32, o, "commitment");
    }
}

static void several_in_one_incident(void **state)
{
    struct vector *t = *state;
    json_t *both = json_object_get(t->v, "both_in_one_incident");
    pse_hash c[2];
    struct pse_span parts[2] = {pse_span(c[0].b, 32), pse_span(c[1].b, 32)};
    pse_hash all;
    uint8_t salt[32];

    for (int i = 0; i < 2; i++)
        c[i] = hash_member(json_object_get(t->v, names[i]), "commitment");
    vectors_hex(salt, 32, both, "salt");
    pse_evidence_commit_parts(&all, &t->eid, salt, parts, 2);
    assert_hex_member(all.b, 32, both, "commitment");
}

static void evidence_of_the_frame(void **state)
{
    json_t *frame = vectors_load("psephos1/frame.json");
    json_t *e = json_object_get(frame, "evidence");
    struct vector *t = *state;
    pse_hash c;
    uint8_t salt[32];
    size_t n;
    uint8_t *evidence = hex_all(&n, e, "evidence");

    vectors_hex(salt, 32, e, "salt");
    pse_evidence_commit(&c, &t->eid, salt, pse_span(evidence, n));
    assert_hex_member(c.b, 32, e, "commitment");
    free(evidence);
    json_decref(frame);
}

static pse_rc judge_report(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_report report;

    return pse_report_parse(t->g, &report, &t->eid, bytes);
}

static void signed_reports_do_not_change(void **state)
{
    static const uint8_t zero[32];
    struct vector *t = *state;

    refuses_every_change(judge_report, t, t->bytes[1], t->n[1], false);
    refuses_field(judge_report, t, t->bytes[1], t->n[1], t->n[1] - 96, zero, PSE_E_ENCODING);
    refuses_field(judge_report, t, t->bytes[1], t->n[1], t->n[1] - 64, zero, PSE_E_ENCODING);
    refuses_field(judge_report, t, t->bytes[1], t->n[1], t->n[1] - 32, order_bytes, PSE_E_ENCODING);
    refuses_exchange(judge_report, t, t->bytes[1], t->n[1], t->n[1] - 96, t->n[1] - 64);
}

static void lengths_are_exact(void **state)
{
    struct vector *t = *state;

    for (int i = 0; i < 2; i++)
        for (size_t n = 0; n < t->n[i]; n++)
            assert_int_not_equal(judge_report(t, pse_span(t->bytes[i], n)), PSE_OK);
}

static void put_and_judge(struct vector *t, size_t at, uint8_t value, pse_rc want)
{
    uint8_t kept = t->bytes[0][at];

    t->bytes[0][at] = value;
    assert_int_equal(judge_report(t, pse_span(t->bytes[0], t->n[0])), want);
    t->bytes[0][at] = kept;
}

static void values_are_checked(void **state)
{
    struct vector *t = *state;
    struct pse_report r = {.class = 1, .code = 1};
    struct pse_buf out = PSE_BUF(PSE_REPORT_MAX);
    static const uint8_t bad_text[1] = {0x80};
    uint8_t contact[PSE_REPORT_CONTACT_MAX + 1];

    put_and_judge(t, 0, 'q', PSE_E_SYNTAX);
    put_and_judge(t, 16, 1, PSE_E_SYNTAX);
    put_and_judge(t, 17, (uint8_t)(t->eid.b[0] ^ 1), PSE_E_MISMATCH);
    put_and_judge(t, 49, 0, PSE_E_RANGE);
    put_and_judge(t, 49, 5, PSE_E_RANGE);
    put_and_judge(t, 49, 255, PSE_OK);
    put_and_judge(t, 51, 0, PSE_E_RANGE);
    put_and_judge(t, 51, 9, PSE_E_RANGE);
    put_and_judge(t, 51, 255, PSE_OK);
    put_and_judge(t, 50, 1, PSE_E_RANGE);
    put_and_judge(t, t->n[0] - 1, 2, PSE_E_RANGE);
    put_and_judge(t, t->n[0] - 1, 1, PSE_E_LENGTH);

    memset(contact, 'c', sizeof contact);
    r.contact = pse_span(contact, sizeof contact);
    assert_int_equal(pse_report_build(t->g, &out, &r, NULL, NULL), PSE_E_RANGE);
    r.contact = pse_span(bad_text, 1);
    assert_int_equal(pse_report_build(t->g, &out, &r, NULL, NULL), PSE_E_RANGE);
    r.contact = pse_span(contact, PSE_REPORT_CONTACT_MAX);
    assert_int_equal(pse_report_build(t->g, &out, &r, NULL, NULL), PSE_OK);
    r.class = 0;
    assert_int_equal(pse_report_build(t->g, &out, &r, NULL, NULL), PSE_E_RANGE);
    pse_buf_free(&out);
}

static void longest_report_fits(void **state)
{
    struct vector *t = *state;
    struct pse_report r = {.class = 1, .code = 1};
    struct pse_buf out = PSE_BUF(PSE_REPORT_MAX);
    uint8_t contact[PSE_REPORT_CONTACT_MAX];
    struct pse_rng rng = seeded(80);
    pse_secret k[2];

    memset(contact, 'c', sizeof contact);
    r.eid = t->eid;
    r.contact = pse_span(contact, sizeof contact);
    pse_secret_random_n(k, 2, &rng);
    assert_int_equal(pse_report_build(t->g, &out, &r, &k[0], &k[1]), PSE_OK);
    assert_int_equal(judge_report(t, pse_buf_span(&out)), PSE_OK);
    pse_buf_free(&out);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),         cmocka_unit_test(several_in_one_incident),
        cmocka_unit_test(evidence_of_the_frame), cmocka_unit_test(signed_reports_do_not_change),
        cmocka_unit_test(lengths_are_exact),     cmocka_unit_test(values_are_checked),
        cmocka_unit_test(longest_report_fits),
    };

    if (!backend_choose(argc, argv))
        return 0;
    return cmocka_run_group_tests(tests, start, stop);
}
