/* Metrics: the exact text, a strict judge of it (which is itself tested), and no lost counts when
 * many threads count. */
#include <pthread.h>
#include <stdio.h>

#include "daemon/daemon.h"
#include "openmetrics.h"

#include "test.h"

PSE_COUNTER(test_starts, "psephos_test_starts", "Starts.");
PSE_COUNTER_BY(test_requests, "psephos_test_requests", "Requests \"by\" route\\\nand more.",
               "route", "cast", "a\"b\\c\n");
PSE_GAUGE(test_queue, "psephos_test_queue", "Waiting.");
PSE_HISTOGRAM(test_time, "psephos_test_time_seconds", "Time.", "seconds", 1000000, 500, 25000,
              1000000, 10000000);

static const struct pse_metric *const metrics[] = {&test_starts, &test_requests, &test_queue,
                                                   &test_time};

static const char *text_of(struct pse_buf *b)
{
    *b = PSE_BUF(65536);
    pse_metrics_put(b, metrics, 4);
    pse_buf_put(b, "", 1);
    assert_int_equal(b->rc, PSE_OK);
    return (const char *)b->p;
}

static void text_is_exact(void **state)
{
    struct pse_buf b;

    (void)state;
    pse_metric_add(&test_starts, 0, 1);
    pse_metric_add(&test_requests, 1, 7);
    pse_metric_set(&test_queue, 0, 3);
    pse_metric_move(&test_queue, 0, -5);
    pse_metric_observe(&test_time, 500);
    pse_metric_observe(&test_time, 501);
    pse_metric_observe(&test_time, 10000001);
    assert_string_equal(text_of(&b),
                        "# TYPE psephos_test_starts counter\n"
                        "# HELP psephos_test_starts Starts.\n"
                        "psephos_test_starts_total 1\n"
                        "# TYPE psephos_test_requests counter\n"
                        "# HELP psephos_test_requests Requests \\\"by\\\" route\\\\\\nand more.\n"
                        "psephos_test_requests_total{route=\"cast\"} 0\n"
                        "psephos_test_requests_total{route=\"a\\\"b\\\\c\\n\"} 7\n"
                        "# TYPE psephos_test_queue gauge\n"
                        "# HELP psephos_test_queue Waiting.\n"
                        "psephos_test_queue -2\n"
                        "# TYPE psephos_test_time_seconds histogram\n"
                        "# UNIT psephos_test_time_seconds seconds\n"
                        "# HELP psephos_test_time_seconds Time.\n"
                        "psephos_test_time_seconds_bucket{le=\"0.0005\"} 1\n"
                        "psephos_test_time_seconds_bucket{le=\"0.025\"} 2\n"
                        "psephos_test_time_seconds_bucket{le=\"1.0\"} 2\n"
                        "psephos_test_time_seconds_bucket{le=\"10.0\"} 2\n"
                        "psephos_test_time_seconds_bucket{le=\"+Inf\"} 3\n"
                        "psephos_test_time_seconds_count 3\n"
                        "psephos_test_time_seconds_sum 10.001002\n"
                        "# EOF\n");
    assert_null(openmetrics_fault((const char *)b.p));
    assert_int_equal(pse_metric_value(&test_time, 0), 3);
    pse_buf_free(&b);
}

/* The judge is only worth something if it finds faults. */
static void the_judge_refuses(void **state)
{
    static const char *const wrong[] = {
        "",
        "# EOF",
        "# TYPE a gauge\n# HELP a x\na 1\n",
        "# TYPE a gauge\n# HELP a x\na 1\n# EOF\nb",
        "# TYPE a gauge\na 1\n# EOF\n",
        "# HELP a x\na 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\n# EOF\n",
        "# TYPE a gauge\n# TYPE a gauge\n# HELP a x\na 1\n# EOF\n",
        "# TYPE a odd\n# HELP a x\na 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\na 1\na 2\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\na 01\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\na 1.\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\na  1\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\na nan\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\nb 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\na_total 1\n# EOF\n",
        "# TYPE a counter\n# HELP a x\na 1\n# EOF\n",
        "# TYPE a counter\n# HELP a x\na_total -1\n# EOF\n",
        "# TYPE a counter\n# HELP a x\na_total{} 1\n# EOF\n",
        "# TYPE a counter\n# HELP a x\na_total{b=\"\\x\"} 1\n# EOF\n",
        "# TYPE a counter\n# HELP a x\na_total{b=\"x} 1\n# EOF\n",
        "# TYPE a counter\n# HELP a x\na_total{b=\"x\"c=\"y\"} 1\n# EOF\n",
        "# TYPE a gauge\n# UNIT a seconds\n# HELP a x\na 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a x\na 1\n# TYPE b gauge\n# HELP b x\nb 1\n# HELP a x\n# EOF\n",
        "# TYPE a histogram\n# HELP a x\na_bucket{le=\"1.0\"} 1\na_count 1\na_sum 1\n# EOF\n",
        "# TYPE a histogram\n# HELP a x\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\n"
        "a_count 1\na_sum 1\n# EOF\n",
        "# TYPE a histogram\n# HELP a x\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\n"
        "a_count 1\na_sum 1\n# EOF\n",
        "# TYPE a histogram\n# HELP a x\na_bucket{le=\"+Inf\"} 1\na_count 2\na_sum 1\n# EOF\n",
        "# TYPE a histogram\n# HELP a x\na_bucket{le=\"+Inf\"} 1\na_count 1\n# EOF\n",
        "# hello\n# EOF\n",
    };

    (void)state;
    assert_null(openmetrics_fault("# EOF\n"));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (openmetrics_fault(wrong[i]) == NULL)
            fail_msg("taken: %s", wrong[i]);
    }
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *count(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        pse_metric_add(&test_requests, 0, 1);
        pse_metric_move(&test_queue, 0, i % 2 == 0 ? 1 : -1);
        pse_metric_observe(&test_time, i);
    }
    return NULL;
}

static void threads_lose_nothing(void **state)
{
    pthread_t t[THREADS];
    uint64_t requests = pse_metric_value(&test_requests, 0);
    uint64_t times = pse_metric_value(&test_time, 0);
    uint64_t queue = pse_metric_value(&test_queue, 0);

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, count, NULL), 0);
    for (size_t i = 0; i < 50; i++) {
        struct pse_buf b;

        assert_null(openmetrics_fault(text_of(&b)));
        pse_buf_free(&b);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(t[i], NULL), 0);
    assert_int_equal(pse_metric_value(&test_requests, 0) - requests, THREADS * ROUNDS);
    assert_int_equal(pse_metric_value(&test_time, 0) - times, THREADS * ROUNDS);
    assert_int_equal(pse_metric_value(&test_queue, 0), queue);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_exact),
        cmocka_unit_test(the_judge_refuses),
        cmocka_unit_test(threads_lose_nothing),
    };

    if (argc > 1 && strcmp(argv[1], "print") == 0) { /* for another reader (tests/oracle) */
        struct pse_buf b = PSE_BUF(65536);

        pse_metric_observe(&test_time, 700);
        pse_metrics_put(&b, metrics, 4);
        fwrite(b.p, 1, b.n, stdout);
        pse_buf_free(&b);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
