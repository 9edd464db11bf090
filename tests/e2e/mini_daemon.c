/* The smallest daemon: everything that daemons share and no duty. For daemon.sh, and an example of
 * a main (docs/operations). */
#include <sodium.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/files.h"

struct settings {
    struct daemon_common common;
    char word[PSE_CONF_TEXT];
    char seal[PSE_CONF_TEXT];
    uint64_t pace_ms;
};

static const struct pse_conf_key keys[] = {
    DAEMON_KEYS(struct settings, common),
    PSE_CONF_WORDS(struct settings, word, "mini", "word", 1, 40, "hello", PSE_CONF_RELOAD,
                   "What is said after each reload."),
    PSE_CONF_TIME(struct settings, pace_ms, "mini", "pace", 10, 60000, "1 s", PSE_CONF_FIXED,
                  "How often the metrics are written."),
    PSE_CONF_SECRET(struct settings, seal, "mini", "seal", NULL, PSE_CONF_FIXED, "The seal's key."),
};
static const struct pse_conf conf = {"mini", keys, PSE_CONF_COUNT(keys), sizeof(struct settings)};

PSE_COUNTER(mini_ticks, "psephos_mini_ticks", "Ticks since the start.");
static const struct pse_metric *const metrics[] = {&mini_ticks};

/* What a daemon would serve at /metrics, into a file of the state folder. */
static void write_metrics(const struct settings *s)
{
    struct pse_buf b = PSE_BUF(65536);
    char path[FILE_PATH_MAX];

    pse_metrics_put(&b, metrics, 1);
    if (file_join(path, "mini", s->common.state, "metrics") == PSE_OK)
        (void)!file_write("mini", path, pse_buf_span(&b), FILE_REPLACE | FILE_BULK);
    pse_buf_free(&b);
}

static int serve(struct daemon *d, const struct settings *s)
{
    enum pse_life_event e;

    daemon_ready(d, "nowhere");
    while ((e = daemon_wait(d, (int)s->pace_ms)) != PSE_LIFE_STOP) {
        if (e == PSE_LIFE_RELOAD)
            PSE_LOG(&d->log, PSE_LOG_NOTICE, "mini.word", PSE_F("word", (const char *)s->word));
        pse_metric_add(&mini_ticks, 0, 1);
        write_metrics(s);
    }
    return daemon_end(d, CLI_EXIT_OK);
}

int main(int argc, char **argv)
{
    static struct settings s;
    struct daemon_options o = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&o)};
    const struct cli_command command = {.name = "mini",
                                        .synopsis = "--config FILE",
                                        .about = "A daemon without a duty.",
                                        .options = options,
                                        .option_count = CLI_COUNT(options)};
    struct pse_hidden seal = {0};
    struct daemon d;
    int status = CLI_EXIT_FAILED;

    if (sodium_init() < 0 || !cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &d, "mini", &conf, &s, &s.common, &o))
        return status;
    if (!daemon_secret(&status, &seal, &d, s.seal, 64) ||
        !daemon_confine(&status, &d, PSE_SANDBOX_UNIX, NULL, NULL))
        return daemon_end(&d, status);
    status = serve(&d, &s);
    pse_hidden_free(&seal);
    return status;
}
