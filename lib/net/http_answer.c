/* Answers: making them, and the problems of RFC 9457. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/codec.h"
#include "codec/json_write.h"
#include "http_core.h"

void pse_http_answer_header(struct pse_http_answer *a, const char *name, const char *value)
{
    size_t name_n = strlen(name) + 1;
    size_t value_n = strlen(value) + 1;

    PSE_REQUIRE(name_n > 1 && name_n + value_n <= sizeof a->head - a->head_n);
    for (const char *c = name; *c != '\0'; c++)
        PSE_REQUIRE((unsigned char)*c > 0x20 && *c != ':');
    for (const char *c = value; *c != '\0'; c++)
        PSE_REQUIRE((unsigned char)*c >= 0x20 && *c != 0x7f);
    memcpy(a->head + a->head_n, name, name_n);
    memcpy(a->head + a->head_n + name_n, value, value_n);
    a->head_n += name_n + value_n;
}

void http_answer_headers(const struct pse_http_answer *a,
                         void (*put)(void *ctx, const char *name, const char *value), void *ctx)
{
    if (a->type != NULL)
        put(ctx, "Content-Type", a->type);
    put(ctx, "X-Content-Type-Options", "nosniff");
    for (size_t at = 0; at < a->head_n;) {
        const char *name = a->head + at;
        const char *value = name + strlen(name) + 1;

        put(ctx, name, value);
        at += strlen(name) + 1 + strlen(value) + 1;
    }
}

uint64_t http_answer_length(const struct pse_http_answer *a)
{
    if (a->is_file)
        return a->length;
    return a->own.n > 0 ? a->own.n : a->body.n;
}

void http_answer_free(struct pse_http_answer *a)
{
    if (a->is_file && a->fd >= 0)
        (void)close(a->fd);
    pse_buf_free(&a->own);
    memset(a, 0, sizeof *a);
}

void pse_http_answer_text(struct pse_http_call *c, unsigned status, const char *type,
                          struct pse_span text)
{
    struct pse_http_answer a = {.status = status, .type = type, .own = PSE_BUF(text.n)};

    pse_wr_span(&a.own, text);
    if (a.own.rc != PSE_OK) {
        http_answer_free(&a);
        pse_http_problem(c, 503, "busy");
        return;
    }
    pse_http_answer(c, &a);
}

static void put_retry(struct pse_http_answer *a, struct pse_http *s)
{
    char seconds[PSE_DECIMAL_TEXT];

    pthread_mutex_lock(&s->lock);
    (void)pse_decimal_encode(seconds, 1 + pse_rng_below(&s->jitter, 5));
    pthread_mutex_unlock(&s->lock);
    pse_http_answer_header(a, "Retry-After", seconds);
}

static void put_allow(struct pse_http_answer *a, unsigned methods)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%s%s%s%s",
                   (methods & PSE_HTTP_GET) != 0 ? ", GET, HEAD" : "",
                   (methods & PSE_HTTP_POST) != 0 ? ", POST" : "",
                   (methods & PSE_HTTP_PUT) != 0 ? ", PUT" : "",
                   (methods & PSE_HTTP_DELETE) != 0 ? ", DELETE" : "");
    pse_http_answer_header(a, "Allow", text + 2);
}

static const char *title_of(unsigned status)
{
    switch (status) {
    case 202: return "Recorded, not yet witnessed";
    case 400: return "The request is not well-formed";
    case 401: return "Log in first";
    case 403: return "Not allowed";
    case 404: return "There is no such thing here";
    case 405: return "This method is not for this path";
    case 409: return "It does not fit what is stored";
    case 411: return "A Content-Length is needed";
    case 413: return "The body is too long";
    case 414: return "The request line is too long";
    case 415: return "The body is of another type";
    case 416: return "There is no such range";
    case 417: return "This expectation cannot be met";
    case 422: return "It was understood and does not hold";
    case 429: return "Too many requests; try again later";
    case 431: return "The headers are too long";
    case 503: return "Too busy; try again later";
    default: return "It did not work";
    }
}

/* Random digits by which a person who is refused and one who reads the log speak of the same. */
static void make_reference(char out[PSE_HTTP_REFERENCE_TEXT], struct pse_http *s)
{
    uint8_t b[(PSE_HTTP_REFERENCE_TEXT - 1) / 2];

    pthread_mutex_lock(&s->lock);
    pse_rng_fill(&s->jitter, b, sizeof b);
    pthread_mutex_unlock(&s->lock);
    pse_hex_encode(out, b, sizeof b);
}

static void put_problem(struct pse_buf *b, unsigned status, const char *slug, const char *reference,
                        const struct pse_http_detail *d)
{
    struct pse_json_wr w = pse_json_wr(b, 0);
    char type[128];

    (void)snprintf(type, sizeof type, "urn:psephos:problem:%s", slug);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "type", type);
    pse_json_wr_str(&w, "title", d != NULL && d->title != NULL ? d->title : title_of(status));
    pse_json_wr_u64(&w, "status", status);
    if (d != NULL && d->detail != NULL)
        pse_json_wr_str(&w, "detail", d->detail);
    pse_json_wr_str(&w, "reference", reference);
    if (d != NULL && d->name != NULL && d->value != NULL)
        pse_json_wr_str(&w, d->name, d->value);
    else if (d != NULL && d->name != NULL)
        pse_json_wr_u64(&w, d->name, d->number);
    pse_json_wr_end(&w);
    (void)!pse_json_wr_finish(&w);
}

void pse_http_problem_with(struct pse_http_call *c, unsigned status, const char *slug,
                           const struct pse_http_detail *d)
{
    struct pse_http_answer a = {.status = status, .type = "application/problem+json"};
    const struct pse_http_options *o = &c->server->o;
    char reference[PSE_HTTP_REFERENCE_TEXT];

    a.own = PSE_BUF(4096);
    make_reference(reference, c->server);
    put_problem(&a.own, status, slug, reference, d); /* without memory the status alone must do */
    if (status >= 500 && o->failed != NULL)
        o->failed(o->failed_ctx, status, slug, reference);
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    if (status == 503 || status == 429)
        put_retry(&a, c->server);
    if (status == 405 && c->route != NULL)
        put_allow(&a, c->route->methods);
    pse_http_answer(c, &a);
}

void pse_http_problem(struct pse_http_call *c, unsigned status, const char *slug)
{
    pse_http_problem_with(c, status, slug, http_words(c->server, slug));
}
