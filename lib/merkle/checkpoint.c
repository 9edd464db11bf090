#include "checkpoint.h"

#include "codec/cursor.h"
#include "codec/text.h"

static pse_rc parse_text(struct pse_checkpoint *out, struct pse_span text)
{
    struct pse_span size;
    struct pse_span root;

    PSE_TRY(pse_line_take(&out->origin, &text));
    PSE_TRY(pse_line_take(&size, &text));
    PSE_TRY(pse_line_take(&root, &text));
    if (out->origin.n == 0 || text.n > 0)
        return PSE_E_SYNTAX;
    PSE_TRY(pse_decimal_decode(&out->size, size));
    return pse_base64_decode(out->root.b, sizeof out->root.b, root);
}

pse_rc pse_checkpoint_parse(struct pse_checkpoint *out, struct pse_span in)
{
    memset(out, 0, sizeof *out);
    PSE_TRY(pse_note_parse(&out->note, in));
    return parse_text(out, out->note.text);
}

pse_rc pse_checkpoint_log_verify(const struct pse_checkpoint *cp, const struct pse_vkey *log)
{
    if (!pse_span_is_equal(cp->origin, log->name))
        return PSE_E_MISMATCH;
    return pse_note_verify(&cp->note, log, 1);
}

static pse_rc check_witnesses(const struct pse_checkpoint *cp, const struct pse_policy *policy,
                              bool *seen)
{
    for (size_t i = 0; i < policy->witnesses; i++) {
        enum pse_note_verdict verdict =
            pse_note_check(&cp->note, &pse_policy_witness(policy, i)->key, NULL);

        if (verdict == PSE_NOTE_BAD)
            return PSE_E_SIGNATURE;
        seen[i] = verdict == PSE_NOTE_GOOD;
    }
    return pse_policy_quorum_check(policy, seen);
}

pse_rc pse_checkpoint_quorum_verify(const struct pse_checkpoint *cp,
                                    const struct pse_policy *policy, bool *seen)
{
    PSE_ARENA(arena, PSE_POLICY_ARENA_MAX);

    if (seen == NULL)
        seen = PSE_NEW(&arena, bool, policy->witnesses);
    return seen == NULL ? PSE_E_MEMORY : check_witnesses(cp, policy, seen);
}

void pse_checkpoint_text_put(struct pse_buf *b, struct pse_span origin, uint64_t size,
                             const pse_hash *root)
{
    pse_wr_span(b, origin);
    pse_wr_str(b, "\n");
    pse_decimal_put(b, size);
    pse_wr_str(b, "\n");
    pse_base64_put(b, root->b, sizeof root->b);
    pse_wr_str(b, "\n");
}

void pse_checkpoint_put(struct pse_buf *b, uint64_t size, const pse_hash *root,
                        const struct pse_vkey *log, const pse_seed *seed)
{
    struct pse_buf text = PSE_BUF(PSE_NOTE_MAX);

    pse_checkpoint_text_put(&text, log->name, size, root);
    if (text.rc != PSE_OK && b->rc == PSE_OK)
        b->rc = text.rc;
    pse_wr_span(b, pse_buf_span(&text));
    pse_wr_str(b, "\n");
    pse_note_sign(b, pse_buf_span(&text), log, seed);
    pse_buf_free(&text);
}
