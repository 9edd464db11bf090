/* Values of configuration keys, inside the room: text to value. */
#ifndef PSE_DAEMON_CONFIG_VALUE_H
#define PSE_DAEMON_CONFIG_VALUE_H

#include "daemon/config.h"

/** Set the field of @p k in @p settings from @p text. PSE_E_SYNTAX, PSE_E_RANGE, PSE_E_LENGTH;
 * @p fault then holds what was wanted, as the end of a sentence. */
PSE_MUST pse_rc pse_conf_set_value(void *settings, struct pse_fault *fault,
                                   const struct pse_conf_key *k, struct pse_span text);

/** A bound of @p k in its unit: "250 ms", "16 KiB", "8". */
void pse_conf_put_bound(struct pse_buf *b, const struct pse_conf_key *k, uint64_t x);

#endif
