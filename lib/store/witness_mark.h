/* Inside room store: the mark file of a witness, 56 bytes with the number of its last commit, tied
 * to the database by an id and checked by a hash. */
#ifndef PSE_STORE_WITNESS_MARK_H
#define PSE_STORE_WITNESS_MARK_H

#include "base/base.h"

/* Make the mark; it and its folder are forced to disk. PSE_E_DUPLICATE, PSE_E_IO. */
PSE_MUST pse_rc mark_create(const char *path, const uint8_t id[16], uint64_t number);
/* Write the number, durable. PSE_E_IO. */
PSE_MUST pse_rc mark_write(int fd, const uint8_t id[16], uint64_t number);
/* The number; 0 for a mark that is not whole or belongs to another database. A write cut short by a
 * crash is not whole either; then the operator decides, which is the safe side. */
uint64_t mark_read(int fd, const uint8_t id[16]);

#endif
