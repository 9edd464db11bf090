/* psephos receipt: what a voter's receipt proves. Its two files share these. */
#ifndef PSE_PSEPHOS_RECEIPT_H
#define PSE_PSEPHOS_RECEIPT_H

#include "common/files.h"
#include "common/record_pin.h"
#include "psephos/session.h"

/** A receipt that is being verified. */
struct receipt {
    const char *path;
    struct pse_buf bytes;
    struct pse_proof proof;
    struct record_pin pin;
    bool has_leaf;
    pse_hash leaf; /* of the ballot */
};

/** Read and parse the file (PSE_E_SYNTAX, reported, when it is none). To be freed in any case. */
PSE_MUST pse_rc receipt_read(struct receipt *r, const char *name, const char *path);
void receipt_free(struct receipt *r);

/** The leaf hash of the one entry in @p path: a parcel as psephos vote makes it, or the bytes of
 * the entry themselves. */
PSE_MUST pse_rc receipt_leaf(pse_hash *leaf, const char *name, const char *path);

/** Log signature, origin, quorum, times against @p now, inclusion of r->leaf. PSE_E_PROOF
 * (reported): it proves nothing. */
PSE_MUST pse_rc receipt_check(const struct receipt *r, const char *name, uint64_t now);

/** What the record says about the ballot of a receipt that holds. */
struct receipt_fate {
    uint64_t size;                /* of the record */
    const char *state;            /* "OPEN", … */
    bool is_ballot;               /* a valid one; false: a dead entry, or none of a voter */
    bool is_latest;               /* no later ballot of the same credential */
    uint64_t latest;              /* index of the latest */
    bool is_revoked;              /* the registrar has set it aside */
    uint8_t reason;               /* of that */
    bool is_active;               /* the credential is */
    bool is_frozen;               /* the set of ballots is fixed */
    bool is_admitted;             /* this one is in it */
    char evidence[FILE_PATH_MAX]; /* a split view was found: the file; else "" */
};

/** Compare with the record @p where (folder or URL; the latter is copied whole into a temporary
 * folder, so that its server learns nothing about the voter) and find the ballot's fate. r->leaf is
 * set from the record when it was not given. PSE_E_PROOF (reported): a split view, a record older
 * than the receipt, or one that fails; others as record_load and record_copy_round. */
PSE_MUST pse_rc receipt_look_up(struct receipt_fate *fate, struct receipt *r, struct session *s,
                                const char *where, const char *evidence);

/** "counts", "not-admitted", "replaced", "revoked", "inactive", "so-far", "no-ballot". */
const char *receipt_fate_word(const struct receipt_fate *fate);

#endif
