/* What an officer's desk and the office (psephos officer serve) say to each other: one request,
 * signed with the officer's key, and its answer, which is JSON.
 *
 * For: psephos officer act. Not for: what a request means. Failures print one line. */
#ifndef PSE_PSEPHOS_DESK_H
#define PSE_PSEPHOS_DESK_H

#include "codec/codec.h"
#include "net/fetch.h"
#include "psephos/session.h"

struct desk_answer {
    struct pse_fetched got;
    struct pse_arena arena;
    const struct pse_json *root;
};

struct desk_request {
    bool post;
    const char *path, *type, *header; /* header may be NULL */
    struct pse_span body;
};

/** Ask the office at @p office (http://… or unix:PATH) in the name of the session's key. PSE_E_IO:
 * no answer; PSE_E_STATE: it refuses. The answer is to be freed in every case. */
PSE_MUST pse_rc desk_ask(struct desk_answer *a, struct session *s, const char *office,
                         const struct desk_request *q);
PSE_MUST pse_rc desk_get(struct desk_answer *a, struct session *s, const char *office,
                         const char *path);
PSE_MUST pse_rc desk_post(struct desk_answer *a, struct session *s, const char *office,
                          const char *path, const char *type, struct pse_span body);
/** Safe on a zeroed struct. */
void desk_answer_free(struct desk_answer *a);

/** A string, a number of the answer that is an object; empty, 0 when it has none. The string lives
 * as long as the answer. */
struct pse_span desk_member(const struct desk_answer *a, const char *name);
uint64_t desk_number(const struct desk_answer *a, const char *name);
/** The answer as it came, on standard output. */
void desk_print(const struct desk_answer *a);

#endif
