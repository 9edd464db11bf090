/* Voting letters as PDF: real text in reading order, embedded fonts, a QR code and the same code
 * in large type (libharu, libqrencode).
 *
 * For: many letters in one file, each beginning on a page of its own, or one file a letter. Text is
 * set from left to right in one font file (TrueType, every script it has); scripts that join or
 * run from right to left need another typesetter, fed with the text form of the letters. The
 * library's memory is wiped when it is given back, for letters are secrets.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_LETTER_PDF_H
#define PSE_PROGRAMS_LETTER_PDF_H

#include "base/base.h"

#define LETTER_FONT "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf" /* fonts-dejavu-core */

struct letter_pdf;

/** An empty document. @p font: a TrueType file; @p language: BCP 47 tag of the text, for screen
 * readers; @p title: of the document. PSE_E_MISSING: no such font. */
PSE_MUST pse_rc letter_pdf_new(struct letter_pdf **pdf, const char *name, const char *font,
                               const char *language, const char *title);
/** NULL is fine. */
void letter_pdf_free(struct letter_pdf *pdf);
/** One letter: the filled template (letter_text.h); @p qr is what the QR code says. */
PSE_MUST pse_rc letter_pdf_add(struct letter_pdf *pdf, struct pse_span text, const char *qr);
/** Write all letters so far into the new file @p path (0600). */
PSE_MUST pse_rc letter_pdf_write(struct letter_pdf *pdf, const char *path);

#endif
