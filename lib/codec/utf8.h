/* UTF-8 (RFC 3629), strictly: well-formed, shortest form, no surrogates, at most U+10FFFF.
 *
 * Also the escaping that every screen applies before it shows text from outside (protocol 10:
 * viewers escape control and bidirectional characters). No normalisation, no case folding. */
#ifndef PSE_CODEC_UTF8_H
#define PSE_CODEC_UTF8_H

#include "base/base.h"

/** One code point from the front of @p text; the span moves past it. PSE_E_ENCODING (nothing
 * moved) when it does not start with a well-formed one, PSE_E_LENGTH when it is empty. */
PSE_MUST pse_rc pse_utf8_next(uint32_t *out, struct pse_span *text);

/** Append one code point (<= U+10FFFF and no surrogate: PSE_REQUIRE). */
void pse_utf8_put(struct pse_buf *b, uint32_t code_point);
/** The same into 1..4 bytes at @p out; returns how many. */
size_t pse_utf8_encode(uint8_t out[4], uint32_t code_point);

/** Well-formed from end to end; empty text is. */
bool pse_utf8_is_valid(struct pse_span text);

/** Number of code points. PSE_E_ENCODING when not well-formed. */
PSE_MUST pse_rc pse_utf8_count(size_t *out, struct pse_span text);

/** Offset of the first byte that is not part of well-formed UTF-8; text.n when there is none. */
size_t pse_utf8_fault(struct pse_span text);

/** Unicode property White_Space. */
bool pse_utf8_is_space(uint32_t code_point);

/** C0, DEL, C1, and the characters that change the direction or order of others (U+061C,
 * U+200E-200F, U+202A-202E, U+2066-2069), line and paragraph separators, U+FEFF. */
bool pse_utf8_is_unsafe(uint32_t code_point);

/** Append @p text for display on one line: unsafe characters become \u{hhhh}, a backslash becomes
 * \\, bytes that are not well-formed become \x{hh}. Never fails but by the buffer's maximum. */
void pse_utf8_put_escaped(struct pse_buf *b, struct pse_span text);

#endif
