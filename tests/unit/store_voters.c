/* The private voter database: lists, versions, registration, erasure, and what it refuses. */
#include "store_help.h"

static struct town town;

static int setup(void **state)
{
    (void)state;
    town_open(&town);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* --- lists -------------------------------------------------------------------------------------
 */

static void lists_are_taken_in(void **state)
{
    struct pse_buf hold = PSE_BUF(8192);
    struct pse_listed_person p;
    uint32_t number;
    pse_hash first;
    pse_hash second;

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(pse_voters_head(town.v, &number, &first), PSE_OK);
    assert_int_equal(number, 1);
    assert_int_equal(pse_voters_get(town.v, &p, &hold, town_person(&town, "17")), PSE_OK);
    assert_true(pse_span_is_str(p.voter.name, "Aster, Anna"));
    assert_true(pse_span_is_str(p.voter.address, "1 Row\nGreenville"));
    assert_true(p.is_listed);
    assert_string_equal(town_import(&town, four_voters), "same");
    assert_string_equal(town_import(&town, "op,id,name,address,mail,district,style\n"
                                           "move,17,\"Aster, Anna\",,,South,20\n"
                                           "remove,23,,,,,\n"
                                           "add,50,Emil,,,North,10\n"),
                        "");
    assert_int_equal(pse_voters_head(town.v, &number, &second), PSE_OK);
    assert_int_equal(number, 2);
    assert_false(pse_hash_is_equal(&first, &second));
    assert_int_equal(pse_voters_get(town.v, &p, &hold, town_person(&town, "17")), PSE_OK);
    assert_int_equal(p.voter.style, 20);
    assert_int_equal(pse_voters_get(town.v, &p, &hold, town_person(&town, "23")), PSE_OK);
    assert_false(p.is_listed);
    /* A whole list says who is left. */
    assert_string_equal(town_import(&town, "id,name,style\n17,Anna,10\n23,Bela Beet,10\n"), "");
    assert_int_equal(pse_voters_get(town.v, &p, &hold, town_person(&town, "44")), PSE_OK);
    assert_false(p.is_listed);
    assert_int_equal(pse_voters_get(town.v, &p, &hold, town_person(&town, "23")), PSE_OK);
    assert_true(p.is_listed);
    pse_buf_free(&hold);
}

static void faulty_lists_change_nothing(void **state)
{
    static const struct {
        const char *slug, *csv;
    } bad[] = {
        {"empty", ""},
        {"empty", "id,name,style\n"},
        {"utf8", "\xEF\xBB\xBFid,name,style\n1,A,10\n"},
        {"utf8", "id,name,style\n1,\xC3,10\n"},
        {"column-unknown", "id,name,style,shoe\n1,A,10,44\n"},
        {"column-twice", "id,name,style,id\n1,A,10,1\n"},
        {"column-missing", "id,name\n1,A\n"},
        {"column-unknown", "id, name,style\n1,A,10\n"},
        {"fields", "id,name,style\n1,A\n"},
        {"fields", "id,name,style\n1,A,10,\n"},
        {"sheet", "id,name,style\n1,\"A,10\n"},
        {"sheet", "id,name,style\n1,\"A\"x,10\n"},
        {"sheet", "id,name,style\n1,A\"\"B,10\n"},
        {"sheet", "id,name,style\n\n1,A,10\n"},
        {"sheet", "id,name,style\n1,A\tB,10\n"},
        {"sheet", "id,name,style\r1,A,10\r"},
        {"id", "id,name,style\n,A,10\n"},
        {"id", "id,name,style\n 1,A,10\n"},
        {"id", "id,name,style\n1\xE2\x80\xAE,A,10\n"},
        {"name", "id,name,style\n1,,10\n"},
        {"name", "id,name,style\n1,A ,10\n"},
        {"name", "id,name,style\n1,\"A\nB\",10\n"},
        {"style", "id,name,style\n1,A,11\n"},
        {"style", "id,name,style\n1,A,010\n"},
        {"style", "id,name,style\n1,A,\n"},
        {"weight", "id,name,style,weight\n1,A,30,0\n"},
        {"weight", "id,name,style,weight\n1,A,30,1048577\n"},
        {"weight", "id,name,style,weight\n1,A,30,1.5\n"},
        {"weight-mix", "id,name,style,weight\n1,A,10,2\n"},
        {"mail", "id,name,style,mail\n1,A,10,nobody\n"},
        {"mail", "id,name,style,mail\n1,A,10,a@b@c\n"},
        {"mail", "id,name,style,mail\n1,A,10,a@b.example>\n"},
        {"mail", "id,name,style,mail\n1,A,10,a b@c.example\n"},
        {"date", "id,name,style,from\n1,A,10,2026-02-29\n"},
        {"date", "id,name,style,from\n1,A,10,26-02-01\n"},
        {"date", "id,name,style,from\n1,A,10,2026-13-01\n"},
        {"date", "id,name,style,until\n1,A,10,2026-1-01\n"},
        {"dates-order", "id,name,style,from,until\n1,A,10,2026-02-02,2026-02-01\n"},
        {"op", "op,id,name,style\ndelete,1,A,10\n"},
        {"op", "op,id,name,style\n,1,A,10\n"},
        {"remove-fields", "op,id,name,style\nremove,17,Anna,\n"},
        {"id-twice", "id,name,style\n17,A,10\n17,A,10\n"},
        {"id-twice", "id,name,style\n99,A,10\n99,B,10\n"},
        {"known", "op,id,name,style\nadd,17,A,10\n"},
        {"unknown", "op,id,name,style\nremove,99,,\n"},
        {"unknown", "op,id,name,style\nmove,99,A,20\n"},
        {"unknown", "op,id,name,style\nalter,98,A,20\n"},
        {"id-twice", "op,id,name,style\nremove,17,,\nadd,17,A,10\n"},
    };
    pse_hash before;
    pse_hash after;
    uint32_t number;

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(pse_voters_head(town.v, &number, &before), PSE_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *slug = town_import(&town, bad[i].csv);

        if (strcmp(slug, bad[i].slug) != 0)
            fail_msg("%s: %s, wanted %s", bad[i].csv, slug, bad[i].slug);
    }
    assert_int_equal(pse_voters_head(town.v, &number, &after), PSE_OK);
    assert_int_equal(number, 1);
    assert_true(pse_hash_is_equal(&before, &after));
}

static void signed_changes_are_canonical(void **state)
{
    PSE_ARENA(arena, (size_t)16 << 20);
    static const char loose[] = "name,op,id,style\nZoe,add,9,10\n\"Ann\",add,7,10\n";
    struct pse_list_fault fault;
    struct pse_list list;
    struct pse_buf out = PSE_BUF(4096);
    pse_seed seed = {{1}};
    pse_edkey issuer;
    pse_hash base = {{2}};
    pse_hash other = {{3}};
    uint8_t sig[64];

    (void)state;
    assert_int_equal(pse_list_read(&list, &arena, &fault, town.manifest, pse_span_str(loose)),
                     PSE_OK);
    assert_int_equal(pse_list_is_canonical(&list, pse_span_str(loose)), PSE_E_ENCODING);
    assert_int_equal(pse_list_write(&out, &list), PSE_OK);
    assert_true(pse_span_is_str(pse_buf_span(&out),
                                "op,id,name,address,mail,district,style,weight,from,until\r\n"
                                "add,7,Ann,,,,10,1,,\r\nadd,9,Zoe,,,,10,1,,\r\n"));
    assert_int_equal(pse_list_read(&list, &arena, &fault, town.manifest, pse_buf_span(&out)),
                     PSE_OK);
    assert_int_equal(pse_list_is_canonical(&list, pse_buf_span(&out)), PSE_OK);
    pse_ed25519_public(&issuer, &seed);
    assert_int_equal(pse_list_sign(sig, &seed, &town.manifest->eid, &base, pse_buf_span(&out)),
                     PSE_OK);
    assert_int_equal(pse_list_verify(&issuer, &town.manifest->eid, &base, pse_buf_span(&out), sig),
                     PSE_OK);
    assert_int_equal(pse_list_verify(&issuer, &town.manifest->eid, &other, pse_buf_span(&out), sig),
                     PSE_E_SIGNATURE);
    assert_int_equal(pse_list_verify(&issuer, &base, &base, pse_buf_span(&out), sig),
                     PSE_E_SIGNATURE);
    out.p[out.n - 3] ^= 1;
    assert_int_equal(pse_list_verify(&issuer, &town.manifest->eid, &base, pse_buf_span(&out), sig),
                     PSE_E_SIGNATURE);
    pse_buf_free(&out);
}

static void days_are_days(void **state)
{
    struct pse_voter v = {.since = 20260201, .until = 20260301};

    (void)state;
    assert_int_equal(pse_day_of(0), 19700101);
    assert_int_equal(pse_day_of(951782400), 20000229);
    assert_int_equal(pse_day_of(951868800), 20000301);
    assert_int_equal(pse_day_of(UINT64_C(4107542399)), 21000228);
    assert_int_equal(pse_day_of(UINT64_C(4107542400)), 21000301);
    assert_false(pse_voter_is_eligible(&v, 20260131));
    assert_true(pse_voter_is_eligible(&v, 20260201));
    assert_true(pse_voter_is_eligible(&v, 20260301));
    assert_false(pse_voter_is_eligible(&v, 20260302));
}

/* --- credentials -------------------------------------------------------------------------------
 */

static void one_active_credential_a_voter(void **state)
{
    struct pse_credential_row c;
    struct pse_buf hold = PSE_BUF(8192);
    uint8_t salt[32];

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(town_register(&town, "17", 1, false), PSE_REGISTER_DONE);
    assert_int_equal(town_register(&town, "17", 2, false), PSE_REGISTER_HAS_ONE);
    assert_int_equal(town_register(&town, "23", 1, false), PSE_REGISTER_TAKEN);
    assert_int_equal(town_register(&town, "23", 3, true), PSE_REGISTER_NONE);
    assert_int_equal(town_register(&town, "31", 3, false), PSE_REGISTER_NOT_YET);
    assert_int_equal(town_register(&town, "17", 2, true), PSE_REGISTER_DONE);
    assert_int_equal(town_register(&town, "17", 1, true), PSE_REGISTER_TAKEN);
    assert_int_equal(pse_voters_credential(town.v, &c, 1), PSE_OK);
    assert_int_equal(c.state, PSE_CREDENTIAL_REPLACED);
    assert_int_equal(pse_voters_credential(town.v, &c, 2), PSE_OK);
    assert_int_equal(c.state, PSE_CREDENTIAL_ACTIVE);
    assert_int_equal(c.replaces, 1);
    assert_int_equal(pse_voters_evidence(town.v, salt, &hold, 2), PSE_OK);
    assert_true(pse_span_is_str(pse_buf_span(&hold), "signed statement of Anna Aster"));
    /* Off the list: no credential any more. */
    assert_string_equal(town_import(&town, "op,id,name,style\nremove,23,,\n"), "");
    assert_int_equal(town_register(&town, "23", 9, false), PSE_REGISTER_NOT_LISTED);
    assert_int_equal(pse_voters_revoke(town.v, &c.credential), PSE_OK);
    assert_int_equal(pse_voters_revoke(town.v, &c.credential), PSE_E_STATE);
    c.credential.b[5] = 1;
    assert_int_equal(pse_voters_revoke(town.v, &c.credential), PSE_E_MISSING);
    pse_buf_free(&hold);
}

/* --- many at once ------------------------------------------------------------------------------
 */

static struct pse_registration person_of(const char *id, uint8_t d, bool is_replacement)
{
    return (struct pse_registration){.person = town_person(&town, id),
                                     .credential = {.b = {d}},
                                     .is_replacement = is_replacement,
                                     .evidence = pse_span_str("signed"),
                                     .day = 20261126};
}

static enum pse_credential_state state_of(uint8_t d)
{
    const pse_enc credential = {.b = {d}};
    struct pse_credential_row c;

    return pse_voters_credential_find(town.v, &c, &credential) == PSE_OK
               ? c.state
               : (enum pse_credential_state)0;
}

/* Whatever is wrong with one of them costs nobody else, and leaves nothing of that one. */
static void many_enter_each_by_itself(void **state)
{
    struct pse_registration many[5];
    struct pse_registered end[5];

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(town_register(&town, "17", 1, false), PSE_REGISTER_DONE);
    many[0] = person_of("23", 2, false);
    many[1] = person_of("23", 3, false);
    many[2] = person_of("17", 4, true);
    many[3] = person_of("44", 5, false);
    many[4] = person_of("44", 6, true);
    town_sql(&town,
             "CREATE TRIGGER no BEFORE INSERT ON credential WHEN hex(substr(new.credential, 1,"
             " 1)) = '04' BEGIN SELECT RAISE(ABORT, 'no'); END");
    pse_voters_register_each(town.v, end, many, 5);
    assert_int_equal(end[0].rc, PSE_OK);
    assert_int_equal(end[1].rc, PSE_E_STATE);
    assert_int_equal(end[1].why, PSE_REGISTER_HAS_ONE);
    assert_int_equal(end[2].rc, PSE_E_DUPLICATE);
    assert_int_equal(end[3].rc, PSE_OK);
    assert_int_equal(end[4].rc, PSE_OK);
    assert_int_equal(state_of(1), PSE_CREDENTIAL_ACTIVE); /* it was not replaced after all */
    assert_int_equal(state_of(2), PSE_CREDENTIAL_ACTIVE);
    assert_int_equal(state_of(5), PSE_CREDENTIAL_REPLACED);
    assert_int_equal(state_of(6), PSE_CREDENTIAL_ACTIVE);
}

static void none_of_many_enters_when_the_database_gives_up(void **state)
{
    struct pse_registration many[3];
    struct pse_registered end[3];

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    many[0] = person_of("17", 1, false);
    many[1] = person_of("23", 2, false);
    many[2] = person_of("44", 3, false);
    town_sql(&town,
             "CREATE TRIGGER no BEFORE INSERT ON credential WHEN hex(substr(new.credential, 1,"
             " 1)) = '02' BEGIN SELECT RAISE(ROLLBACK, 'no'); END");
    pse_voters_register_each(town.v, end, many, 3);
    for (uint8_t i = 0; i < 3; i++) {
        assert_int_equal(end[i].rc, PSE_E_IO);
        assert_int_equal(state_of((uint8_t)(i + 1)), 0);
    }
    town_sql(&town, "DROP TRIGGER no");
    pse_voters_register_each(town.v, end, many, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(end[i].rc, PSE_OK);
}

/* --- while the authority of a certificate is silent --------------------------------------------
 */

static enum pse_register_refusal waits(const char *id, uint8_t d, bool is_replacement)
{
    struct pse_registration r = {.credential = {.b = {d}},
                                 .is_replacement = is_replacement,
                                 .evidence = pse_span_str("signed, stamped, no answer"),
                                 .day = 20261126,
                                 .is_pending = true};
    enum pse_register_refusal why;
    pse_rc rc;

    assert_int_equal(pse_voters_find(town.v, &r.person, pse_span_str(id)), PSE_OK);
    rc = pse_voters_register(town.v, &why, &r);
    assert_int_equal(rc, why == PSE_REGISTER_DONE ? PSE_OK : PSE_E_STATE);
    return why;
}

static pse_rc qualifies(enum pse_register_refusal *why, uint64_t row, const char *evidence)
{
    return pse_voters_qualify(town.v, why, row, pse_span_str(evidence), 20261127);
}

static void a_pending_credential_becomes_active(void **state)
{
    struct pse_credential_row c, before;
    struct pse_buf hold = PSE_BUF(8192);
    enum pse_register_refusal why;
    uint8_t salt[32];

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(waits("17", 1, false), PSE_REGISTER_DONE);
    assert_int_equal(waits("17", 2, false), PSE_REGISTER_WAITS);
    assert_int_equal(town_register(&town, "17", 2, false), PSE_REGISTER_WAITS);
    assert_int_equal(town_register(&town, "17", 2, true), PSE_REGISTER_WAITS);
    assert_int_equal(pse_voters_pending(town.v, &before, 0), PSE_OK);
    assert_int_equal(before.state, PSE_CREDENTIAL_PENDING);
    assert_int_equal(pse_voters_pending(town.v, &c, before.row), PSE_E_MISSING);
    assert_int_equal(qualifies(&why, before.row, "and the answer: good"), PSE_OK);
    assert_int_equal(pse_voters_pending(town.v, &c, 0), PSE_E_MISSING);
    assert_int_equal(pse_voters_credential(town.v, &c, before.row), PSE_OK);
    assert_int_equal(c.state, PSE_CREDENTIAL_ACTIVE);
    assert_false(pse_hash_is_equal(&c.commitment, &before.commitment));
    assert_int_equal(pse_voters_evidence(town.v, salt, &hold, c.row), PSE_OK);
    assert_true(pse_span_is_str(pse_buf_span(&hold), "and the answer: good"));
    assert_int_equal(qualifies(&why, c.row, "twice"), PSE_E_MISSING);
    assert_int_equal(qualifies(&why, 99, "nobody's"), PSE_E_MISSING);
    pse_buf_free(&hold);
}

static void a_pending_replacement_leaves_the_old_one(void **state)
{
    struct pse_credential_row c;
    enum pse_register_refusal why;

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(waits("17", 1, true), PSE_REGISTER_NONE);
    assert_int_equal(town_register(&town, "17", 1, false), PSE_REGISTER_DONE);
    assert_int_equal(waits("17", 2, true), PSE_REGISTER_DONE);
    assert_int_equal(pse_voters_credential(town.v, &c, 1), PSE_OK);
    assert_int_equal(c.state, PSE_CREDENTIAL_ACTIVE);
    /* Revoked after all: the old one stays, and may be replaced another time. */
    assert_int_equal(qualifies(&why, 2, ""), PSE_OK);
    assert_int_equal(pse_voters_credential(town.v, &c, 2), PSE_OK);
    assert_int_equal(c.state, PSE_CREDENTIAL_REFUSED);
    assert_int_equal(c.replaces, 0);
    assert_int_equal(town_register(&town, "17", 2, true), PSE_REGISTER_TAKEN);
    assert_int_equal(waits("17", 3, true), PSE_REGISTER_DONE);
    assert_int_equal(qualifies(&why, 3, "good"), PSE_OK);
    assert_int_equal(pse_voters_credential(town.v, &c, 1), PSE_OK);
    assert_int_equal(c.state, PSE_CREDENTIAL_REPLACED);
    /* Made void meanwhile: there is nothing to replace. */
    assert_int_equal(waits("17", 4, true), PSE_REGISTER_DONE);
    assert_int_equal(pse_voters_credential(town.v, &c, 3), PSE_OK);
    assert_int_equal(pse_voters_revoke(town.v, &c.credential), PSE_OK);
    assert_int_equal(qualifies(&why, 4, "good"), PSE_E_STATE);
    assert_int_equal(why, PSE_REGISTER_NONE);
}

static void who_left_the_list_waits_for_nothing(void **state)
{
    struct pse_credential_row c;
    enum pse_register_refusal why;

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(waits("23", 1, false), PSE_REGISTER_DONE);
    assert_string_equal(town_import(&town, "op,id,name,style\nremove,23,,\n"), "");
    assert_int_equal(qualifies(&why, 1, "good"), PSE_E_STATE);
    assert_int_equal(why, PSE_REGISTER_NOT_LISTED);
    assert_int_equal(pse_voters_credential(town.v, &c, 1), PSE_OK);
    assert_int_equal(c.state, PSE_CREDENTIAL_PENDING);
    assert_int_equal(qualifies(&why, 1, ""), PSE_OK);
}

static enum pse_register_refusal by_letter(uint8_t d, uint16_t style, uint32_t weight,
                                           const pse_enc *old)
{
    struct pse_registration r = {.credential = {.b = {d}},
                                 .style = style,
                                 .weight = weight,
                                 .old = old,
                                 .is_replacement = old != NULL,
                                 .evidence = pse_span_str("letters of 1 December"),
                                 .day = 20261126};
    enum pse_register_refusal why;
    pse_rc rc = pse_voters_register(town.v, &why, &r);

    assert_int_equal(rc, why == PSE_REGISTER_DONE ? PSE_OK : PSE_E_STATE);
    return why;
}

static struct pse_registration letter_of(uint8_t d, uint16_t style, uint32_t weight)
{
    return (struct pse_registration){.credential = {.b = {d}},
                                     .style = style,
                                     .weight = weight,
                                     .evidence = pse_span_str("letters of 1 December"),
                                     .day = 20261126};
}

/* Counted once a transaction, with every letter taken off. */
static void letters_of_a_file_are_counted(void **state)
{
    const struct pse_registration many[] = {letter_of(1, 10, 1), letter_of(5, 30, 5),
                                            letter_of(2, 10, 1), letter_of(3, 10, 1)};
    enum pse_register_refusal why;
    size_t at;

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(pse_voters_register_all(town.v, &why, &at, many, 4), PSE_E_STATE);
    assert_int_equal(why, PSE_REGISTER_FULL);
    assert_int_equal(at, 3);
    assert_int_equal(pse_voters_register_all(town.v, &why, &at, many, 3), PSE_OK);
    assert_int_equal(pse_voters_register_all(town.v, &why, &at, many + 3, 1), PSE_E_STATE);
    assert_int_equal(why, PSE_REGISTER_FULL);
}

static void letters_are_counted(void **state)
{
    const pse_enc first = {.b = {1}};
    const pse_enc none = {.b = {77}};

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(by_letter(1, 10, 1, NULL), PSE_REGISTER_DONE);
    assert_int_equal(by_letter(2, 10, 1, NULL), PSE_REGISTER_DONE);
    assert_int_equal(by_letter(3, 10, 1, NULL), PSE_REGISTER_FULL);
    assert_int_equal(by_letter(4, 20, 1, NULL), PSE_REGISTER_FULL); /* Carl is not eligible yet */
    assert_int_equal(by_letter(5, 30, 3, NULL), PSE_REGISTER_FULL); /* Dina has weight 5 */
    assert_int_equal(by_letter(5, 30, 5, NULL), PSE_REGISTER_DONE);
    assert_int_equal(by_letter(6, 10, 1, &none), PSE_REGISTER_NONE);
    assert_int_equal(by_letter(6, 10, 1, &first), PSE_REGISTER_DONE);
    assert_int_equal(by_letter(7, 10, 1, &first), PSE_REGISTER_NONE);
}

static void releases_come_in_batches(void **state)
{
    (void)state;
    assert_false(pse_release_is_due(0, 0, UINT64_MAX));
    assert_false(pse_release_is_due(49, 1000, 1000 + 3599));
    assert_true(pse_release_is_due(1, 1000, 1000 + 3600));
    assert_true(pse_release_is_due(50, 1000, 1000));
    assert_false(pse_release_is_due(49, 1000, 10)); /* a clock that went back */
}

/* --- erasing and keys --------------------------------------------------------------------------
 */

static bool file_has(const char *path, const char *word)
{
    FILE *f = fopen(path, "rb");
    static char all[1 << 22];
    size_t n = f == NULL ? 0 : fread(all, 1, sizeof all, f);

    if (f != NULL)
        fclose(f);
    return n > 0 && memmem(all, n, word, strlen(word)) != NULL;
}

static void nothing_stands_in_clear(void **state)
{
    static const char *const secret[] = {
        "Aster",      "Greenville", "anna@example", "Anna@example", "Bela Beet",
        "Carl Cress", "Dina Dill",  "2 Row",        "shared@exam",  "signed statement"};
    char wal[128];

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    assert_int_equal(town_register(&town, "17", 1, false), PSE_REGISTER_DONE);
    snprintf(wal, sizeof wal, "%s-wal", town.path);
    assert_true(file_has(wal, "North")); /* the search works; districts are no secret */
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        assert_false(file_has(town.path, secret[i]));
        assert_false(file_has(wal, secret[i]));
    }
}

static void erased_is_erased(void **state)
{
    struct pse_buf hold = PSE_BUF(8192);
    struct pse_listed_person p;
    uint8_t salt[32];
    uint64_t row;
    uint64_t found;

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    row = town_person(&town, "17");
    assert_int_equal(town_register(&town, "17", 1, false), PSE_REGISTER_DONE);
    assert_int_equal(pse_voters_erase(town.v, row), PSE_E_STATE);
    assert_int_equal(pse_voters_erase(town.v, 99), PSE_E_MISSING);
    assert_string_equal(town_import(&town, "op,id,name,style\nremove,17,,\n"), "");
    assert_int_equal(pse_voters_erase(town.v, row), PSE_OK);
    assert_int_equal(pse_voters_find(town.v, &found, pse_span_str("17")), PSE_E_MISSING);
    assert_int_equal(pse_voters_get(town.v, &p, &hold, row), PSE_OK);
    assert_true(p.is_erased);
    assert_int_equal(p.voter.name.n, 0);
    assert_int_equal(pse_voters_evidence(town.v, salt, &hold, 1), PSE_E_MISSING);
    pse_buf_free(&hold);
}

static void another_key_opens_nothing(void **state)
{
    struct pse_voters *v;
    pse_seal_key other = {{9}};
    struct pse_wrapper w = pse_wrap_key(&other);

    (void)state;
    assert_int_equal(pse_voters_open(&v, town.path, &w, true, &town.rng), PSE_E_PROOF);
    assert_null(v);
    assert_int_equal(pse_voters_open(&v, "no-such-file", &w, true, &town.rng), PSE_E_MISSING);
    assert_int_equal(pse_voters_create(&v, town.path, &town.w, &town.manifest->eid, &town.rng),
                     PSE_E_DUPLICATE);
    town_sql(&town, "PRAGMA application_id = 1");
    assert_int_equal(pse_voters_open(&v, town.path, &town.w, true, &town.rng), PSE_E_SYNTAX);
}

/* Sealed bytes of one row in the place of another, or flipped, do not open. */
static void rows_cannot_be_moved(void **state)
{
    struct pse_buf hold = PSE_BUF(8192);
    struct pse_listed_person p;

    (void)state;
    assert_string_equal(town_import(&town, four_voters), "");
    town_sql(&town, "UPDATE person SET wrapped = (SELECT wrapped FROM person WHERE row = 2),"
                    " sealed = (SELECT sealed FROM person WHERE row = 2) WHERE row = 1");
    assert_int_equal(pse_voters_get(town.v, &p, &hold, 1), PSE_E_PROOF);
    town_sql(&town, "UPDATE person SET wrapped = zeroblob(72) WHERE row = 2");
    assert_int_equal(pse_voters_get(town.v, &p, &hold, 2), PSE_E_PROOF);
    town_sql(&town, "UPDATE person SET weight = 2 WHERE row = 4");
    assert_int_equal(pse_voters_get(town.v, &p, &hold, 4), PSE_E_MISMATCH);
    pse_buf_free(&hold);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(lists_are_taken_in),
        CASE(faulty_lists_change_nothing),
        CASE(signed_changes_are_canonical),
        CASE(days_are_days),
        CASE(one_active_credential_a_voter),
        CASE(many_enter_each_by_itself),
        CASE(none_of_many_enters_when_the_database_gives_up),
        CASE(a_pending_credential_becomes_active),
        CASE(a_pending_replacement_leaves_the_old_one),
        CASE(who_left_the_list_waits_for_nothing),
        CASE(letters_are_counted),
        CASE(letters_of_a_file_are_counted),
        CASE(releases_come_in_batches),
        CASE(nothing_stands_in_clear),
        CASE(erased_is_erased),
        CASE(another_key_opens_nothing),
        CASE(rows_cannot_be_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
