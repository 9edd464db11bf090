/* Turns between lanes on real sockets: the first lane goes first and none starves, who only waits
 * gives its turn away, a lane can be made shorter. (turns.h itself: net_turns.c.) */
#include "net_server.h"

#include <pthread.h>

enum { ANSWER_MAX = 65536, ORDER_MAX = 256 };

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t opens;
    bool is_open;
    char order[ORDER_MAX];
    size_t n;
} turns = {.lock = PTHREAD_MUTEX_INITIALIZER, .opens = PTHREAD_COND_INITIALIZER};

/* Each waits at the gate, so that a test may fill the lanes first. */
static void pass_gate(void)
{
    pthread_mutex_lock(&turns.lock);
    while (!turns.is_open)
        pthread_cond_wait(&turns.opens, &turns.lock);
    pthread_mutex_unlock(&turns.lock);
}

static void open_gate(bool is_open)
{
    pthread_mutex_lock(&turns.lock);
    turns.is_open = is_open;
    turns.n = 0;
    pthread_cond_broadcast(&turns.opens);
    pthread_mutex_unlock(&turns.lock);
}

static void answer_turn(struct pse_http_call *call)
{
    pse_http_answer_text(call, 200, "text/plain", pse_span_str("turn\n"));
}

/* Three milliseconds of work; ctx is a letter for the order. */
static void work(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const struct timespec nap = {0, 3 * 1000 * 1000};

    assert_int_equal(n, 1);
    pass_gate();
    (void)nanosleep(&nap, NULL);
    pthread_mutex_lock(&turns.lock);
    turns.order[turns.n++] = *(const char *)ctx;
    pthread_mutex_unlock(&turns.lock);
    answer_turn(call[0]);
}

static void only_wait(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    assert_int_equal(n, 1);
    pse_http_yield();
    pass_gate();
    answer_turn(call[0]);
}

static void quick(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    assert_int_equal(n, 1);
    answer_turn(call[0]);
}

static void shorten(void *ctx, struct pse_http_call *const *call, size_t n)
{
    pse_http_lane_capacity(call[0], 2);
    work(ctx, call, n);
}

static char cast_letter = 'c', ask_letter = 'a';
static const struct pse_http_route routes[] = {
    {.methods = PSE_HTTP_GET, .path = "/cast", .handle = work, .ctx = &cast_letter},
    {.methods = PSE_HTTP_GET, .path = "/ask", .lane = 1, .handle = work, .ctx = &ask_letter},
    {.methods = PSE_HTTP_GET, .path = "/wait", .lane = 2, .handle = only_wait},
    {.methods = PSE_HTTP_GET, .path = "/quick", .lane = 1, .handle = quick},
    {.methods = PSE_HTTP_GET, .path = "/shorten", .handle = shorten, .ctx = &cast_letter},
};

static void start(struct server *s)
{
    const struct pse_http_options o = {
        .route = routes,
        .routes = sizeof routes / sizeof routes[0],
        .lane = {{.capacity = 100, .workers = 1}, {100, 2}, {100, 1}},
        .at_once = 1,
        .stale_ms = 60000,
        .per_source = UINT32_MAX,
    };

    open_gate(false);
    server_start(s, &o);
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

static int send_get(const struct server *s, const char *text)
{
    int fd = raw_connect(s);

    raw_send(fd, text, strlen(text));
    return fd;
}

static void is_answered(int fd)
{
    static char answer[ANSWER_MAX];

    (void)raw_read(fd, answer, sizeof answer, 10000);
    close(fd);
    assert_int_equal(status_of(answer), 200);
}

/* Both lanes full: casting gets nearly all turns, and the other one still some. */
static void the_first_lane_goes_first(void **state)
{
    enum { EACH = 80 };
    struct server s;
    size_t last = 0;
    size_t between = 0;
    int fd[2 * EACH];

    (void)state;
    start(&s);
    for (size_t i = 0; i < 2 * EACH; i++)
        fd[i] = send_get(&s, i % 2 == 0 ? GET("/ask") : GET("/cast"));
    wait_for(&s, 2 * EACH);
    open_gate(true);
    for (size_t i = 0; i < 2 * EACH; i++)
        is_answered(fd[i]);
    pse_http_stop(s.http);
    assert_int_equal(turns.n, 2 * EACH);
    for (size_t i = 0; i < turns.n; i++)
        last = turns.order[i] == 'c' ? i : last;
    for (size_t i = 0; i < last; i++)
        between += turns.order[i] == 'a';
    assert_in_range(between, 1, EACH / 3);
}

/* One that did not yield would keep all others from their turn. */
static void a_turn_is_given_away(void **state)
{
    struct server s;
    int fd;

    (void)state;
    start(&s);
    fd = send_get(&s, GET("/wait"));
    wait_for(&s, 1);
    for (unsigned i = 0; i < 10; i++)
        is_answered(send_get(&s, GET("/quick")));
    open_gate(true);
    is_answered(fd);
    pse_http_stop(s.http);
}

static void a_lane_can_be_made_shorter(void **state)
{
    static char answer[ANSWER_MAX];
    struct pse_http_counters c;
    struct server s;
    int fd[3];

    (void)state;
    start(&s);
    for (size_t i = 0; i < 3; i++) { /* one at work, two that wait */
        fd[i] = send_get(&s, GET("/shorten"));
        wait_for(&s, i + 1);
    }
    (void)raw_ask(&s, GET("/cast"), strlen(GET("/cast")), answer, sizeof answer);
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "urn:psephos:problem:busy"));
    assert_non_null(strstr(answer, "\"detail\":\"Nothing was done. Send the same again"));
    pse_http_counters(&c, s.http);
    assert_int_equal(c.fullest, 1000);
    open_gate(true);
    for (size_t i = 0; i < 3; i++)
        is_answered(fd[i]);
    pse_http_counters(&c, s.http);
    pse_http_counters(&c, s.http);
    assert_int_equal(c.fullest, 0); /* since it was last asked */
    pse_http_stop(s.http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_lane_goes_first),
        cmocka_unit_test(a_turn_is_given_away),
        cmocka_unit_test(a_lane_can_be_made_shorter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
