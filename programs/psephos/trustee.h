/* Parts of psephos trustee that its files share. */
#ifndef PSE_PSEPHOS_TRUSTEE_H
#define PSE_PSEPHOS_TRUSTEE_H

#include "codec/text.h"
#include "psephos/trustee_desk.h"
#include "psephos/trustee_dir.h"

/** Record, key and folder of a trustee. Close @p d in every case. */
PSE_MUST pse_rc trustee_begin(struct trustee_dir *d, struct session *s,
                              const struct session_options *o);

/** The steps that need nothing but the record. */
enum trustee_step { TRUSTEE_COMMIT, TRUSTEE_REVEAL, TRUSTEE_SHARE };

/** Take a step: its parcel goes into the session, kept durably in the folder first; one that was
 * made before is taken from there, byte for byte. PSE_E_STATE: it does not belong here now. */
PSE_MUST pse_rc trustee_step(struct trustee_dir *d, struct session *s, enum trustee_step step);
/** Round 4. @p heard: the code as another trustee read it. PSE_E_MISMATCH: the codes differ
 * (*dealer 0), or the share of *dealer does not fit. */
PSE_MUST pse_rc trustee_step_confirm(struct trustee_dir *d, struct session *s, const char *heard,
                                     uint8_t *dealer);
PSE_MUST pse_rc trustee_step_complain(struct trustee_dir *d, struct session *s, uint8_t dealer);

/** The code over election and joint key. PSE_E_STATE (reported): not all have revealed. */
PSE_MUST pse_rc trustee_code_text(char text[PSE_TRACKER_TEXT], const struct session *s);

/** What a person has explicitly agreed to (protocol 9). */
struct trustee_consent {
    struct cli_list small; /* "C/G": open this list although it is small */
    bool mixer_missing;    /* the record accounts for a mixer that did not act */
};

#define TRUSTEE_CONSENT_OPTIONS(c)                                        \
    CLI_LIST("small", "C/G", &(c)->small,                                 \
             "open the list of contest C, group G although it is small"), \
        CLI_FLAG("mixer-missing", &(c)->mixer_missing,                    \
                 "the record accounts for a mixer that did not act")

/** The duties of protocol 9, then a share of every list that has none of ours: guarded and kept
 * before it goes into the session's parcel. PSE_E_STATE: a duty forbids it (reported). */
PSE_MUST pse_rc trustee_open_lists(struct trustee_dir *d, struct session *s,
                                   const struct trustee_consent *consent);

/* --- what the trustee agrees to with an authenticator (docs/officers.md) ---------------------- */

enum { TRUSTEE_LISTS_MAX = 500 /* lists agreed to at once */ };

/** The trustee agrees to the step @p act of the ceremony, or to nothing when the folder has no
 * authenticators. @p name and @p value: one more line of the statement; NULL: none. */
PSE_MUST pse_rc trustee_agree(struct trustee_dir *d, const struct session *s, const char *act,
                              const char *name, const char *value);
/** The same for opening the @p n lists @p at (1 to TRUSTEE_LISTS_MAX). */
PSE_MUST pse_rc trustee_agree_lists(struct trustee_dir *d, const struct session *s,
                                    const size_t *at, size_t n);

int trustee_authenticators(int argc, char **argv);
int trustee_decrypt(int argc, char **argv);
int trustee_run(int argc, char **argv);

#endif
