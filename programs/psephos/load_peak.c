/* psephos load peak: as many requests as are answered, by connections that ask again at once. With
 * --null the same against a server that does nothing, so that there is a ratio. */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/codec.h"
#include "psephos/load.h"
#include "psephos/load_crowd.h"
#include "psephos/load_null.h"
#include "psephos/load_report.h"
#include "psephos/load_watch.h"
#include "psephos/verbs.h"

enum {
    CONNECTIONS_MAX = 20000,
    SECONDS_MAX = 600,
    SAMPLES_MAX = 1 << 24,
    NULL_SECONDS = 3,
    SPARE_DESCRIPTORS = 256,
};

static const double refused_wait = 0.1, tail_seconds = 10;

static const char name[] = "psephos load peak";

struct peak_options {
    const char *ballots, *box, *get;
    uint64_t connections, seconds, warm;
    struct cli_list pids;
    bool null, is_inline, json;
};

struct peak;
struct asker {
    struct load_conn conn; /* first */
    struct load_timer timer;
    struct peak *peak;
    struct pse_span body;
    double sent;
};

/* One measurement. */
struct peak {
    const struct peak_options *o;
    struct load_loop *loop;
    const struct load_set *set; /* NULL: GET */
    struct load_watch watch;
    struct sockaddr_in to;
    char host[64];
    size_t next; /* ballot */
    bool again;  /* begin with the first ballot again when all are used: a null server */
    struct asker *asker;
    bool counting, ending;
    double *sample;
    size_t samples;
    struct load_answers answers;
    uint64_t bytes;
    double seconds, server_cpu, own_cpu;
    struct load_latency latency;
};

/* --- asking ------------------------------------------------------------------------------------
 */

static void send_one(struct asker *a)
{
    a->sent = a->peak->loop->now;
    load_conn_send(&a->conn, a->body);
}

static void ask(struct asker *a)
{
    struct peak *p = a->peak;

    if (p->ending || (p->set != NULL && p->next == p->set->n && !p->again)) {
        load_conn_close(&a->conn);
        return;
    }
    if (p->set != NULL) {
        p->next = p->next == p->set->n ? 0 : p->next;
        a->body = load_set_ballot(p->set, p->next++);
    }
    send_one(a);
}

static void on_timer(struct load_timer *t)
{
    send_one((struct asker *)((uint8_t *)t - offsetof(struct asker, timer)));
}

static void done(struct load_conn *conn, const struct load_answer *answer)
{
    struct asker *a = (struct asker *)conn;
    struct peak *p = a->peak;
    bool good = answer->status == 200 || answer->status == 202;

    if (p->counting) {
        load_answers_count(&p->answers, answer);
        p->bytes += answer->length;
        if (good && p->samples < SAMPLES_MAX)
            p->sample[p->samples++] = load_now() - a->sent;
    }
    if (good || p->set == NULL)
        ask(a);
    else if (!p->ending) /* the same ballot again, not at once */
        load_timer_set(p->loop, &a->timer, p->loop->now + refused_wait);
}

static void write_head(struct asker *a)
{
    struct peak *p = a->peak;
    int n;

    if (p->set == NULL)
        n = snprintf(a->conn.head, LOAD_HEAD, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", p->o->get,
                     p->host);
    else
        n = snprintf(a->conn.head, LOAD_HEAD,
                     "POST /v1/ballots HTTP/1.1\r\nHost: %s\r\nAccept: text/plain\r\nContent-Type: "
                     "application/vnd.psephos.ballot\r\nContent-Length: %zu\r\n\r\n",
                     p->host, p->set->bytes);
    a->conn.head_n = (size_t)n;
}

static void run_until(struct peak *p, double end)
{
    while (p->loop->now < end)
        load_loop_round(p->loop, end);
}

/* After the measurement the answers under way are heard, so that the next begins with a server at
 * rest. */
static void run_out(struct peak *p)
{
    double end = p->loop->now + tail_seconds;
    size_t busy = 1;

    p->ending = true;
    while (busy > 0 && p->loop->now < end) {
        load_loop_round(p->loop, p->loop->now + 0.05);
        busy = 0;
        for (size_t i = 0; i < p->o->connections; i++)
            busy += p->asker[i].conn.busy;
    }
}

static pse_rc measure(struct peak *p, double warm, double seconds)
{
    double start, server, own;

    p->asker = calloc(p->o->connections, sizeof *p->asker);
    p->sample = malloc(SAMPLES_MAX * sizeof *p->sample);
    if (p->asker == NULL || p->sample == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(load_loop_new(&p->loop));
    for (size_t i = 0; i < p->o->connections; i++) {
        struct asker *a = &p->asker[i];

        load_conn_init(&a->conn, p->loop, &p->to, (uint32_t)i, done);
        a->timer.fire = on_timer;
        a->peak = p;
        write_head(a);
    }
    for (size_t i = 0; i < p->o->connections; i++)
        ask(&p->asker[i]);
    run_until(p, p->loop->now + warm);
    p->counting = true;
    start = p->loop->now;
    server = load_watch_cpu(&p->watch);
    own = load_own_cpu();
    run_until(p, start + seconds);
    p->counting = false;
    p->seconds = p->loop->now - start;
    p->server_cpu = load_watch_cpu(&p->watch) - server;
    p->own_cpu = load_own_cpu() - own;
    run_out(p);
    load_latency_of(&p->latency, p->sample, p->samples);
    return PSE_OK;
}

static void release(struct peak *p)
{
    for (size_t i = 0; p->asker != NULL && i < p->o->connections; i++)
        load_conn_close(&p->asker[i].conn);
    load_loop_free(p->loop);
    free(p->asker);
    free(p->sample);
}

/* --- the null server, a process of its own -----------------------------------------------------
 */

static void serve_null(int report, bool is_inline)
{
    char address[PSE_HTTP_ADDRESS];
    struct pse_http *http;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (load_null_start(&http, address, "127.0.0.1:0", is_inline, 0) != PSE_OK ||
        write(report, address, strlen(address)) < 0)
        _exit(1);
    (void)close(report);
    for (;;)
        (void)pause();
}

/* Forked while there is one thread. */
static pse_rc start_null(pid_t *pid, char url[PSE_HTTP_ADDRESS + 8], bool is_inline)
{
    char address[PSE_HTTP_ADDRESS] = "";
    size_t n = 0;
    ssize_t got;
    int pipes[2];

    if (pipe(pipes) != 0)
        return PSE_E_IO;
    *pid = fork();
    if (*pid == 0)
        serve_null(pipes[1], is_inline);
    (void)close(pipes[1]);
    while (*pid > 0 && n < sizeof address - 1 &&
           (got = read(pipes[0], address + n, sizeof address - 1 - n)) > 0)
        n += (size_t)got;
    (void)close(pipes[0]);
    if (n == 0) {
        cli_error(name, "the null server does not start");
        return PSE_E_IO;
    }
    (void)snprintf(url, PSE_HTTP_ADDRESS + 8, "%s%s",
                   strncmp(address, "http://", 7) == 0 ? "" : "http://", address);
    return PSE_OK;
}

static pse_rc measure_null(struct peak *p, const struct peak_options *o, const struct load_set *set)
{
    char url[PSE_HTTP_ADDRESS + 8];
    pid_t pid = -1;
    pse_rc rc = start_null(&pid, url, o->is_inline);

    *p = (struct peak){.o = o, .set = set, .again = true, .watch = {.pid = {pid}, .n = 1}};
    if (rc == PSE_OK)
        rc = load_target(&p->to, p->host, url);
    if (rc == PSE_OK)
        rc = measure(p, 0.5, NULL_SECONDS);
    release(p);
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    return rc;
}

/* --- telling -----------------------------------------------------------------------------------
 */

static uint64_t answered(const struct peak *p)
{
    return p->answers.good + p->answers.recorded;
}

static double cpu_us(const struct peak *p)
{
    return answered(p) > 0 ? 1e6 * p->server_cpu / (double)answered(p) : 0;
}

static void put_fixed(struct pse_json_wr *w, const char *what, double x)
{
    pse_json_wr_fixed(w, what, (int64_t)(10 * x + 0.5), 1);
}

static void put_one(struct pse_json_wr *w, const struct peak *p, bool has_cpu)
{
    put_fixed(w, "per_second", (double)answered(p) / p->seconds);
    put_fixed(w, "p50_ms", p->latency.p50);
    put_fixed(w, "p99_ms", p->latency.p99);
    pse_json_wr_u64(w, "good", p->answers.good);
    pse_json_wr_u64(w, "recorded", p->answers.recorded);
    pse_json_wr_u64(w, "limited", p->answers.limited);
    pse_json_wr_u64(w, "busy", p->answers.busy);
    pse_json_wr_u64(w, "other", p->answers.other);
    pse_json_wr_u64(w, "broken", p->answers.broken);
    pse_json_wr_u64(w, "body_bytes", p->bytes);
    if (has_cpu)
        put_fixed(w, "server_cpu_us", cpu_us(p));
    pse_json_wr_fixed(w, "generator_cpu_share", (int64_t)(1000 * p->own_cpu / p->seconds), 3);
}

static pse_rc tell_json(const struct peak *p, const struct peak *null)
{
    struct pse_buf out = PSE_BUF(1 << 16);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    char model[96];
    long processors;
    pse_rc rc;

    load_machine(model, &processors);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "name", "load peak");
    pse_json_wr_str(&w, "box", p->o->box);
    pse_json_wr_str(&w, "what", p->set == NULL ? p->o->get : "ballots");
    pse_json_wr_str(&w, "cpu", model);
    pse_json_wr_i64(&w, "processors", processors);
    pse_json_wr_u64(&w, "connections", p->o->connections);
    put_fixed(&w, "seconds", p->seconds);
    put_one(&w, p, p->watch.n > 0);
    if (null != NULL) {
        pse_json_wr_object(&w, "null_server");
        put_one(&w, null, true);
        pse_json_wr_end(&w);
        if (p->watch.n > 0 && cpu_us(null) > 0)
            pse_json_wr_fixed(&w, "cpu_over_null", (int64_t)(100 * cpu_us(p) / cpu_us(null)), 2);
    }
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s\n", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

static void tell_line(const char *what, const struct peak *p)
{
    printf("%-8s %10.1f a second, p50 %.1f ms, p99 %.1f ms; refused %llu, faults %llu; server %.1f "
           "us of processor each, generator %.2f of a processor\n",
           what, (double)answered(p) / p->seconds, p->latency.p50, p->latency.p99,
           (unsigned long long)(p->answers.limited + p->answers.busy),
           (unsigned long long)(p->answers.other + p->answers.broken), cpu_us(p),
           p->own_cpu / p->seconds);
}

/* --- the verb ----------------------------------------------------------------------------------
 */

static pse_rc check(struct peak *p, const struct peak_options *o)
{
    if (o->box == NULL || (o->ballots == NULL) == (o->get == NULL)) {
        cli_error(name, "say where with --box URL, and what with --ballots DIR or --get PATH");
        return PSE_E_SYNTAX;
    }
    if (o->get != NULL &&
        (o->get[0] != '/' || strlen(o->get) > LOAD_HEAD / 2 || strpbrk(o->get, " \r\n") != NULL)) {
        cli_error(name, "--get '%s' is no path", o->get);
        return PSE_E_SYNTAX;
    }
    if (load_target(&p->to, p->host, o->box) != PSE_OK) {
        cli_error(name, "--box '%s' is not http://127.0.0.1:PORT; load is put on loopback only",
                  o->box);
        return PSE_E_SYNTAX;
    }
    return load_watch_open(&p->watch, name, &o->pids);
}

static pse_rc peak(const struct peak_options *o)
{
    static struct peak p, null;
    static struct load_set set;
    pse_rc rc;

    p = (struct peak){.o = o};
    PSE_TRY(check(&p, o));
    load_descriptors(name, o->connections + SPARE_DESCRIPTORS);
    rc = o->ballots != NULL ? load_set_open(&set, name, o->ballots) : PSE_OK;
    p.set = o->ballots != NULL ? &set : NULL;
    if (rc == PSE_OK && o->null)
        rc = measure_null(&null, o, p.set);
    if (rc == PSE_OK)
        rc = measure(&p, (double)o->warm, (double)o->seconds);
    release(&p);
    if (rc == PSE_OK && o->json) {
        rc = tell_json(&p, o->null ? &null : NULL);
    } else if (rc == PSE_OK) {
        tell_line(o->get != NULL ? "GET" : "ballots", &p);
        if (o->null)
            tell_line("null", &null);
    }
    if (rc == PSE_OK && answered(&p) == 0) {
        cli_error(name, "nothing was answered with 200; is the service there?");
        rc = PSE_E_MISMATCH;
    }
    load_set_close(&set);
    return rc;
}

int load_peak(int argc, char **argv)
{
    struct peak_options o = {.connections = 64, .seconds = 5, .warm = 1, .pids = {.n = 0}};
    const struct cli_option options[] = {
        CLI_TEXT("box", "URL", &o.box, "http://127.0.0.1:PORT"),
        CLI_TEXT("ballots", "DIR", &o.ballots, "cast what psephos load prepare made, each once"),
        CLI_TEXT("get", "PATH", &o.get, "or ask for PATH"),
        CLI_NUMBER("connections", "N", &o.connections, 1, CONNECTIONS_MAX, "default 64"),
        CLI_NUMBER("warm-up", "S", &o.warm, 0, SECONDS_MAX, "seconds (default 1)"),
        CLI_NUMBER("seconds", "S", &o.seconds, 1, SECONDS_MAX, "default 5"),
        CLI_FLAG("null", &o.null, "measure a server that does nothing first"),
        CLI_FLAG("inline", &o.is_inline, "of the null server: answer without a worker"),
        CLI_LIST("pid", "PID", &o.pids, "a server process to be watched; repeat for each"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--box URL (--ballots DIR | --get PATH) [--connections N] [--null]",
        .about = "As many requests as are answered: each connection asks again at once.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = peak(&o);
    if (rc == PSE_E_MEMORY)
        cli_error(name, "out of memory; give fewer --connections");
    return verb_exit(rc);
}
