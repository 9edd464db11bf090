#include "daemon/supervise_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { READS = 64 }; /* a child that writes without end must not hold up the others */

void pse_child_out_begin(struct pse_child_out *o, int fd)
{
    o->fd = fd;
    o->n = 0;
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* One write a line, so that lines of several children never mix. A line that nobody takes is lost,
 * as any log line is. */
static void pass(struct pse_child_out *o, int to, const char *name, size_t n)
{
    char text[PSE_CHILD_LINE_MAX + 128];
    int all = snprintf(text, sizeof text, "%.100s: %.*s\n", name, (int)n, o->line);

    if (all > 0)
        (void)!write(to, text, (size_t)all < sizeof text ? (size_t)all : sizeof text - 1);
}

static void pass_lines(struct pse_child_out *o, int to, const char *name)
{
    char *end;

    while ((end = memchr(o->line, '\n', o->n)) != NULL) {
        size_t n = (size_t)(end - o->line);

        pass(o, to, name, n);
        o->n -= n + 1;
        memmove(o->line, end + 1, o->n);
    }
    if (o->n == sizeof o->line) {
        pass(o, to, name, o->n);
        o->n = 0;
    }
}

void pse_child_out_drain(struct pse_child_out *o, int to, const char *name)
{
    ssize_t n = 1;

    if (o->fd < 0)
        return;
    for (int i = 0; i < READS && (n = read(o->fd, o->line + o->n, sizeof o->line - o->n)) > 0;
         i++) {
        o->n += (size_t)n;
        pass_lines(o, to, name);
    }
    if (n == 0) { /* closed by the child: not to be polled for ever */
        close(o->fd);
        o->fd = -1;
    }
}

void pse_child_out_end(struct pse_child_out *o, int to, const char *name)
{
    if (o->n > 0)
        pass(o, to, name, o->n);
    o->n = 0;
    if (o->fd >= 0)
        close(o->fd);
    o->fd = -1;
}
