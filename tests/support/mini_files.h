/* A sealed small election as files: what tests of programs read. */
#ifndef PSE_TESTS_MINI_FILES_H
#define PSE_TESTS_MINI_FILES_H

#include "mini_election.h"

/** Write the record of a sealed election into the new folder @p dir, without the files and blobs
 * that are marked absent. Ends the process with a message when it cannot. */
void mini_write(const struct mini *m, const char *dir);

#endif
