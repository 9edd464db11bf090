/* Security events: an append-only stream of their own, for detectors (contracts: defence, A1).
 *
 * One JSON object a line, at most PSE_EVENT_LINE_MAX bytes, members in this order:
 *
 *     {"v":1,"id":7,"t":"2026-11-22T10:00:00.123Z","src":"witness@host","type":"auth.refused","sev":4,
 *      "outcome":"refused","route":"add-checkpoint","net":"192.0.2.0/24","n":1,"ms":3,"rule":"…",
 *      "tags":["…"],"prev":"<SHA-256 of the line before, without its end>"}
 *
 * route, net or pseud, n, ms, rule and tags are left out when there is nothing to say. `id` has no
 * gaps and `prev` chains the lines, across restarts and files: a line that is taken out, altered or
 * moved shows. Never in an event: ballot content, a voter's id, a whole address, a pseudonym
 * together with a network. The last is kept by the type: an event has one `who`, and prefixes and
 * pseudonyms are made only by the functions below.
 *
 * The file is renamed to FILE.1, FILE.2, … when it is full and the oldest is removed: the hard
 * bound on how long anything is kept here. Any thread (one lock). */
#ifndef PSE_DAEMON_EVENT_H
#define PSE_DAEMON_EVENT_H

#include <pthread.h>
#include <sys/socket.h>

#include "codec/hash.h"
#include "daemon/fault.h"

enum {
    PSE_EVENT_LINE_MAX = 8192,
    PSE_EVENT_TEXT_MAX = 128, /* of a type, route, rule, outcome or tag */
    PSE_EVENT_TAGS_MAX = 8,
    PSE_EVENT_SOURCE_MAX = 128,
    PSE_EVENT_PATH_MAX = 1024,
};

/** Severities are those of syslog: 0 emergency … 3 error, 4 warning, 6 information, 7 debug. */
enum pse_event_who { PSE_EVENT_NOBODY, PSE_EVENT_NET, PSE_EVENT_PSEUD };

/** /24 of IPv4, /48 of IPv6 (mapped IPv4 as IPv4), "local" for Unix sockets. */
struct pse_net_prefix {
    char text[48];
};
/** A name that means something only for a day and only to who has the key. */
struct pse_pseud {
    char text[33];
};
typedef struct pse_pseud_key {
    uint8_t b[32];
} pse_pseud_key;

void pse_net_prefix(struct pse_net_prefix *out, const struct sockaddr *from);
/** HMAC-free keyed BLAKE2b-128 of @p id; the key is drawn anew each day and kept in memory. */
void pse_pseud(struct pse_pseud *out, const pse_pseud_key *key, struct pse_span id);
void pse_pseud_key_wipe(pse_pseud_key *key);

struct pse_event {
    const char *type;    /* stable dotted name */
    unsigned sev;        /* 0..7 */
    const char *outcome; /* "ok", "refused", "failed", … */
    const char *route;   /* class of the request, NULL: none; never a path from outside */
    enum pse_event_who who;
    const struct pse_net_prefix *net;
    const struct pse_pseud *pseud;
    uint64_t n;  /* how many, 0: left out */
    uint64_t ms; /* how long, 0: left out */
    const char *rule;
    const char *tags[PSE_EVENT_TAGS_MAX]; /* NULL-ended unless full */
};

struct pse_events {
    pthread_mutex_t mutex;
    int fd;
    char path[PSE_EVENT_PATH_MAX];
    char source[PSE_EVENT_SOURCE_MAX];
    uint64_t next_id;
    pse_hash prev;
    uint64_t size;     /* of the file now */
    uint64_t max_size; /* a file is full */
    unsigned keep;     /* full files beside it */
    int64_t (*now_ms)(void);
};

/** Open the stream @p path of @p source ("witness@host"), going on where it ended. A last line that
 * a crash cut short is cut off and reported as an event of type stream.torn. PSE_E_IO; PSE_E_SYNTAX
 * when the last line is none of ours. */
PSE_MUST pse_rc pse_events_open(struct pse_events *s, struct pse_fault *fault, const char *path,
                                const char *source, uint64_t max_size, unsigned keep);
/** Append one event; sev 0-3 is forced to disk before this returns. PSE_E_IO: it is not in the
 * stream and its id is used for the next, or it is and may not be on disk. */
PSE_MUST pse_rc pse_events_put(struct pse_events *s, const struct pse_event *e);
/** Force to disk what was put. */
PSE_MUST pse_rc pse_events_sync(struct pse_events *s);
void pse_events_close(struct pse_events *s);

/** Where a chain of lines stands. Start with zeros to read from the first event. */
struct pse_event_chain {
    uint64_t next_id;
    pse_hash prev;
    size_t line; /* lines read; of a failure, the line at fault */
};
/** Check a piece of a stream (whole lines): schema, order of ids, chain. With @p anywhere the first
 * line sets the start. PSE_E_SYNTAX, PSE_E_MISMATCH (chain), PSE_E_RANGE (id), PSE_E_LIMIT. */
PSE_MUST pse_rc pse_event_check(struct pse_event_chain *c, struct pse_span text, bool anywhere);

#endif
