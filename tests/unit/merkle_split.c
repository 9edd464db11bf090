/* Evidence of a split view: what convicts a log, and what does not. */
#define _GNU_SOURCE /* memmem */
#include "merkle_disk.h"
#include "merkle_signers.h"

static struct signer log_key, other_log;

static int make_keys(void **state)
{
    (void)state;
    log_key = signer("log.example/1", PSE_SIG_ED25519, 1);
    other_log = signer("log.example/1", PSE_SIG_ED25519, 2);
    return 0;
}

static void put_checkpoint(struct pse_buf *b, const struct signer *by, uint64_t size,
                           const pse_hash *root)
{
    *b = PSE_BUF(PSE_NOTE_MAX);
    pse_checkpoint_put(b, size, root, &by->key, &by->seed);
    assert_int_equal(b->rc, PSE_OK);
}

/* What a test puts together: two notes, and what the larger tree begins with. */
struct makings {
    struct pse_buf vkey, note[2], file;
    struct pse_split s;
};

static void put_file_of(struct makings *m)
{
    m->vkey = PSE_BUF(1024);
    pse_vkey_put(&m->vkey, &log_key.key);
    m->s.log_text = pse_buf_span(&m->vkey);
    m->s.log = log_key.key;
    for (size_t i = 0; i < 2; i++) {
        m->s.note[i] = pse_buf_span(&m->note[i]);
        assert_int_equal(pse_checkpoint_parse(&m->s.checkpoint[i], m->s.note[i]), PSE_OK);
    }
    m->file = PSE_BUF(PSE_SPLIT_MAX);
    pse_split_put(&m->file, &m->s);
    assert_int_equal(m->file.rc, PSE_OK);
}

static void free_makings(struct makings *m)
{
    pse_buf_free(&m->vkey);
    pse_buf_free(&m->note[0]);
    pse_buf_free(&m->note[1]);
    pse_buf_free(&m->file);
}

/* Parse the file and judge it. */
static pse_rc judge(const struct makings *m)
{
    static struct pse_split s;

    assert_int_equal(pse_split_parse(&s, pse_buf_span(&m->file)), PSE_OK);
    return pse_split_verify(&s);
}

static void same_size(struct makings *m, const struct signer *a, const struct signer *b,
                      uint8_t first, uint8_t second)
{
    pse_hash r1 = {{first}};
    pse_hash r2 = {{second}};

    memset(m, 0, sizeof *m);
    put_checkpoint(&m->note[0], a, 10, &r1);
    put_checkpoint(&m->note[1], b, 10, &r2);
    put_file_of(m);
}

static void two_roots_of_one_size(void **state)
{
    static struct makings m;

    (void)state;
    same_size(&m, &log_key, &log_key, 1, 2);
    assert_int_equal(judge(&m), PSE_OK);
    free_makings(&m);
    same_size(&m, &log_key, &log_key, 1, 1);
    assert_int_equal(judge(&m), PSE_E_STATE);
    free_makings(&m);
}

/* Whoever wants to accuse an honest log has no second note of it. */
static void a_foreign_note_convicts_nobody(void **state)
{
    static struct makings m;

    (void)state;
    same_size(&m, &log_key, &other_log, 1, 2);
    assert_int_equal(judge(&m), PSE_E_MISSING);
    free_makings(&m);
    same_size(&m, &other_log, &log_key, 1, 2);
    assert_int_equal(judge(&m), PSE_E_MISSING);
    free_makings(&m);
}

/* Notes of sizes 200 and 300; @p first is what the log signed for 200. */
static void two_sizes(struct makings *m, const pse_hash *first)
{
    pse_hash root = make_record(300);
    struct pse_tile_auth *a;

    memset(m, 0, sizeof *m);
    put_checkpoint(&m->note[0], &log_key, 200, first);
    put_checkpoint(&m->note[1], &log_key, 300, &root);
    assert_int_equal(pse_tile_auth_new(&a, 300, &root, read_file, NULL), PSE_OK);
    assert_int_equal(pse_tree_prefix(&m->s.prefix, 200, pse_tile_auth_node, a), PSE_OK);
    assert_int_equal(pse_tree_consistency(&m->s.proof, 200, 300, pse_tile_auth_node, a), PSE_OK);
    pse_tile_auth_free(a);
    put_file_of(m);
}

static void another_beginning(void **state)
{
    static struct makings m;
    pse_hash wrong = {{7}};
    pse_hash right = root_of(200);

    (void)state;
    two_sizes(&m, &wrong);
    assert_int_equal(judge(&m), PSE_OK);
    free_makings(&m);
    two_sizes(&m, &right);
    assert_int_equal(judge(&m), PSE_E_STATE);
    free_makings(&m);
}

/* An accuser of an honest log makes up a prefix: the proof does not bear it. */
static void a_made_up_prefix(void **state)
{
    static struct makings m;
    pse_hash right = root_of(200);

    (void)state;
    two_sizes(&m, &right);
    m.s.prefix.b[0] ^= 1;
    m.file.n = 0;
    pse_split_put(&m.file, &m.s);
    assert_int_equal(judge(&m), PSE_E_PROOF);
    m.s.proof.n--;
    m.file.n = 0;
    pse_split_put(&m.file, &m.s);
    assert_int_equal(judge(&m), PSE_E_LENGTH);
    m.s.proof.n += 2;
    m.file.n = 0;
    pse_split_put(&m.file, &m.s);
    assert_int_equal(judge(&m), PSE_E_LENGTH);
    free_makings(&m);
}

static void the_empty_log_has_one_root(void **state)
{
    static struct makings m;
    pse_hash some = {{9}};
    pse_hash root = make_record(300);

    (void)state;
    memset(&m, 0, sizeof m);
    put_checkpoint(&m.note[0], &log_key, 0, &some);
    put_checkpoint(&m.note[1], &log_key, 300, &root);
    pse_tree_root(&m.s.prefix, NULL, 0);
    put_file_of(&m);
    assert_int_equal(judge(&m), PSE_OK);
    free_makings(&m);
}

/* Each changed byte is refused, or leaves a file that says the same. */
static void any_changed_byte(void **state)
{
    static struct makings m;
    static struct pse_split s;
    pse_hash wrong = {{7}};
    size_t convicted = 0;

    (void)state;
    two_sizes(&m, &wrong);
    for (size_t i = 0; i < m.file.n; i++) {
        m.file.p[i] ^= 1;
        if (pse_split_parse(&s, pse_buf_span(&m.file)) == PSE_OK && pse_split_verify(&s) == PSE_OK)
            convicted++;
        m.file.p[i] ^= 1;
    }
    assert_int_equal(convicted, 0);
    assert_int_equal(judge(&m), PSE_OK);
    free_makings(&m);
}

static pse_rc parse_edited(const struct makings *m, const char *from, const char *to)
{
    static struct pse_split s;
    struct pse_buf b = PSE_BUF(PSE_SPLIT_MAX);
    const uint8_t *at = memmem(m->file.p, m->file.n, from, strlen(from));
    size_t before;
    pse_rc rc;

    assert_non_null(at);
    before = (size_t)(at - m->file.p);
    pse_buf_put(&b, m->file.p, before);
    pse_wr_str(&b, to);
    pse_buf_put(&b, at + strlen(from), m->file.n - before - strlen(from));
    rc = pse_split_parse(&s, pse_buf_span(&b));
    pse_buf_free(&b);
    return rc;
}

static void forms_that_are_refused(void **state)
{
    static struct makings m;
    pse_hash wrong = {{7}};

    (void)state;
    two_sizes(&m, &wrong);
    assert_int_equal(parse_edited(&m, "split/1\n", "split/2\n"), PSE_E_SYNTAX);
    assert_int_equal(parse_edited(&m, "split/1\n", "split/1\r\n"), PSE_E_SYNTAX);
    assert_int_equal(parse_edited(&m, "first ", "first 0"), PSE_E_SYNTAX);
    assert_int_equal(parse_edited(&m, "first ", "first 9"), PSE_E_LIMIT);
    assert_int_equal(parse_edited(&m, "prefix ", "prefix  "), PSE_E_SYNTAX);
    assert_int_equal(parse_edited(&m, "prefix ", "prefix\n"), PSE_E_SYNTAX);
    assert_int_equal(parse_edited(&m, "log ", "log\t"), PSE_E_SYNTAX);
    pse_wr_str(&m.file, "x");
    assert_int_equal(parse_edited(&m, "log ", "log "), PSE_E_SYNTAX);
    m.file.n -= 2;
    assert_int_equal(parse_edited(&m, "log ", "log "), PSE_E_SYNTAX);
    free_makings(&m);
    same_size(&m, &log_key, &log_key, 1, 2);
    pse_wr_str(&m.file, "prefix ");
    assert_int_equal(parse_edited(&m, "log ", "log "), PSE_E_SYNTAX);
    free_makings(&m);
}

/* More than 16 lines, most of unknown keys, are read; the known ones count. */
static void many_signatures(void **state)
{
    static struct makings m;
    pse_hash r1 = {{1}};
    pse_hash r2 = {{2}};
    uint8_t sig[64] = {5};

    (void)state;
    memset(&m, 0, sizeof m);
    put_checkpoint(&m.note[0], &log_key, 10, &r1);
    put_checkpoint(&m.note[1], &log_key, 10, &r2);
    for (uint32_t i = 0; i < 40; i++)
        pse_note_line_put(&m.note[1], pse_span_str("grease"), i, pse_span(sig, sizeof sig));
    put_file_of(&m);
    assert_int_equal(judge(&m), PSE_OK);
    free_makings(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_roots_of_one_size),
        cmocka_unit_test(a_foreign_note_convicts_nobody),
        cmocka_unit_test(another_beginning),
        cmocka_unit_test(a_made_up_prefix),
        cmocka_unit_test(the_empty_log_has_one_root),
        cmocka_unit_test(any_changed_byte),
        cmocka_unit_test(forms_that_are_refused),
        cmocka_unit_test(many_signatures),
    };

    return cmocka_run_group_tests(tests, make_keys, clean);
}
