/* The client against servers that mean no good: too long, too slow, cut off, redirecting, talking
 * nonsense; and many at once over kept connections. */
#include <pthread.h>

#include "codec/codec.h"
#include "net/fetch.h"

#include "net_server.h"

/* Answers every connection with the same bytes, slowly if asked to. */
struct canned {
    int fd;
    char url[PSE_HTTP_ADDRESS + 8];
    const char *text;
    size_t text_n;
    unsigned pause_ms; /* before each byte of the text; 0: at once */
    pthread_t thread;
};

static void *canned_main(void *arg)
{
    struct canned *c = arg;
    char request[4096];

    for (;;) {
        struct timespec nap = {0, (long)c->pause_ms * 1000000};
        int fd = accept(c->fd, NULL, NULL);

        if (fd < 0)
            return NULL;
        (void)recv(fd, request, sizeof request, 0);
        for (size_t i = 0; c->pause_ms > 0 && i < c->text_n && i < 40; i++) {
            if (send(fd, c->text + i, 1, MSG_NOSIGNAL) != 1)
                break;
            (void)nanosleep(&nap, NULL);
        }
        if (c->pause_ms == 0)
            raw_send(fd, c->text, c->text_n);
        close(fd);
    }
}

static void canned_start(struct canned *c, const char *text, size_t n, unsigned pause_ms)
{
    char address[PSE_HTTP_ADDRESS];

    *c = (struct canned){.text = text, .text_n = n, .pause_ms = pause_ms};
    assert_int_equal(pse_http_listen(&c->fd, address, "127.0.0.1:0"), PSE_OK);
    (void)snprintf(c->url, sizeof c->url, "%s/x", address);
    assert_int_equal(pthread_create(&c->thread, NULL, canned_main, c), 0);
}

static void canned_stop(struct canned *c)
{
    (void)shutdown(c->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(c->thread, NULL), 0);
    close(c->fd);
}

static struct pse_fetched fetch(const char *url, size_t max, unsigned deadline_ms)
{
    static const char *const keep[] = {"X-Kept", "Location"};
    struct pse_fetch want = {
        .url = url, .max = max, .deadline_ms = deadline_ms, .keep = keep, .kept = 2};
    struct pse_fetcher *f;
    struct pse_fetched got;

    assert_int_equal(pse_fetcher_new(&f, 2), PSE_OK);
    assert_int_equal(pse_fetch_one(&got, f, &want), PSE_OK);
    pse_fetcher_free(f);
    return got;
}

#define HEAD_200 "HTTP/1.1 200 OK\r\n"

static void answers(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
        unsigned status;
        const char *body;
    } row[] = {
        {HEAD_200 "Content-Length: 2\r\n\r\nok", PSE_OK, 200, "ok"},
        {HEAD_200 "Content-Length: 0\r\n\r\n", PSE_OK, 200, ""},
        {HEAD_200 "Content-Length: 10\r\n\r\n0123456789", PSE_OK, 200, "0123456789"},
        {HEAD_200 "Connection: close\r\n\r\nuntil the", PSE_OK, 200, "until the"},
        {"HTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx", PSE_OK, 404, "x"},
        {"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", PSE_OK,
         302, ""},
        {HEAD_200 "Content-Length: 11\r\n\r\n01234567890", PSE_E_LIMIT, 0, ""},
        {HEAD_200 "Content-Length: 99999999999\r\n\r\n0", PSE_E_LIMIT, 0, ""},
        {HEAD_200 "Connection: close\r\n\r\n01234567890", PSE_E_LIMIT, 0, ""},
        {HEAD_200 "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n", PSE_E_LIMIT, 0,
         ""},
        {HEAD_200 "Content-Length: 10\r\n\r\ncut", PSE_E_IO, 0, ""},
        {HEAD_200 "Content-Length: x\r\n\r\ncut", PSE_E_IO, 0, ""},
        {"hello", PSE_E_IO, 0, ""},
        {"", PSE_E_IO, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct canned c;
        struct pse_fetched got;

        canned_start(&c, row[i].text, strlen(row[i].text), 0);
        got = fetch(c.url, 10, 5000);
        if (got.rc != row[i].rc || got.status != row[i].status ||
            !pse_span_is_str(pse_buf_span(&got.body), row[i].body))
            fail_msg("row %zu: %s %u %.*s (%s)", i, pse_rc_name(got.rc), got.status,
                     (int)got.body.n, (const char *)got.body.p, got.why);
        pse_buf_free(&got.body);
        canned_stop(&c);
    }
}

static void headers(void **state)
{
    static char text[200000];
    static const char kept[] =
        HEAD_200 "x-kept:  a value \r\nX-Keptx: no\r\nContent-Length: 0\r\n\r\n";
    struct canned c;
    struct pse_fetched got;
    int n;

    (void)state;
    canned_start(&c, kept, sizeof kept - 1, 0);
    got = fetch(c.url, 10, 5000);
    assert_int_equal(got.rc, PSE_OK);
    assert_string_equal(got.value[0], "a value");
    assert_string_equal(got.value[1], "");
    pse_buf_free(&got.body);
    canned_stop(&c);

    n = sprintf(text, HEAD_200);
    while (n < 150000)
        n += sprintf(text + n, "X-Many: %0500d\r\n", 1);
    n += sprintf(text + n, "Content-Length: 0\r\n\r\n");
    canned_start(&c, text, (size_t)n, 0);
    got = fetch(c.url, 10, 5000);
    assert_int_equal(got.rc, PSE_E_LIMIT);
    pse_buf_free(&got.body);
    canned_stop(&c);
}

static void deadline(void **state)
{
    static const char text[] = HEAD_200 "Content-Length: 2\r\n\r\nok and more that never comes";
    struct canned c;
    struct pse_fetched got;

    (void)state;
    canned_start(&c, text, sizeof text - 1, 50);
    got = fetch(c.url, 10, 300);
    assert_int_equal(got.rc, PSE_E_IO);
    assert_true(got.late);
    canned_stop(&c);
    got = fetch("http://127.0.0.1:1/", 10, 2000); /* nobody there */
    assert_int_equal(got.rc, PSE_E_IO);
    assert_false(got.late);
}

static void refused_requests(void **state)
{
    static const char *const url[] = {
        "",          "x",         "ftp://x/", "file:///etc/passwd", "http://a b/",
        "http://\n", "HTTP://x/", "https//x"};
    static const char *const header[] = {"no colon", ": no name", "A: b\r\nC: d", "A: \x01"};
    struct pse_fetcher *f;
    struct pse_fetched got;
    char longest[3000];

    (void)state;
    assert_int_equal(pse_fetcher_new(&f, 2), PSE_OK);
    for (size_t i = 0; i < sizeof url / sizeof url[0]; i++) {
        struct pse_fetch want = {.url = url[i], .max = 10, .deadline_ms = 1000};

        assert_int_equal(pse_fetch_one(&got, f, &want), PSE_E_SYNTAX);
    }
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        struct pse_fetch want = {.url = "http://127.0.0.1:1/",
                                 .header = &header[i],
                                 .headers = 1,
                                 .max = 10,
                                 .deadline_ms = 1000};

        assert_int_equal(pse_fetch_one(&got, f, &want), PSE_E_SYNTAX);
    }
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "http://", 7);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(pse_fetch_one(&got, f, &(struct pse_fetch){.url = longest, .deadline_ms = 1}),
                     PSE_E_LIMIT);
    assert_int_equal(pse_fetch_pending(f), 0);
    pse_fetcher_free(f);
}

/* --- many at once --------------------------------------------------------------------------------
 */

static void echo(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        pse_http_answer_text(call[i], 200, "text/plain", pse_http_body(call[i]));
}

struct tally {
    size_t good;
    size_t left;
};

static void count(void *ctx, struct pse_fetched *got)
{
    struct tally *t = ctx;

    t->good += got->rc == PSE_OK && got->status == 200 && got->body.n == 3;
    t->left--;
}

static void many(void **state)
{
    static const struct pse_http_route route = {
        .methods = PSE_HTTP_POST, .path = "/x", .body_max = 10, .lane = 0, .handle = echo};
    struct pse_http_options o = {
        .route = &route, .routes = 1, .lane = {{.capacity = 200, .workers = 2}}};
    struct pse_http_counters counters;
    struct pse_fetcher *f;
    struct server s;
    char url[300];
    struct tally t = {0, 0};

    (void)state;
    server_start(&s, &o);
    (void)snprintf(url, sizeof url, "%s/x", s.address);
    assert_int_equal(pse_fetcher_new(&f, 8), PSE_OK);
    for (unsigned round = 0; round < 50; round++) {
        struct pse_fetch want = {
            .url = url, .post = true, .body = pse_span_str("abc"), .max = 10, .deadline_ms = 10000};

        for (unsigned i = 0; i < 8; i++, t.left++)
            assert_int_equal(pse_fetch_start(f, &want, count, &t), PSE_OK);
        while (t.left > 0)
            assert_int_equal(pse_fetch_wait(f, 1000), PSE_OK);
    }
    assert_int_equal(t.good, 400);
    pse_http_counters(&counters, s.http);
    assert_true(counters.requests == 400);
    assert_true(counters.connections <= 8); /* kept from round to round */
    pse_fetcher_free(f);
    pse_http_stop(s.http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),          cmocka_unit_test(headers), cmocka_unit_test(deadline),
        cmocka_unit_test(refused_requests), cmocka_unit_test(many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
