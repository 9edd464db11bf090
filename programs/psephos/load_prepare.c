/* psephos load prepare: a test election that is open, its keys, and one sealed ballot for each
 * voter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "election/plain.h"
#include "psephos/load.h"
#include "psephos/load_set.h"
#include "psephos/load_settings.h"
#include "psephos/rehearsal.h"
#include "psephos/verbs.h"
#include "psephos/witness.h"

enum {
    OPTIONS = 10, /* of each contest */
    CONTESTS_MAX = 64,
    VOTERS_MAX = 1 << 20,
    DAY = 86400,
    OPEN_DAYS = 30,
    PORT_MAX = 65535 - REHEARSAL_WITNESSES,
};

struct prepare_options {
    const char *dir, *listen, *store;
    uint64_t voters, contests, port, threads;
    struct cli_hash seed;
    bool quiet;
};

struct prepare {
    const struct prepare_options *o;
    struct rehearsal r;
    char record[FILE_PATH_MAX];
    char url[REHEARSAL_WITNESSES][64];
    const char *witness[REHEARSAL_WITNESSES];
    struct rehearsal_voter *voter;
    const struct rehearsal_voter **by;
    uint8_t *bytes;
    const uint8_t **choices;
    struct pse_buf ballots;
};

static const char name[] = "psephos load prepare";

/* --- the election ------------------------------------------------------------------------------
 */

static void put_title(struct pse_json_wr *w, const char *what, size_t number)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%s %zu", what, number);
    pse_json_wr_object(w, what[0] == 'O' ? NULL : "title");
    pse_json_wr_str(w, "en", text);
    pse_json_wr_end(w);
}

static void put_contest(struct pse_json_wr *w, size_t id)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", id);
    pse_json_wr_str(w, "kind", "mix");
    put_title(w, "Contest", id);
    pse_json_wr_array(w, "options");
    for (size_t i = 1; i <= OPTIONS; i++)
        put_title(w, "Option", i);
    pse_json_wr_end(w);
    pse_json_wr_str(w, "format", "choice");
    pse_json_wr_u64(w, "width", 1);
    pse_json_wr_u64(w, "min", 0);
    pse_json_wr_u64(w, "max", 1);
    pse_json_wr_end(w);
}

static void put_groups(struct pse_json_wr *w, size_t contests)
{
    pse_json_wr_array(w, "groups");
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", 1);
    pse_json_wr_u64(w, "fallback", 0);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "styles");
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", 1);
    pse_json_wr_u64(w, "group", 1);
    pse_json_wr_array(w, "contests");
    for (size_t i = 1; i <= contests; i++)
        pse_json_wr_u64(w, NULL, i);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static void put_counting(struct pse_json_wr *w, size_t contests)
{
    pse_json_wr_object(w, "counting");
    pse_json_wr_u64(w, "version", 1);
    pse_json_wr_array(w, "counts");
    for (size_t i = 1; i <= contests; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_str(w, "rule", "plurality");
        pse_json_wr_u64(w, "seats", 1);
        pse_json_wr_u64(w, "contest", i);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static pse_rc make_plan(struct pse_buf *plan, uint64_t now, size_t contests)
{
    struct pse_json_wr w = pse_json_wr(plan, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_object(&w, "title");
    pse_json_wr_str(&w, "en", "A load test");
    pse_json_wr_end(&w);
    pse_json_wr_bool(&w, "test", true);
    pse_json_wr_object(&w, "schedule");
    pse_json_wr_u64(&w, "opens", now - DAY);
    pse_json_wr_u64(&w, "closes", now + OPEN_DAYS * DAY);
    pse_json_wr_u64(&w, "retain_until", now + 2 * OPEN_DAYS * DAY);
    pse_json_wr_end(&w);
    pse_json_wr_u64(&w, "threshold", 2);
    pse_json_wr_u64(&w, "mix_min", 1);
    pse_json_wr_u64(&w, "min_list", 1);
    pse_json_wr_bool(&w, "late_roster", true);
    pse_json_wr_u64(&w, "ballots_max", 5);
    put_groups(&w, contests);
    pse_json_wr_array(&w, "contests");
    for (size_t i = 1; i <= contests; i++)
        put_contest(&w, i);
    pse_json_wr_end(&w);
    put_counting(&w, contests);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

static pse_rc hold(struct prepare *p)
{
    struct pse_buf plan = PSE_BUF(1 << 20);
    pse_rc rc = make_plan(&plan, p->r.time, p->o->contests);

    if (rc == PSE_OK)
        rc = rehearsal_create(&p->r, pse_buf_span(&plan));
    pse_buf_free(&plan);
    if (rc == PSE_OK)
        rc = rehearsal_ceremony(&p->r);
    if (rc != PSE_OK)
        return rc;
    rehearsal_phase(&p->r, "drawing credentials", p->o->voters);
    PSE_TRY(rehearsal_draw(&p->r, p->voter, p->o->voters));
    rehearsal_phase(&p->r, "roster", 0);
    PSE_TRY(rehearsal_roster(&p->r, p->voter, p->o->voters));
    return rehearsal_open(&p->r);
}

/* --- ballots -----------------------------------------------------------------------------------
 */

static pse_rc choose(struct prepare *p)
{
    const struct pse_manifest *m = pse_engine_manifest(p->r.e);
    const struct pse_style *s = pse_manifest_style(m, 1);

    p->bytes = calloc(p->o->voters, s->choice_len);
    if (p->bytes == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < p->o->voters; i++) {
        uint8_t *at = p->bytes + i * s->choice_len;

        p->by[i] = &p->voter[i];
        p->choices[i] = at;
        for (size_t k = 0; k < s->contests; k++) {
            const struct pse_contest *c = &m->contest[s->contest[k]];

            PSE_TRY(pse_plain_choice(at, c, (uint8_t)(1 + pse_rng_below(&p->r.rng, OPTIONS))));
            at += c->choice_len;
        }
    }
    return PSE_OK;
}

static pse_rc seal(struct prepare *p)
{
    const struct pse_style *s = pse_manifest_style(pse_engine_manifest(p->r.e), 1);
    char path[FILE_PATH_MAX];

    PSE_TRY(choose(p));
    rehearsal_phase(&p->r, "sealing ballots", p->o->voters);
    load_set_put(&p->ballots, p->o->voters, s->ballot_len);
    PSE_TRY(rehearsal_seal(&p->ballots, &p->r, p->by, p->choices, p->o->voters));
    rehearsal_phase_end(&p->r);
    PSE_TRY(file_join(path, name, p->o->dir, "ballots"));
    return file_write(name, path, pse_buf_span(&p->ballots), FILE_NEW);
}

/* --- keys --------------------------------------------------------------------------------------
 */

/* A folder as psephos witness init leaves it, that trusts the log. */
static pse_rc write_witness(struct prepare *p, size_t i)
{
    const struct board_keys *k = &p->r.board;
    struct pse_witness_book *book = NULL;
    char leaf[32], dir[FILE_PATH_MAX];
    struct witness_paths paths;
    uint8_t id[16];
    pse_rc rc;

    (void)snprintf(leaf, sizeof leaf, "witness-%zu", i + 1);
    PSE_TRY(file_join(dir, name, p->o->dir, leaf));
    PSE_TRY(file_make_dir(name, dir));
    PSE_TRY(witness_paths(&paths, name, dir));
    PSE_TRY(key_write(k->witness[i], name, paths.key));
    pse_rng_fill(&p->r.rng, id, sizeof id);
    rc = pse_witness_book_create(paths.state, paths.mark, &k->signer.witness[i].vkey, id);
    if (rc == PSE_OK)
        rc = witness_open(&book, name, paths.state, PSE_WITNESS_WRITE, NULL);
    if (rc == PSE_OK)
        rc = pse_witness_book_trust(book, &k->signer.log.vkey);
    pse_witness_book_close(book);
    if (rc != PSE_OK)
        cli_error(name, "cannot make the witness in %s (%s)", dir, pse_rc_name(rc));
    return rc;
}

static pse_rc write_keys(struct prepare *p)
{
    char dir[FILE_PATH_MAX];

    PSE_TRY(file_join(dir, name, p->o->dir, "board"));
    PSE_TRY(board_keys_write(&p->r.board, name, dir, REHEARSAL_QUORUM, p->r.g));
    for (size_t i = 0; i < REHEARSAL_WITNESSES; i++)
        PSE_TRY(write_witness(p, i));
    return PSE_OK;
}

/* --- the verb ----------------------------------------------------------------------------------
 */

static pse_rc prepare(struct prepare *p)
{
    const struct prepare_options *o = p->o;
    struct rehearsal_options r = {.name = name,
                                  .dir = p->record,
                                  .origin = "load.psephos.example",
                                  .trustees = {2, 3},
                                  .mixers = 1,
                                  .witness = o->port > 0 ? p->witness : NULL,
                                  .threads = o->threads,
                                  .seed = &o->seed,
                                  .quiet = o->quiet};
    pse_rc rc;

    PSE_TRY(rehearsal_check_dir(name, o->dir));
    PSE_TRY(file_make_dir(name, o->dir));
    PSE_TRY(file_join(p->record, name, o->dir, "record"));
    p->voter = calloc(o->voters, sizeof *p->voter);
    p->by = calloc(o->voters, sizeof *p->by);
    p->choices = calloc(o->voters, sizeof *p->choices);
    if (p->voter == NULL || p->by == NULL || p->choices == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < o->voters; i++)
        p->voter[i] = (struct rehearsal_voter){.style = 1, .weight = 1};
    rc = rehearsal_begin(&p->r, &r);
    if (rc == PSE_OK)
        rc = hold(p);
    if (rc == PSE_OK)
        rc = seal(p);
    if (rc == PSE_OK)
        rc = write_keys(p);
    if (rc == PSE_OK)
        rc = load_settings_write(&p->r, o->dir, o->store, o->listen);
    rehearsal_end(&p->r);
    return rc;
}

static void release(struct prepare *p)
{
    if (p->voter != NULL)
        pse_wipe(p->voter, p->o->voters * sizeof *p->voter);
    free(p->voter);
    free(p->by);
    free(p->choices);
    free(p->bytes);
    pse_buf_free(&p->ballots);
}

int load_prepare(int argc, char **argv)
{
    static struct prepare p;
    struct prepare_options o = {.listen = "127.0.0.1:0", .voters = 20000, .contests = 1};
    const struct cli_option options[] = {
        CLI_NUMBER("voters", "N", &o.voters, 1, VOTERS_MAX, "one ballot each (default 20000)"),
        CLI_NUMBER("contests", "K", &o.contests, 1, CONTESTS_MAX,
                   "of ten options; more make longer ballots (default 1)"),
        CLI_NUMBER("witness-port", "PORT", &o.port, 1, PORT_MAX,
                   "the policy names 127.0.0.1:PORT and the three ports after it as witnesses"),
        CLI_TEXT(
            "listen", "WHERE", &o.listen,
            "of the box, for its settings: 127.0.0.1:PORT or unix:PATH (default: a free port)"),
        CLI_TEXT("store", "URL", &o.store,
                 "where the box keeps the ledger: postgresql://… (default: in the folder)"),
        CLI_NUMBER("threads", "K", &o.threads, 1, 256, "default: one a processor"),
        SYSRNG_OPTION(&o.seed),
        CLI_FLAG("quiet", &o.quiet, "no progress"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "DIR [--voters N] [--contests K] [--witness-port PORT]",
        .about = "Make a test election that is open, its keys and settings, and a sealed ballot "
                 "for each\nvoter.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.dir,
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    p = (struct prepare){.o = &o, .ballots = PSE_BUF(SIZE_MAX)};
    for (size_t i = 0; i < REHEARSAL_WITNESSES; i++) {
        (void)snprintf(p.url[i], sizeof p.url[i], "http://127.0.0.1:%u", (unsigned)(o.port + i));
        p.witness[i] = p.url[i];
    }
    rc = prepare(&p);
    release(&p);
    if (rc == PSE_E_MEMORY)
        cli_error(name, "out of memory; give fewer --voters");
    return verb_exit(rc);
}
