#include <stdlib.h>

#include "codec/hash.h"
#include "room.h"

struct ticket {
    uint32_t number;
    uint8_t digest[64];
};

void pse_count_lot_public(struct pse_count_lot *lot)
{
    memset(lot, 0, sizeof *lot);
}

void pse_count_lot_seed(struct pse_count_lot *lot, const uint8_t seed[64])
{
    pse_count_lot_public(lot);
    memcpy(lot->seed, seed, sizeof lot->seed);
    lot->is_drawn = true;
}

static void put_u32(uint8_t out[4], uint32_t v)
{
    out[0] = (uint8_t)(v >> 24);
    out[1] = (uint8_t)(v >> 16);
    out[2] = (uint8_t)(v >> 8);
    out[3] = (uint8_t)v;
}

static void ticket_make(struct ticket *t, const uint8_t seed[64], uint32_t lot, uint32_t number)
{
    uint8_t message[72];

    memcpy(message, seed, 64);
    put_u32(message + 64, lot);
    put_u32(message + 68, number);
    t->number = number;
    pse_sha512(t->digest, pse_span(message, sizeof message));
}

static int ticket_cmp(const void *a, const void *b)
{
    return memcmp(((const struct ticket *)a)->digest, ((const struct ticket *)b)->digest, 64);
}

pse_rc pse_count_lot_draw(struct pse_count_lot *lot, uint32_t *number, size_t n)
{
    struct ticket *ticket;

    PSE_REQUIRE(n >= 1 && n <= PSE_COUNT_CANDIDATES_MAX && lot->drawn < UINT32_MAX);
    PSE_ARENA(arena, n * sizeof *ticket + 65536);
    ticket = PSE_NEW(&arena, struct ticket, n);
    if (ticket == NULL)
        return PSE_E_MEMORY;
    lot->drawn++;
    for (size_t i = 0; i < n; i++)
        ticket_make(&ticket[i], lot->seed, lot->drawn, number[i]);
    qsort(ticket, n, sizeof *ticket, ticket_cmp);
    for (size_t i = 0; i < n; i++)
        number[i] = ticket[i].number;
    return PSE_OK;
}
