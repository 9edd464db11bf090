/* What psephos-verify prints: the outcome of an audit in words, or as one JSON object. */
#ifndef PSE_VERIFY_REPORT_H
#define PSE_VERIFY_REPORT_H

#include "outcome.h"

/** Everything for people, on standard output; @p quiet: findings and the verdict only. PSE_E_MEMORY
 * when something could not be shown. */
PSE_MUST pse_rc report_text(const struct outcome *o, bool quiet);

/** One JSON object on standard output, docs/man/psephos-verify.1 names its members. */
PSE_MUST pse_rc report_json(const struct outcome *o);

#endif
