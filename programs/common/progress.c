#include "common/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/screen.h"

enum { PROGRESS_CELLS = 24 };
static const double TERMINAL_EVERY = 0.1; /* seconds between two pictures of the bar */
static const double PLAIN_EVERY = 5.0;    /* seconds between two lines in a log */

static double clock_seconds(clockid_t id)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double progress_now(void)
{
    return clock_seconds(CLOCK_MONOTONIC);
}

double progress_cpu(void)
{
    return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

void progress_init(struct progress *p, const char *name, bool quiet)
{
    memset(p, 0, sizeof *p);
    p->name = name;
    p->quiet = quiet;
    p->terminal = screen_is_terminal(stderr);
}

static void put_seconds(char *out, size_t size, double s)
{
    uint64_t whole = s > 0 && s < 1e9 ? (uint64_t)(s + 0.5) : 0;

    if (whole >= 3600)
        snprintf(out, size, "%" PRIu64 " h %02" PRIu64 " min", whole / 3600, whole / 60 % 60);
    else if (whole >= 60)
        snprintf(out, size, "%" PRIu64 " min %02" PRIu64 " s", whole / 60, whole % 60);
    else
        snprintf(out, size, "%" PRIu64 " s", whole);
}

static void put_rate(char *out, size_t size, double rate)
{
    if (rate >= 1e6)
        snprintf(out, size, "%.1fM/s", rate / 1e6);
    else if (rate >= 1e4)
        snprintf(out, size, "%.0fk/s", rate / 1e3);
    else
        snprintf(out, size, rate < 10 ? "%.1f/s" : "%.0f/s", rate);
}

static void show(struct progress *p, double now, bool last)
{
    double spent = now - p->started;
    double rate = spent > 0 ? (double)p->done / spent : 0;
    double part = p->total > 0 ? (double)p->done / (double)p->total : 0;
    char bar[SCREEN_BAR_TEXT(PROGRESS_CELLS)];
    char speed[32];
    char time[48];

    put_rate(speed, sizeof speed, rate);
    put_seconds(time, sizeof time, last || part <= 0 ? spent : spent * (1 - part) / part);
    if (p->terminal)
        fputs("\r\033[K", stderr);
    else
        fprintf(stderr, "%s: ", p->name);
    fprintf(stderr, "%s", p->what);
    if (p->terminal && p->total > 0) {
        screen_bar(bar, sizeof bar, PROGRESS_CELLS, part);
        fprintf(stderr, " %s", bar);
    }
    if (p->total > 0)
        fprintf(stderr, " %3.0f%%", 100 * part);
    fprintf(stderr, " %" PRIu64, p->done);
    if (p->total > 0)
        fprintf(stderr, "/%" PRIu64, p->total);
    fprintf(stderr, " %s, %s%s%s", speed, last || part > 0 ? "" : "after ", time,
            last       ? ""
            : part > 0 ? " left"
                       : "");
    if (last || !p->terminal)
        fputc('\n', stderr);
    fflush(stderr);
    p->shown = now;
    p->visible = true;
}

void progress_step(struct progress *p, const char *what, uint64_t total)
{
    progress_end(p);
    p->what = what;
    p->total = total;
    p->done = 0;
    p->started = progress_now();
    p->shown = p->started;
    p->visible = false;
}

void progress_set(struct progress *p, uint64_t done)
{
    double now;

    p->done = done;
    if (p->quiet || p->what == NULL)
        return;
    now = progress_now();
    if (now - p->shown >= (p->terminal ? TERMINAL_EVERY : PLAIN_EVERY))
        show(p, now, false);
}

void progress_end(struct progress *p)
{
    if (p->what != NULL && p->visible && !p->quiet) {
        if (p->total > 0 && p->done > p->total)
            p->done = p->total;
        show(p, progress_now(), true);
    }
    p->what = NULL;
}
