#include "http_player.h"

#include <stdlib.h>
#include <unistd.h>

#include "codec/codec.h"
#include "http_core.h"

struct pse_http_player {
    struct pse_http *core;
    pthread_mutex_t lock;
    pthread_cond_t resumed;
    bool held;
};

/* --- holding still -------------------------------------------------------------------------------
 */

static void op_suspend(void *conn)
{
    struct pse_http_player *p = conn;

    pthread_mutex_lock(&p->lock);
    p->held = true;
    pthread_mutex_unlock(&p->lock);
}

static void op_resume(void *conn)
{
    struct pse_http_player *p = conn;

    pthread_mutex_lock(&p->lock);
    PSE_REQUIRE(p->held); /* once */
    p->held = false;
    pthread_cond_signal(&p->resumed);
    pthread_mutex_unlock(&p->lock);
}

static bool op_is_gone(void *conn)
{
    (void)conn;
    return false;
}

static const struct http_ops player_ops = {op_suspend, op_resume, op_is_gone, NULL};

static void await(struct pse_http_player *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->held)
        pthread_cond_wait(&p->resumed, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

/* --- splitting -----------------------------------------------------------------------------------
 */

/* A line up to CR LF; false when there is none. A bare CR or LF inside makes the head odd. */
static bool take_line(struct pse_span *line, struct pse_span *in, bool *is_odd)
{
    for (size_t i = 0; i + 1 < in->n; i++) {
        if (in->p[i] == '\r' && in->p[i + 1] == '\n') {
            *line = pse_span(in->p, i);
            *in = pse_span(in->p + i + 2, in->n - i - 2);
            return true;
        }
        *is_odd = *is_odd || in->p[i] == '\n' || in->p[i] == '\r';
    }
    return false;
}

static void split_request_line(struct http_head *head, struct pse_span line)
{
    struct pse_span *part[3] = {&head->method, &head->target, &head->version};

    for (size_t i = 0; i < 3; i++) {
        const uint8_t *space = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
        size_t n = space == NULL || i == 2 ? line.n : (size_t)(space - line.p);

        *part[i] = pse_span(line.p, n);
        line = n < line.n ? pse_span(line.p + n + 1, line.n - n - 1) : pse_span(NULL, 0);
    }
}

static void split_field(struct http_head *head, struct pse_span line)
{
    const uint8_t *colon = line.n == 0 ? NULL : memchr(line.p, ':', line.n);
    struct http_field f = {.name = line};

    if (colon == NULL || line.p[0] == ' ' || line.p[0] == '\t') {
        head->is_odd = true;
        return;
    }
    f.name.n = (size_t)(colon - line.p);
    f.value = pse_span(colon + 1, line.n - f.name.n - 1);
    while (f.value.n > 0 && (f.value.p[0] == ' ' || f.value.p[0] == '\t'))
        f.value = pse_span(f.value.p + 1, f.value.n - 1);
    if (head->fields_n < PSE_HTTP_HEADERS_MAX)
        head->field[head->fields_n] = f;
    head->fields_n++;
}

static bool take_head(struct http_head *head, struct pse_span *in)
{
    const uint8_t *start = in->p;
    struct pse_span line;

    memset(head, 0, sizeof *head);
    if (!take_line(&line, in, &head->is_odd))
        return false;
    split_request_line(head, line);
    while (take_line(&line, in, &head->is_odd)) {
        if (line.n == 0) {
            head->bytes = (size_t)(in->p - start);
            return true;
        }
        split_field(head, line);
    }
    return false;
}

/* --- answering -----------------------------------------------------------------------------------
 */

static void put_header(void *ctx, const char *name, const char *value)
{
    struct pse_buf *out = ctx;

    pse_wr_str(out, name);
    pse_wr_str(out, ": ");
    pse_wr_str(out, value);
    pse_wr_str(out, "\r\n");
}

static void put_file(struct pse_buf *out, const struct pse_http_answer *a)
{
    uint8_t *at = a->length > 0 ? pse_buf_extend(out, (size_t)a->length) : NULL;

    if (at != NULL && pread(a->fd, at, (size_t)a->length, (off_t)a->offset) != (ssize_t)a->length)
        out->rc = PSE_E_IO;
}

static void put_answer(struct pse_buf *out, const struct pse_http_call *c, bool close)
{
    const struct pse_http_answer *a = &c->answer;
    char number[PSE_DECIMAL_TEXT];

    pse_wr_str(out, "HTTP/1.1 ");
    pse_decimal_put(out, a->status);
    pse_wr_str(out, "\r\n");
    http_answer_headers(a, put_header, out);
    (void)pse_decimal_encode(number, http_answer_length(a));
    put_header(out, "Content-Length", number);
    if (close)
        put_header(out, "Connection", "close");
    pse_wr_str(out, "\r\n");
    if (c->method == PSE_HTTP_HEAD)
        return;
    if (a->is_file)
        put_file(out, a);
    else
        pse_wr_span(out, a->own.n > 0 ? pse_buf_span(&a->own) : a->body);
}

/* One request; false when the connection ends behind it. */
static bool play_one(struct pse_buf *out, struct pse_http_player *p, struct pse_span *in)
{
    static const struct http_peer nobody = {0};
    struct http_head head;
    struct pse_http_call *c;
    bool going = true;

    if (!take_head(&head, in))
        return false;
    c = http_call_new(p->core, p, &nobody, &head);
    if (c == NULL) {
        out->rc = PSE_E_MEMORY;
        return false;
    }
    if (!http_call_is_answered(c)) {
        going = c->body_want <= in->n;
        if (going && c->body_want > 0)
            going = http_call_body(c, in->p, c->body_want);
        if (going) {
            *in = pse_span(in->p + c->body_want, in->n - c->body_want);
            http_call_run(c);
            await(p);
        }
    }
    if (going) {
        going = !c->answer.close && !c->close_after;
        put_answer(out, c, !going);
    }
    http_call_drop(c);
    return going && out->rc == PSE_OK;
}

pse_rc pse_http_play(struct pse_buf *out, struct pse_http_player *p, struct pse_span bytes)
{
    while (bytes.n > 0 && play_one(out, p, &bytes))
        ;
    return out->rc;
}

/* --- life ----------------------------------------------------------------------------------------
 */

pse_rc pse_http_player_new(struct pse_http_player **out, const struct pse_http_options *o)
{
    struct pse_http_player *p = calloc(1, sizeof *p);
    pse_rc rc;

    *out = NULL;
    if (p == NULL)
        return PSE_E_MEMORY;
    PSE_REQUIRE(pthread_mutex_init(&p->lock, NULL) == 0 &&
                pthread_cond_init(&p->resumed, NULL) == 0);
    rc = http_core_new(&p->core, o, &player_ops, p);
    if (rc != PSE_OK) {
        free(p);
        return rc;
    }
    *out = p;
    return PSE_OK;
}

void pse_http_player_free(struct pse_http_player *p)
{
    if (p == NULL)
        return;
    http_core_drain(p->core);
    http_core_free(p->core);
    (void)pthread_cond_destroy(&p->resumed);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

void pse_http_player_counters(struct pse_http_counters *out, struct pse_http_player *p)
{
    http_core_counters(out, p->core);
}
