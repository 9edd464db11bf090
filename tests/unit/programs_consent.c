/* Acts of two officers and their log. */
#define _GNU_SOURCE /* memmem */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/consent_log.h"
#include "common/files.h"
#include "test.h"

static struct pse_pool *pool;
static struct pse_group *g;
static struct pse_rng rng;
static struct key *officer[3];
static char dir[64];
static char path[96];
static const pse_hash eid = {{1}};
static const pse_hash subject = {{2}};

static int setup(void **state)
{
    static const uint8_t seed[32] = "consent";

    (void)state;
    if (sodium_init() < 0)
        return 1;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_pool_new(&pool, 1), PSE_OK);
    assert_int_equal(pse_group_new(&g, PSE_BACKEND_AUTO, pool), PSE_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(key_make(&officer[i], "test", KEY_OFFICER, "Officer", g, &rng), PSE_OK);
    strcpy(dir, "psephos-consent-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/acts", dir);
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    for (int i = 0; i < 3; i++)
        key_free(officer[i]);
    pse_group_free(g);
    pse_pool_free(pool);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command) == 0 ? 0 : 1;
}

static struct consent act(uint8_t nonce, int signers)
{
    struct consent c = {.what = pse_span_str("import"),
                        .eid = eid,
                        .subject = subject,
                        .about = pse_span_str("the list of May"),
                        .made = 1000000,
                        .nonce = {{nonce}}};

    for (int i = 0; i < signers; i++)
        assert_int_equal(consent_sign(&c, "test", officer[i]), PSE_OK);
    return c;
}

static pse_rc check(const struct consent *c, const char *what, const pse_hash *e, const pse_hash *s,
                    uint64_t now)
{
    pse_edkey key[3] = {officer[0]->sign_public, officer[0]->sign_public, officer[1]->sign_public};
    struct consent_need need = {
        .what = what, .eid = e, .subject = s, .officer = key, .officers = 3, .now = now};

    return consent_check(c, "test", &need);
}

static void two_officers_are_needed(void **state)
{
    struct consent c = act(1, 2);
    struct consent one = act(1, 1);
    struct consent stranger = act(1, 1);
    pse_hash other = {{9}};

    (void)state;
    assert_int_equal(consent_sign(&c, "test", officer[1]), PSE_E_DUPLICATE);
    assert_int_equal(consent_sign(&stranger, "test", officer[2]), PSE_OK);
    assert_int_equal(check(&c, "import", &eid, &subject, 1000000), PSE_OK);
    assert_int_equal(check(&c, "import", &eid, &subject, 1000000 + CONSENT_SECONDS), PSE_OK);
    assert_int_equal(check(&one, "import", &eid, &subject, 1000000), PSE_E_STATE);
    assert_int_equal(check(&stranger, "import", &eid, &subject, 1000000), PSE_E_STATE);
    assert_int_equal(check(&c, "open", &eid, &subject, 1000000), PSE_E_MISMATCH);
    assert_int_equal(check(&c, "import", &other, &subject, 1000000), PSE_E_MISMATCH);
    assert_int_equal(check(&c, "import", &eid, &other, 1000000), PSE_E_MISMATCH);
    assert_int_equal(check(&c, "import", &eid, &subject, 1000001 + CONSENT_SECONDS), PSE_E_STATE);
    assert_int_equal(check(&c, "import", &eid, &subject, 1000000 - 301), PSE_E_STATE);
    assert_int_equal(check(&c, "import", &eid, &subject, 1000000 - 300), PSE_OK);
}

static void files_keep_what_was_signed(void **state)
{
    PSE_ARENA(arena, 1 << 20);
    struct consent c = act(2, 2);
    struct consent back;
    struct pse_buf text;
    char *at;
    char file[96];
    char bad[96];

    (void)state;
    snprintf(file, sizeof file, "%s/a.act", dir);
    snprintf(bad, sizeof bad, "%s/b.act", dir);
    assert_int_equal(consent_write(&c, "test", file), PSE_OK);
    assert_int_equal(consent_read(&back, &arena, "test", file), PSE_OK);
    assert_int_equal(check(&back, "import", &eid, &subject, 1000000), PSE_OK);
    /* Every field is under the signatures. */
    static const char *const change[][2] = {
        {"import", "revoke"}, {"of May", "of Mai"}, {"1000000", "1000001"},
        {"\"0200", "\"0300"}, {"\"0100", "\"0400"}, {"\"nonce\": \"02", "\"nonce\": \"03"}};
    for (size_t i = 0; i < sizeof change / sizeof *change; i++) {
        assert_int_equal(file_read(&text, "test", file, 65536), PSE_OK);
        at = memmem(text.p, text.n, change[i][0], strlen(change[i][0]));
        assert_non_null(at);
        memcpy(at, change[i][1], strlen(change[i][1]));
        assert_int_equal(file_write("test", bad, pse_buf_span(&text), FILE_REPLACE), PSE_OK);
        pse_buf_free(&text);
        assert_int_equal(consent_read(&back, &arena, "test", bad), PSE_E_SIGNATURE);
    }
    assert_int_equal(file_write("test", bad, pse_span_str("{}"), FILE_REPLACE), PSE_OK);
    assert_int_equal(consent_read(&back, &arena, "test", bad), PSE_E_SYNTAX);
}

static void the_log_is_a_chain(void **state)
{
    struct consent a = act(3, 2);
    struct consent b = act(4, 2);
    struct consent c = act(5, 2);
    pse_hash other = {{9}};
    struct pse_buf text;
    size_t lines;

    (void)state;
    assert_int_equal(consent_log(&a, "test", path, 5), PSE_OK);
    assert_int_equal(consent_log(&b, "test", path, 6), PSE_OK);
    assert_int_equal(consent_log(&a, "test", path, 7), PSE_E_DUPLICATE);
    assert_int_equal(consent_log_check(&lines, "test", path, &eid), PSE_OK);
    assert_int_equal(lines, 2);
    assert_int_equal(consent_log_check(&lines, "test", path, &other), PSE_E_MISMATCH);
    assert_int_equal(file_read(&text, "test", path, 65536), PSE_OK);
    /* The first line taken out, changed, or the last cut off. */
    struct pse_span whole = pse_buf_span(&text);
    struct pse_span line;
    assert_int_equal(pse_line_take(&line, &whole), PSE_OK);
    assert_int_equal(file_write("test", path, whole, FILE_REPLACE), PSE_OK);
    assert_int_equal(consent_log(&c, "test", path, 8), PSE_E_MISMATCH);
    text.p[line.n / 2] ^= 1;
    assert_int_equal(file_write("test", path, pse_buf_span(&text), FILE_REPLACE), PSE_OK);
    assert_int_equal(consent_log(&c, "test", path, 8), PSE_E_MISMATCH);
    text.p[line.n / 2] ^= 1;
    assert_int_equal(file_write("test", path, pse_span(text.p, text.n - 5), FILE_REPLACE), PSE_OK);
    assert_int_equal(consent_log(&c, "test", path, 8), PSE_E_MISMATCH);
    assert_int_equal(file_write("test", path, pse_buf_span(&text), FILE_REPLACE), PSE_OK);
    assert_int_equal(consent_log(&c, "test", path, 8), PSE_OK);
    pse_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_officers_are_needed),
        cmocka_unit_test(files_keep_what_was_signed),
        cmocka_unit_test(the_log_is_a_chain),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
