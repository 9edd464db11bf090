#include "common/demo_guard.h"

#include "common/options.h"

pse_rc demo_guard_test_only(const char *name, const struct pse_manifest *m)
{
    if (m->test)
        return PSE_OK;
    cli_error(name, "this election is no test, and a demo authority proves nobody's identity; "
                    "configure a real one, or mark the manifest \"test\": true");
    return PSE_E_UNSUPPORTED;
}

pse_rc demo_guard(const char *name, const struct pse_anchors *anchors, const struct pse_manifest *m)
{
    if (!pse_anchors_are_demo(anchors))
        return PSE_OK;
    PSE_TRY(demo_guard_test_only(name, m));
    cli_note(name, "DEMO identities are taken: they prove nothing, and this election is a test");
    return PSE_OK;
}
