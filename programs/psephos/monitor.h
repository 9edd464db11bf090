/* psephos monitor: what each party shows of one log, and how it fits together. */
#ifndef PSE_PSEPHOS_MONITOR_H
#define PSE_PSEPHOS_MONITOR_H

#include "common/record_pin.h"
#include "common/split_view.h"

enum { MONITOR_PARTIES_MAX = 256 };

enum monitor_kind {
    MONITOR_LOG,     /* the log itself: tiles and a checkpoint */
    MONITOR_MIRROR,  /* a copy */
    MONITOR_WITNESS, /* its monitoring address: the last note it signed */
    MONITOR_MEMORY,  /* what this monitor saw before */
};

enum monitor_state {
    MONITOR_GOOD,
    MONITOR_STALE,       /* good, but long behind the others */
    MONITOR_UNREACHABLE, /* shows nothing now */
    MONITOR_REFUSED,     /* shows something that no reader may accept */
};

struct monitor_party {
    enum monitor_kind kind;
    char name[256];          /* for people */
    const char *where;       /* folder or URL; NULL: memory */
    struct pse_vkey witness; /* MONITOR_WITNESS: its key */
    char path[80];           /* of its checkpoint, below `where` */
    struct record_at at;
    bool is_open;
    enum monitor_state state;
    const char *why; /* words, when not good */
    struct pse_buf note;
    uint64_t size; /* when good or stale */
    pse_hash root;
    uint64_t newest; /* latest time of a witness in the note */
};

struct monitor {
    const char *name;
    const struct record_pin *pin;
    const char *evidence; /* folder */
    uint64_t stale;       /* seconds */
    struct monitor_party *party;
    size_t parties;
    /* of the last round: */
    char split[MONITOR_PARTIES_MAX][FILE_PATH_MAX]; /* evidence files */
    size_t splits;
    size_t uncompared; /* pairs of views for which nobody had the tiles */
};

/** "log", "mirror", "witness", "memory"; "good", "stale", "unreachable", "refused". */
const char *monitor_kind_word(enum monitor_kind kind);
const char *monitor_state_word(enum monitor_state state);

/** Ask every party for its checkpoint, at the same time, and judge it at @p now. */
PSE_MUST pse_rc monitor_ask(struct monitor *m, uint64_t now);
/** Compare all that is good; write evidence of every contradiction. PSE_OK also then (m->splits
 * tells). Failures to write are reported and returned. */
PSE_MUST pse_rc monitor_compare(struct monitor *m);

/** Judge the evidence file @p path with nothing else at hand; the policy (NULL: none) names the log
 * that is expected and the witnesses who signed both. Prints the finding. Returns the exit status:
 * 0 it convicts the log, 1 it does not, 2 it cannot be read. */
int monitor_judge(const char *name, const char *path, const char *policy, bool json);

#endif
