/* The manifest: what an election is, fixed before it starts (protocol 2.3).
 *
 * For: reading the strict JSON blob into structs with everything found by id, telling syntax (V102)
 * from constraint (V103), and writing canonical manifest bytes for officers. Not for: the policy
 * blob (merkle), fetching or hashing files, anything that depends on the log.
 *
 * All data is public; nothing here is constant time. A parsed manifest lives in the caller's arena
 * and borrows nothing from the blob: strings are unescaped copies. It is read-only afterwards and
 * may be shared by threads. */
#ifndef PSE_ELECTION_MANIFEST_H
#define PSE_ELECTION_MANIFEST_H

#include "crypto/crypto.h"
#include "merkle/ed25519.h"
#include "merkle/tile.h" /* PSE_ENTRY_MAX */

/* Bounds of protocol 2.3. Those of trustees, widths, options and sums stand in room crypto. */
enum {
    PSE_MANIFEST_MAX = 1048576, /* bytes of the blob, V101 */
    PSE_MIXERS_MAX = 64,
    PSE_STYLE_CONTESTS_MAX = 64,
    PSE_LISTS_MAX = 4096, /* reachable (contest, group) pairs */
};
#define PSE_MANIFEST_ARENA_MAX ((size_t)64 << 20) /* enough for the largest hostile blob */

enum pse_kind { PSE_KIND_HOMOMORPHIC = 0, PSE_KIND_MIX = 1 };

enum pse_format {
    PSE_FORMAT_CHOICE,
    PSE_FORMAT_RANKING,
    PSE_FORMAT_TEXT,
    PSE_FORMAT_CHOICE_TEXT,
};

/** One language of a text. Both are UTF-8, unescaped. */
struct pse_text_item {
    struct pse_span language;
    struct pse_span text;
};

/** A text in 1..32 languages, in the order of the blob. */
struct pse_text {
    struct pse_text_item *item;
    size_t n;
};

struct pse_contest {
    uint16_t id;
    enum pse_kind kind;
    struct pse_text title;
    uint16_t options;        /* K */
    struct pse_text *option; /* [options]; option number k is option[k - 1] */
    uint32_t min, max;
    uint8_t option_max;     /* homomorphic: m; else 0 */
    bool blank;             /* homomorphic: sum 0 is allowed beside min..max */
    uint8_t sums;           /* homomorphic: branches of the sum proof, 0 = none */
    enum pse_format format; /* mix */
    uint8_t width;          /* mix: w; else 0 */
    uint16_t ciphertexts;   /* K or w */
    uint32_t part_len;      /* bytes of a ballot part after its contest id */
    uint32_t choice_len;    /* bytes of its choice: K values, or a plaintext of 30 w */
};

/** A group of styles whose ballots are counted or mixed together (the protocol's "group"; named
 * pot here, for group is the mathematical one). */
struct pse_pot {
    uint16_t id;
    uint16_t fallback; /* id, 0 = none */
    int32_t next;      /* index of the fallback, -1 = none */
};

struct pse_style {
    uint16_t id;
    uint16_t pot;        /* index */
    uint16_t contests;   /* how many */
    uint16_t *contest;   /* [contests] indices into the manifest's contests, in the style's order */
    uint32_t *part_at;   /* [contests] offset in a ballot entry of the part's first ciphertext */
    uint32_t ballot_len; /* exact length of a ballot entry of this style */
    uint32_t choice_len; /* sum over its contests */
    uint32_t ciphertexts; /* sum over its contests */
    bool has_mix;
};

struct pse_trustee {
    struct pse_span name;
    pse_edkey sign;
    pse_enc share; /* canonical, not the identity */
};

struct pse_mixer {
    struct pse_span name;
    pse_edkey sign;
};

struct pse_document {
    struct pse_span name;
    pse_hash sha256;
};

struct pse_manifest {
    pse_hash eid; /* SHA-256 of the blob */
    pse_hash nonce;
    bool test;
    struct pse_text title;
    struct pse_span origin;
    struct pse_span log_vkey; /* the vkey's text */
    pse_edkey log_key;        /* the key in it */
    pse_hash policy;
    uint64_t opens, closes, retain_until;
    pse_edkey authority, registrar, board;
    struct pse_trustee *trustee; /* [trustees]; trustee index i is trustee[i - 1] */
    uint8_t trustees, threshold;
    struct pse_mixer *mixer; /* [mixers]; mixer index i is mixer[i - 1] */
    uint8_t mixers, mix_min;
    uint32_t min_list;
    bool late_roster;
    uint16_t ballots_max;
    struct pse_pot *pot;
    size_t pots;
    struct pse_contest *contest;
    size_t contests;
    struct pse_style *style;
    size_t styles;
    struct pse_document *document;
    size_t documents;
    bool has_mix;     /* a mix contest exists */
    size_t lists_max; /* reachable (contest, group) pairs */
};

/** Why a manifest was refused. */
struct pse_manifest_fault {
    uint16_t rule;    /* 102 or 103; 0 when the manifest is good or memory failed */
    const char *slug; /* stable, static: "json-syntax", "member-unknown", "threshold", … */
    char path[96];    /* member path: "contests[3].options", cut if longer */
    size_t offset;    /* byte offset in the blob where known, else 0 */
};

/** Read and check @p blob. @p fault (may be NULL) says which rule and where.
 *
 * PSE_OK. PSE_E_LIMIT: longer than PSE_MANIFEST_MAX (the caller reports V101; fault->rule is 0).
 * PSE_E_SYNTAX: V102. PSE_E_RANGE: V103. PSE_E_MEMORY: the arena is too small (give it
 * PSE_MANIFEST_ARENA_MAX). On failure *out is NULL; what the arena holds is garbage. */
PSE_MUST pse_rc pse_manifest_parse(struct pse_manifest **out, struct pse_arena *arena,
                                   struct pse_manifest_fault *fault, const struct pse_group *g,
                                   struct pse_span blob);

/** Lookup by id; NULL if there is none. */
const struct pse_contest *pse_manifest_contest(const struct pse_manifest *m, uint16_t id);
const struct pse_style *pse_manifest_style(const struct pse_manifest *m, uint16_t id);
const struct pse_pot *pse_manifest_pot(const struct pse_manifest *m, uint16_t id);

/** A homomorphic contest's rule as crypto wants it (required homomorphic). */
struct pse_hom_rule pse_contest_rule(const struct pse_contest *c);

/** The Ed25519 key of a role, or NULL when the index is not permitted for it (protocol 2.1). */
const pse_edkey *pse_manifest_role_key(const struct pse_manifest *m, uint8_t role, uint8_t index);

/** "choice", "ranking", "text", "choice-text". */
const char *pse_format_name(enum pse_format format);

/** The text in @p language, else in the first language of the manifest. */
struct pse_span pse_text_in(const struct pse_text *t, struct pse_span language);

/** Write a manifest as canonical bytes: the members in the order of protocol 2.3, no white space,
 * no escapes but those JSON demands. @p m needs the descriptive members only (derived ones such as
 * indices, lengths and eid are not read; pots are named by the styles' @c pot index). The bytes are
 * read back and checked before they are returned.
 *
 * PSE_E_SYNTAX, PSE_E_RANGE: as pse_manifest_parse says of the bytes, @p fault tells why.
 * PSE_E_LIMIT: longer than a manifest may be. PSE_E_ENCODING: a string that is not UTF-8. @p out is
 * appended to, and unchanged on failure. */
PSE_MUST pse_rc pse_manifest_write(struct pse_buf *out, struct pse_manifest_fault *fault,
                                   const struct pse_group *g, const struct pse_manifest *m);

/** Rewrite a manifest that a person wrote, with any white space and member order, as canonical
 * bytes. Statuses as above. */
PSE_MUST pse_rc pse_manifest_canonical(struct pse_buf *out, struct pse_manifest_fault *fault,
                                       const struct pse_group *g, struct pse_span json);

#endif
