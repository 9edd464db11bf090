/* Inside store: blobs as files blob/HEX below a folder. Statuses as in store.h. */
#ifndef PSE_STORE_BLOB_FOLDER_H
#define PSE_STORE_BLOB_FOLDER_H

#include "store/disk.h"

PSE_MUST pse_rc pse_blob_folder_put(struct pse_disk *d, const pse_hash *digest,
                                    struct pse_span blob);
/** Is there a file of that name? Its bytes are not looked at. */
bool pse_blob_folder_has(struct pse_disk *d, const pse_hash *digest);
PSE_MUST pse_rc pse_blob_folder_get(struct pse_disk *d, struct pse_buf *out,
                                    const pse_hash *digest);
PSE_MUST pse_rc pse_blob_folder_list(struct pse_disk *d, pse_hash *digests, size_t *n, size_t max,
                                     const pse_hash *after);

#endif
