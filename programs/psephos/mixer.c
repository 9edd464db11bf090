/* psephos mixer: shuffle lists and prove it. */
#include <stdio.h>

#include "commands.h"
#include "psephos/keygen.h"
#include "psephos/session.h"
#include "psephos/verbs.h"

static pse_rc mix_all(struct session *s)
{
    struct act a = session_act(s);
    struct progress progress;
    size_t done = 0;
    uint8_t index;
    pse_rc rc = act_key_index(&index, &a, s->key);

    if (rc == PSE_OK)
        rc = act_allowed(&a, PSE_ENTRY_MIX, PSE_ROLE_MIXER, index);
    if (rc != PSE_OK)
        return rc;
    progress_init(&progress, s->name, s->options->quiet);
    progress_step(&progress, "mixing lists", pse_engine_lists(s->load.e));
    for (size_t i = 0; i < pse_engine_lists(s->load.e) && rc == PSE_OK; i++) {
        struct pse_list_view list;

        pse_engine_list(s->load.e, &list, i);
        if (list.kind == PSE_KIND_MIX && (list.mixers >> (index - 1) & 1) == 0) {
            rc = act_mix(&a, s->key, index, i, NULL);
            done++;
        }
        progress_set(&progress, i + 1);
    }
    progress_end(&progress);
    if (rc == PSE_OK)
        session_say(s, "%zu %s mixed and proved", done, done == 1 ? "list" : "lists");
    return rc;
}

static int mixer_mix(int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = "psephos mixer mix", .options = &o};
    const struct cli_option options[] = {SESSION_OPTIONS(&o)};
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --out FILE",
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
    rc = session_start(&s, s.name, &o);
    if (rc == PSE_OK)
        rc = session_key(&s, KEY_MIXER);
    if (rc == PSE_OK)
        rc = mix_all(&s);
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
        {"mix", "shuffle the lists and prove it", mixer_mix},
    };

    return verbs_run("mixer", "Shuffles sealed ballots so that nobody knows whose is whose.", verb,
                     CLI_COUNT(verb), argc, argv);
}
