/* Inside psephos box: what its files share. box.c verbs; box_log.c the log's side: store, record,
 * engine, witnesses; box_spool.c blobs that wait for their entry; box_opinion.c the second
 * process; box_sequence.c and box_sequence_ipc.c the sequencing daemon; box_create.c the log's
 * first entry. */
#ifndef PSE_PSEPHOS_BOX_H
#define PSE_PSEPHOS_BOX_H

#include <pthread.h>

#include "common/daemon.h"
#include "common/keyfile.h"
#include "psephos/box_engine.h"
#include "store/sequencer.h"

/* --- settings of the sequencing daemon ---------------------------------------------------------
 */

struct box_log_settings {
    struct daemon_common common;
    char store[PSE_CONF_TEXT];
    char record[PSE_CONF_TEXT];
    char policy[PSE_CONF_TEXT];
    char key[PSE_CONF_TEXT];
    char token[PSE_CONF_TEXT];
    char ca[PSE_CONF_TEXT];
    char addresses[PSE_CONF_TEXT];
    char socket[PSE_CONF_TEXT];
    char users[PSE_CONF_TEXT];
    uint64_t threads;
    uint64_t spool;
    bool second;
    bool standby;
};
extern const struct pse_conf box_log_conf;

/* --- blobs that wait ---------------------------------------------------------------------------
 * Blobs that clients send are kept below STATE/spool/blob until an entry names them; then they go
 * into the record. Bounded: beyond its size the oldest that nobody has named for an hour go. */

struct box_spool {
    char dir[PSE_CONF_TEXT];
    char record[PSE_CONF_TEXT];
    uint64_t size_max;
    uint64_t size;
    uint64_t tmp; /* number of the next upload */
    pthread_mutex_t lock;
};

/** A blob on its way in, piece by piece. One connection's. */
struct box_upload {
    int fd; /* -1: none */
    uint64_t number;
    pse_hash hash;
    uint32_t total, at;
};

PSE_MUST pse_rc box_spool_open(struct box_spool *s, const char *name, const char *state,
                               const char *record, uint64_t size_max);
void box_spool_close(struct box_spool *s);
/** The next piece of an upload; pieces come in order. *done: the blob is whole, its hash is right,
 * and it is durable. PSE_E_LIMIT: no room; PSE_E_MISMATCH: pieces that do not fit, or another
 * hash; PSE_E_IO. After a failure the upload is dropped. */
PSE_MUST pse_rc box_spool_put(struct box_spool *s, struct box_upload *u, bool *done,
                              const pse_hash *hash, uint32_t total, uint32_t offset,
                              struct pse_span bytes);
void box_upload_drop(struct box_spool *s, struct box_upload *u);
/** Put the blob into the record, durably; it may be there already. PSE_E_MISSING, PSE_E_IO. */
PSE_MUST pse_rc box_spool_publish(struct box_spool *s, const pse_hash *hash);

/* --- the second opinion ------------------------------------------------------------------------
 * A process of its own with an engine of its own on another field back-end: it reads the same log,
 * examines every batch at the same time, and what it finds live must be what the first finds. */

struct box_opinion;

/** Before any thread. The child reads @p record and @p spool. PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc box_opinion_start(struct box_opinion **out, const char *record, const char *spool,
                                  unsigned threads);
/** NULL is fine. */
void box_opinion_free(struct box_opinion *o);
/** Ask it to read the log up to @p size; box_opinion_answer waits for it. */
PSE_MUST pse_rc box_opinion_load(struct box_opinion *o, uint64_t size, const pse_hash *root);
/** Ask about a batch. */
PSE_MUST pse_rc box_opinion_ask(struct box_opinion *o, const struct pse_span *entries, size_t n);
/** The answer to the last question: n bytes, 1 for live (n = 0 for a load). PSE_E_MISMATCH: it
 * could not read the log; PSE_E_IO: it is gone. */
PSE_MUST pse_rc box_opinion_answer(struct box_opinion *o, uint8_t *live, size_t n);

/* --- the log's side ----------------------------------------------------------------------------
 */

struct box_log {
    const char *name;
    struct daemon *d;
    const struct box_log_settings *set;
    struct key *key;
    struct pse_vkey vkey;
    struct pse_pool *pool;
    struct pse_group *g;
    struct pse_rng rng;   /* the sequencer's */
    struct pse_rng batch; /* the engine's */
    struct pse_store *store;
    struct box_spool spool;
    pthread_mutex_t lock; /* of the engine */
    struct box_engine engine;
    struct pse_judge inner, judge;
    struct pse_second_opinion second;
    struct box_opinion *opinion;
    bool differs; /* the second process found something else */
    uint8_t *ours, *theirs;
    size_t blobs;                    /* named by the log and in the record */
    size_t late;                     /* the first that came only after its entry; under lock */
    struct pse_sequencer *sequencer; /* once it runs; for its own thread only */
    struct pse_buf policy_bytes;
    struct pse_arena arena;
    struct pse_policy policy;
    struct pse_witnessing witnessing;
};

/** What needs no thread: key, spool, and the second process. Prints what fails. */
PSE_MUST pse_rc box_log_begin(struct box_log *l, struct daemon *d,
                              const struct box_log_settings *set);
/** The folders that the sandbox must leave writable and readable, NULL-ended. */
void box_log_dirs(const struct box_log *l, const char *write_dirs[4], const char *read_dirs[6]);
/** Threads, store (waiting, when standing by, until stop() says true), policy, engine, witnesses.
 * @p policy: its bytes, or empty: those of the record. Prints what fails. */
PSE_MUST pse_rc box_log_open(struct box_log *l, unsigned flags, struct pse_span policy,
                             bool (*stop)(void *ctx), void *ctx);
/** Everything but answer and stopped and their context. */
void box_log_options(struct box_log *l, struct pse_sequencer_options *o);
/** A blob has come whole: if the log has named it before, it goes into the record. */
PSE_MUST pse_rc box_log_blob(struct box_log *l, const pse_hash *hash);
void box_log_close(struct box_log *l);
/** Print why the sequencer did not start or stopped; returns the exit status. */
int box_log_explain(const struct box_log *l, const struct pse_stop *why);

/* --- the socket --------------------------------------------------------------------------------
 */

struct box_server;

/** Serve the sequencer's socket @p fd, which is taken over, until box_server_free. */
PSE_MUST pse_rc box_server_start(struct box_server **out, struct box_log *l, int fd,
                                 const uint32_t *uid, size_t uids);
/** Entries are taken from now on; with NULL, no more, and none is under way when it returns. */
void box_server_open(struct box_server *s, struct pse_sequencer *sequencer);
/** The answer to what the server has submitted. */
void box_server_answer(void *ticket, const struct pse_answer *answer);
/** No more requests; what is on its way is sent. */
void box_server_drain(struct box_server *s);
void box_server_free(struct box_server *s);

struct sequence_client;
/** Until the sequencer at @p path answers, some seconds at most; then PSE_E_IO, reported. */
PSE_MUST pse_rc box_await_sequencer(const char *name, struct sequence_client *c, const char *path);

/* --- verbs -------------------------------------------------------------------------------------
 */

int box_create(int argc, char **argv);
int box_level(int argc, char **argv);
int box_post(int argc, char **argv);
int box_sequence(int argc, char **argv);
int box_serve(int argc, char **argv);

#endif
