#include "common/brownout.h"

/* --- set ---------------------------------------------------------------------------------------
 */

static void change(struct brownout_set *s, uint8_t level, int64_t now_ms)
{
    s->level = level;
    s->changed_ms = now_ms;
    s->has_changed = true;
}

uint8_t brownout_level(struct brownout_set *s, int64_t now_ms)
{
    if (s->wanted < s->level && (!s->has_changed || now_ms - s->changed_ms >= BROWNOUT_HOLD_MS))
        change(s, s->wanted, now_ms);
    return s->level;
}

void brownout_want(struct brownout_set *s, uint8_t level, int64_t now_ms)
{
    PSE_REQUIRE(level < BROWNOUT_LEVELS);
    s->wanted = level;
    if (level > s->level)
        change(s, level, now_ms);
    else
        (void)brownout_level(s, now_ms);
}

/* --- measured ----------------------------------------------------------------------------------
 */

static void look_again(struct brownout_load *b, bool is_over, bool is_calm, int64_t now_ms)
{
    b->is_over = is_over;
    b->is_calm = is_calm;
    b->since_ms = now_ms;
}

uint8_t brownout_measure(struct brownout_load *b, unsigned full, int64_t now_ms)
{
    bool is_over = full >= BROWNOUT_OVER;
    bool is_calm = full < BROWNOUT_CALM;
    int64_t lasted;

    if (is_over != b->is_over || is_calm != b->is_calm) {
        look_again(b, is_over, is_calm, now_ms);
        return b->level;
    }
    lasted = now_ms - b->since_ms;
    if (is_over && b->level < b->max && lasted >= BROWNOUT_RISE_MS) {
        b->level++;
        b->changed_ms = now_ms;
        b->since_ms = now_ms; /* the next step needs as long again */
    } else if (is_calm && b->level > 0 && lasted >= BROWNOUT_HOLD_MS &&
               now_ms - b->changed_ms >= BROWNOUT_HOLD_MS) {
        b->level--;
        b->changed_ms = now_ms;
        b->since_ms = now_ms;
    }
    return b->level;
}
