/* Detached CMS signatures of persons: every rule about the container broken alone. */
#include "cms_help.h"

/* --- the container ------------------------------------------------------------------------------
 */

static void form(void **state)
{
    struct pse_certificate *signer = maker_parsed(signing);
    struct pse_cms_rules by = {.signer = signer, .anchors = anchors, .now = MAKER_NOW};
    struct container_recipe r = good();
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_certificate *none;
    struct pse_cms cms;

    (void)state;
    recipe_container(&container, &r);
    for (size_t n = 0; n < container.n; n += 7) {
        assert_fault(pse_cms_verify(&cms, pse_span(container.p, n), pse_span_str(message), &by),
                     PSE_CMS_FORM);
        assert_int_equal(pse_cms_certificate(&none, pse_span(container.p, n)), PSE_E_SYNTAX);
    }
    pse_buf_free(&container);
    pse_certificate_free(signer);
    refused_way(TRAILING, PSE_CMS_TRAILING);
    refused_way(OTHER_CONTENT, PSE_CMS_CONTENT_TYPE);
    refused_way(ATTACHED, PSE_CMS_ATTACHED);
    refused_way(TWO_SIGNERS, PSE_CMS_SIGNERS);
    refused_way(NO_SIGNER, PSE_CMS_SIGNERS);
    refused_way(WITHOUT_CERTIFICATE, PSE_CMS_CERTIFICATES);
    refused_way(TWO_CERTIFICATES, PSE_CMS_CERTIFICATES);
    refused_way(WITH_UNSIGNED, PSE_CMS_UNSIGNED);
}

static void another_signer(void **state)
{
    struct container_recipe r = good();

    (void)state;
    r.certificate = again;
    judged(&r, PSE_CMS_CERTIFICATES);
    r = good();
    r.named = again;
    judged(&r, PSE_CMS_SIGNER);
    /* Another voter's signature, whole: its own certificate, its own key. */
    r = good();
    r.certificate = r.named = r.ess = again;
    judged(&r, PSE_CMS_CERTIFICATES);
    judged_of(&r, again, PSE_CMS_GOOD);
    /* And another voter's key under this one's name. */
    r = good();
    r.key = ca_key;
    judged(&r, PSE_CMS_SIGNATURE);
}

static void attributes(void **state)
{
    struct container_recipe r = good();

    (void)state;
    refused_way(WITH_TIME, PSE_CMS_ATTRIBUTE);
    refused_way(TYPE_TWICE, PSE_CMS_ATTRIBUTE);
    refused_way(WITHOUT_TYPE, PSE_CMS_NO_TYPE);
    refused_way(OTHER_TYPE, PSE_CMS_NO_TYPE);
    refused_way(WITHOUT_DIGEST, PSE_CMS_NO_DIGEST);
    refused_way(SHORT_DIGEST, PSE_CMS_NO_DIGEST);
    refused_way(ESS_SHA1, PSE_CMS_ATTRIBUTE);
    r.message = "I register another credential for the election of Pebbleford.";
    judged(&r, PSE_CMS_DIGEST);
    r = good();
    r.ess = NULL;
    judged(&r, PSE_CMS_NO_ESS);
    r.ess = again;
    judged(&r, PSE_CMS_ESS);
    refused_way(BAD_SIGNATURE, PSE_CMS_SIGNATURE);
    /* OpenSSL sorts before it hashes; there is one encoding all the same. */
    refused_way(UNSORTED, PSE_CMS_ENCODING);
}

/* One octet of a signed attribute altered after signing. */
static void altered_attribute(void **state)
{
    struct pse_certificate *signer = maker_parsed(signing);
    struct pse_cms_rules by = {.signer = signer, .anchors = anchors, .now = MAKER_NOW};
    struct container_recipe r = good();
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_cms cms;
    uint8_t digest[32];
    uint8_t *at;

    (void)state;
    recipe_container(&container, &r);
    EVP_Digest(message, strlen(message), digest, NULL, EVP_sha256(), NULL);
    at = memmem(container.p, container.n, digest, sizeof digest);
    assert_non_null(at);
    at[5] ^= 1;
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 PSE_CMS_DIGEST);
    pse_buf_free(&container);
    pse_certificate_free(signer);
}

/* The list of digests in front names the one that is used: another, or one that nobody knows. */
static void the_list_of_digests(void **state)
{
    static const uint8_t sha256[] = {0x31, 13, 0x30, 11, 0x06, 9, 0x60, 0x86,
                                     0x48, 1,  0x65, 3,  4,    2, 1};
    struct pse_certificate *signer = maker_parsed(signing);
    struct pse_cms_rules by = {.signer = signer, .anchors = anchors, .now = MAKER_NOW};
    struct container_recipe r = good();
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_cms cms;
    uint8_t *at;

    (void)state;
    recipe_container(&container, &r);
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 PSE_CMS_GOOD);
    at = memmem(container.p, container.n, sha256, sizeof sha256);
    assert_non_null(at);
    for (uint8_t last = 2; last < 40; last++) { /* 2, 3: SHA-384, SHA-512; then others, and none */
        at[sizeof sha256 - 1] = last;
        assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                     PSE_CMS_SIGNATURE);
    }
    pse_buf_free(&container);
    pse_certificate_free(signer);
}

static void algorithms(void **state)
{
    struct container_recipe r = good();
    struct person_plan p = plan(p521);
    X509 *x = person_certificate(&p);

    (void)state;
    r.hash = "SHA1";
    judged(&r, PSE_CMS_ALGORITHM);
    r = good();
    r.signature_oid = "1.2.840.10045.4.3.3"; /* SHA-384 over attributes with SHA-256 */
    judged(&r, PSE_CMS_ALGORITHM);
    refused_way(DIGEST_NULL, PSE_CMS_ALGORITHM);
    r = good();
    r.certificate = r.named = r.ess = x;
    r.key = p521;
    judged_of(&r, x, PSE_CMS_ALGORITHM);
    X509_free(x);
    p = plan(small_rsa);
    x = person_certificate(&p);
    r.certificate = r.named = r.ess = x;
    r.key = small_rsa;
    judged_of(&r, x, PSE_CMS_ALGORITHM);
    X509_free(x);
}

/* --- further forms ------------------------------------------------------------------------------
 */

/* The good container with one place in it, found by its bytes, written over. */
static void patched(const void *find, size_t n, size_t at, uint8_t with, enum pse_cms_fault wanted)
{
    struct pse_certificate *signer = maker_parsed(signing);
    struct pse_cms_rules by = {.signer = signer, .anchors = anchors, .now = MAKER_NOW};
    struct container_recipe r = good();
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_cms cms;
    uint8_t *place;

    recipe_container(&container, &r);
    place = memmem(container.p, container.n, find, n);
    assert_non_null(place);
    place[at] = with;
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 wanted);
    pse_buf_free(&container);
    pse_certificate_free(signer);
}

static void other_kinds_of_message(void **state)
{
    static const uint8_t type[] = {0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2};
    static const uint8_t ess[] = {0x30, 38, 0x30, 36, 0x30, 34, 0x04, 32};

    (void)state;
    patched(type, sizeof type, 0, 0x06, PSE_CMS_GOOD); /* as it was */
    patched(type, sizeof type, 10, 0x7f, PSE_CMS_FORM);
    patched(type, sizeof type, 10, 3, PSE_CMS_FORM);   /* enveloped */
    patched(ess, sizeof ess, 6, 0x0c, PSE_CMS_NO_ESS); /* text where the hash should be */
    patched(ess, sizeof ess, 0, 0x31, PSE_CMS_NO_ESS); /* a set */
    refused_way(ESS_NAMES_HASH, PSE_CMS_NO_ESS);
    refused_way(TWO_DIGESTS, PSE_CMS_NO_DIGEST);
    refused_way(WITH_REVOCATIONS, PSE_CMS_CERTIFICATES);
}

/* Bytes of any kind are signed as they are. */
static void messages_are_bytes(void **state)
{
    static const uint8_t bytes[] = "a line\nanother\r\nand \0 more\n";
    struct pse_certificate *signer = maker_parsed(signing);
    struct pse_cms_rules by = {.signer = signer, .anchors = anchors, .now = MAKER_NOW};

    (void)state;
    for (size_t n = 0; n <= sizeof bytes; n += sizeof bytes) {
        struct container_recipe r = good();
        struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
        struct pse_cms cms;

        r.message = NULL;
        r.bytes = pse_span(bytes, n);
        recipe_container(&container, &r);
        assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), r.bytes, &by), PSE_CMS_GOOD);
        assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span(bytes, 6), &by),
                     PSE_CMS_DIGEST);
        pse_buf_free(&container);
    }
    pse_certificate_free(signer);
}

/* An authority that is no root stands behind a signature by itself. */
static void an_authority_need_be_no_root(void **state)
{
    struct maker_certificate middle = {.name = "Issuing Authority",
                                       .key = other_ca_key,
                                       .issuer = ca,
                                       .issuer_key = ca_key,
                                       .from = MAKER_NOW - MAKER_DAY,
                                       .until = MAKER_NOW + MAKER_DAY,
                                       .is_ca = true};
    X509 *issuing = maker_certificate(&middle);
    struct pse_anchors *set = maker_anchors(issuing);
    struct person_plan p = plan(p256);
    X509 *x;
    struct container_recipe r = good();
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_certificate *signer;
    struct pse_cms_rules by = {.now = MAKER_NOW};
    struct pse_cms cms;

    (void)state;
    p.issuer = issuing;
    p.issuer_key = other_ca_key;
    x = person_certificate(&p);
    r.certificate = r.named = r.ess = x;
    by.signer = signer = maker_parsed(x);
    recipe_container(&container, &r);
    by.anchors = set;
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 PSE_CMS_GOOD);
    by.anchors = anchors; /* the root alone: nothing in between is looked for */
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 PSE_CMS_UNTRUSTED);
    pse_buf_free(&container);
    pse_certificate_free(signer);
    pse_anchors_free(set);
    X509_free(issuing);
    X509_free(x);
}

/* A container around a certificate that has @p n bytes more than it needs. */
static void with_ballast(int n, enum pse_cms_fault wanted, pse_rc read)
{
    uint8_t *ballast = calloc(1, (size_t)n);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *name = OBJ_txt2obj("1.2.3.4.5", 1);
    X509 *x = X509_dup(signing);
    struct container_recipe r = good();
    struct pse_buf attributes = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX), raw = PSE_BUF(256),
                   container = PSE_BUF(4 * PSE_CMS_MAX);
    struct pse_certificate *signer, *found;
    struct pse_cms_rules by = {.anchors = anchors, .now = MAKER_NOW};
    uint8_t signature[256];
    struct pse_cms cms;
    X509_EXTENSION *e;
    size_t k;

    ASN1_OCTET_STRING_set(octets, ballast, n);
    e = X509_EXTENSION_create_by_OBJ(NULL, name, 0, octets);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    assert_int_not_equal(X509_sign(x, ca_key, EVP_sha256()), 0);
    by.signer = signer = maker_parsed(x);
    assert_int_equal(
        pse_cms_attributes_put(&attributes, PSE_CMS_ECDSA_SHA256, pse_span_str(message), signer),
        PSE_OK);
    k = recipe_sign(signature, sizeof signature, &r, pse_buf_span(&attributes));
    assert_int_equal(pse_ecdsa_raw_put(&raw, pse_span(signature, k), 32), PSE_OK);
    assert_int_equal(pse_cms_put(&container, PSE_CMS_ECDSA_SHA256, pse_span_str(message), signer,
                                 pse_buf_span(&raw)),
                     PSE_OK);
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 wanted);
    assert_int_equal(pse_cms_certificate(&found, pse_buf_span(&container)), read);
    pse_certificate_free(found);
    pse_certificate_free(signer);
    X509_EXTENSION_free(e);
    ASN1_OBJECT_free(name);
    ASN1_OCTET_STRING_free(octets);
    X509_free(x);
    free(ballast);
    pse_buf_free(&attributes);
    pse_buf_free(&raw);
    pse_buf_free(&container);
}

static void containers_may_be_too_long(void **state)
{
    (void)state;
    with_ballast(PSE_CMS_MAX - 4096, PSE_CMS_GOOD, PSE_OK);
    with_ballast(PSE_CMS_MAX, PSE_CMS_FORM, PSE_E_SYNTAX);
}

/* --- parts read before anything is believed -----------------------------------------------------
 */

static void the_one_certificate(void **state)
{
    static const struct {
        uint8_t b[40];
        size_t n;
    } stub[] = {
        {{0x30, 0}, 2},
        {{0x30, 3, 2, 1, 1}, 5},
        {{0x30, 15, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 2, 0x30, 0}, 17},
        {{0x30, 17, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 4, 0x30, 2, 5, 0},
         19},
    };
    static const unsigned ways[] = {WITHOUT_CERTIFICATE, TWO_CERTIFICATES};
    struct pse_certificate *found;

    (void)state;
    for (size_t i = 0; i < sizeof stub / sizeof *stub; i++) {
        uint8_t *exact = malloc(stub[i].n); /* so that reading behind it is noticed */

        assert_non_null(exact);
        memcpy(exact, stub[i].b, stub[i].n);
        assert_int_equal(pse_cms_certificate(&found, pse_span(exact, stub[i].n)), PSE_E_SYNTAX);
        assert_null(found);
        free(exact);
    }
    for (size_t i = 0; i < 2; i++) {
        struct container_recipe r = good();
        struct pse_buf container = PSE_BUF(PSE_CMS_MAX);

        r.ways = ways[i];
        recipe_container(&container, &r);
        assert_int_equal(pse_cms_certificate(&found, pse_buf_span(&container)), PSE_E_SYNTAX);
        assert_null(found);
        pse_buf_free(&container);
    }
}

/* The signature's octets, where they end the container. */
static void the_value(void **state)
{
    struct pse_certificate *signer = maker_parsed(signing);
    struct pse_cms_rules by = {.signer = signer, .anchors = anchors, .now = MAKER_NOW};
    struct container_recipe r = good();
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_span value;
    struct pse_cms cms;

    (void)state;
    recipe_container(&container, &r);
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 PSE_CMS_GOOD);
    assert_int_equal(pse_cms_value(&value, pse_buf_span(&container)), PSE_OK);
    assert_true(value.p == cms.signature.p && value.n == cms.signature.n);
    container.n = 0;
    r.ways = WITH_UNSIGNED; /* something stands behind them */
    recipe_container(&container, &r);
    assert_int_equal(pse_cms_value(&value, pse_buf_span(&container)), PSE_E_SYNTAX);
    assert_int_equal(value.n, 0);
    assert_int_equal(pse_cms_value(&value, pse_span(container.p, container.n - 1)), PSE_E_SYNTAX);
    pse_buf_free(&container);
    pse_certificate_free(signer);
}

/* What a card gives has one length, and no number in it is zero. */
static void raw_signatures(void **state)
{
    const struct {
        EVP_PKEY *key;
        enum pse_cms_algorithm a;
        size_t half; /* 0: RSA */
    } row[] = {{p256, PSE_CMS_ECDSA_SHA256, 32}, {rsa, PSE_CMS_RSA_SHA256, 0}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct person_plan p = plan(row[i].key);
        X509 *x = person_certificate(&p);
        struct pse_certificate *c = maker_parsed(x);
        struct container_recipe r = {.key = row[i].key, .hash = "SHA256"};
        struct pse_buf attributes = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX), raw = PSE_BUF(1024),
                       out = PSE_BUF(PSE_CMS_MAX);
        uint8_t signature[1024];
        size_t n;

        assert_int_equal(pse_cms_attributes_put(&attributes, row[i].a, pse_span_str(message), c),
                         PSE_OK);
        n = recipe_sign(signature, sizeof signature, &r, pse_buf_span(&attributes));
        if (row[i].half == 0)
            pse_buf_put(&raw, signature, n);
        else
            assert_int_equal(pse_ecdsa_raw_put(&raw, pse_span(signature, n), row[i].half), PSE_OK);
        pse_buf_put(&raw, "", 1);
        for (unsigned bad = 0; bad < 4; bad++) { /* longer, shorter, empty, zero in front */
            size_t length = bad == 0 ? raw.n : bad == 1 ? raw.n - 2 : bad == 2 ? 0 : raw.n - 1;

            if (bad == 3)
                memset(raw.p, 0, row[i].half == 0 ? 8 : row[i].half);
            assert_int_equal(
                pse_cms_put(&out, row[i].a, pse_span_str(message), c, pse_span(raw.p, length)),
                PSE_E_SIGNATURE);
            assert_int_equal(out.n, 0);
        }
        pse_buf_free(&attributes);
        pse_buf_free(&raw);
        pse_buf_free(&out);
        pse_certificate_free(c);
        X509_free(x);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(form),
        cmocka_unit_test(another_signer),
        cmocka_unit_test(attributes),
        cmocka_unit_test(altered_attribute),
        cmocka_unit_test(the_list_of_digests),
        cmocka_unit_test(algorithms),
        cmocka_unit_test(other_kinds_of_message),
        cmocka_unit_test(messages_are_bytes),
        cmocka_unit_test(an_authority_need_be_no_root),
        cmocka_unit_test(containers_may_be_too_long),
        cmocka_unit_test(the_one_certificate),
        cmocka_unit_test(the_value),
        cmocka_unit_test(raw_signatures),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
