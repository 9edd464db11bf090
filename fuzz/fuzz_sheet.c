/* Sheets: what is read and written canonically reads back as the same fields. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_record(struct pse_buf *out, const struct pse_sheet *s)
{
    for (size_t i = 0; i < s->fields; i++) {
        pse_sheet_put(out, s->field[i]);
        pse_wr_str(out, i + 1 < s->fields ? "," : "\r\n");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_buf again = PSE_BUF(4 * size + 1024);
    struct pse_sheet s;
    struct pse_sheet t;
    pse_rc rc = pse_sheet_open(&s, pse_span(data, size));

    while (rc == PSE_OK && (rc = pse_sheet_next(&s)) == PSE_OK) {
        /* An empty record of one field is written as an empty line, which is none. */
        if (s.fields == 1 && s.field[0].n == 0)
            continue;
        again.n = 0;
        put_record(&again, &s);
        PSE_REQUIRE(again.rc == PSE_OK);
        PSE_REQUIRE(pse_sheet_open(&t, pse_buf_span(&again)) == PSE_OK);
        PSE_REQUIRE(pse_sheet_next(&t) == PSE_OK && t.fields == s.fields);
        for (size_t i = 0; i < s.fields; i++)
            PSE_REQUIRE(pse_span_is_equal(s.field[i], t.field[i]));
        PSE_REQUIRE(pse_sheet_next(&t) == PSE_E_MISSING);
        pse_sheet_close(&t);
    }
    pse_sheet_close(&s);
    pse_buf_free(&again);
    return 0;
}
