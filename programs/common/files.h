/* Files for programs: whole reads with a maximum, writes that are there entirely or not at all,
 * blobs named by their SHA-256.
 *
 * Every failure prints one line on standard error under @p name (what, where, how to mend) and
 * returns a status, so callers only pass it on. Not linked into psephos-verify. */
#ifndef PSE_PROGRAMS_FILES_H
#define PSE_PROGRAMS_FILES_H

#include "base/base.h"

enum { FILE_PATH_MAX = 4096, FILE_BLOB_NAME = 5 + 64 + 1 /* "blob/", digits, zero */ };

/** How file_write treats a file; combine with |. */
enum file_flags {
    FILE_REPLACE = 0, /* an old file of that name is replaced */
    FILE_NEW = 1,     /* an old file of that name is an error */
    FILE_SECRET = 2,  /* readable by its owner only */
    FILE_FINAL = 8,   /* with FILE_SECRET: nobody may write to it either */
    FILE_BULK = 4,    /* not forced to disk: one of many that are made again if lost */
};

/** @p dir "/" @p leaf into @p out. PSE_E_LIMIT when longer than FILE_PATH_MAX. */
PSE_MUST pse_rc file_join(char out[FILE_PATH_MAX], const char *name, const char *dir,
                          const char *leaf);

/** The whole file into @p out (freed by the caller with pse_buf_free in every case). "-" is
 * standard input. PSE_E_LIMIT when longer than @p max, PSE_E_MISSING when there is none, PSE_E_IO,
 * PSE_E_MEMORY. */
PSE_MUST pse_rc file_read(struct pse_buf *out, const char *name, const char *path, size_t max);

/** Write @p in to @p path: a temporary file beside it, forced to disk, then renamed over it, then
 * the folder forced to disk. PSE_E_DUPLICATE when FILE_NEW and it is there, PSE_E_IO. */
PSE_MUST pse_rc file_write(const char *name, const char *path, struct pse_span in, unsigned flags);

/** Remove the file @p path and force the folder to disk: once this has returned PSE_OK the file is
 * gone even after a crash. PSE_E_IO. */
PSE_MUST pse_rc file_remove(const char *name, const char *path);
/** Make the folder @p path and those above it; that it exists is fine. PSE_E_IO. */
PSE_MUST pse_rc file_make_dir(const char *name, const char *path);

/** Is there something of that name? Prints nothing. */
bool file_exists(const char *path);

/** The relative name "blob/HEX" of a blob with this digest. */
void file_blob_name(char out[FILE_BLOB_NAME], const pse_hash *digest);
/** Store @p in as a blob of the record @p dir; *digest is its name. One that is there is left. */
PSE_MUST pse_rc file_blob_write(pse_hash *digest, const char *name, const char *dir,
                                struct pse_span in, unsigned flags);
/** Read the blob @p digest of the record @p dir. PSE_E_MISMATCH when its content has another
 * digest, else as file_read. */
PSE_MUST pse_rc file_blob_read(struct pse_buf *out, const char *name, const char *dir,
                               const pse_hash *digest, size_t max);

#endif
