/* What either side of the second-device check takes from a relay: the first byte picks the side and
 * the step, the rest is the message. Both have come so far by an honest dialogue about an honest
 * ballot. Nothing may be accepted, since nobody fuzzes a key, and then nothing more may be taken.
 */
#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BALLOT_ARENA = 1 << 20, STYLE = 9 };

static const struct sample *sample;
static struct pse_rng rng;
static uint8_t entry[PSE_ENTRY_MAX];
static struct pse_dialogue_ballot about;

static void start(void)
{
    static const char chosen[] =
        "{\"4\":{\"text\":\"Zoe\"},\"3\":{\"values\":[3,0]},\"5\":{\"options\":[2]}}";
    PSE_ARENA(arena, BALLOT_ARENA);
    struct pse_ballot_plan plan;
    struct pse_ballot_random random;
    uint8_t seed[32] = {5};
    uint8_t choices[256];
    pse_secret d;

    sample = sample_get();
    pse_rng_init(&rng, seed);
    pse_secret_random(&d, &rng);
    plan = (struct pse_ballot_plan){.joint = &sample->joint,
                                    .m = sample->m,
                                    .style = pse_manifest_style(sample->m, STYLE),
                                    .d = &d,
                                    .choices = choices};
    PSE_REQUIRE(pse_choices_parse(choices, NULL, sample->m, plan.style, pse_span_str(chosen)) ==
                PSE_OK);
    PSE_REQUIRE(pse_ballot_random_draw(&random, &arena, &rng, sample->m, plan.style) == PSE_OK);
    PSE_REQUIRE(pse_ballot_build(entry, &plan, &random) == PSE_OK);
    about = (struct pse_dialogue_ballot){sample->m, pse_span(entry, plan.style->ballot_len), 7};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PSE_ARENA(arena, PSE_DIALOGUE_ROOM);
    PSE_SECRET(pse_dialogue_page, page);
    PSE_SECRET(pse_dialogue_device, device);
    uint8_t box1[PSE_DIALOGUE_BOX1], box2[PSE_DIALOGUE_BOX2];
    const struct pse_style *style;
    const uint8_t *choices;
    struct pse_span in;
    char digits[7];

    if (sample == NULL)
        start();
    if (size < 1)
        return 0;
    in = pse_span(data + 1, size - 1);
    pse_dialogue_page_begin(&page, &rng, &sample->joint, &about, pse_span(NULL, 0),
                            pse_span(NULL, 0));
    pse_dialogue_device_begin(&device, box1, &rng, &sample->joint, &page.qr);
    if (data[0] % 3 == 0) {
        PSE_REQUIRE(pse_dialogue_page_answer(&page, box2, &rng, in) != PSE_OK);
        PSE_REQUIRE(pse_dialogue_page_compare(&page, "000000") == PSE_E_STATE);
        return 0;
    }
    if (data[0] % 3 == 1) {
        PSE_REQUIRE(pse_dialogue_device_digits(&device, digits, in) != PSE_OK);
        PSE_REQUIRE(pse_dialogue_device_choices(&device, &choices, &style, &arena, &about, in) ==
                    PSE_E_STATE);
        return 0;
    }
    PSE_REQUIRE(pse_dialogue_page_answer(&page, box2, &rng, pse_span(box1, sizeof box1)) == PSE_OK);
    PSE_REQUIRE(pse_dialogue_device_digits(&device, digits, pse_span(box2, sizeof box2)) == PSE_OK);
    PSE_REQUIRE(pse_dialogue_device_choices(&device, &choices, &style, &arena, &about, in) !=
                PSE_OK);
    PSE_REQUIRE(choices == NULL);
    return 0;
}
