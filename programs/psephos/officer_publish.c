/* psephos officer publish: verify a record and write the result page. */
#include <stdio.h>

#include "common/files.h"
#include "psephos/html_result.h"
#include "psephos/inspect.h"
#include "psephos/officer.h"
#include "psephos/verbs.h"

struct publish_options {
    struct session_options common;
    const char *html, *address;
};

static pse_rc publish(struct session *s, const struct publish_options *o)
{
    struct inspect inspect;
    struct html_result_options page = {.record =
                                           pse_span_str(o->address == NULL ? "" : o->address)};
    pse_rc rc;

    PSE_TRY(session_want(s, o->common.record, "record DIR"));
    PSE_TRY(session_want(s, o->html, "html FILE"));
    PSE_TRY(session_begin(s, s->name, &o->common));
    PSE_TRY(session_follow(s));
    rc = inspect_record(&inspect, s->name, s->dir, s->g, &s->rng,
                        o->common.eid.given ? &o->common.eid.value : NULL, o->common.quiet);
    if (rc == PSE_OK)
        rc = inspect_write_html(&inspect, s->name, o->html, &page);
    if (rc == PSE_OK)
        session_say(s, "%s: %s", o->html, outcome_verdict(&inspect.outcome));
    if (rc == PSE_OK && outcome_exit(&inspect.outcome) == VERIFY_EXIT_REFUSED) {
        cli_error(s->name,
                  "the record was not accepted, and the page says so; run psephos-verify %s",
                  s->dir);
        rc = PSE_E_PROOF;
    }
    inspect_free(&inspect);
    return rc;
}

int officer_publish(int argc, char **argv)
{
    struct publish_options o = {.html = NULL};
    struct session s = {.name = "psephos officer publish", .options = &o.common};
    const struct cli_option options[] = {
        SESSION_FOLLOW(&o.common),
        SESSION_EID(&o.common),
        CLI_TEXT("html", "FILE", &o.html, "the page to write; an older one is replaced"),
        CLI_TEXT("address", "URL", &o.address, "where the public finds the record"),
        SESSION_QUIET(&o.common),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--record DIR --html FILE [--address URL]",
        .about =
            "Verify the record and write its result as one HTML file, readable without scripts.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return session_end(&s, publish(&s, &o), NULL);
}
