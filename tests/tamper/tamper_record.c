/* The record as a whole: manifest and policy (V101-V104), checkpoint, tiles, blobs (V901-V905), its
 * end (V909), truncation. */
#define _GNU_SOURCE
#include "tamper.h"

/* --- V101-V104 -------------------------------------------------------------------------------- */

static void v101_first_entry_is_no_setup(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    m->entry[0].p[0] = PSE_ENTRY_STATEMENT;
    refused(m, PSE_V101, 0);
}

static void v101_setup_too_long(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_COMMIT);
    pse_buf_put(&m->entry[0], "x", 1);
    refused(m, PSE_V101, 0);
}

static void v101_manifest_absent(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    m->blob[0].is_absent = true;
    refused(m, PSE_V101, 0);
}

static void v101_manifest_changed(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    m->blob[0].bytes.p[100] ^= 1;
    refused(m, PSE_V101, 0);
}

static void v101_other_length_stated(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_COMMIT);
    m->entry[0].p[39] ^= 1;
    mini_sign(m, &m->entry[0]);
    refused(m, PSE_V101, 0);
}

static void v101_no_entries(void **state)
{
    struct mini *m = *state;

    refused(m, PSE_V101, 0);
}

static void v102_manifest_syntax(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->manifest, "\"test\":false", "\"test\":0");
    mini_until(m, MINI_COMMIT);
    refused(m, PSE_V102, 0);
}

static void v102_duplicate_member(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->manifest, "\"test\":false", "\"test\":false,\"test\":false");
    mini_until(m, MINI_COMMIT);
    refused(m, PSE_V102, 0);
}

static void v103_threshold_above_trustees(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->manifest, "\"threshold\":2", "\"threshold\":4");
    mini_until(m, MINI_COMMIT);
    refused(m, PSE_V103, 0);
}

static void v104_quorums_need_not_meet(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->policy, "all-of-them 3", "all-of-them 2");
    mini_policy_changed(m);
    mini_until(m, MINI_DONE);
    refused(m, PSE_V104, 0);
}

static void v104_not_the_manifests_policy(void **state)
{
    struct mini *m = *state;

    mini_edit(&m->policy, "# who", "# how");
    mini_until(m, MINI_DONE);
    refused(m, PSE_V104, 0);
}

static void v104_policy_too_long(void **state)
{
    struct mini *m = *state;

    while (m->policy.n <= PSE_POLICY_MAX)
        pse_wr_str(&m->policy, "# and so on, and so on, and so on, and so on, and so on, and on\n");
    mini_policy_changed(m);
    mini_until(m, MINI_COMMIT);
    refused(m, PSE_V104, 0);
}

/* --- V901, V902 ------------------------------------------------------------------------------- */

static struct pse_buf *checkpoint(struct mini *m)
{
    return &mini_file(m, "checkpoint")->bytes;
}

static void v901_extension_line(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    mini_edit(checkpoint(m), "=\n\n", "=\nmore\n\n");
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V901, PSE_NO_ENTRY));
}

static void v901_garbage(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    checkpoint(m)->n = 7;
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V901, PSE_NO_ENTRY));
    checkpoint(m)->n = 0;
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V901, PSE_NO_ENTRY));
}

static void v901_too_long(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    PSE_REQUIRE(pse_buf_extend(checkpoint(m), 70000) != NULL);
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V901, PSE_NO_ENTRY));
}

static void v901_signed_by_another_log(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    m->log.b[0] ^= 1;
    refused(m, PSE_V901, PSE_NO_ENTRY);
}

static void v902_two_witnesses_of_four(void **state)
{
    struct mini *m = *state;
    pse_hash root;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    pse_engine_root(m->engine, &root);
    mini_checkpoint(m, m->entries, &root, 3);
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V902, PSE_NO_ENTRY));
    mini_checkpoint(m, m->entries, &root, 15);
    assert_true(mini_is_sealed(m, PSE_VERDICT_ACCEPTED, 0, 0));
}

static void v902_a_cosignature_fails(void **state)
{
    struct mini *m = *state;
    struct pse_buf *b;
    pse_hash root;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    pse_engine_root(m->engine, &root);
    mini_checkpoint(m, m->entries, &root, 15);
    b = checkpoint(m);
    b->p[b->n - 20] = b->p[b->n - 20] == 'A' ? 'B' : 'A';
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V902, PSE_NO_ENTRY));
}

/* --- V903, V904 ------------------------------------------------------------------------------- */

static struct mini_file *file_like(struct mini *m, const char *prefix)
{
    for (size_t i = 0; i < m->files; i++)
        if (strncmp(m->file[i].path, prefix, strlen(prefix)) == 0)
            return &m->file[i];
    return NULL;
}

static void v903_bundle_absent_or_cut(void **state)
{
    struct mini *m = *state;
    struct mini_file *bundle;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    bundle = file_like(m, "tile/entries/");
    bundle->is_absent = true;
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V903, PSE_NO_ENTRY));
    bundle->is_absent = false;
    bundle->bytes.n--;
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V903, PSE_NO_ENTRY));
}

static void v903_tile_absent_or_changed(void **state)
{
    struct mini *m = *state;
    struct mini_file *tile;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    tile = file_like(m, "tile/0/");
    tile->bytes.p[33] ^= 1;
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V903, PSE_NO_ENTRY));
    tile->is_absent = true;
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V903, PSE_NO_ENTRY));
}

static void v904_another_root(void **state)
{
    struct mini *m = *state;
    pse_hash root;

    mini_until(m, MINI_DONE);
    mini_seal(m);
    pse_engine_root(m->engine, &root);
    root.b[9] ^= 1;
    mini_checkpoint(m, m->entries, &root, 7);
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V904, PSE_NO_ENTRY));
}

static void record_rules_come_before_entries(void **state)
{
    struct mini *m = *state;
    pse_hash root;

    mini_until(m, MINI_DONE);
    m->entry[3].p[m->entry[3].n - 1] ^= 1;
    mini_seal(m);
    mini_checkpoint(m, m->entries, pse_engine_eid(m->engine), 3);
    pse_engine_root(m->engine, &root);
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V902, PSE_NO_ENTRY));
    assert_true(mini_has(m, PSE_V904, PSE_NO_ENTRY));
    assert_true(mini_has(m, PSE_V907, 3));
    assert_true(mini_has(m, PSE_V909, PSE_NO_ENTRY));
}

/* --- V905 ------------------------------------------------------------------------------------- */

/* Spoil the copy of every blob in turn, by absence, another byte, a byte more, a byte less: an
 * entry must never be blamed for a bad copy. */
static void v905_every_blob(void **state)
{
    struct mini *m = *state;
    static const unsigned blamed[] = {PSE_V101, PSE_V905};

    mini_until(m, MINI_DONE);
    mini_seal(m);
    for (size_t i = 0; i < m->blobs; i++) {
        struct mini_blob *b = &m->blob[i];
        uint64_t entry = 0;

        while (i > 1 && memmem(m->entry[entry].p, m->entry[entry].n, b->hash.b, 32) == NULL)
            entry++;
        b->is_absent = true;
        assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, blamed[i > 0], entry));
        b->is_absent = false;
        b->bytes.p[b->bytes.n / 2] ^= 4;
        assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, blamed[i > 0], entry));
        b->bytes.p[b->bytes.n / 2] ^= 4;
        b->bytes.n--;
        assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, blamed[i > 0], entry));
        b->bytes.n++;
        pse_buf_put(&b->bytes, "x", 1);
        assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, blamed[i > 0], entry));
        b->bytes.n--;
    }
    assert_true(mini_is_sealed(m, PSE_VERDICT_ACCEPTED, 0, 0));
}

static void v905_statement(void **state)
{
    struct mini *m = *state;
    struct mini_blob *b;
    uint64_t entry;

    mini_until(m, MINI_CLOSE);
    entry = mini_statement(m, pse_span_str("The hall is open until eight."));
    mini_until(m, MINI_DONE);
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
    PSE_REQUIRE(m->entry[entry].n > 69);
    b = NULL;
    for (size_t i = 0; i < m->blobs; i++)
        if (memcmp(m->entry[entry].p + 37, m->blob[i].hash.b, 32) == 0)
            b = &m->blob[i];
    assert_non_null(b);
    b->bytes.p[0] ^= 1;
    assert_true(mini_is_sealed(m, PSE_VERDICT_NOT_ACCEPTED, PSE_V905, entry));
    b->is_absent = true;
    assert_true(mini_is_sealed(m, PSE_VERDICT_ACCEPTED, 0, 0));
    assert_true(mini_has(m, PSE_W003, entry));
}

static void v905_statement_too_long(void **state)
{
    struct mini *m = *state;
    size_t n = PSE_STATEMENT_MAX + 1;
    uint8_t *text = calloc(n, 1);
    uint64_t entry;

    assert_non_null(text);
    mini_until(m, MINI_DONE - 1);
    entry = mini_statement(m, pse_span(text, n));
    mini_until(m, MINI_DONE);
    refused(m, PSE_V905, entry);
    free(text);
}

/* --- V909, truncation ------------------------------------------------------------------------- */

static void v909_truncated_at_every_boundary(void **state)
{
    struct mini *m = *state;
    size_t all;

    mini_until(m, MINI_DONE);
    all = m->entries;
    for (m->entries = 1; m->entries < all; m->entries++)
        assert_true(mini_is(m, PSE_VERDICT_PREFIX, PSE_V909, PSE_NO_ENTRY));
    assert_true(mini_is(m, PSE_VERDICT_ACCEPTED, 0, 0));
}

static void record_of_another_election(void **state)
{
    struct mini *m = *state;

    mini_until(m, MINI_DONE);
    m->manifest.n = 0;
    mini_edit(&m->blob[0].bytes, "Council", "Counsel");
    refused(m, PSE_V101, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HONEST(v101_first_entry_is_no_setup),
        HONEST(v101_setup_too_long),
        HONEST(v101_manifest_absent),
        HONEST(v101_manifest_changed),
        HONEST(v101_other_length_stated),
        HONEST(v101_no_entries),
        HONEST(v102_manifest_syntax),
        HONEST(v102_duplicate_member),
        HONEST(v103_threshold_above_trustees),
        HONEST(v104_quorums_need_not_meet),
        HONEST(v104_not_the_manifests_policy),
        HONEST(v104_policy_too_long),
        HONEST(v901_extension_line),
        HONEST(v901_garbage),
        HONEST(v901_too_long),
        HONEST(v901_signed_by_another_log),
        HONEST(v902_two_witnesses_of_four),
        HONEST(v902_a_cosignature_fails),
        HONEST(v903_bundle_absent_or_cut),
        HONEST(v903_tile_absent_or_changed),
        HONEST(v904_another_root),
        HONEST(record_rules_come_before_entries),
        HONEST(v905_every_blob),
        HONEST(v905_statement),
        HONEST(v905_statement_too_long),
        HONEST(v909_truncated_at_every_boundary),
        HONEST(record_of_another_election),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
