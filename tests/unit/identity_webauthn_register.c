/* Registrations: each rule, accepted and refused, by a difference in one field. */
#define _GNU_SOURCE
#include "authenticator_maker.h"

static const uint8_t seed[32] = {9};
static const pse_hash act = {{1, 2, 3}};

#define assert_fault(got, wanted) \
    assert_string_equal(pse_webauthn_fault_name(got), pse_webauthn_fault_name(wanted))

static EVP_PKEY *es256, *eddsa, *rsa, *rsa_short, *p384, *ca_key, *maker_key_ec;
static X509 *ca, *maker_cert;

/* What a row may change. */
struct registration {
    struct ceremony c;
    struct pse_webauthn_challenge challenge;
    struct pse_webauthn_rules rules;
    const char *id; /* as the browser says it; NULL: the credential's */
    int64_t now;
};

static pse_hash asked;
static struct pse_webauthn_key known[2];

static struct registration registration_of(EVP_PKEY *key)
{
    struct registration r = {.now = MAKER_NOW + 60};
    PSE_RNG(rng);

    pse_rng_init(&rng, seed);
    pse_webauthn_challenge_make(&r.challenge, PSE_WEBAUTHN_REGISTER, "anna", &act, &rng, MAKER_NOW);
    pse_webauthn_challenge_bytes(&asked, &r.challenge);
    r.c = ceremony_new(key, &asked);
    return r;
}

static enum pse_webauthn_fault judge(struct pse_webauthn_key *out, const struct registration *r)
{
    struct made m;
    enum pse_webauthn_fault fault;

    make(&m, &r->c);
    if (r->id != NULL)
        m.answer.id = pse_span_str(r->id);
    fault = pse_webauthn_register(out, &m.answer, &r->challenge, &maker_site, &r->rules, known, 2,
                                  r->now);
    if (fault != PSE_WEBAUTHN_GOOD)
        assert_memory_equal(out, &(struct pse_webauthn_key){0}, sizeof *out);
    made_free(&m);
    return fault;
}

/* The change alone decides, for both algorithms. */
#define REGISTRATION(wanted, change)                            \
    do {                                                        \
        EVP_PKEY *each_[2] = {es256, eddsa};                    \
        for (unsigned i_ = 0; i_ < 2; i_++) {                   \
            struct registration r = registration_of(each_[i_]); \
            struct pse_webauthn_key k;                          \
            assert_fault(judge(&k, &r), PSE_WEBAUTHN_GOOD);     \
            change;                                             \
            assert_fault(judge(&k, &r), wanted);                \
        }                                                       \
    } while (0)

static void a_good_one_gives_the_key(void **state)
{
    EVP_PKEY *each[2] = {es256, eddsa};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct registration r = registration_of(each[i]);
        struct pse_webauthn_key k, expected = maker_key(each[i], "credential 1");

        assert_fault(judge(&k, &r), PSE_WEBAUTHN_GOOD);
        assert_memory_equal(&k, &expected, sizeof k);
        assert_int_equal(k.attestation, PSE_WEBAUTHN_NONE);
    }
}

static void freshness_purpose_and_client_data(void **state)
{
    (void)state;
    REGISTRATION(PSE_WEBAUTHN_GOOD, r.now = MAKER_NOW + 300);
    REGISTRATION(PSE_WEBAUTHN_CHALLENGE_EXPIRED, r.now = MAKER_NOW + 301);
    REGISTRATION(PSE_WEBAUTHN_CHALLENGE_EXPIRED, r.now = MAKER_NOW - 1);
    REGISTRATION(PSE_WEBAUTHN_PURPOSE, r.challenge.purpose = PSE_WEBAUTHN_ACT);
    REGISTRATION(PSE_WEBAUTHN_PURPOSE, r.challenge.purpose = PSE_WEBAUTHN_LOGIN);
    REGISTRATION(PSE_WEBAUTHN_CHALLENGE, r.challenge.account[3] = 'e');
    REGISTRATION(PSE_WEBAUTHN_CHALLENGE, r.challenge.nonce.b[31] ^= 1);
    REGISTRATION(PSE_WEBAUTHN_TYPE, r.c.type = "webauthn.creat");
    REGISTRATION(PSE_WEBAUTHN_TYPE, r.c.type = "payment.create");
    REGISTRATION(PSE_WEBAUTHN_ORIGIN, r.c.origin = "https://officers.example.net");
    REGISTRATION(PSE_WEBAUTHN_CROSS_ORIGIN, r.c.members = ",\"crossOrigin\":true");
    REGISTRATION(PSE_WEBAUTHN_CLIENT_DATA, r.c.members = ",\"origin\":\"https://x\"");
}

/* An assertion's client data is none of a registration. */
static void the_two_ceremonies_do_not_mix(void **state)
{
    struct registration r = registration_of(es256);
    struct pse_webauthn_key k;
    char text[512];
    struct pse_buf challenge = PSE_BUF(100);

    (void)state;
    pse_base64url_put(&challenge, asked.b, 32);
    snprintf(text, sizeof text,
             "{\"type\":\"webauthn.get\",\"challenge\":\"%.*s\",\"origin\":\"%s\"}",
             (int)challenge.n, (const char *)challenge.p, maker_origin);
    r.c.client_data = text;
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_TYPE);
    pse_buf_free(&challenge);
}

static void the_object_is_canonical(void **state)
{
    (void)state;
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_OBJECT, r.c.object_end = "00");
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_OBJECT, r.c.object = "a0");
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_OBJECT, r.c.object = "80");
    /* authData as text, another name, and the order of members */
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_OBJECT,
                 r.c.object = "a363666d74646e6f6e656761747453746d74a068617574684461746160");
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA,
                 r.c.object = "a363666d74646e6f6e656761747453746d74a068617574684461746140");
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_OBJECT,
                 r.c.object = "a363666d74646e6f6e656761747453746d74a068617574684461746240");
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_OBJECT,
                 r.c.object = "a363666d74646e6f6e656861757468446174614067617474"
                              "53746d74a0");
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_OBJECT,
                 r.c.object = "a463666d74646e6f6e656761747453746d74a068617574684461746140"
                              "696175746844617461"
                              "7800");
}

/* A good one with one byte changed: the number of members, and each of their names. */
static void the_object_has_three_members(void **state)
{
    static const char *const name[] = {"fmt", "attStmt", "authData"};
    struct registration r = registration_of(es256);
    struct pse_webauthn_key k;
    struct made m;

    (void)state;
    make(&m, &r.c);
    for (size_t i = 0; i < 4; i++) {
        uint8_t *at = m.object.p;

        if (i < 3) {
            at = memmem(m.object.p, m.object.n, name[i], strlen(name[i]));
            at += strlen(name[i]) - 1;
        }
        assert_fault(pse_webauthn_register(&k, &m.answer, &r.challenge, &maker_site, &r.rules,
                                           known, 2, r.now),
                     PSE_WEBAUTHN_GOOD);
        ++*at;
        assert_fault(pse_webauthn_register(&k, &m.answer, &r.challenge, &maker_site, &r.rules,
                                           known, 2, r.now),
                     PSE_WEBAUTHN_ATTESTATION_OBJECT);
        --*at;
    }
    made_free(&m);
}

static void authenticator_data_holds_a_credential(void **state)
{
    static char long_id[PSE_WEBAUTHN_ID_MAX + 2], long_extension[2 * (6 + 0x500) + 1];

    (void)state;
    memset(long_id, 'i', PSE_WEBAUTHN_ID_MAX);
    REGISTRATION(PSE_WEBAUTHN_GOOD, r.c.id = long_id);
    REGISTRATION(PSE_WEBAUTHN_ANSWER, (long_id[PSE_WEBAUTHN_ID_MAX] = 'i', r.c.id = long_id));
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, (r.c.id = long_id, r.id = "credential 1"));
    REGISTRATION(PSE_WEBAUTHN_ANSWER, r.c.id = "");
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, (r.c.id = "", r.id = "x"));
    memset(long_extension, '0', sizeof long_extension - 1);
    memcpy(long_extension, "a16178590500", 12);
    REGISTRATION(PSE_WEBAUTHN_GOOD, (r.c.flags |= FLAG_ED, r.c.extensions = long_extension));
    long_id[PSE_WEBAUTHN_ID_MAX] = '\0';
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA,
                 (r.c.flags |= FLAG_ED, r.c.extensions = long_extension, r.c.id = long_id));
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, r.id = "credential 2");
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, r.c.flags |= 2);
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, r.c.flip_flags = FLAG_AT);
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, r.c.flags |= FLAG_ED);
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, r.c.data_end = "a0");
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, r.c.cose = "00");
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, r.c.cose = "a1");
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, r.c.cose = "bf0102ff");
    REGISTRATION(PSE_WEBAUTHN_RP_ID, r.c.rp_id = "officers.example.com");
    REGISTRATION(PSE_WEBAUTHN_USER_PRESENT, r.c.flags &= (uint8_t)~FLAG_UP);
    REGISTRATION(PSE_WEBAUTHN_USER_VERIFIED, r.c.flags &= (uint8_t)~FLAG_UV);
    REGISTRATION(PSE_WEBAUTHN_BACKUP, r.c.flags |= FLAG_BS);
    REGISTRATION(PSE_WEBAUTHN_SYNCED, r.c.flags |= FLAG_BE);
    REGISTRATION(PSE_WEBAUTHN_GOOD,
                 (r.c.flags |= FLAG_BE | FLAG_BS, r.rules.allow_synced = true,
                  assert_int_equal(judge(&k, &r), PSE_WEBAUTHN_GOOD), assert_true(k.is_synced)));
}

static void extensions_change_nothing(void **state)
{
    (void)state;
    /* credProtect, as browsers ask for it by themselves; hmac-secret; one nobody knows */
    REGISTRATION(PSE_WEBAUTHN_GOOD,
                 (r.c.flags |= FLAG_ED, r.c.extensions = "a16b6372656450726f7465637402"));
    REGISTRATION(PSE_WEBAUTHN_GOOD,
                 (r.c.flags |= FLAG_ED, r.c.extensions = "a16b686d61632d736563726574f5"));
    REGISTRATION(PSE_WEBAUTHN_GOOD, (r.c.flags |= FLAG_ED, r.c.extensions = "a16178a16179f6"));
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA,
                 (r.c.flags |= FLAG_ED, r.c.extensions = "a16178c100"));
    REGISTRATION(PSE_WEBAUTHN_AUTHENTICATOR_DATA,
                 (r.c.flags |= FLAG_ED, r.c.extensions = "a2617900617800"));
}

static void keys_of_two_algorithms(void **state)
{
    char cose[512], x[65], y[65];
    uint8_t point[64];

    (void)state;
    maker_point(point, es256);
    pse_hex_encode(x, point, 32);
    pse_hex_encode(y, point + 32, 32);
#define COSE(...) (snprintf(cose, sizeof cose, __VA_ARGS__), r.c.cose = cose)
    REGISTRATION(PSE_WEBAUTHN_GOOD, COSE("a5010203262001215820%s225820%s", x, y));
    /* ES384, RS256, a number for both, none */
    REGISTRATION(PSE_WEBAUTHN_ALGORITHM, COSE("a50102033822"
                                              "2002215820%s225820%s",
                                              x, y));
    REGISTRATION(PSE_WEBAUTHN_ALGORITHM, COSE("a401030339010020410321430100"
                                              "01"));
    REGISTRATION(PSE_WEBAUTHN_ALGORITHM, COSE("a5010203282001215820%s225820%s", x, y));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a401022001215820%s225820%s", x, y));
    /* the key's kind, its curve, its lengths, a point that is not on the curve */
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010103262001215820%s225820%s", x, y));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010203262002215820%s225820%s", x, y));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a501020326200121581f%.62s225820%s", x, y));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010203262001215820%s22582100%s", x, y));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010203262001215820%s225821%s00", x, y));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010203262001215820%s22f5", x));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a40102032620012158"
                                               "20%s",
                                               x));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a6010203262001215820%s225820%s23f5", x, y));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010203262001215820%s225820%s", y, x));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010203262001215820%s225820%s", x, x));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010203262001215820%064d225820%064d", 0, 0));
    maker_point(point, eddsa);
    pse_hex_encode(x, point, 32);
    REGISTRATION(PSE_WEBAUTHN_GOOD, COSE("a4010103272006215820%s", x));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a4010203272006215820%s", x));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a4010103272007215820%s", x));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a5010103272006215820%s225820%s", x, x));
    /* the neutral element, a point of order two, one that is not reduced */
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY, COSE("a4010103272006215820"
                                               "01%062d",
                                               0));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY,
                 COSE("a4010103272006215820"
                      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
    REGISTRATION(PSE_WEBAUTHN_PUBLIC_KEY,
                 COSE("a4010103272006215820"
                      "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
#undef COSE
}

static void models_may_be_listed(void **state)
{
    static const uint8_t list[2][16] = {
        {1}, {0xa1, 0xb2, 0xc3, 0xd4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

    (void)state;
    REGISTRATION(PSE_WEBAUTHN_GOOD, (r.rules.aaguids = list, r.rules.aaguids_n = 2));
    REGISTRATION(PSE_WEBAUTHN_AAGUID, (r.rules.aaguids = list, r.rules.aaguids_n = 1));
    REGISTRATION(PSE_WEBAUTHN_AAGUID, (r.rules.aaguids = list, r.rules.aaguids_n = 2,
                                       r.c.aaguid = (const uint8_t[16]){0}));
}

/* A credential belongs to one account, and is registered once. */
static void registered_once(void **state)
{
    (void)state;
    known[0] = maker_key(es256, "credential 5");
    known[1] = maker_key(eddsa, "credential 6");
    REGISTRATION(PSE_WEBAUTHN_REGISTERED, r.c.id = "credential 5");
    REGISTRATION(PSE_WEBAUTHN_REGISTERED, r.c.id = "credential 6");
    REGISTRATION(PSE_WEBAUTHN_GOOD, r.c.id = "credential 7");
    memset(known, 0, sizeof known);
}

/* --- attestation --------------------------------------------------------------------------------
 */

/* A certificate as section 8.2.1 wants it; what is NULL is left out. */
struct attestation_plan {
    EVP_PKEY *key;
    const char *unit, *aaguid; /* the latter as OpenSSL's configuration has it */
    const char *constraints;
    int64_t until;
};

static X509 *attestation_certificate(const struct attestation_plan *p)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    const char *part[][2] = {{"C", "EE"}, {"O", "Maker"}, {"OU", p->unit}, {"CN", "Batch 1"}};

    assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
    for (unsigned i = 0; i < 4; i++) {
        if (part[i][1] != NULL)
            X509_NAME_add_entry_by_txt(name, part[i][0], MBSTRING_UTF8,
                                       (const unsigned char *)part[i][1], -1, -1, 0);
    }
    X509_set_issuer_name(x, X509_get_subject_name(ca));
    ASN1_TIME_set(X509_getm_notBefore(x), MAKER_NOW - MAKER_DAY);
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)p->until);
    X509_set_pubkey(x, p->key);
    if (p->constraints != NULL)
        maker_extension(x, NID_basic_constraints, p->constraints);
    if (p->aaguid != NULL) {
        X509_EXTENSION *e = X509V3_EXT_conf(NULL, NULL, "1.3.6.1.4.1.45724.1.1.4", p->aaguid);

        assert_non_null(e);
        assert_int_equal(X509_add_ext(x, e, -1), 1);
        X509_EXTENSION_free(e);
    }
    assert_int_not_equal(X509_sign(x, ca_key, EVP_sha256()), 0);
    return x;
}

static struct attestation_plan attestation_plan(void)
{
    return (struct attestation_plan){
        .key = maker_key_ec,
        .unit = "Authenticator Attestation",
        .aaguid = "DER:0410a1b2c3d405060708090a0b0c0d0e0f10",
        .constraints = "critical,CA:FALSE",
        .until = MAKER_NOW + MAKER_DAY,
    };
}

static void attested_by(struct registration *r, X509 *certificate, EVP_PKEY *key)
{
    r->c.format = "packed";
    r->c.certificate = certificate;
    r->c.certificate_key = key;
}

static void the_key_attests_itself(void **state)
{
    (void)state;
    REGISTRATION(PSE_WEBAUTHN_GOOD,
                 (r.c.format = "packed", assert_int_equal(judge(&k, &r), PSE_WEBAUTHN_GOOD),
                  assert_int_equal(k.attestation, PSE_WEBAUTHN_SELF)));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION, (r.c.format = "packed", r.c.flip_attestation = true));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION,
                 (r.c.format = "packed", r.c.attestation_alg = r.c.key == es256 ? -8 : -7));
    /* with extensions, which libfido2 must be told of */
    REGISTRATION(PSE_WEBAUTHN_GOOD, (r.c.format = "packed", r.c.flags |= FLAG_ED,
                                     r.c.extensions = "a16b6372656450726f7465637402"));
    REGISTRATION(PSE_WEBAUTHN_GOOD,
                 (r.c.format = "packed", r.c.flags |= FLAG_ED,
                  r.c.extensions = "a26b6372656450726f74656374036b686d61632d736563726574f5"));
    REGISTRATION(PSE_WEBAUTHN_GOOD, (r.c.format = "packed", r.c.flags |= FLAG_ED,
                                     r.c.extensions = "a168"
                                                      "63726564426c6f62"
                                                      "f5"));
    REGISTRATION(PSE_WEBAUTHN_GOOD, (r.c.format = "packed", r.c.flags |= FLAG_ED,
                                     r.c.extensions = "a16c6d696e50696e4c656e67746806"));
    REGISTRATION(PSE_WEBAUTHN_GOOD,
                 (r.c.format = "packed", r.c.flags |= FLAG_ED, r.c.extensions = "a16178a16179f6"));
}

static void statements_have_their_form(void **state)
{
    (void)state;
    REGISTRATION(PSE_WEBAUTHN_GOOD, r.c.statement = "a0");
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION, r.c.statement = "a16178f5"); /* none has none */
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION, r.c.statement = "80");
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION, (r.c.format = "packed", r.c.statement = "a0"));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION,
                 (r.c.format = "packed", r.c.statement = "a263616c672663736967"
                                                         "40"));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION,
                 (r.c.format = "packed", r.c.statement = "a363616c67266373696740637835"
                                                         "6380"));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION,
                 (r.c.format = "packed", r.c.statement = "a363616c67266373696740637835"
                                                         "638140"));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION,
                 (r.c.format = "packed", r.c.statement = "a363616c67266373696740637835"
                                                         "648140"));
    /* what is not judged counts as none */
    REGISTRATION(PSE_WEBAUTHN_GOOD, (r.c.format = "fido-u2f", r.c.statement = "a1637369674101",
                                     assert_int_equal(judge(&k, &r), PSE_WEBAUTHN_GOOD),
                                     assert_int_equal(k.attestation, PSE_WEBAUTHN_NONE)));
}

static void a_certificate_attests_it(void **state)
{
    (void)state;
    REGISTRATION(PSE_WEBAUTHN_GOOD, (attested_by(&r, maker_cert, maker_key_ec),
                                     assert_int_equal(judge(&k, &r), PSE_WEBAUTHN_GOOD),
                                     assert_int_equal(k.attestation, PSE_WEBAUTHN_SIGNED)));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION,
                 (attested_by(&r, maker_cert, maker_key_ec), r.c.flip_attestation = true));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION, attested_by(&r, maker_cert, es256));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION, (attested_by(&r, maker_cert, maker_key_ec),
                                            r.c.aaguid = (const uint8_t[16]){0xa1}));
}

#define CERTIFICATE(wanted, change)                     \
    do {                                                \
        struct attestation_plan p = attestation_plan(); \
        struct registration r = registration_of(es256); \
        struct pse_webauthn_key k;                      \
        X509 *x_;                                       \
        change;                                         \
        x_ = attestation_certificate(&p);               \
        attested_by(&r, x_, p.key);                     \
        assert_fault(judge(&k, &r), wanted);            \
        X509_free(x_);                                  \
    } while (0)

static void the_certificate_is_of_its_kind(void **state)
{
    (void)state;
    CERTIFICATE(PSE_WEBAUTHN_GOOD, (void)p);
    CERTIFICATE(PSE_WEBAUTHN_GOOD, p.aaguid = NULL);
    CERTIFICATE(PSE_WEBAUTHN_GOOD, p.key = rsa);
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION, p.key = rsa_short);
    CERTIFICATE(PSE_WEBAUTHN_GOOD, p.key = eddsa);
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION, p.unit = NULL);
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION, p.unit = "Authenticator Attestations");
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION, p.constraints = NULL);
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION, p.constraints = "critical,CA:TRUE");
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION, p.aaguid = "DER:0410a1b2c3d405060708090a0b0c0d0e0f11");
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION, p.aaguid = "DER:040fa1b2c3d405060708090a0b0c0d0e0f");
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION,
                p.aaguid = "critical,DER:0410a1b2c3d405060708090a0b0c0d0e0f10");
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION, p.key = p384);
    /* nobody asked for a maker: its life is of no matter */
    CERTIFICATE(PSE_WEBAUTHN_GOOD, p.until = MAKER_NOW - 1);
}

static void a_maker_stands_behind_it(void **state)
{
    struct pse_anchors *anchors = maker_anchors(ca);
    EVP_PKEY *stranger_key = maker_p256();
    X509 *stranger = maker_certificate(&(struct maker_certificate){.name = "Maker's root",
                                                                   .key = stranger_key,
                                                                   .from = MAKER_NOW - MAKER_DAY,
                                                                   .until = MAKER_NOW + MAKER_DAY,
                                                                   .is_ca = true});
    struct pse_anchors *strangers = maker_anchors(stranger);

    (void)state;
    REGISTRATION(PSE_WEBAUTHN_GOOD,
                 (attested_by(&r, maker_cert, maker_key_ec), r.rules.anchors = anchors,
                  assert_int_equal(judge(&k, &r), PSE_WEBAUTHN_GOOD),
                  assert_int_equal(k.attestation, PSE_WEBAUTHN_CERTIFIED)));
    /* another of the same name, no certificate, no attestation, one of another format */
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_UNTRUSTED,
                 (attested_by(&r, maker_cert, maker_key_ec), r.rules.anchors = strangers));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_UNTRUSTED,
                 (r.c.format = "packed", r.rules.anchors = anchors));
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_UNTRUSTED, r.rules.anchors = anchors);
    REGISTRATION(PSE_WEBAUTHN_ATTESTATION_UNTRUSTED,
                 (r.c.format = "tpm", r.rules.anchors = anchors));
    CERTIFICATE(PSE_WEBAUTHN_GOOD, (p.until = r.now, r.rules.anchors = anchors));
    CERTIFICATE(PSE_WEBAUTHN_ATTESTATION_UNTRUSTED,
                (p.until = r.now - 1, r.rules.anchors = anchors));
    pse_anchors_free(anchors);
    pse_anchors_free(strangers);
    X509_free(stranger);
    EVP_PKEY_free(stranger_key);
}

/* Of two faults the one whose rule comes first is told. */
static void the_first_fault_is_told(void **state)
{
    struct registration r = registration_of(es256);
    struct pse_webauthn_key k;
    static const uint8_t list[1][16] = {{1}};
    struct pse_anchors *anchors = maker_anchors(ca);

    (void)state;
    known[0] = maker_key(es256, "credential 1");
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_REGISTERED);
    r.rules.anchors = anchors;
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_ATTESTATION_UNTRUSTED);
    r.c.statement = "a16178f5";
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_ATTESTATION);
    r.rules.aaguids = list;
    r.rules.aaguids_n = 1;
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_AAGUID);
    r.c.cose = "a201020326";
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_PUBLIC_KEY);
    r.c.cose = "a201020328";
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_ALGORITHM);
    r.c.flags |= FLAG_BE;
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_SYNCED);
    r.c.flags = (uint8_t)((r.c.flags & ~FLAG_BE) | FLAG_BS);
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_BACKUP);
    r.c.flags &= (uint8_t)~FLAG_UV;
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_USER_VERIFIED);
    r.c.flags &= (uint8_t)~FLAG_UP;
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_USER_PRESENT);
    r.c.rp_id = "example.org";
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_RP_ID);
    r.c.data_end = "00";
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_AUTHENTICATOR_DATA);
    r.c.object_end = "00";
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_ATTESTATION_OBJECT);
    r.c.members = ",\"crossOrigin\":true";
    assert_fault(judge(&k, &r), PSE_WEBAUTHN_CROSS_ORIGIN);
    pse_anchors_free(anchors);
    memset(known, 0, sizeof known);
}

static int make_keys(void **state)
{
    struct attestation_plan p;

    (void)state;
    es256 = maker_p256();
    eddsa = maker_ed25519();
    rsa = EVP_RSA_gen(2048);
    rsa_short = EVP_RSA_gen(1024);
    p384 = EVP_EC_gen("P-384");
    ca_key = maker_p256();
    maker_key_ec = maker_p256();
    ca = maker_certificate(&(struct maker_certificate){.name = "Maker's root",
                                                       .key = ca_key,
                                                       .from = MAKER_NOW - MAKER_DAY,
                                                       .until = MAKER_NOW + MAKER_DAY,
                                                       .is_ca = true});
    p = attestation_plan();
    maker_cert = attestation_certificate(&p);
    return 0;
}

static int free_keys(void **state)
{
    EVP_PKEY *all[] = {es256, eddsa, rsa, rsa_short, p384, ca_key, maker_key_ec};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        EVP_PKEY_free(all[i]);
    X509_free(ca);
    X509_free(maker_cert);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_gives_the_key),
        cmocka_unit_test(freshness_purpose_and_client_data),
        cmocka_unit_test(the_two_ceremonies_do_not_mix),
        cmocka_unit_test(the_object_is_canonical),
        cmocka_unit_test(the_object_has_three_members),
        cmocka_unit_test(authenticator_data_holds_a_credential),
        cmocka_unit_test(extensions_change_nothing),
        cmocka_unit_test(keys_of_two_algorithms),
        cmocka_unit_test(models_may_be_listed),
        cmocka_unit_test(registered_once),
        cmocka_unit_test(the_key_attests_itself),
        cmocka_unit_test(statements_have_their_form),
        cmocka_unit_test(a_certificate_attests_it),
        cmocka_unit_test(the_certificate_is_of_its_kind),
        cmocka_unit_test(a_maker_stands_behind_it),
        cmocka_unit_test(the_first_fault_is_told),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
