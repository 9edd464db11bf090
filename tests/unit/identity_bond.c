/* Bonds: one that holds, asked at once, later and not yet, and every rule broken alone. */
#include "bond_help.h"

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

static void not_even_a_statement(void **state)
{
    struct pse_bond_rules by = rules();
    struct story s = good();
    struct pse_bond_verdict v;
    struct made m;

    (void)state;
    make(&m, &s);
    m.bond.statement.n--;
    pse_bond_judge(&v, &m.bond, &by);
    assert_int_equal(v.fault, PSE_BOND_STATEMENT);
    m.bond.statement.n++;
    m.statement.p[0] ^= 1; /* of another version */
    pse_bond_judge(&v, &m.bond, &by);
    assert_int_equal(v.fault, PSE_BOND_STATEMENT);
    m.statement.p[0] ^= 1;
    pse_bond_judge(&v, &m.bond, &by);
    assert_int_equal(v.fault, PSE_BOND_GOOD);
    m.bond.cms.n /= 2; /* nor a signature */
    pse_bond_judge(&v, &m.bond, &by);
    assert_int_equal(v.fault, PSE_BOND_CERTIFICATE);
    made_free(&m);
}

/* What a judge does not know is not looked at. */
static void rules_that_are_left_out(void **state)
{
    struct pse_bond_rules by = rules();
    struct story s = good();

    (void)state;
    s.statement.registrar.b[0] ^= 1;
    by.registrar = NULL;
    judged_by(&s, &by, "good");
    s = good();
    by = rules();
    by.subject = pse_span(NULL, 0);
    judged_by(&s, &by, "good");
    s.statement.subject = pse_span_str("PNOEE-37001085718"); /* which the signer is not */
    judged_by(&s, &by, "person");
}

/* What a verdict tells beside itself, and the octets to be stamped before there is a stamp. */
static void what_was_found(void **state)
{
    struct pse_bond_rules by = rules();
    struct story s = good();
    struct pse_bond_verdict v;
    struct pse_span signature;
    struct pse_binding read;
    struct made m;

    (void)state;
    make(&m, &s);
    assert_int_equal(pse_binding_parse(&read, m.bond.statement), PSE_OK);
    pse_bond_judge(&v, &m.bond, &by);
    assert_int_equal(v.fault, PSE_BOND_GOOD);
    assert_memory_equal(v.credential.b, read.credential.b, 32);
    assert_int_equal(v.algorithm, PSE_CMS_ECDSA_SHA256);
    assert_int_equal(v.stamped, s.stamp_time);
    assert_int_equal(v.revoked_at, 0);
    m.bond.stamp = m.bond.ocsp = pse_span(NULL, 0);
    pse_bond_judge_signature(&v, &signature, &m.bond, &by);
    assert_int_equal(v.fault, PSE_BOND_GOOD);
    assert_memory_equal(v.credential.b, read.credential.b, 32);
    assert_true(pse_span_is_equal(signature, octets_of(m.bond.cms)));
    m.statement.p[m.statement.n - 1] ^= 1;
    pse_bond_judge_signature(&v, &signature, &m.bond, &by);
    assert_int_equal(v.fault, PSE_BOND_PROOF);
    assert_int_equal(signature.n, 0);
    made_free(&m);
}

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

/* The certificate is judged at the instant when the signature came in. */
static void lives_and_policies(void **state)
{
    static const char *const forbidden[] = {"1.2.3.4"};
    static const struct {
        int64_t from, until; /* from when it came in */
        const char *policies;
        const char *wanted;
    } row[] = {
        {0, MAKER_DAY, NULL, "good"},      {1, MAKER_DAY, NULL, "cms-not-yet-valid"},
        {-MAKER_DAY, 0, NULL, "good"},     {-MAKER_DAY, -1, NULL, "cms-expired"},
        {0, MAKER_DAY, "1.2.3.5", "good"}, {0, MAKER_DAY, "1.2.3.4", "cms-policy"},
    };
    struct pse_bond_rules by = rules();

    (void)state;
    by.forbidden = forbidden;
    by.forbidden_n = 1;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct person_plan p = plan(subject, person_key, "critical,nonRepudiation");
        struct story s = good();
        X509 *x;

        p.from = MAKER_NOW + row[i].from;
        p.until = MAKER_NOW + row[i].until;
        p.policies = row[i].policies;
        x = person_certificate(&p);
        s.certificate = s.named_certificate = s.word.about = x;
        judged_by(&s, &by, row[i].wanted);
        X509_free(x);
    }
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
    s.stamp_time = MAKER_NOW - PSE_BOND_WINDOW;
    judged(&s, "good");
    s.stamp_time--;
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
    s.judged = MAKER_NOW - PSE_BOND_WINDOW;
    judged(&s, "good");
    s.judged--;
    judged(&s, "time");
    s.form = PSE_BOND_LATE; /* which may come as late as it likes, but not before */
    judged(&s, "time");
    s = good();
    s.word.this_update = s.judged - PSE_OCSP_AGE;
    judged(&s, "good");
    s.word.this_update = s.judged + PSE_OCSP_SKEW;
    judged(&s, "good");
    s.word.this_update++;
    judged(&s, "ocsp-stale");
}

static void the_designated_service(void **state)
{
    struct pse_bond_rules by = rules();
    struct pse_certificate *who;
    struct story s = good();

    (void)state;
    by.responder = who = maker_parsed(responder);
    judged_by(&s, &by, "good");
    pse_certificate_free(who);
    by.responder = who = maker_parsed(service); /* somebody else is */
    judged_by(&s, &by, "ocsp-untrusted");
    pse_certificate_free(who);
}

/* Only what was revoked up to the stamped instant counts, when the authority is asked later. */
static void revoked_around_the_stamp(void **state)
{
    struct pse_bond_rules by = rules();
    struct pse_bond_verdict v;
    struct story s = good();
    struct made m;

    (void)state;
    s.form = PSE_BOND_LATE;
    s.judged = MAKER_NOW + MAKER_DAY;
    s.word.this_update = s.judged;
    s.word.status = V_OCSP_CERTSTATUS_REVOKED;
    s.word.revoked = s.stamp_time - 1;
    judged(&s, "ocsp-revoked");
    s.word.revoked = s.stamp_time + 1;
    judged(&s, "good");
    make(&m, &s);
    pse_bond_judge(&v, &m.bond, &by);
    assert_int_equal(v.revoked_at, s.stamp_time + 1);
    made_free(&m);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked_at_once_later_and_not_yet),
        cmocka_unit_test(statements),
        cmocka_unit_test(not_even_a_statement),
        cmocka_unit_test(rules_that_are_left_out),
        cmocka_unit_test(what_was_found),
        cmocka_unit_test(persons),
        cmocka_unit_test(lives_and_policies),
        cmocka_unit_test(stamps_),
        cmocka_unit_test(answers),
        cmocka_unit_test(the_designated_service),
        cmocka_unit_test(revoked_around_the_stamp),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
