/* The officers' page: three files, built in. */
#include "office_page.h"
#include "common/page.h"
#include "psephos/office.h"

void office_page_routes(struct pse_http_route route[OFFICE_PAGE_ROUTES])
{
    static const struct page_file file[OFFICE_PAGE_ROUTES] = {
        {"/officer", "text/html; charset=utf-8", {officer_html, sizeof officer_html}},
        {"/officer/officer.js", "text/javascript; charset=utf-8", {officer_js, sizeof officer_js}},
        {"/officer/officer.css", "text/css; charset=utf-8", {officer_css, sizeof officer_css}},
    };

    for (size_t i = 0; i < OFFICE_PAGE_ROUTES; i++)
        route[i] = page_route(&file[i]);
}
