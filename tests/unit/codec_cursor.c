/* Cursors and hashes: every field round-trips, every missing or surplus byte is refused. */
#include "codec/codec.h"

#include "test.h"

static void fields_round_trip(void **state)
{
    static const uint8_t want[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                                   0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 2,
                                   'h',  'i',  0x00, 0x03, 'y',  'o',  'u',  0x00};
    struct pse_buf b = PSE_BUF(100);
    struct pse_rd r;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    struct pse_span s;

    (void)state;
    pse_wr_u8(&b, 0x01);
    pse_wr_u16(&b, 0x0203);
    pse_wr_u32(&b, 0x04050607);
    pse_wr_u64(&b, 0x08090a0b0c0d0e0f);
    pse_wr_v8(&b, pse_span_str("hi"));
    pse_wr_v16(&b, pse_span_str("you"));
    pse_wr_v8(&b, pse_span(NULL, 0));
    assert_int_equal(b.rc, PSE_OK);
    assert_int_equal(b.n, sizeof want);
    assert_memory_equal(b.p, want, sizeof want);

    r = pse_rd(pse_buf_span(&b));
    assert_int_equal(pse_rd_u8(&u8, &r), PSE_OK);
    assert_int_equal(u8, 0x01);
    assert_int_equal(pse_rd_u16(&u16, &r), PSE_OK);
    assert_int_equal(u16, 0x0203);
    assert_int_equal(pse_rd_u32(&u32, &r), PSE_OK);
    assert_int_equal(u32, 0x04050607);
    assert_int_equal(pse_rd_u64(&u64, &r), PSE_OK);
    assert_true(u64 == 0x08090a0b0c0d0e0f);
    assert_int_equal(pse_rd_v8(&s, &r), PSE_OK);
    assert_true(pse_span_is_str(s, "hi"));
    assert_int_equal(pse_rd_v16(&s, &r), PSE_OK);
    assert_true(pse_span_is_str(s, "you"));
    assert_int_equal(pse_rd_end(&r), PSE_E_LENGTH);
    assert_int_equal(pse_rd_v8(&s, &r), PSE_OK);
    assert_int_equal(s.n, 0);
    assert_int_equal(pse_rd_end(&r), PSE_OK);
    pse_buf_free(&b);
}

static void short_input_is_refused_and_nothing_moves(void **state)
{
    uint8_t bytes[40] = {0xff, 0xff, 0xff};
    uint8_t u8 = 77;
    uint16_t u16 = 77;
    uint32_t u32 = 77;
    uint64_t u64 = 77;
    pse_hash h;
    struct pse_span s;

    (void)state;
    for (size_t n = 0; n < 40; n++) {
        struct pse_rd r = pse_rd(pse_span(bytes, n));

        assert_int_equal(pse_rd_u8(&u8, &r) == PSE_OK, n >= 1);
        r = pse_rd(pse_span(bytes, n));
        assert_int_equal(pse_rd_u16(&u16, &r) == PSE_OK, n >= 2);
        r = pse_rd(pse_span(bytes, n));
        assert_int_equal(pse_rd_u32(&u32, &r) == PSE_OK, n >= 4);
        r = pse_rd(pse_span(bytes, n));
        assert_int_equal(pse_rd_u64(&u64, &r) == PSE_OK, n >= 8);
        r = pse_rd(pse_span(bytes, n));
        assert_int_equal(pse_rd_hash(&h, &r) == PSE_OK, n >= 32);
        r = pse_rd(pse_span(bytes, n));
        assert_int_equal(pse_rd_v8(&s, &r), PSE_E_LENGTH);
        assert_int_equal(pse_rd_left(&r), n);
        assert_int_equal(pse_rd_v16(&s, &r), PSE_E_LENGTH);
        assert_int_equal(pse_rd_left(&r), n);
        assert_int_equal(pse_rd_bytes(&s, &r, n + 1), PSE_E_LENGTH);
        assert_int_equal(pse_rd_bytes(&s, &r, SIZE_MAX), PSE_E_LENGTH);
        assert_int_equal(pse_rd_bytes(&s, &r, n), PSE_OK);
        assert_int_equal(pse_rd_end(&r), PSE_OK);
    }
}

static void empty_message(void **state)
{
    struct pse_rd r = pse_rd(pse_span(NULL, 0));
    struct pse_span s;

    (void)state;
    assert_int_equal(pse_rd_left(&r), 0);
    assert_int_equal(pse_rd_end(&r), PSE_OK);
    assert_int_equal(pse_rd_bytes(&s, &r, 0), PSE_OK);
    assert_int_equal(pse_rd_bytes(&s, &r, 1), PSE_E_LENGTH);
}

/* FIPS 180-4 example messages: "abc" and the empty string. */
static void hash_known_answers(void **state)
{
    pse_hash h;
    uint8_t wide[64];
    char hex[129];
    pse_sha256_stream s256;
    pse_sha512_stream s512;

    (void)state;
    pse_sha256(&h, pse_span_str("abc"));
    pse_hex_encode(hex, h.b, 32);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    pse_sha256(&h, pse_span(NULL, 0));
    pse_hex_encode(hex, h.b, 32);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    pse_sha512(wide, pse_span_str("abc"));
    pse_hex_encode(hex, wide, 64);
    assert_string_equal(hex, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                             "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");

    pse_sha256_init(&s256);
    pse_sha256_add(&s256, "a", 1);
    pse_sha256_add(&s256, NULL, 0);
    pse_sha256_add(&s256, "bc", 2);
    pse_sha256_final(&h, &s256);
    pse_hex_encode(hex, h.b, 32);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    pse_sha512_init(&s512);
    pse_sha512_add(&s512, "ab", 2);
    pse_sha512_add(&s512, "c", 1);
    pse_sha512_final(wide, &s512);
    pse_hex_encode(hex, wide, 4);
    assert_string_equal(hex, "ddaf35a1");
    pse_sha512_stream_wipe(&s512);
    pse_sha256_stream_wipe(&s256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_round_trip),
        cmocka_unit_test(short_input_is_refused_and_nothing_moves),
        cmocka_unit_test(empty_message),
        cmocka_unit_test(hash_known_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
