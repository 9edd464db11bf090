#include "common/letter_pdf.h"

#include <hpdf.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/letter_language.h"
#include "common/options.h"

enum { LINE_BYTES = 1024, PDF_MAX = 1 << 30 };

/* A4, in points; margins and the sheet's folds leave the address in a window of DIN 5008. */
static const float width = 595.28f, height = 841.89f, left = 70.9f, right = 56.7f, top = 130.0f,
                   bottom = 56.7f;
static const float plain_size = 11.5f, large_size = 17.0f, head_size = 16.0f, leading = 1.35f,
                   qr_side = 120.0f;

struct letter_pdf {
    const char *name;
    HPDF_Doc doc;
    HPDF_Font font;
    HPDF_Page page;
    float y; /* of the last base line */
    HPDF_STATUS failed;
};

/* --- memory that is wiped ----------------------------------------------------------------------
 */

static void *take_memory(HPDF_UINT n)
{
    size_t *p = malloc(sizeof(max_align_t) + n);

    if (p == NULL)
        return NULL;
    *p = n;
    return (uint8_t *)p + sizeof(max_align_t);
}

static void give_memory(void *p)
{
    size_t *start;

    if (p == NULL)
        return;
    start = (size_t *)(void *)((uint8_t *)p - sizeof(max_align_t));
    pse_wipe(p, *start);
    free(start);
}

static void note_failure(HPDF_STATUS error, HPDF_STATUS detail, void *ctx)
{
    struct letter_pdf *pdf = ctx;

    (void)detail;
    if (pdf->failed == 0)
        pdf->failed = error;
}

static pse_rc outcome(const struct letter_pdf *pdf)
{
    if (pdf->failed == 0)
        return PSE_OK;
    cli_error(pdf->name, "the PDF cannot be made (libharu says %lx); check --font, or use --text",
              (unsigned long)pdf->failed);
    return PSE_E_IO;
}

/* --- document ----------------------------------------------------------------------------------
 */

static pse_rc set_up(struct letter_pdf *pdf, const char *font, const char *language,
                     const char *title)
{
    const char *face;

    if (!file_exists(font)) {
        cli_error(pdf->name,
                  "there is no font %s; install fonts-dejavu-core or name another with "
                  "--font",
                  font);
        return PSE_E_MISSING;
    }
    (void)HPDF_UseUTFEncodings(pdf->doc);
    (void)HPDF_SetCurrentEncoder(pdf->doc, "UTF-8");
    (void)HPDF_SetCompressionMode(pdf->doc, HPDF_COMP_ALL);
    face = HPDF_LoadTTFontFromFile(pdf->doc, font, HPDF_TRUE);
    if (face != NULL)
        pdf->font = HPDF_GetFont(pdf->doc, face, "UTF-8");
    (void)HPDF_SetInfoAttr(pdf->doc, HPDF_INFO_TITLE, title);
    letter_set_language(pdf->doc, language);
    return outcome(pdf);
}

pse_rc letter_pdf_new(struct letter_pdf **out, const char *name, const char *font,
                      const char *language, const char *title)
{
    struct letter_pdf *pdf = calloc(1, sizeof *pdf);
    pse_rc rc = PSE_E_MEMORY;

    *out = NULL;
    if (pdf == NULL)
        return PSE_E_MEMORY;
    pdf->name = name;
    pdf->doc = HPDF_NewEx(note_failure, take_memory, give_memory, 0, pdf);
    if (pdf->doc != NULL)
        rc = set_up(pdf, font, language, title);
    if (rc != PSE_OK) {
        letter_pdf_free(pdf);
        return rc;
    }
    *out = pdf;
    return PSE_OK;
}

void letter_pdf_free(struct letter_pdf *pdf)
{
    if (pdf == NULL)
        return;
    if (pdf->doc != NULL)
        HPDF_Free(pdf->doc);
    free(pdf);
}

/* --- text --------------------------------------------------------------------------------------
 */

static void new_page(struct letter_pdf *pdf)
{
    pdf->page = HPDF_AddPage(pdf->doc);
    (void)HPDF_Page_SetSize(pdf->page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
    pdf->y = height - top;
}

/* Go down by @p step; onto another page where this one ends. */
static void advance(struct letter_pdf *pdf, float step)
{
    if (pdf->y - step < bottom)
        new_page(pdf);
    else
        pdf->y -= step;
}

static void put_line(struct letter_pdf *pdf, const char *text, float size)
{
    advance(pdf, size * leading);
    (void)HPDF_Page_BeginText(pdf->page);
    (void)HPDF_Page_SetFontAndSize(pdf->page, pdf->font, size);
    (void)HPDF_Page_TextOut(pdf->page, left, pdf->y, text);
    (void)HPDF_Page_EndText(pdf->page);
}

static float width_of(struct letter_pdf *pdf, const char *text, float size)
{
    (void)HPDF_Page_SetFontAndSize(pdf->page, pdf->font, size);
    return HPDF_Page_TextWidth(pdf->page, text);
}

/* Words into lines that fit; a word that is longer than a line stands alone. */
static void put_wrapped(struct letter_pdf *pdf, struct pse_span text, float size)
{
    char line[LINE_BYTES];
    size_t n = 0;

    while (text.n > 0) {
        const uint8_t *space = memchr(text.p, ' ', text.n);
        size_t word = space == NULL ? text.n : (size_t)(space - text.p);
        size_t before = n;

        if (word > LINE_BYTES / 2)
            word = LINE_BYTES / 2;
        if (n > 0)
            line[n++] = ' ';
        memcpy(line + n, text.p, word);
        line[n + word] = '\0';
        if (before > 0 &&
            (n + word >= LINE_BYTES / 2 || width_of(pdf, line, size) > width - left - right)) {
            line[before] = '\0';
            put_line(pdf, line, size);
            n = 0;
            continue;
        }
        n += word;
        word += space != NULL && word == (size_t)(space - text.p);
        text = pse_span(text.p + word, text.n - word);
    }
    line[n] = '\0';
    if (n > 0)
        put_line(pdf, line, size);
    pse_wipe(line, sizeof line);
}

/* --- the QR code -------------------------------------------------------------------------------
 */

/* Dark modules of a row as one rectangle each run; four modules stay white around. */
static void draw_modules(struct letter_pdf *pdf, const QRcode *code)
{
    float module = qr_side / (float)(code->width + 8);

    for (int row = 0; row < code->width; row++) {
        float y = pdf->y - module * (float)(row + 5);

        for (int at = 0; at < code->width; at++) {
            int from = at;

            while (at < code->width && (code->data[row * code->width + at] & 1) != 0)
                at++;
            if (at > from)
                (void)HPDF_Page_Rectangle(pdf->page, left + module * (float)(from + 4), y,
                                          module * (float)(at - from), module);
        }
    }
    (void)HPDF_Page_Fill(pdf->page);
}

static pse_rc put_qr(struct letter_pdf *pdf, const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    if (code == NULL) {
        cli_error(pdf->name, "the QR code cannot be made; shorten --url");
        return PSE_E_LIMIT;
    }
    if (pdf->y - qr_side < bottom)
        new_page(pdf);
    draw_modules(pdf, code);
    pdf->y -= qr_side;
    pse_wipe(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    return PSE_OK;
}

/* --- letters -----------------------------------------------------------------------------------
 */

static bool has_prefix(struct pse_span line, const char *prefix)
{
    return line.n >= 2 && memcmp(line.p, prefix, 2) == 0;
}

static pse_rc put_any(struct letter_pdf *pdf, struct pse_span line, const char *qr)
{
    struct pse_span rest = pse_span(line.p + 2, line.n < 2 ? 0 : line.n - 2);

    if (pse_span_is_str(line, "{{qr}}"))
        return put_qr(pdf, qr);
    if (line.n == 0)
        advance(pdf, plain_size * 0.8f);
    else if (has_prefix(line, "# "))
        put_wrapped(pdf, rest, head_size);
    else if (has_prefix(line, "! "))
        put_wrapped(pdf, rest, large_size);
    else
        put_wrapped(pdf, line, plain_size);
    return PSE_OK;
}

pse_rc letter_pdf_add(struct letter_pdf *pdf, struct pse_span text, const char *qr)
{
    new_page(pdf);
    while (text.n > 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end == NULL ? text.n : (size_t)(end - text.p);
        size_t used = end == NULL ? n : n + 1;
        struct pse_span line = pse_span(text.p, n > 0 && text.p[n - 1] == '\r' ? n - 1 : n);

        PSE_TRY(put_any(pdf, line, qr));
        text = pse_span(text.p + used, text.n - used);
    }
    return outcome(pdf);
}

static pse_rc read_stream(struct pse_buf *out, struct letter_pdf *pdf)
{
    uint8_t chunk[65536];

    (void)HPDF_ResetStream(pdf->doc);
    for (;;) {
        HPDF_UINT32 n = sizeof chunk;

        (void)HPDF_ReadFromStream(pdf->doc, chunk, &n);
        if (n == 0)
            break;
        pse_buf_put(out, chunk, n);
        if (n < sizeof chunk)
            break;
    }
    pse_wipe(chunk, sizeof chunk);
    return out->rc;
}

pse_rc letter_pdf_write(struct letter_pdf *pdf, const char *path)
{
    struct pse_buf bytes = PSE_BUF(PDF_MAX);
    pse_rc rc;

    (void)HPDF_SaveToStream(pdf->doc);
    rc = outcome(pdf);
    if (rc == PSE_OK)
        rc = read_stream(&bytes, pdf);
    if (rc == PSE_OK)
        rc = file_write(pdf->name, path, pse_buf_span(&bytes), FILE_NEW | FILE_SECRET);
    pse_buf_free(&bytes);
    return rc;
}
