#include "tile.h"

#include "codec/cursor.h"
#include "codec/text.h"

/* --- names ------------------------------------------------------------------------------------ */

static char *put_text(char *to, const char *text)
{
    size_t n = strlen(text);

    memcpy(to, text, n + 1);
    return to + n;
}

/* Three digits. */
static char *put_group(char *to, unsigned x)
{
    to[0] = (char)('0' + x / 100);
    to[1] = (char)('0' + x / 10 % 10);
    to[2] = (char)('0' + x % 10);
    return to + 3;
}

static char *put_index(char *to, uint64_t index)
{
    unsigned group[7]; /* 2^64 has 20 digits */
    unsigned n = 0;

    do {
        group[n++] = (unsigned)(index % 1000);
        index /= 1000;
    } while (index > 0);
    while (n-- > 1) {
        *to++ = 'x';
        to = put_group(to, group[n]);
        *to++ = '/';
    }
    return put_group(to, group[0]);
}

void pse_tile_path(char out[PSE_TILE_PATH_MAX], const struct pse_tile *tile)
{
    char number[PSE_DECIMAL_TEXT];
    char *to = put_text(out, "tile/");

    PSE_REQUIRE(tile->level <= PSE_TILE_ENTRIES);
    PSE_REQUIRE(tile->width >= 1 && tile->width <= PSE_TILE_WIDTH);
    if (tile->level == PSE_TILE_ENTRIES) {
        to = put_text(to, "entries/");
    } else {
        pse_decimal_encode(number, tile->level);
        to = put_text(put_text(to, number), "/");
    }
    to = put_index(to, tile->index);
    if (tile->width < PSE_TILE_WIDTH) {
        pse_decimal_encode(number, tile->width);
        to = put_text(put_text(to, ".p/"), number);
    }
    *to = '\0';
}

/* The text before the first slash; the rest stays. */
static pse_rc take_part(struct pse_span *part, struct pse_span *path)
{
    const uint8_t *slash = path->n == 0 ? NULL : memchr(path->p, '/', path->n);

    if (slash == NULL)
        return PSE_E_SYNTAX;
    *part = pse_span(path->p, (size_t)(slash - path->p));
    *path = pse_span(slash + 1, path->n - part->n - 1);
    return PSE_OK;
}

static pse_rc parse_small(unsigned *out, struct pse_span text, unsigned max)
{
    uint64_t x;

    PSE_TRY(pse_decimal_decode(&x, text));
    if (x > max)
        return PSE_E_RANGE;
    *out = (unsigned)x;
    return PSE_OK;
}

/* index := 1000 index + three digits */
static pse_rc append_group(uint64_t *index, struct pse_span digits)
{
    uint64_t x = 0;

    if (digits.n != 3)
        return PSE_E_SYNTAX;
    for (size_t i = 0; i < 3; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return PSE_E_SYNTAX;
        x = x * 10 + (uint64_t)(digits.p[i] - '0');
    }
    if (__builtin_mul_overflow(*index, UINT64_C(1000), index) ||
        __builtin_add_overflow(*index, x, index))
        return PSE_E_RANGE;
    return PSE_OK;
}

static pse_rc parse_index_and_width(struct pse_tile *out, struct pse_span path)
{
    struct pse_span part;

    while (path.n > 0 && path.p[0] == 'x') {
        PSE_TRY(take_part(&part, &path));
        PSE_TRY(append_group(&out->index, pse_span(part.p + 1, part.n - 1)));
    }
    out->width = PSE_TILE_WIDTH;
    if (path.n > 5 && memcmp(path.p + 3, ".p/", 3) == 0) {
        PSE_TRY(parse_small(&out->width, pse_span(path.p + 6, path.n - 6), PSE_TILE_WIDTH - 1));
        if (out->width == 0)
            return PSE_E_RANGE;
        path.n = 3;
    }
    return append_group(&out->index, path);
}

pse_rc pse_tile_path_parse(struct pse_tile *out, struct pse_span path)
{
    struct pse_span rest = path;
    struct pse_span part;
    char again[PSE_TILE_PATH_MAX];

    memset(out, 0, sizeof *out);
    PSE_TRY(take_part(&part, &rest));
    if (!pse_span_is_str(part, "tile"))
        return PSE_E_SYNTAX;
    PSE_TRY(take_part(&part, &rest));
    if (pse_span_is_str(part, "entries"))
        out->level = PSE_TILE_ENTRIES;
    else
        PSE_TRY(parse_small(&out->level, part, 63));
    PSE_TRY(parse_index_and_width(out, rest));
    pse_tile_path(again, out);
    return pse_span_is_str(path, again) ? PSE_OK : PSE_E_SYNTAX;
}

void pse_tile_count(uint64_t *full, unsigned *partial, unsigned level, uint64_t size)
{
    uint64_t hashes = level < PSE_TILE_LEVELS ? size >> 8 * level : 0;

    *full = hashes / PSE_TILE_WIDTH;
    *partial = (unsigned)(hashes % PSE_TILE_WIDTH);
}

/* --- contents --------------------------------------------------------------------------------- */

pse_rc pse_bundle_parse(struct pse_span *entries, unsigned width, struct pse_span bytes)
{
    struct pse_rd r = pse_rd(bytes);

    for (unsigned i = 0; i < width; i++)
        PSE_TRY(pse_rd_v16(&entries[i], &r));
    return pse_rd_end(&r);
}

void pse_bundle_put(struct pse_buf *b, struct pse_span entry)
{
    pse_wr_v16(b, entry);
}

static pse_rc read_one(struct pse_span *bytes, const struct pse_tile *tile, pse_tile_read *read,
                       void *ctx)
{
    bool is_bundle = tile->level == PSE_TILE_ENTRIES;
    size_t max = is_bundle ? (size_t)tile->width * (2 + PSE_ENTRY_MAX) : (size_t)tile->width * 32;
    char path[PSE_TILE_PATH_MAX];
    pse_rc rc;

    pse_tile_path(path, tile);
    rc = read(ctx, bytes, path, max);
    if (rc == PSE_E_LIMIT)
        return PSE_E_LENGTH;
    PSE_TRY(rc);
    return is_bundle || bytes->n == max ? PSE_OK : PSE_E_LENGTH;
}

pse_rc pse_tile_fetch(struct pse_span *bytes, unsigned *width_read, const struct pse_tile *tile,
                      pse_tile_read *read, void *ctx)
{
    struct pse_tile full = {tile->level, PSE_TILE_WIDTH, tile->index};
    pse_rc rc;

    *bytes = pse_span(NULL, 0);
    *width_read = tile->width;
    rc = read_one(bytes, tile, read, ctx);
    if (rc != PSE_E_MISSING || tile->width == PSE_TILE_WIDTH)
        return rc;
    *width_read = PSE_TILE_WIDTH;
    PSE_TRY(read_one(bytes, &full, read, ctx));
    if (tile->level != PSE_TILE_ENTRIES)
        bytes->n = (size_t)tile->width * 32;
    return PSE_OK;
}
