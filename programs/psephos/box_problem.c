/* What a front tells clients that it refuses: one stable slug, one plain sentence. */
#include "psephos/box_front.h"

struct problem {
    const char *slug;
    unsigned status;
    const char *title;
    const char *detail;
};

static const struct problem problems[] = {
    {"malformed", 422, "This is not a ballot of this election",
     "The bytes are not a ballot that this election's manifest allows. Seal it again."},
    {"refused", 422, "The ballot does not hold",
     "A rule of the protocol fails. Nothing was recorded; seal the ballot again."},
    {"stale", 409, "A later ballot was cast with this credential",
     "The ballot names an older one than the latest. Tell the voter of that ballot, then seal "
     "again "
     "on top of it."},
    {"not-open", 409, "The election is not open yet", "Ballots are taken once it is open."},
    {"closed", 409, "The election is closed", "Ballots are no longer taken. Nothing was recorded."},
    {"state", 409, "The election is not in a state for this",
     "The entry does not fit what was recorded before it. Read the record again."},
    {"refused-entry", 422, "The entry does not hold",
     "A rule of the protocol fails. It was not recorded; read the record again and make it anew."},
    {"parcel", 422, "This is no parcel of a trustee or mixer",
     "It must hold entries of this election and only blobs that they name."},
    {"role", 403, "Not over this address",
     "Entries of the authority, the registrar and the board go through the officers' service."},
    {"signature", 422, "An entry is not signed by its role", "The manifest names another key."},
    {"taken", 409, "Something else is there", "The first message under a name stays."},
    {"empty", 422, "A message needs at least one byte", "Nothing was kept."},
    {"too-many", 429, "Too many requests", "Wait for the time in Retry-After."},
    {"too-many-ballots", 429, "Too many ballots with this credential",
     "Nothing was recorded, and what was recorded before stands. Send the same bytes again after "
     "the "
     "time in Retry-After."},
    {"busy", 503, "Too busy", "Send the same bytes again after the time in Retry-After."},
    {"unavailable", 503, "The ballot box cannot record just now",
     "Nothing was recorded. Send the same bytes again after the time in Retry-After."},
    {"outcome-unknown", 503, "Not known whether it was recorded",
     "Send the same bytes again: if they were recorded, the same receipt comes back."},
    {"not-found", 404, "There is no such thing here", "Nothing is recorded under this name."},
    {"bad-request", 400, "The request is not well-formed",
     "See docs/services of psephos for what this address takes."},
};

const struct pse_http_detail *front_words(const char *slug)
{
    static const struct {
        const char *slug;
        struct pse_http_detail words;
    } own[] = {
        {"reduced",
         {"This is switched off for now, so that voters get through",
          "Casting, receipts and the election's view go on. For the record ask a mirror; for the "
          "rest come back after the time in Retry-After."}},
        {"unavailable",
         {"The ballot box cannot record just now",
          "Nothing was recorded. Send the same bytes again after the time in Retry-After."}},
        {"session",
         {"A login is needed, or the one you have is over",
          "Nothing was recorded. Log in again, then send the same bytes."}},
        {"busy",
         {"The ballot box is too busy just now",
          "Nothing was recorded. Send the same bytes again after the time in Retry-After."}},
        {"overdue",
         {"No answer came in time",
          "It is not known whether it was recorded. Send the same bytes again: if they were "
          "recorded, the same receipt comes back."}},
        {"stopping",
         {"The ballot box is being started anew",
          "It is not known whether it was recorded. Send the same bytes again after the time in "
          "Retry-After: if they were recorded, the same receipt comes back."}},
    };

    for (size_t i = 0; i < CLI_COUNT(own); i++)
        if (strcmp(own[i].slug, slug) == 0)
            return &own[i].words;
    return NULL;
}

void front_problem(struct pse_http_call *call, const char *slug, const char *name,
                   const char *value)
{
    for (size_t i = 0; i < CLI_COUNT(problems); i++) {
        const struct problem *p = &problems[i];
        const struct pse_http_detail d = {p->title, p->detail, name, value};

        if (strcmp(p->slug, slug) != 0)
            continue;
        pse_http_problem_with(call, p->status, slug, &d);
        return;
    }
    PSE_REQUIRE(false); /* a problem without words */
}
