/* Notes, checkpoints and verifier keys: what is accepted encodes back to the same bytes. */
#include "codec/codec.h"
#include "merkle/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_line(struct pse_buf *b, const struct pse_note_line *line)
{
    static uint8_t raw[PSE_NOTE_MAX];

    PSE_REQUIRE(pse_base64_decode(raw, line->sig_n + 4, line->base64) == PSE_OK);
    PSE_REQUIRE(pse_load_u32(raw) == line->id);
    PSE_REQUIRE(memcmp(raw + 4, line->sig,
                       line->sig_n < PSE_NOTE_SIG_KEPT ? line->sig_n : PSE_NOTE_SIG_KEPT) == 0);
    pse_note_line_put(b, line->name, line->id, pse_span(raw + 4, line->sig_n));
}

static void note_round_trip(struct pse_span in)
{
    static struct pse_checkpoint cp;
    struct pse_buf b = PSE_BUF(PSE_NOTE_MAX);
    static struct pse_note note;
    struct pse_vkey key = {.name = pse_span_str("log.example"), .id = 1, .type = PSE_SIG_ED25519};

    if (pse_note_parse(&note, in) != PSE_OK) {
        PSE_REQUIRE(pse_checkpoint_parse(&cp, in) != PSE_OK);
        return;
    }
    pse_wr_span(&b, note.text);
    pse_wr_str(&b, "\n");
    for (size_t i = 0; i < note.n; i++)
        put_line(&b, &note.line[i]);
    PSE_REQUIRE(b.rc == PSE_OK && pse_span_is_equal(pse_buf_span(&b), in));
    PSE_REQUIRE(pse_note_check(&note, &key, NULL) != PSE_NOTE_GOOD);
    if (pse_checkpoint_parse(&cp, in) == PSE_OK) {
        b.n = 0;
        pse_checkpoint_text_put(&b, cp.origin, cp.size, &cp.root);
        PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&b), note.text));
    }
    pse_buf_free(&b);
}

static void vkey_round_trip(struct pse_span in)
{
    struct pse_buf b = PSE_BUF(in.n + 100);
    struct pse_vkey key;

    if (pse_vkey_parse(&key, in) == PSE_OK) {
        pse_vkey_put(&b, &key);
        PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&b), in));
    }
    pse_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    note_round_trip(pse_span(data, size));
    vkey_round_trip(pse_span(data, size));
    return 0;
}
