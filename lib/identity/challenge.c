/* A table with open addressing over hashed sessions; entries are removed by shifting back the ones
 * behind them, so there are no marks of the dead. */
#include "challenge.h"

#include <stdlib.h>

#include "codec/codec.h"

enum { CHALLENGES_MAX = 1 << 20 };

struct entry {
    pse_hash session;
    uint8_t nonce[32];
    int64_t issued;
    bool is_used;
};

struct pse_challenges {
    struct entry *slot;
    size_t slots; /* a power of two, at least twice max: chains stay short */
    size_t max;
    size_t count;
    size_t sweep; /* where the search for old ones goes on */
};

pse_rc pse_challenges_new(struct pse_challenges **out, size_t max)
{
    struct pse_challenges *c = calloc(1, sizeof *c);

    PSE_REQUIRE(max > 0 && max <= CHALLENGES_MAX);
    *out = NULL;
    if (c == NULL)
        return PSE_E_MEMORY;
    c->max = max;
    for (c->slots = 2; c->slots < 2 * max; c->slots *= 2)
        ;
    c->slot = calloc(c->slots, sizeof *c->slot);
    if (c->slot == NULL) {
        free(c);
        return PSE_E_MEMORY;
    }
    *out = c;
    return PSE_OK;
}

void pse_challenges_free(struct pse_challenges *c)
{
    if (c == NULL)
        return;
    pse_wipe(c->slot, c->slots * sizeof *c->slot);
    free(c->slot);
    free(c);
}

static size_t home_of(const struct pse_challenges *c, const pse_hash *session)
{
    size_t x;

    memcpy(&x, session->b, sizeof x);
    return x & (c->slots - 1);
}

/* The slot of a session, or the free one where it belongs. */
static size_t find(const struct pse_challenges *c, const pse_hash *session)
{
    size_t i = home_of(c, session);

    while (c->slot[i].is_used && !pse_hash_is_equal(&c->slot[i].session, session))
        i = (i + 1) & (c->slots - 1);
    return i;
}

static void drop(struct pse_challenges *c, size_t hole)
{
    size_t mask = c->slots - 1;

    for (size_t i = (hole + 1) & mask; c->slot[i].is_used; i = (i + 1) & mask) {
        size_t home = home_of(c, &c->slot[i].session);

        /* Moves into the hole only what would still be found there. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            c->slot[hole] = c->slot[i];
            hole = i;
        }
    }
    pse_wipe(&c->slot[hole], sizeof c->slot[hole]);
    c->count--;
}

static bool is_good(const struct entry *e, int64_t now)
{
    return e->issued <= now && now - e->issued <= PSE_CHALLENGE_SECONDS;
}

/* A few slots a call, so that what is remembered stays bounded without pauses. */
static void forget_some(struct pse_challenges *c, int64_t now)
{
    for (unsigned n = 0; n < 8; n++) {
        struct entry *e = &c->slot[c->sweep];

        if (e->is_used && !is_good(e, now) && now - e->issued > PSE_CHALLENGE_MEMORY)
            drop(c, c->sweep); /* the one that moved here is looked at next */
        else
            c->sweep = (c->sweep + 1) & (c->slots - 1);
    }
}

/* Room for one more, at the cost of any that is no longer good. */
static pse_rc make_room(struct pse_challenges *c, int64_t now)
{
    for (size_t n = 0; c->count == c->max && n < c->slots; n++) {
        if (c->slot[c->sweep].is_used && !is_good(&c->slot[c->sweep], now))
            drop(c, c->sweep);
        else
            c->sweep = (c->sweep + 1) & (c->slots - 1);
    }
    return c->count < c->max ? PSE_OK : PSE_E_LIMIT;
}

static void write_text(char out[PSE_CHALLENGE_TEXT], const uint8_t nonce[32])
{
    struct pse_buf text = PSE_BUF(PSE_CHALLENGE_TEXT);

    out[0] = '\0';
    pse_base64_put(&text, nonce, 32);
    if (text.rc == PSE_OK) {
        memcpy(out, text.p, text.n);
        out[text.n] = '\0';
    }
    pse_buf_free(&text);
}

pse_rc pse_challenges_issue(char out[PSE_CHALLENGE_TEXT], struct pse_challenges *c,
                            struct pse_span session, struct pse_rng *rng, int64_t now)
{
    pse_hash key;
    size_t i;

    out[0] = '\0';
    pse_sha256(&key, session);
    forget_some(c, now);
    i = find(c, &key);
    if (!c->slot[i].is_used) {
        PSE_TRY(make_room(c, now));
        i = find(c, &key); /* others may have moved */
        c->slot[i] = (struct entry){.session = key, .is_used = true};
        c->count++;
    }
    c->slot[i].issued = now;
    pse_rng_fill(rng, c->slot[i].nonce, 32);
    write_text(out, c->slot[i].nonce);
    return out[0] == '\0' ? PSE_E_MEMORY : PSE_OK;
}

enum pse_eid_fault pse_challenges_take(char out[PSE_CHALLENGE_TEXT], struct pse_challenges *c,
                                       struct pse_span session, int64_t now)
{
    struct entry taken;
    pse_hash key;
    size_t i;

    out[0] = '\0';
    pse_sha256(&key, session);
    i = find(c, &key);
    if (!c->slot[i].is_used)
        return PSE_EID_NONCE_MISSING;
    taken = c->slot[i];
    drop(c, i);
    if (!is_good(&taken, now))
        return PSE_EID_NONCE_EXPIRED;
    write_text(out, taken.nonce);
    return out[0] == '\0' ? PSE_EID_NO_MEMORY : PSE_EID_GOOD;
}
