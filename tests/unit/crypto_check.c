/* The second-device check: the whole dialogue as in the vector, forgeries, and refusals. */
#include "crypto.h"

struct vector {
    json_t *v;
    struct pse_group *g;
    struct pse_joint joint;
    pse_hash leaf_hash;
    pse_check_key k;
    pse_enc w;
    pse_enc x;
    uint8_t ciphertexts[64 * 4];
    struct pse_check_part parts[2];
    uint8_t choices[33];
    struct pse_check_claim claim;
    uint8_t proof[PSE_CHECK_PROOF_SIZE];
};

/* Ciphertexts of the vector's ballot: three of contest 1, one of contest 2. */
static void ciphertexts_load(struct vector *t)
{
    json_t *ballot = vectors_load("psephos1/ballot-ranking.json");
    json_t *parts = json_object_get(ballot, "parts");

    for (size_t i = 0; i < 2; i++) {
        size_t n;
        uint8_t *part = hex_all(&n, json_array_get(parts, i), "part_without_id");

        memcpy(t->ciphertexts + 192 * i, part, i == 0 ? 192 : 64);
        free(part);
    }
    json_decref(ballot);
}

static int start(void **state)
{
    struct vector *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
    pse_hash eid;
    pse_enc y;

    memset(t, 0, sizeof *t);
    t->v = vectors_load("psephos1/check.json");
    t->g = group_new();
    eid = hash_member(t->v, "eid");
    y = enc_member(t->v, "Y");
    assert_int_equal(pse_joint_init(&t->joint, t->g, &eid, y.b), PSE_OK);
    t->leaf_hash = hash_member(t->v, "leaf_hash");
    vectors_hex(t->k.b, 32, t->v, "k");
    t->w = enc_member(t->v, "W");
    t->x = enc_member(t->v, "X");
    ciphertexts_load(t);
    vectors_hex(t->choices, sizeof t->choices, t->v, "choices");
    vectors_hex(t->proof, sizeof t->proof, t->v, "proof");
    t->parts[0] = (struct pse_check_part){false, 3};
    t->parts[1] = (struct pse_check_part){true, 1};
    t->claim = (struct pse_check_claim){
        t->leaf_hash, t->x, pse_span(t->ciphertexts, sizeof t->ciphertexts),
        t->parts,     2,    pse_span(t->choices, sizeof t->choices)};
    *state = t;
    return 0;
}

static int stop(void **state)
{
    struct vector *t = *state;

    json_decref(t->v);
    pse_joint_clear(&t->joint);
    pse_group_free(t->g);
    free(t);
    return 0;
}

static void qr_known_answer(void **state)
{
    struct vector *t = *state;
    PSE_ARENA(arena, 1u << 20);
    struct pse_span text = vectors_text(t->v, "qr");
    struct pse_check_qr qr;
    struct pse_buf again = PSE_BUF(PSE_CHECK_QR_MAX);
    uint8_t nu[32];
    pse_hash nu_hash;

    assert_int_equal(pse_check_qr_parse(&qr, &arena, text), PSE_OK);
    assert_memory_equal(&qr.eid, &t->joint.eid, 32);
    assert_int_equal(qr.leaf_index, json_integer_value(json_object_get(t->v, "leaf_index")));
    assert_memory_equal(&qr.leaf_hash, &t->leaf_hash, 32);
    assert_memory_equal(&qr.k, &t->k, 32);
    assert_memory_equal(&qr.w, &t->w, 32);
    vectors_hex(nu, 32, t->v, "nu");
    pse_sha256(&nu_hash, pse_span(nu, 32));
    assert_memory_equal(&qr.nu_hash, &nu_hash, 32);
    assert_int_equal(pse_check_qr_build(&again, &qr), PSE_OK);
    assert_int_equal(again.n, text.n);
    assert_memory_equal(again.p, text.p, text.n);
    pse_buf_free(&again);
}

/* Any other character either reads as something else or not at all; never as the same. */
static void qr_has_one_form(void **state)
{
    struct vector *t = *state;
    struct pse_span text = vectors_text(t->v, "qr");
    char *copy = malloc(text.n + 1);

    memcpy(copy, text.p, text.n);
    for (size_t i = 0; i < text.n; i++) {
        for (unsigned c = 1; c < 256; c += 3) {
            PSE_ARENA(arena, 1u << 20);
            struct pse_buf again = PSE_BUF(PSE_CHECK_QR_MAX);
            struct pse_check_qr qr;

            copy[i] = (char)c;
            if (pse_check_qr_parse(&qr, &arena, pse_span(copy, text.n)) == PSE_OK) {
                assert_int_equal(pse_check_qr_build(&again, &qr), PSE_OK);
                assert_int_equal(again.n, text.n);
                assert_memory_equal(again.p, copy, text.n);
            }
            pse_buf_free(&again);
        }
        copy[i] = (char)text.p[i];
    }
    free(copy);
}

static pse_rc qr_parse_text(const char *text)
{
    PSE_ARENA(arena, 1u << 20);
    struct pse_check_qr qr;

    return pse_check_qr_parse(&qr, &arena, pse_span_str(text));
}

static void bad_qrs_fail(void **state)
{
    struct vector *t = *state;
    PSE_ARENA(arena, 1u << 20);
    struct pse_span text = vectors_text(t->v, "qr");
    struct pse_check_qr qr;
    struct pse_buf out = PSE_BUF(PSE_CHECK_QR_MAX);
    uint8_t url[256];
    uint8_t version[4] = {0};

    memset(url, 'u', sizeof url);
    assert_int_equal(qr_parse_text(""), PSE_E_SYNTAX);
    assert_int_equal(qr_parse_text("psephos2:AQ"), PSE_E_SYNTAX);
    assert_int_equal(qr_parse_text("psephos1:A"), PSE_E_SYNTAX);
    assert_int_equal(qr_parse_text("psephos1:"), PSE_E_LENGTH);
    assert_int_equal(qr_parse_text("psephos1:AQ"), PSE_E_LENGTH);
    assert_int_equal(qr_parse_text("psephos1:Ag"), PSE_E_UNSUPPORTED);
    for (size_t n = 9; n < text.n; n++)
        assert_int_not_equal(pse_check_qr_parse(&qr, &arena, pse_span(text.p, n)), PSE_OK);
    assert_int_equal(pse_check_qr_parse(&qr, &arena, text), PSE_OK);
    qr.record_url = pse_span(url, 256);
    assert_int_equal(pse_check_qr_build(&out, &qr), PSE_E_LENGTH);
    qr.record_url = pse_span(url, 255);
    assert_int_equal(pse_check_qr_build(&out, &qr), PSE_OK);
    url[17] = ' ';
    assert_int_equal(pse_check_qr_build(&out, &qr), PSE_E_RANGE);
    url[17] = 0x7f;
    assert_int_equal(pse_check_qr_build(&out, &qr), PSE_E_RANGE);
    assert_int_equal(pse_check_qr_parse(&qr, &arena, pse_span(version, 4)), PSE_E_SYNTAX);
    pse_buf_free(&out);
}

static void keys_known_answers(void **state)
{
    struct vector *t = *state;
    pse_secret w = secret_member(t->v, "w");
    pse_secret x = secret_member(t->v, "x");
    static const pse_enc identity;
    pse_check_key k1;
    pse_check_key k2;
    pse_check_key k3;
    char name[33];
    char code[7];
    uint8_t nu[32];

    pse_check_mailbox(name, &t->joint.eid, &t->k);
    assert_string_equal(name, json_string_value(json_object_get(t->v, "mailbox")));
    pse_check_keys(&k1, &k2, &t->joint.eid, &t->k, &t->leaf_hash);
    assert_hex_member(k1.b, 32, t->v, "k1");
    assert_hex_member(k2.b, 32, t->v, "k2");
    assert_int_equal(
        pse_check_key3(t->g, &k3, &t->joint.eid, &t->k, &t->leaf_hash, &t->w, &t->x, &w, &t->x),
        PSE_OK);
    assert_hex_member(k3.b, 32, t->v, "k3");
    assert_int_equal(
        pse_check_key3(t->g, &k3, &t->joint.eid, &t->k, &t->leaf_hash, &t->w, &t->x, &x, &t->w),
        PSE_OK);
    assert_hex_member(k3.b, 32, t->v, "k3");
    assert_int_equal(
        pse_check_key3(t->g, &k3, &t->joint.eid, &t->k, &t->leaf_hash, &t->w, &t->x, &x, &identity),
        PSE_E_ENCODING);
    vectors_hex(nu, 32, t->v, "nu");
    pse_check_code(code, &t->joint.eid, &t->leaf_hash, &t->w, &t->x, nu);
    assert_string_equal(code, json_string_value(json_object_get(t->v, "code")));
}

/* Message of a step as in the vector, sealed, opened, and with every bit changed. */
static void box_of_step(struct vector *t, uint8_t step, const char *message, const char *key,
                        const char *nonce_name, const char *box)
{
    pse_check_key k;
    uint8_t nonce[24];
    size_t n;
    size_t box_n;
    uint8_t *plain = hex_all(&n, t->v, message);
    uint8_t *want = hex_all(&box_n, t->v, box);
    uint8_t *have = malloc(box_n);
    uint8_t *back = malloc(n);

    vectors_hex(k.b, 32, t->v, key);
    vectors_hex(nonce, 24, t->v, nonce_name);
    assert_int_equal(box_n, n + PSE_CHECK_OVERHEAD);
    pse_check_seal(have, &k, nonce, &t->joint.eid, &t->leaf_hash, step, pse_span(plain, n));
    assert_memory_equal(have, want, box_n);
    assert_int_equal(
        pse_check_open(back, &k, &t->joint.eid, &t->leaf_hash, step, pse_span(have, box_n)),
        PSE_OK);
    assert_memory_equal(back, plain, n);
    assert_int_equal(pse_check_open(back, &k, &t->joint.eid, &t->leaf_hash, (uint8_t)(step % 3 + 1),
                                    pse_span(have, box_n)),
                     PSE_E_PROOF);
    assert_int_equal(
        pse_check_open(back, &k, &t->leaf_hash, &t->joint.eid, step, pse_span(have, box_n)),
        PSE_E_PROOF);
    for (size_t bit = 0; bit < 8 * box_n; bit++) {
        have[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(
            pse_check_open(back, &k, &t->joint.eid, &t->leaf_hash, step, pse_span(have, box_n)),
            PSE_E_PROOF);
        have[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(pse_check_open(back, &k, &t->joint.eid, &t->leaf_hash, step,
                                    pse_span(have, PSE_CHECK_OVERHEAD - 1)),
                     PSE_E_LENGTH);
    free(plain);
    free(want);
    free(have);
    free(back);
}

static void boxes_known_answers(void **state)
{
    struct vector *t = *state;

    box_of_step(t, 1, "message1", "k1", "nonce1", "box1");
    box_of_step(t, 2, "nu", "k2", "nonce2", "box2");
    box_of_step(t, 3, "message3", "k3", "nonce3", "box3");
}

static pse_rc judge_message1(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    pse_enc x;

    return pse_check_message1_verify(t->g, &x, &t->joint.eid, &t->leaf_hash, bytes);
}

static void message1(void **state)
{
    static const uint8_t zero[32];
    struct vector *t = *state;
    pse_secret x = secret_member(t->v, "x");
    pse_secret nonce = secret_member(t->v, "pok_nonce");
    uint8_t m[PSE_CHECK_MESSAGE1_SIZE];

    pse_check_message1_make(t->g, m, &t->joint.eid, &t->leaf_hash, &x, &nonce);
    assert_hex_member(m, sizeof m, t->v, "message1");
    refuses_every_change(judge_message1, t, m, sizeof m, false);
    refuses_field(judge_message1, t, m, sizeof m, 0, zero, PSE_E_ENCODING);
    refuses_field(judge_message1, t, m, sizeof m, 32, zero, PSE_E_ENCODING);
    refuses_field(judge_message1, t, m, sizeof m, 64, order_bytes, PSE_E_ENCODING);
    t->leaf_hash.b[0] ^= 1;
    assert_int_equal(judge_message1(t, pse_span(m, sizeof m)), PSE_E_PROOF);
    t->leaf_hash.b[0] ^= 1;
}

/* --- proof ------------------------------------------------------------------------------------ */

static void proof_known_answer(void **state)
{
    struct vector *t = *state;
    json_t *ballot = vectors_load("psephos1/ballot-ranking.json");
    json_t *parts = json_object_get(ballot, "parts");
    pse_secret r[4];
    pse_secret random[3];
    uint8_t proof[PSE_CHECK_PROOF_SIZE];

    secret_list(r, 3, json_object_get(json_array_get(parts, 0), "r"));
    secret_list(r + 3, 1, json_object_get(json_array_get(parts, 1), "r"));
    secret_list(random, 3, json_object_get(t->v, "proof_randomness_omega_c1_z1"));
    assert_int_equal(pse_check_prove(&t->joint, proof, &t->claim, r, random), PSE_OK);
    assert_memory_equal(proof, t->proof, sizeof proof);
    assert_int_equal(pse_check_verify(&t->joint, &t->claim, proof), PSE_OK);
    json_decref(ballot);
}

static void forgery_known_answer(void **state)
{
    struct vector *t = *state;
    json_t *f = json_object_get(t->v, "forgery");
    json_t *lie = json_object_get(t->v, "false_claim");
    struct pse_check_claim claim = t->claim;
    pse_secret x = secret_member(t->v, "x");
    pse_secret random[3];
    uint8_t choices[33];
    uint8_t proof[PSE_CHECK_PROOF_SIZE];

    vectors_hex(choices, sizeof choices, f, "choices");
    claim.choices = pse_span(choices, sizeof choices);
    secret_list(random, 3, json_object_get(f, "randomness_c0_z0_omega"));
    assert_int_equal(pse_check_forge(&t->joint, proof, &claim, &x, random), PSE_OK);
    assert_hex_member(proof, sizeof proof, f, "proof");
    assert_int_equal(pse_check_verify(&t->joint, &claim, proof), PSE_OK);

    vectors_hex(choices, sizeof choices, lie, "choices");
    vectors_hex(proof, sizeof proof, lie, "proof");
    assert_int_equal(pse_check_verify(&t->joint, &claim, proof), PSE_E_PROOF);
    assert_int_equal(pse_check_verify(&t->joint, &t->claim, proof), PSE_OK);
}

static pse_rc judge_proof(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;

    return pse_check_verify(&t->joint, &t->claim, bytes.p);
}

static pse_rc judge_choices(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_check_claim claim = t->claim;

    claim.choices = bytes;
    return pse_check_verify(&t->joint, &claim, t->proof);
}

static pse_rc judge_ciphertexts(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_check_claim claim = t->claim;

    claim.ciphertexts = bytes;
    return pse_check_verify(&t->joint, &claim, t->proof);
}

static void every_bit_counts(void **state)
{
    static const uint8_t zero[32];
    struct vector *t = *state;
    pse_hash eid = t->joint.eid;

    refuses_every_change(judge_proof, t, t->proof, sizeof t->proof, true);
    refuses_every_change(judge_choices, t, t->choices, sizeof t->choices, false);
    refuses_every_change(judge_ciphertexts, t, t->ciphertexts, sizeof t->ciphertexts, false);
    for (size_t at = 0; at + 32 < sizeof t->proof; at += 32)
        refuses_exchange(judge_proof, t, t->proof, sizeof t->proof, at, at + 32);
    for (size_t at = 0; at + 32 < sizeof t->ciphertexts; at += 32)
        refuses_exchange(judge_ciphertexts, t, t->ciphertexts, sizeof t->ciphertexts, at, at + 32);
    refuses_field(judge_proof, t, t->proof, sizeof t->proof, 0, zero, PSE_E_PROOF);
    refuses_field(judge_proof, t, t->proof, sizeof t->proof, 32, zero, PSE_E_PROOF);
    refuses_field(judge_proof, t, t->proof, sizeof t->proof, 64, zero, PSE_E_ENCODING);
    for (size_t at = 96; at < sizeof t->proof; at += 32)
        refuses_field(judge_proof, t, t->proof, sizeof t->proof, at, order_bytes, PSE_E_ENCODING);
    t->claim.leaf_hash.b[5] ^= 1;
    assert_int_equal(judge_proof(t, pse_span(t->proof, 192)), PSE_E_PROOF);
    t->claim.leaf_hash.b[5] ^= 1;
    t->claim.x = t->w;
    assert_int_equal(judge_proof(t, pse_span(t->proof, 192)), PSE_E_PROOF);
    t->claim.x = t->x;
    t->joint.eid.b[0] ^= 1;
    assert_int_equal(judge_proof(t, pse_span(t->proof, 192)), PSE_E_PROOF);
    t->joint.eid = eid;
    assert_int_equal(judge_proof(t, pse_span(t->proof, 192)), PSE_OK);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qr_known_answer),     cmocka_unit_test(qr_has_one_form),
        cmocka_unit_test(bad_qrs_fail),        cmocka_unit_test(keys_known_answers),
        cmocka_unit_test(boxes_known_answers), cmocka_unit_test(message1),
        cmocka_unit_test(proof_known_answer),  cmocka_unit_test(forgery_known_answer),
        cmocka_unit_test(every_bit_counts),
    };

    if (!backend_choose(argc, argv))
        return 0;
    return cmocka_run_group_tests(tests, start, stop);
}
