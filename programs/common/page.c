#include "common/page.h"

static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static void answer_page(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const struct page_file *file = ctx;
    struct pse_http_answer a = {.status = 200, .type = file->type, .body = file->bytes};

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

struct pse_http_route page_route(const struct page_file *file)
{
    return (struct pse_http_route){.methods = PSE_HTTP_GET,
                                   .path = file->path,
                                   .lane = PSE_HTTP_INLINE,
                                   .handle = answer_page,
                                   .ctx = (void *)(uintptr_t)file};
}
