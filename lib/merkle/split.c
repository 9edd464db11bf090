#include "split.h"

#include "codec/cursor.h"
#include "codec/text.h"

static const char format_line[] = "psephos/split/1";

/* The next line is @p word, a space, and *rest. */
static pse_rc take_word(struct pse_span *rest, struct pse_span *in, const char *word)
{
    size_t n = strlen(word);
    struct pse_span line;

    PSE_TRY(pse_line_take(&line, in));
    if (line.n < n + 1 || memcmp(line.p, word, n) != 0 || line.p[n] != ' ')
        return PSE_E_SYNTAX;
    *rest = pse_span(line.p + n + 1, line.n - n - 1);
    return PSE_OK;
}

static pse_rc take_note(struct pse_span *note, struct pse_checkpoint *cp, struct pse_span *in,
                        const char *word)
{
    struct pse_span value;
    uint64_t n;

    PSE_TRY(take_word(&value, in, word));
    PSE_TRY(pse_decimal_decode(&n, value));
    if (n > PSE_NOTE_MAX || n > in->n)
        return PSE_E_LIMIT;
    *note = pse_span(in->p, (size_t)n);
    *in = pse_span(in->p + n, in->n - (size_t)n);
    return pse_checkpoint_parse(cp, *note);
}

static pse_rc take_proof(struct pse_split *out, struct pse_span *in)
{
    struct pse_span line;

    PSE_TRY(take_word(&line, in, "prefix"));
    PSE_TRY(pse_base64_decode(out->prefix.b, 32, line));
    while (in->n > 0) {
        PSE_TRY(pse_line_take(&line, in));
        if (out->proof.n == PSE_TREE_PROOF_MAX)
            return PSE_E_LIMIT;
        PSE_TRY(pse_base64_decode(out->proof.hash[out->proof.n].b, 32, line));
        out->proof.n++;
    }
    return PSE_OK;
}

pse_rc pse_split_parse(struct pse_split *out, struct pse_span in)
{
    struct pse_span line;

    memset(out, 0, sizeof *out);
    if (in.n > PSE_SPLIT_MAX)
        return PSE_E_LIMIT;
    PSE_TRY(pse_line_take(&line, &in));
    if (!pse_span_is_str(line, format_line))
        return PSE_E_SYNTAX;
    PSE_TRY(take_word(&out->log_text, &in, "log"));
    PSE_TRY(pse_vkey_parse(&out->log, out->log_text));
    PSE_TRY(take_note(&out->note[0], &out->checkpoint[0], &in, "first"));
    PSE_TRY(take_note(&out->note[1], &out->checkpoint[1], &in, "second"));
    if (out->checkpoint[0].size > out->checkpoint[1].size)
        return PSE_E_RANGE;
    if (out->checkpoint[0].size < out->checkpoint[1].size)
        PSE_TRY(take_proof(out, &in));
    return in.n == 0 ? PSE_OK : PSE_E_SYNTAX;
}

static void put_note(struct pse_buf *b, const char *word, struct pse_span note)
{
    pse_wr_str(b, word);
    pse_decimal_put(b, note.n);
    pse_wr_str(b, "\n");
    pse_wr_span(b, note);
}

static void put_hash(struct pse_buf *b, const pse_hash *hash)
{
    pse_base64_put(b, hash->b, sizeof hash->b);
    pse_wr_str(b, "\n");
}

void pse_split_put(struct pse_buf *b, const struct pse_split *s)
{
    pse_wr_str(b, format_line);
    pse_wr_str(b, "\nlog ");
    pse_wr_span(b, s->log_text);
    pse_wr_str(b, "\n");
    put_note(b, "first ", s->note[0]);
    put_note(b, "second ", s->note[1]);
    if (s->checkpoint[0].size == s->checkpoint[1].size)
        return;
    pse_wr_str(b, "prefix ");
    put_hash(b, &s->prefix);
    for (size_t i = 0; i < s->proof.n; i++)
        put_hash(b, &s->proof.hash[i]);
}

pse_rc pse_split_verify(const struct pse_split *s)
{
    const struct pse_checkpoint *first = &s->checkpoint[0];
    const struct pse_checkpoint *second = &s->checkpoint[1];

    if (s->log.type != PSE_SIG_ED25519)
        return PSE_E_UNSUPPORTED;
    PSE_TRY(pse_checkpoint_log_verify(first, &s->log));
    PSE_TRY(pse_checkpoint_log_verify(second, &s->log));
    if (first->size == second->size)
        return pse_hash_is_equal(&first->root, &second->root) ? PSE_E_STATE : PSE_OK;
    if (first->size > second->size)
        return PSE_E_STATE;
    if (pse_hash_is_equal(&first->root, &s->prefix))
        return PSE_E_STATE;
    return pse_tree_consistency_verify(&s->prefix, first->size, &second->root, second->size,
                                       s->proof.hash, s->proof.n);
}
