/* Who is let in, before a byte of the body is read (service contract 4): brown-out level, peer,
 * session. All of it in the HTTP thread, so it only counts and compares. */
#include <time.h>

#include "codec/codec.h"
#include "psephos/box_front.h"

static uint64_t steady_us(void)
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
    uint32_t uid;

    if (!pse_http_peer_uid(&uid, c))
        return pse_http_peer(c);
    if (uid != f->set->edge || !pse_http_header(&peer, c, "x-psephos-peer"))
        return 0;
    return number_of(peer);
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
    good = pse_bucket_take(f->peers, peer, &rate, steady_us());
    pthread_mutex_unlock(&f->buckets_lock);
    return !good;
}

static bool has_session(struct front *f, const struct pse_http_call *c)
{
    const struct pse_bucket_rate rate = {1000000 / f->set->session_rate, f->set->session_burst};
    struct pse_span header;
    struct pse_span token;
    struct timespec now;
    bool good;

    if (!pse_http_header(&header, c, "authorization") || !session_token_bearer(&token, header))
        return false;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    pthread_rwlock_rdlock(&f->lock);
    good = f->now != NULL && session_token_check(NULL, token, (const session_key *)f->session.p,
                                                 &f->now->m->eid, (uint64_t)now.tv_sec) == PSE_OK;
    pthread_rwlock_unlock(&f->lock);
    if (!good)
        return false;
    pthread_mutex_lock(&f->buckets_lock);
    good = pse_bucket_take(f->sessions, number_of(token), &rate, steady_us());
    pthread_mutex_unlock(&f->buckets_lock);
    return good;
}

bool front_admit(void *ctx, const struct pse_http_call *c, unsigned *status, const char **slug)
{
    const struct front_gate *gate = ctx;
    struct front *f = gate->f;

    pse_metric_add(&front_requests, gate->class_, 1);
    *status = 503;
    *slug = "reduced";
    if (atomic_load(&f->level) > gate->level_max)
        return false;
    *status = 429;
    *slug = "too-many";
    if (is_frequent(f, c))
        return false;
    *status = 401;
    *slug = "session";
    return !gate->session || f->session.p == NULL || has_session(f, c);
}

bool front_credential_take(struct front *f, const pse_enc *credential)
{
    const struct pse_bucket_rate rate = {1000000 / f->set->session_rate, f->set->session_burst};
    bool good;

    pthread_mutex_lock(&f->buckets_lock);
    good = pse_bucket_take(f->sessions, pse_load_u64(credential->b), &rate, steady_us());
    pthread_mutex_unlock(&f->buckets_lock);
    return good;
}
