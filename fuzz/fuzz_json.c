/* Strict JSON: what is accepted can be written again and reads as the same document. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nesting is bounded by the reader. */
static void write_value(struct pse_json_wr *w, const struct pse_span *name,
                        const struct pse_json *v);

static void write_container(struct pse_json_wr *w, const char *name, const struct pse_json *v)
{
    const struct pse_json *at = pse_json_first(v);

    if (v->type == PSE_JSON_ARRAY)
        pse_json_wr_array(w, name);
    else
        pse_json_wr_object(w, name);
    for (size_t i = 0; i < pse_json_count(v); i++) {
        struct pse_span member;

        if (v->type == PSE_JSON_ARRAY) {
            write_value(w, NULL, at);
        } else {
            PSE_REQUIRE(pse_json_string(&member, at) == PSE_OK);
            at = pse_json_next(at);
            write_value(w, &member, at);
        }
        at = pse_json_next(at);
    }
    pse_json_wr_end(w);
}

/* Names become C strings for the writer: the reader lets no zero byte through. */
static void write_value(struct pse_json_wr *w, const struct pse_span *name,
                        const struct pse_json *v)
{
    struct pse_buf text = PSE_BUF(PSE_JSON_MAX + 1);
    struct pse_span s;
    const char *n = NULL;

    if (name != NULL) {
        pse_wr_span(&text, *name);
        pse_wr_u8(&text, 0);
        PSE_REQUIRE(text.rc == PSE_OK && memchr(text.p, 0, text.n) == text.p + text.n - 1);
        n = (const char *)text.p;
    }
    switch (v->type) {
    case PSE_JSON_NULL: pse_json_wr_null(w, n); break;
    case PSE_JSON_BOOL: pse_json_wr_bool(w, n, v->u.number != 0); break;
    case PSE_JSON_NUMBER: pse_json_wr_u64(w, n, v->u.number); break;
    case PSE_JSON_STRING:
        PSE_REQUIRE(pse_json_string(&s, v) == PSE_OK && pse_utf8_is_valid(s));
        pse_json_wr_string(w, n, s);
        break;
    default: write_container(w, n, v); break;
    }
    pse_buf_free(&text);
}

static void require_same(const struct pse_json *a, const struct pse_json *b)
{
    PSE_REQUIRE(a->nodes == b->nodes);
    for (size_t i = 0; i < a->nodes; i++) {
        PSE_REQUIRE(a[i].type == b[i].type && a[i].nodes == b[i].nodes);
        PSE_REQUIRE(a[i].type == PSE_JSON_NUMBER || a[i].count == b[i].count);
        if (a[i].type == PSE_JSON_STRING)
            PSE_REQUIRE(a[i].count == 0 || memcmp(a[i].u.text, b[i].u.text, a[i].count) == 0);
        if (a[i].type == PSE_JSON_NUMBER || a[i].type == PSE_JSON_BOOL)
            PSE_REQUIRE(a[i].u.number == b[i].u.number);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PSE_ARENA(arena, 64 * 1024 * 1024);
    struct pse_buf b = PSE_BUF(PSE_JSON_MAX);
    struct pse_json_fault fault = {0, NULL};
    struct pse_json_wr w = pse_json_wr(&b, (unsigned)(size % 3));
    const struct pse_json *root;
    const struct pse_json *again;

    if (pse_json_parse(&root, &fault, &arena, pse_span(data, size)) == PSE_OK) {
        write_value(&w, NULL, root);
        PSE_REQUIRE(pse_json_wr_finish(&w) == PSE_OK);
        PSE_REQUIRE(pse_json_parse(&again, NULL, &arena, pse_buf_span(&b)) == PSE_OK);
        require_same(root, again);
    } else {
        PSE_REQUIRE(root == NULL && fault.at <= size);
    }
    pse_buf_free(&b);
    return 0;
}
