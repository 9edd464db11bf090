/* Any bytes as a result blob: layout, statuses, tallies and the readable form. */
#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void statuses(const struct sample *s, struct pse_span blob)
{
    PSE_ARENA(arena, 1 << 20);
    struct pse_result_view *view;
    size_t views;

    if (pse_result_blob_parse(&view, &views, &arena, blob) != PSE_OK)
        return;
    for (size_t i = 0; i < views; i++) {
        const struct pse_contest *c = pse_manifest_contest(s->m, view[i].contest);

        if (c != NULL && c->kind == PSE_KIND_MIX && view[i].kind == PSE_KIND_MIX &&
            c->width == view[i].w)
            (void)!pse_result_statuses_check(s->g, c, &view[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sample *s = sample_get();
    struct pse_span blob = pse_span(data, size);
    struct pse_buf out = PSE_BUF(16 << 20);
    struct pse_json_wr w = pse_json_wr(&out, 0);

    statuses(s, blob);
    if (pse_result_json(&w, NULL, s->g, s->m, blob) == PSE_OK)
        PSE_REQUIRE(pse_json_wr_finish(&w) == PSE_OK);
    pse_buf_free(&out);
    return 0;
}
