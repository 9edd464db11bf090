#include "cbor.h"

#include "utf8.h"

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };

/* The head of an item: what it is and its argument, which stands in as few bytes as can hold it. */
static pse_rc get_head(enum major *major, uint64_t *argument, struct pse_rd *r)
{
    struct pse_rd try = *r;
    struct pse_span more;
    uint8_t first;
    unsigned width;

    PSE_TRY(pse_rd_u8(&first, &try));
    *major = first >> 5;
    *argument = first & 31;
    if (*argument > 27)
        return PSE_E_ENCODING; /* of no known length, or reserved */
    if (*argument >= 24) {
        width = 1U << (*argument - 24);
        PSE_TRY(pse_rd_bytes(&more, &try, width));
        *argument = 0;
        for (unsigned i = 0; i < width; i++)
            *argument = *argument << 8 | more.p[i];
        if (*major == SIMPLE)
            return PSE_E_UNSUPPORTED; /* floating point, or a simple value nobody uses */
        if (*argument < (width == 1 ? 24 : (uint64_t)1 << (4 * width)))
            return PSE_E_ENCODING;
    }
    *r = try;
    return PSE_OK;
}

static pse_rc get_kind(uint64_t *argument, struct pse_rd *r, enum major wanted)
{
    struct pse_rd try = *r;
    enum major major;

    PSE_TRY(get_head(&major, argument, &try));
    if (major != wanted)
        return PSE_E_SYNTAX;
    *r = try;
    return PSE_OK;
}

static pse_rc get_string(struct pse_span *out, struct pse_rd *r, enum major wanted)
{
    struct pse_rd try = *r;
    struct pse_span got;
    uint64_t n;

    PSE_TRY(get_kind(&n, &try, wanted));
    if (n > pse_rd_left(&try))
        return PSE_E_LENGTH;
    PSE_TRY(pse_rd_bytes(&got, &try, (size_t)n));
    if (wanted == TEXT && !pse_utf8_is_valid(got))
        return PSE_E_ENCODING;
    *out = got;
    *r = try;
    return PSE_OK;
}

pse_rc pse_cbor_text(struct pse_span *out, struct pse_rd *r)
{
    return get_string(out, r, TEXT);
}

pse_rc pse_cbor_bytes(struct pse_span *out, struct pse_rd *r)
{
    return get_string(out, r, BYTES);
}

pse_rc pse_cbor_int(int64_t *out, struct pse_rd *r)
{
    struct pse_rd try = *r;
    enum major major;
    uint64_t x;

    PSE_TRY(get_head(&major, &x, &try));
    if (major != UNSIGNED && major != NEGATIVE)
        return PSE_E_SYNTAX;
    if (x > INT64_MAX)
        return PSE_E_RANGE;
    *out = major == UNSIGNED ? (int64_t)x : -1 - (int64_t)x;
    *r = try;
    return PSE_OK;
}

pse_rc pse_cbor_bool(bool *out, struct pse_rd *r)
{
    struct pse_rd try = *r;
    uint64_t x;

    PSE_TRY(get_kind(&x, &try, SIMPLE));
    if (x != SIMPLE_FALSE && x != SIMPLE_TRUE)
        return PSE_E_SYNTAX;
    *out = x == SIMPLE_TRUE;
    *r = try;
    return PSE_OK;
}

/* An item takes a byte at least, so a count that cannot be true is seen before anything is read. */
static pse_rc get_count(size_t *n, struct pse_rd *r, enum major wanted, size_t each)
{
    struct pse_rd try = *r;
    uint64_t x;

    PSE_TRY(get_kind(&x, &try, wanted));
    if (x > pse_rd_left(&try) / each)
        return PSE_E_LENGTH;
    *n = (size_t)x;
    *r = try;
    return PSE_OK;
}

pse_rc pse_cbor_array(size_t *n, struct pse_rd *r)
{
    return get_count(n, r, ARRAY, 1);
}

pse_rc pse_cbor_map(struct pse_cbor_map *m, struct pse_rd *r)
{
    *m = (struct pse_cbor_map){0};
    return get_count(&m->left, r, MAP, 2);
}

/* --- any item -----------------------------------------------------------------------------------
 */

static pse_rc skip(struct pse_rd *r, unsigned depth);

/* CTAP2: the lower major type first, then the shorter key, then byte by byte. */
static pse_rc check_order(struct pse_span before, struct pse_span key)
{
    int order;

    if (before.n == 0)
        return PSE_OK;
    order = (before.p[0] >> 5) - (key.p[0] >> 5);
    if (order == 0)
        order = (before.n > key.n) - (before.n < key.n);
    if (order == 0)
        order = memcmp(before.p, key.p, key.n);
    if (order == 0)
        return PSE_E_DUPLICATE;
    return order < 0 ? PSE_OK : PSE_E_ENCODING;
}

static pse_rc get_key(struct pse_span *key, struct pse_cbor_map *m, struct pse_rd *r,
                      unsigned depth)
{
    struct pse_rd try = *r;
    struct pse_span got;

    if (m->left == 0)
        return PSE_E_MISSING;
    PSE_TRY(skip(&try, depth));
    got = pse_span(r->p, (size_t)(try.p - r->p));
    PSE_TRY(check_order(m->last, got));
    m->last = *key = got;
    m->left--;
    *r = try;
    return PSE_OK;
}

static pse_rc skip_map(struct pse_rd *r, unsigned depth)
{
    struct pse_cbor_map m;
    struct pse_span key;

    PSE_TRY(pse_cbor_map(&m, r));
    while (m.left > 0) {
        PSE_TRY(get_key(&key, &m, r, depth));
        PSE_TRY(skip(r, depth));
    }
    return PSE_OK;
}

static pse_rc skip_array(struct pse_rd *r, unsigned depth)
{
    size_t n;

    PSE_TRY(pse_cbor_array(&n, r));
    for (size_t i = 0; i < n; i++)
        PSE_TRY(skip(r, depth));
    return PSE_OK;
}

/* @p depth: levels that may still be opened. */
static pse_rc skip(struct pse_rd *r, unsigned depth)
{
    struct pse_rd after = *r;
    struct pse_span ignored;
    enum major major;
    uint64_t x;

    PSE_TRY(get_head(&major, &x, &after));
    switch (major) {
    case BYTES:
    case TEXT: return get_string(&ignored, r, major);
    case ARRAY: return depth == 0 ? PSE_E_LIMIT : skip_array(r, depth - 1);
    case MAP: return depth == 0 ? PSE_E_LIMIT : skip_map(r, depth - 1);
    case TAG: return PSE_E_UNSUPPORTED;
    case SIMPLE:
        if (x < SIMPLE_FALSE || x > SIMPLE_NULL)
            return PSE_E_UNSUPPORTED;
        break;
    case UNSIGNED:
    case NEGATIVE: break;
    }
    *r = after;
    return PSE_OK;
}

pse_rc pse_cbor_item(struct pse_span *out, struct pse_rd *r)
{
    struct pse_rd try = *r;

    PSE_TRY(skip(&try, PSE_CBOR_DEPTH));
    *out = pse_span(r->p, (size_t)(try.p - r->p));
    *r = try;
    return PSE_OK;
}

pse_rc pse_cbor_key(struct pse_span *key, struct pse_cbor_map *m, struct pse_rd *r)
{
    return get_key(key, m, r, PSE_CBOR_DEPTH - 1);
}

bool pse_cbor_key_is(struct pse_span key, const char *text)
{
    size_t n = strlen(text);

    PSE_REQUIRE(n < 24);
    return key.n == n + 1 && key.p[0] == (TEXT << 5 | n) && memcmp(key.p + 1, text, n) == 0;
}

bool pse_cbor_key_is_int(struct pse_span key, int number)
{
    PSE_REQUIRE(number >= -24 && number <= 23);
    return key.n == 1 && key.p[0] == (number >= 0 ? number : (NEGATIVE << 5) - 1 - number);
}
