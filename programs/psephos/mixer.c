/* psephos mixer: shuffle lists and prove it. */
#include "psephos/mixer.h"

#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "common/prepared.h"
#include "psephos/keygen.h"
#include "psephos/session.h"
#include "psephos/verbs.h"

/* Who mixes, in which election: PSE_E_STATE before the ceremony has made the joint key. */
static pse_rc owner_of(struct prepared_owner *owner, const struct session *s)
{
    const struct pse_joint *joint = pse_engine_joint(s->load.e);

    if (joint == NULL) {
        cli_error(s->name, "there is no joint key yet; wait for the trustees' ceremony");
        return PSE_E_STATE;
    }
    owner->eid = joint->eid;
    owner->mixer = s->key->sign_public;
    owner->y = joint->enc;
    return PSE_OK;
}

/* --- prepare ---------------------------------------------------------------------------------- */

struct prepare_options {
    struct session_options session;
    uint64_t max;
    uint64_t width;
};

pse_rc mixer_prepare_rows(struct session *s, uint64_t rows, unsigned width, const char *path)
{
    struct prepared_owner owner;
    struct prepared p = {.file = NULL};
    pse_rc rc;

    PSE_TRY(owner_of(&owner, s));
    rc = prepared_new(&p, s->name, rows, width);
    if (rc == PSE_OK)
        rc = pse_shuffle_prepare(pse_engine_joint(s->load.e), prepared_rows(&p), p.rows, p.width,
                                 &s->rng);
    if (rc == PSE_OK)
        rc = prepared_write(&p, s->name, path, &owner);
    if (rc == PSE_OK)
        session_say(s, "%s: %zu rows of width %u, to be kept secret and used once", path, p.rows,
                    p.width);
    prepared_free(&p);
    return rc;
}

static pse_rc prepare(struct session *s, const struct prepare_options *o)
{
    struct act a = session_act(s);
    uint8_t index;

    PSE_TRY(session_want(s, o->session.out, "out FILE"));
    if (o->max == 0) {
        cli_error(s->name, "--max N is missing: as many rows as there may be ballots");
        return PSE_E_MISSING;
    }
    PSE_TRY(act_key_index(&index, &a, s->key));
    return mixer_prepare_rows(s, o->max, (unsigned)o->width, o->session.out);
}

int mixer_prepare(const char *name, int argc, char **argv)
{
    struct prepare_options o = {.width = 1};
    struct session s = {.name = name, .options = &o.session};
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o.session),
        CLI_NUMBER("max", "N", &o.max, 1, PSE_SHUFFLE_ROWS_MAX, "rows: ballots of all your lists"),
        CLI_NUMBER("width", "W", &o.width, 1, PSE_SHUFFLE_WIDTH_MAX,
                   "ciphertexts of a ballot in the widest contest (default 1)"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--record DIR --key FILE --max N [--width W] --out FILE",
        .about = "A mixer's work that needs no ballots yet, for psephos mixer mix --prepared. Any\n"
                 "time after the trustees' ceremony; about half a kilobyte a row.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = session_start(&s, s.name, &o.session);
    if (rc == PSE_OK)
        rc = session_key(&s, KEY_MIXER);
    if (rc == PSE_OK)
        rc = prepare(&s, &o);
    return session_end(&s, rc, "when the lists are there: psephos mixer mix --prepared FILE");
}

static int mixer_prepare_verb(int argc, char **argv)
{
    return mixer_prepare("psephos mixer prepare", argc, argv);
}

/* --- mix -------------------------------------------------------------------------------------- */

struct mix_options {
    struct session_options session;
    struct mixer_work work;
};

static bool is_mine(struct pse_list_view *list, const struct session *s, size_t at, uint8_t index)
{
    pse_engine_list(s->load.e, list, at);
    return list->kind == PSE_KIND_MIX && (list->mixers >> (index - 1) & 1) == 0;
}

static size_t lists_left(const struct session *s, uint8_t index)
{
    struct pse_list_view list;
    size_t n = 0;

    for (size_t i = 0; i < pse_engine_lists(s->load.e); i++)
        n += is_mine(&list, s, i, index);
    return n;
}

static pse_rc mix_lists(struct session *s, const struct mixer_work *o, struct prepared *prepared,
                        uint8_t index)
{
    struct act a = session_act(s);
    struct pse_shuffle_options options = {.isolated = o->isolated};
    struct pse_list_view list;
    struct progress progress;
    uint64_t rows = 0, ready = 0;
    size_t done = 0;
    pse_rc rc = PSE_OK;

    progress_init(&progress, s->name, s->options->quiet);
    progress_step(&progress, "mixing lists", pse_engine_lists(s->load.e));
    for (size_t i = 0; i < pse_engine_lists(s->load.e) && rc == PSE_OK; i++) {
        if (is_mine(&list, s, i, index)) {
            ready += prepared_next(prepared, &options, list.ballots, list.width);
            rows += list.ballots;
            rc = act_mix(&a, s->key, index, i, &options);
            done++;
        }
        progress_set(&progress, i + 1);
    }
    progress_end(&progress);
    if (rc != PSE_OK)
        return rc;
    session_say(s, "%zu %s mixed and proved", done, done == 1 ? "list" : "lists");
    if (o->prepared != NULL)
        session_say(s, "%" PRIu64 " of %" PRIu64 " rows were prepared%s", ready, rows,
                    ready < rows ? "; the others were made now" : "");
    return PSE_OK;
}

pse_rc mixer_mix_lists(struct session *s, const struct mixer_work *work, uint8_t index)
{
    struct prepared prepared = {.file = NULL};
    struct prepared_owner owner;
    pse_rc rc;

    if (work->prepared != NULL && lists_left(s, index) > 0) {
        PSE_TRY(owner_of(&owner, s));
        PSE_TRY(prepared_take(&prepared, s->name, work->prepared, &owner));
    }
    rc = mix_lists(s, work, &prepared, index);
    prepared_free(&prepared);
    return rc;
}

static pse_rc mix_all(struct session *s, const struct mix_options *o)
{
    struct act a = session_act(s);
    uint8_t index;

    PSE_TRY(act_key_index(&index, &a, s->key));
    PSE_TRY(act_allowed(&a, PSE_ENTRY_MIX, PSE_ROLE_MIXER, index));
    PSE_TRY(session_want_sink(s));
    return mixer_mix_lists(s, &o->work, index);
}

static int mixer_mix(int argc, char **argv)
{
    struct mix_options o = {.work = {.prepared = NULL}};
    struct session s = {.name = "psephos mixer mix", .options = &o.session};
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o.session),
        CLI_TEXT("prepared", "FILE", &o.work.prepared, "made by psephos mixer prepare; used up"),
        CLI_FLAG("isolated", &o.work.isolated,
                 "faster, not in constant time: for a machine that nobody watches"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE [--prepared FILE] [--isolated] --out FILE",
        .about =
            "Shuffle every list that you have not mixed yet, with proofs. Mixers act one after\n"
            "the other: the next one needs the record with this parcel in it.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = session_start(&s, s.name, &o.session);
    if (rc == PSE_OK)
        rc = session_key(&s, KEY_MIXER);
    if (rc == PSE_OK)
        rc = mix_all(&s, &o);
    return session_end(&s, rc, "send the parcel to the board for psephos record append");
}

static int mixer_keygen(int argc, char **argv)
{
    return keygen_run(KEY_MIXER, "psephos mixer keygen", argc, argv);
}

int cmd_mixer(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"keygen", "make a mixer's key", mixer_keygen},
        {"prepare", "do what needs no ballots before the polls close", mixer_prepare_verb},
        {"mix", "shuffle the lists and prove it", mixer_mix},
        {"run", "follow the record and mix when it is your turn", mixer_run},
    };

    return verbs_run("mixer", "Shuffles sealed ballots so that nobody knows whose is whose.", verb,
                     CLI_COUNT(verb), argc, argv);
}
