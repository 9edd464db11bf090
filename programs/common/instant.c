#include "common/instant.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char form[] = "dddd-dd-ddTdd:dd:ddZ"; /* d: a digit */
static const int64_t last = 253402300799;          /* 9999-12-31T23:59:59Z */

void instant_text(char out[INSTANT_TEXT], int64_t seconds)
{
    time_t t = (time_t)(seconds < 0 ? 0 : seconds > last ? last : seconds);
    struct tm tm;

    PSE_REQUIRE(gmtime_r(&t, &tm) != NULL);
    PSE_REQUIRE(strftime(out, INSTANT_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == INSTANT_TEXT - 1);
}

static int number(const char *text, size_t digits)
{
    int n = 0;

    for (size_t i = 0; i < digits; i++)
        n = 10 * n + (text[i] - '0');
    return n;
}

pse_rc instant_parse(int64_t *out, const char *text)
{
    char back[INSTANT_TEXT];
    struct tm tm = {0};

    if (strlen(text) != sizeof form - 1)
        return PSE_E_SYNTAX;
    for (size_t i = 0; form[i] != '\0'; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';

        if (form[i] == 'd' ? !is_digit : text[i] != form[i])
            return PSE_E_SYNTAX;
    }
    tm.tm_year = number(text, 4) - 1900;
    tm.tm_mon = number(text + 5, 2) - 1;
    tm.tm_mday = number(text + 8, 2);
    tm.tm_hour = number(text + 11, 2);
    tm.tm_min = number(text + 14, 2);
    tm.tm_sec = number(text + 17, 2);
    *out = (int64_t)timegm(&tm);
    /* What is not in the calendar comes back as another day. */
    instant_text(back, *out);
    return strcmp(back, text) == 0 ? PSE_OK : PSE_E_RANGE;
}
