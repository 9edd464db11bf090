/* What the board knows of the record: the last checkpoint that holds, what the entries below it say
 * of the election, and where each leaf stands. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "common/election_view.h"
#include "common/files.h"
#include "psephos/board.h"

enum { POLL_MS = 500, RETRY_MS = 5000 };

/* --- the checkpoint ----------------------------------------------------------------------------
 */

/* Is it another than the one that is shown? A record that is not begun, or is being moved, is none.
 */
static bool is_new(struct pse_buf *bytes, const struct board *b)
{
    char path[FILE_PATH_MAX];

    *bytes = PSE_BUF(0);
    if (file_join(path, b->d.name, b->set->record, "checkpoint") != PSE_OK || !file_exists(path) ||
        file_read(bytes, b->d.name, path, PSE_NOTE_MAX) != PSE_OK)
        return false;
    return !pse_span_is_equal(pse_buf_span(bytes), pse_buf_span(&b->checkpoint));
}

/* The latest time at which a witness of the policy cosigned. */
static uint64_t newest_time(const struct board *b, const struct pse_checkpoint *cp)
{
    uint64_t newest = 0;

    for (size_t i = 0; i < b->load.policy.witnesses; i++) {
        uint64_t time = 0;

        if (pse_note_check(&cp->note, &pse_policy_witness(&b->load.policy, i)->key, &time) ==
                PSE_NOTE_GOOD &&
            time > newest)
            newest = time;
    }
    return newest;
}

/* --- the view ----------------------------------------------------------------------------------
 */

static void make_view(struct pse_buf *out, const struct board *b, uint64_t size, uint64_t newest)
{
    const struct pse_engine *e = b->load.e;
    struct pse_json_wr w = pse_json_wr(out, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "state", pse_state_name(pse_engine_state(e)));
    pse_json_wr_u64(&w, "size", size);
    pse_json_wr_u64(&w, "published_at", newest);
    pse_json_wr_str(&w, "record", "/record/");
    election_view_put(&w, pse_engine_manifest(e));
    pse_json_wr_end(&w);
    (void)!pse_json_wr_finish(&w);
}

/* --- leaves ------------------------------------------------------------------------------------
 */

static pse_rc read_tile(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct board *b = ctx;
    struct pse_reader r = record_reader_callbacks(&b->load.source.files);
    static uint8_t tile[PSE_TILE_BYTES]; /* the follower's alone */
    size_t n = 0;

    PSE_TRY(r.file(r.ctx, tile, &n, max < sizeof tile ? max : sizeof tile, path));
    *bytes = pse_span(tile, n);
    return PSE_OK;
}

/* The hashes of tile/0 from the first that is not known up to @p size. A wrong tile makes no wrong
 * receipt: each is verified before it goes out. */
static pse_rc add_leaves(struct board *b, uint64_t size)
{
    while (b->leaves.n < size) {
        struct pse_tile tile = {.level = 0, .index = b->leaves.n / PSE_TILE_WIDTH};
        uint64_t rest = size - tile.index * PSE_TILE_WIDTH;
        const pse_hash *hash;
        struct pse_span bytes;
        unsigned width;
        pse_rc rc = PSE_OK;

        tile.width = rest < PSE_TILE_WIDTH ? (unsigned)rest : PSE_TILE_WIDTH;
        PSE_TRY(pse_tile_fetch(&bytes, &width, &tile, read_tile, b));
        hash = (const pse_hash *)(const void *)bytes.p;
        pthread_rwlock_wrlock(&b->lock);
        for (unsigned i = b->leaves.n % PSE_TILE_WIDTH; rc == PSE_OK && i < tile.width; i++)
            rc = leaf_index_add(&b->leaves, &hash[i]);
        pthread_rwlock_unlock(&b->lock);
        PSE_TRY(rc);
    }
    return PSE_OK;
}

/* --- a look ------------------------------------------------------------------------------------
 */

/* The engine has taken in what the checkpoint says: others may know. */
static pse_rc show(struct board *b)
{
    struct pse_buf view = PSE_BUF(ELECTION_VIEW_MAX);
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);
    struct pse_checkpoint cp;
    uint64_t newest;

    PSE_TRY(pse_checkpoint_parse(&cp, pse_buf_span(&b->load.checkpoint)));
    PSE_TRY(add_leaves(b, cp.size));
    newest = newest_time(b, &cp);
    make_view(&view, b, cp.size, newest);
    pse_wr_span(&note, pse_buf_span(&b->load.checkpoint));
    if (view.rc != PSE_OK || note.rc != PSE_OK) {
        pse_buf_free(&view);
        pse_buf_free(&note);
        return PSE_E_MEMORY;
    }
    pthread_rwlock_wrlock(&b->lock);
    pse_buf_free(&b->view);
    pse_buf_free(&b->checkpoint);
    b->view = view;
    b->checkpoint = note;
    b->size = cp.size;
    b->root = cp.root;
    b->newest = newest;
    b->is_final = pse_engine_state(b->load.e) >= PSE_STATE_END;
    pthread_rwlock_unlock(&b->lock);
    return PSE_OK;
}

static pse_rc load(struct board *b)
{
    const struct record_load_options o = {
        .g = b->g, .rng = &b->rng, .quiet = true, .trust_proofs = true};
    pse_rc rc = record_load(&b->load, b->d.name, b->set->record, &o);

    b->is_loaded = rc == PSE_OK;
    if (rc != PSE_OK)
        record_load_close(&b->load);
    else
        PSE_LOG(&b->d.log, PSE_LOG_NOTICE, "board.election",
                PSE_F("eid", *pse_engine_eid(b->load.e)),
                PSE_F("size", pse_engine_size(b->load.e)));
    return rc;
}

static bool is_two_histories(const struct board *b, pse_rc rc)
{
    return b->is_loaded && (rc == PSE_E_PROOF || rc == PSE_E_SIGNATURE);
}

/* Files are served on, for they are the evidence; the view stays the last good one. */
static void note_broken(struct board *b)
{
    struct pse_event e = {
        .type = "board.record-differs", .sev = 2, .outcome = "refused", .rule = "V904"};

    pthread_rwlock_wrlock(&b->lock);
    b->is_broken = true;
    pthread_rwlock_unlock(&b->lock);
    PSE_LOG(&b->d.log, PSE_LOG_ERROR, "board.record-differs",
            PSE_F("size", pse_engine_size(b->load.e)));
    if (pse_events_put(&b->d.events, &e) != PSE_OK)
        PSE_LOG(&b->d.log, PSE_LOG_ERROR, "daemon.event-lost", PSE_F("type", e.type));
}

static void look(struct board *b)
{
    int64_t now = pse_clock_steady_ms();
    struct pse_buf bytes;
    bool is_changed = is_new(&bytes, b);
    bool is_there = bytes.n > 0;
    pse_rc rc = PSE_OK;

    pse_buf_free(&bytes);
    if (!is_there || b->is_broken || now < b->next_try_ms)
        return;
    if (is_changed) {
        rc = b->is_loaded ? record_load_grow(&b->load) : load(b);
        if (is_two_histories(b, rc))
            note_broken(b);
        if (rc == PSE_OK)
            rc = show(b);
    }
    if (rc != PSE_OK) {
        b->next_try_ms = now + RETRY_MS;
        return;
    }
    pthread_rwlock_wrlock(&b->lock);
    b->good_ms = pse_clock_steady_ms();
    pthread_rwlock_unlock(&b->lock);
}

static void *follow(void *arg)
{
    struct board *b = arg;
    const struct timespec nap = {0, POLL_MS * 1000000L};

    while (!atomic_load(&b->ends)) {
        look(b);
        atomic_store(&b->has_looked, true);
        (void)nanosleep(&nap, NULL);
    }
    return NULL;
}

/* --- life --------------------------------------------------------------------------------------
 */

pse_rc board_follow(struct board *b)
{
    PSE_REQUIRE(pthread_rwlock_init(&b->lock, NULL) == 0);
    leaf_index_init(&b->leaves, &b->rng);
    b->is_following = pthread_create(&b->follower, NULL, follow, b) == 0;
    return b->is_following ? PSE_OK : PSE_E_MEMORY;
}

void board_unfollow(struct board *b)
{
    atomic_store(&b->ends, true);
    if (b->is_following) {
        pthread_join(b->follower, NULL);
        (void)pthread_rwlock_destroy(&b->lock);
    }
    if (b->is_loaded)
        record_load_close(&b->load);
    leaf_index_free(&b->leaves);
    pse_buf_free(&b->view);
    pse_buf_free(&b->checkpoint);
}
