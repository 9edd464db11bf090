/* Inside room store: two calls on files that the system leaves half done. */
#ifndef PSE_STORE_FILE_IO_H
#define PSE_STORE_FILE_IO_H

#include "base/base.h"

/** Write all of @p in. PSE_E_IO with errno. */
PSE_MUST pse_rc pse_file_write(int fd, struct pse_span in);
/** Force the folder of @p path to disk, so that a new file in it stays. PSE_E_IO with errno. */
PSE_MUST pse_rc pse_file_sync_folder_of(const char *path);

#endif
