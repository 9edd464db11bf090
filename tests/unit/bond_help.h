/* A person, authorities and services, and a whole bond of them, right or wrong in one point: what
 * the tests of bonds share. */
#ifndef PSE_TESTS_UNIT_BOND_HELP_H
#define PSE_TESTS_UNIT_BOND_HELP_H

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

static inline struct person_plan plan(const char *serial, EVP_PKEY *key, const char *usage)
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

static inline X509 *authority(EVP_PKEY *key, const char *name)
{
    struct maker_certificate root = {.name = name,
                                     .key = key,
                                     .from = MAKER_NOW - 1000 * MAKER_DAY,
                                     .until = MAKER_NOW + 1000 * MAKER_DAY,
                                     .is_ca = true};

    return maker_certificate(&root);
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline ASN1_GENERALIZEDTIME *instant(int64_t t)
{
    return ASN1_GENERALIZEDTIME_set(NULL, (time_t)t);
}

/* The authority itself answers; it has appointed itself with the extension below. */
static inline void put_word(struct pse_buf *out, const struct word *w)
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

static inline struct story good(void)
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

static inline pse_hash digest_of(X509 *x)
{
    struct pse_certificate *c = maker_parsed(x);
    pse_hash d = pse_certificate_digest(c);

    pse_certificate_free(c);
    return d;
}

static inline void put_stamp(struct made *m, const struct story *s, struct pse_span signature)
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
static inline struct pse_span octets_of(struct pse_span container)
{
    for (size_t n = 64; n < 80; n++) {
        const uint8_t *at = container.p + container.n - n;

        if (at[-2] == DER_OCTETS && at[-1] == n)
            return pse_span(at, n);
    }
    fail();
    return container;
}

static inline void make(struct made *m, const struct story *s)
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

static inline void made_free(struct made *m)
{
    pse_buf_free(&m->statement);
    pse_buf_free(&m->cms);
    pse_buf_free(&m->stamp);
    pse_buf_free(&m->ocsp);
}

static inline struct pse_bond_rules rules(void)
{
    return (struct pse_bond_rules){.g = g,
                                   .eid = &eid,
                                   .registrar = &registrar,
                                   .nonce = &nonce,
                                   .subject = pse_span_str(subject),
                                   .people = people,
                                   .stamps = stamps};
}

static inline void judged_by(const struct story *s, const struct pse_bond_rules *by,
                             const char *wanted)
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

static inline void judged(const struct story *s, const char *wanted)
{
    struct pse_bond_rules by = rules();

    judged_by(s, &by, wanted);
}

#endif
