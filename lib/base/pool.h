/* Threads: one fixed pool, one verb. Work is a numbered list of independent tasks. */
#ifndef PSE_BASE_POOL_H
#define PSE_BASE_POOL_H

#include "status.h"

struct pse_pool;

/** A pool of @p threads workers (1..256; the calling thread counts as one, so 1 starts none). */
PSE_MUST pse_rc pse_pool_new(struct pse_pool **pool, unsigned threads);
/** Join and release. NULL is fine. No run may be under way. */
void pse_pool_free(struct pse_pool *pool);

/** Number of workers; 1 for NULL. */
unsigned pse_pool_width(const struct pse_pool *pool);

/** Task @p index of a run, on worker @p worker (0 <= worker < width: index scratch space by it). */
typedef void pse_task(void *ctx, size_t index, unsigned worker);

/** Run task(ctx, i, w) for every i < count on all workers, return when all are done. Order is
 * unspecified. A NULL pool runs them here, in order. Not re-entrant: a call from inside a task
 * runs its tasks inline, with the calling worker's number. Calls from two threads exclude one
 * another. */
void pse_pool_run(struct pse_pool *pool, pse_task *task, void *ctx, size_t count);

#endif
