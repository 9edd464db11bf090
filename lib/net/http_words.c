/* What the server itself says when it refuses: for each slug one plain sentence on what happened
 * and one on what to do. */
#include "http_core.h"

static const struct {
    const char *slug;
    struct pse_http_detail words;
} table[] = {
    {"bad-request",
     {"The request is not well-formed",
      "The program that sent it does not speak HTTP as this server wants it. Nothing was done; use "
      "another program or a newer one."}},
    {"not-found", {"There is no such thing here", "Look whether the address is written right."}},
    {"method",
     {"This cannot be done at this address", "The header Allow says what can. Nothing was done."}},
    {"length-required",
     {"The length of what is sent is missing",
      "Send a Content-Length and no Transfer-Encoding. Nothing was done."}},
    {"too-large",
     {"What was sent is too long", "Nothing was done. A ballot is never so long; seal it again."}},
    {"uri-too-long", {"The address is too long", "Nothing was done; write it shorter."}},
    {"headers-too-large",
     {"The headers are too long",
      "Nothing was done. Clear this site's cookies, or use another program."}},
    {"content-type",
     {"What was sent is of another type than this address takes",
      "Nothing was done. The documentation of this server names the Content-Type."}},
    {"expectation", {"This expectation cannot be met", "Send the same without the header Expect."}},
    {"busy",
     {"Too busy just now", "Nothing was done. Send the same again after the time in Retry-After."}},
    {"overdue",
     {"No answer came in time", "It is not known whether it was done. Send the same again: what "
                                "was done is not done twice."}},
    {"stopping",
     {"This server is being started anew", "It is not known whether it was done. Send the same "
                                           "again after the time in Retry-After: what "
                                           "was done is not done twice."}},
    {"storage",
     {"Nothing can be stored just now", "It is not known whether it was done. Send the same again "
                                        "after the time in Retry-After; if it "
                                        "lasts, tell those who run this server."}},
    {"too-many", {"Too many requests", "Nothing was done. Wait for the time in Retry-After."}},
};

const struct pse_http_detail *http_words(const struct pse_http *s, const char *slug)
{
    const struct pse_http_detail *own = s->o.words == NULL ? NULL : s->o.words(slug);

    if (own != NULL)
        return own;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].slug, slug) == 0)
            return &table[i].words;
    return NULL;
}
