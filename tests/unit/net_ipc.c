/* Frames between daemons: round trips, hostile peers, ends. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http.h"
#include "net/ipc.h"
#include "test.h"

/* One end as an ipc connection, the other as a bare descriptor. */
static int bare(struct pse_ipc **c)
{
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(pse_ipc_adopt(c, fd[0]), PSE_OK);
    return fd[1];
}

static void say(int fd, const void *p, size_t n)
{
    assert_int_equal(write(fd, p, n), (ssize_t)n);
}

static pse_rc hear(struct pse_ipc *c)
{
    uint8_t kind;
    struct pse_span body;

    return pse_ipc_recv(c, &kind, &body, 1000);
}

static void test_frame_bytes(void **state)
{
    struct pse_ipc *c;
    uint8_t got[16];
    int fd = bare(&c);

    (void)state;
    assert_int_equal(pse_ipc_send(c, 7, pse_span_str("abc")), PSE_OK);
    assert_int_equal(read(fd, got, sizeof got), 8);
    assert_memory_equal(got, "\0\0\0\4\7abc", 8);
    assert_int_equal(pse_ipc_send(c, 9, pse_span(NULL, 0)), PSE_OK);
    assert_int_equal(read(fd, got, sizeof got), 5);
    assert_memory_equal(got, "\0\0\0\1\11", 5);
    close(fd);
    pse_ipc_free(c);
}

struct echo {
    struct pse_ipc *c;
    size_t frames;
};

static void *echo_run(void *arg)
{
    struct echo *e = arg;
    struct pse_span body;
    uint8_t kind;

    while (pse_ipc_recv(e->c, &kind, &body, 5000) == PSE_OK) {
        e->frames++;
        if (pse_ipc_send(e->c, (uint8_t)(kind + 1), body) != PSE_OK)
            break;
    }
    return NULL;
}

static void test_round_trip_of_many_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 255, 256, 65535, 65536, PSE_IPC_BODY_MAX};
    uint8_t *bytes = malloc(PSE_IPC_BODY_MAX);
    struct echo e = {.frames = 0};
    struct pse_ipc *c;
    pthread_t thread;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < PSE_IPC_BODY_MAX; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 255);
    assert_int_equal(pse_ipc_adopt(&e.c, bare(&c)), PSE_OK);
    assert_int_equal(pthread_create(&thread, NULL, echo_run, &e), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct pse_span body;
        uint8_t kind;

        assert_int_equal(pse_ipc_send(c, 10, pse_span(bytes, sizes[i])), PSE_OK);
        assert_int_equal(pse_ipc_recv(c, &kind, &body, 5000), PSE_OK);
        assert_int_equal(kind, 11);
        assert_true(pse_span_is_equal(body, pse_span(bytes, sizes[i])));
    }
    pse_ipc_shut(c);
    pthread_join(thread, NULL);
    assert_int_equal(e.frames, sizeof sizes / sizeof *sizes);
    pse_ipc_free(c);
    pse_ipc_free(e.c);
    free(bytes);
}

static void test_bad_frames_are_refused(void **state)
{
    struct pse_ipc *c;
    int fd;

    (void)state;
    fd = bare(&c);
    say(fd, "\0\0\0\0\1", 5); /* no room for the kind */
    assert_int_equal(hear(c), PSE_E_LENGTH);
    close(fd);
    pse_ipc_free(c);

    fd = bare(&c);
    say(fd, "\0\20\0\1\1", 5); /* one byte above the maximum */
    assert_int_equal(hear(c), PSE_E_LENGTH);
    close(fd);
    pse_ipc_free(c);

    fd = bare(&c);
    say(fd, "\377\377\377\377\1", 5);
    assert_int_equal(hear(c), PSE_E_LENGTH);
    close(fd);
    pse_ipc_free(c);

    fd = bare(&c);
    say(fd, "\0\0\0\4\1ab", 7); /* cut short in the body */
    close(fd);
    assert_int_equal(hear(c), PSE_E_LENGTH);
    pse_ipc_free(c);

    fd = bare(&c);
    say(fd, "\0\0", 2); /* cut short in the header */
    close(fd);
    assert_int_equal(hear(c), PSE_E_LENGTH);
    pse_ipc_free(c);
}

static void test_ends(void **state)
{
    struct pse_ipc *c;
    struct pse_span body;
    uint8_t kind;
    int fd = bare(&c);

    (void)state;
    assert_int_equal(pse_ipc_recv(c, &kind, &body, 0), PSE_E_STATE); /* nothing yet */
    say(fd, "\0\0\0\1\5", 5);
    assert_int_equal(pse_ipc_recv(c, &kind, &body, 0), PSE_OK); /* and still usable */
    assert_int_equal(kind, 5);
    close(fd);
    assert_int_equal(hear(c), PSE_E_MISSING);
    assert_int_equal(pse_ipc_send(c, 1, pse_span_str("x")), PSE_E_IO);
    pse_ipc_free(c);
    pse_ipc_free(NULL);
}

static void test_listening_and_peers(void **state)
{
    char dir[] = "/tmp/psephos-ipc-XXXXXX";
    char where[128];
    char address[PSE_HTTP_ADDRESS];
    struct pse_ipc *near;
    struct pse_ipc *far;
    int fd;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(where, sizeof where, "unix:%s/s", dir);
    assert_int_equal(pse_ipc_connect(&near, where + 5), PSE_E_IO);
    assert_int_equal(pse_ipc_connect(&near, ""), PSE_E_SYNTAX);
    assert_int_equal(pse_http_listen(&fd, address, where), PSE_OK);
    assert_int_equal(pse_ipc_accept(&far, fd, 0, NULL, 0), PSE_E_STATE);
    assert_int_equal(pse_ipc_connect(&near, where + 5), PSE_OK);
    assert_int_equal(pse_ipc_accept(&far, fd, 1000, NULL, 0), PSE_OK);
    assert_int_equal(pse_ipc_peer(far), geteuid());
    assert_int_equal(pse_ipc_send(near, 3, pse_span_str("hello")), PSE_OK);
    assert_int_equal(hear(far), PSE_OK);
    shutdown(fd, SHUT_RDWR);
    pse_ipc_free(near);
    pse_ipc_free(far);
    close(fd);
    unlink(where + 5);
    rmdir(dir);
}

/* Another user's process is closed at once; only root can play one here. */
static void test_other_users_are_refused(void **state)
{
    char dir[] = "/tmp/psephos-ipc-XXXXXX";
    char where[128];
    char address[PSE_HTTP_ADDRESS];
    struct pse_ipc *c;
    const uint32_t friends[] = {12345};
    int fd;

    (void)state;
    TEST_NEEDS(geteuid() == 0, "needs root");
    assert_non_null(mkdtemp(dir));
    snprintf(where, sizeof where, "unix:%s/s", dir);
    assert_int_equal(pse_http_listen(&fd, address, where), PSE_OK);
    for (int round = 0; round < 2; round++) {
        struct pse_ipc *other = NULL;

        /* Root opens the way in; the credentials are those of connect. */
        assert_int_equal(chown(dir, 12345, (gid_t)-1) | chown(where + 5, 12345, (gid_t)-1), 0);
        assert_int_equal(seteuid(12345), 0);
        assert_int_equal(pse_ipc_connect(&other, where + 5), PSE_OK);
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(pse_ipc_accept(&c, fd, 1000, friends, (size_t)round),
                         round == 0 ? PSE_E_UNSUPPORTED : PSE_OK);
        pse_ipc_free(c);
        pse_ipc_free(other);
    }
    close(fd);
    unlink(where + 5);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_bytes),
        cmocka_unit_test(test_round_trip_of_many_sizes),
        cmocka_unit_test(test_bad_frames_are_refused),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_listening_and_peers),
        cmocka_unit_test(test_other_users_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
