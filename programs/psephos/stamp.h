/* Inside psephos stamp: what its verbs share. */
#ifndef PSE_PSEPHOS_STAMP_H
#define PSE_PSEPHOS_STAMP_H

#include "common/files.h"
#include "common/options.h"
#include "identity/identity.h"
#include "merkle/merkle.h"

enum {
    STAMP_SKEW = 60,          /* seconds a service's clock may be off ours (identity contract 5) */
    STAMP_WITNESS_SKEW = 300, /* and a witness's (ledger contract 4) */
    STAMP_NUMBER_MAX = 999,   /* stamps of one checkpoint */
    STAMP_NONCE = 16,         /* random bytes in a query */
};

/** How stamps are judged, and under which name failures are reported. */
struct stamp_judge {
    const char *name;
    struct pse_anchors *anchors;
    const char *tsa_policy; /* NULL: any */
    int64_t now;            /* the instant of judgement */
    int64_t earliest;       /* a stamp before this is not believed */
    int64_t latest;
};

/** A query for @p data with a fresh nonce: *ask is what was asked, @p out the query. */
PSE_MUST pse_rc stamp_ask(struct pse_stamp_ask *ask, struct pse_buf *out, const char *name,
                          enum pse_stamp_hash hash, const char *tsa_policy, struct pse_span data);

/** Judge @p answer (shown to people as @p path) about @p data (@p data_path). @p sent: the query it
 * answers, NULL when that is not known. Reports and returns PSE_E_PROOF. */
PSE_MUST pse_rc stamp_check(struct pse_stamp *out, const struct stamp_judge *judge,
                            struct pse_span answer, const char *path, struct pse_span data,
                            const char *data_path, const struct pse_stamp_ask *sent);

/** A checkpoint read from a file; cp borrows from bytes. */
struct stamp_checkpoint {
    struct pse_buf bytes;
    struct pse_checkpoint cp;
};

/** Read and parse. The caller frees out->bytes in every case. */
PSE_MUST pse_rc stamp_checkpoint_read(struct stamp_checkpoint *out, const char *name,
                                      const char *path);
/** Signed by the policy's log and a quorum of its witnesses; *cosigned is the latest time a witness
 * stated. Reports. */
PSE_MUST pse_rc stamp_checkpoint_trust(int64_t *cosigned, const char *name, const char *path,
                                       const struct pse_checkpoint *cp,
                                       const struct pse_policy *policy);

/** The first free name `<checkpoint>.<n>.tsr`, n = 1, 2, …. PSE_E_LIMIT (reported). */
PSE_MUST pse_rc stamp_free_name(char out[FILE_PATH_MAX], const char *name, const char *checkpoint);

/** "sha256" or "sha512"; PSE_E_SYNTAX (reported). NULL is SHA-256. */
PSE_MUST pse_rc stamp_hash_of(enum pse_stamp_hash *out, const char *name, const char *word);
const char *stamp_hash_name(enum pse_stamp_hash hash);

/** Members of one stamp inside an open object. */
struct pse_json_wr;
void stamp_json(struct pse_json_wr *w, const struct pse_stamp *s);
/** The same as lines for people. */
void stamp_say(const struct pse_stamp *s);

/** The options --ca, --tsa-policy, --hash, in the same words everywhere. */
#define STAMP_CA(at) \
    CLI_LIST("ca", "FILE", (at), "certificates of stamp authorities you trust; repeat")
#define STAMP_TSA_POLICY(at) \
    CLI_TEXT("tsa-policy", "OID", (at), "the service's policy must be this one")
#define STAMP_HASH(at) CLI_TEXT("hash", "NAME", (at), "sha256 (default) or sha512")

int stamp_make(int argc, char **argv);
int stamp_query(int argc, char **argv);
int stamp_verify(int argc, char **argv);

/** stamp_verify with --record: every stamp beside a record. */
PSE_MUST pse_rc stamp_verify_record(struct stamp_judge *judge, const char *dir, bool json);

#endif
