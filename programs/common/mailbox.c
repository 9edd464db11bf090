#include "common/mailbox.h"

#include <stdlib.h>

#include "codec/codec.h"

enum { BUCKETS = 16384 };

/* Letters of one bucket in a chain; all of them in the order in which they came. */
struct letter {
    struct letter *chain;
    struct letter *later;
    uint64_t came;
    uint8_t name[MAILBOX_NAME];
    unsigned step;
    size_t n;
    uint8_t bytes[];
};

struct mailbox {
    struct letter *bucket[BUCKETS];
    struct letter *oldest;
    struct letter **end;
    size_t n;
};

pse_rc mailbox_new(struct mailbox **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return PSE_E_MEMORY;
    (*out)->end = &(*out)->oldest;
    return PSE_OK;
}

/* Names are random by their makers' will; who chooses equal ones makes his own chain long, and it
 * is at most MAILBOX_MAX. */
static struct letter **bucket_of(struct mailbox *m, const uint8_t name[MAILBOX_NAME])
{
    return &m->bucket[pse_load_u32(name) % BUCKETS];
}

static void remove_oldest(struct mailbox *m)
{
    struct letter *gone = m->oldest;
    struct letter **at = bucket_of(m, gone->name);

    while (*at != gone)
        at = &(*at)->chain;
    *at = gone->chain;
    m->oldest = gone->later;
    if (m->oldest == NULL)
        m->end = &m->oldest;
    m->n--;
    free(gone);
}

void mailbox_free(struct mailbox *m)
{
    if (m == NULL)
        return;
    while (m->oldest != NULL)
        remove_oldest(m);
    free(m);
}

static void expire(struct mailbox *m, uint64_t now)
{
    while (m->oldest != NULL && now - m->oldest->came > MAILBOX_SECONDS)
        remove_oldest(m);
    if (m->n == MAILBOX_MAX && now - m->oldest->came > MAILBOX_SAFE_SECONDS)
        remove_oldest(m);
}

static const struct letter *find(struct mailbox *m, const uint8_t name[MAILBOX_NAME], unsigned step)
{
    for (const struct letter *l = *bucket_of(m, name); l != NULL; l = l->chain) {
        if (l->step == step && memcmp(l->name, name, MAILBOX_NAME) == 0)
            return l;
    }
    return NULL;
}

pse_rc mailbox_put(struct mailbox *m, const uint8_t name[MAILBOX_NAME], unsigned step,
                   struct pse_span bytes, uint64_t now)
{
    struct letter **bucket = bucket_of(m, name);
    const struct letter *old;
    struct letter *l;

    if (bytes.n == 0 || bytes.n > MAILBOX_BYTES)
        return PSE_E_LENGTH;
    if (step < 1 || step > MAILBOX_STEPS)
        return PSE_E_RANGE;
    expire(m, now);
    old = find(m, name, step);
    if (old != NULL)
        return old->n == bytes.n && memcmp(old->bytes, bytes.p, bytes.n) == 0 ? PSE_OK
                                                                              : PSE_E_DUPLICATE;
    if (m->n == MAILBOX_MAX)
        return PSE_E_LIMIT;
    l = malloc(sizeof *l + bytes.n);
    if (l == NULL)
        return PSE_E_MEMORY;
    *l = (struct letter){.chain = *bucket, .came = now, .step = step, .n = bytes.n};
    memcpy(l->name, name, MAILBOX_NAME);
    memcpy(l->bytes, bytes.p, bytes.n);
    *bucket = l;
    *m->end = l;
    m->end = &l->later;
    m->n++;
    return PSE_OK;
}

pse_rc mailbox_get(struct mailbox *m, struct pse_buf *out, const uint8_t name[MAILBOX_NAME],
                   unsigned step, uint64_t now)
{
    const struct letter *l;

    expire(m, now);
    l = find(m, name, step);
    if (l == NULL)
        return PSE_E_MISSING;
    pse_buf_put(out, l->bytes, l->n);
    return out->rc;
}
