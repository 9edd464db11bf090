/* psephos login and logout: a voter's session at the login service, for psephos vote. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/box_client.h"
#include "common/instant.h"
#include "common/session_file.h"
#include "psephos/eid_card.h"
#include "psephos/enrolling.h"
#include "psephos/session.h"
#include "psephos/verbs.h"

enum {
    LINK_SECRET = 43, /* characters: 32 bytes as base64url */
    LINK_MAX = 1024,
    ANSWER_ARENA = 1 << 20,
    PATIENCE = 15,
    BODY_MAX = 1024,
    COOKIE_MAX = 128,
};

static const char json_type[] = "application/json";
static const char browser_name[] = "__Host-psephos-browser=";

struct login_options {
    struct session_options common;
    const char *auth, *mail, *file, *link, *origin;
    struct eid_names names;
};

struct login {
    struct session *s;
    const struct login_options *o;
    struct box_client auth;
    char browser[FILE_PATH_MAX]; /* the file between asking and the link */
    char cookie[COOKIE_MAX];     /* "name=value"; the link is good with it alone */
};

/* --- talking to the service ---------------------------------------------------------------------
 */

static pse_rc ask(struct box_answer *a, struct login *l, const char *path, const char *member,
                  struct pse_span value)
{
    struct pse_buf body = PSE_BUF(BODY_MAX);
    struct pse_json_wr w = pse_json_wr(&body, 0);
    pse_rc rc;

    memset(a, 0, sizeof *a);
    pse_json_wr_object(&w, NULL);
    if (member != NULL)
        pse_json_wr_string(&w, member, value);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        rc = box_client_ask(a, &l->auth, path, json_type, pse_buf_span(&body));
    pse_buf_free(&body);
    return rc;
}

static pse_rc refused(const struct login *l, const struct box_answer *a)
{
    static const struct {
        const char *slug;
        const char *words;
    } known[] = {
        {"too-many-logins", "too many links have been asked for; wait a few minutes"},
        {"link-unknown", "the link is none, or was used already; ask for another with --mail"},
        {"link-other-browser", "the link was asked for elsewhere; ask for one here, with --mail"},
        {"link-expired", "the link is older than 15 minutes; ask for another with --mail"},
        {"registrar", "the service cannot answer just now; try again later"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(a->slug, known[i].slug) != 0)
            continue;
        cli_error(l->s->name, "%s", known[i].words);
        return PSE_E_STATE;
    }
    cli_error(l->s->name, "%s refuses: %s", l->auth.base, a->words);
    return PSE_E_STATE;
}

/* --- asking for a link --------------------------------------------------------------------------
 */

/* The value up to the first attribute. It makes the link good here and nowhere else. */
static pse_rc take_cookie(struct login *l, const char *set)
{
    size_t n = strcspn(set, ";");

    if (strncmp(set, browser_name, sizeof browser_name - 1) != 0 || n >= sizeof l->cookie) {
        cli_error(l->s->name, "%s is no login service of psephos: its answer cannot be read",
                  l->auth.base);
        return PSE_E_SYNTAX;
    }
    (void)snprintf(l->cookie, sizeof l->cookie, "%.*s", (int)n, set);
    return PSE_OK;
}

static pse_rc ask_for_link(struct login *l)
{
    struct box_answer a;
    pse_rc rc = ask(&a, l, "/v1/login", "address", pse_span_str(l->o->mail));

    if (rc == PSE_OK && a.status != 202)
        rc = refused(l, &a);
    if (rc == PSE_OK)
        rc = take_cookie(l, a.cookie);
    box_answer_free(&a);
    PSE_TRY(rc);
    PSE_TRY(file_write(l->s->name, l->browser, pse_span_str(l->cookie), FILE_SECRET));
    cli_note(l->s->name, "if the address is on the list of voters a mail with a link is under way; "
                         "the link is good for 15 minutes, once, here");
    return PSE_OK;
}

/* --- using it -----------------------------------------------------------------------------------
 */

static pse_rc read_link(char secret[LINK_SECRET + 1], const struct login *l)
{
    char line[LINK_MAX];
    size_t n;

    if (l->o->link == NULL || strcmp(l->o->link, "-") == 0) {
        fprintf(stderr, "Paste the link from the mail:\n> ");
        (void)fflush(stderr);
        if (fgets(line, sizeof line, stdin) == NULL) {
            cli_error(l->s->name, "no link yet: go on with the same --auth and --token-file, and "
                                  "--link LINK, within 15 minutes");
            return PSE_E_UNKNOWN;
        }
    } else {
        (void)snprintf(line, sizeof line, "%s", l->o->link);
    }
    n = strcspn(line, " \t\r\n");
    line[n] = '\0';
    if (n < LINK_SECRET ||
        strspn(line + n - LINK_SECRET, "0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "abcdefghijklmnopqrstuvwxyz") != LINK_SECRET) {
        cli_error(l->s->name, "this is no link of a mail; give it whole");
        return PSE_E_SYNTAX;
    }
    memcpy(secret, line + n - LINK_SECRET, LINK_SECRET + 1);
    pse_wipe(line, sizeof line);
    return PSE_OK;
}

static pse_rc recall_cookie(struct login *l)
{
    struct pse_buf bytes;
    pse_rc rc;

    if (!file_exists(l->browser)) {
        cli_error(l->s->name, "no link was asked for here; begin with --mail ADDRESS");
        return PSE_E_MISSING;
    }
    rc = file_read(&bytes, l->s->name, l->browser, COOKIE_MAX - 1);
    if (rc == PSE_OK)
        (void)snprintf(l->cookie, sizeof l->cookie, "%.*s", (int)bytes.n, (const char *)bytes.p);
    pse_buf_free(&bytes);
    if (rc == PSE_OK && strcspn(l->cookie, "\r\n") != strlen(l->cookie))
        rc = PSE_E_SYNTAX;
    return rc;
}

static pse_rc keep_session(struct login *l, const char *token, uint64_t expires)
{
    char until[INSTANT_TEXT];

    PSE_TRY(session_file_write(l->s->name, l->o->file, token));
    instant_text(until, (int64_t)(expires > INT64_MAX ? INT64_MAX : expires));
    session_say(l->s, "Logged in until %s. %s: give it to psephos vote with --token-file", until,
                l->o->file);
    return PSE_OK;
}

static pse_rc unreadable(const struct login *l)
{
    cli_error(l->s->name, "%s gave a session that cannot be read", l->auth.base);
    return PSE_E_SYNTAX;
}

static pse_rc take_session(struct login *l, struct pse_span answer)
{
    PSE_ARENA(arena, ANSWER_ARENA);
    char token[SESSION_FILE_TOKEN] = "";
    const struct pse_json *root;
    struct pse_json_rd r;
    struct pse_span text;
    uint64_t expires;
    pse_rc rc;

    if (pse_json_parse(&root, NULL, &arena, answer) != PSE_OK ||
        pse_json_open(&r, root, NULL) != PSE_OK ||
        pse_json_take_string(&text, &r, "session") != PSE_OK ||
        pse_json_take_u64(&expires, &r, "expires") != PSE_OK || !session_file_is_token(text))
        return unreadable(l);
    memcpy(token, text.p, text.n);
    rc = keep_session(l, token, expires);
    pse_wipe(token, sizeof token);
    return rc == PSE_OK ? file_remove(l->s->name, l->browser) : rc;
}

static pse_rc use_link(struct login *l)
{
    char secret[LINK_SECRET + 1];
    struct box_answer a;
    pse_rc rc;

    PSE_TRY(recall_cookie(l));
    PSE_TRY(read_link(secret, l));
    l->auth.cookie = l->cookie;
    rc = ask(&a, l, "/v1/login/token", "token", pse_span_str(secret));
    pse_wipe(secret, sizeof secret);
    if (rc == PSE_OK && a.status != 200)
        rc = refused(l, &a);
    if (rc == PSE_OK)
        rc = take_session(l, pse_buf_span(&a.body));
    box_answer_free(&a);
    return rc;
}

/* --- the commands -------------------------------------------------------------------------------
 */

static pse_rc begin(struct login *l)
{
    PSE_TRY(session_begin(l->s, l->s->name, &l->o->common));
    PSE_TRY(session_want(l->s, l->o->auth, "auth URL"));
    PSE_TRY(session_want(l->s, l->o->file, "token-file FILE"));
    if (snprintf(l->browser, sizeof l->browser, "%s.link", l->o->file) >= FILE_PATH_MAX - 32) {
        cli_error(l->s->name, "the name of --token-file is too long");
        return PSE_E_LIMIT;
    }
    PSE_TRY(box_client_open(&l->auth, l->s->name, l->o->auth, &l->s->rng, PATIENCE, true));
    l->auth.once = true;
    return PSE_OK;
}

static pse_rc by_card(struct login *l)
{
    struct eid_card card = {.half = {{.name = NULL}}};
    struct enrolling e = {.name = l->s->name, .url = l->o->auth, .origin = l->o->origin};
    pse_rc rc;

    PSE_TRY(session_want(l->s, l->o->origin, "origin TEXT"));
    PSE_TRY(enrolling_origin(l->s->name, l->o->origin));
    rc = eid_card_open(&card, l->s->name, &l->o->names, EID_LOGIN);
    if (rc == PSE_OK)
        rc = pse_fetcher_new(&e.fetcher, 1);
    e.login = card.half[EID_LOGIN].card;
    if (rc == PSE_OK)
        rc = enrolling_login(&e);
    if (rc == PSE_OK)
        rc = session_file_is_token(pse_span_str(e.session)) ? keep_session(l, e.session, e.expires)
                                                            : unreadable(l);
    pse_fetcher_free(e.fetcher);
    pse_wipe(&e.session, sizeof e.session);
    eid_card_close(&card);
    return rc;
}

static pse_rc log_in(struct login *l)
{
    const struct login_options *o = l->o;
    bool has_card = o->names.card != NULL || o->names.key[EID_LOGIN] != NULL;
    bool has_mail = o->mail != NULL || o->link != NULL;

    if (has_card == has_mail) {
        cli_error(l->s->name, "log in by mail (--mail ADDRESS asks for a link, --link LINK uses "
                              "it) or with --card CARD; give one");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(begin(l));
    if (has_card)
        return by_card(l);
    if (l->o->mail != NULL)
        PSE_TRY(ask_for_link(l));
    return use_link(l);
}

static pse_rc log_out(struct login *l)
{
    char token[SESSION_FILE_TOKEN];
    struct box_answer a = {.status = 0};
    pse_rc rc, wiped;

    PSE_TRY(begin(l));
    rc = session_file_read(token, l->s->name, l->o->file);
    if (rc == PSE_OK) {
        l->auth.token = token;
        rc = ask(&a, l, "/v1/session/end", NULL, pse_span(NULL, 0));
        if (rc == PSE_OK && a.status != 200)
            rc = refused(l, &a);
        box_answer_free(&a);
        pse_wipe(token, sizeof token);
    }
    if (rc == PSE_E_MISSING || rc == PSE_E_SYNTAX)
        return rc;
    /* Whatever the service says, the token does not stay here. */
    wiped = session_file_wipe(l->s->name, l->o->file);
    if (rc == PSE_OK && wiped == PSE_OK)
        session_say(l->s, "Logged out; %s is gone", l->o->file);
    return rc == PSE_OK ? wiped : rc;
}

static int run(struct login *l, pse_rc (*what)(struct login *))
{
    pse_rc rc = what(l);

    box_client_close(&l->auth);
    pse_wipe(l->cookie, sizeof l->cookie);
    return session_end(l->s, rc, NULL);
}

int cmd_login(int argc, char **argv)
{
    struct login_options o = {.auth = NULL};
    struct session s = {.name = "psephos login", .options = &o.common};
    struct login l = {.s = &s, .o = &o};
    const struct cli_option options[] = {
        CLI_TEXT("auth", "URL", &o.auth, "the login service"),
        CLI_TEXT("mail", "ADDRESS", &o.mail, "your mail address, as the list of voters has it"),
        CLI_TEXT("link", "LINK", &o.link, "the link from the mail (default: asked for; -: too)"),
        EID_CARD(&o.names),
        EID_KEY_LOGIN(&o.names),
        CLI_TEXT("origin", "TEXT", &o.origin, "with a card: the site, https://HOST as you know it"),
        CLI_TEXT("token-file", "FILE", &o.file, "where the session is kept"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--auth URL --token-file FILE (--mail ADDRESS | --link LINK |\n"
                    "       --origin TEXT (--card CARD | --login-key KEY [--login-cert FILE]))",
        .about = "Log in by a link that comes by mail, or with a card, where the ballot box asks\n"
                 "for a login. The session names nobody; psephos vote shows it with --token-file.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return run(&l, log_in);
}

int cmd_logout(int argc, char **argv)
{
    struct login_options o = {.auth = NULL};
    struct session s = {.name = "psephos logout", .options = &o.common};
    struct login l = {.s = &s, .o = &o};
    const struct cli_option options[] = {
        CLI_TEXT("auth", "URL", &o.auth, "the login service"),
        CLI_TEXT("token-file", "FILE", &o.file, "the session"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--auth URL --token-file FILE",
        .about = "End a session at the login service, and wipe its file.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return run(&l, log_out);
}
