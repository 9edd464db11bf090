/* Published tokens and answers of test cards (tests/vectors/webeid), as of the instants of their
 * lives. */
#include "codec/codec.h"
#include "identity/identity.h"
#include "vectors.h"

static json_t *root;

static int set_up(void **state)
{
    (void)state;
    root = vectors_load("webeid/vectors.json");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(root);
    return 0;
}

/* Base64 into a buffer that the caller frees. */
static struct pse_buf bytes_of(struct pse_span base64)
{
    struct pse_buf out = PSE_BUF(1 << 16);
    size_t n;

    assert_int_equal(pse_base64_check(&n, base64), PSE_OK);
    assert_int_equal(pse_base64_decode(pse_buf_extend(&out, n), n, base64), PSE_OK);
    return out;
}

static struct pse_certificate *certificate_of(const char *name)
{
    struct pse_buf der = bytes_of(vectors_text(json_object_get(root, "certificates"), name));
    struct pse_certificate *c;

    assert_int_equal(pse_certificate_parse_der(&c, pse_buf_span(&der)), PSE_OK);
    pse_buf_free(&der);
    return c;
}

static struct pse_anchors *anchors_of(const json_t *names)
{
    struct pse_anchors *a;

    assert_int_equal(pse_anchors_new(&a), PSE_OK);
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        struct pse_buf der = bytes_of(vectors_text(json_object_get(root, "certificates"), name));

        assert_int_equal(pse_anchors_add(a, pse_buf_span(&der)), PSE_OK);
        pse_buf_free(&der);
    }
    return a;
}

static void check_class(const json_t *v, enum pse_eid_fault got)
{
    const char *wanted = json_string_value(json_object_get(v, "class"));

    if (strcmp(pse_eid_fault_name(got), wanted) != 0)
        fail_msg("%s: %s", json_string_value(json_object_get(v, "name")), pse_eid_fault_name(got));
}

static void check_person(const json_t *subject, const struct pse_person *p)
{
    assert_non_null(subject);
    assert_string_equal(p->serial_number,
                        json_string_value(json_object_get(subject, "serialNumber")));
    assert_string_equal(p->given_name, json_string_value(json_object_get(subject, "givenName")));
    assert_string_equal(p->surname, json_string_value(json_object_get(subject, "surname")));
    assert_string_equal(p->country, json_string_value(json_object_get(subject, "C")));
}

static void token(const json_t *v)
{
    const struct pse_webeid_revocation off = {.is_off = true};
    const json_t *forbid = json_object_get(v, "forbid");
    const char *forbidden = json_string_value(json_array_get(forbid, 0));
    struct pse_anchors *anchors = anchors_of(json_object_get(v, "ca"));
    const struct pse_webeid_rules rules = {
        .origin = json_string_value(json_object_get(v, "origin")),
        .anchors = anchors,
        .forbidden = &forbidden,
        .forbidden_n = json_array_size(forbid),
        .now = json_integer_value(json_object_get(v, "time")),
    };
    struct pse_webeid *w;
    enum pse_eid_fault fault = pse_webeid_open(&w, vectors_text(v, "token"), &rules);

    if (fault == PSE_EID_GOOD)
        fault = pse_webeid_finish(w, &off, vectors_text(v, "nonce"), &rules);
    check_class(v, fault);
    if (fault == PSE_EID_GOOD)
        check_person(json_object_get(v, "subject"),
                     pse_certificate_person(pse_webeid_certificate(w)));
    pse_webeid_free(w);
    pse_anchors_free(anchors);
}

static void tokens(void **state)
{
    const json_t *list = json_object_get(root, "tokens");

    (void)state;
    assert_true(json_array_size(list) > 20);
    for (size_t i = 0; i < json_array_size(list); i++)
        token(json_array_get(list, i));
}

static void answer(const json_t *v, struct pse_ocsp_rules rules)
{
    const char *responder = json_string_value(json_object_get(v, "responder"));
    const char *which = json_string_value(json_object_get(v, "answer"));
    struct pse_buf der = bytes_of(vectors_text(json_object_get(root, "answers"), which));
    const json_t *put = json_object_get(v, "put");
    struct pse_certificate *designated = responder == NULL ? NULL : certificate_of(responder);
    uint8_t nonce[32];
    struct pse_ocsp said;

    if (json_object_get(v, "nonce") != NULL) {
        vectors_hex(nonce, 32, v, "nonce");
        rules.nonce = pse_span(nonce, 32);
    }
    if (put != NULL)
        der.p[json_integer_value(json_array_get(put, 0))] =
            (uint8_t)json_integer_value(json_array_get(put, 1));
    rules.responder = designated;
    rules.now = json_integer_value(json_object_get(v, "time"));
    check_class(v, pse_ocsp_verify(&said, pse_buf_span(&der), &rules));
    pse_certificate_free(designated);
    pse_buf_free(&der);
}

static void answers(void **state)
{
    const json_t *of = json_object_get(root, "ocsp"), *list = json_object_get(of, "cases");
    struct pse_certificate *c =
        certificate_of(json_string_value(json_object_get(of, "certificate")));
    struct pse_certificate *issuer =
        certificate_of(json_string_value(json_object_get(of, "issuer")));
    struct pse_anchors *anchors = anchors_of(json_object_get(of, "ca"));
    const struct pse_ocsp_rules rules = {.certificate = c,
                                         .issuer = issuer,
                                         .anchors = anchors,
                                         .max_age = PSE_OCSP_AGE,
                                         .skew = PSE_OCSP_SKEW};

    (void)state;
    assert_true(json_array_size(list) > 10);
    for (size_t i = 0; i < json_array_size(list); i++)
        answer(json_array_get(list, i), rules);
    pse_anchors_free(anchors);
    pse_certificate_free(c);
    pse_certificate_free(issuer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),
        cmocka_unit_test(answers),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
