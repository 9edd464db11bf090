/* What the parts of `psephos officer act` share: the options of its verbs, and orders made of them.
 * Failures print one line. */
#ifndef PSE_PSEPHOS_OFFICER_ACT_H
#define PSE_PSEPHOS_OFFICER_ACT_H

#include "common/order.h"
#include "psephos/desk.h"

struct act_options {
    struct session_options common; /* key, quiet */
    const char *officer;
    const char *what, *about, *act, *file, *signature, *id;
    struct cli_list set;
    bool wait, json;
};

/** What waits, asked of the office, so that the officer need not type hashes. What an order is made
 * of is borrowed from here. */
struct act_lookups {
    struct desk_answer answer;
    char through[PSE_DECIMAL_TEXT];
};

/** The order of --what and --set, appended; a list of --file goes to the office on the way.
 * PSE_E_SYNTAX, PSE_E_MISSING: not an order; as desk_ask. */
PSE_MUST pse_rc act_order(struct pse_buf *out, struct act_lookups *l, struct session *s,
                          const struct act_options *o);
/** Post the file of --file; @p header may be NULL. PSE_E_MISSING, PSE_E_IO; as desk_ask. */
PSE_MUST pse_rc act_send_file(struct desk_answer *a, struct session *s, const struct act_options *o,
                              const char *path, const char *type, const char *header);
/** The header that gives the signature of a list; NULL when there is none. */
const char *act_list_header(char header[128], struct pse_span signature);

#endif
