/* /metrics and /healthz of a front, on a listener and a thread of their own. */
#include <time.h>

#include "codec/codec.h"
#include "common/http_service.h"
#include "psephos/box_front.h"

PSE_COUNTER_BY(front_requests, "psephos_box_requests", "Requests by what they are about.", "class",
               "cast", "receipt", "parcel", "letter", "record");
PSE_COUNTER_BY(front_ballots, "psephos_box_ballots", "What became of ballots.", "outcome",
               "witnessed", "recorded", "refused", "stale", "closed", "busy", "unknown");
PSE_GAUGE(front_connections, "psephos_box_connections", "Open connections.");
PSE_GAUGE(front_waiting, "psephos_box_waiting", "Requests that wait for a worker or an answer.");
PSE_COUNTER(front_overdue, "psephos_box_suspended_overdue",
            "Requests that nobody answered in time; must stay 0.");
PSE_GAUGE(front_at_level, "psephos_box_level", "Brown-out level, 0 to 4.");
PSE_GAUGE(front_queue, "psephos_box_queue", "How many ballots may wait to be verified.");
PSE_COUNTER(front_alone, "psephos_box_verified_alone",
            "Ballots of repeat offenders, each verified by itself.");
PSE_GAUGE(front_age, "psephos_box_checkpoint_age_seconds",
          "For how long entries have waited for a witnessed checkpoint.");
PSE_GAUGE_BY(front_entries, "psephos_box_entries", "Entries of the log.", "stage", "durable",
             "published");

static const struct pse_metric *const all[] = {
    &front_requests, &front_ballots, &front_connections, &front_waiting, &front_overdue,
    &front_at_level, &front_age,     &front_entries,     &front_queue,   &front_alone,
};

/* Overload is a queue that has been full: that of ballots to be verified, or that of all who wait
 * for an answer. */
static void look_at_load(struct front *f, const struct pse_http_counters *c)
{
    size_t waiting = 1000 * c->waiting / f->set->waiting;
    unsigned full = waiting > c->fullest ? (unsigned)waiting : c->fullest;
    unsigned level = brownout_measure(&f->overload, full, pse_clock_steady_ms());

    if (atomic_exchange(&f->level_measured, level) != level)
        front_level_event(f, "measured");
}

void front_measure(struct front *f)
{
    struct pse_http_counters c = {0};
    uint64_t overdue = pse_metric_value(&front_overdue, 0);

    if (f->http != NULL)
        pse_http_counters(&c, f->http);
    pse_metric_set(&front_connections, 0, (int64_t)c.connections);
    pse_metric_set(&front_waiting, 0, (int64_t)c.waiting);
    if (c.overdue > overdue)
        pse_metric_add(&front_overdue, 0, c.overdue - overdue);
    look_at_load(f, &c);
    pse_metric_set(&front_at_level, 0, front_level(f));
    pthread_rwlock_rdlock(&f->lock);
    pse_metric_set(&front_age, 0, (pse_clock_steady_ms() - f->witnessed_ms) / 1000);
    pse_metric_set(&front_entries, 0, (int64_t)f->status.size);
    pse_metric_set(&front_entries, 1, (int64_t)f->status.published);
    pthread_rwlock_unlock(&f->lock);
}

void front_metrics(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    PSE_REQUIRE(n == 1);
    service_metrics(call[0], all, CLI_COUNT(all));
}

/* Good: the sequencer answers, and no entry has waited too long for a witnessed checkpoint. */
void front_health(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct front *f = ctx;
    struct pse_health_item item[2] = {
        {.name = "sequencer", .max_ms = 5000},
        {.name = "checkpoint", .max_ms = (int64_t)f->set->checkpoint_ms},
    };

    PSE_REQUIRE(n == 1);
    pthread_rwlock_rdlock(&f->lock);
    item[0].seen_ms = f->up_ms;
    item[1].seen_ms = f->witnessed_ms;
    pthread_rwlock_unlock(&f->lock);
    service_health(call[0], item, CLI_COUNT(item), pse_clock_steady_ms());
}
