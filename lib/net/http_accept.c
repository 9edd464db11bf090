#define _GNU_SOURCE /* accept4 */
#include "net/http_accept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct http_acceptor {
    int fd;
    int stop; /* eventfd */
    http_accepted *accepted;
    void *ctx;
    pthread_t thread;
};

/* One connection. False when none is waiting, or none can be had now. */
static bool accept_one(struct http_acceptor *a)
{
    const struct timespec nap = {0, 10 * 1000 * 1000};
    struct sockaddr_storage from;
    socklen_t n = sizeof from;
    int fd = accept4(a->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        a->accepted(a->ctx, fd, (const struct sockaddr *)&from, n);
        return true;
    }
    if (errno == EINTR || errno == ECONNABORTED)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        (void)nanosleep(&nap, NULL); /* no descriptors or no memory: others must end first */
    return false;
}

static void *accept_main(void *arg)
{
    struct http_acceptor *a = arg;
    struct pollfd p[2] = {{.fd = a->fd, .events = POLLIN}, {.fd = a->stop, .events = POLLIN}};

    for (;;) {
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (p[1].revents != 0)
            return NULL;
        for (unsigned i = 0; i < 1024 && accept_one(a); i++) /* and look whether to stop */
            ;
    }
}

static void acceptor_free(struct http_acceptor *a)
{
    if (a->stop >= 0)
        (void)close(a->stop);
    (void)close(a->fd);
    free(a);
}

pse_rc http_acceptor_start(struct http_acceptor **out, int fd, http_accepted *accepted, void *ctx)
{
    struct http_acceptor *a = malloc(sizeof *a);
    int flags = fcntl(fd, F_GETFL);

    *out = NULL;
    if (a == NULL) {
        (void)close(fd);
        return PSE_E_MEMORY;
    }
    *a = (struct http_acceptor){
        .fd = fd, .stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .accepted = accepted, .ctx = ctx};
    if (a->stop < 0 || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        acceptor_free(a);
        return PSE_E_IO;
    }
    if (pthread_create(&a->thread, NULL, accept_main, a) != 0) {
        acceptor_free(a);
        return PSE_E_MEMORY;
    }
    *out = a;
    return PSE_OK;
}

void http_acceptor_stop(struct http_acceptor *a)
{
    const uint64_t one = 1;

    if (a == NULL)
        return;
    PSE_REQUIRE(write(a->stop, &one, sizeof one) == sizeof one);
    (void)pthread_join(a->thread, NULL);
    acceptor_free(a);
}
