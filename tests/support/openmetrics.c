#include "openmetrics.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME = 128, LINE = 1024, FAMILIES = 256, SERIES = 2048 };

struct judge {
    char families[FAMILIES][NAME];
    size_t family_count;
    char series[SERIES][NAME * 2];
    size_t series_count;
    char family[NAME];
    char type[16];
    char unit[NAME];
    bool help;
    bool sampled;
    double last_bound; /* of the histogram under way */
    double last_count;
    double inf_count;
    bool inf;
    bool count_seen;
    bool sum_seen;
};

static size_t name_length(const char *s)
{
    size_t n = 0;

    while ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') || s[n] == '_' ||
           (n > 0 && s[n] >= '0' && s[n] <= '9'))
        n++;
    return n;
}

static const char *end_family(const struct judge *j)
{
    size_t n = strlen(j->family);
    size_t u = strlen(j->unit);

    if (n == 0)
        return NULL;
    if (j->type[0] == '\0' || !j->help)
        return "a family without TYPE or HELP";
    if (!j->sampled)
        return "a family without samples";
    if (u > 0 &&
        (n <= u + 1 || strcmp(j->family + n - u, j->unit) != 0 || j->family[n - u - 1] != '_'))
        return "the name does not end with its unit";
    if (strcmp(j->type, "histogram") == 0 && (!j->inf || !j->count_seen || !j->sum_seen))
        return "a histogram without +Inf, _count or _sum";
    return NULL;
}

static const char *begin_family(struct judge *j, const char *name, size_t n)
{
    const char *fault = end_family(j);

    if (fault != NULL)
        return fault;
    for (size_t i = 0; i < j->family_count; i++) {
        if (strlen(j->families[i]) == n && strncmp(j->families[i], name, n) == 0)
            return "a family in two pieces";
    }
    if (j->family_count == FAMILIES || n >= NAME)
        return "too much for this judge";
    snprintf(j->families[j->family_count++], NAME, "%.*s", (int)n, name);
    snprintf(j->family, NAME, "%.*s", (int)n, name);
    j->type[0] = j->unit[0] = '\0';
    j->help = j->sampled = j->inf = j->count_seen = j->sum_seen = false;
    j->last_bound = -1;
    j->last_count = j->inf_count = 0;
    return NULL;
}

static const char *metadata(struct judge *j, const char *line)
{
    const char *kind = line + 2;
    const char *name = kind + 5;
    const char *rest;
    size_t n;
    const char *fault;

    if (strncmp(kind, "TYPE ", 5) != 0 && strncmp(kind, "UNIT ", 5) != 0 &&
        strncmp(kind, "HELP ", 5) != 0)
        return "a comment that is no metadata";
    n = name_length(name);
    if (n == 0 || name[n] != ' ')
        return "metadata without a name";
    rest = name + n + 1;
    if (strlen(j->family) != n || strncmp(j->family, name, n) != 0) {
        fault = begin_family(j, name, n);
        if (fault != NULL)
            return fault;
    }
    if (j->sampled)
        return "metadata behind samples";
    if (*kind == 'T') {
        if (j->type[0] != '\0')
            return "TYPE twice";
        if (strcmp(rest, "counter") != 0 && strcmp(rest, "gauge") != 0 &&
            strcmp(rest, "histogram") != 0)
            return "an unknown type";
        snprintf(j->type, sizeof j->type, "%s", rest);
    } else if (*kind == 'U') {
        if (j->unit[0] != '\0' || name_length(rest) != strlen(rest) || *rest == '\0' ||
            strlen(rest) >= NAME)
            return "UNIT twice or malformed";
        memcpy(j->unit, rest, strlen(rest) + 1);
    } else {
        if (j->help)
            return "HELP twice";
        j->help = true;
    }
    return NULL;
}

/* name="value" pairs up to the brace; *le is the value of that label. */
static const char *labels(const char **at, char le[NAME])
{
    const char *p = *at + 1;

    for (;;) {
        size_t n = name_length(p);
        const char *value;
        bool is_le = n == 2 && strncmp(p, "le", 2) == 0;

        if (n == 0 || p[n] != '=' || p[n + 1] != '"')
            return "a malformed label";
        value = p += n + 2;
        for (; *p != '"'; p++) {
            if (*p == '\0' || (*p == '\\' && p[1] != '\\' && p[1] != '"' && p[1] != 'n'))
                return "a malformed label value";
            if (*p == '\\')
                p++;
        }
        if (is_le)
            snprintf(le, NAME, "%.*s", (int)(p - value), value);
        p++;
        if (*p == '}')
            break;
        if (*p++ != ',')
            return "labels not joined by commas";
    }
    *at = p + 1;
    return NULL;
}

static bool read_number(double *out, const char *text, bool fraction)
{
    const char *p = *text == '-' ? text + 1 : text;
    const char *point;
    char *end;

    if (strcmp(text, "+Inf") == 0) {
        *out = 1e300;
        return true;
    }
    if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    if (strspn(p, "0123456789.") != strlen(p))
        return false;
    point = strchr(p, '.');
    if (point != NULL && (point[1] == '\0' || strchr(point + 1, '.') != NULL))
        return false;
    if (fraction && point == NULL)
        return false;
    *out = strtod(text, &end);
    return *end == '\0';
}

static const char *histogram(struct judge *j, const char *suffix, const char *le, double x)
{
    double bound;

    if (strcmp(suffix, "_sum") == 0) {
        j->sum_seen = true;
        return NULL;
    }
    if (strcmp(suffix, "_count") == 0) {
        j->count_seen = true;
        return !j->inf || x != j->inf_count ? "_count differs from the last bucket" : NULL;
    }
    if (strcmp(suffix, "_bucket") != 0 || le[0] == '\0' || !read_number(&bound, le, true))
        return "a histogram's sample without a canonical le";
    if (bound <= j->last_bound || x < j->last_count || j->inf)
        return "buckets that do not ascend";
    j->last_bound = bound;
    j->last_count = x;
    if (strcmp(le, "+Inf") == 0) {
        j->inf = true;
        j->inf_count = x;
    }
    return NULL;
}

static const char *sample(struct judge *j, const char *line)
{
    size_t family = strlen(j->family);
    size_t n = name_length(line);
    const char *p = line + n;
    const char *fault;
    char suffix[NAME];
    char le[NAME] = "";
    double x;

    if (family == 0 || n < family || strncmp(line, j->family, family) != 0 || n - family >= NAME)
        return "a sample outside its family";
    snprintf(suffix, sizeof suffix, "%.*s", (int)(n - family), line + family);
    if (*p == '{' && (fault = labels(&p, le)) != NULL)
        return fault;
    if (*p != ' ' || !read_number(&x, p + 1, false))
        return "a malformed value";
    for (size_t i = 0; i < j->series_count; i++) {
        if (strlen(j->series[i]) == (size_t)(p - line) &&
            strncmp(j->series[i], line, (size_t)(p - line)) == 0)
            return "a series twice";
    }
    if (j->series_count == SERIES || p - line >= NAME * 2)
        return "too much for this judge";
    snprintf(j->series[j->series_count++], NAME * 2, "%.*s", (int)(p - line), line);
    j->sampled = true;
    if (strcmp(j->type, "histogram") == 0)
        return histogram(j, suffix, le, x);
    if (strcmp(j->type, "counter") == 0)
        return strcmp(suffix, "_total") != 0 || x < 0 ? "a counter that is no _total or negative"
                                                      : NULL;
    return suffix[0] != '\0' ? "a gauge with a suffix" : NULL;
}

static const char *judge_lines(struct judge *j, const char *text)
{
    char line[LINE];

    for (;;) {
        const char *end = strchr(text, '\n');
        const char *fault;

        if (end == NULL || end - text >= LINE)
            return "a line without end or longer than this judge reads";
        snprintf(line, sizeof line, "%.*s", (int)(end - text), text);
        text = end + 1;
        if (strcmp(line, "# EOF") == 0)
            return *text != '\0' ? "something behind # EOF" : end_family(j);
        fault = strncmp(line, "# ", 2) == 0 ? metadata(j, line) : sample(j, line);
        if (fault != NULL)
            return fault;
    }
}

const char *openmetrics_fault(const char *text)
{
    struct judge *j = calloc(1, sizeof *j);
    const char *fault;

    PSE_REQUIRE(j != NULL);
    fault = judge_lines(j, text);
    free(j);
    return fault;
}
