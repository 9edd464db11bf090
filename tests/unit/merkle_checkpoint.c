/* Checkpoints and receipts: forms (V901), log line, quorum (V902), inclusion. */
#include "codec/codec.h"
#include "merkle/proof.h"

#include "merkle_signers.h"

enum { WITNESSES = 4, LEAVES = 5 };

static const char log_name[] = "log.example/election";

/* An election of five leaves, its log and a 3-of-4 policy. */
struct world {
    struct pse_arena arena;
    struct signer log;
    struct signer witness[WITNESSES];
    struct pse_buf policy_text;
    struct pse_policy policy;
    pse_hash leaf[LEAVES];
    pse_hash root;
    struct pse_buf text; /* of the checkpoint */
};

static struct world w;

static int make_world(void **state)
{
    static const char *const names[WITNESSES] = {"w0.example", "w1.example", "w2.example",
                                                 "w3.example"};

    (void)state;
    pse_arena_init(&w.arena, PSE_POLICY_ARENA_MAX);
    w.log = signer(log_name, PSE_SIG_ED25519, 1);
    w.policy_text = PSE_BUF(10000);
    w.text = PSE_BUF(10000);
    pse_wr_str(&w.policy_text, "log ");
    pse_vkey_put(&w.policy_text, &w.log.key);
    for (uint8_t i = 0; i < WITNESSES; i++) {
        w.witness[i] = signer(names[i], PSE_SIG_COSIGN, (uint8_t)(10 + i));
        pse_wr_str(&w.policy_text, "\nwitness ");
        pse_wr_str(&w.policy_text, names[i]);
        pse_wr_str(&w.policy_text, " ");
        pse_vkey_put(&w.policy_text, &w.witness[i].key);
    }
    pse_wr_str(&w.policy_text,
               "\ngroup g 3 w0.example w1.example w2.example w3.example\nquorum g\n");
    for (uint8_t i = 0; i < LEAVES; i++)
        pse_tree_leaf(&w.leaf[i], pse_span(&i, 1));
    pse_tree_root(&w.root, w.leaf, LEAVES);
    pse_checkpoint_text_put(&w.text, w.log.key.name, LEAVES, &w.root);
    return pse_policy_parse(&w.policy, NULL, &w.arena, pse_buf_span(&w.policy_text)) != PSE_OK;
}

static int free_world(void **state)
{
    (void)state;
    pse_buf_free(&w.policy_text);
    pse_buf_free(&w.text);
    pse_arena_free(&w.arena);
    return 0;
}

static void put_signed(struct pse_buf *b)
{
    pse_checkpoint_put(b, LEAVES, &w.root, &w.log.key, &w.log.seed);
}

static void put_cosigned(struct pse_buf *b, unsigned witness)
{
    pse_note_cosign(b, pse_buf_span(&w.text), &w.witness[witness].key, &w.witness[witness].seed,
                    1700000000 + witness);
}

static void an_honest_checkpoint(void **state)
{
    struct pse_buf b = PSE_BUF(PSE_NOTE_MAX);
    struct pse_checkpoint cp;
    bool seen[WITNESSES];

    (void)state;
    put_signed(&b);
    for (unsigned i = 0; i < WITNESSES; i++) {
        pse_rc want = i < 3 ? PSE_E_PROOF : PSE_OK;

        assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&b)), PSE_OK);
        assert_true(pse_span_is_str(cp.origin, log_name));
        assert_true(cp.size == LEAVES);
        assert_true(pse_hash_is_equal(&cp.root, &w.root));
        assert_int_equal(pse_checkpoint_log_verify(&cp, &w.log.key), PSE_OK);
        assert_int_equal(pse_checkpoint_quorum_verify(&cp, &w.policy, seen), want);
        assert_int_equal(pse_checkpoint_quorum_verify(&cp, &w.policy, NULL), want);
        for (unsigned k = 0; k < WITNESSES; k++)
            assert_int_equal(seen[k], k < i);
        put_cosigned(&b, i);
    }
    pse_buf_free(&b);
}

static void forms_refused(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
    } bad[] = {
        {"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_OK},
        {"o\n18446744073709551615\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_OK},
        {"\n", PSE_E_SYNTAX},
        {"o\n", PSE_E_SYNTAX},
        {"o\n0\n", PSE_E_SYNTAX},
        {"o\n0\n\n", PSE_E_LENGTH},
        {"\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_SYNTAX},
        {"o\n\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_SYNTAX},
        {"o\n00\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_SYNTAX},
        {"o\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_SYNTAX},
        {"o\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_SYNTAX},
        {"o\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_SYNTAX},
        {"o\n0 \n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_SYNTAX},
        {"o\n18446744073709551616\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_RANGE},
        {"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", PSE_E_SYNTAX},
        {"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n", PSE_E_SYNTAX},
        {"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n", PSE_E_LENGTH},
        {"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFVV\n", PSE_E_LENGTH},
        {"o\n0\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n", PSE_E_SYNTAX},
        {"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\next\n", PSE_E_SYNTAX},
        {"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n", PSE_E_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pse_buf b = PSE_BUF(PSE_NOTE_MAX);
        struct pse_checkpoint cp;

        pse_wr_str(&b, bad[i].text);
        pse_wr_str(&b, "\n\xe2\x80\x94 a AAAAAAA=\n");
        if (pse_checkpoint_parse(&cp, pse_buf_span(&b)) != bad[i].rc)
            fail_msg("case %zu: %s", i, pse_rc_name(pse_checkpoint_parse(&cp, pse_buf_span(&b))));
        pse_buf_free(&b);
    }
}

static void origin_and_log_line(void **state)
{
    struct signer other_name = signer("log.example/other", PSE_SIG_ED25519, 1);
    struct signer other_key = signer(log_name, PSE_SIG_ED25519, 2);
    struct pse_buf b = PSE_BUF(PSE_NOTE_MAX);
    struct pse_checkpoint cp;

    (void)state;
    put_signed(&b);
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_checkpoint_log_verify(&cp, &other_name.key), PSE_E_MISMATCH);
    assert_int_equal(pse_checkpoint_log_verify(&cp, &other_key.key), PSE_E_MISSING);

    pse_note_sign(&b, pse_span_str("another text\n"), &w.log.key, &w.log.seed);
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_checkpoint_log_verify(&cp, &w.log.key), PSE_E_SIGNATURE);

    b.n = 0;
    pse_wr_span(&b, pse_buf_span(&w.text));
    pse_wr_str(&b, "\n");
    put_cosigned(&b, 0);
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_checkpoint_log_verify(&cp, &w.log.key), PSE_E_MISSING);
    pse_buf_free(&b);
}

static void quorum_refusals(void **state)
{
    struct signer stranger = signer("w3.example", PSE_SIG_COSIGN, 99);
    struct pse_buf b = PSE_BUF(PSE_NOTE_MAX);
    struct pse_checkpoint cp;
    size_t two;

    (void)state;
    put_signed(&b);
    put_cosigned(&b, 0);
    put_cosigned(&b, 1);
    two = b.n;

    put_cosigned(&b, 1);
    put_cosigned(&b, 0);
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_checkpoint_quorum_verify(&cp, &w.policy, NULL), PSE_E_PROOF);

    b.n = two;
    pse_note_cosign(&b, pse_buf_span(&w.text), &stranger.key, &stranger.seed, 1);
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_checkpoint_quorum_verify(&cp, &w.policy, NULL), PSE_E_PROOF);

    b.n = two;
    put_cosigned(&b, 2);
    pse_note_cosign(&b, pse_span_str("another text\n"), &w.witness[3].key, &w.witness[3].seed, 1);
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_checkpoint_quorum_verify(&cp, &w.policy, NULL), PSE_E_SIGNATURE);

    b.n = two;
    put_cosigned(&b, 2);
    put_cosigned(&b, 0);
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_checkpoint_quorum_verify(&cp, &w.policy, NULL), PSE_OK);
    pse_buf_free(&b);
}

/* --- receipts ------------------------------------------------------------------------------------
 */

static pse_rc source(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    (void)ctx;
    pse_tree_root(out, &w.leaf[index << level], (size_t)1 << level);
    return PSE_OK;
}

static void put_receipt(struct pse_buf *b, uint64_t index, unsigned witnesses)
{
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);
    struct pse_tree_proof path;

    put_signed(&note);
    for (unsigned i = 0; i < witnesses; i++)
        put_cosigned(&note, i);
    assert_int_equal(pse_tree_inclusion(&path, LEAVES, index, source, NULL), PSE_OK);
    pse_proof_put(b, NULL, index, &path, pse_buf_span(&note));
    assert_int_equal(b->rc, PSE_OK);
    pse_buf_free(&note);
}

static void honest_receipts(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < LEAVES; index++) {
        struct pse_buf b = PSE_BUF(PSE_PROOF_MAX);
        struct pse_buf again = PSE_BUF(PSE_PROOF_MAX);
        struct pse_proof p;

        put_receipt(&b, index, 3);
        assert_int_equal(pse_proof_parse(&p, pse_buf_span(&b)), PSE_OK);
        assert_true(p.index == index);
        assert_int_equal(pse_proof_verify(&p, &w.leaf[index], &w.log.key, &w.policy), PSE_OK);
        assert_int_equal(pse_proof_verify(&p, &w.leaf[(index + 1) % LEAVES], &w.log.key, &w.policy),
                         PSE_E_PROOF);
        pse_proof_put(&again, NULL, p.index, &p.path, p.checkpoint_bytes);
        assert_true(pse_span_is_equal(pse_buf_span(&b), pse_buf_span(&again)));
        pse_buf_free(&b);
        pse_buf_free(&again);
    }
}

static void receipts_with_extra(void **state)
{
    struct pse_span extra = pse_span_str("extra bytes");
    struct pse_buf b = PSE_BUF(PSE_PROOF_MAX);
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);
    struct pse_tree_proof path = {0};
    struct pse_proof p;

    (void)state;
    put_signed(&note);
    pse_proof_put(&b, &extra, 0, &path, pse_buf_span(&note));
    assert_int_equal(pse_proof_parse(&p, pse_buf_span(&b)), PSE_OK);
    assert_true(p.has_extra);
    assert_true(pse_span_is_str(p.extra, "ZXh0cmEgYnl0ZXM="));
    assert_int_equal(pse_proof_verify(&p, &w.leaf[0], &w.log.key, NULL), PSE_E_LENGTH);
    pse_buf_free(&b);
    pse_buf_free(&note);
}

static void receipts_without_quorum(void **state)
{
    struct pse_buf b = PSE_BUF(PSE_PROOF_MAX);
    struct pse_proof p;

    (void)state;
    put_receipt(&b, 2, 2);
    assert_int_equal(pse_proof_parse(&p, pse_buf_span(&b)), PSE_OK);
    assert_int_equal(pse_proof_verify(&p, &w.leaf[2], &w.log.key, &w.policy), PSE_E_PROOF);
    assert_int_equal(pse_proof_verify(&p, &w.leaf[2], &w.log.key, NULL), PSE_OK);
    pse_buf_free(&b);
}

/* Every bit of a receipt counts, but for what is never trusted or never needed: no such bits here,
 * as each of the three witnesses is needed. Lines of changed names or ids are no longer known. */
static void any_flipped_bit_is_refused(void **state)
{
    struct pse_buf b = PSE_BUF(PSE_PROOF_MAX);

    (void)state;
    put_receipt(&b, 2, 3);
    for (size_t bit = 0; bit < 8 * b.n; bit++) {
        struct pse_proof p;

        b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (pse_proof_parse(&p, pse_buf_span(&b)) == PSE_OK &&
            pse_proof_verify(&p, &w.leaf[2], &w.log.key, &w.policy) == PSE_OK)
            fail_msg("bit %zu", bit);
        b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < b.n; n++) {
        struct pse_proof p;

        if (pse_proof_parse(&p, pse_span(b.p, n)) == PSE_OK)
            assert_int_not_equal(pse_proof_verify(&p, &w.leaf[2], &w.log.key, &w.policy), PSE_OK);
    }
    pse_buf_free(&b);
}

static void receipt_forms_refused(void **state)
{
    static const char hash[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    static const struct {
        const char *head;
        unsigned hashes;
        const char *tail;
        pse_rc rc;
    } cases[] = {
        {"c2sp.org/tlog-proof@v1\nindex 0\n", 63, "\n", PSE_OK},
        {"c2sp.org/tlog-proof@v1\nindex 18446744073709551615\n", 0, "\n", PSE_OK},
        {"c2sp.org/tlog-proof@v1\nextra AA==\nindex 0\n", 1, "\n", PSE_OK},
        {"c2sp.org/tlog-proof@v1\nindex 0\n", 64, "\n", PSE_E_LIMIT},
        {"c2sp.org/tlog-proof@v2\nindex 0\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\r\nindex 0\n", 0, "\n", PSE_E_SYNTAX},
        {" c2sp.org/tlog-proof@v1\nindex 0\n", 0, "\n", PSE_E_SYNTAX},
        {"index 0\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex \n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex  0\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 00\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n", 0, "\n", PSE_E_RANGE},
        {"c2sp.org/tlog-proof@v1\nextra \nindex 0\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nextra AB==\nindex 0\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 0\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n", 0, "\n", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 0\nAA==\n", 0, "\n", PSE_E_LENGTH},
        {"c2sp.org/tlog-proof@v1\nindex 0\n", 1, "", PSE_E_SYNTAX},
        {"c2sp.org/tlog-proof@v1\nindex 0\n", 1, "\n\n", PSE_E_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pse_buf b = PSE_BUF(PSE_PROOF_MAX);
        struct pse_proof p;
        pse_rc rc;

        pse_wr_str(&b, cases[i].head);
        for (unsigned k = 0; k < cases[i].hashes; k++)
            pse_wr_str(&b, hash);
        pse_wr_str(&b, cases[i].tail);
        put_signed(&b);
        rc = pse_proof_parse(&p, pse_buf_span(&b));
        if (rc != cases[i].rc)
            fail_msg("case %zu: %s", i, pse_rc_name(rc));
        pse_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_checkpoint),    cmocka_unit_test(forms_refused),
        cmocka_unit_test(origin_and_log_line),     cmocka_unit_test(quorum_refusals),
        cmocka_unit_test(honest_receipts),         cmocka_unit_test(receipts_with_extra),
        cmocka_unit_test(receipts_without_quorum), cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(receipt_forms_refused),
    };

    return cmocka_run_group_tests(tests, make_world, free_world);
}
