#include <stdlib.h>

#include "codec/codec.h"
#include "common/act.h"
#include "common/options.h"

static pse_rc put_mix(const struct act *a, const struct key *k, const struct pse_shuffle *shuffle,
                      struct pse_span out, struct pse_span proof)
{
    struct pse_entry entry = {
        .type = PSE_ENTRY_MIX, .role = PSE_ROLE_MIXER, .index = shuffle->mixer};

    entry.u.mix.contest = shuffle->contest;
    entry.u.mix.pot = shuffle->group;
    entry.u.mix.seq = shuffle->seq;
    entry.u.mix.n = shuffle->rows;
    entry.u.mix.w = shuffle->width;
    entry.u.mix.in = shuffle->in_hash;
    entry.u.mix.out = shuffle->out_hash;
    pse_sha256(&entry.u.mix.proof, proof);
    PSE_TRY(a->sink->blob(a->sink->ctx, out));
    PSE_TRY(a->sink->blob(a->sink->ctx, proof));
    return act_entry(a, &entry, &k->sign);
}

pse_rc act_mix(const struct act *a, const struct key *k, uint8_t index, size_t at,
               const struct pse_shuffle_options *options)
{
    struct pse_list_view list;
    struct pse_shuffle shuffle;
    size_t out_n, proof_n;
    uint8_t *out = NULL;
    uint8_t *proof = NULL;
    pse_rc rc;

    PSE_TRY(act_allowed(a, PSE_ENTRY_MIX, PSE_ROLE_MIXER, index));
    pse_engine_list(a->e, &list, at);
    shuffle = (struct pse_shuffle){.contest = list.contest,
                                   .group = list.pot,
                                   .seq = list.seq,
                                   .mixer = index,
                                   .width = list.width,
                                   .rows = list.ballots,
                                   .in_hash = list.in_hash};
    PSE_TRY(pse_shuffle_sizes(&out_n, &proof_n, list.ballots, list.width));
    out = malloc(out_n);
    proof = malloc(proof_n);
    rc = out == NULL || proof == NULL ? PSE_E_MEMORY
                                      : pse_shuffle_run(pse_engine_joint(a->e), &shuffle, out,
                                                        proof, list.rows, a->rng, options);
    if (rc == PSE_OK)
        rc = put_mix(a, k, &shuffle, pse_span(out, out_n), pse_span(proof, proof_n));
    free(out);
    free(proof);
    if (rc == PSE_E_MEMORY)
        cli_error(a->name, "no memory to mix %u ballots; use a machine with more of it",
                  list.ballots);
    return rc;
}
