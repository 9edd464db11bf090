#include "common/offenders.h"

/* A bijection that spreads every bit, as in net/bucket.c, with another multiplier. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 32) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void places(size_t at[2], const struct offenders *o, uint64_t who)
{
    uint64_t place = mix(who ^ o->seed);

    at[0] = place % OFFENDERS_SLOTS;
    at[1] = (place >> 32) % OFFENDERS_SLOTS;
}

static bool is_fresh(const struct offenders *o, size_t at, int64_t now_ms)
{
    return now_ms - o->slot[at].last_ms < OFFENDERS_FORGET_MS;
}

void offenders_strike(struct offenders *o, uint64_t who, int64_t now_ms)
{
    size_t at[2];
    size_t one;

    if (who == 0)
        return;
    places(at, o, who);
    if (o->slot[at[0]].who == who)
        one = at[0];
    else if (o->slot[at[1]].who == who)
        one = at[1];
    else
        one = o->slot[at[0]].last_ms <= o->slot[at[1]].last_ms ? at[0] : at[1];
    if (o->slot[one].who != who || !is_fresh(o, one, now_ms)) {
        o->slot[one].who = who;
        o->slot[one].strikes = 0;
    }
    o->slot[one].last_ms = now_ms;
    if (o->slot[one].strikes < OFFENDERS_STRIKES)
        o->slot[one].strikes++;
}

bool offenders_is(const struct offenders *o, uint64_t who, int64_t now_ms)
{
    size_t at[2];

    if (who == 0)
        return false;
    places(at, o, who);
    for (size_t i = 0; i < 2; i++)
        if (o->slot[at[i]].who == who)
            return o->slot[at[i]].strikes >= OFFENDERS_STRIKES && is_fresh(o, at[i], now_ms);
    return false;
}
