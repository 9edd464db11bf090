/* Reading the project's vector files (tests/vectors/) in unit tests, with jansson: another JSON
 * reader than the one under test. PSE_VECTORS is the folder, given by the build. */
#ifndef PSE_TESTS_UNIT_VECTORS_H
#define PSE_TESTS_UNIT_VECTORS_H

#include <jansson.h>

#include "test.h"

/** The file tests/vectors/@p name; release with json_decref. */
static inline json_t *vectors_load(const char *name)
{
    char path[1024];
    json_error_t error;
    json_t *root;

    assert_true(snprintf(path, sizeof path, "%s/%s", PSE_VECTORS, name) < (int)sizeof path);
    root = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (root == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return root;
}

/** A string member's bytes, borrowed; may contain zero bytes. */
static inline struct pse_span vectors_text(const json_t *object, const char *member)
{
    const json_t *v = json_object_get(object, member);

    if (!json_is_string(v))
        fail_msg("no string member %s", member);
    return pse_span(json_string_value(v), json_string_length(v));
}

static inline uint8_t vectors_hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c);

    assert_true(c != 0 && at != NULL);
    return (uint8_t)(at - digits);
}

/** A hexadecimal member of exactly @p n bytes. Its own decoder, so that codec can be tested. */
static inline void vectors_hex(void *out, size_t n, const json_t *object, const char *member)
{
    struct pse_span text = vectors_text(object, member);

    assert_int_equal(text.n, 2 * n);
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)(vectors_hex_digit((char)text.p[2 * i]) << 4 |
                                        vectors_hex_digit((char)text.p[2 * i + 1]));
}

#endif
