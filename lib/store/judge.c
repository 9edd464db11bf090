#include "store/judge.h"

#include <stdlib.h>

#include "election/ballot.h"
#include "election/state.h"
#include "merkle/merkle.h"

static bool is_ballot(void *ctx, struct pse_span entry)
{
    (void)ctx;
    return entry.n > 0 && entry.p[0] == PSE_ENTRY_BALLOT;
}

/* --- chains ----------------------------------------------------------------------------------- */

/* One ballot of the batch; `place` is where it stands in the random order. */
struct link {
    pse_enc credential;
    pse_hash prev, leaf;
    size_t at, place;
};

static int by_credential(const void *a, const void *b)
{
    const struct link *x = a, *y = b;
    int c = memcmp(&x->credential, &y->credential, sizeof x->credential);

    return c != 0 ? c : (x->place > y->place) - (x->place < y->place);
}

/* Ballots [first, first + n) are one credential's, by place. Put next whichever names the last one
 * put; those that follow nothing come last, to be refused by the engine. */
static void chain_one(size_t *order, struct link *link, size_t n, pse_hash latest)
{
    for (size_t i = 0; i < n; i++) {
        size_t place = link[i].place;

        for (size_t k = i; k < n; k++) {
            struct link swap = link[i];

            if (!pse_hash_is_equal(&link[k].prev, &latest))
                continue;
            link[i] = link[k];
            link[k] = swap;
            latest = link[i].leaf;
            break;
        }
        /* Places stay ascending; only the ballots in them change. */
        if (link[i].place != place) {
            for (size_t k = i + 1; k < n; k++) {
                if (link[k].place == place)
                    link[k].place = link[i].place;
            }
            link[i].place = place;
        }
        order[place] = link[i].at;
    }
}

static size_t make_links(struct link *link, const struct pse_manifest *m, const size_t *order,
                         const struct pse_span *entries, size_t n)
{
    size_t links = 0;

    for (size_t place = 0; place < n; place++) {
        struct pse_ballot b;

        if (pse_ballot_parse(&b, m, entries[order[place]]) != PSE_OK)
            continue;
        link[links].credential = b.credential;
        link[links].prev = b.prev;
        link[links].at = order[place];
        link[links].place = place;
        links++;
    }
    return links;
}

static pse_rc chain(void *ctx, size_t *order, const struct pse_span *entries, size_t n)
{
    struct pse_engine *e = ctx;
    const struct pse_manifest *m = pse_engine_manifest(e);
    struct link *link = calloc(n, sizeof *link);
    size_t links, end;

    if (link == NULL)
        return PSE_E_MEMORY;
    links = m == NULL ? 0 : make_links(link, m, order, entries, n);
    qsort(link, links, sizeof *link, by_credential);
    for (size_t first = 0; first < links; first = end) {
        struct pse_credential_view view = {0};

        for (end = first + 1; end < links; end++) {
            if (memcmp(&link[end].credential, &link[first].credential, sizeof(pse_enc)) != 0)
                break;
        }
        if (end == first + 1)
            continue;
        for (size_t i = first; i < end; i++)
            pse_tree_leaf(&link[i].leaf, entries[link[i].at]);
        if (pse_engine_credential(e, &view, &link[first].credential) == PSE_OK)
            chain_one(order, link + first, end - first, view.latest_leaf);
    }
    free(link);
    return PSE_OK;
}

/* --- examining -------------------------------------------------------------------------------- */

/* Was it only that the voter's software did not know the latest ballot? */
static void say_why(struct pse_judgment *v, const struct pse_engine *e, struct pse_span entry)
{
    const struct pse_manifest *m = pse_engine_manifest(e);
    struct pse_credential_view view;
    struct pse_ballot b;

    if (m == NULL || !is_ballot(NULL, entry) || pse_ballot_parse(&b, m, entry) != PSE_OK ||
        pse_engine_credential(e, &view, &b.credential) != PSE_OK)
        return;
    v->is_stale = !pse_hash_is_equal(&b.prev, &view.latest_leaf);
    if (v->is_stale)
        v->latest = view.latest_leaf;
}

static pse_rc offer(void *ctx, struct pse_judgment *verdict, const struct pse_span *entries,
                    size_t n)
{
    struct pse_engine *e = ctx;
    uint8_t *live = malloc(n + 1);
    uint16_t *first = calloc(n + 1, sizeof *first);
    pse_rc rc =
        live == NULL || first == NULL ? PSE_E_MEMORY : pse_engine_offer(e, live, first, entries, n);

    for (size_t i = 0; i < n && rc == PSE_OK; i++) {
        verdict[i] = (struct pse_judgment){.is_live = live[i] != 0, .rule = first[i]};
        if (!verdict[i].is_live)
            say_why(&verdict[i], e, entries[i]);
    }
    free(live);
    free(first);
    return rc;
}

void pse_judge_engine(struct pse_judge *out, struct pse_engine *e)
{
    *out = (struct pse_judge){.ctx = e, .is_ballot = is_ballot, .chain = chain, .offer = offer};
}
