/* The gate against plain counting, and which connection makes room for a newcomer. */
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"
#include "net/http_gate.h"
#include "net/http_table.h"

#include "test.h"

enum { MOST = 200, PREFIXES = 150, STEPS = 200000 };

static void gate_counts(void **state)
{
    uint8_t seed[32] = {7};
    unsigned count[PREFIXES] = {0};
    unsigned all = 0;
    struct http_gate *g;
    struct pse_rng rng;

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(http_gate_new(&g, MOST, 5, 99), PSE_OK);
    for (unsigned step = 0; step < STEPS; step++) {
        uint8_t dice[3];
        unsigned p;

        pse_rng_fill(&rng, dice, sizeof dice);
        p = dice[0] % PREFIXES;
        if (dice[1] % 16 < (step / 4096 % 2 ? 6 : 10)) {
            enum http_entry want = all == MOST              ? HTTP_FULL
                                   : p > 0 && count[p] == 5 ? HTTP_SOURCE_FULL
                                                            : HTTP_ENTERS;

            assert_int_equal(http_gate_enter(g, p), want); /* prefix 0 is not bounded */
            count[p] += want == HTTP_ENTERS;
            all += want == HTTP_ENTERS;
        } else if (count[p] > 0) {
            http_gate_leave(g, p);
            count[p]--;
            all--;
        }
        assert_int_equal(http_gate_count(g), all);
    }
    for (unsigned p = 0; p < PREFIXES; p++)
        for (; count[p] > 0; count[p]--)
            http_gate_leave(g, p);
    assert_int_equal(http_gate_count(g), 0);
    for (unsigned i = 0; i < MOST; i++) /* nothing was left behind */
        assert_int_equal(http_gate_enter(g, 1000 + i / 5), HTTP_ENTERS);
    assert_int_equal(http_gate_enter(g, 5000), HTTP_FULL);
    http_gate_free(g);
    http_gate_free(NULL);
}

static void sources(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(0xc0000201)}};
    struct sockaddr_in b = {.sin_family = AF_INET, .sin_addr = {htonl(0xc00002fe)}};
    struct sockaddr_in c = {.sin_family = AF_INET, .sin_addr = {htonl(0xc0000301)}};
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 d = {.sin6_family = AF_INET6, .sin6_addr = {{{0x20, 1, 0xd, 0xb8}}}};
    struct sockaddr_in6 e = d;
    const struct sockaddr unix_peer = {.sa_family = AF_UNIX};

    (void)state;
#define OF(x) (const struct sockaddr *)&(x), sizeof(x)
    e.sin6_addr.s6_addr[6] = 9;
    assert_int_equal(http_source_prefix(OF(a)), http_source_prefix(OF(b)));
    assert_int_not_equal(http_source_prefix(OF(a)), http_source_prefix(OF(c)));
    assert_int_not_equal(http_source_address(OF(a)), http_source_address(OF(b)));
    assert_int_equal(http_source_prefix(OF(d)), http_source_prefix(OF(e)));
    assert_int_not_equal(http_source_address(OF(d)), http_source_address(OF(e)));
    assert_int_equal(http_source_address(OF(self)), 0);
    assert_int_not_equal(http_source_prefix(OF(self)), 0);
    assert_int_equal(http_source_prefix(&unix_peer, sizeof unix_peer.sa_family), 0);
    assert_int_equal(http_source_prefix(OF(a) - 8), 0); /* an address that is cut */
    assert_int_equal(http_source_prefix(NULL, 0), 0);
#undef OF
}

/* One end of a pair, entered and open. */
static int come(struct http_table *t, struct http_conn *c)
{
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(http_table_enter(t, 0), HTTP_ENTERS);
    *c = (struct http_conn){.fd = fd[0]};
    http_conn_open(t, c);
    return fd[1];
}

static bool is_ended(int fd)
{
    uint8_t byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void who_makes_room(void **state)
{
    enum { PLACES = 16, FULL = PLACES - 1 };
    const struct timespec silence = {0, (HTTP_YIELD_MS + 100) * 1000 * 1000};
    struct pse_http_options o = {.connections = PLACES, .per_source = UINT_MAX};
    struct http_table t;
    struct http_conn c[PLACES];
    int other[PLACES];
    size_t n;
    uint64_t reaped;

    (void)state;
    assert_int_equal(http_table_init(&t, &o), PSE_OK);
    for (size_t i = 0; i < FULL; i++)
        other[i] = come(&t, &c[i]);
    http_conn_phase(&c[0], HTTP_WORK, 0);
    http_conn_phase(&c[1], HTTP_SEND, 10);
    http_conn_phase(&c[2], HTTP_BODY, 0);
    http_conn_phase(&c[3], HTTP_IDLE, 0); /* silent, since last */
    assert_int_equal(send(other[4], "G", 1, 0), 1);

    assert_int_equal(http_table_enter(&t, 0), HTTP_ENTERS); /* all too young to yield */
    assert_int_equal(http_table_enter(&t, 0), HTTP_FULL);
    for (size_t i = 0; i < FULL; i++)
        assert_false(is_ended(other[i]));
    http_table_leave(&t, 0);

    (void)nanosleep(&silence, NULL);
    assert_int_equal(http_table_enter(&t, 0), HTTP_ENTERS);
    assert_false(is_ended(other[4])); /* it has spoken */
    assert_true(is_ended(other[5]));  /* the longest silent */
    for (size_t i = 6; i < FULL; i++)
        assert_false(is_ended(other[i]));
    for (size_t i = 6; i < FULL; i++)
        assert_int_equal(http_table_enter(&t, 0), HTTP_FULL); /* each ends one more */
    for (size_t i = 6; i < FULL; i++)
        assert_true(is_ended(other[i]));
    assert_false(is_ended(other[3]));
    assert_int_equal(http_table_enter(&t, 0), HTTP_FULL);
    assert_true(is_ended(other[3]));
    assert_int_equal(http_table_enter(&t, 0), HTTP_FULL);
    for (size_t i = 0; i < 3; i++)
        assert_false(is_ended(other[i])); /* at work, never */
    assert_false(is_ended(other[4]));

    http_table_count(&n, &reaped, &t);
    assert_int_equal(n, PLACES);
    assert_int_equal(reaped, 11 + 12); /* ended, and refused */
    for (size_t i = 0; i < FULL; i++) {
        http_table_leave(&t, 0);
        http_conn_close(&c[i]);
        close(c[i].fd);
        close(other[i]);
    }
    http_table_leave(&t, 0);
    http_table_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_counts),
        cmocka_unit_test(sources),
        cmocka_unit_test(who_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
