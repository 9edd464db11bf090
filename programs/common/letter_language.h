/* The language of a PDF, for screen readers. libharu's plain interface has no word for it; its
 * objects do, in a file of their own, for the two interfaces cannot be included together. */
#ifndef PSE_PROGRAMS_LETTER_LANGUAGE_H
#define PSE_PROGRAMS_LETTER_LANGUAGE_H

/** Set /Lang of the document's catalog. A failure goes to the document's error handler. */
void letter_set_language(void *doc, const char *language);

#endif
