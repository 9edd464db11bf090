/* A page of a daemon: files that are built in, and what browsers may do with them.
 *
 * For: pages that officers and trustees use. Nothing but the page's own files is loaded, no script
 * or style stands inside the markup, and no other page may frame it. Not for: what a page says
 * (web/). */
#ifndef PSE_PROGRAMS_PAGE_H
#define PSE_PROGRAMS_PAGE_H

#include "net/http.h"

struct page_file {
    const char *path; /* "/trustee.js" */
    const char *type; /* "text/javascript; charset=utf-8" */
    struct pse_span bytes;
};

/** GET of @p file, which lives as long as the route. */
struct pse_http_route page_route(const struct page_file *file);

#endif
