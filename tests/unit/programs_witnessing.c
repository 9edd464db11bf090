/* The log's side of witnessing against witnesses of every kind: honest ones with real states, and
 * ones that are down, slow, lying, ahead, or talk nonsense. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/witnessing.h"
#include "net/net.h"
#include "store/witness_state.h"

#include "merkle_signers.h"

enum { WITNESSES = 4, LEAVES = 64 };

enum manner {
    HONEST,
    DOWN,      /* nobody listens */
    SLOW,      /* answers after the budget */
    OTHER_KEY, /* signs with a key that is not in the policy */
    OTHER_TEXT,
    GARBAGE,
    CROWDED, /* twenty lines of others before the good one */
    HUGE_,   /* an answer longer than any */
    NO_TIME, /* a cosignature of time 0 */
    SERVER_ERROR,
    CLAIMS,    /* 409 with a size far ahead, and no note */
    AHEAD,     /* the same, with a note of the log's to show */
    NO_SIZE,   /* 409 without a size */
    BACK_FORTH /* 409 for ever, with sizes that are not ahead */
};

/* One witness: a server with its own state. */
struct fake {
    enum manner manner;
    struct signer self;
    struct pse_http *http;
    struct pse_witness_book *st;
    char url[PSE_HTTP_ADDRESS];
    unsigned asked;
    pthread_mutex_t lock;
};

static const char log_name[] = "log.example/w";
static struct signer log_key;
static pse_hash leaf[LEAVES];
static struct fake fake[WITNESSES];
static char dir[] = "/tmp/pse-witnessing-XXXXXX";
static struct pse_arena arena;
static struct pse_buf policy_text;
static struct pse_policy policy;

static void put_note(struct pse_buf *b, uint64_t size)
{
    pse_hash root;

    pse_tree_root(&root, leaf, (size_t)size);
    pse_checkpoint_put(b, size, &root, &log_key.key, &log_key.seed);
}

/* --- witnesses -----------------------------------------------------------------------------------
 */

static void honest(struct fake *f, struct pse_http_call *call, struct pse_span body)
{
    struct pse_add_checkpoint *add = malloc(sizeof *add);
    struct pse_witness_item item = {.add = add};
    struct pse_buf size = PSE_BUF(100);
    const struct pse_vkey *keys;
    size_t n;

    assert_non_null(add);
    item.verdict = PSE_WITNESS_MALFORMED;
    if (pse_add_checkpoint_parse(add, body) == PSE_OK) {
        keys = pse_witness_book_keys(&n, f->st, add->origin);
        item.verdict = pse_add_checkpoint_signed(add, keys, n);
    }
    pthread_mutex_lock(&f->lock);
    if (item.verdict == PSE_WITNESS_GOOD)
        assert_int_equal(pse_witness_book_commit(f->st, &item, 1, &f->self.seed, 1700000000),
                         PSE_OK);
    pthread_mutex_unlock(&f->lock);
    if (item.verdict == PSE_WITNESS_GOOD) {
        pse_http_answer_text(call, 200, "text/plain", pse_buf_span(&item.lines));
    } else if (item.verdict == PSE_WITNESS_CONFLICT) {
        pse_tree_size_put(&size, item.size);
        pse_http_answer_text(call, 409, "text/x.tlog.size", pse_buf_span(&size));
    } else {
        pse_http_problem(call, item.verdict, "no");
    }
    pse_buf_free(&item.lines);
    pse_buf_free(&size);
    free(add);
}

static void lie(struct fake *f, struct pse_http_call *call, struct pse_span text)
{
    struct signer other = signer("other.example", PSE_SIG_COSIGN, 200);
    struct signer same_name = signer((const char *)"w0.example", PSE_SIG_COSIGN, 201);
    struct pse_buf b = PSE_BUF(1 << 20);
    unsigned status = 200;

    switch (f->manner) {
    case OTHER_KEY: pse_note_cosign(&b, text, &same_name.key, &same_name.seed, 1700000000); break;
    case OTHER_TEXT:
        pse_note_cosign(&b, pse_span_str("another\n"), &f->self.key, &f->self.seed, 1700000000);
        break;
    case CROWDED:
        for (unsigned i = 0; i < 20; i++)
            pse_note_cosign(&b, text, &other.key, &other.seed, 1700000000);
        pse_note_cosign(&b, text, &f->self.key, &f->self.seed, 1700000000);
        break;
    case HUGE_:
        for (unsigned i = 0; i < 1000; i++)
            pse_note_cosign(&b, text, &f->self.key, &f->self.seed, 1700000000);
        break;
    case NO_TIME: pse_note_cosign(&b, text, &f->self.key, &f->self.seed, 0); break;
    case SERVER_ERROR: status = 500; break;
    case CLAIMS:
    case AHEAD:
        status = 409;
        pse_wr_str(&b, "60\n");
        break;
    case NO_SIZE: status = 409; break;
    case BACK_FORTH:
        status = 409;
        pse_wr_str(&b, f->asked % 2 == 0 ? "1\n" : "2\n");
        break;
    default: pse_wr_str(&b, "<html>\0\xff garbage\n\n\n"); break;
    }
    pse_http_answer_text(call, status, "text/plain", pse_buf_span(&b));
    pse_buf_free(&b);
}

static void on_add(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct fake *f = ctx;
    struct pse_span body = pse_http_body(call[0]);
    struct pse_add_checkpoint *add = malloc(sizeof *add);
    const struct timespec nap = {2, 0};

    assert_int_equal(n, 1);
    f->asked++;
    assert_int_equal(pse_add_checkpoint_parse(add, body),
                     PSE_OK); /* the log's own are well-formed */
    if (f->manner == SLOW)
        (void)nanosleep(&nap, NULL);
    if (f->manner == HONEST || f->manner == SLOW)
        honest(f, call[0], body);
    else
        lie(f, call[0], add->note.text);
    free(add);
}

static void on_note(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct fake *f = ctx;
    struct pse_buf b = PSE_BUF(PSE_NOTE_MAX);
    pse_hash hash;
    bool there = false;

    (void)n;
    pse_sha256(&hash, pse_span_str(log_name));
    if (f->manner == AHEAD) {
        put_note(&b, 60);
        there = true;
    } else if (f->manner == HONEST) {
        pthread_mutex_lock(&f->lock);
        there = pse_witness_book_note(&b, f->st, &hash) == PSE_OK;
        pthread_mutex_unlock(&f->lock);
    }
    if (there)
        pse_http_answer_text(call[0], 200, "text/plain", pse_buf_span(&b));
    else
        pse_http_problem(call[0], 404, "not-found");
    pse_buf_free(&b);
}

static void fake_start(size_t i, enum manner manner)
{
    struct fake *f = &fake[i];
    static struct pse_http_route route[WITNESSES][2];
    struct pse_witness_age age;
    char db[256];
    char mark[256];
    static unsigned round;
    int fd;

    f->manner = manner;
    f->asked = 0;
    (void)snprintf(db, sizeof db, "%s/%u.db", dir, round);
    (void)snprintf(mark, sizeof mark, "%s/%u.mark", dir, round++);
    assert_int_equal(
        pse_witness_book_create(db, mark, &f->self.key, (const uint8_t *)"0123456789abcdef"),
        PSE_OK);
    assert_int_equal(pse_witness_book_open(&f->st, &age, db, PSE_WITNESS_WRITE, NULL), PSE_OK);
    assert_int_equal(pse_witness_book_trust(f->st, &log_key.key), PSE_OK);
    pse_witness_book_close(f->st);
    assert_int_equal(pse_witness_book_open(&f->st, &age, db, PSE_WITNESS_WRITE, NULL), PSE_OK);
    route[i][0] = (struct pse_http_route){.methods = PSE_HTTP_POST,
                                          .path = "/w/add-checkpoint",
                                          .body_max = PSE_ADD_CHECKPOINT_MAX,
                                          .lane = 0,
                                          .handle = on_add,
                                          .ctx = f};
    route[i][1] = (struct pse_http_route){
        .methods = PSE_HTTP_GET, .path = "/w/", .lane = 0, .handle = on_note, .ctx = f};
    assert_int_equal(pse_http_listen(&fd, f->url, "127.0.0.1:0"), PSE_OK);
    (void)strcat(f->url, "/w");
    if (manner == DOWN) {
        close(fd);
        f->http = NULL;
        return;
    }
    assert_int_equal(
        pse_http_start(
            &f->http, &(struct pse_http_options){.route = route[i], .routes = 2, .lane = {{64, 2}}},
            fd),
        PSE_OK);
}

static void fakes_stop(void)
{
    for (size_t i = 0; i < WITNESSES; i++) {
        pse_http_stop(fake[i].http);
        pse_witness_book_close(fake[i].st);
        fake[i].http = NULL;
        fake[i].st = NULL;
    }
}

/* --- the log -------------------------------------------------------------------------------------
 */

static pse_rc source(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    (void)ctx;
    pse_tree_root(out, leaf + (index << level), (size_t)1 << level);
    return PSE_OK;
}

struct round {
    struct pse_witness_round r;
    struct pse_buf note;
    struct pse_buf lines;
    struct pse_witness_view view[WITNESSES];
    size_t quorum;
};

static pse_rc consistency(void *ctx, struct pse_tree_proof *out, uint64_t before)
{
    struct round *round = ctx;

    return pse_tree_consistency(out, before, round->r.size, source, NULL);
}

static bool is_quorum(void *ctx, const bool *seen)
{
    struct round *round = ctx;
    size_t n = 0;

    for (size_t i = 0; i < WITNESSES; i++)
        n += seen[i];
    return n >= round->quorum;
}

static void round_start(struct round *round, uint64_t size, size_t quorum)
{
    memset(round, 0, sizeof *round);
    round->note = PSE_BUF(PSE_NOTE_MAX);
    round->lines = PSE_BUF(PSE_WITNESS_LINES_MAX);
    round->quorum = quorum;
    put_note(&round->note, size);
    round->r = (struct pse_witness_round){.note = pse_buf_span(&round->note),
                                          .size = size,
                                          .budget_ms = 1500,
                                          .consistency = consistency,
                                          .consistency_ctx = round,
                                          .is_quorum = is_quorum,
                                          .quorum_ctx = round};
    pse_tree_root(&round->r.root, leaf, (size_t)size);
}

static void round_free(struct round *round)
{
    pse_buf_free(&round->note);
    pse_buf_free(&round->lines);
    for (size_t i = 0; i < WITNESSES; i++)
        pse_buf_free(&round->view[i].note);
}

static struct pse_witnessing collector(void)
{
    const char *url[WITNESSES];
    struct pse_witnessing w;
    struct witnessing_options o = {
        .policy = &policy, .origin = pse_span_str(log_name), .submit = url};

    for (size_t i = 0; i < WITNESSES; i++)
        url[i] = fake[i].url;
    assert_int_equal(witnessing_new(&w, NULL, &o), PSE_OK);
    assert_int_equal(w.witnesses, WITNESSES);
    return w;
}

/* The lines make a note that the policy's rules accept, and count as many witnesses as are seen. */
static size_t cosigners(const struct round *round)
{
    struct pse_buf whole = PSE_BUF(2 * PSE_NOTE_MAX);
    struct pse_checkpoint cp;
    bool seen[WITNESSES];
    size_t n = 0;

    pse_wr_span(&whole, pse_buf_span(&round->note));
    pse_wr_span(&whole, pse_buf_span(&round->lines));
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&whole)), PSE_OK);
    assert_int_not_equal(pse_checkpoint_quorum_verify(&cp, &policy, seen), PSE_E_SIGNATURE);
    for (size_t i = 0; i < WITNESSES; i++)
        n += seen[i];
    pse_buf_free(&whole);
    return n;
}

/* --- cases ---------------------------------------------------------------------------------------
 */

static int setup(void **state)
{
    static const char *const name[WITNESSES] = {"w0.example", "w1.example", "w2.example",
                                                "w3.example"};

    (void)state;
    assert_non_null(mkdtemp(dir));
    log_key = signer(log_name, PSE_SIG_ED25519, 1);
    for (uint8_t i = 0; i < LEAVES; i++)
        pse_tree_leaf(&leaf[i], pse_span(&i, 1));
    pse_arena_init(&arena, PSE_POLICY_ARENA_MAX);
    policy_text = PSE_BUF(PSE_POLICY_MAX);
    pse_wr_str(&policy_text, "log ");
    pse_vkey_put(&policy_text, &log_key.key);
    for (uint8_t i = 0; i < WITNESSES; i++) {
        fake[i].self = signer(name[i], PSE_SIG_COSIGN, (uint8_t)(10 + i));
        assert_int_equal(pthread_mutex_init(&fake[i].lock, NULL), 0);
        pse_wr_str(&policy_text, "\nwitness ");
        pse_wr_str(&policy_text, name[i]);
        pse_wr_str(&policy_text, " ");
        pse_vkey_put(&policy_text, &fake[i].self.key);
    }
    pse_wr_str(&policy_text, "\ngroup g 3 w0.example w1.example w2.example w3.example\nquorum g\n");
    return pse_policy_parse(&policy, NULL, &arena, pse_buf_span(&policy_text)) != PSE_OK;
}

static int cleanup(void **state)
{
    char command[300];

    (void)state;
    pse_buf_free(&policy_text);
    pse_arena_free(&arena);
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void honest_rounds(void **state)
{
    struct pse_witnessing w;

    (void)state;
    for (size_t i = 0; i < WITNESSES; i++)
        fake_start(i, HONEST);
    w = collector();
    for (uint64_t size = 1; size <= LEAVES; size += 3) {
        struct round round;

        round_start(&round, size, WITNESSES);
        round.r.budget_ms = 5000;
        assert_int_equal(w.collect(w.ctx, &round.lines, round.view, &round.r), PSE_OK);
        assert_int_equal(cosigners(&round), WITNESSES);
        round_free(&round);
    }
    for (size_t i = 0; i < WITNESSES; i++)
        assert_int_equal(fake[i].asked, 22); /* each once a round: no conflict */
    witnessing_free(&w);
    fakes_stop();
}

/* A collector that knows nothing asks first; without that, a conflict teaches it, once. */
static void a_new_collector(void **state)
{
    struct pse_witnessing w;
    struct round round;

    (void)state;
    for (size_t i = 0; i < WITNESSES; i++)
        fake_start(i, HONEST);
    w = collector();
    round_start(&round, 10, WITNESSES);
    round.r.budget_ms = 5000;
    assert_int_equal(w.ask(w.ctx, round.view, &round.r), PSE_OK);
    for (size_t i = 0; i < WITNESSES; i++)
        assert_int_equal(round.view[i].state, PSE_WITNESS_NEW);
    round_free(&round);
    witnessing_free(&w);

    w = collector();
    round_start(&round, 12, WITNESSES);
    round.r.budget_ms = 5000;
    assert_int_equal(w.collect(w.ctx, &round.lines, round.view, &round.r), PSE_OK);
    assert_int_equal(cosigners(&round), WITNESSES);
    for (size_t i = 0; i < WITNESSES; i++)
        assert_int_equal(fake[i].asked, 3); /* asked, in conflict, again */
    round_free(&round);
    witnessing_free(&w);

    w = collector();
    round_start(&round, 12, WITNESSES);
    round.r.budget_ms = 5000;
    assert_int_equal(w.ask(w.ctx, round.view, &round.r), PSE_OK);
    for (size_t i = 0; i < WITNESSES; i++) {
        assert_int_equal(round.view[i].state, PSE_WITNESS_NOTE);
        assert_true(round.view[i].note.n > 0);
        assert_int_equal(fake[i].asked, 3);
    }
    round_free(&round);
    witnessing_free(&w);
    fakes_stop();
}

/* One witness of each manner beside three honest ones: the quorum of three stands, and the odd one
 * is told apart. */
static void one_of_each(void **state)
{
    static const struct {
        enum manner manner;
        enum pse_witness_state want;
        size_t counted;
    } row[] = {
        {DOWN, PSE_WITNESS_SILENT, 3},          {SLOW, PSE_WITNESS_SILENT, 3},
        {OTHER_KEY, PSE_WITNESS_SILENT, 3},     {OTHER_TEXT, PSE_WITNESS_SILENT, 3},
        {GARBAGE, PSE_WITNESS_SILENT, 3},       {CROWDED, PSE_WITNESS_COSIGNED, 4},
        {HUGE_, PSE_WITNESS_SILENT, 3},         {NO_TIME, PSE_WITNESS_SILENT, 3},
        {SERVER_ERROR, PSE_WITNESS_REFUSES, 3}, {CLAIMS, PSE_WITNESS_CLAIMS, 3},
        {AHEAD, PSE_WITNESS_NOTE, 3},           {NO_SIZE, PSE_WITNESS_SILENT, 3},
        {BACK_FORTH, PSE_WITNESS_CLAIMS, 3},
    };

    (void)state;
    for (size_t k = 0; k < sizeof row / sizeof row[0]; k++) {
        struct pse_witnessing w;
        struct round round;

        fake_start(0, row[k].manner);
        for (size_t i = 1; i < WITNESSES; i++)
            fake_start(i, HONEST);
        w = collector();
        round_start(&round, 20, WITNESSES); /* wait for all, to see the odd one's state */
        assert_int_equal(w.collect(w.ctx, &round.lines, round.view, &round.r), PSE_OK);
        if (round.view[0].state != row[k].want)
            fail_msg("manner %d: state %d", row[k].manner, round.view[0].state);
        if (cosigners(&round) != row[k].counted)
            fail_msg("manner %d: %zu cosigners", row[k].manner, cosigners(&round));
        assert_true(fake[0].asked <= 2);
        if (row[k].manner == CLAIMS)
            assert_true(round.view[0].size == 60);
        round_free(&round);
        witnessing_free(&w);
        fakes_stop();
    }
}

/* A slow one costs a round nothing once the quorum stands, and has moved on by the next. */
static void stragglers(void **state)
{
    struct pse_witnessing w;

    (void)state;
    fake_start(0, SLOW);
    for (size_t i = 1; i < WITNESSES; i++)
        fake_start(i, HONEST);
    w = collector();
    for (uint64_t size = 1; size <= 30; size++) {
        struct round round;

        round_start(&round, size, 3);
        assert_int_equal(w.collect(w.ctx, &round.lines, round.view, &round.r), PSE_OK);
        assert_true(cosigners(&round) >= 3);
        round_free(&round);
    }
    witnessing_free(&w); /* with requests under way */
    fakes_stop();
}

static void too_few(void **state)
{
    struct pse_witnessing w;
    struct round round;

    (void)state;
    fake_start(0, DOWN);
    fake_start(1, GARBAGE);
    fake_start(2, HONEST);
    fake_start(3, HONEST);
    w = collector();
    round_start(&round, 5, 3);
    assert_int_equal(w.collect(w.ctx, &round.lines, round.view, &round.r), PSE_OK);
    assert_int_equal(cosigners(&round), 2);
    round_free(&round);
    witnessing_free(&w);
    fakes_stop();
}

static void bad_addresses(void **state)
{
    static const char *const bad[] = {"ftp://x", "x", "http://a b", "file:///etc/passwd",
                                      "http://\n"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *url[WITNESSES] = {NULL, NULL, bad[i], NULL};
        struct witnessing_options o = {
            .policy = &policy, .origin = pse_span_str(log_name), .submit = url};
        struct pse_witnessing w;
        size_t at;

        assert_int_equal(witnessing_new(&w, &at, &o), PSE_E_SYNTAX);
        assert_int_equal(at, 2);
        assert_null(w.ctx);
        witnessing_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_rounds), cmocka_unit_test(a_new_collector),
        cmocka_unit_test(one_of_each),   cmocka_unit_test(stragglers),
        cmocka_unit_test(too_few),       cmocka_unit_test(bad_addresses),
    };

    return cmocka_run_group_tests(tests, setup, cleanup);
}
