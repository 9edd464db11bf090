/* The private database against itself and against the public record (issue: cross-check).
 *
 * Every row of every table is looked at: marks, sealed content against columns, the chain of list
 * versions replayed against the persons, credentials against the roster of the record. What is
 * altered, missing or surplus is named by table and row; nothing is mended. Works on a reader's
 * snapshot beside a running writer. Names and addresses are opened and wiped, never reported.
 * An older state of the whole file put back in place of the present one cannot be seen in the file
 * itself; the record shows it as missing credentials. */
#ifndef PSE_STORE_VOTERS_AUDIT_H
#define PSE_STORE_VOTERS_AUDIT_H

#include "store/voters.h"

/** One credential of the public record. */
struct pse_roll_line {
    pse_enc credential;
    uint16_t style;
    uint32_t weight;
    pse_hash commitment; /* of its roster or credential-change entry */
    bool is_active;
    bool seen; /* by the audit */
};

enum pse_audit_kind { PSE_AUDIT_ALTERED, PSE_AUDIT_MISSING, PSE_AUDIT_SURPLUS };
/** "altered", "missing", "surplus". */
const char *pse_audit_kind_name(enum pse_audit_kind kind);

struct pse_audit_finding {
    enum pse_audit_kind kind;
    const char *table;
    uint64_t row;    /* 0 where @c key names it */
    uint64_t sub;    /* of table change: seq */
    const char *why; /* a few words, static */
    char key[65];    /* hexadecimal or a name; empty where the row number says it */
};

struct pse_voters_auditor {
    void *ctx;
    void (*finding)(void *ctx, const struct pse_audit_finding *f);
    struct pse_roll_line *line; /* ascending by credential; NULL: no record at hand */
    size_t lines;
    uint64_t rows;     /* result: rows looked at */
    uint64_t findings; /* result */
    uint64_t staged;   /* result: active credentials not in the record yet */
};

/** PSE_OK also with findings. PSE_E_IO, PSE_E_MEMORY: the audit could not be done. */
PSE_MUST pse_rc pse_voters_audit(struct pse_voters_auditor *a, struct pse_voters *v);

#endif
