#include "daemon/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t clock_ms(clockid_t id)
{
    struct timespec t = {0};

    PSE_REQUIRE(clock_gettime(id, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t pse_clock_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t pse_clock_steady_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

void pse_time_text(char out[PSE_TIME_TEXT], int64_t ms)
{
    const int64_t last = INT64_C(253402300799999);
    time_t s;
    struct tm tm = {0};

    ms = ms < 0 ? 0 : ms > last ? last : ms;
    s = (time_t)(ms / 1000);
    PSE_REQUIRE(gmtime_r(&s, &tm) != NULL);
    snprintf(out, PSE_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
             (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
             (unsigned)tm.tm_sec % 100, (unsigned)(ms % 1000));
}
