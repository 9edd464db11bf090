/* The officers' page: three files, built in. */
#include "office_page.h"
#include "psephos/office.h"

struct page {
    const char *type;
    struct pse_span bytes;
};

/* Nothing but the page's own files, no script or style inside it, no frame around it. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static void answer_page(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const struct page *p = ctx;
    struct pse_http_answer a = {.status = 200, .type = p->type, .body = p->bytes};

    PSE_REQUIRE(n == 1);
    pse_http_answer_header(&a, "Content-Security-Policy", policy);
    pse_http_answer_header(&a, "Cross-Origin-Opener-Policy", "same-origin");
    pse_http_answer_header(&a, "Cross-Origin-Resource-Policy", "same-origin");
    pse_http_answer_header(&a, "Permissions-Policy",
                           "publickey-credentials-get=(self), publickey-credentials-create=(self)");
    pse_http_answer_header(&a, "Referrer-Policy", "no-referrer");
    pse_http_answer_header(&a, "Cache-Control", "no-cache");
    pse_http_answer(call[0], &a);
}

void office_page_routes(struct pse_http_route route[OFFICE_PAGE_ROUTES])
{
    static struct page pages[OFFICE_PAGE_ROUTES] = {
        {"text/html; charset=utf-8", {officer_html, sizeof officer_html}},
        {"text/javascript; charset=utf-8", {officer_js, sizeof officer_js}},
        {"text/css; charset=utf-8", {officer_css, sizeof officer_css}},
    };
    static const char *const paths[OFFICE_PAGE_ROUTES] = {"/officer", "/officer/officer.js",
                                                          "/officer/officer.css"};

    for (size_t i = 0; i < OFFICE_PAGE_ROUTES; i++)
        route[i] = (struct pse_http_route){.methods = PSE_HTTP_GET,
                                           .path = paths[i],
                                           .lane = PSE_HTTP_INLINE,
                                           .handle = answer_page,
                                           .ctx = &pages[i]};
}
