/* Asking the parties of a log, and comparing what they show. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/options.h"
#include "psephos/monitor.h"

enum { ASK_AT_ONCE = 16 };

const char *monitor_kind_word(enum monitor_kind kind)
{
    static const char *const word[] = {"log", "mirror", "witness", "memory"};

    return word[kind];
}

const char *monitor_state_word(enum monitor_state state)
{
    static const char *const word[] = {"good", "stale", "unreachable", "refused"};

    return word[state];
}

/* --- asking -------------------------------------------------------------------------------------
 */

struct asking {
    struct monitor *m;
    uint64_t now;
};

static void set_state(struct monitor_party *p, enum monitor_state state, const char *why)
{
    p->state = state;
    p->why = why;
}

/* A witness shows notes before a quorum has signed them; but its own line must be there. */
static bool is_witnessed(const struct monitor_party *p, const struct pse_checkpoint *cp)
{
    return pse_note_check(&cp->note, &p->witness, NULL) == PSE_NOTE_GOOD;
}

static void judge(const struct monitor *m, struct monitor_party *p, uint64_t now)
{
    struct pse_checkpoint *cp = calloc(1, sizeof *cp);
    enum record_pin_fault fault;

    if (cp == NULL) {
        set_state(p, MONITOR_UNREACHABLE, "no memory to read its answer");
        return;
    }
    fault = record_pin_check(cp, &p->newest, m->pin, pse_buf_span(&p->note), now);
    if (fault == RECORD_PIN_QUORUM && p->kind == MONITOR_WITNESS)
        fault = is_witnessed(p, cp) ? RECORD_PIN_GOOD : RECORD_PIN_QUORUM;
    if (fault == RECORD_PIN_GOOD)
        set_state(p, MONITOR_GOOD, "");
    else
        set_state(p, MONITOR_REFUSED, record_pin_words(fault));
    p->size = cp->size;
    p->root = cp->root;
    free(cp);
}

static void ask_task(void *ctx, size_t i, unsigned worker)
{
    const struct asking *a = ctx;
    struct monitor_party *p = &a->m->party[i];
    pse_rc rc = PSE_OK;

    (void)worker;
    if (p->kind != MONITOR_MEMORY)
        rc = p->is_open ? record_at_get(&p->at, &p->note, p->path, PSE_NOTE_MAX) : PSE_E_IO;
    if (rc != PSE_OK)
        set_state(p, MONITOR_UNREACHABLE,
                  p->is_open ? record_at_trouble(&p->at) : "there is no such folder");
    else if (p->note.n == 0)
        set_state(p, MONITOR_UNREACHABLE, "it shows nothing");
    else
        judge(a->m, p, a->now);
}

/* Behind in size, and its newest signature is old beside that of the largest. */
static void find_stale(struct monitor *m)
{
    const struct monitor_party *top = NULL;

    for (size_t i = 0; i < m->parties; i++) {
        const struct monitor_party *p = &m->party[i];

        if (p->state == MONITOR_GOOD && (top == NULL || p->size > top->size))
            top = p;
    }
    for (size_t i = 0; top != NULL && i < m->parties; i++) {
        struct monitor_party *p = &m->party[i];

        if (p->state == MONITOR_GOOD && p->kind != MONITOR_MEMORY && p->size < top->size &&
            p->newest + m->stale < top->newest)
            set_state(p, MONITOR_STALE, "it is long behind the others");
    }
}

pse_rc monitor_ask(struct monitor *m, uint64_t now)
{
    struct asking a = {m, now};
    struct pse_pool *pool;

    m->splits = 0;
    m->uncompared = 0;
    PSE_TRY(pse_pool_new(&pool, m->parties < ASK_AT_ONCE ? (unsigned)m->parties : ASK_AT_ONCE));
    pse_pool_run(pool, ask_task, &a, m->parties);
    pse_pool_free(pool);
    find_stale(m);
    return PSE_OK;
}

/* --- comparing ----------------------------------------------------------------------------------
 */

static bool has_view(const struct monitor_party *p)
{
    return p->state == MONITOR_GOOD || p->state == MONITOR_STALE;
}

static int by_size(const void *a, const void *b)
{
    const struct monitor_party *x = *(const struct monitor_party *const *)a;
    const struct monitor_party *y = *(const struct monitor_party *const *)b;

    return (x->size > y->size) - (x->size < y->size);
}

/* Compare two views with the tiles of @p keeper. */
static pse_rc compare_with(bool *is_split, struct pse_buf *evidence, const struct monitor *m,
                           const struct monitor_party *a, const struct monitor_party *b,
                           struct monitor_party *keeper)
{
    evidence->n = 0;
    evidence->rc = PSE_OK;
    return split_view_compare(is_split, evidence, m->pin, pse_buf_span(&a->note),
                              pse_buf_span(&b->note), record_at_tile, &keeper->at);
}

/* The keeper of tiles who shows the larger view itself is asked first; a witness has none. */
static pse_rc compare_by_anyone(bool *is_split, struct pse_buf *evidence, struct monitor *m,
                                const struct monitor_party *a, struct monitor_party *b)
{
    pse_rc rc = PSE_E_MISSING;

    if (a->size == b->size)
        return compare_with(is_split, evidence, m, a, b, b);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < m->parties; i++) {
            struct monitor_party *k = &m->party[i];
            bool shows_it = has_view(k) && k->size == b->size;

            if (k->kind > MONITOR_MIRROR || !k->is_open || shows_it != (pass == 0))
                continue;
            rc = compare_with(is_split, evidence, m, a, b, k);
            if (rc == PSE_OK)
                return rc;
        }
    }
    return rc;
}

static pse_rc compare_pair(struct monitor *m, const struct monitor_party *a,
                           struct monitor_party *b)
{
    struct pse_buf evidence = PSE_BUF(PSE_SPLIT_MAX);
    bool is_split = false;
    pse_rc rc = PSE_OK;

    if (a->size == b->size && pse_hash_is_equal(&a->root, &b->root))
        return PSE_OK;
    if (compare_by_anyone(&is_split, &evidence, m, a, b) != PSE_OK) {
        m->uncompared++;
        cli_note(m->name,
                 "%s (%llu entries) and %s (%llu entries) cannot be compared: nobody serves the "
                 "tiles of the larger tree",
                 a->name, (unsigned long long)a->size, b->name, (unsigned long long)b->size);
    } else if (is_split) {
        rc = split_view_write(m->split[m->splits], m->name, m->evidence, pse_buf_span(&evidence));
        cli_error(m->name,
                  "SPLIT VIEW: the log signed one history for %s (%llu entries) and another for "
                  "%s (%llu entries); the evidence is %s",
                  a->name, (unsigned long long)a->size, b->name, (unsigned long long)b->size,
                  m->split[m->splits]);
        m->splits++;
    }
    pse_buf_free(&evidence);
    return rc;
}

/* Growth is transitive, so in the order of sizes neighbours suffice: where no neighbours contradict
 * each other nobody does. */
pse_rc monitor_compare(struct monitor *m)
{
    struct monitor_party *view[MONITOR_PARTIES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < m->parties; i++) {
        if (has_view(&m->party[i]))
            view[n++] = &m->party[i];
    }
    qsort(view, n, sizeof view[0], by_size);
    for (size_t i = 1; i < n; i++)
        PSE_TRY(compare_pair(m, view[i - 1], view[i]));
    return PSE_OK;
}
