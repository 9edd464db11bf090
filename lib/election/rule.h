/* The numbered rules of verification (protocol 12) and what is reported when one fails.
 *
 * For: naming rules, findings, counts. Not for: sentences; programs turn a finding into words.
 * Everything here is public data. */
#ifndef PSE_ELECTION_RULE_H
#define PSE_ELECTION_RULE_H

#include "base/base.h"

/** V rules carry their number; W rules 1000 and their number. */
enum pse_rule {
    PSE_V101 = 101,
    PSE_V102 = 102,
    PSE_V103 = 103,
    PSE_V104 = 104,
    PSE_V201 = 201,
    PSE_V202 = 202,
    PSE_V203 = 203,
    PSE_V204 = 204,
    PSE_V205 = 205,
    PSE_V206 = 206,
    PSE_V207 = 207,
    PSE_V301 = 301,
    PSE_V302 = 302,
    PSE_V303 = 303,
    PSE_V401 = 401,
    PSE_V402 = 402,
    PSE_V403 = 403,
    PSE_V404 = 404,
    PSE_V405 = 405,
    PSE_V406 = 406,
    PSE_V408 = 408,
    PSE_V409 = 409,
    PSE_V410 = 410,
    PSE_V411 = 411,
    PSE_V501 = 501,
    PSE_V502 = 502,
    PSE_V503 = 503,
    PSE_V601 = 601,
    PSE_V602 = 602,
    PSE_V603 = 603,
    PSE_V604 = 604,
    PSE_V701 = 701,
    PSE_V702 = 702,
    PSE_V703 = 703,
    PSE_V801 = 801,
    PSE_V802 = 802,
    PSE_V803 = 803,
    PSE_V804 = 804,
    PSE_V901 = 901,
    PSE_V902 = 902,
    PSE_V903 = 903,
    PSE_V904 = 904,
    PSE_V905 = 905,
    PSE_V906 = 906,
    PSE_V907 = 907,
    PSE_V908 = 908,
    PSE_V909 = 909,
    PSE_W001 = 1001,
    PSE_W002 = 1002,
    PSE_W003 = 1003,
    PSE_W004 = 1004,
    PSE_W005 = 1005,
};

/** Number of rules, and the order in which reports list them (ascending). */
enum { PSE_RULE_COUNT = 52 };

/** All rules ascending, warnings last. @p slot < PSE_RULE_COUNT. */
enum pse_rule pse_rule_at(size_t slot);
/** Place of @p rule in that order. */
size_t pse_rule_slot(enum pse_rule rule);
/** "V410", "W001". */
const char *pse_rule_name(enum pse_rule rule);
/** What the rule checks, in a few plain English words, for tables and one-line reports. */
const char *pse_rule_title(enum pse_rule rule);
/** W001..W005: reported, never a refusal. */
static inline bool pse_rule_is_warning(enum pse_rule rule)
{
    return rule > 1000;
}
/** V101-V104, V901-V905, V909: a failure is the record's, so it cannot be accepted. The others make
 * one entry dead. */
bool pse_rule_is_record(enum pse_rule rule);

/** Entry index of a finding that belongs to the record as a whole (V901-V904, V909). */
#define PSE_NO_ENTRY UINT64_MAX

/** One failing rule, or one warning. Fields that say nothing for a rule are zero. */
struct pse_finding {
    uint64_t entry;   /* index in the log, or PSE_NO_ENTRY */
    uint16_t rule;    /* enum pse_rule */
    uint16_t contest; /* ids of the list concerned: V6xx, V7xx, W001, W004 */
    uint16_t pot;
    uint8_t type;  /* type byte of the entry */
    uint8_t party; /* V204 and a complaint that holds: index of the trustee at fault; W004: mixer */
};

/** Order of reports (protocol 12): V901-V904 first, then by entry, then by rule; V909 last. <0, 0,
 * >0 as for qsort. */
int pse_finding_compare(const void *a, const void *b);

/** What a rule has cost: how many things it was applied to, and how many failed. */
struct pse_rule_use {
    uint64_t items;
    uint64_t failed;
    uint64_t nanoseconds; /* 0 without a stopwatch; rules checked together share the time of the
                             first of them */
};

#endif
