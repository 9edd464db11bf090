/* Time stamps: one that holds, and every rule broken alone. */
#include "codec/codec.h"
#include "stamp_maker.h"

static const char policy[] = "1.2.3.4.1";
static const char stamping[] = "critical,timeStamping";

/* Keys and certificates, made once. */
static EVP_PKEY *ca_key, *key;
static X509 *ca, *service, *other;
static struct pse_anchors *anchors;
static struct pse_stamp_ask ask;

static struct maker_certificate plan(const char *use)
{
    return (struct maker_certificate){.name = "Stamps of Test",
                                      .key = key,
                                      .issuer = ca,
                                      .issuer_key = ca_key,
                                      .from = MAKER_NOW - 100 * MAKER_DAY,
                                      .until = MAKER_NOW + 100 * MAKER_DAY,
                                      .use = use};
}

static int set_up(void **state)
{
    struct maker_certificate root = {.name = "Root of Test",
                                     .from = MAKER_NOW - 1000 * MAKER_DAY,
                                     .until = MAKER_NOW + 1000 * MAKER_DAY,
                                     .is_ca = true};
    struct maker_certificate leaf;
    struct pse_buf pem = PSE_BUF(1 << 16);

    (void)state;
    ca_key = EVP_EC_gen("P-256");
    key = EVP_EC_gen("P-256");
    root.key = ca_key;
    ca = maker_certificate(&root);
    leaf = plan(stamping);
    service = maker_certificate(&leaf);
    other = maker_certificate(&leaf);
    maker_pem(&pem, ca);
    assert_int_equal(pse_anchors_new(&anchors), PSE_OK);
    assert_int_equal(pse_anchors_add(anchors, pse_buf_span(&pem)), PSE_OK);
    pse_buf_free(&pem);
    pse_stamp_digest(&ask, PSE_STAMP_SHA256, pse_span_str("the closing checkpoint"));
    memset(ask.nonce, 0x5a, 16);
    ask.nonce_n = 16;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    X509_free(ca);
    X509_free(service);
    X509_free(other);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    pse_anchors_free(anchors);
    return 0;
}

static struct recipe good(void)
{
    return (struct recipe){.ask = &ask,
                           .policy = policy,
                           .time = MAKER_NOW - 3,
                           .hash = EVP_sha256(),
                           .certificate = service,
                           .key = key,
                           .named = service,
                           .ways = 1};
}

static struct pse_stamp_rules rules(void)
{
    return (struct pse_stamp_rules){.ask = &ask,
                                    .anchors = anchors,
                                    .now = MAKER_NOW,
                                    .earliest = MAKER_NOW - 60,
                                    .latest = MAKER_NOW + 60};
}

#define assert_fault(got, wanted) \
    assert_string_equal(pse_stamp_fault_name(got), pse_stamp_fault_name(wanted))

static void judged(const struct recipe *r, const struct pse_stamp_rules *by,
                   enum pse_stamp_fault wanted)
{
    struct pse_buf answer = PSE_BUF(PSE_STAMP_MAX);
    struct pse_stamp stamp;

    maker_answer(&answer, r);
    assert_fault(pse_stamp_verify(&stamp, pse_buf_span(&answer), by), wanted);
    if (wanted != PSE_STAMP_GOOD)
        assert_true(stamp.time == 0 && stamp.policy[0] == '\0');
    pse_buf_free(&answer);
}

/* --- what holds ---------------------------------------------------------------------------------
 */

static void a_good_stamp(void **state)
{
    struct pse_buf answer = PSE_BUF(PSE_STAMP_MAX);
    struct pse_stamp_rules by = rules();
    struct recipe r = good();
    enum pse_stamp_hash hash;
    struct pse_stamp s;

    (void)state;
    ask.policy = policy;
    maker_answer(&answer, &r);
    assert_fault(pse_stamp_hash_peek(&hash, pse_buf_span(&answer)), PSE_STAMP_GOOD);
    assert_int_equal(hash, PSE_STAMP_SHA256);
    assert_fault(pse_stamp_verify(&s, pse_buf_span(&answer), &by), PSE_STAMP_GOOD);
    assert_int_equal(s.time, MAKER_NOW - 3);
    assert_string_equal(s.policy, policy);
    assert_string_equal(s.service, "CN=Stamps of Test");
    assert_int_equal(s.serial_n, 1);
    assert_int_equal(s.serial[0], 77);
    assert_memory_equal(s.digest, ask.digest, 32);
    ask.policy = NULL;
    pse_buf_free(&answer);
}

static void sha512_and_the_other_allowed_forms(void **state)
{
    struct pse_stamp_ask wide = ask;
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.status = 1; /* granted with modifications */
    judged(&r, &by, PSE_STAMP_GOOD);
    r.hash = EVP_sha384();
    judged(&r, &by, PSE_STAMP_GOOD);
    pse_stamp_digest(&wide, PSE_STAMP_SHA512, pse_span_str("the closing checkpoint"));
    r = good();
    r.ask = by.ask = &wide;
    judged(&r, &by, PSE_STAMP_GOOD);
    wide.nonce_n = 0; /* not known any more: an answer that has one is fine */
    r.ask = &ask;
    by.ask = &wide;
    judged(&r, &by, PSE_STAMP_IMPRINT);
    pse_stamp_digest(&wide, PSE_STAMP_SHA256, pse_span_str("the closing checkpoint"));
    judged(&r, &by, PSE_STAMP_GOOD);
}

static void the_service_itself_may_be_the_anchor(void **state)
{
    struct pse_anchors *pinned;
    struct pse_buf pem = PSE_BUF(1 << 16);
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    maker_pem(&pem, service);
    assert_int_equal(pse_anchors_new(&pinned), PSE_OK);
    assert_int_equal(pse_anchors_add(pinned, pse_buf_span(&pem)), PSE_OK);
    by.anchors = pinned;
    judged(&r, &by, PSE_STAMP_GOOD);
    r.certificate = r.named = other; /* same key, same issuer, another certificate */
    judged(&r, &by, PSE_STAMP_UNTRUSTED);
    pse_anchors_free(pinned);
    pse_buf_free(&pem);
}

/* --- what is stamped ----------------------------------------------------------------------------
 */

static void other_bytes(void **state)
{
    struct pse_stamp_ask wrong = ask;
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    wrong.digest[31] ^= 1;
    r.ask = &wrong;
    judged(&r, &by, PSE_STAMP_IMPRINT);
}

static void old_hashes(void **state)
{
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.imprint_nid = NID_sha1;
    judged(&r, &by, PSE_STAMP_ALGORITHM);
    r.imprint_nid = NID_sha3_256;
    judged(&r, &by, PSE_STAMP_ALGORITHM);
    r.imprint_nid = NID_sha512; /* with 32 bytes */
    judged(&r, &by, PSE_STAMP_ALGORITHM);
    r = good();
    r.with_parameters = true; /* SHA-2 has none */
    judged(&r, &by, PSE_STAMP_ALGORITHM);
    r = good();
    r.hash = EVP_sha1();
    judged(&r, &by, PSE_STAMP_ALGORITHM);
}

static void wrong_nonce(void **state)
{
    struct pse_stamp_ask wrong = ask;
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.ask = &wrong;
    wrong.nonce[15] ^= 1;
    judged(&r, &by, PSE_STAMP_NONCE);
    wrong.nonce_n = 15;
    judged(&r, &by, PSE_STAMP_NONCE);
    wrong.nonce_n = 0;
    judged(&r, &by, PSE_STAMP_NONCE);
    r = good();
    r.is_negative = true;
    judged(&r, &by, PSE_STAMP_NONCE);
}

static void another_version(void **state)
{
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.version = 1;
    judged(&r, &by, PSE_STAMP_GOOD);
    r.version = 2;
    judged(&r, &by, PSE_STAMP_FORM);
}

static void signed_as_something_else(void **state)
{
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.signed_type = NID_id_smime_ct_TSTInfo;
    judged(&r, &by, PSE_STAMP_GOOD);
    r.signed_type = NID_pkcs7_data;
    judged(&r, &by, PSE_STAMP_FORM);
    r.signed_type = -1;
    judged(&r, &by, PSE_STAMP_FORM);
}

/* 160 bits at most. */
static void serial_numbers(void **state)
{
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.serial_bits = 160;
    judged(&r, &by, PSE_STAMP_GOOD);
    r.serial_bits = 161;
    judged(&r, &by, PSE_STAMP_FORM);
    r.serial_bits = 8000;
    judged(&r, &by, PSE_STAMP_FORM);
}

static void wrong_policy(void **state)
{
    struct pse_stamp_ask pinned = ask;
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    by.ask = &pinned;
    pinned.policy = "1.2.3.4.2";
    judged(&r, &by, PSE_STAMP_POLICY);
    pinned.policy = "no oid";
    judged(&r, &by, PSE_STAMP_POLICY);
}

static void rejected_by_the_service(void **state)
{
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.without_token = true;
    for (r.status = 2; r.status <= 5; r.status++)
        judged(&r, &by, PSE_STAMP_REJECTED);
    r.status = 0; /* granted, and nothing granted */
    judged(&r, &by, PSE_STAMP_FORM);
    r.without_token = false;
    r.status = 2; /* refused, and a token */
    judged(&r, &by, PSE_STAMP_FORM);
}

/* --- form ---------------------------------------------------------------------------------------
 */

static void cut_or_continued(void **state)
{
    struct pse_buf answer = PSE_BUF(2 * PSE_STAMP_MAX);
    struct pse_stamp_rules by = rules();
    struct recipe r = good();
    struct pse_stamp stamp;

    (void)state;
    maker_answer(&answer, &r);
    for (size_t n = 0; n < answer.n; n++)
        assert_fault(pse_stamp_verify(&stamp, pse_span(answer.p, n), &by), PSE_STAMP_FORM);
    pse_buf_put(&answer, "", 1);
    assert_fault(pse_stamp_verify(&stamp, pse_buf_span(&answer), &by), PSE_STAMP_TRAILING);
    memset(pse_buf_extend(&answer, PSE_STAMP_MAX), 0, PSE_STAMP_MAX);
    assert_fault(pse_stamp_verify(&stamp, pse_buf_span(&answer), &by), PSE_STAMP_FORM);
    pse_buf_free(&answer);
    r.trailing_in_info = true;
    judged(&r, &by, PSE_STAMP_TRAILING);
    r = good();
    r.ways = 2;
    judged(&r, &by, PSE_STAMP_FORM);
    r = good();
    r.critical_extension = true;
    judged(&r, &by, PSE_STAMP_EXTENSION);
}

/* A flipped bit is never good where it could matter. What a CMS message leaves unsigned may change:
 * versions, the outer list of hashes, the spelling of the issuer's name, the name of the
 * signature's algorithm. None of it changes what the stamp says. */
static void any_flipped_bit(void **state)
{
    struct pse_buf answer = PSE_BUF(PSE_STAMP_MAX);
    struct pse_stamp_rules by = rules();
    struct recipe r = good();
    struct pse_stamp first, again;
    unsigned passed = 0;

    (void)state;
    maker_answer(&answer, &r);
    assert_fault(pse_stamp_verify(&first, pse_buf_span(&answer), &by), PSE_STAMP_GOOD);
    for (size_t bit = 0; bit < 8 * answer.n; bit++) {
        answer.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (pse_stamp_verify(&again, pse_buf_span(&answer), &by) == PSE_STAMP_GOOD) {
            passed++;
            assert_memory_equal(&again, &first, sizeof first);
        }
        answer.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_in_range(passed, 1, 200); /* of some 6500 */
    pse_buf_free(&answer);
}

/* --- who stamped --------------------------------------------------------------------------------
 */

static void by_certificate(const struct maker_certificate *c, enum pse_stamp_fault wanted)
{
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    r.certificate = r.named = maker_certificate(c);
    judged(&r, &by, wanted);
    X509_free(r.certificate);
}

static void not_for_stamping(void **state)
{
    static const char *const use[] = {NULL,
                                      "timeStamping",
                                      "critical,clientAuth",
                                      "critical,timeStamping,clientAuth",
                                      "critical,timeStamping,1.2.3.4.5",
                                      "critical,anyExtendedKeyUsage"};

    (void)state;
    for (size_t i = 0; i < sizeof use / sizeof *use; i++) {
        struct maker_certificate c = plan(use[i]);

        by_certificate(&c, PSE_STAMP_PURPOSE);
    }
}

/* keyUsage may be absent; where it is there, it is for signatures. */
static void a_key_for_other_uses(void **state)
{
    static const struct {
        const char *usage;
        enum pse_stamp_fault fault;
    } row[] = {{NULL, PSE_STAMP_GOOD},
               {"critical,digitalSignature", PSE_STAMP_GOOD},
               {"nonRepudiation", PSE_STAMP_GOOD},
               {"critical,keyEncipherment", PSE_STAMP_PURPOSE},
               {"critical,digitalSignature,keyEncipherment", PSE_STAMP_PURPOSE}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct maker_certificate c = plan(stamping);

        c.usage = row[i].usage;
        by_certificate(&c, row[i].fault);
    }
}

static void expired_or_not_yet_valid(void **state)
{
    struct maker_certificate c = plan(stamping);

    (void)state;
    c.until = MAKER_NOW - 1;
    by_certificate(&c, PSE_STAMP_NOT_VALID);
    c = plan(stamping);
    c.from = MAKER_NOW + 1;
    by_certificate(&c, PSE_STAMP_NOT_VALID);
}

static void untrusted(void **state)
{
    struct maker_certificate c = plan(stamping);
    struct maker_certificate root = {.name = "Root of Test",
                                     .key = key,
                                     .from = MAKER_NOW - MAKER_DAY,
                                     .until = MAKER_NOW + MAKER_DAY,
                                     .is_ca = true};

    (void)state;
    c.issuer = maker_certificate(&root); /* a root of the same name that nobody trusts */
    c.issuer_key = key;
    by_certificate(&c, PSE_STAMP_UNTRUSTED);
    X509_free(c.issuer);
    c = plan(stamping);
    c.issuer = NULL;
    by_certificate(&c, PSE_STAMP_UNTRUSTED);
    c = plan(stamping);
    c.issuer = service; /* no authority, though its own chain is good */
    c.issuer_key = key;
    by_certificate(&c, PSE_STAMP_UNTRUSTED);
    c = plan(stamping);
    c.hash = EVP_sha1();
    by_certificate(&c, PSE_STAMP_UNTRUSTED);
}

static void no_anchor_at_all(void **state)
{
    struct pse_stamp_rules by = rules();
    struct pse_anchors *none;
    struct recipe r = good();

    (void)state;
    assert_int_equal(pse_anchors_new(&none), PSE_OK);
    by.anchors = none;
    judged(&r, &by, PSE_STAMP_UNTRUSTED);
    pse_anchors_free(none);
}

static void certificate_not_bound(void **state)
{
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.named = NULL;
    judged(&r, &by, PSE_STAMP_ESS);
    r.named = other;
    judged(&r, &by, PSE_STAMP_ESS);
    r = good();
    r.without_certificate = true;
    judged(&r, &by, PSE_STAMP_SIGNER);
}

static void signature_of_another_key(void **state)
{
    struct pse_stamp_rules by = rules();
    struct recipe r = good();
    struct pse_buf answer = PSE_BUF(PSE_STAMP_MAX);
    struct pse_stamp stamp;

    (void)state;
    maker_answer(&answer, &r);
    answer.p[answer.n - 1] ^= 1; /* the last byte of s */
    assert_fault(pse_stamp_verify(&stamp, pse_buf_span(&answer), &by), PSE_STAMP_SIGNATURE);
    pse_buf_free(&answer);
    r.key = EVP_EC_gen("P-256");
    judged(&r, &by, PSE_STAMP_SIGNATURE);
    EVP_PKEY_free(r.key);
}

/* --- when ---------------------------------------------------------------------------------------
 */

static void outside_the_bounds(void **state)
{
    struct maker_certificate young = plan(stamping);
    struct pse_stamp_rules by = rules();
    struct recipe r = good();

    (void)state;
    r.time = MAKER_NOW - 61;
    judged(&r, &by, PSE_STAMP_TOO_EARLY);
    r.time = MAKER_NOW - 60;
    judged(&r, &by, PSE_STAMP_GOOD);
    r.time = MAKER_NOW + 60;
    judged(&r, &by, PSE_STAMP_GOOD);
    r.time = MAKER_NOW + 61;
    judged(&r, &by, PSE_STAMP_TOO_LATE);
    r.time = MAKER_NOW - 30;
    young.from = MAKER_NOW - 10;
    r.certificate = r.named = maker_certificate(&young);
    judged(&r, &by, PSE_STAMP_OUTSIDE);
    r.time = MAKER_NOW - 10;
    judged(&r, &by, PSE_STAMP_GOOD);
    X509_free(r.certificate);
    young = plan(stamping);
    young.until = MAKER_NOW + 10;
    r.certificate = r.named = maker_certificate(&young);
    r.time = MAKER_NOW + 10;
    judged(&r, &by, PSE_STAMP_GOOD);
    r.time++;
    judged(&r, &by, PSE_STAMP_OUTSIDE);
    X509_free(r.certificate);
}

/* As stated, in thousandths rounded up; what is no accuracy counts as none. */
static void accuracy(void **state)
{
    static const struct {
        int64_t part[3];
        uint64_t ms;
    } row[] = {
        {{1, 2, 3}, 1003},
        {{1, -1, -1}, 1000},
        {{-1, 5, -1}, 5},
        {{-1, -1, 1}, 1},
        {{-1, -1, -1}, 0},
        {{0, 999, 999}, 1000},
        {{1, 1000, -1}, 0},
        {{1, -1, 1000}, 0},
        {{INT32_MAX, -1, -1}, (uint64_t)INT32_MAX * 1000},
        {{(int64_t)INT32_MAX + 1, -1, -1}, 0},
    };
    struct pse_stamp_rules by = rules();
    struct pse_stamp s;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct pse_buf answer = PSE_BUF(PSE_STAMP_MAX);
        struct recipe r = good();

        r.accuracy = row[i].part;
        maker_answer(&answer, &r);
        assert_fault(pse_stamp_verify(&s, pse_buf_span(&answer), &by), PSE_STAMP_GOOD);
        assert_int_equal(s.accuracy_ms, row[i].ms);
        pse_buf_free(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_stamp),
        cmocka_unit_test(sha512_and_the_other_allowed_forms),
        cmocka_unit_test(the_service_itself_may_be_the_anchor),
        cmocka_unit_test(other_bytes),
        cmocka_unit_test(old_hashes),
        cmocka_unit_test(wrong_nonce),
        cmocka_unit_test(another_version),
        cmocka_unit_test(signed_as_something_else),
        cmocka_unit_test(serial_numbers),
        cmocka_unit_test(wrong_policy),
        cmocka_unit_test(rejected_by_the_service),
        cmocka_unit_test(cut_or_continued),
        cmocka_unit_test(any_flipped_bit),
        cmocka_unit_test(not_for_stamping),
        cmocka_unit_test(a_key_for_other_uses),
        cmocka_unit_test(expired_or_not_yet_valid),
        cmocka_unit_test(untrusted),
        cmocka_unit_test(no_anchor_at_all),
        cmocka_unit_test(certificate_not_bound),
        cmocka_unit_test(signature_of_another_key),
        cmocka_unit_test(outside_the_bounds),
        cmocka_unit_test(accuracy),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
