/* Bytes of a connection, through the player: whatever comes, the answers are well-formed, and no
 * handler sees a path or body beyond its route's limits. */
#define _GNU_SOURCE /* memmem */
#include <string.h>

#include "net/http_player.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 100 };

static void on_call(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct pse_span value;

    (void)ctx;
    PSE_REQUIRE(n == 1);
    for (size_t i = 0; i < pse_http_path(call[0]).n; i++) {
        uint8_t c = pse_http_path(call[0]).p[i];

        PSE_REQUIRE(c > 0x20 && c < 0x7f && c != '%' && c != '\\');
    }
    PSE_REQUIRE(memmem(pse_http_path(call[0]).p, pse_http_path(call[0]).n, "/..", 3) == NULL);
    PSE_REQUIRE(pse_http_body(call[0]).n <= BODY_MAX);
    PSE_REQUIRE(pse_http_method(call[0]) == PSE_HTTP_POST || pse_http_body(call[0]).n == 0);
    PSE_REQUIRE(!pse_http_header(&value, call[0], "transfer-encoding"));
    pse_http_answer_text(call[0], 200, "text/plain", pse_http_path(call[0]));
}

static const struct pse_http_route routes[] = {
    {.methods = PSE_HTTP_GET, .path = "/a", .lane = PSE_HTTP_INLINE, .handle = on_call},
    {.methods = PSE_HTTP_GET,
     .path = "/q",
     .query = true,
     .lane = PSE_HTTP_INLINE,
     .handle = on_call},
    {.methods = PSE_HTTP_GET, .path = "/t/", .lane = PSE_HTTP_INLINE, .handle = on_call},
    {.methods = PSE_HTTP_POST,
     .path = "/p",
     .type = "x/y",
     .body_max = BODY_MAX,
     .lane = PSE_HTTP_INLINE,
     .handle = on_call},
    {.methods = PSE_HTTP_POST, .path = "/w", .body_max = BODY_MAX, .lane = 0, .handle = on_call},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pse_http_player *player;
    const struct pse_http_options o = {
        .route = routes,
        .routes = sizeof routes / sizeof routes[0],
        .lane = {{.capacity = 4, .workers = 1}},
    };
    struct pse_buf out = PSE_BUF((size_t)64 << 20);

    if (player == NULL)
        PSE_REQUIRE(pse_http_player_new(&player, &o) == PSE_OK);
    PSE_REQUIRE(pse_http_play(&out, player, pse_span(data, size)) == PSE_OK);
    PSE_REQUIRE(out.n == 0 || (out.n > 12 && memcmp(out.p, "HTTP/1.1 ", 9) == 0));
    pse_buf_free(&out);
    return 0;
}
