/* The log of a daemon: one line an event on standard error (contracts: service, section 8).
 *
 *     2026-11-22T10:00:00.123Z notice witness.sign.done log=board size=417 ms=3
 *
 * An event has a stable dotted name; its fields are key=value. Values come from a closed set of
 * kinds, chosen by the type of the argument: integers, bool, const char *, spans, digests. There
 * is no kind for keys, seeds, scalars, octet arrays or file contents, so that
 *
 *     PSE_LOG(log, PSE_LOG_NOTICE, "witness.start", PSE_F("key", seed));
 *
 * does not compile (tests/ground/secrets.sh tries). Text from outside is escaped and cut to
 * PSE_LOG_TEXT_MAX bytes. Never in a record: ballot bytes or hashes beside an identity, tokens,
 * cookies, query strings, addresses of voters; security events go to event.h.
 *
 * Threads: any; a line is one write(2) of at most PSE_LOG_LINE_MAX bytes, so lines never mix. A
 * line that cannot be written is counted in `lost` and dropped: a full disk behind the log must
 * not stop an election. */
#ifndef PSE_DAEMON_LOG_H
#define PSE_DAEMON_LOG_H

#include <stdatomic.h>

#include "base/base.h"

enum {
    PSE_LOG_LINE_MAX = 4096, /* PIPE_BUF: what a pipe takes at once */
    PSE_LOG_TEXT_MAX = 256,  /* bytes of one text value before it is cut */
    PSE_LOG_FIELDS_MAX = 24,
};

enum pse_log_level {
    PSE_LOG_ERROR,   /* the daemon does not do its duty */
    PSE_LOG_WARNING, /* it does, and somebody should look */
    PSE_LOG_NOTICE,  /* start, stop, what an operator expects to see */
    PSE_LOG_INFO,
    PSE_LOG_DEBUG,
};
/** The words of a configuration choice, in the order of the enum. */
#define PSE_LOG_LEVELS "error|warning|notice|info|debug"

enum pse_log_kind { PSE_LOG_U64, PSE_LOG_I64, PSE_LOG_BOOL, PSE_LOG_TEXT, PSE_LOG_HASH };

struct pse_log_field {
    const char *key;
    enum pse_log_kind kind;
    union {
        uint64_t u;
        int64_t i;
        bool b;
        struct pse_span text;
        pse_hash hash;
    } v;
};

struct pse_log {
    int fd;
    atomic_int level;          /* enum pse_log_level: lines above it are left out */
    int64_t (*now_ms)(void);   /* pse_clock_wall_ms, or a test's clock */
    atomic_uint_fast64_t lost; /* lines that could not be written whole */
};

/** A log on @p fd (2 for standard error), which stays the caller's. */
void pse_log_init(struct pse_log *log, int fd, enum pse_log_level level);
/** From now on. Any thread. */
void pse_log_set_level(struct pse_log *log, enum pse_log_level level);

/** Write one line. @p event: words of a-z, 0-9 and '-' joined by dots (PSE_REQUIRE); keys likewise
 * without dots. Use PSE_LOG. */
void pse_log_write(struct pse_log *log, enum pse_log_level level, const char *event,
                   const struct pse_log_field *fields, size_t count);

/** PSE_LOG(log, level, "event.name", PSE_F("key", value), …) */
#define PSE_LOG(log, level, event, ...)                                                 \
    pse_log_write((log), (level), (event), (const struct pse_log_field[]){__VA_ARGS__}, \
                  sizeof((const struct pse_log_field[]){__VA_ARGS__}) /                 \
                      sizeof(struct pse_log_field))

/** One field; the type of @p value decides, and any other type is an error of the compiler. */
#define PSE_F(key, value) \
    _Generic((value),                  \
        bool: pse_log_bool,            \
        int: pse_log_i64,              \
        unsigned: pse_log_u64,         \
        long: pse_log_i64,             \
        unsigned long: pse_log_u64,    \
        long long: pse_log_i64,        \
        unsigned long long: pse_log_u64, \
        char *: pse_log_str,           \
        const char *: pse_log_str,     \
        struct pse_span: pse_log_text, \
        pse_hash: pse_log_hash)((key), (value))

struct pse_log_field pse_log_u64(const char *key, uint64_t x);
struct pse_log_field pse_log_i64(const char *key, int64_t x);
struct pse_log_field pse_log_bool(const char *key, bool x);
/** Borrowed until the line is written. */
struct pse_log_field pse_log_str(const char *key, const char *text);
struct pse_log_field pse_log_text(const char *key, struct pse_span text);
/** A digest that is public, in hexadecimal. */
struct pse_log_field pse_log_hash(const char *key, pse_hash digest);

/** Append @p text as a value: bare when it is made of letters, digits and _./:@+-, else in quotes
 * with quotes, backslashes, control and direction characters escaped. */
void pse_log_put_text(struct pse_buf *b, struct pse_span text);

/** Is @p name an event's name: words of a-z, 0-9, '-' joined by dots? */
bool pse_log_is_name(const char *name);

#endif
