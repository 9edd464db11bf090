/* Inside psephos serve: all roles of an election on one machine, each a process of its own.
 *
 *     DIR/  serve.ini        what this folder is; written last of all
 *           etc/             settings of each daemon
 *           office/ registrar/ board/ trustee-1/ … mixer-1/ …   keys and cards
 *           desk/            keys of the two officers
 *           witness-1/ …     state of the witnesses
 *           store/           the ledger, without --store
 *           record/          the public record
 *           state/ run/      state folders and sockets
 *           mail/            parcels and cards on their way
 *           letters/ post/   letters to voters; links to log in, which are written and not sent
 *
 * serve.c options and the supervisor; serve_setup.c the first start, serve_plan.c its test
 * election; serve_files.c folders and addresses; serve_settings.c settings; serve_words.c what is
 * printed. Every failure prints one line and returns
 * a status.
 */
#ifndef PSE_PSEPHOS_SERVE_H
#define PSE_PSEPHOS_SERVE_H

#include "common/files.h"
#include "common/options.h"
#include "daemon/config.h"

enum {
    SERVE_WITNESSES = 4,
    SERVE_QUORUM = 3,
    SERVE_TRUSTEES = 3, /* of which two count */
    SERVE_MIXERS = 2,
    SERVE_PORTS = 16, /* from the first one, which is the box's */
    SERVE_METRICS_PORT = 1,
    SERVE_BOARD_PORT = 2,
    SERVE_OFFICE_PORT = 3,
    SERVE_AUTH_PORT = 4,
    SERVE_WITNESS_PORT = 11,
    SERVE_TEXT = 1024,
};

/** What is kept of the first start (serve.ini). */
struct serve_settings {
    uint64_t port;
    uint64_t trustees, mixers; /* whose keys are here */
    char store[PSE_CONF_TEXT];
    char election[PSE_CONF_TEXT]; /* its id in hexadecimal */
    bool test;
    bool desk; /* the officers' keys are here */
};

struct serve {
    const char *name;
    char dir[FILE_PATH_MAX]; /* absolute */
    struct serve_settings set;
    /* Of the first start: */
    const char *plan;   /* NULL: the plan of a test election */
    const char *origin; /* of the log */
    struct cli_list trustee, mixer, officer;
    bool quiet;
};

/* --- files -------------------------------------------------------------------------------------
 */

/** DIR/@p leaf. PSE_E_LIMIT. */
PSE_MUST pse_rc serve_path(char out[FILE_PATH_MAX], const struct serve *s, const char *leaf);
/** Make @p dir absolute and see that sockets below it have names short enough. */
PSE_MUST pse_rc serve_dir(struct serve *s, const char *dir);
PSE_MUST pse_rc serve_make_folders(const struct serve *s);
/** Find ports: those from @p port on, all free now; 0: any. PSE_E_STATE: one is taken. */
PSE_MUST pse_rc serve_find_ports(struct serve *s, uint64_t port);
/** Are the ports of the settings free? PSE_E_STATE: one is taken. */
PSE_MUST pse_rc serve_check_ports(const struct serve *s);
/** Write the settings of all daemons below etc/. */
PSE_MUST pse_rc serve_write_settings(const struct serve *s);
/** serve.ini: that the folder is complete. */
PSE_MUST pse_rc serve_write_mark(const struct serve *s);
PSE_MUST pse_rc serve_read_mark(struct serve *s);
/** Wait until somebody listens on @p port of the loopback address. PSE_E_STATE: nobody does. */
PSE_MUST pse_rc serve_await_port(const struct serve *s, uint64_t port);

/* --- the first start ---------------------------------------------------------------------------
 */

/** Keys, manifest, ledger, voter database and, where all trustees are here, the ceremony. */
PSE_MUST pse_rc serve_set_up(struct serve *s);
/** The plan and the voter list of a test election, or the plan that was given. */
PSE_MUST pse_rc serve_write_plan(const struct serve *s);

/* --- words -------------------------------------------------------------------------------------
 */

/** The addresses, and what to type next. */
void serve_say_ready(const struct serve *s);

#endif
