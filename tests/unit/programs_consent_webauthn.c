/* Acts that officers assert with their authenticators: who stands behind them, and when. */
#include "authenticator_maker.h"
#include "common/consent_log.h"

enum { OFFICERS = 3 };

static const char *const names[OFFICERS] = {"ann", "ben", "cleo"};
static EVP_PKEY *pair[OFFICERS][CONSENT_AUTHENTICATORS];
static struct consent_accounts accounts;
static pse_edkey card[OFFICERS];
static pse_seed seed[OFFICERS];

static const char *id_of(int officer, int which)
{
    static const char *const ids[OFFICERS][CONSENT_AUTHENTICATORS] = {
        {"ann 1", "ann 2"}, {"ben 1", "ben 2"}, {"cleo 1", "cleo 2"}};

    return ids[officer][which];
}

static struct consent_change change_of(int officer, int which, bool is_removed)
{
    struct consent_change c = {.is_removed = is_removed, .by = pse_span_str("operator")};

    strcpy(c.account, names[officer]);
    c.key = maker_key(pair[officer][which], id_of(officer, which));
    pse_sha256(&c.credential, pse_span(c.key.id, c.key.id_n));
    return c;
}

static int setup(void **state)
{
    (void)state;
    memset(&accounts, 0, sizeof accounts);
    for (int i = 0; i < OFFICERS; i++) {
        memset(seed[i].b, i + 1, sizeof seed[i].b);
        pse_ed25519_public(&card[i], &seed[i]);
        for (int j = 0; j < CONSENT_AUTHENTICATORS; j++) {
            struct consent_change change;

            pair[i][j] = j == 0 ? maker_p256() : maker_ed25519();
            change = change_of(i, j, false);
            assert_int_equal(consent_accounts_change(&accounts, &change), PSE_OK);
        }
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < OFFICERS; i++) {
        for (int j = 0; j < CONSENT_AUTHENTICATORS; j++)
            EVP_PKEY_free(pair[i][j]);
    }
    return 0;
}

static struct consent act_to(const char *what)
{
    return (struct consent){.what = pse_span_str(what),
                            .about = pse_span_str("grounds"),
                            .made = MAKER_NOW,
                            .nonce = {{7}}};
}

/* One officer's assertion, asked for and answered at these instants after the act was made. */
struct given {
    int officer, which;
    int64_t issued, answered;
    enum pse_webauthn_purpose purpose;
    const struct consent *of; /* another act than it is put on */
    const char *account;      /* whose it is said to be */
    const char *asked;        /* whose the challenge was */
    uint8_t flags;
};

static struct pse_span evidence_of(const struct given *g, const struct consent *c)
{
    static struct pse_buf kept[16];
    static size_t n;
    struct pse_webauthn_evidence e = {.answered = MAKER_NOW + g->answered};
    struct pse_buf *out = &kept[n++ % 16];
    struct ceremony ceremony;
    pse_hash bytes;
    struct made m;
    PSE_RNG(rng);

    pse_buf_free(out);
    *out = PSE_BUF(PSE_WEBAUTHN_EVIDENCE_MAX);
    pse_rng_init(&rng, seed[g->officer].b);
    consent_webauthn_act(&e.challenge.act, g->of == NULL ? c : g->of);
    pse_webauthn_challenge_make(&e.challenge, g->purpose, g->asked, &e.challenge.act, &rng,
                                MAKER_NOW + g->issued);
    pse_webauthn_challenge_bytes(&bytes, &e.challenge);
    ceremony = ceremony_again(pair[g->officer][g->which], &bytes);
    ceremony.id = id_of(g->officer, g->which);
    ceremony.flags = g->flags;
    make(&m, &ceremony);
    e.answer = m.answer;
    pse_webauthn_evidence_put(out, &e);
    made_free(&m);
    return pse_buf_span(out);
}

static struct given by(int officer, int64_t issued)
{
    return (struct given){.officer = officer,
                          .issued = issued,
                          .answered = issued + 10,
                          .purpose = PSE_WEBAUTHN_ACT,
                          .account = names[officer],
                          .asked = names[officer],
                          .flags = FLAG_UP | FLAG_UV};
}

static void put(struct consent *c, struct given g)
{
    assert_int_equal(consent_assert(c, g.account, evidence_of(&g, c)), PSE_OK);
}

static size_t behind(const struct consent *c, bool keys)
{
    static const pse_hash zero;
    struct consent_need need = {.what = "open",
                                .eid = &zero,
                                .subject = &zero,
                                .officer = card,
                                .name = names,
                                .officers = keys ? OFFICERS : 0,
                                .accounts = &accounts,
                                .site = &maker_site,
                                .now = MAKER_NOW};

    return consent_officers(c, &need);
}

static size_t two(struct given first, struct given second)
{
    struct consent c = act_to("open");

    put(&c, first);
    put(&c, second);
    return behind(&c, false);
}

static void both_are_fresh_when_the_second_comes(void **state)
{
    struct given late = by(1, 291);
    struct consent c = act_to("open");

    (void)state;
    assert_int_equal(two(by(0, 0), by(1, 0)), 2);
    assert_int_equal(two(by(0, 0), by(1, 290)), 2); /* answered at 300 */
    assert_int_equal(two(by(0, 0), late), 1);       /* at 301 */
    assert_int_equal(two(late, by(0, 0)), 1);       /* whichever is written first */
    assert_int_equal(two(by(0, 80000), by(1, 80000)), 2);
    /* The first is asked again, which takes the place of the old one. */
    put(&c, by(0, 0));
    put(&c, late);
    assert_int_equal(behind(&c, false), 1);
    put(&c, by(0, 310));
    assert_int_equal(c.assertions, 2);
    assert_int_equal(behind(&c, false), 2);
    /* A third does as well, with the one that is fresh. */
    c = act_to("open");
    put(&c, by(0, 0));
    put(&c, late);
    put(&c, by(2, 400));
    assert_int_equal(behind(&c, false), 2);
}

static void an_assertion_took_five_minutes_at_most(void **state)
{
    struct given g = by(1, 0);

    (void)state;
    g.answered = 300;
    assert_int_equal(two(by(0, 0), g), 2);
    g.answered = 301;
    assert_int_equal(two(by(0, 200), g), 1);
    g.answered = -1;
    assert_int_equal(two(by(0, 0), g), 1);
}

static void one_officer_is_one(void **state)
{
    struct given again = by(0, 0);
    struct consent c = act_to("open");

    (void)state;
    again.which = 1;
    assert_int_equal(two(by(0, 0), again), 1);
    again.account = "ben";
    assert_int_equal(two(by(0, 0), again), 1);
    again.account = "nobody";
    assert_int_equal(two(by(0, 0), again), 1);
    /* Nor does one answer what another was asked. */
    again = by(1, 0);
    again.asked = "cleo";
    assert_int_equal(two(by(0, 0), again), 1);
    /* Nor are a key and an account of one name two. */
    put(&c, by(0, 0));
    c.by[c.signers++].key = card[0];
    assert_int_equal(behind(&c, true), 1);
    c.by[c.signers++].key = card[1];
    assert_int_equal(behind(&c, true), 2);
    assert_int_equal(behind(&c, false), 1); /* where keys do not count */
}

static void an_assertion_is_for_its_act(void **state)
{
    struct consent other = act_to("close");
    struct given g = by(1, 0);

    (void)state;
    g.of = &other;
    assert_int_equal(two(by(0, 0), g), 1);
    g = by(1, 0);
    g.purpose = PSE_WEBAUTHN_LOGIN;
    assert_int_equal(two(by(0, 0), g), 1);
    g = by(1, 0);
    g.flags = FLAG_UP;
    assert_int_equal(two(by(0, 0), g), 1);
    assert_int_equal(two(by(0, -CONSENT_CLOCKS_DIFFER), by(1, -CONSENT_CLOCKS_DIFFER)), 2);
    assert_int_equal(two(by(0, -400), by(1, -400)), 0); /* before the act was made */
    assert_int_equal(two(by(0, CONSENT_SECONDS), by(1, CONSENT_SECONDS)), 0);
}

static void one_authenticator_is_not_enough(void **state)
{
    struct consent_accounts before = accounts;
    struct consent_change change = change_of(1, 1, true);

    (void)state;
    assert_int_equal(two(by(0, 0), by(1, 0)), 2);
    assert_int_equal(consent_accounts_change(&accounts, &change), PSE_OK);
    assert_int_equal(consent_accounts_change(&accounts, &change), PSE_E_MISSING);
    assert_int_equal(two(by(0, 0), by(1, 0)), 1);
    change.is_removed = false;
    assert_int_equal(consent_accounts_change(&accounts, &change), PSE_OK);
    assert_int_equal(consent_accounts_change(&accounts, &change), PSE_E_DUPLICATE);
    assert_int_equal(two(by(0, 0), by(1, 0)), 2);
    change.key.id[0] ^= 1;
    assert_int_equal(consent_accounts_change(&accounts, &change), PSE_E_LIMIT);
    accounts = before;
}

static void it_travels_in_a_file(void **state)
{
    PSE_ARENA(arena, 1 << 20);
    struct pse_buf text = PSE_BUF(65536);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct consent c = act_to("open");
    const struct pse_json *root;
    struct consent back;

    (void)state;
    put(&c, by(0, 0));
    put(&c, by(1, 0));
    pse_json_wr_object(&w, NULL);
    consent_put(&w, &c);
    pse_json_wr_end(&w);
    assert_int_equal(pse_json_wr_finish(&w), PSE_OK);
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_buf_span(&text)), PSE_OK);
    assert_int_equal(consent_take(&back, &arena, root), PSE_OK);
    assert_int_equal(behind(&back, false), 2);
    /* One account has one assertion. */
    memcpy(strstr((char *)text.p, "\"ben\"") + 1, "ann", 3);
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_buf_span(&text)), PSE_OK);
    assert_int_equal(consent_take(&back, &arena, root), PSE_E_DUPLICATE);
    pse_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_are_fresh_when_the_second_comes),
        cmocka_unit_test(an_assertion_took_five_minutes_at_most),
        cmocka_unit_test(one_officer_is_one),
        cmocka_unit_test(an_assertion_is_for_its_act),
        cmocka_unit_test(one_authenticator_is_not_enough),
        cmocka_unit_test(it_travels_in_a_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
