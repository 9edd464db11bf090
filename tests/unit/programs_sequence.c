/* The sequencer's messages and the client: round trips, cut and stretched bodies, answers that come
 * late, twice, to nobody or never. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sequence_client.h"
#include "net/http.h"
#include "net/ipc.h"
#include "test.h"

/* --- messages ----------------------------------------------------------------------------------
 */

static pse_rc parse_submit(struct pse_span body)
{
    static struct sequence_submit x;

    return sequence_submit_parse(&x, body);
}

static pse_rc parse_blob(struct pse_span body)
{
    struct sequence_blob x;

    return sequence_blob_parse(&x, body);
}

static pse_rc parse_ask(struct pse_span body)
{
    uint32_t tag;
    uint8_t about[32];

    return sequence_ask_parse(&tag, about, body);
}

static pse_rc parse_level(struct pse_span body)
{
    uint32_t tag;
    uint8_t level;

    return sequence_level_parse(&tag, &level, body);
}

static pse_rc parse_results(struct pse_span body)
{
    static struct sequence_results x;

    return sequence_results_parse(&x, body);
}

static pse_rc parse_done(struct pse_span body)
{
    uint32_t tag;
    uint8_t outcome;

    return sequence_done_parse(&tag, &outcome, body);
}

static pse_rc parse_view(struct pse_span body)
{
    struct sequence_view x;
    uint32_t tag;

    return sequence_view_parse(&tag, &x, body);
}

static pse_rc parse_status(struct pse_span body)
{
    struct sequence_status x;
    uint32_t tag;

    return sequence_status_parse(&tag, &x, body);
}

/* The body is read; every shorter one and one with a byte more is not. */
static void only_whole(struct pse_buf *b, pse_rc (*parse)(struct pse_span body), bool open_end)
{
    assert_int_equal(b->rc, PSE_OK);
    assert_int_equal(parse(pse_buf_span(b)), PSE_OK);
    for (size_t n = 0; n < b->n && !open_end; n++)
        assert_int_not_equal(parse(pse_span(b->p, n)), PSE_OK);
    pse_wr_u8(b, 0);
    assert_int_not_equal(parse(pse_buf_span(b)), PSE_OK);
    pse_buf_free(b);
}

static void test_bodies_have_one_form(void **state)
{
    struct pse_buf b = PSE_BUF(1 << 20);
    const struct pse_span entry[2] = {pse_span_str("one"), pse_span_str("")};
    const uint32_t tag[2] = {1, 0xfffefdfc};
    struct sequence_result r = {
        .tag = 5, .outcome = SEQUENCE_WITNESSED, .index = 9, .receipt = pse_span_str("proof")};
    const uint8_t about[32] = {1, 2, 3};
    uint16_t taken;

    (void)state;
    sequence_submit_put(&b, &taken, SEQUENCE_BALLOTS, tag, entry, 2);
    assert_int_equal(taken, 2);
    only_whole(&b, parse_submit, false);
    b = PSE_BUF(1 << 20);
    sequence_blob_put(&b, &(struct sequence_blob){.total = 5, .offset = 2, .bytes = entry[0]});
    only_whole(&b, parse_blob, true); /* fewer bytes are a shorter piece */
    b = PSE_BUF(1 << 20);
    sequence_ask_put(&b, 3, about);
    only_whole(&b, parse_ask, false);
    b = PSE_BUF(1 << 20);
    sequence_level_put(&b, 3, 4);
    only_whole(&b, parse_level, false);
    b = PSE_BUF(1 << 20);
    sequence_results_put(&b, &taken, &r, 1);
    only_whole(&b, parse_results, false);
    b = PSE_BUF(1 << 20);
    sequence_done_put(&b, 3, SEQUENCE_DONE);
    only_whole(&b, parse_done, false);
    b = PSE_BUF(1 << 20);
    sequence_view_put(&b, 3, &(struct sequence_view){.found = true, .weight = 7});
    only_whole(&b, parse_view, false);
    b = PSE_BUF(1 << 20);
    sequence_status_put(&b, 3, &(struct sequence_status){.size = 7, .level = 1});
    only_whole(&b, parse_status, false);
}

static void refused(pse_rc (*parse)(struct pse_span body), const void *bytes, size_t n)
{
    assert_int_equal(parse(pse_span(bytes, n)), PSE_E_RANGE);
}

static void test_values_out_of_range(void **state)
{
    struct pse_buf b = PSE_BUF(4096);
    uint16_t taken;

    (void)state;
    refused(parse_submit, "\0\0\1\0\0\0\1\0\0", 9); /* source 0 */
    refused(parse_submit, "\3\0\1\0\0\0\1\0\0", 9); /* source 3 */
    refused(parse_submit, "\1\0\0", 3);             /* no entry */
    refused(parse_submit, "\1\0\101", 3);           /* 65 */
    refused(parse_level, "\0\0\0\1\5", 5);
    refused(parse_done, "\0\0\0\1\0", 5);
    refused(parse_done, "\0\0\0\1\12", 5);
    refused(parse_results, "\0\101", 2);
    refused(parse_results, "\0\0", 2);
    sequence_blob_put(&b, &(struct sequence_blob){.total = 2, .bytes = pse_span_str("abc")});
    assert_int_equal(parse_blob(pse_buf_span(&b)), PSE_E_RANGE);
    b.n = 0;
    sequence_blob_put(&b, &(struct sequence_blob){.total = 2, .offset = 3});
    assert_int_equal(parse_blob(pse_buf_span(&b)), PSE_E_RANGE);
    b.n = 0;
    sequence_blob_put(&b, &(struct sequence_blob){.total = 2, .offset = 1}); /* no progress */
    assert_int_equal(parse_blob(pse_buf_span(&b)), PSE_E_RANGE);
    b.n = 0;
    sequence_results_put(&b, &taken, &(struct sequence_result){.outcome = SEQUENCE_DONE + 1}, 1);
    assert_int_equal(parse_results(pse_buf_span(&b)), PSE_E_RANGE);
    b.n = 0;
    sequence_results_put(&b, &taken, &(struct sequence_result){.outcome = SEQUENCE_WITNESSED}, 1);
    assert_int_equal(parse_results(pse_buf_span(&b)), PSE_E_RANGE);
    b.n = 0;
    sequence_results_put(
        &b, &taken,
        &(struct sequence_result){.outcome = SEQUENCE_RECORDED, .receipt = pse_span_str("x")}, 1);
    assert_int_equal(parse_results(pse_buf_span(&b)), PSE_E_RANGE);
    pse_buf_free(&b);
}

static void test_submit_takes_what_fits(void **state)
{
    static uint8_t big[UINT16_MAX];
    struct pse_span entry[SEQUENCE_BATCH_MAX + 1];
    uint32_t tag[SEQUENCE_BATCH_MAX + 1] = {0};
    struct pse_buf b = PSE_BUF(PSE_IPC_FRAME_MAX);
    uint16_t taken;

    (void)state;
    for (size_t i = 0; i <= SEQUENCE_BATCH_MAX; i++)
        entry[i] = pse_span(big, sizeof big);
    sequence_submit_put(&b, &taken, SEQUENCE_BALLOTS, tag, entry, SEQUENCE_BATCH_MAX);
    assert_int_equal(taken, PSE_IPC_BODY_MAX / (UINT16_MAX + 6));
    assert_true(b.n <= PSE_IPC_BODY_MAX);
    assert_int_equal(parse_submit(pse_buf_span(&b)), PSE_OK);
    b.n = 0;
    for (size_t i = 0; i <= SEQUENCE_BATCH_MAX; i++)
        entry[i] = pse_span(big, 10);
    sequence_submit_put(&b, &taken, SEQUENCE_ROLE, tag, entry, SEQUENCE_BATCH_MAX + 1);
    assert_int_equal(taken, SEQUENCE_BATCH_MAX);
    pse_buf_free(&b);
}

/* --- client ------------------------------------------------------------------------------------
 */

/* A sequencer by hand: the test reads requests and sends answers. */
struct stage {
    char dir[64];
    char where[128];
    int fd;
    struct pse_ipc *peer;
    struct sequence_client *c;
};

static void stage_accept(struct stage *s)
{
    assert_int_equal(pse_ipc_accept(&s->peer, s->fd, 5000, NULL, 0), PSE_OK);
    for (int i = 0; i < 500 && !sequence_client_is_up(s->c); i++)
        usleep(10000);
    assert_true(sequence_client_is_up(s->c));
}

static void stage_open(struct stage *s, size_t pending)
{
    char address[PSE_HTTP_ADDRESS];

    snprintf(s->dir, sizeof s->dir, "/tmp/psephos-sequence-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->where, sizeof s->where, "unix:%s/s", s->dir);
    assert_int_equal(pse_http_listen(&s->fd, address, s->where), PSE_OK);
    assert_int_equal(sequence_client_new(&s->c, s->where + 5, pending), PSE_OK);
    stage_accept(s);
}

static void stage_close(struct stage *s)
{
    sequence_client_free(s->c);
    pse_ipc_free(s->peer);
    close(s->fd);
    unlink(s->where + 5);
    rmdir(s->dir);
}

struct seen {
    pthread_mutex_t lock;
    int calls;
    uint8_t outcome[4];
    size_t receipt_n;
};

static void note(void *ctx, const struct sequence_result *result)
{
    struct seen *s = ctx;

    pthread_mutex_lock(&s->lock);
    s->outcome[s->calls++ & 3] = result->outcome;
    s->receipt_n = result->receipt.n;
    pthread_mutex_unlock(&s->lock);
}

static void wait_calls(struct seen *s, int calls)
{
    bool enough = false;

    for (int i = 0; i < 500 && !enough; i++) {
        pthread_mutex_lock(&s->lock);
        enough = s->calls >= calls;
        pthread_mutex_unlock(&s->lock);
        if (!enough)
            usleep(10000);
    }
    assert_int_equal(s->calls, calls);
}

static void hear_submit(struct stage *s, struct sequence_submit *x)
{
    struct pse_span body;
    uint8_t kind;

    assert_int_equal(pse_ipc_recv(s->peer, &kind, &body, 5000), PSE_OK);
    assert_int_equal(kind, SEQUENCE_SUBMIT);
    assert_int_equal(sequence_submit_parse(x, body), PSE_OK);
}

static void answer(struct stage *s, uint32_t tag, uint8_t outcome)
{
    struct sequence_result r = {.tag = tag, .outcome = outcome};
    struct pse_buf b = PSE_BUF(4096);
    uint16_t taken;

    if (outcome == SEQUENCE_WITNESSED)
        r.receipt = pse_span_str("proof");
    sequence_results_put(&b, &taken, &r, 1);
    assert_int_equal(pse_ipc_send(s->peer, SEQUENCE_SUBMIT | SEQUENCE_ANSWER, pse_buf_span(&b)),
                     PSE_OK);
    pse_buf_free(&b);
}

static void test_answers_find_their_entry(void **state)
{
    static struct sequence_submit x;
    struct seen seen[2] = {{.lock = PTHREAD_MUTEX_INITIALIZER},
                           {.lock = PTHREAD_MUTEX_INITIALIZER}};
    void *ctx[2] = {&seen[0], &seen[1]};
    const struct pse_span entry[2] = {pse_span_str("a"), pse_span_str("b")};
    struct stage s;

    (void)state;
    stage_open(&s, 2);
    assert_int_equal(sequence_submit(s.c, SEQUENCE_BALLOTS, entry, ctx, 2, note), PSE_OK);
    hear_submit(&s, &x);
    assert_int_equal(x.n, 2);
    assert_true(pse_span_is_str(x.entry[1], "b"));
    /* No room for a third until one is answered, and RECORDED is not the end. */
    assert_int_equal(sequence_submit(s.c, SEQUENCE_BALLOTS, entry, ctx, 1, note), PSE_E_LIMIT);
    answer(&s, x.tag[1], SEQUENCE_RECORDED);
    wait_calls(&seen[1], 1);
    assert_int_equal(sequence_submit(s.c, SEQUENCE_BALLOTS, entry, ctx, 1, note), PSE_E_LIMIT);
    answer(&s, x.tag[1], SEQUENCE_WITNESSED);
    wait_calls(&seen[1], 2);
    assert_int_equal(seen[1].outcome[0], SEQUENCE_RECORDED);
    assert_int_equal(seen[1].outcome[1], SEQUENCE_WITNESSED);
    assert_int_equal(seen[1].receipt_n, 5);
    assert_int_equal(seen[0].calls, 0);
    /* An answer that comes twice, or to a tag never given, meets nobody. */
    answer(&s, x.tag[1], SEQUENCE_WITNESSED);
    answer(&s, 0xffffffff, SEQUENCE_WITNESSED);
    answer(&s, x.tag[0], SEQUENCE_REFUSED);
    wait_calls(&seen[0], 1);
    assert_int_equal(seen[1].calls, 2);
    assert_int_equal(sequence_submit(s.c, SEQUENCE_BALLOTS, entry, ctx, 2, note), PSE_OK);
    stage_close(&s);
    assert_int_equal(seen[0].outcome[1], SEQUENCE_FAILED);
    assert_int_equal(seen[1].outcome[2], SEQUENCE_FAILED);
}

static void test_a_broken_connection_fails_and_heals(void **state)
{
    static struct sequence_submit x;
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
    void *ctx = &seen;
    const struct pse_span entry = pse_span_str("a");
    struct stage s;

    (void)state;
    stage_open(&s, 8);
    assert_int_equal(sequence_submit(s.c, SEQUENCE_BALLOTS, &entry, &ctx, 1, note), PSE_OK);
    pse_ipc_free(s.peer);
    wait_calls(&seen, 1);
    assert_int_equal(seen.outcome[0], SEQUENCE_FAILED);
    stage_accept(&s);
    assert_int_equal(sequence_submit(s.c, SEQUENCE_BALLOTS, &entry, &ctx, 1, note), PSE_OK);
    hear_submit(&s, &x);
    answer(&s, x.tag[0], SEQUENCE_WITNESSED);
    wait_calls(&seen, 2);
    /* Nonsense from the sequencer ends the connection as well. */
    assert_int_equal(pse_ipc_send(s.peer, SEQUENCE_SUBMIT | SEQUENCE_ANSWER, entry), PSE_OK);
    pse_ipc_free(s.peer);
    stage_accept(&s);
    stage_close(&s);
}

struct asked {
    struct stage *s;
    uint8_t kind;
    struct pse_buf answer; /* its tag is filled in */
};

static void *answer_one(void *arg)
{
    struct asked *a = arg;
    struct pse_span body;
    uint8_t kind;

    if (pse_ipc_recv(a->s->peer, &kind, &body, 5000) == PSE_OK && kind == a->kind) {
        memcpy(a->answer.p, body.p, 4);
        if (pse_ipc_send(a->s->peer, kind | SEQUENCE_ANSWER, pse_buf_span(&a->answer)) != PSE_OK)
            a->kind = 0;
    }
    return NULL;
}

static void test_waiting_for_answers(void **state)
{
    struct stage s;
    struct asked a = {.s = &s, .kind = SEQUENCE_VIEW, .answer = PSE_BUF(1024)};
    struct sequence_view view = {.found = true, .active = true, .style = 3, .ballots = 2};
    struct sequence_view got;
    struct sequence_status status;
    const uint8_t credential[32] = {9};
    pthread_t thread;

    (void)state;
    stage_open(&s, 8);
    sequence_view_put(&a.answer, 0, &view);
    assert_int_equal(pthread_create(&thread, NULL, answer_one, &a), 0);
    assert_int_equal(sequence_view(s.c, &got, credential), PSE_OK);
    pthread_join(thread, NULL);
    assert_memory_equal(&got.style, &view.style, sizeof got.style);
    assert_true(got.found && got.active && got.ballots == 2);
    /* An answer of the right kind that is cut short is no answer. */
    a.kind = SEQUENCE_STATUS;
    a.answer.n = 20;
    assert_int_equal(pthread_create(&thread, NULL, answer_one, &a), 0);
    assert_int_equal(sequence_status(s.c, &status), PSE_E_IO);
    pthread_join(thread, NULL);
    pse_ipc_free(s.peer);
    s.peer = NULL;
    close(s.fd);
    unlink(s.where + 5);
    for (int i = 0; i < 500 && sequence_client_is_up(s.c); i++)
        usleep(10000);
    assert_int_equal(sequence_status(s.c, &status), PSE_E_STATE);
    pse_buf_free(&a.answer);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_have_one_form),
        cmocka_unit_test(test_values_out_of_range),
        cmocka_unit_test(test_submit_takes_what_fits),
        cmocka_unit_test(test_answers_find_their_entry),
        cmocka_unit_test(test_a_broken_connection_fails_and_heals),
        cmocka_unit_test(test_waiting_for_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
