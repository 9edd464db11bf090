/* What a front knows of the election: the manifest and the joint key from the record, verified;
 * the state from the sequencer. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/election_view.h"
#include "common/files.h"
#include "psephos/box_front.h"

enum { POLL_MS = 200 };

/* --- the view ----------------------------------------------------------------------------------
 */

/* Made once a change, copied for each who asks. */
static void make_view(struct pse_buf *b, struct front *f, const struct sequence_status *s)
{
    struct pse_json_wr w = pse_json_wr(b, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "state", pse_state_name((enum pse_state)s->state));
    pse_json_wr_u64(&w, "size", s->published);
    pse_json_wr_u64(&w, "recorded", s->size);
    pse_json_wr_u64(&w, "published_at", s->published_at);
    pse_json_wr_u64(&w, "level", front_level(f));
    pse_json_wr_str(&w, "record", "/record/");
    if (f->now != NULL)
        election_view_put(&w, f->now->m);
    pse_json_wr_end(&w);
    (void)!pse_json_wr_finish(&w);
}

/* --- the record --------------------------------------------------------------------------------
 */

static void election_free(struct front_election *e)
{
    if (e == NULL)
        return;
    record_load_close(&e->load);
    free(e);
}

/* The record as published now. Nobody must be frightened by a record that is not begun. */
static struct front_election *read_election(struct front *f)
{
    const struct record_load_options o = {
        .g = f->g, .rng = &f->rng, .quiet = true, .until_open = true};
    struct front_election *e;
    char path[FILE_PATH_MAX];

    if (file_join(path, f->d.name, f->set->record, "checkpoint") != PSE_OK || !file_exists(path))
        return NULL;
    e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    if (record_load(&e->load, f->d.name, f->set->record, &o) != PSE_OK) {
        election_free(e);
        return NULL;
    }
    e->m = pse_engine_manifest(e->load.e);
    e->joint = pse_engine_state(e->load.e) >= PSE_STATE_OPEN ? pse_engine_joint(e->load.e) : NULL;
    return e;
}

/* Is the record worth reading again? Once for the manifest, once for the key. */
static bool is_due(const struct front *f, const struct sequence_status *s)
{
    if (s->published == 0)
        return false;
    return f->now == NULL || (f->now->joint == NULL && s->state >= PSE_STATE_OPEN);
}

/* A worker may still use the old one: it is kept until the end (there are two at most). */
static void take_election(struct front *f)
{
    struct front_election *e = read_election(f);

    if (e == NULL || (f->now != NULL && e->joint == NULL)) {
        election_free(e);
        return;
    }
    pthread_rwlock_wrlock(&f->lock);
    f->before = f->now;
    f->now = e;
    pthread_rwlock_unlock(&f->lock);
    PSE_LOG(&f->d.log, PSE_LOG_NOTICE, "box.election", PSE_F("eid", e->m->eid),
            PSE_F("open", e->joint != NULL));
}

static void look(struct front *f)
{
    struct sequence_status s = {0};
    /* A log that has no entry is one that the sequencer has not read yet: it has just started. */
    bool is_up = sequence_status(f->sequence, &s) == PSE_OK && s.size > 0;
    struct pse_buf view = PSE_BUF(ELECTION_VIEW_MAX);
    bool fresh = false;

    if (is_up && is_due(f, &s))
        take_election(f);
    if (is_up)
        make_view(&view, f, &s);
    pthread_rwlock_wrlock(&f->lock);
    if (is_up) {
        struct pse_buf old = f->view;

        f->up_ms = pse_clock_steady_ms();
        if (s.published == s.size || f->witnessed_ms == 0 || s.published > f->status.published)
            f->witnessed_ms = f->up_ms;
        fresh = atomic_exchange(&f->level_set, s.level) != s.level;
        f->status = s;
        f->view = view;
        view = old;
    }
    pthread_rwlock_unlock(&f->lock);
    if (fresh)
        front_level_event(f, "set");
    pse_buf_free(&view);
}

static void *follow(void *arg)
{
    struct front *f = arg;
    const struct timespec nap = {0, POLL_MS * 1000000L};

    while (!atomic_load(&f->ends)) {
        look(f);
        (void)nanosleep(&nap, NULL);
    }
    return NULL;
}

/* --- life --------------------------------------------------------------------------------------
 */

const struct front_election *front_look(struct front *f, struct sequence_status *status)
{
    const struct front_election *e;

    pthread_rwlock_rdlock(&f->lock);
    e = f->up_ms == 0 ? NULL : f->now; /* before the first answer the state is not known */
    *status = f->status;
    pthread_rwlock_unlock(&f->lock);
    return e;
}

pse_rc front_follow(struct front *f)
{
    PSE_REQUIRE(pthread_rwlock_init(&f->lock, NULL) == 0);
    f->is_following = pthread_create(&f->follower, NULL, follow, f) == 0;
    return f->is_following ? PSE_OK : PSE_E_MEMORY;
}

void front_unfollow(struct front *f)
{
    atomic_store(&f->ends, true);
    if (f->is_following) {
        pthread_join(f->follower, NULL);
        (void)pthread_rwlock_destroy(&f->lock);
    }
    election_free(f->now);
    election_free(f->before);
    pse_buf_free(&f->view);
}
