#include "crypto/dkg.h"

#include <stdlib.h>

#include "crypto/choose.h"

struct pse_dkg {
    const struct pse_group *g;
    pse_hash eid;
    unsigned n;
    unsigned t;
    pse_enc share_key[PSE_TRUSTEES_MAX]; /* E_j at j - 1 */
    pse_point share_point[PSE_TRUSTEES_MAX];
    bool accepted[PSE_TRUSTEES_MAX];
    unsigned accepted_n;
    pse_point *a;                    /* A_{i,k} at (i - 1) t + k */
    pse_point sum[PSE_TRUSTEES_MAX]; /* Σ_i A_{i,k}, k < t, once all are accepted */
};

pse_rc pse_dkg_new(struct pse_dkg **out, const struct pse_group *g, const pse_hash *eid, unsigned n,
                   unsigned t, const pse_enc *share_keys)
{
    struct pse_dkg *d;
    pse_rc rc;

    *out = NULL;
    if (n < 1 || n > PSE_TRUSTEES_MAX || t < 1 || t > n)
        return PSE_E_RANGE;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < i; j++)
            if (memcmp(&share_keys[i], &share_keys[j], sizeof *share_keys) == 0)
                return PSE_E_DUPLICATE;
    d = aligned_alloc(_Alignof(struct pse_dkg), sizeof *d);
    if (d == NULL)
        return PSE_E_MEMORY;
    memset(d, 0, sizeof *d);
    d->a = aligned_alloc(_Alignof(pse_point), (size_t)n * t * sizeof *d->a);
    d->g = g;
    d->eid = *eid;
    d->n = n;
    d->t = t;
    memcpy(d->share_key, share_keys, n * sizeof *share_keys);
    rc = d->a == NULL
             ? PSE_E_MEMORY
             : pse_point_decode(g, d->share_point, NULL, share_keys, n, PSE_IDENTITY_FORBIDDEN);
    if (rc != PSE_OK) {
        pse_dkg_free(d);
        return rc;
    }
    *out = d;
    return PSE_OK;
}

void pse_dkg_free(struct pse_dkg *d)
{
    if (d != NULL)
        free(d->a);
    free(d);
}

unsigned pse_dkg_trustees(const struct pse_dkg *d)
{
    return d->n;
}

unsigned pse_dkg_threshold(const struct pse_dkg *d)
{
    return d->t;
}

size_t pse_dkg_reveal_size(const struct pse_dkg *d)
{
    return 32 * (size_t)d->t + PSE_POK_SIZE;
}

size_t pse_dkg_shares_size(const struct pse_dkg *d)
{
    return PSE_DKG_SHARE_SIZE * (size_t)(d->n - 1);
}

void pse_dkg_secret_wipe(pse_dkg_secret *s)
{
    pse_wipe(s, sizeof *s);
}

void pse_dkg_secret_random(pse_dkg_secret *s, unsigned t, struct pse_rng *rng)
{
    PSE_REQUIRE(t >= 1 && t <= PSE_TRUSTEES_MAX);
    s->t = t;
    pse_secret_random_n(s->a, t, rng);
}

static bool is_trustee(const struct pse_dkg *d, unsigned i)
{
    return i >= 1 && i <= d->n;
}

/* --- step 1, 2: reveal and commit ----------------------------------------------------------- */

/* PoK("dkg-pop"; u8 i; α_i). */
struct pop {
    uint8_t i;
    struct pse_span x[2];
    struct pse_statement s;
};

static void pop_set(struct pop *p, const struct pse_dkg *d, unsigned i, const uint8_t *body)
{
    p->i = (uint8_t)i;
    p->x[0] = pse_span(&p->i, 1);
    p->x[1] = pse_span(body, 32 * (size_t)d->t);
    p->s = (struct pse_statement){"dkg-pop", &d->eid, p->x, 2};
}

void pse_dkg_reveal_make(const struct pse_dkg *d, uint8_t *body, unsigned i,
                         const pse_dkg_secret *s, const pse_secret *nonce)
{
    pse_point a[PSE_TRUSTEES_MAX];
    pse_enc enc[PSE_TRUSTEES_MAX];
    struct pop pop;

    PSE_REQUIRE(is_trustee(d, i) && s->t == d->t);
    pse_point_mul_base(d->g, a, s->a, d->t);
    pse_point_encode(d->g, enc, a, d->t);
    memcpy(body, enc, 32 * (size_t)d->t);
    pop_set(&pop, d, i, body);
    pse_pok_prove_with(d->g, body + 32 * (size_t)d->t, &pop.s, &s->a[0], nonce);
}

void pse_dkg_commit(const struct pse_dkg *d, uint8_t digest[PSE_DKG_COMMIT_SIZE], unsigned i,
                    struct pse_span reveal)
{
    uint8_t index = (uint8_t)i;
    struct pse_span x[] = {pse_span(&index, 1), reveal};
    struct pse_statement s = {"dkg-commit", &d->eid, x, 2};

    PSE_REQUIRE(is_trustee(d, i));
    pse_statement_hash(digest, &s);
}

static void remember(struct pse_dkg *d, unsigned i, const pse_point *a)
{
    memcpy(d->a + (size_t)(i - 1) * d->t, a, d->t * sizeof *a);
    d->accepted[i - 1] = true;
    d->accepted_n++;
    if (d->accepted_n == 1)
        pse_point_identity(d->g, d->sum, d->t);
    pse_point_add(d->g, d->sum, d->sum, a, d->t);
}

pse_rc pse_dkg_reveal_accept(struct pse_dkg *d, unsigned i, struct pse_span body)
{
    pse_point a[PSE_TRUSTEES_MAX];
    pse_enc enc[PSE_TRUSTEES_MAX];
    struct pop pop;

    PSE_REQUIRE(is_trustee(d, i));
    if (d->accepted[i - 1])
        return PSE_E_STATE;
    if (body.n != pse_dkg_reveal_size(d))
        return PSE_E_LENGTH;
    memcpy(enc, body.p, 32 * (size_t)d->t);
    PSE_TRY(pse_point_decode(d->g, a, NULL, enc, d->t, PSE_IDENTITY_FORBIDDEN));
    pop_set(&pop, d, i, body.p);
    PSE_TRY(pse_pok_verify(d->g, &pop.s, &a[0], body.p + 32 * (size_t)d->t));
    remember(d, i, a);
    return PSE_OK;
}

/* --- step 3: shares ------------------------------------------------------------------------- */

void pse_dkg_share_own(pse_secret *share, const pse_dkg_secret *s, unsigned j)
{
    PSE_SECRET(pse_secret, x);

    PSE_REQUIRE(s->t >= 1);
    pse_secret_set_u64(&x, j);
    *share = s->a[s->t - 1];
    for (unsigned k = s->t - 1; k > 0; k--)
        pse_secret_muladd(share, share, &x, &s->a[k - 1]);
}

/* k = C("dkg-share"; u8 i || u8 j; E_j; R; K), the mask of a share. */
static void share_mask(pse_secret *mask, const struct pse_dkg *d, unsigned i, unsigned j,
                       const uint8_t r[32], const uint8_t k[32])
{
    uint8_t pair[2] = {(uint8_t)i, (uint8_t)j};
    struct pse_span x[] = {pse_span(pair, 2), pse_span(d->share_key[j - 1].b, 32), pse_span(r, 32),
                           pse_span(k, 32)};
    struct pse_statement s = {"dkg-share", &d->eid, x, 4};
    uint8_t h[64];

    pse_statement_hash(h, &s);
    pse_secret_from_wide(mask, h);
    pse_wipe(h, sizeof h);
}

/* PoK("dkg-share-pok"; u8 i || u8 j; E_j || R; s') on one record R || s' || T || z. */
struct share_pok {
    uint8_t pair[2];
    uint8_t keys[64];
    struct pse_span x[3];
    struct pse_statement s;
};

static void share_pok_set(struct share_pok *p, const struct pse_dkg *d, unsigned i, unsigned j,
                          const uint8_t *record)
{
    p->pair[0] = (uint8_t)i;
    p->pair[1] = (uint8_t)j;
    memcpy(p->keys, d->share_key[j - 1].b, 32);
    memcpy(p->keys + 32, record, 32);
    p->x[0] = pse_span(p->pair, 2);
    p->x[1] = pse_span(p->keys, 64);
    p->x[2] = pse_span(record + 32, 32);
    p->s = (struct pse_statement){"dkg-share-pok", &d->eid, p->x, 3};
}

static void record_make(const struct pse_dkg *d, uint8_t *record, unsigned i, unsigned j,
                        const pse_dkg_secret *s, const pse_secret *r, const pse_secret *nonce)
{
    PSE_SECRET(pse_secret, share);
    PSE_SECRET(pse_secret, mask);
    pse_scalar masked;
    pse_point p[2];
    pse_enc enc[2];
    struct share_pok pok;

    pse_point_mul_base(d->g, &p[0], r, 1);
    pse_point_mul(d->g, &p[1], r, &d->share_point[j - 1], 1);
    pse_point_encode(d->g, enc, p, 2);
    share_mask(&mask, d, i, j, enc[0].b, enc[1].b);
    pse_dkg_share_own(&share, s, j);
    pse_secret_add(&share, &share, &mask);
    pse_secret_reveal(&masked, &share);
    memcpy(record, enc[0].b, 32);
    pse_scalar_encode(record + 32, &masked);
    share_pok_set(&pok, d, i, j, record);
    pse_pok_prove_with(d->g, record + 64, &pok.s, r, nonce);
    pse_wipe(p, sizeof p);
    pse_wipe(enc, sizeof enc);
}

void pse_dkg_shares_make(const struct pse_dkg *d, uint8_t *body, unsigned i,
                         const pse_dkg_secret *s, const pse_secret *r, const pse_secret *nonces)
{
    unsigned at = 0;

    PSE_REQUIRE(is_trustee(d, i) && s->t == d->t);
    for (unsigned j = 1; j <= d->n; j++) {
        if (j == i)
            continue;
        record_make(d, body + PSE_DKG_SHARE_SIZE * (size_t)at, i, j, s, &r[at], &nonces[at]);
        at++;
    }
}

/* The record of dealer i for receiver j in its shares body. */
static const uint8_t *record_of(unsigned i, unsigned j, struct pse_span body)
{
    return body.p + PSE_DKG_SHARE_SIZE * (size_t)(j < i ? j - 1 : j - 2);
}

static pse_rc record_check(const struct pse_dkg *d, unsigned i, unsigned j, const uint8_t *record)
{
    pse_scalar masked;
    pse_point r;
    pse_enc enc;
    struct share_pok pok;

    PSE_TRY(pse_scalar_decode(&masked, record + 32));
    memcpy(enc.b, record, 32);
    PSE_TRY(pse_point_decode(d->g, &r, NULL, &enc, 1, PSE_IDENTITY_FORBIDDEN));
    share_pok_set(&pok, d, i, j, record);
    return pse_pok_verify(d->g, &pok.s, &r, record + 64);
}

pse_rc pse_dkg_shares_check(const struct pse_dkg *d, unsigned i, struct pse_span body)
{
    PSE_REQUIRE(is_trustee(d, i));
    if (body.n != pse_dkg_shares_size(d))
        return PSE_E_LENGTH;
    for (unsigned j = 1; j <= d->n; j++)
        if (j != i)
            PSE_TRY(record_check(d, i, j, record_of(i, j, body)));
    return PSE_OK;
}

/* Σ_k j^k P_k over @p n public points. */
static void evaluate(const struct pse_dkg *d, pse_point *out, const pse_point *p, unsigned n,
                     unsigned j)
{
    pse_scalar power[PSE_TRUSTEES_MAX];
    pse_point term[PSE_TRUSTEES_MAX];
    pse_scalar x;

    pse_scalar_set_u64(&x, j);
    pse_scalar_set_u64(&power[0], 1);
    for (unsigned k = 1; k < n; k++)
        pse_scalar_mul(&power[k], &power[k - 1], &x);
    pse_point_mul_vt(d->g, term, power, p, n);
    pse_point_sum(d->g, out, term, n);
}

/* Is share G = Σ_k j^k A_{i,k}? */
static bool share_fits(const struct pse_dkg *d, unsigned i, unsigned j, const pse_secret *share)
{
    pse_point want;
    pse_point have;

    evaluate(d, &want, d->a + (size_t)(i - 1) * d->t, d->t, j);
    pse_point_mul_base(d->g, &have, share, 1);
    return choose_reveal(pse_point_is_equal(d->g, &want, &have));
}

/* Unmask the record of dealer i for j, K given. */
static void record_open(const struct pse_dkg *d, pse_secret *share, unsigned i, unsigned j,
                        const uint8_t *record, const pse_enc *k)
{
    PSE_SECRET(pse_secret, mask);
    pse_scalar masked;

    PSE_REQUIRE(pse_scalar_decode(&masked, record + 32) == PSE_OK);
    share_mask(&mask, d, i, j, record, k->b);
    pse_secret_from_scalar(share, &masked);
    pse_secret_sub(share, share, &mask);
}

static void record_point(const struct pse_dkg *d, pse_point *r, const uint8_t *record)
{
    pse_enc enc;

    memcpy(enc.b, record, 32);
    PSE_REQUIRE(pse_point_decode(d->g, r, NULL, &enc, 1, PSE_IDENTITY_FORBIDDEN) == PSE_OK);
}

pse_rc pse_dkg_share_open(const struct pse_dkg *d, pse_secret *share, unsigned i, unsigned j,
                          const pse_secret *e, struct pse_span body)
{
    const uint8_t *record = record_of(i, j, body);
    pse_point p;
    pse_enc k;
    bool fits;

    PSE_REQUIRE(is_trustee(d, i) && is_trustee(d, j) && i != j && d->accepted_n == d->n);
    PSE_REQUIRE(body.n == pse_dkg_shares_size(d));
    record_point(d, &p, record);
    pse_point_mul(d->g, &p, e, &p, 1);
    pse_point_encode(d->g, &k, &p, 1);
    record_open(d, share, i, j, record, &k);
    fits = share_fits(d, i, j, share);
    pse_wipe(&p, sizeof p);
    pse_wipe(&k, sizeof k);
    if (fits)
        return PSE_OK;
    pse_secret_wipe(share);
    return PSE_E_MISMATCH;
}

/* --- step 4: complaint ----------------------------------------------------------------------- */

/* c = C("dkg-complaint"; u8 i || u8 j; E_j || R || K; T1 || T2). */
static void complaint_challenge(pse_scalar *c, const struct pse_dkg *d, unsigned i, unsigned j,
                                const uint8_t *record, const uint8_t *body)
{
    uint8_t pair[2] = {(uint8_t)i, (uint8_t)j};
    uint8_t keys[96];
    struct pse_span x[] = {pse_span(pair, 2), pse_span(keys, 96), pse_span(body + 33, 64)};
    struct pse_statement s = {"dkg-complaint", &d->eid, x, 3};

    memcpy(keys, d->share_key[j - 1].b, 32);
    memcpy(keys + 32, record, 32);
    memcpy(keys + 64, body + 1, 32);
    pse_statement_scalar(c, &s);
}

void pse_dkg_complaint_make(const struct pse_dkg *d, uint8_t body[PSE_DKG_COMPLAINT_SIZE],
                            unsigned i, unsigned j, const pse_secret *e, struct pse_span shares,
                            const pse_secret *nonce)
{
    const uint8_t *record = record_of(i, j, shares);
    pse_point p[3]; /* K, T1, T2 */
    pse_enc enc[3];
    pse_scalar c;
    pse_scalar z;

    PSE_REQUIRE(is_trustee(d, i) && is_trustee(d, j) && i != j);
    PSE_REQUIRE(shares.n == pse_dkg_shares_size(d));
    record_point(d, &p[2], record);
    pse_point_mul(d->g, &p[0], e, &p[2], 1);
    pse_point_mul_base(d->g, &p[1], nonce, 1);
    pse_point_mul(d->g, &p[2], nonce, &p[2], 1);
    pse_point_encode(d->g, enc, p, 3);
    body[0] = (uint8_t)i;
    memcpy(body + 1, enc, sizeof enc);
    complaint_challenge(&c, d, i, j, record, body);
    pse_secret_respond(&z, nonce, &c, e);
    pse_scalar_encode(body + 97, &z);
}

pse_rc pse_dkg_complaint_check(const struct pse_dkg *d, enum pse_dkg_fault *fault, unsigned j,
                               struct pse_span body, struct pse_span shares)
{
    PSE_SECRET(pse_secret, share);
    const uint8_t *record;
    pse_point p[3];
    pse_point r;
    pse_enc enc[3];
    pse_scalar c;
    pse_scalar z;
    unsigned i;

    PSE_REQUIRE(is_trustee(d, j) && d->accepted_n == d->n);
    PSE_REQUIRE(shares.n == pse_dkg_shares_size(d));
    if (body.n != PSE_DKG_COMPLAINT_SIZE)
        return PSE_E_LENGTH;
    i = body.p[0];
    if (!is_trustee(d, i) || i == j)
        return PSE_E_RANGE;
    PSE_TRY(pse_scalar_decode(&z, body.p + 97));
    memcpy(enc, body.p + 1, sizeof enc);
    PSE_TRY(pse_point_decode(d->g, p, NULL, enc, 3, PSE_IDENTITY_FORBIDDEN));
    record = record_of(i, j, shares);
    record_point(d, &r, record);
    complaint_challenge(&c, d, i, j, record, body.p);
    PSE_TRY(pse_sigma_check_vt(d->g, &z, pse_group_base(d->g), &p[1], &c, &d->share_point[j - 1]));
    PSE_TRY(pse_sigma_check_vt(d->g, &z, &r, &p[2], &c, &p[0]));
    record_open(d, &share, i, j, record, &enc[0]);
    *fault = share_fits(d, i, j, &share) ? PSE_FAULT_COMPLAINANT : PSE_FAULT_DEALER;
    return PSE_OK;
}

/* --- step 5: keys and confirm ---------------------------------------------------------------- */

pse_rc pse_dkg_joint(const struct pse_dkg *d, pse_enc *y)
{
    PSE_REQUIRE(d->accepted_n == d->n);
    pse_point_encode(d->g, y, &d->sum[0], 1);
    return pse_point_is_identity(d->g, &d->sum[0]) ? PSE_E_RANGE : PSE_OK;
}

void pse_dkg_verification_key(const struct pse_dkg *d, pse_point *point, pse_enc *enc, unsigned j)
{
    PSE_REQUIRE(d->accepted_n == d->n && is_trustee(d, j));
    evaluate(d, point, d->sum, d->t, j);
    pse_point_encode(d->g, enc, point, 1);
}

/* PoK("dkg-confirm"; u8 j; Y || V_j). */
struct confirm_pok {
    uint8_t j;
    struct pse_span x[2];
    struct pse_statement s;
};

static void confirm_pok_set(struct confirm_pok *p, const struct pse_dkg *d, unsigned j,
                            const uint8_t *body)
{
    p->j = (uint8_t)j;
    p->x[0] = pse_span(&p->j, 1);
    p->x[1] = pse_span(body, 64);
    p->s = (struct pse_statement){"dkg-confirm", &d->eid, p->x, 2};
}

pse_rc pse_dkg_confirm_make(const struct pse_dkg *d, uint8_t body[PSE_DKG_CONFIRM_SIZE], unsigned j,
                            const pse_secret *x, const pse_secret *nonce)
{
    struct confirm_pok pok;
    pse_point v;
    pse_point own;
    pse_enc y;
    pse_enc enc;

    PSE_TRY(pse_dkg_joint(d, &y));
    pse_dkg_verification_key(d, &v, &enc, j);
    pse_point_mul_base(d->g, &own, x, 1);
    if (!choose_reveal(pse_point_is_equal(d->g, &own, &v)))
        return PSE_E_MISMATCH;
    memcpy(body, y.b, 32);
    memcpy(body + 32, enc.b, 32);
    confirm_pok_set(&pok, d, j, body);
    pse_pok_prove_with(d->g, body + 64, &pok.s, x, nonce);
    return PSE_OK;
}

pse_rc pse_dkg_confirm_check_keys(const struct pse_dkg *d, unsigned j, struct pse_span body)
{
    pse_point v;
    pse_enc y;
    pse_enc enc;

    if (body.n != PSE_DKG_CONFIRM_SIZE)
        return PSE_E_LENGTH;
    if (pse_dkg_joint(d, &y) != PSE_OK)
        return PSE_E_MISMATCH;
    pse_dkg_verification_key(d, &v, &enc, j);
    if (pse_point_is_identity(d->g, &v) || memcmp(body.p, y.b, 32) != 0 ||
        memcmp(body.p + 32, enc.b, 32) != 0)
        return PSE_E_MISMATCH;
    return PSE_OK;
}

pse_rc pse_dkg_confirm_check_proof(const struct pse_dkg *d, unsigned j, struct pse_span body)
{
    struct confirm_pok pok;
    pse_point v;
    pse_enc enc[2];
    pse_point y;

    PSE_REQUIRE(is_trustee(d, j));
    if (body.n != PSE_DKG_CONFIRM_SIZE)
        return PSE_E_LENGTH;
    memcpy(enc, body.p, sizeof enc);
    PSE_TRY(pse_point_decode(d->g, &y, NULL, &enc[0], 1, PSE_IDENTITY_FORBIDDEN));
    PSE_TRY(pse_point_decode(d->g, &v, NULL, &enc[1], 1, PSE_IDENTITY_FORBIDDEN));
    confirm_pok_set(&pok, d, j, body.p);
    return pse_pok_verify(d->g, &pok.s, &v, body.p + 64);
}
