/* What an election asks of a policy (V104), and whether a quorum is met (V902).
 *
 * Members come before their group in the file, so one walk over the items in order evaluates every
 * group after its members, and one walk back reaches every member after its group: no recursion. */
#include <stdlib.h>

#include "policy.h"

const struct pse_policy_item *pse_policy_witness(const struct pse_policy *policy, size_t i)
{
    PSE_REQUIRE(i < policy->witnesses);
    return &policy->item[policy->witness[i]];
}

pse_rc pse_policy_quorum_check(const struct pse_policy *policy, const bool *seen)
{
    PSE_ARENA(arena, PSE_POLICY_ARENA_MAX);
    bool *met = PSE_NEW(&arena, bool, policy->items);

    if (met == NULL)
        return PSE_E_MEMORY;
    if (policy->quorum == policy->items)
        return PSE_OK;
    for (size_t i = 0; i <= policy->quorum; i++) {
        const struct pse_policy_item *item = &policy->item[i];
        size_t n = 0;

        for (size_t j = 0; j < item->n; j++)
            n += met[item->member[j]] ? 1 : 0;
        met[i] = item->is_group ? n >= item->k : seen[item->number];
    }
    return met[policy->quorum] ? PSE_OK : PSE_E_PROOF;
}

static int compare_sizes(const void *a, const void *b)
{
    const size_t *x = a;
    const size_t *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Sum of the k smallest of the members' minima. As an item is a member once at most, no sum
 * exceeds the number of witnesses. */
static size_t group_min(size_t *scratch, const size_t *min, const struct pse_policy_item *group)
{
    size_t sum = 0;

    for (size_t j = 0; j < group->n; j++)
        scratch[j] = min[group->member[j]];
    qsort(scratch, group->n, sizeof *scratch, compare_sizes);
    for (size_t j = 0; j < group->k; j++)
        sum += scratch[j];
    return sum;
}

pse_rc pse_policy_min_witnesses(size_t *out, const struct pse_policy *policy)
{
    PSE_ARENA(arena, PSE_POLICY_ARENA_MAX);
    size_t *min = PSE_NEW(&arena, size_t, policy->items);
    size_t *scratch = PSE_NEW(&arena, size_t, policy->items);

    *out = 0;
    if (min == NULL || scratch == NULL)
        return PSE_E_MEMORY;
    if (policy->quorum == policy->items)
        return PSE_OK;
    for (size_t i = 0; i <= policy->quorum; i++) {
        const struct pse_policy_item *item = &policy->item[i];

        min[i] = item->is_group ? group_min(scratch, min, item) : 1;
    }
    *out = min[policy->quorum];
    return PSE_OK;
}

/* Any two quorums of every group that counts share a member, hence a witness. */
static pse_rc check_majorities(const struct pse_policy *policy)
{
    PSE_ARENA(arena, PSE_POLICY_ARENA_MAX);
    bool *reached = PSE_NEW(&arena, bool, policy->items);

    if (reached == NULL)
        return PSE_E_MEMORY;
    reached[policy->quorum] = true;
    for (size_t i = policy->quorum + 1; i-- > 0;) {
        const struct pse_policy_item *item = &policy->item[i];

        if (!reached[i] || !item->is_group)
            continue;
        if (2 * item->k <= item->n)
            return PSE_E_RANGE;
        for (size_t j = 0; j < item->n; j++)
            reached[item->member[j]] = true;
    }
    return PSE_OK;
}

/* Distinct from each other by parsing. */
static pse_rc check_witness_key(const struct pse_vkey *key, const pse_edkey *keys, size_t n_keys)
{
    if (key->type != PSE_SIG_COSIGN)
        return PSE_E_UNSUPPORTED;
    if (!pse_edkey_is_valid(&key->key))
        return PSE_E_ENCODING;
    for (size_t i = 0; i < n_keys; i++)
        if (pse_edkey_is_equal(&keys[i], &key->key))
            return PSE_E_DUPLICATE;
    return PSE_OK;
}

pse_rc pse_policy_election_check(const struct pse_policy *policy, struct pse_span log_vkey,
                                 bool test, const pse_edkey *keys, size_t n_keys)
{
    size_t min;

    if (policy->logs != 1 || policy->quorum == policy->items)
        return PSE_E_RANGE;
    if (!pse_span_is_equal(policy->log, log_vkey))
        return PSE_E_MISMATCH;
    PSE_TRY(check_majorities(policy));
    PSE_TRY(pse_policy_min_witnesses(&min, policy));
    if (min < 2 && !test)
        return PSE_E_RANGE;
    for (size_t i = 0; i < policy->witnesses; i++)
        PSE_TRY(check_witness_key(&pse_policy_witness(policy, i)->key, keys, n_keys));
    return PSE_OK;
}
