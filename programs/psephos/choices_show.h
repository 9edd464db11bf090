/* Choices in words, for a voter's own screen.
 *
 * For: psephos check, which shows what a ballot holds, and psephos vote, which shows what will be
 * sealed. Not for: results (html_result.h). */
#ifndef PSE_PSEPHOS_CHOICES_SHOW_H
#define PSE_PSEPHOS_CHOICES_SHOW_H

#include "election/election.h"

/** Append the title of @p c, "Chair (contest 1)", escaped. */
void choices_put_title(struct pse_buf *out, const struct pse_contest *c);
/** Append option @p number (1..K), escaped. */
void choices_put_option(struct pse_buf *out, const struct pse_contest *c, unsigned number);

/** Append the choice bytes of @p style, one contest a line. They have passed pse_choices_check. */
void choices_put(struct pse_buf *out, const struct pse_manifest *m, const struct pse_style *style,
                 const uint8_t *choices);
/** Print them on standard output. PSE_E_MEMORY. What was made of them here is wiped. */
PSE_MUST pse_rc choices_show(const struct pse_manifest *m, const struct pse_style *style,
                             const uint8_t *choices);

#endif
