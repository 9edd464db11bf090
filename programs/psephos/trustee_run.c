/* psephos trustee run: a trustee's whole part of an election, over the network. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "psephos/role_daemon.h"
#include "psephos/trustee.h"
#include "psephos/verbs.h"

static const char run_name[] = "psephos trustee run";

struct settings {
    struct role_settings role;
    char heard[PSE_CONF_TEXT];
    char small[PSE_CONF_TEXT];
    bool mixer_missing;
};
static const struct pse_conf_key keys[] = {
    ROLE_KEYS(struct settings, role),
    PSE_CONF_WORDS(struct settings, heard, "trustee", "heard", 0, 100, "", PSE_CONF_RELOAD,
                   "The code that another trustee read to you, for the last round of the "
                   "ceremony; the daemon prints its own before."),
    PSE_CONF_WORDS(struct settings, small, "trustee", "small", 0, 900, "", PSE_CONF_RELOAD,
                   "Lists that are opened although they are small: CONTEST/GROUP, separated by "
                   "spaces."),
    PSE_CONF_SWITCH(struct settings, mixer_missing, "trustee", "mixer-missing", "no",
                    PSE_CONF_RELOAD, "Does the record account for a mixer that did not act?"),
};
static const struct pse_conf conf = {"trustee", keys, PSE_CONF_COUNT(keys),
                                     sizeof(struct settings)};

struct run_options {
    struct session_options common;
    struct trustee_consent consent;
    const char *heard;
    char typed[128];
    struct pse_ceremony shown;
    bool is_asked;
    struct settings set;
    char small[PSE_CONF_TEXT];
    struct trustee_desk *desk;
    bool is_open; /* desk_rc says how it went */
    pse_rc desk_rc;
};

/* Before the sandbox, which lets nobody listen. */
static void open_desk(struct run_options *o, const char *key)
{
    if (!o->is_open)
        o->desk_rc = trustee_desk_open(&o->desk, run_name, key);
    o->is_open = true;
}

/* --- telling ------------------------------------------------------------------------------------
 */

static unsigned ones(uint64_t bits)
{
    return (unsigned)__builtin_popcountll(bits);
}

static void show_ceremony(struct run_options *o, const struct session *s)
{
    const struct pse_manifest *m = pse_engine_manifest(s->load.e);
    struct pse_ceremony c;

    pse_engine_ceremony(s->load.e, &c);
    if (memcmp(&c, &o->shown, sizeof c) != 0 && pse_engine_state(s->load.e) == PSE_STATE_KEYS)
        session_say(
            s, "Ceremony of %u trustees: %u committed, %u revealed, %u shared, %u confirmed",
            c.trustees, ones(c.committed), ones(c.revealed), ones(c.shared), ones(c.confirmed));
    if (c.at_fault != 0 && o->shown.at_fault != c.at_fault)
        cli_note(s->name,
                 "COMPLAINT: the record proves that trustee %u (%.*s) did not follow the ceremony; "
                 "it has ended for all. Keep your files, and talk to the others",
                 c.at_fault, (int)m->trustee[c.at_fault - 1].name.n,
                 (const char *)m->trustee[c.at_fault - 1].name.p);
    o->shown = c;
}

/* --- the code that trustees compare -------------------------------------------------------------
 */

static pse_rc find_heard(struct run_options *o, const struct session *s, bool *found)
{
    char text[PSE_TRACKER_TEXT];

    *found = o->heard != NULL;
    if (*found)
        return PSE_OK;
    PSE_TRY(trustee_code_text(text, s));
    if (!o->is_asked)
        printf("Read this code to the other trustees by telephone. All must see the same:\n%s\n",
               text);
    o->is_asked = true;
    (void)fflush(stdout);
    if (role_run_ask(o->typed, sizeof o->typed,
                     "Type the code that another trustee read to you:\n> ")) {
        o->heard = o->typed;
        *found = true;
        return PSE_OK;
    }
    cli_note(s->name, "waiting for the code of another trustee: start again with --heard CODE, or "
                      "set [trustee] heard and reload");
    return PSE_OK;
}

/* --- steps --------------------------------------------------------------------------------------
 */

static pse_rc confirm(struct run_options *o, struct trustee_dir *d, struct session *s,
                      enum role_step *step)
{
    uint8_t dealer = 0;
    bool found;
    pse_rc rc;

    PSE_TRY(find_heard(o, s, &found));
    if (!found)
        return PSE_OK;
    rc = trustee_step_confirm(d, s, o->heard, &dealer);
    if (rc == PSE_E_MISMATCH && dealer != 0) {
        cli_note(s->name,
                 "COMPLAINT: the share of trustee %u is proved wrong to all; this ends "
                 "the ceremony",
                 dealer);
        rc = trustee_step_complain(d, s, dealer);
    }
    if (rc == PSE_OK)
        *step = ROLE_MADE;
    return rc;
}

static pse_rc take_step(struct run_options *o, struct trustee_dir *d, struct session *s,
                        enum role_step *step)
{
    static const struct {
        uint8_t type;
        enum trustee_step step;
        const char *words;
    } deal[] = {
        {PSE_ENTRY_DKG_COMMIT, TRUSTEE_COMMIT, "Round 1: my part is drawn and promised"},
        {PSE_ENTRY_DKG_REVEAL, TRUSTEE_REVEAL, "Round 2: its public half is shown"},
        {PSE_ENTRY_DKG_SHARES, TRUSTEE_SHARE, "Round 3: every other trustee is dealt a share"},
    };
    const struct pse_engine *e = s->load.e;
    uint8_t me = d->t->index;

    for (size_t i = 0; i < CLI_COUNT(deal); i++) {
        if (!pse_engine_may(e, deal[i].type, PSE_ROLE_TRUSTEE, me))
            continue;
        session_say(s, "%s", deal[i].words);
        *step = ROLE_MADE;
        return trustee_step(d, s, deal[i].step);
    }
    if (pse_engine_may(e, PSE_ENTRY_DKG_CONFIRM, PSE_ROLE_TRUSTEE, me))
        return confirm(o, d, s, step);
    if (pse_engine_may(e, PSE_ENTRY_DECRYPT, PSE_ROLE_TRUSTEE, me)) {
        session_say(s,
                    "The record is verified whole, in state MIXED: opening my part of the lists");
        *step = ROLE_MADE;
        return trustee_open_lists(d, s, &o->consent);
    }
    return PSE_OK;
}

static bool is_over(const struct pse_engine *e)
{
    enum pse_state state = pse_engine_state(e);

    return state == PSE_STATE_RESULT || state == PSE_STATE_END || state == PSE_STATE_ABORT;
}

static pse_rc run_step(void *ctx, struct session *s, enum role_step *step)
{
    struct run_options *o = ctx;
    struct trustee_dir d = {.t = NULL};
    pse_rc rc = o->desk_rc;

    if (rc == PSE_OK)
        rc = trustee_dir_open(&d, s);
    d.desk = o->desk;
    if (rc == PSE_OK)
        show_ceremony(o, s);
    if (rc == PSE_OK && is_over(s->load.e)) {
        session_say(s, "The record is in state %s: nothing is left for a trustee to do",
                    pse_state_name(pse_engine_state(s->load.e)));
        *step = ROLE_FINISHED;
    } else if (rc == PSE_OK) {
        rc = take_step(o, &d, s, step);
    }
    d.desk = NULL; /* it serves all steps */
    trustee_dir_close(&d);
    return rc;
}

/* Of the settings, what a person agreed to. */
static void take_settings(void *ctx)
{
    struct run_options *o = ctx;

    open_desk(o, o->set.role.key);
    o->heard = o->set.heard[0] == '\0' ? NULL : o->set.heard;
    o->consent = (struct trustee_consent){.mixer_missing = o->set.mixer_missing};
    memcpy(o->small, o->set.small, sizeof o->small);
    for (char *word = strtok(o->small, " "); word != NULL && o->consent.small.n < CLI_LIST_MAX;
         word = strtok(NULL, " "))
        o->consent.small.v[o->consent.small.n++] = word;
}

int trustee_run(int argc, char **argv)
{
    static struct run_options o;
    struct daemon_options given = {0};
    struct role_run run = {.name = run_name,
                           .options = &o.common,
                           .role = KEY_TRUSTEE,
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
        CLI_TEXT("heard", "CODE", &o.heard, "the code that another trustee read to you"),
        TRUSTEE_CONSENT_OPTIONS(&o.consent),
        DAEMON_OPTIONS(&given),
    };
    const struct cli_command command = {
        .name = run_name,
        .synopsis = "--record URL --mirror URL --post URL --key FILE [--eid HEX] [--once]\n"
                    "        --config FILE",
        .about =
            "Take part in an election from home, from the ceremony to the count: read the record\n"
            "from its mirrors, verify it whole before every step, and post what is made. It may "
            "be\n"
            "stopped and started at any point.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (role_daemon_is_asked(argc, argv)) {
        status = role_daemon(&run, &conf, &o.set, &o.set.role, take_settings, argc, argv);
    } else if (cli_parse(&status, &command, argc, argv)) {
        if (o.common.key != NULL)
            open_desk(&o, o.common.key);
        status = o.desk_rc == PSE_OK ? role_run(&run) : verb_exit(o.desk_rc);
    }
    trustee_desk_free(o.desk);
    return status;
}
