/* What the commands over the private voter database share: its options, opening it, and acts that
 * two officers agreed to. */
#ifndef PSE_PSEPHOS_VOTERS_H
#define PSE_PSEPHOS_VOTERS_H

#include "common/consent_log.h"
#include "common/wrapkey.h"
#include "psephos/session.h"
#include "store/voters.h"

struct voters_options {
    const char *voters; /* --voters */
    const char *wrap;   /* --wrap */
    const char *act;    /* --act */
    const char *acts;   /* --acts */
    struct cli_list officer;
};

#define VOTERS_OPTIONS(o)                                                 \
    CLI_TEXT("voters", "DB", &(o)->voters, "the private voter database"), \
        CLI_TEXT("wrap", "FILE", &(o)->wrap,                              \
                 "its wrapping key, a file with mode 0400, or on a token")
#define VOTERS_ACT(o)                                                                     \
    CLI_TEXT("act", "FILE", &(o)->act, "the act that two officers signed"),               \
        CLI_LIST("officer", "CARD", &(o)->officer, "an officer who may sign; repeat it"), \
        CLI_TEXT("acts", "FILE", &(o)->acts, "the private log of acts; a line is added")

/** An open database and the key that opens it. Zero-initialise; close in every case. */
struct voters {
    struct wrapkey *key;
    struct pse_wrapper w;
    struct pse_voters *v;
};

/** Read the wrapping key. */
PSE_MUST pse_rc voters_key(struct voters *x, const struct session *s,
                           const struct voters_options *o);
/** The same and the database. With a record in the session it must be that election's. */
PSE_MUST pse_rc voters_open(struct voters *x, struct session *s, const struct voters_options *o,
                            bool is_reader);
void voters_close(struct voters *x);

/** One line for a status of the database; returns @p rc. */
pse_rc voters_failed(const struct session *s, const struct voters_options *o, pse_rc rc);

/** Check --act against --officer cards and what is about to be done, and write it to --acts.
 * *hash is the act's. */
PSE_MUST pse_rc voters_consent(pse_hash *hash, const struct session *s,
                               const struct voters_options *o, const char *what,
                               const pse_hash *eid, const pse_hash *subject);

int registrar_list(int argc, char **argv);
int registrar_register(int argc, char **argv);
int registrar_release(int argc, char **argv);
int registrar_erase(int argc, char **argv);
int officer_propose(int argc, char **argv);
int officer_agree(int argc, char **argv);
int officer_confirm(int argc, char **argv);

#endif
