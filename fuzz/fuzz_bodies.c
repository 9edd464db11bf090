/* Everything in room crypto that judges bytes from outside: ballot parts, ceremony bodies,
 * shuffles, decryption, boxes and check messages. The first byte picks the judge. None may accept
 * (nobody fuzzes a proof), or read beyond its bytes. */
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TRUSTEES = 3, THRESHOLD = 2, ROWS = 3, WIDTH = 2, CIPHERTEXTS = ROWS * WIDTH };

static struct pse_group *group;
static struct pse_joint joint;
static struct pse_dkg *dkg;
static struct pse_rng rng;
static uint8_t shares[128 * (TRUSTEES - 1)];
static uint8_t list[64 * CIPHERTEXTS];
static const pse_hash eid = {{3}};
static const struct pse_part_context context;

static void points_make(uint8_t *out, size_t n)
{
    pse_point p;
    pse_enc enc;

    for (size_t i = 0; i < n; i++) {
        pse_generators(group, &p, (uint32_t)i + 1, 1);
        pse_point_encode(group, &enc, &p, 1);
        memcpy(out + 32 * i, enc.b, 32);
    }
}

static void ceremony_make(void)
{
    pse_enc keys[TRUSTEES];
    pse_dkg_secret secret;
    pse_secret k[2 * TRUSTEES];
    uint8_t body[32 * THRESHOLD + PSE_POK_SIZE];

    points_make(keys[0].b, TRUSTEES);
    PSE_REQUIRE(pse_dkg_new(&dkg, group, &eid, TRUSTEES, THRESHOLD, keys) == PSE_OK);
    pse_secret_random_n(k, 2 * TRUSTEES, &rng);
    for (unsigned i = TRUSTEES; i >= 1; i--) {
        pse_dkg_secret_random(&secret, THRESHOLD, &rng);
        pse_dkg_reveal_make(dkg, body, i, &secret, k);
        PSE_REQUIRE(pse_dkg_reveal_accept(dkg, i, pse_span(body, sizeof body)) == PSE_OK);
    }
    pse_dkg_shares_make(dkg, shares, 1, &secret, k, k + TRUSTEES);
}

static void start(void)
{
    uint8_t seed[32] = {1};

    pse_rng_init(&rng, seed);
    PSE_REQUIRE(pse_group_new(&group, PSE_BACKEND_PORTABLE, NULL) == PSE_OK);
    points_make(list, 2 * CIPHERTEXTS);
    PSE_REQUIRE(pse_joint_init(&joint, group, &eid, list) == PSE_OK);
    ceremony_make();
}

static void ballot_parts(struct pse_span in)
{
    static const struct pse_hom_rule rules[] = {
        {1, 1, 0, 1, false}, {3, 1, 1, 1, false}, {2, 3, 2, 4, true}};

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        PSE_REQUIRE(pse_hom_verify(&joint, &context, &rules[i], in, &rng) != PSE_OK);
    for (unsigned w = 1; w <= 2; w++)
        PSE_REQUIRE(pse_mixpok_verify(&joint, &context, w, in, &rng) != PSE_OK);
}

/* Input may pass here or not: nothing but a crash is a finding. */
static void either(pse_rc rc)
{
    (void)rc;
}

static void ceremony_bodies(struct pse_span in)
{
    pse_enc keys[TRUSTEES];
    struct pse_dkg *fresh;
    enum pse_dkg_fault fault;

    points_make(keys[0].b, TRUSTEES);
    PSE_REQUIRE(pse_dkg_new(&fresh, group, &eid, TRUSTEES, THRESHOLD, keys) == PSE_OK);
    PSE_REQUIRE(pse_dkg_reveal_accept(fresh, 1, in) != PSE_OK);
    pse_dkg_free(fresh);
    PSE_REQUIRE(pse_dkg_shares_check(dkg, 2, in) != PSE_OK);
    PSE_REQUIRE(pse_dkg_complaint_check(dkg, &fault, 2, in, pse_span(shares, sizeof shares)) !=
                PSE_OK);
    PSE_REQUIRE(pse_dkg_confirm_check_proof(dkg, 1, in) != PSE_OK);
    either(pse_dkg_confirm_check_keys(dkg, 1, in)); /* checks no proof */
}

static void shuffle_blobs(struct pse_span in)
{
    struct pse_shuffle shuffle = {.rows = ROWS, .width = WIDTH};
    struct pse_shuffle_verdict v;
    size_t cut = in.n < sizeof list ? in.n : sizeof list;

    PSE_REQUIRE(pse_shuffle_verify(&joint, &v, &shuffle, pse_span(list, sizeof list),
                                   pse_span(in.p, cut), pse_span(in.p + cut, in.n - cut), &rng,
                                   NULL) != PSE_OK);
}

static void decryption_blobs(struct pse_span in)
{
    struct pse_decrypt decrypt = {.trustee = 1, .m = CIPHERTEXTS};
    struct pse_decrypt_verdict v;
    uint8_t proof[PSE_DECRYPT_PROOF_SIZE] = {0};
    size_t cut = in.n < sizeof proof ? in.n : sizeof proof;
    struct pse_span rest = pse_span(in.p + cut, in.n - cut);
    const uint8_t index = 1;
    uint64_t count;

    memcpy(proof, in.p, cut);
    memcpy(decrypt.v.b, list, 32);
    PSE_REQUIRE(pse_decrypt_verify(group, &eid, &v, &decrypt, pse_span(list, sizeof list), rest,
                                   proof) != PSE_OK);
    either(pse_decrypt_check(group, rest, pse_span(list, sizeof list), &rest, &index, 1, &rng));
    either(pse_count_find_vt(group, &count, 1, rest, 100));
}

static void check_messages(struct pse_span in)
{
    struct pse_check_part part = {true, 1};
    struct pse_check_claim claim = {
        .ciphertexts = pse_span(list, 64), .parts = &part, .parts_n = 1};
    uint8_t proof[PSE_CHECK_PROOF_SIZE] = {0};
    size_t cut = in.n < sizeof proof ? in.n : sizeof proof;
    uint8_t message[4096];
    pse_check_key key = {{1}};
    pse_enc x;

    PSE_REQUIRE(pse_check_message1_verify(group, &x, &eid, &eid, in) != PSE_OK);
    if (in.n < sizeof message)
        PSE_REQUIRE(pse_check_open(message, &key, &eid, &eid, 1, in) != PSE_OK);
    memcpy(proof, in.p, cut);
    memcpy(claim.x.b, list, 32);
    claim.choices = pse_span(in.p + cut, in.n - cut);
    PSE_REQUIRE(pse_check_verify(&joint, &claim, proof) != PSE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const judges[])(struct pse_span) = {ballot_parts, ceremony_bodies, shuffle_blobs,
                                                      decryption_blobs, check_messages};

    if (group == NULL)
        start();
    if (size > 0)
        judges[data[0] % (sizeof judges / sizeof *judges)](pse_span(data + 1, size - 1));
    return 0;
}
