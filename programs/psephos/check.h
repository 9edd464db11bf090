/* Parts of psephos check that its files share. */
#ifndef PSE_PSEPHOS_CHECK_H
#define PSE_PSEPHOS_CHECK_H

#include "election/dialogue.h"
#include "psephos/session.h"

/** Codes of a report (protocol 2.4). */
enum { REPORT_OTHER_CHOICE = 2, REPORT_UNFINISHED = 3, REPORT_CHANGED = 5 };

struct check_options {
    struct session_options common;
    const char *what;   /* the QR's text, a file that holds it, "-", or a check that was kept */
    const char *voter;  /* voter code */
    const char *keep;   /* folder */
    const char *report; /* file */
    const char *relay;
    uint64_t wait; /* seconds */
};

/** A ballot that is asked about, and what the record says of it. */
struct check_ballot {
    uint64_t index;
    pse_hash leaf;
    struct pse_buf entry;
    pse_enc credential;
    struct pse_credential_view view;
};

/** Find the ballot in the record of @p s: the entry at b->index must have the hash b->leaf and be a
 * live ballot. PSE_E_PROOF (reported). b->entry is freed by the caller in every case. */
PSE_MUST pse_rc check_find_ballot(struct check_ballot *b, struct session *s);
/** Has nothing that came later touched it, up to the checkpoint? PSE_E_PROOF (reported). */
PSE_MUST pse_rc check_stands(const struct check_ballot *b, const struct session *s);

/** What stays of a check: the election, tracker, leaf, index and checkpoint; never choices, x or
 * messages (protocol 11). */
struct check_kept {
    pse_hash eid;
    pse_hash leaf;
    uint64_t index;
    struct pse_span checkpoint; /* borrowed */
};
/** Read the bytes of such a file. PSE_E_SYNTAX. */
PSE_MUST pse_rc check_kept_parse(struct check_kept *k, struct pse_span file);

/** Note in the folder o->keep that a check of @p leaf was begun, with the time, before anything is
 * asked. *path (FILE_PATH_MAX) is the note; *before: an earlier one was begun and did not end well
 * (said). Statuses of files.h. */
PSE_MUST pse_rc check_note_start(char path[FILE_PATH_MAX], bool *before, const struct session *s,
                                 const char *folder, const pse_hash *leaf);
/** Keep what stays of a check that went well, and say so. */
PSE_MUST pse_rc check_note_success(const struct session *s, const char *folder,
                                   const struct check_ballot *b);
/** Say that the check failed, and write the report that was asked for (@p path NULL: say how).
 * @p note: as of check_note_start; NULL: none. */
PSE_MUST pse_rc check_offer_report(const struct session *s, const char *path, uint16_t code,
                                   const pse_hash *leaf, const char *note);

/** psephos check FILE: a check that was kept, asked again of today's record. PSE_E_UNKNOWN: so far
 * it stands, but the set of ballots is not fixed yet. */
PSE_MUST pse_rc check_again(struct session *s, struct check_options *o, struct pse_span file);

#endif
