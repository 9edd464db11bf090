/* psephos trustee: the ceremony of the joint key. Decryption: trustee_decrypt.c. */
#include "psephos/trustee.h"

#include <stdio.h>

#include "codec/codec.h"
#include "commands.h"
#include "psephos/keygen.h"
#include "psephos/mixer.h"
#include "psephos/verbs.h"

static const char to_board[] = "send the parcel to the board for psephos record append";

pse_rc trustee_begin(struct trustee_dir *d, struct session *s, const struct session_options *o)
{
    PSE_TRY(session_start(s, s->name, o));
    PSE_TRY(session_key(s, KEY_TRUSTEE));
    PSE_TRY(trustee_dir_open(d, s));
    return trustee_desk_open(&d->desk, s->name, o->key);
}

static pse_rc want_ceremony(struct trustee_dir *d, struct session *s, void *arg)
{
    (void)arg;
    if (d->t->has_polynomial)
        return PSE_OK;
    cli_error(s->name,
              "%s holds no ceremony of this election; begin with psephos trustee commit, "
              "or restore the folder from your copy",
              d->path);
    return PSE_E_STATE;
}

/* A step of the ceremony. @c check (may be NULL) is what can be told before the trustee is asked;
 * @c make goes on from there. */
struct step {
    const char *name;
    uint8_t type; /* of its entry */
    pse_rc (*check)(struct trustee_dir *d, struct session *s, void *arg);
    pse_rc (*make)(struct trustee_dir *d, struct session *s, void *arg);
};

/* Each step once: what was released before is released again, byte for byte. @p value: what the
 * statement says beside the step, under @p about. */
static pse_rc step_once(struct trustee_dir *d, struct session *s, const struct step *step,
                        void *arg, const char *about, const char *value)
{
    struct act a = session_act(s);
    bool again;

    PSE_TRY(trustee_dir_again(&again, d, s, step->name));
    if (again) {
        session_say(s, "This step was made before; the same parcel is written again.");
        return PSE_OK;
    }
    if (step->check != NULL)
        PSE_TRY(step->check(d, s, arg));
    PSE_TRY(act_allowed(&a, step->type, PSE_ROLE_TRUSTEE, d->t->index));
    PSE_TRY(trustee_agree(d, s, step->name, about, value));
    PSE_TRY(step->make(d, s, arg));
    if (s->parcel.rc != PSE_OK)
        return s->parcel.rc;
    return trustee_dir_keep(d, s, step->name, pse_buf_span(&s->parcel));
}

static int run_step(const char *name, const char *about, enum trustee_step step, int argc,
                    char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = name, .options = &o};
    struct trustee_dir d = {.t = NULL};
    const struct cli_option options[] = {SESSION_OPTIONS(&o)};
    const struct cli_command command = {
        .name = name,
        .synopsis = "--record DIR --key FILE --out FILE",
        .about = about,
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = trustee_begin(&d, &s, &o);
    if (rc == PSE_OK)
        rc = trustee_step(&d, &s, step);
    trustee_dir_close(&d);
    return session_end(&s, rc, to_board);
}

/* --- commit, reveal, share ----------------------------------------------------------------------
 */

static pse_rc make_commit(struct trustee_dir *d, struct session *s, void *arg)
{
    struct act a = session_act(s);

    (void)arg;
    if (!d->t->has_polynomial) {
        act_trustee_prepare(d->t, &a);
        PSE_TRY(trustee_dir_save_ceremony(d, s));
    }
    return act_trustee_commit(&a, d->t);
}

static int trustee_commit(int argc, char **argv)
{
    return run_step("psephos trustee commit",
                    "Round 1: draw your part of the joint key and promise it.", TRUSTEE_COMMIT,
                    argc, argv);
}

static pse_rc make_reveal(struct trustee_dir *d, struct session *s, void *arg)
{
    struct act a = session_act(s);

    (void)arg;
    return act_trustee_reveal(&a, d->t);
}

static int trustee_reveal(int argc, char **argv)
{
    return run_step("psephos trustee reveal",
                    "Round 2: show the public half of your part, after all have committed.",
                    TRUSTEE_REVEAL, argc, argv);
}

static pse_rc make_share(struct trustee_dir *d, struct session *s, void *arg)
{
    struct act a = session_act(s);

    (void)arg;
    return act_trustee_share(&a, d->t);
}

static int trustee_share(int argc, char **argv)
{
    return run_step(
        "psephos trustee share",
        "Round 3: deal every other trustee an encrypted share, after all have revealed.",
        TRUSTEE_SHARE, argc, argv);
}

static const struct step plain_step[] = {
    [TRUSTEE_COMMIT] = {"commit", PSE_ENTRY_DKG_COMMIT, NULL, make_commit},
    [TRUSTEE_REVEAL] = {"reveal", PSE_ENTRY_DKG_REVEAL, want_ceremony, make_reveal},
    [TRUSTEE_SHARE] = {"share", PSE_ENTRY_DKG_SHARES, want_ceremony, make_share},
};

pse_rc trustee_step(struct trustee_dir *d, struct session *s, enum trustee_step step)
{
    return step_once(d, s, &plain_step[step], NULL, NULL, NULL);
}

/* --- the code, and confirm ----------------------------------------------------------------------
 */

/* 80 bits over election and joint key, to be read aloud. */
static pse_rc compare_code(uint8_t code[PSE_TRACKER_BYTES], const struct session *s)
{
    struct pse_statement statement;
    struct pse_span x;
    pse_enc y;
    uint8_t h[64];

    if (pse_engine_joint_key(s->load.e, &y) != PSE_OK) {
        cli_error(s->name, "there is no joint key before all trustees have revealed; wait for the "
                           "board");
        return PSE_E_STATE;
    }
    x = pse_span(y.b, 32);
    statement = (struct pse_statement){
        .type = "trustee-compare", .eid = pse_engine_eid(s->load.e), .x = &x, .n = 1};
    pse_statement_hash(h, &statement);
    memcpy(code, h, PSE_TRACKER_BYTES);
    return PSE_OK;
}

pse_rc trustee_code_text(char text[PSE_TRACKER_TEXT], const struct session *s)
{
    uint8_t code[PSE_TRACKER_BYTES];

    PSE_TRY(compare_code(code, s));
    pse_code_encode(text, code, PSE_TRACKER_BYTES);
    return PSE_OK;
}

static pse_rc say_code(struct session *s, const struct session_options *o)
{
    char text[PSE_TRACKER_TEXT];

    PSE_TRY(session_start(s, s->name, o));
    PSE_TRY(trustee_code_text(text, s));
    session_say(s, "Read this code to the other trustees. All must see the same:");
    printf("%s\n", text);
    return PSE_OK;
}

static int trustee_code(int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = "psephos trustee code", .options = &o};
    const struct cli_option options[] = {SESSION_FOLLOW(&o), SESSION_KEY(&o), SESSION_EID(&o),
                                         SESSION_QUIET(&o)};
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR [--quiet]",
        .about = "Print the code of election and joint key that trustees compare by voice.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, say_code(&s, &o), NULL);
}

static pse_rc check_heard(const struct session *s, const char *heard)
{
    uint8_t typed[PSE_TRACKER_BYTES];
    uint8_t code[PSE_TRACKER_BYTES];

    PSE_TRY(compare_code(code, s));
    if (pse_code_read(typed, sizeof typed, pse_span_str(heard)) != PSE_OK) {
        cli_error(s->name, "--heard '%s' is no code of 16 characters; type it again", heard);
        return PSE_E_SYNTAX;
    }
    if (memcmp(typed, code, sizeof code) != 0) {
        cli_error(s->name, "the codes differ: you and the other trustee see different elections or "
                           "keys. Stop, and call the officer");
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

struct confirmation {
    const char *heard;
    uint8_t dealer; /* whose share does not fit; 0: nobody's */
};

static pse_rc check_confirm(struct trustee_dir *d, struct session *s, void *arg)
{
    const struct confirmation *c = arg;

    PSE_TRY(want_ceremony(d, s, NULL));
    return check_heard(s, c->heard);
}

static pse_rc make_confirm(struct trustee_dir *d, struct session *s, void *arg)
{
    struct act a = session_act(s);
    struct confirmation *c = arg;

    return act_trustee_confirm(&c->dealer, &a, d->t);
}

pse_rc trustee_step_confirm(struct trustee_dir *d, struct session *s, const char *heard,
                            uint8_t *dealer)
{
    static const struct step step = {"confirm", PSE_ENTRY_DKG_CONFIRM, check_confirm, make_confirm};
    struct confirmation c = {.heard = heard};
    char code[PSE_TRACKER_TEXT] = "";
    pse_rc rc = trustee_code_text(code, s);

    if (rc == PSE_OK)
        rc = step_once(d, s, &step, &c, "code", code);
    *dealer = c.dealer;
    return rc;
}

static int trustee_confirm(int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = "psephos trustee confirm", .options = &o};
    struct trustee_dir d = {.t = NULL};
    const char *heard = NULL;
    uint8_t dealer;
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o),
        CLI_TEXT("heard", "CODE", &heard, "the code that another trustee read to you"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --heard CODE --out FILE",
        .about = "Round 4: check all shares dealt to you and confirm the joint key.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = session_want(&s, heard, "heard CODE (psephos trustee code prints yours)");
    if (rc == PSE_OK)
        rc = trustee_begin(&d, &s, &o);
    if (rc == PSE_OK)
        rc = trustee_step_confirm(&d, &s, heard, &dealer);
    trustee_dir_close(&d);
    return session_end(&s, rc, to_board);
}

/* --- complain -----------------------------------------------------------------------------------
 */

static pse_rc make_complaint(struct trustee_dir *d, struct session *s, void *arg)
{
    struct act a = session_act(s);
    const uint8_t *dealer = arg;

    return act_trustee_complain(&a, d->t, *dealer);
}

pse_rc trustee_step_complain(struct trustee_dir *d, struct session *s, uint8_t dealer)
{
    static const struct step step = {"complain", PSE_ENTRY_DKG_COMPLAINT, want_ceremony,
                                     make_complaint};
    char number[PSE_DECIMAL_TEXT];

    (void)pse_decimal_encode(number, dealer);
    return step_once(d, s, &step, &dealer, "dealer", number);
}

static int trustee_complain(int argc, char **argv)
{
    struct session_options o = {0};
    struct session s = {.name = "psephos trustee complain", .options = &o};
    struct trustee_dir d = {.t = NULL};
    uint64_t dealer = 0;
    const struct cli_option options[] = {
        SESSION_OPTIONS(&o),
        CLI_NUMBER("dealer", "N", &dealer, 1, PSE_TRUSTEES_MAX, "whose share does not fit"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --key FILE --dealer N --out FILE",
        .about = "Prove that a share dealt to you is wrong. This ends the ceremony for all.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = session_want(&s, dealer == 0 ? NULL : "", "dealer N");
    if (rc == PSE_OK)
        rc = trustee_begin(&d, &s, &o);
    if (rc == PSE_OK)
        rc = trustee_step_complain(&d, &s, (uint8_t)dealer);
    trustee_dir_close(&d);
    return session_end(&s, rc, to_board);
}

static int trustee_keygen(int argc, char **argv)
{
    return keygen_run(KEY_TRUSTEE, "psephos trustee keygen", argc, argv);
}

static int trustee_prepare(int argc, char **argv)
{
    return mixer_prepare("psephos trustee prepare", argc, argv);
}

int cmd_trustee(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"keygen", "make a trustee's key, fresh for every election", trustee_keygen},
        {"authenticators", "register what you agree to every step with", trustee_authenticators},
        {"commit", "round 1 of the ceremony", trustee_commit},
        {"reveal", "round 2", trustee_reveal},
        {"share", "round 3", trustee_share},
        {"code", "print the code that trustees compare", trustee_code},
        {"confirm", "round 4", trustee_confirm},
        {"complain", "prove that a share is wrong", trustee_complain},
        {"prepare", "the same as psephos mixer prepare, with a mixer's key", trustee_prepare},
        {"decrypt", "open your part of the lists, after mixing", trustee_decrypt},
        {"run", "all of it over the network, step by step", trustee_run},
    };

    return verbs_run("trustee", "Holds a part of the key that opens the ballots.", verb,
                     CLI_COUNT(verb), argc, argv);
}
