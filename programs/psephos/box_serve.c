/* psephos box serve: the front, which takes ballots over HTTP. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/http_service.h"
#include "common/sysrng.h"
#include "psephos/box.h"
#include "psephos/box_front.h"

static const struct pse_conf_key keys[] = {
    DAEMON_KEYS(struct front_settings, common),
    PSE_CONF_WORDS(struct front_settings, listen, "listen", "address", 1, 250, NULL, PSE_CONF_FIXED,
                   "unix:PATH, 127.0.0.1:PORT or [::1]:PORT; the public address is the edge's."),
    PSE_CONF_PATH(struct front_settings, record, "record", "folder", NULL, PSE_CONF_FIXED,
                  "The public record, which the sequencer writes."),
    PSE_CONF_PATH(struct front_settings, sequence, "sequence", "socket", NULL, PSE_CONF_FIXED,
                  "The sequencer's socket."),
    PSE_CONF_NUMBER(struct front_settings, threads, "verify", "threads", 1, 256, "2", "threads",
                    PSE_CONF_FIXED, "Threads that verify ballots."),
    PSE_CONF_NUMBER(
        struct front_settings, queue, "limits", "queue", 16, 4096, "1024", "ballots",
        PSE_CONF_FIXED,
        "How many ballots may wait to be verified, until it has been measured; then, each "
        "minute, a quarter of a second of work."),
    PSE_CONF_WORDS(struct front_settings, metrics, "listen", "metrics", 0, 250, "", PSE_CONF_FIXED,
                   "Where /metrics and /healthz are served by a thread of their own, on loopback; "
                   "empty: nowhere."),
    PSE_CONF_NUMBER(struct front_settings, edge, "listen", "edge-user", 0, (uint64_t)UINT32_MAX + 1,
                    "4294967296", "a user's number", PSE_CONF_FIXED,
                    "Whose X-Psephos-Peer is believed, on a Unix socket; the default is nobody's."),
    PSE_CONF_SECRET(struct front_settings, session, "sessions", "key", "", PSE_CONF_FIXED,
                    "The key of auth's session tokens; casting asks for one when it is set."),
    PSE_CONF_NUMBER(struct front_settings, peer_rate, "limits", "peer-rate", 1, 1000000, "50",
                    "requests a second", PSE_CONF_RELOAD, "From one address, on the long run."),
    PSE_CONF_NUMBER(struct front_settings, peer_burst, "limits", "peer-burst", 1, 1000000, "200",
                    "requests", PSE_CONF_RELOAD, "From one address at once."),
    PSE_CONF_NUMBER(struct front_settings, session_rate, "limits", "voter-rate", 1, 1000, "1",
                    "ballots a second", PSE_CONF_RELOAD,
                    "Of one session or credential, on the long run."),
    PSE_CONF_NUMBER(struct front_settings, session_burst, "limits", "voter-burst", 1, 10000, "50",
                    "ballots", PSE_CONF_RELOAD, "Of one session or credential at once."),
    PSE_CONF_NUMBER(struct front_settings, overload, "overload", "level", 0, 4, "3", "levels",
                    PSE_CONF_FIXED,
                    "Up to which level overload alone reduces the service; 0: it does not."),
    PSE_CONF_SIZE(struct front_settings, parcel, "limits", "parcel", 1 << 20, 1 << 30, "512 MiB",
                  PSE_CONF_FIXED, "The longest parcel; long ones go to the state folder."),
    PSE_CONF_TIME(struct front_settings, checkpoint_ms, "health", "checkpoint", 1000, 3600000,
                  "30 s", PSE_CONF_RELOAD,
                  "How long an entry may wait for a witnessed checkpoint before /healthz fails."),
    PSE_CONF_NUMBER(struct front_settings, waiting, "limits", "waiting", 64, 65536, "8192",
                    "requests", PSE_CONF_FIXED,
                    "How many ballots and questions may wait for the sequencer."),
};
static const struct pse_conf conf = {"box", keys, PSE_CONF_COUNT(keys),
                                     sizeof(struct front_settings)};

enum {
    RECEIPT_MS = 10000,
    PARCEL_MS = 120000,
    PARCEL_BODY_MS = 600000,
    FIRST_ANSWER_TRIES = 100, /* of 50 ms */
};

// clang-format off
#define FRONT_ROUTES(f, cast, receipt, letter, parcel, record) \
    {.methods = PSE_HTTP_POST, .path = "/v1/ballots", .type = "application/vnd.psephos.ballot", \
     .body_max = 65535, .lane = LANE_CAST, .batch = PSE_HTTP_BATCH_MAX, .deadline_ms = RECEIPT_MS, \
     .handle = front_cast, .ctx = (f), .admit = front_admit, .admit_ctx = &(cast)}, \
    {.methods = PSE_HTTP_GET, .path = "/v1/receipts/", .lane = LANE_ASK, \
     .batch = PSE_HTTP_BATCH_MAX, .deadline_ms = RECEIPT_MS, .handle = front_receipt, .ctx = (f), \
     .admit = front_admit, .admit_ctx = &(receipt)}, \
    {.methods = PSE_HTTP_GET, .path = "/v1/credentials/", .lane = LANE_ASK, \
     .handle = front_credential, .ctx = (f), .admit = front_admit, .admit_ctx = &(receipt)}, \
    {.methods = PSE_HTTP_POST, .path = "/v1/parcels", .type = "application/vnd.psephos.parcel", \
     .body_max = (f)->set->parcel, .lane = LANE_PARCEL, .deadline_ms = PARCEL_MS, \
     .body_ms = PARCEL_BODY_MS, .handle = front_parcel, .ctx = (f), .admit = front_admit, \
     .admit_ctx = &(parcel)}, \
    {.methods = PSE_HTTP_GET | PSE_HTTP_POST | PSE_HTTP_PUT, .path = "/v1/mailbox/", \
     .type = "application/octet-stream", .body_max = MAILBOX_BYTES, .lane = PSE_HTTP_INLINE, \
     .handle = front_letter, .ctx = (f), .admit = front_admit, .admit_ctx = &(letter)}, \
    {.methods = PSE_HTTP_GET, .path = "/v1/election", .lane = PSE_HTTP_INLINE, \
     .handle = front_election_view, .ctx = (f), .admit = front_admit, .admit_ctx = &(receipt)}, \
    {.methods = PSE_HTTP_GET, .path = "/record/", .lane = PSE_HTTP_INLINE, \
     .handle = pse_static_handle, .ctx = (f)->record, .admit = front_admit, \
     .admit_ctx = &(record)}, \
    {.methods = PSE_HTTP_GET, .path = "/healthz", .lane = PSE_HTTP_INLINE, .handle = front_health, \
     .ctx = (f)}
// clang-format on

static pse_rc make_ready(struct front *f)
{
    uint64_t seed;

    PSE_TRY(sysrng_start(&f->rng, f->d.name));
    pse_rng_fork(&f->weights, &f->rng);
    PSE_TRY(pse_pool_new(&f->pool, (unsigned)f->set->threads));
    PSE_TRY(pse_group_new(&f->g, PSE_BACKEND_AUTO, f->pool));
    f->seen = calloc(FRONT_SEEN, sizeof *f->seen);
    f->check = calloc(PSE_HTTP_BATCH_MAX, sizeof *f->check);
    if (f->seen == NULL || f->check == NULL)
        return PSE_E_MEMORY;
    PSE_REQUIRE(pthread_mutex_init(&f->buckets_lock, NULL) == 0 &&
                pthread_mutex_init(&f->letters_lock, NULL) == 0);
    pse_rng_fill(&f->rng, &seed, sizeof seed);
    PSE_TRY(pse_buckets_new(&f->peers, seed));
    pse_rng_fill(&f->rng, &seed, sizeof seed);
    PSE_TRY(pse_buckets_new(&f->sessions, seed));
    pse_rng_fill(&f->rng, &f->offenders.seed, sizeof f->offenders.seed);
    f->overload.max = (uint8_t)f->set->overload;
    pse_metric_set(&front_queue, 0, (int64_t)f->set->queue);
    PSE_TRY(mailbox_new(&f->letters));
    PSE_TRY(sequence_client_new(&f->sequence, f->set->sequence, f->set->waiting));
    PSE_TRY(pse_static_new(&f->record, f->set->record, pse_static_record, PSE_STATIC_RECORD_RULES));
    return front_follow(f);
}

/* A front is ready when the sequencer has answered once, so that who waited for READY meets no
 * "sequencer away"; one that stays away must not keep the front from saying so, either. False when
 * told to stop meanwhile. */
static bool first_answer(struct front *f)
{
    for (int i = 0; i < FIRST_ANSWER_TRIES; i++) {
        bool is_up;

        pthread_rwlock_rdlock(&f->lock);
        is_up = f->up_ms != 0;
        pthread_rwlock_unlock(&f->lock);
        if (is_up)
            return true;
        if (daemon_wait(&f->d, 50) == PSE_LIFE_STOP)
            return false;
    }
    return true;
}

static int wait_for_end(struct front *f, const char *address)
{
    static struct service_figures own;
    struct pse_http *figures;
    bool go_on;

    own = (struct service_figures){.metrics = front_metrics, .health = front_health, .ctx = f};
    if (service_figures_start(&figures, &own, f->figures, &f->d.log) != PSE_OK) {
        cli_error(f->d.name, "cannot serve /metrics");
        return CLI_EXIT_FAILED;
    }
    printf("%s\n", address);
    (void)fflush(stdout);
    go_on = first_answer(f);
    if (go_on)
        daemon_ready(&f->d, address);
    while (go_on && daemon_wait(&f->d, 1000) != PSE_LIFE_STOP)
        front_measure(f);
    pse_life_stopping(&f->d.life);
    pse_http_stop(figures);
    return CLI_EXIT_OK;
}

static int serve(struct front *f, int fd, const char *address)
{
    struct front_gate cast = {f, CLASS_CAST, 4, true};
    struct front_gate receipt = {f, CLASS_RECEIPT, 4, false};
    struct front_gate letter = {f, CLASS_LETTER, 3, false};
    struct front_gate parcel = {f, CLASS_PARCEL, 2, false};
    struct front_gate record = {f, CLASS_RECORD, 2, false};
    const struct pse_http_route route[] = {
        FRONT_ROUTES(f, cast, receipt, letter, parcel, record),
        service_openapi_route(),
    };
    struct pse_http_options o = {.route = route,
                                 .routes = CLI_COUNT(route),
                                 .lane = {{f->set->queue, 1}, {1024, 2}, {8, 2}},
                                 .at_once = 1, /* the threads that verify are in one pool */
                                 .words = front_words,
                                 .spool = f->set->common.state,
                                 .per_source = UINT_MAX};
    int status;

    pse_rng_fill(&f->rng, &o.seed, sizeof o.seed);
    if (service_start(&f->http, &o, fd, &f->d.log) != PSE_OK) {
        cli_error(f->d.name, "cannot serve on %s", address);
        return CLI_EXIT_FAILED;
    }
    status = wait_for_end(f, address);
    pse_http_stop(f->http);
    f->http = NULL;
    return status;
}

static int make_and_serve(struct front *f, int fd, const char *address)
{
    pse_rc rc = make_ready(f);

    if (rc == PSE_OK)
        return serve(f, fd, address);
    (void)close(fd);
    cli_error(f->d.name, "cannot make ready (%s); is the record %s there?", pse_rc_name(rc),
              f->set->record);
    return CLI_EXIT_FAILED;
}

/* The key of session tokens, in guarded memory, in place of its file's text. */
static bool read_session_key(int *status, struct front *f)
{
    session_key key;
    pse_rc rc;

    if (f->set->session[0] == '\0')
        return true;
    if (!daemon_secret(status, &f->session, &f->d, f->set->session, SESSION_KEY_FILE_MAX))
        return false;
    rc = session_key_parse(&key, pse_span(f->session.p, f->session.n));
    if (rc == PSE_OK)
        memcpy(f->session.p, &key, sizeof key);
    session_key_wipe(&key);
    if (rc == PSE_OK)
        return true;
    cli_error(f->d.name, "[sessions] key holds no key; make one with psephos auth");
    *status = CLI_EXIT_USAGE;
    return false;
}

static int open_and_serve(struct front *f)
{
    const char *read_dirs[] = {f->set->record, NULL};
    char address[PSE_HTTP_ADDRESS];
    char figures[PSE_HTTP_ADDRESS];
    int status = CLI_EXIT_USAGE;
    int fd;
    pse_rc rc;

    f->figures = -1;
    if (!read_session_key(&status, f))
        return status;
    rc = service_listen(&fd, address, f->d.name, "address", f->set->listen);
    if (rc == PSE_OK && f->set->metrics[0] != '\0')
        rc = service_listen(&f->figures, figures, f->d.name, "metrics", f->set->metrics);
    /* An address that is taken now may be free when it is tried again. */
    if (rc != PSE_OK)
        return rc == PSE_E_IO ? CLI_EXIT_FAILED : CLI_EXIT_USAGE;
    if (f->figures >= 0)
        PSE_LOG(&f->d.log, PSE_LOG_NOTICE, "box.metrics", PSE_F("where", (const char *)figures));
    if (!daemon_confine(&status, &f->d, PSE_SANDBOX_SERVER, NULL, read_dirs))
        return status;
    return make_and_serve(f, fd, address);
}

int box_serve(int argc, char **argv)
{
    static struct front_settings set;
    static struct front f;
    struct daemon_options o = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&o)};
    const struct cli_command command = {
        .name = "psephos box serve",
        .synopsis = "--config FILE",
        .about =
            "Take ballots over HTTP, verify them, hand them to psephos box sequence, and answer\n"
            "with witnessed receipts.",
        .options = options,
        .option_count = CLI_COUNT(options)};
    int status;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &f.d, command.name, &conf, &set, &set.common, &o))
        return status;
    f.set = &set;
    status = open_and_serve(&f);
    front_unfollow(&f);
    sequence_client_free(f.sequence);
    pse_static_free(f.record);
    pse_group_free(f.g);
    pse_pool_free(f.pool);
    pse_buckets_free(f.peers);
    pse_buckets_free(f.sessions);
    mailbox_free(f.letters);
    pse_hidden_free(&f.session);
    free(f.seen);
    free(f.check);
    return daemon_end(&f.d, status);
}
