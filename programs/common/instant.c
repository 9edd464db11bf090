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

/* `Z`, or a sign, hours and minutes; seconds to be taken off. */
static pse_rc read_offset(int64_t *out, const char *text)
{
    static const char offset[] = "+dd:dd";

    *out = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return PSE_OK;
    if (strlen(text) != sizeof offset - 1 || (text[0] != '+' && text[0] != '-'))
        return PSE_E_SYNTAX;
    for (size_t i = 1; offset[i] != '\0'; i++) {
        if (offset[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != offset[i])
            return PSE_E_SYNTAX;
    }
    if (number(text + 1, 2) > 23 || number(text + 4, 2) > 59)
        return PSE_E_RANGE;
    *out = (text[0] == '-' ? -60 : 60) * (int64_t)(60 * number(text + 1, 2) + number(text + 4, 2));
    return PSE_OK;
}

pse_rc instant_read(int64_t *out, const char *text)
{
    char whole[INSTANT_TEXT];
    size_t at = INSTANT_TEXT - 2;
    int64_t offset;

    if (strlen(text) < INSTANT_TEXT - 1)
        return PSE_E_SYNTAX;
    memcpy(whole, text, at);
    memcpy(whole + at, "Z", 2);
    if (whole[10] == 't')
        whole[10] = 'T';
    if (text[at] == '.') {
        size_t digits = strspn(text + at + 1, "0123456789");

        if (digits == 0)
            return PSE_E_SYNTAX;
        at += 1 + digits;
    }
    PSE_TRY(read_offset(&offset, text + at));
    PSE_TRY(instant_parse(out, whole));
    *out -= offset;
    return *out < 0 ? PSE_E_RANGE : PSE_OK;
}
