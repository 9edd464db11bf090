/* Real elections, where the folder with their data is given by the environment variable PSE_DATA;
 * without it this says that it is skipped. The data and the known results are those of
 * that folder's README.md: Scottish council wards as published by the councils, Riigikogu 2023 as
 * declared, Burlington 2009, Debian 2010, the French approval experiment of 2002. */
#include <stdlib.h>

#include "count_help.h"

#define FOLDER "PSE_DATA"

static void read_file(struct counted *c, struct pse_span *text, const char *name)
{
    const char *folder = getenv(FOLDER);
    char path[4096];
    FILE *f;
    long size;
    uint8_t *p;

    assert_non_null(folder);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("cannot open %s", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size = ftell(f);
    assert_true(size > 0);
    rewind(f);
    p = PSE_NEW(&c->arena, uint8_t, (size_t)size);
    assert_non_null(p);
    assert_int_equal(fread(p, 1, (size_t)size, f), (size_t)size);
    assert_int_equal(fclose(f), 0);
    *text = pse_span(p, (size_t)size);
}

static void load(struct counted *c, const char *name)
{
    struct pse_count_where where;
    struct pse_span text;
    pse_rc rc;

    read_file(c, &text, name);
    rc = strncmp(name, "blt/", 4) == 0
             ? pse_count_blt_read(&c->ballots, &c->arena, &where, text)
             : pse_count_preflib_read(&c->ballots, &c->arena, &where, text);
    if (rc != PSE_OK)
        fail_msg("%s line %zu: %s", name, where.line, where.slug);
}

static void scottish_wards(void **state)
{
    static const struct {
        const char *file;
        unsigned options, seats, ballots, groups, quota;
        const char *elected;
    } wards[] = {
        {"eilean_siar_2022_ward4", 3, 2, 739, 15, 247, "2 1"},
        {"perth_kinross_2016_by_election_ward9", 5, 1, 3431, 183, 1716, "1"},
        {"renfrewshire_2017_ward3", 9, 3, 4804, 1131, 1202, "6 8 1"},
        {"aberdeen_2012_ward8", 11, 3, 2658, 902, 665, "6 7 8"},
        {"glasgow_2007_eastcentre", 13, 4, 9078, 2704, 1816, "6 2 5 10"},
        {"edinburgh_2017_ward12", 10, 4, 10649, 3671, 2130, "7 1 8 5"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wards / sizeof *wards; i++) {
        COUNTED(c);
        char name[128];

        (void)snprintf(name, sizeof name, "blt/%s.blt", wards[i].file);
        load(&c, name);
        assert_int_equal(c.ballots.options, wards[i].options);
        assert_int_equal(c.ballots.groups, wards[i].groups);
        assert_int_equal(count_by(&c, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
        assert_int_equal(c.result.seats, wards[i].seats);
        assert_int_equal(c.result.valid, wards[i].ballots);
        assert_true(c.result.stage[0].quota == (pse_u128)wards[i].quota * 100000);
        assert_elected(c, wards[i].elected);
        for (size_t t = 0; t < c.result.ties; t++)
            assert_int_equal(c.result.tie[t].way, PSE_WAY_EARLIER);
        assert_int_equal(c.result.ties, i == 2);
    }
}

static void burlington(void **state)
{
    COUNTED(c);
    (void)state;
    load(&c, "preflib/00005-00000002.toi");
    assert_int_equal(count_by(&c, PSE_RULE_IRV, 0), PSE_OK);
    assert_int_equal(c.result.ballots, 8980);
    assert_totals(c, 1, "2585 2063 35 1306 2951 36, 4");
    assert_elected(c, "1");
    assert_true(c.result.stage[c.result.stages - 1].total[0] == 4313);
    assert_true(c.result.stage[c.result.stages - 1].total[4] == 4061);
    assert_int_equal(count_by(&c, PSE_RULE_PLURALITY, 0), PSE_OK);
    assert_elected(c, "5");
    assert_int_equal(count_by(&c, PSE_RULE_SCHULZE, 0), PSE_OK);
    assert_elected(c, "2");
}

static void debian(void **state)
{
    COUNTED(c);
    (void)state;
    load(&c, "preflib/00002-00000006.soi");
    assert_int_equal(c.ballots.total, 436);
    assert_int_equal(count_by(&c, PSE_RULE_SCHULZE, 0), PSE_OK);
    assert_elected(c, "1");
    assert_true(pse_span_is_str(c.ballots.name[1], "Stefano Zacchiroli"));
}

static void french_approval(void **state)
{
    static const unsigned ballots[] = {365, 409, 476, 460, 472, 415};
    static const struct {
        const char *name;
        unsigned votes;
    } known[] = {
        {"Jospin", 1051}, {"Chirac", 945}, {"Bayrou", 867}, {"Mamere", 748}, {"Chevenement", 787}};
    unsigned sum[sizeof known / sizeof *known] = {0};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        COUNTED(c);
        char name[64];

        (void)snprintf(name, sizeof name, "preflib/00026-0000000%u.cat", i + 1);
        load(&c, name);
        assert_int_equal(c.ballots.total, ballots[i]);
        assert_int_equal(count_by(&c, PSE_RULE_APPROVAL, 0), PSE_OK);
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            for (size_t o = 1; o <= c.ballots.options; o++)
                if (pse_span_is_str(c.ballots.name[o], known[k].name))
                    sum[k] += (unsigned)c.result.stage[0].total[o - 1];
    }
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        assert_int_equal(sum[k], known[k].votes);
}

static void riigikogu(void **state)
{
    static const struct {
        const char *name;
        unsigned votes, seats;
    } known[] = {
        {"Eesti Reformierakond", 190632, 37},
        {"Eesti Konservatiivne Rahvaerakond", 97966, 17},
        {"Eesti Keskerakond", 93254, 16},
        {"Erakond Eesti 200", 81329, 14},
        {"Sotsiaaldemokraatlik Erakond", 56584, 9},
        {"ISAMAA Erakond", 50118, 8},
        {"Erakond Parempoolsed", 14037, 0},
        {"Erakond Eestimaa Rohelised", 5886, 0},
    };
    COUNTED(c);
    struct pse_count_where where;
    struct pse_span counts = {NULL, 0};
    struct pse_span mandates = {NULL, 0};

    (void)state;
    read_file(&c, &counts, "rk2023.csv");
    read_file(&c, &mandates, "rk2023-mandates.csv");
    assert_int_equal(pse_count_returns_read(&c.returns, &c.arena, &where, counts), PSE_OK);
    assert_int_equal(pse_count_mandates_read(&c.returns, &where, mandates), PSE_OK);
    assert_int_equal(c.returns.candidates, 968);
    assert_int_equal(c.returns.parties, 9);
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_int_equal(c.result.ballots, 610299);
    assert_int_equal(c.result.elected.n, 101);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        bool found = false;
        uint64_t votes = 0;

        for (size_t p = 0; p < c.returns.parties; p++) {
            if (!pse_span_is_str(c.returns.party[p], known[k].name))
                continue;
            found = true;
            for (size_t i = 0; i < c.returns.candidates; i++)
                votes += c.returns.candidate[i].party == p ? c.returns.candidate[i].votes : 0;
            assert_int_equal(c.result.party_seats[p], known[k].seats);
        }
        assert_true(found);
        assert_int_equal(votes, known[k].votes);
    }
    assert_int_equal(c.result.ties, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scottish_wards),  cmocka_unit_test(burlington), cmocka_unit_test(debian),
        cmocka_unit_test(french_approval), cmocka_unit_test(riigikogu),
    };
    const char *folder = getenv(FOLDER);

    if (folder == NULL || folder[0] == '\0') {
        puts("1..0 # SKIP " FOLDER " does not name the folder of the data");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
