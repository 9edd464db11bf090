/* The first start of psephos serve: what people would do with the same commands, one after the
 * other, each as a process of its own (docs/operations.md shows them). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/keyfile.h"
#include "common/self_run.h"
#include "psephos/serve.h"

enum {
    WORDS = SELF_RUN_WORDS,
    STOP_MS = 10000,
    CODE_MAX = 256,
    CARD_MAX = 1 << 16,
    LOG_MAX = 1 << 20,
    UP_MS = 15000,
    STEP_US = 20000,
};

/* Words of a command; text[] keeps what was put together. */
struct step {
    const struct serve *s;
    const char *word[WORDS];
    size_t words;
    char text[WORDS][SERVE_TEXT];
    size_t texts;
};

struct daemons {
    pid_t pid[SERVE_WITNESSES + 1];
    size_t n;
};

/* --- one command -------------------------------------------------------------------------------
 */

static void begin(struct step *t, const struct serve *s, const char *command, const char *verb)
{
    t->s = s;
    t->words = t->texts = 0;
    t->word[t->words++] = command;
    t->word[t->words++] = verb;
}

static void put(struct step *t, const char *word)
{
    PSE_REQUIRE(t->words < WORDS);
    t->word[t->words++] = word;
}

/* DIR/leaf, with a number after @p stem where there is one. */
static void put_file(struct step *t, const char *option, const char *stem, uint64_t number,
                     const char *leaf)
{
    char *text = t->text[t->texts++];
    int n = number == 0
                ? snprintf(text, SERVE_TEXT, "%s/%s%s", t->s->dir, stem, leaf)
                : snprintf(text, SERVE_TEXT, "%s/%s-%" PRIu64 "%s", t->s->dir, stem, number, leaf);

    PSE_REQUIRE(t->texts <= WORDS && n > 0 && n < SERVE_TEXT); /* the folder's path is short */
    if (option != NULL)
        put(t, option);
    put(t, text);
}

static pse_rc open_log(int *fd, const struct serve *s)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(serve_path(path, s, "setup.log"));
    *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return PSE_OK;
    cli_error(s->name, "cannot write %s: %s", path, strerror(errno));
    return PSE_E_IO;
}

/* Start it; what it says goes to the log, standard output to @p out (NULL: the log). */
static pse_rc launch(pid_t *pid, const struct step *t, const char *out)
{
    char path[FILE_PATH_MAX];
    int fd[3] = {-1, -1, -1};
    pse_rc rc = open_log(&fd[2], t->s);

    PSE_TRY(rc);
    fd[1] = fd[2];
    if (out != NULL) {
        rc = serve_path(path, t->s, out);
        if (rc == PSE_OK)
            fd[1] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    if (rc == PSE_OK)
        rc = fd[1] < 0 ? PSE_E_IO : self_run(pid, t->word, t->words, fd);
    if (rc != PSE_OK)
        cli_error(t->s->name, "cannot start psephos %s %s: %s", t->word[0], t->word[1],
                  strerror(errno));
    if (out != NULL && fd[1] >= 0)
        close(fd[1]);
    close(fd[2]);
    return rc;
}

/* The last line of the log says why. */
static void say_why(const struct step *t)
{
    struct pse_buf log = PSE_BUF(LOG_MAX);
    char path[FILE_PATH_MAX];
    size_t from;

    if (serve_path(path, t->s, "setup.log") != PSE_OK ||
        file_read(&log, t->s->name, path, LOG_MAX) != PSE_OK)
        return;
    while (log.n > 0 && log.p[log.n - 1] == '\n')
        log.n--;
    for (from = log.n; from > 0 && log.p[from - 1] != '\n'; from--)
        ;
    cli_error(t->s->name, "psephos %s %s did not do its part: %.*s (all of it: %s)", t->word[0],
              t->word[1], (int)(log.n - from), (const char *)log.p + from, path);
    pse_buf_free(&log);
}

static pse_rc run_into(const struct step *t, const char *out)
{
    pid_t pid;

    PSE_TRY(launch(&pid, t, out));
    if (self_wait(pid) == PSE_OK)
        return PSE_OK;
    say_why(t);
    return PSE_E_STATE;
}

static pse_rc run(const struct step *t)
{
    return run_into(t, NULL);
}

/* --- keys --------------------------------------------------------------------------------------
 */

static pse_rc make_key(struct step *t, const struct serve *s, const char *role, const char *label,
                       const char *stem, uint64_t number, const char *leaf)
{
    begin(t, s, role, "keygen");
    put(t, "--quiet");
    put(t, "--name");
    put(t, label);
    put_file(t, "--key", stem, number, leaf);
    return run(t);
}

/* A card into the folder of those who may sign acts. */
static pse_rc take_card(const struct serve *s, const char *from, const char *leaf)
{
    struct pse_buf card = PSE_BUF(CARD_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc = file_read(&card, s->name, from, CARD_MAX);

    if (rc == PSE_OK)
        rc = serve_path(path, s, leaf);
    if (rc == PSE_OK)
        rc = file_write(s->name, path, pse_buf_span(&card), FILE_NEW);
    pse_buf_free(&card);
    return rc;
}

/* Two officers, unless theirs are elsewhere, and the key of voters' sessions. */
static pse_rc make_office_keys(struct step *t, const struct serve *s)
{
    static const char *const who[] = {"ann", "ben"};
    char card[FILE_PATH_MAX];
    char leaf[64];

    for (size_t i = 0; s->set.desk && i < CLI_COUNT(who); i++) {
        (void)snprintf(leaf, sizeof leaf, "/%s.key", who[i]);
        PSE_TRY(make_key(t, s, "officer", who[i], "desk", 0, leaf));
        (void)snprintf(leaf, sizeof leaf, "desk/%s.pub", who[i]);
        PSE_TRY(serve_path(card, s, leaf));
        (void)snprintf(leaf, sizeof leaf, "office/cards/%s.pub", who[i]);
        PSE_TRY(take_card(s, card, leaf));
    }
    for (size_t i = 0; i < s->officer.n; i++) {
        (void)snprintf(leaf, sizeof leaf, "office/cards/%zu.pub", i + 1);
        PSE_TRY(take_card(s, s->officer.v[i], leaf));
    }
    begin(t, s, "auth", "keygen");
    put_file(t, "--out", "etc", 0, "/session.key");
    return run(t);
}

static pse_rc make_keys(struct step *t, const struct serve *s)
{
    char label[64];

    PSE_TRY(make_key(t, s, "officer", "Office", "office", 0, "/officer.key"));
    PSE_TRY(make_key(t, s, "registrar", "Registrar", "registrar", 0, "/registrar.key"));
    for (uint64_t i = 1; i <= s->set.trustees; i++) {
        (void)snprintf(label, sizeof label, "Trustee %" PRIu64, i);
        PSE_TRY(make_key(t, s, "trustee", label, "trustee", i, "/trustee.key"));
    }
    for (uint64_t i = 1; i <= s->set.mixers; i++) {
        (void)snprintf(label, sizeof label, "Mixer %" PRIu64, i);
        PSE_TRY(make_key(t, s, "mixer", label, "mixer", i, "/mixer.key"));
    }
    PSE_TRY(make_office_keys(t, s));
    begin(t, s, "record", "keygen");
    put(t, "--quiet");
    put(t, "--origin");
    put(t, s->origin);
    put(t, "--witnesses");
    put(t, "0");
    put_file(t, "--keys", "board", 0, "");
    return run(t);
}

/* --- witnesses and their policy ----------------------------------------------------------------
 */

/* What the board's card says of its log. */
static pse_rc read_log(struct pse_buf *vkey, const struct serve *s)
{
    PSE_ARENA(arena, (size_t)1 << 20);
    struct card board;
    char path[FILE_PATH_MAX];

    PSE_TRY(serve_path(path, s, "board/board.pub"));
    PSE_TRY(card_read(&board, &arena, s->name, path, KEY_BOARD, NULL));
    pse_wr_span(vkey, board.log);
    pse_buf_put(vkey, "", 1);
    return vkey->rc;
}

static pse_rc read_witness(struct pse_buf *word, const struct serve *s, uint64_t i)
{
    char leaf[64];
    char path[FILE_PATH_MAX];
    struct key *key = NULL;
    struct pse_vkey vkey;
    pse_rc rc;

    (void)snprintf(leaf, sizeof leaf, "witness-%" PRIu64 "/witness.key", i);
    PSE_TRY(serve_path(path, s, leaf));
    PSE_TRY(key_read(&key, s->name, path, KEY_WITNESS, NULL));
    rc = key_vkey(&vkey, key);
    if (rc == PSE_OK) {
        (void)snprintf(leaf, sizeof leaf, "witness-%" PRIu64 "=", i);
        pse_wr_str(word, leaf);
        pse_vkey_put(word, &vkey);
        (void)snprintf(leaf, sizeof leaf, " http://127.0.0.1:%" PRIu64,
                       s->set.port + SERVE_WITNESS_PORT + i - 1);
        pse_wr_str(word, leaf);
        pse_buf_put(word, "", 1);
        rc = word->rc;
    }
    key_free(key);
    return rc;
}

static pse_rc make_witness(struct step *t, const struct serve *s, const char *log, uint64_t i)
{
    char name[64];

    (void)snprintf(name, sizeof name, "witness-%" PRIu64 ".%.40s", i, "local");
    begin(t, s, "witness", "init");
    put_file(t, NULL, "witness", i, "");
    put(t, "--name");
    put(t, name);
    put(t, "--log");
    put(t, log);
    return run(t);
}

static pse_rc make_policy(struct step *t, const struct serve *s, const char *log)
{
    struct pse_buf word[SERVE_WITNESSES];
    char quorum[8];
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < SERVE_WITNESSES; i++)
        word[i] = PSE_BUF(SERVE_TEXT);
    (void)snprintf(quorum, sizeof quorum, "%d", SERVE_QUORUM);
    begin(t, s, "policy", "make");
    put(t, "--log");
    put(t, log);
    for (size_t i = 0; i < SERVE_WITNESSES && rc == PSE_OK; i++) {
        rc = read_witness(&word[i], s, i + 1);
        put(t, "--witness");
        put(t, (const char *)word[i].p);
    }
    put(t, "--quorum");
    put(t, quorum);
    put_file(t, "--out", "mail", 0, "/policy");
    if (rc == PSE_OK)
        rc = run(t);
    for (size_t i = 0; i < SERVE_WITNESSES; i++)
        pse_buf_free(&word[i]);
    return rc;
}

static pse_rc make_witnesses(struct step *t, const struct serve *s)
{
    struct pse_buf log = PSE_BUF(SERVE_TEXT);
    pse_rc rc = read_log(&log, s);

    for (uint64_t i = 1; i <= SERVE_WITNESSES && rc == PSE_OK; i++)
        rc = make_witness(t, s, (const char *)log.p, i);
    if (rc == PSE_OK)
        rc = make_policy(t, s, (const char *)log.p);
    pse_buf_free(&log);
    return rc;
}

/* --- the manifest ------------------------------------------------------------------------------
 */

static void put_cards(struct step *t, const char *option, const char *stem, const char *leaf,
                      uint64_t here, const struct cli_list *others)
{
    for (uint64_t i = 1; i <= here; i++)
        put_file(t, option, stem, i, leaf);
    for (size_t i = 0; i < others->n; i++) {
        put(t, option);
        put(t, others->v[i]);
    }
}

static const char id_before[] = "Election id: ";

/* What officer create printed. */
static pse_rc read_id(struct serve *s)
{
    struct pse_buf text = PSE_BUF(SERVE_TEXT);
    char path[FILE_PATH_MAX];
    const char *at;
    pse_rc rc;

    PSE_TRY(serve_path(path, s, "mail/election"));
    rc = file_read(&text, s->name, path, SERVE_TEXT - 1);
    pse_buf_put(&text, "", 1);
    at = rc == PSE_OK ? strstr((const char *)text.p, id_before) : NULL;
    if (at == NULL && rc == PSE_OK)
        rc = PSE_E_SYNTAX;
    if (rc == PSE_OK)
        (void)snprintf(s->set.election, sizeof s->set.election, "%.64s", at + sizeof id_before - 1);
    else
        cli_error(s->name, "psephos officer create did not say the election's id; see %s", path);
    pse_buf_free(&text);
    return rc;
}

static pse_rc make_manifest(struct step *t, struct serve *s)
{
    PSE_TRY(serve_write_plan(s));
    begin(t, s, "officer", "create");
    put_file(t, "--plan", "office", 0, "/plan.json");
    put_file(t, "--key", "office", 0, "/officer.key");
    put_file(t, "--board", "board", 0, "/board.pub");
    put_file(t, "--policy", "mail", 0, "/policy");
    put_file(t, "--registrar", "registrar", 0, "/registrar.pub");
    put_cards(t, "--trustee", "trustee", "/trustee.pub", s->set.trustees, &s->trustee);
    put_cards(t, "--mixer", "mixer", "/mixer.pub", s->set.mixers, &s->mixer);
    put_file(t, "--out", "mail", 0, "/setup.parcel");
    PSE_TRY(run_into(t, "mail/election"));
    return read_id(s);
}

/* --- the ceremony ------------------------------------------------------------------------------
 */

static pse_rc post(struct step *t, const struct serve *s, const char *stem, uint64_t n)
{
    begin(t, s, "box", "post");
    put(t, "--quiet");
    put_file(t, "--socket", "run", 0, "/sequence.sock");
    for (uint64_t i = 1; i <= n; i++)
        put_file(t, NULL, stem, i, ".parcel");
    return run(t);
}

/* Of trustee @p i, as the others hear it. */
static pse_rc read_code(char code[CODE_MAX], struct step *t, const struct serve *s, uint64_t i)
{
    struct pse_buf text = PSE_BUF(CODE_MAX - 1);
    char path[FILE_PATH_MAX];
    pse_rc rc;

    begin(t, s, "trustee", "code");
    put(t, "--quiet");
    put_file(t, "--record", "record", 0, "");
    put_file(t, "--key", "trustee", i, "/trustee.key");
    PSE_TRY(run_into(t, "mail/code"));
    PSE_TRY(serve_path(path, s, "mail/code"));
    rc = file_read(&text, s->name, path, CODE_MAX - 1);
    if (rc == PSE_OK)
        (void)snprintf(code, CODE_MAX, "%.*s", (int)text.n, (const char *)text.p);
    pse_buf_free(&text);
    code[strcspn(code, "\n")] = '\0';
    return rc;
}

static pse_rc trustees_do(struct step *t, const struct serve *s, const char *verb)
{
    char stem[64];
    char code[CODE_MAX];

    (void)snprintf(stem, sizeof stem, "mail/%s", verb);
    for (uint64_t i = 1; i <= s->set.trustees; i++) {
        bool hears = strcmp(verb, "confirm") == 0;

        if (hears)
            PSE_TRY(read_code(code, t, s, i == 1 ? 2 : 1));
        begin(t, s, "trustee", verb);
        put(t, "--quiet");
        put_file(t, "--record", "record", 0, "");
        put_file(t, "--key", "trustee", i, "/trustee.key");
        put_file(t, "--out", stem, i, ".parcel");
        if (hears) {
            put(t, "--heard");
            put(t, code);
        }
        PSE_TRY(run(t));
    }
    return post(t, s, stem, s->set.trustees);
}

static pse_rc await_socket(const struct serve *s)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%.80s/run/sequence.sock", s->dir);
    for (int us = 0; us < 1000 * UP_MS; us += STEP_US) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool up = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;

        if (fd >= 0)
            close(fd);
        if (up)
            return PSE_OK;
        (void)usleep(STEP_US);
    }
    cli_error(s->name, "the sequencer does not start; see %s/setup.log", s->dir);
    return PSE_E_STATE;
}

static pse_rc hold_ceremony(struct step *t, const struct serve *s, struct daemons *d)
{
    begin(t, s, "box", "sequence");
    put_file(t, "--config", "etc", 0, "/sequence.ini");
    PSE_TRY(launch(&d->pid[d->n], t, NULL));
    d->n++;
    PSE_TRY(await_socket(s));
    PSE_TRY(trustees_do(t, s, "commit"));
    PSE_TRY(trustees_do(t, s, "reveal"));
    PSE_TRY(trustees_do(t, s, "share"));
    return trustees_do(t, s, "confirm");
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static pse_rc start_witnesses(struct step *t, const struct serve *s, struct daemons *d)
{
    for (uint64_t i = 1; i <= SERVE_WITNESSES; i++) {
        begin(t, s, "witness", "serve");
        put_file(t, "--config", "etc/witness", i, ".ini");
        PSE_TRY(launch(&d->pid[d->n], t, NULL));
        d->n++;
    }
    for (uint64_t i = 0; i < SERVE_WITNESSES; i++)
        PSE_TRY(serve_await_port(s, s->set.port + SERVE_WITNESS_PORT + i));
    return PSE_OK;
}

static pse_rc make_log(struct step *t, const struct serve *s, struct daemons *d)
{
    PSE_TRY(start_witnesses(t, s, d));
    begin(t, s, "box", "create");
    put_file(t, "--config", "etc", 0, "/sequence.ini");
    put_file(t, NULL, "mail", 0, "/setup.parcel");
    PSE_TRY(run(t));
    begin(t, s, "registrar", "list");
    put(t, "create");
    put_file(t, "--voters", "registrar", 0, "/voters.db");
    put_file(t, "--wrap", "registrar", 0, "/wrap.key");
    put_file(t, "--record", "record", 0, "");
    PSE_TRY(run(t));
    return s->set.trustees > 0 ? hold_ceremony(t, s, d) : PSE_OK;
}

pse_rc serve_set_up(struct serve *s)
{
    static struct step t;
    struct daemons d = {.n = 0};
    pse_rc rc;

    PSE_TRY(serve_make_folders(s));
    PSE_TRY(make_keys(&t, s));
    PSE_TRY(make_witnesses(&t, s));
    PSE_TRY(make_manifest(&t, s));
    PSE_TRY(serve_write_settings(s));
    rc = make_log(&t, s, &d);
    while (d.n > 0)
        self_end(d.pid[--d.n], STOP_MS);
    return rc == PSE_OK ? serve_write_mark(s) : rc;
}
