/* psephos mixer run: a mixer's whole part of an election, over the network. */
#include <stdio.h>

#include "common/progress.h"
#include "psephos/mixer.h"
#include "psephos/role_daemon.h"

enum { TURN_SECONDS = 300 };

struct settings {
    struct role_settings role;
    uint64_t prepare;
    uint64_t width;
    uint64_t turn_ms;
    bool isolated;
};
static const struct pse_conf_key keys[] = {
    ROLE_KEYS(struct settings, role),
    PSE_CONF_NUMBER(struct settings, prepare, "mixer", "prepare", 0, PSE_SHUFFLE_ROWS_MAX, "0",
                    "rows", PSE_CONF_FIXED, "Prepare so many as soon as there is a joint key."),
    PSE_CONF_NUMBER(struct settings, width, "mixer", "width", 1, PSE_SHUFFLE_WIDTH_MAX, "1",
                    "ciphertexts", PSE_CONF_FIXED, "Of a row, in the widest contest."),
    PSE_CONF_TIME(struct settings, turn_ms, "mixer", "turn", 0, 86400000, "5 min", PSE_CONF_FIXED,
                  "How long the mixers before this one are waited for."),
    PSE_CONF_SWITCH(struct settings, isolated, "mixer", "isolated", "no", PSE_CONF_FIXED,
                    "Faster, not in constant time: for a machine that nobody watches."),
};
static const struct pse_conf conf = {"mixer", keys, PSE_CONF_COUNT(keys), sizeof(struct settings)};

struct run_options {
    struct session_options common;
    struct mixer_work work;
    uint64_t prepare; /* rows; 0: none */
    uint64_t width;
    uint64_t turn;
    double since; /* steady time at which the lists were first seen; 0: not yet */
    char path[FILE_PATH_MAX];
    struct settings set;
};

/* Rows are drawn once, as soon as there is a joint key. They are used up by the first mix. */
static pse_rc prepare_once(struct run_options *o, struct session *s)
{
    enum pse_state state = pse_engine_state(s->load.e);

    if (o->prepare == 0 || pse_engine_joint(s->load.e) == NULL || state > PSE_STATE_CLOSED ||
        file_exists(o->path))
        return PSE_OK;
    return mixer_prepare_rows(s, o->prepare, (unsigned)o->width, o->path);
}

/* Mixers act one after the other, since each proof builds on the one before. They go by their
 * numbers; one whose predecessor does not come goes first after a while. */
static bool is_my_turn(struct run_options *o, const struct session *s, uint8_t index)
{
    uint64_t before = ((uint64_t)1 << (index - 1)) - 1;
    struct pse_list_view list;

    if (o->since == 0)
        o->since = progress_now();
    if (progress_now() - o->since >= (double)o->turn)
        return true;
    for (size_t i = 0; i < pse_engine_lists(s->load.e); i++) {
        pse_engine_list(s->load.e, &list, i);
        if (list.kind == PSE_KIND_MIX && (list.mixers & before) != before)
            return false;
    }
    return true;
}

static pse_rc run_step(void *ctx, struct session *s, enum role_step *step)
{
    struct run_options *o = ctx;
    enum pse_state state = pse_engine_state(s->load.e);
    struct act a = session_act(s);
    uint8_t index;

    PSE_TRY(act_key_index(&index, &a, s->key));
    PSE_TRY(prepare_once(o, s));
    if (state > PSE_STATE_FROZEN) {
        session_say(s, "The record is in state %s: nothing is left for a mixer to do",
                    pse_state_name(state));
        *step = ROLE_FINISHED;
        return PSE_OK;
    }
    if (!pse_engine_may(s->load.e, PSE_ENTRY_MIX, PSE_ROLE_MIXER, index))
        return PSE_OK;
    if (!is_my_turn(o, s, index)) {
        *step = ROLE_PATIENT;
        return PSE_OK;
    }
    o->work.prepared = file_exists(o->path) ? o->path : NULL;
    *step = ROLE_MADE;
    return mixer_mix_lists(s, &o->work, index);
}

static void name_prepared(struct run_options *o, const char *key)
{
    (void)snprintf(o->path, sizeof o->path, "%.4000s.state/prepared", key == NULL ? "" : key);
}

static void take_settings(void *ctx)
{
    struct run_options *o = ctx;

    o->prepare = o->set.prepare;
    o->width = o->set.width;
    o->turn = o->set.turn_ms / 1000;
    o->work.isolated = o->set.isolated;
    name_prepared(o, o->set.role.key);
}

int mixer_run(int argc, char **argv)
{
    static const char name[] = "psephos mixer run";
    static struct run_options o = {.width = 1, .turn = TURN_SECONDS};
    struct daemon_options given = {0};
    struct role_run run = {.name = name,
                           .options = &o.common,
                           .role = KEY_MIXER,
                           .interval = ROLE_RUN_INTERVAL,
                           .ctx = &o,
                           .step = run_step};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_KEY(&o.common),
        SESSION_POST(&o.common),
        SESSION_EID(&o.common),
        SESSION_QUIET(&o.common),
        ROLE_RUN_OPTIONS(&run),
        CLI_NUMBER("prepare", "N", &o.prepare, 1, PSE_SHUFFLE_ROWS_MAX,
                   "prepare N rows as soon as there is a joint key"),
        CLI_NUMBER("width", "W", &o.width, 1, PSE_SHUFFLE_WIDTH_MAX,
                   "of these rows: ciphertexts in the widest contest (default 1)"),
        CLI_NUMBER("turn", "S", &o.turn, 0, 86400,
                   "seconds to wait for the mixers before you (default 300)"),
        CLI_FLAG("isolated", &o.work.isolated,
                 "faster, not in constant time: for a machine that nobody watches"),
        DAEMON_OPTIONS(&given),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--record URL --mirror URL --post URL --key FILE [--prepare N] [--once]\n"
                    "        --config FILE",
        .about =
            "Mix from home: follow the record, verify it whole when the lists are there, shuffle\n"
            "them when it is your turn, and post the proofs. It may be stopped at any point.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (role_daemon_is_asked(argc, argv))
        return role_daemon(&run, &conf, &o.set, &o.set.role, take_settings, argc, argv);
    if (!cli_parse(&status, &command, argc, argv))
        return status;
    name_prepared(&o, o.common.key);
    return role_run(&run);
}
