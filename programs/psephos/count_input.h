/* Reading what is to be counted: ballot files and count files, with errors in words.
 *
 * Every failure prints one line on standard error: what, where, how to mend it. */
#ifndef PSE_PSEPHOS_COUNT_INPUT_H
#define PSE_PSEPHOS_COUNT_INPUT_H

#include "count/count.h"

/** Where the input is; what is not given is NULL. */
struct count_input_files {
    const char *blt;
    const char *preflib;
    const char *counts;
    const char *mandates;
};

/** What was read. Names borrow from the texts, so free all of it together. */
struct count_input {
    struct pse_arena arena;
    struct pse_buf text, mandates_text;
    bool is_returns; /* by candidate (returns), else ballots */
    struct pse_count_ballots ballots;
    struct pse_count_returns returns;
};

/** Read the one input that @p files names; @p name is the command's, for messages. False after a
 * message. Free with count_input_free in every case. */
bool count_input_read(struct count_input *in, const char *name,
                      const struct count_input_files *files);
/** Safe on a zeroed struct. */
void count_input_free(struct count_input *in);

/** What a reader's slug means and how to mend it. */
const char *count_input_words(const char *slug);

#endif
