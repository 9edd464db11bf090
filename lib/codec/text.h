/* Text encodings of bytes and numbers: hexadecimal, base64, Crockford base32, decimal.
 *
 * Each has exactly one accepted form (canonical); only pse_code_read, for what people type, is
 * tolerant, and its result is encoded again before it is compared with anything. Decoders write
 * exactly the number of bytes asked for, and on failure zero them. Encoders that return text into
 * an array end it with a zero byte. Hexadecimal is constant time in the digits and may carry keys;
 * the others look up and branch on their data and are not for secrets. */
#ifndef PSE_CODEC_TEXT_H
#define PSE_CODEC_TEXT_H

#include "base/base.h"

/* --- hexadecimal, lower case ---------------------------------------------------------------- */

/** 2n digits and a zero byte into @p out. */
void pse_hex_encode(char *out, const void *in, size_t n);
/** Append 2n digits. */
void pse_hex_put(struct pse_buf *b, const void *in, size_t n);
/** Exactly 2n digits 0-9a-f. PSE_E_LENGTH, or PSE_E_SYNTAX for another character. */
PSE_MUST pse_rc pse_hex_decode(void *out, size_t n, struct pse_span text);

/* --- base64, RFC 4648 section 4, padded, canonical ------------------------------------------- */

/** Characters for @p n bytes, padding included. n <= SIZE_MAX / 2. */
size_t pse_base64_length(size_t n);
void pse_base64_put(struct pse_buf *b, const void *in, size_t n);
/** Number of bytes that @p text stands for, after checking all of it: alphabet, padding, length a
 * multiple of 4, unused bits zero. PSE_E_SYNTAX otherwise. */
PSE_MUST pse_rc pse_base64_check(size_t *n, struct pse_span text);
/** Exactly @p n bytes. PSE_E_SYNTAX as above, PSE_E_LENGTH when it stands for another number. */
PSE_MUST pse_rc pse_base64_decode(void *out, size_t n, struct pse_span text);
/** The first @p n bytes only, of a text that stands for at least as many. */
PSE_MUST pse_rc pse_base64_decode_prefix(void *out, size_t n, struct pse_span text);

/* --- base64url, RFC 4648 section 5, without padding, canonical ------------------------------- */

void pse_base64url_put(struct pse_buf *b, const void *in, size_t n);
PSE_MUST pse_rc pse_base64url_check(size_t *n, struct pse_span text);
PSE_MUST pse_rc pse_base64url_decode(void *out, size_t n, struct pse_span text);

/* --- Crockford base32 of the protocol (section 6.3) ------------------------------------------ */

enum {
    PSE_TRACKER_BYTES = 10,
    PSE_TRACKER_TEXT = 20, /* with final zero: xxxx-xxxx-xxxx-xxxx */
    PSE_VOTER_CODE_BYTES = 15,
    PSE_VOTER_CODE_TEXT = 30, /* six groups of four */
    PSE_CODE_BYTES_MAX = 40,
};

/** @p n bytes (a multiple of 5, 5..40) as groups of four characters joined by hyphens, and a zero
 * byte: 2n characters in all. Alphabet 0123456789abcdefghjkmnpqrstvwxyz, most significant bit
 * first. */
void pse_code_encode(char *out, const uint8_t *in, size_t n);
/** The exact form that pse_code_encode gives. PSE_E_LENGTH or PSE_E_SYNTAX. */
PSE_MUST pse_rc pse_code_decode(uint8_t *out, size_t n, struct pse_span text);
/** What a person typed: upper case is lowered, i and l read as 1, o as 0, spaces and hyphens
 * anywhere are skipped. PSE_E_LENGTH when more or fewer than 8n/5 characters remain,
 * PSE_E_SYNTAX for any other character. */
PSE_MUST pse_rc pse_code_read(uint8_t *out, size_t n, struct pse_span typed);

/* --- lines ----------------------------------------------------------------------------------- */

/** The first line of @p text without its LF; @p text moves behind it. PSE_E_SYNTAX (nothing moved)
 * when no LF is left. */
PSE_MUST pse_rc pse_line_take(struct pse_span *line, struct pse_span *text);

/* --- decimal --------------------------------------------------------------------------------- */

enum { PSE_DECIMAL_TEXT = 21 /* 20 digits and a zero byte */ };

/** Returns the number of digits written before the final zero byte. */
size_t pse_decimal_encode(char out[PSE_DECIMAL_TEXT], uint64_t x);
void pse_decimal_put(struct pse_buf *b, uint64_t x);
/** 0 or [1-9][0-9]*, below 2^64. PSE_E_SYNTAX for another form, PSE_E_RANGE when too large. */
PSE_MUST pse_rc pse_decimal_decode(uint64_t *out, struct pse_span text);

#endif
