#include "crypto/statements.h"

static const char protocol[] = "psephos/1";

enum { TOGETHER = 128 }; /* transcripts hashed by one call */

size_t pse_statement_size(const struct pse_statement *s)
{
    size_t n = 4 + sizeof protocol - 1 + 4 + strlen(s->type) + 4 + sizeof s->eid->b;

    for (size_t i = 0; i < s->n; i++)
        n += 4 + s->x[i].n;
    return n;
}

static uint8_t *absorb(uint8_t *to, const void *x, size_t n)
{
    PSE_REQUIRE(n <= UINT32_MAX);
    pse_store_u32(to, (uint32_t)n);
    if (n > 0)
        memcpy(to + 4, x, n);
    return to + 4 + n;
}

static void write_out(uint8_t *to, const struct pse_statement *s)
{
    to = absorb(to, protocol, sizeof protocol - 1);
    to = absorb(to, s->type, strlen(s->type));
    to = absorb(to, s->eid->b, sizeof s->eid->b);
    for (size_t i = 0; i < s->n; i++)
        to = absorb(to, s->x[i].p, s->x[i].n);
}

/* As many as fit, but one at least. */
static size_t hash_some(uint8_t (*h)[64], const struct pse_statement *s, size_t n, uint8_t *scratch,
                        size_t room)
{
    struct pse_span message[TOGETHER];
    size_t taken = 0;

    while (taken < n && taken < TOGETHER) {
        size_t size = pse_statement_size(&s[taken]);

        if (size > room)
            break;
        write_out(scratch, &s[taken]);
        message[taken++] = pse_span(scratch, size);
        scratch += size;
        room -= size;
    }
    if (taken == 0) {
        pse_statement_hash(h[0], &s[0]);
        return 1;
    }
    pse_sha512_many(h, pse_span(NULL, 0), message, taken);
    return taken;
}

void pse_statements_hash(uint8_t (*h)[64], const struct pse_statement *s, size_t n,
                         uint8_t *scratch, size_t room)
{
    for (size_t i = 0; i < n;)
        i += hash_some(h + i, s + i, n - i, scratch, room);
}
