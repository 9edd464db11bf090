/* Record folders over HTTP, played in memory: types, caching, conditions, ranges, twins, and what
 * is not there. Linked without libmicrohttpd. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "net/http_player.h"
#include "net/static.h"

#include "test.h"

static char dir[] = "/tmp/pse-static-XXXXXX";
static struct pse_static *files;
static struct pse_http_player *player;
static char answer[65536];

static void put(const char *name, const char *text)
{
    char path[300];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

static void make(const char *name)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static int start(void **state)
{
    static struct pse_http_route route = {.methods = PSE_HTTP_GET,
                                          .path = "/r/",
                                          .lane = PSE_HTTP_INLINE,
                                          .handle = pse_static_handle};
    struct pse_http_options o = {.route = &route, .routes = 1};
    char path[300];

    (void)state;
    assert_non_null(mkdtemp(dir));
    make("record");
    make("record/tile");
    make("record/tile/0");
    make("record/tile/0/000.p");
    make("record/tile/entries");
    make("record/blob");
    put("record/checkpoint", "origin\n5\nroot\n");
    put("record/tile/0/000.p/5", "0123456789");
    put("record/tile/entries/000", "entries");
    put("record/tile/entries/000.gz", "squeezed");
    put("record/blob/aa", "");
    put("record/secret", "not in the table");
    put("outside", "outside");
    (void)snprintf(path, sizeof path, "%s/record/blob/link", dir);
    assert_int_equal(symlink("../../outside", path), 0);
    (void)snprintf(path, sizeof path, "%s/record/blob/loop", dir);
    assert_int_equal(symlink(".", path), 0);
    (void)snprintf(path, sizeof path, "%s/record/blob/pipe", dir);
    assert_int_equal(mkfifo(path, 0644), 0);
    (void)snprintf(path, sizeof path, "%s/record", dir);
    assert_int_equal(pse_static_new(&files, path, pse_static_record, PSE_STATIC_RECORD_RULES),
                     PSE_OK);
    route.ctx = files;
    return pse_http_player_new(&player, &o) != PSE_OK;
}

static int stop(void **state)
{
    char command[300];

    (void)state;
    pse_http_player_free(player);
    pse_static_free(files);
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* The answer to METHOD PATH with these headers ("Name: value\r\n"…), into `answer`; its status. */
static unsigned ask(const char *method, const char *path, const char *headers)
{
    char text[4096];
    struct pse_buf out = PSE_BUF(sizeof answer - 1);
    int n =
        snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", method, path, headers);

    assert_int_equal(pse_http_play(&out, player, pse_span(text, (size_t)n)), PSE_OK);
    memcpy(answer, out.p, out.n);
    answer[out.n] = '\0';
    pse_buf_free(&out);
    return (unsigned)strtoul(answer + strlen("HTTP/1.1 "), NULL, 10);
}

static bool has(const char *text)
{
    return strstr(answer, text) != NULL;
}

static bool ends(const char *text)
{
    const char *body = strstr(answer, "\r\n\r\n");

    return body != NULL && strcmp(body + 4, text) == 0;
}

static void types(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/r/checkpoint", ""), 200);
    assert_true(has("Content-Type: text/plain; charset=utf-8\r\n"));
    assert_true(has("Cache-Control: public, max-age=2\r\n"));
    assert_true(has("Access-Control-Allow-Origin: *\r\n"));
    assert_true(has("X-Content-Type-Options: nosniff\r\n"));
    assert_true(ends("origin\n5\nroot\n"));

    assert_int_equal(ask("GET", "/r/tile/0/000.p/5", ""), 200);
    assert_true(has("Content-Type: application/octet-stream\r\n"));
    assert_true(has("max-age=31536000, immutable\r\n"));
    assert_true(ends("0123456789"));

    assert_int_equal(ask("HEAD", "/r/tile/0/000.p/5", ""), 200);
    assert_true(has("Content-Length: 10\r\n"));
    assert_true(ends(""));

    assert_int_equal(ask("GET", "/r/blob/aa", ""), 200);
    assert_true(has("Content-Length: 0\r\n"));
}

static void not_there(void **state)
{
    static const char *const path[] = {
        "/r/",
        "/r/secret",
        "/r/outside",
        "/r/tile",
        "/r/tile/",
        "/r/tile/0",
        "/r/tile/0/000.p",
        "/r/tile/0/000.p/6",
        "/r/checkpoint/",
        "/r/checkpoint/x",
        "/r/checkpoints",
        "/r/blob/link",
        "/r/blob/loop/aa",
        "/r/blob/pipe",
        "/r/blob/../secret",
        "/r/blob/%2e%2e/secret",
        "/r/blob/.",
        "/r//checkpoint",
        "/checkpoint",
        "/r/blob/aa?x",
        "/r/tile/0/000.p/5/x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++)
        if (ask("GET", path[i], "") != 404)
            fail_msg("%s: %s", path[i], answer);
    assert_int_equal(ask("POST", "/r/checkpoint", "Content-Length: 0\r\n"), 405);
}

static void twins(void **state)
{
    static const struct {
        const char *accept;
        bool squeezed;
    } row[] = {
        {"gzip", true},          {"GZIP", true},      {"br, gzip", true},  {"gzip;q=0.5, br", true},
        {"gzip; q=1", true},     {"", false},         {"br", false},       {"gzip;q=0", false},
        {"gzip;q=0.000", false}, {"gzipped1", false}, {"identity", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char header[100];

        (void)snprintf(header, sizeof header, "Accept-Encoding: %s\r\n", row[i].accept);
        assert_int_equal(ask("GET", "/r/tile/entries/000", row[i].accept[0] == '\0' ? "" : header),
                         200);
        assert_true(has("Vary: Accept-Encoding\r\n"));
        if (has("Content-Encoding: gzip\r\n") != row[i].squeezed ||
            !ends(row[i].squeezed ? "squeezed" : "entries"))
            fail_msg("%s: %s", row[i].accept, answer);
    }
    /* no twin: as it is; a range: of the bytes as they are */
    assert_int_equal(ask("GET", "/r/blob/aa", "Accept-Encoding: gzip\r\n"), 200);
    assert_false(has("Content-Encoding"));
    assert_int_equal(
        ask("GET", "/r/tile/entries/000", "Accept-Encoding: gzip\r\nRange: bytes=0-2\r\n"), 206);
    assert_true(ends("ent"));
}

static void ranges(void **state)
{
    static const struct {
        const char *range;
        unsigned status;
        const char *body;
        const char *content_range;
    } row[] = {
        {"bytes=0-0", 206, "0", "bytes 0-0/10"},
        {"bytes=2-4", 206, "234", "bytes 2-4/10"},
        {"bytes=7-", 206, "789", "bytes 7-9/10"},
        {"bytes=-3", 206, "789", "bytes 7-9/10"},
        {"bytes=-30", 206, "0123456789", "bytes 0-9/10"},
        {"bytes=5-500", 206, "56789", "bytes 5-9/10"},
        {"bytes=0-18446744073709551615", 206, "0123456789", "bytes 0-9/10"},
        {"bytes=10-", 416, "", "bytes */10"},
        {"bytes=10-12", 416, "", "bytes */10"},
        {"bytes=-0", 416, "", "bytes */10"},
        {"bytes=18446744073709551615-", 416, "", "bytes */10"},
        {"bytes=4-2", 200, "0123456789", NULL},
        {"bytes=-", 200, "0123456789", NULL},
        {"bytes=a-b", 200, "0123456789", NULL},
        {"bytes=0-1,3-4", 200, "0123456789", NULL},
        {"bytes=18446744073709551616-", 200, "0123456789", NULL},
        {"bytes=01-2", 200, "0123456789", NULL},
        {"lines=0-1", 200, "0123456789", NULL},
        {"bytes=", 200, "0123456789", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char header[100];
        char want[100];

        (void)snprintf(header, sizeof header, "Range: %s\r\n", row[i].range);
        (void)snprintf(want, sizeof want, "Content-Range: %s\r\n",
                       row[i].content_range == NULL ? "" : row[i].content_range);
        if (ask("GET", "/r/tile/0/000.p/5", header) != row[i].status || !ends(row[i].body) ||
            (row[i].content_range != NULL ? !has(want) : has("Content-Range")))
            fail_msg("%s: %s", row[i].range, answer);
    }
    assert_int_equal(ask("HEAD", "/r/tile/0/000.p/5", "Range: bytes=0-1\r\n"), 200);
}

static void conditions(void **state)
{
    char tag[200];
    char header[400];
    char *at;

    (void)state;
    assert_int_equal(ask("GET", "/r/checkpoint", ""), 200);
    at = strstr(answer, "ETag: ");
    assert_non_null(at);
    (void)snprintf(tag, sizeof tag, "%.*s", (int)strcspn(at + 6, "\r"), at + 6);

    (void)snprintf(header, sizeof header, "If-None-Match: \"x\", W/%s\r\n", tag);
    assert_int_equal(ask("GET", "/r/checkpoint", header), 304);
    assert_true(ends("") && has(tag) && has("Cache-Control"));
    assert_int_equal(ask("HEAD", "/r/checkpoint", header), 304);
    assert_int_equal(ask("GET", "/r/checkpoint", "If-None-Match: *\r\n"), 304);
    assert_int_equal(ask("GET", "/r/checkpoint", "If-None-Match: \"other\"\r\n"), 200);
    (void)snprintf(header, sizeof header, "If-Range: %s\r\nRange: bytes=0-1\r\n", tag);
    assert_int_equal(ask("GET", "/r/checkpoint", header), 206);
    assert_int_equal(ask("GET", "/r/checkpoint", "If-Range: \"x\"\r\nRange: bytes=0-1\r\n"), 200);

    /* replaced as publishing does: the old tag is no longer true */
    put("new", "origin\n6\nroot\n");
    (void)snprintf(header, sizeof header, "mv %s/new %s/record/checkpoint", dir, dir);
    assert_int_equal(system(header), 0);
    (void)snprintf(header, sizeof header, "If-None-Match: %s\r\n", tag);
    assert_int_equal(ask("GET", "/r/checkpoint", header), 200);
    assert_true(ends("origin\n6\nroot\n"));
}

static void no_folder(void **state)
{
    struct pse_static *s;
    char path[300];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/nothing", dir);
    assert_int_equal(pse_static_new(&s, path, pse_static_record, 1), PSE_E_MISSING);
    assert_null(s);
    (void)snprintf(path, sizeof path, "%s/outside", dir);
    assert_int_equal(pse_static_new(&s, path, pse_static_record, 1), PSE_E_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),  cmocka_unit_test(not_there),  cmocka_unit_test(twins),
        cmocka_unit_test(ranges), cmocka_unit_test(conditions), cmocka_unit_test(no_folder),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
