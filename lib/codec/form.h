/* Form encoding (application/x-www-form-urlencoded): queries of addresses and what forms send.
 *
 * Reading walks over name=value pairs and decodes each into room that the caller gives, at least as
 * long as the form, so that it can be wiped. A percent sign without two digits, and a zero byte,
 * are refused. What a name means, and that it stands there once, is the caller's. */
#ifndef PSE_CODEC_FORM_H
#define PSE_CODEC_FORM_H

#include "base/base.h"

struct pse_form {
    struct pse_span left; /* of the form */
    char *room;           /* what is left of it */
};

/** Read @p form; decoded texts will lie in @p room, of at least form.n bytes. */
struct pse_form pse_form(struct pse_span form, char *room);
/** The next pair; a name without "=" has an empty value. PSE_E_MISSING: there is none left;
 * PSE_E_SYNTAX. */
PSE_MUST pse_rc pse_form_next(struct pse_span *name, struct pse_span *value, struct pse_form *f);

/** Append percent-encoded: all but letters, digits and -._~ */
void pse_form_put(struct pse_buf *out, struct pse_span text);
/** Append name=value, with "&" before it unless @p out is empty or ends with "?". @p name is plain.
 */
void pse_form_pair(struct pse_buf *out, const char *name, struct pse_span value);

#endif
