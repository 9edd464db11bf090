#include "psephos/load_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, HEAP_FIRST = 1024 };

double load_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

pse_rc load_loop_new(struct load_loop **out)
{
    struct load_loop *l = calloc(1, sizeof *l);

    *out = NULL;
    if (l == NULL)
        return PSE_E_MEMORY;
    l->poll = epoll_create1(EPOLL_CLOEXEC);
    l->now = load_now();
    if (l->poll < 0) {
        free(l);
        return PSE_E_IO;
    }
    *out = l;
    return PSE_OK;
}

void load_loop_free(struct load_loop *l)
{
    if (l == NULL)
        return;
    (void)close(l->poll);
    free(l->heap);
    free(l);
}

pse_rc load_loop_watch(struct load_loop *l, int fd, struct load_source *s)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = s};

    return epoll_ctl(l->poll, EPOLL_CTL_ADD, fd, &e) == 0 ? PSE_OK : PSE_E_IO;
}

/* --- timers: a binary heap, earliest first; places count from 1 --------------------------------
 */

static void put_at(struct load_loop *l, size_t place, struct load_timer *t)
{
    l->heap[place - 1] = t;
    t->place = place;
}

static void sift_up(struct load_loop *l, struct load_timer *t, size_t place)
{
    while (place > 1 && l->heap[place / 2 - 1]->at > t->at) {
        put_at(l, place, l->heap[place / 2 - 1]);
        place /= 2;
    }
    put_at(l, place, t);
}

static void sift_down(struct load_loop *l, struct load_timer *t, size_t place)
{
    for (;;) {
        size_t child = 2 * place;

        if (child < l->timers && l->heap[child]->at < l->heap[child - 1]->at)
            child++;
        if (child > l->timers || l->heap[child - 1]->at >= t->at)
            break;
        put_at(l, place, l->heap[child - 1]);
        place = child;
    }
    put_at(l, place, t);
}

void load_timer_clear(struct load_loop *l, struct load_timer *t)
{
    size_t place = t->place;
    struct load_timer *last;

    if (place == 0)
        return;
    t->place = 0;
    last = l->heap[--l->timers];
    if (last == t)
        return;
    if (place > 1 && l->heap[place / 2 - 1]->at > last->at)
        sift_up(l, last, place);
    else
        sift_down(l, last, place);
}

void load_timer_set(struct load_loop *l, struct load_timer *t, double at)
{
    load_timer_clear(l, t);
    if (l->timers == l->room) {
        size_t room = l->room > 0 ? 2 * l->room : HEAP_FIRST;
        struct load_timer **heap = realloc(l->heap, room * sizeof(struct load_timer *));

        PSE_REQUIRE(heap != NULL); /* a client without timers would wait for ever */
        l->heap = heap;
        l->room = room;
    }
    t->at = at;
    l->timers++;
    sift_up(l, t, l->timers);
}

static void fire_due(struct load_loop *l)
{
    while (l->timers > 0 && l->heap[0]->at <= l->now) {
        struct load_timer *t = l->heap[0];

        load_timer_clear(l, t);
        t->fire(t);
    }
}

/* --- rounds ------------------------------------------------------------------------------------
 */

/* A descriptor may be ready before the next millisecond, a timer due: waiting is rounded up, so
 * that the loop sleeps instead of spinning. */
static int wait_ms(const struct load_loop *l, double until)
{
    double at = l->timers > 0 && l->heap[0]->at < until ? l->heap[0]->at : until;
    double ms = 1000 * (at - load_now());

    return ms <= 0 ? 0 : ms > 1000 ? 1000 : (int)ms + 1;
}

void load_loop_round(struct load_loop *l, double until)
{
    struct epoll_event e[EVENTS];
    int n = epoll_wait(l->poll, e, EVENTS, wait_ms(l, until));

    PSE_REQUIRE(n >= 0 || errno == EINTR);
    l->now = load_now();
    for (int i = 0; i < n; i++) {
        struct load_source *s = e[i].data.ptr;

        s->ready(s);
    }
    fire_due(l);
}
