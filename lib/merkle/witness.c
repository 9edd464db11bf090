#include "witness.h"

#include "codec/cursor.h"
#include "codec/text.h"

/* --- form --------------------------------------------------------------------------------------
 */

static pse_rc parse_old(uint64_t *old, struct pse_span *in)
{
    static const char word[] = "old ";
    size_t n = sizeof word - 1;
    struct pse_span line;

    PSE_TRY(pse_line_take(&line, in));
    if (line.n <= n || memcmp(line.p, word, n) != 0)
        return PSE_E_SYNTAX;
    return pse_decimal_decode(old, pse_span(line.p + n, line.n - n));
}

/* Hashes up to the empty line. */
static pse_rc parse_proof(struct pse_tree_proof *proof, struct pse_span *in)
{
    for (;;) {
        struct pse_span line;

        PSE_TRY(pse_line_take(&line, in));
        if (line.n == 0)
            return PSE_OK;
        if (proof->n == PSE_TREE_PROOF_MAX)
            return PSE_E_LIMIT;
        PSE_TRY(pse_base64_decode(proof->hash[proof->n].b, 32, line));
        proof->n++;
    }
}

/* Origin, size, root; then extension lines, none of them empty. */
static pse_rc parse_text(struct pse_add_checkpoint *out, struct pse_span text)
{
    struct pse_span line;

    PSE_TRY(pse_line_take(&out->origin, &text));
    PSE_TRY(pse_line_take(&line, &text));
    PSE_TRY(pse_decimal_decode(&out->size, line));
    PSE_TRY(pse_line_take(&line, &text));
    PSE_TRY(pse_base64_decode(out->root.b, sizeof out->root.b, line));
    if (out->origin.n == 0)
        return PSE_E_SYNTAX;
    while (text.n > 0) {
        PSE_TRY(pse_line_take(&line, &text));
        if (line.n == 0)
            return PSE_E_SYNTAX;
    }
    return PSE_OK;
}

pse_rc pse_add_checkpoint_parse(struct pse_add_checkpoint *out, struct pse_span in)
{
    memset(out, 0, sizeof *out);
    if (in.n > PSE_ADD_CHECKPOINT_MAX)
        return PSE_E_LIMIT;
    PSE_TRY(parse_old(&out->old, &in));
    PSE_TRY(parse_proof(&out->proof, &in));
    PSE_TRY(pse_note_parse(&out->note, in));
    return parse_text(out, out->note.text);
}

/* --- judgement ---------------------------------------------------------------------------------
 */

enum pse_witness_verdict pse_add_checkpoint_signed(const struct pse_add_checkpoint *add,
                                                   const struct pse_vkey *keys, size_t n)
{
    if (n == 0)
        return PSE_WITNESS_UNKNOWN;
    if (pse_note_verify(&add->note, keys, n) != PSE_OK)
        return PSE_WITNESS_UNSIGNED;
    return add->old > add->size ? PSE_WITNESS_MALFORMED : PSE_WITNESS_GOOD;
}

enum pse_witness_verdict pse_add_checkpoint_follows(const struct pse_add_checkpoint *add,
                                                    uint64_t size, const pse_hash *root)
{
    pse_hash empty;

    if (add->old != size)
        return PSE_WITNESS_CONFLICT;
    pse_tree_root(&empty, NULL, 0);
    if (add->size == 0 && !pse_hash_is_equal(&add->root, &empty))
        return PSE_WITNESS_INCONSISTENT;
    if (add->old == 0) /* the empty tree is a prefix of any: nothing to prove, and no proof */
        return add->proof.n == 0 ? PSE_WITNESS_GOOD : PSE_WITNESS_INCONSISTENT;
    return pse_tree_consistency_verify(root, size, &add->root, add->size, add->proof.hash,
                                       add->proof.n) == PSE_OK
               ? PSE_WITNESS_GOOD
               : PSE_WITNESS_INCONSISTENT;
}

static bool is_trusted(const struct pse_note_line *line, const struct pse_vkey *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (keys[i].id == line->id && pse_span_is_equal(keys[i].name, line->name))
            return true;
    return false;
}

void pse_witnessed_put(struct pse_buf *b, const struct pse_add_checkpoint *add,
                       const struct pse_vkey *keys, size_t n, struct pse_span cosignatures)
{
    pse_wr_span(b, add->note.text);
    pse_wr_str(b, "\n");
    for (size_t i = 0; i < add->note.n; i++) {
        const struct pse_note_line *line = &add->note.line[i];

        if (is_trusted(line, keys, n)) /* verified, so the signature is short enough to be whole */
            pse_note_line_put(b, line->name, line->id, pse_span(line->sig, line->sig_n));
    }
    pse_wr_span(b, cosignatures);
}

/* --- the log's side -----------------------------------------------------------------------------
 */

void pse_add_checkpoint_put(struct pse_buf *b, uint64_t old, const struct pse_tree_proof *proof,
                            struct pse_span note)
{
    pse_wr_str(b, "old ");
    pse_decimal_put(b, old);
    pse_wr_str(b, "\n");
    for (size_t i = 0; i < proof->n; i++) {
        pse_base64_put(b, proof->hash[i].b, sizeof proof->hash[i].b);
        pse_wr_str(b, "\n");
    }
    pse_wr_str(b, "\n");
    pse_wr_span(b, note);
}

/* Text and answer are one note; its lines must all stand behind our own empty line. */
static pse_rc read_lines(struct pse_buf *line, uint64_t *time, const struct pse_note *note,
                         const struct pse_vkey *key)
{
    switch (pse_note_check(note, key, time)) {
    case PSE_NOTE_BAD: return PSE_E_SIGNATURE;
    case PSE_NOTE_ABSENT: return PSE_E_MISSING;
    case PSE_NOTE_GOOD: break;
    }
    if (*time == 0)
        return PSE_E_RANGE;
    for (size_t i = 0; i < note->n; i++) {
        const struct pse_note_line *l = &note->line[i];

        if (l->id != key->id || !pse_span_is_equal(l->name, key->name) ||
            pse_load_u64(l->sig) != *time)
            continue;
        pse_note_line_put(line, l->name, l->id, pse_span(l->sig, l->sig_n));
        return line->rc;
    }
    return PSE_E_MISSING;
}

pse_rc pse_cosigned_read(struct pse_buf *line, uint64_t *time, struct pse_span text,
                         const struct pse_vkey *key, struct pse_span answer)
{
    struct pse_buf whole = PSE_BUF(PSE_NOTE_MAX);
    struct pse_note note;
    pse_rc rc = answer.n > PSE_COSIGNED_MAX ? PSE_E_LIMIT : PSE_OK;

    *time = 0;
    PSE_REQUIRE(key->type == PSE_SIG_COSIGN);
    if (rc == PSE_OK) {
        pse_wr_span(&whole, text);
        pse_wr_str(&whole, "\n");
        pse_wr_span(&whole, answer);
        rc = whole.rc;
    }
    if (rc == PSE_OK)
        rc = pse_note_parse(&note, pse_buf_span(&whole));
    if (rc == PSE_OK && note.text.n != text.n) /* an empty line in the answer moved the split */
        rc = PSE_E_SYNTAX;
    if (rc == PSE_OK)
        rc = read_lines(line, time, &note, key);
    pse_buf_free(&whole);
    return rc;
}

pse_rc pse_tree_size_read(uint64_t *size, struct pse_span answer)
{
    struct pse_span line;

    *size = 0;
    PSE_TRY(pse_line_take(&line, &answer));
    return answer.n > 0 ? PSE_E_SYNTAX : pse_decimal_decode(size, line);
}

void pse_tree_size_put(struct pse_buf *b, uint64_t size)
{
    pse_decimal_put(b, size);
    pse_wr_str(b, "\n");
}
