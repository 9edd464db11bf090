/* Cursors: binary messages of the protocol, field by field (protocol 1: u8 u16 u32 u64 are
 * big-endian, v8 and v16 carry their length in front, trailing or missing bytes reject).
 *
 * A parser is one line a field and then pse_rd_end. Every read returns PSE_OK or PSE_E_LENGTH
 * (fewer bytes left than the field needs); after a failure the cursor has not moved and the output
 * is untouched. Spans borrow from the message and live no longer than it.
 * Writing appends to a struct pse_buf, whose failure is sticky: check b->rc once at the end. */
#ifndef PSE_CODEC_CURSOR_H
#define PSE_CODEC_CURSOR_H

#include "base/base.h"

/** What is left of a message: [p, end). */
struct pse_rd {
    const uint8_t *p;
    const uint8_t *end;
};

static inline struct pse_rd pse_rd(struct pse_span in)
{
    struct pse_rd r = {in.p, in.n == 0 ? in.p : in.p + in.n};
    return r;
}

/** Bytes not yet read. */
static inline size_t pse_rd_left(const struct pse_rd *r)
{
    return r->p == r->end ? 0 : (size_t)(r->end - r->p);
}

/** The next @p n bytes, borrowed. */
static inline PSE_MUST pse_rc pse_rd_bytes(struct pse_span *out, struct pse_rd *r, size_t n)
{
    if (pse_rd_left(r) < n)
        return PSE_E_LENGTH;
    *out = pse_span(r->p, n);
    if (n > 0)
        r->p += n;
    return PSE_OK;
}

PSE_MUST pse_rc pse_rd_u8(uint8_t *out, struct pse_rd *r);
PSE_MUST pse_rc pse_rd_u16(uint16_t *out, struct pse_rd *r);
PSE_MUST pse_rc pse_rd_u32(uint32_t *out, struct pse_rd *r);
PSE_MUST pse_rc pse_rd_u64(uint64_t *out, struct pse_rd *r);
/** The next @p n bytes, copied into @p out. */
PSE_MUST pse_rc pse_rd_copy(void *out, struct pse_rd *r, size_t n);
/** The next 32 bytes, copied. */
PSE_MUST pse_rc pse_rd_hash(pse_hash *out, struct pse_rd *r);
/** u8 or u16 length, then that many bytes, borrowed. */
PSE_MUST pse_rc pse_rd_v8(struct pse_span *out, struct pse_rd *r);
PSE_MUST pse_rc pse_rd_v16(struct pse_span *out, struct pse_rd *r);
/** And nothing after: PSE_OK only when every byte was read. */
PSE_MUST pse_rc pse_rd_end(const struct pse_rd *r);

void pse_wr_u8(struct pse_buf *b, uint8_t x);
void pse_wr_u16(struct pse_buf *b, uint16_t x);
void pse_wr_u32(struct pse_buf *b, uint32_t x);
void pse_wr_u64(struct pse_buf *b, uint64_t x);
void pse_wr_span(struct pse_buf *b, struct pse_span x);
void pse_wr_hash(struct pse_buf *b, const pse_hash *x);
/** Length, then bytes. x.n <= 255 or 65535 is the caller's promise (PSE_REQUIRE). */
void pse_wr_v8(struct pse_buf *b, struct pse_span x);
void pse_wr_v16(struct pse_buf *b, struct pse_span x);
/** ASCII text without its final zero. */
void pse_wr_str(struct pse_buf *b, const char *s);

/** One big-endian integer in place, for fixed layouts and hash inputs. */
static inline void pse_store_u64(uint8_t out[8], uint64_t x)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint8_t)(x >> (56 - 8 * i));
}

static inline uint32_t pse_load_u32(const uint8_t in[4])
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static inline uint64_t pse_load_u64(const uint8_t in[8])
{
    return (uint64_t)pse_load_u32(in) << 32 | pse_load_u32(in + 4);
}

static inline void pse_store_u32(uint8_t out[4], uint32_t x)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(x >> (24 - 8 * i));
}

static inline void pse_store_u16(uint8_t out[2], uint16_t x)
{
    out[0] = (uint8_t)(x >> 8);
    out[1] = (uint8_t)x;
}

#endif
