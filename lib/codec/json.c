/* The strict parser: text to a flat array of values. Reading the array is json_read.c. */
#include "json.h"

#include "utf8.h"

_Static_assert(sizeof(struct pse_json) == 24, "the memory bound in json.h counts on it");

/* Objects with more members are searched for duplicates by sorting, so that time stays
 * O(n log n) on hostile input. */
enum { PAIRWISE_MAX = 8 };

struct parser {
    const uint8_t *start;
    const uint8_t *p;
    const uint8_t *end;
    struct pse_json *node;
    size_t n;
    size_t cap;
    uint8_t *spare; /* where unescaped strings go */
    size_t spare_left;
    struct pse_arena *arena;
    unsigned depth;
};

static bool is_at(const struct parser *s, uint8_t c)
{
    return s->p < s->end && *s->p == c;
}

static void skip_space(struct parser *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static pse_rc expect(struct parser *s, uint8_t c)
{
    skip_space(s);
    if (!is_at(s, c))
        return PSE_E_SYNTAX;
    s->p++;
    return PSE_OK;
}

static struct pse_json *new_node(struct parser *s, enum pse_json_type type)
{
    struct pse_json *v;

    PSE_REQUIRE(s->n < s->cap);
    v = &s->node[s->n++];
    v->type = (uint8_t)type;
    v->at = (uint32_t)(s->p - s->start);
    v->nodes = 1;
    return v;
}

/* --- scalars --------------------------------------------------------------------------------- */

static pse_rc parse_literal(struct parser *s, const char *word, enum pse_json_type type,
                            uint64_t value)
{
    size_t n = strlen(word);

    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return PSE_E_SYNTAX;
    new_node(s, type)->u.number = value;
    s->p += n;
    return PSE_OK;
}

static pse_rc parse_number(struct parser *s)
{
    struct pse_json *v = new_node(s, PSE_JSON_NUMBER);
    const uint8_t *first = s->p;
    uint64_t x = 0;

    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
        x = x * 10 + (uint64_t)(*s->p - '0');
        if (x > PSE_JSON_NUMBER_MAX)
            return PSE_E_RANGE;
    }
    if (*first == '0' && s->p - first > 1) {
        s->p = first;
        return PSE_E_SYNTAX;
    }
    v->u.number = x;
    return PSE_OK;
}

static pse_rc parse_hex4(uint32_t *out, struct parser *s)
{
    uint32_t x = 0;

    if (s->end - s->p < 4)
        return PSE_E_SYNTAX;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t c = *s->p;

        if (c >= '0' && c <= '9')
            x = x << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            x = x << 4 | (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            x = x << 4 | (uint32_t)(c - 'A' + 10);
        else
            return PSE_E_SYNTAX;
        s->p++;
    }
    *out = x;
    return PSE_OK;
}

/* After `\u`: one code unit, or two that are a pair. */
static pse_rc parse_unicode(uint32_t *out, struct parser *s)
{
    uint32_t high;
    uint32_t low;

    PSE_TRY(parse_hex4(&high, s));
    *out = high;
    if (high == 0 || (high >= 0xdc00 && high <= 0xdfff))
        return PSE_E_ENCODING;
    if (high < 0xd800 || high > 0xdfff)
        return PSE_OK;
    if (s->end - s->p < 2 || s->p[0] != '\\' || s->p[1] != 'u')
        return PSE_E_ENCODING;
    s->p += 2;
    PSE_TRY(parse_hex4(&low, s));
    if (low < 0xdc00 || low > 0xdfff)
        return PSE_E_ENCODING;
    *out = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
    return PSE_OK;
}

/* After a backslash: one code point. */
static pse_rc parse_escape(uint32_t *out, struct parser *s)
{
    static const char names[] = "\"\\/bfnrt";
    static const uint8_t values[] = {'"', '\\', '/', 8, 12, 10, 13, 9};
    const char *at;

    if (s->p == s->end)
        return PSE_E_SYNTAX;
    if (*s->p == 'u') {
        s->p++;
        return parse_unicode(out, s);
    }
    at = *s->p == 0 ? NULL : strchr(names, *s->p);
    if (at == NULL)
        return PSE_E_SYNTAX;
    s->p++;
    *out = values[at - names];
    return PSE_OK;
}

/* From the first backslash at @p escape on: the string is copied to the spare bytes. */
static pse_rc parse_escaped(struct parser *s, struct pse_json *v, const uint8_t *first)
{
    uint8_t *out = s->spare;
    size_t n = (size_t)(s->p - first);

    PSE_REQUIRE(n <= s->spare_left);
    memcpy(out, first, n);
    while (!is_at(s, '"')) {
        uint8_t bytes[4];
        size_t k = 1;

        if (s->p == s->end || *s->p < 0x20)
            return PSE_E_SYNTAX;
        if (*s->p == '\\') {
            uint32_t x;

            s->p++;
            PSE_TRY(parse_escape(&x, s));
            k = pse_utf8_encode(bytes, x);
        } else {
            bytes[0] = *s->p++;
        }
        PSE_REQUIRE(n + k <= s->spare_left);
        memcpy(out + n, bytes, k);
        n += k;
    }
    v->u.text = out;
    v->count = (uint32_t)n;
    s->spare += n;
    s->spare_left -= n;
    s->p++;
    return PSE_OK;
}

static pse_rc parse_string(struct parser *s)
{
    struct pse_json *v = new_node(s, PSE_JSON_STRING);
    const uint8_t *first;

    PSE_TRY(expect(s, '"'));
    first = s->p;
    while (s->p < s->end && *s->p >= 0x20 && *s->p != '"' && *s->p != '\\')
        s->p++;
    if (is_at(s, '\\'))
        return parse_escaped(s, v, first);
    if (!is_at(s, '"'))
        return PSE_E_SYNTAX;
    v->u.text = first;
    v->count = (uint32_t)(s->p - first);
    s->p++;
    return PSE_OK;
}

/* --- duplicate members ----------------------------------------------------------------------- */

static int compare_names(const struct pse_json *a, const struct pse_json *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->count == 0 ? 0 : memcmp(a->u.text, b->u.text, a->count);
}

static void sift_down(const struct parser *s, uint32_t *heap, size_t root, size_t n)
{
    for (;;) {
        size_t child = 2 * root + 1;
        uint32_t swap;

        if (child >= n)
            return;
        if (child + 1 < n && compare_names(&s->node[heap[child]], &s->node[heap[child + 1]]) < 0)
            child++;
        if (compare_names(&s->node[heap[root]], &s->node[heap[child]]) >= 0)
            return;
        swap = heap[root];
        heap[root] = heap[child];
        heap[child] = swap;
        root = child;
    }
}

static void sort_names(const struct parser *s, uint32_t *name, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(s, name, i, n);
    for (size_t i = n; i-- > 1;) {
        uint32_t swap = name[0];

        name[0] = name[i];
        name[i] = swap;
        sift_down(s, name, 0, i);
    }
}

/* The diagnostic points at the later of two equal names. */
static pse_rc duplicate_at(struct parser *s, const struct pse_json *a, const struct pse_json *b)
{
    s->p = s->start + (a->at > b->at ? a->at : b->at);
    return PSE_E_DUPLICATE;
}

static pse_rc check_names_sorted(struct parser *s, const struct pse_json *object)
{
    uint32_t *name = PSE_NEW(s->arena, uint32_t, object->count);
    const struct pse_json *v = object + 1;

    if (name == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < object->count; i++) {
        name[i] = (uint32_t)(v - s->node);
        v += 1 + v[1].nodes;
    }
    sort_names(s, name, object->count);
    for (size_t i = 1; i < object->count; i++)
        if (compare_names(&s->node[name[i - 1]], &s->node[name[i]]) == 0)
            return duplicate_at(s, &s->node[name[i - 1]], &s->node[name[i]]);
    return PSE_OK;
}

static pse_rc check_names(struct parser *s, const struct pse_json *object)
{
    const struct pse_json *a = object + 1;

    if (object->count > PAIRWISE_MAX)
        return check_names_sorted(s, object);
    for (size_t i = 0; i < object->count; i++) {
        const struct pse_json *b = object + 1;

        for (size_t j = 0; j < i; j++) {
            if (compare_names(a, b) == 0)
                return duplicate_at(s, a, b);
            b += 1 + b[1].nodes;
        }
        a += 1 + a[1].nodes;
    }
    return PSE_OK;
}

/* --- values ---------------------------------------------------------------------------------- */

static pse_rc parse_value(struct parser *s);

/* One element, or one name and its value. */
static pse_rc parse_item(struct parser *s, bool named)
{
    if (named) {
        skip_space(s);
        if (!is_at(s, '"'))
            return PSE_E_SYNTAX;
        PSE_TRY(parse_string(s));
        PSE_TRY(expect(s, ':'));
    }
    return parse_value(s);
}

/* Recursion is bounded by PSE_JSON_DEPTH_MAX. */
static pse_rc parse_container(struct parser *s, bool named)
{
    uint8_t close = named ? '}' : ']';
    struct pse_json *v;

    if (s->depth == PSE_JSON_DEPTH_MAX)
        return PSE_E_LIMIT;
    v = new_node(s, named ? PSE_JSON_OBJECT : PSE_JSON_ARRAY);
    s->depth++;
    s->p++;
    skip_space(s);
    if (!is_at(s, close)) {
        for (;;) {
            PSE_TRY(parse_item(s, named));
            v->count++;
            skip_space(s);
            if (!is_at(s, ','))
                break;
            s->p++;
        }
    }
    PSE_TRY(expect(s, close));
    s->depth--;
    v->nodes = (uint32_t)(&s->node[s->n] - v);
    return named ? check_names(s, v) : PSE_OK;
}

static pse_rc parse_value(struct parser *s)
{
    skip_space(s);
    if (s->p == s->end)
        return PSE_E_SYNTAX;
    switch (*s->p) {
    case '{': return parse_container(s, true);
    case '[': return parse_container(s, false);
    case '"': return parse_string(s);
    case 't': return parse_literal(s, "true", PSE_JSON_BOOL, 1);
    case 'f': return parse_literal(s, "false", PSE_JSON_BOOL, 0);
    case 'n': return parse_literal(s, "null", PSE_JSON_NULL, 0);
    default: break;
    }
    return *s->p >= '0' && *s->p <= '9' ? parse_number(s) : PSE_E_SYNTAX;
}

/* Bounds taken before any memory: every value follows a comma, a colon, an opening bracket, or is
 * the first; only strings with a backslash are copied, and unescaping never lengthens. */
static void measure(size_t *values, size_t *escaped, struct pse_span in)
{
    *values = 1;
    *escaped = 0;
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];
        bool has_escape = false;
        size_t first = i;

        if (c == ',' || c == ':' || c == '[' || c == '{')
            ++*values;
        if (c != '"')
            continue;
        for (i++; i < in.n && in.p[i] != '"'; i++) {
            if (in.p[i] == '\\') {
                has_escape = true;
                i++;
            }
        }
        if (has_escape)
            *escaped += i - first;
    }
}

static pse_rc parse_document(struct parser *s, struct pse_span in)
{
    static const uint8_t bom[3] = {0xef, 0xbb, 0xbf};
    size_t fault;

    if (in.n >= sizeof bom && memcmp(in.p, bom, sizeof bom) == 0)
        return PSE_E_ENCODING;
    fault = pse_utf8_fault(in);
    if (fault < in.n) {
        s->p = s->start + fault;
        return PSE_E_ENCODING;
    }
    measure(&s->cap, &s->spare_left, in);
    if (s->cap > PSE_JSON_VALUES_MAX)
        return PSE_E_LIMIT;
    s->node = PSE_NEW(s->arena, struct pse_json, s->cap);
    s->spare = PSE_NEW(s->arena, uint8_t, s->spare_left);
    if (s->node == NULL || s->spare == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(parse_value(s));
    skip_space(s);
    return s->p == s->end ? PSE_OK : PSE_E_SYNTAX;
}

pse_rc pse_json_parse(const struct pse_json **root, struct pse_json_fault *fault,
                      struct pse_arena *arena, struct pse_span in)
{
    struct parser s = {.start = in.p, .p = in.p, .arena = arena};
    pse_rc rc = PSE_E_LIMIT;

    *root = NULL;
    if (in.n == 0)
        rc = PSE_E_SYNTAX;
    else if (in.n <= PSE_JSON_MAX) {
        s.end = in.p + in.n;
        rc = parse_document(&s, in);
    }
    if (rc == PSE_OK)
        *root = s.node;
    else if (fault != NULL)
        *fault = (struct pse_json_fault){s.p == NULL ? 0 : (size_t)(s.p - s.start), NULL};
    return rc;
}
