/* A fixed election for targets that need one: the manifest of tests/vectors/psephos1/frame.json,
 * and the joint key of the ballots there. Made once for the process. */
#ifndef PSE_FUZZ_SAMPLE_H
#define PSE_FUZZ_SAMPLE_H

#include "election/election.h"

// clang-format off
static const char sample_manifest[] =
    "{\"protocol\":\"psephos/1\",\"nonce\":\"f4b29acfa8008266458158e5fbb9eaa0d3dcb0a4451a1caa"
    "9888c39f26bf6b0e\",\"test\":false,\"title\":{\"en\":\"Test election\",\"et\":\"Proovival"
    "imine\"},\"log\":{\"origin\":\"log.example/psephos-vectors\",\"key\":\"log.example/pseph"
    "os-vectors+148dc918+Adf24aemSqrdRupbaPQHhNc9GdKggPmqtTOmBW/4lOfW\"},\"policy\":\"f8e7177"
    "6a8cd9e518719b1004553884b71750db80037dfc2475d00564e37555f\",\"schedule\":{\"opens\":1790"
    "000000,\"closes\":1790003600,\"retain_until\":1821536000},\"authority\":\"75980d0e503028"
    "59eda7e598d66eb046307482140ffd96f816bbc60cdcde56a5\",\"registrar\":\"6c5394e6f575c4ba1b1"
    "1bb7b25389f38a8d0612e8287cae9c3b387c03159a7f6\",\"board\":\"56a025bbabb211087900b744433d"
    "4a1821a61f4baca05e4dd7830531cce35933\",\"trustees\":[{\"name\":\"Trustee 1\",\"sign\":\""
    "ba69391e6bb0c358112254366c6ae2ce915074c2124df271bd21fca2ce416533\",\"share\":\"2859a0c91"
    "20ff64302dc3ee9a4a020d9fbc44d383d86c957c3bc13f017061450\"},{\"name\":\"Trustee 2\",\"sig"
    "n\":\"8509e99dc939f120bf17d375af2f35fe7b18051e295b742884b8628b4d9dfc85\",\"share\":\"f0f"
    "637c483a6bd4a2e1b558f206e8131786a8842e63210a554ce3ebe72f0ee36\"},{\"name\":\"Trustee 3\""
    ",\"sign\":\"bcda0e60b825b1d78f8a0f9d985cf95d753e8aa747066bc3c62337e3f9e38111\",\"share\""
    ":\"b08c7ff70fb64d8690e4061ce2853515bc4701e253a72ab2ccf3a7b3fba25936\"}],\"threshold\":2,"
    "\"mixers\":[{\"name\":\"Mixer 1\",\"sign\":\"fb9adab5d72a6e6a8f14d7b838df31c4d33bf474880"
    "f69f0143ffbafd927001d\"},{\"name\":\"Mixer 2\",\"sign\":\"323c7e71778642ce9d76524bc35379"
    "c050066a691e648c7a1b6325a2c5777ee9\"}],\"mix_min\":1,\"min_list\":1,\"late_roster\":true"
    ",\"ballots_max\":100,\"groups\":[{\"id\":1,\"fallback\":0}],\"contests\":[{\"id\":1,\"ki"
    "nd\":\"homomorphic\",\"title\":{\"en\":\"Chair\"},\"options\":[{\"en\":\"Ada\"},{\"en\":"
    "\"Berta\"},{\"en\":\"Carl\"}],\"option_max\":1,\"min\":0,\"max\":1,\"blank\":false},{\"i"
    "d\":2,\"kind\":\"mix\",\"title\":{\"en\":\"Order\"},\"options\":[{\"en\":\"Ada\"},{\"en"
    "\":\"Berta\"},{\"en\":\"Carl\"},{\"en\":\"Dora\"}],\"format\":\"ranking\",\"width\":1,\""
    "min\":0,\"max\":4},{\"id\":3,\"kind\":\"homomorphic\",\"title\":{\"en\":\"Points\"},\"op"
    "tions\":[{\"en\":\"Ada\"},{\"en\":\"Berta\"}],\"option_max\":3,\"min\":2,\"max\":4,\"bla"
    "nk\":true},{\"id\":4,\"kind\":\"mix\",\"title\":{\"en\":\"Name\"},\"options\":[{\"en\":"
    "\"Ada\"},{\"en\":\"Berta\"},{\"en\":\"Carl\"}],\"format\":\"choice-text\",\"width\":2,\""
    "min\":0,\"max\":1},{\"id\":5,\"kind\":\"homomorphic\",\"title\":{\"en\":\"Approve\"},\"o"
    "ptions\":[{\"en\":\"Ada\"},{\"en\":\"Berta\"}],\"option_max\":1,\"min\":0,\"max\":2,\"bl"
    "ank\":false}],\"styles\":[{\"id\":1,\"group\":1,\"contests\":[1,2]},{\"id\":9,\"group\":"
    "1,\"contests\":[4,3,5]}],\"documents\":[{\"name\":\"rules\",\"sha256\":\"6c621d1a05138a7"
    "888d37d9269a9da8e2e11e4aced2f6cfd24b05ab1b9e61bb0\"}]}";
// clang-format on

struct sample {
    struct pse_group *g;
    struct pse_arena arena;
    struct pse_manifest *m;
    struct pse_joint joint;
};

static inline const struct sample *sample_get(void)
{
    static const uint8_t y[32] = {
        0x96, 0x64, 0x90, 0x3b, 0x1c, 0xe8, 0xcc, 0xca, 0x19, 0x1b, 0x41,
        0xa6, 0xe3, 0x4e, 0x11, 0x38, 0xb3, 0x1c, 0xaa, 0xe9, 0xd7, 0x46,
        0xd9, 0xd4, 0x33, 0x09, 0xb7, 0xd2, 0x7d, 0xe1, 0x4f, 0x0e,
    };
    static struct sample s;

    if (s.m == NULL) {
        pse_arena_init(&s.arena, PSE_MANIFEST_ARENA_MAX);
        PSE_REQUIRE(pse_group_new(&s.g, PSE_BACKEND_AUTO, NULL) == PSE_OK);
        PSE_REQUIRE(pse_manifest_parse(&s.m, &s.arena, NULL, s.g, pse_span_str(sample_manifest)) ==
                    PSE_OK);
        PSE_REQUIRE(pse_joint_init(&s.joint, s.g, &s.m->eid, y) == PSE_OK);
    }
    return &s;
}

#endif
