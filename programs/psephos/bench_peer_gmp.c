/* Exponentiation modulo large primes by GMP: what systems compute with whose group is a subgroup of
 * the integers modulo p. Nothing in psephos depends on it; it is here to be measured. */
#include <gmp.h>
#include <openssl/bn.h>
#include <stdlib.h>

#include "psephos/bench.h"

enum { EXPONENTS = 4, SHORT_BITS = 256 };

struct powers {
    mpz_t p;
    mpz_t base[EXPONENTS];
    mpz_t exponent[EXPONENTS];
    mpz_t out;
};

static const char *version(void)
{
    return gmp_version;
}

static void powers_finish(void *state)
{
    struct powers *s = state;

    mpz_clears(s->p, s->out, NULL);
    for (size_t i = 0; i < EXPONENTS; i++)
        mpz_clears(s->base[i], s->exponent[i], NULL);
    free(s);
}

static void draw(mpz_t out, struct pse_rng *rng, unsigned bits)
{
    uint8_t bytes[512];

    PSE_REQUIRE(bits / 8 <= sizeof bytes);
    pse_rng_fill(rng, bytes, bits / 8);
    mpz_import(out, bits / 8, 1, 1, 1, 0, bytes);
    mpz_setbit(out, bits - 1);
}

/* The safe primes of RFC 3526, which OpenSSL carries. */
static bool set_prime(mpz_t p, BIGNUM *(*make)(BIGNUM *))
{
    BIGNUM *n = make(NULL);
    char *digits = n != NULL ? BN_bn2hex(n) : NULL;
    bool good = digits != NULL && mpz_set_str(p, digits, 16) == 0;

    OPENSSL_free(digits);
    BN_free(n);
    return good;
}

static void *powers_prepare(const struct bench *b, BIGNUM *(*prime)(BIGNUM *), unsigned bits,
                            unsigned exponent_bits)
{
    struct powers *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    mpz_inits(s->p, s->out, NULL);
    for (size_t i = 0; i < EXPONENTS; i++) {
        mpz_inits(s->base[i], s->exponent[i], NULL);
        draw(s->base[i], b->rng, bits - 8);
        draw(s->exponent[i], b->rng, exponent_bits);
    }
    if (set_prime(s->p, prime))
        return s;
    powers_finish(s);
    return NULL;
}

static void *prepare_2048(const struct bench *b, void *item)
{
    (void)item;
    return powers_prepare(b, BN_get_rfc3526_prime_2048, 2048, 2048);
}

static void *prepare_3072(const struct bench *b, void *item)
{
    (void)item;
    return powers_prepare(b, BN_get_rfc3526_prime_3072, 3072, 3072);
}

static void *prepare_4096(const struct bench *b, void *item)
{
    (void)item;
    return powers_prepare(b, BN_get_rfc3526_prime_4096, 4096, SHORT_BITS);
}

static bool powers_run(const struct bench *b, void *state)
{
    struct powers *s = state;

    (void)b;
    for (size_t i = 0; i < EXPONENTS; i++)
        mpz_powm(s->out, s->base[i], s->exponent[i], s->p);
    return mpz_sgn(s->out) > 0;
}

/* One proof of zero or one as an ElectionGuard verifier checks it: two branches of two equations of
 * two powers each, and that both halves of the ciphertext lie in the subgroup. Ten powers with
 * exponents of 256 bits, hashing left out. */
static bool zero_one_run(const struct bench *b, void *state)
{
    enum { POWERS = 10 };
    struct powers *s = state;

    (void)b;
    for (size_t i = 0; i < POWERS; i++)
        mpz_powm(s->out, s->base[i % EXPONENTS], s->exponent[i % EXPONENTS], s->p);
    return mpz_sgn(s->out) > 0;
}

#define PEER(bits, run_, things_, work_)                                                  \
    {                                                                                     \
        .library = "GMP", .work = (work_), .version = version, .prepare = prepare_##bits, \
        .run = run_, .finish = powers_finish, .things = (things_)                         \
    }

const struct bench_peer bench_gmp_2048 =
    PEER(2048, powers_run, EXPONENTS, "power modulo 2048 bits, full exponent");
const struct bench_peer bench_gmp_3072 =
    PEER(3072, powers_run, EXPONENTS, "power modulo 3072 bits, full exponent");
const struct bench_peer bench_gmp_4096 =
    PEER(4096, powers_run, EXPONENTS, "power modulo 4096 bits, exponent of 256");
const struct bench_peer bench_gmp_zero_one =
    PEER(4096, zero_one_run, 1, "ten powers modulo 4096 bits, exponents of 256");
