#include "election/plain.h"

#include "codec/utf8.h"

enum { PLAIN_HEAD = 2 }; /* tag and count, or tag and option */

static bool is_zero(const uint8_t *p, size_t n)
{
    uint8_t all = 0;

    for (size_t i = 0; i < n; i++)
        all |= p[i];
    return all == 0;
}

static bool is_tag_permitted(const struct pse_contest *c, uint8_t tag)
{
    switch (c->format) {
    case PSE_FORMAT_CHOICE: return tag == PSE_PLAIN_CHOICE;
    case PSE_FORMAT_RANKING: return tag == PSE_PLAIN_RANKING;
    case PSE_FORMAT_TEXT: return tag == PSE_PLAIN_TEXT;
    case PSE_FORMAT_CHOICE_TEXT: return tag == PSE_PLAIN_CHOICE || tag == PSE_PLAIN_TEXT;
    }
    return false;
}

/* PSE_OK, or why these options are no ranking of the contest; n = 0 is the caller's affair. */
static pse_rc options_check(const struct pse_contest *c, const uint8_t *option, size_t n)
{
    bool seen[PSE_HOM_OPTIONS_MAX + 1] = {false};

    if (n < c->min || n > c->max)
        return PSE_E_RANGE;
    for (size_t i = 0; i < n; i++) {
        if (option[i] < 1 || option[i] > c->options)
            return PSE_E_RANGE;
        if (seen[option[i]])
            return PSE_E_DUPLICATE;
        seen[option[i]] = true;
    }
    return PSE_OK;
}

static bool is_text_allowed(struct pse_span text)
{
    while (text.n > 0) {
        uint32_t c;

        if (pse_utf8_next(&c, &text) != PSE_OK || c < 0x20 || c == 0x7F)
            return false;
    }
    return true;
}

static enum pse_vote_status blank_status(const struct pse_contest *c)
{
    return c->min == 0 ? PSE_VOTE_BLANK : PSE_VOTE_INVALID;
}

static enum pse_vote_status read_choice(struct pse_plain *out, const struct pse_contest *c,
                                        const uint8_t *plain)
{
    uint8_t option = plain[1];

    if (!is_zero(plain + PLAIN_HEAD, c->choice_len - PLAIN_HEAD))
        return PSE_VOTE_INVALID;
    *out = (struct pse_plain){PSE_PLAIN_CHOICE, option == 0 ? 0 : 1, plain + 1};
    if (option == 0)
        return blank_status(c);
    return option <= c->options ? PSE_VOTE_VALID : PSE_VOTE_INVALID;
}

static enum pse_vote_status read_list(struct pse_plain *out, const struct pse_contest *c,
                                      const uint8_t *plain)
{
    size_t n = plain[1], room = c->choice_len - PLAIN_HEAD;
    const uint8_t *body = plain + PLAIN_HEAD;
    bool is_good;

    if (n > room || !is_zero(body + n, room - n))
        return PSE_VOTE_INVALID;
    *out = (struct pse_plain){(enum pse_plain_tag)plain[0], (uint8_t)n, body};
    if (n == 0)
        return c->format == PSE_FORMAT_CHOICE_TEXT ? PSE_VOTE_INVALID : blank_status(c);
    is_good = out->tag == PSE_PLAIN_RANKING ? options_check(c, body, n) == PSE_OK
                                            : is_text_allowed(pse_span(body, n));
    return is_good ? PSE_VOTE_VALID : PSE_VOTE_INVALID;
}

enum pse_vote_status pse_plain_read(struct pse_plain *out, const struct pse_contest *c,
                                    const uint8_t *plain)
{
    struct pse_plain discard;

    PSE_REQUIRE(c->kind == PSE_KIND_MIX);
    if (out == NULL)
        out = &discard;
    if (!is_tag_permitted(c, plain[0]))
        return PSE_VOTE_INVALID;
    return plain[0] == PSE_PLAIN_CHOICE ? read_choice(out, c, plain) : read_list(out, c, plain);
}

/* Zero @p out and write the head, if the contest takes this tag. */
static pse_rc begin(uint8_t *out, const struct pse_contest *c, uint8_t tag, uint8_t second)
{
    PSE_REQUIRE(c->kind == PSE_KIND_MIX);
    memset(out, 0, c->choice_len);
    if (!is_tag_permitted(c, tag))
        return PSE_E_UNSUPPORTED;
    out[0] = tag;
    out[1] = second;
    return PSE_OK;
}

static pse_rc undo(uint8_t *out, const struct pse_contest *c, pse_rc rc)
{
    if (rc != PSE_OK)
        pse_wipe(out, c->choice_len);
    return rc;
}

pse_rc pse_plain_choice(uint8_t *out, const struct pse_contest *c, uint8_t option)
{
    PSE_TRY(begin(out, c, PSE_PLAIN_CHOICE, option));
    if (option > c->options || (option == 0 && c->min > 0))
        return undo(out, c, PSE_E_RANGE);
    return PSE_OK;
}

pse_rc pse_plain_ranking(uint8_t *out, const struct pse_contest *c, const uint8_t *option, size_t n)
{
    PSE_TRY(begin(out, c, PSE_PLAIN_RANKING, 0));
    if (n == 0)
        return undo(out, c, c->min == 0 ? PSE_OK : PSE_E_RANGE);
    /* max is at most 30 w - 2, so a list that passes fits */
    PSE_TRY(undo(out, c, options_check(c, option, n)));
    out[1] = (uint8_t)n;
    memcpy(out + PLAIN_HEAD, option, n);
    return PSE_OK;
}

pse_rc pse_plain_text(uint8_t *out, const struct pse_contest *c, struct pse_span text)
{
    PSE_TRY(begin(out, c, PSE_PLAIN_TEXT, 0));
    if (text.n > (size_t)c->choice_len - PLAIN_HEAD)
        return undo(out, c, PSE_E_LENGTH);
    if (text.n == 0) {
        bool is_blank_allowed = c->min == 0 && c->format == PSE_FORMAT_TEXT;

        return undo(out, c, is_blank_allowed ? PSE_OK : PSE_E_RANGE);
    }
    if (!is_text_allowed(text))
        return undo(out, c, PSE_E_ENCODING);
    out[1] = (uint8_t)text.n;
    memcpy(out + PLAIN_HEAD, text.p, text.n);
    return PSE_OK;
}

static pse_rc values_check(const struct pse_contest *c, const uint8_t *value)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < c->options; i++) {
        if (value[i] > c->option_max)
            return PSE_E_RANGE;
        sum += value[i];
    }
    return (sum >= c->min && sum <= c->max) || (c->blank && sum == 0) ? PSE_OK : PSE_E_RANGE;
}

pse_rc pse_choice_check(const struct pse_contest *c, const uint8_t *choice)
{
    if (c->kind == PSE_KIND_HOMOMORPHIC)
        return values_check(c, choice);
    return pse_plain_read(NULL, c, choice) == PSE_VOTE_INVALID ? PSE_E_RANGE : PSE_OK;
}

pse_rc pse_choices_check(const struct pse_manifest *m, const struct pse_style *s, size_t *bad,
                         const uint8_t *choices, size_t n)
{
    if (bad != NULL)
        *bad = 0;
    if (n != s->choice_len)
        return PSE_E_LENGTH;
    for (size_t i = 0; i < s->contests; i++) {
        const struct pse_contest *c = &m->contest[s->contest[i]];

        if (bad != NULL)
            *bad = i;
        PSE_TRY(pse_choice_check(c, choices));
        choices += c->choice_len;
    }
    return PSE_OK;
}
