#include "proof.h"

#include "codec/cursor.h"
#include "codec/text.h"

static const char format_line[] = "c2sp.org/tlog-proof@v1";

/* The line's rest when it starts with @p word and a space. */
static bool has_word(struct pse_span *rest, struct pse_span line, const char *word)
{
    size_t n = strlen(word);

    if (line.n < n + 1 || memcmp(line.p, word, n) != 0 || line.p[n] != ' ')
        return false;
    *rest = pse_span(line.p + n + 1, line.n - n - 1);
    return true;
}

/* The extra line is carried as it stands; without data there is no such line. */
static pse_rc check_extra(struct pse_span base64)
{
    size_t n;

    PSE_TRY(pse_base64_check(&n, base64));
    return n > 0 ? PSE_OK : PSE_E_SYNTAX;
}

/* Hashes up to the empty line. */
static pse_rc parse_path(struct pse_tree_proof *path, struct pse_span *in)
{
    for (;;) {
        struct pse_span line;

        PSE_TRY(pse_line_take(&line, in));
        if (line.n == 0)
            return PSE_OK;
        if (path->n == PSE_TREE_PROOF_MAX)
            return PSE_E_LIMIT;
        PSE_TRY(pse_base64_decode(path->hash[path->n].b, 32, line));
        path->n++;
    }
}

pse_rc pse_proof_parse(struct pse_proof *out, struct pse_span in)
{
    struct pse_span line;
    struct pse_span value;

    memset(out, 0, sizeof *out);
    if (in.n > PSE_PROOF_MAX)
        return PSE_E_LIMIT;
    PSE_TRY(pse_line_take(&line, &in));
    if (!pse_span_is_str(line, format_line))
        return PSE_E_SYNTAX;
    PSE_TRY(pse_line_take(&line, &in));
    out->has_extra = has_word(&out->extra, line, "extra");
    if (out->has_extra) {
        PSE_TRY(check_extra(out->extra));
        PSE_TRY(pse_line_take(&line, &in));
    }
    if (!has_word(&value, line, "index"))
        return PSE_E_SYNTAX;
    PSE_TRY(pse_decimal_decode(&out->index, value));
    PSE_TRY(parse_path(&out->path, &in));
    out->checkpoint_bytes = in;
    return pse_checkpoint_parse(&out->checkpoint, in);
}

void pse_proof_put(struct pse_buf *b, const struct pse_span *extra, uint64_t index,
                   const struct pse_tree_proof *path, struct pse_span checkpoint)
{
    pse_wr_str(b, format_line);
    pse_wr_str(b, "\n");
    if (extra != NULL) {
        PSE_REQUIRE(extra->n > 0);
        pse_wr_str(b, "extra ");
        pse_base64_put(b, extra->p, extra->n);
        pse_wr_str(b, "\n");
    }
    pse_wr_str(b, "index ");
    pse_decimal_put(b, index);
    pse_wr_str(b, "\n");
    for (size_t i = 0; i < path->n; i++) {
        pse_base64_put(b, path->hash[i].b, sizeof path->hash[i].b);
        pse_wr_str(b, "\n");
    }
    pse_wr_str(b, "\n");
    pse_wr_span(b, checkpoint);
}

pse_rc pse_proof_verify(const struct pse_proof *proof, const pse_hash *leaf,
                        const struct pse_vkey *log, const struct pse_policy *policy)
{
    const struct pse_checkpoint *cp = &proof->checkpoint;

    PSE_TRY(pse_checkpoint_log_verify(cp, log));
    if (policy != NULL)
        PSE_TRY(pse_checkpoint_quorum_verify(cp, policy, NULL));
    return pse_tree_inclusion_verify(&cp->root, cp->size, proof->index, leaf, proof->path.hash,
                                     proof->path.n);
}
