/* What stands on a voting letter: a template in any language, filled in for one voter.
 *
 * A template is UTF-8 text. {{title}}, {{name}}, {{address}}, {{code}}, {{voter}} and {{election}}
 * are replaced; a line that is {{qr}} alone is where the QR code goes; a line that begins with "# "
 * is a heading, one with "! " is set large (the code, so that it can be read and typed). {{code}}
 * and {{voter}} must be there. Not for: how it is drawn (letter_pdf.h). */
#ifndef PSE_PROGRAMS_LETTER_TEXT_H
#define PSE_PROGRAMS_LETTER_TEXT_H

#include "base/base.h"

struct letter_fields {
    struct pse_span title, name, address, code, voter, election;
};

/** The template used when none is given. */
struct pse_span letter_template(void);
/** PSE_E_ENCODING: not UTF-8; PSE_E_MISSING: without {{code}} or {{voter}}; PSE_E_SYNTAX: a field
 * that does not exist. */
PSE_MUST pse_rc letter_template_check(struct pse_span text);
/** Append the letter; {{qr}} stays for whoever draws. The buffer holds a secret then: its owner
 * wipes it. */
void letter_fill(struct pse_buf *out, struct pse_span text, const struct letter_fields *f);

#endif
