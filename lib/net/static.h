/* Files of a folder over HTTP: a handler for routes (http.h).
 *
 * For: public records and their mirrors (ledger contract 5), pages beside them. A closed table says
 * which paths there are, of what type, and how long they may be kept; nothing else is served, no
 * folder is listed, and no link is followed out of the folder. GET and HEAD, single ranges,
 * If-None-Match, and `NAME.gz` beside NAME for who accepts it. Not for: making those twins.
 *
 * Opening a file is all it does in the HTTP thread; its bytes go out by sendfile. A folder that
 * may stall (a network file system) belongs on a lane. */
#ifndef PSE_NET_STATIC_H
#define PSE_NET_STATIC_H

#include "http.h"

enum { PSE_STATIC_PATH_MAX = 1024 };

struct pse_static_rule {
    const char *path; /* "checkpoint", or "tile/" and all below it when it ends with a slash */
    const char *end;  /* what the name ends with, ".html" say; NULL: anything */
    const char *type;
    const char *cache; /* Cache-Control */
    bool gzip;         /* a twin may stand beside it */
};

/** checkpoint, tile/ and blob/ of a record. */
extern const struct pse_static_rule pse_static_record[];
enum { PSE_STATIC_RECORD_RULES = 4 };

struct pse_static;

/** Serve the folder @p path by @p rules (the first that fits; they live as long). PSE_E_MISSING: no
 * such folder; PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_static_new(struct pse_static **out, const char *path,
                               const struct pse_static_rule *rules, size_t n);
void pse_static_free(struct pse_static *s);

/** The handler; its ctx is the struct pse_static. Its route ends with a slash: what follows is the
 * name of the file. Any thread. Errors: 404 not-found, 416 range, 503 busy. */
pse_http_handler pse_static_handle;

#endif
