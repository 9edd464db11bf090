#include "daemon/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int pse_notify_open(const char *address)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = strlen(address);
    int fd;

    if (n < 2 || n >= sizeof to.sun_path || (address[0] != '/' && address[0] != '@'))
        return -1;
    memcpy(to.sun_path, address, n);
    if (address[0] == '@')
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to,
                           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void pse_notify_send(int fd, const char *lines)
{
    if (fd >= 0)
        (void)!send(fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT);
}
