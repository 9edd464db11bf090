/* The plan of psephos serve: that of a small test election, or one that was given. */
#include <inttypes.h>
#include <stdio.h>

#include "psephos/serve.h"
#include "psephos/session.h"

enum { PLAN_MAX = 1 << 20, DAY = 86400, OPEN_DAYS = 7, RETAIN_DAYS = 365 };

static const char test_plan[] =
    "{\n"
    "  \"title\": {\"en\": \"Test election\"},\n"
    "  \"test\": true,\n"
    "  \"schedule\": {\"opens\": %" PRIu64 ", \"closes\": %" PRIu64 ", \"retain_until\": %" PRIu64
    "},\n"
    "  \"threshold\": %d,\n"
    "  \"mix_min\": %d,\n"
    "  \"min_list\": 1,\n"
    "  \"late_roster\": true,\n"
    "  \"ballots_max\": 20,\n"
    "  \"groups\": [{\"id\": 1, \"fallback\": 0}],\n"
    "  \"contests\": [\n"
    "    {\"id\": 1, \"kind\": \"mix\", \"title\": {\"en\": \"Chair of the society\"},\n"
    "     \"options\": [{\"en\": \"Rosa Bush\"}, {\"en\": \"Basil Pott\"}, {\"en\": \"Olive "
    "Tree\"}],\n"
    "     \"format\": \"ranking\", \"width\": 1, \"min\": 0, \"max\": 3},\n"
    "    {\"id\": 2, \"kind\": \"homomorphic\", \"title\": {\"en\": \"Shall we dig a well?\"},\n"
    "     \"options\": [{\"en\": \"Yes\"}, {\"en\": \"No\"}],\n"
    "     \"option_max\": 1, \"min\": 0, \"max\": 1, \"blank\": false}\n"
    "  ],\n"
    "  \"styles\": [{\"id\": 1, \"group\": 1, \"contests\": [1, 2]}],\n"
    "  \"counting\": {\"version\": 1, \"counts\": [\n"
    "    {\"rule\": \"irv\", \"seats\": 1, \"contest\": 1},\n"
    "    {\"rule\": \"yesno\", \"seats\": 1, \"contest\": 2}]}\n"
    "}\n";

static const char test_voters[] = "id,name,address,mail,style\r\n"
                                  "V1,Anna Aster,\"1 Lane\",anna@example.org,1\r\n"
                                  "V2,Bela Beet,\"2 Lane\",bela@example.org,1\r\n"
                                  "V3,Carl Cress,\"3 Lane\",carl@example.org,1\r\n";

static pse_rc write_text(const struct serve *s, const char *leaf, const char *text)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(serve_path(path, s, leaf));
    return file_write(s->name, path, pse_span_str(text), FILE_NEW);
}

static pse_rc write_test_plan(const struct serve *s)
{
    char text[sizeof test_plan + 128];
    uint64_t now = session_now();

    (void)snprintf(text, sizeof text, test_plan, now, now + (uint64_t)OPEN_DAYS * DAY,
                   now + (uint64_t)RETAIN_DAYS * DAY, SERVE_TRUSTEES - 1, SERVE_MIXERS);
    PSE_TRY(write_text(s, "registrar/list.csv", test_voters));
    return write_text(s, "office/plan.json", text);
}

static pse_rc copy_plan(const struct serve *s)
{
    struct pse_buf plan = PSE_BUF(PLAN_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc = file_read(&plan, s->name, s->plan, PLAN_MAX);

    if (rc == PSE_OK)
        rc = serve_path(path, s, "office/plan.json");
    if (rc == PSE_OK)
        rc = file_write(s->name, path, pse_buf_span(&plan), FILE_NEW);
    pse_buf_free(&plan);
    return rc;
}

pse_rc serve_write_plan(const struct serve *s)
{
    return s->plan == NULL ? write_test_plan(s) : copy_plan(s);
}
