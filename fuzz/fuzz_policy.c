/* Policies: what is accepted can be written again and reads as the same policy; quorums are
 * monotone. */
#include "codec/codec.h"
#include "merkle/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_item(struct pse_buf *b, const struct pse_policy *p, size_t i)
{
    const struct pse_policy_item *item = &p->item[i];

    pse_wr_str(b, item->is_group ? "group " : "witness ");
    pse_wr_span(b, item->name);
    pse_wr_str(b, " ");
    if (!item->is_group) {
        pse_vkey_put(b, &item->key);
        pse_wr_str(b, item->url.n > 0 ? " " : "");
        pse_wr_span(b, item->url);
    } else {
        pse_decimal_put(b, item->k);
        for (size_t j = 0; j < item->n; j++) {
            PSE_REQUIRE(item->member[j] < i);
            pse_wr_str(b, " ");
            pse_wr_span(b, p->item[item->member[j]].name);
        }
    }
    pse_wr_str(b, "\n");
}

static void put_policy(struct pse_buf *b, const struct pse_policy *p)
{
    for (size_t i = 0; i < p->logs; i++) {
        pse_wr_str(b, "log ");
        pse_wr_span(b, p->log);
        pse_wr_str(b, "\n");
    }
    for (size_t i = 0; i < p->items; i++)
        put_item(b, p, i);
    pse_wr_str(b, "quorum ");
    if (p->quorum == p->items)
        pse_wr_str(b, "none");
    else
        pse_wr_span(b, p->item[p->quorum].name);
    pse_wr_str(b, "\n");
}

/* Everyone makes the quorum; no one makes it only where it is `none`. */
static void check_quorum(const struct pse_policy *p, struct pse_arena *arena)
{
    bool *seen = PSE_NEW(arena, bool, p->witnesses + 1);
    size_t min;

    PSE_REQUIRE(seen != NULL);
    PSE_REQUIRE((pse_policy_quorum_check(p, seen) == PSE_OK) == (p->quorum == p->items));
    memset(seen, 1, p->witnesses);
    PSE_REQUIRE(pse_policy_quorum_check(p, seen) == PSE_OK);
    PSE_REQUIRE(pse_policy_min_witnesses(&min, p) == PSE_OK);
    PSE_REQUIRE(min <= p->witnesses && (min == 0) == (p->quorum == p->items));
    if (pse_policy_election_check(p, p->log, false, NULL, 0) == PSE_OK)
        PSE_REQUIRE(min >= 2 && p->logs == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PSE_ARENA(arena, 4 * PSE_POLICY_ARENA_MAX);
    struct pse_buf b = PSE_BUF(2 * PSE_POLICY_MAX);
    struct pse_policy p;
    struct pse_policy again;
    size_t line;

    if (pse_policy_parse(&p, &line, &arena, pse_span(data, size)) == PSE_OK) {
        check_quorum(&p, &arena);
        put_policy(&b, &p);
        /* `any` and `all` may become longer as numbers; such a file can pass the bound. */
        if (b.n <= PSE_POLICY_MAX) {
            PSE_REQUIRE(pse_policy_parse(&again, &line, &arena, pse_buf_span(&b)) == PSE_OK);
            PSE_REQUIRE(again.items == p.items && again.witnesses == p.witnesses &&
                        again.quorum == p.quorum && again.logs == p.logs);
        }
    }
    pse_buf_free(&b);
    return 0;
}
