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
#include "common/options.h"
#include "common/parcel.h"
#include "common/record_load.h"
#include "common/sysrng.h"

/** Options that the role commands share. */
struct session_options {
    const char *record; /* --record */
    const char *key;    /* --key */
    const char *out;    /* --out */
    struct cli_hash eid;
    bool quiet;
};

#define SESSION_RECORD(o) \
    CLI_TEXT("record", "DIR", &(o)->record, "the public record, or your copy of it")
#define SESSION_KEY(o)   CLI_TEXT("key", "FILE", &(o)->key, "your private key")
#define SESSION_OUT(o)   CLI_TEXT("out", "FILE", &(o)->out, "the file to make")
#define SESSION_EID(o)   CLI_HASH("eid", "HEX", &(o)->eid, "refuse a record of another election")
#define SESSION_QUIET(o) CLI_FLAG("quiet", &(o)->quiet, "print nothing but errors")
#define SESSION_OPTIONS(o) \
    SESSION_RECORD(o), SESSION_KEY(o), SESSION_OUT(o), SESSION_EID(o), SESSION_QUIET(o)

struct session {
    const char *name;
    const struct session_options *options;
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng;
    bool has_record;
    struct record_load load;
    struct key *key; /* NULL until session_key */
    struct pse_buf parcel;
    struct sink sink;
    size_t entries; /* in the parcel */
};

/** Threads, group, randomness; no record yet. The session is to be ended in every case. */
PSE_MUST pse_rc session_begin(struct session *s, const char *name, const struct session_options *o);
/** The same and the record of --record, verified. PSE_E_MISSING (reported) without --record. */
PSE_MUST pse_rc session_start(struct session *s, const char *name, const struct session_options *o);
/** Read the key of --key. */
PSE_MUST pse_rc session_key(struct session *s, enum key_role role);
/** For the functions of act.h: makes the parcel. */
struct act session_act(struct session *s);
/** The same into another sink. */
struct act session_act_into(struct session *s, const struct sink *sink);
/** Refuse when an option that must be given is not. */
PSE_MUST pse_rc session_want(const struct session *s, const char *value, const char *option);
/** Say something on standard output, unless quiet. */
__attribute__((format(printf, 2, 3))) void session_say(const struct session *s, const char *format,
                                                       ...);
/** Write the parcel to --out, when @p rc is PSE_OK and there is one, say what to do @p next (NULL:
 * nothing), release everything, and give the exit status. */
int session_end(struct session *s, pse_rc rc, const char *next);
/** Release without writing. */
void session_close(struct session *s);

/** POSIX seconds. */
uint64_t session_now(void);

/** One word of a list that stands for a small number ("paper" for 1). */
struct session_word {
    const char *word;
    uint8_t value;
};
/** PSE_E_RANGE, with the words that are possible, when @p text is none. */
PSE_MUST pse_rc session_word(uint8_t *value, const struct session *s, const char *option,
                             const char *text, const struct session_word *word, size_t words);

#endif
