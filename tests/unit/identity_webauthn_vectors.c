/* The published examples of Web Authentication Level 3 (tests/vectors/webauthn): those that keep
 * the rules of psephos are accepted, the others refused by the rule that they break. */
#include "identity/webauthn_room.h"
#include "vectors.h"

enum { NOW = 1780000000, PART_MAX = 4096 };

#define assert_fault(got, wanted) assert_string_equal(pse_webauthn_fault_name(got), wanted)

struct part {
    uint8_t b[PART_MAX];
    size_t n;
};

static struct pse_span take(struct part *out, const json_t *object, const char *member)
{
    out->n = vectors_text(object, member).n / 2;
    assert_true(out->n <= PART_MAX);
    vectors_hex(out->b, out->n, object, member);
    return pse_span(out->b, out->n);
}

static const char *expected_of(const json_t *object)
{
    return json_string_value(json_object_get(object, "expect"));
}

/* The key, whatever is thought of the registration that brought it. */
static void take_key(struct pse_webauthn_key *out, struct pse_span object)
{
    struct pse_webauthn_object o;
    struct pse_webauthn_data d;

    assert_fault(pse_webauthn_object_parse(&o, object), "good");
    assert_fault(pse_webauthn_data_parse(&d, o.data, true), "good");
    assert_fault(pse_webauthn_key_take(out, &d), "good");
}

static void check_registration(struct pse_webauthn_key *key, const json_t *r,
                               const struct pse_webauthn_site *site,
                               const struct pse_webauthn_rules *rules)
{
    struct part id, client_data, object;
    struct pse_webauthn_answer answer = {.id = take(&id, r, "id"),
                                         .client_data = take(&client_data, r, "client_data"),
                                         .object = take(&object, r, "object")};
    pse_hash challenge;

    vectors_hex(challenge.b, 32, r, "challenge");
    assert_fault(pse_webauthn_register_over(key, &answer, &challenge, site, rules, NOW),
                 expected_of(r));
    if (json_object_get(r, "attestation") != NULL)
        assert_int_equal(key->attestation, json_integer_value(json_object_get(r, "attestation")));
    challenge.b[31] ^= 1;
    assert_fault(pse_webauthn_register_over(key, &answer, &challenge, site, rules, NOW),
                 "challenge");
}

static void check_assertion(const json_t *v, const struct pse_webauthn_site *site)
{
    const json_t *a = json_object_get(v, "assertion");
    struct part id, client_data, data, signature, object;
    struct pse_webauthn_answer answer = {
        .id = take(&id, json_object_get(v, "registration"), "id"),
        .client_data = take(&client_data, a, "client_data"),
        .data = take(&data, a, "data"),
        .signature = take(&signature, a, "signature"),
    };
    struct pse_webauthn_key key;
    struct pse_webauthn_done done;
    pse_hash challenge;

    take_key(&key, take(&object, json_object_get(v, "registration"), "object"));
    vectors_hex(challenge.b, 32, a, "challenge");
    assert_fault(pse_webauthn_assert_over(&done, &answer, &challenge, "", site, &key, 1),
                 expected_of(a));
    if (strcmp(expected_of(a), "good") != 0)
        return;
    signature.b[signature.n - 1] ^= 1;
    assert_fault(pse_webauthn_assert_over(&done, &answer, &challenge, "", site, &key, 1),
                 "signature");
}

static struct pse_anchors *root_of(const json_t *vectors)
{
    struct pse_anchors *anchors;
    struct part root;

    assert_int_equal(pse_anchors_new(&anchors), PSE_OK);
    assert_int_equal(pse_anchors_add(anchors, take(&root, vectors, "root")), PSE_OK);
    return anchors;
}

static void published_examples(void **state)
{
    json_t *vectors = vectors_load("webauthn/level3.json");
    struct pse_webauthn_site site = {json_string_value(json_object_get(vectors, "origin")),
                                     json_string_value(json_object_get(vectors, "rp_id"))};
    struct pse_webauthn_rules rules = {.allow_synced = true};
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(vectors, "vectors"), i, v)
    {
        struct pse_webauthn_key key;

        print_message("# %s\n", json_string_value(json_object_get(v, "name")));
        check_registration(&key, json_object_get(v, "registration"), &site, &rules);
        if (json_object_get(v, "assertion") != NULL)
            check_assertion(v, &site);
    }
    assert_int_equal(i, 14);
    json_decref(vectors);
}

/* The one with a certificate, before the root of the examples. */
static void the_published_root_stands_behind(void **state)
{
    json_t *vectors = vectors_load("webauthn/level3.json"), *v;
    struct pse_webauthn_site site = {"https://example.org", "example.org"};
    struct pse_anchors *anchors = root_of(vectors);
    struct pse_webauthn_rules rules = {.allow_synced = true, .anchors = anchors};
    size_t i, certified = 0;

    (void)state;
    json_array_foreach(json_object_get(vectors, "vectors"), i, v)
    {
        const json_t *r = json_object_get(v, "registration");
        struct part id, client_data, object;
        struct pse_webauthn_answer answer = {.id = take(&id, r, "id"),
                                             .client_data = take(&client_data, r, "client_data"),
                                             .object = take(&object, r, "object")};
        struct pse_webauthn_key key;
        enum pse_webauthn_fault fault;
        pse_hash challenge;

        vectors_hex(challenge.b, 32, r, "challenge");
        fault = pse_webauthn_register_over(&key, &answer, &challenge, &site, &rules, NOW);
        if (strcmp(json_string_value(json_object_get(v, "name")), "packed-es256") == 0) {
            assert_fault(fault, "good");
            assert_int_equal(key.attestation, PSE_WEBAUTHN_CERTIFIED);
            certified++;
        } else {
            assert_true(fault != PSE_WEBAUTHN_GOOD);
        }
    }
    assert_int_equal(certified, 1);
    pse_anchors_free(anchors);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples),
        cmocka_unit_test(the_published_root_stands_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
