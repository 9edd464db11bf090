/* Any text as a voter's choices. What is read is allowed, and its canonical text reads the same. */
#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one_style(const struct sample *s, const struct pse_style *style, struct pse_span json)
{
    struct pse_buf text = PSE_BUF(1 << 20);
    struct pse_choices_fault fault;
    uint8_t one[256], two[256];

    PSE_REQUIRE(style->choice_len <= sizeof one);
    if (pse_choices_parse(one, &fault, s->m, style, json) == PSE_OK) {
        PSE_REQUIRE(pse_choices_check(s->m, style, NULL, one, style->choice_len) == PSE_OK);
        PSE_REQUIRE(pse_choices_write(&text, s->m, style, one) == PSE_OK);
        PSE_REQUIRE(pse_choices_parse(two, &fault, s->m, style, pse_buf_span(&text)) == PSE_OK);
        PSE_REQUIRE(memcmp(one, two, style->choice_len) == 0);
    } else {
        PSE_REQUIRE(fault.slug != NULL);
    }
    pse_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sample *s = sample_get();

    for (size_t i = 0; i < s->m->styles; i++)
        one_style(s, &s->m->style[i], pse_span(data, size));
    return 0;
}
