/* Hashes, the growing tree, and verification of proofs. Proofs are made in tree_prove.c. */
#include "tree.h"

#include "codec/hash.h"
#include "codec/hash_many.h"

void pse_tree_leaf(pse_hash *out, struct pse_span entry)
{
    pse_sha256_stream h;

    pse_sha256_init(&h);
    pse_sha256_add(&h, "\x00", 1);
    pse_sha256_add(&h, entry.p, entry.n);
    pse_sha256_final(out, &h);
}

/* Leaves a task hashes before it takes the next: enough to keep the lanes of the hash busy, and the
 * pool's overhead small. */
enum { LEAVES_A_TASK = 128 };

struct leaf_job {
    pse_hash *out;
    const struct pse_span *entries;
    size_t n;
};

static void leaf_task(void *ctx, size_t index, unsigned worker)
{
    const struct leaf_job *job = ctx;
    size_t first = index * LEAVES_A_TASK;
    size_t n = job->n - first < LEAVES_A_TASK ? job->n - first : LEAVES_A_TASK;

    (void)worker;
    pse_sha256_many(job->out + first, pse_span("\x00", 1), job->entries + first, n);
}

void pse_tree_leaves(pse_hash *out, const struct pse_span *entries, size_t n, struct pse_pool *pool)
{
    struct leaf_job job = {out, entries, n};

    pse_pool_run(pool, leaf_task, &job, (n + LEAVES_A_TASK - 1) / LEAVES_A_TASK);
}

void pse_tree_node(pse_hash *out, const pse_hash *left, const pse_hash *right)
{
    uint8_t in[65];

    in[0] = 0x01;
    memcpy(in + 1, left->b, 32);
    memcpy(in + 33, right->b, 32);
    pse_sha256(out, pse_span(in, sizeof in));
}

/* Leaves whose root is worked out level by level, the nodes of a level side by side. */
enum { SUBTREE = 256 };

/* The level above n <= SUBTREE hashes; returns its width. A last hash without sibling goes up as it
 * is, which gives the tree of RFC 6962: left subtrees are full. */
static size_t level_up(pse_hash *out, const pse_hash *in, size_t n)
{
    struct pse_span pair[SUBTREE / 2];

    for (size_t i = 0; i < n / 2; i++)
        pair[i] = pse_span(in[2 * i].b, 2 * sizeof *in);
    pse_sha256_many(out, pse_span("\x01", 1), pair, n / 2);
    if (n % 2 == 1)
        out[n / 2] = in[n - 1];
    return (n + 1) / 2;
}

/* 1 <= n <= SUBTREE. */
static void subtree_root(pse_hash *out, const pse_hash *leaves, size_t n)
{
    pse_hash odd[SUBTREE / 2], even[SUBTREE / 4];

    if (n == 1) {
        *out = leaves[0];
        return;
    }
    n = level_up(odd, leaves, n);
    while (n > 1) {
        n = level_up(even, odd, n);
        if (n == 1)
            odd[0] = even[0];
        else
            n = level_up(odd, even, n);
    }
    *out = odd[0];
}

void pse_tree_root(pse_hash *out, const pse_hash *leaves, size_t n)
{
    struct pse_tree t;

    pse_tree_init(&t);
    for (size_t at = 0; at < n; at += SUBTREE) {
        pse_hash root;

        subtree_root(&root, leaves + at, n - at < SUBTREE ? n - at : SUBTREE);
        PSE_REQUIRE(pse_tree_append(&t, &root) == PSE_OK);
    }
    pse_tree_head(out, &t);
}

void pse_tree_init(struct pse_tree *t)
{
    memset(t, 0, sizeof *t);
}

pse_rc pse_tree_append(struct pse_tree *t, const pse_hash *leaf)
{
    if (t->size >= UINT64_C(1) << 63)
        return PSE_E_LIMIT;
    t->peak[t->n++] = *leaf;
    for (uint64_t carry = t->size; (carry & 1) != 0; carry >>= 1) {
        t->n--;
        pse_tree_node(&t->peak[t->n - 1], &t->peak[t->n - 1], &t->peak[t->n]);
    }
    t->size++;
    return PSE_OK;
}

void pse_tree_head(pse_hash *root, const struct pse_tree *t)
{
    pse_hash acc;

    if (t->n == 0) {
        pse_sha256(root, pse_span(NULL, 0));
        return;
    }
    acc = t->peak[t->n - 1];
    for (unsigned i = t->n - 1; i-- > 0;)
        pse_tree_node(&acc, &t->peak[i], &acc);
    *root = acc;
}

/* --- verification ----------------------------------------------------------------------------
 * The path from a leaf to the root has two parts: below the point where it leaves the right edge
 * of the tree every level has a sibling, on the side the index bit tells; above it only the levels
 * where the index bit is set have one, always on the left. */

static unsigned bit_length(uint64_t x)
{
    return x == 0 ? 0 : 64 - (unsigned)__builtin_clzll(x);
}

/* x >> n, defined for n = 64 too. */
static uint64_t shifted(uint64_t x, unsigned n)
{
    return n > 63 ? 0 : x >> n;
}

struct path_shape {
    unsigned inner;  /* siblings below the right edge */
    unsigned border; /* siblings along it */
};

static struct path_shape shape_of(uint64_t index, uint64_t size)
{
    struct path_shape s;

    s.inner = bit_length(index ^ (size - 1));
    s.border = (unsigned)__builtin_popcountll(shifted(index, s.inner));
    return s;
}

pse_rc pse_tree_inclusion_verify(const pse_hash *root, uint64_t size, uint64_t index,
                                 const pse_hash *leaf, const pse_hash *proof, size_t n)
{
    struct path_shape shape;
    pse_hash acc = *leaf;

    if (index >= size)
        return PSE_E_RANGE;
    if (n > PSE_TREE_PROOF_MAX)
        return PSE_E_LIMIT;
    shape = shape_of(index, size);
    if (n != shape.inner + shape.border)
        return PSE_E_LENGTH;
    for (unsigned i = 0; i < n; i++) {
        if (i >= shape.inner || (shifted(index, i) & 1) != 0)
            pse_tree_node(&acc, &proof[i], &acc);
        else
            pse_tree_node(&acc, &acc, &proof[i]);
    }
    return pse_hash_is_equal(&acc, root) ? PSE_OK : PSE_E_PROOF;
}

/* The path of the last old leaf, from the largest full subtree of the old tree that ends with it:
 * left siblings belong to both trees, right siblings to the new one alone. */
static pse_rc verify_growth(const pse_hash *old_root, uint64_t before, const pse_hash *root,
                            uint64_t size, const pse_hash *proof, size_t n)
{
    unsigned skip = (unsigned)__builtin_ctzll(before);
    uint64_t path = (before - 1) >> skip;
    bool seed_is_old_root = (before & (before - 1)) == 0;
    struct path_shape shape = shape_of(before - 1, size);
    pse_hash old_acc;
    pse_hash acc;

    shape.inner -= skip;
    if (n != (seed_is_old_root ? 0U : 1U) + shape.inner + shape.border)
        return PSE_E_LENGTH;
    acc = old_acc = seed_is_old_root ? *old_root : proof[0];
    if (!seed_is_old_root)
        proof++;
    for (unsigned i = 0; i < shape.inner + shape.border; i++) {
        if (i >= shape.inner || (shifted(path, i) & 1) != 0) {
            pse_tree_node(&old_acc, &proof[i], &old_acc);
            pse_tree_node(&acc, &proof[i], &acc);
        } else {
            pse_tree_node(&acc, &acc, &proof[i]);
        }
    }
    return pse_hash_is_equal(&old_acc, old_root) && pse_hash_is_equal(&acc, root) ? PSE_OK
                                                                                  : PSE_E_PROOF;
}

pse_rc pse_tree_consistency_verify(const pse_hash *old_root, uint64_t before, const pse_hash *root,
                                   uint64_t size, const pse_hash *proof, size_t n)
{
    if (before > size)
        return PSE_E_RANGE;
    if (n > PSE_TREE_PROOF_MAX)
        return PSE_E_LIMIT;
    if (before != 0 && before != size)
        return verify_growth(old_root, before, root, size, proof, n);
    if (n != 0)
        return PSE_E_LENGTH;
    if (before == size && !pse_hash_is_equal(old_root, root))
        return PSE_E_PROOF;
    if (before == 0) {
        pse_hash empty;

        pse_sha256(&empty, pse_span(NULL, 0));
        return pse_hash_is_equal(old_root, &empty) ? PSE_OK : PSE_E_PROOF;
    }
    return PSE_OK;
}
