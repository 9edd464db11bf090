/* Strict JSON reading (protocol 2.3).
 *
 * RFC 8259 and more: UTF-8 without BOM, no duplicate member (compared after unescaping), numbers
 * only 0|[1-9][0-9]* and <= 2^53-1, no lone surrogates, no U+0000, nesting <= 8, only white space
 * around the value. A document is a flat array of values in an arena, in the order of the text;
 * each knows its byte offset. Work is O(n log n) and memory at most 24 bytes a value and a copy of
 * the escaped strings, whatever the input; documents over PSE_JSON_MAX bytes or with more than
 * PSE_JSON_VALUES_MAX values are refused before any memory is taken.
 *
 * Reading a format: open an object, take each member by name with the type it must have, close it.
 *
 *     struct pse_json_rd r;
 *     PSE_TRY(pse_json_open(&r, value, fault));
 *     PSE_TRY(pse_json_take_string(&t->name, &r, "name"));
 *     PSE_TRY(pse_json_take_hex(t->sign, 32, &r, "sign"));
 *     return pse_json_close(&r);
 *
 * pse_json_close refuses members nobody took, so the format is exactly what the parser says. Take
 * each name once. */
#ifndef PSE_CODEC_JSON_H
#define PSE_CODEC_JSON_H

#include "base/base.h"

enum {
    PSE_JSON_MAX = 16 * 1024 * 1024,
    PSE_JSON_VALUES_MAX = 1024 * 1024, /* a 1 MiB manifest cannot reach it */
    PSE_JSON_DEPTH_MAX = 8,            /* protocol 2.3 */
};
#define PSE_JSON_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

enum pse_json_type {
    PSE_JSON_NULL,
    PSE_JSON_BOOL,
    PSE_JSON_NUMBER,
    PSE_JSON_STRING,
    PSE_JSON_ARRAY,
    PSE_JSON_OBJECT,
};

/** One value. Its children follow it directly: an array's elements, or an object's members as
 * name (a string), value, name, value, … Use the functions below. */
struct pse_json {
    uint8_t type;   /* enum pse_json_type */
    uint32_t at;    /* byte offset in the text */
    uint32_t nodes; /* values in this subtree, itself included */
    uint32_t count; /* elements, members, or bytes of the string */
    union {
        uint64_t number;     /* also 0 or 1 of a bool */
        const uint8_t *text; /* unescaped; borrowed from the input or the arena */
    } u;
};

/** Where and at which member reading failed; for diagnostics. */
struct pse_json_fault {
    size_t at;          /* byte offset in the text */
    const char *member; /* name the parser asked for, NULL when the syntax itself is at fault */
};

/** Parse @p in. @p root and its tree live as long as @p arena and @p in. @p fault may be NULL.
 * PSE_E_SYNTAX, PSE_E_ENCODING (UTF-8, BOM, surrogates, U+0000), PSE_E_RANGE (number),
 * PSE_E_DUPLICATE (member), PSE_E_LIMIT (size, values, depth), PSE_E_MEMORY. *root is NULL then. */
PSE_MUST pse_rc pse_json_parse(const struct pse_json **root, struct pse_json_fault *fault,
                               struct pse_arena *arena, struct pse_span in);

/* --- values ----------------------------------------------------------------------------------
 * Each returns PSE_E_SYNTAX when the value is of another type. */

PSE_MUST pse_rc pse_json_u64(uint64_t *out, const struct pse_json *v);
PSE_MUST pse_rc pse_json_bool(bool *out, const struct pse_json *v);
/** Unescaped bytes, UTF-8, borrowed. */
PSE_MUST pse_rc pse_json_string(struct pse_span *out, const struct pse_json *v);
/** A string of 2n lower-case hexadecimal digits. PSE_E_LENGTH or PSE_E_SYNTAX. */
PSE_MUST pse_rc pse_json_hex(void *out, size_t n, const struct pse_json *v);

/* --- arrays and objects by position ---------------------------------------------------------- */

/** Number of elements or members; 0 for other values. */
size_t pse_json_count(const struct pse_json *v);
/** First element of an array or first name of an object; NULL when empty or another value. */
const struct pse_json *pse_json_first(const struct pse_json *v);
/** The value after @p v in its array, or after a name its value, and then the next name. The caller
 * counts (pse_json_count): there is no end mark. */
const struct pse_json *pse_json_next(const struct pse_json *v);

/* --- objects by name -------------------------------------------------------------------------- */

struct pse_json_rd {
    const struct pse_json *object;
    size_t taken;
    struct pse_json_fault *fault; /* may be NULL */
};

/** PSE_E_SYNTAX when @p v is no object. @p fault (NULL allowed) is filled by later failures. */
PSE_MUST pse_rc pse_json_open(struct pse_json_rd *r, const struct pse_json *v,
                              struct pse_json_fault *fault);
/** PSE_E_SYNTAX when members are left that nobody took. */
PSE_MUST pse_rc pse_json_close(struct pse_json_rd *r);

/** The member's value, of any type. PSE_E_MISSING when there is none. */
PSE_MUST pse_rc pse_json_take(const struct pse_json **out, struct pse_json_rd *r, const char *name);
/** As above when the format lets the member be absent: *out is NULL then. */
void pse_json_take_optional(const struct pse_json **out, struct pse_json_rd *r, const char *name);
PSE_MUST pse_rc pse_json_take_u64(uint64_t *out, struct pse_json_rd *r, const char *name);
PSE_MUST pse_rc pse_json_take_bool(bool *out, struct pse_json_rd *r, const char *name);
PSE_MUST pse_rc pse_json_take_string(struct pse_span *out, struct pse_json_rd *r, const char *name);
PSE_MUST pse_rc pse_json_take_hex(void *out, size_t n, struct pse_json_rd *r, const char *name);
PSE_MUST pse_rc pse_json_take_array(const struct pse_json **out, struct pse_json_rd *r,
                                    const char *name);
PSE_MUST pse_rc pse_json_take_object(const struct pse_json **out, struct pse_json_rd *r,
                                     const char *name);

/** Record a failure that the caller's own rule found at @p v: fills the fault, returns @p rc. */
PSE_MUST pse_rc pse_json_fail(struct pse_json_fault *fault, const struct pse_json *v,
                              const char *member, pse_rc rc);

#endif
