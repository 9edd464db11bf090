/* What fronts, officers and boards say to the sequencer, and what it answers: the bodies of frames
 * (net/ipc.h), canonical bytes (protocol 1), one form each.
 *
 * For: encoding and parsing. Not for: connections (sequence_client.h), what happens with an entry
 * (psephos/box_sequence.c). Every request but SUBMIT begins with a u32 tag that its answer repeats;
 * SUBMIT has a tag for each entry, and each gets one answer or, when witnesses are slow, two:
 * RECORDED and later WITNESSED. An answer's kind is the request's plus SEQUENCE_ANSWER.
 *
 * | kind | request after the tag | answer after the tag |
 * |---|---|---|
 * | SUBMIT | u8 source, u16 n, n × (u32 tag, v16 entry) | u16 n, n × outcome |
 * | BLOB | [32] hash, u32 total, u32 offset, bytes | u8 outcome |
 * | VIEW | [32] credential | struct sequence_view |
 * | RECEIPT | [32] leaf | u16 n = 1, outcome |
 * | STATUS | – | struct sequence_status |
 * | LEVEL | u8 level | u8 outcome |
 *
 * An outcome is u32 tag, u8 outcome, u16 rule, u64 index, [32] leaf, v16 receipt. */
#ifndef PSE_PROGRAMS_SEQUENCE_IPC_H
#define PSE_PROGRAMS_SEQUENCE_IPC_H

#include "codec/codec.h"

enum sequence_kind {
    SEQUENCE_SUBMIT = 1,
    SEQUENCE_BLOB = 2,
    SEQUENCE_VIEW = 3,
    SEQUENCE_RECEIPT = 4,
    SEQUENCE_STATUS = 5,
    SEQUENCE_LEVEL = 6,
    SEQUENCE_ANSWER = 0x80,
};

enum sequence_source { SEQUENCE_BALLOTS = 1, SEQUENCE_ROLE = 2 };

/** What became of an entry, blob or request. */
enum sequence_outcome {
    SEQUENCE_WITNESSED = 1, /* in the published, witnessed log: the receipt is complete */
    SEQUENCE_RECORDED = 2,  /* durable in the log, not yet witnessed: ask for the receipt later */
    SEQUENCE_REFUSED = 3,   /* `rule` is what fails; nothing was recorded */
    SEQUENCE_STALE = 4,     /* V410: the credential has a later ballot, whose hash is `leaf` */
    SEQUENCE_CLOSED = 5,    /* the election is not in a state for it */
    SEQUENCE_BUSY = 6,      /* no room; the same bytes may be sent again */
    SEQUENCE_FAILED = 7,    /* not known what happened: send the same bytes again later */
    SEQUENCE_ABSENT = 8,    /* nothing known under this hash */
    SEQUENCE_DONE = 9,      /* of BLOB and LEVEL */
};

struct sequence_result {
    uint32_t tag;
    uint8_t outcome;
    uint16_t rule; /* 0: none */
    uint64_t index;
    pse_hash leaf;
    struct pse_span receipt; /* WITNESSED: the tlog-proof file; else empty. Borrowed */
};

struct sequence_view {
    bool found;
    bool active;
    uint16_t style;
    uint32_t weight;
    uint32_t ballots;
    uint64_t latest_index;
    pse_hash latest; /* zero when ballots = 0: what the next ballot's prev must be */
    uint8_t revoked; /* reason of a standing revocation, 0 for none */
};

struct sequence_status {
    uint8_t state; /* enum pse_state */
    uint64_t size; /* durable; 0: the sequencer has not read its log yet, or is ending */
    uint64_t published;
    uint64_t published_at; /* POSIX seconds */
    uint32_t waiting;      /* entries not yet in a durable batch */
    uint32_t unwitnessed;  /* entries durable and not yet witnessed */
    uint8_t level;         /* of brown-out, 0..4 */
    pse_hash eid;
};

enum {
    SEQUENCE_BATCH_MAX = 64,     /* entries of one SUBMIT */
    SEQUENCE_BLOB_MAX = 1 << 19, /* bytes of one BLOB */
    SEQUENCE_LEVELS = 5,
};

/* --- requests ----------------------------------------------------------------------------------
 */

struct sequence_submit {
    uint8_t source;
    uint16_t n;
    uint32_t tag[SEQUENCE_BATCH_MAX];
    struct pse_span entry[SEQUENCE_BATCH_MAX]; /* borrowed */
};
/** The first @p n entries that fit a frame; *taken says how many, at least one. */
void sequence_submit_put(struct pse_buf *b, uint16_t *taken, uint8_t source, const uint32_t *tag,
                         const struct pse_span *entry, size_t n);
/** PSE_E_LENGTH, PSE_E_RANGE (source, count). */
PSE_MUST pse_rc sequence_submit_parse(struct sequence_submit *out, struct pse_span body);

struct sequence_blob {
    uint32_t tag;
    pse_hash hash;
    uint32_t total;
    uint32_t offset;
    struct pse_span bytes; /* borrowed */
};
void sequence_blob_put(struct pse_buf *b, const struct sequence_blob *blob);
/** PSE_E_LENGTH; PSE_E_RANGE when the piece goes beyond the total or is empty without need. */
PSE_MUST pse_rc sequence_blob_parse(struct sequence_blob *out, struct pse_span body);

/** VIEW and RECEIPT: a tag and 32 bytes. */
void sequence_ask_put(struct pse_buf *b, uint32_t tag, const uint8_t about[32]);
PSE_MUST pse_rc sequence_ask_parse(uint32_t *tag, uint8_t about[32], struct pse_span body);

/** STATUS: a tag alone; LEVEL: a tag and the level. */
void sequence_level_put(struct pse_buf *b, uint32_t tag, uint8_t level);
/** PSE_E_LENGTH, PSE_E_RANGE (level). */
PSE_MUST pse_rc sequence_level_parse(uint32_t *tag, uint8_t *level, struct pse_span body);
void sequence_tag_put(struct pse_buf *b, uint32_t tag);
PSE_MUST pse_rc sequence_tag_parse(uint32_t *tag, struct pse_span body);

/* --- answers -----------------------------------------------------------------------------------
 */

struct sequence_results {
    uint16_t n;
    struct sequence_result result[SEQUENCE_BATCH_MAX];
};
/** The first results that fit a frame; *taken says how many, at least one of n > 0. A receipt has
 * at most 65,535 bytes (PSE_REQUIRE). */
void sequence_results_put(struct pse_buf *b, uint16_t *taken, const struct sequence_result *result,
                          size_t n);
/** PSE_E_LENGTH, PSE_E_RANGE (count, outcome, a receipt that is missing or out of place). */
PSE_MUST pse_rc sequence_results_parse(struct sequence_results *out, struct pse_span body);

/** BLOB and LEVEL. */
void sequence_done_put(struct pse_buf *b, uint32_t tag, uint8_t outcome);
PSE_MUST pse_rc sequence_done_parse(uint32_t *tag, uint8_t *outcome, struct pse_span body);

void sequence_view_put(struct pse_buf *b, uint32_t tag, const struct sequence_view *view);
PSE_MUST pse_rc sequence_view_parse(uint32_t *tag, struct sequence_view *out, struct pse_span body);

void sequence_status_put(struct pse_buf *b, uint32_t tag, const struct sequence_status *status);
PSE_MUST pse_rc sequence_status_parse(uint32_t *tag, struct sequence_status *out,
                                      struct pse_span body);

#endif
