/* Measurements of identities: logins by card judged by all rules but revocation, which an answer
 * that is fetched decides. */
#include <stdlib.h>

#include "identity/identity.h"
#include "psephos/bench_card.h"

enum { LOGINS = 4 };

static const char *const algorithm[] = {"ES256", "ES384", "ES512", "PS256", "PS384",
                                        "PS512", "RS256", "RS384", "RS512"};

struct login {
    struct bench_card_state made; /* first: the peers look here */
    struct pse_anchors *anchors;
};

static void finish(const struct bench *b, void *state)
{
    struct login *l = state;

    (void)b;
    bench_card_free(l->made.card);
    pse_anchors_free(l->anchors);
    free(l);
}

static void *prepare(const struct bench *b, size_t which, size_t *things)
{
    struct login *l = calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    *things = LOGINS;
    l->made.card = bench_card_new(algorithm[which]);
    if (l->made.card != NULL && pse_anchors_new(&l->anchors) == PSE_OK &&
        pse_anchors_add(l->anchors, bench_card_authority(l->made.card)) == PSE_OK)
        return l;
    finish(b, l);
    return NULL;
}

static enum pse_eid_fault judge(const struct login *l)
{
    const struct pse_webeid_rules rules = {
        .origin = BENCH_CARD_ORIGIN, .anchors = l->anchors, .now = BENCH_CARD_NOW};
    const struct pse_webeid_revocation off = {.is_off = true};
    struct pse_webeid *w;
    enum pse_eid_fault fault = pse_webeid_open(&w, bench_card_token(l->made.card), &rules);

    if (fault == PSE_EID_GOOD)
        fault = pse_webeid_finish(w, &off, pse_span_str(BENCH_CARD_NONCE), &rules);
    pse_webeid_free(w);
    return fault;
}

static bool run(const struct bench *b, void *state)
{
    bool good = true;

    (void)b;
    for (unsigned i = 0; i < LOGINS; i++)
        good = good && judge(state) == PSE_EID_GOOD;
    return good;
}

#define LOGIN(name_, which_)                                                              \
    BENCH_ITEM("webeid_" name_, BENCH_PER_SECOND, which_, prepare, run, .finish = finish, \
               .peer = {&bench_card_read, &bench_card_both, &bench_card_own})

static const struct bench_item items[] = {
    LOGIN("es256", 0), LOGIN("es384", 1), LOGIN("es512", 2), LOGIN("ps256", 3), LOGIN("ps384", 4),
    LOGIN("ps512", 5), LOGIN("rs256", 6), LOGIN("rs384", 7), LOGIN("rs512", 8),
};

const struct bench_table bench_identity = {items, sizeof items / sizeof *items};
