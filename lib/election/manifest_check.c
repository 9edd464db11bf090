/* Pass two over a manifest: the constraints (V103), and what follows from the members. */
#include <string.h>

#include "codec/utf8.h"
#include "election/manifest_parse.h"
#include "merkle/note.h"

enum { NAME_MAX_CHARACTERS = 200, ORIGIN_MAX = 255, BALLOT_FIXED = 164, PAIR_SLOTS = 16384 };

_Static_assert(PAIR_SLOTS > 2 * PSE_LISTS_MAX, "the set of pairs stays half empty");

static void at_top(struct pse_manifest_reader *r)
{
    r->array = NULL;
}

static void at_element(struct pse_manifest_reader *r, const char *array, size_t index)
{
    r->array = array;
    r->index = index;
}

static void check(struct pse_manifest_reader *r, bool holds, const char *slug, const char *member)
{
    if (!holds)
        pse_manifest_note(r, slug, member);
}

static void check_name(struct pse_manifest_reader *r, struct pse_span name)
{
    size_t n;

    check(r, pse_utf8_count(&n, name) == PSE_OK && n >= 1 && n <= NAME_MAX_CHARACTERS,
          "name-length", "name");
}

static void check_key(struct pse_manifest_reader *r, const pse_edkey *key, const char *member)
{
    check(r, pse_edkey_is_valid(key), "key-invalid", member);
}

static void check_origin(struct pse_manifest_reader *r)
{
    const struct pse_span o = r->m->origin;
    bool good = o.n >= 1 && o.n <= ORIGIN_MAX;

    for (size_t i = 0; i < o.n && good; i++)
        good = o.p[i] >= 0x21 && o.p[i] <= 0x7E && o.p[i] != '+';
    check(r, good, "origin", "log.origin");
}

static void check_log(struct pse_manifest_reader *r)
{
    struct pse_vkey key;

    check_origin(r);
    if (pse_vkey_parse(&key, r->m->log_vkey) != PSE_OK || key.type != PSE_SIG_ED25519) {
        pse_manifest_note(r, "log-key", "log.key");
        return;
    }
    check(r, pse_span_is_equal(key.name, r->m->origin), "log-key-name", "log.key");
    check_key(r, &key.key, "log.key");
    r->m->log_key = key.key;
}

/* Log and role keys, of which no two may be equal. */
struct keys {
    const pse_edkey *key[4 + PSE_TRUSTEES_MAX + PSE_MIXERS_MAX];
    size_t n;
};

static void add_key(struct keys *k, struct pse_manifest_reader *r, const pse_edkey *key,
                    const char *member)
{
    for (size_t i = 0; i < k->n; i++)
        check(r, !pse_edkey_is_equal(k->key[i], key), "key-twice", member);
    k->key[k->n++] = key;
}

static void check_keys(struct pse_manifest_reader *r)
{
    struct pse_manifest *m = r->m;
    struct keys k = {.n = 0};

    add_key(&k, r, &m->log_key, "log.key");
    add_key(&k, r, &m->authority, "authority");
    check_key(r, &m->authority, "authority");
    add_key(&k, r, &m->registrar, "registrar");
    check_key(r, &m->registrar, "registrar");
    add_key(&k, r, &m->board, "board");
    check_key(r, &m->board, "board");
    for (size_t i = 0; i < m->trustees; i++) {
        at_element(r, "trustees", i);
        check_name(r, m->trustee[i].name);
        check_key(r, &m->trustee[i].sign, "sign");
        add_key(&k, r, &m->trustee[i].sign, "sign");
    }
    for (size_t i = 0; i < m->mixers; i++) {
        at_element(r, "mixers", i);
        check_name(r, m->mixer[i].name);
        check_key(r, &m->mixer[i].sign, "sign");
        add_key(&k, r, &m->mixer[i].sign, "sign");
    }
    at_top(r);
}

static void check_shares(struct pse_manifest_reader *r)
{
    const struct pse_manifest *m = r->m;

    for (size_t i = 0; i < m->trustees; i++) {
        pse_point p;

        at_element(r, "trustees", i);
        check(
            r,
            pse_point_decode_each(r->g, &p, NULL, &m->trustee[i].share, 1, PSE_IDENTITY_FORBIDDEN),
            "share-key", "share");
        for (size_t j = 0; j < i; j++)
            check(r, memcmp(&m->trustee[i].share, &m->trustee[j].share, 32) != 0, "share-twice",
                  "share");
    }
    at_top(r);
}

struct pse_hom_rule pse_contest_rule(const struct pse_contest *c)
{
    struct pse_hom_rule rule = {c->options, c->option_max, c->min, c->max, c->blank};

    PSE_REQUIRE(c->kind == PSE_KIND_HOMOMORPHIC);
    return rule;
}

static void check_homomorphic(struct pse_manifest_reader *r, struct pse_contest *c)
{
    struct pse_hom_rule rule = pse_contest_rule(c);
    uint16_t sums[PSE_HOM_SUMS_MAX];

    check(r, c->options >= 1, "options", "options");
    check(r, c->min <= c->max && c->max <= (uint32_t)c->options * c->option_max, "min-max", "max");
    check(r, !c->blank || c->min > 0, "blank", "blank");
    check(r, pse_hom_rule_is_valid(&rule), "sum-branches", "max");
    if (r->range.rule != 0)
        return;
    c->sums = (uint8_t)pse_hom_sums(&rule, sums);
    c->ciphertexts = c->options;
    c->part_len = (uint32_t)pse_hom_size(&rule);
    c->choice_len = c->options;
}

static void check_mix(struct pse_manifest_reader *r, struct pse_contest *c)
{
    uint32_t bytes = PSE_ELEMENT_BYTES * (uint32_t)c->width, most = 1;

    check(r, (c->format == PSE_FORMAT_TEXT) == (c->options == 0), "options", "options");
    if (c->format == PSE_FORMAT_RANKING) {
        most = bytes < 2 ? 0 : bytes - 2;
        most = c->options < most ? c->options : most;
    }
    check(r, c->max >= 1 && c->max <= most, "min-max", "max");
    check(r, c->min <= c->max, "min-max", "min");
    c->ciphertexts = c->width;
    c->part_len = (uint32_t)pse_mixpok_size(c->width);
    c->choice_len = bytes;
    r->m->has_mix = true;
}

static void check_contests(struct pse_manifest_reader *r)
{
    struct pse_manifest *m = r->m;

    check(r, m->contests > 0, "empty", "contests");
    for (size_t i = 0; i < m->contests; i++) {
        at_element(r, "contests", i);
        check(r, i == 0 || m->contest[i].id > m->contest[i - 1].id, "ids-ascending", "id");
        if (m->contest[i].kind == PSE_KIND_HOMOMORPHIC)
            check_homomorphic(r, &m->contest[i]);
        else
            check_mix(r, &m->contest[i]);
    }
    at_top(r);
}

static void check_pots(struct pse_manifest_reader *r)
{
    struct pse_manifest *m = r->m;

    check(r, m->pots > 0, "empty", "groups");
    for (size_t i = 0; i < m->pots; i++) {
        at_element(r, "groups", i);
        check(r, i == 0 || m->pot[i].id > m->pot[i - 1].id, "ids-ascending", "id");
    }
    for (size_t i = 0; i < m->pots && r->range.rule == 0; i++) {
        struct pse_pot *p = &m->pot[i];
        const struct pse_pot *next = pse_manifest_pot(m, p->fallback);

        at_element(r, "groups", i);
        p->next = next == NULL ? -1 : (int32_t)(next - m->pot);
        check(r, p->fallback == 0 || (next != NULL && next > p), "fallback", "fallback");
    }
    at_top(r);
}

static void check_style_contest(struct pse_manifest_reader *r, struct pse_style *s, size_t k)
{
    struct pse_manifest *m = r->m;
    const struct pse_contest *c = pse_manifest_contest(m, s->contest[k]);

    if (c == NULL) {
        pse_manifest_note(r, "contest-unknown", "contests");
        return;
    }
    s->contest[k] = (uint16_t)(c - m->contest);
    for (size_t j = 0; j < k; j++)
        check(r, s->contest[j] != s->contest[k], "contest-twice", "contests");
    s->part_at[k] = s->ballot_len + 2;
    s->ballot_len += 2 + c->part_len;
    s->choice_len += c->choice_len;
    s->ciphertexts += c->ciphertexts;
    s->has_mix |= c->kind == PSE_KIND_MIX;
}

/* The fixed part of a ballot before its parts is 100 bytes (type, version, eid, D, style, prev),
 * the signature after them 64. */
static pse_rc check_style(struct pse_manifest_reader *r, struct pse_style *s)
{
    const struct pse_pot *pot = pse_manifest_pot(r->m, s->pot);

    check(r, pot != NULL, "group-unknown", "group");
    s->part_at = PSE_NEW(r->arena, uint32_t, s->contests);
    if (s->part_at == NULL)
        return PSE_E_MEMORY;
    s->ballot_len = BALLOT_FIXED - 64;
    for (size_t k = 0; k < s->contests && r->range.rule == 0; k++)
        check_style_contest(r, s, k);
    s->ballot_len += 64;
    check(r, s->ballot_len <= PSE_ENTRY_MAX, "ballot-length", NULL);
    if (pot != NULL)
        s->pot = (uint16_t)(pot - r->m->pot);
    return PSE_OK;
}

static pse_rc check_styles(struct pse_manifest_reader *r)
{
    struct pse_manifest *m = r->m;

    check(r, m->styles > 0, "empty", "styles");
    for (size_t i = 0; i < m->styles && r->range.rule == 0; i++) {
        at_element(r, "styles", i);
        check(r, i == 0 || m->style[i].id > m->style[i - 1].id, "ids-ascending", "id");
        PSE_TRY(check_style(r, &m->style[i]));
    }
    at_top(r);
    return PSE_OK;
}

/* Set of (contest, pot) index pairs by open addressing; a slot holds the pair + 1. */
static bool pair_add(uint64_t *slot, uint32_t contest, uint32_t pot)
{
    uint64_t key = ((uint64_t)contest << 32 | pot) + 1;
    size_t i = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 40) % PAIR_SLOTS;

    while (slot[i] != 0 && slot[i] != key)
        i = (i + 1) % PAIR_SLOTS;
    if (slot[i] == key)
        return false;
    slot[i] = key;
    return true;
}

/* Each chain is followed only until a pair is met again, since the rest of that chain has been
 * counted then: the work is bounded by the pairs allowed, not by styles times pots. */
static pse_rc count_lists(struct pse_manifest_reader *r)
{
    struct pse_manifest *m = r->m;
    uint64_t *slot = PSE_NEW(r->arena, uint64_t, PAIR_SLOTS);

    if (slot == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < m->styles; i++)
        for (size_t k = 0; k < m->style[i].contests; k++)
            for (int32_t p = m->style[i].pot; p >= 0; p = m->pot[p].next) {
                if (!pair_add(slot, m->style[i].contest[k], (uint32_t)p))
                    break;
                if (++m->lists_max > PSE_LISTS_MAX) {
                    at_element(r, "styles", i);
                    pse_manifest_note(r, "lists", NULL);
                    at_top(r);
                    return PSE_OK;
                }
            }
    return PSE_OK;
}

pse_rc pse_manifest_constrain(struct pse_manifest_reader *r)
{
    struct pse_manifest *m = r->m;

    if (r->range.rule != 0)
        return PSE_OK;
    at_top(r);
    check(r, m->opens < m->closes && m->closes <= m->retain_until, "schedule", "schedule");
    check(r, m->threshold <= m->trustees, "threshold", "threshold");
    check(r, m->mix_min <= m->mixers, "mix-min", "mix_min");
    check_log(r);
    check_keys(r);
    check_shares(r);
    for (size_t i = 0; i < m->documents; i++) {
        at_element(r, "documents", i);
        check_name(r, m->document[i].name);
    }
    at_top(r);
    check_pots(r);
    check_contests(r);
    check(r, !m->has_mix || m->mix_min >= 1, "mix-min", "mix_min");
    if (r->range.rule != 0)
        return PSE_OK;
    PSE_TRY(check_styles(r));
    return r->range.rule != 0 ? PSE_OK : count_lists(r);
}

/* The three arrays are strictly ascending by id, so a binary search finds. */
#define FIND(array, count, wanted)                                                  \
    do {                                                                            \
        size_t low = 0, high = (count);                                             \
        while (low < high) {                                                        \
            size_t middle = low + (high - low) / 2;                                 \
            if ((array)[middle].id < (wanted))                                      \
                low = middle + 1;                                                   \
            else                                                                    \
                high = middle;                                                      \
        }                                                                           \
        return low < (count) && (array)[low].id == (wanted) ? &(array)[low] : NULL; \
    } while (0)

const struct pse_contest *pse_manifest_contest(const struct pse_manifest *m, uint16_t id)
{
    FIND(m->contest, m->contests, id);
}

const struct pse_style *pse_manifest_style(const struct pse_manifest *m, uint16_t id)
{
    FIND(m->style, m->styles, id);
}

const struct pse_pot *pse_manifest_pot(const struct pse_manifest *m, uint16_t id)
{
    FIND(m->pot, m->pots, id);
}

const pse_edkey *pse_manifest_role_key(const struct pse_manifest *m, uint8_t role, uint8_t index)
{
    switch (role) {
    case 1: return index == 0 ? &m->authority : NULL;
    case 2: return index == 0 ? &m->registrar : NULL;
    case 3: return index == 0 ? &m->board : NULL;
    case 4: return index >= 1 && index <= m->trustees ? &m->trustee[index - 1].sign : NULL;
    case 5: return index >= 1 && index <= m->mixers ? &m->mixer[index - 1].sign : NULL;
    default: return NULL;
    }
}
