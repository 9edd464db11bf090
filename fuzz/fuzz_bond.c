/* Bonds: what parses writes the same bytes, and judging it under no authority never says good. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct pse_bond *b, const struct pse_group *g,
                  const struct pse_anchors *nobody)
{
    const pse_hash eid = {{1}};
    const struct pse_bond_rules rules = {.g = g, .eid = &eid, .people = nobody, .stamps = nobody};
    char name[PSE_BOND_NAME_MAX];
    struct pse_bond_verdict v;
    struct pse_span signature;

    pse_bond_judge(&v, b, &rules);
    pse_bond_verdict_name(name, &v);
    PSE_REQUIRE(v.fault != PSE_BOND_GOOD && name[0] != '\0');
    pse_bond_judge_signature(&v, &signature, b, &rules);
    PSE_REQUIRE(v.fault != PSE_BOND_GOOD && signature.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pse_group *g;
    struct pse_buf out = PSE_BUF(PSE_BOND_MAX);
    struct pse_anchors *nobody;
    struct pse_bond b;

    if (g == NULL)
        PSE_REQUIRE(pse_group_new(&g, PSE_BACKEND_AUTO, NULL) == PSE_OK);
    if (pse_bond_parse(&b, pse_span(data, size)) != PSE_OK)
        return 0;
    PSE_REQUIRE(pse_bond_write(&out, &b) == PSE_OK);
    PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&out), pse_span(data, size)));
    pse_buf_free(&out);
    if (pse_anchors_new(&nobody) != PSE_OK)
        return 0;
    judge(&b, g, nobody);
    pse_anchors_free(nobody);
    return 0;
}
