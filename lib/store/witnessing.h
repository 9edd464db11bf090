/* The seam between the sequencer and whatever talks to witnesses (ledger contract 8, 9.7).
 *
 * The sequencer hands over a checkpoint it has signed; a collector (programs/common/witnessing.c
 * over HTTP; tests have their own) asks all witnesses in parallel and reports what each said.
 * The collector only carries: every line and note it hands back is hostile input that the
 * sequencer verifies, and what a witness ahead means is decided there. */
#ifndef PSE_STORE_WITNESSING_H
#define PSE_STORE_WITNESSING_H

#include "merkle/merkle.h"

enum {
    PSE_WITNESSES_MAX = 64,       /* what one note has lines for */
    PSE_WITNESS_BUDGET_MS = 1000, /* from the first request on; stragglers go on alone */
    PSE_WITNESS_LINES_MAX = 65536,
};

/** What one witness of the policy answered. */
enum pse_witness_state {
    PSE_WITNESS_SILENT,   /* no answer in time, or one that is no answer */
    PSE_WITNESS_COSIGNED, /* 200; its lines are in the round's `lines` */
    PSE_WITNESS_NEW,      /* answered that it has never cosigned this log (404, or old size 0) */
    PSE_WITNESS_NOTE,     /* its latest cosigned note is in `note` */
    PSE_WITNESS_CLAIMS,   /* 409 with a bare `size`, and no note to show for it */
    PSE_WITNESS_REFUSES,  /* any other refusal: 403, 422, …; `http` tells */
};

struct pse_witness_view {
    enum pse_witness_state state;
    int http;            /* status of the last answer, 0 for none */
    uint64_t size;       /* CLAIMS: the size it claims to have cosigned */
    struct pse_buf note; /* NOTE: the note as it came; freed by whoever owns the view */
};

/** One checkpoint to be cosigned. Valid until collect returns. */
struct pse_witness_round {
    struct pse_span note; /* signed by the log alone */
    uint64_t size;
    pse_hash root;
    unsigned budget_ms;
    /** The consistency proof from @p before <= size to size; PSE_E_RANGE when larger. May be called
     * from any thread during collect. */
    pse_rc (*consistency)(void *ctx, struct pse_tree_proof *out, uint64_t before);
    void *consistency_ctx;
    /** Does the policy's quorum stand with these? @p seen[i] for witness i of the policy: a
     * collector may return as soon as it does. Any thread. */
    bool (*is_quorum)(void *ctx, const bool *seen);
    void *quorum_ctx;
};

/** A collector. Both calls come from one thread, never at once. view[i] is witness i of the policy
 * (pse_policy_witness); all are zeroed before the call, and freed by the caller. */
struct pse_witnessing {
    void *ctx;
    size_t witnesses;
    /** Before the log goes on: what did each witness cosign last? By its monitoring address, or
     * else by an add-checkpoint of `old 0` with @p round->note, whose 409 tells. PSE_E_MEMORY. */
    pse_rc (*ask)(void *ctx, struct pse_witness_view *view, const struct pse_witness_round *round);
    /** Ask all to cosign; append the signature lines of those that did to @p lines, as they came. A
     * 409 with a size <= round->size is answered with a new proof, once. Returns at quorum, when
     * all have answered, or when the budget is spent; what stragglers answer later is dropped (they
     * have then moved on, and the next round's `old` finds out). A round of a size that was
     * collected before is asked for again with the same note. PSE_E_MEMORY. */
    pse_rc (*collect)(void *ctx, struct pse_buf *lines, struct pse_witness_view *view,
                      const struct pse_witness_round *round);
};

#endif
