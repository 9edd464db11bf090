/* Signed notes and verifier keys: C2SP's published example, and every form that is refused. */
#include "codec/codec.h"
#include "merkle/note.h"

#include "merkle_signers.h"

/* github.com/C2SP/C2SP, signed-note.md, section Verifier keys, Example. */
static const char c2sp_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char c2sp_note[] =
    "This is an example message.\n"
    "\n"
    "\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
    "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

#define DASH "\xe2\x80\x94 "

static void c2sp_example(void **state)
{
    struct pse_buf b = PSE_BUF(1000);
    struct pse_note note;
    struct pse_vkey key;

    (void)state;
    assert_int_equal(pse_vkey_parse(&key, pse_span_str(c2sp_key)), PSE_OK);
    assert_true(pse_span_is_str(key.name, "example.com/foo"));
    assert_int_equal(key.id, 0x530d903a);
    assert_int_equal(key.type, PSE_SIG_ED25519);
    pse_vkey_put(&b, &key);
    assert_true(pse_span_is_str(pse_buf_span(&b), c2sp_key));
    assert_int_equal(pse_note_parse(&note, pse_span_str(c2sp_note)), PSE_OK);
    assert_true(pse_span_is_str(note.text, "This is an example message.\n"));
    assert_int_equal(note.n, 1);
    assert_int_equal(pse_note_check(&note, &key, NULL), PSE_NOTE_GOOD);
    assert_int_equal(pse_note_verify(&note, &key, 1), PSE_OK);
    pse_buf_free(&b);
}

static void any_changed_byte_of_the_example_is_refused(void **state)
{
    struct pse_vkey key;

    (void)state;
    assert_int_equal(pse_vkey_parse(&key, pse_span_str(c2sp_key)), PSE_OK);
    for (size_t bit = 0; bit < 8 * (sizeof c2sp_note - 1); bit++) {
        char text[sizeof c2sp_note];
        struct pse_note note;

        memcpy(text, c2sp_note, sizeof text);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        if (pse_note_parse(&note, pse_span(text, sizeof text - 1)) == PSE_OK)
            assert_int_not_equal(pse_note_verify(&note, &key, 1), PSE_OK);
    }
    for (size_t n = 0; n < sizeof c2sp_note - 1; n++) {
        struct pse_note note;

        assert_int_not_equal(pse_note_parse(&note, pse_span(c2sp_note, n)), PSE_OK);
    }
}

static void vkeys_refused(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
    } bad[] = {
        {"", PSE_E_SYNTAX},
        {"example.com/foo", PSE_E_SYNTAX},
        {"example.com/foo+530d903a", PSE_E_SYNTAX},
        {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_SYNTAX},
        {"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_SYNTAX},
        {"example.com/foo+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_SYNTAX},
        {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_MISMATCH},
        {"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_MISMATCH},
        {"example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_MISMATCH},
        {"example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         PSE_E_UNSUPPORTED},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=", PSE_E_SYNTAX},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAA==", PSE_E_SYNTAX},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", PSE_E_SYNTAX},
        {"example.com/foo+530d903a+", PSE_E_SYNTAX},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n", PSE_E_SYNTAX},
        {"example com+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_SYNTAX},
        {"a\xc2\xa0z+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_SYNTAX},
        {"a\xff+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PSE_E_SYNTAX},
    };
    struct pse_vkey key;
    pse_edkey raw = {{0}};
    char name[257];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (pse_vkey_parse(&key, pse_span_str(bad[i].text)) != bad[i].rc)
            fail_msg("%s: %s", bad[i].text,
                     pse_rc_name(pse_vkey_parse(&key, pse_span_str(bad[i].text))));
    memset(name, 'a', sizeof name);
    assert_int_equal(pse_vkey_make(&key, pse_span(name, 255), 1, &raw), PSE_OK);
    assert_int_equal(pse_vkey_make(&key, pse_span(name, 256), 1, &raw), PSE_E_LIMIT);
    assert_int_equal(pse_vkey_make(&key, pse_span(name, 0), 1, &raw), PSE_E_SYNTAX);
    assert_int_equal(pse_vkey_make(&key, pse_span_str("a+b"), 1, &raw), PSE_E_SYNTAX);
}

static void forms_refused(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
    } bad[] = {
        {"", PSE_E_SYNTAX},
        {"text\n", PSE_E_SYNTAX},
        {"text\n\n", PSE_E_SYNTAX},
        {DASH "a AAAAAAA=\n", PSE_E_SYNTAX},
        {"text\n" DASH "a AAAAAAA=\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a AAAAAAA=", PSE_E_SYNTAX},
        {"text\r\n\r\n" DASH "a AAAAAAA=\r\n", PSE_E_ENCODING},
        {"text\n\n" DASH "a AAAAAAA=\r\n", PSE_E_ENCODING},
        {"te\txt\n\n" DASH "a AAAAAAA=\n", PSE_E_ENCODING},
        {"te\x1bxt\n\n" DASH "a AAAAAAA=\n", PSE_E_ENCODING},
        {"te\xffxt\n\n" DASH "a AAAAAAA=\n", PSE_E_ENCODING},
        {"text\n\n- a AAAAAAA=\n", PSE_E_SYNTAX},
        {"text\n\n\xe2\x80\x93 a AAAAAAA=\n", PSE_E_SYNTAX},
        {"text\n\n\xe2\x80\x94"
         "a AAAAAAA=\n",
         PSE_E_SYNTAX},
        {"text\n\n" DASH "\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a \n", PSE_E_SYNTAX},
        {"text\n\n" DASH " AAAAAAA=\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a+b AAAAAAA=\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a\xc2\xa0"
         "b AAAAAAA=\n",
         PSE_E_SYNTAX},
        {"text\n\n" DASH "a\xe2\x80\xa8 AAAAAAA=\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a  AAAAAAA=\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a AAAAAAA= \n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a AAAAAAA\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a AAAAAAB=\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a AAAAAA==\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a ====\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a AAAAA-A=\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a AAAAAAA=\nx\n", PSE_E_SYNTAX},
        {"text\n\n" DASH "a AAAAAAA=\n\n", PSE_E_SYNTAX},
    };
    struct pse_note note;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (pse_note_parse(&note, pse_span_str(bad[i].text)) != bad[i].rc)
            fail_msg("case %zu: %s", i,
                     pse_rc_name(pse_note_parse(&note, pse_span_str(bad[i].text))));
    assert_int_equal(pse_note_parse(&note, pse_span("te\0xt\n\n" DASH "a AAAAAAA=\n", 22)),
                     PSE_E_ENCODING);
    assert_int_equal(pse_note_parse(&note, pse_span_str("a\n\n\nb\n\n\n" DASH "a AAAAAAA=\n")),
                     PSE_OK);
    assert_true(pse_span_is_str(note.text, "a\n\n\nb\n\n"));
    assert_int_equal(note.line[0].sig_n, 1);
}

static void bounds(void **state)
{
    struct pse_buf b = PSE_BUF(200000);
    struct pse_note note;
    size_t n;

    (void)state;
    for (unsigned lines = 63; lines <= 65; lines++) {
        b.n = 0;
        pse_wr_str(&b, "text\n\n");
        for (unsigned i = 0; i < lines; i++)
            pse_note_line_put(&b, pse_span_str("x"), i, pse_span_str("sig"));
        assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)),
                         lines <= PSE_NOTE_LINES_MAX ? PSE_OK : PSE_E_LIMIT);
    }
    for (n = PSE_NOTE_MAX - 1; n <= PSE_NOTE_MAX + 1; n++) {
        static const char tail[] = "\n\n" DASH "a AAAAAAA=\n";

        b.n = 0;
        memset(pse_buf_extend(&b, n - (sizeof tail - 1)), 'x', n - (sizeof tail - 1));
        pse_wr_str(&b, tail);
        assert_int_equal(b.n, n);
        assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)),
                         n <= PSE_NOTE_MAX ? PSE_OK : PSE_E_LIMIT);
    }
    pse_buf_free(&b);
}

/* --- which lines count
 * ----------------------------------------------------------------------------- */

static const char text[] = "example.org/log\n5\nroot\n";

static void known_and_unknown_lines(void **state)
{
    struct signer log = signer("example.org/log", PSE_SIG_ED25519, 1);
    struct signer other = signer("example.org/other", PSE_SIG_ED25519, 2);
    struct signer same_name = signer("example.org/log", PSE_SIG_ED25519, 3);
    struct pse_vkey both[2] = {log.key, other.key};
    struct pse_vkey twice[2] = {log.key, log.key};
    struct pse_buf b = PSE_BUF(10000);
    struct pse_note note;
    size_t honest;

    (void)state;
    pse_wr_str(&b, text);
    pse_wr_str(&b, "\n");
    for (unsigned i = 0; i < 20; i++)
        pse_note_line_put(&b, pse_span_str("grease"), i, pse_span_str("random bytes"));
    pse_note_line_put(&b, log.key.name, log.key.id ^ 1, pse_span_str("same name, other id"));
    pse_note_line_put(&b, pse_span_str("example.org/lo"), log.key.id, pse_span_str("other name"));
    pse_note_sign(&b, pse_span_str(text), &same_name.key, &same_name.seed);
    pse_note_sign(&b, pse_span_str(text), &log.key, &log.seed);
    assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(note.n, 24);
    assert_int_equal(pse_note_verify(&note, &log.key, 1), PSE_OK);
    assert_int_equal(pse_note_verify(&note, both, 2), PSE_OK);
    assert_int_equal(pse_note_verify(&note, &other.key, 1), PSE_E_MISSING);
    assert_int_equal(pse_note_check(&note, &other.key, NULL), PSE_NOTE_ABSENT);
    assert_int_equal(pse_note_verify(&note, twice, 2), PSE_E_DUPLICATE);
    assert_int_equal(pse_note_verify(&note, NULL, 0), PSE_E_MISSING);

    honest = b.n;
    pse_note_sign(&b, pse_span_str(text), &log.key, &log.seed);
    assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_note_verify(&note, &log.key, 1), PSE_OK);

    b.n = honest;
    pse_note_sign(&b, pse_span_str("another text\n"), &log.key, &log.seed);
    assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_note_verify(&note, &log.key, 1), PSE_E_SIGNATURE);
    assert_int_equal(pse_note_verify(&note, both, 2), PSE_E_SIGNATURE);

    b.n = honest;
    pse_note_sign(&b, pse_span_str("another text\n"), &other.key, &other.seed);
    assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_note_verify(&note, &log.key, 1), PSE_OK);
    assert_int_equal(pse_note_verify(&note, both, 2), PSE_E_SIGNATURE);
    pse_buf_free(&b);
}

static void cosignatures(void **state)
{
    struct signer w = signer("w.example", PSE_SIG_COSIGN, 5);
    struct pse_buf b = PSE_BUF(10000);
    struct pse_note note;
    uint64_t time;

    (void)state;
    pse_wr_str(&b, text);
    pse_wr_str(&b, "\n");
    pse_note_cosign(&b, pse_span_str(text), &w.key, &w.seed, 0);
    pse_note_cosign(&b, pse_span_str(text), &w.key, &w.seed, INT64_MAX);
    pse_note_cosign(&b, pse_span_str(text), &w.key, &w.seed, 1679315147);
    assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(note.line[0].sig_n, 72);
    assert_int_equal(pse_note_check(&note, &w.key, &time), PSE_NOTE_GOOD);
    assert_true(time == INT64_MAX);
    assert_int_equal(pse_note_check(&note, &w.key, NULL), PSE_NOTE_GOOD);
    pse_buf_free(&b);
}

/* The signed bytes of a cosignature, put together here by hand. */
static void cosignature_covers_its_head_lines(void **state)
{
    struct signer w = signer("w.example", PSE_SIG_COSIGN, 5);
    struct pse_buf b = PSE_BUF(10000);
    struct pse_buf message = PSE_BUF(10000);
    uint8_t sig[72];
    struct pse_note note;

    (void)state;
    pse_wr_str(&message, "cosignature/v1\ntime 1679315147\n");
    pse_wr_str(&message, text);
    pse_store_u64(sig, 1679315147);
    assert_int_equal(pse_ed25519_sign(sig + 8, &w.seed, pse_buf_span(&message)), PSE_OK);
    for (unsigned kind = 0; kind < 6; kind++) {
        uint8_t bad[80] = {0};
        size_t n = 72;

        memcpy(bad, sig, 72);
        switch (kind) {
        case 1: bad[7] ^= 1; break;
        case 2: n = 71; break;
        case 3: n = 73; break;
        case 4: n = 64; break;
        case 5: bad[0] |= 0x80; break;
        default: break;
        }
        b.n = 0;
        pse_wr_str(&b, text);
        pse_wr_str(&b, "\n");
        pse_note_line_put(&b, w.key.name, w.key.id, pse_span(bad, n));
        assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)), PSE_OK);
        assert_int_equal(pse_note_check(&note, &w.key, NULL),
                         kind == 0 ? PSE_NOTE_GOOD : PSE_NOTE_BAD);
    }
    pse_buf_free(&b);
    pse_buf_free(&message);
}

/* time = 2^63, correctly signed, is refused all the same. */
static void times_over_the_bound_are_refused(void **state)
{
    struct signer w = signer("w.example", PSE_SIG_COSIGN, 5);
    struct pse_buf b = PSE_BUF(10000);
    struct pse_buf message = PSE_BUF(10000);
    uint8_t sig[72];
    struct pse_note note;

    (void)state;
    pse_wr_str(&message, "cosignature/v1\ntime 9223372036854775808\n");
    pse_wr_str(&message, text);
    pse_store_u64(sig, UINT64_C(1) << 63);
    assert_int_equal(pse_ed25519_sign(sig + 8, &w.seed, pse_buf_span(&message)), PSE_OK);
    pse_wr_str(&b, text);
    pse_wr_str(&b, "\n");
    pse_note_line_put(&b, w.key.name, w.key.id, pse_span(sig, 72));
    assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_note_check(&note, &w.key, NULL), PSE_NOTE_BAD);
    pse_buf_free(&b);
    pse_buf_free(&message);
}

/* The same key as log key and as witness has two ids; one's signature is not the other's. */
static void types_do_not_mix(void **state)
{
    struct signer plain = signer("x.example", PSE_SIG_ED25519, 6);
    struct signer cosigner = signer("x.example", PSE_SIG_COSIGN, 6);
    struct pse_buf b = PSE_BUF(10000);
    uint8_t sig[64];
    struct pse_note note;

    (void)state;
    assert_int_not_equal(plain.key.id, cosigner.key.id);
    assert_int_equal(pse_ed25519_sign(sig, &plain.seed, pse_span_str(text)), PSE_OK);
    pse_wr_str(&b, text);
    pse_wr_str(&b, "\n");
    pse_note_line_put(&b, cosigner.key.name, cosigner.key.id, pse_span(sig, 64));
    assert_int_equal(pse_note_parse(&note, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_note_check(&note, &cosigner.key, NULL), PSE_NOTE_BAD);
    assert_int_equal(pse_note_check(&note, &plain.key, NULL), PSE_NOTE_ABSENT);
    pse_buf_free(&b);
}

static pse_rc no_device(void *ctx, uint8_t sig[64], struct pse_span message)
{
    (void)ctx, (void)sig, (void)message;
    return PSE_E_IO;
}

/* What a device refuses to sign has no line. */
static void a_device_that_fails(void **state)
{
    static const struct pse_away away = {.sign = no_device};
    const pse_seed seed = {.away = &away};
    struct signer log = signer("x.example", PSE_SIG_ED25519, 6);
    struct signer w = signer("w.example", PSE_SIG_COSIGN, 5);
    struct pse_buf b = PSE_BUF(10000);

    (void)state;
    pse_note_sign(&b, pse_span_str(text), &log.key, &seed);
    assert_int_equal(b.rc, PSE_E_IO);
    assert_int_equal(b.n, 0);
    b.rc = PSE_OK;
    pse_note_cosign(&b, pse_span_str(text), &w.key, &seed, 1);
    assert_int_equal(b.rc, PSE_E_IO);
    assert_int_equal(b.n, 0);
    pse_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c2sp_example),
        cmocka_unit_test(any_changed_byte_of_the_example_is_refused),
        cmocka_unit_test(vkeys_refused),
        cmocka_unit_test(forms_refused),
        cmocka_unit_test(bounds),
        cmocka_unit_test(known_and_unknown_lines),
        cmocka_unit_test(cosignatures),
        cmocka_unit_test(cosignature_covers_its_head_lines),
        cmocka_unit_test(times_over_the_bound_are_refused),
        cmocka_unit_test(types_do_not_mix),
        cmocka_unit_test(a_device_that_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
