/* psephos officer act: what an officer at a desk says to the office (psephos officer serve). */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "common/consent.h"
#include "psephos/office.h"
#include "psephos/officer.h"
#include "psephos/officer_act.h"
#include "psephos/verbs.h"

enum { WAIT_S = 120 };

#define ACT_OFFICER(o)                                                         \
    CLI_TEXT("officer", "URL", &(o)->officer,                                  \
             "the office: http://127.0.0.1:PORT, or unix:PATH of its socket"), \
        SESSION_KEY(&(o)->common), SESSION_QUIET(&(o)->common)

static pse_rc start(struct session *s, const struct act_options *o)
{
    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_want(s, o->officer, "officer URL"));
    return session_key(s, KEY_OFFICER);
}

/* --- propose -----------------------------------------------------------------------------------
 */

static pse_rc election(pse_hash *eid, struct session *s, const struct act_options *o)
{
    struct desk_answer a;
    pse_rc rc = desk_get(&a, s, o->officer, "/v1/acts");

    if (rc == PSE_OK)
        rc = pse_hex_decode(eid->b, 32, desk_member(&a, "election"));
    desk_answer_free(&a);
    if (rc == PSE_OK && o->common.eid.given && !pse_hash_is_equal(eid, &o->common.eid.value)) {
        cli_error(s->name, "the office at %s is another election's than --eid", o->officer);
        return PSE_E_MISMATCH;
    }
    return rc;
}

static pse_rc send_act(struct session *s, const struct act_options *o, const struct consent *c,
                       struct pse_span order)
{
    struct pse_buf text = PSE_BUF(65536);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct desk_answer a;
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_string(&w, "order", order);
    pse_json_wr_object(&w, "act");
    consent_put(&w, c);
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK) {
        rc = desk_post(&a, s, o->officer, "/v1/acts", "application/json", pse_buf_span(&text));
        if (rc == PSE_OK)
            printf("%.*s\n", (int)desk_member(&a, "hash").n,
                   (const char *)desk_member(&a, "hash").p);
        desk_answer_free(&a);
    }
    pse_buf_free(&text);
    return rc;
}

static pse_rc propose(struct session *s, const struct act_options *o)
{
    struct consent c = {.made = session_now(), .about = pse_span_str(o->about ? o->about : "")};
    struct pse_buf order = PSE_BUF(ORDER_MAX);
    struct act_lookups l = {.through = ""};
    pse_rc rc;

    PSE_TRY(session_want(s, o->what, "what WORD"));
    PSE_TRY(session_want(s, o->about, "about TEXT"));
    if (c.about.n > CONSENT_ABOUT_MAX || !pse_utf8_is_valid(c.about)) {
        cli_error(s->name, "--about is longer than %d bytes, or no UTF-8", CONSENT_ABOUT_MAX);
        return PSE_E_LIMIT;
    }
    PSE_TRY(election(&c.eid, s, o));
    rc = act_order(&order, &l, s, o);
    if (rc == PSE_OK) {
        c.what = pse_span_str(o->what);
        pse_sha256(&c.subject, pse_buf_span(&order));
        pse_rng_fill(&s->rng, c.nonce.b, sizeof c.nonce.b);
        rc = consent_sign(&c, s->name, s->key);
    }
    if (rc == PSE_OK)
        rc = send_act(s, o, &c, pse_buf_span(&order));
    pse_buf_free(&order);
    desk_answer_free(&l.answer);
    return rc;
}

/* --- sign --------------------------------------------------------------------------------------
 */

static pse_rc act_path(char out[128], const struct session *s, const char *act, const char *more)
{
    if (strlen(act) != 64) {
        cli_error(s->name, "an act is named by 64 hexadecimal digits; see psephos officer act "
                           "list");
        return PSE_E_SYNTAX;
    }
    (void)snprintf(out, 128, "/v1/acts/%s%s", act, more);
    return PSE_OK;
}

/* What the office shows must be what is signed: hash, order and act are compared here. */
static pse_rc check_shown(struct consent *c, struct pse_span *order, const struct session *s,
                          const struct act_options *o, struct desk_answer *a)
{
    const struct pse_json *object;
    struct pse_json_rd r;
    struct order parsed;
    pse_hash named;
    pse_hash hash;
    pse_hash subject;

    if (pse_json_open(&r, a->root, NULL) != PSE_OK ||
        pse_json_take_string(order, &r, "order") != PSE_OK ||
        pse_json_take_object(&object, &r, "act") != PSE_OK ||
        consent_take(c, &a->arena, object) != PSE_OK || order_parse(&parsed, *order) != PSE_OK ||
        pse_hex_decode(named.b, 32, pse_span_str(o->act)) != PSE_OK) {
        cli_error(s->name, "what %s shows is no act whose signatures hold", o->officer);
        return PSE_E_SIGNATURE;
    }
    consent_hash(&hash, c);
    pse_sha256(&subject, *order);
    if (pse_hash_is_equal(&hash, &named) && pse_hash_is_equal(&subject, &c->subject) &&
        pse_span_is_str(c->what, parsed.what))
        return PSE_OK;
    cli_error(s->name, "the office shows another act than %s; do not sign, and find out why",
              o->act);
    return PSE_E_MISMATCH;
}

static pse_rc post_signature(struct session *s, const struct act_options *o)
{
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    uint8_t bytes[CONSENT_SIGNED] = "psephos/1/act-signature";
    struct desk_answer a;
    char path[128];
    uint8_t sig[64];
    pse_rc rc;

    PSE_TRY(pse_hex_decode(bytes + CONSENT_SIGNED - 32, 32, pse_span_str(o->act)));
    PSE_TRY(pse_ed25519_sign(sig, &s->key->sign, pse_span(bytes, sizeof bytes)));
    PSE_TRY(act_path(path, s, o->act, "/signatures"));
    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "officer", s->key->sign_public.b, 32);
    pse_json_wr_hex(&w, "signature", sig, 64);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK) {
        rc = desk_post(&a, s, o->officer, path, "application/json", pse_buf_span(&text));
        desk_answer_free(&a);
    }
    pse_buf_free(&text);
    return rc;
}

static pse_rc sign_it(struct session *s, const struct act_options *o)
{
    struct pse_span order;
    struct consent c;
    struct desk_answer a;
    char path[128];
    pse_rc rc;

    PSE_TRY(act_path(path, s, o->act, ""));
    rc = desk_get(&a, s, o->officer, path);
    if (rc == PSE_OK)
        rc = check_shown(&c, &order, s, o, &a);
    if (rc == PSE_OK && !o->common.quiet)
        printf("%.*sabout %.*s\n", (int)order.n, (const char *)order.p, (int)c.about.n,
               (const char *)c.about.p);
    desk_answer_free(&a);
    return rc == PSE_OK ? post_signature(s, o) : rc;
}

/* --- show, wait --------------------------------------------------------------------------------
 */

static bool is_at_end(struct pse_span state)
{
    return pse_span_is_str(state, "done") || pse_span_is_str(state, "refused") ||
           pse_span_is_str(state, "expired");
}

static void print_act(const struct desk_answer *a)
{
    struct pse_span state = desk_member(a, "state");
    struct pse_span why = desk_member(a, "why");
    struct pse_span order = desk_member(a, "order");

    printf("%.*s%.*s", (int)order.n, (const char *)order.p, (int)state.n, (const char *)state.p);
    if (pse_span_is_str(state, "done") && desk_number(a, "entries") > 0)
        printf(": entry %llu", (unsigned long long)desk_number(a, "index"));
    if (why.n > 0)
        printf(": %.*s", (int)why.n, (const char *)why.p);
    putchar('\n');
}

static void pause_a_little(void)
{
    const struct timespec pause = {0, 200000000};

    (void)nanosleep(&pause, NULL);
}

static pse_rc show(struct session *s, const struct act_options *o)
{
    uint64_t until = session_now() + WAIT_S;
    struct desk_answer a;
    char path[128];
    pse_rc rc;

    PSE_TRY(act_path(path, s, o->act, ""));
    while ((rc = desk_get(&a, s, o->officer, path)) == PSE_OK && o->wait &&
           !is_at_end(desk_member(&a, "state")) && session_now() < until) {
        desk_answer_free(&a);
        pause_a_little();
    }
    if (rc == PSE_OK && o->json)
        desk_print(&a);
    else if (rc == PSE_OK)
        print_act(&a);
    if (rc == PSE_OK && o->wait && !pse_span_is_str(desk_member(&a, "state"), "done")) {
        cli_error(s->name, "the act is not done; see what it says above");
        rc = PSE_E_STATE;
    }
    desk_answer_free(&a);
    return rc;
}

static pse_rc sign_and_wait(struct session *s, const struct act_options *o)
{
    PSE_TRY(sign_it(s, o));
    return o->wait ? show(s, o) : PSE_OK;
}

static pse_rc list(struct session *s, const struct act_options *o)
{
    const struct pse_json *acts;
    const struct pse_json *at;
    struct pse_json_rd r;
    struct desk_answer a;
    pse_rc rc = desk_get(&a, s, o->officer, "/v1/acts");

    if (rc == PSE_OK && o->json) {
        desk_print(&a);
    } else if (rc == PSE_OK) {
        rc = pse_json_open(&r, a.root, NULL);
        if (rc == PSE_OK)
            rc = pse_json_take_array(&acts, &r, "acts");
        at = rc == PSE_OK ? pse_json_first(acts) : NULL;
        for (size_t i = 0; rc == PSE_OK && i < pse_json_count(acts); i++, at = pse_json_next(at)) {
            struct desk_answer one = {.root = at};

            printf("%.*s %-8.*s %.*s: %.*s\n", (int)desk_member(&one, "hash").n,
                   (const char *)desk_member(&one, "hash").p, (int)desk_member(&one, "state").n,
                   (const char *)desk_member(&one, "state").p, (int)desk_member(&one, "what").n,
                   (const char *)desk_member(&one, "what").p, (int)desk_member(&one, "about").n,
                   (const char *)desk_member(&one, "about").p);
        }
    }
    desk_answer_free(&a);
    return rc;
}

/* --- send: files for the office ----------------------------------------------------------------
 */

static pse_rc upload(struct session *s, const struct act_options *o, const char *path,
                     const char *type, const char *header)
{
    struct desk_answer a = {.root = NULL};
    pse_rc rc = act_send_file(&a, s, o, path, type, header);

    if (rc == PSE_OK)
        desk_print(&a);
    desk_answer_free(&a);
    return rc;
}

static pse_rc send_list(struct session *s, const struct act_options *o)
{
    char header[128];

    return upload(s, o, "/v1/lists", "text/csv",
                  act_list_header(header, pse_span_str(o->signature == NULL ? "" : o->signature)));
}

static pse_rc send_document(struct session *s, const struct act_options *o)
{
    return upload(s, o, "/v1/documents", "application/octet-stream", NULL);
}

static pse_rc send_credentials(struct session *s, const struct act_options *o)
{
    return upload(s, o, "/v1/credentials", "text/plain", NULL);
}

static pse_rc print_answer(struct session *s, const struct act_options *o, const char *path)
{
    struct desk_answer a;
    pse_rc rc = desk_get(&a, s, o->officer, path);

    if (rc == PSE_OK)
        desk_print(&a);
    desk_answer_free(&a);
    return rc;
}

static pse_rc pending(struct session *s, const struct act_options *o)
{
    return print_answer(s, o, "/v1/roster/pending");
}

static pse_rc audit(struct session *s, const struct act_options *o)
{
    return print_answer(s, o, "/v1/audit");
}

static pse_rc person(struct session *s, const struct act_options *o)
{
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct desk_answer a;
    pse_rc rc;

    PSE_TRY(session_want(s, o->id, "id TEXT"));
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "id", o->id);
    pse_json_wr_end(&w);
    PSE_TRY(pse_json_wr_finish(&w));
    rc = desk_post(&a, s, o->officer, "/v1/persons", "application/json", pse_buf_span(&text));
    if (rc == PSE_OK)
        desk_print(&a);
    desk_answer_free(&a);
    pse_buf_free(&text);
    return rc;
}

static pse_rc invitation(struct session *s, const struct act_options *o)
{
    struct desk_answer a;
    pse_rc rc = desk_post(&a, s, o->officer, "/v1/officer/invitations", "application/json",
                          pse_span_str("{}"));

    if (rc == PSE_OK)
        officer_print_invitation(desk_member(&a, "origin"), desk_member(&a, "code"));
    desk_answer_free(&a);
    return rc;
}

/* --- verbs -------------------------------------------------------------------------------------
 */

typedef pse_rc act_run(struct session *s, const struct act_options *o);

static int run(struct act_options *o, struct session *s, act_run *go,
               const struct cli_command *command, int argc, char **argv)
{
    int status;
    pse_rc rc;

    s->name = command->name;
    s->options = &o->common;
    if (!cli_parse(&status, command, argc, argv))
        return status;
    rc = start(s, o);
    return session_end(s, rc == PSE_OK ? go(s, o) : rc, NULL);
}

static int act_propose(int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        SESSION_EID(&o.common),
        CLI_TEXT("what", "WORD", &o.what, "what is to be done; psephos-officer(1) has the words"),
        CLI_LIST("set", "KEY=VALUE", &o.set, "a field of the order; repeat it"),
        CLI_TEXT("about", "TEXT", &o.about, "the grounds, for the other officer and the log"),
        CLI_TEXT("file", "FILE", &o.file, "to import: the list, instead of its hash and base"),
    };
    const struct cli_command command = {
        .name = "psephos officer act propose",
        .synopsis = "--officer URL --key FILE --what WORD [--set KEY=VALUE]… --about TEXT",
        .about = "Propose an act to the office and sign it. Prints the act's name.",
        .options = options,
        .option_count = CLI_COUNT(options)};

    return run(&o, &s, propose, &command, argc, argv);
}

static int act_sign(int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_FLAG("wait", &o.wait, "wait until it is done, two minutes at most"),
    };
    const struct cli_command command = {
        .name = "psephos officer act sign",
        .synopsis = "ACT --officer URL --key FILE [--wait]",
        .about = "Sign an act that another officer proposed. The order is printed; it is checked\n"
                 "that it is what the signature covers.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.act};

    return run(&o, &s, sign_and_wait, &command, argc, argv);
}

static int act_show(int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_FLAG("wait", &o.wait, "wait until it is done, two minutes at most"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = "psephos officer act show",
        .synopsis = "ACT --officer URL --key FILE [--wait] [--json]",
        .about = "Show an act: its order, where it stands, its entry.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 1,
        .words = &o.act};

    return run(&o, &s, show, &command, argc, argv);
}

static int act_list(int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {.name = "psephos officer act list",
                                        .synopsis = "--officer URL --key FILE [--json]",
                                        .about = "List the acts of the office, oldest first.",
                                        .options = options,
                                        .option_count = CLI_COUNT(options)};

    return run(&o, &s, list, &command, argc, argv);
}

static int act_upload(const char *name, const char *about, act_run *go, int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_TEXT("file", "FILE", &o.file, "what to send"),
        CLI_TEXT("signature", "HEX", &o.signature,
                 "of a list of changes: SHA-256 of its signature, sent before as a document"),
    };
    const struct cli_command command = {.name = name,
                                        .synopsis = "--officer URL --key FILE --file FILE",
                                        .about = about,
                                        .options = options,
                                        .option_count = CLI_COUNT(options)};

    return run(&o, &s, go, &command, argc, argv);
}

static int act_send_list(int argc, char **argv)
{
    return act_upload("psephos officer act list-check",
                      "Send a voter list; prints what would change, and nothing does.", send_list,
                      argc, argv);
}

static int act_send_document(int argc, char **argv)
{
    return act_upload("psephos officer act document",
                      "Send a document for a statement; prints its hash.", send_document, argc,
                      argv);
}

static int act_send_credentials(int argc, char **argv)
{
    return act_upload("psephos officer act credentials",
                      "Register the credentials of letters: all, or none.", send_credentials, argc,
                      argv);
}

static int act_ask(const char *name, const char *about, act_run *go, int argc, char **argv)
{
    struct act_options o = {.officer = NULL};
    struct session s = {.name = NULL};
    const struct cli_option options[] = {
        ACT_OFFICER(&o),
        CLI_TEXT("id", "TEXT", &o.id, "of a person: the id on the list"),
    };
    const struct cli_command command = {.name = name,
                                        .synopsis = "--officer URL --key FILE",
                                        .about = about,
                                        .options = options,
                                        .option_count = CLI_COUNT(options)};

    return run(&o, &s, go, &command, argc, argv);
}

static int act_pending(int argc, char **argv)
{
    return act_ask("psephos officer act pending", "What waits to go into the record, as JSON.",
                   pending, argc, argv);
}

static int act_audit(int argc, char **argv)
{
    return act_ask("psephos officer act audit", "What the last cross-check found, as JSON.", audit,
                   argc, argv);
}

static int act_person(int argc, char **argv)
{
    return act_ask("psephos officer act person",
                   "The row number of a person, by which an order to erase names them.", person,
                   argc, argv);
}

static int act_invitation(int argc, char **argv)
{
    return act_ask("psephos officer act invitation",
                   "The address where you register your authenticators, good for a day.",
                   invitation, argc, argv);
}

int officer_act(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"list", "the acts of the office", act_list},
        {"propose", "propose an act and sign it", act_propose},
        {"sign", "sign another officer's act", act_sign},
        {"show", "one act, or wait for it", act_show},
        {"list-check", "send a voter list and see what would change", act_send_list},
        {"document", "send a document for a statement", act_send_document},
        {"credentials", "register the credentials of letters", act_send_credentials},
        {"pending", "what waits to go into the record", act_pending},
        {"audit", "what the last cross-check found", act_audit},
        {"person", "the row number of a person", act_person},
        {"invitation", "register your authenticators", act_invitation},
    };

    return verbs_run("officer act", "An officer's side of psephos officer serve.", verb,
                     CLI_COUNT(verb), argc, argv);
}
