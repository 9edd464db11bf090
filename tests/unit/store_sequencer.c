/* A log that runs: entries become receipts that verify, in every size; and all that must make it
 * refuse to start or stop. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger_rig.h"
#include "store/tree_dir.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    return rig_create(&rig, NULL) != PSE_OK;
}

static int teardown(void **state)
{
    (void)state;
    rig_remove(&rig);
    return 0;
}

static void start(void)
{
    if (rig_start(&rig, NULL) != PSE_OK)
        fail_msg("%s: %s (%s)", pse_stop_name(rig.why.reason), rig.why.where,
                 pse_rc_name(rig.why.rc));
}

static void stop(void)
{
    rig_stop(&rig);
    if (rig.why.reason != PSE_STOP_NONE)
        fail_msg("%s: %s", pse_stop_name(rig.why.reason), rig.why.where);
}

static void refuses(enum pse_stop_reason reason)
{
    assert_int_not_equal(rig_start(&rig, NULL), PSE_OK);
    assert_string_equal(pse_stop_name(rig.why.reason), pse_stop_name(reason));
    assert_null(rig.s);
}

static void submit(const char *text, unsigned from, unsigned to, size_t n)
{
    for (unsigned i = from; i < to; i++)
        assert_int_equal(rig_submit_text(&rig, text, i, n), PSE_OK);
}

static void audits(uint64_t size)
{
    uint64_t found;
    const char *wrong = rig_audit(&rig, &found);

    if (wrong != NULL)
        fail_msg("%s", wrong);
    assert_int_equal(found, size);
}

static void shell(const char *command)
{
    char line[1024];

    snprintf(line, sizeof line, "cd '%s' && %s", rig.dir, command);
    assert_int_equal(system(line), 0);
}

/* --- running ---------------------------------------------------------------------------------- */

static void entries_become_receipts(void **state)
{
    static const unsigned sizes[] = {1, 2, 255, 256, 257, 700};
    unsigned at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        start();
        submit("entry", at, sizes[i], 0);
        assert_true(rig_wait(&rig, &rig.receipts, sizes[i] - at));
        at = sizes[i];
        stop();
        audits(at);
    }
}

static void great_sizes_too(void **state)
{
    (void)state;
    start();
    submit("entry", 0, 65535, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 65535));
    stop();
    audits(65535);
    start();
    submit("entry", 65535, 65536, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    stop();
    audits(65536);
    start();
    submit("entry", 65536, 70000, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 70000 - 65536));
    stop();
    audits(70000);
}

static void the_same_entry_has_one_place(void **state)
{
    uint64_t size, published, epoch;

    (void)state;
    start();
    submit("entry", 0, 3, 0);
    submit("entry", 0, 3, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 6));
    submit("entry", 2, 3, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 7));
    pse_sequencer_head(rig.s, &size, &published, &epoch);
    assert_int_equal(size, 3);
    assert_int_equal(published, 3);
    assert_int_equal(epoch, 2);
    stop();
    start();
    submit("entry", 1, 2, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    stop();
    audits(3);
}

static void the_longest_entry_fits(void **state)
{
    uint8_t *bytes = calloc(1, 65536);

    (void)state;
    assert_non_null(bytes);
    start();
    assert_int_equal(rig_submit(&rig, pse_span(bytes, 65536)), PSE_E_LENGTH);
    assert_int_equal(rig_submit(&rig, pse_span(bytes, 0)), PSE_E_LENGTH);
    assert_int_equal(rig_submit(&rig, pse_span(bytes, 65535)), PSE_OK);
    submit("long", 0, 300, 65535);
    assert_true(rig_wait(&rig, &rig.receipts, 301));
    stop();
    audits(301);
    free(bytes);
}

static void order_tells_nothing_of_arrival(void **state)
{
    char command[1024];

    (void)state;
    rig.slow_ms = 50; /* the first batch is one entry; the others wait and become one */
    start();
    submit("entry", 0, 1, 0);
    usleep(20000);
    submit("entry", 1, 200, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 200));
    stop();
    rig.slow_ms = 0;
    audits(200);
    snprintf(command, sizeof command,
             "tr -c 'a-z0-9 ' '\\n' <'%s/tile/entries/000.p/200' | grep -o 'entry [0-9]*' >'%s/o' "
             "&& sort -k 2n '%s/o' >'%s/s' && ! cmp -s '%s/o' '%s/s' && test $(sort -u '%s/o' | "
             "wc -l) -eq 200",
             rig.record, rig.dir, rig.dir, rig.dir, rig.dir, rig.dir, rig.dir);
    assert_int_equal(system(command), 0);
}

static void partials_go_when_their_time_has_come(void **state)
{
    struct stat st;
    char partial[256], full[256];

    (void)state;
    snprintf(partial, sizeof partial, "%s/tile/0/000.p/5", rig.record);
    snprintf(full, sizeof full, "%s/tile/0/000", rig.record);
    start();
    submit("entry", 0, 5, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 5));
    submit("entry", 5, 300, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 300));
    rig.now += PSE_PARTIALS_SECONDS - 1;
    submit("entry", 300, 301, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 301));
    stop();
    shell("ls record/tile/0/000.p | grep -q .");
    start(); /* which counts anew */
    rig.now += PSE_PARTIALS_SECONDS;
    submit("entry", 301, 302, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    stop();
    assert_int_equal(stat(partial, &st), -1);
    assert_int_equal(stat(full, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0444);
    shell("! test -e record/tile/0/000.p && ! test -e record/tile/entries/000.p");
    audits(302);
}

/* --- witnesses -------------------------------------------------------------------------------- */

static void one_witness_less_changes_nothing(void **state)
{
    (void)state;
    start();
    rig.down = 1;
    submit("entry", 0, 10, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 10));
    stop();
    audits(10);
}

static void two_less_and_entries_wait(void **state)
{
    (void)state;
    start();
    submit("entry", 0, 1, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    rig.down = 3;
    submit("entry", 1, 11, 0);
    assert_true(rig_wait(&rig, &rig.recorded, 10));
    submit("entry", 11, 21, 0);
    assert_true(rig_wait(&rig, &rig.recorded, 20));
    assert_int_equal(rig.receipts, 1);
    rig.down = 1;
    assert_true(rig_wait(&rig, &rig.receipts, 21));
    stop();
    audits(21);
}

static void what_was_not_witnessed_is_after_a_restart(void **state)
{
    (void)state;
    start();
    rig.down = 7;
    submit("entry", 0, 3, 0);
    assert_true(rig_wait(&rig, &rig.recorded, 3));
    rig_stop(&rig);
    refuses(PSE_STOP_FEW_WITNESSES);
    assert_int_equal(rig.why.ours, 1);
    assert_int_equal(rig.why.theirs, 3);
    rig.down = 0;
    start();
    submit("entry", 1, 2, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    stop();
    audits(3);
}

static void garbage_is_left_out(void **state)
{
    (void)state;
    rig.babbles = 2;
    start();
    submit("entry", 0, 4, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 4));
    assert_true(rig.alarms > 0); /* one bare claim is no proof */
    stop();
    audits(4);
    rig.babbles = 3; /* two are more than may lie */
    refuses(PSE_STOP_WITNESS_AHEAD);
}

/* --- refusals --------------------------------------------------------------------------------- */

static void a_log_is_made_once(void **state)
{
    (void)state;
    assert_int_not_equal(rig_create(&rig, NULL), PSE_OK);
    assert_int_equal(rig.why.reason, PSE_STOP_HEAD_EXISTS);
    start();
    submit("entry", 0, 1, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    stop();
    shell("mv store away");
    assert_int_not_equal(rig_create(&rig, NULL), PSE_OK);
    assert_int_equal(rig.why.reason, PSE_STOP_RECORD_EXISTS);
}

static void without_a_head_there_is_no_start(void **state)
{
    (void)state;
    shell("rm -r store && mkdir store");
    refuses(PSE_STOP_STORE);
    assert_int_equal(rig.why.rc, PSE_E_MISSING);
    shell("mv record away && mkdir record");
    assert_int_equal(rig_create(&rig, NULL), PSE_OK);
    start();
    stop();
}

static void two_sequencers_do_not_run(void **state)
{
    struct rig other;

    (void)state;
    start();
    rig_attach(&other, rig.dir, NULL);
    assert_int_not_equal(rig_start(&other, NULL), PSE_OK);
    assert_int_equal(other.why.rc, PSE_E_STATE);
    snprintf(other.url, sizeof other.url, "sqlite:%s/store2", rig.dir);
    shell("cp -r store store2");
    assert_int_not_equal(rig_start(&other, NULL), PSE_OK);
    assert_int_equal(other.why.reason, PSE_STOP_LOCKED);
    pse_buf_free(&other.policy_text);
    pse_arena_free(&other.arena);
    stop();
}

static void an_old_store_is_refused(void **state)
{
    (void)state;
    start();
    submit("entry", 0, 5, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 5));
    stop();
    shell("cp -r store old && cp -r record oldrecord");
    start();
    submit("entry", 5, 9, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 4));
    stop();
    shell("rm -r store && cp -r old store");
    refuses(PSE_STOP_RECORD_AHEAD);
    assert_int_equal(rig.why.ours, 5);
    assert_int_equal(rig.why.theirs, 9);
    /* store and record of the same old backup: now only the witnesses know */
    shell("mv record newrecord && mv oldrecord record");
    refuses(PSE_STOP_WITNESS_AHEAD);
    rig.discreet = 15;
    refuses(PSE_STOP_WITNESS_AHEAD);
    rig.discreet = 0;
}

static void another_tree_is_refused(void **state)
{
    (void)state;
    start();
    submit("entry", 0, 5, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 5));
    stop();
    /* the same key makes a second log beside the first */
    shell("mkdir first && mv store record first/ && mkdir record");
    assert_int_equal(rig_create(&rig, NULL), PSE_OK);
    refuses(PSE_STOP_WITNESS_AHEAD);
    shell("rm -f memory* note*");
    start();
    submit("other", 0, 6, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 6));
    stop();
    shell("rm -f record/checkpoint && cp first/record/checkpoint record/");
    refuses(PSE_STOP_RECORD_FORKED);
}

static void a_damaged_tree_is_refused(void **state)
{
    (void)state;
    start();
    submit("entry", 0, 700, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 700));
    stop();
    shell("cp -r record whole");
    shell("rm record/tile/0/001");
    refuses(PSE_STOP_TILES);
    assert_string_equal(rig.why.where, "tile/0/001");
    shell("rm -r record && cp -r whole record && rm record/tile/entries/000");
    refuses(PSE_STOP_TILES);
    shell("rm -r record && cp -r whole record && chmod u+w record/tile/0/000 && "
          "printf x | dd of=record/tile/0/000 bs=1 seek=99 conv=notrunc status=none");
    refuses(PSE_STOP_TILES);
    shell("rm -r record && cp -r whole record && chmod u+w record/tile/entries/002.p/188 && "
          "printf x | dd of=record/tile/entries/002.p/188 bs=1 seek=99 conv=notrunc status=none");
    refuses(PSE_STOP_TILES);
    shell("rm -r record && cp -r whole record && chmod u+w record/tile/1/000.p/2 && "
          "printf x | dd of=record/tile/1/000.p/2 bs=1 seek=33 conv=notrunc status=none");
    refuses(PSE_STOP_TILES);
    shell("rm -r record && cp -r whole record");
    start();
    stop();
}

static void a_file_in_the_way_stops_the_log(void **state)
{
    (void)state;
    start();
    submit("entry", 0, 1, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    shell("echo other >record/tile/entries/000.p/2");
    submit("entry", 1, 2, 0);
    usleep(100000);
    rig_stop(&rig);
    assert_int_equal(rig.why.reason, PSE_STOP_TILES);
    assert_int_equal(rig.receipts, 1);
    assert_int_equal(rig.stopped, 1);
    shell("rm -f record/tile/entries/000.p/2");
    start(); /* the head holds it */
    submit("entry", 1, 2, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    stop();
    audits(2);
}

static void a_clock_that_goes_back_is_refused(void **state)
{
    (void)state;
    start();
    submit("entry", 0, 1, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    rig.now -= PSE_CLOCK_SLACK; /* a clock that is being set right */
    submit("entry", 1, 2, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 2));
    rig.now -= 1;
    submit("entry", 2, 3, 0);
    usleep(100000);
    rig_stop(&rig);
    assert_int_equal(rig.why.reason, PSE_STOP_CLOCK);
    refuses(PSE_STOP_CLOCK);
    rig.now += 1;
    start();
    stop();
    audits(2);
}

static void a_fenced_writer_stops(void **state)
{
    struct pse_head head;

    (void)state;
    start();
    submit("entry", 0, 1, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 1));
    assert_int_equal(pse_store_head_read(rig.store, &head), PSE_OK);
    assert_int_equal(pse_store_fence(rig.store, &head), PSE_OK);
    submit("entry", 1, 2, 0);
    usleep(100000);
    rig_stop(&rig);
    assert_int_equal(rig.why.reason, PSE_STOP_FENCED);
    assert_int_equal(rig.stopped, 1);
    audits(1);
    start();
    stop();
}

/* --- judges ----------------------------------------------------------------------------------- */

static bool is_ballot(void *ctx, struct pse_span entry)
{
    (void)ctx;
    return entry.p[0] == 'b';
}

static pse_rc chain(void *ctx, size_t *order, const struct pse_span *entries, size_t n)
{
    (void)ctx, (void)order, (void)entries, (void)n;
    return PSE_OK;
}

static pse_rc offer(void *ctx, struct pse_judgment *verdict, const struct pse_span *entries,
                    size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        verdict[i] = (struct pse_judgment){.is_live = entries[i].p[1] != '!', .rule = 401};
    return PSE_OK;
}

static pse_rc load(void *ctx, uint64_t size, const pse_hash *root)
{
    (void)root;
    *(uint64_t *)ctx = size;
    return PSE_OK;
}

static pse_rc disagree(void *ctx, const struct pse_span *entries, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        if (entries[i].p[1] == '?')
            return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

static void the_judge_and_the_second_decide(void **state)
{
    uint64_t loaded = 99;
    const struct pse_judge judge = {&loaded, load, is_ballot, chain, offer};
    const struct pse_second_opinion second = {NULL, disagree};

    (void)state;
    rig.o.judge = &judge;
    rig.o.second = &second;
    start();
    assert_int_equal(loaded, 0);
    submit("b", 0, 5, 0);
    submit("b!", 0, 5, 0);
    submit("role", 0, 5, 0);
    submit("b!", 0, 1, 0);
    submit("b", 4, 5, 0);
    assert_true(rig_wait(&rig, &rig.receipts, 11));
    assert_true(rig_wait(&rig, &rig.refused, 6));
    submit("b?", 0, 1, 0);
    usleep(100000);
    rig_stop(&rig);
    assert_int_equal(rig.why.reason, PSE_STOP_SECOND_OPINION);
    assert_int_equal(rig.stopped, 1);
    audits(10);
    start();
    assert_int_equal(loaded, 10);
    stop();
}

/* --- blobs and blocks ------------------------------------------------------------------------- */

static void blobs_stand_in_store_and_record(void **state)
{
    const struct pse_span blob = pse_span_str("a large object");
    struct pse_buf kept = PSE_BUF(1024);
    pse_hash digest, again;

    (void)state;
    start();
    assert_int_equal(pse_sequencer_blob(rig.s, &digest, blob), PSE_OK);
    assert_int_equal(pse_sequencer_blob(rig.s, &again, blob), PSE_OK);
    assert_true(pse_hash_is_equal(&digest, &again));
    shell("echo -n 'a large object' | sha256sum | cut -c1-64 >want && ls record/blob | cmp - want");
    shell("echo -n 'a large object' | cmp - record/blob/$(cat want)");
    stop();
    assert_int_equal(rig_start(&rig, NULL), PSE_OK);
    assert_int_equal(pse_store_blob_get(rig.store, &kept, &digest), PSE_OK);
    assert_true(pse_span_is_equal(pse_buf_span(&kept), blob));
    pse_buf_free(&kept);
    stop();
    /* another machine's folder does not have it: a start shows it */
    shell("rm -f record/blob/*");
    start();
    shell("echo -n 'a large object' | cmp - record/blob/$(cat want)");
    stop();
}

static void a_blob_that_cannot_be_shown_stops_the_log(void **state)
{
    pse_hash digest;

    (void)state;
    start();
    assert_int_equal(pse_sequencer_blob(rig.s, &digest, pse_span_str("first")), PSE_OK);
    shell("rm -r record/blob && echo in the way >record/blob");
    assert_int_equal(pse_sequencer_blob(rig.s, &digest, pse_span_str("second")), PSE_E_STATE);
    assert_true(rig.is_broken);
    assert_int_equal(rig_submit_text(&rig, "late", 0, 0), PSE_E_STATE);
    assert_int_equal(pse_sequencer_blob(rig.s, &digest, pse_span_str("third")), PSE_E_STATE);
    rig_stop(&rig);
    assert_int_equal(rig.why.reason, PSE_STOP_FILES);
}

/* With the same randomness, a block handed in at once is ordered the same way every time. */
static void order_of_a_block(pse_hash *root)
{
    static struct pse_span entry[300];
    static uint32_t bytes[300];
    static void *ticket[300];
    const uint8_t seed[32] = {7};
    struct pse_head head;

    pse_rng_init(&rig.rng, seed);
    start();
    for (uint32_t i = 0; i < 300; i++) {
        bytes[i] = i;
        entry[i] = pse_span(&bytes[i], 4);
        ticket[i] = malloc(8); /* a ticket of the rig: length, entry */
        memcpy(ticket[i], &(uint32_t){4}, 4);
        memcpy((uint8_t *)ticket[i] + 4, &i, 4);
    }
    assert_int_equal(pse_sequencer_submit_all(rig.s, entry, ticket, 300), PSE_OK);
    assert_true(rig_wait(&rig, &rig.receipts, 300));
    stop();
    assert_int_equal(rig_start(&rig, NULL), PSE_OK);
    assert_int_equal(pse_store_head_read(rig.store, &head), PSE_OK);
    *root = head.root;
    stop();
}

static void a_block_makes_the_same_batch_every_time(void **state)
{
    pse_hash root[2];

    order_of_a_block(&root[0]);
    teardown(state);
    assert_int_equal(setup(state), 0);
    order_of_a_block(&root[1]);
    assert_true(pse_hash_is_equal(&root[0], &root[1]));
}

static void a_block_is_taken_whole_or_not_at_all(void **state)
{
    const struct pse_span entry[] = {pse_span_str("good"), pse_span(NULL, 0), pse_span_str("good")};
    void *const ticket[] = {NULL, NULL, NULL};

    (void)state;
    start();
    assert_int_equal(pse_sequencer_submit_all(rig.s, entry, ticket, 3), PSE_E_LENGTH);
    assert_int_equal(pse_sequencer_submit_all(rig.s, entry, ticket, 0), PSE_OK);
    stop();
    assert_int_equal(rig.receipts + rig.stopped, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(entries_become_receipts),
        T(great_sizes_too),
        T(the_same_entry_has_one_place),
        T(the_longest_entry_fits),
        T(order_tells_nothing_of_arrival),
        T(partials_go_when_their_time_has_come),
        T(one_witness_less_changes_nothing),
        T(two_less_and_entries_wait),
        T(what_was_not_witnessed_is_after_a_restart),
        T(garbage_is_left_out),
        T(a_log_is_made_once),
        T(without_a_head_there_is_no_start),
        T(two_sequencers_do_not_run),
        T(an_old_store_is_refused),
        T(another_tree_is_refused),
        T(a_damaged_tree_is_refused),
        T(a_file_in_the_way_stops_the_log),
        T(a_clock_that_goes_back_is_refused),
        T(a_fenced_writer_stops),
        T(the_judge_and_the_second_decide),
        T(blobs_stand_in_store_and_record),
        T(a_blob_that_cannot_be_shown_stops_the_log),
        T(a_block_makes_the_same_batch_every_time),
        T(a_block_is_taken_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
