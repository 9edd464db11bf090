/* Hashing many messages at once: each way of computing against libsodium, message by message. */
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/codec.h"

#include "test.h"

enum { MESSAGES = 40, LENGTH_MAX = 5000, GUARD = 0xa5 };

static const char *const way_name[] = {"one by one", "avx512", "sha-ni"};

/* Blocks end at 64 and 128; padding takes another block from 56 and 112 on. */
static const size_t edge[] = {0,   1,   55,  56,  57,  63,  64,  65,  111, 112, 113, 119,
                              120, 127, 128, 129, 175, 176, 191, 192, 238, 239, 240, 241,
                              246, 247, 248, 255, 256, 257, 383, 384, 385, 511, 512, 513};

struct digests {
    pse_hash short_one[MESSAGES + 1];
    uint8_t long_one[MESSAGES + 1][64];
};

struct fixture {
    struct pse_rng rng;
    uint8_t bytes[2 * LENGTH_MAX];
    uint8_t prefix[300];
    struct pse_span in[MESSAGES];
    struct digests want;
    struct digests got;
};

static int set_up(void **state)
{
    static const uint8_t seed[32] = "many messages, one call";
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    pse_rng_init(&f->rng, seed);
    pse_rng_fill(&f->rng, f->bytes, sizeof f->bytes);
    pse_rng_fill(&f->rng, f->prefix, sizeof f->prefix);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void expect(struct fixture *f, struct pse_span prefix, size_t n)
{
    crypto_hash_sha256_state s256;
    crypto_hash_sha512_state s512;

    memset(&f->want, GUARD, sizeof f->want);
    for (size_t i = 0; i < n; i++) {
        crypto_hash_sha256_init(&s256);
        crypto_hash_sha256_update(&s256, prefix.p, prefix.n);
        crypto_hash_sha256_update(&s256, f->in[i].p, f->in[i].n);
        crypto_hash_sha256_final(&s256, f->want.short_one[i].b);
        crypto_hash_sha512_init(&s512);
        crypto_hash_sha512_update(&s512, prefix.p, prefix.n);
        crypto_hash_sha512_update(&s512, f->in[i].p, f->in[i].n);
        crypto_hash_sha512_final(&s512, f->want.long_one[i]);
    }
}

/* All that is wanted, and not a byte behind it. */
static void compare(struct fixture *f, struct pse_span prefix, size_t n)
{
    expect(f, prefix, n);
    for (int way = PSE_HASH_ONE_BY_ONE; way <= PSE_HASH_SHA_NI; way++) {
        if (!pse_hash_way_is_here((enum pse_hash_way)way))
            continue;
        memset(&f->got, GUARD, sizeof f->got);
        assert_int_equal(
            pse_sha256_many_by((enum pse_hash_way)way, f->got.short_one, prefix, f->in, n), PSE_OK);
        assert_memory_equal(f->got.short_one, f->want.short_one, sizeof f->got.short_one);
        if (way == PSE_HASH_SHA_NI)
            continue;
        assert_int_equal(
            pse_sha512_many_by((enum pse_hash_way)way, f->got.long_one, prefix, f->in, n), PSE_OK);
        assert_memory_equal(f->got.long_one, f->want.long_one, sizeof f->got.long_one);
    }
    memset(&f->got, GUARD, sizeof f->got);
    pse_sha256_many(f->got.short_one, prefix, f->in, n);
    pse_sha512_many(f->got.long_one, prefix, f->in, n);
    assert_memory_equal(&f->got, &f->want, sizeof f->got);
}

static void ways_of_this_machine(void **state)
{
    (void)state;
    for (int way = PSE_HASH_ONE_BY_ONE; way <= PSE_HASH_SHA_NI; way++)
        print_message("# %s: %s\n", way_name[way],
                      pse_hash_way_is_here((enum pse_hash_way)way) ? "compared" : "not here");
    assert_true(pse_hash_way_is_here(PSE_HASH_ONE_BY_ONE));
}

static void one_message_of_each_edge(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
        f->in[0] = pse_span(f->bytes + i, edge[i]);
        for (size_t k = 0; k < sizeof edge / sizeof *edge && edge[k] <= sizeof f->prefix; k++)
            compare(f, pse_span(f->prefix, edge[k]), 1);
    }
}

static void equal_lengths_in_any_number(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
        for (size_t n = 0; n <= MESSAGES; n++) {
            for (size_t m = 0; m < n; m++)
                f->in[m] = pse_span(f->bytes + 37 * m, edge[i]);
            compare(f, pse_span(f->prefix, i % 3), n);
        }
    }
}

static size_t some_length(struct fixture *f)
{
    switch (pse_rng_below(&f->rng, 3)) {
    case 0: return edge[pse_rng_below(&f->rng, sizeof edge / sizeof *edge)];
    case 1: return pse_rng_below(&f->rng, 300);
    default: return pse_rng_below(&f->rng, LENGTH_MAX + 1);
    }
}

static void mixed_lengths(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 1000; round++) {
        size_t n = pse_rng_below(&f->rng, MESSAGES + 1);
        size_t prefix = round % 2 == 0 ? 0 : pse_rng_below(&f->rng, sizeof f->prefix + 1);

        for (size_t i = 0; i < n; i++) {
            size_t length = some_length(f);

            f->in[i] = pse_span(f->bytes + pse_rng_below(&f->rng, LENGTH_MAX), length);
        }
        compare(f, pse_span(f->prefix, prefix), n);
    }
}

static void empty_messages_may_be_null(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < MESSAGES; i++)
        f->in[i] = pse_span(NULL, 0);
    compare(f, pse_span(NULL, 0), MESSAGES);
    compare(f, pse_span(f->prefix, 129), MESSAGES);
}

/* Messages that end where the readable memory ends. */
static void nothing_behind_a_message_is_read(void **state)
{
    struct fixture *f = *state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
    for (size_t n = 1; n <= 20; n++) {
        for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
            for (size_t m = 0; m < n; m++) {
                size_t length = edge[(i + m) % (sizeof edge / sizeof *edge)];

                f->in[m] = pse_span(p + page - length, length);
            }
            compare(f, pse_span(NULL, 0), n);
        }
    }
    munmap(p, 2 * page);
}

static void a_different_byte_gives_a_different_digest(void **state)
{
    struct fixture *f = *state;
    struct digests before;

    for (size_t i = 0; i < MESSAGES; i++)
        f->in[i] = pse_span(f->bytes + 100 * i, 100);
    pse_sha256_many(f->got.short_one, pse_span(NULL, 0), f->in, MESSAGES);
    pse_sha512_many(f->got.long_one, pse_span(NULL, 0), f->in, MESSAGES);
    before = f->got;
    for (size_t i = 0; i < MESSAGES; i++) {
        f->bytes[100 * i + 99] ^= 1;
        pse_sha256_many(f->got.short_one, pse_span(NULL, 0), f->in, MESSAGES);
        pse_sha512_many(f->got.long_one, pse_span(NULL, 0), f->in, MESSAGES);
        f->bytes[100 * i + 99] ^= 1;
        for (size_t k = 0; k < MESSAGES; k++) {
            assert_int_equal(pse_hash_is_equal(&f->got.short_one[k], &before.short_one[k]), k != i);
            assert_int_equal(memcmp(f->got.long_one[k], before.long_one[k], 64) == 0, k != i);
        }
    }
}

/* FIPS 180-4 example "abc", in the middle of others. */
static void known_answer_in_company(void **state)
{
    struct fixture *f = *state;
    char hex[129];

    for (size_t i = 0; i < 20; i++)
        f->in[i] = pse_span(f->bytes, i * 50);
    f->in[13] = pse_span_str("bc");
    pse_sha256_many(f->got.short_one, pse_span_str("a"), f->in, 20);
    pse_sha512_many(f->got.long_one, pse_span_str("a"), f->in, 20);
    pse_hex_encode(hex, f->got.short_one[13].b, 32);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    pse_hex_encode(hex, f->got.long_one[13], 64);
    assert_string_equal(hex, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                             "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static void what_is_not_here_is_refused(void **state)
{
    struct fixture *f = *state;
    struct pse_span none = pse_span(NULL, 0);

    f->in[0] = none;
    assert_false(pse_hash_way_is_here((enum pse_hash_way)77));
    assert_int_equal(pse_sha256_many_by((enum pse_hash_way)77, f->got.short_one, none, f->in, 1),
                     PSE_E_UNSUPPORTED);
    assert_int_equal(pse_sha512_many_by(PSE_HASH_SHA_NI, f->got.long_one, none, f->in, 1),
                     PSE_E_UNSUPPORTED);
    for (int way = PSE_HASH_AVX512; way <= PSE_HASH_SHA_NI; way++)
        if (!pse_hash_way_is_here((enum pse_hash_way)way))
            assert_int_equal(
                pse_sha256_many_by((enum pse_hash_way)way, f->got.short_one, none, f->in, 1),
                PSE_E_UNSUPPORTED);
}

/* One stream of SHA-256 in pieces of any size. */
static void stream_in_pieces(void **state)
{
    struct fixture *f = *state;
    uint8_t want[32];

    for (int round = 0; round < 3000; round++) {
        size_t length = some_length(f);
        pse_sha256_stream h;
        pse_hash got;

        pse_sha256_init(&h);
        for (size_t at = 0; at < length;) {
            size_t most = round % 2 == 0 ? 70 : 1000;
            size_t n = pse_rng_below(&f->rng, most + 1);

            if (n > length - at)
                n = length - at;
            pse_sha256_add(&h, f->bytes + at, n);
            at += n;
        }
        pse_sha256_final(&got, &h);
        crypto_hash_sha256(want, f->bytes, length);
        assert_memory_equal(got.b, want, 32);
        pse_sha256(&got, pse_span(f->bytes, length));
        assert_memory_equal(got.b, want, 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_of_this_machine),
        cmocka_unit_test_setup_teardown(one_message_of_each_edge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_lengths_in_any_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mixed_lengths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_messages_may_be_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_behind_a_message_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_different_byte_gives_a_different_digest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(known_answer_in_company, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_here_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stream_in_pieces, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
