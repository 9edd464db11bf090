#include "common/cookie.h"

#include <stdio.h>
#include <string.h>

bool cookie_of(struct pse_span *value, const struct pse_http_call *c, const char *name)
{
    size_t n = strlen(name);
    struct pse_span all;

    if (!pse_http_header(&all, c, "Cookie"))
        return false;
    /* "a=b; c=d" */
    for (size_t at = 0; at < all.n;) {
        const uint8_t *end = memchr(all.p + at, ';', all.n - at);
        size_t to = end == NULL ? all.n : (size_t)(end - all.p);

        while (at < to && all.p[at] == ' ')
            at++;
        if (to - at > n && memcmp(all.p + at, name, n) == 0 && all.p[at + n] == '=') {
            *value = pse_span(all.p + at + n + 1, to - at - n - 1);
            return true;
        }
        at = to + 1;
    }
    return false;
}

void cookie_set(struct pse_http_answer *a, const char *name, const char *value, uint64_t seconds,
                enum cookie_site site)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%s=%s; Path=/; Max-Age=%llu; Secure; HttpOnly; SameSite=%s",
                   name, value, (unsigned long long)seconds,
                   site == COOKIE_STRICT ? "Strict" : "Lax");
    pse_http_answer_header(a, "Set-Cookie", text);
    pse_wipe(text, sizeof text);
}
