/* The event stream: exact lines, a chain without gaps across restarts and files, every change to
 * it found, torn tails cut and reported, networks and pseudonyms never whole or together. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "daemon/daemon.h"

#include "test.h"

static char dir[64];
static char path[128];

static int64_t fixed_clock(void)
{
    return INT64_C(1795687894123);
}

static void start_at(struct pse_events *s, uint64_t max, unsigned keep)
{
    struct pse_fault fault;

    if (pse_events_open(s, &fault, path, "test@host", max, keep) != PSE_OK)
        fail_msg("%s", fault.text);
    s->now_ms = fixed_clock;
}

static size_t read_file(char *out, size_t size, const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void put_file(const char *text, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    close(fd);
}

static void put_some(struct pse_events *s, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pse_events_put(s, &(struct pse_event){.type = "a.b",
                                                               .sev = (unsigned)(2 + i % 6),
                                                               .outcome = "ok",
                                                               .n = i}),
                         PSE_OK);
}

static void lines_are_exact(void **state)
{
    struct pse_events s;
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct pse_net_prefix net;
    char said[4096];
    char want[4096];
    char hex[65];
    pse_hash prev;
    size_t first;

    (void)state;
    inet_pton(AF_INET, "192.0.2.77", &from.sin_addr);
    pse_net_prefix(&net, (struct sockaddr *)&from);
    start_at(&s, 1 << 20, 1);
    assert_int_equal(pse_events_put(&s, &(struct pse_event){.type = "auth.refused",
                                                            .sev = 4,
                                                            .outcome = "refused",
                                                            .route = "cast",
                                                            .who = PSE_EVENT_NET,
                                                            .net = &net,
                                                            .n = 3,
                                                            .ms = 12,
                                                            .rule = "r\"1",
                                                            .tags = {"x", "y"}}),
                     PSE_OK);
    assert_int_equal(
        pse_events_put(&s, &(struct pse_event){.type = "beat", .sev = 7, .outcome = "ok"}), PSE_OK);
    pse_events_close(&s);
    read_file(said, sizeof said, path);
    first = strcspn(said, "\n");
    pse_sha256(&prev, pse_span(said, first));
    pse_hex_encode(hex, prev.b, 32);
    snprintf(
        want, sizeof want,
        "{\"v\":1,\"id\":0,\"t\":\"2026-11-26T10:11:34.123Z\",\"src\":\"test@host\","
        "\"type\":\"auth.refused\",\"sev\":4,\"outcome\":\"refused\",\"route\":\"cast\","
        "\"net\":\"192.0.2.0/24\",\"n\":3,\"ms\":12,\"rule\":\"r\\\"1\",\"tags\":[\"x\",\"y\"],"
        "\"prev\":\"%064d\"}\n"
        "{\"v\":1,\"id\":1,\"t\":\"2026-11-26T10:11:34.123Z\",\"src\":\"test@host\","
        "\"type\":\"beat\",\"sev\":7,\"outcome\":\"ok\",\"prev\":\"%s\"}\n",
        0, hex);
    assert_string_equal(said, want);
    unlink(path);
}

static void the_chain_goes_on(void **state)
{
    struct pse_events s;
    struct pse_event_chain c = {0};
    char said[65536];
    size_t n;

    (void)state;
    for (size_t round = 0; round < 5; round++) {
        start_at(&s, 1 << 20, 1);
        put_some(&s, round);
        pse_events_close(&s);
    }
    n = read_file(said, sizeof said, path);
    assert_int_equal(pse_event_check(&c, pse_span(said, n), false), PSE_OK);
    assert_int_equal(c.next_id, 10);
    unlink(path);
}

/* Altered, taken out, moved, twice, cut: each shows. */
static void tampering_shows(void **state)
{
    struct pse_events s;
    char said[65536];
    char forged[65536];
    size_t n;
    size_t one;
    size_t two;

    (void)state;
    start_at(&s, 1 << 20, 1);
    put_some(&s, 6);
    pse_events_close(&s);
    n = read_file(said, sizeof said, path);
    unlink(path);
    one = strcspn(said, "\n") + 1;
    two = one + strcspn(said + one, "\n") + 1;
#define SHOWS(length, rc)                                                              \
    do {                                                                               \
        struct pse_event_chain c_ = {0};                                               \
        assert_int_equal(pse_event_check(&c_, pse_span(forged, (length)), false), rc); \
    } while (0)
    memcpy(forged, said, n);
    SHOWS(n, PSE_OK);
    strstr(forged, "\"ok\"")[1] = 'O';
    SHOWS(n, PSE_E_MISMATCH);
    memcpy(forged, said, one);
    memcpy(forged + one, said + two, n - two);
    SHOWS(n - (two - one), PSE_E_RANGE);
    memcpy(forged, said + one, n - one);
    SHOWS(n - one, PSE_E_RANGE);
    memcpy(forged, said, one);
    memcpy(forged + one, said, one);
    SHOWS(2 * one, PSE_E_RANGE);
    memcpy(forged, said, n);
    SHOWS(n - 1, PSE_E_SYNTAX);
    memcpy(forged, said, n);
    strstr(forged, "\"sev\"")[1] = 'S';
    SHOWS(n, PSE_E_MISSING);
    memcpy(forged, said, n);
    strstr(forged, "\"v\":1")[4] = '2';
    SHOWS(n, PSE_E_SYNTAX);
    memcpy(forged, said, n);
    forged[3] = '\0';
    SHOWS(n, PSE_E_SYNTAX);
}

static void refuses_surplus_members(void **state)
{
    static const char *const surplus[] = {"\"voter\":\"x\",", "\"net\":\"local\",\"pseud\":\"x\",",
                                          "\"tags\":[],", "\"n\":-1,", "\"route\":\"\","};
    char line[1024];

    (void)state;
    for (size_t i = 0; i <= 5; i++) {
        struct pse_event_chain c = {0};
        int n =
            snprintf(line, sizeof line,
                     "{\"v\":1,\"id\":0,\"t\":\"2026-11-26T10:11:34.123Z\",\"src\":\"a\",\"type\":"
                     "\"b\",\"sev\":4,\"outcome\":\"c\",%s\"prev\":\"%064d\"}\n",
                     i < 5 ? surplus[i] : "", 0);

        assert_int_equal(pse_event_check(&c, pse_span(line, (size_t)n), false) == PSE_OK, i == 5);
    }
}

static void a_torn_tail_is_cut_and_told(void **state)
{
    struct pse_events s;
    struct pse_event_chain c = {0};
    char said[65536];
    size_t n;

    (void)state;
    start_at(&s, 1 << 20, 1);
    put_some(&s, 3);
    pse_events_close(&s);
    n = read_file(said, sizeof said, path);
    for (size_t cut = 1; cut < 60; cut += 7) {
        put_file(said, n - cut);
        start_at(&s, 1 << 20, 1);
        put_some(&s, 1);
        pse_events_close(&s);
        char again[65536];
        size_t m = read_file(again, sizeof again, path);

        c = (struct pse_event_chain){0};
        assert_int_equal(pse_event_check(&c, pse_span(again, m), false), PSE_OK);
        assert_int_equal(c.next_id, 4);
        assert_non_null(
            strstr(again, "\"type\":\"stream.torn\",\"sev\":4,\"outcome\":\"cut\",\"n\":"));
    }
    unlink(path);
}

static void files_turn_over_and_end(void **state)
{
    struct pse_events s;
    struct pse_event_chain c = {0};
    char said[65536];
    char name[160];
    size_t n;

    (void)state;
    start_at(&s, 2 * PSE_EVENT_LINE_MAX, 2);
    put_some(&s, 400);
    pse_events_close(&s);
    for (int i = 2; i >= 0; i--) {
        snprintf(name, sizeof name, i == 0 ? "%s" : "%s.%d", path, i);
        n = read_file(said, sizeof said, name);
        assert_true(n > 0 && n <= 2 * PSE_EVENT_LINE_MAX);
        assert_int_equal(pse_event_check(&c, pse_span(said, n), i == 2), PSE_OK);
    }
    assert_int_equal(c.next_id, 400);
    snprintf(name, sizeof name, "%s.3", path);
    assert_int_equal(access(name, F_OK), -1);
    /* killed between turning over and the first line of the new file */
    snprintf(name, sizeof name, "%s.1", path);
    assert_int_equal(rename(path, name), 0);
    start_at(&s, 2 * PSE_EVENT_LINE_MAX, 2);
    assert_int_equal(s.next_id, 400);
    pse_events_close(&s);
    unlink(name);
    snprintf(name, sizeof name, "%s.2", path);
    unlink(name);
    unlink(path);
}

static void a_strange_file_is_left_alone(void **state)
{
    struct pse_events s;
    struct pse_fault fault;
    char said[64];

    (void)state;
    put_file("hello\n", 6);
    assert_int_equal(pse_events_open(&s, &fault, path, "a@b", 1 << 20, 1), PSE_E_SYNTAX);
    assert_non_null(strstr(fault.text, "does not end with an event"));
    read_file(said, sizeof said, path);
    assert_string_equal(said, "hello\n");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(pse_events_open(&s, &fault, path, "a@b", 1 << 20, 1), PSE_E_IO);
    rmdir(path);
}

static void a_full_disk_loses_no_chain(void **state)
{
    struct pse_events s;
    int keep;

    (void)state;
    start_at(&s, 1 << 20, 1);
    put_some(&s, 2);
    keep = s.fd;
    s.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
    if (s.fd >= 0)
        assert_int_equal(pse_events_put(&s, &(struct pse_event){.type = "x", .outcome = "ok"}),
                         PSE_E_IO);
    assert_int_equal(s.next_id, 2);
    close(s.fd);
    s.fd = keep;
    put_some(&s, 1);
    assert_int_equal(s.next_id, 3);
    pse_events_close(&s);
    unlink(path);
}

static void networks_are_cut(void **state)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr local = {.sa_family = AF_UNIX};
    struct pse_net_prefix net;

    (void)state;
    inet_pton(AF_INET6, "2001:db8:12:3456:789a::1", &six.sin6_addr);
    pse_net_prefix(&net, (struct sockaddr *)&six);
    assert_string_equal(net.text, "2001:db8:12::/48");
    inet_pton(AF_INET6, "::ffff:198.51.100.9", &six.sin6_addr);
    pse_net_prefix(&net, (struct sockaddr *)&six);
    assert_string_equal(net.text, "198.51.100.0/24");
    pse_net_prefix(&net, &local);
    assert_string_equal(net.text, "local");
}

static void pseudonyms_need_their_key(void **state)
{
    PSE_SECRET(pse_pseud_key, key);
    struct pse_pseud a;
    struct pse_pseud b;

    (void)state;
    pse_pseud(&a, &key, pse_span_str("voter"));
    pse_pseud(&b, &key, pse_span_str("voter"));
    assert_string_equal(a.text, b.text);
    pse_pseud(&b, &key, pse_span_str("other"));
    assert_string_not_equal(a.text, b.text);
    key.b[0] = 1;
    pse_pseud(&b, &key, pse_span_str("voter"));
    assert_string_not_equal(a.text, b.text);
    assert_int_equal(strlen(a.text), 32);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/psephos-event-XXXXXX");
    if (sodium_init() < 0 || mkdtemp(dir) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/events", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_exact),
        cmocka_unit_test(the_chain_goes_on),
        cmocka_unit_test(tampering_shows),
        cmocka_unit_test(refuses_surplus_members),
        cmocka_unit_test(a_torn_tail_is_cut_and_told),
        cmocka_unit_test(files_turn_over_and_end),
        cmocka_unit_test(a_strange_file_is_left_alone),
        cmocka_unit_test(a_full_disk_loses_no_chain),
        cmocka_unit_test(networks_are_cut),
        cmocka_unit_test(pseudonyms_need_their_key),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
