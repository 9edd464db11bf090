/* Strict Ed25519: the vectors, RFC 8032, and every non-canonical or small-order point there is. */
#include <sodium.h>

#include "codec/codec.h"
#include "merkle/ed25519.h"

#include "vectors.h"

static void all_vectors(void **state)
{
    json_t *root = vectors_load("psephos1/ed25519.json");
    size_t i;
    json_t *c;

    (void)state;
    json_array_foreach(json_object_get(root, "cases"), i, c)
    {
        const char *note = json_string_value(json_object_get(c, "note"));
        bool accept = json_is_true(json_object_get(c, "accept"));
        bool valid = json_is_true(json_object_get(c, "key_valid"));
        uint8_t message[7], sig[64];
        pse_edkey key;
        pse_rc rc;

        vectors_hex(key.b, 32, c, "key");
        vectors_hex(message, sizeof message, c, "message");
        vectors_hex(sig, 64, c, "signature");
        rc = pse_ed25519_verify(&key, pse_span(message, sizeof message), sig);
        if (rc != (accept ? PSE_OK : PSE_E_SIGNATURE))
            fail_msg("%s: signature %s", note, pse_rc_name(rc));
        if (pse_edkey_is_valid(&key) != valid)
            fail_msg("%s: key", note);
    }
    assert_int_equal(i, 8);
    json_decref(root);
}

/* RFC 8032 section 7.1, tests 1 and 2. */
static void rfc_8032(void **state)
{
    static const struct {
        const char *seed, *key, *message, *sig;
    } cases[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9"
         "b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0f1"
         "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t message[1], want[64], sig[64];
        size_t n = strlen(cases[i].message) / 2;
        pse_edkey key, want_key;
        pse_seed seed = {.away = NULL};

        assert_int_equal(pse_hex_decode(seed.b, 32, pse_span_str(cases[i].seed)), PSE_OK);
        assert_int_equal(pse_hex_decode(want_key.b, 32, pse_span_str(cases[i].key)), PSE_OK);
        assert_int_equal(pse_hex_decode(message, n, pse_span_str(cases[i].message)), PSE_OK);
        assert_int_equal(pse_hex_decode(want, 64, pse_span_str(cases[i].sig)), PSE_OK);
        pse_ed25519_public(&key, &seed);
        assert_true(pse_edkey_is_equal(&key, &want_key));
        assert_true(pse_edkey_is_valid(&key));
        assert_int_equal(pse_ed25519_sign(sig, &seed, pse_span(n > 0 ? message : NULL, n)), PSE_OK);
        assert_memory_equal(sig, want, 64);
        assert_int_equal(pse_ed25519_verify(&key, pse_span(n > 0 ? message : NULL, n), sig),
                         PSE_OK);
    }
}

/* Every bit of signature, key and message counts. */
static void any_flipped_bit_is_refused(void **state)
{
    uint8_t message[5] = "vote";
    pse_seed seed = {{3}};
    uint8_t sig[64];
    pse_edkey key;

    (void)state;
    pse_ed25519_public(&key, &seed);
    assert_int_equal(pse_ed25519_sign(sig, &seed, pse_span(message, sizeof message)), PSE_OK);
    for (size_t bit = 0; bit < 8 * (64 + 32 + 5); bit++) {
        uint8_t *at = bit < 512   ? &sig[bit / 8]
                      : bit < 768 ? &key.b[bit / 8 - 64]
                                  : &message[bit / 8 - 96];

        *at ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(pse_ed25519_verify(&key, pse_span(message, 5), sig), PSE_E_SIGNATURE);
        *at ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(pse_ed25519_verify(&key, pse_span(message, 5), sig), PSE_OK);
}

/* The eight points of small order and their non-canonical forms (y, or y + p where that fits, with
 * either sign bit). From the curve's definition: y in {0, 1, -1, two roots}. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
};

/* A = order 8 or less, R = order 8 or less, S = 0: S·B = R + k·A would often hold. */
static void small_order_points_are_refused(void **state)
{
    size_t n = sizeof small_order / sizeof *small_order;

    (void)state;
    for (size_t i = 0; i < 2 * n; i++) {
        uint8_t sig[64] = {0};
        pse_edkey key;

        assert_int_equal(pse_hex_decode(key.b, 32, pse_span_str(small_order[i / 2])), PSE_OK);
        key.b[31] ^= (uint8_t)(i % 2 << 7);
        assert_false(pse_edkey_is_valid(&key));
        for (size_t j = 0; j < 2 * n; j++) {
            assert_int_equal(pse_hex_decode(sig, 32, pse_span_str(small_order[j / 2])), PSE_OK);
            sig[31] ^= (uint8_t)(j % 2 << 7);
            for (uint8_t m = 0; m < 16; m++)
                assert_int_equal(pse_ed25519_verify(&key, pse_span(&m, 1), sig), PSE_E_SIGNATURE);
        }
    }
}

/* A signature whose R is of small order, made with the secret key: R = 0, S = k·a. */
static void own_signature_with_small_r_is_refused(void **state)
{
    pse_seed seed = {{9}};
    uint8_t wide[64], a[32], k[32], message[1] = {'m'};
    uint8_t sig[64] = {1};
    pse_sha512_stream h;
    pse_edkey key;

    (void)state;
    pse_ed25519_public(&key, &seed);
    pse_sha512(wide, pse_span(seed.b, 32));
    memcpy(a, wide, 32);
    a[0] &= 248;
    a[31] = (uint8_t)((a[31] & 63) | 64);
    pse_sha512_init(&h);
    pse_sha512_add(&h, sig, 32);
    pse_sha512_add(&h, key.b, 32);
    pse_sha512_add(&h, message, 1);
    pse_sha512_final(wide, &h);
    crypto_core_ed25519_scalar_reduce(k, wide);
    crypto_core_ed25519_scalar_mul(sig + 32, k, a);
    assert_int_equal(pse_ed25519_verify(&key, pse_span(message, 1), sig), PSE_E_SIGNATURE);
}

/* A + T for every T of small order other than the identity: on the curve, canonical, of large
 * order, and not valid. */
static void keys_with_a_small_component_are_invalid(void **state)
{
    size_t added = 0;

    (void)state;
    for (uint8_t number = 1; number < 5; number++) {
        pse_seed seed = {{number}};
        pse_edkey key;

        pse_ed25519_public(&key, &seed);
        assert_true(pse_edkey_is_valid(&key));
        for (size_t i = 0; i < 2 * sizeof small_order / sizeof *small_order; i++) {
            pse_edkey mixed;
            uint8_t t[32];

            assert_int_equal(pse_hex_decode(t, 32, pse_span_str(small_order[i / 2])), PSE_OK);
            t[31] ^= (uint8_t)(i % 2 << 7);
            if (crypto_core_ed25519_add(mixed.b, key.b, t) != 0 || pse_edkey_is_equal(&mixed, &key))
                continue;
            added++;
            assert_false(pse_edkey_is_valid(&mixed));
        }
    }
    assert_true(added >= 4 * 7);
}

static void non_canonical_keys_are_invalid(void **state)
{
    (void)state;
    for (unsigned low = 0xed; low <= 0xff; low++) {
        pse_edkey key;

        memset(key.b, 0xff, 32);
        key.b[0] = (uint8_t)low;
        assert_false(pse_edkey_is_valid(&key));
        key.b[31] = 0x7f;
        assert_false(pse_edkey_is_valid(&key));
    }
}

/* A device that holds a key: honest, silent, or false. */
struct device {
    pse_seed seed;
    pse_rc rc;
    uint8_t flip;
};

static pse_rc device_sign(void *ctx, uint8_t sig[64], struct pse_span message)
{
    struct device *d = ctx;

    if (d->rc != PSE_OK)
        return d->rc;
    PSE_TRY(pse_ed25519_sign(sig, &d->seed, message));
    sig[40] ^= d->flip;
    return PSE_OK;
}

static void a_key_that_is_away(void **state)
{
    static const uint8_t zero[64];
    struct device d = {.seed = {{7}}};
    struct pse_away away = {.ctx = &d, .sign = device_sign};
    const pse_seed seed = {.away = &away};
    uint8_t sig[64], own[64];
    pse_edkey key;

    (void)state;
    pse_ed25519_public(&away.key, &d.seed);
    pse_ed25519_public(&key, &seed);
    assert_true(pse_edkey_is_equal(&key, &away.key));
    assert_int_equal(pse_ed25519_sign(own, &d.seed, pse_span_str("vote")), PSE_OK);
    assert_int_equal(pse_ed25519_sign(sig, &seed, pse_span_str("vote")), PSE_OK);
    assert_memory_equal(sig, own, 64);
    d.flip = 1;
    assert_int_equal(pse_ed25519_sign(sig, &seed, pse_span_str("vote")), PSE_E_SIGNATURE);
    assert_memory_equal(sig, zero, 64);
    d = (struct device){.seed = {{8}}}; /* another key than it says */
    assert_int_equal(pse_ed25519_sign(sig, &seed, pse_span_str("vote")), PSE_E_SIGNATURE);
    d.rc = PSE_E_IO;
    assert_int_equal(pse_ed25519_sign(sig, &seed, pse_span_str("vote")), PSE_E_IO);
    assert_memory_equal(sig, zero, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_vectors),
        cmocka_unit_test(rfc_8032),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(small_order_points_are_refused),
        cmocka_unit_test(own_signature_with_small_r_is_refused),
        cmocka_unit_test(keys_with_a_small_component_are_invalid),
        cmocka_unit_test(non_canonical_keys_are_invalid),
        cmocka_unit_test(a_key_that_is_away),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
