/* Close, freeze and mixing: V501, V502, V601-V604, W001, W004. */
#include "tamper.h"

/* Lists of the small election, ascending: (1,1) (1,3) (2,1) (3,3). */
enum { LIST_COUNCIL = 2, LIST_MAYOR = 3 };

/* --- close and freeze ------------------------------------------------------------------------- */

static struct pse_entry close_entry(struct mini *m)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_CLOSE, PSE_ROLE_AUTHORITY, 0);

    e.u.close.size = pse_engine_size(m->engine);
    pse_engine_root(m->engine, &e.u.close.root);
    e.u.close.reason = PSE_CLOSE_SCHEDULED;
    e.u.close.time = 2000;
    return e;
}

static void v501_size(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_CLOSE);
    e = close_entry(m);
    e.u.close.size--;
    dead(m, PSE_V501, mini_put(m, &e));
}

static void v501_root(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_CLOSE);
    e = close_entry(m);
    e.u.close.root.b[31] ^= 1;
    dead(m, PSE_V501, mini_put(m, &e));
}

static struct pse_entry freeze_entry(struct mini *m)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_FREEZE, PSE_ROLE_AUTHORITY, 0);

    PSE_REQUIRE(pse_engine_admitted(m->engine, &e.u.freeze.count, &e.u.freeze.digest) == PSE_OK);
    return e;
}

static void v502_count(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_FREEZE);
    e = freeze_entry(m);
    e.u.freeze.count++;
    dead(m, PSE_V502, mini_put(m, &e));
}

/* The digest of a set without one ballot, as if it had been dropped; everything is built on it. */
static void v502_dropped_ballot(void **state)
{
    struct mini *m = *state;
    struct pse_entry honest;
    struct pse_entry e;
    uint64_t bad;

    mini_until(m, MINI_FREEZE);
    honest = freeze_entry(m);
    mini_revoke(m, m->ballot[6], PSE_REVOKE_REVOKE, PSE_REASON_PAPER);
    e = freeze_entry(m);
    assert_int_equal(e.u.freeze.count + 1, honest.u.freeze.count);
    mini_revoke(m, m->ballot[6], PSE_REVOKE_RESTORE, PSE_REASON_PAPER);
    bad = mini_put(m, &e);
    mini_skip(m);
    mini_until(m, MINI_DONE);
    stuck(m, PSE_V502, bad);
}

static void w001_small_list(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
    assert_true(mini_has(m, PSE_W001, m->entries - 16));
    assert_int_equal(m->entry[m->entries - 16].p[0], PSE_ENTRY_FREEZE);
}

/* --- mix bodies ------------------------------------------------------------------------------- */

static void v601_bodies(void **state)
{
    struct mini *m = *state;
    struct pse_entry good;
    struct pse_entry e;
    uint64_t first;

    mini_until(m, MINI_MIX);
    good = mini_mix(m, 1, LIST_COUNCIL);
    e = good;
    e.u.mix.contest = 9;
    first = mini_put(m, &e);
    e = good;
    e.u.mix.contest = 1; /* homomorphic */
    mini_put(m, &e);
    e = good;
    e.u.mix.pot = 2; /* merged into 3 */
    mini_put(m, &e);
    e = good;
    e.u.mix.seq = 2;
    mini_put(m, &e);
    e = good;
    e.u.mix.seq = 0;
    mini_put(m, &e);
    e = good;
    e.u.mix.n--;
    mini_put(m, &e);
    e = good;
    e.u.mix.w = 2;
    mini_put(m, &e);
    e = good;
    e.u.mix.in.b[0] ^= 1;
    mini_put(m, &e);
    dead(m, PSE_V601, first);
    for (uint64_t i = first; i < first + 8; i++)
        assert_true(mini_has(m, PSE_V601, i));
}

static void v601_same_mixer_twice(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_MIX_END);
    e = mini_mix(m, 1, LIST_COUNCIL);
    dead(m, PSE_V601, mini_put(m, &e));
}

static void v601_output_of_another_list(void **state)
{
    struct mini *m = *state;
    struct pse_entry e, other;

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    other = mini_mix(m, 1, LIST_MAYOR);
    e.u.mix.in = other.u.mix.in;
    dead(m, PSE_V601, mini_put(m, &e));
}

/* --- mix blobs -------------------------------------------------------------------------------- */

/* A mix of the council's list with its output or proof replaced, published as it is. */
static uint64_t put_other_output(struct mini *m, const struct pse_entry *good, struct pse_span out)
{
    struct pse_entry e = *good;

    e.u.mix.out = mini_blob(m, out);
    return mini_put(m, &e);
}

static uint64_t put_other_proof(struct mini *m, const struct pse_entry *good, struct pse_span proof)
{
    struct pse_entry e = *good;

    e.u.mix.proof = mini_blob(m, proof);
    return mini_put(m, &e);
}

static void copy_blob(struct mini *m, struct pse_buf *out, const pse_hash *hash)
{
    struct pse_span bytes = pse_buf_span(&mini_blob_find(m, hash)->bytes);

    *out = PSE_BUF(bytes.n + 100);
    pse_buf_put(out, bytes.p, bytes.n);
}

static void v602_output(void **state)
{
    struct mini *m = *state;
    struct pse_entry good;
    struct pse_buf b;
    uint64_t first;

    mini_until(m, MINI_MIX);
    good = mini_mix(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &good.u.mix.out);
    memset(b.p + 64, 0, 32); /* identity */
    first = put_other_output(m, &good, pse_buf_span(&b));
    memset(b.p + 64, 0xff, 32); /* not canonical */
    put_other_output(m, &good, pse_buf_span(&b));
    put_other_output(m, &good, pse_span(b.p, b.n - 1));
    put_other_output(m, &good, pse_span(b.p, b.n - 64));
    pse_buf_put(&b, "x", 1);
    put_other_output(m, &good, pse_buf_span(&b));
    put_other_output(m, &good, pse_span(NULL, 0));
    pse_buf_free(&b);
    dead(m, PSE_V602, first);
    for (uint64_t i = first; i < first + 6; i++)
        assert_true(mini_has(m, PSE_V602, i));
}

static void v603_proof(void **state)
{
    struct mini *m = *state;
    struct pse_entry good;
    struct pse_buf b;
    uint64_t first;

    mini_until(m, MINI_MIX);
    good = mini_mix(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &good.u.mix.proof);
    memset(b.p + b.n - 32, 0xff, 32); /* scalar */
    first = put_other_proof(m, &good, pse_buf_span(&b));
    memset(b.p, 0, 32); /* identity */
    put_other_proof(m, &good, pse_buf_span(&b));
    put_other_proof(m, &good, pse_span(b.p, b.n - 32));
    pse_buf_put(&b, "x", 1);
    put_other_proof(m, &good, pse_buf_span(&b));
    pse_buf_free(&b);
    dead(m, PSE_V603, first);
    for (uint64_t i = first; i < first + 4; i++)
        assert_true(mini_has(m, PSE_V603, i));
}

/* A fault in one blob does not hide a fault in the other, whose rule comes first. */
static void v602_beside_a_proof_of_wrong_length(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_buf b;
    uint64_t bad;

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &e.u.mix.out);
    memset(b.p + 64, 0, 32);
    e.u.mix.out = mini_blob(m, pse_buf_span(&b));
    e.u.mix.proof = mini_blob(m, pse_span(b.p, 7));
    pse_buf_free(&b);
    bad = mini_put(m, &e);
    dead(m, PSE_V602, bad);
    assert_true(mini_has(m, PSE_V603, bad));
}

static void v602_beside_an_absent_proof(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_buf b;
    uint64_t bad;

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &e.u.mix.out);
    memset(b.p + 64, 0, 32);
    e.u.mix.out = mini_blob(m, pse_buf_span(&b));
    e.u.mix.proof.b[0] ^= 1;
    pse_buf_free(&b);
    bad = mini_put(m, &e);
    mini_until(m, MINI_DONE);
    refused(m, PSE_V602, bad);
    assert_true(mini_has(m, PSE_V905, bad));
}

/* --- wrong shuffles --------------------------------------------------------------------------- */

static void v604_proof_of_another_shuffle(void **state)
{
    struct mini *m = *state;
    struct pse_entry one, two;

    mini_until(m, MINI_MIX);
    one = mini_mix(m, 1, LIST_COUNCIL);
    two = mini_mix(m, 1, LIST_COUNCIL);
    one.u.mix.proof = two.u.mix.proof;
    dead(m, PSE_V604, mini_put(m, &one));
}

static void v604_proof_of_another_mixer(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    e.index = 2;
    dead(m, PSE_V604, mini_put(m, &e));
}

/* The cheaters build on it to the end; nobody else can. */
static void built_on(struct mini *m, const struct pse_entry *mix)
{
    uint64_t bad = mini_put(m, mix);

    for (uint8_t mixer = 1; mixer <= MINI_MIXERS; mixer++)
        for (size_t at = LIST_COUNCIL; at <= LIST_MAYOR; at++) {
            struct pse_list_view list;
            struct pse_entry e;

            pse_engine_list(m->engine, &list, at);
            if ((list.mixers >> (mixer - 1) & 1) != 0)
                continue;
            e = mini_mix(m, mixer, at);
            mini_put(m, &e);
        }
    mini_skip(m);
    mini_until(m, MINI_DONE);
    assert_int_equal(pse_engine_state(m->engine), PSE_STATE_END);
    stuck(m, PSE_V604, bad);
}

static void v604_dropped_row(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_buf b;

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &e.u.mix.out);
    memcpy(b.p, b.p + 64, 64); /* row 1 is dropped, row 2 is there twice */
    e.u.mix.out = mini_blob(m, pse_buf_span(&b));
    pse_buf_free(&b);
    built_on(m, &e);
}

static void v604_altered_row(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_buf b;

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &e.u.mix.out);
    memcpy(b.p + 32, m->credential[0].b, 32);
    e.u.mix.out = mini_blob(m, pse_buf_span(&b));
    pse_buf_free(&b);
    built_on(m, &e);
}

static void v604_halves_swapped(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_buf b;
    uint8_t swap[32];

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    copy_blob(m, &b, &e.u.mix.out);
    memcpy(swap, b.p + 32, 32);
    memcpy(b.p + 32, b.p + 96, 32);
    memcpy(b.p + 96, swap, 32);
    e.u.mix.out = mini_blob(m, pse_buf_span(&b));
    pse_buf_free(&b);
    built_on(m, &e);
}

static void v604_input_handed_on(void **state)
{
    struct mini *m = *state;
    struct pse_entry e;
    struct pse_list_view list;

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    pse_engine_list(m->engine, &list, LIST_COUNCIL);
    e.u.mix.out = mini_blob(m, list.rows);
    built_on(m, &e);
}

static void v604_list_of_a_mixer_before(void **state)
{
    struct mini *m = *state;
    struct pse_entry first, second;
    struct pse_list_view list;
    pse_hash l0;

    mini_until(m, MINI_MIX);
    pse_engine_list(m->engine, &list, LIST_COUNCIL);
    l0 = mini_blob(m, list.rows);
    first = mini_mix(m, 1, LIST_COUNCIL);
    mini_put(m, &first);
    second = mini_mix(m, 2, LIST_COUNCIL);
    second.u.mix.out = l0;
    built_on(m, &second);
}

/* --- the end of mixing ------------------------------------------------------------------------ */

static void mix_end_too_early(void **state)
{
    struct mini *m = *state;
    struct pse_entry end = mini_entry(PSE_ENTRY_MIX_END, PSE_ROLE_AUTHORITY, 0);
    struct pse_entry e;

    mini_until(m, MINI_MIX);
    e = mini_mix(m, 1, LIST_COUNCIL);
    mini_put(m, &e);
    dead(m, PSE_V908, mini_put(m, &end));
}

static void w004_mixer_did_not_act(void **state)
{
    struct mini *m = *state;
    uint64_t end;

    mini_edit(&m->manifest, "\"mix_min\":2", "\"mix_min\":1");
    mini_until(m, MINI_MIX);
    for (size_t at = LIST_COUNCIL; at <= LIST_MAYOR; at++) {
        struct pse_entry e = mini_mix(m, 2, at);

        mini_put(m, &e);
    }
    mini_skip(m);
    end = m->entries;
    mini_until(m, MINI_DONE);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
    assert_true(mini_has(m, PSE_W004, end));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HONEST(v501_size),
        HONEST(v501_root),
        HONEST(v502_count),
        HONEST(v502_dropped_ballot),
        HONEST(w001_small_list),
        HONEST(v601_bodies),
        HONEST(v601_same_mixer_twice),
        HONEST(v601_output_of_another_list),
        HONEST(v602_output),
        HONEST(v603_proof),
        HONEST(v602_beside_a_proof_of_wrong_length),
        HONEST(v602_beside_an_absent_proof),
        HONEST(v604_proof_of_another_shuffle),
        HONEST(v604_proof_of_another_mixer),
        CHEATING(v604_dropped_row),
        CHEATING(v604_altered_row),
        CHEATING(v604_halves_swapped),
        CHEATING(v604_input_handed_on),
        CHEATING(v604_list_of_a_mixer_before),
        HONEST(mix_end_too_early),
        HONEST(w004_mixer_did_not_act),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
