/* CBOR: the canonical form of CTAP2 is read, everything else is refused, and nothing moves then. */
#include "codec/codec.h"
#include "test.h"

/* Hexadecimal into bytes. */
static struct pse_span bytes_of(uint8_t out[256], const char *hex)
{
    size_t n = strlen(hex) / 2;

    assert_true(n <= 256);
    assert_int_equal(pse_hex_decode(out, n, pse_span_str(hex)), PSE_OK);
    return pse_span(out, n);
}

static void check_item(const char *hex, pse_rc expected)
{
    uint8_t bytes[256];
    struct pse_span in = bytes_of(bytes, hex), item;
    struct pse_rd r = pse_rd(in);
    pse_rc rc = pse_cbor_item(&item, &r);

    if (rc != expected)
        print_message("# %s: %s\n", hex, pse_rc_name(rc));
    assert_int_equal(rc, expected);
    if (rc == PSE_OK) {
        assert_int_equal(item.n, in.n);
        assert_int_equal(pse_rd_end(&r), PSE_OK);
    } else {
        assert_ptr_equal(r.p, in.p);
    }
}

/* From the examples of RFC 8949, appendix A, those that are canonical here. */
static void items_are_taken_whole(void **state)
{
    static const char *const good[] = {
        "00",
        "17",
        "1818",
        "1903e8",
        "1a000f4240",
        "1b000000e8d4a51000",
        "1bffffffffffffffff",
        "20",
        "3903e7",
        "3bffffffffffffffff",
        "f4",
        "f5",
        "f6",
        "40",
        "4401020304",
        "60",
        "6161",
        "6449455446",
        "62c3bc",
        "80",
        "83010203",
        "8301820203820405",
        "a0",
        "a201020304",
        "a26161016162820203",
        "826161a161626163",
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_item(good[i], PSE_OK);
}

static void other_forms_are_refused(void **state)
{
    static const struct {
        const char *good, *bad;
        pse_rc rc;
    } row[] = {
        {"17", "1817", PSE_E_ENCODING}, /* numbers in more bytes than they need */
        {"18ff", "1900ff", PSE_E_ENCODING},
        {"19ffff", "1a0000ffff", PSE_E_ENCODING},
        {"1affffffff", "1b00000000ffffffff", PSE_E_ENCODING},
        {"37", "3817", PSE_E_ENCODING},
        {"4101", "580101", PSE_E_ENCODING}, /* lengths likewise */
        {"6161", "780161", PSE_E_ENCODING},
        {"8101", "980101", PSE_E_ENCODING},
        {"a10101", "b8010101", PSE_E_ENCODING},
        {"4101", "5f4101ff", PSE_E_ENCODING}, /* of no length */
        {"8101", "9f01ff", PSE_E_ENCODING},
        {"a10101", "bf0101ff", PSE_E_ENCODING},
        {"00", "1c", PSE_E_ENCODING}, /* reserved */
        {"f4", "ff", PSE_E_ENCODING},
        {"62c3bc", "62c3c3", PSE_E_ENCODING}, /* not UTF-8 */
        {"01", "c101", PSE_E_UNSUPPORTED},    /* a tag */
        {"f4", "f7", PSE_E_UNSUPPORTED},      /* undefined */
        {"f4", "f8ff", PSE_E_UNSUPPORTED},
        {"f4", "f0", PSE_E_UNSUPPORTED},
        {"01", "f93c00", PSE_E_UNSUPPORTED}, /* floating point */
        {"01", "fb3ff0000000000000", PSE_E_UNSUPPORTED},
        {"a201000200", "a202000100", PSE_E_ENCODING}, /* keys out of order */
        {"a201000200", "a201000100", PSE_E_DUPLICATE},
        {"a20100616100", "a26161000100", PSE_E_ENCODING},         /* numbers before texts */
        {"a2616200626161f4", "a2626161f4616200", PSE_E_ENCODING}, /* the shorter text first */
        {"a2010020f4", "a220f40100", PSE_E_ENCODING},
        {"a218180020f4", "a220f4181800", PSE_E_ENCODING}, /* by kind before length */
        {"a2181800190100f4", "a2190100f4181800", PSE_E_ENCODING},
        {"81818180", "8181818180", PSE_E_LIMIT}, /* too deep */
        {"a101a101a101a0", "a101a101a101a101a0", PSE_E_LIMIT},
        {"a181818000", "a18181818000", PSE_E_LIMIT}, /* also in a key */
        {"83010203", "830102", PSE_E_LENGTH},        /* not all of it */
        {"a10102", "a101", PSE_E_LENGTH},
        {"4401020304", "44010203", PSE_E_LENGTH},
        {"1903e8", "1903", PSE_E_LENGTH},
        {"80", "9bffffffffffffffff", PSE_E_LENGTH}, /* counts and lengths that cannot be */
        {"a0", "bbffffffffffffffff", PSE_E_LENGTH},
        {"40", "5bffffffffffffffff", PSE_E_LENGTH},
        {"60", "7bffffffffffffffff", PSE_E_LENGTH},
        {"00", "", PSE_E_LENGTH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        check_item(row[i].good, PSE_OK);
        check_item(row[i].bad, row[i].rc);
    }
}

static void each_reader_takes_its_kind(void **state)
{
    /* a map of a number, two booleans, a text, bytes and an array */
    static const char hex[] = "a6013903e702f503f404626869054201020682f6f6";
    uint8_t bytes[256];
    struct pse_rd r = pse_rd(bytes_of(bytes, hex)), before;
    struct pse_cbor_map m;
    struct pse_span key, s;
    int64_t x;
    size_t n;
    bool b;

    (void)state;
    assert_int_equal(pse_cbor_array(&n, &r), PSE_E_SYNTAX);
    assert_int_equal(pse_cbor_map(&m, &r), PSE_OK);
    assert_int_equal(m.left, 6);
    assert_int_equal(pse_cbor_key(&key, &m, &r), PSE_OK);
    assert_true(pse_cbor_key_is_int(key, 1) && !pse_cbor_key_is_int(key, -2));
    before = r;
    assert_int_equal(pse_cbor_bool(&b, &r), PSE_E_SYNTAX);
    assert_int_equal(pse_cbor_text(&s, &r), PSE_E_SYNTAX);
    assert_ptr_equal(r.p, before.p);
    assert_int_equal(pse_cbor_int(&x, &r), PSE_OK);
    assert_int_equal(x, -1000);
    assert_int_equal(pse_cbor_key(&key, &m, &r), PSE_OK);
    assert_int_equal(pse_cbor_int(&x, &r), PSE_E_SYNTAX);
    assert_int_equal(pse_cbor_bool(&b, &r), PSE_OK);
    assert_true(b);
    assert_int_equal(pse_cbor_key(&key, &m, &r), PSE_OK);
    assert_int_equal(pse_cbor_bool(&b, &r), PSE_OK);
    assert_false(b);
    assert_int_equal(pse_cbor_key(&key, &m, &r), PSE_OK);
    assert_int_equal(pse_cbor_bytes(&s, &r), PSE_E_SYNTAX);
    assert_int_equal(pse_cbor_text(&s, &r), PSE_OK);
    assert_true(pse_span_is_str(s, "hi"));
    assert_int_equal(pse_cbor_key(&key, &m, &r), PSE_OK);
    assert_int_equal(pse_cbor_bytes(&s, &r), PSE_OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(pse_cbor_key(&key, &m, &r), PSE_OK);
    assert_int_equal(pse_cbor_map(&m, &r), PSE_E_SYNTAX);
    m.left = 0;
    assert_int_equal(pse_cbor_array(&n, &r), PSE_OK);
    assert_int_equal(n, 2);
    assert_int_equal(pse_cbor_bool(&b, &r), PSE_E_SYNTAX); /* null is none */
    assert_int_equal(pse_cbor_item(&s, &r), PSE_OK);
    assert_int_equal(pse_cbor_item(&s, &r), PSE_OK);
    assert_int_equal(pse_cbor_key(&key, &m, &r), PSE_E_MISSING);
    assert_int_equal(pse_rd_end(&r), PSE_OK);
}

static void numbers_have_bounds(void **state)
{
    static const struct {
        const char *hex;
        int64_t x;
        pse_rc rc;
    } row[] = {
        {"1b7fffffffffffffff", INT64_MAX, PSE_OK},
        {"1b8000000000000000", 0, PSE_E_RANGE},
        {"3b7fffffffffffffff", INT64_MIN, PSE_OK},
        {"3b8000000000000000", 0, PSE_E_RANGE},
        {"26", -7, PSE_OK},
    };
    uint8_t bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct pse_rd r = pse_rd(bytes_of(bytes, row[i].hex));
        int64_t x = 0;

        assert_int_equal(pse_cbor_int(&x, &r), row[i].rc);
        assert_true(x == row[i].x);
    }
}

static void keys_in_order(void **state)
{
    static const struct {
        const char *hex;
        pse_rc second;
    } row[] = {
        {"a2636161610063616162f4", PSE_OK},
        {"a2636161620063616161f4", PSE_E_ENCODING},
        {"a2636161610063616161f4", PSE_E_DUPLICATE},
        {"a2010003f4", PSE_OK},
        {"a203000120", PSE_E_ENCODING},
        {"a203000326", PSE_E_DUPLICATE},
    };
    uint8_t bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct pse_rd r = pse_rd(bytes_of(bytes, row[i].hex));
        struct pse_cbor_map m;
        struct pse_span key, value;

        assert_int_equal(pse_cbor_map(&m, &r), PSE_OK);
        assert_int_equal(pse_cbor_key(&key, &m, &r), PSE_OK);
        assert_int_equal(pse_cbor_item(&value, &r), PSE_OK);
        assert_int_equal(pse_cbor_key(&key, &m, &r), row[i].second);
    }
}

static void keys_are_compared_whole(void **state)
{
    uint8_t bytes[256];

    (void)state;
    assert_true(pse_cbor_key_is(bytes_of(bytes, "63666d74"), "fmt"));
    assert_false(pse_cbor_key_is(bytes_of(bytes, "63666d75"), "fmt"));
    assert_false(pse_cbor_key_is(bytes_of(bytes, "64666d7461"), "fmt"));
    assert_false(pse_cbor_key_is(bytes_of(bytes, "43666d74"), "fmt"));
    assert_true(pse_cbor_key_is_int(bytes_of(bytes, "22"), -3));
    assert_false(pse_cbor_key_is_int(bytes_of(bytes, "22"), 2));
    assert_false(pse_cbor_key_is_int(bytes_of(bytes, "1822"), -3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_taken_whole),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(each_reader_takes_its_kind),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(keys_in_order),
        cmocka_unit_test(keys_are_compared_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
