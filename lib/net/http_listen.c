/* Listening sockets. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "codec/text.h"
#include "http.h"

enum {
    BACKLOG = SOMAXCONN /* who finds it full waits a second */,
    FIRST_PASSED = 3 /* SD_LISTEN_FDS_START */,
    PASSED_MAX = 1024
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
};

static pse_rc give(int *fd, int s, pse_rc rc)
{
    int error = errno;

    if (rc != PSE_OK && s >= 0)
        (void)close(s);
    *fd = rc == PSE_OK ? s : -1;
    errno = error;
    return rc;
}

static pse_rc bind_listen(int s, const union address *a, socklen_t n)
{
    return bind(s, &a->any, n) == 0 && listen(s, BACKLOG) == 0 ? PSE_OK : PSE_E_IO;
}

/* --- Unix --------------------------------------------------------------------------------------
 */

/* A socket that nobody listens on any more is in the way; anything else stays. */
static void remove_dead(const union address *a)
{
    struct stat st;
    int s;

    if (lstat(a->un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s >= 0 && connect(s, &a->any, sizeof a->un) != 0 && errno == ECONNREFUSED)
        (void)unlink(a->un.sun_path);
    if (s >= 0)
        (void)close(s);
}

static pse_rc listen_unix(int *fd, const char *path)
{
    union address a = {.un = {.sun_family = AF_UNIX}};
    int s;

    if (path[0] == '\0' || strlen(path) >= sizeof a.un.sun_path)
        return give(fd, -1, PSE_E_SYNTAX);
    memcpy(a.un.sun_path, path, strlen(path) + 1);
    remove_dead(&a);
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return give(fd, s, s < 0 ? PSE_E_IO : bind_listen(s, &a, sizeof a.un));
}

/* --- TCP ---------------------------------------------------------------------------------------
 */

static pse_rc split_port(char host[PSE_HTTP_ADDRESS], uint16_t *port, const char *where)
{
    const char *colon = strrchr(where, ':');
    uint64_t n;

    if (colon == NULL || colon == where || (size_t)(colon - where) >= PSE_HTTP_ADDRESS ||
        pse_decimal_decode(&n, pse_span_str(colon + 1)) != PSE_OK || n > UINT16_MAX)
        return PSE_E_SYNTAX;
    memcpy(host, where, (size_t)(colon - where));
    host[colon - where] = '\0';
    *port = (uint16_t)n;
    return PSE_OK;
}

static pse_rc loopback(union address *a, socklen_t *n, const char *where)
{
    char host[PSE_HTTP_ADDRESS];
    uint16_t port;

    memset(a, 0, sizeof *a);
    PSE_TRY(split_port(host, &port, where));
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        a->v6.sin6_family = AF_INET6;
        a->v6.sin6_port = htons(port);
        *n = sizeof a->v6;
        if (inet_pton(AF_INET6, host + 1, &a->v6.sin6_addr) != 1)
            return PSE_E_SYNTAX;
        return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr) ? PSE_OK : PSE_E_UNSUPPORTED;
    }
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons(port);
    *n = sizeof a->v4;
    if (strcmp(host, "localhost") == 0)
        (void)snprintf(host, sizeof host, "127.0.0.1");
    if (inet_pton(AF_INET, host, &a->v4.sin_addr) != 1)
        return PSE_E_SYNTAX;
    return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127 ? PSE_OK : PSE_E_UNSUPPORTED;
}

static pse_rc listen_tcp(int *fd, const char *where)
{
    union address a;
    socklen_t n;
    int one = 1;
    pse_rc rc = loopback(&a, &n, where);
    int s;

    if (rc != PSE_OK)
        return give(fd, -1, rc);
    s = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
        return give(fd, s, PSE_E_IO);
    return give(fd, s, bind_listen(s, &a, n));
}

/* --- passed by the service manager ---------------------------------------------------------------
 */

/* How many there are was said in the environment, which whoever began the daemon has read and
 * emptied. What tells a socket that was passed from any other descriptor is that it listens. */
static pse_rc passed(int *fd, const char *number)
{
    uint64_t want;
    int listens = 0;
    socklen_t n = sizeof listens;
    int s;

    *fd = -1;
    if (pse_decimal_decode(&want, pse_span_str(number)) != PSE_OK || want > PASSED_MAX)
        return PSE_E_SYNTAX;
    s = FIRST_PASSED + (int)want;
    if (getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0 || listens == 0 ||
        fcntl(s, F_SETFD, FD_CLOEXEC) != 0)
        return PSE_E_MISSING;
    *fd = s;
    return PSE_OK;
}

/* --- address -----------------------------------------------------------------------------------
 */

static pse_rc say_address(char out[PSE_HTTP_ADDRESS], int fd)
{
    union address a;
    socklen_t n = sizeof a;
    char host[INET6_ADDRSTRLEN];

    memset(&a, 0, sizeof a);
    if (getsockname(fd, &a.any, &n) != 0)
        return PSE_E_IO;
    if (a.any.sa_family == AF_UNIX)
        (void)snprintf(out, PSE_HTTP_ADDRESS, "unix:%s", a.un.sun_path);
    else if (a.any.sa_family == AF_INET6 &&
             inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof host) != NULL)
        (void)snprintf(out, PSE_HTTP_ADDRESS, "http://[%s]:%u", host, ntohs(a.v6.sin6_port));
    else if (a.any.sa_family == AF_INET &&
             inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof host) != NULL)
        (void)snprintf(out, PSE_HTTP_ADDRESS, "http://%s:%u", host, ntohs(a.v4.sin_port));
    else
        return PSE_E_UNSUPPORTED;
    return PSE_OK;
}

pse_rc pse_http_listen(int *fd, char address[PSE_HTTP_ADDRESS], const char *where)
{
    address[0] = '\0';
    if (strncmp(where, "unix:", 5) == 0)
        PSE_TRY(listen_unix(fd, where + 5));
    else if (strncmp(where, "fd:", 3) == 0)
        PSE_TRY(passed(fd, where + 3));
    else
        PSE_TRY(listen_tcp(fd, where));
    return give(fd, *fd, say_address(address, *fd));
}
