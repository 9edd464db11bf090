/* Inside store: what a driver supplies. store.c finds it by the URL's scheme, checks arguments,
 * tells of steps, and calls these; see store.h for what each does and returns. A driver keeps its
 * message for people in the `why` it was opened with. */
#ifndef PSE_STORE_DRIVER_H
#define PSE_STORE_DRIVER_H

#include "store/store.h"

enum { PSE_STORE_WHY_MAX = 512 };

/** What every driver's state begins with. */
struct pse_store_base {
    const struct pse_store_driver *driver;
    const struct pse_steps *steps;
    uint8_t origin[PSE_ORIGIN_MAX + 1]; /* and a zero byte */
    size_t origin_n;
    unsigned flags;
    char why[PSE_STORE_WHY_MAX];
};

struct pse_store_driver {
    const char *scheme; /* "sqlite", "postgresql" */
    size_t state;       /* bytes of the driver's state, which begins with struct pse_store_base */
    /** @p where: the URL behind `sqlite:`, or the whole of it for others. On failure the state is
     * closed by the caller with close, so that must bear a state opened in part. */
    pse_rc (*open)(void *self, const char *where);
    void (*close)(void *self);
    pse_rc (*head_create)(void *self, const struct pse_head *head);
    pse_rc (*head_read)(void *self, struct pse_head *head);
    /** @p next->epoch may be old's plus one (fence). */
    pse_rc (*head_cas)(void *self, const struct pse_head *old, const struct pse_head *next,
                       struct pse_span bundle);
    pse_rc (*stage_put)(void *self, const struct pse_stage_name *name, struct pse_span bundle);
    pse_rc (*stage_get)(void *self, struct pse_buf *out, const struct pse_stage_name *name);
    pse_rc (*stage_list)(void *self, struct pse_stage_name *names, size_t *n, size_t max);
    pse_rc (*stage_drop)(void *self, const struct pse_stage_name *name);
    pse_rc (*entries_get)(void *self, struct pse_buf *out, uint64_t from, uint64_t size);
    pse_rc (*blob_put)(void *self, const pse_hash *digest, struct pse_span blob);
    pse_rc (*blob_get)(void *self, struct pse_buf *out, const pse_hash *digest);
    pse_rc (*blob_list)(void *self, pse_hash *digests, size_t *n, size_t max,
                        const pse_hash *after);
    pse_rc (*backup)(void *self, const char *path);
};

extern const struct pse_store_driver pse_store_sqlite;
extern const struct pse_store_driver pse_store_postgres;

/** Over all of a head's row and its log's name: a flipped bit in the database is noticed whatever
 * column it is in. */
void pse_head_row_hash(pse_hash *out, const struct pse_store_base *base,
                       const struct pse_head *head);

/** Set the driver's message, like printf. Returns @p rc. */
__attribute__((format(printf, 3, 4))) pse_rc pse_store_fail(void *self, pse_rc rc,
                                                            const char *format, ...);

#endif
