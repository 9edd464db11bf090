/* A voter database in a temporary folder, over the manifest of the mini election. */
#ifndef PSE_TESTS_UNIT_STORE_HELP_H
#define PSE_TESTS_UNIT_STORE_HELP_H

#define _GNU_SOURCE /* memmem */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mini_election.h"
#include "store/voters_audit.h"
#include "test.h"

struct town {
    struct mini m;
    const struct pse_manifest *manifest;
    struct pse_rng rng;
    pse_seal_key key;
    struct pse_wrapper w;
    char dir[64];
    char path[96];
    struct pse_voters *v;
};

static inline void town_open(struct town *t)
{
    static const uint8_t seed[32] = "voters";

    memset(t, 0, sizeof *t);
    mini_open(&t->m);
    mini_until(&t->m, MINI_COMMIT);
    t->manifest = pse_engine_manifest(t->m.engine);
    pse_rng_init(&t->rng, seed);
    pse_rng_fill(&t->rng, t->key.b, sizeof t->key.b);
    t->w = pse_wrap_key(&t->key);
    strcpy(t->dir, "psephos-voters-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->path, sizeof t->path, "%s/voters.db", t->dir);
    assert_int_equal(pse_voters_create(&t->v, t->path, &t->w, &t->manifest->eid, &t->rng), PSE_OK);
}

static inline void town_close(struct town *t)
{
    char command[128];

    pse_voters_close(t->v);
    mini_close(&t->m);
    snprintf(command, sizeof command, "rm -rf '%s'", t->dir);
    assert_int_equal(system(command), 0);
}

/* Import a list; the fault's slug, "" when it was taken in, "same" when nothing changes. */
static inline const char *town_import(struct town *t, const char *csv)
{
    static char slug[40];
    PSE_ARENA(arena, (size_t)16 << 20);
    struct pse_list_fault fault;
    struct pse_list list;
    struct pse_list_watch watch = {.change = NULL};
    struct pse_list_source source = {.time = 1};
    pse_rc rc = pse_list_read(&list, &arena, &fault, t->manifest, pse_span_str(csv));

    if (rc == PSE_OK)
        rc = pse_voters_import(t->v, &fault, &list, &source, &watch);
    snprintf(slug, sizeof slug, "%s",
             rc == PSE_OK          ? ""
             : rc == PSE_E_MISSING ? "same"
             : fault.slug          ? fault.slug
                                   : pse_rc_name(rc));
    return slug;
}

static const char four_voters[] =
    "id,name,address,mail,district,style,weight,from,until\r\n"
    "17,\"Aster, Anna\",\"1 Row\nGreenville\",Anna@example.org,North,10,1,,\r\n"
    "23,Bela Beet,2 Row,bela@example.org,North,10,,2000-02-29,2027-12-31\r\n"
    "31,Carl Cress,3 Row,shared@example.org,South,20,1,2030-01-01,\r\n"
    "44,Dina Dill,,shared@example.org,South,30,5,,\r\n";

/* Change the file as somebody would who has no key. */
static inline void town_sql(struct town *t, const char *sql)
{
    sqlite3 *db;
    char *error = NULL;

    assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(db);
}

static inline uint64_t town_person(struct town *t, const char *id)
{
    uint64_t row;

    assert_int_equal(pse_voters_find(t->v, &row, pse_span_str(id)), PSE_OK);
    return row;
}

/* Register; the refusal, PSE_REGISTER_DONE when it was taken. */
static inline enum pse_register_refusal town_register(struct town *t, const char *id, uint8_t d,
                                                      bool again)
{
    struct pse_registration r = {
        .credential = {.b = {d}}, .is_replacement = again, .day = 20261126};
    enum pse_register_refusal why;
    pse_rc rc;

    r.person = town_person(t, id);
    r.evidence = pse_span_str("signed statement of Anna Aster");
    rc = pse_voters_register(t->v, &why, &r);
    assert_int_equal(rc, why == PSE_REGISTER_DONE ? PSE_OK : PSE_E_STATE);
    return why;
}

#endif
