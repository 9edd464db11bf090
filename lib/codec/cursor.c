#include "cursor.h"

pse_rc pse_rd_u8(uint8_t *out, struct pse_rd *r)
{
    struct pse_span s;

    PSE_TRY(pse_rd_bytes(&s, r, 1));
    *out = s.p[0];
    return PSE_OK;
}

pse_rc pse_rd_u16(uint16_t *out, struct pse_rd *r)
{
    struct pse_span s;

    PSE_TRY(pse_rd_bytes(&s, r, 2));
    *out = (uint16_t)(s.p[0] << 8 | s.p[1]);
    return PSE_OK;
}

pse_rc pse_rd_u32(uint32_t *out, struct pse_rd *r)
{
    struct pse_span s;

    PSE_TRY(pse_rd_bytes(&s, r, 4));
    *out = pse_load_u32(s.p);
    return PSE_OK;
}

pse_rc pse_rd_u64(uint64_t *out, struct pse_rd *r)
{
    struct pse_span s;

    PSE_TRY(pse_rd_bytes(&s, r, 8));
    *out = pse_load_u64(s.p);
    return PSE_OK;
}

pse_rc pse_rd_copy(void *out, struct pse_rd *r, size_t n)
{
    struct pse_span s;

    PSE_TRY(pse_rd_bytes(&s, r, n));
    if (n > 0)
        memcpy(out, s.p, n);
    return PSE_OK;
}

pse_rc pse_rd_hash(pse_hash *out, struct pse_rd *r)
{
    return pse_rd_copy(out->b, r, sizeof out->b);
}

pse_rc pse_rd_v8(struct pse_span *out, struct pse_rd *r)
{
    struct pse_rd try = *r;
    uint8_t n;

    PSE_TRY(pse_rd_u8(&n, &try));
    PSE_TRY(pse_rd_bytes(out, &try, n));
    *r = try;
    return PSE_OK;
}

pse_rc pse_rd_v16(struct pse_span *out, struct pse_rd *r)
{
    struct pse_rd try = *r;
    uint16_t n;

    PSE_TRY(pse_rd_u16(&n, &try));
    PSE_TRY(pse_rd_bytes(out, &try, n));
    *r = try;
    return PSE_OK;
}

pse_rc pse_rd_end(const struct pse_rd *r)
{
    return pse_rd_left(r) == 0 ? PSE_OK : PSE_E_LENGTH;
}

void pse_wr_u8(struct pse_buf *b, uint8_t x)
{
    pse_buf_put(b, &x, 1);
}

void pse_wr_u16(struct pse_buf *b, uint16_t x)
{
    uint8_t bytes[2];

    pse_store_u16(bytes, x);
    pse_buf_put(b, bytes, sizeof bytes);
}

void pse_wr_u32(struct pse_buf *b, uint32_t x)
{
    uint8_t bytes[4];

    pse_store_u32(bytes, x);
    pse_buf_put(b, bytes, sizeof bytes);
}

void pse_wr_u64(struct pse_buf *b, uint64_t x)
{
    uint8_t bytes[8];

    pse_store_u64(bytes, x);
    pse_buf_put(b, bytes, sizeof bytes);
}

void pse_wr_span(struct pse_buf *b, struct pse_span x)
{
    pse_buf_put(b, x.p, x.n);
}

void pse_wr_hash(struct pse_buf *b, const pse_hash *x)
{
    pse_buf_put(b, x->b, sizeof x->b);
}

void pse_wr_v8(struct pse_buf *b, struct pse_span x)
{
    PSE_REQUIRE(x.n <= UINT8_MAX);
    pse_wr_u8(b, (uint8_t)x.n);
    pse_wr_span(b, x);
}

void pse_wr_v16(struct pse_buf *b, struct pse_span x)
{
    PSE_REQUIRE(x.n <= UINT16_MAX);
    pse_wr_u16(b, (uint16_t)x.n);
    pse_wr_span(b, x);
}

void pse_wr_str(struct pse_buf *b, const char *s)
{
    pse_wr_span(b, pse_span_str(s));
}
