/* Writing a record: every published size verifies, earlier files stay, a second writer waits, and a
 * record that is not the signer's is refused. */
#include "test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/record_dir.h"
#include "common/record_source.h"

static char dir[64];
static pse_seed seed[3];
static struct record_signer signer;

static int setup(void **state)
{
    static const char *const names[3] = {"log.example/1", "w1", "w2"};
    pse_edkey key;

    (void)state;
    snprintf(dir, sizeof dir, "/tmp/psephos-record-XXXXXX");
    if (sodium_init() < 0 || mkdtemp(dir) == NULL)
        return 1;
    for (size_t i = 0; i < 3; i++) {
        struct record_key *k = i == 0 ? &signer.log : &signer.witness[i - 1];

        memset(seed[i].b, (int)i + 1, 32);
        pse_ed25519_public(&key, &seed[i]);
        k->seed = &seed[i];
        if (pse_vkey_make(&k->vkey, pse_span_str(names[i]),
                          i == 0 ? PSE_SIG_ED25519 : PSE_SIG_COSIGN, &key) != PSE_OK)
            return 1;
    }
    signer.witnesses = 2;
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static const char *at(const char *leaf)
{
    static char path[4][FILE_PATH_MAX];
    static int next;
    char *p = path[next++ % 4];

    assert_int_equal(file_join(p, "test", dir, leaf), PSE_OK);
    return p;
}

static size_t entry(uint8_t out[16], uint64_t i)
{
    pse_store_u64(out, i);
    memset(out + 8, (int)(i % 251), 8);
    return 8 + i % 9;
}

static void append(struct record_writer *w, uint64_t upto)
{
    uint8_t bytes[16];

    for (uint64_t i = record_size(w); i < upto; i++) {
        size_t n = entry(bytes, i);

        assert_int_equal(record_append(w, NULL, pse_span(bytes, n)), PSE_OK);
    }
}

/* Read the whole record as of @p size back through its files, up to the root. */
struct folder {
    struct record_source source;
    struct pse_buf bytes;
};

static pse_rc read_file(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct folder *f = ctx;
    struct pse_reader r = record_reader_callbacks(&f->source.files);
    size_t n;
    uint8_t *room;

    f->bytes.n = 0;
    room = pse_buf_extend(&f->bytes, max);
    assert_non_null(room);
    PSE_TRY(r.file(r.ctx, room, &n, max, path));
    *bytes = pse_span(room, n);
    return PSE_OK;
}

static uint64_t faults(const char *path, uint64_t size, const pse_hash *root)
{
    struct folder f = {.bytes = PSE_BUF(PSE_BUNDLE_MAX)};
    struct pse_span entries[PSE_TILE_WIDTH];
    pse_hash leaf[PSE_TILE_WIDTH];
    struct pse_tile_check *c;
    uint64_t found;
    size_t n;

    assert_int_equal(record_source_open(&f.source, path), PSE_OK);
    assert_int_equal(pse_tile_check_new(&c, size, root, read_file, &f), PSE_OK);
    while (pse_tile_check_bundle(c, entries, &n) == PSE_OK && n > 0) {
        pse_tree_leaves(leaf, entries, n, NULL);
        assert_int_equal(pse_tile_check_leaves(c, leaf, n), PSE_OK);
    }
    found = pse_tile_check_faults(c);
    if (found == 0)
        assert_int_equal(pse_tile_check_end(c, NULL), PSE_OK);
    found = pse_tile_check_faults(c);
    pse_tile_check_free(c);
    record_source_close(&f.source);
    pse_buf_free(&f.bytes);
    return found;
}

static void every_published_size_verifies(void **state)
{
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 65535, 65536, 65537, 70000};
    enum { N = sizeof sizes / sizeof sizes[0] };
    pse_hash root[N];
    struct record_writer *w;
    struct record_writer *second;

    (void)state;
    assert_int_equal(record_create(&w, "test", at("sizes"), &signer, RECORD_BULK), PSE_OK);
    for (size_t i = 0; i < N; i++) {
        append(w, sizes[i]);
        assert_int_equal(record_publish(w, 1000 + i), PSE_OK);
        record_root(&root[i], w);
        assert_int_equal(record_resume(&second, "test", at("sizes"), &signer, RECORD_BULK),
                         PSE_E_STATE); /* locked */
        if (i % 3 == 2) {
            record_writer_free(w);
            assert_int_equal(record_resume(&w, "test", at("sizes"), &signer, RECORD_STEADY),
                             PSE_OK);
            assert_int_equal(record_size(w), sizes[i]);
        }
    }
    record_writer_free(w);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(faults(at("sizes"), sizes[i], &root[i]), 0);
    assert_int_not_equal(faults(at("sizes"), 70000, &root[0]), 0);
}

static void checkpoints_are_signed_and_cosigned(void **state)
{
    struct pse_checkpoint cp;
    struct record_writer *w;

    (void)state;
    assert_int_equal(record_create(&w, "test", at("signed"), &signer, RECORD_STEADY), PSE_OK);
    append(w, 3);
    assert_int_equal(record_publish(w, 77), PSE_OK);
    assert_int_equal(pse_checkpoint_parse(&cp, record_checkpoint(w)), PSE_OK);
    assert_int_equal(cp.size, 3);
    assert_int_equal(pse_checkpoint_log_verify(&cp, &signer.log.vkey), PSE_OK);
    for (size_t i = 0; i < 2; i++) {
        uint64_t time;

        assert_int_equal(pse_note_check(&cp.note, &signer.witness[i].vkey, &time), PSE_NOTE_GOOD);
        assert_int_equal(time, 77);
    }
    record_writer_free(w);
}

static void nodes_give_proofs(void **state)
{
    struct record_source s;
    struct pse_tree_proof proof;
    struct record_writer *w;
    pse_hash root;
    pse_hash leaf;
    uint8_t bytes[16];

    (void)state;
    assert_int_equal(record_create(&w, "test", at("proofs"), &signer, RECORD_BULK), PSE_OK);
    append(w, 1000);
    assert_int_equal(record_publish(w, 1), PSE_OK);
    record_root(&root, w);
    record_writer_free(w);
    assert_int_equal(record_source_open(&s, at("proofs")), PSE_OK);
    s.size = 1000;
    for (uint64_t i = 0; i < 1000; i += 37) {
        struct pse_span e;

        assert_int_equal(pse_tree_inclusion(&proof, 1000, i, record_source_node, &s), PSE_OK);
        pse_tree_leaf(&leaf, pse_span(bytes, entry(bytes, i)));
        assert_int_equal(pse_tree_inclusion_verify(&root, 1000, i, &leaf, proof.hash, proof.n),
                         PSE_OK);
        assert_int_equal(record_source_entry(&s, &e, i), PSE_OK);
        assert_true(pse_span_is_equal(e, pse_span(bytes, entry(bytes, i))));
    }
    assert_int_equal(record_source_entry(&s, &(struct pse_span){0}, 1000), PSE_E_MISSING);
    record_source_close(&s);
}

static void refusals(void **state)
{
    struct record_signer other = signer;
    struct record_writer *w;
    struct pse_buf tile;
    char path[FILE_PATH_MAX];

    (void)state;
    assert_int_equal(record_resume(&w, "test", at("absent"), &signer, RECORD_STEADY),
                     PSE_E_MISSING);
    assert_null(w);
    assert_int_equal(record_create(&w, "test", at("r"), &signer, RECORD_STEADY), PSE_OK);
    append(w, 300);
    assert_int_equal(record_publish(w, 1), PSE_OK);
    record_writer_free(w);
    assert_int_equal(record_create(&w, "test", at("r"), &signer, RECORD_STEADY), PSE_E_DUPLICATE);
    other.log.vkey = signer.witness[0].vkey;
    other.log.vkey.type = PSE_SIG_ED25519;
    assert_int_equal(record_resume(&w, "test", at("r"), &other, RECORD_STEADY), PSE_E_SIGNATURE);
    /* One byte of the right edge. */
    snprintf(path, sizeof path, "%s/tile/0/001.p/44", at("r"));
    assert_int_equal(file_read(&tile, "test", path, PSE_TILE_BYTES), PSE_OK);
    tile.p[5] ^= 1;
    assert_int_equal(file_write("test", path, pse_buf_span(&tile), FILE_REPLACE), PSE_OK);
    pse_buf_free(&tile);
    assert_int_not_equal(record_resume(&w, "test", at("r"), &signer, RECORD_STEADY), PSE_OK);
    assert_null(w);
    assert_int_equal(file_write("test", at("r/checkpoint"), pse_span_str("rubbish"), FILE_REPLACE),
                     PSE_OK);
    assert_int_equal(record_resume(&w, "test", at("r"), &signer, RECORD_STEADY), PSE_E_SYNTAX);
}

static void a_longer_entry_is_refused(void **state)
{
    static uint8_t bytes[PSE_ENTRY_MAX + 1];
    struct record_writer *w;

    (void)state;
    assert_int_equal(record_create(&w, "test", at("long"), &signer, RECORD_BULK), PSE_OK);
    assert_int_equal(record_append(w, NULL, pse_span(bytes, PSE_ENTRY_MAX)), PSE_OK);
    assert_int_equal(record_append(w, NULL, pse_span(bytes, PSE_ENTRY_MAX + 1)), PSE_E_LENGTH);
    assert_int_equal(record_size(w), 1);
    assert_int_equal(record_publish(w, 1), PSE_OK);
    record_writer_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_size_verifies),
        cmocka_unit_test(checkpoints_are_signed_and_cosigned),
        cmocka_unit_test(nodes_give_proofs),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_longer_entry_is_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
