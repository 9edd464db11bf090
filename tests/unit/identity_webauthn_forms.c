/* Sites, challenges and those that are out, answers as JSON, and what is stored. */
#include <stdlib.h>

#include "authenticator_maker.h"

static const uint8_t seed[32] = {9};
static const pse_hash act = {{1, 2, 3}};

#define assert_fault(got, wanted) \
    assert_string_equal(pse_webauthn_fault_name(got), pse_webauthn_fault_name(wanted))

static void sites(void **state)
{
    static const struct {
        const char *origin, *rp_id;
        bool is_valid;
    } row[] = {
        {"https://officers.example.org", "officers.example.org", true},
        {"https://officers.example.org:8443", "officers.example.org", true},
        {"https://officers.example.org", "example.org", true},
        {"http://localhost:8080", "localhost", true},
        {"http://localhost", "localhost", true},
        {"https://localhost", "localhost", true},
        {"https://officers.example.org", "org", false},
        {"https://officers.example.org", "xample.org", false},
        {"https://officers.example.org", "other.example.org", false},
        {"https://example.org", "officers.example.org", false},
        {"https://officers.example.org/", "officers.example.org", false},
        {"https://officers.example.org:0", "officers.example.org", false},
        {"https://officers.example.org:65536", "officers.example.org", false},
        {"https://officers.example.org:", "officers.example.org", false},
        {"https://Officers.example.org", "Officers.example.org", false},
        {"http://officers.example.org", "officers.example.org", false},
        {"http://localhost.example.org", "localhost", false},
        {"http://localhost:8080", "example.org", false},
        {"https://127.0.0.1", "127.0.0.1", false},
        {"http://127.0.0.1:8080", "127.0.0.1", false},
        {"https://[::1]", "[::1]", false},
        {"https://officers..example.org", "example.org", false},
        {"https://.example.org", ".example.org", false},
        {"https://example.org", "", false},
        {"https://", "", false},
        {"", "", false},
    };
    char longest[PSE_WEBAUTHN_SITE_MAX + 2] = "https://";
    struct pse_webauthn_site site = {longest, "example.org"};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        site = (struct pse_webauthn_site){row[i].origin, row[i].rp_id};
        if (pse_webauthn_site_is_valid(&site) != row[i].is_valid)
            print_message("# %s %s\n", row[i].origin, row[i].rp_id);
        assert_int_equal(pse_webauthn_site_is_valid(&site), row[i].is_valid);
    }
    site = (struct pse_webauthn_site){longest, "example.org"};
    memset(longest + 8, 'a', PSE_WEBAUTHN_SITE_MAX - 7);
    memcpy(longest + PSE_WEBAUTHN_SITE_MAX - 12, ".example.org", 13);
    assert_true(pse_webauthn_site_is_valid(&site));
    memcpy(longest + PSE_WEBAUTHN_SITE_MAX - 11, ".example.org", 13);
    longest[PSE_WEBAUTHN_SITE_MAX - 12] = 'a';
    assert_false(pse_webauthn_site_is_valid(&site));
}

static void accounts(void **state)
{
    char text[PSE_WEBAUTHN_ACCOUNT_MAX + 2] = "";

    (void)state;
    assert_true(pse_webauthn_account_is_valid("anna"));
    assert_true(pse_webauthn_account_is_valid("!~"));
    assert_false(pse_webauthn_account_is_valid(""));
    assert_false(pse_webauthn_account_is_valid("an na"));
    assert_false(pse_webauthn_account_is_valid("an\nna"));
    assert_false(pse_webauthn_account_is_valid("anna\x7f"));
    assert_false(pse_webauthn_account_is_valid("ann\xc3\xa4"));
    memset(text, 'a', PSE_WEBAUTHN_ACCOUNT_MAX);
    assert_true(pse_webauthn_account_is_valid(text));
    text[PSE_WEBAUTHN_ACCOUNT_MAX] = 'a';
    assert_false(pse_webauthn_account_is_valid(text));
}

/* Computed by another program (sha256sum) from the bytes in docs/officers.md. */
static void the_bytes_of_a_challenge(void **state)
{
    static const char act_hex[] =
        "acb9050b08906e5ac61bb5b34c34ea22e1bd81ec145d2589f8f484cd8f45a4db";
    static const char challenge_hex[] =
        "05c20956f7980112fad906210f6bed94719bd2c237a9ad2bfa054a874883566d";
    struct pse_webauthn_challenge c = {
        .purpose = PSE_WEBAUTHN_ACT, .account = "anna", .issued = 1780000000};
    pse_hash challenge;
    char hex[65];

    (void)state;
    pse_webauthn_act(&c.act, pse_span_str("close the election\n"));
    pse_hex_encode(hex, c.act.b, 32);
    assert_string_equal(hex, act_hex);
    memset(c.nonce.b, 0x5a, 32);
    pse_webauthn_challenge_bytes(&challenge, &c);
    pse_hex_encode(hex, challenge.b, 32);
    assert_string_equal(hex, challenge_hex);
}

static void nonces_differ(void **state)
{
    struct pse_webauthn_challenge one, two;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    pse_webauthn_challenge_make(&one, PSE_WEBAUTHN_ACT, "anna", &act, &rng, MAKER_NOW);
    pse_webauthn_challenge_make(&two, PSE_WEBAUTHN_ACT, "anna", &act, &rng, MAKER_NOW);
    assert_false(pse_hash_is_equal(&one.nonce, &two.nonce));
    assert_int_equal(one.issued, MAKER_NOW);
    assert_string_equal(one.account, "anna");
    assert_true(pse_hash_is_equal(&one.act, &act));
}

/* --- those that are out -------------------------------------------------------------------------
 */

static void taken_once(void **state)
{
    struct pse_webauthn_table *t;
    struct pse_webauthn_challenge given, got;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_webauthn_table_new(&t, 2), PSE_OK);
    assert_fault(pse_webauthn_table_take(&got, t, "anna", MAKER_NOW),
                 PSE_WEBAUTHN_CHALLENGE_MISSING);
    assert_fault(pse_webauthn_table_take(&got, t, "", MAKER_NOW), PSE_WEBAUTHN_CHALLENGE_MISSING);
    assert_int_equal(
        pse_webauthn_table_issue(&given, t, PSE_WEBAUTHN_ACT, "anna", &act, &rng, MAKER_NOW),
        PSE_OK);
    assert_fault(pse_webauthn_table_take(&got, t, "berta", MAKER_NOW),
                 PSE_WEBAUTHN_CHALLENGE_MISSING);
    assert_fault(pse_webauthn_table_take(&got, t, "anna", MAKER_NOW + 300), PSE_WEBAUTHN_GOOD);
    assert_memory_equal(&got, &given, sizeof got);
    assert_fault(pse_webauthn_table_take(&got, t, "anna", MAKER_NOW),
                 PSE_WEBAUTHN_CHALLENGE_MISSING);
    assert_memory_equal(&got, &(struct pse_webauthn_challenge){0}, sizeof got);
    /* One that is too old is used up as well. */
    assert_int_equal(
        pse_webauthn_table_issue(&given, t, PSE_WEBAUTHN_ACT, "anna", &act, &rng, MAKER_NOW),
        PSE_OK);
    assert_fault(pse_webauthn_table_take(&got, t, "anna", MAKER_NOW + 301),
                 PSE_WEBAUTHN_CHALLENGE_EXPIRED);
    assert_memory_equal(&got, &(struct pse_webauthn_challenge){0}, sizeof got);
    assert_fault(pse_webauthn_table_take(&got, t, "anna", MAKER_NOW),
                 PSE_WEBAUTHN_CHALLENGE_MISSING);
    pse_webauthn_table_free(t);
    pse_webauthn_table_free(NULL);
}

static void asking_again_replaces(void **state)
{
    struct pse_webauthn_table *t;
    struct pse_webauthn_challenge first, second, got;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_webauthn_table_new(&t, 1), PSE_OK);
    assert_int_equal(
        pse_webauthn_table_issue(&first, t, PSE_WEBAUTHN_ACT, "anna", &act, &rng, MAKER_NOW),
        PSE_OK);
    assert_int_equal(
        pse_webauthn_table_issue(&second, t, PSE_WEBAUTHN_LOGIN, "anna", &act, &rng, MAKER_NOW),
        PSE_OK);
    assert_fault(pse_webauthn_table_take(&got, t, "anna", MAKER_NOW), PSE_WEBAUTHN_GOOD);
    assert_memory_equal(&got, &second, sizeof got);
    assert_fault(pse_webauthn_table_take(&got, t, "anna", MAKER_NOW),
                 PSE_WEBAUTHN_CHALLENGE_MISSING);
    pse_webauthn_table_free(t);
}

/* Those that are still good are never pushed out. */
static void a_full_table_refuses(void **state)
{
    struct pse_webauthn_table *t;
    struct pse_webauthn_challenge c;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_webauthn_table_new(&t, 2), PSE_OK);
    assert_int_equal(
        pse_webauthn_table_issue(&c, t, PSE_WEBAUTHN_ACT, "anna", &act, &rng, MAKER_NOW), PSE_OK);
    assert_int_equal(
        pse_webauthn_table_issue(&c, t, PSE_WEBAUTHN_ACT, "berta", &act, &rng, MAKER_NOW + 10),
        PSE_OK);
    assert_int_equal(
        pse_webauthn_table_issue(&c, t, PSE_WEBAUTHN_ACT, "carl", &act, &rng, MAKER_NOW + 300),
        PSE_E_LIMIT);
    assert_memory_equal(&c, &(struct pse_webauthn_challenge){0}, sizeof c);
    assert_int_equal(
        pse_webauthn_table_issue(&c, t, PSE_WEBAUTHN_ACT, "carl", &act, &rng, MAKER_NOW + 301),
        PSE_OK);
    assert_fault(pse_webauthn_table_take(&c, t, "anna", MAKER_NOW + 301),
                 PSE_WEBAUTHN_CHALLENGE_MISSING);
    assert_fault(pse_webauthn_table_take(&c, t, "berta", MAKER_NOW + 301), PSE_WEBAUTHN_GOOD);
    pse_webauthn_table_free(t);
}

/* --- answers ------------------------------------------------------------------------------------
 */

static void check_answer(const char *json, enum pse_webauthn_fault wanted)
{
    struct pse_webauthn_answer a;

    assert_fault(pse_webauthn_answer_read(&a, pse_span_str(json)), wanted);
    pse_webauthn_answer_free(&a);
}

static void assertions_are_read(void **state)
{
    static const char json[] =
        "{\"id\":\"aWQ\",\"rawId\":\"aWQ\",\"response\":{\"authenticatorData\":\"ZGF0YQ\","
        "\"clientDataJSON\":\"e30\",\"signature\":\"c2ln\",\"userHandle\":\"YW5uYQ\"},"
        "\"authenticatorAttachment\":\"platform\",\"clientExtensionResults\":{},"
        "\"type\":\"public-key\"}";
    struct pse_webauthn_answer a;

    (void)state;
    assert_fault(pse_webauthn_answer_read(&a, pse_span_str(json)), PSE_WEBAUTHN_GOOD);
    assert_true(pse_span_is_str(a.id, "id") && pse_span_is_str(a.data, "data") &&
                pse_span_is_str(a.client_data, "{}") && pse_span_is_str(a.signature, "sig") &&
                pse_span_is_str(a.user_handle, "anna") && a.object.n == 0);
    pse_webauthn_answer_free(&a);
    pse_webauthn_answer_free(&a);
}

/* Browsers give the authenticator data of a registration as well; the object has it. */
static void registrations_are_read(void **state)
{
    static const char json[] =
        "{\"id\":\"aWQ\",\"rawId\":\"aWQ\",\"type\":\"public-key\",\"response\":{"
        "\"attestationObject\":\"b2I\",\"authenticatorData\":\"ZGF0YQ\",\"clientDataJSON\":"
        "\"e30\",\"publicKey\":\"AAAA\",\"publicKeyAlgorithm\":-7,\"transports\":[\"usb\"]}}";
    struct pse_webauthn_answer a;

    (void)state;
    assert_fault(pse_webauthn_answer_read(&a, pse_span_str(json)), PSE_WEBAUTHN_GOOD);
    assert_true(pse_span_is_str(a.object, "ob") && a.data.n == 0 && a.signature.n == 0);
    pse_webauthn_answer_free(&a);
}

#define ANSWER(id, raw, type, response) \
    "{\"id\":" id ",\"rawId\":" raw ",\"type\":" type ",\"response\":" response "}"
#define GOOD_RESPONSE \
    "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"ZGF0YQ\",\"signature\":\"c2ln\"}"

static void other_answers_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"", GOOD_RESPONSE) "x",
        ANSWER("\"aWQ\"", "\"aWR\"", "\"public-key\"", GOOD_RESPONSE),
        ANSWER("\"aWQ=\"", "\"aWQ=\"", "\"public-key\"", GOOD_RESPONSE),
        ANSWER("\"aW+\"", "\"aW+\"", "\"public-key\"", GOOD_RESPONSE),
        ANSWER("1", "1", "\"public-key\"", GOOD_RESPONSE),
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"password\"", GOOD_RESPONSE),
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\",\"type\":\"public-key\"", GOOD_RESPONSE),
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"", "null"),
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"", "{\"clientDataJSON\":\"e30\"}"),
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"",
               "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"ZGF0YQ\"}"),
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"",
               "{\"authenticatorData\":\"ZGF0YQ\",\"signature\":\"c2ln\"}"),
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"",
               "{\"clientDataJSON\":\"e30\",\"attestationObject\":7}"),
        ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"",
               "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"ZGF0YQ\",\"signature\":\"c2ln\""
               ",\"userHandle\":7}"),
    };

    (void)state;
    check_answer(ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"", GOOD_RESPONSE), PSE_WEBAUTHN_GOOD);
    check_answer(ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"",
                        "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"ZGF0YQ\","
                        "\"signature\":\"c2ln\",\"userHandle\":null}"),
                 PSE_WEBAUTHN_GOOD);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_answer(bad[i], PSE_WEBAUTHN_ANSWER);
}

/* Each part up to its bound and one byte more. */
static void answers_have_bounds(void **state)
{
    static const struct {
        const char *name;
        size_t max;
    } part[] = {{"id", PSE_WEBAUTHN_ID_MAX},
                {"clientDataJSON", PSE_WEBAUTHN_CLIENT_MAX},
                {"authenticatorData", PSE_WEBAUTHN_DATA_MAX},
                {"signature", PSE_WEBAUTHN_SIGNATURE_MAX},
                {"userHandle", PSE_WEBAUTHN_ACCOUNT_MAX},
                {"attestationObject", PSE_WEBAUTHN_OBJECT_MAX}};
    enum { PARTS = sizeof part / sizeof *part };

    (void)state;
    for (size_t i = 0; i < PARTS; i++) {
        for (size_t over = 0; over < 2; over++) {
            struct pse_buf json = PSE_BUF(1 << 17), text[PARTS];

            for (size_t k = 0; k < PARTS; k++) {
                size_t n = k == i ? part[k].max + over : 1;
                uint8_t *zeros = calloc(1, n);

                text[k] = PSE_BUF(1 << 16);
                pse_base64url_put(&text[k], zeros, n);
                pse_buf_put(&text[k], "", 1);
                free(zeros);
            }
            pse_wr_str(&json, "{\"type\":\"public-key\",\"id\":\"");
            pse_wr_str(&json, (char *)text[0].p);
            pse_wr_str(&json, "\",\"rawId\":\"");
            pse_wr_str(&json, (char *)text[0].p);
            pse_wr_str(&json, "\",\"response\":{\"x\":0");
            for (size_t k = 1; k < (i == PARTS - 1 ? PARTS : PARTS - 1); k++) {
                pse_wr_str(&json, ",\"");
                pse_wr_str(&json, part[k].name);
                pse_wr_str(&json, "\":\"");
                pse_wr_str(&json, (char *)text[k].p);
                pse_wr_str(&json, "\"");
            }
            pse_wr_str(&json, "}}");
            pse_buf_put(&json, "", 1);
            check_answer((char *)json.p, over == 0 ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_ANSWER);
            for (size_t k = 0; k < PARTS; k++)
                pse_buf_free(&text[k]);
            pse_buf_free(&json);
        }
    }
}

static void an_answer_is_at_most_so_long(void **state)
{
    static const char good[] = ANSWER("\"aWQ\"", "\"aWQ\"", "\"public-key\"", GOOD_RESPONSE);
    struct pse_buf json = PSE_BUF(PSE_WEBAUTHN_ANSWER_MAX + 1);
    struct pse_webauthn_answer a;

    (void)state;
    pse_wr_str(&json, good);
    while (json.n < PSE_WEBAUTHN_ANSWER_MAX)
        pse_wr_str(&json, " ");
    assert_fault(pse_webauthn_answer_read(&a, pse_buf_span(&json)), PSE_WEBAUTHN_GOOD);
    pse_webauthn_answer_free(&a);
    pse_wr_str(&json, " ");
    assert_fault(pse_webauthn_answer_read(&a, pse_buf_span(&json)), PSE_WEBAUTHN_ANSWER);
    pse_webauthn_answer_free(&a);
    pse_buf_free(&json);
}

/* --- what is stored -----------------------------------------------------------------------------
 */

static void keys_are_stored(void **state)
{
    EVP_PKEY *each[2] = {maker_p256(), maker_ed25519()};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct pse_webauthn_key k = maker_key(each[i], "credential 1"), back;
        struct pse_buf form = PSE_BUF(PSE_WEBAUTHN_KEY_MAX);
        size_t end;

        k.attestation = PSE_WEBAUTHN_CERTIFIED;
        k.is_synced = true;
        k.sign_count = 0xfedcba98;
        pse_webauthn_key_put(&form, &k);
        assert_int_equal(form.rc, PSE_OK);
        assert_int_equal(pse_webauthn_key_parse(&back, pse_buf_span(&form)), PSE_OK);
        assert_memory_equal(&back, &k, sizeof k);
        for (size_t n = 0; n < form.n; n++)
            assert_int_equal(pse_webauthn_key_parse(&back, pse_span(form.p, n)), PSE_E_LENGTH);
        pse_wr_u8(&form, 0);
        assert_int_equal(pse_webauthn_key_parse(&back, pse_buf_span(&form)), PSE_E_LENGTH);
        assert_memory_equal(&back, &(struct pse_webauthn_key){0}, sizeof back);
        form.n--;
        end = form.n - 6;
        for (unsigned what = 0; what < 5; what++) {
            static const pse_rc rc[] = {PSE_E_ENCODING, PSE_E_ENCODING, PSE_E_ENCODING,
                                        PSE_E_ENCODING, PSE_E_RANGE};
            static const uint8_t value[] = {2, 3, 4, 2, 0xff};
            size_t at[] = {0, 1, end, end + 1, 4 + 12 + 31};
            uint8_t before = form.p[at[what]];

            form.p[at[what]] = value[what];
            if (what == 4) /* not a point any more */
                memset(form.p + 4 + 12, 0xff, 32);
            assert_int_equal(pse_webauthn_key_parse(&back, pse_buf_span(&form)), rc[what]);
            form.p[at[what]] = before;
        }
        pse_buf_free(&form);
        EVP_PKEY_free(each[i]);
    }
}

static void models_are_written(void **state)
{
    static const char *const bad[] = {
        "",
        "a1b2c3d4-0506-0708-090a-0b0c0d0e0f1",
        "a1b2c3d4-0506-0708-090a-0b0c0d0e0f101",
        "a1b2c3d4-0506-0708-090a-0b0c0d0e0fg0",
        "A1b2c3d4-0506-0708-090a-0b0c0d0e0f10",
        "a1b2c3d405-06-0708-090a-0b0c0d0e0f10",
    };
    char text[37];
    uint8_t back[16];

    (void)state;
    pse_webauthn_aaguid_text(text, maker_aaguid);
    assert_string_equal(text, "a1b2c3d4-0506-0708-090a-0b0c0d0e0f10");
    assert_int_equal(pse_webauthn_aaguid_read(back, pse_span_str(text)), PSE_OK);
    assert_memory_equal(back, maker_aaguid, 16);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(pse_webauthn_aaguid_read(back, pse_span_str(bad[i])), PSE_E_SYNTAX);
}

/* An auditor has the evidence, the key and the statement; nothing else is needed. */
static void evidence_is_judged_afterwards(void **state)
{
    EVP_PKEY *key = maker_p256();
    struct pse_webauthn_key k = maker_key(key, "credential 1");
    struct pse_webauthn_evidence e = {.answered = MAKER_NOW + 60}, back;
    struct pse_buf form = PSE_BUF(PSE_WEBAUTHN_EVIDENCE_MAX);
    struct pse_webauthn_done done;
    struct ceremony c;
    struct made m;
    pse_hash asked, of_statement;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    pse_webauthn_act(&of_statement, pse_span_str("close the election\n"));
    pse_webauthn_challenge_make(&e.challenge, PSE_WEBAUTHN_ACT, "anna", &of_statement, &rng,
                                MAKER_NOW);
    pse_webauthn_challenge_bytes(&asked, &e.challenge);
    c = ceremony_again(key, &asked);
    c.user_handle = "anna";
    make(&m, &c);
    e.answer = m.answer;
    pse_webauthn_evidence_put(&form, &e);
    assert_int_equal(form.rc, PSE_OK);

    assert_int_equal(pse_webauthn_evidence_parse(&back, pse_buf_span(&form)), PSE_OK);
    assert_memory_equal(&back.challenge, &e.challenge, sizeof e.challenge);
    k.sign_count = 0;
    assert_fault(pse_webauthn_assert(&done, &back.answer, &back.challenge, &maker_site, &k, 1,
                                     back.answered),
                 PSE_WEBAUTHN_GOOD);
    assert_true(pse_hash_is_equal(&back.challenge.act, &of_statement));
    /* whoever says afterwards that it was another act, another person or another time is refused */
    for (unsigned i = 0; i < 4; i++) {
        static const enum pse_webauthn_fault wanted[] = {
            PSE_WEBAUTHN_CHALLENGE, PSE_WEBAUTHN_USER_HANDLE, PSE_WEBAUTHN_CHALLENGE,
            PSE_WEBAUTHN_CHALLENGE_EXPIRED};
        struct pse_webauthn_evidence other = back;

        other.challenge.act.b[0] ^= i == 0;
        other.challenge.account[0] ^= i == 1;
        other.challenge.issued -= i == 2;
        other.answered += i == 3 ? 300 : 0;
        assert_fault(pse_webauthn_assert(&done, &other.answer, &other.challenge, &maker_site, &k, 1,
                                         other.answered),
                     wanted[i]);
    }
    for (size_t n = 0; n < form.n; n++)
        assert_int_equal(pse_webauthn_evidence_parse(&back, pse_span(form.p, n)), PSE_E_LENGTH);
    pse_wr_u8(&form, 0);
    assert_int_equal(pse_webauthn_evidence_parse(&back, pse_buf_span(&form)), PSE_E_LENGTH);
    made_free(&m);
    pse_buf_free(&form);
    EVP_PKEY_free(key);
}

static void evidence_has_its_form(void **state)
{
    struct pse_webauthn_evidence e = {
        .challenge = {.purpose = PSE_WEBAUTHN_ACT, .account = "anna", .issued = 5}, .answered = 6};
    struct pse_buf form = PSE_BUF(PSE_WEBAUTHN_EVIDENCE_MAX);
    static const struct {
        size_t at;
        uint8_t value;
        pse_rc rc;
    } row[] = {
        {0, 2, PSE_E_ENCODING},       {1, 0, PSE_E_ENCODING}, {1, 4, PSE_E_ENCODING},
        {3, ' ', PSE_E_RANGE},        {4, 0, PSE_E_RANGE},    {39, 0x80, PSE_E_RANGE},
        {39 + 40, 0x80, PSE_E_RANGE},
    };

    (void)state;
    pse_webauthn_evidence_put(&form, &e);
    assert_int_equal(pse_webauthn_evidence_parse(&e, pse_buf_span(&form)), PSE_OK);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint8_t before = form.p[row[i].at];

        form.p[row[i].at] = row[i].value;
        assert_int_equal(pse_webauthn_evidence_parse(&e, pse_buf_span(&form)), row[i].rc);
        form.p[row[i].at] = before;
    }
    pse_buf_free(&form);
}

static void every_fault_has_a_name_and_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PSE_WEBAUTHN_FAULTS; i++) {
        assert_true(strlen(pse_webauthn_fault_name(i)) > 0);
        assert_true(strlen(pse_webauthn_fault_words(i)) > 10);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(pse_webauthn_fault_name(i), pse_webauthn_fault_name(k));
            assert_string_not_equal(pse_webauthn_fault_words(i), pse_webauthn_fault_words(k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites),
        cmocka_unit_test(accounts),
        cmocka_unit_test(the_bytes_of_a_challenge),
        cmocka_unit_test(nonces_differ),
        cmocka_unit_test(taken_once),
        cmocka_unit_test(asking_again_replaces),
        cmocka_unit_test(a_full_table_refuses),
        cmocka_unit_test(assertions_are_read),
        cmocka_unit_test(registrations_are_read),
        cmocka_unit_test(other_answers_are_refused),
        cmocka_unit_test(answers_have_bounds),
        cmocka_unit_test(an_answer_is_at_most_so_long),
        cmocka_unit_test(keys_are_stored),
        cmocka_unit_test(models_are_written),
        cmocka_unit_test(evidence_is_judged_afterwards),
        cmocka_unit_test(evidence_has_its_form),
        cmocka_unit_test(every_fault_has_a_name_and_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
