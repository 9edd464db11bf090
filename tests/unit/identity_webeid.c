/* Logins by card: the nine algorithms and the ten rows, each accepted once and refused with one
 * field changed. */
#include "card_maker.h"
#include "codec/codec.h"

static EVP_PKEY *ca_key, *p256, *p384, *p521, *rsa;
static X509 *ca, *responder;
static struct pse_anchors *anchors;

static X509 *card_of(EVP_PKEY *key)
{
    struct person_plan plan = card_plan(key, ca, ca_key);

    return person_certificate(&plan);
}

static int set_up(void **state)
{
    struct maker_certificate signer = {.name = "Responder of Test",
                                       .from = MAKER_NOW - 10 * MAKER_DAY,
                                       .until = MAKER_NOW + 10 * MAKER_DAY,
                                       .use = "OCSPSigning"};

    (void)state;
    ca_key = EVP_EC_gen("P-256");
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    p521 = EVP_EC_gen("P-521");
    rsa = EVP_RSA_gen(2048);
    ca = card_authority("Authority of Test", ca_key, MAKER_NOW - 1000 * MAKER_DAY,
                        MAKER_NOW + 1000 * MAKER_DAY);
    signer.key = signer.issuer_key = ca_key;
    signer.issuer = ca;
    responder = maker_certificate(&signer);
    anchors = maker_anchors(ca);
    return 0;
}

static int tear_down(void **state)
{
    EVP_PKEY *const key[] = {ca_key, p256, p384, p521, rsa};

    (void)state;
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        EVP_PKEY_free(key[i]);
    X509_free(ca);
    X509_free(responder);
    pse_anchors_free(anchors);
    return 0;
}

static struct pse_webeid_rules rules(void)
{
    return (struct pse_webeid_rules){.origin = card_origin, .anchors = anchors, .now = MAKER_NOW};
}

static const struct pse_webeid_revocation off = {.is_off = true};

static enum pse_eid_fault judge_text(struct pse_span token, const struct pse_webeid_rules *by,
                                     const struct pse_webeid_revocation *revocation,
                                     const char *nonce)
{
    struct pse_webeid *w;
    enum pse_eid_fault fault = pse_webeid_open(&w, token, by);

    assert_true((w != NULL) == (fault == PSE_EID_GOOD));
    if (fault == PSE_EID_GOOD)
        fault = pse_webeid_finish(w, revocation, pse_span_str(nonce), by);
    pse_webeid_free(w);
    return fault;
}

static enum pse_eid_fault judge(const struct login *l, const struct pse_webeid_rules *by)
{
    char token[CARD_TEXT];

    card_token(token, l);
    return judge_text(pse_span_str(token), by, &off, card_nonce);
}

#define assert_fault(got, wanted) \
    assert_string_equal(pse_eid_fault_name(got), pse_eid_fault_name(wanted))

/* --- algorithms ---------------------------------------------------------------------------------
 */

struct kind {
    const char *name;
    EVP_PKEY **key;
};
static const struct kind kinds[] = {
    {"ES256", &p256}, {"ES384", &p384}, {"ES512", &p521}, {"PS256", &rsa}, {"PS384", &rsa},
    {"PS512", &rsa},  {"RS256", &rsa},  {"RS384", &rsa},  {"RS512", &rsa},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void nine_algorithms(void **state)
{
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        X509 *card = card_of(*kinds[i].key);
        struct login l = card_login(kinds[i].name, *kinds[i].key, card), other = l;

        assert_fault(judge(&l, &by), PSE_EID_GOOD);
        other.origin = "https://vote.example.com";
        assert_fault(judge(&other, &by), PSE_EID_SIGNATURE);
        other = l;
        other.nonce = "MTIzNDU2NzgxMjM0NTY3ODEyMzQ1Njc4MTIzNDU2Nzk=";
        assert_fault(judge(&other, &by), PSE_EID_SIGNATURE);
        other = l;
        other.hash = strcmp(l.hash, "SHA256") == 0 ? "SHA384" : "SHA256";
        assert_fault(judge(&other, &by), PSE_EID_SIGNATURE);
        if (*kinds[i].key == rsa) {
            other = l;
            other.pss = !l.pss;
            assert_fault(judge(&other, &by), PSE_EID_SIGNATURE);
        }
        X509_free(card);
    }
}

/* Every algorithm's name with every key: only the nine fit. */
static void an_algorithm_must_fit_the_key(void **state)
{
    static const char *const no[] = {"none",  "NONE",  "",      "ES256K", "es256", "ES384 ",
                                     "HS256", "EdDSA", "ES385", "RS1",    "ES"};
    EVP_PKEY *const key[] = {p256, p384, p521, rsa};
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        X509 *card = card_of(key[k]);

        for (size_t i = 0; i < KINDS; i++) {
            struct login l = card_login(kinds[i].name, key[k], card);

            if (key[k] != rsa)
                l.pss = false;
            assert_fault(judge(&l, &by),
                         *kinds[i].key == key[k] ? PSE_EID_GOOD : PSE_EID_ALGORITHM);
        }
        for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
            struct login l = card_login("ES384", key[k], card);

            l.algorithm = no[i];
            l.pss = false;
            assert_fault(judge(&l, &by), PSE_EID_ALGORITHM);
        }
        X509_free(card);
    }
}

static void a_short_salt_is_refused(void **state)
{
    X509 *card = card_of(rsa);
    struct login l = card_login("PS256", rsa, card);
    struct pse_webeid_rules by = rules();
    uint8_t message[64], raw[512];
    char quoted[1024];
    size_t n = sizeof raw;
    EVP_PKEY_CTX *how;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    (void)state;
    EVP_Digest(card_origin, strlen(card_origin), message, NULL, EVP_sha256(), NULL);
    EVP_Digest(card_nonce, strlen(card_nonce), message + 32, NULL, EVP_sha256(), NULL);
    EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, rsa);
    EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 20);
    assert_int_equal(EVP_DigestSign(ctx, raw, &n, message, 64), 1);
    EVP_MD_CTX_free(ctx);
    card_quoted(quoted, raw, n);
    l.signature = quoted;
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    X509_free(card);
}

static void raw_signatures_have_one_form(void **state)
{
    struct pse_webeid_rules by = rules();
    struct container_recipe der_by = {.key = p384, .hash = "SHA384"};
    X509 *card = card_of(p384);
    struct login l = card_login("ES384", p384, card);
    uint8_t raw[2048], bad[2048], message[96];
    char quoted[4096];
    size_t n = card_sign(raw, &l);

    (void)state;
    l.signature = quoted;
    assert_int_equal(n, 96);
    card_quoted(quoted, raw, n);
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    card_quoted(quoted, raw, n - 1);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    card_quoted(quoted, raw, n - 2);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memcpy(bad, raw, n);
    memset(bad + n, 0, 2);
    card_quoted(quoted, bad, n + 2);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memset(bad, 0, sizeof bad); /* the same numbers, each a byte longer */
    memcpy(bad + 1, raw, 48);
    memcpy(bad + 50, raw + 48, 48);
    card_quoted(quoted, bad, 98);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memcpy(bad, raw, n);
    memset(bad, 0, 48); /* r = 0 */
    card_quoted(quoted, bad, n);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memcpy(bad, raw, n);
    memset(bad + 48, 0, 48); /* s = 0 */
    card_quoted(quoted, bad, n);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memset(bad, 0xff, n); /* beyond the order */
    card_quoted(quoted, bad, n);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    EVP_Digest(card_origin, strlen(card_origin), message, NULL, EVP_sha384(), NULL);
    EVP_Digest(card_nonce, strlen(card_nonce), message + 48, NULL, EVP_sha384(), NULL);
    n = recipe_sign(bad, sizeof bad, &der_by, pse_span(message, 96));
    card_quoted(quoted, bad, n);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    l.signature = "\"\"";
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    l.signature = "\"====\"";
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    X509_free(card);
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static void forms_that_are_read(void **state)
{
    static const char *const format[] = {"\"web-eid:1\"", "\"web-eid:1.0\"", "\"web-eid:1.1\"",
                                         "\"web-eid:1.123\""};
    static const char *const extra[] = {
        "\"action\":\"web-eid:authenticate-success\",",
        "\"x\":-1.5e3,\"y\":null,\"z\":true,\"n\":123456789012345678901234567890,",
        "\"deep\":[[[[[[[[[[[[{\"a\":[]}]]]]]]]]]]]],",
        "\"zero\":\"a\\u0000b\",",
        "\"unverifiedSigningCertificate\":\"x\",\"supportedSignatureAlgorithms\":[{\"a\":\"b\"}],",
        " \n\t",
    };
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        l.format = format[i];
        assert_fault(judge(&l, &by), PSE_EID_GOOD);
    }
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        l.extra = extra[i];
        assert_fault(judge(&l, &by), PSE_EID_GOOD);
    }
    l.extra = "";
    l.version = NULL;
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    l.end = "\r\n";
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    X509_free(card);
}

static void forms_that_are_not(void **state)
{
    static const char *const format[] = {
        "\"web-eid:1.\"",
        "\"web-eid:10\"",
        "\"web-eid:2\"",
        "\"web-eid:1.0.0\"",
        "\"web-eid:1.0 \"",
        "\"web-eid:1.a\"",
        "\"web-eid:\"",
        "\"\"",
        "\"Web-eid:1\"",
        "\"web-eid:1.0\\u0000\"",
        "\" web-eid:1\"",
        "1",
        "null",
        "[\"web-eid:1\"]",
        "\"web-eid:1.-1\"",
    };
    static const char *const extra[] = {
        "\"format\":\"web-eid:1\",", /* twice */
        "\"\\u0066ormat\":\"web-eid:1\",",
        "\"a\":1,\"a\":1,",
        "\"x\":{\"b\":1,\"b\":2},",
        "\"x\":01,",
        "\"x\":\"\xff\",",
        "\"x\":\"\\ud800\",",
        "'x':1,",
        "\"x\":NaN,",
        ",",
    };
    static const char *const certificate[] = {
        "\"\"",
        "1234",
        "null",
        "[1,2,3,4]",
        "\"This is not a certificate\"",
        "\"VGhpcyBpcyBub3QgYSBjZXJ0aWZpY2F0ZQ==\"",
    };
    static const char *const end[] = {"x", "{}", ",", "\"\"", "\x01"};
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login good = card_login("ES256", p256, card), l = good;

    (void)state;
    for (size_t i = 0; i < sizeof format / sizeof *format; i++) {
        l.format = format[i];
        assert_fault(judge(&l, &by), PSE_EID_PARSE);
    }
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        l = good;
        l.extra = extra[i];
        assert_fault(judge(&l, &by), PSE_EID_PARSE);
    }
    for (size_t i = 0; i < sizeof certificate / sizeof *certificate; i++) {
        l = good;
        l.certificate = certificate[i];
        assert_fault(judge(&l, &by), PSE_EID_PARSE);
    }
    for (size_t i = 0; i < sizeof end / sizeof *end; i++) {
        l = good;
        l.end = end[i];
        assert_fault(judge(&l, &by), PSE_EID_PARSE);
    }
    l = good;
    l.version = "7";
    assert_fault(judge(&l, &by), PSE_EID_PARSE);
    l = good;
    l.signature = "7";
    assert_fault(judge(&l, &by), PSE_EID_PARSE);
    X509_free(card);
}

/* A member renamed is a member missing; one byte behind the certificate is a wrong certificate. */
static void what_must_be_there(void **state)
{
    static const char *const name[] = {"\"unverifiedCertificate\"", "\"algorithm\"",
                                       "\"signature\"", "\"format\""};
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    struct pse_buf der = PSE_BUF(8192);
    char token[CARD_TEXT], quoted[CARD_TEXT];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        card_token(token, &l);
        *(strstr(token, name[i]) + 1) = 'X';
        assert_fault(judge_text(pse_span_str(token), &by, &off, card_nonce), PSE_EID_PARSE);
    }
    maker_der(&der, card);
    pse_buf_put(&der, "", 1);
    card_quoted(quoted, der.p, der.n);
    l.certificate = quoted;
    assert_fault(judge(&l, &by), PSE_EID_PARSE);
    card_quoted(quoted, der.p, der.n - 2);
    assert_fault(judge(&l, &by), PSE_EID_PARSE);
    card_quoted(quoted, der.p, der.n - 1);
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    pse_buf_free(&der);
    X509_free(card);
}

static void lengths(void **state)
{
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    char token[CARD_TEXT];
    size_t n;

    (void)state;
    card_token(token, &l);
    n = strlen(token);
    memset(token + n, ' ', CARD_TEXT - n);
    assert_fault(judge_text(pse_span(token, 10000), &by, &off, card_nonce), PSE_EID_GOOD);
    assert_fault(judge_text(pse_span(token, 10001), &by, &off, card_nonce), PSE_EID_PARSE);
    assert_fault(judge_text(pse_span(token, n - 1), &by, &off, card_nonce), PSE_EID_PARSE);
    assert_fault(judge_text(pse_span(NULL, 0), &by, &off, card_nonce), PSE_EID_PARSE);
    assert_fault(judge_text(pse_span_str("{}"), &by, &off, card_nonce), PSE_EID_PARSE);
    X509_free(card);
}

static enum pse_eid_fault judge_plan(const struct person_plan *plan,
                                     const struct pse_webeid_rules *by)
{
    X509 *card = person_certificate(plan);
    struct login l = card_login("ES256", p256, card);
    enum pse_eid_fault fault = judge(&l, by);

    X509_free(card);
    return fault;
}

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
    X509 *small = card_authority("Small", weak, MAKER_NOW - MAKER_DAY, MAKER_NOW + MAKER_DAY);
    struct pse_anchors *set = maker_anchors(small);

    (void)state;
    assert_fault(judge(&l, &by), PSE_EID_ALGORITHM);
    X509_free(card);
    plan = card_plan(p256, small, weak); /* an authority with a small key */
    by.anchors = set;
    assert_fault(judge_plan(&plan, &by), PSE_EID_UNTRUSTED);
    by.anchors = anchors;
    plan = card_plan(p256, ca, ca_key);
    card = person_certificate(&plan);
    assert_int_not_equal(X509_sign(card, ca_key, EVP_sha1()), 0);
    l = card_login("ES256", p256, card);
    assert_fault(judge(&l, &by), PSE_EID_UNTRUSTED);
    X509_free(card);
    X509_free(small);
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

/* --- order --------------------------------------------------------------------------------------
 */

/* A login that is wrong in all rows, mended row by row: the first that is left is told. */
static void the_first_row_that_fails_is_told(void **state)
{
    static const char *const forbidden[] = {"1.2.3.4.5"};
    struct person_plan plan = card_plan(p256, ca, ca_key);
    struct pse_webeid_rules by = rules();
    struct pse_webeid_revocation revocation = {.came = false};
    struct pse_anchors *none;
    const char *nonce = "";
    struct login l = {0};
    char token[CARD_TEXT];
    enum pse_eid_fault got[12];
    static const enum pse_eid_fault wanted[12] = {
        PSE_EID_PARSE,         PSE_EID_PARSE,     PSE_EID_PURPOSE,          PSE_EID_POLICY,
        PSE_EID_EXPIRED,       PSE_EID_UNTRUSTED, PSE_EID_OCSP_UNREACHABLE, PSE_EID_OCSP_MALFORMED,
        PSE_EID_NONCE_MISSING, PSE_EID_ALGORITHM, PSE_EID_SIGNATURE,        PSE_EID_GOOD};

    (void)state;
    assert_int_equal(pse_anchors_new(&none), PSE_OK);
    plan.usage = NULL;
    by.forbidden = forbidden;
    by.forbidden_n = 1;
    by.now = MAKER_NOW + 200 * MAKER_DAY;
    by.anchors = none;
    for (unsigned row = 0; row < 12; row++) {
        X509 *card;

        if (row >= 3)
            plan.usage = "digitalSignature";
        card = person_certificate(&plan);
        l = card_login("ES256", p256, card);
        l.format = row >= 1 ? "\"web-eid:1\"" : "\"web-eid:2\"";
        l.certificate = row >= 2 ? NULL : "\"AAAA\"";
        by.forbidden_n = row >= 4 ? 0 : 1;
        by.now = row >= 5 ? MAKER_NOW : MAKER_NOW + 200 * MAKER_DAY;
        by.anchors = row >= 6 ? anchors : none;
        revocation.came = row >= 7;
        revocation.is_off = row >= 8;
        nonce = row >= 9 ? card_nonce : "";
        l.algorithm = row >= 10 ? "ES256" : "ES384";
        l.origin = row >= 11 ? card_origin : "https://elsewhere.example";
        card_token(token, &l);
        got[row] = judge_text(pse_span_str(token), &by, &revocation, nonce);
        X509_free(card);
    }
    /* Rows 1 and 2 share a class, row 7 is met with two of its own. */
    for (unsigned row = 0; row < 12; row++)
        assert_fault(got[row], wanted[row]);
    pse_anchors_free(none);
}

/* --- revocation ---------------------------------------------------------------------------------
 */

static void revocation_is_row_seven(void **state)
{
    X509 *card = card_of(p256), *another = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    struct pse_webeid_rules by = rules();
    struct answer a = {.count = 1,
                       .about = card,
                       .issuer = ca,
                       .id_hash = EVP_sha1(),
                       .status = V_OCSP_CERTSTATUS_GOOD,
                       .this_update = MAKER_NOW,
                       .responder = responder,
                       .key = ca_key};
    struct pse_webeid_revocation r = {.came = true, .max_age = PSE_OCSP_AGE, .skew = PSE_OCSP_SKEW};
    char token[CARD_TEXT];

    (void)state;
    card_token(token, &l);
    for (unsigned i = 0; i < 4; i++) {
        static const enum pse_eid_fault wanted[] = {PSE_EID_GOOD, PSE_EID_REVOKED,
                                                    PSE_EID_OCSP_MALFORMED, PSE_EID_OCSP_NONCE};
        struct pse_buf out = PSE_BUF(PSE_OCSP_MAX);

        a.status = i == 1 ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
        a.revoked = i == 1 ? MAKER_NOW - 5 : 0;
        a.about = i == 2 ? another : card;
        r.nonce = i == 3 ? pse_span_str("nonce") : pse_span(NULL, 0);
        answer_make(&out, &a);
        r.answer = pse_buf_span(&out);
        assert_fault(judge_text(pse_span_str(token), &by, &r, card_nonce), wanted[i]);
        pse_buf_free(&out);
    }
    X509_free(card);
    X509_free(another);
}

/* --- one byte -----------------------------------------------------------------------------------
 */

/* Any byte of a token changed: refused, but where nothing is signed and nothing is said. */
static void no_byte_can_be_changed(void **state)
{
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    struct pse_webeid_rules by = rules();
    char token[CARD_TEXT];
    const char *version, *end, *format;

    (void)state;
    card_token(token, &l);
    version = strstr(token, "appVersion");
    end = strstr(token, "\",\"unverified");
    format = strstr(token, "web-eid:1.0") + strlen("web-eid:1.");
    for (char *at = token; *at != '\0'; at++) {
        char was = *at;
        bool is_free = (at >= version && at < end) || at == format;

        *at ^= 1;
        if (judge_text(pse_span_str(token), &by, &off, card_nonce) == PSE_EID_GOOD && !is_free)
            fail_msg("byte %td, '%c'", at - token, was);
        *at = was;
    }
    X509_free(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nine_algorithms),
        cmocka_unit_test(an_algorithm_must_fit_the_key),
        cmocka_unit_test(a_short_salt_is_refused),
        cmocka_unit_test(raw_signatures_have_one_form),
        cmocka_unit_test(forms_that_are_read),
        cmocka_unit_test(forms_that_are_not),
        cmocka_unit_test(what_must_be_there),
        cmocka_unit_test(lengths),
        cmocka_unit_test(purposes),
        cmocka_unit_test(policies),
        cmocka_unit_test(lives),
        cmocka_unit_test(only_the_issuer_matters),
        cmocka_unit_test(anchors_need_no_root_but_the_right),
        cmocka_unit_test(weak_links_are_refused),
        cmocka_unit_test(certificates_that_are_not_strict),
        cmocka_unit_test(the_first_row_that_fails_is_told),
        cmocka_unit_test(revocation_is_row_seven),
        cmocka_unit_test(no_byte_can_be_changed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
