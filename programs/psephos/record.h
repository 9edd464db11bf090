/* The verbs of psephos record, in files of their own. */
#ifndef PSE_PSEPHOS_RECORD_H
#define PSE_PSEPHOS_RECORD_H

#include "psephos/session.h"

int record_init(int argc, char **argv);
int record_append_files(int argc, char **argv);
int record_show(int argc, char **argv);
int record_receipt(int argc, char **argv);
int record_tidy_files(int argc, char **argv);
int record_compress_files(int argc, char **argv);

/** Write the receipt (tlog-proof) of entry @p index to the new file @p path. The source's folder
 * holds a verified tree of its size, whose checkpoint is @p checkpoint. */
PSE_MUST pse_rc receipt_write(const char *name, const char *path, struct record_source *source,
                              uint64_t index, struct pse_span checkpoint);

#endif
