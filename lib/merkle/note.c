/* Signed notes: form, verification, signing. Verifier keys are vkey.c. */
#include "note.h"

#include "codec/cursor.h"
#include "codec/text.h"
#include "codec/utf8.h"

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space */

/* --- form ------------------------------------------------------------------------------------- */

static bool has_only_allowed_bytes(struct pse_span in)
{
    for (size_t i = 0; i < in.n; i++)
        if (in.p[i] < 0x20 && in.p[i] != '\n')
            return false;
    return pse_utf8_is_valid(in);
}

/* Split behind the first LF of the last empty line. */
static pse_rc split_note(struct pse_span *text, struct pse_span *lines, struct pse_span in)
{
    for (size_t i = in.n; i >= 2; i--) {
        if (in.p[i - 1] == '\n' && in.p[i - 2] == '\n') {
            *text = pse_span(in.p, i - 1);
            *lines = pse_span(in.p + i, in.n - i);
            return lines->n > 0 && in.p[in.n - 1] == '\n' ? PSE_OK : PSE_E_SYNTAX;
        }
    }
    return PSE_E_SYNTAX;
}

/* Signature lines are looked for behind the last empty line, so none is empty. */
static pse_rc parse_line(struct pse_note_line *out, struct pse_span line)
{
    size_t dash_n = sizeof dash - 1;
    uint8_t head[4 + PSE_NOTE_SIG_KEPT] = {0};
    const uint8_t *space;
    size_t decoded;

    if (line.n < dash_n || memcmp(line.p, dash, dash_n) != 0)
        return PSE_E_SYNTAX;
    line.p += dash_n;
    line.n -= dash_n;
    space = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
    if (space == NULL)
        return PSE_E_SYNTAX;
    out->name = pse_span(line.p, (size_t)(space - line.p));
    out->base64 = pse_span(space + 1, line.n - out->name.n - 1);
    if (!pse_key_name_is_valid(out->name))
        return PSE_E_SYNTAX;
    PSE_TRY(pse_base64_check(&decoded, out->base64));
    if (decoded < 5)
        return PSE_E_SYNTAX;
    out->sig_n = decoded - 4;
    PSE_TRY(
        pse_base64_decode_prefix(head, decoded < sizeof head ? decoded : sizeof head, out->base64));
    out->id = pse_load_u32(head);
    memcpy(out->sig, head + 4, sizeof out->sig);
    return PSE_OK;
}

pse_rc pse_note_parse(struct pse_note *out, struct pse_span in)
{
    struct pse_span lines;

    memset(out, 0, sizeof *out);
    if (in.n > PSE_NOTE_MAX)
        return PSE_E_LIMIT;
    if (!has_only_allowed_bytes(in))
        return PSE_E_ENCODING;
    PSE_TRY(split_note(&out->text, &lines, in));
    while (lines.n > 0) {
        struct pse_span line;

        if (out->n == PSE_NOTE_LINES_MAX)
            return PSE_E_LIMIT;
        PSE_TRY(pse_line_take(&line, &lines));
        PSE_TRY(parse_line(&out->line[out->n++], line));
    }
    return PSE_OK;
}

/* --- verification ------------------------------------------------------------------------------
 */

static bool is_line_of(const struct pse_note_line *line, const struct pse_vkey *key)
{
    return line->id == key->id && pse_span_is_equal(line->name, key->name);
}

/* What a cosignature covers: its head lines, then the whole text. */
static struct pse_span cosigned_bytes(uint8_t out[PSE_NOTE_MAX + 64], struct pse_span text,
                                      uint64_t time)
{
    static const char head[] = "cosignature/v1\ntime ";
    char decimal[PSE_DECIMAL_TEXT];
    size_t digits = pse_decimal_encode(decimal, time);
    size_t n = sizeof head - 1;

    PSE_REQUIRE(text.n <= PSE_NOTE_MAX);
    memcpy(out, head, n);
    memcpy(out + n, decimal, digits);
    n += digits;
    out[n++] = '\n';
    if (text.n > 0)
        memcpy(out + n, text.p, text.n);
    return pse_span(out, n + text.n);
}

static pse_rc verify_cosignature(uint64_t *time, const struct pse_note *note,
                                 const struct pse_note_line *line, const struct pse_vkey *key)
{
    uint8_t bytes[PSE_NOTE_MAX + 64];

    if (line->sig_n != 72)
        return PSE_E_SIGNATURE;
    *time = pse_load_u64(line->sig);
    if (*time > INT64_MAX)
        return PSE_E_SIGNATURE;
    return pse_ed25519_verify(&key->key, cosigned_bytes(bytes, note->text, *time), line->sig + 8);
}

static pse_rc verify_line(uint64_t *time, const struct pse_note *note,
                          const struct pse_note_line *line, const struct pse_vkey *key)
{
    *time = 0;
    if (key->type == PSE_SIG_COSIGN)
        return verify_cosignature(time, note, line, key);
    if (key->type != PSE_SIG_ED25519 || line->sig_n != 64)
        return PSE_E_SIGNATURE;
    return pse_ed25519_verify(&key->key, note->text, line->sig);
}

enum pse_note_verdict pse_note_check(const struct pse_note *note, const struct pse_vkey *key,
                                     uint64_t *time)
{
    enum pse_note_verdict verdict = PSE_NOTE_ABSENT;
    uint64_t latest = 0;

    if (time != NULL)
        *time = 0;
    for (size_t i = 0; i < note->n; i++) {
        uint64_t at;

        if (!is_line_of(&note->line[i], key))
            continue;
        if (verify_line(&at, note, &note->line[i], key) != PSE_OK)
            return PSE_NOTE_BAD;
        verdict = PSE_NOTE_GOOD;
        if (at > latest)
            latest = at;
    }
    if (time != NULL)
        *time = latest;
    return verdict;
}

pse_rc pse_note_verify(const struct pse_note *note, const struct pse_vkey *keys, size_t n)
{
    bool any = false;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (keys[i].id == keys[j].id && pse_span_is_equal(keys[i].name, keys[j].name))
                return PSE_E_DUPLICATE;
    for (size_t i = 0; i < n; i++) {
        enum pse_note_verdict verdict = pse_note_check(note, &keys[i], NULL);

        if (verdict == PSE_NOTE_BAD)
            return PSE_E_SIGNATURE;
        any = any || verdict == PSE_NOTE_GOOD;
    }
    return any ? PSE_OK : PSE_E_MISSING;
}

/* --- signing -----------------------------------------------------------------------------------
 */

void pse_note_line_put(struct pse_buf *b, struct pse_span name, uint32_t id, struct pse_span sig)
{
    struct pse_buf raw = PSE_BUF(PSE_NOTE_MAX);

    pse_wr_u32(&raw, id);
    pse_wr_span(&raw, sig);
    if (raw.rc != PSE_OK && b->rc == PSE_OK)
        b->rc = raw.rc;
    pse_wr_str(b, dash);
    pse_wr_span(b, name);
    pse_wr_str(b, " ");
    pse_base64_put(b, raw.p, raw.n);
    pse_wr_str(b, "\n");
    pse_buf_free(&raw);
}

static bool failed(struct pse_buf *b, pse_rc rc)
{
    if (rc != PSE_OK && b->rc == PSE_OK)
        b->rc = rc;
    return rc != PSE_OK;
}

void pse_note_sign(struct pse_buf *b, struct pse_span text, const struct pse_vkey *key,
                   const pse_seed *seed)
{
    uint8_t sig[64];

    PSE_REQUIRE(key->type == PSE_SIG_ED25519);
    if (failed(b, pse_ed25519_sign(sig, seed, text)))
        return;
    pse_note_line_put(b, key->name, key->id, pse_span(sig, sizeof sig));
}

void pse_note_cosign(struct pse_buf *b, struct pse_span text, const struct pse_vkey *key,
                     const pse_seed *seed, uint64_t time)
{
    uint8_t bytes[PSE_NOTE_MAX + 64];
    uint8_t sig[72];

    PSE_REQUIRE(key->type == PSE_SIG_COSIGN && time <= INT64_MAX);
    pse_store_u64(sig, time);
    if (failed(b, pse_ed25519_sign(sig + 8, seed, cosigned_bytes(bytes, text, time))))
        return;
    pse_note_line_put(b, key->name, key->id, pse_span(sig, sizeof sig));
}
