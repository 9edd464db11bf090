/* Logins by card, rows 3 to 6: what a certificate is for, its policies, its life, its authority;
 * and certificates that are not strict DER. */
#include "webeid_help.h"

static void purposes(void **state)
{
    static const struct {
        const char *usage, *extended;
        enum pse_eid_fault fault;
    } row[] = {
        {"digitalSignature", "clientAuth", PSE_EID_GOOD},
        {"critical,digitalSignature,keyEncipherment", NULL, PSE_EID_GOOD},
        {"digitalSignature", "serverAuth,clientAuth", PSE_EID_GOOD},
        {"digitalSignature", "DER:3000", PSE_EID_GOOD}, /* empty */
        {NULL, "clientAuth", PSE_EID_PURPOSE},
        {"nonRepudiation", "clientAuth", PSE_EID_PURPOSE},
        {"keyAgreement", NULL, PSE_EID_PURPOSE},
        {"digitalSignature", "serverAuth", PSE_EID_PURPOSE},
        {"digitalSignature", "emailProtection,OCSPSigning", PSE_EID_PURPOSE},
        {"digitalSignature", "anyExtendedKeyUsage", PSE_EID_PURPOSE},
        {"digitalSignature", "1.3.6.1.5.5.7.3.2.1", PSE_EID_PURPOSE}, /* a child of clientAuth */
        {"digitalSignature", "DER:040100", PSE_EID_PURPOSE},          /* no list */
        {"DER:040100", "clientAuth", PSE_EID_PURPOSE},
        {"DER:030100", "clientAuth", PSE_EID_PURPOSE}, /* no bit set */
        {"DER:03020080", "clientAuth", PSE_EID_GOOD},  /* with zeros that strict DER leaves out */
        {"DER:0303008000", "clientAuth", PSE_EID_GOOD},
    };
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct person_plan plan = card_plan(p256, ca, ca_key);

        plan.usage = row[i].usage;
        plan.extended = row[i].extended;
        assert_fault(judge_plan(&plan, &by), row[i].fault);
    }
}

/* An extension that stands there twice says nothing. */
static void purposes_said_twice(void **state)
{
    static const int nid[] = {NID_key_usage, NID_ext_key_usage, NID_certificate_policies};
    static const char *const value[] = {"digitalSignature", "clientAuth", "1.2.3.4.5"};
    static const enum pse_eid_fault wanted[] = {PSE_EID_PURPOSE, PSE_EID_PURPOSE, PSE_EID_POLICY};
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct person_plan plan = card_plan(p256, ca, ca_key);
        X509 *card = person_certificate(&plan);
        struct login l = card_login("ES256", p256, card);

        assert_fault(judge(&l, &by), PSE_EID_GOOD);
        maker_extension(card, nid[i], value[i]);
        assert_int_not_equal(X509_sign(card, ca_key, EVP_sha256()), 0);
        assert_fault(judge(&l, &by), wanted[i]);
        X509_free(card);
    }
}

static void policies(void **state)
{
    static const char *const mine[] = {"1.2.3.4.5"};
    static const struct {
        const char *policies;
        bool mine;
        enum pse_eid_fault fault;
    } row[] = {
        {"1.2.3.4.5", false, PSE_EID_GOOD},
        {NULL, true, PSE_EID_GOOD},
        {"1.2.3.4.5", true, PSE_EID_POLICY},
        {"1.2.3.4.6,1.2.3.4.5", true, PSE_EID_POLICY},
        {"1.2.3.4.5.1", true, PSE_EID_GOOD},
        {"1.2.3.4", true, PSE_EID_GOOD},
        {"1.3.6.1.4.1.10015.1.3", false, PSE_EID_POLICY},
        {"1.3.6.1.4.1.10015.1.3.1", false, PSE_EID_POLICY},
        {"1.3.6.1.4.1.10015.1.3.2", true, PSE_EID_POLICY},
        {"1.2.3,1.3.6.1.4.1.10015.1.3.3", false, PSE_EID_POLICY},
        {"1.3.6.1.4.1.10015.1.3.4", false, PSE_EID_GOOD},
        {"1.3.6.1.4.1.10015.1.2", false, PSE_EID_GOOD},
        {"DER:040100", false, PSE_EID_POLICY}, /* no list */
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct person_plan plan = card_plan(p256, ca, ca_key);
        struct pse_webeid_rules by = rules();

        plan.policies = row[i].policies;
        by.forbidden = mine;
        by.forbidden_n = row[i].mine ? 1 : 0;
        assert_fault(judge_plan(&plan, &by), row[i].fault);
    }
}

static void lives(void **state)
{
    struct person_plan plan = card_plan(p256, ca, ca_key);
    struct pse_webeid_rules by = rules();

    (void)state;
    by.now = plan.from;
    assert_fault(judge_plan(&plan, &by), PSE_EID_GOOD);
    by.now = plan.from - 1;
    assert_fault(judge_plan(&plan, &by), PSE_EID_NOT_YET_VALID);
    by.now = plan.until; /* the last second is inside */
    assert_fault(judge_plan(&plan, &by), PSE_EID_GOOD);
    by.now = plan.until + 1;
    assert_fault(judge_plan(&plan, &by), PSE_EID_EXPIRED);
    /* Told before any trouble with the authority, which has run out as well. */
    by.now = MAKER_NOW + 2000 * MAKER_DAY;
    assert_fault(judge_plan(&plan, &by), PSE_EID_EXPIRED);
    by.now = MAKER_NOW - 2000 * MAKER_DAY;
    assert_fault(judge_plan(&plan, &by), PSE_EID_NOT_YET_VALID);
    plan.until = MAKER_NOW + 3000 * MAKER_DAY;
    by.now = MAKER_NOW + 2000 * MAKER_DAY;
    assert_fault(judge_plan(&plan, &by), PSE_EID_UNTRUSTED);
}

static void add(struct pse_anchors *to, X509 *x)
{
    struct pse_buf der = PSE_BUF(8192);

    maker_der(&der, x);
    assert_int_equal(pse_anchors_add(to, pse_buf_span(&der)), PSE_OK);
    pse_buf_free(&der);
}

/* Renewed authorities have one name: an old one, one of another key, and the one that signed. */
static void only_the_issuer_matters(void **state)
{
    X509 *old = card_authority("Authority of Test", ca_key, MAKER_NOW - 1000 * MAKER_DAY,
                               MAKER_NOW - MAKER_DAY);
    X509 *other =
        card_authority("Authority of Test", p256, MAKER_NOW - MAKER_DAY, MAKER_NOW + MAKER_DAY);
    X509 *unrelated =
        card_authority("Elsewhere", p256, MAKER_NOW - 20 * MAKER_DAY, MAKER_NOW - MAKER_DAY);
    struct person_plan plan = card_plan(p256, ca, ca_key);
    struct pse_webeid_rules by = rules();
    struct pse_anchors *set;

    (void)state;
    assert_int_equal(pse_anchors_new(&set), PSE_OK);
    by.anchors = set;
    assert_fault(judge_plan(&plan, &by), PSE_EID_UNTRUSTED);
    add(set, unrelated);
    add(set, old);
    add(set, other);
    assert_fault(judge_plan(&plan, &by), PSE_EID_UNTRUSTED);
    add(set, ca);
    assert_fault(judge_plan(&plan, &by), PSE_EID_GOOD);
    pse_anchors_free(set);
    X509_free(old);
    X509_free(other);
    X509_free(unrelated);
}

/* From the first to the last second of its own life, whatever its certificates'. */
static void authorities_have_a_life(void **state)
{
    static const struct {
        int64_t from, until; /* from now */
        enum pse_eid_fault fault;
    } row[] = {
        {0, MAKER_DAY, PSE_EID_GOOD},
        {1, MAKER_DAY, PSE_EID_UNTRUSTED},
        {-MAKER_DAY, 0, PSE_EID_GOOD},
        {-MAKER_DAY, -1, PSE_EID_UNTRUSTED},
    };
    struct person_plan plan = card_plan(p256, ca, ca_key);
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        X509 *authority = card_authority("Authority of Test", ca_key, MAKER_NOW + row[i].from,
                                         MAKER_NOW + row[i].until);
        struct pse_anchors *set = maker_anchors(authority);

        by.anchors = set;
        assert_fault(judge_plan(&plan, &by), row[i].fault);
        pse_anchors_free(set);
        X509_free(authority);
    }
}

/* An authority that is no root is trusted by itself; one that is none is not. */
static void anchors_need_no_root_but_the_right(void **state)
{
    struct maker_certificate middle = {.name = "Issuing Authority",
                                       .key = p384,
                                       .issuer = ca,
                                       .issuer_key = ca_key,
                                       .from = MAKER_NOW - MAKER_DAY,
                                       .until = MAKER_NOW + MAKER_DAY,
                                       .is_ca = true};
    struct pse_webeid_rules by = rules();

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        X509 *x;
        struct person_plan plan;
        struct pse_anchors *set;

        middle.is_ca = i == 0;
        x = maker_certificate(&middle);
        plan = card_plan(p256, x, p384);
        set = maker_anchors(x);
        by.anchors = anchors; /* the root alone does not reach: nothing is fetched */
        assert_fault(judge_plan(&plan, &by), PSE_EID_UNTRUSTED);
        by.anchors = set;
        assert_fault(judge_plan(&plan, &by), i == 0 ? PSE_EID_GOOD : PSE_EID_UNTRUSTED);
        plan.issuer_key = p521; /* not its signature */
        assert_fault(judge_plan(&plan, &by), PSE_EID_UNTRUSTED);
        pse_anchors_free(set);
        X509_free(x);
    }
}

static void weak_links_are_refused(void **state)
{
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    struct person_plan plan = card_plan(weak, ca, ca_key);
    struct pse_webeid_rules by = rules();
    X509 *card = person_certificate(&plan);
    struct login l = card_login("RS256", weak, card);
    X509 *authority = card_authority("Small", weak, MAKER_NOW - MAKER_DAY, MAKER_NOW + MAKER_DAY);
    struct pse_anchors *set = maker_anchors(authority);

    (void)state;
    assert_fault(judge(&l, &by), PSE_EID_ALGORITHM);
    X509_free(card);
    plan = card_plan(p256, authority, weak); /* an authority with a small key */
    by.anchors = set;
    assert_fault(judge_plan(&plan, &by), PSE_EID_UNTRUSTED);
    pse_anchors_free(set);
    X509_free(authority);
    authority = card_authority("Large enough", rsa, MAKER_NOW - MAKER_DAY, MAKER_NOW + MAKER_DAY);
    by.anchors = set = maker_anchors(authority);
    plan = card_plan(p256, authority, rsa);
    assert_fault(judge_plan(&plan, &by), PSE_EID_GOOD);
    by.anchors = anchors;
    plan = card_plan(p256, ca, ca_key);
    card = person_certificate(&plan);
    assert_int_not_equal(X509_sign(card, ca_key, EVP_sha1()), 0);
    l = card_login("ES256", p256, card);
    assert_fault(judge(&l, &by), PSE_EID_UNTRUSTED);
    X509_free(card);
    X509_free(authority);
    pse_anchors_free(set);
    EVP_PKEY_free(weak);
}

/* --- certificates that are not strict DER --------------------------------------------------------
 */

/* Signed anew with NULL behind the algorithm's name, in both places where it stands. */
static void with_null_parameters(struct pse_buf *out, X509 *x)
{
    X509_ALGOR *inside = (X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(x);
    struct container_recipe by = {.key = ca_key, .hash = "SHA256"};
    struct der body = {.n = 0}, id = {.n = 0}, bits = {.n = 0}, whole = {.n = 0};
    uint8_t *tbs = NULL;
    uint8_t signature[512];
    size_t n;
    int tbs_n;

    X509_ALGOR_set0(inside, OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_NULL, NULL);
    tbs_n = i2d_re_X509_tbs(x, &tbs);
    assert_true(tbs_n > 0);
    der_add(&body, tbs, (size_t)tbs_n);
    der_oid(&id, "1.2.840.10045.4.3.2");
    der_value(&id, 5, "", 0);
    der_in(&body, DER_SEQUENCE, &id);
    n = recipe_sign(signature, sizeof signature, &by, pse_span(tbs, (size_t)tbs_n));
    der_add(&bits, "", 1);
    der_add(&bits, signature, n);
    der_in(&body, 3, &bits);
    der_in(&whole, DER_SEQUENCE, &body);
    pse_buf_put(out, whole.b, whole.n);
    OPENSSL_free(tbs);
}

static void certificates_that_are_not_strict(void **state)
{
    struct person_plan plan = card_plan(p256, ca, ca_key);
    struct pse_webeid_rules by = rules();
    struct pse_buf der = PSE_BUF(8192);
    X509 *card = person_certificate(&plan);
    struct login l = card_login("ES256", p256, card);
    char quoted[CARD_TEXT];

    (void)state;
    /* cA FALSE is the default, which strict DER leaves out. */
    maker_extension(card, NID_basic_constraints, "critical,DER:3003010100");
    assert_int_not_equal(X509_sign(card, ca_key, EVP_sha256()), 0);
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    with_null_parameters(&der, card);
    card_quoted(quoted, der.p, der.n);
    l.certificate = quoted;
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    der.p[der.n - 1] ^= 1;
    card_quoted(quoted, der.p, der.n);
    assert_fault(judge(&l, &by), PSE_EID_UNTRUSTED);
    pse_buf_free(&der);
    X509_free(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purposes),
        cmocka_unit_test(purposes_said_twice),
        cmocka_unit_test(policies),
        cmocka_unit_test(lives),
        cmocka_unit_test(only_the_issuer_matters),
        cmocka_unit_test(authorities_have_a_life),
        cmocka_unit_test(anchors_need_no_root_but_the_right),
        cmocka_unit_test(weak_links_are_refused),
        cmocka_unit_test(certificates_that_are_not_strict),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
