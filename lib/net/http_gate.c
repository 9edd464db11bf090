#include "net/http_gate.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "net/peer.h"

/* --- sources -----------------------------------------------------------------------------------
 */

uint64_t http_source_prefix(const struct sockaddr *a, socklen_t n)
{
    if (n >= sizeof(struct sockaddr_in) && a->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, a, sizeof v4);
        return UINT64_C(1) << 56 | ntohl(v4.sin_addr.s_addr) >> 8;
    }
    if (n >= sizeof(struct sockaddr_in6) && a->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        uint64_t prefix = UINT64_C(2) << 56;

        memcpy(&v6, a, sizeof v6);
        for (unsigned i = 0; i < 6; i++)
            prefix |= (uint64_t)v6.sin6_addr.s6_addr[i] << (8 * i);
        return prefix;
    }
    return 0;
}

uint64_t http_source_address(const struct sockaddr *a, socklen_t n)
{
    bool fits = (n >= sizeof(struct sockaddr_in) && a->sa_family == AF_INET) ||
                (n >= sizeof(struct sockaddr_in6) && a->sa_family == AF_INET6);

    return fits ? pse_peer_number(a) : 0;
}

/* --- counts: open addressing, at most half full ------------------------------------------------
 */

struct source {
    uint64_t prefix; /* 0: free */
    size_t n;
};

struct http_gate {
    size_t most;
    size_t per_source;
    size_t n;
    uint64_t seed;
    size_t mask;
    struct source slot[];
};

pse_rc http_gate_new(struct http_gate **out, unsigned most, unsigned per_source, uint64_t seed)
{
    size_t slots = 16;
    struct http_gate *g;

    while (slots < 2 * (size_t)most)
        slots *= 2;
    g = calloc(1, sizeof *g + slots * sizeof g->slot[0]);
    *out = g;
    if (g == NULL)
        return PSE_E_MEMORY;
    g->most = most;
    g->per_source = per_source == UINT_MAX ? SIZE_MAX : per_source;
    g->seed = seed;
    g->mask = slots - 1;
    return PSE_OK;
}

void http_gate_free(struct http_gate *g)
{
    free(g);
}

static size_t home(const struct http_gate *g, uint64_t prefix)
{
    uint64_t x = prefix ^ g->seed;

    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(x ^ x >> 32) & g->mask;
}

/* Its slot, or the free one where it would stand. */
static size_t find(const struct http_gate *g, uint64_t prefix)
{
    size_t i = home(g, prefix);

    while (g->slot[i].prefix != 0 && g->slot[i].prefix != prefix)
        i = (i + 1) & g->mask;
    return i;
}

enum http_entry http_gate_enter(struct http_gate *g, uint64_t prefix)
{
    struct source *s;

    if (g->n >= g->most)
        return HTTP_FULL;
    if (prefix != 0) {
        s = &g->slot[find(g, prefix)];
        if (s->n >= g->per_source)
            return HTTP_SOURCE_FULL;
        s->prefix = prefix;
        s->n++;
    }
    g->n++;
    return HTTP_ENTERS;
}

/* Slots behind a freed one move up, so that no search ends too early. */
static void close_gap(struct http_gate *g, size_t gap)
{
    for (size_t i = (gap + 1) & g->mask; g->slot[i].prefix != 0; i = (i + 1) & g->mask) {
        size_t from = home(g, g->slot[i].prefix);

        if (((i - from) & g->mask) < ((i - gap) & g->mask))
            continue; /* its own search begins behind the gap */
        g->slot[gap] = g->slot[i];
        gap = i;
    }
    g->slot[gap] = (struct source){0};
}

void http_gate_leave(struct http_gate *g, uint64_t prefix)
{
    size_t i;

    PSE_REQUIRE(g->n > 0);
    g->n--;
    if (prefix == 0)
        return;
    i = find(g, prefix);
    PSE_REQUIRE(g->slot[i].n > 0);
    if (--g->slot[i].n == 0)
        close_gap(g, i);
}

size_t http_gate_count(const struct http_gate *g)
{
    return g->n;
}
