/* Frames over Unix sockets; see ipc.h. */
#define _GNU_SOURCE /* struct ucred, accept4 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "codec/cursor.h"
#include "ipc.h"

enum { HEADER = 5 };

struct pse_ipc {
    int fd;
    uint32_t uid;
    pthread_mutex_t sending;
    struct pse_buf body; /* of the frame last received */
};

static pse_rc set_send_limit(int fd)
{
    struct timeval limit = {.tv_sec = PSE_IPC_SEND_MS / 1000};

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 ? PSE_OK : PSE_E_IO;
}

static pse_rc ask_peer(uint32_t *uid, int fd)
{
    struct ucred who;
    socklen_t n = sizeof who;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
        return PSE_E_IO;
    *uid = who.uid;
    return PSE_OK;
}

pse_rc pse_ipc_adopt(struct pse_ipc **out, int fd)
{
    struct pse_ipc *c = calloc(1, sizeof *c);
    pse_rc rc = c == NULL ? PSE_E_MEMORY : set_send_limit(fd);

    *out = NULL;
    if (rc == PSE_OK)
        rc = ask_peer(&c->uid, fd);
    if (rc == PSE_OK && pthread_mutex_init(&c->sending, NULL) != 0)
        rc = PSE_E_MEMORY;
    if (rc != PSE_OK) {
        int error = errno;

        free(c);
        (void)close(fd);
        errno = error;
        return rc;
    }
    c->fd = fd;
    c->body = PSE_BUF(PSE_IPC_FRAME_MAX);
    *out = c;
    return PSE_OK;
}

pse_rc pse_ipc_connect(struct pse_ipc **out, const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd;

    *out = NULL;
    if (path[0] == '\0' || strlen(path) >= sizeof a.sun_path)
        return PSE_E_SYNTAX;
    memcpy(a.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return PSE_E_IO;
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
        int error = errno;

        (void)close(fd);
        errno = error;
        return PSE_E_IO;
    }
    return pse_ipc_adopt(out, fd);
}

/* Is there something to read (or accept) within ms? */
static pse_rc await(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int n;

    do
        n = poll(&p, 1, ms);
    while (n < 0 && errno == EINTR && ms < 0);
    if (n == 0 || (n < 0 && errno == EINTR))
        return PSE_E_STATE;
    return n < 0 ? PSE_E_IO : PSE_OK;
}

static bool is_welcome(uint32_t peer, const uint32_t *uid, size_t n)
{
    if (peer == 0 || peer == (uint32_t)geteuid())
        return true;
    for (size_t i = 0; i < n; i++) {
        if (uid[i] == peer)
            return true;
    }
    return false;
}

pse_rc pse_ipc_accept(struct pse_ipc **out, int fd, int ms, const uint32_t *uid, size_t n)
{
    int s;

    *out = NULL;
    PSE_TRY(await(fd, ms));
    s = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (s < 0)
        return errno == EINVAL || errno == ECONNABORTED || errno == EINTR ? PSE_E_STATE : PSE_E_IO;
    PSE_TRY(pse_ipc_adopt(out, s));
    if (is_welcome((*out)->uid, uid, n))
        return PSE_OK;
    pse_ipc_free(*out);
    *out = NULL;
    return PSE_E_UNSUPPORTED;
}

uint32_t pse_ipc_peer(const struct pse_ipc *c)
{
    return c->uid;
}

/* --- sending -----------------------------------------------------------------------------------
 */

/* Part of a frame may be on its way already, so a failure ends the connection. */
static pse_rc send_all(int fd, struct iovec *part, size_t parts)
{
    while (parts > 0) {
        struct msghdr message = {.msg_iov = part, .msg_iovlen = parts};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return PSE_E_IO;
        while (parts > 0 && (size_t)sent >= part->iov_len) {
            sent -= (ssize_t)part->iov_len;
            part++;
            parts--;
        }
        if (parts > 0) {
            part->iov_base = (uint8_t *)part->iov_base + sent;
            part->iov_len -= (size_t)sent;
        }
    }
    return PSE_OK;
}

pse_rc pse_ipc_send(struct pse_ipc *c, uint8_t kind, struct pse_span body)
{
    uint8_t header[HEADER];
    struct iovec part[2] = {{header, HEADER}, {(void *)(uintptr_t)body.p, body.n}};
    pse_rc rc;

    PSE_REQUIRE(body.n <= PSE_IPC_BODY_MAX);
    pse_store_u32(header, (uint32_t)body.n + 1);
    header[4] = kind;
    pthread_mutex_lock(&c->sending);
    rc = send_all(c->fd, part, body.n == 0 ? 1 : 2);
    pthread_mutex_unlock(&c->sending);
    if (rc != PSE_OK)
        pse_ipc_shut(c);
    return rc;
}

/* --- receiving ---------------------------------------------------------------------------------
 */

/* PSE_E_MISSING: closed before the first of the n bytes. */
static pse_rc read_all(int fd, uint8_t *out, size_t n)
{
    size_t have = 0;

    while (have < n) {
        ssize_t got;

        if (await(fd, PSE_IPC_SEND_MS) != PSE_OK)
            return PSE_E_IO;
        got = recv(fd, out + have, n - have, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == ECONNRESET && have == 0 ? PSE_E_MISSING : PSE_E_IO;
        if (got == 0)
            return have == 0 ? PSE_E_MISSING : PSE_E_LENGTH;
        have += (size_t)got;
    }
    return PSE_OK;
}

pse_rc pse_ipc_recv(struct pse_ipc *c, uint8_t *kind, struct pse_span *body, int ms)
{
    uint8_t header[HEADER];
    uint32_t n;
    uint8_t *room;
    pse_rc rc;

    *kind = 0;
    *body = pse_span(NULL, 0);
    PSE_TRY(await(c->fd, ms));
    PSE_TRY(read_all(c->fd, header, HEADER));
    n = pse_load_u32(header);
    if (n == 0 || n > PSE_IPC_FRAME_MAX)
        return PSE_E_LENGTH;
    c->body.n = 0;
    room = pse_buf_extend(&c->body, n - 1);
    if (room == NULL && n > 1)
        return PSE_E_MEMORY;
    rc = n == 1 ? PSE_OK : read_all(c->fd, room, n - 1);
    if (rc != PSE_OK)
        return rc == PSE_E_MISSING ? PSE_E_LENGTH : rc;
    *kind = header[4];
    *body = pse_buf_span(&c->body);
    return PSE_OK;
}

void pse_ipc_shut(struct pse_ipc *c)
{
    (void)shutdown(c->fd, SHUT_RDWR);
}

void pse_ipc_free(struct pse_ipc *c)
{
    if (c == NULL)
        return;
    (void)close(c->fd);
    pthread_mutex_destroy(&c->sending);
    pse_buf_free(&c->body);
    free(c);
}
