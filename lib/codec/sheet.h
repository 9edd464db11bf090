/* Sheets: comma-separated values after RFC 4180, read strictly.
 *
 * Fields between commas, records ended by LF or CRLF (the last one may lack it); a quoted field may
 * hold commas, line ends and quotes, which are doubled. Refused: text that is not well-formed
 * UTF-8, a byte order mark, control characters outside line ends, a quote inside an unquoted field,
 * anything after a closing quote, empty lines, more than PSE_SHEET_FIELDS_MAX fields, a record
 * above PSE_SHEET_RECORD_MAX bytes. Spaces belong to fields. Nothing is guessed or repaired.
 * Not for: election results in columns (count), the meaning of a column. Variable time. */
#ifndef PSE_CODEC_SHEET_H
#define PSE_CODEC_SHEET_H

#include "base/base.h"

enum { PSE_SHEET_FIELDS_MAX = 32, PSE_SHEET_RECORD_MAX = 64 * 1024 };

struct pse_sheet {
    struct pse_span rest;
    size_t line; /* where the record read last begins, from 1 */
    size_t next; /* where the next one begins */
    struct pse_buf text;
    struct pse_span field[PSE_SHEET_FIELDS_MAX]; /* unquoted; valid until the next read */
    size_t fields;
};

/** Over @p in, which outlives it. PSE_E_ENCODING: a byte order mark or text that is not UTF-8;
 * sheet->line tells where. To be closed in every case. */
PSE_MUST pse_rc pse_sheet_open(struct pse_sheet *s, struct pse_span in);
/** The next record. PSE_E_MISSING: there is none; PSE_E_SYNTAX: not well-formed (also: empty
 * line); PSE_E_ENCODING: a control character; PSE_E_LIMIT: too many fields, or too long;
 * PSE_E_MEMORY. */
PSE_MUST pse_rc pse_sheet_next(struct pse_sheet *s);
/** Wipes and releases; safe on a zeroed struct. */
void pse_sheet_close(struct pse_sheet *s);

/** Append one field as the canonical writer does: quoted only where it must be. */
void pse_sheet_put(struct pse_buf *out, struct pse_span field);

#endif
