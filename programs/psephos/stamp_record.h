/* Inside psephos stamp: stamps beside a record.
 *
 * In the folder `stamp` of a record stand copies of stamped checkpoints, `<size>.checkpoint`, and
 * beside each its stamps, `<size>.checkpoint.<n>.tsr`. The protocol does not name the folder, so
 * verifiers pass it over. */
#ifndef PSE_PSEPHOS_STAMP_RECORD_H
#define PSE_PSEPHOS_STAMP_RECORD_H

#include "psephos/session.h"
#include "psephos/stamp.h"

/** Verify the record of @p o, see that its vote has closed, and put its checkpoint where stamps of
 * it go, unless one of that size stands there already: then that is taken. @p path and @p
 * checkpoint are what is to be stamped; the caller frees it. PSE_E_STATE: not closed yet. Reports.
 */
PSE_MUST pse_rc stamp_record_closing(struct pse_buf *checkpoint, char path[FILE_PATH_MAX],
                                     const char *name, const struct session_options *o);

#endif
