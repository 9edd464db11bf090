/* Folders and addresses of psephos serve. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "psephos/serve.h"

enum {
    SOCKET_NAME_MAX = 107 - (int)sizeof "/run/sequence.sock",
    /* Where free ones are looked for: below those that the kernel gives to connections, which hold
     * on to theirs for a minute after their end. */
    PORT_FIRST = 10000,
    PORT_LAST = 32000,
    PORT_TRIES = 1000,
    AWAIT_MS = 15000,
    STEP_MS = 20,
};

/* --- folders -----------------------------------------------------------------------------------
 */

pse_rc serve_path(char out[FILE_PATH_MAX], const struct serve *s, const char *leaf)
{
    return file_join(out, s->name, s->dir, leaf);
}

pse_rc serve_dir(struct serve *s, const char *dir)
{
    char *here = dir[0] == '/' ? NULL : getcwd(NULL, 0);
    int n = here == NULL ? snprintf(s->dir, sizeof s->dir, "%s", dir)
                         : snprintf(s->dir, sizeof s->dir, "%s/%s", here, dir);

    free(here);
    while (n > 1 && n < (int)sizeof s->dir && s->dir[n - 1] == '/')
        s->dir[--n] = '\0';
    if (dir[0] != '\0' && n > 0 && n <= SOCKET_NAME_MAX && strchr(s->dir, '\n') == NULL)
        return PSE_OK;
    cli_error(s->name,
              "the path of --dir is longer than %d bytes, too long for sockets below it; "
              "choose a shorter one",
              SOCKET_NAME_MAX);
    return PSE_E_LIMIT;
}

static pse_rc make_folder(const struct serve *s, const char *leaf, mode_t mode)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(serve_path(path, s, leaf));
    PSE_TRY(file_make_dir(s->name, path));
    if (chmod(path, mode) == 0)
        return PSE_OK;
    cli_error(s->name, "cannot protect %s: %s", path, strerror(errno));
    return PSE_E_IO;
}

static pse_rc make_numbered(const struct serve *s, const char *stem, uint64_t n)
{
    char leaf[64];

    for (uint64_t i = 1; i <= n; i++) {
        (void)snprintf(leaf, sizeof leaf, "%s-%" PRIu64, stem, i);
        PSE_TRY(make_folder(s, leaf, 0700));
    }
    return PSE_OK;
}

pse_rc serve_make_folders(const struct serve *s)
{
    static const char *const all[] = {"etc", "office", "office/cards", "desk", "registrar", "state",
                                      "run", "mail",   "letters",      "post", "store"};

    PSE_TRY(make_folder(s, "", 0755));
    for (size_t i = 0; i < CLI_COUNT(all); i++)
        PSE_TRY(make_folder(s, all[i], 0700));
    PSE_TRY(make_folder(s, "record", 0755));
    PSE_TRY(make_numbered(s, "witness", SERVE_WITNESSES));
    PSE_TRY(make_numbered(s, "trustee", s->set.trustees));
    return make_numbered(s, "mixer", s->set.mixers);
}

/* --- addresses ---------------------------------------------------------------------------------
 */

static struct sockaddr_in loopback(uint64_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static bool is_free(uint64_t port)
{
    struct sockaddr_in at = loopback(port);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* The first port from @p port on that is taken, or 0. */
static uint64_t taken(uint64_t port)
{
    for (uint64_t p = port; p < port + SERVE_PORTS; p++) {
        if (!is_free(p))
            return p;
    }
    return 0;
}

pse_rc serve_check_ports(const struct serve *s)
{
    uint64_t busy = taken(s->set.port);

    if (busy == 0)
        return PSE_OK;
    cli_error(s->name,
              "port %" PRIu64 " of 127.0.0.1, which stands in this election's settings, is taken; "
              "end the program that has it",
              busy);
    return PSE_E_STATE;
}

pse_rc serve_find_ports(struct serve *s, uint64_t port)
{
    uint64_t p = PORT_FIRST + (uint64_t)getpid() * SERVE_PORTS % (PORT_LAST - PORT_FIRST);
    uint64_t busy = port == 0 ? 0 : taken(port);

    s->set.port = port;
    if (busy != 0) {
        cli_error(s->name,
                  "port %" PRIu64 " of 127.0.0.1 is taken; give --listen 127.0.0.1:PORT with %d "
                  "free ports in a row, or port 0",
                  busy, SERVE_PORTS);
        return PSE_E_STATE;
    }
    for (int i = 0; port == 0 && i < PORT_TRIES; i++, p += SERVE_PORTS) {
        if (p > PORT_LAST)
            p = PORT_FIRST;
        if (taken(p) == 0) {
            s->set.port = p;
            return PSE_OK;
        }
    }
    if (port != 0)
        return PSE_OK;
    cli_error(s->name, "no %d free ports in a row on 127.0.0.1", SERVE_PORTS);
    return PSE_E_STATE;
}

pse_rc serve_await_port(const struct serve *s, uint64_t port)
{
    struct sockaddr_in at = loopback(port);

    for (int ms = 0; ms < AWAIT_MS; ms += STEP_MS) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool up = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;

        if (fd >= 0)
            close(fd);
        if (up)
            return PSE_OK;
        (void)poll(NULL, 0, STEP_MS);
    }
    cli_error(s->name, "nobody listens on 127.0.0.1:%" PRIu64 "; see %s/setup.log", port, s->dir);
    return PSE_E_STATE;
}
