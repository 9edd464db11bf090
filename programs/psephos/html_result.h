/* The result page: the outcome of an audit as one HTML file (common/html.h). */
#ifndef PSE_PSEPHOS_HTML_RESULT_H
#define PSE_PSEPHOS_HTML_RESULT_H

#include "../psephos-verify/outcome.h"

/** Where the page's reader finds the record; all may be empty. */
struct html_result_options {
    struct pse_span record; /* address or folder to put into the command that verifies */
};

/** The whole page into @p out (a maximum of some megabytes is right). Works for every verdict: a
 * record that is not accepted gives a page that says so and shows no result. Check the return.
 * PSE_E_MEMORY, PSE_E_LIMIT. */
PSE_MUST pse_rc html_result_put(struct pse_buf *out, const struct outcome *o,
                                const struct html_result_options *options);

#endif
