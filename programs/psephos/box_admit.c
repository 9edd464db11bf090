/* Who is let in, before a byte of the body is read (service contract 4): brown-out level, the
 * peer's bucket, the session's bucket, the session's MAC. All of it in the HTTP thread, so it only
 * counts and compares. */
#include <time.h>

#include "codec/codec.h"
#include "net/peer.h"
#include "psephos/box_front.h"

uint64_t front_now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t number_of(struct pse_span text)
{
    pse_hash h;

    pse_sha256(&h, text);
    return pse_load_u64(h.b);
}

/* An edge says whom it speaks for; its word counts only on a Unix socket and from its own user. */
static uint64_t peer_of(const struct front *f, const struct pse_http_call *c)
{
    struct pse_span peer;
    uint64_t number;
    uint32_t uid;

    if (!pse_http_peer_uid(&uid, c))
        return pse_http_peer(c);
    if (uid != f->set->edge || !pse_http_header(&peer, c, "x-psephos-peer"))
        return 0;
    if (pse_peer_parse(&number, peer))
        return number;
    return number_of(peer); /* an edge may have names of its own */
}

/* Peers behind nobody's name are this machine's: not counted. */
static bool is_frequent(struct front *f, const struct pse_http_call *c)
{
    const struct pse_bucket_rate rate = {1000000 / f->set->peer_rate, f->set->peer_burst};
    uint64_t peer = peer_of(f, c);
    bool good;

    if (peer == 0)
        return false;
    pthread_mutex_lock(&f->buckets_lock);
    good = pse_bucket_take(f->peers, peer, &rate, front_now_us());
    pthread_mutex_unlock(&f->buckets_lock);
    return !good;
}

static bool read_token(struct pse_span *token, const struct pse_http_call *c)
{
    struct pse_span header;

    return pse_http_header(&header, c, "authorization") && session_token_bearer(token, header);
}

/* What a token calls itself is counted before it is looked at closely: a number costs less than a
 * MAC, and who does not know a token cannot use up its bucket. */
static bool is_token_frequent(struct front *f, struct pse_span token)
{
    const struct pse_bucket_rate rate = {1000000 / f->set->session_rate, f->set->session_burst};
    bool good;

    pthread_mutex_lock(&f->buckets_lock);
    good = pse_bucket_take(f->sessions, number_of(token), &rate, front_now_us());
    pthread_mutex_unlock(&f->buckets_lock);
    return !good;
}

/* Whether a token is of this election is not known before the election is: whoever has a good one
 * must not be told to log in again. */
static pse_rc check_token(struct front *f, struct pse_span token)
{
    struct timespec now;
    pse_rc rc = PSE_E_MISSING;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    pthread_rwlock_rdlock(&f->lock);
    if (f->now != NULL)
        rc = session_token_check(NULL, token, (const session_key *)f->session.p, &f->now->m->eid,
                                 (uint64_t)now.tv_sec);
    pthread_rwlock_unlock(&f->lock);
    return rc;
}

static bool refuse(unsigned *status, const char **slug, unsigned with, const char *why)
{
    *status = with;
    *slug = why;
    return false;
}

bool front_admit(void *ctx, const struct pse_http_call *c, unsigned *status, const char **slug)
{
    const struct front_gate *gate = ctx;
    struct front *f = gate->f;
    struct pse_span token;
    pse_rc rc;

    pse_metric_add(&front_requests, gate->class_, 1);
    if (front_level(f) > gate->level_max)
        return refuse(status, slug, 503, "reduced");
    if (is_frequent(f, c))
        return refuse(status, slug, 429, "too-many");
    if (!gate->session || f->session.p == NULL)
        return true;
    if (!read_token(&token, c))
        return refuse(status, slug, 401, "session");
    if (is_token_frequent(f, token))
        return refuse(status, slug, 429, "too-many");
    rc = check_token(f, token);
    if (rc == PSE_E_MISSING)
        return refuse(status, slug, 503, "unavailable");
    return rc == PSE_OK || refuse(status, slug, 401, "session");
}

uint64_t front_sender(const struct front *f, const struct pse_http_call *c)
{
    uint64_t peer = peer_of(f, c);
    struct pse_span token;

    if (peer != 0 || f->session.p == NULL || !read_token(&token, c))
        return peer;
    return number_of(token);
}

/* --- the level ---------------------------------------------------------------------------------
 */

unsigned front_level(struct front *f)
{
    unsigned set = atomic_load(&f->level_set);
    unsigned measured = atomic_load(&f->level_measured);

    return set > measured ? set : measured;
}

void front_level_event(struct front *f, const char *why)
{
    static const char *const level[BROWNOUT_LEVELS] = {"level-0", "level-1", "level-2", "level-3",
                                                       "level-4"};
    const struct pse_event e = {.type = "box.level",
                                .sev = 5,
                                .outcome = "ok",
                                .rule = level[front_level(f)],
                                .tags = {why}};

    PSE_LOG(&f->d.log, PSE_LOG_NOTICE, "box.level", PSE_F("level", front_level(f)),
            PSE_F("set", (unsigned)atomic_load(&f->level_set)),
            PSE_F("measured", (unsigned)atomic_load(&f->level_measured)), PSE_F("why", why));
    if (pse_events_put(&f->d.events, &e) != PSE_OK)
        PSE_LOG(&f->d.log, PSE_LOG_ERROR, "daemon.event-lost", PSE_F("type", e.type));
}

/* --- credentials -------------------------------------------------------------------------------
 */

bool front_credential_take(struct front *f, const pse_enc *credential)
{
    const struct pse_bucket_rate rate = {1000000 / f->set->session_rate, f->set->session_burst};
    bool good;

    pthread_mutex_lock(&f->buckets_lock);
    good = pse_bucket_take(f->sessions, pse_load_u64(credential->b), &rate, front_now_us());
    pthread_mutex_unlock(&f->buckets_lock);
    return good;
}
