#include "psephos/demo_town.h"

#include <stdio.h>

#include "codec/codec.h"
#include "election/plain.h"

enum { DAY = 86400, YEAR = 365 * DAY };

/* Contest 1 in both districts, 2 and 3 in one each, 4 in both; 5 and 6 for the water company. */
static const char contests[] =
    "\"contests\":["
    "{\"id\":1,\"kind\":\"mix\",\"title\":{\"en\":\"Mayor of Pebbleford\"},\"options\":["
    "{\"en\":\"Ada Quill\"},{\"en\":\"Bruno Ferry\"},{\"en\":\"Clara Mill\"},{\"en\":\"Dov "
    "Bridge\"}],"
    "\"format\":\"ranking\",\"width\":1,\"min\":0,\"max\":4},"
    "{\"id\":2,\"kind\":\"mix\",\"title\":{\"en\":\"Council, northern district\"},\"options\":["
    "{\"en\":\"Ines Cooper\"},{\"en\":\"Jonas Weir\"},{\"en\":\"Kaya Stone\"}],"
    "\"format\":\"choice\",\"width\":1,\"min\":0,\"max\":1},"
    "{\"id\":3,\"kind\":\"mix\",\"title\":{\"en\":\"Council, southern district\"},\"options\":["
    "{\"en\":\"Lena Reed\"},{\"en\":\"Milo Sands\"},{\"en\":\"Nora Lock\"}],"
    "\"format\":\"choice-text\",\"width\":2,\"min\":0,\"max\":1},"
    "{\"id\":4,\"kind\":\"homomorphic\",\"title\":{\"en\":\"Shall the library open on Sundays?\"},"
    "\"options\":[{\"en\":\"Yes\"},{\"en\":\"No\"}],"
    "\"option_max\":1,\"min\":1,\"max\":1,\"blank\":true},"
    "{\"id\":5,\"kind\":\"homomorphic\",\"title\":{\"en\":\"Water company: approve the "
    "accounts?\"},"
    "\"options\":[{\"en\":\"Yes\"},{\"en\":\"No\"}],"
    "\"option_max\":1,\"min\":0,\"max\":1,\"blank\":false},"
    "{\"id\":6,\"kind\":\"homomorphic\",\"title\":{\"en\":\"Water company: auditors (up to two)\"},"
    "\"options\":[{\"en\":\"Fair & Even\"},{\"en\":\"Ledger Brothers\"},{\"en\":\"Tally House\"}],"
    "\"option_max\":1,\"min\":0,\"max\":2,\"blank\":false}],"
    "\"styles\":[{\"id\":1,\"group\":1,\"contests\":[1,2,4]},"
    "{\"id\":2,\"group\":2,\"contests\":[1,3,4]},{\"id\":3,\"group\":3,\"contests\":[5,6]}],"
    "\"counting\":{\"version\":1,\"counts\":["
    "{\"rule\":\"irv\",\"seats\":1,\"contest\":1},"
    "{\"rule\":\"plurality\",\"seats\":1,\"contest\":2},"
    "{\"rule\":\"plurality\",\"seats\":1,\"contest\":3},"
    "{\"rule\":\"yesno\",\"seats\":1,\"contest\":4},"
    "{\"rule\":\"yesno\",\"seats\":1,\"contest\":5},"
    "{\"rule\":\"approval\",\"seats\":2,\"contest\":6}]}}";

void demo_plan_put(struct pse_buf *out, uint64_t time)
{
    char head[512];

    (void)snprintf(head, sizeof head,
                   "{\"title\":{\"en\":\"Pebbleford, a town that does not exist\"},\"test\":true,"
                   "\"schedule\":{\"opens\":%llu,\"closes\":%llu,\"retain_until\":%llu},"
                   "\"threshold\":3,\"mix_min\":2,\"min_list\":3,\"late_roster\":true,"
                   "\"ballots_max\":5,\"groups\":[{\"id\":1,\"fallback\":2},"
                   "{\"id\":2,\"fallback\":0},{\"id\":3,\"fallback\":0}],",
                   (unsigned long long)(time - DAY), (unsigned long long)(time - 1),
                   (unsigned long long)(time + YEAR));
    pse_wr_str(out, head);
    pse_wr_str(out, contests);
}

/* Earlier options are a little more popular, so that results are not a tie of noise. */
static uint8_t draw_option(struct pse_rng *rng, uint16_t options)
{
    uint64_t a = pse_rng_below(rng, options);
    uint64_t b = pse_rng_below(rng, options);

    return (uint8_t)((pse_rng_below(rng, 3) == 0 && b < a ? b : a) + 1);
}

static pse_rc choose_ranking(uint8_t *out, struct pse_rng *rng, const struct pse_contest *c)
{
    uint8_t rank[PSE_HOM_OPTIONS_MAX];
    size_t n = (size_t)pse_rng_below(rng, c->max + 1u);
    size_t have = 0;

    while (have < n) {
        uint8_t option = draw_option(rng, c->options);
        bool seen = false;

        for (size_t i = 0; i < have; i++)
            seen = seen || rank[i] == option;
        if (!seen)
            rank[have++] = option;
    }
    return pse_plain_ranking(out, c, rank, n);
}

static pse_rc choose_mix(uint8_t *out, struct pse_rng *rng, const struct pse_contest *c)
{
    if (c->format == PSE_FORMAT_RANKING)
        return choose_ranking(out, rng, c);
    if (c->format == PSE_FORMAT_CHOICE_TEXT && pse_rng_below(rng, 20) == 0)
        return pse_plain_text(out, c, pse_span_str("Otto the lock keeper"));
    if (pse_rng_below(rng, 25) == 0)
        return pse_plain_choice(out, c, 0);
    return pse_plain_choice(out, c, draw_option(rng, c->options));
}

static void choose_values(uint8_t *out, struct pse_rng *rng, const struct pse_contest *c)
{
    uint32_t marks = (uint32_t)pse_rng_below(rng, c->max + 1u);

    if (marks == 0 && pse_rng_below(rng, 4) != 0)
        marks = 1;
    for (uint32_t i = 0; i < marks; i++)
        out[draw_option(rng, c->options) - 1] = 1;
}

pse_rc demo_choose(uint8_t choices[DEMO_CHOICE_MAX], struct pse_rng *rng,
                   const struct pse_manifest *m, uint16_t style)
{
    const struct pse_style *s = pse_manifest_style(m, style);
    size_t at = 0;

    PSE_REQUIRE(s != NULL && s->choice_len <= DEMO_CHOICE_MAX);
    memset(choices, 0, DEMO_CHOICE_MAX);
    for (size_t i = 0; i < s->contests; i++) {
        const struct pse_contest *c = &m->contest[s->contest[i]];

        if (c->kind == PSE_KIND_MIX)
            PSE_TRY(choose_mix(choices + at, rng, c));
        else
            choose_values(choices + at, rng, c);
        at += c->choice_len;
    }
    return PSE_OK;
}

uint32_t demo_weight(struct pse_rng *rng)
{
    return 1 + (uint32_t)pse_rng_below(rng, 50);
}
