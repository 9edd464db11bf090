/* psephos officer create: plan and cards become a manifest and the first entry. */
#include <stdio.h>

#include "codec/codec.h"
#include "common/files.h"
#include "psephos/officer.h"
#include "psephos/plan.h"

enum { PLAN_MAX = 1 << 20, CARDS_ARENA = 16 << 20 };

struct create_options {
    struct session_options common;
    const char *plan, *board, *policy, *registrar;
    struct cli_list trustee, mixer;
};

static pse_rc read_cards(struct card **out, struct pse_arena *arena, const struct session *s,
                         const struct cli_list *list, enum key_role role)
{
    *out = PSE_NEW(arena, struct card, list->n);
    if (*out == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < list->n; i++)
        PSE_TRY(card_read(&(*out)[i], arena, s->name, list->v[i], role, s->g));
    return PSE_OK;
}

static pse_rc read_keys(struct plan_keys *keys, struct pse_arena *arena, const struct session *s,
                        const struct create_options *o)
{
    struct card *registrar = PSE_NEW(arena, struct card, 1);
    struct card *board = PSE_NEW(arena, struct card, 1);
    struct card *trustee;
    struct card *mixer;

    if (registrar == NULL || board == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(card_read(registrar, arena, s->name, o->registrar, KEY_REGISTRAR, s->g));
    PSE_TRY(card_read(board, arena, s->name, o->board, KEY_BOARD, s->g));
    PSE_TRY(read_cards(&trustee, arena, s, &o->trustee, KEY_TRUSTEE));
    PSE_TRY(read_cards(&mixer, arena, s, &o->mixer, KEY_MIXER));
    keys->authority = s->key->sign_public;
    keys->registrar = registrar;
    keys->board = board;
    keys->trustee = trustee;
    keys->trustees = o->trustee.n;
    keys->mixer = mixer;
    keys->mixers = o->mixer.n;
    return PSE_OK;
}

/* V104, before anybody signs a manifest that names the policy. */
static pse_rc check_policy(const struct session *s, const struct pse_manifest *m,
                           struct pse_span text, const char *path)
{
    PSE_ARENA(arena, (size_t)64 << 20);
    pse_edkey key[4 + PSE_TRUSTEES_MAX + PSE_MIXERS_MAX] = {m->log_key, m->authority, m->registrar,
                                                            m->board};
    struct pse_policy policy;
    size_t keys = 4;
    pse_rc rc;

    for (size_t i = 0; i < m->trustees; i++)
        key[keys++] = m->trustee[i].sign;
    for (size_t i = 0; i < m->mixers; i++)
        key[keys++] = m->mixer[i].sign;
    rc = pse_policy_parse(&policy, NULL, &arena, text);
    if (rc == PSE_OK)
        rc = pse_policy_election_check(&policy, m->log_vkey, m->test, key, keys);
    if (rc != PSE_OK)
        cli_error(s->name, "%s cannot serve this election (%s); run psephos policy check", path,
                  pse_rc_name(rc));
    return rc;
}

static pse_rc put_setup(struct session *s, struct pse_span manifest, struct pse_span counting,
                        struct pse_span policy, const char *policy_path)
{
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    struct act a = session_act(s);
    struct pse_manifest *m;
    char eid[65];

    PSE_TRY(pse_manifest_parse(&m, &arena, NULL, s->g, manifest));
    PSE_TRY(check_policy(s, m, policy, policy_path));
    PSE_TRY(s->sink.blob(s->sink.ctx, manifest));
    PSE_TRY(s->sink.blob(s->sink.ctx, policy));
    PSE_TRY(s->sink.blob(s->sink.ctx, counting));
    PSE_TRY(act_setup(&a, m, manifest.n, &s->key->sign));
    pse_hex_encode(eid, m->eid.b, 32);
    session_say(s, "Election id: %s", eid);
    return PSE_OK;
}

static pse_rc create_with(struct session *s, const struct create_options *o, struct pse_span plan,
                          struct pse_span policy)
{
    PSE_ARENA(arena, CARDS_ARENA);
    struct pse_buf manifest = PSE_BUF(PSE_MANIFEST_MAX);
    struct pse_buf counting = PSE_BUF(PSE_MANIFEST_MAX);
    struct plan_keys keys;
    pse_rc rc = read_keys(&keys, &arena, s, o);

    if (rc == PSE_OK) {
        pse_sha256(&keys.policy, policy);
        rc = plan_manifest(&manifest, &counting, s->name, o->plan, plan, &keys, s->g, &s->rng);
    }
    if (rc == PSE_OK)
        rc = put_setup(s, pse_buf_span(&manifest), pse_buf_span(&counting), policy, o->policy);
    pse_buf_free(&manifest);
    pse_buf_free(&counting);
    return rc;
}

static pse_rc create(struct session *s, const struct create_options *o)
{
    struct pse_buf plan = PSE_BUF(0);
    struct pse_buf policy = PSE_BUF(0);
    pse_rc rc;

    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->plan, "plan FILE"));
    PSE_TRY(session_want(s, o->board, "board CARD"));
    PSE_TRY(session_want(s, o->policy, "policy FILE"));
    PSE_TRY(session_want(s, o->registrar, "registrar CARD"));
    PSE_TRY(session_want(s, o->trustee.n > 0 ? "" : NULL, "trustee CARD"));
    PSE_TRY(session_key(s, KEY_OFFICER));
    rc = file_read(&plan, s->name, o->plan, PLAN_MAX);
    if (rc == PSE_OK)
        rc = file_read(&policy, s->name, o->policy, PSE_POLICY_MAX);
    if (rc == PSE_OK)
        rc = create_with(s, o, pse_buf_span(&plan), pse_buf_span(&policy));
    pse_buf_free(&plan);
    pse_buf_free(&policy);
    return rc;
}

int officer_create(int argc, char **argv)
{
    struct create_options o = {.trustee = {.n = 0}, .mixer = {.n = 0}};
    struct session s = {.name = "psephos officer create"};
    const struct cli_option options[] = {
        CLI_TEXT("plan", "FILE", &o.plan, "what is decided: contests, styles, schedule, counting"),
        SESSION_KEY(&o.common),
        CLI_TEXT("board", "CARD", &o.board, "card of the board"),
        CLI_TEXT("policy", "FILE", &o.policy, "the witness policy"),
        CLI_TEXT("registrar", "CARD", &o.registrar, "card of the registrar"),
        CLI_LIST("trustee", "CARD", &o.trustee,
                 "card of a trustee; repeat, the order numbers them"),
        CLI_LIST("mixer", "CARD", &o.mixer, "card of a mixer; repeat, the order numbers them"),
        SESSION_OUT(&o.common),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--plan FILE --key FILE --board CARD --policy FILE --registrar CARD\n"
                    "       --trustee CARD ... [--mixer CARD ...] --out FILE",
        .about = "Make the manifest of an election, sign its first entry, print the election id.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, create(&s, &o),
                       "compare the election id with the others, then send the parcel to the board "
                       "for psephos record init");
}
