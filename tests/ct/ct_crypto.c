/* Room crypto in constant time: whoever encrypts, proves, signs, shuffles or decrypts, and the
 * ceremony. What is made public on purpose stands in declassified.supp. */
#include "crypto/crypto.h"
#include "ct.h"

static struct pse_group *group;
static struct pse_joint joint;
static struct pse_rng rng;
static pse_hash eid = {{9}};

static pse_secret hidden(void)
{
    pse_secret s;

    pse_secret_random(&s, &rng);
    CT_SECRET(s);
    return s;
}

static void hidden_n(pse_secret *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s[i] = hidden();
}

static void publish(void *p, size_t n)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

static void signing(void)
{
    pse_secret d = hidden();
    pse_secret nonce = hidden();
    pse_point p;
    pse_enc enc;
    uint8_t proof[PSE_POK_SIZE];
    struct pse_span x[2] = {pse_span(enc.b, 32), pse_span_str("ballot")};
    struct pse_statement s = {"ballot-sign", &eid, x, 2};

    pse_point_mul_base(group, &p, &d, 1);
    pse_point_encode(group, &enc, &p, 1);
    CT_PUBLIC(enc);
    CT_PUBLIC(p);
    pse_pok_prove_with(group, proof, &s, &d, &nonce);
    CT_PUBLIC(proof);
    CT_CHECK(pse_pok_verify(group, &s, &p, proof) == PSE_OK);
}

static void homomorphic_part(void)
{
    static const struct pse_hom_rule rule = {3, 2, 1, 2, true};
    PSE_ARENA(arena, 1u << 20);
    struct pse_part_context ctx = {{1}};
    struct pse_hom_random random;
    uint8_t values[3] = {0, 2, 0};
    uint8_t part[4096];
    size_t n = pse_hom_size(&rule);

    CT_CHECK(n <= sizeof part);
    CT_CHECK(pse_hom_random_draw(&random, &arena, &rule, &rng) == PSE_OK);
    hidden_n(random.r, rule.options);
    hidden_n(random.proof, random.proof_n);
    CT_SECRET(values);
    CT_CHECK(pse_hom_prove(&joint, part, &ctx, &rule, values, &random) == PSE_OK);
    CT_PUBLIC(part);
    CT_CHECK(pse_hom_verify(&joint, &ctx, &rule, pse_span(part, n), &rng) == PSE_OK);
}

static void mix_part(void)
{
    struct pse_part_context ctx = {{2}};
    uint8_t plaintext[60] = {2, 2, 4, 1};
    pse_secret r[2];
    pse_secret nonces[2];
    uint8_t part[256];

    hidden_n(r, 2);
    hidden_n(nonces, 2);
    CT_SECRET(plaintext);
    CT_CHECK(pse_mixpok_prove(&joint, part, &ctx, 2, plaintext, r, nonces) == PSE_OK);
    CT_PUBLIC(part);
    CT_CHECK(pse_mixpok_verify(&joint, &ctx, 2, pse_span(part, 256), &rng) == PSE_OK);
}

enum { ROWS = 5, WIDTH = 2, LIST = 64 * ROWS * WIDTH };

static void list_make(uint8_t *list)
{
    pse_secret k[2 * ROWS * WIDTH];
    pse_point p[2 * ROWS * WIDTH];

    pse_secret_random_n(k, 2 * ROWS * WIDTH, &rng);
    pse_point_mul_base(group, p, k, 2 * ROWS * WIDTH);
    pse_point_encode(group, (pse_enc *)list, p, 2 * ROWS * WIDTH);
}

static void shuffling(void)
{
    PSE_ARENA(arena, 1u << 20);
    struct pse_shuffle shuffle = {.seq = 1, .width = WIDTH, .rows = ROWS};
    struct pse_shuffle_random random;
    struct pse_shuffle_verdict verdict;
    uint8_t in[LIST];
    uint8_t out[LIST];
    uint8_t proof[160 * ROWS + 192 + 96 * WIDTH];

    list_make(in);
    pse_sha256(&shuffle.in_hash, pse_span(in, sizeof in));
    CT_CHECK(pse_shuffle_random_draw(&random, &arena, ROWS, WIDTH, &rng) == PSE_OK);
    (void)VALGRIND_MAKE_MEM_UNDEFINED(random.keys, ROWS * sizeof *random.keys);
    hidden_n(random.s, (size_t)ROWS * WIDTH);
    hidden_n(random.r, ROWS);
    hidden_n(random.q, ROWS);
    hidden_n(random.omega_hat, ROWS);
    hidden_n(random.omega_prime, ROWS);
    hidden_n(random.omega, 3);
    hidden_n(random.omega4, WIDTH);
    CT_CHECK(pse_shuffle_prove(&joint, &shuffle, out, proof, pse_span(in, sizeof in), &random,
                               NULL) == PSE_OK);
    CT_PUBLIC(shuffle);
    CT_PUBLIC(out);
    CT_PUBLIC(proof);
    CT_CHECK(pse_shuffle_verify(&joint, &verdict, &shuffle, pse_span(in, sizeof in),
                                pse_span(out, sizeof out), pse_span(proof, sizeof proof), &rng,
                                NULL) == PSE_OK);
}

static void decryption(void)
{
    struct pse_decrypt decrypt = {.trustee = 1, .m = ROWS * WIDTH};
    struct pse_decrypt_verdict verdict;
    pse_secret x = hidden();
    pse_secret nonce = hidden();
    pse_point v;
    uint8_t list[LIST];
    uint8_t d[LIST / 2];
    uint8_t proof[PSE_DECRYPT_PROOF_SIZE];

    list_make(list);
    pse_point_mul_base(group, &v, &x, 1);
    pse_point_encode(group, &decrypt.v, &v, 1);
    CT_PUBLIC(decrypt.v);
    CT_CHECK(pse_decrypt_prove(group, &eid, &decrypt, d, proof, pse_span(list, sizeof list), &x,
                               &nonce) == PSE_OK);
    CT_PUBLIC(decrypt);
    CT_PUBLIC(d);
    CT_PUBLIC(proof);
    CT_CHECK(pse_decrypt_verify(group, &eid, &verdict, &decrypt, pse_span(list, sizeof list),
                                pse_span(d, sizeof d), proof) == PSE_OK);
}

/* --- ceremony --------------------------------------------------------------------------------- */

enum { TRUSTEES = 3, THRESHOLD = 2 };

static struct pse_dkg *dkg;
static pse_secret share_secret[TRUSTEES];
static pse_dkg_secret polynomial[TRUSTEES];
static uint8_t shares[TRUSTEES][128 * (TRUSTEES - 1)];

static void reveals(void)
{
    pse_point p[TRUSTEES];
    pse_enc key[TRUSTEES];
    uint8_t body[32 * THRESHOLD + 64];

    hidden_n(share_secret, TRUSTEES);
    pse_point_mul_base(group, p, share_secret, TRUSTEES);
    pse_point_encode(group, key, p, TRUSTEES);
    CT_PUBLIC(key);
    CT_CHECK(pse_dkg_new(&dkg, group, &eid, TRUSTEES, THRESHOLD, key) == PSE_OK);
    for (unsigned i = 1; i <= TRUSTEES; i++) {
        pse_secret nonce = hidden();

        polynomial[i - 1].t = THRESHOLD;
        hidden_n(polynomial[i - 1].a, THRESHOLD);
        pse_dkg_reveal_make(dkg, body, i, &polynomial[i - 1], &nonce);
        CT_PUBLIC(body);
        CT_CHECK(pse_dkg_reveal_accept(dkg, i, pse_span(body, sizeof body)) == PSE_OK);
    }
}

static void ceremony(void)
{
    pse_secret r[2 * TRUSTEES];
    uint8_t body[PSE_DKG_COMPLAINT_SIZE];
    enum pse_dkg_fault fault;

    reveals();
    for (unsigned i = 1; i <= TRUSTEES; i++) {
        hidden_n(r, 2 * TRUSTEES);
        pse_dkg_shares_make(dkg, shares[i - 1], i, &polynomial[i - 1], r, r + TRUSTEES);
        publish(shares[i - 1], sizeof shares[i - 1]);
        CT_CHECK(pse_dkg_shares_check(dkg, i, pse_span(shares[i - 1], sizeof shares[0])) == PSE_OK);
    }
    for (unsigned j = 1; j <= TRUSTEES; j++) {
        pse_secret x;
        pse_secret s;
        pse_secret nonce = hidden();

        pse_dkg_share_own(&x, &polynomial[j - 1], j);
        for (unsigned i = 1; i <= TRUSTEES; i++) {
            if (i == j)
                continue;
            CT_CHECK(pse_dkg_share_open(dkg, &s, i, j, &share_secret[j - 1],
                                        pse_span(shares[i - 1], sizeof shares[0])) == PSE_OK);
            pse_secret_add(&x, &x, &s);
        }
        CT_CHECK(pse_dkg_confirm_make(dkg, body, j, &x, &nonce) == PSE_OK);
        publish(body, PSE_DKG_CONFIRM_SIZE);
        CT_CHECK(pse_dkg_confirm_check_proof(dkg, j, pse_span(body, PSE_DKG_CONFIRM_SIZE)) ==
                 PSE_OK);
    }
    pse_dkg_complaint_make(dkg, body, 1, 2, &share_secret[1], pse_span(shares[0], sizeof shares[0]),
                           r);
    CT_PUBLIC(body);
    CT_CHECK(pse_dkg_complaint_check(dkg, &fault, 2, pse_span(body, sizeof body),
                                     pse_span(shares[0], sizeof shares[0])) == PSE_OK);
    CT_CHECK(fault == PSE_FAULT_COMPLAINANT);
    pse_dkg_free(dkg);
}

/* --- check ------------------------------------------------------------------------------------ */

static void second_device(void)
{
    struct pse_check_part part = {false, 2};
    uint8_t choices[2] = {1, 0};
    uint8_t ciphertexts[128];
    struct pse_check_claim claim = {.ciphertexts = pse_span(ciphertexts, sizeof ciphertexts),
                                    .parts = &part,
                                    .parts_n = 1,
                                    .choices = pse_span(choices, sizeof choices)};
    pse_secret v[2];
    pse_secret r[2];
    pse_secret random[3];
    pse_point a[2];
    pse_point b[2];
    pse_check_key k = {{4}};
    pse_check_key k3;
    uint8_t proof[PSE_CHECK_PROOF_SIZE];
    pse_secret x = hidden();
    pse_secret nonce = hidden();
    uint8_t message[PSE_CHECK_MESSAGE1_SIZE];

    pse_check_message1_make(group, message, &eid, &claim.leaf_hash, &x, &nonce);
    CT_PUBLIC(message);
    CT_CHECK(pse_check_message1_verify(group, &claim.x, &eid, &claim.leaf_hash,
                                       pse_span(message, sizeof message)) == PSE_OK);
    hidden_n(r, 2);
    hidden_n(random, 3);
    for (int i = 0; i < 2; i++)
        pse_secret_set_u64(&v[i], choices[i]);
    pse_elgamal_encrypt_values(&joint, a, b, v, r, 2);
    pse_elgamal_encode(group, ciphertexts, a, b, 2);
    CT_PUBLIC(ciphertexts);
    CT_SECRET(choices);
    CT_SECRET(k);
    CT_CHECK(pse_check_prove(&joint, proof, &claim, r, random) == PSE_OK);
    CT_CHECK(pse_check_key3(group, &k3, &eid, &k, &claim.leaf_hash, &claim.x, &claim.x, &x,
                            &claim.x) == PSE_OK);
    CT_PUBLIC(proof);
    CT_PUBLIC(choices);
    CT_CHECK(pse_check_verify(&joint, &claim, proof) == PSE_OK);
}

int main(int argc, char **argv)
{
    uint8_t seed[32] = {11};
    uint8_t y[32];
    pse_enc enc;
    pse_point p;

    if (ct_leaks_on_purpose(argc, argv))
        return 0;
    pse_rng_init(&rng, seed);
    CT_CHECK(pse_group_new(&group, PSE_BACKEND_PORTABLE, NULL) == PSE_OK);
    pse_generators(group, &p, 77, 1);
    pse_point_encode(group, &enc, &p, 1);
    memcpy(y, enc.b, 32);
    CT_CHECK(pse_joint_init(&joint, group, &eid, y) == PSE_OK);
    signing();
    homomorphic_part();
    mix_part();
    shuffling();
    decryption();
    ceremony();
    second_device();
    pse_joint_clear(&joint);
    pse_group_free(group);
    return 0;
}
