/* Every file below a folder, in the order of names. For housekeeping only: a record is read by
 * computed names (record_at.h). */
#ifndef PSE_PROGRAMS_RECORD_WALK_H
#define PSE_PROGRAMS_RECORD_WALK_H

#include <sys/stat.h>

#include "base/base.h"

/** Called with the path relative to the folder of the walk. A failure ends the walk. */
typedef pse_rc record_walk_visit(void *ctx, const char *leaf, const struct stat *st);

/** Visit the regular files below @p dir/@p leaf; none when there is no such folder. Links are not
 * followed. PSE_E_IO (reported under @p name), PSE_E_LIMIT (too deep), or the visitor's failure. */
PSE_MUST pse_rc record_walk(const char *name, const char *dir, const char *leaf,
                            record_walk_visit *visit, void *ctx);

#endif
