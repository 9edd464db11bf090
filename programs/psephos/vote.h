/* Parts of psephos vote that its files share. */
#ifndef PSE_PSEPHOS_VOTE_H
#define PSE_PSEPHOS_VOTE_H

#include "psephos/session.h"

struct vote_options {
    struct session_options common;
    const char *choices;    /* --choices */
    struct cli_list choose; /* --choose */
    const char *box;        /* --box: cast; NULL: into a file */
    const char *receipt;    /* --receipt */
    const char *token_file; /* --token-file: of a session */
    const char *relay;      /* --relay; NULL: the box */
    uint64_t wait;          /* --wait: for the second device; 0: as long as messages are kept */
    bool again;
    bool check;
    bool json;
};

/** What a ballot is made for. Borrowed. */
struct vote_election {
    const struct pse_engine *e; /* at least up to the opening */
    const struct pse_manifest *m;
    const struct pse_joint *joint; /* from where protocol 6 says it must come */
};

/** A ballot as it leaves, and what only the voter's device knows of it until the check is over. */
struct vote_ballot {
    const struct pse_style *style;
    uint8_t *choices; /* guarded memory, style->choice_len bytes */
    struct pse_arena arena;
    struct pse_ballot_random random;
    size_t n;
    uint8_t bytes[PSE_ENTRY_MAX];
    pse_hash leaf;
    char tracker[PSE_TRACKER_TEXT];
};

/** Is the key for this election? PSE_E_MISMATCH (reported). */
PSE_MUST pse_rc vote_check_key(const struct session *s, const pse_hash *eid);
/** Read the choices and seal them: @p prev as protocol 6 says. Reported failures: the choices are
 * not understood or not allowed. vote_ballot_free in every case, which wipes. */
PSE_MUST pse_rc vote_seal(struct vote_ballot *b, struct session *s, const struct vote_options *o,
                          const struct vote_election *election, uint16_t style,
                          const pse_hash *prev);
void vote_ballot_free(struct vote_ballot *b);

/** Leaf hash and tracker of the ballot bytes in @p b. */
void vote_name_ballot(struct vote_ballot *b, const struct session *s, const pse_hash *eid);

/** Hold the dialogue of the second-device check about the ballot at @p index, as cast. PSE_E_PROOF
 * (reported): it did not end in success; others as of check_mailbox.h. */
PSE_MUST pse_rc vote_check(struct session *s, const struct vote_options *o,
                           const struct vote_election *election, const struct vote_ballot *ballot,
                           uint64_t index);

/** psephos vote --box. */
PSE_MUST pse_rc vote_cast(struct session *s, const struct vote_options *o);

#endif
