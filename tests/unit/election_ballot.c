/* Ballots: the known ones byte for byte, every rule's refusal, and many at once. */
#define _GNU_SOURCE
#include "election/ballot.h"

#include "codec/codec.h"
#include "election.h"
#include "merkle/tree.h"

/* A known ballot: what it was made of, and its bytes. */
struct known {
    json_t *file;
    struct pse_joint joint;
    pse_secret d;
    struct pse_ballot_plan plan;
    struct pse_ballot_random random;
    uint8_t choices[256];
    struct pse_span entry;
    struct pse_arena arena;
};

static pse_secret secret_of(const json_t *hex)
{
    json_t *o = json_pack("{s:O}", "x", hex);
    uint8_t bytes[32];
    pse_secret s;

    assert_non_null(o);
    vectors_hex(bytes, 32, o, "x");
    assert_int_equal(pse_secret_decode(&s, bytes), PSE_OK);
    json_decref(o);
    return s;
}

static size_t read_secrets(pse_secret *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        out[i] = secret_of(json_array_get(list, i));
    return json_array_size(list);
}

static void read_parts(struct known *k)
{
    const json_t *parts = json_object_get(k->file, "parts");
    size_t r = 0, proof = 0, at = 0;

    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i), *choice = json_object_get(part, "choice");

        if (json_is_string(choice)) {
            size_t n = json_string_length(choice) / 2;

            vectors_hex(k->choices + at, n, part, "choice");
            at += n;
        } else {
            for (size_t j = 0; j < json_array_size(choice); j++)
                k->choices[at++] = (uint8_t)json_integer_value(json_array_get(choice, j));
        }
        r += read_secrets(k->random.r + r, json_object_get(part, "r"));
        proof += read_secrets(k->random.proof + proof, json_object_get(part, "randomness"));
    }
    assert_int_equal(r, k->plan.style->ciphertexts);
    assert_int_equal(proof, k->random.proof_n);
    assert_int_equal(at, k->plan.style->choice_len);
}

static void known_open(struct known *k, const struct fixture *f, const char *name)
{
    const uint8_t seed[32] = {1};
    PSE_RNG(rng);
    uint8_t y[32], prev[32];

    memset(k, 0, sizeof *k);
    pse_rng_init(&rng, seed);
    pse_arena_init(&k->arena, 1 << 20);
    k->file = vectors_load(name);
    vectors_hex(y, 32, k->file, "Y");
    vectors_hex(prev, 32, k->file, "prev");
    assert_int_equal(pse_joint_init(&k->joint, f->g, &f->m->eid, y), PSE_OK);
    k->d = secret_of(json_object_get(k->file, "d"));
    k->plan.joint = &k->joint;
    k->plan.m = f->m;
    k->plan.style =
        pse_manifest_style(f->m, (uint16_t)json_integer_value(json_object_get(k->file, "style")));
    k->plan.d = &k->d;
    k->plan.choices = k->choices;
    memcpy(k->plan.prev.b, prev, 32);
    assert_int_equal(pse_ballot_random_draw(&k->random, &k->arena, &rng, f->m, k->plan.style),
                     PSE_OK);
    read_parts(k);
    k->random.sign = secret_of(json_object_get(k->file, "sign_nonce"));
    k->entry = hex_bytes(k->file, "entry");
}

static void known_close(struct known *k)
{
    free((void *)k->entry.p);
    pse_joint_clear(&k->joint);
    pse_arena_free(&k->arena);
    json_decref(k->file);
}

static const char *const files[] = {
    "psephos1/ballot-ranking.json",
    "psephos1/ballot-wide.json",
    "psephos1/ballot-blank.json",
};

static struct pse_rng seeded(uint8_t number)
{
    uint8_t seed[32] = {number};
    struct pse_rng rng;

    pse_rng_init(&rng, seed);
    return rng;
}

static uint8_t faults_of(const struct pse_joint *joint, const struct pse_manifest *m,
                         struct pse_span raw)
{
    struct pse_rng rng = seeded(2);
    struct pse_ballot_check c;

    assert_int_equal(pse_ballots_verify(&c, &rng, joint, m, &raw, 1), PSE_OK);
    return c.faults;
}

static void known_ballots(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < 3; i++) {
        char tracker[PSE_TRACKER_TEXT];
        struct pse_rng rng = seeded(3);
        struct pse_ballot_check c;
        struct pse_ballot b;
        uint8_t entry[8192], leaf[32], credential[32];
        struct known k;

        known_open(&k, &f, files[i]);
        assert_int_equal(k.plan.style->ballot_len, k.entry.n);
        assert_int_equal(
            pse_choices_check(f.m, k.plan.style, NULL, k.choices, k.plan.style->choice_len),
            PSE_OK);
        assert_int_equal(pse_ballot_build(entry, &k.plan, &k.random), PSE_OK);
        assert_memory_equal(entry, k.entry.p, k.entry.n);
        assert_int_equal(pse_ballots_verify(&c, &rng, &k.joint, f.m, &k.entry, 1), PSE_OK);
        assert_int_equal(c.faults, 0);
        vectors_hex(leaf, 32, k.file, "leaf_hash");
        vectors_hex(credential, 32, k.file, "D");
        assert_memory_equal(c.leaf.b, leaf, 32);
        assert_memory_equal(c.credential.b, credential, 32);
        assert_true(pse_hash_is_equal(&c.prev, &k.plan.prev));
        assert_ptr_equal(&f.m->style[c.style], k.plan.style);
        pse_code_encode(tracker, c.tracker, PSE_TRACKER_BYTES);
        assert_true(pse_span_is_equal(pse_span_str(tracker), vectors_text(k.file, "tracker")));
        assert_int_equal(pse_ballot_parse(&b, f.m, k.entry), PSE_OK);
        assert_ptr_equal(pse_ballot_part(&b, 0), k.entry.p + 102);
        known_close(&k);
    }
    fixture_close(&f);
}

/* Sign again, so that only what was changed before can fail. */
static void sign(uint8_t *entry, size_t n, const struct fixture *f, const pse_secret *d)
{
    const struct pse_span x[] = {pse_span(entry + 34, 32), pse_span(entry, n - 64)};
    const struct pse_statement s = {"ballot-sign", &f->m->eid, x, 2};
    struct pse_rng rng = seeded(9);

    pse_pok_prove(f->g, entry + n - 64, &s, d, &rng);
}

/* A bit changed in each byte, with and without a new signature: all in one call, with good ballots
 * between them. */
static void damaged_in_every_byte(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < 2; i++) {
        struct known k;
        struct pse_span *raw;
        struct pse_ballot_check *c;
        struct pse_rng rng = seeded(4);
        uint8_t *copies;
        size_t n, step, count;

        known_open(&k, &f, files[i]);
        n = k.entry.n;
        step = i == 0 ? 1 : 5;
        count = n / step;
        copies = malloc(2 * count * n);
        raw = calloc(3 * count, sizeof *raw);
        c = calloc(3 * count, sizeof *c);
        assert_true(copies != NULL && raw != NULL && c != NULL);
        for (size_t at = 0; at < count; at++) {
            uint8_t *plain = copies + 2 * at * n, *signed_ = plain + n;

            memcpy(plain, k.entry.p, n);
            plain[at * step] ^= (uint8_t)(1 << at % 8);
            memcpy(signed_, plain, n);
            sign(signed_, n, &f, &k.d);
            raw[3 * at] = pse_span(plain, n);
            raw[3 * at + 1] = pse_span(signed_, n);
            raw[3 * at + 2] = k.entry;
        }
        assert_int_equal(pse_ballots_verify(c, &rng, &k.joint, f.m, raw, 3 * count), PSE_OK);
        for (size_t at = 0; at < count; at++) {
            size_t byte = at * step;
            uint8_t unsigned_ = c[3 * at].faults, with = c[3 * at + 1].faults;

            assert_int_not_equal(unsigned_, 0);
            assert_int_equal(c[3 * at + 2].faults, 0);
            if (unsigned_ != PSE_BALLOT_V401)
                assert_true(unsigned_ & PSE_BALLOT_V404);
            /* prev and the signature itself may be anything that is well signed */
            if ((byte >= 68 && byte < 100) || byte >= n - 64)
                assert_int_equal(with, 0);
            else
                assert_int_not_equal(with, 0);
            if (byte >= 102 && byte < n - 64)
                assert_false(with & PSE_BALLOT_V404);
        }
        free(copies);
        free(raw);
        free(c);
        known_close(&k);
    }
    fixture_close(&f);
}

static void forms(void **state)
{
    uint8_t bad[2048];
    struct fixture f;
    struct known k;
    size_t n;

    (void)state;
    fixture_open(&f);
    known_open(&k, &f, files[0]);
    n = k.entry.n;
#define BAD(at, value)                                                                 \
    do {                                                                               \
        memcpy(bad, k.entry.p, n);                                                     \
        bad[at] = (value);                                                             \
        sign(bad, n, &f, &k.d);                                                        \
        assert_int_equal(faults_of(&k.joint, f.m, pse_span(bad, n)), PSE_BALLOT_V401); \
    } while (0)
    BAD(0, 0x32);
    BAD(1, 2);
    BAD(33, (uint8_t)(k.entry.p[33] ^ 1));
    BAD(67, 2);  /* no such style */
    BAD(67, 9);  /* another style: another length */
    BAD(101, 2); /* contest ids */
    BAD(100, 1);
#undef BAD
    /* identity and not canonical, as a ciphertext half that no equation uses, and elsewhere */
    for (size_t at = 102; at + 32 <= n; at += 32 * 7) {
        memcpy(bad, k.entry.p, n);
        memset(bad + at, 0, 32);
        sign(bad, n, &f, &k.d);
        assert_int_not_equal(faults_of(&k.joint, f.m, pse_span(bad, n)), 0);
        memset(bad + at, 0xff, 32);
        sign(bad, n, &f, &k.d);
        assert_int_equal(faults_of(&k.joint, f.m, pse_span(bad, n)),
                         at + 32 > n - 64 ? 0 : PSE_BALLOT_V401);
    }
    /* a response z not below L, in place of one that is */
    memcpy(bad, k.entry.p, n);
    memset(bad + n - 32, 0xff, 32);
    assert_int_equal(faults_of(&k.joint, f.m, pse_span(bad, n)), PSE_BALLOT_V401);
    for (size_t cut = 0; cut < n; cut += 11)
        assert_int_equal(faults_of(&k.joint, f.m, pse_span(k.entry.p, cut)), PSE_BALLOT_V401);
    memcpy(bad, k.entry.p, n);
    bad[n] = 0;
    assert_int_equal(faults_of(&k.joint, f.m, pse_span(bad, n + 1)), PSE_BALLOT_V401);
    known_close(&k);
    fixture_close(&f);
}

/* What a cheater would try with meaning rather than bytes. */
static void meanings(void **state)
{
    uint8_t mine[2048], theirs[2048];
    struct pse_joint other = {0};
    struct pse_rng rng = seeded(6);
    struct fixture f;
    struct known k;
    pse_secret d;
    pse_enc credential;
    size_t n;

    (void)state;
    fixture_open(&f);
    known_open(&k, &f, files[0]);
    n = k.entry.n;
    memcpy(mine, k.entry.p, n);

    /* another voter's parts under my credential, signed by me: proofs are bound to the voter */
    pse_secret_random(&d, &rng);
    pse_credential_public(&credential, f.g, &d);
    memcpy(theirs, mine, n);
    memcpy(theirs + 34, credential.b, 32);
    sign(theirs, n, &f, &d);
    assert_int_equal(faults_of(&k.joint, f.m, pse_span(theirs, n)),
                     PSE_BALLOT_V405 | PSE_BALLOT_V406);
    /* my ballot signed by someone else */
    sign(mine, n, &f, &d);
    assert_int_equal(faults_of(&k.joint, f.m, pse_span(mine, n)), PSE_BALLOT_V404);
    /* the same ballot under another joint key */
    assert_int_equal(pse_joint_init(&other, f.g, &f.m->eid, credential.b), PSE_OK);
    assert_int_equal(faults_of(&other, f.m, k.entry), PSE_BALLOT_V405 | PSE_BALLOT_V406);
    /* the two ciphertexts of two options swapped: the proof knows their order */
    memcpy(mine, k.entry.p, n);
    memcpy(mine + 102, k.entry.p + 102 + 64, 64);
    memcpy(mine + 102 + 64, k.entry.p + 102, 64);
    sign(mine, n, &f, &k.d);
    assert_int_equal(faults_of(&k.joint, f.m, pse_span(mine, n)), PSE_BALLOT_V405);
    /* a proof of knowledge with its response changed */
    memcpy(mine, k.entry.p, n);
    mine[n - 64 - 32] ^= 1;
    sign(mine, n, &f, &k.d);
    assert_int_equal(faults_of(&k.joint, f.m, pse_span(mine, n)), PSE_BALLOT_V406);
    pse_joint_clear(&other);
    known_close(&k);
    fixture_close(&f);
}

static void choices_that_are_not_allowed(void **state)
{
    uint8_t out[8192];
    struct fixture f;
    struct known k;

    (void)state;
    fixture_open(&f);
    known_open(&k, &f, files[0]);
    k.choices[0] = 1, k.choices[1] = 1; /* max is 1 */
    assert_int_equal(pse_ballot_build(out, &k.plan, &k.random), PSE_E_RANGE);
    for (size_t i = 0; i < k.plan.style->ballot_len; i++)
        assert_int_equal(out[i], 0);
    known_close(&k);
    known_open(&k, &f, files[1]);
    k.choices[60] = 4;
    assert_int_equal(pse_ballot_build(out, &k.plan, &k.random), PSE_E_RANGE);
    known_close(&k);
    fixture_close(&f);
}

/* Hundreds of ballots of both styles on two threads, some of them bad in different ways. */
static void many_at_once(void **state)
{
    enum { N = 200 };
    static uint8_t *out[N];
    static struct pse_ballot_plan plan[N];
    static pse_secret d[N];
    static struct pse_span raw[N];
    static struct pse_ballot_check c[N], again[N];
    static pse_hash leaf[N];
    struct pse_rng rng = seeded(8);
    struct pse_pool *pool;
    struct fixture f;
    struct known k;
    struct pse_group *g;
    pse_enc y;

    (void)state;
    fixture_open(&f);
    known_open(&k, &f, files[0]);
    assert_int_equal(pse_pool_new(&pool, 2), PSE_OK);
    g = test_group_new(pool);
    y = k.joint.enc;
    pse_joint_clear(&k.joint);
    assert_int_equal(pse_joint_init(&k.joint, g, &f.m->eid, y.b), PSE_OK);
    for (size_t i = 0; i < N; i++) {
        const struct pse_style *s = &f.m->style[i % 16 == 5];
        static uint8_t blank[64];

        pse_secret_random(&d[i], &rng);
        blank[0] = 1; /* style 9: a blank choice in contest 4, zeros elsewhere */
        plan[i] = k.plan;
        plan[i].style = s;
        plan[i].d = &d[i];
        if (s != k.plan.style)
            plan[i].choices = blank;
        out[i] = malloc(s->ballot_len);
        assert_non_null(out[i]);
        raw[i] = pse_span(out[i], s->ballot_len);
    }
    assert_int_equal(pse_ballots_build(out, &rng, plan, N), PSE_OK);
    assert_int_equal(pse_ballots_verify(c, &rng, &k.joint, f.m, raw, N), PSE_OK);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(c[i].faults, 0);

    out[3][0] = 7;
    sign(out[10], raw[10].n, &f, &d[11]);
    out[30][raw[30].n - 64 - 20] ^= 1;
    sign(out[30], raw[30].n, &f, &d[30]);
    memset(out[31] + 102, 0, 32);
    out[199][200] ^= 1;
    assert_int_equal(pse_ballots_verify(c, &rng, &k.joint, f.m, raw, N), PSE_OK);
    assert_int_equal(c[3].faults, PSE_BALLOT_V401);
    assert_int_equal(c[10].faults, PSE_BALLOT_V404);
    assert_int_equal(c[30].faults, PSE_BALLOT_V406);
    assert_int_equal(c[31].faults, PSE_BALLOT_V401);
    assert_int_not_equal(c[199].faults, 0);
    pse_tree_leaves(leaf, raw, N, NULL);
    assert_int_equal(pse_ballots_verify_leaves(again, &rng, &k.joint, f.m, raw, leaf, N), PSE_OK);
    assert_memory_equal(again, c, sizeof c);
    /* the faults do not depend on company, nor on the order */
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(pse_ballots_verify(&again[i], &rng, &k.joint, f.m, &raw[i], 1), PSE_OK);
        assert_memory_equal(&again[i], &c[i], sizeof c[i]);
    }
    for (size_t i = 0; i < N; i++)
        free(out[i]);
    known_close(&k);
    pse_group_free(g);
    pse_pool_free(pool);
    fixture_close(&f);
}

/* Made together, made alone, and made where choices need not be hidden: the same bytes. */
static void company_changes_no_ballot(void **state)
{
    enum { N = 150 };
    static uint8_t *out[2][N];
    static struct pse_ballot_plan plan[N];
    static pse_secret d[N];
    static const uint8_t blank[64] = {1};
    struct pse_rng rng = seeded(21), again = seeded(21), alone[3];
    struct fixture f;
    struct known k;

    (void)state;
    fixture_open(&f);
    known_open(&k, &f, files[0]);
    for (size_t i = 0; i < N; i++) {
        const struct pse_style *s = &f.m->style[i % 7 == 5];

        pse_secret_random(&d[i], &rng);
        pse_secret_random(&d[i], &again);
        plan[i] = k.plan;
        plan[i].style = s;
        plan[i].d = &d[i];
        plan[i].prev.b[0] = (uint8_t)i;
        plan[i].is_simulated = i >= 64;
        if (s != k.plan.style)
            plan[i].choices = blank;
        for (size_t j = 0; j < 2; j++) {
            out[j][i] = malloc(s->ballot_len);
            assert_non_null(out[j][i]);
        }
    }
    assert_int_equal(pse_ballots_build(out[0], &rng, plan, N), PSE_OK);
    for (size_t i = 0; i < 3; i++)
        pse_rng_fork(&alone[i], &again); /* one a block */
    for (size_t i = 0; i < N; i++) {
        PSE_ARENA(arena, 1 << 20);
        struct pse_ballot_random random;

        assert_int_equal(pse_ballot_random_draw(&random, &arena, &alone[i / PSE_BALLOTS_BLOCK], f.m,
                                                plan[i].style),
                         PSE_OK);
        plan[i].is_simulated = i % 2 == 0;
        assert_int_equal(pse_ballot_build(out[1][i], &plan[i], &random), PSE_OK);
        assert_memory_equal(out[1][i], out[0][i], plan[i].style->ballot_len);
    }
    for (size_t i = 0; i < 2 * N; i++)
        free(out[i / N][i % N]);
    known_close(&k);
    fixture_close(&f);
}

/* One vote that cannot be proved spoils its block, and nothing of the block stays behind. */
static void a_bad_choice_among_many(void **state)
{
    enum { N = 10 };
    static uint8_t bytes[N][4096];
    struct pse_ballot_plan plan[N];
    uint8_t *out[N], bad[64];
    struct pse_rng rng = seeded(22);
    struct fixture f;
    struct known k;

    (void)state;
    fixture_open(&f);
    known_open(&k, &f, files[1]);
    assert_true(k.plan.style->ballot_len <= sizeof bytes[0] && k.plan.style->choice_len <= 64);
    memset(bytes, 0x5a, sizeof bytes);
    memset(bad, 200, sizeof bad);
    for (size_t i = 0; i < N; i++) {
        plan[i] = k.plan;
        out[i] = bytes[i];
    }
    assert_int_equal(pse_ballots_build(out, &rng, plan, N), PSE_OK);
    plan[7].choices = bad;
    assert_int_equal(pse_ballots_build(out, &rng, plan, N), PSE_E_RANGE);
    for (size_t i = 0; i < N; i++) {
        for (size_t at = 0; at < k.plan.style->ballot_len; at++)
            assert_int_equal(bytes[i][at], 0);
        assert_int_equal(bytes[i][k.plan.style->ballot_len], 0x5a);
    }
    known_close(&k);
    fixture_close(&f);
}

static void no_ballots(void **state)
{
    struct pse_rng rng = seeded(1);
    struct fixture f;
    struct known k;

    (void)state;
    fixture_open(&f);
    known_open(&k, &f, files[0]);
    assert_int_equal(pse_ballots_verify(NULL, &rng, &k.joint, f.m, NULL, 0), PSE_OK);
    assert_int_equal(pse_ballots_build(NULL, &rng, NULL, 0), PSE_OK);
    known_close(&k);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_ballots),
        cmocka_unit_test(damaged_in_every_byte),
        cmocka_unit_test(forms),
        cmocka_unit_test(meanings),
        cmocka_unit_test(choices_that_are_not_allowed),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(company_changes_no_ballot),
        cmocka_unit_test(a_bad_choice_among_many),
        cmocka_unit_test(no_ballots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
