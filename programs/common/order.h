/* Orders: what exactly an act of two officers does, as bytes whose hash the officers sign.
 *
 * Text: `psephos-order-1`, then `what WORD`, then the fields of that word in their fixed order,
 * `key value` a line, LF. One form for each order. An order names people by row number of the
 * private database and files by SHA-256, so it may be logged.
 *
 * | word | fields | does |
 * |---|---|---|
 * | open, freeze, mix-end, result, end | – | the entry of that name |
 * | close, abort | reason | the entry; the grounds of an abort are the act's |
 * | import | list, base, signature (HEX or `none`) | the list becomes the next version |
 * | release | through, batch | registered credentials up to that row go into the record |
 * | revoke, restore | credential, reason | ballots set aside, and back |
 * | void | credential, reason | a credential without a successor; its ballots are void |
 * | statement | document, kind, language, media, title | a signed statement |
 * | publish | daemon, settings | a statement of the hash of a daemon's settings |
 * | erase | person | the data of one person are destroyed |
 * | remove-authenticator | account, credential (SHA-256 of its id) | an officer's is lost |
 *
 * Pure. Not for: who may sign (consent.h), doing it (office_do.c). */
#ifndef PSE_PROGRAMS_ORDER_H
#define PSE_PROGRAMS_ORDER_H

#include "base/base.h"

enum { ORDER_MAX = 4096, ORDER_VALUE_MAX = 600, ORDER_FIELDS_MAX = 5 };

/** Borrows from the bytes it was parsed from. */
struct order {
    const char *what;
    size_t n;
    const char *key[ORDER_FIELDS_MAX];
    struct pse_span value[ORDER_FIELDS_MAX];
};

/** The names of the fields of @p what, NULL-ended; NULL: no order has this word. */
const char *const *order_fields(struct pse_span what);
/** PSE_E_SYNTAX: no order; PSE_E_UNSUPPORTED: a word that no order has; PSE_E_LIMIT,
 * PSE_E_ENCODING: a value that is empty, too long, not UTF-8, or has control characters. */
PSE_MUST pse_rc order_parse(struct order *out, struct pse_span bytes);
/** The bytes; value[] in the order of order_fields. Statuses as above. */
PSE_MUST pse_rc order_write(struct pse_buf *out, const char *what, const struct pse_span *value,
                            size_t n);
/** The value of a field that the word has (PSE_REQUIRE). */
struct pse_span order_value(const struct order *o, const char *key);
/** The same as a 32-byte value in hexadecimal, or a decimal number. PSE_E_SYNTAX. */
PSE_MUST pse_rc order_hash(pse_hash *out, const struct order *o, const char *key);
PSE_MUST pse_rc order_number(uint64_t *out, const struct order *o, const char *key);

/** A word for a small number of the protocol; PSE_E_RANGE. Tables: order_close_reasons, … */
struct order_word {
    const char *word;
    uint8_t value;
};
extern const struct order_word order_close_reasons[], order_abort_reasons[], order_reasons[],
    order_statement_kinds[]; /* each ends with a NULL word */
PSE_MUST pse_rc order_code(uint8_t *out, const struct order *o, const char *key,
                           const struct order_word *words);

#endif
