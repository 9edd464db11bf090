/* JSON writing: every --json output and every JSON document the project makes.
 *
 * One call a value; commas, quoting and (if asked for) line breaks are the writer's. Inside an
 * object give each value its name, inside an array give NULL. Numbers are written from integers
 * only. The order of members is the order of calls. Failure of the buffer is sticky (b->rc);
 * calls that do not nest are the caller's broken promise (PSE_REQUIRE).
 *
 *     struct pse_json_wr w = pse_json_wr(&buf, 1);
 *     pse_json_wr_object(&w, NULL);
 *     pse_json_wr_str(&w, "verdict", "accepted");
 *     pse_json_wr_u64(&w, "entries", n);
 *     pse_json_wr_end(&w);
 *     rc = pse_json_wr_finish(&w); */
#ifndef PSE_CODEC_JSON_WRITE_H
#define PSE_CODEC_JSON_WRITE_H

#include "base/base.h"

enum { PSE_JSON_WR_DEPTH_MAX = 32 };

struct pse_json_wr {
    struct pse_buf *out;
    unsigned indent; /* spaces a level; 0: all on one line */
    unsigned depth;
    bool any[PSE_JSON_WR_DEPTH_MAX + 1];   /* something was written at this depth */
    char close[PSE_JSON_WR_DEPTH_MAX + 1]; /* what ends this depth: '}' or ']' */
};

struct pse_json_wr pse_json_wr(struct pse_buf *out, unsigned indent);

void pse_json_wr_object(struct pse_json_wr *w, const char *name);
void pse_json_wr_array(struct pse_json_wr *w, const char *name);
/** Close the innermost object or array. */
void pse_json_wr_end(struct pse_json_wr *w);

/** @p text is escaped; bytes that are not well-formed UTF-8 become U+FFFD. */
void pse_json_wr_string(struct pse_json_wr *w, const char *name, struct pse_span text);
void pse_json_wr_str(struct pse_json_wr *w, const char *name, const char *text);
void pse_json_wr_u64(struct pse_json_wr *w, const char *name, uint64_t x);
void pse_json_wr_i64(struct pse_json_wr *w, const char *name, int64_t x);
void pse_json_wr_bool(struct pse_json_wr *w, const char *name, bool x);
void pse_json_wr_null(struct pse_json_wr *w, const char *name);
/** Lower-case hexadecimal, quoted. */
void pse_json_wr_hex(struct pse_json_wr *w, const char *name, const void *p, size_t n);
/** x / 10^decimals as a number with exactly that many digits after the point (0..18). */
void pse_json_wr_fixed(struct pse_json_wr *w, const char *name, int64_t x, unsigned decimals);

/** As above with a name that is not a C string (a language tag, say). Not inside an array. */
void pse_json_wr_member(struct pse_json_wr *w, struct pse_span name, struct pse_span text);

/** All closed and exactly one value written (PSE_REQUIRE); adds a final newline. Returns the
 * buffer's status. */
PSE_MUST pse_rc pse_json_wr_finish(struct pse_json_wr *w);

#endif
