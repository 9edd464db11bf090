/* What the tests of room election share: the group, and the manifest of tests/vectors/psephos1. */
#ifndef PSE_TESTS_UNIT_ELECTION_H
#define PSE_TESTS_UNIT_ELECTION_H

#include "backend.h"
#include "election/manifest.h"
#include "vectors.h"

struct fixture {
    struct pse_group *g;
    json_t *frame;
    struct pse_span text; /* the manifest's bytes */
    struct pse_arena arena;
    struct pse_manifest *m;
};

static inline void fixture_open(struct fixture *f)
{
    f->g = test_group_new(NULL);
    f->frame = vectors_load("psephos1/frame.json");
    f->text = vectors_text(f->frame, "manifest");
    pse_arena_init(&f->arena, PSE_MANIFEST_ARENA_MAX);
    assert_int_equal(pse_manifest_parse(&f->m, &f->arena, NULL, f->g, f->text), PSE_OK);
}

static inline void fixture_close(struct fixture *f)
{
    pse_arena_free(&f->arena);
    json_decref(f->frame);
    pse_group_free(f->g);
}

/** @p text with the first @p from replaced by @p to; free() it. Fails when @p from is not there. */
static inline char *replaced(struct pse_span text, const char *from, const char *to)
{
    const uint8_t *at = memmem(text.p, text.n, from, strlen(from));
    size_t head;
    char *out;

    if (at == NULL)
        fail_msg("not in the manifest: %s", from);
    head = (size_t)(at - text.p);
    out = malloc(text.n + strlen(to) + 1);
    assert_non_null(out);
    memcpy(out, text.p, head);
    memcpy(out + head, to, strlen(to));
    memcpy(out + head + strlen(to), at + strlen(from), text.n - head - strlen(from));
    out[text.n - strlen(from) + strlen(to)] = 0;
    return out;
}

/** A hexadecimal member of any length; free() the bytes. */
static inline struct pse_span hex_bytes(const json_t *object, const char *member)
{
    size_t n = vectors_text(object, member).n / 2;
    uint8_t *p = malloc(n + 1);

    assert_non_null(p);
    vectors_hex(p, n, object, member);
    return pse_span(p, n);
}

#endif
