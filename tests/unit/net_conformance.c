/* The server on raw sockets: what it makes of requests that two programs might read differently,
 * its limits at the value and one beyond, and connections that end early. */
#include "codec/codec.h"

#include "net_server.h"

enum { BODY_MAX = 1000, ANSWER_MAX = 65536 };

static struct server server;

/* Says what it got: path, query and length of body. */
static void echo(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        struct pse_buf b = PSE_BUF(10000);

        pse_wr_str(&b, "path=");
        pse_wr_span(&b, pse_http_path(call[i]));
        pse_wr_str(&b, " tail=");
        pse_wr_span(&b, pse_http_tail(call[i]));
        pse_wr_str(&b, " query=");
        pse_wr_span(&b, pse_http_query(call[i]));
        pse_wr_str(&b, " body=");
        pse_decimal_put(&b, pse_http_body(call[i]).n);
        pse_wr_str(&b, "\n");
        pse_http_answer_text(call[i], 200, "text/plain; charset=utf-8", pse_buf_span(&b));
        pse_buf_free(&b);
    }
}

static const struct pse_http_route routes[] = {
    {.methods = PSE_HTTP_GET, .path = "/now", .lane = PSE_HTTP_INLINE, .handle = echo},
    {.methods = PSE_HTTP_GET,
     .path = "/find",
     .query = true,
     .lane = PSE_HTTP_INLINE,
     .handle = echo},
    {.methods = PSE_HTTP_GET, .path = "/tree/", .lane = 0, .handle = echo},
    {.methods = PSE_HTTP_GET, .path = "/.well-known/x", .lane = 0, .handle = echo},
    {.methods = PSE_HTTP_GET, .path = "/.well-known/.x", .lane = 0, .handle = echo},
    {.methods = PSE_HTTP_POST, .path = "/put", .body_max = BODY_MAX, .lane = 0, .handle = echo},
    {.methods = PSE_HTTP_POST,
     .path = "/typed",
     .type = "application/x.test",
     .body_max = 10,
     .lane = 0,
     .handle = echo},
};

static int start(void **state)
{
    struct pse_http_options o = {
        .route = routes,
        .routes = sizeof routes / sizeof routes[0],
        .lane = {{.capacity = 64, .workers = 2}},
    };

    (void)state;
    server_start(&server, &o);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pse_http_stop(server.http);
    return 0;
}

#define HEAD "Host: x\r\nConnection: close\r\n"

static void requests(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
        const char *has; /* in the answer */
    } ask[] = {
        {"GET /now HTTP/1.1\r\n" HEAD "\r\n", 200, "path=/now tail= query= body=0"},
        {"GET /now HTTP/1.0\r\n\r\n", 200, "path=/now"},
        {"GET /find?a=1&b=%20 HTTP/1.1\r\n" HEAD "\r\n", 200, "query=a=1&b=%20 "},
        {"GET /find HTTP/1.1\r\n" HEAD "\r\n", 200, "query= "},
        {"GET /tree/0/x001/000.p/3 HTTP/1.1\r\n" HEAD "\r\n", 200, "tail=0/x001/000.p/3 "},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 5\r\n\r\nhello", 200, "body=5"},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 0\r\n\r\n", 200, "body=0"},
        {"POST /put HTTP/1.1\r\n" HEAD "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab", 0,
         "HTTP/1.1 200"},
        {"POST /typed HTTP/1.1\r\n" HEAD
         "Content-Type: application/x.test\r\nContent-Length: 1\r\n\r\na",
         200, "body=1"},
        {"HEAD /now HTTP/1.1\r\n" HEAD "\r\n", 200, "Content-Length: 30\r\n"},
        {"GET /now HTTP/1.1\r\nHost: x\r\nX-A:b\r\nX-C:  d\r\nConnection: close\r\n\r\n", 200,
         "path=/now"},
        {"GET /now HTTP/1.1\r\n" HEAD "X-Empty:\r\n\r\n", 200, "path=/now"},
        {"GET /now HTTP/1.1\r\nX-Empty:\r\n" HEAD "\r\n", 200, "path=/now"},

        /* routes */
        {"GET / HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /Now HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /now/ HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /now? HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /now?x HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree/ HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree/../now HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree/a/.. HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree/./a HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree//a HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree/.hidden HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /.well-known/x HTTP/1.1\r\n" HEAD "\r\n", 200, "path=/.well-known/x"},
        {"GET /.well-known/.x HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /.well-known/../now HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /.well-known//x HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /.well-known HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /.well HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree/.well-known/x HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree/%2e%2e/now HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /n%6fw HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /tree/a\\b HTTP/1.1\r\n" HEAD "\r\n", 404, "not-found"},
        {"GET /put HTTP/1.1\r\n" HEAD "\r\n", 405, "Allow: POST"},
        {"POST /now HTTP/1.1\r\n" HEAD "Content-Length: 0\r\n\r\n", 405, "Allow: GET, HEAD"},
        {"DELETE /now HTTP/1.1\r\n" HEAD "\r\n", 405, "problem:method"},
        {"OPTIONS /now HTTP/1.1\r\n" HEAD "\r\n", 405, "problem:method"},
        {"get /now HTTP/1.1\r\n" HEAD "\r\n", 405, "problem:method"},
        {"GET http://x/now HTTP/1.1\r\n" HEAD "\r\n", 400, "bad-request"},
        {"OPTIONS * HTTP/1.1\r\n" HEAD "\r\n", 400, "bad-request"},
        {"CONNECT x:1 HTTP/1.1\r\n" HEAD "\r\n", 400, "bad-request"},

        /* bodies */
        {"POST /put HTTP/1.1\r\n" HEAD "\r\n", 411, "length-required"},
        {"POST /put HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
         411, "length-required"},
        {"POST /put HTTP/1.1\r\n" HEAD "Transfer-Encoding: identity\r\n\r\n", 411,
         "length-required"},
        {"GET /now HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411,
         "length-required"},
        {"GET /now HTTP/1.1\r\n" HEAD "Content-Length: 1\r\n\r\na", 400, "bad-request"},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 1001\r\n\r\n", 413, "too-large"},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 18446744073709551615\r\n\r\n", 413, ""},
        {"POST /typed HTTP/1.1\r\n" HEAD "Content-Length: 1\r\n\r\na", 415, "content-type"},
        {"POST /typed HTTP/1.1\r\n" HEAD
         "Content-Type: application/x.test; v=1\r\nContent-Length: 1\r\n\r\na",
         415, "content-type"},
        {"POST /put HTTP/1.1\r\n" HEAD "Expect: a miracle\r\nContent-Length: 1\r\n\r\na", 417,
         "expectation"},

        /* smuggling */
        {"POST /put HTTP/1.1\r\n" HEAD
         "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab", 400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 2, 2\r\n\r\nab", 400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: +2\r\n\r\nab", 400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 02\r\n\r\nab", 400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: 0x2\r\n\r\nab", 400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length: -1\r\n\r\n", 400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length:\r\n\r\n", 400, ""},
        {"POST /put HTTP/1.1\r\n" HEAD "Content-Length : 2\r\n\r\nab", 400, ""},
        {"GET /now HTTP/1.1\r\n" HEAD "X-A : b\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\n" HEAD "X-A: b\r\n c\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\n" HEAD "X-A: b\r\n\tc\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\n X-A: b\r\n" HEAD "\r\n", 400, ""},
        {"GET /now HTTP/1.1\n" HEAD "\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\nHost: x\nConnection: close\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\nHost: x\rX-A: b\r\nConnection: close\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\n" HEAD "\n", 400, ""},
        {"GET /now HTTP/1.1\nHost: x \r\nConnection: close\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\nHost: x \nConnection: close\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\nHost: x \r\nConnection: close\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\nHost: x\t\r\nConnection: close\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\n" HEAD "no colon here\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\n" HEAD ": no name\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\n" HEAD "X-(A): b\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\n" HEAD "X-A: \x01\r\n\r\n", 400, ""},
        {"GET  /now HTTP/1.1\r\n" HEAD "\r\n", 400, ""},
        {"GET /now  HTTP/1.1\r\n" HEAD "\r\n", 400, ""},
        {"GET\t/now HTTP/1.1\r\n" HEAD "\r\n", 400, ""},
        {"GET /now HTTP/1.1 \r\n" HEAD "\r\n", 400, ""},
        {"GET /now HTTP/1.2\r\n" HEAD "\r\n", 400, ""},
        {"GET /now HTTP/2.0\r\n" HEAD "\r\n", 505, ""},
        {"GET /now http/1.1\r\n" HEAD "\r\n", 400, ""},
        {"GET /now\r\n" HEAD "\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\nConnection: close\r\n\r\n", 400, ""},
        {"GET /now HTTP/1.1\r\nHost: y\r\n" HEAD "\r\n", 400, ""},
    };
    static char answer[ANSWER_MAX];
    size_t bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof ask / sizeof ask[0]; i++) {
        size_t n = raw_ask(&server, ask[i].text, strlen(ask[i].text), answer, sizeof answer);
        unsigned status = status_of(answer);
        bool good = ask[i].status == 400 ? status == 400 || (ask[i].has[0] == '\0' && n == 0)
                                         : ask[i].status == 0 || status == ask[i].status;

        if (!good || strstr(answer, ask[i].has) == NULL) {
            print_error("%zu: %s\n-> %s", i, ask[i].text, answer);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* --- limits: the value, and one beyond -------------------------------------------------------- */

static unsigned ask_status(const char *text, size_t n)
{
    static char answer[ANSWER_MAX];

    (void)raw_ask(&server, text, n, answer, sizeof answer);
    return status_of(answer);
}

/* GET /find?xxx… whose request line has @p n bytes. */
static unsigned with_line(size_t n)
{
    static char text[16384];
    size_t head = strlen("GET /find? HTTP/1.1\r\n");
    char *at = text;

    at += sprintf(at, "GET /find?");
    memset(at, 'x', n - head);
    at += n - head;
    at += sprintf(at, " HTTP/1.1\r\n" HEAD "\r\n");
    return ask_status(text, (size_t)(at - text));
}

/* A request with @p count headers more, the first of them a line of @p n bytes. */
static unsigned with_headers(size_t count, size_t n)
{
    static char text[65536];
    char *at = text;

    at += sprintf(at, "GET /now HTTP/1.1\r\n" HEAD);
    for (size_t i = 0; i < count; i++) {
        at += sprintf(at, "X-A: ");
        if (i == 0) {
            memset(at, 'v', n - 7);
            at += n - 7;
        }
        at += sprintf(at, "\r\n");
    }
    at += sprintf(at, "\r\n");
    return ask_status(text, (size_t)(at - text));
}

static unsigned with_body(size_t n)
{
    static char text[4096];
    int head = sprintf(text, "POST /put HTTP/1.1\r\n" HEAD "Content-Length: %zu\r\n\r\n", n);

    memset(text + head, 'b', n);
    return ask_status(text, (size_t)head + n);
}

static void limits(void **state)
{
    static const char base[] = "GET /now HTTP/1.1\r\n" HEAD "\r\n";
    size_t room = PSE_HTTP_HEAD_MAX - (sizeof base - 1);

    (void)state;
    assert_int_equal(with_line(PSE_HTTP_LINE_MAX), 200);
    assert_int_equal(with_line(PSE_HTTP_LINE_MAX + 1), 414);
    assert_int_equal(with_line(8000), 414);
    assert_int_equal(with_headers(1, PSE_HTTP_HEADER_MAX), 200);
    assert_int_equal(with_headers(1, PSE_HTTP_HEADER_MAX + 1), 431);
    assert_int_equal(with_headers(PSE_HTTP_HEADERS_MAX - 2, 100), 200);
    assert_int_equal(with_headers(PSE_HTTP_HEADERS_MAX - 1, 100), 431);
    /* two headers that fill the head */
    for (size_t more = 0; more < 2; more++) {
        static char text[16384];
        size_t half = room / 2;
        char *at = text;

        at += sprintf(at, "GET /now HTTP/1.1\r\n" HEAD "X-A: ");
        memset(at, 'v', half - 7);
        at += half - 7;
        at += sprintf(at, "\r\nX-B: ");
        memset(at, 'v', room - half - 7 + more);
        at += room - half - 7 + more;
        at += sprintf(at, "\r\n\r\n");
        assert_int_equal((size_t)(at - text), PSE_HTTP_HEAD_MAX + more);
        assert_int_equal(ask_status(text, (size_t)(at - text)), more == 0 ? 200 : 431);
    }
    assert_int_equal(with_body(BODY_MAX), 200);
    assert_int_equal(with_body(BODY_MAX + 1), 413);
    /* far beyond: the library's own refusal or an end of the connection, never an answer */
    assert_int_not_equal(with_headers(2000, 100), 200);
}

/* --- connections -------------------------------------------------------------------------------
 */

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        n++;
    return n;
}

static void pipelining(void **state)
{
    static const char text[] = "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"
                               "POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                               "GET /tree/a HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                               "HEAD /tree/b HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /find?last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    static char answer[ANSWER_MAX];

    (void)state;
    (void)raw_ask(&server, text, sizeof text - 1, answer, sizeof answer);
    assert_int_equal(count_of(answer, "HTTP/1.1 200"), 5);
    assert_int_equal(count_of(answer, "HTTP/1.1 404"), 1);
    assert_non_null(strstr(answer, "body=3"));
    assert_non_null(strstr(answer, "tail=a "));
    assert_null(strstr(answer, "tail=b ")); /* HEAD */
    assert_non_null(strstr(answer, "query=last"));
}

/* What stands behind a refused body is never taken for a request. */
static void nothing_behind_a_refusal(void **state)
{
    static const char text[] = "POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n"
                               "GET /now HTTP/1.1\r\nHost: x\r\n\r\n";
    static char answer[ANSWER_MAX];

    (void)state;
    (void)raw_ask(&server, text, sizeof text - 1, answer, sizeof answer);
    assert_int_equal(status_of(answer), 413);
    assert_int_equal(count_of(answer, "HTTP/1.1"), 1);
    assert_non_null(strstr(answer, "Connection: close"));
}

/* Byte by byte, but in time: an ordinary answer. */
static void slow_but_in_time(void **state)
{
    static const char text[] = "POST /put HTTP/1.1\r\n" HEAD "Content-Length: 4\r\n\r\nslow";
    static char answer[ANSWER_MAX];
    const struct timespec nap = {0, 500 * 1000};
    int fd = raw_connect(&server);

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        raw_send(fd, text + i, 1);
        (void)nanosleep(&nap, NULL);
    }
    (void)raw_read(fd, answer, sizeof answer, 5000);
    close(fd);
    assert_int_equal(status_of(answer), 200);
    assert_non_null(strstr(answer, "body=4"));
}

/* Connections that end after each byte of a request leave nothing behind. */
static void early_close(void **state)
{
    static const char text[] = "POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
    struct pse_http_counters c;
    const struct timespec nap = {0, 5 * 1000 * 1000};
    unsigned tries = 0;

    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        int fd = raw_connect(&server);

        raw_send(fd, text, n);
        close(fd);
    }
    do {
        (void)nanosleep(&nap, NULL);
        pse_http_counters(&c, server.http);
    } while ((c.connections > 0 || c.waiting > 0) && ++tries < 2000);
    assert_int_equal(c.connections, 0);
    assert_int_equal(c.waiting, 0);
    assert_true(c.overdue == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),         cmocka_unit_test(limits),
        cmocka_unit_test(pipelining),       cmocka_unit_test(nothing_behind_a_refusal),
        cmocka_unit_test(slow_but_in_time), cmocka_unit_test(early_close),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
