/* CBOR (RFC 8949) as authenticators write it: the canonical form of CTAP2, read strictly.
 *
 * Every length and number in its shortest form, lengths known beforehand, keys of a map in
 * ascending order (so none twice), at most PSE_CBOR_DEPTH levels, no tags, no floating point. Not
 * for: writing, other dialects. A read that fails leaves the cursor where it was. Spans borrow from
 * the message. Public data, variable time. */
#ifndef PSE_CODEC_CBOR_H
#define PSE_CODEC_CBOR_H

#include "cursor.h"

enum { PSE_CBOR_DEPTH = 4 /* maps and arrays inside one another: the bound of CTAP2 */ };

/** Each gives the next item when it is of its kind. PSE_E_LENGTH: the message ends before the item
 * does; PSE_E_ENCODING: not in canonical form; PSE_E_SYNTAX: an item of another kind. */
PSE_MUST pse_rc pse_cbor_text(struct pse_span *out, struct pse_rd *r); /* UTF-8 */
PSE_MUST pse_rc pse_cbor_bytes(struct pse_span *out, struct pse_rd *r);
/** PSE_E_RANGE: outside int64_t. */
PSE_MUST pse_rc pse_cbor_int(int64_t *out, struct pse_rd *r);
PSE_MUST pse_rc pse_cbor_bool(bool *out, struct pse_rd *r);
/** The number of items that follow, at most half the bytes that are left. */
PSE_MUST pse_rc pse_cbor_array(size_t *n, struct pse_rd *r);

/** The next item whatever it is, as its bytes, checked in full. PSE_E_LIMIT: too deep;
 * PSE_E_DUPLICATE: a key twice; PSE_E_UNSUPPORTED: a tag, a float, undefined. */
PSE_MUST pse_rc pse_cbor_item(struct pse_span *out, struct pse_rd *r);

/** A map that is being read: pairs in order. */
struct pse_cbor_map {
    size_t left;          /* pairs */
    struct pse_span last; /* the key before, as its bytes */
};

PSE_MUST pse_rc pse_cbor_map(struct pse_cbor_map *m, struct pse_rd *r);
/** The next key as its bytes; the value is the reader's to take. PSE_E_MISSING: no pair is left;
 * PSE_E_ENCODING: not in order; PSE_E_DUPLICATE; otherwise as pse_cbor_item. */
PSE_MUST pse_rc pse_cbor_key(struct pse_span *key, struct pse_cbor_map *m, struct pse_rd *r);
/** Is the key (as its bytes) this text (shorter than 24 bytes), or this number (-24 to 23)? */
bool pse_cbor_key_is(struct pse_span key, const char *text);
bool pse_cbor_key_is_int(struct pse_span key, int number);

#endif
