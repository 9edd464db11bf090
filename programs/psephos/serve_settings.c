/* The settings of all daemons of psephos serve, and what it keeps of its first start. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "psephos/serve.h"

static const struct pse_conf_key keys[] = {
    PSE_CONF_NUMBER(struct serve_settings, port, "serve", "port", 1, 65535 - SERVE_PORTS, NULL,
                    "port", PSE_CONF_FIXED, "The first of the ports on 127.0.0.1."),
    PSE_CONF_NUMBER(struct serve_settings, trustees, "serve", "trustees", 0, 100, NULL, "keys",
                    PSE_CONF_FIXED, "Trustees whose keys are here."),
    PSE_CONF_NUMBER(struct serve_settings, mixers, "serve", "mixers", 0, 100, NULL, "keys",
                    PSE_CONF_FIXED, "Mixers whose keys are here."),
    PSE_CONF_WORDS(struct serve_settings, store, "serve", "store", 1, PSE_CONF_VALUE_MAX, NULL,
                   PSE_CONF_FIXED, "The ledger's store."),
    PSE_CONF_WORDS(struct serve_settings, election, "serve", "election", 64, 64, NULL,
                   PSE_CONF_FIXED, "The election's id."),
    PSE_CONF_SWITCH(struct serve_settings, desk, "serve", "desk", NULL, PSE_CONF_FIXED,
                    "The officers' keys are here."),
    PSE_CONF_SWITCH(struct serve_settings, test, "serve", "test", NULL, PSE_CONF_FIXED,
                    "A test election."),
};
static const struct pse_conf conf = {"serve", keys, PSE_CONF_COUNT(keys),
                                     sizeof(struct serve_settings)};

__attribute__((format(printf, 3, 4))) static pse_rc write_settings(const struct serve *s,
                                                                   const char *leaf,
                                                                   const char *format, ...)
{
    char text[8 * SERVE_TEXT];
    char path[FILE_PATH_MAX];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    PSE_REQUIRE(n > 0 && n < (int)sizeof text);
    PSE_TRY(serve_path(path, s, leaf));
    return file_write(s->name, path, pse_span(text, (size_t)n), FILE_REPLACE | FILE_SECRET);
}

static pse_rc write_witness(const struct serve *s, uint64_t i)
{
    char leaf[64];

    (void)snprintf(leaf, sizeof leaf, "etc/witness-%" PRIu64 ".ini", i);
    return write_settings(s, leaf,
                          "[daemon]\nstate = %s/witness-%" PRIu64 "\n"
                          "[listen]\nhttp = 127.0.0.1:%" PRIu64 "\n"
                          "[witness]\nkey = %s/witness-%" PRIu64 "/witness.key\n",
                          s->dir, i, s->set.port + SERVE_WITNESS_PORT + i - 1, s->dir, i);
}

static pse_rc write_box(const struct serve *s)
{
    PSE_TRY(write_settings(s, "etc/sequence.ini",
                           "[daemon]\nstate = %s/state/sequence\n"
                           "[store]\nurl = %s\n"
                           "[record]\nfolder = %s/record\n"
                           "[log]\nkey = %s/board/log.key\n"
                           "[listen]\nsocket = %s/run/sequence.sock\n",
                           s->dir, s->set.store, s->dir, s->dir, s->dir));
    return write_settings(s, "etc/box.ini",
                          "[daemon]\nstate = %s/state/box\n"
                          "[listen]\naddress = 127.0.0.1:%" PRIu64 "\n"
                          "metrics = 127.0.0.1:%" PRIu64 "\n"
                          "[record]\nfolder = %s/record\n"
                          "[sequence]\nsocket = %s/run/sequence.sock\n",
                          s->dir, s->set.port, s->set.port + SERVE_METRICS_PORT, s->dir, s->dir);
}

static pse_rc write_office(const struct serve *s)
{
    PSE_TRY(write_settings(s, "etc/officer.ini",
                           "[daemon]\nstate = %s/state/officer\n"
                           "[listen]\nhttp = 127.0.0.1:%" PRIu64 "\n"
                           "registrar = %s/run/registrar.sock\n"
                           "[record]\nsequencer = %s/run/sequence.sock\nfolder = %s/record\n"
                           "[keys]\nauthority = %s/office/officer.key\n"
                           "registrar = %s/registrar/registrar.key\n"
                           "[officers]\ncards = %s/office/cards\n"
                           "[voters]\ndatabase = %s/registrar/voters.db\n"
                           "wrap = %s/registrar/wrap.key\n",
                           s->dir, s->set.port + SERVE_OFFICE_PORT, s->dir, s->dir, s->dir, s->dir,
                           s->dir, s->dir, s->dir, s->dir));
    return write_settings(s, "etc/auth.ini",
                          "[daemon]\nstate = %s/state/auth\n"
                          "[listen]\nhttp = 127.0.0.1:%" PRIu64 "\n"
                          "[registrar]\nsocket = %s/run/registrar.sock\n"
                          "[session]\nelection = %s\nkey = %s/etc/session.key\n"
                          "[mail]\nlink = http://127.0.0.1:%" PRIu64 "/login#\n"
                          "# Development: nothing is sent, each mail becomes a file.\n"
                          "relay = file://%s/post\nfrom = vote@localhost\n",
                          s->dir, s->set.port + SERVE_AUTH_PORT, s->dir, s->set.election, s->dir,
                          s->set.port, s->dir);
}

static pse_rc write_board(const struct serve *s)
{
    return write_settings(s, "etc/board.ini",
                          "[daemon]\nstate = %s/state/board\n"
                          "[listen]\naddress = 127.0.0.1:%" PRIu64 "\n"
                          "[record]\nfolder = %s/record\n",
                          s->dir, s->set.port + SERVE_BOARD_PORT, s->dir);
}

/* Trustees and mixers see the election as from anywhere else: at its public addresses. That these
 * are one machine's makes the comparison an exercise. */
static pse_rc write_roles(const struct serve *s, const char *role, uint64_t n)
{
    char leaf[64];

    for (uint64_t i = 1; i <= n; i++) {
        (void)snprintf(leaf, sizeof leaf, "etc/%s-%" PRIu64 ".ini", role, i);
        PSE_TRY(write_settings(s, leaf,
                               "[daemon]\nstate = %s/state/%s-%" PRIu64 "\n"
                               "[record]\nurl = http://127.0.0.1:%" PRIu64 "/record\n"
                               "mirrors = http://127.0.0.1:%" PRIu64 "/record\n"
                               "election = %s\ninterval = 1 s\n"
                               "[box]\nurl = http://127.0.0.1:%" PRIu64 "\n"
                               "[role]\nkey = %s/%s-%" PRIu64 "/%s.key\n",
                               s->dir, role, i, s->set.port + SERVE_BOARD_PORT, s->set.port,
                               s->set.election, s->set.port, s->dir, role, i, role));
    }
    return PSE_OK;
}

pse_rc serve_write_settings(const struct serve *s)
{
    for (uint64_t i = 1; i <= SERVE_WITNESSES; i++)
        PSE_TRY(write_witness(s, i));
    PSE_TRY(write_box(s));
    PSE_TRY(write_board(s));
    PSE_TRY(write_office(s));
    PSE_TRY(write_roles(s, "trustee", s->set.trustees));
    return write_roles(s, "mixer", s->set.mixers);
}

pse_rc serve_write_mark(const struct serve *s)
{
    return write_settings(s, "serve.ini",
                          "# Made by psephos serve; it goes on with this folder as it is.\n"
                          "[serve]\nport = %" PRIu64 "\ntrustees = %" PRIu64 "\nmixers = %" PRIu64
                          "\nstore = %s\nelection = %s\ntest = %s\ndesk = %s\n",
                          s->set.port, s->set.trustees, s->set.mixers, s->set.store,
                          s->set.election, s->set.test ? "yes" : "no", s->set.desk ? "yes" : "no");
}

pse_rc serve_read_mark(struct serve *s)
{
    struct pse_fault fault;
    char path[FILE_PATH_MAX];
    pse_rc rc;

    PSE_TRY(serve_path(path, s, "serve.ini"));
    rc = pse_conf_load(&s->set, &fault, &conf, path);
    if (rc != PSE_OK)
        cli_error(s->name, "%s", fault.text);
    return rc;
}
