/* Measurements of ballots in bulk: making and verifying homomorphic and mix ballots. */
#include "bench.h"

#include <sodium.h>

#include "common/options.h"
#include "election/ballot.h"
#include "merkle/note.h"

enum { PEER_ITEMS = 16, PROOF_OPTIONS = 100, TEN_OPTIONS = 10, MANIFEST_BYTES = 1 << 17 };

struct ballots {
    struct pse_manifest *m;
    uint8_t options;
    struct pse_joint joint;
    size_t n;
    struct pse_ballot_plan *plan;
    uint8_t **out;
    struct pse_span *raw;
    struct pse_ballot_check *check;
    pse_enc (*peer)[2]; /* points for libsodium to work on */
};

static pse_edkey random_key(const struct bench *b)
{
    pse_seed seed = {.away = NULL};
    pse_edkey key;

    pse_rng_fill(b->rng, seed.b, sizeof seed.b);
    pse_ed25519_public(&key, &seed);
    return key;
}

static struct pse_text *one_text(const struct bench *b, size_t n)
{
    struct pse_text *t = PSE_NEW(b->arena, struct pse_text, n);
    struct pse_text_item *item = PSE_NEW(b->arena, struct pse_text_item, 1);

    if (t == NULL || item == NULL)
        return NULL;
    *item = (struct pse_text_item){pse_span_str("en"), pse_span_str("bench")};
    for (size_t i = 0; i < n; i++)
        t[i] = (struct pse_text){item, 1};
    return t;
}

/* A contest to be measured: zeros or ones of any sum, or one choice to be mixed. */
static bool fill_contest(const struct bench *b, struct pse_contest *c, enum pse_kind kind,
                         uint8_t options)
{
    struct pse_text *texts;

    c->id = 1;
    c->kind = kind;
    c->options = options;
    texts = one_text(b, c->options + 1u);
    if (texts == NULL)
        return false;
    c->title = texts[0];
    c->option = texts + 1;
    c->min = kind == PSE_KIND_MIX ? 1 : 0;
    c->max = kind == PSE_KIND_MIX ? 1 : options;
    c->option_max = kind == PSE_KIND_MIX ? 0 : 1;
    c->format = PSE_FORMAT_CHOICE;
    c->width = kind == PSE_KIND_MIX ? 1 : 0;
    return true;
}

static bool fill_people(const struct bench *b, struct pse_manifest *m)
{
    struct pse_vkey vkey;
    struct pse_buf text = PSE_BUF(1024);
    pse_secret x;
    pse_point p;
    uint8_t *copy;

    m->authority = random_key(b);
    m->registrar = random_key(b);
    m->board = random_key(b);
    m->log_key = random_key(b);
    m->origin = pse_span_str("bench.example/log");
    if (pse_vkey_make(&vkey, m->origin, PSE_SIG_ED25519, &m->log_key) != PSE_OK)
        return false;
    pse_vkey_put(&text, &vkey);
    copy = PSE_NEW(b->arena, uint8_t, text.n);
    if (copy != NULL && text.rc == PSE_OK)
        memcpy(copy, text.p, text.n);
    m->log_vkey = pse_span(copy, text.n);
    pse_buf_free(&text);
    m->trustee = PSE_NEW(b->arena, struct pse_trustee, 1);
    m->mixer = PSE_NEW(b->arena, struct pse_mixer, 1);
    if (copy == NULL || m->trustee == NULL || m->mixer == NULL)
        return false;
    pse_secret_random(&x, b->rng);
    pse_point_mul_base(b->group, &p, &x, 1);
    pse_point_encode(b->group, &m->trustee->share, &p, 1);
    m->trustee->name = pse_span_str("trustee");
    m->trustee->sign = random_key(b);
    m->mixer->name = pse_span_str("mixer");
    m->mixer->sign = random_key(b);
    m->trustees = m->threshold = m->mixers = m->mix_min = 1;
    return true;
}

static struct pse_manifest *make_manifest(const struct bench *b, enum pse_kind kind,
                                          uint8_t options)
{
    struct pse_manifest *m = PSE_NEW(b->arena, struct pse_manifest, 1);
    struct pse_manifest *parsed = NULL;
    struct pse_buf blob = PSE_BUF(MANIFEST_BYTES);
    static uint16_t first[] = {0};

    if (m == NULL)
        return NULL;
    m->contest = PSE_NEW(b->arena, struct pse_contest, 1);
    m->pot = PSE_NEW(b->arena, struct pse_pot, 1);
    m->style = PSE_NEW(b->arena, struct pse_style, 1);
    if (m->contest == NULL || m->pot == NULL || m->style == NULL || !fill_people(b, m) ||
        !fill_contest(b, m->contest, kind, options))
        return NULL;
    m->test = true;
    m->title = m->contest->title;
    m->closes = m->retain_until = 1;
    m->min_list = m->ballots_max = 1;
    m->contests = m->pots = m->styles = 1;
    *m->pot = (struct pse_pot){.id = 1, .next = -1};
    *m->style = (struct pse_style){.id = 1, .contests = 1, .contest = first};
    if (pse_manifest_write(&blob, NULL, b->group, m) != PSE_OK ||
        pse_manifest_parse(&parsed, b->arena, NULL, b->group, pse_buf_span(&blob)) != PSE_OK)
        parsed = NULL;
    pse_buf_free(&blob);
    return parsed;
}

static bool make_joint(const struct bench *b, struct ballots *s)
{
    pse_secret x;
    pse_point y;
    pse_enc enc;

    pse_secret_random(&x, b->rng);
    pse_point_mul_base(b->group, &y, &x, 1);
    pse_point_encode(b->group, &enc, &y, 1);
    return pse_joint_init(&s->joint, b->group, &s->m->eid, enc.b) == PSE_OK;
}

static bool make_plans(const struct bench *b, struct ballots *s)
{
    const struct pse_style *style = s->m->style;
    pse_secret *d = PSE_NEW(b->arena, pse_secret, s->n);
    uint8_t *choices = PSE_NEW(b->arena, uint8_t, s->n * style->choice_len);
    uint8_t *bytes = PSE_NEW(b->arena, uint8_t, s->n * style->ballot_len);

    if (d == NULL || choices == NULL || bytes == NULL)
        return false;
    pse_secret_random_n(d, s->n, b->rng);
    for (size_t i = 0; i < s->n; i++) {
        uint8_t *choice = choices + i * style->choice_len;

        if (s->m->has_mix) {
            if (pse_plain_choice(choice, s->m->contest, (uint8_t)(1 + i % s->options)) != PSE_OK)
                return false;
        } else {
            for (size_t k = 0; k < s->options; k++)
                choice[k] = (uint8_t)pse_rng_below(b->rng, 2);
        }
        s->plan[i] = (struct pse_ballot_plan){
            .joint = &s->joint, .m = s->m, .style = style, .d = &d[i], .choices = choice};
        s->out[i] = bytes + i * style->ballot_len;
        s->raw[i] = pse_span(s->out[i], style->ballot_len);
    }
    return true;
}

static bool make_peer(const struct bench *b, struct ballots *s)
{
    pse_secret k[2 * PEER_ITEMS];
    pse_point p[2 * PEER_ITEMS];

    s->peer = pse_arena_alloc(b->arena, PEER_ITEMS, sizeof *s->peer);
    if (s->peer == NULL)
        return false;
    pse_secret_random_n(k, CLI_COUNT(k), b->rng);
    pse_point_mul_base(b->group, p, k, CLI_COUNT(p));
    pse_point_encode(b->group, &s->peer[0][0], p, CLI_COUNT(p));
    return true;
}

static struct ballots *prepare(const struct bench *b, size_t n, enum pse_kind kind, uint8_t options)
{
    struct ballots *s = PSE_NEW(b->arena, struct ballots, 1);

    if (s == NULL)
        return NULL;
    s->n = n;
    s->options = options;
    s->m = make_manifest(b, kind, options);
    s->plan = PSE_NEW(b->arena, struct pse_ballot_plan, n);
    s->out = PSE_NEW(b->arena, uint8_t *, n);
    s->raw = PSE_NEW(b->arena, struct pse_span, n);
    s->check = PSE_NEW(b->arena, struct pse_ballot_check, n);
    if (s->m == NULL || s->plan == NULL || s->out == NULL || s->raw == NULL || s->check == NULL ||
        !make_joint(b, s) || !make_plans(b, s) || !make_peer(b, s) ||
        pse_ballots_build(s->out, b->rng, s->plan, n) != PSE_OK)
        return NULL;
    return s;
}

static void *hom_prepare(const struct bench *b, size_t size, size_t *things)
{
    *things = size * PROOF_OPTIONS;
    return prepare(b, size, PSE_KIND_HOMOMORPHIC, PROOF_OPTIONS);
}

static void *ten_prepare(const struct bench *b, size_t size, size_t *things)
{
    *things = size;
    return prepare(b, size, PSE_KIND_HOMOMORPHIC, TEN_OPTIONS);
}

static void *mix_prepare(const struct bench *b, size_t size, size_t *things)
{
    *things = size;
    return prepare(b, size, PSE_KIND_MIX, TEN_OPTIONS);
}

static bool build_run(const struct bench *b, void *state)
{
    struct ballots *s = state;

    return pse_ballots_build(s->out, b->rng, s->plan, s->n) == PSE_OK;
}

static bool verify_run(const struct bench *b, void *state)
{
    struct ballots *s = state;

    if (pse_ballots_verify(s->check, b->rng, &s->joint, s->m, s->raw, s->n) != PSE_OK)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        if (s->check[i].faults != 0)
            return false;
    }
    return true;
}

/* One equation z G = R + c X, as a program over libsodium must check it. */
static int peer_equation(uint8_t out[32], const uint8_t z[32], const pse_enc p[2])
{
    uint8_t left[32];
    uint8_t right[32];
    int bad = crypto_scalarmult_ristretto255_base(left, z);

    bad |= crypto_scalarmult_ristretto255(right, z, p[0].b);
    bad |= crypto_core_ristretto255_add(right, right, p[1].b);
    bad |= crypto_core_ristretto255_sub(out, left, right);
    return bad;
}

/* A mix ballot of width 1: proof of knowledge, signature, and that the other point is one. */
static bool mix_peer(const struct bench *b, void *state)
{
    struct ballots *s = state;
    uint8_t z[32];
    uint8_t out[32];
    int bad = 0;

    (void)b;
    crypto_core_ristretto255_scalar_random(z);
    for (size_t i = 0; i < PEER_ITEMS; i++) {
        bad |= peer_equation(out, z, s->peer[i]) | peer_equation(out, z, s->peer[i]);
        bad |= crypto_core_ristretto255_is_valid_point(s->peer[i][1].b) - 1;
    }
    return bad == 0;
}

/* A proof of zero or one: two branches of two equations; one has a second product for Y. */
static int zero_one_equations(uint8_t out[32], const uint8_t z[32], const pse_enc p[2])
{
    int bad = 0;

    for (int branch = 0; branch < 2; branch++) {
        bad |= peer_equation(out, z, p) | peer_equation(out, z, p);
        bad |= crypto_scalarmult_ristretto255(out, z, p[0].b);
    }
    return bad;
}

static bool hom_peer(const struct bench *b, void *state)
{
    struct ballots *s = state;
    uint8_t z[32];
    uint8_t out[32];
    int bad = 0;

    (void)b;
    crypto_core_ristretto255_scalar_random(z);
    for (size_t i = 0; i < PEER_ITEMS; i++)
        bad |= zero_one_equations(out, z, s->peer[i]);
    return bad == 0;
}

/* Ten such proofs and the one of the sum. */
static bool ten_peer(const struct bench *b, void *state)
{
    struct ballots *s = state;
    uint8_t z[32];
    uint8_t out[32];
    int bad = 0;

    (void)b;
    crypto_core_ristretto255_scalar_random(z);
    for (size_t i = 0; i < TEN_OPTIONS; i++)
        bad |= zero_one_equations(out, z, s->peer[i]);
    bad |= peer_equation(out, z, s->peer[0]) | peer_equation(out, z, s->peer[1]);
    return bad == 0;
}

static void finish(const struct bench *b, void *state)
{
    struct ballots *s = state;

    (void)b;
    pse_joint_clear(&s->joint);
}

static const struct bench_peer sodium_zero_one =
    BENCH_SODIUM(hom_peer, PEER_ITEMS, "ten products a proof, one by one");
static const struct bench_peer sodium_ten =
    BENCH_SODIUM(ten_peer, 1, "ten products a proof, one by one");
static const struct bench_peer sodium_mix =
    BENCH_SODIUM(mix_peer, PEER_ITEMS, "two equations and a decoding, one by one");

static const struct bench_item items[] = {
    BENCH_ITEM("zero-one-proof-made", BENCH_PER_SECOND, 64, hom_prepare, build_run,
               .finish = finish),
    BENCH_ITEM("zero-one-proof-verified", BENCH_PER_SECOND, 256, hom_prepare, verify_run,
               .finish = finish, .peer = {&sodium_zero_one, &bench_gmp_zero_one}),
    BENCH_ITEM("ten-options-ballot-made", BENCH_PER_SECOND, 512, ten_prepare, build_run,
               .finish = finish),
    BENCH_ITEM("ten-options-ballot-verified", BENCH_PER_SECOND, 2048, ten_prepare, verify_run,
               .finish = finish, .peer = {&sodium_ten}),
    BENCH_ITEM("one-ten-options-ballot-verified", BENCH_US, 1, ten_prepare, verify_run,
               .finish = finish, .peer = {&sodium_ten}),
    BENCH_ITEM("mix-ballot-made", BENCH_PER_SECOND, 2048, mix_prepare, build_run, .finish = finish),
    BENCH_ITEM("mix-ballot-verified", BENCH_PER_SECOND, 8192, mix_prepare, verify_run,
               .finish = finish, .peer = {&sodium_mix}),
    BENCH_ITEM("one-mix-ballot-verified", BENCH_US, 1, mix_prepare, verify_run, .finish = finish,
               .peer = {&sodium_mix}),
};

const struct bench_table bench_ballot = {items, CLI_COUNT(items)};
