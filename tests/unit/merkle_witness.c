/* add-checkpoint: form, judgement row by row (C2SP tlog-witness), cosignatures and what a log makes
 * of answers. */
#include "codec/codec.h"
#include "merkle/witness.h"

#include "merkle_signers.h"

enum { LEAVES = 9 };

static const char log_name[] = "log.example/election";
static struct signer log_key;
static struct signer log_key2; /* a second trusted key of the same log */
static struct signer stranger;
static struct signer witness;
static pse_hash leaf[LEAVES];
static pse_hash other_leaf[LEAVES]; /* of a forked tree */

static int start(void **state)
{
    (void)state;
    log_key = signer(log_name, PSE_SIG_ED25519, 1);
    log_key2 = signer(log_name, PSE_SIG_ED25519, 2);
    stranger = signer("someone.example", PSE_SIG_ED25519, 3);
    witness = signer("witness.example/w1", PSE_SIG_COSIGN, 4);
    for (uint8_t i = 0; i < LEAVES; i++) {
        uint8_t other = i == 1 ? 99 : i;

        pse_tree_leaf(&leaf[i], pse_span(&i, 1));
        pse_tree_leaf(&other_leaf[i], pse_span(&other, 1));
    }
    return 0;
}

static pse_hash root_of(const pse_hash *leaves, size_t n)
{
    pse_hash root;

    pse_tree_root(&root, leaves, n);
    return root;
}

static pse_rc source(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    const pse_hash *leaves = ctx;

    pse_tree_root(out, leaves + (index << level), (size_t)1 << level);
    return PSE_OK;
}

static struct pse_tree_proof proof_of(pse_hash *leaves, uint64_t before, uint64_t size)
{
    struct pse_tree_proof proof = {.n = 0};

    assert_int_equal(pse_tree_consistency(&proof, before, size, source, leaves), PSE_OK);
    return proof;
}

static void put_text(struct pse_buf *b, const char *origin, uint64_t size, const pse_hash *root)
{
    pse_checkpoint_text_put(b, pse_span_str(origin), size, root);
}

/* A whole request for the tree of the first @p size leaves. */
static void put_request(struct pse_buf *b, uint64_t old, const struct pse_tree_proof *proof,
                        uint64_t size, const pse_hash *root)
{
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);

    pse_checkpoint_put(&note, size, root, &log_key.key, &log_key.seed);
    pse_add_checkpoint_put(b, old, proof, pse_buf_span(&note));
    pse_buf_free(&note);
}

/* --- form --------------------------------------------------------------------------------------
 */

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
#define TEXT "o\n1\n" ROOT "\n"
#define LINE "\xe2\x80\x94 a AAAAAAA=\n"

static void forms(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } form[] = {
        {"old 0\n\n" TEXT LINE, true},
        {"old 18446744073709551615\n\n" TEXT LINE, true},
        {"old 0\n" ROOT ROOT "\n" TEXT LINE, true},
        {"old 0\n\no\n1\n" ROOT "an extension\nand another\n\n" LINE, true},
        {"", false},
        {"\n", false},
        {"old 0\n", false},
        {"old 0\n\n", false},
        {"old 0\n" TEXT LINE, false}, /* the checkpoint's lines are no hashes */
        {"old  0\n\n" TEXT LINE, false},
        {"old 00\n\n" TEXT LINE, false},
        {"old 01\n\n" TEXT LINE, false},
        {"old +1\n\n" TEXT LINE, false},
        {"old -1\n\n" TEXT LINE, false},
        {"old 0x1\n\n" TEXT LINE, false},
        {"old 1 \n\n" TEXT LINE, false},
        {"old\n\n" TEXT LINE, false},
        {"old \n\n" TEXT LINE, false},
        {"Old 0\n\n" TEXT LINE, false},
        {"size 0\n\n" TEXT LINE, false},
        {"old 18446744073709551616\n\n" TEXT LINE, false},
        {"old 0\r\n\r\n" TEXT LINE, false},
        {"old 0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n\n" TEXT LINE, false},
        {"old 0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n\n" TEXT LINE, false},
        {"old 0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n\n" TEXT LINE, false},
        {"old 0\n 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n" TEXT LINE, false},
        {"old 0\n\n\n" TEXT LINE, false}, /* an origin that is empty */
        {"old 0\n\n" TEXT, false},
        {"old 0\n\no\n1\n" ROOT LINE, false},
        {"old 0\n\no\n01\n" ROOT "\n" LINE, false},
        {"old 0\n\no\n1\n47DEQpj8HBSa\n\n" LINE, false},
        {"old 0\n\no\n1\n" ROOT "\nan empty line before\n\n" LINE, false},
        {"old 0\n\n" TEXT LINE "trailing", false},
        {"old 0\n\n" TEXT LINE "\n", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof form / sizeof form[0]; i++) {
        struct pse_add_checkpoint add;
        pse_rc rc = pse_add_checkpoint_parse(&add, pse_span_str(form[i].text));

        if ((rc == PSE_OK) != form[i].good)
            fail_msg("form %zu: %s", i, pse_rc_name(rc));
    }
}

static void surplus(void **state)
{
    struct pse_buf b = PSE_BUF(4 * PSE_ADD_CHECKPOINT_MAX);
    struct pse_add_checkpoint add;

    (void)state;
    for (unsigned hashes = 63; hashes <= 64; hashes++) {
        b.n = 0;
        pse_wr_str(&b, "old 1\n");
        for (unsigned i = 0; i < hashes; i++)
            pse_wr_str(&b, ROOT);
        pse_wr_str(&b, "\n" TEXT LINE);
        assert_int_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)),
                         hashes == 63 ? PSE_OK : PSE_E_LIMIT);
    }
    for (unsigned lines = 64; lines <= 65; lines++) {
        b.n = 0;
        pse_wr_str(&b, "old 1\n\n" TEXT);
        for (unsigned i = 0; i < lines; i++)
            pse_wr_str(&b, LINE);
        assert_int_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)),
                         lines == 64 ? PSE_OK : PSE_E_LIMIT);
    }
    b.n = 0;
    pse_wr_str(&b, "old 1\n\no\n1\n" ROOT);
    while (b.n < PSE_ADD_CHECKPOINT_MAX)
        pse_wr_str(&b, "extension\n");
    pse_wr_str(&b, "\n" LINE);
    assert_int_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)), PSE_E_LIMIT);
    pse_buf_free(&b);
}

/* Every prefix of a good request, and every one with a byte changed to one that no line may have.
 */
static void cut_and_bent(void **state)
{
    struct pse_tree_proof proof = proof_of(leaf, 3, LEAVES);
    pse_hash root = root_of(leaf, LEAVES);
    struct pse_buf b = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
    struct pse_add_checkpoint add;

    (void)state;
    put_request(&b, 3, &proof, LEAVES, &root);
    assert_int_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)), PSE_OK);
    for (size_t n = 0; n < b.n; n++)
        assert_int_not_equal(pse_add_checkpoint_parse(&add, pse_span(b.p, n)), PSE_OK);
    for (size_t i = 0; i < b.n; i++) {
        uint8_t was = b.p[i];

        b.p[i] = '\r';
        assert_int_not_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)), PSE_OK);
        b.p[i] = was;
    }
    pse_buf_free(&b);
}

/* --- who signed ---------------------------------------------------------------------------------
 */

static void signers(void **state)
{
    const struct pse_vkey trusted[2] = {log_key.key, log_key2.key};
    pse_hash root = root_of(leaf, 2);
    struct pse_buf text = PSE_BUF(1000);
    static const struct {
        const char
            *lines; /* 1 2: a log key signs; ! @: its line fails; s: a stranger's; b: a bad one */
        enum pse_witness_verdict want;
    } row[] = {
        {"1", PSE_WITNESS_GOOD},      {"2", PSE_WITNESS_GOOD},
        {"12", PSE_WITNESS_GOOD},     {"s1", PSE_WITNESS_GOOD},
        {"b1", PSE_WITNESS_GOOD},     {"1bsbsbsbsbsbsbsbsbsb", PSE_WITNESS_GOOD},
        {"s", PSE_WITNESS_UNSIGNED},  {"b", PSE_WITNESS_UNSIGNED},
        {"!", PSE_WITNESS_UNSIGNED},  {"!1", PSE_WITNESS_UNSIGNED},
        {"1!", PSE_WITNESS_UNSIGNED}, {"1@", PSE_WITNESS_UNSIGNED},
        {"!2", PSE_WITNESS_UNSIGNED},
    };

    (void)state;
    put_text(&text, log_name, 2, &root);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct pse_buf b = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
        struct pse_add_checkpoint add;
        enum pse_witness_verdict verdict;

        pse_wr_str(&b, "old 0\n\n");
        pse_wr_span(&b, pse_buf_span(&text));
        pse_wr_str(&b, "\n");
        for (const char *l = row[i].lines; *l != '\0'; l++) {
            const struct signer *by = *l == '1' || *l == '!'   ? &log_key
                                      : *l == '2' || *l == '@' ? &log_key2
                                                               : &stranger;
            bool holds = *l == '1' || *l == '2' || *l == 's';

            pse_note_sign(&b, holds ? pse_buf_span(&text) : pse_span_str("another\n"), &by->key,
                          &by->seed);
        }
        assert_int_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)), PSE_OK);
        verdict = pse_add_checkpoint_signed(&add, trusted, 2);
        if (verdict != row[i].want)
            fail_msg("lines %s: %d", row[i].lines, (int)verdict);
        assert_int_equal(pse_add_checkpoint_signed(&add, NULL, 0), PSE_WITNESS_UNKNOWN);
        pse_buf_free(&b);
    }
    pse_buf_free(&text);
}

/* --- how it follows ------------------------------------------------------------------------------
 */

/* The order of the checks: a request may be wrong in many ways, the first one in the table speaks.
 */
static void verdicts(void **state)
{
    pse_hash empty = root_of(leaf, 0);
    pse_hash r3 = root_of(leaf, 3);
    pse_hash r9 = root_of(leaf, 9);
    pse_hash f3 = root_of(other_leaf, 3);
    pse_hash f9 = root_of(other_leaf, 9);
    struct pse_tree_proof none = {.n = 0};
    struct pse_tree_proof p39 = proof_of(leaf, 3, 9);
    struct pse_tree_proof p29 = proof_of(leaf, 2, 9);
    struct pse_tree_proof fork39 = proof_of(other_leaf, 3, 9);
    struct pse_tree_proof more = p39;
    struct pse_tree_proof less = p39;
    struct pse_tree_proof bent = p39;
    struct pse_tree_proof one = {.n = 1, .hash = {r3}};
    struct {
        uint64_t old;
        uint64_t size;
        const pse_hash *root;
        const struct pse_tree_proof *proof;
        uint64_t stored;
        const pse_hash *stored_root;
        enum pse_witness_verdict want;
    } row[] = {
        {0, 0, &empty, &none, 0, &empty, PSE_WITNESS_GOOD},
        {0, 3, &r3, &none, 0, &empty, PSE_WITNESS_GOOD},
        {0, 9, &f9, &none, 0, &empty, PSE_WITNESS_GOOD}, /* whatever comes first */
        {3, 9, &r9, &p39, 3, &r3, PSE_WITNESS_GOOD},
        {3, 3, &r3, &none, 3, &r3, PSE_WITNESS_GOOD},
        {9, 9, &r9, &none, 9, &r9, PSE_WITNESS_GOOD},

        {10, 9, &r9, &none, 10, &r9, PSE_WITNESS_MALFORMED}, /* before the state is asked */
        {10, 9, &r9, &one, 3, &r3, PSE_WITNESS_MALFORMED},

        {0, 9, &r9, &none, 3, &r3, PSE_WITNESS_CONFLICT},
        {2, 9, &r9, &p29, 3, &r3, PSE_WITNESS_CONFLICT},
        {9, 9, &r9, &none, 3, &r3, PSE_WITNESS_CONFLICT},
        {3, 9, &r9, &p39, 9, &r9, PSE_WITNESS_CONFLICT},
        {3, 9, &r9, &p39, 0, &empty, PSE_WITNESS_CONFLICT},
        {0, 0, &r3, &one, 3, &r3, PSE_WITNESS_CONFLICT},  /* before the root of size 0 */
        {3, 3, &r3, &none, 9, &r9, PSE_WITNESS_CONFLICT}, /* never back */

        {0, 0, &r3, &none, 0, &empty, PSE_WITNESS_INCONSISTENT},
        {0, 0, &empty, &one, 0, &empty, PSE_WITNESS_INCONSISTENT},
        {0, 3, &r3, &one, 0, &empty, PSE_WITNESS_INCONSISTENT},
        {3, 3, &f3, &none, 3, &r3, PSE_WITNESS_INCONSISTENT},
        {3, 3, &r3, &one, 3, &r3, PSE_WITNESS_INCONSISTENT},
        {3, 9, &f9, &p39, 3, &r3, PSE_WITNESS_INCONSISTENT},
        {3, 9, &f9, &fork39, 3, &r3, PSE_WITNESS_INCONSISTENT},
        {3, 9, &r9, &none, 3, &r3, PSE_WITNESS_INCONSISTENT},
        {3, 9, &r9, &p29, 3, &r3, PSE_WITNESS_INCONSISTENT},
        {3, 9, &r9, &more, 3, &r3, PSE_WITNESS_INCONSISTENT},
        {3, 9, &r9, &less, 3, &r3, PSE_WITNESS_INCONSISTENT},
        {3, 9, &r9, &bent, 3, &r3, PSE_WITNESS_INCONSISTENT},
    };

    (void)state;
    more.hash[more.n++] = r3;
    less.n--;
    bent.hash[0].b[31] ^= 1;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct pse_buf b = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
        struct pse_add_checkpoint add;
        enum pse_witness_verdict verdict;

        put_request(&b, row[i].old, row[i].proof, row[i].size, row[i].root);
        assert_int_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)), PSE_OK);
        verdict = pse_add_checkpoint_signed(&add, &log_key.key, 1);
        if (verdict == PSE_WITNESS_GOOD)
            verdict = pse_add_checkpoint_follows(&add, row[i].stored, row[i].stored_root);
        if (verdict != row[i].want)
            fail_msg("row %zu: %d", i, (int)verdict);
        pse_buf_free(&b);
    }
}

/* --- C2SP's own example --------------------------------------------------------------------------
 */

/* The request of tlog-witness: its form is accepted whole, and goes out again byte for byte. */
static void c2sp_example(void **state)
{
    static const char body[] =
        "old 20852014\n"
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
        "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
        "\n"
        "example.com/behind-the-sofa\n"
        "20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "\xe2\x80\x94 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/"
        "5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "\xe2\x80\x94 example.com/behind-the-sofa "
        "opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++"
        "qbSzm9Q=\n";
    struct pse_add_checkpoint add;
    struct pse_buf again = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
    const char *note = strstr(body, "example.com");

    (void)state;
    assert_int_equal(pse_add_checkpoint_parse(&add, pse_span_str(body)), PSE_OK);
    assert_true(add.old == 20852014 && add.size == 20852163 && add.proof.n == 4);
    assert_true(pse_span_is_str(add.origin, "example.com/behind-the-sofa"));
    assert_int_equal(add.note.n, 2);
    assert_int_equal(pse_add_checkpoint_signed(&add, &log_key.key, 1), PSE_WITNESS_UNSIGNED);
    pse_add_checkpoint_put(&again, add.old, &add.proof, pse_span_str(note));
    assert_true(pse_span_is_str(pse_buf_span(&again), body));
    pse_buf_free(&again);
}

/* --- answers -------------------------------------------------------------------------------------
 */

static void published(void **state)
{
    const struct pse_vkey trusted[2] = {log_key.key, log_key2.key};
    pse_hash root = root_of(leaf, 3);
    struct pse_buf b = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
    struct pse_buf lines = PSE_BUF(PSE_COSIGNED_MAX);
    struct pse_buf out = PSE_BUF(PSE_NOTE_MAX);
    struct pse_tree_proof none = {.n = 0};
    struct pse_add_checkpoint add;
    struct pse_checkpoint cp;
    uint64_t time;

    (void)state;
    put_request(&b, 0, &none, 3, &root);
    assert_int_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)), PSE_OK);
    pse_note_sign(&b, add.note.text, &stranger.key, &stranger.seed);
    assert_int_equal(pse_add_checkpoint_parse(&add, pse_buf_span(&b)), PSE_OK);
    pse_note_cosign(&lines, add.note.text, &witness.key, &witness.seed, 1700000000);
    pse_witnessed_put(&out, &add, trusted, 2, pse_buf_span(&lines));
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&out)), PSE_OK);
    assert_int_equal(cp.note.n, 2); /* the log's line and ours, not the stranger's */
    assert_int_equal(pse_checkpoint_log_verify(&cp, &log_key.key), PSE_OK);
    assert_int_equal(pse_note_check(&cp.note, &witness.key, &time), PSE_NOTE_GOOD);
    assert_true(time == 1700000000);
    pse_buf_free(&b);
    pse_buf_free(&lines);
    pse_buf_free(&out);
}

static void cosigned_answers(void **state)
{
    struct signer other = signer("witness.example/w2", PSE_SIG_COSIGN, 5);
    pse_hash root = root_of(leaf, 3);
    struct pse_buf text = PSE_BUF(1000);
    static const struct {
        const char
            *lines; /* w: the witness's; W: later; x: over another text; 0: time 0; o: another's */
        pse_rc want;
        uint64_t time;
    } row[] = {
        {"w", PSE_OK, 100},      {"ow", PSE_OK, 100},       {"wooooooooooooooooooooo", PSE_OK, 100},
        {"wW", PSE_OK, 200},     {"Ww", PSE_OK, 200},       {"", PSE_E_SYNTAX, 0},
        {"o", PSE_E_MISSING, 0}, {"x", PSE_E_SIGNATURE, 0}, {"wx", PSE_E_SIGNATURE, 0},
        {"0", PSE_E_RANGE, 0},   {"w\n", PSE_E_SYNTAX, 0},  {"\nw", PSE_E_SYNTAX, 0},
        {"?", PSE_E_SYNTAX, 0},  {"w?", PSE_E_SYNTAX, 0},
    };

    (void)state;
    put_text(&text, log_name, 3, &root);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct pse_buf answer = PSE_BUF(PSE_NOTE_MAX);
        struct pse_buf line = PSE_BUF(1000);
        uint64_t time;
        pse_rc rc;

        for (const char *l = row[i].lines; *l != '\0'; l++) {
            uint64_t at = *l == '0' ? 0 : *l == 'W' ? 200 : 100;

            if (*l == '\n')
                pse_wr_str(&answer, "\n");
            else if (*l == '?')
                pse_wr_str(&answer, "<html>hello</html>\n");
            else
                pse_note_cosign(&answer,
                                *l == 'x' ? pse_span_str("another\n") : pse_buf_span(&text),
                                *l == 'o' ? &other.key : &witness.key,
                                *l == 'o' ? &other.seed : &witness.seed, at);
        }
        rc = pse_cosigned_read(&line, &time, pse_buf_span(&text), &witness.key,
                               pse_buf_span(&answer));
        if (rc != row[i].want)
            fail_msg("row %zu: %s", i, pse_rc_name(rc));
        if (rc == PSE_OK)
            assert_true(time == row[i].time && line.n > 100);
        else
            assert_int_equal(line.n, 0);
        pse_buf_free(&answer);
        pse_buf_free(&line);
    }
    pse_buf_free(&text);
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        pse_rc want;
    } row[] = {
        {"0\n", PSE_OK},          {"18446744073709551615\n", PSE_OK},
        {"", PSE_E_SYNTAX},       {"\n", PSE_E_SYNTAX},
        {"5", PSE_E_SYNTAX},      {"05\n", PSE_E_SYNTAX},
        {"5\n\n", PSE_E_SYNTAX},  {"5\r\n", PSE_E_SYNTAX},
        {" 5\n", PSE_E_SYNTAX},   {"-5\n", PSE_E_SYNTAX},
        {"5\n6\n", PSE_E_SYNTAX}, {"18446744073709551616\n", PSE_E_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct pse_buf b = PSE_BUF(100);
        uint64_t size;
        pse_rc rc = pse_tree_size_read(&size, pse_span_str(row[i].text));

        if (rc != row[i].want)
            fail_msg("%s: %s", row[i].text, pse_rc_name(rc));
        if (rc == PSE_OK) {
            pse_tree_size_put(&b, size);
            assert_true(pse_span_is_str(pse_buf_span(&b), row[i].text));
        }
        pse_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),        cmocka_unit_test(surplus),
        cmocka_unit_test(cut_and_bent), cmocka_unit_test(signers),
        cmocka_unit_test(verdicts),     cmocka_unit_test(c2sp_example),
        cmocka_unit_test(published),    cmocka_unit_test(cosigned_answers),
        cmocka_unit_test(sizes),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
