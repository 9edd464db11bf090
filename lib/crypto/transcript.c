#include "crypto/transcript.h"

void pse_transcript_empty(pse_transcript *t)
{
    pse_sha512_init(&t->sha);
    t->due = 0;
}

void pse_transcript_init(pse_transcript *t, const char *type, const pse_hash *eid)
{
    static const char protocol[] = "psephos/1";

    pse_transcript_empty(t);
    pse_transcript_absorb(t, protocol, sizeof protocol - 1);
    pse_transcript_absorb(t, type, strlen(type));
    pse_transcript_absorb(t, eid->b, sizeof eid->b);
}

void pse_transcript_absorb_begin(pse_transcript *t, uint64_t n)
{
    uint8_t length[4];

    PSE_REQUIRE(t->due == 0 && n <= UINT32_MAX);
    pse_store_u32(length, (uint32_t)n);
    pse_sha512_add(&t->sha, length, sizeof length);
    t->due = n;
}

void pse_transcript_absorb_part(pse_transcript *t, const void *x, size_t n)
{
    PSE_REQUIRE(n <= t->due);
    t->due -= n;
    pse_sha512_add(&t->sha, x, n);
}

void pse_transcript_absorb(pse_transcript *t, const void *x, size_t n)
{
    pse_transcript_absorb_begin(t, n);
    pse_transcript_absorb_part(t, x, n);
}

void pse_transcript_squeeze(pse_transcript *t, uint8_t h[64])
{
    PSE_REQUIRE(t->due == 0);
    pse_sha512_final(h, &t->sha);
    pse_transcript_empty(t);
    pse_transcript_absorb(t, h, 64);
}

void pse_transcript_challenge(pse_transcript *t, pse_scalar *c)
{
    uint8_t h[64];

    pse_transcript_squeeze(t, h);
    pse_scalar_from_wide(c, h);
}

void pse_transcript_challenge_short(pse_transcript *t, pse_scalar *c)
{
    uint8_t h[64];

    pse_transcript_squeeze(t, h);
    pse_scalar_from_short(c, h);
}

void pse_transcript_wipe(pse_transcript *t)
{
    pse_wipe(t, sizeof *t);
}

void pse_statement_begin(pse_transcript *t, const struct pse_statement *s)
{
    pse_transcript_init(t, s->type, s->eid);
    for (size_t i = 0; i < s->n; i++)
        pse_transcript_absorb(t, s->x[i].p, s->x[i].n);
}

void pse_statement_hash(uint8_t h[64], const struct pse_statement *s)
{
    PSE_SECRET(pse_transcript, t);

    pse_statement_begin(&t, s);
    pse_transcript_squeeze(&t, h);
}

void pse_statement_scalar(pse_scalar *c, const struct pse_statement *s)
{
    uint8_t h[64];

    pse_statement_hash(h, s);
    pse_scalar_from_wide(c, h);
}

/* Blocks B of the weights hashed together. */
enum { WEIGHT_BLOCKS = 32 };

/* The blocks for numbers q .. q + n - 1, n <= WEIGHT_BLOCKS. */
static void weight_blocks(uint8_t (*block)[64], const uint8_t h[64], uint64_t q, size_t n)
{
    static const char label[] = "psephos/1/weights";
    uint8_t prefix[sizeof label - 1 + 64];
    uint8_t number[WEIGHT_BLOCKS][4];
    struct pse_span message[WEIGHT_BLOCKS];

    memcpy(prefix, label, sizeof label - 1);
    memcpy(prefix + sizeof label - 1, h, 64);
    for (size_t i = 0; i < n; i++) {
        pse_store_u32(number[i], (uint32_t)(q + i));
        message[i] = pse_span(number[i], sizeof number[i]);
    }
    pse_sha512_many(block, pse_span(prefix, sizeof prefix), message, n);
}

void pse_weights(pse_scalar *w, const uint8_t h[64], uint64_t first, size_t n)
{
    uint8_t block[WEIGHT_BLOCKS][64];
    uint64_t end = first + n;

    PSE_REQUIRE(n == 0 || (end - 1) / 4 <= UINT32_MAX);
    for (uint64_t i = first; i < end;) {
        uint64_t q = i / 4;
        uint64_t left = (end - 1) / 4 - q + 1;

        weight_blocks(block, h, q, left < WEIGHT_BLOCKS ? (size_t)left : WEIGHT_BLOCKS);
        for (; i < end && i / 4 < q + WEIGHT_BLOCKS; i++)
            pse_scalar_from_short(&w[i - first], block[i / 4 - q] + 16 * (i % 4));
    }
}
