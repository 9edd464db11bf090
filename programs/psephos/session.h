/* What every role command needs: threads, a group, randomness, the record read and verified, the
 * role's key, and a parcel for what is made.
 *
 *     struct session s;
 *     pse_rc rc = session_start(&s, "psephos officer open", &o);     o: the common options
 *
 *     if (rc == PSE_OK)
 *         rc = session_key(&s, KEY_OFFICER);
 *     if (rc == PSE_OK) {
 *         struct act a = session_act(&s);
 *         rc = act_open(&a, &s.key->sign, now);
 *     }
 *     return session_end(&s, rc, "send it to the board");
 *
 * Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_SESSION_H
#define PSE_PSEPHOS_SESSION_H

#include "common/act.h"
#include "common/files.h"
#include "common/options.h"
#include "common/parcel.h"
#include "common/record_load.h"
#include "common/sysrng.h"

/** Options that the role commands share. */
struct session_options {
    const char *record;     /* --record: a folder or, where SESSION_FOLLOW is used, an address */
    const char *cache;      /* --cache */
    struct cli_list mirror; /* --mirror */
    const char *key;        /* --key */
    const char *out;        /* --out */
    const char *post;       /* --post */
    uint64_t patience;      /* --patience; 0: BOX_PATIENCE */
    struct cli_hash eid;
    bool quiet;
};

#define SESSION_RECORD(o) \
    CLI_TEXT("record", "DIR", &(o)->record, "the public record, or your copy of it")
/* The same from anywhere, compared with other places. */
#define SESSION_FOLLOW(o)                                                                        \
    CLI_TEXT("record", "DIR|URL", &(o)->record, "the public record: your copy, or its address"), \
        CLI_TEXT("cache", "DIR", &(o)->cache,                                                    \
                 "where the copy of a record at an address is kept (default: KEY.record)"),      \
        CLI_LIST("mirror", "URL", &(o)->mirror,                                                  \
                 "another place of the record, which must show the same")
#define SESSION_KEY(o) CLI_TEXT("key", "FILE", &(o)->key, "your private key")
#define SESSION_OUT(o) CLI_TEXT("out", "FILE", &(o)->out, "the file to make")
/* To a box instead of, or as well as, into a file. */
#define SESSION_POST(o)                                                                           \
    CLI_TEXT("post", "URL", &(o)->post, "send what is made to this box, and wait for witnesses"), \
        CLI_NUMBER("patience", "S", &(o)->patience, 1, 86400,                                     \
                   "seconds to try for when the box is silent or busy (default 120)")
#define SESSION_EID(o)   CLI_HASH("eid", "HEX", &(o)->eid, "refuse a record of another election")
#define SESSION_QUIET(o) CLI_FLAG("quiet", &(o)->quiet, "print nothing but errors")
#define SESSION_OPTIONS(o)                                                              \
    SESSION_FOLLOW(o), SESSION_KEY(o), SESSION_OUT(o), SESSION_POST(o), SESSION_EID(o), \
        SESSION_QUIET(o)

struct session {
    const char *name;
    const struct session_options *options;
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng;
    bool has_record;
    char dir[FILE_PATH_MAX]; /* where the record stands: the folder given, or the copy */
    struct record_load load;
    struct key *key; /* NULL until session_key */
    struct pse_buf parcel;
    struct sink sink;
    size_t entries; /* in the parcel */
};

/** Threads, group, randomness; no record yet. The session is to be ended in every case. */
PSE_MUST pse_rc session_begin(struct session *s, const char *name, const struct session_options *o);
/** The record of --record brought to this machine and compared with its mirrors (record_follow.h);
 * s->dir says where it stands. PSE_E_MISSING (reported) without --record. */
PSE_MUST pse_rc session_follow(struct session *s);
/** The record in s->dir, verified whole. */
PSE_MUST pse_rc session_load(struct session *s);
/** All three. */
PSE_MUST pse_rc session_start(struct session *s, const char *name, const struct session_options *o);
/** Read the key of --key. */
PSE_MUST pse_rc session_key(struct session *s, enum key_role role);
/** For the functions of act.h: makes the parcel. */
struct act session_act(struct session *s);
/** The same into another sink. */
struct act session_act_into(struct session *s, const struct sink *sink);
/** Refuse when an option that must be given is not. */
PSE_MUST pse_rc session_want(const struct session *s, const char *value, const char *option);
/** Refuse unless what is made has somewhere to go: --out or --post. */
PSE_MUST pse_rc session_want_sink(const struct session *s);
/** Say something on standard output, unless quiet. */
__attribute__((format(printf, 2, 3))) void session_say(const struct session *s, const char *format,
                                                       ...);
/** Send the parcel, if there is one, to the box @p url and wait until it is witnessed. Statuses of
 * box_client_post_parcel. */
PSE_MUST pse_rc session_post(struct session *s, const char *url);
/** Write the parcel to --out and send it to --post. What is sent waits in a file until it is known
 * what became of it (KEY.pending.parcel, without --out); what waits there from before goes first.
 */
PSE_MUST pse_rc session_deliver(struct session *s);
/** Write the parcel to --out, or send it to --post, when @p rc is PSE_OK and there is one, say what
 * to do @p next with the file (NULL: nothing), release everything, and give the exit status. */
int session_end(struct session *s, pse_rc rc, const char *next);
/** Release without writing. */
void session_close(struct session *s);

/** POSIX seconds. */
uint64_t session_now(void);

enum { SESSION_FINGERPRINT_BYTES = 15, SESSION_FINGERPRINT_TEXT = 30 };
/** The first 15 bytes of an election id as 24 characters in groups of four: what people compare by
 * voice and type. */
void session_fingerprint(char text[SESSION_FINGERPRINT_TEXT], const pse_hash *eid);

/** One word of a list that stands for a small number ("paper" for 1). */
struct session_word {
    const char *word;
    uint8_t value;
};
/** PSE_E_RANGE, with the words that are possible, when @p text is none. */
PSE_MUST pse_rc session_word(uint8_t *value, const struct session *s, const char *option,
                             const char *text, const struct session_word *word, size_t words);

#endif
