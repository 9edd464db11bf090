#include "psephos/load_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"

enum { STAT_MAX = 1024, TIMES_AFTER_NAME = 11 /* fields between the name and utime */ };

/* A small file of /proc; false when the process is gone. */
static bool read_proc(char out[STAT_MAX], int pid, const char *leaf)
{
    char path[64];
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, leaf);
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    n = fread(out, 1, STAT_MAX - 1, f);
    out[n] = '\0';
    (void)fclose(f);
    return n > 0;
}

pse_rc load_watch_open(struct load_watch *w, const char *name, const struct cli_list *pids)
{
    char text[STAT_MAX];
    uint64_t pid;

    w->n = 0;
    for (size_t i = 0; i < pids->n; i++) {
        if (w->n == LOAD_PIDS_MAX || pse_decimal_decode(&pid, pse_span_str(pids->v[i])) != PSE_OK ||
            pid == 0 || pid > INT32_MAX) {
            cli_error(name, "--pid '%s' is no process number, or there are more than %d",
                      pids->v[i], LOAD_PIDS_MAX);
            return PSE_E_SYNTAX;
        }
        if (!read_proc(text, (int)pid, "stat")) {
            cli_error(name, "--pid %s: there is no such process", pids->v[i]);
            return PSE_E_MISSING;
        }
        w->pid[w->n++] = (int)pid;
    }
    return PSE_OK;
}

double load_watch_cpu(const struct load_watch *w)
{
    double sum = 0;

    for (size_t i = 0; i < w->n; i++) {
        char text[STAT_MAX];
        unsigned long user, system;
        char *at;

        if (!read_proc(text, w->pid[i], "stat"))
            continue;
        at = strrchr(text, ')'); /* the name may contain anything */
        for (size_t k = 0; at != NULL && k <= TIMES_AFTER_NAME; k++)
            at = strchr(at + 1, ' ');
        if (at == NULL)
            continue;
        user = strtoul(at, &at, 10);
        system = strtoul(at, NULL, 10);
        sum += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    }
    return sum;
}

uint64_t load_watch_memory(const struct load_watch *w)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < w->n; i++) {
        char text[STAT_MAX];
        char *at;

        if (!read_proc(text, w->pid[i], "statm"))
            continue;
        at = strchr(text, ' ');
        if (at != NULL)
            sum += (uint64_t)strtoul(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    }
    return sum;
}

double load_own_cpu(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void load_machine(char model[96], long *processors)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];

    (void)snprintf(model, 96, "unknown");
    *processors = sysconf(_SC_NPROCESSORS_ONLN);
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) != 0 || colon == NULL)
            continue;
        (void)snprintf(model, 96, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (f != NULL)
        (void)fclose(f);
}
