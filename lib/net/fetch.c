#include "fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

/* One request under way, on a handle of the fetcher's. */
struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    const char *const *keep;
    size_t kept;
    size_t head_n; /* bytes of headers so far */
    bool too_long;
    struct pse_fetched got;
    pse_fetch_done *done;
    void *ctx;
    struct transfer *next;
    struct transfer *before;
};

struct pse_fetcher {
    CURLM *multi;
    struct transfer *busy;
    size_t pending;
    struct transfer *idle; /* handles to use again */
};

/* --- the fetcher ------------------------------------------------------------------------------ */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static CURLcode library_rc;

static void library_start(void)
{
    library_rc = curl_global_init(CURL_GLOBAL_DEFAULT);
}

pse_rc pse_fetcher_new(struct pse_fetcher **out, unsigned connections)
{
    struct pse_fetcher *f = NULL;

    *out = NULL;
    PSE_REQUIRE(connections > 0);
    if (pthread_once(&library_once, library_start) != 0 || library_rc != CURLE_OK)
        return PSE_E_MEMORY;
    f = calloc(1, sizeof *f);
    if (f == NULL)
        return PSE_E_MEMORY;
    f->multi = curl_multi_init();
    if (f->multi == NULL ||
        curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)connections) != CURLM_OK) {
        pse_fetcher_free(f);
        return PSE_E_MEMORY;
    }
    *out = f;
    return PSE_OK;
}

static void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    pse_buf_free(&t->got.body);
    free(t);
}

void pse_fetcher_free(struct pse_fetcher *f)
{
    if (f == NULL)
        return;
    while (f->busy != NULL) {
        struct transfer *t = f->busy;

        f->busy = t->next;
        (void)curl_multi_remove_handle(f->multi, t->easy);
        transfer_free(t);
    }
    while (f->idle != NULL) {
        struct transfer *t = f->idle;

        f->idle = t->next;
        transfer_free(t);
    }
    if (f->multi != NULL)
        (void)curl_multi_cleanup(f->multi);
    free(f);
}

size_t pse_fetch_pending(const struct pse_fetcher *f)
{
    return f->pending;
}

/* --- what comes in -----------------------------------------------------------------------------
 */

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;

    n *= size; /* size is always 1 */
    if (n > t->got.body.max - t->got.body.n) {
        t->too_long = true;
        return 0;
    }
    pse_buf_put(&t->got.body, p, n);
    return t->got.body.rc == PSE_OK ? n : 0;
}

static void keep_value(struct transfer *t, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);
    const char *end = line + n;
    const char *value;

    if (colon == NULL)
        return;
    for (value = colon + 1; value < end && (*value == ' ' || *value == '\t'); value++)
        ;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    for (size_t i = 0; i < t->kept; i++) {
        size_t name_n = strlen(t->keep[i]);

        if (name_n != (size_t)(colon - line) || strncasecmp(t->keep[i], line, name_n) != 0 ||
            (size_t)(end - value) >= PSE_FETCH_VALUE_MAX ||
            memchr(value, '\0', (size_t)(end - value)) != NULL)
            continue;
        memcpy(t->got.value[i], value, (size_t)(end - value));
        t->got.value[i][end - value] = '\0';
    }
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;

    n *= size;
    t->head_n += n;
    if (t->head_n > PSE_FETCH_HEAD_MAX) {
        t->too_long = true;
        return 0;
    }
    if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) /* of an interim answer, a redirect, or the last */
        memset(t->got.value, 0, sizeof t->got.value);
    else
        keep_value(t, p, n);
    return n;
}

/* --- what goes out -----------------------------------------------------------------------------
 */

static pse_rc url_check(const char *url)
{
    size_t n = strlen(url);

    if (n > PSE_FETCH_URL_MAX)
        return PSE_E_LIMIT;
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return PSE_E_SYNTAX;
    for (size_t i = 0; i < n; i++)
        if (url[i] <= 0x20 || url[i] > 0x7e)
            return PSE_E_SYNTAX;
    return PSE_OK;
}

static pse_rc header_check(const char *line)
{
    const char *colon = strchr(line, ':');

    if (colon == NULL || colon == line)
        return PSE_E_SYNTAX;
    for (const char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return PSE_E_SYNTAX;
    return PSE_OK;
}

static pse_rc request_check(const struct pse_fetcher *f, const struct pse_fetch *r)
{
    PSE_REQUIRE(r->kept <= PSE_FETCH_KEEP && r->deadline_ms > 0);
    PSE_TRY(url_check(r->url));
    if (r->headers > PSE_FETCH_SEND_HEADERS || f->pending >= PSE_FETCH_AT_ONCE)
        return PSE_E_LIMIT;
    for (size_t i = 0; i < r->headers; i++)
        PSE_TRY(header_check(r->header[i]));
    return PSE_OK;
}

static bool add_header(struct transfer *t, const char *line)
{
    struct curl_slist *list = curl_slist_append(t->headers, line);

    if (list != NULL)
        t->headers = list;
    return list != NULL;
}

/* An option whose value the library copies or only notes: it fails for want of memory alone. */
#define SET(t, option, value) (curl_easy_setopt((t)->easy, (option), (value)) == CURLE_OK)

static bool set_safety(struct transfer *t, const struct pse_fetch *r)
{
    const char *protocols = strncmp(r->url, "https:", 6) == 0 ? "https" : "http,https";
    long deadline = (long)r->deadline_ms;

    return SET(t, CURLOPT_NOSIGNAL, 1L) && SET(t, CURLOPT_PROXY, "") &&
           SET(t, CURLOPT_PROTOCOLS_STR, "http,https") &&
           SET(t, CURLOPT_REDIR_PROTOCOLS_STR, protocols) && SET(t, CURLOPT_TIMEOUT_MS, deadline) &&
           SET(t, CURLOPT_CONNECTTIMEOUT_MS, deadline) &&
           SET(t, CURLOPT_FOLLOWLOCATION, r->redirects > 0 ? 1L : 0L) &&
           SET(t, CURLOPT_MAXREDIRS, (long)r->redirects) &&
           SET(t, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)r->max) && SET(t, CURLOPT_TCP_NODELAY, 1L);
}

static bool set_request(struct transfer *t, const struct pse_fetch *r)
{
    bool good = SET(t, CURLOPT_URL, r->url) && SET(t, CURLOPT_PRIVATE, (void *)t) &&
                SET(t, CURLOPT_WRITEFUNCTION, on_body) && SET(t, CURLOPT_WRITEDATA, (void *)t) &&
                SET(t, CURLOPT_HEADERFUNCTION, on_header) && SET(t, CURLOPT_HEADERDATA, (void *)t);

    if (r->post)
        good = good && SET(t, CURLOPT_POST, 1L) &&
               SET(t, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n) &&
               SET(t, CURLOPT_COPYPOSTFIELDS, r->body.n > 0 ? (const void *)r->body.p : "") &&
               add_header(t, "Expect:"); /* no round trip in front of the body */
    for (size_t i = 0; i < r->headers; i++)
        good = good && add_header(t, r->header[i]);
    if (r->ca != NULL)
        good = good && SET(t, CURLOPT_CAINFO, r->ca);
    if (r->unix_path != NULL)
        good = good && SET(t, CURLOPT_UNIX_SOCKET_PATH, r->unix_path);
    return good && SET(t, CURLOPT_HTTPHEADER, t->headers);
}

static struct transfer *transfer_take(struct pse_fetcher *f)
{
    struct transfer *t = f->idle;

    if (t != NULL) {
        f->idle = t->next;
        return t;
    }
    t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->easy = curl_easy_init();
    if (t->easy == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

/* Ready for the next request: the library keeps the connection, the buffers go. */
static void transfer_give(struct pse_fetcher *f, struct transfer *t)
{
    curl_easy_reset(t->easy);
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    pse_buf_free(&t->got.body);
    t->next = f->idle;
    f->idle = t;
}

pse_rc pse_fetch_start(struct pse_fetcher *f, const struct pse_fetch *r, pse_fetch_done *done,
                       void *ctx)
{
    struct transfer *t;

    PSE_TRY(request_check(f, r));
    t = transfer_take(f);
    if (t == NULL)
        return PSE_E_MEMORY;
    memset(&t->got, 0, sizeof t->got);
    t->got.body = PSE_BUF(r->max);
    t->keep = r->keep;
    t->kept = r->kept;
    t->head_n = 0;
    t->too_long = false;
    t->done = done;
    t->ctx = ctx;
    if (!set_safety(t, r) || !set_request(t, r) ||
        curl_multi_add_handle(f->multi, t->easy) != CURLM_OK) {
        transfer_give(f, t);
        return PSE_E_MEMORY;
    }
    t->before = NULL;
    t->next = f->busy;
    if (f->busy != NULL)
        f->busy->before = t;
    f->busy = t;
    f->pending++;
    return PSE_OK;
}

/* --- waiting -----------------------------------------------------------------------------------
 */

static void judge(struct transfer *t, CURLcode code)
{
    struct pse_fetched *got = &t->got;
    long status = 0;

    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    got->status = status > 0 && status < 1000 ? (unsigned)status : 0;
    got->why = curl_easy_strerror(code);
    if (code == CURLE_OK)
        got->rc = PSE_OK;
    else if (t->too_long || code == CURLE_FILESIZE_EXCEEDED) {
        got->rc = PSE_E_LIMIT;
        got->why = "the answer is longer than allowed";
    } else if (got->body.rc != PSE_OK)
        got->rc = got->body.rc;
    else
        got->rc = PSE_E_IO;
    got->late = code == CURLE_OPERATION_TIMEDOUT;
    if (got->rc == PSE_OK)
        return;
    got->status = 0;
    memset(got->value, 0, sizeof got->value);
    pse_buf_free(&got->body);
}

static void take_out(struct pse_fetcher *f, struct transfer *t)
{
    (void)curl_multi_remove_handle(f->multi, t->easy);
    if (t->next != NULL)
        t->next->before = t->before;
    if (t->before != NULL)
        t->before->next = t->next;
    else
        f->busy = t->next;
    f->pending--;
}

static void finish(struct pse_fetcher *f, CURL *easy, CURLcode code)
{
    struct transfer *t = NULL;

    PSE_REQUIRE(curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t) == CURLE_OK && t != NULL);
    judge(t, code);
    take_out(f, t);
    t->done(t->ctx, &t->got);
    transfer_give(f, t);
}

static size_t finish_all(struct pse_fetcher *f)
{
    size_t finished = 0;
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(f->multi, &left)) != NULL) {
        if (m->msg != CURLMSG_DONE)
            continue;
        finish(f, m->easy_handle, m->data.result);
        finished++;
    }
    return finished;
}

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

pse_rc pse_fetch_wait(struct pse_fetcher *f, unsigned ms)
{
    uint64_t end = now_ms() + ms;

    for (;;) {
        uint64_t now;
        int running;

        if (curl_multi_perform(f->multi, &running) != CURLM_OK)
            return PSE_E_IO;
        if (finish_all(f) > 0 || f->pending == 0)
            return PSE_OK;
        now = now_ms();
        if (now >= end)
            return PSE_OK;
        if (curl_multi_poll(f->multi, NULL, 0, (int)(end - now), NULL) != CURLM_OK)
            return PSE_E_IO;
    }
}

struct one {
    struct pse_fetched *out;
    bool done;
};

static void on_one(void *ctx, struct pse_fetched *got)
{
    struct one *one = ctx;

    *one->out = *got;
    got->body = PSE_BUF(0);
    one->done = true;
}

/* The request refers to a frame that is about to be left. */
static void drop(struct pse_fetcher *f, const struct one *one)
{
    struct transfer *t = f->busy;

    while (t != NULL && t->ctx != one)
        t = t->next;
    if (t == NULL)
        return;
    take_out(f, t);
    transfer_give(f, t);
}

pse_rc pse_fetch_one(struct pse_fetched *out, struct pse_fetcher *f,
                     const struct pse_fetch *request)
{
    struct one one = {.out = out, .done = false};

    memset(out, 0, sizeof *out);
    PSE_TRY(pse_fetch_start(f, request, on_one, &one));
    while (!one.done) {
        pse_rc rc = pse_fetch_wait(f, request->deadline_ms);

        if (rc != PSE_OK) {
            drop(f, &one);
            return rc;
        }
    }
    return PSE_OK;
}
