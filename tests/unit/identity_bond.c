/* Bonds: one that holds, asked at once, later and not yet, and every rule broken alone. */
#include <openssl/ocsp.h>

#include "codec/codec.h"
#include "identity/identity.h"
#include "person_maker.h"

static const char subject[] = "PNOEE-48001085718";

static EVP_PKEY *responder_key, *ca_key, *person_key, *login_key, *other_key, *stamp_key,
    *other_ca_key;
static X509 *responder, *ca, *other_ca, *signing, *login, *other, *service, *impostor;
static struct pse_anchors *people, *stamps, *others;
static struct pse_group *g;
static struct pse_rng rng;
static pse_hash eid, registrar, nonce;

static struct person_plan plan(const char *serial, EVP_PKEY *key, const char *usage)
{
    return (struct person_plan){.given = "Mari",
                                .surname = "Mänd",
                                .serial = serial,
                                .key = key,
                                .issuer = ca,
                                .issuer_key = ca_key,
                                .from = MAKER_NOW - 100 * MAKER_DAY,
                                .until = MAKER_NOW + 100 * MAKER_DAY,
                                .usage = usage};
}

static X509 *authority(EVP_PKEY *key, const char *name)
{
    struct maker_certificate root = {.name = name,
                                     .key = key,
                                     .from = MAKER_NOW - 1000 * MAKER_DAY,
                                     .until = MAKER_NOW + 1000 * MAKER_DAY,
                                     .is_ca = true};

    return maker_certificate(&root);
}

static int set_up(void **state)
{
    static const uint8_t seed[32] = {7};
    struct person_plan p;
    struct maker_certificate stamping = {.name = "Stamps of Test",
                                         .from = MAKER_NOW - 100 * MAKER_DAY,
                                         .until = MAKER_NOW + 100 * MAKER_DAY,
                                         .use = "critical,timeStamping"};
    EVP_PKEY **key[] = {&responder_key, &ca_key,    &person_key,  &login_key,
                        &other_key,     &stamp_key, &other_ca_key};

    (void)state;
    for (unsigned i = 0; i < sizeof key / sizeof *key; i++)
        *key[i] = EVP_EC_gen("P-256");
    ca = authority(ca_key, "Root of Test");
    other_ca = authority(other_ca_key, "Root of Others");
    p = plan(subject, person_key, "critical,nonRepudiation");
    signing = person_certificate(&p);
    p = plan(subject, login_key, "critical,digitalSignature");
    login = person_certificate(&p);
    p = plan("PNOEE-37001085718", other_key, "critical,nonRepudiation");
    other = person_certificate(&p);
    p = plan(subject, other_key, "critical,nonRepudiation");
    p.issuer = other_ca;
    p.issuer_key = other_ca_key;
    impostor = person_certificate(&p);
    stamping.key = stamp_key;
    stamping.issuer = ca;
    stamping.issuer_key = ca_key;
    service = maker_certificate(&stamping);
    stamping.name = "Answers of Test";
    stamping.key = responder_key;
    stamping.use = "OCSPSigning";
    responder = maker_certificate(&stamping);
    people = maker_anchors(ca);
    stamps = maker_anchors(ca);
    others = maker_anchors(other_ca);
    assert_int_equal(pse_group_new(&g, PSE_BACKEND_AUTO, NULL), PSE_OK);
    pse_rng_init(&rng, seed);
    memset(eid.b, 1, 32);
    memset(registrar.b, 2, 32);
    memset(nonce.b, 3, 32);
    return 0;
}

static int tear_down(void **state)
{
    EVP_PKEY *key[] = {responder_key, ca_key,    person_key,  login_key,
                       other_key,     stamp_key, other_ca_key};
    X509 *x[] = {responder, ca, other_ca, signing, login, other, service, impostor};

    (void)state;
    for (unsigned i = 0; i < sizeof key / sizeof *key; i++)
        EVP_PKEY_free(key[i]);
    for (unsigned i = 0; i < sizeof x / sizeof *x; i++)
        X509_free(x[i]);
    pse_anchors_free(people);
    pse_anchors_free(stamps);
    pse_anchors_free(others);
    pse_group_free(g);
    return 0;
}

/* --- what the authority answers -----------------------------------------------------------------
 */

struct word {
    int status; /* V_OCSP_CERTSTATUS_… */
    int64_t revoked, this_update;
    X509 *about;
    EVP_PKEY *by;
    X509 *by_certificate;
    const uint8_t *nonce;
};

static ASN1_GENERALIZEDTIME *instant(int64_t t)
{
    return ASN1_GENERALIZEDTIME_set(NULL, (time_t)t);
}

/* The authority itself answers; it has appointed itself with the extension below. */
static void put_word(struct pse_buf *out, const struct word *w)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), w->about, ca);
    ASN1_GENERALIZEDTIME *revoked = w->revoked == 0 ? NULL : instant(w->revoked);
    ASN1_GENERALIZEDTIME *this_update = instant(w->this_update);
    OCSP_RESPONSE *answer;
    uint8_t *der = NULL;
    int n;

    assert_non_null(OCSP_basic_add1_status(
        basic, id, w->status,
        w->status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0, revoked,
        this_update, NULL));
    assert_int_equal(OCSP_basic_add1_nonce(basic, (uint8_t *)(uintptr_t)w->nonce, PSE_OCSP_NONCE),
                     1);
    assert_int_equal(OCSP_basic_sign(basic, w->by_certificate, w->by, EVP_sha256(), NULL, 0), 1);
    answer = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    n = i2d_OCSP_RESPONSE(answer, &der);
    assert_true(n > 0);
    pse_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(answer);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_GENERALIZEDTIME_free(revoked);
    ASN1_GENERALIZEDTIME_free(this_update);
}

/* --- a whole bond -------------------------------------------------------------------------------
 */

/* What is to be made; every case changes one field of it. */
struct story {
    struct pse_binding statement;
    const char *signed_text; /* NULL: the statement */
    X509 *certificate;
    EVP_PKEY *key;
    bool other_proof;
    const char *stamped; /* NULL: the signature's octets */
    int64_t stamp_time;
    enum pse_bond_form form;
    int64_t judged;
    struct word word;
    X509 *named_certificate, *named_issuer;
};

struct made {
    struct pse_buf statement, cms, stamp, ocsp;
    struct pse_bond bond;
};

static const uint8_t stamp_nonce[16] = {0x5a, 1, 2}, ocsp_nonce[PSE_OCSP_NONCE] = {9, 9};

static struct story good(void)
{
    return (struct story){.statement = {.eid = eid,
                                        .registrar = registrar,
                                        .subject = pse_span_str(subject),
                                        .nonce = nonce,
                                        .language = pse_span_str("en"),
                                        .purpose = pse_span_str("I register this credential.")},
                          .certificate = signing,
                          .key = person_key,
                          .stamp_time = MAKER_NOW + 2,
                          .form = PSE_BOND_PROMPT,
                          .judged = MAKER_NOW + 3,
                          .word = {.status = V_OCSP_CERTSTATUS_GOOD,
                                   .this_update = MAKER_NOW,
                                   .about = signing,
                                   .by = responder_key,
                                   .by_certificate = responder,
                                   .nonce = ocsp_nonce},
                          .named_certificate = signing,
                          .named_issuer = ca};
}

static pse_hash digest_of(X509 *x)
{
    struct pse_certificate *c = maker_parsed(x);
    pse_hash d = pse_certificate_digest(c);

    pse_certificate_free(c);
    return d;
}

static void put_stamp(struct made *m, const struct story *s, struct pse_span signature)
{
    struct pse_stamp_ask ask;
    struct recipe r = {.ask = &ask,
                       .policy = "1.2.3.4.1",
                       .time = s->stamp_time,
                       .hash = EVP_sha256(),
                       .certificate = service,
                       .key = stamp_key,
                       .named = service,
                       .ways = 1};

    m->bond.stamp_nonce = pse_span(stamp_nonce, sizeof stamp_nonce);
    pse_bond_ask(&ask, &m->bond, s->stamped != NULL ? pse_span_str(s->stamped) : signature, NULL);
    maker_answer(&m->stamp, &r);
    m->bond.stamp = pse_buf_span(&m->stamp);
}

/* The signature's octets end the container: read back with the certificate that is in it. */
static struct pse_span octets_of(struct pse_span container)
{
    for (size_t n = 64; n < 80; n++) {
        const uint8_t *at = container.p + container.n - n;

        if (at[-2] == DER_OCTETS && at[-1] == n)
            return pse_span(at, n);
    }
    fail();
    return container;
}

static void make(struct made *m, const struct story *s)
{
    struct pse_binding b = s->statement;
    pse_secret d, e;
    pse_point point;
    struct container_recipe r = {.certificate = s->certificate,
                                 .named = s->certificate,
                                 .ess = s->certificate,
                                 .key = s->key,
                                 .hash = "SHA256"};

    *m = (struct made){.statement = PSE_BUF(PSE_BINDING_MAX),
                       .cms = PSE_BUF(PSE_CMS_MAX),
                       .stamp = PSE_BUF(PSE_STAMP_MAX),
                       .ocsp = PSE_BUF(PSE_OCSP_MAX)};
    pse_secret_random(&d, &rng);
    pse_secret_random(&e, &rng);
    pse_point_mul_base(g, &point, &d, 1);
    pse_point_encode(g, &b.credential, &point, 1);
    assert_int_equal(pse_binding_write(&m->statement, &b), PSE_OK);
    m->bond = (struct pse_bond){.form = s->form,
                                .list = {{8}},
                                .statement = pse_buf_span(&m->statement),
                                .received = MAKER_NOW,
                                .certificate = digest_of(s->named_certificate),
                                .issuer = digest_of(s->named_issuer)};
    assert_int_equal(
        pse_binding_prove(g, m->bond.proof, m->bond.statement, s->other_proof ? &e : &d, &rng),
        PSE_OK);
    r.message = s->signed_text;
    r.bytes = pse_buf_span(&m->statement);
    recipe_container(&m->cms, &r);
    m->bond.cms = pse_buf_span(&m->cms);
    put_stamp(m, s, octets_of(m->bond.cms));
    if (s->form == PSE_BOND_PENDING)
        return;
    put_word(&m->ocsp, &s->word);
    m->bond.judged = (uint64_t)s->judged;
    m->bond.ocsp_nonce = pse_span(ocsp_nonce, sizeof ocsp_nonce);
    m->bond.ocsp = pse_buf_span(&m->ocsp);
}

static void made_free(struct made *m)
{
    pse_buf_free(&m->statement);
    pse_buf_free(&m->cms);
    pse_buf_free(&m->stamp);
    pse_buf_free(&m->ocsp);
}

static struct pse_bond_rules rules(void)
{
    return (struct pse_bond_rules){.g = g,
                                   .eid = &eid,
                                   .registrar = &registrar,
                                   .nonce = &nonce,
                                   .subject = pse_span_str(subject),
                                   .people = people,
                                   .stamps = stamps};
}

static void judged_by(const struct story *s, const struct pse_bond_rules *by, const char *wanted)
{
    struct pse_bond_verdict v;
    char name[PSE_BOND_NAME_MAX];
    struct made m;

    make(&m, s);
    pse_bond_judge(&v, &m.bond, by);
    pse_bond_verdict_name(name, &v);
    assert_string_equal(name, wanted);
    made_free(&m);
}

static void judged(const struct story *s, const char *wanted)
{
    struct pse_bond_rules by = rules();

    judged_by(s, &by, wanted);
}

/* --- what holds ---------------------------------------------------------------------------------
 */

static void asked_at_once_later_and_not_yet(void **state)
{
    struct story s = good();

    (void)state;
    judged(&s, "good");
    s.form = PSE_BOND_PENDING;
    judged(&s, "pending");
    s = good();
    s.form = PSE_BOND_LATE;
    s.judged = MAKER_NOW + 2 * MAKER_DAY;
    s.word.this_update = MAKER_NOW + 2 * MAKER_DAY - 3600;
    judged(&s, "good");
    s.word.this_update = s.stamp_time;
    judged(&s, "good");
    s.word.this_update = s.stamp_time - 1; /* the authority did not know of the stamped instant */
    judged(&s, "ocsp-stale");
}

static void bytes_and_back(void **state)
{
    struct pse_buf out = PSE_BUF(PSE_BOND_MAX), again = PSE_BUF(PSE_BOND_MAX);
    struct story s = good();
    struct pse_bond b;
    struct made m;

    (void)state;
    make(&m, &s);
    assert_int_equal(pse_bond_write(&out, &m.bond), PSE_OK);
    assert_true(pse_bond_is_one(pse_buf_span(&out)));
    assert_int_equal(pse_bond_parse(&b, pse_buf_span(&out)), PSE_OK);
    assert_int_equal(pse_bond_write(&again, &b), PSE_OK);
    assert_true(pse_span_is_equal(pse_buf_span(&out), pse_buf_span(&again)));
    for (size_t n = 0; n < out.n; n += 11)
        assert_int_not_equal(pse_bond_parse(&b, pse_span(out.p, n)), PSE_OK);
    pse_buf_put(&out, "", 1);
    assert_int_equal(pse_bond_parse(&b, pse_buf_span(&out)), PSE_E_LENGTH);
    out.p[0] ^= 1;
    assert_int_equal(pse_bond_parse(&b, pse_buf_span(&out)), PSE_E_SYNTAX);
    assert_false(pse_bond_is_one(pse_buf_span(&out)));
    b = m.bond;
    b.form = PSE_BOND_PENDING; /* with an answer in it */
    assert_int_equal(pse_bond_write(&again, &b), PSE_E_RANGE);
    b = m.bond;
    b.ocsp.n = 0;
    assert_int_equal(pse_bond_write(&again, &b), PSE_E_RANGE);
    b = m.bond;
    b.form = (enum pse_bond_form)4;
    assert_int_equal(pse_bond_write(&again, &b), PSE_E_RANGE);
    made_free(&m);
    pse_buf_free(&out);
    pse_buf_free(&again);
}

/* --- what was signed ----------------------------------------------------------------------------
 */

static void statements(void **state)
{
    struct story s = good();
    struct pse_bond_rules by = rules();
    pse_enc another = {.b = {1}};

    (void)state;
    s.statement.eid.b[0] ^= 1;
    judged(&s, "election");
    s = good();
    s.statement.registrar.b[0] ^= 1;
    judged(&s, "registrar");
    s = good();
    s.statement.nonce.b[0] ^= 1;
    judged(&s, "nonce");
    by.nonce = NULL; /* an auditor's */
    judged_by(&s, &by, "good");
    s = good();
    s.statement.subject = pse_span_str("PNOEE-37001085718");
    judged(&s, "subject");
    s = good();
    s.other_proof = true;
    judged(&s, "proof");
    s = good();
    by = rules();
    by.credential = &another;
    judged_by(&s, &by, "credential");
    /* Signed over something else than what is registered, as by a hash that a server sent. */
    s.signed_text = "another statement";
    judged(&s, "cms-digest");
}

/* --- who signed ---------------------------------------------------------------------------------
 */

static void persons(void **state)
{
    struct story s = good();
    struct pse_bond_rules by = rules();

    (void)state;
    s.certificate = s.named_certificate = s.word.about = other; /* another voter's signature */
    s.key = other_key;
    judged(&s, "person");
    s = good();
    s.certificate = s.named_certificate = s.word.about = login; /* the card's other certificate */
    s.key = login_key;
    judged(&s, "cms-purpose");
    s = good();
    s.key = other_key;
    judged(&s, "cms-signature");
    s = good();
    s.certificate = s.named_certificate = impostor; /* the same name by another authority */
    s.key = other_key;
    judged(&s, "cms-untrusted");
    s = good();
    s.named_certificate = login;
    judged(&s, "certificate");
    s = good();
    s.named_issuer = other_ca;
    judged(&s, "issuer");
    s = good();
    by.people = others;
    judged_by(&s, &by, "cms-untrusted");
}

/* --- when ---------------------------------------------------------------------------------------
 */

static void stamps_(void **state)
{
    struct story s = good();
    struct pse_bond_rules by = rules();

    (void)state;
    s.stamped = "another value";
    judged(&s, "stamp-imprint");
    s = good();
    s.stamp_time = MAKER_NOW + PSE_BOND_WINDOW;
    s.judged = s.stamp_time;
    judged(&s, "good");
    s.stamp_time++;
    judged(&s, "stamp-too-late");
    s.stamp_time = MAKER_NOW - PSE_BOND_WINDOW - 1;
    judged(&s, "stamp-too-early");
    s = good();
    by.stamps = others;
    judged_by(&s, &by, "stamp-untrusted");
    by = rules();
    by.policy = "1.2.3.4.1";
    judged_by(&s, &by, "good");
    by.policy = "1.2.3.4.2";
    judged_by(&s, &by, "stamp-policy");
}

/* --- whether it was revoked ---------------------------------------------------------------------
 */

static void answers(void **state)
{
    static const uint8_t other_nonce[PSE_OCSP_NONCE] = {1};
    struct story s = good();

    (void)state;
    s.word.status = V_OCSP_CERTSTATUS_REVOKED;
    s.word.revoked = MAKER_NOW - MAKER_DAY;
    judged(&s, "ocsp-revoked");
    s.word.revoked = MAKER_NOW + 3;
    judged(&s, "ocsp-revoked"); /* asked at once: good or nothing */
    s = good();
    s.word.status = V_OCSP_CERTSTATUS_UNKNOWN;
    judged(&s, "ocsp-unknown");
    s = good();
    s.word.nonce = other_nonce;
    judged(&s, "ocsp-nonce");
    s = good();
    s.word.about = other;
    judged(&s, "ocsp-malformed");
    s = good();
    s.word.this_update = s.judged - PSE_OCSP_AGE - 1;
    judged(&s, "ocsp-stale");
    s = good();
    s.word.by = other_key;
    s.word.by_certificate = other;
    judged(&s, "ocsp-untrusted");
    s = good();
    s.judged = MAKER_NOW + PSE_BOND_WINDOW + 1; /* prompt is prompt */
    judged(&s, "time");
    s.judged = MAKER_NOW - PSE_BOND_WINDOW - 1;
    judged(&s, "time");
}

/* Only what was revoked up to the stamped instant counts, when the authority is asked later. */
static void revoked_around_the_stamp(void **state)
{
    struct story s = good();

    (void)state;
    s.form = PSE_BOND_LATE;
    s.judged = MAKER_NOW + MAKER_DAY;
    s.word.this_update = s.judged;
    s.word.status = V_OCSP_CERTSTATUS_REVOKED;
    s.word.revoked = s.stamp_time - 1;
    judged(&s, "ocsp-revoked");
    s.word.revoked = s.stamp_time + 1;
    judged(&s, "good");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked_at_once_later_and_not_yet),
        cmocka_unit_test(bytes_and_back),
        cmocka_unit_test(statements),
        cmocka_unit_test(persons),
        cmocka_unit_test(stamps_),
        cmocka_unit_test(answers),
        cmocka_unit_test(revoked_around_the_stamp),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
