/* Text encodings and UTF-8: what is accepted encodes back to the same bytes; what is escaped for
 * display is safe to display. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_HERE = 65536 };

static uint8_t bytes[SIZE_MAX_HERE];

static void numbers(struct pse_span in)
{
    char text[PSE_DECIMAL_TEXT];
    uint64_t x;

    if (pse_decimal_decode(&x, in) == PSE_OK) {
        pse_decimal_encode(text, x);
        PSE_REQUIRE(pse_span_is_str(in, text));
    }
}

static void binary_encodings(struct pse_span in)
{
    struct pse_buf b = PSE_BUF(4 * SIZE_MAX_HERE);
    size_t n;

    if (pse_hex_decode(bytes, in.n / 2, in) == PSE_OK) {
        pse_hex_put(&b, bytes, in.n / 2);
        PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&b), in));
    }
    b.n = 0;
    if (pse_base64_check(&n, in) == PSE_OK) {
        PSE_REQUIRE(pse_base64_decode(bytes, n, in) == PSE_OK);
        pse_base64_put(&b, bytes, n);
        PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&b), in));
    }
    b.n = 0;
    if (pse_base64url_check(&n, in) == PSE_OK) {
        PSE_REQUIRE(pse_base64url_decode(bytes, n, in) == PSE_OK);
        pse_base64url_put(&b, bytes, n);
        PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&b), in));
    }
    pse_buf_free(&b);
}

static void codes(struct pse_span in, size_t n)
{
    char text[2 * PSE_CODE_BYTES_MAX];
    uint8_t code[PSE_CODE_BYTES_MAX];
    uint8_t typed[PSE_CODE_BYTES_MAX];

    if (pse_code_decode(code, n, in) == PSE_OK) {
        pse_code_encode(text, code, n);
        PSE_REQUIRE(pse_span_is_str(in, text));
        PSE_REQUIRE(pse_code_read(typed, n, in) == PSE_OK && memcmp(typed, code, n) == 0);
    }
    if (pse_code_read(typed, n, in) == PSE_OK) {
        pse_code_encode(text, typed, n);
        PSE_REQUIRE(pse_code_decode(code, n, pse_span_str(text)) == PSE_OK);
        PSE_REQUIRE(memcmp(typed, code, n) == 0);
    }
}

static void display(struct pse_span in)
{
    struct pse_buf b = PSE_BUF(16 * SIZE_MAX_HERE);
    struct pse_span shown;
    uint32_t x;

    pse_utf8_put_escaped(&b, in);
    PSE_REQUIRE(b.rc == PSE_OK);
    for (shown = pse_buf_span(&b); shown.n > 0;)
        PSE_REQUIRE(pse_utf8_next(&x, &shown) == PSE_OK && !pse_utf8_is_unsafe(x));
    pse_buf_free(&b);
}

static void code_points(struct pse_span in)
{
    struct pse_span rest = in;
    size_t n;
    size_t seen = 0;

    while (rest.n > 0) {
        const uint8_t *from = rest.p;
        uint8_t again[4];
        uint32_t x;

        if (pse_utf8_next(&x, &rest) != PSE_OK)
            break;
        PSE_REQUIRE(pse_utf8_encode(again, x) == (size_t)(rest.p - from));
        PSE_REQUIRE(memcmp(again, from, (size_t)(rest.p - from)) == 0);
        seen++;
    }
    PSE_REQUIRE(pse_utf8_fault(in) == in.n - rest.n);
    PSE_REQUIRE((pse_utf8_count(&n, in) == PSE_OK) == (rest.n == 0));
    PSE_REQUIRE(rest.n > 0 || n == seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_span in = pse_span(data, size);

    if (size > SIZE_MAX_HERE)
        return 0;
    numbers(in);
    binary_encodings(in);
    codes(in, PSE_TRACKER_BYTES);
    codes(in, PSE_VOTER_CODE_BYTES);
    display(in);
    code_points(in);
    return 0;
}
