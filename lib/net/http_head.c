/* The head of a request: form, limits, route. Everything here is before the body and before any
 * memory beyond the call's own. */
#include <strings.h>

#include "codec/text.h"
#include "http_core.h"

#define REFUSE(code, name)   \
    do {                     \
        *status = (code);    \
        *slug = (name);      \
        return PSE_E_SYNTAX; \
    } while (0)

static bool is_token(struct pse_span s)
{
    static const char odd[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!alnum && (c == 0 || strchr(odd, c) == NULL))
            return false;
    }
    return s.n > 0;
}

static bool is_value(struct pse_span s)
{
    if (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
            return false;
    return true;
}

static bool is_named(struct pse_span name, const char *want)
{
    return name.n == strlen(want) && strncasecmp((const char *)name.p, want, name.n) == 0;
}

/* How often a header occurs; the first one's value. */
static size_t find(struct pse_span *value, const struct http_head *head, const char *name)
{
    size_t n = 0;

    *value = pse_span(NULL, 0);
    for (size_t i = 0; i < head->fields_n; i++)
        if (is_named(head->field[i].name, name) && n++ == 0)
            *value = head->field[i].value;
    return n;
}

static pse_rc check_sizes(const struct http_head *head, unsigned *status, const char **slug)
{
    if (head->method.n + head->target.n + head->version.n + 4 > PSE_HTTP_LINE_MAX)
        REFUSE(414, "uri-too-long");
    if (head->fields_n > PSE_HTTP_HEADERS_MAX || head->bytes > PSE_HTTP_HEAD_MAX)
        REFUSE(431, "headers-too-large");
    for (size_t i = 0; i < head->fields_n; i++)
        if (head->field[i].name.n + head->field[i].value.n + 4 > PSE_HTTP_HEADER_MAX)
            REFUSE(431, "headers-too-large");
    return PSE_OK;
}

static pse_rc check_form(const struct http_head *head, unsigned *status, const char **slug)
{
    struct pse_span host;
    size_t hosts = find(&host, head, "host");
    bool is_old = pse_span_is_str(head->version, "HTTP/1.0");

    if (head->is_odd || (!is_old && !pse_span_is_str(head->version, "HTTP/1.1")))
        REFUSE(400, "bad-request");
    for (size_t i = 0; i < head->fields_n; i++)
        if (!is_token(head->field[i].name) || !is_value(head->field[i].value))
            REFUSE(400, "bad-request");
    if (hosts > 1 || (hosts == 0 && !is_old))
        REFUSE(400, "bad-request");
    return PSE_OK;
}

/* --- the target --------------------------------------------------------------------------------
 */

/* Characters of a path that mean themselves in every reading. What is well known (RFC 8615) begins
 * with the one segment that may have a dot in front. */
static bool is_path(struct pse_span path)
{
    static const char known[] = "/.well-known/";
    const size_t n = sizeof known - 1;

    for (size_t i = path.n > n && memcmp(path.p, known, n) == 0 ? n : 0; i < path.n; i++) {
        uint8_t c = path.p[i];
        bool starts = i > 0 && path.p[i - 1] == '/'; /* a segment */

        if (c <= 0x20 || c >= 0x7f || strchr("%\\\"<>^`{|}#?;", c) != NULL)
            return false;
        if (starts && (c == '/' || c == '.')) /* no empty, hidden, "." or ".." segments */
            return false;
    }
    return path.n > 0 && path.p[0] == '/';
}

static bool is_query(struct pse_span query)
{
    for (size_t i = 0; i < query.n; i++)
        if (query.p[i] <= 0x20 || query.p[i] >= 0x7f || query.p[i] == '#')
            return false;
    return true;
}

static bool fits(const struct pse_http_route *r, struct pse_span path)
{
    size_t n = strlen(r->path);

    if (n > path.n || memcmp(r->path, path.p, n) != 0)
        return false;
    return r->path[n - 1] == '/' ? n < path.n || n == 1 : n == path.n;
}

/* Among the routes of this path, the longest; the one of this method if there is one. */
static const struct pse_http_route *match(const struct pse_http_options *o, struct pse_span path,
                                          unsigned method)
{
    const struct pse_http_route *best = NULL;

    for (size_t i = 0; i < o->routes; i++) {
        const struct pse_http_route *r = &o->route[i];
        size_t more = best == NULL ? 1 : strlen(r->path) - strlen(best->path);

        if (!fits(r, path) || (best != NULL && strlen(r->path) < strlen(best->path)))
            continue;
        if (more > 0 || (r->methods & method) != 0)
            best = r;
    }
    return best;
}

static pse_rc find_route(struct pse_http_call *c, const struct http_head *head, unsigned *status,
                         const char **slug)
{
    const uint8_t *mark = memchr(head->target.p, '?', head->target.n);
    size_t path_n = mark == NULL ? head->target.n : (size_t)(mark - head->target.p);
    unsigned method = 0;
    bool is_query_there = mark != NULL;

    if (head->target.n == 0 || head->target.p[0] != '/')
        REFUSE(400, "bad-request"); /* absolute form, authority form, asterisk */
    c->path = pse_span(head->target.p, path_n);
    c->query =
        pse_span(mark == NULL ? NULL : mark + 1, mark == NULL ? 0 : head->target.n - path_n - 1);
    if (!is_path(c->path) || !is_query(c->query))
        REFUSE(404, "not-found");
    if (pse_span_is_str(head->method, "GET"))
        method = PSE_HTTP_GET;
    else if (pse_span_is_str(head->method, "HEAD"))
        method = PSE_HTTP_HEAD;
    else if (pse_span_is_str(head->method, "POST"))
        method = PSE_HTTP_POST;
    else if (pse_span_is_str(head->method, "PUT"))
        method = PSE_HTTP_PUT;
    else if (pse_span_is_str(head->method, "DELETE"))
        method = PSE_HTTP_DELETE;
    c->method = method == 0 ? PSE_HTTP_GET : (enum pse_http_method)method;
    c->route = match(&c->server->o, c->path, method == PSE_HTTP_HEAD ? PSE_HTTP_GET : method);
    if (c->route == NULL || (is_query_there && !c->route->query))
        REFUSE(404, "not-found");
    if ((c->route->methods & (method == PSE_HTTP_HEAD ? (unsigned)PSE_HTTP_GET : method)) == 0)
        REFUSE(405, "method");
    c->tail = pse_span(c->path.p + strlen(c->route->path), path_n - strlen(c->route->path));
    return PSE_OK;
}

static bool has_body(const struct pse_http_call *c)
{
    return c->method == PSE_HTTP_POST || c->method == PSE_HTTP_PUT;
}

/* --- the body that is announced -----------------------------------------------------------------
 */

static pse_rc check_length(struct pse_http_call *c, const struct http_head *head, unsigned *status,
                           const char **slug)
{
    struct pse_span length = {0};
    struct pse_span coding;
    size_t lengths = find(&length, head, "content-length");
    uint64_t n = 0;

    if (find(&coding, head, "transfer-encoding") > 0) {
        if (lengths > 0)
            REFUSE(400, "bad-request");
        REFUSE(411, "length-required");
    }
    if (lengths > 1 || (lengths == 1 && (pse_decimal_decode(&n, length) != PSE_OK)))
        REFUSE(400, "bad-request");
    if (!has_body(c)) {
        if (n > 0)
            REFUSE(400, "bad-request");
        return PSE_OK;
    }
    if (lengths == 0)
        REFUSE(411, "length-required");
    if (n > c->route->body_max)
        REFUSE(413, "too-large");
    c->body_want = (size_t)n;
    return PSE_OK;
}

static pse_rc check_post(const struct pse_http_call *c, const struct http_head *head,
                         unsigned *status, const char **slug)
{
    struct pse_span type;
    struct pse_span expect;
    size_t expects = find(&expect, head, "expect");

    if (expects > 1 || (expects == 1 && !(expect.n == 12 && strncasecmp((const char *)expect.p,
                                                                        "100-continue", 12) == 0)))
        REFUSE(417, "expectation");
    if (has_body(c) && c->route->type != NULL &&
        (find(&type, head, "content-type") != 1 || !pse_span_is_str(type, c->route->type)))
        REFUSE(415, "content-type");
    return PSE_OK;
}

pse_rc http_head_judge(struct pse_http_call *c, const struct http_head *head, unsigned *status,
                       const char **slug)
{
    PSE_TRY(check_sizes(head, status, slug));
    PSE_TRY(check_form(head, status, slug));
    PSE_TRY(find_route(c, head, status, slug));
    if (c->route->admit != NULL && !c->route->admit(c->route->admit_ctx, c, status, slug))
        return PSE_E_SYNTAX;
    PSE_TRY(check_length(c, head, status, slug));
    return check_post(c, head, status, slug);
}
