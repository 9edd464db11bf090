#define _GNU_SOURCE /* memmem */
#include "psephos/bench_town.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/progress.h"
#include "psephos/demo_town.h"

enum { VIEW_MAX = 1 << 20, ANSWER_MS = 1000, PATIENCE_S = 60 };

static const char name[] = "psephos bench";

static pse_rc hold(struct bench_town *t)
{
    struct pse_buf plan = PSE_BUF(65536);
    pse_rc rc;

    demo_plan_put(&plan, t->r.time);
    rc = plan.rc == PSE_OK ? rehearsal_create(&t->r, pse_buf_span(&plan)) : plan.rc;
    pse_buf_free(&plan);
    if (rc == PSE_OK)
        rc = rehearsal_ceremony(&t->r);
    if (rc == PSE_OK)
        rc = rehearsal_draw(&t->r, t->voter, t->people + t->casters);
    if (rc == PSE_OK)
        rc = rehearsal_roster(&t->r, t->voter + t->people, t->casters);
    return rc == PSE_OK ? rehearsal_publish(&t->r) : rc;
}

static pse_rc seal(struct bench_town *t)
{
    const struct pse_manifest *m = pse_engine_manifest(t->r.e);
    const struct rehearsal_voter **by = calloc(t->casters, sizeof *by);
    const uint8_t **choices = calloc(t->casters, sizeof *choices);
    uint8_t *bytes = calloc(t->casters, DEMO_CHOICE_MAX);
    pse_rc rc = by == NULL || choices == NULL || bytes == NULL ? PSE_E_MEMORY : PSE_OK;

    for (size_t i = 0; rc == PSE_OK && i < t->casters; i++) {
        uint8_t *at = bytes + i * DEMO_CHOICE_MAX;

        by[i] = &t->voter[t->people + i];
        choices[i] = at;
        rc = demo_choose(at, &t->r.rng, m, DEMO_NORTH);
    }
    if (rc == PSE_OK)
        rc = rehearsal_seal(&t->ballots, &t->r, by, choices, t->casters);
    t->set = (struct load_set){.n = t->casters,
                               .bytes = pse_manifest_style(m, DEMO_NORTH)->ballot_len,
                               .ballots = t->ballots.p};
    free(by);
    free(choices);
    free(bytes);
    return rc;
}

static pse_rc start_cards(struct bench_town *t)
{
    const struct demo_eid_options o = {.how = DEMO_WEBEID,
                                       .dir = t->private,
                                       .run = demo_service_run(t->service),
                                       .sequencer = demo_service_sequencer(t->service),
                                       .r = &t->r,
                                       .voter = t->voter,
                                       .voters = t->people};

    return demo_eid_start(&t->eid, &o);
}

static bool says_open(struct pse_fetcher *web, const char *url)
{
    static const char open[] = "\"state\":\"OPEN\"";
    const struct pse_fetch ask = {.url = url, .max = VIEW_MAX, .deadline_ms = ANSWER_MS};
    struct pse_fetched got = {.rc = PSE_E_IO};
    bool good = pse_fetch_one(&got, web, &ask) == PSE_OK && got.rc == PSE_OK && got.body.n > 0 &&
                memmem(got.body.p, got.body.n, open, sizeof open - 1) != NULL;

    pse_buf_free(&got.body);
    return good;
}

/* Until the box has seen that it is open, it turns voters away. */
static pse_rc await_open(const struct bench_town *t)
{
    const struct timespec nap = {0, 50 * 1000000L};
    double end = progress_now() + PATIENCE_S;
    char url[PSE_HTTP_ADDRESS + 32];
    struct pse_fetcher *web;
    bool good = false;

    (void)snprintf(url, sizeof url, "http://%s/v1/election", t->box);
    PSE_TRY(pse_fetcher_new(&web, 1));
    while (!good && progress_now() < end) {
        good = says_open(web, url);
        if (!good)
            (void)nanosleep(&nap, NULL);
    }
    pse_fetcher_free(web);
    if (good)
        return PSE_OK;
    cli_error(name, "the box does not open; see %s/log", t->private);
    return PSE_E_STATE;
}

pse_rc bench_town_open(struct bench_town *t, const struct bench *b, size_t people, size_t casters)
{
    *t = (struct bench_town){.people = people, .casters = casters, .ballots = PSE_BUF(SIZE_MAX)};
    t->voter = calloc(people + casters, sizeof *t->voter);
    if (t->voter == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < people + casters; i++)
        t->voter[i] = (struct rehearsal_voter){.style = DEMO_NORTH, .weight = 1};
    if (!bench_folder_make(t->dir, b))
        return PSE_E_IO;
    PSE_TRY(file_join(t->private, name, t->dir, "private"));
    PSE_TRY(file_join(t->record, name, t->dir, "record"));
    PSE_TRY(demo_free_address(t->box));
    t->served = (struct demo_service_options){.dir = t->private, .boxes = 1, .listen = t->box};
    PSE_TRY(demo_service_new(&t->service, &t->log, &t->served));
    t->o = (struct rehearsal_options){.name = name,
                                      .dir = t->record,
                                      .origin = "bench.psephos.example",
                                      .trustees = {3, 5},
                                      .mixers = 2,
                                      .backend = b->backend,
                                      .seed = &t->seed,
                                      .log = &t->log,
                                      .quiet = true};
    PSE_TRY(rehearsal_begin(&t->r, &t->o));
    PSE_TRY(hold(t));
    PSE_TRY(start_cards(t));
    PSE_TRY(rehearsal_open(&t->r));
    PSE_TRY(rehearsal_publish(&t->r));
    PSE_TRY(seal(t));
    return await_open(t);
}

void bench_town_close(struct bench_town *t)
{
    demo_eid_end(t->eid);
    demo_service_end(t->service, false);
    if (t->r.o != NULL)
        rehearsal_end(&t->r);
    if (t->voter != NULL)
        pse_wipe(t->voter, (t->people + t->casters) * sizeof *t->voter);
    free(t->voter);
    pse_buf_free(&t->ballots);
    bench_folder_remove(t->dir);
}
