/* Making a ballot: nothing depends on the choices, the encryption secrets, the proofs' nonces or
 * the voter's secret. */
#include "ct.h"
#include "election/ballot.h"

/* Two contests by hand, one of each kind; the parts of a manifest that building looks at. */
static struct pse_contest contest[2] = {
    {.id = 1,
     .kind = PSE_KIND_HOMOMORPHIC,
     .options = 3,
     .min = 1,
     .max = 2,
     .option_max = 2,
     .blank = true,
     .ciphertexts = 3,
     .choice_len = 3},
    {.id = 2,
     .kind = PSE_KIND_MIX,
     .options = 4,
     .min = 0,
     .max = 4,
     .format = PSE_FORMAT_RANKING,
     .width = 2,
     .ciphertexts = 2,
     .choice_len = 60},
};
static uint16_t order[2] = {0, 1};
static uint32_t part_at[2];
static struct pse_style style = {.id = 7,
                                 .contests = 2,
                                 .contest = order,
                                 .part_at = part_at,
                                 .choice_len = 63,
                                 .ciphertexts = 5,
                                 .has_mix = true};
static struct pse_manifest manifest = {
    .contest = contest, .contests = 2, .style = &style, .styles = 1, .has_mix = true};

static void lay_out(void)
{
    const struct pse_hom_rule rule = pse_contest_rule(&contest[0]);

    contest[0].part_len = (uint32_t)pse_hom_size(&rule);
    contest[1].part_len = (uint32_t)pse_mixpok_size(2);
    part_at[0] = 102;
    part_at[1] = 102 + contest[0].part_len + 2;
    style.ballot_len = part_at[1] + contest[1].part_len + 64;
}

static void mark_secret(struct pse_ballot_random *random, pse_secret *d, uint8_t choices[63])
{
    for (size_t i = 0; i < style.ciphertexts; i++)
        CT_SECRET(random->r[i]);
    for (size_t i = 0; i < random->proof_n; i++)
        CT_SECRET(random->proof[i]);
    CT_SECRET(random->sign);
    CT_SECRET(*d);
    for (size_t i = 0; i < 63; i++)
        CT_SECRET(choices[i]);
}

static void build(const struct pse_group *g, struct pse_rng *rng)
{
    PSE_ARENA(arena, 1 << 20);
    uint8_t choices[63] = {0, 2, 0, 2, 3, 4, 1, 2}, entry[4096];
    struct pse_ballot_random random;
    struct pse_ballot_plan plan = {.m = &manifest, .style = &style, .choices = choices};
    struct pse_ballot_check check;
    struct pse_joint joint;
    struct pse_span raw;
    pse_secret d, y;
    pse_enc key;

    pse_secret_random(&d, rng);
    pse_secret_random(&y, rng);
    pse_credential_public(&key, g, &y);
    CT_CHECK(pse_joint_init(&joint, g, &manifest.eid, key.b) == PSE_OK);
    CT_CHECK(pse_ballot_random_draw(&random, &arena, rng, &manifest, &style) == PSE_OK);
    plan.joint = &joint;
    plan.d = &d;
    mark_secret(&random, &d, choices);
    CT_CHECK(pse_ballot_build(entry, &plan, &random) == PSE_OK);
    CT_PUBLIC(entry);
    raw = pse_span(entry, style.ballot_len);
    CT_CHECK(pse_ballots_verify(&check, rng, &joint, &manifest, &raw, 1) == PSE_OK);
    CT_CHECK(check.faults == 0);
    pse_joint_clear(&joint);
}

int main(int argc, char **argv)
{
    const uint8_t seed[32] = {4};
    struct pse_group *g;
    PSE_RNG(rng);

    if (ct_leaks_on_purpose(argc, argv))
        return 0;
    pse_rng_init(&rng, seed);
    lay_out();
    CT_CHECK(pse_group_new(&g, PSE_BACKEND_PORTABLE, NULL) == PSE_OK);
    build(g, &rng);
    pse_group_free(g);
    return 0;
}
