/* Lanes, workers and deadlines, on the player and on real sockets: batches, calls kept back, calls
 * that nobody answers, full lanes, slow clients, stopping in the middle. */
#include "codec/codec.h"
#include "net/fetch.h"
#include "net/http_player.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>

#include "net_server.h"

enum { ANSWER_MAX = 65536, KEPT_MAX = 256 };

/* Calls kept back by the handler `keep`, answered by whoever empties the list. */
static struct {
    pthread_mutex_t lock;
    struct pse_http_call *call[KEPT_MAX];
    size_t n;
    size_t largest; /* batch */
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void keep(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    pthread_mutex_lock(&kept.lock);
    for (size_t i = 0; i < n; i++) {
        assert_true(kept.n < KEPT_MAX);
        kept.call[kept.n++] = call[i];
    }
    if (n > kept.largest)
        kept.largest = n;
    pthread_mutex_unlock(&kept.lock);
}

static size_t answer_kept(void)
{
    size_t n;

    pthread_mutex_lock(&kept.lock);
    n = kept.n;
    for (size_t i = 0; i < n; i++)
        pse_http_answer_text(kept.call[i], 200, "text/plain", pse_span_str("kept\n"));
    kept.n = 0;
    pthread_mutex_unlock(&kept.lock);
    return n;
}

static void quick(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        pse_http_answer_text(call[i], 200, "text/plain", pse_span_str("quick\n"));
}

static void slow(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const struct timespec nap = {0, 300 * 1000 * 1000};

    (void)nanosleep(&nap, NULL);
    quick(ctx, call, n);
}

static const struct pse_http_route routes[] = {
    {.methods = PSE_HTTP_GET,
     .path = "/keep",
     .lane = 0,
     .batch = 64,
     .deadline_ms = 60000,
     .handle = keep},
    {.methods = PSE_HTTP_GET,
     .path = "/forget",
     .lane = 0,
     .batch = 64,
     .deadline_ms = 100,
     .handle = keep},
    {.methods = PSE_HTTP_GET, .path = "/quick", .lane = 0, .handle = quick},
    {.methods = PSE_HTTP_POST, .path = "/post", .body_max = 100000, .lane = 0, .handle = quick},
    {.methods = PSE_HTTP_GET, .path = "/slow", .lane = 1, .handle = slow},
};

static struct pse_http_options options(void)
{
    return (struct pse_http_options){
        .route = routes,
        .routes = sizeof routes / sizeof routes[0],
        .lane = {{.capacity = 200, .workers = 2}, {.capacity = 1, .workers = 1}},
        .header_ms = 1000,
        .body_ms = 1000,
        .idle_ms = 1500,
        .per_source = UINT32_MAX,
    };
}

static void wait_for(const struct server *s, size_t waiting)
{
    const struct timespec nap = {0, 2 * 1000 * 1000};
    struct pse_http_counters c;

    do {
        (void)nanosleep(&nap, NULL);
        pse_http_counters(&c, s->http);
    } while (c.waiting != waiting);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void kept_back(void **state)
{
    struct pse_http_options o = options();
    struct server s;
    static char answer[ANSWER_MAX];
    int fd[100];
    size_t answered = 0;

    (void)state;
    server_start(&s, &o);
    for (size_t i = 0; i < 100; i++) {
        fd[i] = raw_connect(&s);
        raw_send(fd[i], GET("/keep"), strlen(GET("/keep")));
    }
    wait_for(&s, 100);
    /* others are served meanwhile */
    (void)raw_ask(&s, GET("/quick"), strlen(GET("/quick")), answer, sizeof answer);
    assert_int_equal(status_of(answer), 200);
    while (answered < 100)
        answered += answer_kept();
    for (size_t i = 0; i < 100; i++) {
        (void)raw_read(fd[i], answer, sizeof answer, 5000);
        close(fd[i]);
        assert_int_equal(status_of(answer), 200);
        assert_non_null(strstr(answer, "kept"));
    }
    pse_http_stop(s.http);
}

static void forgotten(void **state)
{
    struct pse_http_options o = options();
    struct pse_http_counters c;
    struct server s;
    static char answer[ANSWER_MAX];

    (void)state;
    server_start(&s, &o);
    (void)raw_ask(&s, GET("/forget"), strlen(GET("/forget")), answer, sizeof answer);
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "overdue"));
    assert_non_null(strstr(answer, "Retry-After: "));
    pse_http_counters(&c, s.http);
    assert_true(c.overdue == 1 && c.waiting == 0);
    assert_int_equal(answer_kept(), 1); /* too late, and harmless */
    pse_http_stop(s.http);
}

static void count_failed(void *ctx, unsigned status, const char *slug, const char *reference)
{
    (void)slug;
    assert_int_equal(status, 503);
    assert_int_equal(strlen(reference), PSE_HTTP_REFERENCE_TEXT - 1);
    ++*(unsigned *)ctx;
}

/* Whoever keeps a call may outlive the server: what is freed too early is not what it was. */
static void forgotten_beyond_the_end(void **state)
{
    struct pse_http_options o = options();
    struct server s;
    static char answer[ANSWER_MAX];
    unsigned failed = 0;

    (void)state;
    (void)mallopt(M_PERTURB, 0xa5);
    o.failed = count_failed;
    o.failed_ctx = &failed;
    server_start(&s, &o);
    (void)raw_ask(&s, GET("/forget"), strlen(GET("/forget")), answer, sizeof answer);
    assert_int_equal(status_of(answer), 503);
    pse_http_stop(s.http);
    assert_true(failed == 1 && kept.n == 1);
    kept.n = 0;
    pse_http_problem(kept.call[0], 503, "busy");
    assert_int_equal(failed, 2);
    (void)mallopt(M_PERTURB, 0);
}

/* One at work, one waiting; the next is refused at once. */
static void full_lane(void **state)
{
    struct pse_http_options o = options();
    struct server s;
    static char answer[ANSWER_MAX];
    unsigned count[600] = {0};
    int fd[8];

    (void)state;
    server_start(&s, &o);
    for (size_t i = 0; i < 8; i++) {
        fd[i] = raw_connect(&s);
        raw_send(fd[i], GET("/slow"), strlen(GET("/slow")));
    }
    for (size_t i = 0; i < 8; i++) {
        (void)raw_read(fd[i], answer, sizeof answer, 5000);
        close(fd[i]);
        assert_true(status_of(answer) == 200 || status_of(answer) == 503);
        count[status_of(answer)]++;
    }
    assert_true(count[200] >= 1 && count[503] >= 4);
    pse_http_stop(s.http);
}

/* Dripping clients never reach an idle time-out; the absolute deadlines end them. */
static void slow_clients(void **state)
{
    static const char head[] = "GET /quick HTTP/1.1\r\nHost: x\r\nX-Pad: ";
    static const char body[] = "POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n";
    struct pse_http_options o = options();
    const struct timespec nap = {0, 100 * 1000 * 1000};
    struct server s;
    static char answer[ANSWER_MAX];
    int fd[4];

    (void)state;
    server_start(&s, &o);
    for (size_t i = 0; i < 4; i++)
        fd[i] = raw_connect(&s);
    raw_send(fd[0], head, sizeof head - 1);
    raw_send(fd[1], body, sizeof body - 1);
    raw_send(fd[2], "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", 32); /* answered, then idle */
    for (unsigned i = 0; i < 45; i++) { /* 4.5 s: deadline, and two ticks of the reaper */
        raw_send(fd[0], "a", 1);
        raw_send(fd[1], "a", 1);
        (void)nanosleep(&nap, NULL);
    }
    for (size_t i = 0; i < 4; i++) {
        struct pollfd p = {.fd = fd[i], .events = POLLIN};

        (void)raw_read(fd[i], answer, sizeof answer, 0);
        assert_int_equal(status_of(answer), i == 2 ? 200 : 0);
        assert_int_equal(poll(&p, 1, 0), 1); /* closed by the server */
        assert_true(recv(fd[i], answer, 1, MSG_DONTWAIT) <= 0);
        close(fd[i]);
    }
    (void)raw_ask(&s, GET("/quick"), strlen(GET("/quick")), answer, sizeof answer);
    assert_int_equal(status_of(answer), 200);
    pse_http_stop(s.http);
}

static void sources_are_bounded(void **state)
{
    struct pse_http_options o = options();
    struct server s;
    static char answer[ANSWER_MAX];
    int fd[5];
    unsigned served = 0;

    (void)state;
    o.per_source = 3;
    server_start(&s, &o);
    for (size_t i = 0; i < 5; i++) {
        fd[i] = raw_connect(&s);
        raw_send(fd[i], "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", 32);
        (void)raw_read(fd[i], answer, sizeof answer, 300);
        served += status_of(answer) == 200;
    }
    assert_int_equal(served, 3);
    for (size_t i = 0; i < 5; i++)
        close(fd[i]);
    pse_http_stop(s.http);
}

/* A newcomer is served, perhaps after it was told to come back: a place that another must leave is
 * not free at once. Its connection stays. */
static int come_in(const struct server *s)
{
    const struct timespec nap = {0, 20 * 1000 * 1000};
    static char answer[ANSWER_MAX];

    for (unsigned tries = 0; tries < 200; tries++) {
        int fd = raw_connect(s);
        struct pollfd p = {.fd = fd, .events = POLLIN};

        raw_send(fd, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", 32);
        (void)poll(&p, 1, 5000);
        (void)raw_read(fd, answer, sizeof answer, 50);
        if (status_of(answer) == 200)
            return fd;
        close(fd);
        (void)nanosleep(&nap, NULL);
    }
    fail_msg("no place for a newcomer");
    return -1;
}

/* All places held by who says nothing: newcomers take them. All held by calls under way: refused.
 */
static void newcomers(void **state)
{
    enum { PLACES = 32 };
    struct pse_http_options o = options();
    const struct timespec silence = {0, 400 * 1000 * 1000};
    struct pse_http_counters c;
    struct server s;
    static char answer[ANSWER_MAX];
    int fd[PLACES];
    int come[8];

    (void)state;
    o.connections = PLACES;
    o.header_ms = 60000;
    server_start(&s, &o);
    for (size_t i = 0; i < PLACES; i++)
        fd[i] = raw_connect(&s);
    (void)nanosleep(&silence, NULL);
    for (size_t i = 0; i < 8; i++)
        come[i] = come_in(&s);
    pse_http_counters(&c, s.http);
    assert_true(c.reaped >= 8 && c.connections <= PLACES);
    for (size_t i = 0; i < 8; i++)
        close(come[i]);
    for (size_t i = 0; i < PLACES; i++)
        close(fd[i]);
    do
        pse_http_counters(&c, s.http);
    while (c.connections > 0);

    for (size_t i = 0; i < PLACES; i++) {
        fd[i] = raw_connect(&s);
        raw_send(fd[i], GET("/keep"), strlen(GET("/keep")));
    }
    wait_for(&s, PLACES);
    (void)nanosleep(&silence, NULL);
    (void)raw_ask(&s, "", 0, answer, sizeof answer);
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "urn:psephos:problem:busy"));
    assert_non_null(strstr(answer, "Retry-After: "));
    assert_int_equal(answer_kept(), PLACES); /* nobody at work has made room */
    for (size_t i = 0; i < PLACES; i++) {
        (void)raw_read(fd[i], answer, sizeof answer, 5000);
        close(fd[i]);
        assert_int_equal(status_of(answer), 200);
    }
    pse_http_stop(s.http);
}

static void *stop_soon(void *arg)
{
    pse_http_stop(((struct server *)arg)->http);
    return NULL;
}

/* Stopping answers what is under way: who waited gets an answer, none is left hanging. */
static void stopping(void **state)
{
    struct pse_http_options o = options();
    struct server s;
    static char answer[ANSWER_MAX];
    pthread_t thread;
    int fd[20];

    (void)state;
    server_start(&s, &o);
    for (size_t i = 0; i < 20; i++) {
        fd[i] = raw_connect(&s);
        raw_send(fd[i], GET("/keep"), strlen(GET("/keep")));
    }
    wait_for(&s, 20);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &s), 0);
    for (size_t n = 0; n < 20;)
        n += answer_kept();
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (size_t i = 0; i < 20; i++) {
        (void)raw_read(fd[i], answer, sizeof answer, 1000);
        close(fd[i]);
        assert_int_equal(status_of(answer), 200);
    }
}

/* Workers that answer at once, often before the HTTP thread has left the request: a resume that is
 * lost freezes its connection, and the count never comes full. */
struct tally {
    struct pse_fetcher *f;
    char url[PSE_HTTP_ADDRESS + 16];
    size_t left;
    size_t good;
    size_t bad;
};

static void ask_again(void *ctx, struct pse_fetched *got)
{
    struct tally *t = ctx;
    struct pse_fetch want = {.url = t->url, .max = 100, .deadline_ms = 4000};

    if (got != NULL) {
        t->good += got->rc == PSE_OK && got->status == 200;
        t->bad += got->rc != PSE_OK || got->status != 200;
    }
    if (t->left > 0) {
        t->left--;
        assert_int_equal(pse_fetch_start(t->f, &want, ask_again, t), PSE_OK);
    }
}

static void no_lost_wake_up(void **state)
{
    enum { ASKED = 20000, AT_ONCE = 128 };
    struct pse_http_options o = options();
    struct tally t = {.left = ASKED};
    struct pse_http_counters c;
    struct server s;

    (void)state;
    o.requests = 100000;
    server_start(&s, &o);
    (void)snprintf(t.url, sizeof t.url, "%s/quick", s.address);
    assert_int_equal(pse_fetcher_new(&t.f, AT_ONCE), PSE_OK);
    for (unsigned i = 0; i < AT_ONCE; i++)
        ask_again(&t, NULL);
    while (pse_fetch_pending(t.f) > 0)
        assert_int_equal(pse_fetch_wait(t.f, 5000), PSE_OK);
    pse_fetcher_free(t.f);
    pse_http_counters(&c, s.http);
    assert_int_equal(t.good, ASKED);
    assert_int_equal(t.bad, 0);
    assert_true(c.overdue == 0 && c.waiting == 0);
    pse_http_stop(s.http);
}

/* The same core without any socket. */
static void played(void **state)
{
    static const char text[] = "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"
                               "POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                               "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n";
    struct pse_http_options o = options();
    struct pse_http_player *p;
    struct pse_http_counters c;
    struct pse_buf out = PSE_BUF(ANSWER_MAX);
    size_t good = 0;

    (void)state;
    assert_int_equal(pse_http_player_new(&p, &o), PSE_OK);
    assert_int_equal(pse_http_play(&out, p, pse_span(text, sizeof text - 1)), PSE_OK);
    pse_wr_u8(&out, 0);
    for (const char *at = (const char *)out.p; (at = strstr(at, "HTTP/1.1 200")) != NULL; at++)
        good++;
    assert_int_equal(good, 3);
    assert_non_null(strstr((const char *)out.p, "HTTP/1.1 404"));
    pse_http_player_counters(&c, p);
    assert_true(c.requests == 4 && c.refused == 1 && c.waiting == 0);
    pse_buf_free(&out);
    pse_http_player_free(p);
}

/* A socket of the service manager: taken when it listens, whatever the environment says, for that
 * was read and emptied when the daemon began. */
static void a_socket_that_was_passed(void **state)
{
    enum { PLACE = 40 };
    char address[PSE_HTTP_ADDRESS];
    char again[PSE_HTTP_ADDRESS];
    int plain = socket(AF_INET, SOCK_STREAM, 0);
    int fd;
    int got;

    (void)state;
    unsetenv("LISTEN_FDS");
    assert_int_equal(pse_http_listen(&fd, address, "127.0.0.1:0"), PSE_OK);
    assert_int_equal(dup2(fd, 3 + PLACE), 3 + PLACE);
    assert_int_equal(dup2(plain, 3 + PLACE + 1), 3 + PLACE + 1);
    assert_int_equal(pse_http_listen(&got, again, "fd:40"), PSE_OK);
    assert_int_equal(got, 3 + PLACE);
    assert_string_equal(again, address);
    assert_int_equal(fcntl(got, F_GETFD), FD_CLOEXEC);
    assert_int_equal(pse_http_listen(&got, again, "fd:41"), PSE_E_MISSING); /* nobody listens */
    assert_int_equal(pse_http_listen(&got, again, "fd:42"), PSE_E_MISSING); /* nothing is there */
    assert_int_equal(pse_http_listen(&got, again, "fd:1025"), PSE_E_SYNTAX);
    close(fd);
    close(plain);
    close(3 + PLACE);
    close(3 + PLACE + 1);
}

static void addresses(void **state)
{
    static const struct {
        const char *where;
        pse_rc want;
    } row[] = {
        {"127.0.0.1:0", PSE_OK},
        {"127.0.0.2:0", PSE_OK},
        {"localhost:0", PSE_OK},
        {"0.0.0.0:0", PSE_E_UNSUPPORTED},
        {"192.0.2.1:80", PSE_E_UNSUPPORTED},
        {"[::]:0", PSE_E_UNSUPPORTED},
        {"127.0.0.1", PSE_E_SYNTAX},
        {"127.0.0.1:", PSE_E_SYNTAX},
        {"127.0.0.1:65536", PSE_E_SYNTAX},
        {":80", PSE_E_SYNTAX},
        {"example.org:80", PSE_E_SYNTAX},
        {"", PSE_E_SYNTAX},
        {"unix:", PSE_E_SYNTAX},
        {"fd:0", PSE_E_MISSING},
        {"fd:x", PSE_E_SYNTAX},
        {"[::1:0", PSE_E_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char address[PSE_HTTP_ADDRESS];
        int fd;
        pse_rc rc = pse_http_listen(&fd, address, row[i].where);

        if (rc != row[i].want)
            fail_msg("%s: %s", row[i].where, pse_rc_name(rc));
        if (rc == PSE_OK)
            close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_back),
        cmocka_unit_test(forgotten),
        cmocka_unit_test(forgotten_beyond_the_end),
        cmocka_unit_test(full_lane),
        cmocka_unit_test(slow_clients),
        cmocka_unit_test(sources_are_bounded),
        cmocka_unit_test(stopping),
        cmocka_unit_test(no_lost_wake_up),
        cmocka_unit_test(played),
        cmocka_unit_test(a_socket_that_was_passed),
        cmocka_unit_test(addresses),
        cmocka_unit_test(newcomers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
