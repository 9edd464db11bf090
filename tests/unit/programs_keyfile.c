/* Key files and cards: made once, read back, and refused when anything is not right. */
#include "test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/keyfile.h"

enum { ARENA = 1 << 20 };

static char dir[64];
static struct pse_group *g;
static struct pse_rng rng;

static int setup(void **state)
{
    static const uint8_t seed[32] = {7};

    (void)state;
    pse_rng_init(&rng, seed);
    snprintf(dir, sizeof dir, "/tmp/psephos-keys-XXXXXX");
    return sodium_init() < 0 || mkdtemp(dir) == NULL ||
           pse_group_new(&g, PSE_BACKEND_PORTABLE, NULL) != PSE_OK;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    pse_group_free(g);
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

static const char eid_text[] = "00000000000000000000000000000000000000000000000000000000000000aa";

static const char *label_of(enum key_role role)
{
    return role == KEY_VOTER ? eid_text : role == KEY_LOG ? "log.example/1" : "somebody";
}

static void every_role_reads_back(void **state)
{
    (void)state;
    for (int role = 0; role < KEY_ROLES; role++) {
        struct key *k;
        struct key *back;
        struct stat st;
        const char *path = at(key_role_name((enum key_role)role));

        assert_int_equal(
            key_make(&k, "test", (enum key_role)role, label_of((enum key_role)role), g, &rng),
            PSE_OK);
        assert_int_equal(key_write(k, "test", path), PSE_OK);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(key_read(&back, "test", path, (enum key_role)role, g), PSE_OK);
        assert_memory_equal(back, k, sizeof *k);
        assert_int_equal(key_write(k, "test", path), PSE_E_DUPLICATE);
        key_free(back);
        assert_int_equal(key_read(&back, "test", path, role == KEY_LOG ? KEY_BOARD : KEY_LOG, g),
                         PSE_E_MISMATCH);
        assert_null(back);
        key_free(k);
    }
}

static void names_that_are_none(void **state)
{
    static const struct {
        enum key_role role;
        const char *label;
    } table[] = {
        {KEY_TRUSTEE, ""},
        {KEY_TRUSTEE, "line\nbreak"},
        {KEY_TRUSTEE, "\xE2\x80\xAE"
                      "backwards"},
        {KEY_TRUSTEE, "\xff"},
        {KEY_LOG, "with space"},
        {KEY_LOG, "with+plus"},
        {KEY_WITNESS, ""},
        {KEY_VOTER, "aa"},
        {KEY_VOTER, "00000000000000000000000000000000000000000000000000000000000000AA"},
    };
    char longest[802];
    struct key *k;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(key_make(&k, "test", table[i].role, table[i].label, g, &rng), PSE_E_RANGE);
        assert_null(k);
    }
    memset(longest, 'x', 201);
    longest[201] = '\0';
    assert_int_equal(key_make(&k, "test", KEY_MIXER, longest, g, &rng), PSE_E_RANGE);
    longest[200] = '\0';
    assert_int_equal(key_make(&k, "test", KEY_MIXER, longest, g, &rng), PSE_OK);
    key_free(k);
}

static void write_text(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void files_that_are_no_keys(void **state)
{
    static const char hex[] = "0000000000000000000000000000000000000000000000000000000000000001";
    static const char all_ones[] =
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    const char *path = at("text");
    struct key *k;
    char text[1024];

    (void)state;
    snprintf(text, sizeof text, "psephos-key-1\nrole mixer\nlabel m\nsign %s\n", hex);
    write_text(path, text, 0600);
    assert_int_equal(key_read(&k, "test", path, KEY_MIXER, g), PSE_OK);
    key_free(k);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(key_read(&k, "test", path, KEY_MIXER, g), PSE_E_STATE);
    static const char *const formats[] = {
        "psephos-key-2\nrole mixer\nlabel m\nsign %s\n",
        "psephos-key-1\nrole mixers\nlabel m\nsign %s\n",
        "psephos-key-1\nrole mixer\nsign %s\n",
        "psephos-key-1\nrole mixer\nlabel m\nsign %s",
        "psephos-key-1\nrole mixer\nlabel m\nsign %s0\n",
        "psephos-key-1\nrole mixer\nlabel m\nsign %s\nsecret x\n",
        "psephos-key-1\nrole mixer\nlabel m\nsign %.63s\n",
        "%.0s",
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, formats[i], hex);
#pragma GCC diagnostic pop
        write_text(path, text, 0600);
        assert_int_equal(key_read(&k, "test", path, KEY_MIXER, g), PSE_E_SYNTAX);
        assert_null(k);
    }
    /* A scalar that is not below the group order. */
    snprintf(text, sizeof text, "psephos-key-1\nrole voter\nlabel %s\nsecret %s\n", eid_text,
             all_ones);
    write_text(path, text, 0600);
    assert_int_equal(key_read(&k, "test", path, KEY_VOTER, g), PSE_E_SYNTAX);
    assert_int_equal(key_read(&k, "test", at("absent"), KEY_VOTER, g), PSE_E_MISSING);
}

static void cards(void **state)
{
    PSE_ARENA(arena, ARENA);
    pse_hash eid = {{1, 2, 3}};
    struct card card;
    struct key *k;
    struct pse_buf bytes;
    const char *path = at("voter.pub");

    (void)state;
    assert_int_equal(key_make(&k, "test", KEY_VOTER, eid_text, g, &rng), PSE_OK);
    assert_int_equal(card_write(k, "test", path, pse_span(NULL, 0), &eid, g, &rng), PSE_OK);
    assert_int_equal(card_read(&card, &arena, "test", path, KEY_VOTER, g), PSE_OK);
    assert_memory_equal(card.point.b, k->secret_public.b, 32);
    assert_true(pse_hash_is_equal(&card.eid, &eid));
    assert_int_equal(card_read(&card, &arena, "test", path, KEY_MIXER, g), PSE_E_MISMATCH);
    /* The election is part of what is proved. */
    assert_int_equal(file_read(&bytes, "test", path, 4096), PSE_OK);
    uint8_t *digit = (uint8_t *)strstr((char *)bytes.p, "010203");
    assert_non_null(digit);
    digit[1] = '2';
    assert_int_equal(file_write("test", at("forged.pub"), pse_buf_span(&bytes), FILE_NEW), PSE_OK);
    assert_int_equal(card_read(&card, &arena, "test", at("forged.pub"), KEY_VOTER, g), PSE_E_PROOF);
    pse_buf_free(&bytes);
    key_free(k);
}

static void card_paths(void **state)
{
    char path[32];

    (void)state;
    assert_int_equal(card_path(path, sizeof path, "test", "a/b.key"), PSE_OK);
    assert_string_equal(path, "a/b.pub");
    assert_int_equal(card_path(path, sizeof path, "test", "b"), PSE_OK);
    assert_string_equal(path, "b.pub");
    assert_int_equal(card_path(path, 5, "test", "b.key"), PSE_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_reads_back),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(files_that_are_no_keys),
        cmocka_unit_test(cards),
        cmocka_unit_test(card_paths),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
