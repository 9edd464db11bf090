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

void pse_weights(pse_scalar *w, const uint8_t h[64], uint64_t first, size_t n)
{
    static const char label[] = "psephos/1/weights";
    uint8_t input[sizeof label - 1 + 64 + 4];
    uint8_t block[64];
    uint64_t held = UINT64_MAX;

    PSE_REQUIRE(n == 0 || (first + n - 1) / 4 <= UINT32_MAX);
    memcpy(input, label, sizeof label - 1);
    memcpy(input + sizeof label - 1, h, 64);
    for (size_t i = 0; i < n; i++) {
        uint64_t q = (first + i) / 4;

        if (q != held) {
            pse_store_u32(input + sizeof label - 1 + 64, (uint32_t)q);
            pse_sha512(block, pse_span(input, sizeof input));
            held = q;
        }
        pse_scalar_from_short(&w[i], block + 16 * ((first + i) % 4));
    }
}
