#define _GNU_SOURCE /* O_PATH, openat2 */
#include "static.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "codec/text.h"

#define YEAR  "public, max-age=31536000, immutable"
#define OCTET "application/octet-stream"

const struct pse_static_rule pse_static_record[PSE_STATIC_RECORD_RULES] = {
    {"checkpoint", NULL, "text/plain; charset=utf-8", "public, max-age=2", false},
    {"tile/entries/", NULL, OCTET, YEAR, true},
    {"tile/", NULL, OCTET, YEAR, false}, /* hashes do not shrink */
    {"blob/", NULL, OCTET, YEAR, true},
};

struct pse_static {
    int fd;
    const struct pse_static_rule *rules;
    size_t n;
};

pse_rc pse_static_new(struct pse_static **out, const char *path,
                      const struct pse_static_rule *rules, size_t n)
{
    struct pse_static *s = malloc(sizeof *s);

    *out = NULL;
    if (s == NULL)
        return PSE_E_MEMORY;
    *s = (struct pse_static){open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), rules, n};
    if (s->fd < 0) {
        pse_rc rc = errno == ENOENT || errno == ENOTDIR ? PSE_E_MISSING : PSE_E_IO;

        free(s);
        return rc;
    }
    *out = s;
    return PSE_OK;
}

void pse_static_free(struct pse_static *s)
{
    if (s == NULL)
        return;
    (void)close(s->fd);
    free(s);
}

/* --- which file ----------------------------------------------------------------------------------
 */

static const struct pse_static_rule *rule_of(const struct pse_static *s, const char *name)
{
    size_t name_n = strlen(name);

    for (size_t i = 0; i < s->n; i++) {
        const struct pse_static_rule *r = &s->rules[i];
        size_t n = strlen(r->path);
        size_t end_n = r->end == NULL ? 0 : strlen(r->end);
        bool below = n == 0 || r->path[n - 1] == '/';

        if (strncmp(name, r->path, n) != 0 || (!below && name_n != n) || (below && name_n <= n))
            continue;
        if (end_n == 0 || (name_n > end_n && strcmp(name + name_n - end_n, r->end) == 0))
            return r;
    }
    return NULL;
}

/* Only below the folder, and through no symbolic link. */
static int open_below(int folder, const char *name)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, folder, name, &how, sizeof how);
}

/* A regular file, or -1 with errno. */
static int open_file(struct stat *st, const struct pse_static *s, const char *name)
{
    int fd = open_below(s->fd, name);

    if (fd < 0)
        return -1;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    (void)close(fd);
    errno = ENOENT;
    return -1;
}

/* --- what the client wants
 * ------------------------------------------------------------------------ */

/* The next element of a comma-separated list, without white space around it. */
static bool next_item(struct pse_span *item, struct pse_span *list)
{
    const uint8_t *comma;

    if (list->n == 0)
        return false;
    comma = memchr(list->p, ',', list->n);
    *item = pse_span(list->p, comma == NULL ? list->n : (size_t)(comma - list->p));
    *list = comma == NULL ? pse_span(NULL, 0) : pse_span(comma + 1, list->n - item->n - 1);
    while (item->n > 0 && (item->p[0] == ' ' || item->p[0] == '\t'))
        *item = pse_span(item->p + 1, item->n - 1);
    while (item->n > 0 && (item->p[item->n - 1] == ' ' || item->p[item->n - 1] == '\t'))
        item->n--;
    return true;
}

/* "gzip" without parameters, or with a weight that is not zero. */
static bool is_gzip(struct pse_span item)
{
    static const char word[] = "gzip";
    size_t n = sizeof word - 1;

    if (item.n < n || strncasecmp((const char *)item.p, word, n) != 0)
        return false;
    if (item.n == n)
        return true;
    for (size_t i = n; i < item.n; i++)
        if (item.p[i] >= '1' && item.p[i] <= '9')
            return item.p[n] == ';' || item.p[n] == ' ';
    return false;
}

static bool accepts_gzip(const struct pse_http_call *c)
{
    struct pse_span list;
    struct pse_span item;

    if (!pse_http_header(&list, c, "accept-encoding"))
        return false;
    while (next_item(&item, &list))
        if (is_gzip(item))
            return true;
    return false;
}

static bool has_tag(const struct pse_http_call *c, const char *tag)
{
    struct pse_span list;
    struct pse_span item;

    if (!pse_http_header(&list, c, "if-none-match"))
        return false;
    while (next_item(&item, &list)) {
        if (item.n > 2 && item.p[0] == 'W' && item.p[1] == '/')
            item = pse_span(item.p + 2, item.n - 2);
        if (pse_span_is_str(item, tag) || pse_span_is_str(item, "*"))
            return true;
    }
    return false;
}

enum range { RANGE_WHOLE, RANGE_PART, RANGE_NONE };

/* One range of bytes; anything else counts as not asked for (RFC 9110 section 14.2). */
static enum range read_range(uint64_t *from, uint64_t *n, struct pse_span value, uint64_t size)
{
    static const char unit[] = "bytes=";
    size_t unit_n = sizeof unit - 1;
    const uint8_t *hyphen;
    struct pse_span first;
    struct pse_span last;
    uint64_t a = 0;
    uint64_t b = UINT64_MAX;

    if (value.n <= unit_n || strncasecmp((const char *)value.p, unit, unit_n) != 0)
        return RANGE_WHOLE;
    value = pse_span(value.p + unit_n, value.n - unit_n);
    hyphen = memchr(value.p, '-', value.n);
    if (hyphen == NULL)
        return RANGE_WHOLE;
    first = pse_span(value.p, (size_t)(hyphen - value.p));
    last = pse_span(hyphen + 1, value.n - first.n - 1);
    if ((first.n > 0 && pse_decimal_decode(&a, first) != PSE_OK) ||
        (last.n > 0 && pse_decimal_decode(&b, last) != PSE_OK) || first.n + last.n == 0 ||
        (first.n > 0 && b < a))
        return RANGE_WHOLE;
    if (first.n == 0) { /* the last b bytes */
        a = b < size ? size - b : 0;
        if (b == 0)
            return RANGE_NONE;
        b = UINT64_MAX;
    }
    if (a >= size)
        return RANGE_NONE;
    *from = a;
    *n = (b < size ? b + 1 : size) - a;
    return RANGE_PART;
}

static enum range wanted_range(uint64_t *from, uint64_t *n, const struct pse_http_call *c,
                               const char *tag, uint64_t size)
{
    struct pse_span value;
    struct pse_span condition;

    *from = 0;
    *n = size;
    if (pse_http_method(c) != PSE_HTTP_GET || !pse_http_header(&value, c, "range"))
        return RANGE_WHOLE;
    if (pse_http_header(&condition, c, "if-range") && !pse_span_is_str(condition, tag))
        return RANGE_WHOLE;
    return read_range(from, n, value, size);
}

/* --- the answer
 * ----------------------------------------------------------------------------------- */

enum { TAG = 80 };

/* A file is replaced by renaming, never changed, so its inode and times name its content. */
static void put_tag(char tag[TAG], const struct stat *st, bool gzip)
{
    (void)snprintf(tag, TAG, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "%s\"", (uint64_t)st->st_ino,
                   (uint64_t)st->st_size,
                   (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec,
                   gzip ? "-gz" : "");
}

static void put_headers(struct pse_http_answer *a, const struct pse_static_rule *r, const char *tag,
                        bool gzip)
{
    pse_http_answer_header(a, "Cache-Control", r->cache);
    pse_http_answer_header(a, "Access-Control-Allow-Origin", "*");
    pse_http_answer_header(a, "ETag", tag);
    if (r->gzip)
        pse_http_answer_header(a, "Vary", "Accept-Encoding");
    if (gzip)
        pse_http_answer_header(a, "Content-Encoding", "gzip");
    else
        pse_http_answer_header(a, "Accept-Ranges", "bytes");
}

static void put_content_range(struct pse_http_answer *a, uint64_t from, uint64_t n, uint64_t size)
{
    char text[80];

    if (n > 0)
        (void)snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from,
                       from + n - 1, size);
    else
        (void)snprintf(text, sizeof text, "bytes */%" PRIu64, size);
    pse_http_answer_header(a, "Content-Range", text);
}

static void send_file(struct pse_http_call *c, const struct pse_static_rule *r, int fd,
                      const struct stat *st, bool gzip)
{
    struct pse_http_answer a = {.status = 200, .type = r->type, .is_file = true, .fd = fd};
    uint64_t size = (uint64_t)st->st_size;
    char tag[TAG];

    put_tag(tag, st, gzip);
    put_headers(&a, r, tag, gzip);
    a.length = size;
    if (has_tag(c, tag)) {
        a.status = 304;
        a.type = NULL;
        a.length = 0;
        pse_http_answer(c, &a);
        return;
    }
    switch (gzip ? RANGE_WHOLE : wanted_range(&a.offset, &a.length, c, tag, size)) {
    case RANGE_WHOLE: break;
    case RANGE_PART:
        a.status = 206;
        put_content_range(&a, a.offset, a.length, size);
        break;
    case RANGE_NONE:
        a.status = 416;
        a.type = NULL;
        a.length = 0;
        put_content_range(&a, 0, 0, size);
        break;
    }
    pse_http_answer(c, &a);
}

static void refuse_file(struct pse_http_call *c)
{
    bool missing = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EXDEV ||
                   errno == EACCES || errno == EISDIR || errno == ENAMETOOLONG;

    pse_http_problem(c, missing ? 404 : 503, missing ? "not-found" : "busy");
}

static void serve(struct pse_static *s, struct pse_http_call *c)
{
    struct pse_span tail = pse_http_tail(c);
    char name[PSE_STATIC_PATH_MAX + sizeof ".gz"];
    const struct pse_static_rule *r;
    struct pse_span range;
    struct stat st;
    int fd;

    if (tail.n == 0 || tail.n > PSE_STATIC_PATH_MAX) {
        pse_http_problem(c, 404, "not-found");
        return;
    }
    memcpy(name, tail.p, tail.n);
    name[tail.n] = '\0';
    r = rule_of(s, name);
    if (r == NULL) {
        pse_http_problem(c, 404, "not-found");
        return;
    }
    if (r->gzip && accepts_gzip(c) && !pse_http_header(&range, c, "range")) {
        memcpy(name + tail.n, ".gz", sizeof ".gz");
        fd = open_file(&st, s, name);
        if (fd >= 0) {
            send_file(c, r, fd, &st, true);
            return;
        }
        name[tail.n] = '\0';
    }
    fd = open_file(&st, s, name);
    if (fd < 0)
        refuse_file(c);
    else
        send_file(c, r, fd, &st, false);
}

void pse_static_handle(void *ctx, struct pse_http_call *const *call, size_t n)
{
    for (size_t i = 0; i < n; i++)
        serve(ctx, call[i]);
}
