/* Parsing a policy file. What an election asks of it, and quorums, are policy_check.c. */
#include "policy.h"

#include "codec/text.h"

struct parser {
    struct pse_policy *out;
    struct pse_arena *arena;
    struct pse_policy_item *item;
    size_t *witness;
    size_t *member; /* all groups' members, one after the other; every item is one at most once */
    size_t members;
    bool *is_member; /* by item */
    size_t *slot;    /* names: open addressing, item number + 1, 0 = free */
    size_t slots;    /* power of two, at least twice the items */
    bool has_quorum;
};

/* --- words --------------------------------------------------------------------------------------
 */

static bool is_separator(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* The next word of a line; false at its end. */
static bool next_word(struct pse_span *word, struct pse_span *line)
{
    size_t i = 0;
    size_t end;

    while (i < line->n && is_separator(line->p[i]))
        i++;
    for (end = i; end < line->n && !is_separator(line->p[end]);)
        end++;
    *word = pse_span(line->p + i, end - i);
    line->p += end;
    line->n -= end;
    return word->n > 0;
}

static pse_rc need_word(struct pse_span *word, struct pse_span *line)
{
    return next_word(word, line) ? PSE_OK : PSE_E_SYNTAX;
}

/* An optional last word, and nothing after. */
static pse_rc last_word(struct pse_span *word, struct pse_span *line)
{
    struct pse_span surplus;

    if (!next_word(word, line))
        *word = pse_span(NULL, 0);
    return next_word(&surplus, line) ? PSE_E_SYNTAX : PSE_OK;
}

/* A line, with or without LF at the end of the file. */
static struct pse_span next_line(struct pse_span *in)
{
    struct pse_span line;

    if (pse_line_take(&line, in) != PSE_OK) {
        line = *in;
        *in = pse_span(NULL, 0);
    }
    return line;
}

/* --- names --------------------------------------------------------------------------------------
 */

static size_t *slot_of(const struct parser *s, struct pse_span name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    size_t i;

    for (size_t k = 0; k < name.n; k++)
        hash = (hash ^ name.p[k]) * UINT64_C(0x100000001b3);
    for (i = (size_t)hash & (s->slots - 1); s->slot[i] != 0; i = (i + 1) & (s->slots - 1))
        if (pse_span_is_equal(s->item[s->slot[i] - 1].name, name))
            break;
    return &s->slot[i];
}

static pse_rc find(size_t *item, const struct parser *s, struct pse_span name)
{
    size_t found = *slot_of(s, name);

    if (found == 0)
        return PSE_E_MISSING;
    *item = found - 1;
    return PSE_OK;
}

static pse_rc check_new_name(const struct parser *s, struct pse_span name)
{
    if (pse_span_is_str(name, "none"))
        return PSE_E_SYNTAX;
    return *slot_of(s, name) == 0 ? PSE_OK : PSE_E_DUPLICATE;
}

/* The item becomes known only when its line is complete: a group cannot name itself. */
static void define(struct parser *s, const struct pse_policy_item *item)
{
    size_t number = s->out->items++;

    s->item[number] = *item;
    *slot_of(s, item->name) = number + 1;
}

/* --- lines --------------------------------------------------------------------------------------
 */

static pse_rc parse_log(struct parser *s, struct pse_span line)
{
    struct pse_span text;
    struct pse_span url;
    struct pse_vkey key;

    PSE_TRY(need_word(&text, &line));
    PSE_TRY(last_word(&url, &line));
    PSE_TRY(pse_vkey_parse(&key, text));
    if (s->out->logs++ == 0) {
        s->out->log = text;
        s->out->log_key = key;
    }
    return PSE_OK;
}

static pse_rc parse_witness(struct parser *s, struct pse_span line)
{
    struct pse_policy_item item = {.number = s->out->witnesses};
    struct pse_span text;

    PSE_TRY(need_word(&item.name, &line));
    PSE_TRY(need_word(&text, &line));
    PSE_TRY(last_word(&item.url, &line));
    PSE_TRY(check_new_name(s, item.name));
    PSE_TRY(pse_vkey_parse(&item.key, text));
    for (size_t i = 0; i < s->out->witnesses; i++)
        if (pse_edkey_is_equal(&s->item[s->witness[i]].key.key, &item.key.key))
            return PSE_E_DUPLICATE;
    s->witness[s->out->witnesses++] = s->out->items;
    define(s, &item);
    return PSE_OK;
}

static pse_rc parse_threshold(size_t *k, struct pse_span word, size_t n)
{
    uint64_t x;

    if (pse_span_is_str(word, "any"))
        *k = 1;
    else if (pse_span_is_str(word, "all"))
        *k = n;
    else {
        PSE_TRY(pse_decimal_decode(&x, word));
        if (x < 1 || x > n)
            return PSE_E_RANGE;
        *k = (size_t)x;
    }
    return PSE_OK;
}

static pse_rc parse_group(struct parser *s, struct pse_span line)
{
    struct pse_policy_item item = {.is_group = true, .member = s->member + s->members};
    struct pse_span threshold;
    struct pse_span name;

    PSE_TRY(need_word(&item.name, &line));
    PSE_TRY(need_word(&threshold, &line));
    PSE_TRY(check_new_name(s, item.name));
    while (next_word(&name, &line)) {
        size_t member;

        PSE_TRY(find(&member, s, name));
        if (s->is_member[member])
            return PSE_E_DUPLICATE;
        s->is_member[member] = true;
        s->member[s->members++] = member;
        item.n++;
    }
    if (item.n == 0)
        return PSE_E_SYNTAX;
    PSE_TRY(parse_threshold(&item.k, threshold, item.n));
    define(s, &item);
    return PSE_OK;
}

/* `none` is stored at the end, when the number of items is known. */
static pse_rc parse_quorum(struct parser *s, struct pse_span line)
{
    struct pse_span name;
    struct pse_span surplus;

    PSE_TRY(need_word(&name, &line));
    if (next_word(&surplus, &line))
        return PSE_E_SYNTAX;
    if (s->has_quorum)
        return PSE_E_DUPLICATE;
    s->has_quorum = true;
    s->out->quorum = SIZE_MAX;
    return pse_span_is_str(name, "none") ? PSE_OK : find(&s->out->quorum, s, name);
}

static pse_rc parse_line(struct parser *s, struct pse_span line)
{
    static const struct {
        const char *word;
        pse_rc (*parse)(struct parser *s, struct pse_span line);
    } kinds[] = {
        {"log", parse_log},
        {"witness", parse_witness},
        {"group", parse_group},
        {"quorum", parse_quorum},
    };
    struct pse_span word;

    if (!next_word(&word, &line) || word.p[0] == '#')
        return PSE_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (pse_span_is_str(word, kinds[i].word))
            return kinds[i].parse(s, line);
    return PSE_E_SYNTAX;
}

/* --- the file -----------------------------------------------------------------------------------
 */

static bool has_only_allowed_octets(struct pse_span in)
{
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];

        if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
            return false;
    }
    return true;
}

/* Witness and group lines, so that memory follows what the file defines. */
static size_t count_items(struct pse_span in)
{
    size_t n = 0;

    while (in.n > 0) {
        struct pse_span line = next_line(&in);
        struct pse_span word;

        if (next_word(&word, &line) &&
            (pse_span_is_str(word, "witness") || pse_span_is_str(word, "group")))
            n++;
    }
    return n;
}

static pse_rc make_room(struct parser *s, size_t items)
{
    for (s->slots = 16; s->slots < 2 * items;)
        s->slots *= 2;
    s->item = PSE_NEW(s->arena, struct pse_policy_item, items);
    s->witness = PSE_NEW(s->arena, size_t, items);
    s->member = PSE_NEW(s->arena, size_t, items);
    s->is_member = PSE_NEW(s->arena, bool, items);
    s->slot = PSE_NEW(s->arena, size_t, s->slots);
    if (s->item == NULL || s->witness == NULL || s->member == NULL || s->is_member == NULL ||
        s->slot == NULL)
        return PSE_E_MEMORY;
    s->out->item = s->item;
    s->out->witness = s->witness;
    return PSE_OK;
}

static pse_rc parse_file(struct parser *s, size_t *line, struct pse_span in)
{
    if (in.n > PSE_POLICY_MAX)
        return PSE_E_LIMIT;
    if (!has_only_allowed_octets(in))
        return PSE_E_ENCODING;
    PSE_TRY(make_room(s, count_items(in)));
    while (in.n > 0) {
        ++*line;
        PSE_TRY(parse_line(s, next_line(&in)));
    }
    if (!s->has_quorum)
        return PSE_E_MISSING;
    if (s->out->quorum == SIZE_MAX)
        s->out->quorum = s->out->items;
    return PSE_OK;
}

pse_rc pse_policy_parse(struct pse_policy *out, size_t *line, struct pse_arena *arena,
                        struct pse_span in)
{
    struct parser s = {.out = out, .arena = arena};
    size_t at = 0;
    pse_rc rc;

    memset(out, 0, sizeof *out);
    rc = parse_file(&s, &at, in);
    if (line != NULL)
        *line = at;
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}
