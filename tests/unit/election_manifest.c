/* Manifests: the verdict V102 or V103 of every case, what is read, and canonical bytes. */
#define _GNU_SOURCE
#include "codec/codec.h"
#include "election.h"

static uint16_t verdict_of(struct fixture *f, struct pse_span blob,
                           struct pse_manifest_fault *fault)
{
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    struct pse_manifest *m;
    pse_rc rc = pse_manifest_parse(&m, &arena, fault, f->g, blob);

    if (rc == PSE_OK)
        assert_non_null(m);
    else
        assert_null(m);
    assert_int_equal(fault->rule, rc == PSE_OK ? 0 : rc == PSE_E_SYNTAX ? 102 : 103);
    assert_true(rc == PSE_OK || rc == PSE_E_SYNTAX || rc == PSE_E_RANGE);
    if (rc != PSE_OK)
        assert_non_null(fault->slug);
    return fault->rule;
}

static void known_verdicts(void **state)
{
    json_t *file = vectors_load("psephos1/manifest.json"), *c;
    struct fixture f;
    size_t i;

    (void)state;
    fixture_open(&f);
    json_array_foreach(json_object_get(file, "cases"), i, c)
    {
        const char *verdict = json_string_value(json_object_get(c, "verdict"));
        struct pse_manifest_fault fault;
        uint16_t got = verdict_of(&f, vectors_text(c, "manifest"), &fault);
        uint16_t want = strcmp(verdict, "accept") == 0 ? 0 : (uint16_t)atoi(verdict + 1);

        if (got != want)
            fail_msg("%s: V%u, not %s (%s at %s)", json_string_value(json_object_get(c, "note")),
                     got, verdict, fault.slug, fault.path);
    }
    assert_int_equal(i, 35);
    json_decref(file);
    fixture_close(&f);
}

/* One change of the good manifest, and what must follow. */
struct change {
    const char *from, *to;
    uint16_t rule;
    const char *path; /* NULL: not asked */
};

static const struct change changes[] = {
    /* syntax, members, types */
    {"\"protocol\": \"psephos/1\"", "\"protocol\": \"psephos/2\"", 102, "protocol"},
    {"\"kind\": \"mix\"", "\"kind\": \"mixed\"", 102, "contests[1].kind"},
    {"\"format\": \"ranking\"", "\"format\": \"rank\"", 102, "contests[1].format"},
    {"\"format\": \"ranking\"", "\"blank\": false", 102, NULL},
    {"\"option_max\": 1,", "\"option_max\": 1, \"width\": 1,", 102, NULL},
    {"\"opens\": 1790000000", "\"opens\": 1790000000, \"x\": 1", 102, NULL},
    {"\"origin\": \"log.example/psephos-vectors\"", "\"origin\": 7", 102, "origin"},
    {"\"key\": \"log", "\"key\": 1, \"k\": \"log", 102, NULL},
    {"\"id\": 1,\n   \"fallback\": 0", "\"id\": 1", 102, "groups[0].fallback"},
    {"\"fallback\": 0", "\"fallback\": null", 102, NULL},
    {"\"fallback\": 0", "\"fallback\": -1", 102, NULL},
    {"\"en\": \"Test election\"", "\"e_n\": \"Test election\"", 102, "title"},
    {"\"en\": \"Test election\"", "\"\": \"Test election\"", 102, "title"},
    {"\"en\": \"Test election\"", "\"en\": \"\"", 102, "title"},
    {"\"en\": \"Test election\"", "\"en\": 3", 102, "title"},
    {"\"en\": \"Test election\",\n  \"et\": \"Proovivalimine\"", "", 102, "title"},
    {"\"en\": \"Test election\"", "\"aaaaaaaaaabbbbbbbbbbccccccccccdddddd\": \"x\"", 102, "title"},
    {"\"en\": \"Test election\"", "\"aaaaaaaaaabbbbbbbbbbccccccccccddddd\": \"x\"", 0, NULL},
    {"{\n     \"en\": \"Ada\"\n    }", "\"Ada\"", 102, "contests[0].options"},
    {"\"sha256\": \"6c", "\"sha256\": \"6", 102, "documents[0].sha256"},
    {"\"sha256\": \"6c", "\"sha256\": \"6C", 102, "documents[0].sha256"},
    {"\"test\": false", "\"test\": 0", 102, "test"},
    {"\"documents\": [", "\"documents\": 1, \"d\": [", 102, NULL},
    /* both rules broken: syntax comes first, wherever it stands */
    {"\"threshold\": 2", "\"threshold\": 9, \"odd\": 1", 102, NULL},
    {"\"ballots_max\": 100", "\"ballots_max\": 100000", 103, "ballots_max"},
    /* constraints */
    {"\"test\": false", "\"test\": true", 0, NULL},
    {"\"closes\": 1790003600", "\"closes\": 1890003600", 103, "schedule"},
    {"\"retain_until\": 1821536000", "\"retain_until\": 1790003600", 0, NULL},
    {"\"retain_until\": 1821536000", "\"retain_until\": 1790003599", 103, "schedule"},
    {"\"min_list\": 1", "\"min_list\": 4294967296", 103, "min_list"},
    {"\"ballots_max\": 100", "\"ballots_max\": 65535", 0, NULL},
    {"\"ballots_max\": 100", "\"ballots_max\": 65536", 103, "ballots_max"},
    {"\"threshold\": 2", "\"threshold\": 0", 103, "threshold"},
    {"\"threshold\": 2", "\"threshold\": 3", 0, NULL},
    {"\"threshold\": 2", "\"threshold\": 4", 103, "threshold"},
    {"\"mix_min\": 1", "\"mix_min\": 2", 0, NULL},
    {"\"mix_min\": 1", "\"mix_min\": 3", 103, "mix_min"},
    {"\"id\": 1,\n   \"fallback\": 0", "\"id\": 1,\n   \"fallback\": 1", 103, "groups[0].fallback"},
    {"\"id\": 1,\n   \"fallback\": 0", "\"id\": 1,\n   \"fallback\": 2", 103, "groups[0].fallback"},
    {"\"fallback\": 0\n  }", "\"fallback\": 0\n  }, {\"id\": 2, \"fallback\": 0}", 0, NULL},
    {"\"fallback\": 0\n  }", "\"fallback\": 2\n  }, {\"id\": 2, \"fallback\": 0}", 0, NULL},
    {"\"fallback\": 0\n  }", "\"fallback\": 2\n  }, {\"id\": 2, \"fallback\": 1}", 103,
     "groups[1].fallback"},
    {"\"fallback\": 0\n  }", "\"fallback\": 0\n  }, {\"id\": 1, \"fallback\": 0}", 103,
     "groups[1].id"},
    {"\"id\": 1,\n   \"fallback\"", "\"id\": 0,\n   \"fallback\"", 103, "groups[0].id"},
    {"\"id\": 1,\n   \"fallback\"", "\"id\": 65536,\n   \"fallback\"", 103, "groups[0].id"},
    {"\"id\": 2,\n   \"kind\"", "\"id\": 1,\n   \"kind\"", 103, "contests[1].id"},
    {"\"id\": 9,\n   \"group\": 1", "\"id\": 1,\n   \"group\": 1", 103, "styles[1].id"},
    {"\"id\": 9,\n   \"group\": 1", "\"id\": 9,\n   \"group\": 2", 103, "styles[1].group"},
    {"    4,\n    3,\n    5", "    4,\n    3,\n    6", 103, "styles[1].contests"},
    {"    4,\n    3,\n    5", "    4,\n    3,\n    3", 103, "styles[1].contests"},
    {"    4,\n    3,\n    5", "", 103, "styles[1].contests"},
    {"    4,\n    3,\n    5", "5, 3, 4", 0, NULL},
    {"\"name\": \"rules\"", "\"name\": \"\"", 103, "documents[0].name"},
    {"\"min\": 0,\n   \"max\": 1,\n   \"blank\"", "\"min\": 1,\n   \"max\": 0,\n   \"blank\"", 103,
     "contests[0].max"},
    {"\"min\": 0,\n   \"max\": 1,\n   \"blank\": false",
     "\"min\": 0,\n   \"max\": 1,\n   \"blank\": true", 103, "contests[0].blank"},
    {"\"min\": 0,\n   \"max\": 1,\n   \"blank\": false",
     "\"min\": 1,\n   \"max\": 1,\n   \"blank\": true", 0, NULL},
    {"\"min\": 0,\n   \"max\": 1,\n   \"blank\"", "\"min\": 0,\n   \"max\": 3,\n   \"blank\"", 0,
     NULL},
    {"\"min\": 0,\n   \"max\": 1,\n   \"blank\"", "\"min\": 0,\n   \"max\": 4,\n   \"blank\"", 103,
     "contests[0].max"},
    {"\"option_max\": 1", "\"option_max\": 0", 103, "contests[0].option_max"},
    {"\"option_max\": 1", "\"option_max\": 9", 103, "contests[0].option_max"},
    {"\"width\": 1", "\"width\": 0", 103, "contests[1].width"},
    {"\"width\": 1", "\"width\": 8", 0, NULL},
    {"\"width\": 1", "\"width\": 9", 103, "contests[1].width"},
    {"\"min\": 0,\n   \"max\": 4", "\"min\": 0,\n   \"max\": 5", 103, "contests[1].max"},
    {"\"min\": 0,\n   \"max\": 4", "\"min\": 0,\n   \"max\": 0", 103, "contests[1].max"},
    {"\"min\": 0,\n   \"max\": 4", "\"min\": 4,\n   \"max\": 4", 0, NULL},
    {"\"min\": 0,\n   \"max\": 4", "\"min\": 4,\n   \"max\": 3", 103, "contests[1].min"},
    {"\"format\": \"ranking\"", "\"format\": \"choice\"", 103, "contests[1].max"},
    {"\"format\": \"choice-text\"", "\"format\": \"text\"", 103, "contests[3].options"},
    {"\"format\": \"choice-text\"", "\"format\": \"choice\"", 0, NULL},
    {"origin\": \"log.example/psephos-vectors\"", "origin\": \"log.example/psephos-vector\"", 103,
     "log.key"},
    {"psephos-vectors+148dc918", "psephos-vectors+148dc919", 103, "log.key"},
    {"+148dc918+Adf2", "+148dc918+Bdf2", 103, "log.key"},
    {"\"authority\": \"75980d0e50302859eda7e598d66eb046307482140ffd96f816bbc60cdcde56a5\"",
     "\"authority\": \"0100000000000000000000000000000000000000000000000000000000000000\"", 103,
     "authority"},
    {"\"sign\": \"8509e99dc939f120bf17d375af2f35fe7b18051e295b742884b8628b4d9dfc85\"",
     "\"sign\": \"323c7e71778642ce9d76524bc35379c050066a691e648c7a1b6325a2c5777ee9\"", 103,
     "mixers[1].sign"},
    {"\"share\": \"f0f637c483a6bd4a2e1b558f206e8131786a8842e63210a554ce3ebe72f0ee36\"",
     "\"share\": \"2859a0c9120ff64302dc3ee9a4a020d9fbc44d383d86c957c3bc13f017061450\"", 103,
     "trustees[1].share"},
    {"\"share\": \"f0f637c483a6bd4a2e1b558f206e8131786a8842e63210a554ce3ebe72f0ee36\"",
     "\"share\": \"0000000000000000000000000000000000000000000000000000000000000000\"", 103,
     "trustees[1].share"},
    {"\"share\": \"f0f637c483a6bd4a2e1b558f206e8131786a8842e63210a554ce3ebe72f0ee36\"",
     "\"share\": \"0100000000000000000000000000000000000000000000000000000000000000\"", 103,
     "trustees[1].share"},
};

static void single_changes(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct change *c = &changes[i];
        char *text = replaced(f.text, c->from, c->to);
        struct pse_manifest_fault fault;

        if (verdict_of(&f, pse_span_str(text), &fault) != c->rule)
            fail_msg("%s -> %s: V%u (%s at %s)", c->from, c->to, fault.rule, fault.slug,
                     fault.path);
        if (c->path != NULL)
            assert_string_equal(fault.path, c->path);
        free(text);
    }
    fixture_close(&f);
}

static void put_repeated(struct pse_buf *b, size_t n, const char *format, const char *between)
{
    char item[600];

    for (size_t i = 0; i < n; i++) {
        snprintf(item, sizeof item, format, i + 1, i + 1);
        pse_buf_put(b, item, strlen(item));
        if (i + 1 < n)
            pse_buf_put(b, between, strlen(between));
    }
    pse_wr_u8(b, 0);
}

/* Replace a stretch by @p n numbered items and ask for the verdict. */
static uint16_t verdict_repeated(struct fixture *f, const char *from, const char *head, size_t n,
                                 const char *item, const char *tail)
{
    struct pse_buf b = PSE_BUF(PSE_MANIFEST_MAX);
    struct pse_manifest_fault fault;
    uint16_t rule;
    char *text;

    pse_buf_put(&b, head, strlen(head));
    put_repeated(&b, n, item, ",");
    assert_int_equal(b.rc, PSE_OK);
    b.n--;
    pse_buf_put(&b, tail, strlen(tail) + 1);
    text = replaced(f->text, from, (const char *)b.p);
    rule = verdict_of(f, pse_span_str(text), &fault);
    free(text);
    pse_buf_free(&b);
    return rule;
}

static void counts_at_their_bounds(void **state)
{
    static const char option[] = "{\"en\": \"o%zu\"}";
    static const char dora[] = "{\n     \"en\": \"Dora\"\n    }";
    struct fixture f;

    (void)state;
    fixture_open(&f);
    /* contest 2 has three options more */
    assert_int_equal(verdict_repeated(&f, dora, "", 252, option, ""), 0);
    assert_int_equal(verdict_repeated(&f, dora, "", 253, option, ""), 103);
    /* languages of a text */
    assert_int_equal(
        verdict_repeated(&f, "\"en\": \"Test election\"", "", 31, "\"l%zu\": \"x\"", ""), 0);
    assert_int_equal(
        verdict_repeated(&f, "\"en\": \"Test election\"", "", 32, "\"l%zu\": \"x\"", ""), 102);
    fixture_close(&f);
}

/* 65 sums of 255 options, where 64 pass; a ballot of more than 65,535 bytes. */
static void ballots_at_their_bounds(void **state)
{
    static const char ada[] = "{\n     \"en\": \"Ada\"\n    }";
    static const char max[] = "\"max\": 1,\n   \"blank\": false";
    static const struct {
        const char *max;
        size_t options;
        uint16_t rule;
    } c[] = {
        {"\"max\": 63,\n   \"blank\": false", 98, 0},   /* 64 sums of 100 options */
        {"\"max\": 64,\n   \"blank\": false", 98, 103}, /* 65 */
        {"\"max\": 100,\n   \"blank\": false", 98, 0},  /* all sums allowed: no proof */
        {"\"max\": 225,\n   \"blank\": false", 223, 0}, /* 225 * 288 + 2 + 130 + 164 < 65536 */
        {"\"max\": 227,\n   \"blank\": false", 225, 103},
        {"\"max\": 226,\n   \"blank\": false", 224, 0},
    };
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        struct pse_buf b = PSE_BUF(PSE_MANIFEST_MAX);
        struct pse_manifest_fault fault;
        char *one, *two;

        put_repeated(&b, c[i].options, "{\"en\": \"o%zu\"}", ",");
        one = replaced(f.text, ada, (const char *)b.p);
        two = replaced(pse_span_str(one), max, c[i].max);
        if (verdict_of(&f, pse_span_str(two), &fault) != c[i].rule)
            fail_msg("case %zu: V%u (%s at %s)", i, fault.rule, fault.slug, fault.path);
        free(one);
        free(two);
        pse_buf_free(&b);
    }
    fixture_close(&f);
}

/* Pots in one chain of fallbacks: each contest of a style of the first one reaches all of them. */
static void reachable_lists(void **state)
{
    static const size_t pots[] = {819, 820};
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t k = 0; k < 2; k++) {
        struct pse_buf b = PSE_BUF(PSE_MANIFEST_MAX);
        struct pse_manifest_fault fault;
        char item[64];
        char *text;

        for (size_t i = 1; i <= pots[k]; i++) {
            snprintf(item, sizeof item, "%s{\"id\": %zu, \"fallback\": %zu}", i > 1 ? "," : "", i,
                     i < pots[k] ? i + 1 : 0);
            pse_buf_put(&b, item, strlen(item));
        }
        pse_wr_u8(&b, 0);
        text = replaced(f.text, "{\n   \"id\": 1,\n   \"fallback\": 0\n  }", (const char *)b.p);
        /* five contests reach 819 pots: 4095 lists; 820: 4100 */
        assert_int_equal(verdict_of(&f, pse_span_str(text), &fault), k == 0 ? 0 : 103);
        if (k == 1)
            assert_string_equal(fault.slug, "lists");
        free(text);
        pse_buf_free(&b);
    }
    fixture_close(&f);
}

static void what_is_read(void **state)
{
    struct fixture f;
    const struct pse_contest *c;
    const struct pse_style *s;
    uint8_t eid[32];

    (void)state;
    fixture_open(&f);
    vectors_hex(eid, 32, f.frame, "eid");
    assert_memory_equal(f.m->eid.b, eid, 32);
    assert_int_equal(f.m->trustees, 3);
    assert_int_equal(f.m->threshold, 2);
    assert_int_equal(f.m->mixers, 2);
    assert_true(f.m->late_roster);
    assert_true(f.m->has_mix);
    assert_int_equal(f.m->lists_max, 5);
    c = pse_manifest_contest(f.m, 3);
    assert_non_null(c);
    assert_int_equal(c->sums, 4); /* 0, 2, 3, 4 */
    assert_int_equal(c->part_len, 2 * (160 + 128 * 3) + 128 * 4 - 32);
    assert_true(pse_span_is_str(pse_text_in(&c->option[1], pse_span_str("xx")), "Berta"));
    assert_null(pse_manifest_contest(f.m, 6));
    s = pse_manifest_style(f.m, 9);
    assert_non_null(s);
    assert_int_equal(s->contests, 3);
    assert_int_equal(f.m->contest[s->contest[0]].id, 4);
    assert_int_equal(s->part_at[0], 102);
    assert_int_equal(s->ballot_len, 164 + 3 * 2 + 256 + c->part_len + 2 * (160 + 128));
    assert_int_equal(s->choice_len, 60 + 2 + 2);
    assert_int_equal(s->ciphertexts, 2 + 2 + 2);
    assert_null(pse_manifest_style(f.m, 2));
    assert_null(pse_manifest_pot(f.m, 0));
    assert_ptr_equal(pse_manifest_pot(f.m, 1), f.m->pot);
    assert_true(pse_span_is_str(pse_text_in(&f.m->title, pse_span_str("et")), "Proovivalimine"));
    assert_null(pse_manifest_role_key(f.m, 1, 1));
    assert_null(pse_manifest_role_key(f.m, 4, 0));
    assert_null(pse_manifest_role_key(f.m, 4, 4));
    assert_non_null(pse_manifest_role_key(f.m, 5, 2));
    assert_null(pse_manifest_role_key(f.m, 0, 0));
    assert_null(pse_manifest_role_key(f.m, 6, 0));
    fixture_close(&f);
}

static void strings_outlive_the_blob(void **state)
{
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    struct fixture f;
    struct pse_manifest *m;
    uint8_t *blob;

    (void)state;
    fixture_open(&f);
    blob = malloc(f.text.n);
    assert_non_null(blob);
    memcpy(blob, f.text.p, f.text.n);
    assert_int_equal(pse_manifest_parse(&m, &arena, NULL, f.g, pse_span(blob, f.text.n)), PSE_OK);
    memset(blob, 'x', f.text.n);
    free(blob);
    assert_true(pse_span_is_str(m->trustee[0].name, "Trustee 1"));
    assert_true(pse_span_is_str(m->origin, "log.example/psephos-vectors"));
    fixture_close(&f);
}

static void canonical_bytes(void **state)
{
    struct pse_buf one = PSE_BUF(PSE_MANIFEST_MAX), two = PSE_BUF(PSE_MANIFEST_MAX);
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    struct pse_manifest_fault fault;
    struct pse_manifest *m;
    struct fixture f;
    char *bad;

    (void)state;
    fixture_open(&f);
    assert_int_equal(pse_manifest_canonical(&one, &fault, f.g, f.text), PSE_OK);
    assert_true(one.n < f.text.n);
    assert_int_equal(pse_manifest_canonical(&two, &fault, f.g, pse_buf_span(&one)), PSE_OK);
    assert_true(pse_span_is_equal(pse_buf_span(&one), pse_buf_span(&two)));
    assert_int_equal(pse_manifest_parse(&m, &arena, NULL, f.g, pse_buf_span(&one)), PSE_OK);
    assert_int_equal(m->style[1].ballot_len, f.m->style[1].ballot_len);
    assert_int_equal(m->ballots_max, 100);
    assert_true(pse_edkey_is_equal(&m->log_key, &f.m->log_key));
    assert_false(pse_hash_is_equal(&m->eid, &f.m->eid));

    bad = replaced(f.text, "\"threshold\": 2", "\"threshold\": 4");
    one.n = 0;
    assert_int_equal(pse_manifest_canonical(&one, &fault, f.g, pse_span_str(bad)), PSE_E_RANGE);
    assert_int_equal(one.n, 0);
    free(bad);
    m->trustee[0].name = pse_span_str("\xff");
    assert_int_equal(pse_manifest_write(&one, &fault, f.g, m), PSE_E_ENCODING);
    m->trustee[0].name = pse_span_str("A");
    m->threshold = 9; /* an officer's program may fill the struct wrongly: seen before it is out */
    assert_int_equal(pse_manifest_write(&one, &fault, f.g, m), PSE_E_RANGE);
    assert_int_equal(one.n, 0);
    assert_string_equal(fault.slug, "threshold");
    pse_buf_free(&one);
    pse_buf_free(&two);
    fixture_close(&f);
}

static void sizes(void **state)
{
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    PSE_ARENA(small, 4096);
    struct pse_manifest_fault fault;
    struct pse_manifest *m;
    struct fixture f;
    char *blob;

    (void)state;
    fixture_open(&f);
    blob = malloc(PSE_MANIFEST_MAX + 1);
    assert_non_null(blob);
    memset(blob, ' ', PSE_MANIFEST_MAX + 1);
    memcpy(blob, f.text.p, f.text.n);
    assert_int_equal(pse_manifest_parse(&m, &arena, &fault, f.g, pse_span(blob, PSE_MANIFEST_MAX)),
                     PSE_OK);
    assert_int_equal(
        pse_manifest_parse(&m, &arena, &fault, f.g, pse_span(blob, PSE_MANIFEST_MAX + 1)),
        PSE_E_LIMIT);
    assert_int_equal(fault.rule, 0);
    assert_int_equal(pse_manifest_parse(&m, &small, &fault, f.g, f.text), PSE_E_MEMORY);
    assert_null(m);
    assert_int_equal(verdict_of(&f, pse_span(NULL, 0), &fault), 102);
    assert_int_equal(verdict_of(&f, pse_span_str("[]"), &fault), 102);
    assert_int_equal(verdict_of(&f, pse_span_str("{}"), &fault), 102);
    free(blob);
    fixture_close(&f);
}

/* Cut at every byte: never accepted, never V103 before the end. */
static void truncations(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t n = 0; n < f.text.n - 1; n += 7) {
        struct pse_manifest_fault fault;

        assert_int_equal(verdict_of(&f, pse_span(f.text.p, n), &fault), 102);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_verdicts),
        cmocka_unit_test(single_changes),
        cmocka_unit_test(counts_at_their_bounds),
        cmocka_unit_test(ballots_at_their_bounds),
        cmocka_unit_test(reachable_lists),
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(strings_outlive_the_blob),
        cmocka_unit_test(canonical_bytes),
        cmocka_unit_test(sizes),
        cmocka_unit_test(truncations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
