#include "store/steps.h"

#define PSE_STEP_TEXT(name, text) text,
static const char *const names[] = {PSE_STEP_TABLE(PSE_STEP_TEXT)};

const char *pse_step_name(enum pse_step step)
{
    PSE_REQUIRE((size_t)step < PSE_STEPS);
    return names[step];
}

pse_rc pse_step_before(const struct pse_steps *steps, enum pse_step step, size_t *bytes)
{
    return steps == NULL ? PSE_OK : steps->at(steps->ctx, step, false, bytes);
}

pse_rc pse_step_after(const struct pse_steps *steps, enum pse_step step)
{
    return steps == NULL ? PSE_OK : steps->at(steps->ctx, step, true, NULL);
}
