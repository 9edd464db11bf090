/* What a witness remembers (ledger contract 8): for each log the size, root and note it cosigned
 * last, its keys, and evidence of checkpoints that contradict them.
 *
 * One SQLite database (WAL, synchronous FULL) and beside it a small mark file with the number of
 * the last commit. The mark is forced to disk after the database and before any answer, so a
 * database that is behind its mark was restored from a backup: it may have forgotten what it
 * cosigned, and is refused until an operator confirms. Keep the mark where backups of the database
 * do not reach it. Not for: HTTP, clocks, deciding what is consistent (merkle/witness.h).
 *
 * An open state is used by one thread at a time but for pse_witness_book_note and
 * pse_witness_book_keys, which any thread may call. PSE_E_IO from pse_witness_book_commit leaves
 * unknown whether the commit happened: the program must end and begin again, never retry. */
#ifndef PSE_STORE_WITNESS_STATE_H
#define PSE_STORE_WITNESS_STATE_H

#include "merkle/merkle.h"

enum {
    PSE_WITNESS_LOGS_MAX = 4096,
    PSE_WITNESS_KEYS_MAX = 4096,    /* of all logs together */
    PSE_WITNESS_EVIDENCE_MAX = 128, /* kept for one log; the first ones stay */
};

struct pse_witness_book;

/** Make a new state: database @p path, mark @p mark (both must not exist; the mark's path is
 * remembered as it is given). @p id: 16 random bytes that tie the two together. PSE_E_DUPLICATE,
 * PSE_E_UNSUPPORTED: on a network file system; PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_witness_book_create(const char *path, const char *mark,
                                        const struct pse_vkey *witness, const uint8_t id[16]);

enum pse_witness_open {
    PSE_WITNESS_WRITE, /* to cosign; one process at a time */
    PSE_WITNESS_READ,  /* to look; while another process cosigns, and also when it was restored */
};

/** Numbers by which an operator knows a restored state. */
struct pse_witness_age {
    uint64_t commit; /* last commit of the database */
    uint64_t mark;   /* of the mark; 0 when it is missing or belongs to another database */
};

/** Open. @p confirm: NULL, or the age an operator has confirmed; it must be the present one, and
 * then database and mark are brought to one commit number above both. @p age is filled when the
 * database could be read. PSE_E_MISSING; PSE_E_SYNTAX: not such a database; PSE_E_STATE: another
 * process writes; PSE_E_MISMATCH: restored from a backup, PSE_E_UNSUPPORTED: on a network
 * file system (both write only); PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_witness_book_open(struct pse_witness_book **out, struct pse_witness_age *age,
                                      const char *path, enum pse_witness_open mode,
                                      const struct pse_witness_age *confirm);
void pse_witness_book_close(struct pse_witness_book *st);

/** The witness's own key, and the path of the mark. Live as long as the state. */
const struct pse_vkey *pse_witness_book_self(const struct pse_witness_book *st);
const char *pse_witness_book_mark(const struct pse_witness_book *st);

/** Trust @p key for the log of its name. PSE_E_DUPLICATE: known already, or another key of the same
 * name and id; PSE_E_LIMIT, PSE_E_UNSUPPORTED: not a log's key (type 01); PSE_E_ENCODING: no valid
 * point; PSE_E_IO. Effective when the state is opened again. */
PSE_MUST pse_rc pse_witness_book_trust(struct pse_witness_book *st, const struct pse_vkey *key);

/** The keys trusted for @p origin; *n = 0 when it is unknown. Live as long as the state. */
const struct pse_vkey *pse_witness_book_keys(size_t *n, const struct pse_witness_book *st,
                                             struct pse_span origin);

/** One request, signed by a trusted key (pse_add_checkpoint_signed), to be judged and stored. */
struct pse_witness_item {
    const struct pse_add_checkpoint *add;
    enum pse_witness_verdict verdict; /* out */
    uint64_t size;                    /* out: what was cosigned last, for a conflict */
    struct pse_buf lines;             /* out: cosignature lines when good; the caller frees */
};

/** Judge @p n requests in their order, each against what those before it left, cosign and store the
 * good ones and the evidence in ONE transaction, and return when it is durable. Times are @p now or
 * the log's last time, whichever is later. On a failure no item may be answered. PSE_E_IO,
 * PSE_E_STATE: the origin of an item is unknown, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_witness_book_commit(struct pse_witness_book *st, struct pse_witness_item *item,
                                        size_t n, const pse_seed *seed, uint64_t now);

/** Append the latest cosigned note of the log whose origin has this SHA-256. PSE_E_MISSING when
 * none was cosigned or the log is unknown. */
PSE_MUST pse_rc pse_witness_book_note(struct pse_buf *out, struct pse_witness_book *st,
                                      const pse_hash *origin_hash);

struct pse_witness_log {
    struct pse_span origin; /* lives as long as the state */
    size_t keys;
    bool any; /* was a checkpoint cosigned? */
    uint64_t size;
    pse_hash root;
    uint64_t time;
    uint64_t evidence; /* contradicting checkpoints kept */
};
size_t pse_witness_book_logs(const struct pse_witness_book *st);
/** PSE_E_IO. */
PSE_MUST pse_rc pse_witness_book_log(struct pse_witness_log *out, struct pse_witness_book *st,
                                     size_t i);

/** Evidence @p i (from 0) of a log: the note that was refused and the one cosigned last at that
 * time (empty: none), appended. PSE_E_MISSING, PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_witness_book_evidence(struct pse_buf *refused, struct pse_buf *ours,
                                          struct pse_witness_book *st, struct pse_span origin,
                                          size_t i);

#endif
