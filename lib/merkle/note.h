/* Signed notes and verifier keys (C2SP signed-note; ledger contract 2).
 *
 * A note is text, one empty line, and signature lines. Parsing checks the form of all of it (V901);
 * which keys count is the caller's. Lines of unknown (name, id) are skipped; a line of a known one
 * that fails rejects the whole note. */
#ifndef PSE_MERKLE_NOTE_H
#define PSE_MERKLE_NOTE_H

#include "ed25519.h"

enum {
    PSE_NOTE_MAX = 65536,
    PSE_NOTE_LINES_MAX = 64,
    PSE_NOTE_SIG_KEPT = 72, /* time || signature of a cosignature; enough for types 01 and 04 */
    PSE_KEY_NAME_MAX = 255, /* for names we make; names in notes and policies have no own bound */

    PSE_SIG_ED25519 = 0x01, /* over the text */
    PSE_SIG_COSIGN = 0x04,  /* cosignature/v1: u64 time || Ed25519 */
};

/* --- verifier keys ---------------------------------------------------------------------------- */

/** `name+hhhhhhhh+base64(type || key)`. The name borrows from what was parsed. */
struct pse_vkey {
    struct pse_span name;
    uint32_t id;
    uint8_t type; /* PSE_SIG_* */
    pse_edkey key;
};

/** Not empty, valid UTF-8, no Unicode space, no `+`. */
bool pse_key_name_is_valid(struct pse_span name);
/** First 4 bytes of SHA-256(name || LF || type || key). */
uint32_t pse_vkey_id(struct pse_span name, uint8_t type, const pse_edkey *key);
/** Split at the first two `+`; the id is recomputed. PSE_E_SYNTAX; PSE_E_MISMATCH for a wrong id;
 * PSE_E_UNSUPPORTED for a type other than 01 and 04. Whether the key is a valid point is not
 * checked here (pse_edkey_is_valid). */
PSE_MUST pse_rc pse_vkey_parse(struct pse_vkey *out, struct pse_span text);
/** From parts. PSE_E_SYNTAX for a bad name, PSE_E_LIMIT over PSE_KEY_NAME_MAX. */
PSE_MUST pse_rc pse_vkey_make(struct pse_vkey *out, struct pse_span name, uint8_t type,
                              const pse_edkey *key);
void pse_vkey_put(struct pse_buf *b, const struct pse_vkey *key);

/* --- notes ------------------------------------------------------------------------------------ */

struct pse_note_line {
    struct pse_span name;
    struct pse_span base64; /* of id || signature, as it stands */
    uint32_t id;
    size_t sig_n;                   /* decoded length without the id; >= 1 */
    uint8_t sig[PSE_NOTE_SIG_KEPT]; /* its first bytes, zero beyond sig_n */
};

/** Borrows from the bytes it was parsed from. */
struct pse_note {
    struct pse_span text; /* what is signed, final LF included */
    size_t n;
    struct pse_note_line line[PSE_NOTE_LINES_MAX];
};

/** Form of a note: at most 65,536 bytes and 64 lines, valid UTF-8, no byte < 0x20 but LF, split at
 * the last empty line, text ends with LF, every signature line `U+2014 SP name SP base64 LF` with
 * canonical base64 of >= 5 bytes. PSE_E_LIMIT, PSE_E_ENCODING, PSE_E_SYNTAX. */
PSE_MUST pse_rc pse_note_parse(struct pse_note *out, struct pse_span in);

/** What a note's lines say about one key. */
enum pse_note_verdict {
    PSE_NOTE_ABSENT, /* no line with its name and id */
    PSE_NOTE_GOOD,   /* one or more, and all of them hold */
    PSE_NOTE_BAD,    /* a line with its name and id fails */
};

/** Every line with the key's name and id is verified: type 01 has exactly 64 bytes over the text;
 * type 04 exactly 72, time <= 2^63-1. @p time (may be NULL) gets the latest time of type 04, else
 * 0. */
enum pse_note_verdict pse_note_check(const struct pse_note *note, const struct pse_vkey *key,
                                     uint64_t *time);

/** The general rule for n known keys: PSE_E_DUPLICATE when two keys share name and id,
 * PSE_E_SIGNATURE when a line of a known key fails, PSE_E_MISSING when no known key signed. */
PSE_MUST pse_rc pse_note_verify(const struct pse_note *note, const struct pse_vkey *keys, size_t n);

/** Append one signature line of type 01 over @p text. A key that is away may fail: b->rc tells. */
void pse_note_sign(struct pse_buf *b, struct pse_span text, const struct pse_vkey *key,
                   const pse_seed *seed);
/** Append one cosignature line (type 04) over @p text. time <= 2^63-1 (PSE_REQUIRE). As
 * above. */
void pse_note_cosign(struct pse_buf *b, struct pse_span text, const struct pse_vkey *key,
                     const pse_seed *seed, uint64_t time);
/** Append a line of any key and raw signature bytes: for grease lines and tests. */
void pse_note_line_put(struct pse_buf *b, struct pse_span name, uint32_t id, struct pse_span sig);

#endif
