/* The steps of a batch at which a process can die or the world can fail (ledger contract 13).
 *
 * For: tests, which hang a struct pse_steps into store and sequencer to kill, fail, delay or leave
 * unknown every single one. In production the pointer is NULL and nothing happens. */
#ifndef PSE_STORE_STEPS_H
#define PSE_STORE_STEPS_H

#include "base/base.h"

// clang-format off
#define PSE_STEP_TABLE(X) \
    X(STAGE_WRITE, "stage-write") \
    X(STAGE_SYNC, "stage-fsync") \
    X(SIGN, "sign") \
    X(CAS, "cas") \
    X(FILE_WRITE, "tile-write") \
    X(FILE_SYNC, "tile-fsync") \
    X(RENAME, "rename") \
    X(DIR_SYNC, "directory-fsync") \
    X(BLOB_WRITE, "blob-write") \
    X(WITNESS_ASK, "witness-request") \
    X(WITNESS_ANSWER, "witness-answer") \
    X(CHECKPOINT_RENAME, "checkpoint-rename") \
    X(ANSWER, "answer") \
    X(DROP, "bundle-drop") \
    X(COLLECT, "partial-gc") \
    X(FENCE, "epoch-raise")
// clang-format on

#define PSE_STEP_NAME(name, text) PSE_STEP_##name,
enum pse_step { PSE_STEP_TABLE(PSE_STEP_NAME) PSE_STEPS };
#undef PSE_STEP_NAME

/** "stage-write", … */
const char *pse_step_name(enum pse_step step);

struct pse_steps {
    void *ctx;
    /** Called before (@p done false) and after (true) each step, from the thread that takes it; may
     * not return at all. Before: another status than PSE_OK means that the step is not taken and
     * ends with that status. After: it was taken, and yet ends with that status. @p bytes (NULL but
     * before writes) may be lowered: that many are written, then the disk is full. */
    pse_rc (*at)(void *ctx, enum pse_step step, bool done, size_t *bytes);
};

/** Tell @p steps (may be NULL). */
PSE_MUST pse_rc pse_step_before(const struct pse_steps *steps, enum pse_step step, size_t *bytes);
PSE_MUST pse_rc pse_step_after(const struct pse_steps *steps, enum pse_step step);

#endif
