/* What a load run found: for programs, for people on a terminal, as a page. */
#ifndef PSE_PSEPHOS_LOAD_REPORT_H
#define PSE_PSEPHOS_LOAD_REPORT_H

#include "psephos/load_crowd.h"

enum { LOAD_PHASES_MAX = 5, LOAD_TIMELINE_MAX = 3600 };

/** Milliseconds, from the scheduled arrival to the receipt. */
struct load_latency {
    size_t n;
    double p50, p90, p99, most;
};
/** Of @p n seconds in @p x, which is sorted here. */
void load_latency_of(struct load_latency *out, double *x, size_t n);

struct load_phase {
    const char *name;
    double from, to; /* seconds after the start */
    size_t voters, cast, gave_up;
    struct load_latency latency; /* of those who cast */
    uint64_t receipts;           /* that came within the phase */
    double server_cpu, own_cpu;  /* seconds */
    uint64_t memory;             /* of the servers together, at most */
    uint64_t resent;
    struct load_answers answers; /* to voters */
    uint64_t flood_due, flood_sent, flood_busy, flood_cpu;
    struct load_answers flood;
    size_t slow_open; /* at most */
    uint64_t slow_opened, slow_turned_away, slow_cut;
};

struct load_second {
    size_t voters, cast;
    double p99; /* ms */
};

struct load_report {
    const char *url;
    size_t ballot_bytes;
    double rate;
    bool info;
    size_t pids;
    size_t phases;
    struct load_phase phase[LOAD_PHASES_MAX];
    size_t seconds;
    struct load_second second[LOAD_TIMELINE_MAX];
    size_t judged, judged_good;
    double slow_longest;
    double recovered; /* seconds after the flood; below 0: not within the run, or no flood */
    bool has_recovered;
};

/** One JSON object and a line feed. */
PSE_MUST pse_rc load_report_json(struct pse_buf *out, const struct load_report *r);
/** A table. */
void load_report_text(const struct load_report *r);
/** A page with charts. */
PSE_MUST pse_rc load_report_html(struct pse_buf *out, const struct load_report *r);

#endif
