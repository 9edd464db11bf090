/* Configuration of a daemon: one INI file, one typed key table (contracts: service, section 7).
 *
 * The table is the one place where a key is described. From it come the reader, --check-config,
 * --dump-config, the section of the manual page, and the hash of the effective settings. Values
 * land in the daemon's own settings struct, a plain block of memory without pointers:
 *
 *     struct settings { uint64_t rate; uint64_t wait_ms; char socket[PSE_CONF_TEXT]; };
 *     static const struct pse_conf_key keys[] = {
 *         PSE_CONF_NUMBER(struct settings, rate, "limits", "rate", 1, 1000, "50", "requests a
 * second", PSE_CONF_RELOAD, "Requests a second from one source."), PSE_CONF_TIME(struct settings,
 * wait_ms, "limits", "wait", 1, 60000, "5 s", PSE_CONF_FIXED, "How long a request may take."),
 *         PSE_CONF_PATH(struct settings, socket, "listen", "socket", NULL, PSE_CONF_FIXED,
 *                       "The Unix socket to listen on."),
 *     };
 *     static const struct pse_conf conf = {"witness", keys, PSE_CONF_COUNT(keys), sizeof(struct
 * settings)};
 *
 * A settings file is the only source of settings: no option and no environment variable sets a key,
 * so nothing can be overridden unseen. Its grammar is a strict part of what INI readers agree on
 * (libinih judges that in the tests): lines of at most 1 KiB of UTF-8 without control characters,
 * each one empty, a comment (# or ; in the first column), [section] or key = value. No continued
 * lines, no comments behind values, no section or key twice, none that the table does not have.
 * Numbers are decimal; times and sizes always carry their unit.
 *
 * Not for: keeping secrets. A key that leads to a secret holds a path or a credential's name; the
 * secret itself is read by secret.h. One thread. */
#ifndef PSE_DAEMON_CONFIG_H
#define PSE_DAEMON_CONFIG_H

#include "daemon/fault.h"

enum {
    PSE_CONF_VALUE_MAX = 960,       /* bytes of a text; with its key it still fits a line */
    PSE_CONF_TEXT = 961,            /* the same and a zero */
    PSE_CONF_LINE_MAX = 1024,       /* bytes of a line without its end */
    PSE_CONF_NAME_MAX = 40,         /* of a section or key */
    PSE_CONF_FILE_MAX = 256 * 1024, /* of a whole file */
    PSE_CONF_KEYS_MAX = 128,
};

enum pse_conf_type {
    PSE_CONF_IS_NUMBER, /* uint64_t */
    PSE_CONF_IS_TIME,   /* uint64_t, milliseconds: "250 ms" "5 s" "10 min" "1 h" */
    PSE_CONF_IS_SIZE,   /* uint64_t, bytes: "64 KiB" "1 MiB" */
    PSE_CONF_IS_SWITCH, /* bool: yes or no */
    PSE_CONF_IS_CHOICE, /* uint64_t: index into a list of words */
    PSE_CONF_IS_TEXT,   /* char[PSE_CONF_TEXT], min..max bytes */
    PSE_CONF_IS_PATH,   /* char[PSE_CONF_TEXT], absolute, without . and .. */
    PSE_CONF_IS_SECRET, /* char[PSE_CONF_TEXT]: a path, or credential:NAME; max: and pkcs11:… */
};

enum pse_conf_reload { PSE_CONF_FIXED, PSE_CONF_RELOAD };

/** One key. Use the macros below, which also check the type of the field. */
struct pse_conf_key {
    const char *section;
    const char *key;
    enum pse_conf_type type;
    uint64_t min; /* number; milliseconds; bytes of a size; bytes of a text */
    uint64_t max;
    const char *def;  /* as it would stand in the file; NULL: must be given */
    const char *unit; /* of a number, for people; of a choice, its words joined by | */
    bool reload;      /* read again on SIGHUP */
    bool secret;      /* shown as <set> */
    const char *help; /* one or two sentences */
    size_t at;        /* of the field in the settings struct */
};

struct pse_conf {
    const char *daemon; /* "witness" */
    const struct pse_conf_key *keys;
    size_t count;
    size_t size; /* of the settings struct */
};

/* The place of a field; does not compile when the field has another type. */
#define PSE_CONF_AT(type, field, want) \
    (offsetof(type, field) +           \
     0 * sizeof(                       \
             char[__builtin_types_compatible_p(__typeof__(((type *)0)->field), want) ? 1 : -1]))
#define PSE_CONF_ROW(type_, field_, want_, kind_, section_, key_, min_, max_, def_, unit_,         \
                     reload_, secret_, help_)                                                      \
    {                                                                                              \
        .section = (section_), .key = (key_), .type = (kind_), .min = (min_), .max = (max_),       \
        .def = (def_), .unit = (unit_), .reload = (reload_), .secret = (secret_), .help = (help_), \
        .at = PSE_CONF_AT(type_, field_, want_)                                                    \
    }
#define PSE_CONF_NUMBER(type, field, section, key, min, max, def, unit, reload, help)          \
    PSE_CONF_ROW(type, field, uint64_t, PSE_CONF_IS_NUMBER, section, key, min, max, def, unit, \
                 reload, false, help)
#define PSE_CONF_TIME(type, field, section, key, min, max, def, reload, help)                \
    PSE_CONF_ROW(type, field, uint64_t, PSE_CONF_IS_TIME, section, key, min, max, def, NULL, \
                 reload, false, help)
#define PSE_CONF_SIZE(type, field, section, key, min, max, def, reload, help)                \
    PSE_CONF_ROW(type, field, uint64_t, PSE_CONF_IS_SIZE, section, key, min, max, def, NULL, \
                 reload, false, help)
#define PSE_CONF_SWITCH(type, field, section, key, def, reload, help)                          \
    PSE_CONF_ROW(type, field, bool, PSE_CONF_IS_SWITCH, section, key, 0, 1, def, NULL, reload, \
                 false, help)
#define PSE_CONF_CHOICE(type, field, section, key, words, def, reload, help)                \
    PSE_CONF_ROW(type, field, uint64_t, PSE_CONF_IS_CHOICE, section, key, 0, 0, def, words, \
                 reload, false, help)
#define PSE_CONF_WORDS(type, field, section, key, min, max, def, reload, help)                    \
    PSE_CONF_ROW(type, field, char[PSE_CONF_TEXT], PSE_CONF_IS_TEXT, section, key, min, max, def, \
                 NULL, reload, false, help)
#define PSE_CONF_PATH(type, field, section, key, def, reload, help)                   \
    PSE_CONF_ROW(type, field, char[PSE_CONF_TEXT], PSE_CONF_IS_PATH, section, key, 0, \
                 PSE_CONF_VALUE_MAX, def, NULL, reload, false, help)
#define PSE_CONF_SECRET(type, field, section, key, def, reload, help)                           \
    PSE_CONF_ROW(type, field, char[PSE_CONF_TEXT], PSE_CONF_IS_SECRET, section, key, 0, 0, def, \
                 NULL, reload, true, help)
/* A private key, which may also be on a token. */
#define PSE_CONF_KEY(type, field, section, key, def, reload, help)                              \
    PSE_CONF_ROW(type, field, char[PSE_CONF_TEXT], PSE_CONF_IS_SECRET, section, key, 0, 1, def, \
                 NULL, reload, true, help)
#define PSE_CONF_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Promises about a table itself: names, ranges, defaults that fit, no key twice. Aborts when one
 * is broken; every function below relies on it. Called by pse_conf_read. */
void pse_conf_require(const struct pse_conf *c);

/** Fill the settings struct @p out (c->size bytes) from the text of a file; @p file names it in
 * messages. Pure. PSE_E_SYNTAX, PSE_E_DUPLICATE, PSE_E_RANGE, PSE_E_LIMIT, PSE_E_ENCODING,
 * PSE_E_MISSING (a key without default is not given): @p fault then begins with "FILE:LINE: ", and
 * @p out is zeroed. */
PSE_MUST pse_rc pse_conf_read(void *out, struct pse_fault *fault, const struct pse_conf *c,
                              const char *file, struct pse_span text);

/** The same from the file @p path. PSE_E_IO when it cannot be read. */
PSE_MUST pse_rc pse_conf_load(void *out, struct pse_fault *fault, const struct pse_conf *c,
                              const char *path);

/** Read @p path again and take the keys marked reload into @p settings: all of them or, when
 * anything in the file is wrong or a key that is not marked has another value (PSE_E_STATE), none.
 * *changed is the number of keys that have another value now. */
PSE_MUST pse_rc pse_conf_reload(void *settings, size_t *changed, struct pse_fault *fault,
                                const struct pse_conf *c, const char *path);

/** The value of one key as it would stand in a file: canonical, so equal values are equal texts. A
 * secret is `<set>` or `<not set>`. */
void pse_conf_put_value(struct pse_buf *b, const struct pse_conf_key *k, const void *settings);

/** All settings as a file with their help as comments (--dump-config). */
void pse_conf_put_dump(struct pse_buf *b, const struct pse_conf *c, const void *settings);

/** SHA-256 of the effective settings: "psephos/config/1", the daemon's name and, sorted, every
 * `section.key=value`, each ended by LF. Where a secret lies does not enter, only whether one is
 * set. The figure an authority publishes before it opens. */
void pse_conf_hash(pse_hash *out, const struct pse_conf *c, const void *settings);

/** The table as mdoc(7), for the manual page of the daemon. */
void pse_conf_put_manual(struct pse_buf *b, const struct pse_conf *c);

/** The words of choice @p i of a key of that type; an empty span when there is none. */
struct pse_span pse_conf_choice(const struct pse_conf_key *k, uint64_t i);

#endif
