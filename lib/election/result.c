/* The result blob (protocol 10): layout, building, checking statuses. */
#include "election/result.h"

#include "codec/cursor.h"

enum {
    LIST_HEAD = 17, /* contest, group, kind, N, total weight */
    ROWS_BLOCK = 64,
};

static uint64_t list_body(const struct pse_contest *c, uint64_t n)
{
    return c->kind == PSE_KIND_HOMOMORPHIC ? 2 + 8 * (uint64_t)c->options
                                           : 1 + n * (1 + 32 * (uint64_t)c->width);
}

uint64_t pse_result_blob_len(const struct pse_result_list *list, size_t lists)
{
    uint64_t len = 2;

    for (size_t i = 0; i < lists; i++)
        len += LIST_HEAD + list_body(list[i].contest, list[i].n);
    return len;
}

/* ---- rows of mix lists ---- */

struct rows_job {
    const struct pse_group *g;
    const struct pse_contest *c;
    const uint8_t *points;
    size_t stride;
    size_t n;
    uint8_t *status;
    uint8_t *plain; /* may be NULL */
};

static void rows_block(void *ctx, size_t index, unsigned worker)
{
    const struct rows_job *j = ctx;
    const size_t w = j->c->width, bytes = j->c->choice_len, first = index * ROWS_BLOCK;
    const size_t rows = j->n - first < ROWS_BLOCK ? j->n - first : ROWS_BLOCK;
    uint8_t points[ROWS_BLOCK * 32 * PSE_MIX_WIDTH_MAX] = {0};
    uint8_t data[ROWS_BLOCK * PSE_PLAIN_MAX];
    uint8_t ok[ROWS_BLOCK * PSE_MIX_WIDTH_MAX];

    (void)worker;
    for (size_t i = 0; i < rows; i++)
        memcpy(points + i * 32 * w, j->points + (first + i) * j->stride, 32 * w);
    pse_element_decode_vt(j->g, data, ok, points, rows * w);
    for (size_t i = 0; i < rows; i++) {
        uint8_t *status = &j->status[first + i];

        *status = memchr(ok + i * w, 0, w) == NULL
                      ? (uint8_t)pse_plain_read(NULL, j->c, data + i * bytes)
                      : PSE_VOTE_INVALID;
        if (j->plain == NULL)
            continue;
        if (*status == PSE_VOTE_INVALID)
            memset(j->plain + (first + i) * bytes, 0, bytes);
        else
            memcpy(j->plain + (first + i) * bytes, data + i * bytes, bytes);
    }
}

void pse_result_read_rows(uint8_t *status, uint8_t *plain, const struct pse_group *g,
                          const struct pse_contest *c, const uint8_t *points, size_t stride,
                          size_t n)
{
    struct rows_job j = {g, c, points, stride, n, status, plain};

    PSE_REQUIRE(c->kind == PSE_KIND_MIX && stride >= 32 * (size_t)c->width);
    pse_pool_run(pse_group_pool(g), rows_block, &j, (n + ROWS_BLOCK - 1) / ROWS_BLOCK);
}

/* ---- building ---- */

static pse_rc build_counts(uint8_t *out, const struct pse_group *g, const struct pse_result_list *l,
                           struct pse_span x)
{
    const size_t k = l->contest->options;
    const uint64_t most = (UINT64_C(1) << PSE_COUNT_BITS_MAX) - 1;
    uint64_t count[PSE_HOM_OPTIONS_MAX];
    uint64_t bound =
        l->weight > most / l->contest->option_max ? most : l->weight * l->contest->option_max;

    PSE_TRY(pse_count_find_vt(g, count, k, x, bound));
    pse_store_u16(out, (uint16_t)k);
    for (size_t i = 0; i < k; i++)
        pse_store_u64(out + 2 + 8 * i, count[i]);
    return PSE_OK;
}

static pse_rc build_rows(uint8_t *out, const struct pse_group *g, const struct pse_result_list *l,
                         struct pse_span x)
{
    const size_t each = 32 * (size_t)l->contest->width;
    PSE_ARENA(arena, (size_t)l->n + 65536);
    uint8_t *status = PSE_NEW(&arena, uint8_t, l->n);

    if (status == NULL)
        return PSE_E_MEMORY;
    pse_result_read_rows(status, NULL, g, l->contest, x.p, each, l->n);
    *out++ = l->contest->width;
    for (size_t i = 0; i < l->n; i++, out += 1 + each) {
        *out = status[i];
        memcpy(out + 1, x.p + i * each, each);
    }
    return PSE_OK;
}

static pse_rc build_list(uint8_t *out, const struct pse_group *g, const struct pse_result_list *l,
                         struct pse_span x)
{
    const struct pse_contest *c = l->contest;
    uint64_t items = c->kind == PSE_KIND_MIX ? (uint64_t)l->n * c->width : c->options;

    if (x.n != 32 * items)
        return PSE_E_LENGTH;
    pse_store_u16(out, c->id);
    pse_store_u16(out + 2, l->pot);
    out[4] = (uint8_t)c->kind;
    pse_store_u32(out + 5, l->n);
    pse_store_u64(out + 9, l->weight);
    return c->kind == PSE_KIND_MIX ? build_rows(out + LIST_HEAD, g, l, x)
                                   : build_counts(out + LIST_HEAD, g, l, x);
}

pse_rc pse_result_blob_build(struct pse_buf *out, const struct pse_group *g,
                             const struct pse_result_list *list, size_t lists,
                             const struct pse_span *x)
{
    const size_t before = out->n;
    uint64_t len = pse_result_blob_len(list, lists);
    uint8_t *at;

    PSE_REQUIRE(lists <= PSE_LISTS_MAX);
    at = len > SIZE_MAX ? NULL : pse_buf_extend(out, (size_t)len);
    if (at == NULL)
        return out->rc != PSE_OK ? out->rc : PSE_E_LIMIT;
    pse_store_u16(at, (uint16_t)lists);
    at += 2;
    for (size_t i = 0; i < lists; i++) {
        pse_rc rc = build_list(at, g, &list[i], x[i]);

        if (rc != PSE_OK) {
            out->n = before;
            return rc;
        }
        at += LIST_HEAD + list_body(list[i].contest, list[i].n);
    }
    return PSE_OK;
}

/* ---- reading ---- */

static pse_rc read_items(struct pse_result_view *v, struct pse_rd *rd)
{
    struct pse_span items;
    uint64_t len;

    if (v->kind == PSE_KIND_HOMOMORPHIC) {
        PSE_TRY(pse_rd_u16(&v->k, rd));
        if (v->k < 1 || v->k > PSE_HOM_OPTIONS_MAX)
            return PSE_E_RANGE;
        len = 8 * (uint64_t)v->k;
    } else {
        PSE_TRY(pse_rd_u8(&v->w, rd));
        if (v->w < 1 || v->w > PSE_MIX_WIDTH_MAX)
            return PSE_E_RANGE;
        len = v->n * (1 + 32 * (uint64_t)v->w);
    }
    if (len > pse_rd_left(rd))
        return PSE_E_LENGTH;
    PSE_TRY(pse_rd_bytes(&items, rd, (size_t)len));
    v->items = items.p;
    return PSE_OK;
}

static pse_rc read_list(struct pse_result_view *v, struct pse_rd *rd)
{
    PSE_TRY(pse_rd_u16(&v->contest, rd));
    PSE_TRY(pse_rd_u16(&v->pot, rd));
    PSE_TRY(pse_rd_u8(&v->kind, rd));
    PSE_TRY(pse_rd_u32(&v->n, rd));
    PSE_TRY(pse_rd_u64(&v->weight, rd));
    if (v->kind != PSE_KIND_HOMOMORPHIC && v->kind != PSE_KIND_MIX)
        return PSE_E_RANGE;
    return read_items(v, rd);
}

static bool is_after(const struct pse_result_view *a, const struct pse_result_view *b)
{
    return a->contest > b->contest || (a->contest == b->contest && a->pot > b->pot);
}

static pse_rc read_lists(struct pse_result_view *view, size_t n, struct pse_rd *rd)
{
    for (size_t i = 0; i < n; i++) {
        PSE_TRY(read_list(&view[i], rd));
        if (i > 0 && !is_after(&view[i], &view[i - 1]))
            return PSE_E_RANGE;
    }
    return pse_rd_end(rd);
}

pse_rc pse_result_blob_parse(struct pse_result_view **view, size_t *views, struct pse_arena *arena,
                             struct pse_span blob)
{
    struct pse_rd rd = pse_rd(blob);
    struct pse_result_view *v;
    uint16_t n;

    *view = NULL;
    *views = 0;
    PSE_TRY(pse_rd_u16(&n, &rd));
    if (n > PSE_LISTS_MAX)
        return PSE_E_RANGE;
    v = PSE_NEW(arena, struct pse_result_view, n);
    if (v == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(read_lists(v, n, &rd));
    *view = v;
    *views = n;
    return PSE_OK;
}

static bool is_matching(const struct pse_result_view *v, const struct pse_result_list *l)
{
    const struct pse_contest *c = l->contest;

    return v->contest == c->id && v->pot == l->pot && v->kind == c->kind && v->n == l->n &&
           v->weight == l->weight &&
           (c->kind == PSE_KIND_MIX ? v->w == c->width : v->k == c->options);
}

pse_rc pse_result_blob_match(struct pse_result_view *view, const struct pse_result_list *list,
                             size_t lists, struct pse_span blob)
{
    struct pse_rd rd = pse_rd(blob);
    uint16_t n;

    memset(view, 0, lists * sizeof *view);
    PSE_TRY(pse_rd_u16(&n, &rd));
    if (n != lists)
        return PSE_E_MISMATCH;
    for (size_t i = 0; i < lists; i++) {
        if (read_list(&view[i], &rd) != PSE_OK || !is_matching(&view[i], &list[i])) {
            memset(view, 0, lists * sizeof *view);
            return PSE_E_MISMATCH;
        }
    }
    return pse_rd_end(&rd);
}

void pse_result_counts(uint64_t *count, const struct pse_result_view *view)
{
    struct pse_rd rd;

    PSE_REQUIRE(view->kind == PSE_KIND_HOMOMORPHIC);
    rd = pse_rd(pse_span(view->items, 8 * (size_t)view->k));
    for (size_t i = 0; i < view->k; i++)
        PSE_REQUIRE(pse_rd_u64(&count[i], &rd) == PSE_OK);
}

void pse_result_points(uint8_t *points, const struct pse_result_view *view)
{
    const size_t each = 32 * (size_t)view->w;

    PSE_REQUIRE(view->kind == PSE_KIND_MIX);
    for (size_t i = 0; i < view->n; i++)
        memcpy(points + i * each, view->items + i * (1 + each) + 1, each);
}

pse_rc pse_result_statuses_check(const struct pse_group *g, const struct pse_contest *c,
                                 const struct pse_result_view *view)
{
    const size_t stride = 1 + 32 * (size_t)view->w;
    PSE_ARENA(arena, (size_t)view->n + 65536);
    uint8_t *status = PSE_NEW(&arena, uint8_t, view->n);

    PSE_REQUIRE(view->kind == PSE_KIND_MIX && c->width == view->w);
    if (status == NULL)
        return PSE_E_MEMORY;
    pse_result_read_rows(status, NULL, g, c, view->items + 1, stride, view->n);
    for (size_t i = 0; i < view->n; i++)
        if (status[i] != view->items[i * stride])
            return PSE_E_MISMATCH;
    return PSE_OK;
}
